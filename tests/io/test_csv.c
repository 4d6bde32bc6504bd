/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CSV: RFC 4180, separators, headers, numbers rounded once, errors with their place, damaged files.
 * */
#include <float.h>
#include <math.h>

#include "tests/io/helper.h"

static tri_status parse(const char *text, const tri_csv_options *csv, tri_array *a,
                        tri_error *error) {
  size_t size = strlen(text);
  unsigned char *bytes = exactly(text, size);
  tri_status status = tri_csv_parse(bytes, size, csv, &(tri_io_options){.error = error}, a);
  free(bytes);
  return status;
}

/* Whether the text has these numbers. */
static void reads(const char *text, const tri_csv_options *csv, size_t rows, size_t columns,
                  const double *numbers) {
  tri_array a;
  tri_error error;
  ck_assert_msg(parse(text, csv, &a, &error) == TRI_OK, "%s: %s", text, error.message);
  ck_assert_int_eq(a.dtype, TRI_F8);
  ck_assert_uint_eq(a.rank, 2);
  ck_assert_uint_eq(a.dims[0], rows);
  ck_assert_uint_eq(a.dims[1], columns);
  for (size_t i = 0; i < rows * columns; i++) {
    double x = tri_array_double(&a, i);
    ck_assert_int_eq(signbit(x) != 0, signbit(numbers[i]) != 0);
    ck_assert_msg(x == numbers[i] || (isnan(x) && isnan(numbers[i])), "%s: %g", text, x);
  }
  tri_array_free(&a);
}

static const double six[] = {1, 2, 3, 4, 5, 6};

START_TEST(layouts) {
  static const char *const texts[] = {
      "1,2,3\n4,5,6\n",
      "1,2,3\r\n4,5,6",
      "1,2,3\r4,5,6\r",
      "1;2;3\n4;5;6\n",
      "1\t2\t3\n4\t5\t6\n",
      "\357\273\2771,2,3\n4,5,6\n\n\r\n\r",
      " 1 , +2,3 \n4.0, 5e0,0.6e+1\n",
      "\"1\",\"2\" ,3\n\"4\",5,\" 6 \"\n",
      "a,b,c\n1,2,3\n4,5,6",
      "\"a;x\"\"y\nz\";b;\n1;2;3\n4;5;6",
      "1.,2.e0,+.3e1\n4,5,6.\n",
      "0x1p0,2,3\n4,5,6",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) reads(texts[i], NULL, 2, 3, six);
  reads("1,2,3,4,5,6", NULL, 1, 6, six);
  reads("1\n2\n3\n4\n5\n6\n", NULL, 6, 1, six);
  reads("1 ,\t2,3\n4,5,6\t\n", &(tri_csv_options){.separator = ','}, 2, 3, six);
  reads("", NULL, 0, 0, NULL);
  reads(",,c\n1,2,3\n4,5,6\n", NULL, 2, 3, six);
  reads("7,8\n1,2\n3,4\n", &(tri_csv_options){.header = TRI_CSV_NAMES}, 2, 2, six);
  reads("1 2;3\t4\n", &(tri_csv_options){.header = TRI_CSV_NAMES, .separator = ';'}, 0, 2, six);
}
END_TEST

START_TEST(numbers) {
  const double values[] = {0.1,     -0.0,     1e22,      5e-324, 0, DBL_MAX, 9007199254740993.0,
                           1.0 / 3, HUGE_VAL, -HUGE_VAL, NAN};
  reads("0.1,-0,1e22,4e-324,1e-400,1.7976931348623157e308,9007199254740993,"
        "0.333333333333333314829616256247390992939472198486328125,inf,-Infinity,NaN",
        NULL, 1, 11, values);
  /* Halfway between two doubles, and a little above. */
  const double halves[] = {1.0, 1.0 + DBL_EPSILON};
  reads("1.00000000000000011102230246251565404236316680908203125,"
        "1.000000000000000111022302462515654042363166809082031251",
        NULL, 1, 2, halves);
}
END_TEST

/* Of every length, so that one fills the memory that was taken for it: a sanitizer sees who reads
 * on. */
START_TEST(long_numbers) {
  char text[301];
  for (size_t n = 1; n < 300; n++)
    for (int sign = 0; sign < 2; sign++) {
      const double seven = sign ? -7 : 7;
      memset(text, '0', n);
      text[0] = "+-"[sign];
      strcpy(text + n, "7");
      reads(text, NULL, 1, 1, &seven);
      text[n - 1] = text[0]; /* "++7", and "+7" again */
      tri_array a;
      tri_status status = parse(text, &(tri_csv_options){.header = TRI_CSV_NONE}, &a, NULL);
      ck_assert_int_eq(status, n > 1 ? TRI_FILE : TRI_OK);
      tri_array_free(&a);
    }
}
END_TEST

START_TEST(refused) {
  static const struct {
    const char *text;
    uint32_t line, column;
    const char *message;
  } cases[] = {
      {"1,2\n3,x\n", 2, 3, "'x' is no number"},
      {"1,2\n3,\n", 2, 3, "an empty field"},
      {"1,,2\n", 1, 3, "an empty field"},
      {"a,1\n2,3\n", 1, 1, "'a' is no number"},
      {"1,a\n2,3\n", 1, 3, "'a' is no number"},
      {"1,2\n\n3,4\n", 2, 1, "an empty line"},
      {"\n1\n", 1, 1, "an empty field"},
      {"1,2\n3\n", 2, 2, "1 field, where the first line has 2"},
      {"1,2\n3,4,5\n", 2, 5, "3 fields, where the first line has 2"},
      {"1;2\n3,5;4\n", 2, 1, "'3,5' is no number (numbers have a point, not a comma)"},
      {"1,2\n\"3,4\n", 2, 1, "the quote is not closed"},
      {"1,2\n\"3\"4,5\n", 2, 4, "something follows a quote"},
      {"1,2\n3\",5\n", 2, 2, "a quote in a field"},
      {"1,2\n3,1e400\n", 2, 3, "a number too large for a double"},
      {"1,2\n3,1e99999999999\n", 2, 3, "a number of too many digits"},
      {"1,2\n3,--1\n", 2, 3, "'--1' is no number"},
      {"1,2\n3,1e\n", 2, 3, "'1e' is no number"},
      {"1,2\n3,1 2\n", 2, 3, "'1 2' is no number"},
      {"1,2\n3,.\n", 2, 3, "'.' is no number"},
      {"1,2\n3,0x\n", 2, 3, "'0x' is no number"},
      {"1,\"2\"\n\"4\n5\",6\n", 2, 1, "'4?5' is no number"},
      {"漢字,é\n1,2\n漢字,3\n4,x", 3, 1,
       "'?"
       "\?\?\?\?\?' is no number"},
      {"1,2\n\"漢\",3\n", 2, 1,
       "'?"
       "\?\?' is no number"},
      {"漢字,é,a\"\n1,2\n", 1, 9, "a quote in a field"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    tri_array a;
    tri_error error;
    char place[160];
    tri_status status = parse(cases[i].text, NULL, &a, &error);
    snprintf(place, sizeof place, "the bytes: line %u, column %u: %s", cases[i].line,
             cases[i].column, cases[i].message);
    ck_assert_msg(status == TRI_FILE || status == TRI_LIMIT, "%s is read", cases[i].text);
    ck_assert_msg(strncmp(error.message, place, strlen(place)) == 0, "%s: %s", cases[i].text,
                  error.message);
    ck_assert_uint_eq(error.line, cases[i].line);
    ck_assert_uint_eq(error.column, cases[i].column);
  }
  tri_array a;
  tri_error error;
  ck_assert_int_eq(parse("1", &(tri_csv_options){.separator = '|'}, &a, &error), TRI_ARGUMENT);
  ck_assert_int_eq(parse("1", &(tri_csv_options){.header = (tri_csv_header)7}, &a, &error),
                   TRI_ARGUMENT);
  ck_assert_int_eq(parse("a,b\n1,2", &(tri_csv_options){.header = TRI_CSV_NONE}, &a, &error),
                   TRI_FILE);
}
END_TEST

/* Longer than a piece of the reader's, with lines that end anywhere in it. */
START_TEST(long_files) {
  tri_text text = {0};
  enum { LINES = 20000 };
  for (int i = 0; i < LINES; i++) tri__text_printf(&text, "%d,\"%d\"\r\n", i, -i);
  write_file("test-csv.csv", text.data, text.size);
  struct watched w;
  tri_array a;
  watch(&w);
  tri_io_options options = {.allocator = &w.allocator, .limit = 1000000};
  ck_assert_int_eq(tri_csv_read("test-csv.csv", NULL, &options, &a), TRI_OK);
  ck_assert_uint_eq(a.dims[0], LINES);
  ck_assert_uint_lt(w.most, 1000001);
  for (size_t i = 0; i < LINES; i++)
    ck_assert(tri_array_double(&a, 2 * i) == (double)i &&
              tri_array_double(&a, 2 * i + 1) == -(double)i);
  ck_assert_uint_eq(w.in_use, 2 * LINES * sizeof(double));
  tri_array_free(&a);
  options.limit = 100000;
  ck_assert_int_eq(tri_csv_read("test-csv.csv", NULL, &options, &a), TRI_LIMIT);
  ck_assert_uint_eq(w.in_use, 0);
  tri_text_free(&text);
  unlink("test-csv.csv");
}
END_TEST

START_TEST(written) {
  const double values[] = {0.1, -0.0, 1e300, 5e-324, HUGE_VAL, 1e16};
  size_t dims[3] = {3, 2, 1};
  tri_array a, b;
  for (size_t rank = 0; rank <= 2; rank++) {
    ck_assert_int_eq(tri_array_new(TRI_F8, rank, dims, NULL, &a), TRI_OK);
    memcpy(a.data, values, a.count * sizeof *values);
    ck_assert_int_eq(tri_csv_write("test-csv-out.csv", &a, NULL), TRI_OK);
    ck_assert_int_eq(tri_array_read("test-csv-out.csv", NULL, &b), TRI_OK);
    ck_assert_uint_eq(b.dims[0], rank ? 3 : 1);
    ck_assert_uint_eq(b.dims[1], rank == 2 ? 2 : 1);
    ck_assert_mem_eq(a.data, b.data, a.count * sizeof *values);
    tri_array_free(&a);
    tri_array_free(&b);
  }
  ck_assert_int_eq(tri_array_new(TRI_F4, 3, dims, NULL, &a), TRI_OK);
  ck_assert_int_eq(tri_csv_write("test-csv-out.csv", &a, NULL), TRI_SHAPE);
  a.rank = 2;
  ((float *)a.data)[5] = 0.1f;
  ck_assert_int_eq(tri_csv_write("test-csv-out.csv", &a, NULL), TRI_OK);
  FILE *file = fopen("test-csv-out.csv", "r");
  char text[64] = "";
  ck_assert_uint_eq(fread(text, 1, sizeof text, file), 14);
  fclose(file);
  ck_assert_str_eq(text, "0,0\n0,0\n0,0.1\n");
  tri_array_free(&a);
  unlink("test-csv-out.csv");
}
END_TEST

static const char sample[] = "name, \"second, column\" ,c\r\n1.5,-2e10,\"3\"\n4,5,6\n7,0x8,inf\n\n";

static tri_status parse_plain(const void *bytes, size_t size, const tri_io_options *options,
                              tri_array *array) {
  return tri_csv_parse(bytes, size, NULL, options, array);
}

START_TEST(damaged) {
  struct random r = random_start(20260602);
  size_t whole = sizeof sample - 1;
  unsigned char *bytes = malloc(whole + 64);
  long good = 0, variants = 10000L * test_multiplier();
  for (size_t size = 0; size <= whole; size++)
    read_damaged(parse_plain, (const unsigned char *)sample, size);
  for (long i = 0; i < variants; i++) {
    size_t size = damage(&r, (const unsigned char *)sample, whole, bytes);
    good += read_damaged(parse_plain, bytes, size) == TRI_OK;
  }
  ck_assert(good > 0 && good < variants);
  free(bytes);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("csv");
  TCase *c = tcase_create("csv");
  tcase_add_test(c, layouts);
  tcase_add_test(c, numbers);
  tcase_add_test(c, long_numbers);
  tcase_add_test(c, refused);
  tcase_add_test(c, long_files);
  tcase_add_test(c, written);
  tcase_add_test(c, damaged);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("csv", suite); }
