/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Convolution 3×3×32, pooling, convolution 3×3×64, pooling, dense 128, dense 10, trained by hand; a
 * convolution's result has the size of its input (padding "same"). Windows are rows of a matrix, a
 * few pictures at a time so that they stay in cache, and one product; bias and relu are taken after
 * pooling, of a fourth of the numbers. The backward pass makes the windows again. Pictures are
 * [height, width, channels]. */
#ifndef TRIAD_BENCH_TRAIN_CNN_H
#define TRIAD_BENCH_TRAIN_CNN_H

#include "train.h"

enum { CNN_WINDOW = 3, CNN_BLOCK = 4 }; /* pictures at a time, of which a batch is a multiple */

/* A convolution, relu and pooling by 2. */
struct cnn_layer {
  int size, channels, filters; /* of its input; of its result */
  struct train_weights kernel, bias;
  float *rows, *z; /* windows, and their products, of a block */
  float *y, *dy;   /* pooled, of a batch */
  int *place;      /* from which of four it is */
};

struct cnn {
  struct train_state state;
  struct cnn_layer first, second;
  struct train_dense third, fourth;
  float *x, *labels, *y[2], *dy[2];
};

static inline int cnn_pooled(const struct cnn_layer *l) { return l->size / 2; }
static inline int cnn_fan(const struct cnn_layer *l) {
  return CNN_WINDOW * CNN_WINDOW * l->channels;
}
/* How many numbers one picture has before the layer, and behind it. */
static inline size_t cnn_before(const struct cnn_layer *l) {
  return (size_t)(l->size * l->size * l->channels);
}
static inline size_t cnn_behind(const struct cnn_layer *l) {
  return (size_t)(cnn_pooled(l) * cnn_pooled(l) * l->filters);
}

static inline struct cnn_layer cnn_layer(const struct train_state *s, int size, int channels,
                                         int filters, unsigned long long *random) {
  struct cnn_layer l = {.size = size, .channels = channels, .filters = filters};
  size_t windows = (size_t)(CNN_BLOCK * size * size);
  size_t fan = (size_t)cnn_fan(&l), all = (size_t)s->batch * cnn_behind(&l);
  double fans = CNN_WINDOW * CNN_WINDOW * (channels + filters);
  l.kernel = train_weights(s, fan * (size_t)filters, sqrt(6.0 / fans), random);
  l.bias = train_weights(s, (size_t)filters, 0.0, random);
  l.rows = train_floats(windows * fan);
  l.z = train_floats(windows * (size_t)filters);
  l.y = train_floats(all);
  l.dy = train_floats(all);
  l.place = malloc(all * sizeof *l.place);
  if (!l.place) exit(EXIT_FAILURE);
  return l;
}

static inline void cnn_layer_free(struct cnn_layer *l) {
  train_weights_free(&l->kernel);
  train_weights_free(&l->bias);
  free(l->rows);
  free(l->z);
  free(l->y);
  free(l->dy);
  free(l->place);
}

/* --- windows: three spans of a picture each, of zeros where they are beyond its border */

/* Span k of the window at row i and column j: how many numbers of the picture it has, from where on
 * in it and in the span. */
struct cnn_span {
  size_t from, to, count;
};

static inline struct cnn_span cnn_span(const struct cnn_layer *l, int i, int j, int k) {
  int row = i + k - 1, first = j > 0 ? j - 1 : 0, end = j + 2 < l->size ? j + 2 : l->size;
  if (row < 0 || row >= l->size) return (struct cnn_span){0, 0, 0};
  size_t channels = (size_t)l->channels;
  return (struct cnn_span){(size_t)(row * l->size + first) * channels,
                           (size_t)(first - j + 1) * channels, (size_t)(end - first) * channels};
}

static inline void cnn_windows(const struct cnn_layer *l, const float *x, float *row) {
  size_t span = (size_t)(CNN_WINDOW * l->channels);
  for (int i = 0; i < l->size; i++)
    for (int j = 0; j < l->size; j++)
      for (int k = 0; k < CNN_WINDOW; k++, row += span) {
        struct cnn_span s = cnn_span(l, i, j, k);
        if (s.count < span) memset(row, 0, span * sizeof *row);
        memcpy(row + s.to, x + s.from, s.count * sizeof *row);
      }
}

/* The transpose: what the windows have is added to the picture. */
static inline void cnn_windows_back(const struct cnn_layer *l, const float *restrict row,
                                    float *restrict dx) {
  memset(dx, 0, cnn_before(l) * sizeof *dx);
  for (int i = 0; i < l->size; i++)
    for (int j = 0; j < l->size; j++)
      for (int k = 0; k < CNN_WINDOW; k++, row += CNN_WINDOW * l->channels) {
        struct cnn_span s = cnn_span(l, i, j, k);
        for (size_t c = 0; c < s.count; c++) dx[s.from + c] += row[s.to + c];
      }
}

/* --- pooling */

/* The greatest of four, the first of equals, with bias and relu. */
static inline void cnn_pool_one(int n, const float *restrict a, const float *restrict b,
                                const float *restrict bias, float *restrict y,
                                int *restrict place) {
  for (int c = 0; c < n; c++) {
    float top = a[c + n] > a[c] ? a[c + n] : a[c], low = b[c + n] > b[c] ? b[c + n] : b[c];
    int at = a[c + n] > a[c], below = 2 + (b[c + n] > b[c]);
    float best = (low > top ? low : top) + bias[c];
    place[c] = low > top ? below : at;
    y[c] = best > 0.0F ? best : 0.0F;
  }
}

static inline void cnn_pool(const struct cnn_layer *l, const float *z, float *y, int *place) {
  int out = l->size, pooled = cnn_pooled(l), n = l->filters;
  for (int i = 0; i < pooled; i++)
    for (int j = 0; j < pooled; j++, y += n, place += n) {
      const float *a = z + (size_t)(2 * (i * out + j)) * (size_t)n;
      cnn_pool_one(n, a, a + out * n, l->bias.w, y, place);
    }
}

static inline void cnn_pool_one_back(int n, const float *restrict dy, const int *restrict place,
                                     float *restrict a, float *restrict b) {
  for (int c = 0; c < n; c++) {
    a[c] = place[c] == 0 ? dy[c] : 0.0F;
    a[c + n] = place[c] == 1 ? dy[c] : 0.0F;
    b[c] = place[c] == 2 ? dy[c] : 0.0F;
    b[c + n] = place[c] == 3 ? dy[c] : 0.0F;
  }
}

static inline void cnn_pool_back(const struct cnn_layer *l, const float *dy, const int *place,
                                 float *dz) {
  int out = l->size, pooled = cnn_pooled(l), n = l->filters;
  for (int i = 0; i < pooled; i++)
    for (int j = 0; j < pooled; j++, dy += n, place += n) {
      float *a = dz + (size_t)(2 * (i * out + j)) * (size_t)n;
      cnn_pool_one_back(n, dy, place, a, a + out * n);
    }
}

/* --- layers */

static inline void cnn_layer_run(const struct cnn_layer *l, int batch, const float *x) {
  int windows = l->size * l->size, fan = cnn_fan(l), n = l->filters;
  for (int i = 0; i < batch; i += CNN_BLOCK) {
    for (int k = 0; k < CNN_BLOCK; k++)
      cnn_windows(l, x + (size_t)(i + k) * cnn_before(l), l->rows + (size_t)(k * windows * fan));
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, CNN_BLOCK * windows, n, fan, 1.0F,
                l->rows, fan, l->kernel.w, n, 0.0F, l->z, n);
    for (int k = 0; k < CNN_BLOCK; k++) {
      size_t at = (size_t)(i + k) * cnn_behind(l);
      cnn_pool(l, l->z + (size_t)(k * windows * n), l->y + at, l->place + at);
    }
  }
}

/* The block's share of the kernel's gradient and, unless dx is NULL, the adjoint of its x. */
static inline void cnn_block_back(struct cnn_layer *l, int first, const float *x, float *dx) {
  int windows = l->size * l->size, fan = cnn_fan(l), n = l->filters;
  for (int k = 0; k < CNN_BLOCK; k++) {
    size_t at = (size_t)(first + k) * cnn_behind(l);
    cnn_windows(l, x + (size_t)k * cnn_before(l), l->rows + (size_t)(k * windows * fan));
    cnn_pool_back(l, l->dy + at, l->place + at, l->z + (size_t)(k * windows * n));
  }
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, fan, n, CNN_BLOCK * windows, 1.0F, l->rows,
              fan, l->z, n, first ? 1.0F : 0.0F, l->kernel.gradient, n);
  if (!dx) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, CNN_BLOCK * windows, fan, n, 1.0F, l->z, n,
              l->kernel.w, n, 0.0F, l->rows, fan);
  for (int k = 0; k < CNN_BLOCK; k++)
    cnn_windows_back(l, l->rows + (size_t)(k * windows * fan), dx + (size_t)k * cnn_before(l));
}

static inline void cnn_layer_back(const struct train_state *s, struct cnn_layer *l, const float *x,
                                  float *dx) {
  size_t rows = (size_t)s->batch * cnn_behind(l) / (size_t)l->filters;
  train_bias_back(rows, l->filters, l->y, l->dy, l->bias.gradient, 1);
  for (int i = 0; i < s->batch; i += CNN_BLOCK) {
    size_t at = (size_t)i * cnn_before(l);
    cnn_block_back(l, i, x + at, dx ? dx + at : NULL);
  }
  train_update(s, &l->kernel);
  train_update(s, &l->bias);
}

/* --- the network */

static inline void cnn_open(struct cnn *p, enum train_optimizer optimizer, int batch, float rate) {
  unsigned long long random = 1;
  *p = (struct cnn){
      .state = {
          .optimizer = optimizer, .batch = batch, .rate = rate, .power1 = 1.0, .power2 = 1.0}};
  p->first = cnn_layer(&p->state, 28, 1, 32, &random);
  p->second = cnn_layer(&p->state, cnn_pooled(&p->first), 32, 64, &random);
  p->third = train_dense(&p->state, (int)cnn_behind(&p->second), 128, &random);
  p->fourth = train_dense(&p->state, 128, TRAIN_CLASSES, &random);
  p->labels = train_floats((size_t)batch);
  p->x = train_floats((size_t)(batch * TRAIN_PIXELS));
  for (int i = 0; i < 2; i++) {
    int n = i ? p->fourth.out : p->third.out;
    p->y[i] = train_floats((size_t)(batch * n));
    p->dy[i] = train_floats((size_t)(batch * n));
  }
}

static inline void cnn_close(struct cnn *p) {
  cnn_layer_free(&p->first);
  cnn_layer_free(&p->second);
  train_dense_free(&p->third);
  train_dense_free(&p->fourth);
  free(p->labels);
  free(p->x);
  for (int i = 0; i < 2; i++) {
    free(p->y[i]);
    free(p->dy[i]);
  }
}

/* One step on the rows of the data. */
static inline void cnn_step(struct cnn *p, const struct train_data *data, const int *rows) {
  struct train_state *s = &p->state;
  train_begin(s);
  train_gather(data, s->batch, rows, p->x, p->labels);
  cnn_layer_run(&p->first, s->batch, p->x);
  cnn_layer_run(&p->second, s->batch, p->first.y);
  train_dense_run(&p->third, s->batch, p->second.y, p->y[0], 1);
  train_dense_run(&p->fourth, s->batch, p->y[0], p->y[1], 0);
  train_loss(s, p->y[1], p->labels, p->dy[1]);
  train_dense_back(s, &p->fourth, p->y[0], p->y[1], p->dy[1], p->dy[0], 0);
  train_dense_back(s, &p->third, p->second.y, p->y[0], p->dy[0], p->second.dy, 1);
  cnn_layer_back(s, &p->second, p->first.y, p->first.dy);
  cnn_layer_back(s, &p->first, p->x, NULL);
}

#endif
