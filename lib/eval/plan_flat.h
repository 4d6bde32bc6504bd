/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A flat plan in the making: for the files that write its steps (plan_flat.c, plan_flat_windows.c).
 */
#ifndef TRIAD_EVAL_PLAN_FLAT_H
#define TRIAD_EVAL_PLAN_FLAT_H

#include <gmp.h>

#include "eval/plan.h"

struct frame;

struct flat {
  struct memory *memory;
  uint32_t limit; /* of steps */
  uint64_t work;  /* numbers that turns of loops have been given */
  struct instruction *steps;
  size_t step_count, step_capacity;
  uint32_t *seen;   /* hash table of steps: number + 1 */
  size_t seen_size; /* a power of two */
  mpq_t *constants;
  bool *pi;
  size_t constant_count, constant_capacity, pi_capacity;
  const struct frame *outermost;
  uint32_t more_inputs; /* numbers of inputs, with those of parts that are chosen */
  uint32_t inputs;      /* of the plan, in numbers */
  uint32_t turning,
      constant; /* its inputs that differ from step to step, those behind them that do not */
  struct flat_range range; /* of the outermost plan's steps, and what it gives */
  struct flat_plan *flat;
  bool search;     /* for kinks: what has none is written out without any */
  bool failed;     /* out of memory */
  bool impossible; /* too large, or what is not known before the call */
};

/* The numbers of a plan's values, element by element. */
struct frame {
  const struct plan *plan;
  uint32_t *number;
  size_t *place;
  size_t count;
};

static inline bool flat_give_up(struct flat *f) {
  f->impossible = true;
  return false;
}

static inline uint32_t *flat_numbers(const struct frame *frame, uint32_t v) {
  return frame->number + frame->place[v];
}

/* The number of a constant, and of a step on numbers, the same again if there is one. */
uint32_t tri__flat_integer(struct flat *f, int64_t i);
uint32_t tri__flat_emit(struct flat *f, const struct instruction *like, const uint32_t *args);

/* plan_flat_windows.c: reductions over the last dimension, and windows. */
void tri__flat_last(struct flat *f, const struct frame *frame, const struct instruction *s);
void tri__flat_windows(struct flat *f, const struct frame *frame, const struct instruction *s);

#endif
