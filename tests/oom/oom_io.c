/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of readers and writers failed once. */
#include <stdio.h>
#include <string.h>
#include <triad.h>
#include <unistd.h>

#include "tests/failing.h"
#include "tests/runner.h"

static const char csv[] = "a,b\n1,2\n3,4\n5,6\n7,8\n9,10\n";

/* Numbers from text, to a file, and back. */
static tri_status there_and_back(const tri_allocator *allocator) {
  tri_io_options options = {.allocator = allocator};
  tri_array a, b = {.data = NULL};
  tri_status status = tri_csv_parse(csv, sizeof csv - 1, NULL, &options, &a);
  if (status == TRI_OK) status = tri_npy_write("oom-io.npy", &a, &options);
  if (status == TRI_OK) status = tri_npy_read("oom-io.npy", &options, &b);
  if (status == TRI_OK) status = tri_csv_write("oom-io.npy", &b, &options);
  if (status == TRI_OK) ck_assert_mem_eq(a.data, b.data, a.count * sizeof(double));
  tri_array_free(&a);
  tri_array_free(&b);
  return status;
}

START_TEST(npy_and_csv) {
  ck_assert_int_gt(failing_loop(there_and_back), 5);
  unlink("oom-io.npy");
}
END_TEST

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_io");
  TCase *c = tcase_create("oom_io");
  tcase_add_test(c, npy_and_csv);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_io", oom_suite); }
