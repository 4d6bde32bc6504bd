/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of making native code failed once: the interpreter does the call then, or it
 * says that memory is out. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <triad.h>

#include "tests/failing.h"
#include "tests/runner.h"

enum { TERMS = 20 };

/* A sum that becomes a loop, with a constant for each term, and operations beside it. */
static tri_expr sum_of(tri_graph *g, tri_expr *x) {
  char name[8];
  tri_expr sum = tri_integer(g, 0);
  for (int i = 0; i < TERMS; i++) {
    snprintf(name, sizeof name, "x%d", i);
    x[i] = tri_variable(g, name);
    sum = tri_add(sum, tri_square(tri_sub(x[i], tri_rational(g, i, 7))));
  }
  return tri_div(sum, tri_add(tri_sqrt(x[0]), tri_exp(x[1])));
}

static tri_status call_both(const tri_function *f) {
  double point[TERMS], gradient[TERMS], value;
  tri_error error;
  tri_call call = {.workspace = tri_workspace_new(f), .error = &error};
  for (int i = 0; i < TERMS; i++) point[i] = 1.0 + i;
  tri_status s = call.workspace ? TRI_OK : TRI_MEMORY;
  if (!s) s = tri_function_reverse(f, &call, point, NULL, &value, gradient);
  if (!s)
    ck_assert_double_le(fabs(gradient[3] - 2.0 * (4.0 - 3.0 / 7.0) / (1.0 + exp(2.0))), 1e-12);
  tri_workspace_free(call.workspace);
  return s;
}

static tri_status native_scenario(const tri_allocator *allocator) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x[TERMS], e = sum_of(g, x);
  tri_error error = {.status = TRI_OK};
  tri_function *f = tri_compile(TERMS, x, 1, &e, .run = TRI_NATIVE, .native_module = NATIVE_BUILT,
                                .allocator = allocator, .error = &error);
  tri_status s = f ? call_both(f) : error.status;
  tri_function_free(f);
  tri_graph_free(g);
  return s;
}

START_TEST(allocations) { ck_assert_int_gt(failing_loop(native_scenario), 20); }
END_TEST

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_native");
  TCase *c = tcase_create("oom_native");
  tcase_add_test(c, allocations);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_native", oom_suite); }
