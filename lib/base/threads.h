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

/* Calls work(data, part, worker) for part = 0 … parts - 1, on the caller's thread and on those of
 * the pool that come before the caller's has finished, in the caller's floating-point mode; none is
 * waited for that has not begun, so it never takes much longer than by the caller alone, when
 * others have the processors. A thread begins with the same parts whenever there are as many, which
 * it then may find in its cache, and takes others' last. The caller does all where there is no pool
 * (NULL) or the whole work's `cost`, in nanoseconds, is not worth handing over. */
struct pool_parts {
  void (*work)(void *data, size_t part, size_t worker);
  void *data;
  size_t parts;
  double cost;
};
void tri__pool_parts(tri_pool *pool, const struct pool_parts *all);

#endif
