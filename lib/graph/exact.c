/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows over exact rationals. */
#include "graph/exact.h"

#include <limits.h>

static enum exact put(mpq_ptr to, long x) {
  mpq_set_si(to, x, 1);
  return EXACT_VALUE;
}

static enum exact put_copy(mpq_ptr to, mpq_srcptr x) {
  if (to != x) mpq_set(to, x);
  return EXACT_VALUE;
}

/* A sum's or product's parts were at most twice as long as the limit and a bit, because the arguments kept to it. */
static enum exact settle(mpq_srcptr to, uint64_t bits) {
  return mpz_sizeinbase(mpq_numref(to), 2) > bits || mpz_sizeinbase(mpq_denref(to), 2) > bits
             ? EXACT_TOO_LONG
             : EXACT_VALUE;
}

/* --- powers and roots */

static bool is_unit(mpq_srcptr x) {
  return mpz_cmp_ui(mpq_denref(x), 1) == 0 && mpz_cmpabs_ui(mpq_numref(x), 1) == 0;
}

/* z^e has (bits of z - 1) * e + 1 bits at least. */
static bool power_fits(mpz_srcptr z, unsigned long e, uint64_t bits) {
  uint64_t least;
  return !__builtin_mul_overflow((uint64_t)(mpz_sizeinbase(z, 2) - 1), (uint64_t)e, &least) &&
         least < bits;
}

/* a^e for an integer e of any length; a is not 0, or e is positive. */
static enum exact power_integer(mpq_ptr to, mpq_srcptr a, mpz_srcptr e, uint64_t bits) {
  if (mpq_sgn(a) == 0) return put(to, 0);
  if (is_unit(a)) return put(to, mpq_sgn(a) < 0 && mpz_odd_p(e) ? -1 : 1);
  if (mpz_cmpabs_ui(e, ULONG_MAX) > 0) return EXACT_TOO_LONG;
  unsigned long size = mpz_get_ui(e);
  bool inverse = mpz_sgn(e) < 0;
  if (!power_fits(mpq_numref(a), size, bits) || !power_fits(mpq_denref(a), size, bits))
    return EXACT_TOO_LONG;
  mpz_pow_ui(mpq_numref(to), mpq_numref(a), size);
  mpz_pow_ui(mpq_denref(to), mpq_denref(a), size);
  if (inverse) mpq_inv(to, to);
  return settle(to, bits);
}

/* a^(p/k) for a positive a: rational if the k-th root is, which for a root beyond the length of a holds for 1 only. */
static enum exact power_fraction(mpq_ptr to, mpq_srcptr a, mpq_srcptr b, uint64_t bits) {
  size_t num = mpz_sizeinbase(mpq_numref(a), 2), den = mpz_sizeinbase(mpq_denref(a), 2);
  if (is_unit(a)) return put(to, 1);
  if (mpz_cmp_ui(mpq_denref(b), num > den ? num : den) > 0) return EXACT_INEXACT;
  unsigned long k = mpz_get_ui(mpq_denref(b));
  enum exact result = EXACT_INEXACT;
  mpq_t root;
  mpq_init(root);
  if (mpz_root(mpq_numref(root), mpq_numref(a), k) && mpz_root(mpq_denref(root), mpq_denref(a), k))
    result = power_integer(to, root, mpq_numref(b), bits);
  mpq_clear(root);
  return result;
}

static enum exact power(mpq_ptr to, mpq_srcptr a, mpq_srcptr b, uint64_t bits) {
  bool integer = mpz_cmp_ui(mpq_denref(b), 1) == 0;
  if ((mpq_sgn(a) == 0 && mpq_sgn(b) < 0) || (mpq_sgn(a) < 0 && !integer)) return EXACT_NONE;
  if (mpq_sgn(b) == 0) return put(to, 1);
  if (mpq_sgn(a) == 0) return put(to, 0);
  mpq_t exponent; /* `to` may be b */
  mpq_init(exponent);
  mpq_set(exponent, b);
  enum exact result = integer ? power_integer(to, a, mpq_numref(exponent), bits)
                              : power_fraction(to, a, exponent, bits);
  mpq_clear(exponent);
  return result;
}

static enum exact root(mpq_ptr to, mpq_srcptr a) {
  if (mpq_sgn(a) < 0) return EXACT_NONE;
  if (!mpz_perfect_square_p(mpq_numref(a)) || !mpz_perfect_square_p(mpq_denref(a)))
    return EXACT_INEXACT;
  mpz_sqrt(mpq_numref(to), mpq_numref(a));
  mpz_sqrt(mpq_denref(to), mpq_denref(a));
  return EXACT_VALUE;
}

static enum exact quotient(mpq_ptr to, mpq_srcptr a, mpq_srcptr b, uint64_t bits) {
  if (mpq_sgn(b) == 0) return EXACT_NONE;
  mpq_div(to, a, b);
  return settle(to, bits);
}

static enum exact rounded(mpq_ptr to, mpq_srcptr a,
                          void (*divide)(mpz_ptr, mpz_srcptr, mpz_srcptr)) {
  divide(mpq_numref(to), mpq_numref(a), mpq_denref(a));
  mpz_set_ui(mpq_denref(to), 1);
  return EXACT_VALUE;
}

/* --- rows */

/* A row without exact values in general, at the one place where it states one. */
static enum exact stated(const struct row *row, mpq_ptr to, mpq_srcptr a) {
  if (row->at_zero && mpq_sgn(a) == 0) return put(to, row->at_zero == AT_ZERO_1);
  return row->root_at_one && mpq_cmp_ui(a, 1, 1) == 0 ? put(to, 0) : EXACT_INEXACT;
}

static enum exact unary(const struct row *row, tri_op op, mpq_ptr to, mpq_srcptr a, uint64_t bits) {
  switch (op) {
  case TRI_OP_neg: return mpq_neg(to, a), EXACT_VALUE;
  case TRI_OP_abs: return mpq_abs(to, a), EXACT_VALUE;
  case TRI_OP_square: return mpq_mul(to, a, a), settle(to, bits);
  case TRI_OP_sqrt: return root(to, a);
  case TRI_OP_floor: return rounded(to, a, mpz_fdiv_q);
  case TRI_OP_ceil: return rounded(to, a, mpz_cdiv_q);
  case TRI_OP_sign: return put(to, mpq_sgn(a));
  case TRI_OP_heaviside: return put(to, mpq_sgn(a) >= 0);
  case TRI_OP_relu: return mpq_sgn(a) > 0 ? put_copy(to, a) : put(to, 0);
  case TRI_OP_logical_not: return put(to, mpq_sgn(a) == 0);
  default: return stated(row, to, a);
  }
}

static enum exact comparison(tri_op op, mpq_ptr to, mpq_srcptr a, mpq_srcptr b) {
  int order = mpq_cmp(a, b);
  switch (op) {
  case TRI_OP_lt: return put(to, order < 0);
  case TRI_OP_le: return put(to, order <= 0);
  case TRI_OP_gt: return put(to, order > 0);
  case TRI_OP_ge: return put(to, order >= 0);
  case TRI_OP_eq: return put(to, order == 0);
  case TRI_OP_ne: return put(to, order != 0);
  case TRI_OP_logical_and: return put(to, mpq_sgn(a) && mpq_sgn(b));
  case TRI_OP_logical_or: return put(to, mpq_sgn(a) || mpq_sgn(b));
  default: return EXACT_INEXACT;
  }
}

static enum exact binary(tri_op op, mpq_ptr to, mpq_srcptr a, mpq_srcptr b, uint64_t bits) {
  switch (op) {
  case TRI_OP_add: return mpq_add(to, a, b), settle(to, bits);
  case TRI_OP_sub: return mpq_sub(to, a, b), settle(to, bits);
  case TRI_OP_mul:
  case TRI_OP_gate: return mpq_mul(to, a, b), settle(to, bits);
  case TRI_OP_div: return quotient(to, a, b, bits);
  case TRI_OP_pow: return power(to, a, b, bits);
  case TRI_OP_min: return put_copy(to, mpq_cmp(a, b) <= 0 ? a : b);
  case TRI_OP_max: return put_copy(to, mpq_cmp(a, b) >= 0 ? a : b);
  default: return comparison(op, to, a, b);
  }
}

enum exact tri__exact(const struct row *row, tri_op op, mpq_ptr to, mpq_srcptr a, mpq_srcptr b,
                      uint64_t bits) {
  if (row->arity == 1) return unary(row, op, to, a, bits);
  return row->arity == 2 ? binary(op, to, a, b, bits) : EXACT_INEXACT;
}
