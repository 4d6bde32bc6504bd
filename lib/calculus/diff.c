/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives by one variable, and tangents along a direction: one forward sweep. */
#include "calculus/diff.h"

#include <triad/calculus.h>

#include "calculus/arguments.h"
#include "calculus/sweep.h"

/* The derivative of e by the variable x: its id, or an error id. */
static uint32_t derivative(tri_graph *g, uint32_t e, uint32_t x) {
  struct sweep s;
  uint32_t failed = tri__sweep_init(&s, g, 1, &e);
  if (!failed) failed = tri__sweep_lanes(&s, 1, &x, true);
  if (!failed) {
    tri__sweep_seed_tangent(&s, x, g->one);
    failed = tri__sweep_tangents(&s, 0, UINT32_MAX);
  }
  uint32_t tangent = failed ? failed : tri__sweep_tangent(&s, 0, e);
  tri__sweep_free(&s);
  return tangent;
}

/* By id, so that any order of variables does: a variable that stands twice has no one tangent. */
static uint32_t seed_tangents(struct sweep *s, size_t n, const uint32_t *variables,
                              const uint32_t *direction) {
  for (size_t i = 0; i < n; i++) {
    if (!walk_has(&s->walk, variables[i])) continue;
    if (s->rate[walk_position(&s->walk, variables[i])])
      return tri__fail(s->graph, TRI_ARGUMENT, "a variable stands twice in a direction");
    uint32_t shape = node_at(s->graph, direction[i])->shape;
    if (shape && shape != node_at(s->graph, variables[i])->shape)
      return tri__fail(s->graph, TRI_SHAPE, "a direction's shape is not that of its variable");
    tri__sweep_seed_tangent(s, variables[i], direction[i]);
  }
  return 0;
}

uint32_t tri__jvp(tri_graph *g, size_t m, const uint32_t *outputs, size_t n,
                  const uint32_t *variables, const uint32_t *direction, uint32_t *tangents) {
  struct sweep s;
  uint32_t failed = tri__sweep_init(&s, g, m, outputs);
  if (!failed) failed = tri__sweep_lanes(&s, n, variables, true);
  if (!failed) failed = seed_tangents(&s, n, variables, direction);
  if (!failed) failed = tri__sweep_tangents(&s, 0, UINT32_MAX);
  for (size_t i = 0; i < m && !failed; i++) {
    tangents[i] = tri__sweep_tangent(&s, 0, outputs[i]);
    failed = id_is_error(tangents[i]) ? tangents[i] : 0;
  }
  tri__sweep_free(&s);
  return failed;
}

tri_expr tri_diff(tri_expr e, tri_expr x) { return tri_diff_n(e, x, 1); }

/* The n-th derivative as n tangents, given up (0) once one has more than `most` nodes. */
static uint32_t repeated(tri_graph *g, uint32_t e, uint32_t x, uint32_t n, uint32_t most) {
  for (uint32_t i = 0; i < n && e != g->zero; i++) {
    e = derivative(g, e, x);
    if (id_is_error(e)) return e;
    if (most != UINT32_MAX && tri_count_nodes(1, &(tri_expr){g, e}) > most) return 0;
  }
  return e;
}

/* Repeated tangents read as one writes them, but the product rule makes terms that only collecting would join, twice as many each
 * time; a power series takes a multiple of n² nodes for each node of e. From order 3 on the smaller one is taken. */
static uint32_t diff_n(tri_graph *g, uint32_t e, uint32_t x, uint32_t n) {
  if (n <= 2) return repeated(g, e, x, n, UINT32_MAX);
  tri_error error = g->error;
  uint32_t series = tri__diff_series(g, e, x, n);
  if (id_is_error(series) && id_status(series) == TRI_ARGUMENT) { /* loops have tangents only */
    g->error = error;
    return repeated(g, e, x, n, UINT32_MAX);
  }
  if (id_is_error(series)) return series;
  tri_mark mark = tri_graph_mark(g);
  uint32_t chain = repeated(g, e, x, n, tri_count_nodes(1, &(tri_expr){g, series}));
  if (chain && (!id_is_error(chain) || id_status(chain) == TRI_INTERRUPTED)) return chain;
  tri_graph_rewind(g, mark);
  g->error = error;
  return series;
}

tri_expr tri_diff_n(tri_expr e, tri_expr x, uint32_t n) {
  tri_graph *g = e.graph;
  if (!g) return expr_of(NULL, NODE_ERROR + TRI_ARGUMENT);
  uint32_t id, variable, failed = tri__check(g, e, IDS_REAL, &id);
  if (!failed) failed = tri__check(g, x, IDS_VARIABLE, &variable);
  return expr_of(g, failed ? failed : diff_n(g, id, variable, n));
}

tri_status tri_jvp(size_t m, const tri_expr *outputs, size_t n, const tri_expr *variables,
                   const tri_expr *direction, tri_expr *tangents) {
  tri_graph *g = m ? outputs[0].graph : NULL;
  if (!g) return m ? TRI_ARGUMENT : TRI_OK;
  struct ids o, v = {0}, d = {0};
  uint32_t failed = tri__ids(&o, g, m, outputs, IDS_REAL);
  if (!failed) failed = tri__ids(&v, g, n, variables, IDS_ARRAY);
  if (!failed) failed = tri__ids(&d, g, n, direction, IDS_REAL);
  if (!failed) failed = tri__jvp(g, m, o.id, n, v.id, d.id, o.id);
  for (size_t i = 0; i < m && !failed; i++) tangents[i] = expr_of(g, o.id[i]);
  tri__ids_free(&o);
  tri__ids_free(&v);
  tri__ids_free(&d);
  return tri__finish(g, failed, m, tangents);
}
