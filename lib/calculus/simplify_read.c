/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Chains of sums and products read as polynomials: flat, in the images of their leaves, or in full, through all units below. */
#include "calculus/simplify.h"

#include <math.h>

enum { SPLIT_MAX = 1000, PEEL_STEPS = 1 << 20, FULL_FACTORS = 64, POWER_BITS = 1 << 30 };

static const struct node *node_of(const struct simplify *s, uint32_t at) {
  return node_at(s->g, s->walk.ids[at]);
}

uint32_t tri__keep_poly(struct simplify *s, struct poly *p) {
  if (!s->poly_count) s->poly_count = 1; /* number 0 is none */
  if (!tri__grow(s->ring.memory, (void **)&s->polys, &s->poly_capacity, s->poly_count + 1,
                 sizeof *s->polys)) {
    tri__poly_free(&s->ring, p);
    return tri__ring_no_memory(&s->ring), 0;
  }
  s->polys[0] = (struct poly){0};
  s->polys[s->poly_count] = *p;
  return (uint32_t)s->poly_count++;
}

/* --- chains */

static bool add_leaf(struct simplify *s, uint32_t at, int64_t power) {
  struct chain *c = &s->chain;
  if (!tri__grow(s->ring.memory, (void **)&c->leaves, &c->capacity, c->count + 1,
                 sizeof *c->leaves))
    return tri__ring_no_memory(&s->ring);
  c->leaves[c->count++] = (struct leaf){at, (int32_t)power};
  return true;
}

/* Adds the arguments of a chain's node that has this power. */
static bool open_node(struct simplify *s, uint32_t at, int64_t power) {
  struct chain *c = &s->chain;
  const struct node *n = node_of(s, at);
  if (n->op == TRI_OP_select) {
    c->gates = true;
    return tri__list_add(s, &c->inner, at) &&
           add_leaf(s, walk_position(&s->walk, node_args(s->g, n)[2]), power);
  }
  uint32_t a = walk_position(&s->walk, n->arg[0]),
           b = n->nargs > 1 ? walk_position(&s->walk, n->arg[1]) : 0;
  int64_t k;
  if (!tri__list_add(s, &c->inner, at)) return false;
  switch (n->op) {
  case TRI_OP_neg: return add_leaf(s, a, -power);
  case TRI_OP_add: return add_leaf(s, a, power) && add_leaf(s, b, power);
  case TRI_OP_sub: return add_leaf(s, a, power) && add_leaf(s, b, -power);
  case TRI_OP_div: c->quotients++; return add_leaf(s, a, power) && add_leaf(s, b, -power);
  case TRI_OP_pow:
    tri__small_integer(s->g, n->arg[1], &k);
    c->quotients += k < 0;
    return add_leaf(s, a, power * k);
  default: c->gates |= n->op == TRI_OP_gate; return add_leaf(s, a, power) && add_leaf(s, b, power);
  }
}

/* Whether a chain's inner node, which has this power, is opened: a power of a power stays a leaf where the exponent would be too
 * large for a monomial. */
static bool opens(const struct simplify *s, struct leaf leaf) {
  const struct node *n = node_of(s, leaf.at);
  int64_t k = 1;
  if (!s->spots[leaf.at].inner) return false;
  if (n->op == TRI_OP_pow) tri__small_integer(s->g, n->arg[1], &k);
  k *= leaf.power;
  return k <= EXPONENT_MAX && k >= -EXPONENT_MAX;
}

/* Inner nodes among the leaves are opened where they stand, so the list of leaves is its own list of work. */
bool tri__take_apart(struct simplify *s, uint32_t at) {
  struct chain *c = &s->chain;
  c->count = c->inner.count = c->quotients = 0;
  c->gates = false;
  if (!open_node(s, at, 1)) return false;
  size_t kept = 0;
  for (size_t i = 0; i < c->count; i++) {
    struct leaf leaf = c->leaves[i];
    if (!opens(s, leaf))
      c->leaves[kept++] = leaf;
    else if (!open_node(s, leaf.at, leaf.power))
      return false;
  }
  c->count = kept;
  return true;
}

/* --- factors of an image */

/* A coefficient and factors that are being gathered. */
struct gather {
  struct factor *factors;
  size_t count, capacity;
  mpq_t c;
};

static bool add_factor(struct simplify *s, struct gather *to, uint32_t atom, int64_t power) {
  if (power > EXPONENT_MAX || power < -EXPONENT_MAX) return tri__ring_over(&s->ring);
  if (!tri__grow(s->ring.memory, (void **)&to->factors, &to->capacity, to->count + 1,
                 sizeof *to->factors))
    return tri__ring_no_memory(&s->ring);
  to->factors[to->count++] = (struct factor){atom, (int32_t)power};
  return true;
}

/* c *= q^power, unless that is long or there is no value. */
static bool add_number(struct simplify *s, struct gather *to, mpq_srcptr q, int64_t power) {
  size_t bits = mpz_sizeinbase(mpq_numref(q), 2) + mpz_sizeinbase(mpq_denref(q), 2);
  uint64_t times = power < 0 ? (uint64_t)-power : (uint64_t)power;
  if (times > s->ring.max_bits || bits * times > s->ring.max_bits || (power < 0 && !mpq_sgn(q)))
    return tri__ring_over(&s->ring);
  mpq_t x;
  mpq_init(x);
  mpz_pow_ui(mpq_numref(x), mpq_numref(q), times);
  mpz_pow_ui(mpq_denref(x), mpq_denref(q), times);
  if (power < 0) mpq_inv(x, x);
  mpq_mul(to->c, to->c, x);
  mpq_clear(x);
  return true;
}

/* The parts of a product that is an image, in place of it: from factor `i` on the list is work, until all are atoms. Of shared images
 * only signs and numbers are taken, so that sharing stays. */
static bool peel(struct simplify *s, struct gather *to, size_t i, bool shared) {
  const tri_graph *g = s->g;
  size_t kept = i;
  unsigned steps = 0;
  for (; i < to->count; i++) {
    struct factor f = to->factors[i];
    const struct node *n = node_at(g, f.atom);
    uint32_t a = n->arg[0], b = n->arg[1];
    int64_t k;
    mpq_t q;
    bool ok = true;
    if (steps++ > PEEL_STEPS)
      to->factors[kept++] = f;
    else if (tri__rational(g, f.atom, q))
      ok = add_number(s, to, q, f.exponent);
    else if (n->op == TRI_OP_neg) {
      if (f.exponent % 2) mpq_neg(to->c, to->c);
      ok = add_factor(s, to, a, f.exponent);
    } else if (n->op == TRI_OP_pow && tri__small_integer(g, b, &k) && k && k < EXPONENT_MAX &&
               k > -EXPONENT_MAX)
      ok = add_factor(s, to, a, f.exponent * k);
    else if (n->op == TRI_OP_mul &&
             (!shared || op_of(g, a) == TRI_OP_constant || op_of(g, b) == TRI_OP_constant))
      ok = add_factor(s, to, a, f.exponent) && add_factor(s, to, b, f.exponent);
    else if (n->op == TRI_OP_div && (!shared || op_of(g, b) == TRI_OP_constant))
      ok = add_factor(s, to, a, f.exponent) && add_factor(s, to, b, -(int64_t)f.exponent);
    else
      to->factors[kept++] = f;
    if (!ok) return false;
  }
  to->count = kept;
  return true;
}

static bool add_image(struct simplify *s, struct gather *to, const struct spot *spot,
                      int64_t power) {
  size_t from = to->count;
  return add_factor(s, to, spot->image, power) && peel(s, to, from, spot->uses > 1);
}

/* --- flat */

/* Puts c times the gathered factors into p. */
static bool put_gathered(struct simplify *s, struct poly *p, struct gather *from, int sign) {
  uint32_t needs = 0, m = tri__monomial_of(&s->ring, from->factors, from->count, &needs);
  if (m == MONOMIAL_NONE) return false;
  if (sign < 0) mpq_neg(from->c, from->c);
  p->needs = tri__needs_union(&s->ring, p->needs, needs);
  return p->needs != MONOMIAL_NONE && tri__poly_put(&s->ring, p, from->c, m);
}

static bool read_flat_sum(struct simplify *s, struct poly *p, struct gather *to) {
  for (size_t i = 0; i < s->chain.count; i++) {
    struct leaf leaf = s->chain.leaves[i];
    to->count = 0;
    mpq_set_ui(to->c, 1, 1);
    if (!add_image(s, to, s->spots + leaf.at, 1) || !put_gathered(s, p, to, leaf.power))
      return false;
  }
  return true;
}

static bool read_flat_product(struct simplify *s, struct poly *p, struct gather *to) {
  mpq_set_ui(to->c, 1, 1);
  for (size_t i = 0; i < s->chain.count; i++) {
    struct leaf leaf = s->chain.leaves[i];
    if (!add_image(s, to, s->spots + leaf.at, leaf.power)) return false;
  }
  return put_gathered(s, p, to, 1);
}

bool tri__read_flat(struct simplify *s, uint32_t at, struct poly *p) {
  struct gather to = {0};
  *p = (struct poly){0};
  if (!tri__take_apart(s, at)) return false;
  uint64_t most = s->ring.max_terms;
  s->ring.max_terms = UINT64_MAX;
  mpq_init(to.c);
  s->ring.lenient = s->chain.quotients > 1;
  bool ok = s->spots[at].unit == UNIT_SUM ? read_flat_sum(s, p, &to) : read_flat_product(s, p, &to);
  ok = ok && tri__poly_close(&s->ring, p);
  s->ring.lenient = false;
  s->ring.max_terms = most;
  mpq_clear(to.c);
  tri__free(s->ring.memory, to.factors, to.capacity, sizeof *to.factors);
  if (!ok) tri__poly_free(&s->ring, p);
  return ok;
}

/* --- full: atoms */

/* The integer k of an exponent w + k, 0 if there is none worth splitting off. */
static int64_t integer_part(const tri_graph *g, uint32_t v) {
  const struct node *n = node_at(g, v);
  int64_t k = 0;
  mpq_t q;
  if (tri__rational(g, v, q)) {
    mpz_t floor;
    mpz_init(floor);
    mpz_fdiv_q(floor, mpq_numref(q), mpq_denref(q));
    if (mpz_cmpabs_ui(floor, SPLIT_MAX) <= 0) k = mpz_get_si(floor);
    mpz_clear(floor);
  } else if (n->op == TRI_OP_add || n->op == TRI_OP_sub) {
    if (!tri__small_integer(g, n->arg[1], &k) && n->op == TRI_OP_add)
      tri__small_integer(g, n->arg[0], &k);
    if (k > SPLIT_MAX || k < -SPLIT_MAX) return 0;
    if (n->op == TRI_OP_sub) k = -k;
  }
  return k;
}

/* The w of such an exponent. */
static uint32_t without_integer(tri_graph *g, uint32_t v, int64_t k) {
  const struct node *n = node_at(g, v);
  if (n->op == TRI_OP_constant) return tri__build2(g, TRI_OP_sub, v, tri__constant_si(g, k, 1));
  return n->arg[op_of(g, n->arg[1]) == TRI_OP_constant ? 0 : 1];
}

static bool is_base(unsigned op) {
  return op != TRI_OP_constant && op != TRI_OP_neg && op != TRI_OP_mul && op != TRI_OP_div &&
         op != TRI_OP_pow;
}

/* u^(w + k) as u^w u^k. */
static bool add_power(struct simplify *s, struct gather *to, uint32_t id, int64_t power) {
  tri_graph *g = s->g;
  uint32_t u = node_at(g, id)->arg[0], v = node_at(g, id)->arg[1];
  int64_t k = is_base(op_of(g, u)) ? integer_part(g, v) : 0;
  if (!k) return add_factor(s, to, id, power);
  uint32_t rest = tri__build2(g, TRI_OP_pow, u, without_integer(g, v, k));
  if (id_is_error(rest)) return s->ring.failed = rest, false;
  return add_factor(s, to, rest, power) && add_factor(s, to, u, k * power);
}

/* An image that is no unit's, as one term. */
static bool atom_poly(struct simplify *s, struct poly *p, uint32_t id) {
  struct gather to = {0}, split = {0};
  int64_t k;
  mpq_inits(to.c, split.c, NULL);
  mpq_set_ui(to.c, 1, 1);
  bool ok = add_factor(s, &to, id, 1) && peel(s, &to, 0, true);
  for (size_t i = 0; i < to.count && ok; i++) {
    const struct node *n = node_at(s->g, to.factors[i].atom);
    bool symbolic = n->op == TRI_OP_pow && !tri__small_integer(s->g, n->arg[1], &k);
    ok = symbolic ? add_power(s, &split, to.factors[i].atom, to.factors[i].exponent)
                  : add_factor(s, &split, to.factors[i].atom, to.factors[i].exponent);
  }
  uint32_t m = ok ? tri__monomial_of(&s->ring, split.factors, split.count, NULL) : MONOMIAL_NONE;
  ok = m != MONOMIAL_NONE && tri__poly_put(&s->ring, p, to.c, m) && tri__poly_close(&s->ring, p);
  tri__free(s->ring.memory, to.factors, to.capacity, sizeof *to.factors);
  tri__free(s->ring.memory, split.factors, split.capacity, sizeof *split.factors);
  mpq_clears(to.c, split.c, NULL);
  return ok;
}

/* --- full: units */

/* Puts c^power times the gathered factors times m^power into p. */
static bool put_power(struct simplify *s, struct poly *p, struct gather *to, mpq_srcptr c,
                      uint32_t m, int64_t power) {
  mpq_set_ui(to->c, 1, 1);
  uint32_t rest = tri__monomial_of(&s->ring, to->factors, to->count, NULL);
  if (rest == MONOMIAL_NONE || !add_number(s, to, c, power)) return false;
  m = tri__monomial_pow(&s->ring, m, power);
  if (m != MONOMIAL_NONE) m = tri__monomial_mul(&s->ring, rest, m, NULL);
  return m != MONOMIAL_NONE && tri__poly_put(&s->ring, p, to->c, m);
}

/* The node for a primitive sum, remembered as standing for it, as factors: (x + 1)^2 is one of x + 1. */
static bool add_sum(struct simplify *s, struct gather *to, struct poly *primitive, int64_t power) {
  uint32_t t = s->expanding ? tri__write_expanded(s, primitive) : tri__write(s, primitive, true);
  if (!t || id_is_error(t) || !add_factor(s, to, t, power)) return false;
  if (op_of(s->g, t) == TRI_OP_pow && !peel(s, to, 0, true)) return false;
  if (to->factors[0].atom != t || tri__idmap_get(&s->defs, t, 0)) return true;
  uint32_t kept = tri__keep_poly(s, primitive);
  *primitive = (struct poly){0};
  return kept && tri__idmap_put(&s->ring, &s->defs, t, kept);
}

/* sum^power as one term, c^power m^power t^power, where t is an atom for its primitive part. */
static bool as_atom(struct simplify *s, struct poly *p, const struct poly *sum, int64_t power) {
  struct poly primitive;
  struct gather to = {0};
  uint32_t m = 0, needs = sum->needs; /* what is kept moves when more is kept */
  mpq_t c;
  if (!tri__poly_copy(&s->ring, &primitive, sum)) return false;
  mpq_inits(c, to.c, NULL);
  mpq_set_ui(to.c, 1, 1);
  bool ok = tri__primitive(s, &primitive, c, &m) && add_sum(s, &to, &primitive, power) &&
            put_power(s, p, &to, c, m, power);
  p->needs = needs;
  mpq_clears(c, to.c, NULL);
  tri__free(s->ring.memory, to.factors, to.capacity, sizeof *to.factors);
  tri__poly_free(&s->ring, &primitive);
  return ok;
}

/* How many exponents an atom may have in base^n. */
static double width(const struct ring *r, const struct poly *base, uint32_t atom, int64_t n) {
  int32_t low = INT32_MAX, high = INT32_MIN;
  for (size_t i = 0; i < base->count; i++) {
    int32_t e = tri__monomial_exponent(r, base->terms[i].m, atom);
    low = e < low ? e : low;
    high = e > high ? e : high;
  }
  return ((double)high - (double)low) * (double)n + 1.0;
}

/* The terms that base^n has at most: binomial(n + m - 1, n) for m terms, and all monomials between the least and the largest exponents.
 * Not looked at further beyond what the ring allows. */
static bool most_terms(struct simplify *s, const struct poly *base, int64_t n, double *terms) {
  double most = (double)s->ring.max_terms, box = 1.0;
  *terms = 1.0;
  for (size_t i = 1; i < base->count && *terms <= most; i++)
    *terms = *terms * (double)(n + (int64_t)i) / (double)i;
  size_t count;
  struct factor *atoms = tri__atoms(s, base, &count);
  if (!atoms) return false;
  for (size_t i = 0; i < count && box <= most; i++) box *= width(&s->ring, base, atoms[i].atom, n);
  tri__free(s->ring.memory, atoms, count, sizeof *atoms);
  if (box < *terms) *terms = box;
  return true;
}

/* Bits of a coefficient of base^n are at most n times this: of the sum of all coefficients over their common denominator, and that. */
static double power_bits(const struct poly *base) {
  size_t longest = 0, below = 0;
  for (size_t i = 0; i < base->count; i++) {
    mpq_srcptr c = base->terms[i].c;
    size_t bits = mpz_sizeinbase(mpq_numref(c), 2);
    longest = bits > longest ? bits : longest;
    below += mpz_sizeinbase(mpq_denref(c), 2) - 1;
  }
  return (double)longest + 2.0 * (double)below + log2((double)base->count);
}

/* Whether base^n may have too many terms, or numbers too long, alone or in all. */
static bool is_too_large(struct simplify *s, const struct poly *base, int64_t n) {
  const struct ring *r = &s->ring;
  double terms;
  if (!most_terms(s, base, n, &terms)) return true;
  double bits = (double)n * power_bits(base);
  return terms > (double)r->max_terms || bits > (double)r->max_bits || bits * terms > POWER_BITS;
}

/* base^power for a base of one term. */
static bool term_power(struct simplify *s, struct poly *p, const struct poly *base, int64_t power) {
  struct gather none = {0};
  mpq_init(none.c);
  bool ok = put_power(s, p, &none, base->terms[0].c, base->terms[0].m, power);
  p->needs = base->needs;
  mpq_clear(none.c);
  return ok;
}

/* 0^power has no value: 1/0 stands for it. */
static bool no_value(struct simplify *s, struct poly *p, const struct poly *base) {
  uint32_t id = tri__build2(s->g, TRI_OP_div, s->g->one, s->g->zero);
  if (id_is_error(id)) return s->ring.failed = id, false;
  if (!tri__poly_monomial(&s->ring, p, tri__monomial(&s->ring, id, 1))) return false;
  p->needs = base->needs;
  return true;
}

static bool leaf_power(struct simplify *s, struct poly *p, const struct poly *base, int64_t power) {
  *p = (struct poly){0};
  if (!base->count && power < 0 && s->expanding) return no_value(s, p, base);
  bool large = base->count > 1 && power > 1 && is_too_large(s, base, power);
  if (power == 1) return tri__poly_copy(&s->ring, p, base);
  if (s->ring.failed) return false;
  if ((!base->count && power < 0) || (large && s->expanding)) return tri__ring_over(&s->ring);
  bool ok = base->count == 1     ? term_power(s, p, base, power)
            : power < 0 || large ? as_atom(s, p, base, power)
                                 : tri__poly_pow(&s->ring, p, base, (uint32_t)power);
  if (!ok) tri__poly_free(&s->ring, p);
  return ok;
}

/* The full reading of a leaf, borrowed where it is kept (*own empty), else made in *own. */
static const struct poly *leaf_poly(struct simplify *s, uint32_t at, struct poly *own) {
  const struct spot *spot = s->spots + at;
  *own = (struct poly){0};
  if (spot->unit) return spot->read == READ_DONE ? s->polys + spot->poly : NULL;
  return atom_poly(s, own, spot->image) ? own : NULL;
}

static bool read_full_sum(struct simplify *s, struct poly *p) {
  bool ok = true;
  for (size_t i = 0; i < s->chain.count && ok; i++) {
    struct poly own;
    const struct poly *leaf = leaf_poly(s, s->chain.leaves[i].at, &own);
    ok = leaf && tri__poly_open(&s->ring, p) &&
         tri__poly_add(&s->ring, p, leaf, s->chain.leaves[i].power);
    tri__poly_free(&s->ring, &own);
  }
  return ok && tri__poly_close(&s->ring, p);
}

/* p *= leaf^power */
static bool multiply_leaf(struct simplify *s, struct poly *p, struct leaf leaf) {
  struct poly own, power = {0}, product = {0};
  const struct poly *base = leaf_poly(s, leaf.at, &own);
  bool ok = base && leaf_power(s, &power, base, leaf.power) &&
            tri__poly_mul(&s->ring, &product, p, &power);
  tri__poly_free(&s->ring, &own);
  tri__poly_free(&s->ring, &power);
  tri__poly_free(&s->ring, p);
  if (ok) *p = product;
  return ok;
}

/* How many quotients a chain multiplies: its own divisions, and leaves that are quotients. */
static bool count_quotients(struct simplify *s) {
  for (size_t i = 0; i < s->chain.count; i++) {
    struct poly own;
    const struct poly *leaf = leaf_poly(s, s->chain.leaves[i].at, &own);
    if (!leaf) return false;
    s->chain.quotients += tri__poly_is_quotient(&s->ring, leaf);
    tri__poly_free(&s->ring, &own);
  }
  return true;
}

static bool read_full_product(struct simplify *s, struct poly *p) {
  if (!count_quotients(s) || !tri__poly_monomial(&s->ring, p, 0)) return false;
  s->ring.lenient = s->chain.quotients > 1;
  bool ok = true;
  for (size_t i = 0; i < s->chain.count && ok; i++) ok = multiply_leaf(s, p, s->chain.leaves[i]);
  s->ring.lenient = false;
  return ok;
}

static bool read_one(struct simplify *s, uint32_t at) {
  struct spot *spot = s->spots + at;
  struct poly p = {0};
  if (!tri__take_apart(s, at)) return false;
  s->ring.over = false;
  s->ring.max_factors = s->expanding ? UINT64_MAX : FULL_FACTORS;
  s->ring.work = s->expanding ? s->work_per_node : s->work_per_node * (16 + s->chain.inner.count);
  bool ok = !tri__guard(s) && (s->expanding || s->chain.count <= s->ring.max_terms) &&
            (spot->unit == UNIT_SUM ? read_full_sum(s, &p) : read_full_product(s, &p));
  s->ring.max_factors = s->ring.work = UINT64_MAX;
  if (ok && (spot->poly = tri__keep_poly(s, &p))) {
    spot->read = READ_DONE;
    return true;
  }
  if (!ok) tri__poly_free(&s->ring, &p);
  spot->read = READ_OVER;
  return !s->ring.failed;
}

bool tri__read_full(struct simplify *s, uint32_t at) {
  struct list *pending = &s->pending;
  pending->count = 0;
  if (!tri__list_add(s, pending, at)) return false;
  while (pending->count) {
    size_t before = pending->count;
    uint32_t top = pending->at[before - 1];
    bool over = false;
    if (s->spots[top].read == READ_NOT) {
      if (!tri__take_apart(s, top)) return false;
      for (size_t i = 0; i < s->chain.count; i++) {
        uint32_t leaf = s->chain.leaves[i].at;
        over |= s->spots[leaf].read == READ_OVER;
        if (s->spots[leaf].unit && s->spots[leaf].read == READ_NOT &&
            !tri__list_add(s, pending, leaf))
          return false;
      }
    }
    if (pending->count > before && !over) continue;
    pending->count = before - 1;
    if (s->spots[top].read != READ_NOT) continue;
    if (over)
      s->spots[top].read = READ_OVER;
    else if (!read_one(s, top))
      return false;
  }
  return true;
}
