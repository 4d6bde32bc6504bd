/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Verdicts of the gradient check: by entry, by tensor, of all. */
#include <math.h>
#include <stdio.h>

#include "nn/gradcheck.h"
#include "verify/agreement.h"

/* --- one number */

/* A unit in the last place of a number of so many bits. */
static double ulp_of(double value, uint32_t bits) {
  int exponent, least = bits <= 24 ? -149 : -1074;
  frexp(value, &exponent);
  exponent -= (int)bits;
  return value == 0.0 || exponent < least ? ldexp(1.0, least) : ldexp(1.0, exponent);
}

/* The distance from a ball at most. */
static double error_of(double value, arb_srcptr ball, double *digits) {
  arb_t x;
  mag_t size;
  arb_init(x), mag_init(size);
  arb_set_d(x, value);
  *digits = tri__digits_of(x, ball);
  arb_sub(x, x, ball, 64);
  arb_get_mag(size, x);
  double error = mag_get_d(size);
  arb_clear(x), mag_clear(size);
  return error;
}

/* What an error is measured by: the true number, or where that is not told from 0 the largest. */
static double scale_of(const struct check *c, const struct entry *e) {
  return arb_contains_zero(tri__check_ball(c, e)) ? c->largest : fabs(tri__check_value(c, e));
}

/* What a ball is wide, as far as that is nothing beside the largest number's own unit roundoff. */
static double width_of(const struct check *c, const struct entry *e, uint32_t bits) {
  double width = 2.0 * mag_get_d(arb_radref(tri__check_ball(c, e)));
  return fmin(width, ldexp(c->largest, -(int)bits - 24));
}

static tri_computed computed(const struct check *c, const struct entry *e, double value,
                             uint32_t bits) {
  double truth = tri__check_value(c, e);
  tri_computed r = {.value = value, .bound = tri__check_bound(c, e->off, truth, bits)};
  if (!isfinite(value) || !isfinite(truth)) {
    r.error = r.relative = r.ulps = r.digits = (double)NAN;
    return r;
  }
  r.bound += width_of(c, e, bits);
  r.error = error_of(value, tri__check_ball(c, e), &r.digits);
  r.relative = r.error > 0.0 ? r.error / scale_of(c, e) : 0.0;
  r.ulps = r.error / ulp_of(scale_of(c, e), bits);
  r.inside = r.error <= r.bound;
  return r;
}

/* How much of the bound the error takes; most for what is no number. */
static double ratio(const tri_computed *r) {
  return isnan(r->error) ? (double)INFINITY : r->error / r->bound;
}

const tri_computed *tri__check_shown(const tri_gradient_entry *e) {
  return e->claim.inside && !e->float64.inside ? &e->float64 : &e->claim;
}

/* --- one entry */

static void say(tri_gradient_entry *r, tri_verdict verdict, const char *what) {
  r->verdict = verdict;
  snprintf(r->reason, sizeof r->reason, "%s", what);
}

static void say_far(const struct check *c, tri_gradient_entry *r, const char *whose,
                    const tri_computed *computed) {
  tri_text text = {.allocator = &c->memory->allocator};
  tri__text_puts(&text, whose);
  if (isfinite(computed->value)) {
    tri__text_puts(&text, " is off by ");
    tri__check_number(&text, ratio(computed), 2);
    tri__text_puts(&text, " times what rounding explains");
  } else {
    tri__text_puts(&text, " is not finite");
  }
  say(r, TRI_REFUTED, text.data ? text.data : whose);
  tri_text_free(&text);
}

static void say_unit(const struct check *c, const struct entry *e, tri_gradient_entry *r) {
  const tri_unit_check *u = c->report->units + e->unit - 1;
  tri_text text = {.allocator = &c->memory->allocator};
  tri__text_printf(&text, "it depends on the side of %s in %.60s, unit %zu", tri_op_name(u->op),
                   u->layer, u->unit);
  if (u->sample != SIZE_MAX) tri__text_printf(&text, ", sample %zu", u->sample);
  tri__text_puts(&text, ", which is ");
  tri__check_number(&text, fabs(u->distance), 2);
  tri__text_puts(&text, " from the kink");
  say(r, TRI_UNDECIDED, text.data ? text.data : "a kink");
  tri_text_free(&text);
}

static double certain_digits(arb_srcptr ball) {
  double size = fabs(arf_get_d(arb_midref(ball), ARF_RND_NEAR));
  double radius = mag_get_d(arb_radref(ball));
  if (arb_is_exact(ball)) return (double)INFINITY;
  return size > radius ? log10(size / radius) : 0.0;
}

/* Whether a ball has both numbers within the bound and others beyond it. */
static bool is_open(const tri_gradient_entry *r, const tri_computed *computed) {
  return !computed->inside && computed->error - 2.0 * r->radius <= computed->bound;
}

static tri_gradient_entry judged(const struct check *c, const struct entry *e) {
  tri_gradient_entry r = {.index = e->index, .verdict = TRI_PROVED, .radius = (double)NAN};
  r.derivative = tri__check_value(c, e);
  r.claim = computed(c, e, e->claim, tri__check_bits(c, e->tensor));
  r.float64 = computed(c, e, e->float64, 53);
  if (isfinite(r.derivative)) {
    r.digits = certain_digits(tri__check_ball(c, e));
    r.radius = mag_get_d(arb_radref(tri__check_ball(c, e)));
  }
  const char *whose = c->options->claims ? "the claim" : "the number of training";
  if (e->unit)
    say_unit(c, e, &r);
  else if (!tri__check_certain(c, e) || is_open(&r, &r.claim) || is_open(&r, &r.float64))
    say(&r, TRI_UNDECIDED, "the digits that were asked for are not certain");
  else if (isnan(r.claim.bound))
    say(&r, TRI_UNDECIDED, "the function has no value when it is rounded");
  else if (!r.claim.inside)
    say_far(c, &r, whose, &r.claim);
  else if (!r.float64.inside)
    say_far(c, &r, "the number in double", &r.float64);
  return r;
}

static int weight(tri_verdict verdict) {
  return verdict == TRI_REFUTED ? 2 : verdict == TRI_UNDECIDED;
}

static bool is_worse(const tri_gradient_entry *a, const tri_gradient_entry *b) {
  if (weight(a->verdict) != weight(b->verdict)) return weight(a->verdict) > weight(b->verdict);
  return ratio(tri__check_shown(a)) > ratio(tri__check_shown(b));
}

/* --- tensors */

static void take_entry(struct check *c, const struct entry *e) {
  tri_tensor_check *t = c->report->tensors + e->tensor;
  tri_gradient_entry r = judged(c, e);
  t->proved += r.verdict == TRI_PROVED;
  t->refuted += r.verdict == TRI_REFUTED;
  t->undecided += r.verdict == TRI_UNDECIDED;
  if (!t->checked++ || is_worse(&r, &t->worst)) t->worst = r;
}

static void conclude_tensor(tri_tensor_check *t) {
  t->verdict = t->checked ? t->worst.verdict : TRI_UNDECIDED;
  snprintf(t->reason, sizeof t->reason, "%s", t->worst.reason);
  if (t->verdict == TRI_REFUTED || t->differences == TRI_PROVED) return;
  if (t->differences == TRI_UNDECIDED && t->verdict == TRI_UNDECIDED) return;
  t->verdict = t->differences;
  snprintf(t->reason, sizeof t->reason, "%s",
           t->differences == TRI_REFUTED ? "differences of the loss's values show another gradient"
                                         : "differences of the loss's values show nothing");
}

/* The ball of the worst entry outlives the check. */
static void keep_worst(struct check *c, size_t tensor) {
  tri_tensor_check *t = c->report->tensors + tensor;
  tri_values *worst = c->report->owned->worst;
  size_t at = c->output_at[1 + tensor] + t->worst.index;
  tri_value ball = tri_values_get(c->balls, at);
  if (!t->checked) return;
  tri_values_set(worst, tensor, ball);
  if (tri_value_exists(ball)) t->worst.enclosure = tri_values_get(worst, tensor);
}

tri_status tri__check_judge(struct check *c) {
  tri_model_gradcheck_report *report = c->report;
  const tri_number_options numbers = {.domain = TRI_BALL,
                                      .precision = report->precision,
                                      .allocator = &report->owned->memory.allocator};
  report->owned->worst = tri_values_new(&numbers, c->tensors);
  if (!report->owned->worst) return check_no_memory(c);
  for (size_t i = 0; i < c->n_entries; i++) take_entry(c, c->entries + i);
  for (size_t t = 0; t < c->tensors; t++) {
    tri_tensor_check *tensor = report->tensors + t;
    conclude_tensor(tensor);
    keep_worst(c, t);
    report->checked += tensor->checked;
    report->entries += tensor->entries;
    if (!t || weight(tensor->verdict) > weight(report->verdict)) report->verdict = tensor->verdict;
  }
  return TRI_OK;
}
