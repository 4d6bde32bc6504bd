/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sums of sums: over one dimension after the other as loops have them, in one go. And sums of what
 * is routed back through pooling, over all but channels: those of what is routed, which is less. */
#include <string.h>

#include "eval/array_windows.h"

/* Where a step of `stride` in what the inner sum gives takes the outer sum's result; false if that
 * is none of its dimensions. */
static bool step_of(const struct array_node *outer, size_t stride, size_t size, size_t *to) {
  const struct view *v = &outer->args[0];
  for (uint32_t d = 0; d < v->rank; d++)
    if (v->size[d] == size && v->stride[d] == stride) {
      *to = outer->to[d];
      return true;
    }
  return false;
}

/* Dimensions that stay in the inner sum are dimensions of the outer one. */
static bool compose(const struct array_node *outer, const struct array_node *inner, size_t *to) {
  const struct view *x = &inner->args[0];
  for (uint32_t d = 0; d < x->rank; d++) {
    to[d] = 0;
    if (x->size[d] == 1 || inner->to[d] == 0) continue;
    if (!step_of(outer, inner->to[d], x->size[d], &to[d])) return false;
  }
  return true;
}

/* Whether a view has all of a node's numbers once, in whatever order of dimensions. */
static bool has_all(const struct array_program *p, const struct view *v) {
  size_t stride = 1;
  if (v->offset || tri__view_count(v) != node_of(p, v->node)->count) return false;
  for (uint32_t d = v->rank; d-- > 0;) { /* views of sums are in the order of strides */
    if (v->size[d] == 1) continue;
    if (v->stride[d] != stride) return false;
    stride *= v->size[d];
  }
  return true;
}

static bool merge(struct array_maker *m, struct array_node *outer, const uint32_t *readers) {
  struct array_program *p = m->program;
  const struct array_node *inner = p->nodes + outer->args[0].node;
  size_t to[ARRAY_RANK];
  if (inner->kind != NODE_SUM || readers[outer->args[0].node] != 1 ||
      !has_all(p, &outer->args[0]) || !compose(outer, inner, to))
    return true;
  outer->to = tri__keep(p, inner->args[0].rank, sizeof *outer->to);
  if (!outer->to) return array_no_memory(m);
  memcpy(outer->to, to, inner->args[0].rank * sizeof *to);
  outer->args = inner->args;
  return true;
}

bool tri__array_nested(struct array_maker *m) {
  struct array_program *p = m->program;
  uint32_t *readers = tri__new(p->memory, p->node_count, sizeof *readers);
  bool ok = readers != NULL;
  if (ok) tri__array_readers(p, readers);
  for (uint32_t i = 0; ok && i < p->node_count; i++)
    if (p->nodes[i].needed && p->nodes[i].kind == NODE_SUM) ok = merge(m, p->nodes + i, readers);
  if (ok) tri__array_readers(p, readers);
  tri__free(p->memory, readers, p->node_count, sizeof *readers);
  m->no_memory |= !ok;
  return ok;
}

/* --- of what is routed */

/* Whether no number of a view has a value where the node's has none: what is made of a maximum, and
 * masks by it. */
static bool follows(const struct array_program *p, const struct view *v, uint32_t node) {
  while (tri__view_is_whole(p, v) && v->node != node) {
    const struct array_node *n = p->nodes + v->node;
    bool product = n->op == TRI_OP_mul;
    if (n->kind != NODE_ROW || !(product || n->op == TRI_OP_gate || n->op == TRI_OP_select ||
                                 n->op == TRI_OP_gt || n->op == TRI_OP_relu))
      return false;
    v = &n->args[product && !tri__view_is_whole(p, &n->args[0])];
  }
  return v->node == node && tri__view_is_whole(p, v);
}

/* Whether only channels stay, and the sum is over all else of a route in which each window has an
 * element inside, and nothing routed has a value where a window's maximum has none. */
static bool over_images(const struct array_program *p, const struct array_node *sum) {
  const struct view *x = &sum->args[0];
  const struct array_node *route = p->nodes + x->node;
  if (!is_window_row(route, TRI_OP_route) || !has_all(p, x) || !route->windows->inside)
    return false;
  uint32_t last = x->rank - 1;
  for (uint32_t d = 0; d < last; d++)
    if (x->size[d] > 1 && sum->to[d]) return false;
  uint32_t pick = tri__array_pooled(p, route, x->node);
  return x->size[last] == route->windows->conv.w.c && sum->to[last] == 1 && pick != NO_NODE &&
         follows(p, &route->args[1], pick);
}

bool tri__array_routed(struct array_maker *m) {
  struct array_program *p = m->program;
  for (uint32_t i = 0; i < p->node_count; i++) {
    struct array_node *n = p->nodes + i;
    if (!n->needed || n->kind != NODE_SUM || !n->args[0].rank || !over_images(p, n)) continue;
    const struct view *y = &p->nodes[n->args[0].node].args[1];
    size_t c = n->args[0].size[n->args[0].rank - 1], count = tri__view_count(y);
    struct view *args = tri__keep(p, 1, sizeof *args);
    size_t *to = tri__keep(p, 2, sizeof *to);
    if (!args || !to) return array_no_memory(m);
    *args = (struct view){.node = y->node, .offset = y->offset, .rank = 2};
    args->size[0] = count / c, args->stride[0] = c;
    args->size[1] = c, args->stride[1] = 1;
    to[1] = 1;
    n->args = args;
    n->to = to;
  }
  return true;
}
