/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Interned attributes and shapes: what nodes carry beside their arguments. */
#include <stddef.h>
#include <string.h>

#include "graph/index.h"
#include "graph/loop.h"

static uint64_t hash_bytes(uint64_t h, const unsigned char *data, size_t size) {
  for (; size >= 8; data += 8, size -= 8) {
    uint64_t word;
    memcpy(&word, data, 8);
    h = hash_add(h, word);
  }
  uint64_t rest = 0;
  for (size_t i = 0; i < size; i++) rest |= (uint64_t)data[i] << (8 * i);
  return hash_mix(hash_add(h, rest));
}

static bool attr_is(const tri_graph *g, uint32_t id, enum attr_kind kind, const void *data,
                    size_t size) {
  const struct attr *a = &g->attrs[id];
  return a->kind == kind && a->size == size && !memcmp(a->data, data, size);
}

/* --- blocks of data */

enum { BLOCK_MIN = 512 };

static unsigned char *block_data(struct attr_block *b) { return (unsigned char *)(b + 1); }

/* Room for `size` bytes in the newest block; each block is larger than the one before, so that they are few. */
static bool block_room(tri_graph *g, size_t size) {
  struct attr_block *last = g->block;
  if (last && last->size - last->used >= size) return true;
  size_t room = last ? last->size + last->size / 2 : BLOCK_MIN;
  if (room < size) room = size;
  struct attr_block *b = tri__resize(&g->memory, NULL, 0, sizeof *b + room);
  if (!b) return false;
  *b = (struct attr_block){.before = last, .first = g->attr_count, .size = room};
  g->block = b;
  return true;
}

static void drop_block(tri_graph *g) {
  struct attr_block *b = g->block;
  g->block = b->before;
  tri__resize(&g->memory, b, sizeof *b + b->size, 0);
}

void tri__attrs_drop(tri_graph *g, uint32_t count) {
  while (g->attr_count > count) {
    uint32_t id = --g->attr_count;
    index_drop(&g->attr_index, g->attrs[id].hash, id);
    if (g->block->first == id)
      drop_block(g);
    else
      g->block->used = (size_t)(g->attrs[id].data - block_data(g->block));
  }
}

void tri__attrs_free(tri_graph *g) {
  while (g->block) drop_block(g);
  tri__free(&g->memory, g->attrs, g->attr_capacity, sizeof *g->attrs);
  tri__index_free(&g->memory, &g->attr_index);
}

/* --- attributes */

static size_t rounded(size_t size) { return (size + 7) / 8 * 8; }

/* Room for one attribute more in array, index and blocks; the block last, which then surely gets it. */
static bool attr_room(tri_graph *g, size_t size) {
  struct memory *m = &g->memory;
  if (g->attr_count >= NODE_ERROR || size > UINT32_MAX / 2 ||
      !tri__grow(m, (void **)&g->attrs, &g->attr_capacity, g->attr_count + 1, sizeof *g->attrs))
    return false;
  if (!index_full(&g->attr_index)) return block_room(g, rounded(size));
  struct index larger;
  if (!tri__index_larger(m, &g->attr_index, &larger)) return false;
  for (uint32_t id = 1; id < g->attr_count; id++) index_put(&larger, g->attrs[id].hash, id);
  tri__index_free(m, &g->attr_index);
  g->attr_index = larger;
  return block_room(g, rounded(size));
}

/* What an attribute says of nodes and attributes counts by their own hashes, so that it is the same in every graph. */
static uint64_t hash_lambda(const tri_graph *g, uint64_t h, const uint32_t *data, size_t size) {
  h = hash_add(hash_add(h, data[0]), data[1]);
  for (size_t i = 2; i < size / sizeof *data; i++) h = hash_add(h, node_at(g, data[i])->hash);
  return hash_mix(h);
}

static uint64_t hash_extent(const tri_graph *g, extent n) {
  return n < 0 ? g->attrs[~n].hash : (uint64_t)n;
}

static uint64_t hash_of(const tri_graph *g, enum attr_kind kind, const void *data, size_t size) {
  uint64_t h = hash_add(kind, size);
  struct span span;
  struct loop loop;
  switch (kind) {
  case ATTR_LAMBDA: return hash_lambda(g, h, data, size);
  case ATTR_SPAN:
    memcpy(&span, data, sizeof span);
    return hash_mix(hash_add(hash_add(h, (uint64_t)span.first), hash_extent(g, span.n)));
  case ATTR_LOOP:
    memcpy(&loop, data, sizeof loop);
    h = hash_add(hash_add(h, g->attrs[loop.lambda].hash), hash_extent(g, loop.n));
    return hash_bytes(h, (const unsigned char *)&loop.steps,
                      offsetof(struct loop, n) - offsetof(struct loop, steps));
  default: return hash_bytes(h, data, size);
  }
}

uint32_t tri__attr(tri_graph *g, enum attr_kind kind, const void *data, size_t size) {
  uint64_t hash = hash_of(g, kind, data, size);
  struct lookup l = index_look(&g->attr_index, hash);
  for (uint32_t known; index_next(&g->attr_index, hash, &l, &known);)
    if (attr_is(g, known, kind, data, size)) return known;
  if (!attr_room(g, size)) {
    tri__no_memory(g);
    return 0;
  }
  uint32_t id = g->attr_count++;
  unsigned char *to = block_data(g->block) + g->block->used;
  g->attrs[id] = (struct attr){hash, to, (uint32_t)size, kind};
  memcpy(to, data, size);
  g->block->used += rounded(size);
  index_put(&g->attr_index, hash, id);
  return id;
}

const void *tri__attr_data(const tri_graph *g, uint32_t attr, size_t *size) {
  if (size) *size = g->attrs[attr].size;
  return g->attrs[attr].data;
}

/* Few shapes exist in a graph: a linear search from the newest. */
static uint32_t find_shape(const tri_graph *g, uint64_t hash, size_t rank, const int64_t *dims) {
  for (uint32_t s = g->shape_count; s-- > 0;)
    if (g->shapes[s].hash == hash && g->shapes[s].rank == rank &&
        (!rank || !memcmp(shape_dims(g, s), dims, rank * sizeof *dims)))
      return s;
  return TRI__NO_SHAPE;
}

uint32_t tri__shape(tri_graph *g, size_t rank, const int64_t *dims) {
  if (!rank) return 0;
  if (rank > MOST_RANK) {
    tri__fail(g, TRI_LIMIT, "a shape has at most %d dimensions, not %zu", MOST_RANK, rank);
    return TRI__NO_SHAPE;
  }
  uint64_t hash = hash_bytes(rank, (const unsigned char *)dims, rank * sizeof *dims);
  uint32_t found = find_shape(g, hash, rank, dims);
  if (found != TRI__NO_SHAPE) return found;
  if (!tri__grow(&g->memory, (void **)&g->shapes, &g->shape_capacity, g->shape_count + 1,
                 sizeof *g->shapes) ||
      !tri__grow(&g->memory, (void **)&g->dims, &g->dim_capacity, g->dim_count + rank,
                 sizeof *g->dims)) {
    tri__no_memory(g);
    return TRI__NO_SHAPE;
  }
  g->shapes[g->shape_count] = (struct shape){hash, (uint32_t)rank, (uint32_t)g->dim_count};
  memcpy(g->dims + g->dim_count, dims, rank * sizeof *dims);
  g->dim_count += rank;
  return g->shape_count++;
}
