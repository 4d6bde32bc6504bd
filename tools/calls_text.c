/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* latex and ccode: expressions as text for other programs. */
#include <string.h>

#include "base/text.h"
#include "subject.h"
#include "triad/calculus.h"

static tri_status give_text(const struct request *request, tri_format format, struct value *value) {
  struct subject s;
  tri_status status = subject_read_expr(request, &s);
  struct result *result = status == TRI_OK ? result_text(request->session) : NULL;
  if (!result) return tri_graph_status(request->graph);
  request_report(value, result);
  tri_print_options options = {.format = format};
  status = tri_print(tri_simplify(s.expr), &options, result->text);
  return session_fail_status(request->session, status);
}

tri_status call_latex(const struct request *request, struct value *value) {
  return give_text(request, TRI_LATEX, value);
}

tri_status call_ccode(const struct request *request, struct value *value) {
  return give_text(request, TRI_C, value);
}
