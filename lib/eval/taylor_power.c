/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Series of powers, and of rows that are their own derivative with the next parameter.
 *
 * a^b, with b at rest: for a small natural b by multiplications, which a = 0 does not disturb; else, where a is not 0, by r' = (b r/a) a'.
 * With b in motion it is exp(q), q = b log a: r' = r q'. At a = 0 the row's partials are all there is: b a^(b-1), b - 2, …. */
#include "eval/taylor.h"

/* Up to here the products cost less than their error does harm. */
enum { LARGEST_NATURAL = 64 };

static bool moves(const struct numbers *n, uint32_t number) {
  return taylor_of(n)->part[number].rule != PART_FIXED;
}

static bool is_zero(const struct numbers *n, uint32_t number) {
  return n->base->domain->zero(n->base, taylor_of(n)->part[number].c);
}

static uint32_t binary(struct numbers *n, tri_op op, uint32_t x, uint32_t y, uint32_t order) {
  const struct part like = {.op = (uint16_t)op, .nargs = 2, .arg = {x, y}, .order = order};
  return tri__taylor_part(n, &like, APPLY_EXTENDED);
}

/* --- powers */

/* The natural number up to LARGEST_NATURAL that the exponent certainly is, or -1. */
static int natural_exponent(struct numbers *n, const struct part *power) {
  struct numbers *b = n->base;
  const void *exponent = taylor_of(n)->part[power->arg[1]].c;
  void *number = taylor_room(n, ROOM_PARAMETER);
  if (moves(n, power->arg[1])) return -1;
  double x = b->domain->to_double(b, exponent);
  if (!(x >= 0.0 && x <= LARGEST_NATURAL)) return -1;
  b->domain->set_double(b, number, (int)x);
  return b->domain->compare(b, exponent, number) == 0 ? (int)x : -1;
}

/* Squares and products by a, from the exponent's leading bit down; the last of them is the power itself. */
static bool by_products(struct numbers *n, struct part *power, int exponent) {
  uint32_t a = power->arg[0], done = a;
  unsigned steps = 0, bit = 0;
  while (exponent >> (bit + 1)) bit++;
  for (unsigned i = bit; i-- > 0;) steps += 1 + (exponent >> i & 1);
  for (unsigned i = bit; i-- > 0;) {
    for (int by_a = 0; by_a <= (exponent >> i & 1); by_a++) {
      uint32_t other = by_a ? a : done;
      if (--steps) {
        done = binary(n, TRI_OP_mul, done, other, power->order);
        if (done == NO_PART) return false;
      } else {
        power->rule = done == other ? PART_SQUARE : PART_PRODUCT;
        power->factor[0] = (struct factor){done, other};
      }
    }
  }
  return true;
}

/* r' = r q'. The power gets the number after q's. */
static bool by_exponential(struct numbers *n, struct part *power) {
  const struct part log = {
      .op = TRI_OP_log, .nargs = 1, .arg = {power->arg[0]}, .order = power->order};
  uint32_t logarithm = tri__taylor_part(n, &log, APPLY_EXTENDED);
  if (logarithm == NO_PART) return false;
  uint32_t q = binary(n, TRI_OP_mul, power->arg[1], logarithm, power->order);
  if (q == NO_PART) return false;
  power->factor[power->factors++] = (struct factor){q, (uint32_t)taylor_of(n)->parts};
  return true;
}

/* a^1 is 1 a. */
static bool by_one(struct numbers *n, struct part *power) {
  const struct part one = {.op = TRI_OP_constant, .num = 1, .den = 1, .order = power->order};
  uint32_t factor = tri__taylor_part(n, &one, APPLY_EXTENDED);
  power->rule = PART_PRODUCT;
  power->factor[0] = (struct factor){power->arg[0], factor};
  return factor != NO_PART;
}

bool tri__taylor_power(struct numbers *n, struct part *power) {
  int exponent = natural_exponent(n, power);
  if (exponent == 0) power->rule = PART_FIXED;
  if (exponent == 1) return by_one(n, power);
  if (exponent > 1) return by_products(n, power, exponent);
  return exponent == 0 || !moves(n, power->arg[1]) || is_zero(n, power->arg[0]) ||
         by_exponential(n, power);
}

bool tri__taylor_power_divides(const struct numbers *n, const struct part *power) {
  return !moves(n, power->arg[1]) && !is_zero(n, power->arg[0]) &&
         !n->base->domain->zero(n->base, power->c);
}

uint32_t tri__taylor_power_partial(struct numbers *n, uint32_t power, uint32_t order) {
  uint32_t a = taylor_of(n)->part[power].arg[0], b = taylor_of(n)->part[power].arg[1];
  uint32_t multiple = binary(n, TRI_OP_mul, b, power, order);
  return multiple == NO_PART ? NO_PART : binary(n, TRI_OP_div, multiple, a, order);
}

/* --- ladders */

/* Whether a step is the row's argument plus 1. */
static bool raises(const struct template *t, int ref, unsigned argument) {
  const struct template_step *s = ref < HOLES ? NULL : t->step + (ref - HOLES);
  if (!s || s->op != TRI_OP_add) return false;
  int own = HOLE_A + (int)argument, one = s->arg[0] == own ? s->arg[1] : s->arg[0];
  if ((s->arg[0] != own && s->arg[1] != own) || one < HOLES) return false;
  const struct template_step *c = t->step + (one - HOLES);
  return c->op == TRI_OP_constant && c->num == 1 && c->den == 1;
}

bool tri__taylor_ladder(const struct numbers *n, tri_op op, unsigned *by, unsigned *raised) {
  if (n->rows[op].arity != 2) return false;
  for (*by = 0; *by < 2; ++*by) {
    const struct template *t = n->programs->partial[op][*by];
    *raised = 1 - *by;
    if (!t || t->result < HOLES) continue;
    const struct template_step *last = t->step + (t->result - HOLES);
    if (last->op == op && last->arg[*by] == HOLE_A + (int)*by &&
        raises(t, last->arg[*raised], *raised))
      return true;
  }
  return false;
}

/* f(m + k, u_0)/k! for k = 0, 1, …, order into c. */
static void outer_coefficients(struct numbers *n, const struct part *p, unsigned by,
                               unsigned raised, void *c) {
  struct numbers *b = n->base;
  const struct part *part = taylor_of(n)->part;
  void *parameter = taylor_room(n, ROOM_PARAMETER), *factorial = taylor_room(n, ROOM_WHOLE),
       *count = taylor_room(n, ROOM_COUNT);
  const void *x[2];
  x[by] = part[p->arg[by]].c;
  x[raised] = parameter;
  b->domain->set(b, parameter, part[p->arg[raised]].c, 1);
  b->domain->set_double(b, factorial, 1.0);
  b->domain->set(b, c, p->c, 1);
  for (uint32_t k = 1; k <= p->order; k++) {
    void *to = number_at(b, c, k);
    b->domain->set_double(b, count, k);
    b->domain->apply(b, TRI_OP_mul, APPLY_EXTENDED, factorial, (const void *[]){factorial, count});
    b->domain->apply(b, TRI_OP_add, APPLY_EXTENDED, parameter,
                     (const void *[]){parameter, taylor_room(n, ROOM_ONE)});
    b->domain->apply(b, (tri_op)p->op, APPLY_EXTENDED, to, x);
    b->domain->apply(b, TRI_OP_div, APPLY_EXTENDED, to, (const void *[]){to, factorial});
  }
}

/* By Horner's rule; what is multiplied r times more by u - u_0 is needed to r orders less. */
bool tri__taylor_compose(struct numbers *n, struct part *p, unsigned by, unsigned raised) {
  struct numbers *b = n->base;
  void *c = tri__taylor_room(n);
  if (!c) return false;
  const struct part *u = taylor_of(n)->part + p->arg[by];
  outer_coefficients(n, p, by, raised, c);
  b->domain->set(b, p->c, number_at(b, c, p->order), 1);
  for (uint32_t k = p->order; k-- > 0;)
    tri__taylor_horner(n, p->c, u->c, u->length, number_at(b, c, k), p->order - k);
  p->rule = PART_GIVEN;
  p->length = tri__taylor_length(n, p->c, p->order);
  return true;
}
