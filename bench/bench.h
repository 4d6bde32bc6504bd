/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a benchmark program prints: rows that bench/run joins by name into one table and
 * results.json. */
#ifndef TRIAD_BENCH_H
#define TRIAD_BENCH_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Seconds on a clock that only goes forward. */
static inline double bench_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline int bench_order(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median of n > 0 values, which it sorts. */
static inline double bench_median(double *values, size_t n) {
  qsort(values, n, sizeof *values, bench_order);
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* The most memory that this process has had, in MiB. */
static inline double bench_peak_mib(void) {
  struct rusage used;
  if (getrusage(RUSAGE_SELF, &used)) return NAN;
#ifdef __APPLE__
  return (double)used.ru_maxrss / 1048576.0;
#else
  return (double)used.ru_maxrss / 1024.0;
#endif
}

/* Has work(data, found) done by a process of its own, so that its memory is counted by itself; what
 * it writes to found[size] is had here. 0 if that process did not come to its end. */
static inline int bench_apart(void (*work)(const void *data, void *found), const void *data,
                              void *found, size_t size) {
  int pipes[2], status = 1;
  fflush(stdout);
  if (pipe(pipes)) return 0;
  pid_t child = fork();
  if (child == 0) {
    work(data, found);
    _exit(write(pipes[1], found, size) == (ssize_t)size ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  close(pipes[1]);
  int whole = child > 0 && read(pipes[0], found, size) == (ssize_t)size;
  close(pipes[0]);
  return child > 0 && waitpid(child, &status, 0) == child && status == 0 && whole;
}

/* One figure of triad's. Goal NAN: none. A goal is a lower bound if the unit ends in "/s", else an
 * upper bound. */
static inline void bench_result(const char *name, double value, const char *unit, double goal,
                                int threads) {
  printf("result\t%s\t%.6g\t%s\t", name, value, unit);
  if (isnan(goal))
    printf("-");
  else
    printf("%.6g", goal);
  printf("\t%d\n", threads);
  fflush(stdout);
}

/* What another library, or plain C, needs for the result of this name, in the same unit. */
static inline void bench_reference(const char *name, const char *who, double value) {
  printf("reference\t%s\t%.6g\t%s\n", name, value, who);
  fflush(stdout);
}

#endif
