/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The texts of a row as short programs: parsed once per graph and kind, then run over nodes by calculus, and over numbers by the
 * dual and tape runs. */
#ifndef TRIAD_GRAPH_TEMPLATE_H
#define TRIAD_GRAPH_TEMPLATE_H

#include "graph/node.h"

enum template_kind {
  TEMPLATE_PARTIAL,     /* + i: partial by argument i */
  TEMPLATE_ADJOINT = 3, /* + i: w times the partial by argument i */
  TEMPLATE_ADJOINT_STRONG =
      6, /* + i: the same, zero where w is zero whatever the partial is: gate(w, partial) */
  TEMPLATE_VALUE = 9,
  TEMPLATE_DOMAIN,
  TEMPLATE_KINK,
  TEMPLATE_PLAIN,
  TEMPLATE_KINDS
};

enum { HOLE_A, HOLE_B, HOLE_C, HOLE_R, HOLE_W, HOLES };

/* One step: op over `arg`, each a hole (0 … HOLES-1) or HOLES + the number of an earlier step. A constant step has op
 * TRI_OP_constant and the value num/den; TRI_OP_pi has no arguments. */
struct template_step {
  uint16_t op;
  uint16_t nargs;
  int16_t arg[ROW_MAX_ARITY];
  int64_t num, den;
};

struct template {
  uint16_t steps;
  int16_t result;   /* reference as in arg */
  uint8_t constant; /* 1: the result is the constant num/den of its only step */
  uint8_t holes;    /* bit h: hole h is used */
  struct template_step step[];
};

/* The template of a row, from the graph's cache; NULL if the row has none (no derivative by that argument, no domain) or, with the
 * graph's error set, when out of memory. A row text that does not parse is our own mistake: assert. */
const struct template *tri__template(tri_graph *g, tri_op op, int kind);

/* Makes the nodes of a template with holes[h] for hole h; returns the result's id. */
uint32_t tri__template_build(tri_graph *g, const struct template *t, const uint32_t holes[HOLES]);

/* Frees a graph's cache. */
void tri__templates_free(tri_graph *g);

#endif
