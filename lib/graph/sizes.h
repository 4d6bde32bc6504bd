/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Named sizes that become others, or numbers, when arrays of known shapes take the place of variables. */
#ifndef TRIAD_GRAPH_SIZES_H
#define TRIAD_GRAPH_SIZES_H

#include "graph/loop.h"

struct size_binding {
  uint32_t name; /* attribute */
  extent n;
};

struct sizes {
  struct size_binding *at;
  size_t count, capacity;
  bool change; /* some name becomes something else than itself */
};

/* Binds the named sizes in the variable's shape so that it becomes `shape`. An error id if that cannot be, naming both. */
uint32_t tri__sizes_bind(tri_graph *g, struct sizes *sizes, uint32_t variable, uint32_t shape);
void tri__sizes_free(tri_graph *g, struct sizes *sizes);
/* Whether a node has sizes of its own, which its arguments do not tell. */
bool tri__sizes_has(const tri_graph *g, uint32_t id);
/* The node with other arguments and its own sizes as bound. Calls tri__substitute_sized for the bodies of loops. */
uint32_t tri__sizes_node(tri_graph *g, const struct sizes *sizes, uint32_t id,
                         const uint32_t *args);

/* substitute.c: tri__substitute where sizes are bound already. */
TRI_CHECKED tri_status tri__substitute_sized(tri_graph *g, const struct sizes *sizes, size_t count,
                                             const uint32_t *inputs, uint32_t *outputs);

#endif
