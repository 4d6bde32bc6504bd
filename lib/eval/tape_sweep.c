/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The adjoint sweep of a tape. An operation's slots, one for each argument, follow one another, and its adjoint stands in the last. From there
 * down: the adjoint of the slot's argument grows by partial times the operation's adjoint. Arguments are lower on the tape, so going
 * down every adjoint is complete when it is read. */
#include "eval/tape.h"

#include <math.h>
#include <string.h>

enum {
  LINK_MORE = 3
}; /* bits of an operation's last link: how many more slots it has, or TRI_TAPE_INPUT */

/* The slot of an argument and its adjoint as it was written last. */
struct written {
  size_t slot;
  double adjoint;
};

static inline struct written contribute(const tri_tape *tape, double *adjoints, size_t slot,
                                        double weight) {
  size_t to = tape->links[slot] / TRI_TAPE_SLOT;
  double adjoint = adjoints[to] + weight * tape->partials[slot];
  adjoints[to] = adjoint;
  return (struct written){to, adjoint};
}

/* Sweeps from slot `top` down. Strong: an adjoint that is zero contributes nothing, whatever the partial is. Tells whether an
 * input's adjoint is NaN. Without looking at numbers this takes two thirds of the time, so it is tried first: a NaN that only strong
 * zeros avoid would stay a NaN on its way down to an input. What was written last is often what is read next, so it is kept at
 * hand: through memory that takes twice as long as the arithmetic. */
static inline bool propagate(const tri_tape *tape, double *adjoints, size_t top, bool strong) {
  tri_tape t = *tape; /* so that adjoints are not taken for its members */
  bool poisoned = false;
  struct written last = {SIZE_MAX, 0.0};
  for (size_t slot = top + 1; slot-- > 0;) {
    double weight = slot == last.slot ? last.adjoint : adjoints[slot];
    uint32_t more = t.links[slot] & LINK_MORE;
    if (more == 1 && !(strong && weight == 0.0)) {
      contribute(&t, adjoints, slot, weight);
      last = contribute(&t, adjoints, --slot, weight);
    } else if (more == TRI_TAPE_INPUT) {
      poisoned |= isnan(weight);
    } else if (strong && weight == 0.0) {
      slot -= more;
    } else {
      for (last = contribute(&t, adjoints, slot, weight); more > 0; more--)
        last = contribute(&t, adjoints, --slot, weight);
    }
  }
  return poisoned;
}

static bool sweep_plain(const tri_tape *tape, double *adjoints, size_t top) {
  return propagate(tape, adjoints, top, false);
}

static void sweep_strong(const tri_tape *tape, double *adjoints, size_t top) {
  (void)propagate(tape, adjoints, top, true);
}

/* Adjoints below and at `top` zero but for those of the outputs. */
static void seed(struct tape *t, size_t top, size_t n, const tri_var *outputs,
                 const double *weights) {
  memset(t->adjoints, 0, (top + 1) * sizeof *t->adjoints);
  for (size_t i = 0; i < n; i++) {
    double weight = weights ? weights[i] : 1.0;
    if (tape_constant(outputs[i]) || weight == 0.0) continue;
    t->adjoints[tape_slot(t, outputs[i])] += weight * outputs[i].factor;
  }
}

/* The highest slot of the outputs into *top. */
static tri_status find_top(struct tape *t, size_t n, const tri_var *outputs, bool *any,
                           size_t *top) {
  *any = false;
  *top = 0;
  for (size_t i = 0; i < n; i++) {
    if (tape_constant(outputs[i])) continue;
    if (!tape_has(t, outputs[i])) return tri__tape_refuse(t, outputs[i]);
    size_t slot = tape_slot(t, outputs[i]);
    if (slot > *top) *top = slot;
    *any = true;
  }
  return TRI_OK;
}

tri_status tri_tape_sweep_weighted(tri_tape *tape, size_t n, const tri_var *outputs,
                                   const double *weights) {
  struct tape *t = tape_of(tape);
  if (t->error.status) return t->error.status;
  bool any;
  size_t top;
  tri_status status = find_top(t, n, outputs, &any, &top);
  if (status) return status;
  t->swept = 0;
  if (!any) return TRI_OK;
  void *adjoints = t->adjoints;
  bool grown = tri__grow(&t->memory, &adjoints, &t->adjoint_capacity, top + 1, sizeof *t->adjoints);
  t->adjoints = adjoints;
  if (!grown) return tri__tape_fail(t, TRI_MEMORY, "out of memory for the adjoints");
  seed(t, top, n, outputs, weights);
  if (sweep_plain(tape, t->adjoints, top)) {
    seed(t, top, n, outputs, weights);
    sweep_strong(tape, t->adjoints, top);
  }
  t->swept = top + 1;
  return TRI_OK;
}

tri_status tri_tape_sweep(tri_tape *tape, tri_var output) {
  return tri_tape_sweep_weighted(tape, 1, &output, NULL);
}

/* The adjoint of a number with a slot of its own. */
static inline double adjoint_of(const struct tape *t, tri_var a) {
  size_t slot = tape_slot(t, a);
  return slot < t->swept ? t->adjoints[slot] : 0.0;
}

static inline bool has_slot(const struct tape *t, tri_var a) {
  return tape_has(t, a) && !(a.place & TRI_TAPE_DERIVED);
}

double tri_tape_adjoint(tri_tape *tape, tri_var a) {
  struct tape *t = tape_of(tape);
  if (tape_constant(a)) return 0.0;
  if (has_slot(t, a)) return adjoint_of(t, a);
  if (tape_has(t, a))
    tri__tape_fail(t, TRI_ARGUMENT, "the adjoint of a number that is not watched");
  else
    tri__tape_refuse(t, a);
  return NAN;
}

tri_status tri_tape_gradient(tri_tape *tape, tri_var output, size_t n, const tri_var *variables,
                             double *gradient) {
  struct tape *t = tape_of(tape);
  tri_status status = tri_tape_sweep(tape, output);
  for (size_t i = 0; status == TRI_OK && i < n; i++)
    if (has_slot(t, variables[i])) {
      gradient[i] = adjoint_of(t, variables[i]);
    } else {
      gradient[i] = tri_tape_adjoint(tape, variables[i]);
      status = t->error.status;
    }
  return status;
}
