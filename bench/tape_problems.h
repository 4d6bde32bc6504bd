/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The functions that tapes are compared on, as plain C, and how the figures of a tape are taken. */
#ifndef TRIAD_BENCH_TAPE_PROBLEMS_H
#define TRIAD_BENCH_TAPE_PROBLEMS_H

#include <string.h>

#include "bench.h"

enum { PROBLEM_SIZE = 1000, PROBLEM_SAMPLES = 3000, PROBLEM_PLAIN_CALLS = 20 };

/* What is recorded: inputs and operations as they are written below. */
enum {
  SPEELPENNING_OPERATIONS = PROBLEM_SIZE + (PROBLEM_SIZE - 1),
  ROSENBROCK_OPERATIONS = PROBLEM_SIZE + 8 * (PROBLEM_SIZE - 1)
};

/* At -O3, whatever the rest is compiled with. */
#if defined(__GNUC__) && !defined(__clang__)
#define PROBLEM_PLAIN static __attribute__((noinline, optimize("O3")))
#elif defined(__GNUC__)
#define PROBLEM_PLAIN static __attribute__((noinline))
#else
#define PROBLEM_PLAIN static
#endif

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

/* x[i] = (1 + i) / (2 + i) */
static inline void problem_point(double *x) {
  for (int i = 0; i < PROBLEM_SIZE; i++) x[i] = (1.0 + i) / (2.0 + i);
}

/* One problem and one tape: the plain function, recording, and the sweep into gradient. */
struct problem {
  const char *name;
  int operations;
  double (*plain)(const double *x);
  double (*record)(const double *x);
  void (*sweep)(double *gradient);
};

/* Seconds for recording and sweep, and both over the plain function. */
struct problem_times {
  double record, sweep, over_c;
};

/* Medians of many short times, one after the other, so that what else the machine does falls out. */
static inline struct problem_times problem_time(const struct problem *p) {
  static double x[PROBLEM_SIZE], gradient[PROBLEM_SIZE];
  static double plain[PROBLEM_SAMPLES], record[PROBLEM_SAMPLES], sweep[PROBLEM_SAMPLES];
  volatile double sink = 0.0;
  problem_point(x);
  for (int s = -PROBLEM_SAMPLES / 10; s < PROBLEM_SAMPLES; s++) { /* the first are not counted */
    double start = bench_seconds();
    for (int i = 0; i < PROBLEM_PLAIN_CALLS; i++) sink = p->plain(x);
    double called = bench_seconds();
    sink = p->record(x);
    double recorded = bench_seconds();
    p->sweep(gradient);
    double swept = bench_seconds();
    if (s < 0) continue;
    plain[s] = (called - start) / PROBLEM_PLAIN_CALLS;
    record[s] = recorded - called;
    sweep[s] = swept - recorded;
  }
  (void)sink;
  struct problem_times times = {bench_median(record, PROBLEM_SAMPLES),
                                bench_median(sweep, PROBLEM_SAMPLES), 0.0};
  times.over_c = (times.record + times.sweep) / bench_median(plain, PROBLEM_SAMPLES);
  return times;
}

/* The name of a figure. */
static inline const char *problem_figure(const struct problem *p, const char *what) {
  static char name[80];
  snprintf(name, sizeof name, "tape-%s-%s", p->name, what);
  return name;
}

/* The gradient of both problems is known: derivatives of a product, and of the sum term by term. Ends the program if a tape is wrong. */
static inline void problem_check(const struct problem *p) {
  static double x[PROBLEM_SIZE], gradient[PROBLEM_SIZE], expected[PROBLEM_SIZE];
  problem_point(x);
  double value = p->record(x);
  p->sweep(gradient);
  memset(expected, 0, sizeof expected);
  for (int i = 0; i < PROBLEM_SIZE; i++) {
    if (p->plain == plain_speelpenning) {
      expected[i] = value / x[i];
    } else if (i + 1 < PROBLEM_SIZE) {
      double t = x[i + 1] - x[i] * x[i];
      expected[i] += -400.0 * t * x[i] - 2.0 * (1.0 - x[i]);
      expected[i + 1] += 200.0 * t;
    }
  }
  for (int i = 0; i < PROBLEM_SIZE; i++) {
    if (fabs(gradient[i] - expected[i]) <= 1e-9 * (1e-3 + fabs(expected[i]))) continue;
    fprintf(stderr, "%s: derivative %d is %g, not %g\n", p->name, i, gradient[i], expected[i]);
    exit(EXIT_FAILURE);
  }
}

#endif
