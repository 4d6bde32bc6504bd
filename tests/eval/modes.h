/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A scalar of one array in every mode: its value, gradient, tangent and Hessian by the runs over a
 * plan, the gradient, tangent and Hessian times direction by the graph. */
#ifndef TRIAD_TESTS_EVAL_MODES_H
#define TRIAD_TESTS_EVAL_MODES_H

#include <string.h>

#include "tests/eval/helper.h"

enum { MOST_ELEMENTS = 512, MOST_SQUARED = 32 };

struct modes {
  size_t elements;
  double value, tangent, symbolic_tangent;
  double reverse[MOST_ELEMENTS], symbolic[MOST_ELEMENTS], product[MOST_ELEMENTS];
  double hessian[MOST_SQUARED * MOST_SQUARED]; /* of few elements */
};

static inline void call_graph(size_t n, const tri_expr *inputs, size_t m, const tri_expr *outputs,
                              tri_domain domain, const double *at, double *to) {
  tri_error why;
  tri_call call = {.error = &why};
  for (size_t k = 0; k < m; k++) ok(tri_expr_status(outputs[k]));
  tri_function *f = tri_compile(n, inputs, m, outputs, .primals = 0, .domain = domain);
  ck_assert_ptr_nonnull(f);
  call.workspace = tri_workspace_new(f);
  tri_status status = tri_function_call(f, &call, at, to);
  ck_assert_msg(!status, "%s", why.message);
  tri_workspace_free(call.workspace);
  tri_function_free(f);
}

/* The derivatives that the graph has: of e by x along a direction in the shape of x. */
static inline void run_graph(tri_expr e, tri_expr x, tri_expr direction, tri_domain domain,
                             const double *at, struct modes *to) {
  tri_expr inputs[] = {x, direction}, gradient, tangent, product;
  ok(tri_gradient(e, 1, &x, &gradient));
  ok(tri_jvp(1, &e, 1, &x, &direction, &tangent));
  ok(tri_jvp(1, &gradient, 1, &x, &direction, &product));
  call_graph(2, inputs, 1, &gradient, domain, at, to->symbolic);
  call_graph(2, inputs, 1, &tangent, domain, at, &to->symbolic_tangent);
  call_graph(2, inputs, 1, &product, domain, at, to->product);
}

/* `at`: the elements of x, and behind them a direction. */
static inline void run_modes(tri_expr e, tri_expr x, tri_expr direction, tri_domain domain,
                             size_t elements, const double *at, struct modes *to) {
  tri_error why;
  tri_call call = {.error = &why};
  ck_assert_uint_le(elements, MOST_ELEMENTS);
  ok(tri_expr_status(e));
  *to = (struct modes){.elements = elements};
  tri_function *f = tri_compile(1, &x, 1, &e, .domain = domain);
  ck_assert_ptr_nonnull(f);
  call.workspace = tri_workspace_new(f);
  tri_status status = tri_function_reverse(f, &call, at, NULL, &to->value, to->reverse);
  ck_assert_msg(!status, "%s", why.message);
  ok(tri_function_forward(f, &call, at, 1, at + elements, NULL, &to->tangent));
  if (elements <= MOST_SQUARED)
    ok(tri_function_hessian(f, &call, at, NULL, NULL, NULL, to->hessian));
  tri_workspace_free(call.workspace);
  tri_function_free(f);
  run_graph(e, x, direction, domain, at, to);
}

static inline void near_to(double a, double b, double tolerance, const char *what, size_t i) {
  ck_assert_msg(fabs(a - b) <= tolerance * (1.0 + fabs(b)), "%s %zu: %.17g and %.17g", what, i, a,
                b);
}

/* All modes of `a` are those of `b`, whose Hessian by reverse sweeps stands for its product. */
static inline void compare_modes(const struct modes *a, const struct modes *b,
                                 const double *direction, double tolerance) {
  size_t n = b->elements;
  near_to(a->value, b->value, tolerance, "value", 0);
  near_to(a->tangent, b->tangent, tolerance, "tangent", 0);
  near_to(a->symbolic_tangent, b->tangent, tolerance, "symbolic tangent", 0);
  for (size_t i = 0; i < n; i++) {
    double product = 0.0;
    near_to(a->reverse[i], b->reverse[i], tolerance, "adjoint", i);
    near_to(a->symbolic[i], b->reverse[i], tolerance, "symbolic adjoint", i);
    for (size_t k = 0; k < n && n <= MOST_SQUARED; k++) {
      near_to(a->hessian[i * n + k], b->hessian[i * n + k], 10.0 * tolerance, "Hessian", i * n + k);
      product += b->hessian[i * n + k] * direction[k];
    }
    if (n <= MOST_SQUARED) near_to(a->product[i], product, 30.0 * tolerance, "product", i);
  }
}

#endif
