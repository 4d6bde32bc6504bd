/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Networks on Fashion-MNIST, trained by triad and by hand: processor seconds an epoch, one thread.
 * The trainers by hand (train.h, train_mlp.h, train_cnn.h) store the gradient and add it to the
 * weights; for information, one of them adds it in the product. Their gradients are compared with
 * triad's first.
 *   bench_train [--data FOLDER]
 *   bench_train [--data FOLDER] --steps NAME     by hand alone: a line N of input is N steps, the
 *                                                answer their seconds (for peers) */
#include "config.h"

#include "bench/train_cnn.h"
#include "bench/train_graph.h"
#include "bench/train_mlp.h"

#if HAVE_OPENBLAS_SET_NUM_THREADS
void openblas_set_num_threads(int n);
#else
static void openblas_set_num_threads(int n) { (void)n; }
#endif

/* What is measured; the goal is a ratio to the trainer by hand. */
static const struct task {
  const char *name;
  enum train_optimizer optimizer;
  int batch;
  float rate;
  int cnn;
  double goal, goal_threads; /* the latter: of two threads to one */
} tasks[] = {
    {"mlp-sgd-32", TRAIN_SGD, 32, 0.01F, 0, 0.85, 1.0},
    {"mlp-adam-256", TRAIN_ADAM, 256, 0.001F, 0, 0.95, 1.0 / 1.6},
    {"cnn", TRAIN_ADAM, 128, 0.001F, 1, NAN, NAN},
};
enum { TASKS = sizeof tasks / sizeof *tasks };

static double processor_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* --- a trainer by hand on its way through the data */

struct by_hand {
  const struct task *task;
  const struct train_data *data;
  int *order;
  size_t next;
  struct mlp mlp;
  struct cnn cnn;
};

static void hand_open(struct by_hand *h, const struct task *task, enum train_optimizer optimizer,
                      const struct train_data *data) {
  unsigned long long random = 7;
  h->task = task;
  h->data = data;
  h->next = 0;
  h->order = malloc(data->n * sizeof *h->order);
  if (!h->order) exit(EXIT_FAILURE);
  for (size_t i = 0; i < data->n; i++) h->order[i] = (int)i;
  train_shuffle(data->n, h->order, &random);
  if (task->cnn)
    cnn_open(&h->cnn, optimizer, task->batch, task->rate);
  else
    mlp_open(&h->mlp, optimizer, task->batch, task->rate);
}

static void hand_close(struct by_hand *h) {
  free(h->order);
  if (h->task->cnn)
    cnn_close(&h->cnn);
  else
    mlp_close(&h->mlp);
}

/* Their processor seconds. */
static double hand_steps(void *data, int steps) {
  struct by_hand *h = data;
  double start = processor_seconds();
  size_t batch = (size_t)h->task->batch;
  for (int i = 0; i < steps; i++, h->next += batch) {
    if (h->next + batch > h->data->n) h->next = 0;
    if (h->task->cnn)
      cnn_step(&h->cnn, h->data, h->order + h->next);
    else
      mlp_step(&h->mlp, h->data, h->order + h->next);
  }
  return processor_seconds() - start;
}

/* Its tensors of weights as triad's model has them: how many. */
static size_t hand_weights(struct by_hand *h, struct train_weights **w) {
  size_t n = 0;
  if (h->task->cnn) {
    struct cnn *p = &h->cnn;
    struct train_weights *all[] = {&p->first.kernel,  &p->first.bias,   &p->second.kernel,
                                   &p->second.bias,   &p->third.kernel, &p->third.bias,
                                   &p->fourth.kernel, &p->fourth.bias};
    n = sizeof all / sizeof *all;
    memcpy(w, all, sizeof all);
  } else {
    for (int i = 0; i < MLP_LAYERS; i++) {
      w[n++] = &h->mlp.layers[i].kernel;
      w[n++] = &h->mlp.layers[i].bias;
    }
  }
  return n;
}

/* The pictures and labels of its last step. */
static const float *hand_pictures(const struct by_hand *h) {
  return h->task->cnn ? h->cnn.x : h->mlp.y[0];
}

static const float *hand_labels(const struct by_hand *h) {
  return h->task->cnn ? h->cnn.labels : h->mlp.labels;
}

/* --- are the gradients right? */

static double *doubles(size_t n, const float *x) {
  double *y = bench_numbers(n);
  for (size_t i = 0; i < n; i++) y[i] = (double)x[i];
  return y;
}

/* Whether n floats are the doubles, by the greatest of them. */
static int same(const char *name, size_t tensor, size_t n, const float *found,
                const double *expected) {
  double most = 0.0, off = 0.0;
  for (size_t i = 0; i < n; i++) {
    most = fmax(most, fabs(expected[i]));
    off = fmax(off, fabs((double)found[i] - expected[i]));
  }
  if (most > 0.0 && off <= 1e-5 * most) return 1;
  fprintf(stderr, "%s: the gradient of tensor %zu is off by %g of %g\n", name, tensor, off, most);
  return 0;
}

/* Loss and gradient in double by triad, where the trainer by hand has just been. */
static int compared(struct by_hand *h, const struct train_graph *t, const tri_function *f) {
  struct train_weights *w[TRAIN_TENSORS];
  double *in[TRAIN_TENSORS + 2], *out[TRAIN_TENSORS + 1];
  size_t n = hand_weights(h, w), batch = (size_t)h->task->batch;
  if (n != t->weights) return fprintf(stderr, "%s: other weights\n", h->task->name), 0;
  for (size_t i = 0; i < n; i++) in[i] = doubles(w[i]->n, w[i]->w);
  for (size_t i = 0; i < n; i++) out[i + 1] = bench_numbers(w[i]->n);
  in[n] = doubles(batch * TRAIN_PIXELS, hand_pictures(h));
  in[n + 1] = doubles(batch, hand_labels(h));
  out[0] = bench_numbers(1);
  const tri_call call = {.n_sizes = 1, .sizes = (int64_t[]){(int64_t)batch}};
  int right = !tri_function_call_arrays(f, &call, (const void **)in, (void **)out) &&
              fabs(*out[0] - h->mlp.state.loss - h->cnn.state.loss) <= 1e-5 * *out[0];
  if (!right) fprintf(stderr, "%s: no loss, or another than %g\n", h->task->name, *out[0]);
  for (size_t i = 0; right && i < n; i++)
    right = same(h->task->name, i, w[i]->n, w[i]->gradient, out[i + 1]);
  for (size_t i = 0; i < n + 2; i++) free(in[i]);
  for (size_t i = 0; i < n + 1; i++) free(out[i]);
  return right;
}

/* Whether one step by hand that changes nothing has triad's loss and gradient. */
static int right_gradients(const struct task *task, const struct train_data *data,
                           const struct train_graph *t) {
  struct task still = *task;
  struct by_hand h = {.task = NULL};
  still.batch = 8;
  still.rate = 0.0F;
  tri_function *f = train_compile(t, TRI_DOUBLE, t->outputs, NULL);
  hand_open(&h, &still, TRAIN_SGD, data);
  hand_steps(&h, 1);
  int right = f && compared(&h, t, f);
  hand_close(&h);
  tri_function_free(f);
  return right;
}

/* Whether the update in the product leads to the weights of the other one. */
static int right_fused(const struct task *task, const struct train_data *data) {
  struct by_hand h[2] = {{.task = NULL}};
  struct train_weights *w[2][TRAIN_TENSORS];
  size_t n = 0;
  int right = 1;
  for (int i = 0; i < 2; i++) {
    hand_open(h + i, task, i ? TRAIN_SGD_FUSED : TRAIN_SGD, data);
    hand_steps(h + i, 20);
    n = hand_weights(h + i, w[i]);
  }
  for (size_t i = 0; right && i < n; i++) {
    double *expected = doubles(w[0][i]->n, w[0][i]->w);
    right = same("mlp-sgd-32:fused", i, w[1][i]->n, w[1][i]->w, expected);
    free(expected);
  }
  for (int i = 0; i < 2; i++) hand_close(h + i);
  return right;
}

/* --- a trainer by triad: fits of some steps each, over all pictures in another order */

struct by_triad {
  const struct task *task;
  tri_model *model;
  tri_samples x, y;
  double (*clock)(void);
  double start, end;
  int64_t epoch;
};

static int triad_failed(const tri_model *model) {
  return fprintf(stderr, "%s\n", tri_model_error(model)->message), 0;
}

static int triad_open(struct by_triad *t, const struct task *task, const struct train_files *files,
                      size_t threads, double (*clock)(void)) {
  *t = (struct by_triad){.task = task, .model = train_model(task->cnn), .clock = clock};
  if (!t->model) return 0;
  t->x = (tri_samples){.array = task->cnn ? &files->images : &files->pictures, .scale = 1 / 255.0};
  t->y = (tri_samples){.array = &files->labels};
  double rate = (double)task->rate;
  tri_optimizer optimizer = task->optimizer == TRAIN_ADAM ? tri_adam(.learning_rate = rate)
                                                          : tri_sgd(.learning_rate = rate);
  return !tri_model_compile(t->model, .optimizer = optimizer,
                            .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"},
                            .from_logits = 1, .threads = threads) ||
         triad_failed(t->model);
}

/* Steps are counted from the end of one, so that what a fit begins with is none of theirs. */
static void step_ended(void *context, tri_fit *fit) {
  struct by_triad *t = context;
  t->end = t->clock();
  if (fit->batch == 0) t->start = t->end;
}

static double triad_steps(void *data, int steps) {
  struct by_triad *t = data;
  tri_callback ended = {.context = t, .on_batch_end = step_ended};
  const tri_fit_options options = {.batch_size = t->task->batch,
                                   .initial_epoch = t->epoch,
                                   .epochs = t->epoch + 1,
                                   .steps_per_epoch = steps + 1,
                                   .n_callbacks = 1,
                                   .callbacks = &ended};
  t->epoch++;
  if (tri_model_fit(t->model, &(tri_dataset){.x = &t->x, .y = &t->y}, &options))
    exit(triad_failed(t->model) + EXIT_FAILURE);
  return t->end - t->start;
}

/* --- time */

/* One of the ways that take turns. */
struct way {
  double (*steps)(void *data, int n); /* how many seconds they take */
  void *data;
  double least; /* of a step */
};

/* The ways in turn, some steps each, for some seconds; `least` of all turns, since other work on
 * the machine only adds. */
static void take_turns(int n, struct way *ways, int steps) {
  double end = bench_seconds() + 6.0;
  for (int turn = 0; turn < 8 || bench_seconds() < end; turn++)
    for (int i = 0; i < n; i++) {
      double time = ways[i].steps(ways[i].data, steps) / steps;
      if (turn == 0 || time < ways[i].least) ways[i].least = time;
    }
}

/* Steps of some 70 milliseconds and more: enough that what the others have left in the caches is of
 * no account, as in an epoch. */
static int steps_in_turn(const struct task *task) { return task->cnn ? 3 : 7680 / task->batch; }

static void row_of(const struct task *task, const char *what, double seconds, double reference,
                   double goal, int threads) {
  char row[80];
  snprintf(row, sizeof row, "%s%s", task->name, what);
  bench_result(row, seconds, "s", goal * reference, threads);
  bench_reference(row, threads > 1 ? "one thread" : "C + BLAS", reference);
}

/* Processor seconds an epoch. */
static int measure(const struct task *task, const struct train_data *data,
                   const struct train_files *files) {
  double epoch = (double)data->n / task->batch;
  struct by_hand hand, fused;
  struct by_triad triad;
  int ways = task->optimizer == TRAIN_SGD ? 3 : 2;
  struct way way[] = {
      {hand_steps, &hand, 0.0}, {triad_steps, &triad, 0.0}, {hand_steps, &fused, 0.0}};
  if (!triad_open(&triad, task, files, 1, processor_seconds)) return 0;
  hand_open(&hand, task, task->optimizer, data);
  if (ways > 2) hand_open(&fused, task, TRAIN_SGD_FUSED, data);
  take_turns(ways, way, steps_in_turn(task));
  double reference = epoch * way[0].least;
  row_of(task, "", epoch * way[1].least, reference, task->goal, 1);
  if (ways > 2) {
    row_of(task, ":fused-by-hand", epoch * way[2].least, reference, NAN, 1);
    hand_close(&fused);
  }
  hand_close(&hand);
  tri_model_free(triad.model);
  return 1;
}

/* Seconds of an epoch that two threads take, and one. */
static int measure_threads(const struct task *task, const struct train_data *data,
                           const struct train_files *files) {
  double epoch = (double)data->n / task->batch;
  struct by_triad one = {0}, two = {0};
  struct way way[] = {{triad_steps, &one, 0.0}, {triad_steps, &two, 0.0}};
  int right = triad_open(&one, task, files, 1, bench_seconds) &&
              triad_open(&two, task, files, 2, bench_seconds);
  if (right) {
    take_turns(2, way, steps_in_turn(task));
    row_of(task, "-2-threads", epoch * way[1].least, epoch * way[0].least, task->goal_threads, 2);
  }
  tri_model_free(one.model);
  tri_model_free(two.model);
  return right;
}

/* --- memory */

/* MiB of a process's memory that are files, which libraries' code is; 0 where nobody says. */
static double file_mib(void) {
  char line[256];
  double kib = 0.0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (strncmp(line, "RssFile:", 8) == 0) kib = atof(line + 8);
  if (status) fclose(status);
  return kib / 1024.0;
}

/* MiB that a process had at most to read the data and train the first network, and those of its
 * data, weights and activations. What a process has before that is not counted, nor is code that
 * libraries have read when it is first called. */
static void train_apart(const void *folder, void *found) {
  struct train_files files;
  struct by_triad t;
  double *mib = found, before = bench_peak_mib() - file_mib();
  if (!train_files_open(&files, folder) || !triad_open(&t, tasks, &files, 1, processor_seconds))
    return;
  triad_steps(&t, 300);
  mib[0] = bench_peak_mib() - file_mib() - before;
  double numbers = (double)tri_model_parameters(t.model) +
                   tasks->batch * (TRAIN_PIXELS + 300 + 100 + TRAIN_CLASSES);
  mib[1] = (4.0 * numbers + (double)(files.pictures.count + files.labels.count)) / 1048576.0;
}

static int measure_memory(const char *folder) {
  double mib[2] = {0.0, 0.0};
  int right = bench_apart(train_apart, folder, mib, sizeof mib) && mib[1] > 0.0;
  if (!right) return fprintf(stderr, "mlp-memory: not measured\n"), 0;
  bench_result("mlp-memory", mib[0], "MiB", 1.2 * mib[1], 1);
  bench_reference("mlp-memory", "its data", mib[1]);
  return 1;
}

static int checked(const struct task *task, const struct train_data *data) {
  struct train_graph t;
  int right = train_graph_open(&t, train_model(task->cnn)) && right_gradients(task, data, &t);
  tri_model_free(t.model);
  return right && (task->optimizer != TRAIN_SGD || right_fused(task, data));
}

/* --- on request */

static int on_request(const char *name, const struct train_data *data) {
  struct by_hand h;
  const struct task *task = NULL;
  int steps;
  for (int i = 0; i < TASKS; i++)
    if (strcmp(tasks[i].name, name) == 0) task = tasks + i;
  if (!task) return fprintf(stderr, "there is no %s\n", name), 0;
  hand_open(&h, task, task->optimizer, data);
  while (fscanf(stdin, "%d", &steps) == 1) {
    printf("%.9g\n", hand_steps(&h, steps));
    fflush(stdout);
  }
  hand_close(&h);
  return 1;
}

int main(int argc, char **argv) {
  const char *folder = "/usr/share/datasets/fashion-mnist", *steps = NULL;
  struct train_files files;
  struct train_data data = {0, NULL, NULL};
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--data") == 0) folder = argv[i + 1];
    if (strcmp(argv[i], "--steps") == 0) steps = argv[i + 1];
  }
  openblas_set_num_threads(1);
  int right = steps || measure_memory(folder);
  right = train_files_open(&files, folder) && right;
  if (right) train_open(&data, &files);
  if (right && steps) right = on_request(steps, &data);
  for (int i = 0; right && !steps && i < TASKS; i++)
    right = checked(tasks + i, &data) && measure(tasks + i, &data, &files) &&
            measure_threads(tasks + i, &data, &files);
  train_close(&data);
  train_files_close(&files);
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
