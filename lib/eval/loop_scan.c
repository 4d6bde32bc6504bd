/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops with carries over doubles whose bodies compute element by element, with arrays of one shape: step by step, as a lanes program whose
 * points are the elements. */
#include <string.h>

#include "eval/lanes.h"
#include "eval/loop.h"

enum { FEWEST = 8 }; /* steps that are worth it */

/* --- the program */

/* The number of elements that all arrays of the body have, if it computes by rows alone; else 0. */
static size_t elements_of(const struct plan *p) {
  size_t count = 1;
  if (p->size_count || p->loop_count) return 0;
  for (uint32_t i = 0; i < p->step_count; i++)
    if (p->steps[i].op >= TRI_OP_ROWS) return 0;
  for (uint32_t v = 0; v < p->value_count; v++) {
    size_t own = p->shapes[p->values[v].shape].count;
    if (!p->values[v].shape) continue;
    if (own < 2 || own > LANE_BLOCK || (count > 1 && own != count)) return 0;
    count = own;
  }
  return count > 1 ? count : 0;
}

/* The program of the body over single elements; NULL when out of memory. */
static struct lanes *make(const struct turn *t) {
  struct plan *body = t->loop->body, erased = *body;
  struct memory memory;
  tri__memory_init(&memory, &body->memory.allocator);
  struct plan_value *values = tri__new(&memory, body->value_count, sizeof *values);
  if (!values) return NULL;
  erased.values = values;
  for (uint32_t v = 0; v < body->value_count; v++)
    values[v] = (struct plan_value){.slot = body->values[v].slot};
  tri_function f = {.plan = &erased, .domain = TRI_DOUBLE};
  struct lanes *lanes = tri__lanes_new(&f, NULL);
  tri__free(&memory, values, body->value_count, sizeof *values);
  return lanes;
}

/* Whoever makes it first keeps it. */
static const struct lanes *program(const struct turn *t) {
  struct plan_loop *l = (struct plan_loop *)(uintptr_t)t->loop;
  struct lanes *lanes = atomic_load(&l->scan), *other = NULL;
  if (lanes) return lanes;
  lanes = make(t);
  if (!lanes || atomic_compare_exchange_strong(&l->scan, &other, lanes)) return lanes;
  tri__lanes_free(lanes);
  return other;
}

/* --- a scan under way */

struct pass {
  const struct turn *turn;
  const struct lanes *lanes;
  size_t elements;
  double *buffers;
  void **slots;
  lane_kernel *
      *few; /* of each of the program's steps: that for LANE_FEW numbers; NULL: it has none */
};

static lane_kernel *few_of(const struct lane_kernels *k, const struct lane_step *s) {
  if (s->kernel && s->kernel == k->sincos) return k->few_sincos;
  if (s->kernel && s->kernel == k->strict[s->op]) return k->few_strict[s->op];
  return s->kernel && s->kernel == k->extended[s->op] ? k->few_extended[s->op] : NULL;
}

/* All slots but the constants' have LANE_BLOCK numbers each. */
static bool open_pass(struct pass *p) {
  const struct lanes *l = p->lanes;
  struct level *level = p->turn->level;
  size_t cells = (size_t)l->slot_count - l->constant_count;
  size_t numbers = cells * LANE_BLOCK;
  size_t size = numbers * sizeof(double) + l->slot_count * sizeof *p->slots +
                l->step_count * sizeof *p->few + LANE_ALIGNMENT;
  if (!tri__turn_block(p->turn, size)) return false;
  p->buffers = (double *)(void *)((char *)level->block + LANE_ALIGNMENT -
                                  (uintptr_t)level->block % LANE_ALIGNMENT);
  memset(p->buffers, 0,
         numbers * sizeof(double)); /* what stands beyond the elements takes no time */
  p->slots = (void **)(void *)(p->buffers + numbers);
  p->few = (lane_kernel **)(void *)(p->slots + l->slot_count);
  for (uint32_t i = 0; i < l->step_count; i++) p->few[i] = few_of(l->kernels, l->steps + i);
  for (uint32_t s = 0, next = 0; s < l->slot_count; s++)
    p->slots[s] = s >= l->input_count && s < l->input_count + l->constant_count
                      ? (void *)lanes_constant(l, s - l->input_count)
                      : (void *)(p->buffers + (size_t)LANE_BLOCK * next++);
  return true;
}

/* `count` numbers into an input's slot; one stands for all. */
static void put(const struct pass *p, uint32_t input, const double *from, size_t count) {
  double *to = p->slots[input];
  if (count > 1)
    memcpy(to, from, count * sizeof *to);
  else
    for (size_t k = 0; k < LANE_BLOCK; k++) to[k] = *from;
}

static const double *output(const struct pass *p, uint32_t output) {
  return p->slots[p->lanes->output_slots[output]];
}

static void put_constants(const struct pass *p) {
  const struct turn *t = p->turn;
  for (uint32_t i = t->loop->as.steps; i < carry_input(t->loop, 0); i++)
    put(p, i, element_at(&t->body, i, 0), count_of(&t->body, i));
}

static void put_step(const struct pass *p, size_t part) {
  const struct turn *t = p->turn;
  for (uint32_t i = 0; i < t->loop->as.steps; i++) {
    size_t count = count_of(&t->body, i);
    double number = (double)(t->loop->first[i] + (int64_t)part);
    put(p, i,
        t->loop->counted[i] ? &number : (double *)element_at(t->outer, t->args[i], part * count),
        count);
  }
  for (uint32_t c = 0; c < t->loop->as.carries; c++) {
    uint32_t input = carry_input(t->loop, c);
    put(p, input, (double *)t->level->carry + tri__carry_place(t, c), count_of(&t->body, input));
  }
}

/* What the step leaves of the results: `first` says that sums begin. */
static void take_results(const struct pass *p, size_t part, bool first) {
  const struct turn *t = p->turn;
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i, kept = t->loop->kept[k];
    enum loop_result kind = tri__loop_result_kind(&t->loop->as, kept, &i);
    double *to = element_at(t->outer, t->step->result + k, 0);
    if (kind == RESULT_CARRY) continue;
    if (kind == RESULT_CARRIES) {
      size_t count = count_of(&t->body, carry_input(t->loop, i));
      memcpy(to + part * count, (double *)t->level->carry + tri__carry_place(t, i),
             count * sizeof *to);
      continue;
    }
    const double *from = output(p, t->loop->output[kept]);
    size_t count = count_of(&t->body, t->loop->body->outputs[t->loop->output[kept]]);
    if (kind == RESULT_STACKED) memcpy(to + part * count, from, count * sizeof *to);
    for (size_t e = 0; kind == RESULT_SUMMED && e < count; e++)
      to[e] = first ? from[e] : to[e] + from[e];
  }
}

/* One that nobody reads is not computed and stays. */
static void hand_on(const struct pass *p) {
  const struct turn *t = p->turn;
  const struct loop *as = &t->loop->as;
  for (uint32_t c = 0; c < as->carries; c++) {
    uint32_t from = t->loop->output[as->stacked + as->summed + c];
    if (from == NO_OUTPUT) continue;
    memcpy((double *)t->level->carry + tri__carry_place(t, c), output(p, from),
           count_of(&t->body, carry_input(t->loop, c)) * sizeof(double));
  }
}

static void take_last(const struct pass *p) {
  const struct turn *t = p->turn;
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i, result = t->step->result + k;
    if (tri__loop_result_kind(&t->loop->as, t->loop->kept[k], &i) != RESULT_CARRY) continue;
    memcpy(element_at(t->outer, result, 0), (double *)t->level->carry + tri__carry_place(t, i),
           count_of(t->outer, result) * sizeof(double));
  }
}

/* The program for the elements that there are. */
static void run_elements(const struct pass *p) {
  const struct lanes *l = p->lanes;
  for (uint32_t i = 0; i < l->step_count; i++) {
    const struct lane_step *s = l->steps + i;
    double *r = p->slots[s->result], *a = p->slots[s->a], *b = p->slots[s->b], *c = p->slots[s->c];
    if (p->few[i] && p->elements <= LANE_BLOCK / 2)
      for (size_t e = 0; e < p->elements; e += LANE_FEW) p->few[i](r + e, a + e, b + e, c + e);
    else
      tri__lanes_step(l, p->slots, s);
  }
}

static tri_status run(const struct pass *p) {
  const struct turn *t = p->turn;
  put_constants(p);
  for (size_t step = 0; step < t->n; step++) {
    size_t part = part_of(t, step);
    if (tri__interrupt(t->outer))
      return tri__call_error(t->outer->call, TRI_INTERRUPTED, "interrupted");
    put_step(p, part);
    run_elements(p);
    take_results(p, part, step == 0);
    hand_on(p);
  }
  take_last(p);
  return TRI_OK;
}

/* The pass, with its room, if the loop is one for this: else *pass has none. Not where a sweep follows, which computes steps again and has to
 * find the same. False when out of memory. */
static bool find_pass(struct pass *p, const struct turn *t) {
  const struct numbers *n = t->body.numbers;
  *p = (struct pass){.turn = t, .elements = elements_of(t->loop->body)};
  if (t->n < FEWEST || t->outer->store->all || n->domain != &tri__double_domain || n->by_template ||
      !p->elements)
    return true;
  p->lanes = program(t);
  return p->lanes && open_pass(p);
}

tri_status tri__loop_scan(const struct turn *t, bool *done) {
  struct pass p;
  *done = false;
  if (!find_pass(&p, t)) return tri__call_error(t->outer->call, TRI_MEMORY, "out of memory");
  *done = p.lanes != NULL;
  return *done ? run(&p) : TRI_OK;
}

bool tri__loop_scan_rehearse(const struct turn *t) {
  struct pass p;
  return find_pass(&p, t);
}
