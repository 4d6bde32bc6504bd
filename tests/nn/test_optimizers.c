/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Optimizers as expressions against Keras 3's formulas written out as loops in C, and against
 * numbers that Keras's documentation gives. */
#include <math.h>
#include <string.h>
#include <triad.h>

#include "nn/train.h"
#include "tests/runner.h"

enum { N = 3, STEPS = 20 };

/* Gradients that change from step to step. */
static double gradient(double p, int step) { return p - 0.3 + 2.0 * sin(1.7 * step); }

/* --- the library's */

struct run {
  tri_graph *graph;
  tri_function *function;
  size_t slots;
};

static struct run compiled(const tri_optimizer *o) {
  struct run r = {.graph = tri_graph_new(NULL), .slots = tri__optimizer_slots(o)};
  const int64_t dims[] = {N};
  static const char *const names[] = {"p", "g", "s0", "s1", "s2"};
  tri_expr in[2 + MOST_SLOTS + 2], out[1 + MOST_SLOTS];
  for (size_t i = 0; i < 2 + r.slots; i++)
    in[i] = tri_variable_shaped(r.graph, names[i], 1, dims, NULL);
  in[2 + r.slots] = tri_variable(r.graph, "rate");
  in[3 + r.slots] = tri_variable(r.graph, "step_size");
  tri_expr g = in[1];
  tri__clip_gradients(o, 1, &g);
  out[0] = tri__optimizer_step(o, in[2 + r.slots], in[3 + r.slots], in[0], g, in + 2, out + 1);
  r.function = tri_compile(4 + r.slots, in, 1 + r.slots, out);
  ck_assert_ptr_nonnull(r.function);
  return r;
}

static void run(const tri_optimizer *given, double *p) {
  tri_optimizer o = tri__optimizer_defaults(given);
  struct run r = compiled(&o);
  double state[(2 + MOST_SLOTS) * N + 2] = {0}, after[(1 + MOST_SLOTS) * N];
  ck_assert_ptr_null(tri__optimizer_wrong(&o));
  memcpy(state, p, N * sizeof *p);
  for (int step = 1; step <= STEPS; step++) {
    double *rates = state + (2 + r.slots) * N;
    for (int i = 0; i < N; i++) state[N + i] = gradient(state[i], step);
    rates[0] = o.learning_rate;
    rates[1] = tri__optimizer_step_size(&o, o.learning_rate, (uint64_t)step);
    ck_assert_int_eq(tri_function_call(r.function, NULL, state, after), TRI_OK);
    memcpy(state, after, N * sizeof *p);
    memcpy(state + 2 * N, after + N, r.slots * N * sizeof *p);
  }
  memcpy(p, state, N * sizeof *p);
  tri_function_free(r.function);
  tri_graph_free(r.graph);
}

/* --- Keras's, one number at a time */

static double sgd(const tri_optimizer *o, double p) {
  double m = 0.0;
  for (int step = 1; step <= STEPS; step++) {
    double g = gradient(p, step), lr = o->learning_rate;
    p -= p * o->weight_decay * lr;
    if (o->momentum == 0.0) {
      p -= g * lr;
      continue;
    }
    m = o->momentum * m - g * lr;
    p += o->nesterov ? o->momentum * m - g * lr : m;
  }
  return p;
}

static double rmsprop(const tri_optimizer *o, double p) {
  double v = 0.0, a = 0.0, m = 0.0;
  for (int step = 1; step <= STEPS; step++) {
    double g = gradient(p, step);
    v = 0.95 * v + (1 - 0.95) * g * g;
    a = o->centered ? 0.95 * a + (1 - 0.95) * g : 0.0;
    double increment = o->learning_rate * g / sqrt(v - a * a + 1e-7);
    m = o->momentum * m + increment;
    p -= m;
  }
  return p;
}

static double adam(const tri_optimizer *o, double p) {
  double m = 0.0, v = 0.0, largest = 0.0;
  for (int step = 1; step <= STEPS; step++) {
    double g = gradient(p, step);
    double alpha = o->learning_rate * sqrt(1 - pow(0.99, step)) / (1 - pow(0.8, step));
    m += (g - m) * (1 - 0.8);
    v += (g * g - v) * (1 - 0.99);
    largest = fmax(largest, v);
    p -= m * alpha / (sqrt(o->amsgrad ? largest : v) + 1e-3);
  }
  return p;
}

static void same(tri_optimizer o, double (*keras)(const tri_optimizer *o, double p)) {
  double p[N] = {-1.5, 0.25, 4.0}, expected[N];
  for (int i = 0; i < N; i++) expected[i] = keras(&o, p[i]);
  run(&o, p);
  for (int i = 0; i < N; i++) ck_assert_double_eq_tol(p[i], expected[i], 1e-13);
}

START_TEST(steps_are_those_of_keras) {
  same(tri_sgd(.learning_rate = 0.1), sgd);
  same(tri_sgd(.learning_rate = 0.1, .momentum = 0.9), sgd);
  same(tri_sgd(.learning_rate = 0.1, .momentum = 0.9, .nesterov = 1), sgd);
  same(tri_sgd(.learning_rate = 0.1, .weight_decay = 0.2), sgd);
  same(tri_rmsprop(.learning_rate = 0.01, .rho = 0.95), rmsprop);
  same(tri_rmsprop(.learning_rate = 0.01, .rho = 0.95, .momentum = 0.5), rmsprop);
  same(tri_rmsprop(.learning_rate = 0.01, .rho = 0.95, .momentum = 0.5, .centered = 1), rmsprop);
  same(tri_adam(.learning_rate = 0.05, .beta_1 = 0.8, .beta_2 = 0.99, .epsilon = 1e-3), adam);
  same(
      tri_adam(.learning_rate = 0.05, .beta_1 = 0.8, .beta_2 = 0.99, .epsilon = 1e-3, .amsgrad = 1),
      adam);
}
END_TEST

/* --- bounds of gradients */

static void clipped(tri_optimizer o, const double *expected) {
  double state[2 * N + 2] = {0, 0, 0, 3, -4, 0, 1, 1}, after[N];
  struct run r = compiled(&o);
  ck_assert_int_eq(tri_function_call(r.function, NULL, state, after), TRI_OK);
  for (int i = 0; i < N; i++) ck_assert_double_eq_tol(after[i], -expected[i], 1e-15);
  tri_function_free(r.function);
  tri_graph_free(r.graph);
}

START_TEST(gradients_are_bounded) {
  clipped(tri_sgd(), (double[]){3, -4, 0});
  clipped(tri_sgd(.clipnorm = 2.5), (double[]){1.5, -2, 0});
  clipped(tri_sgd(.clipnorm = 50), (double[]){3, -4, 0});
  clipped(tri_sgd(.clipvalue = 3.5), (double[]){3, -3.5, 0});
  clipped(tri_sgd(.global_clipnorm = 2.5), (double[]){1.5, -2, 0});
}
END_TEST

START_TEST(all_gradients_have_one_norm) {
  tri_graph *graph = tri_graph_new(NULL);
  tri_optimizer o = tri_sgd(.global_clipnorm = 6.5);
  tri_expr g[] = {tri_variable_shaped(graph, "a", 1, (int64_t[]){2}, NULL),
                  tri_variable(graph, "b")};
  tri_expr in[] = {g[0], g[1]};
  double values[] = {3, 4, 12}, after[3];
  tri__clip_gradients(&o, 2, g);
  tri_function *f = tri_compile(2, in, 2, g);
  ck_assert_int_eq(tri_function_call(f, NULL, values, after), TRI_OK);
  for (int i = 0; i < 3; i++) ck_assert_double_eq_tol(after[i], values[i] / 2, 1e-15);
  tri_function_free(f);
  tri_graph_free(graph);
}
END_TEST

/* --- options */

START_TEST(defaults_are_those_of_keras) {
  tri_optimizer o = tri__optimizer_defaults(&tri_sgd());
  ck_assert_double_eq(o.learning_rate, 0.01);
  o = tri__optimizer_defaults(&tri_rmsprop());
  ck_assert_double_eq(o.learning_rate, 0.001);
  ck_assert_double_eq(o.rho, 0.9);
  ck_assert_double_eq(o.epsilon, 1e-7);
  o = tri__optimizer_defaults(&tri_adam());
  ck_assert_double_eq(o.learning_rate, 0.001);
  ck_assert_double_eq(o.beta_1, 0.9);
  ck_assert_double_eq(o.beta_2, 0.999);
  ck_assert_double_eq(o.epsilon, 1e-7);
}
END_TEST

static void refused(tri_optimizer o, const char *message) {
  o = tri__optimizer_defaults(&o);
  ck_assert_str_eq(tri__optimizer_wrong(&o), message);
}

START_TEST(options_without_sense_are_told) {
  refused((tri_optimizer){.kind = TRI_OPTIMIZERS}, "there is no such optimizer");
  refused(tri_sgd(.learning_rate = -1), "learning_rate is not in [0, inf)");
  refused(tri_adam(.epsilon = (double)NAN), "epsilon is not in [0, inf)");
  refused(tri_sgd(.momentum = 1.5), "momentum is not in [0, 1]");
  refused(tri_rmsprop(.rho = 1), "rho is not in [0, 1)");
  refused(tri_adam(.beta_1 = 1), "beta_1 is not in [0, 1)");
  refused(tri_adam(.beta_2 = 1), "beta_2 is not in [0, 1)");
  refused(tri_sgd(.weight_decay = -1), "weight_decay is not in [0, inf)");
  refused(tri_sgd(.clipnorm = -1), "clipnorm is not in [0, inf)");
  refused(tri_sgd(.clipvalue = (double)INFINITY), "clipvalue is not in [0, inf)");
  refused(tri_sgd(.global_clipnorm = -1), "global_clipnorm is not in [0, inf)");
  refused(tri_adam(.clipnorm = 1, .clipvalue = 1),
          "only one of clipnorm, clipvalue and global_clipnorm may be given");
}
END_TEST

/* Plain SGD is p - rate·g and nothing else, which is added to a product in place. */
START_TEST(sgd_is_one_difference) {
  tri_graph *graph = tri_graph_new(NULL);
  tri_optimizer o = tri_sgd();
  tri_expr p = tri_variable_shaped(graph, "p", 1, (int64_t[]){N}, NULL), next[1];
  tri_expr g = tri_variable_shaped(graph, "g", 1, (int64_t[]){N}, NULL);
  tri_expr rate = tri_variable(graph, "rate");
  tri_expr e = tri__optimizer_step(&o, rate, rate, p, g, NULL, next);
  ck_assert(tri_expr_equal(e, tri_sub(p, tri_mul(rate, g))));
  tri_graph_free(graph);
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("optimizers", 0, NULL, NULL, steps_are_those_of_keras,
                        gradients_are_bounded, all_gradients_have_one_norm,
                        defaults_are_those_of_keras, options_without_sense_are_told,
                        sgd_is_one_difference);
}

int main(void) { return tri_test_main("optimizers", suite); }
