/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of networks share: models as they are kept, what is built of them, random numbers,
 * layers and activations. */
#ifndef TRIAD_NN_NN_H
#define TRIAD_NN_NN_H

#include <stdbool.h>
#include <triad/nn.h>

#include "base/memory.h"
#include "base/text.h"

enum { NAME_SIZE = 64, PATH_SIZE = 2 * NAME_SIZE, SHAPE_TEXT = 24 * (TRI_LAYER_RANK + 1) };

/* --- models */

/* The shape of one sample: without the batch, which is the named size "batch" and comes first. */
struct sample {
  size_t rank;
  int64_t shape[TRI_LAYER_RANK];
};

/* A layer with its weights, which all calls of it share. */
struct layer {
  tri_layer spec;     /* its texts are static now; name is not looked at, but for the one below */
  struct sample took; /* the first that it was called on */
  char name[NAME_SIZE];
  size_t first_weight, weights; /* its tensors, in the order of Keras */
};

/* A layer called on what earlier calls gave. An input is a call on nothing. */
struct call {
  size_t layer;
  size_t first_link, links; /* the numbers of the calls that it takes, in the model's links */
  struct sample gives;
  tri_expr value; /* in use: not in training */
  /* Of dropout: an input of training that has the shape of `value`; else of no graph. */
  tri_expr mask;
};

/* Numbers of the model's dtype, `count` of them from an address that 64 divides. */
struct store {
  void *block; /* what was allocated */
  void *at;    /* float or double */
  size_t count;
};

/* A tensor of weights. */
struct weight {
  char name[PATH_SIZE]; /* dense/kernel */
  tri_expr variable;    /* called dense_kernel */
  struct sample shape;
  bool trainable;
  tri_regularizer regularizer;
  struct store values; /* they stay in their place, which training may update */
};

struct tri_model {
  struct memory memory;
  tri_graph *graph;
  tri_error error;
  uint64_t seed;
  tri_domain domain; /* TRI_FLOAT or TRI_DOUBLE */
  bool sequential;   /* its last call is its output */
  char name[NAME_SIZE];
  struct layer *layers;
  size_t n_layers, layer_capacity;
  struct call *calls; /* each after those that it takes */
  size_t n_calls, call_capacity;
  size_t *links;
  size_t n_links, link_capacity;
  size_t *inputs, *outputs; /* numbers of calls */
  size_t n_inputs, input_capacity, n_outputs, output_capacity;
  struct weight *weights; /* layer after layer */
  size_t n_weights, weight_capacity;
  size_t parameters, trainable; /* numbers in all weights, and in those that are trained */
  double scale;                 /* not 0: what the tool multiplies its data by */
  size_t too_many; /* not 0, while it is read: as many parameters are more than there may be */
  tri_status too_many_is;    /* TRI_LIMIT, or TRI_SHAPE where a file has fewer */
  struct training *training; /* of train.h; NULL: not compiled */
};

/* Forgets how the model is trained. Nothing happens if that was not said. */
void tri__training_free(tri_model *m);

/* Sets the error; returns status. */
tri_status tri__model_fail(tri_model *m, tri_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
tri_status tri__model_no_memory(tri_model *m);
/* The error of the graph as the model's, which the graph then forgets. */
tri_status tri__model_graph_failed(tri_model *m);

/* Bytes of a number: of floats, or doubles. */
static inline size_t number_size(bool floats) { return floats ? sizeof(float) : sizeof(double); }

/* `count` numbers in the model's dtype, zeros; false when out of memory. */
bool tri__store_new(tri_model *m, size_t count, struct store *store);
void tri__store_free(tri_model *m, struct store *store);
/* From and into doubles, each rounded to the model's dtype. */
void tri__store_get(const tri_model *m, const struct store *store, double *values);
void tri__store_set(const tri_model *m, struct store *store, const double *values);
/* The same for number i alone. */
static inline double store_number(const tri_model *m, const struct store *store, size_t i) {
  return m->domain == TRI_FLOAT ? (double)((float *)store->at)[i] : ((double *)store->at)[i];
}
static inline void store_put(const tri_model *m, struct store *store, size_t i, double x) {
  if (m->domain == TRI_FLOAT)
    ((float *)store->at)[i] = (float)x;
  else
    ((double *)store->at)[i] = x;
}

/* A variable of the graph that has this shape for each sample. Those of inputs are called as their
 * layers, weights dense_kernel, and all others have a '/' in their names, which no layer's has. */
tri_expr tri__batch_variable(tri_model *m, const char *name, const struct sample *s);

/* (None, 28, 28), into text[SHAPE_TEXT]; returns text. */
const char *tri__sample_text(const struct sample *s, char *text);
/* Elements of a sample; false if they cannot be counted. */
bool tri__sample_count(const struct sample *s, int64_t *count);

/* Which call of its layer a call is, from 0. */
size_t tri__call_number(const tri_model *m, size_t call);

/* Keras's order of the layers of a functional model that outputs need: their numbers, *n of them,
 * into layers[n_layers]. False when out of memory. */
bool tri__layer_order(const tri_model *m, struct memory *memory, size_t *layers, size_t *n);

/* --- what is built of a model */

/* What a weight that is not trained is after a step of training. */
struct update {
  size_t weight; /* its number */
  tri_expr value;
};

/* An input that is 1 where dropout keeps a number, with probability 1 - rate, and else 0: 1 where
 * tri__random24(seed, STREAM_DROPOUT, part, i) >= rate · 2^24, with another i for each number of
 * each step. */
struct mask {
  tri_expr variable; /* [batch, shape…] */
  struct sample shape;
  double rate;
  uint32_t part;
};

/* A model as expressions of its inputs (value of the calls in m->inputs), the variables of its
 * weights and, in training, the masks. Everything has the named size "batch" and no other. */
struct built {
  size_t n_outputs;
  tri_expr *outputs;
  /* Of outputs that end in softmax or sigmoid, what these are taken of: the loss is to be taken
   * from there, as Keras does. Else expressions of no graph (.graph NULL). */
  tri_expr *logits;
  /* Of all regularizers, to be added to the loss; of no graph if there are none. */
  tri_expr penalty;
  struct update *updates;
  size_t n_updates, update_capacity;
  struct mask *masks;
  size_t n_masks, mask_capacity;
};

/* Builds a model in training or in use, where there are neither updates nor masks. TRI_ARGUMENT for
 * a model without outputs; what the graph's constructors fail with, TRI_MEMORY: the model's error;
 * nothing is to be freed then. */
tri_status tri__model_build(tri_model *m, bool training, struct built *built);
void tri__built_free(tri_model *m, struct built *built);

/* --- layers */

/* Keras's defaults, of layers that are made and of those in files. */
#define KERNEL_INITIALIZER "glorot_uniform"
#define BIAS_INITIALIZER "zeros"
#define NORM_MOMENTUM 0.99
#define NORM_EPSILON 0.001

/* While a model is built. */
struct building {
  tri_model *m;
  bool training;
  struct built *to;  /* NULL while a call is added: not in training then */
  tri_status status; /* TRI_MEMORY once something could not be kept */
};

/* What a call gives, from what those before it give: `values` by call; x has room for all that it
 * takes. */
tri_expr tri__call_value(struct building *b, const struct call *call, const tri_expr *values,
                         tri_expr *x);

/* Adds an update: its value is a function of the weight's variable, which a layer that is called
 * twice has updated before. */
void tri__update(struct building *b, size_t weight, tri_expr value);

/* A kind of layer. Everything that there is to know of it. */
struct layer_row {
  const char *class_name, *name; /* Dense, and dense for the first without a name */
  size_t least, most;            /* tensors that it is called on */
  /* What is wrong with its options, or with these samples; and what it gives. */
  tri_status (*shape)(tri_model *m, const struct layer *l, size_t n, const struct sample *in,
                      struct sample *out);
  /* Its weights, by tri__new_weight; NULL: none. They depend on the last dimension of the input
   * only. */
  tri_status (*weights)(tri_model *m, struct layer *l, const struct sample *in);
  /* Its result from x[n]. */
  tri_expr (*build)(struct building *b, const struct layer *l, const struct call *c, size_t n,
                    const tri_expr *x);
};

const struct layer_row *tri__layer_row(tri_layer_kind kind);

/* Adds a layer, as yet without calls and weights, and says its number. The text of its spec.name is
 * still the caller's. TRI_ARGUMENT, TRI_NAME, TRI_LIMIT, TRI_MEMORY: the model is as before. */
tri_status tri__new_layer(tri_model *m, const tri_layer *spec, size_t *number);

/* A new tensor of weights of layer l, after those that it has. */
struct new_weight {
  const char *name, *initializer;
  struct sample shape;
  int64_t fan_in, fan_out;
  tri_regularizer regularizer;
  bool fixed; /* it is not trained */
};
tri_status tri__new_weight(tri_model *m, struct layer *l, const struct new_weight *w);
/* "bias" [n]; and y with it, unless the layer has none, and with the layer's activation. */
tri_status tri__new_bias(tri_model *m, struct layer *l, int64_t n);
tri_expr tri__bias_and_activation(const tri_model *m, const struct layer *l, tri_expr y);
/* The variable of weight i of layer l. */
tri_expr tri__weight_of(const tri_model *m, const struct layer *l, size_t i);

/* Rows of other files. */
const struct layer_row *tri__window_row(tri_layer_kind kind); /* convolutions and pooling */
extern const struct layer_row tri__add_row, tri__concatenate_row, tri__batch_normalization_row;

/* --- random numbers */

/* Streams of random numbers, which no two purposes share. */
enum stream {
  STREAM_WEIGHTS,
  STREAM_SHUFFLE,
  STREAM_DROPOUT,
  STREAM_SAMPLE,
  STREAM_DIRECTION,
  STREAM_ORDER
};

/* Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011): number i of a stream's part, in 0 … 2^24 -
 * 1. */
uint32_t tri__random24(uint64_t seed, enum stream stream, uint32_t part, uint64_t i);

/* --- activations, initializers and what is over the last dimension */

/* The static text of a known name; NULL for others. */
const char *tri__activation_name(const char *name);
const char *tri__initializer_name(const char *name);

/* Keras's first name for a loss, or a metric, of any of its names ("accuracy" of all accuracies
 * that shapes choose from); NULL if it has none. *targets, unless NULL: what predictions
 * [batch, s…, n] are compared with. */
enum target {
  TARGET_NUMBERS,
  TARGET_PROBABILITIES, /* from 0 to 1 */
  TARGET_CLASSES        /* their numbers [batch, s…], from 0 to n - 1 */
};
const char *tri__measure_name(const char *name, bool loss, enum target *targets);

/* An activation over x [batch, s…]. */
tri_expr tri__activate(const char *name, tri_expr x);

/* x [s…] as [s…, n]. */
tri_expr tri__repeat_last(tri_expr x, int64_t n);
/* x as large as `like`, as NumPy broadcasts. */
tri_expr tri__broadcast_like(tri_expr x, tri_expr like);
/* The number that x is written as: 0.001 is 1/1000, and not what a double makes of it. x is
 * finite. */
tri_expr tri__decimal(tri_graph *graph, double x);
/* The sum of all elements; and that over all dimensions but the last. */
tri_expr tri__sum_all(tri_expr x);
tri_expr tri__sum_rows(tri_expr x);
/* The sum of all elements by their number. */
tri_expr tri__mean_all(tri_expr x);
/* Logarithms of what softmax gives. */
tri_expr tri__log_softmax(tri_expr x);
/* The dimensions of x. */
size_t tri__extents(tri_expr x, tri_extent *extents);

/* Draws the numbers of a tensor, `part` being its number. */
void tri__initialize(tri_model *m, const char *initializer, uint32_t part, int64_t fan_in,
                     int64_t fan_out, struct store *values);

#endif
