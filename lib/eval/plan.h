/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plans: what a graph's outputs take to compute, as a list of instructions, apart from the graph and from any number domain.
 *
 * Values are numbered: inputs, then constants, then the results of instructions in order; an instruction reads values with smaller
 * numbers. A value lives in a slot. The slot of a value that is no longer needed is used again by a value of the same shape, also by
 * the result of the instruction that reads it last, and also if it was an input's (inputs are copied into their slots): that is how an
 * input is donated. Runs that store every value use the values' own numbers in place of slots.
 * Instructions are carried out in the order of the list, so an order edge between two that share no value is a constraint on the
 * list, for tri__plan to keep. */
#ifndef TRIAD_EVAL_PLAN_H
#define TRIAD_EVAL_PLAN_H

#include <triad/eval.h>

#include "numbers/domain.h"

enum {
  STEP_EXTENDED = 1, /* needed by derivatives only: follows IEEE beyond the operation's domain */
  STEP_ACTIVE = 2    /* its results depend on an input, and derivatives pass through it */
};

enum { STEP_INLINE = 3 };

/* One instruction, 32 bytes. It has nargs arguments: arg[0 …] if they fit there, else arg[0] is where they start in the
 * plan's args. Its results are the values result, result + 1, … */
struct instruction {
  uint16_t op; /* tri_op: a row or a structured operation */
  uint8_t results;
  uint8_t flags;
  uint32_t nargs;
  uint32_t result;
  uint32_t arg[STEP_INLINE];
  uint32_t index; /* element's */
  uint32_t node;  /* the node it comes from, for messages */
};

/* A shape: `rank` sizes from dims[first] on, ~i for named size i. `count` is the number of elements unless a size is named. */
struct plan_shape {
  uint32_t rank;
  uint32_t first;
  size_t count;
  bool named;
};

/* shape 0 is the scalar. */
struct plan_value {
  uint32_t shape;
  uint32_t slot;
};

struct plan_constant {
  mpq_t q; /* unless it is pi */
  bool pi;
  uint32_t node;
};

/* Immutable once made. Outputs are values; one may stand several times, and may be an input or a constant. */
struct plan {
  struct memory memory;
  struct instruction *steps;
  uint32_t step_count;
  uint32_t *args;
  size_t arg_count;
  struct plan_value *values;
  uint8_t *active; /* by value: depends on an input */
  uint32_t value_count, input_count, constant_count;
  uint32_t *input_nodes;
  struct plan_constant *constants;
  uint32_t *outputs, *output_nodes;
  uint32_t output_count, primal_count;
  uint32_t *slot_shapes;
  uint32_t slot_count;
  struct plan_shape *shapes;
  uint32_t shape_count;
  size_t shape_capacity;
  int64_t *dims;
  size_t dim_count, dim_capacity;
  char **size_names; /* in order of first use */
  uint32_t size_count;
  size_t size_capacity;
  bool scalar; /* every value is a scalar */
  struct programs *programs;
};

/* Compiles; NULL with *error set on failure. Does not stick to the graph. */
struct plan *tri__plan(tri_graph *g, size_t n_inputs, const tri_expr *inputs, size_t n_outputs,
                       const tri_compile_options *options, tri_error *error);
void tri__plan_free(struct plan *plan);

/* Gives every value its slot (plan_slots.c). */
bool tri__plan_slots(struct plan *plan);

/* The plan's number for a shape of the graph (plan_shapes.c); UINT32_MAX with *error set on failure. known[] is by the graph's shape
 * id: number + 1, or 0. */
uint32_t tri__plan_shape(struct plan *plan, const tri_graph *g, uint32_t shape, uint32_t *known,
                         tri_error *error);

/* Sets an error (printf-like message); returns its status. */
tri_status tri__error(tri_error *error, tri_status status, uint32_t node, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static inline const uint32_t *step_args(const struct plan *p, const struct instruction *s) {
  return s->nargs <= STEP_INLINE ? s->arg : p->args + s->arg[0];
}

static inline uint32_t first_result(const struct plan *p) {
  return p->input_count + p->constant_count;
}

#endif
