/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops by native code against the interpreter and lanes, bit for bit: bodies too large to be
 * written out, with loops in them of every kind, run forward and backward, indices of all sorts,
 * numbers that do not exist, more or fewer points than fill a vector or a block; what is shared;
 * and when there is none, and why. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <triad.h>

#include "eval/native_calls.h"
#include "tests/eval/helper.h"
#include "tests/native.h"
#include "tests/random.h"
#include "tests/runner.h"

/* A point is a number and a vector; inner loops have so many steps that they are not written
 * out. */
enum { MOST = 131, PART = 3, INNER = 180, ROWS = 2, OUTPUTS = 8 };
enum { NUMBERS = MOST + MOST * PART + INNER + INNER * ROWS + 1 + INNER };

static tri_expr variable(const char *name, int64_t a, int64_t b) {
  return tri_variable_shaped(g, name, b ? 2 : 1, (int64_t[]){a, b}, NULL);
}
static tri_expr add(tri_expr a, tri_expr b) { return tri_add(a, b); }
static tri_expr mul(tri_expr a, tri_expr b) { return tri_mul(a, b); }

static tri_function *compiled(size_t n, const tri_expr *in, size_t m, const tri_expr *out,
                              tri_run run, tri_native_cache *cache) {
  tri_error error;
  tri_function *f = tri_compile(n, in, m, out, .primals = 1, .run = run, .native_cache = cache,
                                .native_module = NATIVE_BUILT, .error = &error);
  ck_assert_msg(f != NULL, "%s", error.message);
  return f;
}

/* Where the interpreter goes point by point, functions differ in the last place. */
static void close_numbers(const double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(fabs(a[i] - b[i]) <= 1e-11 * (1.0 + fabs(a[i])) || (isnan(a[i]) && isnan(b[i])),
                  "number %zu of %zu: %.17g by the interpreter, %.17g by native code", i, n, a[i],
                  b[i]);
}

static void same_numbers(const double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(memcmp(a + i, b + i, sizeof *a) == 0 || (isnan(a[i]) && isnan(b[i])),
                  "number %zu of %zu: %.17g by the interpreter, %.17g by native code", i, n, a[i],
                  b[i]);
}

/* --- inner loops */

/* A point: x, a vector v; the arrays a[INNER] and b[INNER][ROWS] are the same for all. */
struct point {
  tri_expr x, v, a, b, j; /* j: of indices, if they are data */
  bool data;
};

static tri_expr gathered(tri_expr array, tri_expr i, int64_t offset) {
  return tri_gather(array, tri_add(i, integer(offset)));
}

/* Work that makes the loop around too large to be written out. */
static tri_expr work(const struct point *p, tri_expr e) {
  for (int k = 0; k < 14; k++)
    e = add(mul(e, tri_element(p->v, (size_t)(k % PART))), tri_rational(g, k + 1, 7));
  return tri_atan(e);
}

/* A loop over a and b, whose outputs have all that loops have. results: stacked, summed, carry. */
static void inner(const struct point *p, bool backward, tri_expr *results) {
  tri_expr s[4] = {tri_variable(g, "p"), variable("q", ROWS, 0), tri_variable(g, "k"),
                   tri_variable(g, "j")};
  tri_expr c[2] = {tri_variable(g, "c"), variable("d", ROWS, 0)};
  tri_expr arrays[4] = {p->a, p->b, tri_iota(g, 0, tri_extent_of(INNER)), p->j};
  tri_expr initial[2] = {p->x, tri_stack(ROWS, (tri_expr[]){p->x, integer(2)})};
  tri_expr other = p->data ? gathered(p->a, s[3], 2) : mul(s[3], s[2]);
  tri_expr e = add(mul(s[0], p->x), mul(tri_element(s[1], 0), other));
  tri_expr worked = work(p, add(e, tri_element(c[1], 1)));
  tri_expr next[2] = {tri_sin(add(c[0], worked)),
                      tri_stack(ROWS, (tri_expr[]){worked, mul(tri_element(c[1], 0), tri_cos(e))})};
  tri_expr stacked = tri_max(mul(c[0], worked), tri_element(s[1], 1));
  tri_expr summed = mul(tri_exp(worked), add(s[2], tri_element(c[1], 0)));
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of(INNER),
                                  .backward = backward,
                                  .n_steps = 4,
                                  .steps = s,
                                  .step_inputs = arrays,
                                  .n_carries = 2,
                                  .carries = c,
                                  .initial = initial,
                                  .next = next,
                                  .n_stacked = 1,
                                  .stacked = &stacked,
                                  .n_summed = 1,
                                  .summed = &summed},
              results));
}

/* --- a whole function of x[n], v[n][PART], a, b, y */

struct subject {
  tri_expr in[6], out[OUTPUTS];
  size_t n, m, numbers;
};

/* Results: a sum, stacked numbers, a stacked vector of the inner loop and the sum of another. */
static void make(struct subject *s, size_t n, bool backward, bool data, bool gradient) {
  *s = (struct subject){.n = n, .m = 4};
  s->numbers = n + n * PART + INNER + INNER * ROWS + 1 + INNER;
  s->in[0] = variable("x", (int64_t)n, 0);
  s->in[1] = variable("v", (int64_t)n, PART);
  s->in[2] = variable("a", INNER, 0);
  s->in[3] = variable("b", INNER, ROWS);
  s->in[4] = tri_variable(g, "y");
  s->in[5] = variable("j", INNER, 0);
  tri_expr part[3] = {tri_variable(g, "x0"), variable("v0", PART, 0), tri_variable(g, "i")};
  struct point p = {mul(part[0], s->in[4]), part[1], s->in[2], s->in[3], s->in[5], data};
  tri_expr one[4], two[4],
      arrays[3] = {s->in[0], s->in[1], tri_iota(g, 0, tri_extent_of((int64_t)n))};
  inner(&p, backward, one);
  p.x = tri_sqrt(add(tri_abs(one[2]), tri_element(one[0], 7)));
  inner(&p, !backward, two);
  tri_expr chosen = gathered(s->in[2], part[2], 3);
  tri_expr stacked[2] = {add(mul(one[1], chosen), tri_element(two[3], 1)), two[0]};
  tri_expr summed[2] = {add(two[1], tri_sin(part[2])), one[0]};
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of((int64_t)n),
                                  .n_steps = 3,
                                  .steps = part,
                                  .step_inputs = arrays,
                                  .n_stacked = 2,
                                  .stacked = stacked,
                                  .n_summed = 2,
                                  .summed = summed},
              s->out));
  if (!gradient) return;
  tri_expr total = add(s->out[2], tri_element(s->out[3], 5));
  s->out[0] = total;
  ok(tri_gradient(total, 5, s->in, s->out + 1));
  s->m = 6;
}

static void fill(struct random *r, const struct subject *s, double *at) {
  for (size_t i = 0; i < s->numbers; i++) at[i] = random_between(r, 0.2, 1.3);
  for (size_t i = 0; i < INNER && s->numbers > INNER; i++)
    at[s->numbers - INNER + i] = (double)(i * 11 % (INNER - 2));
}

static size_t elements(const tri_function *f) {
  size_t n, m;
  ok(tri_function_elements(f, NULL, &n, &m));
  return m;
}

/* Both ways give the same numbers and say the same; with a workspace and without. */
static void compare(const struct subject *s, const double *at, bool must, bool exact) {
  static double values[2][MOST * (INNER + 1) + NUMBERS + INNER + 2];
  tri_error error[2];
  tri_status status[2];
  for (int native = 0; native < 2; native++) {
    tri_function *f = compiled(6, s->in, s->m, s->out, native ? TRI_NATIVE : TRI_INTERPRET, NULL);
    const char *why = "";
    if (native) ck_assert_msg(tri_function_native(f, &why) || !must, "%s", why);
    ck_assert_uint_le(elements(f), sizeof *values / sizeof **values);
    tri_call call = {.error = error + native, .workspace = tri_workspace_new(f)};
    status[native] = tri_function_call(f, &call, at, values[native]);
    tri_workspace_free(call.workspace);
    if (native) (exact ? same_numbers : close_numbers)(values[0], values[1], elements(f));
    call.workspace = NULL;
    ck_assert_int_eq(tri_function_call(f, &call, at, values[native]), status[native]);
    if (native) (exact ? same_numbers : close_numbers)(values[0], values[1], elements(f));
    tri_function_free(f);
  }
  ck_assert_int_eq(status[0], status[1]);
  ck_assert_str_eq(error[0].message, error[1].message);
}

START_TEST(loops_in_loops) {
  static const size_t sizes[] = {8, 17, 64, 65, MOST};
  struct random r = random_start(11);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct subject s;
    double at[NUMBERS];
    bool data = i % 2;
    make(&s, sizes[i], i < 2, data, false);
    fill(&r, &s, at);
    compare(&s, at, true, !data);
    at[s.numbers - 1] = INNER; /* no index */
    compare(&s, at, true, !data);
    tri_graph_free(g);
    g = tri_graph_new(NULL);
  }
}
END_TEST

/* Where loops are not written out, sine and cosine of one angle that are in two of them are not
 * computed as one. */
START_TEST(gradients_of_them) {
  struct random r = random_start(12);
  for (int i = 0; i < 2; i++) {
    struct subject s;
    double at[NUMBERS];
    make(&s, i ? 70 : 9, i, false, true);
    fill(&r, &s, at);
    compare(&s, at, true, false);
    tri_graph_free(g);
    g = tri_graph_new(NULL);
  }
}
END_TEST

/* Results so large that they go past the caches, to where no line begins; widths that no whole
 * vectors fill. */
START_TEST(large_results) {
  enum { POINTS = 20003, EACH = 30 };
  static double at[POINTS], values[2][POINTS * (EACH + 3) + 1];
  tri_expr x = variable("x", POINTS, 0), x0 = tri_variable(g, "x0"), out[2], parts[EACH],
           results[2];
  struct random r = random_start(18);
  for (int i = 0; i < POINTS; i++) at[i] = random_between(&r, -1.0, 1.0);
  for (int k = 0; k < EACH; k++) parts[k] = tri_sin(mul(x0, integer(k + 1)));
  out[0] = tri_stack(EACH, parts);
  out[1] = tri_stack(3, parts);
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of(POINTS),
                                  .n_steps = 1,
                                  .steps = &x0,
                                  .step_inputs = &x,
                                  .n_stacked = 2,
                                  .stacked = out},
              results));
  for (int native = 0; native < 2; native++) {
    tri_function *f = compiled(1, &x, 2, results, native ? TRI_NATIVE : TRI_INTERPRET, NULL);
    ok(tri_function_call(f, NULL, at, values[native] + 1));
    tri_function_free(f);
  }
  same_numbers(values[0], values[1], sizeof values[0] / sizeof(double));
}
END_TEST

/* --- steps that hang together */

/* A chain of n steps with a vector carried, indices that are data among them those that are
 * none. */
static void make_chain(struct subject *s, size_t n) {
  *s = (struct subject){.n = n, .m = 3};
  s->in[0] = variable("x", (int64_t)n, 0);
  s->in[1] = variable("j", (int64_t)n, 0);
  s->in[2] = variable("a", INNER, 0);
  s->in[3] = variable("b", INNER, ROWS);
  s->in[4] = tri_variable(g, "y");
  s->in[5] = tri_variable(g, "z");
  s->numbers = 2 * n + INNER + INNER * ROWS + 2;
  tri_expr part[2] = {tri_variable(g, "x0"), tri_variable(g, "j0")}, c = variable("c", ROWS, 0);
  tri_expr row = gathered(s->in[3], part[1], 1),
           start = tri_stack(ROWS, (tri_expr[]){s->in[4], integer(1)});
  tri_expr next = tri_stack(
      ROWS, (tri_expr[]){tri_tanh(add(part[0], tri_element(c, 1))),
                         tri_log(add(integer(2), mul(tri_element(c, 0), tri_element(row, 1))))});
  tri_expr stacked = tri_div(tri_element(row, 0), tri_element(c, 1));
  tri_expr summed = mul(row, c);
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of((int64_t)n),
                                  .n_steps = 2,
                                  .steps = part,
                                  .step_inputs = s->in,
                                  .n_carries = 1,
                                  .carries = &c,
                                  .initial = &start,
                                  .next = &next,
                                  .n_stacked = 1,
                                  .stacked = &stacked,
                                  .n_summed = 1,
                                  .summed = &summed},
              s->out));
}

START_TEST(chains) {
  struct random r = random_start(13);
  for (int i = 0; i < 4; i++) {
    struct subject s;
    double at[NUMBERS];
    make_chain(&s, i == 3 ? 1 : 40);
    fill(&r, &s, at);
    at[2 * s.n + INNER + INNER * ROWS] = i == 1 ? -300.0 : 0.75;
    for (size_t k = 0; k < s.n; k++) at[s.n + k] = (double)(k * 7 % (INNER - 1));
    if (i == 2) at[s.n + 5] = INNER; /* no index */
    compare(&s, at, true, true);
    tri_graph_free(g);
    g = tri_graph_new(NULL);
  }
}
END_TEST

/* A step is asked between whether to go on; a limit in bytes for a sweep's snapshots is kept to. */
START_TEST(interrupts_and_sweeps) {
  struct random r = random_start(14);
  struct subject s;
  double at[NUMBERS], value[2][200], by[2][NUMBERS];
  make_chain(&s, 40);
  fill(&r, &s, at);
  for (size_t k = 0; k < s.n; k++) at[s.n + k] = (double)(k * 7 % (INNER - 1));
  tri_function *f[2] = {compiled(6, s.in, s.m, s.out, TRI_INTERPRET, NULL),
                        compiled(6, s.in, s.m, s.out, TRI_NATIVE, NULL)};
  for (size_t bytes = 0; bytes < 200; bytes += 100) {
    for (int native = 0; native < 2; native++)
      ok(tri_function_reverse(f[native], &(tri_call){.checkpoint_bytes = bytes}, at, NULL,
                              value[native], by[native]));
    same_numbers(by[0], by[1], s.numbers);
    same_numbers(value[0], value[1], elements(f[0]));
  }
  volatile int stop = 1;
  ck_assert_int_eq(tri_function_call(f[1], &(tri_call){.interrupt = &stop}, at, value[1]),
                   TRI_INTERRUPTED);
  tri_function_free(f[0]);
  tri_function_free(f[1]);
}
END_TEST

/* --- back through steps */

enum { STATE = 6, STEPS = 50, ODE = STEPS + STATE + STATE + 1 };

/* Rings of states that pull at each other: arrays cut, put together and repeated, a choice, a root;
 * `square` of the states summed, the states stacked, parameters k[STATE] and y, a number u[STEPS]
 * from outside at each step. */
static void make_ode(struct subject *s) {
  *s = (struct subject){.n = STEPS, .m = 3, .numbers = ODE};
  s->in[0] = variable("u", STEPS, 0);
  s->in[1] = variable("c0", STATE, 0);
  s->in[2] = variable("k", STATE, 0);
  s->in[3] = tri_variable(g, "y");
  tri_expr u = tri_variable(g, "u0"), c = variable("c", STATE, 0), t = tri_variable(g, "t");
  tri_expr inputs[2] = {s->in[0], tri_iota(g, 1, tri_extent_of(STEPS))}, parts[STATE];
  for (size_t i = 0; i < STATE; i++) parts[i] = tri_element(c, (i + 1) % STATE);
  tri_expr pull = tri_sub(tri_stack(STATE, parts), c);
  tri_expr forced = tri_select(tri_lt(u, integer(0)), mul(u, s->in[3]), tri_div(u, t));
  tri_expr bent = tri_sqrt(tri_abs(add(u, tri_slice(c, 1, STATE - 1))));
  for (size_t i = 0; i < STATE; i++)
    parts[i] = i ? tri_sin(tri_element(bent, i - 1)) : tri_relu(tri_element(c, 3));
  tri_expr next = add(add(c, mul(mul(s->in[2], pull), tri_rational(g, 1, 8))),
                      mul(tri_repeat(forced, tri_extent_of(STATE)), tri_stack(STATE, parts)));
  tri_expr summed = tri_square(next);
  ok(tri_loop(g,
              &(tri_loop_options){.n = tri_extent_of(STEPS),
                                  .n_steps = 2,
                                  .steps = (tri_expr[]){u, t},
                                  .step_inputs = inputs,
                                  .n_carries = 1,
                                  .carries = &c,
                                  .initial = s->in + 1,
                                  .next = &next,
                                  .n_stacked = 1,
                                  .stacked = &forced,
                                  .n_summed = 1,
                                  .summed = &summed},
              s->out));
  s->out[0] = mul(s->out[0], s->in[0]); /* whose adjoints are more than the loop's */
}

/* With weights and without, snapshots of all carries and of few; at zeros, where only the
 * interpreter tells nothing times infinity from no number. */
START_TEST(steps_back) {
  struct random r = random_start(17);
  struct subject s;
  double at[ODE], weights[STEPS + 2 * STATE];
  make_ode(&s);
  tri_function *f[2] = {compiled(4, s.in, s.m, s.out, TRI_INTERPRET, NULL),
                        compiled(4, s.in, s.m, s.out, TRI_NATIVE, NULL)};
  ck_assert(tri_function_native(f[1], NULL));
  for (int i = 0; i < 24; i++) {
    double by[2][ODE], value[2][STEPS + 2 * STATE];
    tri_error error[2];
    for (size_t k = 0; k < ODE; k++) at[k] = random_between(&r, -1.0, 1.0);
    for (size_t k = 0; k < STEPS + 2 * STATE; k++)
      weights[k] = random_below(&r, 3) ? random_between(&r, -1.0, 1.0) : 0.0;
    if (i % 3 == 1)
      for (size_t k = 0; k < STEPS + STATE; k++) at[k] = 0.0;
    tri_status status[2];
    for (int native = 0; native < 2; native++) {
      tri_call call = {.error = error + native, .checkpoint_bytes = i % 2 ? 300 : 0};
      status[native] = tri_function_reverse(f[native], &call, at, i % 4 < 2 ? weights : NULL,
                                            value[native], by[native]);
    }
    ck_assert_int_eq(status[0], status[1]);
    ck_assert_str_eq(error[0].message, error[1].message);
    same_numbers(value[0], value[1], STEPS + 2 * STATE);
    same_numbers(by[0], by[1], ODE);
  }
  ck_assert_ptr_nonnull(atomic_load(&f[1]->plan->loops->native[NATIVE_BACK]));
  tri_function_free(f[0]);
  tri_function_free(f[1]);
}
END_TEST

/* What turns or contracts arrays in a chain is the interpreter's, forward and back. */
START_TEST(matrices_in_chains) {
  enum { SIZE = 3, N = 5, ALL = SIZE + SIZE * SIZE };
  tri_expr c = variable("c", SIZE, 0), m = variable("m", SIZE, SIZE),
           in[2] = {variable("c0", SIZE, 0), m};
  tri_expr next = tri_sin(add(tri_matmul(m, c), tri_matmul(tri_transpose(m, 2, NULL), c))), out;
  ok(tri_loop(
      g,
      &(tri_loop_options){
          .n = tri_extent_of(N), .n_carries = 1, .carries = &c, .initial = in, .next = &next},
      &out));
  double at[ALL], value[2][SIZE], by[2][ALL];
  for (int i = 0; i < ALL; i++) at[i] = 0.1 * i - 0.4;
  for (int native = 0; native < 2; native++) {
    tri_function *f = compiled(2, in, 1, &out, native ? TRI_NATIVE : TRI_INTERPRET, NULL);
    if (native) ck_assert(!tri_function_native(f, NULL));
    ok(tri_function_reverse(f, NULL, at, NULL, value[native], by[native]));
    tri_function_free(f);
  }
  same_numbers(value[0], value[1], SIZE);
  same_numbers(by[0], by[1], ALL);
}
END_TEST

/* --- rooms, threads, caches */

/* A workspace in a buffer of the size that is told is enough. */
START_TEST(rooms) {
  struct random r = random_start(15);
  for (int chain = 0; chain < 2; chain++) {
    struct subject s;
    double at[NUMBERS];
    static double values[2][MOST * (INNER + 1) + NUMBERS + INNER + 2];
    static max_align_t buffer[1 << 18];
    if (chain)
      make_chain(&s, 40);
    else
      make(&s, 20, false, true, false);
    fill(&r, &s, at);
    for (size_t k = 0; chain && k < s.n; k++) at[s.n + k] = (double)k;
    tri_function *f = compiled(6, s.in, s.m, s.out, TRI_NATIVE, NULL);
    size_t bytes = tri_workspace_bytes(f, 0);
    ck_assert_uint_gt(bytes, 0);
    ck_assert_uint_le(bytes, sizeof buffer);
    tri_call call = {.workspace = tri_workspace_place(f, buffer, bytes)};
    ck_assert_ptr_nonnull(call.workspace);
    ok(tri_function_call(f, &call, at, values[0]));
    ok(tri_function_call(f, NULL, at, values[1]));
    same_numbers(values[0], values[1], elements(f));
    tri_workspace_free(call.workspace);
    tri_function_free(f);
  }
}
END_TEST

struct thread {
  const tri_function *f;
  const double *at;
  double values[200];
};

static void *call_often(void *data) {
  struct thread *t = data;
  for (int i = 0; i < 20; i++)
    if (tri_function_call(t->f, NULL, t->at, t->values)) t->values[0] = NAN;
  tri_thread_cleanup();
  return NULL;
}

/* The first call makes the code, while others go on without it. */
START_TEST(threads) {
  enum { THREADS = 4 };
  struct random r = random_start(16);
  struct subject s;
  double at[NUMBERS], expected[200];
  make_chain(&s, 40);
  fill(&r, &s, at);
  for (size_t k = 0; k < s.n; k++) at[s.n + k] = (double)k;
  tri_function *f = compiled(6, s.in, s.m, s.out, TRI_INTERPRET, NULL);
  ok(tri_function_call(f, NULL, at, expected));
  tri_function_free(f);
  f = compiled(6, s.in, s.m, s.out, TRI_NATIVE, NULL);
  static struct thread thread[THREADS];
  pthread_t id[THREADS];
  for (int i = 0; i < THREADS; i++) {
    thread[i] = (struct thread){.f = f, .at = at};
    ck_assert_int_eq(pthread_create(id + i, NULL, call_often, thread + i), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(id[i], NULL);
    same_numbers(expected, thread[i].values, 42);
  }
  tri_function_free(f);
}
END_TEST

/* x[i] * y + c[i] summed: the same code for equal bodies, another for others. */
static tri_function *sum_with(tri_expr factor, tri_native_cache *cache) {
  tri_expr x = variable("x", 20, 0), y = tri_variable(g, "y"), i = tri_variable(g, "i");
  tri_expr in[2] = {x, y},
           e = tri_sum(mul(mul(gathered(x, i, -1), y), factor), i, 1, tri_extent_of(20));
  return compiled(2, in, 1, &e, TRI_NATIVE, cache);
}

START_TEST(shared) {
  tri_native_cache *cache = tri_native_cache_new(2, NULL);
  tri_function *f[3] = {sum_with(integer(3), cache), sum_with(integer(3), cache),
                        sum_with(integer(4), cache)};
  double at[21] = {1.0}, value;
  at[20] = 1.0;
  for (int i = 0; i < 3; i++) {
    ck_assert(tri_function_native(f[i], NULL));
    ok(tri_function_call(f[i], NULL, at, &value));
    ck_assert(value == (i == 2 ? 4.0 : 3.0));
  }
  ck_assert_uint_eq(tri__native_users(f[0]), 2);
  ck_assert_uint_eq(tri__native_users(f[2]), 1);
  for (int i = 0; i < 3; i++) tri_function_free(f[i]);
  tri_native_cache_free(cache);
}
END_TEST

/* --- when there is none */

static void check_reason(tri_function *f, const char *part) {
  const char *why = "";
  ck_assert(!tri_function_native(f, &why));
  ck_assert_msg(strstr(why, part) != NULL, "%s", why);
  tri_function_free(f);
}

START_TEST(reasons) {
  tri_expr x = tri_variable_shaped(g, "x", 1, (int64_t[]){0}, (const char *const[]){"n"});
  tri_expr y = variable("y", 9, 0), e = tri_gather(y, tri_element(y, 0)), i = tri_variable(g, "i");
  check_reason(compiled(1, &y, 1, &e, TRI_NATIVE, NULL), "operations on arrays");
  tri_expr inner_sum = tri_sum(tri_gather(x, tri_sub(i, integer(1))), i, 1, tri_extent_named("n"));
  tri_expr z = tri_variable(g, "z"), in[2] = {x, y};
  e = tri_sum(mul(tri_gather(y, tri_sub(z, integer(1))), tri_sin(mul(inner_sum, z))), z, 1,
              tri_extent_of(9));
  tri_function *f = compiled(2, in, 1, &e, TRI_NATIVE, NULL);
  double at[13] = {1.0, 2.0, 3.0, 4.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0}, value[2];
  int64_t size = 4;
  tri_call call = {.n_sizes = 1, .sizes = &size};
  ok(tri_function_call(f, &call, at, value));
  tri_function_free(f);
  f = compiled(2, in, 1, &e, TRI_INTERPRET, NULL);
  ok(tri_function_call(f, &call, at, value + 1));
  ck_assert(value[0] == value[1]);
  tri_function_free(f);
}
END_TEST

/* TRI_AUTO: where the work of the expected calls is worth it. */
START_TEST(automatic) {
  tri_expr x = variable("x", 20000, 0), i = tri_variable(g, "i");
  tri_expr e = tri_sum(tri_sin(tri_square(gathered(x, i, -1))), i, 1, tri_extent_of(20000));
  for (int many = 0; many < 2; many++) {
    tri_function *f = tri_compile(1, &x, 1, &e, .run = TRI_AUTO, .expected_calls = many ? 1000 : 1,
                                  .native_module = NATIVE_BUILT);
    const char *why = "";
    ck_assert_int_eq(tri_function_native(f, &why), many);
    ck_assert_msg(many || strstr(why, "expected calls") != NULL, "%s", why);
    tri_function_free(f);
  }
}
END_TEST

static Suite *native_suite(void) {
  Suite *s = suite_create("native_loops");
  TCase *c = tcase_create("native_loops");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_set_timeout(c, 60);
  suite_add_tcase(s, c);
  tcase_add_test(c, reasons);
  if (!has_native()) return s;
  tcase_add_test(c, loops_in_loops);
  tcase_add_test(c, gradients_of_them);
  tcase_add_test(c, large_results);
  tcase_add_test(c, chains);
  tcase_add_test(c, interrupts_and_sweeps);
  tcase_add_test(c, steps_back);
  tcase_add_test(c, matrices_in_chains);
  tcase_add_test(c, rooms);
  tcase_add_test(c, threads);
  tcase_add_test(c, shared);
  tcase_add_test(c, automatic);
  return s;
}

int main(void) { return tri_test_main("native_loops", native_suite); }
