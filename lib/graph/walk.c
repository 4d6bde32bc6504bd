/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reachability as one backward loop over a bit set. */
#include "graph/walk.h"

/* Sets the bits of all that the marked nodes reach. Returns how many are set. */
static uint32_t reach(const tri_graph *g, uint64_t *bits, size_t words) {
  uint32_t count = 0;
  for (size_t word = words; word-- > 0;)
    for (uint64_t seen = 0; bits[word] & ~seen;) { /* arguments in the same word have lower bits */
      unsigned bit = 63 - (unsigned)__builtin_clzll(bits[word] & ~seen);
      const struct node *n = node_at(g, (uint32_t)(word * 64 + bit));
      const uint32_t *args = node_args(g, n);
      for (uint32_t i = 0; i < n->nargs; i++) bits[args[i] >> 6] |= (uint64_t)1 << (args[i] & 63);
      seen |= (uint64_t)1 << bit;
      count++;
    }
  return count;
}

/* The list of set bits, and how many come before each word. */
static void number(struct walk *w) {
  uint32_t k = 0;
  for (size_t word = 0; word < w->words; word++) {
    w->ranks[word] = k;
    for (uint64_t left = w->bits[word]; left; left &= left - 1)
      w->ids[k++] = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(left);
  }
}

tri_status tri__walk(tri_graph *g, size_t n, const uint32_t *outputs, struct walk *w) {
  uint32_t last = 0;
  for (size_t i = 0; i < n; i++)
    if (!id_is_error(outputs[i]) && outputs[i] > last) last = outputs[i];
  *w = (struct walk){.memory = &g->memory, .words = (size_t)(last >> 6) + 1};
  w->bits = tri__new(w->memory, w->words, sizeof *w->bits);
  w->ranks = tri__new(w->memory, w->words, sizeof *w->ranks);
  if (w->bits && w->ranks) {
    for (size_t i = 0; i < n; i++)
      if (!id_is_error(outputs[i])) w->bits[outputs[i] >> 6] |= (uint64_t)1 << (outputs[i] & 63);
    w->count = reach(g, w->bits, w->words);
    w->ids = tri__new(w->memory, w->count, sizeof *w->ids);
  }
  if (!w->bits || !w->ranks || !w->ids) {
    tri__walk_free(w);
    tri__no_memory(g);
    return TRI_MEMORY;
  }
  number(w);
  return TRI_OK;
}

void tri__walk_free(struct walk *w) {
  if (!w->memory) return;
  tri__free(w->memory, w->ids, w->count, sizeof *w->ids);
  tri__free(w->memory, w->bits, w->words, sizeof *w->bits);
  tri__free(w->memory, w->ranks, w->words, sizeof *w->ranks);
  *w = (struct walk){0};
}
