/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which kernels a processor gets, and the life of lanes programs. */
#include "eval/lanes.h"

#include "eval/bytes.h"
#include "eval/instruction_sets.h"

/* --- tables */

extern const struct lane_kernels tri__lanes_double_default, tri__lanes_float_default;
#if LANES_AVX2
extern const struct lane_kernels tri__lanes_double_avx2, tri__lanes_float_avx2;
#endif
#if LANES_AVX512
extern const struct lane_kernels tri__lanes_double_avx512, tri__lanes_float_avx512;
#endif

const struct lane_kernels *tri__lane_kernels(tri_domain domain, int i) {
  bool floats = domain == TRI_FLOAT;
#if LANES_AVX512
  if (has_avx512() && i-- == 0)
    return floats ? &tri__lanes_float_avx512 : &tri__lanes_double_avx512;
#endif
#if LANES_AVX2
  if (has_avx2() && i-- == 0) return floats ? &tri__lanes_float_avx2 : &tri__lanes_double_avx2;
#endif
  if (i) return NULL;
  return floats ? &tri__lanes_float_default : &tri__lanes_double_default;
}

void tri__floats_of_bytes(void *to, const void *bytes, size_t count, double scale, double offset) {
  tri__lane_kernels(TRI_FLOAT, 0)->of_bytes(to, bytes, count, scale, offset);
}

void tri__doubles_of_bytes(void *to, const void *bytes, size_t count, double scale, double offset) {
  tri__lane_kernels(TRI_DOUBLE, 0)->of_bytes(to, bytes, count, scale, offset);
}

/* --- programs */

bool tri__has_lanes(const tri_function *f) {
  return (f->domain == TRI_DOUBLE || f->domain == TRI_FLOAT) && f->plan->size_count == 0 &&
         !f->plan->rolled;
}

/* Whoever makes it first keeps it; a function is immutable otherwise, and this cannot be seen from
 * outside. */
const struct lanes *tri__lanes(const tri_function *f) {
  _Atomic(struct lanes *) *kept = (_Atomic(struct lanes *) *)(uintptr_t)&f->lanes;
  struct lanes *lanes = atomic_load(kept), *other = NULL;
  if (lanes) return lanes;
  lanes = tri__lanes_new(f, NULL);
  if (!lanes || atomic_compare_exchange_strong(kept, &other, lanes)) return lanes;
  tri__lanes_free(lanes);
  return other;
}

void tri__lanes_free(struct lanes *l) {
  if (!l) return;
  struct memory memory = l->memory;
  tri__free(&memory, l->steps, l->step_count, sizeof *l->steps);
  tri__free(&memory, l->output_slots, l->output_count, sizeof *l->output_slots);
  tri__free(&memory, l->output_owns, l->output_count, 1);
  tri__free(&memory, l->block, l->block_size, 1);
  tri__free(&memory, l, 1, sizeof *l);
}
