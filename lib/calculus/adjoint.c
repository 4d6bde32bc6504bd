/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reverse: the adjoint of every argument from those of its users, in one sweep downwards. */
#include "calculus/sweep.h"

#include <string.h>

void tri__sweep_clear_adjoints(struct sweep *s) {
  memset(s->rate, 0, s->walk.count * sizeof *s->rate);
  memset(s->choice, 0, s->walk.count * sizeof *s->choice);
}

static uint32_t add_to(struct sweep *s, uint32_t p, uint32_t term) {
  if (id_is_error(term)) return term;
  if (term == s->graph->zero) return 0;
  s->rate[p] = tri__accumulate(s->graph, s->rate[p], term);
  return id_is_error(s->rate[p]) ? s->rate[p] : 0;
}

uint32_t tri__sweep_seed_adjoint(struct sweep *s, uint32_t output, uint32_t adjoint) {
  return add_to(s, walk_position(&s->walk, output), adjoint);
}

/* --- structured operations: by their transposes */

/* The adjoint of one element waits until its node's turn, so that n elements cost n and not n². */
static uint32_t keep_piece(struct sweep *s, uint32_t p, uint64_t index, uint32_t id) {
  tri_graph *g = s->graph;
  if (!s->pieces) s->pieces = tri__new(&g->memory, s->walk.count, sizeof *s->pieces);
  if (!s->pieces || !tri__grow(&g->memory, (void **)&s->piece, &s->piece_capacity,
                               s->piece_count + 1, sizeof *s->piece))
    return tri__no_memory(g);
  s->piece[s->piece_count++] = (struct piece){.index = index, .id = id, .next = s->pieces[p]};
  s->pieces[p] = (uint32_t)s->piece_count;
  return 0;
}

/* The pieces of a node as one adjoint of its shape, its first dimension of size n. */
static uint32_t joined(struct sweep *s, uint32_t p, uint32_t *parts, size_t n) {
  tri_graph *g = s->graph;
  for (uint32_t k = s->pieces[p]; k; k = s->piece[k - 1].next) {
    const struct piece *piece = &s->piece[k - 1];
    uint32_t *part = &parts[piece->index];
    *part = tri__accumulate(g, *part, piece->id);
    if (id_is_error(*part)) return *part;
  }
  uint32_t element = tri__element(g, s->walk.ids[p], 0);
  for (size_t i = 0; i < n && !id_is_error(element); i++) {
    parts[i] = tri__spread(g, parts[i] ? parts[i] : g->zero, node_at(g, element)->shape);
    if (id_is_error(parts[i])) return parts[i];
  }
  return id_is_error(element) ? element : tri__stack(g, n, parts);
}

static uint32_t join_pieces(struct sweep *s, uint32_t p) {
  tri_graph *g = s->graph;
  uint32_t shape = node_at(g, s->walk.ids[p])->shape;
  int64_t n = shape_dims(g, shape)[0];
  if (n < 0) return tri__spread(g, g->zero, shape); /* says what is wrong */
  uint32_t *parts = tri__new(&g->memory, (size_t)n, sizeof *parts);
  if (!parts) return tri__no_memory(g);
  uint32_t whole = joined(s, p, parts, (size_t)n);
  tri__free(&g->memory, parts, (size_t)n, sizeof *parts);
  s->pieces[p] = 0;
  return add_to(s, p, whole);
}

/* --- one argument's term */

/* The term in the argument's shape: a scalar that was repeated receives the sum over its copies. */
static uint32_t fitted(tri_graph *g, uint32_t term, uint32_t from, uint32_t to) {
  bool repeated = from && !to && !id_is_error(term) && term != g->zero;
  return repeated ? tri__sum_elements(g, term, from) : term;
}

static uint32_t from_row(struct sweep *s, uint32_t p, unsigned i, uint32_t q) {
  tri_graph *g = s->graph;
  uint32_t id = s->walk.ids[p];
  uint32_t term = tri__chain(g, id, i, s->rate[p], s->choice[p], true);
  return add_to(s, q, fitted(g, term, node_at(g, id)->shape, node_at(g, s->walk.ids[q])->shape));
}

static uint32_t from_stack(struct sweep *s, uint32_t p, unsigned i, uint32_t q) {
  bool uniform = !node_at(s->graph, s->rate[p])->shape;
  return add_to(s, q, uniform ? s->rate[p] : tri__element(s->graph, s->rate[p], i));
}

static uint32_t to_argument(struct sweep *s, uint32_t p, unsigned i, uint32_t q) {
  unsigned op = node_at(s->graph, s->walk.ids[p])->op;
  s->choice[q] |= s->choice[p] | node_chooses(s->graph, node_at(s->graph, s->walk.ids[p]));
  if (op < TRI_OP_ROWS) return from_row(s, p, i, q);
  if (op == TRI_OP_stack) return from_stack(s, p, i, q);
  return keep_piece(s, q, tri__index_attr(s->graph, s->walk.ids[p]), s->rate[p]);
}

static uint32_t to_arguments(struct sweep *s, uint32_t p) {
  tri_graph *g = s->graph;
  uint32_t n = node_at(g, s->walk.ids[p])->nargs;
  for (uint32_t i = 0; i < n; i++) {
    const struct node *node = node_at(g, s->walk.ids[p]);
    uint32_t q = walk_position(&s->walk, node_args(g, node)[i]);
    bool passes;
    if (!s->lanes[q]) continue;
    if (!tri__passes(g, node->op, i, &passes)) return NODE_ERROR + TRI_MEMORY;
    uint32_t failed = passes ? to_argument(s, p, i, q) : 0;
    if (failed) return failed;
  }
  return 0;
}

uint32_t tri__sweep_adjoints(struct sweep *s) {
  for (uint32_t p = s->walk.count; p-- > 0;) {
    uint32_t failed = 0;
    if (p % 4096 == 0 && tri__interrupted(s->graph)) return NODE_ERROR + TRI_INTERRUPTED;
    if (!s->lanes[p]) continue;
    if (s->pieces && s->pieces[p]) failed = join_pieces(s, p);
    if (!failed && s->rate[p] && s->rate[p] != s->graph->zero) failed = to_arguments(s, p);
    if (failed) return failed;
  }
  s->piece_count = 0;
  return 0;
}

uint32_t tri__sweep_adjoint(const struct sweep *s, uint32_t variable) {
  if (!walk_has(&s->walk, variable)) return s->graph->zero;
  uint32_t rate = s->rate[walk_position(&s->walk, variable)];
  return rate ? rate : s->graph->zero;
}
