/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Forward mode on g(x, y) = 5 + xy: derivatives travel with the values, from the inputs up. With numbers that is dual-number
 * arithmetic, one run per direction; with expressions it makes a second graph, the derivative graph. */
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

enum { NODES = 64 };

/* What a run shows is kept here by node, to be written into the picture. */
struct watch {
  tri_graph *graph;
  tri_text labels[NODES];
};

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "forward: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

static void show(const char *name, tri_expr e, tri_format format) {
  tri_text text = {0};
  check(tri_print(e, &(tri_print_options){.format = format}, &text));
  printf("%s%s\n", name, text.data);
  tri_text_free(&text);
}

/* Called for every step of the run: prints it and keeps its dual number. */
static void on_step(void *data, const tri_step *step) {
  struct watch *watch = data;
  tri_text number = {0};
  tri_value_text(step->value, &number);
  check(number.status);
  printf("  %-12s", number.data);
  show(" = ", (tri_expr){watch->graph, step->node}, TRI_INFIX);
  if (step->node < NODES) watch->labels[step->node] = number;
}

/* Called for every node of the picture. */
static const char *label(void *data, tri_expr node) {
  struct watch *watch = data;
  return node.id < NODES ? watch->labels[node.id].data : NULL;
}

int main(void) {
  struct watch watch = {.graph = tri_graph_new(NULL)};
  tri_graph *graph = watch.graph;
  if (!graph) check(TRI_MEMORY);
  tri_expr x = tri_variable(graph, "x"), y = tri_variable(graph, "y");
  tri_expr variables[] = {x, y};
  tri_expr g = tri_add(tri_integer(graph, 5), tri_mul(x, y));
  show("g(x, y) = ", g, TRI_INFIX);

  tri_function *function =
      tri_compile(2, variables, 1, &g, .domain = TRI_RATIONAL, .as_written = 1);
  if (!function) check(tri_graph_status(graph));
  double at[] = {3, 4}, along_x[] = {1, 0}, value, tangent;
  tri_trace trace = {.data = &watch, .step = on_step};
  tri_call call = {.trace = &trace};
  puts("\nForward at (3 + eps, 4), exactly:");
  check(tri_function_forward(function, &call, at, 1, along_x, &value, &tangent));
  printf("so g(3, 4) = %g and dg/dx(3, 4) = %g\n\nThe graph, with these numbers:\n", value,
         tangent);
  tri_text picture = {0};
  check(tri_print(g, &(tri_print_options){.format = TRI_DOT, .label = label, .label_data = &watch},
                  &picture));
  printf("%s\n", picture.data);
  tri_text_free(&picture);

  /* The same rules on expressions: the tangent of xy is x*dy + y*dx, and that of a constant is 0. */
  tri_expr direction[] = {tri_variable(graph, "dx"), tri_variable(graph, "dy")}, derivative;
  check(tri_jvp(1, &g, 2, variables, direction, &derivative));
  show("The derivative graph along (dx, dy): ", derivative, TRI_INFIX);
  show("", derivative, TRI_DOT);
  show("dg/dx = ", tri_diff(g, x), TRI_INFIX);
  show("dg/dy = ", tri_diff(g, y), TRI_INFIX);
  for (int i = 0; i < NODES; i++) tri_text_free(&watch.labels[i]);
  tri_function_free(function);
  tri_graph_free(graph);
  return EXIT_SUCCESS;
}
