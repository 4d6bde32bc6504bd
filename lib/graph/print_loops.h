/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops as texts have them: sum(e, i=1..n). */
#ifndef TRIAD_GRAPH_PRINT_LOOPS_H
#define TRIAD_GRAPH_PRINT_LOOPS_H

#include "graph/loop.h"
#include "graph/print.h"

/* What a text makes of a result of a loop. The nodes of these are of the op loop and the sort real, which no others are; the arguments
 * are the body, the index, and for each carry its name, its initial value and, if it is general, the next one. */
enum form_of_loop { FORM_SUM, FORM_PROD, FORM_MAP, FORM_SCAN, FORM_FOLD, FORM_GENERAL };

struct loop_form {
  uint32_t form;
  uint32_t level; /* loops around it */
  uint32_t backward;
  uint32_t result; /* FORM_GENERAL: enum loop_result */
  int64_t first;   /* the index at first */
  extent n;
};

/* Variables that stand for what a loop binds. */
#define THE_INDEX UINT32_MAX
struct bound_name {
  uint32_t variable, level;
  uint32_t carry; /* its number, or THE_INDEX */
};

struct bound_names {
  struct bound_name *at;
  size_t count, capacity;
};

/* The expression with such nodes instead of loops, repetitions and iotas, made behind the graph's end; id itself if there are none. The
 * names are fresh ones. An error id on failure, which sticks. names->at is to be freed. */
uint32_t tri__print_unrolled(tri_graph *g, uint32_t id, struct bound_names *names);

static inline bool is_loop_form(const struct node *n) {
  return n->op == TRI_OP_loop && n->sort == TRI_REAL;
}
struct loop_form tri__print_loop_form(const struct printer *p, uint32_t id);
/* The array whose elements a sum or product is of, if it is of all of a vector; else 0. */
uint32_t tri__print_whole(const struct printer *p, uint32_t id, const struct loop_form *form);
/* Pushes a size and what is added to it. */
void tri__print_extent(struct printer *p, extent n, int64_t more);
/* Pushes i=1, "..", n with these between them. */
void tri__print_range(struct printer *p, uint32_t id, const struct loop_form *form,
                      const char *between);

#endif
