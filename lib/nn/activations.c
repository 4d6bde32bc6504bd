/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Activations by Keras's names, as expressions over arrays, and reductions over the last
 * dimension. */
#include <string.h>

#include "graph/node.h"
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

/* x with fixed dimensions joined, so that there are fewer sums: [batch, n] of [batch, s…], [n]
 * without a batch, and the last dimension, too, unless it is to be kept. */
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

tri_expr tri__mean_all(tri_expr x) {
  if (tri_expr_status(x)) return x;
  tri_expr count = tri_integer(x.graph, 1);
  for (size_t d = 0; d < tri_expr_rank(x); d++) {
    int64_t n = tri_expr_dim(x, d);
    count = tri_mul(count, n < 0 ? tri_size(x.graph, "batch") : tri_integer(x.graph, n));
  }
  return tri_div(tri__sum_all(x), count);
}

tri_expr tri__decimal(tri_graph *graph, double x) {
  tri_text text = {.allocator = &graph->memory.allocator};
  tri__text_double(&text, x < 0.0 ? -x : x);
  tri_expr e = text.status ? expr_of(graph, tri__no_memory(graph)) : tri_number(graph, text.data);
  if (x < 0.0) e = tri_neg(e);
  tri_text_free(&text);
  return e;
}

/* --- activations */

static tri_expr number(tri_expr like, double x) { return tri_double(like.graph, x); }

static tri_expr linear(tri_expr x) { return x; }

tri_expr tri__log_softmax(tri_expr x) {
  return tri_sub(x, tri__repeat_last(tri_logsumexp_last(x), tri_expr_dim(x, tri_expr_rank(x) - 1)));
}

static tri_expr softmax(tri_expr x) { return tri_exp(tri__log_softmax(x)); }

static tri_expr softsign(tri_expr x) { return tri_div(x, tri_add(number(x, 1.0), tri_abs(x))); }

/* x where it is positive, else a function of it, which sees no positive number: there it might
 * overflow. At 0 the derivative is the function's, as in Keras. */
static tri_expr positive_or(tri_expr x, tri_expr (*below)(tri_expr x)) {
  tri_expr zero = number(x, 0.0), positive = tri_gt(x, zero);
  return tri_select(positive, x, below(tri_select(positive, zero, x)));
}

static tri_expr elu(tri_expr x) { return positive_or(x, tri_expm1); }

/* Keras's alpha and scale (Klambauer et al. 2017). */
static tri_expr selu_below(tri_expr x) {
  return tri_mul(tri_number(x.graph, "1.67326324235437728481"), tri_expm1(x));
}

static tri_expr selu(tri_expr x) {
  return tri_mul(tri_number(x.graph, "1.05070098735548049342"), positive_or(x, selu_below));
}

static tri_expr fifth(tri_expr x) { return tri_div(x, number(x, 5.0)); }
static tri_expr leaky_relu(tri_expr x) { return positive_or(x, fifth); }

static tri_expr silu(tri_expr x) { return tri_mul(x, tri_sigmoid(x)); }

/* x · P(N <= x), without the approximation by tanh. */
static tri_expr gelu(tri_expr x) {
  tri_expr root = tri_sqrt(number(x, 2.0));
  return tri_mul(tri_mul(number(x, 0.5), x), tri_erfc(tri_neg(tri_div(x, root))));
}

static tri_expr relu6(tri_expr x) { return tri_min(tri_relu(x), number(x, 6.0)); }

/* relu6(x + 3)/6, as Keras 3 has it. */
static tri_expr hard_sigmoid(tri_expr x) {
  return tri_div(relu6(tri_add(x, number(x, 3.0))), number(x, 6.0));
}

static tri_expr hard_silu(tri_expr x) { return tri_mul(x, hard_sigmoid(x)); }

static tri_expr mish(tri_expr x) { return tri_mul(x, tri_tanh(tri_softplus(x))); }

static tri_expr log_sigmoid(tri_expr x) { return tri_neg(tri_softplus(tri_neg(x))); }

static const struct activation {
  const char *name, *alias;
  tri_expr (*build)(tri_expr x);
} activations[] = {
    {"linear", NULL, linear},
    {"relu", NULL, tri_relu},
    {"sigmoid", NULL, tri_sigmoid},
    {"tanh", NULL, tri_tanh},
    {"softmax", NULL, softmax},
    {"log_softmax", NULL, tri__log_softmax},
    {"softplus", NULL, tri_softplus},
    {"softsign", NULL, softsign},
    {"exponential", NULL, tri_exp},
    {"elu", NULL, elu},
    {"selu", NULL, selu},
    {"silu", "swish", silu},
    {"gelu", NULL, gelu},
    {"leaky_relu", NULL, leaky_relu},
    {"relu6", NULL, relu6},
    {"hard_sigmoid", NULL, hard_sigmoid},
    {"hard_silu", "hard_swish", hard_silu},
    {"mish", NULL, mish},
    {"log_sigmoid", NULL, log_sigmoid},
};

static const struct activation *find(const char *name) {
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
    if (strcmp(activations[i].name, name) == 0 ||
        (activations[i].alias && strcmp(activations[i].alias, name) == 0))
      return &activations[i];
  return NULL;
}

const char *tri__activation_name(const char *name) {
  const struct activation *a = find(name ? name : "linear");
  return a ? a->name : NULL;
}

tri_expr tri__activate(const char *name, tri_expr x) { return find(name)->build(x); }
