/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sparse Jacobians and Hessians against the dense runs, over all rows and through loops; patterns and colours by their definitions. */
#include <math.h>
#include <triad.h>

#include "tests/failing.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { N = 8, M = 5 };

static tri_graph *g;
static tri_expr x[N];

static void set_up(void) {
  static const char *const names[N] = {"a", "b", "c", "d", "p", "q", "u", "v"};
  g = tri_graph_new(NULL);
  for (int i = 0; i < N; i++) x[i] = tri_variable(g, names[i]);
}
static void tear_down(void) {
  tri_graph_free(g);
  tri_thread_cleanup();
}

/* An operation with as many of these arguments as it takes; conditions where it wants them. */
static tri_expr apply(struct random *r, const tri_expr *of, uint32_t n) {
  tri_op op = (tri_op)random_below(r, TRI_OP_ROWS);
  for (size_t arity = 1; arity <= 3; arity++) {
    tri_expr arguments[3];
    for (int i = 0; i < 3; i++) arguments[i] = of[random_below(r, n)];
    if (op == TRI_OP_select) arguments[0] = tri_lt(arguments[0], arguments[1]);
    tri_expr e = tri_apply(op, arity, arguments);
    if (!tri_expr_status(e) && tri_expr_sort(e) == TRI_REAL) return e;
    tri_graph_clear_error(g);
  }
  return of[random_below(r, n)];
}

static void random_outputs(struct random *r, tri_expr *y) {
  for (int k = 0; k < M; k++) {
    tri_expr of[N + 6];
    uint32_t n = 3;
    for (uint32_t i = 0; i < n; i++) of[i] = x[random_below(r, N)];
    for (; n < 7; n++) of[n] = apply(r, of, n);
    y[k] = of[n - 1];
  }
}

/* values as a dense matrix; entries that the pattern has not are 0. */
static void spread(const tri_sparse *s, const double *values, size_t columns, double *dense) {
  for (size_t k = 0; k < tri_sparse_entries(s); k++)
    dense[(size_t)tri_sparse_row(s)[k] * columns + (size_t)tri_sparse_column(s)[k]] = values[k];
}

static void same(const double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(fabs(a[i] - b[i]) <= 1e-12 * (1 + fabs(b[i])), "%zu: %.17g, not %.17g", i, a[i],
                  b[i]);
}

static int check_jacobian(const tri_expr *y, const double *at) {
  double tangents[N * M], unit[N * N] = {0}, dense[M * N] = {0}, right[M * N], values[M * N];
  tri_sparse *s = tri_jacobian_sparse(N, x, M, y);
  ck_assert_ptr_nonnull(s);
  for (int i = 0; i < N; i++) unit[i * N + i] = 1;
  tri_status status =
      tri_function_forward(tri_sparse_function(s), NULL, at, N, unit, NULL, tangents);
  if (!status) {
    ck_assert_int_eq(tri_sparse_call(s, NULL, at, NULL, NULL, values), TRI_OK);
    spread(s, values, N, dense);
    for (int i = 0; i < M; i++)
      for (int j = 0; j < N; j++) right[i * N + j] = tangents[j * M + i];
    same(dense, right, M * N);
  }
  tri_sparse_free(s);
  return !status;
}

static int check_hessian(const tri_expr *y, const double *at) {
  double dense[N * N] = {0}, right[N * N], values[N * N];
  const double weights[M] = {1, -2, 0.5, 3, 1};
  tri_sparse *s = tri_hessian_sparse(N, x, M, y);
  ck_assert_ptr_nonnull(s);
  tri_status status =
      tri_function_hessian(tri_sparse_function(s), NULL, at, weights, NULL, NULL, right);
  if (!status) {
    ck_assert_int_eq(tri_sparse_call(s, NULL, at, weights, NULL, values), TRI_OK);
    spread(s, values, N, dense);
    same(dense, right, N * N);
  }
  tri_sparse_free(s);
  return !status;
}

START_TEST(random_graphs_agree_with_dense_runs) {
  struct random r = random_start(20);
  int jacobians = 0, hessians = 0;
  for (int k = 0; k < 400 * test_multiplier(); k++) {
    tri_expr y[M];
    double at[N];
    random_outputs(&r, y);
    for (int i = 0; i < N; i++) at[i] = random_between(&r, 0.1, 0.9);
    jacobians += check_jacobian(y, at);
    hessians += check_hessian(y, at);
  }
  ck_assert_int_gt(jacobians, 40);
  ck_assert_int_gt(hessians, 40);
}
END_TEST

/* Σ (x[t+1] - x[t]²)² by a loop: tridiagonal, three colours. */
START_TEST(a_loop_is_tridiagonal) {
  enum { LONG = 40 };
  tri_expr v = tri_variable_shaped(g, "w", 1, (int64_t[]){LONG}, NULL), i = tri_variable(g, "i");
  tri_expr term = tri_square(
      tri_sub(tri_gather(v, tri_add(i, tri_integer(g, 1))), tri_square(tri_gather(v, i))));
  tri_expr e = tri_sum(term, i, 0, tri_extent_of(LONG - 1));
  double at[LONG], values[3 * LONG], dense[LONG * LONG] = {0}, right[LONG * LONG];
  for (int k = 0; k < LONG; k++) at[k] = 0.1 * k - 1;
  tri_sparse *s = tri_hessian_sparse(1, &v, 1, &e);
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(tri_sparse_entries(s), 3 * LONG - 2);
  ck_assert_uint_eq(tri_sparse_colours(s), 3);
  ck_assert_int_eq(tri_sparse_call(s, NULL, at, NULL, NULL, values), TRI_OK);
  ck_assert_int_eq(tri_function_hessian(tri_sparse_function(s), NULL, at, NULL, NULL, NULL, right),
                   TRI_OK);
  spread(s, values, LONG, dense);
  same(dense, right, LONG * LONG);
  tri_sparse_free(s);
}
END_TEST

/* An arrow: every variable meets the last one only. */
START_TEST(an_arrow_has_two_colours) {
  tri_expr e = tri_square(x[N - 1]);
  for (int i = 0; i + 1 < N; i++) e = tri_add(e, tri_mul(x[N - 1], tri_sin(x[i])));
  tri_sparse *s = tri_hessian_sparse(N, x, 1, &e, .triangle = TRI_LOWER);
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(tri_sparse_entries(s), 2 * N - 1);
  ck_assert_uint_eq(tri_sparse_colours(s), 2);
  tri_sparse_free(s);
}
END_TEST

START_TEST(a_linear_function_has_no_entries) {
  tri_expr e = tri_sub(tri_mul(tri_integer(g, 3), x[0]), tri_abs(x[1]));
  double at[N] = {1, 2, 3, 4, 5, 6, 7, 8}, value;
  tri_sparse *s = tri_hessian_sparse(N, x, 1, &e);
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(tri_sparse_entries(s), 0);
  ck_assert_int_eq(tri_sparse_call(s, NULL, at, NULL, &value, NULL), TRI_OK);
  ck_assert_double_eq(value, 1.0);
  tri_sparse_free(s);
}
END_TEST

static tri_status scenario(const tri_allocator *allocator) {
  tri_graph *own = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!own) return TRI_MEMORY;
  tri_expr a = tri_variable(own, "a"), b = tri_variable(own, "b"), v[2] = {a, b};
  tri_expr e = tri_mul(tri_sin(a), tri_exp(b));
  tri_error error = {.status = TRI_OK};
  double values[4], at[2] = {0.5, 0.25};
  tri_sparse *s = tri_hessian_sparse(2, v, 1, &e, .allocator = allocator, .error = &error,
                                     .layout = TRI_CSC, .first = 1);
  tri_status status = s ? tri_sparse_call(s, NULL, at, NULL, NULL, values) : error.status;
  if (s && !status) ck_assert_int_eq(tri_sparse_column(s)[2], 5);
  tri_sparse_free(s);
  tri_graph_free(own);
  return status;
}

START_TEST(every_allocation_may_fail) { ck_assert_int_gt(failing_loop(scenario), 20); }
END_TEST

static Suite *make(void) {
  Suite *suite = suite_create("sparse");
  TCase *tc = tcase_create("sparse");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, random_graphs_agree_with_dense_runs);
  tcase_add_test(tc, a_loop_is_tridiagonal);
  tcase_add_test(tc, an_arrow_has_two_colours);
  tcase_add_test(tc, a_linear_function_has_no_entries);
  tcase_add_test(tc, every_allocation_may_fail);
  suite_add_tcase(suite, tc);
  return suite;
}

int main(void) { return tri_test_main("sparse", make); }
