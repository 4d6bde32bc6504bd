/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The rows of ops.def as C: kernel_NAME(a, b, c) for every row's value, and the names that make a row's partials and
 * conditions compile. Include it after all other headers: names such as `select` and `gamma` become macros. */
#ifndef TRIAD_GRAPH_KERNELS_H
#define TRIAD_GRAPH_KERNELS_H

#include <iso646.h>
#include <math.h>
#include <stdbool.h>
#include <triad/graph.h>

/* --- what rows are written with and <math.h> does not have */

/* A condition without a value (NaN) chooses neither. */
static inline double primitive_select(double condition, double a, double b) {
  return isnan(condition) ? condition : condition != 0.0 ? a : b;
}

/* exp(-a²): the rounding error of a² is put back (19 ulps at 25 otherwise). */
static inline double primitive_gaussian(double a) {
  double s = a * a;
  return isfinite(s) ? exp(-s) * (1.0 - fma(a, a, -s)) : exp(-s);
}

double tri__lgamma(double a);
double tri__polygamma(double n, double a);

#define pi 3.14159265358979323846
#define select(condition, a, b) primitive_select(condition, a, b)
#define gaussian(a) primitive_gaussian(a)
#define gamma(a) tgamma(a)
#define lgamma(a) tri__lgamma(a)
#define digamma(a) tri__polygamma(0.0, a)
#define polygamma(n, a) tri__polygamma(n, a)

/* --- values */

#define OP1(name, value, ...)                                                                      \
  static inline double kernel_##name(double a) { return value; }
#define OP2(name, value, ...)                                                                      \
  static inline double kernel_##name(double a, double b) { return value; }
#define OP3(name, value, ...)                                                                      \
  static inline double kernel_##name(double a, double b, double c) { return value; }
#include "graph/ops.def"
#undef OP1
#undef OP2
#undef OP3

/* --- rows that partials use by name and that are not C functions */
#define square(a) kernel_square(a)
#define gate(a, b) kernel_gate(a, b)
#define sign(a) kernel_sign(a)
#define sec(a) kernel_sec(a)
#define csc(a) kernel_csc(a)
#define cot(a) kernel_cot(a)
#define sech(a) kernel_sech(a)
#define sigmoid(a) kernel_sigmoid(a)

#endif
