/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows' programs taken out of a graph, so that they outlive it and are shared by threads. */
#include <stddef.h>
#include <string.h>

#include "numbers/domain.h"

static size_t program_size(const struct template *t) {
  return offsetof(struct template, step) + t->steps * sizeof t->step[0];
}

/* A copy of the row's template of a kind. The operations in it, which nested derivatives differentiate, are marked. */
static const struct template *copy(tri_graph *g, struct memory *memory, tri_op op, int kind,
                                   bool *needed) {
  const struct template *t = tri__template(g, op, kind);
  if (!t) return NULL;
  struct template *own = tri__resize(memory, NULL, 0, program_size(t));
  if (!own) return NULL;
  memcpy(own, t, program_size(t));
  for (unsigned i = 0; i < t->steps; i++)
    if (t->step[i].op < TRI_OP_ROWS) needed[t->step[i].op] = true;
  return own;
}

/* Whether the row's value is no more than the row itself: nothing to run. */
static bool is_leaf(const struct template *t, tri_op op) {
  return t->steps == 1 && t->step[0].op == op;
}

/* The programs of one row's value; false when out of memory. */
static bool copy_value(tri_graph *g, struct memory *memory, struct programs *p, tri_op op,
                       bool *needed) {
  const struct template *t = tri__template(g, op, TEMPLATE_VALUE);
  if (!t) return false;
  if (!is_leaf(t, op)) p->value[op] = copy(g, memory, op, TEMPLATE_VALUE, needed);
  if (p->rows[op].domain) p->defined[op] = copy(g, memory, op, TEMPLATE_DOMAIN, needed);
  return (p->value[op] || is_leaf(t, op)) && (p->defined[op] || !p->rows[op].domain);
}

/* The programs of one row; false when out of memory. */
static bool copy_row(tri_graph *g, struct memory *memory, struct programs *p, tri_op op,
                     bool *needed) {
  const struct row *row = p->rows + op;
  for (int i = 0; i < row->arity; i++) {
    if (!row->partial[i]) continue;
    p->partial[op][i] = copy(g, memory, op, TEMPLATE_PARTIAL + i, needed);
    if (!p->partial[op][i]) return false;
  }
  if (!copy_value(g, memory, p, op, needed)) return false;
  if (row->kink) p->kink[op] = copy(g, memory, op, TEMPLATE_KINK, needed);
  return !row->kink || p->kink[op];
}

struct programs *tri__programs_new(tri_graph *g, struct memory *memory,
                                   const bool needed[TRI_OP_ROWS]) {
  bool wanted[TRI_OP_ROWS], done[TRI_OP_ROWS] = {false}, more = true;
  struct programs *p = tri__new(memory, 1, sizeof *p);
  if (!p) return NULL;
  p->rows = g->rows;
  memcpy(wanted, needed, sizeof wanted);
  wanted[TRI_OP_add] = wanted[TRI_OP_gate] = true; /* what runs use by themselves */
  wanted[TRI_OP_sub] = wanted[TRI_OP_mul] = wanted[TRI_OP_div] = true;
  while (more) {
    more = false;
    for (int op = 0; op < TRI_OP_ROWS; op++) {
      if (!wanted[op] || done[op]) continue;
      done[op] = more = true;
      if (!copy_row(g, memory, p, (tri_op)op, wanted)) {
        tri__programs_free(p, memory);
        return NULL;
      }
    }
  }
  return p;
}

static void free_program(const struct template *t, struct memory *memory) {
  if (t) tri__resize(memory, (void *)(uintptr_t)t, program_size(t), 0);
}

void tri__programs_free(struct programs *p, struct memory *memory) {
  if (!p) return;
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    for (int i = 0; i < ROW_MAX_ARITY; i++) free_program(p->partial[op][i], memory);
    free_program(p->kink[op], memory);
    free_program(p->value[op], memory);
    free_program(p->defined[op], memory);
  }
  tri__free(memory, p, 1, sizeof *p);
}
