/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Steps allocate nothing once there has been an epoch. */
#include "tests/failing.h"
#include "tests/nn/training.h"

static struct points p;

struct counted {
  struct failing *memory;
  long before;
};

static void count_from_second(void *context, tri_fit *fit) {
  struct counted *c = context;
  if (fit->epoch == 1 && fit->batch == 0) c->before = c->memory->calls;
}

static void no_more(void *context, tri_fit *fit) {
  struct counted *c = context;
  if (fit->epoch > 0) ck_assert_int_eq(c->memory->calls, c->before);
}

/* From the second epoch on, with its smaller last batch, nothing is allocated. */
START_TEST(steps_allocate_nothing) {
  make_points(&p);
  for (int floats = 0; floats < 2; floats++) {
    struct failing f;
    struct counted counted = {.memory = &f};
    tri_callback c = {
        .context = &counted, .on_batch_begin = count_from_second, .on_batch_end = no_more};
    failing_init(&f, 0);
    tri_model *n = classifier(floats ? "float32" : "float64", 0.2, &f.allocator);
    fine(n,
         tri_model_compile(n, .optimizer = tri_adam(), .loss = "sparse_categorical_crossentropy"));
    fine(n, tri_model_fit(n, &p.data,
                          &(tri_fit_options){.epochs = 3, .callbacks = &c, .n_callbacks = 1}));
    tri_model_free(n);
    ck_assert_int_gt(counted.before, 0);
    ck_assert_uint_eq(f.in_use, 0);
  }
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("step_memory", 0, NULL, NULL, steps_allocate_nothing);
}

int main(void) {
  settle_products();
  return tri_test_main("step_memory", suite);
}
