/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows over exact rationals, on GMP: what folding and the rational domain share. The size of a result is projected before GMP
 * computes it, because GMP aborts on what it cannot hold. */
#ifndef TRIAD_GRAPH_EXACT_H
#define TRIAD_GRAPH_EXACT_H

#include <gmp.h>

#include "graph/rows.h"

enum exact {
  EXACT_VALUE,
  EXACT_NONE,    /* no value exists */
  EXACT_INEXACT, /* one exists, but it is not rational, or not known to be */
  EXACT_TOO_LONG /* numerator or denominator would have more than `bits` bits; not computed */
};

/* The value of a row of one or two arguments at a and b (b is not read for one) into `to`, which may be an argument and holds
 * nothing of use unless EXACT_VALUE is returned. Conditions are 0 and 1. Arguments have at most `bits` bits themselves. */
enum exact tri__exact(const struct row *row, tri_op op, mpq_ptr to, mpq_srcptr a, mpq_srcptr b,
                      uint64_t bits);

#endif
