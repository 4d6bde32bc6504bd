/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plans of sparse derivatives: pattern and colours from calculus, and for every entry where it will
 * be read. */
#include "eval/sparse.h"

#include <string.h>

#include "calculus/pattern.h"
#include "graph/node.h"

/* --- one in the making */

struct making {
  tri_sparse *s;
  const tri_sparse_options *options;
  tri_graph *g;
  tri_pattern *pattern;
  uint32_t
      *place; /* by entry of the pattern: 1 + its number among the values, 0 if it is not wanted */
  size_t entries;
};

static void *array(struct making *m, size_t count, size_t size) {
  return tri__new(&m->s->memory, count, size);
}

/* Whether the entry in row i and column j is of the triangle. */
static bool wanted(const struct making *m, size_t i, size_t j) {
  if (m->s->way != SPARSE_HESSIAN || m->options->triangle == TRI_BOTH) return true;
  return m->options->triangle == TRI_LOWER ? j <= i : j >= i;
}

/* Numbers of entries in the order of rows or of columns, and what the arrays say of them. */
static void number_by_rows(struct making *m) {
  const tri_pattern *p = m->pattern;
  uint32_t next = 0;
  tri_sparse *s = m->s;
  for (size_t i = 0; i < p->rows; i++) {
    if (s->layout == TRI_CSR) s->row[i] = (int32_t)next + s->first;
    for (size_t k = p->start[i]; k < p->start[i + 1]; k++) {
      if (!wanted(m, i, p->index[k])) continue;
      if (s->layout == TRI_COO) s->row[next] = (int32_t)i + s->first;
      s->column[next] = (int32_t)p->index[k] + s->first;
      m->place[k] = ++next;
    }
  }
  if (s->layout == TRI_CSR) s->row[p->rows] = (int32_t)next + s->first;
}

/* column[j + 1] counts, then says where the next entry of column j goes, so that in the end
 * column[j] says where it begins. */
static void number_by_columns(struct making *m) {
  const tri_pattern *p = m->pattern;
  tri_sparse *s = m->s;
  for (size_t i = 0; i < p->rows; i++)
    for (size_t k = p->start[i]; k < p->start[i + 1]; k++)
      if (wanted(m, i, p->index[k])) s->column[p->index[k] + 1]++;
  for (size_t j = 0; j < p->columns; j++) s->column[j + 1] += s->column[j];
  for (size_t i = 0; i < p->rows; i++)
    for (size_t k = p->start[i]; k < p->start[i + 1]; k++) {
      if (!wanted(m, i, p->index[k])) continue;
      int32_t at = s->column[p->index[k]]++;
      s->row[at] = (int32_t)i + s->first;
      m->place[k] = (uint32_t)at + 1;
    }
  for (size_t j = p->columns; j-- > 0;) s->column[j + 1] = s->column[j];
  s->column[0] = 0;
  for (size_t j = 0; j <= p->columns; j++) s->column[j] += s->first;
}

static tri_status number_entries(struct making *m) {
  tri_sparse *s = m->s;
  const tri_pattern *p = m->pattern;
  size_t all = pattern_entries(p);
  s->rows = p->rows;
  s->columns = p->columns;
  if (all >= INT32_MAX - 1 || s->rows >= INT32_MAX - 1 || s->columns >= INT32_MAX - 1)
    return TRI_LIMIT;
  for (size_t i = 0; i < p->rows; i++)
    for (size_t k = p->start[i]; k < p->start[i + 1]; k++) s->entries += wanted(m, i, p->index[k]);
  s->row_size = s->layout == TRI_CSR ? s->rows + 1 : s->entries;
  s->column_size = s->layout == TRI_CSC ? s->columns + 1 : s->entries;
  m->entries = all;
  m->place = array(m, all, sizeof *m->place);
  s->row = array(m, s->row_size, sizeof *s->row);
  s->column = array(m, s->column_size, sizeof *s->column);
  if (!m->place || !s->row || !s->column) return TRI_MEMORY;
  if (s->layout == TRI_CSC)
    number_by_columns(m);
  else
    number_by_rows(m);
  return TRI_OK;
}

size_t tri__sparse_column_of(const tri_sparse *s, size_t at) {
  if (s->layout != TRI_CSC) return (size_t)(s->column[at] - s->first);
  size_t j = 0;
  while (j + 1 < s->columns && (size_t)(s->column[j + 1] - s->first) <= at) j++;
  return j;
}

/* --- colours */

static tri_status colour_symmetric(struct making *m) {
  tri_sparse *s = m->s;
  s->seeds = s->columns;
  s->seed = array(m, s->seeds, sizeof *s->seed);
  return s->seed ? tri_colour_symmetric(m->pattern, s->seed, &s->colours) : TRI_MEMORY;
}

static void use(tri_sparse *s, enum sparse_way way, uint32_t *seed, size_t seeds,
                uint32_t colours) {
  s->way = way;
  s->seed = seed;
  s->seeds = seeds;
  s->colours = colours;
}

/* Columns or rows; a tie is a dual run's. */
static tri_status colour_jacobian(struct making *m) {
  tri_sparse *s = m->s;
  uint32_t *columns = array(m, s->columns, sizeof *columns), by_columns = 0, by_rows = 0;
  uint32_t *rows = array(m, s->rows, sizeof *rows);
  tri_status status = columns && rows ? TRI_OK : TRI_MEMORY;
  if (!status) status = tri_colour_columns(m->pattern, columns, &by_columns);
  if (!status) status = tri_colour_rows(m->pattern, rows, &by_rows);
  bool forward = status || by_columns <= by_rows;
  if (!status && forward) use(s, SPARSE_COLUMNS, columns, s->columns, by_columns);
  if (!status && !forward) use(s, SPARSE_ROWS, rows, s->rows, by_rows);
  if (status || !forward) tri__free(&s->memory, columns, s->columns, sizeof *columns);
  if (status || forward) tri__free(&s->memory, rows, s->rows, sizeof *rows);
  return status;
}

/* --- reads */

/* Where the entry in row i and column j is read: of which element, under which colour. Of an entry
 * of a Hessian in the row of the larger colour, where the other's colour comes once (see
 * tri_colour_symmetric). */
static size_t read_of(const tri_sparse *s, size_t i, size_t j, uint32_t *colour) {
  bool other = s->way == SPARSE_ROWS || (s->way == SPARSE_HESSIAN && s->seed[i] < s->seed[j]);
  *colour = s->seed[other ? i : j];
  return other ? j : i;
}

/* Counts the reads of each element, then puts them down. */
static void go_through(struct making *m, bool count) {
  tri_sparse *s = m->s;
  const tri_pattern *p = m->pattern;
  for (size_t i = 0; i < p->rows; i++)
    for (size_t k = p->start[i]; k < p->start[i + 1]; k++) {
      uint32_t colour;
      if (!m->place[k]) continue;
      size_t element = read_of(s, i, p->index[k], &colour);
      if (count)
        s->start[element + 1]++;
      else
        s->read[s->start[element]++] = (struct sparse_read){colour, m->place[k] - 1};
    }
}

static tri_status make_reads(struct making *m) {
  tri_sparse *s = m->s;
  s->elements = s->way == SPARSE_COLUMNS ? s->rows : s->columns;
  s->start = array(m, s->elements + 1, sizeof *s->start);
  s->read = array(m, s->entries, sizeof *s->read);
  if (!s->start || !s->read) return TRI_MEMORY;
  go_through(m, true);
  for (size_t e = 0; e < s->elements; e++) s->start[e + 1] += s->start[e];
  go_through(m, false);
  for (size_t e = s->elements; e-- > 0;) s->start[e + 1] = s->start[e];
  s->start[0] = 0;
  return TRI_OK;
}

/* --- the function and its sizes */

/* In the order in which the function wants them. */
static tri_status take_sizes(struct making *m) {
  tri_sparse *s = m->s;
  s->n_sizes = tri_function_sizes(s->function);
  s->sizes = array(m, s->n_sizes, sizeof *s->sizes);
  if (!s->sizes) return TRI_MEMORY;
  for (size_t i = 0; i < s->n_sizes; i++) {
    size_t k = 0;
    while (k < m->options->n_sizes &&
           strcmp(m->options->size_names[k], tri_function_size_name(s->function, i)) != 0)
      k++;
    if (k == m->options->n_sizes) return TRI_SHAPE;
    s->sizes[i] = m->options->sizes[k];
  }
  return TRI_OK;
}

static tri_status compile(struct making *m, size_t n_inputs, const tri_expr *inputs,
                          size_t n_outputs, tri_error *error) {
  const tri_sparse_options *o = m->options;
  m->s->function = tri_compile(n_inputs, inputs, n_outputs, o->outputs, .domain = o->domain,
                               .precision = o->precision, .digits = o->digits,
                               .allocator = o->allocator, .error = error);
  return m->s->function ? TRI_OK : error->status;
}

static tri_status find_pattern(struct making *m, size_t n_inputs, const tri_expr *inputs,
                               size_t n_outputs) {
  const tri_sparse_options *o = m->options;
  size_t n = o->variables ? o->variables : n_inputs;
  if (n > n_inputs) return TRI_ARGUMENT;
  const tri_pattern_options known = {.n_sizes = o->n_sizes,
                                     .size_names = o->size_names,
                                     .sizes = o->sizes,
                                     .n_data = o->data ? n_inputs - n : 0,
                                     .data = inputs + n,
                                     .values = o->data};
  return m->s->way == SPARSE_HESSIAN
             ? tri_hessian_pattern(n_outputs, o->outputs, n, inputs, &known, &m->pattern)
             : tri_jacobian_pattern(n_outputs, o->outputs, n, inputs, &known, &m->pattern);
}

static tri_status plan(struct making *m) {
  tri_status status = number_entries(m);
  if (!status) status = m->s->way == SPARSE_HESSIAN ? colour_symmetric(m) : colour_jacobian(m);
  return status ? status : make_reads(m);
}

/* What failed, where nothing was told yet. */
static void tell(const struct making *m, tri_status status, const tri_error *error) {
  tri_error told = *error;
  if (m->g && told.status != status) {
    tri__fail(m->g, status, "%s", tri_status_meaning(status));
    told = *tri_graph_error(m->g);
  }
  if (!m->g) tri__error(&told, status, 0, "a sparse derivative needs outputs and inputs");
  if (m->options && m->options->error) *m->options->error = told;
}

static bool options_fit(const tri_sparse_options *o) {
  return (o->first == 0 || o->first == 1) && (unsigned)o->layout <= TRI_CSC &&
         (unsigned)o->triangle <= TRI_UPPER;
}

static tri_sparse *sparse(size_t n_inputs, const tri_expr *inputs, size_t n_outputs,
                          const tri_sparse_options *options, enum sparse_way way) {
  struct memory memory;
  struct making m = {.options = options};
  tri_error error = {.status = TRI_OK};
  bool given = options && options->outputs && n_outputs && (inputs || !n_inputs);
  m.g = given ? options->outputs[0].graph : NULL;
  tri_status status = m.g && options_fit(options) ? TRI_OK : TRI_ARGUMENT;
  tri__memory_init(&memory, options ? options->allocator : NULL);
  if (!status && !(m.s = tri__new(&memory, 1, sizeof *m.s))) status = TRI_MEMORY;
  if (!status) {
    *m.s = (tri_sparse){.memory = memory, .way = way, .layout = options->layout};
    m.s->first = options->first;
    status = compile(&m, n_inputs, inputs, n_outputs, &error);
  }
  if (!status) status = find_pattern(&m, n_inputs, inputs, n_outputs);
  if (!status) status = take_sizes(&m);
  if (!status) status = plan(&m);
  if (m.place) tri__free(&m.s->memory, m.place, m.entries, sizeof *m.place);
  tri_pattern_free(m.pattern);
  if (!status) return m.s;
  tell(&m, status, &error);
  tri_sparse_free(m.s);
  return NULL;
}

tri_sparse *tri_jacobian_sparse_with(size_t n_inputs, const tri_expr *inputs, size_t n_outputs,
                                     const tri_sparse_options *options) {
  return sparse(n_inputs, inputs, n_outputs, options, SPARSE_COLUMNS);
}

tri_sparse *tri_hessian_sparse_with(size_t n_inputs, const tri_expr *inputs, size_t n_outputs,
                                    const tri_sparse_options *options) {
  return sparse(n_inputs, inputs, n_outputs, options, SPARSE_HESSIAN);
}

void tri_sparse_free(tri_sparse *s) {
  if (!s) return;
  struct memory memory = s->memory;
  tri_function_free(s->function);
  tri__free(&memory, s->row, s->row_size, sizeof *s->row);
  tri__free(&memory, s->column, s->column_size, sizeof *s->column);
  tri__free(&memory, s->seed, s->seeds, sizeof *s->seed);
  tri__free(&memory, s->start, s->elements + 1, sizeof *s->start);
  tri__free(&memory, s->read, s->entries, sizeof *s->read);
  tri__free(&memory, s->sizes, s->n_sizes, sizeof *s->sizes);
  tri__free(&memory, s, 1, sizeof *s);
}

size_t tri_sparse_rows(const tri_sparse *s) { return s->rows; }
size_t tri_sparse_columns(const tri_sparse *s) { return s->columns; }
size_t tri_sparse_entries(const tri_sparse *s) { return s->entries; }
const int32_t *tri_sparse_row(const tri_sparse *s) { return s->row; }
const int32_t *tri_sparse_column(const tri_sparse *s) { return s->column; }
size_t tri_sparse_colours(const tri_sparse *s) { return s->colours; }
const tri_function *tri_sparse_function(const tri_sparse *s) { return s->function; }
