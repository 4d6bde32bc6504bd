/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plan to lanes program: every element of every value becomes a number of its own, sines and
 * cosines of one argument meet, numbers get slots. */
#include <string.h>

#include "eval/lanes.h"

enum { NONE = UINT32_MAX, NEVER = UINT32_MAX - 1 };

/* A program in the making. Numbers are those of the plan's values, element by element, in the
 * plan's order. */
struct making {
  const struct plan *plan;
  struct lanes *lanes;
  struct memory *memory;
  uint32_t *place; /* by value: its first number */
  uint32_t
      *stands; /* by number: the number that it is (stack and element move none), itself mostly */
  uint32_t *partner; /* by number: the step that is its sine or cosine */
  uint32_t *
      radius; /* by number: the last step that is a hypotenuse of it and a later one, or the root of their squares */
  uint32_t *giver; /* by number: the step that gives it */
  uint32_t *last;  /* by number: the step that reads it last */
  uint32_t *slot;
  uint32_t *free; /* a stack of slots */
  uint32_t free_count, numbers, capacity;
  uint32_t next; /* number that no value has */
};

/* Numbers and steps, if they are not too many. */
static bool measure(struct making *m) {
  const struct plan *p = m->plan;
  uint64_t numbers = 0, steps = 0;
  for (uint32_t v = 0; v < p->value_count && numbers < NONE / 2; v++) {
    m->place[v] = (uint32_t)numbers;
    numbers += count_of_value(p, v);
  }
  m->next = (uint32_t)numbers;
  for (uint32_t i = 0; i < p->step_count && steps < NONE / 2; i++) {
    if (p->steps[i].op >= TRI_OP_ROWS) continue;
    uint64_t count = count_of_value(p, p->steps[i].result);
    bool two = p->steps[i].op == TRI_OP_unit; /* with its hypotenuse */
    steps += two ? 2 * count : count;
    if (two) numbers += count;
  }
  m->numbers = (uint32_t)numbers;
  m->capacity = (uint32_t)steps;
  return numbers < NONE / 2 && steps < NONE / 2;
}

static bool allocate(struct making *m) {
  struct memory *memory = m->memory;
  m->place = tri__new(memory, m->plan->value_count, sizeof *m->place);
  if (!m->place || !measure(m)) return false;
  m->stands = tri__new(memory, m->numbers, sizeof *m->stands);
  m->partner = tri__new(memory, m->numbers, sizeof *m->partner);
  m->radius = tri__new(memory, m->numbers, sizeof *m->radius);
  m->giver = tri__new(memory, m->numbers, sizeof *m->giver);
  m->last = tri__new(memory, m->numbers, sizeof *m->last);
  m->slot = tri__new(memory, m->numbers, sizeof *m->slot);
  m->free = tri__new(memory, m->numbers, sizeof *m->free);
  m->lanes->steps = tri__new(memory, m->capacity, sizeof *m->lanes->steps);
  m->lanes->step_count = m->capacity;
  return m->stands && m->partner && m->radius && m->giver && m->last && m->slot && m->free &&
         m->lanes->steps;
}

static void release(struct making *m) {
  tri__free(m->memory, m->place, m->plan->value_count, sizeof *m->place);
  tri__free(m->memory, m->stands, m->numbers, sizeof *m->stands);
  tri__free(m->memory, m->partner, m->numbers, sizeof *m->partner);
  tri__free(m->memory, m->radius, m->numbers, sizeof *m->radius);
  tri__free(m->memory, m->giver, m->numbers, sizeof *m->giver);
  tri__free(m->memory, m->last, m->numbers, sizeof *m->last);
  tri__free(m->memory, m->slot, m->numbers, sizeof *m->slot);
  tri__free(m->memory, m->free, m->numbers, sizeof *m->free);
}

/* --- steps, over numbers */

static uint32_t argument(const struct making *m, uint32_t v, uint32_t e) {
  return m->stands[m->place[v] + (m->plan->values[v].shape ? e : 0)];
}

/* The kernel of a row, unless the table of rows is not the one that kernels are of. */
static lane_kernel *kernel_of(const struct lanes *l, const struct instruction *s) {
  if (l->rows != tri__rows) return NULL;
  return s->flags & STEP_EXTENDED ? l->kernels->extended[s->op] : l->kernels->strict[s->op];
}

/* A sine whose cosine is known, or the other way round: both become one step, at the place of the
 * first. */
static bool join(struct making *m, const struct lane_step *step) {
  struct lanes *l = m->lanes;
  if ((step->op != TRI_OP_sin && step->op != TRI_OP_cos) || !step->kernel) return false;
  uint32_t *partner = &m->partner[step->a];
  if (*partner == NONE) {
    *partner = l->step_count;
    return false;
  }
  struct lane_step *first = l->steps + *partner;
  if (first->op == step->op || first->kernel == l->kernels->sincos) return false;
  first->kernel = l->kernels->sincos;
  first->c = step->op == TRI_OP_cos ? step->result : first->result;
  first->result = step->op == TRI_OP_cos ? first->result : step->result;
  return true;
}

static void put_step(struct making *m, const struct lane_step *step) {
  m->giver[step->result] = m->lanes->step_count;
  m->lanes->steps[m->lanes->step_count++] = *step;
}

/* --- hypotenuses */

static const struct lane_step *step_of(const struct making *m, uint32_t number, uint16_t op) {
  const struct lane_step *s = m->giver[number] == NONE ? NULL : m->lanes->steps + m->giver[number];
  return s && s->kernel && s->op == op ? s : NULL;
}

/* The number whose square this is; else NONE. */
static uint32_t square_of(const struct making *m, uint32_t number) {
  const struct lane_step *s = step_of(m, number, TRI_OP_square);
  if (!s) s = step_of(m, number, TRI_OP_mul);
  return s && s->a == s->b ? s->a : NONE;
}

/* The legs that a hypotenuse, or the root of a sum of squares, has; the lower number first. */
static bool find_legs(const struct making *m, const struct lane_step *s, uint32_t *legs) {
  uint32_t a = s->a, b = s->b;
  if (s->op == TRI_OP_sqrt) {
    const struct lane_step *sum = step_of(m, s->a, TRI_OP_add);
    if (!sum) return false;
    a = square_of(m, sum->a);
    b = square_of(m, sum->b);
  }
  legs[0] = a < b ? a : b;
  legs[1] = a < b ? b : a;
  return legs[1] != NONE;
}

static void note_root(struct making *m, const struct lane_step *s) {
  uint32_t legs[2];
  if (s->kernel && find_legs(m, s, legs)) m->radius[legs[0]] = m->lanes->step_count;
}

/* What is known of the hypotenuse of these: the step that is it, or the root of the sum of squares;
 * else NULL. */
static const struct lane_step *find_radius(const struct making *m, const uint32_t *legs) {
  uint32_t at = m->radius[legs[0]], known[2];
  const struct lane_step *s = at == NONE ? NULL : m->lanes->steps + at;
  return s && find_legs(m, s, known) && known[1] == legs[1] ? s : NULL;
}

/* The number that is the hypotenuse of a step's arguments; a new one if none is. */
static uint32_t hypotenuse(struct making *m, const struct lane_step *like, uint32_t number) {
  struct lane_step step = *like;
  uint32_t legs[2];
  step.op = TRI_OP_hypot;
  if (!find_legs(m, &step, legs)) return NONE; /* cannot be */
  const struct lane_step *known = find_radius(m, legs);
  if (known && known->op == TRI_OP_hypot) return known->result;
  step.result = number;
  step.kernel =
      m->lanes->kernels->extended[TRI_OP_hypot]; /* it is total: the strict one is the same */
  if (known) {
    step.kernel = m->lanes->kernels->hypot_of_root;
    step.c = known->result;
    step.reads = 3;
  }
  m->radius[legs[0]] = m->lanes->step_count;
  put_step(m, &step);
  return number;
}

/* A hypotenuse, or a leg over it, where several of these share their arguments, as derivatives
 * do. */
static bool share_hypotenuse(struct making *m, struct lane_step *step) {
  if (!step->kernel) return false;
  if (step->op == TRI_OP_hypot) {
    m->stands[step->result] = hypotenuse(m, step, step->result);
    return true;
  }
  if (step->op == TRI_OP_sqrt) note_root(m, step);
  if (step->op != TRI_OP_unit) return false;
  step->c = hypotenuse(m, step, m->next);
  if (step->c == m->next) m->next++;
  step->kernel = m->lanes->kernels->unit_of_hypot;
  step->reads = 3;
  return false;
}

static void add_row(struct making *m, const struct instruction *s, uint32_t e) {
  struct lanes *l = m->lanes;
  struct lane_step step = {
      .kernel = kernel_of(l, s), .op = s->op, .flags = s->flags, .reads = (uint8_t)s->nargs};
  step.result = m->place[s->result] + e;
  step.a = argument(m, s->arg[0], e);
  step.b = s->nargs > 1 ? argument(m, s->arg[1], e) : step.a;
  step.c = s->nargs > 2 ? argument(m, s->arg[2], e) : step.a;
  if (!join(m, &step) && !share_hypotenuse(m, &step)) put_step(m, &step);
}

static void add_stack(struct making *m, const struct instruction *s) {
  const uint32_t *args = step_args(m->plan, s);
  uint32_t *to = m->stands + m->place[s->result];
  for (uint32_t i = 0; i < s->nargs; i++)
    for (size_t e = 0; e < count_of_value(m->plan, args[i]); e++)
      *to++ = m->stands[m->place[args[i]] + e];
}

static void add_element(struct making *m, const struct instruction *s) {
  size_t count = count_of_value(m->plan, s->result);
  memcpy(m->stands + m->place[s->result], m->stands + m->place[s->arg[0]] + s->index * count,
         count * sizeof *m->stands);
}

static void add_steps(struct making *m) {
  const struct plan *p = m->plan;
  for (uint32_t i = 0; i < m->numbers; i++) m->stands[i] = i;
  memset(m->partner, 0xff, m->numbers * sizeof *m->partner); /* NONE */
  memset(m->radius, 0xff, m->numbers * sizeof *m->radius);
  memset(m->giver, 0xff, m->numbers * sizeof *m->giver);
  m->lanes->step_count = 0;
  for (uint32_t i = 0; i < p->step_count; i++) {
    const struct instruction *s = p->steps + i;
    if (s->op == TRI_OP_stack) {
      add_stack(m, s);
    } else if (s->op == TRI_OP_element) {
      add_element(m, s);
    } else {
      for (uint32_t e = 0; e < count_of_value(p, s->result); e++) add_row(m, s, e);
    }
  }
}

/* --- two operations in one */

/* How often each number is read; outputs once more. */
static void find_uses(struct making *m, uint32_t *uses) {
  const struct lanes *l = m->lanes;
  const struct plan *p = m->plan;
  memset(uses, 0, m->numbers * sizeof *uses);
  for (uint32_t i = 0; i < l->step_count; i++) {
    const struct lane_step *s = l->steps + i;
    uses[s->a]++;
    if (s->reads > 1) uses[s->b]++;
    if (s->reads > 2) uses[s->c]++;
  }
  for (uint32_t o = 0; o < p->output_count; o++)
    for (size_t e = 0; e < count_of_value(p, p->outputs[o]); e++)
      uses[m->stands[m->place[p->outputs[o]] + e]]++;
}

static int inner_of(const struct lane_step *s) {
  switch (s->kernel ? s->op : TRI_OP_ROWS) {
  case TRI_OP_add: return INNER_ADD;
  case TRI_OP_sub: return INNER_SUB;
  case TRI_OP_mul:
  case TRI_OP_square: return INNER_MUL; /* a square's second argument is its first */
  default: return LANE_INNER;
  }
}

static int outer_of(const struct lane_step *s, bool first) {
  switch (s->kernel ? s->op : TRI_OP_ROWS) {
  case TRI_OP_add: return OUTER_ADD;
  case TRI_OP_sub: return first ? OUTER_SUB : OUTER_FROM;
  case TRI_OP_mul: return OUTER_MUL;
  default: return LANE_OUTER;
  }
}

/* Puts the step that gives the first or second argument into this one, if it is for this one
 * alone. */
static bool absorb(struct making *m, struct lane_step *s, bool first, const uint32_t *uses) {
  const uint32_t *giver = m->giver;
  uint32_t from = first ? s->a : s->b, other = first ? s->b : s->a;
  int outer = outer_of(s, first);
  if (outer == LANE_OUTER || giver[from] == NONE || uses[from] != 1) return false;
  struct lane_step *in = m->lanes->steps + giver[from];
  int inner = inner_of(in);
  if (inner == LANE_INNER || in->op == TRI_OP_ROWS) return false;
  s->kernel = m->lanes->kernels->pair[inner][outer];
  s->a = in->a;
  s->b = in->b;
  s->c = other;
  s->reads = 3;
  s->op = TRI_OP_ROWS; /* no row any more */
  in->kernel = NULL;
  in->op = TRI_OP_ROWS;
  return true;
}

/* Arithmetic whose result is read by one other operation is carried out with that: half the traffic
 * between slots. */
static void make_pairs(struct making *m) {
  struct lanes *l = m->lanes;
  uint32_t *uses = m->slot; /* not needed yet for what it is */
  find_uses(m, uses);
  for (uint32_t i = 0; i < l->step_count; i++) {
    struct lane_step *s = l->steps + i;
    if (s->op < TRI_OP_ROWS && !absorb(m, s, true, uses)) absorb(m, s, false, uses);
  }
  uint32_t kept = 0;
  for (uint32_t i = 0; i < l->step_count; i++)
    if (l->steps[i].kernel || l->steps[i].op < TRI_OP_ROWS) l->steps[kept++] = l->steps[i];
  l->step_count = kept;
}

/* --- slots */

static uint32_t leaves(const struct making *m) {
  return m->lanes->input_count + m->lanes->constant_count;
}

/* Leaves and outputs have slots of their own, so that these can be the caller's arrays. */
static void place_outputs(struct making *m) {
  struct lanes *l = m->lanes;
  const struct plan *p = m->plan;
  memset(m->slot, 0xff, m->numbers * sizeof *m->slot); /* NONE */
  for (uint32_t i = 0; i < leaves(m); i++) m->slot[i] = i;
  l->slot_count = leaves(m);
  uint32_t next = 0;
  for (uint32_t o = 0; o < p->output_count; o++)
    for (size_t e = 0; e < count_of_value(p, p->outputs[o]); e++, next++) {
      uint32_t *slot = &m->slot[m->stands[m->place[p->outputs[o]] + e]];
      l->output_owns[next] = *slot == NONE;
      if (*slot == NONE) *slot = l->slot_count++;
      l->output_slots[next] = *slot;
    }
}

static void find_last_uses(struct making *m) {
  const struct lanes *l = m->lanes;
  for (uint32_t i = 0; i < m->numbers; i++) m->last[i] = m->slot[i] == NONE ? NEVER : NONE;
  for (uint32_t i = 0; i < l->step_count; i++) {
    const struct lane_step *s = l->steps + i;
    const uint32_t read[] = {s->a, s->b, s->reads > 2 ? s->c : s->a};
    for (int k = 0; k < 3; k++)
      if (m->slot[read[k]] == NONE) m->last[read[k]] = i;
  }
}

static uint32_t take(struct making *m, uint32_t number) {
  if (m->slot[number] == NONE)
    m->slot[number] = m->free_count ? m->free[--m->free_count] : m->lanes->slot_count++;
  return m->slot[number];
}

static void give_back(struct making *m, uint32_t number, uint32_t step) {
  if (m->last[number] != step) return;
  m->last[number] = NONE;
  m->free[m->free_count++] = m->slot[number];
}

/* Arguments give their slots back before the result takes one; a second result must not take what
 * is still read. */
static void give_slots(struct making *m) {
  struct lanes *l = m->lanes;
  for (uint32_t i = 0; i < l->step_count; i++) {
    struct lane_step *s = l->steps + i;
    const uint32_t a = s->a, b = s->b, c = s->c, result = s->result;
    bool two = s->kernel == l->kernels->sincos;
    s->a = m->slot[a];
    s->b = m->slot[b];
    s->c = two ? take(m, c) : m->slot[c];
    if (two) s->result = take(m, result);
    give_back(m, a, i);
    give_back(m, b, i);
    if (!two) give_back(m, c, i);
    if (!two) s->result = take(m, result);
  }
}

/* --- constants */

static void write_out(const struct lanes *l, uint32_t i, double x) {
  char *to = lanes_constant(l, i);
  for (size_t k = 0; k < LANE_BLOCK; k++) {
    if (l->domain == TRI_FLOAT)
      ((float *)(void *)to)[k] = (float)x;
    else
      ((double *)(void *)to)[k] = x;
  }
}

static bool write_constants(struct making *m) {
  struct lanes *l = m->lanes;
  const struct plan *p = m->plan;
  struct numbers n;
  double x;
  if (!size_product(l->constant_count, LANE_BLOCK * l->size, &l->block_size)) return false;
  l->block_size += LANE_ALIGNMENT;
  l->block = tri__new(m->memory, l->block_size, 1);
  if (!l->block || !tri__numbers_open(&n, l->domain, 0, 0, m->memory, NULL, NULL)) return false;
  l->constants = (char *)l->block + LANE_ALIGNMENT - (uintptr_t)l->block % LANE_ALIGNMENT;
  for (uint32_t i = 0; i < p->constant_count; i++) {
    if (p->constants[i].pi)
      n.domain->set_pi(&n, &x);
    else
      n.domain->set_rational(&n, &x, p->constants[i].q);
    write_out(l, i, x);
  }
  tri__numbers_close(&n);
  return true;
}

/* --- the whole */

static bool count_ends(struct lanes *l, const struct plan *p, struct memory *memory) {
  for (uint32_t v = 0; v < p->input_count; v++) l->input_count += (uint32_t)count_of_value(p, v);
  uint64_t outputs = 0; /* a value may be many outputs */
  for (uint32_t o = 0; o < p->output_count && outputs < NONE / 2; o++)
    outputs += count_of_value(p, p->outputs[o]);
  if (outputs >= NONE / 2) return false;
  l->output_count = (uint32_t)outputs;
  l->constant_count = p->constant_count;
  l->output_slots = tri__new(memory, l->output_count, sizeof *l->output_slots);
  l->output_owns = tri__new(memory, l->output_count, 1);
  return l->output_slots && l->output_owns;
}

static bool make(struct making *m) {
  struct lanes *l = m->lanes;
  if (!allocate(m) || !count_ends(l, m->plan, m->memory) || !write_constants(m)) return false;
  add_steps(m);
  make_pairs(m);
  struct lane_step *fitted =
      tri__resize(m->memory, l->steps, (m->capacity ? m->capacity * sizeof *fitted : 1),
                  l->step_count ? l->step_count * sizeof *fitted : 1);
  if (!fitted) {
    l->step_count = m->capacity; /* as it was allocated */
    return false;
  }
  l->steps = fitted;
  place_outputs(m);
  find_last_uses(m);
  give_slots(m);
  return true;
}

struct lanes *tri__lanes_new(const tri_function *f, const struct lane_kernels *kernels) {
  struct memory memory;
  tri__memory_init(&memory, &f->plan->memory.allocator);
  struct lanes *l = tri__new(&memory, 1, sizeof *l);
  if (!l) return NULL;
  l->memory = memory;
  l->rows = f->plan->programs->rows;
  l->domain = f->domain;
  l->size = f->domain == TRI_FLOAT ? sizeof(float) : sizeof(double);
  l->kernels = kernels ? kernels : tri__lane_kernels(f->domain, 0);
  struct making m = {.plan = f->plan, .lanes = l, .memory = &l->memory};
  bool ok = make(&m);
  release(&m);
  if (ok) return l;
  tri__lanes_free(l);
  return NULL;
}
