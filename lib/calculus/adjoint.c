/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reverse: the adjoint of every argument from those of its users, in one sweep downwards. */
#include "calculus/sweep.h"

#include <string.h>

void tri__sweep_clear_adjoints(struct sweep *s) {
  memset(s->rate, 0, s->walk.count * sizeof *s->rate);
  memset(s->choice, 0, s->walk.count * sizeof *s->choice);
}

uint32_t tri__sweep_add(struct sweep *s, uint32_t p, uint32_t term) {
  if (id_is_error(term)) return term;
  if (term == s->graph->zero) return 0;
  s->rate[p] = tri__accumulate(s->graph, s->rate[p], term);
  return id_is_error(s->rate[p]) ? s->rate[p] : 0;
}

uint32_t tri__sweep_seed_adjoint(struct sweep *s, uint32_t output, uint32_t adjoint) {
  return tri__sweep_add(s, walk_position(&s->walk, output), adjoint);
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

enum { MANY = 1 << 16 }; /* parts, more than which are not written one by one */

/* The same for a size that is not known: each piece where it belongs, among zeros. */
static uint32_t scatter_pieces(struct sweep *s, uint32_t p, int64_t n) {
  tri_graph *g = s->graph;
  uint32_t part = tri__part_shape(g, node_at(g, s->walk.ids[p])->shape);
  if (part == TRI__NO_SHAPE) return NODE_ERROR + (uint32_t)g->error.status;
  for (uint32_t k = s->pieces[p]; k; k = s->piece[k - 1].next) {
    uint32_t index = tri__constant_si(g, (int64_t)s->piece[k - 1].index, 1);
    uint32_t id = tri__spread(g, s->piece[k - 1].id, part);
    uint32_t failed = tri__sweep_add(s, p, tri__scatter(g, id, index, n));
    if (failed) return failed;
  }
  s->pieces[p] = 0;
  return 0;
}

static uint32_t join_pieces(struct sweep *s, uint32_t p) {
  tri_graph *g = s->graph;
  uint32_t shape = node_at(g, s->walk.ids[p])->shape;
  int64_t n = shape_dims(g, shape)[0];
  s->choice[p] = 1; /* zeros may stand beside them */
  if (n < 0 || n > MANY) return scatter_pieces(s, p, n);
  uint32_t *parts = tri__new(&g->memory, (size_t)n, sizeof *parts);
  if (!parts) return tri__no_memory(g);
  uint32_t whole = joined(s, p, parts, (size_t)n);
  tri__free(&g->memory, parts, (size_t)n, sizeof *parts);
  s->pieces[p] = 0;
  return tri__sweep_add(s, p, whole);
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
  return tri__sweep_add(s, q,
                        fitted(g, term, node_at(g, id)->shape, node_at(g, s->walk.ids[q])->shape));
}

static uint32_t from_stack(struct sweep *s, uint32_t p, unsigned i, uint32_t q) {
  bool uniform = !node_at(s->graph, s->rate[p])->shape;
  return tri__sweep_add(s, q, uniform ? s->rate[p] : tri__element(s->graph, s->rate[p], i));
}

/* Of parts that are moved or repeated, by the transpose. */
static uint32_t from_move(struct sweep *s, uint32_t p, uint32_t q) {
  tri_graph *g = s->graph;
  uint32_t id = s->walk.ids[p], rate = s->rate[p], arg = s->walk.ids[q];
  uint32_t shape = node_at(g, id)->shape, own = node_at(g, arg)->shape;
  uint32_t index = node_at(g, id)->arg[1]; /* if there is one */
  unsigned op = node_at(g, id)->op;
  bool uniform = shape && !node_at(g, rate)->shape;
  switch (op) {
  case TRI_OP_gather:
    return tri__sweep_add(
        s, q, tri__scatter(g, tri__spread(g, rate, shape), index, first_extent(g, own)));
  case TRI_OP_scatter: return tri__sweep_add(s, q, uniform ? rate : tri__gather(g, rate, index));
  case TRI_OP_slice:
    return tri__sweep_add(
        s, q,
        tri__embed(g, tri__spread(g, rate, shape), tri__span(g, id).first, first_extent(g, own)));
  case TRI_OP_embed:
    return tri__sweep_add(
        s, q, uniform ? rate : tri__slice(g, rate, tri__span(g, id).first, first_extent(g, own)));
  default: /* repeat */
    return tri__sweep_add(s, q,
                          uniform
                              ? tri__build2(g, TRI_OP_mul, tri__size(g, tri__span(g, id).n), rate)
                              : tri__sum_of_parts(g, rate));
  }
}

/* The adjoint as an expression of the node's shape. */
static uint32_t whole_rate(struct sweep *s, uint32_t p) {
  return tri__spread(s->graph, s->rate[p], node_at(s->graph, s->walk.ids[p])->shape);
}

/* Elements in another order or shape: back into the argument's. */
static uint32_t from_rearranged(struct sweep *s, uint32_t p, uint32_t q) {
  tri_graph *g = s->graph;
  uint32_t id = s->walk.ids[p], rate = s->rate[p];
  uint8_t inverse[MOST_RANK];
  if (!node_at(g, rate)->shape) return tri__sweep_add(s, q, rate);
  if (node_at(g, id)->op == TRI_OP_reshape)
    return tri__sweep_add(s, q, tri__reshape(g, rate, node_at(g, s->walk.ids[q])->shape));
  tri__inverse_axes(shape_rank(g, node_at(g, id)->shape), tri__axes(g, id), inverse);
  return tri__sweep_add(s, q, tri__permute(g, rate, inverse));
}

static uint32_t from_concat(struct sweep *s, uint32_t p, unsigned i, uint32_t q) {
  tri_graph *g = s->graph;
  const uint32_t *args = node_args(g, node_at(g, s->walk.ids[p]));
  int64_t first = 0;
  if (!node_at(g, s->rate[p])->shape) return tri__sweep_add(s, q, s->rate[p]);
  for (unsigned k = 0; k < i; k++) first += first_extent(g, node_at(g, args[k])->shape);
  int64_t n = first_extent(g, node_at(g, args[i])->shape);
  return tri__sweep_add(s, q, tri__slice(g, s->rate[p], first, n));
}

/* Zeros by choice stay zeros where the other factor may have no value. */
static uint32_t from_contraction(struct sweep *s, uint32_t p, unsigned i, uint32_t q) {
  tri_graph *g = s->graph;
  uint32_t id = s->walk.ids[p], rate = whole_rate(s, p);
  if (id_is_error(rate)) return rate;
  uint32_t other = node_args(g, node_at(g, id))[1 - i];
  bool strong = s->choice[p] && !(node_at(g, other)->facts & FACT_TAME);
  return tri__sweep_add(s, q, tri__contract_adjoint(g, id, i, rate, strong));
}

/* w exp(x - r). */
static uint32_t from_lse(struct sweep *s, uint32_t p, uint32_t q) {
  tri_graph *g = s->graph;
  uint32_t x = s->walk.ids[q], shape = node_at(g, x)->shape, rate = s->rate[p];
  uint32_t weights = tri__lse_weights(g, s->walk.ids[p]);
  if (node_at(g, rate)->shape)
    rate = tri__spread_last(g, rate, shape_dims(g, shape)[shape_rank(g, shape) - 1]);
  if (id_is_error(weights) || id_is_error(rate)) return id_is_error(weights) ? weights : rate;
  bool strong = s->choice[p] && !(node_at(g, x)->facts & FACT_TAME);
  return tri__sweep_add(s, q, tri__build2(g, strong ? TRI_OP_gate : TRI_OP_mul, rate, weights));
}

/* Windows: by the transpose. */
static uint32_t from_windows(struct sweep *s, uint32_t p, uint32_t q) {
  tri_graph *g = s->graph;
  uint32_t id = s->walk.ids[p], x = node_at(g, id)->arg[0], rate = s->rate[p];
  unsigned op = node_at(g, id)->op;
  struct windows w = *tri__windows(g, id);
  bool uniform = !node_at(g, rate)->shape;
  if (uniform && op == TRI_OP_route && tri__windows_inside(&w)) return tri__sweep_add(s, q, rate);
  rate = whole_rate(s, p);
  if (id_is_error(rate)) return rate;
  return tri__sweep_add(s, q,
                        op == TRI_OP_unfold ? tri__fold_windows(g, rate, &w)
                        : op == TRI_OP_fold ? tri__unfold(g, rate, &w)
                        : op == TRI_OP_pick ? tri__route(g, x, rate, &w)
                                            : tri__pick(g, x, rate, &w));
}

static bool adds_zeros(unsigned op) {
  return op == TRI_OP_gather || op == TRI_OP_slice || op == TRI_OP_unfold || op == TRI_OP_fold ||
         op == TRI_OP_pick;
}

static uint32_t to_argument(struct sweep *s, uint32_t p, unsigned i, uint32_t q) {
  unsigned op = node_at(s->graph, s->walk.ids[p])->op;
  s->choice[q] |= s->choice[p] | node_chooses(s->graph, node_at(s->graph, s->walk.ids[p]));
  if (op < TRI_OP_ROWS) return from_row(s, p, i, q);
  if (op == TRI_OP_stack) return from_stack(s, p, i, q);
  if (op == TRI_OP_concat) return from_concat(s, p, i, q);
  if (op == TRI_OP_contract) return from_contraction(s, p, i, q);
  if (op == TRI_OP_permute || op == TRI_OP_reshape) return from_rearranged(s, p, q);
  if (op == TRI_OP_lse) return from_lse(s, p, q);
  if (adds_zeros(op)) s->choice[q] = 1;
  if (op_has_windows(op)) return from_windows(s, p, q);
  if (op != TRI_OP_element && op != TRI_OP_result) return from_move(s, p, q);
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
    bool loop = node_at(s->graph, s->walk.ids[p])->op == TRI_OP_loop;
    if (s->pieces && s->pieces[p]) failed = loop ? tri__loop_adjoint(s, p) : join_pieces(s, p);
    if (loop && !failed) continue;
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
