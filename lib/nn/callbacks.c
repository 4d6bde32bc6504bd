/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Ready-made callbacks: Keras's EarlyStopping and LearningRateScheduler. */
#include <math.h>
#include <string.h>

#include "nn/train.h"

/* --- stopping early */

static const char *monitored(const tri_early_stopping *s) {
  return s->monitor ? s->monitor : "val_loss";
}

static bool is_maximized(const tri_early_stopping *s) {
  return s->maximize || strstr(monitored(s), "acc") != NULL;
}

static bool is_better(const tri_early_stopping *s, double x) {
  return is_maximized(s) ? x - s->min_delta > s->best : x + s->min_delta < s->best;
}

static void early_begins(void *context, tri_fit *fit) {
  tri_early_stopping *s = context;
  (void)fit;
  s->best = is_maximized(s) ? -(double)INFINITY : (double)INFINITY;
  s->wait = s->stopped_epoch = s->best_epoch = 0;
}

static void keep_weights(tri_early_stopping *s, tri_fit *fit) {
  tri_model *m = fit->model;
  if (!s->restore_best_weights || tri_model_parameters(m) == 0) return;
  if (!s->weights) s->weights = tri__new(&m->memory, tri_model_parameters(m), sizeof *s->weights);
  if (s->weights)
    tri_model_get_weights(m, s->weights);
  else
    fit->status = tri__model_no_memory(m);
}

/* The value of this name at the epoch's end; NaN, after telling so, if there is none. */
static double found(const tri_early_stopping *s, tri_fit *fit) {
  for (size_t i = 0; i < fit->logs.n; i++)
    if (strcmp(fit->logs.names[i], monitored(s)) == 0) return fit->logs.values[i];
  fit->status =
      tri__model_fail(fit->model, TRI_NAME, "early stopping: %s is not measured", monitored(s));
  return (double)NAN;
}

static void early_epoch_ends(void *context, tri_fit *fit) {
  tri_early_stopping *s = context;
  if (fit->epoch < s->start_from_epoch) return;
  double x = found(s, fit);
  if (fit->status) return;
  s->wait++;
  if (is_better(s, x)) {
    s->best = x;
    s->best_epoch = fit->epoch;
    s->wait = 0;
    keep_weights(s, fit);
  } else if (s->wait >= s->patience && fit->epoch > 0) {
    s->stopped_epoch = fit->epoch;
    fit->stop = 1;
  }
}

static void early_ends(void *context, tri_fit *fit) {
  tri_early_stopping *s = context;
  if (!s->weights) return;
  if (!fit->status) tri_model_set_weights(fit->model, s->weights);
  tri__free(&fit->model->memory, s->weights, tri_model_parameters(fit->model), sizeof *s->weights);
  s->weights = NULL;
}

tri_callback tri_stop_early(tri_early_stopping *stopping) {
  return (tri_callback){.context = stopping,
                        .on_train_begin = early_begins,
                        .on_epoch_end = early_epoch_ends,
                        .on_train_end = early_ends};
}

/* --- learning rates */

static void schedule(void *context, tri_fit *fit) {
  tri_rate_schedule *s = context;
  double rate = s->schedule(s->context, fit->epoch, tri_model_learning_rate(fit->model));
  if (rate >= 0.0 && isfinite(rate))
    tri_model_set_learning_rate(fit->model, rate);
  else
    fit->status = tri__model_fail(fit->model, TRI_ARGUMENT,
                                  "the learning rate is negative or no number at epoch %lld",
                                  (long long)fit->epoch + 1);
}

tri_callback tri_schedule_rate(tri_rate_schedule *given) {
  return (tri_callback){.context = given, .on_epoch_begin = schedule};
}
