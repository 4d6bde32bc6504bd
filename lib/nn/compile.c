/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* tri_model_compile: what a training is to be is checked, named and kept. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn/train.h"

/* --- life */

static void free_parts(tri_model *m, struct training *t) {
  size_t slots = t->n_slots * t->n_trained;
  for (size_t i = 0; i < STEP_KINDS; i++) tri__step_free(m, &t->step[i]);
  tri__feed_close(&t->train);
  tri__feed_close(&t->validation);
  tri__feed_close(&t->test);
  for (size_t i = 0; t->slots && i < slots; i++) tri__store_free(m, &t->slots[i]);
  tri__free(&m->memory, t->slots, slots, sizeof *t->slots);
  tri__free(&m->memory, t->trained, t->n_trained, sizeof *t->trained);
  tri__store_free(m, &t->measured);
  tri__free(&m->memory, t->batch_means, t->measures.n, sizeof *t->batch_means);
  tri__measures_free(m, &t->measures);
  tri__free(&m->memory, t->ports, t->n_x + 2 * t->n_y, sizeof *t->ports);
  tri__free(&m->memory, t->losses, t->n_y, sizeof *t->losses);
  tri__free(&m->memory, t->loss_weights, t->n_y, sizeof *t->loss_weights);
  tri__history_free(m, t->history);
  tri_pool_free(t->own_pool);
}

void tri__training_free(tri_model *m) {
  struct training *t = m->training;
  if (!t) return;
  free_parts(m, t);
  tri__free(&m->memory, t, 1, sizeof *t);
  m->training = NULL;
}

/* --- what the model takes and gives */

static tri_status port_of(tri_model *m, size_t call, struct port *port) {
  const struct call *c = &m->calls[call];
  int64_t each;
  memcpy(port->name, m->layers[c->layer].name, sizeof port->name);
  port->shape = c->gives;
  if (!tri__sample_count(&c->gives, &each)) return tri__model_no_memory(m);
  port->each = (size_t)each;
  return TRI_OK;
}

static tri_status make_ports(tri_model *m, struct training *t) {
  tri_status status = TRI_OK;
  t->ports = tri__new(&m->memory, m->n_inputs + 2 * m->n_outputs, sizeof *t->ports);
  if (!t->ports) return tri__model_no_memory(m);
  t->n_x = m->n_inputs;
  t->n_y = m->n_outputs;
  t->outputs = t->ports + t->n_x + t->n_y;
  for (size_t i = 0; i < t->n_x && !status; i++) status = port_of(m, m->inputs[i], &t->ports[i]);
  for (size_t i = 0; i < t->n_y && !status; i++) status = port_of(m, m->outputs[i], &t->outputs[i]);
  if (!status) memcpy(t->ports + t->n_x, t->outputs, t->n_y * sizeof *t->ports);
  return status;
}

struct training *tri__training(tri_model *m) {
  if (m->training && m->training->calls == m->n_calls) return m->training;
  if (tri__training_busy(m)) return NULL;
  tri__training_free(m);
  if (!m->n_inputs || !m->n_outputs) {
    tri__model_fail(m, TRI_ARGUMENT, "the model has no layers, or no outputs");
    return NULL;
  }
  struct training *t = m->training = tri__new(&m->memory, 1, sizeof *t);
  bool floats = m->domain == TRI_FLOAT;
  if (!t) return (void)tri__model_no_memory(m), NULL;
  t->calls = m->n_calls;
  tri_status status = make_ports(m, t);
  if (!status) status = tri__feed_init(&t->train, m, t->n_x, t->n_y, t->ports, floats);
  if (!status) status = tri__feed_init(&t->validation, m, t->n_x, t->n_y, t->ports, floats);
  if (!status) status = tri__feed_init(&t->test, m, t->n_x, t->n_y, t->ports, floats);
  if (!status) return t;
  tri__training_free(m);
  return NULL;
}

tri_status tri__training_tested(tri_model *m) {
  if (!m->training || !m->training->testing) return TRI_OK;
  return tri__model_fail(m, TRI_ARGUMENT, "the model is being evaluated, or predicts");
}

tri_status tri__training_busy(tri_model *m) {
  if (!m->training || !m->training->busy) return tri__training_tested(m);
  return tri__model_fail(m, TRI_ARGUMENT, "the model is being fitted");
}

bool tri__training_current(const tri_model *m) {
  const struct training *t = m->training;
  return t && t->compiled && t->calls == m->n_calls;
}

void tri__training_stale(tri_model *m) {
  if (m->training) m->training->calls = 0; /* a model that has outputs has calls */
}

tri_status tri__training_compiled(tri_model *m, struct training **t) {
  *t = m->training;
  if (!*t || !(*t)->compiled)
    return tri__model_fail(m, TRI_ARGUMENT, "the model is not compiled: tri_model_compile");
  if ((*t)->calls != m->n_calls)
    return tri__model_fail(m, TRI_ARGUMENT,
                           "the model has got layers or outputs since it was compiled");
  return TRI_OK;
}

/* --- losses */

/* What an output is compared with where classes are numbers. */
static void port_of_classes(struct port *port) {
  struct sample *s = &port->shape;
  port->classes = s->rank ? s->shape[--s->rank] : 1;
  port->each /= (size_t)port->classes;
}

static tri_status set_loss(tri_model *m, struct training *t, const tri_training_options *o,
                           size_t i) {
  const char *loss = o->losses ? o->losses[i] : o->loss;
  enum target targets;
  struct port *port = &t->ports[t->n_x + i];
  if (!loss) return tri__model_fail(m, TRI_ARGUMENT, "there is no loss");
  t->losses[i] = tri__measure_name(loss, true, &targets);
  if (!t->losses[i]) return tri__model_fail(m, TRI_NAME, "no loss is called %s", loss);
  if (targets == TARGET_CLASSES) port_of_classes(port);
  port->probabilities = targets == TARGET_PROBABILITIES;
  t->loss_weights[i] = o->loss_weights ? o->loss_weights[i] : 1.0;
  if (!isfinite(t->loss_weights[i]))
    return tri__model_fail(m, TRI_ARGUMENT, "the weight of loss %zu is no number", i);
  return TRI_OK;
}

static tri_status set_losses(tri_model *m, struct training *t, const tri_training_options *o) {
  tri_status status = TRI_OK;
  t->losses = tri__new(&m->memory, t->n_y, sizeof *t->losses);
  t->loss_weights = tri__new(&m->memory, t->n_y, sizeof *t->loss_weights);
  if (!t->losses || !t->loss_weights) return tri__model_no_memory(m);
  t->from_logits = o->from_logits;
  for (size_t i = 0; i < t->n_y && !status; i++) status = set_loss(m, t, o, i);
  return status;
}

/* --- what is measured */

/* Its own name stays, which is what it is called in histories. */
static tri_status set_metric(tri_model *m, struct training *t, const char *name) {
  if (strlen(name) >= NAME_SIZE || !tri__measure_name(name, false, NULL))
    return tri__model_fail(m, TRI_NAME, "no metric is called %s", name);
  memcpy(t->metrics[t->n_metrics++], name, strlen(name) + 1);
  return TRI_OK;
}

static tri_status set_metrics(tri_model *m, struct training *t, const tri_training_options *o) {
  tri_status status = TRI_OK;
  for (size_t i = 0; i < TRI_METRICS && o->metrics[i] && !status; i++)
    status = set_metric(m, t, o->metrics[i]);
  return status;
}

/* "accuracy", or "dense_1_accuracy" of one of several outputs. */
static void name_measure(struct training *t, size_t output, const char *what, size_t *n) {
  const char *layer = t->ports[t->n_x + output].name;
  char *name = t->measures.names[*n];
  if (t->n_y == 1)
    snprintf(name, 2 * NAME_SIZE, "%s", what);
  else
    snprintf(name, 2 * NAME_SIZE, "%s_%s", layer, what);
  ++*n;
}

static tri_status name_measures(tri_model *m, struct training *t) {
  size_t losses = t->n_y > 1 ? 1 + t->n_y : 1, n = 1;
  struct measures *s = &t->measures;
  tri_status status = tri__measures_init(m, s, losses + t->n_y * t->n_metrics);
  if (status) return status;
  snprintf(s->names[0], MEASURE_NAME, "loss");
  for (size_t i = 0; i < t->n_y && t->n_y > 1; i++) name_measure(t, i, "loss", &n);
  for (size_t i = 0; i < t->n_y; i++)
    for (size_t k = 0; k < t->n_metrics; k++) name_measure(t, i, t->metrics[k], &n);
  for (size_t i = 0; i < s->n; i++) {
    memcpy(s->names[s->n + i], "val_", 4);
    memcpy(s->names[s->n + i] + 4, s->names[i], strlen(s->names[i]) + 1);
  }
  t->batch_means = tri__new(&m->memory, s->n, sizeof *t->batch_means);
  if (!t->batch_means || !tri__store_new(m, s->n + 2, &t->measured)) return tri__model_no_memory(m);
  return TRI_OK;
}

/* --- compiling */

static tri_status find_trained(tri_model *m, struct training *t) {
  size_t n = 0;
  for (size_t i = 0; i < m->n_weights; i++) n += m->weights[i].trainable;
  t->trained = tri__new(&m->memory, n, sizeof *t->trained);
  if (!t->trained) return tri__model_no_memory(m);
  for (size_t i = 0; i < m->n_weights; i++)
    if (m->weights[i].trainable) t->trained[t->n_trained++] = i;
  return TRI_OK;
}

static tri_status set_optimizer(tri_model *m, struct training *t, const tri_optimizer *given) {
  t->optimizer = tri__optimizer_defaults(given);
  t->rate = t->optimizer.learning_rate;
  const char *wrong = tri__optimizer_wrong(&t->optimizer);
  if (wrong) return tri__model_fail(m, TRI_ARGUMENT, "%s", wrong);
  t->n_slots = tri__optimizer_slots(&t->optimizer);
  return TRI_OK;
}

static tri_status set_threads(tri_model *m, struct training *t, size_t threads) {
  tri_pool *pool = threads > 1 ? tri_pool_new(threads, &m->memory.allocator) : NULL;
  if (threads > 1 && !pool)
    return tri__model_fail(m, TRI_MEMORY, "%zu threads could not be started", threads);
  tri_pool_free(t->own_pool);
  t->pool = t->own_pool = pool;
  return TRI_OK;
}

tri_status tri_model_set_threads(tri_model *model, size_t threads) {
  struct training *t;
  tri_status status = tri__training_compiled(model, &t);
  if (!status) status = tri__training_busy(model);
  return status ? status : set_threads(model, t, threads);
}

tri_status tri_model_compile_with(tri_model *model, const tri_training_options *options) {
  if (tri__training_busy(model)) return model->error.status;
  tri__training_free(model);
  struct training *t = tri__training(model);
  if (!t) return model->error.status;
  tri_status status = set_optimizer(model, t, &options->optimizer);
  if (!status) status = find_trained(model, t);
  if (!status) status = set_losses(model, t, options);
  if (!status) status = set_metrics(model, t, options);
  if (!status) status = name_measures(model, t);
  t->pool = options->pool;
  if (!status && !t->pool) status = set_threads(model, t, options->threads);
  if (!status) status = tri__step_ready(model, STEP_TEST); /* losses and shapes are looked at */
  t->compiled = status == TRI_OK;
  if (status) tri__training_free(model);
  return status;
}

double tri_model_learning_rate(const tri_model *model) {
  return model->training && model->training->compiled ? model->training->rate : (double)NAN;
}

void tri_model_set_learning_rate(tri_model *model, double rate) {
  bool has_sense = rate >= 0.0 && rate < (double)INFINITY;
  if (has_sense && model->training && model->training->compiled) model->training->rate = rate;
}

size_t tri_model_metrics(const tri_model *model) {
  return model->training ? model->training->measures.n : 0;
}

const char *tri_model_metric_name(const tri_model *model, size_t i) {
  return i < tri_model_metrics(model) ? model->training->measures.names[i] : NULL;
}
