/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Gradients, and adjoints of weighted outputs: one reverse sweep. */
#include <triad/calculus.h>

#include "calculus/arguments.h"
#include "calculus/diff.h"
#include "calculus/sweep.h"

/* A weight in the shape of its output. */
static uint32_t seed(struct sweep *s, uint32_t output, uint32_t weight) {
  tri_graph *g = s->graph;
  uint32_t shape = node_at(g, output)->shape, given = node_at(g, weight)->shape;
  if (given && given != shape)
    return tri__fail(g, TRI_SHAPE, "a weight's shape is not that of its output");
  return tri__sweep_seed_adjoint(s, output, weight);
}

uint32_t tri__vjp(tri_graph *g, size_t m, const uint32_t *outputs, const uint32_t *weights,
                  size_t n, const uint32_t *variables, uint32_t *adjoints) {
  struct sweep s;
  uint32_t failed = tri__sweep_init(&s, g, m, outputs);
  if (!failed) failed = tri__sweep_lanes(&s, n, variables, true);
  for (size_t i = 0; i < m && !failed; i++) failed = seed(&s, outputs[i], weights[i]);
  if (!failed) failed = tri__sweep_adjoints(&s);
  for (size_t i = 0; i < n && !failed; i++) {
    adjoints[i] =
        tri__spread(g, tri__sweep_adjoint(&s, variables[i]), node_at(g, variables[i])->shape);
    if (id_is_error(adjoints[i])) failed = adjoints[i];
  }
  tri__sweep_free(&s);
  return failed;
}

tri_status tri_gradient(tri_expr e, size_t n, const tri_expr *variables, tri_expr *gradient) {
  tri_graph *g = e.graph;
  if (!g) return TRI_ARGUMENT;
  struct ids v = {0};
  uint32_t id, failed = tri__check(g, e, IDS_SCALAR, &id);
  if (!failed) failed = tri__ids(&v, g, n, variables, IDS_ARRAY);
  if (!failed) failed = tri__vjp(g, 1, &id, &g->one, n, v.id, v.id);
  for (size_t i = 0; i < n && !failed; i++) gradient[i] = expr_of(g, v.id[i]);
  tri__ids_free(&v);
  return tri__finish(g, failed, n, gradient);
}

tri_status tri_vjp(size_t m, const tri_expr *outputs, const tri_expr *weights, size_t n,
                   const tri_expr *variables, tri_expr *adjoints) {
  tri_graph *g = m ? outputs[0].graph : n ? variables[0].graph : NULL;
  if (!g) return m || n ? TRI_ARGUMENT : TRI_OK;
  struct ids o, w = {0}, v = {0};
  uint32_t failed = tri__ids(&o, g, m, outputs, IDS_REAL);
  if (!failed) failed = tri__ids(&w, g, m, weights, IDS_REAL);
  if (!failed) failed = tri__ids(&v, g, n, variables, IDS_ARRAY);
  if (!failed) failed = tri__vjp(g, m, o.id, w.id, n, v.id, v.id);
  for (size_t i = 0; i < n && !failed; i++) adjoints[i] = expr_of(g, v.id[i]);
  tri__ids_free(&o);
  tri__ids_free(&w);
  tri__ids_free(&v);
  return tri__finish(g, failed, n, adjoints);
}
