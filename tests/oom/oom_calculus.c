/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of derivatives failed once. */
#include <string.h>
#include <triad.h>

#include "tests/failing.h"
#include "tests/runner.h"

enum { N = 3 };

/* Each kind of derivative of an expression with every kind of node. */
static tri_status derivatives(tri_graph *g) {
  static const char text[] = "max(sqrt(x), 1)*x^y + select(x < y, sin(x*y)^3, log(z))/atan2(x, z)";
  tri_expr x[N] = {tri_variable(g, "x"), tri_variable(g, "y"), tri_variable(g, "z")};
  tri_expr e = tri_parse(g, text, strlen(text)), results[N * N], w[2] = {x[0], e};
  tri_expr v[2] = {e, tri_sin(e)}, c[5];
  int64_t size = 4;
  tri_expr shaped = tri_mul(tri_variable_shaped(g, "v", 1, &size, NULL), x[0]);
  tri_expr sum = tri_add(tri_element(shaped, 1), tri_mul(e, tri_element(shaped, 2)));
  tri_expr pair = tri_stack(2, v);
  if (tri_graph_status(g)) return tri_graph_status(g);
  tri_status status = tri_gradient(sum, N, x, results);
  if (!status) status = tri_hessian(e, N, x, results);
  if (!status) status = tri_hvp(e, N, x, x, results);
  if (!status) status = tri_jacobian(2, v, N, x, results);
  if (!status) status = tri_vjp(2, v, w, N, x, results);
  if (!status) status = tri_vjp(1, &pair, &x[0], N, x, results);
  if (!status) status = tri_jvp(1, &pair, N, x, x, results);
  if (!status) status = tri_expr_status(tri_diff(pair, x[0]));
  if (!status) status = tri_expr_status(tri_diff_n(e, x[0], 3));
  if (!status) status = tri_taylor(e, x[0], tri_rational(g, 1, 2), 4, c);
  if (!status) status = tri_expr_status(tri_taylor_polynomial(pair, x[0], x[1], 2));
  return status;
}

static tri_status calculus_scenario(const tri_allocator *allocator) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!g) return TRI_MEMORY;
  tri_status status = derivatives(g);
  if (!status) status = tri_graph_status(g);
  tri_graph_free(g);
  return status;
}

START_TEST(calculus) { ck_assert_int_gt(failing_loop(calculus_scenario), 100); }
END_TEST

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_calculus");
  TCase *c = tcase_create("oom_calculus");
  tcase_add_test(c, calculus);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_calculus", oom_suite); }
