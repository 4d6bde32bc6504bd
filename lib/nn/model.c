/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models: their life, their errors, and looking at them. */
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

tri_status tri__model_no_memory(tri_model *m) {
  return tri__model_fail(m, TRI_MEMORY, "%s", tri_status_meaning(TRI_MEMORY));
}

tri_status tri__model_graph_failed(tri_model *m) {
  m->error = *tri_graph_error(m->graph);
  tri_graph_clear_error(m->graph);
  return m->error.status;
}

const tri_error *tri_model_error(const tri_model *model) { return &model->error; }

/* --- life */

static bool domain_of(const char *dtype, tri_domain *domain) {
  *domain = TRI_FLOAT;
  if (!dtype || strcmp(dtype, "float32") == 0) return true;
  *domain = TRI_DOUBLE;
  return strcmp(dtype, "float64") == 0;
}

static tri_model *new_model(const tri_model_options *options, const char *name, bool sequential) {
  struct memory memory;
  tri_domain domain;
  tri_model_options o = options ? *options : (tri_model_options){0};
  tri__memory_init(&memory, o.allocator);
  if (!domain_of(o.dtype, &domain)) return NULL;
  tri_model *m = tri__new(&memory, 1, sizeof *m);
  if (!m) return NULL;
  m->memory = memory;
  m->seed = o.seed;
  m->domain = domain;
  m->sequential = sequential;
  m->graph = tri_graph_new(&(tri_graph_options){.allocator = o.allocator});
  snprintf(m->name, sizeof m->name, "%s", o.name ? o.name : name);
  if (m->graph) return m;
  tri_model_free(m);
  return NULL;
}

tri_model *tri_sequential(const tri_model_options *options) {
  return new_model(options, "sequential", true);
}

tri_model *tri_functional(const tri_model_options *options) {
  return new_model(options, "functional", false);
}

void tri_model_free(tri_model *model) {
  if (!model) return;
  tri__training_free(model);
  for (size_t i = 0; i < model->n_weights; i++) tri__store_free(model, &model->weights[i].values);
  struct memory memory = model->memory;
  tri_graph_free(model->graph);
  tri__free(&memory, model->layers, model->layer_capacity, sizeof *model->layers);
  tri__free(&memory, model->calls, model->call_capacity, sizeof *model->calls);
  tri__free(&memory, model->links, model->link_capacity, sizeof *model->links);
  tri__free(&memory, model->inputs, model->input_capacity, sizeof *model->inputs);
  tri__free(&memory, model->outputs, model->output_capacity, sizeof *model->outputs);
  tri__free(&memory, model->weights, model->weight_capacity, sizeof *model->weights);
  tri__free(&memory, model, 1, sizeof *model);
}

/* --- looking at a model */

const char *tri_model_name(const tri_model *model) { return model->name; }
tri_domain tri_model_domain(const tri_model *model) { return model->domain; }
tri_graph *tri_model_graph(const tri_model *model) { return model->graph; }
size_t tri_model_inputs(const tri_model *model) { return model->n_inputs; }
size_t tri_model_outputs(const tri_model *model) { return model->n_outputs; }
size_t tri_model_layers(const tri_model *model) { return model->n_layers; }

tri_expr tri_model_input(const tri_model *model, size_t i) {
  return i < model->n_inputs ? model->calls[model->inputs[i]].value : (tri_expr){0};
}

tri_expr tri_model_output(const tri_model *model, size_t i) {
  return i < model->n_outputs ? model->calls[model->outputs[i]].value : (tri_expr){0};
}

size_t tri_model_find_layer(const tri_model *model, const char *name) {
  for (size_t i = 0; i < model->n_layers; i++)
    if (strcmp(model->layers[i].name, name) == 0) return i;
  return (size_t)-1;
}

const tri_layer *tri_model_layer(const tri_model *model, size_t i) {
  return i < model->n_layers ? &model->layers[i].spec : NULL;
}

const char *tri_model_layer_class(const tri_model *model, size_t i) {
  return i < model->n_layers ? tri__layer_row(model->layers[i].spec.kind)->class_name : NULL;
}

size_t tri_model_layer_weights(const tri_model *model, size_t i, size_t *first) {
  if (i >= model->n_layers) return 0;
  *first = model->layers[i].first_weight;
  return model->layers[i].weights;
}
