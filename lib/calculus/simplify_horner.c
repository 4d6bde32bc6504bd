/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Nested forms of long polynomials: Horner's scheme in many atoms, at each step in the atom that most terms have (the greedy choice of
 * Ceberio and Kreinovich, "Greedy algorithms for optimizing multivariate Horner schemes", 2004). */
#include "calculus/simplify.h"

/* Work to be done: to write a polynomial, or to add the two last values and multiply by a monomial. */
struct job {
  struct poly poly;
  uint32_t monomial;
  bool join;
};

/* A value written without its sign. */
struct value {
  uint32_t id;
  int sign;
};

struct horner {
  struct simplify *s;
  struct job *jobs;
  size_t job_count, job_capacity;
  struct value *values;
  size_t value_count, value_capacity;
};

/* The job's polynomial passes over, also on failure. */
static bool add_job(struct horner *h, struct job job) {
  if (!tri__grow(h->s->ring.memory, (void **)&h->jobs, &h->job_capacity, h->job_count + 1,
                 sizeof *h->jobs)) {
    tri__poly_free(&h->s->ring, &job.poly);
    return tri__ring_no_memory(&h->s->ring);
  }
  h->jobs[h->job_count++] = job;
  return true;
}

static bool add_value(struct horner *h, uint32_t id, int sign) {
  if (id_is_error(id)) return h->s->ring.failed = id, false;
  if (!tri__grow(h->s->ring.memory, (void **)&h->values, &h->value_capacity, h->value_count + 1,
                 sizeof *h->values))
    return tri__ring_no_memory(&h->s->ring);
  h->values[h->value_count++] = (struct value){id, sign};
  return true;
}

static uint32_t times(struct simplify *s, uint32_t m, uint32_t id) {
  if (!m || id_is_error(id)) return id;
  return tri__write_product(s, s->ring.one, m, id);
}

static bool join(struct horner *h, uint32_t m) {
  struct value b = h->values[--h->value_count], a = h->values[--h->value_count];
  tri_graph *g = h->s->g;
  uint32_t sum;
  int sign = 1;
  if (a.sign == b.sign) {
    sum = tri__build2(g, TRI_OP_add, a.id, b.id);
    sign = a.sign;
  } else
    sum = a.sign > 0 ? tri__build2(g, TRI_OP_sub, a.id, b.id)
                     : tri__build2(g, TRI_OP_sub, b.id, a.id);
  return add_value(h, times(h->s, m, sum), sign);
}

/* What all terms have: p is divided by it. */
static bool pull(struct simplify *s, struct poly *p, uint32_t *m) {
  const struct ring *r = &s->ring;
  struct poly q;
  *m = p->terms[0].m;
  for (size_t i = 1; i < p->count && *m; i++) {
    size_t n = monomial_size(r, *m), k = 0;
    struct factor *f = tri__new(r->memory, n, sizeof *f);
    if (!f) return tri__ring_no_memory(&s->ring);
    for (size_t j = 0; j < n; j++) {
      f[k] = monomial_factors(r, *m)[j];
      int32_t e = tri__monomial_exponent(r, p->terms[i].m, f[k].atom);
      if (e < f[k].exponent) f[k].exponent = e;
      if (f[k].exponent) k++;
    }
    *m = tri__monomial_of(&s->ring, f, k, NULL);
    tri__free(r->memory, f, n, sizeof *f);
    if (*m == MONOMIAL_NONE) return false;
  }
  if (!*m) return true;
  uint32_t inverse = tri__monomial_pow(&s->ring, *m, -1);
  if (inverse == MONOMIAL_NONE || !tri__poly_shift(&s->ring, &q, p, r->one, inverse)) return false;
  tri__poly_free(&s->ring, p);
  *p = q;
  return true;
}

/* The atom that most terms have, at least two; 0 if there is none. */
static bool most_common(struct simplify *s, const struct poly *p, uint32_t *atom) {
  size_t n, best = 1;
  struct factor *atoms = tri__atoms(s, p, &n);
  *atom = 0;
  if (!atoms) return false;
  for (size_t i = 0; i < n; i++) {
    size_t count = 0;
    for (size_t k = 0; k < p->count; k++)
      count += tri__monomial_exponent(&s->ring, p->terms[k].m, atoms[i].atom) > 0;
    if (count > best) best = count, *atom = atoms[i].atom;
  }
  tri__free(s->ring.memory, atoms, n, sizeof *atoms);
  return true;
}

/* p = m (p with the atom + p without it): three jobs, the last done first. */
static bool split(struct horner *h, const struct poly *p, uint32_t atom, uint32_t m) {
  struct ring *r = &h->s->ring;
  struct poly with[2] = {{0}, {0}};
  bool ok = true;
  for (int has = 0; has < 2 && ok; has++)
    for (size_t i = 0; i < p->count && ok; i++)
      if ((tri__monomial_exponent(r, p->terms[i].m, atom) > 0) == has)
        ok = tri__poly_put(r, with + has, p->terms[i].c, p->terms[i].m);
  ok = ok && add_job(h, (struct job){.monomial = m, .join = true});
  for (int has = 0; has < 2 && ok; has++) {
    ok = add_job(h, (struct job){.poly = with[has]});
    with[has] = (struct poly){0};
  }
  tri__poly_free(r, with);
  tri__poly_free(r, with + 1);
  return ok;
}

static bool write_one(struct horner *h, struct poly *p) {
  struct simplify *s = h->s;
  uint32_t m, atom;
  if (p->count == 1)
    return add_value(h, tri__write_product(s, p->terms[0].c, p->terms[0].m, 0),
                     mpq_sgn(p->terms[0].c));
  if (!pull(s, p, &m) || !most_common(s, p, &atom)) return false;
  /* the atom cannot be in all terms, for it would have been pulled out */
  return atom ? split(h, p, atom, m) : add_value(h, times(s, m, tri__write_plain(s, p)), 1);
}

uint32_t tri__write_horner(struct simplify *s, const struct poly *p) {
  struct horner h = {.s = s};
  struct poly copy;
  uint32_t id = 0;
  bool ok =
      p->count && tri__poly_copy(&s->ring, &copy, p) && add_job(&h, (struct job){.poly = copy});
  while (ok && h.job_count) {
    struct job job = h.jobs[--h.job_count];
    ok = job.join ? join(&h, job.monomial) : write_one(&h, &job.poly);
    tri__poly_free(&s->ring, &job.poly);
  }
  if (ok) {
    id = h.values[0].id;
    if (h.values[0].sign < 0) id = tri__write_negative(s->g, id);
  }
  for (size_t i = 0; i < h.job_count; i++) tri__poly_free(&s->ring, &h.jobs[i].poly);
  tri__free(s->ring.memory, h.jobs, h.job_capacity, sizeof *h.jobs);
  tri__free(s->ring.memory, h.values, h.value_capacity, sizeof *h.values);
  return s->ring.failed ? s->ring.failed : id;
}
