/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Any bytes are an expression or an error with a place. An expression printed and parsed again
 * prints as the same text, and has the same exact value; it need not be the same node, because
 * the printer orders the terms of sums and the factors of products. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad/graph.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, const tri_text *text, const tri_error *error) {
  fprintf(stderr, "%s: %s\n%u:%u %s\n", what, text->data ? text->data : "", error->line,
          error->column, error->message);
  abort();
}

/* e with small rationals for its variables. */
static tri_expr at_a_point(tri_expr e) {
  tri_expr *variables, values[16];
  size_t n;
  if (tri_free_variables(1, &e, &variables, &n)) return e;
  size_t count = n < 16 ? n : 16;
  for (size_t i = 0; i < count; i++)
    values[i] = tri_rational(e.graph, 3 + 2 * (int64_t)i, 4 + (int64_t)i);
  tri_expr value = tri_substitute(e, count, variables, values);
  tri_variables_free(e.graph, variables, n);
  return value;
}

/* Whether e and f have different exact values. */
static bool differ(tri_expr e, tri_expr f) {
  tri_expr a = at_a_point(e), b = at_a_point(f);
  bool constant = tri_expr_op(a) == TRI_OP_constant && tri_expr_op(b) == TRI_OP_constant;
  return constant && !tri_expr_equal(a, b);
}

static void print_and_parse(tri_graph *g, tri_expr e, tri_format format) {
  const tri_print_options options = {.format = format, .as_tree = 1};
  tri_text text = {0}, second = {0};
  tri_status status = tri_print(e, &options, &text);
  if (status == TRI_OK) {
    tri_expr again = tri_parse(g, text.data, text.size);
    if (tri_expr_status(again))
      fail("what was printed is no expression", &text, tri_graph_error(g));
    if (tri_print(again, &options, &second) || strcmp(text.data, second.data) != 0)
      fail(text.data, &second, tri_graph_error(g));
    if (differ(e, again)) fail("what was printed has another value", &text, tri_graph_error(g));
  } else if (status != TRI_LIMIT) {
    fail("cannot be printed", &text, tri_graph_error(g));
  }
  tri_graph_clear_error(g);
  tri_text_free(&text);
  tri_text_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){
      .limits = {.digits = 1000, .text = 1 << 20, .depth = 4096, .nodes = 1 << 20}});
  if (!g) return 0;
  tri_expr e = tri_parse(g, (const char *)data, size);
  const tri_error *error = tri_graph_error(g);
  if (tri_expr_status(e) != error->status || (error->status && (!error->line || !error->column)))
    fail("status and error differ, or no place", &(tri_text){0}, error);
  if (!error->status) {
    print_and_parse(g, e, TRI_INFIX);
    print_and_parse(g, e, TRI_INFIX_UNICODE);
  }
  tri_graph_free(g);
  return 0;
}
