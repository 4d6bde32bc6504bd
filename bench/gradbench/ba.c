/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ba: bundle adjustment, its errors and its sparse Jacobian by rows. A message has one camera,
 * point, weight and feature, which all are copies of; and the suite wants of what is then repeated
 * no more than the first and the last. */
#include "gradbench.h"

#include "bench/ba_graph.h"

enum { CAMERAS, POINTS, OBSERVATIONS };

static void append_copies(gb_job *job, int64_t copies, const double *x, size_t n) {
  for (int64_t i = 0; i < copies; i++)
    for (size_t j = 0; j < n; j++) gb_append(job, x[j]);
}

/* Reads an array of n numbers into x: it does not stay among the inputs. */
static void read_some(gb_job *job, const json_t *input, const char *name, int64_t n, double *x) {
  size_t from = job->count;
  gb_array(job, input, name, 1, (int64_t[]){n});
  if (job->error[0]) return;
  memcpy(x, job->inputs + from, (size_t)n * sizeof *x);
  job->count = from;
}

void ba_read(gb_job *job, const json_t *input) {
  int64_t *size = job->size;
  double camera[BA_CAMERA] = {0.0}, point[BA_POINT] = {0.0}, feature[2] = {0.0}, weight;
  size[CAMERAS] = gb_integer(job, input, "n", 1, 10000000);
  size[POINTS] = gb_integer(job, input, "m", 1, 10000000);
  size[OBSERVATIONS] = gb_integer(job, input, "p", 1, 10000000);
  read_some(job, input, "cam", BA_CAMERA, camera);
  read_some(job, input, "x", BA_POINT, point);
  read_some(job, input, "feat", 2, feature);
  weight = gb_number(job, input, "w");
  if (job->error[0]) return;
  append_copies(job, size[CAMERAS], camera, BA_CAMERA);
  append_copies(job, size[POINTS], point, BA_POINT);
  for (int which = CAMERAS; which <= POINTS; which++)
    for (int64_t i = 0; i < size[OBSERVATIONS]; i++) gb_append(job, (double)(i % size[which]));
  append_copies(job, size[OBSERVATIONS], &weight, 1);
  append_copies(job, size[OBSERVATIONS], feature, 2);
}

void ba_build(gb_graph *b) {
  const int64_t n = b->size[OBSERVATIONS];
  b->n_inputs = 6;
  ba_inputs(b->g, b->size[CAMERAS], b->size[POINTS], n, b->in);
  if (ba_graph(b->g, n, b->in, b->out)) return;
  b->primals = 2;
  b->n_outputs = b->mode == GB_VALUE ? 2 : 4;
}

/* --- the matrix */

static size_t entries_of(size_t n) { return (2 * BA_ROW + 1) * n; }

/* By compressed rows: where each begins (one more than there are rows), its columns, its
 * entries. */
struct rows {
  int32_t *start, *column;
  double *entry;
};

static struct rows rows_of(const gb_model *m) {
  size_t entries = entries_of((size_t)m->size[OBSERVATIONS]);
  int32_t *column = (int32_t *)(void *)(m->room + entries);
  return (struct rows){.entry = m->room, .column = column, .start = column + entries};
}

/* The columns of an observation's row, and what comes behind them. */
static int32_t *columns_of(const int64_t *size, int64_t i, int32_t *column) {
  const int32_t points = (int32_t)(BA_CAMERA * size[CAMERAS]);
  const int32_t camera = (int32_t)(BA_CAMERA * (i % size[CAMERAS]));
  const int32_t point = points + (int32_t)(BA_POINT * (i % size[POINTS]));
  for (int j = 0; j < BA_CAMERA; j++) *column++ = camera + j;
  for (int j = 0; j < BA_POINT; j++) *column++ = point + j;
  *column++ = points + (int32_t)(BA_POINT * size[POINTS] + i);
  return column;
}

/* All rows of errors, then those of the weights' errors, which have one entry each, by the
 * weight. */
static void put_together(const gb_model *m) {
  const int64_t n = m->size[OBSERVATIONS];
  const double *entries = m->output[0] + 3 * n, *by_weight = entries + 2 * BA_ROW * n;
  struct rows to = rows_of(m);
  int32_t *column = to.column, next = 0;
  memcpy(to.entry, entries, (size_t)(2 * BA_ROW * n) * sizeof *entries);
  memcpy(to.entry + 2 * BA_ROW * n, by_weight, (size_t)n * sizeof *by_weight);
  for (int64_t row = 0; row < 2 * n; row++, next += BA_ROW) {
    column = columns_of(m->size, row / 2, column);
    to.start[row] = next;
  }
  for (int64_t i = 0; i < n; i++, next++) {
    to.start[2 * n + i] = next;
    column[i] = to.column[BA_ROW - 1] + (int32_t)i;
  }
  to.start[3 * n] = next;
}

tri_status ba_run(gb_model *m, const double *inputs) {
  size_t n = (size_t)m->size[OBSERVATIONS], entries = entries_of(n);
  size_t integers =
      (entries + 3 * n + 2) / 2 + 1; /* as doubles, of which two are as large as one */
  if (!m->room) m->room = malloc((entries + integers) * sizeof *m->room);
  if (!m->room) return TRI_MEMORY;
  tri_status status = gb_call(m, inputs);
  if (!status) put_together(m);
  return status;
}

/* --- outputs */

json_t *ba_write_errors(const gb_model *m) {
  const json_int_t n = m->size[OBSERVATIONS];
  const double *errors = m->output[0];
  return json_pack("{s:{s:o, s:I}, s:{s:o, s:I}}", "reproj_error", "elements", gb_vector(errors, 2),
                   "repeated", n, "w_err", "element", gb_real(errors[2 * n]), "repeated", n);
}

/* The first numbers of an observation, and the last of all. */
static json_t *ends_of(const int32_t *x, size_t first, size_t last) {
  json_t *array = json_array();
  for (size_t i = 0; i < first; i++) json_array_append_new(array, json_integer(x[i]));
  json_array_append_new(array, json_integer(x[last]));
  return array;
}

json_t *ba_write_jacobian(const gb_model *m) {
  size_t n = (size_t)m->size[OBSERVATIONS], entries = entries_of(n), first = 2 * BA_ROW;
  struct rows rows = rows_of(m);
  json_t *values = gb_vector(rows.entry, first);
  if (values) json_array_append_new(values, gb_real(rows.entry[entries - 1]));
  size_t starts = 3 * n < first ? 3 * n : first;
  return json_pack("{s:o, s:o, s:o}", "rows", ends_of(rows.start, starts, 3 * n), "cols",
                   ends_of(rows.column, first, entries - 1), "vals", values);
}
