/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Chains carried out: parts by threads, parts block by block. */
#include <string.h>

#include "eval/array_chain.h"

struct chain_work {
  const struct array_run *run;
  const struct array_task *task;
  const struct chain *chain;
};

/* A thread's scratch: where entries are in the block under way, where their first numbers are, the
 * slots, and the rows of a product. */
struct bench {
  void **at;
  char **base;
  char *slots, *rows;
};

static struct bench bench_of(const struct chain_work *w, size_t worker) {
  char *data = worker_data(w->run, worker);
  char **base = (char **)(void *)data + w->chain->entry_count;
  return (struct bench){(void **)(void *)data, base, data + chain_pointers(w->chain),
                        data + w->chain->local_place};
}

static char *slot_at(const struct chain_work *w, const struct bench *b, uint32_t slot) {
  return b->slots + (size_t)slot * LANE_MANY * w->run->program->size;
}

/* --- copies in slots */

/* Fills up a block in a slot with its last number. */
static void fill_up(size_t size, size_t count, char *slot) {
  for (size_t i = count; i < LANE_BLOCK; i++)
    memcpy(slot + i * size, slot + (count - 1) * size, size);
}

static void spread(size_t size, const char *from, char *slot) {
  for (size_t i = 0; i < LANE_MANY; i++) memcpy(slot + i * size, from, size);
}

static char *base_of(const struct array_run *r, const struct array_task *task,
                     const struct chain_entry *e) {
  if (e->kind == ENTRY_PERIODIC) return r->arena + task->scratch + e->laid_out;
  if (e->kind == ENTRY_RESULT && !e->stored) return NULL;
  return e->kind == ENTRY_STRIDED ? node_data(r, e->view.node) : view_data(r, &e->view);
}

/* What is the same in all blocks of a part. */
static void prepare(const struct chain_work *w, const struct bench *b) {
  size_t size = w->run->program->size;
  for (uint32_t e = 0; e < w->chain->entry_count; e++) {
    const struct chain_entry *entry = w->chain->entries + e;
    b->base[e] = e == w->chain->local ? b->rows : base_of(w->run, w->task, entry);
    b->at[e] = slot_at(w, b, entry->slot);
    if (entry->kind == ENTRY_NUMBER) spread(size, view_data(w->run, &entry->view), b->at[e]);
  }
}

/* --- blocks */

static bool is_whole(size_t count) { return count == LANE_BLOCK || count == LANE_MANY; }

/* Where entries are in a block of `count` elements from `first` on, of which the rows of a product
 * have number `local` first. */
static void place_block(const struct chain_work *w, const struct bench *b, size_t first,
                        size_t count, size_t local) {
  const struct array_program *p = w->run->program;
  size_t size = p->size;
  for (uint32_t e = 0; e < w->chain->entry_count; e++) {
    const struct chain_entry *entry = w->chain->entries + e;
    char *base = b->base[e], *slot = slot_at(w, b, entry->slot);
    bool whole = is_whole(count);
    switch (entry->kind) {
    case ENTRY_DENSE: b->at[e] = base + (e == w->chain->local ? local : first) * size; break;
    case ENTRY_PERIODIC: b->at[e] = base + first % entry->period * size; break;
    case ENTRY_STRIDED:
      tri__view_take(&entry->view, size, base, first, count, slot);
      if (!whole) fill_up(size, count, slot);
      break;
    case ENTRY_RESULT: b->at[e] = entry->direct && whole ? base + first * size : slot; break;
    default: break;
    }
    if (entry->kind == ENTRY_DENSE && !whole) {
      memcpy(slot, b->at[e], count * size);
      fill_up(size, count, slot);
      b->at[e] = slot;
    }
  }
}

/* What the next block reads is on its way while this one is computed, some lines after each step:
 * the processor's own guesses end where each kernel does, and it waits for more at once. */
struct fetch {
  const struct chain *chain;
  char *const *base;
  uint32_t entry;        /* whose lines come next */
  size_t first, at, end; /* bytes of it: where the block begins, the next line, the block's end */
};

static struct fetch fetch_next(const struct chain_work *w, const struct bench *b, size_t first,
                               size_t end) {
  size_t size = w->run->program->size, next = (first + LANE_MANY) * size;
  struct fetch f = {.chain = w->chain, .base = b->base, .entry = w->chain->entry_count};
  if (!w->chain->streams || first + 2 * LANE_MANY > end) return f;
  f.entry = 0;
  f.first = f.at = next;
  f.end = next + LANE_MANY * size;
  return f;
}

static void fetch_lines(struct fetch *f, size_t lines) {
  while (lines && f->entry < f->chain->entry_count) {
    bool reads = f->chain->entries[f->entry].kind == ENTRY_DENSE && f->entry != f->chain->local;
    for (; reads && lines && f->at < f->end; lines--, f->at += LINE)
      __builtin_prefetch(f->base[f->entry] + f->at);
    if (reads && f->at < f->end) return;
    f->entry++;
    f->at = f->first;
  }
}

static void run_steps(const struct chain *c, void *const *at, bool many, struct fetch *next) {
  for (uint32_t s = 0; s < c->step_count; s++) {
    const struct chain_step *step = c->steps + s;
    lane_kernel *kernel = many ? step->many : step->kernel;
    kernel(at[step->result], at[step->a], at[step->b], at[step->c]);
    fetch_lines(next, c->lines);
  }
}

static void store(const struct chain_work *w, const struct bench *b, size_t first, size_t count) {
  size_t size = w->run->program->size;
  for (uint32_t e = 0; e < w->chain->entry_count; e++) {
    const struct chain_entry *entry = w->chain->entries + e;
    if (entry->stored && !(entry->direct && is_whole(count)))
      memcpy(b->base[e] + first * size, b->at[e], count * size);
  }
}

/* The rows of the product that the part reads. */
static void run_rows(const struct chain_work *w, const struct bench *b, size_t part) {
  const struct array_run *r = w->run;
  uint32_t node = w->task->product - 1;
  bool local = w->chain->local < w->chain->entry_count;
  char *to = local ? b->rows : node_data(r, node) + part * w->chain->part * r->program->size;
  tri__product_piece(r, w->chain->product, node, part, to);
}

static void run_part(void *data, size_t part, size_t worker) {
  const struct chain_work *w = data;
  const struct chain *c = w->chain;
  struct bench b = bench_of(w, worker);
  size_t first = part * c->part, end = first + c->part;
  if (end > w->task->elements) end = w->task->elements;
  size_t before = first;
  prepare(w, &b);
  if (c->product) run_rows(w, &b, part);
  for (uint32_t s = 0; s < c->sum_count; s++)
    if (c->sums[s].by_parts) tri__chain_clear(w->run, w->task, c->sums + s, part);
  for (size_t count; first < end; first += count) {
    count = end - first < LANE_BLOCK ? end - first : LANE_BLOCK;
    if (end - first >= LANE_MANY) count = LANE_MANY;
    place_block(w, &b, first, count, first - before);
    struct fetch next = fetch_next(w, &b, first, end);
    run_steps(c, b.at, count == LANE_MANY, &next);
    store(w, &b, first, count);
    for (uint32_t s = 0; s < c->sum_count; s++)
      tri__chain_add(w->run, w->task, c->sums + s, part, first, count, b.at[c->sums[s].entry]);
  }
}

/* --- the whole */

/* The numbers of a periodic entry, a block of many beyond their end. */
static void lay_out(const struct array_run *r, const struct array_task *task,
                    const struct chain_entry *e) {
  size_t size = r->program->size, count = (e->period + LANE_MANY) * size;
  char *to = r->arena + task->scratch + e->laid_out;
  size_t done = e->period * size;
  memcpy(to, view_data(r, &e->view), done);
  while (done < count) {
    size_t more = count - done < done ? count - done : done;
    memcpy(to + done, to, more);
    done += more;
  }
}

void tri__chain_run(struct array_run *r, const struct array_task *task) {
  const struct chain *c = task->plan;
  struct chain_work w = {.run = r, .task = task, .chain = c};
  for (uint32_t e = 0; e < c->entry_count; e++)
    if (c->entries[e].kind == ENTRY_PERIODIC && task->elements) lay_out(r, task, c->entries + e);
  for (uint32_t s = 0; s < c->sum_count; s++)
    if (!c->sums[s].by_parts) tri__chain_clear(r, task, c->sums + s, 0);
  struct pool_parts work = {.work = run_part, .data = &w, .parts = c->parts, .cost = c->cost};
  tri__pool_parts(r->pool, &work);
  for (uint32_t s = 0; s < c->sum_count; s++) tri__chain_finish(r, task, c->sums + s);
}
