/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Calls of sparse derivatives: runs along colours, and the entries read out of their results. */
#include "eval/sparse.h"

/* A call under way. */
struct reading {
  const tri_sparse *s;
  struct run *r;
  const struct port *inputs, *weights, *values;
  enum number_state missing; /* of the first entry without a value */
  size_t missing_at;
};

/* Element `e`'s entries under the colours first, first + 1, … as far as the numbers have
 * directions; tangent of x, or x itself. */
static void read_element(struct reading *t, size_t e, const void *x, uint32_t first) {
  const struct numbers *n = t->r->numbers;
  bool tangents = t->s->way != SPARSE_ROWS;
  uint32_t most = tangents ? n->directions : 1;
  const struct numbers *base = tangents ? n->base : n;
  for (size_t k = t->s->start[e]; k < t->s->start[e + 1]; k++) {
    struct sparse_read read = t->s->read[k];
    if (read.colour < first || read.colour - first >= most) continue;
    const void *value = tangents ? dual_tangent(n, x, read.colour - first) : x;
    enum number_state state = base->domain->state(base, value);
    if (state && !t->missing) {
      t->missing = state;
      t->missing_at = read.at;
    }
    tri__port_put(t->values, read.at, base, value);
  }
}

/* Elements of the inputs that derivatives are by; they come first. */
static void read_inputs(struct reading *t, const void *adjoints, uint32_t first) {
  const struct run *r = t->r;
  size_t next = 0;
  for (uint32_t v = 0; v < r->plan->input_count && next < t->s->columns; v++)
    for (size_t e = 0; e < count_of(r, v); e++)
      read_element(t, next++, number_at(r->numbers, adjoints, place_of(r, v) + e), first);
}

static void read_outputs(struct reading *t, uint32_t first) {
  const struct run *r = t->r;
  size_t next = 0;
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++)
      read_element(t, next++, element_at(r, r->plan->outputs[i], e), first);
}

/* Tangents of the inputs: 1 along the direction of their colour. */
static void seed_inputs(const struct reading *t, uint32_t first) {
  const struct run *r = t->r;
  const struct numbers *n = r->numbers;
  size_t next = 0;
  for (uint32_t v = 0; v < r->plan->input_count; v++)
    for (size_t e = 0; e < count_of(r, v); e++, next++) {
      uint32_t colour = next < t->s->seeds ? t->s->seed[next] : TRI_NO_COLOUR;
      for (uint32_t d = 0; d < n->directions; d++)
        n->base->domain->set_double(n->base, dual_tangent(n, element_at(r, v, e), d),
                                    colour == first + d ? 1.0 : 0.0);
    }
}

static tri_status run_seeded(struct reading *t, uint32_t first) {
  tri__run_inputs(t->r, t->inputs);
  seed_inputs(t, first);
  tri_status status = tri__run_best(t->r);
  return status ? status : tri__check_outputs(t->r, t->inputs);
}

/* --- the three ways, colour after colour */

static tri_status run_columns(struct reading *t) {
  tri_status status = TRI_OK;
  for (uint32_t first = 0; first < t->s->colours && !status; first += t->r->numbers->directions) {
    status = run_seeded(t, first);
    if (!status) read_outputs(t, first);
  }
  return status;
}

static tri_status run_hessian(struct reading *t) {
  tri_status status = TRI_OK;
  for (uint32_t first = 0; first < t->s->colours && !status; first += t->r->numbers->directions) {
    void *adjoints = tri__adjoints(t->r, LEVEL_DUAL);
    if (!adjoints) return tri__call_error(t->r->call, TRI_MEMORY, "out of memory");
    status = run_seeded(t, first);
    if (!status) status = tri__sweep(t->r, adjoints, t->weights);
    if (!status) read_inputs(t, adjoints, first);
  }
  return status;
}

/* The weight of an output is 1 if it has the colour. */
static void seed_outputs(const struct reading *t, struct sweep *s, uint32_t colour) {
  const struct run *r = t->r;
  struct numbers *n = s->numbers;
  size_t next = 0;
  n->domain->set_double(n, s->amount, 1.0);
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++)
      if (t->s->seed[next++] == colour)
        tri__numbers_accumulate(n, adjoint_of(s, r->plan->outputs[i], e), s->amount);
}

static tri_status run_rows(struct reading *t) {
  tri_status status = tri__run(t->r, t->inputs);
  if (!status) status = tri__check_outputs(t->r, t->inputs);
  for (uint32_t colour = 0; colour < t->s->colours && !status; colour++) {
    void *adjoints = tri__adjoints(t->r, LEVEL_BASE);
    if (!adjoints) return tri__call_error(t->r->call, TRI_MEMORY, "out of memory");
    struct sweep sweep = tri__sweep_of(t->r, adjoints);
    seed_outputs(t, &sweep, colour);
    status = tri__sweep_back(&sweep);
    if (!status) read_inputs(t, adjoints, colour);
  }
  return status;
}

/* --- the call */

static tri_status no_entry(const struct reading *t) {
  if (t->s->way == SPARSE_HESSIAN)
    return tri__call_error(t->r->call, tri__status_of(t->missing),
                           "a second derivative does not exist at this point");
  size_t column = tri__sparse_column_of(t->s, t->missing_at);
  return tri__no_derivative(t->r, t->inputs, NULL, column, t->missing);
}

static tri_status open_run(struct run *r, const tri_sparse *s, tri_workspace *w,
                           const tri_call *call) {
  uint32_t at_once = s->colours < DIRECTIONS_AT_ONCE ? s->colours : DIRECTIONS_AT_ONCE;
  if (s->way == SPARSE_ROWS) return tri__level(r, w, call, LEVEL_BASE, 0, true);
  return tri__level(r, w, call, LEVEL_DUAL, at_once, s->way == SPARSE_HESSIAN);
}

static tri_status run(const tri_sparse *s, tri_workspace *w, const tri_call *call,
                      const struct port *inputs, const struct port *weights,
                      const struct port *outputs, const struct port *values) {
  struct run r;
  if (!s->colours) return tri__value_run(w, call, inputs, outputs);
  const struct port all = {.data = NULL}, *by = s->way == SPARSE_HESSIAN ? weights : &all;
  tri_status status = tri__check_kinks(w, call, inputs, NULL, 0, by, outputs);
  if (!status) status = open_run(&r, s, w, call);
  if (status) return status;
  struct reading t = {s, &r, inputs, by, values, NUMBER_VALUE, 0};
  status = s->way == SPARSE_COLUMNS ? run_columns(&t)
           : s->way == SPARSE_ROWS  ? run_rows(&t)
                                    : run_hessian(&t);
  tri__put_outputs(&r, outputs);
  return status || !t.missing ? status : no_entry(&t);
}

static struct port doubles(const double *numbers) {
  return (struct port){.doubles = (double *)(uintptr_t)numbers};
}

static tri_status check(const tri_sparse *s, tri_workspace *w, const tri_call *call,
                        const double *inputs, const double *values) {
  if (w->function != s->function)
    return tri__call_error(call, TRI_ARGUMENT, "the workspace is another function's");
  tri_status status = tri__bind(w, call);
  if (status || ((inputs || !tri__input_elements(w)) && (values || !s->entries))) return status;
  return tri__call_error(call, TRI_ARGUMENT, "an array is missing");
}

tri_status tri_sparse_call(const tri_sparse *s, const tri_call *call, const double *inputs,
                           const double *weights, double *outputs, double *values) {
  tri_call own = call ? *call : (tri_call){.n_sizes = 0};
  if (own.error) *own.error = (tri_error){.status = TRI_OK};
  if (!s) return tri__call_error(&own, TRI_ARGUMENT, "no derivative: it was not made");
  own.n_sizes = s->n_sizes;
  own.sizes = s->sizes;
  own.trace = NULL;
  tri_workspace *w = own.workspace ? own.workspace : tri_workspace_new(s->function);
  if (!w) return tri__call_error(&own, TRI_MEMORY, "out of memory");
  struct port in = doubles(inputs), by = doubles(weights), out = doubles(outputs),
              to = doubles(values);
  tri_status status = check(s, w, &own, inputs, values);
  if (!status) {
    status = run(s, w, &own, &in, &by, &out, &to);
    if (status) tri__port_none(&to, 0, s->entries);
  }
  if (!own.workspace) tri_workspace_free(w);
  return status;
}
