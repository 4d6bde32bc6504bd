/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Neural networks: layers that build expressions of a graph. Names, defaults and meanings are those
 * of Keras 3. */
#ifndef TRIAD_NN_H
#define TRIAD_NN_H

#include <triad/graph.h>
#include <triad/numbers.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- layers ----------------------------------------------------------------------------------- */

/* What a layer does; the macros below choose it. */
typedef enum tri_layer_kind {
  TRI_LAYER_INPUT,
  TRI_LAYER_DENSE,
  TRI_LAYER_ACTIVATION,
  TRI_LAYER_FLATTEN,
  TRI_LAYER_RESHAPE,
  TRI_LAYER_DROPOUT,
  TRI_LAYER_ADD,
  TRI_LAYER_CONCATENATE,
  TRI_LAYER_BATCH_NORMALIZATION,
  TRI_LAYER_CONV1D,
  TRI_LAYER_CONV2D,
  TRI_LAYER_MAX_POOLING1D,
  TRI_LAYER_MAX_POOLING2D,
  TRI_LAYER_AVERAGE_POOLING1D,
  TRI_LAYER_AVERAGE_POOLING2D,
  TRI_LAYERS,
  TRI_LAYER_SHARED = 1000 /* no layer of its own, but one that the model has */
} tri_layer_kind;

/* The most dimensions of what a layer takes and gives, not counting the batch. */
enum { TRI_LAYER_RANK = 7 };

/* What is added to the loss for numbers w: l1 · sum |w| + l2 · sum w². */
typedef struct tri_regularizer {
  double l1, l2;
} tri_regularizer;

/* tri_l2(0.01); Keras's "l1" and "l2" are tri_l1(0.01) and tri_l2(0.01). */
#define tri_l1(factor) ((tri_regularizer){.l1 = (factor)})
#define tri_l2(factor) ((tri_regularizer){.l2 = (factor)})
#define tri_l1_l2(first, second) ((tri_regularizer){.l1 = (first), .l2 = (second)})

/* What a layer is to be; made by the macros below, zeros are the defaults. Text is copied where the
 * layer is added to a model.
 * Activations: linear, relu, sigmoid, tanh, softmax, log_softmax, softplus, softsign, exponential,
 * elu, selu, silu (swish), gelu, leaky_relu, relu6, hard_sigmoid, hard_silu (hard_swish), mish,
 * log_sigmoid.
 * Initializers: glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform, lecun_normal,
 * zeros, ones. */
typedef struct tri_layer {
  tri_layer_kind kind;
  int64_t units;          /* of dense: the size of the last dimension of its result */
  const char *activation; /* of dense and activation; default linear */
  /* UTF-8, at most 63 bytes, without '/'; default: as Keras counts them in one model, dense,
   * dense_1, … */
  const char *name;
  const char *kernel_initializer; /* default glorot_uniform */
  const char *bias_initializer;   /* default zeros */
  int no_bias;                    /* not 0: Keras's use_bias = False */
  tri_regularizer kernel_regularizer, bias_regularizer;
  /* Of the layer's result, divided by the size of the batch. */
  tri_regularizer activity_regularizer;
  double rate; /* of dropout: the share that is dropped, 0 <= rate < 1 */
  size_t rank; /* of input and reshape: dimensions, without the batch */
  int64_t shape[TRI_LAYER_RANK];
  /* Of concatenate: counted with the batch, from 0, or below 0 from the last; default -1. */
  int64_t axis;
  /* Of batch normalization: what moving statistics keep of themselves; default 0.99. */
  double momentum;
  double epsilon;  /* of batch normalization: what is added to the variance; default 0.001 */
  int64_t filters; /* of convolutions: the size of the last dimension of the result */
  /* Along each dimension of windows; one that is not given is that before it. */
  int64_t kernel_size[2];   /* of convolutions; there is no default */
  int64_t pool_size[2];     /* of pooling; default 2 */
  int64_t strides[2];       /* from window to window; default 1, of pooling pool_size */
  int64_t dilation_rate[2]; /* of convolutions: from element to element of a window; default 1 */
  const char *padding; /* "valid", the default: windows lie inside; "same": one for each stride */
  int64_t groups; /* of convolutions: of channels and filters that are by themselves; default 1 */
  int no_center, no_scale; /* of batch normalization, not 0: without beta, without gamma */
} tri_layer;

/* tri_input(28, 28): the shape of one sample. tri_reshape_layer(7, -1): one size may be -1, and is
 * then found. */
#define TRI_LAYER_SHAPED(layer_kind, ...)                                                          \
  ((tri_layer){.kind = (layer_kind),                                                               \
               .rank = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                         \
               .shape = {__VA_ARGS__}})
#define tri_input(...) TRI_LAYER_SHAPED(TRI_LAYER_INPUT, __VA_ARGS__)
#define tri_reshape_layer(...) TRI_LAYER_SHAPED(TRI_LAYER_RESHAPE, __VA_ARGS__)

/* The layer with a name, for those whose macro takes nothing but sizes: tri_named("picture",
 * tri_input(28, 28)). The text is not copied. */
TRI_API tri_layer tri_named(const char *name, tri_layer layer);

/* tri_dense(300, .activation = "relu"): activation(x · kernel + bias) over the last dimension. */
#define tri_dense(...) ((tri_layer){.kind = TRI_LAYER_DENSE, .units = __VA_ARGS__})
/* tri_activation("softmax"): softmax is over the last dimension. */
#define tri_activation(...) ((tri_layer){.kind = TRI_LAYER_ACTIVATION, .activation = __VA_ARGS__})
/* All dimensions but the batch as one. */
#define tri_flatten(...) ((tri_layer){.kind = TRI_LAYER_FLATTEN, __VA_ARGS__})
/* tri_dropout(0.5): in training only; what is not dropped is divided by 1 - rate. */
#define tri_dropout(...) ((tri_layer){.kind = TRI_LAYER_DROPOUT, .rate = __VA_ARGS__})
/* Of two or more tensors of one shape, their sum; of two or more that differ along `axis` only, one
 * behind the other. In functional models. */
#define tri_add_layer(...) ((tri_layer){.kind = TRI_LAYER_ADD, __VA_ARGS__})
#define tri_concatenate(...) ((tri_layer){.kind = TRI_LAYER_CONCATENATE, __VA_ARGS__})
/* Over the last dimension: (x - mean) / sqrt(variance + epsilon) · gamma + beta. Mean and variance
 * are those of the batch in training, where the moving ones follow them; and the moving ones in
 * use. */
#define tri_batch_normalization(...)                                                               \
  ((tri_layer){.kind = TRI_LAYER_BATCH_NORMALIZATION, __VA_ARGS__})
/* tri_conv2d(32, .kernel_size = {3}, .activation = "relu"): over [height, width, channels], or with
 * tri_conv1d [steps, channels], activation(the sums of products of each window with the kernel +
 * bias). No kernel is turned round. */
#define tri_conv1d(...) ((tri_layer){.kind = TRI_LAYER_CONV1D, .filters = __VA_ARGS__})
#define tri_conv2d(...) ((tri_layer){.kind = TRI_LAYER_CONV2D, .filters = __VA_ARGS__})
/* tri_max_pooling2d(.pool_size = {3}): the largest number, or the mean, of each window in each
 * channel. What padding adds is never the largest, and not counted in a mean. */
#define tri_max_pooling1d(...) ((tri_layer){.kind = TRI_LAYER_MAX_POOLING1D, __VA_ARGS__})
#define tri_max_pooling2d(...) ((tri_layer){.kind = TRI_LAYER_MAX_POOLING2D, __VA_ARGS__})
#define tri_average_pooling1d(...) ((tri_layer){.kind = TRI_LAYER_AVERAGE_POOLING1D, __VA_ARGS__})
#define tri_average_pooling2d(...) ((tri_layer){.kind = TRI_LAYER_AVERAGE_POOLING2D, __VA_ARGS__})
/* tri_shared("encoder"): the layer of this name once more, with the weights that it has. */
#define tri_shared(...) ((tri_layer){.kind = TRI_LAYER_SHARED, .name = __VA_ARGS__})

/* --- models ----------------------------------------------------------------------------------- */

/* Layers, their weights, and the graph that they are expressions of. One thread uses a model at a
 * time. */
typedef struct tri_model tri_model;

/* How a model is made; zeros, or NULL for all, are the defaults. */
typedef struct tri_model_options {
  const char *name; /* default "sequential", or "functional" */
  /* Of all random numbers: the same model with the same seed gets the same weights. */
  uint64_t seed;
  const char *dtype;              /* what it computes with: "float32", the default, or "float64" */
  const tri_allocator *allocator; /* NULL: malloc */
} tri_model_options;

/* Makes a model without layers, which will be one after the other: tri_model_add. options may be
 * NULL. NULL when out of memory, or for another dtype. */
TRI_API tri_model *tri_sequential(const tri_model_options *options);

/* Makes a model whose layers are called on what other layers gave:
 *   tri_tensor x = tri_model_add_input(model, tri_input(28, 28));
 *   tri_tensor h = tri_model_call(model, tri_flatten(), x);
 *   tri_tensor y = tri_model_call(model, tri_dense(10, .activation = "softmax"), h);
 *   tri_status status = tri_model_set_outputs(model, 1, &y);
 * As tri_sequential. */
TRI_API tri_model *tri_functional(const tri_model_options *options);

/* Frees a model, its graph and its weights. Nothing happens for NULL. */
TRI_API void tri_model_free(tri_model *model);

/* Adds a layer to a sequential model, the first of which is an input, and draws its weights.
 * TRI_ARGUMENT for a layer without sense, TRI_NAME for an unknown activation or initializer and for
 * a name that is taken or none, TRI_SHAPE where shapes do not fit, naming the layer and both
 * shapes, TRI_LIMIT, TRI_MEMORY; the model is then as before. */
TRI_CHECKED TRI_API tri_status tri_model_add(tri_model *model, tri_layer layer);

/* What a layer of a functional model gives: a value to be passed around and never freed. One of
 * number 0 stands for a call that failed (tri_model_error tells why), and so does what is then
 * called on it. */
typedef struct tri_tensor {
  const tri_model *model;
  size_t number;
} tri_tensor;

/* A new input of a functional model; its inputs are in the order in which they were made. Errors as
 * tri_model_add. */
TRI_API tri_tensor tri_model_add_input(tri_model *model, tri_layer input);

/* A layer called on n >= 1 tensors, in order: tri_model_call(model, tri_add_layer(), a, b). A
 * tri_shared layer has one set of weights, however often it is called. Errors as tri_model_add,
 * TRI_ARGUMENT also for tensors of another model and for too few or too many; the model is then as
 * before. */
TRI_API tri_tensor tri_model_call_with(tri_model *model, tri_layer layer, size_t n,
                                       const tri_tensor *inputs);
#define tri_model_call(model, layer, ...)                                                          \
  tri_model_call_with((model), (layer), sizeof((tri_tensor[]){__VA_ARGS__}) / sizeof(tri_tensor),  \
                      (tri_tensor[]){__VA_ARGS__})

/* Which n >= 1 tensors are the outputs of a functional model. If one of them stands for a call that
 * failed, its failure: of that tri_model_error tells. TRI_ARGUMENT for tensors of another model,
 * and for a sequential model; TRI_MEMORY. The model is then as before. */
TRI_CHECKED TRI_API tri_status tri_model_set_outputs(tri_model *model, size_t n,
                                                     const tri_tensor *outputs);

/* What the last call that failed has to say; of status TRI_OK if none failed. */
TRI_API const tri_error *tri_model_error(const tri_model *model);

/* --- looking at a model ----------------------------------------------------------------------- */

/* Its name, and what it computes with: TRI_FLOAT or TRI_DOUBLE. */
TRI_API const char *tri_model_name(const tri_model *model);
TRI_API tri_domain tri_model_domain(const tri_model *model);

/* Its graph, which is the model's. Its variables are named after the layers: dense_kernel,
 * dense_bias. */
TRI_API tri_graph *tri_model_graph(const tri_model *model);

/* How many inputs and outputs it has. A sequential model with layers has one of each. */
TRI_API size_t tri_model_inputs(const tri_model *model);
TRI_API size_t tri_model_outputs(const tri_model *model);

/* Input i, a variable of shape [batch, s…], where batch is a named size, and output i as an
 * expression of inputs and weights, in use (not in training). An error expression beyond. */
TRI_API tri_expr tri_model_input(const tri_model *model, size_t i);
TRI_API tri_expr tri_model_output(const tri_model *model, size_t i);

/* Its layers, in the order in which they were added: how many, with inputs; the number of that of
 * this name, (size_t)-1 if there is none; what layer i was made of, its name there and all other
 * texts; its class as Keras names it ("Dense"). NULL beyond. */
TRI_API size_t tri_model_layers(const tri_model *model);
TRI_API size_t tri_model_find_layer(const tri_model *model, const char *name);
TRI_API const tri_layer *tri_model_layer(const tri_model *model, size_t i);
TRI_API const char *tri_model_layer_class(const tri_model *model, size_t i);

/* How many tensors of weights layer i has, and the number of the first of them; they follow each
 * other. */
TRI_API size_t tri_model_layer_weights(const tri_model *model, size_t i, size_t *first);

/* How many tensors of weights there are; numbers in all of them, and in those that are trained. */
TRI_API size_t tri_model_weights(const tri_model *model);
TRI_API size_t tri_model_parameters(const tri_model *model);
TRI_API size_t tri_model_trainable_parameters(const tri_model *model);

/* A tensor of weights. */
typedef struct tri_weight {
  const char *name;  /* "dense/kernel" */
  tri_expr variable; /* of the graph */
  size_t rank;
  const int64_t *shape;
  size_t count; /* of its numbers */
  int trainable;
} tri_weight;

/* Tensor i, layer after layer, a kernel [in, units] before its bias [units]; gamma, beta,
 * moving_mean and moving_variance. Of count 0 and an error expression beyond. Its texts are the
 * model's, until a layer is added. */
TRI_API tri_weight tri_model_weight(const tri_model *model, size_t i);

/* The number of the tensor of this name, (size_t)-1 if there is none. */
TRI_API size_t tri_model_find_weight(const tri_model *model, const char *name);

/* The numbers of tensor i, by rows: values[count]. Nothing happens beyond. */
TRI_API void tri_model_get_weight(const tri_model *model, size_t i, double *values);
TRI_API void tri_model_set_weight(tri_model *model, size_t i, const double *values);

/* All weights, tensor after tensor: values[tri_model_parameters]. They are rounded to what the
 * model computes with. */
TRI_API void tri_model_get_weights(const tri_model *model, double *values);
TRI_API void tri_model_set_weights(tri_model *model, const double *values);

/* Appends what Keras 3 prints of a model: its layers, their shapes, how many parameters they have
 * and, if one is not called on what the one before it gave, what they are called on; once it was
 * trained, what its optimizer keeps, with the number of steps and the rate. TRI_MEMORY. */
TRI_CHECKED TRI_API tri_status tri_model_summary(const tri_model *model, tri_text *text);

/* --- losses ----------------------------------------------------------------------------------- */

/* The loss of each sample, [batch, s…] for predictions p [batch, s…, n], as Keras 3 defines it; by
 * these names, or Keras's others ("mse", "MeanSquaredError"):
 *   mean_squared_error, mean_absolute_error, binary_crossentropy: targets y have the shape of p;
 *     their mean over the last dimension
 *   categorical_crossentropy: likewise, over the last dimension
 *   sparse_categorical_crossentropy: y [batch, s…] are numbers of classes from 0; another number
 *     has loss 0
 * Where the last dimension of y, or p, is 1 and the other has none in its place, that is no matter.
 * Probabilities are clipped to [1e-7, 1 - 1e-7], those of classes divided by their sum before;
 * from_logits not 0: p is what softmax, or sigmoid, is yet to be taken of, which is more accurate.
 * An error expression, which sticks to the graph: TRI_NAME for another name, TRI_SHAPE naming both
 * shapes. */
TRI_API tri_expr tri_loss_samples(const char *name, tri_expr y, tri_expr p, int from_logits);

/* Its mean over all samples: Keras's reduction "sum_over_batch_size". Errors as
 * tri_loss_samples. */
TRI_API tri_expr tri_loss(const char *name, tri_expr y, tri_expr p, int from_logits);

/* What is measured of each sample, and its mean: the losses above, and
 *   binary_accuracy: the share, of the last dimension, of targets that are 1 where p > 0.5, else 0
 *   categorical_accuracy: 1 where y and p have their largest number at the same place of the last
 *     dimension
 *   sparse_categorical_accuracy: 1 where that of p is at place y
 *   accuracy, or acc: the one of these that the shapes of y and p ask for, as Keras chooses
 * Errors as tri_loss_samples. */
TRI_API tri_expr tri_metric_samples(const char *name, tri_expr y, tri_expr p);
TRI_API tri_expr tri_metric(const char *name, tri_expr y, tri_expr p);

#ifdef __cplusplus
}
#endif
#endif
