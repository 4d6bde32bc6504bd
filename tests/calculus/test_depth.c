/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Very deep and very wide expressions, with a stack of 256 KiB: derivatives are loops, and linear in time. */
#include <sys/resource.h>
#include <time.h>

#include "tests/calculus/helper.h"
#include "tests/runner.h"

enum { MILLION = 1000000, MANY = 100000 };

static tri_graph *g;
static tri_expr x;
static struct rlimit usual;

static void setup(void) {
  struct rlimit small;
  ck_assert_int_eq(getrlimit(RLIMIT_STACK, &usual), 0);
  small = usual;
  small.rlim_cur = 256 << 10;
  ck_assert_int_eq(setrlimit(RLIMIT_STACK, &small), 0);
  g = tri_graph_new(NULL);
  x = tri_variable(g, "x");
}

static void teardown(void) {
  tri_graph_free(g);
  setrlimit(RLIMIT_STACK, &usual);
}

/* A variable by number. */
static tri_expr numbered(int i) {
  char name[16];
  snprintf(name, sizeof name, "v%d", i);
  return tri_variable(g, name);
}

static tri_expr nested_sines(int n) {
  tri_expr e = x;
  for (int i = 0; i < n; i++) e = tri_sin(e);
  return e;
}

START_TEST(a_million_nested_sines) {
  tri_expr e = nested_sines(MILLION), gradient, forward;
  ck_assert_int_eq(tri_gradient(e, 1, &x, &gradient), TRI_OK);
  forward = tri_diff(e, x);
  double product = 1, value = 0.5, at = 0.5, d[2];
  for (int i = 0; i < MILLION; i++) {
    product *= cos(value);
    value = sin(value);
  }
  values_at(2, (tri_expr[]){gradient, forward}, 0, 1, &x, &at, d);
  ck_assert(agree(d[0], product, 1e-9));
  ck_assert(agree(d[1], product, 1e-9));
}
END_TEST

START_TEST(higher_orders_of_a_deep_chain) {
  tri_expr e = nested_sines(MANY), c[3], product;
  ck_assert_int_eq(tri_expr_status(tri_diff_n(e, x, 3)), TRI_OK);
  ck_assert_int_eq(tri_taylor(e, x, tri_integer(g, 0), 2, c), TRI_OK);
  ck_assert(tri_expr_equal(c[1], tri_integer(g, 1)));
  ck_assert_int_eq(tri_hvp(e, 1, &x, &x, &product), TRI_OK);
}
END_TEST

START_TEST(a_sum_of_a_million_terms) {
  tri_expr sum = tri_integer(g, 0), gradient[2], y = tri_variable(g, "y");
  for (int i = 0; i < MILLION; i++)
    sum = tri_add(sum, tri_mul(tri_integer(g, i % 1000), i % 2 ? x : y));
  ck_assert_int_eq(tri_gradient(sum, 2, (tri_expr[]){x, y}, gradient), TRI_OK);
  double at = 0;
  ck_assert_double_eq(value_at(gradient[0], 1, &x, &at), 250000000.0);
  ck_assert_double_eq(value_at(gradient[1], 1, &x, &at), 249500000.0);
}
END_TEST

START_TEST(a_product_of_many_variables) {
  tri_expr *v = malloc(MANY * sizeof *v), *gradient = malloc(MANY * sizeof *gradient), p;
  for (int i = 0; i < MANY; i++) {
    v[i] = numbered(i);
    p = i ? tri_mul(p, v[i]) : v[i];
  }
  ck_assert_int_eq(tri_gradient(p, MANY, v, gradient), TRI_OK);
  ck_assert_uint_le(tri_count_nodes(MANY, gradient), 4 * MANY);
  free(v);
  free(gradient);
}
END_TEST

/* Twice the work takes about twice the time: four times the size less than ten times as long. */
static double seconds_for(int n) {
  tri_expr e = nested_sines(n), gradient;
  clock_t start = clock();
  ck_assert_int_eq(tri_gradient(e, 1, &x, &gradient), TRI_OK);
  return (double)(clock() - start) / CLOCKS_PER_SEC;
}

START_TEST(time_is_linear) {
  double small = seconds_for(MILLION / 8);
  tri_graph_free(g);
  g = tri_graph_new(NULL);
  x = tri_variable(g, "x");
  ck_assert_double_lt(seconds_for(MILLION / 2), 10 * small + 0.05);
}
END_TEST

static Suite *depth_suite(void) {
  Suite *s = suite_create("depth");
  TCase *c = tcase_create("depth");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, a_million_nested_sines);
  tcase_add_test(c, higher_orders_of_a_deep_chain);
  tcase_add_test(c, a_sum_of_a_million_terms);
  tcase_add_test(c, a_product_of_many_variables);
  tcase_add_test(c, time_is_linear);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("depth", depth_suite); }
