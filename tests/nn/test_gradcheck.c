/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient check of models: right gradients are proved, planted errors refuted, kinks undecided
 * and named. */
#include <math.h>
#include <string.h>
#include <triad.h>

#include "graph/node.h"
#include "nn/nn.h"
#include "tests/runner.h"

enum { SAMPLES = 3, WIDTH = 4, CLASSES = 3 };

static tri_model *m;
static tri_model_gradcheck_report report;
static float x[SAMPLES * WIDTH], y[SAMPLES * CLASSES], labels[SAMPLES] = {0.0f, 2.0f, 1.0f};
static float pictures[32];
static tri_array x_array, y_array;
static tri_samples x_samples, y_samples;
static tri_dataset data;

static tri_array view(float *numbers, size_t rank, size_t samples, size_t width) {
  return (tri_array){.dtype = TRI_F4,
                     .rank = rank,
                     .dims = {samples, width},
                     .count = rank > 1 ? samples * width : samples,
                     .data = numbers};
}

/* So many samples of `width` numbers; targets of 0 numbers are numbers of classes. */
static void samples_of(size_t n, size_t width, size_t targets) {
  x_array = view(x, 2, n, width);
  y_array = targets ? view(y, 2, n, targets) : view(labels, 1, n, 0);
  x_samples = (tri_samples){.array = &x_array};
  y_samples = (tri_samples){.array = &y_array};
  data = (tri_dataset){.x = &x_samples, .y = &y_samples};
}

static void add(tri_layer layer) {
  tri_status status = tri_model_add(m, layer);
  ck_assert_msg(status == TRI_OK, "%s", tri_model_error(m)->message);
}

static void set_up(void) {
  m = tri_sequential(&(tri_model_options){.seed = 5});
  for (int i = 0; i < SAMPLES * WIDTH; i++) x[i] = (float)sin(1.0 + 2.0 * i);
  for (int i = 0; i < SAMPLES * CLASSES; i++) y[i] = i % 4 == 0;
  samples_of(SAMPLES, WIDTH, CLASSES);
}

static void tear_down(void) {
  tri_model_gradcheck_free(&report);
  tri_model_free(m);
}

static void other_model(const tri_model_options *options) {
  tri_model_gradcheck_free(&report);
  tri_model_free(m);
  m = tri_sequential(options);
}

/* WIDTH - 5 - CLASSES. */
static void two_layers(const char *activation, const char *last) {
  add(tri_input(WIDTH));
  add(tri_dense(5, .activation = activation, .bias_initializer = "ones"));
  add(tri_dense(CLASSES, .activation = last));
}

static void checked(tri_status status) {
  ck_assert_msg(status == TRI_OK, "%s", tri_model_error(m)->message);
}

static void compile(const char *loss) { checked(tri_model_compile(m, .loss = loss)); }

static const char *text_of_report(void) {
  static char copy[8192];
  tri_text text = {0};
  ck_assert_int_eq(tri_model_gradcheck_text(&report, 1, &text), TRI_OK);
  ck_assert_uint_lt(text.size, sizeof copy);
  memcpy(copy, text.data, text.size + 1);
  tri_text_free(&text);
  return copy;
}

static void is_proved(void) {
  ck_assert_msg(report.verdict == TRI_PROVED, "%s", text_of_report());
  for (size_t t = 0; t < report.n_tensors; t++) {
    const tri_tensor_check *tensor = report.tensors + t;
    ck_assert_int_eq(tensor->verdict, TRI_PROVED);
    ck_assert_int_eq(tensor->differences, TRI_PROVED);
    ck_assert_uint_eq(tensor->proved, tensor->checked);
    ck_assert(tensor->worst.claim.inside && tensor->worst.float64.inside);
    ck_assert(tensor->worst.digits >= 10.0 || tensor->worst.radius < 1e-18);
    ck_assert(tri_value_exists(tensor->worst.enclosure));
    ck_assert_double_le(fabs(tensor->along - tensor->difference), tensor->off_by + 1e-14);
  }
}

/* --- what is right */

static const char *const activations[] = {"linear",  "relu",     "sigmoid",  "tanh",
                                          "softmax", "softplus", "softsign", "exponential",
                                          "elu",     "silu",     "gelu"};
static const char *const losses[][2] = {{"mean_squared_error", "linear"},
                                        {"binary_crossentropy", "sigmoid"},
                                        {"categorical_crossentropy", "softmax"},
                                        {"categorical_crossentropy", "sigmoid"},
                                        {"sparse_categorical_crossentropy", "softmax"}};
enum { LOSSES = sizeof losses / sizeof *losses };

START_TEST(right_gradients_are_proved) {
  const char *loss = losses[_i % LOSSES][0];
  two_layers(activations[_i / LOSSES], losses[_i % LOSSES][1]);
  if (strncmp(loss, "sparse", 6) == 0) samples_of(SAMPLES, WIDTH, 0);
  compile(loss);
  checked(tri_model_gradcheck(m, &data, &report));
  ck_assert_uint_eq(report.checked, 5 * WIDTH + 5 + 5 * CLASSES + CLASSES);
  ck_assert_uint_eq(report.checked, report.entries);
  ck_assert_double_le(fabs(report.loss[0] - report.loss[2]), 1e-6 * report.loss[2]);
  ck_assert_double_le(fabs(report.loss[1] - report.loss[2]), 1e-14 * report.loss[2]);
  is_proved();
}
END_TEST

START_TEST(float64_is_held_to_its_own_rounding) {
  other_model(&(tri_model_options){.seed = 5, .dtype = "float64"});
  two_layers("tanh", "softmax");
  compile("categorical_crossentropy");
  checked(tri_model_gradcheck(m, &data, &report));
  is_proved();
  for (size_t t = 0; t < report.n_tensors; t++) {
    const tri_gradient_entry *worst = &report.tensors[t].worst;
    ck_assert_double_lt(worst->claim.bound, 1e-13);
    /* more than the last step's own rounding: that of the others is seen, too */
    ck_assert_double_gt(worst->claim.bound, 0x1p-50 * fabs(worst->derivative));
  }
}
END_TEST

/* Two samples cancel: what rounding leaves of the third depends on the order of the sum. */
START_TEST(sums_over_samples_may_be_in_any_order) {
  static const float points[] = {1e4f, 1e4f, -1e4f, 1.0f, 3.0f, 4.0f}, targets[] = {0, 1, 1};
  other_model(&(tri_model_options){.seed = 1});
  add(tri_input(2));
  add(tri_dense(2, .kernel_initializer = "ones"));
  add(tri_dense(1, .activation = "sigmoid"));
  memcpy(x, points, sizeof points);
  memcpy(y, targets, sizeof targets);
  samples_of(3, 2, 1);
  compile("binary_crossentropy");
  checked(tri_model_gradcheck(m, &data, &report));
  ck_assert_msg(report.verdict != TRI_REFUTED, "%s", text_of_report());
  ck_assert_int_eq(report.tensors[3].verdict, TRI_PROVED);
}
END_TEST

START_TEST(layers_of_training_are_as_in_training) {
  add(tri_input(WIDTH));
  add(tri_dense(6, .kernel_regularizer = tri_l2(0.01)));
  add(tri_batch_normalization());
  add(tri_activation("tanh"));
  add(tri_dropout(0.5));
  add(tri_dense(CLASSES, .activation = "softmax"));
  compile("categorical_crossentropy");
  checked(tri_model_gradcheck(m, &data, &report, .step = 3));
  ck_assert_uint_eq(report.n_tensors, 6); /* moving statistics are not trained */
  ck_assert_str_eq(report.tensors[2].name, "batch_normalization/gamma");
  is_proved();
  double dropped = report.loss[2];
  tri_model_gradcheck_free(&report);
  checked(tri_model_gradcheck(m, &data, &report, .step = 4));
  ck_assert_double_ne(report.loss[2], dropped);
}
END_TEST

START_TEST(models_of_several_inputs) {
  tri_model_free(m);
  m = tri_functional(&(tri_model_options){.seed = 2});
  tri_tensor a = tri_model_add_input(m, tri_input(WIDTH)), b = tri_model_add_input(m, tri_input(2));
  tri_tensor h = tri_model_call(m, tri_dense(3, .activation = "tanh"), a);
  tri_tensor both = tri_model_call(m, tri_concatenate(), h, b);
  tri_tensor out[] = {tri_model_call(m, tri_dense(2), both), tri_model_call(m, tri_dense(1), h)};
  checked(tri_model_set_outputs(m, 2, out));
  float more[SAMPLES * 2] = {0.5f, -1.0f, 2.0f, 0.25f, 3.0f, 1.5f};
  tri_array second = view(more, 2, SAMPLES, 2), first_y = view(y, 2, SAMPLES, 2),
            second_y = view(y + 6, 2, SAMPLES, 1);
  const tri_samples xs[] = {x_samples, {.array = &second}},
                    ys[] = {{.array = &first_y}, {.array = &second_y}};
  data = (tri_dataset){.x = xs, .y = ys, .n_x = 2, .n_y = 2};
  compile("mean_squared_error");
  checked(tri_model_gradcheck(m, &data, &report));
  is_proved();
}
END_TEST

START_TEST(models_are_as_before) {
  two_layers("relu", "linear");
  compile("mean_squared_error");
  uint32_t nodes = tri_graph_size(tri_model_graph(m));
  double before[64], after[64];
  tri_model_get_weights(m, before);
  checked(tri_model_gradcheck(m, &data, &report));
  tri_model_get_weights(m, after);
  ck_assert_mem_eq(before, after, tri_model_parameters(m) * sizeof *before);
  ck_assert_uint_eq(tri_graph_size(tri_model_graph(m)), nodes);
  ck_assert_int_eq(tri_model_error(m)->status, TRI_OK);
}
END_TEST

/* --- kinks */

/* Dense of WIDTH - 2 - 1 whose unit 1 has the argument `at` in sample 2 and is far from 0
 * elsewhere. */
static void unit_at(const char *activation, double at) {
  add(tri_input(WIDTH));
  add(tri_dense(2, .activation = activation));
  add(tri_dense(1));
  double weights[] = {0.5, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.75, 1.5, 0.0};
  weights[9] = at;
  tri_model_set_weights(m, weights);
  for (size_t i = 0; i < SAMPLES; i++) {
    x[i * WIDTH] = 1.0f + (float)i;
    x[i * WIDTH + 1] = i == 2 ? 0.0f : 1.0f;
  }
  samples_of(SAMPLES, WIDTH, 1);
  compile("mean_squared_error");
}

START_TEST(kinks_are_undecided_and_named) {
  static const struct {
    const char *activation;
    double at;
    tri_op op;
  } cases[] = {
      {"relu", 0.0, TRI_OP_relu}, {"relu", 1e-30, TRI_OP_relu}, {"relu", -1e-25, TRI_OP_relu}};
  unit_at(cases[_i].activation, cases[_i].at);
  checked(tri_model_gradcheck(m, &data, &report));
  const tri_tensor_check *kernel = report.tensors, *bias = kernel + 1, *last = kernel + 2;
  if (cases[_i].at != 0.0) { /* so near, but without a sum of more than one term: it is told */
    is_proved();
    ck_assert_uint_eq(report.n_units, 0);
    return;
  }
  ck_assert_int_eq(report.verdict, TRI_UNDECIDED);
  ck_assert_uint_eq(report.n_units, 1);
  ck_assert_int_eq(report.units[0].op, cases[_i].op);
  ck_assert_str_eq(report.units[0].layer, "dense");
  ck_assert_uint_eq(report.units[0].unit, 1);
  ck_assert_uint_eq(report.units[0].sample, 2);
  ck_assert_uint_eq(report.units[0].entries, kernel->undecided + bias->undecided);
  ck_assert_uint_eq(kernel->undecided, 3); /* those of unit 1 whose input is not 0 */
  ck_assert_uint_eq(bias->undecided, 1);
  ck_assert_uint_eq(kernel->refuted + bias->refuted, 0);
  ck_assert_int_eq(last->verdict, TRI_PROVED);
  ck_assert_int_eq(kernel->differences, TRI_PROVED);
  ck_assert_ptr_nonnull(strstr(bias->reason, "relu in dense, unit 1, sample 2"));
  ck_assert_ptr_nonnull(strstr(text_of_report(), "undecidable: relu in dense, unit 1, sample 2"));
}
END_TEST

/* A sum that is tiny beside its terms: float32 may round it to either side. */
START_TEST(rounding_decides_what_is_near) {
  unit_at("relu", 0.0);
  double weights[13];
  tri_model_get_weights(m, weights);
  x[2 * WIDTH] = 3.0f, x[2 * WIDTH + 1] = 0.1f, x[2 * WIDTH + 2] = -0.3f;
  weights[1] = weights[5] = 0.0, weights[3] = 3.0, weights[5] = 1.0 + 0x1p-23; /* 0.1·3 - 0.3 */
  weights[7] = 0.0, weights[9] = 0.0;
  tri_model_set_weights(m, weights);
  checked(tri_model_gradcheck(m, &data, &report));
  ck_assert_uint_eq(report.n_units, 1);
  ck_assert(report.units[0].distance != 0.0);
  ck_assert_double_lt(fabs(report.units[0].distance), report.units[0].bound);
  ck_assert_int_eq(report.verdict, TRI_UNDECIDED);
  for (size_t t = 0; t < report.n_tensors; t++) ck_assert_uint_eq(report.tensors[t].refuted, 0);
}
END_TEST

/* elu has one slope at 0, and nothing depends on the side. */
START_TEST(a_kink_without_a_jump_is_none) {
  unit_at("elu", 0.0);
  checked(tri_model_gradcheck(m, &data, &report));
  ck_assert_uint_eq(report.n_units, 0);
  is_proved();
}
END_TEST

START_TEST(weights_at_the_kink_of_l1) {
  add(tri_input(WIDTH));
  add(tri_dense(2, .bias_regularizer = tri_l1(0.1)));
  samples_of(SAMPLES, WIDTH, 2);
  compile("mean_squared_error");
  checked(tri_model_gradcheck(m, &data, &report));
  ck_assert_int_eq(report.tensors[0].verdict, TRI_PROVED);
  ck_assert_int_eq(report.tensors[1].verdict, TRI_UNDECIDED);
  ck_assert_uint_eq(report.n_units, 2);
  ck_assert_int_eq(report.units[0].op, TRI_OP_abs);
  ck_assert_uint_eq(report.units[0].sample, SIZE_MAX);
  ck_assert_uint_eq(report.units[1].unit, 1);
}
END_TEST

/* --- pooling */

/* 4x4 pictures of one channel, two filters of one weight each: tanh of them, then windows of
 * 2x2. */
static void pooled(void) {
  add(tri_input(4, 4, 1));
  add(tri_conv2d(2, .kernel_size = {1}, .activation = "tanh", .no_bias = 1));
  add(tri_max_pooling2d(.name = "pool"));
  add(tri_flatten());
  add(tri_dense(1, .no_bias = 1));
  tri_model_set_weights(m, (double[]){1.0, -0.5, 1.0, 0.5, -1.0, 2.0, 1.5, 0.25, -0.75, 1.25});
  for (int i = 0; i < 32; i++) pictures[i] = (float)cos(3.0 * i);
  x_array =
      (tri_array){.dtype = TRI_F4, .rank = 4, .dims = {2, 4, 4, 1}, .count = 32, .data = pictures};
  y_array = view(y, 2, 2, 1);
  compile("mean_squared_error");
}

START_TEST(pooling_is_proved) {
  pooled();
  checked(tri_model_gradcheck(m, &data, &report));
  is_proved();
  ck_assert_uint_eq(report.n_units, 0);
}
END_TEST

/* Two numbers of a window that are the largest in filter 0 and equal: with inputs that are equal
 * the gradient is the same on both sides; behind a kernel of 2x1 inputs differ where sums do
 * not. */
START_TEST(ties_of_pooling_are_undecided) {
  add(tri_input(4, 2, 1));
  add(tri_conv2d(1, .kernel_size = {1, 2}, .activation = "tanh", .no_bias = 1));
  add(tri_max_pooling2d(.pool_size = {2, 1}, .name = "pool"));
  add(tri_flatten());
  add(tri_dense(1, .no_bias = 1));
  tri_model_set_weights(m, (double[]){1.0, 1.0, 1.0, 0.5});
  for (int i = 0; i < 16; i++) pictures[i] = 0.0625f * (float)i;
  pictures[12] = 0.75f, pictures[13] = 0.25f; /* sample 1, window 1: 1 and 1, of other inputs */
  pictures[14] = 0.5f, pictures[15] = 0.5f;
  x_array =
      (tri_array){.dtype = TRI_F4, .rank = 4, .dims = {2, 4, 2, 1}, .count = 16, .data = pictures};
  y_array = view(y, 2, 2, 1);
  compile("mean_squared_error");
  checked(tri_model_gradcheck(m, &data, &report));
  ck_assert_int_eq(report.verdict, TRI_UNDECIDED);
  ck_assert_uint_eq(report.n_units, 1);
  ck_assert_int_eq(report.units[0].op, TRI_OP_pick);
  ck_assert_str_eq(report.units[0].layer, "pool");
  ck_assert_uint_eq(report.units[0].sample, 1);
  ck_assert_uint_eq(report.units[0].unit, 1);
  ck_assert_uint_eq(report.tensors[0].undecided, 2);
  ck_assert_int_eq(report.tensors[1].verdict, TRI_PROVED);
  ck_assert_ptr_nonnull(strstr(report.tensors[0].reason, "pick in pool, unit 1, sample 1"));
}
END_TEST

/* relu gives zeros to whole windows: on which of them is taken nothing depends. */
START_TEST(ties_of_what_is_off_are_none) {
  add(tri_input(4, 1, 1));
  add(tri_conv2d(1, .kernel_size = {1}, .activation = "relu", .no_bias = 1));
  add(tri_max_pooling2d(.pool_size = {2, 1}));
  add(tri_flatten());
  add(tri_dense(1));
  tri_model_set_weights(m, (double[]){1.0, 1.0, 0.5, 0.0});
  for (int i = 0; i < 8; i++) pictures[i] = i < 4 ? -1.0f - (float)i : (float)i;
  x_array =
      (tri_array){.dtype = TRI_F4, .rank = 4, .dims = {2, 4, 1, 1}, .count = 8, .data = pictures};
  y_array = view(y, 2, 2, 1);
  compile("mean_squared_error");
  checked(tri_model_gradcheck(m, &data, &report));
  is_proved();
  ck_assert_uint_eq(report.n_units, 0);
}
END_TEST

/* --- gradients that are 0 */

/* What normalization takes away: the loss does not depend on the bias of the convolution before
 * it. With pooling relu's zeros are ties, which the differences have to leave room for. */
static void normalized(bool pooling) {
  add(tri_input(4, 4, 1));
  add(tri_conv2d(2, .kernel_size = {2}));
  add(tri_batch_normalization());
  add(tri_activation("relu"));
  if (pooling) add(tri_max_pooling2d(.strides = {1}));
  add(tri_flatten());
  add(tri_dense(CLASSES, .activation = "softmax"));
  tri_model_set_weight(m, tri_model_find_weight(m, "batch_normalization/beta"),
                       (double[]){-0.75, -0.75});
  for (int i = 0; i < 32; i++) pictures[i] = (float)cos(3.0 * i);
  x_array =
      (tri_array){.dtype = TRI_F4, .rank = 4, .dims = {2, 4, 4, 1}, .count = 32, .data = pictures};
  y_array = view(y, 2, 2, CLASSES);
  compile("categorical_crossentropy");
}

START_TEST(a_gradient_of_0_is_proved) {
  normalized(_i == 1);
  checked(tri_model_gradcheck(m, &data, &report));
  is_proved();
  const tri_tensor_check *bias = &report.tensors[1];
  ck_assert_str_eq(bias->name, "conv2d/bias");
  ck_assert_double_lt(fabs(bias->worst.derivative), 1e-20);
  ck_assert_double_lt(bias->worst.claim.ulps, 1e6);
  ck_assert_double_lt(bias->worst.float64.ulps, 1e6);
  ck_assert_double_lt(bias->worst.claim.relative, 1e-3);
}
END_TEST

/* Normalized, a single sample is 0 whatever the weights. Runs that round give exactly 0, and balls
 * are not as narrow as that. */
START_TEST(a_ball_about_0_is_no_error) {
  other_model(&(tri_model_options){.seed = 5, .dtype = _i ? "float64" : NULL});
  add(tri_input(WIDTH));
  add(tri_dense(6, .activation = "tanh"));
  add(tri_batch_normalization());
  add(tri_dense(CLASSES, .activation = "sigmoid"));
  compile("binary_crossentropy");
  memset(x, 0, sizeof x);
  checked(tri_model_gradcheck(m, &data, &report, .batch_size = 1));
  for (size_t t = 0; t < report.n_tensors; t++)
    ck_assert_msg(report.tensors[t].worst.verdict == TRI_PROVED, "%s", text_of_report());
  ck_assert_str_eq(report.tensors[1].name, "dense/bias");
  ck_assert_double_gt(report.tensors[1].worst.radius, 0.0);
  ck_assert_double_lt(report.tensors[1].worst.claim.bound, 1e-18);
}
END_TEST

/* --- what is wrong */

static double gradient[64];

/* The gradient in double, as another framework might have it. */
static void compute_gradient(const char *loss) {
  tri_expr in[8], out[5],
      target = tri_variable_shaped(tri_model_graph(m), "target", 2, (int64_t[]){0, CLASSES},
                                   (const char *const[]){"batch", NULL});
  for (size_t i = 0; i < 4; i++) in[i] = tri_model_weight(m, i).variable;
  in[4] = tri_model_input(m, 0), in[5] = target;
  out[0] = tri_loss(loss, target, tri_model_output(m, 0), 0);
  ck_assert_int_eq(tri_gradient(out[0], 4, in, out + 1), TRI_OK);
  tri_function *f = tri_compile(6, in, 4, out + 1);
  double point[64 + SAMPLES * (WIDTH + CLASSES)], *p = point + tri_model_parameters(m);
  tri_model_get_weights(m, point);
  for (int i = 0; i < SAMPLES * WIDTH; i++) *p++ = (double)x[i];
  for (int i = 0; i < SAMPLES * CLASSES; i++) *p++ = (double)y[i];
  const tri_call call = {.n_sizes = 1, .sizes = (int64_t[]){SAMPLES}};
  ck_assert_int_eq(tri_function_call(f, &call, point, gradient), TRI_OK);
  tri_function_free(f);
}

static float claimed[64];
static tri_gradient_claim claims[4];

static void claim_it(void) {
  size_t at = 0;
  for (size_t t = 0; t < 4; at += tri_model_weight(m, t).count, t++)
    claims[t] = (tri_gradient_claim){.floats = claimed + at};
  for (size_t i = 0; i < at; i++) claimed[i] = (float)gradient[i];
}

static void check_claims(void) {
  tri_model_gradcheck_free(&report);
  checked(tri_model_gradcheck(m, &data, &report, .claims = claims));
  ck_assert_int_eq(report.claimed, 1);
}

START_TEST(right_claims_are_proved) {
  two_layers("tanh", "softmax");
  compile("categorical_crossentropy");
  compute_gradient("categorical_crossentropy");
  claim_it();
  check_claims();
  is_proved();
  size_t at = 0;
  for (size_t t = 0; t < 4; at += tri_model_weight(m, t).count, t++)
    claims[t] = (tri_gradient_claim){.doubles = gradient + at};
  check_claims();
  is_proved();
  ck_assert_double_lt(report.tensors[0].worst.claim.bound, 1e-14);
}
END_TEST

START_TEST(a_tensor_off_by_5e_4_is_refuted) {
  two_layers("tanh", "softmax");
  compile("categorical_crossentropy");
  compute_gradient("categorical_crossentropy");
  for (size_t wrong = 0; wrong < 4; wrong++) {
    claim_it();
    float *first = (float *)(uintptr_t)claims[wrong].floats;
    for (size_t i = 0; i < tri_model_weight(m, wrong).count; i++) first[i] *= 1.0005f;
    check_claims();
    ck_assert_int_eq(report.verdict, TRI_REFUTED);
    for (size_t t = 0; t < 4; t++)
      ck_assert_int_eq(report.tensors[t].verdict, t == wrong ? TRI_REFUTED : TRI_PROVED);
    ck_assert_ptr_nonnull(strstr(report.tensors[wrong].reason, "times what rounding explains"));
    ck_assert_double_eq_tol(report.tensors[wrong].worst.claim.relative, 5e-4, 1e-5);
  }
}
END_TEST

/* Every entry by itself. */
START_TEST(an_entry_off_by_5e_4_is_refuted) {
  two_layers("tanh", "softmax");
  compile("categorical_crossentropy");
  compute_gradient("categorical_crossentropy");
  size_t entry = 0;
  for (size_t t = 0; t < 4; t++)
    for (size_t i = 0; i < tri_model_weight(m, t).count; i++, entry++) {
      claim_it();
      claimed[entry] *= 1.0005f;
      check_claims();
      ck_assert_msg(report.verdict == TRI_REFUTED, "entry %zu, %g", entry, gradient[entry]);
      ck_assert_uint_eq(report.tensors[t].refuted, 1);
      ck_assert_uint_eq(report.tensors[t].worst.index, i);
    }
}
END_TEST

START_TEST(what_is_not_finite_is_refuted) {
  two_layers("tanh", "softmax");
  compile("categorical_crossentropy");
  compute_gradient("categorical_crossentropy");
  claim_it();
  claimed[2] = (float)NAN;
  check_claims();
  ck_assert_int_eq(report.tensors[0].verdict, TRI_REFUTED);
  ck_assert_str_eq(report.tensors[0].reason, "the claim is not finite");
}
END_TEST

/* A row whose partial is wrong is the same in float32, double and balls. */
START_TEST(wrong_rows_are_refuted_by_differences) {
  static const struct {
    tri_op op;
    const char *activation, *partial;
  } planted[] = {{TRI_OP_tanh, "tanh", "1.001*square(sech(a))"},
                 {TRI_OP_softplus, "softplus", "0.9995*sigmoid(a)"},
                 {TRI_OP_relu, "relu", "select(a > 0.0, 1.0005, 0.0)"}};
  static struct row table[TRI_OP_ROWS];
  memcpy(table, tri__rows, sizeof table);
  table[planted[_i].op].partial[0] = planted[_i].partial;
  tri_graph_free(m->graph);
  m->graph = tri__graph_new_rows(NULL, table);
  two_layers(planted[_i].activation, "linear");
  compile("mean_squared_error");
  checked(tri_model_gradcheck(m, &data, &report));
  ck_assert_int_eq(report.verdict, TRI_REFUTED);
  ck_assert_int_eq(report.tensors[0].verdict, TRI_REFUTED);
  ck_assert_int_eq(report.tensors[0].differences, TRI_REFUTED);
  ck_assert_uint_eq(report.tensors[0].refuted, 0);
  ck_assert_str_eq(report.tensors[0].reason,
                   "differences of the loss's values show another gradient");
  ck_assert_int_eq(report.tensors[2].verdict, TRI_PROVED);
}
END_TEST

/* --- samples */

START_TEST(samples_are_of_the_seed) {
  size_t index[3];
  uint64_t hash[3];
  two_layers("tanh", "linear");
  compile("mean_squared_error");
  for (int i = 0; i < 3; i++) {
    tri_model_gradcheck_free(&report);
    if (i == 2) x[0] = 0.5f;
    checked(tri_model_gradcheck(m, &data, &report, .sample = 1, .seed = i < 2 ? 1 : 2));
    ck_assert_uint_eq(report.checked, 4);
    ck_assert_uint_eq(report.entries, 43);
    ck_assert_uint_eq(report.seed, i < 2 ? 1 : 2);
    index[i] = report.tensors[0].worst.index * 64 + report.tensors[2].worst.index;
    hash[i] = report.hash;
    is_proved();
  }
  ck_assert_uint_eq(index[0], index[1]);
  ck_assert_uint_ne(index[0], index[2]);
  ck_assert_uint_eq(hash[0], hash[1]);
  ck_assert_uint_ne(hash[0], hash[2]);
}
END_TEST

/* FNV-1a of the bytes of 1.0f and 2.0f: computed by hand from its definition. */
START_TEST(hashes_are_fnv) {
  const unsigned char bytes[] = {0, 0, 128, 63, 0, 0, 0, 64};
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < sizeof bytes; i++) hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
  add(tri_input(1));
  add(tri_dense(1));
  x[0] = 1.0f, y[0] = 2.0f;
  samples_of(1, 1, 1);
  compile("mean_squared_error");
  checked(tri_model_gradcheck(m, &data, &report));
  ck_assert_uint_eq(report.hash, hash);
}
END_TEST

/* --- what cannot be checked */

static void refused(tri_status status, tri_status expected, const char *message) {
  ck_assert_int_eq(status, expected);
  ck_assert_str_eq(tri_model_error(m)->message, message);
  ck_assert_uint_eq(report.n_tensors, 0);
  ck_assert_ptr_null(report.tensors);
}

START_TEST(what_cannot_be_checked_is_told) {
  two_layers("tanh", "linear");
  refused(tri_model_gradcheck(m, &data, &report), TRI_ARGUMENT,
          "the model is not compiled: tri_model_compile");
  compile("mean_squared_error");
  refused(tri_model_gradcheck(m, NULL, &report), TRI_ARGUMENT, "there are no data");
  refused(tri_model_gradcheck(m, &data, &report, .first = 3), TRI_ARGUMENT, "there is no sample 3");
  claims[0] = claims[1] = claims[2] = claims[3] = (tri_gradient_claim){0};
  refused(tri_model_gradcheck(m, &data, &report, .claims = claims), TRI_ARGUMENT,
          "dense/kernel: a claim is of floats or of doubles");
  samples_of(SAMPLES, WIDTH - 1, CLASSES);
  refused(tri_model_gradcheck(m, &data, &report), TRI_SHAPE,
          "input_layer: data of shape (3, 3) do not fit (None, 4)");
  samples_of(SAMPLES, WIDTH, CLASSES);
  x[5] = (float)NAN;
  refused(tri_model_gradcheck(m, &data, &report), TRI_ARGUMENT,
          "input_layer: the data are nan at [1, 1]");
  x[5] = 0.0f;
  double weights[43];
  tri_model_get_weights(m, weights);
  weights[22] = (double)NAN;
  tri_model_set_weights(m, weights);
  refused(tri_model_gradcheck(m, &data, &report), TRI_ARGUMENT,
          "dense/bias: number 2 is not finite");
}
END_TEST

START_TEST(models_without_weights) {
  add(tri_input(WIDTH));
  add(tri_activation("tanh"));
  samples_of(SAMPLES, WIDTH, WIDTH - 1);
  compile("mean_squared_error");
  refused(tri_model_gradcheck(m, &data, &report), TRI_ARGUMENT,
          "the model has no weights to train");
}
END_TEST

/* One sample, and all that there are, by their places in the data. */
START_TEST(batches_are_parts_of_the_data) {
  double loss[3];
  two_layers("tanh", "linear");
  compile("mean_squared_error");
  for (size_t i = 0; i < 3; i++) {
    tri_model_gradcheck_free(&report);
    checked(tri_model_gradcheck(m, &data, &report, .first = i, .batch_size = 1));
    ck_assert_uint_eq(report.samples, 1);
    loss[i] = report.loss[2];
  }
  tri_model_gradcheck_free(&report);
  refused(tri_model_gradcheck(m, &data, &report, .first = 1, .batch_size = 3), TRI_ARGUMENT,
          "batch_size is 3, and there are 2 samples");
  checked(tri_model_gradcheck(m, &data, &report, .first = 1));
  ck_assert_uint_eq(report.samples, 2);
  ck_assert_double_eq_tol(report.loss[2], (loss[1] + loss[2]) / 2, 1e-14);
  is_proved();
}
END_TEST

START_TEST(it_can_be_interrupted) {
  const volatile int interrupt = 1;
  two_layers("tanh", "linear");
  compile("mean_squared_error");
  ck_assert_int_eq(tri_model_gradcheck(m, &data, &report, .interrupt = &interrupt),
                   TRI_INTERRUPTED);
  ck_assert_uint_eq(report.n_tensors, 0);
}
END_TEST

/* --- text */

START_TEST(text_is_a_table) {
  two_layers("tanh", "linear");
  compile("mean_squared_error");
  checked(tri_model_gradcheck(m, &data, &report));
  const char *text = text_of_report();
  ck_assert_ptr_nonnull(strstr(text, "Gradient of the loss for 3 samples (FNV-1a "));
  ck_assert_ptr_nonnull(strstr(text, "\ntensor          checked   worst entry  computed"));
  ck_assert_ptr_nonnull(strstr(text, "\ndense/kernel    20 of 20  ["));
  ck_assert_ptr_nonnull(strstr(text, "\n\nPROVED: 43 of 43 entries (100 %, seed 0) in "));
  for (const char *p = text; *p; p++) ck_assert_int_ge(*p, 0);
  tri_text wide = {0};
  ck_assert_int_eq(tri_model_gradcheck_text(&report, 0, &wide), TRI_OK);
  ck_assert_ptr_nonnull(strstr(wide.data, "────"));
  tri_text_free(&wide);
}
END_TEST

static Suite *gradcheck_suite(void) {
  Suite *s = suite_create("gradcheck of models");
  TCase *c = tcase_create("gradcheck");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, right_gradients_are_proved, 0,
                      LOSSES * (int)(sizeof activations / sizeof *activations));
  tcase_add_test(c, float64_is_held_to_its_own_rounding);
  tcase_add_test(c, sums_over_samples_may_be_in_any_order);
  tcase_add_test(c, layers_of_training_are_as_in_training);
  tcase_add_test(c, models_of_several_inputs);
  tcase_add_test(c, models_are_as_before);
  tcase_add_loop_test(c, kinks_are_undecided_and_named, 0, 3);
  tcase_add_test(c, rounding_decides_what_is_near);
  tcase_add_test(c, a_kink_without_a_jump_is_none);
  tcase_add_test(c, weights_at_the_kink_of_l1);
  tcase_add_test(c, pooling_is_proved);
  tcase_add_test(c, ties_of_pooling_are_undecided);
  tcase_add_test(c, ties_of_what_is_off_are_none);
  tcase_add_loop_test(c, a_gradient_of_0_is_proved, 0, 2);
  tcase_add_loop_test(c, a_ball_about_0_is_no_error, 0, 2);
  tcase_add_test(c, right_claims_are_proved);
  tcase_add_test(c, a_tensor_off_by_5e_4_is_refuted);
  tcase_add_test(c, an_entry_off_by_5e_4_is_refuted);
  tcase_add_test(c, what_is_not_finite_is_refuted);
  tcase_add_loop_test(c, wrong_rows_are_refuted_by_differences, 0, 3);
  tcase_add_test(c, samples_are_of_the_seed);
  tcase_add_test(c, hashes_are_fnv);
  tcase_add_test(c, what_cannot_be_checked_is_told);
  tcase_add_test(c, models_without_weights);
  tcase_add_test(c, batches_are_parts_of_the_data);
  tcase_add_test(c, it_can_be_interrupted);
  tcase_add_test(c, text_is_a_table);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("gradcheck of models", gradcheck_suite); }
