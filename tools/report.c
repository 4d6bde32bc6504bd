/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The reports of forward and reverse mode, as a table and as JSON. */
#include <string.h>

#include "base/text.h"
#include "json.h"
#include "scan.h"
#include "trace.h"
#include "triad/calculus.h"

/* --- tables */

static size_t cells_of(const char *text) {
  size_t size = strlen(text), cells = 0, length;
  for (size_t at = 0; at < size; at += length) cells += (size_t)cells_at(text, at, size, &length);
  return cells;
}

static void pad(tri_text *text, const char *shown, size_t width) {
  tri__text_puts(text, shown);
  for (size_t i = cells_of(shown); i < width; i++) tri__text_putc(text, ' ');
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* "v3" */
static const char *step_name(const struct trace *t, const struct trace_step *step, char name[16]) {
  snprintf(name, 16, "%c%u", t->letter, (unsigned)step->number);
  return name;
}

static void put_step(const struct trace *t, const struct trace_step *step, size_t name_width,
                     size_t width, tri_text *text) {
  char name[16];
  pad(text, step_name(t, step, name), name_width);
  tri__text_puts(text, " = ");
  pad(text, trace_text(t, step->operation), width);
  tri__text_puts(text, " = ");
}

/* Widths of the names and operations of all steps shown. */
static void step_widths(const struct trace *t, size_t *name_width, size_t *width) {
  char name[16];
  *name_width = *width = 0;
  for (size_t i = 0; i < t->n_steps; i++) {
    if (t->steps[i].number == 0) continue;
    *name_width = larger(*name_width, strlen(step_name(t, &t->steps[i], name)));
    *width = larger(*width, cells_of(trace_text(t, t->steps[i].operation)));
  }
}

/* "at x = 3, y = 4" */
static void put_point(const struct trace *t, const struct subject *s, tri_text *text) {
  tri__text_puts(text, " at ");
  for (size_t i = 0; i < s->n_inputs && i < t->n_steps; i++)
    tri__text_printf(text, "%s%s = %s", i > 0 ? ", " : "", tri_expr_name(s->inputs[i]),
                     trace_text(t, t->steps[i].value));
  tri__text_puts(text, "\n\n");
}

static const char *d_sign(const struct session *session) {
  return output_unicode(session) ? "∂" : "d";
}

/* --- JSON */

static void member(tri_text *json, const char *name, const char *text) {
  json_name(json, name);
  json_puts(json, text);
}

static void json_step(const struct trace *t, const struct trace_step *step, tri_text *json) {
  char name[16];
  tri__text_puts(json, "{\"name\":");
  json_puts(json, step_name(t, step, name));
  member(json, "operation", trace_text(t, step->operation));
  member(json, "value", trace_text(t, step->value));
}

static void json_numbers(const struct session *session, const tri_values *values, size_t from,
                         size_t n, size_t stride, tri_text *json) {
  tri__text_putc(json, '[');
  for (size_t i = 0; i < n; i++) {
    tri__text_puts(json, i > 0 ? ",\"" : "\"");
    certain_text(session, tri_values_get(values, from + i * stride), json, NULL);
    tri__text_putc(json, '"');
  }
  tri__text_putc(json, ']');
}

static void json_variables(const struct subject *s, tri_text *json) {
  json_name(json, "variables");
  for (size_t i = 0; i < s->n; i++) {
    tri__text_putc(json, i > 0 ? ',' : '[');
    json_puts(json, tri_expr_name(s->variables[i]));
  }
  tri__text_putc(json, ']');
}

static void json_begin(const struct subject *s, const char *report, const tri_values *outputs,
                       tri_text *json) {
  member(json, "report", report);
  json_variables(s, json);
  json_name(json, "outputs");
  json_numbers(s->session, outputs, 0, s->m, 1, json);
  json_name(json, "steps");
  tri__text_putc(json, '[');
}

/* --- forward */

static void json_forward(const struct trace *t, const struct subject *s, const tri_values *outputs,
                         const tri_values *tangents, tri_text *json) {
  const char *between = "";
  json_begin(s, "forward", outputs, json);
  for (size_t i = 0; i < t->n_steps; i++) {
    if (t->steps[i].number == 0) continue;
    tri__text_puts(json, between);
    json_step(t, &t->steps[i], json);
    const char *tangent = t->pool.data + t->steps[i].tangents;
    json_name(json, "tangents");
    for (size_t k = 0; k < s->n; k++, tangent += strlen(tangent) + 1) {
      tri__text_putc(json, k > 0 ? ',' : '[');
      json_puts(json, tangent);
    }
    tri__text_puts(json, "]}");
    between = ",";
  }
  tri__text_putc(json, ']');
  json_name(json, "tangents");
  for (size_t i = 0; i < s->m; i++) {
    tri__text_putc(json, i > 0 ? ',' : '[');
    json_numbers(s->session, tangents, i, s->n, s->m, json);
  }
  tri__text_putc(json, ']');
}

static void put_direction(const struct subject *s, size_t k, tri_text *text) {
  text->size = 0;
  tri__text_printf(text, "along %s", tri_expr_name(s->variables[k]));
}

static const char *written(const tri_text *text) { return text->size > 0 ? text->data : ""; }

/* The widths of the columns, one for each direction. */
static void column_widths(const struct trace *t, const struct subject *s, size_t *widths,
                          tri_text *scratch) {
  for (size_t k = 0; k < s->n; k++) {
    put_direction(s, k, scratch);
    widths[k] = cells_of(written(scratch));
  }
  for (size_t i = 0; i < t->n_steps; i++) {
    if (t->steps[i].number == 0) continue;
    const char *tangent = t->pool.data + t->steps[i].tangents;
    for (size_t k = 0; k < s->n; k++, tangent += strlen(tangent) + 1) {
      scratch->size = 0;
      print_dual(t->request->session, trace_text(t, t->steps[i].value), tangent, scratch);
      widths[k] = larger(widths[k], cells_of(written(scratch)));
    }
  }
}

static void put_heading(const struct subject *s, size_t before, const size_t *widths,
                        tri_text *scratch, tri_text *text) {
  for (size_t i = 0; i < before; i++) tri__text_putc(text, ' ');
  for (size_t k = 0; k < s->n; k++) {
    put_direction(s, k, scratch);
    pad(text, written(scratch), k + 1 < s->n ? widths[k] + 3 : 0);
  }
  tri__text_putc(text, '\n');
}

/* "value 42, d/dx 24, d/dy 10" for every output. */
static void put_results(const struct subject *s, const tri_values *outputs,
                        const tri_values *derivatives, tri_text *text) {
  for (size_t i = 0; i < s->m; i++) {
    if (s->m > 1)
      tri__text_printf(text, "\nvalue %zu: ", i + 1);
    else
      tri__text_puts(text, "\nvalue: ");
    certain_text(s->session, tri_values_get(outputs, i), text, NULL);
    for (size_t k = 0; k < s->n; k++) {
      const char *d = d_sign(s->session);
      tri__text_printf(text, ", %s/%s%s: ", d, d, tri_expr_name(s->variables[k]));
      certain_text(s->session, tri_values_get(derivatives, k * s->m + i), text, NULL);
    }
  }
}

static tri_status table_forward(const struct trace *t, const struct subject *s, tri_text *text) {
  struct session *session = t->request->session;
  size_t name_width, width;
  size_t *widths = request_new(t->request, s->n, sizeof *widths);
  tri_text *scratch = arena_text(&session->statement->arena);
  if (!widths || !scratch) return session_no_memory(session);
  step_widths(t, &name_width, &width);
  column_widths(t, s, widths, scratch);
  put_heading(s, name_width + width + 6, widths, scratch, text);
  for (size_t i = 0; i < t->n_steps; i++) {
    const struct trace_step *step = &t->steps[i];
    if (step->number == 0) continue;
    put_step(t, step, name_width, width, text);
    const char *tangent = t->pool.data + step->tangents;
    for (size_t k = 0; k < s->n; k++, tangent += strlen(tangent) + 1) {
      scratch->size = 0;
      print_dual(session, trace_text(t, step->value), tangent, scratch);
      pad(text, written(scratch), k + 1 < s->n ? widths[k] + 3 : 0);
    }
    tri__text_putc(text, '\n');
  }
  return TRI_OK;
}

static struct result *report_new(const struct request *request, struct value *value) {
  struct result *result = result_new(request->session, "report");
  if (!result) return NULL;
  result->error = "a trace is no expression";
  request_report(value, result);
  return result;
}

static tri_status texts_ok(const struct request *request, const struct result *result) {
  tri_status status =
      result->text->status != TRI_OK ? result->text->status : result->members->status;
  return session_fail_status(request->session, status);
}

static tri_status write_forward(const struct request *request, const struct subject *s,
                                const struct trace *t, const tri_values *outputs,
                                const tri_values *tangents, struct value *value) {
  struct result *result = report_new(request, value);
  if (!result) return TRI_MEMORY;
  tri__text_puts(result->text, "forward mode");
  put_point(t, s, result->text);
  tri_status status = table_forward(t, s, result->text);
  if (status != TRI_OK) return status;
  put_results(s, outputs, tangents, result->text);
  if (request->session->output.json) json_forward(t, s, outputs, tangents, result->members);
  return texts_ok(request, result);
}

tri_status call_forward(const struct request *request, struct value *value) {
  struct subject s;
  struct trace t;
  tri_values *outputs, *tangents;
  tri_status status = subject_read(request, TAKES_VARIABLES | TAKES_POINT, &s);
  if (status == TRI_OK) status = trace_needs_point(request, &s);
  if (status != TRI_OK) return status;
  status = trace_run(&t, request, &s, false, &outputs, &tangents);
  if (status == TRI_OK) status = write_forward(request, &s, &t, outputs, tangents, value);
  tri_values_free(outputs);
  tri_values_free(tangents);
  trace_free(&t);
  return status;
}

/* --- reverse */

static void json_contribution(const struct trace *t, const struct trace_contribution *c,
                              tri_text *json) {
  char name[16];
  tri__text_puts(json, "{\"to\":");
  json_puts(json, step_name(t, &t->steps[c->to], name));
  if (c->from != TRI_NO_STEP) member(json, "from", step_name(t, &t->steps[c->from], name));
  member(json, "adjoint", trace_text(t, c->adjoint));
  if (c->partial != NO_TEXT) member(json, "partial", trace_text(t, c->partial));
  member(json, "amount", trace_text(t, c->amount));
  member(json, "sum", trace_text(t, c->sum));
  tri__text_putc(json, '}');
}

static void json_reverse(const struct trace *t, const struct subject *s, const tri_values *outputs,
                         const tri_values *adjoints, tri_text *json) {
  const char *between = "";
  json_begin(s, "reverse", outputs, json);
  for (size_t i = 0; i < t->n_steps; i++) {
    if (t->steps[i].number == 0) continue;
    tri__text_puts(json, between);
    json_step(t, &t->steps[i], json);
    member(json, "adjoint", trace_text(t, t->steps[i].adjoint));
    tri__text_putc(json, '}');
    between = ",";
  }
  tri__text_putc(json, ']');
  json_name(json, "contributions");
  tri__text_putc(json, '[');
  between = "";
  for (size_t i = 0; i < t->n_contributions; i++) {
    if (t->steps[t->contributions[i].to].number == 0) continue;
    tri__text_puts(json, between);
    json_contribution(t, &t->contributions[i], json);
    between = ",";
  }
  tri__text_putc(json, ']');
  json_name(json, "gradient");
  json_numbers(s->session, adjoints, 0, s->n, 1, json);
}

/* A number as a factor: in parentheses if it is negative or a quotient. */
static void put_factor(tri_text *text, const char *number) {
  bool plain = *number != '-' && !strchr(number, '/');
  tri__text_printf(text, plain ? "%s" : "(%s)", number);
}

/* "a5 += a6*dv6/dv5 = 1*1 = 1", or "a6 = 1" for the seed. */
static void put_contribution(const struct trace *t, const struct trace_contribution *c,
                             tri_text *text) {
  const char *d = d_sign(t->request->session),
             *times = output_unicode(t->request->session) ? "·" : "*";
  const struct trace_step *to = &t->steps[c->to];
  if (c->from == TRI_NO_STEP) {
    tri__text_printf(text, "a%u = %s", (unsigned)to->number, trace_text(t, c->amount));
    return;
  }
  unsigned from = t->steps[c->from].number;
  tri__text_printf(text, "a%u += a%u%s%s%c%u/%s%c%u = ", (unsigned)to->number, from, times, d,
                   t->letter, from, d, t->letter, (unsigned)to->number);
  if (c->partial != NO_TEXT) {
    put_factor(text, trace_text(t, c->adjoint));
    tri__text_puts(text, times);
    put_factor(text, trace_text(t, c->partial));
    tri__text_puts(text, " = ");
  }
  tri__text_puts(text, trace_text(t, c->amount));
}

static size_t contributions_width(const struct trace *t, tri_text *scratch) {
  size_t width = 0;
  for (size_t i = 0; i < t->n_contributions; i++) {
    scratch->size = 0;
    put_contribution(t, &t->contributions[i], scratch);
    width = larger(width, cells_of(written(scratch)));
  }
  return width;
}

static tri_status table_reverse(const struct trace *t, tri_text *text) {
  size_t name_width, width;
  tri_text *scratch = arena_text(&t->request->session->statement->arena);
  if (!scratch) return session_no_memory(t->request->session);
  step_widths(t, &name_width, &width);
  for (size_t i = 0; i < t->n_steps; i++) {
    if (t->steps[i].number == 0) continue;
    put_step(t, &t->steps[i], name_width, width, text);
    tri__text_printf(text, "%s\n", trace_text(t, t->steps[i].value));
  }
  tri__text_printf(text, "\nadjoints: a1 is the derivative of the result by %c1\n\n", t->letter);
  width = contributions_width(t, scratch);
  for (size_t i = 0; i < t->n_contributions; i++) {
    const struct trace_contribution *c = &t->contributions[i];
    if (t->steps[c->to].number == 0) continue;
    scratch->size = 0;
    put_contribution(t, c, scratch);
    pad(text, written(scratch), c->from == TRI_NO_STEP ? 0 : width + 3);
    if (c->from != TRI_NO_STEP)
      tri__text_printf(text, "a%u = %s", (unsigned)t->steps[c->to].number, trace_text(t, c->sum));
    tri__text_putc(text, '\n');
  }
  return TRI_OK;
}

static tri_status write_reverse(const struct request *request, const struct subject *s,
                                const struct trace *t, const tri_values *outputs,
                                const tri_values *adjoints, struct value *value) {
  struct result *result = report_new(request, value);
  if (!result) return TRI_MEMORY;
  tri__text_puts(result->text, "reverse mode: the tape");
  put_point(t, s, result->text);
  tri_status status = table_reverse(t, result->text);
  if (status != TRI_OK) return status;
  put_results(s, outputs, adjoints, result->text);
  if (request->session->output.json) json_reverse(t, s, outputs, adjoints, result->members);
  return texts_ok(request, result);
}

tri_status call_reverse(const struct request *request, struct value *value) {
  struct subject s;
  struct trace t;
  tri_values *outputs, *adjoints;
  tri_status status = subject_read(request, TAKES_VARIABLES | TAKES_POINT | SCALAR_ONLY, &s);
  if (status == TRI_OK) status = trace_needs_point(request, &s);
  if (status != TRI_OK) return status;
  status = trace_run(&t, request, &s, true, &outputs, &adjoints);
  if (status == TRI_OK) status = write_reverse(request, &s, &t, outputs, adjoints, value);
  tri_values_free(outputs);
  tri_values_free(adjoints);
  trace_free(&t);
  return status;
}
