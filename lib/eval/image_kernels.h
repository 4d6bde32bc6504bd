/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Kernels over images for one type of number and one instruction set. To be included once, with
 * REAL (double or float), INTEGER (as wide), IMAGE_TABLE (the table's name), and from the flags
 * LANE_BYTES (of a vector) and IMAGE_SET (the instruction set's name). */
#ifndef LANE_ID /* what every processor of the kind has */
#define LANE_ID default
#define LANE_BYTES 16
#endif

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "eval/convolution.h"

typedef REAL vec __attribute__((vector_size(LANE_BYTES), may_alias));
typedef REAL loose __attribute__((vector_size(LANE_BYTES), aligned(sizeof(REAL)), may_alias));
typedef INTEGER mask __attribute__((vector_size(LANE_BYTES)));
enum { WIDTH = LANE_BYTES / sizeof(REAL) };

#define INLINE static inline __attribute__((always_inline, unused))

/* The loops over any windows, which this file has for itself. */
#define KERNEL(name) images_##name
static void images_unfold(const struct window_layout *l, const REAL *x, REAL *to);
static void images_fold(const struct window_layout *l, const REAL *y, REAL *to);
static void images_pick(const struct window_layout *l, const REAL *x, const REAL *v, REAL *to);
static void images_route(const struct window_layout *l, const REAL *x, const REAL *y, REAL *to);
#include "eval/window_kernels.h"

#include "eval/convolution_kernels.h"
#include "eval/pooling_kernels.h"

extern const struct image_kernels IMAGE_TABLE;
const struct image_kernels IMAGE_TABLE = {
    .name = IMAGE_SET,
    .packed = packed_numbers,
    .scratch = scratch_bytes,
    .pack = pack_kernel,
    .pack_turned = pack_turned_kernel,
    .forward = forward,
    .back = back,
    .kernel_sums = kernel_sums,
    .add_sums = add_sums,
    .pick = pick,
    .route = route,
    .unfold = unfold,
    .fold = fold,
};
