/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rounding errors: bounds hold, and are not far off, on functions that textbooks warn of, on sums and recurrences, on random graphs; exact
 * steps, overflows, jumps and branches. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <triad/mp.h>
#include <triad/verify.h>

#include "base/text.h"
#include "graph/node.h"
#include "numbers/flint.h"
#include "tests/random.h"
#include "tests/runner.h"

static tri_graph *g;

static void setup(void) { g = tri_graph_new(NULL); }
static void teardown(void) {
  tri_graph_free(g);
  tri_thread_cleanup();
}

enum { INPUTS = 2 };

struct at {
  tri_expr inputs[INPUTS], point[INPUTS];
};

static tri_expr parsed(const char *text) {
  tri_expr e = tri_parse(g, text, strlen(text));
  ck_assert_msg(!tri_expr_status(e), "%s: %s", text, tri_graph_error(g)->message);
  return e;
}

static struct at at_point(const char *x, const char *y) {
  return (struct at){{tri_variable(g, "x"), tri_variable(g, "y")}, {parsed(x), parsed(y)}};
}

/* --- whether a bound holds, by a certified value and a plain call */

static double computed(const struct at *at, tri_expr e, tri_domain domain) {
  const tri_number_options options = {.domain = domain};
  tri_function *f = tri_compile(INPUTS, at->inputs, 1, &e, .domain = domain);
  tri_values *x = NULL, *result = tri_values_new(&options, 1);
  ck_assert(f && result && !tri_evaluate(INPUTS, at->point, &options, &x, NULL));
  tri_status status = tri_function_call_values(f, NULL, x, result);
  double value = status ? (double)NAN : tri_value_double(tri_values_get(result, 0));
  tri_values_free(x);
  tri_values_free(result);
  tri_function_free(f);
  return value;
}

/* The computed value, and |it - true value| from above, where values alone can certify it; else it is what the report says. */
static double true_error(const struct at *at, tri_expr e, const tri_error_report *report) {
  tri_values *truth = NULL;
  double error = report->error;
  if (!isfinite(report->value)) return INFINITY;
  if (tri_certify(INPUTS, at->inputs, at->point, 1, &e, &truth, .digits = 40)) return error;
  arb_t gap;
  arf_t least;
  arb_init(gap), arf_init(least);
  arb_set_d(gap, report->value);
  arb_sub(gap, gap, tri__ball(tri_values_get(truth, 0).at), 400);
  arb_get_abs_lbound_arf(least, gap, 53);
  error = arf_get_d(least, ARF_RND_DOWN);
  arb_clear(gap), arf_clear(least);
  tri_values_free(truth);
  return error;
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static tri_error_report estimated(const struct at *at, tri_expr e, tri_domain domain,
                                  const char *text) {
  tri_error_report report;
  tri_error error = {0};
  tri_status status = tri_error_estimate(INPUTS, at->inputs, at->point, e, &report,
                                         .domain = domain, .error = &error);
  ck_assert_msg(status == TRI_OK, "%s: %s", text, error.message);
  return report;
}

/* The steps are in order, and add up. */
static void check_steps(const tri_error_report *report, const char *text) {
  double sum = 0.0, shares = 0.0;
  for (size_t i = 0; i < report->n_steps; i++) {
    const tri_error_step *s = report->steps + i;
    ck_assert_msg(!i || s->contribution <= s[-1].contribution, "%s: step %zu", text, i);
    sum += s->contribution;
    shares += s->share;
    if (fmin(s->rounding, s->contribution) > 1e-300 && s->contribution < 1e300)
      ck_assert_msg(fabs(s->adjoint * s->rounding / s->contribution - 1.0) < 1e-6, "%s", text);
  }
  if (!isfinite(report->bound) || report->bound < 1e-300) return;
  ck_assert_msg(fabs(sum / report->bound - 1.0) < 1e-6, "%s: %g, not %g", text, sum, report->bound);
  ck_assert_msg(fabs(shares - 1.0) < 1e-6, "%s: shares add up to %g", text, shares);
}

/* bound / error; NaN where there was no error. */
static double held(const struct at *at, tri_expr e, tri_domain domain, const char *text) {
  tri_error_report report = estimated(at, e, domain, text);
  double error = true_error(at, e, &report), bound = report.bound;
  ck_assert_msg(same(report.value, computed(at, e, domain)), "%s: %g", text, report.value);
  ck_assert_msg(error <= bound, "%s in %s: error %g, bound %g", text, tri_domain_name(domain),
                error, bound);
  ck_assert_msg(isinf(bound) == !isfinite(report.value), "%s: bound %g", text, bound);
  ck_assert_msg(isinf(bound) == (report.reason[0] != 0), "%s: %s", text, report.reason);
  check_steps(&report, text);
  tri_error_report_free(&report);
  return error > 0.0 && isfinite(error) ? bound / error : (double)NAN;
}

/* --- functions of textbooks */

struct function {
  const char *text, *x, *y;
};

static const struct function functions[] = {
#include "tests/verify/roundoff.def"
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* How many are within a factor of 100, of those that had an error. */
struct tally {
  unsigned close, all;
};

static void count(struct tally *t, double ratio) {
  if (isnan(ratio)) return;
  t->all++;
  t->close += ratio <= 100.0;
}

static void check_tally(const struct tally *t, const char *what) {
  printf("# %s: bounds within a factor of 100: %u of %u\n", what, t->close, t->all);
  ck_assert_uint_gt(2 * t->close, t->all);
}

START_TEST(bounds_of_functions) {
  struct tally t = {0, 0};
  ck_assert_uint_ge(FUNCTIONS, 150);
  for (size_t i = 0; i < FUNCTIONS; i++) {
    struct at at = at_point(functions[i].x, functions[i].y);
    count(&t, held(&at, parsed(functions[i].text), (tri_domain)_i, functions[i].text));
  }
  check_tally(&t, tri_domain_name((tri_domain)_i));
}
END_TEST

/* --- sums, products and recurrences, unrolled */

static tri_expr number(long n) { return tri_integer(g, n); }

static tri_expr harmonic(tri_expr x, tri_expr y) {
  tri_expr sum = y;
  for (long k = 1; k <= 300; k++) sum = tri_add(sum, tri_div(x, number(k)));
  return sum;
}

/* The same, from the smallest term on. */
static tri_expr harmonic_back(tri_expr x, tri_expr y) {
  tri_expr sum = y;
  for (long k = 300; k >= 1; k--) sum = tri_add(sum, tri_div(x, number(k)));
  return sum;
}

static tri_expr alternating(tri_expr x, tri_expr y) {
  tri_expr sum = y;
  for (long k = 1; k <= 200; k++) {
    tri_expr term = tri_div(x, number(k));
    sum = k % 2 ? tri_add(sum, term) : tri_sub(sum, term);
  }
  return sum;
}

/* exp(-x) by its series, which cancels. */
static tri_expr exp_series(tri_expr x, tri_expr y) {
  tri_expr term = y, sum = y;
  for (long k = 1; k <= 80; k++) {
    term = tri_div(tri_mul(term, tri_neg(x)), number(k));
    sum = tri_add(sum, term);
  }
  return sum;
}

/* J.-M. Muller's recurrence, whose computed values go to 100 and whose true ones to 6. */
static tri_expr muller(tri_expr x, tri_expr y) {
  tri_expr u = x, v = y;
  for (int k = 0; k < 18; k++) {
    tri_expr inner = tri_sub(number(1130), tri_div(number(3000), u));
    tri_expr w = tri_sub(number(111), tri_div(inner, v));
    u = v;
    v = w;
  }
  return v;
}

static tri_expr logistic_map(tri_expr x, tri_expr y) {
  for (int k = 0; k < 25; k++) x = tri_mul(tri_mul(y, x), tri_sub(number(1), x));
  return x;
}

/* The integrals of t^n exp(t - 1) by their unstable recurrence. */
static tri_expr integrals(tri_expr x, tri_expr y) {
  tri_expr e = tri_mul(x, y);
  for (long n = 2; n <= 15; n++) e = tri_sub(number(1), tri_mul(number(n), e));
  return e;
}

/* Sqrt 25 times, then square as often (Kahan). */
static tri_expr roots_and_squares(tri_expr x, tri_expr y) {
  for (int k = 0; k < 25; k++) x = tri_sqrt(x);
  for (int k = 0; k < 25; k++) x = tri_mul(x, x);
  return tri_add(x, y);
}

static tri_expr continued_fraction(tri_expr x, tri_expr y) {
  tri_expr e = y;
  for (long k = 40; k >= 1; k--) e = tri_add(x, tri_div(number(k), e));
  return e;
}

/* pi by Archimedes: t -> (sqrt(t^2 + 1) - 1)/t, badly. */
static tri_expr archimedes(tri_expr x, tri_expr y) {
  tri_expr t = x;
  for (int k = 0; k < 12; k++) {
    tri_expr root = tri_sqrt(tri_add(tri_mul(t, t), number(1)));
    t = tri_div(tri_sub(root, number(1)), t);
  }
  return tri_mul(tri_mul(t, y), number(6L << 12));
}

/* Forward difference of log of high order. */
static tri_expr high_difference(tri_expr x, tri_expr y) {
  static const long binomial[] = {1, -6, 15, -20, 15, -6, 1};
  tri_expr sum = y;
  for (long k = 0; k <= 6; k++) {
    tri_expr at = tri_add(x, tri_div(number(k), number(64)));
    sum = tri_add(sum, tri_mul(number(binomial[k]), tri_log(at)));
  }
  return sum;
}

/* Chebyshev's polynomials by recurrence. */
static tri_expr chebyshev(tri_expr x, tri_expr y) {
  tri_expr a = y, b = x;
  for (int k = 2; k <= 40; k++) {
    tri_expr c = tri_sub(tri_mul(tri_mul(number(2), x), b), a);
    a = b;
    b = c;
  }
  return b;
}

/* Wilkinson's polynomial, the coefficients multiplied out for its first factors. */
static tri_expr wilkinson(tri_expr x, tri_expr y) {
  int64_t c[14] = {1};
  for (int k = 1; k <= 12; k++)
    for (int i = k; i >= 0; i--) c[i] = (i ? c[i - 1] : 0) - k * c[i];
  tri_expr e = y;
  for (int i = 12; i >= 0; i--) e = tri_add(tri_mul(e, x), tri_integer(g, c[i]));
  return e;
}

typedef tri_expr unrolled(tri_expr x, tri_expr y);

static const struct {
  unrolled *make;
  const char *x, *y;
} loops[] = {{harmonic, "0.1", "0"},
             {harmonic, "1/3", "1e6"},
             {harmonic_back, "0.1", "0"},
             {alternating, "1/3", "0.1"},
             {exp_series, "20", "1"},
             {exp_series, "0.7", "1/3"},
             {muller, "2", "-4"},
             {muller, "5.5", "61/11"},
             {logistic_map, "0.3", "3.9"},
             {logistic_map, "0.3", "2.5"},
             {integrals, "exp(-1)", "1"},
             {integrals, "0.1", "0.3"},
             {roots_and_squares, "2", "0"},
             {roots_and_squares, "1e10", "0.1"},
             {continued_fraction, "1/3", "1"},
             {continued_fraction, "-0.9", "7"},
             {archimedes, "1/sqrt(3)", "1"},
             {archimedes, "0.2", "0.3"},
             {high_difference, "2", "0"},
             {high_difference, "0.1", "0"},
             {chebyshev, "0.3", "1"},
             {chebyshev, "1.01", "1"},
             {wilkinson, "5.5", "0"},
             {wilkinson, "10.001", "0"}};
enum { LOOPS = sizeof loops / sizeof *loops };

START_TEST(bounds_of_loops) {
  struct tally t = {0, 0};
  for (size_t i = 0; i < LOOPS; i++) {
    struct at at = at_point(loops[i].x, loops[i].y);
    char name[32];
    snprintf(name, sizeof name, "loop %zu", i);
    count(&t, held(&at, loops[i].make(at.inputs[0], at.inputs[1]), (tri_domain)_i, name));
  }
  check_tally(&t, "loops");
}
END_TEST

/* --- random graphs */

enum { NODES = 40 };

static tri_expr random_node(struct random *random, const tri_expr *nodes, uint32_t n) {
  tri_expr a = nodes[random_below(random, n)], b = nodes[random_below(random, n)];
  switch (random_below(random, 16)) {
  case 0:
  case 1: return tri_add(a, b);
  case 2:
  case 3: return tri_sub(a, b);
  case 4:
  case 5: return tri_mul(a, b);
  case 6: return tri_div(a, tri_add(tri_mul(b, b), number(1)));
  case 7: return tri_sqrt(tri_abs(a));
  case 8: return tri_sin(a);
  case 9: return tri_exp(tri_neg(tri_abs(a)));
  case 10: return tri_atan2(a, b);
  case 11: return tri_max(a, b);
  case 12: return tri_select(tri_lt(a, b), b, tri_tanh(a));
  case 13: return tri_floor(a);
  case 14: return tri_log(tri_add(tri_mul(a, a), tri_rational(g, 1, 10)));
  default: return tri_hypot(a, b);
  }
}

static tri_expr random_graph(struct random *random, const struct at *at) {
  tri_expr nodes[NODES] = {at->inputs[0], at->inputs[1], tri_rational(g, 1, 10), number(3)};
  for (uint32_t n = 4; n < NODES; n++) nodes[n] = random_node(random, nodes, n);
  return nodes[NODES - 1];
}

/* What is undecided, as kinks at the true values, or has no value, tests nothing. */
static bool is_decided(const struct at *at, tri_expr e) {
  tri_error_report report;
  tri_status status = tri_error_estimate(INPUTS, at->inputs, at->point, e, &report);
  tri_error_report_free(&report);
  ck_assert(status == TRI_OK || status == TRI_UNKNOWN || status == TRI_DOMAIN);
  return status == TRI_OK;
}

START_TEST(bounds_of_random_graphs) {
  struct random random = random_start(2 + (uint64_t)_i);
  struct tally t = {0, 0};
  unsigned decided = 0, graphs = 150 * (unsigned)test_multiplier();
  for (unsigned i = 0; i < graphs; i++) {
    struct at at = at_point("0", "0");
    at.point[0] = tri_double(g, random_between(&random, -3.0, 3.0));
    at.point[1] = tri_rational(g, (int64_t)random_below(&random, 100), 17);
    tri_expr e = random_graph(&random, &at);
    char name[32];
    snprintf(name, sizeof name, "graph %u", i);
    if (!is_decided(&at, e)) continue;
    decided++;
    count(&t, held(&at, e, (tri_domain)_i, name));
  }
  ck_assert_uint_gt(2 * decided, graphs);
  check_tally(&t, "random graphs");
}
END_TEST

/* --- particular matters */

/* Bounds are rounded up, by a little. */
static bool is_about(double bound, double expected) {
  return bound >= expected && bound <= expected * 1.000001;
}

static tri_error_report of(const char *text, const char *x, const char *y, tri_domain domain) {
  struct at at = at_point(x, y);
  return estimated(&at, parsed(text), domain, text);
}

START_TEST(exact_steps_contribute_nothing) {
  static const struct function exact[] = {
      {"x^2*y + y + 2", "3", "4"},     {"x - y", "1.5", "1"},
      {"4*x - y/8", "0.3125", "3"},    {"sqrt(x)*y", "16", "7"},
      {"floor(x*10) + y", "0.3", "1"}, {"exp(x) + cos(x)", "0", "1"},
      {"max(x, y)*abs(x)", "-2", "1"}, {"x/y", "1", "1024"},
      {"gamma(x)", "5", "0"},          {"cbrt(x)*hypot(3, y)", "27", "4"}};
  for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
    tri_error_report r = of(exact[i].text, exact[i].x, exact[i].y, TRI_DOUBLE);
    ck_assert_msg(r.bound < 1e-25 && r.error == 0.0, "%s: %g", exact[i].text, r.bound);
    tri_error_report_free(&r);
  }
}
END_TEST

/* y = 1 + x is inexact, but y - 1 is not, and the input's conversion passes through unchanged. */
START_TEST(sterbenz) {
  tri_error_report r = of("(x + 1) - 1", "1e-5", "0", TRI_DOUBLE);
  for (size_t i = 0; i < r.n_steps; i++) ck_assert_int_ne(r.steps[i].op, TRI_OP_sub);
  ck_assert_uint_le(r.n_steps, 2);
  tri_error_report_free(&r);
}
END_TEST

START_TEST(conversions) {
  tri_error_report r = of("x", "1/3", "0", TRI_DOUBLE), f = of("x", "1/3", "0", TRI_FLOAT);
  ck_assert(is_about(r.bound, 0x1p-55) && r.n_steps == 1 && r.steps[0].op == TRI_OP_variable);
  ck_assert(is_about(f.bound, 0x1p-26));
  tri_error_report_free(&r);
  tri_error_report_free(&f);
  r = of("x*pi", "2", "0", TRI_DOUBLE);
  ck_assert(r.n_steps == 1 && r.steps[0].op == TRI_OP_pi && r.steps[0].share == 1.0);
  tri_error_report_free(&r);
}
END_TEST

/* The step to blame comes first. */
START_TEST(cancellation_is_named) {
  tri_error_report r = of("(1 - cos(x))/x^2", "1e-7", "0", TRI_DOUBLE);
  ck_assert_int_eq(r.steps[0].op, TRI_OP_cos);
  ck_assert(r.steps[0].share > 0.9 && r.error > 1e-4);
  tri_error_report_free(&r);
  r = of("2*sin(x/2)^2/x^2", "1e-7", "0", TRI_DOUBLE);
  ck_assert(r.bound < 1e-15);
  tri_error_report_free(&r);
}
END_TEST

START_TEST(overflow_and_no_value) {
  tri_error_report r = of("exp(x)*y", "800", "1e-300", TRI_DOUBLE);
  ck_assert(isinf(r.value) && isinf(r.bound) && isinf(r.error));
  ck_assert_str_eq(r.reason, "exp overflows");
  tri_error_report_free(&r);
  r = of("1/exp(x) + atan(exp(x))", "1000", "0", TRI_DOUBLE); /* nothing comes of it */
  ck_assert(r.bound < 1e-15 && r.error <= r.bound);
  tri_error_report_free(&r);
  r = of("sqrt(0.3 - x - y)", "0.1", "0.2", TRI_DOUBLE);
  ck_assert(isnan(r.value) && isinf(r.bound) && strstr(r.reason, "sqrt at -"));
  tri_error_report_free(&r);
  r = of("exp(x)", "100", "0", TRI_FLOAT);
  ck_assert(isinf(r.value) && isinf(r.bound));
  tri_error_report_free(&r);
}
END_TEST

START_TEST(subnormal_results) {
  tri_error_report r = of("x*y", "1e-200", "1e-150", TRI_DOUBLE);
  ck_assert(r.value == 0.0 && r.bound > 0.0 && r.bound <= 2 * 0x1p-1074);
  tri_error_report_free(&r);
  r = of("x*y", "1e-160", "1e-160", TRI_DOUBLE);
  ck_assert(r.bound > 0.0 && r.bound <= 2 * 0x1p-1074 && r.error <= r.bound);
  tri_error_report_free(&r);
  r = of("x*y", "1e-30", "1e-12", TRI_FLOAT);
  ck_assert(r.error > 0.0 && r.error <= r.bound && r.bound <= 2 * 0x1p-149);
  tri_error_report_free(&r);
}
END_TEST

START_TEST(branches_that_flip) {
  static const struct {
    struct function f;
    tri_op op;
    int flipped;
  } cases[] = {{{"select(x + y <= 0.3, 1, 2)", "0.1", "0.2"}, TRI_OP_le, 1},
               {{"select(x + y < 0.4, 1, 2)", "0.1", "0.2"}, TRI_OP_COUNT, 0},
               {{"max(x + y, 0.3)", "0.1", "0.2"}, TRI_OP_max, 0},
               {{"abs(x + y - 0.3)", "0.1", "0.2"}, TRI_OP_abs, 0},
               {{"floor(10*(0.3 - x))", "0.2", "0"}, TRI_OP_floor, 1},
               {{"floor(10*(x + y))", "0.1", "0.2"}, TRI_OP_floor, 0},
               {{"sign(0.3 - x - y)", "0.1", "0.2"}, TRI_OP_sign, 1},
               {{"atan2(0.3 - x - y, -1)", "0.1", "0.2"}, TRI_OP_atan2, 1},
               {{"abs(x - y)", "0.5", "0.5"}, TRI_OP_COUNT, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct function *f = &cases[i].f;
    tri_error_report r = of(f->text, f->x, f->y, TRI_DOUBLE);
    ck_assert_msg((r.n_flips > 0) == (cases[i].op != TRI_OP_COUNT), "%s: %zu", f->text, r.n_flips);
    if (r.n_flips) ck_assert_msg(r.flips[0].op == cases[i].op, "%s", f->text);
    ck_assert_msg(r.error <= r.bound, "%s", f->text);
    ck_assert_msg((r.error > 0.5) == (cases[i].flipped != 0), "%s: %g", f->text, r.error);
    if (cases[i].flipped) ck_assert_msg(r.steps[0].jump, "%s", f->text);
    tri_error_report_free(&r);
  }
}
END_TEST

/* The branch that is not taken says nothing. */
START_TEST(branches_not_taken) {
  tri_error_report r = of("select(y > 0, x, log(-1 - y^2)*exp(1000*x))", "1/3", "1", TRI_DOUBLE);
  ck_assert(is_about(r.bound, 0x1p-55) && r.n_steps == 1);
  tri_error_report_free(&r);
}
END_TEST

START_TEST(infinite_derivative) {
  tri_error_report r = of("sqrt(x) + y", "0", "1/3", TRI_DOUBLE);
  ck_assert(is_about(r.bound, 0x1p-55));
  tri_error_report_free(&r);
  r = of("sqrt(x + y - 0.3)", "0.1", "0.2", TRI_DOUBLE);
  ck_assert(r.error > 7e-9 && r.bound >= r.error && r.bound < 1e-8 && r.steps[0].jump);
  tri_error_report_free(&r);
}
END_TEST

START_TEST(failures) {
  struct {
    const char *text, *x, *y;
    tri_status status;
    const char *says;
  } cases[] = {{"log(x)", "-1", "0", TRI_DOMAIN, "log at -1"},
               {"log(x + y - 0.3)", "0.1", "0.2", TRI_DOMAIN, "log at 0"},
               {"1/(x - y)", "1/3", "1/3", TRI_DOMAIN, "division by zero"},
               {"1/sin(x)", "pi", "0", TRI_UNKNOWN, "could not be decided"},
               {"x", "log(-1)", "0", TRI_DOMAIN, "log at -1"},
               {"x + z", "1", "0", TRI_NAME, "z has no value"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct at at = at_point(cases[i].x, cases[i].y);
    tri_error_report report;
    tri_error error = {0};
    ck_assert_int_eq(tri_error_estimate(INPUTS, at.inputs, at.point, parsed(cases[i].text), &report,
                                        .error = &error),
                     cases[i].status);
    ck_assert_msg(strstr(error.message, cases[i].says), "%s: %s", cases[i].text, error.message);
    ck_assert(!report.steps && !report.owned && !report.exact.at);
  }
}
END_TEST

START_TEST(wrong_arguments) {
  struct at at = at_point("1", "2");
  tri_expr e = parsed("x + y"), v = tri_stack(2, (tri_expr[]){e, e});
  tri_error_report report;
  int stop = 1;
  for (int domain = TRI_RATIONAL; domain <= TRI_DOMAINS; domain++)
    ck_assert_int_eq(
        tri_error_estimate(INPUTS, at.inputs, at.point, e, &report, .domain = (tri_domain)domain),
        TRI_ARGUMENT);
  ck_assert_int_eq(tri_error_estimate(INPUTS, at.inputs, NULL, e, &report), TRI_ARGUMENT);
  ck_assert_int_eq(tri_error_estimate(INPUTS, at.inputs, at.point, e, NULL), TRI_ARGUMENT);
  ck_assert_int_eq(tri_error_estimate(INPUTS, at.inputs, at.point, v, &report), TRI_SHAPE);
  ck_assert_int_eq(tri_error_estimate(INPUTS, at.inputs, at.point, e, &report, .interrupt = &stop),
                   TRI_INTERRUPTED);
  tri_error_report_free(&report);
  tri_error_report_free(NULL);
}
END_TEST

/* Elements of a vector carry their errors with them. */
START_TEST(vectors_inside) {
  struct at at = at_point("1/3", "0.1");
  tri_expr v = tri_stack(2, (tri_expr[]){tri_mul(at.inputs[0], at.inputs[1]), at.inputs[1]});
  tri_expr squares = tri_mul(v, v), e = tri_element(squares, 1);
  tri_expr sum = tri_sub(tri_element(squares, 0), tri_sin(e));
  held(&at, sum, TRI_DOUBLE, "vector");
  held(&at, sum, TRI_FLOAT, "vector");
  tri_error_report r = estimated(&at, sum, TRI_DOUBLE, "vector");
  bool found = false;
  for (size_t i = 0; i < r.n_steps; i++)
    found |= r.steps[i].op == TRI_OP_variable && r.steps[i].value == 0.1;
  ck_assert(found);
  tri_error_report_free(&r);
}
END_TEST

static void count_step(void *data, const tri_step *step) {
  ck_assert(tri_value_exists(step->value));
  ++*(unsigned *)data;
}

START_TEST(trace_is_shown) {
  struct at at = at_point("1/3", "2");
  tri_error_report r;
  unsigned steps = 0;
  const tri_trace trace = {.data = &steps, .step = count_step};
  ck_assert_int_eq(
      tri_error_estimate(INPUTS, at.inputs, at.point, parsed("x*y + 1"), &r, .trace = &trace),
      TRI_OK);
  ck_assert_uint_eq(steps, 5);
  ck_assert(r.steps[0].step < steps);
  tri_error_report_free(&r);
}
END_TEST

/* --- what rows say of their errors */

static double row_error(const struct row *row, tri_op op, const double *x, arb_t value) {
  tri_expr e;
  uint32_t ids[ROW_MAX_ARITY];
  for (unsigned i = 0; i < row->arity; i++) ids[i] = tri_double(g, x[i]).id;
  e = (tri_expr){g, tri__node(g, (unsigned)op, 0, 0, row->arity, ids)};
  tri_values *truth = NULL;
  if (tri_certify(0, NULL, NULL, 1, &e, &truth, .digits = 30)) return -1.0;
  double error = row->kernel(x[0], x[1], x[2]), ulp;
  int exponent;
  frexp(error, &exponent);
  ulp = ldexp(1.0, exponent - 53 > -1074 ? exponent - 53 : -1074);
  arb_set_d(value, error);
  arb_sub(value, value, tri__ball(tri_values_get(truth, 0).at), 200);
  tri_values_free(truth);
  arb_abs(value, value);
  return arf_get_d(arb_midref(value), ARF_RND_NEAR) / ulp;
}

/* Kernels compute in long double, which valgrind, and some systems, have no wider than double. */
static bool has_long_double(void) {
  volatile long double one = 1.0L, little = 0x1p-60L;
  return one + little != one;
}

START_TEST(rows_are_as_accurate_as_they_say) {
  const struct row *row = tri__rows + _i;
  struct random random = random_start(77 + (uint64_t)_i);
  arb_t value;
  arb_init(value);
  for (int i = 0; i < 200 * test_multiplier() && row->sort != TRI_BOOLEAN && has_long_double();
       i++) {
    double x[ROW_MAX_ARITY] = {0.0};
    for (unsigned k = 0; k < row->arity; k++)
      x[k] = random_between(&random, -1.0, 1.0) * (i % 3 ? 4.0 : 40.0);
    if (_i == TRI_OP_polygamma) x[0] = floor(fabs(x[0]) / 4.0);
    if (row->conditions || !row->defined(x[0], x[1], x[2])) continue;
    double ulps = row_error(row, (tri_op)_i, x, value);
    ck_assert_msg(ulps <= row_ulps(row) * 1.000001, "%s(%.17g, %.17g): %g ulps", row->name, x[0],
                  x[1], ulps);
  }
  arb_clear(value);
}
END_TEST

static Suite *roundoff_suite(void) {
  Suite *s = suite_create("roundoff");
  TCase *c = tcase_create("roundoff");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_loop_test(c, bounds_of_functions, TRI_DOUBLE, TRI_FLOAT + 1);
  tcase_add_loop_test(c, bounds_of_loops, TRI_DOUBLE, TRI_FLOAT + 1);
  tcase_add_loop_test(c, bounds_of_random_graphs, TRI_DOUBLE, TRI_FLOAT + 1);
  tcase_add_test(c, exact_steps_contribute_nothing);
  tcase_add_test(c, sterbenz);
  tcase_add_test(c, conversions);
  tcase_add_test(c, cancellation_is_named);
  tcase_add_test(c, overflow_and_no_value);
  tcase_add_test(c, subnormal_results);
  tcase_add_test(c, branches_that_flip);
  tcase_add_test(c, branches_not_taken);
  tcase_add_test(c, infinite_derivative);
  tcase_add_test(c, failures);
  tcase_add_test(c, wrong_arguments);
  tcase_add_test(c, vectors_inside);
  tcase_add_test(c, trace_is_shown);
  tcase_add_loop_test(c, rows_are_as_accurate_as_they_say, 0, TRI_OP_ROWS);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("roundoff", roundoff_suite); }
