/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A whole model as expressions: outputs, what losses are taken from, regularizers, moving
 * statistics, masks. */
#include <string.h>

#include "nn/nn.h"

/* --- regularizers */

/* l1 · sum |x| + l2 · sum x²; of no graph if that is nothing. */
static tri_expr penalty_of(tri_expr x, const tri_regularizer *r) {
  tri_expr sum = {0};
  if (r->l2 != 0.0) sum = tri_mul(tri__decimal(x.graph, r->l2), tri__sum_all(tri_square(x)));
  if (r->l1 == 0.0) return sum;
  tri_expr l1 = tri_mul(tri__decimal(x.graph, r->l1), tri__sum_all(tri_abs(x)));
  return sum.graph ? tri_add(sum, l1) : l1;
}

static void add_penalty(struct built *built, tri_expr penalty) {
  if (!penalty.graph) return;
  built->penalty = built->penalty.graph ? tri_add(built->penalty, penalty) : penalty;
}

static void penalties_of_weights(struct building *b) {
  for (size_t i = 0; i < b->m->n_weights; i++)
    add_penalty(b->to, penalty_of(b->m->weights[i].variable, &b->m->weights[i].regularizer));
}

/* --- moving statistics and masks */

void tri__update(struct building *b, size_t weight, tri_expr value) {
  struct built *to = b->to;
  for (size_t i = 0; i < to->n_updates; i++)
    if (to->updates[i].weight == weight) {
      tri_expr variable = b->m->weights[weight].variable;
      to->updates[i].value = tri_substitute(value, 1, &variable, &to->updates[i].value);
      return;
    }
  if (!tri__grow(&b->m->memory, (void **)&to->updates, &to->update_capacity, to->n_updates + 1,
                 sizeof *to->updates))
    b->status = TRI_MEMORY;
  else
    to->updates[to->n_updates++] = (struct update){weight, value};
}

static void add_mask(struct building *b, size_t call) {
  struct built *to = b->to;
  const struct call *c = &b->m->calls[call];
  double rate = b->m->layers[c->layer].spec.rate;
  if (!c->mask.graph || rate == 0.0) return;
  if (!tri__grow(&b->m->memory, (void **)&to->masks, &to->mask_capacity, to->n_masks + 1,
                 sizeof *to->masks))
    b->status = TRI_MEMORY;
  else
    to->masks[to->n_masks++] = (struct mask){c->mask, c->gives, rate, (uint32_t)call};
}

/* --- calls */

tri_expr tri__call_value(struct building *b, const struct call *c, const tri_expr *values,
                         tri_expr *x) {
  const tri_model *m = b->m;
  const struct layer *l = &m->layers[c->layer];
  if (!c->links) return c->value;
  for (size_t k = 0; k < c->links; k++) x[k] = values[m->links[c->first_link + k]];
  return tri__layer_row(l->spec.kind)->build(b, l, c, c->links, x);
}

/* The value of call i, with what comes of it beside. */
static tri_expr value_of(struct building *b, size_t i, const tri_expr *values, tri_expr *x) {
  const tri_model *m = b->m;
  const struct call *c = &m->calls[i];
  const struct layer *l = &m->layers[c->layer];
  tri_expr y = tri__call_value(b, c, values, x);
  if (!c->links) return y;
  if (b->training) add_mask(b, i);
  tri_expr penalty = penalty_of(y, &l->spec.activity_regularizer);
  if (penalty.graph) add_penalty(b->to, tri_div(penalty, tri_size(m->graph, "batch")));
  return y;
}

/* Whether its result is an activation of something. */
static bool activates(tri_layer_kind kind) {
  return kind == TRI_LAYER_DENSE || kind == TRI_LAYER_ACTIVATION || kind == TRI_LAYER_CONV1D ||
         kind == TRI_LAYER_CONV2D;
}

/* What the last activation of a call is taken of, if it is softmax or sigmoid. */
static tri_expr logits_of(struct building *b, size_t call, const tri_expr *values, tri_expr *x) {
  const tri_model *m = b->m;
  const struct call *c = &m->calls[call];
  struct layer l = m->layers[c->layer];
  const char *activation = l.spec.activation;
  if (!activates(l.spec.kind) ||
      (strcmp(activation, "softmax") != 0 && strcmp(activation, "sigmoid") != 0))
    return (tri_expr){0};
  l.spec.activation = tri__activation_name("linear");
  x[0] = values[m->links[c->first_link]];
  return tri__layer_row(l.spec.kind)->build(b, &l, c, 1, x);
}

static void build_all(struct building *b, tri_expr *values, tri_expr *x) {
  const tri_model *m = b->m;
  for (size_t i = 0; i < m->n_calls; i++) values[i] = value_of(b, i, values, x);
  for (size_t i = 0; i < m->n_outputs; i++) {
    b->to->outputs[i] = values[m->outputs[i]];
    b->to->logits[i] = logits_of(b, m->outputs[i], values, x);
  }
  penalties_of_weights(b);
}

/* --- the model */

static tri_status build_with_room(struct building *b) {
  tri_model *m = b->m;
  tri_expr *values = tri__new(&m->memory, m->n_calls, sizeof *values);
  tri_expr *x = tri__new(&m->memory, m->n_links + 1, sizeof *x);
  b->to->outputs = tri__new(&m->memory, m->n_outputs, sizeof *b->to->outputs);
  b->to->logits = tri__new(&m->memory, m->n_outputs, sizeof *b->to->logits);
  if (values && x && b->to->outputs && b->to->logits)
    build_all(b, values, x);
  else
    b->status = TRI_MEMORY;
  tri__free(&m->memory, values, m->n_calls, sizeof *values);
  tri__free(&m->memory, x, m->n_links + 1, sizeof *x);
  if (b->status) return tri__model_no_memory(m);
  return tri_graph_status(m->graph) ? tri__model_graph_failed(m) : TRI_OK;
}

tri_status tri__model_build(tri_model *m, bool training, struct built *built) {
  struct building b = {.m = m, .training = training, .to = built};
  *built = (struct built){.n_outputs = m->n_outputs};
  if (!m->n_outputs) return tri__model_fail(m, TRI_ARGUMENT, "a model without outputs");
  tri_status status = build_with_room(&b);
  if (status) tri__built_free(m, built);
  return status;
}

void tri__built_free(tri_model *m, struct built *built) {
  tri__free(&m->memory, built->outputs, built->n_outputs, sizeof *built->outputs);
  tri__free(&m->memory, built->logits, built->n_outputs, sizeof *built->logits);
  tri__free(&m->memory, built->updates, built->update_capacity, sizeof *built->updates);
  tri__free(&m->memory, built->masks, built->mask_capacity, sizeof *built->masks);
  *built = (struct built){0};
}
