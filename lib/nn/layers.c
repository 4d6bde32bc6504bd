/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The kinds of layers; those that are dense or give other shapes or the same. */
#include <stdio.h>
#include <string.h>

#include "nn/nn.h"

/* --- samples */

bool tri__sample_count(const struct sample *s, int64_t *count) {
  *count = 1;
  for (size_t d = 0; d < s->rank; d++)
    if (__builtin_mul_overflow(*count, s->shape[d], count)) return false;
  return true;
}

const char *tri__sample_text(const struct sample *s, char *text) {
  size_t size = (size_t)snprintf(text, SHAPE_TEXT, "(None");
  for (size_t d = 0; d < s->rank; d++)
    size += (size_t)snprintf(text + size, SHAPE_TEXT - size, ", %lld", (long long)s->shape[d]);
  snprintf(text + size, SHAPE_TEXT - size, ")");
  return text;
}

static tri_status same_shape(tri_model *m, const struct layer *l, size_t n, const struct sample *in,
                             struct sample *out) {
  (void)m, (void)l, (void)n;
  *out = *in;
  return TRI_OK;
}

/* --- input */

static tri_status shape_of_input(tri_model *m, const struct layer *l, size_t n,
                                 const struct sample *in, struct sample *out) {
  int64_t count;
  (void)n, (void)in;
  out->rank = l->spec.rank;
  memcpy(out->shape, l->spec.shape, sizeof out->shape);
  if (!out->rank)
    return tri__model_fail(m, TRI_SHAPE, "%s: a sample is a number, and not an array", l->name);
  for (size_t d = 0; d < out->rank; d++)
    if (out->shape[d] < 1)
      return tri__model_fail(m, TRI_SHAPE, "%s: size %zu is not positive", l->name, d);
  if (!tri__sample_count(out, &count) || count > INT32_MAX)
    return tri__model_fail(m, TRI_LIMIT, "%s: more than 2147483647 elements", l->name);
  return TRI_OK;
}

static tri_expr same(struct building *b, const struct layer *l, const struct call *c, size_t n,
                     const tri_expr *x) {
  (void)b, (void)l, (void)c, (void)n;
  return *x;
}

/* --- dense */

static tri_status shape_of_dense(tri_model *m, const struct layer *l, size_t n,
                                 const struct sample *in, struct sample *out) {
  (void)n;
  if (l->spec.units < 1 || l->spec.units > INT32_MAX)
    return tri__model_fail(m, TRI_ARGUMENT, "%s: the number of units is not positive", l->name);
  *out = *in;
  out->shape[out->rank - 1] = l->spec.units;
  return TRI_OK;
}

static tri_status weights_of_dense(tri_model *m, struct layer *l, const struct sample *in) {
  int64_t from = in->shape[in->rank - 1], to = l->spec.units;
  const struct new_weight kernel = {.name = "kernel",
                                    .initializer = l->spec.kernel_initializer,
                                    .shape = {2, {from, to}},
                                    .fan_in = from,
                                    .fan_out = to,
                                    .regularizer = l->spec.kernel_regularizer};
  tri_status status = tri__new_weight(m, l, &kernel);
  return status || l->spec.no_bias ? status : tri__new_bias(m, l, to);
}

tri_status tri__new_bias(tri_model *m, struct layer *l, int64_t n) {
  return tri__new_weight(m, l,
                         &(struct new_weight){.name = "bias",
                                              .initializer = l->spec.bias_initializer,
                                              .shape = {1, {n}},
                                              .fan_in = n,
                                              .fan_out = n,
                                              .regularizer = l->spec.bias_regularizer});
}

tri_expr tri__bias_and_activation(const tri_model *m, const struct layer *l, tri_expr y) {
  if (!l->spec.no_bias) y = tri_add(y, tri__broadcast_like(tri__weight_of(m, l, 1), y));
  return tri__activate(l->spec.activation, y);
}

static tri_expr dense(struct building *b, const struct layer *l, const struct call *c, size_t n,
                      const tri_expr *x) {
  (void)c, (void)n;
  return tri__bias_and_activation(b->m, l, tri_matmul(*x, tri__weight_of(b->m, l, 0)));
}

static tri_expr activation(struct building *b, const struct layer *l, const struct call *c,
                           size_t n, const tri_expr *x) {
  (void)b, (void)c, (void)n;
  return tri__activate(l->spec.activation, *x);
}

/* --- other shapes */

static tri_status shape_of_flatten(tri_model *m, const struct layer *l, size_t n,
                                   const struct sample *in, struct sample *out) {
  (void)n;
  out->rank = 1;
  if (tri__sample_count(in, &out->shape[0])) return TRI_OK;
  return tri__model_fail(m, TRI_LIMIT, "%s: too many elements", l->name);
}

static tri_status no_reshape(tri_model *m, const struct layer *l, const struct sample *in) {
  char from[SHAPE_TEXT], to[SHAPE_TEXT];
  struct sample wanted = {.rank = l->spec.rank};
  memcpy(wanted.shape, l->spec.shape, sizeof wanted.shape);
  return tri__model_fail(m, TRI_SHAPE, "%s: elements do not fit: %s as %s", l->name,
                         tri__sample_text(in, from), tri__sample_text(&wanted, to));
}

static tri_status shape_of_reshape(tri_model *m, const struct layer *l, size_t n,
                                   const struct sample *in, struct sample *out) {
  int64_t have, rest = 1;
  size_t unknown = TRI_LAYER_RANK;
  bool fits = tri__sample_count(in, &have) && l->spec.rank > 0;
  (void)n;
  out->rank = l->spec.rank;
  for (size_t d = 0; d < out->rank && fits; d++) {
    int64_t size = out->shape[d] = l->spec.shape[d];
    if (size == -1 && unknown == TRI_LAYER_RANK)
      unknown = d;
    else
      fits = size > 0 && !__builtin_mul_overflow(rest, size, &rest);
  }
  if (!fits || have % rest != 0 || (unknown == TRI_LAYER_RANK && have != rest))
    return no_reshape(m, l, in);
  if (unknown < TRI_LAYER_RANK) out->shape[unknown] = have / rest;
  return TRI_OK;
}

static tri_expr reshape(struct building *b, const struct layer *l, const struct call *c, size_t n,
                        const tri_expr *x) {
  tri_extent extents[TRI_LAYER_RANK + 1] = {tri_extent_named("batch")};
  (void)b, (void)l, (void)n;
  for (size_t d = 0; d < c->gives.rank; d++) extents[d + 1] = tri_extent_of(c->gives.shape[d]);
  return tri_reshape(*x, c->gives.rank + 1, extents);
}

/* --- dropout */

static tri_status shape_of_dropout(tri_model *m, const struct layer *l, size_t n,
                                   const struct sample *in, struct sample *out) {
  if (!(l->spec.rate >= 0.0 && l->spec.rate < 1.0))
    return tri__model_fail(m, TRI_ARGUMENT, "%s: the rate is not in [0, 1)", l->name);
  return same_shape(m, l, n, in, out);
}

static tri_expr dropout(struct building *b, const struct layer *l, const struct call *c, size_t n,
                        const tri_expr *x) {
  (void)n;
  if (!b->training || l->spec.rate == 0.0) return *x;
  tri_expr kept = tri_sub(tri_integer(x->graph, 1), tri__decimal(x->graph, l->spec.rate));
  return tri_mul(*x, tri_div(c->mask, kept));
}

/* --- all of them */

tri_layer tri_named(const char *name, tri_layer layer) {
  layer.name = name;
  return layer;
}

static const struct layer_row rows[] = {
    [TRI_LAYER_INPUT] = {"InputLayer", "input_layer", 0, 0, shape_of_input, NULL, same},
    [TRI_LAYER_DENSE] = {"Dense", "dense", 1, 1, shape_of_dense, weights_of_dense, dense},
    [TRI_LAYER_ACTIVATION] = {"Activation", "activation", 1, 1, same_shape, NULL, activation},
    [TRI_LAYER_FLATTEN] = {"Flatten", "flatten", 1, 1, shape_of_flatten, NULL, reshape},
    [TRI_LAYER_RESHAPE] = {"Reshape", "reshape", 1, 1, shape_of_reshape, NULL, reshape},
    [TRI_LAYER_DROPOUT] = {"Dropout", "dropout", 1, 1, shape_of_dropout, NULL, dropout},
};

const struct layer_row *tri__layer_row(tri_layer_kind kind) {
  switch (kind) {
  case TRI_LAYER_ADD: return &tri__add_row;
  case TRI_LAYER_CONCATENATE: return &tri__concatenate_row;
  case TRI_LAYER_BATCH_NORMALIZATION: return &tri__batch_normalization_row;
  case TRI_LAYER_CONV1D:
  case TRI_LAYER_CONV2D:
  case TRI_LAYER_MAX_POOLING1D:
  case TRI_LAYER_MAX_POOLING2D:
  case TRI_LAYER_AVERAGE_POOLING1D:
  case TRI_LAYER_AVERAGE_POOLING2D: return tri__window_row(kind);
  default: return (unsigned)kind < sizeof rows / sizeof *rows ? &rows[kind] : NULL;
  }
}
