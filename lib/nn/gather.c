/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Batches: the numbers of chosen samples, whatever their type, as floats or doubles in one place. This file's loops
 * are written for vector instructions. */
#include <string.h>

#include "nn/train.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

typedef void copy_row(const void *restrict from, size_t n, double scale, double offset,
                      void *restrict to);

/* Of each type in C: X(enumerator, type, what it is computed in for floats). Integers of 24 bits or fewer are floats
 * as they are; what has more is rounded once, from double. */
#define C_TYPES(X)                                                                                 \
  X(F8, double, double)                                                                            \
  X(F4, float, float)                                                                              \
  X(I1, int8_t, float)                                                                             \
  X(I2, int16_t, float)                                                                            \
  X(I4, int32_t, double)                                                                           \
  X(I8, int64_t, double)                                                                           \
  X(U1, uint8_t, float)                                                                            \
  X(U2, uint16_t, float)                                                                           \
  X(U4, uint32_t, double)                                                                          \
  X(U8, uint64_t, double)                                                                          \
  X(B1, uint8_t, float)

#define COPY(name, type, between, result)                                                          \
  static void result##s_of_##name(const void *restrict from, size_t n, double scale,               \
                                  double offset, void *restrict to) {                              \
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

static void plain_floats(const void *restrict from, size_t n, double scale, double offset,
                         void *restrict to) {
  (void)scale, (void)offset;
  memcpy(to, from, n * sizeof(float));
}

static copy_row *chosen(const tri_samples *s, double scale, bool floats) {
  bool plain = s->array->dtype == TRI_F4 && scale == 1.0 && s->offset == 0.0;
  return plain && floats ? plain_floats : copies[s->array->dtype][floats ? 0 : 1];
}

/* Rows lie about anywhere in memory: what comes two rows later is asked for now. */
static void ask_for(const char *row, size_t bytes) {
  if (bytes > 4096) bytes = 4096;
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(row + i);
}

void tri__gather_samples(const tri_samples *from, size_t each, const uint32_t *order, size_t first,
                         size_t n, bool floats, void *to) {
  double scale = from->scale == 0.0 ? 1.0 : from->scale;
  copy_row *copy = chosen(from, scale, floats);
  size_t bytes = each * tri_dtype_size(from->array->dtype);
  size_t room = each * (floats ? sizeof(float) : sizeof(double));
  const char *data = from->array->data;
  if (!order) { /* one behind the other */
    copy(data + first * bytes, n * each, scale, from->offset, to);
    return;
  }
  order += first;
  for (size_t i = 0; i < n; i++) {
    if (i + 2 < n) ask_for(data + order[i + 2] * bytes, bytes);
    copy(data + order[i] * bytes, each, scale, from->offset, (char *)to + i * room);
  }
}

void tri__floats(const double *from, size_t n, float *to) { floats_of_F8(from, n, 1.0, 0.0, to); }

/* Exponents of all ones are those of infinities and NaN. */
#define FIRST_NOT_FINITE(type, bits_type, mask)                                                    \
  static size_t first_of_##type##s(const type *x, size_t n) {                                      \
    for (size_t i = 0; i < n;) {                                                                   \
      size_t end = n - i < 4096 ? n : i + 4096, begin = i;                                         \
      bits_type bits, found = 0;                                                                   \
      for (; i < end; i++) {                                                                       \
        memcpy(&bits, &x[i], sizeof bits);                                                         \
        found |= (bits & (mask)) == (mask);                                                        \
      }                                                                                            \
      if (!found) continue;                                                                        \
      for (i = begin;; i++) {                                                                      \
        memcpy(&bits, &x[i], sizeof bits);                                                         \
        if ((bits & (mask)) == (mask)) return i;                                                   \
      }                                                                                            \
    }                                                                                              \
    return n;                                                                                      \
  }
FIRST_NOT_FINITE(float, uint32_t, UINT32_C(0x7f800000))
FIRST_NOT_FINITE(double, uint64_t, UINT64_C(0x7ff0000000000000))

size_t tri__first_not_finite(const tri_array *array) {
  switch (array->dtype) {
  case TRI_F4: return first_of_floats(array->data, array->count);
  case TRI_F8: return first_of_doubles(array->data, array->count);
  default: return array->count;
  }
}
