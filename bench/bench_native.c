/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Native code of functions of a thousand, ten thousand and a hundred thousand operations that no
 * loop can be made of: the time to compile value and gradient, and to run them, over the plain
 * objective. Beside it the derivative by hand, which is the check. */
#include <triad.h>

#include "bench/problems.h"

/* A map of the plane, again and again: (a, b) to (s/(1 + s²) + b/2, sqrt(1 + a²) - s/2), where s
 * = a*p + b*q. What comes out is the sum of all a and of the last b, so that derivatives keep
 * their size however many rounds there are. */
enum { OPERATIONS = 15, MOST_ROUNDS = 100000 / OPERATIONS + 1, INPUTS = 4 };

static int rounds; /* of the problem under way */

PROBLEM_PLAIN double plain_map(const double *x) {
  double a = x[0], b = x[1], p = x[2], q = x[3], sum = a;
  for (int i = 0; i < rounds; i++) {
    double s = a * p + b * q, next = s / (1.0 + s * s) + 0.5 * b;
    b = sqrt(1.0 + a * a) - 0.5 * s;
    a = next;
    sum += a;
  }
  return sum + b;
}

PROBLEM_PLAIN double hand_map(const double *x, double *gradient) {
  static double was_a[MOST_ROUNDS], was_b[MOST_ROUNDS];
  double a = x[0], b = x[1], p = x[2], q = x[3], da = 1.0, db = 1.0, dp = 0.0, dq = 0.0, sum = a;
  for (int i = 0; i < rounds; i++) {
    was_a[i] = a;
    was_b[i] = b;
    double s = a * p + b * q, next = s / (1.0 + s * s) + 0.5 * b;
    b = sqrt(1.0 + a * a) - 0.5 * s;
    a = next;
    sum += a;
  }
  for (int i = rounds; i-- > 0;) {
    double s = was_a[i] * p + was_b[i] * q, t = 1.0 + s * s;
    double ds = da * ((1.0 - s * s) / (t * t)) - 0.5 * db;
    double before = da;
    da = db * (was_a[i] / sqrt(1.0 + was_a[i] * was_a[i])) + ds * p + 1.0;
    db = 0.5 * before + ds * q;
    dp += ds * was_a[i];
    dq += ds * was_b[i];
  }
  memcpy(gradient, (double[]){da, db, dp, dq}, INPUTS * sizeof *gradient);
  return sum + b;
}

static tri_expr map_expr(tri_graph *g, const tri_expr *x) {
  tri_expr a = x[0], b = x[1], sum = a, one = tri_integer(g, 1), half = tri_rational(g, 1, 2);
  for (int i = 0; i < rounds; i++) {
    tri_expr s = tri_add(tri_mul(a, x[2]), tri_mul(b, x[3]));
    tri_expr next = tri_add(tri_div(s, tri_add(one, tri_square(s))), tri_mul(half, b));
    b = tri_sub(tri_sqrt(tri_add(one, tri_square(a))), tri_mul(half, s));
    a = next;
    sum = tri_add(sum, a);
  }
  return tri_add(sum, b);
}

static tri_function *compiled(tri_run how) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x[] = {tri_variable(g, "a"), tri_variable(g, "b"), tri_variable(g, "p"),
                  tri_variable(g, "q")};
  tri_expr e = map_expr(g, x);
  tri_function *f = tri_compile(INPUTS, x, 1, &e, .run = how, .native_module = NATIVE_BUILT);
  tri_graph_free(g);
  return f;
}

static const double point[INPUTS] = {0.3, 0.4, 0.9, -0.6};

struct triad_run {
  const tri_function *function;
  tri_call call;
  double value, gradient[INPUTS];
};

static void run_triad(void *data) {
  struct triad_run *run = data;
  if (tri_function_reverse(run->function, &run->call, point, NULL, &run->value, run->gradient))
    run->value = NAN;
}

static void run_plain(void *data) { *(double *)data = plain_map(point); }

static void run_hand(void *data) {
  double *to = data;
  to[0] = hand_map(point, to + 1);
}

/* Value and gradient are those by hand: to nine digits, which is what so many rounds leave of
 * sixteen. */
static int right(const char *name, const struct triad_run *run, const double *by_hand) {
  int ok = fabs(run->value - by_hand[0]) <= 1e-9 * fabs(by_hand[0]);
  for (int i = 0; i < INPUTS; i++)
    ok &= fabs(run->gradient[i] - by_hand[1 + i]) <= 1e-9 * (1e-3 + fabs(by_hand[1 + i]));
  if (!ok)
    fprintf(stderr, "%s: value %.17g and first derivative %.17g, not %.17g and %.17g\n", name,
            run->value, run->gradient[0], by_hand[0], by_hand[1]);
  return ok;
}

/* The time to run by code, by hand and by the interpreter, over the plain objective. */
static void compare(const char *name, struct triad_run *code, struct triad_run *interpreted) {
  double value, by_hand[1 + INPUTS];
  char row[40];
  struct bench_way ways[] = {{run_plain, &value, 0.0, 0},
                             {run_hand, by_hand, 0.0, 0},
                             {run_triad, code, 0.0, 0},
                             {run_triad, interpreted, 0.0, 0}};
  bench_turns(4, ways);
  snprintf(row, sizeof row, "%s-run", name);
  problem_result(row, 1e6 * ways[2].least, 1e6 * ways[0].least, "us", NAN);
  problem_result(problem_row(row, "by-hand"), 1e6 * ways[1].least, 1e6 * ways[0].least, "us", NAN);
  problem_result(problem_row(row, "interpreter"), 1e6 * ways[3].least, 1e6 * ways[0].least, "us",
                 NAN);
}

/* Compiling starts with the first call. */
static int bench_size(const char *name, int operations, double goal) {
  rounds = operations / OPERATIONS;
  tri_function *f = compiled(TRI_NATIVE), *plain = compiled(TRI_INTERPRET);
  struct triad_run code = {.function = f, .call = {.workspace = tri_workspace_new(f)}};
  struct triad_run slow = {.function = plain, .call = {.workspace = tri_workspace_new(plain)}};
  double by_hand[1 + INPUTS], start = bench_seconds();
  run_triad(&code);
  double seconds = bench_seconds() - start;
  run_hand(by_hand);
  int ok = right(name, &code, by_hand);
  if (ok) bench_result(name, seconds, "s", goal, 1);
  if (ok) compare(name, &code, &slow);
  tri_workspace_free(code.call.workspace);
  tri_workspace_free(slow.call.workspace);
  tri_function_free(f);
  tri_function_free(plain);
  return ok;
}

int main(void) {
  const char *why = "";
  rounds = 1;
  tri_function *f = compiled(TRI_NATIVE);
  int native = tri_function_native(f, &why); /* opens LLVM as well, which takes 25 ms once */
  if (!native) fprintf(stderr, "bench_native: left out: %s\n", why);
  tri_function_free(f);
  if (!native) return EXIT_SUCCESS;
  int ok = bench_size("native-1k", 1000, NAN);
  ok &= bench_size("native-10k", 10000, NAN);
  ok &= bench_size("native-100k", 100000, 5.0);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
