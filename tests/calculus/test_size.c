/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives do not swell: their graphs are at most a stated multiple of what they are derivatives of, and cost time in proportion. */
#include <time.h>

#include "graph/rows.h"
#include "tests/calculus/helper.h"
#include "tests/runner.h"

enum { N = 12 };

static tri_graph *g;
static tri_expr x[1000];

static void setup(void) {
  g = tri_graph_new(NULL);
  for (int i = 0; i < 1000; i++) {
    char name[16];
    snprintf(name, sizeof name, "x%d", i);
    x[i] = tri_variable(g, name);
  }
}

static void teardown(void) { tri_graph_free(g); }

/* The sum of all results of a random DAG, so that each of its operations counts. */
static tri_expr random_sum(struct random *r, size_t steps) {
  tri_expr sum = tri_integer(g, 0), *v = malloc((N + steps) * sizeof *v);
  memcpy(v, x, N * sizeof *v);
  for (uint32_t k = N; k < N + steps; k++) {
    v[k] = random_step(r, v[random_below(r, k)], v[random_below(r, k)], 0);
    sum = tri_add(sum, v[k]);
  }
  free(v);
  return sum;
}

/* Operations of an expression: its nodes but for the leaves, of which there are N variables and at most as many constants. */
static void check_sizes(tri_expr e, const char *what) {
  tri_expr gradient[N], product[N], direction[N];
  uint32_t n = tri_count_nodes(1, &e);
  for (int i = 0; i < N; i++) direction[i] = x[100 + i];
  uint32_t before = tri_graph_size(g);
  ck_assert_int_eq(tri_gradient(e, N, x, gradient), TRI_OK);
  uint32_t made = tri_graph_size(g) - before;
  ck_assert_int_eq(tri_hvp(e, N, x, direction, product), TRI_OK);
  uint32_t first = tri_count_nodes(N, gradient), second = tri_count_nodes(N, product);
  printf("# %s: %u nodes; gradient %.2f n, Hessian-vector product %.2f n\n", what, n,
         (double)first / n, (double)second / n);
  ck_assert_uint_le(first, 6 * n);
  ck_assert_uint_le(made, 6 * n); /* nor is more than that left behind */
  ck_assert_uint_le(second, 20 * n);
}

START_TEST(random_dags) {
  static const size_t sizes[] = {100, 1000, 5000};
  struct random r = random_start(4711);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (int k = 0; k < 5 * test_multiplier(); k++) {
      check_sizes(random_expression(&r, N, x, sizes[i], 8, 0), "one result");
      check_sizes(random_sum(&r, sizes[i]), "sum of results");
    }
}
END_TEST

/* Every row that a derivative passes through, as a long chain in itself: the bound is that of its own partials. */
START_TEST(chains_of_every_row) {
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    tri_expr args[3] = {tri_add(x[0], x[1]), x[2], x[1]}, gradient[N];
    size_t arity = 1;
    if (op == TRI_OP_polygamma || tri__rows[op].sort == TRI_BOOLEAN) continue;
    if (op == TRI_OP_select) args[0] = tri_lt(x[0], x[1]), args[1] = x[2];
    while (arity < 3 && tri_expr_status(tri_apply((tri_op)op, arity, args)) == TRI_ARITY) arity++;
    tri_graph_clear_error(g);
    for (int k = 0; k < 200; k++) {
      tri_expr e = tri_apply((tri_op)op, arity, args);
      args[op == TRI_OP_select ? 1 : 0] = tri_add(e, x[k % 3]);
    }
    tri_expr e = tri_apply((tri_op)op, arity, args);
    uint32_t n = tri_count_nodes(1, &e);
    ck_assert_int_eq(tri_gradient(e, N, x, gradient), TRI_OK);
    ck_assert_msg(tri_count_nodes(N, gradient) <= 8 * n, "%s: %u nodes, gradient %u",
                  tri_op_name((tri_op)op), n, tri_count_nodes(N, gradient));
  }
}
END_TEST

START_TEST(speelpenning) {
  tri_expr product = x[0], *gradient = malloc(1000 * sizeof *gradient);
  for (int i = 1; i < 1000; i++) product = tri_mul(product, x[i]);
  ck_assert_int_eq(tri_gradient(product, 1000, x, gradient), TRI_OK);
  ck_assert_uint_le(tri_count_nodes(1000, gradient), 4000);
  free(gradient);
}
END_TEST

START_TEST(tenth_derivative_of_nested_sines) {
  tri_expr e = x[0];
  for (int i = 0; i < 20; i++) e = tri_sin(e);
  tri_expr d = tri_diff_n(e, x[0], 10);
  ck_assert_uint_le(tri_count_nodes(1, &d), 7400);
}
END_TEST

START_TEST(gradient_and_hessian_of_a_fit) {
  enum { W = 30, SAMPLES = 50 };
  struct random r = random_start(5);
  tri_expr sum = tri_integer(g, 0), *all = malloc((W + W * W) * sizeof *all);
  for (int s = 0; s < SAMPLES; s++) {
    tri_expr z = x[W];
    for (int i = 0; i < W; i++)
      z = tri_add(z, tri_mul(tri_double(g, random_between(&r, -1, 1)), x[i]));
    tri_expr miss = tri_sub(tri_tanh(z), tri_double(g, random_between(&r, -1, 1)));
    sum = tri_add(sum, tri_square(miss));
  }
  ck_assert_int_eq(tri_gradient(sum, W, x, all), TRI_OK);
  ck_assert_int_eq(tri_hessian(sum, W, x, all + W), TRI_OK);
  ck_assert_uint_le(tri_count_nodes(W + W * W, all), 90000);
  free(all);
}
END_TEST

/* A thousand small derivatives at the end of a graph of a million nodes. */
START_TEST(small_derivatives_in_a_large_graph) {
  tri_expr e = x[0], gradient[2];
  for (int i = 0; i < 1000000; i++) e = tri_sin(e);
  tri_expr small = tri_mul(tri_sin(x[1]), tri_exp(tri_mul(x[0], x[1])));
  clock_t start = clock();
  for (int i = 0; i < 1000; i++) ck_assert_int_eq(tri_gradient(small, 2, x, gradient), TRI_OK);
  ck_assert_double_lt((double)(clock() - start) / CLOCKS_PER_SEC, 1.0);
}
END_TEST

static Suite *size_suite(void) {
  Suite *s = suite_create("size");
  TCase *c = tcase_create("size");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, random_dags);
  tcase_add_test(c, chains_of_every_row);
  tcase_add_test(c, speelpenning);
  tcase_add_test(c, tenth_derivative_of_nested_sines);
  tcase_add_test(c, gradient_and_hessian_of_a_fit);
  tcase_add_test(c, small_derivatives_in_a_large_graph);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("size", size_suite); }
