/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* tri_model_fit: epochs of batches, validation after each, callbacks all along. */
#include <math.h>

#include "nn/train.h"

/* A fit under way. */
struct fitting {
  tri_model *m;
  struct training *t;
  const tri_dataset *data;
  tri_fit_options o;
  tri_fit fit;
  const tri_dataset *validation; /* NULL: none */
};

enum callback { TRAIN_BEGIN, TRAIN_END, EPOCH_BEGIN, EPOCH_END, BATCH_BEGIN, BATCH_END };

/* --- options */

tri_status tri__positive(tri_model *m, const char *what, int64_t *value, int64_t otherwise) {
  if (*value < 0) return tri__model_fail(m, TRI_ARGUMENT, "%s is %lld", what, (long long)*value);
  if (*value == 0) *value = otherwise;
  return TRI_OK;
}

static tri_status read_options(struct fitting *f, const tri_fit_options *given) {
  tri_fit_options *o = &f->o;
  if (given) *o = *given;
  tri_status status = tri__positive(f->m, "batch_size", &o->batch_size, DEFAULT_BATCH);
  if (!status)
    status = tri__positive(f->m, "validation_batch_size", &o->validation_batch_size, o->batch_size);
  if (!status) status = tri__positive(f->m, "epochs", &o->epochs, 1);
  if (!status) status = tri__positive(f->m, "initial_epoch", &o->initial_epoch, 0);
  if (!status) status = tri__positive(f->m, "steps_per_epoch", &o->steps_per_epoch, INT64_MAX);
  if (!status) status = tri__positive(f->m, "validation_steps", &o->validation_steps, INT64_MAX);
  if (!status && !(o->validation_split >= 0.0 && o->validation_split < 1.0))
    status = tri__model_fail(f->m, TRI_ARGUMENT, "validation_split is not in [0, 1)");
  return status;
}

/* --- data */

/* The last samples are for validation, from where Keras has them. */
static tri_status split(struct fitting *f) {
  size_t n = f->t->train.count;
  size_t trained = (size_t)floor((double)n * (1.0 - f->o.validation_split));
  if (f->data->generate)
    return tri__model_fail(f->m, TRI_ARGUMENT, "what is generated cannot be split for validation");
  if (trained == 0 || trained >= n)
    return tri__model_fail(f->m, TRI_ARGUMENT, "%zu samples are too few to be split for validation",
                           n);
  tri__feed_part(&f->t->train, 0, trained);
  tri__feed_part(&f->t->validation, trained, n - trained);
  return TRI_OK;
}

static tri_status open_data(struct fitting *f, const tri_fit_options *given) {
  struct training *t = f->t;
  if (!f->data) return tri__no_data(f->m);
  bool splits = !f->o.validation_data && f->o.validation_split > 0.0;
  f->validation = splits ? f->data : f->o.validation_data;
  tri_status status = tri__feed_open(&t->train, f->data, true, (size_t)f->o.batch_size);
  if (!status && f->validation)
    status =
        tri__feed_open(&t->validation, f->validation, true, (size_t)f->o.validation_batch_size);
  if (!status && splits) status = split(f);
  if (!status && given && !f->data->generate)
    status = tri__few_samples(f->m, (size_t)given->batch_size, t->train.count);
  t->train.shuffled = !f->o.no_shuffle;
  return status;
}

/* --- callbacks */

static tri_status call_back(struct fitting *f, enum callback when) {
  for (size_t i = 0; i < f->o.n_callbacks; i++) {
    const tri_callback *c = &f->o.callbacks[i];
    void (*const calls[])(void *context, tri_fit *fit) = {c->on_train_begin, c->on_train_end,
                                                          c->on_epoch_begin, c->on_epoch_end,
                                                          c->on_batch_begin, c->on_batch_end};
    if (calls[when]) calls[when](c->context, &f->fit);
  }
  return f->fit.status;
}

/* --- epochs */

/* The first numbers that are none end it. */
static tri_status check_loss(struct fitting *f) {
  double loss = f->t->batch_means[0];
  if (isfinite(loss)) return TRI_OK;
  return tri__model_fail(f->m, TRI_DOMAIN, "the loss is %s at epoch %lld, batch %lld",
                         isnan(loss) ? "nan" : "infinite", (long long)f->fit.epoch + 1,
                         (long long)f->fit.batch + 1);
}

static tri_status train_batch(struct fitting *f) {
  struct training *t = f->t;
  tri_status status = call_back(f, BATCH_BEGIN);
  if (!status) status = tri__step_run(f->m, STEP_TRAIN, &t->train, f->fit.samples, f->o.interrupt);
  if (!status) status = check_loss(f);
  if (status) return status;
  tri__measures_add(&t->measures, t->batch_means, f->fit.samples);
  f->fit.logs = tri__measures_logs(&t->measures, false);
  return call_back(f, BATCH_END);
}

/* How many batches an epoch has; unknown at first of what is generated. */
static int64_t batches(const struct fitting *f) {
  int64_t n = tri__feed_batches(&f->t->train);
  if (n < 0) return f->o.steps_per_epoch < INT64_MAX ? f->o.steps_per_epoch : -1;
  return n < f->o.steps_per_epoch ? n : f->o.steps_per_epoch;
}

static tri_status train_epoch(struct fitting *f) {
  tri_fit *fit = &f->fit;
  tri__measures_clear(&f->t->measures);
  tri_status status = tri__feed_rewind(&f->t->train, (uint64_t)fit->epoch);
  for (fit->batch = 0; !status && !fit->stop && fit->batch < f->o.steps_per_epoch; fit->batch++) {
    status = tri__model_interrupted(f->m, f->o.interrupt);
    if (!status) status = tri__feed_batch(&f->t->train, &fit->samples);
    if (status || fit->samples == 0) break;
    status = train_batch(f);
  }
  if (status) return status;
  if (fit->batch == 0) return tri__model_fail(f->m, TRI_ARGUMENT, "the data are empty");
  fit->batches = fit->batch--;
  return TRI_OK;
}

static tri_status validate(struct fitting *f) {
  struct training *t = f->t;
  if (!f->validation) return TRI_OK;
  return tri__test(f->m, &t->validation, f->o.validation_steps, f->o.interrupt,
                   t->measures.values + t->measures.n);
}

static tri_status epoch(struct fitting *f) {
  tri_status status = call_back(f, EPOCH_BEGIN);
  if (!status) status = train_epoch(f);
  if (!status) status = validate(f);
  f->fit.logs = tri__measures_logs(&f->t->measures, f->validation != NULL);
  if (!status) status = tri__history_add(f->m, f->t->history, f->fit.logs);
  return status ? status : call_back(f, EPOCH_END);
}

static tri_status epochs(struct fitting *f) {
  tri_fit *fit = &f->fit;
  tri_status status = call_back(f, TRAIN_BEGIN);
  for (; !status && !fit->stop && fit->epoch < fit->epochs; fit->epoch++) status = epoch(f);
  fit->status = status;
  tri_status ended = call_back(f, TRAIN_END);
  return status ? status : ended;
}

/* --- beginning */

static tri_status begin(struct fitting *f, const tri_fit_options *options) {
  struct training *t = f->t;
  tri_status status = read_options(f, options);
  if (!status) status = open_data(f, options);
  if (!status) status = tri__step_ready(f->m, STEP_TRAIN);
  if (!status && f->validation) status = tri__step_ready(f->m, STEP_TEST);
  if (status) return status;
  tri__history_free(f->m, t->history);
  t->history = NULL;
  f->fit = (tri_fit){
      .model = f->m, .epoch = f->o.initial_epoch, .epochs = f->o.epochs, .batches = batches(f)};
  return tri__history_begin(f->m, &t->history,
                            tri__measures_logs(&t->measures, f->validation != NULL),
                            f->o.initial_epoch);
}

tri_status tri_model_fit(tri_model *model, const tri_dataset *data,
                         const tri_fit_options *options) {
  struct fitting f = {.m = model, .data = data};
  tri_status status = tri__training_compiled(model, &f.t);
  if (!status) status = tri__training_busy(model);
  if (!status) status = begin(&f, options);
  if (status) return status;
  f.t->busy = true;
  status = epochs(&f);
  f.t->busy = false;
  return status;
}

const tri_history *tri_model_history(const tri_model *model) {
  return model->training ? model->training->history : NULL;
}
