/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which kernels over images a processor gets, and how batches are cut. */
#include "eval/convolution.h"

#include "base/memory.h"
#include "eval/instruction_sets.h"

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
  if (has_avx512() && i-- == 0)
    return floats ? &tri__images_float_avx512 : &tri__images_double_avx512;
#endif
#if LANES_AVX2
  if (has_avx2() && i-- == 0) return floats ? &tri__images_float_avx2 : &tri__images_double_avx2;
#endif
  if (i) return NULL;
  return floats ? &tri__images_float_default : &tri__images_double_default;
}

/* Times so many as the image and its windows have; padding that is of use is far below. */
enum { MOST_COPIED = 64 };

bool tri__convolution_fits(const struct convolution *c) {
  const struct window_layout *w = &c->w;
  size_t reach = 1, limit;
  if (!w->n || !w->windows || !w->places || !w->c) return false;
  if (!size_product(w->cells + w->windows, MOST_COPIED, &limit)) return false;
  for (int d = 0; d < WINDOW_RANK; d++)
    if (!size_product(reach, windows_reach(w, d), &reach) || reach > limit) return false;
  return true;
}

size_t tri__sum_parts(const struct convolution *c) {
  enum { MOST = 8 };
  return c->w.n < 1 ? 1 : c->w.n < MOST ? c->w.n : MOST;
}
