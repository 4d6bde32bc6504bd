/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* latex and ccode: expressions as text for other programs. */
#include <string.h>

#include "base/text.h"
#include "subject.h"
#include "triad/calculus.h"

static tri_status print_as(const struct request *request, tri_expr e, tri_format format,
                           tri_text *text) {
  tri_print_options options = {.format = format};
  tri_status status = tri_print(tri_simplify(e), &options, text);
  if (status != TRI_OK)
    session_fail(request->session, NULL, status, "%s", tri_status_meaning(status));
  return status;
}

tri_status call_latex(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status = subject_read_expr(request, &s);
  struct result *result = status == TRI_OK ? result_text(request->session) : NULL;
  if (!result) return tri_graph_status(request->graph);
  request_report(value, result);
  return print_as(request, s.expr, TRI_LATEX, result->text);
}

tri_status call_ccode(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status = subject_read_expr(request, &s);
  struct result *result = status == TRI_OK ? result_text(request->session) : NULL;
  if (!result) return tri_graph_status(request->graph);
  request_report(value, result);
  return print_as(request, s.expr, TRI_C, result->text);
}
