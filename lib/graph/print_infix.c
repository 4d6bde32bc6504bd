/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Expressions in triad's own language, ASCII or Unicode: what is printed can be read again. */
#include <string.h>

#include "graph/print_loops.h"
#include "graph/tensors.h"

static const struct row *row_of(const struct printer *p, uint32_t id) {
  return tri__row(p->g, print_at(p, id)->op);
}

static const char *sign_of(const struct printer *p, const struct row *row) {
  return p->unicode && row->unicode ? row->unicode : row->infix;
}

/* A function of one argument that has a sign in Unicode: √x. */
static bool is_root(const struct printer *p, const struct row *row) {
  return p->unicode && row->unicode && !row->infix && row->arity == 1;
}

/* --- how tightly a node's text binds */

static unsigned strength_of_constant(struct printer *p, uint32_t id) {
  mpq_t q;
  tri__rational(p->g, id, q);
  if (mpq_sgn(q) < 0) return PREC_SUM;
  return mpz_cmp_ui(mpq_denref(q), 1) == 0 || tri__print_decimal(p, q) ? PREC_ATOM : PREC_PRODUCT;
}

static unsigned strength(struct printer *p, uint32_t id) {
  const struct row *row = row_of(p, id);
  int32_t power;
  if (is_named(p, id)) return PREC_ATOM;
  switch (print_at(p, id)->op) {
  case TRI_OP_constant: return strength_of_constant(p, id);
  case TRI_OP_neg: return PREC_SUM;
  case TRI_OP_pow:
    return tri__print_has_exponent(p, id, &power) && power < 0 ? PREC_PRODUCT : PREC_POWER;
  default: break;
  }
  if (!row) return PREC_ATOM;
  if (row->infix) return 2 * (unsigned)row->precedence;
  return is_root(p, row) ? PREC_ROOT : PREC_ATOM;
}

/* --- products */

/* What a factor's text begins with: a symbol, an opening bracket, or a digit or a function. */
enum start { START_NAME, START_GROUP, START_OTHER };

static bool is_power(const struct factor *f) { return f->kind == ITEM_POWER && f->power > 1; }
static bool is_number(const struct factor *f) {
  return f->kind != ITEM_POWER && f->kind != ITEM_NODE;
}

static enum start start_of(struct printer *p, const struct factor *f, const char **name) {
  uint32_t id = f->id;
  unsigned least = is_power(f) ? PREC_ATOM : PREC_PRODUCT + 1;
  *name = "";
  if (is_number(f)) return START_OTHER;
  for (;; least = PREC_ATOM, id = print_args(p, id)[0]) {
    if (strength(p, id) < least) return START_GROUP;
    if (is_named(p, id) || print_at(p, id)->op != TRI_OP_pow) break;
  }
  if (is_named(p, id)) return START_NAME;
  switch (print_at(p, id)->op) {
  case TRI_OP_variable: *name = tri__name(p->g, id); return START_NAME;
  case TRI_OP_pi:
  case TRI_OP_eps: return START_NAME;
  default: return START_OTHER;
  }
}

/* Whether the product sign may be left out, as LANGUAGE.md has it: 2x, 24ε, x²y, (x + 1)(x -
 * 1), but 2·e3. */
static bool may_omit(struct printer *p, const struct factor *a, const struct factor *b) {
  const char *name;
  enum start start = start_of(p, b, &name);
  if (start == START_OTHER) return false;
  if (is_power(a)) return true;
  if (!is_number(a)) return start == START_GROUP && strength(p, a->id) <= PREC_PRODUCT;
  bool exponent = (name[0] == 'e' || name[0] == 'E') && name[1] >= '0' && name[1] <= '9';
  return !exponent && name[0] != '_' && !tri__is_integer(p->g, a->id, 0);
}

static void factors(struct printer *p, size_t first, size_t n, unsigned prec) {
  const struct row *row = &p->g->rows[TRI_OP_mul];
  for (size_t i = 0; i < n; i++) {
    const struct factor *f = &p->factors[first + i];
    if (i > 0 && !(p->unicode && may_omit(p, f - 1, f))) tri__print_text(p, sign_of(p, row));
    tri__print_factor(p, f, prec);
  }
}

static void fraction(struct printer *p, const struct product *r) {
  if (r->up == 0) tri__print_text(p, "1");
  factors(p, r->first, r->up, PREC_PRODUCT + 1);
  if (r->down == 0) return;
  tri__print_text(p, p->g->rows[TRI_OP_div].infix);
  if (r->down > 1) tri__print_text(p, "(");
  factors(p, r->first + r->up, r->down, r->down > 1 ? PREC_PRODUCT + 1 : PREC_ROOT);
  if (r->down > 1) tri__print_text(p, ")");
}

static void product(struct printer *p, const struct item *item) {
  size_t mark = p->n_items, base = p->n_factors;
  struct product r;
  if (!tri__print_product(p, item->id, item->flags & ITEM_OPENED, &r)) return;
  bool minus = r.negative && !(item->flags & ITEM_UNSIGNED), single = r.up == 1 && r.down == 0;
  unsigned own = minus ? PREC_SUM : r.down || r.up > 1 ? PREC_PRODUCT : PREC_ATOM;
  bool group = own < item->prec;
  if (group) tri__text_putc(p->text, '(');
  if (minus) tri__text_putc(p->text, '-');
  if (single)
    factors(p, r.first, 1, minus ? PREC_PRODUCT : item->prec);
  else
    fraction(p, &r);
  if (group) tri__print_text(p, ")");
  p->n_factors = base;
  tri__print_turn(p, mark);
}

/* --- sums and other chains */

static void sum(struct printer *p, const struct item *item) {
  size_t mark = p->n_items, base = p->n_terms;
  if (!tri__print_sum(p, item->id, item->flags & ITEM_OPENED)) return;
  bool group = PREC_SUM < item->prec;
  if (group) tri__text_putc(p->text, '(');
  for (size_t i = base; i < p->n_terms; i++) {
    const struct term *t = &p->terms[i];
    if (i > base || t->negative) tri__print_text(p, i == base ? "-" : t->negative ? " - " : " + ");
    tri__print_node(p, t->id, PREC_PRODUCT, ITEM_UNSIGNED);
  }
  if (group) tri__print_text(p, ")");
  p->n_terms = base;
  tri__print_turn(p, mark);
}

/* Elements of p->terms from `base` on, each binding at least as `prec`. */
static void elements(struct printer *p, size_t base, unsigned prec, const char *sign) {
  for (size_t i = base; i < p->n_terms; i++) {
    if (i > base) {
      if (*sign != ',') tri__print_text(p, " ");
      tri__print_text(p, sign);
      tri__print_text(p, " ");
    }
    tri__print_node(p, p->terms[i].id, prec, 0);
  }
  p->n_terms = base;
}

static bool arguments(struct printer *p, const struct item *item, bool chain) {
  return tri__print_chain(p, item->id, item->flags & ITEM_OPENED, chain);
}

/* a < b; conditions joined by `and` are one chain. */
static void infix(struct printer *p, const struct item *item, const struct row *row) {
  size_t mark = p->n_items, base = p->n_terms;
  unsigned own = 2 * (unsigned)row->precedence;
  bool group = own < item->prec;
  if (!arguments(p, item, row->commutes && row->conditions)) return;
  if (group) tri__text_putc(p->text, '(');
  elements(p, base, own + 1, sign_of(p, row));
  if (group) tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

static void prefix(struct printer *p, const struct item *item, const char *sign, unsigned own,
                   unsigned least) {
  size_t mark = p->n_items;
  bool group = own < item->prec, word = *sign >= 'a' && *sign <= 'z';
  if (group) tri__text_putc(p->text, '(');
  tri__text_puts(p->text, sign);
  if (word) tri__text_putc(p->text, ' ');
  tri__print_node(p, print_args(p, item->id)[0], least, 0);
  if (group) tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

static void call(struct printer *p, const struct item *item, const struct row *row) {
  size_t mark = p->n_items, base = p->n_terms;
  if (!arguments(p, item, false)) return;
  tri__text_puts(p->text, row->name);
  tri__text_putc(p->text, '(');
  elements(p, base, PREC_ANY, ",");
  tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

static void by_row(struct printer *p, const struct item *item) {
  const struct row *row = row_of(p, item->id);
  unsigned own = 2 * (unsigned)row->precedence;
  if (is_root(p, row))
    prefix(p, item, row->unicode, PREC_ROOT, PREC_ATOM);
  else if (!row->infix)
    call(p, item, row);
  else if (row->arity == 1)
    prefix(p, item, sign_of(p, row), own, own);
  else
    infix(p, item, row);
}

/* --- powers, vectors, leaves */

static void exponent(struct printer *p, int32_t power) {
  static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  char text[16];
  size_t n = 0;
  for (uint32_t left = (uint32_t)power; left; left /= 10) text[n++] = (char)(left % 10);
  if (!p->unicode) tri__text_puts(p->text, p->g->rows[TRI_OP_pow].infix);
  while (n-- > 0)
    if (p->unicode)
      tri__text_puts(p->text, digits[(int)text[n]]);
    else
      tri__text_putc(p->text, (char)('0' + text[n]));
}

/* base^power with a small integer, or with the node `exponent` if that is not 0. */
static void power(struct printer *p, const struct item *item, uint32_t base, uint32_t exponent_id) {
  size_t mark = p->n_items;
  bool group = PREC_POWER < item->prec;
  if (group) tri__text_putc(p->text, '(');
  tri__print_node(p, base, PREC_ATOM, 0);
  if (exponent_id) {
    tri__print_text(p, p->g->rows[TRI_OP_pow].infix);
    tri__print_node(p, exponent_id, PREC_POWER, 0);
  } else
    tri__print_exponent(p, item->power);
  if (group) tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

static void stack(struct printer *p, const struct item *item) {
  size_t mark = p->n_items;
  const struct node *n = print_at(p, item->id);
  tri__text_putc(p->text, '[');
  for (uint32_t i = 0; i < n->nargs; i++) {
    if (i) tri__print_text(p, ", ");
    tri__print_node(p, node_args(p->g, n)[i], PREC_ANY, 0);
  }
  tri__print_text(p, "]");
  tri__print_turn(p, mark);
}

/* x[2, i] */
static void part(struct printer *p, const struct item *item) {
  uint32_t chain[MOST_RANK];
  size_t mark = p->n_items, n;
  uint32_t array = tri__print_chain_of_parts(p, item->id, MOST_RANK, chain, &n);
  tri__print_node(p, array, PREC_ATOM, 0);
  tri__print_text(p, "[");
  tri__print_indices(p, chain, n, ", ");
  tri__print_text(p, "]");
  tri__print_turn(p, mark);
}

/* --- loops and arrays */

/* Name, initial value and next one of each carry of a loop that has no function of its own. */
static void carries(struct printer *p, const uint32_t *args, uint32_t n) {
  for (uint32_t i = 2; i + 2 < n; i += 3) {
    tri__print_node(p, args[i], PREC_ANY, 0);
    tri__print_text(p, ": ");
    tri__print_node(p, args[i + 1], PREC_ANY, 0);
    tri__print_text(p, " -> ");
    tri__print_node(p, args[i + 2], PREC_ANY, 0);
    tri__print_text(p, ", ");
  }
}

/* {sum of e, s: 0 -> next, i=1..n backward}: for the eye, as no function says that. */
static void general_loop(struct printer *p, const struct item *item, const struct loop_form *form) {
  static const char *const words[] = {"map of ", "sum of ", "last ", "map of earlier "};
  const struct node *n = print_at(p, item->id);
  tri__print_text(p, "{");
  tri__print_text(p, words[form->result]);
  tri__print_node(p, node_args(p->g, n)[0], PREC_ANY, 0);
  tri__print_text(p, ", ");
  carries(p, node_args(p->g, n), n->nargs);
  tri__print_range(p, item->id, form, "..");
  tri__print_text(p, form->backward ? " backward}" : "}");
}

/* sum(e, i=1..n), scan(next, s=s0, i=1..n), sum(x) */
static void loop(struct printer *p, const struct item *item) {
  static const char *const names[] = {"sum(", "prod(", "map(", "scan(", "fold("};
  size_t mark = p->n_items;
  struct loop_form form = tri__print_loop_form(p, item->id);
  const uint32_t *args = print_args(p, item->id);
  uint32_t whole = tri__print_whole(p, item->id, &form);
  if (form.form == FORM_GENERAL) {
    general_loop(p, item, &form);
    tri__print_turn(p, mark);
    return;
  }
  tri__print_text(p, names[form.form]);
  tri__print_node(p, whole ? whole : args[0], PREC_ANY, 0);
  if (form.form == FORM_SCAN || form.form == FORM_FOLD) {
    tri__print_text(p, ", ");
    tri__print_node(p, args[2], PREC_ANY, 0);
    tri__print_text(p, "=");
    tri__print_node(p, args[3], PREC_ANY, 0);
  }
  if (!whole) tri__print_text(p, ", ");
  if (!whole) tri__print_range(p, item->id, &form, "..");
  tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

/* x[2..4] */
static void slice(struct printer *p, const struct item *item) {
  size_t mark = p->n_items;
  struct span span = tri__span(p->g, item->id);
  tri__print_node(p, print_args(p, item->id)[0], PREC_ATOM, 0);
  tri__print_text(p, "[");
  tri__print_integer(p, span.first + 1);
  tri__print_text(p, "..");
  tri__print_integer(p, span.first + span.n);
  tri__print_text(p, "]");
  tri__print_turn(p, mark);
}

/* scatter(w, i, n), embed(x, i, n) */
static void placed(struct printer *p, const struct item *item, const char *name) {
  size_t mark = p->n_items;
  struct span span = tri__span(p->g, item->id);
  const uint32_t *args = print_args(p, item->id);
  tri__print_text(p, name);
  tri__print_node(p, args[0], PREC_ANY, 0);
  tri__print_text(p, ", ");
  if (print_at(p, item->id)->op == TRI_OP_scatter)
    tri__print_running_index(p, args[1]);
  else
    tri__print_integer(p, span.first + 1);
  tri__print_text(p, ", ");
  tri__print_extent(p, span.n, 0);
  tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

/* transpose(A), transpose(A, 2, 1, 3) */
static void permute(struct printer *p, uint32_t id) {
  uint32_t rank = shape_rank(p->g, print_at(p, id)->shape);
  bool reversed = true;
  for (uint32_t d = 0; d < rank; d++) reversed &= tri__axes(p->g, id)[d] == rank - 1 - d;
  tri__print_text(p, "transpose(");
  tri__print_node(p, print_args(p, id)[0], PREC_ANY, 0);
  for (uint32_t d = 0; d < rank && !reversed; d++) {
    tri__print_text(p, ", ");
    tri__print_integer(p, tri__axes(p->g, id)[d] + 1);
  }
  tri__print_text(p, ")");
}

/* A factor, its transpose written out if it is turned. */
static void factor(struct printer *p, uint32_t id, bool turned, const struct contraction *how) {
  uint32_t rank = shape_rank(p->g, print_at(p, id)->shape), b = how->batch;
  if (turned) tri__print_text(p, "transpose(");
  tri__print_node(p, id, PREC_ANY, 0);
  for (uint32_t d = 0; d < rank && turned && !(b == 0 && rank == 2); d++) {
    tri__print_text(p, ", ");
    tri__print_integer(p, 1 + (d < b ? d : b + (d - b + how->contracted) % (rank - b)));
  }
  if (turned) tri__print_text(p, ")");
}

/* matmul(A, B) for matrices and vectors, else contract(x, y, b, k). */
static void contract(struct printer *p, uint32_t id) {
  struct contraction how = tri__contraction(p->g, id);
  const uint32_t *args = print_args(p, id);
  uint32_t columns = shape_rank(p->g, print_at(p, args[1])->shape);
  bool matrices = !how.batch && how.contracted == 1 && !how.strong && columns <= 2 &&
                  shape_rank(p->g, print_at(p, args[0])->shape) <= 2;
  tri__print_text(p, matrices ? "matmul(" : "contract(");
  factor(p, args[0], how.turned & CONTRACT_A, &how);
  tri__print_text(p, ", ");
  bool turned = how.turned & CONTRACT_B;
  factor(p, args[1], matrices && columns == 2 ? !turned : turned, &how);
  if (!matrices) {
    tri__print_text(p, ", ");
    tri__print_integer(p, how.batch);
    tri__print_text(p, ", ");
    tri__print_integer(p, how.contracted);
  }
  if (how.strong) {
    tri__print_text(p, ", ");
    tri__print_integer(p, how.strong);
  }
  tri__print_text(p, ")");
}

/* reshape(x, m, n), concat(x, y) */
static void rearranged(struct printer *p, uint32_t id) {
  const struct node *n = print_at(p, id);
  tri__print_text(p, n->op == TRI_OP_concat ? "concat(" : "reshape(");
  for (uint32_t i = 0; i < n->nargs; i++) {
    if (i) tri__print_text(p, ", ");
    tri__print_node(p, print_args(p, id)[i], PREC_ANY, 0);
  }
  for (uint32_t d = 0; n->op == TRI_OP_reshape && d < shape_rank(p->g, n->shape); d++) {
    tri__print_text(p, ", ");
    tri__print_extent(p, shape_dims(p->g, n->shape)[d], 0);
  }
  tri__print_text(p, ")");
}

static void tensor(struct printer *p, const struct item *item) {
  size_t mark = p->n_items;
  switch (print_at(p, item->id)->op) {
  case TRI_OP_permute: permute(p, item->id); break;
  case TRI_OP_contract: contract(p, item->id); break;
  default: rearranged(p, item->id); break;
  }
  tri__print_turn(p, mark);
}

/* unfold(x, [3, 3]), pick(x, v, [2, 2], [2, 2]) */
static void windows(struct printer *p, const struct item *item) {
  size_t mark = p->n_items;
  const struct node *n = print_at(p, item->id);
  tri__print_text(p, n->op == TRI_OP_unfold ? "unfold("
                     : n->op == TRI_OP_fold ? "overlap_add("
                     : n->op == TRI_OP_pick ? "pick("
                                            : "route(");
  for (uint32_t i = 0; i < n->nargs; i++) {
    if (i) tri__print_text(p, ", ");
    tri__print_node(p, print_args(p, item->id)[i], PREC_ANY, 0);
  }
  tri__print_windows(p, item->id);
  tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

/* lse(x), argmax(x) */
static void last(struct printer *p, const struct item *item) {
  size_t mark = p->n_items;
  tri__print_text(p, print_at(p, item->id)->op == TRI_OP_lse ? "lse(" : "argmax(");
  tri__print_node(p, print_args(p, item->id)[0], PREC_ANY, 0);
  tri__print_text(p, ")");
  tri__print_turn(p, mark);
}

static void structured(struct printer *p, const struct item *item) {
  size_t mark = p->n_items;
  switch (print_at(p, item->id)->op) {
  case TRI_OP_element:
  case TRI_OP_gather: part(p, item); return;
  case TRI_OP_slice: slice(p, item); return;
  case TRI_OP_scatter: placed(p, item, "scatter("); return;
  case TRI_OP_embed: placed(p, item, "embed("); return;
  case TRI_OP_permute:
  case TRI_OP_reshape:
  case TRI_OP_concat:
  case TRI_OP_contract: tensor(p, item); return;
  case TRI_OP_unfold:
  case TRI_OP_fold:
  case TRI_OP_pick:
  case TRI_OP_route: windows(p, item); return;
  case TRI_OP_lse:
  case TRI_OP_argmax: last(p, item); return;
  case TRI_OP_size:
    tri__print_extent(p, tri__span(p->g, item->id).n, 0);
    tri__print_turn(p, mark);
    return;
  case TRI_OP_loop:
    if (is_loop_form(print_at(p, item->id))) {
      loop(p, item);
      return;
    }
    break;
  default: break;
  }
  tri__print_fail(p, TRI_SHAPE, "all results of a loop at once are no expression");
}

/* A condition that is known: the language has no words for these. */
static void truth(struct printer *p, const struct item *item) {
  bool group = PREC_COMPARISON < item->prec;
  tri__text_printf(p->text, "%s1 == %d%s", group ? "(" : "", tri__is_integer(p->g, item->id, 1),
                   group ? ")" : "");
}

static void name(struct printer *p, uint32_t number) {
  tri__text_printf(p->text, "%s%u", p->prefix, (unsigned)number);
}

static void sum_or_negative(struct printer *p, const struct item *item) {
  if (tri__print_is_sum(p, item->id, item->flags & ITEM_OPENED))
    sum(p, item);
  else
    product(p, item);
}

static void node(struct printer *p, const struct item *item) {
  const struct node *n = print_at(p, item->id);
  int32_t ignored;
  if (is_named(p, item->id) && !(item->flags & ITEM_OPENED)) {
    name(p, part_of(p, item->id)->name);
    return;
  }
  switch (n->op) {
  case TRI_OP_variable: tri__text_puts(p->text, tri__name(p->g, item->id)); return;
  case TRI_OP_pi: tri__text_puts(p->text, p->unicode ? "π" : "pi"); return;
  case TRI_OP_eps: tri__text_puts(p->text, p->unicode ? "ε" : "eps"); return;
  case TRI_OP_hole:
    tri__text_printf(p->text, "%c", HOLE_NAMES[tri__index_attr(p->g, item->id)]);
    return;
  case TRI_OP_constant: n->sort == TRI_BOOLEAN ? truth(p, item) : product(p, item); return;
  case TRI_OP_mul:
  case TRI_OP_div: product(p, item); return;
  case TRI_OP_neg:
  case TRI_OP_add:
  case TRI_OP_sub: sum_or_negative(p, item); return;
  case TRI_OP_pow:
    if (tri__print_has_exponent(p, item->id, &ignored))
      product(p, item);
    else
      power(p, item, n->arg[0], n->arg[1]);
    return;
  case TRI_OP_stack: stack(p, item); return;
  default: n->op < TRI_OP_ROWS ? by_row(p, item) : structured(p, item); return;
  }
}

static void infix_item(struct printer *p, const struct item *item) {
  switch (item->kind) {
  case ITEM_NODE: node(p, item); return;
  case ITEM_POWER: power(p, item, item->id, 0); return;
  case ITEM_EXPONENT: exponent(p, item->power); return;
  default: tri__print_constant(p->g, p->text, item->id, item->kind); return;
  }
}

static void define(struct printer *p, uint32_t number) {
  name(p, number);
  tri__text_puts(p->text, " = ");
}

const struct print_style tri__print_infix = {
    .item = infix_item, .define = define, .before = "", .behind = ";\n", .last = "", .end = ""};
