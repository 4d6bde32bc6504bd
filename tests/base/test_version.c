/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The library linked is the version that the header and configure name. */
#include <stdio.h>

#include <triad.h>

#include "config.h"
#include "tests/runner.h"

START_TEST(version_is_one) {
  char numbers[64];
  snprintf(numbers, sizeof numbers, "%d.%d.%d", TRI_VERSION_MAJOR, TRI_VERSION_MINOR,
           TRI_VERSION_PATCH);
  ck_assert_str_eq(tri_version(), TRI_VERSION);
  ck_assert_str_eq(tri_version(), numbers);
  ck_assert_str_eq(tri_version(), PACKAGE_VERSION);
}
END_TEST

static Suite *version_suite(void) {
  Suite *suite = suite_create("version");
  TCase *tc = tcase_create("version");
  tcase_add_test(tc, version_is_one);
  suite_add_tcase(suite, tc);
  return suite;
}

int main(void) { return tri_test_main("version", version_suite); }
