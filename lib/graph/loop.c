/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Making loops: what the body takes in from outside becomes its parameters, under names of its own,
 * so that loops that are equal up to names are the same node. */
#include "graph/loop.h"

#include <stdio.h>
#include <string.h>

#include "base/sort.h"
#include "graph/walk.h"

static uint32_t shape_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->shape; }
static unsigned op_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->op; }
static bool is_literal(const tri_graph *g, uint32_t id) {
  return op_of(g, id) == TRI_OP_constant || op_of(g, id) == TRI_OP_pi;
}

void tri__loop(const tri_graph *g, uint32_t id, struct loop *loop) {
  memcpy(loop, tri__attr_data(g, node_at(g, id)->attr, NULL), sizeof *loop);
}

uint32_t tri__parameter(tri_graph *g, char kind, size_t number, uint32_t shape) {
  char name[32];
  int size = snprintf(name, sizeof name, "%%%c%zu", kind, number);
  return tri__variable_shaped(g, name, (size_t)size, shape);
}

/* --- what is known while a loop is made */

enum { DEPENDS = 1, NEEDED = 2, TAKEN = 4 };

/* Parameters with their arguments, and where they are in the walk. */
struct taken {
  uint32_t id; /* the node that becomes a parameter */
  uint32_t argument;
};

struct list {
  struct taken *at;
  size_t count, capacity;
};

struct making {
  tri_graph *g;
  const struct loop_plan *plan;
  size_t outputs;
  struct walk walk;
  uint8_t *marks;  /* by position */
  uint32_t *image; /* by position: the node over the loop's own parameters */
  uint32_t *args;  /* room for one node's arguments */
  size_t most_args;
  uint32_t *result; /* the outputs' images */
  uint32_t *parameters;
  struct list steps, constants;
};

static bool add(struct making *m, struct list *list, uint32_t id, uint32_t argument) {
  if (!tri__grow(&m->g->memory, (void **)&list->at, &list->capacity, list->count + 1,
                 sizeof *list->at))
    return tri__no_memory(m->g), false;
  list->at[list->count++] = (struct taken){id, argument};
  return true;
}

static uint32_t position(const struct making *m, uint32_t id) {
  return walk_position(&m->walk, id);
}

/* --- checks */

static uint32_t unfit(tri_graph *g, const char *what, size_t i, uint32_t a, uint32_t b) {
  char one[64], other[64];
  tri__shape_text(g, a, one, sizeof one);
  tri__shape_text(g, b, other, sizeof other);
  return tri__fail(g, TRI_SHAPE, "%s %zu of a loop: shapes %s and %s, which do not fit", what,
                   i + 1, one, other);
}

static uint32_t check_step(tri_graph *g, const struct loop_plan *plan, size_t i) {
  uint32_t own = shape_of(g, plan->step[i].parameter), shape = shape_of(g, plan->step[i].argument);
  uint32_t wanted = tri__array_shape(g, plan->n, own);
  if (wanted == TRI__NO_SHAPE) return NODE_ERROR + (uint32_t)g->error.status;
  return shape == wanted ? 0 : unfit(g, "step input", i, shape, wanted);
}

static uint32_t first_error(const struct loop_plan *plan) {
  for (size_t i = 0; i < plan->steps; i++)
    if (id_is_error(plan->step[i].argument)) return plan->step[i].argument;
  for (size_t i = 0; i < plan->constants; i++)
    if (id_is_error(plan->constant[i].argument)) return plan->constant[i].argument;
  for (size_t i = 0; i < plan->carries; i++)
    if (id_is_error(plan->carry[i].argument)) return plan->carry[i].argument;
  for (size_t i = 0; i < plan->stacked + plan->summed + plan->carries; i++)
    if (id_is_error(plan->output[i])) return plan->output[i];
  return 0;
}

static uint32_t check_carry(tri_graph *g, const struct loop_plan *plan, size_t i) {
  uint32_t shape = shape_of(g, plan->carry[i].parameter),
           initial = shape_of(g, plan->carry[i].argument),
           next = shape_of(g, plan->output[plan->stacked + plan->summed + i]);
  if (shape != initial) return unfit(g, "carry", i, initial, shape);
  return shape == next ? 0 : unfit(g, "carry", i, next, shape);
}

static uint32_t check(tri_graph *g, const struct loop_plan *plan) {
  uint32_t failed = first_error(plan);
  for (size_t i = 0; i < plan->steps && !failed; i++) failed = check_step(g, plan, i);
  for (size_t i = 0; i < plan->constants && !failed; i++) {
    uint32_t own = shape_of(g, plan->constant[i].parameter),
             shape = shape_of(g, plan->constant[i].argument);
    if (own != shape) failed = unfit(g, "constant", i, shape, own);
  }
  for (size_t i = 0; i < plan->carries && !failed; i++) failed = check_carry(g, plan, i);
  for (size_t i = 0; i < plan->stacked + plan->summed + plan->carries && !failed; i++)
    if (node_at(g, plan->output[i])->sort != TRI_REAL)
      failed = tri__fail(g, TRI_SHAPE, "output %zu of a loop is no number", i + 1);
  return failed;
}

/* --- what depends on parameters, and what is taken in */

static void mark_parameters(struct making *m, const struct binding *binding, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (walk_has(&m->walk, binding[i].parameter))
      m->marks[position(m, binding[i].parameter)] |= DEPENDS;
}

static void mark_dependent(struct making *m) {
  mark_parameters(m, m->plan->step, m->plan->steps);
  mark_parameters(m, m->plan->constant, m->plan->constants);
  mark_parameters(m, m->plan->carry, m->plan->carries);
  for (uint32_t p = 0; p < m->walk.count; p++) {
    const struct node *n = node_at(m->g, m->walk.ids[p]);
    if (n->nargs > m->most_args) m->most_args = n->nargs;
    for (uint32_t i = 0; i < n->nargs; i++)
      m->marks[p] |= m->marks[position(m, node_args(m->g, n)[i])] & DEPENDS;
  }
}

static const struct binding *step_of(const struct making *m, uint32_t parameter) {
  for (size_t i = 0; i < m->plan->steps; i++)
    if (m->plan->step[i].parameter == parameter) return m->plan->step + i;
  return NULL;
}

/* An index that runs with the steps: iota's number plus an integer, which goes into *first as the
 * first index. */
static bool runs_along(const struct making *m, uint32_t index, int64_t *first) {
  const tri_graph *g = m->g;
  const struct node *n = node_at(g, index);
  const uint32_t *args = node_args(g, n);
  int64_t offset = 0;
  uint32_t parameter = index;
  if (n->op == TRI_OP_add || n->op == TRI_OP_sub) {
    int constant = tri__small_integer(g, args[1], &offset)                          ? 1
                   : n->op == TRI_OP_add && tri__small_integer(g, args[0], &offset) ? 0
                                                                                    : -1;
    if (constant < 0) return false;
    parameter = args[1 - constant];
    if (n->op == TRI_OP_sub && __builtin_sub_overflow(0, offset, &offset)) return false;
  }
  const struct binding *step = step_of(m, parameter);
  if (!step || op_of(g, step->argument) != TRI_OP_iota) return false;
  return !__builtin_add_overflow(tri__span(g, step->argument).first, offset, first);
}

/* x[i + c] for every step at once, as an argument; 0 if the node is nothing of the kind. */
static uint32_t all_parts(struct making *m, uint32_t p) {
  tri_graph *g = m->g;
  const struct node *n = node_at(g, m->walk.ids[p]);
  int64_t first;
  if (n->op != TRI_OP_gather) return 0;
  uint32_t x = node_args(g, n)[0], index = node_args(g, n)[1];
  if (m->marks[position(m, x)] & DEPENDS || !runs_along(m, index, &first)) return 0;
  extent whole = first_extent(g, shape_of(g, x));
  bool named = whole < 0 || m->plan->n < 0;
  if (named && (whole != m->plan->n || first != 0)) return 0;
  return tri__slice(g, x, first, m->plan->n);
}

static bool take_constant(struct making *m, uint32_t id) {
  uint8_t *marks = &m->marks[position(m, id)];
  if (is_literal(m->g, id) || *marks & (DEPENDS | TAKEN)) {
    *marks |= *marks & DEPENDS ? NEEDED : 0;
    return true;
  }
  *marks |= TAKEN;
  return add(m, &m->constants, id, id);
}

/* From the outputs down: whatever is needed and depends on parameters, and what it takes in. */
static uint32_t find_taken(struct making *m) {
  for (size_t i = 0; i < m->outputs; i++)
    if (!take_constant(m, m->plan->output[i])) return NODE_ERROR + TRI_MEMORY;
  for (uint32_t p = m->walk.count; p-- > 0;) {
    if (!(m->marks[p] & NEEDED) || !(m->marks[p] & DEPENDS)) continue;
    uint32_t all = all_parts(m, p);
    if (id_is_error(all) && all) return all;
    if (all) {
      m->marks[p] |= TAKEN;
      if (!add(m, &m->steps, m->walk.ids[p], all)) return NODE_ERROR + TRI_MEMORY;
      continue;
    }
    const struct node *n = node_at(m->g, m->walk.ids[p]);
    for (uint32_t i = 0; i < n->nargs; i++)
      if (!take_constant(m, node_args(m->g, n)[i])) return NODE_ERROR + TRI_MEMORY;
  }
  return 0;
}

/* Parameters that were given and are needed. A step input that is the same at every step is a
 * constant. */
static bool take_given(struct making *m) {
  const struct loop_plan *plan = m->plan;
  bool ok = true;
  for (size_t i = 0; i < plan->steps && ok; i++) {
    uint32_t id = plan->step[i].parameter, argument = plan->step[i].argument;
    if (!walk_has(&m->walk, id) || !(m->marks[position(m, id)] & NEEDED)) continue;
    m->marks[position(m, id)] |= TAKEN;
    if (op_of(m->g, argument) == TRI_OP_repeat)
      ok = add(m, &m->constants, id, node_args(m->g, node_at(m->g, argument))[0]);
    else
      ok = add(m, &m->steps, id, argument);
  }
  for (size_t i = 0; i < plan->constants && ok; i++) {
    uint32_t id = plan->constant[i].parameter;
    if (!walk_has(&m->walk, id) || !(m->marks[position(m, id)] & NEEDED)) continue;
    m->marks[position(m, id)] |= TAKEN;
    ok = add(m, &m->constants, id, plan->constant[i].argument);
  }
  return ok;
}

static int order_of_taken(void *context, const void *left, const void *right) {
  const tri_graph *g = context;
  const struct taken *a = left, *b = right;
  uint64_t x = node_at(g, a->argument)->hash, y = node_at(g, b->argument)->hash;
  if (x != y) return x < y ? -1 : 1;
  return a->argument < b->argument ? -1 : a->argument > b->argument;
}

/* By structure, so that the order in which a body was built is of no matter. */
static bool put_in_order(struct making *m, struct list *list) {
  return tri__sort(&m->g->memory, list->at, list->count, sizeof *list->at, order_of_taken, m->g) ||
         (tri__no_memory(m->g), false);
}

/* --- the body over its own parameters */

/* The parameters of a list in order, one for each distinct argument; drops the others. *next
 * counts. */
static uint32_t name_list(struct making *m, struct list *list, bool parts, size_t *next) {
  tri_graph *g = m->g;
  size_t kept = 0;
  for (size_t i = 0; i < list->count; i++) {
    struct taken t = list->at[i];
    size_t k = kept && list->at[kept - 1].argument == t.argument ? kept - 1 : kept;
    uint32_t parameter = t.argument;
    if (parts || !is_literal(g, t.argument)) {
      uint32_t shape = shape_of(g, t.id);
      parameter = k < kept ? m->parameters[*next - kept + k] : tri__parameter(g, 'p', *next, shape);
      if (id_is_error(parameter)) return parameter;
      if (k == kept) {
        list->at[kept++] = t;
        m->parameters[(*next)++] = parameter;
      }
    }
    m->image[position(m, t.id)] = parameter;
  }
  list->count = kept;
  return 0;
}

static uint32_t name_parameters(struct making *m) {
  tri_graph *g = m->g;
  size_t next = 0;
  m->parameters = tri__new(&g->memory, m->steps.count + m->constants.count + m->plan->carries,
                           sizeof *m->parameters);
  if (!m->parameters) return tri__no_memory(g);
  uint32_t failed = name_list(m, &m->steps, true, &next);
  if (!failed) failed = name_list(m, &m->constants, false, &next);
  for (size_t i = 0; i < m->plan->carries && !failed; i++) {
    uint32_t id = m->plan->carry[i].parameter;
    uint32_t parameter = tri__parameter(g, 'p', next, shape_of(g, id));
    if (id_is_error(parameter)) return parameter;
    m->parameters[next++] = parameter;
    if (walk_has(&m->walk, id)) m->image[position(m, id)] = parameter;
  }
  return failed;
}

static uint32_t rebuild(struct making *m) {
  tri_graph *g = m->g;
  for (uint32_t p = 0; p < m->walk.count; p++) {
    if (m->image[p] || !(m->marks[p] & NEEDED)) continue;
    const struct node *n = node_at(g, m->walk.ids[p]);
    for (uint32_t i = 0; i < n->nargs; i++) {
      uint32_t arg = node_args(g, n)[i], image = m->image[position(m, arg)];
      m->args[i] = image ? image : arg; /* a literal */
    }
    m->image[p] = tri__with_arguments(g, m->walk.ids[p], m->args);
    if (id_is_error(m->image[p])) return m->image[p];
  }
  for (size_t i = 0; i < m->outputs; i++) {
    uint32_t image = m->image[position(m, m->plan->output[i])];
    m->result[i] = image ? image : m->plan->output[i];
  }
  return 0;
}

/* --- the node */

static uint32_t depth_of(struct making *m, uint32_t *depth) {
  *depth = 1;
  for (uint32_t p = 0; p < m->walk.count; p++) {
    struct loop inner;
    if (op_of(m->g, m->walk.ids[p]) != TRI_OP_loop || !(m->marks[p] & NEEDED)) continue;
    tri__loop(m->g, m->walk.ids[p], &inner);
    if (inner.depth + 1 > *depth) *depth = inner.depth + 1;
  }
  return *depth <= MOST_NESTED
             ? 0
             : tri__fail(m->g, TRI_LIMIT, "more than %d loops in one another", MOST_NESTED);
}

static uint32_t intern(tri_graph *g, const struct loop *loop, const uint32_t *args) {
  uint32_t attr = tri__attr(g, ATTR_LOOP, loop, sizeof *loop);
  g->has_loops = true;
  struct node n = {.op = TRI_OP_loop,
                   .sort = TRI_TUPLE,
                   .attr = attr,
                   .nargs = loop->steps + loop->constants + loop->carries};
  return attr ? tri__intern(g, &n, args) : NODE_ERROR + TRI_MEMORY;
}

uint32_t tri__loop_with(tri_graph *g, uint32_t id, const uint32_t *args) {
  struct loop loop;
  tri__loop(g, id, &loop);
  return intern(g, &loop, args);
}

static uint32_t make_node(struct making *m) {
  tri_graph *g = m->g;
  const struct loop_plan *plan = m->plan;
  size_t n = m->steps.count + m->constants.count + plan->carries, next = 0;
  struct loop loop = {.steps = (uint32_t)m->steps.count,
                      .constants = (uint32_t)m->constants.count,
                      .carries = (uint32_t)plan->carries,
                      .stacked = (uint32_t)plan->stacked,
                      .summed = (uint32_t)plan->summed,
                      .backward = plan->backward,
                      .n = plan->n};
  uint32_t failed = depth_of(m, &loop.depth);
  if (failed) return failed;
  loop.lambda = tri__lambda(g, n, m->parameters, m->outputs, m->result);
  if (!loop.lambda) return NODE_ERROR + (uint32_t)g->error.status;
  uint32_t *args = tri__new(&g->memory, n, sizeof *args);
  if (!args) return tri__no_memory(g);
  for (size_t i = 0; i < m->steps.count; i++) args[next++] = m->steps.at[i].argument;
  for (size_t i = 0; i < m->constants.count; i++) args[next++] = m->constants.at[i].argument;
  for (size_t i = 0; i < plan->carries; i++) args[next++] = plan->carry[i].argument;
  uint32_t id = intern(g, &loop, args);
  tri__free(&g->memory, args, n, sizeof *args);
  return id;
}

static uint32_t make(struct making *m) {
  tri_graph *g = m->g;
  uint32_t failed = check(g, m->plan);
  if (failed) return failed;
  if (tri__walk(g, m->outputs, m->plan->output, &m->walk)) return tri__no_memory(g);
  m->marks = tri__new(&g->memory, m->walk.count, 1);
  m->image = tri__new(&g->memory, m->walk.count, sizeof *m->image);
  m->result = tri__new(&g->memory, m->outputs, sizeof *m->result);
  if (!m->marks || !m->image || !m->result) return tri__no_memory(g);
  mark_dependent(m);
  m->args = tri__new(&g->memory, m->most_args, sizeof *m->args);
  if (!m->args) return tri__no_memory(g);
  failed = find_taken(m);
  if (!failed && !take_given(m)) failed = NODE_ERROR + TRI_MEMORY;
  if (!failed && !(put_in_order(m, &m->steps) && put_in_order(m, &m->constants)))
    failed = NODE_ERROR + TRI_MEMORY;
  size_t named = failed ? 0 : m->steps.count + m->constants.count + m->plan->carries;
  if (!failed) failed = name_parameters(m);
  if (!failed) failed = rebuild(m);
  uint32_t id = failed ? failed : make_node(m);
  tri__free(&g->memory, m->parameters, named, sizeof *m->parameters);
  return id;
}

uint32_t tri__loop_new(tri_graph *g, const struct loop_plan *plan) {
  struct making m = {.g = g, .plan = plan, .outputs = plan->stacked + plan->summed + plan->carries};
  struct memory *memory = &g->memory;
  uint32_t id = m.outputs ? make(&m) : tri__fail(g, TRI_ARGUMENT, "a loop without outputs");
  tri__free(memory, m.marks, m.walk.count, 1);
  tri__free(memory, m.image, m.walk.count, sizeof *m.image);
  tri__free(memory, m.result, m.outputs, sizeof *m.result);
  tri__free(memory, m.args, m.most_args, sizeof *m.args);
  tri__free(memory, m.steps.at, m.steps.capacity, sizeof *m.steps.at);
  tri__free(memory, m.constants.at, m.constants.capacity, sizeof *m.constants.at);
  if (m.walk.count) tri__walk_free(&m.walk);
  return id;
}

uint32_t tri__loop_again(tri_graph *g, const struct loop *loop, extent n, const uint32_t *ids,
                         const uint32_t *args) {
  size_t parameters = (size_t)loop->steps + loop->constants + loop->carries;
  struct binding *bindings = tri__new(&g->memory, parameters, sizeof *bindings);
  if (!bindings) return tri__no_memory(g);
  for (size_t i = 0; i < parameters; i++) bindings[i] = (struct binding){ids[i], args[i]};
  struct loop_plan plan = {.n = n,
                           .backward = loop->backward,
                           .steps = loop->steps,
                           .constants = loop->constants,
                           .carries = loop->carries,
                           .stacked = loop->stacked,
                           .summed = loop->summed,
                           .step = bindings,
                           .constant = bindings + loop->steps,
                           .carry = bindings + loop->steps + loop->constants,
                           .output = ids + parameters};
  uint32_t id = tri__loop_new(g, &plan);
  tri__free(&g->memory, bindings, parameters, sizeof *bindings);
  return id;
}

/* --- results */

enum loop_result tri__loop_result_kind(const struct loop *l, uint32_t k, uint32_t *i) {
  uint32_t kind = RESULT_STACKED;
  const uint32_t counts[] = {l->stacked, l->summed, l->carries};
  for (*i = k; kind < RESULT_CARRIES && *i >= counts[kind]; kind++) *i -= counts[kind];
  return (enum loop_result)kind;
}

uint32_t tri__loop_source(const tri_graph *g, const struct loop *l, uint32_t k) {
  uint32_t i, parameters = l->steps + l->constants + l->carries;
  const uint32_t *ids = tri__lambda_ids(g, l->lambda, NULL, NULL);
  return tri__loop_result_kind(l, k, &i) == RESULT_CARRIES ? ids[l->steps + l->constants + i]
                                                           : ids[parameters + k];
}

/* What the body's parameter `id` stands for outside: argument number *i. */
static bool is_parameter(const tri_graph *g, const struct loop *l, uint32_t id, uint32_t *i) {
  const uint32_t *ids = tri__lambda_ids(g, l->lambda, NULL, NULL);
  for (*i = 0; *i < l->steps + l->constants + l->carries; ++*i)
    if (ids[*i] == id) return true;
  return false;
}

static uint32_t result_shape(tri_graph *g, const struct loop *l, uint32_t k) {
  uint32_t i, shape = shape_of(g, tri__loop_source(g, l, k));
  enum loop_result kind = tri__loop_result_kind(l, k, &i);
  return kind == RESULT_STACKED || kind == RESULT_CARRIES ? tri__array_shape(g, l->n, shape)
                                                          : shape;
}

/* The result without the loop, or 0. */
static uint32_t plain_result(tri_graph *g, uint32_t tuple, const struct loop *l, uint32_t k) {
  const uint32_t *args = node_args(g, node_at(g, tuple));
  uint32_t i, from, source = tri__loop_source(g, l, k);
  enum loop_result kind = tri__loop_result_kind(l, k, &i);
  bool parameter = is_parameter(g, l, source, &from);
  bool constant = parameter && from >= l->steps && from < l->steps + l->constants;
  if (kind == RESULT_STACKED) {
    if (parameter && from < l->steps) return args[from];
    if (constant || is_literal(g, source))
      return tri__repeat(g, constant ? args[from] : source, l->n);
  }
  if (kind == RESULT_SUMMED && source == g->zero) return source;
  if (kind == RESULT_CARRY && parameter && from == l->steps + l->constants + i) return args[from];
  return 0;
}

uint32_t tri__loop_result(tri_graph *g, uint32_t tuple, uint32_t k) {
  struct loop l;
  if (id_is_error(tuple)) return tuple;
  tri__loop(g, tuple, &l);
  uint32_t plain = plain_result(g, tuple, &l, k);
  if (plain) return plain;
  uint64_t index = k;
  uint32_t attr = tri__attr(g, ATTR_INDEX, &index, sizeof index), shape = result_shape(g, &l, k);
  return attr && shape != TRI__NO_SHAPE ? tri__node(g, TRI_OP_result, attr, shape, 1, &tuple)
                                        : NODE_ERROR + (uint32_t)g->error.status;
}
