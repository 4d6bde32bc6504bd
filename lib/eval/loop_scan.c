/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops over doubles whose bodies compute element by element, with arrays of one shape, as a lanes
 * program whose points are the elements: of one step after the other where carries are handed on,
 * else of as many steps at once as there is room for. Sums are plain over some blocks, and what
 * rounding loses between these is made good as in loop_lanes.c. */
#include <math.h>
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

/* --- a loop under way */

/* Blocks that are added up plainly. */
enum { PLAIN = 16 };

/* A sum over steps, each of the numbers of a block apart: of the last blocks; before; and what was
 * lost. */
struct sum {
  double block[LANE_BLOCK], total[LANE_BLOCK], lost[LANE_BLOCK];
};

struct pass {
  const struct turn *turn;
  const struct lanes *lanes;
  size_t elements, at_once; /* of an array; steps in a block */
  double *buffers;
  struct sum *sums; /* by result */
  void **slots;
  lane_kernel **few; /* of each step of the program: that for LANE_FEW numbers; NULL: it has none */
};

static lane_kernel *few_of(const struct lane_kernels *k, const struct lane_step *s) {
  lane_kernel *few = NULL;
  if (!s->kernel) return few;
  if (s->kernel == k->sincos)
    few = k->few_sincos;
  else if (s->op >= TRI_OP_ROWS) /* two operations in one */
    few = NULL;
  else if (s->kernel == k->strict[s->op])
    few = k->few_strict[s->op];
  else if (s->kernel == k->extended[s->op])
    few = k->few_extended[s->op];
  return few;
}

static bool is_constant(const struct lanes *l, uint32_t slot) {
  return slot >= l->input_count && slot < l->input_count + l->constant_count;
}

/* All slots but the constants' have LANE_BLOCK numbers each. */
static double *buffer_of(const struct pass *p, uint32_t slot) {
  const struct lanes *l = p->lanes;
  return p->buffers +
         (size_t)LANE_BLOCK * (slot < l->input_count ? slot : slot - l->constant_count);
}

static bool open_pass(struct pass *p) {
  const struct lanes *l = p->lanes;
  uint32_t results = p->turn->loop->results;
  size_t numbers = ((size_t)l->slot_count - l->constant_count) * LANE_BLOCK;
  size_t size = numbers * sizeof(double) + results * sizeof *p->sums +
                l->slot_count * sizeof *p->slots + l->step_count * sizeof *p->few;
  p->buffers = tri__turn_block(p->turn, size);
  if (!p->buffers) return false;
  p->sums = (struct sum *)(void *)(p->buffers + numbers);
  p->slots = (void **)(void *)(p->sums + results);
  p->few = (lane_kernel **)(void *)(p->slots + l->slot_count);
  memset(p->sums, 0, results * sizeof *p->sums);
  for (uint32_t i = 0; i < l->step_count; i++) p->few[i] = few_of(l->kernels, l->steps + i);
  for (uint32_t s = 0; s < l->slot_count; s++)
    p->slots[s] =
        is_constant(l, s) ? (void *)lanes_constant(l, s - l->input_count) : (void *)buffer_of(p, s);
  return true;
}

/* --- what goes in */

/* The numbers of `steps` steps into an input's buffer; one of a step stands for all of its
 * elements. */
static void put(const struct pass *p, uint32_t input, const double *from, size_t each,
                size_t steps) {
  double *to = p->slots[input] = buffer_of(p, input);
  if (each > 1)
    memcpy(to, from, steps * each * sizeof *to);
  else
    for (size_t s = 0; s < steps; s++)
      for (size_t e = 0; e < p->elements; e++) *to++ = from[s];
}

static void put_constants(const struct pass *p) {
  const struct turn *t = p->turn;
  for (uint32_t i = t->loop->as.steps; i < carry_input(t->loop, 0); i++) {
    const double *from = element_at(&t->body, i, 0);
    double *to = buffer_of(p, i);
    for (size_t k = 0; k < p->at_once * p->elements; k++)
      to[k] = from[count_of(&t->body, i) > 1 ? k % p->elements : 0];
  }
}

static void count_steps(const struct pass *p, uint32_t input, size_t first, size_t steps) {
  double number[LANE_BLOCK];
  for (size_t s = 0; s < steps; s++)
    number[s] = (double)(p->turn->loop->first[input] + (int64_t)(first + s));
  put(p, input, number, 1, steps);
}

/* Steps' parts of the step inputs. A whole block is read where it is, if so much is there. */
static void put_steps(const struct pass *p, size_t first, size_t steps) {
  const struct turn *t = p->turn;
  for (uint32_t i = 0; i < t->loop->as.steps; i++) {
    size_t each = count_of(&t->body, i);
    if (t->loop->counted[i]) {
      count_steps(p, i, first, steps);
      continue;
    }
    double *from = element_at(t->outer, t->args[i], first * each);
    if (each > 1 && (t->n - first) * each >= LANE_BLOCK)
      p->slots[i] = from;
    else
      put(p, i, from, each, steps);
  }
}

static void put_carries(const struct pass *p) {
  const struct turn *t = p->turn;
  size_t place = 0;
  for (uint32_t c = 0; c < t->loop->as.carries; c++) {
    uint32_t input = carry_input(t->loop, c);
    put(p, input, (double *)t->level->carry + place, count_of(&t->body, input), 1);
    place += count_of(&t->body, input);
  }
}

/* --- what comes out */

static double *output(const struct pass *p, uint32_t number) {
  return p->slots[p->lanes->output_slots[number]];
}

/* Of a whole block the kernel also adds what stands beyond the elements, which nobody reads. */
static void add_block(const struct pass *p, struct sum *sum, double *from, size_t steps) {
  if (steps == p->at_once)
    p->lanes->kernels->extended[TRI_OP_add](sum->block, sum->block, from, sum->block);
  else
    for (size_t k = 0; k < steps * p->elements; k++) sum->block[k] += from[k];
}

/* The last blocks to those before. */
static void add_up(struct sum *sum, size_t count) {
  for (size_t k = 0; k < count; k++) {
    double before = sum->total[k], more = sum->block[k], all = before + more;
    sum->lost[k] += fabs(before) >= fabs(more) ? (before - all) + more : (more - all) + before;
    sum->total[k] = all;
    sum->block[k] = 0.0;
  }
}

/* Stacked numbers of steps; of scalars all elements are the same. */
static void put_parts(const struct pass *p, double *to, const double *from, size_t each,
                      size_t steps) {
  if (each > 1) memcpy(to, from, steps * each * sizeof *to);
  for (size_t s = 0; each == 1 && s < steps; s++) to[s] = from[s * p->elements];
}

/* What a block leaves of the results. */
static void take_results(const struct pass *p, size_t first, size_t steps) {
  const struct turn *t = p->turn;
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i, kept = t->loop->kept[k];
    enum loop_result kind = tri__loop_result_kind(&t->loop->as, kept, &i);
    double *to = element_at(t->outer, t->step->result + k, 0);
    if (kind == RESULT_CARRIES) {
      size_t each = count_of(&t->body, carry_input(t->loop, i));
      memcpy(to + first * each, (double *)t->level->carry + tri__carry_place(t, i),
             each * sizeof *to);
    } else if (kind == RESULT_STACKED) {
      size_t each = count_of(&t->body, t->loop->body->outputs[t->loop->output[kept]]);
      put_parts(p, to + first * each, output(p, t->loop->output[kept]), each, steps);
    } else if (kind == RESULT_SUMMED) {
      add_block(p, p->sums + k, output(p, t->loop->output[kept]), steps);
    }
  }
}

static void add_up_all(const struct pass *p) {
  uint32_t i;
  for (uint32_t k = 0; k < p->turn->loop->results; k++)
    if (tri__loop_result_kind(&p->turn->loop->as, p->turn->loop->kept[k], &i) == RESULT_SUMMED)
      add_up(p->sums + k, p->at_once * p->elements);
}

/* Where a sum is no number, neither is what was lost. */
static double number_of(const struct sum *sum, size_t k) {
  return isfinite(sum->lost[k]) ? sum->total[k] + sum->lost[k] : sum->total[k];
}

static void take_sums(const struct pass *p) {
  const struct turn *t = p->turn;
  add_up_all(p);
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i, result = t->step->result + k;
    if (tri__loop_result_kind(&t->loop->as, t->loop->kept[k], &i) != RESULT_SUMMED) continue;
    for (size_t e = 0; e < count_of(t->outer, result); e++) {
      double all = number_of(p->sums + k, e);
      for (size_t s = 1; s < p->at_once; s++) all += number_of(p->sums + k, s * p->elements + e);
      *(double *)element_at(t->outer, result, e) = all;
    }
  }
}

/* One that nobody reads is not computed and stays. */
static void hand_on(const struct pass *p) {
  const struct turn *t = p->turn;
  const struct loop *as = &t->loop->as;
  size_t place = 0;
  for (uint32_t c = 0; c < as->carries; c++) {
    size_t each = count_of(&t->body, carry_input(t->loop, c));
    uint32_t from = t->loop->output[as->stacked + as->summed + c];
    if (from != NO_OUTPUT)
      memcpy((double *)t->level->carry + place, output(p, from), each * sizeof(double));
    place += each;
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
  size_t used = p->at_once * p->elements;
  for (uint32_t i = 0; i < l->step_count; i++) {
    const struct lane_step *s = l->steps + i;
    double *r = p->slots[s->result], *a = p->slots[s->a], *b = p->slots[s->b], *c = p->slots[s->c];
    if (p->few[i] && used <= LANE_BLOCK / 2)
      for (size_t e = 0; e < used; e += LANE_FEW) p->few[i](r + e, a + e, b + e, c + e);
    else
      tri__lanes_step(l, p->slots, s);
  }
}

static tri_status run(const struct pass *p) {
  const struct turn *t = p->turn;
  put_constants(p);
  for (size_t step = 0, block = 1; step < t->n; step += p->at_once, block++) {
    size_t steps = t->n - step < p->at_once ? t->n - step : p->at_once;
    size_t first = t->loop->as.carries ? part_of(t, step) : step;
    if (tri__interrupt(t->outer))
      return tri__call_error(t->outer->call, TRI_INTERRUPTED, "interrupted");
    put_steps(p, first, steps);
    put_carries(p);
    run_elements(p);
    take_results(p, first, steps);
    hand_on(p);
    if (block % PLAIN == 0) add_up_all(p);
  }
  take_sums(p);
  take_last(p);
  return TRI_OK;
}

/* The pass, with its room, if the loop is one for this: else *pass has none. Not for carries where
 * a sweep follows, which computes steps again and has to find the same. False when out of
 * memory. */
static bool find_pass(struct pass *p, const struct turn *t) {
  const struct numbers *n = t->body.numbers;
  bool carries = t->loop->as.carries != 0;
  *p = (struct pass){.turn = t};
  if (t->n < FEWEST || n->domain != &tri__double_domain || n->by_template ||
      (carries && t->outer->store->all))
    return true;
  p->elements = elements_of(t->loop->body);
  if (!p->elements) return true;
  p->at_once = carries ? 1 : LANE_BLOCK / p->elements;
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
