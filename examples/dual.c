/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Dual numbers: a + b·eps with eps² = 0. Computing with them as with any numbers gives the derivative beside the value:
 * f(3 + eps, 4) = f(3, 4) + ∂f/∂x(3, 4)·eps, exactly, with no limit and no difference quotient. */
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "dual: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

static void show(const char *name, tri_expr e) {
  tri_text text = {0};
  check(tri_print(e, NULL, &text));
  printf("%s%s\n", name, text.data);
  tri_text_free(&text);
}

/* One step of a run: its dual number, and the expression that it is the value of. */
static void on_step(void *data, const tri_step *step) {
  tri_text number = {0};
  tri_value_text(step->value, &number);
  check(number.status);
  printf("  %-12s", number.data);
  tri_text_free(&number);
  show(" = ", (tri_expr){data, step->node});
}

int main(void) {
  static const char text[] = "x²y + y + 2";
  static const double at[] = {3, 4}, directions[2][2] = {{1, 0}, {0, 1}};
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  tri_expr variables[] = {tri_variable(graph, "x"), tri_variable(graph, "y")};
  tri_expr f = tri_parse(graph, text, sizeof text - 1);
  show("f(x, y) = ", f);

  /* In numbers: the rational domain is exact, and a dual number is two of its numbers. */
  tri_function *function =
      tri_compile(2, variables, 1, &f, .domain = TRI_RATIONAL, .as_written = 1);
  if (!function) check(tri_graph_status(graph));
  tri_trace trace = {.data = graph, .step = on_step};
  tri_call call = {.trace = &trace};
  double value, tangents[2];
  puts("\nf(3 + eps, 4), step by step:");
  check(tri_function_forward(function, &call, at, 1, directions[0], &value, tangents));
  printf("f(3 + eps, 4) = %g + %g*eps\n", value, tangents[0]);
  check(tri_function_forward(function, NULL, at, 1, directions[1], &value, tangents));
  printf("f(3, 4 + eps) = %g + %g*eps\n", value, tangents[0]);

  /* Several directions at once cost one run with longer numbers. */
  check(tri_function_forward(function, NULL, at, 2, directions[0], &value, tangents));
  printf("both in one run: %g, gradient [%g, %g]\n", value, tangents[0], tangents[1]);

  /* In expressions: eps is a constant of the language, and a dual expression is its value and its derivative by eps. */
  tri_expr eps = tri_eps(graph), zero = tri_integer(graph, 0);
  tri_expr point[] = {tri_add(tri_integer(graph, 3), eps), tri_integer(graph, 4)};
  tri_expr dual = tri_substitute(f, 2, variables, point);
  show("\nAs an expression: f(3 + eps, 4) = ", tri_simplify(dual));
  show("its value:             ", tri_substitute(dual, 1, &eps, &zero));
  show("its derivative by eps: ", tri_substitute(tri_diff(dual, eps), 1, &eps, &zero));
  tri_function_free(function);
  tri_graph_free(graph);
  return EXIT_SUCCESS;
}
