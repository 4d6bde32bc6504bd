/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which kernels over images a processor gets, and how batches are cut. */
#include "eval/convolution.h"

#include "config.h"

extern const struct image_kernels tri__images_double_default, tri__images_float_default;
#if LANES_AVX2
extern const struct image_kernels tri__images_double_avx2, tri__images_float_avx2;
#endif
#if LANES_AVX512
extern const struct image_kernels tri__images_double_avx512, tri__images_float_avx512;
#endif

const struct image_kernels *tri__image_kernels(tri_domain domain, int i) {
  bool floats = domain == TRI_FLOAT;
#if LANES_AVX512
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && i-- == 0)
    return floats ? &tri__images_float_avx512 : &tri__images_double_avx512;
#endif
#if LANES_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && i-- == 0)
    return floats ? &tri__images_float_avx2 : &tri__images_double_avx2;
#endif
  if (i) return NULL;
  return floats ? &tri__images_float_default : &tri__images_double_default;
}

size_t tri__sum_parts(const struct convolution *c) {
  enum { MOST = 8 };
  return c->w.n < 1 ? 1 : c->w.n < MOST ? c->w.n : MOST;
}
