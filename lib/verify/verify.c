/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The modes against each other, against enclosures, and these against differences of values. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <triad/calculus.h>

#include "base/text.h"
#include "eval/plan.h"
#include "numbers/real_text.h"
#include "verify/agreement.h"
#include "verify/certify.h"
#include "verify/job.h"
#include "verify/quotient.h"

enum { DEFAULT_DIGITS = 30, LEAST_AGREEMENT = 10, TRIES = 4 };

/* Enclosures: the values of the outputs and then their derivatives, by dual run, sweep and expression. */
enum { MODES = 3 };

/* The work, and what a report's numbers live in. */
struct tri_verify {
  struct memory memory;
  struct subject subject,
      with_derivatives; /* of the outputs; of these and their derivatives' expressions */
  tri_expr *exprs;      /* outputs, derivatives: m + count */
  size_t m, count;      /* outputs; derivatives */
  uint64_t digits;
  uint32_t most, precision;
  tri_values *values;                /* m balls */
  tri_values *enclosures[MODES];     /* m + count balls each, unless there is a doubt */
  tri_values *differences, *earlier; /* count balls: quotients, and those with larger steps */
  tri_values *doubles[MODES];
  tri_error error;
  bool kinks;      /* some derivatives are at a kink, or may be */
  tri_error doubt; /* not TRI_OK: why there are no enclosures of derivatives */
};

static arb_srcptr ball_of(const tri_values *values, size_t i) {
  return tri__ball(tri_values_get(values, i).at);
}

/* --- numbers by every mode */

/* The values of the outputs and their derivatives in one array. */
static tri_status joined(struct job *job, size_t m, tri_values *values, tri_values *jacobian,
                         tri_values **to) {
  size_t count = tri_values_count(jacobian);
  *to = tri__job_array(job, m + count);
  for (size_t i = 0; *to && i < m; i++) tri_values_set(*to, i, tri_values_get(values, i));
  for (size_t i = 0; *to && i < count; i++) tri_values_set(*to, m + i, tri_values_get(jacobian, i));
  return *to ? TRI_OK : TRI_MEMORY;
}

/* By dual run or sweep (mode 0 or 1), or by expression (2). */
static tri_status by_mode(struct tri_verify *v, int mode, const tri_number_options *options,
                          tri_values **numbers, tri_error *error) {
  struct job job;
  tri_values *values = NULL, *jacobian = NULL;
  tri_status status =
      tri__job_open(&job, mode == 2 ? &v->with_derivatives : &v->subject, options, error);
  if (!status && mode == 2) status = tri__job_values(&job, numbers);
  if (!status && mode != 2) status = tri__job_values(&job, &values);
  if (!status && mode != 2)
    status = tri__job_jacobian(&job, mode == 0 ? TRI_FORWARD : TRI_REVERSE, &jacobian);
  if (!status && mode != 2) status = joined(&job, v->m, values, jacobian, numbers);
  tri_values_free(values);
  tri_values_free(jacobian);
  tri__job_close(&job);
  return status;
}

/* For tri__certify: sweeps are what it looks at. */
static tri_status at_precision(void *data, uint32_t precision, tri_values **numbers,
                               tri_error *error) {
  struct tri_verify *v = data;
  const tri_number_options options = {.domain = TRI_BALL, .precision = precision};
  v->precision = precision;
  return by_mode(v, 1, &options, numbers, error);
}

static void drop_enclosures(struct tri_verify *v) {
  for (int mode = 0; mode < MODES; mode++) {
    tri_values_free(v->enclosures[mode]);
    v->enclosures[mode] = NULL;
  }
}

static tri_status enclose(struct tri_verify *v) {
  const struct certify_goal goal = {v->digits, v->most};
  drop_enclosures(v); /* those of a run before in which a later mode failed */
  tri_status status = tri__certify(&goal, at_precision, v, &v->enclosures[1], &v->error);
  if (status) return status;
  const tri_number_options options = {.domain = TRI_BALL, .precision = v->precision};
  for (int mode = 0; mode < MODES && !status; mode += 2)
    status = by_mode(v, mode, &options, &v->enclosures[mode], &v->error);
  return status;
}

/* What a mode has in double; nothing is no failure, it is shown. */
static tri_status in_doubles(struct tri_verify *v) {
  static const tri_number_options options = {.domain = TRI_DOUBLE};
  tri_status status = TRI_OK;
  for (int mode = 0; mode < MODES && !status; mode++) {
    tri_error error = {0};
    status = by_mode(v, mode, &options, &v->doubles[mode], &error);
    if (status && status != TRI_MEMORY && status != TRI_INTERRUPTED) status = TRI_OK;
    if (status) v->error = error;
  }
  return status;
}

/* --- differences */

/* Whether the quotient's bound is so small next to the other number that agreement or difference mean something. */
static bool agrees(const arb_t quotient, const arb_t other, uint64_t digits) {
  mag_t size;
  slong bits = (slong)(digits * 3322 / 1000);
  mag_init(size);
  arb_get_mag(size, other);
  mag_mul_2exp_si(size, size, -bits);
  bool close = mag_cmp(arb_radref(quotient), size) <= 0 ||
               (arb_contains_zero(other) && mag_cmp_2exp_si(arb_radref(quotient), -bits) <= 0);
  mag_clear(size);
  return close;
}

/* Whether all quotients by input j agree with the enclosures. */
static bool conclusive(const struct tri_verify *v, size_t j, arb_srcptr quotients) {
  size_t n = v->subject.variables;
  for (size_t i = 0; i < v->m; i++) {
    arb_srcptr enclosure = ball_of(v->enclosures[1], v->m + i * n + j);
    if (arb_is_finite(enclosure) && !(arb_overlaps(quotients + i, enclosure) &&
                                      agrees(quotients + i, enclosure, LEAST_AGREEMENT)))
      return false;
  }
  return true;
}

static void keep(struct tri_verify *v, size_t j, arb_srcptr quotients) {
  for (size_t i = 0; i < v->m; i++) {
    size_t at = i * v->subject.variables + j;
    arb_set((arb_ptr)(uintptr_t)ball_of(v->earlier, at), ball_of(v->differences, at));
    arb_set((arb_ptr)(uintptr_t)ball_of(v->differences, at), quotients + i);
  }
}

/* Quotients by all inputs at these digits; done[j] says which are there already. */
static tri_status differences_at(struct tri_verify *v, uint64_t digits, bool *done, bool *all) {
  struct quotients q;
  arb_ptr row = _arb_vec_init((slong)v->m);
  tri_status status = tri__quotients_open(&q, &v->subject, digits, &v->error);
  *all = true;
  for (size_t j = 0; j < v->subject.variables && !status; j++) {
    if (done[j]) continue;
    status = tri__quotients_by(&q, j, row);
    if (!status) keep(v, j, row);
    done[j] = !status && conclusive(v, j, row);
    *all &= done[j];
  }
  tri__quotients_close(&q);
  _arb_vec_clear(row, (slong)v->m);
  return status;
}

/* Where a quotient does not agree the function may be steep, or cancel: smaller steps, and more digits, before it is a witness. */
static tri_status differences(struct tri_verify *v) {
  const tri_number_options options = {
      .domain = TRI_BALL, .precision = v->precision, .allocator = v->subject.allocator};
  bool all = false, *done = tri__new(&v->memory, v->subject.variables, sizeof *done);
  v->differences = tri_values_new(&options, v->count);
  v->earlier = tri_values_new(&options, v->count);
  tri_status status = done && v->differences && v->earlier ? TRI_OK : TRI_MEMORY;
  uint64_t digits = v->digits;
  for (int i = 0; i < TRIES && !status && !all; i++, digits *= 3)
    status = differences_at(v, digits, done, &all);
  tri__free(&v->memory, done, v->subject.variables, sizeof *done);
  return status;
}

/* --- judging */

/* |x - enclosure| in units of the last place of the double next to the enclosure. */
static double ulps_of(double x, const arb_t enclosure) {
  double near = fabs(arf_get_d(arb_midref(enclosure), ARF_RND_NEAR)),
         ulp = nextafter(near, INFINITY) - near;
  arb_t gap;
  arb_init(gap);
  arb_set_d(gap, x);
  arb_sub(gap, gap, enclosure, MAG_BITS);
  arb_abs(gap, gap);
  double ulps = arf_get_d(arb_midref(gap), ARF_RND_NEAR) / ulp;
  arb_clear(gap);
  return ulps;
}

static void judge_doubles(const struct tri_verify *v, size_t at, tri_verify_entry *e) {
  for (int mode = 0; mode < MODES; mode++) {
    e->result[mode] =
        v->doubles[mode] ? tri_value_double(tri_values_get(v->doubles[mode], at)) : (double)NAN;
    e->digits[mode] = e->ulps[mode] = (double)NAN;
    if (!isfinite(e->result[mode]) || !e->enclosure.at) continue;
    arb_srcptr enclosure = tri__ball(e->enclosure.at);
    arb_t x;
    arb_init(x);
    arb_set_d(x, e->result[mode]);
    e->digits[mode] = tri__digits_of(x, enclosure);
    e->ulps[mode] = ulps_of(e->result[mode], enclosure);
    arb_clear(x);
  }
}

static void say(tri_verify_entry *e, tri_verdict verdict, const char *reason) {
  e->verdict = verdict;
  snprintf(e->reason, sizeof e->reason, "%.*s", TRI_REASON_SIZE - 1, reason);
}

/* "forward [1 +/- 1e-30], reverse …" */
static void say_witness(const struct tri_verify *v, tri_verify_entry *e, const char *one,
                        const arb_t a, const char *other, const arb_t b) {
  tri_text text = {.allocator = v->subject.allocator}, radius = text;
  const arb_struct *balls[2] = {a, b};
  const char *names[2] = {one, other};
  enum { SHOWN = 12 };
  for (int k = 0; k < 2; k++) {
    radius.size = 0;
    tri__text_puts(&text, k ? ", but " : "");
    tri__text_puts(&text, names[k]);
    tri__text_puts(&text, " ");
    tri__text_ball(&text, &radius, balls[k], SHOWN);
  }
  say(e, TRI_REFUTED, text.data && !text.status ? text.data : "the enclosures do not meet");
  tri_text_free(&text);
  tri_text_free(&radius);
}

static bool modes_meet(const struct tri_verify *v, size_t at, tri_verify_entry *e) {
  static const char *const names[MODES] = {"dual numbers give", "the adjoint tape gives",
                                           "the expression gives"};
  for (int a = 0; a < MODES; a++)
    for (int b = a + 1; b < MODES; b++) {
      arb_srcptr x = ball_of(v->enclosures[a], at), y = ball_of(v->enclosures[b], at);
      if (arb_overlaps(x, y)) continue;
      say_witness(v, e, names[a], x, names[b], y);
      return false;
    }
  return true;
}

static void judge_value(tri_verify_entry *e) {
  arb_srcptr x = tri__ball(e->enclosure.at);
  if (!arb_is_finite(x))
    say(e, TRI_UNDECIDED, "infinite");
  else if (!arb_is_exact(x) && arb_contains_zero(x))
    say(e, TRI_UNDECIDED, "not separable from 0 at the precision limit");
  else
    e->verdict = TRI_PROVED;
}

/* Whether the quotient refutes the enclosure: quotients with two steps of very different sizes agree with each other and not with it. */
static bool is_witness(const struct tri_verify *v, size_t at) {
  arb_srcptr x = tri__ball(tri_values_get(v->enclosures[1], at).at),
             d = ball_of(v->differences, at - v->m), e = ball_of(v->earlier, at - v->m);
  return !arb_overlaps(x, d) && !arb_overlaps(x, e) && arb_overlaps(d, e) &&
         (agrees(d, d, LEAST_AGREEMENT) || agrees(d, x, LEAST_AGREEMENT)) &&
         (agrees(e, e, 3) || agrees(e, x, 3));
}

/* Values that the certified one is among are infinite for MPFR. */
static bool beyond_mpfr(const struct tri_verify *v, size_t output) {
  arb_srcptr value = tri__ball(tri_values_get(v->enclosures[1], output).at);
  return arf_cmpabs_2exp_si(arb_midref(value), mpfr_get_emax()) >= 0;
}

static void judge_derivative(const struct tri_verify *v, size_t at, tri_verify_entry *e) {
  arb_srcptr x = tri__ball(e->enclosure.at), d = ball_of(v->differences, at - v->m);
  if (!modes_meet(v, at, e)) return;
  if (!arb_is_finite(x)) {
    say(e, TRI_UNDECIDED, "the derivative is infinite");
    return;
  }
  if (!arb_is_finite(d)) {
    say(e, TRI_UNDECIDED,
        beyond_mpfr(v, e->output)
            ? "the values are beyond MPFR's exponents, so no differences"
            : "the function has no value next to the point, so no differences");
    return;
  }
  e->difference = tri_values_get(v->differences, at - v->m);
  arb_t middle;
  arb_init(middle);
  arb_set_arf(middle, arb_midref(d));
  e->digits[TRI_BY_DIFFERENCES] = tri__digits_of(middle, x);
  arb_clear(middle);
  if (is_witness(v, at))
    say_witness(v, e, "the rules give", x, "differences of values give", d);
  else if (!arb_overlaps(x, d) || !agrees(d, x, LEAST_AGREEMENT))
    say(e, TRI_UNDECIDED, "the differences of values do not converge");
  else if (!arb_is_exact(x) && arb_contains_zero(x))
    say(e, TRI_UNDECIDED, "not separable from 0 at the precision limit");
  else
    e->verdict = TRI_PROVED;
}

/* Whether derivative j of output i passes a kink, or may; e then says so. */
static bool at_kink(const struct tri_verify *v, size_t i, size_t j, tri_verify_entry *e) {
  const tri_number_options options = {.domain = TRI_BALL, .precision = v->precision};
  struct subject one = v->subject;
  struct job job;
  tri_error error = {0};
  if (!v->kinks) return false;
  one.outputs += i;
  one.m = 1;
  one.strict = 1;
  tri_status status = tri__job_open(&job, &one, &options, &error);
  if (!status) status = tri__job_along(&job, j);
  tri__job_close(&job);
  if (status) say(e, TRI_UNDECIDED, error.message);
  return status != TRI_OK;
}

/* Entry k of the report: for each output its value, then its derivatives. */
static void judge(const struct tri_verify *v, size_t k, tri_verify_entry *e) {
  size_t each = 1 + v->subject.variables, output = k / each, input = k % each;
  size_t at = input ? v->m + output * v->subject.variables + input - 1 : output;
  *e = (tri_verify_entry){.output = output, .input = input ? input - 1 : SIZE_MAX};
  e->digits[TRI_BY_DIFFERENCES] = (double)NAN;
  if (!input)
    e->enclosure = tri_values_get(v->values, output);
  else if (!v->doubt.status)
    e->enclosure = tri_values_get(v->enclosures[1], at);
  judge_doubles(v, at, e);
  if (!input)
    judge_value(e);
  else if (v->doubt.status && !at_kink(v, output, input - 1, e))
    say(e, TRI_UNDECIDED, v->doubt.message);
  else if (!v->doubt.status && !at_kink(v, output, input - 1, e))
    judge_derivative(v, at, e);
}

/* --- the whole */

static tri_status begin(struct tri_verify *v, size_t n, const tri_expr *inputs,
                        const tri_expr *point, size_t m, const tri_expr *outputs,
                        const tri_verify_options *o) {
  size_t variables = o->n_variables ? o->n_variables : n;
  v->m = m;
  v->digits = o->digits ? o->digits : DEFAULT_DIGITS;
  v->most = o->max_precision;
  if (!m || !outputs || (n && (!inputs || !point)) || variables > n)
    return tri__error(&v->error, TRI_ARGUMENT, 0, "outputs, inputs and a point are needed");
  if (!size_product(m, variables, &v->count) || v->count > SIZE_MAX / 4)
    return tri__error(&v->error, TRI_LIMIT, 0, "too many derivatives");
  v->exprs = tri__new(&v->memory, m + v->count, sizeof *v->exprs);
  if (!v->exprs) return tri__error(&v->error, TRI_MEMORY, 0, "out of memory");
  v->subject = (struct subject){.n = n,
                                .inputs = inputs,
                                .point = point,
                                .variables = variables,
                                .m = m,
                                .outputs = outputs,
                                .allocator = o->allocator,
                                .interrupt = o->interrupt};
  memcpy(v->exprs, outputs, m * sizeof *outputs);
  tri_status status = tri_jacobian(m, outputs, variables, inputs, v->exprs + m);
  if (status) return tri__error(&v->error, status, 0, "%s", tri_status_meaning(status));
  v->with_derivatives = v->subject;
  v->with_derivatives.m = m + v->count;
  v->with_derivatives.outputs = v->exprs;
  v->with_derivatives.primals = m;
  return TRI_OK;
}

/* The outputs' values must exist. */
static tri_status enclose_values(struct tri_verify *v) {
  struct tri_verify alone = *v;
  const struct certify_goal goal = {v->digits, v->most};
  alone.subject.variables = 0;
  tri_status status = tri__certify(&goal, at_precision, &alone, &v->values, &v->error);
  v->precision = alone.precision;
  return status;
}

/* Derivatives without kinks if there are any; else by convention, and which of them pass one is looked at later; else, for the reason that
 * is kept, none. */
static tri_status enclose_derivatives(struct tri_verify *v) {
  tri_status status = TRI_UNKNOWN;
  for (int strict = 1; strict >= 0 && (status == TRI_UNKNOWN || status == TRI_DOMAIN); strict--) {
    v->subject.strict = strict;
    v->kinks = !strict;
    status = enclose(v);
  }
  v->subject.strict = 0;
  if (status != TRI_UNKNOWN && status != TRI_DOMAIN) return status;
  v->doubt = v->error;
  v->error = (tri_error){0};
  return TRI_OK;
}

static tri_status work(struct tri_verify *v) {
  tri_status status = enclose_values(v);
  if (!status) status = enclose_derivatives(v);
  if (!status && !v->doubt.status) status = differences(v);
  return status ? status : in_doubles(v);
}

static tri_status fill(struct tri_verify *v, tri_verify_report *report) {
  size_t n = v->m + v->count;
  report->entries = tri__new(&v->memory, n, sizeof *report->entries);
  if (!report->entries) return tri__error(&v->error, TRI_MEMORY, 0, "out of memory");
  report->n_entries = n;
  report->precision = v->precision;
  report->verdict = TRI_PROVED;
  for (size_t k = 0; k < n; k++) {
    judge(v, k, &report->entries[k]);
    if (report->entries[k].verdict == TRI_REFUTED) report->verdict = TRI_REFUTED;
    if (report->entries[k].verdict == TRI_UNDECIDED && report->verdict == TRI_PROVED)
      report->verdict = TRI_UNDECIDED;
  }
  return TRI_OK;
}

static void finish(struct tri_verify *v) {
  struct memory memory = v->memory;
  drop_enclosures(v);
  for (int i = 0; i < MODES; i++) tri_values_free(v->doubles[i]);
  tri_values_free(v->values);
  tri_values_free(v->differences);
  tri_values_free(v->earlier);
  tri__free(&memory, v->exprs, v->m + v->count, sizeof *v->exprs);
  tri__free(&memory, v, 1, sizeof *v);
}

tri_status tri_verify_with(size_t n_inputs, const tri_expr *inputs, const tri_expr *point,
                           size_t n_outputs, const tri_expr *outputs, const tri_verify_options *o) {
  struct memory memory;
  if (!o || !o->report) return TRI_ARGUMENT;
  *o->report = (tri_verify_report){.verdict = TRI_UNDECIDED};
  tri__memory_init(&memory, o->allocator);
  struct tri_verify *v = tri__new(&memory, 1, sizeof *v);
  if (!v) return TRI_MEMORY;
  v->memory = memory;
  tri_status status = begin(v, n_inputs, inputs, point, n_outputs, outputs, o);
  if (!status) status = work(v);
  if (!status) status = fill(v, o->report);
  if (status && !v->error.status) v->error.status = status;
  if (o->error) *o->error = v->error;
  o->report->owned = v;
  if (status) tri_verify_report_free(o->report);
  return status;
}

void tri_verify_report_free(tri_verify_report *report) {
  if (!report || !report->owned) return;
  struct tri_verify *v = report->owned;
  tri__free(&v->memory, report->entries, report->n_entries, sizeof *report->entries);
  finish(v);
  *report = (tri_verify_report){.verdict = TRI_UNDECIDED};
}
