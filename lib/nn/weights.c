/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Weights: their numbers, in the model's dtype and aligned, and their names. */
#include <stdio.h>
#include <string.h>

#include "nn/nn.h"

/* --- numbers */

enum { ALIGNMENT = 64 };

/* The bytes that a block has for these numbers and to align them; false if they cannot be
 * counted. */
static bool block_size(const tri_model *m, size_t count, size_t *bytes) {
  return size_product(count, number_size(m->domain == TRI_FLOAT), bytes) &&
         !__builtin_add_overflow(*bytes, ALIGNMENT - 1, bytes);
}

bool tri__store_new(tri_model *m, size_t count, struct store *store) {
  size_t bytes;
  *store = (struct store){.count = count};
  if (!block_size(m, count, &bytes)) return false;
  store->block = tri__new(&m->memory, bytes, 1);
  if (!store->block) return false;
  store->at = (char *)store->block + (-(uintptr_t)store->block & (ALIGNMENT - 1));
  return true;
}

void tri__store_free(tri_model *m, struct store *store) {
  size_t bytes;
  if (store->block && block_size(m, store->count, &bytes))
    tri__free(&m->memory, store->block, bytes, 1);
  *store = (struct store){0};
}

void tri__store_get(const tri_model *m, const struct store *store, double *values) {
  if (m->domain == TRI_DOUBLE)
    memcpy(values, store->at, store->count * sizeof *values);
  else
    for (size_t i = 0; i < store->count; i++) values[i] = store_number(m, store, i);
}

void tri__store_set(const tri_model *m, struct store *store, const double *values) {
  if (m->domain == TRI_DOUBLE)
    memcpy(store->at, values, store->count * sizeof *values);
  else
    for (size_t i = 0; i < store->count; i++) store_put(m, store, i, values[i]);
}

/* --- new weights */

static tri_status weight_variable(tri_model *m, const struct layer *l, const struct new_weight *w,
                                  struct weight *to) {
  char name[PATH_SIZE];
  snprintf(to->name, sizeof to->name, "%s/%s", l->name, w->name);
  snprintf(name, sizeof name, "%s_%s", l->name, w->name);
  to->variable = tri_variable_shaped(m->graph, name, w->shape.rank, w->shape.shape, NULL);
  return tri_expr_status(to->variable) ? tri__model_graph_failed(m) : TRI_OK;
}

tri_status tri__new_weight(tri_model *m, struct layer *l, const struct new_weight *w) {
  int64_t count;
  size_t number = m->n_weights;
  struct weight own = {.shape = w->shape, .trainable = !w->fixed, .regularizer = w->regularizer};
  if (!tri__sample_count(&w->shape, &count) || (size_t)count > SIZE_MAX - m->parameters)
    return tri__model_fail(m, TRI_LIMIT, "%s: too many weights", l->name);
  if (m->too_many && (size_t)count >= m->too_many - m->parameters)
    return tri__model_fail(m, m->too_many_is, "%s: %s than the layers take", l->name,
                           m->too_many_is == TRI_LIMIT ? "the limit has room for fewer weights"
                                                       : "the file has fewer weights");
  tri_status status = weight_variable(m, l, w, &own);
  if (status) return status;
  if (!tri__grow(&m->memory, (void **)&m->weights, &m->weight_capacity, number + 1, sizeof own) ||
      !tri__store_new(m, (size_t)count, &own.values))
    return tri__model_no_memory(m);
  tri__initialize(m, w->initializer, (uint32_t)number, w->fan_in, w->fan_out, &own.values);
  m->weights[m->n_weights++] = own;
  m->parameters += (size_t)count;
  if (own.trainable) m->trainable += (size_t)count;
  l->weights++;
  return TRI_OK;
}

tri_expr tri__weight_of(const tri_model *m, const struct layer *l, size_t i) {
  return m->weights[l->first_weight + i].variable;
}

/* --- what programs see of them */

size_t tri_model_weights(const tri_model *model) { return model->n_weights; }
size_t tri_model_parameters(const tri_model *model) { return model->parameters; }
size_t tri_model_trainable_parameters(const tri_model *model) { return model->trainable; }

tri_weight tri_model_weight(const tri_model *model, size_t i) {
  if (i >= model->n_weights) return (tri_weight){0};
  const struct weight *w = &model->weights[i];
  return (tri_weight){.name = w->name,
                      .variable = w->variable,
                      .rank = w->shape.rank,
                      .shape = w->shape.shape,
                      .count = w->values.count,
                      .trainable = w->trainable};
}

size_t tri_model_find_weight(const tri_model *model, const char *name) {
  for (size_t i = 0; i < model->n_weights; i++)
    if (strcmp(model->weights[i].name, name) == 0) return i;
  return (size_t)-1;
}

void tri_model_get_weight(const tri_model *model, size_t i, double *values) {
  if (i < model->n_weights) tri__store_get(model, &model->weights[i].values, values);
}

void tri_model_set_weight(tri_model *model, size_t i, const double *values) {
  if (i < model->n_weights) tri__store_set(model, &model->weights[i].values, values);
}

void tri_model_get_weights(const tri_model *model, double *values) {
  for (size_t i = 0; i < model->n_weights; values += model->weights[i++].values.count)
    tri_model_get_weight(model, i, values);
}

void tri_model_set_weights(tri_model *model, const double *values) {
  for (size_t i = 0; i < model->n_weights; values += model->weights[i++].values.count)
    tri_model_set_weight(model, i, values);
}
