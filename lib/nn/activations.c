/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Activations by Keras's names, as expressions over arrays, and reductions over the last dimension. */
#include <string.h>

#include "nn/nn.h"

/* --- the last dimension */

size_t tri__extents(tri_expr x, tri_extent *extents) {
  size_t rank = tri_expr_rank(x);
  /* The batch is the only named size of a model. */
  for (size_t d = 0; d < rank; d++) {
    int64_t n = tri_expr_dim(x, d);
    extents[d] = n < 0 ? tri_extent_named("batch") : tri_extent_of(n);
  }
  return rank;
}

static tri_expr last_to_front(tri_expr x) {
  size_t axes[TRI_LAYER_RANK + 2], rank = tri_expr_rank(x);
  for (size_t d = 1; d < rank; d++) axes[d] = d - 1;
  axes[0] = rank - 1;
  return tri_transpose(x, rank, axes);
}

tri_expr tri__reduce_last(tri_expr x, tri_expr (*combine)(tri_expr a, tri_expr b)) {
  int64_t n = tri_expr_dim(x, tri_expr_rank(x) - 1);
  x = last_to_front(x);
  while (n > 1) {
    int64_t half = n / 2;
    tri_expr joined = combine(tri_slice(x, 0, half), tri_slice(x, half, half));
    x = n % 2 ? tri_concat(2, (tri_expr[]){joined, tri_slice(x, n - 1, 1)}, 0) : joined;
    n = half + n % 2;
  }
  return tri_element(x, 0);
}

tri_expr tri__repeat_last(tri_expr x, int64_t n) {
  tri_extent extents[TRI_LAYER_RANK + 2];
  size_t rank = tri__extents(x, extents);
  extents[rank] = tri_extent_of(1);
  x = tri_reshape(x, rank + 1, extents);
  extents[rank] = tri_extent_of(n);
  return tri_broadcast(x, rank + 1, extents);
}

tri_expr tri__broadcast_like(tri_expr x, tri_expr like) {
  tri_extent extents[TRI_LAYER_RANK + 2];
  return tri_broadcast(x, tri__extents(like, extents), extents);
}

/* x with fixed dimensions joined, so that there are fewer sums: [batch, n] of [batch, s…], [n] without a batch, and
 * the last dimension, too, unless it is to be kept. */
static tri_expr joined(tri_expr x, bool keep_last) {
  tri_extent extents[3];
  size_t rank = 0, all = tri_expr_rank(x);
  int64_t n = 1;
  for (size_t d = 0; d < all; d++) {
    int64_t size = tri_expr_dim(x, d);
    if (size < 0)
      extents[rank++] = tri_extent_named("batch");
    else if (!keep_last || d + 1 < all)
      n *= size;
  }
  if (n > 1 || rank == 0) extents[rank++] = tri_extent_of(n);
  if (keep_last) extents[rank++] = tri_extent_of(tri_expr_dim(x, all - 1));
  return tri_reshape(x, rank, extents);
}

tri_expr tri__sum_all(tri_expr x) {
  x = joined(x, false);
  while (tri_expr_rank(x) > 0) x = tri_sum_axis(x, 0);
  return x;
}

tri_expr tri__sum_rows(tri_expr x) {
  x = joined(x, true);
  while (tri_expr_rank(x) > 1) x = tri_sum_axis(x, 0);
  return x;
}

/* Smooth, so nothing is a kink where a maximum would be one. */
tri_expr tri__logaddexp(tri_expr a, tri_expr b) { return tri_add(a, tri_softplus(tri_sub(b, a))); }

/* --- activations */

static tri_expr number(tri_expr like, double x) { return tri_double(like.graph, x); }

static tri_expr linear(tri_expr x) { return x; }

static tri_expr softmax(tri_expr x) {
  tri_expr sums = tri__reduce_last(x, tri__logaddexp);
  return tri_exp(tri_sub(x, tri__repeat_last(sums, tri_expr_dim(x, tri_expr_rank(x) - 1))));
}

static tri_expr softsign(tri_expr x) { return tri_div(x, tri_add(number(x, 1.0), tri_abs(x))); }

/* The argument of expm1 is never positive: there the branch not taken could overflow. */
static tri_expr elu(tri_expr x) {
  tri_expr zero = number(x, 0.0);
  return tri_select(tri_gt(x, zero), x, tri_expm1(tri_neg(tri_relu(tri_neg(x)))));
}

static tri_expr silu(tri_expr x) { return tri_mul(x, tri_sigmoid(x)); }

/* x · P(N <= x), without the approximation by tanh. */
static tri_expr gelu(tri_expr x) {
  tri_expr root = tri_sqrt(number(x, 2.0));
  return tri_mul(tri_mul(number(x, 0.5), x), tri_erfc(tri_neg(tri_div(x, root))));
}

static const struct activation {
  const char *name;
  tri_expr (*build)(tri_expr x);
} activations[] = {
    {"linear", linear},     {"relu", tri_relu},       {"sigmoid", tri_sigmoid},
    {"tanh", tri_tanh},     {"softmax", softmax},     {"softplus", tri_softplus},
    {"softsign", softsign}, {"exponential", tri_exp}, {"elu", elu},
    {"silu", silu},         {"gelu", gelu},
};

static const struct activation *find(const char *name) {
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
    if (strcmp(activations[i].name, name) == 0) return &activations[i];
  return NULL;
}

const char *tri__activation_name(const char *name) {
  const struct activation *a = find(name ? name : "linear");
  return a ? a->name : NULL;
}

tri_expr tri__activate(const char *name, tri_expr x) { return find(name)->build(x); }
