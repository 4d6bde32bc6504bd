/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Looks for what is not finite, block by block: a loop that asks nothing of a block's numbers but
 * their exponents goes by vectors. */
#include "base/finite.h"

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

enum { BLOCK = 4096 };

/* Exponents of all ones are those of infinities and NaN. */
#define FIRST_NOT_FINITE(type, bits_type, mask)                                                    \
  static size_t first_of_##type##s(const type *x, size_t n) {                                      \
    for (size_t i = 0; i < n;) {                                                                   \
      size_t end = n - i < BLOCK ? n : i + BLOCK, begin = i;                                       \
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

size_t tri__first_not_finite(const void *numbers, size_t count, bool floats) {
  return floats ? first_of_floats(numbers, count) : first_of_doubles(numbers, count);
}
