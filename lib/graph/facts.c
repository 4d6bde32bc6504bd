/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is known of a node's value from its row and its arguments' facts: sound, of real numbers,
 * and cheap. */
#include "graph/windows.h"

static uint8_t facts_of_constant(const tri_graph *g, const struct node *n) {
  mpq_t q;
  tri__attr_rational(g, n->attr, q);
  uint8_t facts = FACT_TOTAL | FACT_TAME;
  facts |= mpq_sgn(q) > 0 ? FACT_POSITIVE : mpq_sgn(q) < 0 ? FACT_NONZERO : FACT_NONNEGATIVE;
  return mpz_cmp_ui(mpq_denref(q), 1) ? facts : facts | FACT_INTEGER;
}

/* Signs of a sum: what both share, and one strict part makes a nonnegative sum strict. */
static uint8_t facts_of_sum(uint8_t a, uint8_t b) {
  uint8_t facts = a & b & (FACT_NONNEGATIVE | FACT_INTEGER);
  if ((facts & FACT_NONNEGATIVE) && ((a | b) & FACT_NONZERO)) facts |= FACT_NONZERO;
  return facts;
}

static uint8_t facts_of_product(uint8_t a, uint8_t b, bool same) {
  uint8_t facts = a & b & (FACT_NONNEGATIVE | FACT_NONZERO | FACT_INTEGER);
  return same ? facts | FACT_NONNEGATIVE : facts;
}

static uint8_t facts_of_power(const tri_graph *g, uint8_t a, uint8_t b, uint32_t exponent) {
  int64_t n = 0;
  bool integer = tri__small_integer(g, exponent, &n);
  uint8_t facts = 0;
  if ((a & FACT_POSITIVE) == FACT_POSITIVE) facts |= FACT_POSITIVE;
  if (a & FACT_NONZERO) facts |= integer ? FACT_NONZERO : 0;
  if ((a & FACT_NONNEGATIVE) || (integer && n % 2 == 0)) facts |= FACT_NONNEGATIVE;
  if (integer && n >= 0) facts |= (a & (FACT_INTEGER | FACT_TOTAL | FACT_TAME));
  if ((facts & FACT_POSITIVE) == FACT_POSITIVE && (a & b & FACT_TOTAL) &&
      (integer || (a & FACT_POSITIVE) == FACT_POSITIVE))
    facts |= FACT_TOTAL;
  return facts;
}

static uint8_t facts_of_division(uint8_t a, uint8_t b, bool constant) {
  uint8_t facts = a & b & (FACT_NONNEGATIVE | FACT_NONZERO);
  if ((a & b & FACT_TOTAL) && (b & FACT_NONZERO)) facts |= FACT_TOTAL;
  if ((facts & FACT_TOTAL) && constant) facts |= a & FACT_TAME;
  return facts;
}

/* What rows of one argument say of themselves. */
static uint8_t facts_of_unary(const struct row *row, uint8_t a) {
  uint8_t facts = row->range | (a & row->keeps);
  if (row->total || (row->total_if && (a & row->total_if) == row->total_if))
    facts |= a & FACT_TOTAL;
  return row->tame ? facts | (a & FACT_TAME) : facts;
}

/* Facts of a value that is one of two. */
static uint8_t facts_of_minimum(uint8_t a, uint8_t b) {
  return a & b & (FACT_POSITIVE | FACT_INTEGER);
}
static uint8_t facts_of_maximum(uint8_t a, uint8_t b) {
  return (a & b & (FACT_NONZERO | FACT_INTEGER)) | ((a | b) & FACT_NONNEGATIVE);
}

/* Signs of rows of several arguments, which depend on more than one of them. */
static uint8_t signs(const struct node *n, const uint32_t *args, const uint8_t *f) {
  switch (n->op) {
  case TRI_OP_add: return facts_of_sum(f[0], f[1]);
  case TRI_OP_sub: return f[0] & f[1] & FACT_INTEGER;
  case TRI_OP_mul:
  case TRI_OP_gate: return facts_of_product(f[0], f[1], args[0] == args[1]);
  case TRI_OP_hypot: return (f[0] | f[1]) & FACT_NONZERO;
  case TRI_OP_min: return facts_of_minimum(f[0], f[1]);
  case TRI_OP_max: return facts_of_maximum(f[0], f[1]);
  case TRI_OP_select: return facts_of_minimum(f[1], f[2]);
  default: return 0;
  }
}

/* Whether the value may be 0 because a branch was not taken: derivatives of choices, and products
 * with them. */
static uint8_t chosen(const tri_graph *g, const struct node *n, const uint32_t *args,
                      const uint8_t *f) {
  switch (n->op) {
  case TRI_OP_gate: return FACT_CHOSEN;
  case TRI_OP_select:
    return args[1] == g->zero || args[2] == g->zero ? FACT_CHOSEN : (f[1] | f[2]) & FACT_CHOSEN;
  case TRI_OP_mul: return (f[0] | f[1]) & FACT_CHOSEN;
  case TRI_OP_neg:
  case TRI_OP_div: return f[0] & FACT_CHOSEN;
  case TRI_OP_add:
  case TRI_OP_sub: return f[0] & f[1] & FACT_CHOSEN;
  default: return 0;
  }
}

static uint8_t values_of_row(const tri_graph *g, const struct node *n, const uint32_t *args,
                             const uint8_t *f) {
  const struct row *row = g->rows + n->op;
  uint8_t all = FACT_TOTAL | FACT_TAME;
  for (uint32_t i = 0; i < n->nargs; i++) all &= f[i];
  if (n->nargs == 1) return facts_of_unary(row, f[0]);
  if (n->op == TRI_OP_pow) return facts_of_power(g, f[0], f[1], args[1]);
  if (n->op == TRI_OP_div)
    return facts_of_division(f[0], f[1], node_at(g, args[1])->op == TRI_OP_constant);
  uint8_t allowed = (uint8_t)((row->total ? FACT_TOTAL : 0) | (row->tame ? FACT_TAME : 0));
  return (uint8_t)((all & allowed) | row->range | signs(n, args, f));
}

static uint8_t facts_of_row(const tri_graph *g, const struct node *n, const uint32_t *args) {
  uint8_t f[ROW_MAX_ARITY] = {0};
  for (uint32_t i = 0; i < n->nargs; i++) f[i] = node_at(g, args[i])->facts;
  return (uint8_t)(values_of_row(g, n, args, f) | chosen(g, n, args, f));
}

/* Of elements chosen in windows, of which one may have none. */
static uint8_t facts_of_choice(const tri_graph *g, const struct node *n, const uint32_t *args) {
  if (!tri__windows_inside(tri__attr_data(g, n->attr, NULL))) return 0;
  return node_at(g, args[0])->facts & node_at(g, args[1])->facts & (FACT_TOTAL | FACT_TAME);
}

/* Of a reduction over the last dimension, which has no value where there are no elements. */
static uint8_t facts_of_last(const tri_graph *g, uint32_t x) {
  uint32_t shape = node_at(g, x)->shape;
  bool named = shape_dims(g, shape)[shape_rank(g, shape) - 1] < 0;
  return named ? 0 : node_at(g, x)->facts & (FACT_TOTAL | FACT_TAME);
}

uint8_t tri__facts(const tri_graph *g, const struct node *n, const uint32_t *args) {
  if (n->op < TRI_OP_ROWS) return facts_of_row(g, n, args);
  switch (n->op) {
  case TRI_OP_constant: return facts_of_constant(g, n);
  case TRI_OP_pi: return FACT_TOTAL | FACT_TAME | FACT_POSITIVE;
  case TRI_OP_variable:
  case TRI_OP_eps: return FACT_TOTAL | FACT_TAME;
  case TRI_OP_hole: return 0;
  case TRI_OP_iota: return FACT_TOTAL | FACT_TAME | FACT_INTEGER;
  case TRI_OP_size: return FACT_TOTAL | FACT_TAME | FACT_INTEGER | FACT_NONNEGATIVE;
  case TRI_OP_pick:
  case TRI_OP_route: return facts_of_choice(g, n, args);
  case TRI_OP_lse: return facts_of_last(g, args[0]);
  case TRI_OP_argmax: return facts_of_last(g, args[0]) | FACT_INTEGER | FACT_NONNEGATIVE;
  case TRI_OP_gather:
  case TRI_OP_scatter:
  case TRI_OP_loop:
  case TRI_OP_result:
    return 0; /* an index may be out of range; what a body does is not looked into */
  default: {
    uint8_t all = FACT_TOTAL | FACT_TAME;
    for (uint32_t i = 0; i < n->nargs; i++) all &= node_at(g, args[i])->facts;
    return all;
  }
  }
}
