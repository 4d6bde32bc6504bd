/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives at kinks, by convention, and strong zeros: what a branch that is not taken does is of no account. */
#include "graph/node.h"
#include "tests/calculus/helper.h"
#include "tests/runner.h"

static tri_graph *g;
static tri_expr x, y;

static void setup(void) {
  g = tri_graph_new(NULL);
  x = tri_variable(g, "x");
  y = tri_variable(g, "y");
}

static void teardown(void) { tri_graph_free(g); }

static double at(tri_expr e, double a, double b) {
  return value_at(e, 2, (tri_expr[]){x, y}, (double[]){a, b});
}

/* The derivative of order n by x at (a, b): forward, in reverse, and as a Taylor coefficient where there is one. */
static void check(const char *text, uint32_t n, double a, double b, double expected) {
  tri_expr e = parsed(g, text), reverse, forward = tri_diff_n(e, x, n);
  ck_assert_int_eq(tri_gradient(tri_diff_n(e, x, n - 1), 1, &x, &reverse), TRI_OK);
  double f = at(forward, a, b), r = at(reverse, a, b);
  ck_assert_msg(agree(f, expected, 1e-14), "%s: forward %.17g, not %.17g", text, f, expected);
  ck_assert_msg(agree(r, expected, 1e-14), "%s: reverse %.17g, not %.17g", text, r, expected);
}

START_TEST(conventions_at_kinks) {
  check("abs(x)", 1, 0, 0, 0);
  check("abs(x)", 1, -2, 0, -1);
  check("max(x, y)", 1, 1, 1, 0.5);
  check("min(x, y)", 1, 1, 1, 0.5);
  check("max(x, y)", 1, 2, 1, 1);
  check("min(x, y)", 1, 2, 1, 0);
  check("max(x^2, x)", 1, 1, 0, 1.5);
  check("relu(x)", 1, 0, 0, 0);
  check("relu(x)", 1, 0.5, 0, 1);
  check("heaviside(x)*x", 1, 0, 0, 1);
  check("sign(x)*x", 1, 0, 0, 0);
  check("floor(x)*x", 1, 3, 0, 3);
  check("ceil(x) + x", 1, 3, 0, 1);
  check("hypot(x, y)", 1, 0, 0, 0);
  check("softplus(x)", 1, 0, 0, 0.5);
}
END_TEST

START_TEST(powers_at_zero) {
  check("x^2", 1, 0, 0, 0);
  check("x^2", 2, 0, 0, 2);
  check("x^3", 3, 0, 0, 6);
  check("x^(5/2)", 2, 0, 0, 0);
  check("x^y", 1, 0, 2, 0);
  check("x^y", 1, 0, 1, 1);
  check("x^y", 1, 0, 0, 0);
  check("x^y", 2, 0, 2, 2);
  check("y^x", 1, 2, 0, 0);
  check("sqrt(x)", 1, 0, 0, INFINITY);
}
END_TEST

/* Each pair: the branch taken at x, and one with no finite derivative there. */
START_TEST(branches_not_taken) {
  check("max(sqrt(x), 1)", 1, 0, 0, 0);
  check("min(1/x, 3)", 1, 0, 0, 0);
  check("select(x > 0, log(x), x^2)", 1, 0, 0, 0);
  check("select(x > 0, log(x), x^2)", 2, 0, 0, 2);
  check("select(x > 0, log(x), x^2)", 1, -3, 0, -6);
  check("select(x > 0, sqrt(x)*log(x), 2*x)", 1, 0, 0, 2);
  check("select(x > 0, exp(1/x)/x, x^3)", 3, 0, 0, 6);
  check("relu(x)*sqrt(1 + relu(x))", 1, -1, 0, 0);
  check("sqrt(relu(x))", 1, -1, 0, 0);
  check("sqrt(relu(x))", 2, -1, 0, 0);
  check("sqrt(relu(x))", 3, -1, 0, 0);
  check("log(1 + sqrt(max(x, 0)))", 1, -1, 0, 0);
  check("max(relu(sqrt(x)), 2)", 1, 0, 0, 0);
  check("gate(x, log(y))", 1, 0, 1, 0);
  check("gate(relu(x), log(y))", 1, -1, 0, 0);
}
END_TEST

/* A branch not taken may have no value at all, and choose itself: x is negative where y is positive. */
START_TEST(branches_without_value) {
  static const char *const texts[] = {"exp(%s)", "%s*%s",      "sin(%s)^3*x",
                                      "abs(%s)", "max(%s, x)", "sqrt(1 + relu(%s))"};
  static const char *const branches[] = {"sqrt(x)",
                                         "log(x)",
                                         "exp(abs(log(x)))",
                                         "max(sqrt(x), y)",
                                         "relu(log(x))^2",
                                         "x^y*sqrt(x)",
                                         "abs(log(x))*exp(abs(log(x)))",
                                         "min(x^y, sqrt(x))",
                                         "cbrt(max(sqrt(x), 1/sqrt(x)))",
                                         "x*sqrt(x)",
                                         "x^2*(-2)^x*log(x)",
                                         "x*y*abs(log(x))/(1 + x^2)",
                                         "select(log(x) > 0, x, x^2)",
                                         "abs(select(log(x) > 0, x, x^2))"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    for (size_t k = 0; k < sizeof branches / sizeof *branches; k++) {
      char choice[120], text[400], plain[400];
      snprintf(choice, sizeof choice, "select(y > 0, y + x^2, %s)", branches[k]);
      snprintf(text, sizeof text, texts[i], choice, choice);
      snprintf(plain, sizeof plain, texts[i], "(y + x^2)", "(y + x^2)");
      for (uint32_t n = 1; n <= 3; n++)
        check(text, n, -0.375, 2, at(tri_diff_n(parsed(g, plain), x, n), -0.375, 2));
      tri_expr v[2] = {x, y}, h[4], expected[4];
      ck_assert_int_eq(tri_hessian(parsed(g, text), 2, v, h), TRI_OK);
      ck_assert_int_eq(tri_hessian(parsed(g, plain), 2, v, expected), TRI_OK);
      for (int j = 0; j < 4; j++)
        ck_assert_msg(agree(at(h[j], -0.375, 2), at(expected[j], -0.375, 2), 1e-14), "%s", text);
    }
}
END_TEST

START_TEST(the_guard_is_in_the_graph) {
  tri_expr e = parsed(g, "max(sqrt(x), 1)"), d = tri_diff(e, x), gradient;
  ck_assert_int_eq(tri_gradient(e, 1, &x, &gradient), TRI_OK);
  ck_assert_int_eq(tri_expr_op(d), TRI_OP_gate);
  ck_assert_int_eq(tri_expr_op(gradient), TRI_OP_gate);
}
END_TEST

static int has_gate(tri_expr e) {
  int found = 0;
  uint32_t size = tri_graph_size(g);
  unsigned char *marks = calloc(size, 1);
  marks[e.id] = 1;
  for (uint32_t id = e.id; id > 0; id--)
    if (marks[id]) {
      tri_expr node = {g, id};
      found |= tri_expr_op(node) == TRI_OP_gate;
      for (size_t i = 0; i < tri_expr_arity(node); i++) marks[tri_expr_argument(node, i).id] = 1;
    }
  free(marks);
  return found;
}

/* Where nothing can be infinite, a product does. */
START_TEST(no_guard_without_need) {
  static const char *const texts[] = {"tanh(relu(x))*y",          "sin(max(x, y))^3",
                                      "relu(relu(x) + y)",        "abs(tanh(x)*y + sigmoid(y))",
                                      "select(x > 0, log(x), x)", "sqrt(x)*exp(y)"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    tri_expr e = parsed(g, texts[i]), gradient[2];
    ck_assert_int_eq(tri_gradient(e, 2, (tri_expr[]){x, y}, gradient), TRI_OK);
    ck_assert_msg(!has_gate(tri_diff(e, x)), "%s", texts[i]);
    if (i != 4) ck_assert_msg(!has_gate(gradient[0]) && !has_gate(gradient[1]), "%s", texts[i]);
  }
}
END_TEST

/* A derivative of select is a select of derivatives. */
START_TEST(select_is_linear) {
  tri_expr c = tri_lt(x, y), e = tri_select(c, tri_sin(x), tri_mul(x, y));
  ck_assert(tri_expr_equal(tri_diff(e, x), tri_select(c, tri_cos(x), y)));
}
END_TEST

/* What does not depend on the variable, or only through a flat function or a condition, is not touched. */
START_TEST(independent_parts_are_skipped) {
  tri_expr zero = tri_integer(g, 0), d;
  ck_assert(tri_expr_equal(tri_diff(parsed(g, "log(y)/y"), x), zero));
  ck_assert(tri_expr_equal(tri_diff(parsed(g, "polygamma(floor(x), y)"), x), zero));
  ck_assert(tri_expr_equal(tri_diff(parsed(g, "sqrt(sign(x) + heaviside(y))"), x), zero));
  ck_assert(tri_expr_equal(tri_diff(parsed(g, "select(x < y, 1, log(y))"), x), zero));
  uint32_t size = tri_graph_size(g);
  d = tri_diff(parsed(g, "log(y)/y"), x);
  ck_assert(tri_expr_equal(d, zero));
  ck_assert_uint_eq(tri_graph_size(g), size);
}
END_TEST

static Suite *choice_suite(void) {
  Suite *s = suite_create("choice");
  TCase *c = tcase_create("choice");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, conventions_at_kinks);
  tcase_add_test(c, powers_at_zero);
  tcase_add_test(c, branches_not_taken);
  tcase_add_test(c, branches_without_value);
  tcase_add_test(c, the_guard_is_in_the_graph);
  tcase_add_test(c, no_guard_without_need);
  tcase_add_test(c, select_is_linear);
  tcase_add_test(c, independent_parts_are_skipped);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("choice", choice_suite); }
