/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every allocation of the parser failed once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/parse.h"
#include "tests/failing.h"
#include "tests/runner.h"

static bool is_call(void *data, const char *name, size_t size) {
  (void)data;
  return size == 4 && memcmp(name, "call", 4) == 0;
}

/* A call whose result is kept, and a failure of its own for what it cannot do without. */
static tri_status call(void *data, tri_graph *g, const struct token *at, const char *name,
                       size_t size, size_t n, const struct value *arguments, struct value *value) {
  (void)data, (void)g, (void)at, (void)name, (void)size, (void)arguments;
  *value = (struct value){.kind = VALUE_REPORT};
  ck_assert_uint_gt(n, 0);
  return TRI_OK;
}

/* The function and its application: lambdas of rows, substitution. */
static bool meaning(void *data, const char *name, size_t size, struct value *value) {
  tri_graph *g = data;
  if (size != 1 || *name != 'f') return false;
  tri_expr x = tri_variable(g, "x"), body = tri_mul(x, tri_sin(x));
  *value = (struct value){.kind = VALUE_FUNCTION, .lambda = tri_lambda_new(g, 1, &x, 1, &body).id};
  if (value->lambda == 0)
    *value = (struct value){.kind = VALUE_EXPR, .expr = NODE_ERROR + TRI_MEMORY};
  return true;
}

static tri_status parse_with(tri_graph *g, const char *text) {
  const struct environment environment = {
      .data = g, .name = meaning, .is_call = is_call, .call = call};
  struct lexer lexer;
  struct value value;
  struct token next;
  tri__lex_init(&lexer, text, strlen(text), 1);
  return tri__parse_value(g, &lexer, &environment, &value, &next);
}

static tri_status scenario(const tri_allocator *allocator) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = allocator});
  if (!g) return TRI_MEMORY;
  char deep[2000];
  memset(deep, '(', 900);
  deep[900] = 'x';
  memset(deep + 901, ')', 900);
  tri_status status = tri_expr_status(tri_parse(g, deep, 1801));
  if (!status)
    status = parse_with(g, "[[sin(x) + 2.5e3, 变²], [x^y^z^-w, 0.12345678901234567890123]] + [[1, "
                           "2], [f(3), f(f(y))]]");
  if (!status) status = parse_with(g, "call(call(x, y=[1, 2], 1..2), \"text\", call(1), call(2))");
  static const char loops[] =
      "sum(scan(fold(r*s*x[j], r=q, j=1..n), s=map(i, i=1..3)[2], k=0..n-1)[1]"
      "*x[i]^2, i=1..n) + logsumexp(x) + mean([x, x]) + prod(v[2..2], i=1..2)[1]";
  if (!status) status = tri_expr_status(tri_variable_shaped(g, "v", 1, (int64_t[]){4}, NULL));
  if (!status) status = tri_expr_status(tri_parse(g, "sum(v[i], i=1..4)*v[2]", 22));
  static const char *const n[] = {"n"};
  if (!status) status = tri_expr_status(tri_variable_shaped(g, "x", 1, NULL, n));
  if (!status) status = tri_expr_status(tri_parse(g, loops, sizeof loops - 1));
  ck_assert_int_eq(status, tri_graph_status(g));
  tri_graph_free(g);
  return status;
}

START_TEST(parser) { ck_assert_int_gt(failing_loop(scenario), 20); }
END_TEST

static Suite *oom_suite(void) {
  Suite *s = suite_create("oom_parse");
  TCase *c = tcase_create("oom_parse");
  tcase_add_test(c, parser);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("oom_parse", oom_suite); }
