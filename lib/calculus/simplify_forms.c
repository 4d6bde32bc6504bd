/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What other forms of a polynomial are made with: its atoms, its length, powers of an atom replaced, contents taken out. */
#include "calculus/simplify.h"

#include <string.h>

#include "graph/index.h"

enum { MOST_POWERS = 64 /* of an atom that is replaced */ };

/* --- atoms */

static size_t all_factors(const struct simplify *s, const struct poly *p, struct factor *f) {
  size_t n = 0;
  for (size_t i = 0; i < p->count; i++) {
    uint32_t size = monomial_size(&s->ring, p->terms[i].m);
    if (f && size) memcpy(f + n, monomial_factors(&s->ring, p->terms[i].m), size * sizeof *f);
    n += size;
  }
  return n;
}

struct factor *tri__atoms(struct simplify *s, const struct poly *p, size_t *n) {
  size_t all = all_factors(s, p, NULL), k = 0;
  struct factor *f = tri__new(s->ring.memory, all, sizeof *f), *atoms = NULL;
  if (f) {
    all_factors(s, p, f);
    tri__sort_by_atom(f, all);
    for (size_t i = 0; i < all; i++)
      if (k && f[k - 1].atom == f[i].atom)
        f[k - 1].exponent = f[i].exponent > f[k - 1].exponent ? f[i].exponent : f[k - 1].exponent;
      else
        f[k++] = f[i];
    atoms = tri__new(s->ring.memory, k, sizeof *atoms);
    if (atoms && k) memcpy(atoms, f, k * sizeof *f);
    tri__free(s->ring.memory, f, all, sizeof *f);
  }
  *n = k;
  if (!atoms) return tri__ring_no_memory(&s->ring), NULL;
  if (tri__sort_by_hash(&s->ring, atoms, k)) return atoms;
  tri__free(s->ring.memory, atoms, k, sizeof *atoms);
  return NULL;
}

uint64_t tri__bulk(const struct ring *r, const struct poly *p) {
  uint64_t bulk = 0;
  for (size_t i = 0; i < p->count; i++) {
    const struct term *t = p->terms + i;
    bool unit = !mpz_cmpabs_ui(mpq_numref(t->c), 1) && !mpz_cmp_ui(mpq_denref(t->c), 1);
    const struct factor *f = monomial_factors(r, t->m);
    bulk += unit && t->m ? 1 : 2;
    for (uint32_t k = 0; k < monomial_size(r, t->m); k++) bulk += f[k].exponent == 1 ? 1 : 2;
  }
  return bulk;
}

int32_t tri__degree(const struct simplify *s, const struct poly *p, uint32_t atom) {
  int32_t most = 0;
  for (size_t i = 0; i < p->count; i++) {
    int32_t e = tri__monomial_exponent(&s->ring, p->terms[i].m, atom);
    if (e > most) most = e;
  }
  return most;
}

/* --- substitution of powers */

/* The terms of p where `atom` has k-fold power `every`, without it. */
static bool part(struct simplify *s, struct poly *to, const struct poly *p, uint32_t atom,
                 int32_t every, int32_t k) {
  *to = (struct poly){0};
  uint32_t power = tri__monomial(&s->ring, atom, -(int64_t)every * k);
  for (size_t i = 0; i < p->count && power != MONOMIAL_NONE; i++) {
    int32_t e = tri__monomial_exponent(&s->ring, p->terms[i].m, atom), have = e > 0 ? e / every : 0;
    if (have != k) continue;
    uint32_t m = tri__monomial_mul(&s->ring, p->terms[i].m, power, NULL);
    if (m == MONOMIAL_NONE || !tri__poly_put(&s->ring, to, p->terms[i].c, m)) break;
  }
  if (!s->ring.over && !s->ring.failed) return true;
  tri__poly_free(&s->ring, to);
  return false;
}

/* sum += part * power; the part is used up. */
static bool accumulate(struct simplify *s, struct poly *sum, struct poly *coefficient,
                       const struct poly *power) {
  struct poly product = {0};
  bool ok = tri__poly_mul(&s->ring, &product, coefficient, power) &&
            tri__poly_open(&s->ring, sum) && tri__poly_add(&s->ring, sum, &product, 1) &&
            tri__poly_close(&s->ring, sum);
  tri__poly_free(&s->ring, coefficient);
  tri__poly_free(&s->ring, &product);
  return ok;
}

bool tri__substituted(struct simplify *s, struct poly *to, const struct poly *p, uint32_t atom,
                      int32_t every, const struct poly *value) {
  struct poly power, next, coefficient;
  int32_t most = tri__degree(s, p, atom) / every;
  *to = (struct poly){0};
  if (!tri__poly_monomial(&s->ring, &power, 0)) return false;
  bool ok = most <= MOST_POWERS || tri__ring_over(&s->ring);
  for (int32_t k = 0; k <= most && ok; k++) {
    ok = part(s, &coefficient, p, atom, every, k) && accumulate(s, to, &coefficient, &power) &&
         tri__poly_mul(&s->ring, &next, &power, value);
    if (!ok) break;
    tri__poly_free(&s->ring, &power);
    power = next;
  }
  tri__poly_free(&s->ring, &power);
  if (ok) to->needs = tri__needs_union(&s->ring, to->needs, p->needs);
  if (ok && to->needs != MONOMIAL_NONE) return true;
  tri__poly_free(&s->ring, to);
  return false;
}

bool tri__multiply_out(struct simplify *s, struct poly *p) {
  size_t n;
  struct factor *atoms = tri__atoms(s, p, &n);
  if (!atoms) return false;
  bool ok = true;
  for (size_t i = 0; i < n && ok; i++) {
    uint32_t def = tri__idmap_get(&s->defs, atoms[i].atom, 0);
    if (!def || atoms[i].exponent < 1 || tri__degree(s, p, atoms[i].atom) < 1 ||
        s->polys[def].count < 2)
      continue;
    struct poly value, other;
    ok = tri__poly_copy(&s->ring, &value, s->polys + def);
    if (!ok) break;
    ok = tri__substituted(s, &other, p, atoms[i].atom, 1, &value);
    tri__poly_free(&s->ring, &value);
    if (ok) tri__poly_replace(&s->ring, p, &other);
  }
  tri__free(s->ring.memory, atoms, n, sizeof *atoms);
  return ok;
}

/* --- contents */

void tri__numeric_content(const struct poly *p, mpq_ptr c) {
  size_t negative = 0;
  mpq_set_ui(c, 1, 1);
  for (size_t i = 0; i < p->count; i++) {
    negative += mpq_sgn(p->terms[i].c) < 0;
    if (i == 0) {
      mpq_abs(c, p->terms[i].c);
      continue;
    }
    mpz_gcd(mpq_numref(c), mpq_numref(c), mpq_numref(p->terms[i].c));
    mpz_lcm(mpq_denref(c), mpq_denref(c), mpq_denref(p->terms[i].c));
  }
  if (negative * 2 > p->count) mpq_neg(c, c);
}

static uint64_t structure(const struct simplify *s, uint32_t m) {
  uint64_t h = 0;
  for (uint32_t i = 0; i < monomial_size(&s->ring, m); i++) {
    struct factor f = monomial_factors(&s->ring, m)[i];
    h += hash_mix(hash_add(node_at(s->g, f.atom)->hash, (uint32_t)f.exponent));
  }
  return h;
}

static int64_t total_degree(const struct simplify *s, uint32_t m) {
  int64_t d = 0;
  for (uint32_t i = 0; i < monomial_size(&s->ring, m); i++)
    d += monomial_factors(&s->ring, m)[i].exponent;
  return d;
}

/* Whether the term of the highest degree, among equals the one first in structure, is negative. */
static bool leads_negative(const struct simplify *s, const struct poly *p) {
  const struct term *lead = p->terms;
  for (size_t i = 1; i < p->count; i++) {
    int64_t a = total_degree(s, p->terms[i].m), b = total_degree(s, lead->m);
    if (a > b || (a == b && structure(s, p->terms[i].m) < structure(s, lead->m)))
      lead = p->terms + i;
  }
  return mpq_sgn(lead->c) < 0;
}

/* The least exponents of all atoms over all terms. */
static uint32_t least_monomial(struct simplify *s, const struct poly *p) {
  size_t n, k = 0;
  struct factor *atoms = tri__atoms(s, p, &n);
  if (!atoms) return MONOMIAL_NONE;
  for (size_t i = 0; i < n; i++) {
    int32_t least = INT32_MAX;
    for (size_t t = 0; t < p->count; t++) {
      int32_t e = tri__monomial_exponent(&s->ring, p->terms[t].m, atoms[i].atom);
      if (e < least) least = e;
    }
    if (least) atoms[k++] = (struct factor){atoms[i].atom, least};
  }
  uint32_t m = tri__monomial_of(&s->ring, atoms, k, NULL);
  tri__free(s->ring.memory, atoms, n, sizeof *atoms);
  return m;
}

bool tri__primitive(struct simplify *s, struct poly *p, mpq_ptr c, uint32_t *m) {
  *m = least_monomial(s, p);
  if (*m == MONOMIAL_NONE) return false;
  uint32_t inverse = tri__monomial_pow(&s->ring, *m, -1);
  struct poly q;
  mpq_t factor;
  tri__numeric_content(p, c);
  if (mpq_sgn(c) < 0) mpq_neg(c, c);
  if (leads_negative(s, p)) mpq_neg(c, c);
  mpq_init(factor);
  mpq_inv(factor, c);
  bool ok = inverse != MONOMIAL_NONE && tri__poly_shift(&s->ring, &q, p, factor, inverse);
  mpq_clear(factor);
  if (ok) tri__poly_replace(&s->ring, p, &q);
  return ok;
}
