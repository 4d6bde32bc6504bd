/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is measured of a batch, as expressions: the loss that is made small, and metrics. */
#include <string.h>

#include "nn/train.h"

/* Cross-entropies of probabilities are taken from where these come from, as Keras does it, which
 * loses no digits: from what softmax was taken of, or sigmoid. */
static bool takes_logits(const char *loss, tri_expr output) {
  bool binary = strcmp(loss, "binary_crossentropy") == 0;
  bool sigmoid = tri_expr_op(output) == TRI_OP_sigmoid;
  return binary ? sigmoid : !sigmoid && strstr(loss, "crossentropy") != NULL;
}

static tri_expr loss_of(const struct training *t, const struct built *b, size_t i, tri_expr y) {
  const char *name = t->losses[i];
  if (!t->from_logits && b->logits[i].graph && takes_logits(name, b->outputs[i]))
    return tri_loss(name, y, b->logits[i], 1);
  return tri_loss(name, y, b->outputs[i], t->from_logits);
}

static tri_expr weighted(tri_expr loss, double weight) {
  return weight == 1.0 ? loss : tri_mul(tri__decimal(loss.graph, weight), loss);
}

static void losses(const struct training *t, const struct built *b, const tri_expr *y,
                   tri_expr *measures) {
  for (size_t i = 0; i < t->n_y; i++) {
    tri_expr loss = loss_of(t, b, i, y[i]), part = weighted(loss, t->loss_weights[i]);
    if (t->n_y > 1) measures[1 + i] = loss;
    measures[0] = i ? tri_add(measures[0], part) : part;
  }
  if (b->penalty.graph) measures[0] = tri_add(measures[0], b->penalty);
}

tri_status tri__measure(tri_model *m, const struct built *b, const tri_expr *y,
                        tri_expr *measures) {
  const struct training *t = m->training;
  size_t n = t->n_y > 1 ? 1 + t->n_y : 1;
  losses(t, b, y, measures);
  for (size_t i = 0; i < t->n_y; i++)
    for (size_t k = 0; k < t->n_metrics; k++)
      measures[n++] = tri_metric(t->metrics[k], y[i], b->outputs[i]);
  return tri_graph_status(m->graph) ? tri__model_graph_failed(m) : TRI_OK;
}
