/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a sweep goes over: the nodes that outputs reach, and which of them depend on which variables. What does not depend on
 * them is skipped, so its derivatives are zero whatever its value is. */
#include "calculus/sweep.h"

#include <string.h>

uint32_t tri__sweep_init(struct sweep *s, tri_graph *g, size_t m, const uint32_t *outputs) {
  *s = (struct sweep){.graph = g};
  tri_status status = tri__walk(g, m, outputs, &s->walk);
  if (status) return NODE_ERROR + (uint32_t)status;
  s->lanes = tri__new(&g->memory, s->walk.count, sizeof *s->lanes);
  s->rate = tri__new(&g->memory, s->walk.count, sizeof *s->rate);
  s->choice = tri__new(&g->memory, s->walk.count, sizeof *s->choice);
  return s->lanes && s->rate && s->choice ? 0 : tri__no_memory(g);
}

void tri__sweep_free(struct sweep *s) {
  struct memory *m = &s->graph->memory;
  tri__free(m, s->lanes, s->walk.count, sizeof *s->lanes);
  tri__free(m, s->rate, s->walk.count, sizeof *s->rate);
  tri__free(m, s->choice, s->walk.count, sizeof *s->choice);
  tri__free(m, s->user, s->walk.count, sizeof *s->user);
  tri__free(m, s->pieces, s->walk.count, sizeof *s->pieces);
  if (s->piece) tri__free(m, s->piece, s->piece_capacity, sizeof *s->piece);
  tri__walk_free(&s->walk);
}

/* The lanes that reach a node through its arguments, into *lanes; false when out of memory. */
static bool lanes_of_node(struct sweep *s, const struct node *n, uint64_t *lanes) {
  tri_graph *g = s->graph;
  const uint32_t *args = node_args(g, n);
  *lanes = 0;
  if (n->sort == TRI_BOOLEAN) return true; /* no derivative passes through a condition */
  for (uint32_t i = 0; i < n->nargs; i++) {
    uint64_t from = s->lanes[walk_position(&s->walk, args[i])];
    bool passes = true;
    if (!(from & ~*lanes)) continue;
    if (!tri__passes(g, n->op, i, &passes)) return false;
    if (passes) *lanes |= from;
  }
  return true;
}

uint32_t tri__sweep_lanes(struct sweep *s, size_t n, const uint32_t *variables, bool together) {
  tri_graph *g = s->graph;
  memset(s->lanes, 0, s->walk.count * sizeof *s->lanes);
  for (size_t i = 0; i < n; i++)
    if (walk_has(&s->walk, variables[i]))
      s->lanes[walk_position(&s->walk, variables[i])] |= (uint64_t)1 << (together ? 0 : i);
  for (uint32_t p = 0; p < s->walk.count; p++) {
    const struct node *node = node_at(g, s->walk.ids[p]);
    if (node->nargs && !lanes_of_node(s, node, &s->lanes[p])) return NODE_ERROR + TRI_MEMORY;
    if (p % 4096 == 0 && tri__interrupted(g)) return NODE_ERROR + TRI_INTERRUPTED;
  }
  return 0;
}

uint32_t tri__sweep_users(struct sweep *s, size_t m, const uint32_t *outputs) {
  tri_graph *g = s->graph;
  s->user = tri__new(&g->memory, s->walk.count, sizeof *s->user);
  if (!s->user) return tri__no_memory(g);
  memset(s->user, 0xff, s->walk.count * sizeof *s->user);
  for (size_t i = m; i-- > 0;) s->user[walk_position(&s->walk, outputs[i])] = (uint32_t)i;
  for (uint32_t p = s->walk.count; p-- > 0;) {
    const struct node *n = node_at(g, s->walk.ids[p]);
    const uint32_t *args = node_args(g, n);
    for (uint32_t i = 0; i < n->nargs; i++) {
      uint32_t *user = &s->user[walk_position(&s->walk, args[i])];
      if (s->user[p] < *user) *user = s->user[p];
    }
  }
  return 0;
}
