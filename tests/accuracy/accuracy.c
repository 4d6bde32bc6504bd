/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The accuracy of all rows. As a test: the errors at a few thousand points of each row are within the goals. With a number of points as
 * argument: measures at as many and prints the manual's table, in Texinfo, to standard output; exit status 1 if a goal is exceeded. */
#include "accuracy.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "tests/runner.h"

enum { TEST_POINTS = 2000, ROWS = TRI_OP_ROWS };

/* Comparisons and logic are exact. */
static bool is_number(int op) { return tri__rows[op].sort == TRI_REAL; }

/* Rows whose value comes from a function of the C library that is not right to an ulp. */
static const tri_op two_ulps[] = {TRI_OP_log10, TRI_OP_sinh,  TRI_OP_cosh, TRI_OP_tanh,
                                  TRI_OP_asinh, TRI_OP_acosh, TRI_OP_atanh};

/* Results below the smallest normal number that are a polynomial in a, of up to the second degree, times exp(-a^2): the exponential itself
 * is a few units of the smallest number there. */
static const struct {
  tri_op op;
  double bound[FORMATS];
} subnormal_bounds[] = {{TRI_OP_erf, {2e3, 300.0}}, {TRI_OP_erfc, {2e3, 300.0}}};

/* In a^(b-1) the exponent is rounded, which makes up to |log a| ulps and is no more than |log a|/2 times a condition number there, and again
 * in higher derivatives; |log a| is at most 178 where they are measured. a^b/a would be right, but has no value where a is 0. */
static const double power_goals[ORDERS] = {1.0, 96.0, 192.0, 288.0};

static double goal(tri_op op, int order) {
  if (op == TRI_OP_pow) return power_goals[order];
  for (size_t i = 0; i < sizeof two_ulps / sizeof *two_ulps; i++)
    if (two_ulps[i] == op && order == 0) return 2.0;
  return goals[order];
}

static double subnormal_goal(tri_op op, int format) {
  for (size_t i = 0; i < sizeof subnormal_bounds / sizeof *subnormal_bounds; i++)
    if (subnormal_bounds[i].op == op) return subnormal_bounds[i].bound[format];
  return SUBNORMAL_GOAL;
}

static void measure(tri_op op, int format, unsigned long points, struct result *result) {
  struct subject s;
  struct random random = {(uint64_t)op * FORMATS + (uint64_t)format + 1};
  double x[ROW_MAX_ARITY] = {0.0};
  memset(result, 0, sizeof *result);
  subject_open(&s, op);
  for (unsigned long i = 0; result->points < points && i < 16 * points; i++) {
    draw_point(&random, s.row, format, x);
    subject_measure(&s, format, x, result);
  }
  subject_close(&s);
}

/* --- what exceeds its goal */

static bool complain(const struct worst *w, double bound, tri_op op, int format, FILE *to) {
  if (w->ulps <= bound) return false;
  fprintf(to,
          "# %s in %s, order %d (%s), at (%.17g, %.17g, %.17g): %.17g, truly %.17g: %.3g > %g\n",
          tri_op_name(op), formats[format].name, w->order, w->mode, w->x[0], w->x[1], w->x[2], w->y,
          w->truth, w->ulps, bound);
  fflush(to); /* the test's process does not come to its end */
  return true;
}

static int count_excess(const struct result *r, tri_op op, int format, FILE *to) {
  int excess = 0;
  for (int order = 0; order < ORDERS; order++)
    excess += complain(&r->normal[order], goal(op, order), op, format, to);
  return excess + complain(&r->subnormal, subnormal_goal(op, format), op, format, to);
}

/* --- the test */

/* Kernels compute in long double, which some systems do not have wider than double, and valgrind computes in double. */
static bool has_long_double(void) {
  volatile long double one = 1.0L, little = 0x1p-60L;
  return one + little != one;
}

START_TEST(accuracy) {
  struct result r;
  for (int format = 0; format < FORMATS && is_number(_i) && has_long_double(); format++) {
    measure((tri_op)_i, format, TEST_POINTS * (unsigned long)test_multiplier(), &r);
    ck_assert_int_eq(count_excess(&r, (tri_op)_i, format, stdout), 0);
    ck_assert_uint_ge(r.points, TEST_POINTS / 2);
    ck_assert_uint_le(r.undecided, r.comparisons / 10);
  }
}
END_TEST

static Suite *accuracy_suite(void) {
  Suite *s = suite_create("accuracy");
  TCase *c = tcase_create("rows");
  tcase_add_loop_test(c, accuracy, 0, ROWS);
  suite_add_tcase(s, c);
  return s;
}

/* --- the table */

struct work {
  pthread_mutex_t lock;
  int next;
  unsigned long points;
  struct result result[ROWS][FORMATS];
};

static int take(struct work *w) {
  pthread_mutex_lock(&w->lock);
  int next = w->next++;
  pthread_mutex_unlock(&w->lock);
  return next;
}

/* The rows that take longest come late in the table and are begun first. */
static void *labour(void *data) {
  struct work *w = data;
  for (int i = take(w); i < ROWS * FORMATS; i = take(w)) {
    int op = ROWS - 1 - i / FORMATS;
    if (is_number(op)) measure((tri_op)op, i % FORMATS, w->points, &w->result[op][i % FORMATS]);
  }
  return NULL;
}

static void run_all(struct work *w) {
  enum { MOST = 16 };
  pthread_t threads[MOST];
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  int count = n < 1 ? 1 : n > MOST ? MOST : (int)n;
  for (int i = 0; i < count; i++)
    if (pthread_create(&threads[i], NULL, labour, w)) count = i;
  if (count == 0) labour(w);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

static void print_number(double ulps) {
  if (ulps == 0.0)
    printf(" @tab 0");
  else
    printf(ulps < 9.995 ? " @tab %.2f" : " @tab %.3g", ulps);
}

static void print_row(const struct work *w, int op) {
  printf("@item @code{%s}%s", tri_op_name((tri_op)op), subject_limited((tri_op)op) ? "*" : "");
  for (int format = 0; format < FORMATS; format++) {
    for (int order = 0; order < ORDERS; order++)
      print_number(w->result[op][format].normal[order].ulps);
    print_number(w->result[op][format].subnormal.ulps);
  }
  printf("\n");
}

static void print_table(const struct work *w) {
  printf("@c Made by `make accuracy'.\n"
         "@multitable @columnfractions .2 .08 .08 .08 .08 .08 .08 .08 .08 .08 .08\n"
         "@headitem Operation");
  for (int format = 0; format < FORMATS; format++)
    printf(" @tab %s @tab 1st @tab 2nd @tab 3rd @tab tiny", formats[format].name);
  printf("\n");
  for (int op = 0; op < ROWS; op++)
    if (is_number(op)) print_row(w, op);
  printf("@end multitable\n");
}

static int make_table(unsigned long points) {
  static struct work w = {.lock = PTHREAD_MUTEX_INITIALIZER};
  int excess = 0;
  w.points = points;
  run_all(&w);
  print_table(&w);
  for (int op = 0; op < ROWS; op++)
    for (int format = 0; format < FORMATS; format++)
      excess += count_excess(&w.result[op][format], (tri_op)op, format, stderr);
  return excess ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  unsigned long points = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
  return points ? make_table(points) : tri_test_main("accuracy", accuracy_suite);
}
