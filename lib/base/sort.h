/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A stable sort with a context, which qsort has not; n log n in the worst case. */
#ifndef TRIAD_BASE_SORT_H
#define TRIAD_BASE_SORT_H

#include "base/memory.h"

/* Negative, 0 or positive as a belongs before, beside or behind b. */
typedef int sort_order(void *context, const void *a, const void *b);

/* Sorts n elements of `size` bytes; false when out of memory (the elements are then all there,
 * in some order). */
bool tri__sort(struct memory *m, void *elements, size_t n, size_t size, sort_order *order,
               void *context);

#endif
