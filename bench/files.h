/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Benchmarks of files in ADBench's forms, whose names are arguments: bench_lstm FILE...; and
 * bench_lstm --check FILE... compares derivatives and prints values, and measures nothing.
 * bench/adbench-data.py makes such files. */
#ifndef TRIAD_BENCH_FILES_H
#define TRIAD_BENCH_FILES_H

#include "problems.h"

static inline int bench_read(FILE *file, double *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (fscanf(file, "%lf", x + i) != 1) return 0;
  return 1;
}

/* The objective; of many errors the sum of their squares. */
static inline void bench_value(const char *name, size_t n, const double *error) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += error[i] * error[i];
  printf("value\t%s\t%.15g\n", name, n == 1 ? *error : sum);
  fflush(stdout);
}

/* Whether `of` found every file right, which it measures or not. */
static inline int bench_files(int argc, char **argv, int of(const char *file, int measured)) {
  int right = 1, measured = strcmp(argv[1], "--check") != 0;
  for (int i = measured ? 1 : 2; i < argc; i++) right &= of(argv[i], measured);
  return right;
}

#endif
