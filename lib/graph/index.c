/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Memory of hash indices. */
#include "graph/index.h"

bool tri__index_larger(struct memory *m, const struct index *x, struct index *larger) {
  uint64_t capacity = x->capacity < 128        ? 256
                      : x->capacity < 1u << 20 ? 2 * (uint64_t)x->capacity
                                               : x->capacity + (uint64_t)x->capacity / 2;
  if (capacity > UINT32_MAX) return false;
  uint32_t *slots = tri__new(m, capacity, sizeof *slots + 1);
  if (!slots) return false;
  *larger = (struct index){slots, (uint8_t *)(slots + capacity), (uint32_t)capacity, 0};
  return true;
}

void tri__index_free(struct memory *m, struct index *x) {
  tri__free(m, x->slots, x->capacity, sizeof *x->slots + 1);
  *x = (struct index){0};
}
