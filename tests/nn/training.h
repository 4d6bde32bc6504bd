/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models and data that tests of training share. */
#ifndef TRIAD_TESTS_NN_TRAINING_H
#define TRIAD_TESTS_NN_TRAINING_H

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

#include "config.h"
#include "tests/nn/networks.h"
#include "tests/runner.h"

#if HAVE_OPENBLAS_SET_NUM_THREADS
void openblas_set_num_threads(int n); /* not in every cblas.h */
static inline void settle_products(void) { openblas_set_num_threads(1); }
#else
static inline void settle_products(void) {}
#endif

/* A view of numbers that the test owns. */
static inline tri_array doubles(double *x, size_t rank, size_t rows, size_t columns) {
  return (tri_array){.dtype = TRI_F8,
                     .rank = rank,
                     .dims = {rows, columns},
                     .count = rank > 1 ? rows * columns : rows,
                     .data = x};
}

/* --- XOR */

static inline tri_model *xor_model(const char *dtype, const tri_allocator *allocator) {
  tri_model *m =
      tri_sequential(&(tri_model_options){.seed = 3, .dtype = dtype, .allocator = allocator});
  ck_assert_ptr_nonnull(m);
  add_layer(m, tri_input(2));
  add_layer(m, tri_dense(8, .activation = "tanh"));
  add_layer(m, tri_dense(1, .activation = "sigmoid"));
  return m;
}

/* --- points of classes: bytes around a centre of each class, none of them far off */

enum { CLASSES = 3, FEATURES = 6, POINTS = 301 };

struct points {
  uint8_t x[POINTS * FEATURES], y[POINTS];
  tri_array x_array, y_array;
  tri_samples x_samples, y_samples;
  tri_dataset data;
};

static inline void make_points(struct points *p) {
  uint32_t state = 12345;
  for (size_t i = 0; i < POINTS; i++) {
    p->y[i] = (uint8_t)((i * 7 + i / 5) % CLASSES);
    for (size_t d = 0; d < FEATURES; d++) {
      state = state * 1664525u + 1013904223u;
      p->x[i * FEATURES + d] = (uint8_t)((d % CLASSES == p->y[i] ? 120u : 40u) + (state >> 25));
    }
  }
  p->x_array = (tri_array){
      .dtype = TRI_U1, .rank = 2, .dims = {POINTS, FEATURES}, .count = POINTS * FEATURES};
  p->x_array.data = p->x;
  p->y_array = (tri_array){.dtype = TRI_U1, .rank = 1, .dims = {POINTS}, .count = POINTS};
  p->y_array.data = p->y;
  p->x_samples = (tri_samples){.array = &p->x_array, .scale = 1 / 255.};
  p->y_samples = (tri_samples){.array = &p->y_array};
  p->data = (tri_dataset){.x = &p->x_samples, .y = &p->y_samples};
}

static inline tri_model *classifier(const char *dtype, double dropout,
                                    const tri_allocator *allocator) {
  tri_model *m =
      tri_sequential(&(tri_model_options){.seed = 11, .dtype = dtype, .allocator = allocator});
  ck_assert_ptr_nonnull(m);
  add_layer(m, tri_input(FEATURES));
  add_layer(m, tri_dense(16, .activation = "relu"));
  if (dropout > 0.0) add_layer(m, tri_dropout(dropout));
  add_layer(m, tri_dense(CLASSES, .activation = "softmax"));
  return m;
}

/* The share of samples whose largest output is that of their class. */
static inline double accuracy_of(tri_model *m, const struct points *p) {
  tri_array out;
  size_t right = 0;
  fine(m, tri_model_predict(m, &p->data, NULL, &out));
  for (size_t i = 0; i < POINTS; i++) {
    size_t best = 0;
    for (size_t k = 1; k < CLASSES; k++)
      if (tri_array_double(&out, i * CLASSES + k) > tri_array_double(&out, i * CLASSES + best))
        best = k;
    right += best == p->y[i];
  }
  tri_array_free(&out);
  return (double)right / POINTS;
}

#endif
