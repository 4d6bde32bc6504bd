/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A pool of threads for work that is cut in parts. */
#ifndef TRIAD_BASE_THREADS_H
#define TRIAD_BASE_THREADS_H

#include <triad/base.h>

enum { POOL_MAX_THREADS = 1024 };

/* Calls work(data, worker) for worker = 0 … threads - 1, each on a thread of its own, 0 on the
 * caller's; returns when all have returned. What they wrote is then seen. Calls wait for each
 * other, so `work` itself may not call this for the same pool. */
void tri__pool_run(tri_pool *pool, void (*work)(void *data, size_t worker), void *data);

/* The same for work of which each call does what there is left to do: those threads call it that
 * come before the caller's own call has returned, and none is waited for that has not begun. So it
 * never takes much longer than by the caller alone, when others have the processors. */
void tri__pool_share(tri_pool *pool, void (*work)(void *data, size_t worker), void *data);

/* Calls work(data, part, worker) for part = 0 … parts - 1, by turns on the pool's threads if there
 * are any and `cost`, in nanoseconds, is worth handing over. The pool may be NULL. */
struct pool_parts {
  void (*work)(void *data, size_t part, size_t worker);
  void *data;
  size_t parts;
  double cost;
};
void tri__pool_parts(tri_pool *pool, const struct pool_parts *all);

#endif
