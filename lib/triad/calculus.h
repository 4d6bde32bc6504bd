/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives as expressions: graph to graph, closed under composition, to any order. */
#ifndef TRIAD_CALCULUS_H
#define TRIAD_CALCULUS_H

#include <triad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Results belong to the graph of the expressions given. On failure all results are error expressions and the failure sticks to the
 * graph: TRI_ARGUMENT for expressions of two graphs, or to differentiate by what is no variable; TRI_SHAPE for a condition, or for a
 * shape where a scalar is wanted; TRI_DOMAIN for an operation without derivative; TRI_LIMIT, TRI_MEMORY, TRI_INTERRUPTED. Variables
 * are scalars or tri_eps, or of any shape where that is said. Output arrays may be the arrays of the inputs. */

/* Derivative of e by the variable x: a tangent pass. e may have any shape; the result has the shape of e. */
TRI_API tri_expr tri_diff(tri_expr e, tri_expr x);

/* The n-th derivative, n >= 0. TRI_LIMIT for an order beyond the graph's digit limit. */
TRI_API tri_expr tri_diff_n(tri_expr e, tri_expr x, uint32_t n);

/* Gradient of the scalar e by n variables of any shape into gradient[n], each of its variable's shape: one adjoint pass. */
TRI_CHECKED TRI_API tri_status tri_gradient(tri_expr e, size_t n, const tri_expr *variables,
                                            tri_expr *gradient);

/* Jacobian of m scalars by n variables, row by row, into jacobian[m * n]: forward or reverse, whichever takes fewer sweeps. */
TRI_CHECKED TRI_API tri_status tri_jacobian(size_t m, const tri_expr *outputs, size_t n,
                                            const tri_expr *variables, tri_expr *jacobian);

/* Hessian of the scalar e by n variables, row by row, into hessian[n * n]: forward over reverse, symmetric node by node. */
TRI_CHECKED TRI_API tri_status tri_hessian(tri_expr e, size_t n, const tri_expr *variables,
                                           tri_expr *hessian);

/* Tangents of m outputs of any shape along direction[n] of variables of any shape, each a scalar (the same for all elements) or of its
 * variable's shape, into tangents[m], each in its output's shape. TRI_ARGUMENT if a
 * variable stands twice. */
TRI_CHECKED TRI_API tri_status tri_jvp(size_t m, const tri_expr *outputs, size_t n,
                                       const tri_expr *variables, const tri_expr *direction,
                                       tri_expr *tangents);

/* Gradient of the sum of weights[i] * outputs[i], over all their elements, into adjoints[n], by variables of any
 * shape. A weight is a scalar or has the shape of its output. */
TRI_CHECKED TRI_API tri_status tri_vjp(size_t m, const tri_expr *outputs, const tri_expr *weights,
                                       size_t n, const tri_expr *variables, tri_expr *adjoints);

/* Hessian of the scalar e times direction[n], scalars, into product[n]: forward over reverse. */
TRI_CHECKED TRI_API tri_status tri_hvp(tri_expr e, size_t n, const tri_expr *variables,
                                       const tri_expr *direction, tri_expr *product);

/* Taylor coefficients of e in x at the scalar `at`: coefficients[k], k = 0 … order, of (x - at)^k, each in the shape of e. TRI_DOMAIN
 * where e has no value or not so many derivatives at `at`, as far as that is known. */
TRI_CHECKED TRI_API tri_status tri_taylor(tri_expr e, tri_expr x, tri_expr at, uint32_t order,
                                          tri_expr *coefficients);

/* Taylor's polynomial itself, in powers of (x - at). Errors as tri_taylor. */
TRI_API tri_expr tri_taylor_polynomial(tri_expr e, tri_expr x, tri_expr at, uint32_t order);

/* e as a person would write it: like terms and powers collected (never through a part used elsewhere in e, so sharing stays), constants
 * gathered, products ordered. Equal to e wherever e has a value. Guards of strong zeros (gate) become products. */
TRI_API tri_expr tri_simplify(tri_expr e);

/* n expressions of any shapes simplified together, into outputs[n], so that parts shared between them stay shared. */
TRI_CHECKED TRI_API tri_status tri_simplify_all(size_t n, const tri_expr *inputs,
                                                tri_expr *outputs);

/* Products and integer powers of sums multiplied out. TRI_LIMIT if that takes more terms than `max_terms` (0: 100,000). */
TRI_API tri_expr tri_expand(tri_expr e, uint64_t max_terms);

#ifdef __cplusplus
}
#endif
#endif
