/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of the parser: texts and constructors give the same nodes, errors their place, and depth costs no stack. What names
 * and calls mean through an environment is in test_parse_names.c. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/node.h"
#include "graph/parse.h"
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

static tri_expr parse(tri_graph *g, const char *text) { return tri_parse(g, text, strlen(text)); }

/* --- texts that mean the same */

START_TEST(equal_texts) {
  static const char *const same[][2] = {
      {"2x", "2*x"},
      {"2 x", "2*x"},
      {"3(x+1)", "3*(x+1)"},
      {"(x+1)(x-1)", "(x+1)*(x-1)"},
      {"(x+1)y", "(x+1)*y"},
      {"x²y", "(x^2)*y"},
      {"x²y + y + 2", "x^2*y + y + 2"},
      {"x²(y+1)", "x^2*(y+1)"},
      {"2sin(x)cos(y)", "2*sin(x)*cos(y)"},
      {"sin(x)²y", "sin(x)^2*y"},
      {"(a)(b)(c)", "a*b*c"},
      {"2x/3", "(2*x)/3"},
      {"2x^3", "2*(x^3)"},
      {"2x²", "2*(x^2)"},
      {"x - 2y", "x - (2*y)"},
      {"-2x", "(-2)*x"},
      {"2³x", "8*x"},
      {"3√x", "3*sqrt(x)"},
      {"2π", "2*pi"},
      {"4ε + x", "4*eps + x"},
      {"2e", "2*e"},
      {"2e + 1", "2*e + 1"},
      {"2e1", "20"},
      {"x^y^z", "x^(y^z)"},
      {"x**y**z", "x^y^z"},
      {"-x^2", "-(x^2)"},
      {"-x²", "-(x^2)"},
      {"2^-1", "1/2"},
      {"x^-y^2", "x^(-(y^2))"},
      {"x^-y*z", "(x^(-y))*z"},
      {"x^+y", "x^y"},
      {"2^x²", "2^(x^2)"},
      {"x⁻¹", "1/x"},
      {"x⁻²", "x^(-2)"},
      {"x⁺²", "x^2"},
      {"x^-2", "x^(-2)"},
      {"a - b - c", "(a-b)-c"},
      {"a / b / c", "(a/b)/c"},
      {"a / b * c", "(a/b)*c"},
      {"-a*b", "(-a)*b"},
      {"a*-b", "a*(-b)"},
      {"--x", "x"},
      {"+x", "x"},
      {"a - -b", "a + b"},
      {"√x²", "sqrt(x^2)"},
      {"√x^2", "sqrt(x^2)"},
      {"√2x", "sqrt(2)*x"},
      {"√x*y", "sqrt(x)*y"},
      {"√√x", "sqrt(sqrt(x))"},
      {"√-x", "sqrt(-x)"},
      {"-√x", "-sqrt(x)"},
      {"√(x+1)(x-1)", "sqrt(x+1)*(x-1)"},
      {"√sin(x)", "sqrt(sin(x))"},
      {"x^√y", "x^sqrt(y)"},
      {"a·b×c⋅d", "a*b*c*d"},
      {"a − b", "a - b"},
      {"a ÷ b", "a/b"},
      {"a ≤ b", "a <= b"},
      {"a ≥ b", "a >= b"},
      {"a ≠ b", "a != b"},
      {"a < b ∧ ¬ c < d ∨ a == b", "a < b and not c < d or a == b"},
      {"not a < b", "not (a < b)"},
      {"a < b and c < d or e < f", "((a < b) and (c < d)) or (e < f)"},
      {"a < b or c < d and e < f", "(a < b) or ((c < d) and (e < f))"},
      {"not a < b and c < d", "(not (a < b)) and (c < d)"},
      {"not not a < b", "a < b"},
      {"a + b < c * d", "(a + b) < (c * d)"},
      {"a < b == (c < d)", NULL},
      {"0.1 + 0.2", "0.3"},
      {"0.1", "1/10"},
      {"1e-3", "1/1000"},
      {"0x1.8p3", "12"},
      {"0xff", "255"},
      {"0x.8", NULL},
      {"123456789012345678901234567890", "123456789012345678901234567889 + 1"},
      {"0.1234567890123456789", "1234567890123456789/10000000000000000000"},
      {"[1, 2]", "[1,\n2 # two\n]"},
      {"(f + d)*(e + i)", "(i + e)(d + f)"},
      {"gamma + sin", "sin + gamma"},
      {"gamma*gamma(x)", "gamma(x)*gamma"},
      {"add + mul", "mul + add"},
      {"pow(x, 3)", "x^3"},
      {"square(x)", "x^2"},
      {"gate(x, y)", "gate (x, y)"},
      {"sin (x)", "sin(x)"},
      {"x₁ + x₂", "x₂ + x₁"},
      {"變數·2", "2變數"},
      {"\n\n x + 1 \n;\n", "x+1"},
      {"select(x < 1, 2, 3)", "select( x<1,2, 3 )"},
      {"θ̂ + 1", "1 + θ̂"},
  };
  tri_graph *g = tri_graph_new(NULL);
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    tri_expr a = parse(g, same[i][0]), b = same[i][1] ? parse(g, same[i][1]) : a;
    if (!same[i][1]) {
      ck_assert_msg(tri_expr_status(a) != TRI_OK, "%s is no expression", same[i][0]);
      tri_graph_clear_error(g);
      continue;
    }
    ck_assert_msg(!tri_expr_status(a), "%s: %s", same[i][0], tri_graph_error(g)->message);
    ck_assert_msg(!tri_expr_status(b), "%s: %s", same[i][1], tri_graph_error(g)->message);
    ck_assert_msg(tri_expr_equal(a, b), "%s is not %s", same[i][0], same[i][1]);
  }
  tri_graph_free(g);
}
END_TEST

/* --- errors: code, place, message */

struct failure {
  const char *text;
  tri_status status;
  uint32_t line, column;
  const char *message; /* a part of it */
};

static const struct failure failures[] = {
    {"", TRI_SYNTAX, 1, 1, "expected an expression, found the end of the text"},
    {"\n \n", TRI_SYNTAX, 3, 1, "expected an expression"},
    {"x +", TRI_SYNTAX, 1, 4, "expected a value after '+', found the end of the text"},
    {"x + * y", TRI_SYNTAX, 1, 5, "expected a value after '+', found '*'"},
    {"* y", TRI_SYNTAX, 1, 1, "expected an expression, found '*'"},
    {"(x", TRI_SYNTAX, 1, 3, "expected ')' to close '(' of column 1, found the end of the text"},
    {"変 + sin(x\n + [1", TRI_SYNTAX, 2, 6, "expected ']' to close '[' of column 4"},
    {"変 + sin (\n x", TRI_SYNTAX, 2, 3, "expected ')' to close '(' of line 1, column 10"},
    {"(x]", TRI_SYNTAX, 1, 3, "expected ')' to close '(' of column 1, found ']'"},
    {"[x)", TRI_SYNTAX, 1, 3, "expected ']' to close '[' of column 1, found ')'"},
    {"sin(x]", TRI_SYNTAX, 1, 6, "expected ')' to close '(' of column 4"},
    {"x)", TRI_SYNTAX, 1, 2, "end of the expression is expected before ')'"},
    {"x y", TRI_SYNTAX, 1, 3, "did you mean x*y?"},
    {"x; y", TRI_SYNTAX, 1, 4, "end of the expression"},
    {"x, y", TRI_SYNTAX, 1, 2, "','"},
    {"x = y", TRI_SYNTAX, 1, 3, "'='"},
    {"(x = y)", TRI_SYNTAX, 1, 4, "'=='"},
    {"sin(x = y)", TRI_SYNTAX, 1, 7, "'=='"},
    {"()", TRI_SYNTAX, 1, 2, "expected a value after '('"},
    {"[]", TRI_SYNTAX, 1, 2, "expected a value after '['"},
    {"[1,]", TRI_SYNTAX, 1, 4, "expected a value after ','"},
    {"sin(+)", TRI_SYNTAX, 1, 6, "expected a value after '+'"},
    {"atan2(x,)", TRI_SYNTAX, 1, 9, "expected a value after ','"},
    {"(a, b)", TRI_SYNTAX, 1, 3, "[a, b]"},
    {"sin()", TRI_ARITY, 1, 1, "sin takes 1 argument, 0 given"},
    {"1 + sin(x, y)", TRI_ARITY, 1, 5, "sin takes 1 argument, 2 given"},
    {"atan2(x)", TRI_ARITY, 1, 1, "atan2 takes 2 arguments, 1 given"},
    {"1/2x", TRI_SYNTAX, 1, 4, "column 2: write (1/2)*x or 1/(2*x)"},
    {"x/2y", TRI_SYNTAX, 1, 4, "(x/2)*y or x/(2*y)"},
    {"2^3x", TRI_SYNTAX, 1, 4, "(2^3)*x or 2^(3*x)"},
    {"2 ** 3 x", TRI_SYNTAX, 1, 8, "(2**3)*x or 2**(3*x)"},
    {"a*b / 2 (x+1)", TRI_SYNTAX, 1, 9, "(a*b/2)*(…) or a*b/(2*(…))"},
    {"2^-3x", TRI_SYNTAX, 1, 5, "(2^-3)*x or 2^(-3*x)"},
    {"2x^3y", TRI_SYNTAX, 1, 5, "(x^3)*y"},
    {"1/(x)(y)", TRI_SYNTAX, 1, 6, "(1/(x))*(…)"},
    {"1/x²y", TRI_SYNTAX, 1, 5, "(1/x²)*y or 1/(x²*y)"},
    {"1/√2x", TRI_SYNTAX, 1, 5, "ambiguous"},
    {"a ÷ 2b", TRI_SYNTAX, 1, 6, "(a÷2)*b"},
    {"1/sin(x)y", TRI_SYNTAX, 1, 9, "ambiguous"},
    {"a < b < c", TRI_SYNTAX, 1, 7, "a < b and b < c"},
    {"a == b != c", TRI_SYNTAX, 1, 8, "a == b and b != c"},
    {"a ≤ b + 1 ≤ c", TRI_SYNTAX, 1, 11, "a ≤ b and b ≤ c"},
    {"3 4", TRI_SYNTAX, 1, 3, "expected an operator between 3 and 4"},
    {"x 4", TRI_SYNTAX, 1, 3, "expected an operator between x and 4"},
    {"(x)2", TRI_SYNTAX, 1, 4, "expected an operator"},
    {"x²2", TRI_SYNTAX, 1, 3, "expected an operator"},
    {"sin x", TRI_SYNTAX, 1, 5, "write sin(x)"},
    {"sin 2", TRI_SYNTAX, 1, 5, "write sin(2)"},
    {"sin²(x)", TRI_SYNTAX, 1, 1, "sin(…)²"},
    {"sin(x)(y)", TRI_SYNTAX, 1, 7, "sin(x) is not a function"},
    {"[1, 2][3]", TRI_SHAPE, 1, 8, "index 3 is out of range"},
    {"x[1]", TRI_SHAPE, 1, 3, "no elements"},
    {"x not y", TRI_SYNTAX, 1, 3, "expected an operator"},
    {"x \"y\"", TRI_SYNTAX, 1, 3, "expected an operator"},
    {"²", TRI_SYNTAX, 1, 1, "an expression"},
    {"(²)", TRI_SYNTAX, 1, 2, "exponent needs a value"},
    {"sine(x)", TRI_NAME, 1, 1, "did you mean sin?"},
    {"1 + tann(x)", TRI_NAME, 1, 5, "did you mean tan?"},
    {"Sin(x)", TRI_NAME, 1, 1, "did you mean sin?"},
    {"arctan(x)", TRI_NAME, 1, 1, "did you mean atan?"},
    {"ln(x)", TRI_NAME, 1, 1, "did you mean log?"},
    {"qwertz(x)", TRI_NAME, 1, 1, "qwertz*(…)"},
    {"x(y + 1)", TRI_NAME, 1, 1, "x*(…)"},
    {"pi(x)", TRI_NAME, 1, 1, "pi*(…)"},
    {"add(1, 2)", TRI_NAME, 1, 1, "unknown function add"},
    {"2πr", TRI_NAME, 1, 2, "did you mean π*r?"},
    {"1..3", TRI_SYNTAX, 1, 1, "not a range"},
    {"[1..3]", TRI_SYNTAX, 1, 3, "a range"},
    {"1..2..3", TRI_SYNTAX, 1, 5, "two ends"},
    {"\"text\"", TRI_SYNTAX, 1, 1, "not a text"},
    {"x + \"text\"", TRI_SYNTAX, 1, 5, "not a text"},
    {"∂f/∂x", TRI_SYNTAX, 1, 1, "no meaning here"},
    {"∂f", TRI_SYNTAX, 1, 1, "'/∂' is missing"},
    {"∂f*2", TRI_SYNTAX, 1, 1, "'/∂' is missing"},
    {"∂f/x", TRI_SYNTAX, 1, 4, "∂f/∂x"},
    {"∂f/∂", TRI_SYNTAX, 1, 5, "∂f/∂x"},
    {"∂2", TRI_SYNTAX, 1, 2, "∂f/∂x"},
    {"∂²f/∂x", TRI_SYNTAX, 1, 1, "order above is 2, but 1 below"},
    {"∂f/∂x²", TRI_SYNTAX, 1, 1, "order above is 1, but 2 below"},
    {"∂⁰f/∂x", TRI_SYNTAX, 1, 2, "1 or more"},
    {"∂⁹⁹⁹⁹f/∂x", TRI_LIMIT, 1, 2, "1000"},
    {"∂f/∂pi", TRI_NAME, 1, 5, "pi is not a variable"},
    {"x'", TRI_SYNTAX, 1, 2, "x is none"},
    {"[[1, 2], [3]]", TRI_SHAPE, 1, 10, "[1]"},
    {"[1,\n [2]]", TRI_SHAPE, 2, 2, "[1]"},
    {"[a < b]", TRI_SHAPE, 1, 1, "condition"},
    {"(a < b) + 1", TRI_SHAPE, 1, 9, "condition"},
    {"1 + (a and b)", TRI_SHAPE, 1, 8, "condition"},
    {"select(x, 1, 2)", TRI_SHAPE, 1, 1, "condition"},
    {"x + 1e2000000", TRI_LIMIT, 1, 5, "digits"},
    {"1 + 2^2^100", TRI_LIMIT, 1, 6, "digits"},
    {"10^(10^12)", TRI_LIMIT, 1, 3, "digits"},
    {"x + %", TRI_SYNTAX, 1, 5, "'%': this character has no meaning here"},
    {"変 ∑ x", TRI_SYNTAX, 1, 4, "'∑'"},
    {"x + \xff", TRI_SYNTAX, 1, 5, "invalid UTF-8"},
    {"\"open", TRI_SYNTAX, 1, 1, "not closed"},
    {"x + 1.", TRI_SYNTAX, 1, 6, "digit follows"},
    {"1_000", TRI_SYNTAX, 1, 1, "without _"},
};

START_TEST(errors) {
  for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
    const struct failure *f = &failures[i];
    tri_graph *g = tri_graph_new(NULL);
    tri_expr e = parse(g, f->text);
    const tri_error *error = tri_graph_error(g);
    ck_assert_msg(tri_expr_status(e) == f->status && error->status == f->status, "%s: %s, %s",
                  f->text, tri_status_code(tri_expr_status(e)), error->message);
    ck_assert_msg(error->line == f->line && error->column == f->column, "%s: %u:%u %s", f->text,
                  error->line, error->column, error->message);
    ck_assert_msg(strstr(error->message, f->message) != NULL, "%s: %s", f->text, error->message);
    tri_graph_clear_error(g);
    ck_assert_int_eq(tri_expr_status(parse(g, "x + 1")), TRI_OK); /* nothing is left of it */
    tri_graph_free(g);
  }
}
END_TEST

START_TEST(nul_bytes) {
  tri_graph *g = tri_graph_new(NULL);
  ck_assert_int_eq(tri_expr_status(tri_parse(g, "x + \0 1", 7)), TRI_SYNTAX);
  ck_assert_uint_eq(tri_graph_error(g)->column, 5);
  ck_assert_ptr_nonnull(strstr(tri_graph_error(g)->message, "NUL"));
  tri_graph_free(g);
}
END_TEST

/* The first failure stays, with its place; later texts are parsed all the same. */
START_TEST(sticky) {
  tri_graph *g = tri_graph_new(NULL);
  parse(g, "x +");
  ck_assert_int_eq(tri_expr_status(parse(g, "x + 1")), TRI_OK);
  ck_assert_int_eq(tri_expr_status(parse(g, "foo(1)")), TRI_NAME);
  ck_assert_int_eq(tri_graph_status(g), TRI_SYNTAX);
  ck_assert_uint_eq(tri_graph_error(g)->column, 4);
  tri_graph_free(g);
}
END_TEST

/* --- random expressions, written and built at the same time */

enum strength { ANY, SUM, PRODUCT, PREFIX, POWER, POSTFIX };

struct writer {
  tri_graph *g;
  char text[65536];
  size_t size, tokens[8192], n_tokens;
  unsigned open;
};

static void put(struct writer *w, const char *token) {
  static const char *const blanks[] = {" ", "  ", "\t", "\xc2\xa0", "\n", " # note ) +\n"};
  if (random_below(3) == 0) {
    const char *blank = blanks[random_below(w->open ? 6 : 4)];
    w->size += (size_t)snprintf(w->text + w->size, sizeof w->text - w->size, "%s", blank);
  }
  ck_assert_uint_lt(w->n_tokens, sizeof w->tokens / sizeof *w->tokens);
  w->tokens[w->n_tokens++] = w->size;
  w->size += (size_t)snprintf(w->text + w->size, sizeof w->text - w->size, "%s", token);
  ck_assert_uint_lt(w->size, sizeof w->text);
}

static void put_one(struct writer *w, size_t n, const char *const *spellings) {
  put(w, spellings[random_below((uint32_t)n)]);
}
#define PUT(w, ...)                                                                                \
  put_one(w, sizeof(const char *[]){__VA_ARGS__} / sizeof(char *),                                 \
          (const char *const[]){__VA_ARGS__})

static void open_bracket(struct writer *w) {
  put(w, "(");
  w->open++;
}

static void close_bracket(struct writer *w) {
  w->open--;
  put(w, ")");
}

static uint32_t write_any(struct writer *w, int depth, enum strength strength);

static uint32_t write_group(struct writer *w, int depth) {
  open_bracket(w);
  uint32_t id = write_any(w, depth - 1, ANY);
  close_bracket(w);
  return id;
}

static uint32_t write_number(struct writer *w) {
  char text[32];
  int64_t value = random_below(random_below(4) ? 10 : 100000), den = 1;
  int places = random_below(4) ? 0 : 1 + (int)random_below(3);
  for (int i = 0; i < places; i++) den *= 10;
  snprintf(text, sizeof text, places ? "%lld.%0*lld" : "%lld", (long long)(value / den), places,
           (long long)(value % den));
  put(w, text);
  return tri__constant_si(w->g, value, den);
}

static uint32_t write_name(struct writer *w) {
  static const char *const names[] = {"x", "y", "z", "λ₁", "変", "e", "speed_2", "gamma"};
  const char *name = names[random_below(8)];
  if (random_below(12) == 0) return PUT(w, "pi", "π"), tri__leaf(w->g, TRI_OP_pi);
  put(w, name);
  return tri__variable(w->g, name, strlen(name));
}

static uint32_t write_condition(struct writer *w, int depth) {
  static const char *const signs[] = {"<", "<=", ">", ">=", "==", "!="};
  static const tri_op ops[] = {TRI_OP_lt, TRI_OP_le, TRI_OP_gt, TRI_OP_ge, TRI_OP_eq, TRI_OP_ne};
  uint32_t k = random_below(6), a = write_any(w, depth - 1, SUM);
  put(w, signs[k]);
  uint32_t b = write_any(w, depth - 1, SUM);
  return tri__build2(w->g, ops[k], a, b);
}

static uint32_t write_conditions(struct writer *w, int depth) {
  bool negated = random_below(3) == 0;
  if (negated) PUT(w, " not ", "¬");
  uint32_t a = write_condition(w, depth);
  if (negated) a = tri__build1(w->g, TRI_OP_logical_not, a);
  if (random_below(2)) return a;
  bool both = random_below(2);
  if (both)
    PUT(w, " and ", "∧");
  else
    PUT(w, " or ", "∨");
  uint32_t b = write_condition(w, depth);
  return tri__build2(w->g, both ? TRI_OP_logical_and : TRI_OP_logical_or, a, b);
}

static uint32_t write_call(struct writer *w, int depth) {
  static const tri_op ops[] = {TRI_OP_sin,   TRI_OP_exp, TRI_OP_tanh, TRI_OP_abs,
                               TRI_OP_atan2, TRI_OP_max, TRI_OP_pow,  TRI_OP_select};
  tri_op op = ops[random_below(8)];
  uint32_t args[3] = {0};
  unsigned n = tri__rows[op].arity;
  put(w, tri__rows[op].name);
  open_bracket(w);
  for (unsigned i = 0; i < n; i++) {
    if (i) put(w, ",");
    args[i] = op == TRI_OP_select && i == 0 ? write_conditions(w, depth - 1)
                                            : write_any(w, depth - 1, ANY);
  }
  close_bracket(w);
  return tri__build(w->g, op, n, args);
}

static uint32_t write_primary(struct writer *w, int depth) {
  if (depth <= 0) return random_below(2) ? write_number(w) : write_name(w);
  switch (random_below(4)) {
  case 0: return write_number(w);
  case 1: return write_name(w);
  case 2: return write_call(w, depth);
  default: return write_group(w, depth);
  }
}

static uint32_t write_superscript(struct writer *w, uint32_t base) {
  static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  uint32_t n = random_below(10);
  bool negative = random_below(4) == 0;
  char text[16];
  snprintf(text, sizeof text, "%s%s", negative ? "⁻" : "", digits[n]);
  w->size += (size_t)snprintf(w->text + w->size, sizeof w->text - w->size, "%s", text);
  return tri__build2(w->g, TRI_OP_pow, base, tri__constant_si(w->g, negative ? -(int64_t)n : n, 1));
}

/* A number, group or power with a factor behind it that needs no sign. */
static uint32_t write_juxtaposed(struct writer *w, int depth) {
  bool number = random_below(2), powered = random_below(3) == 0;
  uint32_t a = number ? write_number(w) : write_group(w, depth), b;
  if (powered) a = write_superscript(w, a);
  if (number && !powered) w->text[w->size++] = ' '; /* 0x and 2e+1 are other things */
  switch (random_below(3)) {
  case 0: b = write_name(w); break;
  case 1: b = write_call(w, depth); break;
  default: b = write_group(w, depth);
  }
  if (random_below(3) == 0) b = write_superscript(w, b);
  return tri__build2(w->g, TRI_OP_mul, a, b);
}

static uint32_t write_binary(struct writer *w, int depth, enum strength strength) {
  uint32_t a = write_any(w, depth - 1, strength), kind = random_below(2);
  if (strength == SUM && kind == 0) PUT(w, "+");
  if (strength == SUM && kind == 1) PUT(w, "-", "−");
  if (strength == PRODUCT && kind == 0) PUT(w, "*", "·", "×");
  if (strength == PRODUCT && kind == 1) PUT(w, "/", "÷");
  uint32_t b = write_any(w, depth - 1, strength + 1);
  return tri__build2(w->g, (tri_op)((strength == SUM ? TRI_OP_add : TRI_OP_mul) + kind), a, b);
}

static uint32_t write_power(struct writer *w, int depth) {
  uint32_t a = write_any(w, depth - 1, POSTFIX);
  PUT(w, "^", "**");
  uint32_t b = write_any(w, depth - 1, PREFIX);
  return tri__build2(w->g, TRI_OP_pow, a, b);
}

/* Something that binds at least as tightly as `strength`; in brackets if what was chosen does not. */
static uint32_t write_any(struct writer *w, int depth, enum strength strength) {
  if (depth <= 0) return write_primary(w, 0);
  enum strength own = SUM + random_below(5);
  if (own < strength) return random_below(2) ? write_group(w, depth) : write_primary(w, depth);
  switch (own) {
  case PRODUCT:
    return random_below(3) ? write_binary(w, depth, PRODUCT) : write_juxtaposed(w, depth);
  case PREFIX:
    if (random_below(3))
      return PUT(w, "-", "−"), tri__build1(w->g, TRI_OP_neg, write_any(w, depth - 1, PREFIX));
    return put(w, "√"), tri__build1(w->g, TRI_OP_sqrt, write_any(w, depth - 1, PREFIX));
  case POWER: return write_power(w, depth);
  case POSTFIX: {
    uint32_t id = write_primary(w, depth);
    return random_below(3) ? id : write_superscript(w, id);
  }
  default: return write_binary(w, depth, SUM);
  }
}

START_TEST(written_and_built) {
  static struct writer w;
  int refused = 0, rounds = 20000 * multiplier();
  start_random(20261123);
  for (int round = 0; round < rounds; round++) {
    w.g = tri_graph_new(NULL);
    w.size = w.n_tokens = w.open = 0;
    uint32_t id = write_any(&w, 1 + (int)random_below(6), ANY);
    tri_graph_clear_error(w.g);
    tri_expr e = tri_parse(w.g, w.text, w.size);
    if (id_is_error(id)) {
      ck_assert_int_ne(tri_expr_status(e), TRI_OK);
      refused++;
    } else {
      ck_assert_msg(e.id == id, "%.*s: %s", (int)w.size, w.text, tri_graph_error(w.g)->message);
    }
    tri_graph_free(w.g);
  }
  ck_assert_int_lt(refused, rounds / 4); /* constants too large, 0⁻¹ */
}
END_TEST

static void count_to(const char *text, size_t to, uint32_t *line, uint32_t *column) {
  *line = *column = 1;
  for (size_t i = 0; i < to;) {
    uint32_t code;
    i += tri__utf8(text + i, to - i, &code);
    *column = code == '\n' ? 1 : *column + (uint32_t)tri__cells(code);
    *line += code == '\n';
  }
}

/* A sign without meaning before any token is found there. */
START_TEST(places) {
  static struct writer w;
  static char text[sizeof w.text + 1];
  start_random(42);
  for (int round = 0; round < 5000 * multiplier(); round++) {
    w.g = tri_graph_new(NULL);
    w.size = w.n_tokens = w.open = 0;
    uint32_t id = write_any(&w, 1 + (int)random_below(5), ANY), line, column;
    tri_graph_clear_error(w.g);
    size_t at = w.tokens[random_below((uint32_t)w.n_tokens)];
    memcpy(text, w.text, at);
    text[at] = '@';
    memcpy(text + at + 1, w.text + at, w.size - at);
    tri_expr e = tri_parse(w.g, text, w.size + 1);
    const tri_error *error = tri_graph_error(w.g);
    count_to(text, at, &line, &column);
    ck_assert_int_ne(tri_expr_status(e), TRI_OK);
    if (!id_is_error(id))
      ck_assert_msg(error->status == TRI_SYNTAX && error->line == line && error->column == column,
                    "%.*s: %u:%u not %u:%u: %s", (int)w.size + 1, text, error->line, error->column,
                    line, column, error->message);
    tri_graph_free(w.g);
  }
}
END_TEST

/* --- depth, with a stack of 256 KiB */

static char *repeated(const char *before, const char *middle, const char *after, size_t n) {
  size_t a = strlen(before), m = strlen(middle), b = strlen(after);
  char *text = malloc(n * (a + b) + m + 1), *p = text;
  ck_assert_ptr_nonnull(text);
  for (size_t i = 0; i < n; i++, p += a) memcpy(p, before, a);
  memcpy(p, middle, m);
  p += m;
  for (size_t i = 0; i < n; i++, p += b) memcpy(p, after, b);
  *p = '\0';
  return text;
}

enum { DEEP = 1000000 };

struct deep {
  const char *before, *middle, *after;
  size_t nodes; /* at least, that the result brings */
  tri_status status;
};

static void *parse_deep(void *data) {
  const struct deep *d = data;
  tri_graph *g = tri_graph_new(NULL);
  char *text = repeated(d->before, d->middle, d->after, DEEP);
  tri_expr e = tri_parse(g, text, strlen(text));
  ck_assert_msg(tri_expr_status(e) == d->status, "%s…%s: %s", d->before, d->after,
                tri_graph_error(g)->message);
  ck_assert_uint_ge(tri_graph_size(g), d->nodes);
  free(text);
  tri_graph_free(g);
  return NULL;
}

START_TEST(deep_texts) {
  static const struct deep all[] = {
      {"sin(", "x", ")", DEEP, TRI_OK},
      {"(", "x", ")", 0, TRI_OK},
      {"-", "x", "", 0, TRI_OK},
      {"−(", "x", ")", 0, TRI_OK},
      {"+", "x", "", 0, TRI_OK},
      {"not ", "a < b", "", 0, TRI_OK},
      {"√", "x", "", DEEP, TRI_OK},
      {"x^", "x", "", DEEP, TRI_OK},
      {"x^-", "x", "", DEEP, TRI_OK},
      {"(", "x", "+1)²", DEEP, TRI_OK},
      {"2(", "x", " + 1)", DEEP, TRI_OK},
      {"pow(x, ", "x", ")", DEEP, TRI_OK},
      {"", "x", " + x", DEEP, TRI_OK},
      {"", "x", "*y", DEEP, TRI_OK},
      {"a < b or ", "a < b", "", 0, TRI_OK},
      {"[", "x", "]", 0, TRI_LIMIT}, /* dimensions of a shape */
      {"(", "x", "", 0, TRI_SYNTAX},
      {"sin(", "", "", 0, TRI_SYNTAX},
      {"∂(", "x", ")", 0, TRI_SYNTAX},
      {"", "x", "'", 0, TRI_SYNTAX},
      {"", "x", "²", 0, TRI_SYNTAX},
      {"", "x", ")", 0, TRI_SYNTAX},
      {"select(a<b,", "x", ",y)", DEEP, TRI_OK},
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ck_assert_int_eq(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    pthread_t thread;
    struct deep d = all[i];
    ck_assert_int_eq(pthread_create(&thread, &attributes, parse_deep, &d), 0);
    pthread_join(thread, NULL);
  }
  pthread_attr_destroy(&attributes);
}
END_TEST

/* --- limits */

static const tri_error *parse_limited(tri_limits limits, const char *text, size_t size) {
  static tri_error error;
  tri_graph *g = tri_graph_new(&(tri_graph_options){.limits = limits});
  uint32_t nodes = tri_graph_size(g);
  tri_expr e = tri_parse(g, text, size);
  error = *tri_graph_error(g);
  ck_assert_int_eq(tri_expr_status(e), error.status);
  if (error.status == TRI_LIMIT && error.line == 0) ck_assert_uint_eq(tri_graph_size(g), nodes);
  tri_graph_free(g);
  return &error;
}

START_TEST(limits) {
  const tri_error *error = parse_limited((tri_limits){.text = 10}, "x+x+x+x+x+x", 11);
  ck_assert_int_eq(error->status, TRI_LIMIT);
  ck_assert_ptr_nonnull(strstr(error->message, "10 bytes"));
  ck_assert_int_eq(parse_limited((tri_limits){.text = 11}, "x+x+x+x+x+x", 11)->status, TRI_OK);
  error = parse_limited((tri_limits){.depth = 3}, "((((x))))", 9);
  ck_assert_int_eq(error->status, TRI_LIMIT);
  ck_assert_uint_eq(error->column, 4);
  ck_assert_ptr_nonnull(strstr(error->message, "3 open brackets"));
  ck_assert_int_eq(parse_limited((tri_limits){.depth = 4}, "((((x))))", 9)->status, TRI_OK);
  ck_assert_int_eq(parse_limited((tri_limits){.depth = 4}, "x^x^x^x^x", 9)->status, TRI_OK);
  ck_assert_int_eq(parse_limited((tri_limits){.depth = 3}, "x^x^x^x^x", 9)->status, TRI_LIMIT);
  ck_assert_int_eq(parse_limited((tri_limits){.depth = 1}, "x+x+x+x+x", 9)->status, TRI_OK);
  ck_assert_int_eq(parse_limited((tri_limits){.digits = 5}, "x + 123456", 10)->status, TRI_LIMIT);
  ck_assert_int_eq(parse_limited((tri_limits){.digits = 50}, "1e20000000000", 13)->status,
                   TRI_LIMIT);
  /* 100 MB on one line: refused by its size alone, before a byte is read */
  ck_assert_int_eq(parse_limited((tri_limits){0}, "x", 100000000)->status, TRI_LIMIT);
}
END_TEST

START_TEST(interrupted) {
  volatile int stop = 1;
  tri_graph *g = tri_graph_new(&(tri_graph_options){.interrupt = &stop});
  char *text = repeated("x+", "x", "", 100000);
  ck_assert_int_eq(tri_expr_status(tri_parse(g, text, strlen(text))), TRI_INTERRUPTED);
  ck_assert_uint_lt(tri_graph_error(g)->column, 10000);
  stop = 0;
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_expr_status(tri_parse(g, text, strlen(text))), TRI_OK);
  free(text);
  tri_graph_free(g);
}
END_TEST

/* --- anything at all: an expression or an error with a place inside the text, and no memory lost */

START_TEST(noise) {
  static const char *const pieces[] = {
      "x",  "sin",    "12", ".5",    "..",   "²",   "⁻¹",     "(",       "(",     ")",
      ")",  "[",      "]",  " ",     "\n",   ";",   "#",      "\"a\"",   "∂",     "√",
      "+",  "-",      "*",  "/",     "^",    "<",   "==",     "not ",    " and ", "'",
      ",",  "=",      "π",  "f",     "∂x",   "/∂x", "atan2(", "select(", "sum(",  "scan(",
      "s=", "i=1..3", "x[", "norm(", "\xff", "変",  "1e5",    "ε",       "0x1p3"};
  start_random(7);
  for (int round = 0; round < 100000 * multiplier(); round++) {
    tri_graph *g = tri_graph_new(NULL);
    char text[256];
    size_t size = 0;
    while (size + 8 < sizeof text && random_below(25)) {
      const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];
      memcpy(text + size, piece, strlen(piece));
      size += strlen(piece);
    }
    tri_expr e = tri_parse(g, text, size);
    const tri_error *error = tri_graph_error(g);
    ck_assert_int_eq(tri_expr_status(e), error->status);
    if (error->status) {
      ck_assert_msg(error->line >= 1 && error->column >= 1 && error->message[0], "%.*s", (int)size,
                    text);
      ck_assert_uint_le(error->line + error->column, 3 * size + 2);
    }
    tri_graph_free(g);
  }
}
END_TEST

static Suite *parse_suite(void) {
  Suite *s = suite_create("parse");
  TCase *c = tcase_create("parse");
  tcase_add_test(c, equal_texts);
  tcase_add_test(c, errors);
  tcase_add_test(c, nul_bytes);
  tcase_add_test(c, sticky);
  tcase_add_test(c, written_and_built);
  tcase_add_test(c, places);
  tcase_add_test(c, deep_texts);
  tcase_add_test(c, limits);
  tcase_add_test(c, interrupted);
  tcase_add_test(c, noise);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("parse", parse_suite); }
