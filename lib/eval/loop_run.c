/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops: the body's plan, run in a workspace of its own once for each step. */
#include "eval/run.h"

size_t tri__loop_steps(const tri_workspace *w, const struct plan_loop *l) {
  return (size_t)(l->size == NO_SIZE ? l->as.n : w->sizes[l->size]);
}

tri_status tri__loop_open(const struct run *r, const struct instruction *s, bool all,
                          tri_call *quiet, struct run *body) {
  uint32_t directions = r->level == LEVEL_BASE ? 0 : r->numbers->directions;
  tri_workspace *w = r->workspace->loops[s->index];
  return tri__level(body, w, tri__quiet(quiet, r->call), r->level, directions, all);
}

/* --- into the body */

static void set_input(const struct run *r, uint32_t from, size_t element, struct run *body,
                      uint32_t input) {
  size_t count = count_of(body, input);
  if (count)
    r->numbers->domain->set(body->numbers, element_at(body, input, 0),
                            element_at(r, from, element), count);
}

void tri__loop_parts(const struct run *r, const struct instruction *s, struct run *body,
                     size_t part) {
  const struct plan_loop *l = r->plan->loops + s->index;
  const uint32_t *args = step_args(r->plan, s);
  for (uint32_t i = 0; i < l->as.steps; i++)
    set_input(r, args[i], part * count_of(body, i), body, i);
}

void tri__loop_constants(const struct run *r, const struct instruction *s, struct run *body) {
  const struct plan_loop *l = r->plan->loops + s->index;
  const uint32_t *args = step_args(r->plan, s);
  for (uint32_t i = l->as.steps; i < l->as.steps + l->as.constants; i++)
    set_input(r, args[i], 0, body, i);
}

void tri__loop_set_carries(const struct plan_loop *l, struct run *body, const void *carries) {
  size_t next = 0;
  for (uint32_t c = 0; c < l->as.carries; c++) {
    uint32_t input = l->as.steps + l->as.constants + c;
    size_t count = count_of(body, input);
    if (count)
      body->numbers->domain->set(body->numbers, element_at(body, input, 0),
                                 number_at(body->numbers, carries, next), count);
    next += count;
  }
}

/* --- a loop under way */

struct turn {
  struct run *outer, body;
  const struct instruction *step;
  const struct plan_loop *loop;
  struct level *level; /* the body's */
  size_t n;
  bool keeps; /* carries as they come in are kept for a sweep */
};

static void set(const struct turn *t, void *to, const void *from, size_t count) {
  if (count) t->body.numbers->domain->set(t->body.numbers, to, from, count);
}

static size_t carry_elements(const struct turn *t) {
  size_t total = 0;
  for (uint32_t c = 0; c < t->loop->as.carries; c++)
    total += count_of(&t->body, t->loop->as.steps + t->loop->as.constants + c);
  return total;
}

/* Room for the carries, and for what they were, if that is to be kept. */
static bool make_room(struct turn *t) {
  struct level *l = t->level;
  struct numbers *n = t->body.numbers;
  size_t count = carry_elements(t), history;
  if (!l->carry) {
    l->carry = tri__numbers_new(n, count);
    l->carry_adjoints = tri__numbers_new(n, count);
    l->carry_count = count;
  }
  if (!l->carry || !l->carry_adjoints || !size_product(count, t->n, &history)) return false;
  if (!t->keeps || (l->history && l->history_count == history)) return true;
  tri__numbers_delete(n, l->history, l->history_count);
  l->history_count = history;
  l->history = tri__numbers_new(n, history);
  return l->history != NULL;
}

static void begin(struct turn *t) {
  const uint32_t *args = step_args(t->outer->plan, t->step) + t->loop->as.steps + t->loop->as.constants;
  size_t next = 0;
  for (uint32_t c = 0; c < t->loop->as.carries; c++) {
    size_t count = count_of(t->outer, args[c]);
    set(t, number_at(t->body.numbers, t->level->carry, next), element_at(t->outer, args[c], 0), count);
    next += count;
  }
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i;
    if (tri__loop_result_kind(&t->loop->as, t->loop->kept[k], &i) == RESULT_SUMMED)
      for (size_t e = 0; e < count_of(t->outer, t->step->result + k); e++)
        t->body.numbers->domain->set_double(t->body.numbers,
                                            element_at(t->outer, t->step->result + k, e), 0.0);
  }
}

/* The numbers of the carry before carry c. */
static size_t carry_place(const struct turn *t, uint32_t carry) {
  size_t place = 0;
  for (uint32_t c = 0; c < carry; c++)
    place += count_of(&t->body, t->loop->as.steps + t->loop->as.constants + c);
  return place;
}

/* What a step leaves of result k. */
static void take_result(struct turn *t, uint32_t k, size_t part) {
  const struct plan *body = t->loop->body;
  struct numbers *n = t->body.numbers;
  uint32_t i, result = t->step->result + k;
  enum loop_result kind = tri__loop_result_kind(&t->loop->as, t->loop->kept[k], &i);
  if (kind == RESULT_CARRY) return;
  if (kind == RESULT_CARRIES) {
    size_t count = count_of(&t->body, t->loop->as.steps + t->loop->as.constants + i);
    set(t, element_at(t->outer, result, part * count),
        number_at(n, t->level->carry, carry_place(t, i)), count);
    return;
  }
  uint32_t output = body->outputs[t->loop->output[t->loop->kept[k]]];
  size_t count = count_of(&t->body, output);
  if (kind == RESULT_STACKED)
    set(t, element_at(t->outer, result, part * count), element_at(&t->body, output, 0), count);
  else
    for (size_t e = 0; e < count; e++)
      tri__numbers_accumulate(n, element_at(t->outer, result, e), element_at(&t->body, output, e));
}

/* The carries' next values. One that nobody reads is not computed and stays. */
static void hand_on(struct turn *t) {
  const struct loop *as = &t->loop->as;
  size_t next = 0;
  for (uint32_t c = 0; c < as->carries; c++) {
    uint32_t output = t->loop->output[as->stacked + as->summed + c];
    size_t count = count_of(&t->body, as->steps + as->constants + c);
    if (output != NO_OUTPUT)
      set(t, number_at(t->body.numbers, t->level->carry, next),
          element_at(&t->body, t->loop->body->outputs[output], 0), count);
    next += count;
  }
}

static tri_status turn_once(struct turn *t, size_t step) {
  struct level *l = t->level;
  size_t part = t->loop->as.backward ? t->n - 1 - step : step;
  if (t->keeps)
    set(t, number_at(t->body.numbers, l->history, step * l->carry_count), l->carry, l->carry_count);
  tri__loop_set_carries(t->loop, &t->body, l->carry);
  tri__loop_parts(t->outer, t->step, &t->body, part);
  tri_status status = tri__run_best(&t->body);
  for (uint32_t k = 0; k < t->loop->results && !status; k++) take_result(t, k, part);
  if (!status) hand_on(t);
  return status;
}

static void end(struct turn *t) {
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i;
    if (tri__loop_result_kind(&t->loop->as, t->loop->kept[k], &i) != RESULT_CARRY) continue;
    set(t, element_at(t->outer, t->step->result + k, 0),
        number_at(t->body.numbers, t->level->carry, carry_place(t, i)),
        count_of(t->outer, t->step->result + k));
  }
}

tri_status tri__run_loop(struct run *r, const struct instruction *s) {
  struct turn t = {.outer = r, .step = s, .loop = r->plan->loops + s->index};
  tri_call quiet;
  tri_status status = tri__loop_open(r, s, false, &quiet, &t.body);
  if (status) return status;
  t.level = &t.body.workspace->level[r->level];
  t.n = tri__loop_steps(r->workspace, t.loop);
  t.keeps = r->store->all && t.loop->as.carries;
  if (!make_room(&t)) return tri__call_error(r->call, TRI_MEMORY, "out of memory");
  begin(&t);
  tri__loop_constants(r, s, &t.body);
  for (size_t step = 0; step < t.n && !status; step++) {
    if (tri__interrupt(r)) return tri__call_error(r->call, TRI_INTERRUPTED, "interrupted");
    status = turn_once(&t, step);
  }
  if (!status) end(&t);
  return status;
}
