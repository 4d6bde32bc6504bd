/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Emitted C: a plan as functions of C, the rows and primitives that it uses, and the header that goes with it. */
#ifndef TRIAD_EVAL_EMIT_H
#define TRIAD_EVAL_EMIT_H

#include "base/text.h"
#include "eval/plan.h"

/* Sections of the kernels' sources, at most. */
enum { EMIT_SECTIONS = 64 };

/* The rows and primitives that the functions of one file use. */
struct emit_used {
  const struct row *rows;
  bool value[TRI_OP_ROWS];   /* by a function of its own, value_NAME */
  bool checked[TRI_OP_ROWS]; /* the same where the row has a value only, checked_NAME */
  bool primitive[EMIT_SECTIONS];
};

/* An array that emitted functions write: a run of the plan's outputs. */
struct emit_array {
  const char *name;
  uint32_t first, count; /* outputs of the plan */
  size_t elements;
};

enum { EMIT_VALUE, EMIT_GRADIENT, EMIT_JACOBIAN, EMIT_HESSIAN, EMIT_ARRAYS };

/* One emitted function in the making. */
struct emitter {
  const struct plan *plan;
  struct memory *memory;
  struct emit_used *used;
  const char *name; /* in C */
  bool float32;
  uint32_t cut;
  const struct emit_array *arrays; /* in the order of the outputs */
  uint32_t array_count;
  tri_text *text; /* where the functions go */
  tri_text body;  /* of the function at hand */
  tri_text scratch;
  bool reads_inputs, uses_work, writes[EMIT_ARRAYS]; /* of the function at hand */
  size_t *input_place; /* by input: its first element in the array of inputs */
  size_t *work_place;  /* by slot: its first element in the workspace, or NO_PLACE */
  bool *crosses;       /* by value: a scalar that is read beyond the part where it is made */
  uint32_t *made_by;   /* by value: the step, for results */
  uint32_t *first_output, *next_output; /* by value, by output: the outputs that it is; NO_OUTPUT */
  size_t *output_place;                 /* by output: its first element in its array */
  uint32_t part;                        /* the part at hand */
  uint32_t parts;                       /* 1: the function is not cut */
  size_t work;                          /* elements of the workspace */
};

#define NO_PLACE SIZE_MAX
#define NO_OUTPUT UINT32_MAX

/* --- emit_rows.c */

/* Appends the step's value as an expression, and notes what it uses. `operand` appends argument i, as an atom. */
void tri__emit_row(struct emitter *e, const struct instruction *s);
/* Appends the functions that were noted, primitives first. */
void tri__emit_used(tri_text *text, struct emit_used *used);

/* --- emit_body.c */

/* Appends the function with its parts; e->work tells how large its workspace is. TRI_MEMORY. */
TRI_CHECKED tri_status tri__emit_function(struct emitter *e);
/* Appends the function's prototype without a semicolon, TYPE written as float or double; `part` 0 for the function itself. */
void tri__emit_prototype(const struct emitter *e, tri_text *text, uint32_t part);
/* Appends argument i of a step, or its element i where it is no scalar. */
void tri__emit_operand(struct emitter *e, uint32_t v);

static inline const char *emit_type(const struct emitter *e) {
  return e->float32 ? "float" : "double";
}

/* --- emit_names.c */

/* Appends the name as C can have it: ASCII, and no word of C, C++ or their libraries. */
void tri__emit_name(tri_text *text, const char *name);
/* Appends what stands in a comment: nothing in it ends or begins a comment. Lines begin with `margin`. */
void tri__emit_comment(tri_text *text, const char *comment, size_t size, const char *margin);

#endif
