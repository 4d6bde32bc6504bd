/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of the graph failed once. */
#include <stdio.h>
#include <triad.h>

#include "tests/failing.h"
#include "tests/runner.h"

/* Enough nodes, names and arguments that every array and index grows. */
static tri_status grow_everything(tri_graph *g) {
  tri_expr all[300], e = tri_integer(g, 2);
  for (int i = 0; i < 300; i++) {
    char name[24];
    snprintf(name, sizeof name, "variable%d", i);
    all[i] = tri_variable(g, name);
    e = tri_add(tri_mul(e, all[i]), tri_rational(g, i, 7));
  }
  tri_expr stack = tri_mul(tri_stack(300, all), e);
  tri_lambda f = tri_lambda_new(g, 300, all, 1, &stack);
  for (int i = 0; i < 150; i++) {
    tri_expr swap = all[i];
    all[i] = all[299 - i];
    all[299 - i] = swap;
  }
  tri_expr applied;
  if (!f.id || tri_lambda_apply(f, 300, all, &applied)) return tri_graph_status(g);
  if (tri_count_nodes(1, &applied) == 0) return tri_graph_status(g);
  tri_expr *variables;
  size_t count;
  if (tri_free_variables(1, &applied, &variables, &count)) return tri_graph_status(g);
  ck_assert_uint_eq(count, 300);
  tri_variables_free(g, variables, count);
  return tri_graph_status(g);
}

static tri_status graph_scenario(const tri_allocator *allocator) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!g) return TRI_MEMORY;
  tri_status status = grow_everything(g);
  tri_graph_free(g);
  return status;
}

START_TEST(graph) { ck_assert_int_gt(failing_loop(graph_scenario), 20); }
END_TEST

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_graph");
  TCase *c = tcase_create("oom_graph");
  tcase_add_test(c, graph);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_graph", oom_suite); }
