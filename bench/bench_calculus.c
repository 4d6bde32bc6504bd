/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives as expressions: how many nodes they take, and how long they take to make. Each time is the median of several graphs. */
#include <string.h>
#include <triad.h>

#include "bench/bench.h"

enum { RUNS = 9, MOST_RUNS = 16 };

static tri_expr numbered(tri_graph *g, int i) {
  char name[16];
  snprintf(name, sizeof name, "x%d", i);
  return tri_variable(g, name);
}

/* One measurement: makes an expression in an empty graph, times its derivative, counts the nodes of that. */
typedef void workload(tri_graph *g, double *seconds, double *nodes);

static void measure(const char *what, workload *work, int runs, double nodes_goal,
                    double seconds_goal) {
  double seconds[MOST_RUNS], nodes = 0;
  char name[96];
  for (int i = 0; i < runs; i++) {
    tri_graph *g = tri_graph_new(NULL);
    work(g, &seconds[i], &nodes);
    if (tri_graph_status(g)) fprintf(stderr, "%s: %s\n", what, tri_graph_error(g)->message);
    tri_graph_free(g);
  }
  snprintf(name, sizeof name, "%s-nodes", what);
  bench_result(name, nodes, "nodes", nodes_goal, 1);
  snprintf(name, sizeof name, "%s-time", what);
  bench_result(name, 1e3 * bench_median(seconds, (size_t)runs), "ms", 1e3 * seconds_goal, 1);
}

static void stop(tri_status status) {
  if (status) exit(EXIT_FAILURE);
}

static void speelpenning(tri_graph *g, double *seconds, double *nodes) {
  enum { N = 1000 };
  static tri_expr x[N], gradient[N];
  tri_expr p = tri_integer(g, 1);
  for (int i = 0; i < N; i++) p = tri_mul(p, x[i] = numbered(g, i));
  double start = bench_seconds();
  stop(tri_gradient(p, N, x, gradient));
  *seconds = bench_seconds() - start;
  *nodes = tri_count_nodes(N, gradient);
}

static void nested_sines(tri_graph *g, double *seconds, double *nodes) {
  tri_expr x = numbered(g, 0), e = x;
  for (int i = 0; i < 20; i++) e = tri_sin(e);
  double start = bench_seconds();
  tri_expr d = tri_diff_n(e, x, 10);
  *seconds = bench_seconds() - start;
  *nodes = tri_count_nodes(1, &d);
}

/* The sum over 50 samples of (tanh(w·x + b) - y)², 30 weights, scalar nodes. */
static void fit(tri_graph *g, double *seconds, double *nodes) {
  enum { W = 30, SAMPLES = 50 };
  static tri_expr w[W], all[W + W * W];
  uint64_t state = 1;
  tri_expr sum = tri_integer(g, 0), b = tri_variable(g, "b");
  for (int i = 0; i < W; i++) w[i] = numbered(g, i);
  for (int s = 0; s < SAMPLES; s++) {
    tri_expr z = b;
    for (int i = 0; i <= W; i++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      tri_expr number = tri_rational(g, (int64_t)(state >> 40) - (1 << 23), 1 << 23);
      if (i < W)
        z = tri_add(z, tri_mul(w[i], number));
      else
        sum = tri_add(sum, tri_square(tri_sub(tri_tanh(z), number)));
    }
  }
  double start = bench_seconds();
  stop(tri_gradient(sum, W, w, all));
  stop(tri_hessian(sum, W, w, all + W));
  *seconds = bench_seconds() - start;
  *nodes = tri_count_nodes(W + W * W, all);
}

static void million_sines(tri_graph *g, double *seconds, double *nodes) {
  tri_expr x = numbered(g, 0), e = x, gradient;
  for (int i = 0; i < 1000000; i++) e = tri_sin(e);
  double start = bench_seconds();
  stop(tri_gradient(e, 1, &x, &gradient));
  *seconds = bench_seconds() - start;
  *nodes = tri_count_nodes(1, &gradient);
}

static void product_of_many(tri_graph *g, double *seconds, double *nodes) {
  enum { N = 100000 };
  static tri_expr x[N], gradient[N];
  tri_expr p = tri_integer(g, 1);
  for (int i = 0; i < N; i++) p = tri_mul(p, x[i] = numbered(g, i));
  double start = bench_seconds();
  stop(tri_gradient(p, N, x, gradient));
  *seconds = bench_seconds() - start;
  *nodes = tri_count_nodes(N, gradient);
}

static void taylor(tri_graph *g, double *seconds, double *nodes) {
  tri_expr x = numbered(g, 0), c[21], e = tri_exp(tri_sin(x)), zero = tri_integer(g, 0);
  double start = bench_seconds();
  stop(tri_taylor(e, x, zero, 20, c));
  *seconds = bench_seconds() - start;
  *nodes = tri_count_nodes(21, c);
}

/* The 12th derivative, simplified: the time is that of simplify. */
static void twelfth(tri_graph *g, const char *text, double *seconds, double *nodes) {
  tri_expr x = tri_variable(g, "x"), d = tri_diff_n(tri_parse(g, text, strlen(text)), x, 12);
  double start = bench_seconds();
  tri_expr s = tri_simplify(d);
  *seconds = bench_seconds() - start;
  *nodes = tri_count_nodes(1, &s);
}

static void twelfth_exp_sin(tri_graph *g, double *seconds, double *nodes) {
  twelfth(g, "exp(sin(x))", seconds, nodes);
}

static void twelfth_power(tri_graph *g, double *seconds, double *nodes) {
  twelfth(g, "x^x", seconds, nodes);
}

/* A small gradient in a graph of a million nodes: each of 1,000. */
static void small_in_large(tri_graph *g, double *seconds, double *nodes) {
  tri_expr x = numbered(g, 0), e = x, gradient[2], v[2] = {x, numbered(g, 1)};
  for (int i = 0; i < 1000000; i++) e = tri_sin(e);
  e = tri_mul(tri_sin(v[1]), tri_exp(tri_mul(v[0], v[1])));
  double start = bench_seconds();
  for (int i = 0; i < 1000; i++) stop(tri_gradient(e, 2, v, gradient));
  *seconds = (bench_seconds() - start) / 1000;
  *nodes = tri_count_nodes(2, gradient);
}

int main(void) {
  measure("gradient-speelpenning-1000", speelpenning, RUNS, 4000, 1e-3);
  measure("derivative-10-nested-sines-20", nested_sines, RUNS, 7400, 20e-3);
  measure("gradient-hessian-fit-30", fit, RUNS, 90000, 70e-3);
  measure("simplify-derivative-12-exp-sin", twelfth_exp_sin, RUNS, 80, NAN);
  measure("simplify-derivative-12-x-to-the-x", twelfth_power, RUNS, 130, NAN);
  measure("taylor-20-exp-sin", taylor, RUNS, NAN, NAN);
  measure("gradient-nested-sines-1000000", million_sines, 3, NAN, NAN);
  measure("gradient-product-100000", product_of_many, 3, NAN, NAN);
  measure("gradient-small-in-1000000", small_in_large, 3, NAN, NAN);
  return 0;
}
