/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Array programs: made, carried out and freed. */
#include "eval/array_windows.h"

#include <string.h>

#include "eval/arrays.h"

/* --- memory that goes with a program */

struct kept {
  struct kept *next;
  size_t bytes; /* of this block in all */
  _Alignas(16) char data[];
};

void *tri__keep(struct array_program *p, size_t count, size_t size) {
  size_t bytes;
  if (!size_product(count, size, &bytes) ||
      __builtin_add_overflow(bytes, sizeof(struct kept) + 1, &bytes))
    return NULL;
  struct kept *kept = tri__new(p->memory, bytes, 1);
  if (!kept) return NULL;
  *kept = (struct kept){p->kept, bytes};
  p->kept = kept;
  return kept->data;
}

void tri__array_program_free(struct array_program *p) {
  if (!p) return;
  struct memory *memory = p->memory;
  tri__free(memory, p->nodes, p->node_capacity, sizeof *p->nodes);
  for (struct kept *k = p->kept, *next; k; k = next) {
    next = k->next;
    tri__free(memory, k, k->bytes, 1);
  }
  tri__free(memory, p, 1, sizeof *p);
}

/* --- making */

static bool open_program(struct array_program *p, const tri_workspace *w) {
  const struct plan *plan = w->plan;
  p->domain = w->function->domain;
  p->size = p->domain == TRI_FLOAT ? sizeof(float) : sizeof(double);
  p->kernels = tri__lane_kernels(p->domain, 0);
  p->input_count = plan->input_count;
  p->output_count = plan->output_count;
  p->size_count = plan->size_count;
  p->sizes = tri__keep(p, plan->size_count, sizeof *p->sizes);
  p->outputs = tri__keep(p, plan->output_count, sizeof *p->outputs);
  p->copied = tri__keep(p, plan->output_count, sizeof *p->copied);
  p->input_counts = tri__keep(p, plan->input_count, sizeof *p->input_counts);
  p->output_counts = tri__keep(p, plan->output_count, sizeof *p->output_counts);
  if (!p->sizes || !p->outputs || !p->copied || !p->input_counts || !p->output_counts) return false;
  memcpy(p->sizes, w->sizes, plan->size_count * sizeof *p->sizes);
  return true;
}

static bool make_task(struct array_maker *m, struct array_task *task) {
  if (task->chain) return tri__chain_make(m, task);
  switch (m->program->nodes[task->nodes[0]].kind) {
  case NODE_PRODUCT: return tri__product_make(m, task);
  case NODE_WINDOWS: return tri__windows_make(m, task);
  case NODE_PARTS: return tri__parts_make(m, task);
  default: return tri__structured_make(m, task);
  }
}

static bool make(struct array_maker *m) {
  struct array_program *p = m->program;
  if (!tri__arrays_lower(m) || !tri__array_updates(m) || !tri__array_nested(m) ||
      !tri__array_pooling(m) || !tri__array_routed(m) || !tri__array_convolutions(m) ||
      !tri__array_outputs(m) || !tri__array_tasks(m))
    return false;
  tri__array_pairs(m);
  if (!tri__array_donated(m)) return false;
  for (uint32_t t = 0; t < p->task_count; t++)
    if (p->tasks[t].count && !make_task(m, p->tasks + t)) return false;
  return tri__array_places(m);
}

static bool updates(const struct array_program *p, const uint32_t *donated, uint32_t node) {
  uint32_t output = p->nodes[node].output;
  return output && donated[output - 1];
}

/* From here on a call cannot be interrupted: some arrays would be updated, and others not. */
static uint32_t find_first_update(const struct array_program *p, const uint32_t *donated) {
  if (!donated) return p->task_count;
  for (uint32_t t = 0; t < p->task_count; t++) {
    const struct array_task *task = p->tasks + t;
    if (task->product && updates(p, donated, task->product - 1)) return t;
    for (uint32_t k = 0; k < task->count; k++)
      if (updates(p, donated, task->nodes[k])) return t;
  }
  return p->task_count;
}

struct array_program *tri__array_program(tri_workspace *w, const char **why) {
  struct array_maker m = {.workspace = w};
  *why = NULL;
  m.program = tri__new(&w->memory, 1, sizeof *m.program);
  if (!m.program) return NULL;
  m.program->memory = &w->memory;
  if (open_program(m.program, w) && make(&m)) {
    m.program->first_update = find_first_update(m.program, w->function->donated);
    return m.program;
  }
  tri__array_program_free(m.program);
  *why = m.no_memory ? NULL : m.why;
  return NULL;
}

/* --- running */

static void copy_outputs(const struct array_run *r) {
  const struct array_program *p = r->program;
  for (uint32_t o = 0; o < p->output_count; o++) {
    struct view v = tri__view_merged(&p->outputs[o]);
    if (p->copied[o] && p->output_counts[o])
      tri__view_take(&v, p->size, node_data(r, v.node), 0, p->output_counts[o], r->outputs[o]);
  }
}

bool tri__array_program_run(const struct array_program *p, const struct array_rooms *rooms,
                            const tri_call *call, const void *const *inputs, void *const *outputs) {
  struct array_run r = {.program = p, .inputs = inputs, .outputs = outputs};
  r.arena = rooms->arena;
  r.workers = rooms->workers;
  r.pool = call->pool;
  for (uint32_t t = 0; t < p->task_count; t++) {
    if (t <= p->first_update && call->interrupt && *call->interrupt) return false;
    if (p->tasks[t].run) p->tasks[t].run(&r, p->tasks + t);
  }
  copy_outputs(&r);
  return true;
}
