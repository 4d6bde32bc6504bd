/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Compiled functions over doubles: nanoseconds per operation of values, gradients and directional derivatives, against the same
 * arithmetic in plain C; and higher derivatives by the Taylor run, in doubles and balls. */
#include <triad.h>

#include "bench.h"

enum { OPERATIONS = 100000, INPUTS = 15, RUNS = 15 };

/* Sums, differences and products over the last INPUTS values, none of which grows or vanishes: no chain that hides the cost behind
 * latency. */
#define RING(i, a, b, add, sub, mul, h)                                                            \
  (choice(i) == 0 ? add(a, b) : choice(i) == 1 ? sub(a, b) : mul(a, h))
#define C_ADD(a, b) ((a) + (b))
#define C_SUB(a, b) ((a) - (b))
#define C_MUL(a, b) ((a) * (b))

static const double half_root = 0.70710678118654752;

/* Which operation is number i: without a pattern that a branch predictor learns. */
static unsigned choice(int i) {
  unsigned h = (unsigned)i * 2654435761u;
  h ^= h >> 15, h *= 2246822519u, h ^= h >> 13;
  return h & 3;
}

static tri_expr build(tri_graph *g, tri_expr *x) {
  tri_expr ring[INPUTS], h = tri_double(g, half_root);
  char name[] = "a";
  for (int i = 0; i < INPUTS; i++, name[0]++) ring[i] = x[i] = tri_variable(g, name);
  for (int i = 0; i < OPERATIONS; i++) {
    tri_expr a = ring[i % INPUTS], b = ring[(i + 5) % INPUTS];
    ring[i % INPUTS] = RING(i, a, b, tri_add, tri_sub, tri_mul, h);
  }
  tri_expr sum = ring[0];
  for (int i = 1; i < INPUTS; i++) sum = tri_add(sum, ring[i]);
  return sum;
}

static double plain(const double *x) {
  double ring[INPUTS], sum;
  for (int i = 0; i < INPUTS; i++) ring[i] = x[i];
  for (int i = 0; i < OPERATIONS; i++) {
    double a = ring[i % INPUTS], b = ring[(i + 5) % INPUTS];
    ring[i % INPUTS] = RING(i, a, b, C_ADD, C_SUB, C_MUL, half_root);
  }
  sum = ring[0];
  for (int i = 1; i < INPUTS; i++) sum += ring[i];
  return sum;
}

struct work {
  tri_function *function;
  tri_call call;
  double inputs[INPUTS], direction[INPUTS], output, gradient[INPUTS];
};

static int do_value(struct work *w) {
  return (int)tri_function_call(w->function, &w->call, w->inputs, &w->output);
}
static int do_reverse(struct work *w) {
  return (int)tri_function_reverse(w->function, &w->call, w->inputs, NULL, &w->output, w->gradient);
}
static int do_forward(struct work *w) {
  return (int)tri_function_forward(w->function, &w->call, w->inputs, 1, w->direction, NULL,
                                   w->gradient);
}
static int do_plain(struct work *w) {
  w->output = plain(w->inputs);
  return 0;
}

/* Nanoseconds per operation; the first run, which allocates, is not counted. */
static double measure(struct work *w, int (*work)(struct work *)) {
  double times[RUNS];
  if (work(w)) return NAN;
  for (int i = 0; i < RUNS; i++) {
    double start = bench_seconds();
    if (work(w)) return NAN;
    times[i] = (bench_seconds() - start) * 1e9 / OPERATIONS;
  }
  return bench_median(times, RUNS);
}

/* --- higher derivatives */

enum { DERIVATIVES = 200, SERIES_RUNS = 15 };

/* exp(sin(x)) at 1 by hand: the three recurrences that it takes. */
static double plain_series(double *r) {
  double s[DERIVATIVES + 1] = {sin(1.0)}, c[DERIVATIVES + 1] = {cos(1.0)};
  r[0] = exp(s[0]);
  for (int k = 1; k <= DERIVATIVES; k++) {
    double sum = 0.0;
    s[k] = c[k - 1] / k; /* x moves by one power alone */
    c[k] = -s[k - 1] / k;
    for (int j = 1; j <= k; j++) sum += j * s[j] * r[k - j];
    r[k] = sum / k;
  }
  return r[DERIVATIVES];
}

static void bench_series(const char *name, tri_domain domain, uint32_t precision) {
  double times[SERIES_RUNS], hand[SERIES_RUNS], c[DERIVATIVES + 1], start;
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), e = tri_exp(tri_sin(x));
  tri_function *f = tri_compile(1, &x, 1, &e, .domain = domain, .precision = precision);
  tri_call call = {.workspace = tri_workspace_new(f), .derivatives = 1};
  for (int i = 0; i < SERIES_RUNS; i++) {
    start = bench_seconds();
    if (tri_function_taylor(f, &call, 2, (double[]){1.0, 1.0}, DERIVATIVES, c)) times[i] = NAN;
    times[i] = (bench_seconds() - start) * 1e6;
    start = bench_seconds();
    c[0] = plain_series(c);
    hand[i] = (bench_seconds() - start) * 1e6;
  }
  bench_result(name, bench_median(times, SERIES_RUNS), "us", NAN, 1);
  if (domain == TRI_DOUBLE)
    bench_reference(name, "C, coefficients", bench_median(hand, SERIES_RUNS));
  tri_workspace_free(call.workspace);
  tri_function_free(f);
  tri_graph_free(g);
}

int main(void) {
  struct work w = {.output = 0.0};
  tri_expr x[INPUTS];
  tri_graph *g = tri_graph_new(NULL);
  if (!g) return 1;
  tri_expr f = build(g, x);
  w.function = tri_compile(INPUTS, x, 1, &f);
  if (!w.function) return 1;
  w.call.workspace = tri_workspace_new(w.function);
  for (int i = 0; i < INPUTS; i++) w.inputs[i] = 1.0 + 0.001 * i, w.direction[i] = 1.0;
  double in_c = measure(&w, do_plain);
  bench_result("eval-value", measure(&w, do_value), "ns/op", 8.0, 1);
  bench_reference("eval-value", "C", in_c);
  bench_result("eval-gradient", measure(&w, do_reverse), "ns/op", NAN, 1);
  bench_reference("eval-gradient", "C, value only", in_c);
  bench_result("eval-direction", measure(&w, do_forward), "ns/op", NAN, 1);
  bench_reference("eval-direction", "C, value only", in_c);
  bench_series("eval-200-derivatives", TRI_DOUBLE, 0);
  bench_series("eval-200-derivatives-ball-500-bits", TRI_BALL, 500);
  tri_workspace_free(w.call.workspace);
  tri_function_free(w.function);
  tri_graph_free(g);
  return 0;
}
