/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models as Keras's JSON: what Keras writes is read, what is written is read back as the same
 * model, and what is wrong is told with its place. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

#include "tests/runner.h"

static tri_error error;

static tri_status read_text(const char *text, tri_model **m) {
  return tri_model_from_json(text, strlen(text), &(tri_model_options){.seed = 7},
                             &(tri_io_options){.error = &error}, m);
}

#if HAVE_JANSSON

static tri_model *read_good(const char *text) {
  tri_model *m;
  tri_status status = read_text(text, &m);
  ck_assert_msg(status == TRI_OK, "%s", error.message);
  return m;
}

static char *written(const tri_model *m) {
  tri_text text = {0};
  ck_assert_int_eq(tri_model_to_json(m, &text), TRI_OK);
  char *copy = strdup(text.data);
  tri_text_free(&text);
  return copy;
}

static char *summary(const tri_model *m) {
  tri_text text = {0};
  ck_assert_int_eq(tri_model_summary(m, &text), TRI_OK);
  char *copy = strdup(text.data);
  tri_text_free(&text);
  return copy;
}

static double *weights(const tri_model *m) {
  double *values = malloc((tri_model_parameters(m) + 1) * sizeof *values);
  tri_model_get_weights(m, values);
  return values;
}

/* A model, and what is read of what is written of it, are the same; also in their first weights, if
 * their seeds are. */
static void there_and_back(tri_model *m) {
  char *text = written(m), *shown = summary(m);
  tri_model *read = read_good(text);
  char *again = written(read), *shown_again = summary(read);
  double *w = weights(m), *w_again = weights(read);
  ck_assert_str_eq(text, again);
  ck_assert_str_eq(shown, shown_again);
  ck_assert_int_eq(tri_model_domain(m), tri_model_domain(read));
  ck_assert_uint_eq(tri_model_parameters(m), tri_model_parameters(read));
  ck_assert_mem_eq(w, w_again, tri_model_parameters(m) * sizeof *w);
  free(text), free(again), free(shown), free(shown_again), free(w), free(w_again);
  tri_model_free(read);
  tri_model_free(m);
}

static tri_model *sequential(const char *dtype, size_t n, const tri_layer *layers) {
  tri_model *m = tri_sequential(&(tri_model_options){.seed = 7, .dtype = dtype});
  for (size_t i = 0; i < n; i++) {
    tri_status status = tri_model_add(m, layers[i]);
    ck_assert_msg(status == TRI_OK, "%s", tri_model_error(m)->message);
  }
  return m;
}

START_TEST(layers_there_and_back) {
  const tri_layer image = tri_input(6, 6, 2), vector = tri_input(12);
  const tri_layer dense = tri_dense(3), end = tri_dense(2, .name = "the \"end\" ä");
  const tri_layer others[] = {
      dense,
      tri_dense(3, .activation = "relu", .no_bias = 1, .kernel_initializer = "he_normal"),
      tri_dense(3, .bias_initializer = "ones", .kernel_regularizer = tri_l2(0.01),
                .bias_regularizer = tri_l1(1e-5), .activity_regularizer = tri_l1_l2(0.5, 2)),
      tri_activation("softmax"),
      tri_flatten(.name = "flat"),
      tri_reshape_layer(2, -1, 3),
      tri_dropout(0.25),
      tri_dropout(0),
      tri_batch_normalization(),
      tri_batch_normalization(.momentum = 0.5, .epsilon = 1e-5, .no_center = 1, .no_scale = 1),
  };
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    there_and_back(sequential("float32", 3, (tri_layer[]){image, others[i], end}));
    there_and_back(sequential("float64", 4, (tri_layer[]){vector, others[i], dense, end}));
  }
}
END_TEST

static tri_model *functional(void) {
  tri_model *m = tri_functional(&(tri_model_options){.seed = 7, .name = "two in, two out"});
  tri_layer named = tri_input(3);
  named.name = "a";
  tri_tensor a = tri_model_add_input(m, named);
  tri_tensor b = tri_model_add_input(m, tri_input(3));
  tri_tensor x = tri_model_call(m, tri_dense(4, .name = "both", .activation = "tanh"), a);
  tri_tensor y = tri_model_call(m, tri_shared("both"), b);
  tri_tensor sum = tri_model_call(m, tri_add_layer(), x, y, x);
  tri_tensor joined = tri_model_call(m, tri_concatenate(.axis = 1), sum, a);
  tri_tensor out[] = {tri_model_call(m, tri_dense(1), joined), y};
  ck_assert_int_eq(tri_model_set_outputs(m, 2, out), TRI_OK);
  return m;
}

START_TEST(windows_there_and_back) {
  const tri_layer image = tri_input(8, 9, 2), steps = tri_input(12, 2);
  const tri_layer two[] = {
      tri_conv2d(3, .kernel_size = {3}),
      tri_conv2d(4, .kernel_size = {3, 2}, .strides = {2, 1}, .padding = "same", .groups = 2,
                 .activation = "relu", .no_bias = 1, .kernel_regularizer = tri_l1(0.5)),
      tri_conv2d(1, .kernel_size = {2}, .dilation_rate = {1, 2},
                 .kernel_initializer = "lecun_normal"),
      tri_max_pooling2d(),
      tri_max_pooling2d(.pool_size = {3, 2}, .strides = {1, 3}, .padding = "same"),
      tri_average_pooling2d(.pool_size = {4}),
  };
  const tri_layer one[] = {
      tri_conv1d(3, .kernel_size = {5}, .strides = {2}),
      tri_conv1d(2, .kernel_size = {2}, .dilation_rate = {3}, .padding = "same", .groups = 2),
      tri_max_pooling1d(.strides = {1}),
      tri_average_pooling1d(.pool_size = {3}),
  };
  for (size_t i = 0; i < sizeof two / sizeof *two; i++)
    there_and_back(sequential("float32", 2, (tri_layer[]){image, two[i]}));
  for (size_t i = 0; i < sizeof one / sizeof *one; i++)
    there_and_back(sequential("float64", 2, (tri_layer[]){steps, one[i]}));
}
END_TEST

START_TEST(functional_there_and_back) { there_and_back(functional()); }
END_TEST

/* The pieces of what Keras 3 writes. */
#define POLICY                                                                                     \
  "{\"module\": \"keras\", \"class_name\": \"DTypePolicy\", \"config\": {\"name\": \"float32\"}, " \
  "\"registered_name\": null}"
#define GLOROT                                                                                     \
  "{\"module\": \"keras.initializers\", \"class_name\": \"GlorotUniform\", \"config\": {\"seed\":" \
  " null}, \"registered_name\": null}"
#define ZEROS                                                                                      \
  "{\"module\": \"keras.initializers\", \"class_name\": \"Zeros\", \"config\": {}, "               \
  "\"registered_name\": null}"
#define KERAS_DENSE(name, units, activation, extra)                                                \
  "{\"module\": \"keras.layers\", \"class_name\": \"Dense\", \"config\": {\"name\": \"" name       \
  "\", \"trainable\": true, \"dtype\": " POLICY ", \"units\": " units                              \
  ", \"activation\": \"" activation "\", \"use_bias\": true, \"kernel_initializer\": " GLOROT      \
  ", \"bias_initializer\": " ZEROS                                                                 \
  ", \"kernel_regularizer\": null, \"bias_regularizer\": null, \"kernel_constraint\": null, "      \
  "\"bias_constraint\": null, \"quantization_config\": null}, \"registered_name\": null" extra "}"
#define KERAS_INPUT(name, shape, extra)                                                            \
  "{\"module\": \"keras.layers\", \"class_name\": \"InputLayer\", \"config\": {\"batch_shape\": "  \
  "[" shape "], \"dtype\": \"float32\", \"sparse\": false, \"ragged\": false, \"optional\": "      \
  "false, \"name\": \"" name "\"}, \"registered_name\": null" extra "}"

START_TEST(sequential_of_keras) {
  tri_model *m = read_good(
      "{\"module\": \"keras\", \"class_name\": \"Sequential\", \"config\": {\"name\": "
      "\"sequential_3\", \"trainable\": true, \"dtype\": " POLICY ", \"layers\": [" KERAS_INPUT(
          "input_layer_3", "32, 28, 28",
          "") ", "
              "{\"module\": \"keras.layers\", \"class_name\": "
              "\"Flatten\", \"config\": {\"name\": "
              "\"flatten\", \"trainable\": true, \"dtype\": " POLICY
              ", \"data_format\": \"channels_last\"}, "
              "\"registered_name\": null, \"build_config\": "
              "{\"input_shape\": [null, 28, 28]}}, " KERAS_DENSE(
                  "dense_9", "300", "relu",
                  ", \"build_config\": {\"input_shape\": [null, "
                  "784]}") ", "
                           "{\"module\": \"keras.layers\", "
                           "\"class_name\": \"Dropout\", \"config\": "
                           "{\"name\": "
                           "\"dropout\", \"trainable\": true, "
                           "\"dtype\": " POLICY ", \"rate\": 0.2, \"seed\": null, "
                           "\"noise_shape\": null}, "
                           "\"registered_name\": null}, " KERAS_DENSE(
                               "dense_11", "10", "softmax", "") "], \"build_input_shape\": [null, "
                                                                "28, 28]}, \"registered_name\": "
                                                                "null, \"build_config\": "
                                                                "{\"input_shape\": [null, 28, "
                                                                "28]}}");
  ck_assert_str_eq(tri_model_name(m), "sequential_3");
  ck_assert_uint_eq(tri_model_layers(m), 5);
  ck_assert_uint_eq(tri_model_parameters(m), 785 * 300 + 301 * 10);
  ck_assert_str_eq(tri_model_layer(m, 2)->name, "dense_9");
  ck_assert_str_eq(tri_model_layer(m, 2)->activation, "relu");
  ck_assert_double_eq(tri_model_layer(m, 3)->rate, 0.2);
  there_and_back(m);
}
END_TEST

#define TENSOR(layer, node)                                                                        \
  "{\"class_name\": \"__keras_tensor__\", \"config\": {\"shape\": [null, 4], \"dtype\": "          \
  "\"float32\", \"keras_history\": [\"" layer "\", " node ", 0]}}"
#define NODE(args) ", \"inbound_nodes\": [{\"args\": [" args "], \"kwargs\": {}}]"
#define FUNCTIONAL(layers, in, out)                                                                \
  "{\"module\": \"keras.src.models.functional\", \"class_name\": \"Functional\", \"config\": {"    \
  "\"name\": \"functional\", \"trainable\": true, \"layers\": [" layers "], \"input_layers\": " in \
  ", \"output_layers\": " out                                                                      \
  "}, \"registered_name\": \"Functional\", \"build_config\": {\"input_shape\": null}}"

/* Layers in any order; one input and one output without a list around them, as Keras has it since
 * 3.4. */
START_TEST(functional_of_keras) {
  tri_model *m = read_good(FUNCTIONAL(
      KERAS_DENSE(
          "last", "1", "linear",
          NODE(TENSOR(
              "add",
              "0"))) ", "
                     "{\"module\": \"keras.layers\", \"class_name\": \"Add\", \"config\": "
                     "{\"name\": \"add\", "
                     "\"trainable\": true, \"dtype\": " POLICY
                     "}" NODE("[" TENSOR("d", "1") ", " TENSOR("x", "0") "]") "}, " KERAS_DENSE(
                         "d", "4", "tanh",
                         ", \"inbound_nodes\": [{\"args\": [" TENSOR(
                             "x",
                             "0") "], \"kwargs\": {\"training\": null}}, {\"args\": "
                                  "[" TENSOR(
                                      "d",
                                      "0") "], \"kwargs\": {}}]") ", " KERAS_INPUT("x", "null, 4",
                                                                                   ", "
                                                                                   "\"inbound_"
                                                                                   "nodes\": []"),
      "[\"x\", 0, 0]", "[\"last\", 0, 0]"));
  ck_assert_uint_eq(tri_model_inputs(m), 1);
  ck_assert_uint_eq(tri_model_outputs(m), 1);
  ck_assert_uint_eq(tri_model_layers(m), 4);
  ck_assert_uint_eq(tri_model_parameters(m), 20 + 5);
  there_and_back(m);
}
END_TEST

/* --- what is wrong */

static void refused(const char *text, tri_status status, const char *message) {
  tri_model *m;
  ck_assert_msg(read_text(text, &m) == status, "%s: %s", tri_status_code(error.status),
                error.message);
  ck_assert_ptr_null(m);
  ck_assert_int_eq(error.status, status);
  ck_assert_msg(strstr(error.message, message) != NULL, "%s", error.message);
}

static void layer_refused(const char *layer, tri_status status, const char *message) {
  char text[2000];
  snprintf(text, sizeof text,
           "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": "
           "\"InputLayer\", \"config\": {\"batch_shape\": [null, 4, 3]}}, %s]}}",
           layer);
  refused(text, status, message);
}

START_TEST(layers_refused) {
  static const struct {
    const char *layer, *message;
    tri_status status;
  } cases[] = {
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": \"ten\"}}",
       "config.layers[1].config.units: a whole number is expected, not \"ten\"", TRI_ARGUMENT},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 2.5}}",
       "config.layers[1].config.units: a whole number is expected, not a number", TRI_ARGUMENT},
      {"{\"class_name\": \"Dense\", \"config\": {}}",
       "config.layers[1].config.units: a whole number is missing", TRI_ARGUMENT},
      {"{\"class_name\": \"Dense\"}", "config.layers[1].config: an object is missing",
       TRI_ARGUMENT},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": -2}}", "dense: the number of units",
       TRI_ARGUMENT},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 3, \"unit\": 3}}",
       "config.layers[1].config.unit: there is nothing of this name", TRI_NAME},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 3, \"activation\": \"rely\"}}",
       "config.layers[1].config.activation: no activation is called rely", TRI_NAME},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 3, \"kernel_initializer\": "
       "{\"class_name\": \"Orthogonal\"}}}",
       "kernel_initializer: no initializer is called Orthogonal", TRI_NAME},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 3, \"kernel_initializer\": "
       "{\"class_name\": \"GlorotUniform\", \"config\": {\"seed\": 1, \"scale\": 3}}}}",
       "kernel_initializer.config.scale: there is nothing of this name", TRI_NAME},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 3, \"kernel_initializer\": "
       "{\"class_name\": \"GlorotUniform\", \"config\": 3}}}",
       "kernel_initializer.config: an object is expected, not", TRI_ARGUMENT},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 3, \"kernel_regularizer\": \"l3\"}}",
       "kernel_regularizer: no regularizer is called l3", TRI_NAME},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 3, \"kernel_regularizer\": "
       "{\"class_name\": \"L2\", \"config\": {\"l2\": true}}}}",
       "kernel_regularizer.config.l2: a number is expected, not true", TRI_ARGUMENT},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 3, \"kernel_constraint\": {}}}",
       "kernel_constraint: this is not supported", TRI_ARGUMENT},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 3, \"trainable\": false}}",
       "trainable: only true is supported", TRI_ARGUMENT},
      {"{\"class_name\": \"Dense\", \"config\": {\"units\": 3, \"dtype\": \"float16\"}}",
       "dtype: \"float32\" or \"float64\" is expected, not \"float16\"", TRI_NAME},
      {"{\"class_name\": \"LSTM\", \"config\": {\"units\": 3}}",
       "config.layers[1]: there is no layer LSTM", TRI_NAME},
      {"{\"config\": {\"units\": 3}}", "config.layers[1].class_name: a string is missing",
       TRI_ARGUMENT},
      {"7", "config.layers[1]: an object is expected, not 7", TRI_ARGUMENT},
      {"{\"class_name\": \"MaxPooling1D\", \"config\": {\"strides\": 0}}",
       "config.layers[1].config.strides: 0 is no size", TRI_ARGUMENT},
      {"{\"class_name\": \"Reshape\", \"config\": {\"target_shape\": [5, -1]}}",
       "config.layers[1]: reshape: elements do not fit: (None, 4, 3) as (None, 5, -1)", TRI_SHAPE},
      {"{\"class_name\": \"Reshape\", \"config\": {\"target_shape\": [1,1,1,1,1,1,1,1]}}",
       "target_shape: more than 7 dimensions", TRI_LIMIT},
      {"{\"class_name\": \"BatchNormalization\", \"config\": {\"axis\": 1}}",
       "axis: only -1 is supported", TRI_ARGUMENT},
      {"{\"class_name\": \"BatchNormalization\", \"config\": {\"momentum\": 0}}",
       "momentum: 0 is not supported", TRI_ARGUMENT},
      {"{\"class_name\": \"MaxPooling1D\", \"config\": {\"pool_size\": [2, 2]}}",
       "pool_size: one size is expected, not an array", TRI_ARGUMENT},
      {"{\"class_name\": \"MaxPooling1D\", \"config\": {\"padding\": \"full\"}}",
       "padding: one of these is expected: valid same; not full", TRI_NAME},
      {"{\"class_name\": \"Conv1D\", \"config\": {\"filters\": 2, \"kernel_size\": 5}}",
       "config.layers[1]: conv1d: ", TRI_SHAPE},
      {"{\"class_name\": \"Flatten\", \"config\": {\"data_format\": \"channels_first\"}}",
       "data_format: only \"channels_last\" is supported", TRI_ARGUMENT},
      {"{\"class_name\": \"Flatten\", \"config\": {\"name\": \"input_layer\"}}",
       "input_layer: two layers of this name", TRI_NAME},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    layer_refused(cases[i].layer, cases[i].status, cases[i].message);
}
END_TEST

START_TEST(models_refused) {
  refused("", TRI_SYNTAX, "line 1, column");
  refused("{\"class_name\": \"Sequential\",\n \"config\": {\"layers\": [}}", TRI_SYNTAX,
          "line 2, column 24: unexpected token");
  ck_assert_uint_eq(error.line, 2);
  refused("{\"a\": 1, \"a\": 2}", TRI_SYNTAX, "duplicate");
  refused("[]", TRI_ARGUMENT, "an object is expected, not an array");
  refused("{\"class_name\": \"Sequential\"}", TRI_ARGUMENT, "config: an object is missing");
  refused("{\"class_name\": \"Subclass\", \"config\": {}}", TRI_NAME,
          "a model is Sequential or Functional, not Subclass");
  refused("{\"class_name\": \"Sequential\", \"config\": {}}", TRI_ARGUMENT,
          "config.layers: an array is missing");
  refused("{\"class_name\": \"Sequential\", \"config\": {\"layers\": []}}", TRI_ARGUMENT,
          "config.layers: a model without layers");
  refused(
      "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": \"Flatten\", "
      "\"config\": {}}]}}",
      TRI_ARGUMENT, "config.layers[0]: the first layer, and no other, is an input");
}
END_TEST

#define X KERAS_INPUT("x", "null, 4", ", \"inbound_nodes\": []")

START_TEST(functional_refused) {
  refused(FUNCTIONAL(X ", " KERAS_DENSE("a", "4", "relu", NODE(TENSOR("b", "0"))) ", " KERAS_DENSE(
                         "b", "4", "relu", NODE(TENSOR("a", "0"))),
                     "[\"x\", 0, 0]", "[\"b\", 0, 0]"),
          TRI_ARGUMENT, "config.layers[2].inbound_nodes[0]: layers wait for each other in a ring");
  refused(FUNCTIONAL(X ", " KERAS_DENSE("a", "4", "relu", NODE(TENSOR("a", "0"))), "[\"x\", 0, 0]",
                     "[\"a\", 0, 0]"),
          TRI_ARGUMENT, "wait for each other in a ring");
  refused(
      FUNCTIONAL(X ", " KERAS_DENSE("a", "4", "relu", NODE(TENSOR("z", "0"))), "[\"x\", 0, 0]",
                 "[\"a\", 0, 0]"),
      TRI_NAME,
      "config.layers[1].inbound_nodes[0].args[0].config.keras_history[0]: no layer is called z");
  refused(FUNCTIONAL(X ", " KERAS_DENSE("a", "4", "relu", NODE(TENSOR("x", "1"))), "[\"x\", 0, 0]",
                     "[\"a\", 0, 0]"),
          TRI_NAME, "keras_history: x has no result of these numbers");
  refused(
      FUNCTIONAL(X ", " KERAS_DENSE("a", "4", "relu", NODE("")), "[\"x\", 0, 0]", "[\"a\", 0, 0]"),
      TRI_ARGUMENT, "args: an array of what the layer is called on is expected");
  refused(
      FUNCTIONAL(X ", " KERAS_DENSE("a", "4", "relu", NODE("3")), "[\"x\", 0, 0]", "[\"a\", 0, 0]"),
      TRI_ARGUMENT, "keras_history: an array of a layer's name and 2 numbers is missing");
  refused(FUNCTIONAL(X ", " KERAS_DENSE("a", "4", "relu", NODE(TENSOR("x", "0"))), "[\"a\", 0, 0]",
                     "[\"a\", 0, 0]"),
          TRI_ARGUMENT, "config.input_layers: a is no InputLayer");
  refused(FUNCTIONAL(X, "[\"x\", 0, 0]", "[]"), TRI_ARGUMENT,
          "config.output_layers: an array of output layers is expected");
}
END_TEST

START_TEST(limits) {
  tri_model *m;
  static char text[200000];
  size_t size = (size_t)snprintf(text, sizeof text,
                                 "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [");
  for (int i = 0; i < 4097; i++)
    size += (size_t)snprintf(text + size, sizeof text - size, "%s{\"a\": %d}", i ? ", " : "", i);
  snprintf(text + size, sizeof text - size, "]}}");
  refused(text, TRI_LIMIT, "config.layers: more than 4096 layers");
  tri_io_options io = {.limit = 79 * strlen(text), .error = &error};
  ck_assert_int_eq(tri_model_from_json(text, strlen(text), NULL, &io, &m), TRI_LIMIT);
  ck_assert_ptr_null(m);
  snprintf(text, sizeof text,
           "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": "
           "\"InputLayer\", \"config\": {\"batch_shape\": [null, 1000]}}, {\"class_name\": "
           "\"Dense\", \"config\": {\"units\": 2000000000}}]}}");
  refused(text, TRI_LIMIT,
          "config.layers[1]: dense: the limit has room for fewer weights than the layers take");
  memset(text, '[', 100000);
  text[100000] = '\0';
  refused(text, TRI_SYNTAX, "maximum parsing depth reached");
}
END_TEST

#else
START_TEST(no_json) {
  tri_model *m;
  ck_assert_int_eq(read_text("{}", &m), TRI_FILE);
  ck_assert_ptr_null(m);
  ck_assert_str_eq(error.message,
                   "the model's JSON: this is JSON, and triad was built without Jansson");
}
END_TEST
#endif

static Suite *config_suite(void) {
  Suite *s = suite_create("config");
  TCase *c = tcase_create("config");
#if HAVE_JANSSON
  tcase_add_test(c, layers_there_and_back);
  tcase_add_test(c, windows_there_and_back);
  tcase_add_test(c, functional_there_and_back);
  tcase_add_test(c, sequential_of_keras);
  tcase_add_test(c, functional_of_keras);
  tcase_add_test(c, layers_refused);
  tcase_add_test(c, models_refused);
  tcase_add_test(c, functional_refused);
  tcase_add_test(c, limits);
#else
  tcase_add_test(c, no_json);
#endif
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("config", config_suite); }
