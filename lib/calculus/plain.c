/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows that partials are made of, replaced by the formulas that people know (PLAIN in ops.def); and loops with their bodies
 * simplified, each in a call of its own: as deep as loops stand in one another. */
#include <string.h>

#include "calculus/simplify.h"
#include "graph/loop.h"
#include "graph/template.h"

static bool has_plain(const tri_graph *g, uint32_t id) {
  unsigned op = node_at(g, id)->op;
  return op < TRI_OP_ROWS && g->rows[op].plain;
}

/* The loop over other arguments with a simplified body. */
static uint32_t simplified_loop(tri_graph *g, uint32_t id, const uint32_t *args) {
  struct loop loop;
  tri__loop(g, id, &loop);
  size_t inputs = (size_t)loop.steps + loop.constants + loop.carries, n = loop_outputs(&loop);
  uint32_t *ids = tri__new(&g->memory, inputs + n, sizeof *ids), made;
  if (!ids) return tri__no_memory(g);
  const uint32_t *own = tri__lambda_ids(g, loop.lambda, NULL, NULL);
  memcpy(ids, own, (inputs + n) * sizeof *ids);
  uint32_t failed = tri__simplify_ids(g, n, ids + inputs);
  if (failed)
    made = failed;
  else if (!memcmp(ids, own, (inputs + n) * sizeof *ids))
    made = tri__with_arguments(g, id, args);
  else
    made = tri__loop_again(g, &loop, loop.n, ids, args);
  tri__free(&g->memory, ids, inputs + n, sizeof *ids);
  return made;
}

/* The node with its arguments' images, or its row's formula over them. */
static uint32_t rebuilt(tri_graph *g, const struct walk *w, uint32_t id, const uint32_t *image,
                        uint32_t *args) {
  uint32_t nargs = node_at(g, id)->nargs, holes[HOLES] = {0};
  bool changed = false;
  for (uint32_t i = 0; i < nargs; i++) {
    uint32_t arg = node_args(g, node_at(g, id))[i];
    args[i] = image[walk_position(w, arg)];
    changed |= args[i] != arg;
  }
  tri_op op = (tri_op)node_at(g, id)->op;
  if (op == TRI_OP_loop) return simplified_loop(g, id, args);
  if (has_plain(g, id)) {
    const struct template *t = tri__template(g, op, TEMPLATE_PLAIN);
    for (uint32_t i = 0; i < nargs; i++) holes[HOLE_A + i] = args[i];
    return t ? tri__template_build(g, t, holes) : NODE_ERROR + TRI_MEMORY;
  }
  if (!changed) return id;
  return tri__with_arguments(g, id, args);
}

static uint32_t replace(tri_graph *g, const struct walk *w, uint32_t *image, uint32_t *args) {
  for (uint32_t i = 0; i < w->count; i++) {
    image[i] = rebuilt(g, w, w->ids[i], image, args);
    if (id_is_error(image[i])) return image[i];
    if (i % 4096 == 0 && tri__interrupted(g)) return NODE_ERROR + TRI_INTERRUPTED;
  }
  return 0;
}

/* The most arguments of a node; 0 if there is nothing to replace. */
static size_t room_needed(const tri_graph *g, const struct walk *w) {
  size_t most = 0;
  bool any = false;
  for (uint32_t i = 0; i < w->count; i++) {
    any |= has_plain(g, w->ids[i]) || node_at(g, w->ids[i])->op == TRI_OP_loop;
    if (node_at(g, w->ids[i])->nargs > most) most = node_at(g, w->ids[i])->nargs;
  }
  return any ? most + 1 : 0;
}

tri_status tri__plain(tri_graph *g, size_t n, uint32_t *ids) {
  struct walk w;
  tri_status status = tri__walk(g, n, ids, &w);
  size_t room = status ? 0 : room_needed(g, &w), size = room ? w.count + room : 0;
  uint32_t *image = room ? tri__new(&g->memory, size, sizeof *image) : NULL;
  if (room) {
    uint32_t failed = image ? replace(g, &w, image, image + w.count) : tri__no_memory(g);
    if (failed) status = id_status(failed);
  }
  for (size_t i = 0; i < n && room && !status; i++) ids[i] = image[walk_position(&w, ids[i])];
  tri__free(&g->memory, image, size, sizeof *image);
  tri__walk_free(&w);
  return status;
}
