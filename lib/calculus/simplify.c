/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* tri_simplify: rounds over the nodes that the outputs reach, until nothing changes. A round that makes the whole larger is done again
 * carefully, so the result never has more operations than the input. */
#include "calculus/simplify.h"

#include <string.h>
#include <triad/calculus.h>

#include "calculus/arguments.h"

enum {
  ROUNDS = 64,      /* a bound for what shrinks at each round */
  EQUAL_ROUNDS = 4, /* and for what changes without shrinking */
  FULL_TERMS = 256, /* of a full reading */
  SHARED_MAX = 1024 /* shared units from which on rounds are careful */
};

static bool run_round(struct simplify *s) {
  for (uint32_t at = 0; at < s->walk.count; at++) {
    struct spot *spot = s->spots + at;
    if (at % 4096 == 0 && (s->ring.failed = tri__interrupted(s->g))) return false;
    if (!spot->uses) continue;
    if (!spot->unit) {
      spot->image = tri__rebuild(s, at);
      if (id_is_error(spot->image)) return s->ring.failed = spot->image, false;
    } else if (spot->root && !tri__resolve(s, at))
      return false;
  }
  return true;
}

/* Whether so much is shared that trying every unit without regard for it would be in vain. */
static bool shares_much(const struct simplify *s) {
  uint32_t shared = 0;
  for (uint32_t at = 0; at < s->walk.count; at++)
    shared += s->spots[at].unit && s->spots[at].uses > 1;
  return shared > SHARED_MAX;
}

/* One round; outputs may be inputs. *care says with what care, and then with what care it was done. */
static tri_status simplify_round(tri_graph *g, size_t n, const uint32_t *inputs, uint32_t *outputs,
                                 int *care) {
  struct simplify s;
  bool ok = tri__begin(&s, g, n, inputs, false);
  if (ok) {
    if (*care == CARE_NONE && shares_much(&s)) *care = CARE_SHARED;
    s.care = *care;
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
  uint32_t *now;   /* the present outputs */
  uint32_t *next;  /* a candidate */
  uint32_t *first; /* the first outputs of as many operations as the present ones */
  uint32_t operations;
};

/* A round into next, a more careful one if it would make more operations; *same if there is nothing to gain. */
static tri_status step(struct state *st, uint32_t *count, bool *same) {
  for (int care = CARE_NONE; care < CARES; care++) {
    tri_status status = simplify_round(st->g, st->n, st->now, st->next, &care);
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

uint32_t tri__simplify_ids(tri_graph *g, size_t n, uint32_t *ids) {
  struct state st = {.g = g, .n = n};
  uint32_t *all = tri__new(&g->memory, n, 3 * sizeof *all);
  if (!all) return tri__no_memory(g);
  st.now = all, st.next = all + n, st.first = all + 2 * n;
  memcpy(st.now, ids, n * sizeof *ids);
  tri_status status = tri__plain(g, n, st.now);
  if (!status) status = until_nothing_changes(&st);
  if (!status) memcpy(ids, st.now, n * sizeof *ids);
  tri__free(&g->memory, all, n, 3 * sizeof *all);
  return status ? NODE_ERROR + (uint32_t)status : 0;
}

tri_status tri_simplify_all(size_t n, const tri_expr *inputs, tri_expr *outputs) {
  tri_graph *g = n ? inputs[0].graph : NULL;
  if (!g) return n ? TRI_ARGUMENT : TRI_OK;
  struct ids ids;
  uint32_t failed = tri__ids(&ids, g, n, inputs, IDS_ANY);
  if (!failed) failed = tri__simplify_ids(g, n, ids.id);
  for (size_t i = 0; i < n && !failed; i++) outputs[i] = expr_of(g, ids.id[i]);
  tri__ids_free(&ids);
  return tri__finish(g, failed, n, outputs);
}

tri_expr tri_simplify(tri_expr e) {
  tri_expr result = e;
  tri_status status = tri_simplify_all(1, &e, &result);
  return status ? expr_of(e.graph, NODE_ERROR + (uint32_t)status) : result;
}
