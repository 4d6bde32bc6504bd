/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reverse mode on f(x, y) = x²y + y + 2 at (3, 4): the values are computed upwards and kept on a tape; then one sweep back
 * over it gives each step its adjoint, the derivative of f by that step. A step passes on its adjoint times the partial of
 * its operation to each of its arguments; an argument used twice receives twice, and the contributions add up. */
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "reverse: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* The tape, upwards: a step per input, constant and operation. data is the graph. */
static void on_step(void *data, const tri_step *step) {
  tri_text text = {0};
  check(tri_print((tri_expr){data, step->node}, NULL, &text));
  printf("  n%u = %-15s = %g", step->index, text.data, tri_value_double(step->value));
  for (size_t i = 0; i < step->n_arguments; i++)
    printf("%s n%u", i ? "," : "   from", step->arguments[i]);
  puts("");
  tri_text_free(&text);
}

/* The sweep, downwards: what one argument receives. */
static void on_contribution(void *data, const tri_contribution *c) {
  (void)data;
  if (c->from == TRI_NO_STEP) {
    printf("  df/dn%u  = %-3g (f itself is n%u)\n", c->to, tri_value_double(c->sum), c->to);
    return;
  }
  printf("  df/dn%u += %g = df/dn%u * dn%u/dn%u = %g * %g, now %g\n", c->to,
         tri_value_double(c->amount), c->from, c->from, c->to, tri_value_double(c->adjoint),
         tri_value_double(c->partial), tri_value_double(c->sum));
}

int main(void) {
  static const char text[] = "x²y + y + 2";
  static const double at[] = {3, 4};
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  tri_expr variables[] = {tri_variable(graph, "x"), tri_variable(graph, "y")};
  tri_expr f = tri_parse(graph, text, sizeof text - 1);
  tri_function *function = tri_compile(2, variables, 1, &f, .as_written = 1);
  if (!function) check(tri_graph_status(graph));

  tri_trace upwards = {.data = graph, .step = on_step};
  tri_trace downwards = {.data = graph, .contribution = on_contribution};
  double value, gradient[2];
  puts("Upwards, the values:");
  check(tri_function_reverse(function, &(tri_call){.trace = &upwards}, at, NULL, &value, gradient));
  puts("Downwards, the adjoints:");
  check(
      tri_function_reverse(function, &(tri_call){.trace = &downwards}, at, NULL, &value, gradient));
  printf("f(3, 4) = %g, gradient [%g, %g]\n", value, gradient[0], gradient[1]);

  /* tri_gradient does the same with expressions, so its result can be differentiated again. */
  tri_expr partials[2];
  check(tri_gradient(f, 2, variables, partials));
  for (int i = 0; i < 2; i++) {
    tri_text partial = {0};
    check(tri_print(tri_simplify(partials[i]), NULL, &partial));
    printf("df/d%s = %s\n", tri_expr_name(variables[i]), partial.data);
    tri_text_free(&partial);
  }
  tri_function_free(function);
  tri_graph_free(graph);
  return EXIT_SUCCESS;
}
