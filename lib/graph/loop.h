/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops: one node for work that is done for every part of some arrays.
 *
 * At step t = 0 … n - 1 the body, a closed lambda, computes its outputs from its parameters: the parts t of the step inputs, the constants
 * (the same at every step), and the carries (what the step before left; at the first step the initial values). A loop backward takes
 * t = n - 1 … 0. The node's arguments are the step inputs (shape [n, s…] for a parameter of shape s), the constants and the
 * initial carries; it is a tuple with these results:
 *   a stacked output's values as shape [n, s…], where step t puts part t;
 *   the sum of a summed output's values, in the order of the steps, from 0;
 *   each carry after the last step;
 *   each carry as it came into the steps, as shape [n, s…]. */
#ifndef TRIAD_GRAPH_LOOP_H
#define TRIAD_GRAPH_LOOP_H

#include "graph/arrays.h"

enum { MOST_NESTED = 32 }; /* loops in loops */

/* A loop as its node's attribute has it. The lambda's outputs are the stacked ones, the summed ones and the carries' next values. */
struct loop {
  uint32_t lambda;
  uint32_t steps, constants, carries; /* parameters, in this order; the arguments likewise */
  uint32_t stacked, summed;
  uint32_t backward;
  uint32_t depth; /* 1 + that of the deepest loop in the body */
  extent n;
};

/* What result k of a loop is. */
enum loop_result { RESULT_STACKED, RESULT_SUMMED, RESULT_CARRY, RESULT_CARRIES };

void tri__loop(const tri_graph *g, uint32_t id, struct loop *loop);
static inline uint32_t loop_outputs(const struct loop *l) {
  return l->stacked + l->summed + l->carries;
}
static inline uint32_t loop_results(const struct loop *l) { return loop_outputs(l) + l->carries; }
/* Which kind result k is; *i becomes its number among these. */
enum loop_result tri__loop_result_kind(const struct loop *l, uint32_t k, uint32_t *i);
/* The body's node that result k is made of: an output, or for a carry as it came the parameter. */
uint32_t tri__loop_source(const tri_graph *g, const struct loop *l, uint32_t k);

/* A parameter of the body, a variable, and what it stands for outside. */
struct binding {
  uint32_t parameter, argument;
};

/* A loop to be made. The expressions of the body may use the parameters and whatever else; what does not depend on parameters is
 * taken in as a constant. Element x[i + c] of such an x where i is a step input iota becomes a step input itself. */
struct loop_plan {
  extent n;
  bool backward;
  size_t steps, constants, carries, stacked, summed;
  const struct binding *step, *constant, *carry; /* a carry's argument is its initial value */
  const uint32_t *output;                        /* stacked, summed, next */
};

/* The tuple; an error id (sticks to the graph). */
uint32_t tri__loop_new(tri_graph *g, const struct loop_plan *plan);
/* Result k of a tuple; where the body gives it away (a constant, a step input as it is) without the loop. */
uint32_t tri__loop_result(tri_graph *g, uint32_t tuple, uint32_t k);
/* The node with other arguments. */
uint32_t tri__loop_with(tri_graph *g, uint32_t id, const uint32_t *args);
/* A loop of the same kind over these arguments, with other parameters and outputs: ids has both, as many as before. */
uint32_t tri__loop_again(tri_graph *g, const struct loop *loop, extent n, const uint32_t *ids,
                         const uint32_t *args);
/* A variable for parameters, of this number and shape; no name that can be written. */
uint32_t tri__parameter(tri_graph *g, char kind, size_t number, uint32_t shape);

#endif
