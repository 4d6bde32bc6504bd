/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Permutations and contractions: forward in any domain and back. Over doubles and floats products
 * of matrices are the CBLAS's. There a zero times what is not finite is no zero; where it has to be
 * one (strong zeros), and something is not finite, products are computed one by one. */
#include "base/finite.h"
#include "eval/tensors.h"

#include <cblas.h>
#include <limits.h>
#include <math.h>

#include "eval/run.h"

/* --- layouts */

/* Elements of dimensions first … last - 1 of a value. The product is no more than its count, which
 * was checked, or that is 0. */
static size_t elements_between(const struct plan *p, uint32_t v, const int64_t *sizes, size_t first,
                               size_t last) {
  const int64_t *dims = p->dims + p->shapes[p->values[v].shape].first;
  size_t count = 1;
  for (size_t d = first; d < last; d++) count *= (size_t)(dims[d] < 0 ? sizes[~dims[d]] : dims[d]);
  return count;
}

static uint32_t rank_of(const struct plan *p, uint32_t v) {
  return p->shapes[p->values[v].shape].rank;
}

void tri__permutation(const struct plan *p, const struct instruction *s, const int64_t *sizes,
                      struct permutation *w) {
  *w = (struct permutation){.rank = rank_of(p, s->result)};
  for (uint32_t d = 0; d < w->rank; d++) {
    size_t axis = (size_t)p->spans[s->index + d];
    w->size[d] = elements_between(p, s->result, sizes, d, d + 1);
    w->stride[d] = elements_between(p, s->arg[0], sizes, axis + 1, w->rank);
  }
}

struct contraction tri__plan_contraction_how(const struct plan *p, const struct instruction *s) {
  const int64_t *how = p->spans + s->index;
  return (struct contraction){(uint8_t)how[0], (uint8_t)how[1], (uint8_t)how[2], (uint8_t)how[3]};
}

struct contraction_layout tri__plan_contraction(const struct plan *p, const struct instruction *s,
                                                const int64_t *sizes) {
  struct contraction how = tri__plan_contraction_how(p, s);
  size_t b = how.batch, c = how.contracted, kept[2], begin = 0;
  for (int i = 2; i-- > 0;) {
    size_t rank = rank_of(p, s->arg[i]);
    bool turned = how.turned >> i & 1;
    begin = turned ? b : rank - c;
    kept[i] = elements_between(p, s->arg[i], sizes, turned ? b + c : b, turned ? rank : rank - c);
  }
  return contraction_layout(&how, elements_between(p, s->arg[0], sizes, 0, b), kept[0], kept[1],
                            elements_between(p, s->arg[0], sizes, begin, begin + c));
}

/* --- permutations */

static bool is_float(const struct run *r) { return r->numbers->domain == &tri__float_domain; }

void tri__run_permute(struct run *r, const struct instruction *s) {
  struct permutation w;
  struct numbers *n = r->numbers;
  size_t count = count_of(r, s->result);
  tri__permutation(r->plan, s, r->workspace->sizes, &w);
  if (has_doubles(n->domain) && count) {
    double *to = element_at(r, s->result, 0);
    const double *from = element_at(r, s->arg[0], 0);
    for (size_t e = 0; e < count; e++, permutation_next(&w)) to[e] = from[w.from];
    return;
  }
  for (size_t e = 0; e < count; e++, permutation_next(&w))
    n->domain->set(n, element_at(r, s->result, e), element_at(r, s->arg[0], w.from), 1);
}

void tri__sweep_permute(struct sweep *s, const struct instruction *step) {
  struct permutation w;
  tri__permutation(s->run->plan, step, s->run->workspace->sizes, &w);
  for (size_t e = 0; e < count_of(s->run, step->result); e++, permutation_next(&w))
    tri__sweep_move(s, step->result, e, 0, step->arg[0], w.from, 1);
}

/* --- products of matrices of doubles */

/* c [m, n] = beta c + a [m, k] b [n, k], each operand turned or not. */
struct product {
  size_t m, n, k;
  bool a_turned, b_turned;
  double beta;
};

static bool blas_sizes(const struct product *p) {
  return p->m <= INT_MAX && p->n <= INT_MAX && p->k <= INT_MAX;
}
static int leading(size_t n) { return n ? (int)n : 1; }

static void multiply(const struct product *p, const double *a, const double *b, double *c) {
  int lda = leading(p->a_turned ? p->m : p->k), ldb = leading(p->b_turned ? p->n : p->k);
  int m = (int)p->m, n = (int)p->n, k = (int)p->k;
  enum CBLAS_TRANSPOSE ta = p->a_turned ? CblasTrans : CblasNoTrans,
                       tb = p->b_turned ? CblasNoTrans : CblasTrans;
  if (!m || !n) return;
  if (!k) { /* BLAS leaves c as it is */
    for (size_t i = 0; i < p->m * p->n; i++) c[i] = p->beta == 0.0 ? 0.0 : c[i];
    return;
  }
  if (n == 1)
    cblas_dgemv(CblasRowMajor, ta, p->a_turned ? k : m, p->a_turned ? m : k, 1.0, a, lda, b, 1,
                p->beta, c, 1);
  else if (m == 1)
    cblas_dgemv(CblasRowMajor, p->b_turned ? CblasTrans : CblasNoTrans, p->b_turned ? k : n,
                p->b_turned ? n : k, 1.0, b, ldb, a, 1, p->beta, c, 1);
  else
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, lda, b, ldb, p->beta, c, leading(p->n));
}

/* --- forward */

static struct contraction_layout layout_of(const struct run *r, const struct instruction *s) {
  return tri__plan_contraction(r->plan, s, r->workspace->sizes);
}

static bool value_is_finite(const struct run *r, uint32_t v) {
  size_t count = count_of(r, v);
  return !count || are_finite(element_at(r, v, 0), count, false);
}

/* A float is kept as the double that it is: a sum of products is computed in double and rounded at
 * the end. */
static void round_floats(const struct run *r, size_t count, double *data) {
  for (size_t i = 0; is_float(r) && i < count; i++) data[i] = (double)(float)data[i];
}

/* Whether the domain is one that CBLAS has, and nothing needs products one by one. */
static bool by_blas(const struct run *r, const struct instruction *s, const struct product *p) {
  struct contraction how = tri__plan_contraction_how(r->plan, s);
  if (!has_doubles(r->numbers->domain) || !blas_sizes(p)) return false;
  for (int i = 0; i < 2; i++)
    if ((how.strong >> (1 - i) & 1) && !value_is_finite(r, s->arg[i])) return false;
  return true;
}

static void contract_by_blas(struct run *r, const struct instruction *s,
                             const struct contraction_layout *l, const struct product *p) {
  for (size_t b = 0; b < l->batch && l->m && l->n; b++)
    multiply(p, l->k ? element_at(r, s->arg[0], b * l->m * l->k) : NULL,
             l->k ? element_at(r, s->arg[1], b * l->n * l->k) : NULL,
             element_at(r, s->result, b * l->m * l->n));
  if (l->batch && l->m && l->n)
    round_floats(r, count_of(r, s->result), element_at(r, s->result, 0));
}

/* Adds a product to an element of the result. */
static void add_product(struct run *r, const struct instruction *s, unsigned strong, void *to,
                        const void *a, const void *b) {
  struct numbers *n = r->numbers;
  enum apply_mode mode = s->flags & STEP_EXTENDED ? APPLY_EXTENDED : APPLY_STRICT;
  void *product = r->workspace->level[r->level].product;
  if ((strong & CONTRACT_A && n->domain->zero(n, a)) ||
      (strong & CONTRACT_B && n->domain->zero(n, b)))
    return;
  n->domain->apply(n, TRI_OP_mul, mode, product, (const void *[]){a, b});
  tri__numbers_accumulate(n, to, product);
}

static tri_status contract_one_by_one(struct run *r, const struct instruction *s,
                                      const struct contraction_layout *l) {
  unsigned strong = tri__plan_contraction_how(r->plan, s).strong;
  size_t e = 0;
  for (size_t i = 0; i < l->batch * l->m; i++) {
    size_t batch = i / l->m, a = batch * l->m * l->k + i % l->m * l->a_m;
    if (tri__interrupt(r)) return tri__call_error(r->call, TRI_INTERRUPTED, "interrupted");
    for (size_t j = 0; j < l->n; j++, e++) {
      size_t b = batch * l->n * l->k + j * l->b_n;
      void *to = element_at(r, s->result, e);
      r->numbers->domain->set_double(r->numbers, to, 0.0);
      for (size_t k = 0; k < l->k; k++)
        add_product(r, s, strong, to, element_at(r, s->arg[0], a + k * l->a_k),
                    element_at(r, s->arg[1], b + k * l->b_k));
    }
  }
  return TRI_OK;
}

tri_status tri__run_contract(struct run *r, const struct instruction *s) {
  struct contraction how = tri__plan_contraction_how(r->plan, s);
  struct contraction_layout l = layout_of(r, s);
  struct product p = {l.m, l.n, l.k, how.turned & CONTRACT_A, how.turned & CONTRACT_B, 0.0};
  if (!count_of(r, s->result)) return TRI_OK; /* of however many rows without elements */
  if (!by_blas(r, s, &p)) return contract_one_by_one(r, s, &l);
  contract_by_blas(r, s, &l, &p);
  return TRI_OK;
}

/* --- back */

/* The adjoint w is [m, n]. That of a [m, k] is w [m, n] b [k, n]; where a is turned, b [k, n] w [m,
 * n]; of b [n, k] and where it is turned likewise. One operand of the product, as multiply has
 * them: */
struct factor {
  const double *data;
  bool turned;
};

static void sweep_batch(struct sweep *s, const struct instruction *step,
                        const struct contraction_layout *l, const struct contraction *how, int i,
                        size_t batch) {
  const struct run *r = s->run;
  size_t own = i ? l->n : l->m, other = i ? l->m : l->n;
  bool own_turned = how->turned >> i & 1, other_turned = how->turned >> (1 - i) & 1;
  struct factor w = {adjoint_of(s, step->result, batch * l->m * l->n), i == 1};
  struct factor x = {element_at(r, step->arg[1 - i], batch * other * l->k), !other_turned};
  double *to = adjoint_of(s, step->arg[i], batch * own * l->k);
  struct product p = {own, l->k, other, w.turned, x.turned, 1.0};
  if (own_turned) p = (struct product){l->k, own, other, x.turned, w.turned, 1.0};
  multiply(&p, own_turned ? x.data : w.data, own_turned ? w.data : x.data, to);
  round_floats(r, own * l->k, to);
}

/* Whether products may be CBLAS's: nobody watches, and no zero meets what is not finite. */
static bool sweeps_by_blas(const struct sweep *s, const struct instruction *step,
                           const struct contraction_layout *l) {
  const struct run *r = s->run;
  struct product p = {l->m, l->n, l->k, false, false, 1.0};
  if (r->call->trace || !by_blas(r, step, &p) || !l->k || !l->m || !l->n) return false;
  if (!are_finite(adjoint_of(s, step->result, 0), count_of(r, step->result), false)) return false;
  for (int i = 0; i < 2; i++)
    if (!value_is_finite(r, step->arg[i])) return false;
  return true;
}

static void sweep_one_by_one(struct sweep *s, const struct instruction *step,
                             const struct contraction_layout *l) {
  const struct run *r = s->run;
  size_t e = 0;
  /* once interrupted it ends, and the sweep looks for that itself */
  for (size_t i = 0; i < l->batch * l->m && !tri__interrupt(r); i++) {
    size_t batch = i / l->m, a = batch * l->m * l->k + i % l->m * l->a_m;
    for (size_t j = 0; j < l->n; j++, e++) {
      size_t b = batch * l->n * l->k + j * l->b_n;
      if (s->numbers->domain->zero(s->numbers, adjoint_of(s, step->result, e))) continue;
      for (size_t k = 0; k < l->k; k++) {
        size_t at[] = {a + k * l->a_k, b + k * l->b_k};
        const void *x[] = {element_at(r, step->arg[0], at[0]), element_at(r, step->arg[1], at[1])};
        for (uint32_t o = 0; o < 2; o++)
          if (r->plan->active[step->arg[o]])
            tri__sweep_product(s, TRI_OP_mul, step->result, e, o, step->arg[o], at[o], x);
      }
    }
  }
}

void tri__sweep_contract(struct sweep *s, const struct instruction *step) {
  struct contraction how = tri__plan_contraction_how(s->run->plan, step);
  struct contraction_layout l = layout_of(s->run, step);
  if (!count_of(s->run, step->result)) return;
  if (!sweeps_by_blas(s, step, &l)) {
    sweep_one_by_one(s, step, &l);
    return;
  }
  for (int i = 0; i < 2; i++)
    for (size_t b = 0; b < l.batch && s->run->plan->active[step->arg[i]]; b++)
      sweep_batch(s, step, &l, &how, i, b);
}
