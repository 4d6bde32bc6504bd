/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The computation graph for Graphviz. */

#include "graph/walk.h"
#include "tests/graph/printing.h"
#include "tests/graph/programs.h"
#include "tests/runner.h"

static size_t count(const char *text, const char *piece) {
  size_t n = 0;
  for (; (text = strstr(text, piece)) != NULL; text += strlen(piece)) n++;
  return n;
}

static const char *label(void *data, tri_expr e) {
  *(size_t *)data += 1;
  return tri_expr_op(e) == TRI_OP_variable ? "a \"quoted\"\\\nline" : NULL;
}

START_TEST(dot_has_each_node_once) {
  start_random();
  int made = 0, runs = 100 * test_multiplier();
  for (int i = 0; i < runs; i++) {
    tri_graph *g = tri_graph_new(NULL);
    struct program p = random_program(false, NULL);
    tri_expr e = expr_of(g, run_program(g, &p, true));
    if (tri_expr_status(e) == TRI_OK) {
      tri_text text = print_as(e, TRI_DOT);
      made++;
      struct walk w;
      size_t edges = 0;
      ck_assert_int_eq(tri__walk(g, 1, &e.id, &w), TRI_OK);
      for (uint32_t k = 0; k < w.count; k++) edges += node_at(g, w.ids[k])->nargs;
      ck_assert_uint_eq(count(text.data, " [label="), w.count);
      ck_assert_uint_eq(count(text.data, " -> "), edges);
      ck_assert_uint_eq(count(text.data, "peripheries"), 1);
      tri__walk_free(&w);
      tri_text_free(&text);
    }
    tri_graph_free(g);
  }
  ck_assert_int_gt(made, runs / 3);
}
END_TEST

START_TEST(dot_labels) {
  tri_graph *g = tri_graph_new(NULL);
  size_t calls = 0;
  tri_text text = {0};
  tri_print_options options = {.format = TRI_DOT, .label = label, .label_data = &calls};
  ck_assert_int_eq(tri_print(parse(g, "atan2(x, 1/3) <= 0.5"), &options, &text), TRI_OK);
  ck_assert_uint_eq(calls, 5);
  ck_assert_ptr_nonnull(strstr(text.data, "[label=\"x\\na \\\"quoted\\\"\\\\\\nline\", shape=box"));
  ck_assert_ptr_nonnull(strstr(text.data, "[label=\"atan2\"]"));
  ck_assert_ptr_nonnull(strstr(text.data, "[label=\"1/3\", shape"));
  ck_assert_ptr_nonnull(strstr(text.data, "[label=\"<=\", peripheries=2]"));
  ck_assert_uint_eq(count(text.data, "headlabel=\"1\""), 2);
  ck_assert_uint_eq(count(text.data, "headlabel=\"2\""), 2);
  tri_text_free(&text);
  tri_graph_free(g);
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("print_dot", 0, NULL, NULL, dot_has_each_node_once, dot_labels);
}

int main(void) { return tri_test_main("test_print_dot", suite); }
