/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* tri_simplify: rounds over the nodes that the outputs reach, until nothing changes. A round that makes the whole larger is done again
 * carefully, so the result never has more operations than the input. */
#include "calculus/simplify.h"

#include <string.h>
#include <triad/calculus.h>

enum {
  ROUNDS = 64,      /* a bound for what shrinks at each round */
  EQUAL_ROUNDS = 4, /* and for what changes without shrinking */
  FULL_TERMS = 256, /* of a full reading */
  STRUCTURE_MAX = 256,
  CONE_MAX = 4096,
  CONE_MIN = 64,
};

/* --- candidates for a unit */

struct candidate {
  uint32_t id, rank;
};

/* The chain as it is, over the images of its leaves. */
static uint32_t as_it_is(struct simplify *s) {
  uint32_t id = 0;
  for (size_t i = s->chain.inner_count; i-- > 0 && id < NODE_ERROR;)
    s->spots[s->chain.inner[i]].image = id = tri__rebuild(s, s->chain.inner[i]);
  return id;
}

/* The nodes that only the unit at `at` uses, itself included, up to atoms; a bounded number. */
static bool cone(struct simplify *s, uint32_t at, uint32_t *size) {
  size_t depth = 0;
  tri__idmap_clear(&s->seen); /* id: uses that are left */
  *size = 0;
  for (bool more = true; more; more = depth > 0) {
    if (*size) at = s->stack[--depth];
    const struct node *n = node_at(s->g, s->walk.ids[at]);
    *size += n->nargs > 0;
    if (*size >= CONE_MAX) return true;
    uint32_t first = n->op == TRI_OP_select ? 2 : 0; /* as in note_uses */
    for (uint32_t i = first; i < n->nargs && s->spots[at].unit; i++) {
      uint32_t arg = walk_position(&s->walk, node_args(s->g, n)[i]);
      uint32_t left = tri__idmap_get(&s->seen, arg + 1, s->spots[arg].uses) - 1;
      if (!tri__idmap_put(&s->ring, &s->seen, arg + 1, left)) return false;
      if (left || s->spots[arg].root) continue;
      if (!tri__grow(s->ring.memory, (void **)&s->stack, &s->stack_capacity, depth + 1,
                     sizeof *s->stack))
        return tri__ring_no_memory(&s->ring);
      s->stack[depth++] = arg;
    }
  }
  return true;
}

/* Marks the leaves' images as costing nothing. */
static bool mark_leaves(struct simplify *s) {
  tri__idmap_clear(&s->seen);
  for (size_t i = 0; i < s->chain.count && i < CONE_MAX; i++)
    if (!tri__idmap_put(&s->ring, &s->seen, s->spots[s->chain.leaves[i].at].image, 1)) return false;
  return true;
}

/* Takes id for the best if it is shorter. */
static bool consider(struct simplify *s, struct candidate *best, uint32_t id) {
  struct cost cost;
  if (!id || id == best->id) return true;
  if (id_is_error(id)) return s->ring.failed = id, false;
  if (!tri__cost(s, id, false, &cost)) return false;
  uint32_t rank = tri__cost_rank(&cost);
  if (best->id && rank >= best->rank) return true;
  *best = (struct candidate){id, rank};
  return true;
}

/* The full reading's best layout into spot->full_id. *enough: it is so much shorter than what only this unit uses that no other
 * candidate is worth looking at. */
static bool write_full(struct simplify *s, uint32_t at, bool *enough) {
  struct spot *spot = s->spots + at;
  struct cost cost;
  uint32_t own;
  *enough = false;
  if (!tri__read_full(s, at)) return false;
  if (spot->read != READ_DONE) return true;
  uint32_t id = tri__write(s, s->polys + spot->poly, true);
  if (!id) return true;
  if (id_is_error(id)) return s->ring.failed = id, false;
  if (!cone(s, at, &own) || !tri__cost(s, id, false, &cost)) return false;
  if (s->careful && cost.ops > own) return true;
  spot->full_id = id;
  *enough = own >= CONE_MIN && own / 2 >= cost.nodes;
  return true;
}

static bool flat_is_allowed(struct simplify *s, uint32_t id, bool *allowed) {
  struct cost cost;
  *allowed = !s->careful;
  if (*allowed) return true;
  if (!mark_leaves(s) || !tri__cost(s, id, true, &cost)) return false;
  *allowed = cost.ops <= s->chain.inner_count;
  return true;
}

/* The flat reading's best layout, 0 if there is none or it may not be taken. */
static bool write_flat(struct simplify *s, uint32_t at, uint32_t *id) {
  struct poly p;
  bool allowed;
  *id = 0;
  s->ring.over = false;
  if (!tri__read_flat(s, at, &p)) return !s->ring.failed;
  if (s->spots[at].unit == UNIT_SUM) tri__join_choices(s, &p);
  uint32_t written = s->ring.failed ? s->ring.failed : tri__write(s, &p, false);
  tri__poly_free(&s->ring, &p);
  if (id_is_error(written) && written) return s->ring.failed = written, false;
  if (!written || !flat_is_allowed(s, written, &allowed)) return !s->ring.failed;
  if (allowed) *id = written;
  return true;
}

static bool choose(struct simplify *s, uint32_t at) {
  struct candidate best = {0};
  if (!tri__take_apart(s, at)) return false;
  size_t guard = tri__guard(s), length = s->chain.inner_count;
  if (guard) {
    s->spots[at].image = tri__write_guarded(s, guard);
    return !id_is_error(s->spots[at].image) || (s->ring.failed = s->spots[at].image, false);
  }
  uint32_t flat;
  if (!write_flat(s, at, &flat) || !consider(s, &best, s->spots[at].full_id) ||
      !consider(s, &best, flat))
    return false;
  if (length <= STRUCTURE_MAX || !best.id) {
    if (!consider(s, &best, as_it_is(s))) return false;
  }
  s->spots[at].image = best.id;
  return true;
}

/* --- the units below a root */

static bool push(struct simplify *s, size_t *depth, uint32_t at) {
  if (!tri__grow(s->ring.memory, (void **)&s->resolving, &s->resolving_capacity, *depth + 1,
                 sizeof *s->resolving))
    return tri__ring_no_memory(&s->ring);
  s->resolving[(*depth)++] = at;
  return true;
}

static bool push_leaves(struct simplify *s, size_t *depth, uint32_t at) {
  if (!tri__take_apart(s, at)) return false;
  for (size_t i = 0; i < s->chain.count; i++) {
    uint32_t leaf = s->chain.leaves[i].at;
    if (!s->spots[leaf].image && !push(s, depth, leaf)) return false;
  }
  return true;
}

/* The image of a unit. Where the full reading is much shorter than all that only this unit uses, the units below are not looked at by
 * themselves; else each gets its own image first. */
static bool resolve(struct simplify *s, uint32_t root) {
  size_t depth = 0;
  if (!push(s, &depth, root)) return false;
  while (depth) {
    uint32_t at = s->resolving[depth - 1];
    bool enough;
    struct spot *spot = s->spots + at;
    if (!spot->image && !spot->resolving) {
      spot->resolving = 1;
      if (!write_full(s, at, &enough)) return false;
      if (enough)
        spot->image = spot->full_id;
      else if (!push_leaves(s, &depth, at))
        return false;
      else
        continue;
    }
    if (!spot->image && !choose(s, at)) return false;
    depth--;
  }
  return true;
}

static bool run_round(struct simplify *s) {
  for (uint32_t at = 0; at < s->walk.count; at++) {
    struct spot *spot = s->spots + at;
    if (at % 4096 == 0 && (s->ring.failed = tri__interrupted(s->g))) return false;
    if (!spot->uses) continue;
    if (!spot->unit) {
      spot->image = tri__rebuild(s, at);
      if (id_is_error(spot->image)) return s->ring.failed = spot->image, false;
    } else if (spot->root && !resolve(s, at))
      return false;
  }
  return true;
}

/* One round; outputs may be inputs. */
static tri_status simplify_round(tri_graph *g, size_t n, const uint32_t *inputs, uint32_t *outputs,
                                 bool careful) {
  struct simplify s;
  bool ok = tri__begin(&s, g, n, inputs, false);
  if (ok) {
    s.careful = careful;
    s.ring.max_terms = FULL_TERMS;
    s.work_per_node = s.walk.count < 16384 ? 1024 : 16777216 / s.walk.count + 16;
    ok = run_round(&s);
  }
  for (size_t i = 0; i < n && ok; i++)
    outputs[i] = s.spots[walk_position(&s.walk, inputs[i])].image;
  tri_status status = ok ? TRI_OK : id_status(s.ring.failed);
  tri__end(&s);
  return status;
}

/* --- until nothing changes */

/* Operations that outputs reach: nodes with arguments. */
static tri_status operations(tri_graph *g, size_t n, const uint32_t *outputs, uint32_t *count) {
  struct walk w;
  tri_status status = tri__walk(g, n, outputs, &w);
  *count = 0;
  for (uint32_t i = 0; i < w.count && !status; i++) *count += node_at(g, w.ids[i])->nargs > 0;
  tri__walk_free(&w);
  return status;
}

struct state {
  tri_graph *g;
  size_t n;
  uint32_t *now, *next,
      *first; /* outputs: the present ones, a candidate, the first of as many operations */
  uint32_t operations;
};

/* A round into next, the careful one if the other would make more operations; *same if there is nothing to gain. */
static tri_status step(struct state *st, uint32_t *count, bool *same) {
  for (int careful = 0; careful < 2; careful++) {
    tri_status status = simplify_round(st->g, st->n, st->now, st->next, careful);
    if (!status) status = operations(st->g, st->n, st->next, count);
    if (status) return status;
    *same = !memcmp(st->now, st->next, st->n * sizeof *st->now);
    if (*same || *count <= st->operations) return TRI_OK;
  }
  *same = true;
  return TRI_OK;
}

/* Rounds that make nothing smaller are few: should they go in a circle, the first outputs of that size are the result, so that the
 * result simplifies to itself. */
static tri_status until_nothing_changes(struct state *st) {
  size_t bytes = st->n * sizeof *st->now;
  int equal = 0;
  tri_status status = operations(st->g, st->n, st->now, &st->operations);
  memcpy(st->first, st->now, bytes);
  for (int round = 0; round < ROUNDS && !status; round++) {
    uint32_t count;
    bool same;
    if ((status = step(st, &count, &same)) || same) break;
    memcpy(st->now, st->next, bytes);
    if (count < st->operations) {
      st->operations = count;
      memcpy(st->first, st->now, bytes);
      equal = 0;
    } else if (++equal == EQUAL_ROUNDS) {
      memcpy(st->now, st->first, bytes);
      break;
    }
  }
  return status;
}

tri_status tri__simplify(tri_graph *g, size_t n, const uint32_t *inputs, uint32_t *outputs) {
  struct state st = {.g = g, .n = n};
  for (size_t i = 0; i < n; i++)
    if (id_is_error(inputs[i])) return id_status(inputs[i]);
  if (!n) return TRI_OK;
  uint32_t *all = tri__new(&g->memory, n, 3 * sizeof *all);
  if (!all) return tri__no_memory(g), TRI_MEMORY;
  st.now = all, st.next = all + n, st.first = all + 2 * n;
  memcpy(st.now, inputs, n * sizeof *inputs);
  tri_status status = until_nothing_changes(&st);
  if (!status) memcpy(outputs, st.now, n * sizeof *outputs);
  tri__free(&g->memory, all, n, 3 * sizeof *all);
  return status;
}

tri_status tri_simplify_all(size_t n, const tri_expr *inputs, tri_expr *outputs) {
  if (!n) return TRI_OK;
  tri_graph *g = inputs[0].graph;
  if (!g) return TRI_ARGUMENT;
  uint32_t *ids = tri__new(&g->memory, n, sizeof *ids);
  tri_status status = ids ? TRI_OK : (tri__no_memory(g), TRI_MEMORY);
  for (size_t i = 0; ids && i < n; i++) ids[i] = tri__own(g, inputs[i]);
  if (ids) status = tri__simplify(g, n, ids, ids);
  for (size_t i = 0; i < n; i++)
    outputs[i] = expr_of(g, status ? NODE_ERROR + (uint32_t)status : ids[i]);
  tri__free(&g->memory, ids, n, sizeof *ids);
  return status;
}

tri_expr tri_simplify(tri_expr e) {
  tri_expr result = e;
  tri_status status = tri_simplify_all(1, &e, &result);
  return status ? expr_of(e.graph, NODE_ERROR + (uint32_t)status) : result;
}
