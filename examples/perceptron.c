/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The perceptron (Rosenblatt, 1958): a neuron that learns its weights from samples. It answers step(w·x + b) and so parts the
 * plane by a straight line. A step has no slope to go down, so it learns by the perceptron rule: each sample that it gets
 * wrong pulls the weights its way, until the mean squared error is 0. (logistic.c has the same model with a slope.) */
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

enum { COUNT = 8, WIDTH = 49, HEIGHT = 13 };

/* A sample: one feature (x[1] is 0) or two, in 0 … 6, and whether the neuron is to say yes. */
struct sample {
  double x[2];
  int yes;
};

/* What a neuron answers, as a function of (w1, w2, b, x1, x2), and its mean squared error as one of (w1, w2, b). */
struct neuron {
  const struct sample *samples;
  double no; /* the answer wanted for no: 0, or -1 with sign; 1 is yes */
  tri_function *answer, *error;
};

static void check(tri_status status) {
  if (status == TRI_OK) return;
  fprintf(stderr, "perceptron: %s\n", tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* Builds both as expressions and compiles them; the error has the samples in the places of x1, x2. */
static struct neuron neuron_new(const struct sample *samples, tri_expr (*step)(tri_expr),
                                double no) {
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY);
  tri_expr w1 = tri_variable(graph, "w1"), w2 = tri_variable(graph, "w2"),
           b = tri_variable(graph, "b");
  tri_expr x[] = {tri_variable(graph, "x1"), tri_variable(graph, "x2")};
  tri_expr inputs[] = {w1, w2, b, x[0], x[1]};
  tri_expr answer = step(tri_add(tri_add(tri_mul(w1, x[0]), tri_mul(w2, x[1])), b));
  tri_expr sum = tri_integer(graph, 0);
  for (int i = 0; i < COUNT; i++) {
    tri_expr at[] = {tri_double(graph, samples[i].x[0]), tri_double(graph, samples[i].x[1])};
    tri_expr wanted = tri_double(graph, samples[i].yes ? 1 : no);
    sum = tri_add(sum, tri_square(tri_sub(wanted, tri_substitute(answer, 2, x, at))));
  }
  tri_expr error = tri_div(sum, tri_integer(graph, COUNT));
  struct neuron neuron = {samples, no, tri_compile(5, inputs, 1, &answer),
                          tri_compile(3, inputs, 1, &error)};
  if (!neuron.answer || !neuron.error) check(tri_graph_status(graph));
  tri_graph_free(graph);
  return neuron;
}

static double answer(const struct neuron *neuron, const double w[3], const double x[2]) {
  double inputs[] = {w[0], w[1], w[2], x[0], x[1]}, y;
  check(tri_function_call(neuron->answer, NULL, inputs, &y));
  return y;
}

/* Draws what it answers: + yes, . no, and the samples: O yes, X no. One line for one feature, a plane for two. */
static void draw(const struct neuron *neuron, const double w[3], int features) {
  int top = features == 1 ? 0 : HEIGHT - 1;
  for (int row = top; row >= 0; row--) {
    for (int column = 0; column < WIDTH; column++) {
      double x[] = {6.0 * column / (WIDTH - 1), 6.0 * row / (HEIGHT - 1)};
      char mark = answer(neuron, w, x) == 1 ? '+' : '.';
      for (const struct sample *s = neuron->samples; s < neuron->samples + COUNT; s++)
        if (s->x[0] == x[0] && s->x[1] == x[1]) mark = s->yes ? 'O' : 'X';
      putchar(mark);
    }
    puts("");
  }
}

/* The rule: after each sample, w += rate * (wanted - answer) * x, and b as the weight of a feature that is always 1. It comes to
 * an end if a line parts the classes (Novikoff, 1962); on the way there the error may also rise. */
static void learn(const struct neuron *neuron, double rate, double w[3]) {
  double error, gradient[3];
  check(tri_function_reverse(neuron->error, NULL, w, NULL, &error, gradient));
  printf("start:    error %.3f, with gradient [%g, %g, %g]: no way down from here\n", error,
         gradient[0], gradient[1], gradient[2]);
  for (int epoch = 1; error > 0 && epoch <= 100; epoch++) {
    for (const struct sample *s = neuron->samples; s < neuron->samples + COUNT; s++) {
      double off = (s->yes ? 1 : neuron->no) - answer(neuron, w, s->x);
      for (int i = 0; i < 2; i++) w[i] += rate * off * s->x[i];
      w[2] += rate * off;
    }
    check(tri_function_call(neuron->error, NULL, w, &error));
    printf("epoch %2d: error %.3f  w1 %6.3f  w2 %6.3f  b %6.3f\n", epoch, error, w[0], w[1], w[2]);
  }
}

int main(void) {
  static const struct sample one[COUNT] = {{{0.5, 0}, 0}, {{5.5, 0}, 1}, {{1.5, 0}, 0},
                                           {{1, 0}, 0},   {{3, 0}, 1},   {{4, 0}, 1},
                                           {{2.5, 0}, 0}, {{4.5, 0}, 1}};
  static const struct sample two[COUNT] = {{{2, 4.5}, 1}, {{2, 2}, 0},  {{5, 1.5}, 1},
                                           {{3.5, 3}, 1}, {{1, 1}, 0},  {{3.5, 0.5}, 0},
                                           {{0.5, 3}, 0}, {{4.5, 5}, 1}};
  for (int features = 1; features <= 2; features++)
    for (int sign = 0; sign <= 1; sign++) {
      double w[3] = {0, 0, 0};
      struct neuron neuron =
          neuron_new(features == 1 ? one : two, sign ? tri_sign : tri_heaviside, sign ? -1 : 0);
      printf("--- %s, %d feature%s\n", sign ? "sign" : "heaviside", features,
             features == 1 ? "" : "s");
      learn(&neuron, sign ? 0.25 : 0.5, w);
      if (features == 1)
        printf("the boundary is at x1 = %.3f\n", -w[2] / w[0]);
      else
        printf("yes where %.3f*x1 + %.3f*x2 > %.3f\n", w[0], w[1], -w[2]);
      draw(&neuron, w, features);
      tri_function_free(neuron.answer);
      tri_function_free(neuron.error);
    }
  return EXIT_SUCCESS;
}
