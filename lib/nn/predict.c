/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Data gone through once: evaluate, predict, and a single step of training. */
#include <math.h>
#include <string.h>

#include "nn/train.h"

tri_status tri__model_interrupted(tri_model *m, const volatile int *interrupt) {
  if (!interrupt || !*interrupt) return TRI_OK;
  return tri__model_fail(m, TRI_INTERRUPTED, "%s", tri_status_meaning(TRI_INTERRUPTED));
}

static tri_status read_options(tri_model *m, const tri_evaluate_options *given,
                               tri_evaluate_options *o) {
  if (given) *o = *given;
  tri_status status = tri__positive(m, "batch_size", &o->batch_size, DEFAULT_BATCH);
  return status ? status : tri__positive(m, "steps", &o->steps, INT64_MAX);
}

/* --- evaluate */

tri_status tri__test(tri_model *m, struct feed *feed, int64_t steps, const volatile int *interrupt,
                     double *means) {
  const struct training *t = m->training;
  size_t samples, all = 0, n = t->measures.n;
  tri_status status = tri__feed_rewind(feed, 0);
  memset(means, 0, n * sizeof *means);
  for (int64_t i = 0; !status && i < steps; i++) {
    status = tri__model_interrupted(m, interrupt);
    if (!status) status = tri__feed_batch(feed, &samples);
    if (status || samples == 0) break;
    status = tri__step_run(m, STEP_TEST, feed, samples, interrupt);
    for (size_t k = 0; k < n; k++) means[k] += t->batch_means[k] * (double)samples;
    all += samples;
  }
  if (status) return status;
  if (all == 0) return tri__model_fail(m, TRI_ARGUMENT, "the data are empty");
  for (size_t k = 0; k < n; k++) means[k] /= (double)all;
  return TRI_OK;
}

tri_status tri_model_evaluate(tri_model *model, const tri_dataset *data,
                              const tri_evaluate_options *options, double *results) {
  struct training *t;
  tri_evaluate_options o = {.batch_size = 0};
  tri_status status = tri__training_compiled(model, &t);
  if (!status) status = tri__training_tested(model);
  if (!status) status = read_options(model, options, &o);
  if (!status) status = tri__feed_open(&t->test, data, true, (size_t)o.batch_size);
  if (!status) status = tri__step_ready(model, STEP_TEST);
  if (status) return status;
  t->testing = true;
  status = tri__test(model, &t->test, o.steps, o.interrupt, results);
  t->testing = false;
  return status;
}

/* --- predict */

/* Outputs while they grow. */
struct predicted {
  tri_model *m;
  tri_array *outputs;
  size_t done, room; /* samples */
};

static const struct port *output_port(const struct predicted *p, size_t i) {
  return &p->m->training->outputs[i];
}

/* Room for this many samples, whose elements may be fewer than there are. */
static tri_status resize(struct predicted *p, size_t samples) {
  for (size_t i = 0; i < p->m->n_outputs; i++) {
    tri_array *a = &p->outputs[i];
    size_t size = tri_dtype_size(a->dtype), count, bytes;
    if (!size_product(samples, output_port(p, i)->each, &count) ||
        !size_product(count, size, &bytes))
      return tri__model_no_memory(p->m);
    void *data = tri__resize(&p->m->memory, a->data, a->count * size, bytes);
    if (!data) return tri__model_no_memory(p->m);
    a->data = data;
    a->count = count;
    a->dims[0] = samples;
  }
  p->room = samples;
  return TRI_OK;
}

static void begin_outputs(struct predicted *p) {
  struct memory plain;
  tri__memory_init(&plain, NULL);
  bool is_plain = p->m->memory.allocator.resize == plain.allocator.resize;
  for (size_t i = 0; i < p->m->n_outputs; i++) {
    const struct sample *s = &output_port(p, i)->shape;
    tri_array *a = &p->outputs[i];
    *a = (tri_array){.dtype = p->m->domain == TRI_FLOAT ? TRI_F4 : TRI_F8, .rank = s->rank + 1};
    a->allocator = is_plain ? NULL : &p->m->memory.allocator;
    for (size_t d = 0; d < s->rank; d++) a->dims[d + 1] = (size_t)s->shape[d];
  }
}

static tri_status predict_batch(struct predicted *p, size_t samples,
                                const volatile int *interrupt) {
  struct training *t = p->m->training;
  tri_status status = TRI_OK;
  if (samples > p->room - p->done) {
    size_t room = p->room + p->room / 2 + samples, count = t->test.count;
    status = resize(p, p->done == 0 && count > samples ? count : room);
  }
  for (size_t i = 0; i < p->m->n_outputs && !status; i++)
    t->step[STEP_PREDICT].outputs[i] =
        (char *)p->outputs[i].data +
        p->done * output_port(p, i)->each * tri_dtype_size(p->outputs[i].dtype);
  if (!status) status = tri__step_run(p->m, STEP_PREDICT, &t->test, samples, interrupt);
  p->done += samples;
  return status;
}

static tri_status predict(struct predicted *p, const tri_evaluate_options *o) {
  struct feed *feed = &p->m->training->test;
  size_t samples;
  tri_status status = tri__feed_rewind(feed, 0);
  for (int64_t i = 0; !status && i < o->steps; i++) {
    status = tri__model_interrupted(p->m, o->interrupt);
    if (!status) status = tri__feed_batch(feed, &samples);
    if (status || samples == 0) break;
    status = predict_batch(p, samples, o->interrupt);
  }
  if (!status && p->done == 0) status = tri__model_fail(p->m, TRI_ARGUMENT, "the data are empty");
  return status ? status : resize(p, p->done);
}

tri_status tri_model_predict(tri_model *model, const tri_dataset *data,
                             const tri_evaluate_options *options, tri_array *outputs) {
  tri_evaluate_options o = {.batch_size = 0};
  struct predicted p = {.m = model, .outputs = outputs};
  for (size_t i = 0; i < model->n_outputs; i++) outputs[i] = (tri_array){.data = NULL};
  struct training *t = tri__training(model);
  if (!t) return model->error.status;
  tri_status status = tri__training_tested(model);
  if (!status) status = read_options(model, options, &o);
  if (!status) status = tri__feed_open(&t->test, data, false, (size_t)o.batch_size);
  if (!status) status = tri__step_ready(model, STEP_PREDICT);
  if (status) return status;
  begin_outputs(&p);
  t->testing = true;
  status = predict(&p, &o);
  t->testing = false;
  for (size_t i = 0; i < model->n_outputs && status; i++) tri_array_free(&outputs[i]);
  return status;
}

/* --- a step */

tri_status tri_model_train_on_batch(tri_model *model, const tri_dataset *data, double *results) {
  struct training *t;
  size_t samples = tri__dataset_count(data);
  tri_status status = tri__training_compiled(model, &t);
  if (!status) status = tri__training_busy(model);
  if (!status && !samples)
    status = tri__model_fail(model, TRI_ARGUMENT, "a step is trained on arrays that are not empty");
  if (!status) status = tri__feed_open(&t->train, data, true, samples);
  if (!status) status = tri__step_ready(model, STEP_TRAIN);
  if (!status) status = tri__feed_rewind(&t->train, 0);
  if (!status) status = tri__feed_batch(&t->train, &samples);
  if (!status) status = tri__step_run(model, STEP_TRAIN, &t->train, samples, NULL);
  if (status) return status;
  if (results) memcpy(results, t->batch_means, t->measures.n * sizeof *results);
  if (isfinite(t->batch_means[0])) return TRI_OK;
  return tri__model_fail(model, TRI_DOMAIN, "the loss is no finite number");
}
