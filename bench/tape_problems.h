/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How the figures of a tape are taken, on two of the functions of problems.h. */
#ifndef TRIAD_BENCH_TAPE_PROBLEMS_H
#define TRIAD_BENCH_TAPE_PROBLEMS_H

#include "bench/problems.h"

enum { PROBLEM_SAMPLES = 3000, PROBLEM_PLAIN_CALLS = 20 };

/* What is recorded: inputs and operations as they are written below. */
enum {
  SPEELPENNING_OPERATIONS = PROBLEM_SIZE + (PROBLEM_SIZE - 1),
  ROSENBROCK_OPERATIONS = PROBLEM_SIZE + 8 * (PROBLEM_SIZE - 1)
};

/* One problem and one tape: the plain function, recording, and the sweep into gradient. */
struct problem {
  const char *name;
  int operations;
  double (*plain)(const double *x);
  double (*by_hand)(const double *x, double *gradient);
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

/* Ends the program if the gradient by a tape is not that by hand. */
static inline void problem_check(const struct problem *p) {
  static double x[PROBLEM_SIZE], gradient[PROBLEM_SIZE], expected[PROBLEM_SIZE];
  problem_point(x);
  double value = p->record(x), by_hand = p->by_hand(x, expected);
  p->sweep(gradient);
  if (!problem_same(p->name, 1, &value, &by_hand) ||
      !problem_same(p->name, PROBLEM_SIZE, gradient, expected))
    exit(EXIT_FAILURE);
}

#endif
