/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation failed once of arrays of any rank, and of loops that a plan splits, joins and
 * sums scatters of. */
#include <triad.h>

#include "tests/failing.h"
#include "tests/runner.h"

enum { STEPS = 70, NUMBERS = STEPS + 12, RESULTS = 3 * NUMBERS };

static tri_domain domain;

/* A subject: expressions of v[70] and a[4, 3]. */
struct subject {
  tri_graph *g;
  tri_expr in[2];
};

static tri_expr number(const struct subject *s, int64_t n) { return tri_integer(s->g, n); }

/* All operations on arrays of any rank. */
static tri_expr of_arrays(const struct subject *s) {
  tri_expr a = s->in[1], v = tri_slice(s->in[0], 0, 3), index[] = {number(s, 2), number(s, 0)};
  tri_expr rows = tri_stack(2, index), t = tri_transpose(a, 2, NULL);
  tri_extent flat[] = {{12, NULL}}, wide[] = {{2, NULL}, {4, NULL}, {3, NULL}};
  tri_expr joined = tri_concat(2, (tri_expr[]){tri_gather_all(a, rows), a}, 0);
  tri_expr product =
      tri_contract(tri_broadcast(a, 3, wide), tri_broadcast(tri_sin(a), 3, wide), 1, 2);
  tri_expr sum = tri_add(tri_norm(tri_matmul(tri_matmul(a, t), tri_matmul(a, v))),
                         tri_dot(tri_reshape(t, 1, flat), tri_iota(s->g, 1, flat[0])));
  tri_expr scattered =
      tri_scatter_add(joined, tri_iota(s->g, 0, tri_extent_of(6)), tri_extent_of(7));
  sum = tri_add(sum, tri_mean(tri_sum_axis(scattered, 1)));
  return tri_add(sum, tri_mean(product));
}

/* A scan with functions before it and behind it, and a sum of squares of the same array. */
static tri_expr of_scans(const struct subject *s) {
  tri_graph *g = s->g;
  tri_expr p = tri_variable(g, "p"), c = tri_variable(g, "c"), results[3];
  tri_expr next = tri_add(tri_mul(c, tri_rational(g, 1, 2)), tri_sin(p)), stacked = tri_exp(c),
           summed = tri_mul(tri_cos(c), p);
  tri_expr zero = number(s, 0);
  tri_loop_options options = {.n = {STEPS, NULL},
                              .n_steps = 1,
                              .steps = &p,
                              .step_inputs = s->in,
                              .n_carries = 1,
                              .carries = &c,
                              .initial = &zero,
                              .next = &next,
                              .n_stacked = 1,
                              .stacked = &stacked,
                              .n_summed = 1,
                              .summed = &summed};
  tri_status status = tri_loop(g, &options, results);
  if (status) return results[0];
  return tri_add(tri_add(tri_norm(results[0]), tri_logsumexp(s->in[0])),
                 tri_add(results[1], results[2]));
}

/* Parts by numbers that are data: their derivative is a sum of scatters. */
static tri_expr of_parts(const struct subject *s) {
  tri_expr i = tri_variable(s->g, "i");
  tri_expr there = tri_floor(tri_div(i, number(s, 2)));
  tri_expr part = tri_gather(s->in[0], there);
  return tri_sum(tri_mul(part, tri_gather(s->in[0], i)), i, 0, tri_extent_of(STEPS));
}

static tri_status calls(const tri_function *f) {
  double at[NUMBERS], out[RESULTS], more[RESULTS];
  for (int i = 0; i < NUMBERS; i++) at[i] = 0.25 + 0.5 * (i % 3);
  tri_call call = {.workspace = tri_workspace_new(f)};
  tri_status s = call.workspace ? TRI_OK : TRI_MEMORY;
  if (!s) s = tri_function_call(f, &call, at, out);
  if (!s) s = tri_function_forward(f, &call, at, 1, at, NULL, out);
  if (!s) s = tri_function_reverse(f, &call, at, NULL, NULL, more);
  call.checkpoint_bytes = 64;
  if (!s) s = tri_function_reverse(f, &call, at, NULL, NULL, more);
  tri_workspace_free(call.workspace);
  return s;
}

static tri_status run(struct subject *s, tri_expr e, const tri_allocator *allocator) {
  tri_expr out[3] = {e};
  tri_error error = {.status = TRI_OK};
  tri_status status = tri_gradient(e, 2, s->in, out + 1);
  if (status) return status;
  tri_text text = {.allocator = allocator};
  status = tri_print(out[1], NULL, &text);
  tri_text_free(&text);
  if (status) return status;
  tri_function *f =
      tri_compile(2, s->in, 3, out, .domain = domain, .allocator = allocator, .error = &error);
  status = f ? calls(f) : error.status;
  tri_function_free(f);
  return status;
}

/* Windows, pooling, a convolution in groups, and reductions over the last dimension. */
static tri_expr of_windows(const struct subject *s) {
  tri_extent dims[] = {{1, NULL}, {6, NULL}, {2, NULL}}, same[] = {{2, NULL}, {1, NULL}, {4, NULL}};
  tri_expr x = tri_reshape(s->in[1], 3, dims), k = tri_reshape(tri_slice(s->in[0], 0, 8), 3, same);
  tri_expr y = tri_convolve(x, k, .groups = 2, .padding = "same");
  tri_expr pool = tri_max_pool(y, .size = {2}), mean = tri_average_pool(y, .size = {2}),
           hot = tri_one_hot(tri_argmax(mean), tri_extent_of(4));
  tri_expr back = tri_fold(tri_unfold(pool, .size = {2}), 1, (int64_t[]){3}, .size = {2});
  tri_expr last = tri_logsumexp_last(tri_add(back, tri_mul(hot, mean)));
  return tri_add(tri_mean(last), tri_logsumexp(s->in[0]));
}

static tri_expr (*const subjects[])(const struct subject *s) = {of_arrays, of_scans, of_parts,
                                                                of_windows};
enum { SUBJECTS = sizeof subjects / sizeof *subjects };
static int which;

static tri_status scenario(const tri_allocator *allocator) {
  struct subject s = {.g = tri_graph_new(&(tri_graph_options){.allocator = allocator})};
  if (!s.g) return TRI_MEMORY;
  s.in[0] = tri_variable_shaped(s.g, "v", 1, (int64_t[]){STEPS}, NULL);
  s.in[1] = tri_variable_shaped(s.g, "a", 2, (int64_t[]){4, 3}, NULL);
  tri_expr e = subjects[which](&s);
  tri_status status = tri_expr_status(e) ? tri_expr_status(e) : run(&s, e, allocator);
  tri_graph_free(s.g);
  return status;
}

START_TEST(tensors) {
  static const tri_domain domains[] = {TRI_DOUBLE, TRI_BALL};
  which = _i % SUBJECTS;
  domain = domains[_i / SUBJECTS];
  ck_assert_int_gt(failing_loop(scenario), 40);
  tri_thread_cleanup();
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("oom_tensors");
  TCase *t = tcase_create("oom");
  tcase_set_timeout(t, 240);
  tcase_add_loop_test(t, tensors, 0, 2 * SUBJECTS);
  suite_add_tcase(s, t);
  return s;
}
int main(void) { return tri_test_main("oom_tensors", suite); }
