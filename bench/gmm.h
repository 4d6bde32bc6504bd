/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Gaussian mixture model of ADBench (F. Srajer, Z. Kukelova, A. Fitzgibbon, "A benchmark of
 * selected algorithmic differentiation tools on some problems in computer vision and machine
 * learning", Optimization Methods and Software 33 (2018)): the log-posterior of n points of
 * dimension d in a mixture of k Gaussians, whose inverse covariances' factors are Q: exp of the
 * first d numbers of icf on the diagonal, the others below it, column by column; a Wishart prior.
 * In plain C, and with its gradient by hand. */
#ifndef TRIAD_BENCH_GMM_H
#define TRIAD_BENCH_GMM_H

#include "problems.h"

struct gmm {
  int d, k, n, m; /* m, gamma: of the prior */
  double gamma;
  double *alphas, *means, *icf, *x;       /* k; k * d; k * icf_size; n * d */
  double *diagonal, *sums, *terms, *work; /* room: k * d, k, k, 2 * d */
};

static inline int gmm_icf(const struct gmm *p) { return p->d * (p->d + 1) / 2; }

/* log of the multivariate gamma function */
static inline double gmm_log_gamma(double a, int d) {
  double sum = 0.25 * d * (d - 1) * log(3.14159265358979323846);
  for (int j = 1; j <= d; j++) sum += lgamma(a + 0.5 * (1 - j));
  return sum;
}

/* What does not depend on the parameters; of the prior the constant is subtracted, or added where
 * it is `corrected` (gmm_graph.h). */
static inline double gmm_constant(const struct gmm *p, int corrected) {
  int degrees = p->d + p->m + 1;
  double prior =
      degrees * p->d * (log(p->gamma) - 0.5 * log(2.0)) - gmm_log_gamma(0.5 * degrees, p->d);
  return -p->n * p->d * 0.5 * log(2.0 * 3.14159265358979323846) +
         (corrected ? p->k : -p->k) * prior;
}

PROBLEM_PLAIN void gmm_prepare(const struct gmm *p) {
  for (int k = 0; k < p->k; k++) {
    p->sums[k] = 0.0;
    for (int i = 0; i < p->d; i++) {
      double q = p->icf[k * gmm_icf(p) + i];
      p->diagonal[k * p->d + i] = exp(q);
      p->sums[k] += q;
    }
  }
}

/* y = Q (x - mean), and the sum of its squares. */
PROBLEM_PLAIN double gmm_distance(const struct gmm *p, int k, const double *x, double *centred,
                                  double *y) {
  const int d = p->d;
  const double *mean = p->means + k * d, *diagonal = p->diagonal + k * d;
  const double *below = p->icf + k * gmm_icf(p) + d;
  double sum = 0.0;
  for (int i = 0; i < d; i++) centred[i] = x[i] - mean[i];
  for (int i = 0; i < d; i++) y[i] = diagonal[i] * centred[i];
  for (int i = 0; i < d; i++) {
    for (int j = i + 1; j < d; j++) y[j] += below[j - i - 1] * centred[i];
    below += d - i - 1;
  }
  for (int i = 0; i < d; i++) sum += y[i] * y[i];
  return sum;
}

PROBLEM_PLAIN double gmm_logsumexp(int n, const double *x) {
  double most = x[0];
  for (int i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
  double sum = exp(x[0] - most);
  for (int i = 1; i < n; i++) sum += exp(x[i] - most);
  return most + log(sum);
}

PROBLEM_PLAIN double gmm_prior(const struct gmm *p) {
  double total = 0.0;
  for (int k = 0; k < p->k; k++) {
    double squares = 0.0;
    for (int i = 0; i < p->d; i++) squares += p->diagonal[k * p->d + i] * p->diagonal[k * p->d + i];
    for (int i = p->d; i < gmm_icf(p); i++) {
      double q = p->icf[k * gmm_icf(p) + i];
      squares += q * q;
    }
    total += 0.5 * p->gamma * p->gamma * squares - p->m * p->sums[k];
  }
  return total;
}

PROBLEM_PLAIN double plain_gmm(const struct gmm *p) {
  double total = 0.0;
  gmm_prepare(p);
  for (int i = 0; i < p->n; i++) {
    for (int k = 0; k < p->k; k++)
      p->terms[k] = p->alphas[k] + p->sums[k] -
                    0.5 * gmm_distance(p, k, p->x + i * p->d, p->work, p->work + p->d);
    total += gmm_logsumexp(p->k, p->terms);
  }
  return gmm_constant(p, 0) + total - p->n * gmm_logsumexp(p->k, p->alphas) + gmm_prior(p);
}

/* Adds one point's share of the gradient by the parameters of Gaussian k, of weight w in it. */
PROBLEM_PLAIN void gmm_add(const struct gmm *p, int k, double w, const double *x, double *means,
                           double *icf) {
  const int d = p->d;
  double *centred = p->work, *y = p->work + d;
  const double *diagonal = p->diagonal + k * d, *below = p->icf + k * gmm_icf(p) + d;
  double *by_below = icf + k * gmm_icf(p) + d;
  gmm_distance(p, k, x, centred, y);
  for (int i = 0; i < d; i++) {
    double sum = diagonal[i] * y[i];
    icf[k * gmm_icf(p) + i] += w * (1.0 - y[i] * centred[i] * diagonal[i]);
    for (int j = i + 1; j < d; j++) {
      sum += below[j - i - 1] * y[j];
      by_below[j - i - 1] -= w * y[j] * centred[i];
    }
    means[k * d + i] += w * sum;
    below += d - i - 1;
    by_below += d - i - 1;
  }
}

/* gradient: by alphas, means, icf */
PROBLEM_PLAIN double hand_gmm(const struct gmm *p, double *gradient) {
  double *alphas = gradient, *means = alphas + p->k, *icf = means + p->k * p->d, total = 0.0;
  gmm_prepare(p);
  double all = gmm_logsumexp(p->k, p->alphas);
  for (int k = 0; k < p->k; k++) alphas[k] = -p->n * exp(p->alphas[k] - all);
  for (int i = 0; i < p->k * p->d; i++) means[i] = 0.0;
  for (int k = 0; k < p->k; k++)
    for (int i = 0; i < gmm_icf(p); i++) {
      double q = i < p->d ? p->diagonal[k * p->d + i] : p->icf[k * gmm_icf(p) + i];
      icf[k * gmm_icf(p) + i] =
          p->gamma * p->gamma * q * (i < p->d ? q : 1.0) - (i < p->d ? p->m : 0);
    }
  for (int i = 0; i < p->n; i++) {
    for (int k = 0; k < p->k; k++)
      p->terms[k] = p->alphas[k] + p->sums[k] -
                    0.5 * gmm_distance(p, k, p->x + i * p->d, p->work, p->work + p->d);
    double lse = gmm_logsumexp(p->k, p->terms);
    total += lse;
    for (int k = 0; k < p->k; k++) {
      double w = exp(p->terms[k] - lse);
      alphas[k] += w;
      gmm_add(p, k, w, p->x + i * p->d, means, icf);
    }
  }
  return gmm_constant(p, 0) + total - p->n * all + gmm_prior(p);
}

static inline void gmm_open(struct gmm *p) {
  size_t d = (size_t)p->d, k = (size_t)p->k;
  p->alphas = bench_numbers(k);
  p->means = bench_numbers(k * d);
  p->icf = bench_numbers(k * (size_t)gmm_icf(p));
  p->x = bench_numbers((size_t)p->n * d);
  p->diagonal = bench_numbers(k * d);
  p->sums = bench_numbers(k);
  p->terms = bench_numbers(k);
  p->work = bench_numbers(2 * d);
}

static inline void gmm_close(struct gmm *p) {
  double *all[] = {p->alphas, p->means, p->icf, p->x, p->diagonal, p->sums, p->terms, p->work};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

#endif
