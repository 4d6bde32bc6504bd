/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gamma family in double, which the C library has in part only: lgamma without its global, polygamma.
 * Abramowitz & Stegun 6.3 and 6.4: recurrence up to a large argument, there the asymptotic series; below 0 the reflection. */
#include "graph/kernels.h"
#undef lgamma

double lgamma_r(double a, int *sign_of_gamma); /* POSIX; not declared under -std=c11 */

double tri__lgamma(double a) {
  int sign_of_gamma;
  return lgamma_r(a, &sign_of_gamma);
}

/* Bernoulli numbers B(2k), k = 1 … 12. */
static const double bernoulli[] = {
    1.0 / 6, -1.0 / 30,     1.0 / 42,      -1.0 / 30,         5.0 / 66,       -691.0 / 2730,
    7.0 / 6, -3617.0 / 510, 43867.0 / 798, -174611.0 / 330.0, 854513.0 / 138, -236364091.0 / 2730};
enum { BERNOULLI = sizeof bernoulli / sizeof *bernoulli, COT_ORDER = 60 };

/* (-1)^(n+1) polygamma(n, x) for x large against n (digamma: minus it), A&S 6.3.18 and 6.4.11:
 * (n-1)!/x^n + n!/(2 x^(n+1)) + sum of B(2k) (2k+n-1)! / ((2k)! x^(2k+n)). */
static double asymptotic(double n, double x) {
  double head = n > 0.0 ? tgamma(n) * pow(x, -n) : -log(x), unit = n > 0.0 ? head * n : 1.0;
  double sum = 0.0, factor = unit * (n + 1.0) / (2.0 * x * x); /* (2k+n-1)! / ((2k)! x^(2k+n)) */
  for (int k = 1; k <= BERNOULLI; k++) {
    if (k > 1)
      factor *= (n + 2.0 * k - 2.0) * (n + 2.0 * k - 1.0) / ((2.0 * k - 1.0) * 2.0 * k * x * x);
    sum += bernoulli[k - 1] * factor;
  }
  return head + (unit / x / 2.0 + sum);
}

/* (-1)^(n+1) polygamma(n, x), x > 0: sum of n!/(x+k)^(n+1) up to where the series holds. */
static double positive(double n, double x) {
  double far = 12.0 + n, sum = 0.0, factorial = tgamma(n + 1.0),
         steps = x < far ? ceil(far - x) : 0.0;
  for (double k = steps - 1.0; k >= 0.0; k -= 1.0) sum += factorial * pow(x + k, -(n + 1.0));
  return asymptotic(n, x + steps) + sum;
}

/* The n-th derivative of pi*cot(pi*x): a polynomial in c = cot(pi x), since c' = -pi (1 + c²). */
static double cot_derivative(int n, double x) {
  double p[COT_ORDER + 2] = {0.0, 1.0}, q[COT_ORDER + 3], c = 1.0 / tan(pi * (x - floor(x + 0.5)));
  for (int k = 0; k < n; k++) {
    for (int i = 0; i <= k + 2; i++)
      q[i] = -((i <= k ? (i + 1.0) * p[i + 1] : 0.0) + (i >= 1 ? (i - 1.0) * p[i - 1] : 0.0));
    for (int i = 0; i <= k + 2 && i < COT_ORDER + 2; i++) p[i] = q[i];
  }
  double value = 0.0;
  for (int i = n + 1; i >= 0; i--) value = value * c + p[i];
  return value * pow(pi, n + 1.0);
}

/* x < 0, n above COT_ORDER: the poles nearby are all that counts. */
static double negative_far(double n, double x) {
  double first = floor(-x) - 64.0, sum = 0.0;
  for (double k = first < 0.0 ? 0.0 : first; k <= floor(-x) + 64.0; k += 1.0)
    sum += pow(x + k, -(n + 1.0));
  return tgamma(n + 1.0) * sum;
}

double tri__polygamma(double n, double a) {
  if (!(n >= 0.0) || n != floor(n) || (a <= 0.0 && a == floor(a)) || isnan(a)) return NAN;
  double odd = fmod(n, 2.0), sign = odd != 0.0 ? 1.0 : -1.0;
  if (isinf(a)) return a < 0.0 ? NAN : n > 0.0 ? 0.0 : a;
  if (a > 0.0) return sign * positive(n, a);
  if (n > COT_ORDER) return sign * negative_far(n, a);
  /* polygamma(n, x) = (-1)^n polygamma(n, 1-x) - d^n/dx^n pi cot(pi x), A&S 6.4.7 */
  return -positive(n, 1.0 - a) - cot_derivative((int)n, a);
}
