/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Points where naive rules fail: kinks and their conventions, edges of domains, ties, saturation, branches not chosen. One table; every
 * entry is computed in every domain, by value, forward, in reverse and symbolically, first and second derivatives. */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <triad.h>

#include "tests/runner.h"

#define INF ((double)INFINITY)
#define NONE ((double)NAN) /* no value exists */
#define PI 3.14159265358979323846

enum { INPUTS = 2, FIRST = INPUTS, SECOND = INPUTS * INPUTS };

/* At (x, y): the value, the derivatives by x and y, and the second ones by xx, xy, yy. */
struct expected {
  const char *text;
  double x, y, value, first[FIRST], second[3];
};

static const struct expected table[] = {
    /* conventions */
    {"abs(x)", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"abs(x)", -2, 0, 2, {-1, 0}, {0, 0, 0}},
    {"max(x, y)", 1, 1, 1, {0.5, 0.5}, {0, 0, 0}},
    {"min(x, y)", 1, 1, 1, {0.5, 0.5}, {0, 0, 0}},
    {"max(x, y)", 2, 1, 2, {1, 0}, {0, 0, 0}},
    {"min(x, y)", 2, 1, 1, {0, 1}, {0, 0, 0}},
    {"max(x^2, x)", 1, 0, 1, {1.5, 0}, {1, 0, 0}},
    {"max(x*y, x + y)", 2, 2, 4, {1.5, 1.5}, {0, 0.5, 0}},
    {"relu(x)", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"relu(x)*y", 0, 3, 0, {0, 0}, {0, 0, 0}},
    {"relu(x)^2", 1, 0, 1, {2, 0}, {2, 0, 0}},
    {"heaviside(x)*x", 0, 0, 0, {1, 0}, {0, 0, 0}},
    {"heaviside(x)*x", -1, 0, 0, {0, 0}, {0, 0, 0}},
    {"sign(x)*x", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"floor(x)*x", 3, 0, 9, {3, 0}, {0, 0, 0}},
    {"ceil(x) + x*y", 3, 1, 6, {1, 3}, {0, 1, 0}},
    {"hypot(x, y)", 0, 0, 0, {0, 0}, {NONE, NONE, NONE}},
    {"hypot(x, y)", 3, 4, 5, {0.6, 0.8}, {0.128, -0.096, 0.072}},
    {"hypot(x, y)", 0, 4, 4, {0, 1}, {0.25, 0, 0}},
    {"hypot(x, y)", -3, 0, 3, {-1, 0}, {0, 0, 1.0 / 3.0}},
    {"softplus(x)", 0, 0, 0.69314718055994530942, {0.5, 0}, {0.25, 0, 0}},
    {"select(x < y, x, 3*y)", 1, 1, 3, {0, 3}, {0, 0, 0}},
    /* kinks within kinks */
    {"abs(abs(x) - 1)", 1, 0, 0, {0, 0}, {0, 0, 0}},
    {"abs(abs(x) - 1)", 0, 0, 1, {0, 0}, {0, 0, 0}},
    {"abs(abs(x) - 1)", -3, 0, 2, {-1, 0}, {0, 0, 0}},
    {"abs(max(x, y))", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"max(abs(x), abs(y))", 1, -1, 1, {0.5, -0.5}, {0, 0, 0}},
    {"max(max(x, y), 2)", 2, 2, 2, {0.25, 0.25}, {0, 0, 0}},
    {"min(max(x, 0), 1)", 0, 0, 0, {0.5, 0}, {0, 0, 0}},
    {"min(max(x, 0), 1)", 1, 0, 1, {0.5, 0}, {0, 0, 0}},
    {"relu(relu(x))", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"relu(x) - relu(-x)", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"abs(x)^3", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"x*abs(x)", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"x*abs(x)", -1, 0, -1, {2, 0}, {-2, 0, 0}},
    {"sqrt(x^2)", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"abs(x*y)", 0, 2, 0, {0, 0}, {0, 0, 0}},
    {"floor(abs(x))*y", 0, 5, 0, {0, 0}, {0, 0, 0}},
    /* powers */
    {"x^2", 0, 0, 0, {0, 0}, {2, 0, 0}},
    {"x^3", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"x^1", 0, 0, 0, {1, 0}, {0, 0, 0}},
    {"x^0", 0, 0, 1, {0, 0}, {0, 0, 0}},
    {"x^y", 0, 0, 1, {0, -INF}, {0, INF, INF}},
    {"x^y", 0, 1, 0, {1, 0}, {0, -INF, 0}},
    {"x^y", 0, 2, 0, {0, 0}, {2, 0, 0}},
    {"x^y", 0, 3, 0, {0, 0}, {0, 0, 0}},
    {"x^y", 0, 0.5, 0, {INF, 0}, {NONE, NONE, NONE}},
    {"x^3", -2, 0, -8, {12, 0}, {-12, 0, 0}},
    {"x^(-3)", -2, 0, -0.125, {-0.1875, 0}, {-0.375, 0, 0}},
    {"x^(-1)", -2, 0, -0.5, {-0.25, 0}, {-0.25, 0, 0}},
    {"x^y", -2, 3, -8, {12, NONE}, {-12, NONE, NONE}},
    {"x^(-1)", 0, 0, NONE, {NONE, NONE}, {NONE, NONE, NONE}},
    {"x^(1/2)", -1, 0, NONE, {NONE, NONE}, {NONE, NONE, NONE}},
    {"x^(3/2)", 0, 0, 0, {0, 0}, {INF, 0, 0}},
    {"x^(5/2)", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"y^x", 2, 0, 0, {0, 0}, {0, 0, 2}},
    {"(x - 1)^2*(y + 1)^3", 1, -1, 0, {0, 0}, {0, 0, 0}},
    /* edges of domains */
    {"sqrt(x)", 0, 0, 0, {INF, 0}, {-INF, 0, 0}},
    {"sqrt(x)", -1, 0, NONE, {NONE, NONE}, {NONE, NONE, NONE}},
    {"cbrt(x)", 0, 0, 0, {INF, 0}, {-INF, 0, 0}},
    {"cbrt(x)", -8, 0, -2, {1.0 / 12.0, 0}, {1.0 / 144.0, 0, 0}},
    {"asin(x)", 1, 0, PI / 2, {INF, 0}, {INF, 0, 0}},
    {"acos(x)", -1, 0, PI, {-INF, 0}, {INF, 0, 0}},
    {"acosh(x)", 1, 0, 0, {INF, 0}, {-INF, 0, 0}},
    {"log(x)", 0, 0, NONE, {NONE, NONE}, {NONE, NONE, NONE}},
    {"atanh(x)", 1, 0, NONE, {NONE, NONE}, {NONE, NONE, NONE}},
    {"gamma(x)", -2, 0, NONE, {NONE, NONE}, {NONE, NONE, NONE}},
    {"1/x", 0, 0, NONE, {NONE, NONE}, {NONE, NONE, NONE}},
    {"atan2(y, x)", 1, 0, 0, {0, 1}, {0, -1, 0}},
    {"atan2(y, x)", 0, 1, PI / 2, {-1, 0}, {0, 1, 0}},
    {"atan2(y, x)", 0, -1, -PI / 2, {1, 0}, {0, 1, 0}},
    {"atan2(y, x)", -1, 0, PI, {0, -1}, {0, -1, 0}},
    {"atan2(y, x)", 0, 0, NONE, {NONE, NONE}, {NONE, NONE, NONE}},
    /* saturation */
    {"tanh(x)", 400, 0, 1, {0, 0}, {0, 0, 0}},
    {"tanh(x)", -400, 0, -1, {0, 0}, {0, 0, 0}},
    {"sigmoid(x)", 1000, 0, 1, {0, 0}, {0, 0, 0}},
    {"sigmoid(x)", -1000, 0, 0, {0, 0}, {0, 0, 0}},
    {"1/(1 + exp(-x))", 1000, 0, 1, {0, 0}, {0, 0, 0}},
    {"softplus(x)", 1000, 0, 1000, {1, 0}, {0, 0, 0}},
    {"softplus(x)", -1000, 0, 0, {0, 0}, {0, 0, 0}},
    {"gaussian(x)", 1000, 0, 0, {0, 0}, {0, 0, 0}},
    {"erf(x)", 30, 0, 1, {0, 0}, {0, 0, 0}},
    {"sech(x)", 800, 0, 0, {0, 0}, {0, 0, 0}},
    {"exp(x)", 1000, 0, INF, {INF, 0}, {INF, 0, 0}},
    {"exp(x)", -1000, 0, 0, {0, 0}, {0, 0, 0}},
    /* branches that are not chosen */
    {"max(sqrt(x), 1)", 0, 0, 1, {0, 0}, {0, 0, 0}},
    {"max(sqrt(x), y)", 0, 1, 1, {0, 1}, {0, 0, 0}},
    {"min(sqrt(x), -1)", 0, 0, -1, {0, 0}, {0, 0, 0}},
    {"max(relu(sqrt(x)), 2)", 0, 0, 2, {0, 0}, {0, 0, 0}},
    {"sqrt(relu(x))", -1, 0, 0, {0, 0}, {0, 0, 0}},
    {"sqrt(max(x, 0))", -1, 0, 0, {0, 0}, {0, 0, 0}},
    {"log(1 + sqrt(relu(x)))", -1, 0, 0, {0, 0}, {0, 0, 0}},
    {"relu(x)*sqrt(1 + relu(x))", -1, 0, 0, {0, 0}, {0, 0, 0}},
    {"select(x > 0, log(x), x^2)", 0, 0, 0, {0, 0}, {2, 0, 0}},
    {"select(x > 0, log(x), x^2)", -3, 0, 9, {-6, 0}, {2, 0, 0}},
    {"select(x > 0, sqrt(x)*log(x), 2*x)", 0, 0, 0, {2, 0}, {0, 0, 0}},
    {"select(x > 0, exp(1/x)/x, x^3)", 0, 0, 0, {0, 0}, {0, 0, 0}},
    {"select(x > 0, 1/x, x)*y", 0, 2, 0, {2, 0}, {0, 1, 0}},
    {"select(x == 0, 1, sin(x)/x)", 0, 0, 1, {0, 0}, {0, 0, 0}},
    {"select(y > 0, x, gamma(-2*y))*x", 2, 1, 4, {4, 0}, {2, 0, 0}},
    {"select(x > 0 and y > 0, x^y, x*y)", -2, 0.5, -1, {0.5, -2}, {0, 1, 0}},
    {"gate(x, y)", 0, 3, 0, {3, 0}, {0, 1, 0}},
    {"gate(relu(x), log(y))", -1, 0.5, 0, {0, 0}, {0, 0, 0}},
};
enum { ENTRIES = sizeof table / sizeof *table };

/* What a domain may be off by; rationals are exact where they have a value. */
static const struct {
  tri_domain domain;
  uint32_t precision;
  double error;
} domains[] = {{TRI_DOUBLE, 0, 1e-14},
               {TRI_FLOAT, 0, 1e-6},
               {TRI_RATIONAL, 0, 0.0},
               {TRI_MPFR, 150, 1e-15},
               {TRI_BALL, 150, 1e-15}};
enum { DOMAINS = sizeof domains / sizeof *domains };

static tri_graph *graph;
static tri_expr inputs[INPUTS];

static void set_up(void) {
  graph = tri_graph_new(NULL);
  ck_assert_ptr_nonnull(graph);
  inputs[0] = tri_variable(graph, "x");
  inputs[1] = tri_variable(graph, "y");
}

static void tear_down(void) { tri_graph_free(graph); }

static tri_expr parsed(const char *text) {
  tri_expr e = tri_parse(graph, text, strlen(text));
  ck_assert_msg(tri_expr_status(e) == TRI_OK, "%s: %s", text, tri_graph_error(graph)->message);
  return e;
}

/* --- one way of computing, in one domain */

struct run {
  const struct expected *e;
  int domain;
  const char *way;
  tri_values *point, *found;
  tri_error error;
  tri_status status;
};

static tri_values *array(int domain, size_t n) {
  tri_values *values = tri_values_new(&(tri_number_options){.domain = domains[domain].domain,
                                                            .precision = domains[domain].precision},
                                      n);
  ck_assert_ptr_nonnull(values);
  return values;
}

static tri_function *compiled(int domain, size_t n, const tri_expr *outputs) {
  tri_function *f =
      tri_compile(INPUTS, inputs, n, outputs, .primals = 1, .domain = domains[domain].domain,
                  .precision = domains[domain].precision);
  ck_assert_ptr_nonnull(f);
  return f;
}

static bool close_to(double found, double expected, double error) {
  if (isnan(expected)) return isnan(found);
  if (isinf(expected)) return found == expected;
  return fabs(found - expected) <= error * fmax(1.0, fabs(expected));
}

/* A rational that is not there: no rational number, or infinite in other domains. */
static bool excused(const struct run *r, size_t n, const double *expected) {
  bool infinite = false;
  for (size_t i = 0; i < n; i++) infinite |= isinf(expected[i]) || isnan(expected[i]);
  return domains[r->domain].domain == TRI_RATIONAL && r->status == TRI_DOMAIN &&
         (infinite || strstr(r->error.message, "rational"));
}

static unsigned wrong; /* what was found so */

static void complain(const struct run *r, const char *format, ...) {
  va_list arguments;
  wrong++;
  printf("# %s at (%g, %g) in %s, %s: ", r->e->text, r->e->x, r->e->y,
         tri_domain_name(domains[r->domain].domain), r->way);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
}

/* Numbers from `from` on; where one has no value, the call says so and names who is to blame. */
static void check(const struct run *r, size_t from, size_t n, const double *expected) {
  bool none = false;
  for (size_t i = 0; i < n; i++) none |= isnan(expected[i]);
  if (none || excused(r, n, expected)) {
    if (r->status != TRI_DOMAIN || r->error.node == 0)
      complain(r, "%s, %s", tri_status_code(r->status), r->error.message);
    return;
  }
  if (r->status) complain(r, "%s", r->error.message);
  for (size_t i = 0; i < n && !r->status; i++) {
    double found = tri_value_double(tri_values_get(r->found, from + i));
    if (!close_to(found, expected[i], domains[r->domain].error))
      complain(r, "number %zu is %.17g, not %.17g", i + 1, found, expected[i]);
  }
}

/* --- the ways */

static void check_value(struct run *r, const tri_function *f) {
  r->way = "value";
  r->status = tri_function_call_values(f, &(tri_call){.error = &r->error}, r->point, r->found);
  check(r, 0, 1, &r->e->value);
}

static void check_forward(struct run *r, const tri_function *f) {
  tri_values *units = array(r->domain, INPUTS * INPUTS);
  for (size_t i = 0; i < INPUTS; i++) tri_values_set_double(units, i * INPUTS + i, 1.0);
  r->way = "forward";
  r->status = tri_function_forward_values(f, &(tri_call){.error = &r->error}, r->point, INPUTS,
                                          units, NULL, r->found);
  check(r, 0, FIRST, r->e->first);
  tri_values_free(units);
}

static void check_reverse(struct run *r, const tri_function *f) {
  r->way = "reverse";
  r->status = tri_function_reverse_values(f, &(tri_call){.error = &r->error}, r->point, NULL, NULL,
                                          r->found);
  check(r, 0, FIRST, r->e->first);
}

static void square(const struct expected *e, double hessian[SECOND]) {
  hessian[0] = e->second[0];
  hessian[1] = hessian[2] = e->second[1];
  hessian[3] = e->second[2];
}

static void check_hessian(struct run *r, const tri_function *f, tri_mode mode) {
  double hessian[SECOND];
  square(r->e, hessian);
  r->way = mode == TRI_REVERSE ? "forward over reverse" : "forward over forward";
  r->status = tri_function_hessian_values(f, &(tri_call){.error = &r->error, .mode = mode},
                                          r->point, NULL, NULL, NULL, r->found);
  check(r, 0, SECOND, hessian);
}

/* Derivatives as expressions, behind the value. */
static void check_symbolic(struct run *r, tri_expr f) {
  tri_expr outputs[1 + SECOND] = {f};
  double hessian[SECOND];
  square(r->e, hessian);
  for (int order = 1; order <= 2; order++) {
    size_t n = order == 1 ? FIRST : SECOND;
    tri_status s = order == 1 ? tri_gradient(f, INPUTS, inputs, outputs + 1)
                              : tri_hessian(f, INPUTS, inputs, outputs + 1);
    ck_assert_int_eq(s, TRI_OK);
    tri_function *all = compiled(r->domain, 1 + n, outputs);
    r->way = order == 1 ? "symbolic" : "symbolic, twice";
    r->status = tri_function_call_values(all, &(tri_call){.error = &r->error}, r->point, r->found);
    check(r, 1, n, order == 1 ? r->e->first : hessian);
    tri_function_free(all);
  }
}

static void check_domain(const struct expected *e, int domain) {
  struct run r = {.e = e, .domain = domain};
  tri_expr output = parsed(e->text);
  tri_function *f = compiled(domain, 1, &output);
  r.point = array(domain, INPUTS);
  r.found = array(domain, 1 + SECOND);
  tri_values_set_double(r.point, 0, e->x);
  tri_values_set_double(r.point, 1, e->y);
  check_value(&r, f);
  check_forward(&r, f);
  check_reverse(&r, f);
  check_hessian(&r, f, TRI_REVERSE);
  check_hessian(&r, f, TRI_FORWARD);
  check_symbolic(&r, output);
  tri_values_free(r.point);
  tri_values_free(r.found);
  tri_function_free(f);
}

START_TEST(every_mode_and_domain) {
  const struct expected *e = table + _i;
  wrong = 0;
  for (int domain = 0; domain < DOMAINS; domain++) check_domain(e, domain);
  fflush(stdout);
  ck_assert_msg(wrong == 0, "%s at (%g, %g): %u wrong", e->text, e->x, e->y, wrong);
}
END_TEST

/* --- strict calls: derivatives at kinks are errors */

/* An operation at a kink that derivatives pass through, as the message has it; "" where there is none. */
static const struct strict {
  const char *text;
  double x, y;
  const char *culprit;
} kinks[] = {
    {"abs(x)*y", 0, 3, "abs at 0"},
    {"abs(x)", -1, 0, ""},
    {"max(x, 2*y)", 2, 1, "max at (2, 2)"},
    {"min(x, 2*y)", 2, 1, "min at (2, 2)"},
    {"max(x, 2*y)", 2, 2, ""},
    {"sin(relu(x))", 0, 0, "relu at 0"},
    {"hypot(x, y)", 0, 0, "hypot at (0, 0)"},
    {"hypot(x, y)", 0, 1, ""},
    {"x*floor(x)", 2, 0, "floor at 2"},
    {"x*ceil(x)", 2, 0, "ceil at 2"},
    {"x*floor(x)", 2.5, 0, ""},
    {"x*heaviside(x)", 0, 0, "heaviside at 0"},
    {"x*sign(x)", 0, 0, "sign at 0"},
    {"atan2(y, x)", -1, 0, "atan2 at (0, -1)"},
    {"abs(abs(x) - 1)", 1, 0, "abs at 0"},
    {"x + abs(y - 1)", 0, 1, "abs at 0"},
    {"select(x > 0, abs(y), x)", 1, 0, "abs at 0"},
    {"select(x > -1, x, abs(x))", 0, 0, ""},
    {"max(abs(x), 1)", 0, 0, ""},
    {"relu(x)*abs(y)", -1, 0, "abs at 0"},
    {"y*select(x > 1, abs(x), 2)", 0, 1, ""},
    {"y*select(x > 0, abs(x), 2)", 0, 1, "gt at (0, 0)"},
    {"select(x <= 1, x, x^2)", 1, 0, "le at (1, 1)"},
};
enum { KINKS = sizeof kinks / sizeof *kinks };

/* Rationals have no hypot and no sine. */
static void check_strict(const struct strict *k, int domain, const char *way, tri_status status,
                         const tri_error *error) {
  const char *name = tri_domain_name(domains[domain].domain);
  if (domains[domain].domain == TRI_RATIONAL && strstr(error->message, "rational")) return;
  ck_assert_msg(status == (*k->culprit ? TRI_DOMAIN : TRI_OK), "%s in %s, %s: %s, %s", k->text,
                name, way, tri_status_code(status), error->message);
  if (!status) return;
  ck_assert_msg(strstr(error->message, k->culprit) == error->message &&
                    strstr(error->message, "kink") && error->node > 0,
                "%s in %s, %s: %s", k->text, name, way, error->message);
}

static void strictly(const struct strict *k, int domain) {
  tri_expr output = parsed(k->text);
  tri_function *f = compiled(domain, 1, &output);
  tri_values *point = array(domain, INPUTS), *units = array(domain, INPUTS * INPUTS),
             *found = array(domain, SECOND);
  tri_error error = {.status = TRI_OK};
  tri_call call = {.strict = 1, .error = &error};
  tri_values_set_double(point, 0, k->x);
  tri_values_set_double(point, 1, k->y);
  for (size_t i = 0; i < INPUTS; i++) tri_values_set_double(units, i * INPUTS + i, 1.0);
  tri_status s = tri_function_forward_values(f, &call, point, INPUTS, units, NULL, found);
  check_strict(k, domain, "forward", s, &error);
  s = tri_function_reverse_values(f, &call, point, NULL, NULL, found);
  check_strict(k, domain, "reverse", s, &error);
  for (int mode = TRI_REVERSE; mode <= TRI_FORWARD; mode++) {
    call.mode = (tri_mode)mode;
    s = tri_function_hessian_values(f, &call, point, NULL, NULL, NULL, found);
    check_strict(k, domain, "hessian", s, &error);
  }
  tri_values *curve = array(domain, 3 * INPUTS), *coefficients = array(domain, 3);
  for (size_t i = 0; i < INPUTS; i++) {
    tri_values_set(curve, i, tri_values_get(point, i));
    tri_values_set_double(curve, (1 + i) * INPUTS + i, 1.0); /* (x + t, y + t^2) */
  }
  s = tri_function_taylor_values(f, &call, 3, curve, 2, coefficients);
  check_strict(k, domain, "taylor", s, &error);
  tri_values_free(curve);
  tri_values_free(coefficients);
  tri_values_free(point);
  tri_values_free(units);
  tri_values_free(found);
  tri_function_free(f);
}

START_TEST(strict_calls) {
  for (int k = 0; k < KINKS; k++)
    for (int domain = 0; domain < DOMAINS; domain++) strictly(kinks + k, domain);
}
END_TEST

/* --- balls around kinks */

/* A ball that holds a kink gives all slopes around it, or says that it cannot tell. */
START_TEST(balls_around_kinks) {
  tri_expr output = parsed("abs(x) + max(x, y)");
  tri_expr third =
      parsed("sqrt(2)*sqrt(3) - sqrt(6)"); /* 0, but a ball knows only that it is small */
  tri_values *point, *found = array(DOMAINS - 1, INPUTS);
  tri_error error = {.status = TRI_OK};
  ck_assert_int_eq(tri_evaluate(2, (tri_expr[]){third, parsed("0")},
                                &(tri_number_options){.domain = TRI_BALL, .precision = 150}, &point,
                                &error),
                   TRI_OK);
  tri_function *f = compiled(DOMAINS - 1, 1, &output);
  tri_call call = {.error = &error};
  ck_assert_int_eq(tri_function_reverse_values(f, &call, point, NULL, NULL, found), TRI_OK);
  tri_text text = {.allocator = NULL}, radius = {.allocator = NULL};
  tri_value_enclosure(tri_values_get(found, 0), 5, &text, &radius);
  ck_assert_msg(strtod(radius.data, NULL) >= 1.5, "%s +/- %s", text.data, radius.data);
  call.strict = 1;
  tri_status status = tri_function_reverse_values(f, &call, point, NULL, NULL, found);
  ck_assert_msg(status == TRI_UNKNOWN, "%s: %s", tri_status_code(status), error.message);
  ck_assert_msg(strstr(error.message, "may be at a kink") != NULL, "%s", error.message);
  tri_text_free(&text);
  tri_text_free(&radius);
  tri_values_free(point);
  tri_values_free(found);
  tri_function_free(f);
}
END_TEST

static Suite *kinks_suite(void) {
  Suite *s = suite_create("kinks");
  TCase *c = tcase_create("kinks");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_loop_test(c, every_mode_and_domain, 0, ENTRIES);
  tcase_add_test(c, strict_calls);
  tcase_add_test(c, balls_around_kinks);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_kinks", kinks_suite); }
