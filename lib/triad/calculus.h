/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives as expressions: graph to graph, closed under composition, to any order. */
#ifndef TRIAD_CALCULUS_H
#define TRIAD_CALCULUS_H

#include <triad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Derivative of e by the scalar variable x (or tri_eps): a tangent pass. e may have any shape; the result has the shape of e.
 * TRI_ARGUMENT if x is no variable; TRI_DOMAIN for an operation without derivative. Failures stick to the graph. */
TRI_API tri_expr tri_diff(tri_expr e, tri_expr x);

/* The n-th derivative, n >= 0. */
TRI_API tri_expr tri_diff_n(tri_expr e, tri_expr x, uint32_t n);

/* Gradient of the scalar e by n scalar variables into gradient[0 … n-1]: one adjoint pass. TRI_SHAPE if e is not a scalar. */
TRI_CHECKED TRI_API tri_status tri_gradient(tri_expr e, size_t n, const tri_expr *variables,
                                            tri_expr *gradient);

/* Jacobian of m scalars by n scalar variables, row by row, into jacobian[m * n]: forward or reverse, whichever takes fewer sweeps. */
TRI_CHECKED TRI_API tri_status tri_jacobian(size_t m, const tri_expr *outputs, size_t n,
                                            const tri_expr *variables, tri_expr *jacobian);

/* Hessian of the scalar e, row by row, into hessian[n * n]: forward over reverse, symmetric node by node. */
TRI_CHECKED TRI_API tri_status tri_hessian(tri_expr e, size_t n, const tri_expr *variables,
                                           tri_expr *hessian);

/* Tangents of m outputs along direction (n expressions), into tangents[m]. */
TRI_CHECKED TRI_API tri_status tri_jvp(size_t m, const tri_expr *outputs, size_t n,
                                       const tri_expr *variables, const tri_expr *direction,
                                       tri_expr *tangents);

/* Gradient of the sum of weights[i] * outputs[i], into adjoints[n]. */
TRI_CHECKED TRI_API tri_status tri_vjp(size_t m, const tri_expr *outputs, const tri_expr *weights,
                                       size_t n, const tri_expr *variables, tri_expr *adjoints);

/* Hessian of e times direction, into product[n], by forward over reverse. */
TRI_CHECKED TRI_API tri_status tri_hvp(tri_expr e, size_t n, const tri_expr *variables,
                                       const tri_expr *direction, tri_expr *product);

/* Taylor coefficients of e in x at the expression `at`: coefficients[k], k = 0 … order, of (x - at)^k. */
TRI_CHECKED TRI_API tri_status tri_taylor(tri_expr e, tri_expr x, tri_expr at, uint32_t order,
                                          tri_expr *coefficients);

/* Taylor's polynomial itself, in powers of (x - at). */
TRI_API tri_expr tri_taylor_polynomial(tri_expr e, tri_expr x, tri_expr at, uint32_t order);

/* e as a person would write it: like terms and powers collected (never through a part used elsewhere in e, so sharing stays), constants
 * gathered, products ordered. Equal to e wherever e has a value. Guards of strong zeros (gate) become products. */
TRI_API tri_expr tri_simplify(tri_expr e);

/* Several expressions simplified together, so that parts shared between them stay shared. Outputs may alias inputs. */
TRI_CHECKED TRI_API tri_status tri_simplify_all(size_t n, const tri_expr *inputs,
                                                tri_expr *outputs);

/* Products and integer powers of sums multiplied out. TRI_LIMIT if that takes more terms than `max_terms` (0: 100,000). */
TRI_API tri_expr tri_expand(tri_expr e, uint64_t max_terms);

#ifdef __cplusplus
}
#endif
#endif
