/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sums, arrays and loops over an index. Each is one node of the graph, however many steps it has;
 * its derivative is a loop again. How many numbers there are may be left to the call: a named
 * size. */
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "loops: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

static tri_function *compile(size_t n, const tri_expr *inputs, tri_expr e) {
  tri_function *f = tri_compile(n, inputs, 1, &e);
  if (!f) check(tri_graph_status(e.graph));
  return f;
}

static void row(const char *name, size_t n, const double *numbers) {
  printf("%-9s", name);
  for (size_t i = 0; i < n; i++) printf(" %9.6f", numbers[i]);
  putchar('\n');
}

/* tri_sum: x[0]² + x[1]² + … for as many x as a call gives. */
static void sum_of_squares(tri_graph *g) {
  tri_extent n = tri_extent_named("n");
  tri_expr x = tri_variable_shaped(g, "x", 1, (int64_t[]){0}, &n.name), i = tri_variable(g, "i");
  tri_expr part = tri_gather(x, i);
  tri_function *f = compile(1, &x, tri_sum(tri_mul(part, part), i, 0, n));
  double at[] = {3, 1, 4, 1, 5}, value, gradient[5];
  for (int64_t count = 3; count <= 5; count += 2) {
    tri_call call = {.n_sizes = 1, .sizes = &count};
    check(tri_function_reverse(f, &call, at, NULL, &value, gradient));
    row("sum", 1, &value);
    row("gradient", (size_t)count, gradient);
  }
  tri_function_free(f);
}

/* tri_map: the array of c^k for k = 1 … 4. */
static void powers(tri_graph *g) {
  tri_expr c = tri_variable(g, "c"), k = tri_variable(g, "k");
  tri_function *f = compile(1, &c, tri_map(tri_pow(c, k), k, 1, tri_extent_of(4)));
  double values[4], tangents[4];
  check(tri_function_forward(f, NULL, (double[]){2}, 1, (double[]){1}, values, tangents));
  row("powers", 4, values);
  row("by c", 4, tangents);
  tri_function_free(f);
}

/* tri_loop: sqrt(c) by Newton's method, r -> (r + c/r)/2 from 1, six times. The results are what
 * each step stacked, then what was summed (here nothing), then the carries after the last step. */
static void root(tri_graph *g) {
  tri_expr c = tri_variable(g, "c"), r = tri_variable(g, "r"), one = tri_integer(g, 1);
  tri_expr next = tri_div(tri_add(r, tri_div(c, r)), tri_integer(g, 2)), results[2];
  check(tri_loop(g,
                 &(tri_loop_options){.n = tri_extent_of(6),
                                     .n_carries = 1,
                                     .carries = &r,
                                     .initial = &one,
                                     .next = &next,
                                     .n_stacked = 1,
                                     .stacked = &next},
                 results));
  tri_function *steps = compile(1, &c, results[0]), *last = compile(1, &c, results[1]);
  double at[] = {2}, values[6], gradient;
  check(tri_function_call(steps, NULL, at, values));
  row("steps", 6, values);
  check(tri_function_reverse(last, NULL, at, NULL, values, &gradient));
  row("root", 1, values);
  row("by c", 1, &gradient);
  tri_function_free(last);
  tri_function_free(steps);
}

int main(void) {
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  sum_of_squares(graph);
  powers(graph);
  root(graph);
  tri_graph_free(graph);
  return EXIT_SUCCESS;
}
