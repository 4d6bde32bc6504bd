/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What names, calls and derivatives mean through an environment, and what callbacks are told. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/node.h"
#include "graph/parse.h"
#include "tests/runner.h"

/* An environment that writes down what it is asked: a = 1/3, parameters x and y, functions f(x, y) = x²y + y + 2, h(t) = t³ and
 * two(t) = (t, 2t); calls gradient, show and text. */
struct world {
  tri_graph *g;
  struct environment environment;
  uint32_t f, h, two;
  char log[1024];
  size_t logged;
  uint32_t places[256][2]; /* line and column by node */
};

static void note(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct world *w, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  w->logged += (size_t)vsnprintf(w->log + w->logged, sizeof w->log - w->logged, format, arguments);
  va_end(arguments);
}

static bool is(const char *name, size_t size, const char *word) {
  return strlen(word) == size && memcmp(name, word, size) == 0;
}

static bool meaning(void *data, const char *name, size_t size, struct value *value) {
  struct world *w = data;
  value->kind = VALUE_EXPR;
  if (is(name, size, "a")) value->expr = tri__constant_si(w->g, 1, 3);
  if (is(name, size, "x") || is(name, size, "y")) value->expr = tri__variable(w->g, name, size);
  if (value->expr) return true;
  value->kind = VALUE_FUNCTION;
  if (is(name, size, "f")) value->lambda = w->f;
  if (is(name, size, "h")) value->lambda = w->h;
  if (is(name, size, "two")) value->lambda = w->two;
  return value->lambda != 0;
}

static bool is_call(void *data, const char *name, size_t size) {
  (void)data;
  return is(name, size, "gradient") || is(name, size, "show") || is(name, size, "text") ||
         is(name, size, "fail");
}

static void note_value(struct world *w, const struct value *v) {
  if (v->keyword) note(w, "%.*s=", (int)v->keyword_size, v->keyword);
  switch (v->kind) {
  case VALUE_EXPR: note(w, "expr"); break;
  case VALUE_FUNCTION: note(w, "function"); break;
  case VALUE_STRING: note(w, "\"%.*s\"", (int)v->size, v->text); break;
  case VALUE_RANGE: note(w, "range"); break;
  case VALUE_REPORT: note(w, "report"); break;
  default: note(w, "none"); break;
  }
  ck_assert_uint_gt(v->token.column, 0);
  if (v->name) note(w, ":%.*s", (int)v->name_size, v->name);
}

static tri_status call(void *data, tri_graph *g, const struct token *at, const char *name,
                       size_t size, size_t n, const struct value *arguments, struct value *value) {
  struct world *w = data;
  ck_assert_ptr_eq(g, w->g);
  note(w, "%.*s@%u(", (int)size, name, at->column);
  for (size_t i = 0; i < n; i++) {
    if (i) note(w, ", ");
    note_value(w, &arguments[i]);
  }
  note(w, ")");
  if (is(name, size, "fail")) return id_status(tri__fail(g, TRI_DOMAIN, "no luck"));
  if (is(name, size, "show")) *value = (struct value){.kind = VALUE_REPORT, .report = w};
  if (is(name, size, "text"))
    *value = (struct value){.kind = VALUE_STRING, .text = "some", .size = 4};
  if (is(name, size, "gradient")) {
    tri_lambda two = {g, w->two};
    *value =
        (struct value){.kind = VALUE_EXPR, .expr = tri_lambda_output(two, 0).id, .lambda = w->two};
  }
  return TRI_OK;
}

static tri_status derivative(void *data, tri_graph *g, const struct token *at,
                             const struct value *of, size_t n, const uint32_t *variables,
                             uint32_t primes, struct value *value) {
  struct world *w = data;
  note(w, "d%u,%u/", at->column, primes);
  note_value(w, of);
  for (size_t i = 0; i < n; i++) note(w, " %s", tri__name(g, variables[i]));
  *value = *of;
  return TRI_OK;
}

static void applied(void *data, uint32_t lambda, size_t n, const tri_expr *arguments,
                    uint32_t result) {
  (void)arguments, (void)result;
  struct world *w = data;
  note(w, "%s/%zu ",
       lambda == w->f     ? "f"
       : lambda == w->h   ? "h"
       : lambda == w->two ? "two"
                          : "?",
       n);
}

static void place(void *data, uint32_t expr, uint32_t line, uint32_t column) {
  struct world *w = data;
  if (expr >= 256) return;
  w->places[expr][0] = line;
  w->places[expr][1] = column;
}

static void each_name(void *data, void (*fn)(void *fn_data, const char *name), void *fn_data) {
  static const char *const names[] = {"velocity", "gradient", "x"};
  (void)data;
  for (size_t i = 0; i < 3; i++) fn(fn_data, names[i]);
}

static uint32_t function(struct world *w, const char *parameters, size_t n_outputs,
                         const char *const *outputs) {
  tri_expr p[4], o[4];
  size_t n = strlen(parameters);
  for (size_t i = 0; i < n; i++) p[i] = tri_variable(w->g, (char[]){parameters[i], '\0'});
  for (size_t i = 0; i < n_outputs; i++) o[i] = tri_parse(w->g, outputs[i], strlen(outputs[i]));
  return tri_lambda_new(w->g, n, p, n_outputs, o).id;
}

static void open_world(struct world *w) {
  *w = (struct world){.g = tri_graph_new(NULL)};
  w->environment = (struct environment){.data = w,
                                        .name = meaning,
                                        .is_call = is_call,
                                        .call = call,
                                        .derivative = derivative,
                                        .applied = applied,
                                        .place = place,
                                        .each_name = each_name};
  w->f = function(w, "xy", 1, (const char *const[]){"x²y + y + 2"});
  w->h = function(w, "t", 1, (const char *const[]){"t^3"});
  w->two = function(w, "t", 2, (const char *const[]){"t", "2t"});
  ck_assert(w->f && w->h && w->two);
}

static tri_status parse(struct world *w, const char *text, struct value *value,
                        struct token *next) {
  struct lexer lexer;
  w->logged = 0;
  w->log[0] = '\0';
  tri_graph_clear_error(w->g);
  tri__lex_init(&lexer, text, strlen(text), 1);
  tri_status status = tri__parse_value(w->g, &lexer, &w->environment, value, next);
  ck_assert_int_eq(status, tri_graph_status(w->g));
  return status;
}

static uint32_t expression(struct world *w, const char *text) {
  struct value value;
  struct token next;
  ck_assert_msg(parse(w, text, &value, &next) == TRI_OK, "%s: %s", text,
                tri_graph_error(w->g)->message);
  ck_assert_int_eq(next.kind, TOKEN_END);
  ck_assert_msg(value.kind == VALUE_EXPR, "%s", text);
  return value.expr;
}

static void refused(struct world *w, const char *text, tri_status status, uint32_t column,
                    const char *message) {
  struct value value;
  struct token next;
  const tri_error *e = tri_graph_error(w->g);
  ck_assert_msg(parse(w, text, &value, &next) == status, "%s: %s %s", text,
                tri_status_code(e->status), e->message);
  ck_assert_msg(e->line == 1 && e->column == column, "%s: %u:%u %s", text, e->line, e->column,
                e->message);
  ck_assert_msg(strstr(e->message, message) != NULL, "%s: %s", text, e->message);
}

START_TEST(names) {
  struct world w;
  open_world(&w);
  ck_assert_uint_eq(expression(&w, "3a"), w.g->one);
  ck_assert_uint_eq(expression(&w, "f(3, 4)"), expression(&w, "42"));
  ck_assert_uint_eq(expression(&w, "f (x, y)"), expression(&w, "x²y + y + 2"));
  ck_assert_uint_eq(expression(&w, "(f)(3, 4)"), expression(&w, "42"));
  ck_assert_uint_eq(expression(&w, "f(3, 4)x"), expression(&w, "42*x"));
  ck_assert_uint_eq(expression(&w, "two(3)"), expression(&w, "[3, 6]"));
  ck_assert_uint_eq(expression(&w, "h(h(h(2)))"), expression(&w, "2^27"));
  ck_assert_uint_eq(expression(&w, "free + 1"), expression(&w, "1 + free"));
  ck_assert_uint_eq(expression(&w, "e*d*i"), expression(&w, "(e)(d)(i)"));
  refused(&w, "f(3)", TRI_ARITY, 1, "f takes 2 arguments, 1 given");
  refused(&w, "1 + h()", TRI_ARITY, 5, "h takes 1 argument, 0 given");
  refused(&w, "f + 1", TRI_SYNTAX, 1, "f is a function: write f(…)");
  refused(&w, "f(h, 1)", TRI_SYNTAX, 3, "h is a function");
  refused(&w, "f²(3, 4)", TRI_SYNTAX, 1, "f is a function");
  refused(&w, "a(x + 1)", TRI_NAME, 1, "a*(…)");
  refused(&w, "f(3, 4)(5)", TRI_SYNTAX, 8, "f(3, 4) is not a function");
  refused(&w, "f(x=3, y=4)", TRI_SYNTAX, 4, "'='");
  refused(&w, "velocty(x)", TRI_NAME, 1, "did you mean velocity?");
  refused(&w, "gradeint(f)", TRI_NAME, 1, "did you mean gradient?");
  tri_graph_free(w.g);
}
END_TEST

/* Two names side by side are never one variable. */
START_TEST(split_names) {
  struct world w;
  open_world(&w);
  refused(&w, "xy", TRI_NAME, 1, "unknown name xy: did you mean x*y?");
  refused(&w, "1 + 2xyx", TRI_NAME, 6, "did you mean x*y*x?");
  refused(&w, "ax", TRI_NAME, 1, "did you mean a*x?");
  refused(&w, "pix", TRI_NAME, 1, "did you mean pi*x?");
  refused(&w, "2πx", TRI_NAME, 2, "did you mean π*x?");
  refused(&w, "εx", TRI_NAME, 1, "did you mean ε*x?");
  refused(&w, "πr", TRI_NAME, 1, "did you mean π*r?");
  refused(&w, "show(xy)", TRI_NAME, 6, "did you mean x*y?");
  static const char *const whole[] = {"xz", "x1", "x_y", "yz", "πίεση", "ef", "fx", "xx1"};
  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
    ck_assert_str_eq(tri__name(w.g, expression(&w, whole[i])), whole[i]);
  ck_assert_uint_eq(expression(&w, "gradient(x, mode=xy)"),
                    expression(&w, "gradient(x)")); /* a word, no value */
  tri_graph_free(w.g);
}
END_TEST

START_TEST(strict_names) {
  struct world w;
  open_world(&w);
  w.environment.strict_names = true;
  expression(&w, "x + y + a + pi");
  refused(&w, "1 + b", TRI_NAME, 5, "unknown name b");
  refused(&w, "velocit", TRI_NAME, 1, "did you mean velocity?");
  refused(&w, "sin + 1", TRI_NAME, 1, "sin is a function: write sin(…)");
  refused(&w, "xy", TRI_NAME, 1, "did you mean x*y?");
  struct value value;
  struct token next;
  ck_assert_int_eq(parse(&w, "show(f, mode=forward, other)", &value, &next), TRI_OK);
  ck_assert_str_eq(w.log, "show@1(function:f, mode=none:forward, none:other)");
  refused(&w, "show(other + 1)", TRI_NAME, 6, "unknown name other");
  tri_graph_free(w.g);
}
END_TEST

static void logs(struct world *w, const char *text, const char *log) {
  struct value value;
  struct token next;
  ck_assert_msg(parse(w, text, &value, &next) == TRI_OK, "%s: %s", text,
                tri_graph_error(w->g)->message);
  ck_assert_msg(strcmp(w->log, log) == 0, "%s: %s, expected %s", text, w->log, log);
}

START_TEST(calls) {
  struct world w;
  open_world(&w);
  logs(&w, "show()", "show@1()");
  logs(&w, "show(f)", "show@1(function:f)");
  logs(&w, "show((f))", "show@1(function)");
  logs(&w, "show(x)", "show@1(expr:x)");
  logs(&w, "show(-x, (x))", "show@1(expr, expr)");
  logs(&w, " show ( e , x = -3 .. 3, \"a \\\"b\\\"\" )",
       "show@2(expr:e, x=range, \"a \\\"b\\\"\")");
  logs(&w, "show(1..2, mode=reverse, [x, y], x < y)",
       "show@1(range, mode=expr:reverse, expr, expr)");
  logs(&w, "show(show(x), x=text(y))", "show@6(expr:x)text@17(expr:y)show@1(report, x=\"some\")");
  logs(&w, "show(gradient(f, 3, 4) + [1, 2])", "gradient@6(function:f, expr, expr)show@1(expr)");
  logs(&w, "gradient(f)(5)", "gradient@1(function:f)two/1 ");
  logs(&w, "f(1, h(2))", "h/1 f/2 ");
  logs(&w, "[show, text]", "");
  refused(&w, "show(x) + 1", TRI_SYNTAX, 1, "not a report");
  refused(&w, "1 + text(x)", TRI_SYNTAX, 5, "not a text");
  refused(&w, "[1, show(x)]", TRI_SYNTAX, 5, "not a report");
  refused(&w, "(show(x))", TRI_SYNTAX, 2, "not a report");
  refused(&w, "sin(\"x\")", TRI_SYNTAX, 5, "not a text");
  refused(&w, "(\"x\")", TRI_SYNTAX, 2, "not a text");
  refused(&w, "show((1..2))", TRI_SYNTAX, 8, "a range");
  refused(&w, "show(x + 1 = 2)", TRI_SYNTAX, 12, "'='");
  refused(&w, "show(x = )", TRI_SYNTAX, 10, "expected a value after '='");
  refused(&w, "show(x = 1", TRI_SYNTAX, 11, "expected ')' to close '(' of column 5");
  refused(&w, "show(x = 1]", TRI_SYNTAX, 11, "expected ')' to close '(' of column 5");
  refused(&w, "show(x,)", TRI_SYNTAX, 8, "expected a value after ','");
  refused(&w, "1 + fail(x)", TRI_DOMAIN, 5, "no luck");
  refused(&w, "gradient(f) (1, 2)", TRI_ARITY, 1, "gradient(f) takes 1 argument, 2 given");
  refused(&w, "(gradient(f))x(1)", TRI_NAME, 14, "x*(…)");
  tri_graph_free(w.g);
}
END_TEST

START_TEST(values) {
  struct world w;
  struct value value;
  struct token next;
  open_world(&w);
  ck_assert_int_eq(parse(&w, "  h = 3", &value, &next), TRI_OK);
  ck_assert_int_eq(value.kind, VALUE_FUNCTION);
  ck_assert_uint_eq(value.lambda, w.h);
  ck_assert(is(value.name, value.name_size, "h"));
  ck_assert_uint_eq(value.token.start, 2);
  ck_assert(next.kind == TOKEN_OPERATOR && next.op == OP_ASSIGN);
  ck_assert_int_eq(parse(&w, "1 .. 2, 3", &value, &next), TRI_OK);
  ck_assert_int_eq(value.kind, VALUE_RANGE);
  ck_assert_uint_eq(value.from, w.g->one);
  ck_assert_uint_eq(value.to, expression(&w, "2"));
  ck_assert_int_eq(parse(&w, "\"svg\" ] 3", &value, &next), TRI_OK);
  ck_assert(value.kind == VALUE_STRING && is(value.text, value.size, "svg"));
  ck_assert(next.op == OP_CLOSE_SQUARE);
  ck_assert_int_eq(parse(&w, "x + y\n z", &value, &next), TRI_OK);
  ck_assert_int_eq(next.kind, TOKEN_NEWLINE);
  ck_assert_ptr_null(value.name);
  ck_assert_int_eq(parse(&w, "show(x)", &value, &next), TRI_OK);
  ck_assert(value.kind == VALUE_REPORT && value.report == &w);
  ck_assert_int_eq(parse(&w, "gradient(f)", &value, &next), TRI_OK);
  ck_assert(value.kind == VALUE_EXPR && value.lambda == w.two);
  ck_assert_int_eq(parse(&w, "(gradient(f))", &value, &next), TRI_OK);
  ck_assert(value.kind == VALUE_EXPR && value.lambda == 0);
  tri_graph_free(w.g);
}
END_TEST

START_TEST(derivatives) {
  struct world w;
  open_world(&w);
  logs(&w, "∂f/∂x", "d1,0/function:f x");
  logs(&w, "∂²f/∂x²", "d1,0/function:f x x");
  logs(&w, "∂²f/∂x∂y", "d1,0/function:f x y");
  logs(&w, "∂³f/∂x²∂y", "d1,0/function:f x x y");
  logs(&w, "∂h/∂t", "d1,0/function:h t");
  logs(&w, "∂h/∂t(3)", "d1,0/function:h th/1 ");
  logs(&w, "∂(x²y)/∂x₁", "d1,0/expr x₁");
  logs(&w, "∂f(x, 3)/∂x", "f/2 d1,0/expr x");
  logs(&w, "∂x²/∂x", "d1,0/expr x");
  logs(&w, "1/∂(x)/∂x + 2∂(y)/∂y", "d3,0/expr xd14,0/expr y");
  logs(&w, "∂(∂(x)/∂x)/∂y", "d3,0/expr xd1,0/expr y");
  logs(&w, "∂² f / ∂ x ∂ y", "d1,0/function:f x y");
  refused(&w, "∂f/∂x∂y", TRI_SYNTAX, 1, "order above is 1, but 2 below");
  refused(&w, "∂f/∂a", TRI_NAME, 5, "a is not a variable");
  refused(&w, "∂f/∂h", TRI_NAME, 5, "h is not a variable");
  refused(&w, "∂\"x\"/∂x", TRI_SYNTAX, 2, "∂f/∂x");
  refused(&w, "∂show(x)/∂x", TRI_SYNTAX, 2, "not a report");
  refused(&w, "∂f/∂x + 1", TRI_SYNTAX, 1, "not a function");
  tri_graph_free(w.g);
}
END_TEST

START_TEST(primes) {
  struct world w;
  open_world(&w);
  logs(&w, "h'", "d2,1/function:h");
  logs(&w, "h''(2)", "d2,2/function:hh/1 ");
  logs(&w, "h″", "d2,2/function:h");
  refused(&w, "1 + h''''", TRI_SYNTAX, 5, "not a function");
  refused(&w, "x'", TRI_SYNTAX, 2, "x is none");
  struct value value;
  struct token next;
  ck_assert_int_eq(parse(&w, "sin'(x)", &value, &next), TRI_OK); /* rows are functions too */
  ck_assert_uint_eq(value.expr, expression(&w, "sin(x)"));
  ck_assert_int_eq(parse(&w, "∂atan2/∂x", &value, &next), TRI_OK);
  ck_assert_uint_eq(tri_lambda_arity((tri_lambda){w.g, value.lambda}), 2);
  refused(&w, "select'", TRI_SYNTAX, 1, "no derivative");
  tri_graph_free(w.g);
}
END_TEST

START_TEST(places) {
  struct world w;
  open_world(&w);
  static const struct {
    const char *text, *part;
    uint32_t column;
  } all[] = {{"1 + log(x - 3)", "log(x - 3)", 5},
             {"1 + log(x - 3)", "x - 3", 11},
             {"2 + 変 / sin(y)", "変/sin(y)", 8},
             {"x + y²", "y²", 6},
             {"[1, z]", "z", 5},
             {"f(3, q)", "f(3, q)", 1},
             {"-x + 1", "-x", 1},
             {"2x", "2*x", 2},
             {"√x", "√x", 1}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    expression(&w, all[i].text);
    uint32_t found[2], id;
    uint32_t before[256][2];
    memcpy(before, w.places, sizeof before);
    id = expression(&w, all[i].part);
    memcpy(found, before[id], sizeof found);
    ck_assert_msg(found[0] == 1 && found[1] == all[i].column, "%s in %s: %u:%u", all[i].part,
                  all[i].text, found[0], found[1]);
  }
  tri_graph_free(w.g);
}
END_TEST

static Suite *names_suite(void) {
  Suite *s = suite_create("parse_names");
  TCase *c = tcase_create("parse_names");
  tcase_add_test(c, names);
  tcase_add_test(c, split_names);
  tcase_add_test(c, strict_names);
  tcase_add_test(c, calls);
  tcase_add_test(c, values);
  tcase_add_test(c, derivatives);
  tcase_add_test(c, primes);
  tcase_add_test(c, places);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("parse_names", names_suite); }
