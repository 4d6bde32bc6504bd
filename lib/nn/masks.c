/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which numbers dropout keeps, by counter: the same whatever fills the mask, and in how many
 * parts. */
#include <Random123/philox.h>

#include "nn/train.h"

/* A number of 24 bits is kept if it is not below this. */
static uint32_t threshold(double rate) { return (uint32_t)(rate * 0x1p24); }

/* Four numbers of a step. */
static philox4x32_ctr_t block(uint64_t seed, uint32_t layer, uint64_t step, size_t i) {
  philox4x32_ctr_t counter = {{(uint32_t)i, (uint32_t)step, layer, STREAM_DROPOUT}};
  philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
  return philox4x32(counter, key);
}

void tri__random_mask(uint64_t seed, uint32_t layer, uint64_t step, double rate, size_t n,
                      bool floats, void *mask) {
  uint32_t dropped = threshold(rate);
  for (size_t i = 0; i < n; i += 4) {
    philox4x32_ctr_t four = block(seed, layer, step, i / 4);
    for (size_t j = 0; j < 4 && i + j < n; j++) {
      bool kept = four.v[j] >> 8 >= dropped;
      if (floats)
        ((float *)mask)[i + j] = kept;
      else
        ((double *)mask)[i + j] = kept;
    }
  }
}
