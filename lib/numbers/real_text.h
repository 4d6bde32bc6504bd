/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers of MPFR and balls as decimals, without the locale. */
#ifndef TRIAD_NUMBERS_REAL_TEXT_H
#define TRIAD_NUMBERS_REAL_TEXT_H

#include "numbers/flint.h"

/* The shortest decimal that reads back as x at its precision, or one not much longer; inf, -inf, nan. */
void tri__text_mpfr(tri_text *text, mpfr_srcptr x);

/* A ball as a decimal of at most `digits` significant digits (0: as many as its radius leaves meaning to), and, if radius is not NULL, how
 * far the true value may be from that very decimal ("0" if it is exact). The ball must be finite. */
void tri__text_ball(tri_text *text, tri_text *radius, const arb_t x, uint64_t digits);

/* A number that has a value, of any base domain, as a decimal of no more digits than a double has. */
void tri__text_rounded(const struct numbers *n, const void *x, tri_text *text);

#endif
