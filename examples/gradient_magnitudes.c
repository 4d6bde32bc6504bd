/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Backpropagation looked at: for one mini-batch of Fashion-MNIST, how large the derivatives of the
 * loss are, layer by layer and connection by connection, and how much memory is kept from the way
 * forward for the way back.
 *   gradient_magnitudes [--data FOLDER]
 * triad with: zlib
 * data: /usr/share/datasets/fashion-mnist */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

enum { BATCH = 32, LAYERS = 4, TENSORS = 2 * LAYERS, COLUMNS = 56 };

/* Sigmoids, and many layers: the gradient fades on its way back. */
static const int sizes[LAYERS + 1] = {784, 100, 50, 25, 10};

static void fail(const char *message) {
  fprintf(stderr, "gradient_magnitudes: %s\n", message);
  exit(EXIT_FAILURE);
}

/* Pictures of 28 by 28 grey values from 0 to 255, and their classes. */
static void read_set(const char *folder, tri_array *pictures, tri_array *classes) {
  tri_error error;
  if (tri_idx_folder(folder, "train", &(tri_io_options){.error = &error}, pictures, classes))
    fail(error.message);
  if (pictures->dims[0] < BATCH || pictures->count != pictures->dims[0] * 784)
    fail("a batch of pictures of 784 pixels is needed");
}

static tri_model *network(void) {
  tri_model *model = tri_sequential(&(tri_model_options){.seed = 1, .dtype = "float64"});
  if (!model) fail("out of memory");
  tri_status status = tri_model_add(model, tri_input(784));
  for (int i = 1; i <= LAYERS && !status; i++)
    status =
        tri_model_add(model, tri_dense(sizes[i], .activation = i < LAYERS ? "sigmoid" : "linear"));
  if (status) fail(tri_model_error(model)->message);
  return model;
}

/* The loss and its gradient by every tensor of weights, as a function of these, pictures and
 * classes. */
static tri_function *compiled(const tri_model *model) {
  tri_graph *graph = tri_model_graph(model);
  tri_expr in[TENSORS + 2], out[TENSORS + 1];
  for (size_t i = 0; i < TENSORS; i++) in[i] = tri_model_weight(model, i).variable;
  in[TENSORS] = tri_model_input(model, 0);
  in[TENSORS + 1] =
      tri_variable_shaped(graph, "classes", 1, (int64_t[]){0}, (const char *[]){"batch"});
  out[0] =
      tri_loss("sparse_categorical_crossentropy", in[TENSORS + 1], tri_model_output(model, 0), 1);
  if (tri_gradient(out[0], TENSORS, in, out + 1)) fail(tri_graph_error(graph)->message);
  tri_function *function = tri_compile(TENSORS + 2, in, TENSORS + 1, out);
  if (!function) fail(tri_graph_error(graph)->message);
  return function;
}

static double *numbers(size_t n) {
  double *x = calloc(n, sizeof *x);
  if (!x) fail("out of memory");
  return x;
}

/* gradient[i]: of tensor i, a kernel before its bias. Returns the loss. */
static double backpropagate(const tri_model *model, const char *folder, double **gradient) {
  tri_array pictures, classes;
  read_set(folder, &pictures, &classes);
  tri_function *function = compiled(model);
  double loss, *in[TENSORS + 2];
  void *out[TENSORS + 1] = {&loss};
  for (size_t i = 0; i < TENSORS; i++) {
    size_t n = tri_model_weight(model, i).count;
    in[i] = numbers(n);
    tri_model_get_weight(model, i, in[i]);
    out[i + 1] = gradient[i] = numbers(n);
  }
  in[TENSORS] = numbers(BATCH * 784);
  in[TENSORS + 1] = numbers(BATCH);
  for (size_t i = 0; i < BATCH * 784; i++) in[TENSORS][i] = tri_array_double(&pictures, i) / 255;
  for (size_t i = 0; i < BATCH; i++) in[TENSORS + 1][i] = tri_array_double(&classes, i);
  const tri_call call = {.n_sizes = 1, .sizes = (int64_t[]){BATCH}};
  if (tri_function_call_arrays(function, &call, (const void **)in, out))
    fail("it cannot be called");
  for (size_t i = 0; i < TENSORS + 2; i++) free(in[i]);
  tri_function_free(function);
  tri_array_free(&pictures);
  tri_array_free(&classes);
  return loss;
}

/* --- pictures in text */

static double mean_size(size_t n, const double *x) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += fabs(x[i]);
  return sum / (double)n;
}

/* The mean |derivative| of a layer's connections, on a scale of powers of ten. */
static void draw_bars(double *const *gradient) {
  puts("Mean size of dloss/dweight, layer by layer (each # is a fourth of a power of ten)");
  for (int i = 0; i < LAYERS; i++) {
    double mean = mean_size((size_t)(sizes[i] * sizes[i + 1]), gradient[2 * i]);
    int length = (int)(4 * (log10(mean) + 6) + 0.5);
    printf("%3d x %-3d %.1e ", sizes[i], sizes[i + 1], mean);
    while (length-- > 0) putchar('#');
    putchar('\n');
  }
}

/* A value as one of ten shades of the largest. */
static char shade(double value, double most) {
  static const char shades[] = " .:-=+*#%@";
  return shades[most > 0 ? (int)(9 * value / most + 0.5) : 0];
}

/* Numbers from 0 on as a map [rows, columns]. */
static void draw_map(int rows, int columns, const double *value, int wide) {
  double most = 0;
  for (int i = 0; i < rows * columns; i++) most = fmax(most, value[i]);
  for (int row = 0; row < rows; row++) {
    putchar('|');
    for (int c = 0; c < columns * wide; c++) putchar(shade(value[row * columns + c / wide], most));
    puts("|");
  }
}

/* Of each pixel of the picture, how strongly its connections ask to be changed. */
static void draw_pixels(const double *kernel) {
  double value[784];
  puts("\nFirst layer: mean size over the 100 connections of each pixel");
  for (int i = 0; i < 784; i++) value[i] = mean_size((size_t)sizes[1], kernel + i * sizes[1]);
  draw_map(28, 28, value, 2);
}

/* Every connection of the last layer: a row for each class. */
static void draw_last(const double *kernel) {
  double value[25 * 10];
  puts("\nLast layer: every connection, from 25 units (columns) to 10 classes (rows)");
  for (int i = 0; i < 25; i++)
    for (int k = 0; k < 10; k++) value[k * 25 + i] = fabs(kernel[i * 10 + k]);
  draw_map(10, 25, value, 2);
}

/* The way back needs what each layer was given, and what it gave, for sigmoid' = s (1 - s): one
 * array a layer, which both share. Weights have gradients of their size; activations grow with the
 * batch. */
static void show_memory(void) {
  size_t weights = 0, kept = 0;
  puts("\nMemory, 8 bytes a number");
  for (int i = 0; i <= LAYERS; i++) {
    size_t bytes = 8 * (size_t)sizes[i] * BATCH;
    kept += bytes;
    if (i > 0) weights += 8 * (size_t)((sizes[i - 1] + 1) * sizes[i]);
    printf("  kept of layer %d: %d samples x %3d = %6zu bytes\n", i, BATCH, sizes[i], bytes);
  }
  printf("  activations %zu bytes in all, weights %zu, gradients %zu\n", kept, weights, weights);
}

int main(int argc, char **argv) {
  const char *folder = "/usr/share/datasets/fashion-mnist";
  double *gradient[TENSORS];
  if (argc == 3 && strcmp(argv[1], "--data") == 0)
    folder = argv[2];
  else if (argc != 1)
    fail("gradient_magnitudes [--data FOLDER]");
  tri_model *model = network();
  printf("Loss of %d pictures: %.4f\n\n", BATCH, backpropagate(model, folder, gradient));
  draw_bars(gradient);
  draw_pixels(gradient[0]);
  draw_last(gradient[TENSORS - 2]);
  show_memory();
  for (int i = 0; i < TENSORS; i++) free(gradient[i]);
  tri_model_free(model);
  return EXIT_SUCCESS;
}
