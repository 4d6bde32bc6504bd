/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files share that take a plan into an array program. */
#ifndef TRIAD_EVAL_ARRAY_SCOPE_H
#define TRIAD_EVAL_ARRAY_SCOPE_H

#include "eval/array_program.h"

/* A plan that is being taken in: the program's, or a body's within `depth` loops. Value v is a view
 * whose first depths[v] dimensions are those of the outermost loops. */
struct scope {
  struct array_maker *m;
  const struct plan *plan;
  tri_workspace *workspace; /* of this plan */
  uint32_t depth;
  size_t steps[PROGRAM_NESTED]; /* of the loops */
  struct view *views;
  uint32_t *depths;
};

/* --- arrays_nodes.c: all bools are false on failure */

/* How many elements there are. Loops in one another have more at once than any array: not too many
 * to count them and their bytes. */
bool tri__array_counted(struct array_maker *m, uint32_t rank, const size_t *size, size_t *count);
/* A node [count] of these numbers. */
bool tri__constant_node(struct array_maker *m, size_t count, const double *values);
/* The node that was made last. */
static inline struct view last_node(const struct scope *s) {
  return tri__whole_view(s->m->program, s->m->program->node_count - 1);
}

/* Views and depths, by value; they are freed by tri__scope_close, also after a failure. */
bool tri__scope_open(struct scope *s);
void tri__scope_close(struct scope *s);
/* The dimensions of a value within `depth` loops; returns how many. */
uint32_t tri__scope_dims(const struct scope *s, uint32_t v, uint32_t depth, size_t *size);
/* A value as it is within `depth` loops: the same at every step of those that it does not depend
 * on. */
struct view tri__scope_view(const struct scope *s, uint32_t v, uint32_t depth);
void tri__scope_give(struct scope *s, uint32_t v, uint32_t depth, struct view view);
/* The numbers first … first + n - 1. */
bool tri__scope_counted(struct scope *s, int64_t first, size_t n, struct view *v);

/* --- arrays_lower.c: the constants and steps of a plan whose inputs are there; arrays_loops.c: a
 * step that is a loop, whose body is taken in with it. Loops in one another are few: the one may
 * call the other. */
bool tri__lower_body(struct scope *body);
bool tri__lower_loop(struct scope *s, const struct instruction *step);

#endif
