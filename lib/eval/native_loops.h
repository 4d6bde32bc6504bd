/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops by native code: their bodies written out (plan_flat.c) and compiled (native_program.c), run
 * once for each step (native_steps.c), or for vectors of steps (native_lanes.c). */
#ifndef TRIAD_EVAL_NATIVE_LOOPS_H
#define TRIAD_EVAL_NATIVE_LOOPS_H

#include "eval/loop.h"
#include "eval/native_cache.h"
#include "eval/native_calls.h"

/* Operations of a piece of a body, at most. */
enum { NATIVE_MOST_WRITTEN = 20000 };

/* What code is made with. */
struct native_maker {
  struct native *native;
  struct memory *memory;
  tri_native_cache *cache;
  bool failed; /* not because of what is to be compiled */
};

/* Code for a loop. Lists of them are freed with their function. */
struct native_loop {
  struct native_loop *next;
  struct native_steps *steps;
  struct native_lanes *lanes;
  struct native_back *back;
};

/* An array that is another part of something at every step. */
struct native_mover {
  double *base;
  size_t stride;
  uint32_t array;
};

/* A loop's steps under way: where the arrays of its body are. Those of the body's inputs come
 * first. */
struct native_walk {
  const struct turn *turn;
  const struct native_steps *unit; /* or NULL */
  double **arrays;
  struct native_mover *movers;
  uint32_t mover_count;
  double *carry, *next; /* before the step and after it */
  double *counted, *none, *work;
  char *more; /* room for others */
};

/* Opens a walk in the body's block, with `more` bytes in it for others; false when out of
 * memory. */
bool tri__native_walk_open(struct native_walk *walk, const struct turn *turn,
                           const struct native_steps *steps, size_t more);
/* Aims at the body's inputs, those of a part; carries are those of the walk. */
void tri__native_walk_aim(struct native_walk *walk);
void tri__native_walk_to(struct native_walk *walk, size_t part);
/* Code for a turn over doubles; NULL if there is none. */
const struct native_loop *tri__native_code_for(const struct turn *turn, enum native_way way);

/* Makes machine code of what is drafted, or finds it in the cache; NULL if that fails
 * (native.c). */
struct native_compiled *tri__native_compile(struct native_maker *maker, struct native_draft *draft);

/* Code for a written out body; its plan is freed, its parts stay. NULL if that fails. */
struct native_compiled *tri__native_unit(struct native_maker *maker, struct flat_plan *flat,
                                         const struct native_port *inputs,
                                         const struct native_end *ends,
                                         const struct lane_kernels *kernels);

/* NULL if there is none. */
struct native_steps *tri__native_steps_new(struct native_maker *maker,
                                           const struct plan_loop *loop);
void tri__native_steps_free(struct native_maker *maker, struct native_steps *steps);
struct native_lanes *tri__native_lanes_new(struct native_maker *maker,
                                           const struct plan_loop *loop);
void tri__native_lanes_free(struct native_maker *maker, struct native_lanes *lanes);

struct native_back *tri__native_back_new(struct native_maker *maker, const struct plan_loop *loop);
void tri__native_back_free(struct native_maker *maker, struct native_back *back);

/* Functions that share the first code of a loop. */
size_t tri__native_steps_users(const struct native_steps *steps);
size_t tri__native_lanes_users(const struct native_lanes *lanes);

#endif
