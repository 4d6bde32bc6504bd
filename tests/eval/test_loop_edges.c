/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops at their edges: what does not fit or has nothing in it, indices out of range, kinks, what
 * has no value, and how all this is told. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

#include "eval/run.h"
#include "tests/eval/helper.h"
#include "tests/failing.h"
#include "tests/runner.h"

/* --- what does not fit */

static void says(tri_expr e, tri_status status, const char *message) {
  ck_assert_str_eq(tri_status_code(tri_expr_status(e)), tri_status_code(status));
  ck_assert_msg(strstr(tri_graph_error(g)->message, message) != NULL, "%s",
                tri_graph_error(g)->message);
  tri_graph_clear_error(g);
}

START_TEST(what_does_not_fit) {
  tri_expr x = shaped("x", 1, 4, 0), i = tri_variable(g, "i"), p = tri_variable(g, "p"), result;
  says(tri_sum(tri_gather(x, i), i, 1, tri_extent_of(4)), TRI_SHAPE, "[4]");
  says(tri_slice(x, 2, 3), TRI_SHAPE, "[4]");
  says(tri_gather(i, i), TRI_SHAPE, "no elements");
  says(tri_gather(x, x), TRI_SHAPE, "[4]");
  says(tri_repeat(x, tri_extent_of(-1)), TRI_SHAPE, "-1");
  tri_status status = tri_loop(g,
                               &(tri_loop_options){.n = tri_extent_of(5),
                                                   .n_steps = 1,
                                                   .steps = &p,
                                                   .step_inputs = &x,
                                                   .n_summed = 1,
                                                   .summed = &p},
                               &result);
  ck_assert_int_eq(status, TRI_SHAPE);
  says(result, TRI_SHAPE, "shapes [4] and [5]");
  status =
      tri_loop(g,
               &(tri_loop_options){
                   .n = tri_extent_of(5), .n_carries = 1, .carries = &p, .initial = &x, .next = &p},
               &result);
  ck_assert_int_eq(status, TRI_SHAPE);
  says(result, TRI_SHAPE, "[4]");
}
END_TEST

START_TEST(parameters_are_distinct) {
  tri_expr x = shaped("x", 1, 4, 0), p = tri_variable(g, "p"), result[2];
  const tri_expr twice[2] = {p, p}, arrays[2] = {x, tri_iota(g, 0, tri_extent_of(4))};
  tri_loop_options o = {.n = tri_extent_of(4), .n_steps = 2, .steps = twice, .step_inputs = arrays};
  o.n_summed = 1;
  o.summed = &p;
  ck_assert_int_eq(tri_loop(g, &o, result), TRI_ARGUMENT);
  says(result[0], TRI_ARGUMENT, "twice");
  tri_expr start = integer(1);
  o.n_steps = o.n_carries = 1;
  o.carries = o.next = &p;
  o.initial = &start;
  ck_assert_int_eq(tri_loop(g, &o, result), TRI_ARGUMENT);
  says(result[0], TRI_ARGUMENT, "twice");
}
END_TEST

/* A loop without outputs has no result to carry the failure: the status tells it. */
START_TEST(nothing_to_compute) {
  tri_expr none;
  ck_assert_int_eq(tri_loop(g, &(tri_loop_options){.n = tri_extent_of(4)}, &none), TRI_ARGUMENT);
  ck_assert_int_eq(tri_graph_status(g), TRI_ARGUMENT);
}
END_TEST

/* A carry that no wanted result waits for: lanes run the loop, and the way back has no carries to
 * restore. */
START_TEST(carries_nobody_reads) {
  enum { N = 70 };
  tri_expr x = shaped("x", 1, N, 0), p = tri_variable(g, "p"), c = tri_variable(g, "c"),
           zero = integer(0), next = tri_add(c, p), e = tri_square(p), results[2];
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of(N),
                                  .n_steps = 1,
                                  .steps = &p,
                                  .step_inputs = &x,
                                  .n_carries = 1,
                                  .carries = &c,
                                  .initial = &zero,
                                  .next = &next,
                                  .n_stacked = 1,
                                  .stacked = &e},
              results));
  for (int placed = 0; placed < 2; placed++) {
    double at[N], adjoints[N];
    tri_function *f = tri_compile(1, &x, 1, results);
    size_t size = tri_workspace_bytes(f, 1);
    void *room = malloc(size);
    tri_call call = {.workspace =
                         placed ? tri_workspace_place(f, room, size) : tri_workspace_new(f)};
    for (int i = 0; i < N; i++) at[i] = i - 7;
    ok(tri_function_reverse(f, &call, at, NULL, NULL, adjoints));
    for (int i = 0; i < N; i++) ck_assert_double_eq(adjoints[i], 2.0 * at[i]);
    tri_workspace_free(call.workspace);
    tri_function_free(f);
    free(room);
  }
}
END_TEST

/* A loop has several results, so a plan has more values than steps: of whichever lacks a value the
 * error names the loop, or what has none before it. */
START_TEST(results_without_values) {
  tri_expr x = shaped("x", 1, 4, 0), y = tri_variable(g, "y"), p = tri_variable(g, "p"), r[4],
           in[] = {x, y};
  for (int before = 0; before < 2; before++) {
    tri_expr argument = before ? tri_log(y) : y;
    tri_expr e[] = {p, tri_square(p), tri_sqrt(tri_sub(p, integer(2))), tri_mul(p, argument)};
    ok(tri_loop(g,
                &(tri_loop_options){.n = tri_extent_of(4),
                                    .n_steps = 1,
                                    .steps = &p,
                                    .step_inputs = &x,
                                    .n_stacked = 4,
                                    .stacked = e},
                r));
    tri_expr out[] = {r[0], r[1], before ? r[3] : r[2]};
    tri_function *f = tri_compile(2, in, 3, out);
    double at[] = {1.0, 2.0, 3.0, 4.0, -1.0}, values[12];
    tri_error why;
    ck_assert_int_eq(tri_function_call(f, &(tri_call){.error = &why}, at, values), TRI_DOMAIN);
    ck_assert_str_eq(why.message, before ? "log at -1" : "no value exists");
    ck_assert_double_eq(values[7], 16.0);
    tri_function_free(f);
  }
}
END_TEST

/* More steps than bytes can be counted for: the scan is not split, which would take arrays of as
 * many numbers, and can be interrupted. */
START_TEST(steps_without_end) {
  tri_extent n = tri_extent_of((int64_t)1 << 61);
  tri_expr x = tri_variable(g, "x"), i = tri_variable(g, "i"), c = tri_variable(g, "c"),
           numbers = tri_iota(g, 0, n), next = tri_add(c, tri_sin(tri_mul(i, x))), result;
  ok(tri_loop(g,
              &(tri_loop_options){.n = n,
                                  .n_steps = 1,
                                  .steps = &i,
                                  .step_inputs = &numbers,
                                  .n_carries = 1,
                                  .carries = &c,
                                  .initial = &x,
                                  .next = &next},
              &result));
  tri_function *f = tri_compile(1, &x, 1, &result);
  volatile int stop = 1;
  double at = 1.0;
  tri_call call = {.interrupt = &stop};
  ck_assert_int_eq(tri_function_call(f, &call, &at, &at), TRI_INTERRUPTED);
  tri_function_free(f);
}
END_TEST

/* An expression's error is the loop's, also when the graph has forgotten it. */
/* Parts without elements: nothing is written out, and the plan of that has no slots. */
START_TEST(empty_parts) {
  tri_expr x = shaped("x", 2, 10, 0), p = shaped("p", 1, 0, 0), e = tri_sin(p), r;
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of(10),
                                  .n_steps = 1,
                                  .steps = &p,
                                  .step_inputs = &x,
                                  .n_stacked = 1,
                                  .stacked = &e},
              &r));
  tri_function *f = tri_compile(1, &x, 1, &r);
  double none = 7.0;
  ok(tri_function_call(f, NULL, &none, &none));
  ck_assert_uint_gt(tri_workspace_bytes(f, 1), 0);
  ck_assert_double_eq(none, 7.0);
  tri_function_free(f);
}
END_TEST

START_TEST(errors_pass_through) {
  tri_expr bad = shaped("x", 1, -1, 0), p = tri_variable(g, "p"), result;
  ck_assert_int_eq(tri_expr_status(bad), TRI_SHAPE);
  tri_graph_clear_error(g);
  tri_loop_options o = {.n = tri_extent_of(4), .n_steps = 1, .steps = &p, .step_inputs = &bad};
  o.n_summed = 1;
  o.summed = &p;
  ck_assert_int_eq(tri_loop(g, &o, &result), TRI_SHAPE);
  ck_assert_int_eq(tri_expr_status(result), TRI_SHAPE);
}
END_TEST

/* What would be wrong if it were counted in 64 bits. */
START_TEST(beyond_64_bits) {
  tri_expr x[3], i = tri_variable(g, "i");
  for (int k = 0; k < 3; k++)
    x[k] = tri_variable_shaped(g, (const char *const[]){"x", "y", "z"}[k], 1, (int64_t[]){0},
                               (const char *const[]){"n"});
  says(tri_iota(g, INT64_MAX - 1, tri_extent_of(5)), TRI_LIMIT, "beyond");
  says(tri_iota(g, INT64_MAX - 1, tri_extent_named("n")), TRI_LIMIT, "beyond");
  says(tri_slice(shaped("x", 1, 4, 0), INT64_MAX, 2), TRI_SHAPE, "from number 9223372036854775807");
  says(tri_sum(i, i, INT64_MAX, tri_extent_of(2)), TRI_LIMIT, "beyond");
  says(tri_iota(g, INT64_MIN, tri_extent_of(2)), TRI_LIMIT, "beyond");
  static const int64_t far[] = {INT64_MAX, INT64_MIN, INT64_MIN + 1};
  for (size_t k = 0; k < 3; k++) { /* where indices from 1 would not fit */
    tri_text text = {.allocator = NULL};
    ok(tri_print(tri_gather(x[0], tri_add(i, integer(far[k]))), NULL, &text));
    ck_assert_ptr_nonnull(strstr(text.data, "9223372036854775"));
    ok(tri_print(tri_gather(x[0], tri_sub(i, integer(far[k]))), NULL, &text));
    tri_text_free(&text);
  }
  tri_expr product =
      tri_mul(tri_mul(tri_gather(x[0], i), tri_gather(x[1], i)), tri_gather(x[2], i));
  tri_expr sum = tri_sum(product, i, 0, tri_extent_named("n"));
  tri_function *f = tri_compile(3, x, 1, &sum);
  const int64_t sizes[] = {INT64_MAX, INT64_MAX / 3 * 2, INT64_MAX / 8, 4};
  for (size_t k = 0; k < 4; k++) {
    tri_call call = {.n_sizes = 1, .sizes = sizes + k};
    size_t n, m;
    ck_assert_int_eq(tri_function_elements(f, &call, &n, &m), k < 3 ? TRI_LIMIT : TRI_OK);
  }
  tri_function_free(f);
}
END_TEST

/* A sum over i0 of a sum over i1 of …, each of which needs all indices around it; one that does not
 * is taken out of the loop. */
START_TEST(nested_too_deep) {
  enum { DEEP = 40 };
  tri_expr index[DEEP], e = integer(1);
  char name[16];
  int depth = 0;
  for (int k = 0; k < DEEP; k++) {
    snprintf(name, sizeof name, "i%d", k);
    index[k] = tri_variable(g, name);
    e = tri_mul(tri_sin(e), index[k]);
  }
  for (; depth < DEEP && !tri_expr_status(e); depth++)
    e = tri_sum(tri_sin(e), index[DEEP - 1 - depth], 1, tri_extent_of(1));
  ck_assert_int_eq(depth, 33);
  says(e, TRI_LIMIT, "32 loops");
}
END_TEST

START_TEST(index_out_of_range) {
  tri_expr x = shaped("x", 1, 3, 0), y = tri_variable(g, "y"), in[2] = {x, y};
  tri_expr f = tri_sin(tri_gather(x, y));
  tri_function *made = tri_compile(2, in, 1, &f);
  static const double bad[] = {-1.0, 3.0, 0.5, 1e300};
  double v, adjoints[4];
  for (size_t i = 0; i < 4; i++) {
    tri_error error;
    ck_assert_int_eq(tri_function_call(made, &(tri_call){.error = &error},
                                       (double[]){1.0, 2.0, 3.0, bad[i]}, &v),
                     TRI_DOMAIN);
    ck_assert(isnan(v));
  }
  ok(tri_function_reverse(made, NULL, (double[]){1.0, 2.0, 3.0, 1.0}, NULL, &v, adjoints));
  ck_assert(v == sin(2.0));
  ck_assert(adjoints[0] == 0.0 && adjoints[1] == cos(2.0) && adjoints[2] == 0.0 &&
            adjoints[3] == 0.0);
  tri_function_free(made);
}
END_TEST

/* Indices that are data: from 1, as in y[i] = x[j[i]]. */
START_TEST(chosen_parts) {
  enum { N = 70, PARTS = 5 };
  tri_expr x = shaped("x", 2, PARTS, 2), j = shaped("j", 1, N, 0), v = shaped("v", 1, N, 0);
  tri_expr in[3] = {x, j, v}, p[2] = {tri_variable(g, "p"), tri_variable(g, "q")}, f;
  tri_expr part = tri_gather(x, tri_sub(p[0], integer(1)));
  tri_expr e = tri_mul(tri_sin(tri_mul(tri_element(part, 0), p[1])), tri_element(part, 1));
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of(N),
                                  .n_steps = 2,
                                  .steps = p,
                                  .step_inputs = in + 1,
                                  .n_summed = 1,
                                  .summed = &e},
              &f));
  double at[2 * PARTS + 2 * N], expected = 0.0, value, reverse[2 * PARTS + 2 * N],
                                symbolic[1 + 2 * PARTS + N];
  for (int i = 0; i < 2 * PARTS; i++) at[i] = 0.3 * i - 1.0;
  for (int i = 0; i < N; i++) {
    at[2 * PARTS + i] = 1 + (3 * i) % PARTS;
    at[2 * PARTS + N + i] = 0.05 * i;
    const double *parts = at + 2 * ((3 * i) % PARTS);
    expected += sin(parts[0] * 0.05 * i) * parts[1];
  }
  tri_expr outputs[3] = {f}, by[2] = {x, v};
  ok(tri_gradient(f, 2, by, outputs + 1));
  tri_function *made = tri_compile(3, in, 1, &f),
               *all = tri_compile(3, in, 3, outputs, .primals = 1);
  ok(tri_function_call(made, NULL, at, &value));
  close_to(expected, value, "chosen", 0);
  ck_assert_ptr_nonnull(made->plan->loops[0].lanes);
  ok(tri_function_reverse(made, NULL, at, NULL, &value, reverse));
  ok(tri_function_call(all, NULL, at, symbolic));
  all_close(reverse, symbolic + 1, 2 * PARTS, "chosen");
  all_close(reverse + 2 * PARTS + N, symbolic + 1 + 2 * PARTS, N, "chosen");
  at[2 * PARTS + N - 1] = PARTS + 1;
  ck_assert_int_eq(tri_function_call(made, NULL, at, &value), TRI_DOMAIN);
  tri_function_free(made);
  tri_function_free(all);
}
END_TEST

/* Strict calls look into loops: which step is at a kink, and whether it counts. */
START_TEST(kinks_in_loops) {
  tri_expr x = shaped("x", 1, 3, 0), i = tri_variable(g, "i"),
           xi = tri_gather(x, tri_sub(i, integer(1)));
  tri_expr f = tri_sum(tri_mul(tri_abs(xi), i), i, 1, tri_extent_of(3));
  static const tri_domain domains[] = {TRI_DOUBLE, TRI_MPFR, TRI_BALL};
  for (size_t d = 0; d < 3; d++) {
    tri_error error = {.message = ""};
    tri_function *made = tri_compile(1, &x, 1, &f, .domain = domains[d], .precision = 80);
    double v, adjoints[3], tangent, direction[3] = {1.0, 0.0, 0.0};
    const tri_call strict = {.strict = 1, .error = &error};
    ok(tri_function_reverse(made, &strict, (double[]){1.0, -2.0, 3.0}, NULL, &v, adjoints));
    ck_assert(v == 14.0 && adjoints[0] == 1.0 && adjoints[1] == -2.0 && adjoints[2] == 3.0);
    ck_assert_int_ne(
        tri_function_reverse(made, &strict, (double[]){1.0, 0.0, 3.0}, NULL, &v, adjoints), TRI_OK);
    ck_assert_msg(strstr(error.message, "abs") != NULL, "%s", error.message);
    ok(tri_function_forward(made, &strict, (double[]){1.0, 0.0, 3.0}, 1, direction, &v, &tangent));
    ck_assert(tangent == 1.0); /* the second number does not move */
    tri_function_free(made);
  }
}
END_TEST

/* A branch that is not taken has no say, also where its derivative would be infinite: in any
 * mode. */
START_TEST(strong_zeros) {
  tri_expr x = shaped("x", 1, 2, 0), i = tri_variable(g, "i"), gradient;
  tri_expr roots = tri_map(tri_sqrt(tri_gather(x, tri_sub(i, integer(1)))), i, 1, tri_extent_of(2));
  tri_expr f = tri_element(roots, 0);
  ok(tri_gradient(f, 1, &x, &gradient));
  tri_function *reverse = tri_compile(1, &x, 1, &f), *symbolic = tri_compile(1, &x, 1, &gradient);
  double at[2] = {4.0, 0.0}, v, adjoints[2], values[2];
  ok(tri_function_reverse(reverse, NULL, at, NULL, &v, adjoints));
  ok(tri_function_call(symbolic, NULL, at, values));
  ck_assert(adjoints[0] == 0.25 && adjoints[1] == 0.0);
  ck_assert(values[0] == 0.25 && values[1] == 0.0);
  tri_function_free(reverse);
  tri_function_free(symbolic);
}
END_TEST

/* A step behind a loop of several results, which come before its own, is told by name. */
START_TEST(blame_behind_many_results) {
  tri_expr x = shaped("x", 1, 2, 0), xi = tri_variable(g, "xi"), r[3];
  tri_expr made[] = {tri_sin(xi), tri_mul(xi, xi), tri_cos(xi)};
  double at[] = {1.0, 0.0}, out[2];
  tri_error error;
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of(2),
                                  .n_steps = 1,
                                  .steps = &xi,
                                  .step_inputs = &x,
                                  .n_stacked = 3,
                                  .stacked = made},
              r));
  tri_expr ratio = tri_div(tri_mul(r[0], r[2]), r[1]);
  tri_function *f = tri_compile(1, &x, 1, &ratio);
  ck_assert_ptr_nonnull(f);
  ck_assert_int_eq(tri_function_call(f, &(tri_call){.error = &error}, at, out), TRI_DOMAIN);
  ck_assert_str_eq(error.message, "division by zero");
  tri_function_free(f);
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("loop_edges", 60, set_up, tear_down, what_does_not_fit,
                        parameters_are_distinct, nothing_to_compute, carries_nobody_reads,
                        results_without_values, steps_without_end, empty_parts, errors_pass_through,
                        beyond_64_bits, nested_too_deep, index_out_of_range, chosen_parts,
                        kinks_in_loops, strong_zeros, blame_behind_many_results);
}

int main(void) { return tri_test_main("test_loop_edges", suite); }
