/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The members of layers' configs, by the names and with the defaults of Keras 3. */
#include "nn/keras.h"

#define AT(member) .place = offsetof(tri_layer, member)

/* What every layer has. The dtype is the model's. */
#define LAYER                                                                                      \
  FIELD("name", NAME, AT(name)), FIELD_PLAIN("trainable", IS_TRUE), FIELD_PLAIN("dtype", IGNORED)

/* Of what is not supported only that it is not there. */
#define ABSENT(member) FIELD_PLAIN(member, NULL)

static const struct field input[] = {
    FIELD("name", NAME, AT(name)),
    FIELD("batch_shape", SAMPLE, .needed = true),
    FIELD_PLAIN("dtype", IGNORED),
    FIELD_PLAIN("sparse", IS_FALSE),
    FIELD_PLAIN("ragged", IS_FALSE),
    FIELD("optional", IS_FALSE, .quiet = true),
    FIELD_END,
};

/* Of layers with a kernel and a bias. */
#define KERNEL                                                                                     \
  FIELD("activation", ACTIVATION, AT(activation)), FIELD("use_bias", FALSE, AT(no_bias)),          \
      FIELD("kernel_initializer", INITIALIZER, AT(kernel_initializer),                             \
            .text = KERNEL_INITIALIZER),                                                           \
      FIELD("bias_initializer", INITIALIZER, AT(bias_initializer), .text = BIAS_INITIALIZER),      \
      FIELD("kernel_regularizer", REGULARIZER, AT(kernel_regularizer)),                            \
      FIELD("bias_regularizer", REGULARIZER, AT(bias_regularizer)),                                \
      FIELD("activity_regularizer", REGULARIZER, AT(activity_regularizer)),                        \
      ABSENT("kernel_constraint"), ABSENT("bias_constraint")

static const struct field dense[] = {
    LAYER,
    FIELD("units", INTEGER, AT(units), .needed = true),
    KERNEL,
    FIELD("lora_rank", NULL, .quiet = true),
    FIELD("quantization_config", NULL, .quiet = true),
    FIELD_END,
};

static const struct field activation[] = {
    LAYER,
    FIELD("activation", ACTIVATION, AT(activation), .needed = true),
    FIELD_END,
};

static const struct field flatten[] = {
    LAYER,
    FIELD("data_format", IS_WORD, .text = "channels_last"),
    FIELD_END,
};

static const struct field reshape[] = {
    LAYER,
    FIELD("target_shape", SHAPE, .needed = true),
    FIELD_END,
};

static const struct field dropout[] = {
    LAYER,
    FIELD("rate", REAL, AT(rate), .needed = true),
    FIELD_PLAIN("seed", IGNORED),
    ABSENT("noise_shape"),
    FIELD_END,
};

static const struct field add[] = {LAYER, FIELD_END};

static const struct field concatenate[] = {
    LAYER,
    FIELD("axis", INTEGER, AT(axis), .number = -1.0),
    FIELD_END,
};

static const struct field batch_normalization[] = {
    LAYER,
    FIELD("axis", IS_NUMBER, .number = -1.0),
    FIELD("momentum", REAL, AT(momentum), .number = NORM_MOMENTUM),
    FIELD("epsilon", REAL, AT(epsilon), .number = NORM_EPSILON),
    FIELD("center", FALSE, AT(no_center)),
    FIELD("scale", FALSE, AT(no_scale)),
    FIELD("beta_initializer", IS_INITIALIZER, .text = "zeros"),
    FIELD("gamma_initializer", IS_INITIALIZER, .text = "ones"),
    FIELD("moving_mean_initializer", IS_INITIALIZER, .text = "zeros"),
    FIELD("moving_variance_initializer", IS_INITIALIZER, .text = "ones"),
    ABSENT("beta_regularizer"),
    ABSENT("gamma_regularizer"),
    ABSENT("beta_constraint"),
    ABSENT("gamma_constraint"),
    FIELD_PLAIN("synchronized", IS_FALSE),
    FIELD("renorm", IS_FALSE, .quiet = true),
    FIELD_END,
};

#define CONVOLUTION(sizes)                                                                         \
  LAYER, FIELD("filters", INTEGER, AT(filters), .needed = true),                                   \
      FIELD("kernel_size", sizes, AT(kernel_size), .needed = true),                                \
      FIELD("strides", sizes, AT(strides), .number = 1.0),                                         \
      FIELD("padding", WORD, AT(padding), .text = "valid same"),                                   \
      FIELD("data_format", IS_WORD, .text = "channels_last"),                                      \
      FIELD("dilation_rate", sizes, AT(dilation_rate), .number = 1.0),                             \
      FIELD("groups", INTEGER, AT(groups), .number = 1.0), KERNEL,                                 \
      FIELD("lora_rank", NULL, .quiet = true), FIELD("quantization_config", NULL, .quiet = true)

static const struct field conv1d[] = {CONVOLUTION(SIZE), FIELD_END};
static const struct field conv2d[] = {CONVOLUTION(SIZES), FIELD_END};

/* Strides that are not given are the size of the pool. */
#define POOLING(sizes)                                                                             \
  LAYER, FIELD("pool_size", sizes, AT(pool_size), .number = 2.0),                                  \
      FIELD("padding", WORD, AT(padding), .text = "valid same"),                                   \
      FIELD("strides", sizes, AT(strides)), FIELD("data_format", IS_WORD, .text = "channels_last")

static const struct field pooling1d[] = {POOLING(SIZE), FIELD_END};
static const struct field pooling2d[] = {POOLING(SIZES), FIELD_END};

static const struct field *const tables[TRI_LAYERS] = {
    [TRI_LAYER_INPUT] = input,
    [TRI_LAYER_DENSE] = dense,
    [TRI_LAYER_ACTIVATION] = activation,
    [TRI_LAYER_FLATTEN] = flatten,
    [TRI_LAYER_RESHAPE] = reshape,
    [TRI_LAYER_DROPOUT] = dropout,
    [TRI_LAYER_ADD] = add,
    [TRI_LAYER_CONCATENATE] = concatenate,
    [TRI_LAYER_BATCH_NORMALIZATION] = batch_normalization,
    [TRI_LAYER_CONV1D] = conv1d,
    [TRI_LAYER_CONV2D] = conv2d,
    [TRI_LAYER_MAX_POOLING1D] = pooling1d,
    [TRI_LAYER_MAX_POOLING2D] = pooling2d,
    [TRI_LAYER_AVERAGE_POOLING1D] = pooling1d,
    [TRI_LAYER_AVERAGE_POOLING2D] = pooling2d,
};

const struct field *tri__layer_fields(tri_layer_kind kind) {
  return (unsigned)kind < TRI_LAYERS ? tables[kind] : NULL;
}
