/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Losses against their definitions written out in C, and gradients of cross-entropies against softmax - target. */
#include <math.h>
#include <triad.h>

#include "tests/runner.h"

static const double P[6] = {0.7, 0.2, 0.1, 0.25, 0.5, 0.25}, HOT[6] = {1, 0, 0, 0, 0, 1},
                    AT[2] = {0, 2};

/* The loss of two samples of three classes, and its gradient by p. */
static double loss_of(const char *name, int from_logits, const double *y, size_t labels,
                      double *gradient) {
  tri_graph *g = tri_graph_new(NULL);
  int64_t batch = 2;
  double in[12], out[7];
  const char *names[] = {"batch", NULL};
  tri_expr v[2] = {tri_variable_shaped(g, "p", 2, (int64_t[]){0, 3}, names),
                   tri_variable_shaped(g, "y", labels == 2 ? 1 : 2, (int64_t[]){0, 3}, names)};
  tri_expr e[2] = {tri_loss(name, v[1], v[0], from_logits)};
  ck_assert_int_eq(tri_gradient(e[0], 1, v, e + 1), TRI_OK);
  tri_function *f = tri_compile(2, v, 2, e);
  for (size_t i = 0; i < 6; i++) in[i] = P[i];
  for (size_t i = 0; i < labels; i++) in[6 + i] = y[i];
  tri_call call = {.n_sizes = 1, .sizes = &batch};
  ck_assert_int_eq(tri_function_call(f, &call, in, out), TRI_OK);
  for (int i = 0; i < 6; i++) gradient[i] = out[1 + i];
  tri_function_free(f);
  tri_graph_free(g);
  return out[0];
}

START_TEST(losses_are_those_of_keras) {
  double d[6], squares = 0, binary = 0, logits = 0;
  for (int i = 0; i < 6; i++) {
    squares += (P[i] - HOT[i]) * (P[i] - HOT[i]) / 6;
    binary -= (HOT[i] == 1 ? log(P[i]) : log(1 - P[i])) / 6;
    logits += (log1p(exp(P[i])) - HOT[i] * P[i]) / 6;
  }
  double cross = -(log(0.7) + log(0.25)) / 2;
  ck_assert_double_eq_tol(loss_of("mean_squared_error", 0, HOT, 6, d), squares, 1e-15);
  ck_assert_double_eq_tol(loss_of("binary_crossentropy", 0, HOT, 6, d), binary, 1e-15);
  ck_assert_double_eq_tol(loss_of("binary_crossentropy", 1, HOT, 6, d), logits, 1e-15);
  ck_assert_double_eq_tol(loss_of("categorical_crossentropy", 0, HOT, 6, d), cross, 1e-15);
  ck_assert_double_eq_tol(loss_of("sparse_categorical_crossentropy", 0, AT, 2, d), cross, 1e-15);
}
END_TEST

START_TEST(gradients_of_logits_are_softmax_less_target) {
  double sparse[6], dense[6];
  loss_of("sparse_categorical_crossentropy", 1, AT, 2, sparse);
  loss_of("categorical_crossentropy", 1, HOT, 6, dense);
  for (int i = 0; i < 6; i++) {
    const double *row = P + i / 3 * 3;
    double softmax = exp(P[i]) / (exp(row[0]) + exp(row[1]) + exp(row[2]));
    ck_assert_double_eq_tol(sparse[i], (softmax - HOT[i]) / 2, 1e-15);
    ck_assert_double_eq_tol(dense[i], (softmax - HOT[i]) / 2, 1e-15);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("losses");
  TCase *t = tcase_create("losses");
  tcase_add_test(t, losses_are_those_of_keras);
  tcase_add_test(t, gradients_of_logits_are_softmax_less_target);
  suite_add_tcase(s, t);
  return s;
}

int main(void) { return tri_test_main("losses", suite); }
