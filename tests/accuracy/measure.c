/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Values and derivatives of a row against balls. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <triad/mp.h>

#include "accuracy.h"

const double goals[ORDERS] = {1.0, 4.0, 16.0, 16.0};
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

/* |y - t|, where infinity counts as the first number beyond the format and nothing is further out, in units of 2^unit; finite. */
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
  return fmin(apart, DBL_MAX);
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

/* --- condition: how much the truth p moves, |x p'| summed over the inputs x */

/* |x slope| / 2^unit. */
static double movement(arb_srcptr slope, double x, slong unit) {
  arf_t q;
  arf_init(q);
  arf_set_d(q, x);
  arf_mul(q, q, arb_midref(slope), 64, ARF_RND_NEAR);
  arf_mul_2exp_si(q, q, -unit);
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

/* In units of 2^unit. 0 where it cannot be told, which is the strict side. */
static double condition(struct subject *s, struct derivative *d, const double *x, slong unit) {
  for (int t = 1; t < TRUTHS - 1; t++) {
    if (!d->slopes[t].in) open_slopes(s, d, t);
    truth_run(&d->slopes[t], x);
    if (!slopes_known(s, &d->slopes[t])) continue;
    double sum = 0.0;
    for (size_t i = 0; i < s->row->arity; i++)
      sum += movement(truth_ball(&d->slopes[t], i), x[i], unit);
    return sum;
  }
  return 0.0;
}

/* --- one point */

/* What the modes give. */
struct modes {
  bool has_hessian; /* else one of its entries does not exist, and then the others are not made */
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
  m->has_hessian = false;
  if (!has_derivatives(s)) return;
  call.workspace = s->value[format].workspace;
  m->has_hessian = tri_function_hessian(s->value[format].function, &call, x, NULL, &m->value,
                                        m->gradient, m->hessian) == TRI_OK;
  must(tri_function_reverse(s->value[format].function, &call, x, NULL, &m->value, m->gradient) !=
       TRI_MEMORY);
}

/* The error over 1 + condition number: in ulps as if there were no smallest number, and where the truth is 0, whose ulps are nothing, in
 * those of what it moves by. */
static double conditioned(struct subject *s, int format, const double *x, struct derivative *d,
                          arb_srcptr truth, double y) {
  const arf_struct *t = arb_midref(truth);
  bool zero = arb_contains_zero(truth) != 0;
  slong above = zero ? 0 : arf_abs_bound_lt_2exp_si(t);
  arf_t scaled;
  arf_init(scaled);
  arf_mul_2exp_si(scaled, t, -above);
  double size = zero ? 0.0 : fabs(arf_get_d(scaled, ARF_RND_NEAR)); /* from 1/2 to 1, or 0 */
  arf_clear(scaled);
  double apart = distance(formats + format, t, y, above - formats[format].precision);
  return apart * (size > 0.0 ? size : 1.0) / (size + condition(s, d, x, above));
}

/* Higher derivatives that are too large for the format may come out as the difference of what is infinite. */
static bool too_large(const struct format *f, const struct derivative *d, arb_srcptr truth,
                      double y) {
  return d->order > 1 && isnan(y) && arf_cmpabs_2exp_si(arb_midref(truth), f->exponent) >= 0;
}

/* A condition number costs more than all else, so it is asked for only where an error would be the worst without it. */
static void compare(struct subject *s, int format, const double *x, struct derivative *d,
                    arb_srcptr truth, const char *mode, double y, struct result *result) {
  struct error e = error_of(formats + format, truth, y);
  struct worst *w = e.subnormal ? &result->subnormal : &result->normal[d->order];
  double ulps = e.ulps;
  result->comparisons++;
  if (ulps <= w->ulps || too_large(formats + format, d, truth, y)) return;
  bool ask = d->order && isfinite(ulps) && !(e.subnormal && ulps <= SUBNORMAL_GOAL);
  double relative = ask ? conditioned(s, format, x, d, truth, y) : ulps;
  if (ask && e.subnormal && relative <= goals[d->order]) return;
  if (!e.subnormal) ulps = relative;
  if (!(ulps > w->ulps)) return;
  *w = (struct worst){.ulps = ulps, .mode = mode, .order = d->order, .y = y};
  w->truth = arf_get_d(arb_midref(truth), ARF_RND_NEAR);
  for (int i = 0; i < s->row->arity; i++) w->x[i] = x[i];
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
  if (d->order == 2 && m->has_hessian)
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

/* --- what is left out
 *
 * A derivative is a formula in the values of rows. Where one of these values is so small or large that it is no normal number, its
 * digits are lost, and no order of the operations keeps them everywhere: with a far below 1, b*a^(b-1) is right or a^(b-1)*b is. */

enum { ARGUMENTS_NORMAL = 1, VALUE_NORMAL = 2, ALL_MODERATE = 4, EXPONENT_WHOLE = 8 };
static const struct {
  tri_op op;
  int from; /* order */
  unsigned where;
} limits[] = {
    {TRI_OP_div, 1, ARGUMENTS_NORMAL}, /* a/b loses its digits before it is divided by b again */
    /* a^(b-1) before it is multiplied by b; and where b - 1 is rounded to b it has the wrong sign for a below 0 */
    {TRI_OP_pow, 1, ALL_MODERATE | EXPONENT_WHOLE},
    {TRI_OP_atan2, 1, ARGUMENTS_NORMAL}, /* a/h, h the hypotenuse, before it is divided by h */
    {TRI_OP_unit, 1, ARGUMENTS_NORMAL},
    {TRI_OP_atan2, 2, ALL_MODERATE},
    {TRI_OP_hypot, 2, ALL_MODERATE},
    {TRI_OP_unit, 2, ALL_MODERATE},
    {TRI_OP_gaussian, 1, VALUE_NORMAL}, /* e^(-a^2) before it is multiplied by a */
    {TRI_OP_gamma, 1,
     VALUE_NORMAL}, /* beside poles beyond -170 the value is 0 and its slope is not */
};
enum { LIMITS = sizeof limits / sizeof *limits };

/* Neither so small that digits are missing nor so large that a hypotenuse may overflow. */
static bool is_normal(const struct format *f, double x) {
  return x == 0.0 || (fabs(x) >= ldexp(1.0, f->least + f->precision - 1) &&
                      fabs(x) < ldexp(1.0, f->exponent - 1));
}

static bool is_moderate(const struct format *f, double x) {
  double most = ldexp(1.0, f->exponent / 4);
  return x == 0.0 || (fabs(x) >= 1.0 / most && fabs(x) <= most);
}

static bool fits(const struct format *f, unsigned where, int arity, const double *x, double value) {
  bool vanished = value == 0.0 && x[0] != 0.0 && x[arity - 1] != 0.0;
  if (where & VALUE_NORMAL && (vanished || !is_normal(f, value))) return false;
  if (where & ALL_MODERATE && vanished) return false;
  if (where & ALL_MODERATE && !is_moderate(f, value)) return false;
  if (where & EXPONENT_WHOLE && fabs(x[1]) >= ldexp(1.0, f->precision)) return false;
  for (int i = 0; i < arity; i++)
    if ((where & ARGUMENTS_NORMAL && !is_normal(f, x[i])) ||
        (where & ALL_MODERATE && !is_moderate(f, x[i])))
      return false;
  return true;
}

bool subject_limited(tri_op op) {
  for (size_t i = 0; i < LIMITS; i++)
    if (limits[i].op == op) return true;
  return false;
}

/* Whether derivatives of an order are measured at x, where the row is `value`. */
static bool within_limits(const struct subject *s, int format, int order, const double *x,
                          double value) {
  for (size_t i = 0; i < LIMITS; i++)
    if (limits[i].op == s->op && order >= limits[i].from &&
        !fits(formats + format, limits[i].where, s->row->arity, x, value))
      return false;
  return true;
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
    if (!within_limits(s, format, s->d[k].order, x, m.symbolic[0])) continue;
    arb_srcptr truth = truth_of(s, k, x, &level, &state);
    if (truth)
      compare_modes(s, format, x, k, &m, truth, result);
    else
      result->undecided += state == NUMBER_UNDECIDED;
  }
}
