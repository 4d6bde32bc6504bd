/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives over ids, for the other files of this floor. Each returns 0 or an error id, which sticks to the graph. */
#ifndef TRIAD_CALCULUS_DIFF_H
#define TRIAD_CALCULUS_DIFF_H

#include "graph/node.h"

/* Tangents of m outputs along n directions at once. */
uint32_t tri__jvp(tri_graph *g, size_t m, const uint32_t *outputs, size_t n,
                  const uint32_t *variables, const uint32_t *direction, uint32_t *tangents);

/* Adjoints of n variables from m weighted outputs. */
uint32_t tri__vjp(tri_graph *g, size_t m, const uint32_t *outputs, const uint32_t *weights,
                  size_t n, const uint32_t *variables, uint32_t *adjoints);

/* The n-th derivative by a truncated power series: its id, or an error id. */
uint32_t tri__diff_series(tri_graph *g, uint32_t e, uint32_t x, uint32_t n);

#endif
