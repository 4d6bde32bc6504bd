/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a loop by vectors of machine code is made of (native_layers.c) and runs on (native_lanes.c).
 *
 * LANE_BLOCK steps of the loop, its points, go through the body at once, LANE_FEW to a vector. The
 * body is cut in pieces: straight code, and loops in it that are too large to be written out, whose
 * bodies are code that is run for each of their steps and each vector. What one piece leaves for
 * another is in a frame, one for each vector: a vector for each number. */
#ifndef TRIAD_EVAL_NATIVE_LANES_H
#define TRIAD_EVAL_NATIVE_LANES_H

#include "eval/native_loops.h"

/* Where numbers are: in the loop's argument `index`, the same for all points; constants; the frame;
 * sums over points, as the frame; or of an inner loop: the number of the step, carries before and
 * after it, a part of an array that an index chooses. */
enum lanes_space {
  NOWHERE,
  IN_ARGUMENT,
  IN_TABLE,
  IN_FRAME,
  IN_SUMS,
  IN_COUNTED,
  IN_CARRY,
  IN_NEXT,
  IN_CHOSEN
};

struct lanes_home {
  uint8_t space;
  uint32_t index;
};

/* An array of a piece's code: numbers on from its home for each step of an inner loop. */
struct lanes_array {
  struct lanes_home home;
  size_t stride;
};

struct lanes_carry {
  uint32_t place[2]; /* in the frame: in turn, from the first on */
  uint32_t count;
  struct lanes_home initial;
};

/* A part of an array. In straight code it goes to the frame, from an argument of the loop by a
 * step input; in a loop it is where it is. */
struct lanes_part {
  uint32_t array, index; /* inputs of the body in question */
  int64_t offset;
  size_t each, parts;
  uint32_t place;
};

/* A result of an inner loop that is cleared, or the carries as they come into the steps. */
struct lanes_result {
  uint32_t place, count, carry; /* carry: NATIVE_NONE for a sum */
};

struct lanes_piece {
  struct native_compiled *code;
  struct lanes_array *arrays;
  uint32_t array_count;
  size_t array_room;
  const struct plan_loop *loop; /* NULL: straight code */
  struct lanes_home *homes;     /* of the inputs of its body */
  struct lanes_carry *carries;
  struct lanes_part *parts;
  uint32_t part_count;
  struct lanes_result *results;
  uint32_t result_count;
};

struct native_lanes {
  const struct plan_loop *loop;
  const struct lane_kernels *kernels;
  struct lanes_piece *pieces;
  uint32_t piece_count;
  double *table;
  size_t table_count, table_room;
  size_t frame_count, sum_count, work_count; /* vectors */
  size_t array_most, widest;                 /* arrays of a piece, numbers of a part */
  uint32_t *input_place;  /* by step input: in the frame, or NATIVE_NONE where no code reads it */
  uint32_t *result_place; /* by result of the loop: in the frame, or in the sums */
};

static inline bool lanes_varies(const struct lanes_home *h) {
  return h->space != IN_ARGUMENT && h->space != IN_TABLE && h->space != IN_COUNTED;
}

#endif
