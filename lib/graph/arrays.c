/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Constructors of the array operations. They see through each other where that holds wherever the
 * written expression has a value. */
#include "graph/arrays.h"

#include <stdio.h>
#include <string.h>

static uint32_t shape_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->shape; }
static unsigned op_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->op; }

const char *tri__extent_text(const tri_graph *g, extent n, char *buffer, size_t size) {
  if (n < 0)
    snprintf(buffer, size, "%s", (const char *)tri__attr_data(g, (uint32_t)~n, NULL));
  else
    snprintf(buffer, size, "%lld", (long long)n);
  return buffer;
}

/* --- shapes */

uint32_t tri__part_shape(tri_graph *g, uint32_t shape) {
  int64_t dims[MOST_RANK];
  uint32_t rank = shape_rank(g, shape) - 1;
  if (rank) memcpy(dims, shape_dims(g, shape) + 1, rank * sizeof *dims);
  return tri__shape(g, rank, dims);
}

uint32_t tri__array_shape(tri_graph *g, extent n, uint32_t part) {
  int64_t dims[MOST_RANK + 1];
  uint32_t rank = shape_rank(g, part);
  dims[0] = n;
  if (rank) memcpy(dims + 1, shape_dims(g, part), rank * sizeof *dims);
  return tri__shape(g, rank + 1, dims);
}

static uint32_t no_shape(const tri_graph *g) { return NODE_ERROR + (uint32_t)g->error.status; }

/* An error id unless id is an array of numbers. */
static uint32_t check_array(tri_graph *g, uint32_t id, const char *what) {
  if (id_is_error(id)) return id;
  const struct node *n = node_at(g, id);
  if (n->sort != TRI_REAL) return tri__fail(g, TRI_SHAPE, "%s of what is no number", what);
  return n->shape ? 0 : tri__fail(g, TRI_SHAPE, "%s of a number, which has no elements", what);
}

static uint32_t check_number(tri_graph *g, uint32_t id, const char *what) {
  if (id_is_error(id)) return id;
  const struct node *n = node_at(g, id);
  if (n->sort == TRI_REAL && !n->shape) return 0;
  char text[64];
  tri__shape_text(g, n->shape, text, sizeof text);
  return n->sort == TRI_REAL
             ? tri__fail(g, TRI_SHAPE, "%s is of shape %s, not a number", what, text)
             : tri__fail(g, TRI_SHAPE, "%s is no number", what);
}

static uint32_t check_real(tri_graph *g, uint32_t id, const char *what) {
  if (id_is_error(id)) return id;
  return node_at(g, id)->sort == TRI_REAL
             ? 0
             : tri__fail(g, TRI_SHAPE, "%s of what is no number", what);
}

/* --- nodes with a span */

static uint32_t span_node(tri_graph *g, tri_op op, struct span span, uint32_t shape, size_t nargs,
                          const uint32_t *args) {
  uint32_t attr = shape == TRI__NO_SHAPE ? 0 : tri__attr(g, ATTR_SPAN, &span, sizeof span);
  return attr ? tri__node(g, op, attr, shape, nargs, args) : no_shape(g);
}

struct span tri__span(const tri_graph *g, uint32_t id) {
  struct span span;
  memcpy(&span, tri__attr_data(g, node_at(g, id)->attr, NULL), sizeof span);
  return span;
}

uint32_t tri__repeat(tri_graph *g, uint32_t x, extent n) {
  uint32_t failed = check_real(g, x, "repetition");
  if (failed) return failed;
  return span_node(g, TRI_OP_repeat, (struct span){0, n}, tri__array_shape(g, n, shape_of(g, x)), 1,
                   &x);
}

/* A named size may be as large as any array of doubles that memory can hold, which is less than
 * half of what an int64_t can. Not from INT64_MIN on: so every first number has a negative and one
 * before it. */
uint32_t tri__iota(tri_graph *g, int64_t first, extent n) {
  int64_t end;
  if (first == INT64_MIN || __builtin_add_overflow(first, n < 0 ? INT64_MAX / 2 : n, &end))
    return tri__fail(g, TRI_LIMIT, "numbers beyond %lld", (long long)INT64_MAX);
  return span_node(g, TRI_OP_iota, (struct span){first, n}, tri__array_shape(g, n, 0), 0, NULL);
}

uint32_t tri__size(tri_graph *g, extent n) {
  if (n >= 0) return tri__constant_si(g, n, 1);
  return span_node(g, TRI_OP_size, (struct span){0, n}, 0, 0, NULL);
}

/* --- parts */

uint32_t tri__gather(tri_graph *g, uint32_t x, uint32_t i) {
  uint32_t failed = check_array(g, x, "an element");
  int64_t index;
  if (!failed) failed = check_number(g, i, "an index");
  if (failed) return failed;
  if (op_of(g, i) == TRI_OP_constant) {
    if (tri__small_integer(g, i, &index) && index >= 0) return tri__element(g, x, (uint64_t)index);
    return tri__fail(g, TRI_ARGUMENT, "an index that is no whole number from the first on");
  }
  uint32_t shape = tri__part_shape(g, shape_of(g, x));
  return shape == TRI__NO_SHAPE ? no_shape(g)
                                : tri__node(g, TRI_OP_gather, 0, shape, 2, (uint32_t[]){x, i});
}

uint32_t tri__scatter(tri_graph *g, uint32_t w, uint32_t i, extent n) {
  uint32_t failed = check_real(g, w, "scattering");
  if (!failed) failed = check_number(g, i, "an index");
  if (failed) return failed;
  return span_node(g, TRI_OP_scatter, (struct span){0, n}, tri__array_shape(g, n, shape_of(g, w)),
                   2, (uint32_t[]){w, i});
}

static uint32_t does_not_fit(tri_graph *g, uint32_t x, int64_t first, extent n) {
  char shape[64], text[64];
  tri__shape_text(g, shape_of(g, x), shape, sizeof shape);
  int64_t from = first < INT64_MAX ? first + 1 : first;
  return tri__fail(g, TRI_SHAPE, "%s elements from number %lld on do not fit into shape %s",
                   tri__extent_text(g, n, text, sizeof text), (long long)from, shape);
}

/* Parts first … first + n - 1. A named size is known to fit only as a whole. */
uint32_t tri__slice(tri_graph *g, uint32_t x, int64_t first, extent n) {
  uint32_t failed = check_array(g, x, "a part");
  if (failed) return failed;
  extent whole = first_extent(g, shape_of(g, x));
  if (first == 0 && n == whole) return x;
  if (first < 0 || n < 0 || whole < 0 || first > whole - n) return does_not_fit(g, x, first, n);
  if (op_of(g, x) == TRI_OP_iota) return tri__iota(g, tri__span(g, x).first + first, n);
  if (op_of(g, x) == TRI_OP_repeat) return tri__repeat(g, node_args(g, node_at(g, x))[0], n);
  uint32_t shape = tri__part_shape(g, shape_of(g, x));
  if (shape != TRI__NO_SHAPE) shape = tri__array_shape(g, n, shape);
  return span_node(g, TRI_OP_slice, (struct span){first, n}, shape, 1, &x);
}

uint32_t tri__embed(tri_graph *g, uint32_t x, int64_t first, extent n) {
  uint32_t failed = check_array(g, x, "an array");
  if (failed) return failed;
  extent own = first_extent(g, shape_of(g, x));
  if (first == 0 && n == own) return x;
  if (first < 0 || n < 0 || own < 0 || first > n - own) return does_not_fit(g, x, first, n);
  uint32_t shape = tri__part_shape(g, shape_of(g, x));
  if (shape != TRI__NO_SHAPE) shape = tri__array_shape(g, n, shape);
  return span_node(g, TRI_OP_embed, (struct span){first, n}, shape, 1, &x);
}
