/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The operations of a loss that have kinks: where a row's condition a == b is one, a - b is the
 * distance from it. */
#include "graph/template.h"
#include "graph/walk.h"
#include "graph/windows.h"
#include "nn/gradcheck.h"

/* Marks what depends on a trainable weight, by walk position. */
static void mark_active(const struct check *c, const struct walk *w, bool *active) {
  for (uint32_t i = 0; i < w->count; i++) {
    const struct node *n = node_at(c->graph, w->ids[i]);
    for (uint32_t k = 0; k < n->nargs && !active[i]; k++)
      active[i] = active[walk_position(w, node_args(c->graph, n)[k])];
    for (size_t t = 0; t < c->tensors && !n->nargs; t++) active[i] |= c->inputs[t].id == w->ids[i];
  }
}

/* The node that is 0 at the kink of node id; 0 if it has none, or none that is an equation. */
static uint32_t distance_of(tri_graph *g, uint32_t id) {
  uint32_t holes[HOLES] = {0}, condition;
  const struct node *n = node_at(g, id);
  const struct template *t = NULL;
  if (n->op < TRI_OP_ROWS && g->rows[n->op].kink)
    t = tri__template(g, (tri_op)n->op, TEMPLATE_KINK);
  if (!t) return 0;
  for (uint32_t i = 0; i < n->nargs; i++) holes[i] = node_args(g, n)[i];
  holes[HOLE_R] = id;
  condition = tri__template_build(g, t, holes);
  if (id_is_error(condition) || node_at(g, condition)->op != TRI_OP_eq) return 0;
  const uint32_t *sides = node_args(g, node_at(g, condition));
  return tri__build2(g, TRI_OP_sub, sides[0], sides[1]);
}

/* An argument that depends on weights, of the shape of the distance if one is. */
static uint32_t moved_of(const struct check *c, const struct walk *w, const bool *active,
                         const struct kink *k) {
  const struct node *n = node_at(c->graph, k->node);
  uint32_t moved = 0, shape = node_at(c->graph, k->distance)->shape;
  for (uint32_t i = n->nargs; i-- > 0;) {
    uint32_t arg = node_args(c->graph, n)[i];
    if (active[walk_position(w, arg)] && (!moved || node_at(c->graph, arg)->shape == shape))
      moved = arg;
  }
  return moved;
}

static bool is_known(const struct check *c, const struct kink *kink) {
  for (size_t k = 0; k < c->n_kinks; k++)
    if (c->kinks[k].distance == kink->distance && c->kinks[k].moved == kink->moved) return true;
  return false;
}

/* Of pooling: where what chooses depends on weights. */
static struct kink kink_of_windows(struct check *c, const struct walk *w, const bool *active,
                                   uint32_t id) {
  uint32_t chooses = node_args(c->graph, node_at(c->graph, id))[0];
  struct kink kink = {.node = id, .window = true};
  if (!active[walk_position(w, chooses)]) return kink;
  kink.moved = chooses;
  kink.distance = tri__unfold(c->graph, chooses, tri__windows(c->graph, id));
  return kink;
}

static struct kink kink_of(struct check *c, const struct walk *w, const bool *active, uint32_t id) {
  if (node_at(c->graph, id)->op == TRI_OP_pick) return kink_of_windows(c, w, active, id);
  struct kink kink = {.node = id, .distance = distance_of(c->graph, id)};
  if (kink.distance && !id_is_error(kink.distance)) kink.moved = moved_of(c, w, active, &kink);
  return kink;
}

static tri_status add_kink(struct check *c, const struct walk *w, const bool *active, uint32_t id) {
  struct kink kink = kink_of(c, w, active, id);
  if (tri_graph_status(c->graph)) return tri__model_graph_failed(c->model);
  if (!kink.moved || is_known(c, &kink)) return TRI_OK;
  if (!tri__grow(c->memory, (void **)&c->kinks, &c->kink_capacity, c->n_kinks + 1, sizeof kink))
    return check_no_memory(c);
  c->kinks[c->n_kinks++] = kink;
  return TRI_OK;
}

tri_status tri__check_find_kinks(struct check *c) {
  struct walk w;
  uint32_t loss = c->outputs[0].id;
  if (tri__walk(c->graph, 1, &loss, &w)) return check_no_memory(c);
  bool *active = tri__new(c->memory, w.count, sizeof *active);
  tri_status status = active ? TRI_OK : check_no_memory(c);
  if (active) mark_active(c, &w, active);
  for (uint32_t i = 0; active && i < w.count && !status; i++)
    if (active[i]) status = add_kink(c, &w, active, w.ids[i]);
  tri__free(c->memory, active, w.count, sizeof *active);
  tri__walk_free(&w);
  return status;
}
