/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* From polynomials back to nodes: terms, sums of terms, and what cancelling lost. */
#include "calculus/simplify.h"

enum { FEW = 64 };

static uint32_t product(tri_graph *g, uint32_t a, uint32_t b) {
  return a ? tri__build2(g, TRI_OP_mul, a, b) : b;
}

/* --- one term */

bool tri__symbolic_power(const tri_graph *g, uint32_t id, uint32_t *base, uint32_t *exponent) {
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
    else if (tri__symbolic_power(g, f[i].atom, &other_base, &other) && other_base == base)
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

bool tri__is_power_of_ten(mpz_srcptr z) {
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
  if (!bottom && (!top || (!whole && (!unit || tri__is_power_of_ten(mpq_denref(c)))))) {
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

/* |c| times the factors, times `extra` if it is not 0. */
static uint32_t write_factors(struct simplify *s, mpq_srcptr c, struct factor *f, size_t n,
                              uint32_t extra) {
  tri_graph *g = s->g;
  uint32_t top = 0, base, exponent;
  if (!tri__sort_by_hash(&s->ring, f, n)) return s->ring.failed;
  for (size_t i = 0; i < n && n <= FEW; i++)
    if (f[i].exponent && tri__symbolic_power(g, f[i].atom, &base, &exponent)) {
      uint32_t joined = join_powers(s, f, n, i, base, exponent);
      if (joined) top = product(g, top, joined);
    }
  top = chain(g, f, n, 1, top);
  if (extra) top = product(g, top, extra);
  return fraction(g, c, top, chain(g, f, n, -1, 0));
}

uint32_t tri__write_product(struct simplify *s, mpq_srcptr c, uint32_t m, uint32_t extra) {
  size_t n = monomial_size(&s->ring, m);
  struct factor few[FEW], *f = n <= FEW ? few : tri__new(s->ring.memory, n, sizeof *f);
  if (!f) return tri__ring_no_memory(&s->ring), s->ring.failed;
  for (size_t i = 0; i < n; i++) f[i] = monomial_factors(&s->ring, m)[i];
  uint32_t id = write_factors(s, c, f, n, extra);
  if (f != few) tri__free(s->ring.memory, f, n, sizeof *f);
  return id;
}

uint32_t tri__write_exponentials(struct simplify *s, mpq_srcptr c, uint32_t m) {
  tri_graph *g = s->g;
  size_t n = monomial_size(&s->ring, m), kept = 0, exponentials = 0;
  struct factor f[FEW];
  uint32_t sum = g->zero;
  for (size_t i = 0; i < n && n <= FEW; i++) {
    struct factor one = monomial_factors(&s->ring, m)[i];
    if (node_at(g, one.atom)->op != TRI_OP_exp) {
      f[kept++] = one;
      continue;
    }
    exponentials++;
    sum = tri__build2(g, TRI_OP_add, sum,
                      times_integer(g, node_at(g, one.atom)->arg[0], one.exponent));
  }
  if (exponentials < 2) return 0;
  return write_factors(s, c, f, kept, tri__build1(g, TRI_OP_exp, sum));
}

uint32_t tri__write_negative(tri_graph *g, uint32_t id) {
  if (id_is_error(id)) return id;
  const struct node *n = node_at(g, id);
  if (n->op != TRI_OP_div || node_at(g, n->arg[0])->op != TRI_OP_constant)
    return tri__build1(g, TRI_OP_neg, id);
  uint32_t bottom = n->arg[1];
  return tri__build2(g, TRI_OP_div, tri__build1(g, TRI_OP_neg, n->arg[0]), bottom);
}

/* --- sums */

/* Terms in structural order: first what is added, then what is taken away. */
static uint32_t sum_of(struct simplify *s, struct factor *f, size_t n) {
  tri_graph *g = s->g;
  uint32_t sum = 0;
  if (!tri__sort_by_hash(&s->ring, f, n)) return s->ring.failed;
  for (int sign = 1; sign >= -1; sign -= 2)
    for (size_t i = 0; i < n; i++) {
      if (f[i].exponent != sign) continue;
      if (sum)
        sum = tri__build2(g, sign > 0 ? TRI_OP_add : TRI_OP_sub, sum, f[i].atom);
      else
        sum = sign > 0 ? f[i].atom : tri__write_negative(g, f[i].atom);
    }
  return sum ? sum : g->zero;
}

uint32_t tri__write_plain(struct simplify *s, const struct poly *p) {
  struct factor few[FEW],
      *f = p->count <= FEW ? few : tri__new(s->ring.memory, p->count, sizeof *f);
  if (!f) return tri__ring_no_memory(&s->ring), s->ring.failed;
  uint32_t id = 0;
  for (size_t i = 0; i < p->count && id < NODE_ERROR; i++) {
    id = tri__write_product(s, p->terms[i].c, p->terms[i].m, 0);
    f[i] = (struct factor){id, mpq_sgn(p->terms[i].c)};
  }
  if (id < NODE_ERROR) id = sum_of(s, f, p->count);
  if (f != few) tri__free(s->ring.memory, f, p->count, sizeof *f);
  return id;
}

/* --- what cancelling lost */

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
      to =
          tri__monomial_mul(&s->ring, to, tri__monomial(&s->ring, f.atom, sign * f.exponent), NULL);
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
  uint32_t id = tri__build2(s->g, TRI_OP_div, tri__write_product(s, p->terms[0].c, top, 0),
                            tri__write_product(s, r->one, bottom, 0));
  return mpq_sgn(p->terms[0].c) < 0 ? tri__write_negative(s->g, id) : id;
}

uint32_t tri__with_needs(struct simplify *s, uint32_t id, const struct poly *p) {
  uint32_t rest = p->needs ? lost(s, id, p->needs) : 0, whole = 0;
  if (!rest) return id;
  if (p->count == 1) whole = uncancelled(s, p);
  if (whole) return whole;
  return id == s->g->zero ? rest : tri__build2(s->g, TRI_OP_add, id, rest);
}

uint32_t tri__write_expanded(struct simplify *s, const struct poly *p) {
  tri__idmap_clear(&s->nonzero);
  uint32_t id = tri__write_plain(s, p);
  return id_is_error(id) ? id : tri__with_needs(s, id, p);
}
