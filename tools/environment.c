/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What names mean in an expression of the session: the parser's callbacks. */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "commands.h"
#include "declare.h"
#include "graph/parse.h"
#include "session.h"

static bool is_token(const struct statement *s, const struct token *token, const char *name,
                     size_t size) {
  return token->size == size && memcmp(s->text + token->start, name, size) == 0;
}

const char *session_reserved(const char *name, size_t size) {
  static const char *const constants[] = {"pi", "π", "eps", "ε"};
  char buffer[32];
  for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
    if (text_is(name, size, constants[i])) return "a constant of the language";
  if (call_find(name, size)) return "a call of the language";
  if (command_find(name, size)) return "a command";
  if (tri__array_function(name, size)) return "a function of the language";
  if (size == 0 || size >= sizeof buffer) return NULL;
  memcpy(buffer, name, size);
  buffer[size] = '\0';
  return tri_op_find(buffer) < TRI_OP_ROWS ? "a function of the language" : NULL;
}

/* --- places and derivatives, remembered while the statement lasts */

static void told_place(void *data, uint32_t expr, uint32_t line, uint32_t column) {
  struct statement *s = ((struct session *)data)->statement;
  struct node_place *places =
      array_grown(s->places, &s->place_capacity, s->n_places + 1, sizeof *places);
  if (!places) return; /* a message less exact is all that is lost */
  s->places = places;
  s->places[s->n_places++] = (struct node_place){expr, line, column};
}

/* The nodes that use `node`, itself among them, as marks of all nodes. */
static unsigned char *users_of(const tri_graph *g, uint32_t node) {
  unsigned char *marks = calloc(g->node_count, 1);
  if (!marks) return NULL;
  marks[node] = 1;
  for (uint32_t id = node + 1; id < g->node_count; id++) {
    const struct node *n = node_at(g, id);
    const uint32_t *args = node_args(g, n);
    for (uint32_t i = 0; i < n->nargs && !marks[id]; i++) marks[id] = marks[args[i]];
  }
  return marks;
}

bool session_place(struct session *session, uint32_t node, uint32_t *line, uint32_t *column) {
  const tri_graph *g = session->graph;
  const struct statement *s = session->statement;
  if (!s || node == 0 || node >= g->node_count) return false;
  unsigned char *users = users_of(g, node);
  const struct node_place *best = NULL;
  for (size_t i = 0; users && i < s->n_places; i++) {
    const struct node_place *p = &s->places[i];
    if (p->node < g->node_count && users[p->node] && (!best || p->node < best->node)) best = p;
  }
  free(users);
  if (!best) return false;
  *line = best->line;
  *column = best->column;
  return true;
}

void session_note_derived(struct session *session, uint32_t lambda, uint32_t primal) {
  struct statement *s = session->statement;
  if (lambda == 0 || primal == 0) return;
  struct derived *derived =
      array_grown(s->derived, &s->derived_capacity, s->n_derived + 1, sizeof *derived);
  if (!derived) {
    session_no_memory(session);
    return;
  }
  s->derived = derived;
  s->derived[s->n_derived++] = (struct derived){lambda, primal};
}

uint32_t session_primal(const struct session *session, uint32_t lambda) {
  const struct statement *s = session->statement;
  for (size_t i = s->n_derived; i-- > 0;)
    if (s->derived[i].lambda == lambda) return s->derived[i].primal;
  for (size_t i = session->n_definitions; i-- > 0;)
    if (session->definitions[i].primal && session->definitions[i].lambda == lambda)
      return session->definitions[i].primal;
  return 0;
}

bool id_list_add(struct id_list *list, size_t n, const uint32_t *ids) {
  uint32_t *grown = array_grown(list->ids, &list->capacity, list->n + n, sizeof *grown);
  if (!grown) return false;
  list->ids = grown;
  memcpy(list->ids + list->n, ids, n * sizeof *ids);
  list->n += n;
  return true;
}

static void add_ids(struct session *session, struct id_list *list, size_t n, const uint32_t *ids) {
  if (!id_list_add(list, n, ids)) session_no_memory(session);
}

void session_note_verbatim(struct session *session, uint32_t expr) {
  add_ids(session, &session->statement->verbatim, 1, &expr);
}

bool session_is_verbatim(const struct session *session, uint32_t expr) {
  const struct id_list *list = &session->statement->verbatim;
  for (size_t i = 0; i < list->n; i++)
    if (list->ids[i] == expr) return true;
  return false;
}

/* A derivative was applied: what it is a derivative of must have a value there too. */
static void applied(void *data, uint32_t lambda, size_t n, const tri_expr *arguments,
                    uint32_t result) {
  struct session *session = data;
  tri_graph *g = session->graph;
  uint32_t primal = session_primal(session, lambda);
  (void)result;
  if (primal == 0) return;
  tri_lambda f = {g, primal};
  size_t outputs = tri_lambda_outputs(f);
  tri_expr *values = arena_new(&session->statement->arena, outputs, sizeof *values);
  uint32_t *ids = arena_new(&session->statement->arena, outputs, sizeof *ids);
  if (!values || !ids) {
    session_no_memory(session);
    return;
  }
  if (tri_lambda_apply(f, n, arguments, values) != TRI_OK) return;
  for (size_t i = 0; i < outputs; i++) ids[i] = values[i].id;
  add_ids(session, &session->statement->primals, outputs, ids);
}

/* --- names */

/* A name that the statement itself defines: no meaning yet, and never one. */
static bool own_name(struct session *session, const char *name, size_t size, struct value *value) {
  struct statement *s = session->statement;
  if (!s->defining || !is_token(s, s->defining, name, size)) return false;
  struct position place = {s->position.at, s->position.line, s->position.column};
  if (name >= s->text + s->start && name < s->text + s->end)
    position_advance(&place, s->text, (size_t)(name - s->text));
  struct token at = {.line = place.line, .column = place.column};
  tri_status status = session_fail(session, &at, TRI_NAME,
                                   "%.*s is being defined here: a definition cannot use itself",
                                   (int)(size < 80 ? size : 80), name);
  *value = (struct value){.kind = VALUE_EXPR, .expr = NODE_ERROR + (uint32_t)status};
  return true;
}

static bool parameter(struct session *session, const char *name, size_t size, struct value *value) {
  const struct statement *s = session->statement;
  const struct declarations *list = s->parameters;
  uint32_t id = 0;
  for (size_t i = 0; list && i < list->n && !id; i++)
    if (is_token(s, &list->at[i].name, name, size)) id = list->at[i].variable;
  if (list && !id) id = declare_size(session, list, name, size);
  if (id) *value = (struct value){.kind = VALUE_EXPR, .expr = id};
  return id != 0;
}

static bool meaning(void *data, const char *name, size_t size, struct value *value) {
  struct session *session = data;
  if (parameter(session, name, size, value) || own_name(session, name, size, value)) return true;
  const struct definition *d = session_find(session, name, size);
  if (!d) return false;
  if (d->verbatim) session_note_verbatim(session, d->expr);
  *value = (struct value){
      .kind = d->function ? VALUE_FUNCTION : VALUE_EXPR, .expr = d->expr, .lambda = d->lambda};
  return true;
}

static bool is_call(void *data, const char *name, size_t size) {
  (void)data;
  return call_find(name, size) != NULL;
}

void session_each_name(const struct session *session, void (*fn)(void *data, const char *name),
                       void *data) {
  for (size_t i = 0; i < session->n_definitions; i++) fn(data, session->definitions[i].name);
  for (unsigned op = 0; op < TRI_OP_ROWS; op++)
    if (row_is_function(&tri__rows[op], op)) fn(data, tri_op_name((tri_op)op));
  for (size_t i = 0; i < tri__array_function_count; i++) fn(data, tri__array_functions[i].name);
  for (size_t i = 0; i < call_count; i++) fn(data, call_rows[i].name);
}

static void each_name(void *data, void (*fn)(void *fn_data, const char *name), void *fn_data) {
  struct session *session = data;
  struct statement *s = session->statement;
  for (size_t i = 0; s->parameters && i < s->parameters->n; i++) {
    const struct token *t = &s->parameters->at[i].name;
    char *name = arena_string(&s->arena, s->text + t->start, t->size);
    if (name) fn(fn_data, name);
  }
  session_each_name(session, fn, fn_data);
}

struct environment session_environment(struct session *session) {
  return (struct environment){.data = session,
                              .name = meaning,
                              .is_call = is_call,
                              .call = call_run,
                              .derivative = call_derivative,
                              .applied = applied,
                              .place = told_place,
                              .each_name = each_name};
}
