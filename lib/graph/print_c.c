/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Expressions as C over double, operation for operation as the graph has them: nothing is
 * reordered but the two arguments of a commutative operation, so the compiled text computes
 * what the interpreter does. Functions are written by their rows' forms, where %a stands
 * enclosed and %A needs brackets unless it is an atom. */
#include <string.h>

#include "graph/c_text.h"
#include "graph/print.h"

static const struct row *row_of(const struct printer *p, uint32_t id) {
  return tri__row(p->g, print_at(p, id)->op);
}

/* --- numbers */

/* How |q| is written; a decimal of a fraction is then in p->scratch. */
static enum c_literal literal_of(struct printer *p, mpq_srcptr q) {
  enum c_literal literal = tri__c_literal(q, &p->scratch);
  return tri__print_memory(p, !p->scratch.status) ? literal : C_NEAREST;
}

static unsigned strength_of_constant(struct printer *p, uint32_t id) {
  mpq_t q;
  tri__rational(p->g, id, q);
  if (literal_of(p, q) == C_QUOTIENT) return PREC_PRODUCT;
  return mpq_sgn(q) < 0 ? PREC_NEGATIVE : PREC_ATOM;
}

static void constant(struct printer *p, const struct item *item) {
  mpq_t q;
  tri__rational(p->g, item->id, q);
  enum c_literal literal = literal_of(p, q);
  if (print_at(p, item->id)->sort == TRI_BOOLEAN) {
    tri__text_putc(p->text, mpq_sgn(q) ? '1' : '0');
    return;
  }
  bool brackets = strength_of_constant(p, item->id) < item->prec;
  if (brackets) tri__text_putc(p->text, '(');
  if (mpq_sgn(q) < 0) tri__text_putc(p->text, '-');
  tri__c_number(p->text, q, literal, &p->scratch);
  if (brackets) tri__text_putc(p->text, ')');
}

/* --- names */

/* What a printed expression uses beside rows. */
static const char *const used[] = {"fabs", "fmin", "fmax", "fma", "tgamma", "HUGE_VAL"};

/* The variable's name, with _ behind where it means something else in C. */
static void variable(struct printer *p, const char *name) {
  bool taken = tri__c_keyword(name);
  for (size_t i = 0; i < sizeof used / sizeof *used; i++)
    taken = taken || strcmp(name, used[i]) == 0;
  for (size_t i = 0; i < TRI_OP_ROWS; i++)
    taken = taken || (p->g->rows[i].arity && strcmp(name, p->g->rows[i].name) == 0);
  tri__text_puts(p->text, name);
  if (taken) tri__text_putc(p->text, '_');
}

/* --- operations */

static bool is_leaf(const struct printer *p, uint32_t id) { return print_at(p, id)->nargs == 0; }

/* A power that is a product of symbols. */
static bool is_cheap_power(struct printer *p, uint32_t id, int32_t *n) {
  if (!tri__print_has_exponent(p, id, n) || *n < 2 || *n > 4) return false;
  uint32_t base = print_args(p, id)[0];
  return is_named(p, base) || print_at(p, base)->op == TRI_OP_variable;
}

/* Whether a form is one call or one group, as fabs(%a). */
static bool is_closed(const char *form) {
  int depth = 0;
  size_t size = strlen(form), i = 0;
  while (form[i] && form[i] != '(' && form[i] != ' ') i++;
  if (form[i] != '(') return false;
  for (; i < size; i++) {
    depth += (form[i] == '(') - (form[i] == ')');
    if (depth == 0) return i + 1 == size;
  }
  return false;
}

static unsigned strength(struct printer *p, uint32_t id) {
  const struct row *row = row_of(p, id);
  int32_t n;
  if (is_named(p, id)) return PREC_ATOM;
  if (print_at(p, id)->op == TRI_OP_constant) return strength_of_constant(p, id);
  if (!row) return PREC_ATOM;
  if (is_cheap_power(p, id, &n)) return PREC_PRODUCT;
  if (!row->c) return PREC_ATOM;
  if (!row->infix) return is_closed(row->c) ? PREC_ATOM : PREC_PRODUCT;
  return row->arity == 1 ? PREC_NEGATIVE : 2 * (unsigned)row->precedence;
}

/* What an argument of an operator must bind at least: && and || are not mixed without brackets. */
static unsigned least(const struct printer *p, const struct row *row, uint32_t id, bool first) {
  unsigned own = 2 * (unsigned)row->precedence;
  if (own < PREC_COMPARISON)
    return first && row_of(p, id) == row && !is_named(p, id) ? own : PREC_COMPARISON;
  return own == PREC_COMPARISON || !first ? own + 1 : own;
}

/* Whether the arguments a, b of a commutative operation are written as b, a: a chain stands to
 * the left, and else a number where a person puts it, and variables in the order of the
 * alphabet. */
static bool changes_places(struct printer *p, const struct row *row, uint32_t a, uint32_t b) {
  unsigned own = 2 * (unsigned)row->precedence;
  bool left = strength(p, a) == own, right = strength(p, b) == own;
  if (left != right) return right;
  bool number = print_at(p, a)->op == TRI_OP_constant,
       other = print_at(p, b)->op == TRI_OP_constant;
  if (number != other) return own == PREC_PRODUCT ? other : number;
  if (is_leaf(p, a) != is_leaf(p, b)) return is_leaf(p, a) == (own == PREC_SUM);
  return tri__print_compare(p, b, a) < 0;
}

/* The form's sign between the arguments of an operator. */
static void operation(struct printer *p, const struct item *item, const struct row *row) {
  size_t mark = p->n_items;
  const uint32_t *args = print_args(p, item->id);
  unsigned own = 2 * (unsigned)row->precedence;
  bool swap = row->commutes && changes_places(p, row, args[0], args[1]);
  uint32_t a = args[swap], b = args[!swap];
  bool brackets = own < item->prec;
  if (brackets) tri__text_putc(p->text, '(');
  tri__print_node(p, a, least(p, row, a, true), 0);
  tri__print_bytes(p, row->c + 2, (size_t)(strstr(row->c, "%b") - row->c) - 2);
  tri__print_node(p, b, least(p, row, b, false), 0);
  if (brackets) tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

static void by_form(struct printer *p, const struct item *item, const struct row *row) {
  size_t mark = p->n_items;
  const uint32_t *args = print_args(p, item->id);
  const char *from = row->c;
  bool brackets = strength(p, item->id) < item->prec && !is_named(p, item->id);
  if (brackets) tri__text_putc(p->text, '(');
  for (const char *c = row->c; *c; c++) {
    if (*c != '%') continue;
    bool enclosed = c[1] >= 'a' && !row->infix;
    tri__print_bytes(p, from, (size_t)(c - from));
    tri__print_node(p, args[(c[1] | 0x20) - 'a'], enclosed ? PREC_ANY : PREC_ATOM, 0);
    from = ++c + 1;
  }
  tri__print_text(p, from);
  if (brackets) tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

static void call(struct printer *p, const struct item *item, const struct row *row) {
  size_t mark = p->n_items;
  const uint32_t *args = print_args(p, item->id);
  tri__text_puts(p->text, row->name);
  tri__text_putc(p->text, '(');
  for (uint32_t i = 0; i < row->arity; i++) {
    if (i) tri__print_text(p, ", ");
    tri__print_node(p, args[i], PREC_ANY, 0);
  }
  tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

static void cheap_power(struct printer *p, const struct item *item, int32_t n) {
  size_t mark = p->n_items;
  bool brackets = PREC_PRODUCT < item->prec;
  if (brackets) tri__text_putc(p->text, '(');
  for (int32_t i = 0; i < n; i++) {
    if (i) tri__print_text(p, " * ");
    tri__print_node(p, print_args(p, item->id)[0], PREC_ATOM, 0);
  }
  if (brackets) tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

static void by_row(struct printer *p, const struct item *item) {
  const struct row *row = row_of(p, item->id);
  int32_t n;
  if (is_cheap_power(p, item->id, &n))
    cheap_power(p, item, n);
  else if (!row->c)
    call(p, item, row);
  else if (row->infix && row->arity == 2)
    operation(p, item, row);
  else
    by_form(p, item, row);
}

static void element(struct printer *p, const struct item *item) {
  size_t mark = p->n_items;
  tri__print_node(p, print_args(p, item->id)[0], PREC_ATOM, 0);
  tri__print_index(p, item->id);
  tri__print_turn(p, mark);
}

/* --- the format */

static void name(struct printer *p, uint32_t number) {
  tri__text_printf(p->text, "%s%u", p->prefix, (unsigned)number);
}

static void node(struct printer *p, const struct item *item) {
  const struct node *n = print_at(p, item->id);
  if (is_named(p, item->id) && !(item->flags & ITEM_OPENED)) {
    name(p, part_of(p, item->id)->name);
    return;
  }
  switch (n->op) {
  case TRI_OP_variable: variable(p, tri__name(p->g, item->id)); return;
  case TRI_OP_pi: tri__text_puts(p->text, "3.141592653589793"); return;
  case TRI_OP_constant: constant(p, item); return;
  case TRI_OP_element: element(p, item); return;
  case TRI_OP_eps:
    tri__print_fail(p, TRI_DOMAIN, "eps is no number of C: print its value and derivative apart");
    return;
  case TRI_OP_stack:
  case TRI_OP_hole:
    tri__print_fail(p, TRI_SHAPE, "a C expression is one number: print a vector's elements apart");
    return;
  default: break;
  }
  if (n->op < TRI_OP_ROWS)
    by_row(p, item);
  else
    tri__print_fail(p, TRI_SHAPE, "a loop over arrays is no C expression");
}

static void c_item(struct printer *p, const struct item *item) {
  if (item->kind == ITEM_INDEX)
    tri__text_printf(p->text, "[%llu]", (unsigned long long)tri__index_attr(p->g, item->id));
  else
    node(p, item);
}

static void define(struct printer *p, uint32_t number) {
  tri__text_puts(p->text, "double ");
  name(p, number);
  tri__text_puts(p->text, " = ");
}

static bool repeats(const struct row *row, uint32_t i) {
  int count = 0;
  for (const char *c = row->c ? row->c : ""; *c; c++)
    count += *c == '%' && (uint32_t)((c[1] | 0x20) - 'a') == i;
  return count > 1;
}

const struct print_style tri__print_c = {.item = c_item,
                                         .define = define,
                                         .before = "",
                                         .behind = ";\n",
                                         .last = "",
                                         .end = "",
                                         .repeats = repeats,
                                         .widest = 2000,  /* compilers have limits too: clang */
                                         .deepest = 100}; /* takes 256 brackets in each other */
