/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models: their layers, names and weights. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nn/nn.h"

/* --- errors */

tri_status tri__model_fail(tri_model *m, tri_status status, const char *format, ...) {
  va_list list;
  m->error = (tri_error){.status = status};
  va_start(list, format);
  vsnprintf(m->error.message, sizeof m->error.message, format, list);
  va_end(list);
  return status;
}

tri_status tri__model_graph_failed(tri_model *m) {
  m->error = *tri_graph_error(m->graph);
  tri_graph_clear_error(m->graph);
  return m->error.status;
}

const tri_error *tri_model_error(const tri_model *model) { return &model->error; }

static tri_status out_of_memory(tri_model *m) {
  return tri__model_fail(m, TRI_MEMORY, "%s", tri_status_meaning(TRI_MEMORY));
}

/* --- life */

tri_model *tri_sequential(const tri_model_options *options) {
  struct memory memory;
  tri_model_options o = options ? *options : (tri_model_options){0};
  tri__memory_init(&memory, o.allocator);
  tri_model *m = tri__new(&memory, 1, sizeof *m);
  if (!m) return NULL;
  m->memory = memory;
  m->seed = o.seed;
  m->graph = tri_graph_new(&(tri_graph_options){.allocator = o.allocator});
  snprintf(m->name, sizeof m->name, "%s", o.name ? o.name : "sequential");
  if (m->graph) return m;
  tri_model_free(m);
  return NULL;
}

void tri_model_free(tri_model *model) {
  if (!model) return;
  struct memory memory = model->memory;
  tri_graph_free(model->graph);
  tri__free(&memory, model->layers, model->layer_capacity, sizeof *model->layers);
  tri__free(&memory, model->weights, model->weight_capacity, sizeof *model->weights);
  tri__free(&memory, model->values, model->value_capacity, sizeof *model->values);
  tri__free(&memory, model, 1, sizeof *model);
}

/* --- names */

static bool is_taken(const tri_model *m, const char *name) {
  for (size_t i = 0; i < m->n_layers; i++)
    if (strcmp(m->layers[i].name, name) == 0) return true;
  return false;
}

/* dense, dense_1, …: of a kind's layers without a name. */
static void default_name(const tri_model *m, tri_layer_kind kind, char *name) {
  static const char *const kinds[TRI_LAYERS] = {"input_layer", "dense",   "activation",
                                                "flatten",     "reshape", "dropout"};
  snprintf(name, NAME_SIZE, "%s", kinds[kind]);
  for (unsigned i = 1; is_taken(m, name); i++) snprintf(name, NAME_SIZE, "%s_%u", kinds[kind], i);
}

static tri_status name_layer(tri_model *m, struct layer *l) {
  const char *name = l->spec.name;
  if (!name) {
    default_name(m, l->spec.kind, l->name);
    return TRI_OK;
  }
  if (!*name || strlen(name) >= NAME_SIZE)
    return tri__model_fail(m, TRI_NAME, "a layer's name has 1 to %d bytes", NAME_SIZE - 1);
  if (is_taken(m, name)) return tri__model_fail(m, TRI_NAME, "%s: two layers of this name", name);
  memcpy(l->name, name, strlen(name) + 1);
  return TRI_OK;
}

/* The texts of a layer become static ones. */
static tri_status known_names(tri_model *m, struct layer *l) {
  tri_layer *s = &l->spec;
  const char *activation = tri__activation_name(s->activation);
  const char *kernel = s->kernel_initializer ? s->kernel_initializer : "glorot_uniform";
  const char *bias = s->bias_initializer ? s->bias_initializer : "zeros";
  if (!activation)
    return tri__model_fail(m, TRI_NAME, "%s: no activation is called %s", l->name, s->activation);
  s->activation = activation;
  s->kernel_initializer = tri__initializer_name(kernel);
  s->bias_initializer = tri__initializer_name(bias);
  if (s->kernel_initializer && s->bias_initializer) return TRI_OK;
  return tri__model_fail(m, TRI_NAME, "%s: no initializer is called %s", l->name,
                         s->kernel_initializer ? bias : kernel);
}

/* --- weights */

static tri_expr named(tri_model *m, const char *layer, const char *what, size_t rank,
                      const int64_t *dims, const char *const *names) {
  char name[2 * NAME_SIZE];
  snprintf(name, sizeof name, "%s%s", layer, what);
  return tri_variable_shaped(m->graph, name, rank, dims, names);
}

static tri_status new_weight(tri_model *m, const struct layer *l, const char *what, size_t rank,
                             const int64_t *dims, int64_t fan_in, const char *initializer) {
  size_t count = (size_t)dims[0];
  struct weight w = {.variable = named(m, l->name, what, rank, dims, NULL), .first = m->parameters};
  if (rank > 1 && !size_product(count, (size_t)dims[1], &count))
    return tri__model_fail(m, TRI_LIMIT, "%s: too many weights", l->name);
  w.count = count;
  if (tri_expr_status(w.variable)) return tri__model_graph_failed(m);
  if (!tri__grow(&m->memory, (void **)&m->weights, &m->weight_capacity, m->n_weights + 1,
                 sizeof w) ||
      count > SIZE_MAX - m->parameters ||
      !tri__grow(&m->memory, (void **)&m->values, &m->value_capacity, m->parameters + count,
                 sizeof *m->values))
    return out_of_memory(m);
  tri__initialize(m, initializer, (uint32_t)m->n_weights, fan_in, dims[rank - 1], count,
                  m->values + m->parameters);
  m->weights[m->n_weights++] = w;
  m->parameters += count;
  return TRI_OK;
}

static tri_status new_weights(tri_model *m, struct layer *l, const struct layer *before) {
  l->first_weight = m->n_weights;
  if (l->spec.kind != TRI_LAYER_DENSE) return TRI_OK;
  int64_t in = before->shape[before->rank - 1], out = l->spec.units;
  tri_status status =
      new_weight(m, l, "_kernel", 2, (int64_t[]){in, out}, in, l->spec.kernel_initializer);
  if (!status && !l->spec.no_bias)
    status = new_weight(m, l, "_bias", 1, (int64_t[]){out}, out, l->spec.bias_initializer);
  l->weights = m->n_weights - l->first_weight;
  return status;
}

/* An array variable that has a layer's shape for each sample. */
static tri_expr batch_variable(tri_model *m, const struct layer *l, const char *what) {
  int64_t dims[TRI_LAYER_RANK + 1] = {0};
  static const char *const names[TRI_LAYER_RANK + 1] = {"batch"};
  for (size_t d = 0; d < l->rank; d++) dims[d + 1] = l->shape[d];
  return named(m, l->name, what, l->rank + 1, dims, names);
}

/* --- layers */

static tri_status prepare(tri_model *m, struct layer *l) {
  const struct layer *before = m->n_layers ? &m->layers[m->n_layers - 1] : NULL;
  if ((unsigned)l->spec.kind >= TRI_LAYERS)
    return tri__model_fail(m, TRI_ARGUMENT, "there is no layer of kind %d", (int)l->spec.kind);
  if (!before != (l->spec.kind == TRI_LAYER_INPUT))
    return tri__model_fail(m, TRI_ARGUMENT, "the first layer, and no other, is an input");
  tri_status status = name_layer(m, l);
  if (!status) status = known_names(m, l);
  if (!status) status = tri__layer_shape(m, l, before);
  if (!status) status = new_weights(m, l, before);
  return status;
}

static tri_status make_variables(tri_model *m, struct layer *l) {
  if (l->spec.kind == TRI_LAYER_INPUT) m->input = batch_variable(m, l, "");
  if (l->spec.kind == TRI_LAYER_DROPOUT) l->mask = batch_variable(m, l, "_mask");
  return tri_graph_status(m->graph) ? tri__model_graph_failed(m) : TRI_OK;
}

tri_status tri_model_add(tri_model *model, tri_layer layer) {
  struct layer l = {.spec = layer};
  tri_mark mark = tri_graph_mark(model->graph);
  size_t weights = model->n_weights, parameters = model->parameters;
  if (!tri__grow(&model->memory, (void **)&model->layers, &model->layer_capacity,
                 model->n_layers + 1, sizeof l))
    return out_of_memory(model);
  tri_status status = prepare(model, &l);
  if (!status) status = make_variables(model, &l);
  if (status) {
    tri_graph_rewind(model->graph, mark);
    model->n_weights = weights;
    model->parameters = parameters;
    return status;
  }
  model->layers[model->n_layers++] = l;
  return TRI_OK;
}

/* --- looking at a model */

tri_graph *tri_model_graph(const tri_model *model) { return model->graph; }
tri_expr tri_model_input(const tri_model *model) { return model->input; }
tri_expr tri_model_output(const tri_model *model) { return tri__model_build(model, false); }
size_t tri_model_weights(const tri_model *model) { return model->n_weights; }
size_t tri_model_parameters(const tri_model *model) { return model->parameters; }

tri_expr tri_model_weight(const tri_model *model, size_t i) {
  return i < model->n_weights ? model->weights[i].variable : (tri_expr){0};
}

void tri_model_get_weights(const tri_model *model, double *values) {
  if (model->parameters) memcpy(values, model->values, model->parameters * sizeof *values);
}

void tri_model_set_weights(tri_model *model, const double *values) {
  if (model->parameters) memcpy(model->values, values, model->parameters * sizeof *values);
}
