/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Functional models: shared layers, several inputs and outputs, layers that join tensors, and what
 * does not fit. */
#include <string.h>

#include "tests/nn/networks.h"
#include "tests/runner.h"

static tri_model *m;

static void set_up(void) {
  m = tri_functional(&(tri_model_options){.seed = 7, .dtype = "float64"});
}
static void tear_down(void) { tri_model_free(m); }

static tri_tensor good(tri_tensor t) {
  ck_assert_msg(t.number != 0, "%s", tri_model_error(m)->message);
  return t;
}

static tri_tensor input(int64_t n, const char *name) {
  return good(tri_model_add_input(m, tri_named(name, tri_input(n))));
}

static void outputs(size_t n, const tri_tensor *t) {
  ck_assert_msg(tri_model_set_outputs(m, n, t) == TRI_OK, "%s", tri_model_error(m)->message);
}

START_TEST(shared_layers_have_one_set_of_weights) {
  const double kernel[] = {1, 2, 3, 4, 5, 6}, bias[] = {1, 0, -1}, a[] = {1, 10, 0, 1},
               b[] = {2, 0, -1, -1};
  double y[6];
  tri_tensor in[2] = {input(2, "a"), input(2, "b")};
  tri_tensor one = good(tri_model_call(m, tri_dense(3, .name = "twin"), in[0]));
  tri_tensor other = good(tri_model_call(m, tri_shared("twin"), in[1]));
  tri_tensor sum = good(tri_model_call(m, tri_add_layer(), one, other));
  outputs(1, &sum);
  ck_assert_uint_eq(tri_model_weights(m), 2);
  ck_assert_uint_eq(tri_model_parameters(m), 9);
  ck_assert_uint_eq(tri_model_layers(m), 4);
  ck_assert_uint_eq(tri_model_inputs(m), 2);
  const struct given given[] = {weight_of(m, "twin/kernel", kernel),
                                weight_of(m, "twin/bias", bias),
                                {tri_model_input(m, 0), a},
                                {tri_model_input(m, 1), b}};
  value_at(tri_model_output(m, 0), 4, given, 2, y);
  near_all(6, y, (const double[]){45, 56, 67, 1, -2, -5}, 0);
}
END_TEST

START_TEST(tensors_are_joined_along_an_axis) {
  const double a[] = {1, 2, 3, 4}, b[] = {5, 6};
  double y[12];
  tri_tensor in[2] = {good(tri_model_add_input(m, tri_named("a", tri_input(2, 2)))),
                      good(tri_model_add_input(m, tri_named("b", tri_input(2, 1))))};
  tri_tensor wide = good(tri_model_call(m, tri_concatenate(), in[0], in[1], in[0]));
  tri_tensor high = good(tri_model_call(m, tri_concatenate(.axis = 1), in[0], in[0]));
  outputs(2, (tri_tensor[]){high, wide});
  ck_assert_uint_eq(tri_model_outputs(m), 2);
  const struct given given[] = {{tri_model_input(m, 0), a}, {tri_model_input(m, 1), b}};
  ck_assert_int_eq(tri_expr_dim(tri_model_output(m, 1), 2), 5);
  value_at(tri_model_output(m, 1), 2, given, 1, y);
  near_all(10, y, (const double[]){1, 2, 5, 1, 2, 3, 4, 6, 3, 4}, 0);
  value_at(tri_model_output(m, 0), 1, given, 1, y);
  near_all(8, y, (const double[]){1, 2, 3, 4, 1, 2, 3, 4}, 0);
}
END_TEST

static void refused(tri_layer layer, size_t n, const tri_tensor *inputs, tri_status status,
                    const char *message) {
  const size_t layers = tri_model_layers(m), weights = tri_model_weights(m),
               parameters = tri_model_parameters(m), ins = tri_model_inputs(m);
  uint32_t nodes = tri_graph_size(tri_model_graph(m));
  ck_assert_uint_eq(tri_model_call_with(m, layer, n, inputs).number, 0);
  ck_assert_str_eq(tri_model_error(m)->message, message);
  ck_assert_int_eq(tri_model_error(m)->status, status);
  ck_assert_uint_eq(tri_model_layers(m), layers);
  ck_assert_uint_eq(tri_model_weights(m), weights);
  ck_assert_uint_eq(tri_model_parameters(m), parameters);
  ck_assert_uint_eq(tri_model_inputs(m), ins);
  ck_assert_uint_eq(tri_graph_size(tri_model_graph(m)), nodes);
  ck_assert_int_eq(tri_graph_status(tri_model_graph(m)), TRI_OK);
}

START_TEST(what_does_not_fit_is_told) {
  tri_tensor t[3] = {input(2, "a"), input(3, "b"),
                     good(tri_model_add_input(m, tri_named("c", tri_input(3, 2))))};
  tri_tensor d = good(tri_model_call(m, tri_dense(4), t[0]));
  tri_layer merge = tri_concatenate();
  refused(tri_shared("dense"), 1, &t[1], TRI_SHAPE,
          "dense: has weights for shape (None, 2), and not for (None, 3)");
  refused(tri_shared("dens"), 1, &t[1], TRI_NAME, "no layer is called dens");
  refused(tri_add_layer(), 2, t, TRI_SHAPE, "add: shapes (None, 2) and (None, 3) do not fit");
  refused(tri_add_layer(), 1, t, TRI_ARGUMENT,
          "add: is called on at least 2 tensors, and not on 1");
  refused(tri_dense(3), 2, t, TRI_ARGUMENT, "dense_1: is called on 1 tensor, and not on 2");
  refused(merge, 2, t + 1, TRI_SHAPE, "concatenate: shapes (None, 3) and (None, 3, 2) do not fit");
  merge.axis = 2;
  refused(merge, 2, t, TRI_ARGUMENT, "concatenate: there is no axis 2");
  refused(tri_input(3), 1, t, TRI_ARGUMENT, "an input is called on nothing");
  refused(tri_dense(3, .kernel_regularizer = tri_l2(-1.0)), 1, t, TRI_ARGUMENT,
          "dense_1: a regularizer's factor is negative");
  refused(tri_batch_normalization(.momentum = 1.0), 1, t, TRI_ARGUMENT,
          "batch_normalization: the momentum is not in (0, 1)");
  refused(tri_dense(3, .name = "dense"), 1, t, TRI_NAME, "dense: two layers of this name");
  ck_assert_int_eq(tri_model_add(m, tri_dense(3)), TRI_ARGUMENT);
  outputs(1, &d);
}
END_TEST

/* Masks, what outputs are compared with and what optimizers keep are variables of the graph, as
 * inputs are; no input is any of them, whatever it is called and of whatever shape. */
START_TEST(inputs_may_have_any_name) {
  static const char *const names[] = {
      "dropout_mask", "dropout mask",       "mask",          "target 0",  "target",      "target_0",
      "~target0",     "slot 0 of weight 0", "learning rate", "step size", "dense_kernel"};
  enum { N = sizeof names / sizeof *names };
  double x[] = {1, 2, 3, 4}, w[] = {1, -1, 0.5}, y[] = {4, -6}, loss;
  tri_array xs = {.dtype = TRI_F8, .rank = 2, .dims = {2, 2}, .count = 4, .data = x};
  tri_array ys = {.dtype = TRI_F8, .rank = 2, .dims = {2, 1}, .count = 2, .data = y};
  tri_samples samples[N], targets = {.array = &ys};
  tri_dataset data = {.x = samples, .y = &targets, .n_x = N, .n_y = 1};
  tri_tensor in[N];
  for (size_t i = 0; i < N; i++) in[i] = input(2, names[i]), samples[i].array = &xs;
  for (size_t i = 0; i < N; i++) samples[i].scale = i ? 0.5 : 1, samples[i].offset = 0;
  tri_tensor sum = good(tri_model_call_with(m, tri_add_layer(), N, in));
  sum = good(tri_model_call(m, tri_dropout(0.5), sum));
  sum = good(tri_model_call(m, tri_shared("dropout"), sum));
  sum = good(tri_model_call(m, tri_dense(1, .activity_regularizer = tri_l2(0.1)), sum));
  outputs(1, &sum);
  tri_model_set_weights(m, w);
  for (int clips = 0; clips < 2; clips++) {
    tri_status status =
        tri_model_compile(m, .loss = "mse", .optimizer = tri_adam(.clipnorm = clips));
    if (!status) status = tri_model_evaluate(m, &data, NULL, &loss);
    ck_assert_msg(status == TRI_OK, "%s", tri_model_error(m)->message);
    /* sums are 6 x, and outputs 6 (x_1 - x_2) + 0.5 = -5.5 */
    ck_assert_double_eq_tol(loss, (9.5 * 9.5 + 0.5 * 0.5) / 2 + 0.1 * 5.5 * 5.5, 1e-5);
    status = tri_model_train_on_batch(m, &data, NULL);
    ck_assert_msg(status == TRI_OK, "%s", tri_model_error(m)->message);
    tri_model_set_weights(m, w);
  }
}
END_TEST

/* With what is compared, dropped or moved of the shape of the input. */
START_TEST(inputs_are_no_targets) {
  static const char *const names[] = {"target 0", "dropout_mask", "~shift00000000", "shift 0"};
  double x[] = {1, 2}, y[] = {5, -1}, loss;
  tri_array xs = {.dtype = TRI_F8, .rank = 2, .dims = {2, 1}, .count = 2, .data = x};
  tri_array ys = {.dtype = TRI_F8, .rank = 2, .dims = {2, 1}, .count = 2, .data = y};
  tri_dataset data = {.x = &(tri_samples){.array = &xs}, .y = &(tri_samples){.array = &ys}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    tri_model_gradcheck_report report;
    tri_model_free(m);
    m = tri_functional(NULL);
    tri_tensor in = input(1, names[i]);
    tri_tensor h = good(tri_model_call(m, tri_dropout(0.5), in));
    tri_tensor out = good(tri_model_call(m, tri_dense(1, .activation = "relu"), h));
    outputs(1, &out);
    tri_model_set_weights(m, (double[]){2, -4}); /* 2 · 2 - 4 is at the kink */
    tri_status status = tri_model_compile(m, .loss = "mse");
    if (!status) status = tri_model_evaluate(m, &data, NULL, &loss);
    if (!status) status = tri_model_gradcheck(m, &data, &report);
    ck_assert_msg(status == TRI_OK, "%s", tri_model_error(m)->message);
    ck_assert_double_eq(loss, 13);
    ck_assert_int_ne(report.verdict, TRI_REFUTED);
    tri_model_gradcheck_free(&report);
  }
}
END_TEST

START_TEST(failed_tensors_carry_their_failure) {
  tri_tensor x = input(2, "x");
  tri_tensor lost = tri_model_call(m, tri_dense(0), x);
  tri_tensor later = tri_model_call(m, tri_activation("tanh"), lost);
  ck_assert_uint_eq(later.number, 0);
  ck_assert_int_eq(tri_model_set_outputs(m, 1, &later), TRI_ARGUMENT);
  ck_assert_str_eq(tri_model_error(m)->message, "dense: the number of units is not positive");
  ck_assert_uint_eq(tri_model_outputs(m), 0);
}
END_TEST

START_TEST(tensors_belong_to_their_model) {
  tri_model *other = tri_functional(NULL);
  tri_tensor x = input(2, "x"), strange = tri_model_add_input(other, tri_input(2));
  refused(tri_dense(3), 1, &strange, TRI_ARGUMENT, "tensor 1 is not of this model");
  ck_assert_int_eq(tri_model_set_outputs(m, 2, (tri_tensor[]){x, strange}), TRI_ARGUMENT);
  ck_assert_int_eq(tri_model_set_outputs(m, 0, NULL), TRI_ARGUMENT);
  ck_assert_uint_eq(tri_model_outputs(m), 0);
  tri_model_free(other);
}
END_TEST

START_TEST(sequential_models_are_not_called) {
  tri_model *s = tri_sequential(NULL);
  ck_assert_uint_eq(tri_model_add_input(s, tri_input(2)).number, 0);
  ck_assert_str_eq(tri_model_error(s)->message, "layers of a sequential model are added");
  ck_assert_int_eq(tri_model_set_outputs(s, 1, &(tri_tensor){s, 1}), TRI_ARGUMENT);
  tri_model_free(s);
}
END_TEST

START_TEST(models_can_be_looked_at) {
  size_t first = 0;
  tri_tensor x = input(4, "x");
  tri_tensor n = good(tri_model_call(m, tri_batch_normalization(), x));
  good(tri_model_call(m, tri_dense(2, .activation = "relu"), n));
  ck_assert_str_eq(tri_model_name(m), "functional");
  ck_assert_int_eq(tri_model_domain(m), TRI_DOUBLE);
  ck_assert_str_eq(tri_model_layer(m, 0)->name, "x");
  ck_assert_str_eq(tri_model_layer(m, 1)->name, "batch_normalization");
  ck_assert_str_eq(tri_model_layer(m, 2)->activation, "relu");
  ck_assert_str_eq(tri_model_layer_class(m, 2), "Dense");
  ck_assert_ptr_null(tri_model_layer(m, 3));
  ck_assert_ptr_null(tri_model_layer_class(m, 3));
  ck_assert_uint_eq(tri_model_find_layer(m, "dense"), 2);
  ck_assert_uint_eq(tri_model_find_layer(m, "dense_1"), (size_t)-1);
  ck_assert_uint_eq(tri_model_layer_weights(m, 2, &first), 2);
  ck_assert_uint_eq(first, 4);
  ck_assert_uint_eq(tri_model_layer_weights(m, 3, &first), 0);
  ck_assert_str_eq(tri_model_weight(m, 3).name, "batch_normalization/moving_variance");
  ck_assert_int_eq(tri_model_weight(m, 3).trainable, 0);
  ck_assert_int_eq(tri_model_weight(m, 1).trainable, 1);
  ck_assert_uint_eq(tri_model_weight(m, 4).rank, 2);
  ck_assert_int_eq(tri_model_weight(m, 4).shape[0], 4);
  ck_assert_uint_eq(tri_model_weight(m, 4).count, 8);
  ck_assert_str_eq(tri_expr_name(tri_model_weight(m, 4).variable), "dense_kernel");
  ck_assert_uint_eq(tri_model_weight(m, 6).count, 0);
  ck_assert_uint_eq(tri_model_find_weight(m, "dense/scale"), (size_t)-1);
  ck_assert_uint_eq(tri_model_parameters(m), 26);
  ck_assert_uint_eq(tri_model_trainable_parameters(m), 18);
}
END_TEST

/* Numbers of a float32 model are floats, and stand where 64 divides the address. */
START_TEST(weights_are_of_the_models_type) {
  tri_model *s = tri_sequential(NULL);
  const double third[3] = {1 / 3.0, 1, -2};
  double back[3];
  ck_assert_int_eq(tri_model_domain(s), TRI_FLOAT);
  ck_assert_int_eq(tri_model_add(s, tri_input(3)), TRI_OK);
  ck_assert_int_eq(tri_model_add(s, tri_dense(1, .no_bias = 1)), TRI_OK);
  tri_model_set_weights(s, third);
  tri_model_get_weights(s, back);
  ck_assert_double_eq(back[0], (double)(1 / 3.0f));
  ck_assert_double_eq(back[2], -2);
  ck_assert_uint_eq((uintptr_t)s->weights[0].values.at % 64, 0);
  tri_model_free(s);
  ck_assert_ptr_null(tri_sequential(&(tri_model_options){.dtype = "float16"}));
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite(
      "functional", 0, set_up, tear_down, shared_layers_have_one_set_of_weights,
      tensors_are_joined_along_an_axis, what_does_not_fit_is_told, inputs_may_have_any_name,
      inputs_are_no_targets, failed_tensors_carry_their_failure, tensors_belong_to_their_model,
      sequential_models_are_not_called, models_can_be_looked_at, weights_are_of_the_models_type);
}

int main(void) { return tri_test_main("functional", suite); }
