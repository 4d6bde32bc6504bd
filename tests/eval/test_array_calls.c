/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Calls with arrays each in a place of its own: what they give, what is donated, what is
 * refused. */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <triad.h>

#include "base/float_mode.h"
#include "eval/arrays.h"
#include "tests/failing.h"
#include "tests/runner.h"

static tri_graph *g;

static void setup(void) { g = tri_graph_new(NULL); }
static void teardown(void) {
  tri_graph_free(g);
  tri_thread_cleanup();
}

static tri_expr matrix(const char *name, const char *rows, int64_t columns) {
  return tri_variable_shaped(g, name, 2, (int64_t[]){-1, columns}, (const char *[]){rows, NULL});
}

static tri_expr vector(const char *name, int64_t n) {
  return tri_variable_shaped(g, name, 1, &n, NULL);
}

/* w - r*w^2 of a vector in place, and the sum of another. */
static tri_function *update(tri_domain domain) {
  tri_expr w = vector("w", 3), r = tri_variable(g, "r"), x = vector("x", 2);
  tri_expr inputs[] = {w, r, x};
  tri_expr outputs[] = {tri_sub(w, tri_mul(r, tri_square(w))), tri_sum_axis(x, 0)};
  tri_function *f =
      tri_compile(3, inputs, 2, outputs, .domain = domain, .donated = (size_t[]){1, 0});
  ck_assert_ptr_nonnull(f);
  return f;
}

START_TEST(doubles_in_place) {
  tri_function *f = update(TRI_DOUBLE);
  double w[] = {1.0, 2.0, -3.0}, r = 0.5, x[] = {4.0, 8.0}, sum = 0.0;
  const void *in[] = {w, &r, x};
  void *out[] = {w, &sum};
  ck_assert_int_eq(tri_function_call_arrays(f, NULL, in, out), TRI_OK);
  ck_assert(w[0] == 0.5 && w[1] == 0.0 && w[2] == -7.5 && sum == 12.0);
  tri_function_free(f);
}
END_TEST

START_TEST(floats_in_place) {
  tri_function *f = update(TRI_FLOAT);
  float w[] = {1.0f, 2.0f, -3.0f}, r = 0.5f, x[] = {4.0f, 8.0f}, sum = 0.0f;
  const void *in[] = {w, &r, x};
  void *out[] = {w, &sum};
  ck_assert_int_eq(tri_function_call_arrays(f, NULL, in, out), TRI_OK);
  ck_assert(w[0] == 0.5f && w[1] == 0.0f && w[2] == -7.5f && sum == 12.0f);
  tri_function_free(f);
}
END_TEST

/* The flag is a number that the call itself sets. */
START_TEST(interrupts_update_all_or_nothing) {
  tri_expr a = vector("a", 3), b = vector("b", 5), in[] = {a, b};
  tri_expr one = tri_integer(g, 1), out[] = {tri_add(a, one), tri_add(b, one)};
  tri_function *f = tri_compile(2, in, 2, out, .domain = TRI_FLOAT, .donated = (size_t[]){1, 2});
  for (size_t flag = 0; flag < 2; flag++) {
    union {
      float x[5];
      int words[5];
    } u[2] = {{{0.0f}}, {{0.0f}}};
    tri_call call = {.interrupt = u[flag].words};
    void *at[] = {u[0].x, u[1].x};
    ck_assert_int_eq(tri_function_call_arrays(f, &call, (const void *const *)at, at), TRI_OK);
    ck_assert(u[0].x[2] == 1.0f && u[1].x[4] == 1.0f);
    ck_assert_int_eq(tri_function_call_arrays(f, &call, (const void *const *)at, at),
                     TRI_INTERRUPTED);
    ck_assert(u[0].x[2] == 1.0f && u[1].x[4] == 1.0f);
  }
  tri_function_free(f);
}
END_TEST

START_TEST(no_value_is_nan) {
  tri_expr x = vector("x", 2), y = tri_log(x);
  tri_function *f = tri_compile(1, &x, 1, &y);
  double in[] = {-1.0, 1.0}, out[] = {0.0, 1.0};
  ck_assert_int_eq(tri_function_call_arrays(f, NULL, (const void *[]){in}, (void *[]){out}),
                   TRI_OK);
  ck_assert(isnan(out[0]) && out[1] == 0.0);
  tri_function_free(f);
}
END_TEST

START_TEST(refused_donations) {
  tri_expr x = vector("x", 2), y = vector("y", 3), in[] = {x, y}, out[] = {x, tri_neg(x)};
  tri_error error;
  ck_assert_ptr_null(tri_compile(2, in, 2, out, .donated = (size_t[]){3, 0}, .error = &error));
  ck_assert_int_eq(error.status, TRI_ARGUMENT);
  ck_assert_str_eq(error.message, "the input donated to output 1 is none");
  ck_assert_ptr_null(tri_compile(2, in, 2, out, .donated = (size_t[]){1, 1}, .error = &error));
  ck_assert_int_eq(error.status, TRI_ARGUMENT);
  ck_assert_str_eq(error.message, "the input donated to output 2 is another's already");
  ck_assert_ptr_null(tri_compile(2, in, 2, out, .donated = (size_t[]){0, 2}, .error = &error));
  ck_assert_int_eq(error.status, TRI_SHAPE);
  ck_assert_str_eq(error.message, "the input donated to output 2 has another shape");
}
END_TEST

START_TEST(refused_calls) {
  tri_function *f = update(TRI_DOUBLE);
  double w[] = {1.0, 2.0, -3.0}, r = 0.5, x[] = {4.0, 8.0}, sum = 0.0, other[3];
  tri_error error;
  tri_call call = {.error = &error};
  tri_status s =
      tri_function_call_arrays(f, &call, (const void *[]){w, &r, x}, (void *[]){other, &sum});
  ck_assert_int_eq(s, TRI_ARGUMENT);
  ck_assert_str_eq(error.message, "an output is not where its donated input is");
  s = tri_function_call_arrays(f, &call, (const void *[]){w, NULL, x}, (void *[]){w, &sum});
  ck_assert_int_eq(s, TRI_ARGUMENT);
  s = tri_function_call_arrays(f, &call, (const void *[]){w, &r, x}, (void *[]){w, NULL});
  ck_assert_int_eq(s, TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_call_arrays(NULL, &call, NULL, NULL), TRI_ARGUMENT);
  tri_function_free(f);
  f = update(TRI_RATIONAL);
  s = tri_function_call_arrays(f, &call, (const void *[]){w, &r, x}, (void *[]){w, &sum});
  ck_assert_int_eq(s, TRI_ARGUMENT);
  tri_function_free(f);
}
END_TEST

/* Rows of a batch, with sizes that change: two bindings stay ready. */
START_TEST(two_bindings_stay_ready) {
  struct failing memory;
  failing_init(&memory, 0);
  tri_expr x = matrix("x", "n", 3), w = vector("w", 3), in[] = {x, w};
  tri_expr y = tri_matmul(x, w);
  tri_function *f = tri_compile(2, in, 1, &y, .allocator = &memory.allocator);
  tri_workspace *workspace = tri_workspace_new(f);
  double rows[] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, weights[] = {1.0, 10.0, 100.0}, out[2];
  long calls = 0;
  for (int64_t i = 0; i < 8; i++) {
    int64_t n = 2 - i % 2;
    tri_call call = {.workspace = workspace, .n_sizes = 1, .sizes = &n};
    if (i == 2) calls = memory.calls;
    out[1] = -1.0;
    ck_assert_int_eq(
        tri_function_call_arrays(f, &call, (const void *[]){rows, weights}, (void *[]){out}),
        TRI_OK);
    ck_assert(out[0] == 321.0 && out[1] == (n == 2 ? 654.0 : -1.0));
  }
  ck_assert(tri_function_arrays(f, NULL));
  ck_assert_int_eq(memory.calls, calls);
  tri_workspace_free(workspace);
  tri_function_free(f);
  ck_assert_uint_eq(memory.in_use, 0);
}
END_TEST

/* Loops in one another whose steps are 2^64 in all: no program, as whose elements they could not be
 * counted. */
START_TEST(more_steps_than_can_be_counted) {
  const char *const text =
      "sum(sum(sum(sum(sin(x*i*j*k*l), l=1..65536), k=1..65536), j=1..65536), i=1..65536)";
  tri_expr x = tri_variable(g, "x"), y = tri_parse(g, text, strlen(text));
  tri_function *f = tri_compile(1, &x, 1, &y, .domain = TRI_DOUBLE);
  tri_workspace *w = tri_workspace_new(f);
  const char *why;
  ck_assert_int_eq(tri__bind(w, &(tri_call){.n_sizes = 0}), TRI_OK);
  ck_assert_ptr_null(tri__array_program(w, &why));
  ck_assert_str_eq(why, "loops in one another have too many steps");
  tri_workspace_free(w);
  tri_function_free(f);
}
END_TEST

/* Of more than are kept the one goes that was not used for the longest time. */
START_TEST(the_oldest_binding_goes) {
  struct failing memory;
  failing_init(&memory, 0);
  tri_expr x = matrix("x", "n", 1), y = tri_sum_axis(x, 1);
  tri_function *f = tri_compile(1, &x, 1, &y, .allocator = &memory.allocator);
  tri_workspace *workspace = tri_workspace_new(f);
  static const int64_t sizes[] = {1, 2, 3, 4, 1, 5, 1, 2};
  static const bool is_new[] = {true, true, true, true, false, true, false, true};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    double rows[] = {1.0, 2.0, 3.0, 4.0, 5.0}, out[5];
    tri_call call = {.workspace = workspace, .n_sizes = 1, .sizes = &sizes[i]};
    long before = memory.calls;
    ck_assert_int_eq(tri_function_call_arrays(f, &call, (const void *[]){rows}, (void *[]){out}),
                     TRI_OK);
    ck_assert_msg((memory.calls > before) == is_new[i], "call %zu: %ld", i, memory.calls - before);
    ck_assert(out[sizes[i] - 1] == (double)sizes[i]);
  }
  tri_workspace_free(workspace);
  tri_function_free(f);
}
END_TEST

/* On the caller's thread and on those of the pool; the caller's own numbers stay as they are. */
START_TEST(subnormals_are_flushed_on_request) {
  enum { N = 100000 };
  static float xs[N], tripled[N];
  int64_t n = N;
  volatile float tiny = 0x1p-130f;
  tri_expr x = tri_variable_shaped(g, "x", 1, &n, NULL);
  tri_expr y = tri_mul(x, tri_integer(g, 3));
  tri_function *f = tri_compile(1, &x, 1, &y, .domain = TRI_FLOAT);
  tri_pool *pool = tri_pool_new(3, NULL);
  ck_assert(tri_function_arrays(f, NULL));
  for (int flush = 0; flush < 2; flush++) {
    tri_call call = {.pool = pool, .flush_subnormals = flush};
    for (size_t i = 0; i < N; i++) xs[i] = i % 2 ? 0x1p-130f : 0x1p-120f;
    ck_assert_int_eq(tri_function_call_arrays(f, &call, (const void *[]){xs}, (void *[]){tripled}),
                     TRI_OK);
    for (size_t i = 0; i < N; i++)
      ck_assert_float_eq(tripled[i],
                         i % 2 ? flush && FLUSHES_SUBNORMALS ? 0.0f : 0x1.8p-129f : 0x1.8p-119f);
    ck_assert_float_eq(tiny * 2.0f, 0x1p-129f);
  }
  tri_pool_free(pool);
  tri_function_free(f);
}
END_TEST

static Suite *array_calls(void) {
  return tri_test_suite("array calls", 0, setup, teardown, doubles_in_place, floats_in_place,
                        interrupts_update_all_or_nothing, no_value_is_nan, refused_donations,
                        refused_calls, two_bindings_stay_ready, the_oldest_binding_goes,
                        more_steps_than_can_be_counted, subnormals_are_flushed_on_request);
}

int main(void) { return tri_test_main("array calls", array_calls); }
