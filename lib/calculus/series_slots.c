/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which series are needed, and to which order: an expression and its parts to the order asked for, their partials to one less, the
 * partials' partials to two less, until nothing new turns up or the order is used up. */
#include "calculus/series.h"

#include "graph/template.h"

/* A node on the way to its slot, and how many of its arguments have been looked at. */
struct visit {
  uint32_t id, next;
};

bool tri__series_find(const struct series *s, uint32_t id, uint32_t *number) {
  uint64_t hash = hash_mix(id);
  struct lookup l = index_look(&s->index, hash);
  for (uint32_t i; index_next(&s->index, hash, &l, &i);)
    if (s->slot[i].id == id) {
      *number = i;
      return true;
    }
  return false;
}

static uint32_t number_of(const struct series *s, uint32_t id) {
  uint32_t number = 0;
  (void)tri__series_find(s, id, &number);
  return number;
}

static bool index_room(struct series *s) {
  struct index larger;
  if (!index_full(&s->index)) return true;
  if (!tri__index_larger(&s->graph->memory, &s->index, &larger)) return false;
  for (size_t i = 0; i < s->slots; i++) index_put(&larger, hash_mix(s->slot[i].id), (uint32_t)i);
  tri__index_free(&s->graph->memory, &s->index);
  s->index = larger;
  return true;
}

/* Room for one more slot and its value. */
static bool room(struct series *s) {
  struct memory *m = &s->graph->memory;
  return s->slots < UINT32_MAX && index_room(s) &&
         tri__grow(m, (void **)&s->slot, &s->slot_capacity, s->slots + 1, sizeof *s->slot) &&
         tri__grow(m, (void **)&s->coefficient, &s->coefficient_capacity, s->coefficients + 1,
                   sizeof *s->coefficient);
}

/* --- values at the point */

/* Whether the row's domain leaves out these arguments, all of them constants, in *outside. */
static uint32_t check_domain(struct series *s, uint32_t id, bool *outside) {
  tri_graph *g = s->graph;
  const struct row *row = g->rows + node_at(g, id)->op;
  uint32_t holes[HOLES] = {0};
  *outside = false;
  if (!row->domain) return 0;
  for (unsigned i = 0; i < row->arity; i++) {
    if (node_at(g, s->args[i])->op != TRI_OP_constant) return 0;
    holes[i] = s->args[i];
  }
  const struct template *t = tri__template(g, (tri_op)node_at(g, id)->op, TEMPLATE_DOMAIN);
  uint32_t inside = t ? tri__template_build(g, t, holes) : NODE_ERROR + TRI_MEMORY;
  if (id_is_error(inside)) return inside;
  const struct node *n = node_at(g, inside);
  *outside = n->op == TRI_OP_constant && !(n->facts & FACT_NONZERO);
  return 0;
}

/* Lazy rows may have a value although an argument has none: it is tried with the node's own argument in its place, and counts if
 * that is not in the result. */
static uint32_t apply_lazily(struct series *s, uint32_t id, uint32_t missing) {
  tri_graph *g = s->graph;
  const struct row *row = g->rows + node_at(g, id)->op;
  uint32_t args[ROW_MAX_ARITY];
  for (unsigned i = 0; i < row->arity; i++)
    args[i] = is_missing(s->args[i]) ? node_args(g, node_at(g, id))[i] : s->args[i];
  uint32_t result = tri__build(g, (tri_op)node_at(g, id)->op, row->arity, args);
  if (id_is_error(result) || result == g->zero) return result;
  for (unsigned i = 0; i < row->arity; i++)
    if (!is_missing(s->args[i]) && result == s->args[i]) return result;
  return missing;
}

uint32_t tri__series_apply(struct series *s, uint32_t id) {
  tri_graph *g = s->graph;
  const struct node *n = node_at(g, id);
  const struct row *row = tri__row(g, n->op);
  uint32_t nargs = n->nargs, missing = 0;
  bool outside = false;
  for (uint32_t i = 0; i < nargs && !missing; i++)
    if (is_missing(s->args[i])) missing = s->args[i];
  if (missing) return row && row->lazy ? apply_lazily(s, id, missing) : missing;
  uint32_t failed = row ? check_domain(s, id, &outside) : 0;
  if (failed) return failed;
  if (outside) return SERIES_NO_VALUE + node_at(g, id)->op;
  return tri__with_arguments(g, id, s->args);
}

static uint32_t value_of(struct series *s, uint32_t id, uint8_t kind) {
  tri_graph *g = s->graph;
  const struct node *n = node_at(g, id);
  if (kind == SLOT_VARIABLE) return s->at;
  if (kind == SLOT_CONSTANT || s->at == s->x) return id;
  if (!tri__grow(&g->memory, (void **)&s->args, &s->args_capacity, n->nargs, sizeof *s->args))
    return tri__no_memory(g);
  for (uint32_t i = 0; i < n->nargs; i++)
    s->args[i] = series_get(s, number_of(s, node_args(g, n)[i]), 0);
  return tri__series_apply(s, id);
}

/* --- slots */

static uint8_t kind_of_operation(const tri_graph *g, unsigned op) {
  switch (op) {
  case TRI_OP_mul: return SLOT_PRODUCT;
  case TRI_OP_div: return SLOT_QUOTIENT;
  case TRI_OP_stack: return SLOT_STACK;
  case TRI_OP_element: return SLOT_ELEMENT;
  default: return g->rows[op].linear ? SLOT_LINEAR : SLOT_GENERAL;
  }
}

/* Whether a derivative passes to the node through its argument i. */
static bool moves(const struct series *s, const struct node *n, uint32_t i, bool *passes) {
  const struct slot *arg = &s->slot[number_of(s, node_args(s->graph, n)[i])];
  *passes = false;
  return arg->kind < SLOT_VARIABLE || tri__passes(s->graph, n->op, i, passes);
}

/* Kind and choice of a node whose arguments have slots. */
static uint32_t classify(const struct series *s, uint32_t id, struct slot *slot) {
  const struct node *n = node_at(s->graph, id);
  slot->kind = id == s->x ? SLOT_VARIABLE : SLOT_CONSTANT;
  slot->choice = node_chooses(s->graph, n);
  for (uint32_t i = 0; i < n->nargs; i++) {
    const struct slot *arg = &s->slot[number_of(s, node_args(s->graph, n)[i])];
    bool passes;
    if (arg->kind != SLOT_CONSTANT && slot->kind == SLOT_CONSTANT) slot->kind = SLOT_FIXED;
    if (n->sort == TRI_BOOLEAN) continue;
    if (!moves(s, n, i, &passes)) return NODE_ERROR + TRI_MEMORY;
    if (!passes) continue;
    if (n->op > TRI_OP_element && n->op < TRI_OP_constant)
      return tri__fail(s->graph, TRI_ARGUMENT, "no series goes through loops and indices (%s)",
                       tri_op_name((tri_op)n->op));
    slot->kind = kind_of_operation(s->graph, n->op);
    slot->choice |= arg->choice;
  }
  return 0;
}

static uint32_t add_slot(struct series *s, uint32_t id, uint32_t order) {
  struct slot slot = {.id = id, .order = order, .length = 1};
  uint32_t failed = classify(s, id, &slot);
  if (failed) return failed;
  uint32_t value = value_of(s, id, slot.kind);
  if (id_is_error(value) && !is_missing(value)) return value;
  if (!room(s)) return tri__no_memory(s->graph);
  s->coefficient[s->coefficients++] = value;
  s->slot[s->slots] = slot;
  index_put(&s->index, hash_mix(id), (uint32_t)s->slots++);
  return 0;
}

static bool push(struct series *s, size_t *depth, uint32_t id) {
  if (!tri__grow(&s->graph->memory, (void **)&s->stack, &s->stack_capacity, *depth + 1,
                 sizeof *s->stack))
    return false;
  s->stack[(*depth)++] = (struct visit){.id = id};
  return true;
}

/* a^b with b in motion is exp(q), q = b log a: r' = r q'. By its partials it would lead on to b - 1, b - 2, …, each with log a. */
static bool is_exponential(const struct series *s, const struct node *n) {
  return n->op == TRI_OP_pow && s->slot[number_of(s, n->arg[1])].kind >= SLOT_VARIABLE;
}

static uint32_t exponent_of(tri_graph *g, uint32_t power) {
  uint32_t base = node_at(g, power)->arg[0], exponent = node_at(g, power)->arg[1];
  return tri__build2(g, TRI_OP_mul, exponent, tri__build1(g, TRI_OP_log, base));
}

/* What a node needs besides its arguments: its id if that has no slot yet, else 0. */
static uint32_t also_needed(struct series *s, uint32_t id) {
  uint32_t number, q;
  if (!is_exponential(s, node_at(s->graph, id))) return 0;
  q = exponent_of(s->graph, id);
  return !id_is_error(q) && tri__series_find(s, q, &number) ? 0 : q;
}

/* The next node to get a slot before the one on top of the stack can; 0 if that is ready. */
static uint32_t next_needed(struct series *s, struct visit *top) {
  uint32_t number;
  while (top->next < node_at(s->graph, top->id)->nargs) {
    uint32_t arg = node_args(s->graph, node_at(s->graph, top->id))[top->next++];
    if (!tri__series_find(s, arg, &number)) return arg;
  }
  return also_needed(s, top->id);
}

/* Slots for a node and all below it that have none yet, arguments first. */
static uint32_t add_all(struct series *s, uint32_t id, uint32_t order) {
  uint32_t failed = 0, number;
  size_t depth = 0;
  if (!push(s, &depth, id)) return tri__no_memory(s->graph);
  while (depth && !failed) {
    uint32_t top = s->stack[depth - 1].id, needed = 0;
    bool done = tri__series_find(s, top, &number);
    if (!done) needed = next_needed(s, &s->stack[depth - 1]);
    if (needed)
      failed = id_is_error(needed)       ? needed
               : push(s, &depth, needed) ? 0
                                         : tri__no_memory(s->graph);
    else if (depth--, !done)
      failed = add_slot(s, top, order);
    if (!failed && s->slots % 4096 == 0) failed = tri__interrupted(s->graph);
  }
  return failed;
}

/* --- partials */

enum { CHAIN_LENGTH = 8 };

/* The partial of a^b by a is b a^(b-1), which leads on to b - 2, b - 3, …. For a short natural exponent that comes to an end. Else,
 * where a cannot be zero, it is b r/a, which leads nowhere. */
static bool as_quotient(const struct series *s, uint32_t id, unsigned i) {
  const tri_graph *g = s->graph;
  const struct node *n = node_at(g, id);
  int64_t exponent;
  if (n->op != TRI_OP_pow || i != 0) return false;
  if (tri__small_integer(g, n->arg[1], &exponent) && exponent >= 0 && exponent <= CHAIN_LENGTH)
    return false;
  uint32_t base = series_get(s, number_of(s, n->arg[0]), 0);
  return !is_missing(base) && (node_at(g, base)->facts & FACT_NONZERO);
}

static uint32_t partial_of(struct series *s, uint32_t id, unsigned i) {
  tri_graph *g = s->graph;
  if (!as_quotient(s, id, i)) return tri__partial(g, id, i);
  uint32_t base = node_at(g, id)->arg[0], exponent = node_at(g, id)->arg[1];
  return tri__build2(g, TRI_OP_div, tri__build2(g, TRI_OP_mul, exponent, id), base);
}

/* The factors of a general node: its partials are made, and get slots of one order less. */
static uint32_t add_factors(struct series *s, uint32_t number) {
  tri_graph *g = s->graph;
  uint32_t id = s->slot[number].id, order = s->slot[number].order;
  if (is_exponential(s, node_at(g, id))) {
    s->slot[number].factor[s->slot[number].factors++] =
        (struct factor){number_of(s, exponent_of(g, id)), number};
    return 0;
  }
  for (uint32_t i = 0; i < node_at(g, id)->nargs; i++) {
    bool passes;
    if (!moves(s, node_at(g, id), i, &passes)) return NODE_ERROR + TRI_MEMORY;
    if (!passes) continue;
    uint32_t argument = number_of(s, node_args(g, node_at(g, id))[i]);
    uint32_t partial = partial_of(s, id, i);
    uint32_t failed = id_is_error(partial) ? partial : add_all(s, partial, order - 1);
    if (failed) return failed;
    struct slot *slot = &s->slot[number];
    slot->factor[slot->factors++] = (struct factor){argument, number_of(s, partial)};
  }
  return 0;
}

/* Slots are made in falling order of their orders, so that each is made once, of the highest order that is needed: those of one
 * order are all there when the first of them is looked at, and their partials are of the next. */
static uint32_t complete(struct series *s) {
  uint32_t failed = 0;
  for (size_t i = 0; i < s->slots && !failed; i++)
    if (s->slot[i].kind == SLOT_GENERAL && s->slot[i].order) failed = add_factors(s, (uint32_t)i);
  return failed;
}

uint32_t tri__series_init(struct series *s, tri_graph *g, uint32_t e, uint32_t x, uint32_t at,
                          uint32_t order, uint32_t *root) {
  *s = (struct series){.graph = g, .x = x, .at = at};
  if (!tri__grow(&g->memory, (void **)&s->row, &s->row_capacity, 1, sizeof *s->row))
    return tri__no_memory(g);
  s->row[0] = 0;
  uint32_t failed = add_all(s, e, order);
  if (!failed) failed = complete(s);
  if (!failed) *root = number_of(s, e);
  return failed;
}

void tri__series_free(struct series *s) {
  struct memory *m = &s->graph->memory;
  if (s->slot) tri__free(m, s->slot, s->slot_capacity, sizeof *s->slot);
  if (s->coefficient) tri__free(m, s->coefficient, s->coefficient_capacity, sizeof(uint32_t));
  if (s->row) tri__free(m, s->row, s->row_capacity, sizeof *s->row);
  if (s->stack) tri__free(m, s->stack, s->stack_capacity, sizeof *s->stack);
  if (s->args) tri__free(m, s->args, s->args_capacity, sizeof *s->args);
  tri__index_free(m, &s->index);
}
