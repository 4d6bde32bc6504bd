/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reading and making names with dimensions. */
#include "declare.h"

#include <string.h>

#include "base/text.h"
#include "graph/arrays.h"

static bool is_operator(const struct token *token, int op) {
  return token->kind == TOKEN_OPERATOR && token->op == op;
}

static const char *text_of(const struct session *session, const struct token *token) {
  return session->statement->text + token->start;
}

static int shown(const struct token *token) { return (int)(token->size < 60 ? token->size : 60); }

static bool same(const struct session *session, const struct token *a, const struct token *b) {
  return a->size == b->size && memcmp(text_of(session, a), text_of(session, b), a->size) == 0;
}

/* --- reading */

static bool add(struct session *session, struct declarations *list, const struct declared *d) {
  if (list->n == list->capacity) {
    size_t larger = list->capacity * 2 + 8;
    struct declared *grown = arena_new(&session->statement->arena, larger, sizeof *grown);
    if (!grown) return false;
    if (list->n) memcpy(grown, list->at, list->n * sizeof *grown);
    list->at = grown;
    list->capacity = larger;
  }
  list->at[list->n++] = *d;
  return true;
}

/* A whole number as the lexer took it in, or a name. */
static bool is_dimension(const struct token *token) {
  return token->kind == TOKEN_NAME || (token->kind == TOKEN_NUMBER && token->op == 1);
}

/* Dimensions behind '[' up to ']'. */
static bool read_dimensions(struct session *session, struct lexer *lexer, struct declared *d) {
  struct token dims[MOST_RANK], token;
  do {
    token = tri__lex(lexer);
    if (!is_dimension(&token) || d->rank == MOST_RANK) return false;
    dims[d->rank++] = token;
    token = tri__lex(lexer);
  } while (is_operator(&token, OP_COMMA));
  struct token *kept = arena_new(&session->statement->arena, d->rank, sizeof *kept);
  if (!kept || !is_operator(&token, OP_CLOSE_SQUARE)) return false;
  memcpy(kept, dims, d->rank * sizeof *kept);
  d->dims = kept;
  return true;
}

bool declare_read(struct session *session, struct lexer *lexer, const struct token *first,
                  struct declarations *list, struct token *next) {
  struct declared d = {.name = *first};
  if (first->kind != TOKEN_NAME) return false;
  *next = tri__lex(lexer);
  if (is_operator(next, OP_OPEN_SQUARE)) {
    if (!read_dimensions(session, lexer, &d)) return false;
    *next = tri__lex(lexer);
  }
  return add(session, list, &d);
}

/* --- checking */

static tri_status check_size(struct session *session, const struct declarations *list,
                             const struct token *size, const char *what) {
  if (size->kind != TOKEN_NAME) return TRI_OK;
  const char *name = text_of(session, size), *reserved = session_reserved(name, size->size);
  if (reserved)
    return session_fail(session, size, TRI_NAME, "%.*s is %s and cannot be a size", shown(size),
                        name, reserved);
  for (size_t i = 0; i < list->n; i++)
    if (same(session, &list->at[i].name, size))
      return session_fail(session, size, TRI_NAME, "%.*s is a size here and %s as well",
                          shown(size), name, what);
  return TRI_OK;
}

tri_status declare_check(struct session *session, const struct declarations *list,
                         const char *what) {
  for (size_t i = 0; i < list->n; i++)
    for (size_t d = 0; d < list->at[i].rank; d++) {
      tri_status status = check_size(session, list, &list->at[i].dims[d], what);
      if (status) return status;
    }
  return TRI_OK;
}

/* --- making */

static extent extent_of(struct session *session, const struct token *t) {
  if (t->kind == TOKEN_NUMBER) return t->integer;
  return ~(extent)tri__name_attr(session->graph, text_of(session, t), t->size);
}

static tri_status make(struct session *session, struct declared *d) {
  tri_graph *g = session->graph;
  int64_t dims[MOST_RANK];
  for (size_t k = 0; k < d->rank; k++) dims[k] = extent_of(session, &d->dims[k]);
  if (tri_graph_status(g)) return tri_graph_status(g);
  uint32_t shape = tri__shape(g, d->rank, dims);
  if (shape == TRI__NO_SHAPE) return tri_graph_status(g);
  d->variable = tri__variable_shaped(g, text_of(session, &d->name), d->name.size, shape);
  return id_is_error(d->variable) ? id_status(d->variable) : TRI_OK;
}

tri_status declare_make(struct session *session, struct declarations *list) {
  tri_status status = TRI_OK;
  for (size_t i = 0; i < list->n && !status; i++) status = make(session, &list->at[i]);
  return status;
}

uint32_t declare_size(const struct session *session, const struct declarations *list,
                      const char *name, size_t size) {
  for (size_t i = 0; i < list->n; i++)
    for (size_t d = 0; d < list->at[i].rank; d++) {
      const struct token *t = &list->at[i].dims[d];
      if (t->kind == TOKEN_NAME && t->size == size && !memcmp(text_of(session, t), name, size))
        return tri__size(session->graph, ~(extent)tri__name_attr(session->graph, name, size));
    }
  return 0;
}

/* --- the command */

static tri_status read_all(struct session *session, const struct token *first, size_t rest,
                           struct declarations *list) {
  const struct statement *s = session->statement;
  struct position place = s->position;
  position_advance(&place, s->text, rest);
  struct lexer lexer = {
      .text = s->text, .size = s->end, .at = rest, .line = place.line, .column = place.column};
  struct token next;
  do {
    struct token name = tri__lex(&lexer);
    if (!declare_read(session, &lexer, &name, list, &next))
      return session_fail(session, name.kind == TOKEN_NAME ? &name : first, TRI_SYNTAX,
                          "write array NAME[SIZE, …], as in: array x[n], A[3, n]");
    if (!list->at[list->n - 1].rank)
      return session_fail(session, &name, TRI_SYNTAX, "%.*s needs a size: write %.*s[n]",
                          shown(&name), text_of(session, &name), shown(&name),
                          text_of(session, &name));
  } while (is_operator(&next, OP_COMMA));
  if (next.kind == TOKEN_END || next.kind == TOKEN_NEWLINE) return TRI_OK;
  return session_fail(session, &next, TRI_SYNTAX, "write array NAME[SIZE, …]");
}

static tri_status define(struct session *session, const struct token *name, uint32_t expr) {
  const char *text = text_of(session, name), *what = session_reserved(text, name->size);
  if (what)
    return session_fail(session, name, TRI_NAME, "%.*s is %s and cannot be declared", shown(name),
                        text, what);
  struct definition d = {.name = text, .name_size = (uint32_t)name->size, .expr = expr};
  return session_define(session, &d);
}

/* A size, which has no other meaning yet. */
static tri_status define_size(struct session *session, const struct declarations *list,
                              const struct token *t) {
  const char *name = text_of(session, t);
  if (t->kind != TOKEN_NAME) return TRI_OK;
  const struct definition *old = session_find(session, name, t->size);
  if (old && !declared_size(session, old))
    return session_fail(session, t, TRI_NAME, "%.*s is bound to a value and so no size", shown(t),
                        name);
  return old ? TRI_OK : define(session, t, declare_size(session, list, name, t->size));
}

tri_status declare_run(struct session *session, const struct token *first, size_t rest,
                       struct result *result) {
  struct declarations list = {0};
  (void)result;
  tri_status status = read_all(session, first, rest, &list);
  if (!status) status = declare_check(session, &list, "an array");
  if (!status) status = declare_make(session, &list);
  for (size_t i = 0; i < list.n && !status; i++) {
    for (size_t d = 0; d < list.at[i].rank && !status; d++)
      status = define_size(session, &list, &list.at[i].dims[d]);
    if (!status) status = define(session, &list.at[i].name, list.at[i].variable);
  }
  return status;
}

/* --- looking */

bool declared_array(const struct session *session, const struct definition *d) {
  const tri_graph *g = session->graph;
  const char *name = d->function ? NULL : tri__name(g, d->expr);
  return name && node_at(g, d->expr)->shape && text_is(d->name, d->name_size, name);
}

bool declared_size(const struct session *session, const struct definition *d) {
  const tri_graph *g = session->graph;
  if (d->function || node_at(g, d->expr)->op != TRI_OP_size) return false;
  return text_is(d->name, d->name_size,
                 tri__attr_data(g, (uint32_t)~tri__span(g, d->expr).n, NULL));
}

void declare_write_shape(tri_graph *g, tri_expr variable, tri_text *text) {
  uint32_t shape = node_at(g, variable.id)->shape;
  char n[32];
  for (uint32_t d = 0; d < shape_rank(g, shape); d++) {
    extent size = shape_dims(g, shape)[d];
    tri__text_puts(text, d ? ", " : "[");
    tri__text_puts(text, size < 0 ? tri__attr_data(g, (uint32_t)~size, NULL)
                                  : tri__extent_text(g, size, n, sizeof n));
  }
  if (shape) tri__text_putc(text, ']');
}
