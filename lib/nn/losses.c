/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Losses and metrics as Keras 3 defines them: of samples, and their mean over the batch. */
#include <string.h>

#include "graph/node.h"
#include "nn/nn.h"

/* --- what they are made of */

static tri_expr number(tri_expr like, const char *text) { return tri_number(like.graph, text); }

/* Keras's epsilon is 1e-7. */
static tri_expr clipped(tri_expr p) {
  return tri_min(tri_max(p, number(p, "1e-7")), number(p, "0.9999999"));
}

static size_t last_axis(tri_expr x) { return tri_expr_rank(x) - 1; }
static int64_t last(tri_expr x) { return tri_expr_dim(x, last_axis(x)); }
static tri_expr sum_last(tri_expr x) { return tri_sum_axis(x, last_axis(x)); }
static tri_expr mean_last(tri_expr x) {
  return tri_div(sum_last(x), tri_integer(x.graph, last(x)));
}

/* Keras divides classes' probabilities by their sum before it clips them. */
static tri_expr log_probabilities(tri_expr p) {
  return tri_log(clipped(tri_div(p, tri__repeat_last(sum_last(p), last(p)))));
}

/* 1 in every row of p at the class y of that row. */
static tri_expr one_hot(tri_expr y, tri_expr p) { return tri_one_hot(y, tri_extent_of(last(p))); }

/* --- losses of samples: [batch, s…] of y and p [batch, s…, n] */

static tri_expr squares(tri_expr y, tri_expr p, bool logits) {
  (void)logits;
  return mean_last(tri_square(tri_sub(p, y)));
}

static tri_expr distances(tri_expr y, tri_expr p, bool logits) {
  (void)logits;
  return mean_last(tri_abs(tri_sub(p, y)));
}

static tri_expr binary(tri_expr y, tri_expr p, bool logits) {
  tri_expr rest = tri_sub(number(p, "1"), y);
  /* log sigmoid(p) = -softplus(-p), log(1 - sigmoid(p)) = -softplus(p): no digits are lost */
  if (logits)
    return mean_last(tri_add(tri_mul(y, tri_softplus(tri_neg(p))), tri_mul(rest, tri_softplus(p))));
  p = clipped(p);
  return mean_last(
      tri_neg(tri_add(tri_mul(y, tri_log(p)), tri_mul(rest, tri_log(tri_sub(number(p, "1"), p))))));
}

/* With logits z: sum y · (lse(z) - z). */
static tri_expr categorical(tri_expr y, tri_expr p, bool logits) {
  if (!logits) return tri_neg(sum_last(tri_mul(y, log_probabilities(p))));
  return tri_sub(tri_mul(sum_last(y), tri_logsumexp_last(p)), sum_last(tri_mul(y, p)));
}

/* The same where y is 1 at one place of each row. */
static tri_expr sparse(tri_expr y, tri_expr p, bool logits) {
  tri_expr chosen = one_hot(y, p);
  if (!logits) return tri_neg(sum_last(tri_mul(chosen, log_probabilities(p))));
  return tri_sub(tri_logsumexp_last(p), sum_last(tri_mul(chosen, p)));
}

/* --- metrics of samples: [batch, s…], too */

static tri_expr one_if(tri_expr condition) {
  return tri_select(condition, number(condition, "1"), number(condition, "0"));
}

static tri_expr binary_accuracy(tri_expr y, tri_expr p, bool logits) {
  tri_expr class = one_if(tri_gt(p, number(p, "0.5")));
  (void)logits;
  return mean_last(one_if(tri_eq(y, class)));
}

static tri_expr categorical_accuracy(tri_expr y, tri_expr p, bool logits) {
  (void)logits;
  return one_if(tri_eq(tri_argmax(y), tri_argmax(p)));
}

static tri_expr sparse_accuracy(tri_expr y, tri_expr p, bool logits) {
  (void)logits;
  return one_if(tri_eq(y, tri_argmax(p)));
}

/* --- their names */

static const struct measure {
  const char *names[4]; /* Keras's: first that of the function */
  tri_expr (*build)(tri_expr y, tri_expr p, bool logits);
  bool loss; /* it may be one */
  enum target targets;
} measures[] = {
    {{"mean_squared_error", "mse", "MSE", "MeanSquaredError"}, squares, true, TARGET_NUMBERS},
    {{"mean_absolute_error", "mae", "MAE", "MeanAbsoluteError"}, distances, true, TARGET_NUMBERS},
    {{"binary_crossentropy", "bce", "BCE", "BinaryCrossentropy"},
     binary,
     true,
     TARGET_PROBABILITIES},
    {{"categorical_crossentropy", "CategoricalCrossentropy"},
     categorical,
     true,
     TARGET_PROBABILITIES},
    {{"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"},
     sparse,
     true,
     TARGET_CLASSES},
    {{"binary_accuracy", "BinaryAccuracy"}, binary_accuracy, false, TARGET_NUMBERS},
    {{"categorical_accuracy", "CategoricalAccuracy"}, categorical_accuracy, false, TARGET_NUMBERS},
    {{"sparse_categorical_accuracy", "SparseCategoricalAccuracy"},
     sparse_accuracy,
     false,
     TARGET_CLASSES},
};

static const struct measure *find(const char *name) {
  for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
    for (size_t k = 0; k < 4 && measures[i].names[k]; k++)
      if (strcmp(name, measures[i].names[k]) == 0) return &measures[i];
  return NULL;
}

/* Of the accuracies the one for these shapes, as Keras chooses it. */
static const char *accuracy_for(tri_expr y, tri_expr p) {
  if (last(p) == 1) return "binary_accuracy";
  bool labels = tri_expr_rank(y) < tri_expr_rank(p) || last(y) == 1;
  return labels ? "sparse_categorical_accuracy" : "categorical_accuracy";
}

const char *tri__measure_name(const char *name, bool loss, enum target *targets) {
  static const char *const accuracy[] = {"accuracy", "acc", "Accuracy"};
  const struct measure *m = find(name);
  if (targets) *targets = m ? m->targets : TARGET_NUMBERS;
  if (m) return loss && !m->loss ? NULL : m->names[0];
  for (size_t i = 0; i < 3 && !loss; i++)
    if (strcmp(name, accuracy[i]) == 0) return accuracy[0];
  return NULL;
}

/* --- targets that fit */

static tri_expr no_fit(const char *name, tri_expr y, tri_expr p) {
  char one[64], other[64];
  tri_graph *g = p.graph;
  tri__shape_text(g, node_at(g, tri__own(g, y))->shape, one, sizeof one);
  tri__shape_text(g, node_at(g, p.id)->shape, other, sizeof other);
  return expr_of(g, tri__fail(g, TRI_SHAPE,
                              "%s: targets of shape %s do not fit predictions of shape %s", name,
                              one, other));
}

/* y [batch, s…, n], or [batch, s…] if it is of classes, for p [batch, s…, n]: a last dimension of 1
 * may be there, or missing. */
static tri_expr targets(const struct measure *m, tri_expr y, tri_expr p) {
  bool classes = m->targets == TARGET_CLASSES;
  tri_extent extents[TRI_LAYER_RANK + 2];
  size_t rank = tri__extents(p, extents), wanted = classes ? rank - 1 : rank;
  if (classes ? tri_expr_rank(y) == rank && last(y) == 1
              : tri_expr_rank(y) + 1 == rank && last(p) == 1)
    y = tri_reshape(y, wanted, extents);
  if (tri_expr_status(y)) return y;
  bool fits = tri_expr_rank(y) == wanted;
  for (size_t d = 0; d < wanted && fits; d++) fits = tri_expr_dim(y, d) == tri_expr_dim(p, d);
  return fits ? y : no_fit(m->names[0], y, p);
}

static tri_expr measured(const char *name, tri_expr y, tri_expr p, int from_logits, bool loss) {
  const char *known = tri__measure_name(name, loss, NULL);
  if (tri_expr_status(p)) return p;
  if (tri_expr_status(y)) return y;
  if (!known)
    return expr_of(p.graph, tri__fail(p.graph, TRI_NAME, "no %s is called %s",
                                      loss ? "loss" : "metric", name));
  if (y.graph != p.graph || tri_expr_rank(y) < 1 || tri_expr_rank(p) < 2 ||
      tri_expr_rank(p) > TRI_LAYER_RANK + 1)
    return no_fit(known, y, p);
  const struct measure *m = find(strcmp(known, "accuracy") == 0 ? accuracy_for(y, p) : known);
  y = targets(m, y, p);
  return tri_expr_status(y) ? y : m->build(y, p, from_logits != 0);
}

tri_expr tri_loss_samples(const char *name, tri_expr y, tri_expr p, int from_logits) {
  return measured(name, y, p, from_logits, true);
}

tri_expr tri_metric_samples(const char *name, tri_expr y, tri_expr p) {
  return measured(name, y, p, 0, false);
}

tri_expr tri_loss(const char *name, tri_expr y, tri_expr p, int from_logits) {
  return tri__mean_all(tri_loss_samples(name, y, p, from_logits));
}

tri_expr tri_metric(const char *name, tri_expr y, tri_expr p) {
  return tri__mean_all(tri_metric_samples(name, y, p));
}
