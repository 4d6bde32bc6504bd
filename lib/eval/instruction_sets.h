/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which of the instruction sets that kernels are compiled for this processor has: what
 * configure.ac's flags let compilers use. */
#ifndef TRIAD_EVAL_INSTRUCTION_SETS_H
#define TRIAD_EVAL_INSTRUCTION_SETS_H

#include <stdbool.h>

#include "config.h"

#if LANES_AVX512
static inline bool has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}
#endif
#if LANES_AVX2
static inline bool has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

#endif
