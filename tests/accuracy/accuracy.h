/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How accurate rows are in double and float: points over the whole domain of a row, its value and derivatives there against balls. None
 * of this is written for a particular row. */
#ifndef TRIAD_TESTS_ACCURACY_H
#define TRIAD_TESTS_ACCURACY_H

#include <triad.h>

#include "numbers/flint.h"
#include "tests/random.h"

enum { ORDERS = 4, MAX_DERIVATIVES = 20, FORMATS = 2, TRUTHS = 5 };

/* A binary floating point format: numbers of `precision` bits below 2^exponent, multiples of 2^least. */
struct format {
  const char *name;
  tri_domain domain;
  int precision, exponent, least;
};
extern const struct format formats[FORMATS]; /* double, float */

/* What the errors of value and derivatives, over 1 + condition number, should not exceed, in ulps; and that of results below the smallest
 * normal number in units of the smallest number. */
extern const double goals[ORDERS];
enum { SUBNORMAL_GOAL = 4 };

/* A function with the memory of its calls. */
struct runner {
  tri_function *function;
  tri_workspace *workspace;
};

/* A function in balls of one precision. */
struct truth {
  struct runner runner;
  tri_values *in, *out;
};

/* The value of a row, or a derivative of it of an order below ORDERS. */
struct derivative {
  tri_expr e;
  int order;
  uint8_t by[ORDERS - 1];      /* inputs, ascending */
  struct truth slopes[TRUTHS]; /* its derivatives by all inputs, made when needed */
};

/* A row under measurement. Inputs are its arguments; a condition is whether the input is above 0. */
struct subject {
  tri_op op;
  const struct row *row;
  tri_graph *graph;
  tri_expr x[ROW_MAX_ARITY];
  size_t count;
  struct derivative d[MAX_DERIVATIVES];
  struct runner all[FORMATS], value[FORMATS]; /* every derivative as an expression; the row alone */
  struct truth truths[TRUTHS];
};

/* The worst of some errors, in ulps over 1 + condition number, and where it is. */
struct worst {
  double ulps, x[ROW_MAX_ARITY], y, truth; /* y: what came out */
  const char *mode;
  int order;
};

/* What came out in one format. Errors of results below the smallest normal number are in units of the smallest number and stand
 * apart; those that conditioning explains are not among them. */
struct result {
  struct worst normal[ORDERS], subnormal;
  unsigned long points, comparisons, undecided;
};

/* Aborts when out of memory. */
void subject_open(struct subject *s, tri_op op);
void subject_close(struct subject *s);
/* Whether derivatives are measured at arguments of moderate scale only. */
bool subject_limited(tri_op op);
/* Compares what every mode gives at a point of a format with the truth. */
void subject_measure(struct subject *s, int format, const double *x, struct result *result);

/* A point of a row in a format. */
void draw_point(struct random *r, const struct row *row, int format, double *x);

#endif
