/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Array programs against the interpreter: random graphs of rows, views, sums, products, joined
 * parts and indices, with donated outputs, in double and float, by one, two and seven threads; and
 * the patterns that training needs, one by one. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "eval/array_program.h"
#include "eval/arrays.h"
#include "tests/eval/helper.h"
#include "tests/failing.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { RANK = 3, MOST = 60, INPUTS = 40, OUTPUTS = 60, ELEMENTS = 30000 };

static struct random rng;

/* --- expressions of known shapes */

struct array {
  tri_expr e;
  size_t rank, count;
  int64_t dims[RANK + 1];
};

struct program {
  struct array made[MOST], inputs[INPUTS];
  size_t n_made, n_inputs, n_outputs;
  tri_expr outputs[OUTPUTS];
  size_t donated[OUTPUTS], output_counts[OUTPUTS];
};

static size_t elements_of(size_t rank, const int64_t *dims) {
  size_t count = 1;
  for (size_t d = 0; d < rank; d++) count *= (size_t)dims[d];
  return count;
}

static struct array array_of(tri_expr e) {
  struct array a = {.e = e, .rank = tri_expr_rank(e)};
  ck_assert_int_eq(tri_expr_status(e), TRI_OK);
  for (size_t d = 0; d < a.rank; d++) a.dims[d] = tri_expr_dim(e, d);
  a.count = elements_of(a.rank, a.dims);
  return a;
}

static const struct array *add(struct program *p, tri_expr e) {
  struct array a = array_of(e);
  if (a.rank <= RANK && a.count <= ELEMENTS && p->n_made < MOST) p->made[p->n_made++] = a;
  return &p->made[p->n_made - 1];
}

static tri_expr new_input(struct program *p, size_t rank, const int64_t *dims) {
  char name[16];
  ck_assert_uint_lt(p->n_inputs, INPUTS);
  snprintf(name, sizeof name, "x%zu", p->n_inputs);
  tri_expr x = tri_variable_shaped(g, name, rank, dims, NULL);
  p->inputs[p->n_inputs++] = array_of(x);
  return x;
}

static int64_t any_size(void) {
  static const int64_t sizes[] = {0, 1, 2, 3, 5, 7, 16, 31, 64, 65, 100, 130};
  return sizes[random_below(&rng, 4) ? 1 + random_below(&rng, 11) : random_below(&rng, 12)];
}

static tri_expr any_input(struct program *p) {
  int64_t dims[RANK];
  size_t rank = random_below(&rng, RANK + 1);
  do
    for (size_t d = 0; d < rank; d++) dims[d] = any_size();
  while (elements_of(rank, dims) > ELEMENTS);
  return new_input(p, rank, dims);
}

static struct array any(const struct program *p) {
  return p->made[random_below(&rng, (uint32_t)p->n_made)];
}

/* --- operations, each of which keeps numbers small */

static tri_expr unary(tri_expr x) {
  switch (random_below(&rng, 7)) {
  case 0: return tri_sin(x);
  case 1: return tri_neg(x);
  case 2: return tri_relu(x);
  case 3: return tri_tanh(x);
  case 4: return tri_sigmoid(x);
  case 5: return tri_select(tri_gt(x, tri_rational(g, 1, 8)), x, tri_abs(x));
  default: return tri_sqrt(tri_add(tri_square(x), tri_rational(g, 1, 4)));
  }
}

static tri_expr binary(tri_expr x, tri_expr y) {
  switch (random_below(&rng, 6)) {
  case 0: return tri_mul(tri_tanh(x), y);
  case 1: return tri_sub(x, y);
  case 2: return tri_max(x, y);
  case 3: return tri_gate(tri_relu(x), tri_sin(y));
  case 4: return tri_div(x, tri_add(tri_integer(g, 2), tri_square(y)));
  default: return tri_add(x, y);
  }
}

/* One that can be combined with x element by element: of its shape, a number, or broadcast. */
static tri_expr partner(struct program *p, const struct array *x) {
  tri_extent extents[RANK];
  for (size_t d = 0; d < x->rank; d++) extents[d] = tri_extent_of(x->dims[d]);
  for (int tries = 0; tries < 8; tries++) {
    struct array y = any(p);
    if (!y.rank) return y.e;
    if (y.rank == x->rank && !memcmp(y.dims, x->dims, y.rank * sizeof *y.dims)) return y.e;
  }
  int64_t dims[RANK];
  size_t rank = random_below(&rng, (uint32_t)x->rank + 1);
  for (size_t d = 0; d < rank; d++)
    dims[d] = random_below(&rng, 2) ? 1 : x->dims[x->rank - rank + d];
  return tri_broadcast(new_input(p, rank, dims), x->rank, extents);
}

static tri_expr moved(const struct array *x) {
  size_t axes[RANK] = {0, 1, 2};
  if (!x->rank) return tri_repeat(x->e, tri_extent_of(any_size()));
  switch (random_below(&rng, 5)) {
  case 0: return tri_repeat(x->e, tri_extent_of(1 + random_below(&rng, 4)));
  case 1: {
    int64_t n = x->dims[0], first = random_below(&rng, (uint32_t)n + 1);
    return tri_slice(x->e, first, (int64_t)random_below(&rng, (uint32_t)(n - first) + 1));
  }
  case 2: return tri_reshape(x->e, 1, (tri_extent[]){tri_extent_of((int64_t)x->count)});
  case 3: return x->dims[0] ? tri_element(x->e, random_below(&rng, (uint32_t)x->dims[0])) : x->e;
  default:
    for (size_t d = x->rank; d > 1; d--) {
      size_t other = random_below(&rng, (uint32_t)d), axis = axes[d - 1];
      axes[d - 1] = axes[other];
      axes[other] = axis;
    }
    return tri_transpose(x->e, x->rank, axes);
  }
}

static tri_expr product(struct program *p, const struct array *x) {
  int64_t k = x->dims[x->rank - 1];
  tri_expr y = random_below(&rng, 2) ? new_input(p, 2, (int64_t[]){k, any_size()})
                                     : tri_transpose(new_input(p, 2, (int64_t[]){any_size(), k}), 2,
                                                     (size_t[]){1, 0});
  /* about as large as x */
  return tri_div(tri_matmul(x->e, y), tri_integer(g, k ? k : 1));
}

static tri_expr joined(struct program *p, const struct array *x) {
  int64_t dims[RANK];
  memcpy(dims, x->dims, sizeof dims);
  dims[0] = any_size();
  if (elements_of(x->rank, dims) > ELEMENTS) dims[0] = 1;
  return tri_concat(2, (tri_expr[]){x->e, new_input(p, x->rank, dims)}, 0);
}

static tri_expr by_index(const struct array *x) {
  tri_expr index =
      tri_sub(tri_integer(g, x->dims[0] - 1), tri_iota(g, 0, tri_extent_of(x->dims[0])));
  return random_below(&rng, 2) ? tri_gather_all(x->e, index)
                               : tri_scatter_add(x->e, index, tri_extent_of(x->dims[0] + 2));
}

/* argmax would tell rounding from rounding. */
static tri_expr over_last(struct program *p, const struct array *x) {
  if (!x->dims[x->rank - 1]) return unary(x->e);
  tri_expr y = tri_logsumexp_last(x->e);
  return random_below(&rng, 2) ? y : tri_add(y, tri_argmax(new_input(p, x->rank, x->dims)));
}

static tri_expr step(struct program *p) {
  struct array x = any(p);
  switch (random_below(&rng, 11)) {
  case 10: return x.rank ? over_last(p, &x) : unary(x.e);
  case 0: return unary(x.e);
  case 1:
  case 2:
  case 3: return binary(x.e, partner(p, &x));
  case 4:
  case 5: return moved(&x);
  case 6:
    return x.rank
               ? tri_div(tri_sum_axis(x.e, random_below(&rng, (uint32_t)x.rank)), tri_integer(g, 8))
               : unary(x.e);
  case 7: return x.rank ? product(p, &x) : unary(x.e);
  case 8: return x.rank ? joined(p, &x) : unary(x.e);
  default: return x.rank ? by_index(&x) : unary(x.e);
  }
}

/* --- programs */

static void output(struct program *p, tri_expr e, size_t donated) {
  p->donated[p->n_outputs] = donated;
  p->output_counts[p->n_outputs] = array_of(e).count;
  p->outputs[p->n_outputs++] = e;
}

/* A donated input's new value: itself, less something, or something else altogether. */
static void update(struct program *p, size_t input) {
  const struct array *w = &p->inputs[input];
  tri_expr e = w->e;
  for (size_t i = p->n_made; i-- > 0;) {
    const struct array *x = &p->made[i];
    if (x->rank != w->rank || memcmp(x->dims, w->dims, w->rank * sizeof *w->dims)) continue;
    if (random_below(&rng, 3) == 0) e = tri_sub(e, tri_mul(tri_rational(g, 1, 3), x->e));
    if (random_below(&rng, 8) == 0) e = x->e;
    break;
  }
  output(p, e, input + 1);
}

static void make_program(struct program *p) {
  *p = (struct program){.n_made = 0};
  while (p->n_made < 3) add(p, any_input(p));
  for (int i = 0; i < 25 && p->n_inputs < INPUTS - 2; i++) add(p, step(p));
  for (int i = 0; i < 4; i++) output(p, any(p).e, 0);
  output(p, p->made[p->n_made - 1].e, 0);
  for (size_t i = 0; i < p->n_inputs && p->n_outputs < OUTPUTS; i++)
    if (random_below(&rng, 3)) update(p, i);
}

/* --- running both ways */

struct numbers_of {
  void *at[OUTPUTS + INPUTS];
};

/* Inputs as random numbers, floats all of them. */
static double *random_inputs(const struct program *p) {
  size_t n = 0;
  for (size_t i = 0; i < p->n_inputs; i++) n += p->inputs[i].count;
  double *x = malloc((n + 1) * sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = (double)(float)random_between(&rng, -1.0, 1.0);
  return x;
}

static void put(bool floats, void *to, const double *from, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (floats)
      ((float *)to)[i] = (float)from[i];
    else
      ((double *)to)[i] = from[i];
}

/* Calls with arrays of their own; the results one behind the other as doubles. */
static void call_arrays(const struct program *p, const tri_function *f, tri_call *call, bool floats,
                        const double *x, double *results) {
  const void *in[INPUTS];
  void *out[OUTPUTS];
  for (size_t i = 0; i < p->n_inputs; x += p->inputs[i++].count) {
    void *data = malloc((p->inputs[i].count + 1) * sizeof(double));
    put(floats, data, x, p->inputs[i].count);
    in[i] = data;
  }
  for (size_t o = 0; o < p->n_outputs; o++)
    out[o] = p->donated[o] ? (void *)(uintptr_t)in[p->donated[o] - 1]
                           : malloc((p->output_counts[o] + 1) * sizeof(double));
  ok(tri_function_call_arrays(f, call, in, out));
  for (size_t o = 0; o < p->n_outputs; o++)
    for (size_t i = 0; i < p->output_counts[o]; i++)
      *results++ = floats ? (double)((float *)out[o])[i] : ((double *)out[o])[i];
  for (size_t o = 0; o < p->n_outputs; o++)
    if (!p->donated[o]) free(out[o]);
  for (size_t i = 0; i < p->n_inputs; i++) free((void *)(uintptr_t)in[i]);
}

static void compare(const struct program *p, const double *expected, const double *got,
                    double tolerance, const char *what) {
  for (size_t o = 0; o < p->n_outputs; o++) {
    double scale = 1.0;
    for (size_t i = 0; i < p->output_counts[o]; i++) scale = fmax(scale, fabs(expected[i]));
    for (size_t i = 0; i < p->output_counts[o]; i++)
      ck_assert_msg(
          fabs(got[i] - expected[i]) <= tolerance * scale || (isnan(got[i]) && isnan(expected[i])),
          "%s: output %zu, element %zu: %.17g, expected %.17g", what, o, i, got[i], expected[i]);
    expected += p->output_counts[o];
    got += p->output_counts[o];
  }
}

static tri_function *compile(const struct program *p, tri_domain domain) {
  tri_expr inputs[INPUTS];
  for (size_t i = 0; i < p->n_inputs; i++) inputs[i] = p->inputs[i].e;
  tri_function *f = tri_compile(p->n_inputs, inputs, p->n_outputs, p->outputs, .domain = domain,
                                .donated = p->donated);
  ck_assert_ptr_nonnull(f);
  return f;
}

static size_t results_of(const struct program *p) {
  size_t m = 0;
  for (size_t o = 0; o < p->n_outputs; o++) m += p->output_counts[o];
  return m;
}

static void interpreted(const tri_function *f, const double *x, double *results) {
  tri_status s = tri_function_call(f, NULL, x, results);
  ck_assert(s == TRI_OK || s == TRI_DOMAIN);
}

static void check_domain(const struct program *p, tri_domain domain, double tolerance,
                         tri_pool **pools) {
  bool floats = domain == TRI_FLOAT;
  tri_function *f = compile(p, domain);
  size_t m = results_of(p);
  double *x = random_inputs(p), *expected = malloc((m + 1) * sizeof *expected);
  double *got = malloc((m + 1) * sizeof *got), *others = malloc((m + 1) * sizeof *others);
  const char *why;
  ck_assert_msg(tri_function_arrays(f, &why), "%s", why);
  interpreted(f, x, expected);
  tri_call call = {.workspace = tri_workspace_new(f)};
  call_arrays(p, f, &call, floats, x, got);
  why = call.workspace->arrays->why;
  ck_assert_msg(!why && call.workspace->arrays->programs[0], "%s", why);
  compare(p, expected, got, tolerance, floats ? "floats" : "doubles");
  for (int i = 0; i < 2; i++) {
    call.pool = pools[i];
    call_arrays(p, f, &call, floats, x, others);
    ck_assert_msg(!memcmp(got, others, m * sizeof *got), "threads change a result");
  }
  tri_workspace_free(call.workspace);
  free(x);
  free(expected);
  free(got);
  free(others);
  tri_function_free(f);
}

START_TEST(random_programs) {
  rng = random_start(20261127);
  tri_pool *pools[] = {tri_pool_new(2, NULL), tri_pool_new(7, NULL)};
  for (int i = 0; i < 60 * test_multiplier(); i++) {
    struct program p;
    tear_down();
    set_up();
    make_program(&p);
    check_domain(&p, TRI_DOUBLE, 1e-10, pools);
    check_domain(&p, TRI_FLOAT, 2e-3, pools);
  }
  tri_pool_free(pools[0]);
  tri_pool_free(pools[1]);
}
END_TEST

/* --- what training needs */

/* How often programs do what they are there for. */
struct shape_of_program {
  size_t tasks, updates, pairs, local, copied;
};

static struct shape_of_program look(const tri_workspace *w) {
  const struct array_program *p = w->arrays->programs[0];
  struct shape_of_program s = {.tasks = 0};
  ck_assert_ptr_nonnull(p);
  for (uint32_t t = 0; t < p->task_count; t++) {
    s.tasks += p->tasks[t].count > 0;
    s.pairs += p->tasks[t].product != 0;
    s.local += p->tasks[t].product && p->tasks[t].local;
  }
  for (uint32_t i = 0; i < p->node_count; i++)
    s.updates += p->nodes[i].needed && p->nodes[i].update.given;
  for (uint32_t o = 0; o < p->output_count; o++) s.copied += p->copied[o];
  return s;
}

/* Whether the program does it, after its results have been compared in both domains. */
static struct shape_of_program checked(struct program *p, double tolerance) {
  tri_pool *pools[] = {tri_pool_new(2, NULL), tri_pool_new(3, NULL)};
  check_domain(p, TRI_DOUBLE, 1e-11, pools);
  check_domain(p, TRI_FLOAT, tolerance, pools);
  tri_pool_free(pools[0]);
  tri_pool_free(pools[1]);
  tri_function *f = compile(p, TRI_FLOAT);
  tri_call call = {.workspace = tri_workspace_new(f)};
  double *x = random_inputs(p), *results = malloc((results_of(p) + 1) * sizeof *results);
  call_arrays(p, f, &call, true, x, results);
  struct shape_of_program s = look(call.workspace);
  free(results);
  free(x);
  tri_workspace_free(call.workspace);
  tri_function_free(f);
  return s;
}

static tri_expr input_of(struct program *p, size_t rank, int64_t a, int64_t b) {
  return new_input(p, rank, (int64_t[]){a, b});
}

static tri_expr rows_of(tri_expr bias, int64_t rows, int64_t columns) {
  return tri_broadcast(bias, 2, (tri_extent[]){tri_extent_of(rows), tri_extent_of(columns)});
}

/* Sizes that make several pieces, no multiples of a block. */
enum { ROWS = 701, INNER = 37, COLUMNS = 411 };

/* A layer and what is summed of it: the product is never stored, all else is one pass over its
 * rows. */
START_TEST(layers) {
  struct program p = {.n_made = 0};
  tri_expr x = input_of(&p, 2, ROWS, INNER), w = input_of(&p, 2, INNER, COLUMNS);
  tri_expr z = tri_add(tri_matmul(x, w), rows_of(input_of(&p, 1, COLUMNS, 0), ROWS, COLUMNS));
  tri_expr y = tri_relu(z);
  output(&p, y, 0);
  output(&p, tri_sum_axis(y, 0), 0);
  output(&p, tri_sum_axis(y, 1), 0);
  struct shape_of_program s = checked(&p, 1e-4);
  ck_assert_uint_eq(s.tasks, 1);
  ck_assert_uint_eq(s.pairs, 1);
  ck_assert_uint_eq(s.local, 1);
  ck_assert_uint_eq(s.copied, 0);
}
END_TEST

/* The product is an output itself, and is read again later. */
START_TEST(products_that_stay) {
  struct program p = {.n_made = 0};
  tri_expr x = input_of(&p, 2, ROWS, INNER), w = input_of(&p, 2, INNER, COLUMNS);
  tri_expr z = tri_matmul(x, w), y = tri_tanh(z);
  output(&p, y, 0);
  output(&p, z, 0);
  output(&p, tri_matmul(tri_transpose(z, 2, NULL), x), 0);
  struct shape_of_program s = checked(&p, 1e-4);
  ck_assert_uint_eq(s.pairs, 1);
  ck_assert_uint_eq(s.local, 0);
}
END_TEST

/* W - rate · (xᵀ d) / 4, in one product; the bias with the sum of d. Readers of W come first. */
START_TEST(gradient_descent) {
  struct program p = {.n_made = 0};
  tri_expr x = input_of(&p, 2, ROWS, INNER), d = input_of(&p, 2, ROWS, COLUMNS);
  tri_expr w = input_of(&p, 2, INNER, COLUMNS), b = input_of(&p, 1, COLUMNS, 0);
  tri_expr rate = input_of(&p, 0, 0, 0);
  tri_expr gradient = tri_matmul(tri_transpose(x, 2, NULL), d);
  tri_expr step = tri_div(tri_mul(rate, tri_neg(gradient)), tri_integer(g, 4));
  output(&p, tri_add(w, step), 3);
  output(&p, tri_sub(b, tri_mul(rate, tri_sum_axis(d, 0))), 4);
  output(&p, tri_matmul(d, tri_transpose(w, 2, NULL)), 0);
  struct shape_of_program s = checked(&p, 1e-4);
  ck_assert_uint_eq(s.updates, 1);
  ck_assert_uint_eq(s.copied, 0);
}
END_TEST

/* Three arrays in place in one pass behind a product that is not stored. */
START_TEST(adam) {
  struct program p = {.n_made = 0};
  tri_expr x = input_of(&p, 2, INNER, ROWS), d = input_of(&p, 2, INNER, COLUMNS);
  tri_expr w = input_of(&p, 2, ROWS, COLUMNS), m = input_of(&p, 2, ROWS, COLUMNS);
  tri_expr v = input_of(&p, 2, ROWS, COLUMNS), rate = input_of(&p, 0, 0, 0);
  tri_expr gradient = tri_matmul(tri_transpose(x, 2, NULL), d);
  tri_expr mean = tri_add(m, tri_mul(tri_rational(g, 1, 10), tri_sub(gradient, m)));
  tri_expr square = tri_add(v, tri_mul(tri_rational(g, 1, 1000), tri_sub(tri_square(gradient), v)));
  tri_expr root = tri_add(tri_sqrt(tri_abs(square)), tri_rational(g, 1, 10));
  output(&p, tri_sub(w, tri_div(tri_mul(rate, mean), root)), 3);
  output(&p, mean, 4);
  output(&p, square, 5);
  struct shape_of_program s = checked(&p, 1e-4);
  ck_assert_uint_eq(s.tasks, 1);
  ck_assert_uint_eq(s.local, 1);
  ck_assert_uint_eq(s.copied, 0);
}
END_TEST

/* Inputs that change places, and one that is read behind its new value: what cannot be in place is
 * copied, and right. */
START_TEST(donated_in_turns) {
  struct program p = {.n_made = 0};
  tri_expr x = input_of(&p, 2, 40, 50), y = input_of(&p, 2, 40, 50);
  output(&p, y, 1);
  output(&p, x, 2);
  tri_expr u = input_of(&p, 2, 40, 40), v = input_of(&p, 2, 40, 40);
  output(&p, tri_add(u, tri_transpose(v, 2, NULL)), 3);
  output(&p, tri_add(v, tri_transpose(u, 2, NULL)), 4);
  output(&p, tri_matmul(u, v), 0);
  checked(&p, 1e-4);
}
END_TEST

/* W stands in the product that is taken from it, whose sums may not see new elements. */
START_TEST(weights_in_their_own_product) {
  struct program p = {.n_made = 0};
  tri_expr w = input_of(&p, 2, INNER, INNER), x = input_of(&p, 2, INNER, INNER);
  output(&p, tri_sub(w, tri_matmul(w, x)), 1);
  struct shape_of_program s = checked(&p, 1e-4);
  ck_assert_uint_eq(s.updates, 0);
}
END_TEST

/* Only where x is compared with 0 is it the same to compare relu(x). */
START_TEST(comparisons_beside_relu) {
  struct program p = {.n_made = 0};
  tri_expr x = input_of(&p, 2, INNER, COLUMNS);
  output(&p, tri_relu(x), 0);
  for (int k = -1; k <= 1; k++)
    output(&p, tri_select(tri_gt(x, tri_rational(g, k, 8)), tri_integer(g, 1), tri_sin(x)), 0);
  checked(&p, 1e-5);
}
END_TEST

/* Softmax and crossentropy by lse, classes chosen by numbers; rows of a table by their numbers, and
 * their gradient. */
START_TEST(classes_and_tables) {
  struct program p = {.n_made = 0};
  tri_expr z = input_of(&p, 2, 70, 10), table = input_of(&p, 2, 9, 13);
  tri_expr classes = tri_broadcast(tri_iota(g, 0, tri_extent_of(10)), 2,
                                   (tri_extent[]){tri_extent_of(70), tri_extent_of(10)});
  tri_expr best = tri_transpose(tri_repeat(tri_argmax(z), tri_extent_of(10)), 2, NULL);
  tri_expr chosen = tri_select(tri_eq(best, classes), z, tri_integer(g, 0));
  tri_expr losses = tri_sub(tri_logsumexp_last(z), tri_sum_axis(chosen, 1)), gradient[2];
  tri_expr rows = tri_gather_all(table, tri_argmax(tri_slice(z, 0, 20)));
  ok(tri_gradient(tri_mean(losses), 1, &z, gradient));
  ok(tri_gradient(tri_mean(tri_square(rows)), 1, &table, gradient + 1));
  output(&p, tri_mean(losses), 0);
  output(&p, gradient[0], 0);
  output(&p, gradient[1], 0);
  checked(&p, 1e-5);
}
END_TEST

static Suite *array_programs(void) {
  return tri_test_suite("array programs", 120, set_up, tear_down, random_programs, layers,
                        products_that_stay, gradient_descent, adam, donated_in_turns,
                        weights_in_their_own_product, comparisons_beside_relu, classes_and_tables);
}

int main(void) { return tri_test_main("array programs", array_programs); }
