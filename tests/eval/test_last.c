/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reductions over the last dimension against the same written out: the logarithm of the sum of exp
 * in every domain and mode, at ties too; the first maximum; labels as rows of a unit matrix. */
#include <stdio.h>

#include "tests/eval/modes.h"
#include "tests/random.h"
#include "tests/runner.h"

static struct random rng;

/* The sum of k sin(e_k), k = 1, 2, …, of a vector. */
static tri_expr weighted(tri_expr e, int64_t n) {
  return tri_dot(tri_sin(e), tri_iota(g, 1, tri_extent_of(n)));
}

/* log(exp(x_1) + …) of row i as softplus has it: smooth, so that ties are nothing special. */
static tri_expr lse_written(tri_expr x, size_t i, size_t n) {
  tri_expr row = tri_element(x, i), sum = tri_element(row, 0);
  for (size_t k = 1; k < n; k++)
    sum = tri_add(sum, tri_softplus(tri_sub(tri_element(row, k), sum)));
  return sum;
}

START_TEST(lse_in_all_modes) {
  static const tri_domain domains[] = {TRI_DOUBLE, TRI_FLOAT, TRI_MPFR, TRI_BALL};
  static struct modes rolled, written;
  for (int i = 0; i < 60 * test_multiplier(); i++) {
    int64_t dims[] = {1 + random_below(&rng, 3), 1 + random_below(&rng, 5)};
    size_t n = (size_t)(dims[0] * dims[1]);
    double at[2 * 15];
    tear_down(), set_up();
    tri_expr x = tri_variable_shaped(g, "x", 2, dims, NULL), rows[3],
             d = tri_variable_shaped(g, "d", 2, dims, NULL);
    for (size_t k = 0; k < (size_t)dims[0]; k++) rows[k] = lse_written(x, k, (size_t)dims[1]);
    tri_expr plain = weighted(tri_stack((size_t)dims[0], rows), dims[0]);
    for (size_t k = 0; k < 2 * n; k++)
      at[k] = random_below(&rng, 4) ? random_between(&rng, -2.0, 2.0) : 0.5;
    tri_domain domain = domains[random_below(&rng, 4)];
    run_modes(weighted(tri_logsumexp_last(x), dims[0]), x, d, domain, n, at, &rolled);
    run_modes(plain, x, d, TRI_DOUBLE, n, at, &written);
    compare_modes(&rolled, &written, at + n, domain == TRI_FLOAT ? 1e-4 : 1e-12);
  }
}
END_TEST

/* Where exp overflows, and where all of it would be 0. */
START_TEST(lse_of_large_numbers) {
  tri_expr x = shaped("x", 1, 3, 0), e = tri_logsumexp_last(x), gradient;
  const double at[][3] = {{1e300, 1e300, -1e300}, {-1e5, -1e5, -1e6}, {1000.0, 0.0, 1000.0}};
  ok(tri_gradient(e, 1, &x, &gradient));
  for (int domain = TRI_DOUBLE; domain <= TRI_BALL; domain++)
    for (size_t k = 0; k < 3; k++) {
      double value, weights[3];
      if (domain == TRI_RATIONAL || (domain == TRI_FLOAT && k == 0)) continue;
      call_graph(1, &x, 1, &e, (tri_domain)domain, at[k], &value);
      ck_assert_double_eq_tol(value, at[k][0] + 0.69314718055994531, 1e-6 * fabs(at[k][0]));
      if (k == 0) continue; /* r is rounded at its size, so x - r says nothing */
      call_graph(1, &x, 1, &gradient, (tri_domain)domain, at[k], weights);
      ck_assert_double_eq_tol(weights[0], 0.5, 1e-2);
    }
}
END_TEST

/* A ball of a wide argument holds the values at its ends. */
START_TEST(lse_of_balls_encloses) {
  tri_expr x = tri_variable(g, "x"), third = tri_rational(g, 1, 3);
  tri_expr e = tri_logsumexp_last(tri_stack(2, (tri_expr[]){tri_mul(x, third), third}));
  tri_function *f = tri_compile(1, &x, 1, &e, .domain = TRI_BALL, .precision = 64);
  double at = 1.0, value;
  ok(tri_function_call(f, NULL, &at, &value));
  ck_assert_double_eq_tol(value, 1.0 / 3.0 + log(2.0), 1e-15);
  tri_function_free(f);
}
END_TEST

START_TEST(one_element_is_exact) {
  tri_expr x = tri_variable_shaped(g, "x", 1, (int64_t[]){0}, (const char *[]){"n"}),
           e = tri_logsumexp_last(x);
  tri_function *f = tri_compile(1, &x, 1, &e, .domain = TRI_RATIONAL);
  double at[] = {0.375, 1.0}, value, slope;
  tri_error why;
  tri_call call = {.error = &why, .n_sizes = 1, .sizes = (int64_t[]){1}};
  ok(tri_function_reverse(f, &call, at, NULL, &value, &slope));
  ck_assert_double_eq(value, 0.375);
  ck_assert_double_eq(slope, 1.0);
  call.sizes = (int64_t[]){2};
  ck_assert_int_eq(tri_function_call(f, &call, at, &value), TRI_DOMAIN);
  ck_assert_str_eq(why.message, "lse has no exact rational value in general: use domain double");
  call.sizes = (int64_t[]){0};
  ck_assert_int_eq(tri_function_call(f, &call, NULL, &value), TRI_DOMAIN);
  tri_function_free(f);
}
END_TEST

/* A strict call finds no kink of lse where elements are equal. */
START_TEST(ties_are_no_kinks_of_lse) {
  tri_expr x = shaped("x", 1, 3, 0), e[] = {tri_logsumexp_last(x), tri_logsumexp(x)};
  for (int k = 0; k < 2; k++) {
    tri_function *f = tri_compile(1, &x, 1, &e[k]);
    double at[] = {1.0, 1.0, 0.5}, value, slope[3];
    tri_call call = {.strict = 1};
    ok(tri_function_reverse(f, &call, at, NULL, &value, slope));
    ck_assert_double_eq(slope[0], slope[1]);
    tri_function_free(f);
  }
}
END_TEST

START_TEST(lse_is_chosen_or_not) {
  tri_expr x = shaped("x", 1, 2, 0), e, gradient;
  tri_expr first = tri_element(x, 0), dead = tri_logsumexp_last(tri_log(x));
  e = tri_select(tri_gt(first, tri_integer(g, 0)), dead, tri_square(first));
  ok(tri_gradient(e, 1, &x, &gradient));
  double at[] = {-1.0, 2.0}, slope[2];
  call_graph(1, &x, 1, &gradient, TRI_DOUBLE, at, slope);
  ck_assert_double_eq(slope[0], -2.0);
  ck_assert_double_eq(slope[1], 0.0);
}
END_TEST

/* --- the first maximum */

START_TEST(argmax_is_the_first) {
  for (int i = 0; i < 100 * test_multiplier(); i++) {
    int64_t dims[] = {1 + random_below(&rng, 3), 1 + random_below(&rng, 5)};
    double at[15], place[3];
    tear_down(), set_up();
    tri_expr x = tri_variable_shaped(g, "x", 2, dims, NULL), e = tri_argmax(x);
    for (size_t k = 0; k < (size_t)(dims[0] * dims[1]); k++) at[k] = random_below(&rng, 3);
    call_graph(1, &x, 1, &e, (tri_domain)random_below(&rng, TRI_BALL + 1), at, place);
    for (size_t r = 0; r < (size_t)dims[0]; r++) {
      const double *row = at + r * (size_t)dims[1];
      size_t best = 0;
      for (size_t k = 1; k < (size_t)dims[1]; k++)
        if (row[k] > row[best]) best = k;
      ck_assert_double_eq(place[r], (double)best);
    }
  }
}
END_TEST

START_TEST(argmax_of_balls_may_be_undecided) {
  tri_expr x = tri_variable(g, "x"), third = tri_rational(g, 1, 3), one = tri_integer(g, 1);
  tri_expr same = tri_sub(tri_mul(x, third), tri_mul(tri_integer(g, 7), tri_rational(g, 1, 21)));
  tri_expr far[] = {same, one, tri_neg(same)}, near[] = {same, tri_neg(same)};
  tri_expr e = tri_argmax(tri_stack(3, far)), open = tri_argmax(tri_stack(2, near));
  double at = 1.0, value;
  tri_error why;
  call_graph(1, &x, 1, &e, TRI_BALL, &at, &value);
  ck_assert_double_eq(value, 1.0); /* two overlap, but the third is larger */
  tri_function *f = tri_compile(1, &x, 1, &open, .domain = TRI_BALL, .precision = 64);
  ck_assert_int_eq(tri_function_call(f, &(tri_call){.error = &why}, &at, &value), TRI_UNKNOWN);
  ck_assert_str_eq(why.message, "argmax cannot be decided at 64 bits of precision");
  tri_function_free(f);
}
END_TEST

START_TEST(argmax_has_no_derivative_but_zero) {
  static struct modes rolled, written;
  tri_expr x = shaped("x", 1, 3, 0), d = shaped("d", 1, 3, 0), e;
  double at[] = {1.0, 3.0, 2.0, 0.5, 1.5, 2.5}, slope[3], value;
  e = tri_mul(tri_argmax(x), tri_element(x, 0));
  run_modes(e, x, d, TRI_DOUBLE, 3, at, &rolled);
  run_modes(tri_element(x, 0), x, d, TRI_DOUBLE, 3, at, &written);
  compare_modes(&rolled, &written, at + 3, 1e-15);
  tri_function *f = tri_compile(1, &x, 1, &e);
  ok(tri_function_reverse(f, &(tri_call){.strict = 1}, at, NULL, &value, slope));
  at[2] = 3.0; /* a tie is a jump */
  ck_assert_int_eq(tri_function_reverse(f, &(tri_call){.strict = 1}, at, NULL, &value, slope),
                   TRI_DOMAIN);
  tri_function_free(f);
}
END_TEST

START_TEST(labels_are_rows_of_the_unit_matrix) {
  tri_expr x = shaped("x", 2, 2, 2), e = tri_one_hot(x, tri_extent_of(3));
  double at[] = {0.0, 2.0, 3.0, -1.0}, r[12];
  const double wanted[] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  for (int domain = TRI_DOUBLE; domain <= TRI_BALL; domain++) {
    call_graph(1, &x, 1, &e, (tri_domain)domain, at, r);
    for (size_t k = 0; k < 12; k++) ck_assert_double_eq(r[k], wanted[k]);
  }
  tri_expr number = tri_variable(g, "n"), one = tri_one_hot(number, tri_extent_of(2));
  call_graph(1, &number, 1, &one, TRI_DOUBLE, (double[]){1.0}, r);
  ck_assert_double_eq(r[0], 0.0);
  ck_assert_double_eq(r[1], 1.0);
}
END_TEST

/* --- in loops, patterns, texts */

START_TEST(loops_reduce_in_their_bodies) {
  static struct modes rolled, written;
  tri_expr x = shaped("x", 2, 4, 3), d = shaped("d", 2, 4, 3), i = tri_variable(g, "i");
  tri_expr row = tri_gather(x, i), one = tri_integer(g, 1), plain = tri_integer(g, 0);
  tri_expr e = tri_sum(tri_mul(tri_logsumexp_last(row), tri_add(tri_argmax(row), one)), i, 0,
                       tri_extent_of(4));
  double at[24];
  for (size_t k = 0; k < 24; k++) at[k] = sin(3.0 * (double)k);
  for (size_t k = 0; k < 4; k++)
    plain =
        tri_add(plain, tri_mul(lse_written(x, k, 3), tri_add(tri_argmax(tri_element(x, k)), one)));
  run_modes(e, x, d, TRI_DOUBLE, 12, at, &rolled);
  run_modes(plain, x, d, TRI_DOUBLE, 12, at, &written);
  compare_modes(&rolled, &written, at + 12, 1e-13);
}
END_TEST

START_TEST(patterns_of_reductions) {
  tri_expr x = shaped("x", 2, 2, 3), e[] = {tri_logsumexp_last(x), tri_argmax(x)};
  tri_pattern *p;
  ok(tri_jacobian_pattern(2, e, 1, &x, NULL, &p));
  ck_assert_uint_eq(tri_pattern_entries(p), 6);
  ck_assert_uint_eq(tri_pattern_starts(p)[1], 3);
  tri_pattern_free(p);
  tri_expr sum = tri_sum_axis(e[0], 0);
  ok(tri_hessian_pattern(1, &sum, 1, &x, NULL, &p));
  ck_assert_uint_eq(tri_pattern_entries(p), 18); /* two blocks */
  tri_pattern_free(p);
}
END_TEST

START_TEST(misfits_say_what_they_are_of) {
  tri_expr none = shaped("z", 2, 3, 0), one = tri_integer(g, 1);
  static const char *const messages[] = {
      "logsumexp of shape [3, 0]: there are no elements", "logsumexp of what is no array",
      "argmax of shape [3, 0]: there are no elements", "argmax of what is no array"};
  for (int k = 0; k < 4; k++) {
    tri_graph_clear_error(g);
    tri_expr x = k % 2 ? one : none, failed = k < 2 ? tri_logsumexp_last(x) : tri_argmax(x);
    ck_assert_int_eq(tri_expr_status(failed), TRI_SHAPE);
    ck_assert_str_eq(tri_graph_error(g)->message, messages[k]);
  }
  tri_graph_clear_error(g);
}
END_TEST

static Suite *suite(void) {
  rng = random_start(20261127);
  return tri_test_suite("last", 120, set_up, tear_down, lse_in_all_modes, lse_of_large_numbers,
                        lse_of_balls_encloses, one_element_is_exact, ties_are_no_kinks_of_lse,
                        lse_is_chosen_or_not, argmax_is_the_first, argmax_of_balls_may_be_undecided,
                        argmax_has_no_derivative_but_zero, labels_are_rows_of_the_unit_matrix,
                        loops_reduce_in_their_bodies, patterns_of_reductions,
                        misfits_say_what_they_are_of);
}
int main(void) { return tri_test_main("last", suite); }
