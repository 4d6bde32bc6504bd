/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Writing a run down. The evaluation tells every step and contribution; here they become texts at
 * once, since what it shows is valid during the call only. Operations are printed by the printers,
 * in a graph of their own that is emptied after each. */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "triad/mp.h"

void trace_free(struct trace *t) {
  tri_text_free(&t->pool);
  free(t->steps);
  free(t->contributions);
  tri_graph_free(t->names);
}

static void *grown(struct trace *t, void *array, size_t n, size_t *capacity, size_t size) {
  void *memory = array_grown(array, capacity, n + 1, size);
  if (!memory) t->status = TRI_MEMORY;
  return memory ? memory : array;
}

/* --- texts */

static size_t end_text(struct trace *t, size_t start) {
  tri__text_putc(&t->pool, '\0');
  if (t->pool.status != TRI_OK) t->status = t->pool.status;
  return start;
}

/* A number, or all of an array as [a, b]. */
static size_t put_value(struct trace *t, tri_value value, size_t count) {
  size_t start = t->pool.size;
  if (!value.at) return NO_TEXT;
  if (count != 1) tri__text_putc(&t->pool, '[');
  for (size_t i = 0; i < count; i++) {
    tri__text_puts(&t->pool, i > 0 ? ", " : "");
    certain_text(t->request->session, tri_value_primal(tri_value_at(value, i)), &t->pool, NULL);
  }
  if (count != 1) tri__text_putc(&t->pool, ']');
  return end_text(t, start);
}

static size_t put_tangents(struct trace *t, tri_value value, size_t count) {
  size_t first = t->pool.size;
  if (t->directions == 0) return NO_TEXT;
  for (size_t d = 0; d < t->directions; d++) {
    size_t start = t->pool.size;
    if (count != 1) tri__text_putc(&t->pool, '[');
    for (size_t i = 0; i < count; i++) {
      tri__text_puts(&t->pool, i > 0 ? ", " : "");
      certain_text(t->request->session, tri_value_tangent(tri_value_at(value, i), d), &t->pool,
                   NULL);
    }
    if (count != 1) tri__text_putc(&t->pool, ']');
    end_text(t, start);
  }
  return first;
}

/* --- operations over v1, v2, … */

static tri_expr constant_of(struct trace *t, const struct trace_step *step) {
  tri_expr e = expr_of(t->request->graph, step->node), copy = {t->names, 0};
  if (step->node && tri_expr_op(e) == TRI_OP_pi) return tri_pi(t->names);
  mpq_t q;
  mpq_init(q);
  if (step->node && tri_expr_mpq(e, q)) copy = tri_constant_mpq(t->names, q);
  mpq_clear(q);
  return copy.id ? copy : tri_number(t->names, t->pool.data + step->value);
}

static tri_expr named(struct trace *t, uint32_t index) {
  const struct trace_step *step = &t->steps[index];
  if (step->number == 0) return constant_of(t, step);
  char name[16];
  snprintf(name, sizeof name, "%c%u", t->letter, (unsigned)step->number);
  return tri_variable(t->names, name);
}

/* name(v1, v2), for operations that are no rows. */
static void put_call(struct trace *t, const tri_step *step) {
  const char *name = tri_op_name(step->op);
  tri__text_puts(&t->pool, name ? name : "operation");
  for (size_t i = 0; i < step->n_arguments; i++)
    tri__text_printf(&t->pool, "%s%c%u", i == 0 ? "(" : ", ", t->letter,
                     (unsigned)t->steps[step->arguments[i]].number);
  tri__text_putc(&t->pool, ')');
}

/* The operation over the names of its arguments. A square, which plans make of a power, is shown as
 * the power it was. */
static void put_row(struct trace *t, const tri_step *step) {
  uint32_t arguments[ROW_MAX_ARITY];
  bool square = step->op == TRI_OP_square;
  for (size_t i = 0; i < step->n_arguments; i++) arguments[i] = named(t, step->arguments[i]).id;
  if (square) arguments[1] = tri_integer(t->names, 2).id;
  uint32_t id = tri__node(t->names, square ? TRI_OP_pow : step->op, 0, 0,
                          step->n_arguments + square, arguments);
  tri_print_options options = {.format = output_unicode(t->request->session) ? TRI_INFIX_UNICODE
                                                                             : TRI_INFIX};
  tri_status status = tri_print(expr_of(t->names, id), &options, &t->pool);
  if (status != TRI_OK) t->status = status;
  tri_graph_rewind(t->names, t->mark);
}

static size_t put_operation(struct trace *t, const tri_step *step) {
  size_t start = t->pool.size;
  const char *name =
      step->op == TRI_OP_variable ? tri_expr_name(expr_of(t->request->graph, step->node)) : NULL;
  if (name)
    tri__text_puts(&t->pool, name);
  else if (step->op < TRI_OP_ROWS && step->n_arguments <= ROW_MAX_ARITY && step->count == 1)
    put_row(t, step);
  else
    put_call(t, step);
  return end_text(t, start);
}

/* --- what the evaluation tells */

static bool is_constant(const tri_step *step) {
  return step->op == TRI_OP_constant || step->op == TRI_OP_pi;
}

static void told_step(void *data, const tri_step *step) {
  struct trace *t = data;
  t->steps = grown(t, t->steps, t->n_steps, &t->step_capacity, sizeof *t->steps);
  if (t->status != TRI_OK || step->index != t->n_steps) return;
  struct trace_step *s = &t->steps[t->n_steps];
  *s = (struct trace_step){.node = step->node, .adjoint = NO_TEXT};
  s->number = is_constant(step) ? 0 : ++t->numbered;
  s->value = put_value(t, step->value, step->count);
  s->tangents = put_tangents(t, step->value, step->count);
  s->operation = is_constant(step) ? s->value : put_operation(t, step);
  t->n_steps++;
}

static void told_contribution(void *data, const tri_contribution *c) {
  struct trace *t = data;
  t->contributions = grown(t, t->contributions, t->n_contributions, &t->contribution_capacity,
                           sizeof *t->contributions);
  if (t->status != TRI_OK || c->to >= t->n_steps) return;
  struct trace_contribution made = {.from = c->from, .to = c->to};
  made.adjoint = put_value(t, c->adjoint, 1);
  made.partial = put_value(t, c->partial, 1);
  made.amount = put_value(t, c->amount, 1);
  made.sum = put_value(t, c->sum, 1);
  t->contributions[t->n_contributions++] = made;
  t->steps[c->to].adjoint = made.sum;
}

/* --- running */

tri_status trace_needs_point(const struct request *request, const struct subject *s) {
  const char *name = request->row->name;
  if (s->n == 0)
    return request_fail(request, request->arguments, TRI_ARITY,
                        "%s: there is no variable to differentiate by", name);
  if (!s->has_point)
    return request_fail(request, NULL, TRI_ARITY,
                        "%s needs a point: %s(f, 3, 4) or %s(e, x=3, y=4)", name, name, name);
  if (s->symbolic_point)
    return request_fail(request, NULL, TRI_NAME, "%s: the point is not all numbers", name);
  return TRI_OK;
}

/* A letter such that v1, v2, … are no names of the user's. */
static char free_letter(const struct subject *s) {
  static const char letters[] = "vwutzsrq";
  for (const char *l = letters; *l; l++) {
    bool taken = false;
    for (size_t i = 0; i < s->n_inputs && !taken; i++) {
      const char *name = tri_expr_name(s->inputs[i]);
      taken = name[0] == *l && name[1] >= '0' && name[1] <= '9';
    }
    if (!taken) return *l;
  }
  return 'v';
}

static tri_status forward(struct trace *t, struct numeric *run, const struct subject *s,
                          tri_values *outputs, tri_values *tangents) {
  size_t size;
  tri_values *directions = size_product(s->n, s->n_inputs, &size) ? numeric_array(run, size) : NULL;
  if (!directions) return TRI_MEMORY;
  t->directions = s->n;
  for (size_t k = 0; k < s->n; k++) tri_values_set_double(directions, k * s->n_inputs + k, 1.0);
  tri_status status = tri_function_forward_values(run->function, &run->call, run->point, s->n,
                                                  directions, outputs, tangents);
  tri_values_free(directions);
  return numeric_check(run, status);
}

tri_status trace_open(struct trace *t, const struct request *request, const struct subject *s,
                      tri_trace *hooks) {
  *t = (struct trace){.request = request, .letter = free_letter(s), .names = tri_graph_new(NULL)};
  *hooks = (tri_trace){.data = t, .step = told_step, .contribution = told_contribution};
  if (!t->names) return session_no_memory(request->session);
  t->mark = tri_graph_mark(t->names);
  return TRI_OK;
}

tri_status trace_run(struct trace *t, const struct request *request, const struct subject *s,
                     bool reverse, tri_values **outputs, tri_values **derivatives) {
  struct numeric run;
  tri_trace hooks;
  *outputs = *derivatives = NULL;
  if (trace_open(t, request, s, &hooks)) return TRI_MEMORY;
  const tri_number_options options = certain_options(request->session);
  tri_status status = numeric_open(&run, request, s, s->m, s->outputs, 0, &options);
  if (status == TRI_OK) status = numeric_strict(&run);
  run.call.trace = &hooks;
  if (status == TRI_OK) *outputs = numeric_array(&run, s->m);
  if (*outputs) *derivatives = numeric_array(&run, reverse ? s->n_inputs : s->n * s->m);
  if (*derivatives) {
    status = reverse ? numeric_check(&run,
                                     tri_function_reverse_values(run.function, &run.call, run.point,
                                                                 NULL, *outputs, *derivatives))
                     : forward(t, &run, s, *outputs, *derivatives);
  }
  if (status == TRI_OK && t->status != TRI_OK)
    status = session_fail_status(request->session, t->status);
  numeric_close(&run);
  return tri_graph_status(request->graph) != TRI_OK ? tri_graph_status(request->graph) : status;
}
