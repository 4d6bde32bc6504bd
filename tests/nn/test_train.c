/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models that really learn, in both dtypes, the same for any number of threads; steps against steps
 * by hand. */
#include "nn/train.h"
#include "tests/nn/training.h"

/* --- learning */

static void learns_xor(const char *dtype, tri_optimizer optimizer, int64_t epochs) {
  double xor_x[] = {0, 0, 0, 1, 1, 0, 1, 1}, xor_y[] = {0, 1, 1, 0};
  tri_model *m = xor_model(dtype, NULL);
  tri_array x = doubles(xor_x, 2, 4, 2), y = doubles(xor_y, 1, 4, 0);
  tri_dataset data = {.x = &(tri_samples){.array = &x}, .y = &(tri_samples){.array = &y}};
  double loss;
  fine(m, tri_model_compile(m, .optimizer = optimizer, .loss = "binary_crossentropy"));
  fine(m, tri_model_fit(m, &data, &(tri_fit_options){.epochs = epochs}));
  fine(m, tri_model_evaluate(m, &data, NULL, &loss));
  ck_assert_double_lt(loss, 0.01);
  ck_assert_uint_eq(tri_history_epochs(tri_model_history(m)), (size_t)epochs);
  tri_model_free(m);
}

START_TEST(xor_is_learnt) {
  learns_xor("float64", tri_adam(.learning_rate = 0.1), 200);
  learns_xor("float32", tri_adam(.learning_rate = 0.1), 200);
  learns_xor("float32", tri_rmsprop(.learning_rate = 0.05), 200);
  learns_xor("float64", tri_sgd(.learning_rate = 0.5, .momentum = 0.9), 1000);
  learns_xor("float32", tri_sgd(.learning_rate = 0.5, .momentum = 0.9, .nesterov = 1), 1000);
}
END_TEST

START_TEST(classes_are_learnt) {
  struct points p;
  make_points(&p);
  for (int i = 0; i < 4; i++) {
    tri_model *m = classifier(i % 2 ? "float32" : "float64", i < 2 ? 0.0 : 0.3, NULL);
    fine(m, tri_model_compile(m, .optimizer = tri_adam(.learning_rate = 0.02),
                              .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}));
    fine(m, tri_model_fit(m, &p.data, &(tri_fit_options){.epochs = 15}));
    ck_assert_double_gt(accuracy_of(m, &p), 0.95);
    double results[2];
    ck_assert_uint_eq(tri_model_metrics(m), 2);
    fine(m, tri_model_evaluate(m, &p.data, NULL, results));
    ck_assert_double_eq_tol(results[1], accuracy_of(m, &p), 1e-6);
    tri_model_free(m);
  }
}
END_TEST

/* --- one step by hand */

/* Of y = w x + b and the mean square over three samples. */
START_TEST(a_step_goes_along_the_gradient) {
  double x[] = {1, 2, 4}, t[] = {3, -1, 2}, w[] = {0.5, -1}, g[2] = {0, 0}, loss = 0, found;
  tri_array xs = doubles(x, 2, 3, 1), ts = doubles(t, 2, 3, 1);
  tri_dataset data = {.x = &(tri_samples){.array = &xs}, .y = &(tri_samples){.array = &ts}};
  tri_model *m = tri_sequential(&(tri_model_options){.dtype = "float64"});
  add_layer(m, tri_input(1));
  add_layer(m, tri_dense(1));
  tri_model_set_weights(m, w);
  for (int i = 0; i < 3; i++) {
    double d = w[0] * x[i] + w[1] - t[i];
    loss += d * d / 3;
    g[0] += 2 * d * x[i] / 3;
    g[1] += 2 * d / 3;
  }
  fine(m, tri_model_compile(m, .optimizer = tri_sgd(.learning_rate = 0.25),
                            .loss = "mean_squared_error"));
  fine(m, tri_model_train_on_batch(m, &data, &found));
  ck_assert_double_eq_tol(found, loss, 1e-14);
  double after[2];
  tri_model_get_weights(m, after);
  for (int i = 0; i < 2; i++) ck_assert_double_eq_tol(after[i], w[i] - 0.25 * g[i], 1e-14);
  tri_model_set_learning_rate(m, 0.0);
  ck_assert_double_eq(tri_model_learning_rate(m), 0.0);
  fine(m, tri_model_train_on_batch(m, &data, NULL));
  tri_model_get_weights(m, w);
  ck_assert_mem_eq(after, w, sizeof w);
  tri_model_free(m);
}
END_TEST

/* --- moving statistics */

START_TEST(batch_normalization_moves_its_statistics) {
  double x[] = {1, 2, 3, 6}, y[] = {0, 0, 0, 0}, w[4];
  tri_array xs = doubles(x, 2, 4, 1), ys = doubles(y, 2, 4, 1);
  tri_dataset data = {.x = &(tri_samples){.array = &xs}, .y = &(tri_samples){.array = &ys}};
  tri_model *m = tri_sequential(&(tri_model_options){.dtype = "float64"});
  add_layer(m, tri_input(1));
  add_layer(m, tri_batch_normalization(.momentum = 0.75));
  fine(m, tri_model_compile(m, .optimizer = tri_sgd(), .loss = "mean_squared_error"));
  fine(m, tri_model_train_on_batch(m, &data, NULL));
  tri_model_get_weights(m, w);
  ck_assert_double_eq_tol(w[2], 0.25 * 3.0, 1e-14);
  ck_assert_double_eq_tol(w[3], 0.75 + 0.25 * 3.5, 1e-14);
  double loss;
  fine(m, tri_model_evaluate(m, &data, NULL, &loss));
  double after[4];
  tri_model_get_weights(m, after);
  ck_assert_mem_eq(after, w, sizeof w);
  tri_model_free(m);
}
END_TEST

/* --- dropout */

enum { AVERAGED = 1000 };

/* The mean of AVERAGED numbers behind so many layers that drop some. */
static tri_model *mean_after_dropout(int layers, double rate) {
  double w[AVERAGED + 1] = {0};
  for (int i = 0; i < AVERAGED; i++) w[i] = 1.0 / AVERAGED;
  tri_model *m = tri_sequential(&(tri_model_options){.dtype = "float64", .seed = 5});
  add_layer(m, tri_input(AVERAGED));
  for (int i = 0; i < layers; i++) add_layer(m, tri_dropout(rate));
  add_layer(m, tri_dense(1));
  tri_model_set_weights(m, w);
  fine(m, tri_model_compile(m, .optimizer = tri_sgd(), .loss = "mean_squared_error"));
  return m;
}

/* A layer of ones and weights of 1: what is learnt of is the share that was kept, over what it is
 * expected to be. */
START_TEST(dropout_keeps_its_share) {
  static double x[4 * AVERAGED], y[4];
  double loss[2], expected;
  for (int i = 0; i < 4 * AVERAGED; i++) x[i] = 1;
  tri_array xs = doubles(x, 2, 4, AVERAGED), ys = doubles(y, 2, 4, 1);
  tri_dataset data = {.x = &(tri_samples){.array = &xs}, .y = &(tri_samples){.array = &ys}};
  tri_model *m = mean_after_dropout(1, 0.4);
  tri_model_set_learning_rate(m, 0);
  for (int i = 0; i < 2; i++) fine(m, tri_model_train_on_batch(m, &data, &loss[i]));
  ck_assert_double_eq_tol(loss[0], 1, 0.05);
  ck_assert_double_ne(loss[0], 1.0);
  ck_assert_double_ne(loss[0], loss[1]); /* another mask at another step */
  fine(m, tri_model_evaluate(m, &data, NULL, &expected));
  ck_assert_double_eq_tol(expected, 1, 1e-12); /* and none in use */
  tri_model_free(m);
}
END_TEST

/* Two layers that keep the same half would keep a half, and not a quarter. */
START_TEST(masks_of_layers_differ) {
  static double x[AVERAGED], y[1];
  double loss;
  for (int i = 0; i < AVERAGED; i++) x[i] = 1;
  tri_array xs = doubles(x, 2, 1, AVERAGED), ys = doubles(y, 2, 1, 1);
  tri_dataset data = {.x = &(tri_samples){.array = &xs}, .y = &(tri_samples){.array = &ys}};
  tri_model *m = mean_after_dropout(2, 0.5);
  fine(m, tri_model_train_on_batch(m, &data, &loss));
  ck_assert_double_eq_tol(loss, 1, 0.5); /* and not 4 */
  tri_model_free(m);
}
END_TEST

/* --- the same bits */

static void learn(tri_model *m, const tri_dataset *data, size_t threads, int64_t batch,
                  double *weights) {
  fine(m, tri_model_compile(m, .optimizer = tri_adam(), .loss = "sparse_categorical_crossentropy",
                            .threads = threads));
  fine(m, tri_model_fit(m, data, &(tri_fit_options){.epochs = 2, .batch_size = batch}));
  tri_model_get_weights(m, weights);
  tri_model_free(m);
}

static const size_t numbers_of_threads[] = {1, 2, 7};

START_TEST(threads_change_no_bit) {
  enum { PARAMETERS = FEATURES * 16 + 16 + 16 * CLASSES + CLASSES };
  double weights[3][PARAMETERS];
  struct points p;
  make_points(&p);
  for (size_t i = 0; i < 3; i++)
    learn(classifier("float32", 0.25, NULL), &p.data, numbers_of_threads[i], 32, weights[i]);
  ck_assert_mem_eq(weights[0], weights[1], sizeof weights[0]);
  ck_assert_mem_eq(weights[0], weights[2], sizeof weights[0]);
}
END_TEST

/* So large that threads share gathering, products, chains and sums. */
START_TEST(threads_change_no_bit_of_large_steps) {
  enum { SAMPLES = 600, PIXELS = 784, WIDE = 300, NARROW = 100, DIGITS = 10 };
  enum { PARAMETERS = (PIXELS + 1) * WIDE + (WIDE + 1) * NARROW + (NARROW + 1) * DIGITS };
  static double weights[3][PARAMETERS];
  static uint8_t pixels[SAMPLES * PIXELS], digits[SAMPLES];
  uint32_t state = 1;
  for (size_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)((state = state * 1664525u + 1013904223u) >> 24);
  for (size_t i = 0; i < SAMPLES; i++) digits[i] = (uint8_t)(i % DIGITS);
  tri_array x = {.dtype = TRI_U1, .rank = 2, .dims = {SAMPLES, PIXELS}, .count = sizeof pixels};
  tri_array y = {.dtype = TRI_U1, .rank = 1, .dims = {SAMPLES}, .count = SAMPLES};
  x.data = pixels, y.data = digits;
  tri_dataset data = {.x = &(tri_samples){.array = &x, .scale = 1 / 255.},
                      .y = &(tri_samples){.array = &y}};
  for (size_t i = 0; i < 3; i++) {
    tri_model *m = tri_sequential(&(tri_model_options){.seed = 11});
    add_layer(m, tri_input(PIXELS));
    add_layer(m, tri_dense(WIDE, .activation = "relu"));
    add_layer(m, tri_dropout(0.25));
    add_layer(m, tri_dense(NARROW, .activation = "relu"));
    add_layer(m, tri_dense(DIGITS, .activation = "softmax"));
    learn(m, &data, numbers_of_threads[i], 256, weights[i]);
  }
  ck_assert_mem_eq(weights[0], weights[1], sizeof weights[0]);
  ck_assert_mem_eq(weights[0], weights[2], sizeof weights[0]);
}
END_TEST

/* A batch of several parts has the samples that it should, in their order. */
START_TEST(large_batches_have_their_samples) {
  enum { SAMPLES = 300, EACH = 501, FIRST = 7, BATCH = 290 };
  static int16_t numbers[SAMPLES * EACH];
  static float batch[BATCH * EACH];
  uint32_t order[SAMPLES];
  tri_array x = {.dtype = TRI_I2, .rank = 2, .dims = {SAMPLES, EACH}, .count = SAMPLES * EACH};
  tri_samples samples = {.array = &x, .scale = 2, .offset = 1};
  x.data = numbers;
  for (int i = 0; i < SAMPLES * EACH; i++) numbers[i] = (int16_t)(i % 30011);
  for (uint32_t i = 0; i < SAMPLES; i++) order[i] = i * 7 % SAMPLES;
  for (size_t way = 0; way < 4; way++) {
    tri_pool *pool = way & 1 ? tri_pool_new(3, NULL) : NULL;
    memset(batch, 0, sizeof batch);
    tri__gather_samples(pool, &samples, EACH, way & 2 ? order : NULL, FIRST, BATCH, 3, true, batch);
    for (size_t i = 0; i < BATCH * EACH; i++) {
      size_t row = FIRST + i / EACH, from = (way & 2 ? order[row] : row) * EACH + i % EACH;
      ck_assert_float_eq(batch[i], 2.0f * (float)numbers[from] + 1.0f);
    }
    tri_pool_free(pool);
  }
}
END_TEST

/* Threads may be others from fit to fit. */
START_TEST(threads_can_be_changed) {
  enum { PARAMETERS = FEATURES * 16 + 16 + 16 * CLASSES + CLASSES };
  double weights[2][PARAMETERS];
  struct points p;
  make_points(&p);
  for (int changed = 0; changed < 2; changed++) {
    tri_model *m = classifier("float32", 0.25, NULL);
    ck_assert_int_eq(tri_model_set_threads(m, 2), TRI_ARGUMENT);
    fine(m, tri_model_compile(m, .loss = "sparse_categorical_crossentropy", .threads = 7));
    for (size_t i = 1; i < 4; i++) {
      fine(m, tri_model_fit(m, &p.data, NULL));
      if (changed) fine(m, tri_model_set_threads(m, i));
      if (changed)
        ck_assert_uint_eq(m->training->pool ? tri_pool_threads(m->training->pool) : 1, i);
      ck_assert_int_eq(tri_model_set_threads(m, 1000000), TRI_MEMORY);
    }
    tri_model_get_weights(m, weights[changed]);
    tri_model_free(m);
  }
  ck_assert_mem_eq(weights[0], weights[1], sizeof weights[0]);
}
END_TEST

/* --- what summaries say of it */

/* After a step of training: 2 numbers for each weight, and as Keras has it the steps (8 bytes) and
 * the rate. */
START_TEST(optimizers_have_parameters_once_they_were_used) {
  double x[] = {1, 2}, y[] = {3};
  tri_array xs = doubles(x, 2, 1, 2), ys = doubles(y, 2, 1, 1);
  tri_dataset data = {.x = &(tri_samples){.array = &xs}, .y = &(tri_samples){.array = &ys}};
  tri_model *m = tri_sequential(NULL);
  tri_text text = {0};
  add_layer(m, tri_input(2));
  add_layer(m, tri_dense(1));
  fine(m, tri_model_compile(m, .optimizer = tri_adam(), .loss = "mse"));
  fine(m, tri_model_summary(m, &text));
  ck_assert_ptr_null(strstr(text.data, "Optimizer"));
  tri_text_free(&text);
  fine(m, tri_model_train_on_batch(m, &data, NULL));
  fine(m, tri_model_summary(m, &text));
  ck_assert_ptr_nonnull(strstr(text.data, " Total params: 11 (48.00 B)\n"
                                          " Trainable params: 3 (12.00 B)\n"
                                          " Non-trainable params: 0 (0.00 B)\n"
                                          " Optimizer params: 8 (36.00 B)\n"));
  tri_text_free(&text);
  tri_model_free(m);
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("train", 60, NULL, NULL, xor_is_learnt, classes_are_learnt,
                        a_step_goes_along_the_gradient, batch_normalization_moves_its_statistics,
                        dropout_keeps_its_share, masks_of_layers_differ, threads_change_no_bit,
                        threads_change_no_bit_of_large_steps, large_batches_have_their_samples,
                        threads_can_be_changed, optimizers_have_parameters_once_they_were_used);
}

int main(void) {
  settle_products();
  return tri_test_main("train", suite);
}
