/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Chains made ready: what they read and compute, in which slots, and how they are cut in parts. */
#include <string.h>

#include "eval/array_chain.h"

struct making {
  struct array_maker *m;
  struct array_program *p;
  struct array_task *task;
  struct chain *chain;
  uint32_t *entry; /* by node: its entry as a result, + 1 */
  uint32_t *last; /* by entry: the step that reads it last; NO_TASK: a sum does, behind all steps */
};

/* --- entries */

static bool same_view(const struct view *a, const struct view *b) {
  if (a->node != b->node || a->offset != b->offset || a->rank != b->rank) return false;
  return !memcmp(a->size, b->size, a->rank * sizeof *a->size) &&
         !memcmp(a->stride, b->stride, a->rank * sizeof *a->stride);
}

static enum entry_kind kind_of(const struct view *m) {
  if (tri__view_is_number(m)) return ENTRY_NUMBER;
  if (m->rank == 1 && m->stride[0] == 1) return ENTRY_DENSE;
  if (m->rank == 2 && m->stride[0] == 0 && m->stride[1] == 1) return ENTRY_PERIODIC;
  return ENTRY_STRIDED;
}

/* The entry of what is read: a result of the chain, or from outside. */
static uint32_t entry_for(struct making *k, const struct view *view) {
  struct chain *c = k->chain;
  if (k->entry[view->node]) return k->entry[view->node] - 1;
  struct view merged = tri__view_merged(view);
  for (uint32_t e = 0; e < c->entry_count; e++)
    if (c->entries[e].kind != ENTRY_RESULT && same_view(&c->entries[e].view, &merged)) return e;
  struct chain_entry *entry = c->entries + c->entry_count;
  entry->kind = (uint8_t)kind_of(&merged);
  entry->view = merged;
  if (entry->kind == ENTRY_PERIODIC) {
    entry->period = merged.size[1];
    entry->laid_out = k->task->scratch_size;
    k->task->scratch_size += (entry->period + LANE_MANY) * k->p->size;
  }
  return c->entry_count++;
}

static uint32_t new_result(struct making *k, uint32_t node) {
  const struct array_node *n = k->p->nodes + node;
  struct chain_entry *entry = k->chain->entries + k->chain->entry_count;
  *entry = (struct chain_entry){.kind = ENTRY_RESULT, .stored = n->stored, .direct = n->stored};
  entry->view = tri__whole_view(k->p, node);
  k->entry[node] = ++k->chain->entry_count;
  return k->chain->entry_count - 1;
}

/* --- steps */

static void add_row(struct making *k, uint32_t node) {
  const struct array_node *n = k->p->nodes + node;
  struct chain *c = k->chain;
  uint32_t at[ROW_MAX_ARITY] = {0};
  for (uint32_t i = 0; i < n->nargs; i++) {
    at[i] = entry_for(k, &n->args[i]);
    if (k->last[at[i]] != NO_TASK) k->last[at[i]] = c->step_count;
  }
  for (uint32_t i = n->nargs; i < ROW_MAX_ARITY; i++) at[i] = at[0];
  struct chain_step *step = c->steps + c->step_count++;
  const struct lane_kernels *kernels = k->p->kernels;
  step->kernel = n->extended ? kernels->extended[n->op] : kernels->strict[n->op];
  step->many = n->extended ? kernels->many_extended[n->op] : kernels->many_strict[n->op];
  step->a = at[0];
  step->b = at[1];
  step->c = at[2];
  step->result = new_result(k, node);
}

/* What is written where an old value lies that a later step reads waits until the block's end. */
static void find_direct(struct making *k) {
  struct chain *c = k->chain;
  const uint32_t *donated = k->m->workspace->function->donated;
  for (uint32_t s = 0; donated && s < c->step_count; s++) {
    struct chain_entry *result = c->entries + c->steps[s].result;
    uint32_t output = result->stored ? k->p->nodes[result->view.node].output : 0;
    if (!output || !donated[output - 1]) continue;
    for (uint32_t e = 0; e < c->entry_count; e++)
      if (c->entries[e].kind == ENTRY_DENSE && c->entries[e].view.node == donated[output - 1] - 1 &&
          k->last[e] > s)
        result->direct = false;
  }
}

/* --- slots */

/* What has a slot for itself: what is read, and what is stored or summed. */
static bool keeps_slot(const struct making *k, uint32_t e) {
  const struct chain_entry *entry = k->chain->entries + e;
  return entry->kind != ENTRY_RESULT || entry->stored || k->last[e] == NO_TASK;
}

static bool give_slots(struct making *k) {
  struct chain *c = k->chain;
  uint32_t *unused = tri__new(k->p->memory, c->entry_count, sizeof *unused), count = 0;
  if (!unused) return false;
  for (uint32_t e = 0; e < c->entry_count; e++)
    if (keeps_slot(k, e)) c->entries[e].slot = c->slot_count++;
  for (uint32_t s = 0; s < c->step_count; s++) {
    const struct chain_step *step = c->steps + s;
    const uint32_t read[] = {step->a, step->b, step->c};
    for (int i = 0; i < 3; i++) {
      bool again = (i > 0 && read[i] == read[0]) || (i > 1 && read[i] == read[1]);
      if (!again && !keeps_slot(k, read[i]) && k->last[read[i]] == s)
        unused[count++] = c->entries[read[i]].slot;
    }
    if (!keeps_slot(k, step->result))
      c->entries[step->result].slot = count ? unused[--count] : c->slot_count++;
  }
  tri__free(k->p->memory, unused, c->entry_count, sizeof *unused);
  return true;
}

/* --- sums */

/* Runs of elements, by the dimensions of what is summed. */
static void find_runs(struct chain_sum *sum, const struct view *x, const size_t *to) {
  sum->inner = 1;
  sum->along = false;
  for (uint32_t d = 0; d < x->rank; d++) {
    if (x->size[d] == 1) continue;
    uint32_t last = sum->rank - 1;
    if (sum->rank && sum->to[last] == to[d] * x->size[d]) {
      sum->size[last] *= x->size[d];
      sum->to[last] = to[d];
    } else {
      sum->size[sum->rank] = x->size[d];
      sum->to[sum->rank++] = to[d];
    }
  }
  if (!sum->rank) return;
  if (sum->to[sum->rank - 1] > 1) return; /* runs of one element */
  sum->rank--;
  sum->inner = sum->size[sum->rank];
  sum->along = sum->to[sum->rank] == 1;
}

static void add_sum(struct making *k, uint32_t node) {
  const struct array_node *n = k->p->nodes + node;
  struct chain_sum *sum = k->chain->sums + k->chain->sum_count++;
  *sum = (struct chain_sum){.node = node, .count = n->count};
  sum->entry = entry_for(k, &n->args[0]);
  k->last[sum->entry] = NO_TASK;
  find_runs(sum, &n->args[0], n->to);
  sum->size_of = sum->along ? k->p->size : sizeof(double);
}

/* --- parts */

enum {
  PART = 8192,    /* elements, about: some ten microseconds */
  MOST_PARTS = 64 /* of sums that are added up part by part */
};

/* Elements behind which the first dimension of a sum goes on, and whether these add to the same
 * numbers. */
static size_t unit_of(struct chain_sum *sum, size_t elements) {
  if (!sum->rank) {
    sum->by_parts = !sum->along;
    return sum->along ? elements : LANE_BLOCK;
  }
  sum->by_parts = sum->to[0] == 0;
  return elements / sum->size[0];
}

enum { SECOND_CACHE = 1 << 19 }; /* bytes of it that a chain may count on */

static void find_streams(const struct making *k) {
  struct chain *c = k->chain;
  size_t read = 0, written = 0;
  for (uint32_t e = 0; e < c->entry_count; e++) {
    read += c->entries[e].kind == ENTRY_DENSE;
    written += c->entries[e].stored;
  }
  c->streams = read && k->task->elements > SECOND_CACHE / (read + written) / k->p->size;
  c->lines = c->step_count ? read * LANE_MANY * k->p->size / LINE / c->step_count + 1 : 0;
}

static void cut(struct making *k) {
  struct chain *c = k->chain;
  size_t elements = k->task->elements, unit = LANE_BLOCK, least = PART;
  for (uint32_t s = 0; s < c->sum_count && elements; s++) {
    size_t own = unit_of(&c->sums[s], elements);
    if (s == 0 || own % unit == 0)
      unit = own;
    else if (unit % own)
      unit = elements;
    if (c->sums[s].by_parts && least < elements / MOST_PARTS) least = elements / MOST_PARTS;
    /* no more numbers for the sums of parts than a quarter of what is summed */
    if (c->sums[s].by_parts && least < 4 * c->sums[s].count) least = 4 * c->sums[s].count;
  }
  c->part = k->task->product ? k->task->piece : round_up(least, unit);
  c->parts = elements / c->part + (elements % c->part != 0);
  for (uint32_t s = 0; s < c->sum_count; s++) {
    struct chain_sum *sum = c->sums + s;
    if (c->parts < 2) sum->by_parts = false;
    k->task->scratch_size = aligned(k->task->scratch_size);
    sum->place = k->task->scratch_size;
    k->task->scratch_size += sum->count * sum->size_of * (sum->by_parts ? c->parts : 1);
  }
  c->cost = (double)elements * (double)c->step_count * 0.1;
  find_streams(k);
}

/* --- the product that the chain is carried out with */

static bool take_product(struct making *k) {
  struct chain *c = k->chain;
  c->local = c->entry_count;
  if (!k->task->product) return true;
  uint32_t node = k->task->product - 1;
  const struct array_node *n = k->p->nodes + node;
  c->product = tri__product_plan(k->m, node, k->task->rows);
  c->cost += (double)n->count * 20.0;
  for (uint32_t e = 0; e < c->entry_count && k->task->local; e++)
    if (c->entries[e].kind == ENTRY_DENSE && c->entries[e].view.node == node) c->local = e;
  return c->product != NULL;
}

/* --- the whole */

static bool open_chain(struct making *k) {
  struct array_program *p = k->p;
  size_t entries = 1, nodes = k->task->count;
  for (uint32_t i = 0; i < nodes; i++) entries += 1 + p->nodes[k->task->nodes[i]].nargs;
  struct chain *c = k->chain = tri__keep(p, 1, sizeof *c);
  if (!c) return false;
  c->entries = tri__keep(p, entries, sizeof *c->entries);
  c->steps = tri__keep(p, nodes, sizeof *c->steps);
  c->sums = tri__keep(p, nodes, sizeof *c->sums);
  k->entry = tri__new(p->memory, p->node_count, sizeof *k->entry);
  k->last = tri__keep(p, entries, sizeof *k->last);
  return c->entries && c->steps && c->sums && k->entry && k->last;
}

/* Pointers, slots, and the rows of a product under way. */
static void add_scratch(struct making *k) {
  struct chain *c = k->chain;
  size_t scratch = chain_pointers(c) + (size_t)c->slot_count * LANE_MANY * k->p->size;
  c->local_place = aligned(scratch);
  if (c->local < c->entry_count) scratch = c->local_place + c->part * k->p->size;
  if (scratch > k->p->worker_size) k->p->worker_size = aligned(scratch);
}

static void add_nodes(struct making *k) {
  for (uint32_t i = 0; i < k->task->count; i++) {
    if (k->p->nodes[k->task->nodes[i]].kind == NODE_ROW)
      add_row(k, k->task->nodes[i]);
    else
      add_sum(k, k->task->nodes[i]);
  }
}

bool tri__chain_make(struct array_maker *m, struct array_task *task) {
  struct making k = {.m = m, .p = m->program, .task = task};
  bool ok = open_chain(&k);
  if (ok) {
    add_nodes(&k);
    find_direct(&k);
    ok = give_slots(&k);
  }
  if (ok) {
    cut(&k);
    ok = take_product(&k);
    add_scratch(&k);
    task->plan = k.chain;
    task->run = tri__chain_run;
  }
  tri__free(k.p->memory, k.entry, k.p->node_count, sizeof *k.entry);
  m->no_memory |= !ok;
  return ok;
}
