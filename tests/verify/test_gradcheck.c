/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient check on right gradients, which it must not refute, and on slightly wrong ones, which it must. */
#include <float.h>
#include <math.h>
#include <string.h>
#include <triad.h>

#include "tests/random.h"
#include "tests/runner.h"

/* --- functions of one variable: name, value, derivative, an interval for random points, points */

#define DOUBLE_LIST(X)                                                                             \
  X(square, x *x, 2 * x, -3, 3, 1, -0.3, 1e10, 1e-8, 1e-150)                                       \
  X(cube, x *x *x, 3 * x * x, -3, 3, 2, 1e-8, 1e10, -1e5, 0.1)                                     \
  X(linear, 3 * x - 1, 3, -10, 10, 0, 1e-8, 1e10, 1.0 / 3, -7)                                     \
  X(huge, 1e12 * sin(x) + 1e12, 1e12 * cos(x), -1.4, 1.4, 0, 1, 0.1, -1.2, 1.5)                    \
  X(tiny, 1e-200 * exp(x), 1e-200 * exp(x), -3, 3, 0, 1, 2, -5, 20)                                \
  X(steep, exp(50 * x), 50 * exp(50 * x), -4, 4, 0, 1, 0.1, -1, 10)                                \
  X(steeper, exp(1e4 * x), 1e4 * exp(1e4 * x), -0.05, 0.05, 0, 1e-4, 0.01, -0.03, 0.06)            \
  X(fast, sin(100 * x), 100 * cos(100 * x), 0, 0.015, 0, 1, 0.5, 3, -20)                           \
  X(faster, sin(1e4 * x), 1e4 * cos(1e4 * x), 0, 1e-4, 0, 1, 0.5, 3, -2)                           \
  X(waves, sin(x) + 0.01 * sin(1000 * x), cos(x) + 10 * cos(1000 * x), 0, 1.5e-3, 0, 1, 3, 0.1, 2) \
  X(logarithm, log(x), 1 / x, 0.01, 10, 1e-6, 1e-12, 1, 1e10, 1e-100)                              \
  X(root, sqrt(x), 0.5 / sqrt(x), 0.01, 10, 1e-9, 1e-3, 1, 1e10, 1e-200)                           \
  X(edge, sqrt(1 - x * x), -x / sqrt(1 - x * x), 0.1, 0.99, 0.999999, 0.5, -0.9999, 0.1, 0.9)      \
  X(inverse, 1 / x, -1 / (x * x), 0.1, 10, 1e-8, 1e10, -1e-3, 3, 1)                                \
  X(pole, 1 / (x - 1), -1 / ((x - 1) * (x - 1)), -3, 0.9, 1.0001, 0.99, 0, 2, 1.000001)            \
  X(tangent, tan(x), 1 + tan(x) * tan(x), -1.5, 1.5, 1.57, 0, 3, 1, -1.5)                          \
  X(step, tanh(1e6 * x), 1e6 / (cosh(1e6 * x) * cosh(1e6 * x)), -2e-6, 2e-6, 0, 1e-7, -1e-6, 1e-6, \
    3e-6)                                                                                          \
  X(sigmoid, 1 / (1 + exp(-x)), 1 / (2 + exp(x) + exp(-x)), -8, 8, 0, 1, -3, 10, -15)              \
  X(bell, exp(-x *x), -2 * x * exp(-x * x), 0.1, 4, 0.5, 1, -2, 5, 1e-4)                           \
  X(offset, 1 + 1e-3 * sin(x), 1e-3 * cos(x), -1.4, 1.4, 0, 1, 0.1, -1, 1.5)                       \
  X(shifted, (x - 1e10) * (x - 1e10), 2 * (x - 1e10), 1e10 + 1, 1e10 + 9, 1e10 + 1, 1e10 + 100, 1, \
    1e9, 3e10)                                                                                     \
  X(far_wave, sin(x), cos(x), 1e6, 1e6 + 1, 1e6, 1e7 + 1, 1e8, 1, 1e5)                             \
  X(power, pow(x, 2.5), 2.5 * pow(x, 1.5), 0.1, 5, 1e-6, 1, 1e6, 1e-3, 100)                        \
  X(tower, pow(x, x), pow(x, x) * (log(x) + 1), 0.5, 5, 1, 2, 0.01, 10, 1e-4)                      \
  X(polynomial, ((x - 3) * x + 2) * x - 7, (3 * x - 6) * x + 2, 2, 9, 0, 1, 3, 100, -10)           \
  X(gammas, lgamma(x), digamma(x), 2, 30, 1e-3, 0.5, 3, 100, 1e5)                                  \
  X(away_left, fabs(x - 1), x < 1 ? -1 : 1, -3, 0.9, 0.999, 0.999999, -5, 0, 0.5)                  \
  X(away_right, x > 0 ? x * x + x : 0.5 * x, x > 0 ? 2 * x + 1 : 0.5, -2, 2, 1e-6, -1e-6, 1e-12,   \
    3, -1e-9)                                                                                      \
  X(pieces,                                                                                        \
    x < 1   ? x                                                                                    \
    : x < 2 ? x * x                                                                                \
            : 4 * x - 4,                                                                           \
    x < 1   ? 1                                                                                    \
    : x < 2 ? 2 * x                                                                                \
            : 4,                                                                                   \
    2.01, 9, 0.9999, 1.0001, 1.9999, 2.0001, 1.5)                                                  \
  X(rounds, floor(x) + x * x, 2 * x, 0.1, 0.9, 0.5, 1.5, 2.999, 1.0001, -0.5)                      \
  X(looped, loop(x), loop_derivative(x), 0.1, 2, 0.5, 1, 3, 1e-3, 0.9)

#define FLOAT_LIST(X)                                                                              \
  X(square_f, x *x, 2 * x, 0.1, 3, 1, -0.3, 1e10, 1e-8, 0.1)                                       \
  X(cube_f, x *x *x, 3 * x * x, 0.1, 3, 2, 1, 1e5, -1e-3, 0.1)                                     \
  X(linear_f, 3 * x - 1, 3, -10, 10, 0, 1e-3, 1e5, 1.0f / 3, -7)                                   \
  X(sine_f, sinf(x), cosf(x), -1.2, 1.2, 0, 1, 0.1, 3, -1)                                         \
  X(fast_f, sinf(100 * x), 100 * cosf(100 * x), 0, 0.012, 0.01, 0.001, 0.002, 0.003, 0.005)        \
  X(exp_f, expf(x), expf(x), -3, 3, 1, 2, -3, 5, 0.1)                                              \
  X(steep_f, expf(50 * x), 50 * expf(50 * x), -0.2, 0.2, 0.1, 0.01, -0.1, 0.2, 0.02)               \
  X(log_f, logf(x), 1 / x, 0.01, 10, 1e-6f, 0.5, 3, 1e4f, 0.1)                                     \
  X(root_f, sqrtf(x), 0.5f / sqrtf(x), 0.01, 10, 1e-9f, 0.1, 2, 1e6, 3)                            \
  X(inverse_f, 1 / x, -1 / (x * x), 0.1, 10, 0.1, 3, 1e3, 1e-3, 7)                                 \
  X(bell_f, expf(-x *x), -2 * x * expf(-x * x), 0.3, 1.5, 0.5, 1, -1.2, 0.7, 0.9)                  \
  X(polynomial_f, ((x - 3) * x + 2) * x - 7, (3 * x - 6) * x + 2, 3, 9, 0.1, 1, 3, 10, -10)

/* Derivative of lgamma: by its recurrence and asymptotic series. */
static double digamma(double x) {
  double shift = 0;
  for (; x < 15; x++) shift += 1 / x;
  double w = 1 / (x * x);
  return log(x) - 0.5 / x -
         w * (1.0 / 12 - w * (1.0 / 120 - w * (1.0 / 252 - w * (1.0 / 240 - w / 132)))) - shift;
}

/* x -> sin(x) + x^2/8, ten times. */
static double loop(double x) {
  for (int i = 0; i < 10; i++) x = sin(x) + x * x / 8;
  return x;
}

static double loop_derivative(double x) {
  double d = 1;
  for (int i = 0; i < 10; i++) {
    d *= cos(x) + x / 4;
    x = sin(x) + x * x / 8;
  }
  return d;
}

#define DOUBLE_CODE(name, value, derivative, ...)                                                  \
  static double name(const double *at, size_t n, void *data) {                                     \
    (void)n, (void)data, (void)at;                                                                 \
    const double x = at[0];                                                                        \
    return value;                                                                                  \
  }                                                                                                \
  static void name##_gradient(const double *at, size_t n, double *gradient, void *data) {          \
    (void)n, (void)data, (void)at;                                                                 \
    const double x = at[0];                                                                        \
    (void)x;                                                                                       \
    gradient[0] = derivative;                                                                      \
  }
#define FLOAT_CODE(name, value, derivative, ...)                                                   \
  static double name(const double *at, size_t n, void *data) {                                     \
    (void)n, (void)data, (void)at;                                                                 \
    const float x = (float)at[0];                                                                  \
    return (double)(float)(value);                                                                 \
  }                                                                                                \
  static void name##_gradient(const double *at, size_t n, double *gradient, void *data) {          \
    (void)n, (void)data, (void)at;                                                                 \
    const float x = (float)at[0];                                                                  \
    (void)x;                                                                                       \
    gradient[0] = (double)(float)(derivative);                                                     \
  }
DOUBLE_LIST(DOUBLE_CODE)
FLOAT_LIST(FLOAT_CODE)

struct single {
  const char *name;
  tri_black_box f;
  tri_black_box_gradient gradient;
  double low, high, points[5];
};

static const struct single singles[] = {
#define SINGLE(name, value, derivative, low, high, ...)                                            \
  {#name, name, name##_gradient, low, high, {__VA_ARGS__}},
    DOUBLE_LIST(SINGLE) FLOAT_LIST(SINGLE)};

enum { SINGLES = sizeof singles / sizeof singles[0] };

/* Counts what goes wrong, so that one run shows all of it. */
static int failures;

static void expect(tri_verdict want, const char *what, tri_black_box f, size_t n, const double *x,
                   const double *claim) {
  tri_gradcheck_report report;
  ck_assert_int_eq(tri_gradcheck(f, n, x, claim, &report), TRI_OK);
  const tri_gradcheck_entry *w = report.worst;
  if (report.verdict != want) {
    failures++;
    printf("# %s at x[%zu] = %.17g: %s, not %s. claimed %.17g, difference %.17g, truncation %.3g, "
           "rounding %.3g, kink %.3g, error %.3g, step %.3g, noise %.3g, %s\n",
           what, w->index, x[w->index], tri_verdict_name(report.verdict), tri_verdict_name(want),
           w->claimed, w->difference, w->truncation, w->rounding, w->kink, w->error, w->step,
           report.noise, tri_doubt_text(w->doubt));
    fflush(stdout);
  }
  tri_gradcheck_report_free(&report);
}

static void try_point(const struct single *s, double x) {
  static const double factors[] = {1.0005, 0.9995, -1, 0, 2, 0.5, 1e10};
  double right, wrong;
  s->gradient(&x, 1, &right, NULL);
  expect(TRI_CONSISTENT, s->name, s->f, 1, &x, &right);
  for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
    wrong = right * factors[i];
    expect(TRI_REFUTED, s->name, s->f, 1, &x, &wrong);
  }
}

START_TEST(single_points) {
  failures = 0;
  for (size_t i = 0; i < 5; i++) try_point(&singles[_i], singles[_i].points[i]);
  ck_assert_int_eq(failures, 0);
}
END_TEST

START_TEST(single_random) {
  const struct single *s = &singles[_i];
  struct random r = random_start(20250 + (uint64_t)_i);
  failures = 0;
  for (int i = 0; i < 30 * test_multiplier(); i++)
    try_point(s, random_between(&r, s->low, s->high));
  ck_assert_int_eq(failures, 0);
}
END_TEST

static Suite *gradcheck_suite(void) {
  Suite *s = suite_create("gradcheck");
  TCase *c = tcase_create("gradcheck");
  tcase_add_loop_test(c, single_points, 0, SINGLES);
  tcase_add_loop_test(c, single_random, 0, SINGLES);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("gradcheck", gradcheck_suite); }
