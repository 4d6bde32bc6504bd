/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Transposes, shapes, joined arrays and contractions against the same written out element by
 * element: random operands of every rank, sizes 0 and 1 among them; values, derivatives of all
 * modes, patterns and domains; strong zeros; texts; and what does not fit. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad.h>

#include "base/text.h"
#include "tests/eval/helper.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { RANK = 6, ELEMENTS = 256 };

static struct random rng;

static tri_expr variable(const char *name, size_t rank, int64_t a, int64_t b, int64_t c) {
  return tri_variable_shaped(g, name, rank, (int64_t[]){a, b, c}, NULL);
}

/* --- arrays of expressions, element by element: the plain meaning of the operations */

struct array {
  size_t rank, count;
  int64_t dims[RANK];
  tri_expr e[ELEMENTS];
};

static size_t count_of(size_t rank, const int64_t *dims) {
  size_t count = 1;
  for (size_t d = 0; d < rank; d++) count *= (size_t)dims[d];
  return count;
}

static tri_expr element(tri_expr x, const struct array *shape, size_t k) {
  size_t count = shape->count;
  for (size_t d = 0; d < shape->rank; d++) {
    count /= (size_t)shape->dims[d];
    x = tri_element(x, k / count);
    k %= count;
  }
  return x;
}

static struct array array_of(tri_expr variable, size_t rank, const int64_t *dims) {
  struct array a = {.rank = rank, .count = count_of(rank, dims)};
  ck_assert_uint_le(a.count, ELEMENTS);
  memcpy(a.dims, dims, rank * sizeof *dims);
  for (size_t k = 0; k < a.count; k++) a.e[k] = element(variable, &a, k);
  return a;
}

/* The indices of element k. */
static void indices(const struct array *a, size_t k, size_t *at) {
  for (size_t d = a->rank; d-- > 0; k /= (size_t)a->dims[d]) at[d] = k % (size_t)a->dims[d];
}

static size_t place(const struct array *a, const size_t *at) {
  size_t k = 0;
  for (size_t d = 0; d < a->rank; d++) k = k * (size_t)a->dims[d] + at[d];
  return k;
}

static struct array transposed(const struct array *a, const size_t *axes) {
  struct array t = {.rank = a->rank, .count = a->count};
  size_t to[RANK], from[RANK];
  for (size_t d = 0; d < a->rank; d++) t.dims[d] = a->dims[axes[d]];
  for (size_t k = 0; k < t.count; k++) {
    indices(&t, k, to);
    for (size_t d = 0; d < a->rank; d++) from[axes[d]] = to[d];
    t.e[k] = a->e[place(a, from)];
  }
  return t;
}

static struct array contracted(const struct array *a, const struct array *b, size_t batch,
                               size_t sum) {
  struct array r = {.rank = a->rank + b->rank - batch - 2 * sum};
  size_t ka = a->rank - batch - sum, summed = count_of(sum, a->dims + batch + ka);
  memcpy(r.dims, a->dims, (batch + ka) * sizeof *r.dims);
  memcpy(r.dims + batch + ka, b->dims + batch, (b->rank - batch - sum) * sizeof *r.dims);
  r.count = count_of(r.rank, r.dims);
  size_t each = count_of(b->rank - batch - sum, b->dims + batch),
         rows = count_of(ka, a->dims + batch);
  for (size_t k = 0; k < r.count; k++) {
    size_t i = k / each, j = k % each + i / rows * each;
    r.e[k] = tri_integer(g, 0);
    for (size_t s = 0; s < summed; s++)
      r.e[k] = tri_add(r.e[k], tri_mul(a->e[i * summed + s], b->e[j * summed + s]));
  }
  return r;
}

/* --- subjects: a scalar of two arrays, as one operation and written out */

struct subject {
  tri_expr inputs[2], rolled, written;
  size_t elements;
};

static void random_order(size_t rank, size_t *axes) {
  for (size_t d = 0; d < rank; d++) axes[d] = d;
  for (size_t d = rank; d > 1; d--) {
    size_t other = random_below(&rng, (uint32_t)d), kept = axes[d - 1];
    axes[d - 1] = axes[other];
    axes[other] = kept;
  }
}

/* An operand with these dimensions, some of them in another order before: the variable, and the
 * operand twice. */
static tri_expr operand(const char *name, size_t rank, const int64_t *dims, tri_expr *variable,
                        struct array *written) {
  size_t axes[RANK];
  int64_t before[RANK];
  random_order(rank, axes);
  if (random_below(&rng, 3) == 0)
    for (size_t d = 0; d < rank; d++) axes[d] = d;
  for (size_t d = 0; d < rank; d++) before[axes[d]] = dims[d];
  *variable = tri_variable_shaped(g, name, rank, before, NULL);
  struct array own = array_of(*variable, rank, before);
  *written = transposed(&own, axes);
  tri_expr rolled = tri_transpose(*variable, rank, axes);
  if (random_below(&rng, 2)) return rolled;
  for (size_t k = 0; k < written->count; k++) written->e[k] = tri_tanh(written->e[k]);
  return tri_tanh(rolled);
}

/* The sum of k sin(e_k) over the elements. */
static tri_expr objective_of_written(const struct array *a) {
  tri_expr sum = tri_integer(g, 0);
  for (size_t k = 0; k < a->count; k++)
    sum = tri_add(sum, tri_mul(tri_integer(g, (int64_t)k + 1), tri_sin(a->e[k])));
  return sum;
}
static tri_expr objective(tri_expr e, const struct array *like) {
  tri_extent flat = tri_extent_of((int64_t)like->count);
  ck_assert_uint_eq(tri_expr_rank(e), like->rank);
  for (size_t d = 0; d < like->rank; d++) ck_assert_int_eq(tri_expr_dim(e, d), like->dims[d]);
  tri_expr x = tri_reshape(e, 1, &flat);
  ok(tri_expr_status(x));
  return tri_dot(tri_sin(x), tri_iota(g, 1, flat));
}

static uint32_t least_size;

static void random_dims(size_t n, int64_t *dims) {
  for (size_t d = 0; d < n; d++)
    dims[d] = random_below(&rng, 8) ? 1 + (int64_t)random_below(&rng, 3) : least_size;
}

static struct subject random_contraction(void) {
  int64_t batch[2], m[2], n[2], k[2], x[RANK], y[RANK];
  size_t b = random_below(&rng, 2), nm = random_below(&rng, 3), nn = random_below(&rng, 3),
         nk = random_below(&rng, 3), axes[RANK];
  struct subject s;
  struct array a, c, r;
  random_dims(2, batch), random_dims(2, m), random_dims(2, n), random_dims(2, k);
  memcpy(x, batch, b * sizeof *x), memcpy(y, batch, b * sizeof *y);
  memcpy(x + b, m, nm * sizeof *x), memcpy(y + b, n, nn * sizeof *y);
  memcpy(x + b + nm, k, nk * sizeof *x), memcpy(y + b + nn, k, nk * sizeof *y);
  tri_expr p = operand("x", b + nm + nk, x, &s.inputs[0], &a);
  tri_expr q = operand("y", b + nn + nk, y, &s.inputs[1], &c);
  r = contracted(&a, &c, b, nk);
  tri_expr e = tri_contract(p, q, b, nk);
  ok(tri_expr_status(e));
  if (random_below(&rng, 2)) {
    random_order(r.rank, axes);
    e = tri_transpose(e, r.rank, axes);
    r = transposed(&r, axes);
  }
  s.rolled = objective(e, &r);
  s.written = objective_of_written(&r);
  s.elements = a.count + c.count;
  return s;
}

/* Joined along a random dimension, with a part of the second array. */
static struct subject random_concat(void) {
  struct subject s;
  size_t rank = 1 + random_below(&rng, 3), axis = random_below(&rng, (uint32_t)rank), at[RANK];
  int64_t dims[RANK], other[RANK];
  struct array a, b, r = {.rank = rank};
  random_dims(rank, dims);
  memcpy(other, dims, sizeof other);
  other[axis] = 1 + (int64_t)random_below(&rng, 3);
  tri_expr x = operand("x", rank, dims, &s.inputs[0], &a),
           y = operand("y", rank, other, &s.inputs[1], &b);
  memcpy(r.dims, dims, sizeof dims);
  r.dims[axis] += other[axis];
  r.count = count_of(rank, r.dims);
  for (size_t k = 0; k < r.count; k++) {
    indices(&r, k, at);
    bool first = at[axis] < (size_t)dims[axis];
    if (!first) at[axis] -= (size_t)dims[axis];
    r.e[k] = first ? a.e[place(&a, at)] : b.e[place(&b, at)];
  }
  tri_expr e = tri_concat(2, (tri_expr[]){x, y}, axis);
  ok(tri_expr_status(e));
  s.rolled = objective(e, &r);
  s.written = objective_of_written(&r);
  s.elements = a.count + b.count;
  return s;
}

static struct subject random_subject(void) {
  return random_below(&rng, 4) ? random_contraction() : random_concat();
}

/* --- values and derivatives, of both */

struct results {
  double value, gradient[2 * ELEMENTS], tangent, hessian[64 * 64], symbolic[2 * ELEMENTS];
};

static void run(tri_expr e, const struct subject *s, tri_domain domain, const double *x,
                const double *direction, struct results *r) {
  tri_function *f = tri_compile(2, s->inputs, 1, &e, .domain = domain);
  tri_error why;
  tri_call call = {.error = &why};
  ck_assert_ptr_nonnull(f);
  call.workspace = tri_workspace_new(f);
  tri_status status = tri_function_reverse(f, &call, x, NULL, &r->value, r->gradient);
  ck_assert_msg(!status, "%s", why.message);
  ok(tri_function_forward(f, &call, x, 1, direction, NULL, &r->tangent));
  if (s->elements <= 24) ok(tri_function_hessian(f, &call, x, NULL, NULL, NULL, r->hessian));
  tri_workspace_free(call.workspace);
  tri_function_free(f);
  tri_expr gradient[2];
  ok(tri_gradient(e, 2, s->inputs, gradient));
  f = tri_compile(2, s->inputs, 2, gradient, .domain = domain);
  ck_assert_ptr_nonnull(f);
  call.workspace = tri_workspace_new(f);
  ok(tri_function_call(f, &call, x, r->symbolic));
  tri_workspace_free(call.workspace);
  tri_function_free(f);
}

static void near(double a, double b, double tolerance) {
  ck_assert_msg(fabs(a - b) <= tolerance * (1.0 + fabs(b)), "%.17g and %.17g", a, b);
}

static void compare(const struct subject *s, const struct results *a, const struct results *b,
                    double tolerance) {
  near(a->value, b->value, tolerance);
  near(a->tangent, b->tangent, tolerance);
  for (size_t i = 0; i < s->elements; i++) {
    near(a->gradient[i], b->gradient[i], tolerance);
    near(a->symbolic[i], b->gradient[i], tolerance);
  }
  for (size_t i = 0; s->elements <= 24 && i < s->elements * s->elements; i++)
    near(a->hessian[i], b->hessian[i], 10.0 * tolerance);
}

START_TEST(all_modes_agree) {
  static const tri_domain domains[] = {TRI_DOUBLE, TRI_FLOAT, TRI_MPFR, TRI_BALL};
  static struct results rolled, written;
  for (int i = 0; i < 150 * test_multiplier(); i++) {
    tear_down(), set_up();
    struct subject s = random_subject();
    double x[2 * ELEMENTS], direction[2 * ELEMENTS];
    for (size_t k = 0; k < s.elements; k++) {
      x[k] = random_between(&rng, -1.0, 1.0);
      direction[k] = random_between(&rng, -1.0, 1.0);
    }
    tri_domain domain = domains[random_below(&rng, 4)];
    run(s.rolled, &s, domain, x, direction, &rolled);
    run(s.written, &s, TRI_DOUBLE, x, direction, &written);
    compare(&s, &rolled, &written, domain == TRI_FLOAT ? 2e-4 : 1e-12);
  }
}
END_TEST

/* --- patterns */

static void same_pattern(const tri_pattern *a, const tri_pattern *b) {
  ck_assert_uint_eq(tri_pattern_rows(a), tri_pattern_rows(b));
  ck_assert_uint_eq(tri_pattern_entries(a), tri_pattern_entries(b));
  for (size_t i = 0; i < tri_pattern_entries(a); i++)
    ck_assert_uint_eq(tri_pattern_indices(a)[i], tri_pattern_indices(b)[i]);
}

/* What leads to nothing is not seen to do so. */
START_TEST(patterns_are_those_of_the_written_out) {
  least_size = 1;
  for (int i = 0; i < 60 * test_multiplier(); i++) {
    struct subject s = random_subject();
    tri_pattern *rolled, *written;
    ok(tri_jacobian_pattern(1, &s.rolled, 2, s.inputs, NULL, &rolled));
    ok(tri_jacobian_pattern(1, &s.written, 2, s.inputs, NULL, &written));
    same_pattern(rolled, written);
    tri_pattern_free(rolled), tri_pattern_free(written);
    ok(tri_hessian_pattern(1, &s.rolled, 2, s.inputs, NULL, &rolled));
    ok(tri_hessian_pattern(1, &s.written, 2, s.inputs, NULL, &written));
    same_pattern(rolled, written);
    tri_pattern_free(rolled), tri_pattern_free(written);
  }
}
END_TEST

/* --- in loops, and with sizes that a call gives */

START_TEST(loops_contract_in_their_bodies) {
  int64_t dims[] = {4, 2, 3};
  tri_expr x = tri_variable_shaped(g, "x", 3, dims, NULL),
           m = tri_variable_shaped(g, "m", 2, (int64_t[]){5, 3}, NULL), i = tri_variable(g, "i");
  tri_expr part = tri_gather(x, tri_sub(i, tri_integer(g, 1)));
  tri_expr rolled = tri_sum(tri_norm(tri_matmul(part, tri_transpose(m, 2, NULL))), i, 1,
                            tri_extent_of(4)),
           written = tri_integer(g, 0);
  for (size_t k = 0; k < 4; k++)
    written = tri_add(written, tri_norm(tri_matmul(tri_element(x, k), tri_transpose(m, 2, NULL))));
  struct subject s = {.inputs = {x, m}, .rolled = rolled, .written = written, .elements = 39};
  static struct results a, b;
  double at[39], direction[39];
  for (size_t k = 0; k < 39; k++) at[k] = sin((double)k), direction[k] = cos((double)k);
  run(rolled, &s, TRI_DOUBLE, at, direction, &a);
  run(written, &s, TRI_DOUBLE, at, direction, &b);
  compare(&s, &a, &b, 1e-13);
}
END_TEST

START_TEST(named_sizes_are_bound_at_a_call) {
  tri_expr x = tri_variable_shaped(g, "x", 2, (int64_t[]){0, 3}, (const char *[]){"n", NULL}),
           y = tri_variable_shaped(g, "y", 2, (int64_t[]){0, 3}, (const char *[]){"m", NULL});
  tri_expr product = tri_matmul(x, tri_transpose(y, 2, NULL)), inputs[] = {x, y};
  tri_extent flat[] = {tri_extent_named("m"), tri_extent_named("n"), tri_extent_of(1)};
  tri_expr outputs[] = {product, tri_reshape(tri_transpose(product, 2, NULL), 3, flat)};
  tri_function *f = tri_compile(2, inputs, 2, outputs);
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(tri_function_sizes(f), 2);
  double at[] = {1, 2, 3, 4, 5, 6, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1}, r[16];
  double wanted[] = {1, 2, 3, 6, 4, 5, 6, 15, 1, 4, 2, 5, 3, 6, 6, 15};
  tri_call call = {.workspace = tri_workspace_new(f), .n_sizes = 2, .sizes = (int64_t[]){2, 4}};
  ok(tri_function_call(f, &call, at, r));
  for (size_t k = 0; k < 16; k++) ck_assert_double_eq(r[k], wanted[k]);
  tri_workspace_free(call.workspace);
  tri_function_free(f);
}
END_TEST

/* --- strong zeros: what is not chosen adds nothing, though it has no value */

START_TEST(zeros_by_choice_are_strong) {
  tri_expr x = tri_variable_shaped(g, "x", 1, (int64_t[]){2}, NULL),
           y = tri_variable_shaped(g, "y", 1, (int64_t[]){2}, NULL), inputs[] = {x, y};
  tri_expr chosen = tri_gt(tri_element(y, 0), tri_integer(g, 0));
  tri_expr e = tri_select(chosen, tri_dot(y, y), tri_matmul(tri_log(x), tri_exp(y))), gradient[2];
  double at[] = {-1.0, 0.0, 2.0, 3.0}, value, tape[4], symbolic[4];
  tri_function *f = tri_compile(2, inputs, 1, &e);
  tri_call call = {.workspace = tri_workspace_new(f)};
  ok(tri_function_reverse(f, &call, at, NULL, &value, tape));
  tri_workspace_free(call.workspace);
  tri_function_free(f);
  ok(tri_gradient(e, 2, inputs, gradient));
  f = tri_compile(2, inputs, 2, gradient);
  call.workspace = tri_workspace_new(f);
  ok(tri_function_call(f, &call, at, symbolic));
  double wanted[] = {0.0, 0.0, 4.0, 6.0};
  for (size_t k = 0; k < 4; k++) {
    ck_assert_double_eq(tape[k], wanted[k]);
    ck_assert_double_eq(symbolic[k], wanted[k]);
  }
  tri_workspace_free(call.workspace);
  tri_function_free(f);
}
END_TEST

/* Conditions over arrays are arrays, of stacks and of repeated numbers too; so the adjoint of a
 * choice may be a stack. */
START_TEST(conditions_over_arrays) {
  tri_expr x = tri_variable(g, "x"), y = tri_variable(g, "y"), two = tri_integer(g, 2),
           in[] = {x, y};
  tri_expr xy = tri_stack(2, in), v = tri_stack(2, (tri_expr[]){two, tri_mul(x, y)});
  tri_expr thrice = tri_repeat(x, tri_extent_of(2));
  tri_expr out[] = {tri_select(tri_lt(xy, v), xy, tri_square(xy)),
                    tri_select(tri_gt(thrice, tri_repeat(y, tri_extent_of(2))), v, thrice),
                    tri_element(tri_max(thrice, tri_gather_all(xy, tri_stack(2, in))), 1)};
  for (size_t k = 0; k < 3; k++) ok(tri_expr_status(out[k]));
  tri_function *f = tri_compile(2, in, 3, out);
  ck_assert_ptr_nonnull(f);
  double at[] = {1.0, 0.0}, r[5], wanted[] = {1.0, 0.0, 2.0, 0.0, 1.0};
  ok(tri_function_call(f, NULL, at, r));
  for (size_t k = 0; k < 5; k++) ck_assert_double_eq(r[k], wanted[k]);
  tri_function_free(f);
  tri_expr a = variable("a", 1, 2, 0, 0), e = tri_element(tri_max(a, tri_tan(a)), 1), gradient;
  ok(tri_gradient(tri_sin(e), 1, &a, &gradient));
}
END_TEST

/* --- an interruption in the middle of a product */

static volatile int stopped;

static void stop(void *data, const tri_step *step) {
  (void)data;
  stopped = step->op == TRI_OP_sin;
}

START_TEST(products_are_interrupted) {
  tri_expr x = tri_variable_shaped(g, "x", 2, (int64_t[]){3, 3}, NULL), s = tri_sin(x);
  tri_expr e = tri_matmul(s, s);
  tri_function *f = tri_compile(1, &x, 1, &e, .domain = TRI_MPFR);
  const tri_trace trace = {.step = stop};
  tri_call call = {.trace = &trace, .interrupt = &stopped};
  double at[9] = {1.0}, value[9];
  stopped = 0;
  ck_assert_int_eq(tri_function_call(f, &call, at, value), TRI_INTERRUPTED);
  call.trace = NULL;
  stopped = 0;
  ok(tri_function_call(f, &call, at, value));
  tri_function_free(f);
}
END_TEST

/* --- rows by number, and back */

START_TEST(rows_are_gathered_and_scattered) {
  tri_expr x = tri_variable_shaped(g, "x", 2, (int64_t[]){3, 2}, NULL),
           i = tri_variable_shaped(g, "i", 1, (int64_t[]){4}, NULL), inputs[] = {x, i};
  tri_expr rows = tri_gather_all(x, i),
           outputs[] = {rows, tri_scatter_add(rows, i, tri_extent_of(3))};
  tri_function *f = tri_compile(2, inputs, 2, outputs);
  ck_assert_ptr_nonnull(f);
  double at[] = {1, 2, 3, 4, 5, 6, 2, 0, 2, 2}, r[14];
  double wanted[] = {5, 6, 1, 2, 5, 6, 5, 6, 1, 2, 0, 0, 15, 18};
  tri_error why;
  tri_call call = {.workspace = tri_workspace_new(f), .error = &why};
  ok(tri_function_call(f, &call, at, r));
  for (size_t k = 0; k < 14; k++) ck_assert_double_eq(r[k], wanted[k]);
  at[9] = 3.0;
  ck_assert_int_eq(tri_function_call(f, &call, at, r), TRI_DOMAIN);
  tri_workspace_free(call.workspace);
  tri_function_free(f);
}
END_TEST

/* The gradient's loop sums two scatters, beside what it does not scatter. */
START_TEST(sums_of_scatters_are_added_where_they_belong) {
  enum { N = 37 };
  tri_expr x = variable("x", 1, 2 * N, 0, 0), i = tri_variable(g, "i"), two = tri_integer(g, 2);
  tri_expr even = tri_gather(x, tri_mul(two, i)),
           odd = tri_gather(x, tri_add(tri_mul(two, i), tri_integer(g, 1)));
  tri_expr term = tri_add(tri_sin(tri_mul(even, odd)), tri_mul(even, tri_norm(x)));
  tri_expr f = tri_sum(term, i, 0, tri_extent_of(N));
  static struct results r;
  double at[2 * N], direction[2 * N];
  for (size_t k = 0; k < 2 * N; k++) at[k] = sin((double)k), direction[k] = 1.0;
  struct subject s = {.inputs = {x, tri_variable(g, "unused")}, .elements = 2 * N + 1};
  double point[2 * N + 1] = {0}, along[2 * N + 1] = {0};
  memcpy(point, at, sizeof at), memcpy(along, direction, sizeof direction);
  run(f, &s, TRI_DOUBLE, point, along, &r);
  double sum = 0.0;
  for (size_t k = 0; k < 2 * N; k++) {
    near(r.symbolic[k], r.gradient[k], 1e-13);
    sum += r.gradient[k];
  }
  near(sum, r.tangent, 1e-13);
}
END_TEST

/* --- shapes as NumPy has them */

START_TEST(broadcasting_is_numpy_s) {
  tri_expr x = tri_variable_shaped(g, "x", 2, (int64_t[]){3, 1}, NULL);
  tri_extent dims[] = {tri_extent_of(2), tri_extent_of(3), tri_extent_of(2)};
  tri_expr e = tri_broadcast(x, 3, dims), sum = tri_sum_axis(e, 1);
  tri_expr outputs[] = {e, sum};
  tri_function *f = tri_compile(1, &x, 2, outputs);
  ck_assert_ptr_nonnull(f);
  double at[] = {1, 2, 4}, r[16], wanted[] = {1, 1, 2, 2, 4, 4, 1, 1, 2, 2, 4, 4, 7, 7, 7, 7};
  tri_call call = {.workspace = tri_workspace_new(f)};
  ok(tri_function_call(f, &call, at, r));
  for (size_t k = 0; k < 16; k++) ck_assert_double_eq(r[k], wanted[k]);
  tri_workspace_free(call.workspace);
  tri_function_free(f);
}
END_TEST

static void has_shape(tri_expr e, size_t rank, int64_t a, int64_t b, int64_t c) {
  int64_t dims[] = {a, b, c};
  ok(tri_expr_status(e));
  ck_assert_uint_eq(tri_expr_rank(e), rank);
  for (size_t d = 0; d < rank; d++) ck_assert_int_eq(tri_expr_dim(e, d), dims[d]);
}

START_TEST(matrix_products_have_numpy_s_shapes) {
  tri_expr v = variable("v", 1, 4, 0, 0), m = variable("m", 2, 3, 4, 0),
           n = variable("n", 2, 4, 5, 0), b = variable("b", 3, 2, 4, 5),
           c = variable("c", 3, 2, 3, 4);
  has_shape(tri_matmul(m, n), 2, 3, 5, 0);
  has_shape(tri_matmul(m, v), 1, 3, 0, 0);
  has_shape(tri_matmul(v, n), 1, 5, 0, 0);
  has_shape(tri_matmul(v, v), 0, 0, 0, 0);
  has_shape(tri_matmul(c, b), 3, 2, 3, 5);
  has_shape(tri_matmul(m, b), 3, 2, 3, 5);
  has_shape(tri_matmul(c, n), 3, 2, 3, 5);
  has_shape(tri_matmul(c, v), 2, 2, 3, 0);
  has_shape(tri_matmul(v, b), 2, 2, 5, 0);
}
END_TEST

/* A permutation that exchanges what is kept and what is summed over moves nothing. */
START_TEST(transposes_are_absorbed) {
  tri_expr a = variable("a", 2, 3, 4, 0), b = variable("b", 2, 4, 5, 0);
  tri_expr product = tri_matmul(a, b);
  tri_expr other = tri_matmul(tri_transpose(b, 2, NULL), tri_transpose(a, 2, NULL));
  ck_assert(tri_expr_equal(tri_transpose(product, 2, NULL), other));
  ck_assert_int_eq(tri_expr_op(other), TRI_OP_contract);
  ck_assert(tri_expr_equal(tri_expr_argument(other, 0), b));
  ck_assert(tri_expr_equal(tri_transpose(tri_transpose(a, 2, NULL), 2, NULL), a));
}
END_TEST

/* --- without elements */

/* A row for each of 2^40 parts without elements; alone, and in a body that is written out. */
START_TEST(nothing_takes_no_time) {
  const int64_t many = (int64_t)1 << 40;
  tri_expr x = variable("x", 2, many, 0, 0), y = variable("y", 2, 0, 0, 0),
           i = tri_variable(g, "i");
  tri_expr out[2] = {tri_contract(x, y, 0, 1)}, inputs[] = {x, y};
  tri_expr none = tri_sum_axis(tri_reshape(out[0], 1, (tri_extent[]){tri_extent_of(0)}), 0);
  out[1] = tri_add(tri_sum(tri_mul(none, i), i, 1, tri_extent_of(100)), tri_integer(g, 1));
  for (int exact = 0; exact < 2; exact++) {
    tri_domain domain = exact ? TRI_RATIONAL : TRI_DOUBLE;
    tri_function *f = tri_compile(2, inputs, 2, out, .domain = domain);
    double value = 0.0, one = 1.0;
    ck_assert_ptr_nonnull(f);
    ok(tri_function_reverse(f, NULL, NULL, &one, &value, NULL));
    ck_assert_double_eq(value, 1.0);
    tri_function_free(f);
  }
  tri_pattern *pattern;
  ok(tri_jacobian_pattern(2, out, 2, inputs, NULL, &pattern));
  ck_assert_uint_eq(tri_pattern_entries(pattern), 0);
  tri_pattern_free(pattern);
}
END_TEST

/* --- texts */

/* An array of 64 dimensions, the most that there are. */
START_TEST(the_highest_rank_is_read) {
  tri_text text = {0};
  tri__text_puts(&text, "reshape([7]");
  for (int d = 0; d < 64; d++) tri__text_puts(&text, ", 1");
  tri__text_puts(&text, ")");
  tri_expr e = tri_parse(g, text.data, text.size);
  ok(tri_expr_status(e));
  ck_assert_uint_eq(tri_expr_rank(e), 64);
  tri_text_free(&text);
}
END_TEST

START_TEST(texts_read_back) {
  int read = 0;
  for (int i = 0; i < 100 * test_multiplier(); i++) {
    struct subject s = random_subject();
    tri_expr gradient[2];
    ok(tri_gradient(s.rolled, 2, s.inputs, gradient));
    for (int k = 0; k < 2; k++) {
      tri_text text = {0}, again = {0};
      ok(tri_print(gradient[k], &(tri_print_options){.format = TRI_INFIX}, &text));
      if (strchr(text.data, '=') && strstr(text.data, ";\n")) {
        tri_text_free(&text);
        continue; /* parts with names are no single expression */
      }
      tri_expr e = tri_parse(g, text.data, text.size);
      ck_assert_msg(!tri_expr_status(e), "%s: %s", text.data, tri_graph_error(g)->message);
      ok(tri_print(e, &(tri_print_options){.format = TRI_INFIX}, &again));
      ck_assert_str_eq(text.data, again.data);
      read++;
      tri_text_free(&text), tri_text_free(&again);
    }
    tear_down(), set_up(); /* a name is that of the newest array */
  }
  ck_assert_int_gt(read, 100 * test_multiplier());
}
END_TEST

/* --- what does not fit */

START_TEST(misfits_name_both_shapes) {
  tri_expr a = variable("a", 2, 3, 4, 0), b = variable("b", 2, 3, 5, 0), n = tri_integer(g, 3);
  fails(tri_matmul(a, b), TRI_SHAPE, "matmul of shapes [3, 4] and [3, 5], which do not fit");
  fails(tri_matmul(a, n), TRI_SHAPE, "matmul of shapes [3, 4] and [], which do not fit");
  fails(tri_contract(a, b, 0, 1), TRI_SHAPE,
        "a contraction of shapes [3, 4] and [3, 5], which do not fit");
  fails(tri_contract(a, b, 2, 1), TRI_SHAPE,
        "a contraction of shapes [3, 4] and [3, 5], which do not fit");
  fails(tri_contract(a, b, 300, 1), TRI_SHAPE,
        "a contraction over more dimensions than there can be");
  fails(tri_concat(2, (tri_expr[]){a, b}, 0), TRI_SHAPE,
        "concat of shapes [3, 4] and [3, 5], which do not fit");
  fails(tri_concat(2, (tri_expr[]){n, a}, 0), TRI_SHAPE, "there is no dimension 1 in shape []");
  fails(tri_concat(2, (tri_expr[]){a, b}, 2), TRI_SHAPE, "there is no dimension 3 in shape [3, 4]");
  fails(tri_sum_axis(a, 2), TRI_SHAPE, "there is no dimension 3 in shape [3, 4]");
  fails(tri_transpose(a, 2, (size_t[]){0, 0}), TRI_SHAPE,
        "an order of dimensions has each of them once, from 1 to 2");
  fails(tri_transpose(a, 2, (size_t[]){0, 1000}), TRI_SHAPE,
        "an order of dimensions has each of them once, from 1 to 2");
  fails(tri_reshape(a, 1, (tri_extent[]){tri_extent_of(11)}), TRI_SHAPE,
        "shape [3, 4] cannot become [11]: the number of elements differs");
  fails(tri_broadcast(a, 2, (tri_extent[]){tri_extent_of(3), tri_extent_of(5)}), TRI_SHAPE,
        "shape [3, 4] cannot be broadcast to [3, 5]");
  fails(tri_gather_all(a, b), TRI_SHAPE, "indices are a vector of numbers");
  const char *strong = "contract([1, 2], [3, 4], 0, 1, 4)";
  fails(tri_parse(g, strong, strlen(strong)), TRI_SHAPE, "1, 2 or 3 is wanted here");
}
END_TEST

static Suite *suite(void) {
  rng = random_start(20261127);
  Suite *s = suite_create("tensors");
  TCase *t = tcase_create("tensors");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_set_timeout(t, 120);
  tcase_add_test(t, all_modes_agree);
  tcase_add_test(t, patterns_are_those_of_the_written_out);
  tcase_add_test(t, loops_contract_in_their_bodies);
  tcase_add_test(t, named_sizes_are_bound_at_a_call);
  tcase_add_test(t, zeros_by_choice_are_strong);
  tcase_add_test(t, conditions_over_arrays);
  tcase_add_test(t, products_are_interrupted);
  tcase_add_test(t, rows_are_gathered_and_scattered);
  tcase_add_test(t, sums_of_scatters_are_added_where_they_belong);
  tcase_add_test(t, broadcasting_is_numpy_s);
  tcase_add_test(t, matrix_products_have_numpy_s_shapes);
  tcase_add_test(t, transposes_are_absorbed);
  tcase_add_test(t, nothing_takes_no_time);
  tcase_add_test(t, texts_read_back);
  tcase_add_test(t, the_highest_rank_is_read);
  tcase_add_test(t, misfits_name_both_shapes);
  suite_add_tcase(s, t);
  return s;
}

int main(void) { return tri_test_main("test_tensors", suite); }
