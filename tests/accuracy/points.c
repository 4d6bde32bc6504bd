/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Points over the whole domain of a row: all exponents, moderate numbers, the neighbourhoods of the places where functions have poles,
 * zeros, extrema and saturate, and pairs of all scales. */
#include <math.h>
#include <string.h>

#include "accuracy.h"

/* Where something happens to a function of the table: zeros and extrema of the gamma family (DLMF 5.4, 5.7 and the like), places where
 * exponentials overflow and underflow in double and float, where they are lost beside 1, integers, and roots of unity. */
static const double places[] = {0.0,
                                1.0,
                                2.0,
                                0.5,
                                3.0,
                                4.0,
                                10.0,
                                100.0,
                                709.782712893384,
                                744.44,
                                745.13322,
                                708.396,
                                710.47,
                                745.8,
                                746.5,
                                88.7228,
                                87.3365,
                                103.972,
                                89.41,
                                36.7,
                                37.4,
                                18.7,
                                19.06,
                                16.6,
                                8.3,
                                9.01,
                                354.9,
                                26.5433,
                                27.2948,
                                9.1942,
                                10.053,
                                5.863,
                                3.83,
                                26.62,
                                170.6,
                                171.62437695630271,
                                34.97,
                                35.04,
                                177.8,
                                184.0,
                                42.1,
                                33.0,
                                1e154,
                                1.34e154,
                                1.5e-154,
                                1.8e19,
                                1e-19,
                                2e-162,
                                1.5e-8,
                                2.4e-4,
                                6.1e-6,
                                5.6e102,
                                1e-103,
                                1e16,
                                2.7182818284590451,
                                1.4616321449683623,
                                0.70710678118654757,
                                1.5434046384182084,
                                0.88137358701954305,
                                1.3169578969248166,
                                0.65847894846240835,
                                1.9968,
                                0.92414,
                                0.6931471805599453};
/* Zeros of digamma and of lgamma below 0. */
static const double negative_places[] = {
    0.50408300826445541, 1.573498473162390,  2.610720868444144,  3.635293366436901,
    4.653237761743142,   5.667162441556885,  9.702672540001863,  2.4570247382208006,
    2.7476826467274127,  3.1435808883499800, 3.9552942848585979, 4.0398613136957140,
    4.9915444640560473,  5.0082181688225953, 9.9999997244270090};
enum {
  PLACES = sizeof places / sizeof *places,
  NEGATIVE_PLACES = sizeof negative_places / sizeof *negative_places
};

static double sign(struct random *r, double x) { return random_below(r, 2) ? -x : x; }

static double of_bits(struct random *r, int format) {
  double x;
  do {
    uint64_t bits = random_bits(r);
    if (format) {
      uint32_t half = (uint32_t)bits;
      float f;
      memcpy(&f, &half, sizeof f);
      x = (double)f;
    } else {
      memcpy(&x, &bits, sizeof x);
    }
  } while (!isfinite(x));
  return x;
}

/* Next to x, by a relative distance of any size. */
static double near(struct random *r, double x) {
  int apart = (int)random_below(r, 56);
  return x + sign(r, random_between(r, 0.0, 1.0)) * ldexp(x == 0.0 ? 1.0 : x, -apart);
}

static double extreme(struct random *r, int format) {
  const struct format *f = formats + format;
  double small = ldexp((double)(1 + random_below(r, 4)), f->least),
         large = ldexp(2.0 - ldexp((double)(1 + random_below(r, 3)), 1 - f->precision),
                       f->exponent - 1),
         normal = ldexp(1.0 + random_between(r, -0.5, 0.5), f->least + f->precision - 1);
  switch (random_below(r, 4)) {
  case 0: return small;
  case 1: return large;
  case 2: return normal;
  default: return 0.0;
  }
}

static double whole(struct random *r) {
  return floor(exp2(random_between(r, 0.0, random_below(r, 4) ? 5.0 : 12.0))) - 1.0;
}

/* A zero, pole or extremum of a function of period 2 pi. */
static double quarter_turn(struct random *r) {
  return (double)(1 + random_below(r, random_below(r, 2) ? 8 : 1000)) * 1.5707963267948966;
}

static double one(struct random *r, int format) {
  switch (random_below(r, 12)) {
  case 0:
  case 1: return of_bits(r, format);
  case 2: return sign(r, extreme(r, format));
  case 3: return random_between(r, -4.0, 4.0);
  case 4: return random_between(r, -40.0, 40.0);
  case 5: return random_between(r, -800.0, 800.0);
  case 6: return sign(r, exp2(random_between(r, -30.0, 30.0)));
  case 7: return sign(r, near(r, places[random_below(r, PLACES)]));
  case 8: return -near(r, negative_places[random_below(r, NEGATIVE_PLACES)]);
  case 9: return sign(r, near(r, quarter_turn(r)));
  case 10: return sign(r, near(r, 1.0));
  default: return sign(r, random_below(r, 2) ? whole(r) : near(r, whole(r)));
  }
}

/* A number that has something to do with a: as large but for a factor of any size, or such that a to the power of it is moderate. */
static double beside(struct random *r, double a) {
  switch (random_below(r, 5)) {
  case 0: return sign(r, a);
  case 1: return sign(r, near(r, a));
  case 2: return sign(r, a * exp2(random_between(r, -60.0, 60.0)));
  case 3: return random_between(r, -760.0, 760.0) / log(fabs(a));
  default: return floor(random_between(r, -760.0, 760.0) / log(fabs(a)));
  }
}

/* Small orders above all. */
static double order(struct random *r) {
  return (double)random_below(r, random_below(r, 8) ? 6 : 180);
}

/* No -0, which is no real number of its own. */
static double rounded(double x, int format) { return (format ? (double)(float)x : x) + 0.0; }

void draw_point(struct random *r, const struct row *row, int format, double *x) {
  for (int i = 0; i < row->arity; i++) {
    bool number = row->partial[i] || row->conditions >> i & 1;
    do
      x[i] = rounded(!number                        ? order(r)
                     : i == 0 || random_below(r, 2) ? one(r, format)
                                                    : beside(r, x[0]),
                     format);
    while (!isfinite(x[i]));
  }
}
