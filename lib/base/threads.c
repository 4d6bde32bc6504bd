/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The pool: threads that look for the next round of work for a while, then give way to others
 * between looks, then sleep. Looking without end would take the processor from others on a shared
 * machine; waking up takes longer than many a piece of work. */
#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/float_mode.h"
#include "base/memory.h"

enum { LOOKS = 4000, YIELDS = 500 }; /* some ten microseconds, some hundred */
#define SHUT 0x80000000u

/* Parts that a thread begins with; whoever has finished takes from those of others. */
struct range {
  atomic_size_t next;
  size_t end;
  char apart[48]; /* one line of the cache each */
};

struct tri_pool {
  struct memory memory;
  size_t threads, started; /* with the caller's; without */
  pthread_t *ids;
  struct range *ranges; /* of the threads */
  pthread_mutex_t turn; /* of who calls: next to waking threads, taking it costs nothing */
  pthread_mutex_t lock;
  pthread_cond_t begun, done;
  atomic_uint round;  /* counts up by 2 with every piece of work; odd: each thread does it */
  atomic_size_t busy; /* threads that have not finished this round */
  atomic_uint inside; /* of work that is shared: threads at it; SHUT: no more come in */
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

/* Waits for a round other than `seen`: the last one, since no round that each thread is needed for
 * is over without it. */
static unsigned await_round(tri_pool *pool, unsigned seen) {
  unsigned round;
  for (int i = 0; i < LOOKS; i++) {
    if ((round = atomic_load(&pool->round)) != seen) return round;
    pause_briefly();
  }
  for (int i = 0; i < YIELDS; i++) {
    if ((round = atomic_load(&pool->round)) != seen) return round;
    sched_yield();
  }
  pthread_mutex_lock(&pool->lock);
  while ((round = atomic_load(&pool->round)) == seen) pthread_cond_wait(&pool->begun, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
  return round;
}

static void tell_done(tri_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  pthread_cond_signal(&pool->done);
  pthread_mutex_unlock(&pool->lock);
}

/* Work that is shared, unless it is over. Who is inside may read what the round is about. */
static void come_in(tri_pool *pool, size_t worker) {
  unsigned inside = atomic_load(&pool->inside);
  do
    if (inside & SHUT) return;
  while (!atomic_compare_exchange_weak(&pool->inside, &inside, inside + 1));
  pool->work(pool->data, worker);
  if (atomic_fetch_sub(&pool->inside, 1) == (SHUT | 1)) tell_done(pool);
}

static void *thread_main(void *data) {
  tri_pool *pool = data;
  size_t worker = atomic_fetch_add(&pool->next, 1);
  for (unsigned seen = 0;;) {
    seen = await_round(pool, seen);
    if (atomic_load(&pool->stop)) return NULL;
    if (seen % 2) {
      pool->work(pool->data, worker);
      if (atomic_fetch_sub(&pool->busy, 1) == 1) tell_done(pool);
    } else {
      come_in(pool, worker);
    }
  }
}

static void begin_round(tri_pool *pool, bool shared) {
  unsigned round = atomic_load(&pool->round);
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->round, (round | 1) + (shared ? 1 : 2));
  pthread_cond_broadcast(&pool->begun);
  pthread_mutex_unlock(&pool->lock);
}

static bool all_done(const tri_pool *pool) {
  return atomic_load(&pool->busy) == 0 && (atomic_load(&pool->inside) & ~SHUT) == 0;
}

static void await_all(tri_pool *pool) {
  for (int i = 0; i < LOOKS; i++) {
    if (all_done(pool)) return;
    pause_briefly();
  }
  pthread_mutex_lock(&pool->lock);
  while (!all_done(pool)) pthread_cond_wait(&pool->done, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

void tri__pool_run(tri_pool *pool, void (*work)(void *data, size_t worker), void *data) {
  pthread_mutex_lock(&pool->turn);
  pool->work = work;
  pool->data = data;
  atomic_store(&pool->busy, pool->started);
  if (pool->started) begin_round(pool, false);
  work(data, 0);
  if (pool->started) await_all(pool);
  pthread_mutex_unlock(&pool->turn);
}

/* For work of which each call does what there is left to do: those threads call it that come
 * before the caller's own call has returned. The turn is the caller's. */
static void share(tri_pool *pool, void (*work)(void *data, size_t worker), void *data) {
  pool->work = work;
  pool->data = data;
  atomic_store(&pool->inside, 0);
  if (pool->started) begin_round(pool, true);
  work(data, 0);
  atomic_fetch_or(&pool->inside, SHUT);
  if (pool->started) await_all(pool);
}

/* Work of less than this many nanoseconds is done before others have woken up. */
enum { HANDING_OVER = 10000 };

struct handing {
  const struct pool_parts *all;
  struct range *ranges;
  size_t count;  /* of ranges */
  uint64_t mode; /* the caller's */
};

static void take_parts(void *data, size_t worker) {
  const struct handing *h = data;
  uint64_t own = float_mode();
  if (own != h->mode) set_float_mode(h->mode);
  for (size_t i = 0; i < h->count; i++) {
    struct range *range = h->ranges + (worker + i) % h->count;
    for (;;) {
      size_t part = atomic_fetch_add_explicit(&range->next, 1, memory_order_relaxed);
      if (part >= range->end) break;
      h->all->work(h->all->data, part, worker);
    }
  }
  if (own != h->mode) set_float_mode(own);
}

void tri__pool_parts(tri_pool *pool, const struct pool_parts *all) {
  if (!pool || pool->threads < 2 || all->parts < 2 || all->cost < HANDING_OVER) {
    for (size_t part = 0; part < all->parts; part++) all->work(all->data, part, 0);
    return;
  }
  pthread_mutex_lock(&pool->turn);
  size_t count = pool->threads < all->parts ? pool->threads : all->parts;
  struct handing h = {all, pool->ranges, count, float_mode()};
  for (size_t i = 0; i < count; i++) {
    atomic_store(&h.ranges[i].next, all->parts / count * i + all->parts % count * i / count);
    if (i) h.ranges[i - 1].end = atomic_load(&h.ranges[i].next);
  }
  h.ranges[count - 1].end = all->parts;
  share(pool, take_parts, &h);
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
  atomic_init(&pool->inside, SHUT);
  pthread_mutex_init(&pool->turn, NULL);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->begun, NULL);
  pthread_cond_init(&pool->done, NULL);
  pool->ids = tri__new(&pool->memory, threads, sizeof *pool->ids);
  pool->ranges = tri__new(&pool->memory, threads, sizeof *pool->ranges);
  if (pool->ids && pool->ranges && start(pool)) return pool;
  tri_pool_free(pool);
  return NULL;
}

void tri_pool_free(tri_pool *pool) {
  if (!pool) return;
  struct memory memory = pool->memory;
  atomic_store(&pool->stop, true);
  begin_round(pool, false);
  for (size_t i = 0; i < pool->started; i++) pthread_join(pool->ids[i], NULL);
  tri__free(&memory, pool->ids, pool->threads, sizeof *pool->ids);
  tri__free(&memory, pool->ranges, pool->threads, sizeof *pool->ranges);
  pthread_cond_destroy(&pool->done);
  pthread_cond_destroy(&pool->begun);
  pthread_mutex_destroy(&pool->lock);
  pthread_mutex_destroy(&pool->turn);
  tri__free(&memory, pool, 1, sizeof *pool);
}

size_t tri_pool_threads(const tri_pool *pool) { return pool->threads; }
