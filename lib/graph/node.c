/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Hash-consing: every node exists once. */
#include "graph/node.h"

#include <assert.h>
#include <string.h>

#include "graph/index.h"

/* What is no row keeps its number when a row is added at the end of the table, so that the order of commutative arguments, which is by
 * hash, stays what it was. */
static uint64_t op_number(unsigned op) {
  enum { FIRST_BEYOND_ROWS = 61, FIRST_LEAF = 63, FIRST_OF_ARRAYS = 68 };
  if (op >= TRI_OP_constant) return op - TRI_OP_constant + FIRST_LEAF;
  if (op >= TRI_OP_gather) return op - TRI_OP_gather + FIRST_OF_ARRAYS;
  return op < TRI_OP_ROWS ? op : op - TRI_OP_ROWS + FIRST_BEYOND_ROWS;
}

/* Structural: attributes and arguments by their own hashes, never by id. */
static uint64_t node_hash(const tri_graph *g, const struct node *n, const uint32_t *args) {
  uint64_t h = hash_add(0x746e65646e657079u, op_number(n->op) << 8 | n->sort);
  if (n->attr) h = hash_add(h, g->attrs[n->attr].hash);
  if (n->shape) h = hash_add(h, g->shapes[n->shape].hash);
  assert(args || n->nargs == 0);
  for (uint32_t i = 0; i < n->nargs; i++) h = hash_add(h, node_at(g, args[i])->hash);
  return hash_mix(h);
}

static bool same(const tri_graph *g, const struct node *a, const struct node *b,
                 const uint32_t *args) {
  return a->hash == b->hash && a->op == b->op && a->sort == b->sort && a->attr == b->attr &&
         a->shape == b->shape && a->nargs == b->nargs &&
         (!a->nargs || !memcmp(node_args(g, a), args, a->nargs * sizeof *args));
}

/* How many nodes wait at most to be put into the index. */
enum { WAITING = 16 };

/* Nodes are put into the index a little later than they are made, when their buckets have come into the cache. */
static void put_next(tri_graph *g) {
  uint32_t id = g->indexed++;
  index_put(&g->index, node_at(g, id)->hash, id);
}

static void put_all(tri_graph *g) {
  while (g->indexed < g->node_count) put_next(g);
}

/* Puts all nodes into an index that is empty. */
static void reindex(tri_graph *g) {
  uint32_t count = g->node_count;
  for (uint32_t id = g->indexed = 1; id < count; id++) {
    index_prefetch(&g->index, node_at(g, id)->hash);
    if (id - g->indexed >= WAITING) put_next(g);
  }
  put_all(g);
}

static bool index_room(tri_graph *g) {
  if (g->node_count <= g->index.most) return true;
  struct index larger;
  if (!tri__index_larger(&g->memory, &g->index, &larger)) return false;
  tri__index_free(&g->memory, &g->index);
  g->index = larger;
  reindex(g);
  return true;
}

static bool chunk_room(tri_graph *g) {
  if (g->node_count >> NODE_CHUNK_BITS < g->chunk_count) return true;
  if (!tri__grow(&g->memory, (void **)&g->chunks, &g->chunk_capacity, g->chunk_count + 1,
                 sizeof *g->chunks))
    return false;
  struct node *chunk = tri__resize(&g->memory, NULL, 0, NODE_CHUNK * sizeof *chunk);
  if (!chunk) return false;
  g->chunks[g->chunk_count++] = chunk;
  return true;
}

static bool pool_room(tri_graph *g, size_t nargs) {
  return nargs <= 2 || (g->pool_count + nargs < UINT32_MAX &&
                        tri__grow(&g->memory, (void **)&g->pool, &g->pool_capacity,
                                  g->pool_count + nargs, sizeof *g->pool));
}

/* Where the arguments live: in the node if they fit, else at the pool's end. */
static void keep_args(tri_graph *g, struct node *n, const uint32_t *args) {
  if (n->nargs <= 2) {
    if (n->nargs) memcpy(n->arg, args, n->nargs * sizeof *args);
    return;
  }
  memcpy(g->pool + g->pool_count, args, n->nargs * sizeof *args);
  n->arg[0] = (uint32_t)g->pool_count;
  g->pool_count += n->nargs;
}

static uint32_t add_node(tri_graph *g, struct node *n, const uint32_t *args) {
  if (g->node_count > g->limits.nodes)
    return tri__fail(g, TRI_LIMIT, "more than %llu nodes in one graph",
                     (unsigned long long)g->limits.nodes);
  if (!chunk_room(g) || !pool_room(g, n->nargs) || !index_room(g)) return tri__no_memory(g);
  n->facts = tri__facts(g, n, args);
  keep_args(g, n, args);
  for (uint32_t i = 0; i < n->nargs; i++) node_at(g, args[i])->used = true;
  if (n->attr >= g->attrs_used) g->attrs_used = n->attr + 1;
  uint32_t id = g->node_count++;
  *node_at(g, id) = *n;
  index_prefetch(&g->index, n->hash);
  if (g->node_count - g->indexed > WAITING) put_next(g);
  return id;
}

/* Whether there cannot be such a node, because its attribute or an argument has not been one yet. Most new nodes are known as
 * new by this, without waiting for the index. */
static bool is_surely_new(const tri_graph *g, const struct node *n, const uint32_t *args) {
  if (n->attr >= g->attrs_used) return n->attr != 0;
  for (uint32_t i = 0; i < n->nargs; i++)
    if (!node_at(g, args[i])->used) return true;
  return false;
}

uint32_t tri__intern(tri_graph *g, struct node *n, const uint32_t *args) {
  n->hash = node_hash(g, n, args);
  if (is_surely_new(g, n, args)) return add_node(g, n, args);
  put_all(g);
  struct lookup l = index_look(&g->index, n->hash);
  for (uint32_t id; index_next(&g->index, n->hash, &l, &id);)
    if (same(g, node_at(g, id), n, args)) return id;
  return add_node(g, n, args);
}

uint32_t tri__node(tri_graph *g, tri_op op, uint32_t attr, uint32_t shape, size_t nargs,
                   const uint32_t *args) {
  const struct row *row = tri__row(g, op);
  if (nargs > UINT32_MAX / 8) return tri__fail(g, TRI_LIMIT, "more arguments than a node can have");
  struct node n = {.op = (uint8_t)op,
                   .sort = row ? row->sort : TRI_REAL,
                   .attr = attr,
                   .shape = shape,
                   .nargs = (uint32_t)nargs};
  return tri__intern(g, &n, args);
}

const char *tri__name(const tri_graph *g, uint32_t id) {
  const struct node *n = node_at(g, id);
  return n->op == TRI_OP_variable ? tri__attr_data(g, n->attr, NULL) : NULL;
}

uint64_t tri__index_attr(const tri_graph *g, uint32_t id) {
  uint64_t i;
  memcpy(&i, tri__attr_data(g, node_at(g, id)->attr, NULL), sizeof i);
  return i;
}

uint32_t tri__leaf(tri_graph *g, tri_op op) { return tri__node(g, op, 0, 0, 0, NULL); }

uint32_t tri__variable(tri_graph *g, const char *name, size_t size) {
  return tri__variable_shaped(g, name, size, 0);
}

/* A name is kept with its NUL. */
uint32_t tri__name_attr(tri_graph *g, const char *name, size_t size) {
  char stack[64], *copy = size < sizeof stack ? stack : tri__resize(&g->memory, NULL, 0, size + 1);
  if (!copy) return tri__no_memory(g), 0;
  memcpy(copy, name, size);
  copy[size] = '\0';
  uint32_t attr = tri__attr(g, ATTR_NAME, copy, size + 1);
  if (copy != stack) tri__resize(&g->memory, copy, size + 1, 0);
  return attr;
}

uint32_t tri__variable_shaped(tri_graph *g, const char *name, size_t size, uint32_t shape) {
  uint32_t attr = tri__name_attr(g, name, size);
  return attr ? tri__node(g, TRI_OP_variable, attr, shape, 0, NULL) : NODE_ERROR + TRI_MEMORY;
}

uint32_t tri__hole(tri_graph *g, uint32_t number, tri_sort sort) {
  uint64_t i = number;
  struct node n = {
      .op = TRI_OP_hole, .sort = (uint8_t)sort, .attr = tri__attr(g, ATTR_INDEX, &i, sizeof i)};
  return n.attr ? tri__intern(g, &n, NULL) : NODE_ERROR + TRI_MEMORY;
}
