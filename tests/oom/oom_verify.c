/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of the gradient check failed once. */
#include <triad.h>

#include "tests/failing.h"
#include "tests/runner.h"

static double product(const double *x, size_t n, void *data) {
  double p = 1;
  (void)data;
  for (size_t i = 0; i < n; i++) p *= x[i];
  return p;
}

static void product_gradient(const double *x, size_t n, double *gradient, void *data) {
  for (size_t i = 0; i < n; i++) gradient[i] = product(x, n, data) / x[i];
}

static tri_status gradcheck_scenario(const tri_allocator *allocator) {
  const double x[] = {1.5, -2, 0.75};
  tri_gradcheck_report report;
  tri_status s =
      tri_gradcheck_code(product, product_gradient, 3, x, &report, .allocator = allocator);
  if (!s)
    ck_assert_int_eq(report.verdict, TRI_CONSISTENT);
  else
    ck_assert_ptr_null(report.worst);
  tri_gradcheck_report_free(&report);
  return s;
}

START_TEST(gradcheck) { ck_assert_int_eq(failing_loop(gradcheck_scenario), 3); }
END_TEST

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_verify");
  TCase *c = tcase_create("oom_verify");
  tcase_add_test(c, gradcheck);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_verify", oom_suite); }
