/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Lines of progress, character for character, in any locale. */
#include <math.h>
#include <string.h>
#include <triad.h>

#include "tests/runner.h"

static const char *const names[] = {"loss", "accuracy", "val_loss"};

static void look(const tri_fit *fit, double seconds, int finished, int colour, int ascii,
                 const char *expected) {
  tri_text text = {0};
  ck_assert_int_eq(tri_progress_line(fit, seconds, finished, colour, ascii, &text), TRI_OK);
  ck_assert_str_eq(text.data, expected);
  tri_text_free(&text);
}

static void line(int64_t batch, int64_t batches, size_t n, const double *values, double seconds,
                 int finished, int colour, const char *expected) {
  tri_fit fit = {.batch = batch, .batches = batches, .logs = {n, names, values}};
  look(&fit, seconds, finished, colour, 0, expected);
}

START_TEST(lines_are_as_keras_writes_them) {
  line(1718, 1719, 2, (double[]){0.99871, 0.68314}, 3.6, 1, 0,
       "1719/1719 ━━━━━━━━━━━━━━━━━━━━ 4s 2ms/step - accuracy: 0.6831 - loss: 0.9987");
  line(199, 1719, 2, (double[]){1.5, 0.5}, 0.2, 0, 0,
       " 200/1719 ━━────────────────── 1s 1ms/step - accuracy: 0.5000 - loss: 1.5000");
  line(0, 3, 3, (double[]){0.00050271, -0.25, 1e-3}, 240, 0, 0,
       "1/3 ━━━━━━────────────── 8:00 240s/step - accuracy: -0.2500 - loss: 5.0271e-04 - "
       "val_loss: 1.0000e-03");
  line(0, 31, 1, (double[]){0}, 121.5, 0, 0,
       " 1/31 ──────────────────── 1:00:45 122s/step - loss: 0.0000e+00");
  line(4, -1, 1, (double[]){12345.67891}, 0.00061, 0, 0,
       "      5/Unknown 0s 122us/step - loss: 12345.6789");
}
END_TEST

START_TEST(numbers_that_are_none_are_shown) {
  line(0, 1, 3, (double[]){(double)INFINITY, (double)NAN, 1e300}, 1, 1, 0,
       "1/1 ━━━━━━━━━━━━━━━━━━━━ 1s 1s/step - accuracy: nan - loss: inf - val_loss: 1e300");
  line(0, 1, 3, (double[]){9.99996e-4, -1e-320, 9.999949e-5}, 1, 1, 0,
       "1/1 ━━━━━━━━━━━━━━━━━━━━ 1s 1s/step - accuracy: -9.9999e-321 - loss: 1.0000e-03 - "
       "val_loss: 9.9999e-05");
}
END_TEST

START_TEST(terminals_have_colours) {
  line(0, 2, 1, (double[]){1}, 1, 0, 1,
       "\33[1m1/2\33[0m \33[32m━━━━━━━━━━\33[0m\33[37m━━━━━━━━━━\33[0m \33[1m1s\33[0m 1s/step - "
       "loss: 1.0000");
  line(1, 2, 1, (double[]){1}, 1, 1, 1,
       "\33[1m2/2\33[0m \33[32m━━━━━━━━━━━━━━━━━━━━\33[0m \33[1m1s\33[0m 500ms/step - "
       "loss: 1.0000");
}
END_TEST

START_TEST(lines_may_be_in_ascii) {
  tri_fit fit = {.batch = 0, .batches = 2, .logs = {1, names, (double[]){1}}};
  look(&fit, 1, 0, 0, 1, "1/2 ==========---------- 1s 1s/step - loss: 1.0000");
  look(&fit, 1, 0, 1, 1,
       "\33[1m1/2\33[0m \33[32m==========\33[0m\33[37m==========\33[0m \33[1m1s\33[0m 1s/step - "
       "loss: 1.0000");
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("progress", 0, NULL, NULL, lines_are_as_keras_writes_them,
                        numbers_that_are_none_are_shown, terminals_have_colours,
                        lines_may_be_in_ascii);
}

int main(void) { return tri_test_main("progress", suite); }
