/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The first values of weights: LeCun et al. 1998, Glorot and Bengio 2010, He et al. 2015, as Keras
 * scales them. */
#include <math.h>
#include <string.h>

#include "nn/nn.h"

/* Variance scaling: scale / (fan_in, or the mean of fan_in and fan_out). */
static const struct initializer {
  const char *name;
  double scale; /* 0: all values are `constant` */
  double constant;
  bool by_both, normal;
} initializers[] = {
    {"glorot_uniform", 1.0, 0.0, true, false}, {"glorot_normal", 1.0, 0.0, true, true},
    {"he_uniform", 2.0, 0.0, false, false},    {"he_normal", 2.0, 0.0, false, true},
    {"lecun_uniform", 1.0, 0.0, false, false}, {"lecun_normal", 1.0, 0.0, false, true},
    {"zeros", 0.0, 0.0, false, false},         {"ones", 0.0, 1.0, false, false},
};

static const struct initializer *find(const char *name) {
  for (size_t i = 0; i < sizeof initializers / sizeof *initializers; i++)
    if (strcmp(initializers[i].name, name) == 0) return &initializers[i];
  return NULL;
}

const char *tri__initializer_name(const char *name) {
  const struct initializer *i = find(name);
  return i ? i->name : NULL;
}

static double uniform(uint64_t seed, uint32_t part, uint64_t i) {
  return 0x1p-24 * tri__random24(seed, STREAM_WEIGHTS, part, i);
}

/* Standard normal by Box and Muller, drawn again (*i counts) until it is within two deviations. */
static double truncated_normal(uint64_t seed, uint32_t part, uint64_t *i) {
  double x;
  do {
    double radius = sqrt(-2.0 * log1p(-uniform(seed, part, *i)));
    x = radius * cos(0x1.921fb54442d18p+2 * uniform(seed, part, *i + 1));
    *i += 2;
  } while (fabs(x) > 2.0);
  return x;
}

/* Number i of a tensor; *drawn counts the random numbers that were taken. */
static double first_value(const tri_model *m, const struct initializer *how, double variance,
                          uint32_t part, uint64_t i, uint64_t *drawn) {
  /* the deviation of a normal number that is within two deviations */
  double deviation = sqrt(variance) / 0.87962566103423978, limit = sqrt(3.0 * variance);
  if (how->scale == 0.0) return how->constant;
  if (how->normal) return deviation * truncated_normal(m->seed, part, drawn);
  return limit * (2.0 * uniform(m->seed, part, i) - 1.0);
}

void tri__initialize(tri_model *m, const char *name, uint32_t part, int64_t fan_in, int64_t fan_out,
                     struct store *values) {
  const struct initializer *how = find(name);
  double fan = how->by_both ? 0.5 * ((double)fan_in + (double)fan_out) : (double)fan_in;
  double variance = how->scale / fmax(1.0, fan);
  uint64_t drawn = 0;
  for (size_t i = 0; i < values->count; i++)
    store_put(m, values, i, first_value(m, how, variance, part, i, &drawn));
}
