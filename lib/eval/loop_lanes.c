/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops without carries over doubles: the body written out over scalars (plan_flat.c), as a lanes
 * program whose points are the steps. Sums are those of blocks, in an order that depends on nothing
 * but the number of steps, and what rounding loses between blocks is made good (A. Neumaier,
 * "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974)). */
#include <math.h>
#include <string.h>

#include "eval/lanes.h"
#include "eval/loop.h"

enum {
  FEWEST = 8,
  MOST_STEPS = 1 << 19
};                 /* steps of a loop that are worth it; of its body, written out */
enum { TILE = 8 }; /* numbers of a part that are written at once */

/* --- programs */

bool tri__loop_hangs_together(const struct plan_loop *l) {
  return hands_on(l) || (l->as.n >= 0 && l->as.n < FEWEST);
}

/* A lanes program with the parts that are chosen at every step. */
struct loop_lanes {
  struct memory memory;
  struct lanes *lanes;
  struct flat_plan flat; /* its parts; the plan is gone */
};

void tri__loop_lanes_free(struct loop_lanes *l) {
  if (!l) return;
  struct memory memory = l->memory;
  tri__plan_flat_free(&l->flat, &memory);
  tri__lanes_free(l->lanes);
  tri__free(&memory, l, 1, sizeof *l);
}

/* The program, or NULL with *failed as memory has it. */
static struct loop_lanes *make(const struct turn *t, bool *failed) {
  const tri_function *f = t->outer->workspace->function;
  const struct loop *as = &t->loop->as;
  struct memory memory;
  tri__memory_init(&memory, &t->loop->body->memory.allocator); /* the loop keeps it */
  struct loop_lanes *made = tri__new(&memory, 1, sizeof *made);
  *failed = true;
  if (!made) return NULL;
  made->memory = memory;
  *failed =
      !tri__plan_flat(t->loop->body, &memory, MOST_STEPS, as->steps, as->constants, &made->flat);
  if (made->flat.plan) {
    tri_function body = {.plan = made->flat.plan, .domain = f->domain};
    made->lanes = tri__lanes_new(&body, NULL);
    *failed = !made->lanes;
    tri__plan_flat_only_parts(&made->flat);
  }
  if (made->lanes) return made;
  tri__loop_lanes_free(made);
  return NULL;
}

/* Whoever makes it first keeps it; that there is none is kept too. NULL with *failed when out of
 * memory. */
static const struct loop_lanes *program(const struct turn *t, bool *failed) {
  struct plan_loop *l = (struct plan_loop *)(uintptr_t)t->loop;
  struct loop_lanes *lanes = atomic_load(&l->lanes), *other = NULL;
  *failed = false;
  if (lanes || atomic_load(&l->no_lanes)) return lanes;
  lanes = make(t, failed);
  if (!lanes) {
    if (!*failed) atomic_store(&l->no_lanes, true);
    return NULL;
  }
  if (atomic_compare_exchange_strong(&l->lanes, &other, lanes)) return lanes;
  tri__loop_lanes_free(lanes);
  return other;
}

/* --- a loop under way */

struct pass {
  const struct turn *turn;
  const struct lanes *lanes;
  const struct flat_plan *flat;
  double *buffers; /* LANE_BLOCK numbers for each slot but the constants', then for each sum */
  void **slots;
  double *sums, *lost; /* by output; what rounding took from the sums */
  double **results;    /* where they go, by the loop's kept results */
  uint8_t **flags;     /* of those that go to the caller at once; else NULL */
};

static double *buffer_of(const struct pass *p, uint32_t slot) {
  const struct lanes *l = p->lanes;
  return p->buffers +
         (size_t)(slot < l->input_count ? slot : slot - l->constant_count) * LANE_BLOCK;
}

static bool is_constant(const struct lanes *l, uint32_t slot) {
  return slot >= l->input_count && slot < l->input_count + l->constant_count;
}

static bool open_pass(struct pass *p) {
  const struct lanes *l = p->lanes;
  size_t cells = (size_t)l->slot_count - l->constant_count;
  size_t size = (cells * LANE_BLOCK + 2 * (size_t)l->output_count) * sizeof(double) +
                l->slot_count * sizeof *p->slots + 2 * p->turn->loop->results * sizeof *p->results;
  p->buffers = tri__turn_block(p->turn, size);
  if (!p->buffers) return false;
  p->sums = p->buffers + cells * LANE_BLOCK;
  p->lost = p->sums + l->output_count;
  p->slots = (void **)(void *)(p->lost + l->output_count);
  p->results = (double **)(void *)(p->slots + l->slot_count);
  p->flags = (uint8_t **)(void *)(p->results + p->turn->loop->results);
  tri__turn_aim(p->turn, p->results, p->flags);
  memset(p->sums, 0, 2 * (size_t)l->output_count * sizeof(double));
  for (uint32_t s = 0; s < l->slot_count; s++)
    p->slots[s] = is_constant(l, s)
                      ? (void *)(l->constants + (s - l->input_count) * LANE_BLOCK * sizeof(double))
                      : (void *)buffer_of(p, s);
  return true;
}

/* --- what goes in */

/* How many parts an input of the body's has along its first dimension. */
static size_t parts_of(const struct turn *t, uint32_t input) {
  const struct plan *body = t->loop->body;
  return (size_t)body->dims[body->shapes[body->values[input].shape].first];
}

/* The loop's constants, once. */
static void spread_constants(const struct pass *p) {
  const struct turn *t = p->turn;
  uint32_t number = 0;
  for (uint32_t i = 0; i < carry_input(t->loop, 0); i++)
    for (size_t e = 0; e < count_of(&t->body, i); e++, number++) {
      uint32_t slot = p->flat->place[number];
      if (i < t->loop->as.steps || slot == NO_INPUT) continue;
      double x = loop_argument(t, i)[e], *to = buffer_of(p, slot);
      for (size_t k = 0; k < LANE_BLOCK; k++) to[k] = x;
    }
}

/* Parts first … first + count - 1 of a step input, one slot for each element; what a block has
 * beyond them is the last again. */
static void take_parts(const struct pass *p, uint32_t number, const double *from, size_t each,
                       size_t first, size_t count) {
  for (size_t e = 0; e < each; e++) {
    uint32_t slot = p->flat->place[number + e];
    if (slot == NO_INPUT) continue;
    double *to = buffer_of(p, slot);
    const double *at = from + first * each + e;
    p->slots[slot] = to;
    if (each == 1 && count == LANE_BLOCK) {
      p->slots[slot] = (void *)(uintptr_t)at;
      continue;
    }
    for (size_t k = 0; k < count; k++) to[k] = at[k * each];
    for (size_t k = count; k < LANE_BLOCK; k++) to[k] = to[count - 1];
  }
}

/* The same for numbers in order. */
static void count_parts(const struct pass *p, uint32_t number, int64_t first, size_t count) {
  uint32_t slot = p->flat->place[number];
  if (slot == NO_INPUT) return;
  double *to = buffer_of(p, slot);
  for (size_t k = 0; k < LANE_BLOCK; k++)
    to[k] = (double)(first + (int64_t)(k < count ? k : count - 1));
}

/* Parts of a constant by the indices of these steps; none where an index is none. */
static void choose_parts(const struct pass *p, const struct flat_part *part, size_t first,
                         size_t count) {
  const struct turn *t = p->turn;
  const double *array = loop_argument(t, part->array);
  size_t all = count_of(&t->body, part->array), parts = parts_of(t, part->array);
  size_t each = parts ? all / parts : 0;
  for (size_t k = 0; k < LANE_BLOCK; k++) {
    double i = chosen_index(t, part->index, part->offset, first + (k < count ? k : count - 1));
    bool there = is_part(i, parts);
    const double *from = there ? array + (size_t)i * each : NULL;
    for (size_t e = 0; e < each; e++) {
      uint32_t slot = p->flat->place[part->input + e];
      if (slot != NO_INPUT) buffer_of(p, slot)[k] = there ? from[e] : NAN;
    }
  }
}

static void take_inputs(const struct pass *p, size_t first, size_t count) {
  const struct turn *t = p->turn;
  uint32_t number = 0;
  for (uint32_t i = 0; i < t->loop->as.steps; i++) {
    size_t each = count_of(&t->body, i);
    if (t->loop->counted[i])
      count_parts(p, number, t->loop->first[i] + (int64_t)first, count);
    else
      take_parts(p, number, loop_argument(t, i), each, first, count);
    number += (uint32_t)each;
  }
  for (size_t k = 0; k < p->flat->part_count; k++)
    choose_parts(p, p->flat->parts + k, first, count);
}

/* --- what comes out */

/* A whole tile, whose loads and stores the compiler writes out. */
static void put_tile(const double *const *from, size_t each, size_t count, double *restrict to) {
  const double *a = from[0], *b = from[1], *c = from[2], *d = from[3];
  const double *x = from[4], *y = from[5], *z = from[6], *w = from[7];
  for (size_t s = 0; s < count; s++, to += each) {
    to[0] = a[s];
    to[1] = b[s];
    to[2] = c[s];
    to[3] = d[s];
    to[4] = x[s];
    to[5] = y[s];
    to[6] = z[s];
    to[7] = w[s];
  }
}

/* `each` outputs of the flat plan from number `next` on, of `count` steps: part by part, as they
 * are to lie. */
static void put_parts(const struct pass *p, uint32_t next, size_t each, size_t count, double *to) {
  const uint32_t *slots = p->lanes->output_slots + next;
  if (each == 1) {
    memcpy(to, p->slots[slots[0]], count * sizeof *to);
    return;
  }
  for (size_t e = 0; e < each; e += TILE) {
    size_t wide = each - e < TILE ? each - e : TILE;
    const double *from[TILE] = {NULL};
    for (size_t i = 0; i < wide; i++) from[i] = p->slots[slots[e + i]];
    if (wide == TILE)
      put_tile(from, each, count, to + e);
    else
      for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < wide; i++) to[s * each + e + i] = from[i][s];
  }
}

static void add(const struct pass *p, uint32_t output, double x) {
  double before = p->sums[output], sum = before + x;
  p->lost[output] += fabs(before) >= fabs(x) ? (before - sum) + x : (x - sum) + before;
  p->sums[output] = sum;
}

/* Where the sum is no number, neither is what was lost. */
static double total(const struct pass *p, uint32_t output) {
  return isfinite(p->lost[output]) ? p->sums[output] + p->lost[output] : p->sums[output];
}

static void look_for_values(const struct pass *p, uint32_t k, uint32_t next, size_t each) {
  bool lacks = false;
  for (size_t e = 0; p->flags[k] && e < each; e++)
    lacks |= p->lanes->kernels->lacks(p->slots[p->lanes->output_slots[next + e]]);
  if (lacks) *p->flags[k] = WRITTEN;
}

/* The outputs of the flat plan from number `next` on are the elements of result k. */
static void take_result(const struct pass *p, uint32_t k, uint32_t next, size_t first,
                        size_t count) {
  const struct turn *t = p->turn;
  const struct plan_loop *l = t->loop;
  uint32_t i;
  bool summed = tri__loop_result_kind(&l->as, l->kept[k], &i) == RESULT_SUMMED;
  size_t each = count_of(&t->body, l->body->outputs[l->output[l->kept[k]]]);
  look_for_values(p, k, next, each);
  if (!summed && each) put_parts(p, next, each, count, p->results[k] + first * each);
  for (size_t e = 0; summed && e < each; e++, next++)
    add(p, next, p->lanes->kernels->sum(p->slots[p->lanes->output_slots[next]], (int)count));
}

/* The first of the flat plan's outputs that result k has. */
static uint32_t first_output(const struct turn *t, uint32_t k) {
  uint32_t first = 0, wanted = t->loop->output[t->loop->kept[k]];
  for (uint32_t o = 0; o < wanted; o++)
    first += (uint32_t)count_of(&t->body, t->loop->body->outputs[o]);
  return first;
}

static void finish_sums(const struct pass *p) {
  const struct turn *t = p->turn;
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i, result = t->step->result + k;
    size_t count = count_of(t->outer, result);
    if (tri__loop_result_kind(&t->loop->as, t->loop->kept[k], &i) != RESULT_SUMMED) continue;
    for (uint32_t e = 0; e < count; e++) p->results[k][e] = total(p, first_output(t, k) + e);
  }
}

static tri_status run(const struct pass *p) {
  const struct turn *t = p->turn;
  spread_constants(p);
  for (size_t first = 0; first < t->n; first += LANE_BLOCK) {
    size_t count = t->n - first < LANE_BLOCK ? t->n - first : LANE_BLOCK;
    if (tri__interrupt(t->outer))
      return tri__call_error(t->outer->call, TRI_INTERRUPTED, "interrupted");
    take_inputs(p, first, count);
    tri__lanes_steps(p->lanes, p->slots);
    for (uint32_t k = 0; k < t->loop->results; k++)
      take_result(p, k, first_output(t, k), first, count);
  }
  finish_sums(p);
  return TRI_OK;
}

/* Whether a loop is one for lanes. */
static bool is_for_lanes(const struct turn *t) {
  const struct numbers *n = t->body.numbers;
  return t->n >= FEWEST && n->domain == &tri__double_domain && !n->by_template &&
         !tri__loop_hangs_together(t->loop) && !t->loop->body->size_count;
}

/* The pass, with its room, if the loop's body can be written out: else *pass has none. False when
 * out of memory. */
static bool find_pass(struct pass *p, const struct turn *t) {
  bool failed;
  *p = (struct pass){.turn = t};
  const struct loop_lanes *own = program(t, &failed);
  if (!own) return !failed;
  p->lanes = own->lanes;
  p->flat = &own->flat;
  return open_pass(p);
}

tri_status tri__loop_lanes(const struct turn *t, bool *done) {
  struct pass p;
  *done = false;
  if (!is_for_lanes(t)) return TRI_OK;
  tri_status status = tri__native_lanes_run(t, done);
  if (status || *done) return status;
  if (!find_pass(&p, t)) return tri__call_error(t->outer->call, TRI_MEMORY, "out of memory");
  *done = p.lanes != NULL;
  return *done ? run(&p) : TRI_OK;
}

bool tri__loop_lanes_rehearse(const struct turn *t) {
  struct pass p;
  return !is_for_lanes(t) || tri__native_lanes_rehearse(t) || find_pass(&p, t);
}
