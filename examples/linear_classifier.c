/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Logistic regression: one neuron with a sigmoid tells two kinds of points apart, on a line and in
 * the plane. Where it says one half is the boundary: the point x = -b / w, or the line w1 x1 + w2
 * x2 + b = 0. Both are drawn among the points. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

enum { POINTS = 60, WIDTH = 61, HEIGHT = 21 };
static const double SIDE = 3; /* drawn: from -SIDE to SIDE */

static void check(tri_status status, const tri_model *model) {
  if (status == TRI_OK) return;
  fprintf(stderr, "linear_classifier: %s\n",
          model ? tri_model_error(model)->message : tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* From -1 to 1, the same everywhere. */
static double random_number(void) {
  static unsigned long long state = 1;
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(state >> 33) / 1073741824.0 - 1.0;
}

/* Points of two kinds about two centres, `features` numbers each, with the kinds in y. */
static void scatter(int features, double *x, double *y) {
  static const double centre[2][2] = {{-0.9, -0.6}, {1.2, 0.7}};
  for (int i = 0; i < POINTS; i++) {
    int kind = i % 2;
    for (int k = 0; k < features; k++)
      x[i * features + k] =
          centre[kind][k] + 0.5 * (random_number() + random_number() + random_number());
    y[i] = kind;
  }
}

/* A neuron that has learnt the points; its weights and its bias into w. */
static void learn(int features, double *x, double *y, double *w) {
  tri_array inputs = {.dtype = TRI_F8,
                      .rank = 2,
                      .dims = {POINTS, (size_t)features},
                      .count = (size_t)(POINTS * features),
                      .data = x};
  tri_array kinds = {.dtype = TRI_F8, .rank = 2, .dims = {POINTS, 1}, .count = POINTS, .data = y};
  tri_dataset data = {.x = &(tri_samples){.array = &inputs}, .y = &(tri_samples){.array = &kinds}};
  double results[2];
  tri_model *model = tri_sequential(&(tri_model_options){.seed = 1, .dtype = "float64"});
  if (!model) check(TRI_MEMORY, NULL);
  check(tri_model_add(model, tri_input(features)), model);
  check(tri_model_add(model, tri_dense(1, .activation = "sigmoid")), model);
  check(tri_model_compile(model, .optimizer = tri_sgd(.learning_rate = 0.5),
                          .loss = "binary_crossentropy", .metrics = {"accuracy"}),
        model);
  check(tri_model_fit(model, &data, &(tri_fit_options){.batch_size = POINTS, .epochs = 300}),
        model);
  check(tri_model_evaluate(model, &data, NULL, results), model);
  tri_model_get_weights(model, w);
  printf("loss %.3f, accuracy %.3f\n", results[0], results[1]);
  tri_model_free(model);
}

/* The place of a number among `places` that stand for -SIDE to SIDE; negative outside. */
static int place(double x, int places) {
  return fabs(x) <= SIDE ? (int)((x + SIDE) / (2 * SIDE) * (places - 1) + 0.5) : -1;
}

static double number_at(int place, int places) { return 2 * SIDE * place / (places - 1) - SIDE; }

static void one_feature(void) {
  double x[POINTS], y[POINTS], w[2];
  char line[2][WIDTH + 1];
  puts("One feature");
  scatter(1, x, y);
  learn(1, x, y, w);
  double boundary = -w[1] / w[0];
  printf("p = sigmoid(%.2f x %+.2f), boundary x = %.3f\n", w[0], w[1], boundary);
  memset(line, ' ', sizeof line);
  for (int i = 0; i < POINTS; i++)
    if (place(x[i], WIDTH) >= 0) line[(int)y[i]][place(x[i], WIDTH)] = y[i] > 0 ? '+' : 'o';
  for (int kind = 1; kind >= 0; kind--) {
    if (place(boundary, WIDTH) >= 0) line[kind][place(boundary, WIDTH)] = '|';
    line[kind][WIDTH] = '\0';
    printf("|%s|\n", line[kind]);
  }
}

static void two_features(void) {
  double x[POINTS * 2], y[POINTS], w[3];
  char plot[HEIGHT][WIDTH + 1];
  puts("\nTwo features");
  scatter(2, x, y);
  learn(2, x, y, w);
  printf("p = sigmoid(%.2f x1 %+.2f x2 %+.2f), boundary x2 = %.3f x1 %+.3f\n", w[0], w[1], w[2],
         -w[0] / w[1], -w[2] / w[1]);
  memset(plot, ' ', sizeof plot);
  for (int c = 0; c < WIDTH; c++) {
    int row = place((w[0] * number_at(c, WIDTH) + w[2]) / w[1], HEIGHT); /* of -x2: upside down */
    if (row >= 0) plot[row][c] = '.';
  }
  for (int i = 0; i < POINTS; i++) {
    int row = place(-x[2 * i + 1], HEIGHT), column = place(x[2 * i], WIDTH);
    if (row >= 0 && column >= 0) plot[row][column] = y[i] > 0 ? '+' : 'o';
  }
  for (int row = 0; row < HEIGHT; row++) {
    plot[row][WIDTH] = '\0';
    printf("|%s|\n", plot[row]);
  }
}

int main(void) {
  one_feature();
  two_features();
  return EXIT_SUCCESS;
}
