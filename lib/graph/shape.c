/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The shape rules of structured operations, and shapes as text. */
#include <stdio.h>
#include <string.h>

#include "graph/node.h"

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

/* [n, s…] for n elements of shape s. */
static uint32_t shape_of_stack(tri_graph *g, size_t n, uint32_t element) {
  int64_t dims[MOST_RANK + 1];
  uint32_t rank = shape_rank(g, element);
  dims[0] = (int64_t)n;
  if (rank) memcpy(dims + 1, shape_dims(g, element), rank * sizeof *dims);
  return tri__shape(g, rank + 1, dims);
}

uint32_t tri__stack(tri_graph *g, size_t n, const uint32_t *elements) {
  if (!n) return tri__fail(g, TRI_SHAPE, "a vector needs at least one element");
  for (size_t i = 0; i < n; i++) {
    if (id_is_error(elements[i])) return elements[i];
    const struct node *e = node_at(g, elements[i]);
    if (e->shape != node_at(g, elements[0])->shape)
      return unequal(g, i, e->shape, node_at(g, elements[0])->shape);
    if (e->sort == TRI_BOOLEAN)
      return tri__fail(g, TRI_SHAPE, "element %zu is a condition, not a number", i + 1);
  }
  uint32_t shape = shape_of_stack(g, n, node_at(g, elements[0])->shape);
  return shape == TRI__NO_SHAPE ? NODE_ERROR + (uint32_t)g->error.status
                                : tri__node(g, TRI_OP_stack, 0, shape, n, elements);
}

static uint32_t shape_of_element(tri_graph *g, uint32_t shape) {
  int64_t dims[MOST_RANK];
  uint32_t rank = shape_rank(g, shape) - 1;
  if (rank) memcpy(dims, shape_dims(g, shape) + 1, rank * sizeof *dims);
  return tri__shape(g, rank, dims);
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
  if (n->op == TRI_OP_stack) return node_args(g, n)[i];
  uint32_t attr = tri__attr(g, ATTR_INDEX, &i, sizeof i),
           shape = attr ? shape_of_element(g, n->shape) : TRI__NO_SHAPE;
  return shape == TRI__NO_SHAPE ? NODE_ERROR + (uint32_t)g->error.status
                                : tri__node(g, TRI_OP_element, attr, shape, 1, &id);
}
