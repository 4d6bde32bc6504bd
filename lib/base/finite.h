/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where numbers are not finite. */
#ifndef TRIAD_BASE_FINITE_H
#define TRIAD_BASE_FINITE_H

#include <stdbool.h>
#include <stddef.h>

/* The place of the first NaN or infinity among so many floats, or doubles; `count` if there is
 * none. */
size_t tri__first_not_finite(const void *numbers, size_t count, bool floats);

/* Whether there is none. */
static inline bool are_finite(const void *numbers, size_t count, bool floats) {
  return tri__first_not_finite(numbers, count, floats) == count;
}

#endif
