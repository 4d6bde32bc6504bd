/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient check on right gradients, which it must not refute, and on slightly wrong ones, which it must. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
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
  for (int i = 0; i < 10 * test_multiplier(); i++)
    try_point(s, random_between(&r, s->low, s->high));
  ck_assert_int_eq(failures, 0);
}
END_TEST

/* --- functions of many variables */

enum { MANY = 1000 };

/* Rosenbrock's function in a chain. */
static double valley(const double *x, size_t n, void *data) {
  double sum = 0;
  (void)data;
  for (size_t i = 0; i + 1 < n; i++) {
    double a = 1 - x[i], b = x[i + 1] - x[i] * x[i];
    sum += a * a + 100 * b * b;
  }
  return sum;
}

static void valley_gradient(const double *x, size_t n, double *gradient, void *data) {
  (void)data;
  for (size_t i = 0; i < n; i++) gradient[i] = 0;
  for (size_t i = 0; i + 1 < n; i++) {
    double b = x[i + 1] - x[i] * x[i];
    gradient[i] += -2 * (1 - x[i]) - 400 * x[i] * b;
    gradient[i + 1] += 200 * b;
  }
}

/* Sizes of variables and of partials far apart. */
static double scales(const double *x, size_t n, void *data) {
  (void)n, (void)data;
  return sin(x[0] * 1e8) * x[1] + x[1] * log(x[2]) + exp(x[3] * 1e-9) * x[4] / x[1];
}

static void scales_gradient(const double *x, size_t n, double *gradient, void *data) {
  (void)n, (void)data;
  double e = exp(x[3] * 1e-9);
  gradient[0] = 1e8 * cos(x[0] * 1e8) * x[1];
  gradient[1] = sin(x[0] * 1e8) + log(x[2]) - e * x[4] / (x[1] * x[1]);
  gradient[2] = x[1] / x[2];
  gradient[3] = 1e-9 * e * x[4] / x[1];
  gradient[4] = e / x[1];
}

/* A layer of tanh and a sum, in float: x holds the weights. */
enum { NET_IN = 8, NET_HIDDEN = 6, NET = NET_IN * NET_HIDDEN + NET_HIDDEN };
static const float net_input[NET_IN] = {0.5f, -1.25f, 0.3f, 0.9f, -0.7f, 1.1f, 0.2f, -0.4f};

static float net_unit(const double *x, size_t h) {
  float sum = 0;
  for (size_t i = 0; i < NET_IN; i++) sum += (float)x[h * NET_IN + i] * net_input[i];
  return tanhf(sum);
}

static double net(const double *x, size_t n, void *data) {
  (void)n, (void)data;
  float sum = 0;
  for (size_t h = 0; h < NET_HIDDEN; h++) sum += (float)x[NET_IN * NET_HIDDEN + h] * net_unit(x, h);
  return (double)(sum * sum + 1);
}

static void net_gradient(const double *x, size_t n, double *gradient, void *data) {
  (void)n, (void)data;
  float sum = 0, unit[NET_HIDDEN];
  for (size_t h = 0; h < NET_HIDDEN; h++) {
    unit[h] = net_unit(x, h);
    sum += (float)x[NET_IN * NET_HIDDEN + h] * unit[h];
  }
  for (size_t h = 0; h < NET_HIDDEN; h++) {
    float back = 2 * sum * (float)x[NET_IN * NET_HIDDEN + h] * (1 - unit[h] * unit[h]);
    for (size_t i = 0; i < NET_IN; i++) gradient[h * NET_IN + i] = (double)(back * net_input[i]);
    gradient[NET_IN * NET_HIDDEN + h] = (double)(2 * sum * unit[h]);
  }
}

/* A net in float inside a penalty in double: from near, the float part looks constant. */
static double mixed(const double *x, size_t n, void *data) {
  double sum = net(x, n, data);
  for (size_t i = 0; i < n; i++) sum += 0.05 * x[i] * x[i];
  return sum;
}

static void mixed_gradient(const double *x, size_t n, double *gradient, void *data) {
  net_gradient(x, n, gradient, data);
  for (size_t i = 0; i < n; i++) gradient[i] += 0.1 * x[i];
}

static const struct many {
  const char *name;
  tri_black_box f;
  tri_black_box_gradient gradient;
  size_t n;
  double low, high;
  double told; /* at least this share of wrong entries is measured well enough to tell */
} manies[] = {{"valley", valley, valley_gradient, 12, -2, 2, 0.98},
              {"net", net, net_gradient, NET, -0.7, 0.7, 0.6},
              {"mixed", mixed, mixed_gradient, NET, -0.7, 0.7, 0.6}};

static int tried, told;

/* One entry is wrong; it must be refuted if its bound is less than a third of the error, and no other may be. */
static void try_wrong(const struct many *m, const double *x, const double *right,
                      const double *claim) {
  tri_gradcheck_report report;
  ck_assert_int_eq(tri_gradcheck(m->f, m->n, x, claim, &report, .worst = m->n), TRI_OK);
  for (size_t k = 0; k < report.n_worst; k++) {
    const tri_gradcheck_entry *e = &report.worst[k];
    double wrong = fabs(claim[e->index] - right[e->index]);
    bool tells = e->bound < wrong / 3;
    tried += wrong > 0;
    told += wrong > 0 && tells;
    if (wrong > 0 ? !tells || e->verdict == TRI_REFUTED : e->verdict != TRI_REFUTED) continue;
    failures++;
    printf("# %s at x[%zu] = %.17g: %s; right %.17g, claimed %.17g, difference %.17g, bound %.3g\n",
           m->name, e->index, x[e->index], tri_verdict_name(e->verdict), right[e->index],
           e->claimed, e->difference, e->bound);
    fflush(stdout);
  }
  tri_gradcheck_report_free(&report);
}

/* Right; then with one entry wrong at a time, or two, in the ways that people get gradients wrong. */
static void try_many(const struct many *m, const double *x, struct random *r) {
  double right[MANY], claim[MANY];
  m->gradient(x, m->n, right, NULL);
  expect(TRI_CONSISTENT, m->name, m->f, m->n, x, right);
  for (int way = 0; way < 6; way++) {
    size_t i = random_below(r, (uint32_t)m->n), j = (i + 1) % m->n;
    memcpy(claim, right, sizeof claim);
    if (way == 0) claim[i] *= 1.0005;
    if (way == 1) claim[i] *= 0.9995;
    if (way == 2) claim[i] *= -1;
    if (way == 3) claim[i] = right[j], claim[j] = right[i];
    if (way == 4) claim[i] = 0;
    if (way == 5) claim[i] *= 2;
    try_wrong(m, x, right, claim);
  }
}

START_TEST(many_random) {
  const struct many *m = &manies[_i];
  struct random r = random_start(777 + (uint64_t)_i);
  double x[MANY];
  failures = tried = told = 0;
  for (int i = 0; i < 10 * test_multiplier(); i++) {
    for (size_t k = 0; k < m->n; k++) x[k] = random_between(&r, m->low, m->high);
    try_many(m, x, &r);
  }
  printf("# %s: told %d of %d wrong entries\n", m->name, told, tried);
  fflush(stdout);
  ck_assert_int_eq(failures, 0);
  ck_assert_double_ge(told, m->told * tried);
}
END_TEST

START_TEST(thousand) {
  static double x[MANY], right[MANY], claim[MANY];
  struct random r = random_start(5);
  failures = 0;
  for (size_t k = 0; k < MANY; k++) x[k] = random_between(&r, -1.5, 1.5);
  valley_gradient(x, MANY, right, NULL);
  expect(TRI_CONSISTENT, "valley of 1000", valley, MANY, x, right);
  memcpy(claim, right, sizeof claim);
  claim[617] *= 1.0005;
  expect(TRI_REFUTED, "valley of 1000", valley, MANY, x, claim);
  ck_assert_int_eq(failures, 0);
}
END_TEST

START_TEST(badly_scaled) {
  const double x[] = {1e-8, 1e3, 1e-6, 1e10, -1e5};
  double right[5], claim[5];
  scales_gradient(x, 5, right, NULL);
  failures = 0;
  expect(TRI_CONSISTENT, "scales", scales, 5, x, right);
  for (int i = 0; i < 5; i++)
    for (int way = 0; way < 4; way++) {
      memcpy(claim, right, sizeof claim);
      claim[i] = way == 0   ? right[i] * 1.0005
                 : way == 1 ? right[i] * 0.9995
                 : way == 2 ? -right[i]
                            : right[(i + 1) % 5];
      expect(TRI_REFUTED, "scales", scales, 5, x, claim);
    }
  ck_assert_int_eq(failures, 0);
}
END_TEST

/* --- random programs, in double and in float, with their derivative by dual numbers */

enum { STEPS = 8, WIDTH = 4 };
struct program {
  int op[STEPS], a[STEPS], b[STEPS];
  bool single; /* computed in float */
};

struct dual {
  double v, d;
};

static struct dual apply(int op, struct dual a, struct dual b) {
  switch (op) {
  case 0: return (struct dual){a.v + b.v, a.d + b.d};
  case 1: return (struct dual){a.v - b.v, a.d - b.d};
  case 2:
  case 3: return (struct dual){a.v * b.v, a.v * b.d + a.d * b.v};
  case 4: return (struct dual){sin(a.v), a.d * cos(a.v)};
  case 5: return (struct dual){exp(a.v), a.d * exp(a.v)};
  case 6:
    return (struct dual){a.v / (1 + b.v * b.v),
                         (a.d - a.v * 2 * b.v * b.d / (1 + b.v * b.v)) / (1 + b.v * b.v)};
  case 7: return (struct dual){sqrt(1 + a.v * a.v), a.v * a.d / sqrt(1 + a.v * a.v)};
  case 8: return (struct dual){tanh(a.v), a.d / (cosh(a.v) * cosh(a.v))};
  case 9: return (struct dual){3 * a.v - 0.7, 3 * a.d};
  default: return (struct dual){log(a.v * a.v + 0.1), 2 * a.v * a.d / (a.v * a.v + 0.1)};
  }
}

static struct dual in_float(struct dual a) {
  volatile float v = (float)a.v, d = (float)a.d;
  return (struct dual){(double)v, (double)d};
}

static struct dual program_run(const struct program *p, const double *x, size_t along) {
  struct dual w[WIDTH + STEPS];
  for (size_t i = 0; i < WIDTH; i++)
    w[i] = (struct dual){p->single ? (double)(float)x[i] : x[i], i == along ? 1 : 0};
  for (int k = 0; k < STEPS; k++) {
    w[WIDTH + k] = apply(p->op[k], w[p->a[k]], w[p->b[k]]);
    if (p->single) w[WIDTH + k] = in_float(w[WIDTH + k]);
  }
  return w[WIDTH + STEPS - 1];
}

static double program_value(const double *x, size_t n, void *data) {
  return program_run(data, x, n).v;
}

static void program_gradient(const double *x, size_t n, double *gradient, void *data) {
  for (size_t i = 0; i < n; i++) gradient[i] = program_run(data, x, i).d;
}

/* Whether the arithmetic computes value and gradient to 0.1 %, and a rounded x does not change the gradient by more: else there is no
 * right one, or it cannot be seen in the values. */
static bool computable(const struct program *p, const double *x, const double *gradient) {
  struct program exact = *p;
  double moved[WIDTH];
  exact.single = false;
  double v = program_run(&exact, x, 0).v;
  if (!(fabs(v - program_run(p, x, 0).v) <= 1e-3 * fabs(v))) return false;
  for (size_t i = 0; i < WIDTH; i++) moved[i] = x[i] * (1 + (p->single ? 0x1p-22 : 0x1p-51));
  for (size_t i = 0; i < WIDTH; i++) {
    double g = program_run(&exact, x, i).d, near = program_run(&exact, moved, i).d;
    if (!(fabs(g) < 1e20 && fabs(g - gradient[i]) <= 1e-3 * fabs(g))) return false;
    if (!(fabs(g - near) <= 1e-3 * fabs(g))) return false;
  }
  return true;
}

static void random_program(struct random *r, struct program *p, double x[WIDTH]) {
  static const double sizes[] = {1, 1, 1, 0.01, 10};
  for (int k = 0; k < STEPS; k++) {
    p->op[k] = (int)random_below(r, 11);
    p->a[k] = k > 0 ? WIDTH + k - 1 - (int)random_below(r, 2) : (int)random_below(r, WIDTH);
    p->b[k] = (int)random_below(r, (uint32_t)(WIDTH + k));
  }
  for (int i = 0; i < WIDTH; i++) x[i] = random_between(r, -2, 2) * sizes[random_below(r, 5)];
}

static void program_report(const char *what, const double *x, const tri_gradcheck_report *report) {
  const tri_gradcheck_entry *w = report->worst;
  failures++;
  printf("# program, %s, at x[%zu] = %.17g: claimed %.17g, difference %.17g, truncation %.3g, "
         "rounding "
         "%.3g, kink %.3g, step %.3g, value %.17g, noise %.3g\n",
         what, w->index, x[w->index], w->claimed, w->difference, w->truncation, w->rounding,
         w->kink, w->step, report->value, report->noise);
  fflush(stdout);
}

/* A right gradient is never refuted; one entry that is wrong by 0.05 % is, if its bound allows that. */
static int try_program(struct random *r, bool single) {
  struct program p;
  double x[WIDTH], claim[WIDTH];
  tri_gradcheck_report report;
  random_program(r, &p, x);
  p.single = single;
  program_gradient(x, WIDTH, claim, &p);
  if (!computable(&p, x, claim)) return 0;
  ck_assert_int_eq(tri_gradcheck(program_value, WIDTH, x, claim, &report, .data = &p), TRI_OK);
  if (report.verdict == TRI_REFUTED)
    program_report(p.single ? "right, float" : "right", x, &report);
  tri_gradcheck_report_free(&report);
  size_t i = random_below(r, WIDTH);
  tried += claim[i] != 0;
  claim[i] *= 1.0005;
  ck_assert_int_eq(
      tri_gradcheck(program_value, WIDTH, x, claim, &report, .data = &p, .worst = WIDTH), TRI_OK);
  int sharp = 0;
  for (size_t k = 0; k < report.n_worst; k++) {
    const tri_gradcheck_entry *e = &report.worst[k];
    if (e->index != i || claim[i] == 0 || e->bound > 2e-4 * fabs(claim[i])) continue;
    if (e->verdict != TRI_REFUTED) program_report(p.single ? "wrong, float" : "wrong", x, &report);
    sharp++;
  }
  tri_gradcheck_report_free(&report);
  return sharp;
}

START_TEST(programs) {
  struct random r = random_start(4242);
  int sharp = 0, rounds = 300 * test_multiplier();
  failures = tried = 0;
  for (int i = 0; i < rounds; i++) sharp += try_program(&r, _i == 1);
  printf("# programs%s: %d of %d wrong entries were measured to 0.02 %%\n", _i ? " in float" : "",
         sharp, tried);
  fflush(stdout);
  ck_assert_int_eq(failures, 0);
  ck_assert_int_gt(sharp, _i ? tried / 3 : tried * 9 / 10);
}
END_TEST

/* --- what cannot be measured, kinks, edges, noise */

#define SPECIAL_LIST(X)                                                                            \
  X(absolute, fabs(x))                                                                             \
  X(ramp, x > 0 ? x : 0)                                                                           \
  X(larger, fmax(x, 2 * x - 1))                                                                    \
  X(near_kink, fabs(x - 1) + 1)                                                                    \
  X(heaviside, x > 0 ? 1 : 0)                                                                      \
  X(cube_root, cbrt(x))                                                                            \
  X(square_root, sqrt(x))                                                                          \
  X(arc_sine, asin(x))                                                                             \
  X(cusp, copysign(fabs(x) * sqrt(fabs(x)), x))                                                    \
  X(one_sided, x *sqrt(x) + 2 * x)                                                                 \
  X(swallowed, 1e16 + x)                                                                           \
  X(sine, sin(x))                                                                                  \
  X(parabola, x *x)                                                                                \
  X(flat, floor(x))                                                                                \
  X(constant, x * 0 + 5)                                                                           \
  X(zero, x * 0)                                                                                   \
  X(undefined, log(-1 - x * x))                                                                    \
  X(noisy, sin(x) * (1 + 1e-6 * hash(x)))                                                          \
  X(chaos, hash(x))                                                                                \
  X(quantised, rint(sin(x) * 4096) / 4096)                                                         \
  X(wiggle, x + 1e-10 * sin(1e8 * x))

/* In [-1, 1], without rhyme or reason. */
static double hash(double x) {
  struct random r = {0};
  memcpy(&r.state, &x, sizeof x);
  return random_between(&r, -1, 1);
}

#define SPECIAL_CODE(name, value)                                                                  \
  static double name(const double *at, size_t n, void *data) {                                     \
    (void)n, (void)data;                                                                           \
    const double x = at[0];                                                                        \
    return value;                                                                                  \
  }
SPECIAL_LIST(SPECIAL_CODE)

static const struct special {
  tri_black_box f;
  double x, claim;
  tri_verdict verdict;
  tri_doubt doubt; /* TRI_DOUBT_COUNT: any */
} specials[] = {
    {absolute, 0, 0, TRI_UNDECIDED, TRI_DOUBT_KINK},
    {absolute, 0, 1, TRI_UNDECIDED, TRI_DOUBT_KINK},
    {absolute, 0, -0.5, TRI_UNDECIDED, TRI_DOUBT_KINK},
    {absolute, 0, 1.01, TRI_REFUTED, TRI_DOUBT_NONE}, /* none of the slopes in between */
    {absolute, 0, INFINITY, TRI_UNDECIDED, TRI_DOUBT_KINK},
    {absolute, 1e-9, 1, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {absolute, 1e-9, 0, TRI_REFUTED, TRI_DOUBT_NONE},
    {ramp, 0, 0, TRI_UNDECIDED, TRI_DOUBT_KINK},
    {ramp, 0, 0.5, TRI_UNDECIDED, TRI_DOUBT_KINK},
    {ramp, 0, -0.1, TRI_REFUTED, TRI_DOUBT_NONE},
    {ramp, -1e-8, 0, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {ramp, -1, 0, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {ramp, -1, 1, TRI_REFUTED, TRI_DOUBT_NONE},
    {ramp, 1e-8, 1, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {larger, 1, 1.5, TRI_UNDECIDED, TRI_DOUBT_KINK},
    {larger, 1, 2, TRI_UNDECIDED, TRI_DOUBT_KINK},
    {larger, 1.0001, 2, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {near_kink, 1 + 1e-15, 1, TRI_UNDECIDED, TRI_DOUBT_KINK},
    {near_kink, 1 + 1e-5, 1, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {near_kink, 1 - 1e-5, 1, TRI_REFUTED, TRI_DOUBT_NONE},
    {cube_root, 0, INFINITY, TRI_UNDECIDED, TRI_DOUBT_COUNT},
    {square_root, 0, INFINITY, TRI_UNDECIDED, TRI_DOUBT_DIVERGENT},
    {square_root, 1, INFINITY, TRI_REFUTED, TRI_DOUBT_NONE},
    {square_root, -1, 0.5, TRI_UNDECIDED, TRI_DOUBT_POINT},
    {arc_sine, 1, INFINITY, TRI_UNDECIDED, TRI_DOUBT_DIVERGENT},
    {cusp, 0, 0, TRI_UNDECIDED, TRI_DOUBT_COUNT},
    {one_sided, 0, 2, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {one_sided, 0, 2.001, TRI_REFUTED, TRI_DOUBT_NONE},
    {swallowed, 1, 1, TRI_UNDECIDED, TRI_DOUBT_NOISE},
    {sine, M_PI_2, 6.123233995736766e-17, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {sine, M_PI_2, 0, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {sine, M_PI_2, 1e-9, TRI_REFUTED, TRI_DOUBT_NONE},
    {parabola, 0, 0, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {parabola, 0, 1e-6, TRI_REFUTED, TRI_DOUBT_NONE},
    {flat, 2.5, 0, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {flat, 2.5, 1, TRI_REFUTED, TRI_DOUBT_NONE},
    {constant, 3, 0, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {constant, 3, 1e-4, TRI_REFUTED, TRI_DOUBT_NONE},
    {zero, 3, 0, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {zero, 3, 1, TRI_REFUTED, TRI_DOUBT_NONE},
    {undefined, 1, 1, TRI_UNDECIDED, TRI_DOUBT_POINT},
    {parabola, 1, NAN, TRI_REFUTED, TRI_DOUBT_NONE},
    {absolute, 0, NAN, TRI_REFUTED, TRI_DOUBT_NONE},
    {noisy, 1, 0.54030230586813977, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {noisy, 1, 0.6, TRI_REFUTED, TRI_DOUBT_NONE},
    {chaos, 1, 0, TRI_UNDECIDED, TRI_DOUBT_NOISE},
    {chaos, 1, 1, TRI_UNDECIDED, TRI_DOUBT_NOISE},
    {quantised, 1, 0.54030230586813977, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {quantised, 1, -0.54030230586813977, TRI_REFUTED, TRI_DOUBT_NONE},
    {wiggle, 0.1, 0.99092730356797765, TRI_CONSISTENT, TRI_DOUBT_NONE},
    {wiggle, 0.1, 1, TRI_REFUTED, TRI_DOUBT_NONE},
};

START_TEST(special) {
  const struct special *s = &specials[_i];
  tri_gradcheck_report report;
  ck_assert_int_eq(tri_gradcheck(s->f, 1, &s->x, &s->claim, &report), TRI_OK);
  const tri_gradcheck_entry *w = report.worst;
  ck_assert_msg(
      report.verdict == s->verdict && (report.doubt == s->doubt || s->doubt == TRI_DOUBT_COUNT),
      "special %d at %g: %s, %s; difference %g, truncation %g, rounding %g, kink %g", _i, s->x,
      tri_verdict_name(report.verdict), tri_doubt_text(report.doubt), w ? w->difference : NAN,
      w ? w->truncation : NAN, w ? w->rounding : NAN, w ? w->kink : NAN);
  tri_gradcheck_report_free(&report);
}
END_TEST

/* A jump has no derivative: 0, as automatic differentiation says, must not be refuted. */
START_TEST(jump) {
  tri_gradcheck_report report;
  ck_assert_int_eq(tri_gradcheck(heaviside, 1, ((double[]){0}), ((double[]){0}), &report), TRI_OK);
  ck_assert_int_eq(report.verdict, TRI_UNDECIDED);
  tri_gradcheck_report_free(&report);
}
END_TEST

/* --- the report and the options */

static double plain(const double *x, size_t n, void *data) {
  if (data) ++*(uint64_t *)data;
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)(i + 1) * x[i] * x[i];
  return sum;
}

static void plain_gradient(const double *x, size_t n, double *gradient, void *data) {
  (void)data;
  for (size_t i = 0; i + 1 < n; i++) gradient[i] = 2 * (double)(i + 1) * x[i];
} /* the last one is forgotten */

static const double plain_at[4] = {1, 2, 3, 4};

START_TEST(report_order) {
  const double claim[] = {2, 8.1, NAN, 35};
  tri_gradcheck_report r;
  uint64_t calls = 0;
  ck_assert_int_eq(tri_gradcheck(plain, 4, plain_at, claim, &r, .data = &calls), TRI_OK);
  ck_assert_int_eq(r.verdict, TRI_REFUTED);
  ck_assert_uint_eq(r.checked, 4);
  ck_assert_uint_eq(r.refuted, 3);
  ck_assert_uint_eq(r.consistent, 1);
  ck_assert_uint_eq(r.undecided, 0);
  ck_assert_uint_eq(r.n_worst, 4);
  ck_assert_uint_eq(r.evaluations, calls);
  ck_assert_double_eq(r.value, 100);
  static const size_t order[] = {2, 3, 1, 0};
  for (int i = 0; i < 4; i++) ck_assert_uint_eq(r.worst[i].index, order[i]);
  const tri_gradcheck_entry *e = &r.worst[2];
  ck_assert_double_eq(e->claimed, 8.1);
  ck_assert_double_le(fabs(e->difference - 8), e->bound);
  ck_assert_double_le(e->bound, 1e-6);
  ck_assert_double_eq_tol(e->error, 0.1, 1e-6);
  ck_assert_double_eq_tol(e->bound, e->truncation + e->rounding + e->kink, 1e-15);
  ck_assert_double_gt(e->ratio, 1000);
  ck_assert_double_gt(e->step, 0);
  ck_assert_int_eq(r.worst[3].verdict, TRI_CONSISTENT);
  ck_assert_double_le(r.worst[3].ratio, 1);
  tri_gradcheck_report_free(&r);
  ck_assert_ptr_null(r.worst);
  ck_assert_int_eq(tri_gradcheck(plain, 4, plain_at, claim, &r, .worst = 2), TRI_OK);
  ck_assert_uint_eq(r.n_worst, 2);
  ck_assert_uint_eq(r.worst[1].index, 3);
  ck_assert_uint_eq(r.checked, 4);
  tri_gradcheck_report_free(&r);
}
END_TEST

START_TEST(code) {
  tri_gradcheck_report r;
  ck_assert_int_eq(tri_gradcheck_code(plain, plain_gradient, 4, plain_at, &r), TRI_OK);
  ck_assert_int_eq(r.verdict, TRI_REFUTED);
  ck_assert_uint_eq(r.refuted, 1);
  ck_assert_uint_eq(r.worst[0].index, 3);
  ck_assert(isnan(r.worst[0].claimed));
  tri_gradcheck_report_free(&r);
  ck_assert_int_eq(tri_gradcheck_code(valley, valley_gradient, 4, plain_at, &r), TRI_OK);
  ck_assert_int_eq(r.verdict, TRI_CONSISTENT);
  ck_assert_uint_eq(r.consistent, 4);
  tri_gradcheck_report_free(&r);
}
END_TEST

/* The side on which there are values. */
START_TEST(side) {
  tri_gradcheck_report r;
  ck_assert_int_eq(tri_gradcheck(one_sided, 1, ((double[]){0}), ((double[]){2}), &r), TRI_OK);
  ck_assert_int_eq(r.worst[0].one_sided, 1);
  tri_gradcheck_report_free(&r);
  ck_assert_int_eq(tri_gradcheck(parabola, 1, ((double[]){3}), ((double[]){6}), &r), TRI_OK);
  ck_assert_int_eq(r.worst[0].one_sided, 0);
  tri_gradcheck_report_free(&r);
}
END_TEST

/* Drawn entries: as many as asked for, others with another seed, each sooner or later; a NaN in any case. */
START_TEST(sampling) {
  double x[100], claim[100];
  int seen[100] = {0};
  tri_gradcheck_report r;
  for (int i = 0; i < 100; i++) x[i] = 1 + i, claim[i] = 0; /* all wrong */
  for (uint64_t seed = 0; seed < 200; seed++) {
    ck_assert_int_eq(
        tri_gradcheck(plain, 100, x, claim, &r, .entries = 10, .seed = seed, .worst = 100), TRI_OK);
    ck_assert_uint_eq(r.checked, 10);
    ck_assert_uint_eq(r.refuted, 10);
    for (size_t k = 0; k < r.n_worst; k++) seen[r.worst[k].index]++;
    tri_gradcheck_report_free(&r);
  }
  for (int i = 0; i < 100; i++)
    ck_assert_msg(seen[i] > 0 && seen[i] < 50, "entry %d: %d", i, seen[i]);
  for (int i = 0; i < 100; i++) claim[i] = 2 * (i + 1) * x[i];
  claim[57] = NAN;
  ck_assert_int_eq(tri_gradcheck(plain, 100, x, claim, &r, .entries = 1), TRI_OK);
  ck_assert_int_eq(r.verdict, TRI_REFUTED);
  ck_assert_uint_eq(r.worst[0].index, 57);
  tri_gradcheck_report_free(&r);
}
END_TEST

static tri_verdict verdict_of(double claim, tri_gradcheck_options options) {
  tri_gradcheck_report r;
  options.report = &r;
  ck_assert_int_eq(tri_gradcheck_with(cube, 1, (double[]){2}, &claim, &options), TRI_OK);
  tri_verdict v = r.verdict;
  tri_gradcheck_report_free(&r);
  return v;
}

START_TEST(options) {
  ck_assert_int_eq(verdict_of(12.0001, (tri_gradcheck_options){0}), TRI_CONSISTENT);
  ck_assert_int_eq(verdict_of(12.0001, (tri_gradcheck_options){.tolerance = 1e-9}), TRI_REFUTED);
  ck_assert_int_eq(verdict_of(12 + 1e-8, (tri_gradcheck_options){.tolerance = 1e-12}), TRI_REFUTED);
  ck_assert_int_eq(verdict_of(12, (tri_gradcheck_options){.tolerance = 1e-14}), TRI_CONSISTENT);
  ck_assert_int_eq(verdict_of(12.5, (tri_gradcheck_options){.tolerance = 0.1}), TRI_CONSISTENT);
  ck_assert_int_eq(verdict_of(12.5, (tri_gradcheck_options){.absolute = 0.6}), TRI_CONSISTENT);
  ck_assert_int_eq(verdict_of(12.5, (tri_gradcheck_options){.absolute = 0.4}), TRI_REFUTED);
  ck_assert_int_eq(verdict_of(12.006, (tri_gradcheck_options){.rounding = 0x1p-24}), TRI_REFUTED);
  ck_assert_int_eq(verdict_of(12, (tri_gradcheck_options){.rounding = 0x1p-24}), TRI_CONSISTENT);
  ck_assert_int_eq(verdict_of(12.5, (tri_gradcheck_options){.rounding = 0.05}), TRI_UNDECIDED);
  ck_assert_int_eq(verdict_of(12.006, (tri_gradcheck_options){.step_min = 1e-3, .step_max = 0.1}),
                   TRI_REFUTED);
}
END_TEST

/* The steps stay where they are told to. */
static double fenced(const double *x, size_t n, void *data) {
  (void)n, (void)data;
  ck_assert_double_le(fabs(x[0] - 2), 0.25);
  ck_assert(x[0] == 2 || fabs(x[0] - 2) >= 0.0078125);
  return x[0] * x[0];
}

START_TEST(steps) {
  tri_gradcheck_report r;
  ck_assert_int_eq(tri_gradcheck(fenced, 1, ((double[]){2}), ((double[]){4}), &r,
                                 .rounding = 0x1p-53, .step_min = 0.0078125, .step_max = 0.25),
                   TRI_OK);
  ck_assert_int_eq(r.verdict, TRI_CONSISTENT);
  tri_gradcheck_report_free(&r);
}
END_TEST

START_TEST(arguments) {
  const double x[] = {1, 2}, claim[] = {2, 8};
  static volatile int stop = 1;
  tri_gradcheck_report r;
  ck_assert_int_eq(tri_gradcheck(NULL, 2, x, claim, &r), TRI_ARGUMENT);
  ck_assert_int_eq(tri_gradcheck(plain, 0, x, claim, &r), TRI_ARGUMENT);
  ck_assert_int_eq(tri_gradcheck(plain, 2, NULL, claim, &r), TRI_ARGUMENT);
  ck_assert_int_eq(tri_gradcheck(plain, 2, x, NULL, &r), TRI_ARGUMENT);
  ck_assert_int_eq(tri_gradcheck(plain, 2, x, claim, NULL), TRI_ARGUMENT);
  ck_assert_int_eq(tri_gradcheck_with(plain, 2, x, claim, NULL), TRI_ARGUMENT);
  ck_assert_int_eq(tri_gradcheck_code(plain, NULL, 2, x, &r), TRI_ARGUMENT);
  ck_assert_int_eq(tri_gradcheck(plain, 2, x, claim, &r, .rounding = -1), TRI_ARGUMENT);
  ck_assert_int_eq(tri_gradcheck(plain, 2, x, claim, &r, .tolerance = NAN), TRI_ARGUMENT);
  ck_assert_int_eq(tri_gradcheck(plain, 2, x, claim, &r, .absolute = INFINITY), TRI_ARGUMENT);
  ck_assert_int_eq(tri_gradcheck(plain, 2, x, claim, &r, .step_min = 1, .step_max = 0.5),
                   TRI_ARGUMENT);
  ck_assert_ptr_null(r.worst);
  ck_assert_int_eq(tri_gradcheck(plain, 2, x, claim, &r, .interrupt = &stop), TRI_INTERRUPTED);
  ck_assert_ptr_null(r.worst);
  tri_gradcheck_report_free(&r);
  tri_gradcheck_report_free(NULL);
}
END_TEST

/* Variables that are infinite, huge or subnormal. */
START_TEST(extreme_points) {
  static const double points[] = {INFINITY, -INFINITY, DBL_MAX,      -DBL_MAX,
                                  1e300,    DBL_MIN,   DBL_TRUE_MIN, 1e-310};
  for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
    const double x[] = {points[i], 1};
    tri_gradcheck_report r;
    double claim[] = {3, 2};
    ck_assert_int_eq(tri_gradcheck(plain, 2, x, claim, &r), TRI_OK);
    tri_gradcheck_report_free(&r);
    ck_assert_int_eq(tri_gradcheck(linear, 1, x, claim, &r), TRI_OK);
    ck_assert_msg(r.verdict != TRI_REFUTED, "at %g: %g +- %g", x[0], r.worst[0].difference,
                  r.worst[0].bound);
    tri_gradcheck_report_free(&r);
  }
}
END_TEST

START_TEST(names) {
  ck_assert_str_eq(tri_verdict_name(TRI_PROVED), "PROVED");
  ck_assert_str_eq(tri_verdict_name(TRI_UNDECIDED), "UNDECIDED");
  ck_assert_str_eq(tri_verdict_name(TRI_VERDICT_COUNT), "invalid");
  for (int v = 0; v < TRI_VERDICT_COUNT; v++)
    ck_assert_str_ne(tri_verdict_meaning((tri_verdict)v), "");
  for (int d = 0; d < TRI_DOUBT_COUNT; d++) ck_assert_str_ne(tri_doubt_text((tri_doubt)d), "");
  ck_assert_str_eq(tri_doubt_text(TRI_DOUBT_COUNT), "not a reason");
}
END_TEST

static Suite *gradcheck_suite(void) {
  Suite *s = suite_create("gradcheck");
  TCase *c = tcase_create("gradcheck");
  tcase_add_loop_test(c, single_points, 0, SINGLES);
  tcase_add_loop_test(c, single_random, 0, SINGLES);
  tcase_add_loop_test(c, many_random, 0, sizeof manies / sizeof manies[0]);
  tcase_add_test(c, thousand);
  tcase_add_test(c, badly_scaled);
  tcase_add_loop_test(c, programs, 0, 2);
  tcase_add_loop_test(c, special, 0, sizeof specials / sizeof specials[0]);
  tcase_add_test(c, jump);
  tcase_add_test(c, report_order);
  tcase_add_test(c, code);
  tcase_add_test(c, side);
  tcase_add_test(c, sampling);
  tcase_add_test(c, options);
  tcase_add_test(c, steps);
  tcase_add_test(c, arguments);
  tcase_add_test(c, extreme_points);
  tcase_add_test(c, names);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("gradcheck", gradcheck_suite); }
