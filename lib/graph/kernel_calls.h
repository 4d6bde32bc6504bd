/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The functions of kernels.c and polygamma.c that rows call and <math.h> does not have. Unlike
 * kernels.h this makes no name a macro. */
#ifndef TRIAD_GRAPH_KERNEL_CALLS_H
#define TRIAD_GRAPH_KERNEL_CALLS_H

double tri__cbrt(double a);
double tri__sec(double a);
double tri__csc(double a);
double tri__cot(double a);
double tri__sech(double a);
double tri__gaussian(double a);
double tri__sigmoid(double a);
double tri__sigmoid_rate(double a);
double tri__lorentzian(double a);
double tri__softplus(double a);
double tri__one_minus_square(double a);
double tri__unit(double a, double b);
double tri__erfc(double a);
double tri__gamma(double a);
double tri__lgamma(double a);
double tri__polygamma(double n, double a);
double tri__digamma(double a);

#endif
