/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The chain rule for one node: every derivative of this floor is made of these products and
 * sums. */
#ifndef TRIAD_CALCULUS_RULE_H
#define TRIAD_CALCULUS_RULE_H

#include "graph/node.h"

/* Whether a derivative passes through argument i of operation op, in *passes: not where the partial
 * is the constant 0. False when out of memory, which sticks to the graph. */
bool tri__passes(tri_graph *g, unsigned op, unsigned i, bool *passes);

/* The partial of node id by argument i, a row's. TRI_DOMAIN if the row has none. */
uint32_t tri__partial(tri_graph *g, uint32_t id, unsigned i);

/* rate times the partial of node id by argument i, for a row: an argument's tangent to the tangent
 * it gives the node, or the node's adjoint to the adjoint it gives the argument. `choice`: the rate
 * may be zero by choice; `reverse`: it is an adjoint. */
uint32_t tri__chain(tri_graph *g, uint32_t id, unsigned i, uint32_t rate, bool choice,
                    bool reverse);

/* rate * partial, where a zero by choice of either (rate_choice, partial_choice) makes the product
 * zero whatever the other is: also infinite, and, for the one that is looked at first, without a
 * value. An adjoint is looked at first (rate_first): where it is zero because a branch was not
 * taken, the partial inside that branch may have no value. A tangent comes from inside and is
 * looked at last. */
uint32_t tri__strong_product(tri_graph *g, uint32_t rate, uint32_t partial, bool rate_choice,
                             bool partial_choice, bool rate_first);

/* sum + term; a sum of 0 is empty. Errors pass through. */
uint32_t tri__accumulate(tri_graph *g, uint32_t sum, uint32_t term);

/* Whether the node's derivatives may be zero by choice whatever they are multiplied with. */
static inline bool node_chooses(const tri_graph *g, const struct node *n) {
  return n->op < TRI_OP_ROWS && g->rows[n->op].choice;
}

/* --- shapes: a scalar derivative of a shaped node says the same of each element --------------------------------------- */

/* A derivative of a node as an expression of that shape. */
uint32_t tri__spread(tri_graph *g, uint32_t id, uint32_t shape);

/* The sum over all elements of a value of this shape, given as such or as the scalar that each
 * element is. */
uint32_t tri__sum_elements(tri_graph *g, uint32_t id, uint32_t shape);

#endif
