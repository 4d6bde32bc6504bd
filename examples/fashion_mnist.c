/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Fashion-MNIST: 70,000 pictures of clothes, 28 by 28 grey values each, of ten classes. The
 * classifier 784-300-100-10 learns from 55,000 of them, 5,000 are kept for validation, and 10,000
 * it has never seen are the test.
 *   fashion_mnist [--epochs 30] [--data FOLDER] [--cnn] [--threads 1] [--seed 1] [--gnuplot FILE]
 *                 [--quiet]
 * --cnn: convolutions in place of the first layers, Adam and batches of 128 (10 epochs are enough).
 * --gnuplot: what gnuplot draws the learning curves from, written to FILE. Debian has the pictures
 * in the package dataset-fashion-mnist.
 * triad with: zlib
 * data: /usr/share/datasets/fashion-mnist
 * checked with: --epochs 1 --quiet */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

enum { CLASSES = 10, SHOWN = 3, WIDTH = 60, HEIGHT = 21 };

static const char *const class_names[CLASSES] = {"T-shirt/top", "Trouser",   "Pullover", "Dress",
                                                 "Coat",        "Sandal",    "Shirt",    "Sneaker",
                                                 "Bag",         "Ankle boot"};

struct options {
  const char *data, *gnuplot;
  long epochs, threads, seed;
  int cnn, quiet;
};

static void fail(const char *message) {
  fprintf(stderr, "fashion_mnist: %s\n", message);
  exit(EXIT_FAILURE);
}

static void check(tri_status status, const tri_model *model) {
  if (status) fail(tri_model_error(model)->message);
}

/* --- data */

/* Pictures and classes to learn from, or to be tested with; grey values are from 0 to 255. */
struct set {
  tri_array pictures, classes;
  tri_samples x, y;
};

static void open_set(struct set *s, const char *folder, const char *part) {
  tri_error error;
  if (tri_idx_folder(folder, part, &(tri_io_options){.error = &error}, &s->pictures, &s->classes))
    fail(error.message);
  s->x = (tri_samples){.array = &s->pictures, .scale = 1 / 255.0};
  s->y = (tri_samples){.array = &s->classes};
}

static void close_set(struct set *s) {
  tri_array_free(&s->pictures);
  tri_array_free(&s->classes);
}

static tri_dataset dataset(const struct set *s) { return (tri_dataset){.x = &s->x, .y = &s->y}; }

/* --- the network */

static void add(tri_model *model, tri_layer layer) { check(tri_model_add(model, layer), model); }

/* 784-300-100-10 */
static void add_dense(tri_model *model) {
  add(model, tri_flatten());
  add(model, tri_dense(300, .activation = "relu"));
  add(model, tri_dense(100, .activation = "relu"));
}

static void add_convolutions(tri_model *model) {
  add(model, tri_reshape_layer(28, 28, 1)); /* one channel */
  add(model, tri_conv2d(32, .kernel_size = {3}, .padding = "same", .activation = "relu"));
  add(model, tri_max_pooling2d());
  add(model, tri_conv2d(64, .kernel_size = {3}, .padding = "same", .activation = "relu"));
  add(model, tri_max_pooling2d());
  add(model, tri_flatten());
  add(model, tri_dense(128, .activation = "relu"));
}

static tri_model *network(const struct options *o) {
  tri_model *model = tri_sequential(&(tri_model_options){.seed = (uint64_t)o->seed});
  if (!model) fail("out of memory");
  add(model, tri_input(28, 28));
  if (o->cnn)
    add_convolutions(model);
  else
    add_dense(model);
  add(model, tri_dense(CLASSES, .activation = "softmax"));
  check(tri_model_compile(model, .optimizer = o->cnn ? tri_adam() : tri_sgd(.learning_rate = 0.01),
                          .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"},
                          .threads = (size_t)o->threads),
        model);
  return model;
}

static void show_summary(const tri_model *model) {
  tri_text text = {0};
  check(tri_model_summary(model, &text), model);
  fputs(text.data, stdout);
  tri_text_free(&text);
}

/* --- learning */

static void write_progress(void *context, const char *text, size_t size) {
  fwrite(text, 1, size, context);
  fflush(context);
}

static void learn(tri_model *model, const struct set *train, const struct options *o) {
  tri_progress progress = {.write = write_progress, .context = stdout};
  tri_callback show = tri_show_progress(&progress);
  tri_dataset data = dataset(train);
  check(tri_model_fit(model, &data,
                      &(tri_fit_options){.batch_size = o->cnn ? 128 : 32,
                                         .epochs = o->epochs,
                                         .validation_split = 5000.0 / 60000.0,
                                         .n_callbacks = !o->quiet,
                                         .callbacks = &show}),
        model);
}

/* --- what was learnt */

static void curve(char plot[HEIGHT][WIDTH + 1], const double *values, size_t n, char mark) {
  for (size_t i = 0; i < n && values; i++) {
    size_t column = n > 1 ? i * (WIDTH - 1) / (n - 1) : 0;
    int row = (int)((1 - values[i]) * (HEIGHT - 1) + 0.5);
    if (row >= 0 && row < HEIGHT) plot[row][column] = mark;
  }
}

/* Loss and accuracy over the epochs, from 0 to 1; small letters are of the validation. */
static void draw_curves(const tri_history *history) {
  static const struct {
    const char *name;
    char mark;
  } curves[] = {{"val_loss", 'l'}, {"loss", 'L'}, {"val_accuracy", 'a'}, {"accuracy", 'A'}};
  char plot[HEIGHT][WIDTH + 1];
  size_t n = tri_history_epochs(history);
  memset(plot, ' ', sizeof plot);
  for (int i = 0; i < 4; i++)
    curve(plot, tri_history_find(history, curves[i].name), n, curves[i].mark);
  puts("\nLearning curves: accuracy A, loss L; of the validation a, l");
  for (int row = 0; row < HEIGHT; row++) {
    plot[row][WIDTH] = '\0';
    printf("%4.2f |%s|\n", 1 - row / (double)(HEIGHT - 1), plot[row]);
  }
  printf("epochs 1 to %zu\n", n);
}

/* A script for gnuplot, with the data in it: gnuplot FILE > curves.svg */
static void write_gnuplot(const tri_history *history, const char *path) {
  const char *name;
  FILE *file = fopen(path, "w");
  if (!file) fail("the script for gnuplot cannot be written");
  fputs("set terminal svg\nset key bottom\nset xlabel 'epoch'\n", file);
  for (size_t i = 0; (name = tri_history_name(history, i)); i++) {
    fprintf(file, "$curve%zu << END\n", i);
    for (size_t k = 0; k < tri_history_epochs(history); k++)
      fprintf(file, "%zu %.6g\n", k + 1, tri_history_find(history, name)[k]);
    fputs("END\n", file);
  }
  for (size_t i = 0; (name = tri_history_name(history, i)); i++)
    fprintf(file, "%s $curve%zu with linespoints title '%s' noenhanced", i ? "," : "plot", i, name);
  fputs("\n", file);
  if (fclose(file)) fail("the script for gnuplot cannot be written");
}

static void test(tri_model *model, const struct set *set) {
  double results[2];
  tri_dataset data = dataset(set);
  check(tri_model_evaluate(model, &data, NULL, results), model);
  printf("\nTest: loss %.4f, accuracy %.4f\n", results[0], results[1]);
}

/* Every second line of a picture, in five shades. */
static void draw_picture(const tri_array *pictures, size_t picture) {
  for (size_t row = 0; row < 28; row += 2) {
    for (size_t column = 0; column < 28; column++)
      putchar(" .:+#"[(int)tri_array_double(pictures, (picture * 28 + row) * 28 + column) / 52]);
    putchar('\n');
  }
}

/* The first of the test: what they are, and what the model says. */
static void show_first(tri_model *model, const struct set *set) {
  tri_array first = set->pictures, p;
  first.dims[0] = SHOWN; /* a view: the elements stay the set's */
  first.count = SHOWN * 28 * 28;
  tri_samples x = {.array = &first, .scale = set->x.scale};
  check(tri_model_predict(model, &(tri_dataset){.x = &x}, NULL, &p), model);
  puts("\nFirst predictions");
  for (size_t i = 0; i < SHOWN; i++) {
    size_t best = 0;
    for (size_t k = 1; k < CLASSES; k++)
      if (tri_array_double(&p, i * CLASSES + k) > tri_array_double(&p, i * CLASSES + best))
        best = k;
    draw_picture(&first, i);
    printf("it is: %s; said to be: %s (%.1f %%)\n",
           class_names[(int)tri_array_double(&set->classes, i)], class_names[best],
           100 * tri_array_double(&p, i * CLASSES + best));
  }
  tri_array_free(&p);
}

/* --- options */

static long whole_number(const char *text) {
  char *end;
  long n = strtol(text, &end, 10);
  if (*end || n < 1) fail("epochs, threads and seeds are positive numbers");
  return n;
}

static struct options read_options(int argc, char **argv) {
  struct options o = {
      .data = "/usr/share/datasets/fashion-mnist", .epochs = 30, .threads = 1, .seed = 1};
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(argv[i], "--cnn") == 0)
      o.cnn = 1;
    else if (strcmp(argv[i], "--quiet") == 0)
      o.quiet = 1;
    else if (!value)
      fail("unknown option, or one without its value");
    else if (strcmp(argv[i], "--data") == 0)
      o.data = argv[++i];
    else if (strcmp(argv[i], "--gnuplot") == 0)
      o.gnuplot = argv[++i];
    else if (strcmp(argv[i], "--epochs") == 0)
      o.epochs = whole_number(argv[++i]);
    else if (strcmp(argv[i], "--threads") == 0)
      o.threads = whole_number(argv[++i]);
    else if (strcmp(argv[i], "--seed") == 0)
      o.seed = whole_number(argv[++i]);
    else
      fail("unknown option, or one without its value");
  }
  return o;
}

int main(int argc, char **argv) {
  struct set train, tests;
  struct options o = read_options(argc, argv);
  open_set(&train, o.data, "train");
  open_set(&tests, o.data, "t10k");
  tri_model *model = network(&o);
  show_summary(model);
  learn(model, &train, &o);
  draw_curves(tri_model_history(model));
  if (o.gnuplot) write_gnuplot(tri_model_history(model), o.gnuplot);
  test(model, &tests);
  show_first(model, &tests);
  tri_model_free(model);
  close_set(&train);
  close_set(&tests);
  return EXIT_SUCCESS;
}
