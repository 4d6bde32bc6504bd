/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* 784-300-100-10 with relu, softmax and crossentropy, trained by hand. */
#ifndef TRIAD_BENCH_TRAIN_MLP_H
#define TRIAD_BENCH_TRAIN_MLP_H

#include "train.h"

enum { MLP_LAYERS = 3 };

struct mlp {
  struct train_state state;
  struct train_dense layers[MLP_LAYERS];
  float *y[MLP_LAYERS + 1], *dy[MLP_LAYERS + 1], *labels; /* y[0]: the pictures */
};

static inline void mlp_open(struct mlp *p, enum train_optimizer optimizer, int batch, float rate) {
  static const int sizes[] = {TRAIN_PIXELS, 300, 100, TRAIN_CLASSES};
  unsigned long long random = 1;
  *p = (struct mlp){
      .state = {
          .optimizer = optimizer, .batch = batch, .rate = rate, .power1 = 1.0, .power2 = 1.0}};
  p->labels = train_floats((size_t)batch);
  p->y[0] = train_floats((size_t)(batch * TRAIN_PIXELS));
  for (int i = 0; i < MLP_LAYERS; i++) {
    p->layers[i] = train_dense(&p->state, sizes[i], sizes[i + 1], &random);
    p->y[i + 1] = train_floats((size_t)(batch * sizes[i + 1]));
    p->dy[i + 1] = train_floats((size_t)(batch * sizes[i + 1]));
  }
}

static inline void mlp_close(struct mlp *p) {
  for (int i = 0; i < MLP_LAYERS; i++) train_dense_free(&p->layers[i]);
  for (int i = 0; i <= MLP_LAYERS; i++) {
    free(p->y[i]);
    free(p->dy[i]);
  }
  free(p->labels);
}

/* One step on the rows of the data. */
static inline void mlp_step(struct mlp *p, const struct train_data *data, const int *rows) {
  struct train_state *s = &p->state;
  train_begin(s);
  train_gather(data, s->batch, rows, p->y[0], p->labels);
  for (int i = 0; i < MLP_LAYERS; i++)
    train_dense_run(&p->layers[i], s->batch, p->y[i], p->y[i + 1], i < MLP_LAYERS - 1);
  train_loss(s, p->y[MLP_LAYERS], p->labels, p->dy[MLP_LAYERS]);
  for (int i = MLP_LAYERS; i-- > 0;)
    train_dense_back(s, &p->layers[i], p->y[i], p->y[i + 1], p->dy[i + 1], p->dy[i],
                     i < MLP_LAYERS - 1);
}

#endif
