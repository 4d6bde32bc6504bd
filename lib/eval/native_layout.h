/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is known of a program while it is laid out: its groups (native_groups.c), and where they and
 * single operations are put (native_regions.c). */
#ifndef TRIAD_EVAL_NATIVE_LAYOUT_H
#define TRIAD_EVAL_NATIVE_LAYOUT_H

#include "eval/native_program.h"

enum { NATIVE_LOOP_SIZES = 8 };

/* Where an operand comes from: a group (by its number), a single operation, or what no operation
 * computes. */
enum {
  SINGLE = 1 << 28,
  CLASS_FIRST = 1 << 30,
  CLASS_INPUT = CLASS_FIRST,
  CLASS_WEIGHT,
  CLASS_CONSTANT,
  CLASS_GRADIENT
};

/* A group or a single operation, in an order in which each comes after what it reads. */
struct unit {
  uint32_t op;    /* first of it */
  uint32_t group; /* NATIVE_NONE: it is single */
};

/* Groups that run together; sizes: how many instances they have. */
struct native_loop {
  uint32_t stage, count, size_count;
  uint32_t sizes[NATIVE_LOOP_SIZES];
};

/* Arrays are by operation but where it is said. */
struct native_layout {
  uint32_t *level, *order;
  uint32_t *group, *position; /* NATIVE_NONE: it is single */
  uint32_t *before, *after;   /* along a chain; NATIVE_NONE: it has none */
  uint32_t *head, *rank;      /* of its chain, along its chain */
  uint32_t *stage, *region;   /* of single ones */
  struct record *records;     /* room for those of one depth */
  struct unit *units;
  uint32_t unit_count;
  uint32_t *loop; /* by group */
  struct native_loop *loops;
  uint32_t loop_count, stage_count;
  size_t group_capacity, loop_capacity, table_capacity, region_capacity, kept_groups;
};

static inline bool native_is_leaf(const struct native_op *op) {
  return op->code <= NATIVE_CONSTANT;
}

/* Finds the groups. False when out of memory. */
bool tri__native_groups(struct native_draft *draft);

#endif
