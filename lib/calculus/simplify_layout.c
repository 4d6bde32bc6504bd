/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The form in which a polynomial is written: as a sum of terms, with what the terms share pulled out, over one fraction line, with
 * powers completed. Forms are compared by the tokens they would have, and only the best is made; nested forms of long polynomials are
 * made and then compared, because what they are for is that parts of them are equal. */
#include "calculus/simplify.h"

enum { SHORT_SUM = 8, LONG_SUM = 4096, NESTED_ATOMS = 8, ATOMS_MAX = 64 };

/* c m q */
struct layout {
  mpq_t c;
  uint32_t m;
  struct poly q;
  uint64_t tokens; /* UINT64_MAX: there is none yet */
};

static void layout_init(struct layout *l) {
  *l = (struct layout){.tokens = UINT64_MAX};
  mpq_init(l->c);
}

static void layout_free(struct simplify *s, struct layout *l) {
  mpq_clear(l->c);
  tri__poly_free(&s->ring, &l->q);
}

static bool is_unit(mpq_srcptr c) {
  return !mpz_cmpabs_ui(mpq_numref(c), 1) && !mpz_cmp_ui(mpq_denref(c), 1);
}

static uint64_t tokens_of(struct simplify *s, mpq_srcptr c, uint32_t m, const struct poly *q) {
  uint64_t negative = mpq_sgn(c) < 0 ? 2 : 0;
  if (!q->count) return 2 + tri__product_tokens(s, c, m, 0);
  if (!m && is_unit(c)) return tri__plain_tokens(s, q) + negative;
  return tri__product_tokens(s, c, m, tri__plain_tokens(s, q) + 1) + negative;
}

/* Takes c m q for the best if it has fewer tokens. */
static bool propose(struct simplify *s, struct layout *best, mpq_srcptr c, uint32_t m,
                    const struct poly *q) {
  struct poly copy;
  if (q->count == 1 && m) { /* one term: all of it is m */
    uint32_t all = tri__monomial_mul(&s->ring, m, q->terms[0].m, NULL);
    if (!tri__poly_monomial(&s->ring, &copy, all)) return false;
    mpq_mul(copy.terms[0].c, c, q->terms[0].c);
    bool ok = propose(s, best, s->ring.one, 0, &copy);
    tri__poly_free(&s->ring, &copy);
    return ok;
  }
  uint64_t tokens = tokens_of(s, c, m, q);
  if (s->ring.failed || tokens >= best->tokens) return !s->ring.failed;
  if (!tri__poly_copy(&s->ring, &copy, q)) return false;
  tri__poly_free(&s->ring, &best->q);
  mpq_set(best->c, c);
  best->m = m;
  best->q = copy;
  best->tokens = tokens;
  return true;
}

/* The node of c m q, where q is written already. */
static uint32_t joined(struct simplify *s, mpq_srcptr c, uint32_t m, uint32_t q) {
  if (id_is_error(q)) return q;
  uint32_t id = !m && is_unit(c) ? q : tri__write_product(s, c, m, q);
  return mpq_sgn(c) < 0 ? tri__write_negative(s->g, id) : id;
}

/* --- what was made */

struct best {
  uint32_t id, rank;
};

/* Takes id if it is better; false on failure. */
static bool consider(struct simplify *s, struct best *best, uint32_t id) {
  if (!id || id == best->id) return true;
  if (id_is_error(id)) return s->ring.failed = id, false;
  uint32_t rank;
  if (!tri__rank(s, id, &rank)) return false;
  if (best->id && rank >= best->rank) return true;
  *best = (struct best){id, rank};
  return true;
}

/* --- one polynomial, several forms */

/* What is being compared. */
struct forms {
  struct layout layout;
  struct best nested;
};

/* Nested forms of q. */
static bool propose_nested(struct simplify *s, struct forms *forms, mpq_srcptr c, uint32_t m,
                           const struct poly *q) {
  if (q->count <= SHORT_SUM || tri__poly_is_quotient(&s->ring, q)) return true;
  return consider(s, &forms->nested, joined(s, c, m, tri__write_horner(s, q)));
}

/* Forms of q with completed powers, and nested ones. */
static bool propose_deeper(struct simplify *s, struct forms *forms, mpq_srcptr c, uint32_t m,
                           const struct poly *q) {
  struct poly completed;
  bool changed = false;
  if (!tri__poly_copy(&s->ring, &completed, q)) return false;
  bool ok = tri__complete_powers(s, &completed, &changed);
  if (ok && changed)
    ok = propose(s, &forms->layout, c, m, &completed) && propose_nested(s, forms, c, m, &completed);
  ok = ok && propose_nested(s, forms, c, m, q);
  tri__poly_free(&s->ring, &completed);
  return ok;
}

/* c m q with q's numeric content pulled out, and not; beside other factors it is pulled out also where that is only as short. */
static bool propose_forms(struct simplify *s, struct forms *forms, mpq_srcptr c, uint32_t m,
                          const struct poly *q, bool deeper) {
  struct poly scaled = {0};
  mpq_t content, inverse;
  mpq_inits(content, inverse, NULL);
  tri__numeric_content(q, content);
  mpq_inv(inverse, content);
  mpq_mul(content, content, c);
  bool ok = tri__poly_shift(&s->ring, &scaled, q, inverse, 0);
  if (ok && !m) ok = propose(s, &forms->layout, c, m, q);
  ok = ok && propose(s, &forms->layout, content, m, &scaled);
  if (ok && m) ok = propose(s, &forms->layout, c, m, q);
  if (ok && deeper) ok = propose_deeper(s, forms, content, m, &scaled);
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
static uint32_t shared_monomial(struct simplify *s, const struct poly *p,
                                const struct factor *atoms, size_t n, enum share how) {
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
    if (!tri__symbolic_power(s->g, atoms[i].atom, &base, &exponent)) continue;
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
    if (tri__symbolic_power(s->g, atoms[i].atom, &base, &exponent) &&
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
static bool propose_pulled(struct simplify *s, struct forms *forms, const struct poly *p,
                           uint32_t m, enum share how, bool full, bool deeper) {
  struct poly q = {0};
  uint32_t inverse = tri__monomial_pow(&s->ring, m, -1);
  bool ok = inverse != MONOMIAL_NONE && tri__poly_shift(&s->ring, &q, p, s->ring.one, inverse);
  bool quotients = ok && how == SHARE_COMMON && tri__monomial_is_quotient(&s->ring, m) &&
                   tri__poly_is_quotient(&s->ring, &q);
  if (ok && full && how == SHARE_DENOMINATORS)
    ok = tri__multiply_out(s, &q) && tri__identities(s, &q) && cancel(s, &q, &m);
  if (ok && !quotients) ok = propose_forms(s, forms, s->ring.one, m, &q, deeper);
  tri__poly_free(&s->ring, &q);
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
    if (tri__symbolic_power(s->g, atoms[i].atom, &base, &exponent) &&
        (node_at(s->g, base)->facts & FACT_NONZERO) &&
        !tri__idmap_put(&s->ring, &s->nonzero, base, 1))
      return false;
  }
  return true;
}

/* All forms of a polynomial of two terms or more. Long ones are looked at more deeply only where most is pulled out. */
static bool propose_all(struct simplify *s, struct forms *forms, const struct poly *p,
                        const struct factor *atoms, size_t n, bool full) {
  bool breaks = full && fragile(s, p, atoms, n),
       deeper = full && n <= (p->count <= SHORT_SUM ? ATOMS_MAX : NESTED_ATOMS);
  uint32_t m[SHARES + 1] = {0};
  for (int how = 0; how < SHARES; how++) {
    m[how] = shared_monomial(s, p, atoms, n, (enum share)how);
    if (m[how] == MONOMIAL_NONE) return false;
    if (breaks && m[how] && !may_pull(s, p, atoms, n, m[how])) m[how] = 0;
  }
  bool whole = p->count <= SHORT_SUM || !m[SHARE_DENOMINATORS];
  bool ok = propose_forms(s, forms, s->ring.one, 0, p, deeper && !breaks && whole);
  for (int how = SHARES; how-- > 0 && ok;)
    if (m[how] && m[how] != m[how + 1])
      ok = propose_pulled(s, forms, p, m[how], (enum share)how, full,
                          deeper && (p->count <= SHORT_SUM || how == SHARE_DENOMINATORS));
  return ok;
}

static uint32_t layout_id(struct simplify *s, const struct layout *l) {
  if (l->tokens == UINT64_MAX) return 0;
  return joined(s, l->c, l->m, tri__write_plain(s, &l->q));
}

/* A polynomial of at most one term. */
static uint32_t write_term(struct simplify *s, const struct poly *p) {
  struct best best = {0};
  uint32_t id = tri__write_plain(s, p), other = 0;
  if (p->count) other = tri__write_exponentials(s, p->terms[0].c, p->terms[0].m);
  if (!other) return id;
  if (mpq_sgn(p->terms[0].c) < 0) other = tri__write_negative(s->g, other);
  return consider(s, &best, id) && consider(s, &best, other) ? best.id : 0;
}

static uint32_t write_sum(struct simplify *s, const struct poly *p, const struct factor *atoms,
                          size_t n, bool full) {
  struct forms forms = {.nested = {0}};
  struct best best = {0};
  uint32_t id = 0;
  layout_init(&forms.layout);
  if (propose_all(s, &forms, p, atoms, n, full)) id = layout_id(s, &forms.layout);
  layout_free(s, &forms.layout);
  if (!id || !forms.nested.id) return id;
  return consider(s, &best, id) && consider(s, &best, forms.nested.id) ? best.id : 0;
}

/* The shortest form's node; 0 if a bound was met. Atoms of very long flat sums are not gathered. */
static uint32_t best_form(struct simplify *s, const struct poly *p, bool full) {
  size_t n = 0;
  struct factor *atoms = p->count <= LONG_SUM ? tri__atoms(s, p, &n) : NULL;
  if (!atoms && p->count <= LONG_SUM) return 0;
  uint32_t id = 0;
  if (note_nonzero(s, atoms, n))
    id = p->count < 2 ? write_term(s, p) : write_sum(s, p, atoms, n, full);
  tri__free(s->ring.memory, atoms, n, sizeof *atoms);
  return id;
}

/* The better of p as it is and after identities, which may cost more by what they lose than they save. */
static uint32_t write_full(struct simplify *s, const struct poly *p) {
  struct poly reduced;
  struct best best = {0};
  uint32_t id = 0;
  bool ok = tri__poly_copy(&s->ring, &reduced, p) && tri__identities(s, &reduced);
  if (ok) id = best_form(s, &reduced, true);
  if (id && !id_is_error(id)) id = tri__with_needs(s, id, &reduced);
  if (id && reduced.needs != p->needs && consider(s, &best, id)) {
    id = best_form(s, p, true);
    if (id && !id_is_error(id)) id = tri__with_needs(s, id, p);
    id = consider(s, &best, id) ? best.id : 0;
  }
  tri__poly_free(&s->ring, &reduced);
  return id;
}

uint32_t tri__write(struct simplify *s, const struct poly *p, bool full) {
  struct poly copy; /* what is kept moves when more is kept */
  uint64_t most = s->ring.max_terms;
  uint32_t id = 0;
  if (!full) s->ring.max_terms = UINT64_MAX;
  s->ring.over = false;
  if (tri__poly_copy(&s->ring, &copy, p)) {
    id = full ? write_full(s, &copy) : best_form(s, &copy, false);
    if (id && !id_is_error(id) && !full) id = tri__with_needs(s, id, &copy);
  }
  tri__poly_free(&s->ring, &copy);
  s->ring.max_terms = most;
  return s->ring.failed ? s->ring.failed : id;
}
