/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sets of indices, shared: equal short ones are one set, and a union of long ones is written down
 * only when its elements are asked for. */
#ifndef TRIAD_CALCULUS_SETS_H
#define TRIAD_CALCULUS_SETS_H

#include "base/memory.h"

/* With count > 0 the sorted elements pool[a …]; else the union of the sets a and b, or a itself
 * where b is 0. */
struct set {
  uint32_t count, a, b;
  uint32_t stamp; /* of the walk that came by last */
};

/* Sets are numbers: 0 is empty, 1 + i has the element i alone. */
struct sets {
  struct memory *memory;
  size_t universe; /* elements are below */
  struct set *set;
  size_t count, capacity;
  uint32_t *pool;
  size_t pooled, pool_capacity;
  uint32_t *table; /* sets with written elements, by their hash; 0 is a free place */
  size_t table_size, table_used;
  uint32_t *stamps; /* by element */
  uint32_t stamp;
  uint32_t *stack; /* of a walk */
  size_t stack_capacity;
  uint32_t *found;
  size_t found_capacity;
  tri_status status; /* TRI_OK, TRI_MEMORY or TRI_LIMIT: then sets mean nothing */
};

/* *s is to be freed with tri__sets_free whatever becomes of it. */
void tri__sets_init(struct sets *s, struct memory *memory, size_t universe);
void tri__sets_free(struct sets *s);

/* The union of two sets. */
uint32_t tri__set_union(struct sets *s, uint32_t a, uint32_t b);

/* The set by the number of its written elements: s->pool[s->set[id].a …], s->set[id].count of them.
 * 0 for none. */
uint32_t tri__set_written(struct sets *s, uint32_t id);

#endif
