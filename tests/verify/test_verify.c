/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Certified numbers, and the three modes against enclosures and differences: what is right is proved, a planted wrong partial of any row is
 * refuted, kinks and limits are undecided with their reason. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <triad/verify.h>

#include "graph/node.h"
#include "tests/runner.h"

static tri_graph *g;

static void setup(void) { g = tri_graph_new(NULL); }
static void teardown(void) { tri_graph_free(g); }

enum { INPUTS = 2 };

struct at {
  tri_expr inputs[INPUTS], point[INPUTS];
};

static tri_expr parsed(const char *text) {
  tri_expr e = tri_parse(g, text, strlen(text));
  ck_assert_msg(!tri_expr_status(e), "%s: %s", text, tri_graph_error(g)->message);
  return e;
}

static struct at at_point(const char *x, const char *y) {
  return (struct at){{tri_variable(g, "x"), tri_variable(g, "y")}, {parsed(x), parsed(y)}};
}

/* --- certified numbers */

/* Texts with 30 certain digits. From mpmath at 60 digits. */
static void certain(const char *text, const char *x, const char *y, tri_wanted wanted, size_t which,
                    const char *expected) {
  struct at at = at_point(x, y);
  tri_expr e = parsed(text);
  tri_values *numbers;
  tri_error error = {0};
  tri_status status = tri_certify(INPUTS, at.inputs, at.point, 1, &e, &numbers, .wanted = wanted,
                                  .digits = 30, .error = &error);
  ck_assert_msg(status == TRI_OK, "%s: %s", text, error.message);
  tri_text shown = {0}, radius = {0};
  tri_value_enclosure(tri_values_get(numbers, which), 30, &shown, &radius);
  ck_assert_str_eq(shown.data, expected);
  tri_text_free(&shown);
  tri_text_free(&radius);
  tri_values_free(numbers);
}

START_TEST(certified_digits) {
  certain("x^2*y + y + 2", "3", "4", TRI_VALUES, 0, "42");
  certain("x^2*y + y + 2", "1/3", "2^0.5", TRI_JACOBIAN, 0, "0.942809041582063365867792482806");
  certain("sin(x*y)/x", "1/3", "2", TRI_JACOBIAN, 0, "-0.850004662965945065403641053470");
  certain("sin(x*y)/x", "1/3", "2", TRI_HESSIAN, 0, "-2.32040965904117370057679122566");
  certain("exp(sin(x)) + y", "pi/7", "0", TRI_VALUES, 0, "1.54323943930738031531636113131");
  certain("log(1 + exp(x)) + 0*y", "-1000", "1", TRI_VALUES, 0,
          "5.07595889754945676529180947957e-435");
  certain("digamma(x)", "1/3", "1", TRI_JACOBIAN, 0, "10.0955971254270940817920040999");
}
END_TEST

START_TEST(certified_failures) {
  struct {
    const char *text, *x, *y;
    tri_status status;
    const char *says;
  } cases[] = {{"log(x)", "-1", "0", TRI_DOMAIN, "log at -1"},
               {"1/(x - y)", "2", "2", TRI_DOMAIN, "division by zero"},
               {"1/sin(x)", "pi", "0", TRI_UNKNOWN, "could not be decided"},
               {"sqrt(x - y)", "pi", "4*atan(1)", TRI_UNKNOWN, "could not be decided"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct at at = at_point(cases[i].x, cases[i].y);
    tri_expr e = parsed(cases[i].text);
    tri_values *numbers;
    tri_error error = {0};
    ck_assert_int_eq(tri_certify(INPUTS, at.inputs, at.point, 1, &e, &numbers, .error = &error),
                     cases[i].status);
    ck_assert_ptr_null(numbers);
    ck_assert_msg(strstr(error.message, cases[i].says), "%s: %s", cases[i].text, error.message);
  }
}
END_TEST

START_TEST(zero_with_its_radius) {
  struct at at = at_point("pi", "1");
  tri_expr e = parsed("sin(x)");
  tri_values *numbers;
  tri_text shown = {0}, radius = {0};
  ck_assert_int_eq(tri_certify(INPUTS, at.inputs, at.point, 1, &e, &numbers, .digits = 20), TRI_OK);
  tri_value_enclosure(tri_values_get(numbers, 0), 20, &shown, &radius);
  ck_assert_str_eq(shown.data, "0");
  ck_assert_msg(strstr(radius.data, "e-"), "%s", radius.data);
  tri_text_free(&shown);
  tri_text_free(&radius);
  tri_values_free(numbers);
}
END_TEST

/* --- verification */

static tri_verify_report verified(const char *text, const char *x, const char *y) {
  struct at at = at_point(x, y);
  tri_expr e = parsed(text);
  tri_verify_report report;
  tri_error error = {0};
  tri_status status = tri_verify(INPUTS, at.inputs, at.point, 1, &e, &report, .error = &error);
  ck_assert_msg(status == TRI_OK, "%s: %s", text, error.message);
  return report;
}

static const char *const right[][3] = {
    {"x^2*y + y + 2", "3", "4"},
    {"sin(x*y)/x", "1/3", "2"},
    {"atan2(y, x)*exp(-x^2)", "0.7", "2"},
    {"tanh(0.3*tanh(0.5*x - 0.2*y + 0.1) + 0.7*tanh(y - x) - 0.4)", "1.5", "-0.25"},
    {"x^y", "2", "1/3"},
    {"gamma(x)*digamma(y)", "-2.5", "1/7"},
    {"hypot(x, y) + max(x, y)*relu(x) - select(x < y, 1, x)", "3", "4"},
    {"sigmoid(20*x)*softplus(-y)", "2", "40"},
    {"exp(1/x) + y", "1e-3", "1e10"},
    {"sin(1e30*x) + y", "0", "1"},
    {"erf(x) - erfc(y)", "4", "5"},
    {"cbrt(x)*log1p(y)", "-1e-20", "1e-20"},
};

START_TEST(right_ones_are_proved) {
  const char *const *c = right[_i];
  tri_verify_report report = verified(c[0], c[1], c[2]);
  for (size_t i = 0; i < report.n_entries; i++)
    ck_assert_msg(report.entries[i].verdict == TRI_PROVED, "%s, entry %zu: %s %s", c[0], i,
                  tri_verdict_name(report.entries[i].verdict), report.entries[i].reason);
  ck_assert_int_eq(report.verdict, TRI_PROVED);
  ck_assert_uint_eq(report.n_entries, 1 + INPUTS);
  tri_verify_report_free(&report);
}
END_TEST

START_TEST(main_job) {
  tri_verify_report report = verified("x^2*y + y + 2", "3", "4");
  const char *expected[] = {"42", "24", "10"};
  for (size_t i = 0; i < 3; i++) {
    const tri_verify_entry *e = &report.entries[i];
    tri_text text = {0}, radius = {0};
    tri_value_enclosure(e->enclosure, 30, &text, &radius);
    ck_assert_str_eq(text.data, expected[i]);
    ck_assert_str_eq(radius.data, "0");
    for (int mode = 0; mode < TRI_BY_DIFFERENCES; mode++) {
      ck_assert(isinf(e->digits[mode]));
      ck_assert(e->ulps[mode] == 0.0);
    }
    tri_text_free(&text);
    tri_text_free(&radius);
  }
  tri_verify_report_free(&report);
}
END_TEST

static const char *const undecided[][4] = {
    {"abs(x)", "0", "0", "abs at 0"},
    {"abs(x) + y^2", "0", "3", "abs at 0"},
    {"max(x, y)", "1", "1", "max at (1, 1)"},
    {"sqrt(x)", "0", "0", "infinite"},
    {"relu(sin(pi) + x)", "0", "0", "relu at"},
    {"x*abs(x)", "0", "0", "abs at 0"},
    {"select(x < 1, x, x^2)", "1", "0", "lt at (1, 1)"},
    {"select(x >= 1 and x < 2, x, 1) + y^2", "1", "0", "at (1, 1)"},
    {"floor(x)", "2", "0", "floor at 2"},
    {"sin(x)", "pi/2", "0", "not separable from 0"},
    {"exp(-1/x^2)", "1e-5", "0", "do not converge"},
};

START_TEST(kinks_and_limits_are_undecided) {
  const char *const *c = undecided[_i];
  tri_verify_report report = verified(c[0], c[1], c[2]);
  ck_assert_int_eq(report.verdict, TRI_UNDECIDED);
  ck_assert_int_eq(report.entries[1].verdict, TRI_UNDECIDED);
  ck_assert_msg(strstr(report.entries[1].reason, c[3]), "%s: %s", c[0], report.entries[1].reason);
  ck_assert_msg(report.entries[2].verdict == TRI_PROVED || _i == 2 || _i == 4,
                "y does not pass the kink");
  tri_verify_report_free(&report);
}
END_TEST

/* A value that balls hold and MPFR does not is there all the same. */
START_TEST(values_beyond_mpfr_are_called_so) {
  tri_verify_report report = verified("x^(10^18)", "1.001", "0");
  ck_assert_int_eq(report.entries[0].verdict, TRI_PROVED);
  ck_assert_int_eq(report.entries[1].verdict, TRI_UNDECIDED);
  ck_assert_str_eq(report.entries[1].reason,
                   "the values are beyond MPFR's exponents, so no differences");
  tri_verify_report_free(&report);
  report = verified("max(sqrt(x), 1)", "0", "0");
  ck_assert_str_eq(report.entries[1].reason,
                   "the function has no value next to the point, so no differences");
  tri_verify_report_free(&report);
}
END_TEST

/* Every partial of every row, wrong by a thousandth, is refuted by differences of values. */
START_TEST(planted_partials_are_refuted) {
  static struct row table[TRI_OP_ROWS];
  static char text[512];
  unsigned refuted = 0;
  for (int op = 0; op < TRI_OP_ROWS; op++)
    for (int i = 0; i < tri__rows[op].arity; i++) {
      const struct row *row = tri__rows + op;
      if (!row->partial[i] || row->arity > 2 || row->lazy || strcmp(row->partial[i], "0.0") == 0)
        continue;
      memcpy(table, tri__rows, sizeof table);
      snprintf(text, sizeof text, "1.001*(%s)", row->partial[i]);
      table[op].partial[i] = text;
      tri_graph *usual = g;
      g = tri__graph_new_rows(NULL, table);
      bool above_one = op == TRI_OP_acosh;
      struct at at = at_point(above_one ? "1.7" : "0.7", "0.4");
      tri_expr order[2] = {tri_integer(g, 2), at.inputs[1]};
      tri_expr e = tri_apply((tri_op)op, row->arity, row->partial[0] ? at.inputs : order);
      tri_verify_report report;
      tri_error error = {0};
      tri_status status = tri_verify(INPUTS, at.inputs, at.point, 1, &e, &report, .error = &error);
      ck_assert_msg(status == TRI_OK, "%s: %s", row->name, error.message);
      const tri_verify_entry *entry = &report.entries[1 + i];
      if (row->commutes && entry->verdict == TRI_PROVED) entry = &report.entries[2 - i]; /* y + x */
      bool flat = row->choice && entry->digits[TRI_BY_DIFFERENCES] > 20.0; /* not chosen there: 0 */
      ck_assert_msg(entry->verdict == TRI_REFUTED || flat, "%s by %d: %s %s", row->name, i,
                    tri_verdict_name(entry->verdict), entry->reason);
      refuted += strstr(entry->reason, "differences of values give") != NULL;
      tri_verify_report_free(&report);
      tri_graph_free(g);
      g = usual;
    }
  ck_assert_uint_gt(refuted, 45);
}
END_TEST

static Suite *verify_suite(void) {
  Suite *s = suite_create("verify");
  TCase *c = tcase_create("verify");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, certified_digits);
  tcase_add_test(c, certified_failures);
  tcase_add_test(c, zero_with_its_radius);
  tcase_add_loop_test(c, right_ones_are_proved, 0, sizeof right / sizeof *right);
  tcase_add_test(c, main_job);
  tcase_add_loop_test(c, kinks_and_limits_are_undecided, 0, sizeof undecided / sizeof *undecided);
  tcase_add_test(c, values_beyond_mpfr_are_called_so);
  tcase_add_test(c, planted_partials_are_refuted);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("verify", verify_suite); }
