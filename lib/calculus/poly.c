/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arithmetic of polynomials over interned monomials: sparse, bounded, exact. */
#include "calculus/poly.h"

#include <string.h>

#include "graph/index.h"

bool tri__ring_no_memory(struct ring *r) {
  r->failed = tri__no_memory(r->g);
  return false;
}

bool tri__ring_over(struct ring *r) {
  r->over = true;
  return false;
}

bool tri__ring_init(struct ring *r, tri_graph *g) {
  *r = (struct ring){.g = g, .memory = &g->memory, .work = UINT64_MAX};
  r->max_terms = r->max_factors = UINT64_MAX;
  r->max_bits = g->limits.fold;
  mpq_init(r->one);
  mpq_set_ui(r->one, 1, 1);
  if (!tri__grow(r->memory, (void **)&r->monomials, &r->monomial_capacity, 64,
                 sizeof *r->monomials))
    return tri__ring_no_memory(r);
  r->monomials[0] = (struct monomial){0};
  r->monomial_count = 1;
  return true;
}

void tri__ring_free(struct ring *r) {
  mpq_clear(r->one);
  tri__free(r->memory, r->monomials, r->monomial_capacity, sizeof *r->monomials);
  tri__free(r->memory, r->factors, r->factor_capacity, sizeof *r->factors);
  tri__free(r->memory, r->slots, r->slot_count, sizeof *r->slots);
  tri__free(r->memory, r->place, r->place_capacity, sizeof *r->place);
  tri__free(r->memory, r->scratch, r->scratch_capacity, sizeof *r->scratch);
}

/* --- sorting */

static void sift(struct factor *f, size_t n, size_t i) {
  for (size_t child; (child = 2 * i + 1) < n; i = child) {
    if (child + 1 < n && f[child].atom < f[child + 1].atom) child++;
    if (f[i].atom >= f[child].atom) return;
    struct factor moved = f[i];
    f[i] = f[child];
    f[child] = moved;
  }
}

/* Heapsort: in place, no recursion, n log n always; nothing to do for what is in order. */
void tri__sort_by_atom(struct factor *f, size_t n) {
  bool sorted = true;
  for (size_t i = 1; i < n && sorted; i++) sorted = f[i - 1].atom <= f[i].atom;
  if (sorted) return;
  for (size_t i = n / 2; i-- > 0;) sift(f, n, i);
  for (size_t end = n; end-- > 1;) {
    struct factor moved = f[0];
    f[0] = f[end];
    f[end] = moved;
    sift(f, end, 0);
  }
}

/* A factor with its atom's hash, so that sorting does not go to the nodes. */
struct keyed {
  uint64_t hash;
  struct factor factor;
};

static bool comes_first(const struct keyed *a, const struct keyed *b) {
  return a->hash < b->hash || (a->hash == b->hash && a->factor.atom <= b->factor.atom);
}

/* Merges runs of `width` from one array into another. */
static void merge_runs(const struct keyed *from, struct keyed *to, size_t n, size_t width) {
  for (size_t start = 0; start < n; start += 2 * width) {
    size_t middle = start + width < n ? start + width : n,
           end = middle + width < n ? middle + width : n, i = start, j = middle;
    for (size_t k = start; k < end; k++)
      to[k] = j == end || (i < middle && comes_first(from + i, from + j)) ? from[i++] : from[j++];
  }
}

static void sort_keyed(struct keyed *a, struct keyed *b, struct factor *f, size_t n) {
  for (size_t width = 1; width < n; width *= 2) {
    merge_runs(a, b, n, width);
    struct keyed *swapped = a;
    a = b;
    b = swapped;
  }
  for (size_t i = 0; i < n; i++) f[i] = a[i].factor;
}

bool tri__sort_by_hash(struct ring *r, struct factor *f, size_t n) {
  enum { FEW = 32 };
  struct keyed few[2 * FEW], *a = n <= FEW ? few : tri__new(r->memory, n, 2 * sizeof *a);
  if (!a) return tri__ring_no_memory(r);
  for (size_t i = 0; i < n; i++) a[i] = (struct keyed){node_at(r->g, f[i].atom)->hash, f[i]};
  sort_keyed(a, a + n, f, n);
  if (a != few) tri__free(r->memory, a, n, 2 * sizeof *a);
  return true;
}

/* --- monomials */

static uint64_t hash_factors(const struct factor *f, size_t n) {
  uint64_t h = n;
  for (size_t i = 0; i < n; i++)
    h = hash_add(h, (uint64_t)f[i].atom << 32 | (uint32_t)f[i].exponent);
  return hash_mix(h);
}

static bool larger_index(struct ring *r) {
  size_t n = r->slot_count ? r->slot_count * 2 : 256;
  uint32_t *slots = tri__new(r->memory, n, sizeof *slots);
  if (!slots) return tri__ring_no_memory(r);
  for (uint32_t m = 1; m < r->monomial_count; m++) {
    size_t at = r->monomials[m].hash & (n - 1);
    while (slots[at]) at = (at + 1) & (n - 1);
    slots[at] = m;
  }
  tri__free(r->memory, r->slots, r->slot_count, sizeof *r->slots);
  r->slots = slots;
  r->slot_count = n;
  return true;
}

static bool room(struct ring *r, size_t factors) {
  if (r->monomial_count + 1 >= MONOMIAL_NONE || r->factor_count + factors > UINT32_MAX)
    return tri__ring_over(r);
  if (!tri__grow(r->memory, (void **)&r->monomials, &r->monomial_capacity, r->monomial_count + 1,
                 sizeof *r->monomials) ||
      !tri__grow(r->memory, (void **)&r->factors, &r->factor_capacity, r->factor_count + factors,
                 sizeof *r->factors))
    return tri__ring_no_memory(r);
  return true;
}

/* The monomial of sorted factors with distinct atoms and no exponent 0. */
static uint32_t intern(struct ring *r, const struct factor *f, size_t n) {
  if (!n) return 0;
  if (n > r->max_factors) return tri__ring_over(r), MONOMIAL_NONE;
  if (r->monomial_count * 2 >= r->slot_count && !larger_index(r)) return MONOMIAL_NONE;
  uint64_t hash = hash_factors(f, n);
  size_t at = hash & (r->slot_count - 1);
  for (; r->slots[at]; at = (at + 1) & (r->slot_count - 1)) {
    const struct monomial *m = r->monomials + r->slots[at];
    if (m->hash == hash && m->count == n && !memcmp(r->factors + m->first, f, n * sizeof *f))
      return r->slots[at];
  }
  if (!room(r, n)) return MONOMIAL_NONE;
  memcpy(r->factors + r->factor_count, f, n * sizeof *f);
  r->monomials[r->monomial_count] = (struct monomial){hash, (uint32_t)r->factor_count, (uint32_t)n};
  r->factor_count += n;
  r->slots[at] = (uint32_t)r->monomial_count;
  return (uint32_t)r->monomial_count++;
}

static struct factor *scratch(struct ring *r, size_t n) {
  if (tri__grow(r->memory, (void **)&r->scratch, &r->scratch_capacity, n, sizeof *r->scratch))
    return r->scratch;
  tri__ring_no_memory(r);
  return NULL;
}

uint32_t tri__monomial(struct ring *r, uint32_t atom, int64_t exponent) {
  if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX) return tri__ring_over(r), MONOMIAL_NONE;
  return intern(r, &(struct factor){atom, (int32_t)exponent}, exponent != 0);
}

int32_t tri__monomial_exponent(const struct ring *r, uint32_t m, uint32_t atom) {
  const struct factor *f = monomial_factors(r, m);
  size_t low = 0, high = monomial_size(r, m);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (f[middle].atom < atom)
      low = middle + 1;
    else
      high = middle;
  }
  return low < monomial_size(r, m) && f[low].atom == atom ? f[low].exponent : 0;
}

bool tri__monomial_is_quotient(const struct ring *r, uint32_t m) {
  const struct factor *f = monomial_factors(r, m);
  for (uint32_t i = 0; i < monomial_size(r, m); i++)
    if (f[i].exponent < 0) return true;
  return false;
}

/* What a power of an atom needs: -1 not to be 0, 1 a value, 0 nothing that its facts do not give. */
static int32_t need(const struct ring *r, uint32_t atom, bool pole) {
  unsigned facts = node_at(r->g, atom)->facts;
  if (pole && !(facts & FACT_NONZERO)) return -1;
  return facts & FACT_TOTAL ? 0 : 1;
}

static bool add_need(struct ring *r, uint32_t *needs, uint32_t atom, int32_t what) {
  if (!what) return true;
  uint32_t m = tri__monomial(r, atom, what);
  if (m == MONOMIAL_NONE) return false;
  return (*needs = tri__needs_union(r, *needs, m)) != MONOMIAL_NONE;
}

/* Notes what is lost when exponents a and b of an atom become their sum. */
static bool lose(struct ring *r, uint32_t *needs, uint32_t atom, int64_t a, int64_t b) {
  bool pole = (a < 0 || b < 0) && a + b >= 0;
  if (!pole && a + b) return true;
  return add_need(r, needs, atom, need(r, atom, pole && !r->lenient));
}

/* Whether one of these factors is a power of atom: u^(v - 1) is kept as u^v u^-1, and what u^-1 cancels is no loss. */
static bool is_base(const tri_graph *g, const struct factor *f, size_t n, uint32_t atom) {
  for (size_t i = 0; i < n; i++) {
    const struct node *node = node_at(g, f[i].atom);
    if (node->op == TRI_OP_pow && node->arg[0] == atom) return true;
  }
  return false;
}

/* Merges equal atoms of sorted factors, dropping exponents 0; the new length, or SIZE_MAX. */
static size_t merge(struct ring *r, struct factor *f, size_t n, uint32_t *needs) {
  size_t k = 0;
  for (size_t i = 0; i < n;) {
    uint32_t atom = f[i].atom;
    int64_t up = 0, down = 0;
    for (; i < n && f[i].atom == atom; i++)
      if (f[i].exponent > 0)
        up += f[i].exponent;
      else
        down += f[i].exponent;
    int64_t sum = up + down;
    if (sum > EXPONENT_MAX || sum < -EXPONENT_MAX) return tri__ring_over(r), SIZE_MAX;
    if (needs && up && down && !is_base(r->g, f + i, n - i, atom) &&
        !lose(r, needs, atom, up, down))
      return SIZE_MAX;
    if (sum) f[k++] = (struct factor){atom, (int32_t)sum};
  }
  return k;
}

uint32_t tri__monomial_of(struct ring *r, struct factor *factors, size_t n, uint32_t *needs) {
  tri__sort_by_atom(factors, n);
  size_t k = merge(r, factors, n, needs);
  return k == SIZE_MAX ? MONOMIAL_NONE : intern(r, factors, k);
}

/* Factors of a and b in ascending order of atoms, equal ones side by side. */
static size_t side_by_side(const struct ring *r, struct factor *f, uint32_t a, uint32_t b) {
  const struct factor *x = monomial_factors(r, a), *y = monomial_factors(r, b);
  size_t i = 0, j = 0, k = 0, m = monomial_size(r, a), n = monomial_size(r, b);
  while (i < m || j < n) f[k++] = j == n || (i < m && x[i].atom <= y[j].atom) ? x[i++] : y[j++];
  return k;
}

uint32_t tri__monomial_mul(struct ring *r, uint32_t a, uint32_t b, uint32_t *needs) {
  if (!a || !b) return a | b;
  size_t n = (size_t)monomial_size(r, a) + monomial_size(r, b);
  /* lose() makes monomials, but of one factor, which needs no scratch space */
  struct factor *f = scratch(r, 2 * n);
  if (!f) return MONOMIAL_NONE;
  size_t k = merge(r, f, side_by_side(r, f, a, b), needs);
  return k == SIZE_MAX ? MONOMIAL_NONE : intern(r, r->scratch, k);
}

uint32_t tri__monomial_pow(struct ring *r, uint32_t a, int64_t n) {
  uint32_t size = monomial_size(r, a);
  struct factor *f = scratch(r, size);
  if (!n || !size) return 0;
  if (!f) return MONOMIAL_NONE;
  for (uint32_t i = 0; i < size; i++) {
    f[i] = monomial_factors(r, a)[i];
    int64_t exponent;
    if (__builtin_mul_overflow(f[i].exponent, n, &exponent) || exponent > EXPONENT_MAX ||
        exponent < -EXPONENT_MAX)
      return tri__ring_over(r), MONOMIAL_NONE;
    f[i].exponent = (int32_t)exponent;
  }
  return intern(r, f, size);
}

uint32_t tri__needs_union(struct ring *r, uint32_t a, uint32_t b) {
  if (a == b || !b) return a;
  if (!a) return b;
  size_t n = (size_t)monomial_size(r, a) + monomial_size(r, b);
  struct factor *f = tri__new(r->memory, n, sizeof *f);
  if (!f) return tri__ring_no_memory(r), MONOMIAL_NONE;
  size_t k = 0, all = side_by_side(r, f, a, b);
  for (size_t i = 0; i < all; i++)
    if (k && f[k - 1].atom == f[i].atom)
      f[k - 1].exponent = f[k - 1].exponent < f[i].exponent ? f[k - 1].exponent : f[i].exponent;
    else
      f[k++] = f[i];
  uint64_t most = r->max_factors;
  r->max_factors = UINT64_MAX;
  uint32_t m = intern(r, f, k);
  r->max_factors = most;
  tri__free(r->memory, f, n, sizeof *f);
  return m;
}

uint32_t tri__monomial_needs(struct ring *r, uint32_t m) {
  uint32_t needs = 0;
  for (uint32_t i = 0; i < monomial_size(r, m); i++) {
    struct factor f = monomial_factors(r, m)[i];
    if (!add_need(r, &needs, f.atom, need(r, f.atom, f.exponent < 0))) return MONOMIAL_NONE;
  }
  return needs;
}

/* --- polynomials */

void tri__poly_free(struct ring *r, struct poly *p) {
  for (size_t i = 0; i < p->count; i++) mpq_clear(p->terms[i].c);
  tri__free(r->memory, p->terms, p->capacity, sizeof *p->terms);
  *p = (struct poly){0};
}

static bool places(struct ring *r) {
  size_t old = r->place_capacity;
  if (!tri__grow(r->memory, (void **)&r->place, &r->place_capacity, r->monomial_count,
                 sizeof *r->place))
    return tri__ring_no_memory(r);
  memset(r->place + old, 0, (r->place_capacity - old) * sizeof *r->place);
  return true;
}

bool tri__poly_open(struct ring *r, const struct poly *p) {
  if (!places(r)) return false;
  for (size_t i = 0; i < p->count; i++) r->place[p->terms[i].m] = (uint32_t)i;
  return true;
}

static bool fits(struct ring *r, mpq_srcptr q) {
  uint64_t limbs = r->max_bits / GMP_NUMB_BITS + 1;
  if (mpz_size(mpq_numref(q)) <= limbs && mpz_size(mpq_denref(q)) <= limbs) return true;
  return tri__ring_over(r);
}

/* Rationals are mostly integers, whose sum and product need no common divisor. */
static bool integers(mpq_srcptr a, mpq_srcptr b) {
  return !mpz_cmp_ui(mpq_denref(a), 1) && !mpz_cmp_ui(mpq_denref(b), 1);
}
static void add(mpq_ptr a, mpq_srcptr b) {
  if (integers(a, b))
    mpz_add(mpq_numref(a), mpq_numref(a), mpq_numref(b));
  else
    mpq_add(a, a, b);
}
static void multiply(mpq_ptr to, mpq_srcptr a, mpq_srcptr b) {
  if (integers(a, b)) {
    mpz_mul(mpq_numref(to), mpq_numref(a), mpq_numref(b));
    mpz_set_ui(mpq_denref(to), 1);
  } else
    mpq_mul(to, a, b);
}

static bool append(struct ring *r, struct poly *p, mpq_srcptr c, uint32_t m) {
  if (p->count >= r->max_terms || p->count >= UINT32_MAX) return tri__ring_over(r);
  if (!tri__grow(r->memory, (void **)&p->terms, &p->capacity, p->count + 1, sizeof *p->terms))
    return tri__ring_no_memory(r);
  struct term *t = p->terms + p->count;
  mpq_init(t->c);
  mpq_set(t->c, c);
  t->m = m;
  p->count++;
  return true;
}

bool tri__poly_put(struct ring *r, struct poly *p, mpq_srcptr c, uint32_t m) {
  if (m == MONOMIAL_NONE || (m >= r->place_capacity && !places(r))) return false;
  uint32_t at = r->place[m];
  if (at < p->count && p->terms[at].m == m) {
    add(p->terms[at].c, c);
    return fits(r, p->terms[at].c);
  }
  r->place[m] = (uint32_t)p->count;
  return append(r, p, c, m) && fits(r, c);
}

bool tri__poly_close(struct ring *r, struct poly *p) {
  size_t k = 0;
  bool ok = true;
  for (size_t i = 0; i < p->count; i++)
    if (mpq_sgn(p->terms[i].c)) {
      if (k != i) p->terms[k] = p->terms[i];
      k++;
    } else {
      uint32_t lost = ok ? tri__monomial_needs(r, p->terms[i].m) : 0;
      if (ok && lost != MONOMIAL_NONE) p->needs = tri__needs_union(r, p->needs, lost);
      ok = ok && lost != MONOMIAL_NONE && p->needs != MONOMIAL_NONE;
      mpq_clear(p->terms[i].c);
    }
  p->count = k;
  return ok;
}

bool tri__poly_monomial(struct ring *r, struct poly *p, uint32_t m) {
  *p = (struct poly){0};
  return m != MONOMIAL_NONE && append(r, p, r->one, m);
}

bool tri__poly_add(struct ring *r, struct poly *p, const struct poly *q, int sign) {
  mpq_t c;
  mpq_init(c);
  bool ok = true;
  for (size_t i = 0; i < q->count && ok; i++) {
    if (sign < 0)
      mpq_neg(c, q->terms[i].c);
    else
      mpq_set(c, q->terms[i].c);
    ok = tri__poly_put(r, p, c, q->terms[i].m);
  }
  mpq_clear(c);
  if (ok) p->needs = tri__needs_union(r, p->needs, q->needs);
  return ok && p->needs != MONOMIAL_NONE;
}

/* The needs of a product's factors; all terms of a factor count where the other is 0. */
static bool product_needs(struct ring *r, struct poly *p, const struct poly *a,
                          const struct poly *b) {
  p->needs = tri__needs_union(r, a->needs, b->needs);
  const struct poly *rest = a->count ? a : b;
  for (size_t i = 0; i < rest->count && p->needs != MONOMIAL_NONE && !(a->count && b->count); i++) {
    uint32_t lost = tri__monomial_needs(r, rest->terms[i].m);
    p->needs = lost == MONOMIAL_NONE ? lost : tri__needs_union(r, p->needs, lost);
  }
  return p->needs != MONOMIAL_NONE;
}

enum { LIMB_PRODUCTS = 256 }; /* in the time that a term takes without its number's */

static size_t longest(const struct poly *p) {
  size_t limbs = 1;
  for (size_t i = 0; i < p->count; i++) {
    size_t num = mpz_size(mpq_numref(p->terms[i].c)), den = mpz_size(mpq_denref(p->terms[i].c));
    if (num + den > limbs) limbs = num + den;
  }
  return limbs;
}

/* The products of terms, those of long numbers counted as the several that they take the time of. */
static bool spend(struct ring *r, const struct poly *a, const struct poly *b) {
  size_t work, each;
  if (!size_product(a->count, b->count, &work) || !size_product(longest(a), longest(b), &each) ||
      !size_product(work, 1 + each / LIMB_PRODUCTS, &work) || work > r->work)
    return tri__ring_over(r);
  r->work -= work;
  return true;
}

bool tri__poly_mul(struct ring *r, struct poly *p, const struct poly *a, const struct poly *b) {
  *p = (struct poly){0};
  mpq_t c;
  mpq_init(c);
  bool ok = spend(r, a, b) && product_needs(r, p, a, b);
  uint32_t needs = ok ? p->needs : 0;
  for (size_t i = 0; i < a->count && ok; i++) {
    if (i % 64 == 0 && (r->failed = tri__interrupted(r->g))) ok = false;
    for (size_t j = 0; j < b->count && ok; j++) {
      multiply(c, a->terms[i].c, b->terms[j].c);
      ok = tri__poly_put(r, p, c, tri__monomial_mul(r, a->terms[i].m, b->terms[j].m, &needs));
    }
  }
  mpq_clear(c);
  if (ok) {
    p->needs = needs;
    ok = tri__poly_close(r, p);
  }
  if (!ok) tri__poly_free(r, p);
  return ok;
}

bool tri__poly_copy(struct ring *r, struct poly *p, const struct poly *a) {
  *p = (struct poly){.needs = a->needs};
  bool ok = true;
  for (size_t i = 0; i < a->count && ok; i++) ok = append(r, p, a->terms[i].c, a->terms[i].m);
  if (!ok) tri__poly_free(r, p);
  return ok;
}

bool tri__poly_equal(struct ring *r, const struct poly *a, const struct poly *b) {
  if (a->count != b->count || a->needs != b->needs || !tri__poly_open(r, a)) return false;
  for (size_t i = 0; i < b->count; i++) {
    uint32_t at = r->place[b->terms[i].m];
    if (at >= a->count || a->terms[at].m != b->terms[i].m ||
        !mpq_equal(a->terms[at].c, b->terms[i].c))
      return false;
  }
  return true;
}

bool tri__poly_is_quotient(const struct ring *r, const struct poly *p) {
  for (size_t i = 0; i < p->count; i++)
    if (tri__monomial_is_quotient(r, p->terms[i].m)) return true;
  return false;
}

void tri__poly_replace(struct ring *r, struct poly *p, struct poly *by) {
  tri__poly_free(r, p);
  *p = *by;
}

bool tri__poly_has(const struct ring *r, const struct poly *p, uint32_t m) {
  uint32_t at = m < r->place_capacity ? r->place[m] : UINT32_MAX;
  return at < p->count && p->terms[at].m == m;
}

/* sum += c m q */
static bool add_scaled(struct ring *r, struct poly *sum, const struct poly *q, mpq_srcptr c,
                       uint32_t m) {
  struct poly product;
  if (m == MONOMIAL_NONE || !tri__poly_shift(r, &product, q, c, m)) return false;
  bool ok = tri__poly_open(r, sum) && tri__poly_add(r, sum, &product, 1);
  tri__poly_free(r, &product);
  return ok;
}

/* One more factor b in (*power) = b^k. */
static bool next_power(struct ring *r, struct poly *power, const struct poly *b) {
  struct poly next;
  bool ok = tri__poly_mul(r, &next, power, b);
  tri__poly_free(r, power);
  if (ok) *power = next;
  return ok;
}

/* (a + b)^n = sum of binomial(n, k) a^(n-k) b^k for the first term a, the rest b: the work is that of b^2 … b^n. */
bool tri__poly_pow(struct ring *r, struct poly *p, const struct poly *a, uint32_t n) {
  struct poly b, power = {0};
  *p = (struct poly){0};
  if (!n || !a->count) return n ? tri__poly_copy(r, p, a) : tri__poly_monomial(r, p, 0);
  if (!tri__poly_copy(r, &b, a)) return false;
  mpq_t c, step;
  mpq_inits(c, step, NULL);
  mpq_set(step, b.terms[0].c);
  mpq_clear(b.terms[0].c);
  b.terms[0] = b.terms[--b.count];
  mpz_pow_ui(mpq_numref(c), mpq_numref(step), n);
  mpz_pow_ui(mpq_denref(c), mpq_denref(step), n);
  bool ok = tri__poly_monomial(r, &power, 0);
  for (uint32_t k = 0; ok; k++) {
    ok = add_scaled(r, p, &power, c, tri__monomial_pow(r, a->terms[0].m, n - k));
    if (!ok || k == n || !b.count) break;
    mpq_div(c, c, step);
    mpz_mul_ui(mpq_numref(c), mpq_numref(c), n - k);
    mpz_mul_ui(mpq_denref(c), mpq_denref(c), k + 1);
    mpq_canonicalize(c);
    ok = next_power(r, &power, &b);
  }
  ok = ok && tri__poly_close(r, p);
  if (ok) ok = (p->needs = tri__needs_union(r, p->needs, a->needs)) != MONOMIAL_NONE;
  mpq_clears(c, step, NULL);
  tri__poly_free(r, &b);
  tri__poly_free(r, &power);
  if (!ok) tri__poly_free(r, p);
  return ok;
}

bool tri__poly_shift(struct ring *r, struct poly *p, const struct poly *a, mpq_srcptr c,
                     uint32_t m) {
  *p = (struct poly){0};
  mpq_t product;
  mpq_init(product);
  bool ok = true;
  for (size_t i = 0; i < a->count && ok; i++) {
    multiply(product, a->terms[i].c, c);
    ok = tri__poly_put(r, p, product, tri__monomial_mul(r, a->terms[i].m, m, NULL));
  }
  mpq_clear(product);
  p->needs = a->needs;
  if (!ok) tri__poly_free(r, p);
  return ok;
}
