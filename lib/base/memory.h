/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Allocation through the caller's allocator, with checked sizes. */
#ifndef TRIAD_BASE_MEMORY_H
#define TRIAD_BASE_MEMORY_H

#include <stdbool.h>
#include <triad/base.h>

/* An allocator and the bytes drawn from it. */
struct memory {
  tri_allocator allocator; /* resize is never NULL once initialised */
  size_t used;
};

void tri__memory_init(struct memory *m, const tri_allocator *allocator);

/* As the allocator's resize; counts. */
void *tri__resize(struct memory *m, void *block, size_t old_size, size_t new_size);

/* count * size bytes, zeroed; NULL when out of memory or if the product overflows. */
void *tri__new(struct memory *m, size_t count, size_t size);
void tri__free(struct memory *m, void *block, size_t count, size_t size);

/* Makes room in an array of *capacity elements for `need`, growing by half at least; false when out of memory (array as before). */
bool tri__grow(struct memory *m, void **array, size_t *capacity, size_t need, size_t size);

/* a * b into *product; false if it overflows. The one place where sizes multiply. */
static inline bool size_product(size_t a, size_t b, size_t *product) {
  return !__builtin_mul_overflow(a, b, product);
}

#endif
