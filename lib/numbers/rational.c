/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The domain of exact rationals: the rows' exact values, and where there is none, why. */
#include <math.h>

#include "base/text.h"
#include "graph/exact.h"
#include "numbers/domain.h"

/* `q` is kept canonical, and is 0 where there is no value. */
struct rational {
  mpq_t q;
  uint8_t state; /* enum number_state */
};

static struct rational *at(const void *x) { return (struct rational *)(uintptr_t)x; }
static bool exists(const void *x) { return at(x)->state == NUMBER_VALUE; }

static void none(void *to, enum number_state why) {
  mpq_set_ui(at(to)->q, 0, 1);
  at(to)->state = (uint8_t)why;
}

static void copy(void *to, const void *from) {
  if (to == from) return;
  mpq_set(at(to)->q, at(from)->q);
  at(to)->state = at(from)->state;
}

static bool fits(const struct numbers *n, mpq_srcptr q) {
  return mpz_sizeinbase(mpq_numref(q), 2) <= n->bits && mpz_sizeinbase(mpq_denref(q), 2) <= n->bits;
}

static bool rational_open(struct numbers *n) {
  n->size = sizeof(struct rational);
  return true;
}

static bool rational_init(struct numbers *n, void *array, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct rational *x = number_at(n, array, i);
    mpq_init(x->q);
    x->state = NUMBER_VALUE;
  }
  return true;
}

static void rational_clear(struct numbers *n, void *array, size_t count) {
  for (size_t i = 0; i < count; i++) mpq_clear(at(number_at(n, array, i))->q);
}

static void rational_set(struct numbers *n, void *to, const void *from, size_t count) {
  for (size_t i = 0; i < count; i++) copy(number_at(n, to, i), number_at(n, from, i));
}

static void rational_set_rational(struct numbers *n, void *to, mpq_srcptr q) {
  if (!fits(n, q)) {
    none(to, NUMBER_TOO_LONG);
    return;
  }
  mpq_set(at(to)->q, q);
  at(to)->state = NUMBER_VALUE;
}

static void rational_set_double(struct numbers *n, void *to, double x) {
  if (!isfinite(x)) {
    none(to, NUMBER_NONE);
    return;
  }
  tri__mpq_set_double(at(to)->q, x);
  at(to)->state = NUMBER_VALUE;
  if (!fits(n, at(to)->q)) none(to, NUMBER_TOO_LONG);
}

static void rational_set_pi(struct numbers *n, void *to) {
  (void)n;
  none(to, NUMBER_INEXACT);
}

static void rational_set_none(struct numbers *n, void *to, enum number_state why) {
  (void)n;
  none(to, why);
}

static enum number_state state_of(enum exact exact) {
  switch (exact) {
  case EXACT_VALUE: return NUMBER_VALUE;
  case EXACT_NONE: return NUMBER_NONE;
  case EXACT_INEXACT: return NUMBER_INEXACT;
  default: return NUMBER_TOO_LONG;
  }
}

/* All arguments have values. There are no infinities, so no difference between the modes. */
static void apply_row(struct numbers *n, tri_op op, void *to, const void *const *x) {
  const struct row *row = n->rows + op;
  mpq_srcptr b = row->arity > 1 ? at(x[1])->q : NULL;
  enum exact exact = tri__exact(row, op, at(to)->q, at(x[0])->q, b, n->bits);
  if (exact == EXACT_VALUE)
    at(to)->state = NUMBER_VALUE;
  else
    none(to, state_of(exact));
}

/* The rows that may have a value where an argument has none; the first has one here. */
static void apply_lazy(struct numbers *n, tri_op op, void *to, const void *const *x) {
  bool zero = mpq_sgn(at(x[0])->q) == 0;
  if (op == TRI_OP_select)
    copy(to, zero ? x[2] : x[1]);
  else if (zero)
    copy(to, x[0]);
  else if (!exists(x[1]))
    none(to, at(x[1])->state);
  else
    apply_row(n, op, to, x);
}

static void rational_apply(struct numbers *n, tri_op op, enum apply_mode mode, void *to,
                           const void *const *x) {
  (void)mode;
  if (!tri__arguments_exist(n, op, to, x)) return;
  if (n->rows[op].lazy)
    apply_lazy(n, op, to, x);
  else
    apply_row(n, op, to, x);
}

static enum number_state rational_state(const struct numbers *n, const void *x) {
  (void)n;
  return (enum number_state)at(x)->state;
}

static bool rational_zero(const struct numbers *n, const void *x) {
  (void)n;
  return exists(x) && mpq_sgn(at(x)->q) == 0;
}

static int rational_compare(struct numbers *n, const void *a, const void *b) {
  (void)n;
  if (!exists(a) || !exists(b)) return COMPARE_UNKNOWN;
  int order = mpq_cmp(at(a)->q, at(b)->q);
  return (order > 0) - (order < 0);
}

static void rational_text(const struct numbers *n, const void *x, tri_text *text) {
  (void)n;
  if (exists(x))
    tri__text_rational(text, at(x)->q);
  else
    tri__text_puts(text, "nan");
}

static double rational_to_double(const struct numbers *n, const void *x) {
  (void)n;
  return exists(x) ? tri__mpq_double(at(x)->q) : (double)NAN;
}

static bool rational_to_rational(const struct numbers *n, const void *x, mpq_ptr q) {
  (void)n;
  if (!exists(x)) return false;
  mpq_set(q, at(x)->q);
  return true;
}

const struct domain tri__rational_domain = {
    .name = "rational",
    .open = rational_open,
    .init = rational_init,
    .clear = rational_clear,
    .set = rational_set,
    .set_rational = rational_set_rational,
    .set_double = rational_set_double,
    .set_pi = rational_set_pi,
    .set_none = rational_set_none,
    .apply = rational_apply,
    .partial = tri__partial_by_program,
    .kink = tri__kink_by_program,
    .state = rational_state,
    .zero = rational_zero,
    .compare = rational_compare,
    .text = rational_text,
    .to_double = rational_to_double,
    .to_rational = rational_to_rational,
};
