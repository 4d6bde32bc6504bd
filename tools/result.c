/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What an expression's value is, as text and as JSON members: number, dual number, vector, matrix,
 * expression. */
#include <string.h>

#include "base/text.h"
#include "graph/walk.h"
#include "json.h"
#include "session.h"
#include "triad/calculus.h"

struct result *result_new(struct session *session, const char *kind) {
  struct arena *arena = &session->statement->arena;
  struct result *result = arena_new(arena, 1, sizeof *result);
  if (!result) return session_no_memory(session), NULL;
  result->kind = kind;
  result->text = arena_text(arena);
  result->members = arena_text(arena);
  if (result->text && result->members) return result;
  return session_no_memory(session), NULL;
}

struct result *result_text(struct session *session) {
  struct result *result = result_new(session, "text");
  if (result) result->error = "a text is no expression";
  return result;
}

/* --- what is to be printed: elements in a shape */

enum { MOST_RANK = 64 };

struct elements {
  struct session *session;
  size_t rank, count;
  size_t dims[MOST_RANK];
  const tri_text *texts;    /* of every element */
  const tri_text *tangents; /* NULL: no dual numbers */
};

/* How many brackets open before element i, or close behind element i - 1. */
static size_t brackets_at(const struct elements *e, size_t i) {
  size_t size = 1, n = 0;
  for (size_t d = e->rank; d-- > 0;) {
    size *= e->dims[d];
    if (size > 0 && i % size == 0) n++;
  }
  return n;
}

static void repeat(tri_text *text, char c, size_t n) {
  while (n-- > 0) tri__text_putc(text, c);
}

/* Writes all elements with brackets and `between`; `put` writes one. */
static void write_elements(const struct elements *e, const char *between, tri_text *text,
                           void (*put)(const struct elements *e, size_t i, tri_text *text)) {
  for (size_t i = 0; i < e->count; i++) {
    if (i > 0) {
      repeat(text, ']', brackets_at(e, i));
      tri__text_puts(text, between);
    }
    repeat(text, '[', brackets_at(e, i));
    put(e, i, text);
  }
  repeat(text, ']', e->rank);
}

static void put_text(const struct elements *e, size_t i, tri_text *text) {
  if (e->tangents)
    print_dual(e->session, e->texts[i].data, e->tangents[i].data, text);
  else
    tri__text_add(text, e->texts[i].data, e->texts[i].size);
}

static void put_value(const struct elements *e, size_t i, tri_text *text) {
  json_string(text, e->texts[i].data, e->texts[i].size);
}

static void put_tangent(const struct elements *e, size_t i, tri_text *text) {
  json_string(text, e->tangents[i].data, e->tangents[i].size);
}

void print_dual(const struct session *session, const char *value, const char *tangent,
                tri_text *text) {
  bool negative = *tangent == '-';
  tri__text_puts(text, value);
  tri__text_puts(text, negative ? " - " : " + ");
  tri__text_puts(text, tangent + negative);
  tri__text_puts(text, output_unicode(session) ? "ε" : "*eps");
}

static const char *kind_of_rank(size_t rank) {
  return rank == 1 ? "vector" : rank == 2 ? "matrix" : "array";
}

static tri_status text_status(struct session *session, const tri_text *text) {
  return text->status == TRI_OK
             ? TRI_OK
             : session_fail(session, NULL, text->status, "%s", tri_status_meaning(text->status));
}

/* The members "value" and, for dual numbers, "tangent". */
static tri_status write_members(const struct elements *e, struct result *result) {
  if (e->session->output.json) {
    json_name(result->members, "value");
    write_elements(e, ",", result->members, put_value);
    if (e->tangents) {
      json_name(result->members, "tangent");
      write_elements(e, ",", result->members, put_tangent);
    }
  }
  return text_status(e->session, result->members);
}

static tri_status write_numbers(const struct elements *e, struct result *result) {
  result->kind = e->rank > 0 ? kind_of_rank(e->rank) : e->tangents ? "dual" : "number";
  write_elements(e, ", ", result->text, put_text);
  tri_status status = text_status(e->session, result->text);
  return status == TRI_OK ? write_members(e, result) : status;
}

/* --- numbers */

/* Texts of n numbers in the arena; NULL when out of memory. */
static tri_text *texts_of_values(struct session *session, const tri_values *values, size_t from,
                                 size_t n) {
  tri_text *texts = arena_new(&session->statement->arena, n, sizeof *texts);
  if (!texts) return session_no_memory(session), NULL;
  tri_text *all = arena_text(&session->statement->arena);
  if (!all) return session_no_memory(session), NULL;
  for (size_t i = 0; i < n; i++) { /* sizes first, as the text moves while it grows */
    size_t start = all->size;
    tri_value_text(tri_values_get(values, from + i), all);
    texts[i].size = all->size - start;
    tri__text_putc(all, '\0');
  }
  if (text_status(session, all) != TRI_OK) return NULL;
  char *at = all->data;
  for (size_t i = 0; i < n; at += texts[i++].size + 1) texts[i].data = at;
  return texts;
}

tri_status result_of_values(struct session *session, const tri_values *values, size_t rows,
                            size_t columns, struct result *result) {
  struct elements e = {
      .session = session, .rank = (size_t)(rows > 0) + (columns > 0), .dims = {rows, columns}};
  e.count = (rows > 0 ? rows : 1) * (columns > 0 ? columns : 1);
  e.texts = texts_of_values(session, values, 0, e.count);
  return e.texts ? write_numbers(&e, result) : tri_graph_status(session->graph);
}

/* --- an expression's elements */

/* Its scalar elements, in order, into *ids (arena). */
static tri_status flatten(struct session *session, tri_expr e, struct elements *shape,
                          tri_expr **scalars) {
  struct arena *arena = &session->statement->arena;
  shape->session = session;
  shape->rank = tri_expr_rank(e);
  shape->count = 1;
  if (shape->rank > MOST_RANK)
    return session_fail(session, NULL, TRI_LIMIT, "an array of more than %d dimensions", MOST_RANK);
  tri_expr *level = arena_new(arena, 1, sizeof *level);
  if (!level) return session_no_memory(session);
  level[0] = e;
  for (size_t d = 0; d < shape->rank; d++) {
    int64_t dim = tri_expr_dim(e, d);
    size_t count;
    if (dim < 1 || !size_product(shape->count, (size_t)dim, &count))
      return session_fail(session, NULL, TRI_LIMIT, "too many elements");
    tri_expr *next = arena_new(arena, count, sizeof *next);
    if (!next) return session_no_memory(session);
    for (size_t i = 0; i < count; i++)
      next[i] = tri_element(level[i / (size_t)dim], i % (size_t)dim);
    shape->dims[d] = (size_t)dim;
    shape->count = count;
    level = next;
  }
  *scalars = level;
  return tri_graph_status(session->graph);
}

unsigned expr_leaves(struct session *session, size_t n, const tri_expr *exprs) {
  tri_graph *g = session->graph;
  struct walk walk;
  unsigned leaves = 0;
  uint32_t *ids = tri__new(&g->memory, n, sizeof *ids);
  if (!ids) return session_no_memory(session), leaves;
  for (size_t i = 0; i < n; i++) ids[i] = exprs[i].id;
  tri_status status = tri__walk(g, n, ids, &walk);
  for (uint32_t i = 0; status == TRI_OK && i < walk.count; i++) {
    unsigned op = node_at(g, walk.ids[i])->op;
    leaves |= op == TRI_OP_variable ? LEAVES_VARIABLES : op == TRI_OP_eps ? LEAVES_EPS : 0u;
  }
  tri__walk_free(&walk);
  tri__free(&g->memory, ids, n, sizeof *ids);
  return leaves;
}

/* --- numbers of expressions without variables */

/* What has to be computed: the primals that must have a value, then the elements. */
static tri_status outputs_of(struct session *session, const struct elements *shape,
                             const tri_expr *scalars, tri_expr **outputs, size_t *n_primals) {
  const struct statement *s = session->statement;
  *outputs = arena_new(&session->statement->arena, s->primals.n + shape->count, sizeof **outputs);
  if (!*outputs) return session_no_memory(session);
  *n_primals = 0;
  for (size_t i = 0; i < s->primals.n; i++) {
    tri_expr primal = expr_of(session->graph, s->primals.ids[i]);
    if (tri_expr_rank(primal) == 0 && !(expr_leaves(session, 1, &primal) & LEAVES_VARIABLES))
      (*outputs)[(*n_primals)++] = primal;
  }
  memcpy(*outputs + *n_primals, scalars, shape->count * sizeof *scalars);
  return tri_graph_status(session->graph);
}

static tri_number_options number_options(const struct session *session) {
  return (tri_number_options){.domain = session->settings.domain,
                              .precision = session->settings.precision};
}

/* Runs a function without inputs, or with eps as its one input. */
static tri_status run(struct session *session, const tri_function *function, bool dual,
                      tri_values *values, tri_values *tangents) {
  tri_number_options options = number_options(session);
  tri_error error = {0};
  tri_call call = {.error = &error, .interrupt = session->interrupt};
  tri_values *at = tri_values_new(&options, dual ? 1 : 0),
             *direction = tri_values_new(&options, dual ? 1 : 0);
  tri_status status = TRI_MEMORY;
  if (at && direction && dual) {
    tri_values_set_double(direction, 0, 1.0);
    status = tri_function_forward_values(function, &call, at, 1, direction, values, tangents);
  } else if (at && direction) {
    status = tri_function_call_values(function, &call, at, values);
  }
  tri_values_free(at);
  tri_values_free(direction);
  if (status == TRI_MEMORY) return session_no_memory(session);
  return status == TRI_OK ? TRI_OK : session_fail_with(session, NULL, &error);
}

static tri_status write_computed(const struct elements *shape, const tri_values *values,
                                 const tri_values *tangents, size_t skip, struct result *result) {
  struct elements e = *shape;
  e.texts = texts_of_values(e.session, values, skip, e.count);
  if (tangents) e.tangents = texts_of_values(e.session, tangents, skip, e.count);
  if (!e.texts || (tangents && !e.tangents)) return tri_graph_status(e.session->graph);
  return write_numbers(&e, result);
}

static tri_status result_of_numbers(struct session *session, const struct elements *shape,
                                    const tri_expr *scalars, bool dual, struct result *result) {
  tri_expr *outputs, eps = tri_eps(session->graph);
  size_t primals = 0;
  tri_status status = outputs_of(session, shape, scalars, &outputs, &primals);
  if (status != TRI_OK) return status;
  size_t n = primals + shape->count;
  tri_error error = {0};
  tri_number_options options = number_options(session);
  tri_function *function =
      tri_compile(dual ? 1 : 0, &eps, n, outputs, .domain = options.domain,
                  .precision = options.precision, .primals = primals, .error = &error);
  if (!function) return session_fail_with(session, NULL, &error);
  tri_values *values = tri_values_new(&options, n),
             *tangents = dual ? tri_values_new(&options, n) : NULL;
  status = values && (tangents || !dual) ? run(session, function, dual, values, tangents)
                                         : session_no_memory(session);
  if (status == TRI_OK) status = write_computed(shape, values, tangents, primals, result);
  tri_values_free(values);
  tri_values_free(tangents);
  tri_function_free(function);
  return status;
}

/* --- expressions with variables */

tri_status print_expr(struct session *session, tri_expr e, tri_text *text) {
  tri_print_options options = {.format = output_unicode(session) ? TRI_INFIX_UNICODE : TRI_INFIX};
  tri_status status = tri_print(e, &options, text);
  if (status == TRI_OK) status = text->status;
  if (status != TRI_OK) session_fail(session, NULL, status, "%s", tri_status_meaning(status));
  return status;
}

/* Texts of simplified expressions, in the arena. */
static tri_text *texts_of_exprs(struct session *session, size_t n, const tri_expr *exprs) {
  tri_text *texts = arena_new(&session->statement->arena, n, sizeof *texts);
  if (!texts) return session_no_memory(session), NULL;
  uint64_t total = 0;
  for (size_t i = 0; i < n; i++) {
    tri_text *text = arena_text(&session->statement->arena);
    if (!text) return session_no_memory(session), NULL;
    if (print_expr(session, exprs[i], text) != TRI_OK) return NULL;
    texts[i] = *text;
    total += text->size;
    if (total > session->graph->limits.text)
      return session_fail(session, NULL, TRI_LIMIT, "a result of more than %llu bytes",
                          (unsigned long long)session->graph->limits.text),
             NULL;
  }
  return texts;
}

/* The elements of an array as texts; a whole array is printed in one, so that shared parts are
 * named once. */
static tri_status result_of_array(struct session *session, tri_expr simple, struct result *result) {
  struct elements shape = {0};
  tri_expr *scalars;
  tri_status status = print_expr(session, simple, result->text);
  result->kind = tri_expr_rank(simple) > 0 ? kind_of_rank(tri_expr_rank(simple)) : "expression";
  if (status != TRI_OK || tri_expr_rank(simple) == 0 || !session->output.json) return status;
  status = flatten(session, simple, &shape, &scalars);
  if (status != TRI_OK) return status;
  shape.texts = texts_of_exprs(session, shape.count, scalars);
  return shape.texts ? write_members(&shape, result) : tri_graph_status(session->graph);
}

/* value + tangent*eps of one element that has variables. */
static tri_status write_symbolic_dual(struct session *session, tri_expr value, tri_expr tangent,
                                      tri_text *text) {
  tri_expr dual = tri_add(value, tri_mul(tangent, tri_eps(session->graph)));
  return tri_expr_status(dual) == TRI_OK ? print_expr(session, dual, text) : tri_expr_status(dual);
}

static tri_status result_of_symbolic_dual(struct session *session, tri_expr e,
                                          struct result *result) {
  tri_graph *g = session->graph;
  tri_expr eps = tri_eps(g), zero = expr_of(g, g->zero);
  tri_expr parts[2] = {e, tri_diff(e, eps)};
  struct elements shape = {0};
  tri_expr *values, *tangents;
  tri_status status = tri_substitute_all(2, parts, 1, &eps, &zero, parts);
  if (status == TRI_OK) status = tri_simplify_all(2, parts, parts);
  if (status == TRI_OK) status = flatten(session, parts[0], &shape, &values);
  if (status == TRI_OK) status = flatten(session, parts[1], &shape, &tangents);
  if (status != TRI_OK) return status;
  tri_text *texts = arena_new(&session->statement->arena, shape.count, sizeof *texts);
  if (!texts) return session_no_memory(session);
  for (size_t i = 0; i < shape.count; i++) {
    tri_text *text = arena_text(&session->statement->arena);
    if (!text) return session_no_memory(session);
    status = write_symbolic_dual(session, values[i], tangents[i], text);
    if (status != TRI_OK) return status;
    texts[i] = *text;
  }
  shape.texts = texts;
  write_elements(&shape, ", ", result->text, put_text);
  result->kind = shape.rank > 0 ? kind_of_rank(shape.rank) : "expression";
  return shape.rank > 0 ? write_members(&shape, result) : text_status(session, result->text);
}

tri_status result_of_expr(struct session *session, tri_expr e, struct result *result) {
  struct result *made = result_new(session, NULL);
  if (!made || tri_expr_status(e) != TRI_OK) return tri_graph_status(session->graph);
  *result = *made;
  unsigned leaves = expr_leaves(session, 1, &e);
  if (tri_graph_status(session->graph) != TRI_OK) return tri_graph_status(session->graph);
  if (leaves & LEAVES_VARIABLES) {
    if (leaves & LEAVES_EPS) return result_of_symbolic_dual(session, e, result);
    return result_of_array(session, session_is_verbatim(session, e.id) ? e : tri_simplify(e),
                           result);
  }
  struct elements shape = {0};
  tri_expr *scalars;
  tri_status status = flatten(session, e, &shape, &scalars);
  return status == TRI_OK ? result_of_numbers(session, &shape, scalars, leaves & LEAVES_EPS, result)
                          : status;
}
