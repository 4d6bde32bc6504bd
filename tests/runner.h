/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The main function of every test program: one suite, its results as TAP on standard output; and
 * suites of one case. CK_FORK, CK_RUN_CASE and CK_DEFAULT_TIMEOUT are Check's and work as its
 * manual says. */
#ifndef TRIAD_TESTS_RUNNER_H
#define TRIAD_TESTS_RUNNER_H

#include <locale.h>
#include <stdlib.h>

#include <check.h>
#include <triad/numbers.h>

/* Runs what make() returns; the exit status of the program. The locale is the environment's, so
 * that check-locale tests triad in a program that has set a comma locale. */
static inline int tri_test_main(const char *name, Suite *(*make)(void)) {
  (void)name;
  setlocale(LC_ALL, "");
  SRunner *runner = srunner_create(make());
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  tri_thread_cleanup(); /* what number libraries keep for this thread is no leak */
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The suite of these tests, each with `seconds` (0: as long as any), between set_up and tear_down
 * (NULL: nothing). */
#define tri_test_suite(name, seconds, set_up, tear_down, ...)                                      \
  tri_test_suite_of(name, seconds, set_up, tear_down,                                              \
                    sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(const TTest *),           \
                    (const TTest *const[]){__VA_ARGS__})

static inline Suite *tri_test_suite_of(const char *name, double seconds, SFun before, SFun after,
                                       size_t n, const TTest *const *tests) {
  Suite *suite = suite_create(name);
  TCase *tests_of = tcase_create(name);
  if (seconds > 0.0) tcase_set_timeout(tests_of, seconds);
  tcase_add_checked_fixture(tests_of, before, after);
  for (size_t i = 0; i < n; i++) tcase_add_test(tests_of, tests[i]);
  suite_add_tcase(suite, tests_of);
  return suite;
}

#endif
