/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient check of a model: which entries, the order of the runs, the report's life. */
#include <stdio.h>
#include <string.h>

#include "nn/gradcheck.h"

enum { DEFAULT_DIGITS = 10, DEFAULT_PRECISION = 2048 };

/* --- which entries */

/* The weight of a tensor; there is one. */
static const struct weight *weight_of(const struct check *c, size_t tensor) {
  const struct weight *w = c->model->weights;
  while (!w->trainable || tensor-- > 0) w++;
  return w;
}

static size_t wanted_of(const struct check *c, size_t tensor) {
  size_t count = weight_of(c, tensor)->values.count, sample = c->options->sample;
  return sample && sample < count ? sample : count;
}

/* Each set of so many entries as likely as any other (D. E. Knuth, The Art of Computer Programming
 * 2, 3.4.2, algorithm S). */
static void draw(struct check *c, size_t tensor) {
  size_t count = weight_of(c, tensor)->values.count, wanted = wanted_of(c, tensor);
  for (size_t i = 0; i < count && wanted; i++) {
    uint32_t random = tri__random24(c->options->seed, STREAM_SAMPLE, (uint32_t)tensor, i);
    double u = (double)random * 0x1p-24;
    if (!((double)(count - i) * u < (double)wanted)) continue;
    wanted--;
    c->entries[c->n_entries++] = (struct entry){.tensor = tensor, .index = i};
  }
}

static tri_status draw_entries(struct check *c) {
  size_t n = 0;
  for (size_t t = 0; t < c->tensors; t++) n += wanted_of(c, t);
  c->entries = tri__new(c->memory, n, sizeof *c->entries);
  c->distance = tri__new(c->memory, c->n_distances, sizeof *c->distance);
  c->distance_off = tri__new(c->memory, c->n_distances, sizeof *c->distance_off);
  if (!c->entries || !c->distance || !c->distance_off) return check_no_memory(c);
  for (size_t t = 0; t < c->tensors; t++) draw(c, t);
  return TRI_OK;
}

/* --- the report */

static void describe_tensor(struct check *c, size_t t) {
  const struct weight *w = weight_of(c, t);
  tri_tensor_check *tensor = c->report->tensors + t;
  snprintf(tensor->name, sizeof tensor->name, "%s", w->name);
  tensor->rank = w->shape.rank;
  memcpy(tensor->shape, w->shape.shape, sizeof tensor->shape);
  tensor->entries = w->values.count;
}

static tri_status begin_report(struct check *c) {
  tri_model_gradcheck_report *report = c->report;
  report->owned = tri__new(c->memory, 1, sizeof *report->owned);
  if (!report->owned) return check_no_memory(c);
  report->owned->memory = *c->memory;
  report->tensors = tri__new(&report->owned->memory, c->tensors, sizeof *report->tensors);
  if (!report->tensors) return check_no_memory(c);
  report->n_tensors = c->tensors;
  for (size_t t = 0; t < c->tensors; t++) describe_tensor(c, t);
  report->samples = c->samples;
  report->seed = c->options->seed;
  report->claimed = c->options->claims != NULL;
  return TRI_OK;
}

void tri_model_gradcheck_free(tri_model_gradcheck_report *report) {
  if (!report) return;
  struct tri_gradcheck_numbers *owned = report->owned;
  if (owned) {
    struct memory memory = owned->memory;
    tri_values_free(owned->worst);
    tri__free(&memory, report->units, owned->unit_capacity, sizeof *report->units);
    tri__free(&memory, report->tensors, report->n_tensors, sizeof *report->tensors);
    tri__free(&memory, owned, 1, sizeof *owned);
  }
  *report = (tri_model_gradcheck_report){.verdict = TRI_UNDECIDED};
}

/* --- the check */

static void close_check(struct check *c) {
  size_t n = c->input_at ? c->input_at[c->n_inputs] : 0;
  tri_values_free(c->balls);
  tri__free(c->memory, c->point, n, sizeof *c->point);
  tri__free(c->memory, c->point32, n, sizeof *c->point32);
  size_t wanted = 0;
  for (size_t t = 0; t < c->tensors; t++) wanted += wanted_of(c, t);
  tri__free(c->memory, c->entries, c->entries ? wanted : 0, sizeof *c->entries);
  tri__free(c->memory, c->distance, c->n_distances, sizeof *c->distance);
  tri__free(c->memory, c->distance_off, c->n_distances, sizeof *c->distance_off);
  tri__free(c->memory, c->kinks, c->kink_capacity, sizeof *c->kinks);
  tri__free(c->memory, c->input_at, c->n_inputs + 1, sizeof *c->input_at);
  tri__free(c->memory, c->output_at, c->n_outputs + 1, sizeof *c->output_at);
  tri__free(c->memory, c->inputs, c->n_inputs, sizeof *c->inputs);
  tri__free(c->memory, c->outputs, c->n_outputs, sizeof *c->outputs);
  tri__free(c->memory, c->weights, c->model->n_weights, sizeof *c->weights);
  tri__built_free(c->model, &c->built);
  tri__feed_close(&c->feed);
}

typedef tri_status stage(struct check *c);

static tri_status run(struct check *c) {
  static stage *const stages[] = {tri__check_batch,  begin_report,        tri__check_function,
                                  tri__check_point,  draw_entries,        tri__check_floats,
                                  tri__check_balls,  tri__check_rounding, tri__check_units,
                                  tri__check_slopes, tri__check_judge};
  tri_status status = TRI_OK;
  for (size_t i = 0; i < sizeof stages / sizeof *stages && !status; i++) {
    status = stages[i](c);
    if (!status && check_interrupted(c))
      status = tri__model_fail(c->model, TRI_INTERRUPTED, "interrupted");
  }
  if (!status) c->report->hash = tri__check_hash(c);
  return status;
}

static tri_status refuse(const struct check *c) {
  tri_model *m = c->model;
  if (!c->tensors) return tri__model_fail(m, TRI_ARGUMENT, "the model has no weights to train");
  const tri_gradient_claim *claims = c->options->claims;
  for (size_t t = 0; claims && t < c->tensors; t++)
    if (!claims[t].floats == !claims[t].doubles)
      return tri__model_fail(m, TRI_ARGUMENT, "%s: a claim is of floats or of doubles",
                             weight_of(c, t)->name);
  return TRI_OK;
}

static tri_model_gradcheck_options with_defaults(const tri_model_gradcheck_options *given) {
  tri_model_gradcheck_options o = *given;
  if (!o.digits) o.digits = DEFAULT_DIGITS;
  if (!o.max_precision) o.max_precision = DEFAULT_PRECISION;
  return o;
}

static tri_status check(struct check *c) {
  tri_model *model = c->model;
  tri_status status = tri__training_compiled(model, &c->training);
  for (size_t i = 0; i < model->n_weights; i++) c->tensors += model->weights[i].trainable;
  if (!status) status = refuse(c);
  if (status) return status;
  tri_mark mark = tri_graph_mark(model->graph);
  status = run(c);
  close_check(c);
  tri_graph_rewind(model->graph, mark);
  return status;
}

tri_status tri_model_gradcheck_with(tri_model *model, const tri_dataset *data,
                                    const tri_model_gradcheck_options *options) {
  tri_model_gradcheck_report *report = options ? options->report : NULL;
  if (!report) return TRI_ARGUMENT;
  const tri_model_gradcheck_options o = with_defaults(options);
  double start = tri__seconds();
  struct check c = {.model = model, .graph = model->graph, .memory = &model->memory};
  c.options = &o, c.report = report, c.data = data;
  c.bits = model->domain == TRI_FLOAT ? 24 : 53;
  *report = (tri_model_gradcheck_report){.verdict = TRI_UNDECIDED};
  tri_status status = check(&c);
  if (status) tri_model_gradcheck_free(report);
  report->seconds = status ? 0.0 : tri__seconds() - start;
  return status;
}
