/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays: operations that move, repeat and number parts along the first dimension. */
#ifndef TRIAD_GRAPH_ARRAYS_H
#define TRIAD_GRAPH_ARRAYS_H

#include "graph/node.h"

/* A size: a number of parts, or ~attr of a name. */
typedef int64_t extent;

/* What slice, embed and iota have for an attribute; repeat and scatter have first = 0. */
struct span {
  int64_t first;
  extent n;
};

/* The span of a node that has one. */
struct span tri__span(const tri_graph *g, uint32_t id);

/* Constructors, canonical: an error id where shapes do not fit (TRI_SHAPE, TRI_ARGUMENT). */
uint32_t tri__gather(tri_graph *g, uint32_t x, uint32_t i);
uint32_t tri__scatter(tri_graph *g, uint32_t w, uint32_t i, extent n);
uint32_t tri__slice(tri_graph *g, uint32_t x, int64_t first, extent n);
uint32_t tri__embed(tri_graph *g, uint32_t x, int64_t first, extent n);
uint32_t tri__repeat(tri_graph *g, uint32_t x, extent n);
uint32_t tri__iota(tri_graph *g, int64_t first, extent n);
uint32_t tri__size(tri_graph *g, extent n); /* a constant where n is a number */

/* The first dimension of a shape that is no scalar's, and the shape behind it. */
static inline extent first_extent(const tri_graph *g, uint32_t shape) {
  return shape_dims(g, shape)[0];
}
uint32_t tri__part_shape(tri_graph *g, uint32_t shape);
/* [n, s…] for a shape s. */
uint32_t tri__array_shape(tri_graph *g, extent n, uint32_t part);

/* A size as text, "3" or "n", into buffer, which is returned. */
const char *tri__extent_text(const tri_graph *g, extent n, char *buffer, size_t size);

#endif
