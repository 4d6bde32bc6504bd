/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Slots of values: linear scan with one free list per shape. */
#include "eval/plan.h"

enum { NO_SLOT = UINT32_MAX, STAYS = UINT32_MAX, UNUSED = UINT32_MAX - 1 };

struct scan {
  struct plan *plan;
  uint32_t *last;      /* by value: the step that reads it last, STAYS or UNUSED */
  uint32_t *next_free; /* by slot: the next free one of its shape */
  uint32_t *free;      /* by shape: the first free slot */
};

static void find_last_uses(const struct plan *p, uint32_t *last) {
  for (uint32_t v = 0; v < p->value_count; v++) last[v] = UNUSED;
  for (uint32_t s = 0; s < p->step_count; s++) {
    const uint32_t *args = step_args(p, p->steps + s);
    for (uint32_t i = 0; i < p->steps[s].nargs; i++) last[args[i]] = s;
  }
  for (uint32_t s = 0; s < p->step_count; s++) { /* read when the step is over */
    const struct instruction *step = p->steps + s;
    for (uint32_t i = 0; (step->flags & STEP_SUMMED) && i < step->nargs; i++)
      last[step->arg[i]] = STAYS;
  }
  for (uint32_t i = 0; i < p->output_count; i++) last[p->outputs[i]] = STAYS;
  for (uint32_t i = 0; i < p->constant_count; i++) last[p->input_count + i] = STAYS;
  for (uint32_t v = 0; p->body && v < p->input_count; v++) last[v] = STAYS;
}

static void take_slot(struct scan *scan, uint32_t v) {
  struct plan *p = scan->plan;
  uint32_t shape = p->values[v].shape, slot = scan->free[shape];
  if (slot == NO_SLOT) {
    slot = p->slot_count++;
    p->slot_shapes[slot] = shape;
  } else {
    scan->free[shape] = scan->next_free[slot];
  }
  p->values[v].slot = slot;
}

/* A value's slot is free once the step that reads it last has its arguments. */
static void release(struct scan *scan, uint32_t v, uint32_t step) {
  const struct plan_value *value = scan->plan->values + v;
  if (scan->last[v] != step) return;
  scan->last[v] = STAYS; /* released once, also if the step reads it twice */
  scan->next_free[value->slot] = scan->free[value->shape];
  scan->free[value->shape] = value->slot;
}

static void assign(struct scan *scan) {
  const struct plan *p = scan->plan;
  for (uint32_t i = 0; i < p->shape_count; i++) scan->free[i] = NO_SLOT;
  for (uint32_t v = 0; v < first_result(p); v++) take_slot(scan, v);
  for (uint32_t s = 0; s < p->step_count; s++) {
    const struct instruction *step = p->steps + s;
    const uint32_t *args = step_args(p, step);
    /* results of operations on arrays are written while their arguments are still read */
    bool early = step->op < TRI_OP_ROWS;
    for (uint32_t i = 0; early && i < step->nargs; i++) release(scan, args[i], s);
    for (uint32_t k = 0; k < step->results; k++) take_slot(scan, step->result + k);
    for (uint32_t i = 0; !early && i < step->nargs; i++) release(scan, args[i], s);
  }
}

bool tri__plan_slots(struct plan *p) {
  struct memory *m = &p->memory;
  struct scan scan = {.plan = p};
  uint32_t *shapes = tri__new(m, p->value_count, sizeof *shapes);
  scan.last = tri__new(m, p->value_count, sizeof *scan.last);
  scan.next_free = tri__new(m, p->value_count, sizeof *scan.next_free);
  scan.free = tri__new(m, p->shape_count, sizeof *scan.free);
  bool ok = shapes && scan.last && scan.next_free && scan.free;
  if (ok) {
    p->slot_shapes = shapes;
    find_last_uses(p, scan.last);
    assign(&scan);
    if (p->slot_count) /* without values there is nothing to fit, and a size of 0 would free it */
      p->slot_shapes =
          tri__resize(m, shapes, p->value_count * sizeof *shapes, p->slot_count * sizeof *shapes);
    ok = p->slot_shapes != NULL;
  }
  if (!ok) tri__free(m, shapes, p->value_count, sizeof *shapes);
  tri__free(m, scan.last, p->value_count, sizeof *scan.last);
  tri__free(m, scan.next_free, p->value_count, sizeof *scan.next_free);
  tri__free(m, scan.free, p->shape_count, sizeof *scan.free);
  return ok;
}
