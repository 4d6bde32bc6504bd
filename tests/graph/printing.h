/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What tests of printing share: texts of expressions, and an expression whose text has shared
 * parts. */
#ifndef TRIAD_TESTS_GRAPH_PRINTING_H
#define TRIAD_TESTS_GRAPH_PRINTING_H

#include <check.h>
#include <string.h>
#include <triad.h>

static inline tri_text print_as(tri_expr e, tri_format format) {
  tri_text text = {0};
  tri_print_options options = {.format = format};
  ck_assert_int_eq(tri_print(e, &options, &text), TRI_OK);
  return text;
}

static inline tri_expr parse(tri_graph *g, const char *text) {
  tri_expr e = tri_parse(g, text, strlen(text));
  ck_assert_msg(tri_expr_status(e) == TRI_OK, "%s: %s", text, tri_graph_error(g)->message);
  return e;
}

static inline void expect(const char *input, tri_format format, const char *want) {
  if (!want) return;
  tri_graph *g = tri_graph_new(NULL);
  tri_text text = print_as(parse(g, input), format);
  ck_assert_msg(strcmp(text.data, want) == 0, "%s prints\n  %s, not\n  %s", input, text.data, want);
  tri_text_free(&text);
  tri_graph_free(g);
}

/* Its tree doubles with each step, and parts have names in its text from some n on. */
static inline tri_expr repeated_squares(tri_graph *g, int n) {
  tri_expr e = tri_variable(g, "x"), y = tri_variable(g, "y");
  for (int i = 0; i < n; i++) e = tri_add(tri_mul(e, e), tri_div(y, tri_integer(g, i % 5 + 2)));
  return e;
}

#endif
