/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sparse Jacobians and Hessians: a plan made once, values at many points. */
#ifndef TRIAD_SPARSE_H
#define TRIAD_SPARSE_H

#include <triad/eval.h>
#include <triad/pattern.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A sparse Jacobian or Hessian: its entries' places, their colours and a compiled function.
 * Immutable: any number of threads may call it at once, each with its own workspace. It outlives
 * the graph. */
typedef struct tri_sparse tri_sparse;

/* Entry k is in row row[k] and column column[k], ordered by rows, in COO; in CSR row i has the
 * entries row[i] … row[i + 1] - 1; in CSC entries are ordered by columns, and column j has
 * column[j] … column[j + 1] - 1. */
typedef enum tri_sparse_layout { TRI_COO, TRI_CSR, TRI_CSC } tri_sparse_layout;

/* Which entries of a Hessian are wanted. */
typedef enum tri_triangle { TRI_BOTH, TRI_LOWER, TRI_UPPER } tri_triangle;

/* Zeros are the defaults. */
typedef struct tri_sparse_options {
  const tri_expr *outputs; /* filled in by the macros */
  tri_sparse_layout layout;
  int first; /* the number of the first row, column and entry: 0, or 1 as in Fortran */
  tri_triangle triangle;
  size_t
      variables; /* derivatives are by the first so many inputs; 0: by all. The others are data: */
  const double
      *data;      /* not NULL: their elements' values as they will be wherever they are indices */
  size_t n_sizes; /* named sizes, which are the same at all calls: */
  const char *const *size_names;
  const int64_t *sizes;
  tri_domain domain; /* as in tri_compile_options */
  uint32_t precision;
  uint64_t digits;
  const tri_allocator *allocator;
  tri_error *error;
} tri_sparse_options;

/* The Jacobian of n_outputs >= 1 outputs of any shapes by n_inputs distinct variables (the first
 * `variables` of them):
 *   tri_jacobian_sparse(1, &x, 1, &f, .layout = TRI_CSC)
 * Rows are the elements of the outputs, columns those of the variables. Columns of one colour are
 * one direction of a dual run, rows of one colour one adjoint run; whichever takes fewer colours
 * (Curtis, Powell, Reid 1974; tri_colour_columns). NULL on failure, told to options' error and
 * stuck to the graph: what tri_compile and tri_jacobian_pattern say; TRI_ARGUMENT for options that
 * are none of those above; TRI_LIMIT beyond 2,147,483,646 entries. */
TRI_API tri_sparse *tri_jacobian_sparse_with(size_t n_inputs, const tri_expr *inputs,
                                             size_t n_outputs, const tri_sparse_options *options);
#define tri_jacobian_sparse(n_inputs, inputs, n_outputs, ...)                                      \
  tri_jacobian_sparse_with((n_inputs), (inputs), (n_outputs),                                      \
                           &(tri_sparse_options){.outputs = __VA_ARGS__})

/* The Hessian of the weighted sum of n_outputs >= 1 outputs (a Lagrangian's, with multipliers for
 * weights): forward over reverse along a direction for each colour of tri_colour_symmetric, entries
 * read off directly. Errors as tri_jacobian_sparse. */
TRI_API tri_sparse *tri_hessian_sparse_with(size_t n_inputs, const tri_expr *inputs,
                                            size_t n_outputs, const tri_sparse_options *options);
#define tri_hessian_sparse(n_inputs, inputs, n_outputs, ...)                                       \
  tri_hessian_sparse_with((n_inputs), (inputs), (n_outputs),                                       \
                          &(tri_sparse_options){.outputs = __VA_ARGS__})

/* Frees it; workspaces are freed by themselves, before. Nothing happens for NULL. */
TRI_API void tri_sparse_free(tri_sparse *sparse);

/* Rows, columns and entries of the matrix; of a triangle its own entries. */
TRI_API size_t tri_sparse_rows(const tri_sparse *sparse);
TRI_API size_t tri_sparse_columns(const tri_sparse *sparse);
TRI_API size_t tri_sparse_entries(const tri_sparse *sparse);

/* Where the entries are, in the layout that was asked for. Owned by the object. */
TRI_API const int32_t *tri_sparse_row(const tri_sparse *sparse);
TRI_API const int32_t *tri_sparse_column(const tri_sparse *sparse);

/* How many directions, or adjoint runs, give all entries. */
TRI_API size_t tri_sparse_colours(const tri_sparse *sparse);

/* The function of all inputs, for workspaces (tri_workspace_new) and values. Owned by the
 * object. */
TRI_API const tri_function *tri_sparse_function(const tri_sparse *sparse);

/* values[entries], in the order of the entries, and outputs[M] (may be NULL) at inputs[N], as
 * tri_function_call has them; weights[M] are a Hessian's (NULL: all are 1), and not read for a
 * Jacobian. Allocates nothing once the workspace has been used. call's sizes are not read, nor is
 * its trace. Status and errors as tri_function_forward; where a derivative does not exist all
 * values are NaN. */
TRI_CHECKED TRI_API tri_status tri_sparse_call(const tri_sparse *sparse, const tri_call *call,
                                               const double *inputs, const double *weights,
                                               double *outputs, double *values);

#ifdef __cplusplus
}
#endif
#endif
