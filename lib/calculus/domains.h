/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Index domains: which elements of the variables every element of every node depends on. */
#ifndef TRIAD_CALCULUS_DOMAINS_H
#define TRIAD_CALCULUS_DOMAINS_H

#include <triad/pattern.h>

#include "calculus/sets.h"
#include "graph/loop.h"
#include "graph/tensors.h"
#include "graph/walk.h"
#include "graph/windows.h"

/* Of one row: bit i: a derivative passes through argument i; second[i] bit j: it depends on
 * argument j. */
struct row_rule {
  bool known;
  uint8_t passes;
  uint8_t second[ROW_MAX_ARITY];
};

/* A graph's or a loop body's nodes at work, their elements one after the other by position in the
 * walk. */
struct frame {
  struct walk walk;
  size_t *place; /* by position: its first element; one more at the end */
  size_t elements;
  uint32_t *set;
  double *value;       /* where it is known for all points; else NaN */
  bool *live;          /* by position: derivatives come to it (NULL: nobody asks) */
  struct inner *inner; /* by its loops, in the order of their positions */
  size_t loops;
  bool *steady; /* by position, of a body: the same at every step */
  /* what an index that is not known picks of what is steady, where it was found before (by
   * element) */
  uint32_t *picked;
  bool *was_picked; /* by position */
};

/* A loop of a frame. */
struct inner {
  uint32_t position;
  struct loop loop;
  size_t n; /* steps */
  struct frame frame;
  size_t *result;  /* where result k begins among the tuple's elements; one more at the end */
  uint32_t *carry; /* room for the carries, and what is known of them */
  double *carry_value;
  size_t carries;
};

/* Two sets whose elements interact. */
struct interaction {
  uint32_t a, b;
};

struct domains {
  tri_graph *g;
  struct memory *memory;
  const tri_pattern_options *options;
  struct sets sets;
  struct row_rule rules[TRI_OP_ROWS];
  bool second; /* interactions are asked for */
  struct interaction *pair;
  size_t pairs, pair_capacity;
  uint32_t *table; /* of pairs, 1 + their number; 0 is free */
  size_t table_size;
  struct frame top;
  uint32_t work;   /* nodes, to look for interruption now and then */
  uint32_t failed; /* error id, or 0 */
};

/* Goes through what the outputs reach, with element i of the variables depending on itself. Returns
 * 0 or an error id, which sticks; to be freed with tri__domains_free either way. The outputs' sets
 * are then in top. */
uint32_t tri__domains(struct domains *d, tri_graph *g, size_t m, const uint32_t *outputs, size_t n,
                      const uint32_t *variables, const tri_pattern_options *options, bool second);
void tri__domains_free(struct domains *d);

/* --- frames.c */

/* The number that an extent stands for, into *count; 0 or an error id. */
uint32_t tri__domain_extent(struct domains *d, extent n, size_t *count);
/* How many elements a shape has, into *count; 0 or an error id. */
uint32_t tri__domain_count(struct domains *d, uint32_t shape, size_t *count);
/* Lays out the frame of what some nodes reach, and of the bodies of its loops. */
uint32_t tri__frame_open(struct domains *d, struct frame *f, size_t m, const uint32_t *outputs);
void tri__frame_free(struct domains *d, struct frame *f);
/* The loop at this position. */
struct inner *tri__frame_loop(const struct frame *f, uint32_t position);
/* The rule of a row; NULL when out of memory. */
const struct row_rule *tri__row_rule(struct domains *d, unsigned op);

static inline size_t frame_count(const struct frame *f, uint32_t position) {
  return f->place[position + 1] - f->place[position];
}

#endif
