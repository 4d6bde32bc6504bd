/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of the tape's derivatives: what every row records, against the table of rows and against differences of its values; whole
 * programs against the adjoint run of a plan and against symbolic derivatives; strong zeros; values that do not exist. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <triad.h>

#include "graph/rows.h"
#include "tests/runner.h"

/* --- random numbers */

static uint64_t seed;

static unsigned pick(unsigned n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)((seed >> 33) % n);
}

static double uniform(double from, double to) {
  return from + (to - from) * (pick(1u << 30) / (double)(1u << 30));
}

/* TRI_TEST_SEED replaces the seed, TRI_TEST_MULTIPLIER the number of trials. */
static void start(uint64_t s) {
  const char *text = getenv("TRI_TEST_SEED");
  seed = text ? strtoull(text, NULL, 10) : s;
}

static unsigned multiplier(void) {
  const char *text = getenv("TRI_TEST_MULTIPLIER");
  unsigned n = text ? (unsigned)strtoul(text, NULL, 10) : 1;
  return n ? n : 1;
}

/* --- the recorders of the rows by number */

typedef tri_var recorder(tri_tape *tape, const tri_var *x);

#undef TRI__TAPE_0V
#undef TRI__TAPE_0VV
#undef TRI__TAPE_0DV
#undef TRI__TAPE_0VD
#undef TRI__TAPE_1V
#undef TRI__TAPE_1VV
#undef TRI__TAPE_OP3_
#define CALL(name, ...)                                                                            \
  static tri_var record_##name(tri_tape *tape, const tri_var *x) {                                 \
    return tri_tape_##name(tape, __VA_ARGS__);                                                     \
  }
#define ARGUMENT_V(x) x
#define ARGUMENT_D(x) (x).value
#define TRI__TAPE_0V(name, ...) CALL(name, x[0])
#define TRI__TAPE_1V(name, ...) CALL(name, x[0])
#define TRI__TAPE_0VV(name, ...) CALL(name, x[0], x[1])
#define TRI__TAPE_1VV(name, ...) CALL(name, x[0], x[1])
#define TRI__TAPE_0DV(name, ...) CALL(name, x[0].value, x[1])
#define TRI__TAPE_0VD(name, ...) CALL(name, x[0], x[1].value)
#define TRI__TAPE_OP3_(a, b, c, name)                                                              \
  CALL(name, ARGUMENT_##a(x[0]), ARGUMENT_##b(x[1]), ARGUMENT_##c(x[2]))
#define NONE ~, D
#define OP1(name, text, da, ...) TRI__TAPE_OP1(TRI__TAPE_INLINED(name), TRI__TAPE_TYPE(da), name)
#define OP2(name, text, da, db, ...)                                                               \
  TRI__TAPE_OP2(TRI__TAPE_INLINED(name), TRI__TAPE_TYPE(da), TRI__TAPE_TYPE(db), name)
#define OP3(name, text, da, db, dc, ...)                                                           \
  TRI__TAPE_OP3(TRI__TAPE_TYPE(da), TRI__TAPE_TYPE(db), TRI__TAPE_TYPE(dc), name)
#include "graph/ops.def"
#undef TRI__TAPE_0V
#undef TRI__TAPE_1V
#undef TRI__TAPE_0VV
#undef TRI__TAPE_1VV
#undef TRI__TAPE_0DV
#undef TRI__TAPE_0VD
#undef TRI__TAPE_OP3_
#define TRI__TAPE_0V(name) [TRI_OP_##name] = record_##name,
#define TRI__TAPE_1V TRI__TAPE_0V
#define TRI__TAPE_0VV TRI__TAPE_0V
#define TRI__TAPE_1VV TRI__TAPE_0V
#define TRI__TAPE_0DV TRI__TAPE_0V
#define TRI__TAPE_0VD TRI__TAPE_0V
#define TRI__TAPE_OP3_(a, b, c, name) TRI__TAPE_0V(name)

/* NULL for conditions. */
static recorder *const recorders[TRI_OP_ROWS] = {
#include "graph/ops.def"
};

/* --- points of a row */

struct point {
  double at[ROW_MAX_ARITY];
};

static double any_number(void) {
  static const double special[] = {0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.0, 4.0};
  switch (pick(5)) {
  case 0: return special[pick(sizeof special / sizeof *special)];
  case 1: return uniform(-1.0, 1.0);
  case 2: return exp(uniform(-12.0, 5.0)) * (pick(2) ? 1.0 : -1.0);
  default: return uniform(-6.0, 6.0);
  }
}

static struct point any_point(const struct row *row) {
  struct point p = {{0}};
  for (int i = 0; i < row->arity; i++)
    p.at[i] = row->conditions >> i & 1 ? (double)pick(2)
              : !row->partial[i]       ? (double)pick(4)
                                       : any_number();
  return p;
}

static bool defined_at(const struct row *row, const struct point *p) {
  return row->defined(p->at[0], p->at[1], p->at[2]);
}
static double value_at(const struct row *row, const struct point *p) {
  return row->kernel(p->at[0], p->at[1], p->at[2]);
}
/* The partial by argument i; 0 where there is none. */
static double partial_at(const struct row *row, const struct point *p, int i) {
  return row->partial[i] ? row->dkernel[i](p->at[0], p->at[1], p->at[2], value_at(row, p)) : 0.0;
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

/* The row on the tape, recorded by name and by number, has this value and these derivatives by the inputs. */
static void check_recorded(tri_tape *t, tri_op op, const tri_var *arguments, size_t n,
                           const tri_var *inputs, double value, const double *derivatives) {
  const struct row *row = &tri__rows[op];
  for (int by_name = 0; by_name < 2; by_name++) {
    tri_var r = by_name ? recorders[op](t, arguments) : tri_tape_apply(t, op, arguments);
    double gradient[ROW_MAX_ARITY];
    ck_assert_msg(same(r.value, value), "%s: value %.17g is not %.17g", row->name, r.value, value);
    ck_assert_int_eq(tri_tape_gradient(t, r, n, inputs, gradient), TRI_OK);
    for (size_t i = 0; i < n; i++)
      ck_assert_msg(same(gradient[i], derivatives[i]),
                    "%s at (%.17g, %.17g, %.17g): derivative %zu is %.17g, not %.17g", row->name,
                    arguments[0].value, row->arity > 1 ? arguments[1].value : 0.0,
                    row->arity > 2 ? arguments[2].value : 0.0, i, gradient[i], derivatives[i]);
  }
}

/* All arguments variables; each alone a variable; a function of one variable as each. */
static void check_point(tri_tape *t, tri_op op, const struct point *p) {
  const struct row *row = &tri__rows[op];
  tri_var inputs[ROW_MAX_ARITY], arguments[ROW_MAX_ARITY];
  double value = value_at(row, p), partials[ROW_MAX_ARITY];
  size_t n = row->arity;
  tri_tape_clear(t);
  for (size_t i = 0; i < n; i++) {
    partials[i] = partial_at(row, p, (int)i);
    inputs[i] = tri_tape_input(t, p->at[i]);
  }
  check_recorded(t, op, inputs, n, inputs, value, partials);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) arguments[j] = i == j ? inputs[i] : tri_tape_constant(p->at[j]);
    check_recorded(t, op, arguments, 1, &inputs[i], value, &partials[i]);
  }
  for (size_t i = 0; i < n; i++) {
    inputs[i] = tri_tape_input(t, p->at[i] / 4.0);
    arguments[i] = tri_tape_mul(t, tri_tape_constant(4.0), inputs[i]);
    partials[i] *= 4.0;
  }
  if (arguments[0].value == p->at[0] && (n < 2 || arguments[1].value == p->at[1]) &&
      (n < 3 || arguments[2].value == p->at[2]))
    check_recorded(t, op, arguments, n, inputs, value, partials);
}

START_TEST(rows_record_their_values_and_partials) {
  const struct row *row = &tri__rows[_i];
  tri_tape *t = tri_tape_new();
  ck_assert_ptr_nonnull(t);
  start(0);
  unsigned points = 0;
  for (unsigned tries = 0; recorders[_i] && points < 500 && tries < 100000; tries++) {
    struct point p = any_point(row);
    if (!defined_at(row, &p)) continue;
    points++;
    check_point(t, (tri_op)_i, &p);
  }
  ck_assert_uint_eq(points, recorders[_i] ? 500 : 0);
  ck_assert_int_eq(recorders[_i] == NULL, row->sort == TRI_BOOLEAN);
  tri_tape_free(t);
}
END_TEST

/* A row of the same variable twice has the sum of its partials. */
START_TEST(one_variable_twice) {
  const struct row *row = &tri__rows[_i];
  if (!recorders[_i] || row->arity != 2 || !row->partial[0]) return;
  tri_tape *t = tri_tape_new();
  start(0);
  for (unsigned points = 0; points < 200;) {
    struct point p = any_point(row);
    p.at[1] = p.at[0];
    if (!defined_at(row, &p)) continue;
    points++;
    tri_var x = tri_tape_input(t, p.at[0]), both[2] = {x, x};
    double sum = partial_at(row, &p, 0) + partial_at(row, &p, 1);
    size_t size = tri_tape_size(t);
    check_recorded(t, (tri_op)_i, both, 1, &x, value_at(row, &p), &sum);
    ck_assert_uint_eq(tri_tape_size(t), size);
  }
  tri_tape_free(t);
}
END_TEST

/* --- against differences of values, which know no partials */

/* Richardson's extrapolation of central differences of argument i with steps h, h/2, h/4, which stay on one side of 0; *error is what the last
 * two differ by and what rounded values do, *size the largest value. False if the function is not there. */
static bool difference(const struct row *row, struct point p, int i, double *derivative,
                       double *error, double *size) {
  double at = p.at[i], h = 1e-2 * (at == 0.0 ? 1.0 : fabs(at)), d[3];
  *size = 0.0;
  for (int level = 0; level < 3; level++, h /= 2.0) {
    double sides[2];
    for (int side = 0; side < 2; side++) {
      p.at[i] = at + (side ? h : -h);
      if (!defined_at(row, &p)) return false;
      sides[side] = value_at(row, &p);
      *size = fmax(*size, fabs(sides[side]));
    }
    d[level] = (sides[1] - sides[0]) / (2.0 * h);
  }
  double first = (4.0 * d[1] - d[0]) / 3.0, second = (4.0 * d[2] - d[1]) / 3.0;
  *derivative = (16.0 * second - first) / 15.0;
  *error = fabs(second - first) + 32.0 * DBL_EPSILON * *size / h;
  return isfinite(*derivative);
}

START_TEST(rows_have_the_slope_of_their_values) {
  const struct row *row = &tri__rows[_i];
  if (!recorders[_i]) return;
  tri_tape *t = tri_tape_new();
  start(1);
  unsigned compared = 0;
  for (unsigned tries = 0; tries < 3000; tries++) {
    struct point p = any_point(row);
    if (!defined_at(row, &p) || row->at_kink(p.at[0], p.at[1], p.at[2])) continue;
    tri_tape_clear(t);
    tri_var x[ROW_MAX_ARITY];
    for (int i = 0; i < row->arity; i++) x[i] = tri_tape_input(t, p.at[i]);
    ck_assert_int_eq(tri_tape_sweep(t, recorders[_i](t, x)), TRI_OK);
    for (int i = 0; i < row->arity; i++) {
      double slope, error, size, adjoint = tri_tape_adjoint(t, x[i]);
      if (!row->partial[i] || !difference(row, p, i, &slope, &error, &size)) continue;
      if (error > 1e-4 * (fabs(slope) + size)) continue; /* not sure: a pole, a jump */
      compared++;
      ck_assert_msg(fabs(slope - adjoint) <= 2.0 * error + 1e-10 * fabs(slope),
                    "%s at (%.17g, %.17g): derivative %d is %.17g, differences say %.17g",
                    row->name, p.at[0], p.at[1], i, adjoint, slope);
    }
  }
  ck_assert_uint_gt(compared, 400);
  tri_tape_free(t);
}
END_TEST

/* --- whole programs against the same expressions in a graph */

enum { INPUTS = 5, STEPS = 60, VALUES = INPUTS + STEPS, OUTPUTS = 4 };

/* The same program on a tape, on a tape of absolute partials (what an error may grow by), and in a graph. */
struct program {
  tri_tape *tape, *bound;
  tri_graph *graph;
  tri_var v[VALUES], w[VALUES];
  tri_expr e[VALUES];
  size_t count;
  uint64_t seed;
};

/* Arguments among what there is, or constants. */
static void choose(struct program *p, const struct row *row, tri_var *v, tri_var *w, tri_expr *e) {
  for (int i = 0; i < row->arity; i++) {
    bool whole = !row->partial[i];
    if (whole || pick(8) == 0) {
      double c = whole ? (double)pick(3) : (double)(int)(pick(33)) / 8.0 - 2.0;
      v[i] = w[i] = tri_tape_constant(c);
      e[i] = tri_double(p->graph, c);
    } else {
      size_t from = pick((unsigned)p->count);
      v[i] = p->v[from];
      w[i] = p->w[from];
      e[i] = p->e[from];
    }
  }
}

/* A condition over values that are clearly different. */
static bool choose_condition(struct program *p, tri_var *v, tri_expr *e) {
  size_t i = pick((unsigned)p->count), j = pick((unsigned)p->count);
  if (fabs(p->v[i].value - p->v[j].value) < 1e-3) return false;
  *v = tri_tape_constant(p->v[i].value < p->v[j].value);
  *e = tri_lt(p->e[i], p->e[j]);
  return true;
}

/* Whether the operation is well behaved around this point: its derivatives neither jump nor are large. */
static bool smooth(const struct row *row, const struct point *p, double *partials) {
  if (!defined_at(row, p) || !(fabs(value_at(row, p)) < 20.0)) return false;
  for (int corner = 0; corner < 8; corner++) {
    struct point near = *p;
    for (int i = 0; i < row->arity; i++)
      if (row->partial[i]) near.at[i] += corner >> i & 1 ? 1e-4 : -1e-4;
    if (!defined_at(row, &near)) return false;
    for (int i = 0; i < row->arity; i++) {
      partials[i] = partial_at(row, p, i);
      double change = partial_at(row, &near, i) - partials[i];
      if (!(fabs(partials[i]) < 10.0 && fabs(change) < 1e-2)) return false;
    }
    if (fabs(value_at(row, &near) - value_at(row, p)) > 0.1) return false;
  }
  return true;
}

static bool add_step(struct program *p) {
  tri_op op = (tri_op)pick(TRI_OP_ROWS);
  const struct row *row = &tri__rows[op];
  if (!recorders[op]) return false;
  tri_var v[ROW_MAX_ARITY], w[ROW_MAX_ARITY];
  tri_expr e[ROW_MAX_ARITY];
  choose(p, row, v, w, e);
  if (row->conditions && !choose_condition(p, &v[0], &e[0])) return false;
  struct point at = {{0}};
  double partials[ROW_MAX_ARITY];
  for (int i = 0; i < row->arity; i++) at.at[i] = v[i].value;
  if (!smooth(row, &at, partials)) return false;
  for (int i = 0; i < row->arity; i++) partials[i] = fabs(partials[i]);
  if (!row->partial[0]) w[0] = tri_tape_constant(0.0);
  p->v[p->count] = pick(2) ? tri_tape_apply(p->tape, op, v) : recorders[op](p->tape, v);
  p->w[p->count] = tri_tape_record(p->bound, 0.0, row->arity, w, partials);
  p->e[p->count++] = tri_apply(op, row->arity, e);
  return true;
}

static void make_program(struct program *p) {
  *p = (struct program){tri_tape_new(), tri_tape_new(), tri_graph_new(NULL), .count = INPUTS,
                        .seed = seed};
  for (int i = 0; i < INPUTS; i++) {
    char name[8];
    snprintf(name, sizeof name, "x%d", i);
    p->v[i] = tri_tape_input(p->tape, uniform(-2.0, 2.0));
    p->w[i] = tri_tape_input(p->bound, 0.0);
    p->e[i] = tri_variable(p->graph, name);
  }
  while (p->count < VALUES) add_step(p);
}

/* The tape's derivatives against those that somebody else found. */
static void compare(struct program *p, const char *who, const double *outputs,
                    const double *adjoints) {
  for (int i = 0; i < OUTPUTS; i++) {
    double value = p->v[VALUES - OUTPUTS + i].value;
    ck_assert_double_eq_tol(value, outputs[i], 1e-9 * (1.0 + fabs(outputs[i])));
  }
  for (int i = 0; i < INPUTS; i++) {
    double tape = tri_tape_adjoint(p->tape, p->v[i]);
    double bound = tri_tape_adjoint(p->bound, p->w[i]);
    ck_assert_msg(fabs(tape - adjoints[i]) <= 1e-8 * bound + 1e-12,
                  "seed %llu, by x%d: tape %.17g, %s %.17g (bound %g)", (unsigned long long)p->seed,
                  i, tape, who, adjoints[i], bound);
  }
}

/* Derivatives of a weighted sum of the last values: on the tape, by the adjoint run of a plan, and as expressions. */
static void compare_program(struct program *p) {
  double inputs[INPUTS], weights[OUTPUTS], bounds[OUTPUTS], results[OUTPUTS + INPUTS];
  tri_expr weights_e[OUTPUTS], *outputs = p->e + VALUES - OUTPUTS, all[OUTPUTS + INPUTS];
  for (int i = 0; i < INPUTS; i++) inputs[i] = p->v[i].value;
  for (int i = 0; i < OUTPUTS; i++) {
    bounds[i] = fabs(weights[i] = uniform(-2.0, 2.0));
    weights_e[i] = tri_double(p->graph, weights[i]);
    all[i] = outputs[i];
  }
  const tri_var *v = p->v + VALUES - OUTPUTS, *w = p->w + VALUES - OUTPUTS;
  ck_assert_int_eq(tri_tape_sweep_weighted(p->tape, OUTPUTS, v, weights), TRI_OK);
  ck_assert_int_eq(tri_tape_sweep_weighted(p->bound, OUTPUTS, w, bounds), TRI_OK);

  tri_function *f = tri_compile(INPUTS, p->e, OUTPUTS, outputs);
  ck_assert_ptr_nonnull(f);
  ck_assert_int_eq(tri_function_reverse(f, NULL, inputs, weights, results, results + OUTPUTS),
                   TRI_OK);
  compare(p, "adjoint run", results, results + OUTPUTS);
  tri_function_free(f);

  ck_assert_int_eq(tri_vjp(OUTPUTS, outputs, weights_e, INPUTS, p->e, all + OUTPUTS), TRI_OK);
  f = tri_compile(INPUTS, p->e, OUTPUTS + INPUTS, all, .primals = OUTPUTS);
  ck_assert_ptr_nonnull(f);
  ck_assert_int_eq(tri_function_call(f, NULL, inputs, results), TRI_OK);
  compare(p, "expression", results, results + OUTPUTS);
  tri_function_free(f);
}

START_TEST(programs_agree_with_the_other_modes) {
  for (unsigned run = 0; run < 200 * multiplier(); run++) {
    struct program p;
    start(0xabcde + run);
    make_program(&p);
    compare_program(&p);
    tri_tape_free(p.tape);
    tri_tape_free(p.bound);
    tri_graph_free(p.graph);
  }
}
END_TEST

/* --- conventions */

START_TEST(small_integers_are_exact) {
  tri_tape *t = tri_tape_new();
  tri_var x = tri_tape_input(t, 3), y = tri_tape_input(t, 4);
  tri_var f = tri_tape_add(t, tri_tape_mul(t, tri_tape_square(t, x), y), y);
  f = tri_tape_add(t, f, tri_tape_constant(2));
  ck_assert(f.value == 42.0);
  ck_assert_int_eq(tri_tape_sweep(t, f), TRI_OK);
  ck_assert(tri_tape_adjoint(t, x) == 24.0);
  ck_assert(tri_tape_adjoint(t, y) == 10.0);
  ck_assert(tri_tape_adjoint(t, tri_tape_constant(5)) == 0.0);
  tri_tape_free(t);
}
END_TEST

/* Where the derivative is infinite but nothing depends on it, it does not become NaN: below a zero partial in a chain of one variable, below a
 * zero adjoint, and below a branch not taken. */
START_TEST(zeros_are_strong) {
  tri_tape *t = tri_tape_new();
  tri_var zero = tri_tape_constant(0), g[2], x = tri_tape_input(t, 0.0), y = tri_tape_input(t, 2.0);
  double gradient[2];
  g[0] = x, g[1] = y;
  tri_var root = tri_tape_sqrt(t, x); /* derivative inf */
  tri_var chain = tri_tape_mul(t, zero, root);
  ck_assert_int_eq(tri_tape_gradient(t, chain, 2, g, gradient), TRI_OK);
  ck_assert(gradient[0] == 0.0 && gradient[1] == 0.0);
  tri_var hypotenuse = tri_tape_sqrt(t, tri_tape_mul(t, x, y)); /* inf by both, through the tape */
  tri_var above = tri_tape_add(t, tri_tape_mul(t, zero, hypotenuse), y);
  ck_assert_int_eq(tri_tape_gradient(t, above, 2, g, gradient), TRI_OK);
  ck_assert(gradient[0] == 0.0 && gradient[1] == 1.0);
  tri_var z = tri_tape_input(t, 0.0), product = tri_tape_mul(t, z, tri_tape_watch(t, root));
  ck_assert_int_eq(tri_tape_sweep(t, product), TRI_OK);
  ck_assert(tri_tape_adjoint(t, x) == 0.0);
  tri_var chosen = tri_tape_select(t, y.value > 1.0, y, root);
  ck_assert_int_eq(tri_tape_gradient(t, chosen, 2, g, gradient), TRI_OK);
  ck_assert(gradient[0] == 0.0 && gradient[1] == 1.0);
  ck_assert_int_eq(tri_tape_gradient(t, tri_tape_max(t, root, y), 2, g, gradient), TRI_OK);
  ck_assert(gradient[0] == 0.0 && gradient[1] == 1.0);
  tri_var below = tri_tape_relu(t, tri_tape_sub(t, root, y)); /* sqrt' = inf where relu' = 0 */
  ck_assert_int_eq(tri_tape_gradient(t, tri_tape_add(t, below, y), 2, g, gradient), TRI_OK);
  ck_assert(gradient[0] == 0.0 && gradient[1] == 1.0);
  ck_assert_int_eq(tri_tape_gradient(t, root, 2, g, gradient), TRI_OK);
  ck_assert(isinf(gradient[0]) && gradient[1] == 0.0);
  tri_var least[] = {tri_tape_min(t, x, y), tri_tape_apply(t, TRI_OP_min, g)};
  for (int i = 0; i < 2; i++) { /* sqrt' = inf, and what was not chosen stays out */
    ck_assert_int_eq(tri_tape_gradient(t, tri_tape_sqrt(t, least[i]), 2, g, gradient), TRI_OK);
    ck_assert(isinf(gradient[0]) && gradient[1] == 0.0);
  }
  tri_tape_free(t);
}
END_TEST

/* An operation without a value gives NaN, also where C gives an infinity or a number, and so do the derivatives of what needs it; nothing else
 * is disturbed, and the tape can say which was the first. */
START_TEST(no_value_no_derivative) {
  tri_tape *t = tri_tape_new();
  tri_var x = tri_tape_input(t, -1.0), y = tri_tape_input(t, 0.0), z = tri_tape_input(t, 2.0);
  tri_error error;
  tri_tape_point start = tri_tape_mark(t);
  ck_assert_int_eq(tri_tape_undefined(t, &error), TRI_OK);
  ck_assert_int_eq(error.status, TRI_OK);
  tri_var log = tri_tape_log(t, x), angle = tri_tape_atan2(t, y, y), f = tri_tape_add(t, log, z);
  ck_assert(isnan(log.value) && isnan(angle.value) && isnan(f.value));
  ck_assert_int_eq(tri_tape_undefined(t, &error), TRI_DOMAIN);
  ck_assert_str_eq(error.message, "log at -1");
  ck_assert_int_eq(tri_tape_undefined(t, NULL), TRI_DOMAIN);
  ck_assert_int_eq(tri_tape_status(t), TRI_OK);
  ck_assert_int_eq(tri_tape_sweep(t, f), TRI_OK);
  ck_assert(isnan(tri_tape_adjoint(t, x)) && tri_tape_adjoint(t, z) == 1.0);
  ck_assert_int_eq(tri_tape_sweep(t, tri_tape_select(t, 1.0, z, f)), TRI_OK);
  ck_assert(tri_tape_adjoint(t, x) == 0.0 && tri_tape_adjoint(t, z) == 1.0);
  tri_tape_rewind(t, start);
  ck_assert_int_eq(tri_tape_undefined(t, NULL), TRI_OK);
  tri_var quotient = tri_tape_div(t, z, y);
  ck_assert(isnan(quotient.value));
  ck_assert_int_eq(tri_tape_sweep(t, quotient), TRI_OK);
  ck_assert(isnan(tri_tape_adjoint(t, z)) && isnan(tri_tape_adjoint(t, y)));
  tri_tape_undefined(t, &error);
  ck_assert_str_eq(error.message, "division by zero");
  tri_tape_clear(t);
  tri_tape_pow(t, tri_tape_constant(-2.0), tri_tape_constant(0.5));
  tri_tape_undefined(t, &error);
  ck_assert_str_eq(error.message, "pow at (-2, 0.5)");
  tri_tape_free(t);
}
END_TEST

/* Weights add up, and an output may stand twice or be below another. */
START_TEST(several_outputs) {
  tri_tape *t = tri_tape_new();
  tri_var x = tri_tape_input(t, 2.0), y = tri_tape_input(t, 5.0);
  tri_var u = tri_tape_mul(t, x, y), v = tri_tape_add(t, u, x);
  tri_var outputs[] = {v, u, x, v, tri_tape_constant(9.0), tri_tape_neg(t, y)};
  double weights[] = {1.0, 10.0, 100.0, 1000.0, 10000.0, 0.5};
  ck_assert_int_eq(tri_tape_sweep_weighted(t, 6, outputs, weights), TRI_OK);
  ck_assert(tri_tape_adjoint(t, x) == 1001.0 * 6.0 + 10.0 * 5.0 + 100.0);
  ck_assert(tri_tape_adjoint(t, y) == 1001.0 * 2.0 + 10.0 * 2.0 - 0.5);
  ck_assert(tri_tape_adjoint(t, u) == 1011.0);
  ck_assert_int_eq(tri_tape_sweep_weighted(t, 2, outputs, NULL), TRI_OK);
  ck_assert(tri_tape_adjoint(t, y) == 4.0);
  ck_assert_int_eq(tri_tape_sweep(t, u), TRI_OK);
  ck_assert(tri_tape_adjoint(t, v) == 0.0);
  ck_assert_int_eq(tri_tape_sweep_weighted(t, 0, NULL, NULL), TRI_OK);
  ck_assert(tri_tape_adjoint(t, x) == 0.0);
  ck_assert_int_eq(tri_tape_sweep(t, tri_tape_constant(1.0)), TRI_OK);
  ck_assert(tri_tape_adjoint(t, x) == 0.0);
  tri_tape_free(t);
}
END_TEST

/* A program's own operation with any number of arguments, some of them constants, some the same. */
START_TEST(own_operations) {
  tri_tape *t = tri_tape_new();
  start(2);
  for (size_t n = 0; n <= 40; n++) {
    tri_var inputs[12], arguments[40];
    double expected[12] = {0}, partials[40], gradient[12];
    for (int i = 0; i < 12; i++) inputs[i] = tri_tape_input(t, i);
    for (size_t i = 0; i < n; i++) {
      unsigned which = pick(14);
      partials[i] = (double)pick(100) - 50.0;
      arguments[i] = which < 12 ? inputs[which] : tri_tape_constant(1.0);
      if (which < 12) expected[which] += partials[i];
    }
    tri_var r = tri_tape_record(t, 7.0, n, arguments, partials);
    r = tri_tape_mul(t, r, tri_tape_constant(2.0));
    ck_assert(r.value == 14.0);
    ck_assert_int_eq(tri_tape_gradient(t, r, 12, inputs, gradient), TRI_OK);
    for (int i = 0; i < 12; i++) ck_assert(gradient[i] == 2.0 * expected[i]);
  }
  tri_tape_free(t);
}
END_TEST

static Suite *tape_suite(void) {
  Suite *s = suite_create("tape");
  TCase *rows = tcase_create("rows"), *programs = tcase_create("programs"),
        *conventions = tcase_create("conventions");
  tcase_add_loop_test(rows, rows_record_their_values_and_partials, 0, TRI_OP_ROWS);
  tcase_add_loop_test(rows, one_variable_twice, 0, TRI_OP_ROWS);
  tcase_add_loop_test(rows, rows_have_the_slope_of_their_values, 0, TRI_OP_ROWS);
  tcase_add_test(programs, programs_agree_with_the_other_modes);
  tcase_add_test(conventions, small_integers_are_exact);
  tcase_add_test(conventions, zeros_are_strong);
  tcase_add_test(conventions, no_value_no_derivative);
  tcase_add_test(conventions, several_outputs);
  tcase_add_test(conventions, own_operations);
  suite_add_tcase(s, rows);
  suite_add_tcase(s, programs);
  suite_add_tcase(s, conventions);
  return s;
}

int main(void) { return tri_test_main("tape", tape_suite); }
