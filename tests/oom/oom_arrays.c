/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of array programs, and of calls with arrays that go without one, failed once. */
#include <stdbool.h>
#include <triad.h>

#include "tests/failing.h"
#include "tests/runner.h"

enum { ROWS = 6, COLUMNS = 4 };

static tri_domain domain;

struct arrays {
  double x[ROWS * COLUMNS], w[COLUMNS * COLUMNS], y[ROWS * COLUMNS], sums[COLUMNS], at;
};

/* x · w, w in place, sums, an index, a copy of what is donated; a scan, which has no program. */
static tri_function *compiled(tri_graph *g, bool scans, const tri_allocator *allocator) {
  tri_expr x = tri_variable_shaped(g, "x", 2, (int64_t[]){0, COLUMNS}, (const char *[]){"n", NULL}),
           w = tri_variable_shaped(g, "w", 2, (int64_t[]){COLUMNS, COLUMNS}, NULL);
  tri_expr p = tri_variable(g, "p"), c = tri_variable(g, "c"), zero = tri_integer(g, 0);
  tri_expr y = tri_tanh(tri_matmul(x, w)), next = tri_add(c, tri_sin(p)), carried[2];
  tri_expr row = tri_element(w, 0);
  tri_loop_options loop = {.n = {COLUMNS, NULL},
                           .n_steps = 1,
                           .steps = &p,
                           .step_inputs = &row,
                           .n_carries = 1,
                           .carries = &c,
                           .initial = &zero,
                           .next = &next};
  if (scans && tri_loop(g, &loop, carried)) return NULL;
  tri_expr gram = tri_matmul(tri_transpose(x, 2, NULL), y);
  tri_expr picked = tri_gather(tri_sum_axis(y, 0), tri_integer(g, 2));
  tri_expr out[] = {tri_sub(w, tri_mul(tri_rational(g, 1, 8), gram)), y,
                    tri_concat(2, (tri_expr[]){tri_sum_axis(y, 0), row}, 0),
                    scans ? carried[0] : picked};
  return tri_compile(2, ((tri_expr[]){x, w}), 4, out, .domain = domain, .allocator = allocator,
                     .donated = (size_t[]){2, 0, 0, 0});
}

static tri_status call_twice(const tri_function *f) {
  struct arrays a = {.at = 0.0};
  double joined[2 * COLUMNS];
  tri_call call = {.workspace = tri_workspace_new(f), .n_sizes = 1};
  tri_status status = call.workspace ? TRI_OK : TRI_MEMORY;
  for (int64_t n = ROWS; n >= ROWS - 1 && !status; n--) {
    call.sizes = &n;
    status = tri_function_call_arrays(f, &call, (const void *[]){a.x, a.w},
                                      (void *[]){a.w, a.y, joined, &a.at});
  }
  tri_workspace_free(call.workspace);
  return status;
}

static tri_status scenario_of(bool scans, const tri_allocator *allocator) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!g) return TRI_MEMORY;
  tri_function *f = compiled(g, scans, allocator);
  if (f) ck_assert_int_eq(tri_function_arrays(f, NULL), !scans);
  tri_status status = f ? call_twice(f) : tri_graph_status(g);
  tri_function_free(f);
  tri_graph_free(g);
  return status;
}

static tri_status programs(const tri_allocator *allocator) { return scenario_of(false, allocator); }
static tri_status without(const tri_allocator *allocator) { return scenario_of(true, allocator); }

START_TEST(arrays) {
  domain = _i ? TRI_FLOAT : TRI_DOUBLE;
  ck_assert_int_gt(failing_loop(programs), 50);
  ck_assert_int_gt(failing_loop(without), 20);
}
END_TEST

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_arrays");
  TCase *c = tcase_create("oom_arrays");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, arrays, 0, 2);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_arrays", oom_suite); }
