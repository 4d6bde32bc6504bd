/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Exact folding: operations over rational constants whose value is rational and short. What would exceed the folding limit stays a
 * node; a power beyond the digit limit is refused, because it could never be given exactly. Only where a value exists. */
#include <math.h>

#include "graph/exact.h"
#include "graph/node.h"

static double log2_of(mpz_srcptr z) {
  long exponent;
  double mantissa = mpz_get_d_2exp(&exponent, z);
  return log2(fabs(mantissa)) + (double)exponent;
}

/* Decimal digits of base^exponent, integer exponent, base not 0. */
static double digits_of_power(mpq_srcptr base, mpq_srcptr exponent) {
  double longest = fmax(log2_of(mpq_numref(base)), log2_of(mpq_denref(base)));
  return longest == 0.0 ? 1.0
                        : longest * fabs(mpz_get_d(mpq_numref(exponent))) * 0.30102999566398120;
}

/* The error id if a power of constants is beyond the digit limit, else 0. */
static uint32_t refuse_power(tri_graph *g, mpq_srcptr base, mpq_srcptr exponent) {
  if (mpz_cmp_ui(mpq_denref(exponent), 1) || mpq_sgn(base) == 0) return 0;
  if (digits_of_power(base, exponent) <= (double)g->limits.digits) return 0;
  return tri__fail(g, TRI_LIMIT, "an exact power of more than %llu digits (the digit limit)",
                   (unsigned long long)g->limits.digits);
}

/* Longer constants than folding makes come from literals: only what costs little is done with them. */
static bool is_long(const tri_graph *g, mpq_srcptr q) {
  uint64_t limbs = g->limits.fold / GMP_NUMB_BITS + 1;
  return mpz_size(mpq_numref(q)) > limbs || mpz_size(mpq_denref(q)) > limbs;
}

static uint32_t node_of(tri_graph *g, const struct row *row, mpq_srcptr value) {
  return row->sort == TRI_BOOLEAN ? tri__boolean(g, mpq_sgn(value) != 0) : tri__constant(g, value);
}

/* The folding limit does not hold for a sign: -u is as long as u. */
static uint64_t bits_for(const tri_graph *g, tri_op op) {
  return op == TRI_OP_neg || op == TRI_OP_abs ? UINT64_MAX : g->limits.fold;
}

uint32_t tri__fold(tri_graph *g, tri_op op, size_t nargs, const uint32_t *args) {
  const struct row *row = g->rows + op;
  mpq_t a, b, value;
  if (nargs > 2 || !tri__rational(g, args[0], a) || (nargs == 2 && !tri__rational(g, args[1], b)))
    return 0;
  uint32_t id = op == TRI_OP_pow ? refuse_power(g, a, b) : 0;
  uint64_t bits = bits_for(g, op);
  if (id || (bits != UINT64_MAX && (is_long(g, a) || (nargs == 2 && is_long(g, b))))) return id;
  mpq_init(value);
  if (tri__exact(row, op, value, a, b, bits) == EXACT_VALUE) id = node_of(g, row, value);
  mpq_clear(value);
  return id;
}
