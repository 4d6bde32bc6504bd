/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Values and derivatives of a row against balls. */
#include <math.h>
#include <stdlib.h>
#include <triad/mp.h>

#include "accuracy.h"

const struct format formats[FORMATS] = {{"double", TRI_DOUBLE, 53, 1024, -1074},
                                        {"float", TRI_FLOAT, 24, 128, -149}};

/* Balls of these precisions, until one is narrow. */
static const uint32_t precisions[TRUTHS] = {96, 224, 640, 1600, 4800};
enum { CERTAIN = 60 }; /* bits of a narrow ball: a hundredth of an ulp and less */

static void must(bool ok) {
  if (!ok) abort();
}

/* --- functions */

static void runner_open(struct runner *r, const struct subject *s, size_t n, const tri_expr *e,
                        tri_domain domain, uint32_t precision) {
  r->function = tri_compile(s->row->arity, s->x, n, e, .domain = domain, .precision = precision,
                            .primals = 1);
  r->workspace = tri_workspace_new(r->function);
  must(r->function && r->workspace);
}

static void runner_close(struct runner *r) {
  tri_workspace_free(r->workspace);
  tri_function_free(r->function);
}

static void truth_open(struct truth *t, const struct subject *s, size_t n, const tri_expr *e,
                       uint32_t precision) {
  const tri_number_options ball = {.domain = TRI_BALL, .precision = precision};
  runner_open(&t->runner, s, n, e, TRI_BALL, precision);
  t->in = tri_values_new(&ball, s->row->arity);
  t->out = tri_values_new(&ball, n);
  must(t->in && t->out);
}

static void truth_close(struct truth *t) {
  runner_close(&t->runner);
  tri_values_free(t->in);
  tri_values_free(t->out);
}

/* Outputs without a value say so themselves. */
static void truth_run(struct truth *t, const double *x) {
  const tri_call call = {.workspace = t->runner.workspace};
  for (size_t i = 0; i < tri_values_count(t->in); i++) tri_values_set_double(t->in, i, x[i]);
  must(tri_function_call_values(t->runner.function, &call, t->in, t->out) != TRI_MEMORY);
}

static enum number_state truth_state(const struct truth *t, size_t i) {
  tri_value v = tri_values_get(t->out, i);
  const struct numbers *n = v.numbers;
  return n->domain->state(n, v.at);
}

static arb_srcptr truth_ball(const struct truth *t, size_t i) {
  return tri__ball(tri_values_get(t->out, i).at);
}

/* --- subjects */

/* Every derivative of order + 1 by an input that is not before the last one. */
static void derive(struct subject *s, size_t first, size_t end) {
  for (size_t k = first; k < end; k++) {
    const struct derivative *from = s->d + k;
    for (int i = from->order ? from->by[from->order - 1] : 0; i < s->row->arity; i++) {
      if (!s->row->partial[i]) continue;
      must(s->count < MAX_DERIVATIVES);
      struct derivative *d = s->d + s->count++;
      *d = (struct derivative){.e = tri_diff(from->e, s->x[i]), .order = from->order + 1};
      for (int j = 0; j < from->order; j++) d->by[j] = from->by[j];
      d->by[from->order] = (uint8_t)i;
      must(tri_expr_status(d->e) == TRI_OK);
    }
  }
}

static void write_row(struct subject *s) {
  tri_expr arguments[ROW_MAX_ARITY];
  for (int i = 0; i < s->row->arity; i++) {
    s->x[i] = tri_variable(s->graph, (const char *[]){"x", "y", "z"}[i]);
    bool condition = s->row->conditions >> i & 1;
    arguments[i] = condition ? tri_gt(s->x[i], tri_integer(s->graph, 0)) : s->x[i];
  }
  s->d[s->count++] = (struct derivative){.e = tri_apply(s->op, s->row->arity, arguments)};
}

static void compile(struct subject *s) {
  tri_expr all[MAX_DERIVATIVES];
  for (size_t k = 0; k < s->count; k++) all[k] = s->d[k].e;
  for (int f = 0; f < FORMATS; f++) {
    runner_open(&s->all[f], s, s->count, all, formats[f].domain, 0);
    runner_open(&s->value[f], s, 1, all, formats[f].domain, 0);
  }
  for (int t = 0; t < TRUTHS; t++) truth_open(&s->truths[t], s, s->count, all, precisions[t]);
}

void subject_open(struct subject *s, tri_op op) {
  *s = (struct subject){.op = op, .row = tri__rows + op, .graph = tri_graph_new(NULL)};
  must(s->graph);
  write_row(s);
  for (size_t order = 0, first = 0; order + 1 < ORDERS; order++) {
    size_t end = s->count;
    derive(s, first, end);
    first = end;
  }
  compile(s);
}

void subject_close(struct subject *s) {
  for (int f = 0; f < FORMATS; f++) {
    runner_close(&s->all[f]);
    runner_close(&s->value[f]);
  }
  for (int t = 0; t < TRUTHS; t++) {
    truth_close(&s->truths[t]);
    for (size_t k = 0; k < s->count; k++)
      if (s->d[k].slopes[t].in) truth_close(&s->d[k].slopes[t]);
  }
  tri_graph_free(s->graph);
}

/* --- errors */

/* Whether the ball says what is asked: exact infinities do; 0 and what is far below all formats is told by its radius alone. */
static bool narrow(arb_srcptr t) {
  if (!arb_is_finite(t)) return mag_is_zero(arb_radref(t)) != 0;
  return arb_rel_accuracy_bits(t) >= CERTAIN || mag_cmp_2exp_si(arb_radref(t), -1100) < 0;
}

/* 2^exponent of the spacing of a format's numbers about t; the spacing if there were no least exponent into *relative. */
static slong spacing(const struct format *f, const arf_t t, slong *relative) {
  slong e = arf_is_zero(t) ? f->least : arf_abs_bound_lt_2exp_si(t);
  *relative = e - f->precision;
  return *relative < f->least ? f->least : *relative;
}

/* |y - t|, where infinity counts as the first number beyond the format and nothing is further out, in units of 2^unit. */
static double distance(const struct format *f, const arf_t t, double y, slong unit) {
  arf_t limit, a, b;
  arf_init(limit), arf_init(a), arf_init(b);
  arf_set(a, t);
  arf_set_d(b, y);
  arf_one(limit);
  arf_mul_2exp_si(limit, limit, f->exponent);
  if (arf_cmpabs(a, limit) > 0) arf_sgn(a) < 0 ? arf_neg(a, limit) : arf_set(a, limit);
  if (arf_is_inf(b)) arf_sgn(b) < 0 ? arf_neg(b, limit) : arf_set(b, limit);
  arf_sub(a, a, b, 64, ARF_RND_NEAR);
  arf_mul_2exp_si(a, a, -unit);
  double apart = fabs(arf_get_d(a, ARF_RND_NEAR));
  arf_clear(limit), arf_clear(a), arf_clear(b);
  return apart;
}

struct error {
  double ulps; /* INFINITY: no value where there is one, or not the infinity that there is */
  bool subnormal;
};

static struct error error_of(const struct format *f, arb_srcptr truth, double y) {
  const arf_struct *t = arb_midref(truth);
  struct error e = {INFINITY, false};
  if (isnan(y)) return e;
  if (arf_is_inf(t)) {
    if (isinf(y) && (y > 0.0) == (arf_sgn(t) > 0)) e.ulps = 0.0;
    return e;
  }
  slong relative, unit = spacing(f, t, &relative);
  if (arf_cmpabs_2exp_si(t, f->exponent) > 0) unit = f->exponent - f->precision;
  e.subnormal = relative < f->least;
  e.ulps = distance(f, t, y, unit);
  return e;
}

/* --- condition numbers: the sum over the inputs x of |x p' / p| */

static double ratio(arb_srcptr slope, arb_srcptr p, double x) {
  arf_t q;
  arf_init(q);
  arf_set_d(q, x);
  arf_mul(q, q, arb_midref(slope), 64, ARF_RND_NEAR);
  arf_div(q, q, arb_midref(p), 64, ARF_RND_NEAR);
  double size = fabs(arf_get_d(q, ARF_RND_NEAR));
  arf_clear(q);
  return isnan(size) ? 0.0 : size;
}

static void open_slopes(struct subject *s, struct derivative *d, int t) {
  tri_expr all[ROW_MAX_ARITY];
  for (int i = 0; i < s->row->arity; i++)
    all[i] = s->row->partial[i] ? tri_diff(d->e, s->x[i]) : tri_integer(s->graph, 0);
  truth_open(&d->slopes[t], s, s->row->arity, all, precisions[t]);
}

/* Whether all slopes are known to a few bits, which is enough here. */
static bool slopes_known(const struct subject *s, const struct truth *t) {
  for (size_t i = 0; i < s->row->arity; i++)
    if (truth_state(t, i) || (arb_rel_accuracy_bits(truth_ball(t, i)) < 10 &&
                              mag_cmp_2exp_si(arb_radref(truth_ball(t, i)), -1100) >= 0))
      return false;
  return true;
}

/* 0 where it cannot be told, which is the strict side. */
static double condition(struct subject *s, struct derivative *d, arb_srcptr p, const double *x) {
  for (int t = 1; t < TRUTHS - 1; t++) {
    if (!d->slopes[t].in) open_slopes(s, d, t);
    truth_run(&d->slopes[t], x);
    if (!slopes_known(s, &d->slopes[t])) continue;
    double sum = 0.0;
    for (size_t i = 0; i < s->row->arity; i++)
      sum += ratio(truth_ball(&d->slopes[t], i), p, x[i]);
    return sum;
  }
  return 0.0;
}

/* --- one point */

/* What the modes give for the derivatives, by their places in s->d; NaN where a mode is silent is marked by no comparison. */
struct modes {
  double symbolic[MAX_DERIVATIVES], value, gradient[ROW_MAX_ARITY],
      hessian[ROW_MAX_ARITY * ROW_MAX_ARITY];
};

static bool has_derivatives(const struct subject *s) {
  for (int i = 0; i < s->row->arity; i++)
    if (s->row->partial[i]) return true;
  return false;
}

static void run_modes(struct subject *s, int format, const double *x, struct modes *m) {
  tri_call call = {.workspace = s->all[format].workspace};
  must(tri_function_call(s->all[format].function, &call, x, m->symbolic) != TRI_MEMORY);
  if (!has_derivatives(s)) return;
  call.workspace = s->value[format].workspace;
  must(tri_function_hessian(s->value[format].function, &call, x, NULL, &m->value, m->gradient,
                            m->hessian) != TRI_MEMORY);
  must(tri_function_reverse(s->value[format].function, &call, x, NULL, &m->value, m->gradient) !=
       TRI_MEMORY);
}

static void record(struct worst *w, double ulps, const double *x, const char *mode,
                   struct derivative *of) {
  *w = (struct worst){.ulps = ulps, .mode = mode, .of = of};
  for (int i = 0; i < ROW_MAX_ARITY; i++) w->x[i] = x[i];
}

/* A condition number costs more than all else, so it is asked for only where an error would be the worst without it. */
static void compare(struct subject *s, int format, const double *x, struct derivative *d,
                    arb_srcptr truth, const char *mode, double y, struct result *result) {
  struct error e = error_of(formats + format, truth, y);
  struct worst *w = e.subnormal ? &result->subnormal : &result->normal[d->order];
  result->comparisons++;
  if (e.ulps <= w->ulps) return;
  if (d->order && !e.subnormal && isfinite(e.ulps)) e.ulps /= 1.0 + condition(s, d, truth, x);
  if (e.ulps > w->ulps) record(w, e.ulps, x, mode, d);
}

/* What the Hessian run does where an input has no derivative is not asked. */
static void compare_modes(struct subject *s, int format, const double *x, size_t k,
                          const struct modes *m, arb_srcptr truth, struct result *result) {
  struct derivative *d = s->d + k;
  bool all = true;
  for (int i = 0; i < s->row->arity; i++) all &= s->row->partial[i] != NULL;
  compare(s, format, x, d, truth, "symbolic", m->symbolic[k], result);
  if (!all) return;
  if (d->order == 1) compare(s, format, x, d, truth, "reverse", m->gradient[d->by[0]], result);
  if (d->order == 2)
    compare(s, format, x, d, truth, "nested dual", m->hessian[d->by[0] * s->row->arity + d->by[1]],
            result);
}

/* The ball of derivative k, narrow; NULL where there is no value, or none could be told. */
static arb_srcptr truth_of(struct subject *s, size_t k, const double *x, int *level,
                           enum number_state *state) {
  for (int t = 0; t < TRUTHS; t++) {
    if (*level < t) truth_run(&s->truths[t], x), *level = t;
    *state = truth_state(&s->truths[t], k);
    if (*state == NUMBER_NONE) return NULL;
    if (*state == NUMBER_VALUE && narrow(truth_ball(&s->truths[t], k)))
      return truth_ball(&s->truths[t], k);
  }
  *state = NUMBER_UNDECIDED;
  return NULL;
}

void subject_measure(struct subject *s, int format, const double *x, struct result *result) {
  struct modes m;
  double at[ROW_MAX_ARITY] = {0.0};
  int level = -1;
  for (int i = 0; i < s->row->arity; i++) at[i] = x[i];
  for (int i = 0; i < s->row->arity; i++)
    if (s->row->conditions >> i & 1) at[i] = x[i] > 0.0;
  if (!s->row->defined(at[0], at[1], at[2])) return;
  run_modes(s, format, x, &m);
  result->points++;
  for (size_t k = 0; k < s->count; k++) {
    enum number_state state;
    arb_srcptr truth = truth_of(s, k, x, &level, &state);
    if (truth)
      compare_modes(s, format, x, k, &m, truth, result);
    else
      result->undecided += state == NUMBER_UNDECIDED;
  }
}
