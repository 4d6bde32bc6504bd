/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers at a point. Results go back into the graph as the exact constants that they are, so that
 * one can calculate with them. */
#include "numeric.h"

#include "triad/mp.h"

static tri_status evaluate(struct numeric *n, size_t count, const tri_expr *exprs,
                           tri_values **values) {
  *values = NULL;
  if (count == 0) {
    *values = numeric_array(n, 0);
    return *values ? TRI_OK : TRI_MEMORY;
  }
  tri_error error = {0};
  tri_status status = tri_evaluate(count, exprs, &n->options, values, &error);
  if (status == TRI_OK) return TRI_OK;
  return error.status == TRI_OK ? session_no_memory(n->request->session)
                                : session_fail_with(n->request->session, n->request->at, &error);
}

tri_status numeric_open(struct numeric *n, const struct request *request,
                        const struct subject *subject, size_t count, const tri_expr *outputs,
                        size_t primals, const tri_number_options *options) {
  struct session *session = request->session;
  *n = (struct numeric){.request = request, .subject = subject};
  n->options = *options;
  n->call = (tri_call){.error = &n->error, .interrupt = session->interrupt};
  n->function =
      tri_compile(subject->n_inputs, subject->inputs, count, outputs, .domain = options->domain,
                  .precision = options->precision, .primals = primals, .error = &n->error);
  if (!n->function) return session_fail_with(session, request->at, &n->error);
  n->workspace = tri_workspace_new(n->function);
  if (!n->workspace) return session_no_memory(session);
  n->call.workspace = n->workspace;
  return subject->has_point && !subject->range
             ? evaluate(n, subject->n_inputs, subject->point, &n->point)
             : TRI_OK;
}

void numeric_close(struct numeric *n) {
  tri_values_free(n->point);
  tri_workspace_free(n->workspace);
  tri_function_free(n->function);
}

tri_values *numeric_array(struct numeric *n, size_t count) {
  tri_values *values = tri_values_new(&n->options, count);
  if (!values) session_no_memory(n->request->session);
  return values;
}

tri_status numeric_check(struct numeric *n, tri_status status) {
  if (status == TRI_OK) return TRI_OK;
  if (n->error.status == TRI_OK) n->error.status = status;
  return session_fail_with(n->request->session, n->request->at, &n->error);
}

tri_status numeric_strict(struct numeric *n) {
  const struct subject *s = n->subject;
  if (!n->request->session->settings.strict) return TRI_OK;
  tri_values *all = numeric_array(n, s->n_inputs), *tangents = numeric_array(n, s->m);
  tri_status status = all && tangents ? TRI_OK : TRI_MEMORY;
  for (size_t i = 0; !status && i < s->n; i++) tri_values_set_double(all, i, 1.0);
  n->call.strict = 1;
  if (!status)
    status = numeric_check(
        n, tri_function_forward_values(n->function, &n->call, n->point, 1, all, NULL, tangents));
  n->call.strict = 0;
  tri_values_free(all);
  tri_values_free(tangents);
  return status;
}

tri_status numeric_evaluate(struct numeric *n, size_t count, const tri_expr *exprs,
                            tri_values *array, size_t to) {
  tri_values *values;
  tri_status status = evaluate(n, count, exprs, &values);
  for (size_t i = 0; status == TRI_OK && i < count; i++)
    tri_values_set(array, to + i, tri_values_get(values, i));
  tri_values_free(values);
  return status;
}

/* --- back into the graph */

/* The numbers as constants; false if one is not finite, or none is there. */
static bool constants(const struct request *request, const tri_values *values, size_t n,
                      tri_expr *exprs) {
  mpq_t q;
  bool all = true;
  mpq_init(q);
  for (size_t i = 0; i < n && all; i++) {
    all = tri_value_mpq(tri_values_get(values, i), q);
    if (all) exprs[i] = tri_constant_mpq(request->graph, q);
  }
  mpq_clear(q);
  return all;
}

tri_expr numeric_shaped(const struct request *request, const tri_expr *exprs, size_t rows,
                        size_t columns) {
  if (rows == 0) return exprs[0];
  if (columns == 0) return tri_stack(rows, exprs);
  tri_expr *vectors = request_new(request, rows, sizeof *vectors);
  if (!vectors) return expr_of(request->graph, NODE_ERROR + TRI_MEMORY);
  for (size_t i = 0; i < rows; i++) vectors[i] = tri_stack(columns, exprs + i * columns);
  return tri_stack(rows, vectors);
}

/* Whether all entries have one shape. */
static bool is_regular(const struct subject *s) {
  for (size_t i = 1; i < s->n_groups; i++) {
    const struct group *a = s->groups, *b = s->groups + i;
    bool same = a->rank == b->rank && a->count == b->count;
    for (size_t d = 0; d < a->rank && same; d++) same = a->dims[d] == b->dims[d];
    if (!same) return false;
  }
  return true;
}

/* Numbers that are printed and nothing else. */
static tri_status give_printed(const struct request *request, const struct subject *s,
                               const tri_values *values, const char *why, struct value *value) {
  struct result *result = result_new(request->session, NULL);
  if (!result) return TRI_MEMORY;
  result->error = why;
  request_report(value, result);
  return result_of_groups(request->session, values, s->n_groups, s->groups, result);
}

tri_status numeric_give_nested(const struct request *request, const struct subject *s,
                               const tri_values *values, struct value *value) {
  if (!subject_is_nested(s)) return numeric_give(request, values, s->n, 0, value);
  tri_expr *exprs = request_new(request, s->n, sizeof *exprs),
           *entries = request_new(request, s->n_groups, sizeof *entries);
  if (!exprs || !entries) return TRI_MEMORY;
  if (!is_regular(s))
    return give_printed(request, s, values,
                        "these derivatives have several shapes, so they can only be printed",
                        value);
  if (s->n && !constants(request, values, s->n, exprs))
    return give_printed(request, s, values,
                        "these numbers are not all exact, so they can only be printed", value);
  for (size_t i = 0, first = 0; i < s->n_groups; first += s->groups[i++].count)
    entries[i] = subject_array(request, s->groups + i, exprs + first);
  tri_expr e = s->n_groups == 1 ? entries[0] : tri_stack(s->n_groups, entries);
  *value = (struct value){.kind = VALUE_EXPR, .expr = e.id};
  return tri_expr_status(e);
}

tri_status numeric_give(const struct request *request, const tri_values *values, size_t rows,
                        size_t columns, struct value *value) {
  size_t n = (rows > 0 ? rows : 1) * (columns > 0 ? columns : 1);
  tri_expr *exprs = request_new(request, n, sizeof *exprs);
  if (!exprs) return TRI_MEMORY;
  if (constants(request, values, n, exprs)) {
    tri_expr e = numeric_shaped(request, exprs, rows, columns);
    *value = (struct value){.kind = VALUE_EXPR, .expr = e.id};
    return tri_expr_status(e);
  }
  struct result *result = result_new(request->session, NULL);
  if (!result) return TRI_MEMORY;
  result->error = "these numbers are not all exact, so they can only be printed";
  request_report(value, result);
  return result_of_values(request->session, values, rows, columns, result);
}
