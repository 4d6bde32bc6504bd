/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivative sweeps over what some outputs reach: tangents upwards, adjoints downwards, one
 * expression a node.
 *
 * Functions here return 0, or the error id of what stopped them, which sticks to the graph. */
#ifndef TRIAD_CALCULUS_SWEEP_H
#define TRIAD_CALCULUS_SWEEP_H

#include "calculus/rule.h"
#include "graph/last.h"
#include "graph/reduce.h"
#include "graph/tensors.h"
#include "graph/walk.h"
#include "graph/windows.h"

enum { SWEEP_LANES = 64 };

/* An adjoint that reached a shaped node through one of its elements. */
struct piece {
  uint64_t index;
  uint32_t id;
  uint32_t next; /* number + 1 of the node's next piece, 0 for none */
};

struct sweep {
  tri_graph *graph;
  struct walk walk;
  /* by position: bit l if a derivative reaches the node from variable l of up to SWEEP_LANES */
  uint64_t *lanes;
  /* by position: the tangent where the lane's bit is set; the adjoint, 0 before the first term */
  uint32_t *rate;
  unsigned char *choice; /* by position: that rate may be zero by choice */
  uint32_t *user;        /* by position, or NULL: the first of the outputs that reaches the node */
  uint32_t *pieces;      /* by position, or NULL: number + 1 of the node's first piece */
  struct piece *piece;
  size_t piece_count, piece_capacity;
};

/* A sweep over what m outputs (no error ids) reach. *s is to be freed with tri__sweep_free whatever
 * is returned. */
uint32_t tri__sweep_init(struct sweep *s, tri_graph *g, size_t m, const uint32_t *outputs);
void tri__sweep_free(struct sweep *s);

/* Finds out what depends on n variables, variable i in lane i, or all in lane 0. */
uint32_t tri__sweep_lanes(struct sweep *s, size_t n, const uint32_t *variables, bool together);

/* Numbers every node by the first of the outputs that reaches it, for tri__sweep_tangents'
 * bound. */
uint32_t tri__sweep_users(struct sweep *s, size_t m, const uint32_t *outputs);

/* The tangents of a lane, of all nodes that one of the first `bound` outputs reaches (all:
 * UINT32_MAX), from those that tri__sweep_seed_tangent gave the lane's variables. */
uint32_t tri__sweep_tangents(struct sweep *s, unsigned lane, uint32_t bound);
void tri__sweep_seed_tangent(struct sweep *s, uint32_t variable, uint32_t tangent);
/* The tangent of a node, in its shape; zero where the lane does not reach it. */
uint32_t tri__sweep_tangent(struct sweep *s, unsigned lane, uint32_t id);

/* The adjoints of lane 0's variables and all between, from those that tri__sweep_seed_adjoint gave
 * the outputs. */
uint32_t tri__sweep_adjoints(struct sweep *s);
void tri__sweep_clear_adjoints(struct sweep *s);
uint32_t tri__sweep_seed_adjoint(struct sweep *s, uint32_t output, uint32_t adjoint);
/* The adjoint of a variable. */
uint32_t tri__sweep_adjoint(const struct sweep *s, uint32_t variable);

/* --- loops.c: derivatives of loops are loops */

/* A tuple of the tangents of a loop's results, numbered as tri__loop_tangent_result says; zero if
 * none moves. */
uint32_t tri__loop_tangent(struct sweep *s, uint64_t lane, uint32_t id);
/* The tangent of result k of loop `id`, from that tuple. */
uint32_t tri__loop_tangent_result(tri_graph *g, uint32_t id, uint32_t tuple, uint32_t k);
/* Adds the adjoints of a loop's arguments: of its results they are the pieces of its position p. */
uint32_t tri__loop_adjoint(struct sweep *s, uint32_t p);
/* Adds a term to the adjoint at position p. */
uint32_t tri__sweep_add(struct sweep *s, uint32_t p, uint32_t term);

static inline bool sweep_reaches(const struct sweep *s, uint32_t id, uint64_t lanes) {
  return walk_has(&s->walk, id) && (s->lanes[walk_position(&s->walk, id)] & lanes);
}

#endif
