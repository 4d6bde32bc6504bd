/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* digamma and polygamma in double, to about half an ulp everywhere: near their zeros too, where they are small differences.
 *
 * With P(z) = sum over k >= 0 of 1/(z + k)^(n+1), for n = 0 without its infinite part (minus digamma):
 *   (-1)^(n+1) psi^(n)(x) / n! = P(x), x > 0                                                                  DLMF 5.15.1
 *   psi^(n)(x) / n! = P(g) - P(1 - x) + (-1)^(n+1) P(1 - g), x < 0, where -x = floor(-x) + g                  by the recurrence
 * P is summed up to where the asymptotic series holds (Abramowitz & Stegun 6.3.18 and 6.4.11), in long double and, where that leaves
 * too few digits, in numbers of twice its precision. */
#include "graph/kernels.h"
#include "graph/wide.h"
#undef digamma
#undef polygamma

/* --- polygamma */

/* Bernoulli numbers B(2k), k = 1 … */
static const long double polygamma_bernoulli[][2] = {
    {1.0L, 6.0L},       {-1.0L, 30.0L},       {1.0L, 42.0L},       {-1.0L, 30.0L},
    {5.0L, 66.0L},      {-691.0L, 2730.0L},   {7.0L, 6.0L},        {-3617.0L, 510.0L},
    {43867.0L, 798.0L}, {-174611.0L, 330.0L}, {854513.0L, 138.0L}, {-236364091.0L, 2730.0L}};
enum { POLYGAMMA_BERNOULLI = sizeof polygamma_bernoulli / sizeof *polygamma_bernoulli };

/* --- in long double */

/* The asymptotic series from the term 1/(2 z^(n+1)) on, divided by 1/z^(n+1): 1/2 + sum of B(2k) (n+2k-1)!/(n! (2k)! z^(2k-1)). */
static long double polygamma_series(long double n, long double z) {
  long double sum = 0.5L, factor = 1.0L / (2.0L * z);
  if (n > 0.0L) factor = (n + 1.0L) * factor;
  for (int k = 1; k <= POLYGAMMA_BERNOULLI; k++) {
    long double j = 2.0L * (long double)k;
    if (k > 1) factor *= (n + j - 2.0L) * (n + j - 1.0L) / ((j - 1.0L) * j * z * z);
    sum += polygamma_bernoulli[k - 1][0] / polygamma_bernoulli[k - 1][1] * factor;
  }
  return sum;
}

/* (z / (z + k))^(n+1). */
static long double polygamma_power_ratio(long double n, long double z, long double k) {
  long double base = z / (z + k), power = 1.0L;
  if (n > 64.0L) return expl(-(n + 1.0L) * log1pl(k / z));
  for (int i = (int)n + 1; i; i >>= 1, base *= base)
    if (i & 1) power *= base;
  return power;
}

/* z^(n+1) P(z), z > 0. Terms that no longer count end it before the series holds. */
static long double polygamma_sum_of(long double n, long double z) {
  long double sum = 0.0L, far = 14.0L + n, k = 0.0L;
  for (; z + k < far; k += 1.0L) {
    long double term = polygamma_power_ratio(n, z, k);
    sum += term;
    if (n > 0.0L && term * (z + k) < sum * LDBL_EPSILON * 0.125L) return sum;
  }
  long double at = z + k, head = n > 0.0L ? at / n : -at * logl(at);
  long double scale = n > 0.0L ? polygamma_power_ratio(n, z, k) : z / at;
  return sum + scale * (polygamma_series(n, at) + head);
}

/* n! / z^(n+1). */
static long double polygamma_leading(long double n, long double z) {
  if (n == 0.0L) return 1.0L / z;
  long double bits = (n + 1.0L) * fabsl(log2l(z));
  if (n > 1700.0L || bits > 16000.0L || LDBL_MAX_EXP < 16000)
    return expl(lgammal(n + 1.0L) - (n + 1.0L) * logl(z));
  return tgammal(n + 1.0L) / powl(z, n + 1.0L);
}

/* --- twice as precise */

static struct wide wide_power(struct wide base, long double n) {
  struct wide power = wide_of(1.0L);
  for (int i = (int)n; i; i >>= 1, base = wide_mul(base, base))
    if (i & 1) power = wide_mul(power, base);
  return power;
}

/* log((1 + t)/(1 - t)) = 2 (t + t^3/3 + …), |t| <= 1/3. */
static struct wide polygamma_log_of_quotient(struct wide t) {
  struct wide square = wide_mul(t, t), power = t, sum = t;
  for (long double k = 3.0L; fabsl(power.hi) > fabsl(t.hi) * 1e-40L; k += 2.0L) {
    power = wide_mul(power, square);
    sum = wide_add(sum, wide_div(power, wide_of(k)));
  }
  return wide_mul(wide_of(2.0L), sum);
}

static struct wide wide_log(struct wide z) {
  int exponent;
  if (frexpl(z.hi, &exponent) < 0.7071L) exponent--;
  struct wide m = {ldexpl(z.hi, -exponent), ldexpl(z.lo, -exponent)}, one = wide_of(1.0L);
  struct wide two = polygamma_log_of_quotient(wide_div(one, wide_of(3.0L))); /* log 2 */
  struct wide t = wide_div(wide_add(m, wide_negative(one)), wide_add(m, one));
  return wide_add(wide_mul(wide_of((long double)exponent), two), polygamma_log_of_quotient(t));
}

/* As series, times 1/z^(n+1). */
static struct wide wide_series(long double n, struct wide z) {
  struct wide sum = wide_of(0.5L), square = wide_mul(z, z), factor;
  factor = wide_div(wide_of(n > 0.0L ? (n + 1.0L) / 2.0L : 0.5L), z);
  for (int k = 1; k <= POLYGAMMA_BERNOULLI; k++) {
    long double j = 2.0L * (long double)k;
    if (k > 1)
      factor = wide_div(wide_mul(factor, wide_of((n + j - 2.0L) * (n + j - 1.0L))),
                        wide_mul(wide_of((j - 1.0L) * j), square));
    struct wide b =
        wide_div(wide_of(polygamma_bernoulli[k - 1][0]), wide_of(polygamma_bernoulli[k - 1][1]));
    sum = wide_add(sum, wide_mul(b, factor));
  }
  return wide_div(sum, wide_power(z, n + 1.0L));
}

/* P(z). */
static struct wide wide_sum_of(long double n, struct wide z) {
  struct wide sum = wide_of(0.0L), one = wide_of(1.0L);
  long double far = 64.0L + 8.0L * n;
  for (; z.hi < far; z = wide_add(z, one)) {
    struct wide term = wide_div(one, wide_power(z, n + 1.0L));
    sum = wide_add(sum, term);
    if (n > 0.0L && term.hi * z.hi < sum.hi * 1e-40L) return sum;
  }
  struct wide head =
      n > 0.0L ? wide_div(one, wide_mul(wide_of(n), wide_power(z, n))) : wide_negative(wide_log(z));
  return wide_add(sum, wide_add(head, wide_series(n, z)));
}

/* --- both signs of x */

/* n! P(z). */
static long double polygamma_part(long double n, long double z) {
  return polygamma_leading(n, z) * polygamma_sum_of(n, z);
}

/* Whether a sum is so much smaller than its parts that it has to be computed anew; orders beyond are not worth it. */
static bool polygamma_cancels(long double n, long double sum, long double largest) {
  return n <= 200.0L && fabsl(sum) < largest * 0.02L;
}

static long double polygamma_positive(long double n, long double x) {
  long double p = polygamma_part(n, x);
  if (n == 0.0L && polygamma_cancels(n, p, 2.7L) && x < 2.0L)
    p = wide_value(wide_sum_of(n, wide_of(x)));
  return fmodl(n, 2.0L) != 0.0L ? p : -p;
}

static long double polygamma_negative(long double n, double x) {
  double g = -x - floor(-x);
  bool odd = fmodl(n, 2.0L) != 0.0L;
  long double near = polygamma_part(n, g), far = polygamma_part(n, 1.0L - (long double)x),
              other = polygamma_part(n, 1.0L - (long double)g);
  long double sum = near + (odd ? other : -other) - far; /* near and other may cancel exactly */
  if (!polygamma_cancels(n, sum, fmaxl(fabsl(near), fmaxl(fabsl(far), fabsl(other))))) return sum;
  struct wide a = wide_sum_of(n, wide_of(g)), b = wide_sum_of(n, wide_sum(1.0L, -(long double)x)),
              c = wide_sum_of(n, wide_sum(1.0L, -(long double)g));
  struct wide s = wide_add(wide_add(a, odd ? c : wide_negative(c)), wide_negative(b));
  return tgammal(n + 1.0L) * wide_value(s);
}

double tri__polygamma(double n, double a) {
  if (!(n >= 0.0) || n != floor(n) || (a <= 0.0 && a == floor(a)) || isnan(a)) return NAN;
  if (isinf(a)) return a < 0.0 ? (double)NAN : n > 0.0 ? 0.0 : a;
  return (double)(a > 0.0 ? polygamma_positive((long double)n, (long double)a)
                          : polygamma_negative((long double)n, a));
}

/* --- digamma */

double tri__digamma(double a) { return tri__polygamma(0.0, a); }
