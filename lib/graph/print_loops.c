/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops with names for what they bind. A body has parameters without names; here it becomes an
 * expression over the loop's arguments, x[i] for a step input x, that the printers walk as any
 * other. All loops of one depth have the same names, which no variable and no size of the
 * expression has. One pass for each depth, so there is no recursion. */
#include "graph/print_loops.h"

#include <stdio.h>
#include <string.h>

struct unrolling {
  tri_graph *g;
  struct bound_names *names;
  uint8_t *seen; /* by attribute: a name that occurs, a lambda that was looked into */
  size_t seen_count;
  uint32_t level;
  size_t used[2]; /* names used: of indices, of carries */
  struct walk walk;
  uint32_t *image;
  uint32_t *args; /* room for arguments of one node */
  size_t args_capacity;
  uint32_t failed;
  bool changed;
};

static uint32_t shape_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->shape; }

/* --- names that occur */

static void see_extent(struct unrolling *u, extent n) {
  if (n < 0) u->seen[~n] = 1;
}

static void see_node(struct unrolling *u, uint32_t id) {
  const tri_graph *g = u->g;
  const struct node *n = node_at(g, id);
  if (n->op == TRI_OP_variable) u->seen[n->attr] = 1;
  for (uint32_t d = 0; d < shape_rank(g, n->shape); d++) see_extent(u, shape_dims(g, n->shape)[d]);
  if (n->attr && g->attrs[n->attr].kind == ATTR_SPAN) see_extent(u, tri__span(g, id).n);
}

struct lambdas {
  uint32_t *at;
  size_t count, capacity;
};

/* Sees all that the outputs reach, and notes the bodies that were not seen yet. */
static void see_all(struct unrolling *u, size_t n, const uint32_t *outputs,
                    struct lambdas *bodies) {
  tri_graph *g = u->g;
  struct walk walk;
  if (tri__walk(g, n, outputs, &walk)) {
    u->failed = NODE_ERROR + TRI_MEMORY;
    return;
  }
  for (uint32_t i = 0; i < walk.count && !u->failed; i++) {
    struct loop loop;
    see_node(u, walk.ids[i]);
    if (node_at(g, walk.ids[i])->op != TRI_OP_loop) continue;
    tri__loop(g, walk.ids[i], &loop);
    see_extent(u, loop.n);
    if (u->seen[loop.lambda]) continue;
    u->seen[loop.lambda] = 1;
    if (tri__grow(&g->memory, (void **)&bodies->at, &bodies->capacity, bodies->count + 1,
                  sizeof *bodies->at))
      bodies->at[bodies->count++] = loop.lambda;
    else
      u->failed = tri__no_memory(g);
  }
  tri__walk_free(&walk);
}

static void find_names(struct unrolling *u, uint32_t id) {
  struct lambdas bodies = {0};
  u->seen_count = u->g->attr_count;
  u->seen = tri__new(&u->g->memory, u->seen_count, 1);
  if (!u->seen) u->failed = tri__no_memory(u->g);
  if (!u->failed) see_all(u, 1, &id, &bodies);
  for (size_t i = 0; i < bodies.count && !u->failed; i++) {
    uint32_t parameters, outputs;
    const uint32_t *ids = tri__lambda_ids(u->g, bodies.at[i], &parameters, &outputs);
    see_all(u, outputs, ids + parameters, &bodies);
  }
  tri__free(&u->g->memory, bodies.at, bodies.capacity, sizeof *bodies.at);
}

static bool occurs(const struct unrolling *u, const char *name) {
  const tri_graph *g = u->g;
  for (uint32_t attr = 1; attr < u->seen_count; attr++)
    if (u->seen[attr] && g->attrs[attr].kind == ATTR_NAME &&
        !strcmp(tri__attr_data(g, attr, NULL), name))
      return true;
  return false;
}

/* A name that occurs nowhere: i, j, … for indices, s, r, … for carries, then with numbers. */
static void fresh(struct unrolling *u, bool carry, char *name, size_t size) {
  static const char letters[2][6] = {"ijklm", "sruvw"};
  enum { LETTERS = 5 };
  do {
    size_t k = u->used[carry]++;
    if (k < LETTERS)
      snprintf(name, size, "%c", letters[carry][k]);
    else
      snprintf(name, size, "%c%zu", letters[carry][0], k - LETTERS + 1);
  } while (occurs(u, name));
}

/* The variable for carry number k of this level, or for its index; the name does not depend on the
 * shape. */
static uint32_t bound_variable(struct unrolling *u, uint32_t k, uint32_t shape) {
  struct bound_names *names = u->names;
  char made[24];
  const char *name = NULL;
  for (size_t i = 0; i < names->count; i++) {
    const struct bound_name *b = &names->at[i];
    if (b->level != u->level || b->carry != k) continue;
    if (shape_of(u->g, b->variable) == shape) return b->variable;
    name = tri__name(u->g, b->variable);
  }
  if (!name) fresh(u, k != THE_INDEX, made, sizeof made);
  if (!name) name = made;
  uint32_t variable = tri__variable_shaped(u->g, name, strlen(name), shape);
  if (id_is_error(variable)) return variable;
  if (!tri__grow(&u->g->memory, (void **)&names->at, &names->capacity, names->count + 1,
                 sizeof *names->at))
    return tri__no_memory(u->g);
  names->at[names->count++] = (struct bound_name){variable, u->level, k};
  return variable;
}

static uint32_t index_of_level(struct unrolling *u) { return bound_variable(u, THE_INDEX, 0); }

/* --- one result of a loop */

struct subject {
  struct loop loop;
  uint32_t tuple, source;
  uint64_t carries; /* which carries the source depends on; for more than 63 all */
};

static uint32_t plus(tri_graph *g, uint32_t u, int64_t c) {
  if (c == 0 || c == INT64_MIN) return c ? NODE_ERROR + TRI_LIMIT : u;
  uint32_t size = tri__constant_si(g, c < 0 ? -c : c, 1);
  return tri__node(g, c < 0 ? TRI_OP_sub : TRI_OP_add, 0, 0, 2, (uint32_t[]){u, size});
}

/* Whether the node is the numbers from *first on: an iota, or what became of one. */
static bool is_iota(const tri_graph *g, uint32_t id, int64_t *first) {
  const struct node *n = node_at(g, id);
  if (n->op == TRI_OP_iota) return *first = tri__span(g, id).first, true;
  if (!is_loop_form(n)) return false;
  struct loop_form form;
  memcpy(&form, tri__attr_data(g, n->attr, NULL), sizeof form);
  *first = form.first;
  return form.form == FORM_MAP && n->arg[0] == n->arg[1];
}

static int64_t first_of(const struct unrolling *u, const struct loop *loop, uint32_t tuple) {
  int64_t first;
  for (uint32_t i = 0; i < loop->steps; i++)
    if (is_iota(u->g, node_args(u->g, node_at(u->g, tuple))[i], &first)) return first;
  return 1;
}

/* The part of step input `arg` at the index: i for an iota, x[i + c] for a slice. */
static uint32_t part_at(struct unrolling *u, uint32_t arg, int64_t first) {
  tri_graph *g = u->g;
  uint32_t i = index_of_level(u), array = u->image[walk_position(&u->walk, arg)];
  int64_t shift = -first, own;
  if (id_is_error(i)) return i;
  if (is_iota(g, arg, &own))
    return __builtin_sub_overflow(own, first, &own) ? NODE_ERROR + TRI_LIMIT : plus(g, i, own);
  if (node_at(g, arg)->op == TRI_OP_slice) {
    if (__builtin_add_overflow(shift, tri__span(g, arg).first, &shift))
      return NODE_ERROR + TRI_LIMIT;
    array = u->image[walk_position(&u->walk, node_args(g, node_at(g, arg))[0])];
  }
  return tri__gather(g, array, plus(g, i, shift));
}

/* The parameters' meanings, into to. */
static uint32_t find_meanings(struct unrolling *u, const struct subject *s, int64_t first,
                              uint32_t *to) {
  const struct loop *l = &s->loop;
  uint32_t count = l->steps + l->constants + l->carries;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t arg = node_args(u->g, node_at(u->g, s->tuple))[i];
    if (i < l->steps)
      to[i] = part_at(u, arg, first);
    else if (i < l->steps + l->constants)
      to[i] = u->image[walk_position(&u->walk, arg)];
    else
      to[i] = bound_variable(u, i - l->steps - l->constants, shape_of(u->g, arg));
    if (id_is_error(to[i])) return to[i];
  }
  return 0;
}

/* Which carries the node depends on. */
static uint64_t carries_of(struct unrolling *u, const struct loop *l, uint32_t source) {
  struct walk walk;
  uint64_t found = 0;
  const uint32_t *ids = tri__lambda_ids(u->g, l->lambda, NULL, NULL) + l->steps + l->constants;
  if (tri__walk(u->g, 1, &source, &walk)) return u->failed = NODE_ERROR + TRI_MEMORY, 0;
  for (uint32_t i = 0; i < l->carries; i++)
    if (walk_has(&walk, ids[i])) found |= UINT64_C(1) << (i < 63 ? i : 63);
  tri__walk_free(&walk);
  return found;
}

/* The other factor where the next value is the carry times that, from 1 on; else 0. */
static uint32_t factor_of(struct unrolling *u, const struct subject *s, uint32_t carry) {
  const tri_graph *g = u->g;
  const struct loop *l = &s->loop;
  const struct node *n = node_at(g, s->source);
  uint32_t own = l->steps + l->constants + carry,
           parameter = tri__lambda_ids(g, l->lambda, NULL, NULL)[own];
  if (n->op != TRI_OP_mul || n->shape || node_args(g, node_at(g, s->tuple))[own] != g->one)
    return 0;
  uint32_t a = n->arg[0], b = n->arg[1], other = a == parameter ? b : b == parameter ? a : 0;
  return other && !carries_of(u, l, other) ? other : 0;
}

/* How the result can be written; *carry is the one carry of a scan or fold. */
static enum form_of_loop choose_form(struct unrolling *u, const struct subject *s, uint32_t k,
                                     uint32_t *carry, uint32_t *body) {
  const struct loop *l = &s->loop;
  enum loop_result kind = tri__loop_result_kind(l, k, carry);
  *body = s->source;
  if (!s->carries && kind == RESULT_STACKED) return FORM_MAP;
  if (!s->carries && kind == RESULT_SUMMED) return FORM_SUM;
  if (l->backward || l->carries >= 63 || kind == RESULT_SUMMED || kind == RESULT_CARRIES)
    return FORM_GENERAL;
  const uint32_t *ids = tri__lambda_ids(u->g, l->lambda, NULL, NULL),
                 *next = ids + l->steps + l->constants + l->carries + l->stacked + l->summed;
  if (kind == RESULT_STACKED) {
    *carry = 0;
    while (*carry < l->carries && next[*carry] != s->source) ++*carry;
    if (*carry == l->carries) return FORM_GENERAL;
  }
  if (s->carries & ~(UINT64_C(1) << *carry)) return FORM_GENERAL;
  if (kind == RESULT_STACKED) return FORM_SCAN;
  uint32_t factor = factor_of(u, s, *carry);
  if (factor) *body = factor;
  return factor ? FORM_PROD : FORM_FOLD;
}

static uint32_t form_node(struct unrolling *u, const struct loop_form *form, uint32_t shape,
                          size_t nargs, const uint32_t *args) {
  uint32_t attr = tri__attr(u->g, ATTR_FORM, form, sizeof *form);
  struct node n = {
      .op = TRI_OP_loop, .sort = TRI_REAL, .attr = attr, .shape = shape, .nargs = (uint32_t)nargs};
  return attr ? tri__intern(u->g, &n, args) : NODE_ERROR + TRI_MEMORY;
}

/* Arguments of the form: sources are first those of the body, then, where they are wanted, next
 * values. */
static uint32_t make_form(struct unrolling *u, const struct subject *s, struct loop_form *form,
                          uint32_t carry, uint32_t shape, uint32_t *sources, uint32_t *meaning) {
  tri_graph *g = u->g;
  const struct loop *l = &s->loop;
  uint32_t parameters = l->steps + l->constants + l->carries, nargs = 2;
  bool general = form->form == FORM_GENERAL,
       one = form->form == FORM_SCAN || form->form == FORM_FOLD;
  uint32_t failed = find_meanings(u, s, form->first, meaning);
  if (failed) return failed;
  const uint32_t *ids = tri__lambda_ids(g, l->lambda, NULL, NULL);
  if (general)
    memcpy(sources + 1, ids + parameters + l->stacked + l->summed, l->carries * sizeof *sources);
  size_t count = general ? 1 + (size_t)l->carries : 1;
  tri_status status = tri__substitute(g, count, sources, parameters, ids, meaning, sources);
  if (status) return NODE_ERROR + (uint32_t)status;
  size_t most = 2 + 3 * (size_t)l->carries;
  uint32_t *args = tri__new(&g->memory, most, sizeof *args), made;
  if (!args) return tri__no_memory(g);
  args[0] = sources[0];
  args[1] = index_of_level(u);
  for (uint32_t i = 0; i < l->carries && (general || one); i++) {
    uint32_t own = l->steps + l->constants + i;
    if (one && i != carry) continue;
    args[nargs++] = meaning[own];
    args[nargs++] = u->image[walk_position(&u->walk, node_args(g, node_at(g, s->tuple))[own])];
    if (general) args[nargs++] = sources[1 + i];
  }
  made = form_node(u, form, shape, nargs, args);
  tri__free(&g->memory, args, most, sizeof *args);
  return made;
}

static uint32_t result(struct unrolling *u, uint32_t id) {
  tri_graph *g = u->g;
  struct subject s = {.tuple = node_args(g, node_at(g, id))[0]};
  uint32_t k = (uint32_t)tri__index_attr(g, id), carry, body;
  tri__loop(g, s.tuple, &s.loop);
  s.source = tri__loop_source(g, &s.loop, k);
  s.carries = carries_of(u, &s.loop, s.source);
  uint32_t parameters = s.loop.steps + s.loop.constants + s.loop.carries;
  struct loop_form form = {.level = u->level,
                           .backward = s.loop.backward,
                           .first = first_of(u, &s.loop, s.tuple),
                           .n = s.loop.n};
  form.form = choose_form(u, &s, k, &carry, &body);
  if (form.form != FORM_GENERAL)
    form.backward = false; /* the order is of no matter */
  else
    form.result = tri__loop_result_kind(&s.loop, k, &(uint32_t){0});
  uint32_t *sources = tri__new(&g->memory, 1 + (size_t)s.loop.carries, sizeof *sources),
           *meaning = tri__new(&g->memory, parameters, sizeof *meaning);
  uint32_t made = sources && meaning ? 0 : tri__no_memory(g);
  if (!made) {
    sources[0] = body;
    made = make_form(u, &s, &form, carry, shape_of(g, id), sources, meaning);
  }
  tri__free(&g->memory, sources, 1 + (size_t)s.loop.carries, sizeof *sources);
  tri__free(&g->memory, meaning, parameters, sizeof *meaning);
  return made;
}

/* --- the whole expression */

/* A repetition or an iota as a map. */
static uint32_t as_map(struct unrolling *u, uint32_t id) {
  bool iota = node_at(u->g, id)->op == TRI_OP_iota;
  struct span span = tri__span(u->g, id);
  struct loop_form form = {
      .form = FORM_MAP, .level = u->level, .first = iota ? span.first : 1, .n = span.n};
  uint32_t i = index_of_level(u);
  if (id_is_error(i)) return i;
  uint32_t body =
      iota ? i : u->image[walk_position(&u->walk, node_args(u->g, node_at(u->g, id))[0])];
  return form_node(u, &form, shape_of(u->g, id), 2, (uint32_t[]){body, i});
}

static uint32_t rebuilt(struct unrolling *u, uint32_t id) {
  tri_graph *g = u->g;
  uint32_t nargs = node_at(g, id)->nargs;
  bool changed = false;
  if (!tri__grow(&g->memory, (void **)&u->args, &u->args_capacity, nargs + 1, sizeof *u->args))
    return tri__no_memory(g);
  for (uint32_t i = 0; i < nargs; i++) {
    uint32_t arg = node_args(g, node_at(g, id))[i];
    u->args[i] = u->image[walk_position(&u->walk, arg)];
    changed |= u->args[i] != arg;
  }
  if (!changed) return id;
  if (!is_loop_form(node_at(g, id))) return tri__with_arguments(g, id, u->args);
  struct node copy = *node_at(g, id);
  return tri__intern(g, &copy, u->args);
}

static uint32_t unrolled(struct unrolling *u, uint32_t id) {
  const struct node *n = node_at(u->g, id);
  if (n->op == TRI_OP_loop && n->sort == TRI_TUPLE) return id; /* looked at from its results */
  if (n->op != TRI_OP_result && n->op != TRI_OP_repeat && n->op != TRI_OP_iota)
    return rebuilt(u, id);
  u->changed = true;
  return n->op == TRI_OP_result ? result(u, id) : as_map(u, id);
}

/* The loops that are not within others yet. */
static uint32_t pass(struct unrolling *u, uint32_t id) {
  tri_graph *g = u->g;
  if (tri__walk(g, 1, &id, &u->walk)) return NODE_ERROR + TRI_MEMORY;
  u->image = tri__new(&g->memory, u->walk.count, sizeof *u->image);
  if (!u->image) u->failed = tri__no_memory(g);
  for (uint32_t i = 0; i < u->walk.count && !u->failed; i++) {
    u->image[i] = unrolled(u, u->walk.ids[i]);
    if (id_is_error(u->image[i])) u->failed = u->image[i];
  }
  uint32_t made = u->failed ? u->failed : u->image[u->walk.count - 1];
  tri__free(&g->memory, u->image, u->walk.count, sizeof *u->image);
  tri__walk_free(&u->walk);
  return made;
}

static bool has_loops(tri_graph *g, uint32_t id, uint32_t *failed) {
  struct walk walk;
  bool found = false;
  if (tri__walk(g, 1, &id, &walk)) return *failed = NODE_ERROR + TRI_MEMORY, false;
  for (uint32_t i = 0; i < walk.count && !found; i++) {
    unsigned op = node_at(g, walk.ids[i])->op;
    found = op == TRI_OP_loop || op == TRI_OP_repeat || op == TRI_OP_iota;
  }
  tri__walk_free(&walk);
  return found;
}

uint32_t tri__print_unrolled(tri_graph *g, uint32_t id, struct bound_names *names) {
  struct unrolling u = {.g = g, .names = names, .changed = true};
  if (node_at(g, id)->sort == TRI_TUPLE || g->shape_count + g->attr_count < 2) return id;
  if (!has_loops(g, id, &u.failed)) return u.failed ? u.failed : id;
  find_names(&u, id);
  for (u.level = 0; u.changed && !u.failed; u.level++) {
    u.changed = false;
    id = pass(&u, id);
  }
  tri__free(&g->memory, u.seen, u.seen_count, 1);
  tri__free(&g->memory, u.args, u.args_capacity, sizeof *u.args);
  return u.failed ? u.failed : id;
}

/* --- for the formats */

struct loop_form tri__print_loop_form(const struct printer *p, uint32_t id) {
  struct loop_form form;
  memcpy(&form, tri__attr_data(p->g, print_at(p, id)->attr, NULL), sizeof form);
  return form;
}

uint32_t tri__print_whole(const struct printer *p, uint32_t id, const struct loop_form *form) {
  const tri_graph *g = p->g;
  uint32_t body = print_args(p, id)[0], i = print_args(p, id)[1];
  if ((form->form != FORM_SUM && form->form != FORM_PROD) || is_named(p, body)) return 0;
  if (print_at(p, body)->op != TRI_OP_gather || print_at(p, body)->shape) return 0;
  uint32_t x = print_args(p, body)[0], at = print_args(p, body)[1];
  bool own = print_at(p, at)->op == TRI_OP_sub && print_args(p, at)[0] == i &&
             tri__is_integer(g, print_args(p, at)[1], 1);
  return own && form->first == 1 && print_at(p, x)->op != TRI_OP_stack &&
                 first_extent(g, print_at(p, x)->shape) == form->n
             ? x
             : 0;
}

void tri__print_extent(struct printer *p, extent n, int64_t more) {
  if (n >= 0) {
    tri__print_integer(p, n + more);
    return;
  }
  tri__print_text(p, tri__attr_data(p->g, (uint32_t)~n, NULL));
  tri__print_offset(p, more);
}

void tri__print_range(struct printer *p, uint32_t id, const struct loop_form *form,
                      const char *between) {
  tri__print_node(p, print_args(p, id)[1], PREC_ANY, 0);
  tri__print_text(p, "=");
  tri__print_integer(p, form->first);
  tri__print_text(p, between);
  tri__print_extent(p, form->n, form->first - 1);
}
