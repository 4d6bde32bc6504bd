/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What speaks GMP's types. */
#ifndef TRIAD_MP_H
#define TRIAD_MP_H

#include <gmp.h>
#include <triad/graph.h>
#include <triad/numbers.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The constant q, which must be canonical; copied. TRI_LIMIT beyond the digit limit. */
TRI_API tri_expr tri_constant_mpq(tri_graph *graph, mpq_srcptr q);

/* The value of a constant node into q (initialised by the caller); false if e is not a constant. */
TRI_API int tri_expr_mpq(tri_expr e, mpq_ptr q);

/* Sets number i to q, which must be canonical (rounded if the domain has fewer digits). */
TRI_API void tri_values_set_mpq(tri_values *values, size_t i, mpq_srcptr q);

/* The exact value of a number into q (initialised by the caller); false if it has none that is rational. */
TRI_API int tri_value_mpq(tri_value value, mpq_ptr q);

#ifdef __cplusplus
}
#endif
#endif
