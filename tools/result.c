/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What an expression's value is, as text and as JSON members: number, dual number, vector, matrix,
 * expression. */
#include <string.h>

#include "base/text.h"
#include "certain.h"
#include "graph/loop.h"
#include "graph/walk.h"
#include "json.h"
#include "session.h"
#include "subject.h"
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

struct elements {
  struct session *session;
  size_t rank, count;
  size_t dims[MOST_RANK];
  const tri_text *texts;                 /* of every element */
  const tri_text *tangents;              /* NULL: no dual numbers */
  const tri_text *radii, *tangent_radii; /* NULL: no balls */
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
  if (e->count == 0) tri__text_puts(text, "[]");
  for (size_t i = 0; i < e->count; i++) {
    if (i > 0) {
      repeat(text, ']', brackets_at(e, i));
      tri__text_puts(text, between);
    }
    repeat(text, '[', brackets_at(e, i));
    put(e, i, text);
  }
  repeat(text, ']', e->count > 0 ? e->rank : 0);
}

/* Whether a ball's radius is a part of its text: not where the digits are certain, but for what is
 * not told from 0. */
static bool shows_radius(const struct elements *e, const tri_text *value, const tri_text *radius) {
  return strcmp(radius->data, "0") != 0 &&
         (!certain_digits(e->session) || strcmp(value->data, "0") == 0);
}

static void put_ball(const struct elements *e, const tri_text *value, const tri_text *radius,
                     tri_text *text) {
  tri__text_add(text, value->data, value->size);
  if (!radius || !shows_radius(e, value, radius)) return;
  tri__text_puts(text, output_unicode(e->session) ? " ± " : " +/- ");
  tri__text_add(text, radius->data, radius->size);
}

static void put_part(const struct elements *e, const tri_text *value, const tri_text *radius,
                     tri_text *text) {
  bool brackets = shows_radius(e, value, radius);
  tri__text_puts(text, brackets ? "(" : "");
  put_ball(e, value, radius, text);
  tri__text_puts(text, brackets ? ")" : "");
}

static void put_dual_balls(const struct elements *e, size_t i, tri_text *text) {
  put_part(e, e->texts + i, e->radii + i, text);
  tri__text_puts(text, " + ");
  put_part(e, e->tangents + i, e->tangent_radii + i, text);
  tri__text_puts(text, output_unicode(e->session) ? "ε" : "*eps");
}

static void put_text(const struct elements *e, size_t i, tri_text *text) {
  if (!e->tangents)
    put_ball(e, e->texts + i, e->radii ? e->radii + i : NULL, text);
  else if (e->tangent_radii && (shows_radius(e, e->texts + i, e->radii + i) ||
                                shows_radius(e, e->tangents + i, e->tangent_radii + i)))
    put_dual_balls(e, i, text);
  else
    print_dual(e->session, e->texts[i].data, e->tangents[i].data, text);
}

static void put_radius(const struct elements *e, size_t i, tri_text *text) {
  tri__text_json(text, e->radii[i].data, e->radii[i].size);
}

static void put_tangent_radius(const struct elements *e, size_t i, tri_text *text) {
  tri__text_json(text, e->tangent_radii[i].data, e->tangent_radii[i].size);
}

static void put_value(const struct elements *e, size_t i, tri_text *text) {
  tri__text_json(text, e->texts[i].data, e->texts[i].size);
}

static void put_tangent(const struct elements *e, size_t i, tri_text *text) {
  tri__text_json(text, e->tangents[i].data, e->tangents[i].size);
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

static void write_member(const struct elements *e, const char *name, struct result *result,
                         void (*put)(const struct elements *e, size_t i, tri_text *text)) {
  json_name(result->members, name);
  write_elements(e, ",", result->members, put);
}

/* The members "value" and, for dual numbers and balls, "tangent", "radius", "tangent_radius". */
static tri_status write_members(const struct elements *e, struct result *result) {
  if (e->session->output.json) {
    write_member(e, "value", result, put_value);
    if (e->tangents) write_member(e, "tangent", result, put_tangent);
    if (e->radii) write_member(e, "radius", result, put_radius);
    if (e->tangent_radii) write_member(e, "tangent_radius", result, put_tangent_radius);
  }
  return session_fail_status(e->session, result->members->status);
}

static tri_status write_numbers(const struct elements *e, struct result *result) {
  result->kind = e->rank > 0 ? kind_of_rank(e->rank) : e->tangents ? "dual" : "number";
  write_elements(e, ", ", result->text, put_text);
  tri_status status = session_fail_status(e->session, result->text->status);
  return status == TRI_OK ? write_members(e, result) : status;
}

/* --- numbers */

/* Room for n texts in the arena, and for what they are made of; false when out of memory. */
static bool texts_open(struct session *session, size_t n, tri_text **texts, tri_text **pool) {
  *texts = arena_new(&session->statement->arena, n, sizeof **texts);
  *pool = *texts ? arena_text(&session->statement->arena) : NULL;
  return *pool || (session_no_memory(session), false);
}

/* The pool moves while it grows, so that texts have only their sizes until it is complete. */
static const tri_text *texts_close(struct session *session, size_t n, tri_text *texts,
                                   const tri_text *pool) {
  if (session_fail_status(session, pool->status) != TRI_OK) return NULL;
  char *at = pool->data;
  for (size_t i = 0; i < n; at += texts[i++].size + 1) texts[i].data = at;
  return texts;
}

static void end_text(tri_text *pool, size_t start, tri_text *text) {
  text->size = pool->size - start;
  tri__text_putc(pool, '\0');
}

/* Texts of n numbers in the arena and, if they are balls, of their radii (else *radii is NULL);
 * false on failure. */
static bool texts_of_values(struct session *session, const tri_values *values, size_t from,
                            size_t n, const tri_text **texts, const tri_text **radii) {
  bool balls = tri_values_domain(values) == TRI_BALL;
  tri_text *made, *pool, *more = NULL, *second = NULL;
  if (!texts_open(session, n, &made, &pool) || !texts_open(session, n, &more, &second))
    return false;
  for (size_t i = 0; i < n; i++) {
    size_t start = pool->size, other = second->size;
    certain_text(session, tri_values_get(values, from + i), pool, second);
    end_text(pool, start, made + i);
    end_text(second, other, more + i);
  }
  *texts = texts_close(session, n, made, pool);
  *radii = *texts && balls ? texts_close(session, n, more, second) : NULL;
  return *texts && (*radii || !balls);
}

tri_status result_of_values(struct session *session, const tri_values *values, size_t rows,
                            size_t columns, struct result *result) {
  struct elements e = {
      .session = session, .rank = (size_t)(rows > 0) + (columns > 0), .dims = {rows, columns}};
  e.count = (rows > 0 ? rows : 1) * (columns > 0 ? columns : 1);
  return texts_of_values(session, values, 0, e.count, &e.texts, &e.radii)
             ? write_numbers(&e, result)
             : tri_graph_status(session->graph);
}

/* --- numbers in groups of several shapes */

static void write_groups(const struct elements *all, size_t n, const struct group *groups,
                         const char *between, tri_text *text,
                         void (*put)(const struct elements *e, size_t i, tri_text *text)) {
  size_t first = 0;
  if (n != 1) tri__text_putc(text, '[');
  for (size_t i = 0; i < n; first += groups[i++].count) {
    struct elements e = {.session = all->session, .rank = groups[i].rank, .count = groups[i].count};
    if (e.rank > 0) memcpy(e.dims, groups[i].dims, e.rank * sizeof *e.dims);
    e.texts = all->texts + first;
    e.radii = all->radii ? all->radii + first : NULL;
    if (i > 0) tri__text_puts(text, between);
    write_elements(&e, between, text, put);
  }
  if (n != 1) tri__text_putc(text, ']');
}

tri_status result_of_groups(struct session *session, const tri_values *values, size_t n_groups,
                            const struct group *groups, struct result *result) {
  struct elements e = {.session = session};
  for (size_t i = 0; i < n_groups; i++) e.count += groups[i].count;
  if (!texts_of_values(session, values, 0, e.count, &e.texts, &e.radii))
    return tri_graph_status(session->graph);
  result->kind = n_groups == 1 ? kind_of_rank(groups->rank) : "vector";
  write_groups(&e, n_groups, groups, ", ", result->text, put_text);
  if (!session->output.json) return session_fail_status(session, result->text->status);
  json_name(result->members, "value");
  write_groups(&e, n_groups, groups, ",", result->members, put_value);
  if (e.radii) json_name(result->members, "radius");
  if (e.radii) write_groups(&e, n_groups, groups, ",", result->members, put_radius);
  return session_fail_status(session, result->members->status);
}

/* --- an expression's elements */

static tri_status shape_of_array(struct session *session, tri_expr e, struct elements *shape) {
  shape->session = session;
  shape->rank = tri_expr_rank(e);
  shape->count = 1;
  if (shape->rank > MOST_RANK)
    return session_fail(session, NULL, TRI_LIMIT, "an array of more than %d dimensions", MOST_RANK);
  for (size_t d = 0; d < shape->rank; d++) {
    int64_t dim = tri_expr_dim(e, d);
    if (dim < 0 || !size_product(shape->count, (size_t)dim, &shape->count))
      return session_fail(session, NULL, TRI_LIMIT, "too many elements");
    shape->dims[d] = (size_t)dim;
  }
  return TRI_OK;
}

/* Its scalar elements, in order (arena); NULL after an error. */
static tri_expr *flatten(struct session *session, tri_expr e, struct elements *shape) {
  struct arena *arena = &session->statement->arena;
  if (shape_of_array(session, e, shape)) return NULL;
  tri_expr *level = arena_new(arena, 1, sizeof *level);
  if (!level) return session_no_memory(session), NULL;
  level[0] = e;
  for (size_t d = 0, count = 1; d < shape->rank; d++) {
    size_t dim = shape->dims[d];
    count *= dim; /* no more than all, which were counted */
    tri_expr *next = arena_new(arena, count, sizeof *next);
    if (!next) return session_no_memory(session), NULL;
    for (size_t i = 0; i < count; i++) next[i] = tri_element(level[i / dim], i % dim);
    level = next;
  }
  return tri_graph_status(session->graph) == TRI_OK ? level : NULL;
}

/* Whether a node depends on a named size. */
static bool has_named_size(const tri_graph *g, uint32_t id) {
  const struct node *n = node_at(g, id);
  if (n->op == TRI_OP_size) return true;
  struct loop loop = {.n = 0};
  if (n->op == TRI_OP_loop) tri__loop(g, id, &loop);
  if (loop.n < 0) return true;
  for (uint32_t d = 0; d < shape_rank(g, n->shape); d++)
    if (shape_dims(g, n->shape)[d] < 0) return true;
  return false;
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
    if (g->shape_count > 1 && has_named_size(g, walk.ids[i])) leaves |= LEAVES_VARIABLES;
  }
  tri__walk_free(&walk);
  tri__free(&g->memory, ids, n, sizeof *ids);
  return leaves;
}

/* --- numbers of expressions without variables */

/* What has to be computed: the primals that must have a value, then the n results. */
static tri_status outputs_of(struct session *session, size_t n, const tri_expr *results,
                             tri_expr **outputs, size_t *n_primals) {
  const struct statement *s = session->statement;
  *outputs = arena_new(&session->statement->arena, s->primals.n + n, sizeof **outputs);
  if (!*outputs) return session_no_memory(session);
  *n_primals = 0;
  for (size_t i = 0; i < s->primals.n; i++) {
    tri_expr primal = expr_of(session->graph, s->primals.ids[i]);
    if (tri_expr_rank(primal) == 0 && !(expr_leaves(session, 1, &primal) & LEAVES_VARIABLES))
      (*outputs)[(*n_primals)++] = primal;
  }
  memcpy(*outputs + *n_primals, results, n * sizeof *results);
  return tri_graph_status(session->graph);
}

/* Runs a function without inputs, or with eps as its one input: its values and then, with eps,
 * their tangents. */
static tri_status run(struct session *session, const tri_function *function, bool dual,
                      const tri_number_options *options, tri_values *values, tri_values *tangents) {
  tri_error error = {0};
  tri_call call = {.error = &error, .interrupt = session->interrupt};
  tri_values *at = tri_values_new(options, dual ? 1 : 0),
             *direction = tri_values_new(options, dual ? 1 : 0);
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

/* Numbers to be computed: outputs, of which the first are primals that must have a value and are
 * not asked for. */
struct job {
  struct session *session;
  const tri_expr *outputs;
  size_t n_outputs, primals, count; /* outputs and primals; elements asked for */
  bool dual;
};

/* The numbers asked for out of all, and behind them, if they are dual, their tangents. */
static tri_status pick(const struct job *job, const tri_values *values, const tri_values *tangents,
                       const tri_number_options *options, tri_values **numbers) {
  *numbers = tri_values_new(options, job->count * (job->dual ? 2 : 1));
  if (!*numbers) return session_no_memory(job->session);
  for (size_t i = 0; i < job->count; i++) {
    tri_values_set(*numbers, i, tri_values_get(values, job->primals + i));
    if (job->dual)
      tri_values_set(*numbers, job->count + i, tri_values_get(tangents, job->primals + i));
  }
  return TRI_OK;
}

static tri_status compute(void *data, const tri_number_options *options, tri_values **numbers) {
  const struct job *job = data;
  struct session *session = job->session;
  size_t n = job->primals + job->count;
  tri_error error = {0};
  tri_expr eps = tri_eps(session->graph);
  tri_function *function =
      tri_compile(job->dual ? 1 : 0, &eps, job->n_outputs, job->outputs, .domain = options->domain,
                  .precision = options->precision, .primals = job->primals, .error = &error);
  if (!function) return session_fail_with(session, NULL, &error);
  tri_values *values = tri_values_new(options, n),
             *tangents = job->dual ? tri_values_new(options, n) : NULL;
  tri_status status = values && (tangents || !job->dual)
                          ? run(session, function, job->dual, options, values, tangents)
                          : session_no_memory(session);
  if (status == TRI_OK) status = pick(job, values, tangents, options, numbers);
  tri_values_free(values);
  tri_values_free(tangents);
  tri_function_free(function);
  return status;
}

static tri_status write_computed(const struct elements *shape, const tri_values *numbers, bool dual,
                                 struct result *result) {
  struct elements e = *shape;
  bool ok = texts_of_values(e.session, numbers, 0, e.count, &e.texts, &e.radii) &&
            (!dual ||
             texts_of_values(e.session, numbers, e.count, e.count, &e.tangents, &e.tangent_radii));
  return ok ? write_numbers(&e, result) : tri_graph_status(e.session->graph);
}

static tri_status result_of_numbers(struct session *session, const struct elements *shape, size_t n,
                                    const tri_expr *results, bool dual, struct result *result) {
  tri_expr *outputs;
  struct job job = {.session = session, .count = shape->count, .dual = dual};
  tri_values *numbers = NULL;
  tri_status status = outputs_of(session, n, results, &outputs, &job.primals);
  job.outputs = outputs;
  job.n_outputs = job.primals + n;
  if (status == TRI_OK) status = certain_run(session, NULL, compute, &job, &numbers);
  if (status == TRI_OK) status = write_computed(shape, numbers, dual, result);
  tri_values_free(numbers);
  return status;
}

/* --- expressions with variables */

tri_status print_expr(struct session *session, tri_expr e, tri_text *text) {
  tri_print_options options = {.format = output_unicode(session) ? TRI_INFIX_UNICODE : TRI_INFIX};
  tri_status status = tri_print(e, &options, text);
  if (status == TRI_OK) status = text->status;
  return session_fail_status(session, status);
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

/* Whether it is written element by element, so that there is a text for each. */
static bool is_written_out(tri_expr e) {
  for (; tri_expr_rank(e) > 0; e = tri_expr_argument(e, 0))
    if (tri_expr_op(e) != TRI_OP_stack) return false;
  return true;
}

tri_status result_of_entries(struct session *session, size_t n, const tri_expr *entries,
                             struct result *result) {
  struct elements e = {.session = session, .rank = 1, .dims = {n}, .count = n};
  tri_expr *simple = arena_new(&session->statement->arena, n, sizeof *simple);
  if (!simple) return session_no_memory(session);
  tri_status status = tri_simplify_all(n, entries, simple);
  if (status) return session_fail_status(session, status);
  e.texts = texts_of_exprs(session, n, simple);
  if (!e.texts) return tri_graph_status(session->graph);
  result->kind = "vector";
  write_elements(&e, ", ", result->text, put_text);
  return write_members(&e, result);
}

/* The elements of an array as texts; a whole array is printed in one, so that shared parts are
 * named once. */
static tri_status result_of_array(struct session *session, tri_expr simple, struct result *result) {
  struct elements shape = {0};
  tri_status status = print_expr(session, simple, result->text);
  bool elements = tri_expr_rank(simple) > 0 && is_written_out(simple);
  result->kind = elements ? kind_of_rank(tri_expr_rank(simple)) : "expression";
  if (status != TRI_OK || !elements || !session->output.json) return status;
  tri_expr *scalars = flatten(session, simple, &shape);
  if (scalars) shape.texts = texts_of_exprs(session, shape.count, scalars);
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
  tri_status status = tri_substitute_all(2, parts, 1, &eps, &zero, parts);
  if (status == TRI_OK) status = tri_simplify_all(2, parts, parts);
  if (status != TRI_OK) return status;
  tri_expr *values = flatten(session, parts[0], &shape);
  tri_expr *tangents = flatten(session, parts[1], &shape);
  if (!values || !tangents) return tri_graph_status(g);
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
  return shape.rank > 0 ? write_members(&shape, result)
                        : session_fail_status(session, result->text->status);
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
  if (!is_written_out(e)) {
    tri_status status = shape_of_array(session, e, &shape);
    return status ? status : result_of_numbers(session, &shape, 1, &e, leaves & LEAVES_EPS, result);
  }
  tri_expr *scalars = flatten(session, e, &shape);
  return scalars
             ? result_of_numbers(session, &shape, shape.count, scalars, leaves & LEAVES_EPS, result)
             : tri_graph_status(session->graph);
}
