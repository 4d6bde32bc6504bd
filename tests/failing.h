/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* An allocator that fails once, at a chosen call, and counts what is outstanding. */
#ifndef TRIAD_TESTS_FAILING_H
#define TRIAD_TESTS_FAILING_H

#include <check.h>
#include <stdlib.h>
#include <triad/base.h>

struct failing {
  long calls;    /* allocations so far, this one failing: */
  long fail_at;  /* 0: none */
  size_t in_use; /* bytes outstanding, by the sizes that callers state */
  tri_allocator allocator;
};

static inline void *failing_resize(void *context, void *block, size_t old_size, size_t new_size) {
  struct failing *f = context;
  if (new_size && ++f->calls == f->fail_at) return NULL;
  f->in_use += new_size - old_size;
  if (new_size) return realloc(block, new_size);
  free(block);
  return NULL;
}

static inline void failing_init(struct failing *f, long fail_at) {
  *f = (struct failing){.fail_at = fail_at};
  f->allocator = (tri_allocator){failing_resize, f};
}

/* Runs a scenario with its first, second, … allocation failing until it gets through: each time it must say TRI_MEMORY (or
 * nothing, where it did without) and give back all its memory. A scenario returns TRI_OK only if its result is whole.
 * Returns how many allocations it took. */
static inline long failing_loop(tri_status (*scenario)(const tri_allocator *allocator)) {
  struct failing f;
  for (long at = 1;; at++) {
    failing_init(&f, at);
    tri_status status = scenario(&f.allocator);
    ck_assert_msg(status == TRI_OK || status == TRI_MEMORY, "allocation %ld failed: status %s", at,
                  tri_status_code(status));
    ck_assert_msg(f.in_use == 0, "allocation %ld failed: %zu bytes are lost", at, f.in_use);
    if (f.calls < at) {
      ck_assert_int_eq(status, TRI_OK);
      return f.calls;
    }
  }
}

#endif
