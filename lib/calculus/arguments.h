/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the public functions of this floor are called with, checked: expressions as ids. */
#ifndef TRIAD_CALCULUS_ARGUMENTS_H
#define TRIAD_CALCULUS_ARGUMENTS_H

#include "graph/node.h"

/* Expressions of one graph as ids, in memory of the graph. */
struct ids {
  tri_graph *graph;
  uint32_t *id;
  size_t count;
};

enum ids_kind { IDS_ANY, IDS_REAL, IDS_ARRAY, IDS_SCALAR, IDS_VARIABLE };

/* The id of e into *id. Returns 0 or an error id, which sticks: for an expression of another graph, for a condition, and as `kind` says
 * for a shape (TRI_SHAPE) or what is no variable or eps (TRI_ARGUMENT): IDS_ARRAY is a variable of any shape, IDS_VARIABLE a scalar. */
uint32_t tri__check(tri_graph *g, tri_expr e, enum ids_kind kind, uint32_t *id);

/* The ids of n expressions, each checked. Returns 0 or the first error; *ids is to be freed either way. */
uint32_t tri__ids(struct ids *ids, tri_graph *g, size_t n, const tri_expr *e, enum ids_kind kind);
void tri__ids_free(struct ids *ids);

/* The status of `failed` (0: none); after a failure all n results are that error. */
tri_status tri__finish(tri_graph *g, uint32_t failed, size_t n, tri_expr *results);

#endif
