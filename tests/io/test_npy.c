/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* NPY: every type, order and version; what is written is read back; truncated and damaged files. */
#include <errno.h>
#include <sys/stat.h>

#include "tests/io/helper.h"

/* An NPY file as the format's description has it: a header of this version, and the data. */
static void make(tri_text *text, int version, const char *header, const void *data, size_t size) {
  size_t length = strlen(header);
  unsigned char start[12] = "\x93NUMPY";
  start[6] = (unsigned char)version;
  start[8] = (unsigned char)length;
  start[9] = (unsigned char)(length >> 8);
  text->size = 0;
  tri__text_add(text, (char *)start, version == 1 ? 10 : 12);
  tri__text_puts(text, header);
  tri__text_add(text, data, size);
}

static tri_status parse(const tri_text *text, tri_array *a, tri_error *error) {
  unsigned char *bytes = exactly(text->data, text->size);
  tri_status status =
      tri_npy_parse(bytes, text->size, &(tri_io_options){.error = error, .limit = 100000}, a);
  free(bytes);
  return status;
}

START_TEST(versions) {
  static const double data[6] = {1, -2.5, 3, 4, 5, 6e300};
  for (int version = 1; version <= 3; version++) {
    tri_text text = {0};
    tri_array a;
    make(&text, version, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }   \n", data,
         48);
    ck_assert_int_eq(parse(&text, &a, NULL), TRI_OK);
    ck_assert_int_eq(a.dtype, TRI_F8);
    ck_assert_uint_eq(a.rank, 2);
    ck_assert_uint_eq(a.dims[0], 2);
    ck_assert_uint_eq(a.dims[1], 3);
    ck_assert_mem_eq(a.data, data, 48);
    tri_array_free(&a);
    tri_text_free(&text);
  }
}
END_TEST

/* The number -3 (or 3, or 1) in each type, lowest byte first. */
static const struct {
  const char *type;
  tri_dtype dtype;
  unsigned char bytes[8];
  double value;
} numbers[] = {
    {"f4", TRI_F4, {0, 0, 0x40, 0xc0}, -3},
    {"f8", TRI_F8, {0, 0, 0, 0, 0, 0, 8, 0xc0}, -3},
    {"i1", TRI_I1, {0xfd}, -3},
    {"i2", TRI_I2, {0xfd, 0xff}, -3},
    {"i4", TRI_I4, {0xfd, 0xff, 0xff, 0xff}, -3},
    {"i8", TRI_I8, {0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -3},
    {"u1", TRI_U1, {0xfd}, 253},
    {"u2", TRI_U2, {0xfd, 0xff}, 65533},
    {"u4", TRI_U4, {0xfd, 0xff, 0xff, 0xff}, 4294967293},
    {"u8", TRI_U8, {0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 18446744073709551613.0},
    {"b1", TRI_B1, {5}, 1},
};
enum { TYPES = sizeof numbers / sizeof *numbers };

START_TEST(types) {
  ck_assert_uint_eq(TYPES, TRI_DTYPES);
  for (size_t i = 0; i < TYPES; i++)
    for (int big = 0; big < 2; big++) {
      size_t size = tri_dtype_size(numbers[i].dtype);
      char header[80];
      unsigned char bytes[8];
      tri_text text = {0};
      tri_array a;
      ck_assert_str_eq(tri_dtype_name(numbers[i].dtype), numbers[i].type);
      for (size_t k = 0; k < size; k++) bytes[k] = numbers[i].bytes[big ? size - 1 - k : k];
      snprintf(header, sizeof header, "{\"shape\":(),'fortran_order':False,'descr':'%c%s'}",
               big ? '>' : '<', numbers[i].type);
      make(&text, 1, header, bytes, size);
      ck_assert_int_eq(parse(&text, &a, NULL), TRI_OK);
      ck_assert_int_eq(a.dtype, numbers[i].dtype);
      ck_assert_uint_eq(a.rank, 0);
      ck_assert_uint_eq(a.count, 1);
      ck_assert(tri_array_double(&a, 0) == numbers[i].value);
      double x;
      float f;
      tri_array_doubles(&a, &x);
      tri_array_floats(&a, &f);
      ck_assert(x == numbers[i].value && f == (float)numbers[i].value);
      tri_array_free(&a);
      tri_text_free(&text);
    }
  ck_assert_ptr_null(tri_dtype_name(TRI_DTYPES));
  ck_assert_uint_eq(tri_dtype_size(TRI_DTYPES), 0);
}
END_TEST

/* Element [i, j, k] is 100 i + 10 j + k; in columns i runs fastest. Larger than one piece. */
START_TEST(columns) {
  enum { A = 13, B = 40, C = 21 };
  int16_t *data = malloc(sizeof *data * A * B * C);
  for (size_t i = 0; i < A; i++)
    for (size_t j = 0; j < B; j++)
      for (size_t k = 0; k < C; k++) data[i + A * (j + B * k)] = (int16_t)(100 * i + 10 * j + k);
  tri_text text = {0};
  tri_array a;
  make(&text, 2, "{'descr': '<i2', 'fortran_order': True, 'shape': (13, 40, 21)}\n", data,
       sizeof *data * A * B * C);
  ck_assert_int_eq(parse(&text, &a, NULL), TRI_OK);
  for (size_t i = 0; i < A; i++)
    for (size_t j = 0; j < B; j++)
      for (size_t k = 0; k < C; k++)
        ck_assert(tri_array_double(&a, (i * B + j) * C + k) ==
                  (double)(int16_t)(100 * i + 10 * j + k));
  tri_array_free(&a);
  tri_text_free(&text);
  free(data);
}
END_TEST

START_TEST(written_and_read) {
  const char *path = "test-npy.npy";
  for (size_t i = 0; i < TRI_DTYPES; i++)
    for (size_t rank = 0; rank <= 3; rank++) {
      size_t dims[3] = {2, 0, 5};
      if (i % 2) dims[1] = 3;
      tri_array a, b;
      ck_assert_int_eq(tri_array_new((tri_dtype)i, rank, dims, NULL, &a), TRI_OK);
      for (size_t k = 0; k < a.count * tri_dtype_size(a.dtype); k++)
        ((unsigned char *)a.data)[k] = a.dtype == TRI_B1 ? k & 1 : (unsigned char)(k * 7 + 1);
      ck_assert_int_eq(tri_npy_write(path, &a, NULL), TRI_OK);
      ck_assert_int_eq(tri_npy_read(path, NULL, &b), TRI_OK);
      ck_assert_int_eq(b.dtype, a.dtype);
      ck_assert_uint_eq(b.rank, rank);
      ck_assert_uint_eq(b.count, a.count);
      ck_assert(memcmp(a.dims, b.dims, sizeof a.dims) == 0);
      if (a.count) ck_assert_mem_eq(a.data, b.data, a.count * tri_dtype_size(a.dtype));
      tri_text text = {0};
      ck_assert_int_eq(tri_npy_format(&a, &text), TRI_OK);
      ck_assert_uint_eq((text.size - a.count * tri_dtype_size(a.dtype)) % 64, 0);
      tri_array_free(&a);
      tri_array_free(&b);
      ck_assert_int_eq(parse(&text, &b, NULL), TRI_OK);
      tri_array_free(&b);
      tri_text_free(&text);
    }
  unlink(path);
}
END_TEST

START_TEST(refused) {
  static const struct {
    const char *header, *message;
    tri_status status;
  } cases[] = {
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}",
       "the data end after 16 of 24 bytes", TRI_FILE},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "more bytes follow", TRI_FILE},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2)}", "shape is not one", TRI_FILE},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}", "shape is not one", TRI_FILE},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1 2)}", "shape is not one", TRI_FILE},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
       "shape is not one", TRI_FILE},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
       "more elements than", TRI_LIMIT},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': "
       "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}",
       "more than 32 dimensions", TRI_LIMIT},
      {"{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", "type '<c16' cannot", TRI_FILE},
      {"{'descr': '|f8', 'fortran_order': False, 'shape': (2,)}", "no byte order", TRI_FILE},
      {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,)}", "no simple type",
       TRI_FILE},
      {"{'descr': '<f8', 'fortran_order': Maybe, 'shape': (2,)}", "neither True nor False",
       TRI_FILE},
      {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", "twice",
       TRI_FILE},
      {"{'descr': '<f8', 'order': False, 'shape': (2,)}", "'order' in it", TRI_FILE},
      {"{'descr': '<f8', 'shape': (2,)}", "not one of NPY", TRI_FILE},
      {"{'descr': '<f8' 'fortran_order': False, 'shape': (2,)}", "not one of NPY", TRI_FILE},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} x", "not one of NPY", TRI_FILE},
      {"", "not one of NPY", TRI_FILE},
  };
  static const double data[2] = {1, 2};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    tri_text text = {0};
    tri_array a;
    tri_error error;
    make(&text, 1, cases[i].header, data, sizeof data);
    ck_assert_int_eq(parse(&text, &a, &error), cases[i].status);
    ck_assert_msg(strstr(error.message, cases[i].message) != NULL, "%s: %s", cases[i].header,
                  error.message);
    ck_assert_ptr_null(a.data);
    tri_text_free(&text);
  }
}
END_TEST

/* The limit holds before anything is allocated, also where the file's size is not known. */
START_TEST(limits) {
  struct watched w;
  tri_array a;
  tri_error error;
  tri_text text = {0};
  double data[100] = {0};
  make(&text, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (100,)}", data, sizeof data);
  watch(&w);
  tri_io_options options = {.limit = 799, .allocator = &w.allocator, .error = &error};
  ck_assert_int_eq(tri_npy_parse(text.data, text.size, &options, &a), TRI_LIMIT);
  ck_assert_str_eq(error.message,
                   "the bytes: 800 bytes of memory are needed, and the limit is 799");
  ck_assert_uint_lt(w.most, 200);
  options.limit = 800;
  ck_assert_int_eq(tri_npy_parse(text.data, text.size, &options, &a), TRI_OK);
  ck_assert_uint_eq(w.in_use, 800);
  tri_array_free(&a);
  ck_assert_uint_eq(w.in_use, 0);
  tri_text_free(&text);
  size_t dims[2] = {SIZE_MAX / 2, 3};
  ck_assert_int_eq(tri_array_new(TRI_F8, 2, dims, &options, &a), TRI_LIMIT);
  ck_assert_int_eq(tri_array_new(TRI_DTYPES, 0, dims, &options, &a), TRI_ARGUMENT);
  ck_assert_int_eq(tri_array_new(TRI_F8, 33, dims, &options, &a), TRI_ARGUMENT);
}
END_TEST

START_TEST(files) {
  tri_error error;
  tri_array a, b;
  tri_io_options options = {.error = &error};
  ck_assert_int_eq(tri_npy_read("there-is-no-such-file", &options, &a), TRI_FILE);
  ck_assert_int_eq(strncmp(error.message, "there-is-no-such-file: cannot be read: ", 39), 0);
  ck_assert_str_eq(error.message + 39, strerror(ENOENT));
  ck_assert_int_eq(tri_npy_read(".", &options, &a), TRI_FILE);
  ck_assert_str_eq(error.message, ".: it is a directory");
  size_t one = 1;
  ck_assert_int_eq(tri_array_new(TRI_F4, 1, &one, NULL, &a), TRI_OK);
  ck_assert_int_eq(tri_npy_write(".", &a, &options), TRI_FILE);
  ck_assert_int_eq(tri_npy_write("no-such-folder/a.npy", &a, &options), TRI_FILE);
  ck_assert_int_eq(tri_npy_write("/dev/null", &a, &options), TRI_OK);
  struct stat st;
  ck_assert(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
  volatile int stop = 1;
  options.interrupt = &stop;
  ck_assert_int_eq(tri_npy_write("test-npy-stopped.npy", &a, &options), TRI_INTERRUPTED);
  ck_assert(stat("test-npy-stopped.npy", &st) != 0);
  options.interrupt = NULL;
  /* A link stays one. */
  unlink("test-npy-link.npy");
  write_file("test-npy-target.npy", "", 0);
  ck_assert_int_eq(symlink("test-npy-target.npy", "test-npy-link.npy"), 0);
  ck_assert_int_eq(tri_npy_write("test-npy-link.npy", &a, &options), TRI_OK);
  ck_assert(lstat("test-npy-link.npy", &st) == 0 && S_ISLNK(st.st_mode));
  ck_assert_int_eq(tri_npy_read("test-npy-target.npy", &options, &b), TRI_OK);
  tri_array_free(&a);
  tri_array_free(&b);
  unlink("test-npy-link.npy");
  unlink("test-npy-target.npy");
}
END_TEST

/* A file to be damaged. */
static void sample(tri_text *text) {
  static const int32_t data[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  make(text, 1, "{'descr': '<i4', 'fortran_order': True, 'shape': (3, 4), }           \n", data,
       sizeof data);
}

START_TEST(truncated) {
  tri_text text = {0};
  sample(&text);
  for (size_t size = 0; size < text.size; size++)
    ck_assert_int_ne(read_damaged(tri_npy_parse, (unsigned char *)text.data, size), TRI_OK);
  ck_assert_int_eq(read_damaged(tri_npy_parse, (unsigned char *)text.data, text.size), TRI_OK);
  tri_text_free(&text);
}
END_TEST

START_TEST(damaged) {
  struct random r = random_start(20260601);
  tri_text text = {0};
  sample(&text);
  unsigned char *bytes = malloc(text.size + 64);
  long good = 0, variants = 10000L * test_multiplier();
  for (long i = 0; i < variants; i++) {
    size_t size = damage(&r, (unsigned char *)text.data, text.size, bytes);
    good += read_damaged(tri_npy_parse, bytes, size) == TRI_OK;
  }
  ck_assert(good > 0 && good < variants);
  for (size_t i = 0; i < text.size; i++) /* every byte, with every value */
    for (unsigned value = 0; value < 256; value++) {
      memcpy(bytes, text.data, text.size);
      bytes[i] = (unsigned char)value;
      read_damaged(tri_npy_parse, bytes, text.size);
    }
  free(bytes);
  tri_text_free(&text);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("npy");
  TCase *c = tcase_create("npy");
  tcase_add_test(c, versions);
  tcase_add_test(c, types);
  tcase_add_test(c, columns);
  tcase_add_test(c, written_and_read);
  tcase_add_test(c, refused);
  tcase_add_test(c, limits);
  tcase_add_test(c, files);
  tcase_add_test(c, truncated);
  tcase_add_test(c, damaged);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("npy", suite); }
