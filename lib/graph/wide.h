/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers of twice the precision of long double, as a sum of two: for the few places where a kernel is the small difference of large
 * numbers. Dekker, "A floating-point technique for extending the available precision", 1971: each operation is right to a few units of
 * the last of both parts. Compiled without contraction or excess precision. */
#ifndef TRIAD_GRAPH_WIDE_H
#define TRIAD_GRAPH_WIDE_H

#include <float.h>
#include <math.h>

/* --- polygamma */

struct wide {
  long double hi, lo;
};

static inline struct wide wide_pair(long double hi, long double lo) {
  struct wide pair = {hi, lo};
  return pair;
}

/* a + b exactly (Knuth). */
static inline struct wide wide_sum(long double a, long double b) {
  long double s = a + b, t = s - a;
  return wide_pair(s, (a - (s - t)) + (b - t));
}

static inline struct wide wide_of(long double a) { return wide_pair(a, 0.0L); }

/* The upper half of a's digits (Veltkamp). */
static inline long double wide_upper(long double a) {
  const long double split = (long double)(1ULL << ((LDBL_MANT_DIG + 1) / 2)) + 1.0L;
  long double t = split * a;
  return t - (t - a);
}

/* a * b exactly. */
static inline struct wide wide_times(long double a, long double b) {
  long double p = a * b, ah = wide_upper(a), bh = wide_upper(b), al = a - ah, bl = b - bh;
  return wide_pair(p, ((ah * bh - p) + ah * bl + al * bh) + al * bl);
}

static inline struct wide wide_add(struct wide a, struct wide b) {
  struct wide s = wide_sum(a.hi, b.hi), t = wide_sum(a.lo, b.lo);
  s = wide_sum(s.hi, s.lo + t.hi);
  return wide_sum(s.hi, s.lo + t.lo);
}

static inline struct wide wide_negative(struct wide a) { return wide_pair(-a.hi, -a.lo); }

static inline struct wide wide_mul(struct wide a, struct wide b) {
  struct wide p = wide_times(a.hi, b.hi);
  return wide_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline struct wide wide_div(struct wide a, struct wide b) {
  long double q = a.hi / b.hi;
  struct wide rest = wide_add(a, wide_negative(wide_mul(wide_of(q), b)));
  long double next = rest.hi / b.hi;
  rest = wide_add(rest, wide_negative(wide_mul(wide_of(next), b)));
  return wide_add(wide_sum(q, next), wide_of(rest.hi / b.hi));
}

static inline long double wide_value(struct wide a) { return a.hi + a.lo; }

/* --- end */

#endif
