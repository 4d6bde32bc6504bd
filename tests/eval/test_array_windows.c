/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Convolutions and pooling in array programs against the interpreter: random sizes, strides and
 * padding, with bias and relu, their gradients by input, kernel and bias, kernels updated in place;
 * in double and float, by one, two and seven threads; strong zeros; windows of images in loops. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/eval/helper.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { INPUTS = 4, OUTPUTS = 6, ELEMENTS = 20000 };

static struct random rng;

/* A function of arrays, and its inputs' numbers. */
struct subject {
  size_t n_in, n_out;
  tri_expr in[INPUTS], out[OUTPUTS];
  size_t in_counts[INPUTS], out_counts[OUTPUTS], donated[OUTPUTS];
};

static size_t elements_of(tri_expr e) {
  size_t count = 1;
  ok(tri_expr_status(e));
  for (size_t d = 0; d < tri_expr_rank(e); d++) count *= (size_t)tri_expr_dim(e, d);
  ck_assert_uint_le(count, ELEMENTS);
  return count;
}

static tri_expr input(struct subject *s, const char *name, size_t rank, const int64_t *dims) {
  tri_expr x = tri_variable_shaped(g, name, rank, dims, NULL);
  s->in_counts[s->n_in] = elements_of(x);
  return s->in[s->n_in++] = x;
}

static void output(struct subject *s, tri_expr e) {
  s->out_counts[s->n_out] = elements_of(e);
  s->out[s->n_out++] = e;
}

/* Numbers with few bits, so that sums are exact and ties are many. */
static double any_number(bool few) {
  return few ? 0.25 * ((double)random_below(&rng, 9) - 4.0) : random_between(&rng, -1.0, 1.0);
}

/* --- by the interpreter, and by arrays */

static double numbers[INPUTS][ELEMENTS], wanted[OUTPUTS * ELEMENTS];
static float floats[2][OUTPUTS + INPUTS][ELEMENTS];
static double doubles[2][OUTPUTS + INPUTS][ELEMENTS];

static void draw_numbers(const struct subject *s, bool few) {
  for (size_t i = 0; i < s->n_in; i++)
    for (size_t e = 0; e < s->in_counts[i]; e++) numbers[i][e] = any_number(few);
}

static void interpret(const struct subject *s) {
  static double all[INPUTS * ELEMENTS];
  size_t next = 0;
  for (size_t i = 0; i < s->n_in; i++) {
    memcpy(all + next, numbers[i], s->in_counts[i] * sizeof *all);
    next += s->in_counts[i];
  }
  tri_function *f = tri_compile(s->n_in, s->in, s->n_out, s->out, .primals = 1);
  ck_assert_ptr_nonnull(f);
  ok(tri_function_call(f, NULL, all, wanted));
  tri_function_free(f);
}

static void by_arrays(const struct subject *s, tri_domain domain, tri_pool *pool, int set) {
  const char *why;
  const void *in[INPUTS];
  void *out[OUTPUTS];
  bool narrow = domain == TRI_FLOAT;
  tri_function *f = tri_compile(s->n_in, s->in, s->n_out, s->out, .domain = domain, .primals = 1,
                                .donated = s->donated);
  ck_assert_ptr_nonnull(f);
  ck_assert_msg(tri_function_arrays(f, &why), "%s", why);
  for (size_t i = 0; i < s->n_in; i++) {
    in[i] = narrow ? (void *)floats[set][OUTPUTS + i] : (void *)doubles[set][OUTPUTS + i];
    for (size_t k = 0; k < s->in_counts[i]; k++) {
      floats[set][OUTPUTS + i][k] = (float)numbers[i][k];
      doubles[set][OUTPUTS + i][k] = numbers[i][k];
    }
  }
  for (size_t o = 0; o < s->n_out; o++) {
    out[o] = narrow ? (void *)floats[set][o] : (void *)doubles[set][o];
    if (s->donated[o]) out[o] = (void *)(uintptr_t)in[s->donated[o] - 1];
  }
  tri_call call = {.pool = pool, .workspace = tri_workspace_new(f)};
  for (int again = 0; again < 2; again++) /* the second time memory has been used */
    if (!again || !s->donated[s->n_out - 1]) ok(tri_function_call_arrays(f, &call, in, out));
  for (size_t o = 0; o < s->n_out; o++)
    if (s->donated[o]) {
      memcpy(floats[set][o], floats[set][OUTPUTS + s->donated[o] - 1], sizeof floats[set][o]);
      memcpy(doubles[set][o], doubles[set][OUTPUTS + s->donated[o] - 1], sizeof doubles[set][o]);
    }
  tri_workspace_free(call.workspace);
  tri_function_free(f);
}

static void compare(const struct subject *s, tri_domain domain, double tolerance) {
  size_t next = 0;
  for (size_t o = 0; o < s->n_out; next += s->out_counts[o++]) {
    double scale = 1.0;
    for (size_t k = 0; k < s->out_counts[o]; k++) scale = fmax(scale, fabs(wanted[next + k]));
    for (size_t k = 0; k < s->out_counts[o]; k++) {
      double got = domain == TRI_FLOAT ? (double)floats[0][o][k] : doubles[0][o][k];
      ck_assert_msg(fabs(got - wanted[next + k]) <= tolerance * scale, "output %zu, %zu: %g and %g",
                    o, k, got, wanted[next + k]);
    }
  }
}

/* By one thread as by two and by seven, bit for bit; and near what the interpreter has. */
static void check(const struct subject *s, double tolerance) {
  interpret(s);
  for (int domain = TRI_DOUBLE; domain <= TRI_FLOAT; domain++) {
    by_arrays(s, (tri_domain)domain, NULL, 0);
    compare(s, (tri_domain)domain, domain == TRI_FLOAT ? 2e-4 : tolerance);
    for (int threads = 2; threads <= 7; threads += 5) {
      tri_pool *pool = tri_pool_new((size_t)threads, NULL);
      by_arrays(s, (tri_domain)domain, pool, 1);
      tri_pool_free(pool);
      for (size_t o = 0; o < s->n_out; o++)
        ck_assert(domain == TRI_FLOAT
                      ? !memcmp(floats[0][o], floats[1][o], s->out_counts[o] * sizeof(float))
                      : !memcmp(doubles[0][o], doubles[1][o], s->out_counts[o] * sizeof(double)));
    }
  }
}

/* --- random convolutions */

static bool random_options(size_t rank, tri_windows *o, int64_t *dims, int64_t *kernel) {
  *o = (tri_windows){.groups = 1};
  dims[0] = 1 + (int64_t)random_below(&rng, 5);
  dims[rank + 1] = 1 + (int64_t)random_below(&rng, 5);
  for (size_t d = 0; d < rank; d++) {
    dims[d + 1] = 1 + (int64_t)random_below(&rng, 8);
    kernel[d] = 1 + (int64_t)random_below(&rng, 3);
    o->strides[d] = 1 + (int64_t)random_below(&rng, 2);
    o->dilation[d] = 1 + (int64_t)random_below(&rng, 4) / 3;
    o->before[d] = random_below(&rng, 2);
    o->after[d] = random_below(&rng, 2);
    if (dims[d + 1] + o->before[d] + o->after[d] < (kernel[d] - 1) * o->dilation[d] + 1)
      return false;
  }
  kernel[rank] = dims[rank + 1];
  kernel[rank + 1] = 1 + (int64_t)random_below(&rng, 20);
  return true;
}

static tri_expr with_bias(tri_expr y, tri_expr b) {
  tri_extent dims[5];
  for (size_t d = 0; d < tri_expr_rank(y); d++) dims[d] = tri_extent_of(tri_expr_dim(y, d));
  return tri_add(y, tri_broadcast(b, tri_expr_rank(y), dims));
}

static tri_expr flat_sum(tri_expr e) {
  tri_extent flat = tri_extent_of((int64_t)elements_of(e));
  return tri_sum_axis(tri_reshape(e, 1, &flat), 0);
}

static tri_expr pooled(tri_expr y, size_t rank,
                       tri_expr (*pool)(tri_expr x, const tri_windows *options)) {
  tri_windows o = {.groups = 0};
  for (size_t d = 0; d < rank; d++) o.size[d] = tri_expr_dim(y, d + 1) > 1 ? 2 : 1;
  return pool(y, &o);
}

/* The loss and its gradients; the kernel's one step further in place. */
static void random_subject(struct subject *s) {
  int64_t dims[5], kernel[5], filters;
  size_t rank = 1 + random_below(&rng, 3);
  tri_windows o;
  memset(s, 0, sizeof *s);
  while (!random_options(rank, &o, dims, kernel)) continue;
  filters = kernel[rank + 1];
  tri_expr x = input(s, "x", rank + 2, dims), k = input(s, "k", rank + 2, kernel),
           b = input(s, "b", 1, &filters), rate = input(s, "r", 0, NULL);
  tri_expr y = tri_convolve_with(x, k, &o), gradient[3];
  if (random_below(&rng, 4)) y = with_bias(y, b);
  if (random_below(&rng, 4)) y = tri_relu(y);
  if (random_below(&rng, 2)) y = pooled(y, rank, tri_max_pool_with);
  if (random_below(&rng, 4) == 0) y = pooled(y, rank, tri_average_pool_with);
  tri_expr loss = tri_square(y);
  /* what might have no value comes back through gates */
  if (random_below(&rng, 2)) loss = tri_mul(loss, tri_log(tri_add(rate, tri_integer(g, 3))));
  loss = flat_sum(loss);
  ok(tri_gradient(loss, 3, s->in, gradient));
  output(s, loss);
  output(s, y);
  output(s, gradient[0]);
  output(s, gradient[2]);
  bool update = random_below(&rng, 2);
  output(s, update ? tri_sub(k, tri_mul(rate, gradient[1])) : gradient[1]);
  s->donated[4] = update ? 2 : 0;
}

START_TEST(convolutions_as_interpreted) {
  for (int i = 0; i < 60 * test_multiplier(); i++) {
    struct subject s;
    tear_down(), set_up();
    random_subject(&s);
    bool few = random_below(&rng, 2);
    draw_numbers(&s, few);
    check(&s, 1e-12);
  }
}
END_TEST

/* --- what is not of that kind */

/* Also what is added to more than the sums, and sums that others read. */
START_TEST(other_uses_of_windows) {
  struct subject s = {0};
  tri_expr x = input(&s, "x", 4, (int64_t[]){3, 5, 4, 2}),
           k = input(&s, "k", 4, (int64_t[]){2, 2, 2, 3});
  tri_expr windows = tri_unfold(x, .size = {2, 2}), y = tri_convolve(x, k), scale = tri_sin(y);
  output(&s, flat_sum(windows));
  output(&s, tri_fold(tri_square(windows), 2, ((int64_t[]){5, 4}), .size = {2, 2}));
  output(&s, tri_mul(y, scale));
  output(&s, tri_relu(y));
  output(&s, tri_convolve(tri_transpose(x, 4, (size_t[]){0, 2, 1, 3}), k, .groups = 1));
  draw_numbers(&s, false);
  check(&s, 1e-13);
}
END_TEST

START_TEST(groups_of_channels) {
  struct subject s = {0};
  tri_expr x = input(&s, "x", 4, (int64_t[]){2, 5, 5, 4}),
           k = input(&s, "k", 4, (int64_t[]){3, 3, 2, 6}), gradient[2];
  tri_expr y = tri_convolve(x, k, .groups = 2, .padding = "same"), loss = flat_sum(tri_square(y));
  ok(tri_gradient(loss, 2, s.in, gradient));
  output(&s, loss), output(&s, gradient[0]), output(&s, gradient[1]);
  draw_numbers(&s, false);
  check(&s, 1e-12);
}
END_TEST

/* A gradient that is 0 because of a choice meets kernels without a value. */
START_TEST(zeros_by_choice_are_strong) {
  for (int dead = 0; dead < 2; dead++) {
    struct subject s = {0};
    tear_down(), set_up();
    tri_expr x = input(&s, "x", 3, (int64_t[]){2, 6, 2}),
             k = input(&s, "k", 3, (int64_t[]){2, 2, 3});
    tri_expr first = tri_element(tri_element(tri_element(x, 0), 0), 0), gradient[2];
    tri_expr y = flat_sum(tri_convolve(tri_exp(x), tri_log(k)));
    tri_expr loss = tri_select(tri_gt(first, tri_integer(g, 0)), y, tri_square(first));
    ok(tri_gradient(loss, 2, s.in, gradient));
    output(&s, loss), output(&s, gradient[0]), output(&s, gradient[1]);
    for (size_t i = 0; i < s.n_in; i++)
      for (size_t e = 0; e < s.in_counts[i]; e++)
        numbers[i][e] = 0.1 + any_number(false) * any_number(false);
    for (size_t e = 0; e < s.in_counts[1]; e++) numbers[1][e] = dead ? -1.0 : 1.5 + 0.1 * (double)e;
    numbers[0][0] = dead ? -1.0 : 1.0;
    check(&s, 1e-12);
  }
}
END_TEST

START_TEST(images_of_loops) {
  struct subject s = {0};
  tri_expr x = input(&s, "x", 4, (int64_t[]){3, 2, 6, 2}),
           k = input(&s, "k", 3, (int64_t[]){2, 2, 3});

  tri_expr image = tri_variable_shaped(g, "p", 3, (int64_t[]){2, 6, 2}, NULL), results[1];
  tri_expr y = tri_max_pool(tri_convolve(image, k), .size = {2});
  tri_loop_options loop = {.n = {3, NULL},
                           .n_steps = 1,
                           .steps = &image,
                           .step_inputs = &x,
                           .n_stacked = 1,
                           .stacked = &y};
  ok(tri_loop(g, &loop, results));
  output(&s, results[0]);
  draw_numbers(&s, false);
  check(&s, 1e-13);
}
END_TEST

/* What comes back through pooling has no value where an element of a window has none, and neither
 * has the sum over images, whichever way it is found: in the middle channel. */
START_TEST(no_value_comes_back) {
  for (int masked = 0; masked < 2; masked++)
    for (int domain = TRI_DOUBLE; domain <= TRI_FLOAT; domain++) {
      struct subject s = {0};
      tear_down(), set_up();
      tri_expr x = input(&s, "x", 4, (int64_t[]){2, 4, 4, 3}),
               y = input(&s, "y", 4, (int64_t[]){2, 2, 2, 3}),
               b = input(&s, "b", 1, (int64_t[]){3});
      tri_extent dims[] = {tri_extent_of(2), tri_extent_of(4), tri_extent_of(4), tri_extent_of(3)};
      tri_expr z = tri_add(x, tri_broadcast(b, 4, dims)), gradient;
      if (masked) z = tri_relu(z);
      tri_expr loss = flat_sum(tri_mul(y, tri_max_pool(z, .size = {2, 2})));
      ok(tri_gradient(loss, 1, &b, &gradient));
      output(&s, gradient);
      for (size_t i = 0; i < s.n_in; i++)
        for (size_t e = 0; e < s.in_counts[i]; e++) numbers[i][e] = 1.0 + (double)(e % 7);
      numbers[0][4] = (double)NAN;
      by_arrays(&s, (tri_domain)domain, NULL, 0);
      for (int c = 0; c < 3; c++) {
        double got = domain == TRI_FLOAT ? (double)floats[0][0][c] : doubles[0][0][c];
        ck_assert_int_eq(isnan(got), c == 1);
      }
    }
}
END_TEST

/* Windows that reach so far outside that images cannot be copied with what is there. */
START_TEST(far_outside) {
  enum { FAR = 1 << 30 };
  struct subject s = {0};
  tri_windows far = {
      .strides = {FAR, FAR, FAR}, .before = {FAR, FAR, FAR}, .after = {FAR, FAR, FAR}};
  tri_expr x = input(&s, "x", 5, (int64_t[]){2, 3, 2, 4, 2}),
           k = input(&s, "k", 5, (int64_t[]){2, 1, 2, 2, 3}), gradient[2];
  tri_expr loss = flat_sum(tri_square(tri_convolve_with(x, k, &far)));
  ok(tri_gradient(loss, 2, s.in, gradient));
  output(&s, loss), output(&s, gradient[0]), output(&s, gradient[1]);
  draw_numbers(&s, false);
  check(&s, 1e-12);
}
END_TEST

static Suite *suite(void) {
  rng = random_start(20261129);
  return tri_test_suite("array_windows", 240, set_up, tear_down, convolutions_as_interpreted,
                        other_uses_of_windows, groups_of_channels, zeros_by_choice_are_strong,
                        images_of_loops, no_value_comes_back, far_outside);
}
int main(void) { return tri_test_main("array_windows", suite); }
