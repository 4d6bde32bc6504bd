/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Back through loops: the steps in the opposite order, each run again with all values and swept, from the carries that the run kept. */
#include "eval/run.h"

struct back {
  struct sweep *outer;
  const struct instruction *step;
  const struct plan_loop *loop;
  const uint32_t *args;
  struct level *level;
  struct run body;
  struct sweep inner;
  size_t n;
};

static void add(const struct back *b, void *sum, const void *x) {
  tri__numbers_accumulate(b->body.numbers, sum, x);
}

static bool is_zero(const struct back *b, const void *x) {
  return b->body.numbers->domain->zero(b->body.numbers, x);
}

/* Whether any result's adjoint is there at all. */
static bool any_adjoint(const struct back *b) {
  for (uint32_t k = 0; k < b->loop->results; k++)
    for (size_t e = 0; e < count_of(b->outer->run, b->step->result + k); e++)
      if (!is_zero(b, adjoint_of(b->outer, b->step->result + k, e))) return true;
  return false;
}

/* --- carries: their adjoints go from step to step */

static uint32_t carry_input(const struct back *b, uint32_t c) {
  return b->loop->as.steps + b->loop->as.constants + c;
}

static size_t carry_place(const struct back *b, uint32_t carry) {
  size_t place = 0;
  for (uint32_t c = 0; c < carry; c++) place += count_of(&b->body, carry_input(b, c));
  return place;
}

static void *carry_adjoint(const struct back *b, uint32_t carry, size_t e) {
  return number_at(b->body.numbers, b->level->carry_adjoints, carry_place(b, carry) + e);
}

static void begin(const struct back *b) {
  struct numbers *n = b->body.numbers;
  for (size_t i = 0; i < b->level->carry_count; i++)
    n->domain->set_double(n, number_at(n, b->level->carry_adjoints, i), 0.0);
  for (uint32_t k = 0; k < b->loop->results; k++) {
    uint32_t c;
    if (tri__loop_result_kind(&b->loop->as, b->loop->kept[k], &c) != RESULT_CARRY) continue;
    for (size_t e = 0; e < count_of(&b->body, carry_input(b, c)); e++)
      add(b, carry_adjoint(b, c, e), adjoint_of(b->outer, b->step->result + k, e));
  }
}

static void take_carry_adjoints(const struct back *b) {
  struct numbers *n = b->body.numbers;
  for (uint32_t c = 0; c < b->loop->as.carries; c++) {
    size_t count = count_of(&b->body, carry_input(b, c));
    if (count)
      n->domain->set(n, carry_adjoint(b, c, 0), adjoint_of(&b->inner, carry_input(b, c), 0), count);
  }
}

/* --- one step */

/* All adjoints but those of the constants, which add up over the steps. */
static void clear(const struct back *b) {
  struct numbers *n = b->body.numbers;
  const struct plan *p = b->body.plan;
  for (uint32_t v = 0; v < p->value_count; v++) {
    if (v >= b->loop->as.steps && v < b->loop->as.steps + b->loop->as.constants) continue;
    for (size_t e = 0; e < count_of(&b->body, v); e++)
      n->domain->set_double(n, adjoint_of(&b->inner, v, e), 0.0);
  }
}

/* Adds the adjoint of result k, of this part, to that of what it is made of. */
static void seed_result(const struct back *b, uint32_t k, size_t part) {
  uint32_t i, kept = b->loop->kept[k];
  enum loop_result kind = tri__loop_result_kind(&b->loop->as, kept, &i);
  if (kind == RESULT_CARRY) return;
  uint32_t v = kind == RESULT_CARRIES ? carry_input(b, i)
                                      : b->body.plan->outputs[b->loop->output[kept]];
  size_t count = count_of(&b->body, v), first = kind == RESULT_SUMMED ? 0 : part * count;
  for (size_t e = 0; e < count; e++)
    add(b, adjoint_of(&b->inner, v, e), adjoint_of(b->outer, b->step->result + k, first + e));
}

static void seed_carries(const struct back *b) {
  const struct loop *as = &b->loop->as;
  for (uint32_t c = 0; c < as->carries; c++) {
    uint32_t output = b->loop->output[as->stacked + as->summed + c];
    size_t count = count_of(&b->body, carry_input(b, c));
    uint32_t v = output == NO_OUTPUT ? carry_input(b, c) : b->body.plan->outputs[output];
    for (size_t e = 0; e < count; e++) add(b, adjoint_of(&b->inner, v, e), carry_adjoint(b, c, e));
  }
}

/* Adds a body input's adjoints to those of the argument that it is part of. */
static void give(const struct back *b, uint32_t input, uint32_t argument, size_t first) {
  if (!b->outer->run->plan->active[argument]) return;
  for (size_t e = 0; e < count_of(&b->body, input); e++)
    add(b, adjoint_of(b->outer, argument, first + e), adjoint_of(&b->inner, input, e));
}

static tri_status turn_back(struct back *b, size_t step) {
  struct run *r = b->outer->run;
  size_t part = b->loop->as.backward ? b->n - 1 - step : step;
  if (b->loop->as.carries)
    tri__loop_set_carries(b->loop, &b->body,
                          number_at(b->body.numbers, b->level->history, step * b->level->carry_count));
  tri__loop_parts(r, b->step, &b->body, part);
  tri_status status = tri__run_best(&b->body);
  if (status) return status;
  clear(b);
  for (uint32_t k = 0; k < b->loop->results; k++) seed_result(b, k, part);
  seed_carries(b);
  status = tri__sweep_back(&b->inner);
  if (status) return status;
  for (uint32_t i = 0; i < b->loop->as.steps; i++)
    give(b, i, b->args[i], part * count_of(&b->body, i));
  take_carry_adjoints(b);
  return TRI_OK;
}

static void end(const struct back *b) {
  const struct loop *as = &b->loop->as;
  for (uint32_t i = as->steps; i < as->steps + as->constants; i++) give(b, i, b->args[i], 0);
  for (uint32_t c = 0; c < as->carries; c++) {
    uint32_t argument = b->args[as->steps + as->constants + c];
    if (!b->outer->run->plan->active[argument]) continue;
    for (size_t e = 0; e < count_of(&b->body, carry_input(b, c)); e++)
      add(b, adjoint_of(b->outer, argument, e), carry_adjoint(b, c, e));
  }
}

tri_status tri__sweep_loop(struct sweep *s, const struct instruction *step) {
  struct run *r = s->run;
  struct back b = {.outer = s, .step = step, .loop = r->plan->loops + step->index};
  tri_call quiet;
  tri_status status = tri__loop_open(r, step, true, &quiet, &b.body);
  if (status) return status;
  if (!any_adjoint(&b)) return TRI_OK;
  b.args = step_args(r->plan, step);
  b.level = &b.body.workspace->level[r->level];
  b.n = tri__loop_steps(r->workspace, b.loop);
  void *adjoints = tri__adjoints(&b.body, r->level);
  if (!adjoints) return tri__call_error(r->call, TRI_MEMORY, "out of memory");
  b.inner = tri__sweep_of(&b.body, adjoints);
  begin(&b);
  tri__loop_constants(r, step, &b.body);
  for (size_t i = b.n; i-- > 0 && !status;) {
    if (tri__interrupt(r)) return tri__call_error(r->call, TRI_INTERRUPTED, "interrupted");
    status = turn_back(&b, i);
  }
  if (!status) end(&b);
  return status;
}
