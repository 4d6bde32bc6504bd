/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Truncated power series of every part of an expression in one variable: coefficient k of a node is the expression of its k-th
 * derivative over k!, at a point. Those of r = f(a) follow from the row's partial p, whose own series is one order shorter:
 *
 *   r' = p a',  so  m r_m = sum of j a_j p_(m-j) over j = 1 … m
 *
 * (Griewank and Walther, Evaluating Derivatives, 2nd ed., chapter 13). Partials are nodes too and often ones that are there already
 * (sin and cos), so an elementary function takes a multiple of order² nodes. Products and quotients have the ring's rules. */
#ifndef TRIAD_CALCULUS_SERIES_H
#define TRIAD_CALCULUS_SERIES_H

#include "calculus/rule.h"
#include "graph/index.h"

/* What becomes of a node's coefficients beyond the first. */
enum slot_kind {
  SLOT_CONSTANT, /* x does not occur in it */
  SLOT_FIXED,    /* x occurs where no derivative passes: all are zero */
  SLOT_VARIABLE, /* x itself */
  SLOT_LINEAR,   /* the operation itself on coefficients */
  SLOT_PRODUCT,
  SLOT_QUOTIENT,
  SLOT_GENERAL, /* by its partials */
  SLOT_STACK,
  SLOT_ELEMENT
};

/* A term j a_j p_(m-j) of a node: the slots of a and p. */
struct factor {
  uint32_t argument, partial;
};

struct slot {
  uint32_t id;
  uint32_t order;  /* of the last coefficient that is wanted */
  uint32_t length; /* 1 + the last coefficient that is not zero, of those known */
  uint8_t kind;
  uint8_t choice; /* coefficients beyond the first may be zero by choice */
  uint8_t factors;
  struct factor factor[ROW_MAX_ARITY];
};

struct series {
  tri_graph *graph;
  uint32_t x, at;
  struct slot *slot; /* arguments before users, in falling order of their orders */
  size_t slots, slot_capacity;
  struct index index; /* slot numbers by the id of the node */
  uint32_t
      *coefficient; /* row k: coefficient k of the slots that want it, which are the first ones */
  size_t coefficients, coefficient_capacity;
  size_t *row; /* where row k starts */
  size_t row_capacity;
  struct visit *stack;
  size_t stack_capacity;
  uint32_t *args; /* room for one node's arguments */
  size_t args_capacity;
};

/* A coefficient that does not exist, and why: there is no value of this operation there, or one but no derivative. It passes on like
 * NaN, and is an error only as a result. */
#define SERIES_NO_VALUE (NODE_ERROR + 64)
#define SERIES_NO_DERIVATIVE (SERIES_NO_VALUE + 96)
_Static_assert(TRI_OP_ROWS <= 96, "an operation fits into an id that says why");
static inline bool is_missing(uint32_t id) { return id >= SERIES_NO_VALUE; }

/* Functions return 0, or the error id of what stopped them, which sticks to the graph. */

/* The slots of e and of all that its coefficients to this order need, with their first coefficients: values at `at`. *s is to be freed
 * with tri__series_free whatever is returned. The slot of e into *root. */
uint32_t tri__series_init(struct series *s, tri_graph *g, uint32_t e, uint32_t x, uint32_t at,
                          uint32_t order, uint32_t *root);
void tri__series_free(struct series *s);

/* The number of a node's slot into *number; false if it has none. */
bool tri__series_find(const struct series *s, uint32_t id, uint32_t *number);

/* The operation of a slot's node on s->args, in place of its arguments; missing as described above. */
uint32_t tri__series_apply(struct series *s, uint32_t id);

/* All coefficients up to `order`, as given to tri__series_init. */
uint32_t tri__series_run(struct series *s, uint32_t order);

/* Coefficient k of a slot, k <= its order. */
static inline uint32_t series_get(const struct series *s, uint32_t number, uint32_t k) {
  const struct slot *slot = &s->slot[number];
  return k < slot->length ? s->coefficient[s->row[k] + number] : s->graph->zero;
}

#endif
