/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The memory of loops: snapshots of carries within a limit of bytes, workspaces in the caller's
 * buffer, and allocations that fail. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

#include "eval/run.h"
#include "tests/eval/helper.h"
#include "tests/failing.h"
#include "tests/random.h"
#include "tests/runner.h"

/* --- checkpoints: whatever is kept and computed again, the gradient is the same bit for bit */

static tri_expr long_scan(int64_t n, tri_expr x, tri_expr y) {
  tri_expr c = tri_variable(g, "c"), d = tri_variable(g, "d"), p = tri_variable(g, "p"), r[2];
  tri_expr carries[2] = {c, d}, initial[2] = {y, tri_mul(y, y)};
  tri_expr next[2] = {tri_sin(tri_add(tri_mul(c, d), p)), tri_cos(tri_add(c, tri_mul(p, d)))};
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of(n),
                                  .n_steps = 1,
                                  .steps = &p,
                                  .step_inputs = &x,
                                  .n_carries = 2,
                                  .carries = carries,
                                  .initial = initial,
                                  .next = next},
              r));
  return tri_mul(r[0], r[1]);
}

START_TEST(checkpoints) {
  enum { STEPS = 60 };
  tri_expr in[2] = {shaped("x", 1, STEPS, 0), tri_variable(g, "y")},
           f = long_scan(STEPS, in[0], in[1]);
  tri_function *made = tri_compile(2, in, 1, &f);
  double at[STEPS + 1], v, kept[STEPS + 1], other[STEPS + 1];
  for (int i = 0; i <= STEPS; i++) at[i] = 0.01 * (i % 7) - 0.02;
  at[STEPS] = 0.7;
  ok(tri_function_reverse(made, NULL, at, NULL, &v, kept));
  for (size_t snapshots = 1; snapshots <= STEPS + 1; snapshots++) {
    tri_call call = {.checkpoint_bytes = snapshots * 2 * sizeof(double)};
    ok(tri_function_reverse(made, &call, at, NULL, &v, other));
    ck_assert(memcmp(kept, other, sizeof kept) == 0);
  }
  tri_function_free(made);
}
END_TEST

/* Two snapshots: the steps run again, and where snapshots go, grow little faster than the steps. */
START_TEST(few_snapshots_of_many_steps) {
  enum { STEPS = 4000 };
  tri_expr in[2] = {shaped("x", 1, STEPS, 0), tri_variable(g, "y")},
           f = long_scan(STEPS, in[0], in[1]);
  tri_function *made = tri_compile(2, in, 1, &f);
  static double at[STEPS + 1], v, kept[STEPS + 1], other[STEPS + 1];
  struct random rng = random_start(7);
  for (int i = 0; i <= STEPS; i++) at[i] = (double)random_below(&rng, 1000) / 1000.0 - 0.5;
  ok(tri_function_reverse(made, NULL, at, NULL, &v, kept));
  ok(tri_function_reverse(made, &(tri_call){.checkpoint_bytes = 1}, at, NULL, &v, other));
  ck_assert(memcmp(kept, other, sizeof kept) == 0);
  tri_function_free(made);
}
END_TEST

/* --- a workspace in the caller's buffer has room for loops, whatever of their carries is kept */

static void all_fit(tri_function *f, size_t n, size_t checkpoint_bytes) {
  enum { MOST_INPUTS = 301, DIRECTIONS = 2 };
  static double at[MOST_INPUTS], adjoints[MOST_INPUTS], directions[DIRECTIONS * MOST_INPUTS];
  double v, tangents[DIRECTIONS];
  for (size_t i = 0; i < n; i++) at[i] = directions[i] = 0.25;
  for (size_t most = 0; most <= DIRECTIONS; most++) {
    size_t size = tri_workspace_bytes(f, most);
    void *buffer = malloc(size);
    tri_call call = {.workspace = tri_workspace_place(f, buffer, size),
                     .checkpoint_bytes = checkpoint_bytes};
    for (int turn = 0; turn < 5; turn++) {
      ok(tri_function_call(f, &call, at, &v));
      if (!most) continue;
      ok(tri_function_forward(f, &call, at, most, directions, &v, tangents));
      ok(tri_function_reverse(f, &call, at, NULL, &v, adjoints));
    }
    tri_workspace_free(call.workspace);
    free(buffer);
  }
}

START_TEST(loops_in_a_buffer) {
  enum { STEPS = 300 };
  tri_expr in[2] = {shaped("x", 1, STEPS, 0), tri_variable(g, "y")}, i = tri_variable(g, "i"),
           j = tri_variable(g, "j"), scan = long_scan(STEPS, in[0], in[1]);
  tri_expr part = tri_sin(tri_mul(tri_gather(in[0], i), tri_mul(j, in[1])));
  tri_expr sum =
      tri_sum(tri_exp(tri_sum(part, i, 0, tri_extent_of(STEPS))), j, 1, tri_extent_of(9));
  const tri_expr f[3] = {scan, sum, tri_add(scan, sum)};
  for (int k = 0; k < 3; k++) {
    tri_function *made = tri_compile(2, in, 1, f + k);
    for (size_t bytes = 0; bytes < 10000; bytes = 4 * bytes + 1) all_fit(made, STEPS + 1, bytes);
    tri_function_free(made);
  }
}
END_TEST

/* --- memory */

static tri_status scenario(const tri_allocator *allocator) {
  tri_graph *own = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!own) return TRI_MEMORY;
  tri_expr x = tri_variable_shaped(own, "x", 1, (int64_t[]){3}, NULL), y = tri_variable(own, "y"),
           i = tri_variable(own, "i"), c = tri_variable(own, "c"), in[2] = {x, y}, out[3], r[2];
  tri_expr xi = tri_gather(x, tri_sub(i, tri_integer(own, 1))),
           numbers = tri_iota(own, 1, tri_extent_of(3)),
           inner = tri_sum(tri_mul(i, y), i, 1, tri_extent_of(2)),
           next = tri_sin(tri_add(tri_mul(c, xi), inner));
  tri_status status = tri_loop(own,
                               &(tri_loop_options){.n = tri_extent_of(3),
                                                   .n_steps = 1,
                                                   .steps = &i,
                                                   .step_inputs = &numbers,
                                                   .n_carries = 1,
                                                   .carries = &c,
                                                   .initial = &y,
                                                   .next = &next,
                                                   .n_stacked = 1,
                                                   .stacked = &xi},
                               r);
  out[0] = r[1];
  if (!status) status = tri_gradient(out[0], 2, in, out + 1);
  tri_function *f =
      status ? NULL : tri_compile(2, in, 3, out, .primals = 1, .allocator = allocator);
  double at[4] = {1.0, 2.0, 0.5, 0.25}, v[5], adjoints[4], weights[5] = {1.0};
  if (!status && !f) status = TRI_MEMORY;
  if (!status) status = tri_function_call(f, NULL, at, v);
  if (!status) status = tri_function_reverse(f, NULL, at, weights, v, adjoints);
  tri_call few = {.checkpoint_bytes = 1};
  if (!status) status = tri_function_reverse(f, &few, at, weights, v, adjoints);
  tri_function_free(f);
  tri_graph_free(own);
  return status;
}

START_TEST(memory_fails) { ck_assert_int_gt(failing_loop(scenario), 20); }
END_TEST

static Suite *suite(void) {
  return tri_test_suite("loop_memory", 60, set_up, tear_down, checkpoints,
                        few_snapshots_of_many_steps, loops_in_a_buffer, memory_fails);
}

int main(void) { return tri_test_main("test_loop_memory", suite); }
