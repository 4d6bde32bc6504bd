/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Other polynomials of the same value: identities, completed powers, sums multiplied out, exact quotients, contents. */
#include "calculus/simplify.h"

#include <string.h>

#include "graph/index.h"

enum {
  COMPLETE_TERMS = 3,
  COMPLETE_ATOMS = 8,
  COMPLETE_TRIES = 12,
  COMPLETE_DEGREE = 64,
  OFFSET_BULK = 4,
  DIVIDE_STEPS = 1024
};

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

/* How long p is, roughly. */
static uint64_t bulk_of(const struct ring *r, const struct poly *p) {
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

static int32_t degree(const struct simplify *s, const struct poly *p, uint32_t atom) {
  int32_t most = 0;
  for (size_t i = 0; i < p->count; i++) {
    int32_t e = tri__monomial_exponent(&s->ring, p->terms[i].m, atom);
    if (e > most) most = e;
  }
  return most;
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

/* p with value for atom^every wherever it is that often in a term. */
static bool substituted(struct simplify *s, struct poly *to, const struct poly *p, uint32_t atom,
                        int32_t every, const struct poly *value) {
  struct poly power, next, coefficient;
  int32_t most = degree(s, p, atom) / every;
  *to = (struct poly){0};
  if (!tri__poly_monomial(&s->ring, &power, 0)) return false;
  bool ok = most <= COMPLETE_DEGREE || tri__ring_over(&s->ring);
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

static void replace(struct simplify *s, struct poly *p, struct poly *by) {
  tri__poly_free(&s->ring, p);
  *p = *by;
}

/* --- identities */

/* a^2 = start + scale b^2 for atoms a = op(u), b = partner(u). Only those that keep the digits of the whole: 1 - tanh^2 would lose
 * them where tanh is near 1. */
static const struct identity {
  uint16_t op, partner;
  int8_t start, scale;
} identities[] = {
    {TRI_OP_cos, TRI_OP_sin, 1, -1},  {TRI_OP_sin, TRI_OP_cos, 1, -1},
    {TRI_OP_cosh, TRI_OP_sinh, 1, 1}, {TRI_OP_tanh, TRI_OP_sech, 1, -1},
    {TRI_OP_sec, TRI_OP_tan, 1, 1},   {TRI_OP_csc, TRI_OP_cot, 1, 1},
};

static bool put_integer(struct simplify *s, struct poly *p, long n, uint32_t m) {
  mpq_t c;
  mpq_init(c);
  mpq_set_si(c, n, 1);
  bool ok = tri__poly_put(&s->ring, p, c, m);
  mpq_clear(c);
  return ok;
}

static bool has_term(const struct ring *r, const struct poly *p, uint32_t m) {
  uint32_t at = m < r->place_capacity ? r->place[m] : UINT32_MAX;
  return at < p->count && p->terms[at].m == m;
}

/* Marks term k, and so that it is counted once. */
static void touch(unsigned char *marks, size_t k, size_t *count) {
  *count += !marks[k];
  marks[k] = 1;
}

/* Marks the terms m atom^2 of p and those that m and m partner^2 would join; *joins says whether there are such. */
static bool mark_touched(struct simplify *s, const struct poly *p, uint32_t atom, uint32_t partner,
                         unsigned char *marks, bool *joins) {
  struct ring *r = &s->ring;
  uint32_t less = tri__monomial(r, atom, -2), more = tri__monomial(r, partner, 2);
  size_t squares = 0, all = 0;
  if (!tri__poly_open(r, p)) return false;
  for (size_t i = 0; i < p->count; i++) {
    if (tri__monomial_exponent(r, p->terms[i].m, atom) < 2) continue;
    uint32_t m = tri__monomial_mul(r, p->terms[i].m, less, NULL),
             n = m == MONOMIAL_NONE ? m : tri__monomial_mul(r, m, more, NULL);
    if (n == MONOMIAL_NONE) return false;
    squares++;
    touch(marks, i, &all);
    if (has_term(r, p, m)) touch(marks, r->place[m], &all);
    if (has_term(r, p, n)) touch(marks, r->place[n], &all);
  }
  *joins = all > squares;
  return true;
}

/* The marked terms of p, or the others, as a polynomial without needs. */
static bool marked_part(struct simplify *s, struct poly *to, const struct poly *p,
                        const unsigned char *marks, unsigned char which) {
  bool ok = true;
  *to = (struct poly){0};
  for (size_t i = 0; i < p->count && ok; i++)
    if (marks[i] == which) ok = tri__poly_put(&s->ring, to, p->terms[i].c, p->terms[i].m);
  return ok;
}

/* p = rest + changed, keeping p's needs and adding that the partner must have a value. */
static bool put_together(struct simplify *s, struct poly *p, struct poly *rest,
                         const struct poly *changed, uint32_t partner) {
  struct ring *r = &s->ring;
  if (!tri__poly_open(r, rest) || !tri__poly_add(r, rest, changed, 1) || !tri__poly_close(r, rest))
    return false;
  uint32_t needs = tri__monomial_needs(r, tri__monomial(r, partner, 1));
  if (needs != MONOMIAL_NONE) needs = tri__needs_union(r, needs, p->needs);
  if (needs != MONOMIAL_NONE) needs = tri__needs_union(r, needs, rest->needs);
  if (needs == MONOMIAL_NONE) return false;
  tri__poly_free(r, p);
  *p = *rest;
  p->needs = needs;
  *rest = (struct poly){0};
  return true;
}

/* Tries an identity on the terms it touches. */
static bool change_touched(struct simplify *s, struct poly *p, uint32_t atom, uint32_t partner,
                           const struct identity *rule, const unsigned char *marks) {
  struct poly value = {0}, rest = {0}, part_of_p = {0}, changed = {0};
  uint32_t squared = tri__monomial(&s->ring, partner, 2);
  bool ok = put_integer(s, &value, rule->start, 0) &&
            put_integer(s, &value, rule->scale, squared) &&
            marked_part(s, &part_of_p, p, marks, 1) &&
            substituted(s, &changed, &part_of_p, atom, 2, &value);
  if (ok && bulk_of(&s->ring, &changed) < bulk_of(&s->ring, &part_of_p))
    ok = marked_part(s, &rest, p, marks, 0) && put_together(s, p, &rest, &changed, partner);
  tri__poly_free(&s->ring, &value);
  tri__poly_free(&s->ring, &rest);
  tri__poly_free(&s->ring, &part_of_p);
  tri__poly_free(&s->ring, &changed);
  return ok;
}

/* Tries one identity on p. It can make p shorter only where terms join. */
static bool try_identity(struct simplify *s, struct poly *p, uint32_t atom,
                         const struct identity *rule) {
  uint32_t partner = tri__build1(s->g, (tri_op)rule->partner, node_at(s->g, atom)->arg[0]);
  if (id_is_error(partner)) return s->ring.failed = partner, false;
  size_t size = p->count; /* p may change */
  unsigned char *marks = tri__new(s->ring.memory, size, 1);
  if (!marks) return tri__ring_no_memory(&s->ring);
  bool joins = false, ok = mark_touched(s, p, atom, partner, marks, &joins);
  if (ok && joins) ok = change_touched(s, p, atom, partner, rule, marks);
  tri__free(s->ring.memory, marks, size, 1);
  return ok;
}

/* sqrt(u)^2 is u and abs(u)^2 is u^2; that sqrt(u) must have a value is kept. */
static bool undo_square(struct simplify *s, struct poly *p, uint32_t atom, bool root) {
  uint32_t u = node_at(s->g, atom)->arg[0], def = root ? tri__idmap_get(&s->defs, u, 0) : 0;
  struct poly value, other;
  if (!(def ? tri__poly_copy(&s->ring, &value, s->polys + def)
            : tri__poly_monomial(&s->ring, &value, tri__monomial(&s->ring, u, root ? 1 : 2))))
    return false;
  bool ok = substituted(s, &other, p, atom, 2, &value);
  tri__poly_free(&s->ring, &value);
  if (!ok) return false;
  replace(s, p, &other);
  uint32_t needs = tri__monomial_needs(&s->ring, tri__monomial(&s->ring, atom, 1));
  p->needs = needs == MONOMIAL_NONE ? needs : tri__needs_union(&s->ring, p->needs, needs);
  return p->needs != MONOMIAL_NONE;
}

/* u^-j sqrt(u) is sqrt(u)^(1 - 2j). */
static bool gather_roots(struct simplify *s, struct poly *p, uint32_t atom) {
  uint32_t u = node_at(s->g, atom)->arg[0];
  struct poly to = {.needs = p->needs};
  bool ok = true, any = false;
  for (size_t i = 0; i < p->count && ok; i++) {
    uint32_t m = p->terms[i].m;
    int64_t j = tri__monomial_exponent(&s->ring, m, u);
    if (j < 0 && tri__monomial_exponent(&s->ring, m, atom) % 2) {
      m = tri__monomial_mul(&s->ring, m, tri__monomial(&s->ring, u, -j), NULL);
      if (m != MONOMIAL_NONE)
        m = tri__monomial_mul(&s->ring, m, tri__monomial(&s->ring, atom, 2 * j), NULL);
      any = true;
    }
    ok = tri__poly_put(&s->ring, &to, p->terms[i].c, m);
  }
  ok = ok && tri__poly_close(&s->ring, &to);
  if (ok && any)
    replace(s, p, &to);
  else
    tri__poly_free(&s->ring, &to);
  return ok;
}

static bool identities_of(struct simplify *s, struct poly *p, struct factor atom) {
  unsigned op = op_of(s->g, atom.atom);
  if (op == TRI_OP_sqrt && !gather_roots(s, p, atom.atom)) return false;
  if (atom.exponent < 2 || degree(s, p, atom.atom) < 2) return true;
  if (op == TRI_OP_sqrt || op == TRI_OP_abs) return undo_square(s, p, atom.atom, op == TRI_OP_sqrt);
  for (size_t i = 0; i < sizeof identities / sizeof *identities; i++)
    if (identities[i].op == op && !try_identity(s, p, atom.atom, identities + i)) return false;
  return true;
}

bool tri__identities(struct simplify *s, struct poly *p) {
  size_t n;
  struct factor *atoms = tri__atoms(s, p, &n);
  if (!atoms) return false;
  bool ok = true;
  for (size_t i = 0; i < n && ok; i++) ok = identities_of(s, p, atoms[i]);
  tri__free(s->ring.memory, atoms, n, sizeof *atoms);
  return ok;
}

bool tri__multiply_out(struct simplify *s, struct poly *p) {
  size_t n;
  struct factor *atoms = tri__atoms(s, p, &n);
  if (!atoms) return false;
  bool ok = true;
  for (size_t i = 0; i < n && ok; i++) {
    uint32_t def = tri__idmap_get(&s->defs, atoms[i].atom, 0);
    if (!def || atoms[i].exponent < 1 || degree(s, p, atoms[i].atom) < 1 || s->polys[def].count < 2)
      continue;
    struct poly value, other;
    ok = tri__poly_copy(&s->ring, &value, s->polys + def);
    if (!ok) break;
    ok = substituted(s, &other, p, atoms[i].atom, 1, &value);
    tri__poly_free(&s->ring, &value);
    if (ok) replace(s, p, &other);
  }
  tri__free(s->ring.memory, atoms, n, sizeof *atoms);
  return ok;
}

/* --- completed powers */

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
    if (rest == MONOMIAL_NONE || !has_term(r, p, rest)) return false;
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
  ok = ok && tri__poly_put(r, &value, c, m) && substituted(s, &other, p, atom, 1, &value);
  r->max_terms = most;
  mpq_neg(c, c);
  tri__poly_free(r, &value);
  if (!ok) return !r->failed;
  if (bulk_of(r, &other) + OFFSET_BULK >= best->bulk) return tri__poly_free(r, &other), true;
  tri__poly_free(r, &best->poly);
  *best = (struct completion){other, bulk_of(r, &other) + OFFSET_BULK, true};
  if (tri__idmap_get(&s->defs, t, 0)) return true;
  ok = tri__poly_monomial(r, &def, tri__monomial(r, atom, 1)) && tri__poly_put(r, &def, c, m);
  uint32_t kept = ok ? tri__keep_poly(s, &def) : 0;
  return kept && tri__idmap_put(r, &s->defs, t, kept);
}

/* Tries the offsets that one term of the highest degree in `atom` gives. */
static bool try_atom(struct simplify *s, const struct poly *p, uint32_t atom,
                     struct completion *best) {
  int32_t d = degree(s, p, atom);
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
    struct completion best = {.bulk = bulk_of(&s->ring, p)};
    bool ok = true;
    for (size_t i = 0; i < n && n <= COMPLETE_ATOMS && ok; i++)
      ok = try_atom(s, p, atoms[i].atom, &best);
    tri__free(s->ring.memory, atoms, n, sizeof *atoms);
    again = best.found && ok && best.poly.count >= COMPLETE_TERMS;
    if (best.found) replace(s, p, &best.poly);
    *changed |= best.found;
    if (!ok) return false;
  }
  return true;
}

/* --- exact division */

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
    replace(s, p, &quotient);
  else
    tri__poly_free(r, &quotient);
  mpq_clear(c);
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
  if (ok) replace(s, p, &q);
  return ok;
}
