/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* triad beside NLopt, whose methods ask for a function with its gradient. The gamma distribution
 * that makes measurements most likely has a derivative with the digamma function in it, which
 * nobody has to write; and a function is minimised under two constraints, each with a gradient of
 * its own.
 * needs: nlopt */
#include <nlopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

enum { MEASURED = 12 };

/* What a callback works with: a function, and a workspace so that no call allocates. */
struct callee {
  tri_function *function;
  tri_call call;
};

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "nlopt_likelihood: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

static struct callee callee_of(size_t n, const tri_expr *x, tri_expr f) {
  struct callee c = {.function = tri_compile(n, x, 1, &f)};
  if (!c.function) check(tri_graph_status(f.graph));
  c.call.workspace = tri_workspace_new(c.function);
  if (!c.call.workspace) check(TRI_MEMORY);
  return c;
}

static void callee_free(struct callee *c) {
  tri_workspace_free(c->call.workspace);
  tri_function_free(c->function);
}

/* NLopt passes NULL where it does not need the gradient. */
static double evaluate(unsigned n, const double *x, double *gradient, void *data) {
  struct callee *c = data;
  double value;
  (void)n;
  if (gradient)
    check(tri_function_reverse(c->function, &c->call, x, NULL, &value, gradient));
  else
    check(tri_function_call(c->function, &c->call, x, &value));
  return value;
}

static double minimise(nlopt_opt method, struct callee *f, double *x) {
  double least;
  nlopt_set_min_objective(method, evaluate, f);
  nlopt_set_xtol_rel(method, 1e-8);
  nlopt_result result = nlopt_optimize(method, x, &least);
  if (result < 0) {
    fprintf(stderr, "nlopt_likelihood: NLopt's result is %d\n", (int)result);
    exit(EXIT_FAILURE);
  }
  nlopt_destroy(method);
  return least;
}

/* -log of the density of x: x^(k - 1) e^(-x/s) / (s^k gamma(k)). */
static tri_expr unlikely(tri_expr k, tri_expr s, tri_expr x) {
  tri_expr power = tri_mul(tri_sub(k, tri_integer(k.graph, 1)), tri_log(x));
  return tri_sub(tri_add(tri_add(tri_div(x, s), tri_mul(k, tri_log(s))), tri_lgamma(k)), power);
}

static void gamma_distribution(tri_graph *graph) {
  static const double measured[MEASURED] = {1.3, 2.9, 0.8, 4.1, 2.2, 1.7,
                                            3.3, 5.6, 2.5, 1.1, 3.8, 2.0};
  tri_expr parameters[2] = {tri_variable(graph, "shape"), tri_variable(graph, "scale")};
  tri_expr i = tri_variable(graph, "i"), data[MEASURED];
  for (int k = 0; k < MEASURED; k++) data[k] = tri_double(graph, measured[k]);
  tri_expr x = tri_gather(tri_stack(MEASURED, data), i);
  struct callee f =
      callee_of(2, parameters,
                tri_sum(unlikely(parameters[0], parameters[1], x), i, 0, tri_extent_of(MEASURED)));
  double at[2] = {1, 1};
  nlopt_opt method = nlopt_create(NLOPT_LD_LBFGS, 2);
  nlopt_set_lower_bounds1(method, 1e-6);
  double least = minimise(method, &f, at);
  printf("gamma distribution: shape %.5f, scale %.5f, log-likelihood %.6f\n", at[0], at[1], -least);
  callee_free(&f);
}

/* y >= (a x + b)³, as (a x + b)³ - y <= 0. */
static struct callee above_cubic(const tri_expr *x, int64_t a, int64_t b) {
  tri_graph *graph = x->graph;
  tri_expr t = tri_add(tri_mul(tri_integer(graph, a), x[0]), tri_integer(graph, b));
  return callee_of(2, x, tri_sub(tri_pow(t, tri_integer(graph, 3)), x[1]));
}

static void between_cubics(tri_graph *graph) {
  tri_expr x[2] = {tri_variable(graph, "x"), tri_variable(graph, "y")};
  struct callee f = callee_of(2, x, tri_sqrt(x[1])), rising = above_cubic(x, 2, 0),
                falling = above_cubic(x, -1, 1);
  double at[2] = {1.234, 5.678};
  nlopt_opt method = nlopt_create(NLOPT_LD_SLSQP, 2);
  nlopt_set_lower_bounds(method, (double[]){-10, 1e-6});
  nlopt_add_inequality_constraint(method, evaluate, &rising, 1e-10);
  nlopt_add_inequality_constraint(method, evaluate, &falling, 1e-10);
  double least = minimise(method, &f, at);
  printf("sqrt(y) above both cubics: %.6f at (%.5f, %.5f)\n", least, at[0], at[1]);
  callee_free(&f);
  callee_free(&rising);
  callee_free(&falling);
}

int main(void) {
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  gamma_distribution(graph);
  between_cubics(graph);
  tri_graph_free(graph);
  return EXIT_SUCCESS;
}
