/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sessions and their definitions, and what of the graph outlives a statement. */
#include "session.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "graph/walk.h"

enum { COMPACT_FROM = 100000 }; /* nodes below which nothing is moved */

static tri_graph *graph_for(const struct session *session) {
  return tri_graph_new(&(tri_graph_options){.interrupt = session->interrupt});
}

struct session *session_new(FILE *out, FILE *err, const volatile int *interrupt) {
  struct session *session = calloc(1, sizeof *session);
  if (!session) return NULL;
  session->interrupt = interrupt;
  session->graph = graph_for(session);
  if (!session->graph) return free(session), NULL;
  session->empty = session->mark = tri_graph_mark(session->graph);
  output_init(&session->output, out, err);
  return session;
}

void session_free(struct session *session) {
  if (!session) return;
  for (size_t i = 0; i < session->n_definitions; i++) free((char *)(uintptr_t)session->definitions[i].name);
  free(session->definitions);
  tri_graph_free(session->graph);
  free(session);
}

/* --- definitions */

struct definition *session_find(const struct session *session, const char *name, size_t size) {
  for (size_t i = session->n_definitions; i-- > 0;) {
    struct definition *d = &session->definitions[i];
    if (d->name_size == size && memcmp(d->name, name, size) == 0) return d;
  }
  return NULL;
}

static bool make_room(struct session *session) {
  if (session->n_definitions < session->definition_capacity) return true;
  size_t capacity = session->definition_capacity * 2 + 16, bytes;
  if (!size_product(capacity, sizeof *session->definitions, &bytes)) return false;
  struct definition *grown = realloc(session->definitions, bytes);
  if (!grown) return false;
  session->definitions = grown;
  session->definition_capacity = capacity;
  return true;
}

tri_status session_define(struct session *session, const struct definition *definition) {
  char *name = malloc((size_t)definition->name_size + 1);
  if (!name || !make_room(session)) {
    free(name);
    return session_no_memory(session);
  }
  memcpy(name, definition->name, definition->name_size);
  name[definition->name_size] = '\0';
  struct definition *old = session_find(session, name, definition->name_size);
  if (old) session_forget(session, old);
  struct definition *made = &session->definitions[session->n_definitions++];
  *made = *definition;
  made->name = name;
  session_keep(session);
  return TRI_OK;
}

void session_forget(struct session *session, struct definition *definition) {
  size_t at = (size_t)(definition - session->definitions);
  free((char *)(uintptr_t)definition->name);
  session->n_definitions--;
  memmove(definition, definition + 1, (session->n_definitions - at) * sizeof *definition);
  if (session->n_definitions == 0) session->mark = session->empty;
}

void session_forget_all(struct session *session) {
  while (session->n_definitions > 0) session_forget(session, &session->definitions[session->n_definitions - 1]);
}

void session_keep(struct session *session) { session->mark = tri_graph_mark(session->graph); }

/* --- moving what definitions use to a new graph */

struct move {
  const tri_graph *from;
  tri_graph *to;
  uint32_t *map; /* node in `from` -> node in `to` */
  uint32_t *ids; /* room for the arguments or outputs of one node or lambda */
  size_t room;
};

static uint32_t copy_attr(const struct move *m, uint32_t attr) {
  if (attr == 0) return 0;
  size_t size;
  const void *data = tri__attr_data(m->from, attr, &size);
  return tri__attr(m->to, (enum attr_kind)m->from->attrs[attr].kind, data, size);
}

static uint32_t copy_shape(const struct move *m, uint32_t shape) {
  uint32_t rank = shape_rank(m->from, shape);
  int64_t *dims = calloc(rank + 1, sizeof *dims);
  if (!dims) return TRI__NO_SHAPE;
  for (uint32_t i = 0; i < rank; i++) {
    int64_t d = shape_dims(m->from, shape)[i];
    dims[i] = d >= 0 ? d : ~(int64_t)copy_attr(m, (uint32_t)~d);
  }
  uint32_t copy = tri__shape(m->to, rank, dims);
  free(dims);
  return copy;
}

/* Room for n ids. */
static bool ids_for(struct move *m, size_t n) {
  if (n <= m->room) return true;
  uint32_t *ids = realloc(m->ids, n * sizeof *ids);
  if (!ids) return false;
  m->ids = ids;
  m->room = n;
  return true;
}

static bool copy_node(struct move *m, uint32_t id) {
  const struct node *n = node_at(m->from, id);
  const uint32_t *args = node_args(m->from, n);
  if (!ids_for(m, n->nargs)) return false;
  for (uint32_t i = 0; i < n->nargs; i++) m->ids[i] = m->map[args[i]];
  uint32_t shape = n->shape ? copy_shape(m, n->shape) : 0;
  if (shape == TRI__NO_SHAPE) return false;
  m->map[id] = tri__node(m->to, (tri_op)n->op, copy_attr(m, n->attr), shape, n->nargs, m->ids);
  return !id_is_error(m->map[id]);
}

/* The lambda in the new graph; 0 on failure. */
static uint32_t copy_lambda(struct move *m, uint32_t lambda) {
  uint32_t parameters, outputs;
  const uint32_t *ids = tri__lambda_ids(m->from, lambda, &parameters, &outputs);
  if (!ids_for(m, (size_t)parameters + outputs)) return 0;
  for (size_t i = 0; i < (size_t)parameters + outputs; i++) m->ids[i] = m->map[ids[i]];
  return tri__lambda(m->to, parameters, m->ids, outputs, m->ids + parameters);
}

/* Appends to a list all that a definition uses: its expression, and the parameters and outputs of its lambdas. */
struct list {
  uint32_t *ids;
  size_t n, room;
};

static bool add_ids(struct list *list, const uint32_t *ids, size_t n) {
  if (list->room - list->n < n) {
    size_t room = list->room * 2 + n;
    uint32_t *grown = realloc(list->ids, room * sizeof *grown);
    if (!grown) return false;
    list->ids = grown;
    list->room = room;
  }
  memcpy(list->ids + list->n, ids, n * sizeof *ids);
  list->n += n;
  return true;
}

static bool add_lambda(struct list *list, const tri_graph *g, uint32_t lambda) {
  uint32_t parameters, outputs;
  if (lambda == 0) return true;
  const uint32_t *ids = tri__lambda_ids(g, lambda, &parameters, &outputs);
  return add_ids(list, ids, (size_t)parameters + outputs);
}

static bool add_definition(struct list *list, const tri_graph *g, const struct definition *d) {
  return (!d->expr || add_ids(list, &d->expr, 1)) && add_lambda(list, g, d->lambda) && add_lambda(list, g, d->primal);
}

static bool copy_definition(struct move *m, struct definition *d) {
  uint32_t lambda = d->lambda ? copy_lambda(m, d->lambda) : 0;
  uint32_t primal = d->primal ? copy_lambda(m, d->primal) : 0;
  if ((d->lambda && !lambda) || (d->primal && !primal)) return false;
  d->expr = d->expr ? m->map[d->expr] : 0;
  d->lambda = lambda;
  d->primal = primal;
  return true;
}

/* Moves the nodes that are reached into m->to, and what `copies` (the session's definitions) say of them. */
static bool move_all(struct move *m, const struct walk *walk, struct definition *copies, size_t n) {
  for (uint32_t i = 0; i < walk->count; i++)
    if (!copy_node(m, walk->ids[i])) return false;
  for (size_t i = 0; i < n; i++)
    if (!copy_definition(m, &copies[i])) return false;
  return tri_graph_status(m->to) == TRI_OK;
}

/* Makes the graph with the definitions alone; false, with all as it was, if anything fails. */
static bool move_to(struct session *session, tri_graph *to, struct definition *copies) {
  tri_graph *from = session->graph;
  struct move m = {.from = from, .to = to, .map = calloc(from->node_count, sizeof *m.map)};
  struct list list = {0};
  struct walk walk = {0};
  size_t n = session->n_definitions;
  bool good = m.map != NULL;
  for (size_t i = 0; i < n && good; i++) {
    copies[i] = session->definitions[i];
    good = add_definition(&list, from, &copies[i]);
  }
  good = good && (list.n == 0 || tri__walk(from, list.n, list.ids, &walk) == TRI_OK) && move_all(&m, &walk, copies, n);
  tri__walk_free(&walk);
  free(list.ids);
  free(m.map);
  free(m.ids);
  return good;
}

/* If anything fails, more memory stays in use than need be, and that is all. */
static void compact(struct session *session) {
  tri_graph *to = graph_for(session);
  struct definition *copies = calloc(session->n_definitions + 1, sizeof *copies);
  tri_mark empty = to ? tri_graph_mark(to) : (tri_mark){0};
  if (to && copies && move_to(session, to, copies)) {
    tri_graph *old = session->graph;
    memcpy(session->definitions, copies, session->n_definitions * sizeof *copies);
    session->graph = to;
    session->empty = empty;
    session_keep(session);
    to = old;
  }
  tri_graph_clear_error(session->graph);
  tri_graph_free(to);
  free(copies);
  session->compacted = session->graph->node_count;
}

void session_settle(struct session *session) {
  tri_graph_rewind(session->graph, session->mark);
  if (session->graph->node_count / 2 > session->compacted + COMPACT_FROM / 2) compact(session);
}

/* --- failures */

tri_status session_fail(struct session *session, const struct token *at, tri_status status, const char *format, ...) {
  tri_graph *g = session->graph;
  if (g->error.status != TRI_OK) return g->error.status;
  va_list arguments;
  char message[TRI_MESSAGE_SIZE];
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  tri__fail(g, status, "%s", message);
  if (at && g->error.line == 0) {
    g->error.line = at->line;
    g->error.column = at->column;
  }
  return status;
}

tri_status session_fail_with(struct session *session, const struct token *at, const tri_error *error) {
  tri_graph *g = session->graph;
  tri_graph_clear_error(g);
  g->error = *error;
  if (error->status == TRI_OK) g->error.status = TRI_UNKNOWN;
  if (g->error.line == 0 && !(error->node && session_place(session, error->node, &g->error.line, &g->error.column)) && at) {
    g->error.line = at->line;
    g->error.column = at->column;
  }
  return g->error.status;
}

tri_status session_no_memory(struct session *session) { return session_fail(session, NULL, TRI_MEMORY, "out of memory"); }
