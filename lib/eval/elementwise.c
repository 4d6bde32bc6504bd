/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows over whole arrays of doubles, by the kernels that lanes have. */
#include <stdalign.h>
#include <string.h>

#include "eval/lanes.h"

enum { FEWEST = 16 }; /* elements: for fewer the rows' own kernels are as fast */

/* An argument as kernels read it: an array, or one number that stands for all. */
struct source {
  const double *at;
  bool array;
};

/* Numbers in full slots: scalars, which are the same in each, and the last numbers of arrays. */
struct slots {
  alignas(LANE_ALIGNMENT) double room[ROW_MAX_ARITY + 1][LANE_BLOCK];
};

static void spread(double x, double *slot) {
  for (size_t i = 0; i < LANE_BLOCK; i++) slot[i] = x;
}

/* The rest of an array in a slot, whose other numbers are as the last one. */
static void take_rest(const struct source *from, size_t first, size_t count, double *slot) {
  memcpy(slot, from->at + first, count * sizeof *slot);
  for (size_t i = count; i < LANE_BLOCK; i++) slot[i] = slot[count - 1];
}

static void run(lane_kernel *kernel, uint32_t nargs, const struct source *from, size_t count,
                double *to) {
  struct slots slots;
  void *at[ROW_MAX_ARITY];
  for (uint32_t i = 0; i < ROW_MAX_ARITY; i++) {
    at[i] = slots.room[i < nargs ? i : 0];
    if (i < nargs && !from[i].array) spread(*from[i].at, slots.room[i]);
  }
  size_t first = 0;
  for (; count - first >= LANE_BLOCK; first += LANE_BLOCK) {
    void *in[ROW_MAX_ARITY];
    for (uint32_t i = 0; i < ROW_MAX_ARITY; i++) {
      const struct source *source = from + (i < nargs ? i : 0);
      in[i] = source->array ? (void *)(uintptr_t)(source->at + first) : at[i];
    }
    kernel(to + first, in[0], in[1], in[2]);
  }
  if (first == count) return;
  for (uint32_t i = 0; i < nargs; i++)
    if (from[i].array) take_rest(from + i, first, count - first, at[i]);
  kernel(slots.room[ROW_MAX_ARITY], at[0], at[1], at[2]);
  memcpy(to + first, slots.room[ROW_MAX_ARITY], (count - first) * sizeof *to);
}

bool tri__run_elementwise(const struct run *r, const struct instruction *s) {
  const struct numbers *n = r->numbers;
  size_t count = count_of(r, s->result);
  struct source from[ROW_MAX_ARITY] = {{0}};
  if (count < FEWEST || n->domain != &tri__double_domain || n->by_template ||
      n->rows != tri__rows || r->call->trace)
    return false;
  const struct lane_kernels *kernels = tri__lane_kernels(TRI_DOUBLE, 0);
  lane_kernel *kernel =
      s->flags & STEP_EXTENDED ? kernels->extended[s->op] : kernels->strict[s->op];
  if (!kernel) return false;
  for (uint32_t i = 0; i < s->nargs; i++)
    from[i] = (struct source){element_at(r, s->arg[i], 0), value_of(r, s->arg[i])->shape != 0};
  run(kernel, s->nargs, from, count, element_at(r, s->result, 0));
  return true;
}
