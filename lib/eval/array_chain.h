/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Chains: rows over the same elements, and sums of them, block by block of LANE_MANY numbers, then
 * of LANE_BLOCK.
 *
 * Elements are cut in parts, by their number and that of sums alone, so that results do not depend
 * on who computes which part. What a chain reads and computes are its entries: in a whole block an
 * entry is where it lies in memory, where it can be, else in a slot of the thread's scratch. The
 * rest of a part that is no whole block is computed in slots, whose other numbers are as the
 * last. */
#ifndef TRIAD_EVAL_ARRAY_CHAIN_H
#define TRIAD_EVAL_ARRAY_CHAIN_H

#include "eval/array_program.h"

enum entry_kind {
  ENTRY_DENSE,    /* read where it lies */
  ENTRY_NUMBER,   /* one number, in all of a slot */
  ENTRY_PERIODIC, /* the same numbers again and again, laid out so that a block can begin at each */
  ENTRY_STRIDED,  /* copied to a slot block by block */
  ENTRY_RESULT
};

struct chain_entry {
  uint8_t kind;
  bool direct;      /* a result that is written to memory by its kernel, in a whole block */
  bool stored;      /* a result that has a place in memory */
  struct view view; /* merged */
  size_t period;    /* of a periodic one: its numbers, */
  size_t laid_out;  /* and where they are in the task's scratch: bytes */
  uint32_t slot;
};

struct chain_step {
  lane_kernel *kernel, *many;
  uint32_t result, a, b, c; /* entries */
};

/* A sum of an entry's elements. Those of a run of `inner` elements are added to one number, or to
 * as many in their order. */
struct chain_sum {
  uint32_t entry, node;
  uint32_t rank; /* of the runs */
  size_t size[ARRAY_RANK], to[ARRAY_RANK];
  size_t inner;
  bool along;     /* elements of a run go to numbers one behind the other */
  bool by_parts;  /* several parts add to the same number: each has sums of its own */
  size_t count;   /* numbers of the result */
  size_t place;   /* of the sums in the task's scratch: bytes */
  size_t size_of; /* of one of them: those of whole runs are doubles */
};

struct chain {
  struct chain_entry *entries;
  struct chain_step *steps;
  struct chain_sum *sums;
  uint32_t entry_count, step_count, sum_count, slot_count;
  size_t part; /* elements; the last one has the rest */
  size_t parts;
  bool streams;            /* more is read and written than stays in the second cache */
  size_t lines;            /* of the cache that are asked for after each step, if so */
  double cost;             /* of all elements, in nanoseconds */
  struct product *product; /* not NULL: its rows come before each part */
  uint32_t local;          /* the entry that is a product's rows in the thread's scratch, at */
  size_t local_place;      /* this place: bytes; entry_count: none */
};

/* Bytes of the pointers that a thread's scratch begins with: two for each entry. */
static inline size_t chain_pointers(const struct chain *c) {
  return aligned(c->entry_count * 2 * sizeof(void *));
}

void tri__chain_run(struct array_run *run, const struct array_task *task);
/* Adds `count` elements from `first` on, which are at `x`, to a part's sums. */
void tri__chain_add(const struct array_run *run, const struct array_task *task,
                    const struct chain_sum *sum, size_t part, size_t first, size_t count,
                    const void *x);
/* Sums of a part, or of all parts, as they are at first; and those of all parts together to where
 * the result is. */
void tri__chain_clear(const struct array_run *run, const struct array_task *task,
                      const struct chain_sum *sum, size_t part);
void tri__chain_finish(const struct array_run *run, const struct array_task *task,
                       const struct chain_sum *sum);

#endif
