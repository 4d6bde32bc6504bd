/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* gmm: the log-posterior of a Gaussian mixture model, and its gradient. The suite's q and l are the
 * diagonals and the rest of bench/gmm.h's icf; it once had means and icf as ADBench has them, with
 * ADBench's sign of the prior and one list as gradient, which is answered as well. */
#include "gradbench.h"

#include "bench/gmm_graph.h"

enum {
  D,
  K,
  N,
  M,
  GAMMA,
  OLD
}; /* the sizes; gamma is a constant of the graph, and stands there as its bits */

static int64_t rest_of(const int64_t *size) { return size[D] * (size[D] - 1) / 2; }

/* The rows of q and l, which lie one after the other at `from`, joined row by row. */
static void join_rows(gb_job *job, size_t from, size_t rows, size_t nq, size_t nl) {
  size_t all = rows * (nq + nl);
  double *joined = malloc((all + 1) * sizeof *joined), *q = job->inputs + from, *l = q + rows * nq;
  if (!joined) {
    gb_wrong(job, "out of memory");
    return;
  }
  for (size_t i = 0; i < rows; i++) {
    memcpy(joined + i * (nq + nl), q + i * nq, nq * sizeof *q);
    memcpy(joined + i * (nq + nl) + nq, l + i * nl, nl * sizeof *l);
  }
  memcpy(q, joined, all * sizeof *q);
  free(joined);
}

static void read_rows(gb_job *job, const json_t *input) {
  const int64_t *size = job->size;
  size_t from = job->count;
  gb_array(job, input, "q", 2, (int64_t[]){size[K], size[D]});
  gb_array(job, input, "l", 2, (int64_t[]){size[K], rest_of(size)});
  if (!job->error[0]) join_rows(job, from, (size_t)size[K], (size_t)size[D], (size_t)rest_of(size));
}

void gmm_read(gb_job *job, const json_t *input) {
  int64_t *size = job->size;
  size[D] = gb_integer(job, input, "d", 1, GMM_MOST);
  size[K] = gb_integer(job, input, "k", 1, 1000000);
  size[N] = gb_integer(job, input, "n", 1, 100000000);
  size[M] = gb_integer(job, input, "m", 0, 1000000);
  double gamma = gb_number(job, input, "gamma");
  if (!(gamma > 0.0)) gb_wrong(job, "\"gamma\" is %g, which is not positive", gamma);
  memcpy(size + GAMMA, &gamma, sizeof gamma);
  gb_array(job, input, "alpha", 1, (int64_t[]){size[K]});
  size[OLD] = json_object_get(input, "icf") != NULL;
  if (size[OLD]) {
    gb_array(job, input, "means", 2, (int64_t[]){size[K], size[D]});
    gb_array(job, input, "icf", 2, (int64_t[]){size[K], size[D] + rest_of(size)});
  } else {
    gb_array(job, input, "mu", 2, (int64_t[]){size[K], size[D]});
    read_rows(job, input);
  }
  gb_array(job, input, "x", 2, (int64_t[]){size[N], size[D]});
}

void gmm_build(gb_graph *b) {
  const int64_t *size = b->size;
  struct gmm p = {.d = (int)size[D], .k = (int)size[K], .n = (int)size[N], .m = (int)size[M]};
  memcpy(&p.gamma, size + GAMMA, sizeof p.gamma);
  gb_in(b, graph_array(b->g, "alphas", p.k, 0));
  gb_in(b, graph_array(b->g, "means", p.k, p.d));
  gb_in(b, graph_array(b->g, "icf", p.k, gmm_icf(&p)));
  gb_in(b, graph_array(b->g, "x", p.n, p.d));
  gb_gradient(b, gmm_graph(b->g, &p, b->in, !size[OLD]), 3);
}

/* The q or l of rows that have both. */
static json_t *part_of_rows(const double *icf, size_t rows, size_t each, size_t from, size_t n) {
  json_t *array = json_array();
  for (size_t i = 0; array && i < rows; i++)
    if (json_array_append_new(array, gb_vector(icf + i * each + from, n))) {
      json_decref(array);
      array = NULL;
    }
  return array;
}

json_t *gmm_write(const gb_model *m) {
  size_t d = (size_t)m->size[D], k = (size_t)m->size[K], rest = (size_t)rest_of(m->size);
  const double *alpha = m->output[0] + 1, *mu = alpha + k, *icf = mu + k * d;
  if (m->size[OLD]) return gb_vector(alpha, k * (1 + 2 * d + rest));
  return json_pack("{s:o, s:o, s:o, s:o}", "alpha", gb_vector(alpha, k), "mu", gb_matrix(mu, k, d),
                   "q", part_of_rows(icf, k, d + rest, 0, d), "l",
                   part_of_rows(icf, k, d + rest, d, rest));
}
