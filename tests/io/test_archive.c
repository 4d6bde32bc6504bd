/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* IDX, gzip, NPZ and safetensors: what others wrote, what is written and read back, what is
 * refused, truncated and damaged files. */
#include "config.h"

#include "tests/io/helper.h"

/* What Python's zipfile writes as numpy.savez does, with sizes for zip64: a, stored, is [0, 1.5,
 * -2]; layer/b, packed, has bytes. */
static const unsigned char npz[] = {
    80,  75,  3,   4,   45,  0,   0,   0,   0,   0,   0,   0,   33,  0,   240, 226, 142, 213, 255,
    255, 255, 255, 255, 255, 255, 255, 5,   0,   20,  0,   97,  46,  110, 112, 121, 1,   0,   16,
    0,   152, 0,   0,   0,   0,   0,   0,   0,   152, 0,   0,   0,   0,   0,   0,   0,   147, 78,
    85,  77,  80,  89,  1,   0,   118, 0,   123, 39,  100, 101, 115, 99,  114, 39,  58,  32,  39,
    60,  102, 56,  39,  44,  32,  39,  102, 111, 114, 116, 114, 97,  110, 95,  111, 114, 100, 101,
    114, 39,  58,  32,  70,  97,  108, 115, 101, 44,  32,  39,  115, 104, 97,  112, 101, 39,  58,
    32,  40,  51,  44,  41,  44,  32,  125, 32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,
    32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,
    32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,
    32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  10,  0,   0,   0,   0,   0,   0,   0,
    0,   0,   0,   0,   0,   0,   0,   248, 63,  0,   0,   0,   0,   0,   0,   0,   192, 80,  75,
    3,   4,   45,  0,   0,   0,   8,   0,   0,   0,   33,  0,   235, 249, 177, 250, 255, 255, 255,
    255, 255, 255, 255, 255, 11,  0,   20,  0,   108, 97,  121, 101, 114, 47,  98,  46,  110, 112,
    121, 1,   0,   16,  0,   208, 0,   0,   0,   0,   0,   0,   0,   151, 0,   0,   0,   0,   0,
    0,   0,   155, 236, 23,  234, 27,  16,  201, 200, 80,  198, 80,  173, 158, 146, 90,  156, 92,
    164, 110, 165, 160, 94,  83,  106, 168, 174, 163, 160, 158, 150, 95,  84,  82,  148, 152, 23,
    159, 95,  148, 146, 10,  18,  119, 75,  204, 41,  78,  5,   138, 23,  103, 36,  22,  164, 2,
    249, 26,  70,  58,  10,  38,  6,   154, 58,  10,  181, 10,  228, 2,   46,  6,   70,  38,  102,
    22,  86,  54,  118, 14,  78,  46,  110, 30,  94,  62,  126, 1,   65,  33,  97,  17,  81,  49,
    113, 9,   73,  41,  105, 25,  89,  57,  121, 5,   69,  37,  101, 21,  85,  53,  117, 13,  77,
    45,  109, 29,  93,  61,  125, 3,   67,  35,  99,  19,  83,  51,  115, 11,  75,  43,  107, 27,
    91,  59,  123, 7,   71,  39,  103, 23,  87,  55,  119, 15,  79,  47,  111, 31,  95,  63,  127,
    0,   80,  75,  1,   2,   45,  3,   45,  0,   0,   0,   0,   0,   0,   0,   33,  0,   240, 226,
    142, 213, 152, 0,   0,   0,   152, 0,   0,   0,   5,   0,   0,   0,   0,   0,   0,   0,   0,
    0,   0,   0,   128, 1,   0,   0,   0,   0,   97,  46,  110, 112, 121, 80,  75,  1,   2,   45,
    3,   45,  0,   0,   0,   8,   0,   0,   0,   33,  0,   235, 249, 177, 250, 151, 0,   0,   0,
    208, 0,   0,   0,   11,  0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   128, 1,   207,
    0,   0,   0,   108, 97,  121, 101, 114, 47,  98,  46,  110, 112, 121, 80,  75,  5,   6,   0,
    0,   0,   0,   2,   0,   2,   0,   108, 0,   0,   0,   163, 1,   0,   0,   0,   0,
};
/* What Python's gzip makes of an IDX file of bytes [2, 3, 4]. */
static const unsigned char packed[] = {
    31, 139, 8,   0,   0,   0,   0,   0,   2,   3,   99,  96,  224, 96,  102, 96,  96,  96,  2,
    98, 16,  205, 194, 192, 200, 196, 204, 194, 202, 198, 206, 193, 201, 197, 205, 195, 203, 199,
    47, 32,  40,  36,  44,  34,  42,  38,  14,  0,   128, 148, 232, 22,  40,  0,   0,   0,
};
static const unsigned char idx[] = {0,  0,  8,  3,  0,  0,  0,  2,  0,  0,  0,  3, 0,  0,
                                    0,  4,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11,
                                    12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};

/* --- what all readers are asked for */

typedef tri_status parse_archive(const void *bytes, size_t size, const tri_io_options *options,
                                 tri_archive *archive);

/* IDX as an archive of one. */
static tri_status parse_idx(const void *bytes, size_t size, const tri_io_options *options,
                            tri_archive *archive) {
  tri_array a;
  *archive = (tri_archive){.allocator = options->allocator};
  tri_status status = tri_idx_parse(bytes, size, options, &a);
  return status == TRI_OK ? tri_archive_add(archive, "a", &a) : status;
}

enum { LIMIT = 200000 };

/* What is read is arrays whose elements are all there, or an error that says why and leaves
 * nothing. */
static tri_status read_damaged_archive(parse_archive *parse, const unsigned char *bytes,
                                       size_t size) {
  struct watched w;
  tri_error error;
  tri_archive archive;
  unsigned char *copy = exactly(bytes, size);
  watch(&w);
  tri_io_options options = {.limit = LIMIT, .allocator = &w.allocator, .error = &error};
  tri_status status = parse(copy, size, &options, &archive);
  ck_assert_int_eq(status, error.status);
  ck_assert_uint_le(w.most, LIMIT);
  for (size_t i = 0; i < archive.n; i++) {
    check_whole(TRI_OK, &archive.entries[i].array, &error, &w, LIMIT);
    ck_assert_ptr_eq(tri_archive_find(&archive, archive.entries[i].name),
                     &archive.entries[i].array);
  }
  if (status != TRI_OK) ck_assert_uint_eq(archive.n, 0);
  if (status != TRI_OK) ck_assert(strlen(error.message) > 3);
  tri_archive_free(&archive);
  ck_assert_uint_eq(w.in_use, 0);
  free(copy);
  return status;
}

/* Truncated at every byte, every byte changed, and variants with more damage. */
static void damage_all(parse_archive *parse, const unsigned char *bytes, size_t size,
                       uint64_t seed) {
  struct random r = random_start(seed);
  unsigned char *copy = malloc(size + 64);
  long good = 0, variants = 10000L * test_multiplier();
  ck_assert_int_eq(read_damaged_archive(parse, bytes, size), TRI_OK);
  for (size_t n = 0; n < size; n++) ck_assert_int_ne(read_damaged_archive(parse, bytes, n), TRI_OK);
  for (size_t i = 0; i < size; i++)
    for (int bit = 0; bit < 8; bit++) {
      memcpy(copy, bytes, size);
      copy[i] ^= (unsigned char)(1 << bit);
      read_damaged_archive(parse, copy, size);
    }
  for (long i = 0; i < variants; i++)
    good += read_damaged_archive(parse, copy, damage(&r, bytes, size, copy)) == TRI_OK;
  ck_assert(good < variants);
  free(copy);
}

/* --- IDX and gzip */

START_TEST(idx_types) {
  static const struct {
    unsigned char code;
    tri_dtype dtype;
    unsigned char bytes[8];
    double value;
  } cases[] = {{8, TRI_U1, {253}, 253},
               {9, TRI_I1, {253}, -3},
               {11, TRI_I2, {255, 253}, -3},
               {12, TRI_I4, {255, 255, 255, 253}, -3},
               {13, TRI_F4, {0xc0, 0x40, 0, 0}, -3},
               {14, TRI_F8, {0xc0, 8, 0, 0, 0, 0, 0, 0}, -3}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned char bytes[16] = {0, 0, cases[i].code, 1, 0, 0, 0, 1};
    tri_array a;
    memcpy(bytes + 8, cases[i].bytes, 8);
    ck_assert_int_eq(tri_idx_parse(bytes, 8 + tri_dtype_size(cases[i].dtype), NULL, &a), TRI_OK);
    ck_assert_int_eq(a.dtype, cases[i].dtype);
    ck_assert_uint_eq(a.rank, 1);
    ck_assert_uint_eq(a.count, 1);
    ck_assert(tri_array_double(&a, 0) == cases[i].value);
    tri_array_free(&a);
  }
  tri_array a;
  ck_assert_int_eq(tri_idx_parse(idx, sizeof idx, NULL, &a), TRI_OK);
  ck_assert_uint_eq(a.rank, 3);
  ck_assert_uint_eq(a.dims[0] * 100 + a.dims[1] * 10 + a.dims[2], 234);
  ck_assert_mem_eq(a.data, idx + 16, 24);
  tri_array_free(&a);
}
END_TEST

START_TEST(idx_damaged) { damage_all(parse_idx, idx, sizeof idx, 20260603); }
END_TEST

START_TEST(gzip) {
  tri_array a;
  tri_error error;
  tri_io_options options = {.error = &error};
  write_file("test-archive.idx.gz", packed, sizeof packed);
#if HAVE_ZLIB
  ck_assert_int_eq(tri_array_read("test-archive.idx.gz", &options, &a), TRI_OK);
  ck_assert_uint_eq(a.count, 24);
  ck_assert_mem_eq(a.data, idx + 16, 24);
  tri_array_free(&a);
  damage_all(parse_idx, packed, sizeof packed, 20260604);
  /* Two members are one behind the other; what is no member is an error. */
  unsigned char twice[2 * sizeof packed];
  memcpy(twice, packed, sizeof packed);
  memcpy(twice + sizeof packed, packed, sizeof packed);
  ck_assert_int_eq(tri_idx_parse(twice, sizeof twice, &options, &a), TRI_FILE);
  ck_assert_str_eq(error.message, "the bytes: more bytes follow than the sizes say");
  ck_assert_int_eq(tri_idx_parse(twice, sizeof packed + 1, &options, &a), TRI_FILE);
  ck_assert_int_eq(tri_idx_parse(packed, sizeof packed - 1, &options, &a), TRI_FILE);
  ck_assert_str_eq(error.message, "the bytes: what gzip packed ends too early");
#else
  ck_assert_int_eq(tri_array_read("test-archive.idx.gz", &options, &a), TRI_FILE);
  ck_assert_str_eq(error.message, "test-archive.idx.gz: gzip packed this, and triad was built "
                                  "without zlib, which unpacks it");
#endif
  unlink("test-archive.idx.gz");
}
END_TEST

/* --- archives */

#if HAVE_LIBZIP || HAVE_JANSSON
/* An archive of an array of every type, with names of all kinds. */
static void fill(tri_archive *archive) {
  *archive = (tri_archive){.n = 0};
  for (size_t i = 0; i < TRI_DTYPES; i++) {
    size_t dims[3] = {i % 4, 3, 2};
    char name[32];
    tri_array a;
    snprintf(name, sizeof name, "layer %zu/\"w\" ä", i);
    ck_assert_int_eq(tri_array_new((tri_dtype)i, i % 4, dims, NULL, &a), TRI_OK);
    for (size_t k = 0; k < a.count * tri_dtype_size(a.dtype); k++)
      ((unsigned char *)a.data)[k] = a.dtype == TRI_B1 ? k & 1 : (unsigned char)(k * 7 + i);
    ck_assert_int_eq(tri_archive_add(archive, name, &a), TRI_OK);
    ck_assert_ptr_null(a.data);
  }
  tri_array again;
  ck_assert_int_eq(tri_array_new(TRI_F8, 0, NULL, NULL, &again), TRI_OK);
  ck_assert_int_eq(tri_archive_add(archive, archive->entries[3].name, &again), TRI_NAME);
  tri_array_free(&again);
  ck_assert_ptr_null(tri_archive_find(archive, "none"));
}

static void check_equal(const tri_archive *a, const tri_archive *b) {
  ck_assert_uint_eq(a->n, b->n);
  for (size_t i = 0; i < a->n; i++) {
    const tri_array *x = &a->entries[i].array, *y = tri_archive_find(b, a->entries[i].name);
    ck_assert_ptr_nonnull(y);
    ck_assert_int_eq(x->dtype, y->dtype);
    ck_assert_uint_eq(x->rank, y->rank);
    ck_assert_uint_eq(x->count, y->count);
    ck_assert(memcmp(x->dims, y->dims, sizeof x->dims) == 0);
    if (x->count) ck_assert_mem_eq(x->data, y->data, x->count * tri_dtype_size(x->dtype));
  }
}

static tri_text contents(const char *path) {
  tri_text text = {0};
  char piece[4096];
  FILE *file = fopen(path, "rb");
  ck_assert_ptr_nonnull(file);
  for (size_t n; (n = fread(piece, 1, sizeof piece, file)) > 0;) tri__text_add(&text, piece, n);
  fclose(file);
  return text;
}
#endif

#if HAVE_LIBZIP
START_TEST(npz_of_python) {
  static const double numbers[] = {0, 1.5, -2};
  tri_archive archive;
  ck_assert_int_eq(tri_npz_parse(npz, sizeof npz, NULL, &archive), TRI_OK);
  ck_assert_uint_eq(archive.n, 2);
  ck_assert_str_eq(archive.entries[0].name, "a");
  ck_assert_mem_eq(archive.entries[0].array.data, numbers, sizeof numbers);
  const tri_array *b = tri_archive_find(&archive, "layer/b");
  ck_assert_ptr_nonnull(b);
  ck_assert_uint_eq(b->count, 80);
  for (size_t i = 0; i < 80; i++) ck_assert(tri_array_double(b, i) == (double)i);
  tri_archive_free(&archive);
}
END_TEST

START_TEST(npz_written_and_read) {
  tri_archive archive, read;
  fill(&archive);
  for (int pack = 0; pack < 2; pack++) {
    ck_assert_int_eq(tri_npz_write("test-archive.npz", &archive, pack, NULL), TRI_OK);
    tri_text first = contents("test-archive.npz");
    ck_assert_int_eq(tri_npz_read("test-archive.npz", NULL, &read), TRI_OK);
    check_equal(&archive, &read);
    tri_archive_free(&read);
    ck_assert_int_eq(tri_npz_parse(first.data, first.size, NULL, &read), TRI_OK);
    check_equal(&archive, &read);
    ck_assert_int_eq(tri_npz_write("test-archive.npz", &read, pack, NULL), TRI_OK);
    tri_text second = contents("test-archive.npz");
    ck_assert_uint_eq(first.size, second.size);
    ck_assert_mem_eq(first.data, second.data, first.size);
    tri_archive_free(&read);
    tri_text_free(&first);
    tri_text_free(&second);
  }
  tri_archive_free(&archive);
  ck_assert_int_eq(tri_npz_write("test-archive.npz", &archive, 0, NULL), TRI_OK);
  ck_assert_int_eq(tri_archive_read("test-archive.npz", NULL, &read), TRI_OK);
  ck_assert_uint_eq(read.n, 0);
  tri_error error;
  tri_io_options options = {.error = &error};
  tri_array a;
  ck_assert_int_eq(tri_array_read("test-archive.npz", &options, &a), TRI_FILE);
  ck_assert_str_eq(error.message, "test-archive.npz: this has arrays with names, not one");
  ck_assert_int_eq(tri_npz_read("no-such-file", &options, &read), TRI_FILE);
  ck_assert_ptr_nonnull(strstr(error.message, "No such file"));
  ck_assert_int_eq(tri_npz_read(".", &options, &read), TRI_FILE);
  ck_assert_str_eq(error.message, ".: it is a directory");
  ck_assert_int_eq(tri_npz_write("no-such-folder/a.npz", &read, 0, &options), TRI_FILE);
  ck_assert_int_eq(tri_npz_parse("PK", 2, &options, &read), TRI_FILE);
  ck_assert_int_eq(tri_npz_parse(NULL, 0, &options, &read), TRI_FILE);
  unlink("test-archive.npz");
}
END_TEST

START_TEST(npz_damaged) { damage_all(tri_npz_parse, npz, sizeof npz, 20260605); }
END_TEST

/* The limit is that of all arrays together. */
START_TEST(npz_limit) {
  tri_archive archive;
  tri_error error;
  tri_io_options options = {.limit = 60, .error = &error};
  ck_assert_int_eq(tri_npz_parse(npz, sizeof npz, &options, &archive), TRI_LIMIT);
  options.limit = 4000;
  ck_assert_int_eq(tri_npz_parse(npz, sizeof npz, &options, &archive), TRI_OK);
  tri_archive_free(&archive);
}
END_TEST
#else
START_TEST(no_npz) {
  tri_archive archive = {.n = 0};
  tri_error error;
  tri_io_options options = {.error = &error};
  static const char message[] = "this is a zip file, and triad was built without libzip";
  ck_assert_int_eq(tri_npz_parse(npz, sizeof npz, &options, &archive), TRI_FILE);
  ck_assert_ptr_nonnull(strstr(error.message, message));
  ck_assert_int_eq(tri_npz_write("test-archive.npz", &archive, 0, &options), TRI_FILE);
  ck_assert_ptr_nonnull(strstr(error.message, message));
}
END_TEST
#endif

/* A safetensors file with this header, padded to `size` bytes of data 0, 1, 2, … */
static size_t make_safetensors(unsigned char *to, const char *header, size_t size) {
  size_t length = strlen(header);
  memset(to, 0, 8);
  to[0] = (unsigned char)length;
  to[1] = (unsigned char)(length >> 8);
  memcpy(to + 8, header, length);
  for (size_t i = 0; i < size; i++) to[8 + length + i] = (unsigned char)i;
  return 8 + length + size;
}

static const char two_arrays[] =
    "{\"__metadata__\":{\"format\":\"pt\"},"
    "\"b\":{\"dtype\":\"U8\",\"shape\":[2,3],\"data_offsets\":[4,10]},"
    "\"a \\u00e9\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
    "\"none\":{\"dtype\":\"I64\",\"shape\":[0,5],\"data_offsets\":[10,10]}}  ";

#if HAVE_JANSSON
START_TEST(safetensors) {
  unsigned char bytes[512];
  size_t size = make_safetensors(bytes, two_arrays, 10);
  tri_archive archive;
  ck_assert_int_eq(tri_safetensors_parse(bytes, size, NULL, &archive), TRI_OK);
  ck_assert_uint_eq(archive.n, 3);
  ck_assert_str_eq(archive.entries[0].name, "a é");
  ck_assert_str_eq(archive.entries[1].name, "b");
  ck_assert_str_eq(archive.entries[2].name, "none");
  ck_assert_uint_eq(archive.entries[0].array.rank, 0);
  ck_assert_uint_eq(archive.entries[1].array.dims[1], 3);
  for (size_t i = 0; i < 6; i++)
    ck_assert(tri_array_double(&archive.entries[1].array, i) == (double)(i + 4));
  ck_assert_uint_eq(archive.entries[2].array.count, 0);
  tri_archive_free(&archive);
}
END_TEST

START_TEST(safetensors_written_and_read) {
  tri_archive archive, read;
  fill(&archive);
  ck_assert_int_eq(tri_safetensors_write("test-archive.safetensors", &archive, NULL), TRI_OK);
  ck_assert_int_eq(tri_safetensors_read("test-archive.safetensors", NULL, &read), TRI_OK);
  check_equal(&archive, &read);
  tri_text first = contents("test-archive.safetensors");
  ck_assert_int_eq(tri_safetensors_write("test-archive.safetensors", &read, NULL), TRI_OK);
  tri_text second = contents("test-archive.safetensors");
  ck_assert_uint_eq(first.size, second.size);
  ck_assert_mem_eq(first.data, second.data, first.size);
  ck_assert_uint_eq((8 + (unsigned char)first.data[0] + 256u * (unsigned char)first.data[1]) % 8,
                    0);
  tri_archive_free(&read);
  tri_archive_free(&archive);
  tri_text_free(&first);
  tri_text_free(&second);
  ck_assert_int_eq(tri_safetensors_write("test-archive.safetensors", &archive, NULL), TRI_OK);
  ck_assert_int_eq(tri_archive_read("test-archive.safetensors", NULL, &read), TRI_OK);
  ck_assert_uint_eq(read.n, 0);
  tri_array a;
  ck_assert_int_eq(tri_array_new(TRI_F8, 0, NULL, NULL, &a), TRI_OK);
  ck_assert_int_eq(tri_archive_add(&archive, "\xff", &a), TRI_OK);
  ck_assert_int_eq(tri_safetensors_write("test-archive.safetensors", &archive, NULL), TRI_NAME);
  tri_archive_free(&archive);
  unlink("test-archive.safetensors");
}
END_TEST

START_TEST(safetensors_refused) {
  static const struct {
    const char *header, *message;
  } cases[] = {
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", NULL},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", "more bytes follow"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]}}",
       "the data end after 4 of 5 bytes"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]}}",
       "'a' does not begin where"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
       "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
       "'b' does not begin where"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,4]}}",
       "has not as many bytes as its shape says"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}",
       "more elements than memory holds"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}",
       "no object of JSON"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[-4],\"data_offsets\":[0,4]}}", "shape that is not one"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4.0],\"data_offsets\":[0,4]}}",
       "shape that is not one"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":4,\"data_offsets\":[0,4]}}", "has no shape"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,0]}}", "has no data_offsets"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0]}}", "has no data_offsets"},
      {"{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}",
       "type 'F8_E4M3' cannot be read"},
      {"{\"a\":{\"dtype\":8,\"shape\":[4],\"data_offsets\":[0,4]}}", "has no dtype"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4]}}", "is not dtype, shape and data_offsets"},
      {"{\"a\":[]}", "is not dtype, shape and data_offsets"},
      {"{\"__metadata__\":{\"a\":3}}", "is not made of strings"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
       "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}}",
       "has a name twice"},
      {"[]", "no object of JSON"},
      {" {}", "no object of JSON"},
      {"{} x", "no object of JSON"},
      {"", "no object of JSON"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned char bytes[512];
    tri_archive archive;
    tri_error error;
    size_t size = make_safetensors(bytes, cases[i].header, 4);
    tri_io_options options = {.error = &error};
    tri_status status = tri_safetensors_parse(bytes, size, &options, &archive);
    ck_assert_msg((status == TRI_OK) == !cases[i].message, "%s: %s", cases[i].header,
                  error.message);
    if (cases[i].message)
      ck_assert_msg(strstr(error.message, cases[i].message) != NULL, "%s: %s", cases[i].header,
                    error.message);
    tri_archive_free(&archive);
  }
}
END_TEST

/* Headers larger than the limit can hold while JSON is read are refused before anything is
 * allocated. */
START_TEST(safetensors_limit) {
  unsigned char bytes[64] = {0xff, 0xff, 0xff, 0, 0, 0, 0, 0, '{', '}'};
  struct watched w;
  tri_archive archive;
  tri_error error;
  watch(&w);
  tri_io_options options = {.error = &error, .allocator = &w.allocator, .limit = 1000000000};
  ck_assert_int_eq(tri_safetensors_parse(bytes, sizeof bytes, &options, &archive), TRI_LIMIT);
  ck_assert_uint_eq(w.most, 0);
  bytes[6] = 1;
  ck_assert_int_eq(tri_safetensors_parse(bytes, sizeof bytes, &options, &archive), TRI_LIMIT);
  ck_assert_ptr_nonnull(strstr(error.message, "more than 100000000 bytes"));
}
END_TEST

START_TEST(safetensors_damaged) {
  unsigned char bytes[512];
  size_t size = make_safetensors(bytes, two_arrays, 10);
  damage_all(tri_safetensors_parse, bytes, size, 20260606);
}
END_TEST
#else
START_TEST(no_safetensors) {
  unsigned char bytes[512];
  size_t size = make_safetensors(bytes, two_arrays, 10);
  tri_archive archive = {.n = 0};
  tri_error error;
  tri_io_options options = {.error = &error};
  static const char message[] = "this is safetensors, and triad was built without Jansson";
  ck_assert_int_eq(tri_safetensors_parse(bytes, size, &options, &archive), TRI_FILE);
  ck_assert_ptr_nonnull(strstr(error.message, message));
  ck_assert_int_eq(tri_safetensors_write("test-archive.safetensors", &archive, &options), TRI_FILE);
  ck_assert_ptr_nonnull(strstr(error.message, message));
}
END_TEST
#endif

static Suite *suite(void) {
  Suite *s = suite_create("archive");
  TCase *c = tcase_create("archive");
  tcase_add_test(c, idx_types);
  tcase_add_test(c, idx_damaged);
  tcase_add_test(c, gzip);
#if HAVE_LIBZIP
  tcase_add_test(c, npz_of_python);
  tcase_add_test(c, npz_written_and_read);
  tcase_add_test(c, npz_damaged);
  tcase_add_test(c, npz_limit);
#else
  tcase_add_test(c, no_npz);
#endif
#if HAVE_JANSSON
  tcase_add_test(c, safetensors);
  tcase_add_test(c, safetensors_written_and_read);
  tcase_add_test(c, safetensors_refused);
  tcase_add_test(c, safetensors_limit);
  tcase_add_test(c, safetensors_damaged);
#else
  tcase_add_test(c, no_safetensors);
#endif
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("archive", suite); }
