/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A tape's memory, errors and history: growing, clearing, rewinding, limits, numbers of other tapes, failed allocations, many tapes
 * in many threads, many operations. */
#include <math.h>
#include <pthread.h>
#include <sys/resource.h>
#include <triad.h>

#include "tests/failing.h"
#include "tests/runner.h"

/* s <- s * x + y, n times from 0: n * y at x = 1, where its derivatives are n by y and y * n * (n - 1) / 2 by x. */
static tri_var horner(tri_tape *t, tri_var x, tri_var y, size_t n) {
  tri_var s = tri_tape_constant(0.0);
  for (size_t i = 0; i < n; i++) s = tri_tape_add(t, tri_tape_mul(t, s, x), y);
  return s;
}

static void check_horner(tri_tape *t, size_t n) {
  tri_var v[2] = {tri_tape_input(t, 1.0), tri_tape_input(t, 0.5)};
  double gradient[2], steps = (double)n;
  tri_var s = horner(t, v[0], v[1], n);
  ck_assert(s.value == 0.5 * steps);
  ck_assert_int_eq(tri_tape_gradient(t, s, 2, v, gradient), TRI_OK);
  ck_assert(gradient[0] == 0.25 * steps * (steps - 1.0) && gradient[1] == steps);
}

/* 10,000,000 operations of two variables, with sums that are exact. */
START_TEST(ten_million_operations) {
  tri_tape *t = tri_tape_new();
  check_horner(t, 5000000);
  ck_assert_uint_le(tri_tape_size(t), 20000000);
  tri_tape_free(t);
}
END_TEST

/* --- memory */

START_TEST(bytes_of_a_slot) {
  struct failing f;
  failing_init(&f, 0);
  tri_tape *t = tri_tape_new(.allocator = &f.allocator, .reserve = 100000);
  size_t empty = f.in_use;
  ck_assert_uint_eq(tri_tape_bytes(t), f.in_use);
  ck_assert_uint_ge(empty, 1200000);
  ck_assert_uint_le(empty, 1200000 + 1000);
  tri_var x = tri_tape_input(t, 1.0), y = tri_tape_input(t, 0.5), s = horner(t, x, y, 24999);
  ck_assert_uint_eq(f.in_use, empty);
  ck_assert_uint_le(tri_tape_size(t), 100000);
  ck_assert_int_eq(tri_tape_sweep(t, s), TRI_OK);
  ck_assert_uint_le(f.in_use, empty + 800000);
  tri_tape_free(t);
  ck_assert_uint_eq(f.in_use, 0);
  tri_tape_free(NULL);
}
END_TEST

/* A function of one variable takes no memory, however long it is. */
START_TEST(one_variable_takes_no_memory) {
  tri_tape *t = tri_tape_new();
  tri_var x = tri_tape_input(t, 0.7), y = x;
  size_t size = tri_tape_size(t);
  double value = 0.7, derivative = 1.0;
  for (int i = 0; i < 100; i++) {
    y = tri_tape_mul(t, tri_tape_sin(t, y), tri_tape_constant(1.5));
    y = tri_tape_add(t, y, tri_tape_mul(t, x, tri_tape_constant(0.25)));
    derivative = 1.5 * cos(value) * derivative + 0.25;
    value = 1.5 * sin(value) + 0.25 * 0.7;
  }
  ck_assert_uint_eq(tri_tape_size(t), size);
  ck_assert_int_eq(tri_tape_sweep(t, y), TRI_OK);
  ck_assert_double_eq_tol(tri_tape_adjoint(t, x), derivative, 1e-12 * fabs(derivative));
  tri_tape_free(t);
}
END_TEST

static long page_faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

/* Recording and sweeping again in the same memory brings no page fault and no allocation. What else the system does meanwhile is
 * kept out by the best of several tries. */
START_TEST(reuse_without_page_faults) {
  struct failing f;
  failing_init(&f, 0);
  tri_tape *t = tri_tape_new(.allocator = &f.allocator);
  check_horner(t, 300000);
  long calls = f.calls, least = -1;
  for (int i = 0; i < 10 && least != 0; i++) {
    long before = page_faults();
    tri_tape_clear(t);
    check_horner(t, 300000);
    long faults = page_faults() - before;
    if (least < 0 || faults < least) least = faults;
  }
  ck_assert_int_eq(f.calls, calls);
  ck_assert_int_eq(least, 0);
  tri_tape_free(t);
}
END_TEST

/* Every allocation failed once: at first recording, on growing, for the adjoints. The values go on as if nothing had happened. */
static tri_status recording(const tri_allocator *allocator) {
  tri_tape *t = tri_tape_new(.allocator = allocator, .reserve = 2);
  if (!t) return TRI_MEMORY;
  tri_var x = tri_tape_input(t, 1.0), y = tri_tape_input(t, 0.5), s = horner(t, x, y, 1000);
  tri_var z = tri_tape_exp(t, tri_tape_watch(t, tri_tape_mul(t, s, tri_tape_constant(0.0))));
  ck_assert(s.value == 500.0 && z.value == 1.0);
  tri_status status = tri_tape_sweep(t, tri_tape_add(t, s, z));
  ck_assert_int_eq(status, tri_tape_status(t));
  if (status == TRI_OK) ck_assert(tri_tape_adjoint(t, y) == 1000.0);
  if (status != TRI_OK) ck_assert_str_ne(tri_tape_error(t)->message, "");
  tri_error error;
  tri_tape_log(t, tri_tape_constant(-1.0));
  ck_assert_int_eq(tri_tape_undefined(t, &error), TRI_DOMAIN);
  ck_assert(error.message[0] == 'l');
  tri_tape_clear(t);
  ck_assert_int_eq(tri_tape_status(t), TRI_OK);
  tri_tape_free(t);
  return status;
}

START_TEST(failed_allocations) { ck_assert_int_gt(failing_loop(recording), 10); }
END_TEST

/* --- errors */

/* What stands on the tape when a limit is reached can still be swept after a rewind. */
START_TEST(slots_are_limited) {
  tri_tape *t = tri_tape_new(.slots = 12);
  tri_var x = tri_tape_input(t, 1.0), y = tri_tape_input(t, 0.5), s = horner(t, x, y, 3);
  ck_assert_int_eq(tri_tape_status(t), TRI_OK);
  tri_tape_point full = tri_tape_mark(t);
  ck_assert_uint_le(tri_tape_size(t), 12);
  tri_var over = horner(t, x, y, 50);
  ck_assert(over.value == 25.0);
  ck_assert_int_eq(tri_tape_status(t), TRI_LIMIT);
  ck_assert_str_eq(tri_tape_error(t)->message, "a tape of more than 12 slots");
  ck_assert_uint_le(tri_tape_size(t), 12);
  ck_assert_int_eq(tri_tape_sweep(t, over), TRI_LIMIT);
  ck_assert_int_eq(tri_tape_sweep(t, s), TRI_LIMIT);
  tri_tape_rewind(t, full);
  ck_assert_int_eq(tri_tape_sweep(t, s), TRI_OK);
  ck_assert(tri_tape_adjoint(t, y) == 3.0);
  tri_tape_free(t);
  t = tri_tape_new(.slots = 1, .reserve = 1000000);
  ck_assert(tri_tape_reserve(t, 1));
  x = tri_tape_input(t, 1.0);
  ck_assert_int_eq(tri_tape_status(t), TRI_OK);
  tri_tape_input(t, 2.0);
  ck_assert_int_eq(tri_tape_status(t), TRI_LIMIT);
  tri_tape_clear(t);
  ck_assert(!tri_tape_reserve(t, SIZE_MAX));
  ck_assert_int_eq(tri_tape_status(t), TRI_LIMIT);
  tri_tape_free(t);
}
END_TEST

/* Each use of a number that is not on the tape is found; the first error stays. */
static void check_refused(tri_tape *t, tri_var here, tri_var stranger) {
  tri_var good = tri_tape_mul(t, here, here), other = tri_tape_input(t, 3.0);
  for (int use = 0; use < 7; use++) {
    tri_tape_point before = tri_tape_mark(t);
    tri_var r = tri_tape_constant(0.0), outputs[2] = {good, stranger};
    switch (use) {
    case 0: r = tri_tape_add(t, other, stranger); break;
    case 1: r = tri_tape_div(t, tri_tape_sin(t, stranger), other); break;
    case 2: r = tri_tape_watch(t, stranger); break;
    case 3: r = tri_tape_record(t, 1.0, 2, outputs, (double[]){1.0, 1.0}); break;
    case 4: ck_assert_int_eq(tri_tape_sweep(t, stranger), TRI_ARGUMENT); break;
    case 5: ck_assert_int_eq(tri_tape_sweep_weighted(t, 2, outputs, NULL), TRI_ARGUMENT); break;
    default: ck_assert(isnan(tri_tape_adjoint(t, stranger))); break;
    }
    ck_assert_msg(tri_tape_status(t) == TRI_ARGUMENT, "use %d", use);
    ck_assert_str_eq(tri_tape_error(t)->message, "a number that is not on this tape");
    r = tri_tape_add(t, tri_tape_exp(t, r), other);
    ck_assert_int_eq(tri_tape_sweep(t, r), TRI_ARGUMENT);
    tri_tape_rewind(t, before);
  }
  ck_assert_int_eq(tri_tape_sweep(t, good), TRI_OK);
}

START_TEST(strangers_are_refused) {
  tri_tape *t = tri_tape_new(), *u = tri_tape_new();
  tri_var x = tri_tape_input(t, 2.0);
  tri_var foreign = tri_tape_input(u, 2.0);
  check_refused(t, x, foreign); /* although there is something at its place here, too */
  tri_tape_point point = tri_tape_mark(t);
  for (int i = 0; i < 20; i++) tri_tape_input(t, i);
  tri_var rewound = tri_tape_input(t, 5.0);
  tri_tape_rewind(t, point);
  check_refused(t, x, rewound);
  tri_tape_clear(t);
  tri_var y = tri_tape_input(t, 2.0);
  check_refused(t, y, x); /* from before tri_tape_clear */
  tri_tape_free(t);
  tri_tape_free(u);
}
END_TEST

START_TEST(misuse_is_told) {
  tri_tape *t = tri_tape_new();
  tri_var x = tri_tape_input(t, 2.0), y = tri_tape_sin(t, x);
  tri_tape_point start = tri_tape_mark(t);
  ck_assert_int_eq(tri_tape_sweep(t, tri_tape_mul(t, y, y)), TRI_OK);
  ck_assert(isnan(tri_tape_adjoint(t, y))); /* it has no slot */
  ck_assert_int_eq(tri_tape_status(t), TRI_ARGUMENT);
  tri_tape_clear(t);
  x = tri_tape_input(t, 2.0), y = tri_tape_watch(t, tri_tape_sin(t, x));
  ck_assert_int_eq(tri_tape_sweep(t, tri_tape_mul(t, y, y)), TRI_OK);
  ck_assert(tri_tape_adjoint(t, y) == 2.0 * sin(2.0));
  tri_tape_apply(t, TRI_OP_variable, &x);
  ck_assert_int_eq(tri_tape_status(t), TRI_ARGUMENT);
  tri_tape_clear(t);
  tri_tape_rewind(t, (tri_tape_point){start.used + 400, 0});
  ck_assert_int_eq(tri_tape_status(t), TRI_ARGUMENT);
  tri_tape_free(t);
}
END_TEST

/* --- history */

/* A recording that is rewound after every step needs memory for one step, and leaves what was before it as it was. */
START_TEST(rewinding) {
  tri_tape *t = tri_tape_new();
  tri_var v[2] = {tri_tape_input(t, 3.0), tri_tape_input(t, 4.0)};
  tri_var base = tri_tape_mul(t, v[0], v[1]);
  tri_tape_point point = tri_tape_mark(t);
  size_t bytes = 0;
  for (int i = 1; i <= 1000; i++) {
    double gradient[2];
    tri_var c = tri_tape_input(t, i), f = tri_tape_mul(t, base, tri_tape_mul(t, c, v[0]));
    ck_assert(tri_tape_adjoint(t, c) == 0.0); /* nothing left from the last round */
    ck_assert_int_eq(tri_tape_gradient(t, f, 2, v, gradient), TRI_OK);
    ck_assert(gradient[0] == 24.0 * i && gradient[1] == 9.0 * i);
    ck_assert(tri_tape_adjoint(t, c) == 36.0);
    if (i == 1) bytes = tri_tape_bytes(t);
    ck_assert_uint_eq(tri_tape_bytes(t), bytes);
    tri_tape_rewind(t, point);
    ck_assert_uint_eq(tri_tape_size(t), 4);
  }
  ck_assert_int_eq(tri_tape_sweep(t, base), TRI_OK);
  ck_assert(tri_tape_adjoint(t, v[0]) == 4.0);
  tri_tape_free(t);
}
END_TEST

/* A pendulum, by the symplectic Euler method. */
static void swing(tri_tape *t, tri_var s[2], int steps) {
  tri_var step = tri_tape_constant(0.125);
  for (int i = 0; i < steps; i++) {
    s[1] = tri_tape_sub(t, s[1], tri_tape_mul(t, step, tri_tape_sin(t, s[0])));
    s[0] = tri_tape_add(t, s[0], tri_tape_mul(t, step, s[1]));
  }
}

/* Checkpoints: the states of a recurrence are kept, and each part is recorded when the sweep needs it. */
START_TEST(checkpoints) {
  enum { PARTS = 20, STEPS = 50 };
  double states[PARTS + 1][2] = {{0.3, -0.2}}, whole[2], adjoint[2] = {1.0, 0.0};
  tri_tape *t = tri_tape_new();
  tri_var x[2] = {tri_tape_input(t, states[0][0]), tri_tape_input(t, states[0][1])}, s[2];
  s[0] = x[0], s[1] = x[1];
  for (int part = 0; part < PARTS; part++) {
    swing(t, s, STEPS);
    states[part + 1][0] = s[0].value, states[part + 1][1] = s[1].value;
  }
  size_t size = tri_tape_size(t);
  ck_assert_int_eq(tri_tape_gradient(t, s[0], 2, x, whole), TRI_OK);
  tri_tape_clear(t);
  for (int part = PARTS; part-- > 0; tri_tape_clear(t)) {
    for (int k = 0; k < 2; k++) s[k] = x[k] = tri_tape_input(t, states[part][k]);
    swing(t, s, STEPS);
    ck_assert_uint_lt(tri_tape_size(t), size / 10);
    ck_assert_int_eq(tri_tape_sweep_weighted(t, 2, s, adjoint), TRI_OK);
    for (int k = 0; k < 2; k++) adjoint[k] = tri_tape_adjoint(t, x[k]);
  }
  for (int k = 0; k < 2; k++) ck_assert_double_eq_tol(adjoint[k], whole[k], 1e-13 * fabs(whole[k]));
  tri_tape_free(t);
}
END_TEST

/* --- threads */

static void *in_thread(void *data) {
  size_t n = *(const size_t *)data;
  tri_tape *t = tri_tape_new();
  for (int i = 0; i < 20; i++) {
    check_horner(t, n);
    tri_tape_clear(t);
  }
  tri_tape_free(t);
  return NULL;
}

START_TEST(tapes_in_threads) {
  pthread_t threads[8];
  size_t n[8];
  for (int i = 0; i < 8; i++) {
    n[i] = 1000u + 100u * (unsigned)i;
    ck_assert_int_eq(pthread_create(&threads[i], NULL, in_thread, &n[i]), 0);
  }
  for (int i = 0; i < 8; i++) ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

static Suite *tape_life_suite(void) {
  Suite *s = suite_create("tape_life");
  TCase *c = tcase_create("tape_life");
  tcase_add_test(c, ten_million_operations);
  tcase_add_test(c, bytes_of_a_slot);
  tcase_add_test(c, one_variable_takes_no_memory);
  tcase_add_test(c, reuse_without_page_faults);
  tcase_add_test(c, failed_allocations);
  tcase_add_test(c, slots_are_limited);
  tcase_add_test(c, strangers_are_refused);
  tcase_add_test(c, misuse_is_told);
  tcase_add_test(c, rewinding);
  tcase_add_test(c, checkpoints);
  tcase_add_test(c, tapes_in_threads);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("tape_life", tape_life_suite); }
