/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Threads that call one function with loops at once, from its first call on: lanes are made by one of them, and all get the same numbers. */
#include <pthread.h>
#include <string.h>
#include <triad.h>

#include "tests/runner.h"

enum { POINTS = 300, THREADS = 6, CALLS = 20 };

static tri_function *function;
static double inputs[2 * POINTS + 1], expected[POINTS + 3];

/* f = Σ sin(x[i] y) + a scan of it; with its gradient by x and y */
static void make(void) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable_shaped(g, "x", 1, (int64_t[]){POINTS}, NULL), y = tri_variable(g, "y");
  tri_expr i = tri_variable(g, "i"), c = tri_variable(g, "c"), in[2] = {x, y}, out[3];
  tri_expr xi = tri_gather(x, tri_sub(i, tri_integer(g, 1))), p = tri_variable(g, "p");
  tri_expr next = tri_tanh(tri_add(tri_mul(c, y), p)), scanned;
  ck_assert_int_eq(tri_loop(g,
                            &(tri_loop_options){.n = tri_extent_of(POINTS),
                                                .n_steps = 1,
                                                .steps = &p,
                                                .step_inputs = &x,
                                                .n_carries = 1,
                                                .carries = &c,
                                                .initial = &y,
                                                .next = &next},
                            &scanned),
                   TRI_OK);
  out[0] = tri_add(tri_sum(tri_sin(tri_mul(xi, y)), i, 1, tri_extent_of(POINTS)), scanned);
  ck_assert_int_eq(tri_gradient(out[0], 2, in, out + 1), TRI_OK);
  function = tri_compile(2, in, 3, out, .primals = 1);
  ck_assert_ptr_nonnull(function);
  for (int k = 0; k <= POINTS; k++) inputs[k] = 0.01 * k - 1.0;
  tri_graph_free(g);
}

static void *work(void *data) {
  double outputs[POINTS + 3];
  tri_workspace *w = tri_workspace_new(function);
  size_t *wrong = data;
  for (int k = 0; k < CALLS; k++) {
    if (tri_function_call(function, &(tri_call){.workspace = w}, inputs, outputs)) ++*wrong;
    if (k == 0) memcpy(wrong + 1, outputs, (POINTS + 2) * sizeof *outputs);
    if (memcmp(wrong + 1, outputs, (POINTS + 2) * sizeof *outputs) != 0) ++*wrong;
  }
  tri_workspace_free(w);
  tri_thread_cleanup();
  return NULL;
}

START_TEST(threads_agree) {
  pthread_t thread[THREADS];
  static size_t result[THREADS][POINTS + 4];
  make();
  for (int t = 0; t < THREADS; t++)
    ck_assert_int_eq(pthread_create(&thread[t], NULL, work, result[t]), 0);
  for (int t = 0; t < THREADS; t++) pthread_join(thread[t], NULL);
  ck_assert_int_eq(tri_function_call(function, NULL, inputs, expected), TRI_OK);
  for (int t = 0; t < THREADS; t++) {
    ck_assert_uint_eq(result[t][0], 0);
    ck_assert(memcmp(&result[t][1], expected, (POINTS + 2) * sizeof *expected) == 0);
  }
  tri_function_free(function);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("loop threads");
  TCase *c = tcase_create("threads");
  tcase_add_test(c, threads_agree);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_loop_threads", suite); }
