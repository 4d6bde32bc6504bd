/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of compiling and of calls failed once. */
#include <math.h>
#include <string.h>
#include <triad.h>

#include "tests/failing.h"
#include "tests/runner.h"

static tri_domain domain;

static tri_status call_all(const tri_function *f) {
  const double at[] = {4.0, 0.5, 1.0, 2.0},
               unit[16] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  const double curve[] = {4.0, 0.5, 1.0, 2.0, 1.0, 0.5, -1.0, 1.0};
  double out[4], tangents[16], gradient[4], hessian[16], series[18];
  tri_error error;
  tri_call call = {.workspace = tri_workspace_new(f), .error = &error};
  tri_status s = call.workspace ? TRI_OK : TRI_MEMORY;
  if (!s) s = tri_function_call(f, &call, at, out);
  if (!s) s = tri_function_forward(f, &call, at, 4, unit, out, tangents);
  if (!s) s = tri_function_reverse(f, &call, at, NULL, out, gradient);
  for (int mode = TRI_REVERSE; mode <= TRI_FORWARD && !s; mode++) {
    call.mode = (tri_mode)mode;
    s = tri_function_hessian(f, &call, at, NULL, out, gradient, hessian);
  }
  call.derivatives = 1;
  if (!s) s = tri_function_taylor(f, &call, 2, curve, 5, series);
  if (!s) { /* sqrt at 0: the diagnosis of a coefficient, where it is not infinite */
    s = tri_function_taylor(f, &call, 2, (double[8]){0.0, 0.5, 1.0, 2.0, 1.0}, 2, series);
    if (s == TRI_DOMAIN || s == TRI_UNKNOWN) s = TRI_OK;
  }
  if (!s) { /* the diagnosis: without memory for it, the error has no name but is the same */
    tri_status none =
        tri_function_reverse(f, &call, (double[]){-4.0, 0.5, 1.0, 2.0}, NULL, out, gradient);
    s = none == TRI_DOMAIN ? TRI_OK : none;
  }
  tri_workspace_free(call.workspace);
  return s;
}

static tri_status eval_scenario(const tri_allocator *allocator) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!g) return TRI_MEMORY;
  tri_expr x = tri_variable(g, "x"), y = tri_variable(g, "y");
  tri_expr v = tri_variable_shaped(g, "v", 1, (int64_t[]){2}, NULL), in[] = {x, y, v};
  tri_expr e = tri_mul(tri_sqrt(x), tri_add(tri_mul(x, v), tri_max(y, tri_mul(y, y)))),
           out[] = {e, tri_element(e, 1)};
  tri_error error = {.status = TRI_OK};
  tri_function *f =
      tri_compile(3, in, 2, out, .domain = domain, .allocator = allocator, .error = &error);
  tri_status s = f ? call_all(f) : error.status;
  tri_function_free(f);
  tri_graph_free(g);
  return s;
}

/* A map, in double on two threads (in ball these would use the allocator at once), with a point that has no value: its program, rooms, pool and diagnosis. */
static tri_status map_scenario(const tri_allocator *allocator) {
  enum { POINTS = 300 };
  static const char text[] = "sqrt(x)*sin(x) + cos(x)/3";
  double in[POINTS], out[POINTS];
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!g) return TRI_MEMORY;
  tri_expr x = tri_variable(g, "x"), e = tri_parse(g, text, sizeof text - 1);
  tri_error error = {.status = TRI_OK};
  tri_function *f =
      tri_compile(1, &x, 1, &e, .domain = domain, .allocator = allocator, .error = &error);
  for (int i = 0; i < POINTS; i++) in[i] = i == 200 ? -1.0 : i;
  tri_status s = error.status;
  if (f)
    s = tri_function_map(f, &(tri_call){.error = &error}, POINTS, &(tri_map_input){in, NULL, 1},
                         &(tri_map_output){out, NULL, 1},
                         &(tri_map_options){.threads = domain == TRI_DOUBLE ? 2 : 1});
  if (s == TRI_DOMAIN) s = TRI_OK;
  tri_function_free(f);
  tri_graph_free(g);
  return s;
}

/* Series of all kinds. */
static tri_status series_scenario(const tri_allocator *allocator) {
  static const char text[] = "gamma(x) + x^(x + 1) + x^7 + x^2.5 + tanh(sigmoid(-x))/x";
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!g) return TRI_MEMORY;
  tri_expr x = tri_variable(g, "x"), e = tri_parse(g, text, sizeof text - 1);
  tri_error error = {.status = TRI_OK};
  tri_function *f =
      tri_compile(1, &x, 1, &e, .domain = domain, .allocator = allocator, .error = &error);
  double c[7];
  tri_status s = f ? tri_function_taylor(f, NULL, 2, (double[]){1.5, 1.0}, 6, c) : error.status;
  tri_function_free(f);
  tri_graph_free(g);
  return s;
}

/* Emitted C: cut, with vectors and rows of all forms. */
static tri_status emit_scenario(const tri_allocator *allocator) {
  static const char text[] = "digamma(x)/3 + x^y + log(y) + select(x < y, gaussian(x), y)";
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!g) return TRI_MEMORY;
  tri_expr in[] = {tri_variable(g, "x"), tri_variable(g, "y")},
           e = tri_parse(g, text, sizeof text - 1);
  tri_text source = {.allocator = allocator}, header = {.allocator = allocator};
  tri_error error;
  tri_status s = tri_emit_c(2, in, &source, &header, 1, &e, .hessian = 1, .gradient = 1,
                            .jacobian = 1, .cut = 7, .allocator = allocator, .error = &error);
  ck_assert_int_eq(error.status, s);
  if (!s) ck_assert(strstr(source.data, "f_hessian_part2(") && strstr(header.data, "f_jacobian"));
  if (s) ck_assert(source.size == 0 && header.size == 0);
  tri_text_free(&source);
  tri_text_free(&header);
  tri_graph_free(g);
  return s;
}

static tri_status values_scenario(const tri_allocator *allocator) {
  tri_values *v =
      tri_values_new(&(tri_number_options){.domain = domain, .allocator = allocator}, 5);
  tri_status s = v ? TRI_OK : TRI_MEMORY;
  tri_values_free(v);
  return s;
}

START_TEST(eval) {
  domain = (tri_domain)_i;
  ck_assert_int_gt(failing_loop(eval_scenario), 40);
}
END_TEST

START_TEST(map) {
  domain = _i ? TRI_BALL : TRI_DOUBLE;
  ck_assert_int_gt(failing_loop(map_scenario), 40);
  tri_thread_cleanup();
}
END_TEST

START_TEST(series) {
  domain = _i ? TRI_BALL : TRI_DOUBLE;
  ck_assert_int_gt(failing_loop(series_scenario), 40);
  tri_thread_cleanup();
}
END_TEST

START_TEST(emit) { ck_assert_int_gt(failing_loop(emit_scenario), 100); }
END_TEST

START_TEST(values) {
  domain = (tri_domain)_i;
  ck_assert_int_gt(failing_loop(values_scenario), 1);
}
END_TEST

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_eval");
  TCase *c = tcase_create("oom_eval");
  tcase_add_loop_test(c, eval, TRI_DOUBLE, TRI_DOMAINS);
  tcase_add_loop_test(c, map, 0, 2);
  tcase_add_loop_test(c, series, 0, 2);
  tcase_add_loop_test(c, values, TRI_DOUBLE, TRI_DOMAINS);
  tcase_add_test(c, emit);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_eval", oom_suite); }
