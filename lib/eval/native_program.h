/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Programs of native code as the library makes them. */
#ifndef TRIAD_EVAL_NATIVE_PROGRAM_H
#define TRIAD_EVAL_NATIVE_PROGRAM_H

#include <string.h>

#include "eval/lanes.h"
#include "eval/native.h"
#include "eval/run.h"

/* What a run computes: outputs; these and the gradient of their sum, or of their sum with
 * weights. */
enum native_kind { NATIVE_VALUE, NATIVE_SUM_GRADIENT, NATIVE_GRADIENT, NATIVE_KINDS };

/* A program in the making, and how it is laid out. */
struct native_draft {
  struct native_program program;
  struct memory *memory;
  const struct plan *plan;
  size_t capacity;    /* of ops */
  uint32_t *known;    /* a hash table of operations by what they do; NATIVE_NONE is free */
  size_t known_size;  /* a power of 2, or 0 */
  uint32_t *first;    /* by value of the plan: the number of its first element */
  uint32_t *values;   /* by number: its operation */
  uint32_t *adjoints; /* likewise, or NATIVE_NONE */
  uint32_t *outputs;  /* operations, of all elements of all outputs */
  uint32_t number_count, input_count, output_count, output_room;
  bool failed;                        /* out of memory, or too many operations */
  const struct lane_kernels *kernels; /* of vectors; NULL: numbers one by one */
  uint8_t *angles; /* by value, for vectors: whether its sine and cosine are taken */
  /* native_groups.c: by operation */
  struct native_layout *layout;
};

/* What an operation with a constant or an address has of it, as bits. */
static inline uint64_t native_bits(const struct native_op *op) {
  uint64_t bits = 0;
  if (op->code == NATIVE_CONSTANT) memcpy(&bits, &op->constant, sizeof bits);
  if (op->code >= NATIVE_KERNEL && op->code <= NATIVE_PREDICATE) bits = (uintptr_t)op->address;
  return bits;
}

/* The operations of a plan without loops and named sizes: each element of a value by itself.
 * False when out of memory or with too many of them. */
bool tri__native_operations(struct native_draft *draft, enum native_kind kind);
/* What becomes of an output of a loop's body. */
struct native_end {
  uint8_t code; /* NATIVE_PUT … */
  struct native_port port;
};

/* The operations of a body that is written out: `inputs` by its plan's inputs, `ends` by its
 * outputs; by numbers, or for vectors with these kernels. False likewise. */
bool tri__native_body(struct native_draft *draft, const struct native_port *inputs,
                      const struct native_end *ends, const struct lane_kernels *kernels);
/* Whether a plan is one that these functions write out: of rows and of what moves parts whose
 * places are known. */
bool tri__native_writes_out(const struct plan *plan);
/* A step of a loop whose body draft->plan is, and back through it: inputs are the elements of the
 * body's, weights the adjoints of the constants as they are, of the results, and of the carries
 * after the step; the gradient is the adjoints of the inputs that are wanted. False likewise. */
bool tri__native_step_back(struct native_draft *draft, const struct plan_loop *loop);
/* Groups, regions and places. False when out of memory. */
bool tri__native_lay_out(struct native_draft *draft);
void tri__native_draft_free(struct native_draft *draft);

#endif
