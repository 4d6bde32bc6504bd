/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reductions over the last dimension in array programs: the logarithm of the sum of exp, by the
 * lanes' exp and log for many elements at once, and the place of the first maximum. Values are
 * those of last_run.c but for rounding. */
#include <math.h>
#include <stdalign.h>
#include <string.h>

#include "eval/array_program.h"

enum { ROWS = LANE_BLOCK, TERMS = 8 * LANE_BLOCK };

struct last {
  const struct array_run *run;
  const char *from;
  char *to;
  size_t rows, n; /* n elements of each */
};

/* --- numbers of floats or doubles */

/* NaN where an element is. */
#define LARGEST(type)                                                                              \
  {                                                                                                \
    const type *x = (const type *)(const void *)from;                                              \
    type most = x[0];                                                                              \
    for (size_t i = 1; i < n; i++) most = x[i] > most || x[i] != x[i] ? x[i] : most;               \
    return (double)most;                                                                           \
  }
static double largest(bool floats, const char *from, size_t n) {
  if (floats) LARGEST(float)
  LARGEST(double)
}

#define LESS(type)                                                                                 \
  for (size_t i = 0; i < n; i++) ((type *)to)[i] = ((const type *)(const void *)from)[i] - (type)c;
static void less(bool floats, const char *from, size_t n, double c, void *to) {
  if (floats) {
    LESS(float)
  } else {
    LESS(double)
  }
}

/* --- lse */

/* Room for terms exp(x - c), and for the logarithms of their sums. */
struct terms {
  alignas(LANE_ALIGNMENT) double term[TERMS + LANE_BLOCK], sum[ROWS];
  double shift[ROWS], total[ROWS];
};

static void exp_of(const struct array_program *p, size_t count, char *terms) {
  char *end = terms + count * p->size;
  memset(end, 0, LANE_BLOCK * p->size);
  for (; terms < end; terms += LANE_BLOCK * p->size)
    p->kernels->extended[TRI_OP_exp](terms, terms, terms, terms);
}

/* Rows first … first + count - 1, of few elements, all at once. */
static void add_short(const struct last *l, struct terms *t, size_t first, size_t count) {
  const struct array_program *p = l->run->program;
  bool floats = p->domain == TRI_FLOAT;
  char *term = (char *)t->term;
  for (size_t i = 0; i < count; i++) {
    const char *row = l->from + (first + i) * l->n * p->size;
    t->shift[i] = largest(floats, row, l->n);
    less(floats, row, l->n, t->shift[i], term + i * l->n * p->size);
  }
  exp_of(p, count * l->n, term);
  for (size_t i = 0; i < count; i++)
    t->total[i] = p->kernels->sum(term + i * l->n * p->size, (int)l->n);
}

/* One row piece by piece. */
static void add_long(const struct last *l, struct terms *t, size_t first) {
  const struct array_program *p = l->run->program;
  bool floats = p->domain == TRI_FLOAT;
  const char *row = l->from + first * l->n * p->size;
  t->shift[0] = largest(floats, row, l->n);
  t->total[0] = 0.0;
  for (size_t i = 0; i < l->n; i += TERMS) {
    size_t count = l->n - i < TERMS ? l->n - i : TERMS;
    less(floats, row + i * p->size, count, t->shift[0], t->term);
    exp_of(p, count, (char *)t->term);
    t->total[0] += p->kernels->sum(t->term, (int)count);
  }
}

static void put_logarithms(const struct last *l, struct terms *t, size_t first, size_t count) {
  const struct array_program *p = l->run->program;
  for (size_t i = 0; i < ROWS; i++) set_number(p, t->sum, i, i < count ? t->total[i] : 1.0);
  p->kernels->extended[TRI_OP_log](t->sum, t->sum, t->sum, t->sum);
  for (size_t i = 0; i < count; i++) {
    double c = t->shift[i];
    double value = isinf(c) ? (c > 0.0 ? c : (double)NAN) : c + get_number(p, t->sum, i);
    set_number(p, l->to, first + i, value);
  }
}

/* Rows that are done at once. */
static size_t rows_of(const struct last *l) {
  size_t rows = l->n ? TERMS / l->n : ROWS;
  return rows < 1 ? 1 : rows > ROWS ? ROWS : rows;
}

static void lse_part(void *data, size_t part, size_t worker) {
  const struct last *l = data;
  struct terms t;
  t.total[0] = t.shift[0] = 0.0;
  size_t first = part * rows_of(l), count = l->rows - first;
  (void)worker;
  if (count > rows_of(l)) count = rows_of(l);
  if (l->n > TERMS)
    add_long(l, &t, first);
  else
    add_short(l, &t, first, count);
  put_logarithms(l, &t, first, count);
}

static struct last last_of(const struct array_run *r, const struct array_node *n, char *to) {
  const struct view *x = &n->args[0];
  return (struct last){r, view_data(r, x), to, n->count, x->size[x->rank - 1]};
}

void tri__array_lse(const struct array_run *r, const struct array_node *n, char *to) {
  struct last l = last_of(r, n, to);
  for (size_t i = 0; i < l.rows && !l.n; i++) set_number(r->program, to, i, NAN);
  if (!l.rows || !l.n) return;
  struct pool_parts work = {.work = lse_part, .data = &l};
  work.parts = (l.rows + rows_of(&l) - 1) / rows_of(&l);
  work.cost = (double)l.rows * (double)l.n;
  tri__pool_parts(r->pool, &work);
}

/* --- argmax */

void tri__array_argmax(const struct array_run *r, const struct array_node *n, char *to) {
  struct last l = last_of(r, n, to);
  for (size_t row = 0; row < l.rows; row++) {
    size_t best = row * l.n, first = best;
    bool none = l.n == 0;
    for (size_t i = first; i < first + l.n; i++) {
      double x = get_number(r->program, l.from, i);
      none |= x != x;
      if (x > get_number(r->program, l.from, best)) best = i;
    }
    set_number(r->program, to, row, none ? (double)NAN : (double)(best - first));
  }
}
