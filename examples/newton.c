/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Minimising with triad as a math library. Gradient descent goes down along -f' and needs many steps in a curved valley;
 * Newton's method also uses the second derivatives, jumps to the minimum of the parabola that fits f where it stands,
 * and near a minimum doubles the correct digits in every step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "newton: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

static double length(const double v[2]) { return hypot(v[0], v[1]); }

static void report(int step, const double p[2], double f, const double gradient[2]) {
  printf("  %5d  (%9.6f, %9.6f)  f = %11.6f  |f'| = %11.6f\n", step, p[0], p[1], f,
         length(gradient));
}

/* p - H⁻¹g until the gradient is small; the 2 × 2 system by Cramer's rule. */
static void newton(const tri_function *function, const double start[2]) {
  double p[2] = {start[0], start[1]}, f, g[2], h[4];
  puts(" Newton's method");
  for (int step = 0;; step++) {
    check(tri_function_hessian(function, NULL, p, NULL, &f, g, h));
    report(step, p, f, g);
    double determinant = h[0] * h[3] - h[1] * h[2];
    if (length(g) < 1e-6 || determinant == 0 || step == 50) return;
    p[0] -= (h[3] * g[0] - h[1] * g[1]) / determinant;
    p[1] -= (h[0] * g[1] - h[2] * g[0]) / determinant;
  }
}

/* p - rate * g until the gradient is small; prints the steps 0, 1, 10, 100, … and the last. */
static void descent(const tri_function *function, const double start[2], double rate) {
  double p[2] = {start[0], start[1]}, f, g[2];
  printf(" gradient descent, rate %g\n", rate);
  for (int step = 0, next = 1;; step++) {
    check(tri_function_reverse(function, NULL, p, NULL, &f, g));
    int done = length(g) < 1e-3 || step == 100000;
    if (step == 0 || step == next || done) report(step, p, f, g);
    if (step == next) next *= 10;
    if (done) return;
    p[0] -= rate * g[0];
    p[1] -= rate * g[1];
  }
}

int main(void) {
  static const struct {
    const char *name, *text;
    double start[2], rate;
  } problems[] = {
      {"Rosenbrock's valley, least at (1, 1)", "(1 - x)² + 100(y - x²)²", {-1.2, 1}, 0.002},
      {"a convex function, least at (1/4 - log(2)/2, 1/6)",
       "exp(x + 3y - 1) + exp(x - 3y) + exp(-x)",
       {1, 0.5},
       0.02},
  };
  for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
    tri_graph *graph = tri_graph_new(NULL);
    if (!graph) check(TRI_MEMORY);
    tri_expr variables[] = {tri_variable(graph, "x"), tri_variable(graph, "y")};
    tri_expr f = tri_parse(graph, problems[i].text, strlen(problems[i].text));
    tri_function *function = tri_compile(2, variables, 1, &f);
    if (!function) check(tri_graph_status(graph));
    printf("%s: %s\n", problems[i].name, problems[i].text);
    newton(function, problems[i].start);
    descent(function, problems[i].start, problems[i].rate);
    tri_function_free(function);
    tri_graph_free(graph);
  }
  return EXIT_SUCCESS;
}
