/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers at a point: compiling what a call asks about, and its results as values of the
 * language. */
#ifndef TRIAD_TOOLS_NUMERIC_H
#define TRIAD_TOOLS_NUMERIC_H

#include "certain.h"
#include "subject.h"

/* A compiled subject at its point. */
struct numeric {
  const struct request *request;
  const struct subject *subject;
  tri_number_options options;
  tri_function *function;
  tri_workspace *workspace;
  tri_values *point;
  tri_error error;
  tri_call call;
};

/* Compiles `count` outputs over the subject's inputs, of which the first `primals` (0: all) must
 * have a value, with these numbers, and evaluates the point. Close it in any case. */
TRI_CHECKED tri_status numeric_open(struct numeric *n, const struct request *request,
                                    const struct subject *subject, size_t count,
                                    const tri_expr *outputs, size_t primals,
                                    const tri_number_options *options);
void numeric_close(struct numeric *n);

/* Makes an array of `count` zeros; NULL with the graph's error when out of memory. */
tri_values *numeric_array(struct numeric *n, size_t count);

/* TRI_OK, or fails as the last run said. */
tri_status numeric_check(struct numeric *n, tri_status status);

/* In a strict session: fails where the subject's outputs, which were compiled, have a kink by one of its variables. */
tri_status numeric_strict(struct numeric *n);

/* The numbers of `count` expressions without variables (a direction, weights) from place `to` of an array
 * on. */
tri_status numeric_evaluate(struct numeric *n, size_t count, const tri_expr *exprs,
                            tri_values *array, size_t to);

/* Expressions, row by row, as [rows, columns] (columns 0: a vector; rows 0: the one expression). */
tri_expr numeric_shaped(const struct request *request, const tri_expr *exprs, size_t rows,
                        size_t columns);

/* Gives numbers (see result_of_values) as an expression, or as a result to be printed alone if some
 * are not finite. */
tri_status numeric_give(const struct request *request, const tri_values *values, size_t rows,
                        size_t columns, struct value *value);

/* The same with an entry for each variable of differentiation, in its shape; one that stands alone gives its shape itself. Entries
 * of several shapes can be printed only. */
tri_status numeric_give_nested(const struct request *request, const struct subject *subject,
                               const tri_values *values, struct value *value);

#endif
