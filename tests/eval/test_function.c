/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Compiled functions: values and derivatives in both domains, what is said where there are none, and who owns which memory. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <triad.h>
#include <triad/mp.h>

#include "eval/run.h"
#include "tests/failing.h"
#include "tests/runner.h"

static tri_graph *g;
static tri_expr x, y;

static void set_up(void) {
  g = tri_graph_new(NULL);
  x = tri_variable(g, "x");
  y = tri_variable(g, "y");
}

static void tear_down(void) { tri_graph_free(g); }

static tri_expr parse(const char *text) {
  tri_expr e = tri_parse(g, text, strlen(text));
  ck_assert_msg(tri_expr_status(e) == TRI_OK, "%s", text);
  return e;
}

static tri_function *function_of(const char *text, tri_domain domain) {
  tri_expr e = parse(text);
  tri_function *f = tri_compile(2, ((tri_expr[]){x, y}), 1, &e, .domain = domain);
  ck_assert_ptr_nonnull(f);
  return f;
}

static void ok(tri_status status) { ck_assert_str_eq(tri_status_code(status), "ok"); }

/* --- values and derivatives */

static void check_texts(const tri_values *v, const char *const *expected) {
  for (size_t i = 0; expected[i]; i++) {
    tri_text text = {.allocator = NULL};
    tri_value_text(tri_values_get(v, i), &text);
    ck_assert_str_eq(text.data, expected[i]);
    tri_text_free(&text);
  }
}

static tri_values *numbers(tri_domain domain, size_t n, const double *values) {
  tri_values *v = tri_values_new(&(tri_number_options){.domain = domain}, n);
  ck_assert_ptr_nonnull(v);
  for (size_t i = 0; values && i < n; i++) tri_values_set_double(v, i, values[i]);
  return v;
}

/* f(3, 4) = 42, gradient [24, 10], Hessian [[8, 6], [6, 0]], in all modes and both domains, as texts. */
START_TEST(main_job) {
  tri_domain domain = (tri_domain)_i;
  tri_function *f = function_of("x²y + y + 2", domain);
  tri_values *at = numbers(domain, 2, (double[]){3, 4}), *value = numbers(domain, 1, NULL);
  tri_values *unit = numbers(domain, 4, (double[]){1, 0, 0, 1});
  tri_values *gradient = numbers(domain, 2, NULL), *hessian = numbers(domain, 4, NULL);
  ok(tri_function_call_values(f, NULL, at, value));
  check_texts(value, (const char *[]){"42", NULL});
  ok(tri_function_forward_values(f, NULL, at, 2, unit, value, gradient));
  check_texts(gradient, (const char *[]){"24", "10", NULL});
  ok(tri_function_reverse_values(f, NULL, at, NULL, value, gradient));
  check_texts(gradient, (const char *[]){"24", "10", NULL});
  for (int mode = TRI_REVERSE; mode <= TRI_FORWARD; mode++) {
    ok(tri_function_hessian_values(f, &(tri_call){.mode = (tri_mode)mode}, at, NULL, value,
                                   gradient, hessian));
    check_texts(value, (const char *[]){"42", NULL});
    check_texts(gradient, (const char *[]){"24", "10", NULL});
    check_texts(hessian, (const char *[]){"8", "6", "6", "0", NULL});
  }
  tri_values_free(at), tri_values_free(value), tri_values_free(unit);
  tri_values_free(gradient), tri_values_free(hessian);
  tri_function_free(f);
}
END_TEST

static const char *const smooth[] = {"sin(x*y) + exp(x/3)*log(y + 2)",
                                     "atan2(y, x)*hypot(x, y)",
                                     "tanh(x)^2 + sigmoid(y*x)/(1 + x^2)",
                                     "x^y + y^x",
                                     "gamma(x + 1)*erf(y)",
                                     "sqrt(x^2 + y^2 + 1)*cbrt(x)",
                                     "max(x, y)*min(x, 2*y) + abs(x)",
                                     "select(x < y, x^3, y^4*x)",
                                     "softplus(x)*log1p(y) - asinh(x*y)",
                                     "x^3*y^4 + x^2/y^3"};
enum { SMOOTH = sizeof smooth / sizeof *smooth };

static void check_close(const char *what, const double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(fabs(a[i] - b[i]) <= 1e-11 * (1.0 + fabs(a[i])), "%s: %.17g and %.17g at %zu",
                  what, a[i], b[i], i);
}

/* Second derivatives: reverse under forward, forward under forward, symbolic. */
START_TEST(hessians_agree) {
  const double at[] = {1.3, 0.7};
  for (int i = 0; i < SMOOTH; i++) {
    tri_expr e = parse(smooth[i]), in[] = {x, y}, out[7] = {e};
    double value, reverse[4], forward[4], gradient[2], second[2], symbolic[7];
    ok(tri_gradient(e, 2, in, out + 1));
    ok(tri_hessian(e, 2, in, out + 3));
    tri_function *f = tri_compile(2, in, 1, &e), *s = tri_compile(2, in, 7, out, .primals = 1);
    ok(tri_function_call(s, NULL, at, symbolic));
    ok(tri_function_hessian(f, NULL, at, NULL, &value, gradient, reverse));
    ok(tri_function_hessian(f, &(tri_call){.mode = TRI_FORWARD}, at, NULL, NULL, second, forward));
    check_close(smooth[i], &value, symbolic, 1);
    check_close(smooth[i], gradient, symbolic + 1, 2);
    check_close(smooth[i], second, symbolic + 1, 2);
    check_close(smooth[i], reverse, symbolic + 3, 4);
    check_close(smooth[i], forward, symbolic + 3, 4);
    tri_function_free(f);
    tri_function_free(s);
  }
}
END_TEST

/* More inputs and directions than go through at once, several outputs, weights. */
START_TEST(many_directions) {
  enum { N = 37, M = 3 };
  tri_expr in[N], out[M] = {tri_integer(g, 1), tri_integer(g, 0), tri_integer(g, 0)};
  double at[N], unit[N * N] = {0}, values[M], tangents[N * M], adjoints[N], hessian[N * N],
                         other[N * N];
  const double weights[M] = {2.0, -1.0, 0.5};
  for (int i = 0; i < N; i++) {
    char name[16];
    snprintf(name, sizeof name, "v%d", i);
    in[i] = tri_variable(g, name);
    at[i] = 0.9 + 0.01 * i;
    unit[i * N + i] = 1.0;
    out[0] = tri_mul(out[0], in[i]);
    out[1] = tri_add(out[1], tri_mul(in[i], in[(i * 5 + 1) % (i + 1)]));
    out[2] = tri_add(out[2], tri_sin(in[i]));
  }
  tri_function *f = tri_compile(N, in, M, out);
  ok(tri_function_forward(f, NULL, at, N, unit, values, tangents));
  ok(tri_function_reverse(f, NULL, at, weights, values, adjoints));
  for (int i = 0; i < N; i++) {
    double sum = 0.0;
    for (int m = 0; m < M; m++) sum += weights[m] * tangents[i * M + m];
    check_close("weighted tangents", &sum, adjoints + i, 1);
    check_close("cosine", &(double){cos(at[i])}, &tangents[i * M + 2], 1);
  }
  ok(tri_function_hessian(f, NULL, at, weights, NULL, NULL, hessian));
  ok(tri_function_hessian(f, &(tri_call){.mode = TRI_FORWARD}, at, weights, NULL, NULL, other));
  check_close("Hessians", hessian, other, N * N);
  tri_function_free(f);
}
END_TEST

/* A dual number is an input that stands for eps: f(3 + eps, 4) = 42 + 24 eps. */
START_TEST(eps_is_an_input) {
  tri_expr eps = tri_eps(g), e = parse("(3 + eps)^2*4 + 4 + 2");
  double value, slope;
  tri_function *f = tri_compile(1, &eps, 1, &e);
  ok(tri_function_forward(f, NULL, &(double){0.0}, 1, &(double){1.0}, &value, &slope));
  ck_assert_double_eq(value, 42.0);
  ck_assert_double_eq(slope, 24.0);
  tri_function_free(f);
  ck_assert_ptr_null(tri_compile(0, NULL, 1, &e));
  ck_assert_int_eq(tri_graph_status(g), TRI_NAME);
}
END_TEST

START_TEST(plans_are_the_same) {
  const double at[] = {1.3, 0.7};
  for (int i = 0; i < SMOOTH; i++) {
    tri_expr e = parse(smooth[i]), in[] = {x, y};
    double a, b, da[2], db[2];
    tri_function *f = tri_compile(2, in, 1, &e),
                 *plain = tri_compile(2, in, 1, &e, .as_written = 1);
    ok(tri_function_reverse(f, NULL, at, NULL, &a, da));
    ok(tri_function_reverse(plain, NULL, at, NULL, &b, db));
    check_close(smooth[i], &a, &b, 1);
    check_close(smooth[i], da, db, 2);
    tri_function_free(f);
    tri_function_free(plain);
  }
  tri_function *f = function_of("x^3 + y^4", TRI_DOUBLE);
  ck_assert_uint_eq(tri_function_operations(f), 5); /* two for each power */
  tri_function_free(f);
}
END_TEST

START_TEST(outlives_the_graph) {
  tri_function *f = function_of("x²y + gamma(y)", TRI_DOUBLE);
  double value, hessian[4];
  tri_graph_free(g);
  ok(tri_function_hessian(f, NULL, (double[]){3, 4}, NULL, &value, NULL, hessian));
  ck_assert_double_eq(value, 42.0);
  ck_assert_double_eq(hessian[1], 6.0);
  tri_function_free(f);
  set_up();
}
END_TEST

/* --- where there is no value */

struct fault {
  const char *text, *culprit; /* the subexpression at fault */
  double x;
  tri_domain domain;
  tri_status status;
  const char *message;
};

static const struct fault faults[] = {
    {"1 + log(x)*y", "log(x)", -1, TRI_DOUBLE, TRI_DOMAIN, "log at -1"},
    {"sqrt(x - 1)", "sqrt(x - 1)", -1, TRI_DOUBLE, TRI_DOMAIN, "sqrt at -2"},
    {"2/(x - 1)", "2/(x - 1)", 1, TRI_DOUBLE, TRI_DOMAIN, "division by zero"},
    {"2/(x - 1)", "2/(x - 1)", 1, TRI_RATIONAL, TRI_DOMAIN, "division by zero"},
    {"x^(-2) + 1", "x^(-2)", 0, TRI_DOUBLE, TRI_DOMAIN, "division by zero"},
    {"x^y", "x^y", -2, TRI_DOUBLE, TRI_DOMAIN, "pow at (-2, 0.5)"},
    {"sin(log(x) + log(x + 5))", "log(x)", -1, TRI_DOUBLE, TRI_DOMAIN, "log at -1"},
    {"sin(x) + 1", "sin(x)", 2, TRI_RATIONAL, TRI_DOMAIN,
     "sin has no exact rational value in general: use domain double"},
    {"sqrt(x)", "sqrt(x)", 2, TRI_RATIONAL, TRI_DOMAIN,
     "sqrt at 2 is not rational: use domain double"},
    {"x*pi", "pi", 2, TRI_RATIONAL, TRI_DOMAIN, "pi is not rational: use domain double"},
    {"3 + 2^x", "2^x", 1e9, TRI_RATIONAL, TRI_LIMIT,
     "the exact value of pow would have more than 1000000 digits (the digit limit)"},
    {"select(x > 0, 1, log(x))", "log(x)", -1, TRI_DOUBLE, TRI_DOMAIN, "log at -1"},
    {"select(log(x) > 0, 1, 2)", "log(x)", -1, TRI_DOUBLE, TRI_DOMAIN, "log at -1"},
    {"gamma(x)", "gamma(x)", -1, TRI_DOUBLE, TRI_DOMAIN, "gamma at -1"},
    {"exp(x) - 2*exp(x)", "exp(x) - 2*exp(x)", 1000, TRI_DOUBLE, TRI_DOMAIN, "sub at (inf, inf)"},
    {"x + 1", "x", NAN, TRI_DOUBLE, TRI_DOMAIN, "an input has no value"},
};
enum { FAULTS = sizeof faults / sizeof *faults };

static void check_error(const struct fault *f, tri_status status, const tri_error *error) {
  ck_assert_msg(status == f->status, "%s: %s", f->text, tri_status_code(status));
  ck_assert_int_eq(error->status, f->status);
  ck_assert_str_eq(error->message, f->message);
  ck_assert_msg(error->node == parse(f->culprit).id, "%s blames node %u", f->text, error->node);
}

START_TEST(errors_name_the_culprit) {
  for (int i = 0; i < FAULTS; i++) {
    const struct fault *f = faults + i;
    tri_function *function = function_of(f->text, f->domain);
    double in[] = {f->x, 0.5}, out, two[2], four[4];
    tri_error error;
    tri_call call = {.error = &error};
    check_error(f, tri_function_call(function, &call, in, &out), &error);
    ck_assert(isnan(out));
    check_error(f, tri_function_forward(function, &call, in, 1, (double[]){1, 0}, &out, two),
                &error);
    ck_assert(isnan(out) && isnan(two[0]));
    check_error(f, tri_function_reverse(function, &call, in, NULL, &out, two), &error);
    ck_assert(isnan(out) && isnan(two[0]) && isnan(two[1]));
    check_error(f, tri_function_hessian(function, &call, in, NULL, &out, two, four), &error);
    ck_assert(isnan(out) && isnan(two[0]) && isnan(four[0]) && isnan(four[3]));
    tri_function_free(function);
  }
}
END_TEST

/* Outputs that have a value are there although another has none. */
START_TEST(other_outputs_are_set) {
  tri_expr out[] = {parse("log(x)"), parse("x + 1")};
  double values[2];
  tri_function *f = tri_compile(1, &x, 2, out);
  ck_assert_int_eq(tri_function_call(f, NULL, &(double){-1.0}, values), TRI_DOMAIN);
  ck_assert(isnan(values[0]));
  ck_assert_double_eq(values[1], 0.0);
  tri_function_free(f);
}
END_TEST

/* What is not chosen raises nothing, in any mode. */
START_TEST(branches_not_taken) {
  tri_function *f =
      function_of("select(x > 0, log(x), x^2) + select(y < 0, 1/(y - 4), y)", TRI_DOUBLE);
  double value, forward[2], reverse[2], hessian[4], in[] = {-3, 4}, unit[] = {1, 0, 0, 1};
  ok(tri_function_forward(f, NULL, in, 2, unit, &value, forward));
  ok(tri_function_reverse(f, NULL, in, NULL, &value, reverse));
  ck_assert_double_eq(value, 13.0);
  check_close("gradient", (double[]){-6, 1}, forward, 2);
  check_close("gradient", (double[]){-6, 1}, reverse, 2);
  for (int mode = TRI_REVERSE; mode <= TRI_FORWARD; mode++) {
    ok(tri_function_hessian(f, &(tri_call){.mode = (tri_mode)mode}, in, NULL, NULL, NULL, hessian));
    check_close("Hessian", (double[]){2, 0, 0, 0}, hessian, 4);
  }
  tri_function_free(f);
}
END_TEST

/* The derivative of sqrt at 0 is inf in all modes; in rationals there is none, and that is said. */
START_TEST(infinite_slopes) {
  tri_expr e = parse("sqrt(x)"), out[2] = {e, tri_diff(e, x)};
  double in = 0.0, one = 1.0, value, slope, both[2];
  tri_error error;
  tri_function *f = tri_compile(1, &x, 1, &e), *s = tri_compile(1, &x, 2, out, .primals = 1);
  ok(tri_function_forward(f, NULL, &in, 1, &one, &value, &slope));
  ck_assert(isinf(slope) && value == 0.0);
  ok(tri_function_reverse(f, NULL, &in, NULL, &value, &slope));
  ck_assert(isinf(slope) && value == 0.0);
  ok(tri_function_call(s, NULL, &in, both));
  ck_assert(isinf(both[1]) && both[0] == 0.0);
  tri_function_free(f);
  tri_function_free(s);
  f = tri_compile(1, &x, 1, &e, .domain = TRI_RATIONAL);
  tri_status status =
      tri_function_reverse(f, &(tri_call){.error = &error}, &in, NULL, &value, &slope);
  ck_assert_int_eq(status, TRI_DOMAIN);
  ck_assert_str_eq(error.message, "the derivative of sqrt at 0 does not exist");
  ck_assert_double_eq(value, 0.0);
  tri_function_free(f);
}
END_TEST

/* Nothing passes a flat function, neither an infinite tangent of its argument nor an infinite adjoint. */
START_TEST(flat_functions_stop_infinite_slopes) {
  static const char *const texts[] = {"sign(sqrt(x) - 1/3)",    "heaviside(sqrt(x))",
                                      "floor(1/2 + sqrt(x))",   "ceil(1/2 - sqrt(x))",
                                      "sqrt(heaviside(x - 1))", "cbrt(floor(x + 1/2))"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    tri_expr e = parse(texts[i]);
    double in = 0.0, one = 1.0, value, slope = 1.0;
    tri_function *f = tri_compile(1, &x, 1, &e);
    ok(tri_function_forward(f, NULL, &in, 1, &one, &value, &slope));
    ck_assert_msg(slope == 0.0, "%s: forward %g", texts[i], slope);
    ok(tri_function_reverse(f, NULL, &in, NULL, &value, &slope));
    ck_assert_msg(slope == 0.0, "%s: reverse %g", texts[i], slope);
    tri_function_free(f);
  }
}
END_TEST

START_TEST(kinks) {
  static const char *const texts[] = {"abs(x)", "max(x, 2*x)", "relu(x)", "heaviside(x)",
                                      "hypot(x, x)"};
  static const double slopes[] = {0.0, 1.5, 0.0, 0.0, 0.0};
  for (int i = 0; i < 5; i++) {
    tri_function *f = function_of(texts[i], TRI_DOUBLE);
    double in[] = {0, 0}, value, reverse[2], forward[2];
    tri_error error;
    tri_call strict = {.strict = 1, .error = &error};
    ok(tri_function_reverse(f, NULL, in, NULL, &value, reverse));
    ok(tri_function_forward(f, NULL, in, 1, (double[]){1, 0}, &value, forward));
    ck_assert_double_eq(reverse[0], slopes[i]);
    ck_assert_double_eq(forward[0], slopes[i]);
    ok(tri_function_call(f, &strict, in, &value));
    ck_assert_int_eq(tri_function_reverse(f, &strict, in, NULL, &value, reverse), TRI_DOMAIN);
    ck_assert_uint_eq(error.node, parse(texts[i]).id);
    ck_assert_int_eq(tri_function_forward(f, &strict, in, 1, (double[]){1, 0}, &value, forward),
                     TRI_DOMAIN);
    in[0] = 1.0;
    ok(tri_function_reverse(f, &strict, in, NULL, &value, reverse));
    tri_function_free(f);
  }
}
END_TEST

/* --- compiling */

START_TEST(compile_errors) {
  tri_error error;
  tri_expr f = parse("x*y + z"), in[] = {x, y}, twice[] = {x, x}, sum[] = {parse("x + y")};
  ck_assert_ptr_null(tri_compile(2, in, 1, &f, .error = &error));
  ck_assert_int_eq(error.status, TRI_NAME);
  ck_assert_str_eq(error.message, "z has no value");
  double at[2] = {1, 2},
         gradient[2]; /* what did not compile may be called: an error, not a crash */
  ck_assert_int_eq(tri_function_reverse(NULL, NULL, at, NULL, NULL, gradient), TRI_ARGUMENT);
  ck_assert_ptr_null(tri_workspace_new(NULL));
  ck_assert_ptr_null(tri_workspace_place(NULL, at, sizeof at));
  ck_assert_uint_eq(tri_workspace_bytes(NULL, 1), 0);
  ck_assert_int_eq(tri_graph_status(g), TRI_NAME);
  ck_assert_ptr_null(tri_compile(2, twice, 1, &x, .error = &error));
  ck_assert_int_eq(error.status, TRI_ARGUMENT);
  ck_assert_ptr_null(tri_compile(1, sum, 1, sum, .error = &error));
  ck_assert_int_eq(error.status, TRI_ARGUMENT);
  tri_graph_clear_error(g);
  tri_expr bad = tri_parse(g, "1 +", 3);
  ck_assert_ptr_null(tri_compile(2, in, 1, &bad, .error = &error));
  ck_assert_int_eq(error.status, TRI_SYNTAX);
  tri_graph *other = tri_graph_new(NULL);
  tri_expr stranger = tri_variable(other, "x");
  ck_assert_ptr_null(tri_compile(1, &stranger, 1, &x, .error = &error));
  ck_assert_int_eq(error.status, TRI_ARGUMENT);
  tri_graph_free(other);
}
END_TEST

/* Outputs may be inputs, constants and each other; inputs need not be used; outputs may go where inputs came from. */
START_TEST(odd_outputs) {
  tri_expr in[] = {x, y}, out[] = {y, tri_integer(g, 7), y, parse("x + y"), x};
  double values[5] = {1.0, 2.0}, adjoints[2];
  tri_function *f = tri_compile(2, in, 5, out);
  ok(tri_function_reverse(f, NULL, values, NULL, NULL, adjoints));
  check_close("adjoints", (double[]){2, 3}, adjoints, 2);
  ok(tri_function_call(f, NULL, values, values));
  check_close("values", (double[]){2, 7, 2, 3, 1}, values, 5);
  tri_function_free(f);
}
END_TEST

/* A chain needs few slots, whatever its length; values that are stored for a tape need their own. */
START_TEST(slots_are_shared) {
  tri_expr e = x;
  for (int i = 0; i < 1000; i++) e = tri_mul(tri_sin(e), y);
  tri_function *f = tri_compile(2, ((tri_expr[]){x, y}), 1, &e);
  ck_assert_uint_eq(f->plan->value_count, 2002);
  ck_assert_uint_eq(f->plan->slot_count, 2); /* x is overwritten */
  tri_function_free(f);
}
END_TEST

START_TEST(no_rule) {
  tri_function *f = function_of("polygamma(x, y)", TRI_DOUBLE);
  double value, two[2];
  tri_error error;
  tri_call call = {.error = &error};
  ck_assert_int_eq(tri_function_reverse(f, &call, (double[]){1, 2}, NULL, &value, two), TRI_DOMAIN);
  ck_assert_str_eq(error.message, "polygamma has no derivative by its argument 1");
  ok(tri_function_forward(f, &call, (double[]){1, 2}, 1, (double[]){0, 1}, &value, two));
  tri_function_free(f);
}
END_TEST

START_TEST(evaluate) {
  tri_values *v;
  tri_error error;
  tri_expr e[] = {tri_rational(g, 1, 3), parse("2^10/3")};
  ok(tri_evaluate(2, e, &(tri_number_options){.domain = TRI_RATIONAL}, &v, NULL));
  check_texts(v, (const char *[]){"1/3", "1024/3", NULL});
  tri_values_free(v);
  ck_assert_int_eq(tri_evaluate(1, &x, NULL, &v, &error), TRI_NAME);
  ck_assert_ptr_null(v);
}
END_TEST

/* --- shapes */

START_TEST(shapes) {
  tri_expr v = tri_variable_shaped(g, "v", 1, (int64_t[]){3}, NULL);
  tri_expr in[] = {x, v}, s = tri_mul(x, tri_sin(v));
  tri_expr out[] = {s, tri_mul(tri_element(s, 1), tri_element(v, 2)),
                    tri_stack(2, (tri_expr[]){v, tri_add(v, v)})};
  double at[] = {2.0, 0.1, 0.2, 0.3}, values[10], adjoints[4], weights[10] = {0}, tangents[40],
         unit[16] = {0};
  size_t n, m;
  tri_function *f = tri_compile(2, in, 3, out);
  ck_assert_ptr_nonnull(f);
  ok(tri_function_elements(f, NULL, &n, &m));
  ck_assert_uint_eq(n, 4);
  ck_assert_uint_eq(m, 10);
  ok(tri_function_call(f, NULL, at, values));
  check_close("values",
              (double[]){2 * sin(0.1), 2 * sin(0.2), 2 * sin(0.3), 0.6 * sin(0.2), 0.1, 0.2, 0.3,
                         0.2, 0.4, 0.6},
              values, 10);
  for (int i = 0; i < 10; i++) weights[i] = i + 1;
  for (int i = 0; i < 4; i++) unit[5 * i] = 1.0;
  ok(tri_function_reverse(f, NULL, at, weights, NULL, adjoints));
  ok(tri_function_forward(f, NULL, at, 4, unit, NULL, tangents));
  for (int i = 0; i < 4; i++) {
    double sum = 0.0;
    for (int k = 0; k < 10; k++) sum += weights[k] * tangents[10 * i + k];
    check_close("adjoint", &sum, adjoints + i, 1);
  }
  tri_function_free(f);
}
END_TEST

START_TEST(named_sizes) {
  tri_expr v = tri_variable_shaped(g, "v", 1, (int64_t[]){0}, (const char *[]){"batch"});
  tri_expr in[] = {x, v}, out[] = {tri_mul(x, v), tri_element(v, 2)};
  double at[] = {2, 1, 2, 3, 4, 5}, values[6], adjoints[6];
  tri_function *f = tri_compile(2, in, 2, out);
  tri_workspace *w = tri_workspace_new(f);
  tri_error error;
  tri_call call = {.workspace = w, .error = &error};
  ck_assert_uint_eq(tri_function_sizes(f), 1);
  ck_assert_str_eq(tri_function_size_name(f, 0), "batch");
  ck_assert_ptr_null(tri_function_size_name(f, 1));
  ck_assert_int_eq(tri_function_call(f, &call, at, values), TRI_SHAPE);
  call.n_sizes = 1;
  for (int64_t size = 5; size >= 3; size--) {
    call.sizes = &size;
    ok(tri_function_call(f, &call, at, values));
    for (int64_t i = 0; i < size; i++) ck_assert_double_eq(values[i], 2.0 * at[1 + i]);
    ck_assert_double_eq(values[size], 3.0);
    ok(tri_function_reverse(f, &call, at, NULL, NULL, adjoints));
    ck_assert_double_eq(adjoints[0], (double)(size * (size + 1)) / 2.0);
    ck_assert_double_eq(adjoints[3], 3.0);
  }
  call.sizes = (int64_t[]){2};
  ck_assert_int_eq(tri_function_call(f, &call, at, values), TRI_SHAPE); /* element 2 of 2 */
  call.sizes = (int64_t[]){-1};
  ck_assert_int_eq(tri_function_call(f, &call, at, values), TRI_SHAPE);
  call.sizes = (int64_t[]){INT64_MAX};
  ck_assert_int_ne(tri_function_call(f, &call, at, values), TRI_OK);
  tri_workspace_free(w);
  tri_function_free(f);
}
END_TEST

/* --- memory */

/* After the first call of a kind nothing is allocated. */
START_TEST(no_allocation_per_call) {
  struct failing meter;
  failing_init(&meter, 0);
  tri_expr e = parse(smooth[0]), in[] = {x, y};
  double at[] = {1.3, 0.7}, value, two[2], four[4];
  tri_function *f = tri_compile(2, in, 1, &e, .allocator = &meter.allocator);
  tri_call call = {.workspace = tri_workspace_new(f)};
  long calls = 0;
  for (int i = 0; i < 3; i++) {
    ok(tri_function_call(f, &call, at, &value));
    ok(tri_function_reverse(f, &call, at, NULL, &value, two));
    ok(tri_function_hessian(f, &call, at, NULL, &value, two, four));
    ok(tri_function_forward(f, &call, at, 2, (double[]){1, 0, 0, 1}, &value, two));
    if (i == 0) calls = meter.calls;
  }
  ck_assert_int_eq(meter.calls, calls);
  tri_workspace_free(call.workspace);
  tri_function_free(f);
  ck_assert_uint_eq(meter.in_use, 0);
}
END_TEST

START_TEST(workspace_in_a_buffer) {
  tri_function *f = function_of(smooth[2], (tri_domain)_i);
  double at[] = {0.0, 0.0}, value, two[2];
  size_t call_only = tri_workspace_bytes(f, 0), size = tri_workspace_bytes(f, 2);
  ck_assert_uint_gt(size, call_only);
  void *buffer = malloc(size);
  tri_call call = {.workspace = tri_workspace_place(f, buffer, call_only)};
  ck_assert_ptr_nonnull(call.workspace);
  tri_status status = tri_function_call(f, &call, at, &value);
  ck_assert(status == TRI_OK || _i == TRI_RATIONAL);
  tri_workspace_free(call.workspace);
  call.workspace = tri_workspace_place(f, buffer, size);
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(tri_function_call(f, &call, at, &value), status);
    ck_assert_int_eq(tri_function_forward(f, &call, at, 2, (double[]){1, 0, 0, 1}, &value, two),
                     status);
    ck_assert_int_eq(tri_function_reverse(f, &call, at, NULL, &value, two), status);
  }
  tri_workspace_free(call.workspace);
  ck_assert_ptr_null(tri_workspace_place(f, buffer, 16));
  for (size_t less = 0; less < size; less += 64) { /* a buffer too small is an error, no more */
    call.workspace = tri_workspace_place(f, buffer, less);
    if (!call.workspace) continue;
    tri_status got = tri_function_reverse(f, &call, at, NULL, &value, two);
    ck_assert(got == TRI_MEMORY || got == status);
    tri_workspace_free(call.workspace);
  }
  free(buffer);
  tri_function_free(f);
}
END_TEST

START_TEST(wrong_arrays) {
  tri_function *f = function_of("x*y", TRI_DOUBLE), *other = function_of("x + y", TRI_DOUBLE);
  double at[] = {1, 2}, out;
  tri_workspace *w = tri_workspace_new(other);
  tri_values *one = numbers(TRI_DOUBLE, 1, NULL), *exact = numbers(TRI_RATIONAL, 2, NULL);
  ck_assert_int_eq(tri_function_call(f, &(tri_call){.workspace = w}, at, &out), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_call(f, NULL, NULL, &out), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_call_values(f, NULL, one, one), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_call_values(f, NULL, exact, one), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_forward(f, NULL, at, 0, at, &out, &out), TRI_ARGUMENT);
  tri_values_free(one);
  tri_values_free(exact);
  tri_workspace_free(w);
  tri_function_free(f);
  tri_function_free(other);
  tri_function_free(NULL);
}
END_TEST

START_TEST(interrupt) {
  static const volatile int now = 1;
  tri_function *f = function_of("sin(x)*y", TRI_DOUBLE);
  double at[] = {1, 2}, out, two[2];
  tri_call call = {.interrupt = &now};
  ck_assert_int_eq(tri_function_call(f, &call, at, &out), TRI_INTERRUPTED);
  ck_assert_int_eq(tri_function_forward(f, &call, at, 1, at, &out, two), TRI_INTERRUPTED);
  ck_assert_int_eq(tri_function_reverse(f, &call, at, NULL, &out, two), TRI_INTERRUPTED);
  tri_function_free(f);
}
END_TEST

/* --- traces */

struct record {
  unsigned steps, contributions;
  double tangent, sums[8], seed;
};

static void on_step(void *data, const tri_step *step) {
  struct record *r = data;
  ck_assert_uint_eq(step->index, r->steps++);
  ck_assert_uint_eq(step->count, 1);
  for (size_t i = 0; i < step->n_arguments; i++) ck_assert_uint_lt(step->arguments[i], step->index);
  r->tangent = tri_value_double(tri_value_tangent(step->value, 0));
}

static void on_contribution(void *data, const tri_contribution *c) {
  struct record *r = data;
  r->contributions++;
  if (c->from == TRI_NO_STEP)
    r->seed = tri_value_double(c->amount);
  else
    ck_assert_double_eq(tri_value_double(c->amount),
                        tri_value_double(c->adjoint) * tri_value_double(c->partial));
  r->sums[c->to] += tri_value_double(c->amount);
  ck_assert_double_eq(r->sums[c->to], tri_value_double(c->sum));
}

/* x^2 y + y + 2: two inputs, constants 2 and 2 (one node), then pow, mul, add, add. */
START_TEST(traces) {
  tri_expr e = parse("x²y + y + 2"), in[] = {x, y};
  struct record r = {.steps = 0};
  const tri_trace trace = {&r, on_step, on_contribution};
  double value, slope, gradient[2];
  tri_function *f = tri_compile(2, in, 1, &e, .as_written = 1);
  ok(tri_function_forward(f, &(tri_call){.trace = &trace}, (double[]){3, 4}, 1, (double[]){1, 0},
                          &value, &slope));
  ck_assert_uint_eq(r.steps, 2 + 1 + 4);
  ck_assert_double_eq(r.tangent, 24.0);
  r = (struct record){.steps = 0};
  ok(tri_function_reverse(f, &(tri_call){.trace = &trace}, (double[]){3, 4}, NULL, &value,
                          gradient));
  ck_assert_double_eq(r.seed, 1.0);
  ck_assert_double_eq(r.sums[0], 24.0);
  ck_assert_double_eq(r.sums[1], 10.0);
  ck_assert_uint_eq(r.contributions, 1 + 1 + 2 + 2 + 1);
  tri_function_free(f);
}
END_TEST

static Suite *function_suite(void) {
  Suite *s = suite_create("function");
  TCase *c = tcase_create("function");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_loop_test(c, main_job, TRI_DOUBLE, TRI_DOMAINS);
  tcase_add_test(c, hessians_agree);
  tcase_add_test(c, many_directions);
  tcase_add_test(c, eps_is_an_input);
  tcase_add_test(c, plans_are_the_same);
  tcase_add_test(c, outlives_the_graph);
  tcase_add_test(c, errors_name_the_culprit);
  tcase_add_test(c, other_outputs_are_set);
  tcase_add_test(c, branches_not_taken);
  tcase_add_test(c, infinite_slopes);
  tcase_add_test(c, flat_functions_stop_infinite_slopes);
  tcase_add_test(c, kinks);
  tcase_add_test(c, compile_errors);
  tcase_add_test(c, odd_outputs);
  tcase_add_test(c, slots_are_shared);
  tcase_add_test(c, no_rule);
  tcase_add_test(c, evaluate);
  tcase_add_test(c, shapes);
  tcase_add_test(c, named_sizes);
  tcase_add_test(c, no_allocation_per_call);
  tcase_add_loop_test(c, workspace_in_a_buffer, TRI_DOUBLE, TRI_DOMAINS);
  tcase_add_test(c, wrong_arrays);
  tcase_add_test(c, interrupt);
  tcase_add_test(c, traces);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_function", function_suite); }
