/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops against the same work written out: random bodies with step inputs, captured expressions,
 * indices, carries and loops in loops, run forward and backward; values and derivatives in all
 * modes and in several domains. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

#include "eval/run.h"
#include "tests/eval/helper.h"
#include "tests/failing.h"
#include "tests/native.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { MOST = 67, VECTOR = 2, INNER = 3, WIDE = 2 * MOST + 1, LEAVES = 16 };

static struct random rng;
static int flattened; /* subjects that could be written out by the planner */
static int by_code;   /* functions all of whose loops have native code */

/* --- bodies: an expression with a loop in it, and the same without */

struct pair {
  tri_expr rolled, written;
};

static struct pair leaf[LEAVES];
static uint32_t leaves;

static void add_leaf(tri_expr rolled, tri_expr written) {
  leaf[leaves++] = (struct pair){rolled, written};
}

static struct pair unary(tri_op op, struct pair a) {
  return (struct pair){tri_apply(op, 1, &a.rolled), tri_apply(op, 1, &a.written)};
}
static struct pair binary(tri_op op, struct pair a, struct pair b) {
  return (struct pair){tri_apply(op, 2, (tri_expr[]){a.rolled, b.rolled}),
                       tri_apply(op, 2, (tri_expr[]){a.written, b.written})};
}
static struct pair number(int64_t n) { return (struct pair){integer(n), integer(n)}; }

/* Smooth but for a kink where random points do not come. */
static struct pair random_step(struct pair a, struct pair b) {
  switch (random_below(&rng, 8)) {
  case 0: return binary(TRI_OP_add, a, b);
  case 1: return binary(TRI_OP_sub, a, b);
  case 2: return binary(TRI_OP_mul, a, b);
  case 3: return unary(TRI_OP_sin, a);
  case 4: return unary(TRI_OP_tanh, binary(TRI_OP_add, a, b));
  case 5: return binary(TRI_OP_div, a, binary(TRI_OP_add, number(2), unary(TRI_OP_cos, b)));
  case 6: return binary(TRI_OP_max, a, b);
  default: return unary(TRI_OP_abs, binary(TRI_OP_sub, a, binary(TRI_OP_mul, b, number(3))));
  }
}

static struct pair random_body(uint32_t steps) {
  struct pair e = leaf[random_below(&rng, leaves)];
  for (uint32_t i = 0; i < steps; i++) e = random_step(e, leaf[random_below(&rng, leaves)]);
  return e;
}

static tri_expr with(tri_expr e, tri_expr variable, tri_expr value) {
  return tri_substitute(e, 1, &variable, &value);
}

/* A sum over an index of its own. */
static struct pair inner_sum(void) {
  tri_expr k = tri_variable(g, "k"), sum = integer(0);
  uint32_t kept = leaves;
  add_leaf(k, k);
  struct pair e = binary(TRI_OP_mul, random_body(3), leaf[kept]);
  leaves = kept;
  for (int64_t i = 1; i <= INNER; i++) sum = tri_add(sum, with(e.written, k, integer(i)));
  return (struct pair){tri_sum(e.rolled, k, 1, tri_extent_of(INNER)), sum};
}

/* --- a whole function: f of a[n], v[n][2], s, w[WIDE] */

struct subject {
  tri_expr inputs[4];
  struct pair f;
  size_t n, elements;
};

enum { CARRIES = 2, PARAMETERS = 3 + CARRIES };

struct body {
  tri_expr parameter[PARAMETERS]; /* parts of a and v, the index from 1, carries */
  struct pair next[CARRIES], stacked, summed;
};

static void random_parts(struct subject *s, struct body *b, bool carries) {
  tri_expr *p = b->parameter, *in = s->inputs;
  p[0] = tri_variable(g, "p");
  p[1] = shaped("q", 1, VECTOR, 0);
  p[2] = tri_variable(g, "i");
  p[3] = tri_variable(g, "c0");
  p[4] = tri_variable(g, "c1");
  leaves = 0;
  add_leaf(p[0], p[0]);
  add_leaf(tri_element(p[1], 0), tri_element(p[1], 0));
  add_leaf(tri_element(p[1], 1), tri_element(p[1], 1));
  add_leaf(tri_div(p[2], integer(4)), tri_div(p[2], integer(4)));
  for (int c = 3; carries && c < PARAMETERS; c++) add_leaf(p[c], p[c]);
  add_leaf(in[2], in[2]);
  add_leaf(tri_sin(tri_element(in[3], 1)), tri_sin(tri_element(in[3], 1)));
  tri_expr same = tri_gather(in[0], tri_sub(p[2], integer(1))); /* a[i]: a step input */
  bool early = random_below(&rng, 2); /* whether the index can be known before the call */
  tri_expr other =
      tri_gather(in[3], early ? tri_mul(p[2], integer(2)) : tri_floor(tri_div(p[2], integer(3))));
  add_leaf(same, same);
  add_leaf(other, other);
  struct pair inner = inner_sum();
  add_leaf(inner.rolled, inner.written);
  for (int c = 0; c < CARRIES; c++) b->next[c] = unary(TRI_OP_sin, random_body(4));
  b->stacked = random_body(4);
  b->summed = random_body(5);
}

/* The steps written out, one after the other; `results`: stacked ones, the sum, the carries. */
static void write_out(const struct subject *s, const struct body *b, const tri_expr *initial,
                      bool backward, tri_expr *stacked, tri_expr *rest) {
  tri_expr carry[CARRIES] = {initial[0], initial[1]}, sum = integer(0);
  for (size_t step = 0; step < s->n; step++) {
    size_t t = backward ? s->n - 1 - step : step;
    tri_expr value[PARAMETERS] = {tri_element(s->inputs[0], t), tri_element(s->inputs[1], t),
                                  integer((int64_t)t + 1), carry[0], carry[1]};
    tri_expr from[] = {b->stacked.written, b->summed.written, b->next[0].written,
                       b->next[1].written};
    tri_expr to[4];
    ok(tri_substitute_all(4, from, PARAMETERS, b->parameter, value, to));
    stacked[t] = to[0];
    sum = tri_add(sum, to[1]);
    carry[0] = to[2];
    carry[1] = to[3];
  }
  rest[0] = sum;
  rest[1] = carry[0];
  rest[2] = carry[1];
}

/* A number of all results. */
static tri_expr joined(size_t n, const tri_expr *stacked, const tri_expr *rest) {
  tri_expr e = tri_add(tri_mul(rest[0], rest[1]), tri_sin(rest[2]));
  for (size_t t = 0; t < n; t++)
    if (t != 1) e = tri_add(e, tri_mul(stacked[t], tri_rational(g, (int64_t)t + 1, 3)));
  return e;
}

/* Without carries if `plain`: then its steps do not hang together, and lanes may take them. */
static void random_subject(struct subject *s, size_t n, bool backward, bool plain) {
  s->n = n;
  s->inputs[0] = shaped("a", 1, (int64_t)n, 0);
  s->inputs[1] = shaped("v", 2, (int64_t)n, VECTOR);
  s->inputs[2] = tri_variable(g, "s");
  s->inputs[3] = shaped("w", 1, WIDE, 0);
  s->elements = n + n * VECTOR + 1 + WIDE;
  struct body b;
  random_parts(s, &b, !plain);
  const tri_expr *p = b.parameter, *in = s->inputs;
  tri_expr initial[CARRIES] = {tri_mul(in[2], in[2]), tri_element(in[3], 2)};
  tri_expr arrays[3] = {in[0], in[1], tri_iota(g, 1, tri_extent_of((int64_t)n))};
  tri_expr next[CARRIES] = {b.next[0].rolled, b.next[1].rolled}, results[4], parts[MOST];
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of((int64_t)n),
                                  .backward = backward,
                                  .n_steps = 3,
                                  .steps = p,
                                  .step_inputs = arrays,
                                  .n_carries = plain ? 0 : CARRIES,
                                  .carries = p + 3,
                                  .initial = initial,
                                  .next = next,
                                  .n_stacked = 1,
                                  .stacked = &b.stacked.rolled,
                                  .n_summed = 1,
                                  .summed = &b.summed.rolled},
              results));
  for (size_t t = 0; t < n; t++) parts[t] = tri_element(results[0], t);
  for (int c = 2; plain && c < 4; c++) results[c] = integer(1);
  s->f.rolled = joined(n, parts, results + 1);
  tri_expr rest[3];
  write_out(s, &b, initial, backward, parts, rest);
  for (int c = 1; plain && c < 3; c++) rest[c] = integer(1);
  s->f.written = joined(n, parts, rest);
}

/* --- comparing */

enum { ELEMENTS = MOST + MOST * VECTOR + 1 + WIDE };

static tri_function *function(const struct subject *s, tri_expr f, tri_domain domain) {
  tri_error error;
  tri_function *made =
      tri_compile(4, s->inputs, 1, &f, .domain = domain, .precision = 120, .error = &error);
  ck_assert_msg(made != NULL, "%s", error.message);
  return made;
}

/* By native code, the same bits. */
static void native_agrees(const struct subject *s, size_t m, const tri_expr *outputs,
                          const double *at) {
  tri_function *f[2];
  double values[2][1 + ELEMENTS];
  for (int native = 0; native < 2; native++) {
    f[native] =
        tri_compile(4, s->inputs, m, outputs, .primals = 1,
                    .run = native ? TRI_NATIVE : TRI_INTERPRET, .native_module = NATIVE_BUILT);
    ck_assert_ptr_nonnull(f[native]);
    if (native) by_code += tri_function_native(f[native], NULL);
    ok(tri_function_call(f[native], NULL, at, values[native]));
  }
  size_t count = m > 1 ? 1 + s->elements : 1;
  for (size_t i = 0; i < count; i++)
    ck_assert_msg(memcmp(values[0] + i, values[1] + i, sizeof(double)) == 0,
                  "native code: number %zu of %zu is %.17g, not %.17g", i, count, values[1][i],
                  values[0][i]);
  double by[2][ELEMENTS], v[2];
  for (int native = 0; m == 1 && native < 2; native++)
    ok(tri_function_reverse(f[native], NULL, at, NULL, v + native, by[native]));
  ck_assert(m > 1 || (v[0] == v[1] && memcmp(by[0], by[1], s->elements * sizeof **by) == 0));
  for (int native = 0; native < 2; native++) tri_function_free(f[native]);
}

static void modes_agree(const struct subject *s, const double *at, const double *gradient) {
  static double unit[ELEMENTS * ELEMENTS];
  double v, other[ELEMENTS], symbolic[1 + ELEMENTS];
  tri_function *f = function(s, s->f.rolled, TRI_DOUBLE);
  ok(tri_function_reverse(f, NULL, at, NULL, &v, other));
  all_close(gradient, other, s->elements, "reverse");
  memset(unit, 0, sizeof unit);
  for (size_t i = 0; i < s->elements; i++) unit[i * s->elements + i] = 1.0;
  ok(tri_function_forward(f, NULL, at, s->elements, unit, &v, other));
  all_close(gradient, other, s->elements, "forward");
  tri_function_free(f);
  tri_expr outputs[5] = {s->f.rolled};
  ok(tri_gradient(s->f.rolled, 4, s->inputs, outputs + 1));
  tri_error error;
  f = tri_compile(4, s->inputs, 5, outputs, .primals = 1, .error = &error);
  ck_assert_msg(f != NULL, "%s", error.message);
  ok(tri_function_call(f, NULL, at, symbolic));
  all_close(gradient, symbolic + 1, s->elements, "symbolic reverse");
  tri_function_free(f);
  native_agrees(s, 1, outputs, at);
  native_agrees(s, 5, outputs, at);
}

/* Along one direction, as an expression. */
static void tangents_agree(const struct subject *s, const double *at, const double *gradient) {
  tri_expr direction[4] = {tri_slice(s->inputs[0], 0, (int64_t)s->n), integer(1), integer(2),
                           integer(-1)},
           tangent;
  ok(tri_jvp(1, &s->f.rolled, 4, s->inputs, direction, &tangent));
  double expected = 0.0, got;
  for (size_t i = 0; i < s->elements; i++) {
    double d = i < s->n ? at[i] : i < 3 * s->n ? 1.0 : i == 3 * s->n ? 2.0 : -1.0;
    expected += gradient[i] * d;
  }
  tri_function *f = tri_compile(4, s->inputs, 1, &tangent);
  ck_assert_ptr_nonnull(f);
  ok(tri_function_call(f, NULL, at, &got));
  close_to(expected, got, "symbolic forward", 0);
  tri_function_free(f);
}

static void hessians_agree(const struct subject *s, const double *at) {
  static double one[ELEMENTS * ELEMENTS], other[ELEMENTS * ELEMENTS];
  tri_function *f = function(s, s->f.written, TRI_DOUBLE),
               *r = function(s, s->f.rolled, TRI_DOUBLE);
  ok(tri_function_hessian(f, NULL, at, NULL, NULL, NULL, one));
  ok(tri_function_hessian(r, NULL, at, NULL, NULL, NULL, other));
  all_close(one, other, s->elements * s->elements, "Hessian");
  ok(tri_function_hessian(r, &(tri_call){.mode = TRI_FORWARD}, at, NULL, NULL, NULL, other));
  all_close(one, other, s->elements * s->elements, "forward Hessian");
  tri_function_free(f);
  tri_function_free(r);
}

static void domains_agree(const struct subject *s, const double *at, double value) {
  static const tri_domain domains[] = {TRI_MPFR, TRI_BALL};
  for (size_t d = 0; d < 2; d++) {
    double v, gradient[ELEMENTS], expected[ELEMENTS];
    tri_function *f = function(s, s->f.rolled, domains[d]),
                 *written = function(s, s->f.written, domains[d]);
    ok(tri_function_reverse(f, NULL, at, NULL, &v, gradient));
    close_to(value, v, "domain", d);
    ok(tri_function_reverse(written, NULL, at, NULL, &v, expected));
    all_close(expected, gradient, s->elements, "domain");
    tri_function_free(f);
    tri_function_free(written);
  }
}

/* Written out over scalars by the planner: the same operations in the same order, so the same
 * bits. */
static bool flat_agrees(const struct subject *s, const double *at, bool lanes) {
  tri_function *f = function(s, s->f.rolled, TRI_DOUBLE);
  struct memory memory;
  tri__memory_init(&memory, NULL);
  struct flat_plan written;
  ck_assert(tri__plan_flat(f->plan, &memory, 100000, 0, 0, &written));
  bool possible = written.plan != NULL;
  if (possible) {
    tri_function flat = {.plan = written.plan, .domain = TRI_DOUBLE};
    double a, b, x[ELEMENTS], read[ELEMENTS];
    ck_assert_uint_eq(written.place_count, s->elements);
    for (size_t i = 0; i < s->elements; i++)
      if (written.place[i] != NO_INPUT) read[written.place[i]] = at[i];
    ok(tri_function_reverse(f, NULL, at, NULL, &a, x));
    ok(tri_function_call(&flat, NULL, read, &b));
    ck_assert(lanes || memcmp(&a, &b, sizeof a) == 0);
    tri__plan_flat_free(&written, &memory);
    ck_assert(tri__plan_flat(f->plan, &memory, 3, 0, 0, &written) && !written.plan);
  }
  tri_function_free(f);
  return possible;
}

static void compare_subject(const struct subject *s, bool lanes) {
  double at[ELEMENTS], gradient[ELEMENTS], value, rolled;
  for (size_t i = 0; i < s->elements; i++) at[i] = random_between(&rng, -1.5, 1.5);
  tri_function *f = function(s, s->f.written, TRI_DOUBLE),
               *r = function(s, s->f.rolled, TRI_DOUBLE);
  ok(tri_function_reverse(f, NULL, at, NULL, &value, gradient));
  ok(tri_function_call(r, NULL, at, &rolled));
  close_to(value, rolled, "value", 0);
  tri_function_free(f);
  tri_function_free(r);
  modes_agree(s, at, gradient);
  tangents_agree(s, at, gradient);
  hessians_agree(s, at);
  domains_agree(s, at, value);
  flattened += flat_agrees(s, at, lanes);
}

START_TEST(random_loops) {
  rng = random_start(2026);
  int count = 40 * test_multiplier();
  for (int i = 0; i < count; i++) {
    static const size_t sizes[] = {0, 1, 2, 3, 5};
    struct subject s;
    random_subject(&s, sizes[i % 5], i % 2, false);
    compare_subject(&s, false);
    tri_graph_free(g);
    g = tri_graph_new(NULL);
  }
  ck_assert_int_gt(flattened, count / 4);
  ck_assert_int_gt(by_code, has_native() ? count / 4 : -1);
}
END_TEST

/* Whole blocks of lanes, and parts of them. */
START_TEST(random_maps) {
  rng = random_start(7);
  int count = 6 * test_multiplier();
  for (int i = 0; i < count; i++) {
    static const size_t sizes[] = {8, 64, 9, MOST};
    struct subject s;
    random_subject(&s, sizes[i % 4], i % 2, true);
    compare_subject(&s, true);
    tri_graph_free(g);
    g = tri_graph_new(NULL);
  }
}
END_TEST

/* --- third derivatives: of a loop's derivatives */

START_TEST(high_orders) {
  tri_expr x = tri_variable(g, "x"), i = tri_variable(g, "i"), c = tri_variable(g, "c");
  tri_expr next = tri_sin(tri_mul(tri_add(c, i), x)), result,
           numbers = tri_iota(g, 1, tri_extent_of(4));
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of(4),
                                  .n_steps = 1,
                                  .steps = &i,
                                  .step_inputs = &numbers,
                                  .n_carries = 1,
                                  .carries = &c,
                                  .initial = &x,
                                  .next = &next},
              &result));
  tri_expr written = x;
  for (int64_t k = 1; k <= 4; k++) written = tri_sin(tri_mul(tri_add(written, integer(k)), x));
  tri_expr f[8];
  for (uint32_t n = 0; n < 4; n++) {
    f[n] = tri_diff_n(result, x, n);
    f[4 + n] = tri_diff_n(written, x, n);
  }
  double at = 0.4, out[8];
  tri_function *made = tri_compile(1, &x, 8, f);
  ck_assert_ptr_nonnull(made);
  ok(tri_function_call(made, NULL, &at, out));
  all_close(out, out + 4, 4, "derivative");
  tri_expr gradient = result; /* reverse over reverse over reverse */
  for (uint32_t n = 1; n < 4; n++) {
    ok(tri_gradient(gradient, 1, &x, &gradient));
    double third;
    tri_function *reverse = tri_compile(1, &x, 1, &gradient);
    ok(tri_function_call(reverse, NULL, &at, &third));
    close_to(out[4 + n], third, "reverse of reverse", n);
    tri_function_free(reverse);
  }
  tri_function_free(made);
}
END_TEST

/* --- sizes that a call gives */

START_TEST(named_sizes) {
  tri_extent n = tri_extent_named("n");
  tri_expr x = tri_variable_shaped(g, "x", 1, (int64_t[]){0}, (const char *const[]){"n"});
  tri_expr i = tri_variable(g, "i"), y = tri_variable(g, "y");
  tri_expr xi = tri_gather(x, tri_sub(i, integer(1)));
  tri_expr f = tri_div(tri_sum(tri_mul(tri_exp(tri_mul(xi, y)), i), i, 1, n), tri_size(g, "n"));
  tri_expr inputs[2] = {x, y}, outputs[3] = {f};
  ok(tri_gradient(f, 2, inputs, outputs + 1));
  tri_function *value = tri_compile(2, inputs, 1, &f),
               *all = tri_compile(2, inputs, 3, outputs, .primals = 1);
  ck_assert(value && all);
  for (int64_t size = 1; size < 6; size++) {
    double at[6] = {0.3, -0.2, 0.9, 0.4, 0.1, 0.0}, v, gradient[6], whole[7], sum = 0.0;
    at[size] = 0.7;
    tri_call call = {.n_sizes = 1, .sizes = &size};
    ok(tri_function_reverse(value, &call, at, NULL, &v, gradient));
    for (int64_t k = 0; k < size; k++) sum += exp(at[k] * 0.7) * (double)(k + 1);
    close_to(sum / (double)size, v, "named", 0);
    ok(tri_function_call(all, &call, at, whole));
    all_close(whole + 1, gradient, (size_t)size + 1, "named");
  }
  int64_t none = 0;
  double at = 0.7, v;
  ck_assert_int_eq(tri_function_call(value, &(tri_call){.n_sizes = 1, .sizes = &none}, &at, &v),
                   TRI_DOMAIN); /* 0/0 */
  tri_function_free(value);
  tri_function_free(all);
}
END_TEST

/* --- structure */

START_TEST(equal_loops_are_one_node) {
  tri_expr x = shaped("x", 1, 7, 0), y = tri_variable(g, "y"), loops[2];
  const char *names[] = {"i", "k"};
  for (int n = 0; n < 2; n++) {
    tri_expr i = tri_variable(g, names[n]);
    loops[n] = tri_sum(tri_mul(tri_gather(x, tri_sub(i, integer(1))), y), i, 1, tri_extent_of(7));
  }
  ck_assert(tri_expr_equal(loops[0], loops[1]));
}
END_TEST

/* A function's loop and its derivatives' loop are run as one. */
START_TEST(loops_meet) {
  tri_expr x = shaped("x", 1, 7, 0), y = tri_variable(g, "y"), i = tri_variable(g, "i"), out[3];
  tri_expr in[2] = {x, y}, xi = tri_gather(x, tri_sub(i, integer(1)));
  out[0] = tri_sum(tri_sin(tri_mul(xi, y)), i, 1, tri_extent_of(7));
  ok(tri_gradient(out[0], 2, in, out + 1));
  tri_function *f = tri_compile(2, in, 3, out, .primals = 1);
  ck_assert_uint_eq(f->plan->loop_count, 1);
  tri_function_free(f);
  f = tri_compile(2, in, 3, out, .primals = 1, .as_written = 1);
  ck_assert_uint_eq(f->plan->loop_count, 2);
  tri_function_free(f);
}
END_TEST

/* Derivatives at the edge of a domain follow IEEE also where their loop is one with the function's,
 * which is checked. */
START_TEST(edges_of_domains) {
  tri_expr x = shaped("x", 1, 9, 0), i = tri_variable(g, "i"), out[2];
  out[0] = tri_sum(tri_sqrt(tri_gather(x, tri_sub(i, integer(1)))), i, 1, tri_extent_of(9));
  ok(tri_gradient(out[0], 1, &x, out + 1));
  for (int written = 0; written < 2; written++) {
    tri_function *f = tri_compile(1, &x, 2, out, .primals = 1, .as_written = written);
    double at[9] = {4.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0}, v[10];
    ok(tri_function_call(f, NULL, at, v));
    ck_assert(v[0] == 9.0 && v[1] == 0.25 && isinf(v[2]) && v[3] == 0.5);
    at[8] = -1.0;
    ck_assert_int_eq(tri_function_call(f, NULL, at, v), TRI_DOMAIN);
    tri_function_free(f);
  }
}
END_TEST

/* What comes to a constant takes no steps, and yet is not written out for ever; nor are many
 * captured expressions compared two by two. */
START_TEST(writing_out_ends) {
  const tri_extent n = tri_extent_of(60000);
  tri_expr x = shaped("x", 1, 8, 0), from[2] = {tri_iota(g, 1, n), tri_iota(g, 0, n)}, e, f;
  tri_expr outer[2] = {tri_variable(g, "a"), tri_variable(g, "b")};
  tri_expr inner[2] = {tri_variable(g, "c"), tri_variable(g, "d")};
  tri_expr zero = tri_sub(tri_sub(inner[0], inner[1]), tri_sub(outer[0], outer[1]));
  tri_loop_options nest = {.n = n, .n_steps = 2, .steps = inner, .step_inputs = from};
  nest.n_summed = 1;
  nest.summed = &zero;
  ok(tri_loop(g, &nest, &e));
  nest.steps = outer;
  nest.summed = &e;
  ok(tri_loop(g, &nest, &e));
  f = tri_mul(tri_element(x, 0), e);
  tri_function *made = tri_compile(1, &x, 1, &f);
  struct memory memory;
  tri__memory_init(&memory, NULL);
  struct flat_plan written;
  ck_assert(tri__plan_flat(made->plan, &memory, 100000, 0, 0, &written) && !written.plan);
  tri_function_free(made);
  tri_expr part = tri_variable(g, "q"), sum = integer(0);
  for (int k = 0; k < 60000; k++)
    sum = tri_add(sum, tri_mul(part, tri_sin(tri_mul(integer(k), tri_element(x, 1)))));
  tri_loop_options o = {.n = tri_extent_of(8), .n_steps = 1, .steps = &part, .step_inputs = &x};
  o.n_summed = 1;
  o.summed = &sum;
  ok(tri_loop(g, &o, &f));
}
END_TEST

/* Long sums by lanes keep their digits; infinite ones stay what they are. */
START_TEST(long_sums) {
  tri_expr y = tri_variable(g, "y"), i = tri_variable(g, "i"), f;
  f = tri_sum(tri_mul(i, y), i, 1, tri_extent_of(10000000));
  tri_function *made = tri_compile(1, &y, 1, &f);
  double at = 1.0, v, huge = 1e305;
  ok(tri_function_call(made, NULL, &at, &v));
  ck_assert(v == 50000005000000.0);
  at = 0.1;
  ok(tri_function_call(made, NULL, &at, &v));
  ck_assert_double_eq_tol(v, 5000000500000.0, 0.001);
  ok(tri_function_call(made, NULL, &huge, &v));
  ck_assert(isinf(v));
  tri_function_free(made);
}
END_TEST

/* Numbers that only loops read are counted: a workspace for a sum over an index is small, however
 * far it goes. */
START_TEST(indices_are_counted) {
  tri_expr y = tri_variable(g, "y"), i = tri_variable(g, "i");
  size_t bytes[2];
  for (int k = 0; k < 2; k++) {
    int64_t n = k ? 100000000 : 1000;
    tri_expr f = tri_sum(tri_mul(tri_mul(i, y), i), i, -3, tri_extent_of(n));
    tri_function *made = tri_compile(1, &y, 1, &f);
    bytes[k] = tri_workspace_bytes(made, 1);
    double at = 0.5, v, slope, expected = 0.0;
    if (!k) {
      for (int64_t j = -3; j < n - 3; j++) expected += (double)(j * j);
      ok(tri_function_reverse(made, NULL, &at, NULL, &v, &slope));
      ck_assert(v == 0.5 * expected && slope == expected);
    }
    tri_function_free(made);
  }
  ck_assert_uint_eq(bytes[0], bytes[1]);
}
END_TEST

/* The outputs may be the array of the inputs, which are read again to find who is to blame. */
START_TEST(in_place) {
  tri_expr x = shaped("x", 1, 70, 0), i = tri_variable(g, "i"), f;
  f = tri_map(tri_sqrt(tri_sub(tri_gather(x, i), integer(1))), i, 0, tri_extent_of(70));
  tri_function *made = tri_compile(1, &x, 1, &f);
  tri_error apart, within;
  double at[70], out[70];
  for (int bad = 0; bad < 2; bad++) {
    for (int k = 0; k < 70; k++) at[k] = 2.0 + k;
    if (bad) at[40] = 0.0;
    ck_assert_int_eq(tri_function_call(made, &(tri_call){.error = &apart}, at, out),
                     bad ? TRI_DOMAIN : TRI_OK);
    ck_assert_int_eq(tri_function_call(made, &(tri_call){.error = &within}, at, at),
                     bad ? TRI_DOMAIN : TRI_OK);
    ck_assert_str_eq(apart.message, within.message);
    for (int k = 0; k < 70; k++) ck_assert(at[k] == out[k] || (isnan(at[k]) && isnan(out[k])));
  }
  tri_function_free(made);
}
END_TEST

START_TEST(size_does_not_matter) {
  uint32_t nodes[2];
  for (int k = 0; k < 2; k++) {
    int64_t n = k ? 1000000 : 1000;
    tri_graph *own = tri_graph_new(NULL);
    tri_expr x = tri_variable_shaped(own, "x", 1, &n, NULL), y = tri_variable(own, "y"),
             i = tri_variable(own, "i"), in[2] = {x, y}, gradient[2];
    tri_expr xi = tri_gather(x, tri_sub(i, tri_integer(own, 1)));
    tri_expr f = tri_sum(tri_sin(tri_mul(xi, y)), i, 1, tri_extent_of(n));
    ok(tri_gradient(f, 2, in, gradient));
    nodes[k] = tri_graph_size(own);
    tri_graph_free(own);
  }
  ck_assert_uint_eq(nodes[0], nodes[1]);
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("loops", 60, set_up, tear_down, random_loops, random_maps, high_orders,
                        named_sizes, equal_loops_are_one_node, loops_meet, edges_of_domains,
                        writing_out_ends, long_sums, indices_are_counted, in_place,
                        size_does_not_matter);
}

int main(void) { return tri_test_main("test_loops", suite); }
