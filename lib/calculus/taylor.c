/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Taylor coefficients and polynomials, and derivatives of higher order as n! times a coefficient. */
#include <string.h>

#include <triad/calculus.h>
#include <triad/mp.h>

#include "base/text.h"
#include "calculus/arguments.h"
#include "calculus/diff.h"
#include "calculus/series.h"

/* --- coefficients that do not exist */

/* " at x = 0" into buffer, as far as it fits; empty if the point is not a number. */
static void place(const struct series *s, char *buffer, size_t size) {
  tri_graph *g = s->graph;
  const char *name = tri__name(g, s->x);
  mpq_t q;
  tri_text text = {.allocator = &g->memory.allocator};
  buffer[0] = '\0';
  mpq_init(q);
  if (tri_expr_mpq(expr_of(g, s->at), q)) {
    tri__text_printf(&text, " at %.40s = ", name ? name : "eps");
    tri__text_number(&text, q);
  }
  if (text.size && !text.status && text.size < size) memcpy(buffer, text.data, text.size + 1);
  tri_text_free(&text);
  mpq_clear(q);
}

static uint32_t missing(const struct series *s, uint32_t why) {
  bool value = why < SERIES_NO_DERIVATIVE;
  uint32_t op = why - (value ? SERIES_NO_VALUE : SERIES_NO_DERIVATIVE);
  char at[TRI_MESSAGE_SIZE / 2];
  place(s, at, sizeof at);
  if (value && op == TRI_OP_div)
    return tri__fail(s->graph, TRI_DOMAIN, "no Taylor series%s: division by zero", at);
  return tri__fail(s->graph, TRI_DOMAIN, "no Taylor series%s: %s has no %s there", at,
                   s->graph->rows[op].name, value ? "value" : "derivative");
}

/* Coefficient k of a slot in the shape of its node, or an error id. */
static uint32_t result(const struct series *s, uint32_t root, uint32_t k) {
  uint32_t c = series_get(s, root, k);
  if (is_missing(c)) return missing(s, c);
  return tri__spread(s->graph, c, node_at(s->graph, s->slot[root].id)->shape);
}

/* --- Taylor */

static uint32_t taylor(tri_graph *g, uint32_t e, uint32_t x, uint32_t at, uint32_t order,
                       tri_expr *coefficients) {
  struct series s;
  uint32_t root, failed = tri__series_init(&s, g, e, x, at, order, &root);
  if (!failed) failed = tri__series_run(&s, order);
  for (size_t k = 0; k <= order && !failed; k++) {
    coefficients[k] = expr_of(g, result(&s, root, (uint32_t)k));
    failed = id_is_error(coefficients[k].id) ? coefficients[k].id : 0;
  }
  tri__series_free(&s);
  return failed;
}

tri_status tri_taylor(tri_expr e, tri_expr x, tri_expr at, uint32_t order, tri_expr *coefficients) {
  tri_graph *g = e.graph;
  if (!g) return TRI_ARGUMENT;
  uint32_t id, variable, point, failed = tri__check(g, e, IDS_REAL, &id);
  if (!failed) failed = tri__check(g, x, IDS_VARIABLE, &variable);
  if (!failed) failed = tri__check(g, at, IDS_SCALAR, &point);
  if (!failed) failed = taylor(g, id, variable, point, order, coefficients);
  return tri__finish(g, failed, (size_t)order + 1, coefficients);
}

/* The sum of c_k u^k in rising powers. */
static tri_expr polynomial(tri_expr u, size_t order, const tri_expr *c) {
  tri_graph *g = u.graph;
  tri_expr sum = c[0];
  for (size_t k = 1; k <= order; k++) {
    if (c[k].id == g->zero) continue;
    tri_expr power = tri_pow(u, tri_integer(g, (int64_t)k));
    sum = tri_add(sum, tri_mul(c[k], power));
  }
  return sum;
}

tri_expr tri_taylor_polynomial(tri_expr e, tri_expr x, tri_expr at, uint32_t order) {
  tri_graph *g = e.graph;
  if (!g) return expr_of(NULL, NODE_ERROR + TRI_ARGUMENT);
  size_t count = (size_t)order + 1;
  tri_expr *c = tri__new(&g->memory, count, sizeof *c);
  if (!c) return expr_of(g, tri__no_memory(g));
  tri_status status = tri_taylor(e, x, at, order, c);
  tri_expr sum = status ? c[0] : polynomial(tri_sub(x, at), order, c);
  tri__free(&g->memory, c, count, sizeof *c);
  return sum;
}

/* --- derivatives of order n */

static uint32_t factorial(tri_graph *g, uint32_t n) {
  mpz_t z;
  mpq_t view;
  mpz_init(z);
  mpz_fac_ui(z, n);
  mpq_init(view);
  mpq_set_z(view, z);
  uint32_t id = tri__constant(g, view);
  mpq_clear(view);
  mpz_clear(z);
  return id;
}

/* n! c, where c is often a quotient by n. */
static uint32_t times_factorial(tri_graph *g, uint32_t n, uint32_t c) {
  int64_t divisor;
  const struct node *node = node_at(g, c);
  if (c == g->zero) return c;
  if (node->op == TRI_OP_neg) {
    uint32_t positive = node->arg[0];
    return tri__build1(g, TRI_OP_neg, times_factorial(g, n, positive));
  }
  bool divided =
      node->op == TRI_OP_div && tri__small_integer(g, node->arg[1], &divisor) && divisor == n;
  uint32_t rest = divided ? node->arg[0] : c, by = factorial(g, divided ? n - 1 : n);
  return tri__build2(g, TRI_OP_mul, by, rest);
}

uint32_t tri__diff_series(tri_graph *g, uint32_t e, uint32_t x, uint32_t n) {
  struct series s;
  uint32_t root;
  if (n > g->limits.digits) /* n! has more digits than n */
    return tri__fail(g, TRI_LIMIT, "a derivative of order %u (the digit limit)", n);
  uint32_t failed = tri__series_init(&s, g, e, x, x, n, &root);
  if (!failed) failed = tri__series_run(&s, n);
  uint32_t c = failed ? failed : result(&s, root, n);
  tri__series_free(&s);
  return id_is_error(c) ? c : times_factorial(g, n, c);
}
