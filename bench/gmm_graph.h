/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Gaussian mixture model (gmm.h) as loops over its points and its Gaussians. */
#ifndef TRIAD_BENCH_GMM_GRAPH_H
#define TRIAD_BENCH_GMM_GRAPH_H

#include "bench/gmm.h"
#include "bench/graphs.h"

enum { GMM_MOST = 256, GMM_FEW = 32 }; /* dimensions */

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

/* What does not change from point to point: exp of the diagonals, and the sums of their
 * logarithms. */
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

/* --- by products of matrices: for many dimensions */

/* Which rows of exp(q), l…, 0 the elements of a lower triangular matrix [d, d] are: the diagonal,
 * what is below it column by column, zeros. */
static inline tri_expr gmm_places(tri_graph *g, int d) {
  size_t size = (size_t)d * (size_t)d;
  tri_expr *place = malloc(size * sizeof *place);
  int next = d, zero = d * (d + 1) / 2;
  if (!place) exit(EXIT_FAILURE);
  for (int j = 0; j < d; j++)
    for (int i = 0; i < d; i++)
      place[i * d + j] = tri_integer(g, i == j ? j : i > j ? next++ : zero);
  tri_expr places = tri_stack(size, place);
  free(place);
  return places;
}

static inline tri_expr gmm_shaped(tri_expr x, size_t rank, int a, int b, int c) {
  tri_extent dims[] = {tri_extent_of(a), tri_extent_of(b), tri_extent_of(c)};
  return tri_reshape(x, rank, dims);
}

/* The factors Q [k, d, d]. */
static inline tri_expr gmm_factors(tri_graph *g, const struct gmm *p, tri_expr icf) {
  int d = p->d, k = p->k;
  tri_expr columns = tri_transpose(icf, 2, NULL);
  tri_expr zero = tri_repeat(tri_repeat(tri_integer(g, 0), tri_extent_of(k)), tri_extent_of(1));
  tri_expr all[] = {tri_exp(tri_slice(columns, 0, d)), tri_slice(columns, d, gmm_icf(p) - d), zero};
  tri_expr rows = tri_gather_all(tri_concat(3, all, 0), gmm_places(g, d));
  return gmm_shaped(tri_transpose(rows, 2, NULL), 3, k, d, d);
}

/* |Q (x - mean)|² for every point and Gaussian, [n, k]: one product of [x, 1] with the matrices [Q,
 * -Q mean]. */
static inline tri_expr gmm_distances(tri_graph *g, const struct gmm *p, const tri_expr *in) {
  int d = p->d, k = p->k, n = p->n;
  tri_expr q = gmm_factors(g, p, in[2]), offset = tri_neg(tri_contract(q, in[1], 1, 1));
  tri_expr factors = tri_concat(2, (tri_expr[]){q, gmm_shaped(offset, 3, k, d, 1)}, 2);
  tri_expr ones = tri_repeat(tri_repeat(tri_integer(g, 1), tri_extent_of(1)), tri_extent_of(n));
  tri_expr points = tri_concat(2, (tri_expr[]){in[3], ones}, 1);
  tri_expr y = tri_contract(points, factors, 0, 1);
  return tri_contract(y, y, 2, 1);
}

static inline tri_expr gmm_likelihood_by_products(tri_graph *g, const struct gmm *p,
                                                  const tri_expr *in,
                                                  const struct gmm_parts *parts) {
  tri_expr row = graph_array(g, "row", p->k, 0), squares = gmm_distances(g, p, in),
           weights = tri_add(in[0], parts->sums);
  tri_expr terms = tri_sub(weights, tri_div(row, tri_integer(g, 2)));
  tri_expr sum = graph_over(g, p->n, 1, &row, &squares, graph_logsumexp(g, p->k, terms), 1);
  return tri_sub(sum, tri_mul(tri_integer(g, p->n), graph_logsumexp(g, p->k, in[0])));
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

/* plain_gmm(p), or where it is `corrected` with the logarithm of the prior and not its negative,
 * which ADBench adds. */
static inline tri_expr gmm_graph(tri_graph *g, const struct gmm *p, const tri_expr *in,
                                 int corrected) {
  const struct gmm_parts parts = gmm_parts(g, p, in[2]);
  tri_expr likelihood = p->d < GMM_FEW ? gmm_likelihood(g, p, in, &parts)
                                       : gmm_likelihood_by_products(g, p, in, &parts);
  tri_expr prior = gmm_prior_graph(g, p, in[2], &parts);
  tri_expr sum = tri_add(likelihood, tri_double(g, gmm_constant(p, corrected)));
  return corrected ? tri_sub(sum, prior) : tri_add(sum, prior);
}

#endif
