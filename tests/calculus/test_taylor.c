/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Taylor series: known ones exactly, all against derivatives, and clear refusals where there is none. */
#include <time.h>

#include "tests/calculus/helper.h"
#include "tests/runner.h"

enum { ORDER = 20 };

static tri_graph *g;
static tri_expr x, y;

static void setup(void) {
  g = tri_graph_new(NULL);
  x = tri_variable(g, "x");
  y = tri_variable(g, "y");
}

static void teardown(void) { tri_graph_free(g); }

/* The first coefficients of e at the number `at` are those in the text, "1 1/2 0 -1/8". */
static void check_series(const char *text, const char *at, const char *expected) {
  tri_expr c[ORDER + 1], point = parsed(g, at);
  tri_status status = tri_taylor(parsed(g, text), x, point, ORDER, c);
  ck_assert_msg(status == TRI_OK, "%s: %s", text, tri_graph_error(g)->message);
  size_t k = 0;
  for (const char *from = expected; *from; k++) {
    size_t size = strcspn(from, " ");
    tri_expr number = tri_parse(g, from, size);
    ck_assert_msg(tri_expr_equal(c[k], number), "%s: coefficient %zu is not %.*s", text, k,
                  (int)size, from);
    from += size + (from[size] == ' ');
  }
}

START_TEST(known_series) {
  check_series("exp(sin(x))", "0",
               "1 1 1/2 0 -1/8 -1/15 -1/240 1/90 31/5760 1/5670 -2951/3628800 -1/3150");
  check_series("tan(x)", "0",
               "0 1 0 1/3 0 2/15 0 17/315 0 62/2835 0 1382/155925 0 21844/6081075 0 "
               "929569/638512875");
  check_series("log(x)", "1", "0 1 -1/2 1/3 -1/4 1/5 -1/6");
  check_series("log1p(x)", "0", "0 1 -1/2 1/3 -1/4 1/5 -1/6");
  check_series("asin(x)", "0", "0 1 0 1/6 0 3/40 0 5/112 0 35/1152");
  check_series("atan(x)", "0", "0 1 0 -1/3 0 1/5 0 -1/7");
  check_series("tanh(x)", "0", "0 1 0 -1/3 0 2/15 0 -17/315");
  check_series("sec(x)", "0", "1 0 1/2 0 5/24 0 61/720 0 277/8064");
  check_series("1/(1 - x - x^2)", "0", "1 1 2 3 5 8 13 21 34 55 89 144 233 377 610 987");
  check_series("(1 + x)^(1/2)", "0", "1 1/2 -1/8 1/16 -5/128 7/256 -21/1024 33/2048");
  check_series("sqrt(x)", "4", "2 1/4 -1/64 1/512 -5/16384");
  check_series("(1 + x)^x", "0", "1 0 1 -1/2 5/6 -3/4 33/40 -5/6 2159/2520");
  check_series("cosh(x)^10", "0", "1 0 5 0 35/3 0 152/9 0 1072/63");
  check_series("x^5 + x", "2", "34 81 80 40 10 1 0 0 0");
  check_series("(1 + x)^20", "0", "1 20 190 1140 4845 15504 38760 77520 125970 167960 184756");
  check_series("gaussian(x)", "0", "1 0 -1 0 1/2 0 -1/6");
  check_series("x^x", "1", "1 1 1 1/2 1/3 1/12 3/40");
  check_series("floor(x) + heaviside(x)*x", "5/2", "9/2 1 0 0");
}
END_TEST

/* Pieces: by the branch that is taken. */
START_TEST(series_of_pieces) {
  check_series("select(x < 1, sin(x), log(x))", "0", "0 1 0 -1/6 0 1/120");
  check_series("max(sqrt(x), 1)", "0", "1 0 0 0");
  check_series("abs(x)^3", "-1", "1 -3 3 -1 0");
  check_series("relu(x)*log(1 + x)", "0", "0 0 0");
  check_series("gate(relu(x), log(x))", "-2", "0 0 0");
}
END_TEST

START_TEST(polynomial_at_an_expression) {
  tri_expr f = parsed(g, "x^3 + 2*x"), p = tri_taylor_polynomial(f, x, y, 3);
  tri_expr point[2] = {tri_rational(g, 5, 3), tri_rational(g, -2, 7)};
  ck_assert(tri_expr_equal(tri_substitute(p, 2, (tri_expr[]){x, y}, point),
                           tri_substitute(f, 2, (tri_expr[]){x, y}, point)));
  tri_expr c[4];
  ck_assert_int_eq(tri_taylor(f, x, tri_add(x, y), 3, c), TRI_OK);
  ck_assert(tri_expr_equal(c[3], tri_integer(g, 1)));
  ck_assert(tri_expr_equal(tri_taylor_polynomial(f, y, x, 3), f));
}
END_TEST

/* Coefficients are derivatives over factorials, whichever way these are made, for every expression. */
START_TEST(coefficients_are_derivatives) {
  struct random r = random_start(77);
  for (int k = 0; k < 40 * test_multiplier(); k++) {
    tri_expr e = random_expression(&r, 2, (tri_expr[]){x, y}, 10, 6, 1), c[6], d = e;
    double point[2] = {random_between(&r, 0.3, 1.7), 0.8}, factorial = 1;
    tri_expr at = tri_double(g, point[0]);
    ck_assert_int_eq(tri_taylor(e, x, at, 5, c), TRI_OK);
    for (int n = 0; n <= 5; n++, factorial *= n) {
      double a = value_at(d, 2, (tri_expr[]){x, y}, point) / factorial;
      double b = value_at(c[n], 2, (tri_expr[]){x, y}, point);
      ck_assert_msg(agree(a, b, 1e-9), "coefficient %d: %.17g, not %.17g", n, b, a);
      d = tri_diff(d, x);
    }
  }
}
END_TEST

START_TEST(shaped_coefficients) {
  tri_expr v = tri_stack(2, (tri_expr[]){tri_exp(x), y}), c[3];
  ck_assert_int_eq(tri_taylor(v, x, tri_integer(g, 0), 2, c), TRI_OK);
  ck_assert(tri_expr_equal(tri_element(c[2], 0), tri_rational(g, 1, 2)));
  ck_assert(tri_expr_equal(tri_element(c[2], 1), tri_integer(g, 0)));
  ck_assert_uint_eq(tri_expr_rank(c[1]), 1);
}
END_TEST

static void check_refused(const char *text, const char *at, const char *words) {
  tri_expr c[4];
  ck_assert_int_eq(tri_taylor(parsed(g, text), x, parsed(g, at), 3, c), TRI_DOMAIN);
  ck_assert_msg(strstr(tri_graph_error(g)->message, words), "%s: %s", text,
                tri_graph_error(g)->message);
  ck_assert_int_eq(tri_expr_status(c[0]), TRI_DOMAIN);
  tri_graph_clear_error(g);
}

START_TEST(singular_points_are_refused) {
  check_refused("log(x)", "0", "log has no value");
  check_refused("log(x)", "0", "x = 0");
  check_refused("log(x) + sin(x)", "-1/2", "x = -0.5");
  check_refused("sqrt(x)", "0", "sqrt has no derivative");
  check_refused("x*sqrt(x)", "0", "sqrt has no derivative");
  check_refused("1/x", "0", "division by zero");
  check_refused("sin(x)/x", "0", "division by zero");
  check_refused("asin(x)", "1", "asin has no derivative");
  check_refused("cbrt(x)", "0", "cbrt has no derivative");
  check_refused("gamma(x)", "-2", "gamma has no value");
  check_refused("select(x < 1, log(x), sin(x))", "0", "log has no value");
  check_refused("x^(5/2)", "0", "has no derivative");
  tri_expr c[1];
  ck_assert_int_eq(tri_taylor(tri_sqrt(x), x, tri_integer(g, 0), 0, c), TRI_OK);
  ck_assert(tri_expr_equal(c[0], tri_integer(g, 0)));
  ck_assert_int_eq(tri_expr_status(tri_taylor_polynomial(tri_log(x), x, tri_integer(g, 0), 4)),
                   TRI_DOMAIN);
}
END_TEST

/* Also where nearly all of a long series is zero. */
START_TEST(quick_enough) {
  clock_t start = clock();
  tri_expr *c = malloc(200001 * sizeof *c);
  ck_assert_int_eq(tri_taylor(parsed(g, "exp(sin(x))"), x, tri_integer(g, 0), 60, c), TRI_OK);
  ck_assert_int_eq(tri_taylor(parsed(g, "tan(x)"), x, tri_integer(g, 0), 60, c), TRI_OK);
  ck_assert_int_eq(tri_taylor(parsed(g, "(x - 1)^6*y"), x, y, 200000, c), TRI_OK);
  ck_assert(tri_expr_equal(c[6], y));
  ck_assert(tri_expr_equal(c[200000], tri_integer(g, 0)));
  free(c);
  ck_assert_double_lt((double)(clock() - start) / CLOCKS_PER_SEC, 2.0);
}
END_TEST

static Suite *taylor_suite(void) {
  Suite *s = suite_create("taylor");
  TCase *c = tcase_create("taylor");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, known_series);
  tcase_add_test(c, series_of_pieces);
  tcase_add_test(c, polynomial_at_an_expression);
  tcase_add_test(c, coefficients_are_derivatives);
  tcase_add_test(c, shaped_coefficients);
  tcase_add_test(c, singular_points_are_refused);
  tcase_add_test(c, quick_enough);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("taylor", taylor_suite); }
