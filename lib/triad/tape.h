/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives of C code with its own loops and branches: operations are carried out and recorded at once, and one sweep back over
 * the record gives the derivatives by all inputs.
 *
 *   tri_tape *t = tri_tape_new();
 *   tri_var x = tri_tape_input(t, 3), y = tri_tape_input(t, 4);
 *   tri_var f = tri_tape_add(t, tri_tape_mul(t, tri_tape_square(t, x), y), y);
 *   if (tri_tape_sweep(t, f) == TRI_OK) … f.value, tri_tape_adjoint(t, x), tri_tape_adjoint(t, y) …
 *
 * The values and partials are those of ops.def. What is recorded of an operation is its partial by each argument, times that
 * argument's factor: 12 bytes each. An operation on one variable only multiplies the factor of its argument and takes no memory:
 * operations with constants, and all others on a single variable, cost nothing in the sweep. (Vertices with one argument are eliminated
 * at once, the simplest preaccumulation; on that see A. Griewank, A. Walther, Evaluating Derivatives, SIAM 2008.)
 * A tape belongs to one thread at a time; different tapes share nothing. */
#ifndef TRIAD_TAPE_H
#define TRIAD_TAPE_H

#include <triad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A number on a tape, or a constant. Conditions and loops are plain C on `value`; the rest is the tape's: what stands at `place`
 * changes the value at the rate `factor`. A zeroed tri_var is the constant 0. */
typedef struct tri_var {
  double value;
  double factor;
  uint64_t place; /* < TRI_TAPE_SLOT: a constant */
} tri_var;

/* A tape. The members are for the recorders that are compiled into programs, below, and for nothing else. */
typedef struct tri_tape {
  uint64_t origin;  /* place of the first slot; other tapes have other origins */
  uint64_t used;    /* TRI_TAPE_SLOT times the slots in use */
  uint64_t room;    /* while used < room there is memory for an operation of two arguments */
  double *partials; /* by slot: of an operation by one argument */
  uint32_t *links;  /* by slot: its argument's; in an operation's last also how many more it has */
} tri_tape;

/* Places count by TRI_TAPE_SLOT from one slot to the next; TRI_TAPE_DERIVED is added for a function of the variable there. */
enum { TRI_TAPE_SLOT = 4, TRI_TAPE_DERIVED = 2, TRI_TAPE_INPUT = 3 };

/* Zeros are the defaults. */
typedef struct tri_tape_options {
  size_t size;                    /* of this struct, filled in by tri_tape_new; 0: all of it */
  const tri_allocator *allocator; /* NULL: malloc */
  uint64_t slots;   /* limit of tri_tape_size; the default, and most, is 1,073,741,823 */
  uint64_t reserve; /* slots to have memory for from the start */
} tri_tape_options;

/* Makes an empty tape: tri_tape_new() or tri_tape_new(.reserve = 1000000). options may be NULL. NULL when out of memory. */
TRI_API tri_tape *tri_tape_new_with(const tri_tape_options *options);
#define tri_tape_new(...)                                                                          \
  tri_tape_new_with(&(tri_tape_options){.size = sizeof(tri_tape_options), __VA_ARGS__})

/* Frees a tape. Nothing happens for NULL. */
TRI_API void tri_tape_free(tri_tape *tape);

/* The first failure since the tape was made, cleared or rewound. A failure leaves values as they are, so that the program's own loops
 * and branches go on; only derivatives are refused. TRI_MEMORY, TRI_LIMIT (slots), TRI_ARGUMENT (a number from another tape, or
 * from a part of this one that was rewound or cleared). */
TRI_API tri_status tri_tape_status(const tri_tape *tape);

/* That failure with a message. Valid until the tape is cleared, rewound or freed. */
TRI_API const tri_error *tri_tape_error(const tri_tape *tape);

/* Whether every operation so far had a value (TRI_OK), or the first that had none (TRI_DOMAIN, and *error, which may be NULL, says
 * "log at -1"). Its result and what is computed from it is NaN, and so are their derivatives. */
TRI_API tri_status tri_tape_undefined(const tri_tape *tape, tri_error *error);

/* Slots in use: one for each input, and for an operation on several variables one for each of them. */
TRI_API size_t tri_tape_size(const tri_tape *tape);

/* Bytes of memory that the tape holds: 12 for each slot there is room for, 8 for each adjoint. */
TRI_API size_t tri_tape_bytes(const tri_tape *tape);

/* Makes memory for so many more slots, not 0 if it is there. TRI_MEMORY, TRI_LIMIT (sticky). */
TRI_API int tri_tape_reserve(tri_tape *tape, size_t slots);

/* A point in a tape's history. */
typedef struct tri_tape_point {
  uint64_t used, undefined;
} tri_tape_point;

/* Marks the tape's present end. */
TRI_API tri_tape_point tri_tape_mark(const tri_tape *tape);

/* Drops what was recorded since the mark, for its memory to be used again, and the error. Numbers recorded since then must not be
 * used again. TRI_ARGUMENT (sticky) if the point is not in the tape's past. */
TRI_API void tri_tape_rewind(tri_tape *tape, tri_tape_point point);

/* Drops everything and keeps the memory for the next recording. */
TRI_API void tri_tape_clear(tri_tape *tape);

/* --- recording ------------------------------------------------------------------------------------------------------- */

/* Of recorders that are compiled into programs. Compilers that do not put them in pass numbers through memory, three times as slow. */
#if defined(__GNUC__)
#define TRI__RECORDER static inline __attribute__((always_inline))
#else
#define TRI__RECORDER static inline
#endif

/* A number without derivative. */
TRI__RECORDER tri_var tri_tape_constant(double value);

/* A variable that the sweep gives the derivative by. */
TRI__RECORDER tri_var tri_tape_input(tri_tape *tape, double value);

/* The operation of a row of ops.def, on as many arguments as it has. tri_tape_NAME does the same for one row: tri_tape_sin(tape, a),
 * tri_tape_pow(tape, a, b), … There, arguments that the row has no derivative by (NONE) are plain numbers: tri_tape_select(tape, a.value < 0,
 * b, c); here only their value is read. TRI_ARGUMENT if op is no row. */
TRI_API tri_var tri_tape_apply(tri_tape *tape, tri_op op, const tri_var *arguments);

/* An operation of the program's own: its value and its partials by n arguments, where it was computed. */
TRI_API tri_var tri_tape_record(tri_tape *tape, double value, size_t n, const tri_var *arguments,
                                const double *partials);

/* The same number in a slot of its own, so that tri_tape_adjoint can tell its adjoint. A constant becomes an input. */
TRI_API tri_var tri_tape_watch(tri_tape *tape, tri_var a);

/* --- derivatives --------------------------------------------------------------------------------------------------------- */

/* One adjoint sweep: the derivatives of output by everything before it. The tape stays as it is and may be swept again. TRI_MEMORY, the
 * tape's status if that is not TRI_OK, TRI_ARGUMENT if output is not on this tape. */
TRI_CHECKED TRI_API tri_status tri_tape_sweep(tri_tape *tape, tri_var output);

/* The same for the sum of weights[i] * outputs[i] (weights NULL: all are 1). */
TRI_CHECKED TRI_API tri_status tri_tape_sweep_weighted(tri_tape *tape, size_t n,
                                                       const tri_var *outputs,
                                                       const double *weights);

/* The derivative of what was swept last by a: an input, the result of an operation on several variables, what tri_tape_watch gave, or a
 * constant (0); 0 before a sweep. For a function of one variable, which has no slot of its own, and for a number that is not on this
 * tape: NaN and TRI_ARGUMENT (sticky). */
TRI_API double tri_tape_adjoint(tri_tape *tape, tri_var a);

/* Sweeps output and puts its derivatives by n variables into gradient. Errors as tri_tape_sweep and tri_tape_adjoint. */
TRI_CHECKED TRI_API tri_status tri_tape_gradient(tri_tape *tape, tri_var output, size_t n,
                                                 const tri_var *variables, double *gradient);

#ifdef __cplusplus
}
#endif

#include <triad/tape_record.h>

#endif
