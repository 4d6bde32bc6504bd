/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The rows of ops.def as a table: texts, facts and double kernels of every scalar operation. */
#ifndef TRIAD_GRAPH_ROWS_H
#define TRIAD_GRAPH_ROWS_H

#include <stdbool.h>
#include <triad/graph.h>

enum { ROW_MAX_ARITY = 3 };

/* What is known of a value, of real and not of rounded numbers, wherever the value exists; one byte per node. */
enum {
  FACT_TOTAL = 1, /* a value exists for all values of the variables */
  FACT_TAME = 2,  /* total, and no overflow for moderate arguments: polynomially bounded */
  FACT_NONZERO = 4,
  FACT_NONNEGATIVE = 8,
  FACT_POSITIVE = 4 | 8,
  FACT_INTEGER = 16,
  FACT_CHOSEN =
      32, /* not of the value but of its form: it may be 0 because a branch was not taken */
};

enum row_parity { NO_PARITY, ODD, EVEN };
enum { AT_ZERO_UNKNOWN, AT_ZERO_0, AT_ZERO_1 };

typedef double row_kernel(double a, double b, double c);
typedef double row_partial(double a, double b, double c, double r);
typedef bool row_predicate(double a, double b, double c);

struct row {
  const char *name;
  uint8_t arity;
  uint8_t sort;       /* tri_sort of the result */
  uint8_t conditions; /* bit i: argument i is a condition */
  uint8_t total, tame, exact, commutes, linear, choice;
  uint8_t keeps;    /* of one argument: facts that pass from it to the value */
  uint8_t total_if; /* of one argument: facts of it that make the row total */
  uint8_t lazy;    /* has a value also where an argument has none (branch not taken, strong zero) */
  uint8_t at_zero; /* of one argument: AT_ZERO_… where the value at 0 is exact */
  uint8_t root_at_one; /* of one argument: the value at 1 is 0 */
  uint8_t range;       /* FACT_… of the value */
  double
      ulps; /* error of the double kernel in units in the last place of the value; 0: see row_ulps */
  uint8_t parity;
  int8_t precedence; /* of the printed infix form, where infix is not NULL */
  const char *infix, *unicode;
  const char *latex, *c;
  const char *help, *example;
  const char *value;                  /* texts in triad's language with a, b, c and r */
  const char *partial[ROW_MAX_ARITY]; /* NULL: no derivative by this argument */
  const char *domain, *kink;          /* conditions in a, b, c; NULL: everywhere, nowhere */
  const char *plain;                  /* the row's formula for people, NULL: the row itself */
  row_kernel *kernel;                 /* the same, in C */
  row_partial *dkernel[ROW_MAX_ARITY];
  row_predicate *defined, *at_kink; /* never NULL */
};

/* The table: TRI_OP_ROWS rows, indexed by tri_op. A graph carries a pointer to the table it uses, so that the tests can give
 * one graph a table with a corrupted row. */
extern const struct row tri__rows[TRI_OP_ROWS];

/* How far the double kernel may be off, in units in the last place: what IEEE 754 rounds correctly by half a unit, functions of the C library
 * by two (B. Gladman et al., Accuracy of mathematical functions, 2024, has the known worst cases). */
static inline double row_ulps(const struct row *row) {
  return row->ulps > 0.0 ? row->ulps : row->exact ? 0.5 : 2.0;
}

/* Whether a row is written as a function, pow(a, b). Others have a sign of their own, and add, neg, lt, … are ordinary names. */
static inline bool row_is_function(const struct row *row, unsigned op) {
  return !row->infix || op == TRI_OP_pow;
}

#endif
