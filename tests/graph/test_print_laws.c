/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of printing: what is printed reads back as the same value and prints the same again,
 * whatever the order in which the graph was built. */
#include <math.h>
#include <stdio.h>
#include <triad/eval.h>

#include "tests/graph/printing.h"
#include "tests/graph/programs.h"
#include "tests/runner.h"

/* --- reading back */

/* The expression that a text with definitions of shared parts stands for. */
static tri_expr read_definitions(tri_graph *g, const char *text) {
  enum { MOST = 4000 };
  static tri_expr names[MOST], values[MOST];
  size_t n = 0;
  for (const char *end; (end = strstr(text, ";\n")) != NULL; text = end + 2) {
    const char *equals = strstr(text, " = ");
    char name[32];
    ck_assert(equals && equals < end && n < MOST);
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    tri_expr e = tri_parse(g, equals + 3, (size_t)(end - equals - 3));
    ck_assert_msg(tri_expr_status(e) == TRI_OK, "%s", tri_graph_error(g)->message);
    values[n] = tri_substitute(e, n, names, values);
    names[n++] = tri_variable(g, name);
  }
  return tri_substitute(parse(g, text), n, names, values);
}

/* Whether two expressions without variables have the same value, to what doubles tell. */
static bool same_number(const tri_expr out[2]) {
  tri_values *values;
  if (tri_evaluate(2, out, NULL, &values, NULL) != TRI_OK) return false;
  double a = tri_value_double(tri_values_get(values, 0)),
         b = tri_value_double(tri_values_get(values, 1));
  tri_values_free(values);
  return fabs(a - b) <= 1e-9 * (1.0 + fabs(a));
}

/* The same value at a point for e and back, exactly, if e has one. Returns whether it has. */
static bool check_value(tri_graph *g, tri_expr e, tri_expr back, const char *text) {
  tri_expr in[2] = {e, back}, out[2], variables[4], values[4];
  for (unsigned i = 0; i < 4; i++) {
    variables[i] = expr_of(g, leaf(g, i, 0));
    values[i] = tri_rational(g, (int64_t)below(13) - 6, 1 + below(3));
  }
  tri_mark mark = tri_graph_mark(g);
  bool known = tri_substitute_all(2, in, 4, variables, values, out) == TRI_OK &&
               tri_expr_op(out[0]) == TRI_OP_constant;
  if (known && tri_expr_op(out[1]) == TRI_OP_constant)
    ck_assert_msg(tri_expr_equal(out[0], out[1]), "%s", text);
  else if (known) /* a sum in another order may not fold: (1 + sqrt(2)) - sqrt(2) */
    ck_assert_msg(same_number(out), "%s", text);
  tri_graph_rewind(g, mark);
  return known;
}

/* Printing and reading comes to rest: reading may find more to fold (a sum is read from the left,
 * in the printed order), but in a few rounds the text is read as the node that it was printed from.
 * Unicode text is the same expression. */
static tri_expr check_text(tri_graph *g, tri_expr e) {
  enum { ROUNDS = 6 };
  tri_expr first = {0}, last = e;
  for (int round = 0;; round++) {
    tri_text ascii = print_as(last, TRI_INFIX), unicode = print_as(last, TRI_INFIX_UNICODE);
    tri_expr back = parse(g, ascii.data), from_unicode = parse(g, unicode.data);
    ck_assert_msg(tri_expr_equal(back, from_unicode), "%s\n%s", ascii.data, unicode.data);
    for (const char *c = ascii.data; *c; c++) ck_assert_int_lt((unsigned char)*c, 0x80);
    bool same = tri_expr_equal(back, last);
    ck_assert_msg(same || round < ROUNDS, "%s", ascii.data);
    tri_text_free(&ascii);
    tri_text_free(&unicode);
    if (round == 0) first = back;
    last = back;
    if (same) return first;
  }
}

START_TEST(text_reads_back_exactly) {
  start_random();
  int known = 0, runs = 400 * test_multiplier();
  for (int i = 0; i < runs; i++) {
    tri_graph *g = tri_graph_new(NULL);
    struct program p = random_program(true, NULL);
    tri_expr e = expr_of(g, run_program(g, &p, false));
    tri_text tree = {0};
    tri_print_options options = {.as_tree = 1};
    if (tri_expr_status(e) == TRI_OK && tri_print(e, &options, &tree) == TRI_OK &&
        tree.size < 2000) {
      tri_expr back = check_text(g, e);
      for (int k = 0; k < 5; k++) known += check_value(g, e, back, tree.data);
    }
    tri_text_free(&tree);
    tri_graph_free(g);
  }
  ck_assert_int_gt(known, runs); /* the law is not empty */
}
END_TEST

START_TEST(text_of_all_rows_reads_back) {
  start_random();
  int made = 0, runs = 400 * test_multiplier();
  for (int i = 0; i < runs; i++) {
    tri_graph *g = tri_graph_new(NULL);
    struct program p = random_program(false, NULL);
    tri_expr e = expr_of(g, run_program(g, &p, false));
    tri_text text = {0};
    if (tri_expr_status(e) == TRI_OK) text = print_as(e, TRI_INFIX);
    if (text.size && !strstr(text.data, ";\n")) check_text(g, e), made++;
    tri_text_free(&text);
    tri_graph_free(g);
  }
  ck_assert_int_gt(made, runs / 3);
}
END_TEST

/* The text depends on the expression, not on how and when its nodes were made. */
START_TEST(order_is_of_structure) {
  start_random();
  int made = 0, runs = 200 * test_multiplier();
  for (int i = 0; i < runs; i++) {
    tri_graph *g = tri_graph_new(NULL), *h = tri_graph_new(NULL);
    struct program p = random_program(false, NULL), other = random_program(false, NULL);
    run_program(h, &other, true);
    tri_expr e = expr_of(g, run_program(g, &p, false)), f = expr_of(h, run_program(h, &p, true));
    made += tri_expr_status(e) == TRI_OK;
    for (int format = TRI_INFIX; format <= TRI_DOT && tri_expr_status(e) == TRI_OK; format++) {
      tri_text a = print_as(e, (tri_format)format), b = print_as(f, (tri_format)format);
      ck_assert_msg(strcmp(a.data, b.data) == 0, "first\n%s\nother\n%s", a.data, b.data);
      tri_text_free(&a);
      tri_text_free(&b);
    }
    tri_graph_free(g);
    tri_graph_free(h);
  }
  ck_assert_int_gt(made, runs / 3);
}
END_TEST

/* Braces and \left … \right are balanced. */
START_TEST(latex_is_balanced) {
  start_random();
  int made = 0, runs = 200 * test_multiplier();
  for (int i = 0; i < runs; i++) {
    tri_graph *g = tri_graph_new(NULL);
    struct program p = random_program(false, NULL);
    tri_expr e = expr_of(g, run_program(g, &p, false));
    if (tri_expr_status(e) == TRI_OK) {
      tri_text text = print_as(e, TRI_LATEX);
      made++;
      int braces = 0, brackets = 0;
      for (const char *c = text.data; *c; c++) {
        braces += (*c == '{') - (*c == '}');
        brackets += strncmp(c, "\\left", 5) == 0 && c[5] != 'a';
        brackets -= strncmp(c, "\\right", 6) == 0 && c[6] != 'a';
        ck_assert_int_ge(braces, 0);
        ck_assert_int_ge(brackets, 0);
        ck_assert_int_ne(*c, '%');
      }
      ck_assert_int_eq(braces, 0);
      ck_assert_int_eq(brackets, 0);
      tri_text_free(&text);
    }
    tri_graph_free(g);
  }
  ck_assert_int_gt(made, runs / 3);
}
END_TEST

/* --- shared parts */

START_TEST(shared_parts_are_named) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr e = repeated_squares(g, 300);
  for (int format = TRI_INFIX; format <= TRI_C; format++) {
    tri_text text = print_as(e, (tri_format)format);
    ck_assert_uint_lt(text.size, 300 * 60);
    tri_text_free(&text);
  }
  tri_text text = print_as(e, TRI_INFIX);
  ck_assert_int_eq(strncmp(text.data, "t1 = ", 5), 0);
  tri_expr back = read_definitions(g, text.data);
  ck_assert_uint_eq(tri_count_nodes(1, &back), tri_count_nodes(1, &e));
  tri_text_free(&text);
  tri_graph_free(g);
  g = tri_graph_new(NULL); /* a small one is a tree, and a name of its own is kept apart */
  text = print_as(repeated_squares(g, 3), TRI_INFIX);
  ck_assert_ptr_null(strstr(text.data, "t1"));
  tri_text_free(&text);
  e = tri_mul(repeated_squares(g, 300), tri_variable(g, "t7"));
  text = print_as(e, TRI_INFIX);
  ck_assert_int_eq(strncmp(text.data, "t_1 = ", 6), 0);
  tri_text_free(&text);
  tri_graph_free(g);
}
END_TEST

/* Values of texts with definitions, exactly: sums of shared products, small enough that the values
 * fold. */
START_TEST(definitions_read_back_exactly) {
  start_random();
  for (int i = 0; i < 10 * test_multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL);
    enum { N = 400 };
    tri_expr v[N] = {tri_variable(g, "x"), tri_variable(g, "y"), tri_variable(g, "z"),
                     tri_integer(g, 3)};
    for (int k = 4; k < N; k++) {
      tri_expr a = v[below((uint32_t)k)], b = v[below((uint32_t)k)];
      tri_expr (*const sums[])(tri_expr, tri_expr) = {tri_add, tri_sub, tri_min, tri_max};
      v[k] = k % 9 == 0 ? tri_div(a, tri_integer(g, 3)) : sums[below(4)](a, b);
    }
    tri_expr e = tri_stack(N, v), part = v[N - 1];
    for (int k = N - 2; k > N - 40; k--) part = tri_add(part, v[k]);
    tri_text text = print_as(part, TRI_INFIX);
    tri_expr back = read_definitions(g, text.data);
    ck_assert(check_value(g, part, back, "definitions"));
    tri_text_free(&text);
    text = print_as(e, TRI_INFIX);
    ck_assert_uint_lt(text.size, N * 80);
    tri_text_free(&text);
    tri_graph_free(g);
  }
}
END_TEST

static Suite *suite(void) {
  return tri_test_suite("print_laws", 0, NULL, NULL, text_reads_back_exactly,
                        text_of_all_rows_reads_back, order_is_of_structure, latex_is_balanced,
                        shared_parts_are_named, definitions_read_back_exactly);
}

int main(void) { return tri_test_main("test_print_laws", suite); }
