/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A hash index: ids by a 64-bit hash, with one tag byte each so that most probes touch no node. Linear probing; a slot is
 * found from the high half of the hash by multiplication (Lemire 2016, "A fast alternative to the modulo reduction"), so the
 * capacity need not be a power of two and grows by half: 5 bytes a slot at a load of 0.6 to 0.9. Reinsertion is in the order of
 * ids, so taking entries out in the reverse order of insertion is clearing their slots. */
#ifndef TRIAD_GRAPH_INDEX_H
#define TRIAD_GRAPH_INDEX_H

#include "graph/node.h"

static inline uint32_t index_home(const struct index *x, uint64_t hash) {
  return (uint32_t)(((hash >> 32) * x->capacity) >> 32);
}
static inline uint8_t index_tag(uint64_t hash) { return (uint8_t)((hash & 0x7f) | 0x80); }
static inline uint32_t index_next(const struct index *x, uint32_t slot) {
  return slot + 1 == x->capacity ? 0 : slot + 1;
}

/* Puts an id that is not in the index into its slot; there must be room. */
static inline void index_put(struct index *x, uint64_t hash, uint32_t id) {
  uint32_t slot = index_home(x, hash);
  while (x->tags[slot]) slot = index_next(x, slot);
  x->tags[slot] = index_tag(hash);
  x->slots[slot] = id;
  x->count++;
}

/* Takes out the id that was put in last of all that are still there. */
static inline void index_drop(struct index *x, uint64_t hash, uint32_t id) {
  uint32_t slot = index_home(x, hash);
  while (!x->tags[slot] || x->slots[slot] != id) slot = index_next(x, slot);
  x->tags[slot] = 0;
  x->count--;
}

static inline bool index_full(const struct index *x) {
  return x->count >= x->capacity - x->capacity / 10 - (x->capacity > 0);
}

/* An empty index of a capacity grown by half in *larger; false when out of memory. */
bool tri__index_larger(struct memory *m, const struct index *x, struct index *larger);
void tri__index_free(struct memory *m, struct index *x);

/* Mixes 64 bits (the finaliser of MurmurHash3, by Austin Appleby, public domain). */
static inline uint64_t hash_mix(uint64_t h) {
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdu;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53u;
  return h ^ h >> 33;
}
static inline uint64_t hash_add(uint64_t h, uint64_t x) {
  return (h ^ x) * 0x9e3779b97f4a7c15u + (h >> 29);
}

#endif
