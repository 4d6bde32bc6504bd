/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Losses and metrics against their definitions written out in C; gradients against difference
 * quotients, and those of cross-entropies against softmax - target. */
#include <math.h>
#include <string.h>

#include "tests/nn/networks.h"
#include "tests/runner.h"

static const double P[6] = {0.7, 0.2, 0.1, 0.25, 0.5, 0.25}, HOT[6] = {1, 0, 0, 0, 0, 1},
                    AT[2] = {0, 2};
/* Targets that are no certainties, and logits of both signs. */
static const double SOFT[6] = {0.5, 0.25, 0.25, 0.1, 0.2, 0.6}, Z[6] = {2, -1, 0.5, -3, 4, 0};

static tri_graph *g;
static void set_up(void) { g = tri_graph_new(NULL); }
static void tear_down(void) { tri_graph_free(g); }

/* [batch] for n = 0, else [batch, n]. */
static tri_expr variable(const char *name, int64_t n) {
  const char *names[] = {"batch", NULL};
  return tri_variable_shaped(g, name, n ? 2 : 1, (int64_t[]){0, n}, names);
}

/* A loss of two samples: of each, their mean, and the gradient of this. */
struct loss {
  double samples[2], mean, gradient[6];
};

static struct loss loss_of(const char *name, int from_logits, const double *y, int64_t labels,
                           const double *p) {
  struct loss l;
  tri_expr v[2] = {variable("p", 3), variable("y", labels)}, gradient;
  tri_expr mean = tri_loss(name, v[1], v[0], from_logits);
  const struct given given[] = {{v[0], p}, {v[1], y}};
  ck_assert_int_eq(tri_gradient(mean, 1, v, &gradient), TRI_OK);
  value_at(tri_loss_samples(name, v[1], v[0], from_logits), 2, given, 2, l.samples);
  value_at(mean, 2, given, 2, &l.mean);
  value_at(gradient, 2, given, 2, l.gradient);
  return l;
}

/* The loss of one sample of three numbers, as Keras's documentation has it. */
static double by_hand(const char *name, int from_logits, const double *y, const double *p) {
  double loss = 0, sum = 0, log_sum;
  for (int i = 0; i < 3; i++) sum += from_logits ? exp(p[i]) : p[i];
  log_sum = log(sum);
  for (int i = 0; i < 3; i++) {
    double q = from_logits ? 1 / (1 + exp(-p[i])) : p[i];
    if (strcmp(name, "mean_squared_error") == 0)
      loss += (y[i] - p[i]) * (y[i] - p[i]) / 3;
    else if (strcmp(name, "mean_absolute_error") == 0)
      loss += fabs(y[i] - p[i]) / 3;
    else if (strcmp(name, "binary_crossentropy") == 0)
      loss -= (y[i] * log(q) + (1 - y[i]) * log(1 - q)) / 3;
    else
      loss -= y[i] * (from_logits ? p[i] - log_sum : log(p[i] / sum));
  }
  return loss;
}

static void check_quotients(const char *name, int from_logits, const double *y, int64_t labels,
                            const double *p, const double *gradient) {
  for (int i = 0; i < 6; i++) {
    double up[6], down[6], h = 0x1p-13;
    memcpy(up, p, sizeof up);
    memcpy(down, p, sizeof down);
    up[i] += h;
    down[i] -= h;
    double quotient = (loss_of(name, from_logits, y, labels, up).mean -
                       loss_of(name, from_logits, y, labels, down).mean) /
                      (2 * h);
    ck_assert_double_eq_tol(quotient, gradient[i], 1e-6);
  }
}

static void check_loss(const char *name, int from_logits, const double *y, const double *p) {
  struct loss l = loss_of(name, from_logits, y, 3, p);
  double first = by_hand(name, from_logits, y, p),
         second = by_hand(name, from_logits, y + 3, p + 3);
  near_all(2, l.samples, (const double[]){first, second}, 1e-14);
  ck_assert_double_eq_tol(l.mean, (first + second) / 2, 1e-14);
  check_quotients(name, from_logits, y, 3, p, l.gradient);
}

START_TEST(losses_are_those_of_keras) {
  static const char *const names[] = {"mean_squared_error", "mean_absolute_error",
                                      "binary_crossentropy", "categorical_crossentropy"};
  for (size_t i = 0; i < 4; i++) {
    check_loss(names[i], 0, HOT, P);
    check_loss(names[i], 0, SOFT, P);
    if (i > 1) check_loss(names[i], 1, SOFT, Z);
  }
}
END_TEST

START_TEST(labels_choose_classes) {
  for (int from_logits = 0; from_logits < 2; from_logits++) {
    const double *p = from_logits ? Z : P;
    struct loss dense = loss_of("categorical_crossentropy", from_logits, HOT, 3, p),
                labels = loss_of("sparse_categorical_crossentropy", from_logits, AT, 0, p),
                column = loss_of("sparse_categorical_crossentropy", from_logits, AT, 1, p);
    near_all(2, labels.samples, dense.samples, 1e-15);
    near_all(2, column.samples, labels.samples, 0);
    near_all(6, labels.gradient, dense.gradient, 1e-15);
  }
}
END_TEST

START_TEST(gradients_of_logits_are_softmax_less_target) {
  struct loss labels = loss_of("sparse_categorical_crossentropy", 1, AT, 0, Z);
  for (int i = 0; i < 6; i++) {
    const double *row = Z + i / 3 * 3;
    double softmax = exp(Z[i]) / (exp(row[0]) + exp(row[1]) + exp(row[2]));
    ck_assert_double_eq_tol(labels.gradient[i], (softmax - HOT[i]) / 2, 1e-15);
  }
}
END_TEST

/* Where probabilities are 0 or 1 to the last digit, Keras clips them; logits lose nothing. */
START_TEST(certain_probabilities_are_clipped) {
  const double p[6] = {1, 0, 0, 0, 0.5, 0.5}, z[6] = {40, -40, 0, 800, 0, 0};
  double small = 1e-7, some = 0.5;
  struct loss l = loss_of("sparse_categorical_crossentropy", 0, (const double[]){1, 1}, 0, p);
  near_all(2, l.samples, (const double[]){-log(small), -log(some)}, 1e-14);
  l = loss_of("binary_crossentropy", 1, (const double[]){1, 0, 0, 0, 0, 1}, 3, z);
  ck_assert_double_eq_tol(l.samples[0], (2 * exp(-40) + log(2)) / 3, 1e-15);
  ck_assert_double_eq_tol(l.samples[1], (800 + 2 * log(2)) / 3, 1e-12);
}
END_TEST

/* --- metrics */

static double metric(const char *name, const double *y, int64_t labels, const double *p,
                     int64_t n) {
  double mean;
  tri_expr v[2] = {variable("p", n), variable("y", labels)};
  const struct given given[] = {{v[0], p}, {v[1], y}};
  value_at(tri_metric(name, v[1], v[0]), 2, given, 2, &mean);
  return mean;
}

START_TEST(accuracies_are_chosen_by_shapes) {
  const double p[2] = {0.5, 0.75}, wrong[2] = {0, 1}, none[2] = {1, 2};
  ck_assert_double_eq(metric("accuracy", AT, 0, P, 3), 0.5);
  ck_assert_double_eq(metric("acc", AT, 1, P, 3), 0.5);
  ck_assert_double_eq(metric("accuracy", HOT, 3, P, 3), 0.5);
  ck_assert_double_eq(metric("accuracy", wrong, 0, p, 1), 1.0);
  ck_assert_double_eq(metric("accuracy", none, 1, p, 1), 0.0);
  ck_assert_double_eq_tol(metric("binary_accuracy", HOT, 3, P, 3), 5 / 6.0, 1e-15);
  ck_assert_double_eq_tol(metric("mse", HOT, 3, P, 3),
                          loss_of("mean_squared_error", 0, HOT, 3, P).mean, 1e-15);
}
END_TEST

/* --- what does not fit */

static void refused(tri_expr e, tri_status status, const char *message) {
  ck_assert_int_eq(tri_expr_status(e), status);
  ck_assert_str_eq(tri_graph_error(g)->message, message);
  tri_graph_clear_error(g);
}

START_TEST(what_does_not_fit_is_told) {
  tri_expr p = variable("p", 3), y = variable("y", 4), labels = variable("labels", 0);
  refused(tri_loss("mean_squard_error", p, p, 0), TRI_NAME, "no loss is called mean_squard_error");
  refused(tri_loss("accuracy", p, p, 0), TRI_NAME, "no loss is called accuracy");
  refused(tri_metric("precise", p, p), TRI_NAME, "no metric is called precise");
  refused(tri_loss("mse", y, p, 0), TRI_SHAPE,
          "mean_squared_error: targets of shape [batch, 4] do not fit predictions of shape [batch, "
          "3]");
  refused(
      tri_loss("mse", labels, p, 0), TRI_SHAPE,
      "mean_squared_error: targets of shape [batch] do not fit predictions of shape [batch, 3]");
  refused(tri_loss("sparse_categorical_crossentropy", p, p, 0), TRI_SHAPE,
          "sparse_categorical_crossentropy: targets of shape [batch, 3] do not fit predictions of "
          "shape [batch, 3]");
  refused(tri_loss("mse", labels, labels, 0), TRI_SHAPE,
          "mean_squared_error: targets of shape [batch] do not fit predictions of shape [batch]");
}
END_TEST

START_TEST(names_are_those_of_keras) {
  enum target targets;
  ck_assert_str_eq(tri__measure_name("MSE", true, &targets), "mean_squared_error");
  ck_assert_int_eq(targets, TARGET_NUMBERS);
  ck_assert_str_eq(tri__measure_name("SparseCategoricalCrossentropy", true, &targets),
                   "sparse_categorical_crossentropy");
  ck_assert_int_eq(targets, TARGET_CLASSES);
  ck_assert_str_eq(tri__measure_name("bce", true, &targets), "binary_crossentropy");
  ck_assert_int_eq(targets, TARGET_PROBABILITIES);
  ck_assert_str_eq(tri__measure_name("acc", false, &targets), "accuracy");
  ck_assert_int_eq(targets, TARGET_NUMBERS);
  ck_assert_ptr_null(tri__measure_name("acc", true, NULL));
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("losses", 0, set_up, tear_down, losses_are_those_of_keras,
                        labels_choose_classes, gradients_of_logits_are_softmax_less_target,
                        certain_probabilities_are_clipped, accuracies_are_chosen_by_shapes,
                        what_does_not_fit_is_told, names_are_those_of_keras);
}

int main(void) { return tri_test_main("losses", suite); }
