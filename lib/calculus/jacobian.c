/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Jacobians: as many forward sweeps as variables count, or as many reverse sweeps as outputs do, whichever is fewer. */
#include <triad/calculus.h>

#include "calculus/arguments.h"
#include "calculus/sweep.h"

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Columns from ..., one forward sweep each. */
static uint32_t columns(struct sweep *s, const struct ids *outputs, const struct ids *variables,
                        size_t first, size_t count, tri_expr *jacobian) {
  uint32_t failed = tri__sweep_lanes(s, count, variables->id + first, false);
  for (unsigned lane = 0; lane < count && !failed; lane++) {
    tri__sweep_seed_tangent(s, variables->id[first + lane], s->graph->one);
    failed = tri__sweep_tangents(s, lane, UINT32_MAX);
    for (size_t i = 0; i < outputs->count && !failed; i++)
      jacobian[i * variables->count + first + lane] =
          expr_of(s->graph, tri__sweep_tangent(s, lane, outputs->id[i]));
  }
  return failed;
}

static uint32_t forward(struct sweep *s, const struct ids *outputs, const struct ids *variables,
                        tri_expr *jacobian) {
  uint32_t failed = 0;
  for (size_t first = 0; first < variables->count && !failed; first += SWEEP_LANES)
    failed = columns(s, outputs, variables, first, least(SWEEP_LANES, variables->count - first),
                     jacobian);
  return failed;
}

/* Rows, one reverse sweep each; lane 0 has all variables. */
static uint32_t reverse(struct sweep *s, const struct ids *outputs, const struct ids *variables,
                        tri_expr *jacobian) {
  uint32_t failed = 0;
  for (size_t i = 0; i < outputs->count && !failed; i++) {
    tri__sweep_clear_adjoints(s);
    failed = tri__sweep_seed_adjoint(s, outputs->id[i], s->graph->one);
    if (!failed) failed = tri__sweep_adjoints(s);
    for (size_t j = 0; j < variables->count && !failed; j++)
      jacobian[i * variables->count + j] =
          expr_of(s->graph, tri__sweep_adjoint(s, variables->id[j]));
  }
  return failed;
}

/* Sweeps that would do something: variables that are reached, outputs that depend on any. */
static bool forward_is_fewer(const struct sweep *s, const struct ids *outputs,
                             const struct ids *variables) {
  size_t n = 0, m = 0;
  for (size_t j = 0; j < variables->count; j++) n += sweep_reaches(s, variables->id[j], 1);
  for (size_t i = 0; i < outputs->count; i++) m += sweep_reaches(s, outputs->id[i], 1);
  return n < m || (n == m && m > 1);
}

static uint32_t jacobian_of(tri_graph *g, const struct ids *outputs, const struct ids *variables,
                            tri_expr *jacobian) {
  struct sweep s;
  uint32_t failed = tri__sweep_init(&s, g, outputs->count, outputs->id);
  if (!failed) failed = tri__sweep_lanes(&s, variables->count, variables->id, true);
  if (!failed)
    failed = forward_is_fewer(&s, outputs, variables) ? forward(&s, outputs, variables, jacobian)
                                                      : reverse(&s, outputs, variables, jacobian);
  tri__sweep_free(&s);
  return failed;
}

tri_status tri_jacobian(size_t m, const tri_expr *outputs, size_t n, const tri_expr *variables,
                        tri_expr *jacobian) {
  tri_graph *g = m ? outputs[0].graph : NULL;
  if (!g) return m ? TRI_ARGUMENT : TRI_OK;
  struct ids o, v = {0};
  uint32_t failed = tri__ids(&o, g, m, outputs, IDS_SCALAR);
  if (!failed) failed = tri__ids(&v, g, n, variables, IDS_VARIABLE);
  if (!failed) failed = jacobian_of(g, &o, &v, jacobian);
  tri__ids_free(&o);
  tri__ids_free(&v);
  return tri__finish(g, failed, m * n, jacobian);
}
