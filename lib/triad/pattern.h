/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sparse derivatives: which entries of a Jacobian or Hessian can be other than 0, and colours that
 * compress them. */
#ifndef TRIAD_PATTERN_H
#define TRIAD_PATTERN_H

#include <triad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A sparsity pattern: the places of a matrix that may hold anything but 0, row by row. Immutable;
 * it outlives the graph. */
typedef struct tri_pattern tri_pattern;

/* What is known when a pattern is made; zeros are the defaults. */
typedef struct tri_pattern_options {
  size_t n_sizes; /* named sizes of the shapes: */
  const char *const *size_names;
  const int64_t *sizes; /* each >= 0 */
  size_t n_data;        /* variables that no derivative is by, whose values are known: */
  const tri_expr *data;
  const double *
      values; /* the elements of all of them, one after the other: so an index that is read from data picks one part */
} tri_pattern_options;

/* The pattern of the Jacobian of m outputs by n distinct variables, of any shapes: rows are the
 * elements of all outputs one after the other, columns those of all variables, as
 * tri_function_elements counts them. Found from the graph, element by element (index domains: A.
 * Walther, Computing sparse Hessians with automatic differentiation, ACM Trans. Math. Softw. 34,
 * 2008), through every step of loops, so an entry that is left out is 0 at every point; one that is
 * there may be 0 all the same. A part that is picked by an index that is known only when the
 * function is called (tri_gather by data that options do not give) counts as all parts. options may
 * be NULL. Into *pattern, to be freed with tri_pattern_free; NULL on failure, which sticks to the
 * graph: TRI_ARGUMENT as tri_jacobian, TRI_SHAPE for a condition or a named size that options do
 * not give, TRI_LIMIT beyond 4,294,967,295 rows, columns or parts, TRI_MEMORY, TRI_INTERRUPTED. */
TRI_CHECKED TRI_API tri_status tri_jacobian_pattern(size_t m, const tri_expr *outputs, size_t n,
                                                    const tri_expr *variables,
                                                    const tri_pattern_options *options,
                                                    tri_pattern **pattern);

/* The pattern, both triangles of it, of the Hessian of any weighted sum of m outputs by n distinct
 * variables, of any shapes: pairs of elements that meet in an operation that is not linear
 * (nonlinear interaction domains: Walther 2008; R. Gower and M. Mello, A new framework for the
 * computation of Hessians, Optim. Methods Softw. 27, 2012). Which arguments of an operation
 * interact follows from its row's partials. Errors as tri_jacobian_pattern. */
TRI_CHECKED TRI_API tri_status tri_hessian_pattern(size_t m, const tri_expr *outputs, size_t n,
                                                   const tri_expr *variables,
                                                   const tri_pattern_options *options,
                                                   tri_pattern **pattern);

/* Frees a pattern. Nothing happens for NULL. */
TRI_API void tri_pattern_free(tri_pattern *pattern);

/* Its size, and how many entries it has. */
TRI_API size_t tri_pattern_rows(const tri_pattern *pattern);
TRI_API size_t tri_pattern_columns(const tri_pattern *pattern);
TRI_API size_t tri_pattern_entries(const tri_pattern *pattern);

/* Row i has the columns columns[starts[i]] … columns[starts[i + 1] - 1], ascending, counted from 0.
 * Owned by the pattern. */
TRI_API const size_t *tri_pattern_starts(const tri_pattern *pattern);
TRI_API const uint32_t *tri_pattern_indices(const tri_pattern *pattern);

/* The colour of a column, row or variable without entries. */
#define TRI_NO_COLOUR 0xffffffffu

/* Colours columns[columns of the pattern] so that no row has entries in two columns of one colour,
 * by 0 … *colours - 1: one direction for each colour gives all entries. Greedy, in two orders, the
 * better of which is taken (A. Curtis, M. Powell, J. Reid 1974; partial distance-2 colouring: A.
 * Gebremedhin, F. Manne, A. Pothen, What color is your Jacobian?, SIAM Review 47, 2005).
 * TRI_ARGUMENT for a NULL, TRI_MEMORY. */
TRI_CHECKED TRI_API tri_status tri_colour_columns(const tri_pattern *pattern, uint32_t *columns,
                                                  uint32_t *colours);
/* The same for rows: no column has entries in two rows of one colour. */
TRI_CHECKED TRI_API tri_status tri_colour_rows(const tri_pattern *pattern, uint32_t *rows,
                                               uint32_t *colours);

/* Colours the variables of a symmetric pattern: the ends of an entry off the diagonal have
 * different colours, and so have two that meet at a third, unless the third's colour is smaller
 * than theirs (restricted star colouring: M. Powell and Ph. Toint 1979; Gebremedhin, Manne, Pothen
 * 2005). Every entry (i, j) stands alone in row i under the colour of j, or in row j under the
 * colour of i. TRI_ARGUMENT for a NULL or a pattern that is not symmetric, TRI_MEMORY. */
TRI_CHECKED TRI_API tri_status tri_colour_symmetric(const tri_pattern *pattern, uint32_t *variables,
                                                    uint32_t *colours);

#ifdef __cplusplus
}
#endif
#endif
