/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models: names, shapes, first weights, random numbers, and layers as expressions against the same
 * written out in C. */
#include <math.h>
#include <string.h>

#include "tests/nn/networks.h"
#include "tests/runner.h"

static tri_model *m;

static void set_up(void) {
  m = tri_sequential(&(tri_model_options){.seed = 7, .dtype = "float64"});
}
static void tear_down(void) { tri_model_free(m); }

static void add(tri_layer layer) { add_layer(m, layer); }

static void refused(tri_layer layer, tri_status status, const char *message) {
  refuse_layer(m, layer, status, message);
}

/* Known answers of Random123's kat_vectors for philox4x32 with 10 rounds. */
START_TEST(random_numbers_are_philox) {
  static const uint32_t zeros[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  for (uint64_t i = 0; i < 4; i++)
    ck_assert_uint_eq(tri__random24(0, STREAM_WEIGHTS, 0, i), zeros[i] >> 8);
  ck_assert_uint_ne(tri__random24(0, STREAM_WEIGHTS, 0, 4), zeros[0] >> 8);
  ck_assert_uint_ne(tri__random24(0, STREAM_SHUFFLE, 0, 0), zeros[0] >> 8);
  ck_assert_uint_ne(tri__random24(1, STREAM_WEIGHTS, 0, 0), zeros[0] >> 8);
}
END_TEST

START_TEST(what_does_not_fit_is_told) {
  refused(tri_dense(3), TRI_ARGUMENT, "the first layer, and no other, is an input");
  refused(tri_input(0), TRI_SHAPE, "input_layer: size 0 is not positive");
  add(tri_input(2, 6));
  refused(tri_input(2), TRI_ARGUMENT, "the first layer, and no other, is an input");
  refused(tri_dense(0), TRI_ARGUMENT, "dense: the number of units is not positive");
  refused(tri_dense(3, .activation = "rely"), TRI_NAME, "dense: no activation is called rely");
  refused(tri_dense(3, .bias_initializer = "one"), TRI_NAME, "dense: no initializer is called one");
  refused(tri_dropout(1.0), TRI_ARGUMENT, "dropout: the rate is not in [0, 1)");
  refused(tri_reshape_layer(5, -1), TRI_SHAPE,
          "reshape: elements do not fit: (None, 2, 6) as (None, 5, -1)");
  add(tri_dense(3, .name = "first"));
  refused(tri_dense(3, .name = "first"), TRI_NAME, "first: two layers of this name");
}
END_TEST

/* Keras takes no stroke either: it parts a layer's name from what is in it. */
START_TEST(names_are_utf8_without_strokes) {
  add(tri_named("Eingabe ü", tri_input(2)));
  refused(tri_dense(3, .name = ""), TRI_NAME, "a layer's name has 1 to 63 bytes");
  refused(tri_dense(3, .name = "a/b"), TRI_NAME, "a/b: a layer's name has no '/' in it");
  refused(tri_dense(3, .name = "a\xff/"), TRI_NAME, "a layer's name is not UTF-8");
  refused(tri_dense(3, .name = "\xc3"), TRI_NAME, "a layer's name is not UTF-8");
}
END_TEST

START_TEST(windows_have_limits) {
  const int64_t most = INT32_MAX;
  add(tri_input(8, 8, 3));
  refused(tri_max_pooling2d(.pool_size = {60000}, .padding = "same"), TRI_LIMIT,
          "max_pooling2d: a window reaches over more than 2147483647 elements");
  refused(tri_average_pooling2d(.pool_size = {40000}, .padding = "same"), TRI_LIMIT,
          "average_pooling2d: a window reaches over more than 2147483647 elements");
  refused(tri_conv2d(1, .kernel_size = {most}, .padding = "same"), TRI_LIMIT,
          "conv2d: a window reaches over more than 2147483647 elements");
  refused(tri_conv2d(1, .kernel_size = {2, 1}, .dilation_rate = {most}, .padding = "same"),
          TRI_LIMIT, "conv2d: a window reaches over more than 2147483647 elements");
  add(tri_conv2d(1, .kernel_size = {2, 1}, .dilation_rate = {most - 1}, .padding = "same"));
}
END_TEST

/* As large as they may be, for inputs that are small: what is outside is passed over. */
START_TEST(windows_may_be_larger_than_what_they_are_of) {
  double x[] = {1, -2, 3, 0.5}, *y;
  tri_array xs = {.dtype = TRI_F8, .rank = 3, .dims = {1, 4, 1}, .count = 4, .data = x}, found;
  tri_dataset data = {.x = &(tri_samples){.array = &xs}};
  add(tri_input(4, 1));
  add(tri_max_pooling1d(.pool_size = {INT32_MAX}, .strides = {1}, .padding = "same"));
  tri_status status = tri_model_predict(m, &data, NULL, &found);
  ck_assert_msg(status == TRI_OK, "%s", tri_model_error(m)->message);
  y = found.data;
  for (int i = 0; i < 4; i++) ck_assert_double_eq(y[i], 3);
  tri_array_free(&found);
}
END_TEST

static void spread(const char *initializer, double variance, double limit) {
  double values[30 * 50], sum = 0.0, squares = 0.0, largest = 0.0;
  tri_model_free(m);
  set_up();
  add(tri_input(30));
  add(tri_dense(50, .kernel_initializer = initializer, .no_bias = 1));
  tri_model_get_weights(m, values);
  for (int i = 0; i < 1500; i++) {
    sum += values[i] / 1500;
    squares += values[i] * values[i] / 1500;
    largest = fmax(largest, fabs(values[i]));
  }
  ck_assert_double_le(fabs(sum), 4 * sqrt(variance / 1500));
  ck_assert_double_eq_tol(squares / variance, 1.0, 0.08);
  ck_assert_double_le(largest, limit);
  ck_assert_double_ge(largest, 0.98 * limit);
}

START_TEST(first_weights_are_spread_as_keras_spreads_them) {
  spread("glorot_uniform", 2.0 / 80, sqrt(6.0 / 80));
  spread("lecun_uniform", 1.0 / 30, sqrt(3.0 / 30));
  spread("lecun_normal", 1.0 / 30, 2 * sqrt(1.0 / 30) / 0.87962566103423978);
  spread("he_uniform", 2.0 / 30, sqrt(6.0 / 30));
  spread("glorot_normal", 2.0 / 80, 2 * sqrt(2.0 / 80) / 0.87962566103423978);
  spread("he_normal", 2.0 / 30, 2 * sqrt(2.0 / 30) / 0.87962566103423978);
}
END_TEST

START_TEST(seeds_repeat_weights) {
  double values[2][8];
  for (int i = 0; i < 2; i++) {
    tri_model_free(m);
    set_up();
    add(tri_input(2));
    add(tri_dense(2, .bias_initializer = "ones"));
    add(tri_dense(1, .no_bias = 1));
    ck_assert_uint_eq(tri_model_parameters(m), 8);
    tri_model_get_weights(m, values[i]);
  }
  ck_assert_mem_eq(values[0], values[1], sizeof values[0]);
  ck_assert_double_eq(values[0][4], 1.0);
  ck_assert_double_ne(values[0][0], values[0][6]);
}
END_TEST

/* The model at n samples, with its own weights. */
static void run(int64_t n, size_t samples, const double *x, double *y) {
  tri_expr inputs[16], out = tri_model_output(m, 0);
  size_t weights = tri_model_weights(m), p = tri_model_parameters(m);
  double *all = malloc((p + samples) * sizeof *all);
  for (size_t i = 0; i < weights; i++) inputs[i] = tri_model_weight(m, i).variable;
  inputs[weights] = tri_model_input(m, 0);
  tri_function *f = tri_compile(weights + 1, inputs, 1, &out);
  tri_model_get_weights(m, all);
  memcpy(all + p, x, samples * sizeof *x);
  tri_call call = {.n_sizes = 1, .sizes = &n};
  ck_assert_int_eq(tri_function_call(f, &call, all, y), TRI_OK);
  tri_function_free(f);
  free(all);
}

START_TEST(dense_layers_are_products_and_sums) {
  const double w[] = {1, 2, 3, 4, 5, 6, -10, 0, 10}, x[] = {1, 1, -1, 0.5};
  double y[6];
  add(tri_input(2));
  add(tri_dense(3, .activation = "relu"));
  tri_model_set_weights(m, w);
  run(2, 4, x, y);
  const double expected[] = {0, 7, 19, 0, 0.5, 10};
  for (int i = 0; i < 6; i++) ck_assert_double_eq(y[i], expected[i]);
}
END_TEST

/* Softmax over an odd number of classes, far from 0 too. */
START_TEST(softmax_does_not_overflow) {
  const double x[] = {1, 2, 3, 4, 5, 1000, -1000, 999, 0, 0};
  double y[10], sum = 0.0;
  add(tri_input(5));
  add(tri_activation("softmax"));
  run(2, 10, x, y);
  for (int i = 0; i < 5; i++) sum += exp(x[i]);
  for (int i = 0; i < 5; i++) ck_assert_double_eq_tol(y[i], exp(x[i]) / sum, 1e-15);
  ck_assert_double_eq_tol(y[5], 1 / (1 + exp(-1)), 1e-13);
  ck_assert_double_eq_tol(y[7], 1 / (1 + exp(1)), 1e-13);
  ck_assert_double_eq(y[6], 0.0);
}
END_TEST

/* With Keras's constants for selu. */
static double by_hand(int which, double x) {
  const double six = fmin(fmax(x + 3, 0), 6) / 6, soft = log1p(exp(x)),
               all = exp(-2) + exp(-0.5) + 1 + exp(0.5) + exp(3);
  switch (which) {
  case 0: return x > 0 ? x : 0;
  case 1: return 1 / (1 + exp(-x));
  case 2: return tanh(x);
  case 3: return soft;
  case 4: return x / (1 + fabs(x));
  case 5: return exp(x);
  case 6: return x > 0 ? x : expm1(x);
  case 7: return x / (1 + exp(-x));
  case 8: return 0.5 * x * (1 + erf(x / sqrt(2)));
  case 9: return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x));
  case 10: return x > 0 ? x : 0.2 * x;
  case 11: return fmin(fmax(x, 0), 6);
  case 12: return six;
  case 13: return x * six;
  case 14: return x * tanh(soft);
  case 15: return -log1p(exp(-x));
  case 16: return x - log(all);
  default: return x;
  }
}

static const double X[5] = {-2, -0.5, 0, 0.5, 3};

START_TEST(activations_are_those_of_keras) {
  static const char *const names[] = {
      "relu",         "sigmoid",   "tanh", "softplus",    "softsign",    "exponential",
      "elu",          "silu",      "gelu", "selu",        "leaky_relu",  "relu6",
      "hard_sigmoid", "hard_silu", "mish", "log_sigmoid", "log_softmax", "linear"};
  double y[5];
  for (int k = 0; k < 18; k++) {
    tri_model_free(m);
    set_up();
    add(tri_input(5));
    add(tri_activation(names[k]));
    run(1, 5, X, y);
    for (int i = 0; i < 5; i++)
      ck_assert_double_eq_tol(y[i], by_hand(k, X[i]), 1e-15 * (1 + fabs(y[i])));
  }
}
END_TEST

/* At 0 the derivative from below, as in Keras; far out nothing overflows. */
START_TEST(activations_in_two_pieces_have_derivatives) {
  static const char *const names[] = {"elu", "selu", "leaky_relu"};
  const double at[3][3] = {{1, 1, 0},
                           {1.0507009873554805, 1.0507009873554805 * 1.6732632423543772, 0},
                           {1, 0.2, 0.2}},
               x[3] = {1e6, 0, -1e6};
  for (int k = 0; k < 3; k++) {
    tri_expr v, gradient;
    double y[3];
    tri_model_free(m);
    set_up();
    add(tri_input(3));
    add(tri_activation(names[k]));
    v = tri_model_input(m, 0);
    ck_assert_int_eq(tri_gradient(tri__sum_all(tri_model_output(m, 0)), 1, &v, &gradient), TRI_OK);
    value_at(gradient, 1, &(struct given){v, x}, 1, y);
    near_all(3, y, at[k], 1e-15);
  }
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("model", 0, set_up, tear_down, random_numbers_are_philox,
                        what_does_not_fit_is_told, names_are_utf8_without_strokes,
                        windows_have_limits, windows_may_be_larger_than_what_they_are_of,
                        first_weights_are_spread_as_keras_spreads_them, seeds_repeat_weights,
                        dense_layers_are_products_and_sums, softmax_does_not_overflow,
                        activations_are_those_of_keras, activations_in_two_pieces_have_derivatives);
}

int main(void) { return tri_test_main("model", suite); }
