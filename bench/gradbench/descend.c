/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What particle and saddle share: functions with a loop that goes on until it is done, and the
 * descent that the suite prescribes (B. A. Pearlmutter and J. M. Siskind, "Using Programming
 * Language Theory to Make Automatic Differentiation Sound and Efficient", AD 2008). */
#include "descend.h"

#include <math.h>

enum { MOST_STEPS = 1 << 24 };

/* Steps beyond the last one that did something do nothing, so a guess that is too large does no
 * harm. */
tri_status gb_until_done(gb_model *m, int part, const double *inputs, size_t count) {
  for (;;) {
    tri_status status =
        tri_function_call(m->function[part], &m->call[part], inputs, m->output[part]);
    double used = m->output[part][count];
    int64_t *steps = m->steps + part;
    if (status) return status;
    if (used < (double)*steps) {
      *steps = (int64_t)used + 2; /* what the next call is likely to need */
      return TRI_OK;
    }
    if (*steps > MOST_STEPS) {
      m->error = (tri_error){.status = TRI_LIMIT};
      snprintf(m->error.message, sizeof m->error.message, "not done after %d steps", MOST_STEPS);
      return TRI_LIMIT;
    }
    *steps += *steps / 4 + 1;
  }
}

static double size_of(const double *x, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
  return sqrt(sum);
}

struct descent {
  const struct gb_objective *f;
  double x[GB_MOST_DESCENT], slope[GB_MOST_DESCENT];
  double value, rate;
  int gains; /* since the rate was changed */
};

/* Tries a step: *near if it is too short to be worth it. */
static tri_status try_step(struct descent *d, bool *near) {
  double next[GB_MOST_DESCENT], step[GB_MOST_DESCENT], value;
  for (size_t i = 0; i < d->f->n; i++) {
    next[i] = d->x[i] - d->rate * d->slope[i];
    step[i] = d->x[i] - next[i];
  }
  *near = size_of(step, d->f->n) <= 1e-5;
  if (*near) return TRI_OK;
  tri_status status = d->f->value(d->f->data, next, &value);
  if (status) return status;
  if (value < d->value) {
    memcpy(d->x, next, sizeof next);
    d->value = value;
    d->gains++;
    return d->f->gradient(d->f->data, d->x, d->slope);
  }
  d->rate /= 2.0;
  d->gains = 0;
  return TRI_OK;
}

tri_status gb_descend(const struct gb_objective *f, const double *start, double *end) {
  struct descent d = {.f = f, .rate = 1e-5};
  bool near = false;
  memcpy(d.x, start, f->n * sizeof *start);
  tri_status status = f->value(f->data, d.x, &d.value);
  if (!status) status = f->gradient(f->data, d.x, d.slope);
  while (!status && !near && size_of(d.slope, f->n) > 1e-5) {
    if (d.gains == 10) {
      d.rate *= 2.0;
      d.gains = 0;
    } else {
      status = try_step(&d, &near);
    }
  }
  memcpy(end, d.x, f->n * sizeof *end);
  return status;
}
