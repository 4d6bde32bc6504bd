/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every row's series: which are finitely many rows on the same arguments, and that they are what nested dual numbers, the symbolic
 * Taylor series and exact arithmetic say. No row is named but those whose series are not by their partials. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <triad.h>
#include <triad/mp.h>

#include "eval/taylor.h"
#include "tests/laws/laws.h"
#include "tests/runner.h"

enum { TERMS = 3, ORDER = 12, NESTED = 4, COMPONENTS = 1 << NESTED, PRECISION = 256 };

/* Curves c_0 + c_1 t + c_2 t^2 for arguments: c_0 from here, the others below. All are exact in every domain. */
static const double starts[] = {0.375, 1.4375, 2.625, -0.8125, -2.3125, 5.0, -2.0, 0.0625};
enum { STARTS = sizeof starts / sizeof *starts };
static const double slopes[ROW_MAX_ARITY][2] = {{1.0, -0.25}, {-0.5, 0.375}, {0.75, 0.5}};

struct curves {
  double c[ROW_MAX_ARITY][TERMS];
  double first[ROW_MAX_ARITY];
};

static bool is_order(const struct row *row, int i) {
  return !(row->conditions >> i & 1) && !row->partial[i];
}

/* The row's arguments along curves, number k of all; false beyond. All move, or the first alone; conditions and orders never do. */
static bool curves_of(const struct row *row, unsigned k, struct curves *curves) {
  bool alone = k % 2;
  *curves = (struct curves){{{0.0}}, {0.0}};
  k /= 2;
  for (int i = 0; i < row->arity; i++, k /= STARTS) {
    bool rests = row->conditions >> i & 1 || is_order(row, i);
    double *c = curves->c[i];
    c[0] = rests ? k % STARTS % 2 : starts[k % STARTS];
    for (int j = 1; j < TERMS && !rests && !(alone && i); j++) c[j] = slopes[i][j - 1];
    curves->first[i] = c[0];
  }
  return k == 0;
}

static bool smooth(const struct row *row, const struct curves *curves) {
  const double *x = curves->first;
  if (!row->defined(x[0], x[1], x[2]) || row->at_kink(x[0], x[1], x[2])) return false;
  double r = row->kernel(x[0], x[1], x[2]);
  bool is = isfinite(r);
  for (int i = 0; i < row->arity && is; i++)
    if (row->partial[i]) is = isfinite(row->dkernel[i](x[0], x[1], x[2], r));
  return is;
}

static bool differentiable(const struct row *row) {
  bool any = false;
  for (int i = 0; i < row->arity; i++) any |= row->partial[i] != NULL;
  return any && row->sort == TRI_REAL;
}

/* --- series of one row by itself */

struct series_trial {
  struct trial trial;
  struct numbers *base, series;
  void *x[ROW_MAX_ARITY], *result;
};

static void series_open(struct series_trial *s, tri_op op, bool exact, uint32_t order) {
  trial_open(&s->trial, tri__rows, op, 1);
  s->base = exact ? &s->trial.in[IN_RATIONAL] : &s->trial.in[IN_DOUBLE];
  ck_assert(tri__taylor_open(&s->series, s->base, order));
  for (int i = 0; i < ROW_MAX_ARITY; i++) s->x[i] = tri__numbers_new(&s->series, 1);
  s->result = tri__numbers_new(&s->series, 1);
}

static void series_close(struct series_trial *s) {
  for (int i = 0; i < ROW_MAX_ARITY; i++) tri__numbers_delete(&s->series, s->x[i], 1);
  tri__numbers_delete(&s->series, s->result, 1);
  tri__numbers_close(&s->series);
  trial_close(&s->trial);
}

static void series_run(struct series_trial *s, tri_op op, const struct curves *curves) {
  struct numbers *b = s->base;
  for (int i = 0; i < ROW_MAX_ARITY; i++)
    for (uint32_t k = 0; k <= s->series.directions; k++)
      b->domain->set_double(b, number_at(b, s->x[i], k), k < TERMS ? curves->c[i][k] : 0.0);
  s->series.domain->apply(&s->series, op, APPLY_STRICT, s->result, (const void *const *)s->x);
  ck_assert_int_eq(s->series.status, TRI_OK);
}

/* The most parts that a row takes to an order, and whether any of them had its coefficients at once. */
static size_t parts_of(tri_op op, uint32_t order, bool *composed) {
  struct series_trial s;
  struct curves curves;
  size_t most = 0;
  *composed = false;
  series_open(&s, op, false, order);
  for (unsigned k = 0; curves_of(tri__rows + op, k, &curves); k++) {
    if (!smooth(tri__rows + op, &curves)) continue;
    series_run(&s, op, &curves);
    if (taylor_of(&s.series)->parts > most) most = taylor_of(&s.series)->parts;
    *composed |= taylor_of(&s.series)->composed != 0;
  }
  series_close(&s);
  return most;
}

/* All rows lead to as many rows whatever the order is; the gamma family by way of a ladder that has its coefficients at once. */
START_TEST(closures) {
  static const char *const ladders = " gamma lgamma digamma polygamma ";
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    bool composed, again;
    char name[32];
    size_t few = parts_of((tri_op)op, 5, &composed), many = parts_of((tri_op)op, 25, &again);
    snprintf(name, sizeof name, " %s ", tri__rows[op].name);
    ck_assert_uint_gt(few, 0);
    ck_assert_msg(few == many, "%s: %zu parts to order 5, %zu to order 25", name, few, many);
    ck_assert_msg(many < 40, "%s: %zu parts", name, many);
    ck_assert_msg(composed == (strstr(ladders, name) != NULL) && again == composed, "%s", name);
  }
}
END_TEST

/* --- nested dual numbers: a component has k infinitesimals and is k! times coefficient k */

static unsigned bits_of(unsigned mask) {
  unsigned n = 0;
  for (; mask; mask >>= 1) n += mask & 1;
  return n;
}

static double factorial(unsigned n) { return n < 2 ? 1.0 : n * factorial(n - 1); }

struct nest {
  struct numbers level[NESTED + 1]; /* [0] is not used */
  void *x[ROW_MAX_ARITY], *result;
};

static struct numbers *nest_open(struct nest *nest, struct numbers *base) {
  for (int i = 1; i <= NESTED; i++)
    ck_assert(tri__numbers_open_dual(&nest->level[i], i > 1 ? &nest->level[i - 1] : base, 1));
  for (int i = 0; i < ROW_MAX_ARITY; i++) nest->x[i] = tri__numbers_new(&nest->level[NESTED], 1);
  nest->result = tri__numbers_new(&nest->level[NESTED], 1);
  return &nest->level[NESTED];
}

static void nest_close(struct nest *nest) {
  for (int i = 0; i < ROW_MAX_ARITY; i++) tri__numbers_delete(&nest->level[NESTED], nest->x[i], 1);
  tri__numbers_delete(&nest->level[NESTED], nest->result, 1);
  for (int i = NESTED; i >= 1; i--) tri__numbers_close(&nest->level[i]);
}

static void nest_run(struct nest *nest, struct numbers *base, tri_op op,
                     const struct curves *curves) {
  struct numbers *n = &nest->level[NESTED];
  for (int i = 0; i < ROW_MAX_ARITY; i++)
    for (unsigned mask = 0; mask < COMPONENTS; mask++) {
      unsigned k = bits_of(mask);
      base->domain->set_double(base, number_at(base, nest->x[i], mask),
                               k < TERMS ? factorial(k) * curves->c[i][k] : 0.0);
    }
  n->domain->apply(n, op, APPLY_STRICT, nest->result, (const void *const *)nest->x);
}

/* k! times a coefficient and a component: equal, or in doubles but for rounding. */
static void compare(struct numbers *b, tri_op op, unsigned k, const void *coefficient,
                    const void *component, double scale) {
  enum number_state state = b->domain->state(b, component);
  double c = factorial(k) * b->domain->to_double(b, coefficient),
         d = b->domain->to_double(b, component);
  mpq_t p, q;
  mpq_inits(p, q, NULL);
  ck_assert_msg(b->domain->state(b, coefficient) == state, "%s", tri__rows[op].name);
  bool same = state || c == d || fabs(c - d) <= 1e-12 * (scale + fabs(d));
  if (b->domain == &tri__rational_domain && !state) {
    b->domain->to_rational(b, coefficient, p);
    b->domain->to_rational(b, component, q);
    for (unsigned i = 2; i <= k; i++) mpz_mul_ui(mpq_numref(p), mpq_numref(p), i);
    mpq_canonicalize(p);
    same = mpq_equal(p, q);
  }
  ck_assert_msg(same, "%s: derivative %u is %.17g, by dual numbers %.17g", tri__rows[op].name, k, c,
                d);
  mpq_clears(p, q, NULL);
}

static void check_nested(struct series_trial *s, struct nest *nest, tri_op op,
                         const struct curves *curves) {
  struct numbers *b = s->base;
  double scale = 0.0;
  series_run(s, op, curves);
  nest_run(nest, b, op, curves);
  for (unsigned mask = 0; mask < COMPONENTS; mask++)
    scale = fmax(scale, fabs(b->domain->to_double(b, number_at(b, nest->result, mask))));
  for (unsigned k = 0; k <= NESTED; k++)
    for (unsigned mask = 0; mask < COMPONENTS; mask++)
      if (bits_of(mask) == k)
        compare(b, op, k, number_at(b, s->result, k), number_at(b, nest->result, mask), scale);
}

/* In doubles (0) and rationals (1). */
START_TEST(nested) {
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    struct series_trial s;
    struct nest nest;
    struct curves curves;
    unsigned checked = 0;
    series_open(&s, (tri_op)op, _i, NESTED);
    nest_open(&nest, s.base);
    for (unsigned k = 0; curves_of(tri__rows + op, k, &curves); k++) {
      if (!smooth(tri__rows + op, &curves)) continue;
      check_nested(&s, &nest, (tri_op)op, &curves);
      checked++;
    }
    ck_assert_uint_gt(checked, 0);
    nest_close(&nest);
    series_close(&s);
  }
}
END_TEST

/* At kinks and at the edges of domains: the conventions, and infinite derivatives, are those of dual numbers, first derivatives. */
START_TEST(edges) {
  static const double places[] = {0.0, 1.0, -1.0, 2.0};
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    struct series_trial s;
    struct nest nest;
    const struct row *row = tri__rows + op;
    series_open(&s, (tri_op)op, _i, NESTED);
    nest_open(&nest, s.base);
    for (unsigned k = 0; k < 64; k++) {
      struct curves curves = {{{places[k % 4], 1.0}, {places[k / 4 % 4], -1.0}}, {0.0}};
      curves.c[2][0] = places[k / 16];
      for (int i = 0; i < ROW_MAX_ARITY; i++)
        if (i >= row->arity || row->conditions >> i & 1 || is_order(row, i)) curves.c[i][1] = 0.0;
      series_run(&s, (tri_op)op, &curves);
      nest_run(&nest, s.base, (tri_op)op, &curves);
      if (s.base->domain->state(s.base, s.result)) continue;
      compare(s.base, (tri_op)op, 1, number_at(s.base, s.result, 1),
              number_at(s.base, nest.result, 1), 0.0);
    }
    nest_close(&nest);
    series_close(&s);
  }
}
END_TEST

/* --- symbolic Taylor series */

struct pair {
  tri_graph *graph;
  tri_expr x, e;
  tri_values *curve, *run, *symbolic;
};

/* The row on its curves in x, around the point 0. */
static tri_expr expression(tri_graph *g, tri_expr x, const struct row *row, tri_op op,
                           const struct curves *curves) {
  tri_expr args[ROW_MAX_ARITY];
  for (int i = 0; i < row->arity; i++) {
    const double *c = curves->c[i];
    args[i] =
        row->conditions >> i & 1
            ? tri_lt(x, tri_double(g, c[0] != 0.0 ? 1.0 : -1.0))
            : tri_add(tri_double(g, c[0]), tri_add(tri_mul(tri_double(g, c[1]), x),
                                                   tri_mul(tri_double(g, c[2]), tri_square(x))));
  }
  return tri_apply(op, (size_t)row->arity, args);
}

static tri_status run_both(struct pair *p, const tri_number_options *options) {
  tri_expr coefficients[ORDER + 1];
  tri_status s = tri_taylor(p->e, p->x, tri_integer(p->graph, 0), ORDER, coefficients);
  tri_function *f =
      tri_compile(1, &p->x, 1, &p->e, .domain = options->domain, .precision = options->precision);
  if (!s) s = tri_function_taylor_values(f, NULL, 2, p->curve, ORDER, p->run);
  tri_function_free(f);
  f = s ? NULL
        : tri_compile(0, NULL, ORDER + 1, coefficients, .primals = 1, .domain = options->domain,
                      .precision = options->precision);
  if (f) s = tri_function_call_values(f, NULL, NULL, p->symbolic);
  tri_function_free(f);
  return s;
}

/* Whether |a - b| <= 2^-bits scale; equal if bits is 0. */
static bool near(mpq_srcptr a, mpq_srcptr b, unsigned bits, mpq_srcptr scale) {
  mpq_t d, most;
  mpq_inits(d, most, NULL);
  mpq_sub(d, a, b);
  mpq_abs(d, d);
  mpq_div_2exp(most, scale, bits);
  bool is = bits ? mpq_cmp(d, most) <= 0 : mpq_sgn(d) == 0;
  mpq_clears(d, most, NULL);
  return is;
}

/* Coefficients of one size with their neighbours: the larger of them is the scale. */
static void check_pair(const struct pair *p, tri_op op, unsigned bits) {
  mpq_t a, b, scale;
  mpq_inits(a, b, scale, NULL);
  for (size_t k = 0; k <= ORDER; k++) {
    ck_assert(tri_value_mpq(tri_values_get(p->run, k), a));
    ck_assert(tri_value_mpq(tri_values_get(p->symbolic, k), b));
    mpq_abs(scale, scale);
    mpq_abs(b, b);
    if (mpq_cmp(b, scale) > 0) mpq_set(scale, b);
    tri_value_mpq(tri_values_get(p->symbolic, k), b);
    ck_assert_msg(near(a, b, bits, scale), "%s: coefficient %zu is %.17g, symbolic %.17g",
                  tri__rows[op].name, k, mpq_get_d(a), mpq_get_d(b));
  }
  mpq_clears(a, b, scale, NULL);
}

static unsigned check_symbolic(tri_op op, const tri_number_options *options, unsigned bits) {
  const struct row *row = tri__rows + op;
  struct pair p = {.graph = tri_graph_new(NULL)};
  struct curves curves;
  unsigned checked = 0;
  p.x = tri_variable(p.graph, "x");
  p.curve = tri_values_new(options, 2);
  p.run = tri_values_new(options, ORDER + 1);
  p.symbolic = tri_values_new(options, ORDER + 1);
  tri_values_set_double(p.curve, 1, 1.0);
  tri_mark mark = tri_graph_mark(p.graph);
  for (unsigned k = 0; curves_of(row, k, &curves); k++) {
    if (!smooth(row, &curves)) continue;
    p.e = expression(p.graph, p.x, row, op, &curves);
    bool both = !run_both(&p, options);
    if (both) check_pair(&p, op, bits);
    checked += both;
    tri_graph_rewind(p.graph, mark);
  }
  tri_values_free(p.curve), tri_values_free(p.run), tri_values_free(p.symbolic);
  tri_graph_free(p.graph);
  return checked;
}

/* To 150 of 256 bits, so that a formula that is only nearly right is found. */
START_TEST(symbolic) {
  const tri_number_options options = {.domain = TRI_MPFR, .precision = PRECISION};
  for (int op = 0; op < TRI_OP_ROWS; op++)
    if (differentiable(tri__rows + op))
      ck_assert_msg(check_symbolic((tri_op)op, &options, 150) >= 2, "%s", tri__rows[op].name);
}
END_TEST

START_TEST(symbolic_double) {
  const tri_number_options options = {.domain = TRI_DOUBLE};
  for (int op = 0; op < TRI_OP_ROWS; op++)
    if (differentiable(tri__rows + op))
      ck_assert_msg(check_symbolic((tri_op)op, &options, 30) >= 2, "%s", tri__rows[op].name);
}
END_TEST

START_TEST(symbolic_exact) {
  const tri_number_options options = {.domain = TRI_RATIONAL};
  for (int op = 0; op < TRI_OP_ROWS; op++)
    if (differentiable(tri__rows + op) && tri__rows[op].exact && op != TRI_OP_sqrt)
      ck_assert_msg(check_symbolic((tri_op)op, &options, 0) >= 2, "%s", tri__rows[op].name);
}
END_TEST

static Suite *taylor_rows_suite(void) {
  Suite *s = suite_create("taylor_rows");
  TCase *c = tcase_create("taylor_rows");
  tcase_add_checked_fixture(c, NULL, tri_thread_cleanup);
  tcase_add_test(c, closures);
  tcase_add_loop_test(c, nested, 0, 2);
  tcase_add_loop_test(c, edges, 0, 2);
  tcase_add_test(c, symbolic);
  tcase_add_test(c, symbolic_double);
  tcase_add_test(c, symbolic_exact);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_taylor_rows", taylor_rows_suite); }
