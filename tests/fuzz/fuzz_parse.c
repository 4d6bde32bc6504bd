/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Any bytes are an expression or an error with a place. An expression printed and parsed again has
 * the same exact value. It need not be the same node, because the printer orders the terms of sums
 * and the factors of products, and constants may then meet and fold; but after a few times the text
 * stays as it is. */
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

/* A small rational that depends on the variable's name alone. */
static tri_expr value_of(tri_expr variable) {
  int64_t num = 3, den = 4;
  for (const char *c = tri_expr_name(variable); *c; c++) {
    num = (7 * num + *c) % 61;
    den = (5 * den + *c) % 13;
  }
  return tri_rational(variable.graph, num, den + 14);
}

/* e with numbers for its variables, as far as there is room for them. */
static tri_expr at_a_point(tri_expr e) {
  tri_expr *variables, values[16];
  size_t n;
  if (tri_free_variables(1, &e, &variables, &n)) return e;
  size_t count = n < 16 ? n : 16;
  for (size_t i = 0; i < count; i++) values[i] = value_of(variables[i]);
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

/* e printed and parsed again, or e if it is too large to be printed; *same: the text is text once
 * more. */
static tri_expr round_trip(tri_expr e, tri_format format, tri_text *text, bool *same) {
  tri_text next = {0};
  tri_graph *g = e.graph;
  tri_status status = tri_print(e, &(tri_print_options){.format = format, .as_tree = 1}, &next);
  *same = status == TRI_LIMIT || (text->data && next.data && strcmp(text->data, next.data) == 0);
  if (status == TRI_LIMIT) return tri_text_free(&next), e;
  if (status) fail("cannot be printed", text, tri_graph_error(g));
  tri_text_free(text);
  *text = next;
  tri_expr again = tri_parse(g, text->data, text->size);
  if (tri_expr_status(again)) fail("printed, it is no expression", text, tri_graph_error(g));
  if (differ(e, again)) fail("printed, it has another value", text, tri_graph_error(g));
  return again;
}

static void print_and_parse(tri_expr e, tri_format format) {
  enum { ROUNDS = 8 };
  tri_text text = {0};
  bool same = false;
  for (int i = 0; i < ROUNDS && !same; i++) e = round_trip(e, format, &text, &same);
  if (!same) fail("its text is never the same", &text, tri_graph_error(e.graph));
  tri_graph_clear_error(e.graph);
  tri_text_free(&text);
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
    print_and_parse(e, TRI_INFIX);
    print_and_parse(e, TRI_INFIX_UNICODE);
  }
  tri_graph_free(g);
  return 0;
}
