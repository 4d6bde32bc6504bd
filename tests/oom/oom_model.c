/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of reading and writing models failed once. Jansson's and libzip's own memory is
 * not drawn from here. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <triad.h>
#include <unistd.h>

#include "tests/failing.h"
#include "tests/runner.h"

#if HAVE_JANSSON && HAVE_LIBZIP

static const char path[] = "oom-model.triad";
static tri_text json;

/* A functional model, which is the one whose reading takes memory of its own. */
static tri_model *new_model(void) {
  tri_model *m = tri_functional(NULL);
  tri_tensor x = tri_model_add_input(m, tri_input(2));
  tri_tensor a = tri_model_call(m, tri_dense(2, .activation = "tanh"), x);
  tri_tensor sum = tri_model_call(m, tri_add_layer(), a, x);
  ck_assert_int_eq(tri_model_set_outputs(m, 1, &sum), TRI_OK);
  return m;
}

static tri_status there_and_back(const tri_allocator *allocator) {
  tri_io_options io = {.allocator = allocator};
  tri_model *m = NULL, *read = NULL;
  tri_text text = {.allocator = allocator};
  tri_status status = tri_model_from_json(json.data, json.size, NULL, &io, &m);
  if (!status)
    status = tri_model_compile(m, .optimizer = tri_adam(), .loss = "mse", .metrics = {"mse"});
  if (!status) status = tri_model_save(m, path, &io);
  if (!status) status = tri_model_load(path, &io, &read);
  if (!status) status = tri_model_to_json(read, &text);
  if (!status) ck_assert_str_eq(text.data, json.data);
  tri_text_free(&text);
  tri_model_free(read);
  tri_model_free(m);
  return status;
}

START_TEST(models) {
  tri_model *m = new_model();
  ck_assert_int_eq(tri_model_to_json(m, &json), TRI_OK);
  tri_model_free(m);
  ck_assert_int_gt(failing_loop(there_and_back), 100);
  tri_text_free(&json);
  unlink(path);
}
END_TEST

/* What an optimizer keeps is read from a file that a training has left. */
static tri_status kept(const tri_allocator *allocator) {
  tri_io_options io = {.allocator = allocator};
  tri_model *read = NULL;
  tri_status status = tri_model_load(path, &io, &read);
  if (!status) status = tri_model_save(read, path, &io);
  tri_model_free(read);
  return status;
}

START_TEST(optimizers) {
  tri_model *m = new_model();
  tri_array x, y;
  ck_assert_int_eq(tri_array_new(TRI_F4, 2, (size_t[]){4, 2}, NULL, &x), TRI_OK);
  ck_assert_int_eq(tri_array_new(TRI_F4, 2, (size_t[]){4, 2}, NULL, &y), TRI_OK);
  tri_samples xs = {.array = &x}, ys = {.array = &y};
  ck_assert_int_eq(tri_model_compile(m, .optimizer = tri_adam(), .loss = "mse"), TRI_OK);
  ck_assert_int_eq(tri_model_fit(m, &(tri_dataset){.x = &xs, .y = &ys}, NULL), TRI_OK);
  ck_assert_int_eq(tri_model_save(m, path, NULL), TRI_OK);
  tri_model_free(m);
  tri_array_free(&x);
  tri_array_free(&y);
  ck_assert_int_gt(failing_loop(kept), 100);
  unlink(path);
}
END_TEST
#endif

static Suite *suite(void) {
  Suite *s = suite_create("oom_model");
  TCase *t = tcase_create("oom_model");
  tcase_set_timeout(t, 300);
#if HAVE_JANSSON && HAVE_LIBZIP
  tcase_add_test(t, models);
  tcase_add_test(t, optimizers);
#endif
  suite_add_tcase(s, t);
  return s;
}

int main(void) { return tri_test_main("oom_model", suite); }
