/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The networks that are trained by hand, as triad's models, their loss and its gradient. */
#ifndef TRIAD_BENCH_TRAIN_GRAPH_H
#define TRIAD_BENCH_TRAIN_GRAPH_H

#include <triad.h>

#include "bench/train.h"

enum { TRAIN_TENSORS = 16 }; /* at most */

/* The weights, the pictures and their classes; what is computed of them: the loss and its gradient
 * by each tensor of weights. */
struct train_graph {
  tri_model *model;
  size_t weights;
  tri_expr inputs[TRAIN_TENSORS + 2], outputs[TRAIN_TENSORS + 1];
};

static inline int train_add(tri_model *m, size_t n, const tri_layer *layers) {
  for (size_t i = 0; i < n; i++)
    if (tri_model_add(m, layers[i])) return fprintf(stderr, "%s\n", tri_model_error(m)->message), 0;
  return 1;
}

static inline tri_model *train_model_of(size_t n, const tri_layer *layers) {
  tri_model *m = tri_sequential(NULL);
  if (m && train_add(m, n, layers)) return m;
  tri_model_free(m);
  return NULL;
}

/* 784-300-100-10, or the network of train_cnn.h; both without softmax. NULL on failure, which it
 * says. */
static inline tri_model *train_model(int cnn) {
  const tri_layer dense[] = {tri_input(28, 28), tri_flatten(), tri_dense(300, .activation = "relu"),
                             tri_dense(100, .activation = "relu"), tri_dense(TRAIN_CLASSES)};
  const tri_layer convolutions[] = {
      tri_input(28, 28, 1),
      tri_conv2d(32, .kernel_size = {3}, .padding = "same", .activation = "relu"),
      tri_max_pooling2d(),
      tri_conv2d(64, .kernel_size = {3}, .padding = "same", .activation = "relu"),
      tri_max_pooling2d(),
      tri_flatten(),
      tri_dense(128, .activation = "relu"),
      tri_dense(TRAIN_CLASSES)};
  return cnn ? train_model_of(sizeof convolutions / sizeof *convolutions, convolutions)
             : train_model_of(sizeof dense / sizeof *dense, dense);
}

/* 0 on failure, which it says. */
static inline int train_graph_open(struct train_graph *t, tri_model *model) {
  *t = (struct train_graph){.model = model};
  if (!model) return 0;
  tri_graph *g = tri_model_graph(model);
  t->weights = tri_model_weights(model);
  for (size_t i = 0; i < t->weights; i++) t->inputs[i] = tri_model_weight(model, i).variable;
  t->inputs[t->weights] = tri_model_input(model, 0);
  t->inputs[t->weights + 1] =
      tri_variable_shaped(g, "labels", 1, (int64_t[]){0}, (const char *[]){"batch"});
  t->outputs[0] = tri_loss("sparse_categorical_crossentropy", t->inputs[t->weights + 1],
                           tri_model_output(model, 0), 1);
  if (!tri_gradient(t->outputs[0], t->weights, t->inputs, t->outputs + 1)) return 1;
  fprintf(stderr, "%s\n", tri_graph_error(g)->message);
  return 0;
}

/* The function of the weights, pictures and labels. NULL on failure, which it says. */
static inline tri_function *train_compile(const struct train_graph *t, tri_domain domain,
                                          const tri_expr *outputs, const size_t *donated) {
  tri_error error = {.message = ""};
  tri_function *f = tri_compile(t->weights + 2, t->inputs, t->weights + 1, outputs,
                                .domain = domain, .donated = donated, .error = &error);
  if (!f) fprintf(stderr, "%s\n", error.message);
  return f;
}

#endif
