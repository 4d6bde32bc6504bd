/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Lanes against the interpreter: every row of every table of kernels at ordinary and at special
 * numbers; programs of random graphs, instruction by instruction and as a whole; layouts, numbers
 * of points, threads, what has no value, other domains, errors. */
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <triad.h>

#include "eval/lanes.h"
#include "tests/failing.h"
#include "tests/random.h"
#include "tests/runner.h"

static double infinity(void) { return (double)INFINITY; }

/* --- numbers */

static const double special[] = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 0.5,
                                 -0.5,
                                 2.0,
                                 -2.0,
                                 3.0,
                                 4.0,
                                 INFINITY,
                                 -INFINITY,
                                 NAN,
                                 1e-310,
                                 -1e-310,
                                 5e-324,
                                 1e-300,
                                 -1e-300,
                                 1e300,
                                 -1e300,
                                 709.5,
                                 710.2,
                                 -709.5,
                                 -745.0,
                                 -740.3,
                                 88.5,
                                 89.1,
                                 -88.0,
                                 -103.0,
                                 26.3,
                                 27.1,
                                 9.3,
                                 13.2,
                                 171.5,
                                 -170.5,
                                 -183.3,
                                 35.2,
                                 -34.5,
                                 -5.5,
                                 1e154,
                                 1.5e154,
                                 1e19,
                                 1e22,
                                 1e10,
                                 1.5707963,
                                 123456.7,
                                 1e38,
                                 3e38,
                                 1e-38,
                                 1e-45,
                                 1e-20,
                                 0.1,
                                 0.7,
                                 1.4616321449683623,
                                 0x1.fffffffffffffp1023,
                                 0x1.fffffep127,
                                 0x1.fffffffffffffp-1,
                                 0x1.0000000000001p0};
enum { SPECIAL = sizeof special / sizeof *special };

static double number(struct random *r) {
  switch (random_below(r, 4)) {
  case 0: return special[random_below(r, SPECIAL)];
  case 1: return random_between(r, -10.0, 10.0);
  case 2: return random_between(r, -1000.0, 1000.0);
  default: return ldexp(random_between(r, -2.0, 2.0), (int)random_below(r, 200) - 100);
  }
}

/* An argument of a row: conditions are 0, 1 or NaN; the gamma family has its changes near 0. */
static double argument(struct random *r, const struct row *row, int i) {
  if (row->conditions >> i & 1)
    return random_below(r, 5) ? (double)random_below(r, 2) : (double)NAN;
  bool order = row->sort == TRI_REAL && !row->partial[i];
  if (order) return (double)random_below(r, 5) - 1.0;
  return random_below(r, 3) ? number(r) : random_between(r, -30.0, 30.0);
}

/* --- how far a kernel may be from the row in double: where a rational result is one of + - * / and choices, not at all; else by what the row
 * says of its own error, and three units for up to three functions of SLEEF. In float, what is below the smallest normal number
 * may be 0: every step of a row is float. */
static double allowed(int op) {
  const struct row *row = tri__rows + op;
  return row->exact && op != TRI_OP_pow ? 0.0 : row_ulps(row) + 3.0;
}

static bool close_enough(int op, bool floats, double got, double want) {
  if (isnan(got) || isnan(want)) return isnan(got) && isnan(want);
  if (got == want) return want != 0.0 || !signbit(got) == !signbit(want);
  if (isinf(got) || isinf(want)) return false;
  double size = fabs(want),
         up = floats ? (double)nextafterf((float)size, INFINITY) : nextafter(size, infinity());
  double unit = up - size;
  return fabs(got - want) <= allowed(op) * unit || (floats && fabs(got - want) <= 0x1p-126);
}

static bool same_bits(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static double at(const void *slot, bool floats, size_t i) {
  return floats ? (double)((const float *)slot)[i] : ((const double *)slot)[i];
}

static double by_row(const struct row *row, bool strict, bool floats, const double *x) {
  double r =
      strict && !row->defined(x[0], x[1], x[2]) ? (double)NAN : row->kernel(x[0], x[1], x[2]);
  return floats ? (double)(float)r : r;
}

/* --- rows */

static void check_row(struct random *r, const struct lane_kernels *table, bool floats, int op,
                      bool strict) {
  const struct row *row = tri__rows + op;
  _Alignas(LANE_ALIGNMENT) double slots[3][LANE_BLOCK], result[LANE_BLOCK];
  double x[3][LANE_BLOCK] = {{0.0}};
  for (size_t i = 0; i < LANE_BLOCK; i++)
    for (int k = 0; k < row->arity; k++) {
      x[k][i] = argument(r, row, k);
      if (floats)
        x[k][i] = ((float *)slots[k])[i] = (float)x[k][i];
      else
        slots[k][i] = x[k][i];
    }
  (strict ? table->strict : table->extended)[op](result, slots[0], slots[1], slots[2]);
  for (size_t i = 0; i < LANE_BLOCK; i++) {
    double point[] = {x[0][i], x[1][i], x[2][i]};
    double want = by_row(row, strict, floats, point), got = at(result, floats, i);
    ck_assert_msg(close_enough(op, floats, got, want),
                  "%s %s %s at (%.17g, %.17g, %g): %.17g, not %.17g", table->name,
                  floats ? "float" : "double", row->name, point[0], point[1], point[2], got, want);
  }
}

START_TEST(all_rows) {
  struct random r = random_start(1);
  int tables = 0;
  for (int type = TRI_DOUBLE; type <= TRI_FLOAT; type++) {
    const struct lane_kernels *table;
    for (int k = 0; (table = tri__lane_kernels((tri_domain)type, k)); k++, tables++)
      for (int op = 0; op < TRI_OP_ROWS; op++)
        for (int i = 0; i < 60 * test_multiplier(); i++)
          check_row(&r, table, type == TRI_FLOAT, op, i % 2);
  }
  ck_assert_int_ge(tables, 2);
}
END_TEST

/* A number's result is the same bits whoever stands beside it. */
static void check_alone(struct random *r, lane_kernel *kernel, const char *name, bool floats,
                        const struct row *row) {
  _Alignas(LANE_ALIGNMENT) double slots[3][LANE_BLOCK], together[2][LANE_BLOCK],
      alone[2][LANE_BLOCK];
  size_t size = floats ? sizeof(float) : sizeof(double);
  bool two = strcmp(name, "sincos") == 0;
  for (size_t i = 0; i < LANE_BLOCK; i++)
    for (int k = 0; k < 3; k++) {
      double x = argument(r, row, k < row->arity ? k : 0);
      if (floats)
        ((float *)slots[k])[i] = (float)x;
      else
        slots[k][i] = x;
    }
  kernel(together[0], slots[0], slots[1], two ? together[1] : slots[2]);
  for (size_t i = 0; i < LANE_BLOCK; i++) {
    _Alignas(LANE_ALIGNMENT) double copies[3][LANE_BLOCK];
    for (int k = 0; k < 3; k++)
      for (size_t j = 0; j < LANE_BLOCK; j++)
        memcpy((char *)copies[k] + j * size, (char *)slots[k] + i * size, size);
    kernel(alone[0], copies[0], copies[1], two ? alone[1] : copies[2]);
    for (int k = 0; k <= two; k++)
      ck_assert_msg(same_bits(at(together[k], floats, i), at(alone[k], floats, i)),
                    "%s %s: %.17g together, %.17g alone", floats ? "float" : "double", name,
                    at(together[k], floats, i), at(alone[k], floats, i));
  }
}

START_TEST(alone) {
  struct random r = random_start(5);
  for (int type = TRI_DOUBLE; type <= TRI_FLOAT; type++) {
    const struct lane_kernels *table;
    for (int k = 0; (table = tri__lane_kernels((tri_domain)type, k)); k++)
      for (int i = 0; i < 10 * test_multiplier(); i++) {
        for (int op = 0; op < TRI_OP_ROWS; op++)
          check_alone(&r, table->extended[op], tri__rows[op].name, type == TRI_FLOAT,
                      tri__rows + op);
        check_alone(&r, table->sincos, "sincos", type == TRI_FLOAT, tri__rows + TRI_OP_sin);
      }
  }
}
END_TEST

/* --- random graphs */

enum { VARIABLES = 3, STEPS = 40, OUTPUTS = 4 };

struct sample {
  tri_graph *graph;
  tri_expr in[VARIABLES], real[VARIABLES + 2 + STEPS], condition[STEPS + 1], out[OUTPUTS];
  uint32_t reals, conditions;
};

static tri_expr one_of(struct random *r, struct sample *s, bool condition) {
  return condition ? s->condition[random_below(r, s->conditions)]
                   : s->real[random_below(r, s->reals)];
}

static void add_operation(struct random *r, struct sample *s) {
  tri_op op = (tri_op)random_below(r, TRI_OP_ROWS);
  const struct row *row = tri__rows + op;
  uint32_t args[ROW_MAX_ARITY] = {0};
  if (op == TRI_OP_polygamma)
    return; /* its time grows with the order, which may be anything here */
  for (int i = 0; i < row->arity; i++) args[i] = one_of(r, s, row->conditions >> i & 1).id;
  tri_expr e = {s->graph, tri__build(s->graph, op, row->arity, args)};
  if (id_is_error(e.id)) return;
  if (row->sort == TRI_BOOLEAN)
    s->condition[s->conditions++] = e;
  else
    s->real[s->reals++] = e;
}

static void sample_new(struct random *r, struct sample *s) {
  static const char *const names[VARIABLES] = {"x", "y", "z"};
  *s = (struct sample){.graph = tri_graph_new(NULL)};
  for (int i = 0; i < VARIABLES; i++)
    s->real[s->reals++] = s->in[i] = tri_variable(s->graph, names[i]);
  s->real[s->reals++] = tri_rational(s->graph, 1, 3);
  s->real[s->reals++] = tri_pi(s->graph);
  s->condition[s->conditions++] = tri_lt(s->in[0], s->in[1]);
  for (int i = 0; i < STEPS; i++) add_operation(r, s);
  for (int i = 0; i < OUTPUTS; i++) s->out[i] = one_of(r, s, false);
  s->out[0] = s->real[s->reals - 1];
}

static tri_function *compile(const struct sample *s, tri_domain domain, size_t primals) {
  tri_function *f =
      tri_compile(VARIABLES, s->in, OUTPUTS, s->out, .domain = domain, .primals = primals);
  ck_assert_ptr_nonnull(f);
  return f;
}

/* A worker with a block of random points in its input slots. */
static void fill(struct random *r, const struct lanes *l, struct map_worker *w) {
  for (uint32_t v = 0; v < l->input_count; v++)
    for (size_t i = 0; i < LANE_BLOCK; i++) {
      double x = random_below(r, 4) ? random_between(r, -3.0, 3.0) : number(r);
      if (l->domain == TRI_FLOAT)
        ((float *)w->slots[v])[i] = (float)x;
      else
        ((double *)w->slots[v])[i] = x;
    }
}

static void check_results(const struct lanes *l, const struct lane_step *s, int op,
                          const void *slot, double x[3][LANE_BLOCK]) {
  const struct row *row = l->rows + op;
  bool floats = l->domain == TRI_FLOAT, strict = !(s->flags & STEP_EXTENDED);
  for (size_t i = 0; i < LANE_BLOCK; i++) {
    double point[3] = {0.0};
    for (int k = 0; k < row->arity; k++) point[k] = x[k][i];
    double got = at(slot, floats, i), want = by_row(row, strict, floats, point);
    ck_assert_msg(close_enough(op, floats, got, want),
                  "%s %s at (%.17g, %.17g, %g): %.17g, not %.17g", l->kernels->name, row->name,
                  point[0], point[1], point[2], got, want);
  }
}

/* Two operations in one: the same as one after the other, bit for bit. */
static void check_pair(const struct lanes *l, const struct lane_step *s, const void *slot,
                       double x[3][LANE_BLOCK]) {
  bool floats = l->domain == TRI_FLOAT;
  int pair = 0;
  while ((&l->kernels->pair[0][0])[pair] != s->kernel) pair++;
  for (size_t i = 0; i < LANE_BLOCK; i++) {
    double a = x[0][i], b = x[1][i], c = x[2][i];
    int inner = pair / LANE_OUTER, outer = pair % LANE_OUTER;
    double in = inner == INNER_ADD ? a + b : inner == INNER_SUB ? a - b : a * b;
    if (floats) in = (double)(float)in;
    double out = outer == OUTER_ADD   ? in + c
                 : outer == OUTER_SUB ? in - c
                 : outer == OUTER_MUL ? in * c
                                      : c - in;
    if (floats) out = (double)(float)out;
    ck_assert(same_bits(at(slot, floats, i), out));
  }
}

/* Carries out one step, and looks whether it is that of its row on the same arguments. */
static void check_step(const struct lanes *l, struct map_worker *w, const struct lane_step *s) {
  double x[3][LANE_BLOCK];
  const uint32_t from[3] = {s->a, s->b, s->c};
  for (int k = 0; k < 3; k++)
    for (size_t i = 0; i < LANE_BLOCK; i++)
      x[k][i] = at(w->slots[from[k]], l->domain == TRI_FLOAT, i);
  s->kernel(w->slots[s->result], w->slots[s->a], w->slots[s->b], w->slots[s->c]);
  if (s->op == TRI_OP_ROWS) {
    check_pair(l, s, w->slots[s->result], x);
    return;
  }
  if (s->kernel != l->kernels->sincos) {
    check_results(l, s, s->op, w->slots[s->result], x);
    return;
  }
  check_results(l, s, TRI_OP_sin, w->slots[s->result], x);
  check_results(l, s, TRI_OP_cos, w->slots[s->c], x);
}

static void worker_free(const struct lanes *l, struct map_worker *w) {
  struct memory memory = l->memory;
  tri__free(&memory, w->block, w->block_size, 1);
}

START_TEST(instructions) {
  struct random r = random_start(2);
  for (int i = 0; i < 150 * test_multiplier(); i++) {
    struct sample s;
    sample_new(&r, &s);
    tri_function *f = compile(&s, i % 2 ? TRI_FLOAT : TRI_DOUBLE, (size_t)(i % 3));
    const struct lane_kernels *table = tri__lane_kernels(f->domain, i % 3);
    struct lanes *l = tri__lanes_new(f, table);
    struct map_worker w = {.first = 0};
    ck_assert_ptr_nonnull(l);
    ck_assert(tri__lanes_worker(&(struct map){.function = f, .lanes = l}, &w));
    fill(&r, l, &w);
    for (uint32_t k = 0; k < l->step_count; k++) check_step(l, &w, l->steps + k);
    worker_free(l, &w);
    tri__lanes_free(l);
    tri_function_free(f);
    tri_graph_free(s.graph);
  }
}
END_TEST

/* --- whole programs: with the rows' own kernels, results are the interpreter's, bit for bit */

static void check_program(struct random *r, tri_function *f) {
  static const struct lane_kernels none = {.name = "rows", .lacks = NULL};
  struct lane_kernels table = none;
  enum { POINTS = LANE_BLOCK + 5 };
  double x[POINTS][VARIABLES], got[OUTPUTS][POINTS], want[OUTPUTS];
  struct lanes *l;
  table.lacks = tri__lane_kernels(f->domain, 0)->lacks;
  table.sincos = tri__lane_kernels(f->domain, 0)->sincos;
  l = tri__lanes_new(f, &table);
  ck_assert_ptr_nonnull(l);
  atomic_store(&f->lanes, l);
  tri_map_input in[VARIABLES];
  tri_map_output out[OUTPUTS];
  for (int i = 0; i < VARIABLES; i++) in[i] = (tri_map_input){&x[0][i], NULL, VARIABLES};
  for (int i = 0; i < OUTPUTS; i++) out[i] = (tri_map_output){got[i], NULL, 1};
  for (int p = 0; p < POINTS; p++)
    for (int i = 0; i < VARIABLES; i++) x[p][i] = random_between(r, -3.0, 3.0);
  size_t without, first, none_at = 0, first_none = POINTS;
  tri_status status = tri_function_map(f, NULL, POINTS, in, out,
                                       &(tri_map_options){.without = &without, .first = &first});
  for (int p = 0; p < POINTS; p++) {
    tri_status one = tri_function_call(f, NULL, x[p], want);
    ck_assert(one == TRI_OK || one == TRI_DOMAIN);
    if (one && !none_at++) first_none = (size_t)p;
    for (int i = 0; i < OUTPUTS; i++)
      ck_assert_msg(same_bits(got[i][p], want[i]),
                    "output %d at (%.17g, %.17g, %.17g): %.17g, not %.17g", i, x[p][0], x[p][1],
                    x[p][2], got[i][p], want[i]);
  }
  ck_assert_int_eq(status, none_at ? TRI_DOMAIN : TRI_OK);
  ck_assert_uint_eq(without, none_at);
  ck_assert_uint_eq(first, first_none);
}

START_TEST(programs) {
  struct random r = random_start(3);
  for (int i = 0; i < 100 * test_multiplier(); i++) {
    struct sample s;
    sample_new(&r, &s);
    tri_function *f = compile(&s, i % 2 ? TRI_FLOAT : TRI_DOUBLE, (size_t)(i % 3));
    check_program(&r, f);
    tri_function_free(f);
    tri_graph_free(s.graph);
  }
}
END_TEST

/* --- layouts and threads */

static tri_function *function_of(const char *text, tri_domain domain, bool derivatives) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr in[] = {tri_variable(g, "x"), tri_variable(g, "y")}, out[3];
  out[0] = tri_parse(g, text, strlen(text));
  if (derivatives) ck_assert_int_eq(tri_gradient(out[0], 2, in, out + 1), TRI_OK);
  tri_function *f = tri_compile(2, in, derivatives ? 3 : 1, out, .domain = domain, .primals = 1);
  tri_graph_free(g);
  ck_assert_ptr_nonnull(f);
  return f;
}

static const char g_text[] = "exp(sin(x*y))*sqrt(x^2 + y^2) + atan2(y, x)";

static double *room(size_t n) {
  double *a = calloc(n + 1, sizeof *a);
  ck_assert_ptr_nonnull(a);
  return a;
}

/* Value and gradient at n points, in planes; the same from rows of five numbers must be the same
 * bits. */
static void check_layout(const tri_function *f, size_t n) {
  double *x = room(2 * n), *planes = room(3 * n), *rows = room(5 * n);
  for (size_t i = 0; i < n; i++) {
    rows[5 * i] = x[i] = 0.5 + (double)(i % 1000) / 500.0;
    rows[5 * i + 1] = x[n + i] = 2.0 - (double)(i % 777) / 500.0;
  }
  ck_assert_int_eq(
      tri_function_map(
          f, NULL, n, (tri_map_input[]){{x, NULL, 1}, {x + n, NULL, 1}},
          (tri_map_output[]){{planes, NULL, 1}, {planes + n, NULL, 1}, {planes + 2 * n, NULL, 1}},
          NULL),
      TRI_OK);
  ck_assert_int_eq(
      tri_function_map(
          f, NULL, n, (tri_map_input[]){{rows, NULL, 5}, {rows + 1, NULL, 5}},
          (tri_map_output[]){{rows + 2, NULL, 5}, {rows + 3, NULL, 5}, {rows + 4, NULL, 5}}, NULL),
      TRI_OK);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < 3; k++) ck_assert(same_bits(rows[5 * i + 2 + k], planes[k * n + i]));
  for (size_t i = 0; i < n; i += 1 + n / 100) {
    double want[3];
    ck_assert_int_eq(tri_function_call(f, NULL, (double[]){x[i], x[n + i]}, want), TRI_OK);
    for (size_t k = 0; k < 3; k++)
      ck_assert_double_le(fabs(planes[k * n + i] - want[k]), 1e-14 * (1.0 + fabs(want[k])));
  }
  free(x);
  free(planes);
  free(rows);
}

START_TEST(layouts) {
  static const size_t counts[] = {0, 1, 31, 32, 33, 63, 64, 65, 1000, 1000003};
  tri_function *f = function_of(g_text, TRI_DOUBLE, true);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) check_layout(f, counts[i]);
  tri_function_free(f);
}
END_TEST

/* Large results, which go past the caches: wherever they begin, also a result twice and an input,
 * nothing beside them is touched and what has no value is found. */
enum { MOST = 4, SPACE = 40 };

static double streamed(size_t output, double x) {
  return output == 3 ? x : output == 1 ? x + x : x < 0.0 ? (double)NAN : sqrt(x);
}

/* From number `start` of `to` on there are n results, around them zeros. */
static void check_streamed(size_t output, bool floats, const double *from, const void *to, size_t n,
                           size_t start) {
  for (size_t i = 0; i < n + SPACE; i++) {
    double got = at(to, floats, i), want = 0.0;
    if (i >= start && i < start + n) want = streamed(output, from[i - start]);
    if (floats) want = (double)(float)want;
    if (!same_bits(got, want))
      ck_abort_msg("output %zu from %zu on, at %zu: %g, not %g", output, start, i, got, want);
  }
}

static void check_stream(tri_domain domain, const struct lane_kernels *table, size_t n,
                         size_t shift) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), s = tri_sqrt(x), out[MOST] = {s, tri_add(x, x), s, x};
  tri_function *f = tri_compile(1, &x, MOST, out, .domain = domain);
  double *from = room(n), *to = room(MOST * (n + SPACE));
  tri_map_output outputs[MOST];
  size_t without;
  tri_graph_free(g);
  ck_assert_ptr_nonnull(f);
  atomic_store(&f->lanes, tri__lanes_new(f, table));
  for (size_t i = 0; i < n; i++) from[i] = i % 1000 == shift ? -1.0 : (double)(i % 4096);
  for (size_t k = 0; k < MOST; k++) {
    double *to_k = to + k * (n + SPACE);
    size_t start = shift * (k + 1) % 16;
    outputs[k] = domain == TRI_FLOAT ? (tri_map_output){NULL, (float *)to_k + start, 1}
                                     : (tri_map_output){to_k + start, NULL, 1};
  }
  ck_assert_int_eq(tri_function_map(f, NULL, n, &(tri_map_input){from, NULL, 1}, outputs,
                                    &(tri_map_options){.threads = 2, .without = &without}),
                   TRI_DOMAIN);
  ck_assert_uint_eq(without, n / 1000 + (n % 1000 > shift));
  for (size_t k = 0; k < MOST; k++)
    check_streamed(k, domain == TRI_FLOAT, from, to + k * (n + SPACE), n, shift * (k + 1) % 16);
  tri_function_free(f);
  free(from);
  free(to);
}

START_TEST(streams) {
  const struct lane_kernels *table;
  for (int k = 0; (table = tri__lane_kernels((tri_domain)_i, k)); k++)
    for (size_t shift = 0; shift < 16; shift += 5)
      check_stream((tri_domain)_i, table, 300011, shift);
}
END_TEST

/* Backwards, the same y for all points, floats into a double function and doubles into a float
 * one. */
START_TEST(mixed_numbers) {
  enum { N = 300 };
  double d[N], out[N];
  float s[N], narrow[N];
  const double y = 0.75;
  tri_function *f = function_of("x*x - y", TRI_DOUBLE, false),
               *g = function_of("x*x - y", TRI_FLOAT, false);
  for (int i = 0; i < N; i++) d[i] = s[i] = (float)i / 7.0f;
  ck_assert_int_eq(tri_function_map(f, NULL, N, (tri_map_input[]){{NULL, s, 1}, {&y, NULL, 0}},
                                    &(tri_map_output){out + N - 1, NULL, -1}, NULL),
                   TRI_OK);
  for (int i = 0; i < N; i++) ck_assert_double_eq(out[N - 1 - i], d[i] * d[i] - y);
  ck_assert_int_eq(tri_function_map(g, NULL, N, (tri_map_input[]){{d, NULL, 1}, {&y, NULL, 0}},
                                    &(tri_map_output){NULL, narrow, 1}, NULL),
                   TRI_OK);
  for (int i = 0; i < N; i++) ck_assert_float_eq(narrow[i], (float)(s[i] * s[i]) - 0.75f);
  tri_function_free(f);
  tri_function_free(g);
}
END_TEST

START_TEST(threads) {
  enum { N = 1000003 };
  static const size_t counts[] = {1, 2, 7};
  tri_function *f = function_of(g_text, (tri_domain)_i, true);
  double *x = room(2 * N), *first = room(3 * N), *again = room(3 * N);
  tri_pool *pool = tri_pool_new(3, NULL);
  ck_assert_ptr_nonnull(pool);
  ck_assert_uint_eq(tri_pool_threads(pool), 3);
  for (size_t i = 0; i < 2 * N; i++) x[i] = 0.1 + (double)(i % 12345) / 4000.0;
  for (int k = 0; k < 5; k++) {
    double *to = k ? again : first;
    tri_map_options options = {.threads = k < 3 ? counts[k] : 0, .pool = k < 3 ? NULL : pool};
    ck_assert_int_eq(
        tri_function_map(
            f, NULL, N, (tri_map_input[]){{x, NULL, 1}, {x + N, NULL, 1}},
            (tri_map_output[]){{to, NULL, 1}, {to + N, NULL, 1}, {to + 2 * N, NULL, 1}}, &options),
        TRI_OK);
    if (k) ck_assert_int_eq(memcmp(first, again, 3 * N * sizeof *first), 0);
  }
  tri_pool_free(pool);
  tri_function_free(f);
  free(x);
  free(first);
  free(again);
}
END_TEST

/* One of several callers of a pool. */
enum { CALLERS = 3, CALLS = 300, CALLER_POINTS = 1500 };
struct caller {
  const tri_function *f;
  tri_pool *pool;
  double offset;
  int wrong; /* calls that gave something else than they had to */
};

static void *call_again(void *data) {
  struct caller *c = data;
  double x[CALLER_POINTS], out[CALLER_POINTS];
  const double y = c->offset;
  for (int i = 0; i < CALLER_POINTS; i++) x[i] = i;
  for (int k = 0; k < CALLS; k++) {
    memset(out, 0, sizeof out);
    bool right =
        tri_function_map(c->f, NULL, CALLER_POINTS, (tri_map_input[]){{x, NULL, 1}, {&y, NULL, 0}},
                         &(tri_map_output){out, NULL, 1},
                         &(tri_map_options){.pool = c->pool}) == TRI_OK;
    for (int i = 0; i < CALLER_POINTS; i++) right &= out[i] == x[i] + y;
    c->wrong += !right;
  }
  return NULL;
}

/* Calls that share a pool wait for each other. */
START_TEST(shared_pool) {
  tri_function *f = function_of("x + y", TRI_DOUBLE, false);
  tri_pool *pool = tri_pool_new(3, NULL);
  struct caller callers[CALLERS];
  pthread_t ids[CALLERS];
  ck_assert_ptr_nonnull(pool);
  for (int i = 0; i < CALLERS; i++) {
    callers[i] = (struct caller){.f = f, .pool = pool, .offset = 1000.0 * i};
    ck_assert_int_eq(pthread_create(&ids[i], NULL, call_again, &callers[i]), 0);
  }
  for (int i = 0; i < CALLERS; i++) {
    pthread_join(ids[i], NULL);
    ck_assert_int_eq(callers[i].wrong, 0);
  }
  tri_pool_free(pool);
  tri_function_free(f);
}
END_TEST

/* --- what has no value */

START_TEST(without_value) {
  enum { N = 1000 };
  double x[N], out[N];
  const double y = 2.0;
  size_t without, first;
  tri_error error;
  tri_function *f = function_of("log(x)", (tri_domain)_i, false);
  tri_call call = {.error = &error};
  tri_map_options options = {.threads = 2, .without = &without, .first = &first};
  for (int i = 0; i < N; i++) x[i] = i % 10 == 7 && i > 500 ? -1.0 : 2.0;
  ck_assert_int_eq(tri_function_map(f, &call, N, (tri_map_input[]){{x, NULL, 1}, {&y, NULL, 0}},
                                    &(tri_map_output){out, NULL, 1}, &options),
                   TRI_DOMAIN);
  ck_assert_uint_eq(without, 50);
  ck_assert_uint_eq(first, 507);
  ck_assert_str_eq(error.message, "point 507: log at -1");
  ck_assert_int_eq(error.status, TRI_DOMAIN);
  for (int i = 0; i < N; i++)
    ck_assert(x[i] < 0.0 ? isnan(out[i]) : fabs(out[i] - 0.6931471805599453) < 1e-7);
  tri_function_free(f);
}
END_TEST

/* The interpreter, which names the first point without value, may itself be out of memory. */
START_TEST(telling_fails) {
  const double x = -1.0;
  double out;
  struct failing failing;
  tri_error error;
  tri_graph *g = tri_graph_new(NULL);
  tri_expr v = tri_variable(g, "x"), e = tri_log(v);
  failing_init(&failing, 0);
  tri_function *f = tri_compile(1, &v, 1, &e, .allocator = &failing.allocator);
  const tri_call call = {.error = &error};
  tri_graph_free(g);
  ck_assert_ptr_nonnull(f);
  ck_assert_ptr_nonnull(tri__lanes(f));
  do {
    failing.calls = 0;
    failing.fail_at++;
    tri_status status = tri_function_map(f, &call, 1, &(tri_map_input){&x, NULL, 1},
                                         &(tri_map_output){&out, NULL, 1}, NULL);
    ck_assert_int_eq(error.status, status);
    if (status == TRI_MEMORY) continue;
    ck_assert_int_eq(status, TRI_DOMAIN); /* found, if without room for all that can be said */
    ck_assert_uint_ne(error.node, 0);
  } while (failing.calls >= failing.fail_at); /* until none fails */
  ck_assert_int_gt(failing.fail_at, 6);
  ck_assert_str_eq(error.message, "point 0: log at -1");
  tri_function_free(f);
  ck_assert_uint_eq(failing.in_use, 0);
}
END_TEST

/* A branch not taken raises nothing, and its derivative is a strong zero. */
START_TEST(branches) {
  const double x[] = {-1.0, 0.0, 1.0, 4.0}, y = 0.0;
  double out[3][4];
  size_t without = 9;
  tri_function *f = function_of("select(x > 0, sqrt(x), 0*y) + max(x, 0)", TRI_DOUBLE, true);
  ck_assert_int_eq(
      tri_function_map(f, NULL, 4, (tri_map_input[]){{x, NULL, 1}, {&y, NULL, 0}},
                       (tri_map_output[]){{out[0], NULL, 1}, {out[1], NULL, 1}, {out[2], NULL, 1}},
                       &(tri_map_options){.without = &without}),
      TRI_OK);
  ck_assert_uint_eq(without, 0);
  static const double values[] = {0.0, 0.0, 2.0, 6.0}, slopes[] = {0.0, 0.5, 1.5, 1.25};
  for (int i = 0; i < 4; i++) {
    ck_assert_double_eq(out[0][i], values[i]);
    ck_assert_double_eq(out[1][i], slopes[i]);
    ck_assert_double_eq(out[2][i], 0.0);
  }
  tri_function_free(f);
}
END_TEST

/* --- other domains, shapes, errors */

START_TEST(domains) {
  enum { N = 40 };
  double x[N], out[N], want;
  const double y = 3.0;
  tri_function *f = function_of("x/3 + y*x^2", (tri_domain)_i, false);
  for (int i = 0; i < N; i++) x[i] = i / 8.0;
  ck_assert_int_eq(tri_function_map(f, NULL, N, (tri_map_input[]){{x, NULL, 1}, {&y, NULL, 0}},
                                    &(tri_map_output){out, NULL, 1},
                                    &(tri_map_options){.threads = 3}),
                   TRI_OK);
  for (int i = 0; i < N; i++) {
    ck_assert_int_eq(tri_function_call(f, NULL, (double[]){x[i], y}, &want), TRI_OK);
    ck_assert_double_eq(out[i], want);
  }
  tri_function_free(f);
  tri_thread_cleanup();
}
END_TEST

/* Elements of arrays are inputs and outputs of their own; with a named size the interpreter does
 * the work. */
static void check_shaped(const char *size) {
  tri_graph *g = tri_graph_new(NULL);
  int64_t two = 2;
  const char *names[] = {size};
  tri_expr v = tri_variable_shaped(g, "v", 1, size ? (int64_t[]){-1} : &two, size ? names : NULL),
           s = tri_variable(g, "s"), in[] = {v, s};
  tri_expr out[] = {tri_add(tri_mul(v, s), tri_rational(g, 1, 2)), tri_sin(tri_element(v, 1)), v};
  tri_function *f = tri_compile(2, in, 3, out);
  tri_graph_free(g);
  ck_assert_ptr_nonnull(f);
  double x[] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0}, to[5][3];
  tri_map_input from[] = {{x, NULL, 3}, {x + 1, NULL, 3}, {x + 2, NULL, 3}};
  tri_map_output out_of[5];
  for (int i = 0; i < 5; i++) out_of[i] = (tri_map_output){to[i], NULL, 1};
  tri_call call = {.n_sizes = 1, .sizes = &two};
  ck_assert_int_eq(tri_function_map(f, &call, 3, from, out_of, NULL), TRI_OK);
  for (int p = 0; p < 3; p++) {
    const double *at_p = x + 3 * p;
    ck_assert_double_eq(to[0][p], at_p[0] * at_p[2] + 0.5);
    ck_assert_double_eq(to[1][p], at_p[1] * at_p[2] + 0.5);
    ck_assert_double_le(fabs(to[2][p] - sin(at_p[1])), 2e-16);
    ck_assert_double_eq(to[3][p], at_p[0]);
    ck_assert_double_eq(to[4][p], at_p[1]);
  }
  if (size) ck_assert_int_eq(tri_function_map(f, NULL, 3, from, out_of, NULL), TRI_SHAPE);
  tri_function_free(f);
}

START_TEST(shapes) {
  check_shaped(NULL);
  check_shaped("n");
}
END_TEST

START_TEST(errors) {
  double x[4] = {1, 2, 3, 4}, out[4];
  const volatile int stop = 1;
  tri_error error;
  tri_function *f = function_of("x + y", TRI_DOUBLE, false);
  const tri_map_input in[] = {{x, NULL, 1}, {x, NULL, 1}},
                      lacking[] = {{x, NULL, 1}, {NULL, NULL, 1}};
  const tri_map_output to = {out, NULL, 1}, still = {out, NULL, 0};
  ck_assert_int_eq(tri_function_map(NULL, NULL, 4, in, &to, NULL), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_map(f, NULL, 4, lacking, &to, NULL), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_map(f, NULL, 4, NULL, &to, NULL), TRI_ARGUMENT);
  ck_assert_int_eq(tri_function_map(f, NULL, 4, in, &still, NULL), TRI_ARGUMENT);
  ck_assert_int_eq(
      tri_function_map(f, &(tri_call){.error = &error, .interrupt = &stop}, 4, in, &to, NULL),
      TRI_INTERRUPTED);
  ck_assert_int_eq(error.status, TRI_INTERRUPTED);
  ck_assert_int_eq(tri_function_map(f, &(tri_call){.error = &error}, 4, in, &to, NULL), TRI_OK);
  ck_assert_int_eq(error.status, TRI_OK);
  ck_assert_ptr_null(tri_pool_new(0, NULL));
  tri_pool_free(NULL);
  tri_function_free(f);
}
END_TEST

static Suite *lanes_suite(void) {
  Suite *s = suite_create("lanes");
  TCase *c = tcase_create("lanes");
  tcase_add_test(c, all_rows);
  tcase_add_test(c, alone);
  tcase_add_test(c, instructions);
  tcase_add_test(c, programs);
  tcase_add_test(c, layouts);
  tcase_add_loop_test(c, streams, TRI_DOUBLE, TRI_RATIONAL);
  tcase_add_test(c, mixed_numbers);
  tcase_add_loop_test(c, threads, TRI_DOUBLE, TRI_RATIONAL);
  tcase_add_test(c, shared_pool);
  tcase_add_loop_test(c, without_value, TRI_DOUBLE, TRI_RATIONAL);
  tcase_add_test(c, telling_fails);
  tcase_add_test(c, branches);
  tcase_add_loop_test(c, domains, TRI_DOUBLE, TRI_DOMAINS);
  tcase_add_test(c, shapes);
  tcase_add_test(c, errors);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_lanes", lanes_suite); }
