/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient check's function: loss, gradient, distances from kinks, and the point it is looked
 * at. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <triad/calculus.h>

#include "graph/node.h"
#include "nn/gradcheck.h"

size_t tri__check_count(const struct check *c, tri_expr e) {
  size_t count = 1;
  for (size_t d = 0; d < tri_expr_rank(e); d++) {
    int64_t n = tri_expr_dim(e, d);
    if (!size_product(count, n < 0 ? c->samples : (size_t)n, &count)) return SIZE_MAX;
  }
  return count;
}

/* --- the batch */

/* Leaves the samples of the batch. */
static tri_status choose(struct check *c) {
  size_t first = c->options->first;
  if (first >= c->feed.count)
    return tri__model_fail(c->model, TRI_ARGUMENT, "there is no sample %zu", first);
  size_t rest = c->feed.count - first;
  tri__feed_part(&c->feed, first, rest < c->feed.batch ? rest : c->feed.batch);
  return tri__few_samples(c->model, c->options->batch_size, rest);
}

tri_status tri__check_batch(struct check *c) {
  const struct training *t = c->training;
  size_t batch = c->options->batch_size ? c->options->batch_size : DEFAULT_BATCH;
  tri_status status =
      tri__feed_init(&c->feed, c->model, t->n_x, t->n_y, t->ports, c->model->domain == TRI_FLOAT);
  if (!status) status = tri__feed_open(&c->feed, c->data, true, batch);
  if (status) return status;
  if (c->data->generate)
    c->feed.next = c->options->first;
  else
    status = choose(c);
  if (!status) status = tri__feed_batch(&c->feed, &c->samples);
  if (!status && !c->samples)
    status = tri__model_fail(c->model, TRI_ARGUMENT, "there are no samples");
  return status;
}

/* --- inputs */

static size_t first_input(const struct check *c) { return c->model->n_weights; }
static size_t first_target(const struct check *c) { return first_input(c) + c->model->n_inputs; }
static size_t first_mask(const struct check *c) { return first_target(c) + c->model->n_outputs; }

/* The trainable weights first. */
static void order_weights(struct check *c) {
  size_t n = 0;
  for (int trainable = 1; trainable >= 0; trainable--)
    for (size_t i = 0; i < c->model->n_weights; i++)
      if (c->model->weights[i].trainable == trainable) c->weights[n++] = i;
}

static void place_inputs(struct check *c) {
  const tri_model *m = c->model;
  for (size_t i = 0; i < m->n_weights; i++) c->inputs[i] = m->weights[c->weights[i]].variable;
  for (size_t i = 0; i < m->n_inputs; i++)
    c->inputs[first_input(c) + i] = m->calls[m->inputs[i]].value;
  for (size_t i = 0; i < c->built.n_masks; i++)
    c->inputs[first_mask(c) + i] = c->built.masks[i].variable;
}

/* --- the loss */

static void place_targets(struct check *c) {
  for (size_t i = 0; i < c->training->n_y; i++)
    c->inputs[first_target(c) + i] = tri__target_variable(c->model, i);
}

static tri_status build_loss(struct check *c) {
  size_t n = c->training->measures.n;
  tri_expr *measures = tri__new(c->memory, n, sizeof *measures);
  if (!measures) return check_no_memory(c);
  tri_status status = tri__measure(c->model, &c->built, c->inputs + first_target(c), measures);
  c->outputs[0] = measures[0];
  tri__free(c->memory, measures, n, sizeof *measures);
  return status;
}

/* --- the function */

static tri_status find_places(struct check *c, const tri_expr *exprs, size_t n, size_t **places) {
  size_t *at = *places = tri__new(c->memory, n + 1, sizeof *at);
  if (!at) return check_no_memory(c);
  for (size_t i = 0; i < n; i++)
    if (__builtin_add_overflow(at[i], tri__check_count(c, exprs[i]), at + i + 1))
      return tri__model_fail(c->model, TRI_LIMIT, "too many numbers");
  return TRI_OK;
}

/* The distances from kinks as further outputs. */
static tri_status add_distances(struct check *c) {
  size_t before = c->n_outputs, all = before + c->n_kinks;
  tri_expr *outputs = tri__new(c->memory, all, sizeof *outputs);
  if (!outputs) return check_no_memory(c);
  memcpy(outputs, c->outputs, before * sizeof *outputs);
  for (size_t k = 0; k < c->n_kinks; k++)
    outputs[before + k] = expr_of(c->graph, c->kinks[k].distance);
  tri__free(c->memory, c->outputs, before, sizeof *outputs);
  c->outputs = outputs;
  c->n_outputs = all;
  return TRI_OK;
}

static tri_status give_places(struct check *c) {
  tri_status status = find_places(c, c->inputs, c->n_inputs, &c->input_at);
  if (!status) status = find_places(c, c->outputs, c->n_outputs, &c->output_at);
  if (status) return status;
  size_t first = c->output_at[1 + c->tensors];
  c->n_distances = c->output_at[c->n_outputs] - first;
  for (size_t k = 0; k < c->n_kinks; k++) {
    struct kink *kink = c->kinks + k;
    size_t at = 1 + c->tensors + k;
    kink->first = c->output_at[at] - first;
    kink->count = c->output_at[at + 1] - c->output_at[at];
    kink->moved_count = tri__check_count(c, expr_of(c->graph, kink->moved));
  }
  return TRI_OK;
}

static tri_status make_room(struct check *c) {
  const tri_model *m = c->model;
  c->n_inputs = m->n_weights + m->n_inputs + m->n_outputs + c->built.n_masks;
  c->n_outputs = 1 + c->tensors;
  c->inputs = tri__new(c->memory, c->n_inputs, sizeof *c->inputs);
  c->outputs = tri__new(c->memory, c->n_outputs, sizeof *c->outputs);
  c->weights = tri__new(c->memory, m->n_weights, sizeof *c->weights);
  return c->inputs && c->outputs && c->weights ? TRI_OK : check_no_memory(c);
}

tri_status tri__check_function(struct check *c) {
  tri_status status = tri__model_build(c->model, true, &c->built);
  if (!status) status = make_room(c);
  if (status) return status;
  order_weights(c);
  place_inputs(c);
  place_targets(c);
  status = build_loss(c);
  if (!status && tri_gradient(c->outputs[0], c->tensors, c->inputs, c->outputs + 1))
    status = tri__model_graph_failed(c->model);
  if (!status) status = tri__check_find_kinks(c);
  if (!status) status = add_distances(c);
  return status ? status : give_places(c);
}

/* --- the point */

static size_t count_of_input(const struct check *c, size_t input) {
  return c->input_at[input + 1] - c->input_at[input];
}

static tri_status put_weight(struct check *c, size_t input) {
  const struct weight *w = c->model->weights + c->weights[input];
  double *to = c->point + c->input_at[input];
  tri__store_get(c->model, &w->values, to);
  for (size_t i = 0; i < w->values.count; i++)
    if (!isfinite(to[i]))
      return tri__model_fail(c->model, TRI_ARGUMENT, "%s: number %zu is not finite", w->name, i);
  return TRI_OK;
}

static void put_data(struct check *c, size_t input) {
  const struct column *column = c->feed.columns + (input - first_input(c));
  const float *floats = column->numbers;
  const double *doubles = column->numbers;
  double *to = c->point + c->input_at[input];
  for (size_t i = 0; i < count_of_input(c, input); i++)
    to[i] = c->feed.floats ? (double)floats[i] : doubles[i];
}

static void put_mask(struct check *c, size_t i) {
  const struct mask *mask = c->built.masks + i;
  size_t input = first_mask(c) + i;
  tri__random_mask(c->model->seed, mask->part, c->options->step, mask->rate,
                   count_of_input(c, input), false, c->point + c->input_at[input]);
}

static tri_status put_all(struct check *c) {
  tri_status status = TRI_OK;
  for (size_t i = 0; i < c->model->n_weights && !status; i++) status = put_weight(c, i);
  for (size_t i = first_input(c); i < first_mask(c); i++) put_data(c, i);
  for (size_t i = 0; i < c->built.n_masks; i++) put_mask(c, i);
  return status;
}

tri_status tri__check_point(struct check *c) {
  size_t n = c->input_at[c->n_inputs];
  c->point = tri__new(c->memory, n, sizeof *c->point);
  c->point32 = tri__new(c->memory, n, sizeof *c->point32);
  if (!c->point || !c->point32) return check_no_memory(c);
  tri_status status = put_all(c);
  for (size_t i = 0; i < n && !status; i++) c->point32[i] = (float)c->point[i];
  return status;
}

/* FNV-1a, of 64 bits (G. Fowler, L. C. Noll, K.-P. Vo), of the data as floats, their low bytes
 * first. */
uint64_t tri__check_hash(const struct check *c) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  size_t end = c->input_at[first_mask(c)];
  for (size_t i = c->input_at[first_input(c)]; i < end; i++) {
    uint32_t bits;
    memcpy(&bits, c->point32 + i, sizeof bits);
    for (int b = 0; b < 32; b += 8) hash = (hash ^ (bits >> b & 255)) * UINT64_C(0x100000001b3);
  }
  return hash;
}
