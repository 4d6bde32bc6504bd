/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives below a choice come as strong products with select(c, 1, 0), and as sums of such: select says it better. */
#include "calculus/simplify.h"

enum { CHOICES_MAX = 32 };

static const uint32_t *branches(const tri_graph *g, uint32_t id) {
  const struct node *n = node_at(g, id);
  return n->op == TRI_OP_select ? node_args(g, n) : NULL;
}

size_t tri__guard(const struct simplify *s) {
  for (size_t i = 0; i < s->chain.count && s->chain.gates; i++) {
    uint32_t image = s->spots[s->chain.leaves[i].at].image;
    const uint32_t *args = image && s->chain.leaves[i].power == 1 ? branches(s->g, image) : NULL;
    if (args && (args[1] == s->g->zero || args[2] == s->g->zero)) return i + 1;
  }
  return 0;
}

static uint32_t power(tri_graph *g, uint32_t id, int64_t n) {
  return n == 1 ? id : tri__build2(g, TRI_OP_pow, id, tri__constant_si(g, n, 1));
}

/* branch times the other leaves; 0 stays 0. */
static uint32_t guarded_branch(struct simplify *s, size_t guard, uint32_t branch) {
  tri_graph *g = s->g;
  uint32_t bottom = g->one;
  if (branch == g->zero) return branch;
  for (size_t i = 0; i < s->chain.count; i++) {
    struct leaf leaf = s->chain.leaves[i];
    uint32_t image = s->spots[leaf.at].image;
    if (i == guard - 1) continue;
    if (leaf.power > 0)
      branch = tri__build2(g, TRI_OP_mul, branch, power(g, image, leaf.power));
    else
      bottom = tri__build2(g, TRI_OP_mul, bottom, power(g, image, -(int64_t)leaf.power));
  }
  return tri__build2(g, TRI_OP_div, branch, bottom);
}

uint32_t tri__write_guarded(struct simplify *s, size_t guard) {
  uint32_t image = s->spots[s->chain.leaves[guard - 1].at].image, args[3];
  for (int i = 0; i < 3; i++) args[i] = branches(s->g, image)[i];
  for (int i = 1; i < 3; i++) args[i] = guarded_branch(s, guard, args[i]);
  return tri__build(s->g, TRI_OP_select, 3, args);
}

/* --- sums of choices */

/* The atom of a term that is a number times a choice; 0 otherwise. */
static uint32_t choice_of(const struct simplify *s, const struct term *t) {
  if (monomial_size(&s->ring, t->m) != 1) return 0;
  struct factor f = *monomial_factors(&s->ring, t->m);
  return f.exponent == 1 && branches(s->g, f.atom) ? f.atom : 0;
}

static uint32_t scaled(struct simplify *s, mpq_srcptr c, uint32_t id) {
  if (id == s->g->zero) return id;
  uint32_t number = tri__constant(s->g, c);
  return tri__build2(s->g, TRI_OP_mul, number, id);
}

/* Which branch of the choice is 0: 1 or 2; 0 if none is. */
static int zero_branch(const tri_graph *g, uint32_t choice) {
  const uint32_t *args = branches(g, choice);
  return args[1] == g->zero ? 1 : args[2] == g->zero ? 2 : 0;
}

/* The choice that two terms are together; 0 if they are none. */
static uint32_t joined(struct simplify *s, const struct term *a, const struct term *b) {
  tri_graph *g = s->g;
  uint32_t x = choice_of(s, a), y = choice_of(s, b);
  if (!x || !y || branches(g, x)[0] != branches(g, y)[0]) return 0;
  if (zero_branch(g, x) + zero_branch(g, y) != 3 || !zero_branch(g, x) || !zero_branch(g, y))
    return 0;
  bool first = zero_branch(g, x) == 2;
  uint32_t condition = branches(g, x)[0], p = branches(g, x)[first ? 1 : 2],
           q = branches(g, y)[first ? 2 : 1];
  p = scaled(s, a->c, p);
  q = scaled(s, b->c, q);
  return tri__build3(g, TRI_OP_select, condition, first ? p : q, first ? q : p);
}

/* Puts the choice in place of terms i and j. */
static bool put_joined(struct simplify *s, struct poly *p, size_t i, size_t j, uint32_t id) {
  if (id_is_error(id)) return s->ring.failed = id, false;
  mpq_set_ui(p->terms[i].c, 0, 1);
  mpq_set_ui(p->terms[j].c, 0, 1);
  uint32_t needs = p->needs;
  bool ok = tri__poly_open(&s->ring, p) &&
            tri__poly_put(&s->ring, p, s->ring.one, tri__monomial(&s->ring, id, 1)) &&
            tri__poly_close(&s->ring, p);
  p->needs = needs; /* what the branches need, the choice says */
  return ok;
}

bool tri__join_choices(struct simplify *s, struct poly *p) {
  if (p->count > CHOICES_MAX) return true;
  for (size_t i = 0; i < p->count; i++)
    for (size_t j = i + 1; j < p->count; j++) {
      uint32_t id = joined(s, p->terms + i, p->terms + j);
      if (!id) continue;
      if (!put_joined(s, p, i, j, id)) return false;
      i = 0, j = 0;
    }
  return true;
}
