/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Raising the precision of balls until enough digits are certain: the loop that everything certified goes through. */
#ifndef TRIAD_VERIFY_CERTIFY_H
#define TRIAD_VERIFY_CERTIFY_H

#include <triad/eval.h>

/* What is wanted. */
struct certify_goal {
  uint64_t digits; /* of every number; >= 1 */
  uint32_t most;   /* bits of precision at most; 0: certify_most(digits) */
};

/* Computes numbers in the domain ball at a precision: a new array, which the loop then owns, or NULL with *error set. TRI_UNKNOWN says that
 * more precision may decide. */
typedef tri_status certify_work(void *data, uint32_t precision, tri_values **numbers,
                                tri_error *error);

/* The precision at which to begin, and the default limit: enough to see through cancellations of many times the digits. */
uint32_t tri__certify_first(uint64_t digits);
uint32_t tri__certify_most(uint64_t digits);

/* Runs work at rising precisions. TRI_OK: *numbers (to be freed by the caller) have the digits, or are balls about 0 with a radius of at
 * most 10^-digits, at the limit. TRI_UNKNOWN: the limit was reached; *error says what could not be decided. Else what work said. In both
 * *numbers is NULL. */
tri_status tri__certify(const struct certify_goal *goal, certify_work *work, void *data,
                        tri_values **numbers, tri_error *error);

#endif
