/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Memory of one statement: taken piece by piece, given back all at once. And arrays that grow. */
#ifndef TRIAD_TOOLS_ARENA_H
#define TRIAD_TOOLS_ARENA_H

#include <triad/base.h>

struct arena_block;

/* A zeroed struct is an empty arena. */
struct arena {
  struct arena_block *blocks;
};

/* count * size zeroed bytes, aligned for anything; NULL when out of memory or if the product
 * overflows. Nothing to free. */
void *arena_new(struct arena *arena, size_t count, size_t size);

/* An empty text that is freed with the arena; NULL when out of memory. */
tri_text *arena_text(struct arena *arena);

/* The bytes with a NUL behind them; NULL when out of memory. */
char *arena_string(struct arena *arena, const char *bytes, size_t size);

void arena_free(struct arena *arena);

/* An array of malloc's with room for `need` elements of `size` bytes, moved if it was too short; NULL, with the array as it was,
 * when out of memory. */
void *array_grown(void *array, size_t *capacity, size_t need, size_t size);

#endif
