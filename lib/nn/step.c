/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Steps carried out: where the inputs and outputs of their functions are, which stay there from
 * batch to batch. */
#include <math.h>
#include <string.h>

#include "nn/train.h"

/* --- places */

static void free_slots(tri_model *m, struct training *t) {
  size_t n = t->n_slots * t->n_trained;
  for (size_t i = 0; i < n; i++) tri__store_free(m, &t->slots[i]);
  tri__free(&m->memory, t->slots, n, sizeof *t->slots);
  t->slots = NULL;
}

/* The optimizer's slots, which begin with zeros. All or none. */
tri_status tri__training_slots(tri_model *m, struct training *t) {
  size_t n = t->n_slots * t->n_trained;
  if (n == 0 || t->slots) return TRI_OK;
  t->slots = tri__new(&m->memory, n, sizeof *t->slots);
  if (!t->slots) return tri__model_no_memory(m);
  for (size_t i = 0; i < n; i++)
    if (!tri__store_new(m, m->weights[t->trained[i / t->n_slots]].values.count, &t->slots[i])) {
      free_slots(m, t);
      return tri__model_no_memory(m);
    }
  return TRI_OK;
}

static tri_status make_masks(tri_model *m, struct step *s, size_t n, const struct mask *masks) {
  if (n == 0) return TRI_OK;
  s->drawn = tri__new(&m->memory, n, sizeof *s->drawn);
  if (!s->drawn) return tri__model_no_memory(m);
  s->n_drawn = n;
  for (size_t i = 0; i < n; i++) {
    int64_t each = 0;
    if (!tri__sample_count(&masks[i].shape, &each)) return tri__model_no_memory(m);
    s->drawn[i] =
        (struct drawn){.rate = masks[i].rate, .part = masks[i].part, .each = (size_t)each};
  }
  return TRI_OK;
}

/* Number i of the model's dtype from `at` on. */
static void *number_at(const tri_model *m, void *at, size_t i) {
  return (char *)at + i * number_size(m->domain == TRI_FLOAT);
}

/* Measured numbers, weights and slots are where they are for good; the order is that of
 * step_build.c. */
static void set_training_places(tri_model *m, struct step *s) {
  struct training *t = m->training;
  size_t o = t->measures.n, slots = t->n_slots * t->n_trained;
  for (size_t i = 0; i < slots; i++) s->inputs[m->n_weights + i] = t->slots[i].at;
  for (size_t i = 0; i < 2; i++)
    s->inputs[s->first_rate + i] = number_at(m, t->measured.at, t->measures.n + i);
  for (size_t i = 0; i < t->n_trained; i++) {
    s->outputs[o++] = m->weights[t->trained[i]].values.at;
    for (size_t k = 0; k < t->n_slots; k++) s->outputs[o++] = t->slots[i * t->n_slots + k].at;
  }
}

tri_status tri__step_places(tri_model *m, struct step *s, const struct built *built) {
  struct training *t = m->training;
  bool trains = s == &t->step[STEP_TRAIN], predicts = s == &t->step[STEP_PREDICT];
  tri_status status = trains ? tri__training_slots(m, t) : TRI_OK;
  if (!status) status = make_masks(m, s, built->n_masks, built->masks);
  s->inputs = tri__new(&m->memory, s->n_inputs, sizeof *s->inputs);
  s->outputs = tri__new(&m->memory, s->n_outputs, sizeof *s->outputs);
  if (!status && (!s->inputs || !s->outputs)) status = tri__model_no_memory(m);
  if (status || !s->inputs || !s->outputs) return status;
  for (size_t i = 0; i < m->n_weights; i++) s->inputs[i] = m->weights[i].values.at;
  for (size_t i = 0; i < t->measures.n && !predicts; i++)
    s->outputs[i] = number_at(m, t->measured.at, i);
  if (!trains) return TRI_OK;
  set_training_places(m, s);
  for (size_t i = 0; i < built->n_updates; i++)
    s->outputs[s->n_outputs - built->n_updates + i] =
        m->weights[built->updates[i].weight].values.at;
  return TRI_OK;
}

void tri__step_free(tri_model *m, struct step *s) {
  tri_workspace_free(s->workspace);
  tri_function_free(s->function);
  for (size_t i = 0; i < s->n_drawn; i++)
    tri__free(&m->memory, s->drawn[i].numbers, s->drawn[i].room, 1);
  tri__free(&m->memory, s->drawn, s->n_drawn, sizeof *s->drawn);
  tri__free(&m->memory, s->inputs, s->n_inputs, sizeof *s->inputs);
  tri__free(&m->memory, s->outputs, s->n_outputs, sizeof *s->outputs);
  *s = (struct step){.function = NULL};
}

/* --- a batch */

static tri_status draw_masks(tri_model *m, struct step *s, size_t samples) {
  bool floats = m->domain == TRI_FLOAT;
  for (size_t i = 0; i < s->n_drawn; i++) {
    struct drawn *d = &s->drawn[i];
    size_t n;
    if (!size_product(samples, d->each, &n) ||
        !tri__make_room(&m->memory, &d->numbers, &d->room, n, number_size(floats)))
      return tri__model_no_memory(m);
    tri__random_mask(m->seed, d->part, m->training->steps, d->rate, n, floats, d->numbers);
    s->inputs[s->first_mask + i] = d->numbers;
  }
  return TRI_OK;
}

static void set_rates(tri_model *m) {
  struct training *t = m->training;
  double rates[] = {t->rate, tri__optimizer_step_size(&t->optimizer, t->rate, t->steps + 1)};
  for (size_t i = 0; i < 2; i++) store_put(m, &t->measured, t->measures.n + i, rates[i]);
}

static tri_status call(tri_model *m, struct step *s, size_t samples,
                       const volatile int *interrupt) {
  tri_error error = {.status = TRI_OK};
  int64_t batch = (int64_t)samples;
  tri_call call = {.workspace = s->workspace,
                   .error = &error,
                   .n_sizes = tri_function_sizes(s->function),
                   .sizes = &batch,
                   .interrupt = interrupt,
                   .flush_subnormals = m->domain == TRI_FLOAT,
                   .pool = m->training->pool};
  tri_status status = tri_function_call_arrays(s->function, &call, s->inputs, s->outputs);
  if (!status) return TRI_OK;
  return tri__model_fail(m, status, "%s",
                         error.status ? error.message : tri_status_meaning(status));
}

/* The numbers measured come first among those of the dtype; the rates after them. */
static void read_measured(tri_model *m) {
  struct training *t = m->training;
  for (size_t i = 0; i < t->measures.n; i++) t->batch_means[i] = store_number(m, &t->measured, i);
}

tri_status tri__step_run(tri_model *m, enum step_kind kind, const struct feed *feed, size_t samples,
                         const volatile int *interrupt) {
  struct training *t = m->training;
  struct step *s = &t->step[kind];
  size_t columns = kind == STEP_PREDICT ? t->n_x : t->n_x + t->n_y;
  for (size_t i = 0; i < columns; i++) s->inputs[s->first_x + i] = feed->columns[i].numbers;
  if (kind == STEP_TRAIN) set_rates(m);
  tri_status status = draw_masks(m, s, samples);
  if (!status) status = call(m, s, samples, interrupt);
  if (!status && kind == STEP_TRAIN) t->steps++;
  if (!status && kind != STEP_PREDICT) read_measured(m);
  return status;
}
