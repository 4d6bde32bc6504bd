/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The rows of ops.def as C: kernel_NAME(a, b, c) for every row's value, and the names that make a
 * row's partials and conditions compile. Include it after all other headers: names such as `select`
 * and `gamma` become macros. */
#ifndef TRIAD_GRAPH_KERNELS_H
#define TRIAD_GRAPH_KERNELS_H

#include <iso646.h>
#include <math.h>
#include <stdbool.h>
#include <triad/graph.h>

#include "graph/kernel_calls.h"

/* --- what rows are written with and <math.h> does not have */

/* --- select */

/* A condition without a value (NaN) chooses neither. */
static inline double tri__select(double condition, double a, double b) {
  return isnan(condition) ? condition : condition != 0.0 ? a : b;
}

/* --- end */

#define pi 3.14159265358979323846
#define select(condition, a, b) tri__select(condition, a, b)
#define cbrt(a) tri__cbrt(a)
#define sec(a) tri__sec(a)
#define csc(a) tri__csc(a)
#define cot(a) tri__cot(a)
#define sech(a) tri__sech(a)
#define gaussian(a) tri__gaussian(a)
#define sigmoid(a) tri__sigmoid(a)
#define sigmoid_rate(a) tri__sigmoid_rate(a)
#define lorentzian(a) tri__lorentzian(a)
#define unit(a, b) tri__unit(a, b)
#define softplus(a) tri__softplus(a)
#define one_minus_square(a) tri__one_minus_square(a)
#define erfc(a) tri__erfc(a)
#define gamma(a) tri__gamma(a)
#define lgamma(a) tri__lgamma(a)
#define digamma(a) tri__digamma(a)
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

#endif
