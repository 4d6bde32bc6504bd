/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Losses and accuracy as Keras 3 defines them: of samples, then the mean over the batch. */
#include <string.h>

#include "nn/nn.h"

static tri_expr number(tri_expr like, const char *text) { return tri_number(like.graph, text); }

/* Keras's epsilon is 1e-7. */
static tri_expr clipped(tri_expr p) {
  return tri_min(tri_max(p, number(p, "1e-7")), number(p, "0.9999999"));
}

static int64_t last(tri_expr x) { return tri_expr_dim(x, tri_expr_rank(x) - 1); }

/* Logarithms of the classes' probabilities, which Keras divides by their sum before it clips them. */
static tri_expr log_probabilities(tri_expr p, int from_logits) {
  if (from_logits)
    return tri_sub(p, tri__repeat_last(tri__reduce_last(p, tri__logaddexp), last(p)));
  return tri_log(clipped(tri_div(p, tri__repeat_last(tri__reduce_last(p, tri_add), last(p)))));
}

/* The numbers of classes, in every row of p. */
static tri_expr classes(tri_expr p) {
  tri_extent extents[TRI_LAYER_RANK + 2];
  size_t rank = tri__extents(p, extents);
  return tri_broadcast(tri_iota(p.graph, 0, extents[rank - 1]), rank, extents);
}

static tri_expr squares(tri_expr y, tri_expr p, int from_logits) {
  (void)from_logits;
  return tri_square(tri_sub(p, y));
}

static tri_expr binary(tri_expr y, tri_expr p, int from_logits) {
  tri_expr rest = tri_sub(number(p, "1"), y);
  if (from_logits) /* log sigmoid(p) = -softplus(-p) */
    return tri_add(tri_mul(y, tri_softplus(tri_neg(p))), tri_mul(rest, tri_softplus(p)));
  p = clipped(p);
  return tri_neg(
      tri_add(tri_mul(y, tri_log(p)), tri_mul(rest, tri_log(tri_sub(number(p, "1"), p)))));
}

static tri_expr categorical(tri_expr y, tri_expr p, int from_logits) {
  return tri_neg(tri__reduce_last(tri_mul(y, log_probabilities(p, from_logits)), tri_add));
}

static tri_expr sparse(tri_expr y, tri_expr p, int from_logits) {
  tri_expr chosen = tri_eq(tri__repeat_last(y, last(p)), classes(p)), zero = number(p, "0");
  tri_expr parts = tri_select(chosen, log_probabilities(p, from_logits), zero);
  return tri_neg(tri__reduce_last(parts, tri_add));
}

tri_expr tri_loss(const char *name, tri_expr y, tri_expr p, int from_logits) {
  static const struct {
    const char *name;
    tri_expr (*build)(tri_expr y, tri_expr p, int from_logits);
  } losses[] = {{"mean_squared_error", squares},
                {"binary_crossentropy", binary},
                {"categorical_crossentropy", categorical},
                {"sparse_categorical_crossentropy", sparse}};
  for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
    if (strcmp(name, losses[i].name) == 0) return tri_mean(losses[i].build(y, p, from_logits));
  return (tri_expr){0};
}
