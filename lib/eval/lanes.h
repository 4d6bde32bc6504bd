/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Lanes: a plan carried out for a block of points per instruction.
 *
 * Kernels come from the rows of ops.def, compiled with vectors in place of numbers
 * (lane_kernels.h), once for each instruction set and type of number; a table of them is chosen by
 * what the processor has. A lanes program is a plan made ready for such a table: instructions over
 * slots of LANE_BLOCK numbers, the constants written out, sin and cos of one argument in one
 * instruction. */
#ifndef TRIAD_EVAL_LANES_H
#define TRIAD_EVAL_LANES_H

#include "eval/run.h"

/* Points per instruction: few enough that the slots of a small function stay in the first cache,
 * enough to forget about calls. Elements of long arrays go by LANE_MANY, which leaves nothing of
 * what a call costs. */
enum {
  LANE_BLOCK = 64,
  LANE_FEW = 8,
  LANE_MANY = 512,
  LANE_ALIGNMENT = 64,
  LINE = 64
}; /* LINE: bytes of a cache line */

/* One instruction on whole slots, each of LANE_BLOCK numbers; the result may be an argument.
 * sincos: c is the second result. */
typedef void lane_kernel(void *result, void *a, void *b, void *c);

/* Two operations in one instruction, rounded one after the other: x is what the inner one gives. */
enum lane_inner { INNER_ADD, INNER_SUB, INNER_MUL, LANE_INNER };
enum lane_outer {
  OUTER_ADD,
  OUTER_SUB,
  OUTER_FROM,
  OUTER_MUL,
  LANE_OUTER
}; /* x+c, x-c, c-x, x*c */

/* What one instruction set has for one type of number. */
struct lane_kernels {
  const char *name;
  lane_kernel *strict[TRI_OP_ROWS], *extended[TRI_OP_ROWS];
  lane_kernel *many_strict[TRI_OP_ROWS], *many_extended[TRI_OP_ROWS]; /* LANE_MANY numbers */
  lane_kernel *few_strict[TRI_OP_ROWS], *few_extended[TRI_OP_ROWS]; /* doubles: LANE_FEW numbers */
  lane_kernel *sincos, *few_sincos;
  /* doubles: LANE_FEW numbers for each of `each` elements, and as many rows of these elements: the
   * one into the other, which says whether any number is NaN, and back. Rows begin `stride`
   * apart. */
  bool (*few_put)(double *rows, size_t stride, const double *from, size_t each);
  void (*few_take)(double *to, const double *const *rows, size_t each);
  lane_kernel *hypot_of_root;                /* hypot(a, b), where c is sqrt(a*a + b*b) */
  lane_kernel *unit_of_hypot;                /* unit(a, b), where c is hypot(a, b) */
  lane_kernel *pair[LANE_INNER][LANE_OUTER]; /* (a inner b) outer c */
  double (*sum)(const void *slot,
                int count); /* of the first numbers, in an order that is the same in every table */
  bool (*lacks)(const void *slot); /* whether any number of the slot is NaN */
  /* A slot to where the caller wants it, past the caches where a whole line is written, and the
   * same answer. settle: all that was written so can be seen. */
  bool (*stream)(void *restrict to, const void *restrict slot);
  void (*settle)(void);
  void (*past)(double *to, const double *from, size_t count); /* copies numbers so */
  /* Bytes as numbers of this type, each * scale + offset. */
  void (*of_bytes)(void *to, const void *bytes, size_t count, double scale, double offset);
};

/* Bytes of results from which on they would drive everything else from the second cache before
 * anyone reads them. Then they are written past the caches, which spares reading the lines that
 * they fill. */
enum { STREAM_BYTES = 4 << 20 };

enum { LANE_TYPES = 2 }; /* double, float */

/* The table for a domain, TRI_DOUBLE or TRI_FLOAT; the best that this processor has, or the i-th
 * best; NULL beyond the last. */
const struct lane_kernels *tri__lane_kernels(tri_domain domain, int i);

/* An instruction: slots by their numbers. Without a kernel it is the row's own, point by point. */
struct lane_step {
  lane_kernel *kernel;
  uint32_t result, a, b, c;
  uint16_t op;
  uint8_t flags; /* as of struct instruction */
  uint8_t reads; /* how many of a, b, c; the others are as a, but a second result */
};

/* A program. Slots: inputs, constants, outputs that are computed and stand once, temporaries.
 * Immutable. */
struct lanes {
  struct memory memory;
  const struct lane_kernels *kernels;
  const struct row *rows;
  tri_domain domain;
  size_t size; /* of a number */
  struct lane_step *steps;
  uint32_t step_count;
  uint32_t input_count, constant_count, output_count, slot_count; /* elements; slots in all */
  uint32_t *output_slots;
  uint8_t *output_owns; /* the output is the only one in its slot, and computed */
  void *block;          /* of the constants */
  size_t block_size;
  char *constants; /* LANE_BLOCK numbers for each */
};

/* Makes the program of a function in double or float without named sizes; kernels NULL: the best.
 * NULL when out of memory. */
struct lanes *tri__lanes_new(const tri_function *function, const struct lane_kernels *kernels);
void tri__lanes_free(struct lanes *lanes);

/* Whether a function has one. */
bool tri__has_lanes(const tri_function *function);

/* The function's own, made when first asked for; NULL when out of memory. */
const struct lanes *tri__lanes(const tri_function *function);

/* One map under way: where its numbers are, shared by its threads. */
struct map {
  const tri_function *function;
  const struct lanes *lanes; /* NULL: point by point through the interpreter */
  const tri_call *call;
  size_t points, n, m;
  bool streams; /* outputs go past the caches */
  const tri_map_input *inputs;
  const tri_map_output *outputs;
};

/* What one thread has for its blocks, and found. */
struct map_worker {
  void **slots;  /* where each slot is, for the block under way */
  char *buffers; /* of all slots but the constants */
  void *block;   /* both, as they were allocated */
  size_t block_size;
  tri_workspace *workspace;
  double *numbers;       /* of one point */
  size_t without, first; /* points where an output has no value, and the first of them */
};

/* Where the numbers of constant i are. */
static inline char *lanes_constant(const struct lanes *l, size_t i) {
  return l->constants + i * LANE_BLOCK * l->size;
}

/* Room for a thread's share of a map by lanes; false when out of memory. */
bool tri__lanes_worker(const struct map *map, struct map_worker *worker);
/* A step without a kernel; any step. */
void tri__lanes_row(const struct lanes *lanes, void *const *slots, const struct lane_step *step);
static inline void tri__lanes_step(const struct lanes *l, void *const *slots,
                                   const struct lane_step *s) {
  if (s->kernel)
    s->kernel(slots[s->result], slots[s->a], slots[s->b], slots[s->c]);
  else
    tri__lanes_row(l, slots, s);
}
/* The program over a block whose slots are in place. */
void tri__lanes_steps(const struct lanes *lanes, void *const *slots);
/* The points from `first` on, 1 … LANE_BLOCK of them. */
void tri__lanes_block(const struct map *map, struct map_worker *worker, size_t first, size_t count);
/* Chooses how outputs are written, and tells how many points the first block should have so that
 * those of the others begin with a line; 0: as many as all. */
size_t tri__lanes_lead(struct map *map);

#endif
