/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of single rows: their texts agree with their kernels, their partials with differences of their values. */
#include "laws.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/exact.h"

const char *const law_names[LAWS] = {
#define LAW_NAME(law, name) [law] = name,
    LAW_LIST(LAW_NAME)
#undef LAW_NAME
};

#define CONTEXT_NAME(name, domain, bits, text) [name] = text,
const char *const context_names[CONTEXTS] = {TRIAL_LIST(CONTEXT_NAME)};
#undef CONTEXT_NAME

static const struct {
  tri_domain domain;
  uint32_t bits;
} contexts[CONTEXTS] = {
#define CONTEXT_ENTRY(name, domain, bits, text) [name] = {domain, bits},
    TRIAL_LIST(CONTEXT_ENTRY)
#undef CONTEXT_ENTRY
};

void trial_must(bool ok) {
  if (!ok) abort();
}

/* All that the row's texts are made of, and what laws use to combine rows. */
static void mark_needed(bool *needed, tri_op op) {
  for (int i = 0; i < TRI_OP_ROWS; i++) needed[i] = op == TRI_OP_ROWS || i == (int)op;
}

void trial_open(struct trial *t, const struct row *rows, tri_op op, uint64_t seed) {
  bool needed[TRI_OP_ROWS];
  *t = (struct trial){.rows = rows, .seed = seed};
  tri__memory_init(&t->memory, NULL);
  t->graph = tri__graph_new_rows(NULL, rows);
  trial_must(t->graph);
  mark_needed(needed, op);
  t->programs = tri__programs_new(t->graph, &t->memory, needed);
  trial_must(t->programs);
  for (int c = 0; c < CONTEXTS; c++)
    trial_must(tri__numbers_open(&t->in[c], contexts[c].domain, contexts[c].bits, 0, &t->memory,
                                 rows, t->programs));
}

void trial_close(struct trial *t) {
  for (int c = 0; c < CONTEXTS; c++) tri__numbers_close(&t->in[c]);
  tri__programs_free(t->programs, &t->memory);
  tri_graph_free(t->graph);
}

bool law_broken(struct trial *t, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(t->why, sizeof t->why, format, arguments);
  va_end(arguments);
  return false;
}

/* SplitMix64, by its constants. */
uint32_t trial_random(struct trial *t, uint32_t n) {
  uint64_t z = t->seed += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)((z ^ z >> 31) % n);
}

bool law_holds(struct trial *t, enum law law, tri_op op) {
  switch (law) {
  case LAW_TEMPLATES: return law_templates(t, op);
  case LAW_DIFFERENCES: return law_differences(t, op);
  case LAW_EXACT: return law_exact(t, op);
  case LAW_MODES: return law_modes(t, op);
  case LAW_EXACT_MODES: return law_exact_modes(t, op);
  case LAW_SERIES: return law_series(t, op);
  case LAW_DOMAINS: return law_domains(t, op);
  case LAW_EXTENDED: return law_extended(t, op);
  case LAW_ENCLOSURES: return law_enclosures(t, op);
  case LAW_FACTS: return law_facts(t, op);
  case LAW_ALIASES: return law_aliases(t, op);
  case LAW_IDENTITIES: return law_identities(t, op);
  default: return law_sure_modes(t, op);
  }
}

/* --- points */

/* Where laws look: both signs, near 0 and far out, inside and outside of [-1, 1], no two close together, and the places where rows
 * change: integers, 0. Conditions and orders take small integers. */
static const double points[] = {-30.2, -12.4, -2.7, -1.3,  -0.6, -0.02, 0.013, 0.35, 0.8, 1.55,
                                2.8,   12.9,  30.7, 700.3, -3.0, -1.0,  0.0,   1.0,  2.0, 5.0};
enum { POINTS = sizeof points / sizeof *points };
static const double whole[] = {0.0, 1.0, 2.0, 3.0};

/* Argument i takes values from one of two lists. */
static const double *list_of(const struct row *row, int i, size_t *size) {
  bool condition = row->conditions >> i & 1,
       order = !condition && !has_partial(row, i) && row->sort == TRI_REAL;
  *size = condition ? 2 : order ? 4 : POINTS;
  return condition || order ? whole : points;
}

bool trial_point(const struct row *row, size_t k, double x[ROW_MAX_ARITY]) {
  memset(x, 0, ROW_MAX_ARITY * sizeof *x);
  for (int i = 0; i < row->arity; i++) {
    size_t size;
    const double *list = list_of(row, i, &size);
    x[i] = list[k % size];
    k /= size;
  }
  return k == 0;
}

/* Prime to the length of the lists, so that all of their entries come. */
size_t trial_stride(const struct row *row) {
  static const size_t strides[ROW_MAX_ARITY] = {1, 7, 17};
  return strides[row->arity - 1];
}

static double kernel(const struct row *row, const double *x) {
  return row->kernel(x[0], x[1], x[2]);
}

/* --- template = C kernel */

static bool same(double a, double b) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  if (a == b) return true;
  return isfinite(a) && isfinite(b) && fabs(a - b) <= 4e-15 * fmax(fabs(a), fabs(b));
}

/* The text of a kind, run over doubles at x; r is the value there. */
static double run_text(struct trial *t, const struct template *text, const double *x, double r) {
  const void *const holes[HOLES] = {&x[0], &x[1], &x[2], &r};
  double result = NAN;
  tri__program_run(&t->in[IN_DOUBLE], text, &result, holes);
  return result;
}

static bool text_is_kernel(struct trial *t, tri_op op, int kind, const char *what, const double *x,
                           double from_c, double r) {
  const struct template *text = tri__template(t->graph, op, kind);
  if (!text) return true;
  double from_text = run_text(t, text, x, r);
  t->checks++;
  return same(from_text, from_c) ||
         law_broken(t, "%s of %s at (%.17g, %.17g, %.17g): text %.17g, kernel %.17g", what,
                    t->rows[op].name, x[0], x[1], x[2], from_text, from_c);
}

static bool templates_at(struct trial *t, tri_op op, const double *x) {
  const struct row *row = t->rows + op;
  double r = kernel(row, x);
  if (!text_is_kernel(t, op, TEMPLATE_DOMAIN, "domain", x, defined(row, x), r)) return false;
  if (!defined(row, x)) return true;
  if (!text_is_kernel(t, op, TEMPLATE_KINK, "kink", x, at_kink(row, x), r)) return false;
  if (!text_is_kernel(t, op, TEMPLATE_VALUE, "value", x, r, r)) return false;
  for (int i = 0; i < row->arity; i++)
    if (has_partial(row, i) && !text_is_kernel(t, op, TEMPLATE_PARTIAL + i, "partial", x,
                                               row->dkernel[i](x[0], x[1], x[2], r), r))
      return false;
  return true;
}

bool law_templates(struct trial *t, tri_op op) {
  double x[ROW_MAX_ARITY];
  for (size_t k = 0; trial_point(t->rows + op, k, x); k++)
    if (!templates_at(t, op, x)) return false;
  return true;
}

/* --- partial = Richardson difference */

/* Central differences with steps h, h/2, … extrapolated (Richardson; stopping as Ridders 1982 does). The best estimate into *d, its
 * error into *error; false where the value does not exist on both sides. */
static bool difference(const struct row *row, int i, const double *at, double h, double *d,
                       double *error) {
  enum { LEVELS_OF_H = 7 };
  double table[LEVELS_OF_H] = {0.0}, x[ROW_MAX_ARITY];
  memcpy(x, at, sizeof x);
  *error = INFINITY;
  for (int level = 0; level < LEVELS_OF_H; level++, h /= 2.0) {
    double up = at[i] + h, down = at[i] - h, above, below, factor = 4.0, previous = table[0];
    x[i] = up;
    if (!defined(row, x)) return false;
    above = kernel(row, x);
    x[i] = down;
    if (!defined(row, x)) return false;
    below = kernel(row, x);
    table[0] = (above - below) / (up - down);
    double noise = (4e-16 * fmax(fabs(above), fabs(below)) + 1e-322) / h;
    for (int k = 1; k <= level; k++, factor *= 4.0) {
      double before = table[k];
      table[k] = table[k - 1] + (table[k - 1] - previous) / (factor - 1.0);
      double worst = fmax(fabs(table[k] - table[k - 1]), fabs(table[k] - previous)) + noise;
      if (worst <= *error) *error = worst, *d = table[k];
      previous = before;
    }
  }
  return isfinite(*error);
}

static bool difference_at(struct trial *t, tri_op op, int i, const double *x) {
  const struct row *row = t->rows + op;
  double h = fmin(fabs(x[i]), 1.0) / 16.0, d = 0.0, error;
  if (h == 0.0 || !defined(row, x) || at_kink(row, x) || !difference(row, i, x, h, &d, &error))
    return true;
  double partial = row->dkernel[i](x[0], x[1], x[2], kernel(row, x));
  if (error > 1e-5 * fabs(d) && error > 1e-9) return true; /* differences say nothing here */
  t->checks++;
  return fabs(partial - d) <= 10.0 * error + 1e-13 * fabs(d) ||
         law_broken(
             t, "partial %d of %s at (%.17g, %.17g, %.17g): %.17g, by differences %.17g +- %.2g",
             i + 1, row->name, x[0], x[1], x[2], partial, d, error);
}

bool law_differences(struct trial *t, tri_op op) {
  const struct row *row = t->rows + op;
  double x[ROW_MAX_ARITY];
  for (size_t k = 0; trial_point(row, k, x); k++)
    for (int i = 0; i < row->arity; i++)
      if (has_partial(row, i) && !difference_at(t, op, i, x)) return false;
  return true;
}

/* --- partial = exact difference of rationals */

/* Rational numbers for one point of a row: arguments, those beside them, values, the partial and what is compared. */
struct exact_point {
  struct numbers *n;
  void *x[ROW_MAX_ARITY], *beside, *up, *down, *value, *partial, *step, *room;
};

static void apply(struct exact_point *p, tri_op op, void *to, const void *a, const void *b) {
  p->n->domain->apply(p->n, op, APPLY_STRICT, to, (const void *const[]){a, b});
}

static bool value_beside(struct exact_point *p, tri_op op, int i, tri_op direction, void *to) {
  const void *arguments[ROW_MAX_ARITY] = {p->x[0], p->x[1], p->x[2]};
  apply(p, direction, p->beside, p->x[i], p->step);
  arguments[i] = p->beside;
  p->n->domain->apply(p->n, op, APPLY_STRICT, to, arguments);
  return p->n->domain->state(p->n, to) == NUMBER_VALUE;
}

static double as_double(struct exact_point *p, const void *x) {
  return p->n->domain->to_double(p->n, x);
}

/* (f(x + h) - f(x - h)) / 2h - f'(x) is of the order of h^2 with h = 10^-30. */
static bool exact_at(struct trial *t, struct exact_point *p, tri_op op, int i) {
  const struct domain *domain = p->n->domain;
  const void *const arguments[] = {p->x[0], p->x[1], p->x[2]};
  domain->apply(p->n, op, APPLY_STRICT, p->value, arguments);
  if (domain->state(p->n, p->value) || domain->kink(p->n, op, arguments)) return true;
  domain->partial(p->n, op, i, p->partial, arguments, p->value);
  if (!value_beside(p, op, i, TRI_OP_add, p->up) || !value_beside(p, op, i, TRI_OP_sub, p->down))
    return true;
  if (domain->state(p->n, p->partial) == NUMBER_INEXACT) return true;
  if (domain->state(p->n, p->partial))
    return law_broken(t, "partial %d of %s has no exact value at %g", i + 1, t->rows[op].name,
                      as_double(p, p->x[i]));
  apply(p, TRI_OP_sub, p->up, p->up, p->down);
  apply(p, TRI_OP_div, p->up, p->up, p->step);
  apply(p, TRI_OP_sub, p->up, p->up, p->partial);
  apply(p, TRI_OP_sub, p->up, p->up, p->partial);
  t->checks++;
  return fabs(as_double(p, p->up)) <= 1e-25 ||
         law_broken(t, "partial %d of %s at (%g, %g, %g) is %g, off by %g", i + 1, t->rows[op].name,
                    as_double(p, p->x[0]), as_double(p, p->x[1]), as_double(p, p->x[2]),
                    as_double(p, p->partial), as_double(p, p->up) / 2.0);
}

enum { EXACT_NUMBERS = ROW_MAX_ARITY + 7 };

static void place_numbers(struct exact_point *p, void *numbers) {
  void **all[] = {&p->x[0], &p->x[1],  &p->x[2],    &p->beside, &p->up,
                  &p->down, &p->value, &p->partial, &p->step,   &p->room};
  for (size_t i = 0; i < EXACT_NUMBERS; i++) *all[i] = number_at(p->n, numbers, i);
}

/* Thirds of the points: not dyadic, so nothing is exact by luck; whole ones stay. */
static void exact_arguments(struct exact_point *p, const double *x) {
  for (int i = 0; i < ROW_MAX_ARITY; i++) {
    p->n->domain->set_double(p->n, p->x[i], x[i] == floor(x[i]) ? x[i] : floor(x[i] * 30.0));
    p->n->domain->set_double(p->n, p->room, 30.0);
    if (x[i] != floor(x[i])) apply(p, TRI_OP_div, p->x[i], p->x[i], p->room);
  }
}

static bool exact_points(struct trial *t, struct exact_point *p, tri_op op) {
  const struct row *row = t->rows + op;
  double x[ROW_MAX_ARITY];
  for (size_t k = 0; trial_point(row, k, x); k++) {
    if (fabs(x[0]) > 100.0 || fabs(x[1]) > 100.0)
      continue; /* 10^-30 is not small beside such powers */
    exact_arguments(p, x);
    for (int i = 0; i < row->arity; i++)
      if (has_partial(row, i) && !exact_at(t, p, op, i)) return false;
  }
  return true;
}

bool law_exact(struct trial *t, tri_op op) {
  struct exact_point p = {.n = &t->in[IN_RATIONAL]};
  mpq_t h;
  if (!t->rows[op].exact) return true;
  void *numbers = tri__numbers_new(p.n, EXACT_NUMBERS);
  trial_must(numbers);
  place_numbers(&p, numbers);
  mpq_init(h);
  mpz_ui_pow_ui(mpq_denref(h), 10, 30);
  mpz_set_ui(mpq_numref(h), 1);
  p.n->domain->set_rational(p.n, p.step, h);
  mpq_clear(h);
  bool holds = exact_points(t, &p, op);
  tri__numbers_delete(p.n, numbers, EXACT_NUMBERS);
  return holds;
}
