/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Identities where they make a polynomial shorter: sin^2 + cos^2 = 1 and its like, squares of roots and of absolute values. */
#include "calculus/simplify.h"

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
    if (tri__poly_has(r, p, m)) touch(marks, r->place[m], &all);
    if (tri__poly_has(r, p, n)) touch(marks, r->place[n], &all);
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
            tri__substituted(s, &changed, &part_of_p, atom, 2, &value);
  if (ok && tri__bulk(&s->ring, &changed) < tri__bulk(&s->ring, &part_of_p))
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
  bool ok = tri__substituted(s, &other, p, atom, 2, &value);
  tri__poly_free(&s->ring, &value);
  if (!ok) return false;
  tri__poly_replace(&s->ring, p, &other);
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
    tri__poly_replace(&s->ring, p, &to);
  else
    tri__poly_free(&s->ring, &to);
  return ok;
}

static bool identities_of(struct simplify *s, struct poly *p, struct factor atom) {
  unsigned op = op_of(s->g, atom.atom);
  if (op == TRI_OP_sqrt && !gather_roots(s, p, atom.atom)) return false;
  if (atom.exponent < 2 || tri__degree(s, p, atom.atom) < 2) return true;
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
