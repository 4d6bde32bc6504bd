/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Forward: the tangent of every node from those of its arguments. */
#include "calculus/sweep.h"

void tri__sweep_seed_tangent(struct sweep *s, uint32_t variable, uint32_t tangent) {
  if (!walk_has(&s->walk, variable)) return;
  uint32_t p = walk_position(&s->walk, variable);
  s->rate[p] = tangent;
  s->choice[p] = 0;
}

/* Position of argument i of a node if the lane reaches it with a tangent that is not zero. */
static bool moves(const struct sweep *s, uint64_t lane, uint32_t arg, uint32_t *position) {
  *position = walk_position(&s->walk, arg);
  return (s->lanes[*position] & lane) && s->rate[*position] != s->graph->zero;
}

/* A linear row: the operation itself on the tangents, its conditions as they are. */
static uint32_t of_linear(struct sweep *s, uint64_t lane, uint32_t id, const struct row *row) {
  tri_graph *g = s->graph;
  const uint32_t *args = node_args(g, node_at(g, id));
  uint32_t rates[ROW_MAX_ARITY], p;
  bool any = false;
  for (unsigned i = 0; i < row->arity; i++) {
    bool moved = moves(s, lane, args[i], &p);
    rates[i] = row->conditions >> i & 1 ? args[i] : moved ? s->rate[p] : g->zero;
    any |= moved;
  }
  if (!any) return g->zero;
  return tri__build(g, (tri_op)node_at(g, id)->op, row->arity, rates);
}

static uint32_t of_row(struct sweep *s, uint64_t lane, uint32_t id, const struct row *row) {
  tri_graph *g = s->graph;
  uint32_t sum = 0, args[ROW_MAX_ARITY] = {0}, p;
  for (unsigned i = 0; i < row->arity; i++) args[i] = node_args(g, node_at(g, id))[i];
  for (unsigned i = 0; i < row->arity; i++)
    if (moves(s, lane, args[i], &p)) {
      sum = tri__accumulate(g, sum, tri__chain(g, id, i, s->rate[p], s->choice[p], false));
      if (id_is_error(sum)) return sum;
    }
  return sum ? sum : g->zero;
}

/* Arrays side by side, or one behind the other: of their tangents likewise. */
static uint32_t of_stack(struct sweep *s, uint64_t lane, uint32_t id) {
  tri_graph *g = s->graph;
  uint32_t n = node_at(g, id)->nargs, failed = 0, p;
  uint32_t *parts = tri__new(&g->memory, n, sizeof *parts);
  if (!parts) return tri__no_memory(g);
  for (uint32_t i = 0; i < n && !failed; i++) {
    uint32_t arg = node_args(g, node_at(g, id))[i];
    uint32_t rate = moves(s, lane, arg, &p) ? s->rate[p] : g->zero;
    parts[i] = tri__spread(g, rate, node_at(g, arg)->shape);
    failed = id_is_error(parts[i]) ? parts[i] : 0;
  }
  uint32_t result = failed                               ? failed
                    : node_at(g, id)->op == TRI_OP_stack ? tri__stack(g, n, parts)
                                                         : tri__concat(g, n, parts);
  tri__free(&g->memory, parts, n, sizeof *parts);
  return result;
}

static uint32_t of_element(struct sweep *s, uint64_t lane, uint32_t id) {
  tri_graph *g = s->graph;
  uint32_t p;
  if (!moves(s, lane, node_args(g, node_at(g, id))[0], &p)) return g->zero;
  bool uniform = !node_at(g, s->rate[p])->shape;
  return uniform ? s->rate[p] : tri__element(g, s->rate[p], tri__index_attr(g, id));
}

/* An operation that moves parts, on the tangent in the argument's shape; where that is the same for
 * all elements it stays so, but not where zeros come in. */
static uint32_t of_move(struct sweep *s, uint64_t lane, uint32_t id) {
  tri_graph *g = s->graph;
  const struct node *n = node_at(g, id);
  uint32_t args[2] = {n->arg[0], n->arg[1]}, p, shape = node_at(g, args[0])->shape;
  bool zeros = n->op == TRI_OP_scatter || n->op == TRI_OP_embed;
  if (!moves(s, lane, args[0], &p)) return g->zero;
  args[0] = zeros ? tri__spread(g, s->rate[p], shape) : s->rate[p];
  if (id_is_error(args[0])) return args[0];
  return node_at(g, args[0])->shape == shape ? tri__with_arguments(g, id, args) : args[0];
}

/* The tangent of a factor with the other one, for both. */
static uint32_t of_contraction(struct sweep *s, uint64_t lane, uint32_t id) {
  tri_graph *g = s->graph;
  uint32_t sum = 0, p;
  for (int i = 0; i < 2; i++) {
    struct contraction how = tri__contraction(g, id);
    uint32_t args[2] = {node_at(g, id)->arg[0], node_at(g, id)->arg[1]};
    if (!moves(s, lane, args[i], &p)) continue;
    if (s->choice[p] && !(node_at(g, args[1 - i])->facts & FACT_TAME))
      how.strong |= (uint8_t)(1 << i);
    args[i] = tri__spread(g, s->rate[p], node_at(g, args[i])->shape);
    if (id_is_error(args[i])) return args[i];
    sum = tri__accumulate(g, sum, tri__contract(g, args[0], args[1], &how));
    if (id_is_error(sum)) return sum;
  }
  return sum ? sum : g->zero;
}

/* The same elements elsewhere; a tangent that is one for all is so there too. */
static uint32_t of_rearranged(struct sweep *s, uint64_t lane, uint32_t id) {
  tri_graph *g = s->graph;
  uint32_t p;
  if (!moves(s, lane, node_at(g, id)->arg[0], &p)) return g->zero;
  bool uniform = !node_at(g, s->rate[p])->shape;
  return uniform ? s->rate[p] : tri__with_arguments(g, id, &s->rate[p]);
}

/* Windows: the operation itself on the tangent, where x chooses by x as it is. One for all elements
 * stays so only where nothing is added and nothing is outside. */
static uint32_t of_windows(struct sweep *s, uint64_t lane, uint32_t id) {
  tri_graph *g = s->graph;
  uint32_t args[2] = {node_at(g, id)->arg[0], node_at(g, id)->arg[1]}, p;
  unsigned op = node_at(g, id)->op, i = op == TRI_OP_pick || op == TRI_OP_route;
  uint32_t shape = node_at(g, args[i])->shape;
  if (!moves(s, lane, args[i], &p)) return g->zero;
  if (op == TRI_OP_pick && !node_at(g, s->rate[p])->shape) return s->rate[p];
  args[i] = tri__spread(g, s->rate[p], shape);
  return id_is_error(args[i]) ? args[i] : tri__with_arguments(g, id, args);
}

/* The sum over the last dimension of exp(x - r) times the tangent. */
static uint32_t of_lse(struct sweep *s, uint64_t lane, uint32_t id) {
  tri_graph *g = s->graph;
  uint32_t p, x = node_at(g, id)->arg[0], shape = node_at(g, x)->shape;
  if (!moves(s, lane, x, &p)) return g->zero;
  if (!node_at(g, s->rate[p])->shape && !s->choice[p])
    return s->rate[p]; /* the weights' sum is 1 */
  struct contraction how = {.batch = (uint8_t)(shape_rank(g, shape) - 1), .contracted = 1};
  if (s->choice[p] && !(node_at(g, x)->facts & FACT_TAME)) how.strong = CONTRACT_B;
  uint32_t weights = tri__lse_weights(g, id), rate = tri__spread(g, s->rate[p], shape);
  if (id_is_error(weights) || id_is_error(rate)) return id_is_error(weights) ? weights : rate;
  return tri__contract(g, weights, rate, &how);
}

static uint32_t of_result(struct sweep *s, uint64_t lane, uint32_t id) {
  tri_graph *g = s->graph;
  uint32_t p, loop = node_args(g, node_at(g, id))[0];
  if (!moves(s, lane, loop, &p)) return g->zero;
  return tri__loop_tangent_result(g, loop, s->rate[p], (uint32_t)tri__index_attr(g, id));
}

static uint32_t of_structured(struct sweep *s, uint64_t lane, uint32_t id) {
  switch (node_at(s->graph, id)->op) {
  case TRI_OP_stack:
  case TRI_OP_concat: return of_stack(s, lane, id);
  case TRI_OP_contract: return of_contraction(s, lane, id);
  case TRI_OP_permute:
  case TRI_OP_reshape: return of_rearranged(s, lane, id);
  case TRI_OP_lse: return of_lse(s, lane, id);
  case TRI_OP_unfold:
  case TRI_OP_fold:
  case TRI_OP_pick:
  case TRI_OP_route: return of_windows(s, lane, id);
  case TRI_OP_element: return of_element(s, lane, id);
  case TRI_OP_loop: return tri__loop_tangent(s, lane, id);
  case TRI_OP_result: return of_result(s, lane, id);
  default: return of_move(s, lane, id);
  }
}

static uint32_t tangent_of(struct sweep *s, uint64_t lane, uint32_t id) {
  unsigned op = node_at(s->graph, id)->op;
  const struct row *row = tri__row(s->graph, op);
  if (row) return row->linear ? of_linear(s, lane, id, row) : of_row(s, lane, id, row);
  return of_structured(s, lane, id);
}

/* Operations that put zeros among tangents. */
static bool adds_zeros(const struct node *n) {
  return n->op == TRI_OP_stack || n->op == TRI_OP_concat || n->op == TRI_OP_scatter ||
         n->op == TRI_OP_embed || n->op == TRI_OP_result || n->op == TRI_OP_unfold ||
         n->op == TRI_OP_fold || n->op == TRI_OP_route;
}

/* Whether the node chooses, or an argument's tangent may be zero by choice. */
static bool may_choose(const struct sweep *s, uint64_t lane, const struct node *n) {
  const uint32_t *args = node_args(s->graph, n);
  bool choice = node_chooses(s->graph, n) || adds_zeros(n);
  for (uint32_t i = 0, p; i < n->nargs && !choice; i++)
    choice = moves(s, lane, args[i], &p) && s->choice[p];
  return choice;
}

uint32_t tri__sweep_tangents(struct sweep *s, unsigned lane, uint32_t bound) {
  tri_graph *g = s->graph;
  uint64_t bit = (uint64_t)1 << lane;
  for (uint32_t p = 0; p < s->walk.count; p++) {
    if (p % 4096 == 0 && tri__interrupted(g)) return NODE_ERROR + TRI_INTERRUPTED;
    if (!(s->lanes[p] & bit) || (s->user && s->user[p] >= bound)) continue;
    const struct node *n = node_at(g, s->walk.ids[p]);
    if (!n->nargs) continue;
    s->choice[p] = may_choose(s, bit, n);
    s->rate[p] = tangent_of(s, bit, s->walk.ids[p]);
    if (id_is_error(s->rate[p])) return s->rate[p];
  }
  return 0;
}

uint32_t tri__sweep_tangent(struct sweep *s, unsigned lane, uint32_t id) {
  tri_graph *g = s->graph;
  bool reached = sweep_reaches(s, id, (uint64_t)1 << lane);
  uint32_t rate = reached ? s->rate[walk_position(&s->walk, id)] : g->zero;
  return tri__spread(g, rate, node_at(g, id)->shape);
}
