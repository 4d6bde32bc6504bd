/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A hash index: ids by a 64-bit hash, in buckets of one cache line with a tag byte for each id, so that most lookups touch one line
 * and no node. A bucket is filled from its start and spills over into the next; tags are compared 8 at a time, which leaves no
 * branch that depends on where an id lies. The bucket is found from the high half of the hash by multiplication (Lemire 2016, "A
 * fast alternative to the modulo reduction"), so their number need not be a power of two. Reinsertion is in the order of ids, so
 * taking entries out in the reverse order of insertion is shortening their buckets. */
#ifndef TRIAD_GRAPH_INDEX_H
#define TRIAD_GRAPH_INDEX_H

#include <string.h>

#include "graph/node.h"

enum { BUCKET_IDS = 12 };

struct bucket {
  uint8_t tags[BUCKET_IDS]; /* 0 where there is no id */
  uint32_t count;
  uint32_t ids[BUCKET_IDS];
};
_Static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

static inline struct bucket *index_home(const struct index *x, uint64_t hash) {
  return x->buckets + (((hash >> 32) * x->capacity) >> 32);
}
static inline struct bucket *index_after(const struct index *x, const struct bucket *b) {
  return x->buckets + (b + 1 == x->buckets + x->capacity ? 0 : b + 1 - x->buckets);
}
static inline uint8_t index_tag(uint64_t hash) { return (uint8_t)((hash & 0xff) + !(hash & 0xff)); }

/* Bit 8i + 7 is set where byte i of x is 0, and no other bit. */
static inline uint64_t zero_bytes(uint64_t x) {
  const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
  return ~(((x & low) + low) | x | low);
}

/* The ids of a bucket whose tag is this one, as a set: bit 8i for id i < 8, bit 8(i - 8) + 1 for the others. */
static inline uint64_t bucket_matches(const struct bucket *b, uint8_t tag) {
  uint64_t first, all = tag * 0x0101010101010101u;
  uint32_t last;
  memcpy(&first, b->tags, sizeof first);
  memcpy(&last, b->tags + sizeof first, sizeof last);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  first = __builtin_bswap64(first);
  last = __builtin_bswap32(last);
#endif
  return zero_bytes(first ^ all) >> 7 | (zero_bytes(last ^ all) & 0x80808080u) >> 6;
}
static inline unsigned match_place(uint64_t matches) {
  unsigned bit = (unsigned)__builtin_ctzll(matches);
  return bit / 8 + 8 * (bit & 1);
}

/* A lookup: the bucket it has come to, and what is still to be looked at there. */
struct lookup {
  const struct bucket *bucket;
  uint64_t matches;
};

extern const struct bucket tri__index_nothing;

static inline struct lookup index_look(const struct index *x, uint64_t hash) {
  const struct bucket *b = x->capacity ? index_home(x, hash) : &tri__index_nothing;
  return (struct lookup){b, bucket_matches(b, index_tag(hash))};
}

/* The next id that may be of this hash into *id; false if there is none. */
static inline bool index_next(const struct index *x, uint64_t hash, struct lookup *l,
                              uint32_t *id) {
  while (!l->matches) {
    if (l->bucket->count < BUCKET_IDS) return false;
    l->bucket = index_after(x, l->bucket);
    l->matches = bucket_matches(l->bucket, index_tag(hash));
  }
  *id = l->bucket->ids[match_place(l->matches)];
  l->matches &= l->matches - 1;
  return true;
}

/* Puts an id that is not in the index into its bucket; there must be room. */
static inline void index_put(struct index *x, uint64_t hash, uint32_t id) {
  struct bucket *b = index_home(x, hash);
  while (b->count == BUCKET_IDS) b = index_after(x, b);
  b->tags[b->count] = index_tag(hash);
  b->ids[b->count++] = id;
  x->count++;
}

/* Takes out the id that was put in last of all that are still there. */
static inline void index_drop(struct index *x, uint64_t hash, uint32_t id) {
  struct bucket *b = index_home(x, hash);
  while (!b->count || b->ids[b->count - 1] != id) b = index_after(x, b);
  b->tags[--b->count] = 0;
  x->count--;
}

static inline bool index_full(const struct index *x) { return x->count >= x->most; }

/* Brings the bucket of a hash into the cache. */
static inline void index_prefetch(const struct index *x, uint64_t hash) {
  __builtin_prefetch(index_home(x, hash), 1);
}

/* An empty index of a larger capacity in *larger; false when out of memory. */
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
