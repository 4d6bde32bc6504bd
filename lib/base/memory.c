/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Allocation through the caller's allocator, with checked sizes. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void *default_resize(void *context, void *block, size_t old_size, size_t new_size) {
  (void)context, (void)old_size;
  if (new_size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, new_size);
}

void tri__memory_init(struct memory *m, const tri_allocator *allocator) {
  m->allocator =
      allocator && allocator->resize ? *allocator : (tri_allocator){default_resize, NULL};
  m->used = 0;
}

void *tri__resize(struct memory *m, void *block, size_t old_size, size_t new_size) {
  if (new_size > PTRDIFF_MAX) return NULL;
  if (!block && new_size == 0) return NULL;
  void *moved = m->allocator.resize(m->allocator.context, block, old_size, new_size);
  if (moved || new_size == 0) m->used += new_size - old_size;
  return moved;
}

void *tri__new(struct memory *m, size_t count, size_t size) {
  size_t bytes;
  if (!size_product(count, size, &bytes)) return NULL;
  void *block = tri__resize(m, NULL, 0, bytes ? bytes : 1);
  return block ? memset(block, 0, bytes ? bytes : 1) : NULL;
}

void tri__free(struct memory *m, void *block, size_t count, size_t size) {
  size_t bytes = count * size;
  if (block) tri__resize(m, block, bytes ? bytes : 1, 0);
}

bool tri__grow(struct memory *m, void **array, size_t *capacity, size_t need, size_t size) {
  if (need <= *capacity) return true;
  size_t more = *capacity + *capacity / 2 + 8, old_bytes = *capacity * size, bytes;
  if (more < need) more = need;
  if (!size_product(more, size, &bytes)) return false;
  void *moved = tri__resize(m, *array, old_bytes, bytes);
  if (!moved) return false;
  *array = moved;
  *capacity = more;
  return true;
}
