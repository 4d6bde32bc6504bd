/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Logistic regression: the perceptron's linear model with a sigmoid for the step, p = sigmoid(w·x + b), is the probability of yes.
 * What is lowered is the log loss, -log p for a sample that is yes and -log(1 - p) for one that is no. It has a gradient
 * everywhere, so descent goes all the way; the gradient is the perceptron rule again, (p - wanted)·x, now without jumps. */
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

enum { COUNT = 8, WIDTH = 49, HEIGHT = 13, EPOCHS = 1024 };

/* A sample: one feature (x[1] is 0) or two, in 0 … 6, and whether the model is to say yes. */
struct sample {
  double x[2];
  int yes;
};

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "logistic: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

static tri_function *compiled(size_t n, const tri_expr *inputs, size_t m, const tri_expr *outputs) {
  tri_function *function = tri_compile(n, inputs, m, outputs);
  if (!function) check(tri_graph_status(outputs[0].graph));
  return function;
}

/* Gradient descent: w -= rate * gradient of the loss, the first output; the second is the mean squared error, to look at. The
 * weights {1, 0} ask for the gradient of the first output only. */
static void learn(const tri_function *function, double rate, double w[3]) {
  static const double weights[] = {1, 0};
  double means[2], gradient[3];
  for (int epoch = 0, next = 1; epoch <= EPOCHS; epoch++) {
    check(tri_function_reverse(function, NULL, w, weights, means, gradient));
    if (epoch == 0 || epoch == next)
      printf("epoch %4d: loss %.4f  error %.4f  w1 %6.3f  w2 %6.3f  b %7.3f\n", epoch, means[0],
             means[1], w[0], w[1], w[2]);
    if (epoch == next) next *= 4;
    for (int i = 0; i < 3; i++) w[i] -= rate * gradient[i];
  }
}

/* Draws the probability of yes in tenths, rounded down, and the samples: O yes, X no. */
static void draw(const tri_function *probability, const struct sample *samples, const double w[3],
                 int features) {
  for (int row = features == 1 ? 0 : HEIGHT - 1; row >= 0; row--) {
    for (int column = 0; column < WIDTH; column++) {
      double inputs[] = {w[0], w[1], w[2], 6.0 * column / (WIDTH - 1), 6.0 * row / (HEIGHT - 1)}, p;
      check(tri_function_call(probability, NULL, inputs, &p));
      char mark = p < 1 ? "0123456789"[(int)(10 * p)] : '9';
      for (const struct sample *s = samples; s < samples + COUNT; s++)
        if (s->x[0] == inputs[3] && s->x[1] == inputs[4]) mark = s->yes ? 'O' : 'X';
      putchar(mark);
    }
    puts("");
  }
}

static void run(const struct sample *samples, int features) {
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  tri_expr w1 = tri_variable(graph, "w1"), w2 = tri_variable(graph, "w2"),
           b = tri_variable(graph, "b");
  tri_expr x[] = {tri_variable(graph, "x1"), tri_variable(graph, "x2")};
  tri_expr inputs[] = {w1, w2, b, x[0], x[1]};
  tri_expr p = tri_sigmoid(tri_add(tri_add(tri_mul(w1, x[0]), tri_mul(w2, x[1])), b));
  tri_expr loss = tri_integer(graph, 0), error = loss, count = tri_integer(graph, COUNT);
  for (const struct sample *s = samples; s < samples + COUNT; s++) {
    tri_expr at[] = {tri_double(graph, s->x[0]), tri_double(graph, s->x[1])};
    tri_expr of_yes = tri_substitute(p, 2, x, at), of_no = tri_sub(tri_integer(graph, 1), of_yes);
    loss = tri_sub(loss, tri_log(s->yes ? of_yes : of_no));
    error = tri_add(error, tri_square(s->yes ? of_no : of_yes));
  }
  tri_expr means[] = {tri_div(loss, count), tri_div(error, count)};
  tri_function *probability = compiled(5, inputs, 1, &p), *function = compiled(3, inputs, 2, means);
  tri_graph_free(graph);
  double w[3] = {0, 0, 0};
  printf("--- sigmoid, %d feature%s\n", features, features == 1 ? "" : "s");
  learn(function, 0.5, w);
  if (features == 1)
    printf("the boundary is at x1 = %.3f\n", -w[2] / w[0]);
  else
    printf("yes where %.3f*x1 + %.3f*x2 > %.3f\n", w[0], w[1], -w[2]);
  draw(probability, samples, w, features);
  tri_function_free(probability);
  tri_function_free(function);
}

int main(void) {
  static const struct sample one[COUNT] = {{{0.5, 0}, 0}, {{5.5, 0}, 1}, {{1.5, 0}, 0},
                                           {{1, 0}, 0},   {{3, 0}, 1},   {{4, 0}, 1},
                                           {{2.5, 0}, 0}, {{4.5, 0}, 1}};
  static const struct sample two[COUNT] = {{{2, 4.5}, 1}, {{2, 2}, 0},  {{5, 1.5}, 1},
                                           {{3.5, 3}, 1}, {{1, 1}, 0},  {{3.5, 0.5}, 0},
                                           {{0.5, 3}, 0}, {{4.5, 5}, 1}};
  run(one, 1);
  run(two, 2);
  return EXIT_SUCCESS;
}
