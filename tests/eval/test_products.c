/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Products of matrices of floats against sums in double, of shapes for either library; and that
 * neither the threads of OpenMP change a bit, nor their number is changed. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "eval/products.h"
#include "tests/random.h"
#include "tests/runner.h"

#if HAVE_ONEDNN
#include <omp.h>
#endif

/* rows * leading numbers, between -1 and 1. */
static float *random_floats(struct random *r, size_t count) {
  float *x = calloc(count + 1, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < count; i++) x[i] = (float)random_between(r, -1.0, 1.0);
  return x;
}

/* A matrix [rows, columns] with some room between its rows; its numbers are the caller's to
 * free. */
static struct float_matrix random_matrix(struct random *r, int rows, int columns, bool turned) {
  int lines = turned ? columns : rows,
      leading = (turned ? rows : columns) + (int)random_below(r, 3);
  return (struct float_matrix){random_floats(r, (size_t)(lines * leading)), leading, turned};
}

static double element(const struct float_matrix *x, int i, int j) {
  return (double)x->data[x->turned ? j * x->leading + i : i * x->leading + j];
}

static void free_matrix(struct float_matrix *x) { free((float *)(uintptr_t)x->data); }

static void check_product(struct random *r, int m, int n, int k) {
  struct float_matrix a = random_matrix(r, m, k, random_below(r, 2)),
                      b = random_matrix(r, k, n, random_below(r, 2));
  int leading = n + (int)random_below(r, 3);
  size_t count = (size_t)(m * leading);
  float alpha = random_below(r, 2) ? 1.0F : -0.375F, beta = random_below(r, 2) ? 0.0F : 0.75F;
  float *old = random_floats(r, count), *c = calloc(count, sizeof *c);
  ck_assert_ptr_nonnull(c);
  memcpy(c, old, count * sizeof *c);
  tri__sgemm(m, n, k, alpha, a, b, beta, c, leading);
  for (int i = 0; i < m; i++)
    for (int j = 0; j < leading; j++) {
      double was = (double)old[i * leading + j], is = (double)c[i * leading + j];
      double should = j < n ? (double)beta * was : was, sizes = fabs(should);
      for (int l = 0; j < n && l < k; l++) {
        double term = (double)alpha * element(&a, i, l) * element(&b, l, j);
        should += term;
        sizes += fabs(term);
      }
      /* Higham, Accuracy and Stability of Numerical Algorithms, 3.1: sums in any order */
      double bound = j < n ? 0x1p-24 * (double)(k + 3) * sizes : 0.0;
      ck_assert_msg(fabs(is - should) <= bound, "%d %d %d at %d, %d: %g, not %g", m, n, k, i, j, is,
                    should);
    }
  free_matrix(&a);
  free_matrix(&b);
  free(old);
  free(c);
}

START_TEST(against_sums) {
  struct random r = random_start(20261128);
  for (int i = 0; i < 200 * test_multiplier(); i++)
    check_product(&r, 1 + (int)random_below(&r, 40), 1 + (int)random_below(&r, 90),
                  1 + (int)random_below(&r, 60));
  for (int i = 0; i < 20 * test_multiplier(); i++)
    check_product(&r, 100 + (int)random_below(&r, 100), 100 + (int)random_below(&r, 100),
                  100 + (int)random_below(&r, 100));
}
END_TEST

#if HAVE_ONEDNN
START_TEST(threads_of_openmp) {
  enum { M = 256, N = 300, K = 400 };
  static float c[2][M * N];
  struct random r = random_start(20261129);
  struct float_matrix a = random_matrix(&r, M, K, false), b = random_matrix(&r, K, N, false);
  int before = omp_get_max_threads();
  for (int i = 0; i < 2; i++) {
    omp_set_num_threads(1 + 4 * i);
    tri__sgemm(M, N, K, 1.0F, a, b, 0.0F, c[i], N);
    ck_assert_int_eq(omp_get_max_threads(), 1 + 4 * i);
  }
  omp_set_num_threads(before);
  ck_assert_mem_eq(c[0], c[1], sizeof c[0]);
  free_matrix(&a);
  free_matrix(&b);
}
END_TEST
#endif

static Suite *products_suite(void) {
  Suite *s = suite_create("products");
  TCase *c = tcase_create("products");
  tcase_add_test(c, against_sums);
#if HAVE_ONEDNN
  tcase_add_test(c, threads_of_openmp);
#endif
  tcase_set_timeout(c, 60);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_products", products_suite); }
