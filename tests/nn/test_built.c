/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is built of models for training: batch normalization and its moving statistics, masks of
 * dropout, regularizers, logits; and that it is built whole or not at all. */
#include <math.h>
#include <string.h>

#include "tests/failing.h"
#include "tests/nn/networks.h"
#include "tests/runner.h"

static tri_model *m;
static struct built b;

static void set_up(void) {
  m = tri_sequential(&(tri_model_options){.seed = 7, .dtype = "float64"});
  b = (struct built){0};
}
static void tear_down(void) {
  tri__built_free(m, &b);
  tri_model_free(m);
}

static void add(tri_layer layer) { add_layer(m, layer); }

static void build(bool training) {
  tri__built_free(m, &b);
  tri_status status = tri__model_build(m, training, &b);
  ck_assert_msg(status == TRI_OK, "%s", tri_model_error(m)->message);
}

/* --- batch normalization */

static const double X[] = {1, -2, 4, 0, 4, 8, 3, 2}, GAMMA[] = {2, 3}, BETA[] = {0.5, -1},
                    CENTER[] = {0.25, 0.5}, SPREAD[] = {2, 4};

static void normalization(tri_layer layer, struct given *given) {
  add(tri_input(2, 2));
  add(layer);
  given[0] = weight_of(m, "batch_normalization/gamma", GAMMA);
  given[1] = weight_of(m, "batch_normalization/beta", BETA);
  given[2] = weight_of(m, "batch_normalization/moving_mean", CENTER);
  given[3] = weight_of(m, "batch_normalization/moving_variance", SPREAD);
  given[4] = (struct given){tri_model_input(m, 0), X};
}

/* Of the two channels of X. */
static void moments(double *mean, double *variance) {
  for (int c = 0; c < 2; c++) {
    mean[c] = variance[c] = 0;
    for (int i = 0; i < 4; i++) mean[c] += X[2 * i + c] / 4;
    for (int i = 0; i < 4; i++) variance[c] += pow(X[2 * i + c] - mean[c], 2) / 4;
  }
}

static void normalize(const double *mean, const double *variance, double epsilon, double *y) {
  for (int i = 0; i < 8; i++)
    y[i] = GAMMA[i % 2] * (X[i] - mean[i % 2]) / sqrt(variance[i % 2] + epsilon) + BETA[i % 2];
}

START_TEST(batches_are_normalized_in_training) {
  struct given given[5];
  double y[8], expected[8], mean[2], variance[2];
  normalization(tri_batch_normalization(), given);
  moments(mean, variance);
  build(true);
  normalize(mean, variance, 0.001, expected);
  value_at(b.outputs[0], 5, given, 2, y);
  near_all(8, y, expected, 1e-14);
  ck_assert_uint_eq(b.n_updates, 2);
  for (int k = 0; k < 2; k++) {
    const double *old = k ? SPREAD : CENTER, *now = k ? variance : mean;
    ck_assert_uint_eq(b.updates[k].weight, (size_t)(2 + k));
    value_at(b.updates[k].value, 5, given, 2, y);
    for (int c = 0; c < 2; c++) ck_assert_double_eq_tol(y[c], 0.99 * old[c] + 0.01 * now[c], 1e-14);
  }
}
END_TEST

START_TEST(moving_statistics_normalize_in_use) {
  struct given given[5];
  double y[8], expected[8];
  normalization(tri_batch_normalization(.epsilon = 0.5, .momentum = 0.5), given);
  build(false);
  ck_assert_uint_eq(b.n_updates, 0);
  ck_assert(tri_expr_equal(b.outputs[0], tri_model_output(m, 0)));
  normalize(CENTER, SPREAD, 0.5, expected);
  value_at(b.outputs[0], 5, given, 2, y);
  near_all(8, y, expected, 1e-14);
}
END_TEST

START_TEST(normalization_without_gamma_and_beta) {
  double y[8];
  add(tri_input(2, 2));
  add(tri_batch_normalization(.no_scale = 1, .no_center = 1));
  ck_assert_uint_eq(tri_model_weights(m), 2);
  ck_assert_uint_eq(tri_model_trainable_parameters(m), 0);
  const struct given given[] = {weight_of(m, "batch_normalization/moving_mean", CENTER),
                                weight_of(m, "batch_normalization/moving_variance", SPREAD),
                                {tri_model_input(m, 0), X}};
  value_at(tri_model_output(m, 0), 3, given, 2, y);
  for (int i = 0; i < 8; i++)
    ck_assert_double_eq_tol(y[i], (X[i] - CENTER[i % 2]) / sqrt(SPREAD[i % 2] + 0.001), 1e-14);
}
END_TEST

/* Called twice, it moves twice: the second time from where the first one led. */
START_TEST(shared_statistics_move_twice) {
  const double in[] = {1, 3};
  double y[1];
  tri_model_free(m);
  m = tri_functional(&(tri_model_options){.dtype = "float64"});
  tri_tensor x = tri_model_add_input(m, tri_input(1));
  tri_tensor once = tri_model_call(m, tri_batch_normalization(.momentum = 0.5), x);
  tri_tensor half = tri_model_call(m, tri_add_layer(), x, x);
  tri_tensor twice = tri_model_call(m, tri_shared("batch_normalization"), half);
  ck_assert_int_eq(tri_model_set_outputs(m, 2, (tri_tensor[]){once, twice}), TRI_OK);
  build(true);
  ck_assert_uint_eq(b.n_updates, 2);
  const struct given given[] = {
      weight_of(m, "batch_normalization/moving_mean", (const double[]){8}),
      {tri_model_input(m, 0), in}};
  value_at(b.updates[0].value, 2, given, 2, y); /* the means are 2 and 4 */
  ck_assert_double_eq(y[0], (8 * 0.5 + 2 * 0.5) * 0.5 + 4 * 0.5);
}
END_TEST

/* --- dropout */

START_TEST(masks_drop_in_training_only) {
  const double x[] = {1, 2, 3, 4}, kept[] = {1, 0, 0, 1};
  double y[4];
  add(tri_input(2));
  add(tri_dropout(0.75));
  add(tri_dropout(0.0));
  build(true);
  ck_assert_uint_eq(b.n_masks, 1);
  ck_assert_double_eq(b.masks[0].rate, 0.75);
  ck_assert_uint_eq(b.masks[0].shape.rank, 1);
  ck_assert_int_eq(b.masks[0].shape.shape[0], 2);
  const struct given given[] = {{tri_model_input(m, 0), x}, {b.masks[0].variable, kept}};
  value_at(b.outputs[0], 2, given, 2, y);
  near_all(4, y, (const double[]){4, 0, 0, 16}, 0);
  build(false);
  ck_assert_uint_eq(b.n_masks, 0);
  ck_assert(tri_expr_equal(b.outputs[0], tri_model_input(m, 0)));
}
END_TEST

START_TEST(each_call_has_a_mask_of_its_own) {
  tri_model_free(m);
  m = tri_functional(NULL);
  tri_tensor x = tri_model_add_input(m, tri_input(3));
  tri_tensor y = tri_model_call(m, tri_dropout(0.5), x);
  tri_tensor z = tri_model_call(m, tri_shared("dropout"), y);
  ck_assert_int_eq(tri_model_set_outputs(m, 1, &z), TRI_OK);
  build(true);
  ck_assert_uint_eq(b.n_masks, 2);
  ck_assert(!tri_expr_equal(b.masks[0].variable, b.masks[1].variable));
  ck_assert_uint_ne(b.masks[0].part, b.masks[1].part);
}
END_TEST

/* --- regularizers */

START_TEST(regularizers_are_added_up) {
  const double kernel[] = {1, -2, 3, -4}, bias[] = {5, -6}, x[] = {1, 1, 0, -1};
  double penalty, y[4], activity = 0;
  add(tri_input(2));
  add(tri_dense(2, .kernel_regularizer = tri_l1_l2(0.5, 0.25), .bias_regularizer = tri_l1(2.0),
                .activity_regularizer = tri_l2(0.125)));
  const struct given given[] = {weight_of(m, "dense/kernel", kernel),
                                weight_of(m, "dense/bias", bias),
                                {tri_model_input(m, 0), x}};
  build(false);
  value_at(b.outputs[0], 3, given, 2, y);
  for (int i = 0; i < 4; i++) activity += 0.125 * y[i] * y[i] / 2;
  value_at(b.penalty, 3, given, 2, &penalty);
  ck_assert_double_eq(penalty, 0.5 * 10 + 0.25 * 30 + 2.0 * 11 + activity);
}
END_TEST

START_TEST(models_without_regularizers_have_no_penalty) {
  add(tri_input(2));
  add(tri_dense(2));
  build(true);
  ck_assert_ptr_null(b.penalty.graph);
}
END_TEST

/* --- logits */

static void has_logits(const char *activation, bool has) {
  const double kernel[] = {1, 2, 3, 4}, bias[] = {5, 6}, x[] = {1, 1};
  double y[2];
  tear_down();
  set_up();
  add(tri_input(2));
  add(tri_dense(2, .activation = activation));
  build(true);
  ck_assert_int_eq(b.logits[0].graph != NULL, has);
  if (!has) return;
  const struct given given[] = {weight_of(m, "dense/kernel", kernel),
                                weight_of(m, "dense/bias", bias),
                                {tri_model_input(m, 0), x}};
  value_at(b.logits[0], 3, given, 1, y);
  near_all(2, y, (const double[]){9, 12}, 0);
}

START_TEST(logits_are_those_of_the_last_activation) {
  has_logits("softmax", true);
  has_logits("sigmoid", true);
  has_logits("tanh", false);
  has_logits(NULL, false);
  add(tri_activation("softmax"));
  build(false);
  ck_assert_ptr_nonnull(b.logits[0].graph);
  add(tri_flatten());
  build(false);
  ck_assert_ptr_null(b.logits[0].graph);
}
END_TEST

/* Options are the numbers that they are written as, in every domain. */
START_TEST(options_are_decimals) {
  tri_expr e = tri__decimal(m->graph, 0.001);
  ck_assert(tri_expr_equal(e, tri_rational(m->graph, 1, 1000)));
  ck_assert(tri_expr_equal(tri__decimal(m->graph, -2.5e-7), tri_rational(m->graph, -1, 4000000)));
}
END_TEST

START_TEST(models_without_outputs_are_not_built) {
  ck_assert_int_eq(tri__model_build(m, true, &b), TRI_ARGUMENT);
  ck_assert_str_eq(tri_model_error(m)->message, "a model without outputs");
}
END_TEST

/* --- memory */

static tri_status whole_model(const tri_allocator *allocator) {
  struct built built;
  tri_text text = {.allocator = allocator};
  tri_model *own = tri_functional(&(tri_model_options){.allocator = allocator});
  if (!own) return TRI_MEMORY;
  tri_tensor x = tri_model_add_input(own, tri_input(4));
  tri_tensor h = tri_model_call(own, tri_dense(4, .kernel_regularizer = tri_l2(0.1)), x);
  h = tri_model_call(own, tri_batch_normalization(), h);
  h = tri_model_call(own, tri_dropout(0.5), h);
  h = tri_model_call(own, tri_add_layer(), h, x);
  h = tri_model_call(own, tri_concatenate(), h, x);
  h = tri_model_call(own, tri_reshape_layer(2, 2, 2), h);
  h = tri_model_call(own, tri_conv2d(2, .kernel_size = {2}, .padding = "same"), h);
  h = tri_model_call(own, tri_max_pooling2d(), h);
  tri_status status = tri_model_set_outputs(own, 1, &h);
  if (!status) status = tri_model_summary(own, &text);
  if (!status) status = tri__model_build(own, true, &built);
  if (!status) tri__built_free(own, &built);
  tri_text_free(&text);
  tri_model_free(own);
  return status;
}

START_TEST(failed_allocations_are_told) { ck_assert_int_gt(failing_loop(whole_model), 50); }
END_TEST

static Suite *suite(void) {
  return tri_test_suite("built", 0, set_up, tear_down, batches_are_normalized_in_training,
                        moving_statistics_normalize_in_use, normalization_without_gamma_and_beta,
                        shared_statistics_move_twice, masks_drop_in_training_only,
                        each_call_has_a_mask_of_its_own, regularizers_are_added_up,
                        models_without_regularizers_have_no_penalty,
                        logits_are_those_of_the_last_activation, options_are_decimals,
                        models_without_outputs_are_not_built, failed_allocations_are_told);
}

int main(void) { return tri_test_main("built", suite); }
