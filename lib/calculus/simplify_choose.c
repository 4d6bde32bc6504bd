/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The image of a unit: the best of its full reading, its flat reading, and the chain as it is. */
#include "calculus/simplify.h"

enum {
  STRUCTURE_MAX = 256, /* nodes of a chain that is also looked at as it is */
  CONE_MAX = 4096,
  CONE_MIN = 64
};

/* --- candidates for a unit */

struct candidate {
  uint32_t id, rank;
};

/* The chain as it is, over the images of its leaves. */
static uint32_t as_it_is(struct simplify *s) {
  uint32_t id = 0;
  const struct list *inner = &s->chain.inner;
  for (size_t i = inner->count; i-- > 0 && id < NODE_ERROR;)
    s->spots[inner->at[i]].image = id = tri__rebuild(s, inner->at[i]);
  return id;
}

/* The nodes that only the unit at `at` uses, itself included, up to atoms; a bounded number. */
static bool cone(struct simplify *s, uint32_t at, uint32_t *size) {
  struct list *stack = &s->stack;
  stack->count = 0;
  tri__idmap_clear(&s->seen); /* id: uses that are left */
  *size = 0;
  if (!tri__list_add(s, stack, at)) return false;
  while (stack->count && *size < CONE_MAX) {
    at = stack->at[--stack->count];
    const struct node *n = node_at(s->g, s->walk.ids[at]);
    *size += n->nargs > 0;
    for (uint32_t i = first_use(s, at); i < n->nargs && s->spots[at].unit; i++) {
      uint32_t arg = walk_position(&s->walk, node_args(s->g, n)[i]);
      uint32_t left = tri__idmap_get(&s->seen, arg + 1, s->spots[arg].uses) - 1;
      if (!tri__idmap_put(&s->ring, &s->seen, arg + 1, left)) return false;
      if (left || s->spots[arg].root) continue;
      if (!tri__list_add(s, stack, arg)) return false;
    }
  }
  return true;
}

/* Notes what the unit's candidates are made of: the leaves' images, or what those are made of, the atoms of the flat reading. */
static bool note_floor(struct simplify *s, const struct poly *p) {
  bool ok = true;
  s->floor.count = 0;
  if (s->care == CARE_ALL)
    for (size_t i = 0; i < s->chain.count && s->floor.count < CONE_MAX && ok; i++)
      ok = tri__list_add(s, &s->floor, s->spots[s->chain.leaves[i].at].image);
  else
    for (size_t i = 0; i < p->count && s->floor.count < CONE_MAX; i++)
      for (uint32_t k = 0; k < monomial_size(&s->ring, p->terms[i].m) && ok; k++)
        ok = tri__list_add(s, &s->floor, monomial_factors(&s->ring, p->terms[i].m)[k].atom);
  return ok;
}

/* The operations of a candidate above that floor; many if there are more than `most`. */
static bool count_above(struct simplify *s, uint32_t id, uint32_t most, uint32_t *ops) {
  struct cost cost;
  tri__idmap_clear(&s->seen);
  for (size_t i = 0; i < s->floor.count; i++)
    if (!tri__idmap_put(&s->ring, &s->seen, s->floor.at[i], 1)) return false;
  if (!tri__count(s, id, true, most, &cost)) return false;
  *ops = cost.ops;
  return true;
}

/* What candidates for the unit are compared by. In a careful round that is about the unit alone: operations above the floor; for the
 * full reading, which goes below it, less what only the unit uses there. */
static bool rank_of(struct simplify *s, const struct spot *spot, uint32_t id, uint32_t *rank) {
  struct cost cost;
  uint32_t inner = (uint32_t)s->chain.inner.count, ops;
  if (!s->care) return tri__rank(s, id, rank);
  *rank = tri__tokens(s, id);
  if (*rank <= TOKENS_READABLE) return *rank > 0;
  if (id == spot->full_id) {
    if (!tri__count(s, id, false, UINT32_MAX, &cost)) return false;
    ops = cost.ops + inner > spot->own ? cost.ops + inner - spot->own : 0;
  } else if (!count_above(s, id, CONE_MAX, &ops))
    return false;
  if (*rank > TOKENS_READABLE + ops) *rank = TOKENS_READABLE + ops;
  return true;
}

/* Takes id for the best if it is shorter. */
static bool consider(struct simplify *s, const struct spot *spot, struct candidate *best,
                     uint32_t id) {
  uint32_t rank;
  if (!id || id == best->id) return true;
  if (id_is_error(id)) return s->ring.failed = id, false;
  if (!rank_of(s, spot, id, &rank)) return false;
  if (!best->id || rank < best->rank) *best = (struct candidate){id, rank};
  return true;
}

/* Whether the unit at `at` has at least `most` nodes up to atoms. */
static bool is_larger(struct simplify *s, uint32_t at, size_t most, bool *larger) {
  struct list *stack = &s->stack;
  size_t nodes = 0;
  stack->count = 0;
  tri__idmap_clear(&s->seen);
  if (!tri__list_add(s, stack, at)) return false;
  for (; stack->count && nodes < most; nodes++) {
    at = stack->at[--stack->count];
    const struct node *n = node_at(s->g, s->walk.ids[at]);
    for (uint32_t i = first_use(s, at); i < n->nargs && s->spots[at].unit; i++) {
      uint32_t arg = walk_position(&s->walk, node_args(s->g, n)[i]);
      if (tri__idmap_get(&s->seen, arg + 1, 0)) continue;
      if (!tri__idmap_put(&s->ring, &s->seen, arg + 1, 1)) return false;
      if (!tri__list_add(s, stack, arg)) return false;
    }
  }
  *larger = nodes >= most;
  return true;
}

/* The full reading's best layout into spot->full_id. *enough: it is so much shorter than what only this unit uses that no other
 * candidate is worth looking at. */
static bool write_full(struct simplify *s, uint32_t at, bool *enough) {
  struct spot *spot = s->spots + at;
  struct cost cost;
  bool larger = true;
  *enough = false;
  if (!tri__read_full(s, at)) return false;
  if (spot->read != READ_DONE) return true;
  if (!is_larger(s, at, s->polys[spot->poly].count, &larger)) return false;
  if (!larger) return true; /* each term takes a node at least */
  if (!cone(s, at, &spot->own)) return false;
  if (s->care && s->polys[spot->poly].count > (size_t)spot->own + 1) return true;
  uint32_t id = tri__write(s, s->polys + spot->poly, true);
  if (!id) return true;
  if (id_is_error(id)) return s->ring.failed = id, false;
  if (!tri__count(s, id, false, UINT32_MAX, &cost)) return false;
  if (s->care && cost.ops > spot->own) return true;
  spot->full_id = id;
  *enough = spot->own >= CONE_MIN && spot->own / 2 >= cost.nodes;
  return true;
}

/* In a careful round, whether the flat form has no more operations than the chain as it is; long chains are not counted, for those
 * never grow. */
static bool flat_is_allowed(struct simplify *s, uint32_t id, bool *allowed) {
  uint32_t ops, before;
  *allowed = true;
  if (!s->care || s->chain.inner.count > STRUCTURE_MAX) return true;
  uint32_t same = as_it_is(s);
  if (id_is_error(same)) return s->ring.failed = same, false;
  if (!count_above(s, same, CONE_MAX, &before) || !count_above(s, id, before, &ops)) return false;
  *allowed = ops <= before;
  return true;
}

/* The flat reading's best layout, 0 if there is none, it may not be taken, or it is the full reading. */
static bool write_flat(struct simplify *s, uint32_t at, uint32_t *id) {
  const struct spot *spot = s->spots + at;
  struct poly p;
  bool allowed = true;
  *id = 0;
  s->floor.count = 0;
  s->ring.over = false;
  if (!tri__read_flat(s, at, &p)) return !s->ring.failed;
  bool ok = spot->unit != UNIT_SUM || tri__join_choices(s, &p);
  bool known = ok && spot->full_id && tri__poly_equal(&s->ring, s->polys + spot->poly, &p);
  ok = ok && note_floor(s, &p);
  if (ok && !known) *id = tri__write(s, &p, false);
  tri__poly_free(&s->ring, &p);
  if (s->ring.failed) return false;
  if (*id && !flat_is_allowed(s, *id, &allowed)) return false;
  if (!allowed) *id = 0;
  return true;
}

static bool choose(struct simplify *s, uint32_t at) {
  struct candidate best = {0};
  if (!tri__take_apart(s, at)) return false;
  size_t guard = tri__guard(s), length = s->chain.inner.count;
  if (guard) {
    s->spots[at].image = tri__write_guarded(s, guard);
    return !id_is_error(s->spots[at].image) || (s->ring.failed = s->spots[at].image, false);
  }
  const struct spot *spot = s->spots + at;
  uint32_t flat;
  if (!write_flat(s, at, &flat) || !consider(s, spot, &best, spot->full_id) ||
      !consider(s, spot, &best, flat))
    return false;
  if (length <= STRUCTURE_MAX || !best.id) {
    if (!consider(s, spot, &best, as_it_is(s))) return false;
  }
  s->spots[at].image = best.id;
  return true;
}

/* --- the units below a root */

static bool push_leaves(struct simplify *s, uint32_t at) {
  if (!tri__take_apart(s, at)) return false;
  for (size_t i = 0; i < s->chain.count; i++) {
    uint32_t leaf = s->chain.leaves[i].at;
    if (!s->spots[leaf].image && !tri__list_add(s, &s->resolving, leaf)) return false;
  }
  return true;
}

/* The image of a unit. Where the full reading is much shorter than all that only this unit uses, the units below are not looked at by
 * themselves; else each gets its own image first. */
bool tri__resolve(struct simplify *s, uint32_t root) {
  struct list *resolving = &s->resolving;
  resolving->count = 0;
  if (!tri__list_add(s, resolving, root)) return false;
  while (resolving->count) {
    uint32_t at = resolving->at[resolving->count - 1];
    bool enough;
    struct spot *spot = s->spots + at;
    if (!spot->image && !spot->resolving) {
      spot->resolving = 1;
      if (!write_full(s, at, &enough)) return false;
      if (enough)
        spot->image = spot->full_id;
      else if (!push_leaves(s, at))
        return false;
      else
        continue;
    }
    if (!spot->image && !choose(s, at)) return false;
    resolving->count--;
  }
  return true;
}
