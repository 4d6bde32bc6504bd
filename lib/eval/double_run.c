/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plans of scalars over doubles, and over dual numbers of doubles: the interpreter's work without its generality. */
#include <math.h>

#include "eval/run.h"

enum { STRIDE = 4096 }; /* steps between two looks at the interrupt */

/* Everything but the commonest arithmetic. */
static double run_row(const struct row *row, const struct instruction *s, double a, double b,
                      double c) {
  if (!row->total && !(s->flags & STEP_EXTENDED) && !row->defined(a, b, c)) return NAN;
  return row->kernel(a, b, c);
}

static inline double run_step(const struct row *row, const struct instruction *s, double a,
                              double b, double c) {
  switch (s->op) {
  case TRI_OP_add: return a + b;
  case TRI_OP_sub: return a - b;
  case TRI_OP_mul: return a * b;
  case TRI_OP_neg: return -a;
  case TRI_OP_square: return a * a;
  default: return run_row(row, s, a, b, c);
  }
}

/* Steps over values in slots, or each in its own place. Arguments that a step has not are value 0, which nobody looks at. */
static inline void run_range(const struct plan *p, double *x, uint32_t from, uint32_t to,
                             bool all) {
  const struct row *rows = p->programs->rows;
  const struct plan_value *values = p->values;
  for (const struct instruction *s = p->steps + from; s < p->steps + to; s++) {
#define PLACE(v) (all ? (v) : values[v].slot)
#define X(i) x[PLACE(s->arg[i])]
    double r;
    switch (s->op) {
    case TRI_OP_add: r = X(0) + X(1); break;
    case TRI_OP_sub: r = X(0) - X(1); break;
    case TRI_OP_mul: r = X(0) * X(1); break;
    case TRI_OP_square: r = X(0) * X(0); break;
    default: r = run_step(rows + s->op, s, X(0), X(1), X(2));
    }
    x[PLACE(s->result)] = r;
#undef X
#undef PLACE
  }
}

tri_status tri__run_doubles(struct run *r) {
  const struct plan *p = r->plan;
  double *x = r->store->data;
  for (uint32_t i = 0; i < p->step_count; i += STRIDE) {
    uint32_t end = p->step_count - i > STRIDE ? i + STRIDE : p->step_count;
    if (tri__interrupt(r)) return tri__call_error(r->call, TRI_INTERRUPTED, "interrupted");
    if (r->store->all)
      run_range(p, x, i, end, true);
    else
      run_range(p, x, i, end, false);
  }
  r->whole = true;
  return TRI_OK;
}

/* What a strong product with a partial is: 0 if the weight is, or if the partial is that of a choice and 0. */
static inline double product(const struct row *row, double weight, double partial) {
  return weight == 0.0 || (row->choice && partial == 0.0) ? 0.0 : weight * partial;
}

static bool differentiates(const struct row *row, uint32_t i) {
  return !(row->conditions >> i & 1) && row->sort != TRI_BOOLEAN;
}

/* --- dual numbers: a value and k tangents each */

static bool moves(const double *x, size_t k) {
  for (size_t d = 1; d <= k; d++)
    if (x[d] != 0.0) return true;
  return false;
}

static void dual_step(const struct row *row, const struct instruction *s, double *result,
                      const double *const *x, size_t k) {
  double a[ROW_MAX_ARITY] = {0.0}, partial[ROW_MAX_ARITY] = {0.0};
  bool moving[ROW_MAX_ARITY] = {false};
  for (uint32_t i = 0; i < s->nargs; i++) a[i] = x[i][0];
  double r = run_step(row, s, a[0], a[1], a[2]);
  for (uint32_t i = 0; i < s->nargs; i++) {
    moving[i] = differentiates(row, i) && moves(x[i], k);
    if (moving[i]) partial[i] = row->partial[i] ? row->dkernel[i](a[0], a[1], a[2], r) : NAN;
  }
  for (size_t d = 1; d <= k; d++) { /* the result may stand where an argument does */
    double sum = 0.0;
    for (uint32_t i = 0; i < s->nargs; i++)
      if (moving[i]) sum += product(row, x[i][d], partial[i]);
    result[d] = sum;
  }
  result[0] = r;
}

tri_status tri__run_double_duals(struct run *r) {
  const struct plan *p = r->plan;
  size_t k = r->numbers->directions;
  double *all = r->store->data;
  for (uint32_t i = 0; i < p->step_count; i++) {
    const struct instruction *s = p->steps + i;
    const double *x[ROW_MAX_ARITY];
    if (i % STRIDE == 0 && tri__interrupt(r))
      return tri__call_error(r->call, TRI_INTERRUPTED, "interrupted");
    for (uint32_t n = 0; n < s->nargs; n++) x[n] = all + (1 + k) * place_of(r, s->arg[n]);
    dual_step(p->programs->rows + s->op, s, all + (1 + k) * place_of(r, s->result), x, k);
  }
  r->whole = true;
  return TRI_OK;
}

/* --- the sweep */

static void sweep_row(const struct plan *p, const struct instruction *s, const double *x,
                      double *adjoints) {
  const struct row *row = p->programs->rows + s->op;
  double a[ROW_MAX_ARITY] = {0.0}, w = adjoints[s->result], r = x[s->result];
  for (uint32_t i = 0; i < s->nargs; i++) a[i] = x[s->arg[i]];
  for (uint32_t i = 0; i < s->nargs; i++) {
    if (!p->active[s->arg[i]] || !differentiates(row, i)) continue;
    double partial = row->partial[i] ? row->dkernel[i](a[0], a[1], a[2], r) : NAN;
    adjoints[s->arg[i]] += product(row, w, partial);
  }
}

/* The commonest arithmetic, whose partials are these in every table that has the rows' own kernels; w is no 0. What reaches a
 * constant is lost there. */
static inline bool sweep_plain(const struct instruction *s, const double *x, double *adjoints,
                               double w) {
  uint32_t a = s->arg[0], b = s->arg[1];
  switch (s->op) {
  case TRI_OP_add:
    adjoints[a] += w;
    adjoints[b] += w;
    return true;
  case TRI_OP_sub:
    adjoints[a] += w;
    adjoints[b] -= w;
    return true;
  case TRI_OP_mul:
    adjoints[a] += w * x[b];
    adjoints[b] += w * x[a];
    return true;
  case TRI_OP_neg: adjoints[a] -= w; return true;
  case TRI_OP_square: adjoints[a] += w * (2.0 * x[a]); return true;
  default: return false;
  }
}

static inline void sweep_range(const struct plan *p, const double *x, double *adjoints,
                               uint32_t from, uint32_t to) {
  bool plain = p->programs->rows == tri__rows;
  for (const struct instruction *s = p->steps + to; s-- > p->steps + from;) {
    double w = adjoints[s->result];
    if (!(s->flags & STEP_ACTIVE) || w == 0.0) continue;
    if (!plain || !sweep_plain(s, x, adjoints, w)) sweep_row(p, s, x, adjoints);
  }
}

tri_status tri__sweep_doubles(struct run *r, double *adjoints) {
  const struct plan *p = r->plan;
  for (uint32_t end = p->step_count; end > 0;) {
    uint32_t start = (end - 1) / STRIDE * STRIDE;
    sweep_range(p, r->store->data, adjoints, start, end);
    if (tri__interrupt(r)) return tri__call_error(r->call, TRI_INTERRUPTED, "interrupted");
    end = start;
  }
  return TRI_OK;
}

/* --- quick calls: of small functions, where looking at options would take longer than the work */

/* The level that a call works in, if nothing is to be made, shown or looked out for; else NULL. */
static struct level *quick_level(const tri_function *f, const tri_call *call) {
  const struct plan *p = f ? f->plan : NULL;
  tri_workspace *w = call ? call->workspace : NULL;
  if (!p || !w || w->function != f || !w->bound || call->trace || call->strict) return NULL;
  if (!p->scalar || p->rolled || p->size_count || p->step_count > STRIDE) return NULL;
  if (call->interrupt && *call->interrupt) return NULL;
  struct level *l = &w->level[LEVEL_BASE];
  return l->numbers.domain == &tri__double_domain && !l->numbers.by_template ? l : NULL;
}

static inline bool outputs_exist(const struct plan *p, const double *x, bool all) {
  bool exist = true;
  for (uint32_t i = 0; i < p->output_count; i++)
    exist &= !isnan(x[all ? p->outputs[i] : p->values[p->outputs[i]].slot]);
  return exist;
}

static void say_nothing(const tri_call *call) {
  if (!call->error) return;
  call->error->status = TRI_OK;
  call->error->line = call->error->column = call->error->node = 0;
  call->error->message[0] = '\0';
}

bool tri__quick_call(const tri_function *f, const tri_call *call, const double *inputs,
                     double *outputs) {
  struct level *l = quick_level(f, call);
  if (!l || !l->shared.data || !inputs || !outputs) return false;
  const struct plan *p = f->plan;
  double *x = l->shared.data;
  for (uint32_t i = 0; i < p->input_count; i++) x[p->values[i].slot] = inputs[i];
  run_range(p, x, 0, p->step_count, false);
  if (!outputs_exist(p, x, false)) return false;
  for (uint32_t i = 0; i < p->output_count; i++) outputs[i] = x[p->values[p->outputs[i]].slot];
  say_nothing(call);
  return true;
}

static bool adjoints_exist(const struct plan *p, const double *adjoints) {
  bool exist = true;
  for (uint32_t i = 0; i < p->input_count; i++) exist &= !isnan(adjoints[i]);
  return exist;
}

bool tri__quick_reverse(const tri_function *f, const tri_call *call, const double *inputs,
                        const double *weights, double *outputs, double *adjoints) {
  struct level *l = quick_level(f, call);
  if (!l || !l->all.data || !l->adjoints || !inputs || !adjoints) return false;
  const struct plan *p = f->plan;
  double *x = l->all.data, *sums = l->adjoints;
  for (uint32_t i = 0; i < p->input_count; i++) x[i] = inputs[i];
  run_range(p, x, 0, p->step_count, true);
  if (!outputs_exist(p, x, true)) return false;
  for (uint32_t i = 0; i < p->value_count; i++) sums[i] = 0.0;
  for (uint32_t i = 0; i < p->output_count; i++) sums[p->outputs[i]] += weights ? weights[i] : 1.0;
  sweep_range(p, x, sums, 0, p->step_count);
  if (!adjoints_exist(p, sums)) return false;
  for (uint32_t i = 0; i < p->input_count; i++) adjoints[i] = sums[i];
  for (uint32_t i = 0; outputs && i < p->output_count; i++) outputs[i] = x[p->outputs[i]];
  say_nothing(call);
  return true;
}
