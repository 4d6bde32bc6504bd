/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops forward. */
#include "eval/loop.h"

static void set(const struct turn *t, void *to, const void *from, size_t count) {
  if (count) t->body.numbers->domain->set(t->body.numbers, to, from, count);
}

/* --- opening */

size_t tri__carry_place(const struct turn *t, uint32_t carry) {
  size_t place = 0;
  for (uint32_t c = 0; c < carry; c++) place += count_of(&t->body, carry_input(t->loop, c));
  return place;
}

static bool carry_room(struct turn *t) {
  struct level *l = t->level;
  if (l->carry) return true;
  l->carry_count = tri__carry_place(t, t->loop->as.carries);
  l->carry = tri__numbers_new(t->body.numbers, l->carry_count);
  if (!l->carry) return false;
  l->carry_adjoints = tri__numbers_new(t->body.numbers, l->carry_count);
  return l->carry_adjoints != NULL;
}

bool tri__turn_snapshots(struct turn *t, size_t count) {
  struct level *l = t->level;
  size_t numbers;
  if (!size_product(count, l->carry_count, &numbers)) return false;
  if (l->history && l->history_count == numbers) return true;
  tri__numbers_delete(t->body.numbers, l->history, l->history_count);
  l->history_count = numbers;
  l->history = tri__numbers_new(t->body.numbers, numbers);
  return l->history != NULL;
}

static void set_input(const struct turn *t, uint32_t from, size_t element, uint32_t input) {
  size_t count = count_of(&t->body, input);
  if (count) set(t, element_at(&t->body, input, 0), element_at(t->outer, from, element), count);
}

static void set_constants(const struct turn *t) {
  const struct loop *as = &t->loop->as;
  for (uint32_t i = as->steps; i < as->steps + as->constants; i++) set_input(t, t->args[i], 0, i);
}

static void set_initial(const struct turn *t) {
  for (uint32_t c = 0; c < t->loop->as.carries; c++) {
    uint32_t from = t->args[carry_input(t->loop, c)];
    set(t, number_at(t->body.numbers, t->level->carry, tri__carry_place(t, c)),
        element_at(t->outer, from, 0), count_of(t->outer, from));
  }
}

/* As many as the caller's limit in bytes allows, but two. */
static size_t most_snapshots(const struct turn *t) {
  size_t bytes = t->outer->call->checkpoint_bytes,
         each = t->level->carry_count * t->body.numbers->size;
  if (!bytes || !each) return SIZE_MAX;
  return bytes / each < 2 ? 2 : bytes / each;
}

tri_status tri__turn_open(struct turn *t, const struct run *r, const struct instruction *s,
                          bool all) {
  uint32_t directions = r->level == LEVEL_BASE ? 0 : r->numbers->directions;
  tri_workspace *w = r->workspace->loops[s->index];
  const struct plan_loop *l = r->plan->loops + s->index;
  *t = (struct turn){.outer = r, .step = s, .loop = l, .args = step_args(r->plan, s)};
  tri__quiet(&t->call, r->call);
  t->call.checkpoint_bytes = r->call->checkpoint_bytes;
  tri_status status = tri__level(&t->body, w, &t->call, r->level, directions, all);
  if (status) return status;
  t->level = &w->level[r->level];
  t->n = (size_t)(l->size == NO_SIZE ? l->as.n : r->workspace->sizes[l->size]);
  if (!carry_room(t)) return tri__call_error(r->call, TRI_MEMORY, "out of memory");
  t->most = most_snapshots(t);
  set_constants(t);
  set_initial(t);
  return TRI_OK;
}

void *tri__turn_block(const struct turn *t, size_t size) {
  enum { ALIGNED = 64 };
  struct level *l = t->level;
  size += ALIGNED;
  if (!l->block || l->block_size < size) {
    tri__free(l->numbers.memory, l->block, l->block_size, 1);
    l->block = tri__new(l->numbers.memory, size, 1);
    l->block_size = l->block ? size : 0;
  }
  return l->block ? (char *)l->block + (ALIGNED - (uintptr_t)l->block % ALIGNED) : NULL;
}

void tri__turn_aim(const struct turn *t, double **results, uint8_t **flags) {
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i;
    bool sum = tri__loop_result_kind(&t->loop->as, t->loop->kept[k], &i) == RESULT_SUMMED;
    flags[k] = NULL;
    results[k] = sum ? NULL : tri__direct_result(t->outer, t->step, k, &flags[k]);
    if (flags[k]) *flags[k] = WRITTEN | HAS_VALUES; /* unless one is found that has none */
    if (!results[k]) results[k] = element_at(t->outer, t->step->result + k, 0);
  }
}

size_t tri__widest_output(const struct turn *t) {
  const struct plan *body = t->loop->body;
  size_t most = 0;
  for (uint32_t o = 0; o < body->output_count; o++)
    if (count_of(&t->body, body->outputs[o]) > most) most = count_of(&t->body, body->outputs[o]);
  return most;
}

/* --- snapshots */

void tri__turn_keep(struct turn *t, size_t i) {
  struct level *l = t->level;
  set(t, number_at(t->body.numbers, l->history, i * l->carry_count), l->carry, l->carry_count);
}

void tri__turn_restore(struct turn *t, size_t i) {
  struct level *l = t->level;
  set(t, l->carry, number_at(t->body.numbers, l->history, i * l->carry_count), l->carry_count);
}

/* --- a step */

tri_status tri__turn_body(struct turn *t, size_t step) {
  const struct loop *as = &t->loop->as;
  size_t part = part_of(t, step), place = 0;
  if (tri__interrupt(t->outer))
    return tri__call_error(t->outer->call, TRI_INTERRUPTED, "interrupted");
  for (uint32_t i = 0; i < as->steps; i++)
    if (t->loop->counted[i])
      tri__set_integer(t->body.numbers, element_at(&t->body, i, 0),
                       t->loop->first[i] + (int64_t)part);
    else
      set_input(t, t->args[i], part * count_of(&t->body, i), i);
  for (uint32_t c = 0; c < as->carries; c++) {
    size_t count = count_of(&t->body, carry_input(t->loop, c));
    if (count)
      set(t, element_at(&t->body, carry_input(t->loop, c), 0),
          number_at(t->body.numbers, t->level->carry, place), count);
    place += count;
  }
  return tri__run_best(&t->body);
}

/* One that nobody reads is not computed and stays. */
void tri__turn_hand_on(struct turn *t) {
  const struct loop *as = &t->loop->as;
  size_t place = 0;
  for (uint32_t c = 0; c < as->carries; c++) {
    uint32_t output = t->loop->output[as->stacked + as->summed + c];
    size_t count = count_of(&t->body, carry_input(t->loop, c));
    if (output != NO_OUTPUT && count)
      set(t, number_at(t->body.numbers, t->level->carry, place),
          element_at(&t->body, t->loop->body->outputs[output], 0), count);
    place += count;
  }
}

/* --- results */

static enum loop_result kind_of(const struct turn *t, uint32_t k, uint32_t *i) {
  return tri__loop_result_kind(&t->loop->as, t->loop->kept[k], i);
}

static void clear_sums(const struct turn *t) {
  struct numbers *n = t->body.numbers;
  uint32_t i;
  for (uint32_t k = 0; k < t->loop->results; k++)
    for (size_t e = 0;
         kind_of(t, k, &i) == RESULT_SUMMED && e < count_of(t->outer, t->step->result + k); e++)
      n->domain->set_double(n, element_at(t->outer, t->step->result + k, e), 0.0);
}

/* The carries as they come into a step. */
static void take_carries(const struct turn *t, size_t step) {
  uint32_t i;
  for (uint32_t k = 0; k < t->loop->results; k++) {
    if (kind_of(t, k, &i) != RESULT_CARRIES) continue;
    size_t count = count_of(&t->body, carry_input(t->loop, i));
    if (count)
      set(t, element_at(t->outer, t->step->result + k, part_of(t, step) * count),
          number_at(t->body.numbers, t->level->carry, tri__carry_place(t, i)), count);
  }
}

/* Of a sum that steps scatter. */
static void add_terms(const struct turn *t, uint32_t k) {
  uint32_t result = t->step->result + k;
  for (uint32_t i = t->loop->first_term[k]; i < t->loop->first_term[k + 1]; i++) {
    const struct plan_term *term = t->loop->terms + i;
    if (term->step != NO_STEP)
      tri__add_scattered(t->outer, result, &t->body, t->loop->body->steps + term->step);
    for (size_t e = 0; term->step == NO_STEP && e < count_of(t->outer, result); e++)
      tri__numbers_accumulate(t->body.numbers, element_at(t->outer, result, e),
                              argument_at(&t->body, term->value, e));
  }
}

/* What the body has computed of a step. */
static void take_outputs(const struct turn *t, size_t step) {
  struct numbers *n = t->body.numbers;
  for (uint32_t k = 0; k < t->loop->results; k++) {
    uint32_t i, result = t->step->result + k;
    enum loop_result kind = kind_of(t, k, &i);
    if (kind != RESULT_STACKED && kind != RESULT_SUMMED) continue;
    if (t->loop->first_term[k] < t->loop->first_term[k + 1]) {
      add_terms(t, k);
      continue;
    }
    uint32_t output = t->loop->body->outputs[t->loop->output[t->loop->kept[k]]];
    size_t count = count_of(&t->body, output);
    if (kind == RESULT_STACKED && count)
      set(t, element_at(t->outer, result, part_of(t, step) * count),
          element_at(&t->body, output, 0), count);
    for (size_t e = 0; kind == RESULT_SUMMED && e < count; e++)
      tri__numbers_accumulate(n, element_at(t->outer, result, e), element_at(&t->body, output, e));
  }
}

static void take_last(const struct turn *t) {
  uint32_t i;
  for (uint32_t k = 0; k < t->loop->results; k++)
    if (kind_of(t, k, &i) == RESULT_CARRY && count_of(t->outer, t->step->result + k))
      set(t, element_at(t->outer, t->step->result + k, 0),
          number_at(t->body.numbers, t->level->carry, tri__carry_place(t, i)),
          count_of(t->outer, t->step->result + k));
}

tri_status tri__run_loop(struct run *r, const struct instruction *s) {
  struct turn t;
  tri_status status = tri__turn_open(&t, r, s, false);
  if (status) return status;
  bool done, keeps = keeps_all(&t);
  status = tri__loop_scan(&t, &done);
  if (!status && !done) status = tri__loop_lanes(&t, &done);
  if (status || done) return status;
  if (keeps && !tri__turn_snapshots(&t, t.n))
    return tri__call_error(r->call, TRI_MEMORY, "out of memory");
  status = tri__loop_native(&t, keeps, &done);
  if (status || done) return status;
  clear_sums(&t);
  for (size_t step = 0; step < t.n && !status; step++) {
    if (keeps) tri__turn_keep(&t, step);
    take_carries(&t, step);
    status = tri__turn_body(&t, step);
    if (status) break;
    take_outputs(&t, step);
    tri__turn_hand_on(&t);
  }
  if (!status) take_last(&t);
  return status;
}
