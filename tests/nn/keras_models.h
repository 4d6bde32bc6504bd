/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The models of cases.py. */
#ifndef TRIAD_TESTS_NN_KERAS_MODELS_H
#define TRIAD_TESTS_NN_KERAS_MODELS_H

#include <triad.h>

/* NULL after a failure; the model otherwise. */
static inline tri_model *keras_finished(tri_model *m, size_t n, const tri_tensor *outputs) {
  if (tri_model_set_outputs(m, n, outputs) == TRI_OK) return m;
  tri_model_free(m);
  return NULL;
}

static inline tri_model *keras_mlp(const tri_model_options *options) {
  tri_model *m = tri_functional(options);
  tri_tensor h = tri_model_add_input(m, tri_input(6));
  h = tri_model_call(m, tri_dense(5, .activation = "relu", .kernel_regularizer = tri_l2(0.01)), h);
  h = tri_model_call(m,
                     tri_dense(4, .activation = "tanh", .kernel_regularizer = tri_l1_l2(0.02, 0.03),
                               .bias_regularizer = tri_l1(0.04)),
                     h);
  h = tri_model_call(m, tri_dense(3, .activation = "softmax", .activity_regularizer = tri_l2(0.05)),
                     h);
  return keras_finished(m, 1, &h);
}

static inline tri_model *keras_two_inputs(const tri_model_options *options) {
  tri_model *m = tri_functional(options);
  tri_tensor a = tri_model_add_input(m, tri_input(3)), b = tri_model_add_input(m, tri_input(2, 2));
  tri_tensor left = tri_model_call(m, tri_dense(3, .activation = "sigmoid", .name = "twin"), a);
  tri_tensor flat = tri_model_call(m, tri_flatten(), b);
  tri_tensor right = tri_model_call(m, tri_dense(3, .activation = "elu"), flat);
  tri_tensor sum = tri_model_call(m, tri_add_layer(), left, right);
  tri_tensor again = tri_model_call(m, tri_shared("twin"), left);
  tri_tensor y = tri_model_call(m, tri_concatenate(), sum, again);
  y = tri_model_call(m, tri_dense(2), y);
  return keras_finished(m, 1, &y);
}

static inline tri_model *keras_cnn(const tri_model_options *options) {
  const tri_layer list[] = {
      tri_conv2d(3, .kernel_size = {3}, .activation = "relu", .padding = "same"),
      tri_max_pooling2d(),
      tri_batch_normalization(.momentum = 0.8),
      tri_conv2d(4, .kernel_size = {2}, .strides = {2}),
      tri_average_pooling2d(),
      tri_flatten(),
      tri_dense(3, .activation = "softmax")};
  tri_model *m = tri_functional(options);
  tri_tensor h = tri_model_add_input(m, tri_input(8, 8, 2));
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) h = tri_model_call(m, list[i], h);
  return keras_finished(m, 1, &h);
}

/* How they are made, and what they are trained with. */
struct keras_model {
  const char *name;
  tri_model *(*make)(const tri_model_options *options);
  const char *loss;
  tri_optimizer optimizer;
};

static const struct keras_model keras_models[] = {
    {"model_mlp", keras_mlp, "sparse_categorical_crossentropy", tri_adam(.learning_rate = 0.01)},
    {"model_two_inputs", keras_two_inputs, "mean_squared_error",
     tri_sgd(.learning_rate = 0.1, .momentum = 0.9)},
    {"model_cnn", keras_cnn, "categorical_crossentropy", tri_rmsprop(.learning_rate = 0.01)},
};
enum { KERAS_MODELS = sizeof keras_models / sizeof *keras_models };

/* --- models of which there are summaries; layers come in the order that Keras puts them in */

static inline tri_model *keras_summary_of(const char *name, size_t n, const tri_layer *list) {
  tri_model *m = tri_sequential(&(tri_model_options){.name = name});
  for (size_t i = 0; i < n; i++)
    if (tri_model_add(m, list[i])) {
      tri_model_free(m);
      return NULL;
    }
  return m;
}

static inline tri_model *keras_summary_mlp(void) {
  const tri_layer list[] = {tri_input(28, 28), tri_flatten(), tri_dense(300, .activation = "relu"),
                            tri_dense(100, .activation = "relu"),
                            tri_dense(10, .activation = "softmax")};
  return keras_summary_of(NULL, sizeof list / sizeof *list, list);
}

static inline tri_model *keras_summary_cnn(void) {
  const tri_layer list[] = {tri_input(28, 28, 1),
                            tri_conv2d(32, .kernel_size = {3}, .activation = "relu"),
                            tri_batch_normalization(),
                            tri_max_pooling2d(),
                            tri_conv2d(64, .kernel_size = {3}, .activation = "relu",
                                       .name = "a_convolution_with_a_long_name"),
                            tri_max_pooling2d(),
                            tri_flatten(),
                            tri_dropout(0.5),
                            tri_dense(10, .activation = "softmax")};
  return keras_summary_of("pictures", sizeof list / sizeof *list, list);
}

static inline tri_model *keras_summary_two_inputs(void) {
  tri_model *m = tri_functional(NULL);
  tri_tensor deep = tri_model_add_input(m, tri_named("deep", tri_input(6)));
  tri_tensor one = tri_model_call(m, tri_dense(30, .activation = "relu"), deep);
  tri_tensor wide = tri_model_add_input(m, tri_named("wide", tri_input(5)));
  tri_tensor h = tri_model_call(m, tri_dense(30, .activation = "relu"), one);
  tri_tensor y = tri_model_call(m, tri_concatenate(), wide, h);
  tri_tensor other = tri_model_call(m, tri_shared("dense"), deep);
  tri_tensor sum = tri_model_call(m, tri_add_layer(), h, other);
  tri_tensor out[2] = {tri_model_call(m, tri_dense(1, .name = "main"), y),
                       tri_model_call(m, tri_dense(1, .name = "help"), sum)};
  return keras_finished(m, 2, out);
}

#endif
