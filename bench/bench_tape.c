/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The eager tape: recording and sweep on Speelpenning's product and Rosenbrock's function, over plain C (the goals are what Adept, the best
 * of the tape tools, needs) and beside ADOL-C (peer_adolc.cc). */
#include <sys/resource.h>
#include <triad.h>

#include "bench/tape_problems.h"

static tri_tape *tape;
static tri_var variables[PROBLEM_SIZE], output;

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "bench_tape: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

static void inputs(const double *x) {
  tri_tape_clear(tape);
  for (int i = 0; i < PROBLEM_SIZE; i++) variables[i] = tri_tape_input(tape, x[i]);
}

static double record_speelpenning(const double *x) {
  tri_tape *t = tape;
  inputs(x);
  tri_var product = variables[0];
  for (int i = 1; i < PROBLEM_SIZE; i++) product = tri_tape_mul(t, product, variables[i]);
  output = product;
  return product.value;
}

static double record_rosenbrock(const double *x) {
  tri_tape *t = tape;
  inputs(x);
  tri_var sum = tri_tape_constant(0.0), one = tri_tape_constant(1.0);
  tri_var hundred = tri_tape_constant(100.0);
  for (int i = 0; i + 1 < PROBLEM_SIZE; i++) {
    tri_var a = variables[i], b = variables[i + 1];
    tri_var d = tri_tape_sub(t, b, tri_tape_square(t, a)), u = tri_tape_sub(t, one, a);
    tri_var term = tri_tape_mul(t, hundred, tri_tape_square(t, d));
    sum = tri_tape_add(t, sum, tri_tape_add(t, term, tri_tape_square(t, u)));
  }
  output = sum;
  return sum.value;
}

static void sweep(double *gradient) {
  check(tri_tape_gradient(tape, output, PROBLEM_SIZE, variables, gradient));
}

static void bench_problem(const struct problem *p, double goal) {
  problem_check(p);
  struct problem_times times = problem_time(p);
  double bytes = 12.0 * (double)tri_tape_size(tape);
  bench_result(problem_figure(p, "record"), 1e9 * times.record / p->operations, "ns", NAN, 1);
  bench_result(problem_figure(p, "sweep"), 1e9 * times.sweep / p->operations, "ns", NAN, 1);
  bench_result(problem_figure(p, "bytes"), bytes / p->operations, "bytes", 22, 1);
  bench_result(problem_figure(p, "over-c"), times.over_c, "times", goal, 1);
}

static long page_faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

/* s <- s * x + y: 10,000,000 operations, with a slot for each argument. */
static double record_horner(tri_tape *t, tri_var *s) {
  double start = bench_seconds();
  tri_var x = tri_tape_input(t, 1.0), y = tri_tape_input(t, 0.5);
  *s = y;
  for (int i = 0; i < 5000000; i++) *s = tri_tape_add(t, tri_tape_mul(t, *s, x), y);
  return bench_seconds() - start;
}

/* A long recording for the first time, and again in the same memory. */
static void bench_long(void) {
  enum { SAMPLES = 5 };
  double seconds[SAMPLES], sweeps[SAMPLES], operations = 1e7;
  tri_tape *t = tri_tape_new();
  tri_var s;
  bench_result("tape-long-first-record", 1e9 * record_horner(t, &s) / operations, "ns", NAN, 1);
  check(tri_tape_sweep(t, s));
  long faults = page_faults();
  for (int i = 0; i < SAMPLES; i++) {
    tri_tape_clear(t);
    seconds[i] = record_horner(t, &s);
    double start = bench_seconds();
    check(tri_tape_sweep(t, s));
    sweeps[i] = bench_seconds() - start;
  }
  faults = page_faults() - faults;
  bench_result("tape-long-record", 1e9 * bench_median(seconds, SAMPLES) / operations, "ns", NAN, 1);
  bench_result("tape-long-sweep", 1e9 * bench_median(sweeps, SAMPLES) / operations, "ns", NAN, 1);
  bench_result("tape-again-page-faults", (double)faults, "faults", 0, 1);
  tri_tape_free(t);
}

int main(void) {
  static const struct problem problems[] = {
      {"speelpenning", SPEELPENNING_OPERATIONS, plain_speelpenning, hand_speelpenning,
       record_speelpenning, sweep},
      {"rosenbrock", ROSENBROCK_OPERATIONS, plain_rosenbrock, hand_rosenbrock, record_rosenbrock,
       sweep},
  };
  tape = tri_tape_new();
  if (!tape) return EXIT_FAILURE;
  bench_problem(&problems[0], 13);
  bench_problem(&problems[1], 32);
  tri_tape_free(tape);
  bench_long();
  return EXIT_SUCCESS;
}
