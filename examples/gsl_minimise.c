/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* triad beside another library: a curve a·exp(-b·t) + c is fitted to measurements by GSL's minimiser (BFGS), which asks for a
 * function, the sum of squared errors, and its gradient. One reverse sweep gives both; nobody derives the gradient by hand.
 * needs: gsl */
#include <gsl/gsl_multimin.h>
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

enum { N = 3, MEASURED = 8 };

/* What the callbacks work with: the function, and a workspace so that no call allocates. */
struct problem {
  tri_function *function;
  tri_call call;
};

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "gsl_minimise: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* Vectors that GSL passes in may have gaps between their elements; triad takes plain arrays. */
static void evaluate(const gsl_vector *at, struct problem *problem, double *value,
                     gsl_vector *gradient) {
  double point[N], partials[N];
  for (size_t i = 0; i < N; i++) point[i] = gsl_vector_get(at, i);
  check(tri_function_reverse(problem->function, &problem->call, point, NULL, value, partials));
  for (size_t i = 0; gradient && i < N; i++) gsl_vector_set(gradient, i, partials[i]);
}

static double value_of(const gsl_vector *at, void *problem) {
  double value;
  evaluate(at, problem, &value, NULL);
  return value;
}

static void gradient_of(const gsl_vector *at, void *problem, gsl_vector *gradient) {
  evaluate(at, problem, NULL, gradient);
}

static void both_of(const gsl_vector *at, void *problem, double *value, gsl_vector *gradient) {
  evaluate(at, problem, value, gradient);
}

/* The sum over the measurements at t = 0, 1, 2, … of (a·exp(-b·t) + c - measured)². */
static tri_expr squared_errors(tri_expr a, tri_expr b, tri_expr c,
                               const double measured[MEASURED]) {
  tri_graph *graph = a.graph;
  tri_expr sum = tri_integer(graph, 0);
  for (int t = 0; t < MEASURED; t++) {
    tri_expr curve = tri_add(tri_mul(a, tri_exp(tri_mul(tri_integer(graph, -t), b))), c);
    sum = tri_add(sum, tri_square(tri_sub(curve, tri_double(graph, measured[t]))));
  }
  return sum;
}

int main(void) {
  static const double measured[MEASURED] = {5.1, 3.3, 2.2, 1.7, 1.3, 1.2, 1.05, 1.0};
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  tri_expr x[N] = {tri_variable(graph, "a"), tri_variable(graph, "b"), tri_variable(graph, "c")};
  tri_expr f = squared_errors(x[0], x[1], x[2], measured);
  struct problem problem = {.function = tri_compile(N, x, 1, &f)};
  if (!problem.function) check(tri_graph_status(graph));
  tri_graph_free(graph); /* what is compiled outlives its graph */
  problem.call.workspace = tri_workspace_new(problem.function);
  if (!problem.call.workspace) check(TRI_MEMORY);

  gsl_vector *start = gsl_vector_alloc(N); /* GSL itself ends the program when out of memory */
  gsl_vector_set_all(start, 1);
  gsl_multimin_function_fdf with = {value_of, gradient_of, both_of, N, &problem};
  gsl_multimin_fdfminimizer *minimiser =
      gsl_multimin_fdfminimizer_alloc(gsl_multimin_fdfminimizer_vector_bfgs2, N);
  gsl_multimin_fdfminimizer_set(minimiser, &with, start, 0.01, 0.1);
  printf("start at a = b = c = 1: sum of squared errors %.6f\n",
         gsl_multimin_fdfminimizer_minimum(minimiser));
  int status = GSL_CONTINUE;
  for (int step = 0; step < 500 && status == GSL_CONTINUE; step++) {
    if (gsl_multimin_fdfminimizer_iterate(minimiser)) break; /* no better point to be found */
    status = gsl_multimin_test_gradient(gsl_multimin_fdfminimizer_gradient(minimiser), 1e-6);
  }
  const gsl_vector *best = gsl_multimin_fdfminimizer_x(minimiser);
  printf("%s: a = %.5f, b = %.5f, c = %.5f\n", gsl_strerror(status), gsl_vector_get(best, 0),
         gsl_vector_get(best, 1), gsl_vector_get(best, 2));
  printf("sum of squared errors %.6f\n", gsl_multimin_fdfminimizer_minimum(minimiser));
  gsl_multimin_fdfminimizer_free(minimiser);
  gsl_vector_free(start);
  tri_workspace_free(problem.call.workspace);
  tri_function_free(problem.function);
  return status == GSL_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
