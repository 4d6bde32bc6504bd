/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plans: what a graph's outputs take to compute, as a list of instructions, apart from the graph and from any number domain.
 *
 * Values are numbered: inputs, then constants, then the results of instructions in order; an instruction reads values with smaller
 * numbers. A value lives in a slot; slots of values that are no longer needed are used again by values of the same shape,
 * the inputs' too (inputs are copied into their slots, so they may be overwritten). Runs that store every value use the
 * values' own numbers in place of the slots. */
#ifndef TRIAD_EVAL_PLAN_H
#define TRIAD_EVAL_PLAN_H

#include <triad/eval.h>

#include "numbers/domain.h"

enum {
  STEP_EXTENDED = 1, /* needed by derivatives only: follows IEEE beyond the operation's domain */
  STEP_SCALAR = 2,   /* result and arguments are scalars */
  STEP_LAST = 4      /* << i: the last use of argument i, which is not an output */
};

enum { STEP_INLINE = 3 };

/* 32 bytes. */
struct instruction {
  uint16_t op;     /* tri_op: a row or a structured operation */
  uint8_t results; /* values it makes: result, result + 1, … */
  uint8_t flags;   /* STEP_… */
  uint32_t nargs;
  uint32_t result; /* number of its first value */
  uint32_t arg
      [STEP_INLINE]; /* values; if nargs > STEP_INLINE, arg[0] is where they start in the plan's args */
  uint32_t index; /* element's index */
  uint32_t node;  /* the node it comes from, for messages */
};

/* A shape of values. */
struct plan_shape {
  uint32_t rank;
  uint32_t first; /* into dims: size, or ~i for named size i */
  size_t count;   /* elements; 0 if a named size is among them, found when the function is called */
};

struct plan_value {
  uint32_t shape; /* index of shapes; 0 is the scalar */
  uint32_t slot;
};

struct plan_slot {
  uint32_t shape;
};

/* One constant: a rational, or pi. */
struct plan_constant {
  bool pi;
  mpq_t q;
  uint32_t node;
};

struct plan {
  struct memory memory;
  struct instruction *steps;
  uint32_t step_count;
  uint32_t *args; /* arguments of instructions with more than STEP_INLINE */
  uint32_t arg_count;
  struct plan_value *values; /* inputs, constants, results */
  uint32_t value_count, input_count, constant_count;
  uint32_t *input_nodes;
  struct plan_constant *constants;
  uint32_t *outputs; /* values; one may stand several times, and be an input or constant */
  uint32_t output_count, primal_count;
  uint32_t *output_nodes;
  struct plan_slot *slots;
  uint32_t slot_count;
  struct plan_shape *shapes;
  uint32_t shape_count;
  int64_t *dims;
  uint32_t dim_count;
  char **size_names; /* named sizes in order of first use */
  uint32_t size_count;
  bool scalar; /* every value is a scalar */
  struct programs
      *programs; /* rows, and the partials of the operations in steps and in those partials, … */
  struct template **templates; /* owned by it */
  uint32_t template_count;
};

/* Compiles; NULL with *error set on failure. */
struct plan *tri__plan(size_t n_inputs, const tri_expr *inputs, size_t n_outputs,
                       const tri_compile_options *options, tri_error *error);
void tri__plan_free(struct plan *plan);

static inline const uint32_t *step_args(const struct plan *p, const struct instruction *s) {
  return s->nargs <= STEP_INLINE ? s->arg : p->args + s->arg[0];
}

#endif
