/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How long the gradient check of a network takes: of 784-300-100-10 for a batch of 4 with 200
 * entries of each tensor, and of 20-32-10 with all of its 1,002 entries. */
#include <math.h>
#include <triad.h>

#include "bench/bench.h"

enum { SAMPLES = 256, LARGEST = 784, CLASSES = 10, BATCH = 4 };

static float x[SAMPLES * LARGEST], y[SAMPLES];

/* Pictures of as many classes that a network can tell: a pattern for each, with noise. */
static void make_data(size_t width) {
  uint32_t state = 1;
  for (size_t i = 0; i < SAMPLES; i++) {
    size_t class = i * 3 % CLASSES;
    y[i] = (float)class;
    for (size_t k = 0; k < width; k++) {
      state = state * 1664525u + 1013904223u;
      float noise = (float)(state >> 24) / 255.0f;
      x[i * width + k] = (k * 7 + class * 13) % 10 < 4 ? noise : 0.0f;
    }
  }
}

static tri_model *network(size_t width, size_t layers, const int64_t *units) {
  tri_model *m = tri_sequential(&(tri_model_options){.seed = 1});
  if (!m || tri_model_add(m, tri_input((int64_t)width))) exit(1);
  for (size_t i = 0; i < layers; i++)
    if (tri_model_add(m, tri_dense(units[i], .activation = i + 1 < layers ? "relu" : "softmax")))
      exit(1);
  if (tri_model_compile(m, .loss = "sparse_categorical_crossentropy", .optimizer = tri_sgd()))
    exit(1);
  return m;
}

/* Trained for an epoch before. An entry may depend on a relu that is at 0, but none may be
 * wrong. */
static void measure(const char *name, size_t width, size_t layers, const int64_t *units,
                    size_t sample, double goal) {
  make_data(width);
  tri_array pictures = {.dtype = TRI_F4,
                        .rank = 2,
                        .dims = {SAMPLES, width},
                        .count = SAMPLES * width,
                        .data = x},
            classes = {.dtype = TRI_F4, .rank = 1, .dims = {SAMPLES}, .count = SAMPLES, .data = y};
  const tri_dataset data = {.x = &(tri_samples){.array = &pictures},
                            .y = &(tri_samples){.array = &classes}};
  tri_model *m = network(width, layers, units);
  tri_model_gradcheck_report report;
  if (tri_model_fit(m, &data, NULL)) exit(1);
  if (tri_model_gradcheck(m, &data, &report, .batch_size = BATCH, .sample = sample)) exit(1);
  if (report.verdict == TRI_REFUTED) exit(1);
  bench_result(name, report.seconds, "s", goal, 1);
  tri_model_gradcheck_free(&report);
  tri_model_free(m);
}

int main(void) {
  measure("gradcheck", LARGEST, 3, (const int64_t[]){300, 100, CLASSES}, 200, 60.0);
  measure("gradcheck-all-entries", 20, 2, (const int64_t[]){32, CLASSES}, 0, 10.0);
  tri_thread_cleanup();
  return 0;
}
