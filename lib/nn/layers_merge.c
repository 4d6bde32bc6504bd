/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Layers that make one tensor of several. */
#include "nn/nn.h"

static tri_status no_merge(tri_model *m, const struct layer *l, const struct sample *a,
                           const struct sample *b) {
  char one[SHAPE_TEXT], other[SHAPE_TEXT];
  return tri__model_fail(m, TRI_SHAPE, "%s: shapes %s and %s do not fit", l->name,
                         tri__sample_text(a, one), tri__sample_text(b, other));
}

/* Whether they are equal but, perhaps, in one dimension. */
static bool equal_but(const struct sample *a, const struct sample *b, size_t axis) {
  bool equal = a->rank == b->rank;
  for (size_t d = 0; d < a->rank && equal; d++) equal = d == axis || a->shape[d] == b->shape[d];
  return equal;
}

/* --- add */

static tri_status shape_of_add(tri_model *m, const struct layer *l, size_t n,
                               const struct sample *in, struct sample *out) {
  *out = *in;
  for (size_t i = 1; i < n; i++)
    if (!equal_but(in, in + i, TRI_LAYER_RANK)) return no_merge(m, l, in, in + i);
  return TRI_OK;
}

static tri_expr add(struct building *b, const struct layer *l, const struct call *c, size_t n,
                    const tri_expr *x) {
  tri_expr sum = *x;
  (void)b, (void)l, (void)c;
  for (size_t i = 1; i < n; i++) sum = tri_add(sum, x[i]);
  return sum;
}

/* --- concatenate */

/* The dimension that samples are joined along: 0 is the first behind the batch. */
static int64_t axis_of(const struct layer *l, size_t rank) {
  int64_t axis = l->spec.axis ? l->spec.axis : -1;
  return axis < 0 ? axis + (int64_t)rank : axis - 1;
}

static tri_status shape_of_concatenate(tri_model *m, const struct layer *l, size_t n,
                                       const struct sample *in, struct sample *out) {
  int64_t axis = axis_of(l, in->rank);
  *out = *in;
  if (axis < 0 || axis >= (int64_t)in->rank)
    return tri__model_fail(m, TRI_ARGUMENT, "%s: there is no axis %lld", l->name,
                           (long long)l->spec.axis);
  for (size_t i = 1; i < n; i++) {
    if (!equal_but(in, in + i, (size_t)axis)) return no_merge(m, l, in, in + i);
    if (__builtin_add_overflow(out->shape[axis], in[i].shape[axis], &out->shape[axis]))
      return tri__model_fail(m, TRI_LIMIT, "%s: too many elements", l->name);
  }
  return TRI_OK;
}

static tri_expr concatenate(struct building *b, const struct layer *l, const struct call *c,
                            size_t n, const tri_expr *x) {
  (void)b;
  return tri_concat(n, x, (size_t)axis_of(l, c->gives.rank) + 1);
}

const struct layer_row tri__add_row = {"Add", "add", 2, SIZE_MAX, shape_of_add, NULL, add};
const struct layer_row tri__concatenate_row = {
    "Concatenate", "concatenate", 2, SIZE_MAX, shape_of_concatenate, NULL, concatenate};
