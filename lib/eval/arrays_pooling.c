/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What comes back through max pooling of relu(z), times the mask h > 0 with h = relu(z): an element
 * to which pooling routes something is the maximum p of its window, so that h > 0 there is p > 0.
 * What is routed is masked instead, which are fewer numbers by the size of a window. */
#include <string.h>

#include "eval/array_windows.h"

/* gate(select(h > 0, 1, 0), route(h, y)), or the product of these, by its nodes; of which nobody
 * else reads any but the first. */
struct masked {
  uint32_t gate, select, compare, route, pick;
};

static bool is_row(const struct array_node *n, tri_op op) {
  return n->kind == NODE_ROW && n->op == (unsigned)op;
}

/* The node that argument i of a node is all of, read by it alone; or NO_NODE. */
static uint32_t own_argument(const struct array_program *p, const uint32_t *readers, uint32_t node,
                             uint32_t i) {
  const struct view *v = &p->nodes[node].args[i];
  return tri__view_is_whole(p, v) && readers[v->node] == 1 ? v->node : NO_NODE;
}

uint32_t tri__array_pooled(const struct array_program *p, const struct array_node *route,
                           uint32_t end) {
  const struct window_layout *l = &route->windows->conv.w;
  for (uint32_t i = 0; i < end; i++) {
    const struct array_node *n = p->nodes + i;
    bool alike =
        n->needed && is_window_row(n, TRI_OP_pick) && !memcmp(&n->windows->conv.w, l, sizeof *l);
    for (uint32_t a = 0; alike && a < 2; a++)
      alike = n->args[a].node == route->args[0].node && tri__view_is_whole(p, &n->args[a]);
    if (alike) return i;
  }
  return NO_NODE;
}

/* With the mask as argument `mask` of the node. */
static bool is_masked(const struct array_program *p, const uint32_t *readers, uint32_t node,
                      uint32_t mask, struct masked *m) {
  m->gate = node;
  m->select = own_argument(p, readers, node, mask);
  m->route = own_argument(p, readers, node, 1 - mask);
  if (m->select == NO_NODE || m->route == NO_NODE || !is_row(p->nodes + m->select, TRI_OP_select) ||
      !is_window_row(p->nodes + m->route, TRI_OP_route))
    return false;
  m->compare = own_argument(p, readers, m->select, 0);
  if (m->compare == NO_NODE || !is_row(p->nodes + m->compare, TRI_OP_gt)) return false;
  const struct array_node *compare = p->nodes + m->compare, *select = p->nodes + m->select,
                          *route = p->nodes + m->route;
  return route->args[0].node == compare->args[0].node && tri__view_is_whole(p, &route->args[0]) &&
         tri__view_is_whole(p, &compare->args[0]) && tri__view_is_number(&compare->args[1]) &&
         tri__view_is_number(&select->args[1]) && tri__view_is_number(&select->args[2]);
}

static bool find_masked(const struct array_program *p, const uint32_t *readers, uint32_t node,
                        struct masked *m) {
  const struct array_node *n = p->nodes + node;
  bool product = is_row(n, TRI_OP_mul);
  if (!n->needed || (!product && !is_row(n, TRI_OP_gate))) return false;
  return is_masked(p, readers, node, 0, m) || (product && is_masked(p, readers, node, 1, m));
}

/* A number for all elements of a node. */
static struct view spread(struct view number, const struct array_node *like) {
  struct view v = {.node = number.node, .offset = number.offset, .rank = like->rank};
  memcpy(v.size, like->size, like->rank * sizeof *v.size);
  return v;
}

/* The node as a row over elements like those of another one. */
static void become_row(struct array_node *n, const struct array_node *row,
                       const struct array_node *like, struct view *args) {
  n->kind = NODE_ROW;
  n->op = row->op;
  n->extended = row->extended;
  n->nargs = row->nargs;
  n->args = args;
  n->count = like->count;
  n->rank = like->rank;
  memcpy(n->size, like->size, like->rank * sizeof *n->size);
}

/* gate becomes route(h, gate(select(p > 0, 1, 0), y)). Arguments come before what they are of, so
 * the three nodes that go are the new ones in the order of their numbers. */
static bool mask_before(struct array_maker *m, const struct masked *at) {
  struct array_program *p = m->program;
  const struct array_node gate = p->nodes[at->gate], select = p->nodes[at->select],
                          compare = p->nodes[at->compare], route = p->nodes[at->route],
                          pick = p->nodes[at->pick];
  struct view *args = tri__keep(p, 9, sizeof *args);
  uint32_t first = at->route, middle = at->compare, last = at->select; /* see in_order */
  if (!args) return array_no_memory(m);
  args[0] = tri__whole_view(p, at->pick);
  args[1] = spread(compare.args[1], &pick);
  become_row(p->nodes + first, &compare, &pick, args);
  args[2] = tri__whole_view(p, first);
  args[3] = spread(select.args[1], &pick);
  args[4] = spread(select.args[2], &pick);
  become_row(p->nodes + middle, &select, &pick, args + 2);
  args[5] = tri__whole_view(p, middle);
  args[6] = route.args[1];
  become_row(p->nodes + last, &gate, &pick, args + 5);
  args[7] = route.args[0];
  args[8] = tri__whole_view(p, last);
  struct array_node *n = p->nodes + at->gate;
  n->kind = NODE_WINDOWS;
  n->op = TRI_OP_route;
  n->windows = route.windows;
  n->args = args + 7;
  n->nargs = 2;
  return true;
}

/* That every argument has a smaller number than its node, also afterwards. */
static bool in_order(const struct array_program *p, const struct masked *m) {
  const struct array_node *compare = p->nodes + m->compare, *select = p->nodes + m->select;
  return m->route < m->compare && m->compare < m->select && m->pick < m->route &&
         compare->args[1].node < m->route && select->args[1].node < m->compare &&
         select->args[2].node < m->compare;
}

bool tri__array_pooling(struct array_maker *m) {
  struct array_program *p = m->program;
  uint32_t *readers = tri__new(p->memory, p->node_count, sizeof *readers);
  bool ok = readers != NULL;
  struct masked at;
  if (ok) tri__array_readers(p, readers);
  for (uint32_t i = 0; ok && i < p->node_count; i++) {
    if (!find_masked(p, readers, i, &at)) continue;
    at.pick = tri__array_pooled(p, p->nodes + at.route, at.route);
    if (at.pick != NO_NODE && in_order(p, &at)) ok = mask_before(m, &at);
  }
  if (ok) tri__array_readers(p, readers);
  tri__free(p->memory, readers, p->node_count, sizeof *readers);
  m->no_memory |= !ok;
  return ok;
}
