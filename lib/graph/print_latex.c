/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Expressions as LaTeX, for mathematics mode. Functions are written by their rows' forms: %a
 * stands where the form encloses the argument, %A where it needs brackets unless it is one
 * symbol. */
#include <string.h>

#include "graph/print_loops.h"
#include "graph/tensors.h"

static const struct row *row_of(const struct printer *p, uint32_t id) {
  return tri__row(p->g, print_at(p, id)->op);
}

/* --- how tightly a node's text binds */

/* A form's strength: ^ outside of braces makes it a power, %A an open end. */
static unsigned strength_of_form(const char *form) {
  int depth = 0;
  bool power = false, open = false;
  for (const char *c = form; *c; c++) {
    if (*c == '{') depth++;
    if (*c == '}') depth--;
    if (depth == 0 && *c == '^') power = true;
    if (depth == 0 && *c == '%' && c[1] < 'a') open = true;
  }
  return power ? PREC_POWER : open ? PREC_FUNCTION : PREC_ATOM;
}

static unsigned strength_of_constant(struct printer *p, uint32_t id) {
  mpq_t q;
  tri__rational(p->g, id, q);
  if (mpq_sgn(q) < 0) return PREC_SUM;
  if (mpz_cmp_ui(mpq_denref(q), 1) != 0 && !tri__print_decimal(p, q)) return PREC_ROOT;
  p->scratch.size = 0;
  tri__print_constant(p->g, &p->scratch, id, ITEM_NUMBER);
  bool exponent = p->scratch.data && memchr(p->scratch.data, 'e', p->scratch.size);
  return exponent ? PREC_PRODUCT : PREC_ATOM;
}

static unsigned strength(struct printer *p, uint32_t id) {
  const struct row *row = row_of(p, id);
  int32_t power;
  if (is_named(p, id)) return PREC_ATOM;
  switch (print_at(p, id)->op) {
  case TRI_OP_constant: return strength_of_constant(p, id);
  case TRI_OP_neg: return PREC_SUM;
  case TRI_OP_div: return PREC_ROOT;
  case TRI_OP_pow:
    return tri__print_has_exponent(p, id, &power) && power < 0 ? PREC_ROOT : PREC_POWER;
  default: break;
  }
  if (is_loop_form(print_at(p, id))) return PREC_PRODUCT;
  if (!row) return PREC_ATOM;
  if (row->infix) return 2 * (unsigned)row->precedence;
  return row->latex ? strength_of_form(row->latex) : PREC_ATOM;
}

static const char *const left = "\\left(", *const right = "\\right)";

/* --- products */

static bool is_number(const struct factor *f) {
  return f->kind != ITEM_POWER && f->kind != ITEM_NODE;
}

/* Whether the factor's text begins with a digit. */
static bool begins_with_digit(const struct printer *p, const struct factor *f) {
  uint32_t id = f->id;
  if (is_number(f)) return true;
  while (!is_named(p, id) && print_at(p, id)->op == TRI_OP_pow) id = print_args(p, id)[0];
  mpq_t q;
  return tri__rational(p->g, id, q) && mpq_sgn(q) >= 0;
}

/* Whether a function without brackets ends the factor, so that what follows might be read as
 * part of its argument. */
static bool has_open_end(struct printer *p, const struct factor *f) {
  return !is_number(f) && strength(p, f->id) == PREC_FUNCTION;
}

static void factors(struct printer *p, size_t first, size_t n, unsigned prec) {
  for (size_t i = 0; i < n; i++) {
    const struct factor *f = &p->factors[first + i];
    bool dot =
        i > 0 && (begins_with_digit(p, f) || (has_open_end(p, f - 1) && !has_open_end(p, f)));
    if (i > 0) tri__print_text(p, dot ? " \\cdot " : " ");
    tri__print_factor(p, f, prec);
  }
}

/* Factors that stand alone in braces. */
static void group(struct printer *p, size_t first, size_t n) {
  tri__print_text(p, "{");
  if (n == 0) tri__print_text(p, "1");
  factors(p, first, n, n > 1 ? PREC_PRODUCT : PREC_ANY);
  tri__print_text(p, "}");
}

static void product(struct printer *p, const struct item *item) {
  size_t mark = p->n_items, base = p->n_factors;
  struct product r;
  if (!tri__print_product(p, item->id, item->flags & ITEM_OPENED, &r)) return;
  bool minus = r.negative && !(item->flags & ITEM_UNSIGNED), single = r.up == 1 && r.down == 0;
  unsigned own = minus ? PREC_SUM : r.down ? PREC_ROOT : r.up > 1 ? PREC_PRODUCT : PREC_ATOM;
  bool brackets = own < item->prec;
  if (brackets) tri__text_puts(p->text, left);
  if (minus) tri__text_putc(p->text, '-');
  if (single)
    factors(p, r.first, 1, minus ? PREC_PRODUCT : item->prec);
  else if (r.down) {
    tri__print_text(p, "\\frac");
    group(p, r.first, r.up);
    group(p, r.first + r.up, r.down);
  } else if (r.up)
    factors(p, r.first, r.up, PREC_PRODUCT + 1);
  else
    tri__print_text(p, "1");
  if (brackets) tri__print_text(p, right);
  p->n_factors = base;
  tri__print_turn(p, mark);
}

/* --- sums and other chains */

static void sum(struct printer *p, const struct item *item) {
  size_t mark = p->n_items, base = p->n_terms;
  if (!tri__print_sum(p, item->id, item->flags & ITEM_OPENED)) return;
  bool brackets = PREC_SUM < item->prec;
  if (brackets) tri__text_puts(p->text, left);
  for (size_t i = base; i < p->n_terms; i++) {
    const struct term *t = &p->terms[i];
    if (i > base || t->negative) tri__print_text(p, i == base ? "-" : t->negative ? " - " : " + ");
    tri__print_node(p, t->id, PREC_PRODUCT, ITEM_UNSIGNED);
  }
  if (brackets) tri__print_text(p, right);
  p->n_terms = base;
  tri__print_turn(p, mark);
}

/* The sign of a row between two arguments: what its form has there, else that of the language. */
static void sign(struct printer *p, const struct row *row) {
  const char *form = row->latex, *second = form ? strstr(form, "%b") : NULL;
  tri__print_text(p, form ? "" : " ");
  if (second && form[0] == '%')
    tri__print_bytes(p, form + 2, (size_t)(second - form) - 2);
  else
    tri__print_text(p, row->infix);
  tri__print_text(p, form ? "" : " ");
}

static void infix(struct printer *p, const struct item *item, const struct row *row) {
  size_t mark = p->n_items, base = p->n_terms;
  unsigned own = 2 * (unsigned)row->precedence;
  bool brackets = own < item->prec, chain = row->commutes && row->conditions;
  if (!tri__print_chain(p, item->id, item->flags & ITEM_OPENED, chain)) return;
  if (brackets) tri__text_puts(p->text, left);
  for (size_t i = base; i < p->n_terms; i++) {
    if (i > base) sign(p, row);
    tri__print_node(p, p->terms[i].id, own + 1, 0);
  }
  if (brackets) tri__print_text(p, right);
  p->n_terms = base;
  tri__print_turn(p, mark);
}

/* --- functions by their forms */

/* The name of a form such as "\sin %A", which a power may follow; 0 for other forms. */
static size_t name_of_form(const char *form) {
  size_t n = 1;
  if (form[0] != '\\') return 0;
  while ((form[n] >= 'a' && form[n] <= 'z') || (form[n] >= 'A' && form[n] <= 'Z')) n++;
  return strcmp(form + n, " %A") == 0 ? n : 0;
}

/* The row's form with the node's arguments; `terms` holds these in the order in which they are
 * written. */
static void expand(struct printer *p, const char *form, const struct term *terms) {
  const char *from = form;
  for (const char *c = form; *c; c++) {
    if (*c != '%') continue;
    char argument = c[1];
    bool enclosed = argument >= 'a';
    tri__print_bytes(p, from, (size_t)(c - from));
    tri__print_node(p, terms[enclosed ? argument - 'a' : argument - 'A'].id,
                    enclosed ? PREC_ANY : PREC_ATOM, 0);
    from = c + 2;
    c++;
  }
  tri__print_text(p, from);
}

/* \operatorname{name}(a, b) where the row has no form. */
static void expand_default(struct printer *p, const struct row *row, const struct term *terms) {
  tri__print_text(p, "\\operatorname{");
  tri__print_text(p, row->name);
  tri__print_text(p, "}");
  tri__print_text(p, left);
  for (unsigned i = 0; i < row->arity; i++) {
    if (i) tri__print_text(p, ", ");
    tri__print_node(p, terms[i].id, PREC_ANY, 0);
  }
  tri__print_text(p, right);
}

static void function(struct printer *p, const struct item *item, const struct row *row) {
  size_t mark = p->n_items, base = p->n_terms;
  bool brackets = strength_of_form(row->latex ? row->latex : "") < item->prec;
  if (!tri__print_chain(p, item->id, item->flags & ITEM_OPENED, false)) return;
  if (brackets) tri__text_puts(p->text, left);
  if (row->latex)
    expand(p, row->latex, p->terms + base);
  else
    expand_default(p, row, p->terms + base);
  if (brackets) tri__print_text(p, right);
  p->n_terms = base;
  tri__print_turn(p, mark);
}

/* not a: the form's argument binds as the row does. */
static void prefix(struct printer *p, const struct item *item, const struct row *row) {
  size_t mark = p->n_items;
  unsigned own = 2 * (unsigned)row->precedence;
  bool brackets = own < item->prec;
  if (brackets) tri__text_puts(p->text, left);
  tri__print_bytes(p, row->latex, strcspn(row->latex, "%"));
  tri__print_node(p, print_args(p, item->id)[0], own, 0);
  if (brackets) tri__print_text(p, right);
  tri__print_turn(p, mark);
}

static void by_row(struct printer *p, const struct item *item) {
  const struct row *row = row_of(p, item->id);
  if (row->infix && row->arity == 2)
    infix(p, item, row);
  else if (row->infix && row->latex)
    prefix(p, item, row);
  else
    function(p, item, row);
}

/* --- powers */

/* sin^2 x */
static bool power_of_function(struct printer *p, const struct item *item) {
  const struct row *row = row_of(p, item->id);
  size_t mark = p->n_items, name = row && row->latex ? name_of_form(row->latex) : 0;
  if (!name || is_named(p, item->id)) return false;
  tri__print_bytes(p, row->latex, name);
  tri__print_exponent(p, item->power);
  tri__print_text(p, " ");
  tri__print_node(p, print_args(p, item->id)[0], PREC_ATOM, 0);
  tri__print_turn(p, mark);
  return true;
}

static void power(struct printer *p, const struct item *item, uint32_t base, uint32_t exponent) {
  size_t mark = p->n_items;
  bool brackets = PREC_POWER < item->prec;
  if (!exponent && !brackets && power_of_function(p, item)) return;
  if (brackets) tri__text_puts(p->text, left);
  tri__print_node(p, base, PREC_ATOM, 0);
  if (exponent) {
    tri__print_text(p, "^{");
    tri__print_node(p, exponent, PREC_ANY, 0);
    tri__print_text(p, "}");
  } else
    tri__print_exponent(p, item->power);
  if (brackets) tri__print_text(p, right);
  tri__print_turn(p, mark);
}

/* --- vectors */

/* A vector as a column, a matrix by rows; what has more dimensions as a list. */
static void stack(struct printer *p, const struct item *item) {
  size_t mark = p->n_items;
  const struct node *n = print_at(p, item->id);
  const uint32_t *rows = node_args(p->g, n);
  uint32_t rank = shape_rank(p->g, n->shape);
  tri__print_text(p, rank > 2 ? "\\left[" : "\\begin{pmatrix} ");
  for (uint32_t i = 0; i < n->nargs; i++) {
    if (i) tri__print_text(p, rank > 2 ? ", " : " \\\\ ");
    const struct node *row = print_at(p, rows[i]);
    bool matrix = rank == 2 && row->op == TRI_OP_stack && !is_named(p, rows[i]);
    for (uint32_t j = 0; matrix && j < row->nargs; j++) {
      if (j) tri__print_text(p, " & ");
      tri__print_node(p, node_args(p->g, row)[j], PREC_ANY, 0);
    }
    if (!matrix) tri__print_node(p, rows[i], PREC_ANY, 0);
  }
  tri__print_text(p, rank > 2 ? "\\right]" : " \\end{pmatrix}");
  tri__print_turn(p, mark);
}

static void part(struct printer *p, const struct item *item) {
  uint32_t chain[MOST_RANK];
  size_t mark = p->n_items, n;
  uint32_t array = tri__print_chain_of_parts(p, item->id, MOST_RANK, chain, &n);
  tri__print_text(p, "{"); /* an array's own index is not one of these */
  tri__print_node(p, array, PREC_ATOM, 0);
  tri__print_text(p, "}_{");
  tri__print_indices(p, chain, n, ", ");
  tri__print_text(p, "}");
  tri__print_turn(p, mark);
}

/* --- loops and arrays */

/* \sum_{i=1}^{n} e */
static void big_operator(struct printer *p, const struct item *item, const struct loop_form *form) {
  bool sum = form->form == FORM_SUM, brackets = PREC_PRODUCT < item->prec;
  if (brackets) tri__print_text(p, left);
  tri__print_text(p, sum ? "\\sum_{" : "\\prod_{");
  tri__print_range(p, item->id, form, "}^{");
  tri__print_text(p, "} ");
  tri__print_node(p, print_args(p, item->id)[0], sum ? PREC_PRODUCT : PREC_PRODUCT + 1, 0);
  if (brackets) tri__print_text(p, right);
}

/* \operatorname{map}\left(e, i=1..n\right), and with what is carried along: s = s_0, s \mapsto
 * next. */
static void loop_call(struct printer *p, const struct item *item, const struct loop_form *form) {
  static const char *const names[] = {
      [FORM_MAP] = "map", [FORM_SCAN] = "scan", [FORM_FOLD] = "fold", [FORM_GENERAL] = "loop"};
  const struct node *n = print_at(p, item->id);
  const uint32_t *args = node_args(p->g, n);
  tri__print_text(p, "\\operatorname{");
  tri__print_text(p, names[form->form]);
  tri__print_text(p, "}");
  tri__print_text(p, left);
  tri__print_node(p, args[0], PREC_ANY, 0);
  uint32_t each = form->form == FORM_GENERAL ? 3 : 2;
  for (uint32_t i = 2; i < n->nargs; i += each) {
    tri__print_text(p, ", ");
    tri__print_node(p, args[i], PREC_ANY, 0);
    tri__print_text(p, "=");
    tri__print_node(p, args[i + 1], PREC_ANY, 0);
    if (each == 3) tri__print_text(p, " \\mapsto ");
    if (each == 3) tri__print_node(p, args[i + 2], PREC_ANY, 0);
  }
  tri__print_text(p, ", ");
  tri__print_range(p, item->id, form, " \\ldots ");
  if (form->backward) tri__print_text(p, "\\text{ backward}");
  tri__print_text(p, right);
}

static void loop(struct printer *p, const struct item *item) {
  struct loop_form form = tri__print_loop_form(p, item->id);
  if (form.form == FORM_SUM || form.form == FORM_PROD)
    big_operator(p, item, &form);
  else
    loop_call(p, item, &form);
}

static void slice(struct printer *p, const struct item *item) {
  struct span span = tri__span(p->g, item->id);
  tri__print_text(p, "{");
  tri__print_node(p, print_args(p, item->id)[0], PREC_ATOM, 0);
  tri__print_text(p, "}_{");
  tri__print_integer(p, span.first + 1);
  tri__print_text(p, " \\ldots ");
  tri__print_integer(p, span.first + span.n);
  tri__print_text(p, "}");
}

/* w at its place among n zeros. */
static void placed(struct printer *p, const struct item *item) {
  struct span span = tri__span(p->g, item->id);
  const uint32_t *args = print_args(p, item->id);
  bool scatter = print_at(p, item->id)->op == TRI_OP_scatter;
  tri__print_text(p, scatter ? "\\operatorname{scatter}" : "\\operatorname{embed}");
  tri__print_text(p, left);
  tri__print_node(p, args[0], PREC_ANY, 0);
  tri__print_text(p, ", ");
  if (scatter)
    tri__print_running_index(p, args[1]);
  else
    tri__print_integer(p, span.first + 1);
  tri__print_text(p, ", ");
  tri__print_extent(p, span.n, 0);
  tri__print_text(p, right);
}

/* A^\top, or with the order of dimensions as an index. */
static void permute(struct printer *p, uint32_t id) {
  uint32_t rank = shape_rank(p->g, print_at(p, id)->shape);
  tri__print_text(p, "{");
  tri__print_node(p, print_args(p, id)[0], PREC_ATOM, 0);
  tri__print_text(p, "}^{\\top");
  for (uint32_t d = 0; d < rank && rank != 2; d++) {
    tri__print_text(p, d ? ", " : " ");
    tri__print_integer(p, tri__axes(p->g, id)[d] + 1);
  }
  tri__print_text(p, "}");
}

static void factor(struct printer *p, uint32_t id, bool transposed) {
  tri__print_text(p, "{");
  tri__print_node(p, id, PREC_ATOM, 0);
  tri__print_text(p, transposed ? "}^{\\top}" : "}");
}

/* A B for matrices and vectors; of more dimensions contract_{b, k}. */
static void contract(struct printer *p, uint32_t id) {
  struct contraction how = tri__contraction(p->g, id);
  const uint32_t *args = print_args(p, id);
  uint32_t rows = shape_rank(p->g, print_at(p, args[0])->shape);
  uint32_t columns = shape_rank(p->g, print_at(p, args[1])->shape);
  bool turned = how.turned & CONTRACT_B;
  if (!how.batch && how.contracted == 1 && rows <= 2 && columns <= 2) {
    factor(p, args[0], rows == 1 || how.turned & CONTRACT_A);
    tri__print_text(p, " \\, ");
    factor(p, args[1], columns == 2 && !turned);
    return;
  }
  tri__print_text(p, "\\operatorname{contract}_{");
  tri__print_integer(p, how.batch);
  tri__print_text(p, ", ");
  tri__print_integer(p, how.contracted);
  tri__print_text(p, "}");
  tri__print_text(p, left);
  factor(p, args[0], how.turned & CONTRACT_A);
  tri__print_text(p, ", ");
  factor(p, args[1], turned);
  tri__print_text(p, right);
}

/* The same elements in another shape, or arrays one behind the other. */
static void rearranged(struct printer *p, uint32_t id) {
  const struct node *n = print_at(p, id);
  bool reshape = n->op == TRI_OP_reshape;
  tri__print_text(p, reshape ? "\\operatorname{reshape}" : "\\operatorname{concat}");
  tri__print_text(p, left);
  for (uint32_t i = 0; i < n->nargs; i++) {
    if (i) tri__print_text(p, ", ");
    tri__print_node(p, print_args(p, id)[i], PREC_ANY, 0);
  }
  for (uint32_t d = 0; reshape && d < shape_rank(p->g, n->shape); d++) {
    tri__print_text(p, d ? " \\times " : ", ");
    tri__print_extent(p, shape_dims(p->g, n->shape)[d], 0);
  }
  tri__print_text(p, right);
}

static void windows(struct printer *p, uint32_t id) {
  const struct node *n = print_at(p, id);
  tri__print_text(p, n->op == TRI_OP_unfold ? "\\operatorname{unfold}"
                     : n->op == TRI_OP_fold ? "\\operatorname{fold}"
                     : n->op == TRI_OP_pick ? "\\operatorname{pick}"
                                            : "\\operatorname{route}");
  tri__print_text(p, left);
  for (uint32_t i = 0; i < n->nargs; i++) {
    if (i) tri__print_text(p, ", ");
    tri__print_node(p, print_args(p, id)[i], PREC_ANY, 0);
  }
  tri__print_windows(p, id);
  tri__print_text(p, right);
}

static void last(struct printer *p, uint32_t id) {
  bool lse = print_at(p, id)->op == TRI_OP_lse;
  tri__print_text(p, lse ? "\\operatorname{lse}" : "\\operatorname{argmax}");
  tri__print_text(p, left);
  tri__print_node(p, print_args(p, id)[0], PREC_ANY, 0);
  tri__print_text(p, right);
}

static void structured(struct printer *p, const struct item *item) {
  size_t mark = p->n_items;
  const struct node *n = print_at(p, item->id);
  switch (n->op) {
  case TRI_OP_element:
  case TRI_OP_gather: part(p, item); return;
  case TRI_OP_slice: slice(p, item); break;
  case TRI_OP_scatter:
  case TRI_OP_embed: placed(p, item); break;
  case TRI_OP_permute: permute(p, item->id); break;
  case TRI_OP_contract: contract(p, item->id); break;
  case TRI_OP_reshape:
  case TRI_OP_concat: rearranged(p, item->id); break;
  case TRI_OP_unfold:
  case TRI_OP_fold:
  case TRI_OP_pick:
  case TRI_OP_route: windows(p, item->id); break;
  case TRI_OP_lse:
  case TRI_OP_argmax: last(p, item->id); break;
  case TRI_OP_size: tri__print_extent(p, tri__span(p->g, item->id).n, 0); break;
  default:
    if (is_loop_form(n))
      loop(p, item);
    else
      tri__print_fail(p, TRI_SHAPE, "all results of a loop at once are no expression");
    break;
  }
  tri__print_turn(p, mark);
}

/* --- names and numbers */

static const struct greek {
  const char *word, *letter;
} greek[] = {
    {"alpha", "α"},  {"beta", "β"},  {"gamma", "γ"},   {"delta", "δ"},     {"epsilon", "ϵ"},
    {"zeta", "ζ"},   {"eta", "η"},   {"theta", "θ"},   {"iota", "ι"},      {"kappa", "κ"},
    {"lambda", "λ"}, {"mu", "μ"},    {"nu", "ν"},      {"xi", "ξ"},        {"rho", "ρ"},
    {"sigma", "σ"},  {"tau", "τ"},   {"upsilon", "υ"}, {"phi", "φ"},       {"chi", "χ"},
    {"psi", "ψ"},    {"omega", "ω"}, {"Gamma", "Γ"},   {"Delta", "Δ"},     {"Theta", "Θ"},
    {"Lambda", "Λ"}, {"Xi", "Ξ"},    {"Pi", "Π"},      {"Sigma", "Σ"},     {"Upsilon", "Υ"},
    {"Phi", "Φ"},    {"Psi", "Ψ"},   {"Omega", "Ω"},   {"varepsilon", "ε"}};

/* A piece of a name: a Greek letter, one symbol, or a word in upright letters. */
static void piece(tri_text *text, const char *name, size_t size) {
  uint32_t code;
  for (size_t i = 0; i < sizeof greek / sizeof *greek; i++)
    if (text_is(name, size, greek[i].word) || text_is(name, size, greek[i].letter)) {
      tri__text_printf(text, "\\%s", greek[i].word);
      return;
    }
  bool number = true;
  for (size_t i = 0; i < size; i++) number = number && name[i] >= '0' && name[i] <= '9';
  bool symbol = number || tri__utf8(name, size, &code) == size;
  if (!symbol) tri__text_puts(text, "\\mathrm{");
  for (size_t i = 0; i < size; i++) {
    if (name[i] == '_') tri__text_putc(text, '\\');
    tri__text_putc(text, name[i]);
  }
  if (!symbol) tri__text_putc(text, '}');
}

/* x, x_{1} for x1 and x_1, w_{\mathrm{out}} for w_out. */
static void variable(tri_text *text, const char *name) {
  size_t size = strlen(name), digits = size, stem;
  while (digits > 1 && name[digits - 1] >= '0' && name[digits - 1] <= '9') digits--;
  const char *bar = memchr(name + 1, '_', size - 1);
  stem = bar && bar[1] ? (size_t)(bar - name) : digits;
  piece(text, name, stem);
  if (stem == size) return;
  stem += name[stem] == '_';
  tri__text_puts(text, "_{");
  piece(text, name + stem, size - stem);
  tri__text_putc(text, '}');
}

/* A number with its exponent as a power of ten. */
static void number(struct printer *p, const struct item *item) {
  p->scratch.size = 0;
  tri__print_constant(p->g, &p->scratch, item->id, item->kind);
  if (!tri__print_memory(p, !p->scratch.status)) return;
  const char *data = p->scratch.data, *e = memchr(data, 'e', p->scratch.size);
  if (!e) {
    tri__text_add(p->text, data, p->scratch.size);
    return;
  }
  bool one = e == data + 1 && data[0] == '1';
  if (!one) tri__text_add(p->text, data, (size_t)(e - data));
  tri__text_printf(p->text, "%s10^{%s}", one ? "" : " \\cdot ", e + 1);
}

/* t_{1}; a prefix such as t_ as t'. */
static void name(struct printer *p, uint32_t part) {
  for (const char *c = p->prefix; *c; c++) tri__text_putc(p->text, *c == '_' ? '\'' : *c);
  tri__text_printf(p->text, "_{%u}", (unsigned)part);
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
  case TRI_OP_variable: variable(p->text, tri__name(p->g, item->id)); return;
  case TRI_OP_pi: tri__text_puts(p->text, "\\pi"); return;
  case TRI_OP_eps: tri__text_puts(p->text, "\\varepsilon"); return;
  case TRI_OP_hole:
    tri__text_printf(p->text, "%c", HOLE_NAMES[tri__index_attr(p->g, item->id)]);
    return;
  case TRI_OP_constant:
    if (n->sort != TRI_BOOLEAN)
      product(p, item);
    else
      tri__text_puts(p->text,
                     tri__is_integer(p->g, item->id, 1) ? "\\text{true}" : "\\text{false}");
    return;
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

static void latex_item(struct printer *p, const struct item *item) {
  switch (item->kind) {
  case ITEM_NODE: node(p, item); return;
  case ITEM_POWER: power(p, item, item->id, 0); return;
  case ITEM_EXPONENT: tri__text_printf(p->text, "^{%ld}", (long)item->power); return;
  default: number(p, item); return;
  }
}

static void define(struct printer *p, uint32_t part) {
  name(p, part);
  tri__text_puts(p->text, " &= ");
}

const struct print_style tri__print_latex = {.item = latex_item,
                                             .define = define,
                                             .before = "\\begin{aligned}\n",
                                             .behind = " \\\\\n",
                                             .last = "&",
                                             .end = "\n\\end{aligned}"};
