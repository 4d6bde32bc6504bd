/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The main function of every test program: one suite, its results as TAP on standard output.
 * CK_FORK, CK_RUN_CASE and CK_DEFAULT_TIMEOUT are Check's and work as its manual says. */
#ifndef TRIAD_TESTS_RUNNER_H
#define TRIAD_TESTS_RUNNER_H

#include <locale.h>
#include <stdlib.h>

#include <check.h>
#include <triad/numbers.h>

/* Runs what make() returns; the exit status of the program. The locale is the environment's, so that check-locale
 * tests triad in a program that has set a comma locale. */
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

#endif
