/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Native code against the interpreter, bit for bit: every row at ordinary and at special
 * numbers, random graphs, graphs that repeat themselves (which become loops), functions that are
 * cut, threads; and when there is none, and why. */
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <triad.h>

#include "eval/native_calls.h"
#include "tests/native.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { MOST_INPUTS = 70, MOST_OUTPUTS = 70 };

static const double special[] = {0.0,       -0.0,
                                 1.0,       -1.0,
                                 0.5,       -0.5,
                                 2.0,       INFINITY,
                                 -INFINITY, NAN,
                                 1e-310,    5e-324,
                                 -1e300,    1e300,
                                 3.0,       -3.0,
                                 710.5,     -745.0,
                                 1e-160,    171.5,
                                 1.5,       0x1.fffffffffffffp-1,
                                 4.0,       -4.0};
enum { SPECIAL = sizeof special / sizeof *special };

static double number(struct random *r) {
  switch (random_below(r, 5)) {
  case 0: return special[random_below(r, SPECIAL)];
  case 1: return (double)random_below(r, 7) - 3.0;
  case 2: return ldexp(random_between(r, -2.0, 2.0), (int)random_below(r, 60) - 30);
  default: return random_between(r, -3.0, 3.0);
  }
}

static bool same(const double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (memcmp(a + i, b + i, sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) return false;
  return true;
}

/* --- one function in both ways */

struct pair {
  tri_function *interpreted, *native;
  tri_workspace *workspace;
  size_t n, m;
  int by_code; /* calls that native code did by itself */
};

static struct pair pair_of(size_t n, const tri_expr *in, size_t m, const tri_expr *out,
                           size_t primals) {
  struct pair p = {.n = n, .m = m};
  p.interpreted = tri_compile(n, in, m, out, .primals = primals);
  p.native = tri_compile(n, in, m, out, .primals = primals, .run = TRI_NATIVE,
                         .native_module = NATIVE_BUILT);
  ck_assert_ptr_nonnull(p.interpreted);
  ck_assert_ptr_nonnull(p.native);
  p.workspace = tri_workspace_new(p.native);
  ck_assert_ptr_nonnull(p.workspace);
  return p;
}

static void pair_free(struct pair *p) {
  tri_workspace_free(p->workspace);
  tri_function_free(p->native);
  tri_function_free(p->interpreted);
}

/* Both give the same numbers, status and message. */
static void check_values(struct pair *p, const double *x) {
  double want[MOST_OUTPUTS], got[MOST_OUTPUTS];
  tri_error first, second;
  tri_status s = tri_function_call(p->interpreted, &(tri_call){.error = &first}, x, want);
  tri_call call = {.workspace = p->workspace, .error = &second};
  ck_assert_int_eq(tri_function_call(p->native, &call, x, got), s);
  ck_assert(same(want, got, p->m));
  ck_assert_str_eq(first.message, second.message);
  p->by_code += tri__native_value(p->native, &call, x, got);
}

static void check_gradient(struct pair *p, const double *x, const double *weights) {
  double want[MOST_OUTPUTS], got[MOST_OUTPUTS], by[MOST_INPUTS], is[MOST_INPUTS];
  tri_error first, second;
  tri_status s =
      tri_function_reverse(p->interpreted, &(tri_call){.error = &first}, x, weights, want, by);
  tri_call call = {.workspace = p->workspace, .error = &second};
  ck_assert_int_eq(tri_function_reverse(p->native, &call, x, weights, got, is), s);
  ck_assert_msg(same(want, got, p->m) && same(by, is, p->n),
                "%s at (%.17g, %.17g, …): gradient (%.17g, …), not (%.17g, …)", first.message, x[0],
                x[1], is[0], by[0]);
  ck_assert_str_eq(first.message, second.message);
  p->by_code += tri__native_reverse(p->native, &call, x, weights, got, is);
}

static void check_point(struct pair *p, struct random *r, const double *x) {
  double weights[MOST_OUTPUTS];
  for (size_t i = 0; i < p->m; i++) weights[i] = random_below(r, 4) ? number(r) : 0.0;
  check_values(p, x);
  check_gradient(p, x, NULL);
  check_gradient(p, x, weights);
}

static void check_points(struct pair *p, struct random *r, int points, bool tame) {
  double x[MOST_INPUTS];
  for (int i = 0; i < points; i++) {
    for (size_t k = 0; k < p->n; k++) x[k] = tame ? random_between(r, 0.5, 1.5) : number(r);
    check_point(p, r, x);
  }
}

/* --- rows */

/* A row of variables; conditions are comparisons of more of them. The time of polygamma grows
 * with its order. */
static tri_expr row_expr(const tri_expr *x, int op) {
  const struct row *row = tri__rows + op;
  uint32_t args[ROW_MAX_ARITY] = {0};
  for (int i = 0; i < row->arity; i++)
    args[i] = row->conditions >> i & 1 ? tri_lt(x[i], x[3]).id : x[i].id;
  if (op == TRI_OP_polygamma) args[0] = tri_integer(x->graph, 2).id;
  return (tri_expr){x->graph, tri__build(x->graph, (tri_op)op, row->arity, args)};
}

/* Sets of rows at once, since each function takes time to compile; every other set as
 * derivatives, which follow IEEE. */
START_TEST(rows) {
  enum { AT_ONCE = 8 };
  struct random r = random_start(1);
  for (int op = 0; op < TRI_OP_ROWS; op += AT_ONCE)
    for (int extended = 0; extended < 2; extended++) {
      tri_graph *g = tri_graph_new(NULL);
      tri_expr x[] = {tri_variable(g, "x"), tri_variable(g, "y"), tri_variable(g, "z"),
                      tri_variable(g, "t")};
      tri_expr out[AT_ONCE + 1] = {x[0]};
      for (int i = 0; i < AT_ONCE; i++) {
        int k = (op + i) % TRI_OP_ROWS;
        out[i + 1] = tri__rows[k].sort == TRI_BOOLEAN ? tri_select(row_expr(x, k), x[0], x[1])
                                                      : row_expr(x, k);
      }
      /* each by itself, so that one without a value does not hide the others, and all together */
      for (int i = 0; i <= AT_ONCE; i += AT_ONCE / 2) {
        struct pair p = i ? pair_of(4, x, (size_t)(AT_ONCE + 1 - i), out + i, 0)
                          : pair_of(4, x, AT_ONCE + 1, out, extended ? 1 : 0);
        check_points(&p, &r, 60 * test_multiplier(), false);
        pair_free(&p);
      }
      tri_graph_free(g);
    }
}
END_TEST

/* --- random graphs */

static tri_expr random_row(struct random *r, tri_graph *g, const tri_expr *real, uint32_t reals,
                           const tri_expr *condition, uint32_t conditions) {
  int op = (int)random_below(r, TRI_OP_ROWS);
  const struct row *row = tri__rows + op;
  uint32_t args[ROW_MAX_ARITY] = {0};
  for (int i = 0; i < row->arity; i++)
    args[i] = row->conditions >> i & 1 ? condition[random_below(r, conditions)].id
                                       : real[random_below(r, reals)].id;
  if (op == TRI_OP_polygamma) return real[0]; /* its time grows with the order */
  return (tri_expr){g, tri__build(g, (tri_op)op, row->arity, args)};
}

static void check_random(struct random *r, uint32_t steps, size_t primals) {
  enum { VARIABLES = 4, OUTPUTS = 3, MOST = 4000 };
  static tri_expr real[MOST], condition[MOST];
  tri_graph *g = tri_graph_new(NULL);
  uint32_t reals = 0, conditions = 0;
  tri_expr x[VARIABLES], out[OUTPUTS];
  for (int i = 0; i < VARIABLES; i++)
    real[reals++] = x[i] = tri_variable(g, (const char *[]){"x", "y", "z", "t"}[i]);
  real[reals++] = tri_rational(g, 1, 3);
  condition[conditions++] = tri_lt(x[0], x[1]);
  for (uint32_t i = 0; i < steps; i++) {
    tri_expr e = random_row(r, g, real, reals, condition, conditions);
    if (id_is_error(e.id)) continue;
    if (node_at(g, e.id)->sort == TRI_BOOLEAN)
      condition[conditions++] = e;
    else
      real[reals++] = e;
  }
  for (int i = 0; i < OUTPUTS; i++) out[i] = real[reals - 1 - random_below(r, reals / 2)];
  struct pair p = pair_of(VARIABLES, x, OUTPUTS, out, primals);
  check_points(&p, r, 20, false);
  check_points(&p, r, 20, true);
  pair_free(&p);
  tri_graph_free(g);
}

START_TEST(random_graphs) {
  struct random r = random_start(2);
  for (int i = 0; i < 25 * test_multiplier(); i++) check_random(&r, 40, (size_t)(i % 3));
}
END_TEST

/* --- what repeats itself */

static tri_expr pick(struct random *r, const tri_expr *x, int n, int i, tri_expr shared) {
  switch (random_below(r, 7)) {
  case 0: return x[i + 1];
  case 1: return x[n - 1 - i];
  case 2: return shared;
  case 3: return tri_integer(shared.graph, 3);
  case 4: return x[0];
  default: return x[i];
  }
}

/* One round of a loop's body: the same random choices for every i. */
static tri_expr body(struct random r, const tri_expr *x, int n, int i, tri_expr shared) {
  tri_expr e = pick(&r, x, n, i, shared);
  for (int k = 0; k < 5; k++) {
    tri_expr y = pick(&r, x, n, i, shared);
    switch (random_below(&r, 9)) {
    case 0: e = tri_add(e, y); break;
    case 1: e = tri_sub(y, e); break;
    case 2: e = tri_mul(e, y); break;
    case 3: e = tri_div(e, tri_add(tri_mul(y, y), tri_integer(y.graph, 1))); break;
    case 4: e = tri_sub(e, tri_rational(y.graph, i * i + 1, 7)); break;
    case 5: e = tri_max(e, y); break;
    case 6: e = tri_sin(tri_mul(e, y)); break;
    case 7: e = tri_sqrt(tri_add(tri_mul(e, e), tri_mul(y, y))); break;
    default: e = tri_select(tri_lt(e, y), tri_mul(e, e), tri_log(y)); break;
    }
  }
  return e;
}

/* Sums or products of these, the parts themselves, and how the parts are put together once more. */
static int check_repeated(struct random *r) {
  char name[24];
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x[MOST_INPUTS], out[3];
  int n = 18 + (int)random_below(r, MOST_INPUTS - 20), how = (int)random_below(r, 4);
  for (int i = 0; i < n; i++) {
    snprintf(name, sizeof name, "x%d", i);
    x[i] = tri_variable(g, name);
  }
  struct random choices = *r;
  tri_expr sum = x[0], product = tri_integer(g, 1), shared = tri_mul(x[1], x[2]);
  for (int i = how == 3 ? n - 2 : 0; how == 3 ? i >= 0 : i + 1 < n; i += how == 3 ? -1 : 1) {
    tri_expr part = body(choices, x, n, i, shared);
    sum = how == 1 ? tri_sub(part, sum) : tri_add(sum, part);
    if (how == 2) product = tri_mul(product, part);
  }
  out[0] = sum;
  out[1] = product;
  out[2] = tri_add(shared, x[n - 1]);
  struct pair p = pair_of((size_t)n, x, 3, out, 0);
  for (int i = 0; i < 20; i++) random_bits(r);
  check_points(&p, r, 6, false);
  check_points(&p, r, 12, true);
  pair_free(&p);
  tri_graph_free(g);
  return p.by_code;
}

START_TEST(repeated) {
  struct random r = random_start(3);
  int by_code = 0;
  for (int i = 0; i < 40 * test_multiplier(); i++) by_code += check_repeated(&r);
  ck_assert_int_gt(by_code, 400);
}
END_TEST

/* --- sizes */

START_TEST(cut) {
  struct random r = random_start(4);
  check_random(&r, 3500, 0);
}
END_TEST

/* Few operations, many ends: inputs, constants and results that stand several times as outputs;
 * no operation at all. */
START_TEST(ends) {
  struct random r = random_start(5);
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x[] = {tri_variable(g, "x"), tri_variable(g, "y"), tri_variable(g, "z")};
  tri_expr e = tri_mul(x[0], x[1]),
           out[] = {x[0], x[1], e, e, tri_integer(g, 2), x[0], tri_pi(g), tri_floor(e)};
  struct pair p = pair_of(3, x, 8, out, 0), none = pair_of(3, x, 2, out, 0);
  check_points(&p, &r, 20, false);
  check_points(&none, &r, 20, false);
  double io[8] = {3.0, 5.0, 7.0};
  ck_assert_int_eq(tri_function_call(p.native, NULL, io, io), TRI_OK);
  ck_assert(same(io, (double[]){3, 5, 15, 15, 2, 3, 3.14159265358979323846, 15}, 8));
  double gradient[3];
  ck_assert_int_eq(tri_function_reverse(p.native, NULL, (double[]){3, 5, 7}, NULL, NULL, gradient),
                   TRI_OK);
  ck_assert(same(gradient, (double[]){12, 7, 0}, 3));
  pair_free(&p);
  pair_free(&none);
  tri_graph_free(g);
}
END_TEST

/* Arrays: operations element by element, with scalars for all, parts taken out and put together. */
START_TEST(arrays) {
  struct random r = random_start(6);
  int by_code = 0;
  for (int i = 0; i < 12 * test_multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL);
    int64_t n = 3 + (int64_t)random_below(&r, 20), dims[] = {2, n};
    tri_expr v = tri_variable_shaped(g, "v", 1, &n, NULL),
             w = tri_variable_shaped(g, "w", 2, dims, NULL);
    tri_expr s = tri_variable(g, "s"), in[] = {v, w, s}, out[4];
    for (int k = 0; k < 3; k++) {
      tri_expr row = tri_element(w, random_below(&r, 2)), x = random_below(&r, 2) ? v : row;
      tri_expr y = random_below(&r, 2) ? s : row, z = tri_div(tri_mul(x, y), tri_add(s, x));
      v = random_below(&r, 2) ? tri_max(z, v) : tri_sub(tri_sqrt(tri_mul(v, z)), y);
    }
    out[0] = v;
    out[1] = tri_element(v, 0);
    for (int64_t k = 1; k < n; k++) out[1] = tri_add(out[1], tri_element(v, (size_t)k));
    out[2] = tri_stack(2, (tri_expr[]){v, tri_element(w, 1)});
    out[3] = tri_mul(out[1], s);
    struct pair p = pair_of(3, in, 4, out, (size_t)(i % 3));
    p.n = (size_t)(3 * n + 1);
    p.m = (size_t)(3 * n + 2);
    check_points(&p, &r, 6, false);
    check_points(&p, &r, 20, true);
    by_code += p.by_code;
    pair_free(&p);
    tri_graph_free(g);
  }
  ck_assert_int_gt(by_code, 100);
}
END_TEST

/* --- who does the work */

static struct pair pair_of_text(const char *text, double (*point)[2]) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x[] = {tri_variable(g, "x"), tri_variable(g, "y")}, e = tri_parse(g, text, strlen(text));
  struct pair p = pair_of(2, x, 1, &e, 0);
  tri_graph_free(g);
  check_values(&p, *point);
  check_gradient(&p, *point, NULL);
  return p;
}

/* A branch that is not taken has no value here, and does not make the code fail; what has no
 * value does. */
START_TEST(by_code) {
  static const struct {
    const char *text;
    double point[2];
    int by_code;
  } cases[] = {{"x*y + sin(x)", {2, 3}, 2},
               {"select(x > 0, sqrt(x)*log(x), y)", {-2, 3}, 2},
               {"max(1/x, y) + abs(x)", {0.5, 3}, 2},
               {"relu(x)*sqrt(y)",
                {-1, 0},
                1}, /* relu' is 0, sqrt' is inf: 0*inf, but the interpreter says so */
               {"log(x) + y", {-1, 0}, 0},
               {"sqrt(x) + y", {0, 0}, 2}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double point[2];
    memcpy(point, cases[i].point, sizeof point);
    struct pair p = pair_of_text(cases[i].text, &point);
    ck_assert_msg(p.by_code == cases[i].by_code, "%s: %d calls by code", cases[i].text, p.by_code);
    pair_free(&p);
  }
}
END_TEST

/* Calls that ask for more than numbers go to the interpreter. */
START_TEST(other_calls) {
  double value, gradient[2], at[2] = {0, 3};
  struct pair p = pair_of_text("abs(x)*y", &at);
  const volatile int stop = 1;
  tri_call strict = {.strict = 1}, stopped = {.interrupt = &stop};
  ck_assert_int_eq(tri_function_reverse(p.native, &strict, at, NULL, &value, gradient), TRI_DOMAIN);
  ck_assert_int_eq(tri_function_call(p.native, &stopped, at, &value), TRI_INTERRUPTED);
  ck_assert_int_eq(tri_function_call(p.native, NULL, NULL, &value), TRI_ARGUMENT);
  tri_call foreign = {.workspace = tri_workspace_new(p.interpreted)};
  ck_assert_int_eq(tri_function_call(p.native, &foreign, at, &value), TRI_ARGUMENT);
  tri_workspace_free(foreign.workspace);
  pair_free(&p);
}
END_TEST

START_TEST(rooms) {
  double at[2] = {2, 3}, value, gradient[2];
  struct pair p = pair_of_text("x*y + sin(x)*exp(y)", &at);
  size_t size = tri_workspace_bytes(p.native, 1);
  ck_assert_uint_gt(size, 0);
  void *buffer = malloc(size);
  tri_call call = {.workspace = tri_workspace_place(p.native, buffer, size)};
  ck_assert_ptr_nonnull(call.workspace);
  ck_assert(tri__native_reverse(p.native, &call, at, NULL, &value, gradient));
  ck_assert(tri__native_value(p.native, &call, at, &value));
  ck_assert_int_eq(tri_function_forward(p.native, &call, at, 1, at, &value, gradient), TRI_OK);
  free(buffer);
  pair_free(&p);
}
END_TEST

/* --- threads */

enum { THREADS = 8 };

struct job {
  const struct pair *pair;
  double x;
  int wrong;
};

static void *work(void *data) {
  struct job *job = data;
  tri_workspace *w = tri_workspace_new(job->pair->native);
  tri_call call = {.workspace = w};
  for (int i = 0; i < 2000; i++) {
    double at[2] = {job->x + i / 64.0, 0.5}, a, b, by[2], is[2];
    job->wrong |= tri_function_reverse(job->pair->native, &call, at, NULL, &a, is) != TRI_OK;
    job->wrong |= tri_function_reverse(job->pair->interpreted, NULL, at, NULL, &b, by) != TRI_OK;
    job->wrong |= !same(&a, &b, 1) || !same(is, by, 2);
  }
  tri_workspace_free(w);
  return NULL;
}

/* They find no code yet: one makes it. */
START_TEST(threads) {
  tri_graph *g = tri_graph_new(NULL);
  const char *text = "x^2*y + sin(x)*exp(-y)";
  tri_expr x[] = {tri_variable(g, "x"), tri_variable(g, "y")}, e = tri_parse(g, text, strlen(text));
  struct pair p = pair_of(2, x, 1, &e, 0);
  tri_graph_free(g);
  pthread_t thread[THREADS];
  struct job jobs[THREADS];
  for (int i = 0; i < THREADS; i++) {
    jobs[i] = (struct job){&p, i, 0};
    ck_assert_int_eq(pthread_create(&thread[i], NULL, work, &jobs[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(thread[i], NULL);
    ck_assert_int_eq(jobs[i].wrong, 0);
  }
  const char *why;
  ck_assert_msg(tri_function_native(p.native, &why), "%s", why);
  ck_assert_ptr_null(why);
  pair_free(&p);
}
END_TEST

/* --- none, and why */

static void check_reason(tri_function *f, const char *part) {
  const char *why = NULL;
  ck_assert_ptr_nonnull(f);
  ck_assert_int_eq(tri_function_native(f, &why), 0);
  ck_assert_int_eq(tri_function_native(f, NULL), 0);
  ck_assert_msg(why && strstr(why, part), "\"%s\" does not say \"%s\"", why ? why : "", part);
  double value;
  ck_assert_int_eq(tri_function_call(f, NULL, (double[]){2.0, 3.0}, &value), TRI_OK);
  tri_function_free(f);
}

START_TEST(reasons) {
  tri_graph *g = tri_graph_new(NULL);
  const char *why;
  tri_expr x[] = {tri_variable(g, "x"), tri_variable(g, "y")}, e = tri_mul(x[0], x[1]),
           v = tri_variable_shaped(g, "v", 1, (int64_t[]){-1}, (const char *[]){"n"}),
           first = tri_element(v, 0);
  check_reason(tri_compile(2, x, 1, &e), "interpreted");
  check_reason(tri_compile(2, x, 1, &e, .run = TRI_AUTO), "expected calls");
  check_reason(tri_compile(2, x, 1, &e, .run = TRI_AUTO, .expected_calls = 3), "expected calls");
  check_reason(tri_compile(2, x, 1, &e, .domain = TRI_FLOAT, .run = TRI_AUTO,
                           .expected_calls = UINT64_C(1) << 40),
               "in double");
  check_reason(tri_compile(2, x, 1, &e, .domain = TRI_FLOAT, .run = TRI_NATIVE), "in double");
  tri_function *named = tri_compile(1, &v, 1, &first, .run = TRI_NATIVE);
  ck_assert_int_eq(tri_function_native(named, &why), 0);
  ck_assert_ptr_nonnull(strstr(why, "named sizes"));
  tri_function_free(named);
  ck_assert_int_eq(tri_function_native(NULL, &why), 0);
  ck_assert_ptr_nonnull(strstr(why, "did not compile"));
  tri_graph_free(g);
}
END_TEST

START_TEST(no_module) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x[] = {tri_variable(g, "x"), tri_variable(g, "y")}, e = tri_mul(x[0], x[1]);
  check_reason(tri_compile(2, x, 1, &e, .run = TRI_NATIVE, .native_module = "/nowhere/none.so"),
               "none");
  tri_graph_free(g);
}
END_TEST

/* Worth it only for so many calls. */
START_TEST(automatic) {
  tri_graph *g = tri_graph_new(NULL);
  const char *why;
  tri_expr x[] = {tri_variable(g, "x"), tri_variable(g, "y")}, e = tri_mul(x[0], x[1]);
  tri_function *f = tri_compile(2, x, 1, &e, .run = TRI_AUTO, .expected_calls = 1000000000,
                                .native_module = NATIVE_BUILT);
  ck_assert_msg(tri_function_native(f, &why), "%s", why);
  tri_function_free(f);
  tri_graph_free(g);
}
END_TEST

/* Functions that do the same share their code, also after the first is gone; others do not. */
START_TEST(cache) {
  static const char *const texts[] = {"x*y + 1", "x*y + 1", "x*y + 2", "x*y + 1", "y*x*x + 1"};
  tri_native_cache *kept = tri_native_cache_new(1, NULL);
  double at[2] = {2, 3}, value, gradient[2];
  for (int i = 0; i < 5; i++) {
    tri_graph *g = tri_graph_new(NULL);
    tri_expr x[] = {tri_variable(g, "x"), tri_variable(g, "y")};
    tri_expr e = tri_parse(g, texts[i], strlen(texts[i]));
    tri_function *f = tri_compile(2, x, 1, &e, .run = TRI_NATIVE, .native_module = NATIVE_BUILT,
                                  .native_cache = kept);
    tri_function *same_f = tri_compile(2, x, 1, &e, .run = TRI_NATIVE,
                                       .native_module = NATIVE_BUILT, .native_cache = kept);
    ck_assert(tri__native_value(f, NULL, at, &value));
    ck_assert(tri__native_value(same_f, NULL, at, &value));
    ck_assert(tri__native_reverse(f, NULL, at, NULL, &value, gradient));
    ck_assert_double_eq(value, i == 2 ? 8.0 : i == 4 ? 13.0 : 7.0);
    ck_assert_double_eq(gradient[0], i == 4 ? 12.0 : 3.0);
    ck_assert_uint_eq(tri__native_users(f), 2);
    tri_function_free(f);
    ck_assert_uint_eq(tri__native_users(same_f), 1);
    ck_assert(tri__native_value(same_f, NULL, at, &value));
    tri_function_free(same_f);
    tri_graph_free(g);
  }
  tri_native_cache_free(kept);
  tri_native_cache_free(NULL);
}
END_TEST

static Suite *native_suite(void) {
  Suite *s = suite_create("native");
  TCase *c = tcase_create("native");
  tcase_set_timeout(c, 60); /* compiling takes its time on a busy machine */
  tcase_add_test(c, reasons);
  suite_add_tcase(s, c);
  if (!has_native()) return s;
  tcase_add_test(c, rows);
  tcase_add_test(c, random_graphs);
  tcase_add_test(c, repeated);
  tcase_add_test(c, cut);
  tcase_add_test(c, ends);
  tcase_add_test(c, arrays);
  tcase_add_test(c, by_code);
  tcase_add_test(c, other_calls);
  tcase_add_test(c, rooms);
  tcase_add_test(c, threads);
  tcase_add_test(c, no_module);
  tcase_add_test(c, automatic);
  tcase_add_test(c, cache);
  return s;
}

int main(void) { return tri_test_main("test_native", native_suite); }
