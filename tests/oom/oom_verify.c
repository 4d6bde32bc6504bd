/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of a rounding-error report failed once. */
#include <string.h>
#include <triad.h>

#include "tests/failing.h"
#include "tests/runner.h"

static tri_status roundoff_scenario(const tri_allocator *allocator) {
  static const char text[] = "max(sqrt(x), 1)*x^y + select(x < y, sin(x*y)^3, log(x))/atan2(x, y)";
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!g) return TRI_MEMORY;
  tri_expr inputs[] = {tri_variable(g, "x"), tri_variable(g, "y")};
  tri_expr point[] = {tri_rational(g, 1, 3), tri_integer(g, 2)},
           f = tri_parse(g, text, strlen(text));
  tri_error_report report;
  tri_status status = tri_graph_status(g);
  if (!status)
    status = tri_error_estimate(2, inputs, point, f, &report, .digits = 20, .allocator = allocator);
  if (!status) {
    ck_assert(report.n_steps > 5 && report.error <= report.bound);
    tri_error_report_free(&report);
  }
  tri_graph_free(g);
  return status;
}

START_TEST(roundoff) { ck_assert_int_gt(failing_loop(roundoff_scenario), 100); }
END_TEST

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_verify");
  TCase *c = tcase_create("oom_verify");
  tcase_add_test(c, roundoff);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_verify", oom_suite); }
