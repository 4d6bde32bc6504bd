/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Convolutions and pooling over arrays of floats or doubles, images [n, s…, c] with channels last,
 * kernels [k…, c / groups, filters].
 *
 * A convolution is carried out without making windows: a tile of some output pixels by some
 * vectors of filters stays in registers, while the kernel's rows, packed beforehand, and the
 * image's numbers pass by. Its transposes are made of the same two tiles: the gradient of the input
 * adds to tiles of the image, one tap of the kernel after the other; the gradient of the kernel
 * sums over pixels in tiles of the kernel. What lies outside an image is zeros in a copy of it.
 *
 * Functions work on images first … first + count - 1 of arrays of all, so threads share a batch by
 * calling them for parts of it. They allocate nothing: packed kernels and scratch are the caller's,
 * of sizes that are asked for first, aligned to 64 bytes. Which numbers are added in which order
 * depends on the shape and the instruction set alone; sums over images are made part by part and
 * the parts then added in their order, so cut parts by shape only. */
#ifndef TRIAD_EVAL_CONVOLUTION_H
#define TRIAD_EVAL_CONVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <triad/base.h>
#include <triad/numbers.h>

#include "graph/windows.h"

struct convolution {
  struct window_layout w; /* of the input: w.n images of w.c channels */
  size_t filters, groups; /* groups divides both w.c and filters */
};

/* What becomes of a convolution's sums before they are stored. */
struct convolution_end {
  const void *bias; /* [filters], or NULL */
  bool relu;
};

/* A part of a batch: the images, and scratch for one thread. */
struct image_part {
  size_t first, count;
  void *scratch;
};

/* What one instruction set has for one type of number. Arrays are of this type; x is the input
 * [n, s…, c], y the output [n, o…, filters], d… what comes back to them. */
struct image_kernels {
  const char *name; /* of the instruction set */

  /* Numbers that a packed kernel has, whichever way; bytes of scratch of a thread. */
  size_t (*packed)(const struct convolution *c);
  size_t (*scratch)(const struct convolution *c);
  /* The kernel made ready for forward, and for back. */
  void (*pack)(const struct convolution *c, const void *kernel, void *packed);
  void (*pack_turned)(const struct convolution *c, const void *kernel, void *packed);
  /* y = end(unfold(x) K) */
  void (*forward)(const struct convolution *c, const struct image_part *part, const void *x,
                  const void *packed, const struct convolution_end *end, void *y);
  /* dx = fold(dy Kᵀ) */
  void (*back)(const struct convolution *c, const struct image_part *part, const void *dy,
               const void *packed, void *dx);
  /* sums = unfold(x)ᵀ dy of this part, of the kernel's shape */
  void (*kernel_sums)(const struct convolution *c, const struct image_part *part, const void *x,
                      const void *dy, void *sums);
  /* to = beta to + alpha (sums of part 0 + part 1 + …), numbers first … first + count - 1 of
   * `size`; to is not read if beta is 0. */
  void (*add_sums)(size_t parts, size_t size, size_t first, size_t count, const void *sums,
                   double alpha, double beta, void *to);

  /* --- windows: images l->n, none before these; by the rules of graph/windows.h */

  void (*pick)(const struct window_layout *l, const void *x, const void *v, void *y);
  void (*route)(const struct window_layout *l, const void *x, const void *y, void *dx);
  void (*unfold)(const struct window_layout *l, const void *x, void *to);
  void (*fold)(const struct window_layout *l, const void *y, void *to);
};

/* Whether copies of images as far as windows reach are not much more than the images and what comes
 * of them; else these kernels are not for such windows. */
bool tri__convolution_fits(const struct convolution *c);

/* The table for a domain, TRI_DOUBLE or TRI_FLOAT: the best that this processor has, or the i-th
 * best; NULL beyond the last. */
const struct image_kernels *tri__image_kernels(tri_domain domain, int i);

/* In how many parts sums over the images of a batch are cut: by the shape alone. Part p of them
 * has the images from tri__part_first(n, parts, p) on to that of p + 1. */
size_t tri__sum_parts(const struct convolution *c);
static inline size_t tri__part_first(size_t n, size_t parts, size_t p) {
  return n / parts * p + (p < n % parts ? p : n % parts);
}

#endif
