/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* XOR twice. By hand: threshold neurons, which fire where what reaches them is positive, are AND,
 * OR and NAND, and a net of these three is XOR, which one neuron cannot be. Learnt: the same net of
 * smooth neurons finds weights of its own from the four lines of the truth table. */
#include <stdio.h>
#include <stdlib.h>
#include <triad.h>

enum { LINES = 4, EPOCHS = 400 };

static const double table[LINES][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};

static void check(tri_status status, const tri_model *model) {
  if (status == TRI_OK) return;
  fprintf(stderr, "xor: %s\n",
          model ? tri_model_error(model)->message : tri_status_meaning(status));
  exit(EXIT_FAILURE);
}

/* --- by hand */

/* A threshold neuron: 1 where p·x + q·y + bias > 0, else 0. */
static tri_expr neuron(tri_expr x, int p, tri_expr y, int q, double bias) {
  tri_graph *graph = x.graph;
  tri_expr sum = tri_add(tri_mul(tri_integer(graph, p), x), tri_mul(tri_integer(graph, q), y));
  return tri_heaviside(tri_add(sum, tri_double(graph, bias)));
}

static void wired(void) {
  enum { GATES = 4 };
  tri_graph *graph = tri_graph_new(NULL);
  if (!graph) check(TRI_MEMORY, NULL);
  tri_expr in[2] = {tri_variable(graph, "x"), tri_variable(graph, "y")};
  tri_expr out[GATES] = {neuron(in[0], 1, in[1], 1, -1.5), neuron(in[0], 1, in[1], 1, -0.5),
                         neuron(in[0], -1, in[1], -1, 1.5)};
  out[3] = neuron(out[1], 1, out[2], 1, -1.5); /* OR AND NAND */
  tri_function *function = tri_compile(2, in, GATES, out);
  if (!function) check(tri_graph_status(graph), NULL);
  puts("By hand:\n  x y   AND  OR NAND XOR");
  for (int i = 0; i < LINES; i++) {
    double y[GATES];
    check(tri_function_call(function, NULL, table[i], y), NULL);
    printf("  %.0f %.0f     %.0f   %.0f    %.0f   %.0f\n", table[i][0], table[i][1], y[0], y[1],
           y[2], y[3]);
  }
  tri_function_free(function);
  tri_graph_free(graph);
}

/* --- learnt */

static void show_epoch(void *context, tri_fit *fit) {
  (void)context;
  int64_t epoch = fit->epoch + 1;
  if (epoch == 1 || epoch % 100 == 0)
    printf("  epoch %3lld: loss %.4f, accuracy %.2f\n", (long long)epoch, fit->logs.values[0],
           fit->logs.values[1]);
}

/* One of the hidden neurons, and the last, as they have become. */
static void show_neurons(const tri_model *model) {
  double w[9];
  tri_model_get_weights(model, w); /* kernel [2, 2], bias [2], kernel [2, 1], bias [1] */
  for (int i = 0; i < 2; i++)
    printf("  h%d = tanh(%.2f x %+.2f y %+.2f)\n", i + 1, w[i], w[2 + i], w[4 + i]);
  printf("  p  = sigmoid(%.2f h1 %+.2f h2 %+.2f)\n", w[6], w[7], w[8]);
}

static void learnt(void) {
  double x[LINES][2], y[LINES] = {0, 1, 1, 0};
  tri_array inputs = {
      .dtype = TRI_F8, .rank = 2, .dims = {LINES, 2}, .count = 2 * LINES, .data = x};
  tri_array targets = {.dtype = TRI_F8, .rank = 2, .dims = {LINES, 1}, .count = LINES, .data = y};
  tri_dataset data = {.x = &(tri_samples){.array = &inputs},
                      .y = &(tri_samples){.array = &targets}};
  tri_callback show = {.on_epoch_end = show_epoch};
  tri_array p;
  tri_model *model = tri_sequential(&(tri_model_options){.seed = 3, .dtype = "float64"});
  if (!model) check(TRI_MEMORY, NULL);
  for (int i = 0; i < LINES; i++)
    for (int k = 0; k < 2; k++) x[i][k] = table[i][k];
  check(tri_model_add(model, tri_input(2)), model);
  check(tri_model_add(model, tri_dense(2, .activation = "tanh")), model);
  check(tri_model_add(model, tri_dense(1, .activation = "sigmoid")), model);
  check(tri_model_compile(model, .optimizer = tri_adam(.learning_rate = 0.05),
                          .loss = "binary_crossentropy", .metrics = {"accuracy"}),
        model);
  puts("\nLearnt:");
  check(tri_model_fit(
            model, &data,
            &(tri_fit_options){
                .batch_size = LINES, .epochs = EPOCHS, .n_callbacks = 1, .callbacks = &show}),
        model);
  show_neurons(model);
  check(tri_model_predict(model, &(tri_dataset){.x = data.x}, NULL, &p), model);
  puts("  x y   p(XOR)");
  for (size_t i = 0; i < LINES; i++)
    printf("  %.0f %.0f   %.2f\n", table[i][0], table[i][1], tri_array_double(&p, i));
  tri_array_free(&p);
  tri_model_free(model);
}

int main(void) {
  wired();
  learnt();
  return EXIT_SUCCESS;
}
