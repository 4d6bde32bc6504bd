/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Polynomials with exact rational coefficients in atoms: nodes that simplify and expand do not look into. Exponents are integers of
 * either sign, so a monomial is any product of powers, and a polynomial with one term is any product.
 *
 * Cancelling can lose places where an expression has no value: x/x has none at 0, and 0*log(x) none for negative x. Each polynomial
 * therefore carries, beside its terms, what must have a value beyond what its terms say: `needs`, a monomial read as a set. An atom
 * with exponent -1 there must have a value and not be 0, with exponent 1 it must have a value. */
#ifndef TRIAD_CALCULUS_POLY_H
#define TRIAD_CALCULUS_POLY_H

#include "graph/node.h"

struct factor {
  uint32_t atom; /* node id */
  int32_t exponent;
};

struct monomial {
  uint64_t hash;
  uint32_t first, count; /* factors, in ascending order of atoms */
};

struct term {
  mpq_t c;
  uint32_t m; /* interned monomial; 0 is the empty one */
};

struct poly {
  struct term *terms;
  size_t count, capacity;
  uint32_t needs;
};

/* Ids to numbers: an open-addressing table, for marks and memos over few of a graph's nodes. Zeroed is empty. */
struct idmap {
  struct idmap_slot {
    uint32_t id, value;
  } * slots;
  size_t capacity, count;
};

enum { MONOMIAL_NONE = 0xffffffffu };
enum { EXPONENT_MAX = 1 << 28 };

/* Interned monomials and the bounds of the arithmetic. An operation that returns false met a bound (`over`) or ran out of memory
 * (`failed`, the error id); its result is then empty. */
struct ring {
  tri_graph *g;
  struct memory *memory;
  struct monomial *monomials;
  size_t monomial_count, monomial_capacity;
  struct factor *factors;
  size_t factor_count, factor_capacity;
  uint32_t *slots; /* of the hash index of monomials */
  size_t slot_count;
  uint32_t *
      place; /* by monomial: where the polynomial that was last built has it; checked, never cleared */
  size_t place_capacity;
  struct factor *scratch;
  size_t scratch_capacity;
  uint64_t max_terms, max_factors, max_bits; /* of a polynomial, a monomial, a coefficient */
  uint64_t work;                             /* term products still allowed */
  mpq_t one;
  bool lenient; /* poles that factors of a product cancel are not needed: a quotient of quotients */
  bool over;
  uint32_t failed;
};

bool tri__ring_init(struct ring *r, tri_graph *g);
void tri__ring_free(struct ring *r);
/* Sets `failed` to out of memory, `over`; both return false. */
bool tri__ring_no_memory(struct ring *r);
bool tri__ring_over(struct ring *r);

static inline const struct factor *monomial_factors(const struct ring *r, uint32_t m) {
  return r->factors + r->monomials[m].first;
}
static inline uint32_t monomial_size(const struct ring *r, uint32_t m) {
  return r->monomials[m].count;
}

/* Monomials; MONOMIAL_NONE on failure. What a product loses is added to *needs. */
uint32_t tri__monomial(struct ring *r, uint32_t atom, int64_t exponent);
/* Of n factors in any order, atoms repeated at will; sorts them in place. */
uint32_t tri__monomial_of(struct ring *r, struct factor *factors, size_t n, uint32_t *needs);
uint32_t tri__monomial_mul(struct ring *r, uint32_t a, uint32_t b, uint32_t *needs);
uint32_t tri__monomial_pow(struct ring *r, uint32_t a, int64_t n);
/* The exponent of an atom, 0 if it is not there. */
int32_t tri__monomial_exponent(const struct ring *r, uint32_t m, uint32_t atom);
/* Where m must have a value; and the union of two such sets. */
uint32_t tri__monomial_needs(struct ring *r, uint32_t m);
uint32_t tri__needs_union(struct ring *r, uint32_t a, uint32_t b);
/* Whether an exponent is negative; of a polynomial, in any term. */
bool tri__monomial_is_quotient(const struct ring *r, uint32_t m);

/* Polynomials. A zeroed one is 0. poly_open must come before poly_put when another polynomial was built meanwhile; poly_close drops
 * terms that have become 0, into the needs. Results must be other polynomials than the operands. */
void tri__poly_free(struct ring *r, struct poly *p);
bool tri__poly_open(struct ring *r, const struct poly *p);
bool tri__poly_put(struct ring *r, struct poly *p, mpq_srcptr c, uint32_t m);
bool tri__poly_close(struct ring *r, struct poly *p);
bool tri__poly_monomial(struct ring *r, struct poly *p, uint32_t m);
bool tri__poly_add(struct ring *r, struct poly *p, const struct poly *q, int sign); /* p open */
bool tri__poly_mul(struct ring *r, struct poly *p, const struct poly *a, const struct poly *b);
bool tri__poly_pow(struct ring *r, struct poly *p, const struct poly *a, uint32_t n);
bool tri__poly_copy(struct ring *r, struct poly *p, const struct poly *a);
/* p = a * c * m, exponents simply added: what m cancels is not lost but written beside p. */
bool tri__poly_shift(struct ring *r, struct poly *p, const struct poly *a, mpq_srcptr c,
                     uint32_t m);
bool tri__poly_equal(struct ring *r, const struct poly *a, const struct poly *b);
/* p = by, whose memory passes over. */
void tri__poly_replace(struct ring *r, struct poly *p, struct poly *by);
/* Whether the monomial is in p, which was opened or built last. */
bool tri__poly_has(const struct ring *r, const struct poly *p, uint32_t m);
bool tri__poly_is_quotient(const struct ring *r, const struct poly *p);

/* Sorting factors by atom; and by the atoms' structure (false when out of memory), so that no order depends on ids. */
void tri__sort_by_atom(struct factor *f, size_t n);
TRI_CHECKED bool tri__sort_by_hash(struct ring *r, struct factor *f, size_t n);

/* --- ids to numbers (idmap.c) */

/* False when out of memory. */
bool tri__idmap_put(struct ring *r, struct idmap *map, uint32_t id, uint32_t value);
/* The value of id, or `none`. */
uint32_t tri__idmap_get(const struct idmap *map, uint32_t id, uint32_t none);
void tri__idmap_clear(struct idmap *map);
void tri__idmap_free(struct ring *r, struct idmap *map);

#endif
