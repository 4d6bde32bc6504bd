/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Exact division of polynomials in several atoms: long division by leading terms. */
#include "calculus/simplify.h"

enum { DIVIDE_STEPS = 1024 };

/* Lexicographic order by atoms: whether a comes after b. */
static bool leads(const struct ring *r, uint32_t a, uint32_t b) {
  const struct factor *x = monomial_factors(r, a), *y = monomial_factors(r, b);
  uint32_t m = monomial_size(r, a), n = monomial_size(r, b), i = 0;
  while (i < m && i < n && x[i].atom == y[i].atom && x[i].exponent == y[i].exponent) i++;
  if (i == m || i == n) return i < m;
  return x[i].atom == y[i].atom ? x[i].exponent > y[i].exponent : x[i].atom < y[i].atom;
}

static const struct term *leading(const struct ring *r, const struct poly *p) {
  const struct term *lead = p->terms;
  for (size_t i = 1; i < p->count; i++)
    if (leads(r, p->terms[i].m, lead->m)) lead = p->terms + i;
  return lead;
}

/* rest -= c m q */
static bool subtract(struct simplify *s, struct poly *rest, const struct poly *q, mpq_ptr c,
                     uint32_t m) {
  struct poly product;
  if (!tri__poly_shift(&s->ring, &product, q, c, m)) return false;
  bool ok = tri__poly_open(&s->ring, rest) && tri__poly_add(&s->ring, rest, &product, -1) &&
            tri__poly_close(&s->ring, rest);
  tri__poly_free(&s->ring, &product);
  return ok;
}

bool tri__divide(struct simplify *s, struct poly *p, const struct poly *q, bool *divides) {
  struct ring *r = &s->ring;
  *divides =
      p->count >= 2 && q->count && !tri__poly_is_quotient(r, p) && !tri__poly_is_quotient(r, q);
  if (!*divides) return true;
  struct poly rest = {0}, quotient = {.needs = p->needs}, divisor;
  mpq_t c;
  mpq_init(c);
  bool ok = tri__poly_copy(r, &divisor, q) && tri__poly_copy(r, &rest, p); /* q may move */
  for (unsigned step = 0; ok && rest.count && *divides; step++) {
    const struct term *a = leading(r, &rest), *b = leading(r, &divisor);
    uint32_t m = tri__monomial_mul(r, a->m, tri__monomial_pow(r, b->m, -1), NULL);
    mpq_div(c, a->c, b->c);
    *divides = m != MONOMIAL_NONE && !tri__monomial_is_quotient(r, m) && step < DIVIDE_STEPS;
    ok = m != MONOMIAL_NONE;
    if (ok && *divides)
      ok = tri__poly_open(r, &quotient) && tri__poly_put(r, &quotient, c, m) &&
           subtract(s, &rest, &divisor, c, m);
  }
  tri__poly_free(r, &rest);
  tri__poly_free(r, &divisor);
  if (ok && *divides)
    tri__poly_replace(&s->ring, p, &quotient);
  else
    tri__poly_free(r, &quotient);
  mpq_clear(c);
  return ok;
}
