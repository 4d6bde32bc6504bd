/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The pool: threads that look for the next round of work for a while, then sleep. Looking without
 * end would take the processor from others on a shared machine. */
#include "base/threads.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"

enum { LOOKS = 4000 }; /* some ten microseconds */

struct tri_pool {
  struct memory memory;
  size_t threads, started; /* with the caller's; without */
  pthread_t *ids;
  pthread_mutex_t turn; /* of who calls: next to waking threads, taking it costs nothing */
  pthread_mutex_t lock;
  pthread_cond_t begun, done;
  atomic_uint round;  /* counts up with every piece of work */
  atomic_size_t busy; /* threads that have not finished this round */
  atomic_size_t next; /* number of the next thread to start */
  atomic_bool stop;
  void (*work)(void *data, size_t worker);
  void *data;
};

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/* Waits for a round after `seen`. */
static unsigned await_round(tri_pool *pool, unsigned seen) {
  for (int i = 0; i < LOOKS; i++) {
    if (atomic_load(&pool->round) != seen) return seen + 1;
    pause_briefly();
  }
  pthread_mutex_lock(&pool->lock);
  while (atomic_load(&pool->round) == seen) pthread_cond_wait(&pool->begun, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
  return seen + 1;
}

static void finish(tri_pool *pool) {
  if (atomic_fetch_sub(&pool->busy, 1) != 1) return;
  pthread_mutex_lock(&pool->lock);
  pthread_cond_signal(&pool->done);
  pthread_mutex_unlock(&pool->lock);
}

static void *thread_main(void *data) {
  tri_pool *pool = data;
  size_t worker = atomic_fetch_add(&pool->next, 1);
  for (unsigned seen = 0;;) {
    seen = await_round(pool, seen);
    if (atomic_load(&pool->stop)) return NULL;
    pool->work(pool->data, worker);
    finish(pool);
  }
}

static void begin_round(tri_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add(&pool->round, 1);
  pthread_cond_broadcast(&pool->begun);
  pthread_mutex_unlock(&pool->lock);
}

static void await_all(tri_pool *pool) {
  for (int i = 0; i < LOOKS; i++) {
    if (atomic_load(&pool->busy) == 0) return;
    pause_briefly();
  }
  pthread_mutex_lock(&pool->lock);
  while (atomic_load(&pool->busy)) pthread_cond_wait(&pool->done, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

void tri__pool_run(tri_pool *pool, void (*work)(void *data, size_t worker), void *data) {
  pthread_mutex_lock(&pool->turn);
  pool->work = work;
  pool->data = data;
  atomic_store(&pool->busy, pool->started);
  if (pool->started) begin_round(pool);
  work(data, 0);
  if (pool->started) await_all(pool);
  pthread_mutex_unlock(&pool->turn);
}

static bool start(tri_pool *pool) {
  while (pool->started + 1 < pool->threads) {
    if (pthread_create(&pool->ids[pool->started], NULL, thread_main, pool)) return false;
    pool->started++;
  }
  return true;
}

tri_pool *tri_pool_new(size_t threads, const tri_allocator *allocator) {
  struct memory memory;
  if (threads < 1 || threads > POOL_MAX_THREADS) return NULL;
  tri__memory_init(&memory, allocator);
  tri_pool *pool = tri__new(&memory, 1, sizeof *pool);
  if (!pool) return NULL;
  pool->memory = memory;
  pool->threads = threads;
  atomic_init(&pool->next, 1);
  pthread_mutex_init(&pool->turn, NULL);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->begun, NULL);
  pthread_cond_init(&pool->done, NULL);
  pool->ids = tri__new(&pool->memory, threads, sizeof *pool->ids);
  if (pool->ids && start(pool)) return pool;
  tri_pool_free(pool);
  return NULL;
}

void tri_pool_free(tri_pool *pool) {
  if (!pool) return;
  struct memory memory = pool->memory;
  atomic_store(&pool->stop, true);
  begin_round(pool);
  for (size_t i = 0; i < pool->started; i++) pthread_join(pool->ids[i], NULL);
  tri__free(&memory, pool->ids, pool->threads, sizeof *pool->ids);
  pthread_cond_destroy(&pool->done);
  pthread_cond_destroy(&pool->begun);
  pthread_mutex_destroy(&pool->lock);
  pthread_mutex_destroy(&pool->turn);
  tri__free(&memory, pool, 1, sizeof *pool);
}

size_t tri_pool_threads(const tri_pool *pool) { return pool->threads; }
