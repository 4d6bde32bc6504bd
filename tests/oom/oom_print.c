/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of the printers failed once: the graph's and the text's. */
#include <string.h>
#include <triad.h>
#include <triad/calculus.h>

#include "tests/failing.h"
#include "tests/runner.h"

/* Long sums and products, deep brackets, decimals, conditions, shared parts: every pool and stack grows. */
static tri_expr large(tri_graph *g) {
  static const char text[] =
      "[0.123*x + y + z*x - 3.75*w/(x*y*z) + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9,"
      " select(x < y and y < z and z < 1 or a1 == 0, max(x, y), sin(x)^2*x*y*z*w)]";
  tri_expr parts[2] = {tri_parse(g, text, sizeof text - 1)}, e = tri_variable(g, "x");
  for (int i = 0; i < 40; i++) e = tri_add(tri_sin(tri_mul(e, e)), tri_double(g, 0.1 * i));
  parts[1] = tri_stack(2, (tri_expr[]){e, tri_exp(e)});
  return tri_stack(2, parts);
}

static tri_status print_scenario(const tri_allocator *allocator) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!g) return TRI_MEMORY;
  tri_text text = {.allocator = allocator};
  tri_expr e = large(g);
  tri_status status = tri_expr_status(e);
  for (int format = TRI_INFIX; format <= TRI_DOT && !status; format++) {
    if (format == TRI_C) e = tri_element(tri_element(e, 1), 1);
    tri_print_options options = {.format = (tri_format)format};
    size_t before = text.size;
    status = tri_print(e, &options, &text);
    if (status) ck_assert_uint_eq(text.size, before); /* nothing half written */
  }
  if (status) ck_assert_int_eq(tri_graph_status(g), status);
  tri_text_free(&text);
  tri_graph_free(g);
  return status;
}

/* Loops in loops, with all forms, and one that no function says. */
static tri_status loops_scenario(const tri_allocator *allocator) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  static const char text[] =
      "sum(scan(fold(r*s*x[j] + i, r=q, j=1..4), s=1, k=0..3)[1]*x[i], i=1..4)"
      " + prod(x) + sum(map(3, i=1..4)*x)*x[k]";
  if (!g) return TRI_MEMORY;
  tri_text out = {.allocator = allocator};
  tri_expr x = tri_variable_shaped(g, "x", 1, (int64_t[]){4}, NULL), e, gradient;
  tri_status status = tri_expr_status(x);
  e = tri_parse(g, text, sizeof text - 1);
  if (!status) status = tri_expr_status(e);
  if (!status) status = tri_gradient(e, 1, &x, &gradient);
  for (int format = TRI_INFIX; format <= TRI_LATEX && !status; format++) {
    tri_print_options options = {.format = (tri_format)format};
    uint32_t nodes = tri_graph_size(g);
    status = tri_print(e, &options, &out);
    if (!status) status = tri_print(gradient, &options, &out);
    ck_assert_uint_eq(tri_graph_size(g), nodes);
  }
  if (status) ck_assert_int_eq(tri_graph_status(g), status);
  tri_text_free(&out);
  tri_graph_free(g);
  return status;
}

START_TEST(print_loops) { ck_assert_int_gt(failing_loop(loops_scenario), 60); }
END_TEST

START_TEST(print) { ck_assert_int_gt(failing_loop(print_scenario), 60); }
END_TEST

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_print");
  TCase *c = tcase_create("oom_print");
  tcase_add_test(c, print);
  tcase_add_test(c, print_loops);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_print", oom_suite); }
