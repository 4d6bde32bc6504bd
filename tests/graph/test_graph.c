/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of the graph: equal expressions are one node, constructors preserve values, facts are true, rewinding forgets. */
#include <check.h>
#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <triad/mp.h>

#include "graph/node.h"
#include "graph/template.h"
#include "tests/runner.h"

static uint64_t seed;

static uint32_t random_below(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(seed >> 33) % n;
}

static int multiplier(void) {
  const char *text = getenv("TRI_TEST_MULTIPLIER");
  return text && atoi(text) > 0 ? atoi(text) : 1;
}

static void start_random(uint64_t s) {
  const char *text = getenv("TRI_TEST_SEED");
  seed = text ? strtoull(text, NULL, 10) : s;
  printf("# seed %llu\n", (unsigned long long)seed);
}

/* --- random exact expressions, built twice: over variables, and over their values */

enum { VARIABLES = 3, STEPS = 14 };

static const tri_op exact_ops[] = {
    TRI_OP_neg,   TRI_OP_add,  TRI_OP_sub,    TRI_OP_mul,  TRI_OP_div,  TRI_OP_pow,
    TRI_OP_abs,   TRI_OP_sign, TRI_OP_min,    TRI_OP_max,  TRI_OP_relu, TRI_OP_heaviside,
    TRI_OP_floor, TRI_OP_ceil, TRI_OP_square, TRI_OP_gate, TRI_OP_sqrt};

/* A random program: at each step an operation over earlier results; pow has a small constant exponent. */
struct program {
  tri_op op[STEPS];
  unsigned arg[STEPS][2];
  int exponent[STEPS];
};

static struct program random_program(void) {
  struct program p;
  for (unsigned i = 0; i < STEPS; i++) {
    p.op[i] = exact_ops[random_below(sizeof exact_ops / sizeof *exact_ops)];
    for (int k = 0; k < 2; k++) p.arg[i][k] = random_below(VARIABLES + 1 + i);
    p.exponent[i] = (int)random_below(7) - 3;
  }
  return p;
}

static uint32_t run_program(tri_graph *g, const struct program *p, const uint32_t *leaves) {
  uint32_t v[VARIABLES + 1 + STEPS];
  for (int i = 0; i < VARIABLES; i++) v[i] = leaves[i];
  v[VARIABLES] = tri__constant_si(g, -3, 2);
  for (unsigned i = 0; i < STEPS; i++) {
    uint32_t args[2] = {v[p->arg[i][0]], v[p->arg[i][1]]};
    if (p->op[i] == TRI_OP_pow) args[1] = tri__constant_si(g, p->exponent[i], 1);
    v[VARIABLES + 1 + i] = tri__build(g, p->op[i], tri__rows[p->op[i]].arity, args);
  }
  return v[VARIABLES + STEPS];
}

static void leaves_of(tri_graph *g, uint32_t *variables, uint32_t *values) {
  static const char *const names[VARIABLES] = {"x", "y", "z"};
  for (int i = 0; i < VARIABLES; i++) {
    variables[i] = tri_variable(g, names[i]).id;
    values[i] = tri__constant_si(g, (int)random_below(9) - 4, 1 + random_below(3));
  }
}

static void facts_hold(tri_graph *g, uint32_t e, uint32_t value) {
  unsigned facts = node_at(g, e)->facts;
  mpq_t q;
  if (!tri__rational(g, value, q)) return;
  if (facts & FACT_NONZERO) ck_assert_int_ne(mpq_sgn(q), 0);
  if (facts & FACT_NONNEGATIVE) ck_assert_int_ge(mpq_sgn(q), 0);
  if (facts & FACT_INTEGER) ck_assert_int_eq(mpz_cmp_ui(mpq_denref(q), 1), 0);
}

/* Values put in afterwards give what building with values gives; where the latter has no value (a node that did not fold because of
 * a division by zero) nothing is claimed of the former but that a total expression always has one. */
START_TEST(constructors_preserve_values) {
  start_random(20260101);
  int decided = 0;
  for (int i = 0; i < 4000 * multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL);
    struct program p = random_program();
    uint32_t variables[VARIABLES], values[VARIABLES], later;
    leaves_of(g, variables, values);
    uint32_t e = run_program(g, &p, variables), direct = run_program(g, &p, values);
    ck_assert(!id_is_error(e) && !id_is_error(direct));
    ck_assert_int_eq(tri__substitute(g, 1, &e, VARIABLES, variables, values, &later), TRI_OK);
    mpq_t view;
    if (tri__rational(g, direct, view)) {
      ck_assert_uint_eq(later, direct);
      decided++;
    }
    facts_hold(g, e, direct);
    tri_graph_free(g);
  }
  ck_assert_int_ge(decided, 2000 * multiplier());
}
END_TEST

START_TEST(equal_expressions_are_one_node) {
  start_random(7);
  for (int i = 0; i < 300 * multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL);
    struct program p = random_program();
    uint32_t variables[VARIABLES], values[VARIABLES];
    leaves_of(g, variables, values);
    uint32_t e = run_program(g, &p, variables), size = tri_graph_size(g);
    ck_assert_uint_eq(run_program(g, &p, variables), e);
    ck_assert_uint_eq(tri_graph_size(g), size);
    tri_graph_free(g);
  }
}
END_TEST

/* The same expression made in graphs of different histories has the same structure: arguments are ordered by structure. */
START_TEST(order_does_not_depend_on_history) {
  tri_graph *g = tri_graph_new(NULL), *h = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), y = tri_variable(g, "y"), v = tri_variable(h, "y"),
           u = tri_variable(h, "x");
  tri_expr e = tri_add(tri_sin(x), tri_mul(x, y)), f = tri_add(tri_mul(v, u), tri_sin(u));
  ck_assert_uint_eq(node_at(g, e.id)->hash, node_at(h, f.id)->hash);
  ck_assert_int_eq(tri_expr_op(tri_expr_argument(e, 0)), tri_expr_op(tri_expr_argument(f, 0)));
  tri_graph_free(g);
  tri_graph_free(h);
}
END_TEST

#define SAME(a, b) ck_assert_msg(tri_expr_equal(a, b), "%s is not %s", #a, #b)
#define DIFFERENT(a, b) ck_assert_msg(!tri_expr_equal(a, b), "%s is %s", #a, #b)

START_TEST(rewritings) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), y = tri_variable(g, "y"), zero = tri_integer(g, 0),
           one = tri_integer(g, 1);
  SAME(tri_add(x, zero), x);
  SAME(tri_mul(one, x), x);
  SAME(tri_neg(tri_neg(x)), x);
  SAME(tri_add(x, tri_neg(y)), tri_sub(x, y));
  SAME(tri_mul(tri_neg(x), y), tri_neg(tri_mul(x, y)));
  SAME(tri_sin(tri_neg(x)), tri_neg(tri_sin(x)));
  SAME(tri_cos(tri_mul(tri_integer(g, -2), x)), tri_cos(tri_mul(tri_integer(g, 2), x)));
  SAME(tri_sqrt(tri_square(x)), tri_abs(x));
  SAME(tri_log(tri_exp(x)), x);
  SAME(tri_mul(zero, tri_sin(x)), zero);
  SAME(tri_sub(x, x), zero);
  SAME(tri_pow(x, zero), one);
  SAME(tri_div(one, tri_rational(g, 1, 3)), tri_integer(g, 3));
  SAME(tri_mul(x, tri_div(one, y)), tri_div(x, y));
  SAME(tri_add(tri_number(g, "0.1"), tri_number(g, "0.2")), tri_rational(g, 3, 10));
  /* and what must not be rewritten, because it has no value everywhere */
  DIFFERENT(tri_mul(zero, tri_log(x)), zero);
  DIFFERENT(tri_sub(tri_log(x), tri_log(x)), zero);
  DIFFERENT(tri_div(x, x), one);
  DIFFERENT(tri_exp(tri_log(x)), x);
  DIFFERENT(tri_square(tri_sqrt(x)), x);
  ck_assert_int_eq(tri_expr_op(tri_div(one, zero)), TRI_OP_div);
  ck_assert_int_eq(tri_expr_op(tri_div(x, tri_integer(g, 3))), TRI_OP_div);
  tri_graph_free(g);
}
END_TEST

START_TEST(errors_stick_and_spread) {
  tri_graph *g = tri_graph_new(NULL), *other = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), alien = tri_variable(other, "x");
  tri_expr bad = tri_add(x, alien);
  ck_assert_int_eq(tri_expr_status(bad), TRI_ARGUMENT);
  ck_assert_int_eq(tri_expr_status(tri_sin(tri_mul(bad, x))), TRI_ARGUMENT);
  ck_assert_int_eq(tri_graph_status(g), TRI_ARGUMENT);
  ck_assert_int_eq(tri_expr_status(tri_sin(tri_lt(x, x))), TRI_OK + TRI_SHAPE);
  ck_assert_int_eq(tri_graph_status(g), TRI_ARGUMENT); /* the first one stays */
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_expr_status(tri_select(x, x, x)), TRI_SHAPE);
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_expr_status(tri_apply(TRI_OP_add, 1, &x)), TRI_ARITY);
  ck_assert_int_eq(tri_expr_status(tri_variable(g, "pi")), TRI_NAME);
  ck_assert_int_eq(tri_expr_status(tri_double(g, (double)INFINITY)), TRI_DOMAIN);
  tri_graph_free(other);
  tri_graph_free(g);
}
END_TEST

START_TEST(limits) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.limits = {.nodes = 100, .digits = 50}});
  tri_expr e = tri_variable(g, "x"), two = tri_integer(g, 2);
  for (int i = 0; i < 200; i++) e = tri_sin(e);
  ck_assert_int_eq(tri_expr_status(e), TRI_LIMIT);
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_expr_status(tri_pow(two, tri_integer(g, 1000))), TRI_LIMIT);
  tri_graph_free(g);
  g = tri_graph_new(NULL);
  two = tri_integer(g, 2);
  ck_assert_int_eq(tri_expr_op(tri_pow(two, tri_integer(g, 100))), TRI_OP_constant);
  ck_assert_int_eq(tri_expr_op(tri_pow(two, tri_integer(g, 10000))), TRI_OP_pow);
  ck_assert_int_eq(tri_expr_status(tri_pow(two, tri_pow(two, tri_integer(g, 100)))), TRI_LIMIT);
  ck_assert_int_eq(tri_expr_op(tri_pow(tri_integer(g, -1), tri_pow(two, tri_integer(g, 100)))),
                   TRI_OP_constant);
  tri_graph_free(g);
}
END_TEST

/* After a rewind everything made since is gone, and can be made again with the same ids. */
START_TEST(rewinding) {
  start_random(99);
  tri_graph *g = tri_graph_new(NULL);
  uint32_t variables[VARIABLES], values[VARIABLES];
  leaves_of(g, variables, values);
  for (int i = 0; i < 200 * multiplier(); i++) {
    struct program p = random_program(), q = random_program();
    tri_mark mark = tri_graph_mark(g);
    run_program(g, &q, variables);
    tri_graph_rewind(g, mark);
    ck_assert_uint_eq(tri_graph_size(g), mark.nodes);
    uint32_t e = run_program(g, &p, variables);
    tri_graph_rewind(g, mark);
    ck_assert_uint_eq(run_program(g, &p, variables), e);
    if (i % 3) tri_graph_rewind(g, mark);
  }
  tri_graph_free(g);
}
END_TEST

/* What points at a name holds while the graph grows; and growing and rewinding again and again takes no more memory. */
START_TEST(names_stay_where_they_are) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x");
  const char *name = tri_expr_name(x);
  tri_mark mark = tri_graph_mark(g);
  size_t most = 0;
  start_random(5);
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 1000; i++) {
      char text[1200];
      int size = snprintf(text, sizeof text, "v%d_%0*d", i, (int)random_below(1100) + 1, i);
      tri_expr v = tri_variable(g, text);
      ck_assert_mem_eq(tri_expr_name(v), text, (size_t)size + 1);
      ck_assert_ptr_eq(tri_expr_name(x), name);
      if (random_below(50) == 0) tri_graph_rewind(g, mark);
    }
    ck_assert_str_eq(name, "x");
    tri_graph_rewind(g, mark);
    if (round == 0) most = tri_graph_bytes(g);
    ck_assert_uint_le(tri_graph_bytes(g), most + most / 2);
  }
  tri_graph_free(g);
}
END_TEST

START_TEST(stacks) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), y = tri_variable(g, "y"), pair[2] = {x, y},
           other[3] = {x, y, x};
  tri_expr v = tri_stack(2, pair), w = tri_stack(3, other), two = tri_integer(g, 2);
  ck_assert_uint_eq(tri_expr_rank(v), 1);
  ck_assert_int_eq(tri_expr_dim(v, 0), 2);
  SAME(tri_element(v, 1), y);
  SAME(tri_mul(two, v), tri_stack(2, (tri_expr[]){tri_mul(two, x), tri_mul(two, y)}));
  ck_assert_int_eq(tri_expr_status(tri_add(v, w)), TRI_SHAPE);
  ck_assert_ptr_nonnull(strstr(tri_graph_error(g)->message, "[2]"));
  ck_assert_ptr_nonnull(strstr(tri_graph_error(g)->message, "[3]"));
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_expr_status(tri_element(v, 2)), TRI_ARGUMENT);
  tri_expr rows[2] = {v, v}, m = tri_stack(2, rows);
  ck_assert_uint_eq(tri_expr_rank(m), 2);
  SAME(tri_element(tri_element(m, 1), 0), x);
  tri_expr batch =
      tri_variable_shaped(g, "X", 2, (int64_t[]){0, 3}, (const char *[]){"batch", NULL});
  ck_assert_int_eq(tri_expr_dim(batch, 0), -1);
  ck_assert_int_eq(tri_expr_dim(tri_sin(batch), 1), 3);
  tri_graph_free(g);
}
END_TEST

START_TEST(lambdas) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), y = tri_variable(g, "y"), e = tri_add(tri_mul(x, y), y), out;
  tri_lambda f = tri_lambda_new(g, 2, (tri_expr[]){x, y}, 1, &e);
  ck_assert_uint_ne(f.id, 0);
  ck_assert_uint_eq(tri_lambda_new(g, 2, (tri_expr[]){x, y}, 1, &e).id, f.id);
  ck_assert_int_eq(tri_lambda_apply(f, 2, (tri_expr[]){y, x}, &out), TRI_OK); /* all at once */
  SAME(out, tri_add(tri_mul(x, y), x));
  ck_assert_int_eq(tri_lambda_apply(f, 1, &x, &out), TRI_ARITY);
  tri_graph_clear_error(g);
  ck_assert_uint_eq(tri_lambda_new(g, 2, (tri_expr[]){x, x}, 1, &e).id, 0);
  tri_graph_free(g);
}
END_TEST

/* Every text of every row parses, and names only its own arguments. */
START_TEST(templates) {
  tri_graph *g = tri_graph_new(NULL);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    for (int kind = 0; kind < TEMPLATE_KINDS; kind++) {
      const struct template *t = tri__template(g, (tri_op)op, kind);
      if (!t) continue;
      unsigned allowed = (1u << tri__rows[op].arity) - 1;
      if (kind < TEMPLATE_VALUE) allowed |= 1u << HOLE_R;
      if (kind >= TEMPLATE_ADJOINT && kind < TEMPLATE_VALUE) allowed |= 1u << HOLE_W;
      ck_assert_msg(!(t->holes & ~allowed), "row %s, text %d", tri__rows[op].name, kind);
    }
  ck_assert_int_eq(tri_graph_status(g), TRI_OK);
  uint32_t x = tri_variable(g, "x").id, w = tri_variable(g, "w").id;
  uint32_t holes[HOLES] = {x, 0, 0, tri__build1(g, TRI_OP_log, x), w};
  const struct template *t = tri__template(g, TRI_OP_log, TEMPLATE_ADJOINT);
  ck_assert_uint_eq(tri__template_build(g, t, holes), tri__build2(g, TRI_OP_div, w, x));
  tri_graph_free(g);
}
END_TEST

/* A million nested operations and a stack of a million elements: no depth anywhere. */
START_TEST(deep_and_wide) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), y = tri_variable(g, "y"), e = x;
  for (int i = 0; i < 1000000; i++) e = tri_sin(e);
  tri_expr f = tri_substitute(e, 1, &x, &y);
  ck_assert_uint_eq(tri_count_nodes(1, &f), 1000001);
  tri_expr *all = malloc(1000000 * sizeof *all);
  for (int i = 0; i < 1000000; i++) all[i] = tri_add(x, tri_integer(g, i + 1));
  ck_assert_int_eq(tri_expr_dim(tri_stack(1000000, all), 0), 1000000);
  free(all);
  tri_graph_free(g);
}
END_TEST

static Suite *graph_suite(void) {
  Suite *s = suite_create("graph");
  TCase *c = tcase_create("graph");
  tcase_add_test(c, constructors_preserve_values);
  tcase_add_test(c, equal_expressions_are_one_node);
  tcase_add_test(c, order_does_not_depend_on_history);
  tcase_add_test(c, rewritings);
  tcase_add_test(c, errors_stick_and_spread);
  tcase_add_test(c, limits);
  tcase_add_test(c, rewinding);
  tcase_add_test(c, names_stay_where_they_are);
  tcase_add_test(c, stacks);
  tcase_add_test(c, lambdas);
  tcase_add_test(c, templates);
  tcase_add_test(c, deep_and_wide);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("graph", graph_suite); }
