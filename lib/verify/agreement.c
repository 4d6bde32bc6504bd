/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How well numbers agree with enclosures. */
#include "verify/agreement.h"

#include <math.h>

double tri__digits_of(const arb_t x, const arb_t enclosure) {
  arb_t gap;
  mag_t size;
  double digits = INFINITY;
  arb_init(gap), mag_init(size);
  arb_sub(gap, x, enclosure, MAG_BITS);
  arb_get_mag(size, gap);
  if (!mag_is_zero(size)) {
    arb_get_mag_lower(arb_radref(gap), enclosure);
    if (mag_is_zero(arb_radref(gap))) mag_one(arb_radref(gap));
    mag_div(size, size, arb_radref(gap));
    digits = -mag_get_d_log2_approx(size) * 0.30102999566398120;
    if (digits < 0.0) digits = 0.0;
  }
  arb_clear(gap), mag_clear(size);
  return digits;
}
