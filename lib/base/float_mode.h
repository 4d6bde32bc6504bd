/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The processor's floating-point mode, which each thread has for itself: how it rounds, and whether
 * subnormal numbers are zeros to it. Where nothing is known about the processor, the mode is 0 and
 * setting it changes nothing. */
#ifndef TRIAD_BASE_FLOAT_MODE_H
#define TRIAD_BASE_FLOAT_MODE_H

#include <stdint.h>

#if defined(__x86_64__) || (defined(__i386__) && defined(__SSE2__))
static inline uint64_t float_mode(void) { return __builtin_ia32_stmxcsr(); }
static inline void set_float_mode(uint64_t mode) { __builtin_ia32_ldmxcsr((uint32_t)mode); }
#define FLUSHES_SUBNORMALS UINT64_C(0x8040) /* flush to zero, denormals are zeros */
#elif defined(__aarch64__)
static inline uint64_t float_mode(void) {
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
static inline void set_float_mode(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }
#define FLUSHES_SUBNORMALS (UINT64_C(1) << 24)
#else
static inline uint64_t float_mode(void) { return 0; }
static inline void set_float_mode(uint64_t mode) { (void)mode; }
#define FLUSHES_SUBNORMALS UINT64_C(0)
#endif

#endif
