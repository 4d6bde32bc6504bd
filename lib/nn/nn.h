/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of networks share: models as they are kept, random numbers, activations. */
#ifndef TRIAD_NN_NN_H
#define TRIAD_NN_NN_H

#include <stdbool.h>
#include <triad/nn.h>

#include "base/memory.h"
#include "base/text.h"

enum { NAME_SIZE = 64 };

/* A layer of a model. */
struct layer {
  tri_layer spec; /* its texts are not looked at any more, but for activation, which is static */
  char name[NAME_SIZE];
  size_t rank; /* of its result, without the batch */
  int64_t shape[TRI_LAYER_RANK];
  size_t first_weight, weights; /* its tensors, in the order of Keras */
  tri_expr mask;                /* of dropout: an input of training, 1 where a number is kept */
};

/* A tensor of weights. */
struct weight {
  tri_expr variable;
  size_t first, count; /* its place among the model's values */
};

struct tri_model {
  struct memory memory;
  tri_graph *graph;
  tri_error error;
  uint64_t seed;
  char name[NAME_SIZE];
  tri_expr input;
  struct layer *layers;
  size_t n_layers, layer_capacity;
  struct weight *weights;
  size_t n_weights, weight_capacity;
  double *values; /* of the weights, then whatever is computed with them */
  size_t parameters, value_capacity;
};

/* Streams of random numbers, which no two purposes share. */
enum stream { STREAM_WEIGHTS, STREAM_SHUFFLE, STREAM_DROPOUT };

/* Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011): number i of a stream's part, in 0 … 2^24 - 1. */
uint32_t tri__random24(uint64_t seed, enum stream stream, uint32_t part, uint64_t i);

/* Sets the error; returns status. */
tri_status tri__model_fail(tri_model *m, tri_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The error of the graph as the model's. */
tri_status tri__model_graph_failed(tri_model *m);

/* The static text of a known name; NULL for others. */
const char *tri__activation_name(const char *name);
const char *tri__initializer_name(const char *name);

/* An activation over x [batch, s…]. */
tri_expr tri__activate(const char *name, tri_expr x);

/* x [s…, n] reduced over its last dimension by halves, to shape [s…]: combine(a, b) is associative. */
tri_expr tri__reduce_last(tri_expr x, tri_expr (*combine)(tri_expr a, tri_expr b));
/* x [s…] as [s…, n]. */
tri_expr tri__repeat_last(tri_expr x, int64_t n);
/* log(exp(a) + exp(b)), which overflows nowhere. */
tri_expr tri__logaddexp(tri_expr a, tri_expr b);
/* The dimensions of x, and n behind them. */
size_t tri__extents(tri_expr x, tri_extent *extents);

/* Draws a tensor's values. */
void tri__initialize(tri_model *m, const char *initializer, uint32_t part, int64_t fan_in,
                     int64_t fan_out, size_t count, double *values);

/* The shape of a layer's result from that before it, into l. */
tri_status tri__layer_shape(tri_model *m, struct layer *l, const struct layer *before);
/* The layer over x. */
tri_expr tri__layer_build(const tri_model *m, const struct layer *l, tri_expr x, bool training);
/* The whole model over its input. */
tri_expr tri__model_build(const tri_model *m, bool training);

/* (None, 28, 28) */
void tri__sample_text(tri_text *text, size_t rank, const int64_t *shape);

#endif
