/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which series an operation takes: its arguments, itself, then the rows of its partials, those of their partials, until nothing new
 * turns up. Partials are wanted to one order less than what they are partials of, so where something new always turned up the parts
 * would still come to an end with the order. They are made in falling order of their orders: what is found again was made for
 * at least the order that is needed. */
#include "eval/taylor.h"

/* --- finding and adding */

static uint32_t find(const struct taylor *t, const struct part *like) {
  for (uint32_t i = 0; i < t->parts; i++) {
    const struct part *p = t->part + i;
    bool same =
        p->op == like->op && p->nargs == like->nargs && p->num == like->num && p->den == like->den;
    for (unsigned k = 0; k < p->nargs && same; k++) same = p->arg[k] == like->arg[k];
    if (same) return i;
  }
  return NO_PART;
}

static uint32_t append(struct numbers *n, const struct part *p) {
  struct taylor *t = taylor_of(n);
  if (!tri__grow(n->memory, (void **)&t->part, &t->part_capacity, t->parts + 1, sizeof *t->part)) {
    n->status = TRI_MEMORY;
    return NO_PART;
  }
  t->part[t->parts] = *p;
  return (uint32_t)t->parts++;
}

/* Whether the part is differentiated by its argument i, and that moves. */
static bool passes(const struct numbers *n, const struct part *p, unsigned i) {
  const struct row *row = n->rows + p->op;
  return !(row->conditions >> i & 1) && row->sort != TRI_BOOLEAN &&
         taylor_of(n)->part[p->arg[i]].rule != PART_FIXED;
}

static uint8_t rule_of(const struct numbers *n, const struct part *p) {
  bool moves = false;
  for (unsigned i = 0; i < p->nargs; i++) moves |= passes(n, p, i);
  if (!moves) return PART_FIXED;
  switch (p->op) {
  case TRI_OP_mul: return p->arg[0] == p->arg[1] ? PART_SQUARE : PART_PRODUCT;
  case TRI_OP_gate: return PART_PRODUCT;
  case TRI_OP_square: return PART_SQUARE;
  case TRI_OP_div: return PART_QUOTIENT;
  default: return n->rows[p->op].linear ? PART_LINEAR : PART_GENERAL;
  }
}

/* --- first coefficients */

static void set_constant(struct numbers *n, const struct part *p) {
  const struct template_step step = {.op = p->op, .num = p->num, .den = p->den};
  if (p->op == TRI_OP_pi)
    n->base->domain->set_pi(n->base, p->c);
  else
    tri__numbers_constant(n->base, p->c, &step);
}

static void set_first(struct numbers *n, const struct part *p, enum apply_mode mode) {
  const void *x[ROW_MAX_ARITY] = {NULL};
  for (unsigned i = 0; i < p->nargs; i++) x[i] = taylor_of(n)->part[p->arg[i]].c;
  if (p->op >= TRI_OP_ROWS)
    set_constant(n, p);
  else
    n->base->domain->apply(n->base, (tri_op)p->op, mode, p->c, x);
}

/* --- one part */

/* The only argument that moves is `by`, and all its coefficients are there. */
static bool can_compose(const struct numbers *n, const struct part *p, unsigned by,
                        unsigned raised) {
  return taylor_of(n)->part[p->arg[by]].rule == PART_GIVEN && !passes(n, p, raised);
}

/* Rule, factors, and what has to be there before the part. */
static bool prepare(struct numbers *n, struct part *p) {
  p->rule = p->op < TRI_OP_ROWS ? rule_of(n, p) : PART_FIXED;
  p->factor[0] = (struct factor){p->arg[0], p->nargs > 1 ? p->arg[1] : p->arg[0]};
  return p->op != TRI_OP_pow || p->rule != PART_GENERAL || tri__taylor_power(n, p);
}

static bool fill(struct numbers *n, struct part *p, enum apply_mode mode) {
  unsigned by, raised;
  p->length = 1;
  p->c = tri__taylor_room(n);
  if (!p->c) return false;
  set_first(n, p, mode);
  if (p->rule != PART_GENERAL || !tri__taylor_ladder(n, (tri_op)p->op, &by, &raised) ||
      !can_compose(n, p, by, raised))
    return true;
  taylor_of(n)->composed++;
  return tri__taylor_compose(n, p, by, raised);
}

uint32_t tri__taylor_part(struct numbers *n, const struct part *like, enum apply_mode mode) {
  struct taylor *t = taylor_of(n);
  if (like->op == TRI_OP_neg && t->part[like->arg[0]].op == TRI_OP_neg)
    return t->part[like->arg[0]].arg[0]; /* sigmoid(-(-a)) is sigmoid(a) */
  uint32_t known = find(t, like);
  if (known != NO_PART) return known;
  struct part p = *like;
  return prepare(n, &p) && fill(n, &p, mode) ? append(n, &p) : NO_PART;
}

/* --- partials */

static uint32_t reference(int ref, const uint32_t holes[HOLES], const uint32_t *steps) {
  return ref < HOLES ? holes[ref] : steps[ref - HOLES];
}

/* The partial of part `of` by argument i as its program says. */
static uint32_t by_program(struct numbers *n, uint32_t of, unsigned i, uint32_t order) {
  const struct part *p = taylor_of(n)->part + of;
  const struct template *t = n->programs->partial[p->op][i];
  uint32_t steps[NUMBERS_MAX_SCRATCH], holes[HOLES] = {[HOLE_R] = of};
  for (unsigned k = 0; k < p->nargs; k++) holes[HOLE_A + k] = p->arg[k];
  for (unsigned s = 0; s < t->steps; s++) {
    const struct template_step *step = t->step + s;
    struct part like = {.op = step->op, .nargs = (uint8_t)step->nargs, .order = order};
    like.num = step->num;
    like.den = step->den;
    for (unsigned k = 0; k < step->nargs; k++) like.arg[k] = reference(step->arg[k], holes, steps);
    steps[s] = tri__taylor_part(n, &like, APPLY_EXTENDED);
    if (steps[s] == NO_PART) return NO_PART;
  }
  return reference(t->result, holes, steps);
}

/* j c_j of a part will be needed. */
static bool want_multiples(struct numbers *n, uint32_t number) {
  struct part *p = taylor_of(n)->part + number;
  if (!p->d) p->d = tri__taylor_room(n);
  return p->d != NULL;
}

static bool add_factor(struct numbers *n, uint32_t number, unsigned i) {
  const struct part *p = taylor_of(n)->part + number;
  struct factor f = {p->arg[i], NO_PART};
  uint32_t order = p->order - 1;
  if (n->rows[p->op].partial[i]) {
    f.partial = i == 0 && p->op == TRI_OP_pow && tri__taylor_power_divides(n, p)
                    ? tri__taylor_power_partial(n, number, order)
                    : by_program(n, number, i, order);
    if (f.partial == NO_PART) return false;
  }
  struct part *again = taylor_of(n)->part + number;
  again->factor[again->factors++] = f;
  return want_multiples(n, f.argument);
}

/* A part that came with its factors keeps them. */
static bool add_factors(struct numbers *n, uint32_t number) {
  const struct part *p = taylor_of(n)->part + number;
  if (p->rule != PART_GENERAL || !p->order) return true;
  if (p->factors) return want_multiples(n, p->factor[0].argument);
  for (unsigned i = 0; i < taylor_of(n)->part[number].nargs; i++)
    if (passes(n, taylor_of(n)->part + number, i) && !add_factor(n, number, i)) return false;
  return true;
}

/* --- all of them */

/* One part for arguments that are the same number. */
static uint32_t argument(struct numbers *n, const void *x) {
  struct taylor *t = taylor_of(n);
  for (uint32_t i = 0; i < t->parts; i++)
    if (t->part[i].c == x) return i;
  struct part p = {.op = TRI_OP_variable, .order = n->directions, .c = (void *)(uintptr_t)x};
  p.length = tri__taylor_length(n, x, n->directions);
  p.rule = p.length > 1 ? PART_GIVEN : PART_FIXED;
  return append(n, &p);
}

uint32_t tri__taylor_parts(struct numbers *n, tri_op op, enum apply_mode mode,
                           const void *const *arguments) {
  struct taylor *t = taylor_of(n);
  struct part like = {.op = (uint16_t)op, .nargs = n->rows[op].arity, .order = n->directions};
  t->parts = t->series_used = 0;
  t->composed = 0;
  for (unsigned i = 0; i < like.nargs; i++) {
    like.arg[i] = argument(n, arguments[i]);
    if (like.arg[i] == NO_PART) return NO_PART;
  }
  uint32_t own = tri__taylor_part(n, &like, mode);
  for (uint32_t i = 0; own != NO_PART && i < t->parts; i++)
    if (!add_factors(n, i)) own = NO_PART;
  return own;
}
