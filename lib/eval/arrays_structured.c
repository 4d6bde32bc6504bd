/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Structured operations in array programs that are neither views, sums, parts nor products: one
 * kernel for each, by its operation. A kernel finds the elements of its arguments one behind the
 * other, those of loops in front, and writes all of its result. */
#include <math.h>
#include <string.h>

#include "eval/array_program.h"

/* --- numbers of floats or doubles */

static void fill(const struct array_run *r, char *to, size_t count, double x) {
  for (size_t i = 0; i < count; i++) set_number(r->program, to, i, x);
}

/* The index that a number says, if it is one below n. */
static bool index_of(double x, size_t n, size_t *i) {
  if (!(x >= 0.0 && x < (double)n) || x != floor(x)) return false;
  *i = (size_t)x;
  return true;
}

/* --- parts that indices choose */

static size_t parts_of(const struct view *v) { return v->rank ? v->size[0] : 1; }

/* Part i of x [n, s…] for every index i. */
static void gather(const struct array_run *r, const struct array_node *n, char *to) {
  const struct view *x = &n->args[0];
  const char *from = view_data(r, x), *index = view_data(r, &n->args[1]);
  size_t count = tri__view_count(&n->args[1]), each = count ? n->count / count : 0, i;
  size_t bytes = each * r->program->size;
  for (size_t k = 0; k < count && each; k++)
    if (index_of(get_number(r->program, index, k), parts_of(x), &i))
      memcpy(to + k * bytes, from + i * bytes, bytes);
    else
      fill(r, to + k * bytes, each, NAN);
}

#define ADD(type)                                                                                  \
  for (size_t e = 0; e < each; e++) ((type *)(void *)at)[e] += ((const type *)(const void *)w)[e];

/* Zeros of shape [n, s…], to whose part i the part of w [m…, s…] of every index i is added. */
static void scatter(const struct array_run *r, const struct array_node *n, char *to) {
  const char *from = view_data(r, &n->args[0]), *index = view_data(r, &n->args[1]);
  size_t count = tri__view_count(&n->args[1]), parts = n->size[0], i;
  size_t each = parts ? n->count / parts : 0, bytes = each * r->program->size;
  fill(r, to, n->count, 0.0);
  for (size_t k = 0; k < count && each; k++) {
    const char *w = from + k * bytes;
    if (!index_of(get_number(r->program, index, k), parts, &i)) {
      fill(r, to, n->count, NAN);
      return;
    }
    char *at = to + i * bytes;
    if (r->program->domain == TRI_FLOAT) {
      ADD(float)
    } else {
      ADD(double)
    }
  }
}

/* --- the table: structured operations from the first one on */

static structured_kernel *const kernels[] = {
    [TRI_OP_gather - TRI_OP_ROWS] = gather,
    [TRI_OP_scatter - TRI_OP_ROWS] = scatter,
    [TRI_OP_lse - TRI_OP_ROWS] = tri__array_lse,
    [TRI_OP_argmax - TRI_OP_ROWS] = tri__array_argmax,
};

static structured_kernel *kernel_of(unsigned op) {
  size_t i = op - TRI_OP_ROWS;
  return op >= TRI_OP_ROWS && i < sizeof kernels / sizeof *kernels ? kernels[i] : NULL;
}

bool tri__structured_known(tri_op op) {
  switch (op) {
  case TRI_OP_stack:
  case TRI_OP_element:
  case TRI_OP_slice:
  case TRI_OP_embed:
  case TRI_OP_repeat:
  case TRI_OP_iota:
  case TRI_OP_size:
  case TRI_OP_permute:
  case TRI_OP_reshape:
  case TRI_OP_concat:
  case TRI_OP_unfold:
  case TRI_OP_fold:
  case TRI_OP_pick:
  case TRI_OP_route:
  case TRI_OP_contract: return true; /* arrays_lower.c */
  default: return kernel_of(op) != NULL;
  }
}

static void run_structured(struct array_run *r, const struct array_task *task) {
  const struct array_node *n = node_of(r->program, task->nodes[0]);
  kernel_of(n->op)(r, n, node_data(r, task->nodes[0]));
}

bool tri__structured_make(struct array_maker *m, struct array_task *task) {
  (void)m;
  task->run = run_structured;
  return true;
}
