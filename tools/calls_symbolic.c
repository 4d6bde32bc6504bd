/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* diff, simplify, expand, substitute, value, taylor, and derivatives as they are typed (∂f/∂x, f'):
 * expressions to expressions. */
#include <string.h>

#include "subject.h"
#include "triad/calculus.h"

enum { HIGHEST_ORDER = 1000 };

/* --- derivatives */

/* A count behind a variable, as in diff(e, x, 3); false if the argument is no number. */
static bool is_count(const struct request *request, const struct value *argument) {
  return argument->kind == VALUE_EXPR && !argument->keyword &&
         tri_expr_op(expr_of(request->graph, argument->expr)) == TRI_OP_constant;
}

static tri_status read_count(const struct request *request, const struct value *argument,
                             uint32_t *count) {
  int64_t n;
  if (!tri__small_integer(request->graph, argument->expr, &n) || n < 0 || n > HIGHEST_ORDER)
    return request_fail(request, argument, TRI_LIMIT,
                        "the order of a derivative is a whole number from 0 to %d", HIGHEST_ORDER);
  *count = (uint32_t)n;
  return TRI_OK;
}

static bool names_a_parameter(const struct subject *s, const struct value *argument) {
  for (size_t i = 0; argument->name && i < s->n_parameters; i++) {
    const char *name = tri_expr_name(s->parameters[i]);
    if (strlen(name) == argument->name_size &&
        memcmp(name, argument->name, argument->name_size) == 0)
      return true;
  }
  return false;
}

/* Differentiates by the variable of argument i, as often as the number behind it says; *i moves
 * behind both. */
static tri_expr diff_step(const struct request *request, const struct subject *s, tri_expr e,
                          size_t *i) {
  const struct value *argument = &request->arguments[*i];
  tri_expr variable = subject_variable(request, s, argument);
  uint32_t times = 1;
  if (tri_expr_status(variable) != TRI_OK) return variable;
  if (++*i < request->n && is_count(request, &request->arguments[*i]) &&
      !names_a_parameter(s, &request->arguments[*i])) {
    tri_status status = read_count(request, &request->arguments[*i], &times);
    if (status != TRI_OK) return expr_of(request->graph, NODE_ERROR + (uint32_t)status);
    ++*i;
  }
  return tri_diff_n(e, variable, times);
}

tri_status call_diff(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status = subject_read_expr(request, &s);
  if (status != TRI_OK) return status;
  tri_expr e = s.expr;
  if (request->n == 1 && s.n_parameters != 1)
    return request_fail(request, NULL, TRI_ARITY, "diff: by which variable? write diff(e, x)");
  if (request->n == 1) e = tri_diff(e, s.parameters[0]);
  for (size_t i = 1; i < request->n && tri_expr_status(e) == TRI_OK;)
    e = diff_step(request, &s, e, &i);
  return subject_give(&s, e, true, value);
}

tri_status call_derivative(void *data, tri_graph *g, const struct token *at, const struct value *of,
                           size_t n, const uint32_t *variables, uint32_t primes,
                           struct value *value) {
  struct session *session = data;
  static const struct call_row row = {.name = "a derivative"};
  struct request request = {session, g, &row, at, 1, of};
  struct subject s;
  tri_status status = subject_read_expr(&request, &s);
  if (status != TRI_OK) return status;
  if (n == 0 && s.n_parameters != 1)
    return session_fail(
        session, at, TRI_ARITY,
        "' is for functions of one parameter, and this one has %zu: write ∂f/∂x or diff(f, x)",
        s.n_parameters);
  tri_expr e = s.expr;
  for (size_t i = 0; i < n && tri_expr_status(e) == TRI_OK;) {
    uint32_t times = 1;
    while (i + times < n && variables[i + times] == variables[i]) times++;
    e = tri_diff_n(e, expr_of(g, variables[i]), times);
    i += times;
  }
  if (n == 0) e = tri_diff_n(e, s.parameters[0], primes);
  return subject_give(&s, e, true, value);
}

/* --- expressions rewritten */

tri_status call_simplify(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status = subject_read_expr(request, &s);
  return status == TRI_OK ? subject_give(&s, tri_simplify(s.expr), false, value) : status;
}

/* Gives an expression in a form that was asked for. */
static tri_status give_verbatim(const struct request *request, const struct subject *s, tri_expr e,
                                struct value *value) {
  if (tri_expr_status(e) == TRI_OK) session_note_verbatim(request->session, e.id);
  return subject_give(s, e, false, value);
}

tri_status call_expand(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status = subject_read_expr(request, &s);
  return status == TRI_OK ? give_verbatim(request, &s, tri_expand(s.expr, 0), value) : status;
}

/* The variable that a keyword names: an array of the subject, or a scalar. */
static tri_expr variable_named(const struct request *request, const struct subject *s,
                               const struct value *a) {
  for (size_t i = 0; i < s->n_parameters; i++)
    if (tri_expr_rank(s->parameters[i]) > 0 &&
        text_is(a->keyword, a->keyword_size, tri_expr_name(s->parameters[i])))
      return s->parameters[i];
  return expr_of(request->graph, tri__variable(request->graph, a->keyword, a->keyword_size));
}

/* x=…, y=… as variables and what replaces them. */
static tri_status read_replacements(const struct request *request, const struct subject *s,
                                    tri_expr *variables, tri_expr *replacements) {
  for (size_t i = 1; i < request->n; i++) {
    const struct value *a = &request->arguments[i];
    if (!a->keyword || a->kind != VALUE_EXPR)
      return request_fail(request, a, TRI_SYNTAX, "%s: write the variables and their values as x=…",
                          request->row->name);
    variables[i - 1] = variable_named(request, s, a);
    replacements[i - 1] = expr_of(request->graph, a->expr);
    for (size_t k = 0; k + 1 < i; k++)
      if (variables[k].id == variables[i - 1].id)
        return request_fail(request, a, TRI_NAME, "%.*s is given twice", (int)a->keyword_size,
                            a->keyword);
  }
  return tri_graph_status(request->graph);
}

tri_status call_substitute(const struct request *request, struct value *value) {
  struct subject s;
  tri_expr *variables = request_new(request, request->n, sizeof *variables);
  tri_expr *replacements = request_new(request, request->n, sizeof *replacements);
  if (!variables || !replacements) return TRI_MEMORY;
  tri_status status = subject_read_expr(request, &s);
  if (status == TRI_OK) status = read_replacements(request, &s, variables, replacements);
  if (status != TRI_OK) return status;
  tri_expr e = tri_substitute(s.expr, request->n - 1, variables, replacements);
  *value = (struct value){.kind = VALUE_EXPR, .expr = e.id};
  return tri_expr_status(e);
}

tri_status call_value(const struct request *request, struct value *value) {
  struct subject s;
  tri_status status = subject_read(request, TAKES_POINT, &s);
  if (status != TRI_OK) return status;
  if (!s.has_point && s.n_inputs > 0)
    return request_fail(request, NULL, TRI_NAME, "the point gives no value for %.80s",
                        tri_expr_name(s.inputs[0]));
  tri_expr e = s.n_inputs > 0 ? tri_substitute(s.expr, s.n_inputs, s.inputs, s.point) : s.expr;
  *value = (struct value){.kind = VALUE_EXPR, .expr = e.id};
  return tri_expr_status(e);
}

/* --- taylor */

/* The polynomial with simplified coefficients, in powers of x - at. */
static tri_expr polynomial(const struct request *request, tri_expr e, tri_expr x, tri_expr at,
                           uint32_t order) {
  tri_expr *c = request_new(request, (size_t)order + 1, sizeof *c);
  if (!c) return expr_of(request->graph, NODE_ERROR + TRI_MEMORY);
  tri_status status = tri_taylor(e, x, at, order, c);
  if (status == TRI_OK) status = tri_simplify_all((size_t)order + 1, c, c);
  if (status != TRI_OK) return expr_of(request->graph, NODE_ERROR + (uint32_t)status);
  tri_expr step = tri_sub(x, at), sum = c[0];
  for (uint32_t k = 1; k <= order; k++)
    sum = tri_add(sum, tri_mul(c[k], tri_pow(step, tri_integer(request->graph, k))));
  return sum;
}

/* A polynomial is one in a number: an array of the name that was given is not taken for a number
 * that does not occur. */
static tri_status refuse_array(const struct request *request, const struct subject *s,
                               const struct value *at) {
  for (size_t i = 0; i < s->n_parameters; i++) {
    const char *name = tri_expr_name(s->parameters[i]);
    if (strlen(name) == at->keyword_size && memcmp(name, at->keyword, at->keyword_size) == 0 &&
        tri_expr_rank(s->parameters[i]) > 0)
      return request_fail(request, at, TRI_SHAPE, "taylor: %.80s is an array, not a number", name);
  }
  return TRI_OK;
}

tri_status call_taylor(const struct request *request, struct value *value) {
  struct subject s;
  const struct value *at = &request->arguments[1], *order = &request->arguments[2];
  uint32_t n = 0;
  tri_status status = subject_read_expr(request, &s);
  if (status != TRI_OK) return status;
  if (!at->keyword && order->keyword) at = &request->arguments[2], order = &request->arguments[1];
  if (!at->keyword || at->kind != VALUE_EXPR || order->keyword || !is_count(request, order))
    return request_fail(request, at, TRI_SYNTAX, "write taylor(e, x=A, N)");
  status = read_count(request, order, &n);
  if (status == TRI_OK) status = refuse_array(request, &s, at);
  if (status != TRI_OK) return status;
  tri_expr x =
      expr_of(request->graph, tri__variable(request->graph, at->keyword, at->keyword_size));
  tri_expr at_point = expr_of(request->graph, at->expr);
  return give_verbatim(request, &s, polynomial(request, s.expr, x, at_point, n), value);
}
