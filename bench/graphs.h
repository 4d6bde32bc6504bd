/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Pieces of graphs that the problems of benchmarks share. Failures stick to the graph. */
#ifndef TRIAD_BENCH_GRAPHS_H
#define TRIAD_BENCH_GRAPHS_H

#include <triad.h>

/* The variable of shape [a], or [a, b] unless b is 0. */
static inline tri_expr graph_array(tri_graph *g, const char *name, int64_t a, int64_t b) {
  return tri_variable_shaped(g, name, b ? 2 : 1, (int64_t[]){a, b}, NULL);
}

/* The values of e, or their sum, over n steps that give `parts` the parts of `arrays`. */
static inline tri_expr graph_over(tri_graph *g, int64_t n, size_t count, const tri_expr *parts,
                                  const tri_expr *arrays, tri_expr e, int sum) {
  tri_expr result;
  tri_loop_options options = {
      .n = tri_extent_of(n), .n_steps = count, .steps = parts, .step_inputs = arrays};
  if (sum) {
    options.n_summed = 1;
    options.summed = &e;
  } else {
    options.n_stacked = 1;
    options.stacked = &e;
  }
  return tri_loop(g, &options, &result) ? tri_integer(g, 0) : result;
}

/* `next` of the carry and of the parts of x, from `first` on. */
static inline tri_expr graph_fold(tri_graph *g, int64_t n, tri_expr part, tri_expr x, int backward,
                                  tri_expr carry, tri_expr first, tri_expr next) {
  tri_expr last;
  tri_loop_options options = {.n = tri_extent_of(n),
                              .backward = backward,
                              .n_steps = 1,
                              .steps = &part,
                              .step_inputs = &x,
                              .n_carries = 1,
                              .carries = &carry,
                              .initial = &first,
                              .next = &next};
  return tri_loop(g, &options, &last) ? tri_integer(g, 0) : last;
}

/* log of the sum of exp(x[i]), made safe by an integer near the largest, which no derivative
 * passes. */
static inline tri_expr graph_logsumexp(tri_graph *g, int64_t n, tri_expr x) {
  tri_expr part = tri_variable(g, "t"), most = tri_variable(g, "c");
  tri_expr safe =
      tri_floor(graph_fold(g, n, part, x, 0, most, tri_element(x, 0), tri_max(most, part)));
  return tri_add(safe, tri_log(graph_over(g, n, 1, &part, &x, tri_exp(tri_sub(part, safe)), 1)));
}

#endif
