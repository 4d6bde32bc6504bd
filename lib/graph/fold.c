/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Exact folding: operations over rational constants whose value is rational. Sizes are projected before GMP is called; what
 * would exceed the folding limit stays a node, and a power beyond the digit limit is refused. Only where a value exists. */
#include <math.h>

#include "graph/node.h"

static size_t bits(mpq_srcptr q) {
  return mpz_sizeinbase(mpq_numref(q), 2) + mpz_sizeinbase(mpq_denref(q), 2);
}

static bool is_integer(mpq_srcptr q) { return mpz_cmp_ui(mpq_denref(q), 1) == 0; }

/* Whether base^exponent is as small as its base for every exponent: 0, 1, -1. */
static bool is_unit(mpq_srcptr base) {
  return is_integer(base) && mpz_cmpabs_ui(mpq_numref(base), 1) <= 0;
}

static double log2_of(mpz_srcptr z) {
  long exponent;
  double mantissa = mpz_get_d_2exp(&exponent, z);
  return log2(fabs(mantissa)) + (double)exponent;
}

static uint32_t too_large(tri_graph *g) {
  return tri__fail(g, TRI_LIMIT, "an exact power of more than %llu digits (the digit limit)",
                   (unsigned long long)g->limits.digits);
}

/* r = base^|n|, inverted where n < 0. */
static void power(mpq_ptr r, mpq_srcptr base, int64_t n) {
  unsigned long m = n < 0 ? -(unsigned long)n : (unsigned long)n;
  mpz_pow_ui(mpq_numref(r), mpq_numref(base), m);
  mpz_pow_ui(mpq_denref(r), mpq_denref(base), m);
  if (n < 0) mpq_inv(r, r);
}

/* base^exponent for an integer exponent. 1: in r; 0: stays a node; an error id: refused. */
static uint32_t fold_pow(tri_graph *g, mpq_ptr r, mpq_srcptr base, mpq_srcptr exponent) {
  if (!is_integer(exponent) || (mpq_sgn(base) == 0 && mpq_sgn(exponent) < 0)) return 0;
  if (is_unit(base)) {
    power(r, base,
          mpq_sgn(base) < 0 && mpz_odd_p(mpq_numref(exponent)) ? 1
          : mpq_sgn(exponent)                                  ? 2
                                                               : 0);
    return 1;
  }
  double n = fabs(mpz_get_d(mpq_numref(exponent))), num = log2_of(mpq_numref(base)),
         den = log2_of(mpq_denref(base));
  if (n * fmax(num, den) > 3.322 * (double)g->limits.digits) return too_large(g);
  if (n * (num + den) > (double)g->limits.fold || !mpz_fits_slong_p(mpq_numref(exponent))) return 0;
  power(r, base, mpz_get_si(mpq_numref(exponent)));
  return 1;
}

static bool fold_sqrt(mpq_ptr r, mpq_srcptr a) {
  if (mpq_sgn(a) < 0 || !mpz_perfect_square_p(mpq_numref(a)) ||
      !mpz_perfect_square_p(mpq_denref(a)))
    return false;
  mpz_sqrt(mpq_numref(r), mpq_numref(a));
  mpz_sqrt(mpq_denref(r), mpq_denref(a));
  return true;
}

static void set_integer(mpq_ptr r, int n) { mpq_set_si(r, n, 1); }

static bool fold_arithmetic(tri_op op, mpq_ptr r, mpq_srcptr a, mpq_srcptr b) {
  switch (op) {
  case TRI_OP_add: return mpq_add(r, a, b), true;
  case TRI_OP_sub: return mpq_sub(r, a, b), true;
  case TRI_OP_mul:
  case TRI_OP_gate: return mpq_mul(r, a, b), true;
  case TRI_OP_div:
    if (mpq_sgn(b) == 0) return false;
    mpq_div(r, a, b);
    return true;
  case TRI_OP_min: return mpq_set(r, mpq_cmp(b, a) < 0 ? b : a), true;
  case TRI_OP_max: return mpq_set(r, mpq_cmp(a, b) < 0 ? b : a), true;
  default: return false;
  }
}

static bool fold_unary(tri_op op, mpq_ptr r, mpq_srcptr a) {
  switch (op) {
  case TRI_OP_neg: return mpq_neg(r, a), true;
  case TRI_OP_abs: return mpq_abs(r, a), true;
  case TRI_OP_square: return mpq_mul(r, a, a), true;
  case TRI_OP_sqrt: return fold_sqrt(r, a);
  case TRI_OP_sign: return set_integer(r, mpq_sgn(a)), true;
  case TRI_OP_heaviside: return set_integer(r, mpq_sgn(a) >= 0), true;
  case TRI_OP_relu:
    if (mpq_sgn(a) > 0) mpq_set(r, a);
    return true;
  case TRI_OP_floor: return mpz_fdiv_q(mpq_numref(r), mpq_numref(a), mpq_denref(a)), true;
  case TRI_OP_ceil: return mpz_cdiv_q(mpq_numref(r), mpq_numref(a), mpq_denref(a)), true;
  default: return false;
  }
}

/* -1: not a comparison. */
static int fold_comparison(tri_op op, mpq_srcptr a, mpq_srcptr b) {
  int order = mpq_cmp(a, b);
  switch (op) {
  case TRI_OP_lt: return order < 0;
  case TRI_OP_le: return order <= 0;
  case TRI_OP_gt: return order > 0;
  case TRI_OP_ge: return order >= 0;
  case TRI_OP_eq: return order == 0;
  case TRI_OP_ne: return order != 0;
  case TRI_OP_logical_and: return mpq_sgn(a) && mpq_sgn(b);
  case TRI_OP_logical_or: return mpq_sgn(a) || mpq_sgn(b);
  default: return -1;
  }
}

/* Values at 0 and 1 that rows state. */
static uint32_t fold_stated(tri_graph *g, const struct row *row, mpq_srcptr a) {
  if (mpq_sgn(a) == 0 && row->at_zero) return row->at_zero == AT_ZERO_1 ? g->one : g->zero;
  return row->root_at_one && mpq_cmp_ui(a, 1, 1) == 0 ? g->zero : 0;
}

static uint32_t fold_number(tri_graph *g, tri_op op, size_t nargs, mpq_srcptr a, mpq_srcptr b) {
  mpq_t r;
  mpq_init(r);
  uint32_t folded = op == TRI_OP_pow ? fold_pow(g, r, a, b)
                    : nargs == 1     ? (uint32_t)fold_unary(op, r, a)
                                     : (uint32_t)fold_arithmetic(op, r, a, b);
  uint32_t id = folded != 1 ? folded : bits(r) > g->limits.fold ? 0 : tri__constant(g, r);
  mpq_clear(r);
  return id;
}

uint32_t tri__fold(tri_graph *g, tri_op op, size_t nargs, const uint32_t *args) {
  mpq_t a, b;
  if (nargs > 2 || !tri__rational(g, args[0], a) || (nargs == 2 && !tri__rational(g, args[1], b)))
    return 0;
  const struct row *row = g->rows + op;
  if (nargs == 1 && op == TRI_OP_logical_not) return tri__boolean(g, mpq_sgn(a) == 0);
  if (nargs == 1 && !row->exact) return fold_stated(g, row, a);
  if (!row->exact) return 0;
  int truth = nargs == 2 ? fold_comparison(op, a, b) : -1;
  if (truth >= 0) return tri__boolean(g, truth);
  /* a sum's or product's bits are at most the sum of its arguments' and one */
  if (op != TRI_OP_pow && nargs == 2 && 2 * (bits(a) + bits(b)) > 8 * g->limits.fold) return 0;
  return fold_number(g, op, nargs, a, b);
}
