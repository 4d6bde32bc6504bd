/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Native code: plans over doubles, element by element, as machine code, for one point a call.
 *
 * The library turns a plan into a program of numbered operations on doubles, the reverse sweep
 * included (native_program.c), finds operations that are the same but for where they read and
 * write, and makes loops of these (native_groups.c). A module of its own, opened when first
 * needed, makes machine code of the program by LLVM (native_emit.c, native_llvm.c): it sees this
 * header alone and links nothing of the library. Programs of loops' bodies (native_loops.h) find
 * their numbers through ports, and may be of vectors. */
#ifndef TRIAD_EVAL_NATIVE_H
#define TRIAD_EVAL_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NATIVE_NONE UINT32_MAX

/* What an operation does. Comparisons and logic give 0.0 or 1.0 as C does, and take any number
 * but 0 for true. */
enum native_code {
  NATIVE_INPUT, /* number `index` of the inputs, of the weights */
  NATIVE_WEIGHT,
  NATIVE_CONSTANT,
  NATIVE_ADD,
  NATIVE_SUB,
  NATIVE_MUL,
  NATIVE_DIV,
  NATIVE_NEG,
  NATIVE_SQRT,
  NATIVE_FLOOR,
  NATIVE_CEIL,
  NATIVE_LT,
  NATIVE_LE,
  NATIVE_GT,
  NATIVE_GE,
  NATIVE_EQ,
  NATIVE_NE,
  NATIVE_UNORDERED, /* one of two is NaN */
  NATIVE_AND,
  NATIVE_OR,
  NATIVE_NOT,
  NATIVE_SELECT,
  NATIVE_KERNEL,    /* double address(double, double, double) */
  NATIVE_PARTIAL,   /* double address(double, double, double, double) */
  NATIVE_VECTOR,    /* void address(double *result, double *a, double *b, double *c), for a vector;
                     * where index is 1, c is a second result */
  NATIVE_PREDICATE, /* bool address(double, double, double) */
  NATIVE_SECOND,    /* the second result of operation arg[1], whose only argument is arg[0] */
  NATIVE_STORE,     /* 0.0 + a into number `index` of the gradient; the run fails if it is NaN */
  NATIVE_PUT,       /* a into port `index` */
  NATIVE_SUM,       /* a added to what is in port `index` */
  NATIVE_SUM_SOME   /* the same where the weight of the vector's lane is not 0 */
};

enum { NATIVE_ARGS = 4, NATIVE_LOOP_GROUPS = 96, NATIVE_WIDTH = 8 };

/* One operation; its result has its number. Arguments come before it. */
struct native_op {
  uint8_t code;
  uint8_t nargs;
  uint8_t chosen; /* a derivative that may be 0 because a branch was not taken */
  uint8_t used;   /* something depends on it */
  uint32_t index;
  uint32_t arg[NATIVE_ARGS];
  union {
    double constant;
    void (*address)(void);
  };
};

enum native_space { NATIVE_IN, NATIVE_WEIGHTS, NATIVE_WORK, NATIVE_TABLE };

/* Where an operand of a group is found: the same instance's result of group `from` of the same
 * loop, one constant, or for instance i number first + stride * i of a space. */
enum native_operand_kind { NATIVE_LANE, NATIVE_FIXED, NATIVE_MEMORY };
struct native_operand {
  uint8_t kind, space;
  uint32_t from;
  int64_t first, stride;
  double constant;
};

/* The same operation n times. In a chain operand `chain` is the result of the instance before;
 * it starts from what operand[chain] says for instance 0. Results go to work[place …] if they
 * are stored, the last of a chain alone if `ends`, those of NATIVE_STORE to gradient[place +
 * stride * i]. */
struct native_group {
  uint8_t code, nargs;
  bool is_chain, stored, ends;
  uint8_t chain;
  uint32_t n, stage;
  struct native_operand operand[NATIVE_ARGS];
  void (*address)(void);
  int64_t place, stride;
};

/* A part of the code, a function by itself: operations order[first …], or a loop over groups
 * loops[first …] of n instances each. */
struct native_region {
  bool loop;
  uint32_t first, count;
};

/* Where a number of a loop's body is: number `element` of an array of the call; the same in all
 * lanes, or a vector for each element. */
struct native_port {
  uint32_t array, element;
  bool varies;
};

/* With ports, the call's first argument is an array of pointers to arrays, and inputs are ports;
 * all is straight code, over vectors of `width` lanes. */
struct native_program {
  struct native_port *ports;
  uint32_t port_count, array_count;
  unsigned width;
  struct native_op *ops;
  uint32_t op_count;
  uint32_t *place; /* by operation: its number in the work array, or NATIVE_NONE */
  struct native_region *regions;
  uint32_t region_count;
  uint32_t *order, *loops;
  struct native_group *groups;
  uint32_t group_count;
  double *table; /* constants that differ from instance to instance */
  uint32_t table_count;
  uint32_t work_count;
};

/* Runs a program: not 0 if a number of the gradient is NaN. Arrays may not overlap. */
typedef int32_t native_run(const double *in, const double *weights, double *work, double *gradient);

struct native_machine; /* machine code of one program */

/* What the module has, as the function triad_native_module of it returns. */
struct native_module {
  const char *version; /* triad's, which must be the library's */
  /* NULL on failure, with a message to be freed by say_free. */
  struct native_machine *(*compile)(const struct native_program *program, native_run **run,
                                    char **why);
  void (*release)(struct native_machine *machine);
  void (*say_free)(char *why);
};
typedef const struct native_module *native_module_of(void);

#endif
