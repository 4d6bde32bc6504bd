/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Random programs: at each step a row over earlier results of the right sort. */
#ifndef TRIAD_TESTS_GRAPH_PROGRAMS_H
#define TRIAD_TESTS_GRAPH_PROGRAMS_H

#include "graph/node.h"
#include "tests/random.h"

static struct random chance;

static inline void start_random(void) { chance = random_start(UINT64_C(1795732482)); }
static inline uint32_t below(uint32_t n) { return random_below(&chance, n); }

enum { LEAVES = 7, STEPS = 24 };

struct program {
  tri_op op[STEPS];
  unsigned arg[STEPS][3];
  int exponent[STEPS]; /* of pow by a constant; 99: by an argument */
};

/* Whether the exact value is a rational, so that constants fold. */
static const tri_op exact_ops[] = {
    TRI_OP_neg,   TRI_OP_add,  TRI_OP_add,  TRI_OP_sub,       TRI_OP_sub,   TRI_OP_mul, TRI_OP_mul,
    TRI_OP_div,   TRI_OP_pow,  TRI_OP_abs,  TRI_OP_sign,      TRI_OP_min,   TRI_OP_max, TRI_OP_relu,
    TRI_OP_floor, TRI_OP_ceil, TRI_OP_gate, TRI_OP_heaviside, TRI_OP_select};

static inline bool is_condition(const struct program *p, unsigned v) {
  return v >= LEAVES && tri__rows[p->op[v - LEAVES]].sort == TRI_BOOLEAN;
}

static inline unsigned random_value(const struct program *p, unsigned step, bool condition) {
  for (int tries = 0; tries < 200; tries++) {
    unsigned v = below(LEAVES + step);
    if (below(2) && step > 3) v = LEAVES + step - 1 - below(3); /* grow in depth */
    if (is_condition(p, v) == condition) return v;
  }
  return 0;
}

static inline bool arguments_exist(const struct program *p, unsigned step) {
  const struct row *row = &tri__rows[p->op[step]];
  for (unsigned k = 0; k < row->arity; k++)
    if (is_condition(p, p->arg[step][k]) != (row->conditions >> k & 1)) return false;
  return true;
}

static inline struct program random_program(bool exact, const bool *allowed) {
  struct program p = {0};
  for (unsigned i = 0; i < STEPS; i++) {
    do {
      p.op[i] = exact && below(5) ? exact_ops[below(sizeof exact_ops / sizeof *exact_ops)]
                                  : (tri_op)below(TRI_OP_ROWS);
      const struct row *row = &tri__rows[p.op[i]];
      for (unsigned k = 0; k < 3; k++) p.arg[i][k] = random_value(&p, i, row->conditions >> k & 1);
    } while ((exact && !tri__rows[p.op[i]].exact) || (allowed && !allowed[p.op[i]]) ||
             !arguments_exist(&p, i) || (i == STEPS - 1 && tri__rows[p.op[i]].sort == TRI_BOOLEAN));
    p.exponent[i] = exact || below(2) ? (int)below(7) - 3 : 99;
  }
  return p;
}

static inline uint32_t leaf(tri_graph *g, unsigned i, uint32_t with) {
  static const char *const names[] = {"x", "y", "z", "x2"};
  switch (i) {
  case 4: return tri__constant_si(g, -3, 2);
  case 5: return tri__constant_si(g, 2, 1);
  case 6: return with ? tri__constant_si(g, 1, 123) : tri__constant_si(g, 123, 1000);
  default: return tri_variable(g, names[i]).id;
  }
}

static inline uint32_t do_step(tri_graph *g, const struct program *p, unsigned i,
                               const uint32_t *v) {
  uint32_t args[3] = {v[p->arg[i][0]], v[p->arg[i][1]], v[p->arg[i][2]]};
  if (p->op[i] == TRI_OP_pow && p->exponent[i] != 99)
    args[1] = tri__constant_si(g, p->exponent[i], 1);
  return tri__build(g, p->op[i], tri__rows[p->op[i]].arity, args);
}

/* Runs the program in any order in which arguments come first: as it stands, or shuffled. An error
 * stays with its step. */
static inline uint32_t run_program(tri_graph *g, const struct program *p, bool shuffled) {
  uint32_t v[LEAVES + STEPS];
  bool done[LEAVES + STEPS] = {false};
  for (unsigned i = 0; i < LEAVES; i++) {
    unsigned k = shuffled ? LEAVES - 1 - i : i;
    v[k] = leaf(g, k, 0);
    done[k] = true;
  }
  for (unsigned left = STEPS; left > 0;) {
    unsigned i = shuffled ? below(STEPS) : STEPS - left;
    bool ready = !done[LEAVES + i];
    for (unsigned k = 0; k < tri__rows[p->op[i]].arity; k++) ready = ready && done[p->arg[i][k]];
    if (!ready) continue;
    v[LEAVES + i] = do_step(g, p, i, v);
    done[LEAVES + i] = true;
    left--;
  }
  return v[LEAVES + STEPS - 1];
}

#endif
