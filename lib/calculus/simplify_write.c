/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* From polynomials back to nodes: as a sum of terms, over one fraction line, with what the terms share pulled out; the form that is
 * shortest for the reader is taken. */
#include "calculus/simplify.h"

enum { SHORT_SUM = 8, ATOMS_MAX = 64 };

static unsigned op_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->op; }
static uint32_t product(tri_graph *g, uint32_t a, uint32_t b) {
  return a ? tri__build2(g, TRI_OP_mul, a, b) : b;
}
static uint32_t out_of_memory(struct simplify *s) { return s->ring.failed; }

/* --- one term */

/* A power with an exponent that is no integer constant; its base and exponent. */
static bool symbolic(const tri_graph *g, uint32_t id, uint32_t *base, uint32_t *exponent) {
  const struct node *n = node_at(g, id);
  int64_t k;
  if (n->op != TRI_OP_pow || tri__small_integer(g, n->arg[1], &k)) return false;
  *base = n->arg[0];
  *exponent = n->arg[1];
  return true;
}

static uint32_t times_integer(tri_graph *g, uint32_t id, int64_t n) {
  return n == 1 ? id : tri__build2(g, TRI_OP_mul, tri__constant_si(g, n, 1), id);
}

/* Puts u^a u^b u^k of a product into one power: where its parts have a value, so has it. Beside a base known not to be 0, u^k stays by
 * itself, which is shorter. 0 if there is nothing to join. */
static uint32_t join_powers(struct simplify *s, struct factor *f, size_t n, size_t first,
                            uint32_t base, uint32_t exponent) {
  tri_graph *g = s->g;
  bool fixed = tri__idmap_get(&s->nonzero, base, 0);
  uint32_t sum = times_integer(g, exponent, f[first].exponent);
  bool joined = f[first].exponent < -1 || f[first].exponent > 1;
  for (size_t i = 0; i < n; i++) {
    uint32_t other_base, other;
    if (i == first || !f[i].exponent) continue;
    if (f[i].atom == base && !fixed)
      other = tri__constant_si(g, f[i].exponent, 1);
    else if (symbolic(g, f[i].atom, &other_base, &other) && other_base == base)
      other = times_integer(g, other, f[i].exponent);
    else
      continue;
    sum = tri__build2(g, TRI_OP_add, sum, other);
    f[i].exponent = 0;
    joined = true;
  }
  if (!joined) return 0;
  f[first].exponent = 0;
  return tri__build2(g, TRI_OP_pow, base, sum);
}

static uint32_t power(tri_graph *g, uint32_t atom, int64_t n) {
  return n == 1 ? atom : tri__build2(g, TRI_OP_pow, atom, tri__constant_si(g, n, 1));
}

/* The factors of one sign of exponents as a product; 0 if there are none. */
static uint32_t chain(tri_graph *g, const struct factor *f, size_t n, int sign, uint32_t start) {
  for (size_t i = 0; i < n; i++)
    if (sign > 0 ? f[i].exponent > 0 : f[i].exponent < 0)
      start = product(g, start, power(g, f[i].atom, sign * (int64_t)f[i].exponent));
  return start;
}

static bool is_power_of_ten(mpz_srcptr z) {
  if (mpz_size(z) != 1) return false;
  unsigned long n = mpz_get_ui(z);
  while (n > 9 && n % 10 == 0) n /= 10;
  return n == 1 && mpz_cmp_ui(z, 1);
}

static uint32_t integer(tri_graph *g, mpz_srcptr z) {
  mpq_t q;
  mpq_init(q);
  mpz_abs(mpq_numref(q), z);
  uint32_t id = tri__constant(g, q);
  mpq_clear(q);
  return id;
}

/* |c| top / bottom; top and bottom are 0 where there is nothing. A coefficient 3/2 is multiplied by, 1/2 is a division, and so is
 * everything where there is a denominator anyway; 1/10 was written as a decimal and stays one. */
static uint32_t fraction(tri_graph *g, mpq_srcptr c, uint32_t top, uint32_t bottom) {
  bool unit = !mpz_cmpabs_ui(mpq_numref(c), 1), whole = !mpz_cmp_ui(mpq_denref(c), 1);
  if (!bottom && (!top || (!whole && (!unit || is_power_of_ten(mpq_denref(c)))))) {
    mpq_t q;
    mpq_init(q);
    mpq_abs(q, c);
    uint32_t id = tri__constant(g, q);
    mpq_clear(q);
    return top ? tri__build2(g, TRI_OP_mul, id, top) : id;
  }
  if (!unit || !top)
    top = top ? product(g, integer(g, mpq_numref(c)), top) : integer(g, mpq_numref(c));
  if (!whole)
    bottom = bottom ? product(g, integer(g, mpq_denref(c)), bottom) : integer(g, mpq_denref(c));
  return bottom ? tri__build2(g, TRI_OP_div, top, bottom) : top;
}

uint32_t tri__write_product(struct simplify *s, mpq_srcptr c, uint32_t m, uint32_t extra) {
  tri_graph *g = s->g;
  size_t n = monomial_size(&s->ring, m);
  struct factor *f = tri__new(s->ring.memory, n, sizeof *f);
  if (!f) return tri__ring_no_memory(&s->ring), out_of_memory(s);
  for (size_t i = 0; i < n; i++) f[i] = monomial_factors(&s->ring, m)[i];
  tri__sort_factors(g, f, n, true);
  uint32_t top = 0, base, exponent;
  for (size_t i = 0; i < n && n <= ATOMS_MAX; i++)
    if (f[i].exponent && symbolic(g, f[i].atom, &base, &exponent)) {
      uint32_t joined = join_powers(s, f, n, i, base, exponent);
      if (joined) top = product(g, top, joined);
    }
  top = chain(g, f, n, 1, top);
  if (extra) top = product(g, top, extra);
  uint32_t bottom = chain(g, f, n, -1, 0);
  tri__free(s->ring.memory, f, n, sizeof *f);
  return fraction(g, c, top, bottom);
}

/* --- sums */

/* Terms in structural order: first what is added, then what is taken away. */
static uint32_t sum_of(tri_graph *g, struct factor *f, size_t n) {
  uint32_t sum = 0;
  tri__sort_factors(g, f, n, true);
  for (int sign = 1; sign >= -1; sign -= 2)
    for (size_t i = 0; i < n; i++) {
      if (f[i].exponent != sign) continue;
      if (sum)
        sum = tri__build2(g, sign > 0 ? TRI_OP_add : TRI_OP_sub, sum, f[i].atom);
      else
        sum = sign > 0 ? f[i].atom : tri__build1(g, TRI_OP_neg, f[i].atom);
    }
  return sum ? sum : g->zero;
}

uint32_t tri__write_plain(struct simplify *s, const struct poly *p) {
  struct factor *f = tri__new(s->ring.memory, p->count, sizeof *f);
  if (!f) return tri__ring_no_memory(&s->ring), out_of_memory(s);
  uint32_t id = 0;
  for (size_t i = 0; i < p->count && id < NODE_ERROR; i++) {
    id = tri__write_product(s, p->terms[i].c, p->terms[i].m, 0);
    f[i] = (struct factor){id, mpq_sgn(p->terms[i].c)};
  }
  if (id < NODE_ERROR) id = sum_of(s->g, f, p->count);
  tri__free(s->ring.memory, f, p->count, sizeof *f);
  return id;
}

/* --- candidates */

struct best {
  uint32_t id, rank;
};

/* Takes id if it is better; false on failure. */
static bool consider(struct simplify *s, struct best *best, uint32_t id) {
  if (!id || id == best->id) return true;
  if (id_is_error(id)) return s->ring.failed = id, false;
  struct cost cost;
  if (!tri__cost(s, id, false, &cost)) return false;
  uint32_t rank = tri__cost_rank(&cost);
  if (best->id && rank >= best->rank) return true;
  *best = (struct best){id, rank};
  return true;
}

static uint32_t negated_if(struct simplify *s, uint32_t id, bool negative) {
  return negative && !id_is_error(id) ? tri__build1(s->g, TRI_OP_neg, id) : id;
}

/* c m q for a polynomial q that has a form. */
static bool consider_product(struct simplify *s, struct best *best, mpq_srcptr c, uint32_t m,
                             uint32_t q) {
  if (!q || id_is_error(q)) return consider(s, best, q);
  bool alone = !m && !mpz_cmpabs_ui(mpq_numref(c), 1) && !mpz_cmp_ui(mpq_denref(c), 1);
  uint32_t id = alone ? q : tri__write_product(s, c, m, q);
  return consider(s, best, negated_if(s, id, mpq_sgn(c) < 0));
}

static bool has_negative(const struct simplify *s, const struct poly *p) {
  for (size_t i = 0; i < p->count; i++)
    if (tri__monomial_is_quotient(&s->ring, p->terms[i].m)) return true;
  return false;
}

/* Forms of q other than the plain one, times c m. */
static bool consider_deeper(struct simplify *s, struct best *best, mpq_srcptr c, uint32_t m,
                            const struct poly *q) {
  struct poly completed;
  bool changed = false, nested = !has_negative(s, q);
  if (!tri__poly_copy(&s->ring, &completed, q)) return false;
  bool ok = tri__complete_powers(s, &completed, &changed);
  if (ok && changed) ok = consider_product(s, best, c, m, tri__write_plain(s, &completed));
  if (ok && nested && changed && completed.count > SHORT_SUM)
    ok = consider_product(s, best, c, m, tri__write_horner(s, &completed));
  if (ok && nested && q->count > SHORT_SUM)
    ok = consider_product(s, best, c, m, tri__write_horner(s, q));
  tri__poly_free(&s->ring, &completed);
  return ok;
}

/* c m q with q's numeric content pulled out, and not; beside other factors it is pulled out also where that is only as short. */
static bool consider_forms(struct simplify *s, struct best *best, mpq_srcptr c, uint32_t m,
                           const struct poly *q, bool deeper) {
  struct poly scaled = {0};
  mpq_t content, inverse;
  mpq_inits(content, inverse, NULL);
  tri__numeric_content(q, content);
  mpq_inv(inverse, content);
  mpq_mul(content, content, c);
  bool ok = tri__poly_shift(&s->ring, &scaled, q, inverse, 0), unit = !mpq_cmp_ui(inverse, 1, 1);
  if (ok && (unit || !m)) ok = consider_product(s, best, c, m, tri__write_plain(s, q));
  if (ok && !unit) ok = consider_product(s, best, content, m, tri__write_plain(s, &scaled));
  if (ok && !unit && m) ok = consider_product(s, best, c, m, tri__write_plain(s, q));
  if (ok && deeper) ok = consider_deeper(s, best, content, m, &scaled);
  tri__poly_free(&s->ring, &scaled);
  mpq_clears(content, inverse, NULL);
  return ok;
}

/* --- what the terms share */

/* What may be pulled out: common numerators; also common denominators; all denominators, so that there is one fraction line. */
enum share { SHARE_FACTORS, SHARE_COMMON, SHARE_DENOMINATORS, SHARES };

static int32_t shared(int32_t least, int32_t most, enum share how) {
  if (least > 0) return least;
  if (most < 0 && how == SHARE_COMMON) return most;
  return how == SHARE_DENOMINATORS ? least : 0;
}

/* Exponents of `atom` over all terms of p. */
static void exponent_range(const struct simplify *s, const struct poly *p, uint32_t atom,
                           int32_t *least, int32_t *most) {
  *least = INT32_MAX, *most = INT32_MIN;
  for (size_t i = 0; i < p->count; i++) {
    int32_t e = tri__monomial_exponent(&s->ring, p->terms[i].m, atom);
    if (e < *least) *least = e;
    if (e > *most) *most = e;
  }
}

/* What is common to all terms is in the first one. */
static uint32_t shared_monomial(struct simplify *s, const struct poly *p, const struct factor *atoms,
                                size_t n, enum share how) {
  if (how != SHARE_DENOMINATORS) {
    atoms = monomial_factors(&s->ring, p->terms[0].m);
    n = monomial_size(&s->ring, p->terms[0].m);
  }
  if (!n || n > ATOMS_MAX) return 0;
  struct factor f[ATOMS_MAX];
  size_t k = 0;
  for (size_t i = 0; i < n; i++) {
    int32_t least, most;
    exponent_range(s, p, atoms[i].atom, &least, &most);
    int32_t e = shared(least, most, how);
    if (e) f[k++] = (struct factor){atoms[i].atom, e};
  }
  return tri__monomial_of(&s->ring, f, k, NULL);
}

/* Whether p has a power u^v of a base that may be 0 and that also has negative exponents beside it: such a pair must stay together. */
static bool fragile(const struct simplify *s, const struct poly *p, const struct factor *atoms,
                    size_t n) {
  uint32_t base, exponent;
  for (size_t i = 0; i < n; i++) {
    if (!symbolic(s->g, atoms[i].atom, &base, &exponent)) continue;
    if (tri__idmap_get(&s->nonzero, base, 0)) continue;
    for (size_t k = 0; k < p->count; k++)
      if (tri__monomial_exponent(&s->ring, p->terms[k].m, base) < 0) return true;
  }
  return false;
}

/* Whether all terms of p have u^v as m has it, and one has the power of u that m has. */
static bool holds_pair(const struct simplify *s, const struct poly *p, uint32_t m, uint32_t atom,
                       uint32_t base) {
  int32_t e = tri__monomial_exponent(&s->ring, m, atom),
          k = tri__monomial_exponent(&s->ring, m, base);
  bool found = false;
  for (size_t i = 0; i < p->count; i++) {
    if (tri__monomial_exponent(&s->ring, p->terms[i].m, atom) != e) return false;
    found = found || tri__monomial_exponent(&s->ring, p->terms[i].m, base) == k;
  }
  return found;
}

/* Pulling m out of a fragile p is right if such pairs go with it whole. */
static bool may_pull(const struct simplify *s, const struct poly *p, const struct factor *atoms,
                     size_t n, uint32_t m) {
  uint32_t base, exponent;
  for (size_t i = 0; i < n; i++)
    if (symbolic(s->g, atoms[i].atom, &base, &exponent) &&
        !tri__idmap_get(&s->nonzero, base, 0) && !holds_pair(s, p, m, atoms[i].atom, base))
      return false;
  return true;
}

/* --- denominators */

/* Cancels denominators of m that divide p, as long as one stays or is not 0 by its facts. */
static bool cancel(struct simplify *s, struct poly *p, uint32_t *m) {
  for (uint32_t i = 0; i < monomial_size(&s->ring, *m); i++) {
    struct factor f = monomial_factors(&s->ring, *m)[i];
    uint32_t def = tri__idmap_get(&s->defs, f.atom, 0);
    bool free = node_at(s->g, f.atom)->facts & FACT_NONZERO;
    if (!def || f.exponent >= (free ? 0 : -1)) continue;
    bool divides = true;
    while (divides && f.exponent < (free ? 0 : -1)) {
      if (!tri__divide(s, p, s->polys + def, &divides)) return false;
      if (!divides) break;
      f.exponent++;
      *m = tri__monomial_mul(&s->ring, *m, tri__monomial(&s->ring, f.atom, 1), NULL);
      if (*m == MONOMIAL_NONE) return false;
    }
    if (!f.exponent) i--; /* the factor is gone, the next has its place */
  }
  return true;
}

/* m q where q = p / m, sums in q's numerators multiplied out. Bounds met mean that there is no such form, and so do common denominators
 * over terms that are quotients still. */
static bool consider_pulled(struct simplify *s, struct best *best, const struct poly *p, uint32_t m,
                            enum share how, bool deeper) {
  struct poly q = {0};
  mpq_t one;
  mpq_init(one);
  mpq_set_ui(one, 1, 1);
  uint32_t inverse = tri__monomial_pow(&s->ring, m, -1);
  bool ok = inverse != MONOMIAL_NONE && tri__poly_shift(&s->ring, &q, p, one, inverse);
  bool nested = ok && how == SHARE_COMMON && has_negative(s, &q);
  ok = ok && (!deeper || (tri__multiply_out(s, &q) && tri__identities(s, &q) && cancel(s, &q, &m)));
  if (ok && !nested && q.count == 1) {
    m = tri__monomial_mul(&s->ring, m, q.terms[0].m, NULL);
    uint32_t id = m == MONOMIAL_NONE ? 0 : tri__write_product(s, q.terms[0].c, m, 0);
    ok = consider(s, best, negated_if(s, id, mpq_sgn(q.terms[0].c) < 0));
  } else if (ok && !nested && q.count)
    ok = consider_forms(s, best, one, m, &q,
                        deeper && (q.count <= SHORT_SUM || how == SHARE_DENOMINATORS));
  tri__poly_free(&s->ring, &q);
  mpq_clear(one);
  return ok || (s->ring.over && !s->ring.failed);
}

/* --- the whole */

/* Notes which atoms are not 0 wherever p has a value: by their facts, or because p has their logarithm. */
static bool note_nonzero(struct simplify *s, const struct factor *atoms, size_t n) {
  tri__idmap_clear(&s->nonzero);
  for (size_t i = 0; i < n; i++) {
    uint32_t atom = atoms[i].atom;
    unsigned op = op_of(s->g, atom);
    if (op == TRI_OP_log || op == TRI_OP_log2 || op == TRI_OP_log10)
      atom = node_at(s->g, atom)->arg[0];
    else if (!(node_at(s->g, atom)->facts & FACT_NONZERO))
      continue;
    if (!tri__idmap_put(&s->ring, &s->nonzero, atom, 1)) return false;
  }
  for (size_t i = 0; i < n; i++) {
    uint32_t base, exponent;
    if (symbolic(s->g, atoms[i].atom, &base, &exponent) &&
        (node_at(s->g, base)->facts & FACT_NONZERO) &&
        !tri__idmap_put(&s->ring, &s->nonzero, base, 1))
      return false;
  }
  return true;
}

static bool consider_all(struct simplify *s, struct best *best, const struct poly *p, bool full) {
  size_t n;
  struct factor *atoms = tri__atoms(s, p, &n);
  if (!atoms) return false;
  bool ok = note_nonzero(s, atoms, n);
  if (ok && p->count < 2) {
    ok = consider(s, best, tri__write_plain(s, p));
  } else if (ok) {
    mpq_t one;
    mpq_init(one);
    mpq_set_ui(one, 1, 1);
    bool breaks = full && fragile(s, p, atoms, n), deeper = full && n <= ATOMS_MAX;
    uint32_t m[SHARES] = {0};
    for (int how = 0; how < SHARES && ok; how++) {
      m[how] = shared_monomial(s, p, atoms, n, (enum share)how);
      ok = m[how] != MONOMIAL_NONE;
      if (ok && breaks && m[how] && !may_pull(s, p, atoms, n, m[how])) m[how] = 0;
    }
    bool whole = p->count <= SHORT_SUM || !m[SHARE_DENOMINATORS];
    ok = ok && consider_forms(s, best, one, 0, p, deeper && !breaks && whole);
    for (int how = SHARES; how-- > 0 && ok;)
      if (m[how] && (how == SHARES - 1 || m[how] != m[how + 1]))
        ok = consider_pulled(s, best, p, m[how], (enum share)how, full);
    mpq_clear(one);
  }
  tri__free(s->ring.memory, atoms, n, sizeof *atoms);
  return ok;
}

/* 0 over the atoms that must not be 0, times those that must have a value: what cancelling lost and e does not say. */
static uint32_t lost(struct simplify *s, uint32_t e, uint32_t needs) {
  uint32_t top = 0, bottom = 0;
  tri_graph *g = s->g;
  for (uint32_t i = 0; i < monomial_size(&s->ring, needs); i++) {
    struct factor f = monomial_factors(&s->ring, needs)[i];
    if (tri__covers(s, e, f.atom, f.exponent < 0)) continue;
    if (f.exponent < 0)
      bottom = product(g, bottom, f.atom);
    else
      top = product(g, top, f.atom);
  }
  if (!top && !bottom) return 0;
  top = top ? tri__build2(g, TRI_OP_mul, g->zero, top) : g->zero;
  return bottom ? tri__build2(g, TRI_OP_div, top, bottom) : top;
}

/* The factors of m with exponents of one sign, that of the result positive. */
static uint32_t half(struct simplify *s, uint32_t m, int sign) {
  uint32_t to = 0;
  for (uint32_t i = 0; i < monomial_size(&s->ring, m) && to != MONOMIAL_NONE; i++) {
    struct factor f = monomial_factors(&s->ring, m)[i];
    if ((f.exponent > 0) == (sign > 0))
      to = tri__monomial_mul(&s->ring, to, tri__monomial(&s->ring, f.atom, sign * f.exponent), NULL);
  }
  return to;
}

/* x^2/x: a single term says itself what its cancelled denominators were. */
static uint32_t uncancelled(struct simplify *s, const struct poly *p) {
  struct ring *r = &s->ring;
  uint32_t poles = half(s, p->needs, -1), m = p->terms[0].m;
  if (poles == MONOMIAL_NONE || half(s, p->needs, 1)) return 0;
  uint32_t top = half(s, m, 1), bottom = half(s, m, -1);
  if (top != MONOMIAL_NONE) top = tri__monomial_mul(r, top, poles, NULL);
  if (bottom != MONOMIAL_NONE) bottom = tri__monomial_mul(r, bottom, poles, NULL);
  if (top == MONOMIAL_NONE || bottom == MONOMIAL_NONE) return 0;
  mpq_t one;
  mpq_init(one);
  mpq_set_ui(one, 1, 1);
  uint32_t id = tri__build2(s->g, TRI_OP_div, tri__write_product(s, p->terms[0].c, top, 0),
                            tri__write_product(s, one, bottom, 0));
  mpq_clear(one);
  return negated_if(s, id, mpq_sgn(p->terms[0].c) < 0);
}

/* id with what p lost by cancelling and id does not say. */
static uint32_t with_needs(struct simplify *s, uint32_t id, const struct poly *p) {
  uint32_t rest = p->needs ? lost(s, id, p->needs) : 0, whole = 0;
  if (!rest) return id;
  if (p->count == 1) whole = uncancelled(s, p);
  if (whole) return whole;
  return id == s->g->zero ? rest : tri__build2(s->g, TRI_OP_add, id, rest);
}

uint32_t tri__write_expanded(struct simplify *s, const struct poly *p) {
  tri__idmap_clear(&s->nonzero);
  uint32_t id = tri__write_plain(s, p);
  return id_is_error(id) ? id : with_needs(s, id, p);
}

uint32_t tri__write(struct simplify *s, const struct poly *p, bool full) {
  struct best best = {0};
  struct poly reduced;
  uint64_t most = s->ring.max_terms;
  if (!full) s->ring.max_terms = UINT64_MAX;
  s->ring.over = false;
  bool ok = tri__poly_copy(&s->ring, &reduced, p);
  ok = ok && (!full || tri__identities(s, &reduced)) && consider_all(s, &best, &reduced, full);
  if (ok && best.id) best.id = with_needs(s, best.id, &reduced);
  tri__poly_free(&s->ring, &reduced);
  s->ring.max_terms = most;
  if (s->ring.failed) return s->ring.failed;
  return ok ? best.id : 0;
}
