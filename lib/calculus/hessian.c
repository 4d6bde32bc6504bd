/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Hessians and their products with a direction: forward over reverse. */
#include <triad/calculus.h>

#include "calculus/arguments.h"
#include "calculus/diff.h"
#include "calculus/sweep.h"

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* The column of variable number j down to the diagonal, and as a row. */
static uint32_t column(struct sweep *s, unsigned lane, size_t j, size_t n, const uint32_t *gradient,
                       tri_expr *hessian) {
  uint32_t failed = tri__sweep_tangents(s, lane, (uint32_t)j + 1);
  for (size_t i = 0; i <= j && !failed; i++)
    hessian[i * n + j] = hessian[j * n + i] =
        expr_of(s->graph, tri__sweep_tangent(s, lane, gradient[i]));
  return failed;
}

/* The tangents of the gradient along each variable, of the entries up to the diagonal only: the others are these. */
static uint32_t columns(struct sweep *s, const struct ids *variables, const uint32_t *gradient,
                        tri_expr *hessian) {
  size_t n = variables->count;
  uint32_t failed = tri__sweep_users(s, n, gradient);
  for (size_t first = 0; first < n && !failed; first += SWEEP_LANES) {
    size_t count = least(SWEEP_LANES, n - first);
    failed = tri__sweep_lanes(s, count, variables->id + first, false);
    for (size_t k = 0; k < count && !failed; k++) {
      tri__sweep_seed_tangent(s, variables->id[first + k], s->graph->one);
      failed = column(s, (unsigned)k, first + k, n, gradient, hessian);
    }
  }
  return failed;
}

static uint32_t hessian_of(tri_graph *g, uint32_t e, const struct ids *variables,
                           uint32_t *gradient, tri_expr *hessian) {
  struct sweep s;
  uint32_t failed = tri__vjp(g, 1, &e, &g->one, variables->count, variables->id, gradient);
  if (failed) return failed;
  failed = tri__sweep_init(&s, g, variables->count, gradient);
  if (!failed) failed = columns(&s, variables, gradient, hessian);
  tri__sweep_free(&s);
  return failed;
}

tri_status tri_hessian(tri_expr e, size_t n, const tri_expr *variables, tri_expr *hessian) {
  tri_graph *g = e.graph;
  if (!g) return TRI_ARGUMENT;
  struct ids v = {0}, gradient = {0};
  uint32_t id, failed = tri__check(g, e, IDS_SCALAR, &id);
  if (!failed) failed = tri__ids(&v, g, n, variables, IDS_VARIABLE);
  if (!failed) failed = tri__ids(&gradient, g, n, variables, IDS_VARIABLE);
  if (!failed) failed = hessian_of(g, id, &v, gradient.id, hessian);
  tri__ids_free(&v);
  tri__ids_free(&gradient);
  return tri__finish(g, failed, n * n, hessian);
}

static uint32_t hvp_of(tri_graph *g, uint32_t e, const struct ids *variables,
                       const struct ids *direction, uint32_t *product) {
  size_t n = variables->count;
  uint32_t failed = tri__vjp(g, 1, &e, &g->one, n, variables->id, product);
  return failed ? failed : tri__jvp(g, n, product, n, variables->id, direction->id, product);
}

tri_status tri_hvp(tri_expr e, size_t n, const tri_expr *variables, const tri_expr *direction,
                   tri_expr *product) {
  tri_graph *g = e.graph;
  if (!g) return TRI_ARGUMENT;
  struct ids v = {0}, d = {0}, p = {0};
  uint32_t id, failed = tri__check(g, e, IDS_SCALAR, &id);
  if (!failed) failed = tri__ids(&v, g, n, variables, IDS_VARIABLE);
  if (!failed) failed = tri__ids(&d, g, n, direction, IDS_SCALAR);
  if (!failed) failed = tri__ids(&p, g, n, variables, IDS_VARIABLE);
  if (!failed) failed = hvp_of(g, id, &v, &d, p.id);
  for (size_t i = 0; i < n && !failed; i++) product[i] = expr_of(g, p.id[i]);
  tri__ids_free(&v);
  tri__ids_free(&d);
  tri__ids_free(&p);
  return tri__finish(g, failed, n, product);
}
