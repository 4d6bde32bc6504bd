/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The reference interpreter: carries out a plan in any domain, one number at a time. */
#include <math.h>
#include <string.h>

#include "eval/run.h"

/* --- the caller's numbers */

void tri__port_get(const struct port *port, size_t i, struct numbers *base, void *to) {
  if (port->doubles)
    base->domain->set_double(base, to, port->doubles[i]);
  else
    base->domain->set(base, to, number_at(port->numbers, port->data, i), 1);
}

void tri__port_put(const struct port *port, size_t i, const struct numbers *base,
                   const void *from) {
  if (port->doubles)
    port->doubles[i] = base->domain->to_double(base, from);
  else
    port->numbers->domain->set(port->numbers, number_at(port->numbers, port->data, i), from, 1);
}

void tri__port_none(const struct port *port, size_t first, size_t count) {
  for (size_t i = first; i < first + count && port_given(port); i++) {
    if (port->doubles)
      port->doubles[i] = NAN;
    else
      port->numbers->domain->set_none(port->numbers, number_at(port->numbers, port->data, i),
                                      NUMBER_NONE);
  }
}

struct numbers *tri__base(struct numbers *n) {
  while (n->base) n = n->base;
  return n;
}

/* Whether numbers of a run are the caller's, bit for bit. */
static bool are_doubles(const struct run *r, const struct port *port) {
  return port->doubles && r->numbers->domain == &tri__double_domain;
}

void tri__run_inputs(struct run *r, const struct port *inputs) {
  struct numbers *n = r->numbers, *base = tri__base(n);
  size_t next = 0;
  for (uint32_t v = 0; are_doubles(r, inputs) && v < r->plan->input_count; v++) {
    size_t count = count_of(r, v);
    if (count) memcpy(element_at(r, v, 0), inputs->doubles + next, count * sizeof(double));
    next += count;
  }
  for (uint32_t v = 0; !are_doubles(r, inputs) && v < r->plan->input_count; v++)
    for (size_t e = 0; e < count_of(r, v); e++) {
      if (n != base) n->domain->set_double(n, element_at(r, v, e), 0.0);
      tri__port_get(inputs, next++, base, element_at(r, v, e));
    }
}

/* --- watching */

tri_value tri__view(const struct run *r, const void *number) {
  return (tri_value){r->numbers, number};
}

bool tri__interrupt(const struct run *r) { return r->call->interrupt && *r->call->interrupt; }

static void show(const struct run *r, uint32_t v, tri_op op, uint32_t node, size_t nargs,
                 const uint32_t *args) {
  const tri_step step = {.index = v,
                         .node = node,
                         .op = op,
                         .n_arguments = nargs,
                         .arguments = args,
                         .count = count_of(r, v),
                         .value = tri__view(r, element_at(r, v, 0))};
  r->call->trace->step(r->call->trace->data, &step);
}

static void show_leaves(const struct run *r) {
  const struct plan *p = r->plan;
  for (uint32_t i = 0; i < p->input_count; i++)
    show(r, i, TRI_OP_variable, p->input_nodes[i], 0, NULL);
  for (uint32_t i = 0; i < p->constant_count; i++)
    show(r, p->input_count + i, p->constants[i].pi ? TRI_OP_pi : TRI_OP_constant,
         p->constants[i].node, 0, NULL);
}

/* --- steps */

static void run_row(struct run *r, const struct instruction *s) {
  const struct domain *domain = r->numbers->domain;
  enum apply_mode mode = s->flags & STEP_EXTENDED ? APPLY_EXTENDED : APPLY_STRICT;
  size_t count = count_of(r, s->result);
  if ((s->flags & STEP_SUMMED) || tri__run_elementwise(r, s)) return;
  for (size_t e = 0; e < count; e++) {
    const void *x[ROW_MAX_ARITY];
    for (uint32_t i = 0; i < s->nargs; i++) x[i] = argument_at(r, s->arg[i], e);
    domain->apply(r->numbers, (tri_op)s->op, mode, element_at(r, s->result, e), x);
  }
}

static void run_stack(struct run *r, const struct instruction *s) {
  const uint32_t *args = step_args(r->plan, s);
  size_t to = 0, count;
  for (uint32_t i = 0; i < s->nargs; i++, to += count) {
    count = count_of(r, args[i]);
    if (count)
      r->numbers->domain->set(r->numbers, element_at(r, s->result, to), element_at(r, args[i], 0),
                              count);
  }
}

static void run_element(struct run *r, const struct instruction *s) {
  size_t count = count_of(r, s->result);
  r->numbers->domain->set(r->numbers, element_at(r, s->result, 0),
                          element_at(r, s->arg[0], s->index * count), count);
}

static tri_status run_step(struct run *r, const struct instruction *s) {
  if (s->op > TRI_OP_element && s->op != TRI_OP_concat) return tri__run_array(r, s);
  switch (s->op) {
  case TRI_OP_stack:
  case TRI_OP_concat: run_stack(r, s); break;
  case TRI_OP_element: run_element(r, s); break;
  default: run_row(r, s);
  }
  return TRI_OK;
}

tri_status tri__run_steps(struct run *r) {
  const struct plan *p = r->plan;
  bool shown = r->call->trace && r->call->trace->step;
  r->whole = false;
  if (shown) show_leaves(r);
  for (uint32_t i = 0; i < p->step_count; i++) {
    const struct instruction *s = p->steps + i;
    if (i % 256 == 0 && tri__interrupt(r))
      return tri__call_error(r->call, TRI_INTERRUPTED, "interrupted");
    tri_status status = run_step(r, s);
    if (status) return status;
    if (shown && s->results) show(r, s->result, (tri_op)s->op, s->node, s->nargs, step_args(p, s));
  }
  r->whole = true;
  return tri__level_status(r);
}

/* --- the value call */

/* Scalars by kernels, nobody watching. */
static bool is_plain(const struct run *r, const struct numbers *n) {
  return r->plan->scalar && !r->plan->rolled && n && n->domain == &tri__double_domain &&
         !n->by_template && !r->call->trace;
}

bool tri__plain_doubles(const struct run *r) { return is_plain(r, r->numbers); }

const void *tri__output_at(const struct run *r, uint32_t i, size_t first) {
  bool direct = r->direct && r->is_written[i];
  return direct ? (const void *)(r->direct + first) : element_at(r, r->plan->outputs[i], 0);
}

double *tri__direct_result(const struct run *r, const struct instruction *s, uint32_t k,
                           uint8_t **flags) {
  size_t first = 0;
  for (uint32_t i = 0; r->direct && i < r->plan->output_count; i++) {
    if (r->plan->outputs[i] == s->result + k && r->plan->lone[i]) {
      *flags = r->is_written + i;
      return r->direct + first;
    }
    first += count_of(r, r->plan->outputs[i]);
  }
  return NULL;
}

void tri__put_outputs(const struct run *r, const struct port *outputs) {
  size_t next = 0;
  if (!port_given(outputs) || !r->whole) return;
  for (uint32_t i = 0; are_doubles(r, outputs) && i < r->plan->output_count; i++) {
    size_t count = count_of(r, r->plan->outputs[i]);
    const void *from = tri__output_at(r, i, next);
    if (count && from != outputs->doubles + next)
      memcpy(outputs->doubles + next, from, count * sizeof(double));
    next += count;
  }
  for (uint32_t i = 0; !are_doubles(r, outputs) && i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++)
      tri__port_put(outputs, next++, tri__base(r->numbers), element_at(r, r->plan->outputs[i], e));
}

tri_status tri__run_best(struct run *r) {
  if (tri__plain_doubles(r)) return tri__run_doubles(r);
  if (is_plain(r, r->numbers->base)) return tri__run_double_duals(r);
  return tri__run_steps(r);
}

tri_status tri__run(struct run *r, const struct port *inputs) {
  tri__run_inputs(r, inputs);
  return tri__run_best(r);
}

tri_status tri__value_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                          const struct port *outputs) {
  struct run r;
  tri_status status = tri__level(&r, w, call, LEVEL_BASE, 0, false);
  /* the inputs are read again if an output has no value: they must be there still */
  bool apart = outputs->doubles != inputs->doubles;
  if (!status && w->is_written && apart && are_doubles(&r, outputs)) {
    r.direct = outputs->doubles;
    r.is_written = memset(w->is_written, 0, r.plan->output_count);
  }
  if (!status) status = tri__run(&r, inputs);
  if (status) return status;
  status = tri__check_outputs(&r, inputs);
  tri__put_outputs(&r, outputs);
  return status;
}
