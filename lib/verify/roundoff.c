/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The rounding error of a computed value: its bound, what it is, and the steps that contribute. */
#include <math.h>
#include <stdio.h>
#include <triad/mp.h>

#include "base/sort.h"
#include "eval/run.h"
#include "verify/certify.h"
#include "verify/roundoff.h"

enum { DEFAULT_DIGITS = 30 };

static tri_status no_memory(struct tri_roundoff *r) {
  return tri__error(&r->error, TRI_MEMORY, 0, "out of memory");
}

/* --- the run in floating point */

/* The plan's values are numbered through, element by element. */
static tri_status number_values(struct tri_roundoff *r) {
  const struct plan *p = r->plan = r->job.function->plan;
  if (p->size_count || p->values[p->outputs[0]].shape)
    return tri__error(&r->error, TRI_SHAPE, 0, "a scalar of known shape is needed");
  if (p->rolled)
    return tri__error(&r->error, TRI_ARGUMENT, 0,
                      "rounding errors are not followed through loops and indices");
  r->place = tri__new(&r->memory, (size_t)p->value_count + 1, sizeof *r->place);
  if (!r->place) return no_memory(r);
  for (uint32_t v = 0; v < p->value_count; v++) {
    r->place[v] = r->count;
    if (__builtin_add_overflow(r->count, p->shapes[p->values[v].shape].count, &r->count))
      return tri__error(&r->error, TRI_LIMIT, 0, "too many numbers");
  }
  r->place[p->value_count] = r->count;
  r->computed = tri__new(&r->memory, r->count, sizeof *r->computed);
  return r->computed ? TRI_OK : no_memory(r);
}

static void keep_computed(void *data, const tri_step *step) {
  struct tri_roundoff *r = data;
  for (size_t e = 0; e < step->count; e++)
    r->computed[r->place[step->index] + e] = tri_value_double(tri_value_at(step->value, e));
  if (r->watcher && r->watcher->step) r->watcher->step(r->watcher->data, step);
}

/* That it has no value is no failure. */
static tri_status compute(struct tri_roundoff *r, tri_domain domain) {
  const tri_number_options options = {.domain = domain};
  const tri_trace trace = {.data = r, .step = keep_computed};
  tri_values *values = NULL;
  tri_status status = tri__job_open(&r->job, &r->subject, &options, &r->error);
  r->job_open = true;
  if (!status) status = number_values(r);
  if (status) return status;
  r->job.call.trace = &trace;
  status = tri__job_values(&r->job, &values);
  r->job.call.trace = NULL;
  tri_values_free(values);
  if (status != TRI_DOMAIN) return status;
  r->fault = r->error;
  r->error = (tri_error){0};
  return TRI_OK;
}

/* --- the true numbers */

/* Runs the subject in other numbers, watched. */
static tri_status run_in(struct tri_roundoff *r, const tri_number_options *options,
                         void (*watch)(void *data, const tri_step *step), tri_values **numbers,
                         tri_error *error) {
  const tri_trace trace = {.data = r, .step = watch};
  struct job job;
  tri_status status = tri__job_open(&job, &r->subject, options, error);
  job.call.trace = &trace;
  if (!status) status = tri__job_values(&job, numbers);
  tri__job_close(&job);
  return status;
}

static void keep_rational(void *data, const tri_step *step) {
  struct tri_roundoff *r = data;
  for (size_t e = 0; e < step->count; e++)
    tri_values_set(r->rationals, r->place[step->index] + e, tri_value_at(step->value, e));
}

/* Before the run: nothing is known of them. */
static void forget_rationals(struct tri_roundoff *r) {
  struct numbers *n = &r->rationals->numbers;
  for (size_t i = 0; i < r->count; i++)
    n->domain->set_none(n, number_at(n, r->rationals->data, i), NUMBER_INEXACT);
}

/* Whether they show that the output has no value. */
static bool certainly_none(const struct tri_roundoff *r) {
  const struct numbers *n = &r->rationals->numbers;
  size_t output = r->place[r->plan->outputs[0]];
  return n->domain->state(n, number_at(n, r->rationals->data, output)) == NUMBER_NONE;
}

/* Balls alone cannot tell whether 0.1 + 0.2 < 0.3. */
static tri_status know_rationals(struct tri_roundoff *r) {
  enum { SHORT = 400 };
  const tri_number_options options = {
      .domain = TRI_RATIONAL, .digits = SHORT, .allocator = r->subject.allocator};
  tri_values *output = NULL;
  tri_error ignored = {0};
  r->rationals = tri_values_new(&options, r->count);
  if (!r->rationals) return no_memory(r);
  forget_rationals(r);
  tri_status status = run_in(r, &options, keep_rational, &output, &ignored);
  tri_values_free(output);
  if (status != TRI_MEMORY && status != TRI_INTERRUPTED && !certainly_none(r)) return TRI_OK;
  r->error = ignored;
  return status;
}

/* A run in balls goes on from the rational where there is one: the ball in its place is as good as can be. */
static void sharpen(struct tri_roundoff *r, const tri_step *step) {
  for (size_t e = 0; e < step->count; e++) {
    tri_value ball = tri_value_at(step->value, e),
              known = tri_values_get(r->rationals, r->place[step->index] + e);
    struct numbers *numbers = (struct numbers *)(uintptr_t)ball.numbers;
    mpq_t q;
    mpq_init(q);
    if (tri_value_mpq(known, q))
      numbers->domain->set_rational(numbers, (void *)(uintptr_t)ball.at, q);
    mpq_clear(q);
  }
}

static void keep_state(void *data, const tri_step *step) {
  struct tri_roundoff *r = data;
  const struct numbers *n = step->value.numbers;
  sharpen(r, step);
  if (step->index == r->plan->outputs[0]) r->state = n->domain->state(n, step->value.at);
}

static tri_status at_precision(void *data, uint32_t precision, tri_values **numbers,
                               tri_error *error) {
  struct tri_roundoff *r = data;
  const tri_number_options options = {.domain = TRI_BALL, .precision = precision};
  r->precision = precision;
  r->state = NUMBER_VALUE;
  tri_status status = run_in(r, &options, keep_state, numbers, error);
  if (status == TRI_UNKNOWN && r->state == NUMBER_NONE) /* said without the rationals */
    status = error->status = TRI_DOMAIN;
  return status;
}

static tri_status certify(struct tri_roundoff *r) {
  const struct certify_goal goal = {r->digits, r->most};
  return tri__certify(&goal, at_precision, r, &r->truth, &r->error);
}

static void keep_exact(void *data, const tri_step *step) {
  struct tri_roundoff *r = data;
  sharpen(r, step);
  for (size_t e = 0; e < step->count; e++)
    r->balls.domain->set(&r->balls, ball_number(r, r->exact, r->place[step->index] + e),
                         tri_value_at(step->value, e).at, 1);
}

static bool make_room(struct tri_roundoff *r) {
  const struct programs *programs = r->plan->programs;
  struct memory *m = &r->memory;
  r->balls_open =
      tri__numbers_open(&r->balls, TRI_BALL, r->precision, 0, m, programs->rows, programs);
  if (!r->balls_open) return false;
  r->exact = tri__numbers_new(&r->balls, r->count);
  r->hull = tri__numbers_new(&r->balls, r->count);
  r->adjoints = tri__numbers_new(&r->balls, r->count);
  r->scratch = tri__numbers_new(&r->balls, SCRATCH_ARGUMENTS + ROW_MAX_ARITY);
  r->own = tri__new(m, r->count, sizeof *r->own);
  r->reach = tri__new(m, r->count, sizeof *r->reach);
  r->amount = tri__new(m, r->count, sizeof *r->amount);
  r->marks = tri__new(m, r->count, sizeof *r->marks);
  return r->exact && r->hull && r->adjoints && r->scratch && r->own && r->reach && r->amount &&
         r->marks && tri__numbers_scratch(&r->balls);
}

/* All numbers of the run, by the same plan. */
static tri_status know_all(struct tri_roundoff *r) {
  const tri_number_options options = {.domain = TRI_BALL, .precision = r->precision};
  tri_values *again = NULL;
  if (!make_room(r)) return no_memory(r);
  tri_status status = run_in(r, &options, keep_exact, &again, &r->error);
  tri_values_free(again);
  return status;
}

/* --- the report */

/* From above; what does not fit is inf. */
static double upper(const mag_t x) {
  arf_t exact;
  arf_init_set_mag_shallow(exact, x);
  return arf_get_d(exact, ARF_RND_UP);
}

/* The difference, from below, and how much more it may be. */
static void measure(const struct tri_roundoff *r, tri_error_report *report) {
  arb_t gap;
  arf_t least;
  mag_t spread;
  report->error = isnan(report->value) || isinf(report->value) ? INFINITY : 0.0;
  if (!isfinite(report->value)) return;
  arb_init(gap), arf_init(least), mag_init(spread);
  arb_set_d(gap, report->value);
  arb_sub(gap, gap, tri__ball(report->exact.at), (slong)r->precision);
  arb_get_abs_lbound_arf(least, gap, 53);
  report->error = arf_get_d(least, ARF_RND_DOWN);
  arb_abs(gap, gap);
  arf_set_d(least, report->error);
  arb_sub_arf(gap, gap, least, (slong)r->precision);
  arb_get_mag(spread, gap);
  report->uncertainty = upper(spread);
  arb_clear(gap), arf_clear(least), mag_clear(spread);
}

/* The value that number i belongs to, from v on. */
static uint32_t value_of_number(const struct tri_roundoff *r, size_t i, uint32_t v) {
  while (r->place[v + 1] <= i) v++;
  return v;
}

static tri_error_step describe(const struct tri_roundoff *r, size_t i, uint32_t v) {
  const struct plan *p = r->plan;
  tri_error_step step = {.step = v, .value = r->computed[i]};
  mag_t size;
  if (v < p->input_count) {
    step.node = p->input_nodes[v];
    step.op = TRI_OP_variable;
  } else if (v < first_result(p)) {
    const struct plan_constant *constant = p->constants + (v - p->input_count);
    step.node = constant->node;
    step.op = constant->pi ? TRI_OP_pi : TRI_OP_constant;
  } else {
    const struct instruction *instruction = p->steps + (v - first_result(p));
    step.node = instruction->node;
    step.op = (tri_op)instruction->op;
  }
  mag_init(size);
  mag_inf(size);
  const void *adjoint = ball_number(r, r->adjoints, i);
  if (!r->balls.domain->state(&r->balls, adjoint)) arb_get_mag(size, tri__ball(adjoint));
  step.adjoint = upper(size);
  mag_clear(size);
  step.rounding = upper(r->own + i);
  step.contribution = upper(r->amount + i);
  step.jump = (r->marks[i] & ROUNDOFF_JUMP) && !mag_is_zero(r->own + i);
  return step;
}

static bool contributes(const struct tri_roundoff *r, size_t i) {
  return !mag_is_zero(r->amount + i);
}
static bool flips(const struct tri_roundoff *r, size_t i) { return r->marks[i] & ROUNDOFF_FLIP; }

/* The steps of which something holds, in their order. */
static tri_status collect(struct tri_roundoff *r,
                          bool (*holds)(const struct tri_roundoff *r, size_t i),
                          tri_error_step **steps, size_t *n) {
  size_t found = 0;
  for (size_t i = 0; i < r->count; i++) found += holds(r, i);
  *steps = tri__new(&r->memory, found, sizeof **steps);
  if (!*steps) return no_memory(r);
  uint32_t v = 0;
  for (size_t i = 0; *n < found; i++) {
    if (!holds(r, i)) continue;
    v = value_of_number(r, i, v);
    (*steps)[(*n)++] = describe(r, i, v);
  }
  return TRI_OK;
}

static int by_contribution(void *context, const void *a, const void *b) {
  const tri_error_step *x = a, *y = b;
  (void)context;
  return (x->contribution < y->contribution) - (x->contribution > y->contribution);
}

/* The bound, from above, and what part of it each step is. */
static void add_up(const struct tri_roundoff *r, tri_error_report *report) {
  mag_t sum;
  mag_init(sum);
  for (size_t i = 0; i < r->count; i++) mag_add(sum, sum, r->amount + i);
  report->bound = upper(sum);
  mag_clear(sum);
  for (size_t i = 0; i < report->n_steps; i++) {
    tri_error_step *step = report->steps + i;
    step->share =
        isinf(report->bound) ? isinf(step->contribution) : step->contribution / report->bound;
  }
}

/* The step at which the infinity arose that reached the output. */
static tri_op culprit(const struct tri_roundoff *r) {
  uint32_t v = r->plan->outputs[0];
  for (bool found = true; found && v >= first_result(r->plan);) {
    const struct instruction *step = r->plan->steps + (v - first_result(r->plan));
    const uint32_t *args = step_args(r->plan, step);
    found = false;
    for (uint32_t k = 0; k < step->nargs && !found; k++) {
      found = !isfinite(r->computed[r->place[args[k]]]);
      if (found) v = args[k];
    }
  }
  return describe(r, r->place[v], v).op;
}

/* Why there is no bound. */
static void say_why(const struct tri_roundoff *r, tri_error_report *report) {
  const char *name = tri_op_name(culprit(r));
  if (r->fault.status)
    snprintf(report->reason, sizeof report->reason, "%.*s", TRI_REASON_SIZE - 1, r->fault.message);
  else
    snprintf(report->reason, sizeof report->reason, "%.40s overflows", name ? name : "a step");
}

static tri_status fill(struct tri_roundoff *r, tri_error_report *report) {
  tri_status status = collect(r, contributes, &report->steps, &report->n_steps);
  if (!status) status = collect(r, flips, &report->flips, &report->n_flips);
  if (!status && !tri__sort(&r->memory, report->steps, report->n_steps, sizeof *report->steps,
                            by_contribution, NULL))
    status = no_memory(r);
  if (status) return status;
  report->value = r->computed[r->place[r->plan->outputs[0]]];
  report->exact = tri_values_get(r->truth, 0);
  report->precision = r->precision;
  measure(r, report);
  add_up(r, report);
  if (isinf(report->bound)) say_why(r, report);
  return TRI_OK;
}

/* --- the whole */

static tri_status set_up(struct tri_roundoff *r, size_t n, const tri_expr *inputs,
                         const tri_expr *point, tri_expr output, const tri_error_options *o) {
  r->output = output;
  r->digits = o->digits ? o->digits : DEFAULT_DIGITS;
  r->most = o->max_precision;
  r->watcher = o->trace;
  r->subject = (struct subject){.n = n,
                                .inputs = inputs,
                                .point = point,
                                .m = 1,
                                .outputs = &r->output,
                                .allocator = o->allocator,
                                .interrupt = o->interrupt};
  if (o->domain != TRI_DOUBLE && o->domain != TRI_FLOAT)
    return tri__error(&r->error, TRI_ARGUMENT, 0, "rounding errors are those of double and float");
  if (n && (!inputs || !point))
    return tri__error(&r->error, TRI_ARGUMENT, 0, "inputs and a point are needed");
  return TRI_OK;
}

static tri_status work(struct tri_roundoff *r, tri_domain domain) {
  tri_status status = compute(r, domain);
  if (!status) status = know_rationals(r);
  if (!status) status = certify(r);
  if (!status) status = know_all(r);
  if (!status) status = tri__roundoff_forward(r);
  return status ? status : tri__roundoff_reverse(r);
}

static void free_mags(struct tri_roundoff *r, mag_ptr *mags) {
  for (size_t i = 0; *mags && i < r->count; i++) mag_clear(*mags + i);
  tri__free(&r->memory, *mags, r->count, sizeof **mags);
}

static void close_balls(struct tri_roundoff *r) {
  if (!r->balls_open) return;
  tri__numbers_delete(&r->balls, r->exact, r->count);
  tri__numbers_delete(&r->balls, r->hull, r->count);
  tri__numbers_delete(&r->balls, r->adjoints, r->count);
  tri__numbers_delete(&r->balls, r->scratch, SCRATCH_ARGUMENTS + ROW_MAX_ARITY);
  tri__numbers_close(&r->balls);
}

static void close(struct tri_roundoff *r) {
  struct memory memory;
  close_balls(r);
  free_mags(r, &r->own);
  free_mags(r, &r->reach);
  free_mags(r, &r->amount);
  tri__free(&r->memory, r->marks, r->count, sizeof *r->marks);
  tri__free(&r->memory, r->computed, r->count, sizeof *r->computed);
  if (r->place) tri__free(&r->memory, r->place, (size_t)r->plan->value_count + 1, sizeof *r->place);
  tri_values_free(r->rationals);
  tri_values_free(r->truth);
  if (r->job_open) tri__job_close(&r->job);
  memory = r->memory;
  tri__free(&memory, r, 1, sizeof *r);
}

tri_status tri_error_estimate_with(size_t n_inputs, const tri_expr *inputs, const tri_expr *point,
                                   tri_expr output, const tri_error_options *o) {
  struct memory memory;
  if (!o || !o->report) return TRI_ARGUMENT;
  *o->report = (tri_error_report){.value = 0.0};
  tri__memory_init(&memory, o->allocator);
  struct tri_roundoff *r = tri__new(&memory, 1, sizeof *r);
  if (!r) return TRI_MEMORY;
  r->memory = memory;
  tri_status status = set_up(r, n_inputs, inputs, point, output, o);
  if (!status) status = work(r, o->domain);
  if (!status) status = fill(r, o->report);
  if (status && !r->error.status) r->error.status = status;
  if (o->error) *o->error = r->error;
  o->report->owned = r;
  if (status) tri_error_report_free(o->report);
  return status;
}

void tri_error_report_free(tri_error_report *report) {
  if (!report || !report->owned) return;
  struct tri_roundoff *r = report->owned;
  tri__free(&r->memory, report->steps, report->n_steps, sizeof *report->steps);
  tri__free(&r->memory, report->flips, report->n_flips, sizeof *report->flips);
  close(r);
  *report = (tri_error_report){.value = 0.0};
}
