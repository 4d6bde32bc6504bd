/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The functions that derivatives are compared on: the objective in plain C at -O3, which every
 * figure is a ratio to; its derivative by hand, which is the reference and the check; and how the
 * two figures are taken side by side.
 *   map-f         f = x²y + y + 2                                   at MAP_POINTS points
 *   map-g         g = exp(sin(xy))·sqrt(x² + y²) + atan2(y, x)      at MAP_POINTS points
 *   speelpenning  the product of 1000 variables                     at one point
 *   rosenbrock    Σ 100(x[i+1] - x[i]²)² + (1 - x[i])², 1000 variables, at one point
 *   per-call      f as a function of two variables                  at one point */
#ifndef TRIAD_BENCH_PROBLEMS_H
#define TRIAD_BENCH_PROBLEMS_H

#include <string.h>

#include "bench.h"

enum { PROBLEM_SIZE = 1000, MAP_POINTS = 1000000 };

/* At -O3, whatever the rest is compiled with. */
#if defined(__GNUC__) && !defined(__clang__)
#define PROBLEM_PLAIN static __attribute__((noinline, unused, optimize("O3")))
#elif defined(__GNUC__)
#define PROBLEM_PLAIN static __attribute__((noinline, unused))
#else
#define PROBLEM_PLAIN static
#endif

/* So that a call is made although the compiler knows what it gives. */
#if defined(__GNUC__)
#define PROBLEM_BARRIER() __asm__ volatile("" ::: "memory")
#else
#define PROBLEM_BARRIER() ((void)0)
#endif

/* --- many points: value at n points, or with both derivatives */

PROBLEM_PLAIN void plain_f(size_t n, const double *x, const double *y, double *value) {
  for (size_t i = 0; i < n; i++) value[i] = x[i] * x[i] * y[i] + y[i] + 2.0;
}

PROBLEM_PLAIN void plain_g(size_t n, const double *x, const double *y, double *value) {
  for (size_t i = 0; i < n; i++)
    value[i] = exp(sin(x[i] * y[i])) * sqrt(x[i] * x[i] + y[i] * y[i]) + atan2(y[i], x[i]);
}

PROBLEM_PLAIN void hand_f(size_t n, const double *x, const double *y, double *value, double *dx,
                          double *dy) {
  for (size_t i = 0; i < n; i++) {
    double a = x[i], b = y[i], s = a * a + 1.0;
    value[i] = s * b + 2.0;
    dx[i] = 2.0 * a * b;
    dy[i] = s;
  }
}

PROBLEM_PLAIN void hand_g(size_t n, const double *x, const double *y, double *value, double *dx,
                          double *dy) {
  for (size_t i = 0; i < n; i++) {
    double a = x[i], b = y[i], e = exp(sin(a * b)), ec = e * cos(a * b), s = a * a + b * b;
    double root = sqrt(s);
    value[i] = e * root + atan2(b, a);
    dx[i] = ec * b * root + e * a / root - b / s;
    dy[i] = ec * a * root + e * b / root + a / s;
  }
}

/* x from 0.1 to 3.1, y from 1 to 3.8 */
PROBLEM_PLAIN void map_points(size_t n, double *x, double *y) {
  for (size_t i = 0; i < n; i++) {
    x[i] = 0.1 + 3e-6 * (double)i;
    y[i] = 2.0 - 1e-6 * (double)i + 0.3 * (double)(i % 7);
  }
}

/* --- one point: the value, or the value with the gradient */

PROBLEM_PLAIN double plain_speelpenning(const double *x) {
  double product = x[0];
  for (int i = 1; i < PROBLEM_SIZE; i++) product *= x[i];
  return product;
}

PROBLEM_PLAIN double plain_rosenbrock(const double *x) {
  double sum = 0.0;
  for (int i = 0; i + 1 < PROBLEM_SIZE; i++) {
    double t = x[i + 1] - x[i] * x[i], u = 1.0 - x[i];
    sum += 100.0 * t * t + u * u;
  }
  return sum;
}

PROBLEM_PLAIN double plain_call(const double *x) { return x[0] * x[0] * x[1] + x[1] + 2.0; }

/* Products of those before, times products of those behind. */
PROBLEM_PLAIN double hand_speelpenning(const double *x, double *gradient) {
  double before = 1.0, behind = 1.0;
  for (int i = 0; i < PROBLEM_SIZE; i++) {
    gradient[i] = before;
    before *= x[i];
  }
  for (int i = PROBLEM_SIZE; i-- > 0;) {
    gradient[i] *= behind;
    behind *= x[i];
  }
  return before;
}

/* Each entry by itself, so that a compiler makes vectors of it. */
PROBLEM_PLAIN double hand_rosenbrock(const double *x, double *gradient) {
  const int last = PROBLEM_SIZE - 1;
  double t = x[1] - x[0] * x[0], u = 1.0 - x[0], sum = 100.0 * t * t + u * u;
  gradient[0] = -400.0 * t * x[0] - 2.0 * u;
  for (int i = 1; i < last; i++) {
    double before = x[i] - x[i - 1] * x[i - 1];
    t = x[i + 1] - x[i] * x[i];
    u = 1.0 - x[i];
    sum += 100.0 * t * t + u * u;
    gradient[i] = 200.0 * before - 400.0 * t * x[i] - 2.0 * u;
  }
  gradient[last] = 200.0 * (x[last] - x[last - 1] * x[last - 1]);
  return sum;
}

PROBLEM_PLAIN double hand_call(const double *x, double *gradient) {
  gradient[0] = 2.0 * x[0] * x[1];
  gradient[1] = x[0] * x[0] + 1.0;
  return gradient[1] * x[1] + 2.0;
}

/* x[i] = (1 + i) / (2 + i) */
static inline void problem_point(double *x) {
  for (int i = 0; i < PROBLEM_SIZE; i++) x[i] = (1.0 + i) / (2.0 + i);
}

static inline void call_point(double *x) {
  x[0] = 3.0;
  x[1] = 4.0;
}

/* --- comparing */

/* What is compared at many points, and at one. */
struct map_problem {
  const char *name;
  void (*plain)(size_t n, const double *x, const double *y, double *value);
  void (*by_hand)(size_t n, const double *x, const double *y, double *value, double *dx,
                  double *dy);
};

struct point_problem {
  const char *name, *unit;
  double units; /* in a second */
  int n;
  double (*plain)(const double *x);
  double (*by_hand)(const double *x, double *gradient);
  void (*point)(double *x);
};

static const struct map_problem map_problems[] = {{"map-f", plain_f, hand_f},
                                                  {"map-g", plain_g, hand_g}};

static const struct point_problem point_problems[] = {
    {"speelpenning", "us", 1e6, PROBLEM_SIZE, plain_speelpenning, hand_speelpenning, problem_point},
    {"rosenbrock", "us", 1e6, PROBLEM_SIZE, plain_rosenbrock, hand_rosenbrock, problem_point},
    {"per-call", "ns", 1e9, 2, plain_call, hand_call, call_point},
};

/* The problem of this name; NULL: none. */
static inline const struct map_problem *map_problem_named(const char *name) {
  for (size_t i = 0; i < sizeof map_problems / sizeof *map_problems; i++)
    if (!strcmp(map_problems[i].name, name)) return &map_problems[i];
  return NULL;
}

static inline const struct point_problem *point_problem_named(const char *name) {
  for (size_t i = 0; i < sizeof point_problems / sizeof *point_problems; i++)
    if (!strcmp(point_problems[i].name, name)) return &point_problems[i];
  return NULL;
}

/* Whether n numbers are those expected, up to rounding; else says which is not. */
static inline int problem_same(const char *who, size_t n, const double *found,
                               const double *expected) {
  for (size_t i = 0; i < n; i++) {
    if (fabs(found[i] - expected[i]) <= 1e-11 * (1e-2 + fabs(expected[i]))) continue;
    fprintf(stderr, "%s: number %zu is %.17g, not %.17g\n", who, i, found[i], expected[i]);
    return 0;
  }
  return 1;
}

/* n zeros, to be freed; the program ends where there is no room. */
static inline double *bench_numbers(size_t n) {
  double *x = (double *)calloc(n ? n : 1, sizeof *x);
  if (!x) exit(EXIT_FAILURE);
  return x;
}

/* Numbers between -1 and 1, the same everywhere for a state that begins alike. Knuth's MMIX
 * generator. */
static inline double bench_random(unsigned long long *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(*state >> 33) / 1073741824.0 - 1.0;
}

/* One of the ways of computing that take turns. */
struct bench_way {
  void (*run)(void *data);
  void *data;
  double
      least; /* seconds of one run, of all turns the least, since other work on the machine only adds */
  int runs; /* in one turn */
};

static inline double bench_turn(struct bench_way *way) {
  double start = bench_seconds();
  for (int i = 0; i < way->runs; i++) {
    way->run(way->data);
    PROBLEM_BARRIER();
  }
  return (bench_seconds() - start) / way->runs;
}

/* Runs n ways in turn for some seconds, at least five times. Each has three times in a turn, of at
 * least 100 microseconds: what the others left in the caches is not its fault. */
static inline void bench_turns(int n, struct bench_way *ways) {
  for (int i = 0; i < n; i++) {
    ways[i].runs = 1;
    bench_turn(&ways[i]); /* the first run warms up */
    double once = ways[i].least = bench_turn(&ways[i]);
    if (once < 1e-4) ways[i].runs = (int)(1e-4 / (once + 1e-9)) + 1;
  }
  double end = bench_seconds() + 1.5;
  for (int turn = 0; turn < 5 || bench_seconds() < end; turn++)
    for (int i = 0; i < 3 * n; i++) {
      struct bench_way *way = &ways[i / 3];
      double time = bench_turn(way);
      if (time < way->least) way->least = time;
    }
}

/* Value and gradient of a problem by one library, which finds what it needs at data. */
typedef double point_gradient(void *data, const double *x, double *gradient);
typedef void map_gradient(void *data, size_t n, const double *x, const double *y, double *value,
                          double *dx, double *dy);

/* The row of a problem: triad's own (who is "") is NAME, another's NAME:WHO. */
static inline const char *problem_row(const char *name, const char *who) {
  static char row[80];
  snprintf(row, sizeof row, "%s%s%s", name, *who ? ":" : "", who);
  return row;
}

/* The row over the plain objective; goal: a ratio to it, NAN: none. */
static inline void problem_result(const char *row, double value, double plain, const char *unit,
                                  double goal) {
  bench_result(row, value, unit, goal * plain, 1);
  bench_reference(row, "plain C", plain);
}

/* Times the plain objective, triad and the derivative by hand in turns, over `data`, and tells
 * triad's time and that by hand in their rows, in units of which a second has so many. Returns
 * triad's time in seconds. */
static inline double problem_turns(const char *name, void (*plain)(void *), void (*triad)(void *),
                                   void (*by_hand)(void *), void *data, double units,
                                   const char *unit, double goal) {
  struct bench_way ways[] = {{plain, data, 0.0, 0}, {triad, data, 0.0, 0}, {by_hand, data, 0.0, 0}};
  char row[80];
  bench_turns(3, ways);
  problem_result(name, ways[1].least * units, ways[0].least * units, unit, goal);
  snprintf(row, sizeof row, "%s:by-hand", name);
  problem_result(row, ways[2].least * units, ways[0].least * units, unit, NAN);
  return ways[1].least;
}

struct point_run {
  const struct point_problem *problem;
  point_gradient *of;
  void *data;
  double x[PROBLEM_SIZE], gradient[PROBLEM_SIZE], value;
};

static inline void point_run_plain(void *data) {
  struct point_run *run = (struct point_run *)data;
  run->value = run->problem->plain(run->x);
}

static inline void point_run_gradient(void *data) {
  struct point_run *run = (struct point_run *)data;
  run->value = run->of(run->data, run->x, run->gradient);
}

/* Checks and measures one library on a problem and prints its row. 0 if its derivatives are wrong,
 * which it says. */
static inline int point_compare(const char *name, const char *who, double goal, point_gradient *of,
                                void *data) {
  static struct point_run run;
  static double expected[PROBLEM_SIZE];
  const struct point_problem *p = point_problem_named(name);
  if (!p) return 0;
  run.problem = p;
  run.of = of;
  run.data = data;
  p->point(run.x);
  point_run_gradient(&run);
  double value = p->by_hand(run.x, expected);
  const char *row = problem_row(name, who);
  if (!problem_same(row, 1, &run.value, &value) ||
      !problem_same(row, (size_t)p->n, run.gradient, expected))
    return 0;
  struct bench_way ways[] = {{point_run_plain, &run, 0.0, 0}, {point_run_gradient, &run, 0.0, 0}};
  bench_turns(2, ways);
  problem_result(row, ways[1].least * p->units, ways[0].least * p->units, p->unit, goal);
  return 1;
}

struct map_run {
  const struct map_problem *problem;
  map_gradient *of;
  void *data;
  double *x, *y, *value, *dx, *dy;
};

static inline void map_run_plain(void *data) {
  struct map_run *run = (struct map_run *)data;
  run->problem->plain(MAP_POINTS, run->x, run->y, run->value);
}

static inline void map_run_gradient(void *data) {
  struct map_run *run = (struct map_run *)data;
  run->of(run->data, MAP_POINTS, run->x, run->y, run->value, run->dx, run->dy);
}

/* Whether value and both derivatives are those by hand. */
static inline int map_same(const char *row, const struct map_run *run, double *expected) {
  double *value = expected, *dx = expected + MAP_POINTS, *dy = expected + 2 * (size_t)MAP_POINTS;
  run->problem->by_hand(MAP_POINTS, run->x, run->y, value, dx, dy);
  return problem_same(row, MAP_POINTS, run->value, value) &&
         problem_same(row, MAP_POINTS, run->dx, dx) && problem_same(row, MAP_POINTS, run->dy, dy);
}

/* As point_compare, at many points. */
static inline int map_compare(const char *name, const char *who, double goal, map_gradient *of,
                              void *data) {
  const struct map_problem *p = map_problem_named(name);
  size_t n = MAP_POINTS;
  double *all = (double *)calloc(8 * n, sizeof *all);
  if (!p || !all) {
    free(all);
    return 0;
  }
  struct map_run run = {p, of, data, all, all + n, all + 2 * n, all + 3 * n, all + 4 * n};
  map_points(n, run.x, run.y);
  map_run_gradient(&run);
  const char *row = problem_row(name, who);
  int right = map_same(row, &run, all + 5 * n);
  if (right) {
    struct bench_way ways[] = {{map_run_plain, &run, 0.0, 0}, {map_run_gradient, &run, 0.0, 0}};
    bench_turns(2, ways);
    problem_result(row, ways[1].least * 1e9 / MAP_POINTS, ways[0].least * 1e9 / MAP_POINTS,
                   "ns/point", goal);
  }
  free(all);
  return right;
}

#endif
