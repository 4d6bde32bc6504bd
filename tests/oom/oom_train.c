/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of compiling, fitting, evaluating and predicting failed once. */
#include "tests/failing.h"
#include "tests/nn/training.h"

static struct points p;

static tri_model *model_of(const tri_allocator *allocator, tri_status *status) {
  const tri_layer layers[] = {tri_input(FEATURES), tri_dense(4, .activation = "relu"),
                              tri_batch_normalization(), tri_dropout(0.25),
                              tri_dense(CLASSES, .activation = "softmax")};
  tri_model *m = tri_sequential(&(tri_model_options){.allocator = allocator});
  *status = m ? TRI_OK : TRI_MEMORY;
  for (size_t i = 0; i < sizeof layers / sizeof *layers && !*status; i++)
    *status = tri_model_add(m, layers[i]);
  return m;
}

static tri_status predict(tri_model *m) {
  tri_array out;
  tri_status status = tri_model_predict(m, &p.data, NULL, &out);
  if (!status) ck_assert_uint_eq(out.count, POINTS * CLASSES);
  tri_array_free(&out);
  return status;
}

static tri_status training(const tri_allocator *allocator) {
  tri_early_stopping stopping = {.patience = 9, .restore_best_weights = 1};
  tri_callback callback = tri_stop_early(&stopping);
  tri_fit_options o = {
      .epochs = 2, .validation_split = 0.2, .callbacks = &callback, .n_callbacks = 1};
  tri_status status;
  double results[2];
  tri_model *m = model_of(allocator, &status);
  if (!status) status = predict(m);
  if (!status)
    status = tri_model_compile(m, .optimizer = tri_adam(),
                               .loss = "sparse_categorical_crossentropy", .metrics = {"acc"});
  if (!status) status = tri_model_fit(m, &p.data, &o);
  if (!status) status = tri_model_evaluate(m, &p.data, NULL, results);
  if (!status) status = predict(m);
  if (m && status) ck_assert_int_eq(tri_model_error(m)->status, status);
  tri_model_free(m);
  return status;
}

START_TEST(allocations_fail_once) {
  make_points(&p);
  ck_assert_int_gt(failing_loop(training), 100);
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("oom_train", 300, NULL, NULL, allocations_fail_once);
}

int main(void) {
  settle_products();
  return tri_test_main("oom_train", suite);
}
