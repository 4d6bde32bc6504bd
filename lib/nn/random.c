/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Random numbers by counter: any of them without those before, the same whatever computes with
 * it. */
#include <Random123/philox.h>

#include "nn/nn.h"

uint32_t tri__random24(uint64_t seed, enum stream stream, uint32_t part, uint64_t i) {
  uint64_t block = i / 4;
  philox4x32_ctr_t counter = {{(uint32_t)block, (uint32_t)(block >> 32), part, (uint32_t)stream}};
  philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
  return philox4x32(counter, key).v[i % 4] >> 8;
}
