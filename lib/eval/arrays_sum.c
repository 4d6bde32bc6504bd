/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sums of chains, in an order that depends on shapes alone: numbers of a part one after the other,
 * or of a run by the lanes' own sum, then the parts in their order. */
#include <string.h>

#include "eval/array_chain.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3") /* for add_along, by vectors */
#endif

static char *sums_of(const struct array_run *r, const struct array_task *task,
                     const struct chain_sum *sum, size_t part) {
  char *at = r->arena + task->scratch + sum->place;
  return at + (sum->by_parts ? part * sum->count * sum->size_of : 0);
}

void tri__chain_clear(const struct array_run *r, const struct array_task *task,
                      const struct chain_sum *sum, size_t part) {
  memset(sums_of(r, task, sum, part), 0, sum->count * sum->size_of);
}

/* Which run an element is of, and where its numbers go. */
struct place {
  size_t at[ARRAY_RANK], to, in_run;
};

static void find_place(const struct chain_sum *sum, size_t first, struct place *p) {
  p->to = 0;
  p->in_run = first % sum->inner;
  first /= sum->inner;
  for (uint32_t d = sum->rank; d-- > 0;) {
    p->at[d] = first % sum->size[d];
    first /= sum->size[d];
    p->to += p->at[d] * sum->to[d];
  }
}

static void next_run(const struct chain_sum *sum, struct place *p) {
  p->in_run = 0;
  for (uint32_t d = sum->rank; d-- > 0;) {
    p->to += sum->to[d];
    if (++p->at[d] < sum->size[d]) return;
    p->to -= sum->size[d] * sum->to[d];
    p->at[d] = 0;
  }
}

#define ADD(type)                                                                                  \
  for (size_t i = 0; i < count; i++) ((type *)to)[i] += ((const type *)x)[i];

static void add_along(size_t size, size_t count, void *restrict to, const void *restrict x) {
  if (size == sizeof(float)) {
    ADD(float)
  } else {
    ADD(double)
  }
}

void tri__chain_add(const struct array_run *r, const struct array_task *task,
                    const struct chain_sum *sum, size_t part, size_t first, size_t count,
                    const void *x) {
  const struct array_program *p = r->program;
  char *sums = sums_of(r, task, sum, part);
  const char *from = x;
  struct place place;
  find_place(sum, first, &place);
  while (count) {
    size_t run = sum->inner - place.in_run;
    if (run > count) run = count;
    if (sum->along)
      add_along(p->size, run, sums + (place.to + place.in_run) * p->size, from);
    else
      ((double *)(void *)sums)[place.to] += p->kernels->sum(from, (int)run);
    from += run * p->size;
    count -= run;
    next_run(sum, &place);
  }
}

void tri__chain_finish(const struct array_run *r, const struct array_task *task,
                       const struct chain_sum *sum) {
  const struct chain *c = task->plan;
  const struct array_program *p = r->program;
  char *to = node_data(r, sum->node), *first = sums_of(r, task, sum, 0);
  for (size_t part = 1; sum->by_parts && part < c->parts; part++)
    add_along(sum->size_of, sum->count, first, sums_of(r, task, sum, part));
  if (sum->size_of == p->size)
    memcpy(to, first, sum->count * p->size);
  else
    for (size_t i = 0; i < sum->count; i++)
      ((float *)(void *)to)[i] = (float)((const double *)(const void *)first)[i];
}
