/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* relu against tanh on two spirals in one another (Lang and Witbrock, 1988), which no straight line
 * tells apart: how many epochs, and how long, until every point is on its side; and what the
 * network then says of the whole plane, # and . for the two spirals. relu's boundary is made of
 * straight pieces, tanh's is smooth. checked with: --no-times */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <triad.h>

enum { EACH = 97, POINTS = 2 * EACH, WIDTH = 64, HEIGHT = 32, EPOCHS = 4000, UNITS = 64 };

static void check(tri_status status, const tri_model *model) {
  if (status == TRI_OK) return;
  fprintf(stderr, "spiral: %s\n",
          model ? tri_model_error(model)->message : tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* x[POINTS][2] and the kinds; the second spiral is the first turned by half. */
static void spirals(double (*x)[2], double *kind) {
  for (int i = 0; i < POINTS; i++) {
    double angle = i / 2 * acos(-1.0) / 16, radius = 1 - i / 2 / 104.0, side = i % 2 ? -1 : 1;
    x[i][0] = side * radius * sin(angle);
    x[i][1] = side * radius * cos(angle);
    kind[i] = i % 2;
  }
}

static tri_model *network(const char *activation) {
  tri_model *model = tri_sequential(&(tri_model_options){.seed = 1, .dtype = "float64"});
  if (!model) check(TRI_MEMORY, NULL);
  check(tri_model_add(model, tri_input(2)), model);
  for (int i = 0; i < 2; i++)
    check(tri_model_add(model, tri_dense(UNITS, .activation = activation)), model);
  check(tri_model_add(model, tri_dense(1, .activation = "sigmoid")), model);
  check(tri_model_compile(model, .optimizer = tri_adam(.learning_rate = 0.01),
                          .loss = "binary_crossentropy", .metrics = {"accuracy"}),
        model);
  return model;
}

/* When training ended, counted from 1. */
static void stop_when_right(void *context, tri_fit *fit) {
  int64_t *epochs = context;
  *epochs = fit->epoch + 1;
  fit->stop = fit->logs.values[1] == 1.0;
}

/* What the model says of the plane from -1.1 to 1.1, by rows. */
static void draw(tri_model *model) {
  static double x[HEIGHT * WIDTH][2];
  tri_array p, inputs = {.dtype = TRI_F8,
                         .rank = 2,
                         .dims = {HEIGHT * WIDTH, 2},
                         .count = 2 * HEIGHT * WIDTH,
                         .data = x};
  for (int i = 0; i < HEIGHT * WIDTH; i++) {
    x[i][0] = 2.2 * (i % WIDTH + 0.5) / WIDTH - 1.1;
    x[i][1] = 1.1 - 2.2 * (i / WIDTH + 0.5) / HEIGHT;
  }
  check(tri_model_predict(model, &(tri_dataset){.x = &(tri_samples){.array = &inputs}}, NULL, &p),
        model);
  for (size_t row = 0; row < HEIGHT; row++) {
    for (size_t c = 0; c < WIDTH; c++)
      putchar(tri_array_double(&p, row * WIDTH + c) > 0.5 ? '#' : '.');
    putchar('\n');
  }
  tri_array_free(&p);
}

static void race(const char *activation, const tri_dataset *data, int times) {
  int64_t epochs = 0;
  tri_callback watch = {.context = &epochs, .on_epoch_end = stop_when_right};
  tri_model *model = network(activation);
  clock_t start = clock();
  check(tri_model_fit(
            model, data,
            &(tri_fit_options){
                .batch_size = POINTS, .epochs = EPOCHS, .n_callbacks = 1, .callbacks = &watch}),
        model);
  printf("%s: ", activation);
  if (epochs < EPOCHS)
    printf("every point is right after %lld epochs", (long long)epochs);
  else
    printf("not every point is right after %d epochs", EPOCHS);
  if (times) printf(", %.2f seconds", (double)(clock() - start) / CLOCKS_PER_SEC);
  printf("\n");
  draw(model);
  tri_model_free(model);
}

int main(int argc, char **argv) {
  static double x[POINTS][2], kind[POINTS];
  int times = argc < 2 || strcmp(argv[1], "--no-times") != 0;
  tri_array inputs = {
      .dtype = TRI_F8, .rank = 2, .dims = {POINTS, 2}, .count = 2 * POINTS, .data = x};
  tri_array kinds = {
      .dtype = TRI_F8, .rank = 2, .dims = {POINTS, 1}, .count = POINTS, .data = kind};
  tri_dataset data = {.x = &(tri_samples){.array = &inputs}, .y = &(tri_samples){.array = &kinds}};
  spirals(x, kind);
  race("relu", &data, times);
  race("tanh", &data, times);
  return EXIT_SUCCESS;
}
