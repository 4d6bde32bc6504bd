/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What tests of functions of arrays share: one graph for each test, and calls that have to
 * succeed. */
#ifndef TRIAD_TESTS_EVAL_HELPER_H
#define TRIAD_TESTS_EVAL_HELPER_H

#include <check.h>
#include <math.h>
#include <triad.h>

static tri_graph *g;

static inline void set_up(void) { g = tri_graph_new(NULL); }
static inline void tear_down(void) {
  tri_graph_free(g);
  tri_thread_cleanup();
}

static inline void ok(tri_status status) {
  ck_assert_msg(status == TRI_OK, "%s: %s", tri_status_code(status), tri_graph_error(g)->message);
}

/* e is no expression, and the graph tells why. */
static inline void fails(tri_expr e, tri_status status, const char *message) {
  ck_assert_int_eq(tri_expr_status(e), status);
  ck_assert_str_eq(tri_graph_error(g)->message, message);
  tri_graph_clear_error(g);
}

static inline tri_expr integer(int64_t n) { return tri_integer(g, n); }

/* The variable of shape [], [a] or [a, b], by its rank. */
static inline tri_expr shaped(const char *name, size_t rank, int64_t a, int64_t b) {
  return tri_variable_shaped(g, name, rank, (int64_t[]){a, b}, NULL);
}

/* Numbers, and arrays of them by their largest one, are the same but for rounding; or neither
 * exists. */
static inline void close_to(double a, double b, const char *what, size_t i) {
  double scale = fmax(1.0, fmax(fabs(a), fabs(b)));
  ck_assert_msg(fabs(a - b) <= 1e-11 * scale || (isnan(a) && isnan(b)), "%s %zu: %.17g and %.17g",
                what, i, a, b);
}

static inline void all_close(const double *a, const double *b, size_t n, const char *what) {
  double scale = 1.0;
  for (size_t i = 0; i < n; i++) scale = fmax(scale, fmax(fabs(a[i]), fabs(b[i])));
  for (size_t i = 0; i < n; i++) close_to(a[i] / scale, b[i] / scale, what, i);
}

#endif
