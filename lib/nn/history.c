/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is measured, in an epoch and from epoch to epoch. */
#include <stdio.h>
#include <string.h>

#include "nn/train.h"

/* --- of an epoch */

tri_status tri__measures_init(tri_model *m, struct measures *s, size_t n) {
  *s = (struct measures){.n = n};
  s->names = tri__new(&m->memory, 2 * n, sizeof *s->names);
  s->list = tri__new(&m->memory, 2 * n, sizeof *s->list);
  s->values = tri__new(&m->memory, 2 * n, sizeof *s->values);
  s->sums = tri__new(&m->memory, n, sizeof *s->sums);
  if (!s->names || !s->list || !s->values || !s->sums) return tri__model_no_memory(m);
  for (size_t i = 0; i < 2 * n; i++) s->list[i] = s->names[i];
  return TRI_OK;
}

void tri__measures_free(tri_model *m, struct measures *s) {
  tri__free(&m->memory, s->names, 2 * s->n, sizeof *s->names);
  tri__free(&m->memory, s->list, 2 * s->n, sizeof *s->list);
  tri__free(&m->memory, s->values, 2 * s->n, sizeof *s->values);
  tri__free(&m->memory, s->sums, s->n, sizeof *s->sums);
  *s = (struct measures){.n = 0};
}

void tri__measures_clear(struct measures *s) {
  s->samples = 0.0;
  memset(s->sums, 0, s->n * sizeof *s->sums);
}

/* A smaller last batch counts for as many samples as it has. */
void tri__measures_add(struct measures *s, const double *batch, size_t samples) {
  s->samples += (double)samples;
  for (size_t i = 0; i < s->n; i++) {
    s->sums[i] += batch[i] * (double)samples;
    s->values[i] = s->sums[i] / s->samples;
  }
}

tri_logs tri__measures_logs(const struct measures *s, bool validated) {
  return (tri_logs){validated ? 2 * s->n : s->n, s->list, s->values};
}

/* --- of epochs */

tri_status tri__history_begin(tri_model *m, tri_history **history, tri_logs logs, int64_t first) {
  tri_history *h = *history = tri__new(&m->memory, 1, sizeof *h);
  if (!h) return tri__model_no_memory(m);
  h->first = first;
  h->names = tri__new(&m->memory, logs.n, sizeof *h->names);
  if (!h->names) return tri__model_no_memory(m);
  h->n_curves = logs.n;
  for (size_t i = 0; i < logs.n; i++)
    snprintf(h->names[i], sizeof h->names[i], "%s", logs.names[i]);
  return TRI_OK;
}

static bool grow(tri_model *m, tri_history *h) {
  size_t capacity = h->capacity ? 2 * h->capacity : 16, size = sizeof *h->values;
  double *wider = tri__new(&m->memory, h->n_curves * capacity, size);
  if (!wider) return false;
  for (size_t i = 0; i < h->n_curves && h->epochs; i++)
    memcpy(wider + i * capacity, h->values + i * h->capacity, h->epochs * size);
  tri__free(&m->memory, h->values, h->n_curves * h->capacity, size);
  h->values = wider;
  h->capacity = capacity;
  return true;
}

tri_status tri__history_add(tri_model *m, tri_history *h, tri_logs logs) {
  if (h->epochs == h->capacity && !grow(m, h)) return tri__model_no_memory(m);
  for (size_t i = 0; i < h->n_curves; i++) h->values[i * h->capacity + h->epochs] = logs.values[i];
  h->epochs++;
  return TRI_OK;
}

void tri__history_free(tri_model *m, tri_history *h) {
  if (!h) return;
  tri__free(&m->memory, h->values, h->n_curves * h->capacity, sizeof *h->values);
  tri__free(&m->memory, h->names, h->n_curves, sizeof *h->names);
  tri__free(&m->memory, h, 1, sizeof *h);
}

size_t tri_history_epochs(const tri_history *history) { return history->epochs; }
int64_t tri_history_first(const tri_history *history) { return history->first; }

const char *tri_history_name(const tri_history *history, size_t i) {
  return i < history->n_curves ? history->names[i] : NULL;
}

const double *tri_history_find(const tri_history *history, const char *name) {
  for (size_t i = 0; i < history->n_curves; i++)
    if (strcmp(history->names[i], name) == 0) return history->values + i * history->capacity;
  return NULL;
}
