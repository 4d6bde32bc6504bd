/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The adjoint tape run: a run that stores every value, then a sweep back over it that adds up
 * adjoints. In any domain; over dual numbers it gives rows of the Hessian. It knows only the rows
 * and is written without a look at lib/calculus, which it checks. */
#include "eval/run.h"

static void show(const struct sweep *s, const tri_contribution *contribution) {
  const tri_trace *trace = s->run->call->trace;
  if (trace && trace->contribution) trace->contribution(trace->data, contribution);
}

/* --- one contribution */

/* Which argument of which step receives it, and from which element of the step's result. */
struct edge {
  uint32_t from, argument, to;
  size_t from_element, to_element;
};

/* Adds `amount` to an adjoint and shows it. partial may be NULL. */
static void add(const struct sweep *s, const struct edge *edge, const void *adjoint,
                const void *partial, const void *amount) {
  void *sum = adjoint_of(s, edge->to, edge->to_element);
  tri__numbers_accumulate(s->numbers, sum, amount);
  show(s, &(tri_contribution){.from = edge->from,
                              .argument = edge->argument,
                              .to = edge->to,
                              .element = edge->to_element,
                              .adjoint = tri__view(s->run, adjoint),
                              .partial = tri__view(s->run, partial),
                              .amount = tri__view(s->run, amount),
                              .sum = tri__view(s->run, sum)});
}

/* Through an operation of a row: the adjoint times the partial. */
static void add_product(const struct sweep *s, tri_op op, const struct edge *edge,
                        const void *const *x) {
  struct numbers *n = s->numbers;
  const void *adjoint = adjoint_of(s, edge->from, edge->from_element);
  if (!n->rows[op].partial[edge->argument]) { /* it has no derivative by this argument */
    n->domain->set_none(n, s->partial, NUMBER_NONE);
    n->domain->set_none(n, s->amount, NUMBER_NONE);
  } else {
    const void *value = element_at(s->run, edge->from, edge->from_element);
    n->domain->partial(n, op, (int)edge->argument, s->partial, x, value);
    tri__numbers_contribute(n, op, s->amount, adjoint, s->partial);
  }
  add(s, edge, adjoint, s->partial, s->amount);
}

void tri__sweep_product(struct sweep *s, tri_op op, uint32_t from, size_t from_element,
                        uint32_t argument, uint32_t to, size_t to_element, const void *const *x) {
  add_product(s, op, &(struct edge){from, argument, to, from_element, to_element}, x);
}

void tri__sweep_partial(struct sweep *s, uint32_t from, size_t from_element, uint32_t argument,
                        uint32_t to, size_t to_element) {
  const void *adjoint = adjoint_of(s, from, from_element);
  tri__numbers_contribute(s->numbers, TRI_OP_mul, s->amount, adjoint, s->partial);
  add(s, &(struct edge){from, argument, to, from_element, to_element}, adjoint, s->partial,
      s->amount);
}

/* --- steps */

static bool receives(const struct sweep *s, const struct row *row, const struct instruction *step,
                     uint32_t i) {
  return s->run->plan->active[step->arg[i]] && !(row->conditions >> i & 1);
}

static void sweep_element(struct sweep *s, const struct instruction *step, size_t e) {
  struct run *r = s->run;
  const struct row *row = row_of(r, step);
  const void *x[ROW_MAX_ARITY];
  for (uint32_t i = 0; i < step->nargs; i++) x[i] = argument_at(r, step->arg[i], e);
  for (uint32_t i = 0; i < step->nargs; i++) {
    if (!receives(s, row, step, i)) continue;
    uint32_t to = step->arg[i];
    struct edge edge = {step->result, i, to, e, value_of(r, to)->shape ? e : 0};
    add_product(s, (tri_op)step->op, &edge, x);
  }
}

static void sweep_row(struct sweep *s, const struct instruction *step) {
  size_t count = count_of(s->run, step->result);
  for (size_t e = 0; e < count; e++)
    if (!s->numbers->domain->zero(s->numbers, adjoint_of(s, step->result, e)))
      sweep_element(s, step, e);
}

/* A part of the result that is an argument, or the other way round: adjoints move. */
static void move(struct sweep *s, struct edge edge, size_t count) {
  for (size_t e = 0; e < count; e++, edge.from_element++, edge.to_element++) {
    const void *adjoint = adjoint_of(s, edge.from, edge.from_element);
    if (!s->numbers->domain->zero(s->numbers, adjoint)) add(s, &edge, adjoint, NULL, adjoint);
  }
}

void tri__sweep_move(struct sweep *s, uint32_t from, size_t from_element, uint32_t argument,
                     uint32_t to, size_t to_element, size_t count) {
  move(s, (struct edge){from, argument, to, from_element, to_element}, count);
}

/* Arrays side by side, or one behind the other. */
static void sweep_stack(struct sweep *s, const struct instruction *step) {
  const uint32_t *args = step_args(s->run->plan, step);
  size_t from = 0, count;
  for (uint32_t i = 0; i < step->nargs; i++, from += count) {
    count = count_of(s->run, args[i]);
    if (s->run->plan->active[args[i]])
      move(s, (struct edge){step->result, i, args[i], from, 0}, count);
  }
}

static tri_status sweep_step(struct sweep *s, const struct instruction *step) {
  if (!(step->flags & STEP_ACTIVE)) return TRI_OK;
  if (step->op == TRI_OP_loop) return tri__sweep_loop(s, step);
  if (step->op > TRI_OP_element && step->op != TRI_OP_concat) {
    tri__sweep_array(s, step);
    return TRI_OK;
  }
  size_t count = count_of(s->run, step->result);
  switch (step->op) {
  case TRI_OP_stack:
  case TRI_OP_concat: sweep_stack(s, step); break;
  case TRI_OP_element:
    move(s, (struct edge){step->result, 0, step->arg[0], 0, step->index * count}, count);
    break;
  default: sweep_row(s, step);
  }
  return TRI_OK;
}

/* --- the sweep */

/* The adjoints of the outputs are the weights. */
static void seed(struct sweep *s, const struct port *weights) {
  struct numbers *n = s->numbers;
  size_t next = 0;
  for (uint32_t i = 0; i < s->run->plan->output_count; i++) {
    uint32_t v = s->run->plan->outputs[i];
    for (size_t e = 0; e < count_of(s->run, v); e++, next++) {
      n->domain->set_double(n, s->amount, 1.0);
      if (port_given(weights)) tri__port_get(weights, next, tri__base(n), s->amount);
      add(s, &(struct edge){TRI_NO_STEP, i, v, e, e}, s->amount, NULL, s->amount);
    }
  }
}

struct sweep tri__sweep_of(struct run *r, void *adjoints) {
  struct numbers *n = r->numbers;
  struct sweep s = {.run = r, .numbers = n, .adjoints = adjoints};
  s.partial = number_at(n, adjoints, r->store->count);
  s.amount = number_at(n, adjoints, r->store->count + 1);
  return s;
}

tri_status tri__sweep_back(struct sweep *s) {
  struct run *r = s->run;
  if (tri__plain_doubles(r)) return tri__sweep_doubles(r, s->adjoints);
  for (uint32_t i = r->plan->step_count; i-- > 0;) {
    tri_status status = sweep_step(s, r->plan->steps + i);
    if (status) return status;
    if (i % 256 == 0 && tri__interrupt(r))
      return tri__call_error(r->call, TRI_INTERRUPTED, "interrupted");
  }
  return tri__level_status(r);
}

tri_status tri__sweep(struct run *r, void *adjoints, const struct port *weights) {
  struct sweep s = tri__sweep_of(r, adjoints);
  seed(&s, weights);
  return tri__sweep_back(&s);
}

/* --- the gradient */

/* Looks through the gradient for what has no value before anything of the caller's is
 * overwritten. */
static tri_status check_adjoints(struct run *r, const void *adjoints, const struct port *inputs) {
  size_t next = 0;
  for (uint32_t v = 0; v < r->plan->input_count; v++)
    for (size_t e = 0; e < count_of(r, v); e++, next++) {
      const void *adjoint = number_at(r->numbers, adjoints, place_of(r, v) + e);
      enum number_state state = r->numbers->domain->state(r->numbers, adjoint);
      if (state) return tri__no_derivative(r, inputs, NULL, next, state);
    }
  return TRI_OK;
}

/* To `to` from number `first` on. */
static void put_adjoints(const struct run *r, const void *adjoints, const struct port *to,
                         size_t first) {
  for (uint32_t v = 0; v < r->plan->input_count; v++)
    for (size_t e = 0; e < count_of(r, v); e++)
      tri__port_put(to, first++, r->numbers, number_at(r->numbers, adjoints, place_of(r, v) + e));
}

/* The run that sweeps go back over, all values kept; *values: outputs exist. */
static tri_status run_forward(struct run *r, tri_workspace *w, const tri_call *call,
                              const struct port *inputs, bool *values) {
  *values = false;
  tri_status status = tri__level(r, w, call, LEVEL_BASE, 0, true);
  if (!status && !tri__adjoints(r, LEVEL_BASE))
    return tri__call_error(call, TRI_MEMORY, "out of memory");
  if (!status) status = tri__run(r, inputs);
  if (status) return status;
  status = tri__check_outputs(r, inputs);
  *values = status == TRI_OK;
  return status;
}

tri_status tri__adjoint_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                            const struct port *weights, const struct port *outputs,
                            const struct port *adjoints) {
  struct run r = {.whole = false};
  bool values;
  tri_status status = tri__check_kinks(w, call, inputs, NULL, 0, weights, outputs);
  if (status) {
    tri__port_none(adjoints, 0, tri__input_elements(w));
    return status;
  }
  status = run_forward(&r, w, call, inputs, &values);
  if (!r.whole) return status;
  void *sums = r.workspace->level[LEVEL_BASE].adjoints;
  if (values) status = tri__sweep(&r, sums, weights);
  if (values && !status) status = check_adjoints(&r, sums, inputs);
  if (values)
    put_adjoints(&r, sums, adjoints, 0);
  else
    tri__port_none(adjoints, 0, tri__input_elements(w));
  tri__put_outputs(&r, outputs);
  return status;
}

/* --- rows of the Jacobian */

/* Of output element e of output i. */
static tri_status sweep_one(struct run *r, const struct port *inputs, uint32_t i, size_t e) {
  void *sums = tri__adjoints(r, LEVEL_BASE);
  struct sweep s = tri__sweep_of(r, sums);
  uint32_t v = r->plan->outputs[i];
  s.numbers->domain->set_double(s.numbers, s.amount, 1.0);
  add(&s, &(struct edge){TRI_NO_STEP, i, v, e, e}, s.amount, NULL, s.amount);
  tri_status status = tri__sweep_back(&s);
  return status ? status : check_adjoints(r, sums, inputs);
}

static tri_status sweep_rows(struct run *r, const struct port *inputs,
                             const struct port *jacobian) {
  size_t n = tri__input_elements(r->workspace), row = 0;
  tri_status first = TRI_OK;
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++, row++) {
      tri_status status = sweep_one(r, inputs, i, e);
      put_adjoints(r, r->workspace->level[LEVEL_BASE].adjoints, jacobian, row * n);
      if (!first) first = status;
      if (status && status != TRI_DOMAIN && status != TRI_UNKNOWN) return status;
    }
  return first;
}

tri_status tri__adjoint_rows(tri_workspace *w, const tri_call *call, const struct port *inputs,
                             const struct port *outputs, const struct port *jacobian) {
  struct run r = {.whole = false};
  bool values = false;
  size_t count = tri__input_elements(w) * tri__output_elements(w);
  tri_status status = tri__check_kinks(w, call, inputs, NULL, 0, NULL, outputs);
  if (status) {
    tri__port_none(jacobian, 0, count);
    return status;
  }
  status = run_forward(&r, w, call, inputs, &values);
  if (values)
    status = sweep_rows(&r, inputs, jacobian);
  else
    tri__port_none(jacobian, 0, count);
  tri__put_outputs(&r, outputs);
  return status;
}
