/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the hand-written trainers of networks share: Fashion-MNIST, the loss, optimizers, dense
 * layers on CBLAS. One thread, float, nothing allocated in a step. Weights lie as Keras has them,
 * a kernel [in, out] by rows. */
#ifndef TRIAD_BENCH_TRAIN_H
#define TRIAD_BENCH_TRAIN_H

#include <cblas.h>
#include <math.h>
#include <string.h>
#include <triad/io.h>

#include "problems.h"

enum { TRAIN_PIXELS = 784, TRAIN_CLASSES = 10 };

/* n pictures of 28 by 28 numbers from 0 to 1, and their classes. */
struct train_data {
  size_t n;
  float *pictures, *labels;
};

/* How weights follow their gradient. */
enum train_optimizer { TRAIN_SGD, TRAIN_SGD_FUSED, TRAIN_ADAM };

/* A tensor of weights with its gradient, and for Adam the means of gradients and squares. */
struct train_weights {
  size_t n;
  float *w, *gradient, *mean, *square;
};

/* What a step of training by hand has: the gradients' scales, the loss so far, and the rows of
 * this batch. */
struct train_state {
  enum train_optimizer optimizer;
  int batch;
  float rate;  /* of learning */
  float alpha; /* of Adam at this step */
  double power1, power2;
  double loss; /* of all batches, summed */
  size_t right, steps;
};

static inline float *train_floats(size_t n) {
  float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
  if (!x) exit(EXIT_FAILURE);
  memset(x, 0, n * sizeof *x);
  return x;
}

/* --- data */

/* The files as they are: grey values from 0 to 255. `images` are the same numbers as pictures
 * [n, 28, 28, 1]. */
struct train_files {
  tri_array pictures, labels, images;
};

static inline int train_file(const char *folder, const char *file, tri_array *array) {
  char path[512];
  tri_error error = {.message = ""};
  snprintf(path, sizeof path, "%s/%s.gz", folder, file);
  if (!tri_idx_read(path, &(tri_io_options){.error = &error}, array)) return 1;
  fprintf(stderr, "%s (Debian: dataset-fashion-mnist)\n", error.message);
  return 0;
}

/* 0 if they are not there, which it says. To be closed in any case. */
static inline int train_files_open(struct train_files *files, const char *folder) {
  memset(files, 0, sizeof *files);
  if (!train_file(folder, "train-images-idx3-ubyte", &files->pictures) ||
      !train_file(folder, "train-labels-idx1-ubyte", &files->labels))
    return 0;
  files->images = files->pictures;
  files->images.rank = 4;
  files->images.dims[3] = 1;
  return files->labels.count == files->pictures.dims[0];
}

static inline void train_files_close(struct train_files *files) {
  tri_array_free(&files->pictures);
  tri_array_free(&files->labels);
}

/* As the trainers by hand have them, in memory as floats. */
static inline void train_open(struct train_data *data, const struct train_files *files) {
  data->n = files->labels.count;
  data->pictures = train_floats(files->pictures.count);
  data->labels = train_floats(files->labels.count);
  tri_array_floats(&files->pictures, data->pictures);
  tri_array_floats(&files->labels, data->labels);
  for (size_t i = 0; i < files->pictures.count; i++) data->pictures[i] *= 1.0F / 255.0F;
}

static inline void train_close(struct train_data *data) {
  free(data->pictures);
  free(data->labels);
}

/* Another order of n numbers. */
static inline void train_shuffle(size_t n, int *order, unsigned long long *state) {
  for (size_t i = n; i-- > 1;) {
    size_t j = (size_t)((bench_random(state) + 1.0) / 2.0 * (double)(i + 1));
    int other = order[j];
    order[j] = order[i];
    order[i] = other;
  }
}

/* The pictures and classes of the rows, one after the other. */
static inline void train_gather(const struct train_data *data, int batch, const int *rows, float *x,
                                float *labels) {
  for (int i = 0; i < batch; i++) {
    memcpy(x + (size_t)i * TRAIN_PIXELS, data->pictures + (size_t)rows[i] * TRAIN_PIXELS,
           TRAIN_PIXELS * sizeof *x);
    labels[i] = data->labels[rows[i]];
  }
}

/* --- weights */

/* Glorot's uniform distribution for a kernel, zeros for a bias (scale 0). */
static inline struct train_weights train_weights(const struct train_state *s, size_t n,
                                                 double scale, unsigned long long *random) {
  struct train_weights t = {n, train_floats(n), NULL, NULL, NULL};
  for (size_t i = 0; i < n; i++) t.w[i] = (float)(scale * bench_random(random));
  t.gradient = train_floats(n);
  if (s->optimizer == TRAIN_ADAM) {
    t.mean = train_floats(n);
    t.square = train_floats(n);
  }
  return t;
}

static inline void train_weights_free(struct train_weights *t) {
  free(t->w);
  free(t->gradient);
  free(t->mean);
  free(t->square);
}

static inline void train_begin(struct train_state *s) {
  s->power1 *= 0.9;
  s->power2 *= 0.999;
  s->alpha = s->rate * (float)(sqrt(1.0 - s->power2) / (1.0 - s->power1));
  s->steps++;
}

static inline void train_sgd(size_t n, float rate, const float *restrict gradient,
                             float *restrict w) {
  for (size_t i = 0; i < n; i++) w[i] -= rate * gradient[i];
}

/* As Keras has it: epsilon 1e-7 beside the root of what is not yet scaled up. */
static inline void train_adam(size_t n, float alpha, const float *restrict gradient,
                              float *restrict w, float *restrict mean, float *restrict square) {
  for (size_t i = 0; i < n; i++) {
    float g = gradient[i], m = mean[i] + 0.1F * (g - mean[i]),
          v = square[i] + 0.001F * (g * g - square[i]);
    mean[i] = m;
    square[i] = v;
    w[i] -= alpha * m / (sqrtf(v) + 1e-7F);
  }
}

static inline void train_update(const struct train_state *s, struct train_weights *t) {
  if (s->optimizer == TRAIN_ADAM)
    train_adam(t->n, s->alpha, t->gradient, t->w, t->mean, t->square);
  else
    train_sgd(t->n, s->rate, t->gradient, t->w);
}

/* --- dense layers: y [batch, out] = x [batch, in] · kernel + bias */

struct train_dense {
  int in, out;
  struct train_weights kernel, bias;
};

static inline struct train_dense train_dense(const struct train_state *s, int in, int out,
                                             unsigned long long *random) {
  struct train_dense l = {.in = in, .out = out};
  l.kernel = train_weights(s, (size_t)in * (size_t)out, sqrt(6.0 / (in + out)), random);
  l.bias = train_weights(s, (size_t)out, 0.0, random);
  return l;
}

static inline void train_dense_free(struct train_dense *l) {
  train_weights_free(&l->kernel);
  train_weights_free(&l->bias);
}

/* Bias and relu in one pass. */
static inline void train_bias(size_t rows, int n, const float *restrict bias, float *restrict y,
                              int relu) {
  for (size_t i = 0; i < rows; i++) {
    float *row = y + i * (size_t)n;
    if (relu)
      for (int j = 0; j < n; j++) row[j] = row[j] + bias[j] > 0.0F ? row[j] + bias[j] : 0.0F;
    else
      for (int j = 0; j < n; j++) row[j] += bias[j];
  }
}

/* dy becomes the adjoint before relu, whose sums are the bias's gradient, in one pass. */
static inline void train_bias_back(size_t rows, int n, const float *restrict y, float *restrict dy,
                                   float *restrict gradient, int relu) {
  memset(gradient, 0, (size_t)n * sizeof *gradient);
  for (size_t i = 0; i < rows; i++) {
    const float *at = y + i * (size_t)n;
    float *row = dy + i * (size_t)n;
    for (int j = 0; j < n; j++) {
      float d = !relu || at[j] > 0.0F ? row[j] : 0.0F;
      row[j] = d;
      gradient[j] += d;
    }
  }
}

static inline void train_dense_run(const struct train_dense *l, int batch, const float *x, float *y,
                                   int relu) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch, l->out, l->in, 1.0F, x, l->in,
              l->kernel.w, l->out, 0.0F, y, l->out);
  train_bias((size_t)batch, l->out, l->bias.w, y, relu);
}

/* The kernel follows its gradient, which is stored first, or with the fused update never is. */
static inline void train_kernel(const struct train_state *s, struct train_weights *kernel, int in,
                                int out, int rows, const float *x, const float *dy) {
  int fused = s->optimizer == TRAIN_SGD_FUSED;
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, in, out, rows, fused ? -s->rate : 1.0F, x,
              in, dy, out, fused ? 1.0F : 0.0F, fused ? kernel->w : kernel->gradient, out);
  if (!fused) train_update(s, kernel);
}

/* From y and its adjoint dy: the adjoint of x, unless dx is NULL, and the layer's new weights. */
static inline void train_dense_back(const struct train_state *s, struct train_dense *l,
                                    const float *x, const float *y, float *dy, float *dx,
                                    int relu) {
  train_bias_back((size_t)s->batch, l->out, y, dy, l->bias.gradient, relu);
  if (dx)
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, s->batch, l->in, l->out, 1.0F, dy, l->out,
                l->kernel.w, l->out, 0.0F, dx, l->in);
  train_kernel(s, &l->kernel, l->in, l->out, s->batch, x, dy);
  train_update(s, &l->bias);
}

/* --- the loss */

/* y [batch, classes] before softmax, labels: the adjoint of y for the mean of the crossentropies;
 * counts the loss and what was right. */
static inline void train_loss(struct train_state *s, const float *y, const float *labels,
                              float *dy) {
  double loss = 0.0;
  for (int i = 0; i < s->batch; i++) {
    const float *row = y + (size_t)i * TRAIN_CLASSES;
    float *d = dy + (size_t)i * TRAIN_CLASSES, sum = 0.0F;
    int best = 0, label = (int)labels[i];
    for (int j = 1; j < TRAIN_CLASSES; j++)
      if (row[j] > row[best]) best = j;
    for (int j = 0; j < TRAIN_CLASSES; j++) sum += d[j] = expf(row[j] - row[best]);
    for (int j = 0; j < TRAIN_CLASSES; j++) d[j] /= sum * (float)s->batch;
    d[label] -= 1.0F / (float)s->batch;
    loss += logf(sum) - (row[label] - row[best]);
    s->right += best == label;
  }
  s->loss += loss / s->batch;
}

#endif
