/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One compiled function, called by eight threads at once, each with its own workspace, in every domain. */
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <triad.h>

#include "tests/runner.h"

enum { THREADS = 8, ROUNDS = 200 };

/* What one thread is to do; results are looked at by the one that started it. */
struct job {
  const tri_function *function;
  double x;
  int wrong;
};

static int off(double a, double b) { return !(fabs(a - b) <= 1e-12 * (1.0 + fabs(b))); }

/* x^2 y + y + 2 with y = 4: every way to call, many times. */
static int all_calls(const tri_function *f, tri_workspace *w, double x) {
  const double at[] = {x, 4.0}, unit[] = {1, 0, 0, 1};
  double value, gradient[2], tangents[2], hessian[4];
  tri_error error;
  tri_call call = {.workspace = w, .error = &error};
  int wrong = tri_function_call(f, &call, at, &value) != TRI_OK || off(value, 4 * x * x + 6);
  wrong |= tri_function_reverse(f, &call, at, NULL, &value, gradient) != TRI_OK;
  wrong |= off(gradient[0], 8 * x) || off(gradient[1], x * x + 1);
  wrong |= tri_function_forward(f, &call, at, 2, unit, NULL, tangents) != TRI_OK;
  wrong |= off(tangents[0], 8 * x) || off(tangents[1], x * x + 1);
  wrong |= tri_function_hessian(f, &call, at, NULL, NULL, NULL, hessian) != TRI_OK;
  wrong |= off(hessian[0], 8) || off(hessian[1], 2 * x) || off(hessian[3], 0);
  wrong |= tri_function_call(f, &call, (double[]){NAN, 1}, &value) != TRI_DOMAIN;
  return wrong;
}

static void *work(void *data) {
  struct job *job = data;
  tri_workspace *w = tri_workspace_new(job->function);
  for (int i = 0; i < ROUNDS; i++)
    job->wrong |= !w || all_calls(job->function, w, job->x + i / 64.0);
  tri_workspace_free(w);
  return NULL;
}

START_TEST(one_function) {
  tri_graph *g = tri_graph_new(NULL);
  const char *text = "x^2*y + y + 2";
  tri_expr in[] = {tri_variable(g, "x"), tri_variable(g, "y")},
           e = tri_parse(g, text, strlen(text));
  tri_function *f = tri_compile(2, in, 1, &e, .domain = (tri_domain)_i);
  pthread_t threads[THREADS];
  struct job jobs[THREADS];
  tri_graph_free(g);
  ck_assert_ptr_nonnull(f);
  for (int i = 0; i < THREADS; i++) {
    jobs[i] = (struct job){.function = f, .x = i};
    ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    ck_assert_int_eq(jobs[i].wrong, 0);
  }
  tri_function_free(f);
}
END_TEST

/* --- caches: what MPFR and FLINT keep for a thread (pi, logarithms, Bernoulli numbers) goes with it */

static void *fill_caches(void *data) {
  struct job *job = data;
  double x = job->x, value, slope;
  job->wrong = tri_function_call(job->function, NULL, &x, &value) != TRI_OK || !(value > 0.0) ||
               tri_function_reverse(job->function, NULL, &x, NULL, NULL, &slope) != TRI_OK;
  return NULL;
}

/* Threads that end, one after the other and together; a leak checker sees what they leave. */
START_TEST(caches) {
  tri_graph *g = tri_graph_new(NULL);
  const char *text = "gamma(x + 1/3) + lgamma(x + 2) + log2(x + pi)^2 + exp(sin(pi*x)) + erf(x)";
  tri_expr x = tri_variable(g, "x"), e = tri_parse(g, text, strlen(text));
  tri_function *f = tri_compile(1, &x, 1, &e, .domain = (tri_domain)_i, .precision = 500);
  ck_assert_ptr_nonnull(f);
  pthread_t threads[THREADS];
  struct job jobs[THREADS];
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < THREADS; i++) {
      jobs[i] = (struct job){.function = f, .x = 1.5 + i};
      ck_assert_int_eq(pthread_create(&threads[i], NULL, fill_caches, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
      pthread_join(threads[i], NULL);
      ck_assert_int_eq(jobs[i].wrong, 0);
    }
  }
  tri_function_free(f);
  tri_graph_free(g);
}
END_TEST

static Suite *threads_suite(void) {
  Suite *s = suite_create("threads");
  TCase *c = tcase_create("threads");
  tcase_add_loop_test(c, one_function, TRI_DOUBLE, TRI_DOMAINS);
  tcase_add_loop_test(c, caches, TRI_MPFR, TRI_DOMAINS);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_threads", threads_suite); }
