/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the tests of derivatives share: expressions from text and at random, values, differences. */
#ifndef TRIAD_TESTS_CALCULUS_HELPER_H
#define TRIAD_TESTS_CALCULUS_HELPER_H

#include <check.h>
#include <math.h>
#include <string.h>
#include <triad.h>

#include "tests/random.h"

static inline tri_expr parsed(tri_graph *g, const char *text) {
  tri_expr e = tri_parse(g, text, strlen(text));
  ck_assert_msg(!tri_expr_status(e), "%s: %s", text, tri_graph_error(g)->message);
  return e;
}

/* The values of m expressions of n variables at a point; NaN where there is none. The last m - primals are derivatives. */
static inline void values_at(size_t m, const tri_expr *e, size_t primals, size_t n,
                             const tri_expr *variables, const double *point, double *values) {
  for (size_t i = 0; i < m; i++) values[i] = NAN;
  tri_function *f = tri_compile(n, variables, m, e, .primals = primals);
  ck_assert_msg(f, "%s", tri_graph_error(e[0].graph)->message);
  tri_status status = tri_function_call(f, NULL, point, values);
  ck_assert(status == TRI_OK || status == TRI_DOMAIN);
  tri_function_free(f);
}

/* The value of one expression, computed as IEEE says, without checks of domains. */
static inline double value_at(tri_expr e, size_t n, const tri_expr *variables,
                              const double *point) {
  double values[2];
  values_at(2, (tri_expr[]){tri_integer(e.graph, 0), e}, 1, n, variables, point, values);
  return values[1];
}

/* The derivative of a function by variable i at a point: central differences, extrapolated (Richardson 1911, Ridders 1982), and
 * an estimate of the error. */
static inline double difference(tri_function *f, size_t n, const double *point, size_t i,
                                double *error) {
  enum { STEPS = 8 };
  double table[STEPS][STEPS], at[16], best = NAN;
  ck_assert_uint_le(n, 16);
  memcpy(at, point, n * sizeof *at);
  *error = HUGE_VAL;
  double h = 0x1p-4;
  for (int k = 0; k < STEPS; k++, h /= 2) {
    double up, down;
    at[i] = point[i] + h;
    ck_assert_int_eq(tri_function_call(f, NULL, at, &up), TRI_OK);
    at[i] = point[i] - h;
    ck_assert_int_eq(tri_function_call(f, NULL, at, &down), TRI_OK);
    table[k][0] = (up - down) / (2 * h);
    for (int j = 1; j <= k; j++)
      table[k][j] =
          table[k][j - 1] + (table[k][j - 1] - table[k - 1][j - 1]) / (ldexp(1, 2 * j) - 1);
    for (int j = 1; j <= k; j++) {
      double e = fmax(fabs(table[k][j] - table[k][j - 1]), fabs(table[k][j] - table[k - 1][j - 1]));
      if (e < *error) {
        *error = e;
        best = table[k][j];
      }
    }
  }
  return best;
}

/* Whether two numbers agree to a relative tolerance, or are both NaN. */
static inline int agree(double a, double b, double tolerance) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  if (isinf(a) || isinf(b)) return a == b;
  return fabs(a - b) <= tolerance * (1.0 + fabs(a) + fabs(b));
}

/* One of + - * / sin cos exp log sqrt tanh; tame: with arguments where it has a value, and no large one. */
static inline tri_expr random_step(struct random *r, tri_expr a, tri_expr b, int tame) {
  tri_expr positive = tame ? tri_add(tri_integer(a.graph, 2), tri_sin(b)) : b;
  switch (random_below(r, 10)) {
  case 0: return tri_add(a, b);
  case 1: return tri_sub(a, b);
  case 2: return tri_mul(a, b);
  case 3: return tri_div(a, positive);
  case 4: return tri_sin(a);
  case 5: return tri_cos(a);
  case 6: return tri_exp(tame ? tri_cos(b) : b);
  case 7: return tri_log(positive);
  case 8: return tri_sqrt(positive);
  default: return tri_tanh(a);
  }
}

/* A random expression of n variables: `steps` operations, each over two of the `window` results before it. */
static inline tri_expr random_expression(struct random *r, size_t n, const tri_expr *variables,
                                         size_t steps, uint32_t window, int tame) {
  tri_expr *v = malloc((n + steps) * sizeof *v);
  memcpy(v, variables, n * sizeof *v);
  for (size_t k = n; k < n + steps; k++) {
    uint32_t reach = k < window ? (uint32_t)k : window;
    tri_expr a = v[k - 1 - random_below(r, reach)], b = v[k - 1 - random_below(r, reach)];
    v[k] = random_step(r, a, b, tame);
  }
  tri_expr last = v[n + steps - 1];
  free(v);
  return last;
}

#endif
