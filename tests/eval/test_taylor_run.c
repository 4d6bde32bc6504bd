/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Taylor run: high orders against exact series in closed form, curves, shapes, kinks, what is said where there is no series, and who
 * owns which memory. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <triad.h>
#include <triad/mp.h>

#include "tests/failing.h"
#include "tests/runner.h"

static tri_graph *g;
static tri_expr x, y;

static void set_up(void) {
  g = tri_graph_new(NULL);
  x = tri_variable(g, "x");
  y = tri_variable(g, "y");
}

static void tear_down(void) {
  tri_graph_free(g);
  tri_thread_cleanup();
}

static tri_function *function_in(const char *text, tri_domain domain, uint32_t precision) {
  tri_expr e = tri_parse(g, text, strlen(text));
  tri_function *f =
      tri_compile(2, ((tri_expr[]){x, y}), 1, &e, .domain = domain, .precision = precision);
  ck_assert_msg(f != NULL, "%s", text);
  return f;
}

static tri_function *function_of(const char *text) { return function_in(text, TRI_DOUBLE, 0); }

static void ok(tri_status status) { ck_assert_str_eq(tri_status_code(status), "ok"); }

/* --- high orders */

enum { HIGH = 200 };

static mpq_t exact[HIGH + 1];

static void exact_open(void) {
  for (int k = 0; k <= HIGH; k++) mpq_init(exact[k]);
}

static void exact_close(void) {
  for (int k = 0; k <= HIGH; k++) mpq_clear(exact[k]);
}

static void add_product(mpq_ptr sum, mpq_srcptr a, mpq_srcptr b, long by) {
  mpq_t product, factor;
  mpq_inits(product, factor, NULL);
  mpq_set_si(factor, by, 1);
  mpq_mul(product, a, b);
  mpq_mul(product, product, factor);
  mpq_add(sum, sum, product);
  mpq_clears(product, factor, NULL);
}

/* exact = exp of itself, whose constant term is 0: k e_k = the sum of j q_j e_(k-j). */
static void exact_exp(void) {
  static mpq_t e[HIGH + 1];
  mpq_t count;
  mpq_init(count);
  for (long k = 0; k <= HIGH; k++) {
    mpq_init(e[k]);
    if (!k) mpq_set_si(e[0], 1, 1);
    for (long j = 1; j <= k; j++) add_product(e[k], exact[j], e[k - j], j);
    mpq_set_si(count, k ? k : 1, 1);
    mpq_div(e[k], e[k], count);
  }
  for (int k = 0; k <= HIGH; k++) {
    mpq_set(exact[k], e[k]);
    mpq_clear(e[k]);
  }
  mpq_clear(count);
}

/* sin at 0, then exp(sin) there. */
static void exp_sin(void) {
  mpz_t factorial;
  mpz_init(factorial);
  for (unsigned k = 0; k <= HIGH; k++) {
    mpq_set_si(exact[k], k % 4 == 1 ? 1 : k % 4 == 3 ? -1 : 0, 1);
    mpz_fac_ui(factorial, k);
    mpz_set(mpq_denref(exact[k]), k % 2 ? factorial : mpq_denref(exact[k]));
  }
  mpz_clear(factorial);
  exact_exp();
}

/* (1 + t) log(1 + t) = t + the sum of (-t)^k/(k (k - 1)), the exponent of x^x at 1. */
static void x_to_x(void) {
  mpq_set_si(exact[1], 1, 1);
  for (long k = 2; k <= HIGH; k++) {
    mpq_set_si(exact[k], k % 2 ? -1 : 1, (unsigned long)(k * (k - 1)));
    mpq_canonicalize(exact[k]);
  }
  exact_exp();
}

/* Tangent numbers in integers (Brent and Harvey, Fast computation of Bernoulli, tangent and secant numbers, 2013). */
static void tangent(void) {
  enum { HALF = HIGH / 2 };
  static mpz_t t[HALF + 1];
  mpz_t term;
  mpz_init(term);
  for (unsigned k = 0; k <= HALF; k++) mpz_init_set_ui(t[k], k == 1);
  for (unsigned k = 2; k <= HALF; k++) mpz_mul_ui(t[k], t[k - 1], k - 1);
  for (unsigned k = 2; k <= HALF; k++)
    for (unsigned j = k; j <= HALF; j++) {
      mpz_mul_ui(term, t[j - 1], j - k);
      mpz_mul_ui(t[j], t[j], j - k + 2);
      mpz_add(t[j], t[j], term);
    }
  for (unsigned k = 1; k <= HALF; k++) {
    mpz_set(mpq_numref(exact[2 * k - 1]), t[k]);
    mpz_fac_ui(mpq_denref(exact[2 * k - 1]), 2 * k - 1);
    mpq_canonicalize(exact[2 * k - 1]);
  }
  for (unsigned k = 0; k <= HALF; k++) mpz_clear(t[k]);
  mpz_clear(term);
}

static void geometric(void) {
  for (int k = 0; k <= HIGH; k++) mpq_set_si(exact[k], 1, 1);
}

static const struct {
  const char *text;
  double at;
  void (*series)(void);
  bool rational;
} high[] = {{"exp(sin(x))", 0.0, exp_sin, false},
            {"x^x", 1.0, x_to_x, false},
            {"tan(x)", 0.0, tangent, false},
            {"1/(1-x)", 0.0, geometric, true}};
enum { HIGHS = sizeof high / sizeof *high };

/* Within 2^-bits of the larger of the exact coefficient and those beside it. */
static void check_high(const char *text, int k, mpq_srcptr c, unsigned bits) {
  mpq_t d, scale;
  mpq_inits(d, scale, NULL);
  for (int i = k > 2 ? k - 2 : 0; i <= k; i++) {
    mpq_abs(d, exact[i]);
    if (mpq_cmp(d, scale) > 0) mpq_set(scale, d);
  }
  mpq_sub(d, c, exact[k]);
  mpq_abs(d, d);
  if (bits) mpq_div_2exp(scale, scale, bits);
  ck_assert_msg(bits ? mpq_cmp(d, scale) <= 0 : mpq_sgn(d) == 0, "%s: coefficient %d is %.17g",
                text, k, mpq_get_d(c));
  mpq_clears(d, scale, NULL);
}

static void run_high(int i, tri_domain domain, uint32_t precision, unsigned bits) {
  static const int orders[] = {30, HIGH};
  const tri_number_options options = {.domain = domain, .precision = precision};
  tri_function *f = function_in(high[i].text, domain, precision);
  tri_values *curve = tri_values_new(&options, 4), *c = tri_values_new(&options, HIGH + 1);
  mpq_t q;
  mpq_init(q);
  tri_values_set_double(curve, 0, high[i].at);
  tri_values_set_double(curve, 2, 1.0);
  for (int n = 0; n < 2; n++) {
    ok(tri_function_taylor_values(f, NULL, 2, curve, (size_t)orders[n], c));
    for (int k = 0; k <= orders[n]; k++) {
      ck_assert(tri_value_mpq(tri_values_get(c, (size_t)k), q) || domain == TRI_BALL);
      if (domain == TRI_BALL) mpq_set_d(q, tri_value_double(tri_values_get(c, (size_t)k)));
      check_high(high[i].text, k, q, bits);
    }
  }
  mpq_clear(q);
  tri_values_free(curve), tri_values_free(c);
  tri_function_free(f);
}

START_TEST(high_orders) {
  exact_open();
  high[_i].series();
  run_high(_i, TRI_DOUBLE, 0, 38);
  run_high(_i, TRI_MPFR, 400, 300);
  run_high(_i, TRI_BALL, 400, 50);
  if (high[_i].rational) run_high(_i, TRI_RATIONAL, 0, 0);
  exact_close();
}
END_TEST

/* Derivatives are k! times the coefficients, also where k! overflows or a coefficient vanishes. */
START_TEST(derivatives) {
  double c[HIGH + 1], d[HIGH + 1], factorial = 1.0;
  tri_function *f = function_of("exp(x/2 + y)");
  tri_call call = {.derivatives = 1};
  ok(tri_function_taylor(f, NULL, 2, (double[]){1, 2, 1, 0}, HIGH, c));
  ok(tri_function_taylor(f, &call, 2, (double[]){1, 2, 1, 0}, 100, d));
  for (int k = 0; k <= 100; factorial *= ++k)
    ck_assert_double_le(fabs(d[k] - c[k] * factorial), 1e-14 * d[k]);
  tri_function_free(f);
  f = function_of("exp(x)");
  ok(tri_function_taylor(f, &call, 2, (double[]){0, 2, 1, 0}, 170, d));
  for (int k = 0; k <= 170; k++) ck_assert_double_le(fabs(d[k] - 1.0), 1e-13);
  tri_function_free(f);
  f = function_of("1/(100 - x)");
  ok(tri_function_taylor(f, &call, 2, (double[]){0, 0, 1, 0}, HIGH, d));
  ck_assert_double_le(fabs(d[190] / exp(lgamma(191) - 191 * log(100)) - 1.0), 1e-11);
  tri_function_free(f);
  f = function_in("exp(x)", TRI_FLOAT, 0);
  ok(tri_function_taylor(f, &call, 2, (double[]){0, 0, 1, 0}, HIGH, d));
  for (int k = 0; k <= HIGH; k++) ck_assert_double_le(fabs(d[k] - 1.0), 1e-4);
  tri_function_free(f);
}
END_TEST

/* --- curves, shapes, outputs */

/* x y^2 along x = 1 + 2t, y = 3 - t + t^3, and along y alone. */
START_TEST(curves) {
  tri_function *f = function_in("x*y^2", (tri_domain)_i, 0);
  const double curve[] = {1, 3, 2, -1, 0, 0, 0, 1}, expected[] = {9, 12, -11, 8, 10, -4, 1, 2, 0};
  double c[9];
  ok(tri_function_taylor(f, NULL, 4, curve, 8, c));
  for (int k = 0; k <= 8; k++) ck_assert_double_eq(c[k], expected[k]);
  ok(tri_function_taylor(f, NULL, 1, curve, 2, c));
  ck_assert_double_eq(c[0], 9.0);
  ck_assert_double_eq(c[1], 0.0);
  ok(tri_function_taylor(f, NULL, 4, curve, 0, c));
  ck_assert_double_eq(c[0], 9.0);
  tri_function_free(f);
}
END_TEST

/* Vectors of a size given at the call, elements, an output that stands twice, an input and a constant as outputs. */
START_TEST(shapes) {
  const char *sizes[] = {"n"};
  tri_expr v = tri_variable_shaped(g, "v", 1, (int64_t[]){0}, sizes);
  tri_expr squares = tri_mul(v, v), last = tri_element(squares, 2);
  tri_expr out[] = {squares, tri_mul(last, x), last, x, tri_integer(g, 7)};
  tri_function *f = tri_compile(2, ((tri_expr[]){x, v}), 5, out);
  const double curve[] = {2, 1, 2, 3, 1, 0, 1, 1};
  const double expected[3][7] = {
      {1, 4, 9, 18, 9, 2, 7}, {0, 4, 6, 21, 6, 1, 0}, {0, 1, 1, 8, 1, 0, 0}};
  double c[21];
  tri_call call = {.n_sizes = 1, .sizes = (int64_t[]){3}};
  ok(tri_function_taylor(f, &call, 2, curve, 2, c));
  for (int i = 0; i < 21; i++) ck_assert_double_eq(c[i], expected[i / 7][i % 7]);
  call.derivatives = 1;
  ok(tri_function_taylor(f, &call, 2, curve, 2, c));
  for (int i = 0; i < 21; i++)
    ck_assert_double_eq(c[i], expected[i / 7][i % 7] * (i / 7 == 2 ? 2 : 1));
  tri_function_free(f);
}
END_TEST

/* --- kinks and what has no value */

struct place {
  const char *text;
  double at, c[4];
};

static const struct place places[] = {
    {"abs(x)", 0, {0, 0, 0, 0}},
    {"abs(x^3)", -1, {1, -3, 3, -1}},
    {"max(x, x^2)", 1, {1, 1.5, 0.5, 0}},
    {"min(x, 2x - 1)", 1, {1, 1.5, 0, 0}},
    {"relu(x)", 0, {0, 0, 0, 0}},
    {"sign(x) + floor(x) + heaviside(x)", 0, {1, 0, 0, 0}},
    {"select(x < 0, log(x), x^2)", 3, {9, 6, 1, 0}},
    {"select(x < 0, x, sqrt(x - 10))", -3, {-3, 1, 0, 0}},
    {"max(sqrt(x), 1)", 0, {1, 0, 0, 0}},
    {"sqrt(x*0 + y)", 4, {0, 0, 0, 0}},
    {"x^2", 0, {0, 0, 1, 0}},
    {"x^3", 0, {0, 0, 0, 1}},
    {"x^1", 0, {0, 1, 0, 0}},
    {"x^0", 0, {1, 0, 0, 0}},
    {"x^y", 2, {1, 0, 0, 0}},
    {"(-2)^(x*0 + 3) + x^7", 0, {-8, 0, 0, 0}},
    {"x^(-2)", -1, {1, 2, 3, 4}},
    {"sqrt(x)", 0, {0, INFINITY, -INFINITY, INFINITY}},
    {"x^2.5", 0, {0, 0, 0, INFINITY}},
    {"hypot(x, 0)", 2, {2, 1, 0, 0}},
    {"tanh(x)", 400, {1, 0, 0, 0}},
    {"sigmoid(x)", 1000, {1, 0, 0, 0}},
    {"sigmoid(x)", -1000, {0, 0, 0, 0}},
    {"gamma(x)*0 + lgamma(1)", 1, {0, 0, 0, 0}},
};

START_TEST(conventions) {
  const struct place *p = places + _i;
  double c[4];
  tri_function *f = function_of(p->text);
  ok(tri_function_taylor(f, NULL, 2, (double[]){p->at, 0, 1, 0}, 3, c));
  for (int k = 0; k < 4; k++)
    ck_assert_msg(c[k] == p->c[k], "%s: coefficient %d is %.17g", p->text, k, c[k]);
  tri_function_free(f);
}
END_TEST

static void fails(const char *text, tri_domain domain, double at, const tri_call *options,
                  tri_status status, const char *message) {
  tri_error error = {.status = TRI_OK};
  tri_call call = *options;
  double c[4] = {0};
  tri_function *f = function_in(text, domain, 0);
  call.error = &error;
  tri_status got = tri_function_taylor(f, &call, 2, (double[]){at, 1, 1, 0}, 3, c);
  ck_assert_msg(got == status && error.status == status, "%s: %s", text, tri_status_code(got));
  ck_assert_msg(strstr(error.message, message) != NULL, "%s: %s", text, error.message);
  ck_assert(isnan(c[3]) || status == TRI_INTERRUPTED || options->strict);
  tri_function_free(f);
}

START_TEST(failures) {
  const tri_call plain = {.n_sizes = 0}, strict = {.strict = 1};
  static const volatile int yes = 1;
  fails("log(x) + 1", TRI_DOUBLE, -1, &plain, TRI_DOMAIN, "log at -1");
  fails("1/x", TRI_RATIONAL, 0, &plain, TRI_DOMAIN, "division by zero");
  fails("polygamma(x, 2)", TRI_DOUBLE, 1, &plain, TRI_DOMAIN, "no derivative by its argument 1");
  fails("2^x", TRI_RATIONAL, 1, &plain, TRI_DOMAIN, "derivative of pow at (2, 1)");
  fails("exp(abs(x)) + 1", TRI_DOUBLE, 0, &strict, TRI_DOMAIN, "abs at 0");
  fails("exp(sin(x))", TRI_DOUBLE, 0, &(tri_call){.interrupt = &yes}, TRI_INTERRUPTED, "");
  /* abs(y) does not move along the curve, so its kink is no matter */
  double c[2];
  tri_function *f = function_of("x + abs(y)");
  ok(tri_function_taylor(f, &strict, 2, (double[]){1, 0, 1, 0}, 1, c));
  ck_assert_double_eq(c[1], 1.0);
  tri_function_free(f);
}
END_TEST

/* One output without a value does not spoil the other. */
START_TEST(others_are_set) {
  tri_expr out[] = {tri_log(x), tri_mul(x, x)};
  tri_function *f = tri_compile(1, &x, 2, out);
  double c[6];
  ck_assert_int_eq(tri_function_taylor(f, NULL, 2, (double[]){-1, 1}, 2, c), TRI_DOMAIN);
  for (int k = 0; k < 3; k++) {
    ck_assert(isnan(c[2 * k]));
    ck_assert_double_eq(c[2 * k + 1], ((double[]){1, -2, 1})[k]);
  }
  tri_function_free(f);
}
END_TEST

START_TEST(arguments) {
  tri_function *f = function_of("x + y");
  double c[4], curve[4] = {0};
  const tri_number_options one = {.domain = TRI_RATIONAL};
  tri_values *small = tri_values_new(NULL, 3), *other = tri_values_new(&one, 8);
  ck_assert_int_eq(tri_function_taylor(f, NULL, 0, curve, 1, c), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_taylor(f, NULL, 2, NULL, 1, c), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_taylor(f, NULL, 2, curve, 1, NULL), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_taylor(NULL, NULL, 2, curve, 1, c), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_taylor(f, NULL, 2, curve, UINT32_MAX, c), TRI_LIMIT);
  ck_assert_int_eq(tri_function_taylor_values(f, NULL, 2, small, 1, small), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_taylor_values(f, NULL, 1, small, 3, small), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_taylor_values(f, NULL, 1, other, 1, small), TRI_ARGUMENT);
  ok(tri_function_taylor_values(f, NULL, 1, small, 2, small));
  tri_values_free(small), tri_values_free(other);
  tri_function_free(f);
}
END_TEST

/* --- depth, traces, memory */

/* Nothing recurses over depth. */
START_TEST(deep) {
  tri_expr e = x;
  double c[4];
  for (int i = 0; i < 200000; i++) e = tri_sin(e);
  tri_function *f = tri_compile(1, &x, 1, &e);
  ok(tri_function_taylor(f, NULL, 2, (double[]){0, 1}, 3, c));
  ck_assert_double_eq(c[1], 1.0);
  ck_assert_double_le(fabs(c[3] + 200000.0 / 6.0), 1e-6);
  tri_function_free(f);
}
END_TEST

static void keep_text(void *data, const tri_step *step) {
  tri_text *text = data;
  text->size = 0;
  tri_value_text(step->value, text);
  ck_assert_double_eq(tri_value_double(tri_value_tangent(step->value, 1)), 3.0);
}

START_TEST(traced) {
  tri_text text = {.allocator = NULL};
  const tri_trace trace = {&text, keep_text, NULL};
  double c[4];
  tri_expr e = tri_pow(tri_add(x, tri_integer(g, 0)), tri_integer(g, 1));
  tri_function *f = tri_compile(1, &x, 1, &e);
  ok(tri_function_taylor(f, &(tri_call){.trace = &trace}, 3, (double[]){1, 2, 3}, 3, c));
  ck_assert_str_eq(text.data, "1 + 2*eps + 3*eps^2");
  tri_text_free(&text);
  tri_function_free(f);
}
END_TEST

/* A workspace serves all runs in turn, and a second run of an order allocates nothing. */
START_TEST(workspaces) {
  struct failing f;
  double c[31], again[31];
  failing_init(&f, 0);
  tri_expr e = tri_exp(tri_sin(x));
  tri_function *function = tri_compile(1, &x, 1, &e, .allocator = &f.allocator);
  tri_call call = {.workspace = tri_workspace_new(function)};
  const double curve[] = {1, 1};
  ok(tri_function_taylor(function, &call, 2, curve, 30, c));
  long calls = f.calls;
  ok(tri_function_taylor(function, &call, 2, curve, 30, again));
  ck_assert_int_eq(f.calls, calls);
  ck_assert_mem_eq(c, again, sizeof c);
  ok(tri_function_forward(function, &call, curve, 1, curve + 1, NULL, again));
  ok(tri_function_taylor(function, &call, 2, curve, 3, again));
  ck_assert_mem_eq(c, again, 4 * sizeof *c);
  tri_workspace_free(call.workspace);
  tri_function_free(function);
  ck_assert_uint_eq(f.in_use, 0);
}
END_TEST

START_TEST(placed) {
  static _Alignas(16) char buffer[20000];
  tri_function *f = function_of("exp(sin(x)) + y");
  double c[11], expected[11];
  const double curve[] = {1, 2, 1, 0};
  ok(tri_function_taylor(f, NULL, 2, curve, 10, expected));
  tri_call call = {.workspace = tri_workspace_place(f, buffer, sizeof buffer)};
  ok(tri_function_taylor(f, &call, 2, curve, 10, c));
  ck_assert_mem_eq(c, expected, sizeof c);
  ok(tri_function_taylor(f, &call, 2, curve, 4, c));
  double *many = calloc(100001, sizeof *many);
  ck_assert_int_eq(tri_function_taylor(f, &call, 2, curve, 100000, many), TRI_MEMORY);
  free(many);
  tri_workspace_free(call.workspace);
  tri_function_free(f);
}
END_TEST

static Suite *taylor_run_suite(void) {
  Suite *s = suite_create("taylor_run");
  TCase *c = tcase_create("taylor_run");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_loop_test(c, high_orders, 0, HIGHS);
  tcase_add_test(c, derivatives);
  tcase_add_loop_test(c, curves, 0, TRI_DOMAINS);
  tcase_add_test(c, shapes);
  tcase_add_loop_test(c, conventions, 0, sizeof places / sizeof *places);
  tcase_add_test(c, failures);
  tcase_add_test(c, others_are_set);
  tcase_add_test(c, arguments);
  tcase_add_test(c, deep);
  tcase_add_test(c, traced);
  tcase_add_test(c, workspaces);
  tcase_add_test(c, placed);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_taylor_run", taylor_run_suite); }
