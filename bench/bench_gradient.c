/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Value and gradient at one point through the public API, over the plain objective in C: Speelpenning's product and
 * Rosenbrock's function of 1000 variables; beside them the derivatives by hand. */
#include <triad.h>

#include "bench/problems.h"

/* The ways of running, by whose name the rows are told apart; the goals, ratios to the plain objective, are the first way's. The last
 * is the interpreter, which has a goal for each operation. */
static const struct way {
  const char *who;
  tri_compile_options options;
} ways[] = {
    {"", {.run = TRI_NATIVE, .native_module = NATIVE_BUILT}},
    {"interpreter", {.run = TRI_INTERPRET}},
};
enum { WAYS = sizeof ways / sizeof *ways };

static tri_expr speelpenning(tri_graph *g, const tri_expr *x) {
  (void)g;
  tri_expr product = x[0];
  for (int i = 1; i < PROBLEM_SIZE; i++) product = tri_mul(product, x[i]);
  return product;
}

static tri_expr rosenbrock(tri_graph *g, const tri_expr *x) {
  tri_expr sum = tri_integer(g, 0), one = tri_integer(g, 1), hundred = tri_integer(g, 100);
  for (int i = 0; i + 1 < PROBLEM_SIZE; i++) {
    tri_expr t = tri_sub(x[i + 1], tri_square(x[i])), u = tri_sub(one, x[i]);
    sum = tri_add(sum, tri_add(tri_mul(hundred, tri_square(t)), tri_square(u)));
  }
  return sum;
}

static tri_function *compiled(tri_expr objective(tri_graph *, const tri_expr *),
                              const struct way *way) {
  static tri_expr x[PROBLEM_SIZE];
  char name[16];
  tri_graph *g = tri_graph_new(NULL);
  for (int i = 0; i < PROBLEM_SIZE; i++) {
    snprintf(name, sizeof name, "x%d", i);
    x[i] = tri_variable(g, name);
  }
  tri_expr output = objective(g, x);
  tri_compile_options options = way->options;
  options.outputs = &output;
  tri_function *f = tri_compile_with(PROBLEM_SIZE, x, 1, &options);
  tri_graph_free(g);
  return f;
}

struct triad_run {
  const tri_function *function;
  tri_call call;
};

static double gradient_by_triad(void *data, const double *x, double *gradient) {
  struct triad_run *run = data;
  double value;
  if (tri_function_reverse(run->function, &run->call, x, NULL, &value, gradient)) return NAN;
  return value;
}

static double gradient_by_hand(void *data, const double *x, double *gradient) {
  const struct point_problem *p = data;
  return p->by_hand(x, gradient);
}

/* Nanoseconds for each operation of the function, for value and gradient. */
static void per_operation(const char *name, struct triad_run *run) {
  static double x[PROBLEM_SIZE], gradient[PROBLEM_SIZE];
  char row[80];
  double least = INFINITY;
  problem_point(x);
  for (int i = 0; i < 2000; i++) {
    double start = bench_seconds();
    gradient_by_triad(run, x, gradient);
    double seconds = bench_seconds() - start;
    if (seconds < least) least = seconds;
  }
  snprintf(row, sizeof row, "%s-operation", name);
  bench_result(row, 1e9 * least / (double)tri_function_operations(run->function), "ns", 8.0, 1);
}

static int measure_way(const char *name, tri_expr objective(tri_graph *, const tri_expr *), int way,
                       double goal) {
  tri_function *f = compiled(objective, &ways[way]);
  struct triad_run run = {f, {.workspace = tri_workspace_new(f)}};
  int right = run.call.workspace &&
              point_compare(name, ways[way].who, way ? NAN : goal, gradient_by_triad, &run);
  if (right && way == WAYS - 1) per_operation(name, &run);
  tri_workspace_free(run.call.workspace);
  tri_function_free(f);
  return right;
}

static int bench_problem(const char *name, tri_expr objective(tri_graph *, const tri_expr *),
                         double goal) {
  struct point_problem by_hand = *point_problem_named(name);
  int right = 1;
  for (int way = 0; way < WAYS; way++) right &= measure_way(name, objective, way, goal);
  return right & point_compare(name, "by-hand", NAN, gradient_by_hand, &by_hand);
}

int main(void) {
  int right = bench_problem("speelpenning", speelpenning, 2.1);
  right &= bench_problem("rosenbrock", rosenbrock, 1.6);
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
