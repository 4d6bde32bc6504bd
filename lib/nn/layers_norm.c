/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Batch normalization (Ioffe and Szegedy 2015) as Keras has it: over the last dimension; the
 * variance is that of the batch (divided by n, not n - 1), also where it moves. */
#include "nn/nn.h"

static double momentum(const struct layer *l) {
  return l->spec.momentum != 0.0 ? l->spec.momentum : NORM_MOMENTUM;
}
static double epsilon(const struct layer *l) {
  return l->spec.epsilon != 0.0 ? l->spec.epsilon : NORM_EPSILON;
}

static tri_status shape(tri_model *m, const struct layer *l, size_t n, const struct sample *in,
                        struct sample *out) {
  (void)n;
  *out = *in;
  if (!(momentum(l) > 0.0 && momentum(l) < 1.0))
    return tri__model_fail(m, TRI_ARGUMENT, "%s: the momentum is not in (0, 1)", l->name);
  if (!(epsilon(l) > 0.0 && epsilon(l) <= 1e300))
    return tri__model_fail(m, TRI_ARGUMENT, "%s: epsilon is not positive", l->name);
  return TRI_OK;
}

/* gamma, beta, moving_mean, moving_variance. */
static tri_status weights(tri_model *m, struct layer *l, const struct sample *in) {
  const struct sample last = {1, {in->shape[in->rank - 1]}};
  const struct new_weight all[] = {
      {.name = "gamma", .initializer = "ones", .shape = last},
      {.name = "beta", .initializer = "zeros", .shape = last},
      {.name = "moving_mean", .initializer = "zeros", .shape = last, .fixed = true},
      {.name = "moving_variance", .initializer = "ones", .shape = last, .fixed = true}};
  tri_status status = TRI_OK;
  for (size_t i = 0; i < 4 && !status; i++)
    if (!(i == 0 && l->spec.no_scale) && !(i == 1 && l->spec.no_center))
      status = tri__new_weight(m, l, &all[i]);
  return status;
}

/* The mean over all dimensions but the last. */
static tri_expr mean(tri_expr x) {
  tri_expr count = tri_size(x.graph, "batch");
  for (size_t d = 1; d + 1 < tri_expr_rank(x); d++)
    count = tri_mul(count, tri_integer(x.graph, tri_expr_dim(x, d)));
  return tri_div(tri__sum_rows(x), count);
}

/* The moving statistic follows by 1 - momentum. */
static void move(struct building *b, const struct layer *l, size_t weight, tri_expr to) {
  tri_expr variable = tri__weight_of(b->m, l, weight), kept = tri__decimal(to.graph, momentum(l));
  tri_expr rest = tri_sub(tri_integer(to.graph, 1), kept);
  tri__update(b, l->first_weight + weight, tri_add(tri_mul(kept, variable), tri_mul(rest, to)));
}

static tri_expr normalized(struct building *b, const struct layer *l, const struct call *c,
                           size_t n, const tri_expr *in) {
  size_t first = l->weights - 2;
  tri_expr x = *in, center = tri__weight_of(b->m, l, first),
           variance = tri__weight_of(b->m, l, first + 1);
  (void)c, (void)n;
  if (b->training) center = mean(x);
  tri_expr away = tri_sub(x, tri__broadcast_like(center, x));
  if (b->training) {
    variance = mean(tri_square(away));
    move(b, l, first, center);
    move(b, l, first + 1, variance);
  }
  tri_expr scale = tri_sqrt(tri_add(variance, tri__decimal(x.graph, epsilon(l))));
  scale = tri_div(l->spec.no_scale ? tri_integer(x.graph, 1) : tri__weight_of(b->m, l, 0), scale);
  tri_expr y = tri_mul(away, tri__broadcast_like(scale, x));
  if (l->spec.no_center) return y;
  return tri_add(y, tri__broadcast_like(tri__weight_of(b->m, l, first - 1), x));
}

const struct layer_row tri__batch_normalization_row = {
    "BatchNormalization", "batch_normalization", 1, 1, shape, weights, normalized};
