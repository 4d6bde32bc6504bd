/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Memory of hash indices. */
#include "graph/index.h"

const struct bucket tri__index_nothing = {.count = 0};

enum { SMALLEST = 16, DOUBLES_BELOW = 1 << 16 };
enum { FREE = 8 }; /* one of so many places stays free */

/* Doubled, but large ones, whose size counts, grow by a half: 6 to 9 bytes for an id. */
static uint64_t larger_capacity(uint64_t capacity) {
  if (capacity < SMALLEST) return SMALLEST;
  return capacity + (capacity < DOUBLES_BELOW ? capacity : capacity / 2);
}

/* The buckets begin at a cache line within a block that is one bucket longer. */
bool tri__index_larger(struct memory *m, const struct index *x, struct index *larger) {
  uint64_t capacity = larger_capacity(x->capacity);
  if (capacity > UINT32_MAX) return false;
  char *block = tri__new(m, capacity + 1, sizeof(struct bucket));
  if (!block) return false;
  size_t past = (uintptr_t)block % sizeof(struct bucket);
  struct bucket *buckets = (void *)(block + (past ? sizeof(struct bucket) - past : 0));
  uint64_t ids = capacity * BUCKET_IDS, most = ids - ids / FREE;
  *larger = (struct index){buckets, block, (uint32_t)capacity, 0,
                           (uint32_t)(most < UINT32_MAX ? most : UINT32_MAX)};
  return true;
}

void tri__index_free(struct memory *m, struct index *x) {
  if (x->block) tri__free(m, x->block, (size_t)x->capacity + 1, sizeof(struct bucket));
  *x = (struct index){0};
}
