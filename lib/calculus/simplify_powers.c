/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Completed powers: a polynomial in t = u + c m where it is shorter in t than in the atom u. */
#include "calculus/simplify.h"

enum {
  COMPLETE_TERMS = 3,
  COMPLETE_ATOMS = 8,
  COMPLETE_TRIES = 12,
  COMPLETE_DEGREE = 64,
  OFFSET_BULK = 4 /* what naming t costs */
};

/* The offset c m of `atom` that makes term `next` part of the d-th power of (atom + c m) in term `top`; false if there is none, or if
 * another term of degree d has no such companion. */
static bool offset(struct simplify *s, const struct poly *p, const struct term *top,
                   const struct term *next, uint32_t atom, int32_t d, mpq_ptr c, uint32_t *m) {
  struct ring *r = &s->ring;
  uint32_t less = tri__monomial(r, atom, -1), rest = tri__monomial_mul(r, top->m, less, NULL);
  if (rest == MONOMIAL_NONE) return false;
  *m = tri__monomial_mul(r, next->m, tri__monomial_pow(r, rest, -1), NULL);
  if (*m == MONOMIAL_NONE || tri__monomial_is_quotient(r, *m)) return false;
  if (!tri__poly_open(r, p)) return false;
  for (size_t i = 0; i < p->count; i++) {
    if (tri__monomial_exponent(r, p->terms[i].m, atom) != d) continue;
    rest = tri__monomial_mul(r, p->terms[i].m, less, NULL);
    if (rest != MONOMIAL_NONE) rest = tri__monomial_mul(r, rest, *m, NULL);
    if (rest == MONOMIAL_NONE || !tri__poly_has(r, p, rest)) return false;
  }
  mpq_set_si(c, d, 1);
  mpq_mul(c, c, top->c);
  mpq_div(c, next->c, c);
  return true;
}

/* The best offset found so far. */
struct completion {
  struct poly poly;
  uint64_t bulk;
  bool found;
};

/* p in t = atom + c m. */
static bool try_offset(struct simplify *s, const struct poly *p, uint32_t atom, mpq_ptr c,
                       uint32_t m, struct completion *best) {
  struct ring *r = &s->ring;
  uint32_t o = tri__write_product(s, c, m, 0);
  uint32_t t =
      id_is_error(o) ? o : tri__build2(s->g, mpq_sgn(c) < 0 ? TRI_OP_sub : TRI_OP_add, atom, o);
  if (id_is_error(t)) return r->failed = t, false;
  struct poly value, other, def = {0};
  uint64_t most = r->max_terms;
  bool ok = tri__poly_monomial(r, &value, tri__monomial(r, t, 1));
  mpq_neg(c, c);
  r->max_terms = 2 * p->count + 16; /* it is to become shorter */
  ok = ok && tri__poly_put(r, &value, c, m) && tri__substituted(s, &other, p, atom, 1, &value);
  r->max_terms = most;
  mpq_neg(c, c);
  tri__poly_free(r, &value);
  if (!ok) return !r->failed;
  if (tri__bulk(r, &other) + OFFSET_BULK >= best->bulk) return tri__poly_free(r, &other), true;
  tri__poly_free(r, &best->poly);
  *best = (struct completion){other, tri__bulk(r, &other) + OFFSET_BULK, true};
  if (tri__idmap_get(&s->defs, t, 0)) return true;
  ok = tri__poly_monomial(r, &def, tri__monomial(r, atom, 1)) && tri__poly_put(r, &def, c, m);
  uint32_t kept = ok ? tri__keep_poly(s, &def) : 0;
  return kept && tri__idmap_put(r, &s->defs, t, kept);
}

/* Tries the offsets that one term of the highest degree in `atom` gives. */
static bool try_atom(struct simplify *s, const struct poly *p, uint32_t atom,
                     struct completion *best) {
  int32_t d = tri__degree(s, p, atom);
  const struct term *top = p->terms;
  unsigned tries = 0;
  if (d < 1 || d > COMPLETE_DEGREE || (d == 1 && p->count == COMPLETE_TERMS)) return true;
  while (tri__monomial_exponent(&s->ring, top->m, atom) != d) top++;
  mpq_t c;
  mpq_init(c);
  bool ok = true;
  for (size_t j = 0; j < p->count && ok && tries < COMPLETE_TRIES; j++) {
    uint32_t m;
    if (tri__monomial_exponent(&s->ring, p->terms[j].m, atom) != d - 1) continue;
    if (!offset(s, p, top, p->terms + j, atom, d, c, &m)) continue;
    tries++;
    ok = try_offset(s, p, atom, c, m, best);
    s->ring.over = false;
  }
  mpq_clear(c);
  return ok && !s->ring.failed;
}

bool tri__complete_powers(struct simplify *s, struct poly *p, bool *changed) {
  for (bool again = p->count >= COMPLETE_TERMS; again;) {
    size_t n;
    struct factor *atoms = tri__atoms(s, p, &n);
    if (!atoms) return false;
    struct completion best = {.bulk = tri__bulk(&s->ring, p)};
    bool ok = true;
    for (size_t i = 0; i < n && n <= COMPLETE_ATOMS && ok; i++)
      ok = try_atom(s, p, atoms[i].atom, &best);
    tri__free(s->ring.memory, atoms, n, sizeof *atoms);
    again = best.found && ok && best.poly.count >= COMPLETE_TERMS;
    if (best.found) tri__poly_replace(&s->ring, p, &best.poly);
    *changed |= best.found;
    if (!ok) return false;
  }
  return true;
}
