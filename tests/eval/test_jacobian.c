/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* tri_function_jacobian against tri_function_reverse row by row and tri_function_forward column by
 * column: more inputs than outputs and fewer, arrays, other domains, and where something does not
 * exist. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

#include "tests/eval/helper.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { MOST = 40 };

static struct random rng;

/* m outputs of x[n]: sums of sines and products of neighbours. */
static tri_function *random_function(int64_t n, size_t m, tri_domain domain) {
  tri_expr x = tri_variable_shaped(g, "x", 1, &n, NULL), out[MOST];
  for (size_t i = 0; i < m; i++) {
    out[i] = tri_integer(g, (int64_t)i);
    for (int k = 0; k < 5; k++) {
      tri_expr a = tri_element(x, random_below(&rng, (uint32_t)n)),
               b = tri_element(x, random_below(&rng, (uint32_t)n));
      out[i] = tri_add(out[i], random_below(&rng, 2) ? tri_sin(tri_mul(a, b)) : tri_mul(a, b));
    }
  }
  tri_expr stacked = tri_stack(m, out);
  return tri_compile(1, &x, 1, &stacked, .domain = domain);
}

static void by_rows(const tri_function *f, tri_call *call, const double *x, size_t n, size_t m,
                    double *jacobian) {
  double weights[MOST] = {0.0};
  for (size_t i = 0; i < m; i++) {
    weights[i] = 1.0;
    ck_assert_int_eq(tri_function_reverse(f, call, x, weights, NULL, jacobian + i * n), TRI_OK);
    weights[i] = 0.0;
  }
}

START_TEST(it_is_the_rows_of_reverse) {
  for (int turn = 0; turn < 60 * test_multiplier(); turn++) {
    size_t n = 1 + random_below(&rng, MOST), m = 1 + random_below(&rng, MOST);
    static const tri_domain domains[] = {TRI_DOUBLE, TRI_FLOAT, TRI_MPFR};
    tri_function *f = random_function((int64_t)n, m, domains[turn % 3]);
    ck_assert_ptr_nonnull(f);
    tri_call call = {.workspace = tri_workspace_new(f)};
    static double x[MOST], value[MOST], again[MOST], rows[MOST * MOST], jacobian[MOST * MOST];
    for (size_t i = 0; i < n; i++) x[i] = random_between(&rng, -2.0, 2.0);
    by_rows(f, &call, x, n, m, rows);
    ck_assert_int_eq(tri_function_call(f, &call, x, again), TRI_OK);
    ck_assert_int_eq(tri_function_jacobian(f, &call, x, value, jacobian), TRI_OK);
    for (size_t i = 0; i < m; i++) ck_assert_double_eq(value[i], again[i]);
    for (size_t i = 0; i < n * m; i++)
      ck_assert_double_le(fabs(jacobian[i] - rows[i]), 1e-5 + 1e-5 * fabs(rows[i]));
    ck_assert_int_eq(tri_function_jacobian(f, &call, x, NULL, jacobian), TRI_OK);
    tri_workspace_free(call.workspace);
    tri_function_free(f);
  }
}
END_TEST

/* Wide and tall: the one by reverse, the other by forward. */
static void domain_error(size_t n, size_t m) {
  int64_t dims = (int64_t)n;
  tri_expr x = tri_variable_shaped(g, "x", 1, &dims, NULL), out[MOST];
  for (size_t i = 0; i < m; i++) out[i] = tri_sqrt(tri_element(x, i % n));
  tri_function *f = tri_compile(1, &x, m, out);
  double at[MOST], value[MOST], jacobian[MOST * MOST];
  tri_error why;
  for (size_t i = 0; i < n; i++) at[i] = 4.0;
  at[0] = 0.0;
  tri_call call = {.error = &why};
  ck_assert_int_eq(tri_function_jacobian(f, &call, at, value, jacobian), TRI_OK);
  ck_assert_double_eq(value[0], 0.0);
  ck_assert(isinf(jacobian[0]));
  at[0] = -1.0;
  ck_assert_int_eq(tri_function_jacobian(f, &call, at, value, jacobian), TRI_DOMAIN);
  ck_assert_str_eq(why.message, "sqrt at -1");
  ck_assert(isnan(value[0]) && isnan(jacobian[0]));
  tri_function_free(f);
}

START_TEST(what_does_not_exist_is_told) {
  domain_error(3, 3);
  domain_error(9, 2);
}
END_TEST

START_TEST(missing_arrays_are_told) {
  tri_expr x = tri_variable(g, "x"), y = tri_square(x);
  tri_function *f = tri_compile(1, &x, 1, &y);
  double at = 3.0, jacobian;
  ck_assert_int_eq(tri_function_jacobian(f, NULL, &at, NULL, NULL), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_jacobian(f, NULL, NULL, NULL, &jacobian), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_jacobian(NULL, NULL, &at, NULL, &jacobian), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_jacobian(f, NULL, &at, NULL, &jacobian), TRI_OK);
  ck_assert_double_eq(jacobian, 6.0);
  tri_function_free(f);
}
END_TEST

START_TEST(numbers_of_the_domain) {
  tri_expr x[] = {tri_variable(g, "a"), tri_variable(g, "b")};
  tri_expr y[] = {tri_div(x[0], x[1]), tri_mul(x[0], x[1]), x[1]};
  tri_function *f = tri_compile(2, x, 3, y, .domain = TRI_RATIONAL);
  const tri_number_options rational = {.domain = TRI_RATIONAL};
  tri_values *at = tri_values_new(&rational, 2), *jacobian = tri_values_new(&rational, 6);
  tri_values_set_double(at, 0, 1.0);
  tri_values_set_double(at, 1, 3.0);
  ck_assert_int_eq(tri_function_jacobian_values(f, NULL, at, NULL, jacobian), TRI_OK);
  static const char *const wanted[] = {"1/3", "-1/9", "3", "1", "0", "1"};
  for (size_t i = 0; i < 6; i++) {
    tri_text text = {0};
    tri_value_text(tri_values_get(jacobian, i), &text);
    ck_assert_str_eq(text.data, wanted[i]);
    tri_text_free(&text);
  }
  ck_assert_int_eq(tri_function_jacobian_values(f, NULL, at, NULL, at), TRI_ARGUMENT);
  tri_values_free(at), tri_values_free(jacobian);
  tri_function_free(f);
}
END_TEST

static Suite *suite(void) {
  rng = random_start(5);
  Suite *s = suite_create("jacobian");
  TCase *t = tcase_create("jacobian");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_test(t, it_is_the_rows_of_reverse);
  tcase_add_test(t, what_does_not_exist_is_told);
  tcase_add_test(t, missing_arrays_are_told);
  tcase_add_test(t, numbers_of_the_domain);
  suite_add_tcase(s, t);
  return s;
}

int main(void) { return tri_test_main("test_jacobian", suite); }
