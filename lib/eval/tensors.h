/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How steps that permute and contract arrays lie in memory. */
#ifndef TRIAD_EVAL_TENSORS_H
#define TRIAD_EVAL_TENSORS_H

#include "eval/plan.h"
#include "graph/tensors.h"

/* A walk through the elements of a permuted array in the result's order. */
struct permutation {
  uint32_t rank;
  size_t from; /* the argument's element */
  size_t size[MOST_RANK], stride[MOST_RANK], at[MOST_RANK];
};

/* `sizes`: what named sizes are; may be NULL where there are none. */
void tri__permutation(const struct plan *plan, const struct instruction *step, const int64_t *sizes,
                      struct permutation *walk);
static inline void permutation_next(struct permutation *w) {
  for (uint32_t d = w->rank; d-- > 0;) {
    w->from += w->stride[d];
    if (++w->at[d] < w->size[d]) return;
    w->from -= w->stride[d] * w->size[d];
    w->at[d] = 0;
  }
}

/* The layout of a contraction, and how it is done. */
struct contraction_layout tri__plan_contraction(const struct plan *plan,
                                                const struct instruction *step,
                                                const int64_t *sizes);
struct contraction tri__plan_contraction_how(const struct plan *plan,
                                             const struct instruction *step);

#endif
