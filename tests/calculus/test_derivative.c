/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of derivatives: against differences of values, against each other, and exactly where the arithmetic is exact. */
#include "tests/calculus/helper.h"
#include "tests/runner.h"

enum { N = 3 };

static struct random r;
static tri_graph *g;
static tri_expr x[N];

static void setup(void) {
  static const char *const names[N] = {"x", "y", "z"};
  g = tri_graph_new(NULL);
  for (int i = 0; i < N; i++) x[i] = tri_variable(g, names[i]);
  r = random_start(20261);
}

static void teardown(void) { tri_graph_free(g); }

static void random_point(double *at) {
  for (int i = 0; i < N; i++) at[i] = random_between(&r, 0.3, 1.7);
}

static tri_expr random_tame(size_t steps) { return random_expression(&r, N, x, steps, 8, 1); }

/* --- against differences */

static void check_gradient_at(tri_expr e, const tri_expr *gradient, const double *at) {
  tri_function *f = tri_compile(N, x, 1, &e, .primals = 0);
  ck_assert_ptr_nonnull(f);
  for (size_t i = 0; i < N; i++) {
    double error, d = difference(f, N, at, i, &error), s = value_at(gradient[i], N, x, at);
    ck_assert_msg(fabs(d - s) <= 10 * error + 1e-9 * (1 + fabs(d)), "%zu: %.17g, not %.17g", i, s,
                  d);
  }
  tri_function_free(f);
}

START_TEST(gradient_is_the_limit_of_differences) {
  for (int k = 0; k < 60 * test_multiplier(); k++) {
    tri_expr e = random_tame(6 + random_below(&r, 20)), gradient[N];
    double at[N];
    random_point(at);
    ck_assert_int_eq(tri_gradient(e, N, x, gradient), TRI_OK);
    check_gradient_at(e, gradient, at);
  }
}
END_TEST

/* Every row of ops.def that has numbers for arguments, where it is smooth. */
static tri_expr row_at(tri_op op, tri_expr a, tri_expr b) {
  tri_expr args[3] = {a, b, b};
  switch (op) {
  case TRI_OP_select:
    args[0] = tri_lt(a, tri_integer(g, 3));
    args[1] = a;
    break;
  case TRI_OP_polygamma: args[0] = tri_integer(g, 2); break;
  case TRI_OP_acosh: args[0] = tri_add(a, tri_integer(g, 1)); break;
  default: break;
  }
  size_t arity = 1;
  while (arity < 3 && tri_expr_status(tri_apply(op, arity, args)) == TRI_ARITY) arity++;
  tri_graph_clear_error(g);
  return tri_apply(op, arity, args);
}

static int is_condition(tri_op op) { return op >= TRI_OP_lt && op <= TRI_OP_logical_not; }

START_TEST(each_row_to_the_fourth_order) {
  static const double at[N] = {0.37, 0.61, 0.53};
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    if (is_condition((tri_op)op)) continue;
    tri_expr b = tri_mul(x[0], tri_add(x[1], tri_rational(g, 1, 2)));
    tri_expr e = row_at((tri_op)op, tri_add(tri_mul(x[0], x[1]), tri_rational(g, 1, 5)), b);
    ck_assert_msg(!tri_expr_status(e), "%s: %s", tri_op_name((tri_op)op),
                  tri_graph_error(g)->message);
    for (uint32_t n = 1; n <= 4; n++) {
      tri_expr lower = tri_diff_n(e, x[0], n - 1), d = tri_diff_n(e, x[0], n);
      tri_function *f = tri_compile(N, x, 1, &lower, .primals = 0);
      double error, slope = difference(f, N, at, 0, &error), value = value_at(d, N, x, at);
      tri_function_free(f);
      ck_assert_msg(fabs(slope - value) <= 10 * error + 1e-9 * (1 + fabs(slope)),
                    "%s, order %u: %.17g, not %.17g", tri_op_name((tri_op)op), n, value, slope);
    }
  }
}
END_TEST

/* --- against each other */

static double dot(size_t n, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static void constants_of(const double *values, size_t n, tri_expr *e) {
  for (size_t i = 0; i < n; i++) e[i] = tri_double(g, values[i]);
}

static void random_numbers(double *values, size_t n) {
  for (size_t i = 0; i < n; i++) values[i] = random_between(&r, -1, 1);
}

/* weights · (J direction) = (weights · J) · direction. */
START_TEST(forward_and_reverse_are_transposes) {
  enum { M = 4 };
  for (int k = 0; k < 40 * test_multiplier(); k++) {
    tri_expr f[M], jacobian[M * N], v[N], w[M], jv[M], wj[N];
    double at[N], direction[N], weights[M], jv_at[M], wj_at[N], j_at[M * N];
    for (int i = 0; i < M; i++) f[i] = random_tame(10);
    random_point(at);
    random_numbers(direction, N);
    random_numbers(weights, M);
    constants_of(direction, N, v);
    constants_of(weights, M, w);
    ck_assert_int_eq(tri_jvp(M, f, N, x, v, jv), TRI_OK);
    ck_assert_int_eq(tri_vjp(M, f, w, N, x, wj), TRI_OK);
    ck_assert_int_eq(tri_jacobian(M, f, N, x, jacobian), TRI_OK);
    values_at(M, jv, 0, N, x, at, jv_at);
    values_at(N, wj, 0, N, x, at, wj_at);
    values_at(M * N, jacobian, 0, N, x, at, j_at);
    ck_assert(agree(dot(M, weights, jv_at), dot(N, wj_at, direction), 1e-12));
    for (int i = 0; i < M; i++) ck_assert(agree(dot(N, j_at + i * N, direction), jv_at[i], 1e-12));
  }
}
END_TEST

START_TEST(jacobian_of_one_is_the_gradient_and_rows_agree) {
  for (int k = 0; k < 40 * test_multiplier(); k++) {
    tri_expr f[2], gradient[N], one[N], two[2 * N], tall[5];
    for (int i = 0; i < 2; i++) f[i] = tri_add(random_tame(12), tri_mul(x[0], tri_mul(x[1], x[2])));
    ck_assert_int_eq(tri_gradient(f[0], N, x, gradient), TRI_OK);
    ck_assert_int_eq(tri_jacobian(1, f, N, x, one), TRI_OK);
    ck_assert_int_eq(tri_jacobian(2, f, N, x, two), TRI_OK); /* by reverse, row by row */
    for (int i = 0; i < N; i++) {
      ck_assert(tri_expr_equal(one[i], gradient[i]));
      ck_assert(tri_expr_equal(two[i], gradient[i]));
    }
    tri_expr column[5] = {f[0], f[1], f[0], f[1], f[0]}; /* by forward */
    ck_assert_int_eq(tri_jacobian(5, column, 1, x, tall), TRI_OK);
    ck_assert(tri_expr_equal(tall[0], tri_diff(f[0], x[0])));
    ck_assert(tri_expr_equal(tall[3], tri_diff(f[1], x[0])));
  }
}
END_TEST

START_TEST(hessian_is_symmetric_and_multiplies_as_hvp) {
  for (int k = 0; k < 40 * test_multiplier(); k++) {
    tri_expr e = random_tame(16), hessian[N * N], v[N], product[N], gradient[N];
    double at[N], direction[N], h_at[N * N], p_at[N];
    random_point(at);
    random_numbers(direction, N);
    constants_of(direction, N, v);
    ck_assert_int_eq(tri_hessian(e, N, x, hessian), TRI_OK);
    ck_assert_int_eq(tri_hvp(e, N, x, v, product), TRI_OK);
    ck_assert_int_eq(tri_gradient(e, N, x, gradient), TRI_OK);
    values_at(N * N, hessian, 0, N, x, at, h_at);
    values_at(N, product, 0, N, x, at, p_at);
    for (int i = 0; i < N; i++) {
      ck_assert(agree(dot(N, h_at + i * N, direction), p_at[i], 1e-11));
      for (int j = 0; j < N; j++) {
        ck_assert(tri_expr_equal(hessian[i * N + j], hessian[j * N + i]));
        double mixed = value_at(tri_diff(gradient[i], x[j]), N, x, at);
        ck_assert(agree(h_at[i * N + j], mixed, 1e-11));
      }
    }
  }
}
END_TEST

/* More variables than a block of forward sweeps has lanes. */
START_TEST(wide_jacobians_and_hessians) {
  enum { WIDE = 150 };
  tri_expr v[WIDE], outputs[2 * WIDE], *j = malloc(2 * WIDE * WIDE * sizeof *j);
  tri_expr sum = tri_integer(g, 0);
  for (int i = 0; i < WIDE; i++) {
    char name[16];
    snprintf(name, sizeof name, "v%d", i);
    v[i] = tri_variable(g, name);
    sum = tri_add(sum, tri_pow(v[i], tri_integer(g, 3)));
  }
  for (int i = 0; i < 2 * WIDE; i++)
    outputs[i] = tri_mul(v[i % WIDE], tri_add(v[(i + 1) % WIDE], tri_integer(g, i)));
  ck_assert_int_eq(tri_jacobian(2 * WIDE, outputs, WIDE, v, j), TRI_OK);
  for (int i = 0; i < 2 * WIDE; i++)
    for (int k = 0; k < WIDE; k++) {
      tri_expr expected = k == i % WIDE         ? tri_add(v[(i + 1) % WIDE], tri_integer(g, i))
                          : k == (i + 1) % WIDE ? v[i % WIDE]
                                                : tri_integer(g, 0);
      ck_assert(tri_expr_equal(j[i * WIDE + k], expected));
    }
  ck_assert_int_eq(tri_hessian(sum, WIDE, v, j), TRI_OK);
  for (int i = 0; i < WIDE; i++)
    for (int k = 0; k < WIDE; k++)
      ck_assert(tri_expr_equal(j[i * WIDE + k],
                               i == k ? tri_mul(tri_integer(g, 3), tri_mul(tri_integer(g, 2), v[i]))
                                      : tri_integer(g, 0)));
  free(j);
}
END_TEST

START_TEST(mixed_orders_commute) {
  for (int k = 0; k < 40 * test_multiplier(); k++) {
    tri_expr e = random_tame(10);
    double at[N];
    random_point(at);
    tri_expr xyx = tri_diff(tri_diff(tri_diff(e, x[0]), x[1]), x[0]);
    tri_expr xxy = tri_diff(tri_diff_n(e, x[0], 2), x[1]);
    tri_expr gradient[N];
    ck_assert_int_eq(tri_gradient(tri_diff_n(e, x[0], 2), N, x, gradient), TRI_OK);
    double a = value_at(xyx, N, x, at), b = value_at(xxy, N, x, at);
    ck_assert_msg(agree(a, b, 1e-9), "%.17g %.17g", a, b);
    ck_assert(agree(a, value_at(gradient[1], N, x, at), 1e-9));
  }
}
END_TEST

/* By a power series or by repeated tangents. */
START_TEST(higher_orders_agree_with_repetition) {
  for (int k = 0; k < 30 * test_multiplier(); k++) {
    tri_expr e = random_tame(8), repeated = e;
    double at[N];
    random_point(at);
    for (uint32_t n = 1; n <= 5; n++) {
      repeated = tri_diff(repeated, x[0]);
      double a = value_at(repeated, N, x, at), b = value_at(tri_diff_n(e, x[0], n), N, x, at);
      ck_assert_msg(agree(a, b, 1e-9), "order %u: %.17g, not %.17g", n, b, a);
    }
  }
}
END_TEST

/* --- exactly */

static tri_expr at_rationals(tri_expr e) {
  tri_expr point[N] = {tri_rational(g, 2, 3), tri_rational(g, -5, 7), tri_rational(g, 11, 4)};
  return tri_substitute(e, N, x, point);
}

static tri_expr random_rational_function(void) {
  tri_expr v[N + 8];
  memcpy(v, x, sizeof x);
  for (uint32_t k = N; k < N + 8; k++) {
    tri_expr a = v[random_below(&r, k)], b = v[random_below(&r, k)];
    tri_expr c = tri_rational(g, 1 + (int)random_below(&r, 9), 1 + (int)random_below(&r, 5));
    switch (random_below(&r, 6)) {
    case 0: v[k] = tri_add(a, tri_mul(b, c)); break;
    case 1: v[k] = tri_sub(tri_mul(c, a), b); break;
    case 2: v[k] = tri_mul(a, tri_sub(b, c)); break;
    case 3: v[k] = tri_div(a, tri_add(tri_square(b), c)); break;
    case 4: v[k] = tri_pow(a, tri_integer(g, random_below(&r, 4))); break;
    default: v[k] = tri_neg(tri_square(a));
    }
  }
  return v[N + 7];
}

/* Equal as nodes once the variables are numbers: then everything folds. */
static void check_equal_exactly(tri_expr a, tri_expr b) {
  double value;
  tri_expr p = at_rationals(a), q = at_rationals(b);
  ck_assert(tri_expr_double(p, &value));
  ck_assert(tri_expr_equal(p, q));
}

START_TEST(rules_hold_exactly) {
  for (int k = 0; k < 100 * test_multiplier(); k++) {
    tri_expr u = random_rational_function(), v = random_rational_function();
    tri_expr du = tri_diff(u, x[0]), dv = tri_diff(v, x[0]);
    check_equal_exactly(tri_diff(tri_mul(u, v), x[0]), tri_add(tri_mul(du, v), tri_mul(u, dv)));
    tri_expr below = tri_add(tri_square(v), tri_integer(g, 1));
    tri_expr quotient =
        tri_div(tri_sub(tri_mul(du, below), tri_mul(u, tri_diff(below, x[0]))), tri_square(below));
    check_equal_exactly(tri_diff(tri_div(u, below), x[0]), quotient);
    tri_expr inside = tri_substitute(u, 1, &x[0], &v);
    tri_expr outer = tri_substitute(du, 1, &x[0], &v);
    tri_expr gradient[N];
    ck_assert_int_eq(tri_gradient(u, N, x, gradient), TRI_OK);
    tri_expr chain = tri_mul(outer, tri_diff(v, x[1]));
    check_equal_exactly(tri_diff(inside, x[1]),
                        tri_add(chain, tri_substitute(gradient[1], 1, &x[0], &v)));
    check_equal_exactly(gradient[0], du);
  }
}
END_TEST

START_TEST(polynomials_exactly) {
  for (int k = 0; k < 30 * test_multiplier(); k++) {
    tri_expr p = tri_integer(g, 0), d = p, third = p;
    for (int64_t n = 0; n <= 9; n++) {
      tri_expr c = tri_rational(g, (int64_t)random_below(&r, 99) - 49, 1 + random_below(&r, 9));
      p = tri_add(p, tri_mul(c, tri_pow(x[0], tri_integer(g, n))));
      if (n >= 1)
        d = tri_add(d,
                    tri_mul(tri_mul(c, tri_integer(g, n)), tri_pow(x[0], tri_integer(g, n - 1))));
      if (n >= 3)
        third = tri_add(third, tri_mul(tri_mul(c, tri_integer(g, n * (n - 1) * (n - 2))),
                                       tri_pow(x[0], tri_integer(g, n - 3))));
    }
    check_equal_exactly(tri_diff(p, x[0]), d);
    check_equal_exactly(tri_diff_n(p, x[0], 3), third);
    ck_assert(tri_expr_equal(tri_diff_n(p, x[0], 10), tri_integer(g, 0)));
    ck_assert(tri_expr_equal(tri_diff_n(p, x[0], 900000), tri_integer(g, 0)));
  }
}
END_TEST

/* x²y + y + 2, the example of the README. */
START_TEST(the_example) {
  tri_expr f = parsed(g, "x^2*y + y + 2"), gradient[2], hessian[4];
  ck_assert_int_eq(tri_gradient(f, 2, x, gradient), TRI_OK);
  ck_assert_int_eq(tri_hessian(f, 2, x, hessian), TRI_OK);
  tri_expr at[2] = {tri_integer(g, 3), tri_integer(g, 4)};
  static const int64_t expected[4] = {8, 6, 6, 0};
  for (int i = 0; i < 4; i++)
    ck_assert(tri_expr_equal(tri_substitute(hessian[i], 2, x, at), tri_integer(g, expected[i])));
  ck_assert(tri_expr_equal(tri_substitute(gradient[0], 2, x, at), tri_integer(g, 24)));
  ck_assert(tri_expr_equal(tri_substitute(gradient[1], 2, x, at), tri_integer(g, 10)));
  ck_assert_uint_eq(tri_count_nodes(2, gradient), 8); /* x, y, 2, 2x, y(2x); x², 1, x² + 1 */
}
END_TEST

START_TEST(eps_is_a_variable) {
  tri_expr eps = tri_eps(g), f = parsed(g, "x^2*y + y + 2"), c[2];
  tri_expr dual[2] = {tri_add(tri_integer(g, 3), eps), tri_integer(g, 4)};
  tri_expr e = tri_substitute(f, 2, x, dual);
  ck_assert_int_eq(tri_taylor(e, eps, tri_integer(g, 0), 1, c), TRI_OK);
  ck_assert(tri_expr_equal(c[0], tri_integer(g, 42)));
  ck_assert(tri_expr_equal(c[1], tri_integer(g, 24)));
  tri_expr zero = tri_integer(g, 0);
  tri_expr d = tri_substitute(tri_diff(e, eps), 1, &eps, &zero);
  ck_assert(tri_expr_equal(d, tri_integer(g, 24)));
}
END_TEST

/* --- shapes */

START_TEST(vectors_are_differentiated_by_element) {
  tri_expr parts[2] = {tri_sin(x[0]), tri_mul(x[0], x[1])}, d = tri_diff(tri_stack(2, parts), x[0]);
  ck_assert(tri_expr_equal(tri_element(d, 0), tri_cos(x[0])));
  ck_assert(tri_expr_equal(tri_element(d, 1), x[1]));
  tri_expr weights[2] = {x[2], tri_integer(g, 3)}, w = tri_stack(2, weights),
           v = tri_stack(2, parts);
  tri_expr adjoint[2];
  ck_assert_int_eq(tri_vjp(1, &v, &w, 2, x, adjoint), TRI_OK);
  ck_assert(tri_expr_equal(adjoint[1], tri_mul(tri_integer(g, 3), x[0])));
  tri_expr one = tri_integer(g, 1); /* a scalar weight is that of every element */
  ck_assert_int_eq(tri_vjp(1, &v, &one, 2, x, adjoint), TRI_OK);
  ck_assert(tri_expr_equal(adjoint[0], tri_add(tri_cos(x[0]), x[1])));
}
END_TEST

/* Elements of a shaped variable times a scalar: the scalar is repeated, so its adjoint is a sum. */
START_TEST(elements_and_repeated_scalars) {
  int64_t size = 5;
  tri_expr v = tri_variable_shaped(g, "v", 1, &size, NULL), u = tri_sin(tri_mul(v, x[0]));
  tri_expr sum = tri_integer(g, 0), expected = sum, gradient;
  for (size_t i = 0; i < 5; i++) {
    sum = tri_add(sum, tri_mul(tri_element(u, i), tri_integer(g, (int64_t)i)));
    expected = tri_add(expected, tri_element(tri_diff(u, x[0]), i));
  }
  tri_expr one = tri_integer(g, 1);
  ck_assert_int_eq(tri_vjp(1, &u, &one, 1, x, &gradient), TRI_OK);
  double at = 0.7, values[2];
  tri_expr elements[5];
  for (int i = 0; i < 5; i++) elements[i] = tri_rational(g, i + 1, 3);
  tri_expr all = tri_stack(5, elements);
  tri_expr pair[2] = {tri_substitute(gradient, 1, &v, &all), tri_substitute(expected, 1, &v, &all)};
  values_at(2, pair, 0, 1, x, &at, values);
  ck_assert(agree(values[0], values[1], 1e-14));
  ck_assert_int_eq(tri_gradient(sum, 1, x, &gradient), TRI_OK);
  pair[0] = tri_substitute(gradient, 1, &v, &all);
  pair[1] = tri_substitute(tri_diff(sum, x[0]), 1, &v, &all);
  values_at(2, pair, 0, 1, x, &at, values);
  ck_assert(agree(values[0], values[1], 1e-14));
}
END_TEST

/* n elements cost n: each is joined once to the adjoint of the whole. */
START_TEST(many_elements_of_one_vector) {
  enum { COUNT = 2000 };
  int64_t size = COUNT;
  tri_expr u = tri_sin(tri_mul(tri_variable_shaped(g, "v", 1, &size, NULL), x[0]));
  tri_expr sum = tri_integer(g, 0), gradient;
  for (size_t i = 0; i < COUNT; i++)
    sum = tri_add(sum, tri_mul(tri_element(u, i), tri_integer(g, (int64_t)i)));
  uint32_t before = tri_graph_size(g);
  ck_assert_int_eq(tri_gradient(sum, 1, x, &gradient), TRI_OK);
  ck_assert_uint_lt(tri_graph_size(g) - before, 10 * COUNT);
}
END_TEST

START_TEST(named_sizes_need_no_size) {
  int64_t any = 0;
  const char *name = "batch";
  tri_expr v = tri_variable_shaped(g, "v", 1, &any, &name), u = tri_mul(tri_sin(x[0]), v);
  tri_expr d = tri_diff(u, x[0]), one = tri_integer(g, 1), adjoint;
  ck_assert(tri_expr_equal(d, tri_mul(v, tri_cos(x[0]))));
  ck_assert_int_eq(tri_vjp(1, &u, &one, 1, x, &adjoint), TRI_OK);
  tri_expr inputs[2] = {x[0], v};
  tri_function *f = tri_compile(2, inputs, 1, &adjoint);
  double sum, at[4] = {0.5, 2.0, -1.0, 4.0};
  int64_t three = 3;
  ck_assert_int_eq(tri_function_call(f, &(tri_call){.n_sizes = 1, .sizes = &three}, at, &sum),
                   TRI_OK);
  ck_assert_double_eq_tol(sum, 5.0 * cos(0.5), 1e-14);
  tri_function_free(f);
}
END_TEST

/* --- what has no derivative */

static void check_refused(tri_expr result, tri_status status, const char *words) {
  ck_assert_int_eq(tri_expr_status(result), status);
  ck_assert_int_eq(tri_graph_status(g), status);
  ck_assert_msg(strstr(tri_graph_error(g)->message, words), "%s", tri_graph_error(g)->message);
  tri_graph_clear_error(g);
}

START_TEST(refusals_are_told) {
  tri_expr e = tri_sin(x[0]), results[4], condition = tri_lt(x[0], x[1]);
  int64_t size = 3;
  tri_expr v = tri_variable_shaped(g, "v", 1, &size, NULL);
  check_refused(tri_diff(e, e), TRI_ARGUMENT, "sin");
  check_refused(tri_diff(e, tri_integer(g, 2)), TRI_ARGUMENT, "number");
  check_refused(tri_diff(e, v), TRI_SHAPE, "[3]");
  check_refused(tri_diff(condition, x[0]), TRI_SHAPE, "condition");
  check_refused(tri_diff(tri_polygamma(x[0], x[1]), x[0]), TRI_DOMAIN, "polygamma");
  ck_assert_int_eq(tri_gradient(tri_polygamma(x[0], x[1]), 2, x, results), TRI_DOMAIN);
  check_refused(results[1], TRI_DOMAIN, "first argument");
  ck_assert_int_eq(tri_gradient(v, 1, x, results), TRI_SHAPE);
  check_refused(results[0], TRI_SHAPE, "[3]");
  ck_assert_int_eq(tri_jvp(1, &e, 2, (tri_expr[]){x[0], x[0]}, x, results), TRI_ARGUMENT);
  check_refused(results[0], TRI_ARGUMENT, "twice");
  tri_graph *other = tri_graph_new(NULL);
  ck_assert_int_eq(tri_gradient(e, 1, (tri_expr[]){tri_variable(other, "x")}, results),
                   TRI_ARGUMENT);
  check_refused(results[0], TRI_ARGUMENT, "another graph");
  tri_graph_free(other);
  ck_assert(tri_expr_equal(tri_diff(tri_polygamma(x[0], x[1]), x[2]), tri_integer(g, 0)));
}
END_TEST

START_TEST(errors_pass_through) {
  tri_expr bad = tri_rational(g, 1, 0), results[4], x2[2] = {x[0], bad};
  ck_assert_int_eq(tri_expr_status(tri_diff(bad, x[0])), TRI_DOMAIN);
  ck_assert_int_eq(tri_expr_status(tri_diff(x[0], bad)), TRI_DOMAIN);
  ck_assert_int_eq(tri_gradient(x[0], 2, x2, results), TRI_DOMAIN);
  ck_assert_int_eq(tri_hessian(x[0], 2, x2, results), TRI_DOMAIN);
  ck_assert_int_eq(tri_taylor(x[0], x[0], bad, 3, results), TRI_DOMAIN);
  ck_assert_int_eq(tri_jacobian(2, x2, 1, x, results), TRI_DOMAIN);
  ck_assert_int_eq(tri_expr_status(results[1]), TRI_DOMAIN);
}
END_TEST

START_TEST(interruption_stops) {
  volatile int stop = 0;
  tri_graph *own = tri_graph_new(&(tri_graph_options){.interrupt = &stop});
  tri_expr y = tri_variable(own, "y"), e = tri_sin(y);
  stop = 1;
  ck_assert_int_eq(tri_expr_status(tri_diff(e, y)), TRI_INTERRUPTED);
  ck_assert_int_eq(tri_expr_status(tri_diff_n(e, y, 9)), TRI_INTERRUPTED);
  stop = 0;
  tri_graph_clear_error(own);
  ck_assert(tri_expr_equal(tri_diff(e, y), tri_cos(y)));
  tri_graph_free(own);
}
END_TEST

static Suite *derivative_suite(void) {
  Suite *s = suite_create("derivative");
  TCase *c = tcase_create("laws");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, gradient_is_the_limit_of_differences);
  tcase_add_test(c, each_row_to_the_fourth_order);
  tcase_add_test(c, forward_and_reverse_are_transposes);
  tcase_add_test(c, jacobian_of_one_is_the_gradient_and_rows_agree);
  tcase_add_test(c, hessian_is_symmetric_and_multiplies_as_hvp);
  tcase_add_test(c, wide_jacobians_and_hessians);
  tcase_add_test(c, mixed_orders_commute);
  tcase_add_test(c, higher_orders_agree_with_repetition);
  tcase_add_test(c, rules_hold_exactly);
  tcase_add_test(c, polynomials_exactly);
  tcase_add_test(c, the_example);
  tcase_add_test(c, eps_is_a_variable);
  suite_add_tcase(s, c);
  c = tcase_create("edges");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, vectors_are_differentiated_by_element);
  tcase_add_test(c, elements_and_repeated_scalars);
  tcase_add_test(c, many_elements_of_one_vector);
  tcase_add_test(c, named_sizes_need_no_size);
  tcase_add_test(c, refusals_are_told);
  tcase_add_test(c, errors_pass_through);
  tcase_add_test(c, interruption_stops);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("derivative", derivative_suite); }
