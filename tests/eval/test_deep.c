/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Depth and length cost no stack: a million operations in a thread with 256 KiB. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <triad.h>

#include "tests/runner.h"

enum { DEEP = 1000000, STACK = 256 * 1024 };

static void ok(tri_status status) { ck_assert_str_eq(tri_status_code(status), "ok"); }

/* sin nested: the value, and the slope that is the product of all cosines. */
static void *chain(void *unused) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), e = x;
  double value, slope, other, curvature, at = 0.5, expected = at, product = 1.0;
  for (int i = 0; i < DEEP; i++) {
    e = tri_sin(e);
    product *= cos(expected);
    expected = sin(expected);
  }
  tri_function *f = tri_compile(1, &x, 1, &e);
  ck_assert_ptr_nonnull(f);
  tri_graph_free(g);
  ok(tri_function_call(f, NULL, &at, &value));
  ck_assert_double_eq_tol(value, expected, 1e-12);
  ok(tri_function_reverse(f, NULL, &at, NULL, &value, &slope));
  ck_assert_double_eq_tol(slope, product, 1e-9 * product);
  ok(tri_function_forward(f, NULL, &at, 1, &(double){1.0}, NULL, &other));
  ck_assert_double_eq_tol(other, product, 1e-9 * product);
  ok(tri_function_hessian(f, NULL, &at, NULL, NULL, NULL, &curvature));
  ck_assert(isfinite(curvature));
  tri_function_free(f);
  return unused;
}

/* A sum of as many variables. */
static void *sum(void *unused) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr *x = malloc(DEEP * sizeof *x), e = tri_integer(g, 0);
  double *at = malloc(DEEP * sizeof *at), *gradient = malloc(DEEP * sizeof *gradient), value;
  for (int i = 0; i < DEEP; i++) {
    char name[16];
    snprintf(name, sizeof name, "x%d", i);
    x[i] = tri_variable(g, name);
    e = tri_add(e, x[i]);
    at[i] = 1.0;
  }
  tri_function *f = tri_compile(DEEP, x, 1, &e);
  ck_assert_ptr_nonnull(f);
  ok(tri_function_reverse(f, NULL, at, NULL, &value, gradient));
  ck_assert_double_eq(value, DEEP);
  for (int i = 0; i < DEEP; i++) ck_assert(gradient[i] == 1.0);
  tri_function_free(f);
  tri_graph_free(g);
  free(x), free(at), free(gradient);
  return unused;
}

/* The culprit at the bottom of a chain is found, and named. */
static void *culprit(void *unused) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), e = tri_log(x);
  uint32_t node = e.id;
  double value, at = -1.0;
  tri_error error;
  for (int i = 0; i < DEEP; i++) e = tri_sin(e);
  tri_function *f = tri_compile(1, &x, 1, &e);
  ck_assert_int_eq(tri_function_call(f, &(tri_call){.error = &error}, &at, &value), TRI_DOMAIN);
  ck_assert_uint_eq(error.node, node);
  tri_function_free(f);
  tri_graph_free(g);
  return unused;
}

static void in_small_stack(void *(*work)(void *)) {
  pthread_attr_t small;
  pthread_t thread;
  ck_assert_int_eq(pthread_attr_init(&small), 0);
  ck_assert_int_eq(pthread_attr_setstacksize(&small, STACK), 0);
  ck_assert_int_eq(pthread_create(&thread, &small, work, NULL), 0);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  pthread_attr_destroy(&small);
}

START_TEST(deep_chain) { in_small_stack(chain); }
END_TEST
START_TEST(long_sum) { in_small_stack(sum); }
END_TEST
START_TEST(deep_culprit) { in_small_stack(culprit); }
END_TEST

static Suite *deep_suite(void) {
  Suite *s = suite_create("deep");
  TCase *c = tcase_create("deep");
  tcase_add_test(c, deep_chain);
  tcase_add_test(c, long_sum);
  tcase_add_test(c, deep_culprit);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_deep", deep_suite); }
