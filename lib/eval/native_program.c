/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plan to operations on doubles: values as the interpreter computes them (double_run.c,
 * interpret.c), and its reverse sweep without most of its looks for zeros.
 *
 * Why results are the same bit for bit. The interpreter skips a product whose weight is 0; here
 * it is carried out, and gives 0 or, where the partial is not finite, NaN. Adjoints so differ by
 * signs of zeros, which no sum with anything else shows, or by a NaN. A NaN goes on to the
 * gradient, unless a choice's partial of 0 stops it, as it stops anything in the interpreter
 * too; and a NaN in the gradient makes the run fail, so that the interpreter does the call. Its
 * adjoints begin as +0 and so are never -0: the gradient is stored as 0.0 + x. Below choices,
 * where weights of 0 are common, the look is taken, so that a branch not taken does not make
 * runs fail. */
#include "eval/native_program.h"

#include <math.h>
#include <string.h>

enum { MAX_OPERATIONS = 1 << 28, DEPTH = 3 };
enum { SINE = 1, COSINE = 2 };

/* --- operations, folded where no bit changes */

static bool is_constant(const struct native_draft *d, uint32_t v, double x) {
  const struct native_op *op = d->program.ops + v;
  return op->code == NATIVE_CONSTANT && op->constant == x && !signbit(op->constant) == !signbit(x);
}

static bool any_constant(const struct native_draft *d, uint32_t v) {
  return d->program.ops[v].code == NATIVE_CONSTANT;
}

static uint64_t mix(uint64_t hash, uint64_t x) {
  hash = (hash ^ x) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 32;
}

static uint64_t hash_of(const struct native_op *op) {
  uint64_t hash = mix(op->code, op->index);
  for (int i = 0; i < op->nargs; i++) hash = mix(hash, op->arg[i]);
  return mix(hash, native_bits(op));
}

static bool same_op(const struct native_op *x, const struct native_op *y) {
  return x->code == y->code && x->index == y->index && native_bits(x) == native_bits(y) &&
         memcmp(x->arg, y->arg, x->nargs * sizeof *x->arg) == 0;
}

/* Where in the table an operation is, or would be. */
static uint32_t *find_op(const struct native_draft *d, const struct native_op *op) {
  size_t i = hash_of(op) & (d->known_size - 1);
  while (d->known[i] != NATIVE_NONE && !same_op(d->program.ops + d->known[i], op))
    i = (i + 1) & (d->known_size - 1);
  return d->known + i;
}

/* Room for one operation more, in a table at most half full. */
static bool make_room(struct native_draft *d) {
  struct native_program *p = &d->program;
  void *ops = p->ops;
  if (p->op_count >= MAX_OPERATIONS ||
      !tri__grow(d->memory, &ops, &d->capacity, p->op_count + 1, sizeof *p->ops))
    return false;
  p->ops = ops;
  if (p->op_count < d->known_size / 2) return true;
  size_t size = d->known_size ? 2 * d->known_size : 1024;
  uint32_t *known = tri__new(d->memory, size, sizeof *known);
  if (!known) return false;
  tri__free(d->memory, d->known, d->known_size, sizeof *known);
  memset(known, 0xff, size * sizeof *known); /* NATIVE_NONE */
  d->known = known;
  d->known_size = size;
  for (uint32_t i = 0; i < p->op_count; i++) *find_op(d, p->ops + i) = i;
  return true;
}

/* An operation that is there already, or a new one. */
static uint32_t add_op(struct native_draft *d, const struct native_op *wanted) {
  struct native_program *p = &d->program;
  struct native_op op = *wanted;
  if (d->failed || !make_room(d)) {
    d->failed = true;
    return 0;
  }
  if ((op.code == NATIVE_ADD || op.code == NATIVE_MUL) && op.arg[0] > op.arg[1]) {
    op.arg[0] = wanted->arg[1];
    op.arg[1] = wanted->arg[0];
  }
  uint32_t *known = find_op(d, &op);
  if (*known != NATIVE_NONE) return *known;
  for (int i = 0; i < op.nargs; i++) op.chosen |= p->ops[op.arg[i]].chosen;
  p->ops[p->op_count] = op;
  return *known = p->op_count++;
}

static uint32_t constant(struct native_draft *d, double x) {
  return add_op(d, &(struct native_op){.code = NATIVE_CONSTANT, .constant = x});
}

static uint32_t leaf(struct native_draft *d, enum native_code code, uint32_t index) {
  return add_op(d, &(struct native_op){.code = (uint8_t)code, .index = index});
}

static double arithmetic(enum native_code code, double a, double b) {
  switch (code) {
  case NATIVE_ADD: return a + b;
  case NATIVE_SUB: return a - b;
  case NATIVE_MUL: return a * b;
  default: return a / b;
  }
}

static uint32_t one(struct native_draft *d, enum native_code code, uint32_t a) {
  const struct native_op *op = d->program.ops + a;
  if (code == NATIVE_NEG && op->code == NATIVE_CONSTANT) return constant(d, -op->constant);
  if (code == NATIVE_NEG && op->code == NATIVE_NEG) return op->arg[0];
  return add_op(d, &(struct native_op){.code = (uint8_t)code, .nargs = 1, .arg = {a}});
}

static uint32_t two(struct native_draft *d, enum native_code code, uint32_t a, uint32_t b) {
  const struct native_op *x = d->program.ops + a, *y = d->program.ops + b;
  if (code <= NATIVE_DIV && any_constant(d, a) && any_constant(d, b))
    return constant(d, arithmetic(code, x->constant, y->constant));
  if (code == NATIVE_MUL && is_constant(d, a, 1.0)) return b;
  if (code == NATIVE_MUL && is_constant(d, b, 1.0)) return a;
  if (code == NATIVE_MUL && is_constant(d, a, -1.0)) return one(d, NATIVE_NEG, b);
  if (code == NATIVE_MUL && is_constant(d, b, -1.0)) return one(d, NATIVE_NEG, a);
  if (code == NATIVE_ADD && y->code == NATIVE_NEG) return two(d, NATIVE_SUB, a, y->arg[0]);
  if (code == NATIVE_ADD && x->code == NATIVE_NEG) return two(d, NATIVE_SUB, b, x->arg[0]);
  return add_op(d, &(struct native_op){.code = (uint8_t)code, .nargs = 2, .arg = {a, b}});
}

static uint32_t select_op(struct native_draft *d, uint32_t c, uint32_t a, uint32_t b) {
  if (a == b) return a;
  return add_op(d, &(struct native_op){.code = NATIVE_SELECT, .nargs = 3, .arg = {c, a, b}});
}

/* --- conditions */

static bool is_boolean(const struct native_draft *d, uint32_t v) {
  uint8_t code = d->program.ops[v].code;
  return (code >= NATIVE_LT && code <= NATIVE_NOT) || code == NATIVE_PREDICATE;
}

/* A condition of a plan mostly is: NaN if its arguments are unordered, else a comparison. */
static bool is_checked(const struct native_draft *d, uint32_t v) {
  const struct native_op *op = d->program.ops + v;
  return op->code == NATIVE_SELECT && any_constant(d, op->arg[1]) &&
         isnan(d->program.ops[op->arg[1]].constant) && is_boolean(d, op->arg[2]);
}

/* tri__select: a condition that is NaN chooses neither. */
static uint32_t choose(struct native_draft *d, uint32_t c, uint32_t a, uint32_t b) {
  if (is_boolean(d, c)) return select_op(d, c, a, b);
  if (!is_checked(d, c)) {
    uint32_t chosen = select_op(d, c, a, b);
    return select_op(d, two(d, NATIVE_UNORDERED, c, c), c, chosen);
  }
  uint32_t unordered = d->program.ops[c].arg[0], nan = d->program.ops[c].arg[1];
  uint32_t chosen = select_op(d, d->program.ops[c].arg[2], a, b);
  return select_op(d, unordered, nan, chosen);
}

/* --- rows' texts */

/* The operation that a row is, if it is one; else NATIVE_INPUT. */
static enum native_code code_of(unsigned op) {
  switch (op) {
  case TRI_OP_add: return NATIVE_ADD;
  case TRI_OP_sub: return NATIVE_SUB;
  case TRI_OP_mul: return NATIVE_MUL;
  case TRI_OP_div: return NATIVE_DIV;
  case TRI_OP_neg: return NATIVE_NEG;
  case TRI_OP_sqrt: return NATIVE_SQRT;
  case TRI_OP_floor: return NATIVE_FLOOR;
  case TRI_OP_ceil: return NATIVE_CEIL;
  case TRI_OP_lt: return NATIVE_LT;
  case TRI_OP_le: return NATIVE_LE;
  case TRI_OP_gt: return NATIVE_GT;
  case TRI_OP_ge: return NATIVE_GE;
  case TRI_OP_eq: return NATIVE_EQ;
  case TRI_OP_ne: return NATIVE_NE;
  case TRI_OP_logical_and: return NATIVE_AND;
  case TRI_OP_logical_or: return NATIVE_OR;
  case TRI_OP_logical_not: return NATIVE_NOT;
  case TRI_OP_select: return NATIVE_SELECT;
  case TRI_OP_constant: return NATIVE_CONSTANT;
  default: return NATIVE_INPUT;
  }
}

/* Whether a text is made of nothing but such operations and rows made of them: then it is
 * written out, else its C function is called. Sets *chooses if it does not pass on every NaN by
 * itself. */
static bool inlines(const struct programs *programs, const struct template *t, int depth,
                    bool *chooses) {
  if (!t || depth == DEPTH) return false;
  for (unsigned i = 0; i < t->steps; i++) {
    enum native_code code = code_of(t->step[i].op);
    if (code >= NATIVE_LT) *chooses = true;
    if (code != NATIVE_INPUT) continue;
    if (t->step[i].op >= TRI_OP_ROWS) return false;
    if (!inlines(programs, programs->value[t->step[i].op], depth + 1, chooses)) return false;
  }
  return true;
}

static uint32_t write_out(struct native_draft *d, const struct template *t,
                          const uint32_t holes[HOLES], int depth);

static uint32_t write_step(struct native_draft *d, const struct template_step *s,
                           const uint32_t arg[ROW_MAX_ARITY], int depth) {
  enum native_code code = code_of(s->op);
  switch (code) {
  case NATIVE_CONSTANT: return constant(d, (double)s->num / (double)s->den);
  case NATIVE_SELECT: return choose(d, arg[0], arg[1], arg[2]);
  case NATIVE_INPUT: {
    const uint32_t holes[HOLES] = {arg[0], arg[1], arg[2]};
    return write_out(d, d->plan->programs->value[s->op], holes, depth + 1);
  }
  default: return s->nargs == 1 ? one(d, code, arg[0]) : two(d, code, arg[0], arg[1]);
  }
}

/* A text's operations over holes; it inlines. */
static uint32_t write_out(struct native_draft *d, const struct template *t,
                          const uint32_t holes[HOLES], int depth) {
  uint32_t result[NUMBERS_MAX_SCRATCH] = {0};
  for (unsigned i = 0; i < t->steps && !d->failed; i++) {
    uint32_t arg[ROW_MAX_ARITY] = {0};
    for (unsigned k = 0; k < t->step[i].nargs; k++) {
      int ref = t->step[i].arg[k];
      arg[k] = ref < HOLES ? holes[ref] : result[ref - HOLES];
    }
    result[i] = write_step(d, &t->step[i], arg, depth);
  }
  return t->result < HOLES ? holes[t->result] : result[t->result - HOLES];
}

/* --- values */

/* The call of a row's C function: arguments that the row has not are 0. */
static uint32_t call(struct native_draft *d, enum native_code code, void (*address)(void),
                     const uint32_t x[HOLES]) {
  struct native_op op = {.code = (uint8_t)code, .nargs = 3, .address = address};
  for (int i = 0; i < ROW_MAX_ARITY; i++) op.arg[i] = x[i];
  if (code == NATIVE_PARTIAL) op.arg[op.nargs++] = x[HOLE_R];
  return add_op(d, &op);
}

static uint32_t unordered(struct native_draft *d, uint32_t nargs, const uint32_t *x) {
  return two(d, NATIVE_UNORDERED, x[0], x[nargs > 1 ? 1 : 0]);
}

/* Rows of vectors that are no plain operations: as lanes compute them, their domain in it. Sine and
 * cosine of one angle come together. */
static uint32_t vector_row(struct native_draft *d, const struct instruction *s, const uint32_t *x) {
  const struct lane_kernels *kernels = d->kernels;
  struct native_op op = {.code = NATIVE_VECTOR, .nargs = (uint8_t)s->nargs};
  for (uint32_t i = 0; i < s->nargs; i++) op.arg[i] = x[i];
  bool angle = s->op == TRI_OP_sin || s->op == TRI_OP_cos;
  if (!angle || d->angles[s->arg[0]] != (SINE | COSINE)) {
    lane_kernel *kernel =
        s->flags & STEP_EXTENDED ? kernels->few_extended[s->op] : kernels->few_strict[s->op];
    op.address = (void (*)(void))kernel;
    return add_op(d, &op);
  }
  op.address = (void (*)(void))kernels->few_sincos;
  op.index = 1;
  uint32_t both = add_op(d, &op);
  if (s->op == TRI_OP_sin) return both;
  return add_op(d, &(struct native_op){.code = NATIVE_SECOND, .nargs = 2, .arg = {x[0], both}});
}

/* Whether a row is made of plain operations, its domain too. */
static bool is_plain(const struct native_draft *d, const struct instruction *s) {
  const struct programs *programs = d->plan->programs;
  bool chooses, total = programs->rows[s->op].total || (s->flags & STEP_EXTENDED);
  if (code_of(s->op) == NATIVE_INPUT && !inlines(programs, programs->value[s->op], 0, &chooses))
    return false;
  return total || s->op == TRI_OP_sqrt || inlines(programs, programs->defined[s->op], 0, &chooses);
}

static uint32_t row_value(struct native_draft *d, const struct instruction *s, const uint32_t *x) {
  const struct programs *programs = d->plan->programs;
  const struct row *row = programs->rows + s->op;
  enum native_code code = code_of(s->op);
  bool chooses = code >= NATIVE_LT;
  uint32_t r;
  if (code == NATIVE_SELECT) return choose(d, x[0], x[1], x[2]);
  if (code != NATIVE_INPUT)
    r = s->nargs == 1 ? one(d, code, x[0]) : two(d, code, x[0], x[1]);
  else if (inlines(programs, programs->value[s->op], 0, &chooses))
    r = write_out(d, programs->value[s->op], x, 0);
  else
    return call(d, NATIVE_KERNEL, (void (*)(void))row->kernel, x);
  if (!chooses || row->lazy) return r;
  uint32_t none = constant(d, (double)NAN);
  return select_op(d, unordered(d, s->nargs, x), none, r);
}

/* No value where the row is strict and has none; a square root's is NaN there by itself. */
static uint32_t within_domain(struct native_draft *d, const struct instruction *s,
                              const uint32_t *x, uint32_t value) {
  const struct programs *programs = d->plan->programs;
  const struct row *row = programs->rows + s->op;
  bool chooses;
  if (row->total || (s->flags & STEP_EXTENDED) || s->op == TRI_OP_sqrt) return value;
  uint32_t defined = inlines(programs, programs->defined[s->op], 0, &chooses)
                         ? write_out(d, programs->defined[s->op], x, 0)
                         : call(d, NATIVE_PREDICATE, (void (*)(void))row->defined, x);
  uint32_t none = constant(d, (double)NAN);
  return select_op(d, defined, value, none);
}

static uint32_t elements_of(const struct plan *p, uint32_t v) {
  return (uint32_t)p->shapes[p->values[v].shape].count;
}

/* Element e of an argument: a scalar stands for all elements. */
static uint32_t number_of(const struct native_draft *d, uint32_t v, uint32_t e) {
  return d->first[v] + (d->plan->values[v].shape ? e : 0);
}

/* The arguments of element e of a step as holes; those that it has not are 0. */
static void arguments(const struct native_draft *d, const struct instruction *s, uint32_t e,
                      uint32_t x[HOLES]) {
  for (uint32_t i = 0; i < HOLES; i++) /* operation 0 is the constant 0 */
    x[i] = i < s->nargs ? d->values[number_of(d, s->arg[i], e)] : 0;
}

static void add_row(struct native_draft *d, const struct instruction *s) {
  for (uint32_t e = 0; e < elements_of(d->plan, s->result) && !d->failed; e++) {
    uint32_t x[HOLES];
    arguments(d, s, e, x);
    d->values[d->first[s->result] + e] = d->kernels && !is_plain(d, s)
                                             ? vector_row(d, s, x)
                                             : within_domain(d, s, x, row_value(d, s, x));
  }
}

typedef void native_move(struct native_draft *d, uint32_t to, uint32_t from, uint32_t n,
                         bool active);

/* Elements before the first part of a slice, or of what is embedded. */
static uint32_t offset_of(const struct plan *p, const struct instruction *s, uint32_t whole) {
  int64_t parts = p->dims[p->shapes[p->values[whole].shape].first];
  return parts ? (uint32_t)(p->spans[s->index] * (int64_t)(elements_of(p, whole) / parts)) : 0;
}

/* Calls move(d, to, from, count, active) for each part of an array that a step puts together, or
 * takes out of one; `to` and `from` are numbers. */
static void each_part(struct native_draft *d, const struct instruction *s, native_move *move) {
  const struct plan *p = d->plan;
  const uint32_t *args = step_args(p, s);
  if (!s->nargs) return;
  uint32_t to = d->first[s->result], count = elements_of(p, s->result);
  uint32_t from = d->first[args[0]], each = elements_of(p, args[0]);
  bool active = p->active[args[0]];
  if (s->op == TRI_OP_element) move(d, to, from + s->index * count, count, active);
  if (s->op == TRI_OP_slice) move(d, to, from + offset_of(p, s, args[0]), count, active);
  if (s->op == TRI_OP_embed) move(d, to + offset_of(p, s, s->result), from, each, active);
  for (uint32_t e = 0; s->op == TRI_OP_repeat && each && e < count; e += each)
    move(d, to + e, from, each, active);
  for (uint32_t i = 0; s->op == TRI_OP_stack && i < s->nargs; i++)
    move(d, to + i * each, d->first[args[i]], each, p->active[args[i]]);
}

static void move_values(struct native_draft *d, uint32_t to, uint32_t from, uint32_t n,
                        bool active) {
  (void)active;
  memcpy(d->values + to, d->values + from, n * sizeof *d->values);
}

/* What an array has where nothing is moved to. */
static void begin_array(struct native_draft *d, const struct instruction *s) {
  const struct plan *p = d->plan;
  uint32_t *to = d->values + d->first[s->result];
  for (uint32_t e = 0; s->op == TRI_OP_embed && e < elements_of(p, s->result); e++) to[e] = 0;
  for (uint32_t e = 0; s->op == TRI_OP_iota && e < elements_of(p, s->result); e++)
    to[e] = constant(d, (double)(p->spans[s->index] + (int64_t)e));
}

static void add_values(struct native_draft *d) {
  const struct plan *p = d->plan;
  for (uint32_t i = 0; i < p->step_count && !d->failed; i++) {
    if (p->steps[i].op < TRI_OP_ROWS) {
      add_row(d, p->steps + i);
    } else {
      begin_array(d, p->steps + i);
      each_part(d, p->steps + i, move_values);
    }
  }
}

static bool add_leaves(struct native_draft *d) {
  const struct plan *p = d->plan;
  struct numbers n;
  double x;
  constant(d, 0.0);
  for (uint32_t i = 0; i < d->input_count; i++) d->values[i] = leaf(d, NATIVE_INPUT, i);
  if (!tri__numbers_open(&n, TRI_DOUBLE, 0, 0, d->memory, NULL, NULL)) return false;
  for (uint32_t i = 0; i < p->constant_count; i++) {
    if (p->constants[i].pi)
      n.domain->set_pi(&n, &x);
    else
      n.domain->set_rational(&n, &x, p->constants[i].q);
    d->values[d->input_count + i] = constant(d, x);
  }
  tri__numbers_close(&n);
  return true;
}

/* --- adjoints */

/* weight * partial where the partial is that of a choice: 0 if the partial is. Choices between
 * numbers choose between products. */
static uint32_t choice_product(struct native_draft *d, uint32_t weight, uint32_t partial,
                               int depth) {
  struct native_op op = d->program.ops[partial];
  if (op.code == NATIVE_CONSTANT)
    return op.constant == 0.0 ? 0 : two(d, NATIVE_MUL, weight, partial);
  if (op.code == NATIVE_SELECT && depth < DEPTH) {
    uint32_t a = choice_product(d, weight, op.arg[1], depth + 1);
    uint32_t b = choice_product(d, weight, op.arg[2], depth + 1);
    return select_op(d, op.arg[0], a, b);
  }
  uint32_t product = two(d, NATIVE_MUL, weight, partial);
  uint32_t nothing = two(d, NATIVE_EQ, partial, 0);
  return select_op(d, nothing, 0, product);
}

/* The product of an adjoint with a partial of a row; operation 0, the constant 0, if it is
 * nothing. */
static uint32_t product(struct native_draft *d, const struct row *row, uint32_t weight,
                        uint32_t partial) {
  uint32_t result;
  bool looks = d->program.ops[weight].chosen && !any_constant(d, partial);
  if (row->choice)
    result = choice_product(d, weight, partial, 0);
  else
    result = two(d, NATIVE_MUL, weight, partial);
  if (result && looks) {
    uint32_t nothing = two(d, NATIVE_EQ, weight, 0);
    result = select_op(d, nothing, 0, result);
  }
  if (row->choice && result && !any_constant(d, result)) d->program.ops[result].chosen = 1;
  return result;
}

static uint32_t partial_of(struct native_draft *d, const struct instruction *s, uint32_t i,
                           const uint32_t x[HOLES]) {
  const struct programs *programs = d->plan->programs;
  const struct row *row = programs->rows + s->op;
  const struct template *t = programs->partial[s->op][i];
  bool chooses;
  if (!row->partial[i]) return constant(d, (double)NAN);
  if (inlines(programs, t, 0, &chooses)) return write_out(d, t, x, 0);
  return call(d, NATIVE_PARTIAL, (void (*)(void))row->dkernel[i], x);
}

static void contribute(struct native_draft *d, uint32_t to, uint32_t amount) {
  uint32_t *sum = d->adjoints + to;
  if (amount) *sum = *sum == NATIVE_NONE ? amount : two(d, NATIVE_ADD, *sum, amount);
}

static void sweep_element(struct native_draft *d, const struct instruction *s, uint32_t e) {
  const struct plan *p = d->plan;
  const struct row *row = p->programs->rows + s->op;
  uint32_t result = d->first[s->result] + e, weight = d->adjoints[result], x[HOLES];
  if (weight == NATIVE_NONE) return;
  arguments(d, s, e, x);
  x[HOLE_R] = d->values[result];
  for (uint32_t i = 0; i < s->nargs; i++)
    if (p->active[s->arg[i]] && !(row->conditions >> i & 1))
      contribute(d, number_of(d, s->arg[i], e), product(d, row, weight, partial_of(d, s, i, x)));
}

static void move_adjoints(struct native_draft *d, uint32_t to, uint32_t from, uint32_t n,
                          bool active) {
  for (uint32_t e = 0; active && e < n; e++)
    if (d->adjoints[to + e] != NATIVE_NONE) contribute(d, from + e, d->adjoints[to + e]);
}

static void sweep_step(struct native_draft *d, const struct instruction *s) {
  if (!(s->flags & STEP_ACTIVE)) return;
  if (s->op >= TRI_OP_ROWS) each_part(d, s, move_adjoints);
  for (uint32_t e = 0; s->op < TRI_OP_ROWS && e < elements_of(d->plan, s->result); e++)
    sweep_element(d, s, e);
}

static void seed(struct native_draft *d, bool weighted) {
  const struct plan *p = d->plan;
  uint32_t next = 0;
  for (uint32_t i = 0; i < p->output_count; i++)
    for (uint32_t e = 0; e < elements_of(p, p->outputs[i]) && !d->failed; e++, next++)
      contribute(d, d->first[p->outputs[i]] + e,
                 weighted ? leaf(d, NATIVE_WEIGHT, next) : constant(d, 1.0));
}

static void sweep(struct native_draft *d, bool weighted) {
  for (uint32_t v = 0; v < d->number_count; v++) d->adjoints[v] = NATIVE_NONE;
  seed(d, weighted);
  for (uint32_t i = d->plan->step_count; i-- > 0 && !d->failed;) sweep_step(d, d->plan->steps + i);
  for (uint32_t i = 0; i < d->input_count; i++)
    add_op(d, &(struct native_op){.code = NATIVE_STORE,
                                  .nargs = 1,
                                  .index = i,
                                  .arg = {d->adjoints[i] == NATIVE_NONE ? 0 : d->adjoints[i]}});
}

/* --- the whole */

/* What the outputs and the gradient need. */
static void mark_used(struct native_draft *d) {
  struct native_program *p = &d->program;
  for (uint32_t i = 0; i < d->output_count; i++) p->ops[d->outputs[i]].used = 1;
  for (uint32_t i = p->op_count; i-- > 0;) {
    struct native_op *op = p->ops + i;
    if (op->code >= NATIVE_STORE) op->used = 1;
    for (int k = 0; op->used && k < op->nargs; k++) p->ops[op->arg[k]].used = 1;
  }
}

/* Numbers the elements of all values. False if there are too many, or when out of memory. */
static bool number_elements(struct native_draft *d) {
  const struct plan *p = d->plan;
  uint64_t numbers = 0, outputs = 0;
  d->first = tri__new(d->memory, p->value_count, sizeof *d->first);
  if (!d->first) return false;
  for (uint32_t v = 0; v < p->value_count && numbers < MAX_OPERATIONS; v++) {
    if (v == p->input_count) d->input_count = (uint32_t)numbers;
    d->first[v] = (uint32_t)numbers;
    numbers += p->shapes[p->values[v].shape].count;
  }
  for (uint32_t i = 0; i < p->output_count && outputs < MAX_OPERATIONS; i++)
    outputs += p->shapes[p->values[p->outputs[i]].shape].count;
  if (p->value_count == p->input_count) d->input_count = (uint32_t)numbers;
  if (numbers >= MAX_OPERATIONS || outputs >= MAX_OPERATIONS) return false;
  d->number_count = (uint32_t)numbers;
  d->output_count = d->output_room = (uint32_t)outputs;
  d->values = tri__new(d->memory, numbers, sizeof *d->values);
  d->adjoints = tri__new(d->memory, numbers, sizeof *d->adjoints);
  d->outputs = tri__new(d->memory, outputs, sizeof *d->outputs);
  return d->values && d->adjoints && d->outputs;
}

bool tri__native_operations(struct native_draft *d, enum native_kind kind) {
  const struct plan *p = d->plan;
  if (!number_elements(d) || !add_leaves(d)) return false;
  add_values(d);
  if (d->failed) return false;
  if (kind != NATIVE_VALUE) sweep(d, kind == NATIVE_GRADIENT);
  if (d->failed) return false;
  uint32_t *to = d->outputs;
  for (uint32_t i = 0; i < p->output_count; i++)
    for (uint32_t e = 0; e < elements_of(p, p->outputs[i]); e++)
      *to++ = d->values[d->first[p->outputs[i]] + e];
  mark_used(d);
  return true;
}

/* --- bodies of loops */

static bool find_angles(struct native_draft *d) {
  const struct plan *p = d->plan;
  d->angles = tri__new(d->memory, p->value_count, 1);
  for (uint32_t i = 0; d->angles && i < p->step_count; i++) {
    const struct instruction *s = p->steps + i;
    if (s->op == TRI_OP_sin) d->angles[s->arg[0]] |= SINE;
    if (s->op == TRI_OP_cos) d->angles[s->arg[0]] |= COSINE;
  }
  return d->angles != NULL;
}

static bool add_ports(struct native_draft *d, const struct native_port *inputs,
                      const struct native_end *ends) {
  struct native_program *p = &d->program;
  uint32_t n = d->plan->input_count, m = d->plan->output_count;
  p->port_count = n + m;
  p->ports = tri__new(d->memory, p->port_count, sizeof *p->ports);
  if (!p->ports) return false;
  for (uint32_t i = 0; i < n + m; i++) {
    p->ports[i] = i < n ? inputs[i] : ends[i - n].port;
    if (p->ports[i].array >= p->array_count) p->array_count = p->ports[i].array + 1;
  }
  return true;
}

/* The outputs that each value is, as lists: *first by value, *next by output. */
static bool list_outputs(const struct native_draft *d, uint32_t **first, uint32_t **next) {
  const struct plan *p = d->plan;
  *first = tri__new(d->memory, p->value_count, sizeof **first);
  *next = tri__new(d->memory, p->output_count, sizeof **next);
  if (!*first || !*next) return false;
  for (uint32_t v = 0; v < p->value_count; v++) (*first)[v] = NATIVE_NONE;
  for (uint32_t o = p->output_count; o-- > 0;) {
    (*next)[o] = (*first)[p->outputs[o]];
    (*first)[p->outputs[o]] = o;
  }
  return true;
}

/* Outputs go where they belong as soon as they are there. */
static void put_value(struct native_draft *d, uint32_t v, const struct native_end *ends,
                      const uint32_t *first, const uint32_t *next) {
  for (uint32_t o = first[v]; o != NATIVE_NONE && !d->failed; o = next[o])
    add_op(d, &(struct native_op){.code = ends[o].code,
                                  .nargs = 1,
                                  .index = d->plan->input_count + o,
                                  .arg = {d->values[v]}});
}

bool tri__native_body(struct native_draft *d, const struct native_port *inputs,
                      const struct native_end *ends, const struct lane_kernels *kernels) {
  const struct plan *p = d->plan;
  uint32_t *first = NULL, *next = NULL, before = first_result(p);
  d->kernels = kernels;
  d->program.width = kernels ? NATIVE_WIDTH : 1;
  bool ok = number_elements(d) && add_leaves(d) && find_angles(d) && add_ports(d, inputs, ends) &&
            list_outputs(d, &first, &next);
  for (uint32_t v = 0; ok && v < before; v++) put_value(d, v, ends, first, next);
  for (uint32_t i = 0; ok && i < p->step_count && !d->failed; i++) {
    add_row(d, p->steps + i);
    put_value(d, p->steps[i].result, ends, first, next);
  }
  tri__free(d->memory, first, p->value_count, sizeof *first);
  tri__free(d->memory, next, p->output_count, sizeof *next);
  d->output_count = 0; /* they are put by the code */
  if (ok) mark_used(d);
  return ok && !d->failed;
}

/* --- steps of loops, back */

bool tri__native_writes_out(const struct plan *p) {
  for (uint32_t i = 0; i < p->step_count; i++) switch (p->steps[i].op) {
    case TRI_OP_stack:
    case TRI_OP_element:
    case TRI_OP_slice:
    case TRI_OP_embed:
    case TRI_OP_repeat:
    case TRI_OP_iota: break;
    default:
      if (p->steps[i].op >= TRI_OP_ROWS) return false;
    }
  return !p->size_count;
}

/* Adds the next weights to the adjoints of a value. */
static void add_weights(struct native_draft *d, uint32_t v, uint32_t *next) {
  for (uint32_t e = 0; e < elements_of(d->plan, v) && !d->failed; e++)
    contribute(d, d->first[v] + e, leaf(d, NATIVE_WEIGHT, (*next)++));
}

/* In the order in which loop_sweep.c adds them up. */
static void seed_step(struct native_draft *d, const struct plan_loop *l) {
  const struct loop *as = &l->as;
  uint32_t next = 0, i;
  for (i = as->steps; i < as->steps + as->constants; i++)
    if (l->wanted[i]) add_weights(d, i, &next);
  for (uint32_t k = 0; k < l->results; k++) {
    enum loop_result kind = tri__loop_result_kind(as, l->kept[k], &i);
    if (kind == RESULT_CARRIES)
      add_weights(d, as->steps + as->constants + i, &next);
    else if (kind != RESULT_CARRY)
      add_weights(d, l->body->outputs[l->output[l->kept[k]]], &next);
  }
  for (uint32_t c = 0; c < as->carries; c++) {
    uint32_t output = l->output[as->stacked + as->summed + c];
    uint32_t v = output == NO_OUTPUT ? as->steps + as->constants + c : l->body->outputs[output];
    add_weights(d, v, &next);
  }
}

static bool add_input_ports(struct native_draft *d) {
  struct native_program *p = &d->program;
  struct native_port *port = p->ports = tri__new(d->memory, d->input_count, sizeof *p->ports);
  p->port_count = d->input_count;
  p->array_count = d->plan->input_count;
  for (uint32_t v = 0; port && v < d->plan->input_count; v++)
    for (uint32_t e = 0; e < elements_of(d->plan, v); e++)
      *port++ = (struct native_port){v, e, true};
  return port != NULL;
}

bool tri__native_step_back(struct native_draft *d, const struct plan_loop *l) {
  const struct plan *p = d->plan;
  d->program.width = 1;
  if (!number_elements(d) || !add_leaves(d) || !add_input_ports(d)) return false;
  add_values(d);
  for (uint32_t v = 0; v < d->number_count; v++) d->adjoints[v] = NATIVE_NONE;
  seed_step(d, l);
  for (uint32_t i = p->step_count; i-- > 0 && !d->failed;) sweep_step(d, p->steps + i);
  for (uint32_t v = 0; v < p->input_count; v++)
    for (uint32_t e = 0; l->wanted[v] && e < elements_of(p, v) && !d->failed; e++) {
      uint32_t number = d->first[v] + e, sum = d->adjoints[number];
      add_op(d, &(struct native_op){.code = NATIVE_STORE,
                                    .nargs = 1,
                                    .index = number,
                                    .arg = {sum == NATIVE_NONE ? 0 : sum}});
    }
  d->output_count = 0;
  mark_used(d);
  return !d->failed;
}
