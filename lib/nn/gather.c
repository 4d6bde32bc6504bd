/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Batches: the numbers of chosen samples, whatever their type, as floats or doubles in one place.
 * This file's loops are written for vector instructions. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/threads.h"
#include "eval/bytes.h"
#include "nn/train.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

typedef void copy_row(void *restrict to, const void *restrict from, size_t n, double scale,
                      double offset);

/* Of each type in C: X(enumerator, type, what it is computed in for floats). Integers of 24 bits or
 * fewer are floats as they are; what has more is rounded once, from double. Bytes, which pictures
 * have, are a kernel of lanes. */
#define C_TYPES(X)                                                                                 \
  X(F8, double, double)                                                                            \
  X(F4, float, float)                                                                              \
  X(I1, int8_t, float)                                                                             \
  X(I2, int16_t, float)                                                                            \
  X(I4, int32_t, double)                                                                           \
  X(I8, int64_t, double)                                                                           \
  X(U2, uint16_t, float)                                                                           \
  X(U4, uint32_t, double)                                                                          \
  X(U8, uint64_t, double)

#define COPY(name, type, between, result)                                                          \
  static void result##s_of_##name(void *restrict to, const void *restrict from, size_t n,          \
                                  double scale, double offset) {                                   \
    const type *restrict x = from;                                                                 \
    result *restrict y = to;                                                                       \
    const between a = (between)scale, b = (between)offset;                                         \
    for (size_t i = 0; i < n; i++) y[i] = (result)((between)x[i] * a + b);                         \
  }
#define COPIES(name, type, between)                                                                \
  COPY(name, type, between, float) COPY(name, type, double, double)
C_TYPES(COPIES)

static copy_row *const copies[TRI_DTYPES][2] = {
#define ROW(name, type, between) [TRI_##name] = {floats_of_##name, doubles_of_##name},
    C_TYPES(ROW)
#undef ROW
};

static void plain_floats(void *restrict to, const void *restrict from, size_t n, double scale,
                         double offset) {
  (void)scale, (void)offset;
  memcpy(to, from, n * sizeof(float));
}

static copy_row *chosen(const tri_samples *s, double scale, bool floats) {
  tri_dtype dtype = s->array->dtype;
  if (dtype == TRI_U1 || dtype == TRI_B1)
    return floats ? tri__floats_of_bytes : tri__doubles_of_bytes;
  if (floats && dtype == TRI_F4 && scale == 1.0 && s->offset == 0.0) return plain_floats;
  return copies[dtype][floats ? 0 : 1];
}

/* Rows lie about anywhere in memory, and are asked for long before they are read: each batch for
 * the one after it, which comes while the step is computed. */
enum { ASKED = 65536, LINE = 64 };

/* Inline: gcc sees no effect in a call of it. */
static inline __attribute__((always_inline)) void ask_for(const char *data, size_t bytes,
                                                          const uint32_t *order, size_t n) {
  for (size_t i = 0; i < n && i * bytes < ASKED; i++) {
    const char *row = data + order[i] * bytes;
    for (size_t at = 0; at < bytes && at < ASKED; at += LINE) __builtin_prefetch(row + at, 0, 2);
    __builtin_prefetch(row + bytes - 1, 0, 2);
  }
}

/* A batch in the making. */
struct gathering {
  copy_row *copy;
  double scale, offset;
  const char *data;
  char *to;
  const uint32_t *order;       /* of the samples of the batch; NULL: one behind the other */
  size_t n, each, bytes, room; /* samples; numbers of one, and bytes of them there and here */
  size_t part;                 /* samples that are copied in one go */
};

enum { PART = 65536 };  /* bytes of a part, about */
#define NUMBER_COST 0.1 /* nanoseconds; batches of some hundred kilobytes are worth handing over */

static void gather_part(void *data, size_t part, size_t worker) {
  (void)worker;
  const struct gathering *g = data;
  size_t first = part * g->part, n = g->n - first < g->part ? g->n - first : g->part;
  char *to = g->to + first * g->room;
  if (!g->order) g->copy(to, g->data + first * g->bytes, n * g->each, g->scale, g->offset);
  for (size_t i = 0; g->order && i < n; i++)
    g->copy(to + i * g->room, g->data + g->order[first + i] * g->bytes, g->each, g->scale,
            g->offset);
}

void tri__gather_samples(tri_pool *pool, const tri_samples *from, size_t each,
                         const uint32_t *order, size_t first, size_t n, size_t next, bool floats,
                         void *to) {
  double scale = from->scale == 0.0 ? 1.0 : from->scale;
  struct gathering g = {.scale = scale, .offset = from->offset, .to = to, .n = n, .each = each};
  g.copy = chosen(from, scale, floats);
  g.bytes = each * tri_dtype_size(from->array->dtype);
  g.room = each * number_size(floats);
  g.data = from->array->data;
  g.part = g.room < PART ? PART / (g.room + !g.room) : 1;
  if (order) g.order = order + first;
  if (!order && n) g.data += first * g.bytes;
  struct pool_parts work = {.work = gather_part, .data = &g, .parts = (n + g.part - 1) / g.part};
  work.cost = (double)n * (double)each * NUMBER_COST;
  tri__pool_parts(pool, &work);
  if (order) ask_for(g.data, g.bytes, g.order + n, next);
}

void tri__floats(const double *from, size_t n, float *to) { floats_of_F8(to, from, n, 1.0, 0.0); }

/* The largest size that numbers of a type have. */
static double largest(tri_dtype dtype) {
  switch (dtype) {
  case TRI_F8: return DBL_MAX;
  case TRI_F4: return (double)FLT_MAX;
  default: return 0x1p64;
  }
}

size_t tri__first_beyond(const tri_samples *from, bool floats) {
  const tri_array *a = from->array;
  double scale = from->scale == 0.0 ? 1.0 : from->scale, most = floats ? (double)FLT_MAX : DBL_MAX;
  if (largest(a->dtype) * fabs(scale) + fabs(from->offset) <= most) return a->count;
  const double *wide = a->dtype == TRI_F8 ? a->data : NULL;
  for (size_t i = 0; i < a->count; i++) {
    double x = wide ? wide[i] : tri_array_double(a, i);
    if (!(fabs(x * scale + from->offset) <= most)) return i;
  }
  return a->count;
}
