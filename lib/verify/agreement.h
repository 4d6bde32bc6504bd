/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How well numbers agree with enclosures. */
#ifndef TRIAD_VERIFY_AGREEMENT_H
#define TRIAD_VERIFY_AGREEMENT_H

#include "numbers/flint.h"

/* Decimal digits on which x and the enclosure agree: of |x - enclosure| / |enclosure|, or of the difference itself where the enclosure
 * contains 0; inf if they are the same. */
double tri__digits_of(const arb_t x, const arb_t enclosure);

#endif
