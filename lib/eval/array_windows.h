/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows of images in array programs: convolutions and their transposes without the windows in
 * memory, and the rows over windows by themselves. */
#ifndef TRIAD_EVAL_ARRAY_WINDOWS_H
#define TRIAD_EVAL_ARRAY_WINDOWS_H

#include "eval/array_program.h"
#include "eval/convolution.h"

/* What a node over windows is: one of the rows; or, of products with windows, the convolution
 * [n, o…, f] of args x and kernel; what comes back to x, of args dy and kernel; and to the kernel,
 * of args x and dy. */
enum window_work { WINDOW_ROW, CONVOLUTION, CONVOLUTION_BACK, CONVOLUTION_KERNEL };

struct window_plan {
  enum window_work work;
  struct convolution conv; /* .w: how windows lie; the rest of a convolution's */
  unsigned strong;         /* CONTRACT_A, CONTRACT_B: zeros of the first or second factor */
  bool inside;             /* every window has an element inside */
  bool has_bias, relu;     /* of a convolution: args[2] is added, negative numbers become 0 */
  size_t packed, sums;     /* where these are in the task's scratch: bytes */
  size_t parts;            /* of the batch, in sums over it */
};

static inline bool is_window_row(const struct array_node *n, tri_op op) {
  return n->kind == NODE_WINDOWS && n->windows->work == WINDOW_ROW && n->op == (unsigned)op;
}

/* Sums of sums become one; those of what is routed back become sums of less (arrays_nested.c). */
bool tri__array_nested(struct array_maker *m);
bool tri__array_routed(struct array_maker *m);
/* Masks of relu behind what comes back through pooling go before it; and the node below `end` that
 * is pick(h, h), for route(h, y) with the same windows, or NO_NODE (arrays_pooling.c). */
bool tri__array_pooling(struct array_maker *m);
uint32_t tri__array_pooled(const struct array_program *p, const struct array_node *route,
                           uint32_t end);
/* Products with windows become convolutions, and take in what becomes of their sums. */
bool tri__array_convolutions(struct array_maker *m);
bool tri__windows_make(struct array_maker *m, struct array_task *task);

#endif
