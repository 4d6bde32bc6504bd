/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Memory of one statement. Small pieces share blocks; texts are remembered, because they grow by
 * themselves. */
#include "arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { BLOCK = 4096 };

struct arena_block {
  struct arena_block *next;
  size_t used, size;
  tri_text text; /* of a block that stands for a text */
  alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *block_new(struct arena *arena, size_t size) {
  size_t total;
  if (__builtin_add_overflow(sizeof(struct arena_block), size, &total)) return NULL;
  struct arena_block *block = calloc(1, total);
  if (!block) return NULL;
  block->size = size;
  block->next = arena->blocks;
  arena->blocks = block;
  return block;
}

void *arena_new(struct arena *arena, size_t count, size_t size) {
  size_t need;
  if (!size_product(count, size, &need) || need > SIZE_MAX / 2) return NULL;
  need = (need + alignof(max_align_t)) & ~(alignof(max_align_t) - 1);
  struct arena_block *block = arena->blocks;
  if (!block || block->size - block->used < need)
    block = block_new(arena, need > BLOCK ? need : BLOCK);
  if (!block) return NULL;
  void *at = block->bytes + block->used;
  block->used += need;
  return at;
}

tri_text *arena_text(struct arena *arena) {
  struct arena_block *block = block_new(arena, 0);
  return block ? &block->text : NULL;
}

char *arena_string(struct arena *arena, const char *bytes, size_t size) {
  char *copy = arena_new(arena, size + 1, 1);
  if (copy && size > 0) memcpy(copy, bytes, size);
  return copy;
}

void arena_free(struct arena *arena) {
  struct arena_block *block = arena->blocks;
  while (block) {
    struct arena_block *next = block->next;
    tri_text_free(&block->text);
    free(block);
    block = next;
  }
  arena->blocks = NULL;
}

void *array_grown(void *array, size_t *capacity, size_t need, size_t size) {
  size_t larger = *capacity * 2 + 16, bytes;
  if (need <= *capacity && array) return array;
  if (larger < need) larger = need;
  void *memory = size_product(larger, size, &bytes) ? realloc(array, bytes) : NULL;
  if (memory) *capacity = larger;
  return memory;
}
