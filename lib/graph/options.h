/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The options that a row of ops.def may give, for whatever compiles rows as C: fields of a struct, before those for the conditions, which are
 * of the type that conditions have there. */
#ifndef TRIAD_GRAPH_OPTIONS_H
#define TRIAD_GRAPH_OPTIONS_H

#include <stdint.h>

#define ROW_OPTIONS                                                                                \
  uint8_t first, total, tame, exact, commutes, linear, choice, keeps, total_if, lazy, at_zero,     \
      root_at_one;                                                                                 \
  uint8_t sort, conditions, range, parity;                                                         \
  int8_t precedence;                                                                               \
  double ulps;                                                                                     \
  const char *infix, *unicode, *latex, *c, *help, *example

#endif
