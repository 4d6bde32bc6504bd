/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of simplify: the value stays, there are never more operations, the result simplifies to itself and depends on structure alone;
 * and what people expect to read. */
#include <sys/resource.h>
#include <time.h>
#include <triad/mp.h>

#include "graph/node.h"
#include "tests/calculus/helper.h"
#include "tests/runner.h"

static tri_graph *g;

static void setup(void) { g = tri_graph_new(NULL); }
static void teardown(void) { tri_graph_free(g); }

static const char *const names[] = {"x", "y", "z"};
enum { VARIABLES = 3 };

static void variables_of(tri_graph *graph, tri_expr *v) {
  for (int i = 0; i < VARIABLES; i++) v[i] = tri_variable(graph, names[i]);
}

/* Operations: nodes with arguments. Constants are not counted, because x + x is 2*x to a reader. */
static uint32_t operations(size_t n, const tri_expr *e) {
  tri_graph *graph = e[0].graph;
  uint32_t size = tri_graph_size(graph), count = 0;
  unsigned char *marks = calloc(size, 1);
  for (size_t i = 0; i < n; i++) marks[e[i].id] = 1;
  for (uint32_t id = size; id-- > 1;) {
    const struct node *node = node_at(graph, id);
    if (!marks[id]) continue;
    count += node->nargs > 0;
    for (uint32_t i = 0; i < node->nargs; i++) marks[node_args(graph, node)[i]] = 1;
  }
  free(marks);
  return count;
}

/* The text of e; the caller frees it. */
static tri_text printed(tri_expr e) {
  tri_text text = {0};
  ck_assert_int_eq(tri_print(e, &(tri_print_options){.format = TRI_INFIX}, &text), TRI_OK);
  return text;
}

/* e and its simplified form agree in all laws that need no point. */
static tri_expr simplified(tri_expr e) {
  tri_expr s = tri_simplify(e);
  ck_assert_msg(!tri_expr_status(s), "%s", tri_graph_error(e.graph)->message);
  tri_expr again = tri_simplify(s);
  if (!tri_expr_equal(s, again) || operations(1, &s) > operations(1, &e)) {
    tri_text a = printed(e), b = printed(s), c = printed(again);
    ck_abort_msg("%s\n becomes (%u -> %u operations) %s\n and then %s", a.data, operations(1, &e),
                 operations(1, &s), b.data, c.data);
  }
  return s;
}

/* --- exact values */

enum { STEPS = 16 };

/* A random program over rationals: each step an operation over earlier results. The last steps are likelier to be used. */
struct program {
  tri_op op[STEPS];
  unsigned arg[STEPS][2];
  int exponent[STEPS];
};

static const tri_op exact_ops[] = {TRI_OP_neg, TRI_OP_add,   TRI_OP_add, TRI_OP_add, TRI_OP_sub,
                                   TRI_OP_sub, TRI_OP_mul,   TRI_OP_mul, TRI_OP_mul, TRI_OP_div,
                                   TRI_OP_div, TRI_OP_pow,   TRI_OP_pow, TRI_OP_abs, TRI_OP_min,
                                   TRI_OP_max, TRI_OP_select};

static struct program random_program(struct random *r, unsigned steps) {
  struct program p = {.exponent = {0}};
  for (unsigned i = 0; i < steps; i++) {
    unsigned all = VARIABLES + 1 + i;
    p.op[i] = exact_ops[random_below(r, sizeof exact_ops / sizeof *exact_ops)];
    for (int k = 0; k < 2; k++)
      p.arg[i][k] =
          random_below(r, 2) || all < 8 ? random_below(r, all) : all - 1 - random_below(r, 5);
    p.exponent[i] = (int)random_below(r, 7) - 3;
  }
  return p;
}

static tri_expr step(tri_op op, tri_expr a, tri_expr b, int exponent) {
  switch (op) {
  case TRI_OP_pow: return tri_pow(a, tri_integer(a.graph, exponent));
  case TRI_OP_select: return tri_select(tri_lt(a, b), a, tri_mul(a, b));
  case TRI_OP_neg:
  case TRI_OP_abs: return tri_apply(op, 1, &a);
  default: return tri_apply(op, 2, (tri_expr[]){a, b});
  }
}

static tri_expr run_program(tri_graph *graph, const struct program *p, unsigned steps) {
  tri_expr v[VARIABLES + 1 + STEPS];
  variables_of(graph, v);
  v[VARIABLES] = tri_rational(graph, -3, 2);
  for (unsigned i = 0; i < steps; i++)
    v[VARIABLES + 1 + i] = step(p->op[i], v[p->arg[i][0]], v[p->arg[i][1]], p->exponent[i]);
  return v[VARIABLES + steps];
}

/* Wherever e has an exact value, s has the same. */
static void same_exact_value(struct random *r, tri_expr e, tri_expr s) {
  tri_expr v[VARIABLES], at[VARIABLES];
  mpq_t a, b;
  mpq_inits(a, b, NULL);
  variables_of(g, v);
  for (int point = 0; point < 6; point++) {
    for (int i = 0; i < VARIABLES; i++)
      at[i] = tri_rational(g, (int)random_below(r, 9) - 4, 1 + random_below(r, 3));
    tri_expr x = tri_substitute(e, VARIABLES, v, at), y = tri_substitute(s, VARIABLES, v, at);
    if (tri_expr_mpq(x, a) && (!tri_expr_mpq(y, b) || !mpq_equal(a, b))) {
      tri_text t[4] = {printed(e), printed(s), printed(x), printed(y)};
      ck_abort_msg("%s\n becomes %s\n and at a point %s\n is %s", t[0].data, t[1].data, t[2].data,
                   t[3].data);
    }
  }
  mpq_clears(a, b, NULL);
}

START_TEST(exact_laws) {
  struct random r = random_start(20231);
  for (int round = 0; round < 3000 * test_multiplier(); round++) {
    unsigned steps = 2 + random_below(&r, STEPS - 1);
    struct program p = random_program(&r, steps);
    tri_mark mark = tri_graph_mark(g);
    tri_expr e = run_program(g, &p, steps);
    if (!tri_expr_status(e)) same_exact_value(&r, e, simplified(e));
    tri_graph_rewind(g, mark);
  }
}
END_TEST

/* --- values in double */

static void same_double_value(struct random *r, tri_expr e, tri_expr s, double tolerance) {
  tri_expr v[VARIABLES];
  variables_of(g, v);
  for (int k = 0; k < 3; k++) {
    double at[VARIABLES];
    for (int i = 0; i < VARIABLES; i++) at[i] = random_between(r, 0.3, 1.7);
    double a = value_at(e, VARIABLES, v, at), b = value_at(s, VARIABLES, v, at);
    if (isnan(a) || fabs(a) > 1e6 || agree(a, b, tolerance)) continue;
    tri_text t[2] = {printed(e), printed(s)};
    ck_abort_msg("%s\n becomes %s\n and %.17g becomes %.17g at %.17g %.17g %.17g", t[0].data,
                 t[1].data, a, b, at[0], at[1], at[2]);
  }
}

START_TEST(double_laws) {
  struct random r = random_start(77);
  tri_expr v[VARIABLES];
  for (int round = 0; round < 400 * test_multiplier(); round++) {
    tri_mark mark = tri_graph_mark(g);
    variables_of(g, v);
    tri_expr e = random_expression(&r, VARIABLES, v, 3 + random_below(&r, 12), 6, 1);
    same_double_value(&r, e, simplified(e), 1e-9);
    tri_expr d = tri_diff(e, v[0]);
    same_double_value(&r, d, simplified(d), 1e-7);
    tri_graph_rewind(g, mark);
  }
}
END_TEST

/* Several outputs: never more operations together, and each keeps its value. */
START_TEST(gradients) {
  struct random r = random_start(5);
  tri_expr v[VARIABLES], d[VARIABLES * VARIABLES], s[VARIABLES * VARIABLES],
      t[VARIABLES * VARIABLES];
  enum { ALL = VARIABLES * VARIABLES };
  for (int round = 0; round < 100 * test_multiplier(); round++) {
    tri_mark mark = tri_graph_mark(g);
    variables_of(g, v);
    tri_expr e = random_expression(&r, VARIABLES, v, 3 + random_below(&r, 8), 5, 1);
    ck_assert_int_eq(tri_hessian(e, VARIABLES, v, d), TRI_OK);
    ck_assert_int_eq(tri_simplify_all(ALL, d, s), TRI_OK);
    ck_assert_uint_le(operations(ALL, s), operations(ALL, d));
    ck_assert_int_eq(tri_simplify_all(ALL, s, t), TRI_OK);
    for (int i = 0; i < ALL; i++) {
      ck_assert_uint_eq(s[i].id, t[i].id);
      same_double_value(&r, d[i], s[i], 1e-6);
    }
    tri_graph_rewind(g, mark);
  }
}
END_TEST

/* --- by structure, not by ids */

START_TEST(depends_on_structure_alone) {
  struct random r = random_start(3);
  for (int round = 0; round < 300 * test_multiplier(); round++) {
    unsigned steps = 2 + random_below(&r, STEPS - 1);
    struct program p = random_program(&r, steps), noise = random_program(&r, STEPS);
    tri_graph *other = tri_graph_new(NULL);
    tri_mark mark = tri_graph_mark(g);
    tri_variable(other, "z");
    run_program(other, &noise, STEPS);
    tri_graph_clear_error(other);
    tri_expr a = tri_simplify(run_program(g, &p, steps)),
             b = tri_simplify(run_program(other, &p, steps));
    if (!tri_expr_status(a)) {
      tri_text s = printed(a), t = printed(b);
      ck_assert_str_eq(s.data, t.data);
      tri_text_free(&s);
      tri_text_free(&t);
    }
    tri_graph_free(other);
    tri_graph_rewind(g, mark);
  }
}
END_TEST

/* --- as people write */

/* Whether e is written as the expected text is, printed anew. */
static void is_written(const char *text, tri_expr e, const char *expected) {
  tri_text is = printed(e), wanted = printed(parsed(g, expected));
  ck_assert_msg(!strcmp(is.data, wanted.data), "%s becomes %s, not %s", text, is.data, wanted.data);
  tri_text_free(&is);
  tri_text_free(&wanted);
}

static void becomes(const char *text, const char *expected) {
  is_written(text, simplified(parsed(g, text)), expected);
}

START_TEST(like_terms_and_powers) {
  becomes("x*y + y*x + 2*x*y", "4*(x*y)");
  becomes("x + x", "2*x");
  becomes("x - 2*x", "-x");
  becomes("x/2 + x/3", "(5/6)*x");
  becomes("x*x*x", "x^3");
  becomes("x^2*x", "x^3");
  becomes("(x^2)^3", "x^6");
  becomes("(x^y)^2", "x^(2*y)");
  becomes("x^y*x^z", "x^(y + z)");
  becomes("x*x^(y - 1)", "x^y");
  becomes("(x + y)^3*(x + y)^2", "(x + y)^5");
  becomes("(x + 1)^50*(x + 1)^3", "(x + 1)^53");
  becomes("x^2 + 2*x + 1", "(x + 1)^2");
  becomes("x*y*z - z*y*x", "0");
  becomes("3*x - 3*y", "3*(x - y)");
  becomes("(-x)*(-y)", "x*y");
  becomes("exp(x)*exp(-x)", "1");
  becomes("exp(x)*exp(y)", "exp(x + y)");
  becomes("sqrt(x^2 + 1)^2", "x^2 + 1");
  becomes("abs(x)^2", "x^2");
  becomes("sqrt(x^2)", "abs(x)");
}
END_TEST

START_TEST(stays_as_it_is) {
  static const char *const texts[] = {"x^2*y + y + 2", "(x + y)^12",   "x^3 + x^2 + x + 1",
                                      "x^2*y^2",       "1/x + 1/y",    "(x + 1)^3*(x + 2)",
                                      "x - y - z",     "2*x*y",        "sqrt(x)*log(y)",
                                      "x^(y - 1)",     "sin(x)*cos(y)"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    tri_text t = printed(simplified(parsed(g, texts[i])));
    ck_assert_str_eq(t.data, texts[i]);
    tri_text_free(&t);
  }
}
END_TEST

START_TEST(quotients) {
  becomes("a/(b/c)", "a*c/b");
  becomes("(a/b)*(b/c)", "a/c");
  becomes("1/(1/x)", "x");
  becomes("x/y + z/y", "(x + z)/y");
  becomes("(x^2 - 1)/(x - 1)^2", "(x + 1)/(x - 1)");
  becomes("x^3/x^2", "x^2/x");
  becomes("(x + 1)/(y*(x + 1)^2)", "1/(y*(x + 1))");
}
END_TEST

/* What no fact proves stays undefined where it was. */
START_TEST(domains_stay) {
  becomes("x - x", "0");
  becomes("x/x", "x/x");
  becomes("(x^2 + 1)/(x^2 + 1)", "1");
  becomes("1/x - 1/x", "0/x");
  becomes("log(x) - log(x)", "0*log(x)");
  becomes("x^2/x", "x^2/x");
  becomes("(x^2 - 1)/(x - 1)", "(x^2 - 1)/(x - 1)");
  becomes("sqrt(x)*sqrt(x)", "sqrt(x)^2");
  becomes("x*log(x)/x", "log(x)"); /* a logarithm's argument is not 0 */
  becomes("x/sqrt(x)", "x/sqrt(x)");
}
END_TEST

START_TEST(identities) {
  becomes("sin(x)^2 + cos(x)^2", "1");
  becomes("1 - sin(x)^2", "cos(x)^2");
  becomes("y*cos(x)^2 + y*sin(x)^2 + x", "x + y");
  becomes("cosh(x)^2 - sinh(x)^2", "1");
  becomes("1 - tanh(x)^2", "sech(x)^2");
  becomes("sec(x)^2 - tan(x)^2", "0*tan(x) + 1");
  becomes("cos(x)^2 - sin(x)^2", "cos(x)^2 - sin(x)^2");
}
END_TEST

START_TEST(choices) {
  becomes("gate(x, 1/y)", "x/y");
  becomes("gate(select(x < y, 1, 0), log(y))", "select(x < y, log(y), 0)");
  becomes("select(x < y, log(y), 0) + select(x < y, 0, z)", "select(x < y, log(y), z)");
  becomes("select(log(x) == 0, 0, gate(y, log(x)))", "y*log(x)");
}
END_TEST

/* --- derivatives */

static void derivative_is(const char *text, unsigned n, const char *expected) {
  tri_expr d = tri_diff_n(parsed(g, text), tri_variable(g, "x"), n);
  is_written(text, simplified(d), expected);
}

START_TEST(derivatives) {
  derivative_is("x^2*y + y + 2", 1, "2*(x*y)");
  derivative_is("x^x", 1, "x^x*(log(x) + 1)");
  derivative_is("x^x", 2, "x^x*((log(x) + 1)^2 + 1/x)");
  derivative_is("(x^2 + 1)/(x - 1)", 1, "1 - 2/(x - 1)^2");
  derivative_is("(x + 1)/(x - 1)", 1, "-2/(x - 1)^2");
  derivative_is("x*log(x)", 1, "log(x) + 1");
  derivative_is("sin(x)/x", 1, "cos(x)/x - sin(x)/x^2");
  derivative_is("log(x^2)", 1, "2/x");
  derivative_is("log(x/(1 + x))", 1, "1/(x*(x + 1))");
  derivative_is("x/sqrt(x^2 + 1)", 1, "1/sqrt(x^2 + 1)^3");
  derivative_is("(x^2 + 1)^5", 1, "10*(x*(x^2 + 1)^4)");
  derivative_is("x^y", 1, "y*x^(y - 1)");
  derivative_is("1/x", 1, "-1/x^2");
  derivative_is("sin(x)^3", 12, "531441*sin(x)^3 - 398580*sin(x)");
  derivative_is("select(x > 0, log(x), x)", 1, "select(x > 0, 1/x, 1)");
}
END_TEST

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The twelfth derivatives of exp(sin(x)) and x^x. Their values at 1 are known to 36 digits (from power series). */
static void twelfth(const char *text, uint32_t nodes, double value) {
  tri_expr x = tri_variable(g, "x"), d = tri_diff_n(parsed(g, text), x, 12);
  double start = seconds(), at = 1.0;
  tri_expr s = tri_simplify(d);
  ck_assert_double_le(seconds() - start,
                      0.5); /* 2 and 20 ms, but the test may run under valgrind */
  ck_assert_uint_le(tri_count_nodes(1, &s), nodes);
  ck_assert_double_le(fabs(value_at(s, 1, &x, &at) / value - 1.0), 1e-13);
  ck_assert(tri_expr_equal(s, tri_simplify(s)));
}

START_TEST(twelfth_derivatives) {
  twelfth("exp(sin(x))", 80, -313249.505712355123534518353784011016);
  twelfth("x^x", 130, 4297512.0);
  tri_expr one = tri_integer(g, 1), x = tri_variable(g, "x");
  tri_expr s = tri_simplify(tri_diff_n(parsed(g, "x^x"), x, 12));
  ck_assert(tri_expr_equal(tri_substitute(s, 1, &x, &one), tri_integer(g, 4297512)));
}
END_TEST

/* --- size and depth */

enum { MILLION = 1000000, MANY = 100000 };

static struct rlimit usual;

static void small_stack(void) {
  struct rlimit small;
  setup();
  ck_assert_int_eq(getrlimit(RLIMIT_STACK, &usual), 0);
  small = usual;
  small.rlim_cur = 256 << 10;
  ck_assert_int_eq(setrlimit(RLIMIT_STACK, &small), 0);
}

static void usual_stack(void) {
  setrlimit(RLIMIT_STACK, &usual);
  teardown();
}

static tri_expr numbered(int i) {
  char name[16];
  snprintf(name, sizeof name, "v%d", i);
  return tri_variable(g, name);
}

START_TEST(deep) {
  tri_expr x = tri_variable(g, "x"), e = x, one = tri_integer(g, 1);
  for (int i = 0; i < MILLION; i++) e = tri_sin(e);
  ck_assert(tri_expr_equal(tri_simplify(e), e));
  e = x;
  for (int i = 0; i < MANY; i++) e = tri_sin(tri_add(tri_mul(e, one), tri_add(e, e)));
  tri_expr s = tri_simplify(e);
  ck_assert_uint_eq(tri_count_nodes(1, &s), 2 * MANY + 2); /* sin(3*…) */
}
END_TEST

START_TEST(long_sums) {
  tri_expr x = tri_variable(g, "x"), e = tri_integer(g, 0);
  for (int i = 1; i <= MILLION; i++) e = tri_add(e, tri_mul(tri_integer(g, i), x));
  ck_assert(tri_expr_equal(tri_simplify(e), tri_mul(tri_integer(g, 500000500000), x)));
  e = tri_integer(g, 0);
  for (int i = 0; i < MILLION; i++) e = tri_add(e, numbered(i));
  tri_expr s = tri_simplify(e);
  ck_assert_uint_eq(tri_count_nodes(1, &s), 2 * MILLION - 1);
}
END_TEST

START_TEST(long_products) {
  tri_expr e = tri_integer(g, 1), x = tri_variable(g, "x");
  for (int i = 0; i < MANY; i++) e = tri_mul(e, tri_mul(numbered(i), x));
  tri_expr s = tri_simplify(e);
  ck_assert_uint_eq(tri_count_nodes(1, &s), 2 * MANY + 3); /* x^100000 times the others */
}
END_TEST

/* What is shared stays shared: the gradient of a product keeps its 3 n operations. */
START_TEST(sharing_stays) {
  enum { N = 1000 };
  tri_expr v[N], d[N], e = tri_integer(g, 1);
  for (int i = 0; i < N; i++) e = tri_mul(e, v[i] = numbered(i));
  ck_assert_int_eq(tri_gradient(e, N, v, d), TRI_OK);
  uint32_t before = tri_count_nodes(N, d);
  ck_assert_int_eq(tri_simplify_all(N, d, d), TRI_OK);
  ck_assert_uint_le(tri_count_nodes(N, d), before);
}
END_TEST

/* x^2 + 1 put into itself: few terms, though a power of as many terms may have many. */
START_TEST(expansion_of_nested_squares) {
  tri_expr x = tri_variable(g, "x"), one = tri_integer(g, 1), e = x, product = x;
  for (int i = 0; i < 10; i++) {
    e = tri_add(tri_pow(e, tri_integer(g, 2)), one);
    product = tri_add(tri_mul(product, product), one);
  }
  tri_expr long_form = tri_expand(e, 0), minus_one = tri_integer(g, -1);
  ck_assert_msg(!tri_expr_status(long_form), "%s", tri_graph_error(g)->message);
  ck_assert(tri_expr_equal(long_form, tri_expand(product, 0)));
  ck_assert(tri_expr_equal(tri_substitute(long_form, 1, &x, &minus_one),
                           tri_substitute(e, 1, &x, &minus_one)));
}
END_TEST

/* What would be few terms of very long numbers is refused before minutes have gone by; what has no value stays as it is. */
START_TEST(expansions_are_bounded) {
  tri_expr x = tri_variable(g, "x"), one = tri_integer(g, 1), e = x, zero = tri_sub(x, x);
  for (int i = 0; i < 20; i++) e = tri_add(tri_mul(e, e), one);
  clock_t start = clock();
  ck_assert_int_eq(tri_expr_status(tri_expand(e, 0)), TRI_LIMIT);
  ck_assert_double_lt((double)(clock() - start) / CLOCKS_PER_SEC, 20.0);
  tri_graph_clear_error(g);
  e = tri_add(tri_div(one, tri_add(zero, zero)), tri_mul(x, tri_add(x, one)));
  tri_expr long_form = tri_expand(e, 0);
  ck_assert_msg(!tri_expr_status(long_form), "%s", tri_graph_error(g)->message);
  double value = 1.0, in = 3.0;
  tri_function *f = tri_compile(1, &x, 1, &long_form);
  ck_assert_int_eq(tri_function_call(f, NULL, &in, &value), TRI_DOMAIN);
  tri_function_free(f);
}
END_TEST

/* Exponents of a chain multiply; what passes the bound of a monomial's exponent is left apart, but it is not lost. */
START_TEST(towers_of_powers) {
  for (int64_t k = -1001; k <= 1001; k += 286)
    for (int depth = 1; depth < 24; depth++) {
      tri_expr e = tri_variable(g, "x");
      for (int i = 0; i < depth; i++) e = tri_pow(e, tri_integer(g, k));
      simplified(e);
      simplified(tri_add(tri_mul(e, tri_variable(g, "y")), e));
    }
}
END_TEST

START_TEST(errors_pass_through) {
  tri_expr bad = tri_rational(g, 1, 0);
  ck_assert_int_eq(tri_expr_status(tri_simplify(bad)), TRI_DOMAIN);
  ck_assert_int_eq(tri_simplify_all(1, &bad, &bad), TRI_DOMAIN);
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_simplify_all(0, NULL, NULL), TRI_OK);
}
END_TEST

static Suite *simplify_suite(void) {
  Suite *s = suite_create("simplify");
  TCase *c = tcase_create("simplify"), *deep_case = tcase_create("deep");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_checked_fixture(deep_case, small_stack, usual_stack);
  tcase_add_test(c, exact_laws);
  tcase_add_test(c, double_laws);
  tcase_add_test(c, gradients);
  tcase_add_test(c, depends_on_structure_alone);
  tcase_add_test(c, like_terms_and_powers);
  tcase_add_test(c, stays_as_it_is);
  tcase_add_test(c, quotients);
  tcase_add_test(c, domains_stay);
  tcase_add_test(c, identities);
  tcase_add_test(c, choices);
  tcase_add_test(c, derivatives);
  tcase_add_test(c, twelfth_derivatives);
  tcase_add_test(c, sharing_stays);
  tcase_add_test(c, towers_of_powers);
  tcase_add_test(c, expansion_of_nested_squares);
  tcase_add_test(c, expansions_are_bounded);
  tcase_add_test(c, errors_pass_through);
  tcase_add_test(deep_case, deep);
  tcase_add_test(deep_case, long_sums);
  tcase_add_test(deep_case, long_products);
  suite_add_tcase(s, c);
  suite_add_tcase(s, deep_case);
  return s;
}

int main(void) { return tri_test_main("simplify", simplify_suite); }
