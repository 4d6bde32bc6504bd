/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Neural networks: layers that build expressions of a graph. Names, defaults and meanings are those of
 * Keras 3. */
#ifndef TRIAD_NN_H
#define TRIAD_NN_H

#include <triad/graph.h>
#include <triad/numbers.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- layers ---------------------------------------------------------------------------------------- */

/* What a layer does; the macros below choose it. */
typedef enum tri_layer_kind {
  TRI_LAYER_INPUT,
  TRI_LAYER_DENSE,
  TRI_LAYER_ACTIVATION,
  TRI_LAYER_FLATTEN,
  TRI_LAYER_RESHAPE,
  TRI_LAYER_DROPOUT,
  TRI_LAYERS
} tri_layer_kind;

/* The most dimensions of what a layer takes and gives, not counting the batch. */
enum { TRI_LAYER_RANK = 7 };

/* What a layer is to be; made by the macros below, zeros are the defaults. Text is copied where the
 * layer is added to a model.
 * Activations: linear, relu, sigmoid, tanh, softmax, softplus, softsign, exponential, elu, silu, gelu.
 * Initializers: glorot_uniform, glorot_normal, he_uniform, he_normal, zeros, ones. */
typedef struct tri_layer {
  tri_layer_kind kind;
  int64_t units;          /* of dense: the size of the last dimension of its result */
  const char *activation; /* of dense and activation; default linear */
  const char *name;       /* default: as Keras counts them in one model, dense, dense_1, … */
  const char *kernel_initializer; /* default glorot_uniform */
  const char *bias_initializer;   /* default zeros */
  int no_bias;                    /* not 0: dense has none */
  double rate;                    /* of dropout: the share that is dropped, 0 <= rate < 1 */
  size_t rank;                    /* of input and reshape: dimensions, without the batch */
  int64_t shape[TRI_LAYER_RANK];
} tri_layer;

/* tri_input(28, 28): the shape of one sample. tri_reshape_layer(7, -1): one size may be -1, and is then found. */
#define TRI_LAYER_SHAPED(layer_kind, ...)                                                          \
  ((tri_layer){.kind = (layer_kind),                                                               \
               .rank = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                         \
               .shape = {__VA_ARGS__}})
#define tri_input(...) TRI_LAYER_SHAPED(TRI_LAYER_INPUT, __VA_ARGS__)
#define tri_reshape_layer(...) TRI_LAYER_SHAPED(TRI_LAYER_RESHAPE, __VA_ARGS__)

/* tri_dense(300, .activation = "relu"): activation(x · kernel + bias) over the last dimension. */
#define tri_dense(...) ((tri_layer){.kind = TRI_LAYER_DENSE, .units = __VA_ARGS__})
/* tri_activation("softmax"): softmax is over the last dimension. */
#define tri_activation(...) ((tri_layer){.kind = TRI_LAYER_ACTIVATION, .activation = __VA_ARGS__})
/* All dimensions but the batch as one. */
#define tri_flatten(...) ((tri_layer){.kind = TRI_LAYER_FLATTEN, __VA_ARGS__})
/* tri_dropout(0.5): in training only; what is not dropped is divided by 1 - rate. */
#define tri_dropout(...) ((tri_layer){.kind = TRI_LAYER_DROPOUT, .rate = __VA_ARGS__})

/* --- models ---------------------------------------------------------------------------------------- */

/* Layers one after the other, their weights, and the graph that they are expressions of. One thread uses
 * a model at a time. */
typedef struct tri_model tri_model;

/* How a model is made; zeros, or NULL for all, are the defaults. */
typedef struct tri_model_options {
  const char *name; /* default "sequential" */
  /* Of all random numbers: the same model with the same seed gets the same weights. */
  uint64_t seed;
  const tri_allocator *allocator; /* NULL: malloc */
} tri_model_options;

/* Makes a model without layers. options may be NULL. NULL when out of memory. */
TRI_API tri_model *tri_sequential(const tri_model_options *options);

/* Frees a model, its graph and its weights. Nothing happens for NULL. */
TRI_API void tri_model_free(tri_model *model);

/* Adds a layer, the first of which is an input, and draws its weights. TRI_ARGUMENT for a layer without sense,
 * TRI_NAME for an unknown activation or initializer and for a name that is taken, TRI_SHAPE where
 * shapes do not fit, naming the layer and both shapes, TRI_LIMIT, TRI_MEMORY; the model is then as before. */
TRI_CHECKED TRI_API tri_status tri_model_add(tri_model *model, tri_layer layer);

/* What the last call that failed has to say; of status TRI_OK if none failed. */
TRI_API const tri_error *tri_model_error(const tri_model *model);

/* Its graph, which is the model's. Its variables are named after the layers: dense_kernel, dense_bias. */
TRI_API tri_graph *tri_model_graph(const tri_model *model);

/* The model's input, a variable of shape [batch, s…], where batch is a named size, and its result as an expression
 * of it and of the weights, in use (not in training). An error expression if there are no layers. */
TRI_API tri_expr tri_model_input(const tri_model *model);
TRI_API tri_expr tri_model_output(const tri_model *model);

/* How many tensors of weights there are, and numbers in all of them. */
TRI_API size_t tri_model_weights(const tri_model *model);
TRI_API size_t tri_model_parameters(const tri_model *model);

/* The variable of tensor i in the graph, a kernel [in, units] before its bias [units]; an error expression beyond. */
TRI_API tri_expr tri_model_weight(const tri_model *model, size_t i);

/* The weights, tensor after tensor, each by rows: values[tri_model_parameters]. */
TRI_API void tri_model_get_weights(const tri_model *model, double *values);
TRI_API void tri_model_set_weights(tri_model *model, const double *values);

/* Appends what Keras 3 prints of a model: its layers, their shapes and how many parameters they have, with four bytes
 * each. TRI_MEMORY. */
TRI_CHECKED TRI_API tri_status tri_model_summary(const tri_model *model, tri_text *text);

/* --- losses ---------------------------------------------------------------------------------------- */

/* The mean loss over a batch of predictions p [batch, s…] of targets y, as Keras 3 defines it: mean_squared_error,
 * binary_crossentropy (y of the shape of p), categorical_crossentropy (y likewise, over the last dimension),
 * sparse_categorical_crossentropy (y [batch], numbers of classes from 0; another number has loss 0). Probabilities are
 * clipped to [1e-7, 1 - 1e-7]; from_logits not 0: p is what softmax, or sigmoid, is yet to be taken of. An error
 * expression for another name, and as the constructors that it is built by. */
TRI_API tri_expr tri_loss(const char *name, tri_expr y, tri_expr p, int from_logits);

#ifdef __cplusplus
}
#endif
#endif
