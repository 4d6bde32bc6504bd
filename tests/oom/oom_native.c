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

enum { STEPS = 400, POINTS = 9 };

/* For every point a chain too long to be written out, over numbers that the others share; and a
 * chain of sums of it. */
static tri_expr loops(tri_graph *g, const tri_expr *x) {
  tri_expr point = tri_variable(g, "p"), part = tri_variable(g, "q"), c = tri_variable(g, "c");
  tri_expr next = c, end, sums, total;
  for (int i = 0; i < 6; i++)
    next = tri_add(tri_mul(next, point), tri_mul(part, tri_rational(g, 1, i + 20)));
  tri_loop_options o = {.n = tri_extent_of(STEPS), .n_steps = 1, .steps = &part};
  o.step_inputs = x + 1;
  o.n_carries = 1;
  o.carries = &c;
  o.initial = &point;
  o.next = &next;
  if (tri_loop(g, &o, &end)) return end;
  end = tri_add(end, tri_sqrt(point));
  tri_loop_options map = {.n = tri_extent_of(POINTS), .n_steps = 1, .steps = &point};
  map.step_inputs = x;
  map.n_stacked = 1;
  map.stacked = &end;
  if (tri_loop(g, &map, &sums)) return sums;
  next = tri_add(tri_mul(c, part), tri_rational(g, 1, 2));
  o.n = tri_extent_of(POINTS);
  o.step_inputs = &sums;
  tri_expr first = tri_element(x[0], 0);
  o.initial = &first;
  if (tri_loop(g, &o, &total)) return sums;
  return total;
}

static tri_status loop_scenario(const tri_allocator *allocator) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x[2] = {tri_variable_shaped(g, "x", 1, (int64_t[]){POINTS}, NULL),
                   tri_variable_shaped(g, "y", 1, (int64_t[]){STEPS}, NULL)},
           e = loops(g, x);
  tri_error error = {.status = TRI_OK};
  double point[POINTS + STEPS], value = 0.0;
  for (int i = 0; i < POINTS + STEPS; i++) point[i] = i < POINTS ? 0.5 + 0.01 * i : 0.1;
  tri_function *f = tri_compile(2, x, 1, &e, .run = TRI_NATIVE, .native_module = NATIVE_BUILT,
                                .allocator = allocator, .error = &error);
  tri_status s =
      f ? tri_function_call(f, &(tri_call){.error = &error}, point, &value) : error.status;
  if (!s) ck_assert(value > 0.5 && value < 10.0);
  tri_function_free(f);
  tri_graph_free(g);
  return s;
}

START_TEST(allocations_of_loops) { ck_assert_int_gt(failing_loop(loop_scenario), 20); }
END_TEST

START_TEST(allocations) { ck_assert_int_gt(failing_loop(native_scenario), 20); }
END_TEST

static Suite *oom_suite(void) {
  return tri_test_suite("oom_native", 120, NULL, NULL, allocations, allocations_of_loops);
}

int main(void) { return tri_test_main("oom_native", oom_suite); }
