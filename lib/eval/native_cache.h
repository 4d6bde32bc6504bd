/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Compiled programs, and where they are kept for functions that come to the same program. */
#ifndef TRIAD_EVAL_NATIVE_CACHE_H
#define TRIAD_EVAL_NATIVE_CACHE_H

#include "eval/native_program.h"

/* Where an output is when all is computed. */
struct native_output {
  bool is_constant, is_input;
  uint32_t index; /* of the input, or in the work array */
  double constant;
};

/* What a program does, as 128 bits: operations, their order and the outputs; and how many there
 * are, so that programs of different sizes, which could read beyond each other's arrays, are never
 * taken for the same. */
struct native_hash {
  uint64_t bits[2];
  uint64_t ops, inputs, outputs;
};

/* A program made ready. Of a cache: shared by `users` functions. */
struct native_compiled {
  native_run *run;
  const struct native_module *module;
  struct native_machine *machine;
  struct native_output *outputs;
  uint32_t output_count;
  size_t work_count; /* of the program; outputs are put together behind */
  struct native_hash hash;
  size_t users;
  struct native_compiled *next;
};

struct native_hash tri__native_hash(const struct native_draft *draft);

/* One more user of a program that is there; NULL if it is not, or there is no cache. */
struct native_compiled *tri__native_cache_find(tri_native_cache *cache, struct native_hash hash);
/* A new program with one user; in the cache's memory or, without a cache, in `memory`. NULL when
 * out of memory. */
struct native_compiled *tri__native_cache_add(tri_native_cache *cache, struct memory *memory,
                                              const struct native_compiled *compiled,
                                              const struct native_draft *draft);
/* One user less. */
void tri__native_cache_drop(tri_native_cache *cache, struct memory *memory,
                            struct native_compiled *compiled);

#endif
