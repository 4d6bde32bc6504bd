/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The likelihood of a time series by Kalman's filter, which is a loop that carries what is known of
 * the state: one node of the graph for all years. Forward over reverse through the loop gives its
 * gradient and Hessian, Newton's method finds the variances that make the series most likely, and
 * the Hessian says how certain they are. The series is the flow of the Nile at Aswan, 1871 to 1970,
 * in 10⁸ m³; the model a level that wanders, measured with noise (J. Durbin, S. J. Koopman, "Time
 * Series Analysis by State Space Methods", chapter 2). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

enum { YEARS = 100 };

static const int nile[YEARS] = {
    1120, 1160, 963, 1210, 1160, 1160, 813,  1230, 1370, 1140, 995,  935,  1110, 994,  1020,
    960,  1180, 799, 958,  1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774,  840,
    874,  694,  940, 833,  701,  916,  692,  1020, 1050, 969,  831,  726,  456,  824,  702,
    1120, 1100, 832, 764,  821,  768,  845,  864,  862,  698,  845,  744,  796,  1040, 759,
    781,  865,  845, 944,  984,  897,  822,  1010, 771,  676,  649,  846,  812,  742,  801,
    1040, 860,  874, 848,  890,  744,  749,  838,  1050, 918,  986,  797,  923,  975,  815,
    1020, 906,  901, 1170, 912,  746,  919,  718,  714,  740};

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "kalman: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* -log of the likelihood of all years but the first, from which the level is known as well as it is
 * measured. A year expects the level `mean` with variance `spread`, measures y, and hands on what
 * it has learned. */
static tri_expr unlikely(tri_expr noise, tri_expr wander) {
  tri_graph *g = noise.graph;
  tri_expr y = tri_variable(g, "y"),
           carries[2] = {tri_variable(g, "mean"), tri_variable(g, "spread")};
  tri_expr series[YEARS - 1], results[3], two = tri_integer(g, 2);
  for (int t = 1; t < YEARS; t++) series[t - 1] = tri_integer(g, nile[t]);
  tri_expr years = tri_stack(YEARS - 1, series);
  tri_expr initial[2] = {tri_integer(g, nile[0]), tri_add(noise, wander)};
  tri_expr error = tri_sub(y, carries[0]), variance = tri_add(carries[1], noise);
  tri_expr gain = tri_div(carries[1], variance);
  tri_expr next[2] = {tri_add(carries[0], tri_mul(gain, error)),
                      tri_add(tri_mul(gain, noise), wander)};
  tri_expr term = tri_add(tri_log(tri_mul(tri_mul(two, tri_pi(g)), variance)),
                          tri_div(tri_square(error), variance));
  check(tri_loop(g,
                 &(tri_loop_options){.n = tri_extent_of(YEARS - 1),
                                     .n_steps = 1,
                                     .steps = &y,
                                     .step_inputs = &years,
                                     .n_carries = 2,
                                     .carries = carries,
                                     .initial = initial,
                                     .next = next,
                                     .n_summed = 1,
                                     .summed = &term},
                 results));
  return tri_div(results[0], two);
}

/* A point, and what the function has there. */
struct state {
  double x[2], value, gradient[2], hessian[4];
};

static double evaluate(tri_function *f, const tri_call *call, struct state *s) {
  check(tri_function_hessian(f, call, s->x, NULL, &s->value, s->gradient, s->hessian));
  return s->value;
}

static double determinant(const double *h) { return h[0] * h[3] - h[1] * h[2]; }

/* Newton's step from s with `damping` added to the diagonal of the Hessian; false if that is not
 * positive definite. */
static int step(const struct state *s, double damping, double *to) {
  double h[4] = {s->hessian[0] + damping, s->hessian[1], s->hessian[2], s->hessian[3] + damping};
  double d = determinant(h);
  if (h[0] <= 0 || d <= 0) return 0;
  to[0] = s->x[0] - (h[3] * s->gradient[0] - h[1] * s->gradient[1]) / d;
  to[1] = s->x[1] - (h[0] * s->gradient[1] - h[2] * s->gradient[0]) / d;
  return 1;
}

static int flat(const struct state *s) { return hypot(s->gradient[0], s->gradient[1]) < 1e-7; }

/* Newton's method, damped where it would go up. */
static void minimise(tri_function *f, const tri_call *call, struct state *s) {
  double damping = 0;
  evaluate(f, call, s);
  for (int i = 0; i < 200 && !flat(s); i++) {
    struct state next;
    if (step(s, damping, next.x) && evaluate(f, call, &next) <= s->value) {
      *s = next;
      damping = damping < 1e-3 ? 0 : damping / 4;
    } else {
      damping = damping > 0 ? 2 * damping : 1e-2;
    }
  }
}

int main(void) {
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  /* The unknowns are logarithms, so that variances stay positive. */
  tri_expr x[2] = {tri_variable(graph, "log_noise"), tri_variable(graph, "log_wander")};
  tri_expr e = unlikely(tri_exp(x[0]), tri_exp(x[1]));
  tri_function *f = tri_compile(2, x, 1, &e);
  if (!f) check(tri_graph_status(graph));
  tri_call call = {.workspace = tri_workspace_new(f)};
  if (!call.workspace) check(TRI_MEMORY);
  tri_graph_free(graph);

  struct state s = {.x = {log(10000), log(10000)}};
  printf("both variances 10000: log-likelihood %.4f\n", -evaluate(f, &call, &s));
  minimise(f, &call, &s);
  double d = determinant(s.hessian);
  printf("of the measurements %.1f, of the level %.1f: log-likelihood %.4f\n", exp(s.x[0]),
         exp(s.x[1]), -s.value);
  printf("standard errors of their logarithms %.4f and %.4f\n", sqrt(s.hessian[3] / d),
         sqrt(s.hessian[0] / d));
  printf("the gradient there is %s\n", flat(&s) ? "0" : "not 0");
  tri_workspace_free(call.workspace);
  tri_function_free(f);
  return flat(&s) ? EXIT_SUCCESS : EXIT_FAILURE;
}
