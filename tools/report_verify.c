/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* verify: the modes against certified enclosures, as a table and as JSON. */
#include <math.h>
#include <string.h>
#include <triad/verify.h>

#include "base/text.h"
#include "json.h"
#include "report_verify.h"
#include "table.h"
#include "trace.h"

static const char *const mode_names[TRI_BY_DIFFERENCES] = {"forward", "reverse", "symbolic"};

/* What an entry is about: "f", "df/dx", "e1", "de2/dx". */
static void put_name(const struct subject *s, const tri_verify_entry *e, tri_text *text) {
  if (e->input != SIZE_MAX)
    put_derivative_name(s, e->output, e->input, text);
  else if (s->m > 1)
    tri__text_printf(text, "f%zu", e->output + 1);
  else
    tri__text_puts(text, "f");
}

void put_derivative_name(const struct subject *s, size_t output, size_t input, tri_text *text) {
  const char *d = output_unicode(s->session) ? "∂" : "d";
  tri__text_printf(text, "%sf", d);
  if (s->m > 1) tri__text_printf(text, "%zu", output + 1);
  tri__text_printf(text, "/%s%s", d, tri_expr_name(s->variables[input]));
}

uint64_t digits_shown(const struct session *session) {
  enum { DEFAULT_DIGITS = 30 };
  return session->settings.digits ? session->settings.digits : DEFAULT_DIGITS;
}

/* One decimal, without the locale. */
static void put_tenths(tri_text *text, double x) {
  double tenths = floor(x * 10.0 + 0.5);
  tri__text_double(text, tenths / 10.0);
}

/* "exact", "15.9", "-" */
void put_digits(tri_text *text, double digits) {
  if (isnan(digits))
    tri__text_puts(text, "-");
  else if (isinf(digits))
    tri__text_puts(text, "exact");
  else
    put_tenths(text, digits);
}

/* The largest error of the modes in double. */
static double worst_ulps(const tri_verify_entry *e) {
  double worst = 0.0;
  for (int mode = 0; mode < TRI_BY_DIFFERENCES; mode++)
    if (!(e->ulps[mode] <= worst)) worst = e->ulps[mode];
  return worst;
}

void put_enclosure(const struct session *session, tri_value enclosure, tri_text *text,
                   tri_text *radius) {
  tri_value_enclosure(enclosure, digits_shown(session), text, radius);
}

static void row(struct table *t, const struct subject *s, const tri_verify_entry *e) {
  put_name(s, e, table_text(t));
  table_end(t);
  if (e->enclosure.at)
    put_enclosure(s->session, e->enclosure, table_text(t), NULL);
  else
    tri__text_puts(table_text(t), "-");
  table_end(t);
  for (int by = 0; by < TRI_EVIDENCE; by++) {
    put_digits(table_text(t), e->digits[by]);
    table_end(t);
  }
  if (!isfinite(worst_ulps(e)))
    tri__text_puts(table_text(t), "-");
  else
    put_tenths(table_text(t), worst_ulps(e));
  table_end(t);
  table_cell(t, tri_verdict_name(e->verdict));
}

static tri_status put_table(const struct subject *s, const tri_verify_report *report,
                            tri_text *text) {
  static const char *const heads[] = {"",         "certain value", "forward", "reverse",
                                      "symbolic", "differences",   "ulps",    "verdict"};
  enum { COLUMNS = sizeof heads / sizeof *heads };
  struct table t;
  tri_status status = table_open(&t, s->session, COLUMNS);
  if (status) return status;
  for (size_t i = 0; i < COLUMNS; i++) table_cell(&t, heads[i]);
  for (size_t i = 0; i < report->n_entries; i++) row(&t, s, &report->entries[i]);
  return table_write(&t, text);
}

static void put_reasons(const struct subject *s, const tri_verify_report *report, tri_text *text) {
  for (size_t i = 0; i < report->n_entries; i++) {
    const tri_verify_entry *e = &report->entries[i];
    if (!e->reason[0]) continue;
    put_name(s, e, text);
    tri__text_printf(text, ": %s\n", e->reason);
  }
}

tri_status put_place(const struct subject *s, tri_text *text) {
  for (size_t i = 0; i < s->n_inputs; i++) {
    tri__text_printf(text, i ? ", %s = " : " at %s = ", tri_expr_name(s->inputs[i]));
    tri_status status = print_expr(s->session, s->point[i], text);
    if (status) return status;
  }
  return TRI_OK;
}

static tri_status put_report(const struct subject *s, const tri_verify_report *report,
                             tri_text *text) {
  tri__text_puts(text, tri_verdict_name(report->verdict));
  tri_status status = put_place(s, text);
  if (status) return status;
  tri__text_printf(text, ": digits that agree, of %llu that are certain\n\n",
                   (unsigned long long)digits_shown(s->session));
  status = put_table(s, report, text);
  if (status) return status;
  put_reasons(s, report, text);
  if (text->size && text->data[text->size - 1] == '\n') text->data[--text->size] = '\0';
  return TRI_OK;
}

/* --- JSON */

void json_double(tri_text *json, const char *name, double x) {
  json_name(json, name);
  tri__text_putc(json, '"');
  tri__text_double(json, x);
  tri__text_putc(json, '"');
}

tri_status json_ball(const struct subject *s, tri_text *json, const char *name,
                     const char *radius_name, tri_value ball) {
  tri_text *value = arena_text(&s->session->statement->arena),
           *radius = value ? arena_text(&s->session->statement->arena) : NULL;
  if (!radius) return session_no_memory(s->session);
  put_enclosure(s->session, ball, value, radius);
  if (value->status || radius->status) return session_no_memory(s->session);
  json_name(json, name);
  tri__text_json(json, value->data, value->size);
  json_name(json, radius_name);
  tri__text_json(json, radius->data, radius->size);
  return TRI_OK;
}

static void json_of_modes(tri_text *json, const char *name, const double *values, int n) {
  json_name(json, name);
  for (int by = 0; by < n; by++) {
    tri__text_printf(json, "%s\"%s\":\"", by ? "," : "{",
                     by < TRI_BY_DIFFERENCES ? mode_names[by] : "differences");
    tri__text_double(json, values[by]);
    tri__text_putc(json, '"');
  }
  tri__text_putc(json, '}');
}

static tri_status json_entry(const struct subject *s, const tri_verify_entry *e, tri_text *json) {
  tri_status status = TRI_OK;
  tri__text_printf(json, "{\"output\":%zu", e->output + 1);
  if (e->input != SIZE_MAX) {
    json_name(json, "by");
    json_puts(json, tri_expr_name(s->variables[e->input]));
  }
  json_name(json, "verdict");
  json_puts(json, tri_verdict_name(e->verdict));
  if (e->enclosure.at) status = json_ball(s, json, "value", "radius", e->enclosure);
  if (!status && e->difference.at)
    status = json_ball(s, json, "difference", "difference_bound", e->difference);
  for (int mode = 0; mode < TRI_BY_DIFFERENCES; mode++)
    json_double(json, mode_names[mode], e->result[mode]);
  json_of_modes(json, "digits", e->digits, TRI_EVIDENCE);
  json_of_modes(json, "ulps", e->ulps, TRI_BY_DIFFERENCES);
  if (e->reason[0]) {
    json_name(json, "reason");
    json_puts(json, e->reason);
  }
  tri__text_putc(json, '}');
  return status;
}

static tri_status put_members(const struct subject *s, const tri_verify_report *report,
                              tri_text *json) {
  tri_status status = TRI_OK;
  json_name(json, "report");
  json_puts(json, "verify");
  json_name(json, "verdict");
  json_puts(json, tri_verdict_name(report->verdict));
  json_name(json, "digits");
  tri__text_printf(json, "%llu", (unsigned long long)digits_shown(s->session));
  json_name(json, "precision");
  tri__text_printf(json, "%u", (unsigned)report->precision);
  json_name(json, "entries");
  for (size_t i = 0; i < report->n_entries && !status; i++) {
    tri__text_putc(json, i ? ',' : '[');
    status = json_entry(s, &report->entries[i], json);
  }
  tri__text_putc(json, ']');
  return status;
}

/* --- the call */

tri_status call_verify(const struct request *request, struct value *value) {
  struct subject s;
  struct session *session = request->session;
  tri_verify_report report;
  tri_error error = {0};
  tri_status status = subject_read(request, TAKES_VARIABLES | TAKES_POINT, &s);
  if (!status) status = trace_needs_point(request, &s);
  if (status) return status;
  struct result *result = result_new(session, "report");
  if (!result) return TRI_MEMORY;
  result->error = "a verification is no expression";
  status =
      tri_verify(s.n_inputs, s.inputs, s.point, s.m, s.outputs, &report, .n_variables = s.n,
                 .digits = digits_shown(session), .error = &error, .interrupt = session->interrupt);
  if (status) return session_fail_with(session, request->at, &error);
  session->verdict = (uint8_t)report.verdict;
  status = put_report(&s, &report, result->text);
  if (!status && session->output.json) status = put_members(&s, &report, result->members);
  tri_verify_report_free(&report);
  request_report(value, result);
  return status;
}
