/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The nodes that outputs reach, in ascending order of ids (so arguments come before users), with a dense numbering for memos.
 * Memory and time are those of the nodes reached, and one bit per node of the graph up to the last output. */
#ifndef TRIAD_GRAPH_WALK_H
#define TRIAD_GRAPH_WALK_H

#include "graph/node.h"

struct walk {
  struct memory *memory;
  uint32_t *ids; /* ascending */
  uint32_t count;
  uint64_t *bits;  /* bit id: reached */
  uint32_t *ranks; /* nodes reached before each word of bits */
  size_t words;
};

/* Error ids among the outputs are passed over. TRI_MEMORY leaves *w empty; free with tri__walk_free. */
TRI_CHECKED tri_status tri__walk(tri_graph *g, size_t n, const uint32_t *outputs, struct walk *w);
void tri__walk_free(struct walk *w);

static inline bool walk_has(const struct walk *w, uint32_t id) {
  return id >> 6 < w->words && (w->bits[id >> 6] >> (id & 63) & 1);
}
/* Position of a node that was reached: w->ids[walk_position(w, id)] == id. */
static inline uint32_t walk_position(const struct walk *w, uint32_t id) {
  uint64_t below = w->bits[id >> 6] & (((uint64_t)1 << (id & 63)) - 1);
  return w->ranks[id >> 6] + (uint32_t)__builtin_popcountll(below);
}

#endif
