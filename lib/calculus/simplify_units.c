/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What one round over a graph knows: who uses what, which nodes form a chain, and the rebuilding of what is no chain. */
#include "calculus/simplify.h"

/* --- a round's memory */

bool tri__list_add(struct simplify *s, struct list *list, uint32_t entry) {
  if (!tri__grow(s->ring.memory, (void **)&list->at, &list->capacity, list->count + 1,
                 sizeof *list->at))
    return tri__ring_no_memory(&s->ring);
  list->at[list->count++] = entry;
  return true;
}

static void list_free(struct memory *m, struct list *list) {
  tri__free(m, list->at, list->capacity, sizeof *list->at);
}

void tri__end(struct simplify *s) {
  struct memory *m = s->ring.memory;
  for (size_t i = 0; i < s->poly_count; i++) tri__poly_free(&s->ring, s->polys + i);
  tri__free(m, s->polys, s->poly_capacity, sizeof *s->polys);
  tri__free(m, s->spots, s->walk.count, sizeof *s->spots);
  list_free(m, &s->floor);
  list_free(m, &s->stack);
  list_free(m, &s->pending);
  list_free(m, &s->resolving);
  list_free(m, &s->chain.inner);
  tri__free(m, s->chain.leaves, s->chain.capacity, sizeof *s->chain.leaves);
  tri__idmap_free(&s->ring, &s->weights);
  tri__idmap_free(&s->ring, &s->seen);
  tri__idmap_free(&s->ring, &s->defs);
  tri__idmap_free(&s->ring, &s->nonzero);
  tri__walk_free(&s->walk);
  tri__ring_free(&s->ring);
}

/* --- units */

/* Whether n is select(p == 0, 0, q) with a factor p of q: a product that is strongly zero on both sides. */
static bool is_strong_product(const tri_graph *g, const struct node *n) {
  if (n->op != TRI_OP_select) return false;
  const uint32_t *args = node_args(g, n);
  const struct node *eq = node_at(g, args[0]), *q = node_at(g, args[2]);
  if (args[1] != g->zero || eq->op != TRI_OP_eq) return false;
  uint32_t p = eq->arg[eq->arg[0] == g->zero];
  if (q->op == TRI_OP_neg) q = node_at(g, q->arg[0]);
  return (q->op == TRI_OP_gate || q->op == TRI_OP_mul) && (q->arg[0] == p || q->arg[1] == p) &&
         (eq->arg[0] == g->zero || eq->arg[1] == g->zero);
}

static uint8_t unit_of(const tri_graph *g, const struct node *n, bool expanding) {
  int64_t k;
  if (n->shape || n->sort != TRI_REAL) return UNIT_NONE;
  switch (n->op) {
  case TRI_OP_add:
  case TRI_OP_sub:
  case TRI_OP_neg: return UNIT_SUM;
  case TRI_OP_mul:
  case TRI_OP_div: return UNIT_PRODUCT;
  case TRI_OP_gate: return expanding ? UNIT_NONE : UNIT_PRODUCT;
  case TRI_OP_select: return !expanding && is_strong_product(g, n) ? UNIT_PRODUCT : UNIT_NONE;
  case TRI_OP_pow:
    return tri__small_integer(g, n->arg[1], &k) && k && k < EXPONENT_MAX && k > -EXPONENT_MAX
               ? UNIT_PRODUCT
               : UNIT_NONE;
  default: return UNIT_NONE;
  }
}

/* Counts uses, and notes in `inner` the kind of unit that used a node last. */
static void note_uses(struct simplify *s, uint32_t at) {
  const struct node *n = node_at(s->g, s->walk.ids[at]);
  const uint32_t *args = node_args(s->g, n);
  s->spots[at].unit = unit_of(s->g, n, s->expanding);
  for (uint32_t i = first_use(s, at); i < n->nargs; i++) {
    struct spot *arg = s->spots + walk_position(&s->walk, args[i]);
    bool exponent = n->op == TRI_OP_pow && i == 1;
    arg->uses++;
    arg->inner = exponent ? UNIT_NONE : s->spots[at].unit;
    arg->root |= !s->spots[at].unit;
  }
}

static void find_units(struct simplify *s, size_t n, const uint32_t *outputs) {
  for (size_t i = 0; i < n; i++) {
    struct spot *spot = s->spots + walk_position(&s->walk, outputs[i]);
    spot->uses++;
    spot->root = 1;
  }
  for (uint32_t at = s->walk.count; at-- > 0;)
    if (s->spots[at].uses) note_uses(s, at);
  for (uint32_t at = 0; at < s->walk.count; at++) {
    struct spot *spot = s->spots + at;
    spot->inner = spot->uses == 1 && !spot->root && spot->unit && spot->inner == spot->unit;
  }
}

/* --- what is no unit */

uint32_t tri__rebuild(struct simplify *s, uint32_t at) {
  tri_graph *g = s->g;
  uint32_t id = s->walk.ids[at], nargs = node_at(g, id)->nargs;
  bool changed = op_of(g, id) == TRI_OP_gate && s->spots[at].unit;
  if (!nargs) return id;
  if (is_strong_unit(s, at))
    return s->spots[walk_position(&s->walk, node_args(g, node_at(g, id))[2])].image;
  s->stack.count = 0;
  for (uint32_t i = 0; i < nargs; i++) {
    uint32_t arg = node_args(g, node_at(g, id))[i];
    uint32_t image = s->spots[walk_position(&s->walk, arg)].image;
    if (!tri__list_add(s, &s->stack, image)) return s->ring.failed;
    changed |= image != arg;
  }
  if (!changed) return id;
  if (op_of(g, id) == TRI_OP_gate && s->spots[at].unit)
    return tri__build(g, TRI_OP_mul, nargs, s->stack.at);
  return tri__with_arguments(g, id, s->stack.at);
}

bool tri__begin(struct simplify *s, tri_graph *g, size_t n, const uint32_t *inputs,
                bool expanding) {
  *s = (struct simplify){.g = g, .expanding = expanding};
  if (!tri__ring_init(&s->ring, g)) return false;
  if (tri__walk(g, n, inputs, &s->walk)) return tri__ring_no_memory(&s->ring);
  s->spots = tri__new(s->ring.memory, s->walk.count, sizeof *s->spots);
  if (!s->spots) return tri__ring_no_memory(&s->ring);
  find_units(s, n, inputs);
  return true;
}
