/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is behind a tri_tape, for the files that record and sweep. */
#ifndef TRIAD_EVAL_TAPE_H
#define TRIAD_EVAL_TAPE_H

#include <triad/tape.h>

#include "base/memory.h"
#include "graph/rows.h"

enum { TAPE_MOST_SLOTS = 0x3fffffff }; /* a place within a tape has 32 bits */

struct tape {
  tri_tape open; /* first: programs see this part */
  struct memory memory;
  uint64_t limit; /* slots */
  size_t partial_capacity, link_capacity;
  double *adjoints; /* by slot, of the last sweep */
  size_t adjoint_capacity;
  size_t swept; /* slots below this have an adjoint, the others' is 0 */
  tri_error error;
  uint64_t undefined; /* operations without a value, of which the first was */
  tri_op undefined_op;
  double undefined_at[ROW_MAX_ARITY];
};

static inline struct tape *tape_of(tri_tape *tape) { return (struct tape *)tape; }
static inline const struct tape *const_tape_of(const tri_tape *tape) {
  return (const struct tape *)tape;
}
static inline size_t tape_slots(const struct tape *t) {
  return (size_t)(t->open.used / TRI_TAPE_SLOT);
}
/* A constant has no place, and its derivative is 0. */
static inline bool tape_constant(tri_var a) { return a.place < TRI_TAPE_SLOT; }
static inline bool tape_has(const struct tape *t, tri_var a) {
  return a.place - t->open.origin < t->open.used;
}
static inline size_t tape_slot(const struct tape *t, tri_var a) {
  return (size_t)((a.place - t->open.origin) / TRI_TAPE_SLOT);
}

/* Sets the tape's error if none is set. */
tri_status tri__tape_fail(struct tape *t, tri_status status, const char *message);
/* The failure of using a number that is not on the tape: the error that it stands for, or TRI_ARGUMENT. */
tri_status tri__tape_refuse(struct tape *t, tri_var a);

#endif
