/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Layers are added to a model, and called on what others gave. What fails leaves the model as it
 * was. */
#include <stdio.h>
#include <string.h>

#include "nn/train.h"

/* --- what there was before, for failures */

struct before {
  tri_mark mark;
  size_t layers, calls, links, weights, parameters, trainable;
};

static struct before before_now(const tri_model *m) {
  return (struct before){tri_graph_mark(m->graph),
                         m->n_layers,
                         m->n_calls,
                         m->n_links,
                         m->n_weights,
                         m->parameters,
                         m->trainable};
}

static void go_back(tri_model *m, const struct before *b) {
  while (m->n_weights > b->weights) tri__store_free(m, &m->weights[--m->n_weights].values);
  tri_graph_rewind(m->graph, b->mark);
  m->n_layers = b->layers;
  m->n_calls = b->calls;
  m->n_links = b->links;
  m->parameters = b->parameters;
  m->trainable = b->trainable;
}

/* --- layers */

/* Names are kept in the layers themselves, which move while layers are added. */
static void point_to_names(tri_model *m) {
  for (size_t i = 0; i < m->n_layers; i++) m->layers[i].spec.name = m->layers[i].name;
}

static tri_status find_layer(tri_model *m, const tri_layer *spec, size_t *number) {
  if (spec->kind != TRI_LAYER_SHARED) return tri__new_layer(m, spec, number);
  *number = spec->name ? tri_model_find_layer(m, spec->name) : (size_t)-1;
  if (*number != (size_t)-1) return TRI_OK;
  return tri__model_fail(m, TRI_NAME, "no layer is called %s", spec->name ? spec->name : "(null)");
}

/* --- calls */

static tri_status right_number(tri_model *m, const struct layer *l, size_t n) {
  const struct layer_row *row = tri__layer_row(l->spec.kind);
  if (n >= row->least && n <= row->most) return TRI_OK;
  return tri__model_fail(m, TRI_ARGUMENT, "%s: is called on %s%zu tensor%s, and not on %zu",
                         l->name, row->least == row->most ? "" : "at least ", row->least,
                         row->least == 1 ? "" : "s", n);
}

/* Weights at the first call; later ones must fit them. */
static tri_status weights_of(tri_model *m, size_t layer, const struct sample *in) {
  char one[SHAPE_TEXT], other[SHAPE_TEXT];
  struct layer l = m->layers[layer], *kept = &m->layers[layer];
  const struct layer_row *row = tri__layer_row(l.spec.kind);
  if (!row->weights) return TRI_OK;
  if (!l.weights) {
    l.took = *in;
    tri_status status = row->weights(m, &l, in);
    *kept = l;
    return status;
  }
  if (in->shape[in->rank - 1] == l.took.shape[l.took.rank - 1]) return TRI_OK;
  return tri__model_fail(m, TRI_SHAPE, "%s: has weights for shape %s, and not for %s", l.name,
                         tri__sample_text(&l.took, one), tri__sample_text(in, other));
}

tri_expr tri__batch_variable(tri_model *m, const char *name, const struct sample *s) {
  int64_t dims[TRI_LAYER_RANK + 1] = {0};
  static const char *const names[TRI_LAYER_RANK + 1] = {"batch"};
  for (size_t d = 0; d < s->rank; d++) dims[d + 1] = s->shape[d];
  return tri_variable_shaped(m->graph, name, s->rank + 1, dims, names);
}

/* Calls have masks of their own, dropout/mask/0, …: that of a call that is not the model's yet. */
static tri_expr mask_variable(tri_model *m, const struct layer *l, const struct call *c) {
  char name[PATH_SIZE];
  snprintf(name, sizeof name, "%s/mask/%zu", l->name, m->n_calls);
  return tri__batch_variable(m, name, &c->gives);
}

static tri_expr value_of(tri_model *m, const struct layer *l, const struct call *c, size_t n,
                         const tri_expr *x) {
  struct building b = {.m = m};
  if (l->spec.kind == TRI_LAYER_INPUT) return tri__batch_variable(m, l->name, &c->gives);
  return tri__layer_row(l->spec.kind)->build(&b, l, c, n, x);
}

/* The call's shape, weights and value; samples and x have room for what it takes. */
static tri_status make_call(tri_model *m, struct call *c, struct sample *samples, tri_expr *x) {
  for (size_t i = 0; i < c->links; i++) {
    const struct call *from = &m->calls[m->links[c->first_link + i]];
    samples[i] = from->gives;
    x[i] = from->value;
  }
  const struct layer *l = &m->layers[c->layer];
  tri_status status = right_number(m, l, c->links);
  if (!status) status = tri__layer_row(l->spec.kind)->shape(m, l, c->links, samples, &c->gives);
  if (!status) status = weights_of(m, c->layer, samples);
  if (status) return status;
  if (l->spec.kind == TRI_LAYER_DROPOUT) c->mask = mask_variable(m, l, c);
  c->value = value_of(m, l, c, c->links, x);
  return tri_graph_status(m->graph) ? tri__model_graph_failed(m) : TRI_OK;
}

static tri_status add_call(tri_model *m, const tri_layer *spec, size_t n, const size_t *from) {
  struct call c = {.first_link = m->n_links, .links = n};
  if (!tri__grow(&m->memory, (void **)&m->calls, &m->call_capacity, m->n_calls + 1, sizeof c) ||
      !tri__grow(&m->memory, (void **)&m->links, &m->link_capacity, m->n_links + n, sizeof *from))
    return tri__model_no_memory(m);
  if (n) memcpy(m->links + m->n_links, from, n * sizeof *from);
  tri_status status = find_layer(m, spec, &c.layer);
  if (status) return status;
  struct sample *samples = tri__new(&m->memory, n + 1, sizeof *samples);
  tri_expr *x = tri__new(&m->memory, n + 1, sizeof *x);
  status = samples && x ? make_call(m, &c, samples, x) : tri__model_no_memory(m);
  tri__free(&m->memory, samples, n + 1, sizeof *samples);
  tri__free(&m->memory, x, n + 1, sizeof *x);
  if (status) return status;
  m->n_links += n;
  m->calls[m->n_calls++] = c;
  return TRI_OK;
}

static bool append(tri_model *m, size_t **numbers, size_t *n, size_t *capacity, size_t number) {
  if (!tri__grow(&m->memory, (void **)numbers, capacity, *n + 1, sizeof number)) return false;
  (*numbers)[(*n)++] = number;
  return true;
}

/* Calls a layer on the results of the calls from[n]; all or nothing. */
static tri_status call_layer(tri_model *m, const tri_layer *spec, size_t n, const size_t *from) {
  struct before before = before_now(m);
  if (tri__training_busy(m)) return m->error.status;
  tri_status status = add_call(m, spec, n, from);
  if (!status && spec->kind == TRI_LAYER_INPUT &&
      !append(m, &m->inputs, &m->n_inputs, &m->input_capacity, m->n_calls - 1))
    status = tri__model_no_memory(m);
  if (status) go_back(m, &before);
  point_to_names(m);
  return status;
}

size_t tri__call_number(const tri_model *m, size_t call) {
  size_t number = 0;
  for (size_t i = 0; i < call; i++) number += m->calls[i].layer == m->calls[call].layer;
  return number;
}

/* --- sequential models */

tri_status tri_model_add(tri_model *model, tri_layer layer) {
  if (!model->sequential)
    return tri__model_fail(model, TRI_ARGUMENT, "layers of a functional model are called");
  if (!model->n_calls != (layer.kind == TRI_LAYER_INPUT))
    return tri__model_fail(model, TRI_ARGUMENT, "the first layer, and no other, is an input");
  if (!tri__grow(&model->memory, (void **)&model->outputs, &model->output_capacity, 1,
                 sizeof *model->outputs))
    return tri__model_no_memory(model);
  size_t last = model->n_calls - 1;
  tri_status status = call_layer(model, &layer, model->n_calls ? 1 : 0, &last);
  if (status) return status;
  model->outputs[0] = model->n_calls - 1;
  model->n_outputs = 1;
  return TRI_OK;
}

/* --- functional models */

static const tri_tensor no_tensor;

static tri_tensor new_tensor(tri_model *m, const tri_layer *spec, size_t n, const size_t *from) {
  if (call_layer(m, spec, n, from)) return no_tensor;
  return (tri_tensor){m, m->n_calls};
}

tri_tensor tri_model_add_input(tri_model *model, tri_layer input) {
  if (model->sequential || input.kind != TRI_LAYER_INPUT) {
    tri__model_fail(model, TRI_ARGUMENT,
                    model->sequential ? "layers of a sequential model are added"
                                      : "an input is to be made of tri_input");
    return no_tensor;
  }
  return new_tensor(model, &input, 0, NULL);
}

/* The numbers of the calls that made the tensors. What failed before is an error that stays. */
static tri_status calls_of(tri_model *m, size_t n, const tri_tensor *tensors, size_t *calls) {
  if (m->sequential)
    return tri__model_fail(m, TRI_ARGUMENT, "layers of a sequential model are added");
  for (size_t i = 0; i < n; i++) {
    if (!tensors[i].number && m->error.status) return m->error.status;
    if (tensors[i].model != m || tensors[i].number - 1 >= m->n_calls)
      return tri__model_fail(m, TRI_ARGUMENT, "tensor %zu is not of this model", i + 1);
    calls[i] = tensors[i].number - 1;
  }
  return TRI_OK;
}

tri_tensor tri_model_call_with(tri_model *model, tri_layer layer, size_t n,
                               const tri_tensor *inputs) {
  tri_tensor result = no_tensor;
  size_t *calls = tri__new(&model->memory, n + 1, sizeof *calls);
  if (!calls)
    tri__model_no_memory(model);
  else if (layer.kind == TRI_LAYER_INPUT)
    tri__model_fail(model, TRI_ARGUMENT, "an input is called on nothing");
  else if (!calls_of(model, n, inputs, calls))
    result = new_tensor(model, &layer, n, calls);
  tri__free(&model->memory, calls, n + 1, sizeof *calls);
  return result;
}

tri_status tri_model_set_outputs(tri_model *model, size_t n, const tri_tensor *outputs) {
  size_t *calls = tri__new(&model->memory, n + 1, sizeof *calls);
  if (!calls) return tri__model_no_memory(model);
  tri_status status = calls_of(model, n, outputs, calls);
  if (!status && !n) status = tri__model_fail(model, TRI_ARGUMENT, "a model without outputs");
  if (!status) status = tri__training_busy(model);
  if (!status && !tri__grow(&model->memory, (void **)&model->outputs, &model->output_capacity, n,
                            sizeof *calls))
    status = tri__model_no_memory(model);
  if (!status) {
    memcpy(model->outputs, calls, n * sizeof *calls);
    model->n_outputs = n;
    tri__training_stale(model);
  }
  tri__free(&model->memory, calls, n + 1, sizeof *calls);
  return status;
}
