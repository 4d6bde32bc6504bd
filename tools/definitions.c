/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The definitions of a session, found by name through a hash index, and what of the graph they
 * keep: the rest is dropped after every statement, and when most of what was kept is used no more,
 * what is used moves to a new graph. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "graph/loop.h"
#include "graph/walk.h"
#include "session.h"

enum { COMPACT_FROM = 100000 }; /* nodes below which nothing is moved */

/* --- names */

static uint32_t hash_of(const char *name, size_t size) { /* FNV-1a */
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)name[i]) * 16777619u;
  return hash ^ hash >> 15;
}

/* The slot where a name is, or would be. */
static uint32_t *slot_of(const struct session *session, const char *name, size_t size) {
  for (uint32_t at = hash_of(name, size);; at++) {
    uint32_t *slot = &session->slots[at & (session->slot_count - 1)];
    if (*slot == 0) return slot;
    const struct definition *d = &session->definitions[*slot - 1];
    if (d->name_size == size && memcmp(d->name, name, size) == 0) return slot;
  }
}

static void fill_slots(struct session *session) {
  memset(session->slots, 0, session->slot_count * sizeof *session->slots);
  for (size_t i = 0; i < session->n_definitions; i++)
    *slot_of(session, session->definitions[i].name, session->definitions[i].name_size) =
        (uint32_t)i + 1;
}

struct definition *session_find(const struct session *session, const char *name, size_t size) {
  uint32_t place = session->n_definitions > 0 ? *slot_of(session, name, size) : 0;
  return place ? &session->definitions[place - 1] : NULL;
}

/* Room for one definition more, in the array and in the index. */
static bool make_room(struct session *session) {
  if (session->n_definitions < session->definition_capacity) return true;
  size_t capacity = session->definition_capacity * 2 + 16, bytes, slots = 64;
  if (!size_product(capacity, sizeof *session->definitions, &bytes) || capacity > UINT32_MAX / 4)
    return false;
  while (slots < capacity * 2) slots *= 2;
  struct definition *definitions = realloc(session->definitions, bytes);
  if (!definitions) return false;
  session->definitions = definitions;
  uint32_t *index = malloc(slots * sizeof *index);
  if (!index) return false;
  free(session->slots);
  session->slots = index;
  session->slot_count = slots;
  session->definition_capacity = capacity;
  fill_slots(session);
  return true;
}

/* Keeps the nodes made so far. */
static void keep(struct session *session) { session->mark = tri_graph_mark(session->graph); }

static void set_meaning(struct definition *d, const struct definition *from) {
  d->expr = from->expr;
  d->lambda = from->lambda;
  d->primal = from->primal;
  d->function = from->function;
  d->verbatim = from->verbatim;
}

tri_status session_define(struct session *session, const struct definition *definition) {
  struct definition *old = session_find(session, definition->name, definition->name_size);
  if (old) {
    set_meaning(old, definition);
    keep(session);
    return TRI_OK;
  }
  char *name = malloc((size_t)definition->name_size + 1);
  if (!name || !make_room(session)) {
    free(name);
    return session_no_memory(session);
  }
  memcpy(name, definition->name, definition->name_size);
  name[definition->name_size] = '\0';
  *slot_of(session, name, definition->name_size) = (uint32_t)session->n_definitions + 1;
  assert(session->definitions); /* there is room in it */
  struct definition *made = &session->definitions[session->n_definitions++];
  *made = (struct definition){.name = name, .name_size = definition->name_size};
  set_meaning(made, definition);
  keep(session);
  return TRI_OK;
}

void session_forget(struct session *session, struct definition *definition) {
  size_t at = (size_t)(definition - session->definitions);
  free((char *)(uintptr_t)definition->name);
  session->n_definitions--;
  memmove(definition, definition + 1, (session->n_definitions - at) * sizeof *definition);
  fill_slots(session);
  if (session->n_definitions == 0) session->mark = session->empty;
}

void session_forget_all(struct session *session) {
  for (size_t i = 0; i < session->n_definitions; i++)
    free((char *)(uintptr_t)session->definitions[i].name);
  session->n_definitions = 0;
  if (session->slots) fill_slots(session);
  session->mark = session->empty;
}

/* --- moving what definitions use to a new graph */

struct move {
  const tri_graph *from;
  tri_graph *to;
  uint32_t *map; /* node in `from` -> node in `to` */
  uint32_t *ids; /* room for the arguments or outputs of one node or lambda */
  size_t room;
};

static uint32_t copy_lambda(struct move *m, uint32_t lambda);

static uint32_t copy_data(const struct move *m, uint32_t attr) {
  size_t size;
  const void *data = tri__attr_data(m->from, attr, &size);
  return tri__attr(m->to, (enum attr_kind)m->from->attrs[attr].kind, data, size);
}

static extent copy_extent(const struct move *m, extent n) {
  return n >= 0 ? n : ~(extent)copy_data(m, (uint32_t)~n);
}

/* Attributes that tell of others, or of nodes, tell of their copies. */
static uint32_t copy_attr(struct move *m, uint32_t attr) {
  const void *data = attr ? tri__attr_data(m->from, attr, NULL) : NULL;
  if (attr && m->from->attrs[attr].kind == ATTR_SPAN) {
    struct span span;
    memcpy(&span, data, sizeof span);
    span.n = copy_extent(m, span.n);
    return tri__attr(m->to, ATTR_SPAN, &span, sizeof span);
  }
  if (attr && m->from->attrs[attr].kind == ATTR_LOOP) {
    struct loop loop;
    memcpy(&loop, data, sizeof loop);
    loop.n = copy_extent(m, loop.n);
    loop.lambda = copy_lambda(m, loop.lambda);
    return loop.lambda ? tri__attr(m->to, ATTR_LOOP, &loop, sizeof loop) : 0;
  }
  return attr ? copy_data(m, attr) : 0;
}

static uint32_t copy_shape(const struct move *m, uint32_t shape) {
  uint32_t rank = shape_rank(m->from, shape);
  int64_t *dims = calloc(rank + 1, sizeof *dims);
  if (!dims) return TRI__NO_SHAPE;
  for (uint32_t i = 0; i < rank; i++) {
    int64_t d = shape_dims(m->from, shape)[i];
    dims[i] = copy_extent(m, d);
  }
  uint32_t copy = tri__shape(m->to, rank, dims);
  free(dims);
  return copy;
}

/* Room for n ids. */
static bool ids_for(struct move *m, size_t n) {
  uint32_t *ids = array_grown(m->ids, &m->room, n, sizeof *ids);
  if (ids) m->ids = ids;
  return ids != NULL;
}

static bool copy_node(struct move *m, uint32_t id) {
  const struct node *n = node_at(m->from, id);
  const uint32_t *args = node_args(m->from, n);
  struct node copy = {.op = n->op,
                      .sort = n->sort,
                      .nargs = n->nargs,
                      .attr = copy_attr(m, n->attr),
                      .shape = n->shape ? copy_shape(m, n->shape) : 0};
  if (copy.shape == TRI__NO_SHAPE || (n->attr && !copy.attr) || !ids_for(m, n->nargs)) return false;
  for (uint32_t i = 0; i < n->nargs; i++) m->ids[i] = m->map[args[i]];
  m->map[id] = tri__intern(m->to, &copy, m->ids);
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

static bool add_lambda(struct id_list *list, const tri_graph *g, uint32_t lambda) {
  uint32_t parameters, outputs;
  if (lambda == 0) return true;
  const uint32_t *ids = tri__lambda_ids(g, lambda, &parameters, &outputs);
  return id_list_add(list, (size_t)parameters + outputs, ids);
}

/* Appends to a list all that a definition uses: its expression, and the parameters and outputs of
 * its lambdas. */
static bool add_definition(struct id_list *list, const tri_graph *g, const struct definition *d) {
  return (!d->expr || id_list_add(list, 1, &d->expr)) && add_lambda(list, g, d->lambda) &&
         add_lambda(list, g, d->primal);
}

/* Appends the bodies of all loops that are reached, which are no arguments: one more walk for each loop in a loop. */
static bool add_bodies(struct id_list *list, tri_graph *g, struct walk *walk) {
  unsigned char *seen = calloc(g->node_count, 1);
  bool good = seen && (list->n == 0 || tri__walk(g, list->n, list->ids, walk) == TRI_OK);
  for (bool more = true; good && more;) {
    more = false;
    for (uint32_t i = 0; i < walk->count && good; i++) {
      uint32_t id = walk->ids[i];
      struct loop loop;
      if (node_at(g, id)->op != TRI_OP_loop || seen[id]++) continue;
      tri__loop(g, id, &loop);
      good = more = add_lambda(list, g, loop.lambda);
    }
    if (!more) break;
    tri__walk_free(walk);
    good = tri__walk(g, list->n, list->ids, walk) == TRI_OK;
  }
  free(seen);
  return good;
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

/* Moves the nodes that are reached into m->to, and what `copies` (the session's definitions) say of
 * them. */
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
  struct id_list list = {0};
  struct walk walk = {0};
  size_t n = session->n_definitions;
  bool good = m.map != NULL;
  for (size_t i = 0; i < n && good; i++) {
    copies[i] = session->definitions[i];
    good = add_definition(&list, from, &copies[i]);
  }
  good = good && add_bodies(&list, from, &walk) && move_all(&m, &walk, copies, n);
  tri__walk_free(&walk);
  free(list.ids);
  free(m.map);
  free(m.ids);
  return good;
}

/* If anything fails, more memory stays in use than need be, and that is all. */
static void compact(struct session *session) {
  tri_graph *to = session_graph_new(session);
  struct definition *copies = calloc(session->n_definitions + 1, sizeof *copies);
  tri_mark empty = to ? tri_graph_mark(to) : (tri_mark){0};
  if (to && copies && move_to(session, to, copies)) {
    tri_graph *old = session->graph;
    memcpy(session->definitions, copies, session->n_definitions * sizeof *copies);
    session->graph = to;
    session->empty = empty;
    keep(session);
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
