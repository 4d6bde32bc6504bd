/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Optimizers and training against what Keras computes: weights after each step (cases.py asked
 * it). */
#include "nn/train.h"
#include "tests/nn/keras.h"
#include "tests/nn/keras_models.h"

/* --- optimizers */

static const struct optimizer_case {
  const char *name;
  tri_optimizer optimizer;
} cases[] = {
    {"sgd", tri_sgd(.learning_rate = 0.1)},
    {"sgd_default", tri_sgd()},
    {"sgd_momentum", tri_sgd(.learning_rate = 0.1, .momentum = 0.9)},
    {"sgd_nesterov", tri_sgd(.learning_rate = 0.1, .momentum = 0.9, .nesterov = 1)},
    {"sgd_decay", tri_sgd(.learning_rate = 0.1, .momentum = 0.5, .weight_decay = 0.02)},
    {"sgd_clipvalue", tri_sgd(.learning_rate = 0.1, .clipvalue = 0.5)},
    {"sgd_clipnorm", tri_sgd(.learning_rate = 0.1, .clipnorm = 0.7)},
    {"sgd_global_clipnorm", tri_sgd(.learning_rate = 0.1, .global_clipnorm = 0.7)},
    {"rmsprop", tri_rmsprop(.learning_rate = 0.01)},
    {"rmsprop_default", tri_rmsprop()},
    {"rmsprop_centered", tri_rmsprop(.learning_rate = 0.01, .rho = 0.8, .centered = 1)},
    {"rmsprop_momentum", tri_rmsprop(.learning_rate = 0.01, .momentum = 0.9)},
    {"rmsprop_all", tri_rmsprop(.learning_rate = 0.01, .rho = 0.95, .momentum = 0.7,
                                .epsilon = 1e-3, .centered = 1)},
    {"adam", tri_adam(.learning_rate = 0.01)},
    {"adam_default", tri_adam()},
    {"adam_betas", tri_adam(.learning_rate = 0.02, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-4)},
    {"adam_amsgrad", tri_adam(.learning_rate = 0.01, .amsgrad = 1)},
    {"adam_decay", tri_adam(.learning_rate = 0.01, .weight_decay = 0.05)},
};

enum { TENSORS = 2, STEPS = 5 };

/* What two tensors are, step after step. */
struct stepping {
  tri_graph *g;
  tri_optimizer optimizer;
  tri_expr p[TENSORS], state[TENSORS][MOST_SLOTS];
};

static tri_expr given(struct keras_run *r, tri_graph *g, const char *part, int tensor, int step) {
  char name[32];
  int64_t dims[4];
  const tri_array *a = keras_find("%s.%s%d.%d", r->name, part, tensor, step);
  ck_assert_msg(a && a->rank <= 4, "%s: %s is missing", r->name, part);
  snprintf(name, sizeof name, "%s%d_%d", part, tensor, step);
  for (size_t i = 0; i < a->rank; i++) dims[i] = (int64_t)a->dims[i];
  keras_give(r, tri_variable_shaped(g, name, a->rank, dims, NULL), a);
  return r->in[r->inputs - 1];
}

static tri_expr zeros_like(tri_expr x) {
  tri_extent dims[4];
  size_t rank = tri__extents(x, dims);
  return tri_broadcast(tri_integer(x.graph, 0), rank, dims);
}

static void one_step(struct keras_run *r, struct stepping *s, int step) {
  const tri_optimizer *o = &s->optimizer;
  tri_expr gradients[TENSORS], next[MOST_SLOTS], rate = tri_double(s->g, o->learning_rate);
  tri_expr size = tri_double(s->g, tri__optimizer_step_size(o, o->learning_rate, (uint64_t)step));
  for (int t = 0; t < TENSORS; t++) gradients[t] = given(r, s->g, "g", t, step);
  tri__clip_gradients(o, TENSORS, gradients);
  for (int t = 0; t < TENSORS; t++) {
    s->p[t] = tri__optimizer_step(o, rate, size, s->p[t], gradients[t], s->state[t], next);
    memcpy(s->state[t], next, tri__optimizer_slots(o) * sizeof *next);
    keras_expect(r, s->p[t], keras_find("%s.p%d.%d", r->name, t, step));
  }
}

static void check_optimizer(const struct optimizer_case *c) {
  char name[64];
  struct keras_run r = {.name = name};
  struct stepping s = {tri_graph_new(NULL), tri__optimizer_defaults(&c->optimizer), {{0}}, {{{0}}}};
  snprintf(name, sizeof name, "optimizer_%s", c->name);
  ck_assert_ptr_null(tri__optimizer_wrong(&s.optimizer));
  for (int t = 0; t < TENSORS; t++) {
    s.p[t] = given(&r, s.g, "p", t, 0);
    for (size_t i = 0; i < MOST_SLOTS; i++) s.state[t][i] = zeros_like(s.p[t]);
  }
  for (int step = 1; step <= STEPS; step++) one_step(&r, &s, step);
  keras_compare(&r, 0);
  tri_graph_free(s.g);
}

START_TEST(optimizers) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_optimizer(cases + i);
}
END_TEST

/* --- models */

static void set_weights(tri_model *m, const char *name) {
  for (size_t i = 0; i < tri_model_weights(m); i++) {
    const tri_array *w = keras_find("%s.w%zu.0", name, i);
    ck_assert_uint_eq(w->count, tri_model_weight(m, i).count);
    double *values = malloc(w->count * sizeof *values);
    tri_array_doubles(w, values);
    tri_model_set_weight(m, i, values);
    free(values);
  }
}

static void same_weights(const tri_model *m, const char *name, int step) {
  tri_array found;
  for (size_t i = 0; i < tri_model_weights(m); i++) {
    const tri_array *w = keras_find("%s.w%zu.%d", name, i, step);
    ck_assert_int_eq(tri_array_new(TRI_F8, w->rank, w->dims, NULL, &found), TRI_OK);
    tri_model_get_weight(m, i, found.data);
    keras_same(name, i, w, &found);
    tri_array_free(&found);
  }
}

static void train(tri_model *m, const char *name, int step) {
  tri_samples x[2], y = {.array = keras_find("%s.y.%d", name, step)};
  double results[1 + TRI_METRICS], bound = keras_domain == TRI_FLOAT ? 1e-5 : 1e-12;
  size_t n = tri_model_inputs(m);
  for (size_t i = 0; i < n; i++)
    x[i] = (tri_samples){.array = keras_find("%s.x%zu.%d", name, i, step)};
  tri_status status =
      tri_model_train_on_batch(m, &(tri_dataset){.x = x, .n_x = n, .y = &y}, results);
  ck_assert_msg(status == TRI_OK, "%s: %s", name, tri_model_error(m)->message);
  double loss = tri_array_double(keras_find("%s.loss.%d", name, step), 0);
  ck_assert_double_eq_tol(results[0] / loss, 1.0, bound);
}

START_TEST(models) {
  for (size_t i = 0; i < KERAS_MODELS; i++) {
    const struct keras_model *c = keras_models + i;
    tri_model *m = c->make(&(tri_model_options){.dtype = keras_dtype()});
    ck_assert_ptr_nonnull(m);
    ck_assert_int_eq(tri_model_compile(m, .optimizer = c->optimizer, .loss = c->loss), TRI_OK);
    set_weights(m, c->name);
    for (int step = 1; step <= 3; step++) {
      train(m, c->name, step);
      same_weights(m, c->name, step);
    }
    tri_model_free(m);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("keras-train");
  keras_cases(s, 2, (const TTest *const[]){optimizers, models});
  return s;
}

int main(void) { return keras_main("keras-train", suite); }
