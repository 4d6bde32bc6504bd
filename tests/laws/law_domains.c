/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws that hold a row in one number domain against the row in the others: a value that exists in one exists in all, and lies in the
 * ball; the facts that a row states are true in each; a result may stand in an argument's place. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "laws.h"

/* --- a row in one context */

enum { RESULT = ROW_MAX_ARITY, PARTIAL, OTHER, ROOM };

struct place {
  struct numbers *n;
  void *all, *at[ROOM]; /* arguments, then RESULT, PARTIAL, OTHER */
};

static struct place place_in(struct numbers *n) {
  struct place p = {.n = n, .all = tri__numbers_new(n, ROOM)};
  trial_must(p.all != NULL);
  for (size_t i = 0; i < ROOM; i++) p.at[i] = number_at(n, p.all, i);
  return p;
}

static void clear(struct place *p) { tri__numbers_delete(p->n, p->all, ROOM); }

static void set_arguments(struct place *p, const double *x) {
  for (int i = 0; i < ROW_MAX_ARITY; i++) p->n->domain->set_double(p->n, p->at[i], x[i]);
}

static void apply(struct place *p, tri_op op, void *to) {
  p->n->domain->apply(p->n, op, APPLY_STRICT, to, (const void *const *)p->at);
}

static void take_partial(struct place *p, tri_op op, int i, void *to) {
  p->n->domain->partial(p->n, op, i, to, (const void *const *)p->at, p->at[RESULT]);
}

static enum number_state state(const struct place *p, const void *x) {
  return p->n->domain->state(p->n, x);
}

static double to_double(const struct place *p, const void *x) {
  return p->n->domain->to_double(p->n, x);
}

/* --- every domain inside the ball */

/* Relative errors that a number may have, of a value and of a partial (whose text computes with rounded numbers). How accurate kernels
 * are is measured elsewhere; here they are to be the same functions. */
static const struct {
  double value, partial;
} error_of[CONTEXTS] = {
    [IN_DOUBLE] = {0x1p-47, 0x1p-44}, [IN_FLOAT] = {0x1p-23, 0x1p-22}, [IN_RATIONAL] = {0.0, 0.0},
    [IN_MPFR] = {0x1p-198, 0x1p-180}, [IN_BALL] = {0.0, 0.0},          [IN_FINE_BALL] = {0.0, 0.0},
};

/* The number as a ball, with the error that it may have. False for a rational that a ball cannot be asked about. */
static void as_ball(arb_t ball, const struct place *p, const void *x, enum trial_context context,
                    double error) {
  mag_t wide;
  if (context == IN_BALL || context == IN_FINE_BALL) {
    arb_set(ball, tri__ball(x));
    return;
  }
  if (context == IN_MPFR) {
    arf_set_mpfr(arb_midref(ball), tri__real(x));
  } else if (context == IN_RATIONAL) {
    mpq_t q;
    fmpq_t exact;
    mpq_init(q), fmpq_init(exact);
    p->n->domain->to_rational(p->n, x, q);
    fmpq_set_mpq(exact, q);
    arb_set_fmpq(ball, exact, 200);
    mpq_clear(q), fmpq_clear(exact);
    return;
  } else {
    arf_set_d(arb_midref(ball), to_double(p, x));
  }
  mag_init(wide);
  arf_get_mag(arb_radref(ball), arb_midref(ball));
  mag_set_d(wide, error);
  mag_mul(arb_radref(ball), arb_radref(ball), wide);
  mag_clear(wide);
}

static double largest(enum trial_context context) {
  return context == IN_FLOAT ? (double)3.40282347e38F : 1.7976931348623157e308;
}
static double smallest(enum trial_context context) {
  return context == IN_FLOAT ? 0x1p-126 : 0x1p-1022;
}

/* Whether a double or float is what a true value too large or too small for it becomes. */
static bool out_of_range(double x, const arb_t truth, enum trial_context context) {
  double middle = arf_get_d(arb_midref(truth), ARF_RND_NEAR);
  if (isinf(x))
    return isinf(middle) ? x == middle
                         : fabs(middle) >= 0.999 * largest(context) && x * middle > 0.0;
  return fabs(middle) <= smallest(context) && fabs(x) <= smallest(context);
}

static bool inside(const struct place *p, const void *x, enum trial_context context, double error,
                   const arb_t truth) {
  bool rounds = context == IN_DOUBLE || context == IN_FLOAT;
  if (rounds && out_of_range(to_double(p, x), truth, context)) return true;
  if (!arb_is_finite(truth)) return to_double(p, x) == arf_get_d(arb_midref(truth), ARF_RND_NEAR);
  arb_t ball;
  arb_init(ball);
  as_ball(ball, p, x, context, error);
  bool overlap = arb_overlaps(ball, truth) != 0;
  arb_clear(ball);
  return overlap;
}

/* What is compared: the value (argument -1) or a partial. */
struct asked {
  tri_op op;
  int argument;
  const double *x;
};

static bool differs(struct trial *t, const struct asked *a, enum trial_context context,
                    const char *how, double found, double truth) {
  char what[32] = "value";
  if (a->argument >= 0) snprintf(what, sizeof what, "partial %d", a->argument + 1);
  return law_broken(t, "%s of %s at (%.17g, %.17g, %.17g) in %s: %s%.17g, in the ball %.17g", what,
                    t->rows[a->op].name, a->x[0], a->x[1], a->x[2], context_names[context], how,
                    found, truth);
}

/* Exact rationals may be asked for what is not rational; else a number exists in all contexts or in none. */
static bool same_existence(enum trial_context context, enum number_state state, bool exists) {
  if (state == NUMBER_INEXACT) return context == IN_RATIONAL;
  return state == (exists ? NUMBER_VALUE : NUMBER_NONE);
}

/* Infinities, which partials may be, do not exist among rationals. */
static bool agrees(struct trial *t, const struct asked *a, const struct place *p,
                   enum trial_context context, const void *x, const struct place *ball,
                   const void *truth) {
  enum number_state known = state(ball, truth), found = state(p, x);
  bool exists = known == NUMBER_VALUE, infinite = exists && !arb_is_finite(tri__ball(truth));
  double near = exists ? to_double(ball, truth) : (double)NAN;
  t->checks++;
  if (!same_existence(context, found, exists && !(infinite && context == IN_RATIONAL)))
    return differs(t, a, context, found ? "no value, " : "", to_double(p, x), near);
  double error = a->argument < 0 ? error_of[context].value : error_of[context].partial;
  return found || inside(p, x, context, error, tri__ball(truth)) ||
         differs(t, a, context, "", to_double(p, x), near);
}

/* Equal; of balls, not disjoint. What rationals have no number for is not compared. */
static bool equal(struct numbers *n, const void *a, const void *b) {
  enum number_state one = n->domain->state(n, a), other = n->domain->state(n, b);
  if (one == NUMBER_INEXACT || other == NUMBER_INEXACT) return true;
  if (one || other) return one == other;
  int order = n->domain->compare(n, a, b);
  return order == 0 || (n->domain == &tri__ball_domain && order == COMPARE_UNKNOWN);
}

/* Dual numbers over the context have the value and, as tangent, its partial. */
static bool dual_agrees(struct trial *t, const struct asked *a, const struct place *p,
                        enum trial_context context) {
  struct numbers duals;
  trial_must(tri__numbers_open_dual(&duals, p->n, 1));
  struct place d = place_in(&duals);
  set_arguments(&d, a->x);
  p->n->domain->set_double(p->n, dual_tangent(&duals, d.at[a->argument], 0), 1.0);
  apply(&d, a->op, d.at[RESULT]);
  bool ok = equal(p->n, d.at[RESULT], p->at[RESULT]) &&
            equal(p->n, dual_tangent(&duals, d.at[RESULT], 0), p->at[PARTIAL]);
  clear(&d);
  tri__numbers_close(&duals);
  t->checks++;
  return ok || differs(t, a, context, "dual numbers do not agree, ", NAN, NAN);
}

static bool context_agrees(struct trial *t, tri_op op, const double *x, struct place *p,
                           enum trial_context context, struct place *ball) {
  const struct row *row = t->rows + op;
  struct asked asked = {op, -1, x};
  if (!agrees(t, &asked, p, context, p->at[RESULT], ball, ball->at[RESULT])) return false;
  if (state(p, p->at[RESULT])) return true;
  for (asked.argument = 0; asked.argument < row->arity; asked.argument++) {
    if (!has_partial(row, asked.argument)) continue;
    take_partial(ball, op, asked.argument, ball->at[PARTIAL]);
    take_partial(p, op, asked.argument, p->at[PARTIAL]);
    if (!agrees(t, &asked, p, context, p->at[PARTIAL], ball, ball->at[PARTIAL]) ||
        !dual_agrees(t, &asked, p, context))
      return false;
  }
  return true;
}

static bool domains_at(struct trial *t, tri_op op, const double *x, struct place *places) {
  struct place *ball = places + IN_BALL;
  for (int c = 0; c < CONTEXTS; c++) {
    set_arguments(places + c, x);
    apply(places + c, op, places[c].at[RESULT]);
  }
  if ((state(ball, ball->at[RESULT]) == NUMBER_VALUE) != defined(t->rows + op, x))
    return law_broken(t, "%s at (%.17g, %.17g, %.17g): defined is %d, the ball's state %d",
                      t->rows[op].name, x[0], x[1], x[2], defined(t->rows + op, x),
                      state(ball, ball->at[RESULT]));
  for (int c = 0; c < CONTEXTS; c++)
    if (!context_agrees(t, op, x, places + c, (enum trial_context)c, ball)) return false;
  return true;
}

/* Points are floats, so that every domain has them. */
bool law_domains(struct trial *t, tri_op op) {
  const struct row *row = t->rows + op;
  struct place places[CONTEXTS];
  double x[ROW_MAX_ARITY];
  bool holds = true;
  for (int c = 0; c < CONTEXTS; c++) places[c] = place_in(&t->in[c]);
  for (size_t k = 0; holds && trial_point(row, k, x); k += trial_stride(row)) {
    set_arguments(places + IN_FLOAT, x);
    for (int i = 0; i < ROW_MAX_ARITY; i++)
      x[i] = to_double(places + IN_FLOAT, places[IN_FLOAT].at[i]);
    holds = domains_at(t, op, x, places);
  }
  for (int c = 0; c < CONTEXTS; c++) clear(places + c);
  return holds;
}

/* --- beyond the edges as IEEE has it */

/* Numbers around which functions have poles and limits, and the infinities that derivatives may be. */
static const double edges[] = {0.0,  1.0, -1.0, 2.0,      -2.0,     3.0,
                               -3.0, 0.5, -0.5, INFINITY, -INFINITY};
enum { EDGES = sizeof edges / sizeof *edges };

static bool edge(const struct row *row, size_t k, double *x) {
  for (int i = 0; i < ROW_MAX_ARITY; i++) x[i] = 0.0;
  for (int i = 0; i < row->arity; i++, k /= EDGES) {
    bool condition = row->conditions >> i & 1,
         order = !has_partial(row, i) && row->sort == TRI_REAL;
    x[i] = condition ? edges[k % EDGES] > 0.0 : order ? (double)(k % EDGES % 4) : edges[k % EDGES];
  }
  return k == 0;
}

/* The kernel's word on what is NaN, infinite or finite holds in every domain that has infinities. */
static bool extends(struct trial *t, tri_op op, const double *x, struct place *p,
                    enum trial_context context) {
  double expected = t->rows[op].kernel(x[0], x[1], x[2]);
  set_arguments(p, x);
  p->n->domain->apply(p->n, op, APPLY_EXTENDED, p->at[RESULT], (const void *const *)p->at);
  enum number_state found = state(p, p->at[RESULT]);
  double value = found ? (double)NAN : to_double(p, p->at[RESULT]);
  bool same = isnan(expected)   ? found == NUMBER_NONE
              : isinf(expected) ? value == expected
                                : fabs(value - expected) <= 1e-6 * fmax(1.0, fabs(expected));
  t->checks++;
  return same || law_broken(t, "%s extended to (%g, %g, %g) in %s is %s%g, not %g",
                            t->rows[op].name, x[0], x[1], x[2], context_names[context],
                            found == NUMBER_UNDECIDED ? "undecided, " : "", value, expected);
}

bool law_extended(struct trial *t, tri_op op) {
  const struct row *row = t->rows + op;
  double x[ROW_MAX_ARITY];
  bool holds = true;
  for (int c = 0; holds && c < CONTEXTS; c++) {
    if (c == IN_RATIONAL) continue;
    struct place p = place_in(&t->in[c]);
    for (size_t k = 0; holds && edge(row, k, x); k++)
      holds = extends(t, op, x, &p, (enum trial_context)c);
    clear(&p);
  }
  return holds;
}

/* --- a wide ball holds what it must */

static arb_ptr ball_of(void *x) { return (arb_ptr)(uintptr_t)tri__ball(x); }

/* Widens the arguments that may move by half of what is random, or not at all. */
static void widen(struct trial *t, const struct row *row, struct place *wide, double *width) {
  for (int i = 0; i < row->arity; i++) {
    bool moves = !(row->conditions >> i & 1) && (row->sort != TRI_REAL || has_partial(row, i));
    width[i] = moves ? (double)trial_random(t, 5) / 4.0 : 0.0;
    mag_set_d(arb_radref(ball_of(wide->at[i])), width[i]);
  }
}

/* What the wide ball's result has to hold, unless that is undecided. */
static bool held(struct trial *t, const struct asked *a, struct place *wide, const void *around,
                 struct place *point, const void *x) {
  enum number_state known = state(wide, around), there = state(point, x);
  if (known == NUMBER_UNDECIDED || known == NUMBER_TOO_LONG) return true;
  t->checks++;
  bool ok = known ? there == known : !there && arb_overlaps(tri__ball(around), tri__ball(x));
  return ok || differs(t, a, IN_BALL, known ? "no value, " : "wide, ", to_double(wide, around),
                       to_double(point, x));
}

static bool encloses(struct trial *t, tri_op op, struct place *wide, struct place *point,
                     const double *x) {
  const struct row *row = t->rows + op;
  struct asked asked = {op, -1, x};
  set_arguments(point, x);
  apply(point, op, point->at[RESULT]);
  if (!held(t, &asked, wide, wide->at[RESULT], point, point->at[RESULT])) return false;
  if (state(point, point->at[RESULT]) || state(wide, wide->at[RESULT])) return true;
  for (asked.argument = 0; asked.argument < row->arity; asked.argument++) {
    if (!has_partial(row, asked.argument)) continue;
    take_partial(wide, op, asked.argument, wide->at[PARTIAL]);
    take_partial(point, op, asked.argument, point->at[PARTIAL]);
    if (!held(t, &asked, wide, wide->at[PARTIAL], point, point->at[PARTIAL])) return false;
  }
  return true;
}

bool law_enclosures(struct trial *t, tri_op op) {
  const struct row *row = t->rows + op;
  struct place wide = place_in(&t->in[IN_BALL]), point = place_in(&t->in[IN_FINE_BALL]);
  double x[ROW_MAX_ARITY], width[ROW_MAX_ARITY] = {0.0}, y[ROW_MAX_ARITY];
  bool holds = true;
  for (size_t k = 0; holds && trial_point(row, k, x); k += trial_stride(row)) {
    set_arguments(&wide, x);
    widen(t, row, &wide, width);
    apply(&wide, op, wide.at[RESULT]);
    for (int sample = 0; holds && sample < 4; sample++) {
      for (int i = 0; i < ROW_MAX_ARITY; i++)
        y[i] = x[i] + width[i] * ((double)trial_random(t, 5) / 2.0 - 1.0);
      holds = encloses(t, op, &wide, &point, y);
    }
  }
  clear(&wide);
  clear(&point);
  return holds;
}

/* --- the row's facts in every domain */

static bool fact_fails(struct trial *t, tri_op op, const char *fact, struct place *p,
                       const double *x) {
  return law_broken(t, "%s is not %s at (%.17g, %.17g, %.17g) in %s", t->rows[op].name, fact, x[0],
                    x[1], x[2], p->n->domain->name);
}

/* The row at other arguments into OTHER. */
static void apply_other(struct place *p, tri_op op, const double *x) {
  set_arguments(p, x);
  apply(p, op, p->at[OTHER]);
}

static bool has_parity(struct trial *t, tri_op op, struct place *p, const double *x) {
  const struct row *row = t->rows + op;
  if (!row->parity) return true;
  apply_other(p, op, (const double[]){-x[0], x[1], x[2]});
  if (row->parity == ODD)
    p->n->domain->apply(p->n, TRI_OP_neg, APPLY_STRICT, p->at[OTHER],
                        (const void *const[]){p->at[OTHER]});
  t->checks++;
  return equal(p->n, p->at[RESULT], p->at[OTHER]) ||
         fact_fails(t, op, row->parity == ODD ? "odd" : "even", p, x);
}

static bool has_order(struct trial *t, tri_op op, struct place *p, const double *x) {
  if (!t->rows[op].commutes) return true;
  apply_other(p, op, (const double[]){x[1], x[0], x[2]});
  t->checks++;
  return equal(p->n, p->at[RESULT], p->at[OTHER]) || fact_fails(t, op, "commutative", p, x);
}

/* The value at 0 or 1 that the row states, wherever the domain has it. */
static bool has_stated(struct trial *t, tri_op op, struct place *p, const double *x) {
  const struct row *row = t->rows + op;
  bool at_zero = row->at_zero && x[0] == 0.0;
  if (!at_zero && !(row->root_at_one && x[0] == 1.0)) return true;
  p->n->domain->set_double(p->n, p->at[OTHER], at_zero && row->at_zero == AT_ZERO_1 ? 1.0 : 0.0);
  t->checks++;
  return p->n->domain->compare(p->n, p->at[RESULT], p->at[OTHER]) == 0 ||
         fact_fails(t, op, "what it states", p, x);
}

/* Whether a number contradicts facts; a positive value may be rounded to 0. */
static bool contradicts(const struct place *p, const void *x, unsigned facts) {
  double value = to_double(p, x);
  bool sure = p->n->domain == &tri__ball_domain || p->n->domain == &tri__rational_domain;
  if (facts & FACT_NONNEGATIVE && value < 0.0) return true;
  if (facts & FACT_NONZERO && sure && p->n->domain->zero(p->n, x)) return true;
  return facts & FACT_INTEGER && fabs(value) < 0x1p50 && value != floor(value);
}

static unsigned facts_of(double x) {
  return (x > 0.0    ? FACT_POSITIVE
          : x == 0.0 ? FACT_NONNEGATIVE
                     : FACT_NONZERO) |
         (x == floor(x) ? (unsigned)FACT_INTEGER : 0u);
}

static bool has_range(struct trial *t, tri_op op, struct place *p, const double *x) {
  const struct row *row = t->rows + op;
  unsigned facts = facts_of(x[0]), of_argument = row->arity == 1 ? facts & row->keeps : 0;
  bool total = row->total || (row->total_if && (facts & row->total_if) == row->total_if);
  if (state(p, p->at[RESULT]))
    return state(p, p->at[RESULT]) == NUMBER_INEXACT || !total || fact_fails(t, op, "total", p, x);
  t->checks++;
  return !contradicts(p, p->at[RESULT], row->range | of_argument) ||
         fact_fails(t, op, "in its range", p, x);
}

static bool facts_at(struct trial *t, tri_op op, struct place *p, const double *x) {
  set_arguments(p, x);
  apply(p, op, p->at[RESULT]);
  if (!has_range(t, op, p, x)) return false;
  return (state(p, p->at[RESULT]) || has_stated(t, op, p, x)) && has_parity(t, op, p, x) &&
         has_order(t, op, p, x);
}

bool law_facts(struct trial *t, tri_op op) {
  const struct row *row = t->rows + op;
  double x[ROW_MAX_ARITY];
  bool holds = true;
  for (int c = 0; holds && c < CONTEXTS; c++) {
    struct place p = place_in(&t->in[c]);
    for (size_t k = 0; holds && trial_point(row, k, x); k += trial_stride(row))
      holds = facts_at(t, op, &p, x);
    clear(&p);
  }
  return holds;
}

/* --- a result in an argument's place */

/* To the last digit, and with all tangents. */
static bool same(struct numbers *n, const void *a, const void *b) {
  if (!n->base && n->domain->compare(n, a, b) == 0) return true; /* 0 and -0 */
  tri_text x = {.allocator = NULL}, y = {.allocator = NULL};
  n->domain->text(n, a, &x);
  n->domain->text(n, b, &y);
  trial_must(!x.status && !y.status);
  bool equal = strcmp(x.data, y.data) == 0;
  tri_text_free(&x);
  tri_text_free(&y);
  return equal;
}

static void set_moving(struct place *p, const struct row *row, const double *x) {
  set_arguments(p, x);
  for (int i = 0; p->n->base && i < row->arity; i++)
    if (has_partial(row, i))
      p->n->base->domain->set_double(p->n->base, dual_tangent(p->n, p->at[i], 0), 1.5);
}

static bool alias_differs(struct trial *t, tri_op op, const char *what, int i, struct place *p,
                          const double *x) {
  return law_broken(t, "%s of %s at (%.17g, %.17g, %.17g) in %s%s, into argument %d", what,
                    t->rows[op].name, x[0], x[1], x[2], p->n->base ? "dual over " : "",
                    p->n->base ? p->n->base->domain->name : p->n->domain->name, i + 1);
}

static bool aliases_at(struct trial *t, tri_op op, struct place *p, const double *x) {
  const struct row *row = t->rows + op;
  set_moving(p, row, x);
  apply(p, op, p->at[RESULT]);
  for (int i = 0; i < row->arity; i++) {
    set_moving(p, row, x);
    apply(p, op, p->at[i]);
    t->checks++;
    if (!same(p->n, p->at[RESULT], p->at[i])) return alias_differs(t, op, "value", i, p, x);
    set_moving(p, row, x);
    if (!has_partial(row, i) || state(p, p->at[RESULT])) continue;
    take_partial(p, op, i, p->at[PARTIAL]);
    take_partial(p, op, i, p->at[i]);
    if (!same(p->n, p->at[PARTIAL], p->at[i])) return alias_differs(t, op, "partial", i, p, x);
  }
  return true;
}

/* Of few points, in a context and in dual numbers over it. */
static bool aliases_in(struct trial *t, tri_op op, struct numbers *n) {
  const struct row *row = t->rows + op;
  struct place p = place_in(n);
  double x[ROW_MAX_ARITY];
  bool holds = true;
  for (size_t k = 0; holds && trial_point(row, k, x); k += 3 * trial_stride(row))
    holds = aliases_at(t, op, &p, x);
  clear(&p);
  return holds;
}

bool law_aliases(struct trial *t, tri_op op) {
  bool holds = true;
  for (int c = 0; holds && c < CONTEXTS; c++) {
    struct numbers duals;
    trial_must(tri__numbers_open_dual(&duals, &t->in[c], 1));
    holds = aliases_in(t, op, &t->in[c]) && aliases_in(t, op, &duals);
    tri__numbers_close(&duals);
  }
  return holds;
}
