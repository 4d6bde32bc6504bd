/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What each kind of layer gives: the shape of its result, and the result as an expression. */
#include <string.h>

#include "nn/nn.h"

/* --- shapes */

static bool elements(size_t rank, const int64_t *shape, int64_t *count) {
  *count = 1;
  for (size_t d = 0; d < rank; d++)
    if (__builtin_mul_overflow(*count, shape[d], count)) return false;
  return true;
}

static tri_status shape_of_input(tri_model *m, struct layer *l) {
  int64_t count;
  for (size_t d = 0; d < l->spec.rank; d++)
    if (l->spec.shape[d] < 1)
      return tri__model_fail(m, TRI_SHAPE, "%s: size %zu is not positive", l->name, d);
  if (!elements(l->spec.rank, l->spec.shape, &count) || count > INT32_MAX)
    return tri__model_fail(m, TRI_LIMIT, "%s: more than 2147483647 elements", l->name);
  l->rank = l->spec.rank;
  memcpy(l->shape, l->spec.shape, sizeof l->shape);
  return TRI_OK;
}

static tri_status shape_of_dense(tri_model *m, struct layer *l, const struct layer *before) {
  if (l->spec.units < 1 || l->spec.units > INT32_MAX)
    return tri__model_fail(m, TRI_ARGUMENT, "%s: the number of units is not positive", l->name);
  if (before->rank == 0)
    return tri__model_fail(m, TRI_SHAPE, "%s: a sample is a number, and not an array", l->name);
  l->rank = before->rank;
  memcpy(l->shape, before->shape, sizeof l->shape);
  l->shape[l->rank - 1] = l->spec.units;
  return TRI_OK;
}

static tri_status no_reshape(tri_model *m, const struct layer *l, const struct layer *before) {
  tri_text text = {.allocator = &m->memory.allocator};
  tri__sample_text(&text, before->rank, before->shape);
  tri__text_puts(&text, " as ");
  tri__sample_text(&text, l->spec.rank, l->spec.shape);
  tri_status status = text.status ? tri__model_fail(m, text.status, "out of memory")
                                  : tri__model_fail(m, TRI_SHAPE, "%s: elements do not fit: %s",
                                                    l->name, text.data);
  tri_text_free(&text);
  return status;
}

static tri_status shape_of_reshape(tri_model *m, struct layer *l, const struct layer *before) {
  int64_t have, rest = 1;
  size_t unknown = TRI_LAYER_RANK;
  bool fits = elements(before->rank, before->shape, &have);
  l->rank = l->spec.rank;
  for (size_t d = 0; d < l->rank && fits; d++) {
    int64_t n = l->shape[d] = l->spec.shape[d];
    if (n == -1 && unknown == TRI_LAYER_RANK)
      unknown = d;
    else
      fits = n > 0 && !__builtin_mul_overflow(rest, n, &rest);
  }
  if (!fits || have % rest != 0) return no_reshape(m, l, before);
  if (unknown < TRI_LAYER_RANK)
    l->shape[unknown] = have / rest;
  else if (have != rest)
    return no_reshape(m, l, before);
  return TRI_OK;
}

tri_status tri__layer_shape(tri_model *m, struct layer *l, const struct layer *before) {
  if (l->spec.rank > TRI_LAYER_RANK)
    return tri__model_fail(m, TRI_LIMIT, "%s: more than %d dimensions", l->name, TRI_LAYER_RANK);
  switch (l->spec.kind) {
  case TRI_LAYER_INPUT: return shape_of_input(m, l);
  case TRI_LAYER_DENSE: return shape_of_dense(m, l, before);
  case TRI_LAYER_RESHAPE: return shape_of_reshape(m, l, before);
  case TRI_LAYER_FLATTEN:
    l->rank = 1;
    return elements(before->rank, before->shape, &l->shape[0]) ? TRI_OK : TRI_LIMIT;
  case TRI_LAYER_DROPOUT:
    if (!(l->spec.rate >= 0.0 && l->spec.rate < 1.0))
      return tri__model_fail(m, TRI_ARGUMENT, "%s: the rate is not in [0, 1)", l->name);
    break;
  default: break;
  }
  l->rank = before->rank;
  memcpy(l->shape, before->shape, sizeof l->shape);
  return TRI_OK;
}

/* --- expressions */

static tri_expr dense(const tri_model *m, const struct layer *l, tri_expr x) {
  tri_extent extents[TRI_LAYER_RANK + 2];
  tri_expr y = tri_matmul(x, m->weights[l->first_weight].variable);
  if (!l->spec.no_bias) {
    size_t rank = tri__extents(y, extents);
    y = tri_add(y, tri_broadcast(m->weights[l->first_weight + 1].variable, rank, extents));
  }
  return tri__activate(l->spec.activation, y);
}

static tri_expr reshape(const struct layer *l, tri_expr x) {
  tri_extent extents[TRI_LAYER_RANK + 1] = {tri_extent_named("batch")};
  for (size_t d = 0; d < l->rank; d++) extents[d + 1] = tri_extent_of(l->shape[d]);
  return tri_reshape(x, l->rank + 1, extents);
}

static tri_expr dropout(const struct layer *l, tri_expr x) {
  tri_expr kept = tri_sub(tri_integer(x.graph, 1), tri_double(x.graph, l->spec.rate));
  return tri_mul(x, tri_div(l->mask, kept));
}

tri_expr tri__layer_build(const tri_model *m, const struct layer *l, tri_expr x, bool training) {
  switch (l->spec.kind) {
  case TRI_LAYER_DENSE: return dense(m, l, x);
  case TRI_LAYER_ACTIVATION: return tri__activate(l->spec.activation, x);
  case TRI_LAYER_FLATTEN:
  case TRI_LAYER_RESHAPE: return reshape(l, x);
  case TRI_LAYER_DROPOUT: return training && l->spec.rate > 0.0 ? dropout(l, x) : x;
  default: return x;
  }
}

tri_expr tri__model_build(const tri_model *m, bool training) {
  tri_expr x = m->input;
  for (size_t i = 1; i < m->n_layers; i++) x = tri__layer_build(m, &m->layers[i], x, training);
  return x;
}
