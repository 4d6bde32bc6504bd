/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reductions over the last dimension: the logarithm of the sum of exp, and where the maximum is. */
#ifndef TRIAD_GRAPH_LAST_H
#define TRIAD_GRAPH_LAST_H

#include "graph/arrays.h"

/* Constructors, canonical: x [s…, n] becomes [s…]. An error id where x has no dimension, or no
 * elements in the last one (TRI_SHAPE). */
uint32_t tri__lse(tri_graph *g, uint32_t x);
uint32_t tri__argmax(tri_graph *g, uint32_t x);

/* exp(x - r) for the result r of an lse node: the partials by the elements of its argument. */
uint32_t tri__lse_weights(tri_graph *g, uint32_t lse);
/* x [s…] n times as [s…, n]. */
uint32_t tri__spread_last(tri_graph *g, uint32_t x, extent n);
/* [s…, n] of labels [s…]: 1 where the place along the last dimension is the label, from 0, else
 * 0. */
uint32_t tri__one_hot(tri_graph *g, uint32_t labels, extent n);

#endif
