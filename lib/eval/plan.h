/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plans: what a graph's outputs take to compute, as a list of instructions, apart from the graph
 * and from any number domain.
 *
 * Values are numbered: inputs, then constants, then the results of instructions in order; an
 * instruction reads values with smaller numbers. A value lives in a slot. The slot of a value that
 * is no longer needed is used again by a value of the same shape, also by the result of the
 * instruction that reads it last, and also if it was an input's (inputs are copied into their
 * slots): that is how an input is donated. Runs that store every value use the values' own numbers
 * in place of slots. Instructions are carried out in the order of the list, so an order edge
 * between two that share no value is a constraint on the list, for tri__plan to keep. */
#ifndef TRIAD_EVAL_PLAN_H
#define TRIAD_EVAL_PLAN_H

#include <stdatomic.h>
#include <triad/eval.h>

#include "graph/loop.h"
#include "numbers/domain.h"

enum {
  STEP_EXTENDED = 1, /* needed by derivatives only: follows IEEE beyond the operation's domain */
  STEP_ACTIVE = 2,   /* its results depend on an input, and derivatives pass through it */
  /* of a loop's body: a scatter that is only summed, or a sum with one in it. It is not run */
  STEP_SUMMED = 4
};

enum { STEP_INLINE = 3 };

struct lanes;
struct loop_lanes;
struct native_loop;
enum native_way { NATIVE_BY_STEPS, NATIVE_BY_LANES, NATIVE_BACK, NATIVE_WAYS };

/* One instruction, 32 bytes. `index` is an element's, the number of a loop or of a span, or that of
 * a named size. It has nargs arguments: arg[0 …] if they fit there, else arg[0] is where they start
 * in the plan's args. Its results are the values result, result + 1, … */
struct instruction {
  uint8_t op; /* tri_op: a row or a structured operation */
  uint8_t flags;
  uint16_t results;
  uint32_t nargs;
  uint32_t result;
  uint32_t arg[STEP_INLINE];
  uint32_t index;
  uint32_t node; /* the node it comes from, for messages */
};

/* A shape: `rank` sizes from dims[first] on, ~i for named size i. `count` is the number of elements
 * unless a size is named. */
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

/* What a step of a loop adds to a sum. */
struct plan_term {
  uint32_t value; /* of the body */
  uint32_t step;  /* that scatters it, whose parts are added; NO_STEP: the whole value is */
};

/* A loop of the plan (graph/loop.h). Its results are those that are asked for: kept[k] is which of
 * the node's result k is. The body has all of its inputs, and of its outputs those that these
 * results and the carries between them take. */
struct plan_loop {
  struct loop as; /* but its lambda and its name of a size, which are the graph's */
  uint32_t node;
  struct plan *body;
  uint32_t *sizes; /* by the body's named sizes: the plan's */
  uint32_t size;   /* the named size that counts the steps, or NO_SIZE */
  uint32_t *kept;  /* numbers of results, ascending */
  uint8_t *strict; /* of each: primals need it */
  /* Of a summed result that steps scatter: what is added, terms[first_term[k]] … terms[first_term[k
   * + 1] - 1]. */
  struct plan_term *terms;
  uint32_t *first_term;
  size_t term_count, term_capacity;
  uint32_t results;
  uint32_t *output; /* by the node's outputs: the body's output, or NO_OUTPUT */
  /* By step input: whether it is the numbers first, first + 1, …, which nobody else reads; they are
   * counted and not laid out, and their value has one element. */
  uint8_t *counted;
  int64_t *first;
  uint8_t *wanted; /* by the body's inputs: derivatives pass on to the argument */
  _Atomic(struct loop_lanes *)
      lanes;            /* of the body written out, made when it is first wanted; else NULL */
  atomic_bool no_lanes; /* it has none */
  _Atomic(struct lanes *) scan; /* of the body element by element; else NULL */
  /* Native code of it, made when it is first wanted; or that it has none. */
  _Atomic(struct native_loop *) native[NATIVE_WAYS];
  atomic_bool no_native[NATIVE_WAYS];
};

#define NO_SIZE UINT32_MAX
#define NO_OUTPUT UINT32_MAX
#define NO_STEP UINT32_MAX

/* Immutable once made. Outputs are values; one may stand several times, and may be an input or a
 * constant. */
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
  struct plan_loop *loops;
  uint32_t loop_count;
  int64_t *spans; /* where slices, embeddings and iotas begin */
  size_t span_count, span_capacity;
  /* by output, where there are loops: a result of one that nothing else reads; else NULL */
  uint8_t *lone;
  bool scalar;    /* every value is a scalar */
  bool rolled;    /* there are loops, or other operations on arrays than stack and element */
  bool contracts; /* there are steps that need numbers to work with: contractions and reductions */
  bool body;      /* of a loop: inputs keep their slots */
  bool used[TRI_OP_ROWS];    /* rows of the steps and of those of loops' bodies */
  struct programs *programs; /* of these */
};

/* Compiles; NULL with *error set on failure. Does not stick to the graph. */
struct plan *tri__plan(tri_graph *g, size_t n_inputs, const tri_expr *inputs, size_t n_outputs,
                       const tri_compile_options *options, tri_error *error);
void tri__plan_free(struct plan *plan);

/* The plan of a loop's body, over the graph's ids; the first `primals` outputs are needed by
 * primals. `summed`: which outputs are summed and not otherwise used. */
struct plan *tri__plan_body(tri_graph *g, struct memory *memory, size_t n_inputs,
                            const uint32_t *inputs, size_t n_outputs, const uint32_t *outputs,
                            const uint8_t *summed, size_t primals, bool reduce, tri_error *error);
/* Makes a plan's loop of a node, of whose results `kept` ascending ones are asked for
 * (plan_loops.c). */
bool tri__plan_loop(tri_graph *g, struct plan *plan, struct plan_loop *loop, bool reduce,
                    tri_error *error);
void tri__plan_loop_free(struct memory *memory, struct plan_loop *loop);
/* Splits loops with carries that `count` outputs need, none of them an error. False when out of
 * memory (plan_split.c). */
bool tri__plan_split(tri_graph *g, size_t count, uint32_t *outputs);
/* Fuses loops that `count` outputs need, none of them an error. False when out of memory
 * (plan_fuse.c). */
bool tri__plan_fuse(tri_graph *g, size_t count, uint32_t *outputs);
/* A part of one of a body's constants that an index chooses which is a step input: more inputs of
 * the flat plan, from `input` on. */
struct flat_part {
  uint32_t array, index; /* inputs of the body: of any shape, a scalar */
  uint32_t input;
  int64_t offset; /* what is added to the index */
};

#define NO_INPUT UINT32_MAX

/* A plan over scalars. Outputs are the elements of the other's. Of the elements of its inputs, and
 * of the parts behind them, it has those that are read: number i is its input place[i], or
 * NO_INPUT. */
struct flat_plan {
  struct plan *plan;
  uint32_t *place;
  size_t place_count;
  struct flat_part *parts;
  size_t part_count, part_capacity;
};

/* The plan written out: *flat, whose plan is NULL where that takes more than `limit` steps, or
 * cannot be known before a call (named sizes, indices that are computed). As the body of a loop
 * with its first `steps` inputs from step to step others, the `constants` behind them the same. It
 * uses the plan's programs, so the plan must outlive it; its rows are to be run by kernels. False
 * when out of memory (plan_flat.c). */
bool tri__plan_flat(const struct plan *plan, struct memory *memory, uint32_t limit, uint32_t steps,
                    uint32_t constants, struct flat_plan *flat);
/* The same for a search for kinks: nothing is written out with a kink that it has not. */
bool tri__plan_flat_search(const struct plan *plan, struct memory *memory, uint32_t limit,
                           struct flat_plan *flat);
/* Steps first … end - 1 of a plan, and values that they give or that were there before. */
struct flat_range {
  uint32_t first, end;
  const uint32_t *outputs;
  uint32_t output_count;
};
/* The same of these steps alone. Inputs are the elements of all values of the plan, in their
 * order. */
bool tri__plan_flat_range(const struct plan *plan, struct memory *memory, uint32_t limit,
                          uint32_t steps, uint32_t constants, const struct flat_range *range,
                          struct flat_plan *flat);
void tri__plan_flat_free(struct flat_plan *flat, struct memory *memory);
/* Frees the plan alone. */
void tri__plan_flat_only_parts(struct flat_plan *flat);
/* The number of the named size, which is added if it is new; UINT32_MAX when out of memory
 * (plan_shapes.c). */
uint32_t tri__plan_size(struct plan *plan, const char *name);

/* Gives every value its slot (plan_slots.c). */
bool tri__plan_slots(struct plan *plan);

/* The plan's number for a shape of the graph (plan_shapes.c); UINT32_MAX with *error set on
 * failure. known[] is by the graph's shape id: number + 1, or 0. */
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

/* Elements of a value whose sizes are known. */
static inline size_t count_of_value(const struct plan *p, uint32_t v) {
  return p->shapes[p->values[v].shape].count;
}

#endif
