/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A loop's body as one function of machine code, called once for each step. It reads its inputs and
 * writes what it gives where these are: only pointers move from step to step. The same as
 * loop_run.c bit for bit: sums begin with 0 and are added to in the order of the steps. */
#include <math.h>
#include <string.h>

#include "eval/native_loops.h"

/* Arrays of a call: the body's inputs, the parts that are chosen at every step, the outputs. */
struct native_steps {
  struct native_compiled *code;
  struct flat_plan flat; /* its parts; the plan is gone */
  size_t widest;         /* numbers of the largest of them */
};

/* --- making */

static size_t part_size(const struct plan *body, const struct flat_part *part) {
  size_t parts = (size_t)body->dims[body->shapes[body->values[part->array].shape].first];
  return parts ? count_of_value(body, part->array) / parts : 0;
}

/* Numbers `from` … of the flat plan's inputs are the elements of an array. */
static void place_array(const struct flat_plan *flat, struct native_port *ports, size_t from,
                        size_t count, uint32_t array) {
  for (size_t e = 0; e < count; e++) {
    uint32_t place = flat->place[from + e];
    if (place != NO_INPUT) ports[place] = (struct native_port){array, (uint32_t)e, true};
  }
}

static void place_inputs(const struct plan *body, const struct flat_plan *flat,
                         struct native_port *ports) {
  size_t next = 0;
  for (uint32_t i = 0; i < body->input_count; i++) {
    place_array(flat, ports, next, count_of_value(body, i), i);
    next += count_of_value(body, i);
  }
  for (uint32_t k = 0; k < flat->part_count; k++)
    place_array(flat, ports, flat->parts[k].input, part_size(body, flat->parts + k),
                body->input_count + k);
}

static uint32_t first_output(const struct native_steps *u, const struct plan *body) {
  return body->input_count + (uint32_t)u->flat.part_count;
}

static void place_outputs(const struct plan_loop *l, const struct native_steps *u,
                          struct native_end *ends) {
  const struct plan *body = l->body;
  uint32_t first = first_output(u, body);
  size_t next = 0;
  for (uint32_t o = 0; o < body->output_count; o++) {
    uint8_t code = NATIVE_PUT;
    for (uint32_t j = l->as.stacked; j < l->as.stacked + l->as.summed; j++)
      if (l->output[j] == o) code = NATIVE_SUM;
    for (size_t e = 0; e < count_of_value(body, body->outputs[o]); e++)
      ends[next++] = (struct native_end){code, {first + o, (uint32_t)e, true}};
  }
}

static bool make_code(struct native_maker *m, const struct plan_loop *l, struct native_steps *u) {
  size_t inputs = u->flat.plan->input_count, outputs = u->flat.plan->output_count;
  struct native_port *ports = tri__new(m->memory, inputs, sizeof *ports);
  struct native_end *ends = tri__new(m->memory, outputs, sizeof *ends);
  if (ports && ends) {
    place_inputs(l->body, &u->flat, ports);
    place_outputs(l, u, ends);
    u->code = tri__native_unit(m, &u->flat, ports, ends, NULL);
  }
  tri__free(m->memory, ports, inputs, sizeof *ports);
  tri__free(m->memory, ends, outputs, sizeof *ends);
  return u->code != NULL;
}

/* Whether there are contractions, which are CBLAS's. Loops in one another are few: this may call
 * itself. */
static bool contracts(const struct plan *p) {
  bool any = p->contracts;
  for (uint32_t i = 0; i < p->loop_count && !any; i++) any = contracts(p->loops[i].body);
  return any;
}

struct native_steps *tri__native_steps_new(struct native_maker *m, const struct plan_loop *l) {
  if (contracts(l->body)) return NULL;
  struct native_steps *u = tri__new(m->memory, 1, sizeof *u);
  if (!u) return NULL;
  bool ok = tri__plan_flat(l->body, m->memory, NATIVE_MOST_WRITTEN, l->as.steps, l->as.constants,
                           &u->flat);
  for (uint32_t k = 0; ok && k < u->flat.part_count; k++) {
    size_t size = part_size(l->body, u->flat.parts + k);
    u->widest = size > u->widest ? size : u->widest;
  }
  if (ok && u->flat.plan && make_code(m, l, u)) return u;
  tri__native_steps_free(m, u);
  return NULL;
}

void tri__native_steps_free(struct native_maker *m, struct native_steps *u) {
  if (!u) return;
  tri__plan_flat_free(&u->flat, m->memory);
  tri__native_cache_drop(m->cache, m->memory, u->code);
  tri__free(m->memory, u, 1, sizeof *u);
}

size_t tri__native_steps_users(const struct native_steps *u) { return u->code->users; }

/* --- running */

/* Gives everything its place, and `more` bytes. */
static void lay_out(struct native_walk *w, struct pieces *at, size_t more) {
  const struct native_steps *u = w->unit;
  const struct plan *body = w->turn->loop->body;
  size_t arrays = body->input_count + (u ? u->flat.part_count : 0) + body->output_count;
  w->arrays = piece_of(at, arrays, sizeof *w->arrays);
  w->movers = piece_of(at, arrays, sizeof *w->movers);
  w->next = piece_of(at, w->turn->level->carry_count, sizeof(double));
  w->counted = piece_of(at, w->turn->loop->as.steps, sizeof(double));
  w->none = piece_of(at, u ? u->widest : 0, sizeof(double));
  w->work = piece_of(at, u ? u->code->work_count : 0, sizeof(double));
  w->more = piece_of(at, more, 1);
}

bool tri__native_walk_open(struct native_walk *w, const struct turn *t,
                           const struct native_steps *u, size_t more) {
  struct pieces counted = {0}, placed = {0};
  *w = (struct native_walk){.turn = t, .unit = u, .carry = t->level->carry};
  lay_out(w, &counted, more);
  placed.block = tri__turn_block(t, counted.used);
  if (!placed.block) return false;
  lay_out(w, &placed, more);
  for (size_t i = 0; u && i < u->widest; i++) w->none[i] = NAN;
  return true;
}

static void move(struct native_walk *w, uint32_t array, double *base, size_t stride) {
  w->movers[w->mover_count++] = (struct native_mover){base, stride, array};
}

void tri__native_walk_aim(struct native_walk *w) {
  const struct turn *t = w->turn;
  const struct plan_loop *l = t->loop;
  for (uint32_t i = 0; i < l->as.steps + l->as.constants; i++) {
    w->arrays[i] = i < l->as.steps && l->counted[i] ? w->counted + i : loop_argument(t, i);
    if (i < l->as.steps && !l->counted[i]) move(w, i, w->arrays[i], count_of(&t->body, i));
  }
}

/* Where result k begins. */
static double *result_at(const struct turn *t, uint32_t k) {
  return element_at(t->outer, t->step->result + k, 0);
}

static void aim_outputs(struct native_walk *w) {
  const struct turn *t = w->turn;
  const struct plan_loop *l = t->loop;
  uint32_t first = first_output(w->unit, l->body), i;
  for (uint32_t k = 0; k < l->results; k++) {
    enum loop_result kind = tri__loop_result_kind(&l->as, l->kept[k], &i);
    size_t count = count_of(t->outer, t->step->result + k);
    if (kind != RESULT_STACKED && kind != RESULT_SUMMED) continue;
    uint32_t output = l->output[l->kept[k]];
    w->arrays[first + output] = result_at(t, k);
    for (size_t e = 0; kind == RESULT_SUMMED && e < count; e++) result_at(t, k)[e] = 0.0;
    if (kind == RESULT_STACKED)
      move(w, first + output, result_at(t, k), count_of(&t->body, l->body->outputs[output]));
  }
}

/* Results that are carries: as they came into a step, or as the last one left them. */
static void take_carries(const struct native_walk *w, enum loop_result wanted, size_t part) {
  const struct turn *t = w->turn;
  uint32_t c;
  for (uint32_t k = 0; k < t->loop->results; k++) {
    if (tri__loop_result_kind(&t->loop->as, t->loop->kept[k], &c) != wanted) continue;
    size_t count = count_of(&t->body, carry_input(t->loop, c));
    if (count)
      memcpy(result_at(t, k) + part * count, w->carry + tri__carry_place(t, c),
             count * sizeof(double));
  }
}

/* Parts of constants by this step's indices; none where an index is none. */
static void choose_parts(const struct native_walk *w, size_t part) {
  const struct turn *t = w->turn;
  const struct plan_loop *l = t->loop;
  for (uint32_t k = 0; w->unit && k < w->unit->flat.part_count; k++) {
    const struct flat_part *p = w->unit->flat.parts + k;
    size_t each = part_size(l->body, p), all = count_of(&t->body, p->array);
    double i = chosen_index(t, p->index, p->offset, part);
    bool there = each && is_part(i, all / each);
    w->arrays[l->body->input_count + k] = there ? w->arrays[p->array] + (size_t)i * each : w->none;
  }
}

/* Carries come from one buffer and go to the other. */
static void aim_carries(const struct native_walk *w) {
  const struct plan_loop *l = w->turn->loop;
  uint32_t first = w->unit ? first_output(w->unit, l->body) : 0;
  size_t place = 0;
  for (uint32_t c = 0; c < l->as.carries; c++) {
    uint32_t output = l->output[l->as.stacked + l->as.summed + c];
    w->arrays[carry_input(l, c)] = w->carry + place;
    if (w->unit && output != NO_OUTPUT) w->arrays[first + output] = w->next + place;
    place += count_of(&w->turn->body, carry_input(l, c));
  }
}

void tri__native_walk_to(struct native_walk *w, size_t part) {
  const struct plan_loop *l = w->turn->loop;
  for (uint32_t i = 0; i < w->mover_count; i++)
    w->arrays[w->movers[i].array] = w->movers[i].base + part * w->movers[i].stride;
  for (uint32_t i = 0; i < l->as.steps; i++)
    if (l->counted[i]) w->counted[i] = (double)(l->first[i] + (int64_t)part);
  choose_parts(w, part);
  aim_carries(w);
}

static void one_step(struct native_walk *w, size_t part) {
  tri__native_walk_to(w, part);
  w->unit->code->run((const double *)(const void *)w->arrays, NULL, w->work, NULL);
  double *before = w->carry;
  w->carry = w->next;
  w->next = before;
}

static tri_status run(struct native_walk *w, bool keeps) {
  const struct turn *t = w->turn;
  size_t carries = t->level->carry_count;
  double *history = t->level->history;
  if (carries) memcpy(w->next, w->carry, carries * sizeof(double)); /* those that stay */
  for (size_t step = 0; step < t->n; step++) {
    if (tri__interrupt(t->outer))
      return tri__call_error(t->outer->call, TRI_INTERRUPTED, "interrupted");
    if (keeps) memcpy(history + step * carries, w->carry, carries * sizeof(double));
    take_carries(w, RESULT_CARRIES, part_of(t, step));
    one_step(w, part_of(t, step));
  }
  take_carries(w, RESULT_CARRY, 0);
  return TRI_OK;
}

/* Who does not make the code waits for it: the interpreter takes lanes' functions for arrays and
 * for loops in the body, which differ in the last place. */
const struct native_loop *tri__native_code_for(const struct turn *t, enum native_way way) {
  const struct numbers *n = t->body.numbers;
  const tri_function *f = t->outer->workspace->function;
  if (n->domain != &tri__double_domain || n->by_template || t->loop->body->size_count ||
      t->outer->call->trace)
    return NULL;
  return tri__native_loop(f, t->loop, way);
}

tri_status tri__loop_native(const struct turn *t, bool keeps, bool *done) {
  struct native_walk w;
  const struct native_loop *code = tri__native_code_for(t, NATIVE_BY_STEPS);
  *done = code && tri__native_walk_open(&w, t, code->steps, 0);
  if (!*done) return TRI_OK;
  tri__native_walk_aim(&w);
  aim_outputs(&w);
  return run(&w, keeps);
}

/* --- steps whose results nobody takes */

tri_status tri__native_advance(const struct turn *t, size_t from, size_t to, bool *done) {
  struct native_walk w;
  uint32_t outputs = t->loop->body->output_count;
  size_t carries = t->level->carry_count * sizeof(double);
  const struct native_loop *code = tri__native_code_for(t, NATIVE_BY_STEPS);
  *done = code && tri__native_walk_open(&w, t, code->steps, tri__widest_output(t) * sizeof(double));
  if (!*done) return TRI_OK;
  tri__native_walk_aim(&w);
  for (uint32_t o = 0; o < outputs; o++)
    w.arrays[first_output(w.unit, t->loop->body) + o] = (double *)(void *)w.more;
  if (carries) memcpy(w.next, w.carry, carries);
  for (size_t step = from; step < to; step++) {
    if (tri__interrupt(t->outer))
      return tri__call_error(t->outer->call, TRI_INTERRUPTED, "interrupted");
    one_step(&w, part_of(t, step));
  }
  if (carries && w.carry != t->level->carry) memcpy(t->level->carry, w.carry, carries);
  return TRI_OK;
}

bool tri__loop_native_rehearse(const struct turn *t) {
  struct native_walk w;
  const struct native_loop *code = tri__native_code_for(t, NATIVE_BY_STEPS);
  return !code || tri__native_walk_open(&w, t, code->steps, tri__widest_output(t) * sizeof(double));
}
