/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Claimed gradients of expressions, certified: the derivative is verified, the claim enclosed, and the two compared. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "eval/plan.h"
#include "numbers/real_text.h"
#include "verify/agreement.h"
#include "verify/certify.h"
#include "verify/job.h"

enum { DEFAULT_DIGITS = 30, LOST_DIGITS = 1 };

struct tri_claims {
  struct memory memory;
  struct subject subject; /* the claims */
  uint64_t digits;
  double tolerance;
  tri_verify_report verified;
  tri_values *claims; /* balls; NULL: undecided */
  tri_error error, doubt;
};

static tri_status at_precision(void *data, uint32_t precision, tri_values **numbers,
                               tri_error *error) {
  const struct tri_claims *c = data;
  const tri_number_options options = {.domain = TRI_BALL, .precision = precision};
  struct job job;
  tri_status status = tri__job_open(&job, &c->subject, &options, error);
  if (!status) status = tri__job_values(&job, numbers);
  tri__job_close(&job);
  return status;
}

/* A claim that cannot be told at the precision limit is left undecided. */
static tri_status enclose(struct tri_claims *c) {
  const struct certify_goal goal = {.digits = c->digits};
  tri_status status = tri__certify(&goal, at_precision, c, &c->claims, &c->error);
  if (status != TRI_UNKNOWN) return status;
  c->doubt = c->error;
  c->error = (tri_error){0};
  return TRI_OK;
}

/* --- comparing */

/* The relative tolerance: as it was given, or what a claim that has all certain digits may be off. */
static void set_tolerance(const struct tri_claims *c, arb_t to) {
  if (c->tolerance > 0.0) {
    arb_set_d(to, c->tolerance);
  } else {
    arb_set_ui(to, 10);
    arb_pow_ui(to, to, c->digits - LOST_DIGITS, MAG_BITS);
    arb_inv(to, to, MAG_BITS);
  }
}

/* 1: |claim - derivative| is certainly within the tolerance, 0: certainly not, -1: neither. Next to 0 it is absolute. */
static int within(const struct tri_claims *c, const arb_t claim, const arb_t derivative) {
  arb_t gap, most, size;
  slong bits = (slong)(c->digits * 3322 / 1000 + 64);
  arb_init(gap), arb_init(most), arb_init(size);
  arb_sub(gap, claim, derivative, bits);
  arb_abs(gap, gap);
  set_tolerance(c, most);
  arb_abs(size, derivative);
  if (!arb_contains_zero(derivative)) arb_mul(most, most, size, bits);
  int known = arb_le(gap, most) ? 1 : arb_gt(gap, most) ? 0 : -1;
  arb_clear(gap), arb_clear(most), arb_clear(size);
  return known;
}

static void say(tri_claim_entry *e, tri_verdict verdict, const char *reason) {
  e->verdict = verdict;
  snprintf(e->reason, sizeof e->reason, "%.*s", TRI_REASON_SIZE - 1, reason);
}

/* What is known of entry j. The first entry of the verification is f's value. */
static void judge(const struct tri_claims *c, size_t j, tri_claim_entry *e) {
  const tri_verify_entry *d = &c->verified.entries[1 + j];
  *e = (tri_claim_entry){.input = j, .derivative = d->enclosure, .digits = (double)NAN};
  if (c->claims) e->claim = tri_values_get(c->claims, j);
  if (e->claim.at && e->derivative.at)
    e->digits = tri__digits_of(tri__ball(e->claim.at), tri__ball(e->derivative.at));
  int known = e->claim.at && e->derivative.at
                  ? within(c, tri__ball(e->claim.at), tri__ball(e->derivative.at))
                  : -1;
  if (d->verdict != TRI_PROVED)
    say(e, TRI_UNDECIDED, d->reason);
  else if (!c->claims)
    say(e, TRI_UNDECIDED, c->doubt.message);
  else if (known < 0)
    say(e, TRI_UNDECIDED, "not enough digits are certain");
  else if (!known)
    say(e, TRI_REFUTED, "the claim is not the derivative");
  else
    e->verdict = TRI_PROVED;
}

/* --- the whole */

static tri_status verify(struct tri_claims *c, const struct subject *f) {
  return tri_verify(f->n, f->inputs, f->point, 1, f->outputs, &c->verified,
                    .n_variables = f->variables, .digits = c->digits, .allocator = f->allocator,
                    .error = &c->error, .interrupt = f->interrupt);
}

static tri_status fill(struct tri_claims *c, tri_claim_report *report) {
  size_t n = c->subject.variables;
  report->entries = tri__new(&c->memory, n, sizeof *report->entries);
  if (!report->entries) return tri__error(&c->error, TRI_MEMORY, 0, "out of memory");
  report->n_entries = n;
  report->verdict = TRI_PROVED;
  for (size_t j = 0; j < n; j++) {
    tri_verdict verdict;
    judge(c, j, &report->entries[j]);
    verdict = report->entries[j].verdict;
    if (verdict == TRI_REFUTED || report->verdict == TRI_PROVED) report->verdict = verdict;
  }
  return TRI_OK;
}

static tri_status work(struct tri_claims *c, const tri_expr *f, const tri_expr *claims,
                       tri_claim_report *report) {
  struct subject of_f = c->subject;
  of_f.m = 1;
  of_f.outputs = f;
  c->subject.m = c->subject.variables;
  c->subject.outputs = claims;
  if (!claims || !c->subject.variables || c->subject.variables > c->subject.n ||
      !(c->tolerance >= 0.0) || isinf(c->tolerance))
    return tri__error(&c->error, TRI_ARGUMENT, 0,
                      "a claim for each variable is needed, and a tolerance of at least 0");
  tri_status status = verify(c, &of_f);
  if (!status) status = enclose(c);
  return status ? status : fill(c, report);
}

tri_status tri_check_claims_with(size_t n_inputs, const tri_expr *inputs, const tri_expr *point,
                                 tri_expr f, const tri_expr *claims, const tri_claim_options *o) {
  struct memory memory;
  if (!o || !o->report) return TRI_ARGUMENT;
  *o->report = (tri_claim_report){.verdict = TRI_UNDECIDED};
  tri__memory_init(&memory, o->allocator);
  struct tri_claims *c = tri__new(&memory, 1, sizeof *c);
  if (!c) return TRI_MEMORY;
  *c = (struct tri_claims){.memory = memory, .tolerance = o->tolerance};
  c->digits = o->digits ? o->digits : DEFAULT_DIGITS;
  c->subject = (struct subject){.n = n_inputs,
                                .inputs = inputs,
                                .point = point,
                                .variables = o->n_variables ? o->n_variables : n_inputs,
                                .allocator = o->allocator,
                                .interrupt = o->interrupt};
  tri_status status = work(c, &f, claims, o->report);
  if (status && !c->error.status) c->error.status = status;
  if (o->error) *o->error = c->error;
  o->report->owned = c;
  if (status) tri_claim_report_free(o->report);
  return status;
}

void tri_claim_report_free(tri_claim_report *report) {
  if (!report || !report->owned) return;
  struct tri_claims *c = report->owned;
  struct memory memory = c->memory;
  tri__free(&memory, report->entries, report->n_entries, sizeof *report->entries);
  tri_verify_report_free(&c->verified);
  tri_values_free(c->claims);
  tri__free(&memory, c, 1, sizeof *c);
  *report = (tri_claim_report){.verdict = TRI_UNDECIDED};
}
