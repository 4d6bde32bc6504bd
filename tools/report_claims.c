/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* gradcheck: claimed partial derivatives against certified ones, as a table and as JSON. */
#include <math.h>
#include <string.h>
#include <triad/verify.h>

#include "base/text.h"
#include "json.h"
#include "report_verify.h"
#include "table.h"
#include "trace.h"

static tri_status put_claim(const struct session *session, tri_value ball, struct table *t) {
  if (ball.at)
    put_enclosure(session, ball, table_text(t), NULL);
  else
    tri__text_puts(table_text(t), "-");
  table_end(t);
  return TRI_OK;
}

static tri_status put_table(const struct subject *s, const tri_claim_report *report,
                            tri_text *text) {
  static const char *const heads[] = {"", "claim", "certain value", "digits", "verdict"};
  enum { COLUMNS = sizeof heads / sizeof *heads };
  struct table t;
  tri_status status = table_open(&t, s->session, COLUMNS);
  if (status) return status;
  for (size_t i = 0; i < COLUMNS; i++) table_cell(&t, heads[i]);
  for (size_t j = 0; j < report->n_entries; j++) {
    const tri_claim_entry *e = &report->entries[j];
    put_derivative_name(s, 0, j, table_text(&t));
    table_end(&t);
    put_claim(s->session, e->claim, &t);
    put_claim(s->session, e->derivative, &t);
    put_digits(table_text(&t), e->digits);
    table_end(&t);
    table_cell(&t, tri_verdict_name(e->verdict));
  }
  return table_write(&t, text);
}

static tri_status put_report(const struct subject *s, const tri_claim_report *report,
                             tri_text *text) {
  tri__text_puts(text, tri_verdict_name(report->verdict));
  tri_status status = put_place(s, text);
  tri__text_puts(text, "\n\n");
  if (!status) status = put_table(s, report, text);
  for (size_t j = 0; j < report->n_entries && !status; j++) {
    if (!report->entries[j].reason[0]) continue;
    put_derivative_name(s, 0, j, text);
    tri__text_printf(text, ": %s\n", report->entries[j].reason);
  }
  if (text->size && text->data[text->size - 1] == '\n') text->data[--text->size] = '\0';
  return status;
}

static tri_status json_entry(const struct subject *s, const tri_claim_entry *e, tri_text *json) {
  tri_status status = TRI_OK;
  tri__text_puts(json, "{\"by\":");
  json_puts(json, tri_expr_name(s->variables[e->input]));
  json_name(json, "verdict");
  json_puts(json, tri_verdict_name(e->verdict));
  if (e->claim.at) status = json_ball(s, json, "claim", "claim_radius", e->claim);
  if (!status && e->derivative.at) status = json_ball(s, json, "value", "radius", e->derivative);
  json_double(json, "digits", e->digits);
  if (e->reason[0]) {
    json_name(json, "reason");
    json_puts(json, e->reason);
  }
  tri__text_putc(json, '}');
  return status;
}

static tri_status put_members(const struct subject *s, const tri_claim_report *report,
                              tri_text *json) {
  tri_status status = TRI_OK;
  json_name(json, "report");
  json_puts(json, "gradcheck");
  json_name(json, "verdict");
  json_puts(json, tri_verdict_name(report->verdict));
  json_name(json, "entries");
  for (size_t j = 0; j < report->n_entries && !status; j++) {
    tri__text_putc(json, j ? ',' : '[');
    status = json_entry(s, &report->entries[j], json);
  }
  tri__text_putc(json, ']');
  return status;
}

tri_status call_gradcheck(const struct request *request, struct value *value) {
  struct subject s;
  struct session *session = request->session;
  tri_claim_report report;
  tri_error error = {0};
  tri_status status =
      subject_read(request, TAKES_VARIABLES | TAKES_POINT | TAKES_CLAIM | SCALAR_ONLY, &s);
  if (!status) status = trace_needs_point(request, &s);
  if (status) return status;
  if (!s.claim) return request_fail(request, NULL, TRI_ARITY, "gradcheck: claim=[…] is missing");
  tri_expr *claims = subject_vector(request, s.claim, s.n, "claim");
  struct result *result = claims ? result_new(session, "report") : NULL;
  if (!result) return tri_graph_status(request->graph);
  result->error = "a gradient check is no expression";
  status = tri_check_claims(s.n_inputs, s.inputs, s.point, s.outputs[0], claims, &report,
                            .n_variables = s.n, .digits = digits_shown(session), .error = &error,
                            .interrupt = session->interrupt);
  if (status) return session_fail_with(session, request->at, &error);
  session->verdict = (uint8_t)report.verdict;
  status = put_report(&s, &report, result->text);
  if (!status && session->output.json) status = put_members(&s, &report, result->members);
  tri_claim_report_free(&report);
  request_report(value, result);
  return status;
}
