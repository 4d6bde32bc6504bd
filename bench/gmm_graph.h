/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Gaussian mixture model (gmm.h) as loops over its points and its Gaussians. */
#ifndef TRIAD_BENCH_GMM_GRAPH_H
#define TRIAD_BENCH_GMM_GRAPH_H

#include "bench/gmm.h"
#include "bench/graphs.h"

enum { GMM_MOST = 256 }; /* dimensions */

/* 0.5 |Q (x - mean)|² of one Gaussian: from its parts */
static inline tri_expr gmm_half_distance(tri_graph *g, int d, tri_expr x, tri_expr mean,
                                         tri_expr diagonal, tri_expr icf) {
  int next = d;
  tri_expr y[GMM_MOST], centred[GMM_MOST], sum = tri_integer(g, 0);
  for (int i = 0; i < d; i++) {
    centred[i] = tri_sub(tri_element(x, (size_t)i), tri_element(mean, (size_t)i));
    y[i] = tri_mul(tri_element(diagonal, (size_t)i), centred[i]);
  }
  for (int i = 0; i < d; i++)
    for (int j = i + 1; j < d; j++)
      y[j] = tri_add(y[j], tri_mul(tri_element(icf, (size_t)next++), centred[i]));
  for (int i = 0; i < d; i++) sum = tri_add(sum, tri_square(y[i]));
  return tri_div(sum, tri_integer(g, 2));
}

/* What does not change from point to point: exp of the diagonals, and the sums of their logarithms. */
struct gmm_parts {
  tri_expr icf, diagonal, sum; /* variables: of one Gaussian */
  tri_expr diagonals, sums;    /* of all */
};

static inline struct gmm_parts gmm_parts(tri_graph *g, const struct gmm *p, tri_expr icf) {
  struct gmm_parts parts = {.icf = graph_array(g, "q", gmm_icf(p), 0),
                            .diagonal = graph_array(g, "diagonal", p->d, 0),
                            .sum = tri_variable(g, "sum")};
  tri_expr e[GMM_MOST], total = tri_integer(g, 0);
  for (int i = 0; i < p->d; i++) {
    tri_expr q = tri_element(parts.icf, (size_t)i);
    e[i] = tri_exp(q);
    total = tri_add(total, q);
  }
  parts.diagonals = graph_over(g, p->k, 1, &parts.icf, &icf, tri_stack((size_t)p->d, e), 0);
  parts.sums = graph_over(g, p->k, 1, &parts.icf, &icf, total, 0);
  return parts;
}

/* in: alphas [k], means [k, d], icf [k, gmm_icf], x [n, d] */
static inline tri_expr gmm_likelihood(tri_graph *g, const struct gmm *p, const tri_expr *in,
                                      const struct gmm_parts *parts) {
  tri_expr xi = graph_array(g, "xi", p->d, 0), alpha = tri_variable(g, "alpha"),
           mean = graph_array(g, "mean", p->d, 0);
  tri_expr term = tri_sub(tri_add(alpha, parts->sum),
                          gmm_half_distance(g, p->d, xi, mean, parts->diagonal, parts->icf));
  tri_expr terms =
      graph_over(g, p->k, 5, (tri_expr[]){alpha, mean, parts->icf, parts->diagonal, parts->sum},
                 (tri_expr[]){in[0], in[1], in[2], parts->diagonals, parts->sums}, term, 0);
  tri_expr sum = graph_over(g, p->n, 1, &xi, in + 3, graph_logsumexp(g, p->k, terms), 1);
  return tri_sub(sum, tri_mul(tri_integer(g, p->n), graph_logsumexp(g, p->k, in[0])));
}

/* gmm_prior(p) */
static inline tri_expr gmm_prior_graph(tri_graph *g, const struct gmm *p, tri_expr icf,
                                       const struct gmm_parts *parts) {
  tri_expr squares = tri_integer(g, 0);
  for (int i = 0; i < p->d; i++)
    squares = tri_add(squares, tri_square(tri_element(parts->diagonal, (size_t)i)));
  for (int i = p->d; i < gmm_icf(p); i++)
    squares = tri_add(squares, tri_square(tri_element(parts->icf, (size_t)i)));
  tri_expr gamma = tri_double(g, 0.5 * p->gamma * p->gamma);
  return graph_over(g, p->k, 3, (tri_expr[]){parts->icf, parts->diagonal, parts->sum},
                    (tri_expr[]){icf, parts->diagonals, parts->sums},
                    tri_sub(tri_mul(gamma, squares), tri_mul(tri_integer(g, p->m), parts->sum)), 1);
}

/* plain_gmm(p), or where it is `corrected` with the logarithm of the prior and not its negative, which ADBench adds. */
static inline tri_expr gmm_graph(tri_graph *g, const struct gmm *p, const tri_expr *in,
                                 int corrected) {
  const struct gmm_parts parts = gmm_parts(g, p, in[2]);
  tri_expr likelihood = gmm_likelihood(g, p, in, &parts);
  tri_expr prior = gmm_prior_graph(g, p, in[2], &parts);
  tri_expr sum = tri_add(likelihood, tri_double(g, gmm_constant(p, corrected)));
  return corrected ? tri_sub(sum, prior) : tri_add(sum, prior);
}

#endif
