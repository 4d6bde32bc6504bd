/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The double kernels that rows are written with where the C library has none of that name. Included by the files that compile
 * rows as C (rows.c, the tape). The names of rows shadow those of <math.h> through the macros at the end. */
#ifndef TRIAD_GRAPH_KERNELS_H
#define TRIAD_GRAPH_KERNELS_H

#include <iso646.h>
#include <math.h>
#include <stdbool.h>

static inline double kernel_select(bool condition, double a, double b) { return condition ? a : b; }
static inline double kernel_square(double a) { return a * a; }
static inline double kernel_gate(double a, double b) { return a == 0.0 ? 0.0 : a * b; }
static inline double kernel_sign(double a) { return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : 0.0; }
static inline double kernel_sec(double a) { return 1.0 / cos(a); }
static inline double kernel_csc(double a) { return 1.0 / sin(a); }
static inline double kernel_cot(double a) { return 1.0 / tan(a); }

/* 1/cosh(a) without the overflow of cosh beyond 710: 2t/(1 + t²) with t = exp(-|a|). */
static inline double kernel_sech(double a) {
  double t = exp(-fabs(a));
  return 2.0 * t / (1.0 + t * t);
}

static inline double kernel_sigmoid(double a) {
  double t = exp(-fabs(a));
  return a < 0.0 ? t / (1.0 + t) : 1.0 / (1.0 + t);
}

/* exp(-a²): the rounding error of a² is put back (19 ulps at 25 otherwise). */
static inline double kernel_gaussian(double a) {
  double s = a * a;
  return isfinite(s) ? exp(-s) * (1.0 - fma(a, a, -s)) : exp(-s);
}

double tri__lgamma(double a);
double tri__polygamma(double n, double a);
static inline double kernel_digamma(double a) { return tri__polygamma(0.0, a); }

#define KERNEL_PI 3.14159265358979323846

#endif
