/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What speaks GMP's types. */
#ifndef TRIAD_MP_H
#define TRIAD_MP_H

#include <gmp.h>
#include <triad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The constant q, which must be canonical; copied. TRI_LIMIT beyond the digit limit. */
TRI_API tri_expr tri_constant_mpq(tri_graph *graph, mpq_srcptr q);

/* The value of a constant node into q (initialised by the caller); false if e is not a constant. */
TRI_API int tri_expr_mpq(tri_expr e, mpq_ptr q);

#ifdef __cplusplus
}
#endif
#endif
