/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What to say when an output or a derivative has no value: a second run stores everything, and a
 * walk back from the output finds the first operation that has no value though its arguments have.
 * Branches not chosen are not blamed. */
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "eval/run.h"
#include "numbers/real_text.h"

tri_status tri__error(tri_error *error, tri_status status, uint32_t node, const char *format, ...) {
  if (!error) return status;
  *error = (tri_error){.status = status, .node = node};
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  return status;
}

tri_status tri__call_error(const tri_call *call, tri_status status, const char *message) {
  return tri__error(call->error, status, 0, "%s", message);
}

tri_status tri__status_of(enum number_state state) {
  switch (state) {
  case NUMBER_VALUE: return TRI_OK;
  case NUMBER_TOO_LONG: return TRI_LIMIT;
  case NUMBER_UNDECIDED: return TRI_UNKNOWN;
  default: return TRI_DOMAIN;
  }
}

/* --- states */

/* Of a number and, if it is dual, of its tangents and theirs: of the base's numbers that it is made
 * of. */
static enum number_state state_of(const struct numbers *n, const void *x) {
  const struct numbers *base = n;
  while (base->base) base = base->base;
  enum number_state state = NUMBER_VALUE;
  for (size_t k = 0; k < n->size / base->size && !state; k++)
    state = base->domain->state(base, number_at(base, x, k));
  return state;
}

/* The first element without a value; the number of elements if there is none. */
static size_t first_without(const struct run *r, uint32_t v) {
  size_t e = 0, count = count_of(r, v);
  while (e < count && !state_of(r->numbers, element_at(r, v, e))) e++;
  return e;
}

static bool lacks(const struct run *r, uint32_t v) { return first_without(r, v) < count_of(r, v); }

/* --- finding the culprit */

#define NO_RESULT UINT32_MAX

/* The arguments of a step without a value that explain why it has none: of a choice, the condition
 * or what was chosen. */
static bool explains(const struct run *r, const struct instruction *s, uint32_t i) {
  const struct row *row = row_of(r, s);
  const uint32_t *args = step_args(r->plan, s);
  if (!lacks(r, args[i])) return false;
  if (!row || !row->lazy || i == 0) return true;
  if (lacks(r, args[0])) return false;
  bool zero = r->numbers->domain->zero(r->numbers, element_at(r, args[0], 0));
  return value_of(r, args[0])->shape || s->op != TRI_OP_select || (i == 1) == !zero;
}

/* Marks what the step's lack of a value comes from. False if it comes from the step itself. */
static bool pass_blame(const struct run *r, const struct instruction *s, uint8_t *blamed) {
  const uint32_t *args = step_args(r->plan, s);
  bool passed = false;
  for (uint32_t i = 0; i < s->nargs; i++) {
    if (!explains(r, s, i)) continue;
    blamed[args[i]] = 1;
    passed = true;
  }
  return passed;
}

/* The result of the step that is blamed; NO_RESULT if none is. */
static uint32_t blamed_result(const struct instruction *s, const uint8_t *blamed) {
  for (uint32_t v = s->result; v < s->result + s->results; v++)
    if (blamed[v]) return v;
  return NO_RESULT;
}

/* The first value, in the plan's order, that lacks a value by itself and makes the output lack
 * one. */
static uint32_t culprit_of(const struct run *r, uint32_t output, uint8_t *blamed) {
  const struct plan *p = r->plan;
  uint32_t culprit = output;
  blamed[output] = 1;
  for (uint32_t i = p->step_count; i-- > 0;) {
    const struct instruction *s = p->steps + i;
    uint32_t result = blamed_result(s, blamed);
    if (result != NO_RESULT && !pass_blame(r, s, blamed)) culprit = result;
  }
  for (uint32_t v = first_result(p); v-- > 0;)
    if (blamed[v]) culprit = v;
  return culprit;
}

/* --- what to say */

enum { LONGEST = 32 }; /* characters of a number in a message */

/* A number as text, rounded if it is long. */
static void add_number(const struct run *r, const void *x, tri_text *text) {
  size_t start = text->size;
  const struct numbers *n = r->numbers;
  while (n->base) n = n->base;
  if (n->domain->state(n, x)) {
    tri__text_puts(text, "no value");
    return;
  }
  n->domain->text(n, x, text);
  if (text->status || text->size - start <= LONGEST) return;
  text->size = start;
  tri__text_rounded(n, x, text);
}

/* " at -1", " at (2, 0.5)". */
static void add_place(const struct run *r, const struct instruction *s, const void *const *x,
                      tri_text *text) {
  tri__text_puts(text, s->nargs > 1 ? " at (" : " at ");
  for (uint32_t i = 0; i < s->nargs; i++) {
    if (i) tri__text_puts(text, ", ");
    add_number(r, x[i], text);
  }
  if (s->nargs > 1) tri__text_puts(text, ")");
}

static bool divides_by_zero(const struct run *r, const struct instruction *s,
                            const void *const *x) {
  struct numbers *n = r->numbers;
  const struct domain *domain = n->domain;
  if (s->op == TRI_OP_div) return domain->zero(n, x[1]);
  return s->op == TRI_OP_pow && domain->zero(n, x[0]) && domain->to_double(n, x[1]) < 0.0;
}

/* What keeps a number of a domain that is not rational from being computed, behind what it is
 * called. */
static void add_obstacle(const struct run *r, enum number_state state, tri_text *text) {
  const struct numbers *base = tri__base(r->numbers);
  if (state == NUMBER_UNDECIDED)
    tri__text_printf(text, " cannot be decided at %u bits of precision", (unsigned)base->precision);
  else
    tri__text_printf(text, " is beyond the range of domain %s", base->domain->name);
}

static bool is_rational(const struct run *r) {
  return tri__base(r->numbers)->domain == &tri__rational_domain;
}

static void add_reason(const struct run *r, const struct instruction *s, const void *const *x,
                       enum number_state state, tri_text *text) {
  const struct row *row = row_of(r, s);
  if (state == NUMBER_TOO_LONG && is_rational(r)) {
    tri__text_printf(text,
                     "the exact value of %s would have more than %llu digits (the digit limit)",
                     row->name, (unsigned long long)r->numbers->digits);
  } else if (state == NUMBER_NONE && divides_by_zero(r, s, x)) {
    tri__text_puts(text, "division by zero");
  } else {
    tri__text_puts(text, row->name);
    if (row->exact || state != NUMBER_INEXACT) add_place(r, s, x, text);
    if (state == NUMBER_INEXACT)
      tri__text_puts(text, row->exact
                               ? " is not rational: use domain double"
                               : " has no exact rational value in general: use domain double");
    else if (state != NUMBER_NONE)
      add_obstacle(r, state, text);
  }
}

static tri_status report(const struct run *r, tri_status status, uint32_t node, const char *prefix,
                         tri_text *text, const char *suffix) {
  tri__error(r->call->error, status, node, "%s%s%s", prefix, text->data ? text->data : "", suffix);
  tri_text_free(text);
  return status;
}

static tri_text text_of(const struct run *r) {
  return (tri_text){.allocator = &r->workspace->memory.allocator};
}

/* The first argument that the row has no derivative by although it depends on an input; nargs if
 * there is none. */
static uint32_t without_rule(const struct run *r, const struct instruction *s) {
  const struct row *row = row_of(r, s);
  uint32_t i = 0;
  while (i < s->nargs &&
         (row->partial[i] || (row->conditions >> i & 1) || !r->plan->active[s->arg[i]]))
    i++;
  return i;
}

/* Of a dual number whose tangents are dual as well: whether all but the tangents' tangents is
 * there. */
static bool first_exists(const struct numbers *n, const void *x) {
  bool exists = n->base->base && !state_of(n->base, x);
  for (size_t d = 0; exists && d < n->directions; d++)
    exists = !n->base->domain->state(n->base, dual_tangent(n, x, d));
  return exists;
}

/* A step whose value is there, but not its tangent. */
static tri_status blame_derivative(const struct run *r, const struct instruction *s,
                                   const void *const *x, size_t e) {
  enum number_state state = state_of(r->numbers, element_at(r, s->result, e));
  uint32_t ruleless = without_rule(r, s);
  if (ruleless < s->nargs)
    return tri__error(r->call->error, TRI_DOMAIN, s->node,
                      "%s has no derivative by its argument %u", row_of(r, s)->name, ruleless + 1);
  tri_text text = text_of(r);
  tri__text_puts(&text, row_of(r, s)->name);
  add_place(r, s, x, &text);
  const char *prefix = first_exists(r->numbers, element_at(r, s->result, e))
                           ? "the second derivative of "
                           : "the derivative of ";
  if (state == NUMBER_NONE)
    tri__text_puts(&text, " does not exist");
  else if (state == NUMBER_INEXACT)
    tri__text_puts(&text, " is not rational: use domain double");
  else if (is_rational(r))
    tri__text_puts(&text, " would have too many digits (the digit limit)");
  else
    add_obstacle(r, state, &text);
  return report(r, tri__status_of(state), s->node, prefix, &text, "");
}

/* A reduction or a choice over an array: what it is of would be long. */
static tri_status blame_structured(const struct run *r, const struct instruction *s) {
  enum number_state state =
      state_of(r->numbers, element_at(r, s->result, first_without(r, s->result)));
  if (state == NUMBER_NONE)
    return tri__error(r->call->error, TRI_DOMAIN, s->node, "no value exists");
  tri_text text = text_of(r);
  tri__text_puts(&text, tri_op_name((tri_op)s->op));
  if (state == NUMBER_INEXACT)
    tri__text_puts(&text, " has no exact rational value in general: use domain double");
  else
    add_obstacle(r, state, &text);
  return report(r, tri__status_of(state), s->node, "", &text, "");
}

static tri_status blame_step(const struct run *r, const struct instruction *s) {
  if (!row_of(r, s)) return blame_structured(r, s);
  size_t e = first_without(r, s->result);
  const void *x[ROW_MAX_ARITY] = {NULL};
  const void *value = element_at(r, s->result, e);
  enum number_state state = r->numbers->domain->state(r->numbers, value);
  for (uint32_t i = 0; i < s->nargs; i++) x[i] = argument_at(r, s->arg[i], e);
  if (!state) return blame_derivative(r, s, x, e);
  tri_text text = text_of(r);
  add_reason(r, s, x, state, &text);
  return report(r, tri__status_of(state), s->node, "", &text, "");
}

static tri_status blame_leaf(const struct run *r, uint32_t v) {
  const struct plan *p = r->plan;
  enum number_state state = state_of(r->numbers, element_at(r, v, first_without(r, v)));
  if (v < p->input_count)
    return tri__error(r->call->error, tri__status_of(state), p->input_nodes[v],
                      "an input has no value");
  const struct plan_constant *c = p->constants + (v - p->input_count);
  return tri__error(r->call->error, tri__status_of(state), c->node, "%s",
                    c->pi ? "pi is not rational: use domain double"
                          : "a constant has more digits than the digit limit");
}

static tri_status blame(const struct run *r, uint32_t output, uint8_t *blamed) {
  uint32_t culprit = culprit_of(r, output, blamed);
  if (culprit < first_result(r->plan)) return blame_leaf(r, culprit);
  uint32_t i = r->plan->step_count - 1; /* a step may have many results: its number says little */
  while (r->plan->steps[i].result > culprit) i--;
  return blame_step(r, r->plan->steps + i);
}

/* --- the second run */

const tri_call *tri__quiet(tri_call *copy, const tri_call *call) {
  *copy = (tri_call){.error = call->error, .interrupt = call->interrupt, .sizes = call->sizes};
  copy->n_sizes = call->n_sizes;
  return copy;
}

tri_status tri__blame_outputs(struct run *r, tri_status otherwise) {
  const struct plan *p = r->plan;
  uint8_t *blamed = tri__new(&r->workspace->memory, p->value_count, 1);
  if (!blamed) return otherwise;
  tri_status status = otherwise;
  for (uint32_t i = 0; i < p->output_count; i++) {
    if (!lacks(r, p->outputs[i])) continue;
    status = blame(r, p->outputs[i], blamed);
    break;
  }
  tri__free(&r->workspace->memory, blamed, p->value_count, 1);
  return status;
}

static tri_status diagnose_values(const struct run *r, const struct port *inputs, tri_status status,
                                  uint32_t node) {
  struct run all;
  tri_call call;
  tri__error(r->call->error, status, node, "%s", tri_status_meaning(status));
  if (!r->call->error ||
      tri__level(&all, r->workspace, tri__quiet(&call, r->call), LEVEL_BASE, 0, true))
    return tri__error(r->call->error, status, node, "%s", tri_status_meaning(status));
  tri_status again = tri__run(&all, inputs);
  return again ? again : tri__blame_outputs(&all, status);
}

/* Where all doubles at the outputs are numbers there is nothing to be found. */
static bool plain_outputs(const struct run *r) {
  if (r->numbers->domain != &tri__double_domain) return false;
  size_t first = 0;
  for (uint32_t i = 0; i < r->plan->output_count; i++) {
    size_t count = count_of(r, r->plan->outputs[i]), without = 0;
    const double *x = count ? tri__output_at(r, i, first) : NULL;
    bool known = r->direct && (r->is_written[i] & HAS_VALUES);
    for (size_t e = 0; !known && e < count; e++) without += x[e] != x[e];
    if (without) return false;
    first += count;
  }
  return true;
}

tri_status tri__check_outputs(struct run *r, const struct port *inputs) {
  const struct numbers *n = tri__base(r->numbers);
  if (plain_outputs(r)) return TRI_OK;
  size_t first = 0;
  for (uint32_t i = 0; i < r->plan->output_count; i++) {
    size_t count = count_of(r, r->plan->outputs[i]);
    for (size_t e = 0; e < count; e++) {
      const void *x = number_at(r->numbers, tri__output_at(r, i, first), e);
      enum number_state state = n->domain->state(n, x);
      if (state) return diagnose_values(r, inputs, tri__status_of(state), r->plan->output_nodes[i]);
    }
    first += count;
  }
  return TRI_OK;
}

tri_status tri__no_derivative(const struct run *r, const struct port *inputs,
                              const struct port *directions, size_t i, enum number_state state) {
  struct run all;
  tri_call call;
  tri_status status = tri__status_of(state);
  const char *message = "the derivative does not exist at this point";
  tri_workspace *w = r->workspace;
  if (!r->call->error) return status;
  uint32_t taken =
      w->level[LEVEL_DUAL].numbers.domain ? w->level[LEVEL_DUAL].numbers.directions : 1;
  if (tri__level(&all, w, tri__quiet(&call, r->call), LEVEL_DUAL, taken, true))
    return tri__call_error(r->call, status, message);
  tri__call_error(r->call, status, message);
  tri__run_inputs(&all, inputs);
  tri__seed_tangents(&all, directions, i, directions ? i + 1 : SIZE_MAX);
  tri_status again = tri__run_steps(&all);
  return again ? again : tri__blame_outputs(&all, status);
}

tri_status tri__no_coefficient(const struct run *r, const struct port *curve, size_t terms,
                               enum number_state state) {
  struct run all;
  tri_call call;
  tri_status status = tri__status_of(state);
  const char *message = "a derivative does not exist at this point";
  uint32_t order = r->numbers->directions;
  if (!r->call->error) return status;
  tri_status level =
      tri__level(&all, r->workspace, tri__quiet(&call, r->call), LEVEL_TAYLOR, order, true);
  call.derivatives = r->call->derivatives;
  if (level) return tri__call_error(r->call, status, message);
  tri__call_error(r->call, status, message);
  tri_status again = tri__taylor_steps(&all, curve, terms);
  return again ? again : tri__blame_outputs(&all, status);
}

tri_status tri__kink_error(struct run *r, const struct instruction *s, const void *const *x,
                           int known) {
  tri_text text = text_of(r);
  tri__text_puts(&text, row_of(r, s)->name);
  add_place(r, s, x, &text);
  if (known == COMPARE_UNKNOWN)
    return report(r, TRI_UNKNOWN, s->node, "", &text, " may be at a kink");
  return report(r, TRI_DOMAIN, s->node, "", &text, " has no derivative: it is a kink");
}
