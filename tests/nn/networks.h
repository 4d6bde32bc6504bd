/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What tests of networks share: expressions at given arrays, the samples of a batch. */
#ifndef TRIAD_TESTS_NN_NETWORKS_H
#define TRIAD_TESTS_NN_NETWORKS_H

#include <check.h>
#include <triad.h>

#include "nn/nn.h"

static inline void fine(tri_model *m, tri_status status) {
  ck_assert_msg(status == TRI_OK, "%s: %s", tri_status_code(status), tri_model_error(m)->message);
}

static inline void add_layer(tri_model *m, tri_layer layer) { fine(m, tri_model_add(m, layer)); }

/* A layer that is not added, and leaves nothing. */
static inline void refuse_layer(tri_model *m, tri_layer layer, tri_status status,
                                const char *message) {
  size_t parameters = tri_model_parameters(m), weights = tri_model_weights(m),
         layers = tri_model_layers(m);
  uint32_t nodes = tri_graph_size(tri_model_graph(m));
  ck_assert_int_eq(tri_model_add(m, layer), status);
  ck_assert_str_eq(tri_model_error(m)->message, message);
  ck_assert_uint_eq(tri_model_parameters(m), parameters);
  ck_assert_uint_eq(tri_model_weights(m), weights);
  ck_assert_uint_eq(tri_model_layers(m), layers);
  ck_assert_uint_eq(tri_graph_size(tri_model_graph(m)), nodes);
}

/* A variable and what it stands for. */
struct given {
  tri_expr variable;
  const double *values;
};

/* e's elements, for `batch` samples, into out. */
static inline void value_at(tri_expr e, size_t n, const struct given *given, int64_t batch,
                            double *out) {
  tri_expr variables[32];
  const void *inputs[32];
  tri_error error = {0};
  ck_assert_uint_le(n, 32);
  for (size_t i = 0; i < n; i++) variables[i] = given[i].variable, inputs[i] = given[i].values;
  tri_function *f = tri_compile(n, variables, 1, &e, .error = &error);
  ck_assert_msg(f != NULL, "%s", error.message);
  tri_call call = {.n_sizes = tri_function_sizes(f), .sizes = &batch};
  ck_assert_int_eq(tri_function_call_arrays(f, &call, inputs, (void *[]){out}), TRI_OK);
  tri_function_free(f);
}

static inline void near_all(size_t n, const double *x, const double *y, double tolerance) {
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(x[i] - y[i] <= tolerance && y[i] - x[i] <= tolerance, "%zu: %.17g and %.17g", i,
                  x[i], y[i]);
}

/* A weight by its name, with these numbers from now on. */
static inline struct given weight_of(tri_model *m, const char *name, const double *values) {
  size_t i = tri_model_find_weight(m, name);
  ck_assert_msg(i != (size_t)-1, "%s", name);
  tri_model_set_weight(m, i, values);
  return (struct given){tri_model_weight(m, i).variable, values};
}

#endif
