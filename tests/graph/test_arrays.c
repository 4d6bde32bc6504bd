/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays in texts: what is read is what the constructors make, names are bound where they should be, errors have their place. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triad/calculus.h>
#include <triad/eval.h>

#include "graph/node.h"
#include "tests/runner.h"

static tri_expr parse(tri_graph *g, const char *text) { return tri_parse(g, text, strlen(text)); }

static tri_expr good(tri_graph *g, const char *text) {
  tri_expr e = parse(g, text);
  ck_assert_msg(tri_expr_status(e) == TRI_OK, "%s: %s", text, tri_graph_error(g)->message);
  return e;
}

/* A graph with x[n], y[n], v[3], A[m, n]. */
static tri_graph *graph_with_arrays(void) {
  tri_graph *g = tri_graph_new(NULL);
  static const char *const n[] = {"n"}, *const mn[] = {"m", "n"};
  tri_variable_shaped(g, "x", 1, NULL, n);
  tri_variable_shaped(g, "y", 1, NULL, n);
  tri_variable_shaped(g, "v", 1, (int64_t[]){3}, NULL);
  tri_variable_shaped(g, "A", 2, NULL, mn);
  ck_assert_int_eq(tri_graph_status(g), TRI_OK);
  return g;
}

/* --- values */

static double value(tri_expr e) {
  tri_function *f = tri_compile(0, NULL, 1, &e);
  double result = 0.0;
  ck_assert_ptr_nonnull(f);
  ck_assert_int_eq(tri_function_call(f, NULL, &result, &result), TRI_OK);
  tri_function_free(f);
  return result;
}

START_TEST(values) {
  static const struct {
    const char *text;
    double value;
  } of[] = {{"sum(i^2, i=1..10)", 385.0},
            {"prod(i, i=1..5)", 120.0},
            {"sum(i, i=1..0)", 0.0},
            {"prod(i, i=1..0)", 1.0},
            {"sum(i, i=-2..3)", 3.0},
            {"sum(sum(i*j, j=1..3), i=1..2)", 18.0},
            {"fold(s + i, s=10, i=1..4)", 20.0},
            {"scan(2*s, s=1, i=1..5)[5]", 32.0},
            {"scan(fold(s*t, t=1, j=1..2), s=scan(u + 1, u=0, k=1..2)[2], i=1..3)[3]", 256.0},
            {"scan(2*s, s=[1, 2], i=1..3)[2, 2]", 8.0},
            {"dot([1, 2, 3], [4, 5, 6])", 32.0},
            {"dot([[1, 2], [3, 4]], [[1, 1], [1, 1]])", 10.0},
            {"norm([3, 4])", 5.0},
            {"mean([[1, 2], [3, 6]])", 3.0},
            {"logsumexp([1000, 1000]) - 1000", 0.69314718055994530942},
            {"logsumexp(map(i - i, i=1..4))", 1.3862943611198906188},
            {"sum(map(i^2, i=1..3))", 14.0},
            {"prod(map(i, i=1..4))", 24.0},
            {"map([i, i^2], i=1..3)[3, 2]", 9.0},
            {"map(i^2, i=1..5)[2..4][3]", 16.0},
            {"sum([10, 20, 30][4 - i]*i, i=1..3)", 100.0},
            {"scatter(5, 2, 3)[2] + scatter(5, 2, 3)[1]", 5.0},
            {"embed([5, 6], 2, 4)[3]", 6.0}};
  for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
    tri_graph *g = tri_graph_new(NULL);
    double got = value(good(g, of[i].text));
    ck_assert_msg(got - of[i].value < 1e-13 && of[i].value - got < 1e-13, "%s is %.17g", of[i].text,
                  got);
    tri_graph_free(g);
  }
}
END_TEST

/* --- the same nodes */

START_TEST(equal_texts) {
  static const char *const same[][2] = {{"sum(x[i]^2, i=1..n)", "sum(x[k]^2, k=1..n)"},
                                        {"sum(x[i], i=1..n)", "sum(x)"},
                                        {"sum(x[i + 1], i=0..n - 1)", "sum(x)"},
                                        {"map(x[i], i=1..n)", "x"},
                                        {"map(v[i + 1], i=0..2)", "v"},
                                        {"A[1, 2]", "A[1][2]"},
                                        {"map(A[i], i=1..m)", "A"},
                                        {"sum(x[i]*y[i], i=1..n)", "sum(y[j]*x[j], j=1..n)"},
                                        {"sum(i*v[i], i=1..3)", "sum(i=1..3, i*v[i])"},
                                        {"fold(s*v[i], s=1, i=1..3)", "prod(v)"},
                                        {"prod(v[i], i=1..3)", "prod(v)"},
                                        {"norm(x)", "sqrt(sum(x^2))"},
                                        {"v[1..3]", "v"},
                                        {"v[2..3][1]", "v[2]"}};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    tri_graph *g = graph_with_arrays();
    tri_expr a = good(g, same[i][0]), b = good(g, same[i][1]);
    ck_assert_msg(tri_expr_equal(a, b), "%s and %s", same[i][0], same[i][1]);
    tri_graph_free(g);
  }
}
END_TEST

START_TEST(built_and_written) {
  tri_graph *g = graph_with_arrays();
  tri_expr x = good(g, "x"), i = tri_variable(g, "i"), one = tri_integer(g, 1);
  tri_extent n = {.name = "n"};
  tri_expr xi = tri_gather(x, tri_sub(i, one));
  ck_assert(tri_expr_equal(good(g, "sum(sin(x[i])*i, i=1..n)"),
                           tri_sum(tri_mul(tri_sin(xi), i), i, 1, n)));
  ck_assert(tri_expr_equal(good(g, "map(exp(x[i]), i=1..n)"), tri_map(tri_exp(xi), i, 1, n)));
  ck_assert(tri_expr_equal(good(g, "v[2]"), tri_element(good(g, "v"), 1)));
  ck_assert(tri_expr_equal(good(g, "v[k + 2]"),
                           tri_gather(good(g, "v"), tri_add(tri_variable(g, "k"), one))));
  ck_assert(tri_expr_equal(good(g, "map(i, i=3..5)"), tri_iota(g, 3, (tri_extent){.n = 3})));
  ck_assert(tri_expr_equal(good(g, "n"), tri_size(g, "n")));
  tri_expr v = good(g, "v");
  ck_assert(tri_expr_equal(good(g, "dot(x, y)"), tri_dot(x, good(g, "y"))));
  ck_assert(tri_expr_equal(good(g, "norm(v)"), tri_norm(v)));
  ck_assert(tri_expr_equal(good(g, "mean(v)"), tri_mean(v)));
  ck_assert(tri_expr_equal(good(g, "logsumexp(v)"), tri_logsumexp(v)));
  ck_assert_int_eq(tri_expr_status(tri_dot(x, v)), TRI_SHAPE);
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_expr_status(tri_norm(one)), TRI_SHAPE);
  tri_graph_clear_error(g);
  tri_graph_free(g);
}
END_TEST

/* A name means the index within the first argument alone, and what has the name outside stays what it is. */
START_TEST(names_are_bound_inside) {
  tri_graph *g = graph_with_arrays();
  tri_expr i = tri_variable(g, "i"), *variables;
  size_t count;
  tri_expr e = good(g, "i + sum(i*k, i=1..3) + fold(s + i, s=s, i=1..2)");
  ck_assert_int_eq(tri_free_variables(1, &e, &variables, &count), TRI_OK);
  ck_assert_uint_eq(count, 3); /* i, k, s */
  ck_assert(tri_expr_equal(variables[0], i));
  ck_assert_str_eq(tri_expr_name(variables[1]), "k");
  ck_assert_str_eq(tri_expr_name(variables[2]), "s");
  tri_variables_free(g, variables, count);
  ck_assert(tri_expr_equal(good(g, "sum(sum(i, i=1..2)*i, i=1..4)"), good(g, "sum(3*j, j=1..4)")) ||
            value(good(g, "sum(sum(i, i=1..2)*i, i=1..4)")) == 30.0);
  tri_graph_free(g);
}
END_TEST

/* --- printing */

static tri_text printed(tri_expr e, tri_format format) {
  tri_text text = {0};
  tri_print_options options = {.format = format};
  uint32_t nodes = tri_graph_size(e.graph);
  ck_assert_int_eq(tri_print(e, &options, &text), TRI_OK);
  ck_assert_uint_eq(tri_graph_size(e.graph), nodes); /* nothing is left in the graph */
  return text;
}

/* What is printed, and that it reads back as what prints the same; where the text says how, as the same node (factors that change
 * places are multiplied in another order). */
START_TEST(texts) {
  static const struct {
    const char *text, *printed, *latex;
  } of[] = {
      {"sum(x[i]^2, i=1..n)", "sum(x[i]^2, i=1..n)", "\\sum_{i=1}^{n} {x}_{i}^{2}"},
      {"sum(x[k]*y[k], k=1..n)", "sum(x[i]*y[i], i=1..n)", NULL},
      {"sum(x)", "sum(x)", "\\sum_{i=1}^{n} {x}_{i}"},
      {"prod(x)", "prod(x)", "\\prod_{i=1}^{n} {x}_{i}"},
      {"prod(x[i] + 1, i=1..n)", "prod(x[i] + 1, i=1..n)", NULL},
      {"norm(x)", "sqrt(sum(x^2))", NULL},
      {"mean(x)", "sum(x)/n", NULL},
      {"sum(sum(x[i]*x[j], j=1..n)/n, i=1..n)", "sum(sum(x[i]*x[j], j=1..n)/n, i=1..n)", NULL},
      {"map(dot(A[i], y), i=1..m)", "map(sum(y*A[i]), i=1..m)", NULL},
      {"map(sum(A[i, j]*y[j], j=1..n), i=1..m)", NULL, NULL},
      {"map(sum(A[j, i], j=1..m), i=1..n)", NULL, NULL},
      {"scan(s*x[i] + 1, s=q, i=1..n)", "scan(s*x[i] + 1, s=q, i=1..n)", NULL},
      {"fold(r*x[i] + k, r=s, i=1..n)", NULL, NULL},
      {"fold(max(s, x[i]), s=x[1], i=1..n)", "fold(max(s, x[i]), s=x[1], i=1..n)", NULL},
      {"scan(scan(s + t[2]*i, s=t[1], i=1..2), t=[q, 1], i=1..4)", NULL, NULL},
      {"i*sum(k*x[t], t=1..n)", "i*sum(k*x[j], j=1..n)", NULL},
      {"n*sum(v[i + 1]*v[i + 2]*i, i=0..1)", NULL, NULL},
      {"sum(i*v[i + 1]*v[i], i=1..2)", "sum(i*v[i + 1]*v[i], i=1..2)", NULL},
      {"sum(x[i + 1], i=0..n - 1)*i", "i*sum(x)", NULL},
      {"sum(x[i]*2^i, i=1..n)", NULL, NULL},
      {"sum(2^i, i=0..n - 1)", "sum(2^i, i=0..n - 1)", "\\sum_{i=0}^{n - 1} 2^{i}"},
      {"map(map(i*j, j=1..3), i=1..n)", "map(map(i*j, j=1..3), i=1..n)", NULL},
      {"map(i, i=3..7)", "map(i, i=3..7)", NULL},
      {"map(3, i=1..n)", "map(3, i=1..n)", NULL},
      {"map(map(q*k, i=1..n), j=1..m)", NULL, NULL},
      {"v[2..3]", "v[2..3]", NULL},
      {"v[k]", "v[k]", "{v}_{k}"},
      {"v[k + 2]^2", "v[k + 2]^2", NULL},
      {"v[k - 2]", "v[k - 2]", NULL},
      {"A[k, 2]", "A[k, 2]", "{A}_{k, 2}"},
      {"(x + y)[k]", "(x + y)[k]", NULL},
      {"scatter(q, k, 3)", "scatter(q, k, 3)", NULL},
      {"scatter(x, k + 1, m)", "scatter(x, k + 1, m)", NULL},
      {"embed(v, 2, 5)", "embed(v, 2, 5)", NULL},
      {"sum(embed(v, 2, 5))", NULL, NULL},
      {"sum(x[i]*sum(y), i=1..n)", "sum(x[i]*sum(y), i=1..n)", NULL},
      {"2*sum(x)*sum(y) + sum(x - 1)", NULL, NULL},
      {"prod(sum(A[i]), i=1..m)", NULL, NULL},
      {"sum(select(x[i] < y[i], x[i], i), i=1..n)", NULL, NULL},
      {"logsumexp(v)", NULL, NULL},
      {"map(x[i]*q, i=1..n)[k]", NULL, NULL},
  };
  static const tri_format formats[] = {TRI_INFIX, TRI_INFIX_UNICODE};
  for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
    tri_graph *g = graph_with_arrays();
    tri_expr e = good(g, of[i].text);
    for (size_t k = 0; k < 2; k++) {
      tri_text text = printed(e, formats[k]);
      if (k == 0 && of[i].printed) ck_assert_str_eq(text.data, of[i].printed);
      tri_expr again = parse(g, text.data);
      ck_assert_msg(!tri_expr_status(again), "%s prints %s: %s", of[i].text, text.data,
                    tri_graph_error(g)->message);
      ck_assert_msg(!of[i].printed || tri_expr_equal(e, again), "%s prints %s", of[i].text,
                    text.data);
      tri_text second = printed(again, formats[k]);
      ck_assert_str_eq(text.data, second.data);
      tri_text_free(&second);
      tri_text_free(&text);
    }
    tri_text text = printed(e, TRI_LATEX);
    if (of[i].latex) ck_assert_str_eq(text.data, of[i].latex);
    tri_text_free(&text);
    tri_graph_free(g);
  }
}
END_TEST

/* Every format says something of a loop, or why it does not. */
START_TEST(loops_in_all_formats) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable_shaped(g, "x", 1, (int64_t[]){5}, NULL), i = tri_variable(g, "i");
  tri_expr e =
      tri_sum(tri_exp(tri_gather(x, tri_sub(i, tri_integer(g, 1)))), i, 1, (tri_extent){.n = 5});
  for (tri_format format = TRI_INFIX; format <= TRI_DOT; format++) {
    tri_text text = {0};
    tri_print_options options = {.format = format};
    tri_status status = tri_print(e, &options, &text);
    ck_assert_int_eq(status, format == TRI_C ? TRI_SHAPE : TRI_OK);
    if (!status) ck_assert_ptr_nonnull(strchr(text.data, 'x'));
    tri_graph_clear_error(g);
    tri_text_free(&text);
  }
  tri_graph_free(g);
}
END_TEST

/* Loops that no function of the language says are told all the same. */
START_TEST(general_loops) {
  tri_graph *g = graph_with_arrays();
  tri_expr e = good(g, "fold(s*x[i] + q, s=1, i=1..n)"), x = good(g, "x"), gradient;
  ck_assert_int_eq(tri_gradient(e, 1, &x, &gradient), TRI_OK);
  tri_text text = printed(gradient, TRI_INFIX);
  ck_assert_str_eq(text.data, "{map of s*{map of earlier s, s: 1 -> q + s*x[i], i=1..n}[i], "
                              "s: 1 -> s*x[i], i=1..n backward}");
  tri_text_free(&text);
  text = printed(gradient, TRI_LATEX);
  ck_assert_ptr_nonnull(strstr(text.data, "backward"));
  tri_text_free(&text);
  tri_graph_free(g);
}
END_TEST

/* Parts that a loop's names are in have no names of their own, and others have. */
START_TEST(shared_parts) {
  tri_graph *g = graph_with_arrays();
  tri_expr big = good(g, "sin(q)*cos(q)*exp(q)"), sum = good(g, "1");
  for (int i = 0; i < 300; i++) {
    char text[100];
    snprintf(text, sizeof text, "sum(sin(x[i] + %d)*sin(x[i] + %d)^q, i=1..n)", i, i);
    sum = tri_add(sum, tri_mul(big, good(g, text)));
  }
  tri_text text = printed(sum, TRI_INFIX);
  ck_assert(strncmp(text.data, "t1 = ", 5) == 0);
  ck_assert_ptr_null(strstr(text.data, "= sin(x[i]"));
  ck_assert_ptr_nonnull(strstr(text.data, "sin(x[i] + 7)^q"));
  tri_text_free(&text);
  tri_graph_free(g);
}
END_TEST

/* Bodies are simplified, and what is simplified simplifies to itself. */
START_TEST(simplified_bodies) {
  static const char *const of[] = {"sum(gate(i, t^(i - 1)) + 2*x[i]*3*q - x[i]*q, i=1..n)",
                                   "scan(s*q*q + x[i] + x[i], s=p, i=1..n)",
                                   "map(sum(x[i]*y[j] + y[j]*x[i], j=1..n), i=1..n)"};
  static const char *const printed_as[] = {"sum(i*t^(i - 1) + 5*q*x[i], i=1..n)",
                                           "scan(q^2*s + 2*x[i], s=p, i=1..n)",
                                           "map(sum(2*x[i]*y[j], j=1..n), i=1..n)"};
  for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
    tri_graph *g = graph_with_arrays();
    tri_expr once = tri_simplify(good(g, of[i])), again = tri_simplify(once);
    tri_text text = printed(once, TRI_INFIX);
    ck_assert_str_eq(text.data, printed_as[i]);
    ck_assert(tri_expr_equal(once, again));
    tri_text_free(&text);
    tri_graph_free(g);
  }
}
END_TEST

/* --- errors */

START_TEST(errors) {
  static const struct {
    const char *text;
    tri_status status;
    uint32_t column;
    const char *part;
  } of[] = {{"[1, 2, 3][4]", TRI_SHAPE, 11, "index 4 is out of range: there are 3 elements"},
            {"[1, 2, 3][0]", TRI_SHAPE, 11, "index 0"},
            {"[1, 2, 3][1/2]", TRI_SHAPE, 11, "whole number, not 1/2"},
            {"v[1, 1]", TRI_SHAPE, 6, "no elements"},
            {"k[1]", TRI_SHAPE, 3, "no elements"},
            {"v[2..4]", TRI_SHAPE, 3, "out of range"},
            {"v[]", TRI_SYNTAX, 3, "expected a value"},
            {"v[1", TRI_SYNTAX, 4, "expected ']' to close '['"},
            {"v[1)", TRI_SYNTAX, 4, "expected ']' to close '['"},
            {"2[1]", TRI_SYNTAX, 2, "expected an operator"},
            {"sum(v[i + 1], i=1..3)", TRI_SHAPE, 1,
             "3 elements from number 2 on do not fit into shape [3]"},
            {"sum(k)", TRI_SHAPE, 5, "sum of a number"},
            {"sum(k, l)", TRI_ARITY, 1, "write sum(e, i=1..n)"},
            {"sum(i, i=1..3, j=1..2)", TRI_ARITY, 18, "cannot use this argument"},
            {"map(v)", TRI_ARITY, 1, "write map"},
            {"scan(s, i=1..3)", TRI_ARITY, 1, "write scan"},
            {"scan(s, s=1)", TRI_ARITY, 1, "write scan"},
            {"scan([s, s], s=1, i=1..3)", TRI_SHAPE, 1, "do not fit"},
            {"dot(v, [1, 2])", TRI_SHAPE, 1, "[3] and [2]"},
            {"sum(i, i=k..3)", TRI_SHAPE, 10, "begins with a whole number"},
            {"sum(i, i=1..sin(k))", TRI_SHAPE, 10, "ends with a whole number or with a size"},
            {"sum(x[i], i=2..n)", TRI_SHAPE, 13, "1..n, or 2..n + 1"},
            {"sum(x[i], i=0..n)", TRI_SHAPE, 13, "0..n - 1"},
            {"sum(x[i], i=1..n - 1)", TRI_SHAPE, 13, "ends with it: 1..n"},
            {"sum(i, i=-9223372036854775807..9223372036854775807)", TRI_SHAPE, 10, "counted"},
            {"sum(i(2), i=1..3)", TRI_NAME, 5, "i is not a function"},
            {"scan(s, s=1 +, i=1..3)", TRI_SYNTAX, 14, "expected a value after '+'"},
            {"scan(s, s=(1, i=1..3)", TRI_SYNTAX, 13, "','"},
            {"scan(s +, s=1, i=1..3)", TRI_SYNTAX, 9, "expected a value after '+'"},
            {"mea(v)", TRI_NAME, 1, "did you mean mean?"},
            {"sum(i, i=1..3", TRI_SYNTAX, 14, "expected ')'"}};
  for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
    tri_graph *g = graph_with_arrays();
    ck_assert_msg(tri_expr_status(parse(g, of[i].text)) == of[i].status, "%s: %s", of[i].text,
                  tri_graph_error(g)->message);
    const tri_error *error = tri_graph_error(g);
    ck_assert_msg(error->line == 1 && error->column == of[i].column, "%s: %u: %s", of[i].text,
                  error->column, error->message);
    ck_assert_msg(strstr(error->message, of[i].part) != NULL, "%s: %s", of[i].text, error->message);
    tri_graph_free(g);
  }
}
END_TEST

/* Calls in one another are looked through, each once: their number is limited, and the time with it. */
START_TEST(nesting_is_limited) {
  tri_graph *g = tri_graph_new(NULL);
  enum { TIMES = 100000 };
  char *text = malloc(4 * TIMES + 1);
  for (int i = 0; i < TIMES; i++) memcpy(text + 4 * i, "sum(", 4);
  ck_assert_int_eq(tri_expr_status(tri_parse(g, text, 4 * TIMES)), TRI_LIMIT);
  ck_assert_ptr_nonnull(strstr(tri_graph_error(g)->message, "more than 64"));
  free(text);
  tri_graph_free(g);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("arrays");
  TCase *c = tcase_create("texts");
  tcase_add_test(c, values);
  tcase_add_test(c, equal_texts);
  tcase_add_test(c, built_and_written);
  tcase_add_test(c, names_are_bound_inside);
  tcase_add_test(c, texts);
  tcase_add_test(c, loops_in_all_formats);
  tcase_add_test(c, general_loops);
  tcase_add_test(c, shared_parts);
  tcase_add_test(c, simplified_bodies);
  tcase_add_test(c, errors);
  tcase_add_test(c, nesting_is_limited);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("arrays", suite); }
