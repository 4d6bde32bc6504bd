/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Functions at many points: the points are cut into blocks of a fixed size, which threads take as
 * they come, so that no result depends on who computed it. */
#include <math.h>
#include <string.h>

#include "base/threads.h"
#include "eval/lanes.h"

enum { CHUNK = 32, CHUNKS_PER_THREAD = 8 }; /* blocks that a thread takes at once, at most */

/* A map and those who work at it. */
struct crew {
  struct map map;
  struct map_worker *workers;
  size_t count;        /* of workers */
  size_t block, chunk; /* points */
  size_t before;       /* points that the first block is short of */
  /* Point that nobody has taken yet, counted as if the first block were whole. */
  atomic_size_t next;
  atomic_int stopped; /* a tri_status: no more is to be taken */
};

/* --- points through the interpreter */

static double input_at(const tri_map_input *input, size_t point) {
  ptrdiff_t at = (ptrdiff_t)point * input->stride;
  return input->doubles ? input->doubles[at] : (double)input->floats[at];
}

static void put(const tri_map_output *output, size_t point, double x) {
  ptrdiff_t at = (ptrdiff_t)point * output->stride;
  if (output->doubles)
    output->doubles[at] = x;
  else
    output->floats[at] = (float)x;
}

static tri_status call_point(const struct map *map, const struct map_worker *w, size_t point,
                             tri_error *error) {
  const tri_call call = {.workspace = w->workspace,
                         .error = error,
                         .n_sizes = map->call->n_sizes,
                         .sizes = map->call->sizes,
                         .interrupt = map->call->interrupt};
  for (size_t i = 0; i < map->n; i++) w->numbers[i] = input_at(map->inputs + i, point);
  return tri_function_call(map->function, &call, w->numbers, w->numbers + map->n);
}

static tri_status run_point(const struct map *map, struct map_worker *w, size_t point) {
  tri_status status = call_point(map, w, point, NULL);
  if (status == TRI_MEMORY || status == TRI_INTERRUPTED) return status;
  for (size_t i = 0; i < map->m; i++) put(map->outputs + i, point, w->numbers[map->n + i]);
  if (!status) return TRI_OK;
  w->without++;
  if (point < w->first) w->first = point;
  return TRI_OK;
}

static bool open_caller(const struct map *map, struct map_worker *w) {
  struct memory memory;
  tri__memory_init(&memory, &map->function->plan->memory.allocator);
  w->workspace = tri_workspace_new(map->function);
  w->numbers = tri__new(&memory, map->n + map->m, sizeof *w->numbers);
  return w->workspace && w->numbers;
}

/* --- a thread's work */

static bool open_worker(const struct map *map, struct map_worker *w) {
  w->first = map->points;
  return map->lanes ? tri__lanes_worker(map, w) : open_caller(map, w);
}

static void close_worker(const struct map *map, struct map_worker *w) {
  struct memory memory;
  tri__memory_init(&memory, &map->function->plan->memory.allocator);
  tri__free(&memory, w->block, w->block_size, 1);
  tri_workspace_free(w->workspace);
  tri__free(&memory, w->numbers, map->n + map->m, sizeof *w->numbers);
}

static tri_status run_block(const struct crew *crew, struct map_worker *w, size_t at) {
  const struct map *map = &crew->map;
  size_t first = at < crew->before ? 0 : at - crew->before, end = at + crew->block - crew->before;
  if (end > map->points) end = map->points;
  if (!map->lanes) return run_point(map, w, first);
  tri__lanes_block(map, w, first, end - first);
  return TRI_OK;
}

static void take_blocks(struct crew *crew, size_t worker) {
  const struct map *map = &crew->map;
  const size_t points = map->points + crew->before;
  for (;;) {
    size_t at = atomic_fetch_add(&crew->next, crew->chunk);
    for (size_t end = at + crew->chunk; at < points && at < end; at += crew->block) {
      tri_status status = map->call->interrupt && *map->call->interrupt
                              ? TRI_INTERRUPTED
                              : run_block(crew, &crew->workers[worker], at);
      if (status) atomic_store(&crew->stopped, (int)status);
      if (atomic_load_explicit(&crew->stopped, memory_order_relaxed)) return;
    }
    if (at >= points) return;
  }
}

static void work(void *data, size_t worker) {
  struct crew *crew = data;
  if (worker >= crew->count) return;
  take_blocks(crew, worker);
  if (crew->map.streams) crew->map.lanes->kernels->settle();
}

/* --- what is told */

/* The first point without value, told by the interpreter, which may have one there: by rounding. */
static tri_status tell_first(const struct map *map, struct map_worker *w, size_t point) {
  tri_error error;
  tri_status status = open_caller(map, w) ? call_point(map, w, point, &error) : TRI_MEMORY;
  if (status == TRI_MEMORY || status == TRI_INTERRUPTED)
    return tri__call_error(map->call, status, tri_status_meaning(status));
  if (!status)
    return tri__error(map->call->error, TRI_DOMAIN, 0, "point %zu: no value exists there", point);
  return tri__error(map->call->error, status, error.node, "point %zu: %.200s", point,
                    error.message);
}

static tri_status tell(struct crew *crew, const tri_map_options *options) {
  size_t without = 0, first = crew->map.points;
  for (size_t i = 0; i < crew->count; i++) {
    without += crew->workers[i].without;
    if (crew->workers[i].first < first) first = crew->workers[i].first;
  }
  if (options->without) *options->without = without;
  if (options->first) *options->first = first;
  tri_status stopped = (tri_status)atomic_load(&crew->stopped);
  if (stopped) return tri__call_error(crew->map.call, stopped, tri_status_meaning(stopped));
  struct map_worker teller = {.first = 0};
  tri_status status = without ? tell_first(&crew->map, &teller, first) : TRI_OK;
  close_worker(&crew->map, &teller);
  return status;
}

/* --- the call */

/* How many workers there is something to do for, and what they take at once. */
static void divide(struct crew *crew, size_t threads) {
  size_t lead = crew->map.lanes ? tri__lanes_lead(&crew->map) : 0;
  crew->block = crew->map.lanes ? LANE_BLOCK : 1;
  crew->before = lead ? crew->block - lead : 0;
  size_t points = crew->map.points + crew->before;
  size_t blocks = points / crew->block + (points % crew->block != 0);
  crew->count = threads < blocks ? threads : blocks;
  if (crew->count < 1) crew->count = 1;
  size_t chunk = blocks / (crew->count * CHUNKS_PER_THREAD) + 1;
  crew->chunk = (chunk < CHUNK ? chunk : CHUNK) * crew->block;
}

/* On the caller's pool, or on one made for this; without threads to be had, on the caller's
 * alone. */
static void run_crew(struct crew *crew, tri_pool *pool) {
  tri_pool *own = !pool && crew->count > 1
                      ? tri_pool_new(crew->count, &crew->map.function->plan->memory.allocator)
                      : NULL;
  if ((pool || own) && crew->count > 1)
    tri__pool_run(pool ? pool : own, work, crew);
  else
    work(crew, 0);
  tri_pool_free(own);
}

static tri_status run_map(struct crew *crew, const tri_map_options *options) {
  struct memory memory;
  size_t threads = options->pool      ? tri_pool_threads(options->pool)
                   : options->threads ? options->threads
                                      : 1;
  if (options->pool && options->threads && options->threads < threads) threads = options->threads;
  tri__memory_init(&memory, &crew->map.function->plan->memory.allocator);
  divide(crew, threads < POOL_MAX_THREADS ? threads : POOL_MAX_THREADS);
  crew->workers = tri__new(&memory, crew->count, sizeof *crew->workers);
  bool ok = crew->workers != NULL;
  for (size_t i = 0; ok && i < crew->count; i++) ok = open_worker(&crew->map, &crew->workers[i]);
  tri_status status = TRI_OK;
  if (ok) {
    run_crew(crew, options->pool);
    status = tell(crew, options);
  } else {
    status = tri__call_error(crew->map.call, TRI_MEMORY, "out of memory");
  }
  for (size_t i = 0; crew->workers && i < crew->count; i++)
    close_worker(&crew->map, &crew->workers[i]);
  tri__free(&memory, crew->workers, crew->count, sizeof *crew->workers);
  return status;
}

static tri_status check(const struct map *map) {
  bool ok = (map->inputs || !map->n) && (map->outputs || !map->m);
  for (size_t i = 0; ok && i < map->n; i++)
    ok = (map->inputs[i].doubles != NULL) != (map->inputs[i].floats != NULL) || !map->points;
  for (size_t i = 0; ok && i < map->m; i++)
    ok = ((map->outputs[i].doubles != NULL) != (map->outputs[i].floats != NULL) &&
          map->outputs[i].stride) ||
         !map->points;
  return ok ? TRI_OK
            : tri__call_error(map->call, TRI_ARGUMENT,
                              "an array is missing, or an output has no stride");
}

/* The program, if the function has one. */
static tri_status find_lanes(struct map *map) {
  if (!tri__has_lanes(map->function)) return TRI_OK;
  map->lanes = tri__lanes(map->function);
  return map->lanes ? TRI_OK : tri__call_error(map->call, TRI_MEMORY, "out of memory");
}

tri_status tri_function_map(const tri_function *f, const tri_call *call, size_t n,
                            const tri_map_input *inputs, const tri_map_output *outputs,
                            const tri_map_options *options) {
  static const tri_map_options defaults = {.threads = 0};
  tri_call copy = call ? *call : (tri_call){.n_sizes = 0};
  copy.workspace = NULL;
  struct crew crew = {
      .map = {.function = f, .call = &copy, .points = n, .inputs = inputs, .outputs = outputs}};
  struct map *map = &crew.map;
  if (!options) options = &defaults;
  if (options->without) *options->without = 0;
  if (options->first) *options->first = n;
  tri_status status = tri_function_elements(f, &copy, &map->n, &map->m);
  if (!status && n > SIZE_MAX / 4) status = tri__call_error(&copy, TRI_LIMIT, "too many points");
  if (!status) status = check(map);
  if (!status) status = find_lanes(map);
  return status || !n ? status : run_map(&crew, options);
}
