/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the public functions of this floor are called with, checked. */
#include "calculus/arguments.h"

static uint32_t not_a_variable(tri_graph *g, const struct node *n) {
  const char *name = tri_op_name((tri_op)n->op);
  if (n->op == TRI_OP_constant)
    return tri__fail(g, TRI_ARGUMENT, "a derivative is by a variable, not by a number");
  return tri__fail(g, TRI_ARGUMENT, "a derivative is by a variable, not by an expression (%s)",
                   name ? name : "?");
}

uint32_t tri__check(tri_graph *g, tri_expr e, enum ids_kind kind, uint32_t *id) {
  *id = tri__own(g, e);
  if (id_is_error(*id)) return *id;
  const struct node *n = node_at(g, *id);
  if ((kind == IDS_VARIABLE || kind == IDS_ARRAY) && n->op != TRI_OP_variable &&
      n->op != TRI_OP_eps)
    return not_a_variable(g, n);
  if (kind != IDS_ANY && n->sort == TRI_BOOLEAN)
    return tri__fail(g, TRI_SHAPE, "a condition has no derivative");
  if (kind >= IDS_SCALAR && n->shape) {
    char shape[64];
    tri__shape_text(g, n->shape, shape, sizeof shape);
    return tri__fail(g, TRI_SHAPE, "a number is wanted here, not shape %s", shape);
  }
  return 0;
}

uint32_t tri__ids(struct ids *ids, tri_graph *g, size_t n, const tri_expr *e, enum ids_kind kind) {
  *ids = (struct ids){.graph = g, .count = n, .id = tri__new(&g->memory, n, sizeof *ids->id)};
  if (!ids->id) return tri__no_memory(g);
  uint32_t failed = 0;
  for (size_t i = 0; i < n && !failed; i++) failed = tri__check(g, e[i], kind, &ids->id[i]);
  return failed;
}

void tri__ids_free(struct ids *ids) {
  if (ids->id) tri__free(&ids->graph->memory, ids->id, ids->count, sizeof *ids->id);
}

tri_status tri__finish(tri_graph *g, uint32_t failed, size_t n, tri_expr *results) {
  if (!failed) return TRI_OK;
  for (size_t i = 0; i < n; i++) results[i] = expr_of(g, failed);
  return id_status(failed);
}
