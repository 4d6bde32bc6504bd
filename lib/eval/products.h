/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Products of matrices of floats: by the CBLAS, or by oneDNN where triad was built with it and it
 * is the faster of the two. */
#ifndef TRIAD_EVAL_PRODUCTS_H
#define TRIAD_EVAL_PRODUCTS_H

#include <cblas.h>
#include <stdbool.h>

/* A matrix, by rows or turned, whose rows as they lie begin `leading` numbers apart. */
struct float_matrix {
  const float *data;
  int leading;
  bool turned;
};

/* c [m, n] = beta c + alpha a [m, k] b [k, n], on the caller's thread alone as far as oneDNN is
 * concerned; the CBLAS's threads are the program's to switch off. Which of the two it is depends on
 * the shape only. */
void tri__sgemm(int m, int n, int k, float alpha, struct float_matrix a, struct float_matrix b,
                float beta, float *c, int leading);

#endif
