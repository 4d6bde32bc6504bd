/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of readers and writers failed once. */
#include "config.h"

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

/* Arrays with names, to a file and back. Jansson's and libzip's own memory is not drawn from here.
 * */
#if HAVE_JANSSON || HAVE_LIBZIP
static tri_status archives(const tri_allocator *allocator,
                           tri_status (*write)(const char *path, const tri_archive *archive,
                                               const tri_io_options *options),
                           const char *path) {
  tri_io_options options = {.allocator = allocator};
  tri_archive a = {.allocator = allocator}, b = {.n = 0};
  tri_status status = TRI_OK;
  for (int i = 0; i < 5 && status == TRI_OK; i++) {
    char name[8];
    tri_array array;
    snprintf(name, sizeof name, "a%d", i);
    status = tri_array_new(TRI_F4, 1, (size_t[]){7}, &options, &array);
    if (status == TRI_OK) status = tri_archive_add(&a, name, &array);
    tri_array_free(&array);
  }
  if (status == TRI_OK) status = write(path, &a, &options);
  if (status == TRI_OK) status = tri_archive_read(path, &options, &b);
  if (status == TRI_OK) ck_assert_uint_eq(b.n, 5);
  tri_archive_free(&a);
  tri_archive_free(&b);
  return status;
}

#endif

#if HAVE_JANSSON
static tri_status safetensors_scenario(const tri_allocator *allocator) {
  return archives(allocator, tri_safetensors_write, "oom-io.safetensors");
}

START_TEST(safetensors) {
  ck_assert_int_gt(failing_loop(safetensors_scenario), 20);
  unlink("oom-io.safetensors");
}
END_TEST
#endif

#if HAVE_LIBZIP
static tri_status write_npz(const char *path, const tri_archive *archive,
                            const tri_io_options *options) {
  return tri_npz_write(path, archive, 0, options);
}

static tri_status npz_scenario(const tri_allocator *allocator) {
  return archives(allocator, write_npz, "oom-io.npz");
}

START_TEST(npz) {
  ck_assert_int_gt(failing_loop(npz_scenario), 20);
  unlink("oom-io.npz");
}
END_TEST
#endif

#if HAVE_ZLIB
/* "1,2" packed by gzip. */
static const unsigned char packed[] = {31, 139, 8, 0,   0,   0,  0,  0, 2, 3, 51, 212,
                                       49, 2,   0, 155, 108, 14, 43, 3, 0, 0, 0};

static tri_status gzip_scenario(const tri_allocator *allocator) {
  tri_io_options options = {.allocator = allocator};
  tri_array a;
  tri_status status = tri_csv_parse(packed, sizeof packed, NULL, &options, &a);
  if (status == TRI_OK) ck_assert_uint_eq(a.count, 2);
  tri_array_free(&a);
  return status;
}

START_TEST(gzip) { ck_assert_int_gt(failing_loop(gzip_scenario), 3); }
END_TEST
#endif

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_io");
  TCase *c = tcase_create("oom_io");
  tcase_add_test(c, npy_and_csv);
#if HAVE_JANSSON
  tcase_add_test(c, safetensors);
#endif
#if HAVE_LIBZIP
  tcase_add_test(c, npz);
#endif
#if HAVE_ZLIB
  tcase_add_test(c, gzip);
#endif
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_io", oom_suite); }
