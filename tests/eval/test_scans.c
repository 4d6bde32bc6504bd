/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Scans as plans split them, and by lanes, and maps over arrays, against the same loops as they
 * were written: random bodies over arrays and scalars, in all modes and exactly; what is split and
 * what is not. */
#include <math.h>
#include <string.h>
#include <triad.h>

#include "eval/run.h"
#include "tests/eval/helper.h"
#include "tests/failing.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { MOST_STEPS = 80, MOST_WIDE = 65, MOST_LEAVES = 16 };

static struct random rng;

/* --- random scans of x[n][wide], u[n], w[wide], s */

enum { INPUTS = 4, CARRIES = 3, RESULTS = 3 };

struct subject {
  tri_expr inputs[INPUTS], f;
  size_t n, wide, elements;
};

static tri_expr leaf[MOST_LEAVES];
static uint32_t leaves;

static tri_expr any_leaf(void) { return leaf[random_below(&rng, leaves)]; }

static tri_expr random_step(tri_expr a, tri_expr b) {
  switch (random_below(&rng, 9)) {
  case 0: return tri_add(a, b);
  case 1: return tri_sub(a, b);
  case 2: return tri_mul(a, b);
  case 3: return tri_sin(a);
  case 4: return tri_tanh(tri_add(a, b));
  case 5: return tri_div(a, tri_add(tri_integer(g, 2), tri_cos(b)));
  case 6: return tri_sigmoid(a);
  case 7: return tri_select(tri_lt(a, b), a, tri_square(b));
  default: return tri_max(a, b);
  }
}

static tri_expr random_body(uint32_t steps) {
  tri_expr e = any_leaf();
  for (uint32_t i = 0; i < steps; i++) e = random_step(e, any_leaf());
  return e;
}

/* Of the shape of w, without large numbers, and so flat that what rounding does does not grow from
 * step to step. */
static tri_expr wide_body(const struct subject *s, uint32_t steps) {
  tri_expr e = tri_add(random_body(steps), tri_mul(tri_rational(g, 1, 7), s->inputs[2]));
  return tri_mul(tri_rational(g, 1, 8), tri_sin(e));
}

/* Of scalars alone. */
static tri_expr narrow_body(tri_expr a, tri_expr b, tri_expr c) {
  uint32_t before = leaves;
  tri_expr kept[MOST_LEAVES];
  memcpy(kept, leaf, sizeof leaf);
  leaves = 0;
  leaf[leaves++] = a;
  leaf[leaves++] = b;
  leaf[leaves++] = c;
  tri_expr e = tri_mul(tri_rational(g, 1, 8), tri_sin(random_body(3)));
  memcpy(leaf, kept, sizeof leaf);
  leaves = before;
  return e;
}

static tri_expr total(tri_expr x) { return tri_dot(x, x); }

static void random_sizes(struct subject *s) {
  static const size_t widths[] = {2, 5, 14, 40, 64, MOST_WIDE};
  s->wide = widths[random_below(&rng, sizeof widths / sizeof *widths)];
  s->n = 60 + random_below(&rng, MOST_STEPS - 60 + 1);
  s->elements = s->n * (s->wide + 1) + s->wide + 1;
}

/* With carries, or the same without, which is a map. */
static void random_subject(struct subject *s, bool backward, bool carries) {
  random_sizes(s);
  int64_t n = (int64_t)s->n, wide = (int64_t)s->wide;
  tri_expr *in = s->inputs;
  in[0] = shaped("x", 2, n, wide);
  in[1] = shaped("u", 1, n, 0);
  in[2] = shaped("w", 1, wide, 0);
  in[3] = tri_variable(g, "s");
  tri_expr p[] = {shaped("p", 1, wide, 0), tri_variable(g, "q")};
  const tri_expr initial[] = {in[2], tri_sin(in[2]), in[3]};
  tri_expr c[] = {shaped("c0", 1, wide, 0), shaped("c1", 1, wide, 0), tri_variable(g, "c2")};
  if (!carries) memcpy(c, initial, sizeof c);
  const tri_expr all[] = {p[0], p[1], c[0], c[1], c[2], in[2], in[3], tri_rational(g, 1, 3)};
  leaves = sizeof all / sizeof *all;
  memcpy(leaf, all, sizeof all);
  tri_expr next[] = {wide_body(s, 4), random_below(&rng, 3) ? wide_body(s, 3) : c[0],
                     narrow_body(p[1], c[2], in[3])};
  tri_expr stacked[] = {random_below(&rng, 2) ? next[0] : wide_body(s, 3),
                        narrow_body(p[1], in[3], c[2])};
  tri_expr summed[] = {wide_body(s, 4)}, r[RESULTS + CARRIES];
  tri_loop_options options = {.n = tri_extent_of(n),
                              .backward = backward,
                              .n_steps = 2,
                              .steps = p,
                              .step_inputs = in,
                              .n_carries = carries ? CARRIES : 0,
                              .carries = c,
                              .initial = initial,
                              .next = next,
                              .n_stacked = 2,
                              .stacked = stacked,
                              .n_summed = 1,
                              .summed = summed};
  ok(tri_loop(g, &options, r));
  s->f = tri_add(tri_add(total(r[0]), total(r[1])), total(r[2]));
  if (carries) s->f = tri_add(tri_add(s->f, total(r[3])), tri_add(total(r[4]), r[5]));
}

static void all_near(const double *a, const double *b, size_t n, const char *what) {
  double scale = 1.0;
  for (size_t i = 0; i < n; i++) scale = fmax(scale, fmax(fabs(a[i]), fabs(b[i])));
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(fabs(a[i] - b[i]) <= 1e-10 * scale, "%s %zu: %.17g and %.17g", what, i, a[i],
                  b[i]);
}

enum { ELEMENTS = MOST_STEPS * (MOST_WIDE + 1) + MOST_WIDE + 1 };

static void check(const struct subject *s, const double *at, bool native) {
  static double written[1 + ELEMENTS], found[1 + ELEMENTS];
  tri_expr outputs[1 + INPUTS] = {s->f};
  ok(tri_gradient(s->f, INPUTS, s->inputs, outputs + 1));
  tri_function *f = tri_compile(INPUTS, s->inputs, 1 + INPUTS, outputs, .primals = 1,
                                .as_written = 1),
               *split = tri_compile(INPUTS, s->inputs, 1 + INPUTS, outputs, .primals = 1,
                                    .run = native ? TRI_NATIVE : TRI_INTERPRET,
                                    .native_module = NATIVE_BUILT),
               *value = tri_compile(INPUTS, s->inputs, 1, outputs);
  ok(tri_function_call(f, NULL, at, written));
  ok(tri_function_call(split, NULL, at, found));
  all_near(written, found, 1 + s->elements, "split: number");
  ok(tri_function_reverse(value, NULL, at, NULL, found, found + 1));
  all_near(written, found, 1 + s->elements, "reverse: number");
  tri_call few = {.checkpoint_bytes = 1};
  ok(tri_function_reverse(value, &few, at, NULL, found, found + 1));
  all_near(written, found, 1 + s->elements, "few snapshots: number");
  tri_function_free(f);
  tri_function_free(split);
  tri_function_free(value);
}

START_TEST(random_scans) {
  static double at[ELEMENTS];
  rng = random_start(1);
  for (int i = 0; i < 60 * test_multiplier(); i++) {
    struct subject s;
    random_subject(&s, random_below(&rng, 2), i % 3 > 0);
    for (size_t k = 0; k < s.elements; k++) at[k] = random_between(&rng, -1.0, 1.0);
    check(&s, at, i % 8 == 0); /* which takes most of the time */
    tear_down();
    set_up();
  }
}
END_TEST

/* --- what is split */

/* c -> c/2 + of(x[t]) over n steps; what it becomes, and the sum of the squares of what it was. */
static void fold(int64_t n, tri_expr x, tri_expr of(tri_expr), tri_expr *out) {
  tri_expr p = tri_variable(g, "p"), c = tri_variable(g, "c"), zero = tri_integer(g, 0);
  tri_expr next = tri_add(tri_mul(c, tri_rational(g, 1, 2)), of(p)), square = tri_square(c), r[2];
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of(n),
                                  .n_steps = 1,
                                  .steps = &p,
                                  .step_inputs = &x,
                                  .n_carries = 1,
                                  .carries = &c,
                                  .initial = &zero,
                                  .next = &next,
                                  .n_summed = 1,
                                  .summed = &square},
              r));
  out[0] = r[0];
  out[1] = r[1];
}

static tri_expr inverse(tri_expr x) {
  return tri_div(tri_integer(g, 1), tri_add(tri_integer(g, 1), tri_square(x)));
}

static uint32_t loops_of(int64_t n, tri_expr of(tri_expr), int as_written) {
  tri_expr x = shaped("x", 1, n, 0), out[2];
  fold(n, x, of, out);
  tri_function *f = tri_compile(1, &x, 2, out, .as_written = as_written);
  ck_assert_ptr_nonnull(f);
  uint32_t loops = f->plan->loop_count;
  tri_function_free(f);
  return loops;
}

/* A loop before the scan and one behind it, where there are functions, and enough steps, and
 * room. */
START_TEST(what_is_split) {
  ck_assert_uint_eq(loops_of(64, inverse, 0), 3);
  ck_assert_uint_eq(loops_of(64, inverse, 1), 1);
  ck_assert_uint_eq(loops_of(63, inverse, 0), 1);
  ck_assert_uint_eq(loops_of(64, tri_square, 0), 1);
  ck_assert_uint_eq(loops_of(1 << 20, tri_sin, 0), 3);
  ck_assert_uint_eq(loops_of((1 << 20) + 1, tri_sin, 0), 1);
}
END_TEST

/* Rational numbers are the same, to the last digit. */
START_TEST(exactly) {
  enum { N = 64 };
  tri_expr x = shaped("x", 1, N, 0), out[3];
  fold(N, x, inverse, out);
  ok(tri_gradient(tri_add(out[0], out[1]), 1, &x, out + 2));
  const tri_number_options rational = {.domain = TRI_RATIONAL};
  tri_values *at = tri_values_new(&rational, N), *v[2];
  tri_text text[2] = {{.data = NULL}, {.data = NULL}};
  for (size_t i = 0; i < N; i++) tri_values_set_double(at, i, (double)(i % 5));
  for (int written = 0; written < 2; written++) {
    tri_function *f =
        tri_compile(1, &x, 3, out, .domain = TRI_RATIONAL, .as_written = written, .primals = 2);
    v[written] = tri_values_new(&rational, 2 + N);
    ok(tri_function_call_values(f, NULL, at, v[written]));
    for (size_t i = 0; i < 2 + N; i++)
      tri_value_text(tri_values_get(v[written], i), text + written);
    tri_function_free(f);
    tri_values_free(v[written]);
  }
  ck_assert_str_eq(text[0].data, text[1].data);
  for (int k = 0; k < 2; k++) tri_text_free(text + k);
  tri_values_free(at);
}
END_TEST

/* --- memory */

static tri_status scenario(const tri_allocator *allocator) {
  enum { N = 70, WIDE = 3 };
  tri_graph *kept = g, *own = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!own) return TRI_MEMORY;
  g = own;
  tri_expr x = shaped("x", 2, N, WIDE), p = shaped("p", 1, WIDE, 0), c = shaped("c", 1, WIDE, 0),
           w = shaped("w", 1, WIDE, 0);
  tri_expr next = tri_tanh(tri_add(tri_mul(c, w), tri_sin(p))), square = tri_mul(tri_square(c), w);
  tri_expr r[3], in[2] = {x, w}, out[3];
  tri_status status = tri_loop(own,
                               &(tri_loop_options){.n = tri_extent_of(N),
                                                   .n_steps = 1,
                                                   .steps = &p,
                                                   .step_inputs = &x,
                                                   .n_carries = 1,
                                                   .carries = &c,
                                                   .initial = &w,
                                                   .next = &next,
                                                   .n_stacked = 1,
                                                   .stacked = &next,
                                                   .n_summed = 1,
                                                   .summed = &square},
                               r);
  out[0] = tri_add(tri_element(tri_element(r[0], 5), 1), tri_element(r[1], 2));
  if (!status) status = tri_gradient(out[0], 2, in, out + 1);
  tri_function *f =
      status ? NULL : tri_compile(2, in, 3, out, .primals = 1, .allocator = allocator);
  double at[(N + 1) * WIDE] = {0.5, 0.25}, v[1 + (N + 1) * WIDE];
  if (!status && !f) status = TRI_MEMORY;
  if (!status) status = tri_function_call(f, NULL, at, v);
  tri_function_free(f);
  tri_graph_free(own);
  g = kept;
  return status;
}

START_TEST(memory_fails) { ck_assert_int_gt(failing_loop(scenario), 50); }
END_TEST

static Suite *suite(void) {
  return tri_test_suite("scans", 60, set_up, tear_down, random_scans, what_is_split, exactly,
                        memory_fails);
}

int main(void) { return tri_test_main("test_scans", suite); }
