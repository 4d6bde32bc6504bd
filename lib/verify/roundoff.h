/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The rounding error of a computed value, step by step: a run in floating point beside the true values in balls. */
#ifndef TRIAD_VERIFY_ROUNDOFF_H
#define TRIAD_VERIFY_ROUNDOFF_H

#include "eval/plan.h"
#include "numbers/flint.h"
#include "verify/job.h"

/* Numbers that the work on one step takes. */
enum { SCRATCH_VALUE, SCRATCH_PARTIAL, SCRATCH_PRODUCT, SCRATCH_ARGUMENTS };

/* What is known of a number of the run. */
enum { ROUNDOFF_JUMP = 1, ROUNDOFF_FLIP = 2 };

/* The work, and what a report's numbers live in. Arrays are by number of the plan: those of value v begin at place[v]. */
struct tri_roundoff {
  struct memory memory;
  struct subject subject;
  tri_expr output;
  uint64_t digits;
  uint32_t most, precision;
  const tri_trace *watcher; /* the caller's */
  tri_error error, fault;   /* fault: why the run has no value */
  struct job job;           /* in floating point */
  bool job_open;
  const struct plan *plan; /* the job's */
  size_t *place, count;
  enum number_state state; /* of the output in the last run in balls */
  tri_values *rationals;   /* the true numbers that are rational, and not long; NULL: not known */
  tri_values *truth;       /* the output as certified */
  double *computed;
  struct numbers balls;
  bool balls_open;
  void *exact, *hull; /* balls: the true numbers; they and the computed ones */
  void *adjoints;
  void *scratch;  /* SCRATCH_ARGUMENTS + ROW_MAX_ARITY */
  mag_ptr own;    /* bounds: of the step's own error, */
  mag_ptr reach;  /* of all of the error, by sums of absolute values; */
  mag_ptr amount; /* of what the own error does to the output */
  uint8_t *marks;
};

static inline void *ball_number(const struct tri_roundoff *r, const void *array, size_t i) {
  return number_at(&r->balls, array, i);
}

/* Bounds every step's own error, and what its arguments' errors make of it. */
TRI_CHECKED tri_status tri__roundoff_forward(struct tri_roundoff *r);
/* Then: bounds the derivative of the output by every step, and what the step contributes. */
TRI_CHECKED tri_status tri__roundoff_reverse(struct tri_roundoff *r);

#endif
