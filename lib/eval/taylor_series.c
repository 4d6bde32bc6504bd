/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The arithmetic of truncated power series: convolutions, and the parts of an operation solved order by order.
 *
 * A coefficient beyond the first is a derivative, so where one is 0 its products are 0 whatever the other factor is (strong zeros); a
 * first coefficient that is 0 does the same in operations that choose. */
#include "eval/taylor.h"

#include <math.h>

#include "base/text.h"

/* --- convolutions */

/* x_j y_(k-j) for j = from … to. */
struct convolution {
  const void *x, *y;
  uint32_t x_length, y_length, k, from, to;
  bool strong; /* also by first coefficients */
};

/* By lengths. */
static void shorten(struct convolution *c) {
  if (c->to >= c->x_length) c->to = c->x_length - 1;
  if (c->k >= c->y_length && c->from <= c->k - c->y_length) c->from = c->k - c->y_length + 1;
}

/* Where all is finite there is nothing to look out for. */
static bool convolve_doubles(double *sum, const struct convolution *c) {
  const double *x = c->x, *y = c->y;
  double total = *sum;
  for (uint32_t j = c->from; j <= c->to; j++) total += x[j] * y[c->k - j];
  if (!isfinite(total)) return false;
  *sum = total;
  return true;
}

/* Adds a convolution to a sum. */
static void convolve(struct numbers *n, void *sum, struct convolution c) {
  struct numbers *b = n->base;
  const struct domain *domain = b->domain;
  void *product = taylor_room(n, ROOM_PRODUCT);
  shorten(&c);
  if (c.from > c.to || (domain == &tri__double_domain && convolve_doubles(sum, &c))) return;
  for (uint32_t j = c.from; j <= c.to; j++) {
    const void *x[] = {number_at(b, c.x, j), number_at(b, c.y, c.k - j)};
    if ((j || c.strong) && domain->zero(b, x[0])) continue;
    if ((j < c.k || c.strong) && domain->zero(b, x[1])) continue;
    domain->apply(b, TRI_OP_mul, APPLY_EXTENDED, product, x);
    domain->apply(b, TRI_OP_add, APPLY_EXTENDED, sum, (const void *[]){sum, product});
  }
}

/* --- one coefficient, k >= 1 */

static void apply2(struct numbers *b, tri_op op, void *to, const void *x, const void *y) {
  b->domain->apply(b, op, APPLY_EXTENDED, to, (const void *[]){x, y});
}

static void set_zero(struct numbers *b, void *to) { b->domain->set_double(b, to, 0.0); }

/* The operation itself on coefficients; 0 where all are. */
static void linear(struct numbers *n, struct part *p, uint32_t k, void *to) {
  struct numbers *b = n->base;
  const struct part *part = taylor_of(n)->part;
  const void *x[ROW_MAX_ARITY] = {NULL};
  bool any = false;
  for (unsigned i = 0; i < p->nargs; i++) {
    bool condition = n->rows[p->op].conditions >> i & 1;
    x[i] = coefficient_at(n, part + p->arg[i], condition ? 0 : k);
    any |= !condition && !b->domain->zero(b, x[i]);
  }
  if (any)
    b->domain->apply(b, (tri_op)p->op, APPLY_EXTENDED, to, x);
  else
    set_zero(b, to);
}

static void product(struct numbers *n, struct part *p, uint32_t k, void *to) {
  const struct part *x = taylor_of(n)->part + p->factor[0].argument,
                    *y = taylor_of(n)->part + p->factor[0].partial;
  bool strong = n->rows[p->op].choice;
  set_zero(n->base, to);
  convolve(n, to, (struct convolution){x->c, y->c, x->length, y->length, k, 0, k, strong});
}

/* Twice the products of different coefficients, and the square of the middle one. */
static void square(struct numbers *n, struct part *p, uint32_t k, void *to) {
  struct numbers *b = n->base;
  const struct part *x = taylor_of(n)->part + p->factor[0].argument;
  set_zero(b, to);
  convolve(n, to, (struct convolution){x->c, x->c, x->length, x->length, k, 0, (k - 1) / 2, false});
  apply2(b, TRI_OP_add, to, to, to);
  if (k % 2) return;
  const void *middle = coefficient_at(n, x, k / 2);
  if (b->domain->zero(b, middle)) return;
  apply2(b, TRI_OP_mul, taylor_room(n, ROOM_PRODUCT), middle, middle);
  apply2(b, TRI_OP_add, to, to, taylor_room(n, ROOM_PRODUCT));
}

/* r b = a, so r_k = (a_k - the sum of b_j r_(k-j) over j = 1 … k)/b_0. */
static void quotient(struct numbers *n, struct part *p, uint32_t k, void *to) {
  struct numbers *b = n->base;
  const struct part *x = taylor_of(n)->part + p->arg[0], *y = taylor_of(n)->part + p->arg[1];
  void *sum = taylor_room(n, ROOM_SUM);
  set_zero(b, sum);
  convolve(n, sum, (struct convolution){y->c, p->c, y->length, p->length, k, 1, k, false});
  apply2(b, TRI_OP_sub, to, coefficient_at(n, x, k), sum);
  if (!b->domain->zero(b, to)) apply2(b, TRI_OP_div, to, to, coefficient_at(n, y, 0));
}

/* a_k p_0, for a partial that is a constant: no rounding by k a_k p_0/k. */
static void add_multiple(struct numbers *n, const struct part *p, const struct part *a,
                         const struct part *partial, uint32_t k) {
  struct numbers *b = n->base;
  const void *x = coefficient_at(n, a, k), *y = coefficient_at(n, partial, 0);
  void *whole = taylor_room(n, ROOM_WHOLE), *term = taylor_room(n, ROOM_PRODUCT);
  if (b->domain->zero(b, x) || (n->rows[p->op].choice && b->domain->zero(b, y))) return;
  apply2(b, TRI_OP_mul, term, x, y);
  apply2(b, TRI_OP_add, whole, whole, term);
}

static void add_factor(struct numbers *n, const struct part *p, struct factor f, uint32_t k) {
  const struct part *a = taylor_of(n)->part + f.argument, *q = taylor_of(n)->part + f.partial;
  bool strong = n->rows[p->op].choice;
  if (q->length == 1)
    add_multiple(n, p, a, q, k);
  else
    convolve(n, taylor_room(n, ROOM_SUM),
             (struct convolution){a->d, q->c, a->length, q->length, k, 1, k, strong});
}

static void general(struct numbers *n, struct part *p, uint32_t k, void *to) {
  struct numbers *b = n->base;
  void *sum = taylor_room(n, ROOM_SUM), *whole = taylor_room(n, ROOM_WHOLE);
  set_zero(b, sum);
  set_zero(b, whole);
  for (unsigned i = 0; i < p->factors; i++) {
    if (p->factor[i].partial == NO_PART) {
      b->domain->set_none(b, to, NUMBER_NONE);
      return;
    }
    add_factor(n, p, p->factor[i], k);
  }
  if (k > 1 && !b->domain->zero(b, sum))
    apply2(b, TRI_OP_div, sum, sum, taylor_room(n, ROOM_COUNT));
  apply2(b, TRI_OP_add, to, whole, sum);
}

/* --- all coefficients of all parts */

static void next_coefficient(struct numbers *n, struct part *p, uint32_t k) {
  void *to = number_at(n->base, p->c, k);
  switch (p->rule) {
  case PART_GIVEN:
  case PART_FIXED: return;
  case PART_LINEAR: linear(n, p, k, to); break;
  case PART_PRODUCT: product(n, p, k, to); break;
  case PART_SQUARE: square(n, p, k, to); break;
  case PART_QUOTIENT: quotient(n, p, k, to); break;
  default: general(n, p, k, to);
  }
  if (!n->base->domain->zero(n->base, to)) p->length = k + 1;
}

static void solve(struct numbers *n) {
  struct taylor *t = taylor_of(n);
  struct numbers *b = n->base;
  void *count = taylor_room(n, ROOM_COUNT);
  for (uint32_t k = 1; k <= n->directions; k++) {
    if (t->interrupt && *t->interrupt) {
      n->status = TRI_INTERRUPTED;
      return;
    }
    b->domain->set_double(b, count, k);
    for (struct part *p = t->part; p < t->part + t->parts && p->order >= k; p++) {
      next_coefficient(n, p, k);
      if (p->d) apply2(b, TRI_OP_mul, number_at(b, p->d, k), count, coefficient_at(n, p, k));
    }
  }
}

static void taylor_apply(struct numbers *n, tri_op op, enum apply_mode mode, void *result,
                         const void *const *arguments) {
  struct numbers *b = n->base;
  if (n->status || b->status) return;
  uint32_t own = tri__taylor_parts(n, op, mode, arguments);
  if (own == NO_PART) return;
  solve(n);
  const struct part *p = taylor_of(n)->part + own;
  b->domain->set(b, result, p->c, p->length); /* it may stand where an argument does */
  for (uint32_t k = p->length; k <= n->directions; k++) set_zero(b, number_at(b, result, k));
}

uint32_t tri__taylor_length(const struct numbers *n, const void *c, uint32_t order) {
  const struct numbers *b = n->base;
  uint32_t k = order;
  while (k && b->domain->zero(b, number_at(b, c, k))) k--;
  return k + 1;
}

void tri__taylor_horner(struct numbers *n, void *h, const void *u, uint32_t u_length, const void *c,
                        uint32_t order) {
  struct numbers *b = n->base;
  void *sum = taylor_room(n, ROOM_SUM);
  for (uint32_t k = order; k; k--) {
    set_zero(b, sum);
    convolve(n, sum, (struct convolution){u, h, u_length, k, k, 1, k, false});
    b->domain->set(b, number_at(b, h, k), sum, 1);
  }
  b->domain->set(b, h, c, 1);
}

/* --- the context */

void *tri__taylor_room(struct numbers *n) {
  struct taylor *t = taylor_of(n);
  if (t->series_used == t->series_made) {
    void *made = NULL;
    if (tri__grow(n->memory, (void **)&t->series, &t->series_capacity, t->series_made + 1,
                  sizeof *t->series))
      made = tri__numbers_new(n->base, (size_t)n->directions + 1);
    if (!made) {
      n->status = TRI_MEMORY;
      return NULL;
    }
    t->series[t->series_made++] = made;
  }
  return t->series[t->series_used++];
}

static void taylor_close(struct numbers *n) {
  struct taylor *t = taylor_of(n);
  while (t->series_made)
    tri__numbers_delete(n->base, t->series[--t->series_made], (size_t)n->directions + 1);
  if (t->series) tri__free(n->memory, t->series, t->series_capacity, sizeof *t->series);
  if (t->part) tri__free(n->memory, t->part, t->part_capacity, sizeof *t->part);
  tri__numbers_delete(n->base, t->room, ROOMS);
  tri__free(n->memory, t, 1, sizeof *t);
}

/* c_0 + c_1*eps + c_2*eps^2 + … as it stands for t. */
static void taylor_text(const struct numbers *n, const void *x, tri_text *text) {
  const struct numbers *b = n->base;
  b->domain->text(b, x, text);
  for (uint32_t k = 1; k <= n->directions; k++) {
    if (b->domain->zero(b, number_at(b, x, k))) continue;
    tri__text_puts(text, " + ");
    b->domain->text(b, number_at(b, x, k), text);
    tri__text_puts(text, "*eps");
    if (k > 1) tri__text_printf(text, "^%lu", (unsigned long)k);
  }
}

bool tri__taylor_open(struct numbers *n, struct numbers *base, uint32_t order) {
  struct taylor *t = tri__new(base->memory, 1, sizeof *t);
  void *room = t ? tri__numbers_new(base, ROOMS) : NULL;
  *n = *base;
  if (!room || !size_product((size_t)order + 1, base->size, &n->size)) {
    tri__numbers_delete(base, room, ROOMS);
    tri__free(base->memory, t, 1, sizeof *t);
    n->domain = NULL;
    return false;
  }
  t->room = room;
  t->domain = tri__dual_domain;
  t->domain.name = "series";
  t->domain.close = taylor_close;
  t->domain.apply = taylor_apply;
  t->domain.text = taylor_text;
  n->domain = &t->domain;
  n->base = base;
  n->directions = order;
  n->scratch = NULL;
  n->own = t;
  n->status = TRI_OK;
  base->domain->set_double(base, taylor_room(n, ROOM_ONE), 1.0);
  return true;
}
