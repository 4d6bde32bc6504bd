/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Central differences of values alone, in MPFR: the witness that uses no rule of differentiation. */
#ifndef TRIAD_VERIFY_QUOTIENT_H
#define TRIAD_VERIFY_QUOTIENT_H

#include "numbers/flint.h"
#include "verify/job.h"

/* Differences at a point. */
struct quotients {
  struct job job;               /* in MPFR */
  tri_values *moved;            /* the point with one input moved */
  tri_values *high[2], *low[2]; /* values on either side, of the whole step and of half of it */
  mpfr_t step, at, other;
  arb_ptr spread; /* by output: how far the values may be off by rounding */
  uint32_t bits;
};

/* Opens differences with a precision such that quotients have about `digits` digits where derivatives are of the size of value over
 * variable. Close them in any case. */
TRI_CHECKED tri_status tri__quotients_open(struct quotients *q, const struct subject *subject,
                                           uint64_t digits, tri_error *error);
void tri__quotients_close(struct quotients *q);

/* The quotients of all outputs by input j into to[m], each a ball with its error bound; indeterminate where an output has no value next
 * to the point. */
TRI_CHECKED tri_status tri__quotients_by(struct quotients *q, size_t j, arb_ptr to);

#endif
