/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Activation functions and their derivatives, as formulas, as a table and drawn. The steps (heaviside, sign) have derivative
 * 0 wherever they have one, so nothing can be learned through them by gradients; the smooth ones (sigmoid, tanh) saturate
 * on both sides; relu only on one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

enum { COUNT = 5, WIDTH = 61, HEIGHT = 11 };
static const double LEFT = -3, RIGHT = 3, BOTTOM = -1, TOP = 1.5;

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "activations: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* Column c of a plot stands for this x. */
static double abscissa(int c) { return LEFT + (RIGHT - LEFT) * c / (WIDTH - 1); }

/* Puts a mark into the plot where y is, if that is inside. */
static void mark(char plot[HEIGHT][WIDTH + 1], int column, double y, char with) {
  if (y < BOTTOM || y > TOP) return;
  int row = (int)((TOP - y) / (TOP - BOTTOM) * (HEIGHT - 1) + 0.5);
  plot[row][column] = with;
}

/* Draws output i (*) and its derivative, output COUNT + i (.). */
static void draw(const tri_function *function, int i) {
  char plot[HEIGHT][WIDTH + 1];
  memset(plot, ' ', sizeof plot);
  for (int row = 0; row < HEIGHT; row++) plot[row][WIDTH] = '\0';
  for (int c = 0; c < WIDTH; c++) {
    double x = abscissa(c), y[2 * COUNT];
    check(tri_function_call(function, NULL, &x, y));
    mark(plot, c, 0, '-');
    mark(plot, c, y[COUNT + i], '.');
    mark(plot, c, y[i], '*');
  }
  for (int row = 0; row < HEIGHT; row++)
    printf("%5.2f |%s|\n", TOP - (TOP - BOTTOM) * row / (HEIGHT - 1), plot[row]);
}

int main(void) {
  static const tri_op rows[COUNT] = {TRI_OP_heaviside, TRI_OP_sign, TRI_OP_sigmoid, TRI_OP_tanh,
                                     TRI_OP_relu};
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  tri_expr x = tri_variable(graph, "x"), outputs[2 * COUNT];
  for (int i = 0; i < COUNT; i++) {
    outputs[i] = tri_apply(rows[i], 1, &x);
    outputs[COUNT + i] = tri_diff(outputs[i], x);
    tri_text text = {0};
    check(tri_print(tri_simplify(outputs[COUNT + i]), NULL, &text));
    printf("%s'(x) = %s\n", tri_op_name(rows[i]), text.data);
    tri_text_free(&text);
  }
  tri_function *function = tri_compile(1, &x, 2 * COUNT, outputs);
  if (!function) check(tri_graph_status(graph));

  printf("\n    x");
  for (int i = 0; i < COUNT; i++) printf("  %9s %7s", tri_op_name(rows[i]), "f'");
  for (int step = -6; step <= 6; step++) {
    double at = step / 2.0, y[2 * COUNT];
    check(tri_function_call(function, NULL, &at, y));
    printf("\n%5.1f", at);
    for (int i = 0; i < COUNT; i++) printf("  %9.5f %7.5f", y[i], y[COUNT + i]);
  }
  puts("");
  for (int i = 0; i < COUNT; i++) {
    printf("\n%s (*) and its derivative (.) from %g to %g\n", tri_op_name(rows[i]), LEFT, RIGHT);
    draw(function, i);
  }
  tri_function_free(function);
  tri_graph_free(graph);
  return EXIT_SUCCESS;
}
