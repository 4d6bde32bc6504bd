/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Fits: what is wrong with data and options, histories, callbacks, validation, generators. */
#include "tests/nn/training.h"

static tri_model *m;
static struct points p;

static void compile(tri_model *model) {
  fine(model,
       tri_model_compile(model, .optimizer = tri_sgd(.learning_rate = 0.1),
                         .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}));
}

static void set_up(void) {
  make_points(&p);
  m = classifier("float64", 0.0, NULL);
  compile(m);
}

static void tear_down(void) { tri_model_free(m); }

/* --- what is wrong is told, and changes nothing */

static void refused(tri_dataset data, tri_fit_options options, tri_status status,
                    const char *message) {
  double before[FEATURES * 16 + 16 + 16 * CLASSES + CLASSES], after[sizeof before / sizeof *before];
  tri_model_get_weights(m, before);
  ck_assert_int_eq(tri_model_fit(m, &data, &options), status);
  ck_assert_str_eq(tri_model_error(m)->message, message);
  ck_assert_int_eq(tri_model_error(m)->status, status);
  tri_model_get_weights(m, after);
  ck_assert_mem_eq(before, after, sizeof before);
}

static tri_dataset with(const tri_samples *x, const tri_samples *y) {
  return (tri_dataset){.x = x, .y = y};
}

START_TEST(data_that_do_not_fit_are_told) {
  const tri_fit_options none = {0};
  tri_array a = p.x_array;
  tri_samples s = {.array = &a};
  a.dims[1] = 3, a.dims[0] = 2 * POINTS;
  refused(with(&s, &p.y_samples), none, TRI_SHAPE,
          "input_layer: data of shape (602, 3) do not fit (None, 6)");
  a = p.x_array;
  a.dims[0] = 200, a.count = 200 * FEATURES;
  refused(with(&s, &p.y_samples), none, TRI_SHAPE,
          "dense_1: 301 samples, and 200 in what goes with them");
  a.dims[0] = 0, a.count = 0;
  refused(with(&s, &p.y_samples), none, TRI_ARGUMENT, "input_layer: the data are empty");
  a.data = NULL;
  refused(with(&s, &p.y_samples), none, TRI_ARGUMENT, "input_layer: there are no data");
  refused(with(NULL, &p.y_samples), none, TRI_ARGUMENT, "the model has 1 input, and the data 0");
  refused(with(&p.x_samples, NULL), none, TRI_ARGUMENT, "the model has 1 output, and the data 0");
}
END_TEST

START_TEST(missing_data_are_told) {
  double results[2];
  tri_array outputs[1];
  tri_model_gradcheck_report report;
  for (int i = 0; i < 5; i++) {
    tri_status status = i == 0   ? tri_model_fit(m, NULL, NULL)
                        : i == 1 ? tri_model_evaluate(m, NULL, NULL, results)
                        : i == 2 ? tri_model_predict(m, NULL, NULL, outputs)
                        : i == 3 ? tri_model_gradcheck(m, NULL, &report)
                                 : tri_model_train_on_batch(m, NULL, results);
    ck_assert_int_eq(status, TRI_ARGUMENT);
    ck_assert_str_eq(tri_model_error(m)->message,
                     i < 4 ? "there are no data"
                           : "a step is trained on arrays that are not empty");
  }
  refused(p.data, (tri_fit_options){.validation_data = &(tri_dataset){.x = NULL}}, TRI_ARGUMENT,
          "the model has 1 input, and the data 0");
}
END_TEST

START_TEST(labels_out_of_range_are_told) {
  p.y[137] = 3;
  refused(p.data, (tri_fit_options){0}, TRI_ARGUMENT,
          "dense_1: label 3 of sample 137 is no class from 0 to 2");
  p.y[137] = 0;
  p.y_samples.scale = 0.5;
  p.y[0] = 2;
  p.y[1] = 1;
  refused(p.data, (tri_fit_options){0}, TRI_ARGUMENT,
          "dense_1: label 0.5 of sample 1 is no class from 0 to 2");
}
END_TEST

/* Rounding by a scale takes 255 not quite to 1. */
START_TEST(targets_that_are_no_probabilities_are_told) {
  static double wrong[POINTS * CLASSES];
  static uint8_t right[POINTS * CLASSES];
  tri_array numbers = doubles(wrong, 2, POINTS, CLASSES);
  tri_array bytes = {.dtype = TRI_U1, .rank = 2, .dims = {POINTS, CLASSES}, .data = right};
  tri_samples d = {.array = &numbers}, b = {.array = &bytes, .scale = 1.0000001 / 255};
  bytes.count = POINTS * CLASSES;
  memset(right, 255, sizeof right);
  const char *const losses[] = {"binary_crossentropy", "categorical_crossentropy"};
  for (size_t i = 0; i < 2; i++) {
    fine(m, tri_model_compile(m, .optimizer = tri_sgd(), .loss = losses[i]));
    wrong[100 * CLASSES + 1] = 1.5;
    refused(with(&p.x_samples, &d), (tri_fit_options){0}, TRI_ARGUMENT,
            "dense_1: target 1.5 of sample 100 is no probability");
    wrong[100 * CLASSES + 1] = -0.25;
    refused(with(&p.x_samples, &d), (tri_fit_options){0}, TRI_ARGUMENT,
            "dense_1: target -0.25 of sample 100 is no probability");
    tri_dataset data = with(&p.x_samples, &b);
    fine(m, tri_model_fit(m, &data, NULL));
  }
  fine(m, tri_model_compile(m, .optimizer = tri_sgd(), .loss = "mse"));
  tri_dataset data = with(&p.x_samples, &d);
  fine(m, tri_model_fit(m, &data, NULL));
}
END_TEST

START_TEST(numbers_that_are_none_are_told) {
  static float x[POINTS * FEATURES];
  static double wide[POINTS * FEATURES];
  tri_array floats = {.dtype = TRI_F4, .rank = 2, .dims = {POINTS, FEATURES}, .data = x};
  tri_array numbers = doubles(wide, 2, POINTS, FEATURES);
  tri_samples f = {.array = &floats}, d = {.array = &numbers};
  floats.count = POINTS * FEATURES;
  x[100 * FEATURES + 4] = NAN;
  refused(with(&f, &p.y_samples), (tri_fit_options){0}, TRI_ARGUMENT,
          "input_layer: the data are nan at [100, 4]");
  wide[POINTS * FEATURES - 1] = -INFINITY;
  refused(with(&d, &p.y_samples), (tri_fit_options){0}, TRI_ARGUMENT,
          "input_layer: the data are -inf at [300, 5]");
}
END_TEST

START_TEST(numbers_beyond_floats_are_told) {
  static double wide[POINTS * FEATURES];
  tri_array numbers = doubles(wide, 2, POINTS, FEATURES);
  tri_samples d = {.array = &numbers}, scaled = {.array = &p.x_array, .scale = NAN};
  tri_model_free(m);
  m = classifier("float32", 0.0, NULL);
  compile(m);
  wide[3] = -1e39;
  refused(with(&d, &p.y_samples), (tri_fit_options){0}, TRI_ARGUMENT,
          "input_layer: the data are -1e39 at [0, 3], which is no float32");
  refused(with(&scaled, &p.y_samples), (tri_fit_options){0}, TRI_ARGUMENT,
          "input_layer: the data are nan at [0, 0], which is no float32");
  wide[3] = 3e38;
  d.offset = 3e38;
  refused(with(&d, &p.y_samples), (tri_fit_options){0}, TRI_ARGUMENT,
          "input_layer: the data are 6e38 at [0, 3], which is no float32");
  d.offset = 0.0;
  refused((tri_dataset){.n_x = 1, .y = &p.y_samples}, (tri_fit_options){0}, TRI_ARGUMENT,
          "the model has 1 input, and the data 0");
  wide[3] = 0x1.fffffep127;
  tri_dataset data = with(&d, &p.y_samples);
  double results[2];
  fine(m, tri_model_evaluate(m, &data, NULL, results));
}
END_TEST

START_TEST(options_without_sense_are_told) {
  refused(p.data, (tri_fit_options){.batch_size = -1}, TRI_ARGUMENT, "batch_size is -1");
  refused(p.data, (tri_fit_options){.batch_size = POINTS + 1}, TRI_ARGUMENT,
          "batch_size is 302, and there are 301 samples");
  refused(p.data, (tri_fit_options){.batch_size = 200, .validation_split = 0.5}, TRI_ARGUMENT,
          "batch_size is 200, and there are 150 samples");
  refused(p.data, (tri_fit_options){.epochs = -2}, TRI_ARGUMENT, "epochs is -2");
  refused(p.data, (tri_fit_options){.validation_split = 1}, TRI_ARGUMENT,
          "validation_split is not in [0, 1)");
  refused(p.data, (tri_fit_options){.validation_split = 0.999}, TRI_ARGUMENT,
          "301 samples are too few to be split for validation");
}
END_TEST

START_TEST(compiling_without_sense_is_told) {
  tri_model *n = tri_sequential(NULL);
  ck_assert_int_eq(tri_model_compile(n, .loss = "mse"), TRI_ARGUMENT);
  ck_assert_str_eq(tri_model_error(n)->message, "the model has no layers, or no outputs");
  add_layer(n, tri_input(2));
  add_layer(n, tri_dense(2));
  ck_assert_int_eq(tri_model_compile(n, .optimizer = tri_sgd()), TRI_ARGUMENT);
  ck_assert_int_eq(tri_model_compile(n, .loss = "hinges"), TRI_NAME);
  ck_assert_str_eq(tri_model_error(n)->message, "no loss is called hinges");
  ck_assert_int_eq(tri_model_compile(n, .loss = "mse", .metrics = {"mse", "f2"}), TRI_NAME);
  ck_assert_str_eq(tri_model_error(n)->message, "no metric is called f2");
  ck_assert_int_eq(tri_model_compile(n, .loss = "mse", .optimizer = tri_adam(.beta_1 = 2)),
                   TRI_ARGUMENT);
  ck_assert_int_eq(tri_model_fit(n, &p.data, NULL), TRI_ARGUMENT);
  ck_assert_str_eq(tri_model_error(n)->message, "the model is not compiled: tri_model_compile");
  fine(n, tri_model_compile(n, .loss = "mse"));
  add_layer(n, tri_dense(1));
  ck_assert_int_eq(tri_model_fit(n, &p.data, NULL), TRI_ARGUMENT);
  ck_assert_str_eq(tri_model_error(n)->message,
                   "the model has got layers or outputs since it was compiled");
  tri_model_free(n);
}
END_TEST

/* --- what happens on the way */

/* More than double holds, so that the first step leaves nothing. */
START_TEST(a_loss_that_is_none_ends_it) {
  double w[FEATURES * 16 + 16 + 16 * CLASSES + CLASSES];
  tri_model_get_weights(m, w);
  w[0] = 1e308, w[FEATURES * 16 + 16] = 1e308;
  tri_model_set_weights(m, w);
  ck_assert_int_eq(tri_model_fit(m, &p.data, NULL), TRI_DOMAIN);
  const char *message = tri_model_error(m)->message;
  ck_assert_msg(strcmp(message, "the loss is nan at epoch 1, batch 1") == 0 ||
                    strcmp(message, "the loss is infinite at epoch 1, batch 1") == 0,
                "%s", message);
}
END_TEST

static void stop_at_third(void *context, tri_fit *fit) {
  if (fit->epoch == 1 && fit->batch == 2) *(volatile int *)context = 1;
}

START_TEST(it_is_interrupted) {
  volatile int interrupt = 0;
  tri_callback callback = {.context = (void *)&interrupt, .on_batch_end = stop_at_third};
  tri_fit_options o = {
      .epochs = 5, .interrupt = &interrupt, .callbacks = &callback, .n_callbacks = 1};
  ck_assert_int_eq(tri_model_fit(m, &p.data, &o), TRI_INTERRUPTED);
  ck_assert_uint_eq(tri_history_epochs(tri_model_history(m)), 1);
  interrupt = 0;
  fine(m, tri_model_fit(m, &p.data, NULL)); /* and can go on */
}
END_TEST

/* --- epochs */

struct seen {
  int64_t batches, epochs, trains, last_batches;
  size_t samples;
  double last_loss;
};

static void saw_train(void *context, tri_fit *fit) {
  struct seen *s = context;
  s->trains += fit->status == TRI_OK;
}
static void saw_epoch(void *context, tri_fit *fit) {
  struct seen *s = context;
  s->epochs++;
  s->last_batches = fit->batches;
  s->last_loss = fit->logs.values[0];
}
static void saw_batch(void *context, tri_fit *fit) {
  struct seen *s = context;
  s->batches++;
  s->samples += fit->samples;
}

START_TEST(histories_tell_of_each_epoch) {
  struct seen seen = {0};
  tri_callback c = {.context = &seen,
                    .on_train_begin = saw_train,
                    .on_train_end = saw_train,
                    .on_epoch_end = saw_epoch,
                    .on_batch_end = saw_batch};
  tri_fit_options o = {.epochs = 7,
                       .initial_epoch = 3,
                       .batch_size = 50,
                       .validation_split = 0.25,
                       .callbacks = &c,
                       .n_callbacks = 1};
  fine(m, tri_model_fit(m, &p.data, &o));
  const tri_history *h = tri_model_history(m);
  static const char *const names[] = {"loss", "accuracy", "val_loss", "val_accuracy"};
  for (size_t i = 0; i < 4; i++) ck_assert_str_eq(tri_history_name(h, i), names[i]);
  ck_assert_ptr_null(tri_history_name(h, 4));
  ck_assert_ptr_null(tri_history_find(h, "lost"));
  ck_assert_uint_eq(tri_history_epochs(h), 4);
  ck_assert_int_eq(tri_history_first(h), 3);
  ck_assert_int_eq(seen.epochs, 4);
  ck_assert_int_eq(seen.trains, 2);
  ck_assert_int_eq(seen.last_batches, 5);
  ck_assert_int_eq(seen.batches, 20);
  ck_assert_uint_eq(seen.samples, 4 * 225);
  ck_assert_double_eq(tri_history_find(h, "loss")[3], seen.last_loss);
  ck_assert_double_lt(seen.last_loss, tri_history_find(h, "loss")[0]);
}
END_TEST

/* The last samples, before any are shuffled, are those that are validated; their loss is that of
 * evaluate. */
START_TEST(validation_takes_the_last_samples) {
  tri_array x = p.x_array, y = p.y_array;
  tri_samples xs = {.array = &x, .scale = 1 / 255.}, ys = {.array = &y};
  tri_dataset last = with(&xs, &ys);
  double results[2], again[2];
  fine(m, tri_model_fit(m, &p.data, &(tri_fit_options){.validation_split = 0.3}));
  x.dims[0] = y.dims[0] = y.count = 91; /* 301 less the floor of 301 * 0.7 */
  x.count = 91 * FEATURES;
  x.data = p.x + 210 * FEATURES;
  y.data = p.y + 210;
  fine(m, tri_model_evaluate(m, &last, NULL, results));
  const tri_history *h = tri_model_history(m);
  ck_assert_double_eq(tri_history_find(h, "val_loss")[0], results[0]);
  ck_assert_double_eq(tri_history_find(h, "val_accuracy")[0], results[1]);
  fine(m, tri_model_evaluate(m, &last, &(tri_evaluate_options){.batch_size = 7}, again));
  ck_assert_double_eq_tol(again[0], results[0], 1e-14);
  fine(m, tri_model_fit(m, &p.data, &(tri_fit_options){.validation_data = &last}));
  fine(m, tri_model_evaluate(m, &last, NULL, results));
  ck_assert_double_eq(tri_history_find(tri_model_history(m), "val_loss")[0], results[0]);
}
END_TEST

/* One batch of all samples is a step of train_on_batch, and more than there are is as many as there
 * are. */
START_TEST(a_batch_of_all_is_one_step) {
  enum { N = FEATURES * 16 + 16 + 16 * CLASSES + CLASSES };
  double first[N], one[N], other[N], results[2];
  tri_model_get_weights(m, first);
  fine(m, tri_model_train_on_batch(m, &p.data, results));
  tri_model_get_weights(m, one);
  tri_model_set_weights(m, first);
  fine(m, tri_model_fit(m, &p.data, &(tri_fit_options){.batch_size = POINTS, .no_shuffle = 1}));
  tri_model_get_weights(m, other);
  ck_assert_mem_eq(one, other, sizeof one);
  ck_assert_double_eq(tri_history_find(tri_model_history(m), "loss")[0], results[0]);
}
END_TEST

/* As many batches as are asked for, of the first samples. */
START_TEST(steps_end_evaluations) {
  tri_array x = p.x_array, y = p.y_array, out;
  tri_samples xs = {.array = &x, .scale = 1 / 255.}, ys = {.array = &y};
  tri_dataset first = with(&xs, &ys);
  tri_evaluate_options o = {.batch_size = 10, .steps = 2};
  double some[2], same[2];
  x.dims[0] = y.dims[0] = y.count = 20, x.count = 20 * FEATURES;
  fine(m, tri_model_evaluate(m, &p.data, &o, some));
  fine(m, tri_model_evaluate(m, &first, &(tri_evaluate_options){.batch_size = 10}, same));
  ck_assert_mem_eq(some, same, sizeof some);
  fine(m, tri_model_predict(m, &p.data, &o, &out));
  ck_assert_uint_eq(out.dims[0], 20);
  tri_array_free(&out);
}
END_TEST

static void put_number(tri_array *a, size_t i, double x) {
  switch (a->dtype) {
#define PUT(name, type)                                                                            \
  case TRI_##name: ((type *)a->data)[i] = (type)x; break
    PUT(F8, double);
    PUT(F4, float);
    PUT(I1, int8_t);
    PUT(I2, int16_t);
    PUT(I4, int32_t);
    PUT(I8, int64_t);
    PUT(U2, uint16_t);
    PUT(U4, uint32_t);
    PUT(U8, uint64_t);
#undef PUT
  default: ((uint8_t *)a->data)[i] = (uint8_t)x;
  }
}

/* Numbers of every type are read as they are, and rounded once. */
START_TEST(arrays_are_of_any_type) {
  static const double numbers[] = {1, 3, 100, 16777217}; /* the last one is no float */
  tri_model *n = tri_sequential(NULL);
  add_layer(n, tri_input(1));
  add_layer(n, tri_dense(1));
  tri_model_set_weights(n, (double[]){1, 0});
  for (int dtype = 0; dtype < TRI_DTYPES; dtype++) {
    bool few = tri_dtype_size((tri_dtype)dtype) < 4 || dtype == TRI_F4;
    size_t count = dtype == TRI_B1 ? 1 : few ? 3 : 4;
    tri_array a, out;
    ck_assert_int_eq(tri_array_new((tri_dtype)dtype, 2, (size_t[]){count, 1}, NULL, &a), TRI_OK);
    for (size_t i = 0; i < count; i++) put_number(&a, i, numbers[i]);
    tri_samples s = {.array = &a, .scale = 1.0, .offset = 1.0};
    fine(n, tri_model_predict(n, &(tri_dataset){.x = &s}, NULL, &out));
    for (size_t i = 0; i < count; i++)
      ck_assert_double_eq(tri_array_double(&out, i), (double)(float)(numbers[i] + 1.0));
    tri_array_free(&out);
    tri_array_free(&a);
  }
  tri_model_free(n);
}
END_TEST

/* Shuffled, so that epochs differ, but each has every sample once: without steps all losses are
 * one. */
START_TEST(every_sample_comes_once) {
  tri_model_set_learning_rate(m, 0.0);
  fine(m, tri_model_fit(m, &p.data, &(tri_fit_options){.epochs = 3}));
  const double *loss = tri_history_find(tri_model_history(m), "loss");
  ck_assert_double_eq_tol(loss[0], loss[1], 1e-13);
  ck_assert_double_eq_tol(loss[0], loss[2], 1e-13);
  fine(m, tri_model_fit(m, &p.data, &(tri_fit_options){.epochs = 2, .steps_per_epoch = 1}));
  loss = tri_history_find(tri_model_history(m), "loss");
  ck_assert_double_ne(loss[0], loss[1]);
}
END_TEST

/* --- generators */

struct generator {
  uint64_t batches;
  int fails;
};

static tri_status generate(void *context, uint64_t index, size_t samples, double *const *x,
                           double *const *y, size_t *made) {
  struct generator *g = context;
  if (g->fails) return TRI_FILE;
  if (index == g->batches) return TRI_OK;
  *made = index + 1 == g->batches && samples > 3 ? 3 : samples;
  for (size_t i = 0; i < *made; i++) {
    size_t from = (size_t)index * samples + i;
    for (size_t d = 0; d < FEATURES; d++) x[0][i * FEATURES + d] = p.x[from * FEATURES + d] / 255.0;
    if (y[0]) y[0][i] = p.y[from];
  }
  return TRI_OK;
}

/* A batch of the first samples with one number of them in place of another, or one too many. */
struct spoilt {
  size_t more, x_at, y_at;
  double x, y;
};

static tri_status generate_spoilt(void *context, uint64_t index, size_t samples, double *const *x,
                                  double *const *y, size_t *made) {
  const struct spoilt *s = context;
  struct generator whole = {.batches = 2};
  tri_status status = generate(&whole, index, samples, x, y, made);
  x[0][s->x_at] = s->x;
  y[0][s->y_at] = s->y;
  *made += s->more;
  return status;
}

static void spoilt_is_told(struct spoilt s, const char *message) {
  tri_dataset data = {.generate = generate_spoilt, .context = &s};
  refused(data, (tri_fit_options){.batch_size = 10}, TRI_ARGUMENT, message);
}

START_TEST(what_is_generated_is_checked) {
  spoilt_is_told((struct spoilt){.more = 1}, "11 samples generated for a batch of 10");
  spoilt_is_told((struct spoilt){.x_at = 2 * FEATURES + 4, .x = NAN},
                 "input_layer: the data are nan at [2, 4]");
  spoilt_is_told((struct spoilt){.y_at = 7, .y = 3},
                 "dense_1: label 3 of sample 7 is no class from 0 to 2");
}
END_TEST

START_TEST(what_is_generated_is_learnt) {
  enum { N = FEATURES * 16 + 16 + 16 * CLASSES + CLASSES };
  struct generator g = {.batches = 4};
  tri_dataset data = {.generate = generate, .context = &g};
  tri_array x = p.x_array, y = p.y_array, out;
  tri_samples xs = {.array = &x, .scale = 1 / 255.}, ys = {.array = &y};
  tri_dataset same = with(&xs, &ys);
  double first[N], one[N], other[N];
  x.dims[0] = y.dims[0] = y.count = 33, x.count = 33 * FEATURES;
  tri_model_get_weights(m, first);
  fine(m, tri_model_fit(m, &data, &(tri_fit_options){.batch_size = 10, .epochs = 2}));
  tri_model_get_weights(m, one);
  tri_model_set_weights(m, first);
  fine(m,
       tri_model_fit(m, &same, &(tri_fit_options){.batch_size = 10, .epochs = 2, .no_shuffle = 1}));
  tri_model_get_weights(m, other);
  for (int i = 0; i < N; i++) ck_assert_double_eq_tol(one[i], other[i], 1e-13);
  fine(m, tri_model_predict(m, &data, &(tri_evaluate_options){.batch_size = 10}, &out));
  ck_assert_uint_eq(out.dims[0], 33);
  ck_assert_uint_eq(out.count, 33 * CLASSES);
  tri_array_free(&out);
  g.fails = 1;
  ck_assert_int_eq(tri_model_fit(m, &data, NULL), TRI_FILE);
  g = (struct generator){.batches = 0};
  ck_assert_int_eq(tri_model_fit(m, &data, NULL), TRI_ARGUMENT);
  ck_assert_str_eq(tri_model_error(m)->message, "the data are empty");
  ck_assert_int_eq(tri_model_predict(m, &data, NULL, &out), TRI_ARGUMENT);
  ck_assert_ptr_null(out.data);
}
END_TEST

/* --- ready-made callbacks */

static double halves(void *context, int64_t epoch, double rate) {
  (void)context;
  return epoch ? rate / 2 : rate;
}

START_TEST(rates_are_scheduled) {
  tri_rate_schedule s = {.schedule = halves};
  tri_callback c = tri_schedule_rate(&s);
  fine(m, tri_model_fit(m, &p.data,
                        &(tri_fit_options){.epochs = 3, .callbacks = &c, .n_callbacks = 1}));
  ck_assert_double_eq(tri_model_learning_rate(m), 0.025);
}
END_TEST

static double loses_it(void *context, int64_t epoch, double rate) {
  (void)context;
  return epoch ? (double)NAN : rate;
}

START_TEST(rates_without_sense_leave_it_as_it_is) {
  static const double rates[] = {NAN, INFINITY, -1.0};
  tri_rate_schedule s = {.schedule = loses_it};
  tri_callback c = tri_schedule_rate(&s);
  double before = tri_model_learning_rate(m);
  for (size_t i = 0; i < 3; i++) {
    tri_model_set_learning_rate(m, rates[i]);
    ck_assert_double_eq(tri_model_learning_rate(m), before);
  }
  tri_fit_options o = {.epochs = 3, .callbacks = &c, .n_callbacks = 1};
  ck_assert_int_eq(tri_model_fit(m, &p.data, &o), TRI_ARGUMENT);
  ck_assert_str_eq(tri_model_error(m)->message,
                   "the learning rate is negative or no number at epoch 2");
}
END_TEST

/* Of an accuracy the largest is the best, and the first epochs may not count. */
START_TEST(the_best_is_that_of_the_monitor) {
  tri_early_stopping s = {.monitor = "accuracy", .patience = 100};
  tri_callback c = tri_stop_early(&s);
  tri_fit_options o = {.epochs = 8, .callbacks = &c, .n_callbacks = 1};
  double least = 2.0, most = -1.0;
  fine(m, tri_model_fit(m, &p.data, &o));
  const double *accuracy = tri_history_find(tri_model_history(m), "accuracy");
  for (int i = 0; i < 8; i++) {
    least = fmin(least, accuracy[i]);
    most = fmax(most, accuracy[i]);
  }
  ck_assert_double_lt(least, most);
  ck_assert_double_eq(s.best, most);
  s = (tri_early_stopping){
      .monitor = "loss", .patience = 2, .min_delta = 1e9, .start_from_epoch = 3};
  fine(m, tri_model_fit(m, &p.data, &o));
  ck_assert_int_eq(s.best_epoch, 3);
  ck_assert_int_eq(s.stopped_epoch, 5);
}
END_TEST

START_TEST(it_stops_early) {
  enum { N = FEATURES * 16 + 16 + 16 * CLASSES + CLASSES };
  tri_early_stopping s = {.monitor = "loss", .patience = 2, .min_delta = 1e9};
  tri_callback c = tri_stop_early(&s);
  tri_fit_options o = {.epochs = 10, .callbacks = &c, .n_callbacks = 1};
  double first[N], one[N], other[N];
  tri_model_get_weights(m, first);
  fine(m,
       tri_model_fit(m, &p.data, &o)); /* the first is better than none, no other is by so much */
  ck_assert_uint_eq(tri_history_epochs(tri_model_history(m)), 3);
  ck_assert_int_eq(s.stopped_epoch, 2);
  ck_assert_int_eq(s.best_epoch, 0);
  s.restore_best_weights = 1;
  tri_model_set_weights(m, first);
  fine(m, tri_model_fit(m, &p.data, &o));
  tri_model_get_weights(m, one);
  tri_model_set_weights(m, first);
  fine(m, tri_model_fit(m, &p.data, NULL));
  tri_model_get_weights(m, other);
  ck_assert_mem_eq(one, other, sizeof one);
  s.monitor = "val_loss";
  ck_assert_int_eq(tri_model_fit(m, &p.data, &o), TRI_NAME);
  ck_assert_str_eq(tri_model_error(m)->message, "early stopping: val_loss is not measured");
}
END_TEST

static void keep(void *context, const char *text, size_t size) {
  char *all = context;
  strncat(all, text, size);
}

START_TEST(progress_is_shown) {
  static char shown[4096];
  tri_progress progress = {.write = keep, .context = shown};
  tri_callback c = tri_show_progress(&progress);
  fine(m, tri_model_fit(m, &p.data,
                        &(tri_fit_options){.epochs = 2, .callbacks = &c, .n_callbacks = 1}));
  ck_assert_ptr_nonnull(strstr(shown, "Epoch 1/2\n10/10 ━━━━━━━━━━━━━━━━━━━━ "));
  ck_assert_ptr_nonnull(strstr(shown, "Epoch 2/2\n10/10 ━━━━━━━━━━━━━━━━━━━━ "));
  ck_assert_ptr_nonnull(strstr(shown, "/step - accuracy: 0."));
}
END_TEST

/* --- nothing else may begin meanwhile */

static void begins_another(void *context, tri_fit *fit) {
  tri_status *statuses = context;
  statuses[0] = tri_model_fit(fit->model, &p.data, NULL);
  statuses[1] = tri_model_compile(fit->model, .loss = "mse");
  statuses[2] = tri_model_evaluate(fit->model, &p.data, NULL, (double[2]){0});
}

START_TEST(fits_are_not_within_fits) {
  tri_status statuses[3] = {TRI_OK};
  tri_callback c = {.context = statuses, .on_batch_end = begins_another};
  fine(m, tri_model_fit(m, &p.data, &(tri_fit_options){.callbacks = &c, .n_callbacks = 1}));
  ck_assert_int_eq(statuses[0], TRI_ARGUMENT);
  ck_assert_int_eq(statuses[1], TRI_ARGUMENT);
  ck_assert_int_eq(statuses[2], TRI_OK);
}
END_TEST

static void changes_the_model(void *context, tri_fit *fit) {
  tri_status *statuses = context;
  tri_array outputs[1];
  statuses[0] = tri_model_add(fit->model, tri_dense(2));
  statuses[1] = tri_model_predict(fit->model, &p.data, NULL, outputs);
  if (!statuses[1]) tri_array_free(outputs);
}

START_TEST(a_model_that_is_fitted_stays_what_it_is) {
  tri_status statuses[2] = {TRI_OK};
  tri_callback c = {.context = statuses, .on_batch_end = changes_the_model};
  size_t layers = tri_model_layers(m);
  fine(m, tri_model_fit(m, &p.data, &(tri_fit_options){.callbacks = &c, .n_callbacks = 1}));
  ck_assert_int_eq(statuses[0], TRI_ARGUMENT);
  ck_assert_int_eq(statuses[1], TRI_OK);
  ck_assert_uint_eq(tri_model_layers(m), layers);
}
END_TEST

/* A batch of zeros, made by a generator that has its own model predict another. */
struct within {
  tri_model *model;
  tri_status predicted, added;
};

static tri_status makes_within(void *context, uint64_t index, size_t samples, double *const *x,
                               double *const *y, size_t *made) {
  struct within *w = context;
  tri_array outputs[1];
  (void)y;
  w->predicted = tri_model_predict(w->model, &p.data, NULL, outputs);
  if (!w->predicted) tri_array_free(outputs);
  w->added = tri_model_add(w->model, tri_dense(2));
  *made = index == 0 ? samples : 0;
  for (size_t i = 0; i < *made * FEATURES; i++) x[0][i] = 0.0;
  return TRI_OK;
}

START_TEST(predictions_are_not_within_predictions) {
  struct within w = {.model = m};
  tri_dataset data = {.generate = makes_within, .context = &w};
  tri_array outputs[1];
  fine(m, tri_model_predict(m, &data, &(tri_evaluate_options){.batch_size = 3}, outputs));
  ck_assert_uint_eq(outputs[0].dims[0], 3);
  ck_assert_int_eq(w.predicted, TRI_ARGUMENT);
  ck_assert_int_eq(w.added, TRI_ARGUMENT);
  tri_array_free(outputs);
}
END_TEST

/* --- several inputs and outputs */

START_TEST(other_outputs_are_compiled_anew) {
  static double x[] = {1, 2, 3, 4};
  tri_array array = doubles(x, 2, 4, 1), outputs[2];
  tri_samples in = {.array = &array};
  tri_dataset data = {.x = &in, .y = &in};
  tri_model *n = tri_functional(NULL);
  tri_tensor h = tri_model_call(n, tri_dense(1), tri_model_add_input(n, tri_input(1)));
  tri_tensor both[] = {tri_model_call(n, tri_dense(90), h), h};
  fine(n, tri_model_set_outputs(n, 1, &h));
  fine(n, tri_model_compile(n, .loss = "mse"));
  fine(n, tri_model_predict(n, &data, NULL, outputs));
  tri_array_free(outputs);
  fine(n, tri_model_set_outputs(n, 2, both));
  ck_assert_int_eq(tri_model_fit(n, &data, NULL), TRI_ARGUMENT);
  fine(n, tri_model_predict(n, &data, NULL, outputs));
  ck_assert_uint_eq(outputs[0].dims[1], 90);
  ck_assert_uint_eq(outputs[1].dims[1], 1);
  for (size_t i = 0; i < 2; i++) tri_array_free(outputs + i);
  tri_model_free(n);
}
END_TEST

START_TEST(losses_of_outputs_are_added) {
  double a[] = {1, 2, 3, 4}, b[] = {0.5, 0, -1, 2}, s[] = {1.5, 2, 2, 6}, w[] = {2, 1, 0.5, 3};
  double weights[6] = {1, 0, 0, 0, 1, 0}, results[6];
  tri_model *n = tri_functional(&(tri_model_options){.dtype = "float64"});
  tri_tensor x = tri_model_add_input(n, tri_input(1)), z = tri_model_add_input(n, tri_input(1));
  tri_tensor both = tri_model_call(n, tri_concatenate(), x, z), y[2];
  y[0] = tri_model_call(n, tri_dense(1, .name = "one"), both);
  y[1] = tri_model_call(n, tri_dense(1, .name = "two"), both);
  fine(n, tri_model_set_outputs(n, 2, y));
  tri_model_set_weights(n, weights); /* the first input, and the second */
  tri_array arrays[] = {doubles(a, 2, 4, 1), doubles(b, 1, 4, 0), doubles(s, 1, 4, 0),
                        doubles(w, 2, 4, 1)};
  tri_samples in[] = {{.array = &arrays[0]}, {.array = &arrays[1]}};
  tri_samples out[] = {{.array = &arrays[2]}, {.array = &arrays[3]}};
  tri_dataset data = {.x = in, .n_x = 2, .y = out, .n_y = 2};
  fine(n, tri_model_compile(n, .losses = ((const char *const[]){"mse", "mae"}),
                            .loss_weights = ((const double[]){1, 0.5}), .metrics = {"mae"}));
  static const char *const names[] = {"loss", "one_loss", "two_loss", "one_mae", "two_mae"};
  ck_assert_uint_eq(tri_model_metrics(n), 5);
  for (size_t i = 0; i < 5; i++) ck_assert_str_eq(tri_model_metric_name(n, i), names[i]);
  fine(n, tri_model_evaluate(n, &data, NULL, results));
  double first = (0.25 + 0 + 1 + 4) / 4, second = (1.5 + 1 + 1.5 + 1) / 4;
  ck_assert_double_eq_tol(results[0], first + 0.5 * second, 1e-15);
  ck_assert_double_eq_tol(results[1], first, 1e-15);
  ck_assert_double_eq_tol(results[2], second, 1e-15);
  ck_assert_double_eq_tol(results[3], (0.5 + 0 + 1 + 2) / 4, 1e-15);
  fine(n, tri_model_fit(n, &data, &(tri_fit_options){.epochs = 20}));
  fine(n, tri_model_evaluate(n, &data, NULL, results + 1));
  ck_assert_double_lt(results[1], results[0]);
  tri_model_free(n);
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite(
      "fit", 60, set_up, tear_down, data_that_do_not_fit_are_told, missing_data_are_told,
      labels_out_of_range_are_told, targets_that_are_no_probabilities_are_told,
      numbers_that_are_none_are_told, numbers_beyond_floats_are_told,
      options_without_sense_are_told, compiling_without_sense_is_told, a_loss_that_is_none_ends_it,
      it_is_interrupted, histories_tell_of_each_epoch, validation_takes_the_last_samples,
      steps_end_evaluations, arrays_are_of_any_type, a_batch_of_all_is_one_step,
      every_sample_comes_once, what_is_generated_is_checked, what_is_generated_is_learnt,
      rates_are_scheduled, rates_without_sense_leave_it_as_it_is, the_best_is_that_of_the_monitor,
      it_stops_early, progress_is_shown, fits_are_not_within_fits,
      a_model_that_is_fitted_stays_what_it_is, predictions_are_not_within_predictions,
      other_outputs_are_compiled_anew, losses_of_outputs_are_added);
}

int main(void) {
  settle_products();
  return tri_test_main("fit", suite);
}
