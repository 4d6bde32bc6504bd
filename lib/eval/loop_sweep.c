/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Back through loops: the steps in the opposite order, each run again with all values and swept,
 * from the carries that came into it. Either the run has kept these for every step, or they are
 * computed again from snapshots, placed as A. Griewank, "Achieving logarithmic growth of temporal
 * and spatial complexity in reverse automatic differentiation", Optimization Methods and Software 1
 * (1992), has it: with s snapshots, and no step run more than r times, beta(s, r) = binomial(s + r,
 * s) steps can be reversed. */
#include "eval/loop.h"

struct back {
  struct sweep *outer;
  struct turn all;     /* the body with all values */
  struct turn forward; /* the body on its way to a step's carries */
  struct sweep inner;
  size_t *at; /* snapshots' steps, ascending; the first is 0 */
  size_t count, most;
};

static void add(const struct back *b, void *sum, const void *x) {
  tri__numbers_accumulate(b->all.body.numbers, sum, x);
}

/* Whether any result's adjoint is there at all. */
static bool any_adjoint(const struct back *b) {
  const struct domain *domain = b->outer->numbers->domain;
  for (uint32_t k = 0; k < b->all.loop->results; k++)
    for (size_t e = 0; e < count_of(b->outer->run, b->all.step->result + k); e++)
      if (!domain->zero(b->outer->numbers, adjoint_of(b->outer, b->all.step->result + k, e)))
        return true;
  return false;
}

/* --- carries: their adjoints go from step to step */

static size_t carry_count(const struct back *b, uint32_t c) {
  return count_of(&b->all.body, carry_input(b->all.loop, c));
}

static void *carry_adjoint(const struct back *b, uint32_t carry, size_t e) {
  return number_at(b->all.body.numbers, b->all.level->carry_adjoints,
                   tri__carry_place(&b->all, carry) + e);
}

static void begin(const struct back *b) {
  struct numbers *n = b->all.body.numbers;
  const struct plan_loop *l = b->all.loop;
  for (size_t i = 0; i < b->all.level->carry_count; i++)
    n->domain->set_double(n, number_at(n, b->all.level->carry_adjoints, i), 0.0);
  for (uint32_t k = 0; k < l->results; k++) {
    uint32_t c;
    if (tri__loop_result_kind(&l->as, l->kept[k], &c) != RESULT_CARRY) continue;
    for (size_t e = 0; e < carry_count(b, c); e++)
      add(b, carry_adjoint(b, c, e), adjoint_of(b->outer, b->all.step->result + k, e));
  }
}

static void take_carry_adjoints(const struct back *b) {
  struct numbers *n = b->all.body.numbers;
  for (uint32_t c = 0; c < b->all.loop->as.carries; c++)
    if (carry_count(b, c))
      n->domain->set(n, carry_adjoint(b, c, 0),
                     adjoint_of(&b->inner, carry_input(b->all.loop, c), 0), carry_count(b, c));
}

/* --- one step */

/* All adjoints but those of the constants, which add up over the steps. */
static void clear(const struct back *b) {
  struct numbers *n = b->all.body.numbers;
  const struct loop *as = &b->all.loop->as;
  for (uint32_t v = 0; v < b->all.body.plan->value_count; v++) {
    if (v >= as->steps && v < as->steps + as->constants) continue;
    for (size_t e = 0; e < count_of(&b->all.body, v); e++)
      n->domain->set_double(n, adjoint_of(&b->inner, v, e), 0.0);
  }
}

/* Adds the adjoint of result k, of this part, to that of what it is made of. */
static void seed_result(const struct back *b, uint32_t k, size_t part) {
  const struct plan_loop *l = b->all.loop;
  uint32_t i, kept = l->kept[k];
  enum loop_result kind = tri__loop_result_kind(&l->as, kept, &i);
  if (kind == RESULT_CARRY) return;
  uint32_t v = kind == RESULT_CARRIES ? carry_input(l, i) : l->body->outputs[l->output[kept]];
  size_t count = count_of(&b->all.body, v), first = kind == RESULT_SUMMED ? 0 : part * count;
  for (size_t e = 0; e < count; e++)
    add(b, adjoint_of(&b->inner, v, e), adjoint_of(b->outer, b->all.step->result + k, first + e));
}

static void seed_carries(const struct back *b) {
  const struct plan_loop *l = b->all.loop;
  for (uint32_t c = 0; c < l->as.carries; c++) {
    uint32_t output = l->output[l->as.stacked + l->as.summed + c];
    uint32_t v = output == NO_OUTPUT ? carry_input(l, c) : l->body->outputs[output];
    for (size_t e = 0; e < carry_count(b, c); e++)
      add(b, adjoint_of(&b->inner, v, e), carry_adjoint(b, c, e));
  }
}

/* Adds a body input's adjoints to those of the argument that it is part of. */
static void give(const struct back *b, uint32_t input, size_t first) {
  uint32_t argument = b->all.args[input];
  if (!b->outer->run->plan->active[argument]) return;
  for (size_t e = 0; e < count_of(&b->all.body, input); e++)
    add(b, adjoint_of(b->outer, argument, first + e), adjoint_of(&b->inner, input, e));
}

/* With the carries as they came into the step. */
static tri_status turn_back(struct back *b, size_t step) {
  size_t part = part_of(&b->all, step);
  if (tri__interrupt(b->outer->run))
    return tri__call_error(b->outer->run->call, TRI_INTERRUPTED, "interrupted");
  if (tri__native_turn_back(&b->all, b->outer, &b->inner, step)) return TRI_OK;
  tri_status status = tri__turn_body(&b->all, step);
  if (status) return status;
  clear(b);
  for (uint32_t k = 0; k < b->all.loop->results; k++) seed_result(b, k, part);
  seed_carries(b);
  status = tri__sweep_back(&b->inner);
  if (status) return status;
  for (uint32_t i = 0; i < b->all.loop->as.steps; i++) give(b, i, part * count_of(&b->all.body, i));
  take_carry_adjoints(b);
  return TRI_OK;
}

static void end(const struct back *b) {
  const struct loop *as = &b->all.loop->as;
  for (uint32_t i = as->steps; i < as->steps + as->constants; i++) give(b, i, 0);
  for (uint32_t c = 0; c < as->carries; c++) {
    uint32_t argument = b->all.args[carry_input(b->all.loop, c)];
    if (!b->outer->run->plan->active[argument]) continue;
    for (size_t e = 0; e < carry_count(b, c); e++)
      add(b, adjoint_of(b->outer, argument, e), carry_adjoint(b, c, e));
  }
}

/* --- snapshots */

/* binomial(s + r, r), or SIZE_MAX. r is small where s is not. */
static size_t reversible(size_t s, size_t r) {
  size_t product = 1;
  for (size_t i = 1; i <= r; i++) {
    size_t times = s + i, rest = product % i;
    if (!size_product(product / i, times, &product)) return SIZE_MAX;
    if (__builtin_add_overflow(product, rest * times / i, &product)) return SIZE_MAX;
  }
  return product;
}

/* How far from one snapshot the next is placed when `steps` are to be reversed from the first with
 * `spare` more: these, as the first is gone for them, then have the steps behind. */
static size_t stride(size_t steps, size_t spare) {
  size_t r = 1;
  while (reversible(spare + 1, r) < steps) r++;
  size_t behind = reversible(spare, r);
  return steps > behind ? steps - behind : 1;
}

/* Carries from the last snapshot on to those that come into a step. */
static tri_status advance(struct back *b, size_t step) {
  tri__turn_restore(&b->all, b->count - 1);
  bool done;
  tri_status native = tri__native_advance(&b->forward, b->at[b->count - 1], step, &done);
  if (native || done) return native;
  for (size_t i = b->at[b->count - 1]; i < step; i++) {
    tri_status status = tri__turn_body(&b->forward, i);
    if (status) return status;
    tri__turn_hand_on(&b->forward);
  }
  return TRI_OK;
}

/* Steps from the last one back, each from the nearest snapshot. */
static tri_status from_snapshots(struct back *b) {
  tri_status status = TRI_OK;
  tri__turn_keep(&b->all, 0); /* the initial carries */
  b->at[0] = 0;
  b->count = 1;
  for (size_t end = b->all.n; end > 0 && !status;) {
    size_t last = b->at[b->count - 1], spare = b->most - b->count;
    if (spare && end - last > 1) {
      size_t next = last + stride(end - last, spare);
      status = advance(b, next);
      tri__turn_keep(&b->all, b->count);
      b->at[b->count++] = next;
      continue;
    }
    status = advance(b, end - 1);
    if (!status) status = turn_back(b, --end);
    if (last == end && b->count > 1) b->count--;
  }
  return status;
}

static tri_status from_all(struct back *b) {
  tri_status status = TRI_OK;
  for (size_t step = b->all.n; step-- > 0 && !status;) {
    if (hands_on(b->all.loop)) tri__turn_restore(&b->all, step);
    status = turn_back(b, step);
  }
  return status;
}

static tri_status with_snapshots(struct back *b) {
  struct memory *memory = &b->outer->run->workspace->memory;
  const tri_call *call = b->outer->run->call;
  tri_status status = tri__turn_open(&b->forward, b->outer->run, b->all.step, false);
  if (status) return status;
  b->most = b->all.most;
  bool room = tri__turn_snapshots(&b->all, b->most);
  if (room) b->at = tri__new(memory, b->most, sizeof *b->at); /* last, for it goes first */
  if (b->at)
    status = from_snapshots(b);
  else
    status = tri__call_error(call, TRI_MEMORY, "out of memory");
  tri__free(memory, b->at, b->most, sizeof *b->at);
  return status;
}

tri_status tri__sweep_loop(struct sweep *s, const struct instruction *step) {
  struct back b = {.outer = s};
  tri_status status = tri__turn_open(&b.all, s->run, step, true);
  if (status) return status;
  if (!any_adjoint(&b)) return TRI_OK;
  void *adjoints = tri__adjoints(&b.all.body, s->run->level);
  if (!adjoints) return tri__call_error(s->run->call, TRI_MEMORY, "out of memory");
  b.inner = tri__sweep_of(&b.all.body, adjoints);
  begin(&b);
  bool kept = !hands_on(b.all.loop) || keeps_all(&b.all);
  status = kept ? from_all(&b) : with_snapshots(&b);
  if (!status) end(&b);
  return status;
}

/* --- making ready */

static bool rehearse_back(struct turn *all, const struct run *r, const struct instruction *s) {
  struct memory *memory = &r->workspace->memory;
  if (tri__turn_open(all, r, s, true) || !tri__adjoints(&all->body, r->level)) return false;
  if (!tri__native_back_rehearse(all)) return false;
  if (!hands_on(all->loop)) return true;
  size_t *at = NULL; /* of with_snapshots */
  bool ok = tri__turn_snapshots(all, all->n) && (at = tri__new(memory, all->n, sizeof *at));
  tri__free(memory, at, all->n, sizeof *at);
  return ok;
}

/* Loops in one another are few: this may call itself. */
bool tri__rehearse_loops(const struct run *r, bool scratch) {
  bool ok = true;
  for (uint32_t i = 0; i < r->plan->step_count && ok; i++) {
    const struct instruction *s = r->plan->steps + i;
    struct turn t;
    if (s->op != TRI_OP_loop) continue;
    ok = !tri__turn_open(&t, r, s, false) && tri__loop_lanes_rehearse(&t) &&
         tri__loop_native_rehearse(&t) && tri__loop_scan_rehearse(&t);
    if (ok && scratch) ok = tri__numbers_scratch(t.body.numbers);
    if (ok && r->store->all) ok = rehearse_back(&t, r, s);
    ok = ok && tri__rehearse_loops(&t.body, scratch);
  }
  return ok;
}
