/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Outputs at a point as numbers of one domain and precision: compiled, the point evaluated, run. What certification does at each
 * precision. */
#ifndef TRIAD_VERIFY_JOB_H
#define TRIAD_VERIFY_JOB_H

#include <triad/verify.h>

/* What is asked about. */
struct subject {
  size_t n; /* inputs */
  const tri_expr *inputs, *point;
  size_t variables; /* derivatives are by the first so many inputs */
  size_t m;         /* outputs */
  const tri_expr *outputs;
  size_t primals; /* of these, the first that must have values; 0: all */
  const tri_allocator *allocator;
  const volatile int *interrupt;
  int strict;
};

/* A compiled subject at its point, in one domain. */
struct job {
  const struct subject *subject;
  tri_number_options options;
  tri_function *function;
  tri_values *point;
  tri_call call;
};

/* Compiles and evaluates the point. Close it in any case. error may not be NULL; it must last as long as the job. */
TRI_CHECKED tri_status tri__job_open(struct job *job, const struct subject *subject,
                                     const tri_number_options *options, tri_error *error);
void tri__job_close(struct job *job);

/* An array of zeros; NULL with the job's error set. */
tri_values *tri__job_array(struct job *job, size_t count);

/* The outputs' values, and their derivatives by the variables: m * variables, row by row, by adjoint sweeps or dual runs; hessian: n * n of
 * the sum. New arrays, NULL on failure. */
TRI_CHECKED tri_status tri__job_values(struct job *job, tri_values **values);
TRI_CHECKED tri_status tri__job_jacobian(struct job *job, tri_mode mode, tri_values **jacobian);
TRI_CHECKED tri_status tri__job_hessian(struct job *job, tri_mode mode, tri_values **hessian);

/* The dual run along input j alone, for what it says. */
TRI_CHECKED tri_status tri__job_along(struct job *job, size_t j);

#endif
