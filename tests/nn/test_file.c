/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* .triad files: models come back as they were, with what their optimizer keeps; what does not fit
 * is told; files that are truncated or damaged are errors, within the limit of memory. */
#include "config.h"

#include <sys/stat.h>

#include "io/zip.h"
#include "tests/io/helper.h"

static const char path[] = "test-file.triad";
static tri_error error;

#if HAVE_JANSSON && HAVE_LIBZIP

/* --- models */

static tri_model *new_model(const char *dtype, uint64_t seed) {
  tri_model *m = tri_sequential(&(tri_model_options){.seed = seed, .dtype = dtype});
  const tri_layer layers[] = {
      tri_input(3),       tri_dense(4, .activation = "tanh"), tri_batch_normalization(),
      tri_dropout(0.125), tri_dense(2, .name = "end ä\\\""),
  };
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
    ck_assert_int_eq(tri_model_add(m, layers[i]), TRI_OK);
  return m;
}

/* Some steps of training, of which the last ones need what was kept of the first. */
static void train(tri_model *m, int epochs) {
  tri_array x, y;
  ck_assert_int_eq(tri_array_new(TRI_F8, 2, (size_t[]){8, 3}, NULL, &x), TRI_OK);
  ck_assert_int_eq(tri_array_new(TRI_F8, 2, (size_t[]){8, 2}, NULL, &y), TRI_OK);
  for (size_t i = 0; i < 24; i++) ((double *)x.data)[i] = (double)(i * i % 11) / 10.0;
  for (size_t i = 0; i < 16; i++) ((double *)y.data)[i] = (double)(i % 3);
  tri_samples xs = {.array = &x}, ys = {.array = &y};
  tri_dataset data = {.x = &xs, .y = &ys};
  tri_fit_options fit = {.batch_size = 4, .epochs = epochs, .no_shuffle = 1};
  tri_status status = tri_model_fit(m, &data, &fit);
  ck_assert_msg(status == TRI_OK, "%s", tri_model_error(m)->message);
  tri_array_free(&x);
  tri_array_free(&y);
}

static tri_text contents(const char *name) {
  tri_text text = {0};
  FILE *file = fopen(name, "rb");
  char piece[4096];
  size_t n;
  ck_assert_ptr_nonnull(file);
  while ((n = fread(piece, 1, sizeof piece, file)) > 0) tri__text_add(&text, piece, n);
  fclose(file);
  return text;
}

static void save(const tri_model *m) {
  tri_io_options options = {.error = &error};
  ck_assert_msg(tri_model_save(m, path, &options) == TRI_OK, "%s", error.message);
}

static tri_model *load(void) {
  tri_model *m;
  tri_io_options options = {.error = &error};
  ck_assert_msg(tri_model_load(path, &options, &m) == TRI_OK, "%s", error.message);
  return m;
}

/* The same bytes are the same model. */
static void check_same(const tri_model *a, const tri_model *b) {
  save(a);
  tri_text first = contents(path);
  save(b);
  tri_text second = contents(path);
  ck_assert_uint_eq(first.size, second.size);
  ck_assert_mem_eq(first.data, second.data, first.size);
  tri_text_free(&first);
  tri_text_free(&second);
}

START_TEST(models_there_and_back) {
  static const char *const dtypes[] = {"float32", "float64"};
  for (size_t i = 0; i < 2; i++) {
    double w[46], again[46];
    tri_model *m = new_model(dtypes[i], UINT64_MAX - i), *read;
    save(m);
    read = load();
    ck_assert_uint_eq(tri_model_parameters(read), 16 + 16 + 10);
    tri_model_get_weights(m, w);
    tri_model_get_weights(read, again);
    ck_assert_mem_eq(w, again, 42 * sizeof *w);
    ck_assert_int_eq(tri_model_domain(m), tri_model_domain(read));
    check_same(m, read);
    tri_model_free(m);
    tri_model_free(read);
  }
  unlink(path);
}
END_TEST

/* Training goes on after a file as it goes on without one: bit for bit. */
START_TEST(training_goes_on) {
  const tri_optimizer optimizers[] = {
      tri_sgd(),
      tri_sgd(.momentum = 0.9, .nesterov = 1, .learning_rate = 0.02),
      tri_rmsprop(.centered = 1, .momentum = 0.5, .rho = 0.8),
      tri_adam(.amsgrad = 1, .weight_decay = 0.01, .clipnorm = 1.5),
  };
  for (size_t i = 0; i < 2 * sizeof optimizers / sizeof *optimizers; i++) {
    tri_model *m = new_model(i % 2 ? "float64" : "float32", 11), *read;
    double w[42], again[42];
    ck_assert_int_eq(tri_model_compile(m, .optimizer = optimizers[i / 2],
                                       .loss = "mean_squared_error",
                                       .metrics = {"mean_absolute_error"}),
                     TRI_OK);
    save(m); /* before a first step */
    tri_model_free(load());
    train(m, 3);
    tri_model_set_learning_rate(m, 0.0125);
    save(m);
    read = load();
    check_same(m, read);
    ck_assert_uint_eq(tri_model_metrics(read), 2);
    ck_assert_double_eq(tri_model_learning_rate(read), 0.0125);
    train(m, 2);
    train(read, 2);
    tri_model_get_weights(m, w);
    tri_model_get_weights(read, again);
    ck_assert_mem_eq(w, again, sizeof w);
    check_same(m, read);
    tri_model_free(m);
    tri_model_free(read);
  }
  unlink(path);
}
END_TEST

/* Several outputs with a loss each, logits, and a rate of 0. */
START_TEST(compiling_there_and_back) {
  static const char *const losses[] = {"categorical_crossentropy", "mean_squared_error"};
  static const double weights[] = {0.25, 2};
  tri_model *m = tri_functional(NULL);
  tri_tensor x = tri_model_add_input(m, tri_input(3));
  tri_tensor y[] = {tri_model_call(m, tri_dense(4), x), tri_model_call(m, tri_dense(1), x)};
  ck_assert_int_eq(tri_model_set_outputs(m, 2, y), TRI_OK);
  ck_assert_int_eq(tri_model_compile(m, .optimizer = tri_sgd(), .losses = losses,
                                     .loss_weights = weights, .from_logits = 1),
                   TRI_OK);
  tri_model_set_learning_rate(m, 0.0);
  save(m);
  tri_model *read = load();
  ck_assert_uint_eq(tri_model_metrics(read), 3);
  ck_assert_double_eq(tri_model_learning_rate(read), 0.0);
  check_same(m, read);
  tri_model_free(m);
  tri_model_free(read);
  unlink(path);
}
END_TEST

/* --- files that cannot be written, or are others */

START_TEST(an_old_file_stays_whole) {
  tri_model *m = new_model(NULL, 1);
  struct stat before, after;
  save(m);
  tri_text first = contents(path);
  int stop = 1;
  tri_io_options options = {.error = &error, .interrupt = &stop};
  ck_assert_int_eq(tri_model_save(m, path, &options), TRI_INTERRUPTED);
  tri_text second = contents(path);
  ck_assert_uint_eq(first.size, second.size);
  ck_assert_mem_eq(first.data, second.data, first.size);
  ck_assert_int_eq(chmod(path, 0640), 0);
  ck_assert_int_eq(stat(path, &before), 0);
  save(m);
  ck_assert_int_eq(stat(path, &after), 0);
  ck_assert_uint_ne(before.st_ino, after.st_ino); /* it was another file, and renamed */
  ck_assert_uint_eq(after.st_mode & 0777, 0640);
  options.interrupt = NULL;
  ck_assert_int_eq(tri_model_save(m, "no-such-folder/m.triad", &options), TRI_FILE);
  ck_assert_ptr_nonnull(strstr(error.message, "no-such-folder/m.triad: cannot be written"));
  tri_text_free(&first);
  tri_text_free(&second);
  tri_model_free(m);
  unlink(path);
}
END_TEST

static void refused(tri_status status, const char *message) {
  tri_model *m;
  tri_io_options options = {.error = &error};
  ck_assert_msg(tri_model_load(path, &options, &m) == status, "%s: %s",
                tri_status_code(error.status), error.message);
  ck_assert_ptr_null(m);
  ck_assert_msg(strstr(error.message, message) != NULL, "%s", error.message);
}

/* A file whose members are these. */
static void put(size_t n, const struct zip_member *members) {
  struct io io;
  tri__io_open(&io, path, NULL);
  ck_assert_int_eq(tri__zip_write(&io, path, n, members, false), TRI_OK);
}

#define TEXT(name, text) ((struct zip_member){name, {text, NULL}, {sizeof text - 1, 0}})
#define METADATA TEXT("metadata.json", "{\"format\": 1, \"seed\": \"0\"}")
#define CONFIG(units)                                                                              \
  TEXT("config.json",                                                                              \
       "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": "              \
       "\"InputLayer\", \"config\": {\"batch_shape\": [null, 2]}}, {\"class_name\": \"Dense\", "   \
       "\"config\": {\"units\": " units "}}]}}")
/* A kernel [2, 1] and a bias [1]. */
#define WEIGHTS(kernel, shape, type)                                                               \
  TEXT("model.weights.safetensors",                                                                \
       "\x88\0\0\0\0\0\0\0{\"" kernel "\":{\"dtype\":\"" type "\",\"shape\":[" shape               \
       "],\"data_offsets\":[0,8]},\"dense/bias\":{\"dtype\":\"F32\",\"shape\":[1],"                \
       "\"data_offsets\":[8,12]}}      ABCDEFGHIJKL")

START_TEST(files_refused) {
  put(3, (struct zip_member[]){METADATA, CONFIG("1"), WEIGHTS("dense/kernel", "2,1", "F32")});
  tri_model_free(load());
  put(3, (struct zip_member[]){METADATA, CONFIG("1"), WEIGHTS("dense/kernel", "1,2", "F32")});
  refused(TRI_SHAPE, "dense/kernel is f4 (1, 2), and the layer takes f4 (2, 1)");
  put(3, (struct zip_member[]){METADATA, CONFIG("1"), WEIGHTS("dense/kernel", "2,1", "I32")});
  refused(TRI_SHAPE, "dense/kernel is i4 (2, 1), and the layer takes f4 (2, 1)");
  put(3, (struct zip_member[]){METADATA, CONFIG("1"), WEIGHTS("dense/kernex", "2,1", "F32")});
  refused(TRI_FILE, "there are no numbers for dense/kernel");
  put(3,
      (struct zip_member[]){METADATA, CONFIG("2000000000"), WEIGHTS("dense/kernel", "2,1", "F32")});
  refused(TRI_SHAPE, "dense: the file has fewer weights than the layers take");
  put(3, (struct zip_member[]){METADATA, CONFIG("\"1\""), WEIGHTS("dense/kernel", "2,1", "F32")});
  refused(TRI_ARGUMENT, "config.layers[1].config.units: a whole number is expected, not \"1\"");
  put(3, (struct zip_member[]){TEXT("metadata.json", "{\"format\": 2, \"seed\": \"0\"}"),
                               CONFIG("1"), WEIGHTS("dense/kernel", "2,1", "F32")});
  refused(TRI_FILE, "format 1 is what can be read, and this is 2");
  put(3, (struct zip_member[]){TEXT("metadata.json", "{\"format\": 1, \"seed\": \"-1\"}"),
                               CONFIG("1"), WEIGHTS("dense/kernel", "2,1", "F32")});
  refused(TRI_ARGUMENT, "seed: a seed of 64 bits, as digits is expected, not \"-1\"");
  put(2, (struct zip_member[]){METADATA, CONFIG("1")});
  refused(TRI_FILE, "this is no model: there is no member model.weights.safetensors");
  put(4, (struct zip_member[]){METADATA, CONFIG("1"), WEIGHTS("dense/kernel", "2,1", "F32"),
                               TEXT("more", "1")});
  refused(TRI_FILE, "the member 'more' does not belong to one");
  put(4, (struct zip_member[]){METADATA, CONFIG("1"), WEIGHTS("dense/kernel", "2,1", "F32"),
                               TEXT("optimizer.safetensors", "\x02\0\0\0\0\0\0\0{}")});
  refused(TRI_FILE, "there is an optimizer's memory, and no optimizer");
  write_file(path, "PK", 2);
  refused(TRI_FILE, "test-file.triad: cannot be read as a zip file");
  unlink(path);
  refused(TRI_FILE, "No such file");
}
END_TEST

/* --- damage */

enum { LIMIT = 4 << 20 };

/* A model, or an error that says why and leaves nothing. */
static tri_status read_model(const void *bytes, size_t size) {
  struct watched w;
  tri_model *m;
  unsigned char *copy = exactly(bytes, size);
  watch(&w);
  tri_io_options options = {.limit = LIMIT, .allocator = &w.allocator, .error = &error};
  tri_status status = tri_model_parse(copy, size, &options, &m);
  ck_assert_int_eq(status, error.status);
  ck_assert_msg(w.most <= LIMIT, "%zu bytes", w.most);
  ck_assert(!m == (status != TRI_OK));
  if (status) ck_assert(strlen(error.message) > 3);
  tri_model_free(m);
  ck_assert_uint_eq(w.in_use, 0);
  free(copy);
  return status;
}

/* libzip's checksums would find most damage before triad sees it: they are made to fit again where
 * the members are damaged one by one. */
static void damage_members(struct random *r, const tri_text *whole, long variants) {
  struct io io;
  struct zip_reader zip;
  tri_text parts[4] = {{0}};
  const char *names[4] = {0};
  tri__io_open(&io, NULL, NULL);
  ck_assert_int_eq(tri__zip_open(&zip, &io, NULL, whole->data, whole->size), TRI_OK);
  ck_assert_uint_eq(zip.n, 4);
  for (size_t i = 0; i < 4; i++) {
    struct source source;
    char piece[64];
    size_t n;
    names[i] = tri__zip_name(&zip, i);
    ck_assert_int_eq(tri__zip_member(&zip, i, &source), TRI_OK);
    while ((n = tri__source_some(&source, piece, sizeof piece)) > 0)
      tri__text_add(&parts[i], piece, n);
    tri__source_close(&source);
  }
  for (long k = 0; k < variants; k++) {
    struct zip_member members[4];
    size_t hurt = random_below(r, 4);
    unsigned char *copy = malloc(parts[hurt].size + 64);
    size_t size = damage(r, (const unsigned char *)parts[hurt].data, parts[hurt].size, copy);
    for (size_t i = 0; i < 4; i++)
      members[i] = (struct zip_member){names[i], {parts[i].data, NULL}, {parts[i].size, 0}};
    members[hurt] = (struct zip_member){names[hurt], {copy, NULL}, {size, 0}};
    put(4, members);
    tri_text bytes = contents(path);
    read_model(bytes.data, bytes.size);
    tri_text_free(&bytes);
    free(copy);
  }
  for (size_t i = 0; i < 4; i++) tri_text_free(&parts[i]);
  tri__zip_close(&zip);
}

static tri_text trained(void) {
  tri_model *m = new_model("float32", 3);
  ck_assert_int_eq(tri_model_compile(m, .optimizer = tri_adam(), .loss = "mean_squared_error",
                                     .metrics = {"mean_absolute_error"}),
                   TRI_OK);
  train(m, 1);
  save(m);
  tri_model_free(m);
  return contents(path);
}

START_TEST(truncated) {
  tri_text whole = trained();
  ck_assert_int_eq(read_model(whole.data, whole.size), TRI_OK);
  for (size_t n = 0; n < whole.size; n++) ck_assert_int_ne(read_model(whole.data, n), TRI_OK);
  tri_text_free(&whole);
  unlink(path);
}
END_TEST

START_TEST(damaged) {
  struct random r = random_start(20261127);
  tri_text whole = trained();
  unsigned char *copy = malloc(whole.size + 64);
  long good = 0, variants = 7000L * test_multiplier();
  for (long i = 0; i < variants; i++)
    good +=
        read_model(copy, damage(&r, (const unsigned char *)whole.data, whole.size, copy)) == TRI_OK;
  ck_assert(good < variants);
  damage_members(&r, &whole, 3000L * test_multiplier());
  free(copy);
  tri_text_free(&whole);
  unlink(path);
}
END_TEST

#else
START_TEST(without_libraries) {
  tri_model *m, *small = tri_sequential(NULL);
  tri_io_options options = {.error = &error};
  ck_assert_int_eq(tri_model_save(small, path, &options), TRI_FILE);
  ck_assert_ptr_nonnull(strstr(error.message, "triad was built without"));
  ck_assert_int_eq(tri_model_parse("PK", 2, &options, &m), TRI_FILE);
  ck_assert_ptr_null(m);
  tri_model_free(small);
}
END_TEST
#endif

static Suite *file_suite(void) {
  Suite *s = suite_create("file");
  TCase *c = tcase_create("file");
  tcase_set_timeout(c, 60);
#if HAVE_JANSSON && HAVE_LIBZIP
  tcase_add_test(c, models_there_and_back);
  tcase_add_test(c, training_goes_on);
  tcase_add_test(c, compiling_there_and_back);
  tcase_add_test(c, an_old_file_stays_whole);
  tcase_add_test(c, files_refused);
  tcase_add_test(c, truncated);
  tcase_add_test(c, damaged);
#else
  tcase_add_test(c, without_libraries);
#endif
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("file", file_suite); }
