/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where the nodes of an array program are: donated inputs, the caller's outputs, or one block of
 * memory in which places are used again after their last use. */
#include <string.h>

#include "eval/array_program.h"

/* --- donated inputs: written by the task that reads them last, or copied to at the end */

static bool reads_alike(const struct array_program *p, const struct array_node *n, uint32_t a,
                        uint32_t writer) {
  const struct array_node *w = p->nodes + writer;
  if (w->update.given) return n == w && a == 2;
  if (n->kind != NODE_ROW && n->kind != NODE_SUM) return false;
  return p->tasks[w->task].chain && tri__view_is_whole(p, &n->args[a]) &&
         p->tasks[w->task].elements == p->nodes[n->args[a].node].count;
}

/* Whether an argument reads what the task of `writer` has written over by then, or writes meanwhile
 * otherwise than element by element. */
static bool reads_late(const struct array_program *p, const struct array_node *n, uint32_t a,
                       uint32_t writer) {
  uint32_t task = p->nodes[writer].task;
  return n->task > task || (n->task == task && !reads_alike(p, n, a, writer));
}

/* By node, the output + 1 that is to be written in its place. */
static void want_places(const struct array_program *p, const uint32_t *donated, uint32_t *wanted) {
  for (uint32_t o = 0; o < p->output_count; o++)
    if (donated[o] && p->nodes[p->outputs[o].node].output == o + 1) wanted[donated[o] - 1] = o + 1;
}

static void check_donated(struct array_program *p, uint32_t *wanted) {
  for (uint32_t i = 0; i < p->node_count; i++) {
    const struct array_node *n = p->nodes + i;
    for (uint32_t a = 0; n->needed && a < n->nargs; a++) {
      uint32_t *want = wanted + n->args[a].node, o = *want;
      if (!o || !reads_late(p, n, a, p->outputs[o - 1].node)) continue;
      p->nodes[p->outputs[o - 1].node].output = 0;
      p->copied[o - 1] = 1;
      *want = 0;
    }
  }
}

bool tri__array_donated(struct array_maker *m) {
  struct array_program *p = m->program;
  const uint32_t *donated = m->workspace->function->donated;
  if (!donated) return true;
  uint32_t *wanted = tri__new(p->memory, p->node_count, sizeof *wanted);
  if (!wanted) return array_no_memory(m);
  want_places(p, donated, wanted);
  check_donated(p, wanted);
  tri__free(p->memory, wanted, p->node_count, sizeof *wanted);
  return true;
}

/* --- places */

/* Places in use, by their beginnings. */
struct blocks {
  struct block {
    size_t begin, end;
    uint32_t last; /* the task after which it is free */
  } * list;
  uint32_t count;
};

static void release(struct blocks *b, uint32_t task) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < b->count; i++)
    if (b->list[i].last >= task) b->list[kept++] = b->list[i];
  b->count = kept;
}

/* The lowest gap that is large enough. */
static size_t take(struct blocks *b, size_t size, uint32_t last) {
  size_t begin = 0;
  uint32_t at = 0;
  for (; at < b->count && b->list[at].begin - begin < size; at++) begin = b->list[at].end;
  memmove(b->list + at + 1, b->list + at, (b->count - at) * sizeof *b->list);
  b->list[at] = (struct block){begin, begin + size, last};
  b->count++;
  return begin;
}

static void find_last_uses(struct array_program *p) {
  for (uint32_t i = 0; i < p->node_count; i++) {
    const struct array_node *n = p->nodes + i;
    if (n->task == NO_TASK) continue;
    if (p->nodes[i].last_use < n->task) p->nodes[i].last_use = n->task;
    for (uint32_t a = 0; a < n->nargs; a++) {
      struct array_node *read = p->nodes + n->args[a].node;
      if (read->last_use < n->task) read->last_use = n->task;
    }
  }
  for (uint32_t o = 0; o < p->output_count; o++)
    if (p->copied[o]) p->nodes[p->outputs[o].node].last_use = p->task_count;
}

static bool place_node(struct array_program *p, struct blocks *b, struct array_node *n) {
  size_t bytes;
  if (!n->stored || n->output) return true;
  if (!size_product(n->count, p->size, &bytes) || bytes > PTRDIFF_MAX / 2) return false;
  n->place = take(b, aligned(bytes), n->last_use);
  if (n->place + aligned(bytes) > p->arena_size) p->arena_size = n->place + aligned(bytes);
  return true;
}

static bool place_task(struct array_program *p, struct blocks *b, uint32_t t) {
  struct array_task *task = p->tasks + t;
  release(b, t);
  if (task->product && !place_node(p, b, p->nodes + (task->product - 1))) return false;
  for (uint32_t k = 0; k < task->count; k++)
    if (!place_node(p, b, p->nodes + task->nodes[k])) return false;
  if (!task->scratch_size) return true;
  task->scratch = take(b, aligned(task->scratch_size), t);
  if (task->scratch + aligned(task->scratch_size) > p->arena_size)
    p->arena_size = task->scratch + aligned(task->scratch_size);
  return true;
}

bool tri__array_places(struct array_maker *m) {
  struct array_program *p = m->program;
  size_t most = (size_t)p->node_count + p->task_count + 1;
  struct blocks b = {.list = tri__new(p->memory, most, sizeof *b.list)};
  bool ok = b.list != NULL;
  if (ok) find_last_uses(p);
  for (uint32_t t = 0; ok && t < p->task_count; t++) ok = place_task(p, &b, t);
  tri__free(p->memory, b.list, most, sizeof *b.list);
  m->no_memory |= !ok;
  return ok;
}
