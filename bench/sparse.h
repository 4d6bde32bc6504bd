/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Functions whose Hessians are sparse, in plain C at -O3, with their Hessians by hand:
 *   extended  Σ 100(x[2i+1] - x[2i]²)² + (1 - x[2i])², the extended Rosenbrock function: blocks of 2 by 2 (J. Moré, B. Garbow, K. Hillstrom,
 *             "Testing unconstrained optimization software", ACM Trans. Math. Softw. 7, 1981, number 21)
 *   chain     Σ 100(x[i+1] - x[i]²)² + (1 - x[i])²: three diagonals */
#ifndef TRIAD_BENCH_SPARSE_H
#define TRIAD_BENCH_SPARSE_H

#include "problems.h"

/* A Hessian: entries (i, i), and below them entries (i + 1, i). */
struct band {
  double *diagonal, *below;
};

/* A function of n variables, n > 0 and even: a term for each `step` variables. */
struct sparse_problem {
  const char *name;
  int step;
};

static const struct sparse_problem sparse_extended = {"extended", 2}, sparse_chain = {"chain", 1};

PROBLEM_PLAIN double plain_sparse(const struct sparse_problem *p, size_t n, const double *x) {
  double sum = 0.0;
  for (size_t i = 0; i + 1 < n; i += (size_t)p->step) {
    double t = x[i + 1] - x[i] * x[i], u = 1.0 - x[i];
    sum += 100.0 * t * t + u * u;
  }
  return sum;
}

PROBLEM_PLAIN void hand_sparse(const struct sparse_problem *p, size_t n, const double *x,
                               const struct band *hessian) {
  for (size_t i = 0; i < n; i++) hessian->diagonal[i] = hessian->below[i] = 0.0;
  for (size_t i = 0; i + 1 < n; i += (size_t)p->step) {
    hessian->diagonal[i] += 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0;
    hessian->diagonal[i + 1] += 200.0;
    hessian->below[i] = -400.0 * x[i];
  }
}

/* x[i] = 1 + i / n in turn with -1 - i / n */
static inline void sparse_point(size_t n, double *x) {
  for (size_t i = 0; i < n; i++) x[i] = (i % 3 ? 1.0 : -1.0) * (1.0 + (double)i / (double)n);
}

#endif
