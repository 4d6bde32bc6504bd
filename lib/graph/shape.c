/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The shape rules of structured operations, and shapes as text. */
#include <stdio.h>
#include <string.h>

#include "graph/arrays.h"

void tri__shape_text(const tri_graph *g, uint32_t shape, char *buffer, size_t size) {
  const int64_t *dims = shape_dims(g, shape);
  size_t used = (size_t)snprintf(buffer, size, "[");
  for (uint32_t i = 0; i < shape_rank(g, shape) && used < size; i++)
    used += dims[i] < 0
                ? (size_t)snprintf(buffer + used, size - used, "%s%s", i ? ", " : "",
                                   (const char *)tri__attr_data(g, (uint32_t)~dims[i], NULL))
                : (size_t)snprintf(buffer + used, size - used, "%s%lld", i ? ", " : "",
                                   (long long)dims[i]);
  if (used < size) snprintf(buffer + used, size - used, "]");
}

static uint32_t unequal(tri_graph *g, size_t i, uint32_t shape, uint32_t first) {
  char one[64], other[64];
  tri__shape_text(g, first, one, sizeof one);
  tri__shape_text(g, shape, other, sizeof other);
  return tri__fail(g, TRI_SHAPE, "element %zu has shape %s, the first one %s", i + 1, other, one);
}

uint32_t tri__stack(tri_graph *g, size_t n, const uint32_t *elements) {
  if (!n) return tri__fail(g, TRI_SHAPE, "a vector needs at least one element");
  for (size_t i = 0; i < n; i++) {
    if (id_is_error(elements[i])) return elements[i];
    const struct node *e = node_at(g, elements[i]);
    if (e->shape != node_at(g, elements[0])->shape)
      return unequal(g, i, e->shape, node_at(g, elements[0])->shape);
    if (e->sort >= TRI_BOOLEAN)
      return tri__fail(g, TRI_SHAPE, "element %zu is a %s, not a number", i + 1,
                       e->sort == TRI_BOOLEAN ? "condition" : "tuple");
  }
  uint32_t shape = tri__array_shape(g, (extent)n, node_at(g, elements[0])->shape);
  return shape == TRI__NO_SHAPE ? NODE_ERROR + (uint32_t)g->error.status
                                : tri__node(g, TRI_OP_stack, 0, shape, n, elements);
}

/* Of arrays one behind the other. */
static uint32_t part_of_joined(tri_graph *g, const struct node *n, uint64_t i) {
  const uint32_t *args = node_args(g, n);
  for (uint32_t k = 0; k < n->nargs; k++) {
    uint64_t own = (uint64_t)first_extent(g, node_at(g, args[k])->shape);
    if (i < own) return tri__element(g, args[k], i);
    i -= own;
  }
  return 0;
}

/* The part i of a node that is made of parts, of which i is one; 0 for other nodes. */
static uint32_t seen_through(tri_graph *g, const struct node *n, uint32_t id, uint64_t i) {
  const uint32_t *args = node_args(g, n);
  struct span span;
  switch (n->op) {
  case TRI_OP_stack: return args[i];
  case TRI_OP_repeat: return first_extent(g, n->shape) < 0 ? 0 : args[0];
  case TRI_OP_slice:
    span = tri__span(g, id);
    return tri__element(g, args[0], i + (uint64_t)span.first);
  case TRI_OP_iota:
    span = tri__span(g, id);
    return span.n < 0 ? 0 : tri__constant_si(g, span.first + (int64_t)i, 1);
  case TRI_OP_concat: return part_of_joined(g, n, i);
  default: return 0;
  }
}

uint32_t tri__element(tri_graph *g, uint32_t id, uint64_t i) {
  if (id_is_error(id)) return id;
  const struct node *n = node_at(g, id);
  if (!n->shape)
    return tri__fail(g, TRI_SHAPE, "a number has no element %llu", (unsigned long long)i + 1);
  int64_t size = shape_dims(g, n->shape)[0];
  if (size >= 0 && i >= (uint64_t)size)
    return tri__fail(g, TRI_ARGUMENT, "no element %llu: there are %lld", (unsigned long long)i + 1,
                     (long long)size);
  uint32_t seen = seen_through(g, n, id, i);
  if (seen) return seen;
  uint32_t attr = tri__attr(g, ATTR_INDEX, &i, sizeof i),
           shape = attr ? tri__part_shape(g, n->shape) : TRI__NO_SHAPE;
  return shape == TRI__NO_SHAPE ? NODE_ERROR + (uint32_t)g->error.status
                                : tri__node(g, TRI_OP_element, attr, shape, 1, &id);
}
