/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The artificial neuron as logic (McCulloch and Pitts, 1943): it fires when at least two of its incoming connections are
 * active. An input may be wired to it several times; an inhibiting connection takes away instead of adding, and that is how
 * a neuron says NOT. One neuron computes identity, AND, OR, AND NOT; XOR takes a network of three. */
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

enum { THRESHOLD = 2, GATES = 4 };

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "neurons: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* A neuron is the step function of what reaches it less the threshold. p and q are its inputs, each with the number of
 * its connections; a negative number says that they inhibit. */
static tri_expr neuron(tri_expr p, int from_p, tri_expr q, int from_q) {
  tri_graph *graph = p.graph;
  tri_expr active =
      tri_add(tri_mul(tri_integer(graph, from_p), p), tri_mul(tri_integer(graph, from_q), q));
  return tri_heaviside(tri_sub(active, tri_integer(graph, THRESHOLD)));
}

static void show(const char *name, tri_expr e) {
  tri_text text = {0};
  check(tri_print(e, NULL, &text));
  printf("%-12s = %s\n", name, text.data);
  tri_text_free(&text);
}

/* The connections from one neuron to another in Graphviz's language, one edge each; a bar at the end inhibits. */
static void draw(const char *from, int count, const char *to) {
  for (int i = 0; i < abs(count); i++)
    printf("  \"%s\" -> \"%s\"%s;\n", from, to, count < 0 ? " [arrowhead=tee]" : "");
}

int main(void) {
  static const struct {
    const char *name;
    int from_a, from_b;
  } gates[GATES] = {{"A", 2, 0}, {"A AND B", 1, 1}, {"A OR B", 2, 2}, {"A AND NOT B", 2, -1}};
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  tri_expr inputs[] = {tri_variable(graph, "A"), tri_variable(graph, "B")};
  tri_expr outputs[GATES + 1];

  puts("One neuron each; heaviside(s) is 1 from s = 0 on:");
  for (int i = 0; i < GATES; i++) {
    outputs[i] = neuron(inputs[0], gates[i].from_a, inputs[1], gates[i].from_b);
    show(gates[i].name, outputs[i]);
  }

  /* A XOR B = (A AND NOT B) OR (NOT A AND B): a layer of two neurons, then one that takes either. */
  tri_expr left = neuron(inputs[0], 2, inputs[1], -1);
  tri_expr right = neuron(inputs[0], -1, inputs[1], 2);
  outputs[GATES] = neuron(left, 2, right, 2);
  puts("\nA network of three:");
  show("A XOR B", outputs[GATES]);

  tri_function *function = tri_compile(2, inputs, GATES + 1, outputs);
  if (!function) check(tri_graph_status(graph));
  puts("\nA  B  |  A   A AND B   A OR B   A AND NOT B   A XOR B");
  for (int row = 0; row < 4; row++) {
    int a = row >> 1, b = row & 1;
    double at[] = {a, b}, fires[GATES + 1];
    check(tri_function_call(function, NULL, at, fires));
    printf("%d  %d  |  %g      %g        %g           %g           %g\n", a, b, fires[0], fires[1],
           fires[2], fires[3], fires[4]);
  }

  puts("\n  A ====> ( A and not B ) ==\\\n"
       "    \\  ,---|                 \\\n"
       "     \\/                       > ( A XOR B )\n"
       "     /\\                      /\n"
       "    /  `---|                /\n"
       "  B ====> ( B and not A ) ==/\n\n"
       "===> two connections   ---| one that inhibits; the same in Graphviz's language:");
  puts("digraph \"A XOR B\" {\n  rankdir=LR;");
  draw("A", 2, "A and not B");
  draw("B", -1, "A and not B");
  draw("A", -1, "B and not A");
  draw("B", 2, "B and not A");
  draw("A and not B", 2, "A XOR B");
  draw("B and not A", 2, "A XOR B");
  puts("}");
  tri_function_free(function);
  tri_graph_free(graph);
  return EXIT_SUCCESS;
}
