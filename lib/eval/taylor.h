/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Truncated power series c_0 + c_1 t + … + c_n t^n over any domain, as numbers that the interpreter runs a plan over.
 *
 * A series is laid out as a dual number with n tangents, so that all but its arithmetic is that of dual numbers: c_0 is the value,
 * "tangent" k - 1 is c_k. The arithmetic comes from the rows. Of r = f(a, b) the partials p = f_a, q = f_b give
 *
 *   r' = p a' + q b',   so   k r_k = sum of j a_j p_(k-j) + j b_j q_(k-j) over j = 1 … k
 *
 * (Griewank and Walther, Evaluating Derivatives, 2nd ed., chapter 13), where p and q are needed to one order less. They are built of
 * rows on the same arguments, whose series come about in the same way: the parts of one operation, solved together order by order.
 * + - * / select gate have the ring's rules, pow one that its exponent chooses, and a row that is its own derivative with the next
 * parameter (polygamma) has its coefficients at once. It is written without a look at lib/calculus, which it checks. */
#ifndef TRIAD_EVAL_TAYLOR_H
#define TRIAD_EVAL_TAYLOR_H

#include "eval/run.h"

enum { NO_PART = UINT32_MAX };

/* How a part's coefficients beyond the first come about. */
enum part_rule {
  PART_GIVEN,    /* they are there: an argument, or composed when the part was made */
  PART_FIXED,    /* all are 0: nothing that it is differentiated by moves */
  PART_LINEAR,   /* the operation itself on coefficients; conditions by their values */
  PART_PRODUCT,  /* of factor[0] */
  PART_SQUARE,   /* of factor[0].argument */
  PART_QUOTIENT, /* arg[0] by arg[1] */
  PART_GENERAL   /* by its factors */
};

/* A term j a_j p_(k-j): the parts a and p. NO_PART: there is no derivative by a. */
struct factor {
  uint32_t argument, partial;
};

/* One of the series that an operation takes. Its arguments come before it. */
struct part {
  uint16_t op;
  uint8_t nargs, rule, factors;
  uint32_t arg[ROW_MAX_ARITY];
  int64_t num, den; /* of a constant */
  uint32_t order;   /* of the last coefficient that is wanted; never rises from part to part */
  uint32_t length;  /* 1 + the last coefficient that is not 0, of those known */
  struct factor factor[ROW_MAX_ARITY];
  void *c; /* coefficients */
  void *d; /* j c_j at place j, NULL if nobody asks */
};

/* Numbers of the base domain to work with. */
enum { ROOM_ZERO, ROOM_ONE, ROOM_COUNT, ROOM_SUM, ROOM_WHOLE, ROOM_PRODUCT, ROOM_PARAMETER, ROOMS };

/* What belongs to a context of series: numbers->own. */
struct taylor {
  struct domain domain; /* the dual one with the arithmetic of series */
  struct part *part;
  size_t parts, part_capacity;
  void **series; /* room for the parts' coefficients, used again by every operation */
  size_t series_made, series_used, series_capacity;
  void *room;
  unsigned composed; /* parts of the last operation that had their coefficients at once */
  const volatile int *interrupt;
};

static inline struct taylor *taylor_of(const struct numbers *n) { return n->own; }
static inline void *taylor_room(const struct numbers *n, int which) {
  return number_at(n->base, taylor_of(n)->room, (size_t)which);
}
/* Coefficient k of a part; k is at most its order. */
static inline const void *coefficient_at(const struct numbers *n, const struct part *p,
                                         uint32_t k) {
  return k < p->length ? number_at(n->base, p->c, k) : taylor_room(n, ROOM_ZERO);
}

/* --- taylor_series.c */

/* Opens series to this order over an open context, which must outlive them; closed with tri__numbers_close. False, and nothing to
 * close, when out of memory. */
bool tri__taylor_open(struct numbers *n, struct numbers *base, uint32_t order);
/* Room for one more series until the next operation; NULL (status is set) when out of memory. */
void *tri__taylor_room(struct numbers *n);
/* 1 + the last coefficient up to this order that is not 0; at least 1. */
uint32_t tri__taylor_length(const struct numbers *n, const void *c, uint32_t order);
/* h_k = the sum of u_j h_(k-j) over j = 1 … k, then h_0 = c, for k from `order` down: h becomes h (u - u_0) + c. */
void tri__taylor_horner(struct numbers *n, void *h, const void *u, uint32_t u_length, const void *c,
                        uint32_t order);

/* --- taylor_parts.c */

/* The parts of an operation on these series, with their first coefficients. The number of its own part, NO_PART (status is set) when
 * out of memory. */
uint32_t tri__taylor_parts(struct numbers *n, tri_op op, enum apply_mode mode,
                           const void *const *arguments);
/* A part for an operation on parts, or a constant; the same again if there is one. NO_PART when out of memory. */
uint32_t tri__taylor_part(struct numbers *n, const struct part *like, enum apply_mode mode);

/* --- taylor_power.c: what is not as its partials say */

/* Makes what a power needs before itself and completes it accordingly: rule and factors. False when out of memory. */
bool tri__taylor_power(struct numbers *n, struct part *power);
/* Whether a power's partial by its base is b r/a, which leads nowhere; b pow(a, b - 1) leads on to b - 2, …. */
bool tri__taylor_power_divides(const struct numbers *n, const struct part *power);
/* b r/a as a part. */
uint32_t tri__taylor_power_partial(struct numbers *n, uint32_t power, uint32_t order);
/* The argument by which a row is its own derivative with another argument raised by 1, and that argument; false if there is none. */
bool tri__taylor_ladder(const struct numbers *n, tri_op op, unsigned *by, unsigned *raised);
/* The coefficients of such a part whose argument `by` is given and alone moves: f(m + k, u_0)/k!, composed with u. False when out of
 * memory. */
bool tri__taylor_compose(struct numbers *n, struct part *p, unsigned by, unsigned raised);

#endif
