/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Statements: text is cut into them, each is read as a command, a definition or an expression, and
 * carried out. */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "commands.h"
#include "declare.h"
#include "input.h"
#include "session.h"

enum { MOST_PARAMETERS = 4096, MOST_LOADS = 64 };

static bool is_operator(const struct token *token, int op) {
  return token->kind == TOKEN_OPERATOR && token->op == op;
}

static bool is_end(const struct token *token) {
  return token->kind == TOKEN_END || token->kind == TOKEN_NEWLINE;
}

static const char *text_of(const struct session *session, const struct token *token) {
  return session->statement->text + token->start;
}

static int shown_size(const struct token *token) {
  return (int)(token->size < 60 ? token->size : 60);
}

/* --- what may not follow an expression */

static tri_status unexpected(struct session *session, const struct lexer *lexer,
                             const struct token *next) {
  if (next->kind == TOKEN_ERROR)
    return session_fail(session, next, TRI_SYNTAX, "%s", lexer->message);
  if (is_operator(next, OP_ASSIGN))
    return session_fail(session, next, TRI_SYNTAX,
                        "only a name, or a function such as f(x, y) or f(x[n]), can be defined; to "
                        "compare write '=='");
  if (is_operator(next, OP_COMMA))
    return session_fail(session, next, TRI_SYNTAX,
                        "',' stands only within brackets; statements are parted by ';'");
  const char *what = is_operator(next, OP_CLOSE) || is_operator(next, OP_CLOSE_SQUARE)
                         ? "no bracket is open for"
                         : "unexpected";
  return session_fail(session, next, TRI_SYNTAX, "%s '%.*s'", what, shown_size(next),
                      text_of(session, next));
}

/* Parses an expression to the statement's end. */
static tri_status parse(struct session *session, struct lexer *lexer, struct value *value) {
  struct environment environment = session_environment(session);
  struct token next;
  tri_status status = tri__parse_value(session->graph, lexer, &environment, value, &next);
  if (status == TRI_OK && !is_end(&next)) status = unexpected(session, lexer, &next);
  if (status == TRI_OK) status = tri_graph_status(session->graph);
  return status;
}

/* --- expressions */

static tri_status result_of_value(struct session *session, const struct value *value,
                                  struct result *result) {
  tri_graph *g = session->graph;
  switch (value->kind) {
  case VALUE_EXPR: return result_of_expr(session, expr_of(g, value->expr), result);
  case VALUE_FUNCTION:
    return result_of_expr(session, tri_lambda_output((tri_lambda){g, value->lambda}, 0), result);
  case VALUE_REPORT: *result = *(const struct result *)value->report; return TRI_OK;
  default:
    return session_fail(session, &value->token, TRI_SYNTAX,
                        "this is no expression: it stands for an argument of a call");
  }
}

static tri_status run_expression(struct session *session, struct lexer *lexer,
                                 struct result *result) {
  struct value value;
  tri_status status = parse(session, lexer, &value);
  return status == TRI_OK ? result_of_value(session, &value, result) : status;
}

/* --- definitions */

/* A definition's left side, if that is what the statement begins with: name =, or name(name, …)
 * =. */
struct heading {
  struct token name;
  bool function;
  struct declarations parameters;
};

/* Reads the heading and moves the lexer behind '='; false, with the lexer as it was, if the
 * statement is none. */
static bool read_heading(struct session *session, struct lexer *lexer, const struct token *name,
                         struct heading *heading) {
  struct lexer ahead = *lexer;
  *heading = (struct heading){.name = *name};
  struct token token = tri__lex(&ahead);
  if (is_operator(&token, OP_OPEN)) {
    heading->function = true;
    do {
      struct token first = tri__lex(&ahead);
      if (!declare_read(session, &ahead, &first, &heading->parameters, &token)) return false;
    } while (is_operator(&token, OP_COMMA));
    if (!is_operator(&token, OP_CLOSE)) return false;
    token = tri__lex(&ahead);
  }
  if (!is_operator(&token, OP_ASSIGN)) return false;
  *lexer = ahead;
  return true;
}

static tri_status check_parameters(struct session *session, const struct heading *h) {
  const struct declarations *list = &h->parameters;
  if (list->n > MOST_PARAMETERS)
    return session_fail(session, &h->name, TRI_LIMIT, "a function of more than %d parameters",
                        MOST_PARAMETERS);
  for (size_t i = 0; i < list->n; i++) {
    const struct token *p = &list->at[i].name;
    const char *name = text_of(session, p);
    const char *what = session_reserved(name, p->size);
    if (what && !call_find(name, p->size) && !command_find(name, p->size) &&
        !tri__array_function(name, p->size))
      return session_fail(session, p, TRI_NAME, "%.*s is %s and cannot be a parameter",
                          shown_size(p), name, what);
    for (size_t k = 0; k < i; k++)
      if (list->at[k].name.size == p->size &&
          memcmp(text_of(session, &list->at[k].name), name, p->size) == 0)
        return session_fail(session, p, TRI_NAME, "the parameter %.*s stands twice", shown_size(p),
                            name);
  }
  return declare_check(session, list, "a parameter");
}

static tri_status check_heading(struct session *session, const struct heading *h) {
  const char *what = session_reserved(text_of(session, &h->name), h->name.size);
  if (what)
    return session_fail(session, &h->name, TRI_NAME, "%.*s is %s and cannot be defined",
                        shown_size(&h->name), text_of(session, &h->name), what);
  return check_parameters(session, h);
}

/* The lambda of a function whose body was parsed; 0 on failure. */
static uint32_t function_of(struct session *session, const struct heading *h, uint32_t body) {
  size_t n = h->parameters.n;
  uint32_t *parameters = arena_new(&session->statement->arena, n, sizeof *parameters);
  if (!parameters) return session_no_memory(session), 0;
  for (size_t i = 0; i < n; i++) parameters[i] = h->parameters.at[i].variable;
  return tri__lambda(session->graph, n, parameters, 1, &body);
}

static tri_status not_bindable(struct session *session, const struct value *value) {
  const struct result *report = value->kind == VALUE_REPORT ? value->report : NULL;
  const char *what = report && report->error ? report->error
                     : value->kind == VALUE_FUNCTION
                         ? "a function's body is an expression, such as g(x)"
                         : "only an expression or a function can be bound to a name";
  return session_fail(session, &value->token, TRI_SYNTAX, "%s", what);
}

static tri_status run_definition(struct session *session, struct lexer *lexer, struct heading *h) {
  struct statement *s = session->statement;
  tri_status status = check_heading(session, h);
  if (status == TRI_OK) status = declare_make(session, &h->parameters);
  if (status != TRI_OK) return status;
  s->defining = &h->name;
  s->parameters = &h->parameters;
  struct value value;
  status = parse(session, lexer, &value);
  if (status != TRI_OK) return status;
  bool alias = value.kind == VALUE_FUNCTION && !h->function;
  if (value.kind != VALUE_EXPR && !alias) return not_bindable(session, &value);
  struct definition d = {.name = s->text + h->name.start,
                         .name_size = (uint32_t)h->name.size,
                         .expr = value.expr,
                         .lambda = value.lambda,
                         .function = h->function || alias};
  if (alias) d.expr = tri_lambda_output((tri_lambda){session->graph, value.lambda}, 0).id;
  d.verbatim = session_is_verbatim(session, d.expr);
  if (h->function) d.lambda = function_of(session, h, value.expr);
  if (h->function && d.lambda == 0) return tri_graph_status(session->graph);
  if (d.lambda && !h->function) d.primal = session_primal(session, d.lambda);
  return session_define(session, &d);
}

/* --- one statement */

/* A command's name makes a command, unless what follows shows that it is meant otherwise. */
static const struct command_row *command_of(const struct session *session,
                                            const struct lexer *lexer, const struct token *first) {
  if (first->kind != TOKEN_NAME) return NULL;
  const struct command_row *row = command_find(text_of(session, first), first->size);
  struct lexer ahead = *lexer;
  struct token next = tri__lex(&ahead);
  return is_operator(&next, OP_ASSIGN) || is_operator(&next, OP_OPEN) ? NULL : row;
}

static tri_status carry_out(struct session *session, struct lexer *lexer, struct result *result) {
  struct lexer ahead = *lexer;
  struct token first = tri__lex(&ahead);
  const struct command_row *command = command_of(session, &ahead, &first);
  if (command) return command->run(session, &first, ahead.at, result);
  struct heading heading;
  if (first.kind == TOKEN_NAME && read_heading(session, &ahead, &first, &heading))
    return run_definition(session, &ahead, &heading);
  if (tri_graph_status(session->graph) != TRI_OK) return tri_graph_status(session->graph);
  return run_expression(session, lexer, result);
}

static void release(struct session *session, struct statement *s) {
  arena_free(&s->arena);
  free(s->places);
  free(s->derived);
  free(s->primals.ids);
  free(s->verbatim.ids);
  session->statement = s->outer;
  session_settle(session);
}

static bool run_statement(struct session *session, struct statement *s, struct lexer lexer) {
  struct result result = {0};
  session->statement = s;
  tri_status status = carry_out(session, &lexer, &result);
  if (status == TRI_OK) status = tri_graph_status(session->graph);
  if (status == TRI_OK) {
    output_result(session, &result);
  } else {
    session_fail_status(session, status);
    output_error(session, tri_graph_error(session->graph));
  }
  output_flush(session);
  release(session, s);
  return status == TRI_OK;
}

static bool must_stop(const struct session *session) {
  return session->quit || session->output.broken || (session->interrupt && *session->interrupt);
}

bool session_run(struct session *session, const char *source, const char *text, size_t size,
                 uint32_t line) {
  struct position position = {0, line, 1};
  struct scan scan = {0};
  bool good = true;
  while (position.at < size && !must_stop(session) && (good || session->keep_going)) {
    size_t end = scan_statement(&scan, text, position.at, size);
    struct lexer lexer = {.text = text,
                          .size = end,
                          .at = position.at,
                          .line = position.line,
                          .column = position.column};
    struct statement s = {.outer = session->statement,
                          .source = source,
                          .loaded = session->loads > 0,
                          .text = text,
                          .size = size,
                          .text_line = line,
                          .start = position.at,
                          .end = end};
    struct lexer ahead = lexer;
    struct token first = tri__lex(&ahead);
    s.position = (struct position){first.start, first.line, first.column};
    output_before(session, &s, first.kind == TOKEN_END);
    if (first.kind != TOKEN_END && !run_statement(session, &s, lexer)) good = false;
    position_advance(&position, text, end < size ? end + 1 : end);
  }
  return good;
}

/* --- files */

void session_report(struct session *session, const char *source, const tri_error *error) {
  struct statement s = {.outer = session->statement,
                        .source = source,
                        .loaded = session->loads > 0,
                        .text = "",
                        .text_line = error->line,
                        .position = {0, error->line, 0}};
  session->statement = &s;
  output_error(session, error);
  output_flush(session);
  session->statement = s.outer;
}

static bool is_last(tri_status status) {
  return status == TRI_FILE || status == TRI_MEMORY || status == TRI_INTERRUPTED;
}

static bool run_input(struct session *session, const char *source, struct input *input) {
  bool good = true;
  while (!must_stop(session) && (good || session->keep_going)) {
    const char *text;
    size_t size;
    uint32_t line;
    tri_error error = {0};
    tri_status status = input_next(input, &text, &size, &line, &error);
    if (status != TRI_OK) {
      session_report(session, source, &error);
      good = false;
      if (is_last(status)) break;
    } else if (size == 0) {
      break;
    } else if (!session_run(session, source, text, size, line)) {
      good = false;
    }
  }
  return good;
}

bool session_run_file(struct session *session, const char *path, tri_error *unopened) {
  struct input input;
  *unopened = (tri_error){0};
  if (session->loads > MOST_LOADS) {
    *unopened =
        (tri_error){.status = TRI_LIMIT, .message = "files load each other more than 64 deep"};
    return false;
  }
  if (input_open(&input, path, (size_t)session->graph->limits.text, session->interrupt, unopened) !=
      TRI_OK)
    return false;
  bool good = run_input(session, strcmp(path, "-") == 0 ? "stdin" : path, &input);
  input_close(&input);
  return good;
}
