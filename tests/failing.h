/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* An allocator that fails once, at a chosen call, and counts what is outstanding. */
#ifndef TRIAD_TESTS_FAILING_H
#define TRIAD_TESTS_FAILING_H

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

#endif
