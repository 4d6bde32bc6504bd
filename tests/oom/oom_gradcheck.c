/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient check of a model with a unit at its kink, every allocation of which fails once. */
#include <triad.h>

#include "tests/failing.h"
#include "tests/runner.h"

static float x[4] = {1.0f, 2.0f, 3.0f, 4.0f}, y[1] = {1.0f};

static tri_model *compiled(const tri_allocator *allocator, tri_status *status) {
  tri_model *m = tri_sequential(&(tri_model_options){.seed = 5, .allocator = allocator});
  *status = m ? tri_model_add(m, tri_input(4)) : TRI_MEMORY;
  if (!*status) *status = tri_model_add(m, tri_dense(1, .activation = "relu", .no_bias = 1));
  if (!*status) *status = tri_model_compile(m, .loss = "mean_squared_error");
  return m;
}

/* The model must be of use after a failure. */
static tri_status checking(const tri_allocator *allocator) {
  const tri_array pictures = {.dtype = TRI_F4, .rank = 2, .dims = {1, 4}, .count = 4, .data = x},
                  targets = {.dtype = TRI_F4, .rank = 2, .dims = {1, 1}, .count = 1, .data = y};
  const tri_dataset data = {.x = &(tri_samples){.array = &pictures},
                            .y = &(tri_samples){.array = &targets}};
  tri_model_gradcheck_report report = {.verdict = TRI_UNDECIDED};
  tri_text text = {.allocator = allocator};
  tri_status status;
  tri_model *m = compiled(allocator, &status);
  if (!status) {
    tri_model_set_weights(m, (const double[]){0.0, 0.0, 0.0, 0.0});
    status = tri_model_gradcheck(m, &data, &report);
    if (status) ck_assert_int_eq(tri_model_gradcheck(m, &data, &report), TRI_OK);
    ck_assert_uint_eq(report.n_units, 1);
    ck_assert_uint_eq(report.tensors[0].undecided, 4);
    if (!status) status = tri_model_gradcheck_text(&report, 0, &text);
  }
  tri_text_free(&text);
  tri_model_gradcheck_free(&report);
  tri_model_free(m);
  return status;
}

START_TEST(allocations_fail_once) { ck_assert_int_gt(failing_loop(checking), 100); }
END_TEST

static Suite *suite(void) {
  return tri_test_suite("oom_gradcheck", 300, NULL, NULL, allocations_fail_once);
}

int main(void) { return tri_test_main("oom_gradcheck", suite); }
