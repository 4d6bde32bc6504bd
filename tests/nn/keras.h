/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What tests against stored results of Keras share: the arrays that cases.py wrote, and functions
 * that are given such arrays and must give others. */
#ifndef TRIAD_TESTS_NN_KERAS_H
#define TRIAD_TESTS_NN_KERAS_H

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <triad.h>

#include "config.h"
#include "nn/nn.h"
#include "tests/runner.h"

#ifndef KERAS_FOLDER
#define KERAS_FOLDER "tests/nn"
#endif

static tri_archive keras_arrays;
static tri_domain keras_domain; /* of the arrays that were read last */

static inline void keras_read(tri_domain domain) {
  char path[1024];
  tri_error error = {.message = ""};
  snprintf(path, sizeof path, "%s/keras-%s.npz", KERAS_FOLDER,
           domain == TRI_FLOAT ? "float32" : "float64");
  keras_domain = domain;
  tri_status status = tri_npz_read(path, &(tri_io_options){.error = &error}, &keras_arrays);
  ck_assert_msg(status == TRI_OK, "%s", error.message);
}

static inline void keras_read_double(void) { keras_read(TRI_DOUBLE); }
static inline void keras_read_float(void) { keras_read(TRI_FLOAT); }

static inline void keras_forget(void) {
  tri_archive_free(&keras_arrays);
  tri_thread_cleanup();
}

static inline const char *keras_dtype(void) {
  return keras_domain == TRI_FLOAT ? "float32" : "float64";
}

/* Part `part` of a case; NULL if there is none. */
static inline __attribute__((format(printf, 1, 2))) const tri_array *keras_find(const char *format,
                                                                                ...) {
  char name[128];
  va_list args;
  va_start(args, format);
  vsnprintf(name, sizeof name, format, args);
  va_end(args);
  return tri_archive_find(&keras_arrays, name);
}

/* --- functions of such arrays */

enum { KERAS_MOST = 48 };

struct keras_run {
  const char *name; /* of the case */
  size_t inputs, outputs;
  tri_expr in[KERAS_MOST], out[KERAS_MOST];
  const tri_array *given[KERAS_MOST], *expected[KERAS_MOST];
};

static inline void keras_give(struct keras_run *r, tri_expr variable, const tri_array *array) {
  ck_assert_msg(array && r->inputs < KERAS_MOST, "%s: an input is missing", r->name);
  r->in[r->inputs] = variable;
  r->given[r->inputs++] = array;
}

static inline void keras_expect(struct keras_run *r, tri_expr value, const tri_array *array) {
  ck_assert_msg(array && r->outputs < KERAS_MOST, "%s: a result is missing", r->name);
  r->out[r->outputs] = value;
  r->expected[r->outputs++] = array;
}

/* float64 to 1e-12, float32 to 1e-5 of the largest number. */
static inline void keras_same(const char *name, size_t output, const tri_array *expected,
                              const tri_array *found) {
  double most = 0.0, off = 0.0, bound = keras_domain == TRI_FLOAT ? 1e-5 : 1e-12;
  for (size_t i = 0; i < expected->count; i++) {
    double e = tri_array_double(expected, i), d = fabs(tri_array_double(found, i) - e);
    most = fmax(most, fabs(e));
    if (!isnan(off) && !(d <= off)) off = d; /* NaN stays */
  }
  ck_assert_msg(off <= bound * most || (most == 0.0 && off <= bound),
                "%s, %s: result %zu is off by %g of %g", name, keras_dtype(), output, off, most);
}

/* Compiles and calls the function and compares what it gives. `batch` is the named size of all
 * arrays. */
static inline void keras_compare(const struct keras_run *r, int64_t batch) {
  tri_error error = {.message = ""};
  const void *in[KERAS_MOST];
  void *out[KERAS_MOST];
  tri_array found[KERAS_MOST];
  tri_function *f =
      tri_compile(r->inputs, r->in, r->outputs, r->out, .domain = keras_domain, .error = &error);
  ck_assert_msg(f, "%s: %s", r->name, error.message);
  for (size_t i = 0; i < r->inputs; i++) in[i] = r->given[i]->data;
  for (size_t i = 0; i < r->outputs; i++) {
    const tri_array *e = r->expected[i];
    ck_assert_int_eq(tri_array_new(e->dtype, e->rank, e->dims, NULL, &found[i]), TRI_OK);
    out[i] = found[i].data;
  }
  const tri_call call = {.n_sizes = tri_function_sizes(f), .sizes = &batch, .error = &error};
  ck_assert_msg(tri_function_call_arrays(f, &call, in, out) == TRI_OK, "%s: %s", r->name,
                error.message);
  for (size_t i = 0; i < r->outputs; i++) {
    keras_same(r->name, i, r->expected[i], &found[i]);
    tri_array_free(&found[i]);
  }
  tri_function_free(f);
}

/* A variable of the shape of an array, whose first dimension is the batch. */
static inline tri_expr keras_variable(tri_graph *g, const char *name, const tri_array *array) {
  int64_t dims[TRI_ARRAY_RANK];
  const char *names[TRI_ARRAY_RANK] = {"batch"};
  ck_assert_msg(array, "%s is missing", name);
  for (size_t i = 0; i < array->rank; i++) dims[i] = (int64_t)array->dims[i];
  return tri_variable_shaped(g, name, array->rank, dims, names);
}

/* --- programs */

/* A case for either type of numbers, of these tests; none without libzip. */
static inline void keras_cases(Suite *s, size_t n, const TTest *const *tests) {
#if HAVE_LIBZIP
  for (int i = 0; i < 2; i++) {
    TCase *t = tcase_create(i ? "float32" : "float64");
    tcase_add_checked_fixture(t, i ? keras_read_float : keras_read_double, keras_forget);
    for (size_t k = 0; k < n; k++) tcase_add_test(t, tests[k]);
    suite_add_tcase(s, t);
  }
#else
  (void)s, (void)n, (void)tests;
#endif
}

static inline int keras_main(const char *name, Suite *(*suite)(void)) {
#if !HAVE_LIBZIP
  puts("# triad was built without libzip: cases of Keras are not read");
#endif
  return tri_test_main(name, suite);
}

#endif
