/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Random numbers for tests: the seed is printed and may be given in TRI_TEST_SEED; TRI_TEST_MULTIPLIER lengthens the tests. */
#ifndef TRIAD_TESTS_RANDOM_H
#define TRIAD_TESTS_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct random {
  uint64_t state;
};

static inline struct random random_start(uint64_t seed) {
  const char *text = getenv("TRI_TEST_SEED");
  struct random r = {text ? strtoull(text, NULL, 10) : seed};
  printf("# seed %llu\n", (unsigned long long)r.state);
  return r;
}

/* SplitMix64 (Steele, Lea and Flood 2014). */
static inline uint64_t random_bits(struct random *r) {
  uint64_t z = r->state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static inline uint32_t random_below(struct random *r, uint32_t n) {
  return (uint32_t)((random_bits(r) >> 32) * n >> 32);
}

/* Uniform in [low, high). */
static inline double random_between(struct random *r, double low, double high) {
  return low + (high - low) * (double)(random_bits(r) >> 11) * 0x1p-53;
}

static inline int test_multiplier(void) {
  const char *text = getenv("TRI_TEST_MULTIPLIER");
  return text && atoi(text) > 0 ? atoi(text) : 1;
}

#endif
