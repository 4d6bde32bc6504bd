/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Layers, losses and models against what Keras computes: results, gradients, moving statistics
 * (cases.py asked it, whose cases these are); and summaries as Keras prints them. */
#include "tests/nn/keras.h"

static tri_model *new_model(void) {
  return tri_functional(&(tri_model_options){.dtype = keras_dtype()});
}

/* --- layers */

static const struct layer_case {
  const char *name;
  tri_layer layer;
  bool training;
} layer_cases[] = {
    {"dense_rank_4", tri_dense(3, .activation = "tanh"), false},
    {"dense_without_bias", tri_dense(2, .no_bias = 1), false},
    {"normalization", tri_batch_normalization(), false},
    {"normalization_training", tri_batch_normalization(), true},
    {"normalization_image", tri_batch_normalization(.momentum = 0.9, .epsilon = 0.01), false},
    {"normalization_image_training", tri_batch_normalization(.momentum = 0.9, .epsilon = 0.01),
     true},
    {"normalization_plain_training", tri_batch_normalization(.no_center = 1, .no_scale = 1), true},
    {"normalization_no_scale_training", tri_batch_normalization(.no_scale = 1), true},
    {"flatten", tri_flatten(), false},
    {"reshape", tri_reshape_layer(3, -1), false},
    {"dropout", tri_dropout(0.4), false},
    {"add", tri_add_layer(), false},
    {"conv_valid", tri_conv2d(4, .kernel_size = {3}), false},
    {"conv_valid_relu", tri_conv2d(4, .kernel_size = {3}, .activation = "relu"), false},
    {"conv_same", tri_conv2d(4, .kernel_size = {3}, .padding = "same"), false},
    {"conv_same_even", tri_conv2d(3, .kernel_size = {2, 4}, .padding = "same"), false},
    {"conv_rectangle", tri_conv2d(3, .kernel_size = {3, 2}, .strides = {2, 1}), false},
    {"conv_strides", tri_conv2d(4, .kernel_size = {3}, .strides = {2}), false},
    {"conv_strides_same", tri_conv2d(4, .kernel_size = {3}, .strides = {2}, .padding = "same"),
     false},
    {"conv_strides_same_odd", tri_conv2d(4, .kernel_size = {2}, .strides = {3}, .padding = "same"),
     false},
    {"conv_dilation", tri_conv2d(2, .kernel_size = {3}, .dilation_rate = {2}), false},
    {"conv_dilation_same",
     tri_conv2d(2, .kernel_size = {3}, .dilation_rate = {2, 1}, .padding = "same"), false},
    {"conv_groups", tri_conv2d(6, .kernel_size = {3}, .groups = 2), false},
    {"conv_groups_same",
     tri_conv2d(4, .kernel_size = {3, 2}, .groups = 4, .strides = {2}, .padding = "same",
                .no_bias = 1),
     false},
    {"max_pool", tri_max_pooling2d(), false},
    {"max_pool_odd", tri_max_pooling2d(.pool_size = {2}), false},
    {"max_pool_same", tri_max_pooling2d(.padding = "same"), false},
    {"max_pool_overlap", tri_max_pooling2d(.pool_size = {3}, .strides = {2}, .padding = "same"),
     false},
    {"max_pool_rectangle", tri_max_pooling2d(.pool_size = {3, 2}, .strides = {1, 2}), false},
    {"average_pool", tri_average_pooling2d(), false},
    {"average_pool_odd", tri_average_pooling2d(.pool_size = {2}), false},
    {"average_pool_same", tri_average_pooling2d(.padding = "same"), false},
    {"average_pool_overlap",
     tri_average_pooling2d(.pool_size = {3}, .strides = {2}, .padding = "same"), false},
    {"average_pool_rectangle", tri_average_pooling2d(.pool_size = {3, 2}, .strides = {1, 2}),
     false},
    {"concatenate", tri_concatenate(), false},
    {"concatenate_first", tri_concatenate(.axis = 1), false},
};

static tri_layer input_like(const tri_array *x) {
  tri_layer in = {.kind = TRI_LAYER_INPUT, .rank = x->rank - 1};
  for (size_t i = 1; i < x->rank; i++) in.shape[i - 1] = (int64_t)x->dims[i];
  return in;
}

/* Weights are given, and what a training step makes of those that are not trained is expected. */
static void expect_weights(struct keras_run *r, const tri_model *m, const struct built *built) {
  size_t fixed = 0;
  for (size_t i = 0; i < tri_model_weights(m); i++) {
    tri_weight w = tri_model_weight(m, i);
    keras_give(r, w.variable, keras_find("%s.w%zu", r->name, i));
    if (w.trainable || built->n_updates == 0) continue;
    for (size_t u = 0; u < built->n_updates; u++)
      if (built->updates[u].weight == i)
        keras_expect(r, built->updates[u].value, keras_find("%s.new%zu", r->name, fixed));
    fixed++;
  }
}

/* The gradient of `of` by the n variables that were given, of which some are weights that are not
 * trained: dw0, …, dx0, … */
static void expect_gradient(struct keras_run *r, const tri_model *m, tri_expr of, size_t n) {
  tri_expr gradient[KERAS_MOST];
  size_t weights = tri_model_weights(m), trained = 0;
  ck_assert_int_eq(tri_gradient(of, n, r->in, gradient), TRI_OK);
  for (size_t i = 0; i < weights; i++)
    if (tri_model_weight(m, i).trainable)
      keras_expect(r, gradient[i], keras_find("%s.dw%zu", r->name, trained++));
  for (size_t i = weights; i < n; i++)
    keras_expect(r, gradient[i], keras_find("%s.dx%zu", r->name, i - weights));
}

static void check_layer(const char *name, tri_layer layer, bool training) {
  struct keras_run r = {.name = name};
  struct built built;
  tri_tensor in[4];
  size_t n = 0;
  const tri_array *x, *seed = keras_find("%s.seed", name);
  tri_model *m = new_model();
  for (; (x = keras_find("%s.x%zu", name, n)); n++) in[n] = tri_model_add_input(m, input_like(x));
  tri_tensor y = tri_model_call_with(m, layer, n, in);
  ck_assert_msg(tri_model_set_outputs(m, 1, &y) == TRI_OK, "%s: %s", name,
                tri_model_error(m)->message);
  ck_assert_int_eq(tri__model_build(m, training, &built), TRI_OK);
  keras_expect(&r, built.outputs[0], keras_find("%s.y", name));
  expect_weights(&r, m, &built);
  for (size_t i = 0; i < n; i++)
    keras_give(&r, tri_model_input(m, i), keras_find("%s.x%zu", name, i));
  size_t variables = r.inputs;
  keras_give(&r, keras_variable(tri_model_graph(m), "seed", seed), seed);
  expect_gradient(&r, m, tri_dot(built.outputs[0], r.in[variables]), variables);
  keras_compare(&r, (int64_t)seed->dims[0]);
  tri__built_free(m, &built);
  tri_model_free(m);
}

START_TEST(layers) {
  for (size_t i = 0; i < sizeof layer_cases / sizeof *layer_cases; i++)
    check_layer(layer_cases[i].name, layer_cases[i].layer, layer_cases[i].training);
}
END_TEST

START_TEST(activations) {
  static const char *const names[] = {"linear",  "relu",     "sigmoid",  "tanh",
                                      "softmax", "softplus", "softsign", "exponential",
                                      "elu",     "silu",     "gelu"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char name[64];
    snprintf(name, sizeof name, "dense_%s", names[i]);
    check_layer(name, tri_dense(4, .activation = names[i]), false);
    snprintf(name, sizeof name, "activation_%s", names[i]);
    check_layer(name, tri_activation(names[i]), false);
  }
}
END_TEST

/* --- losses */

static void check_loss(const char *name, const char *loss, int from_logits) {
  char full[64];
  struct keras_run r = {.name = full};
  tri_expr gradient;
  snprintf(full, sizeof full, "loss_%s", name);
  const tri_array *p = keras_find("%s.p", full), *y = keras_find("%s.y", full);
  tri_graph *g = tri_graph_new(NULL);
  keras_give(&r, keras_variable(g, "p", p), p);
  keras_give(&r, keras_variable(g, "y", y), y);
  tri_expr value = tri_loss(loss, r.in[1], r.in[0], from_logits);
  ck_assert_int_eq(tri_gradient(value, 1, r.in, &gradient), TRI_OK);
  keras_expect(&r, value, keras_find("%s.loss", full));
  keras_expect(&r, gradient, keras_find("%s.dp", full));
  keras_compare(&r, (int64_t)p->dims[0]);
  tri_graph_free(g);
}

START_TEST(losses) {
  check_loss("mean_squared_error", "mean_squared_error", 0);
  check_loss("binary", "binary_crossentropy", 0);
  check_loss("binary_soft", "binary_crossentropy", 0);
  check_loss("binary_logits", "binary_crossentropy", 1);
  check_loss("categorical", "categorical_crossentropy", 0);
  check_loss("categorical_one_hot", "categorical_crossentropy", 0);
  check_loss("categorical_logits", "categorical_crossentropy", 1);
  check_loss("sparse", "sparse_categorical_crossentropy", 0);
  check_loss("sparse_logits", "sparse_categorical_crossentropy", 1);
}
END_TEST

/* --- models: their outputs in use, and loss and gradient in training */

#include "tests/nn/keras_models.h"

/* The loss of what softmax is taken of, as triad trains. */
static tri_expr trained_loss(const struct built *built, const char *loss, tri_expr y) {
  int logits = built->logits[0].graph != NULL;
  tri_expr of = tri_loss(loss, y, logits ? built->logits[0] : built->outputs[0], logits);
  return built->penalty.graph ? tri_add(of, built->penalty) : of;
}

static void give_batch(struct keras_run *r, const tri_model *m) {
  for (size_t i = 0; i < tri_model_weights(m); i++)
    keras_give(r, tri_model_weight(m, i).variable, keras_find("%s.w%zu.0", r->name, i));
  for (size_t i = 0; i < tri_model_inputs(m); i++)
    keras_give(r, tri_model_input(m, i), keras_find("%s.x%zu.1", r->name, i));
}

static void check_model(const struct keras_model *c) {
  struct keras_run use = {.name = c->name}, training = use;
  struct built built;
  tri_model *m = c->make(&(tri_model_options){.dtype = keras_dtype()});
  const tri_array *y = keras_find("%s.y.1", c->name);
  ck_assert_ptr_nonnull(m);
  give_batch(&use, m);
  keras_expect(&use, tri_model_output(m, 0), keras_find("%s.out", c->name));
  keras_compare(&use, (int64_t)y->dims[0]);
  ck_assert_int_eq(tri__model_build(m, true, &built), TRI_OK);
  give_batch(&training, m);
  keras_give(&training, keras_variable(tri_model_graph(m), "y", y), y);
  tri_expr loss = trained_loss(&built, c->loss, training.in[training.inputs - 1]);
  keras_expect(&training, loss, keras_find("%s.loss.1", c->name));
  expect_gradient(&training, m, loss, tri_model_weights(m));
  keras_compare(&training, (int64_t)y->dims[0]);
  tri__built_free(m, &built);
  tri_model_free(m);
}

START_TEST(models) {
  for (size_t i = 0; i < KERAS_MODELS; i++) check_model(keras_models + i);
}
END_TEST

/* --- summaries */

static void check_summary(const char *name, tri_model *m) {
  char path[1024], expected[8192];
  tri_text text = {0};
  snprintf(path, sizeof path, "%s/keras-summary-%s.txt", KERAS_FOLDER, name);
  FILE *file = fopen(path, "r");
  ck_assert_msg(file, "%s is missing", path);
  expected[fread(expected, 1, sizeof expected - 1, file)] = '\0';
  fclose(file);
  ck_assert_ptr_nonnull(m);
  ck_assert_int_eq(tri_model_summary(m, &text), TRI_OK);
  size_t n = strlen(text.data);
  ck_assert(strncmp(expected, text.data, n) == 0 &&
            strspn(expected + n, "\n") == strlen(expected + n));
  tri_text_free(&text);
  tri_model_free(m);
}

START_TEST(summaries) {
  check_summary("mlp", keras_summary_mlp());
  check_summary("cnn", keras_summary_cnn());
  check_summary("two-inputs", keras_summary_two_inputs());
}
END_TEST

static Suite *suite(void) {
  Suite *s = tri_test_suite("keras", 0, NULL, NULL, summaries);
  keras_cases(s, 4, (const TTest *const[]){layers, activations, losses, models});
  return s;
}

int main(void) { return keras_main("keras", suite); }
