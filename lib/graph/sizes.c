/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Binding named sizes, and nodes whose sizes become others. Bodies of loops are substituted in
 * their turn: as deep as loops stand in one another, which is at most MOST_NESTED. */
#include "graph/sizes.h"
#include "graph/tensors.h"

#include <stdio.h>
#include <string.h>

void tri__sizes_free(tri_graph *g, struct sizes *sizes) {
  tri__free(&g->memory, sizes->at, sizes->capacity, sizeof *sizes->at);
}

static const struct size_binding *binding_of(const struct sizes *sizes, extent n) {
  for (size_t i = 0; i < sizes->count; i++)
    if (n == ~(extent)sizes->at[i].name) return &sizes->at[i];
  return NULL;
}

static extent bound(const struct sizes *sizes, extent n) {
  const struct size_binding *b = n < 0 ? binding_of(sizes, n) : NULL;
  return b ? b->n : n;
}

/* --- binding */

/* " where n is 3" for the first name in the shape that is bound already. */
static void write_bound(const tri_graph *g, const struct sizes *sizes, uint32_t shape, char *text,
                        size_t size) {
  *text = '\0';
  for (uint32_t d = 0; d < shape_rank(g, shape); d++) {
    const struct size_binding *b =
        shape_dims(g, shape)[d] < 0 ? binding_of(sizes, shape_dims(g, shape)[d]) : NULL;
    char n[48];
    if (!b) continue;
    snprintf(text, size, " where %.48s is %s", (const char *)tri__attr_data(g, b->name, NULL),
             tri__extent_text(g, b->n, n, sizeof n));
    return;
  }
}

static uint32_t misfit(tri_graph *g, const struct sizes *sizes, uint32_t variable, uint32_t shape) {
  char own[64], other[64], where[128];
  tri__shape_text(g, node_at(g, variable)->shape, own, sizeof own);
  tri__shape_text(g, shape, other, sizeof other);
  write_bound(g, sizes, node_at(g, variable)->shape, where, sizeof where);
  bool number = !node_at(g, variable)->shape;
  return tri__fail(g, TRI_SHAPE, "%.48s is %s%s%s, and %s%s does not fit", tri__name(g, variable),
                   number ? "a number" : "of shape ", number ? "" : own, where,
                   shape ? "shape " : "a number", shape ? other : "");
}

static bool bind(tri_graph *g, struct sizes *sizes, extent name, extent n) {
  if (!tri__grow(&g->memory, (void **)&sizes->at, &sizes->capacity, sizes->count + 1,
                 sizeof *sizes->at))
    return tri__no_memory(g), false;
  sizes->at[sizes->count++] = (struct size_binding){(uint32_t)~name, n};
  sizes->change |= name != n;
  return true;
}

uint32_t tri__sizes_bind(tri_graph *g, struct sizes *sizes, uint32_t variable, uint32_t shape) {
  uint32_t own = node_at(g, variable)->shape, rank = shape_rank(g, own);
  if (rank != shape_rank(g, shape)) return misfit(g, sizes, variable, shape);
  size_t before = sizes->count;
  for (uint32_t d = 0; d < rank; d++) {
    extent wanted = shape_dims(g, own)[d], n = shape_dims(g, shape)[d];
    if (wanted < 0 && !binding_of(sizes, wanted)) {
      if (!bind(g, sizes, wanted, n)) return NODE_ERROR + TRI_MEMORY;
    } else if (bound(sizes, wanted) != n) {
      sizes->count = before; /* so that the message tells what was known before */
      return misfit(g, sizes, variable, shape);
    }
  }
  return 0;
}

/* --- nodes */

bool tri__sizes_has(const tri_graph *g, uint32_t id) {
  switch (node_at(g, id)->op) {
  case TRI_OP_variable: return node_at(g, id)->shape != 0;
  case TRI_OP_iota:
  case TRI_OP_size:
  case TRI_OP_repeat:
  case TRI_OP_scatter:
  case TRI_OP_slice:
  case TRI_OP_embed:
  case TRI_OP_reshape:
  case TRI_OP_loop: return true;
  default: return false;
  }
}

/* The node's shape with sizes that are bound; TRI__NO_SHAPE on failure. */
static uint32_t bound_shape(tri_graph *g, const struct sizes *sizes, uint32_t id) {
  int64_t dims[MOST_RANK];
  uint32_t own = node_at(g, id)->shape, rank = shape_rank(g, own);
  for (uint32_t d = 0; d < rank; d++) dims[d] = bound(sizes, shape_dims(g, own)[d]);
  return tri__shape(g, rank, dims);
}

static uint32_t variable(tri_graph *g, const struct sizes *sizes, uint32_t id) {
  uint32_t shape = bound_shape(g, sizes, id);
  if (shape == TRI__NO_SHAPE) return NODE_ERROR + (uint32_t)g->error.status;
  return tri__node(g, TRI_OP_variable, node_at(g, id)->attr, shape, 0, NULL);
}

/* The loop over these arguments with its body over sized parameters. */
static uint32_t loop_node(tri_graph *g, const struct sizes *sizes, uint32_t id,
                          const uint32_t *args) {
  struct loop loop;
  tri__loop(g, id, &loop);
  size_t count = (size_t)loop.steps + loop.constants + loop.carries + loop_outputs(&loop);
  uint32_t *ids = tri__new(&g->memory, count, sizeof *ids), made;
  if (!ids) return tri__no_memory(g);
  memcpy(ids, tri__lambda_ids(g, loop.lambda, NULL, NULL), count * sizeof *ids);
  tri_status status = tri__substitute_sized(g, sizes, count, ids, ids);
  made = status ? NODE_ERROR + (uint32_t)status
                : tri__loop_again(g, &loop, bound(sizes, loop.n), ids, args);
  tri__free(&g->memory, ids, count, sizeof *ids);
  return made;
}

uint32_t tri__sizes_node(tri_graph *g, const struct sizes *sizes, uint32_t id,
                         const uint32_t *args) {
  struct span span;
  switch (node_at(g, id)->op) {
  case TRI_OP_variable: return variable(g, sizes, id);
  case TRI_OP_loop: return loop_node(g, sizes, id, args);
  case TRI_OP_reshape: return tri__reshape(g, args[0], bound_shape(g, sizes, id));
  case TRI_OP_iota: span = tri__span(g, id); return tri__iota(g, span.first, bound(sizes, span.n));
  case TRI_OP_size: return tri__size(g, bound(sizes, tri__span(g, id).n));
  case TRI_OP_repeat: return tri__repeat(g, args[0], bound(sizes, tri__span(g, id).n));
  case TRI_OP_scatter: return tri__scatter(g, args[0], args[1], bound(sizes, tri__span(g, id).n));
  case TRI_OP_slice:
    span = tri__span(g, id);
    return tri__slice(g, args[0], span.first, bound(sizes, span.n));
  case TRI_OP_embed:
    span = tri__span(g, id);
    return tri__embed(g, args[0], span.first, bound(sizes, span.n));
  default: return tri__with_arguments(g, id, args);
  }
}
