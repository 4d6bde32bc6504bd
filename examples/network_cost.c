/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How does the cost of a network's answer change with one of its inputs? The chain rule, in both directions:
 *   forward   x₃ + ε makes the output y₁ + y₁'ε, and that the cost: cost(y₁ + y₁'ε) = cost(y₁) + ∂cost/∂x₃·ε;
 *   reverse   the tape goes back from the cost, and finds ∂cost by every input in the same sweep.
 * The network has three inputs, two hidden neurons and two outputs; the cost is the squared distance of y₁ from its target. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

enum { IN = 3, HIDDEN = 2, OUT = 2 };

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "network_cost: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* A layer: each of its neurons is the activation of a weighted sum of the inputs plus a bias (its last weight). Weights are
 * in hundredths, so that the network is exact. */
static void layer(size_t n, const tri_expr *inputs, size_t m, const int *weights,
                  tri_expr (*activation)(tri_expr), tri_expr *outputs) {
  tri_graph *graph = inputs[0].graph;
  for (size_t i = 0; i < m; i++, weights += n + 1) {
    tri_expr sum = tri_rational(graph, weights[n], 100);
    for (size_t j = 0; j < n; j++)
      sum = tri_add(sum, tri_mul(tri_rational(graph, weights[j], 100), inputs[j]));
    outputs[i] = activation(sum);
  }
}

static tri_function *compiled(size_t n, const tri_expr *inputs, tri_expr output) {
  tri_function *function = tri_compile(n, inputs, 1, &output);
  if (!function) check(tri_graph_status(output.graph));
  return function;
}

int main(void) {
  static const int first[] = {40, -60, 90, 10, -30, 80, 50, -20};
  static const int second[] = {110, -70, 5, 60, 90, -40};
  static const double at[IN] = {1, 0.5, -1}, along_x3[IN] = {0, 0, 1};
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  tri_expr x[IN] = {tri_variable(graph, "x1"), tri_variable(graph, "x2"),
                    tri_variable(graph, "x3")};
  tri_expr hidden[HIDDEN], y[OUT];
  layer(IN, x, HIDDEN, first, tri_tanh, hidden);
  layer(HIDDEN, hidden, OUT, second, tri_sigmoid, y);
  tri_expr y1 = tri_variable(graph, "y1"), target = tri_integer(graph, 1);
  tri_expr cost = tri_square(tri_sub(y1, target));
  tri_expr whole = tri_substitute(cost, 1, &y1, &y[0]); /* the cost as a function of the inputs */

  /* Forward: first through the network, then through the cost, with what came out of the network as its direction. */
  tri_function *network = compiled(IN, x, y[0]), *last = compiled(1, &y1, cost);
  double output, output_dot, value, by_dual;
  check(tri_function_forward(network, NULL, at, 1, along_x3, &output, &output_dot));
  check(tri_function_forward(last, NULL, &output, 1, &output_dot, &value, &by_dual));
  printf("x3 + eps:             %g + eps\n", at[2]);
  printf("y1(x3 + eps):         %.6f %+.6f*eps\n", output, output_dot);
  printf("cost(y1 + y1' * eps): %.6f %+.6f*eps\n", value, by_dual);

  /* One link of the chain: with y1 + 1*eps instead, the cost's own slope, which y1' multiplies. */
  double slope, one = 1;
  check(tri_function_forward(last, NULL, &output, 1, &one, &value, &slope));
  printf("cost(y1 + eps):       %.6f %+.6f*eps, and %.6f * %.6f = %.6f\n", value, slope, slope,
         output_dot, slope * output_dot);

  /* Reverse: one sweep over the tape of the whole. */
  tri_function *both = compiled(IN, x, whole);
  double gradient[IN];
  check(tri_function_reverse(both, NULL, at, NULL, &value, gradient));
  printf("tape:                 cost %.6f, by x1 %.6f, by x2 %.6f, by x3 %.6f\n", value,
         gradient[0], gradient[1], gradient[2]);
  int agree = fabs(by_dual - gradient[2]) <= 1e-15;
  printf("dual numbers and the tape %s\n", agree ? "agree" : "DISAGREE");
  tri_function_free(network);
  tri_function_free(last);
  tri_function_free(both);
  tri_graph_free(graph);
  return agree ? EXIT_SUCCESS : EXIT_FAILURE;
}
