/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Kernels that the C library does not have in double, or not to an ulp. They are computed in long double and rounded once: where that
 * is no wider than double (some systems' is not), they are right to two or three ulps instead.
 *
 * Emitted C holds the sections below that it needs, with a name of its own before each tri__: a section is named as its function is,
 * calls only sections above it, and compiles as C11 and as C++17 without a warning. So do those of kernels.h, wide.h and polygamma.c. */
#include "config.h"

#include "graph/kernels.h"

#include <float.h>
#undef gamma
#undef lgamma

/* --- squares_fit */

/* Whether a sum of squares kept its digits whatever the range of long double, which need not be wider than double's (it is not under
 * valgrind). */
static bool tri__squares_fit(long double sum) { return sum > 1e-290L && sum < 1e290L; }

/* --- cbrt */

double tri__cbrt(double a) { return (double)cbrtl((long double)a); }

/* --- sec */

double tri__sec(double a) { return (double)(1.0L / cosl((long double)a)); }

/* --- csc */

double tri__csc(double a) { return (double)(1.0L / sinl((long double)a)); }

/* --- cot */

double tri__cot(double a) { return (double)(1.0L / tanl((long double)a)); }

/* --- sech */

/* 2/(e^a + e^-a) without what overflows. */
double tri__sech(double a) {
  long double e = expl(-fabsl((long double)a));
  return (double)(2.0L * e / (1.0L + e * e));
}

/* --- gaussian */

/* exp(-a²): the rounding error of a² is put back (19 ulps at 25 otherwise). */
double tri__gaussian(double a) {
  double s = a * a;
  if (!(s < 1e4)) return exp(-s);
  return (double)(expl(-(long double)s) * (1.0L - (long double)fma(a, a, -s)));
}

/* --- sigmoid */

double tri__sigmoid(double a) { return (double)(1.0L / (1.0L + expl(-(long double)a))); }

/* --- sigmoid_rate */

double tri__sigmoid_rate(double a) {
  long double e = expl(-fabsl((long double)a)), d = 1.0L + e;
  return (double)(e / (d * d));
}

/* --- lorentzian */

double tri__lorentzian(double a) {
  long double x = (long double)a;
  if (tri__squares_fit(1.0L + x * x)) return (double)(1.0L / (1.0L + x * x));
  long double h = hypot(1.0, a);
  return (double)(1.0L / h / h);
}

/* --- unit */

double tri__unit(double a, double b) {
  long double x = (long double)a, y = (long double)b, sum = x * x + y * y;
  if (a == 0.0 && !isnan(b)) return 0.0;
  if (!tri__squares_fit(sum) && isfinite(a) && isfinite(b)) {
    int scale = -ilogb(fmax(fabs(a), fabs(b)));
    x = (long double)scalbn(a, scale);
    y = (long double)scalbn(b, scale);
    sum = x * x + y * y;
  }
  return (double)(x / sqrtl(sum));
}

/* --- softplus */

/* log(1 + e^a) without what overflows. */
double tri__softplus(double a) {
  long double small = log1pl(expl(-fabsl((long double)a)));
  return (double)(a > 0.0 ? (long double)a + small : small);
}

/* --- one_minus_square */

/* Rounded once. */
double tri__one_minus_square(double a) { return fma(-a, a, 1.0); }

/* --- erfc */

double tri__erfc(double a) { return (double)erfcl((long double)a); }

/* --- gamma */

double tri__gamma(double a) { return (double)tgammal((long double)a); }

/* --- lgamma */

/* Without the global variable of lgamma, where configure found a way. */
double tri__lgamma(double a) {
#if defined(HAVE_LGAMMAL_R)
  int sign_of_gamma;
  long double lgammal_r(long double, int *);
  return (double)lgammal_r((long double)a, &sign_of_gamma);
#elif defined(HAVE_LGAMMA_R)
  int sign_of_gamma;
  double lgamma_r(double, int *);
  return lgamma_r(a, &sign_of_gamma);
#else
  return (double)lgammal((long double)a);
#endif
}
