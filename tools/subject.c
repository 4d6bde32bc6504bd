/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reading a call's arguments: which expression, which variables, at which point. */
#include "subject.h"

#include <string.h>

#include "declare.h"

enum { MOST_CALLABLE = 4096 }; /* variables up to which a result can be called */

/* For every node id that is a variable of the subject: its place among the inputs, + 1. */
struct reader {
  const struct request *request;
  struct subject *subject;
  uint32_t *place;
  uint32_t place_count;
  size_t positional; /* values given without a name */
  size_t capacity;   /* of inputs and point */
};

/* --- the expression */

static tri_status read_outputs(const struct request *request, struct subject *s) {
  size_t rank = tri_expr_rank(s->expr);
  if (rank == 1 && tri_expr_dim(s->expr, 0) < 0)
    return request_fail(request, request->arguments, TRI_SHAPE,
                        "%s: how many elements the expression has is known at a point only",
                        request->row->name);
  s->m = rank == 0 ? 1 : (size_t)tri_expr_dim(s->expr, 0);
  if (rank > 1)
    return request_fail(request, request->arguments, TRI_SHAPE,
                        "%s takes an expression or a vector of them", request->row->name);
  s->outputs = request_new(request, s->m, sizeof *s->outputs);
  if (!s->outputs) return TRI_MEMORY;
  for (size_t i = 0; i < s->m; i++) s->outputs[i] = rank == 0 ? s->expr : tri_element(s->expr, i);
  return tri_graph_status(request->graph);
}

static tri_expr *copy_of(const struct request *request, const tri_expr *exprs, size_t n) {
  tri_expr *copy = request_new(request, n, sizeof *copy);
  if (copy && n > 0) memcpy(copy, exprs, n * sizeof *copy);
  return copy;
}

/* The n variables of e; NULL after an error. */
static tri_expr *free_variables(const struct request *request, tri_expr e, size_t *n) {
  tri_expr *found;
  tri_status status = tri_free_variables(1, &e, &found, n);
  if (status != TRI_OK) return session_fail_status(request->session, status), NULL;
  tri_expr *variables = copy_of(request, found, *n);
  tri_variables_free(request->graph, found, *n);
  return variables;
}

static tri_status read_parameters(const struct request *request, struct subject *s) {
  if (s->lambda == 0) {
    s->parameters = free_variables(request, s->expr, &s->n_parameters);
    return s->parameters ? TRI_OK : tri_graph_status(request->graph);
  }
  tri_lambda f = {request->graph, s->lambda};
  s->n_parameters = tri_lambda_arity(f);
  s->parameters = request_new(request, s->n_parameters, sizeof *s->parameters);
  if (!s->parameters) return TRI_MEMORY;
  for (size_t i = 0; i < s->n_parameters; i++) s->parameters[i] = tri_lambda_parameter(f, i);
  return TRI_OK;
}

tri_status subject_read_expr(const struct request *request, struct subject *s) {
  const struct value *first = request->arguments;
  *s = (struct subject){.session = request->session};
  if (first->keyword || (first->kind != VALUE_EXPR && first->kind != VALUE_FUNCTION))
    return request_fail(request, first, TRI_SYNTAX,
                        "the first argument of %s is an expression or a function",
                        request->row->name);
  s->lambda = first->lambda;
  s->expr = first->kind == VALUE_EXPR
                ? expr_of(request->graph, first->expr)
                : tri_lambda_output((tri_lambda){request->graph, first->lambda}, 0);
  return read_parameters(request, s);
}

/* --- inputs */

static uint32_t *place_of(const struct reader *r, tri_expr variable) {
  return variable.id < r->place_count ? &r->place[variable.id] : NULL;
}

static tri_status add_input(struct reader *r, tri_expr variable) {
  struct subject *s = r->subject;
  uint32_t *place = place_of(r, variable);
  if (!place || *place) return TRI_OK;
  if (s->n_inputs == r->capacity) {
    size_t capacity = r->capacity * 2 + 16;
    tri_expr *inputs = request_new(r->request, capacity, sizeof *inputs);
    if (!inputs) return TRI_MEMORY;
    if (s->n_inputs) memcpy(inputs, s->inputs, s->n_inputs * sizeof *inputs);
    s->inputs = inputs;
    r->capacity = capacity;
  }
  s->inputs[s->n_inputs++] = variable;
  *place = (uint32_t)s->n_inputs;
  return TRI_OK;
}

static tri_status add_inputs(struct reader *r, const tri_expr *variables, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (add_input(r, variables[i]) != TRI_OK) return TRI_MEMORY;
  return TRI_OK;
}

/* All inputs: the chosen variables first, then the other parameters, then what else occurs. */
static tri_status collect_inputs(struct reader *r) {
  struct subject *s = r->subject;
  size_t n;
  r->place_count = r->request->graph->node_count;
  r->place = request_new(r->request, r->place_count, sizeof *r->place);
  tri_expr *others = r->place ? free_variables(r->request, s->expr, &n) : NULL;
  if (!others || add_inputs(r, s->variables, s->n) != TRI_OK ||
      add_inputs(r, s->parameters, s->n_parameters) != TRI_OK || add_inputs(r, others, n) != TRI_OK)
    return TRI_MEMORY;
  s->point = request_new(r->request, s->n_inputs, sizeof *s->point);
  return s->point ? TRI_OK : TRI_MEMORY;
}

/* --- choosing variables */

static bool is_variable(tri_expr e) { return tri_expr_op(e) == TRI_OP_variable; }

/* Whether an argument is [x, y, …] with nothing but variables. */
static bool chooses(const struct request *request, const struct value *argument) {
  if (argument->kind != VALUE_EXPR || argument->keyword) return false;
  tri_expr e = expr_of(request->graph, argument->expr);
  if (tri_expr_op(e) != TRI_OP_stack) return false;
  for (size_t i = 0; i < tri_expr_arity(e); i++)
    if (!is_variable(tri_expr_argument(e, i))) return false;
  return true;
}

static tri_expr parameter_named(const struct subject *s, const char *name, size_t size) {
  for (size_t i = 0; i < s->n_parameters; i++)
    if (text_is(name, size, tri_expr_name(s->parameters[i]))) return s->parameters[i];
  return (tri_expr){NULL, 0};
}

tri_expr subject_variable(const struct request *request, const struct subject *s,
                          const struct value *argument) {
  tri_expr e = expr_of(request->graph, argument->expr);
  tri_expr own = argument->name && !argument->keyword
                     ? parameter_named(s, argument->name, argument->name_size)
                     : (tri_expr){NULL, 0};
  if (own.graph) return own;
  if (argument->kind == VALUE_EXPR && !argument->keyword &&
      (is_variable(e) || tri_expr_op(e) == TRI_OP_eps))
    return e;
  tri_status status =
      argument->name && !argument->keyword
          ? request_fail(request, argument, TRI_NAME,
                         "%.*s is bound to a value and so no variable; 'clear %.*s' frees it",
                         (int)argument->name_size, argument->name, (int)argument->name_size,
                         argument->name)
          : request_fail(request, argument, TRI_SYNTAX, "%s: a variable is expected here",
                         request->row->name);
  return expr_of(request->graph, NODE_ERROR + (uint32_t)status);
}

static tri_status choose(struct subject *s, const struct request *request,
                         const struct value *argument) {
  tri_expr e = expr_of(request->graph, argument->expr);
  s->n = tri_expr_arity(e);
  s->variables = request_new(request, s->n, sizeof *s->variables);
  if (!s->variables) return TRI_MEMORY;
  unsigned char *seen = request_new(request, request->graph->node_count, 1);
  if (!seen) return TRI_MEMORY;
  for (size_t i = 0; i < s->n; i++) {
    s->variables[i] = tri_expr_argument(e, i);
    if (seen[s->variables[i].id]++)
      return request_fail(request, argument, TRI_NAME, "the variable %.80s stands twice",
                          tri_expr_name(s->variables[i]));
  }
  return TRI_OK;
}

/* --- variables that have gone from the expression, as x from x^0 */

/* Whether the first argument, as it is written, has this name. */
static bool is_written(const struct request *request, const char *name, size_t size) {
  const struct statement *s = request->session->statement;
  struct lexer lexer;
  tri__lex_init(&lexer, s->text + request->at->start, s->size - request->at->start, 1);
  for (uint32_t depth = 0;;) {
    struct token t = tri__lex(&lexer);
    bool opens = t.kind == TOKEN_OPERATOR && (t.op == OP_OPEN || t.op == OP_OPEN_SQUARE);
    bool closes = t.kind == TOKEN_OPERATOR && (t.op == OP_CLOSE || t.op == OP_CLOSE_SQUARE);
    depth += opens;
    depth -= closes;
    if (t.kind == TOKEN_NAME && depth > 0 && t.size == size &&
        !memcmp(lexer.text + t.start, name, size))
      return true;
    bool ends = t.kind == TOKEN_END || t.kind == TOKEN_ERROR || (closes && depth == 0);
    if (ends || (depth == 1 && t.kind == TOKEN_OPERATOR && t.op == OP_COMMA)) return false;
  }
}

static void insert_parameter(struct subject *s, tri_expr variable) {
  size_t at = 0;
  while (at < s->n_parameters &&
         strcmp(tri_expr_name(s->parameters[at]), tri_expr_name(variable)) < 0)
    at++;
  memmove(s->parameters + at + 1, s->parameters + at,
          (s->n_parameters - at) * sizeof *s->parameters);
  s->parameters[at] = variable;
  s->n_parameters++;
}

/* Arrays are not found by a scalar's node. */
static bool is_array_named(const struct subject *s, const char *name, size_t size) {
  for (size_t i = 0; i < s->n_parameters; i++)
    if (tri_expr_rank(s->parameters[i]) > 0 && text_is(name, size, tri_expr_name(s->parameters[i])))
      return true;
  return false;
}

/* A point may name them like any other: the expression does not depend on them. */
static tri_status add_vanished(const struct request *request, struct subject *s) {
  tri_expr *parameters = request_new(request, s->n_parameters + request->n, sizeof *parameters);
  if (!parameters) return TRI_MEMORY;
  if (s->n_parameters) memcpy(parameters, s->parameters, s->n_parameters * sizeof *parameters);
  s->parameters = parameters;
  unsigned char *known = request_new(request, request->graph->node_count + request->n, 1);
  if (!known) return TRI_MEMORY;
  for (size_t i = 0; i < s->n_parameters; i++) known[parameters[i].id] = 1;
  for (size_t i = 1; i < request->n; i++) {
    const struct value *a = &request->arguments[i];
    if (!a->keyword || a->kind != VALUE_EXPR) continue;
    const struct definition *d = session_find(request->session, a->keyword, a->keyword_size);
    bool array = d && declared_array(request->session, d);
    tri_expr variable =
        expr_of(request->graph,
                array ? d->expr : tri__variable(request->graph, a->keyword, a->keyword_size));
    if (tri_expr_status(variable) != TRI_OK) return tri_expr_status(variable);
    if (known[variable.id] || (d && !array) || is_array_named(s, a->keyword, a->keyword_size) ||
        !is_written(request, a->keyword, a->keyword_size))
      continue;
    known[variable.id] = 1;
    insert_parameter(s, variable);
  }
  return TRI_OK;
}

/* --- points and options */

static tri_status set_point(struct reader *r, const struct value *argument, tri_expr variable) {
  struct subject *s = r->subject;
  uint32_t *place = place_of(r, variable);
  size_t rank = argument->kind != VALUE_EXPR
                    ? MOST_RANK + 1
                    : tri_expr_rank(expr_of(r->request->graph, argument->expr));
  if (rank != tri_expr_rank(variable))
    return request_fail(r->request, argument, TRI_SHAPE, "%s is expected for %.80s",
                        tri_expr_rank(variable) == 0   ? "a number"
                        : tri_expr_rank(variable) == 1 ? "a vector"
                                                       : "an array",
                        tri_expr_name(variable));
  if (s->point[*place - 1].graph)
    return request_fail(r->request, argument, TRI_NAME, "%.80s is given twice",
                        tri_expr_name(variable));
  s->point[*place - 1] = expr_of(r->request->graph, argument->expr);
  s->has_point = true;
  return TRI_OK;
}

/* The input that a keyword names; graph NULL if there is none. */
static tri_expr input_named(const struct reader *r, const struct value *argument) {
  const struct subject *s = r->subject;
  tri_expr v = expr_of(r->request->graph,
                       tri__variable(r->request->graph, argument->keyword, argument->keyword_size));
  uint32_t *place = place_of(r, v);
  if (place && *place) return v;
  for (size_t i = 0; i < s->n_inputs; i++)
    if (tri_expr_rank(s->inputs[i]) > 0 &&
        text_is(argument->keyword, argument->keyword_size, tri_expr_name(s->inputs[i])))
      return s->inputs[i];
  return (tri_expr){NULL, 0};
}

static tri_status no_such_variable(const struct reader *r, const struct value *argument) {
  return request_fail(r->request, argument, TRI_NAME, "%.*s is no variable of the expression",
                      (int)argument->keyword_size, argument->keyword);
}

static tri_status read_mode(struct reader *r, const struct value *argument) {
  static const char *const names[] = {
      [MODE_FORWARD] = "forward", [MODE_REVERSE] = "reverse", [MODE_SYMBOLIC] = "symbolic"};
  for (int mode = MODE_FORWARD; mode <= MODE_SYMBOLIC; mode++)
    if (argument->name && text_is(argument->name, argument->name_size, names[mode])) {
      r->subject->mode = (enum subject_mode)mode;
      return TRI_OK;
    }
  return request_fail(r->request, argument, TRI_NAME, "mode is forward, reverse or symbolic");
}

static tri_status read_keyword(struct reader *r, unsigned takes, const struct value *argument) {
  struct subject *s = r->subject;
  const char *name = argument->keyword;
  size_t size = argument->keyword_size;
  tri_expr variable = input_named(r, argument);
  if (argument->kind == VALUE_RANGE && (takes & TAKES_RANGE) && !s->range) {
    s->range = argument;
    s->range_variable =
        variable.graph ? variable
                       : expr_of(r->request->graph, tri__variable(r->request->graph, name, size));
    return TRI_OK;
  }
  if (variable.graph && (takes & TAKES_POINT)) return set_point(r, argument, variable);
  if ((takes & TAKES_MODE) && text_is(name, size, "mode")) return read_mode(r, argument);
  if ((takes & TAKES_DIRECTION) && text_is(name, size, "direction"))
    return s->direction = argument, TRI_OK;
  if ((takes & TAKES_WEIGHTS) && text_is(name, size, "weights"))
    return s->weights = argument, TRI_OK;
  if ((takes & TAKES_CLAIM) && text_is(name, size, "claim")) return s->claim = argument, TRI_OK;
  return no_such_variable(r, argument);
}

static tri_status read_argument(struct reader *r, unsigned takes, const struct value *argument) {
  struct subject *s = r->subject;
  if (argument->keyword) return read_keyword(r, takes, argument);
  if ((takes & TAKES_FILE) && argument->kind == VALUE_STRING && !s->file)
    return s->file = argument, TRI_OK;
  if (argument->kind == VALUE_RANGE && (takes & TAKES_RANGE) && !s->range && s->n_parameters == 1) {
    s->range = argument;
    s->range_variable = s->parameters[0];
    return TRI_OK;
  }
  if (!(takes & TAKES_POINT) || argument->kind != VALUE_EXPR)
    return request_fail(r->request, argument, TRI_SYNTAX, "%s cannot use this argument: write %s",
                        r->request->row->name, r->request->row->usage);
  if (r->positional < s->n_parameters) {
    tri_status status = set_point(r, argument, s->parameters[r->positional]);
    if (status != TRI_OK) return status;
  }
  r->positional++;
  return TRI_OK;
}

static tri_status check_count(const struct reader *r) {
  const struct subject *s = r->subject;
  if (r->positional == 0 || r->positional == s->n_parameters) return TRI_OK;
  return request_fail(r->request, NULL, TRI_ARITY,
                      "the point has %zu number%s and the %s %zu variable%s", r->positional,
                      r->positional == 1 ? "" : "s", s->lambda ? "function" : "expression",
                      s->n_parameters, s->n_parameters == 1 ? "" : "s");
}

static tri_status check_point(const struct reader *r) {
  struct subject *s = r->subject;
  if (!s->has_point && !s->range) return TRI_OK;
  for (size_t i = 0; i < s->n_inputs; i++)
    if (!s->point[i].graph && !(s->range && tri_expr_equal(s->inputs[i], s->range_variable)))
      return request_fail(r->request, NULL, TRI_NAME, "the point gives no value for %.80s",
                          tri_expr_name(s->inputs[i]));
  if (s->range) return TRI_OK;
  s->symbolic_point = expr_leaves(s->session, s->n_inputs, s->point) != 0;
  return tri_graph_status(r->request->graph);
}

/* Whether [a, b] is where a function of an array is looked at, since none of these are its variables. */
static bool is_place(const struct request *request, const struct subject *s,
                     const struct value *argument) {
  tri_expr e = expr_of(request->graph, argument->expr);
  if (!s->lambda || s->n_parameters == 0 || tri_expr_rank(s->parameters[0]) != tri_expr_rank(e))
    return false;
  for (size_t i = 0; i < tri_expr_arity(e); i++)
    for (size_t k = 0; k < s->n_parameters; k++)
      if (tri_expr_equal(tri_expr_argument(e, i), s->parameters[k])) return false;
  return true;
}

/* Which argument chooses the variables: [x, y], or one bare variable if nothing else stands without
 * a name. */
static const struct value *choosing(const struct request *request, const struct subject *s,
                                    unsigned takes) {
  const struct value *second = request->n > 1 ? &request->arguments[1] : NULL;
  if (!second || !(takes & TAKES_VARIABLES) || !chooses(request, second)) return NULL;
  return is_place(request, s, second) ? NULL : second;
}

tri_status subject_read(const struct request *request, unsigned takes, struct subject *s) {
  struct reader reader = {.request = request, .subject = s};
  tri_status status = subject_read_expr(request, s);
  if (status == TRI_OK && s->lambda == 0 && (takes & TAKES_POINT))
    status = add_vanished(request, s);
  if (status != TRI_OK) return status;
  if ((takes & SCALAR_ONLY) && tri_expr_rank(s->expr) > 0)
    return request_fail(request, request->arguments, TRI_SHAPE,
                        "%s takes one expression, not a vector", request->row->name);
  const struct value *chosen = choosing(request, s, takes);
  s->n = s->n_parameters;
  s->variables = s->parameters;
  if (chosen) status = choose(s, request, chosen);
  if (status == TRI_OK) status = collect_inputs(&reader);
  for (size_t i = 1; i < request->n && status == TRI_OK; i++)
    if (&request->arguments[i] != chosen)
      status = read_argument(&reader, takes, &request->arguments[i]);
  if (status == TRI_OK) status = check_count(&reader);
  if (status == TRI_OK) status = check_point(&reader);
  if (status == TRI_OK) status = subject_flatten(request, s);
  return status == TRI_OK && takes != TAKES_POINT ? read_outputs(request, s) : status;
}

/* --- vectors, results */

/* Element k of an array, in the order of its text. */
static tri_expr element_at(tri_expr e, size_t count, size_t k) {
  while (tri_expr_rank(e) > 0) {
    count /= (size_t)tri_expr_dim(e, 0);
    e = tri_element(e, k / count);
    k %= count;
  }
  return e;
}

tri_expr *subject_vector(const struct request *request, const struct value *argument, size_t n,
                         const char *what) {
  tri_expr e = expr_of(request->graph, argument->expr);
  struct group shape = {0};
  if (argument->kind == VALUE_EXPR && subject_group(request, e, &shape)) return NULL;
  if (argument->kind != VALUE_EXPR || shape.count != n) {
    request_fail(request, argument, TRI_SHAPE, "%s is a vector of %zu number%s", what, n,
                 n == 1 ? "" : "s");
    return NULL;
  }
  tri_expr *elements = request_new(request, n, sizeof *elements);
  for (size_t i = 0; elements && i < n; i++) elements[i] = element_at(e, n, i);
  return tri_graph_status(request->graph) == TRI_OK ? elements : NULL;
}

tri_status subject_give(const struct subject *s, tri_expr e, bool derived, struct value *value) {
  tri_graph *g = s->expr.graph;
  if (tri_expr_status(e) != TRI_OK) return tri_expr_status(e);
  *value = (struct value){.kind = VALUE_EXPR, .expr = e.id};
  if (s->n_parameters == 0 || s->n_parameters > MOST_CALLABLE) return TRI_OK;
  value->lambda = tri_lambda_new(g, s->n_parameters, s->parameters, 1, &e).id;
  if (value->lambda && derived) {
    uint32_t primal =
        s->lambda ? s->lambda : tri_lambda_new(g, s->n_parameters, s->parameters, 1, &s->expr).id;
    session_note_derived(s->session, value->lambda, primal);
  }
  return tri_graph_status(g);
}
