/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ADOL-C. On the problems of bench_tape.c: recording and sweep. On those of problems.h at one point: a trace that is recorded once and
 * replayed. link: -O3 -ladolc */
#include <adolc/adolc.h>

#include "bench/peers.h"
#include "bench/tape_problems.h"

namespace {

enum { TAG = 1, KEEP = 1 };

adouble x_[PROBLEM_SIZE];

void inputs(const double *x) {
  for (int i = 0; i < PROBLEM_SIZE; i++) x_[i] <<= x[i];
}

double record_speelpenning(const double *x) {
  double value;
  trace_on(TAG, KEEP);
  inputs(x);
  adouble product = x_[0];
  for (int i = 1; i < PROBLEM_SIZE; i++) product *= x_[i];
  product >>= value;
  trace_off();
  return value;
}

double record_rosenbrock(const double *x) {
  double value;
  trace_on(TAG, KEEP);
  inputs(x);
  adouble sum = 0.0;
  for (int i = 0; i + 1 < PROBLEM_SIZE; i++) {
    adouble t = x_[i + 1] - x_[i] * x_[i], u = 1.0 - x_[i];
    sum += 100.0 * t * t + u * u;
  }
  sum >>= value;
  trace_off();
  return value;
}

void sweep(double *gradient) {
  double weight = 1.0;
  fos_reverse(TAG, 1, PROBLEM_SIZE, &weight, gradient);
}

/* Operations, locations, constants and stored values. */
double tape_bytes() {
  size_t stats[STAT_SIZE];
  tapestats(TAG, stats);
  return double(stats[NUM_OPERATIONS]) + double(sizeof(locint) * stats[NUM_LOCATIONS]) +
         8.0 * double(stats[NUM_VALUES]) + 8.0 * double(stats[TAY_STACK_SIZE]);
}

void bench_problem(const problem *p) {
  problem_check(p);
  problem_times times = problem_time(p);
  bench_reference(problem_figure(p, "record"), "ADOL-C", 1e9 * times.record / p->operations);
  bench_reference(problem_figure(p, "sweep"), "ADOL-C", 1e9 * times.sweep / p->operations);
  bench_reference(problem_figure(p, "bytes"), "ADOL-C", tape_bytes() / p->operations);
  bench_reference(problem_figure(p, "over-c"), "ADOL-C", times.over_c);
}

/* --- recorded once and replayed; data: how many variables the trace has */

void record_call(const double *x) {
  double value;
  trace_on(TAG, KEEP);
  adouble a, b, result;
  a <<= x[0];
  b <<= x[1];
  result = a * a * b + b + 2.0;
  result >>= value;
  trace_off();
}

double replay(void *data, const double *x, double *gradient) {
  double value, weight = 1.0;
  int n = *static_cast<const int *>(data);
  zos_forward(TAG, 1, n, KEEP, x, &value);
  fos_reverse(TAG, 1, n, &weight, gradient);
  return value;
}

bool compare_at_one_point() {
  int two = 2, many = PROBLEM_SIZE;
  static double x[PROBLEM_SIZE];
  problem_point(x);
  record_speelpenning(x);
  bool right = peer_point("speelpenning", "adolc", replay, &many);
  record_rosenbrock(x);
  right &= bool(peer_point("rosenbrock", "adolc", replay, &many));
  call_point(x);
  record_call(x);
  return right & bool(peer_point("per-call", "adolc", replay, &two));
}

} // namespace

int main() {
  const problem problems[] = {
      {"speelpenning", SPEELPENNING_OPERATIONS, plain_speelpenning, hand_speelpenning,
       record_speelpenning, sweep},
      {"rosenbrock", ROSENBROCK_OPERATIONS, plain_rosenbrock, hand_rosenbrock,
       record_rosenbrock, sweep},
  };
  bench_problem(&problems[0]);
  bench_problem(&problems[1]);
  return compare_at_one_point() ? EXIT_SUCCESS : EXIT_FAILURE;
}
