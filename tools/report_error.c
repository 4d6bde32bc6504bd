/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* error: the rounding error of a value, its bound and the steps it comes from, as tables and as
 * JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <triad/verify.h>

#include "base/text.h"
#include "json.h"
#include "report_verify.h"
#include "table.h"
#include "trace.h"

enum { STEPS_SHOWN = 10 };

/* What is told: of a subject, by a report on a run that was written down. */
struct telling {
  const struct subject *s;
  const tri_error_report *report;
  struct trace trace;
  tri_domain domain;
};

/* --- numbers */

/* How three digits are rounded: bounds up, but for the little that their arithmetic adds. */
enum rounding { TO_NEAREST, UP };

static double rounded(double x, enum rounding how) {
  static const double slack = 1e-4;
  return how == UP ? ceil(x - slack) : floor(x + 0.5);
}

static void put_brief(tri_text *text, double x, enum rounding how) {
  double size = fabs(x), least = 1e-300; /* below, powers of ten leave the range */
  if (!isfinite(x) || size < least) {
    tri__text_double(text, x);
    return;
  }
  int exponent = (int)floor(log10(size)) - 2;
  double scale = pow(10.0, abs(exponent));
  char digits[16];
  snprintf(digits, sizeof digits, "%d",
           (int)rounded(exponent < 0 ? size * scale : size / scale, how));
  size_t n = strlen(digits), first = n;
  while (n > 1 && digits[n - 1] == '0') n--;
  tri__text_decimal(text, x < 0.0, digits, n, exponent + (int64_t)first - 1);
}

/* The unit in the last place of the computed value. */
static double unit_of(const struct telling *t) {
  int exponent, bits = t->domain == TRI_FLOAT ? 24 : 53, least = bits == 24 ? -149 : -1074;
  frexp(t->report->value, &exponent);
  return ldexp(1.0, exponent - bits > least ? exponent - bits : least);
}

/* "-" for what there is not. */
static void cell(struct table *table, double x, enum rounding how) {
  if (isnan(x))
    tri__text_puts(table_text(table), "-");
  else
    put_brief(table_text(table), x, how);
  table_end(table);
}

/* --- the first table: value, true value, error, bound */

/* A number, relative to the true value, and in units of the computed one; nothing is relative to
 * 0. */
static void put_size(const struct telling *t, struct table *table, const char *name, double x,
                     enum rounding how) {
  double size = fabs(tri_value_double(t->report->exact)), value = t->report->value;
  table_cell(table, name);
  cell(table, x, how);
  cell(table, size > 0.0 ? x / size : (double)NAN, how);
  cell(table, isfinite(value) && value != 0.0 ? x / unit_of(t) : (double)NAN, how);
}

static void put_value(const struct telling *t, double x, tri_text *text) {
  if (t->domain == TRI_FLOAT)
    tri__text_float(text, (float)x);
  else
    tri__text_double(text, x);
}

static void put_cells(struct table *table, const char *a, const char *b, const char *c) {
  table_cell(table, a);
  table_cell(table, b);
  table_cell(table, c);
}

static tri_status put_summary(const struct telling *t, tri_text *text) {
  struct table table;
  enum { COLUMNS = 4 };
  tri_status status = table_open(&table, t->s->session, COLUMNS);
  if (status) return status;
  put_cells(&table, "", "", "relative");
  table_cell(&table, "ulps");
  table_cell(&table, "computed");
  put_value(t, t->report->value, table_text(&table));
  table_end(&table);
  put_cells(&table, "", "", "certain value");
  put_enclosure(t->s->session, t->report->exact, table_text(&table), NULL);
  table_end(&table);
  table_cell(&table, "");
  table_cell(&table, "");
  put_size(t, &table, "error", t->report->error, TO_NEAREST);
  put_size(t, &table, "bound", t->report->bound, UP);
  return table_write(&table, text);
}

/* --- the second table: steps */

static const struct trace_step *written_step(const struct telling *t, const tri_error_step *step) {
  return step->step < t->trace.n_steps ? &t->trace.steps[step->step] : NULL;
}

static bool is_constant(const tri_error_step *step) {
  return step->op == TRI_OP_constant || step->op == TRI_OP_pi;
}

/* "v3", or nothing for a constant. */
static void put_step_name(const struct telling *t, const tri_error_step *step, tri_text *text) {
  const struct trace_step *known = written_step(t, step);
  if (known && known->number)
    tri__text_printf(text, "%c%u", t->trace.letter, (unsigned)known->number);
}

/* "v1*v2", or the constant as it was meant. */
static tri_status put_operation(const struct telling *t, const tri_error_step *step,
                                tri_text *text) {
  const struct trace_step *known = written_step(t, step);
  if (is_constant(step) && step->node)
    return print_expr(t->s->session, expr_of(t->s->session->graph, step->node), text);
  if (known) tri__text_puts(text, trace_text(&t->trace, known->operation));
  return TRI_OK;
}

static void put_percent(tri_text *text, double share) {
  double tenths = floor(share * 1000.0 + 0.5);
  tri__text_double(text, tenths / 10.0);
  tri__text_puts(text, " %");
}

static tri_status row(const struct telling *t, const tri_error_step *step, struct table *table) {
  put_step_name(t, step, table_text(table));
  table_end(table);
  tri_status status = put_operation(t, step, table_text(table));
  table_end(table);
  put_value(t, step->value, table_text(table));
  table_end(table);
  cell(table, step->adjoint, UP);
  cell(table, step->rounding, UP);
  put_percent(table_text(table), step->share);
  table_end(table);
  return status;
}

static size_t shown(const tri_error_report *report) {
  return report->n_steps < STEPS_SHOWN ? report->n_steps : STEPS_SHOWN;
}

static tri_status put_steps(const struct telling *t, tri_text *text) {
  static const char *const heads[] = {"step", "", "value", "adjoint", "own error", "share"};
  enum { COLUMNS = sizeof heads / sizeof *heads };
  const tri_error_report *report = t->report;
  struct table table;
  tri_status status = table_open(&table, t->s->session, COLUMNS);
  if (status || !report->n_steps) return status;
  for (size_t i = 0; i < COLUMNS; i++) table_cell(&table, heads[i]);
  for (size_t i = 0; i < shown(report) && !status; i++) status = row(t, &report->steps[i], &table);
  tri__text_putc(text, '\n');
  return status ? status : table_write(&table, text);
}

/* --- what is to be said besides */

static void put_rest(const tri_error_report *report, tri_text *text) {
  double share = 0.0;
  for (size_t i = shown(report); i < report->n_steps; i++) share += report->steps[i].share;
  if (report->n_steps == shown(report)) return;
  tri__text_printf(text, "and %zu more: ", report->n_steps - shown(report));
  put_percent(text, share);
  tri__text_putc(text, '\n');
}

static tri_status remark(const struct telling *t, const tri_error_step *step, const char *what,
                         tri_text *text) {
  put_step_name(t, step, text);
  tri__text_puts(text, " = ");
  tri_status status = put_operation(t, step, text);
  tri__text_printf(text, ": %s\n", what);
  return status;
}

static tri_status put_remarks(const struct telling *t, tri_text *text) {
  const tri_error_report *report = t->report;
  tri_status status = TRI_OK;
  if (report->reason[0]) tri__text_printf(text, "no bound: %s\n", report->reason);
  for (size_t i = 0; i < report->n_flips && i < STEPS_SHOWN && !status; i++)
    status = remark(t, &report->flips[i], "rounding errors could change how it falls out", text);
  for (size_t i = 0; i < shown(report) && !status && !report->reason[0]; i++)
    if (report->steps[i].jump)
      status = remark(t, &report->steps[i],
                      "counts with all of its error, as no derivative leads to it", text);
  return status;
}

static tri_status put_report(const struct telling *t, tri_text *text) {
  tri__text_printf(text, "rounding error in %s", tri_domain_name(t->domain));
  tri_status status = put_place(t->s, text);
  tri__text_puts(text, "\n\n");
  if (!status) status = put_summary(t, text);
  if (!status) status = put_steps(t, text);
  put_rest(t->report, text);
  if (!status && (t->report->n_flips || t->report->n_steps)) {
    size_t before = text->size;
    tri__text_putc(text, '\n');
    status = put_remarks(t, text);
    if (text->size == before + 1) text->size = before;
  }
  if (text->size && text->data[text->size - 1] == '\n') text->data[--text->size] = '\0';
  return status;
}

/* --- JSON */

/* Name, operation and value, without the closing brace. */
static tri_status json_head(const struct telling *t, const tri_error_step *step, tri_text *json) {
  tri_text *operation = arena_text(&t->s->session->statement->arena);
  if (!operation) return session_no_memory(t->s->session);
  tri_status status = put_operation(t, step, operation);
  tri__text_puts(json, "{\"name\":\"");
  put_step_name(t, step, json);
  tri__text_putc(json, '"');
  json_name(json, "operation");
  tri__text_json(json, operation->data ? operation->data : "", operation->size);
  json_name(json, "value");
  tri__text_putc(json, '"');
  put_value(t, step->value, json);
  tri__text_putc(json, '"');
  return status;
}

static void json_contribution(const tri_error_step *step, tri_text *json) {
  json_double(json, "adjoint", step->adjoint);
  json_double(json, "rounding", step->rounding);
  json_double(json, "contribution", step->contribution);
  json_double(json, "share", step->share);
  json_name(json, "jump");
  tri__text_puts(json, step->jump ? "true" : "false");
}

static tri_status json_steps(const struct telling *t, const tri_error_step *steps, size_t n,
                             bool contribute, tri_text *json) {
  tri_status status = TRI_OK;
  tri__text_putc(json, '[');
  for (size_t i = 0; i < n && !status; i++) {
    if (i) tri__text_putc(json, ',');
    status = json_head(t, &steps[i], json);
    if (contribute) json_contribution(&steps[i], json);
    tri__text_putc(json, '}');
  }
  tri__text_putc(json, ']');
  return status;
}

static tri_status put_members(const struct telling *t, tri_text *json) {
  const tri_error_report *report = t->report;
  json_name(json, "report");
  json_puts(json, "error");
  json_name(json, "domain");
  json_puts(json, tri_domain_name(t->domain));
  json_name(json, "computed");
  tri__text_putc(json, '"');
  put_value(t, report->value, json);
  tri__text_putc(json, '"');
  tri_status status = json_ball(t->s, json, "value", "radius", report->exact);
  json_double(json, "error", report->error);
  json_double(json, "uncertainty", report->uncertainty);
  json_double(json, "bound", report->bound);
  if (report->reason[0]) {
    json_name(json, "reason");
    json_puts(json, report->reason);
  }
  json_name(json, "precision");
  tri__text_printf(json, "%u", (unsigned)report->precision);
  json_name(json, "steps");
  if (!status) status = json_steps(t, report->steps, report->n_steps, true, json);
  json_name(json, "flips");
  if (!status) status = json_steps(t, report->flips, report->n_flips, false, json);
  return status;
}

/* --- the call */

static tri_status tell(struct telling *t, const tri_error_report *report, struct value *value) {
  struct session *session = t->s->session;
  struct result *result = result_new(session, "report");
  if (!result) return TRI_MEMORY;
  result->error = "a report is no expression";
  t->report = report;
  tri_status status = put_report(t, result->text);
  if (!status && session->output.json) status = put_members(t, result->members);
  if (!status && (result->text->status || result->members->status))
    status = session_no_memory(session);
  request_report(value, result);
  return status;
}

tri_status call_error(const struct request *request, struct value *value) {
  struct subject s;
  struct session *session = request->session;
  struct telling t = {.s = &s};
  tri_error_report report = {.value = 0.0};
  tri_error error = {0};
  tri_trace hooks;
  tri_status status = subject_read(request, TAKES_POINT | SCALAR_ONLY, &s);
  if (!status && s.n_inputs) status = trace_needs_point(request, &s);
  if (status) return status;
  t.domain = session->settings.domain == TRI_FLOAT ? TRI_FLOAT : TRI_DOUBLE;
  status = trace_open(&t.trace, request, &s, &hooks);
  if (!status) {
    status = tri_error_estimate(s.n_inputs, s.inputs, s.point, s.outputs[0], &report,
                                .domain = t.domain, .digits = digits_shown(session),
                                .trace = &hooks, .error = &error, .interrupt = session->interrupt);
    if (!status && t.trace.status) status = session_fail_status(session, t.trace.status);
    if (error.status) status = session_fail_with(session, request->at, &error);
  }
  if (!status) status = tell(&t, &report, value);
  tri_error_report_free(&report);
  trace_free(&t.trace);
  return status;
}
