/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The recurrences: order by order, each node's next coefficient from those of its arguments up to the same order and of its partials
 * up to the one before. A coefficient that is zero is skipped; one that does not exist makes what it is used in not exist. */
#include "calculus/series.h"

/* --- arithmetic of coefficients */

static uint32_t plus(tri_graph *g, uint32_t sum, uint32_t term) {
  if (is_missing(sum)) return sum;
  if (is_missing(term) || !sum) return term;
  return term == g->zero ? sum : tri__accumulate(g, sum, term);
}

static uint32_t minus(tri_graph *g, uint32_t a, uint32_t b) {
  if (is_missing(a) || b == g->zero) return a;
  return is_missing(b) ? b : tri__build2(g, TRI_OP_sub, a, b);
}

static uint32_t integer(tri_graph *g, uint32_t n) { return tri__constant_si(g, n, 1); }

static uint32_t times_integer(tri_graph *g, uint32_t n, uint32_t a) {
  return n == 1 || is_missing(a) ? a : tri__build2(g, TRI_OP_mul, integer(g, n), a);
}

static uint32_t over_integer(tri_graph *g, uint32_t a, uint32_t n) {
  return n == 1 || is_missing(a) || a == g->zero ? a : tri__build2(g, TRI_OP_div, a, integer(g, n));
}

/* a * b for coefficient i of one slot and k of another. Those beyond the first are derivatives: a zero among them is strong. */
static uint32_t product(struct series *s, uint32_t a, bool a_choice, uint32_t b, bool b_choice) {
  tri_graph *g = s->graph;
  if ((a_choice && a == g->zero) || (b_choice && b == g->zero)) return g->zero;
  if (is_missing(a)) return a;
  return is_missing(b) ? b : tri__strong_product(g, a, b, a_choice, b_choice, false);
}

static uint32_t coefficient_product(struct series *s, uint32_t a, uint32_t i, uint32_t b,
                                    uint32_t k) {
  tri_graph *g = s->graph;
  uint32_t x = series_get(s, a, i), y = series_get(s, b, k);
  if ((i && x == g->zero) || (k && y == g->zero)) return g->zero;
  return product(s, x, i && s->slot[a].choice, y, k && s->slot[b].choice);
}

/* --- one coefficient, m >= 1 */

/* The sum of a_j b_(m-j) over j = first … m. */
static uint32_t convolution(struct series *s, uint32_t a, uint32_t b, uint32_t m, uint32_t first) {
  uint32_t longest = s->slot[b].length, last = s->slot[a].length - 1, sum = 0;
  if (m + 1 > longest && m + 1 - longest > first) first = m + 1 - longest;
  if (last > m) last = m;
  for (uint32_t j = first; j <= last; j++) {
    sum = plus(s->graph, sum, coefficient_product(s, a, j, b, m - j));
    if (id_is_error(sum) && !is_missing(sum)) break;
  }
  return sum ? sum : s->graph->zero;
}

/* r b = a, so r_m = (a_m - the sum of b_j r_(m-j) over j = 1 … m)/b_0. */
static uint32_t of_quotient(struct series *s, uint32_t number, uint32_t m) {
  tri_graph *g = s->graph;
  const struct node *n = node_at(g, s->slot[number].id);
  uint32_t a = 0, b = 0;
  (void)tri__series_find(s, n->arg[0], &a);
  (void)tri__series_find(s, n->arg[1], &b);
  uint32_t rest = convolution(s, b, number, m, 1), b0 = series_get(s, b, 0);
  if (id_is_error(rest) && !is_missing(rest)) return rest;
  uint32_t difference = minus(g, series_get(s, a, m), rest);
  if (difference == g->zero || id_is_error(difference)) return difference;
  if (is_missing(series_get(s, number, 0))) return series_get(s, number, 0);
  return tri__build2(g, TRI_OP_div, difference, b0);
}

static uint32_t of_product(struct series *s, uint32_t number, uint32_t m) {
  const struct node *n = node_at(s->graph, s->slot[number].id);
  uint32_t a = 0, b = 0;
  (void)tri__series_find(s, n->arg[0], &a);
  (void)tri__series_find(s, n->arg[1], &b);
  return convolution(s, a, b, m, 0);
}

/* p_k of a factor: where the partial has no value at all, it is the operation that has no derivative. */
static uint32_t partial_coefficient(const struct series *s, uint32_t number, uint32_t p,
                                    uint32_t k) {
  bool singular =
      p != number && is_missing(series_get(s, p, 0)) && !is_missing(series_get(s, number, 0));
  return singular ? SERIES_NO_DERIVATIVE + node_at(s->graph, s->slot[number].id)->op
                  : series_get(s, p, k);
}

/* j a_j p_(m-j). */
static uint32_t general_term(struct series *s, uint32_t number, struct factor f, uint32_t j,
                             uint32_t k) {
  tri_graph *g = s->graph;
  uint32_t a = series_get(s, f.argument, j), p = partial_coefficient(s, number, f.partial, k);
  bool chooses = node_chooses(g, node_at(g, s->slot[number].id));
  if (a == g->zero || (k && p == g->zero)) return g->zero;
  return product(s, times_integer(g, j, a), s->slot[f.argument].choice, p,
                 chooses || (k && s->slot[f.partial].choice));
}

/* m r_m by the partials. */
static uint32_t general_sum(struct series *s, uint32_t number, uint32_t m) {
  uint32_t sum = 0;
  for (unsigned i = 0; i < s->slot[number].factors; i++) {
    struct factor f = s->slot[number].factor[i];
    uint32_t last = s->slot[f.argument].length - 1, longest = s->slot[f.partial].length;
    for (uint32_t j = m + 1 > longest + 1 ? m + 1 - longest : 1; j <= m && j <= last; j++) {
      sum = plus(s->graph, sum, general_term(s, number, f, j, m - j));
      if (id_is_error(sum) && !is_missing(sum)) return sum;
    }
  }
  return sum ? sum : s->graph->zero;
}

/* The operation itself on coefficients m; conditions by their values. Where all are zero there is nothing to do. */
static uint32_t of_linear(struct series *s, uint32_t number, uint32_t m) {
  tri_graph *g = s->graph;
  uint32_t id = s->slot[number].id, n = node_at(g, id)->nargs;
  uint8_t conditions = tri__row(g, node_at(g, id)->op) ? g->rows[node_at(g, id)->op].conditions : 0;
  bool any = false;
  if (!tri__grow(&g->memory, (void **)&s->args, &s->args_capacity, n, sizeof *s->args))
    return tri__no_memory(g);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t arg = node_args(g, node_at(g, id))[i], from = 0;
    bool condition = i < ROW_MAX_ARITY && (conditions >> i & 1);
    (void)tri__series_find(s, arg, &from);
    s->args[i] = series_get(s, from, condition ? 0 : m);
    any |= !condition && s->args[i] != g->zero;
    if (s->slot[number].kind == SLOT_STACK && !is_missing(s->args[i]))
      s->args[i] = tri__spread(g, s->args[i], node_at(g, arg)->shape);
  }
  return any ? tri__series_apply(s, id) : g->zero;
}

static uint32_t of_element(struct series *s, uint32_t number, uint32_t m) {
  tri_graph *g = s->graph;
  uint32_t id = s->slot[number].id, from = 0;
  (void)tri__series_find(s, node_at(g, id)->arg[0], &from);
  uint32_t a = series_get(s, from, m);
  bool uniform = is_missing(a) || !node_at(g, a)->shape;
  return uniform ? a : tri__element(g, a, tri__index_attr(g, id));
}

static uint32_t coefficient_of(struct series *s, uint32_t number, uint32_t m) {
  switch (s->slot[number].kind) {
  case SLOT_VARIABLE: return m == 1 ? s->graph->one : s->graph->zero;
  case SLOT_LINEAR:
  case SLOT_STACK: return of_linear(s, number, m);
  case SLOT_ELEMENT: return of_element(s, number, m);
  case SLOT_PRODUCT: return of_product(s, number, m);
  case SLOT_QUOTIENT: return of_quotient(s, number, m);
  default: return over_integer(s->graph, general_sum(s, number, m), m);
  }
}

/* Row m of coefficients, all zero: for the slots before the first that does not want it. */
static bool add_row(struct series *s, uint32_t m, size_t wanting) {
  struct memory *memory = &s->graph->memory;
  if (s->coefficients > SIZE_MAX - wanting ||
      !tri__grow(memory, (void **)&s->row, &s->row_capacity, (size_t)m + 1, sizeof *s->row) ||
      !tri__grow(memory, (void **)&s->coefficient, &s->coefficient_capacity,
                 s->coefficients + wanting, sizeof *s->coefficient))
    return false;
  s->row[m] = s->coefficients;
  for (size_t i = 0; i < wanting; i++) s->coefficient[s->row[m] + i] = s->graph->zero;
  s->coefficients += wanting;
  return true;
}

/* Coefficients m; *longest is the length of the longest series so far. */
static uint32_t fill_row(struct series *s, uint32_t m, size_t wanting, uint32_t *longest) {
  for (size_t i = 0; i < wanting; i++) {
    if (i % 256 == 0 && tri__interrupted(s->graph)) return NODE_ERROR + TRI_INTERRUPTED;
    if (s->slot[i].kind < SLOT_VARIABLE) continue;
    uint32_t c = coefficient_of(s, (uint32_t)i, m);
    if (id_is_error(c) && !is_missing(c)) return c;
    s->coefficient[s->row[m] + i] = c;
    if (c != s->graph->zero) s->slot[i].length = *longest = m + 1;
  }
  return 0;
}

/* A term of coefficient m has two coefficients whose numbers add up to m: once that is more than the longest series have, all that
 * follow are zero, and the function is a polynomial. */
uint32_t tri__series_run(struct series *s, uint32_t order) {
  uint32_t failed = 0, longest = 1;
  size_t wanting = s->slots;
  for (uint32_t m = 1; m - 1 < order && !failed && m / 2 <= longest; m++) {
    while (wanting && s->slot[wanting - 1].order < m) wanting--;
    failed = add_row(s, m, wanting) ? fill_row(s, m, wanting, &longest) : tri__no_memory(s->graph);
  }
  return failed;
}
