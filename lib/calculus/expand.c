/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* tri_expand: every sum and product as a polynomial in what is neither, written term by term. */
#include <triad/calculus.h>

#include "calculus/simplify.h"

enum { DEFAULT_TERMS = 100000, PRODUCTS_PER_TERM = 256, KEPT_PER_TERM = 16 };

/* Terms of all readings that are kept. */
static uint64_t kept_terms(const struct simplify *s, size_t from) {
  uint64_t terms = 0;
  for (size_t i = from; i < s->poly_count; i++) terms += s->polys[i].count;
  return terms;
}

static bool refuse(struct simplify *s, uint64_t max_terms) {
  s->ring.failed = tri__fail(s->g, TRI_LIMIT,
                             "the expansion has more than %llu terms, or numbers "
                             "that are too long",
                             (unsigned long long)max_terms);
  return false;
}

static bool expand_units(struct simplify *s, uint64_t max_terms) {
  uint64_t kept = 0;
  for (uint32_t at = 0; at < s->walk.count; at++) {
    struct spot *spot = s->spots + at;
    size_t before = s->poly_count;
    if (at % 4096 == 0 && (s->ring.failed = tri__interrupted(s->g))) return false;
    if (!spot->unit) {
      spot->image = tri__rebuild(s, at);
    } else if (!spot->inner) {
      if (!tri__read_full(s, at)) return false;
      kept += kept_terms(s, before);
      if (spot->read == READ_OVER || kept > KEPT_PER_TERM * max_terms) return refuse(s, max_terms);
      if (spot->root) spot->image = tri__write_expanded(s, s->polys + spot->poly);
    }
    if (id_is_error(spot->image) && spot->image) return s->ring.failed = spot->image, false;
  }
  return true;
}

tri_expr tri_expand(tri_expr e, uint64_t max_terms) {
  tri_graph *g = e.graph;
  struct simplify s;
  if (!g || tri_expr_status(e)) return e;
  if (!max_terms) max_terms = DEFAULT_TERMS;
  bool ok = tri__begin(&s, g, 1, &e.id, true);
  if (ok) {
    s.ring.max_terms = max_terms;
    s.ring.max_bits = g->limits.digits > UINT64_MAX / 4 ? UINT64_MAX : g->limits.digits / 3 * 10;
    if (!size_product(max_terms, PRODUCTS_PER_TERM, &s.work_per_node)) s.work_per_node = UINT64_MAX;
    ok = expand_units(&s, max_terms);
  }
  uint32_t id = ok ? s.spots[walk_position(&s.walk, e.id)].image : s.ring.failed;
  tri__end(&s);
  return expr_of(g, id);
}
