/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reductions over the last dimension: the logarithm of the sum of exp, and the place of the first
 * maximum, forward in any domain and back.
 *
 * The sum is that of exp(x - c), with a constant c near the maximum, so that nothing overflows and
 * the largest term is about 1: r = c + log(sum). Of dual numbers c has no tangents, and those of r
 * come out as sum of exp(x - c) x' / sum of exp(x - c). */
#include <math.h>

#include "eval/run.h"

/* The elements that one element of the result is made of. */
struct group {
  size_t first, count;
};

static size_t last_size(const struct run *r, uint32_t v) {
  const struct plan_shape *shape = r->plan->shapes + r->plan->values[v].shape;
  int64_t n = r->plan->dims[shape->first + shape->rank - 1];
  return (size_t)(n < 0 ? r->workspace->sizes[~n] : n);
}

static struct group group_of(const struct run *r, const struct instruction *s, size_t e) {
  size_t n = last_size(r, s->arg[0]);
  return (struct group){e * n, n};
}

/* --- over doubles, which floats are as well */

/* NaN where an element is. */
static double largest(const double *x, size_t n) {
  double most = x[0];
  for (size_t i = 1; i < n; i++) most = x[i] > most || x[i] != x[i] ? x[i] : most;
  return most;
}

static double lse_of_doubles(const double *x, size_t n) {
  double c = n ? largest(x, n) : (double)NAN, sum = 0.0;
  if (isinf(c)) return c > 0.0 ? c : (double)NAN; /* log(0) */
  for (size_t i = 0; i < n; i++) sum += exp(x[i] - c);
  return c + log(sum);
}

static double argmax_of_doubles(const double *x, size_t n) {
  size_t best = 0;
  for (size_t i = 1; i < n; i++) best = x[i] > x[best] ? i : best;
  for (size_t i = 0; i < n; i++)
    if (x[i] != x[i]) return (double)NAN;
  return n ? (double)best : (double)NAN;
}

static void run_doubles(const struct run *r, const struct instruction *s) {
  bool floats = r->numbers->domain == &tri__float_domain;
  for (size_t e = 0; e < count_of(r, s->result); e++) {
    struct group of = group_of(r, s, e);
    const double *x = of.count ? element_at(r, s->arg[0], of.first) : NULL;
    double *to = element_at(r, s->result, e);
    *to = s->op == TRI_OP_lse ? lse_of_doubles(x, of.count) : argmax_of_doubles(x, of.count);
    if (floats) *to = (double)(float)*to;
  }
}

/* --- in any domain */

/* The state of the first element without a value. */
static enum number_state state_of(const struct run *r, uint32_t v, struct group of) {
  enum number_state state = of.count ? NUMBER_VALUE : NUMBER_NONE;
  for (size_t i = 0; i < of.count && !state; i++)
    state = r->numbers->domain->state(r->numbers, element_at(r, v, of.first + i));
  return state;
}

/* An element that none is certainly larger than, the only one that can be the first maximum. */
static size_t candidate(const struct run *r, uint32_t v, struct group of) {
  struct numbers *n = r->numbers;
  size_t best = 0;
  for (size_t i = 1; i < of.count; i++)
    if (n->domain->compare(n, element_at(r, v, of.first + i), element_at(r, v, of.first + best)) ==
        1)
      best = i;
  return best;
}

/* Whether the candidate is the first maximum for certain. */
static bool is_first(const struct run *r, uint32_t v, struct group of, size_t best) {
  struct numbers *n = r->numbers;
  for (size_t i = 0; i < of.count; i++) {
    int order = i == best ? 0
                          : n->domain->compare(n, element_at(r, v, of.first + best),
                                               element_at(r, v, of.first + i));
    if (order == COMPARE_UNKNOWN || order < 0 || (order == 0 && i < best)) return false;
  }
  return true;
}

static void argmax(const struct run *r, const struct instruction *s, size_t e) {
  struct numbers *n = r->numbers;
  struct group of = group_of(r, s, e);
  enum number_state state = state_of(r, s->arg[0], of);
  size_t best = state ? 0 : candidate(r, s->arg[0], of);
  if (!state && !is_first(r, s->arg[0], of, best)) state = NUMBER_UNDECIDED;
  if (state)
    n->domain->set_none(n, element_at(r, s->result, e), state);
  else
    tri__set_integer(n, element_at(r, s->result, e), (int64_t)best);
}

/* A constant near a number: the number itself without tangents, a ball's middle. */
static void set_shift(struct numbers *n, void *to, const void *x) {
  struct numbers *base = tri__base(n);
  double middle = base->domain->to_double(base, x);
  bool ball = base->domain == &tri__ball_domain && isfinite(middle);
  n->domain->set_double(n, to, ball ? middle : 0.0);
  if (!ball) base->domain->set(base, to, x, 1);
}

static void lse(struct run *r, const struct instruction *s, size_t e) {
  struct numbers *n = r->numbers;
  struct group of = group_of(r, s, e);
  enum apply_mode mode = s->flags & STEP_EXTENDED ? APPLY_EXTENDED : APPLY_STRICT;
  void *to = element_at(r, s->result, e), *shift = r->workspace->level[r->level].product,
       *term = number_at(n, shift, 1);
  enum number_state state = state_of(r, s->arg[0], of);
  if (state) {
    n->domain->set_none(n, to, state);
    return;
  }
  set_shift(n, shift, element_at(r, s->arg[0], of.first + candidate(r, s->arg[0], of)));
  n->domain->set_double(n, to, 0.0);
  for (size_t i = 0; i < of.count; i++) {
    const void *x[] = {element_at(r, s->arg[0], of.first + i), shift};
    n->domain->apply(n, TRI_OP_sub, mode, term, x);
    n->domain->apply(n, TRI_OP_exp, mode, term, (const void *[]){term});
    tri__numbers_accumulate(n, to, term);
  }
  n->domain->apply(n, TRI_OP_log, mode, term, (const void *[]){to});
  n->domain->apply(n, TRI_OP_add, mode, to, (const void *[]){shift, term});
}

tri_status tri__run_last(struct run *r, const struct instruction *s) {
  if (by_doubles(r)) {
    run_doubles(r, s);
    return TRI_OK;
  }
  for (size_t e = 0; e < count_of(r, s->result); e++) {
    if (tri__interrupt(r)) return tri__call_error(r->call, TRI_INTERRUPTED, "interrupted");
    if (s->op == TRI_OP_argmax)
      argmax(r, s, e);
    else if (last_size(r, s->arg[0]) == 1) /* exact, where exp is not */
      r->numbers->domain->set(r->numbers, element_at(r, s->result, e), element_at(r, s->arg[0], e),
                              1);
    else
      lse(r, s, e);
  }
  return TRI_OK;
}

/* --- back */

/* The partial exp(x - r) by element i of an element's group, into s->partial. */
static void set_partial(struct sweep *s, const struct instruction *step, size_t e, size_t i) {
  struct numbers *n = s->numbers;
  const void *x[] = {element_at(s->run, step->arg[0], i), element_at(s->run, step->result, e)};
  n->domain->apply(n, TRI_OP_sub, APPLY_EXTENDED, s->partial, x);
  n->domain->apply(n, TRI_OP_exp, APPLY_EXTENDED, s->partial, (const void *[]){s->partial});
}

void tri__sweep_lse(struct sweep *s, const struct instruction *step) {
  const struct run *r = s->run;
  for (size_t e = 0; e < count_of(r, step->result) && !tri__interrupt(r); e++) {
    struct group of = group_of(r, step, e);
    if (s->numbers->domain->zero(s->numbers, adjoint_of(s, step->result, e))) continue;
    for (size_t i = of.first; i < of.first + of.count; i++) {
      if (of.count == 1)
        s->numbers->domain->set_double(s->numbers, s->partial, 1.0);
      else
        set_partial(s, step, e, i);
      tri__sweep_partial(s, step->result, e, 0, step->arg[0], i);
    }
  }
}
