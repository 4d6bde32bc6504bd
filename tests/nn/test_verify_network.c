/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient of a network's loss by its weights, in three modes, proved in ball arithmetic and
 * against differences of values. */
#include <stdio.h>

#include <triad/verify.h>

#include "tests/nn/networks.h"
#include "tests/runner.h"

enum { MOST = 64 };

/* An array of scalar variables in place of a variable of `count` elements, and the point for
 * them. */
struct scalars {
  size_t n;
  tri_expr inputs[MOST], point[MOST];
};

static tri_expr in_place_of(tri_graph *g, tri_expr variable, const struct sample *shape,
                            const double *values, struct scalars *s) {
  tri_extent extents[TRI_LAYER_RANK];
  size_t first = s->n;
  int64_t count;
  ck_assert(tri__sample_count(shape, &count));
  for (int64_t i = 0; i < count; i++) {
    char name[80];
    snprintf(name, sizeof name, "%s_%d", tri_expr_name(variable), (int)i);
    ck_assert_uint_lt(s->n, MOST);
    s->inputs[s->n] = tri_variable(g, name);
    s->point[s->n++] = tri_double(g, values[i]);
  }
  for (size_t d = 0; d < shape->rank; d++) extents[d] = tri_extent_of(shape->shape[d]);
  return tri_reshape(tri_stack(s->n - first, s->inputs + first), shape->rank, extents);
}

/* e with scalars for all trained weights and constants for what else there is. */
static tri_expr with_scalars(tri_model *m, tri_expr e, size_t n, const struct given *given,
                             const struct sample *shapes, struct scalars *s) {
  struct scalars constants = {0};
  tri_expr from[MOST], to[MOST];
  double values[MOST];
  for (size_t i = 0; i < m->n_weights; i++) {
    tri_model_get_weight(m, i, values);
    from[i] = m->weights[i].variable;
    to[i] = in_place_of(m->graph, from[i], &m->weights[i].shape, values, s);
  }
  for (size_t i = 0; i < n; i++) {
    tri_expr *put = &to[m->n_weights + i];
    from[m->n_weights + i] = given[i].variable;
    *put = in_place_of(m->graph, given[i].variable, &shapes[i], given[i].values, &constants);
    *put = tri_substitute(*put, constants.n, constants.inputs, constants.point);
  }
  return tri_substitute(e, m->n_weights + n, from, to);
}

static void proved(tri_model *m, tri_expr loss, size_t n, const struct given *given,
                   const struct sample *shapes) {
  struct scalars s = {0};
  tri_verify_report report;
  tri_error error = {0};
  tri_expr e = with_scalars(m, loss, n, given, shapes, &s);
  ck_assert_msg(!tri_expr_status(e), "%s", tri_graph_error(m->graph)->message);
  tri_status status = tri_verify(s.n, s.inputs, s.point, 1, &e, &report, .error = &error);
  ck_assert_msg(status == TRI_OK, "%s", error.message);
  for (size_t i = 0; i < report.n_entries; i++)
    ck_assert_msg(report.entries[i].verdict == TRI_PROVED, "entry %zu: %s", i,
                  report.entries[i].reason);
  ck_assert_uint_eq(report.n_entries, 1 + s.n);
  tri_verify_report_free(&report);
}

static const double X[] = {0.5, -1, 2, 0.25, 1.5, -0.75}, LABELS[] = {2, 0, 1};
static const struct sample SHAPES[] = {{2, {3, 2}}, {1, {3}}};

START_TEST(gradients_of_classifiers_are_proved) {
  tri_model *m = tri_sequential(&(tri_model_options){.seed = 5, .dtype = "float64"});
  struct built b;
  const char *names[] = {"batch"};
  ck_assert_int_eq(tri_model_add(m, tri_input(2)), TRI_OK);
  ck_assert_int_eq(tri_model_add(m, tri_dense(4, .activation = "relu")), TRI_OK);
  ck_assert_int_eq(
      tri_model_add(m, tri_dense(3, .activation = "softmax", .kernel_regularizer = tri_l2(0.01))),
      TRI_OK);
  ck_assert_int_eq(tri__model_build(m, true, &b), TRI_OK);
  tri_expr y = tri_variable_shaped(m->graph, "y", 1, (int64_t[]){0}, names);
  const struct given given[] = {{tri_model_input(m, 0), X}, {y, LABELS}};
  for (int from_logits = 0; from_logits < 2; from_logits++) {
    tri_expr p = from_logits ? b.logits[0] : b.outputs[0];
    tri_expr loss = tri_loss("sparse_categorical_crossentropy", y, p, from_logits);
    proved(m, tri_add(loss, b.penalty), 2, given, SHAPES);
  }
  tri__built_free(m, &b);
  tri_model_free(m);
}
END_TEST

/* With the moving statistics, which are all that the bias of the first layer moves. */
START_TEST(gradients_through_batch_statistics_are_proved) {
  tri_model *m = tri_sequential(&(tri_model_options){.seed = 6, .dtype = "float64"});
  struct built b;
  ck_assert_int_eq(tri_model_add(m, tri_input(2)), TRI_OK);
  ck_assert_int_eq(tri_model_add(m, tri_dense(2)), TRI_OK);
  ck_assert_int_eq(tri_model_add(m, tri_batch_normalization()), TRI_OK);
  ck_assert_int_eq(tri_model_add(m, tri_dense(1, .activation = "tanh")), TRI_OK);
  ck_assert_int_eq(tri__model_build(m, true, &b), TRI_OK);
  const struct given given[] = {{tri_model_input(m, 0), X}};
  tri_expr loss = tri__mean_all(tri_exp(b.outputs[0]));
  for (size_t i = 0; i < b.n_updates; i++)
    loss = tri_add(loss, tri__sum_all(tri_square(b.updates[i].value)));
  proved(m, loss, 1, given, SHAPES);
  tri__built_free(m, &b);
  tri_model_free(m);
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("verify_network", 0, NULL, NULL, gradients_of_classifiers_are_proved,
                        gradients_through_batch_statistics_are_proved);
}

int main(void) { return tri_test_main("verify_network", suite); }
