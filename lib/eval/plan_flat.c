/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A plan over arrays written out over scalars: every element a value of its own, loops in it step
 * by step, what only moves or repeats parts gone. For plans of known and moderate size, that
 * vectors of points then run. */
#include <string.h>

#include "eval/plan_flat.h"
#include "eval/tensors.h"
#include "graph/index.h"

/* Numbers while the flat plan is made: inputs and results as they are counted, constants and
 * results marked. */
enum { CONSTANT = 1u << 30, RESULT = 2u << 30, KIND = 3u << 30 };

enum { WORK = 64 }; /* numbers for each step of the limit, at most */

static bool no_memory(struct flat *f) {
  f->failed = true;
  return false;
}

static void close_frame(struct flat *f, struct frame *frame) {
  tri__free(f->memory, frame->number, frame->count, sizeof *frame->number);
  tri__free(f->memory, frame->place, frame->plan->value_count, sizeof *frame->place);
}

static bool open_frame(struct flat *f, struct frame *frame, const struct plan *p) {
  *frame = (struct frame){.plan = p};
  if (p->size_count) return flat_give_up(f);
  frame->place = tri__new(f->memory, p->value_count, sizeof *frame->place);
  if (!frame->place) return no_memory(f);
  for (uint32_t v = 0; v < p->value_count; v++) {
    frame->place[v] = frame->count;
    frame->count += count_of_value(p, v);
    if (frame->count > CONSTANT / 4) return flat_give_up(f);
  }
  frame->number = tri__new(f->memory, frame->count, sizeof *frame->number);
  return frame->number ? true : no_memory(f);
}

/* --- constants */

static bool constant_room(struct flat *f) {
  size_t need = f->constant_count + 1;
  return (tri__grow(f->memory, (void **)&f->constants, &f->constant_capacity, need,
                    sizeof *f->constants) &&
          tri__grow(f->memory, (void **)&f->pi, &f->pi_capacity, need, sizeof *f->pi)) ||
         no_memory(f);
}

/* The number of a constant; q is ignored for pi. Few are distinct, and the newest are asked for
 * again. */
static uint32_t constant(struct flat *f, mpq_srcptr q, bool pi) {
  for (size_t i = f->constant_count; i-- > 0 && f->constant_count - i < 256;)
    if (f->pi[i] == pi && (pi || mpq_equal(f->constants[i], q))) return CONSTANT | (uint32_t)i;
  if (f->constant_count >= CONSTANT / 4) return flat_give_up(f), 0;
  if (!constant_room(f)) return 0;
  mpq_init(f->constants[f->constant_count]);
  if (!pi) mpq_set(f->constants[f->constant_count], q);
  f->pi[f->constant_count] = pi;
  return CONSTANT | (uint32_t)f->constant_count++;
}

uint32_t tri__flat_integer(struct flat *f, int64_t i) {
  mpq_t q;
  mpq_init(q);
  mpz_set_si(mpq_numref(q), i);
  uint32_t number = constant(f, q, false);
  mpq_clear(q);
  return number;
}

/* Whether a number is an integer that is known and that doubles have exactly. */
static bool known(const struct flat *f, uint32_t number, int64_t *i) {
  enum { EXACT = 1 << 24 }; /* floats too */
  if ((number & KIND) != CONSTANT || !f->constants || !f->pi) return false;
  size_t k = number & ~(uint32_t)KIND;
  if (f->pi[k] || mpz_cmp_ui(mpq_denref(f->constants[k]), 1) != 0 ||
      !mpz_fits_slong_p(mpq_numref(f->constants[k])))
    return false;
  *i = mpz_get_si(mpq_numref(f->constants[k]));
  return *i > -EXACT && *i < EXACT;
}

/* --- steps */

/* An index is computed from the numbers of steps: sums and products of integers are known at
 * once. */
static bool folded(struct flat *f, unsigned op, const uint32_t *args, uint32_t *number) {
  int64_t a, b = 0;
  if (op != TRI_OP_add && op != TRI_OP_sub && op != TRI_OP_mul) return false;
  if (!known(f, args[0], &a) || !known(f, args[1], &b)) return false;
  *number = tri__flat_integer(f, op == TRI_OP_add ? a + b : op == TRI_OP_sub ? a - b : a * b);
  return true;
}

static uint64_t hash_step(unsigned op, unsigned flags, uint32_t nargs, const uint32_t *args) {
  uint64_t h = hash_add(op, flags & STEP_EXTENDED);
  for (uint32_t i = 0; i < nargs; i++) h = hash_add(h, args[i]);
  return hash_mix(h);
}

static bool is_step(const struct instruction *s, const struct instruction *like,
                    const uint32_t *args) {
  bool same = s->op == like->op && !((s->flags ^ like->flags) & STEP_EXTENDED);
  for (uint32_t i = 0; i < like->nargs && same; i++) same = s->arg[i] == args[i];
  return same;
}

/* Where the step is in the table, or would be. */
static uint32_t *look(const struct flat *f, const struct instruction *like, const uint32_t *args) {
  size_t mask = f->seen_size - 1, at = hash_step(like->op, like->flags, like->nargs, args) & mask;
  while (f->seen[at] && !is_step(f->steps + f->seen[at] - 1, like, args)) at = (at + 1) & mask;
  return f->seen + at;
}

static bool seen_room(struct flat *f) {
  if (2 * (f->step_count + 1) <= f->seen_size) return true;
  struct flat larger = *f;
  larger.seen_size = f->seen_size ? 4 * f->seen_size : 256;
  larger.seen = tri__new(f->memory, larger.seen_size, sizeof *larger.seen);
  if (!larger.seen) return no_memory(f);
  for (uint32_t i = 0; i < f->step_count; i++)
    *look(&larger, f->steps + i, f->steps[i].arg) = i + 1;
  tri__free(f->memory, f->seen, f->seen_size, sizeof *f->seen);
  f->seen = larger.seen;
  f->seen_size = larger.seen_size;
  return true;
}

uint32_t tri__flat_emit(struct flat *f, const struct instruction *like, const uint32_t *args) {
  uint32_t number;
  if (folded(f, like->op, args, &number)) return number;
  if (!seen_room(f)) return 0;
  uint32_t *known_step = look(f, like, args);
  if (*known_step) return RESULT | (*known_step - 1);
  if (f->step_count >= f->limit) return flat_give_up(f), 0;
  if (!tri__grow(f->memory, (void **)&f->steps, &f->step_capacity, f->step_count + 1,
                 sizeof *f->steps))
    return no_memory(f), 0;
  struct instruction *s = f->steps + f->step_count;
  *s = *like;
  s->results = 1;
  s->flags &= (uint8_t)~STEP_SUMMED;
  memset(s->arg, 0, sizeof s->arg);
  for (uint32_t i = 0; i < s->nargs; i++) s->arg[i] = args[i];
  *known_step = (uint32_t)f->step_count + 1;
  return RESULT | (uint32_t)f->step_count++;
}

static uint32_t sum(struct flat *f, const struct instruction *of, uint32_t a, uint32_t b) {
  struct instruction add = {.op = TRI_OP_add, .nargs = 2, .flags = of->flags, .node = of->node};
  return tri__flat_emit(f, &add, (uint32_t[]){a, b});
}

static void row(struct flat *f, const struct frame *frame, const struct instruction *s) {
  size_t count = count_of_value(frame->plan, s->result);
  for (size_t e = 0; e < count && !f->failed && !f->impossible; e++) {
    uint32_t args[ROW_MAX_ARITY] = {0};
    for (uint32_t i = 0; i < s->nargs; i++)
      args[i] = flat_numbers(frame, s->arg[i])[frame->plan->values[s->arg[i]].shape ? e : 0];
    flat_numbers(frame, s->result)[e] = tri__flat_emit(f, s, args);
  }
}

/* --- what moves and repeats */

static size_t parts_of(const struct plan *p, uint32_t v) {
  return (size_t)p->dims[p->shapes[p->values[v].shape].first];
}

/* Arrays side by side, or one behind the other. */
static void stack(const struct frame *frame, const struct instruction *s) {
  const uint32_t *args = step_args(frame->plan, s);
  uint32_t *to = flat_numbers(frame, s->result);
  for (uint32_t i = 0; i < s->nargs; i++) {
    size_t count = count_of_value(frame->plan, args[i]);
    memcpy(to, flat_numbers(frame, args[i]), count * sizeof *to);
    to += count;
  }
}

/* `part` parts from the first on, of an array. */
static void part(const struct frame *frame, const struct instruction *s, size_t first) {
  size_t count = count_of_value(frame->plan, s->result), whole = parts_of(frame->plan, s->arg[0]);
  size_t each = whole ? count_of_value(frame->plan, s->arg[0]) / whole : 0;
  memcpy(flat_numbers(frame, s->result), flat_numbers(frame, s->arg[0]) + first * each,
         count * sizeof(uint32_t));
}

static void put_zeros(struct flat *f, const struct frame *frame, uint32_t v) {
  uint32_t zero = tri__flat_integer(f, 0);
  for (size_t e = 0; e < count_of_value(frame->plan, v); e++) flat_numbers(frame, v)[e] = zero;
}

static void embed(struct flat *f, const struct frame *frame, const struct instruction *s,
                  size_t first) {
  size_t whole = parts_of(frame->plan, s->result);
  size_t each = whole ? count_of_value(frame->plan, s->result) / whole : 0;
  put_zeros(f, frame, s->result);
  memcpy(flat_numbers(frame, s->result) + first * each, flat_numbers(frame, s->arg[0]),
         count_of_value(frame->plan, s->arg[0]) * sizeof(uint32_t));
}

static void repeat(const struct frame *frame, const struct instruction *s) {
  size_t each = count_of_value(frame->plan, s->arg[0]),
         all = count_of_value(frame->plan, s->result);
  for (size_t e = 0; each && e < all; e += each)
    memcpy(flat_numbers(frame, s->result) + e, flat_numbers(frame, s->arg[0]),
           each * sizeof(uint32_t));
}

/* The input of the outermost plan whose only or first number this is; NO_INPUT if there is none. */
static uint32_t input_of(const struct flat *f, const struct frame *outermost, uint32_t number) {
  if (number >= f->inputs) return NO_INPUT;
  for (uint32_t v = 0; v < outermost->plan->input_count; v++)
    if (outermost->place[v] == number && count_of_value(outermost->plan, v)) return v;
  return NO_INPUT;
}

/* The input that an index is, or is an integer away from; NO_INPUT if it is something else. */
static uint32_t index_of(const struct flat *f, uint32_t number, int64_t *offset) {
  *offset = 0;
  if ((number & KIND) == RESULT) {
    const struct instruction *s = f->steps + (number & ~(uint32_t)KIND);
    bool difference = s->op == TRI_OP_sub;
    if (!difference && s->op != TRI_OP_add) return NO_INPUT;
    int constant = known(f, s->arg[1], offset)                  ? 1
                   : !difference && known(f, s->arg[0], offset) ? 0
                                                                : -1;
    if (constant < 0) return NO_INPUT;
    if (difference) *offset = -*offset;
    number = s->arg[1 - constant];
  }
  return input_of(f, f->outermost, number);
}

/* A part that is chosen at every step: from a whole constant, by a step input. */
static bool chosen_part(struct flat *f, const struct frame *frame, const struct instruction *s) {
  const struct frame *outermost = f->outermost;
  uint32_t *array = flat_numbers(frame, s->arg[0]), *to = flat_numbers(frame, s->result);
  size_t all = count_of_value(frame->plan, s->arg[0]),
         each = count_of_value(frame->plan, s->result);
  int64_t offset;
  uint32_t index = index_of(f, flat_numbers(frame, s->arg[1])[0], &offset);
  uint32_t input = all ? input_of(f, outermost, array[0]) : NO_INPUT;
  bool is_step = index < f->turning && count_of_value(outermost->plan, index) == 1;
  bool is_constant = input != NO_INPUT && input >= f->turning && input < f->turning + f->constant &&
                     count_of_value(outermost->plan, input) == all;
  for (size_t e = 0; e < all && is_constant; e++) is_constant = array[e] == array[0] + e;
  if (!is_step || !is_constant || f->inputs + each > CONSTANT / 4) return flat_give_up(f);
  if (!tri__grow(f->memory, (void **)&f->flat->parts, &f->flat->part_capacity,
                 f->flat->part_count + 1, sizeof *f->flat->parts))
    return no_memory(f);
  f->flat->parts[f->flat->part_count++] = (struct flat_part){input, index, f->more_inputs, offset};
  for (size_t e = 0; e < each; e++) to[e] = f->more_inputs++;
  return true;
}

/* By an index that is known by now, or a step's. */
static void indexed(struct flat *f, const struct frame *frame, const struct instruction *s) {
  int64_t i;
  uint32_t array = s->op == TRI_OP_gather ? s->arg[0] : s->result,
           number = flat_numbers(frame, s->arg[1])[0];
  if (s->op == TRI_OP_gather && !known(f, number, &i)) {
    chosen_part(f, frame, s);
    return;
  }
  if (!known(f, number, &i) || i < 0 || (size_t)i >= parts_of(frame->plan, array))
    flat_give_up(f);
  else if (s->op == TRI_OP_gather)
    part(frame, s, (size_t)i);
  else
    embed(f, frame, s, (size_t)i);
}

/* --- other orders, and contractions */

static void permute(const struct frame *frame, const struct instruction *s) {
  struct permutation w;
  tri__permutation(frame->plan, s, NULL, &w);
  for (size_t e = 0; e < count_of_value(frame->plan, s->result); e++, permutation_next(&w))
    flat_numbers(frame, s->result)[e] = flat_numbers(frame, s->arg[0])[w.from];
}

/* The sum of products from these elements on. */
static uint32_t products(struct flat *f, const struct frame *frame, const struct instruction *s,
                         const uint32_t *a, const uint32_t *b, const struct contraction_layout *l) {
  unsigned strong = tri__plan_contraction_how(frame->plan, s).strong;
  struct instruction mul = {.op = TRI_OP_mul, .nargs = 2, .flags = s->flags, .node = s->node};
  if (strong) mul.op = TRI_OP_gate;
  if (strong == (CONTRACT_A | CONTRACT_B)) return flat_give_up(f), 0;
  uint32_t total = l->k ? 0 : tri__flat_integer(f, 0);
  for (size_t k = 0; k < l->k && !f->failed && !f->impossible; k++) {
    uint32_t product =
        tri__flat_emit(f, &mul,
                       strong == CONTRACT_B ? (uint32_t[]){b[k * l->b_k], a[k * l->a_k]}
                                            : (uint32_t[]){a[k * l->a_k], b[k * l->b_k]});
    total = k ? sum(f, s, total, product) : product;
  }
  return total;
}

static void contract(struct flat *f, const struct frame *frame, const struct instruction *s) {
  struct contraction_layout l = tri__plan_contraction(frame->plan, s, NULL);
  uint32_t *to = flat_numbers(frame, s->result);
  size_t rows = count_of_value(frame->plan, s->result) ? l.batch * l.m : 0;
  for (size_t i = 0; i < rows; i++) {
    const uint32_t *a = flat_numbers(frame, s->arg[0]) + i / l.m * l.m * l.k + i % l.m * l.a_m;
    for (size_t j = 0; j < l.n && !f->failed && !f->impossible; j++)
      *to++ = products(f, frame, s, a,
                       flat_numbers(frame, s->arg[1]) + i / l.m * l.n * l.k + j * l.b_n, &l);
  }
}

/* --- loops */

static bool run(struct flat *f, struct frame *frame);

static void copy_input(const struct frame *outer, uint32_t from, size_t element,
                       const struct frame *body, uint32_t input) {
  memcpy(flat_numbers(body, input), flat_numbers(outer, from) + element,
         count_of_value(body->plan, input) * sizeof(uint32_t));
}

/* What a step leaves of the results; `t` is the part. */
static void take_results(struct flat *f, const struct frame *outer, const struct instruction *s,
                         const struct plan_loop *l, const struct frame *body, size_t t) {
  for (uint32_t k = 0; k < l->results; k++) {
    uint32_t i;
    enum loop_result kind = tri__loop_result_kind(&l->as, l->kept[k], &i);
    if (kind != RESULT_STACKED && kind != RESULT_SUMMED) continue;
    uint32_t output = body->plan->outputs[l->output[l->kept[k]]];
    size_t count = count_of_value(body->plan, output);
    uint32_t *to = flat_numbers(outer, s->result + k);
    if (kind == RESULT_STACKED)
      memcpy(to + t * count, flat_numbers(body, output), count * sizeof *to);
    for (size_t e = 0; kind == RESULT_SUMMED && e < count && !f->failed && !f->impossible; e++)
      to[e] = sum(f, s, to[e], flat_numbers(body, output)[e]);
  }
}

/* Results that are carries: those that came into step t, or at the end (`last`) those that are
 * left. */
static void take_carries(const struct frame *outer, const struct instruction *s,
                         const struct plan_loop *l, const uint32_t *const *carry,
                         const struct frame *body, size_t t, bool last) {
  for (uint32_t k = 0; k < l->results; k++) {
    uint32_t i;
    enum loop_result kind = tri__loop_result_kind(&l->as, l->kept[k], &i);
    if (kind != (last ? RESULT_CARRY : RESULT_CARRIES)) continue;
    size_t count = count_of_value(body->plan, l->as.steps + l->as.constants + i);
    memcpy(flat_numbers(outer, s->result + k) + (last ? 0 : t * count), carry[i],
           count * sizeof(uint32_t));
  }
}

/* Carries live in `room`, one after the other; carry[c] points at them. */
static void hand_on(const struct plan_loop *l, const struct frame *body, uint32_t *const *carry) {
  for (uint32_t c = 0; c < l->as.carries; c++) {
    uint32_t output = l->output[l->as.stacked + l->as.summed + c];
    if (output != NO_OUTPUT)
      memcpy(carry[c], flat_numbers(body, body->plan->outputs[output]),
             count_of_value(body->plan, l->as.steps + l->as.constants + c) * sizeof(uint32_t));
  }
}

static bool turns(struct flat *f, const struct frame *outer, const struct instruction *s,
                  const struct plan_loop *l, struct frame *body, uint32_t **carry) {
  const uint32_t *args = step_args(outer->plan, s);
  size_t n = (size_t)l->as.n;
  for (size_t step = 0; step < n; step++) {
    f->work += body->count + 1;
    if (f->work > (uint64_t)WORK * f->limit)
      return flat_give_up(f); /* also where all comes to constants */
    size_t t = l->as.backward ? n - 1 - step : step;
    for (uint32_t i = 0; i < l->as.steps + l->as.constants; i++)
      if (i < l->as.steps && l->counted[i])
        flat_numbers(body, i)[0] = tri__flat_integer(f, l->first[i] + (int64_t)t);
      else
        copy_input(outer, args[i], i < l->as.steps ? t * count_of_value(body->plan, i) : 0, body,
                   i);
    for (uint32_t c = 0; c < l->as.carries; c++) {
      uint32_t input = l->as.steps + l->as.constants + c;
      memcpy(flat_numbers(body, input), carry[c],
             count_of_value(body->plan, input) * sizeof(uint32_t));
    }
    take_carries(outer, s, l, (const uint32_t *const *)carry, body, t, false);
    if (!run(f, body)) return false;
    take_results(f, outer, s, l, body, t);
    hand_on(l, body, carry);
    if (f->failed || f->impossible) return false;
  }
  take_carries(outer, s, l, (const uint32_t *const *)carry, body, 0, true);
  return true;
}

static bool with_carries(struct flat *f, const struct frame *outer, const struct instruction *s,
                         const struct plan_loop *l, struct frame *body) {
  const uint32_t *args = step_args(outer->plan, s) + l->as.steps + l->as.constants;
  size_t total = 0;
  for (uint32_t c = 0; c < l->as.carries; c++) total += count_of_value(outer->plan, args[c]);
  uint32_t *room = tri__new(f->memory, total, sizeof *room);
  uint32_t **carry = tri__new(f->memory, l->as.carries, sizeof *carry);
  bool ok = (room && carry) || no_memory(f);
  size_t next = 0;
  for (uint32_t c = 0; ok && c < l->as.carries; c++) {
    size_t count = count_of_value(outer->plan, args[c]);
    carry[c] = room + next;
    memcpy(carry[c], flat_numbers(outer, args[c]), count * sizeof *room);
    next += count;
  }
  ok = ok && turns(f, outer, s, l, body, carry);
  tri__free(f->memory, room, total, sizeof *room);
  tri__free(f->memory, carry, l->as.carries, sizeof *carry);
  return ok;
}

static bool loop(struct flat *f, const struct frame *outer, const struct instruction *s) {
  const struct plan_loop *l = outer->plan->loops + s->index;
  struct frame body;
  if (l->as.n < 0 || l->as.n > (int64_t)f->limit) return flat_give_up(f);
  for (uint32_t k = 0; k < l->results; k++) {
    uint32_t i;
    if (tri__loop_result_kind(&l->as, l->kept[k], &i) == RESULT_SUMMED)
      put_zeros(f, outer, s->result + k);
  }
  bool ok = open_frame(f, &body, l->body) && with_carries(f, outer, s, l, &body);
  close_frame(f, &body);
  return ok;
}

/* --- a plan, its inputs' numbers in place */

static void step(struct flat *f, struct frame *frame, const struct instruction *s) {
  switch (s->op) {
  case TRI_OP_stack:
  case TRI_OP_concat: stack(frame, s); break;
  case TRI_OP_permute: permute(frame, s); break;
  case TRI_OP_reshape: repeat(frame, s); break; /* once */
  case TRI_OP_contract: contract(f, frame, s); break;
  case TRI_OP_unfold:
  case TRI_OP_fold:
  case TRI_OP_pick:
  case TRI_OP_route: tri__flat_windows(f, frame, s); break;
  case TRI_OP_lse:
  case TRI_OP_argmax: tri__flat_last(f, frame, s); break;
  case TRI_OP_element: part(frame, s, s->index); break;
  case TRI_OP_slice: part(frame, s, (size_t)frame->plan->spans[s->index]); break;
  case TRI_OP_embed: embed(f, frame, s, (size_t)frame->plan->spans[s->index]); break;
  case TRI_OP_repeat: repeat(frame, s); break;
  case TRI_OP_gather:
  case TRI_OP_scatter: indexed(f, frame, s); break;
  case TRI_OP_iota:
    for (size_t e = 0; e < count_of_value(frame->plan, s->result); e++)
      flat_numbers(frame, s->result)[e] =
          tri__flat_integer(f, frame->plan->spans[s->index] + (int64_t)e);
    break;
  case TRI_OP_size: flat_give_up(f); break;
  case TRI_OP_loop: loop(f, frame, s); break;
  default: row(f, frame, s);
  }
}

static bool run_range(struct flat *f, struct frame *frame, uint32_t first, uint32_t end) {
  const struct plan *p = frame->plan;
  for (uint32_t i = 0; i < p->constant_count; i++)
    flat_numbers(frame, p->input_count + i)[0] = constant(f, p->constants[i].q, p->constants[i].pi);
  for (uint32_t i = first; i < end && !f->failed && !f->impossible; i++)
    step(f, frame, p->steps + i);
  return !f->failed && !f->impossible;
}

static bool run(struct flat *f, struct frame *frame) {
  return run_range(f, frame, 0, frame->plan->step_count);
}

/* --- the flat plan */

static uint32_t final(const struct flat *f, const struct plan *flat, uint32_t number) {
  if ((number & KIND) == RESULT) return first_result(flat) + (number & ~(uint32_t)KIND);
  if ((number & KIND) == CONSTANT) return flat->input_count + (number & ~(uint32_t)KIND);
  return f->flat->place[number];
}

static void mark_read(const struct flat *f, uint32_t number) {
  if (!(number & KIND)) f->flat->place[number] = 0;
}

/* Gives the inputs that are read their places; their number into *count. */
static bool place_inputs(struct flat *f, const struct frame *frame, size_t *count) {
  const struct plan *p = frame->plan;
  const struct flat_range *range = &f->range;
  f->flat->place = tri__new(f->memory, f->more_inputs, sizeof *f->flat->place);
  if (!f->flat->place) return no_memory(f);
  f->flat->place_count = f->more_inputs;
  memset(f->flat->place, 0xff, f->more_inputs * sizeof *f->flat->place); /* NO_INPUT */
  for (size_t i = 0; i < f->step_count; i++)
    for (uint32_t k = 0; k < f->steps[i].nargs; k++) mark_read(f, f->steps[i].arg[k]);
  for (uint32_t o = 0; o < range->output_count; o++)
    for (size_t e = 0; e < count_of_value(p, range->outputs[o]); e++)
      mark_read(f, flat_numbers(frame, range->outputs[o])[e]);
  bool whole = !f->turning && !f->constant;
  for (uint32_t i = 0; whole && i < f->inputs; i++) f->flat->place[i] = 0;
  *count = 0;
  for (uint32_t i = 0; i < f->more_inputs; i++)
    if (f->flat->place[i] != NO_INPUT) f->flat->place[i] = (uint32_t)(*count)++;
  return true;
}

static bool allocate(struct plan *flat, const struct flat *f, size_t inputs, size_t outputs) {
  struct memory *m = &flat->memory;
  flat->input_count = (uint32_t)inputs;
  flat->output_count = flat->primal_count = (uint32_t)outputs;
  flat->constant_count = (uint32_t)f->constant_count;
  flat->step_count = (uint32_t)f->step_count;
  flat->value_count = flat->input_count + flat->constant_count + flat->step_count;
  flat->scalar = true;
  flat->steps = tri__new(m, flat->step_count, sizeof *flat->steps);
  flat->values = tri__new(m, flat->value_count, sizeof *flat->values);
  flat->active = tri__new(m, flat->value_count, 1);
  flat->constants = tri__new(m, flat->constant_count, sizeof *flat->constants);
  flat->outputs = tri__new(m, outputs, sizeof *flat->outputs);
  flat->output_nodes = tri__new(m, outputs, sizeof *flat->output_nodes);
  flat->input_nodes = tri__new(m, inputs, sizeof *flat->input_nodes);
  bool ok = flat->steps && flat->values && flat->active && flat->outputs && flat->output_nodes &&
            flat->input_nodes;
  if (flat->constants)
    for (size_t i = 0; i < f->constant_count; i++) mpq_init(flat->constants[i].q);
  return ok && flat->constants &&
         tri__grow(m, (void **)&flat->shapes, &flat->shape_capacity, 1, sizeof *flat->shapes);
}

static void fill(struct plan *flat, const struct flat *f, const struct frame *frame) {
  const struct plan *p = frame->plan;
  size_t next = 0;
  flat->shapes[0] = (struct plan_shape){.count = 1};
  flat->shape_count = 1;
  for (size_t i = 0; i < f->constant_count; i++) {
    mpq_set(flat->constants[i].q, f->constants[i]);
    flat->constants[i].pi = f->pi[i];
  }
  for (uint32_t i = 0; i < flat->step_count; i++) {
    struct instruction *s = flat->steps + i;
    *s = f->steps[i];
    s->result = first_result(flat) + i;
    for (uint32_t k = 0; k < s->nargs; k++) s->arg[k] = final(f, flat, s->arg[k]);
  }
  for (uint32_t o = 0; o < f->range.output_count; o++)
    for (size_t e = 0; e < count_of_value(p, f->range.outputs[o]); e++, next++) {
      flat->outputs[next] = final(f, flat, flat_numbers(frame, f->range.outputs[o])[e]);
      if (f->range.outputs == p->outputs) flat->output_nodes[next] = p->output_nodes[o];
    }
}

static void free_plan(struct plan *flat) {
  if (flat) flat->programs = NULL; /* another plan's */
  tri__plan_free(flat);
}

static struct plan *made(struct flat *f, const struct frame *frame, size_t outputs) {
  size_t inputs;
  struct plan *flat = place_inputs(f, frame, &inputs) ? tri__new(f->memory, 1, sizeof *flat) : NULL;
  if (!flat) return no_memory(f), NULL;
  tri__memory_init(&flat->memory, &f->memory->allocator);
  if (!allocate(flat, f, inputs, outputs)) {
    free_plan(flat);
    return no_memory(f), NULL;
  }
  fill(flat, f, frame);
  flat->programs = frame->plan->programs;
  if (tri__plan_slots(flat)) return flat;
  free_plan(flat);
  return no_memory(f), NULL;
}

static size_t elements(const struct plan *p, const uint32_t *values, uint32_t n) {
  size_t total = 0;
  for (uint32_t i = 0; i < n; i++) total += count_of_value(p, values ? values[i] : i);
  return total;
}

static void free_flat(struct flat *f) {
  for (size_t i = 0; i < f->constant_count; i++) mpq_clear(f->constants[i]);
  tri__free(f->memory, f->constants, f->constant_capacity, sizeof *f->constants);
  tri__free(f->memory, f->pi, f->pi_capacity, sizeof *f->pi);
  tri__free(f->memory, f->steps, f->step_capacity, sizeof *f->steps);
  tri__free(f->memory, f->seen, f->seen_size, sizeof *f->seen);
}

/* The steps of f->range; the plan's first numbers, as many as f->inputs says, are the inputs. */
static bool write_out(struct flat *f, struct frame *frame, const struct plan *p, size_t inputs) {
  *f->flat = (struct flat_plan){.plan = NULL};
  if (open_frame(f, frame, p)) {
    f->inputs = f->more_inputs = (uint32_t)(inputs == SIZE_MAX ? frame->count : inputs);
    for (uint32_t i = 0; i < f->inputs; i++) frame->number[i] = i;
    if (run_range(f, frame, f->range.first, f->range.end))
      f->flat->plan = made(f, frame, elements(p, f->range.outputs, f->range.output_count));
  }
  close_frame(f, frame);
  free_flat(f);
  if (!f->flat->plan) tri__plan_flat_free(f->flat, f->memory);
  return !f->failed;
}

bool tri__plan_flat(const struct plan *p, struct memory *memory, uint32_t limit, uint32_t steps,
                    uint32_t constants, struct flat_plan *flat) {
  struct frame frame;
  struct flat f = {.memory = memory,
                   .limit = limit,
                   .turning = steps,
                   .constant = constants,
                   .range = {0, p->step_count, p->outputs, p->output_count},
                   .flat = flat,
                   .outermost = &frame};
  return write_out(&f, &frame, p, elements(p, NULL, p->input_count));
}

bool tri__plan_flat_search(const struct plan *p, struct memory *memory, uint32_t limit,
                           struct flat_plan *flat) {
  struct frame frame;
  struct flat f = {.memory = memory,
                   .limit = limit,
                   .search = true,
                   .range = {0, p->step_count, p->outputs, p->output_count},
                   .flat = flat,
                   .outermost = &frame};
  return write_out(&f, &frame, p, elements(p, NULL, p->input_count));
}

bool tri__plan_flat_range(const struct plan *p, struct memory *memory, uint32_t limit,
                          uint32_t steps, uint32_t constants, const struct flat_range *range,
                          struct flat_plan *flat) {
  struct frame frame;
  struct flat f = {.memory = memory,
                   .limit = limit,
                   .turning = steps,
                   .constant = constants,
                   .range = *range,
                   .flat = flat,
                   .outermost = &frame};
  return write_out(&f, &frame, p, SIZE_MAX);
}

void tri__plan_flat_only_parts(struct flat_plan *flat) {
  free_plan(flat->plan);
  flat->plan = NULL;
}

void tri__plan_flat_free(struct flat_plan *flat, struct memory *memory) {
  free_plan(flat->plan);
  tri__free(memory, flat->parts, flat->part_capacity, sizeof *flat->parts);
  tri__free(memory, flat->place, flat->place_count, sizeof *flat->place);
  *flat = (struct flat_plan){.plan = NULL};
}
