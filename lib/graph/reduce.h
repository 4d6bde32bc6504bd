/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sums, products, maps and scans over an index, and what is made of a whole array: expansions to
 * loops, for the parser and for C. */
#ifndef TRIAD_GRAPH_REDUCE_H
#define TRIAD_GRAPH_REDUCE_H

#include "graph/loop.h"

/* What an index runs over: first, first + 1, …, n numbers. */
struct range {
  uint32_t index; /* a scalar variable */
  int64_t first;
  extent n;
};

/* All give an error id where shapes do not fit (TRI_SHAPE); it sticks to the graph. */
uint32_t tri__sum_over(tri_graph *g, uint32_t e, const struct range *range);
uint32_t tri__product_over(tri_graph *g, uint32_t e, const struct range *range);
uint32_t tri__map_over(tri_graph *g, uint32_t e, const struct range *range);
/* The carry, a variable that is `initial` at first, becomes `next` at each step: its last value, or
 * with `all` those behind each step. */
uint32_t tri__fold_over(tri_graph *g, uint32_t next, uint32_t carry, uint32_t initial, bool all,
                        const struct range *range);

/* x[i] for every i of an index, and its transpose: zeros, to which the parts of w are added. */
uint32_t tri__gather_all(tri_graph *g, uint32_t x, uint32_t index);
uint32_t tri__scatter_add(tri_graph *g, uint32_t w, uint32_t index, extent n);
/* Of the parts along the first dimension. */
uint32_t tri__sum_of_parts(tri_graph *g, uint32_t x);
/* Of all elements of x, whatever its rank (not 0). A stack is written out. */
uint32_t tri__sum_of(tri_graph *g, uint32_t x);
uint32_t tri__product_of(tri_graph *g, uint32_t x);
uint32_t tri__mean_of(tri_graph *g, uint32_t x);
uint32_t tri__norm_of(tri_graph *g, uint32_t x); /* the root of the sum of squares */
uint32_t tri__logsumexp_of(tri_graph *g,
                           uint32_t x); /* without overflow where the value has none */
/* The sum of the products of elements; x and y have one shape. */
uint32_t tri__dot_of(tri_graph *g, uint32_t x, uint32_t y);

#endif
