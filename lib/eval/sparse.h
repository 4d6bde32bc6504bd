/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A sparse derivative as it lies in memory. */
#ifndef TRIAD_EVAL_SPARSE_H
#define TRIAD_EVAL_SPARSE_H

#include <triad/sparse.h>

#include "eval/run.h"

/* Dual run along columns' colours, adjoint runs with rows' colours for weights, or duals through
 * the adjoint run. */
enum sparse_way { SPARSE_COLUMNS, SPARSE_ROWS, SPARSE_HESSIAN };

/* An entry is found in the results of an element under a colour; it goes to number `at` of the
 * values. */
struct sparse_read {
  uint32_t colour, at;
};

struct tri_sparse {
  struct memory memory;
  tri_function *function;
  enum sparse_way way;
  tri_sparse_layout layout;
  int first;
  size_t rows, columns, entries;
  size_t row_size, column_size; /* of the arrays */
  int32_t *row, *column;
  uint32_t colours;
  uint32_t *seed; /* the colours of elements of the inputs, or of the outputs */
  size_t seeds;
  size_t *start; /* by element whose results are read: its reads; one more at the end */
  size_t elements;
  struct sparse_read *read;
  size_t n_sizes;
  int64_t *sizes;
};

/* The column that value number `at` is in, from 0. */
size_t tri__sparse_column_of(const tri_sparse *s, size_t at);

#endif
