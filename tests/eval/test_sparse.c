/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sparse Jacobians and Hessians against the dense runs, over all rows and through loops; patterns
 * and colours by their definitions. */
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

#include "tests/failing.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { N = 8, M = 5 };

static tri_graph *g;
static tri_expr x[N];

static void set_up(void) {
  static const char *const names[N] = {"a", "b", "c", "d", "p", "q", "u", "v"};
  g = tri_graph_new(NULL);
  for (int i = 0; i < N; i++) x[i] = tri_variable(g, names[i]);
}
static void tear_down(void) {
  tri_graph_free(g);
  tri_thread_cleanup();
}

/* An operation with as many of these arguments as it takes; conditions where it wants them. */
static tri_expr apply(struct random *r, const tri_expr *of, uint32_t n) {
  tri_op op = (tri_op)random_below(r, TRI_OP_ROWS);
  for (size_t arity = 1; arity <= 3; arity++) {
    tri_expr arguments[3];
    for (int i = 0; i < 3; i++) arguments[i] = of[random_below(r, n)];
    if (op == TRI_OP_select) arguments[0] = tri_lt(arguments[0], arguments[1]);
    tri_expr e = tri_apply(op, arity, arguments);
    if (!tri_expr_status(e) && tri_expr_sort(e) == TRI_REAL) return e;
    tri_graph_clear_error(g);
  }
  return of[random_below(r, n)];
}

static void random_outputs(struct random *r, tri_expr *y) {
  for (int k = 0; k < M; k++) {
    tri_expr of[N + 6];
    uint32_t n = 3;
    for (uint32_t i = 0; i < n; i++) of[i] = x[random_below(r, N)];
    for (; n < 7; n++) of[n] = apply(r, of, n);
    y[k] = of[n - 1];
  }
}

/* values as a dense matrix; entries that the pattern has not are 0. */
static void spread(const tri_sparse *s, const double *values, size_t columns, double *dense) {
  for (size_t k = 0; k < tri_sparse_entries(s); k++)
    dense[(size_t)tri_sparse_row(s)[k] * columns + (size_t)tri_sparse_column(s)[k]] = values[k];
}

static void same(const double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(fabs(a[i] - b[i]) <= 1e-12 * (1 + fabs(b[i])), "%zu: %.17g, not %.17g", i, a[i],
                  b[i]);
}

static int check_jacobian(const tri_expr *y, const double *at) {
  double tangents[N * M], unit[N * N] = {0}, dense[M * N] = {0}, right[M * N], values[M * N];
  tri_sparse *s = tri_jacobian_sparse(N, x, M, y);
  ck_assert_ptr_nonnull(s);
  for (int i = 0; i < N; i++) unit[i * N + i] = 1;
  tri_status status =
      tri_function_forward(tri_sparse_function(s), NULL, at, N, unit, NULL, tangents);
  if (!status) {
    ck_assert_int_eq(tri_sparse_call(s, NULL, at, NULL, NULL, values), TRI_OK);
    spread(s, values, N, dense);
    for (int i = 0; i < M; i++)
      for (int j = 0; j < N; j++) right[i * N + j] = tangents[j * M + i];
    same(dense, right, M * N);
  }
  tri_sparse_free(s);
  return !status;
}

static int check_hessian(const tri_expr *y, const double *at) {
  double dense[N * N] = {0}, right[N * N], values[N * N];
  const double weights[M] = {1, -2, 0.5, 3, 1};
  tri_sparse *s = tri_hessian_sparse(N, x, M, y);
  ck_assert_ptr_nonnull(s);
  tri_status status =
      tri_function_hessian(tri_sparse_function(s), NULL, at, weights, NULL, NULL, right);
  if (!status) {
    ck_assert_int_eq(tri_sparse_call(s, NULL, at, weights, NULL, values), TRI_OK);
    spread(s, values, N, dense);
    same(dense, right, N * N);
  }
  tri_sparse_free(s);
  return !status;
}

START_TEST(random_graphs_agree_with_dense_runs) {
  struct random r = random_start(20);
  int jacobians = 0, hessians = 0;
  for (int k = 0; k < 400 * test_multiplier(); k++) {
    tri_expr y[M];
    double at[N];
    random_outputs(&r, y);
    for (int i = 0; i < N; i++) at[i] = random_between(&r, 0.1, 0.9);
    jacobians += check_jacobian(y, at);
    hessians += check_hessian(y, at);
  }
  ck_assert_int_gt(jacobians, 40);
  ck_assert_int_gt(hessians, 40);
}
END_TEST

/* Σ (x[t+1] - x[t]²)² by a loop: tridiagonal, three colours. */
START_TEST(a_loop_is_tridiagonal) {
  enum { LONG = 40 };
  tri_expr v = tri_variable_shaped(g, "w", 1, (int64_t[]){LONG}, NULL), i = tri_variable(g, "i");
  tri_expr term = tri_square(
      tri_sub(tri_gather(v, tri_add(i, tri_integer(g, 1))), tri_square(tri_gather(v, i))));
  tri_expr e = tri_sum(term, i, 0, tri_extent_of(LONG - 1));
  double at[LONG], values[3 * LONG], dense[LONG * LONG] = {0}, right[LONG * LONG];
  for (int k = 0; k < LONG; k++) at[k] = 0.1 * k - 1;
  tri_sparse *s = tri_hessian_sparse(1, &v, 1, &e);
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(tri_sparse_entries(s), 3 * LONG - 2);
  ck_assert_uint_eq(tri_sparse_colours(s), 3);
  ck_assert_int_eq(tri_sparse_call(s, NULL, at, NULL, NULL, values), TRI_OK);
  ck_assert_int_eq(tri_function_hessian(tri_sparse_function(s), NULL, at, NULL, NULL, NULL, right),
                   TRI_OK);
  spread(s, values, LONG, dense);
  same(dense, right, LONG * LONG);
  tri_sparse_free(s);
}
END_TEST

/* An arrow: every variable meets the last one only. */
START_TEST(an_arrow_has_two_colours) {
  tri_expr e = tri_square(x[N - 1]);
  for (int i = 0; i + 1 < N; i++) e = tri_add(e, tri_mul(x[N - 1], tri_sin(x[i])));
  tri_sparse *s = tri_hessian_sparse(N, x, 1, &e, .triangle = TRI_LOWER);
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(tri_sparse_entries(s), 2 * N - 1);
  ck_assert_uint_eq(tri_sparse_colours(s), 2);
  tri_sparse_free(s);
}
END_TEST

START_TEST(a_linear_function_has_no_entries) {
  tri_expr e = tri_sub(tri_mul(tri_integer(g, 3), x[0]), tri_abs(x[1]));
  double at[N] = {1, 2, 3, 4, 5, 6, 7, 8}, value;
  tri_sparse *s = tri_hessian_sparse(N, x, 1, &e);
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(tri_sparse_entries(s), 0);
  ck_assert_int_eq(tri_sparse_call(s, NULL, at, NULL, &value, NULL), TRI_OK);
  ck_assert_double_eq(value, 1.0);
  tri_sparse_free(s);
}
END_TEST

static tri_status scenario(const tri_allocator *allocator) {
  tri_graph *own = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!own) return TRI_MEMORY;
  tri_expr a = tri_variable(own, "a"), b = tri_variable(own, "b"), v[2] = {a, b};
  tri_expr e = tri_mul(tri_sin(a), tri_exp(b));
  tri_error error = {.status = TRI_OK};
  double values[4], at[2] = {0.5, 0.25};
  tri_sparse *s = tri_hessian_sparse(2, v, 1, &e, .allocator = allocator, .error = &error,
                                     .layout = TRI_CSC, .first = 1);
  tri_status status = s ? tri_sparse_call(s, NULL, at, NULL, NULL, values) : error.status;
  if (s && !status) ck_assert_int_eq(tri_sparse_column(s)[2], 5);
  tri_sparse_free(s);
  tri_graph_free(own);
  return status;
}

START_TEST(every_allocation_may_fail) { ck_assert_int_gt(failing_loop(scenario), 20); }
END_TEST

/* --- all layouts, both matrices and the three ways of running, against the dense runs */

/* An entry's row and column, from 0; what the arrays say in any layout. */
static void entry(const tri_sparse *s, const tri_sparse_options *o, size_t k, size_t *i,
                  size_t *j) {
  const int32_t *row = tri_sparse_row(s), *column = tri_sparse_column(s);
  *i = *j = 0;
  if (o->layout == TRI_CSR)
    while ((size_t)(row[*i + 1] - o->first) <= k) ++*i;
  else
    *i = (size_t)(row[k] - o->first);
  if (o->layout == TRI_CSC)
    while ((size_t)(column[*j + 1] - o->first) <= k) ++*j;
  else
    *j = (size_t)(column[k] - o->first);
}

/* Whether entries come one after the other, each once, in the order of the layout, and in the
 * triangle. */
static void in_order(const tri_sparse *s, const tri_sparse_options *o) {
  size_t last = 0;
  for (size_t k = 0; k < tri_sparse_entries(s); k++) {
    size_t i, j;
    entry(s, o, k, &i, &j);
    ck_assert(i < tri_sparse_rows(s) && j < tri_sparse_columns(s));
    ck_assert(o->triangle != TRI_LOWER || j <= i);
    ck_assert(o->triangle != TRI_UPPER || i <= j);
    size_t at =
        1 + (o->layout == TRI_CSC ? j * tri_sparse_rows(s) + i : i * tri_sparse_columns(s) + j);
    ck_assert_uint_gt(at, last);
    last = at;
  }
}

/* values in their places, and 0 elsewhere, are the first columns of dense[rows * n], where they are
 * in the triangle. */
static void matches(const tri_sparse *s, const tri_sparse_options *o, const double *values,
                    const double *dense, size_t n) {
  size_t rows = tri_sparse_rows(s), columns = tri_sparse_columns(s);
  double *spread_out = calloc(rows * columns + 1, sizeof *spread_out);
  for (size_t k = 0; k < tri_sparse_entries(s); k++) {
    size_t i, j;
    entry(s, o, k, &i, &j);
    spread_out[i * columns + j] = values[k];
  }
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      if (!(o->triangle == TRI_LOWER && j > i) && !(o->triangle == TRI_UPPER && j < i))
        same(spread_out + i * columns + j, dense + i * n + j, 1);
  free(spread_out);
}

/* The dense Jacobian by all n elements of the inputs, row by row. */
static void dense_jacobian(const tri_sparse *s, const tri_call *call, const double *at, size_t n,
                           double *dense) {
  size_t m = tri_sparse_rows(s);
  double *unit = calloc(n * n, sizeof *unit), *tangents = calloc(n * m, sizeof *tangents);
  for (size_t j = 0; j < n; j++) unit[j * n + j] = 1;
  ck_assert_int_eq(tri_function_forward(tri_sparse_function(s), call, at, n, unit, NULL, tangents),
                   TRI_OK);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) dense[i * n + j] = tangents[j * m + i];
  free(unit);
  free(tangents);
}

/* Values at a point with n elements agree with a dense run, whose sizes are in call (may be
 * NULL). */
static void agrees(const tri_sparse *s, const tri_sparse_options *o, bool hessian,
                   const tri_call *call, const double *at, size_t n) {
  double *dense = calloc((tri_sparse_rows(s) + n) * n, sizeof *dense),
         *values = calloc(tri_sparse_entries(s) + 1, sizeof *values);
  if (hessian)
    ck_assert_int_eq(
        tri_function_hessian(tri_sparse_function(s), call, at, NULL, NULL, NULL, dense), TRI_OK);
  else
    dense_jacobian(s, call, at, n, dense);
  ck_assert_int_eq(tri_sparse_call(s, NULL, at, NULL, NULL, values), TRI_OK);
  in_order(s, o);
  matches(s, o, values, dense, n);
  free(dense);
  free(values);
}

/* In all layouts, counted from 0 and from 1, of all triangles. */
static void all_agree(const tri_expr *y, size_t m, const double *at) {
  for (int k = 0; k < 24; k++) {
    tri_sparse_options o = {.outputs = y,
                            .layout = (tri_sparse_layout)(k % 3),
                            .first = k / 3 % 2,
                            .triangle = (tri_triangle)(k / 6 % 3)};
    bool hessian = k < 18;
    if (!hessian) o.triangle = TRI_BOTH;
    tri_sparse *s =
        hessian ? tri_hessian_sparse_with(N, x, m, &o) : tri_jacobian_sparse_with(N, x, m, &o);
    ck_assert_ptr_nonnull(s);
    agrees(s, &o, hessian, NULL, at, N);
    tri_sparse_free(s);
  }
}

START_TEST(all_layouts_agree_with_dense_runs) {
  const double at[N] = {0.3, 0.8, 0.25, 0.6, 0.45, 0.9, 0.15, 0.7};
  tri_expr y[3];
  y[0] = tri_add(tri_mul(x[0], tri_sin(x[5])), tri_mul(x[2], tri_square(x[3])));
  y[1] = tri_mul(tri_exp(x[3]), x[7]);
  y[2] = tri_add(tri_div(x[5], x[1]), tri_square(x[0]));
  all_agree(y, 3, at);
}
END_TEST

/* Σ of a product of neighbours, from variable `from` on. */
static tri_expr chain(int from, int to) {
  tri_expr e = tri_integer(g, 0);
  for (int i = from; i + 1 < to; i++) e = tri_add(e, tri_mul(tri_exp(x[i]), x[i + 1]));
  return e;
}

/* Long rows of which two never share a column: adjoint runs, one of them for two rows. */
START_TEST(long_rows_are_adjoint_runs) {
  const double at[N] = {0.3, 0.8, 0.25, 0.6, 0.45, 0.9, 0.15, 0.7};
  tri_expr y[3] = {chain(0, 4), chain(4, 8), chain(0, 8)};
  tri_sparse *s = tri_jacobian_sparse(N, x, 3, y);
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(tri_sparse_colours(s), 2);
  tri_sparse_free(s);
  all_agree(y, 3, at);
}
END_TEST

START_TEST(numbers_begin_at_0_or_1) {
  tri_expr e = tri_square(x[0]);
  for (int first = -1; first <= 2; first++) {
    tri_error error = {.status = TRI_OK};
    tri_sparse *s = tri_hessian_sparse(1, x, 1, &e, .first = first, .error = &error);
    ck_assert_int_eq(s != NULL, first == 0 || first == 1);
    ck_assert_int_eq(error.status, s ? TRI_OK : TRI_ARGUMENT);
    tri_sparse_free(s);
    tri_graph_clear_error(g);
  }
}
END_TEST

/* --- colours by their definitions */

enum { WIDE = 100 };

static bool has_entry(const tri_pattern *p, size_t i, size_t j) {
  for (size_t k = tri_pattern_starts(p)[i]; k < tri_pattern_starts(p)[i + 1]; k++)
    if (tri_pattern_indices(p)[k] == j) return true;
  return false;
}

static tri_expr wide_variable(int i) {
  const char name[] = {'w', (char)('0' + i / 10), (char)('0' + i % 10), 0};
  return tri_variable(g, name);
}

static void colours_are_counted(const uint32_t *colour, const bool *empty, uint32_t colours) {
  bool seen[WIDE] = {false};
  for (int i = 0; i < WIDE; i++) {
    ck_assert_int_eq(colour[i] == TRI_NO_COLOUR, empty[i]);
    if (empty[i]) continue;
    ck_assert_uint_lt(colour[i], colours);
    seen[colour[i]] = true;
  }
  for (uint32_t c = 0; c < colours; c++) ck_assert(seen[c]);
}

/* No two columns of one colour meet in a row, and no two rows in a column. */
static uint32_t check_distance(const tri_pattern *p) {
  uint32_t column[WIDE], row[WIDE], by_column, by_row;
  bool no_column[WIDE], no_row[WIDE], at[WIDE][WIDE];
  memset(no_column, true, sizeof no_column);
  memset(no_row, true, sizeof no_row);
  ck_assert_int_eq(tri_colour_columns(p, column, &by_column), TRI_OK);
  ck_assert_int_eq(tri_colour_rows(p, row, &by_row), TRI_OK);
  for (size_t i = 0; i < WIDE; i++)
    for (size_t j = 0; j < WIDE; j++)
      if ((at[i][j] = has_entry(p, i, j))) no_row[i] = no_column[j] = false;
  colours_are_counted(column, no_column, by_column);
  colours_are_counted(row, no_row, by_row);
  size_t wrong = 0;
  for (size_t i = 0; i < WIDE; i++)
    for (size_t j = 0; j < WIDE; j++)
      for (size_t k = 0; k < j; k++) {
        wrong += at[i][j] && at[i][k] && column[j] == column[k];
        wrong += at[j][i] && at[k][i] && row[j] == row[k];
      }
  ck_assert_uint_eq(wrong, 0);
  return by_column < by_row ? by_column : by_row;
}

/* Ends differ, and so do two that meet at a third unless its colour is smaller. */
static uint32_t check_star(const tri_pattern *p) {
  uint32_t colour[WIDE], colours;
  bool none[WIDE], at[WIDE][WIDE];
  memset(none, true, sizeof none);
  ck_assert_int_eq(tri_colour_symmetric(p, colour, &colours), TRI_OK);
  for (size_t i = 0; i < WIDE; i++)
    for (size_t j = 0; j < WIDE; j++)
      if ((at[i][j] = has_entry(p, i, j))) none[i] = false;
  colours_are_counted(colour, none, colours);
  size_t wrong = 0;
  for (size_t i = 0; i < WIDE; i++)
    for (size_t j = 0; j < WIDE; j++) {
      wrong += at[i][j] != at[j][i];
      wrong += i != j && at[i][j] && colour[i] == colour[j];
      for (size_t k = 0; k < i; k++)
        if (j != i && j != k && at[i][j] && at[j][k])
          wrong += colour[i] == colour[k] && colour[j] >= colour[i];
    }
  ck_assert_uint_eq(wrong, 0);
  return colours;
}

/* `share` of all places, in columns and rows other than every seventh. */
static void random_wide(struct random *r, const tri_expr *v, double share, tri_expr *y) {
  for (int i = 0; i < WIDE; i++) {
    y[i] = tri_integer(g, i);
    for (int j = 0; j < WIDE; j++)
      if (i % 7 != 3 && j % 7 != 3 && random_between(r, 0, 1) < share)
        y[i] = tri_add(y[i], tri_mul(tri_exp(v[i]), v[j]));
  }
}

START_TEST(colours_are_as_defined) {
  struct random r = random_start(21);
  uint32_t most = 0, least = WIDE, most_star = 0;
  tri_expr v[WIDE], y[WIDE];
  for (int i = 0; i < WIDE; i++) v[i] = wide_variable(i);
  for (int k = 0; k < 12 * test_multiplier(); k++) {
    tri_pattern *p, *q;
    random_wide(&r, v, k % 4 ? 0.25 * (k % 4) + 0.1 : 0.02, y);
    ck_assert_int_eq(tri_jacobian_pattern(WIDE, y, WIDE, v, NULL, &p), TRI_OK);
    ck_assert_int_eq(tri_hessian_pattern(WIDE, y, WIDE, v, NULL, &q), TRI_OK);
    uint32_t colours = check_distance(p), stars = check_star(q);
    most = colours > most ? colours : most;
    least = colours < least ? colours : least;
    most_star = stars > most_star ? stars : most_star;
    tri_pattern_free(p);
    tri_pattern_free(q);
  }
  ck_assert_uint_gt(most, 64);
  ck_assert_uint_lt(least, 20);
  ck_assert_uint_gt(most_star, 64);
}
END_TEST

/* More colours than are kept as bits, and than directions at once: first and second derivatives. */
START_TEST(more_than_64_colours_agree) {
  struct random r = random_start(22);
  tri_expr v[WIDE], y[WIDE];
  double at[WIDE];
  for (int i = 0; i < WIDE; i++) v[i] = wide_variable(i);
  for (int i = 0; i < WIDE; i++) at[i] = random_between(&r, -1, 1);
  random_wide(&r, v, 0.6, y);
  tri_sparse_options o = {.outputs = y, .layout = TRI_CSC};
  tri_sparse *jacobian = tri_jacobian_sparse_with(WIDE, v, WIDE, &o),
             *hessian = tri_hessian_sparse_with(WIDE, v, WIDE, &o);
  ck_assert(jacobian && hessian);
  ck_assert_uint_gt(tri_sparse_colours(jacobian), 64);
  ck_assert_uint_gt(tri_sparse_colours(hessian), 64);
  agrees(jacobian, &o, false, NULL, at, WIDE);
  agrees(hessian, &o, true, NULL, at, WIDE);
  tri_sparse_free(jacobian);
  tri_sparse_free(hessian);
}
END_TEST

/* --- arrays: named sizes, data that are indices, loops in loops */

enum { SIZE = 9 };

static tri_expr array_of(const char *name, const char *size) {
  return tri_variable_shaped(g, name, 1, (int64_t[]){SIZE}, (const char *[]){size});
}

/* Σ w[i] exp(w[n + 1 - i]): entries on both diagonals, where n is named. */
START_TEST(named_sizes_are_known) {
  static const char text[] = "sum(w[i] exp(w[n + 1 - i]), i=1..n)";
  tri_expr v = array_of("w", "n"), e = tri_parse(g, text, sizeof text - 1);
  const char *names[] = {"n"};
  const int64_t sizes[] = {SIZE};
  const tri_call call = {.n_sizes = 1, .sizes = sizes};
  double at[SIZE];
  for (int k = 0; k < SIZE; k++) at[k] = 0.1 * k - 0.3;
  tri_sparse_options o = {.outputs = &e, .n_sizes = 1, .size_names = names, .sizes = sizes};
  tri_sparse *s = tri_hessian_sparse_with(1, &v, 1, &o);
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(tri_sparse_rows(s), SIZE);
  ck_assert_uint_eq(tri_sparse_entries(s), 2 * SIZE - 1);
  agrees(s, &o, true, &call, at, SIZE);
  tri_sparse_free(s);
  tri_error error = {.status = TRI_OK};
  ck_assert_ptr_null(tri_hessian_sparse(1, &v, 1, &e, .error = &error));
  ck_assert_int_eq(error.status, TRI_SHAPE);
}
END_TEST

/* f = Σ w[i]² w[d[i]], where d is data: known, it picks one part, else all; right both ways. */
START_TEST(data_pick_parts) {
  tri_expr v = array_of("w", NULL), d = array_of("t", NULL), in[2] = {v, d}, e;
  tri_expr i = tri_variable(g, "i");
  double at[2 * SIZE];
  for (int k = 0; k < SIZE; k++) at[k] = 0.1 * k - 0.3;
  for (int k = 0; k < SIZE; k++) at[SIZE + k] = (double)((k + 1) % SIZE);
  e = tri_sum(tri_mul(tri_square(tri_gather(v, i)), tri_gather(v, tri_gather(d, i))), i, 0,
              tri_extent_of(SIZE));
  for (int known = 0; known < 2; known++)
    for (int hessian = 0; hessian < 2; hessian++) {
      tri_sparse_options o = {
          .outputs = &e, .variables = 1, .data = known ? at + SIZE : NULL, .layout = TRI_CSR};
      tri_sparse *s =
          hessian ? tri_hessian_sparse_with(2, in, 1, &o) : tri_jacobian_sparse_with(2, in, 1, &o);
      ck_assert_ptr_nonnull(s);
      ck_assert_uint_eq(tri_sparse_columns(s), SIZE);
      if (hessian) ck_assert_uint_eq(tri_sparse_entries(s), (size_t)(known ? 3 : SIZE) * SIZE);
      if (hessian) ck_assert_uint_eq(tri_sparse_rows(s), SIZE);
      agrees(s, &o, hessian, NULL, at, 2 * SIZE);
      tri_sparse_free(s);
    }
}
END_TEST

/* c[t+1] = sin(c[t]) + Σ_j w[t] u[j]^2 over the first three u: kept, added up and as it ends. */
static void carried(const tri_expr *in, int backward, tri_expr *y) {
  tri_expr c = tri_variable(g, "c"), p = tri_variable(g, "p"), j = tri_variable(g, "j");
  tri_expr inner = tri_sum(tri_mul(p, tri_square(tri_gather(in[1], j))), j, 0, tri_extent_of(3));
  tri_expr next = tri_add(tri_sin(c), inner), product = tri_mul(c, p);
  tri_expr start = tri_gather(in[1], tri_integer(g, SIZE - 1));
  ck_assert_int_eq(tri_loop(g,
                            &(tri_loop_options){.n = tri_extent_of(SIZE),
                                                .backward = backward,
                                                .n_steps = 1,
                                                .steps = &p,
                                                .step_inputs = in,
                                                .n_carries = 1,
                                                .carries = &c,
                                                .initial = &start,
                                                .next = &next,
                                                .n_stacked = 1,
                                                .stacked = &product,
                                                .n_summed = 1,
                                                .summed = &product},
                            y),
                   TRI_OK);
}

START_TEST(loops_in_loops_with_carries_agree) {
  tri_expr in[2] = {array_of("w", NULL), array_of("t", NULL)}, y[3];
  double at[2 * SIZE];
  for (int k = 0; k < 2 * SIZE; k++) at[k] = 0.07 * k - 0.4;
  for (int k = 0; k < 4; k++) {
    carried(in, k % 2, y);
    tri_sparse_options o = {.outputs = y, .layout = TRI_CSR};
    tri_sparse *s =
        k < 2 ? tri_hessian_sparse_with(2, in, 3, &o) : tri_jacobian_sparse_with(2, in, 3, &o);
    ck_assert_ptr_nonnull(s);
    /* of row t: w up to t, the first three of t and its last */
    if (k == 2) ck_assert_uint_eq(tri_sparse_entries(s), 45 + 4 * SIZE - 3 + 2 * (SIZE + 4));
    agrees(s, &o, k < 2, NULL, at, 2 * SIZE);
    tri_sparse_free(s);
  }
}
END_TEST

/* --- calls: nothing allocated, many at once */

/* One of each way: columns, rows, duals through adjoints. */
static tri_sparse *one_way(int way, const tri_allocator *allocator) {
  tri_expr y[N];
  for (int i = 0; i < N; i++) y[i] = tri_sin(x[i]);
  tri_expr e = chain(0, N);
  return way == 0   ? tri_jacobian_sparse(N, x, N, y, .allocator = allocator)
         : way == 1 ? tri_jacobian_sparse(N, x, 1, &e, .allocator = allocator)
                    : tri_hessian_sparse(N, x, 1, &e, .allocator = allocator);
}

START_TEST(a_used_workspace_allocates_nothing) {
  const double at[N] = {0.3, 0.8, 0.25, 0.6, 0.45, 0.9, 0.15, 0.7};
  double values[4 * N], outputs[N];
  for (int way = 0; way < 3; way++) {
    struct failing f;
    failing_init(&f, 0);
    tri_sparse *s = one_way(way, &f.allocator);
    ck_assert_ptr_nonnull(s);
    tri_workspace *w = tri_workspace_new(tri_sparse_function(s));
    const tri_call call = {.workspace = w};
    ck_assert_int_eq(tri_sparse_call(s, &call, at, NULL, outputs, values), TRI_OK);
    long before = f.calls;
    ck_assert_int_gt(before, 0);
    for (int k = 0; k < 3; k++)
      ck_assert_int_eq(tri_sparse_call(s, &call, at, NULL, outputs, values), TRI_OK);
    ck_assert_int_eq(f.calls, before);
    tri_workspace_free(w);
    tri_sparse_free(s);
    ck_assert_uint_eq(f.in_use, 0);
  }
}
END_TEST

enum { THREADS = 4 };

struct worker {
  const tri_sparse *s;
  double values[4 * N];
  int wrong;
};

static void *work(void *data) {
  const double at[N] = {0.3, 0.8, 0.25, 0.6, 0.45, 0.9, 0.15, 0.7};
  struct worker *own = data;
  double again[4 * N];
  size_t bytes = tri_sparse_entries(own->s) * sizeof *again;
  tri_workspace *w = tri_workspace_new(tri_sparse_function(own->s));
  const tri_call call = {.workspace = w};
  own->wrong = tri_sparse_call(own->s, &call, at, NULL, NULL, own->values) != TRI_OK;
  for (int k = 0; k < 50; k++)
    own->wrong += tri_sparse_call(own->s, &call, at, NULL, NULL, again) != TRI_OK ||
                  memcmp(again, own->values, bytes) != 0;
  tri_workspace_free(w);
  tri_thread_cleanup();
  return NULL;
}

START_TEST(threads_share_a_plan) {
  for (int way = 0; way < 3; way++) {
    pthread_t thread[THREADS];
    struct worker worker[THREADS];
    tri_sparse *s = one_way(way, NULL);
    ck_assert_ptr_nonnull(s);
    for (int t = 0; t < THREADS; t++) {
      worker[t].s = s;
      ck_assert_int_eq(pthread_create(&thread[t], NULL, work, &worker[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) pthread_join(thread[t], NULL);
    for (int t = 0; t < THREADS; t++) {
      ck_assert_int_eq(worker[t].wrong, 0);
      ck_assert(!memcmp(worker[t].values, worker[0].values,
                        tri_sparse_entries(s) * sizeof *worker[t].values));
    }
    tri_sparse_free(s);
  }
}
END_TEST

static Suite *make(void) {
  return tri_test_suite("sparse", 0, set_up, tear_down, random_graphs_agree_with_dense_runs,
                        a_loop_is_tridiagonal, an_arrow_has_two_colours,
                        a_linear_function_has_no_entries, all_layouts_agree_with_dense_runs,
                        long_rows_are_adjoint_runs, numbers_begin_at_0_or_1, colours_are_as_defined,
                        more_than_64_colours_agree, named_sizes_are_known, data_pick_parts,
                        loops_in_loops_with_carries_agree, a_used_workspace_allocates_nothing,
                        threads_share_a_plan, every_allocation_may_fail);
}

int main(void) { return tri_test_main("sparse", make); }
