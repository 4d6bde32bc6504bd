/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Functions at many points by lanes: value and gradient of
 *   f = x²y + y + 2                                    against what memory can do: loops that read and write as much
 *   g = exp(sin(xy))·sqrt(x² + y²) + atan2(y, x)       against the derivative by hand in C, and with SLEEF's functions
 * and what one call costs. Times are minima of runs that take turns, since other work on the machine only adds; each takes several turns
 * in a row, as the first has to write back what others left in the caches. */
#include <stdint.h>
#include <string.h>
#include <triad.h>

#include "bench/problems.h"
#include "config.h"
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

enum { POINTS = MAP_POINTS, BLOCK = 64, RUNS = 15, IN_A_ROW = 4, CALLS = 200000 };

static const char f_text[] = "x^2*y + y + 2";
static const char g_text[] = "exp(sin(x*y))*sqrt(x^2 + y^2) + atan2(y, x)";

/* Value and gradient at the same points, by whom. */
struct arrays {
  double *x, *y, *value, *dx, *dy;
};

static double *array(void) {
  double *a = malloc(POINTS * sizeof *a);
  if (!a) exit(1);
  for (int i = 0; i < POINTS; i++) a[i] = 0.0;
  return a;
}

static struct arrays arrays_new(void) {
  struct arrays a = {array(), array(), array(), array(), array()};
  map_points(POINTS, a.x, a.y);
  return a;
}

/* --- by hand */

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define BEST                                                                                       \
  __attribute__((optimize("O3"), target_clones("default", "avx2", "arch=skylake-avx512")))
#else
#define BEST
#endif

BEST static void f_by_hand(const double *restrict x, const double *restrict y,
                           double *restrict value, double *restrict dx, double *restrict dy) {
  for (int i = 0; i < POINTS; i++) {
    double s = x[i] * x[i] + 1.0;
    value[i] = s * y[i] + 2.0;
    dx[i] = 2.0 * x[i] * y[i];
    dy[i] = s;
  }
}

/* As much to read and write, nothing to compute. */
BEST static void copy_as_much(const double *restrict x, const double *restrict y,
                              double *restrict value, double *restrict dx, double *restrict dy) {
  for (int i = 0; i < POINTS; i++) {
    value[i] = x[i] + y[i];
    dx[i] = x[i];
    dy[i] = y[i];
  }
}

/* As much again, written past the caches: block by block and array by array, as that is faster than point by point. */
#if defined(__x86_64__)
static void put_past(double *to, const double *from) {
  int i = 0;
  for (; (uintptr_t)(to + i) % 64 && i < BLOCK; i++) to[i] = from[i];
  for (; i + 8 <= BLOCK; i += 8)
    for (int k = 0; k < 8; k += 2) _mm_stream_pd(to + i + k, _mm_loadu_pd(from + i + k));
  for (; i < BLOCK; i++) to[i] = from[i];
}

static void copy_past(const double *restrict x, const double *restrict y, double *restrict value,
                      double *restrict dx, double *restrict dy) {
  double sum[BLOCK], as_x[BLOCK], as_y[BLOCK];
  int lead = (int)(-(uintptr_t)value % 64 / sizeof *value);
  for (int i = 0; i < lead; i++) {
    value[i] = x[i] + y[i];
    dx[i] = x[i];
    dy[i] = y[i];
  }
  for (int i = lead; i + BLOCK <= POINTS; i += BLOCK) {
    for (int k = 0; k < BLOCK; k += 2) {
      __m128d a = _mm_loadu_pd(x + i + k), b = _mm_loadu_pd(y + i + k);
      _mm_storeu_pd(as_x + k, a);
      _mm_storeu_pd(as_y + k, b);
      _mm_storeu_pd(sum + k, _mm_add_pd(a, b));
    }
    put_past(value + i, sum);
    put_past(dx + i, as_x);
    put_past(dy + i, as_y);
  }
  _mm_sfence();
}
#else
#define copy_past copy_as_much
#endif

static void g_by_hand(const double *restrict x, const double *restrict y, double *restrict value,
                      double *restrict dx, double *restrict dy) {
  hand_g(POINTS, x, y, value, dx, dy);
}

#if HAVE_SLEEF && defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define BENCH_SLEEF 1
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,fma")
#include <sleef.h>
typedef double vec __attribute__((vector_size(64)));
typedef double loose __attribute__((vector_size(64), aligned(8), may_alias));

__attribute__((optimize("O3"))) static void g_by_sleef(const double *restrict x,
                                                       const double *restrict y,
                                                       double *restrict value, double *restrict dx,
                                                       double *restrict dy) {
  for (int i = 0; i + 8 <= POINTS; i += 8) {
    vec a = *(const loose *)(x + i), b = *(const loose *)(y + i), s = a * a + b * b;
    Sleef___m512d_2 both = Sleef_sincosd8_u10avx512f(a * b);
    vec e = Sleef_expd8_u10avx512f(both.x), ec = e * (vec)both.y, root = Sleef_sqrtd8_avx512f(s);
    *(loose *)(value + i) = e * root + (vec)Sleef_atan2d8_u10avx512f(b, a);
    *(loose *)(dx + i) = ec * b * root + e * a / root - b / s;
    *(loose *)(dy + i) = ec * a * root + e * b / root + a / s;
  }
}
#pragma GCC pop_options
#else
#define BENCH_SLEEF 0
#endif

/* --- by triad */

static tri_function *gradient_of(const char *text) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr in[] = {tri_variable(g, "x"), tri_variable(g, "y")}, out[3];
  out[0] = tri_parse(g, text, strlen(text));
  if (tri_gradient(out[0], 2, in, out + 1)) exit(1);
  tri_function *f = tri_compile(2, in, 3, out, .primals = 1);
  tri_graph_free(g);
  if (!f) exit(1);
  return f;
}

static void map(const tri_function *f, const struct arrays *a, tri_pool *pool) {
  const tri_map_input in[] = {{a->x, NULL, 1}, {a->y, NULL, 1}};
  const tri_map_output out[] = {{a->value, NULL, 1}, {a->dx, NULL, 1}, {a->dy, NULL, 1}};
  if (tri_function_map(f, NULL, POINTS, in, out, &(tri_map_options){.pool = pool})) exit(1);
}

/* --- measuring */

static void least(double *best, double start) {
  double ns = (bench_seconds() - start) * 1e9 / POINTS;
  if (ns < *best) *best = ns;
}

/* Results that differ by more than rounding make the benchmark worthless. */
static void compare(const char *name, const double *a, const double *b) {
  for (int i = 0; i < POINTS; i++)
    if (!(fabs(a[i] - b[i]) <= 1e-13 * (1.0 + fabs(b[i])))) {
      fprintf(stderr, "%s: %.17g and %.17g at point %d\n", name, a[i], b[i], i);
      exit(1);
    }
}

static void compare_all(const char *name, const struct arrays *a, const struct arrays *b) {
  compare(name, a->value, b->value);
  compare(name, a->dx, b->dx);
  compare(name, a->dy, b->dy);
}

typedef void by_hand(const double *x, const double *y, double *value, double *dx, double *dy);

static void time_hand(by_hand *hand, const struct arrays *a, double *best) {
  for (int i = 0; i < IN_A_ROW; i++) {
    double start = bench_seconds();
    hand(a->x, a->y, a->value, a->dx, a->dy);
    least(best, start);
  }
}

static void time_map(const tri_function *f, const struct arrays *a, tri_pool *pool, double *best) {
  for (int i = 0; i < IN_A_ROW; i++) {
    double start = bench_seconds();
    map(f, a, pool);
    least(best, start);
  }
}

/* The objective alone, in plain C. */
static void time_plain(const struct map_problem *p, const struct arrays *a, double *best) {
  for (int i = 0; i < IN_A_ROW; i++) {
    double start = bench_seconds();
    p->plain(POINTS, a->x, a->y, a->value);
    least(best, start);
  }
}

/* The derivative by hand in the row of its own, both over the plain objective. */
static void over_plain(const char *name, double hand, double plain) {
  const char *row = problem_row(name, "by-hand");
  bench_reference(name, "plain C", plain);
  problem_result(row, hand, plain, "ns/point", NAN);
}

static void bench_f(struct arrays *a, struct arrays *b) {
  double lanes = INFINITY, hand = INFINITY, memory = INFINITY, past = INFINITY, plain = INFINITY;
  tri_function *f = gradient_of(f_text);
  for (int i = 0; i < RUNS; i++) {
    time_plain(&map_problems[0], b, &plain);
    time_hand(copy_as_much, b, &memory);
    time_hand(copy_past, b, &past);
    time_hand(f_by_hand, b, &hand);
    time_map(f, a, NULL, &lanes);
  }
  compare_all("map-f", a, b);
  bench_result("map-f", lanes, "ns/point", 1.2 * fmin(memory, past), 1);
  over_plain("map-f", hand, plain);
  bench_result("map-f-memory", memory, "ns/point", NAN, 1);
  bench_result("map-f-memory-past-caches", past, "ns/point", NAN, 1);
  tri_function_free(f);
}

static void bench_g(struct arrays *a, struct arrays *b) {
  double lanes = INFINITY, two = INFINITY, hand = INFINITY, sleef = INFINITY, plain = INFINITY;
  tri_function *g = gradient_of(g_text);
  tri_pool *pool = tri_pool_new(2, NULL);
  for (int i = 0; i < RUNS; i++) {
#if BENCH_SLEEF
    if (__builtin_cpu_supports("avx512dq")) time_hand(g_by_sleef, b, &sleef);
#endif
    time_map(g, a, NULL, &lanes);
    time_map(g, a, pool, &two);
    if (i % 8 == 0) time_plain(&map_problems[1], b, &plain);
    if (i % 8 == 0) time_hand(g_by_hand, b, &hand);
  }
  time_hand(g_by_hand, b, &hand);
  compare_all("map-g", a, b);
  bench_result("map-g", lanes, "ns/point", isinf(sleef) ? NAN : 2.0 * sleef, 1);
  over_plain("map-g", hand, plain);
  if (!isinf(sleef)) bench_result("map-g-sleef-by-hand", sleef, "ns/point", NAN, 1);
  bench_result("map-g-threads", two, "ns/point", lanes / 1.8, 2);
  tri_pool_free(pool);
  tri_function_free(g);
}

/* --- one call: f and its gradient, some 10 operations */

static void bench_call(void) {
  double best = INFINITY, best_reverse = INFINITY, out[3], gradient[2];
  static volatile double at[] = {3.0, 4.0};
  double inputs[] = {at[0], at[1]};
  tri_function *f = gradient_of(f_text);
  tri_call call = {.workspace = tri_workspace_new(f)};
  for (int run = 0; run < RUNS; run++) {
    double start = bench_seconds();
    for (int i = 0; i < CALLS; i++)
      if (tri_function_call(f, &call, inputs, out)) exit(1);
    double ns = (bench_seconds() - start) * 1e9 / CALLS;
    if (ns < best) best = ns;
    start = bench_seconds();
    for (int i = 0; i < CALLS; i++)
      if (tri_function_reverse(f, &call, inputs, (double[]){1.0, 0.0, 0.0}, out, gradient)) exit(1);
    ns = (bench_seconds() - start) * 1e9 / CALLS;
    if (ns < best_reverse) best_reverse = ns;
  }
  if (out[0] != 42.0 || gradient[0] != 24.0 || gradient[1] != 10.0) exit(1);
  bench_result("per-call", best, "ns", 30.0, 1);
  bench_result("per-call-reverse", best_reverse, "ns", NAN, 1);
  fprintf(stderr, "operations of the call: %zu\n", tri_function_operations(f));
  tri_workspace_free(call.workspace);
  tri_function_free(f);
}

/* --- one call of a function of 10 operations, and its gradient in reverse */

static const char p_text[] = "((x*y + x)*y + x)*y + (x - y)*(x + y)*x";

/* By hand, called through a pointer as a compiled function is. */
typedef double point_by_hand(const double *at, double *gradient);

static double p_value(const double *at, double *gradient) {
  double x = at[0], y = at[1];
  (void)gradient;
  return ((x * y + x) * y + x) * y + (x - y) * (x + y) * x;
}

static double p_gradient(const double *at, double *gradient) {
  double x = at[0], y = at[1], s = x * y + x, t = s * y + x, d = x - y, u = x + y, du = d * u;
  gradient[0] = (y + 1.0) * y * y + y + (u + d) * x + du;
  gradient[1] = t + (s + x * y) * y + (d - u) * x;
  return t * y + du * x;
}

static point_by_hand *volatile by_hand_value = p_value, *volatile by_hand_gradient = p_gradient;

static double nanoseconds(double start) { return (bench_seconds() - start) * 1e9 / CALLS; }

static double time_point(point_by_hand *hand, const double *at, double *gradient) {
  volatile double sink = 0.0;
  double start = bench_seconds();
  for (int i = 0; i < CALLS; i++) sink = hand(at, gradient);
  (void)sink;
  return nanoseconds(start);
}

static double time_call(const tri_function *f, const tri_call *call, const double *at,
                        double *out) {
  double start = bench_seconds();
  for (int i = 0; i < CALLS; i++)
    if (tri_function_call(f, call, at, out)) exit(1);
  return nanoseconds(start);
}

static double time_reverse(const tri_function *f, const tri_call *call, const double *at,
                           double *out, double *gradient) {
  double start = bench_seconds();
  for (int i = 0; i < CALLS; i++)
    if (tri_function_reverse(f, call, at, NULL, out, gradient)) exit(1);
  return nanoseconds(start);
}

static tri_function *value_of(const char *text) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr in[] = {tri_variable(g, "x"), tri_variable(g, "y")};
  tri_expr out = tri_parse(g, text, strlen(text));
  tri_function *f = tri_compile(2, in, 1, &out);
  tri_graph_free(g);
  if (!f) exit(1);
  return f;
}

static void bench_call_10(void) {
  double value = INFINITY, reverse = INFINITY, hand = INFINITY, hand_reverse = INFINITY;
  double at[] = {3.0, 4.0}, out, gradient[2], want[2];
  tri_function *f = value_of(p_text);
  tri_call call = {.workspace = tri_workspace_new(f)};
  for (int run = 0; run < RUNS; run++) {
    value = fmin(value, time_call(f, &call, at, &out));
    reverse = fmin(reverse, time_reverse(f, &call, at, &out, gradient));
    hand = fmin(hand, time_point(by_hand_value, at, want));
    hand_reverse = fmin(hand_reverse, time_point(by_hand_gradient, at, want));
  }
  if (tri_function_operations(f) != 10 || out != p_value(at, NULL)) exit(1);
  if (gradient[0] != want[0] || gradient[1] != want[1]) exit(1);
  bench_result("per-call-10", value, "ns", 30.0 + hand, 1);
  bench_reference("per-call-10", "C", hand);
  bench_result("per-call-10-reverse", reverse, "ns", 30.0 + hand_reverse, 1);
  bench_reference("per-call-10-reverse", "C", hand_reverse);
  tri_workspace_free(call.workspace);
  tri_function_free(f);
}

static void arrays_free(struct arrays *a) {
  free(a->x);
  free(a->y);
  free(a->value);
  free(a->dx);
  free(a->dy);
}

int main(void) {
  struct arrays a = arrays_new(), b = arrays_new();
  bench_f(&a, &b);
  bench_g(&a, &b);
  bench_call();
  bench_call_10();
  arrays_free(&a);
  arrays_free(&b);
  return 0;
}
