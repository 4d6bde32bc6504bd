/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A loop at work: its body's plan, run in a workspace of its own once for each step. */
#ifndef TRIAD_EVAL_LOOP_H
#define TRIAD_EVAL_LOOP_H

#include "eval/run.h"

/* Steps are counted in the order in which they are done; `part` is the part of the arrays that a
 * step has to do with. */
struct turn {
  const struct run *outer;
  struct run body;
  const struct instruction *step;
  const struct plan_loop *loop;
  const uint32_t *args;
  struct level *level; /* the body's: carries */
  tri_call call;       /* of the body's runs */
  size_t n;            /* steps */
  size_t most;         /* snapshots of the carries that a sweep may keep */
};

/* Opens the body in the level of the run that the loop is in, with its constants in place, and room
 * for carries. Initial carries are now the carries. TRI_MEMORY. */
tri_status tri__turn_open(struct turn *t, const struct run *r, const struct instruction *s,
                          bool all);
/* Runs the body for one step, with the carries as they are now. */
tri_status tri__turn_body(struct turn *t, size_t step);
/* Then: the carries' next values, from the body's outputs. */
void tri__turn_hand_on(struct turn *t);
/* Room for this many snapshots; false when out of memory. */
bool tri__turn_snapshots(struct turn *t, size_t count);
/* Carries into snapshot i, and back. */
void tri__turn_keep(struct turn *t, size_t i);
void tri__turn_restore(struct turn *t, size_t i);
/* The numbers of the carries before carry c. */
size_t tri__carry_place(const struct turn *t, uint32_t carry);

/* Room of `size` bytes in the body's level for ways to run the loop, from a cache line's begin on;
 * NULL when out of memory. */
void *tri__turn_block(const struct turn *t, size_t size);
/* Pieces of such a room, each from a line's begin on. Without a block they are only counted. */
struct pieces {
  char *block;
  size_t used;
};
static inline void *piece_of(struct pieces *p, size_t count, size_t size) {
  enum { LINE_SIZE = 64 };
  void *piece = p->block ? p->block + p->used : NULL;
  p->used += (count * size + LINE_SIZE - 1) / LINE_SIZE * LINE_SIZE;
  return piece;
}

/* Where results begin, and of those that are outputs of the function and go to the caller at once,
 * their flags; else NULL. */
void tri__turn_aim(const struct turn *t, double **results, uint8_t **flags);
/* Numbers of the widest output of the body. */
size_t tri__widest_output(const struct turn *t);

/* The whole loop by native code, if there is some: then *done. TRI_INTERRUPTED. With `keeps`, every
 * step's carries go to their snapshot. */
tri_status tri__loop_native(const struct turn *t, bool keeps, bool *done);
bool tri__loop_native_rehearse(const struct turn *t);
/* Carries that come into step `from` on to those that come into step `to`, likewise. */
tri_status tri__native_advance(const struct turn *t, size_t from, size_t to, bool *done);
/* Back through a step, with the carries that come into it; adjoints as in loop_sweep.c. False if
 * native code has not done it, and has changed nothing. */
bool tri__native_turn_back(const struct turn *t, const struct sweep *outer,
                           const struct sweep *inner, size_t step);
bool tri__native_back_rehearse(const struct turn *t);
/* The same of vectors of steps, for a loop that lanes could do. */
tri_status tri__native_lanes_run(const struct turn *t, bool *done);
bool tri__native_lanes_rehearse(const struct turn *t);

/* Whether a loop's steps are to be done one after the other: they have carries, or are few. */
bool tri__loop_hangs_together(const struct plan_loop *loop);
/* What a loop keeps for lanes. */
void tri__loop_lanes_free(struct loop_lanes *lanes);
/* The whole loop by lanes, if it has no carries, is over doubles and worth it: then *done.
 * TRI_MEMORY, TRI_INTERRUPTED. */
tri_status tri__loop_lanes(const struct turn *t, bool *done);
/* Makes ready what that needs; false when out of memory. */
bool tri__loop_lanes_rehearse(const struct turn *t);

/* The same for a loop whose body computes element by element, also with carries (loop_scan.c). */
tri_status tri__loop_scan(const struct turn *t, bool *done);
bool tri__loop_scan_rehearse(const struct turn *t);

static inline uint32_t carry_input(const struct plan_loop *l, uint32_t carry) {
  return l->as.steps + l->as.constants + carry;
}
static inline size_t part_of(const struct turn *t, size_t step) {
  return t->loop->as.backward ? t->n - 1 - step : step;
}
/* Of a loop over doubles: its argument i. */
static inline double *loop_argument(const struct turn *t, uint32_t i) {
  return element_at(t->outer, t->args[i], 0);
}
/* The number of the part of an array that a step's index chooses, if it is a number of one. */
static inline double chosen_index(const struct turn *t, uint32_t index, int64_t offset,
                                  size_t part) {
  const struct plan_loop *l = t->loop;
  double i =
      l->counted[index] ? (double)(l->first[index] + (int64_t)part) : loop_argument(t, index)[part];
  return i + (double)offset;
}
static inline bool is_part(double i, size_t parts) {
  return i >= 0.0 && i < (double)parts && i == (double)(size_t)i;
}
/* Whether any carry is handed on: one that nobody waits for stays as it was. */
static inline bool hands_on(const struct plan_loop *l) {
  for (uint32_t c = 0; c < l->as.carries; c++)
    if (l->output[l->as.stacked + l->as.summed + c] != NO_OUTPUT) return true;
  return false;
}
/* A run that a sweep will follow keeps every step's carries if there is room, so that the sweep
 * need not run them again. */
static inline bool keeps_all(const struct turn *t) {
  return t->outer->store->all && hands_on(t->loop) && t->most >= t->n;
}

#endif
