/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient of f(x, y) = x²y + y + 2 at (3, 4): one reverse sweep gives every partial derivative. */
#include <stdio.h>
#include <triad.h>

int main(void) {
  tri_graph *g = tri_graph_new(NULL);
  if (!g) return 1;
  tri_expr x = tri_variable(g, "x"), y = tri_variable(g, "y");
  tri_expr f = tri_parse(g, "x²y + y + 2", sizeof "x²y + y + 2" - 1);
  tri_function *function = tri_compile(2, ((tri_expr[]){x, y}), 1, &f);
  double value, gradient[2];
  if (!function || tri_function_reverse(function, NULL, (double[]){3, 4}, NULL, &value, gradient))
    return 1;
  printf("f = %g, gradient [%g, %g]\n", value, gradient[0], gradient[1]);
  tri_function_free(function);
  tri_graph_free(g);
  return 0;
}
