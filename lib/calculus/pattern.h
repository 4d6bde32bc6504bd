/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Patterns as they lie in memory. */
#ifndef TRIAD_CALCULUS_PATTERN_H
#define TRIAD_CALCULUS_PATTERN_H

#include <triad/pattern.h>

#include "base/memory.h"

struct tri_pattern {
  struct memory memory;
  size_t rows, columns;
  size_t *start; /* rows + 1 */
  uint32_t *index;
  size_t capacity; /* of index */
};

/* A pattern without entries; NULL when out of memory. */
tri_pattern *tri__pattern_new(const tri_allocator *allocator, size_t rows, size_t columns);

/* The same pattern with rows and columns exchanged; NULL when out of memory. */
tri_pattern *tri__pattern_transposed(const tri_pattern *p);

static inline size_t pattern_entries(const tri_pattern *p) { return p->start[p->rows]; }

#endif
