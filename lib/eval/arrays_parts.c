/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays put together of parts: stacked, joined, embedded in zeros, or copied into another order of
 * elements. */
#include <string.h>

#include "eval/array_program.h"

/* Copies by the target's runs, block by block of the source. */
static void copy_part(const struct array_run *r, const struct view *from, const struct view *to) {
  size_t size = r->program->size, count = tri__view_count(from);
  double block[8 * LANE_BLOCK];
  size_t most = sizeof block / size;
  struct view source = tri__view_merged(from), target = tri__view_merged(to);
  const char *data = node_data(r, from->node);
  char *at = node_data(r, to->node);
  if (target.rank <= 1 && (target.rank == 0 || target.stride[0] == 1)) {
    tri__view_take(&source, size, data, 0, count, at + target.offset * size);
    return;
  }
  for (size_t first = 0; first < count; first += most) {
    size_t part = count - first < most ? count - first : most;
    tri__view_take(&source, size, data, first, part, block);
    tri__view_put(&target, size, at, first, part, block);
  }
}

static void run_parts(struct array_run *r, const struct array_task *task) {
  const struct array_node *n = node_of(r->program, task->nodes[0]);
  if (n->sparse && n->count) memset(node_data(r, task->nodes[0]), 0, n->count * r->program->size);
  for (uint32_t a = 0; a < n->nargs; a++)
    if (tri__view_count(&n->args[a])) copy_part(r, &n->args[a], &n->targets[a]);
}

bool tri__parts_make(struct array_maker *m, struct array_task *task) {
  (void)m;
  task->run = run_parts;
  return true;
}
