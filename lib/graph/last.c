/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Constructors of lse and argmax, and what goes with them. */
#include "graph/last.h"

#include "graph/tensors.h"

static uint32_t shape_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->shape; }
static uint32_t no_shape(const tri_graph *g) { return NODE_ERROR + (uint32_t)g->error.status; }

static extent last_extent(const tri_graph *g, uint32_t x) {
  return shape_dims(g, shape_of(g, x))[shape_rank(g, shape_of(g, x)) - 1];
}

static uint32_t check(tri_graph *g, uint32_t x, const char *what) {
  char text[64];
  if (id_is_error(x)) return x;
  if (node_at(g, x)->sort >= TRI_BOOLEAN)
    return tri__fail(g, TRI_SHAPE, "%s of what is no number", what);
  if (!shape_of(g, x)) return tri__fail(g, TRI_SHAPE, "%s of what is no array", what);
  if (last_extent(g, x) != 0) return 0;
  tri__shape_text(g, shape_of(g, x), text, sizeof text);
  return tri__fail(g, TRI_SHAPE, "%s of shape %s: there are no elements", what, text);
}

/* A shape without its last dimension. */
static uint32_t reduced(tri_graph *g, uint32_t shape) {
  int64_t dims[MOST_RANK];
  uint32_t rank = shape_rank(g, shape) - 1;
  for (uint32_t d = 0; d < rank; d++) dims[d] = shape_dims(g, shape)[d];
  return tri__shape(g, rank, dims);
}

static uint32_t reduction(tri_graph *g, tri_op op, uint32_t x) {
  uint32_t shape = reduced(g, shape_of(g, x));
  return shape == TRI__NO_SHAPE ? no_shape(g) : tri__node(g, op, 0, shape, 1, &x);
}

uint32_t tri__lse(tri_graph *g, uint32_t x) {
  uint32_t failed = check(g, x, "logsumexp");
  if (failed) return failed;
  if (last_extent(g, x) == 1) return tri__reshape(g, x, reduced(g, shape_of(g, x)));
  return reduction(g, TRI_OP_lse, x);
}

uint32_t tri__argmax(tri_graph *g, uint32_t x) {
  uint32_t failed = check(g, x, "argmax");
  return failed ? failed : reduction(g, TRI_OP_argmax, x);
}

uint32_t tri__spread_last(tri_graph *g, uint32_t x, extent n) {
  uint8_t axes[MOST_RANK] = {0};
  if (id_is_error(x)) return x;
  uint32_t rank = shape_rank(g, shape_of(g, x)) + 1;
  if (rank > MOST_RANK) return tri__fail(g, TRI_LIMIT, "more than %d dimensions", MOST_RANK);
  for (uint32_t d = 0; d < rank; d++) axes[d] = (uint8_t)(d + 1 < rank ? d + 1 : 0);
  x = tri__repeat(g, x, n);
  return id_is_error(x) ? x : tri__permute(g, x, axes);
}

uint32_t tri__lse_weights(tri_graph *g, uint32_t lse) {
  uint32_t x = node_args(g, node_at(g, lse))[0];
  uint32_t r = tri__spread_last(g, lse, last_extent(g, x));
  return tri__build1(g, TRI_OP_exp, tri__build2(g, TRI_OP_sub, x, r));
}

/* Nearer than 1/2: unlike a test for equality, this changes nowhere that a label should be. */
uint32_t tri__one_hot(tri_graph *g, uint32_t labels, extent n) {
  if (id_is_error(labels)) return labels;
  if (node_at(g, labels)->sort >= TRI_BOOLEAN)
    return tri__fail(g, TRI_SHAPE, "one_hot of what is no number");
  int64_t dims[MOST_RANK];
  uint32_t rank = shape_rank(g, shape_of(g, labels));
  for (uint32_t d = 0; d < rank; d++) dims[d] = shape_dims(g, shape_of(g, labels))[d];
  uint32_t x = tri__spread_last(g, labels, n), places = tri__iota(g, 0, n);
  for (uint32_t d = rank; d-- > 0 && !id_is_error(places);)
    places = tri__repeat(g, places, dims[d]);
  if (id_is_error(x) || id_is_error(places)) return id_is_error(x) ? x : places;
  uint32_t square = tri__build1(g, TRI_OP_square, tri__build2(g, TRI_OP_sub, x, places));
  uint32_t quarter = tri__constant_si(g, 1, 4);
  return tri__build3(g, TRI_OP_select, tri__build2(g, TRI_OP_lt, square, quarter), g->one, g->zero);
}
