/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of printing: what is printed reads back as the same value and prints the same again, whatever the order in which the graph
 * was built; C text computes what the rows' kernels do; any depth takes linear time and a small stack. */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <triad/eval.h>
#include <triad/mp.h>

#include "graph/node.h"
#include "graph/walk.h"
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

static void start_random(void) {
  const char *text = getenv("TRI_TEST_SEED");
  seed = text ? strtoull(text, NULL, 10) : UINT64_C(1795732482);
  printf("# seed %" PRIu64 "\n", seed);
}

/* --- helpers */

static tri_text print_as(tri_expr e, tri_format format) {
  tri_text text = {0};
  tri_print_options options = {.format = format};
  ck_assert_int_eq(tri_print(e, &options, &text), TRI_OK);
  return text;
}

static tri_expr parse(tri_graph *g, const char *text) {
  tri_expr e = tri_parse(g, text, strlen(text));
  ck_assert_msg(tri_expr_status(e) == TRI_OK, "%s: %s", text, tri_graph_error(g)->message);
  return e;
}

static void expect(const char *input, tri_format format, const char *want) {
  if (!want) return;
  tri_graph *g = tri_graph_new(NULL);
  tri_text text = print_as(parse(g, input), format);
  ck_assert_msg(strcmp(text.data, want) == 0, "%s prints\n  %s, not\n  %s", input, text.data, want);
  tri_text_free(&text);
  tri_graph_free(g);
}

/* --- as a person would write */

static const struct {
  const char *input, *infix, *unicode, *latex;
} forms[] = {
    /* sums: by degree, then the alphabet; constants last; no minus in front for the sake of one term */
    {"x²y+y+2", "x^2*y + y + 2", "x²y + y + 2", "x^{2} y + y + 2"},
    {"2+y*2*x", "2*x*y + 2", "2x·y + 2", "2 x y + 2"},
    {"1+x^2", "x^2 + 1", "x² + 1", "x^{2} + 1"},
    {"1-x^2", "1 - x^2", "1 - x²", "1 - x^{2}"},
    {"-x^2-y^2+1", "1 - x^2 - y^2", NULL, NULL},
    {"-x^2+x-1", "-x^2 + x - 1", NULL, NULL},
    {"y-x", "y - x", NULL, NULL},
    {"-x-y", "-x - y", NULL, NULL},
    {"-(x+1)*y", "-y*(x + 1)", NULL, NULL},
    {"x*y^2+x^3+x^2*y+y^3", "x^3 + x^2*y + x*y^2 + y^3", NULL, NULL},
    {"x10+x9+x2", "x2 + x9 + x10", NULL, "x_{2} + x_{9} + x_{10}"},
    {"b+w2*x2+w1*x1", "w1*x1 + w2*x2 + b", NULL, NULL},
    {"y+2+y*(x+1)^2", "y*(x + 1)^2 + y + 2", NULL, NULL},
    {"x-1-(x-1)^2/2+(x-1)^3/3", "(x - 1)^3/3 - (x - 1)^2/2 + x - 1", NULL, NULL},
    {"y-(x-1)^2", "y - (x - 1)^2", NULL, NULL},
    {"y-(w*x+b)", "y - w*x - b", "y - w·x - b", "y - w x - b"},
    {"z-(x-(y-1))", "-x + y + z - 1", NULL, NULL},
    {"z+(x+(y+1))", "x + y + z + 1", NULL, NULL},
    {"2*exp(x)+x^2*exp(x)+2*x*exp(x)", "x^2*exp(x) + 2*x*exp(x) + 2*exp(x)", NULL, NULL},
    {"cos(x)^2+sin(x)^2", "sin(x)^2 + cos(x)^2", "sin(x)² + cos(x)²", "\\sin^{2} x + \\cos^{2} x"},
    {"pi+sqrt(2)+1+x", "x + pi + sqrt(2) + 1", "x + π + √2 + 1", "x + \\pi + \\sqrt{2} + 1"},
    /* value first, then what carries eps */
    {"24*eps+42", "42 + 24*eps", "42 + 24ε", "42 + 24 \\varepsilon"},
    {"eps*y+x*y", "x*y + y*eps", "x·y + y·ε", NULL},
    {"5-eps", "5 - eps", NULL, NULL},
    /* products: number, pi, variables, functions; one fraction */
    {"y*x*-2", "-2*x*y", "-2x·y", "-2 x y"},
    {"-x", "-x", "-x", "-x"},
    {"r^2*pi", "pi*r^2", "π·r²", "\\pi r^{2}"},
    {"exp(x)*sin(y)*(x+1)*y", "y*(x + 1)*exp(x)*sin(y)", "y·(x + 1)·exp(x)·sin(y)",
     "y \\left(x + 1\\right) e^{x} \\sin y"},
    {"(x+1)*(x-1)", "(x + 1)*(x - 1)", "(x + 1)(x - 1)",
     "\\left(x + 1\\right) \\left(x - 1\\right)"},
    {"1/x", "1/x", "1/x", "\\frac{1}{x}"},
    {"2/3*x", "2*x/3", "2x/3", "\\frac{2 x}{3}"},
    {"x/3", "x/3", NULL, NULL},
    {"1/2*x", "x/2", "x/2", "\\frac{x}{2}"},
    {"0.1x", "x/10", NULL, NULL},
    {"0.123*x", "0.123*x", "0.123x", "0.123 x"},
    {"1e22*x", "1e22*x", "1e22x", "10^{22} x"},
    {"1.5e-7*x", "1.5e-7*x", NULL, "1.5 \\cdot 10^{-7} x"},
    {"x/y/z", "x/(y*z)", "x/(y·z)", "\\frac{x}{y z}"},
    {"x/(y/z)", "x/(y/z)", NULL, "\\frac{x}{\\frac{y}{z}}"},
    {"y*x^-2", "y/x^2", "y/x²", "\\frac{y}{x^{2}}"},
    {"-x/(2*y)", "-x/(2*y)", "-x/(2y)", "-\\frac{x}{2 y}"},
    {"(x+1)/(y-1)", "(x + 1)/(y - 1)", NULL, "\\frac{x + 1}{y - 1}"},
    {"x-1/3", "x - 1/3", NULL, "x - \\frac{1}{3}"},
    {"3.14+x", "x + 3.14", NULL, NULL},
    /* signs that may not be left out */
    {"2*e3", "2*e3", "2·e3", "2 e_{3}"},
    {"2*e", "2*e", "2e", NULL},
    {"0*log(x)", "0*log(x)", "0·log(x)", NULL},
    {"2*3^x", "2*3^x", "2·3^x", "2 \\cdot 3^{x}"},
    {"x*(y+1)", "x*(y + 1)", "x·(y + 1)", "x \\left(y + 1\\right)"},
    {"x^2*(y+1)", "x^2*(y + 1)", "x²(y + 1)", "x^{2} \\left(y + 1\\right)"},
    /* powers and roots */
    {"(x+1)^2", "(x + 1)^2", "(x + 1)²", "\\left(x + 1\\right)^{2}"},
    {"x^(1/3)", "x^(1/3)", NULL, "x^{\\frac{1}{3}}"},
    {"x^y^z", "x^y^z", NULL, "x^{y^{z}}"},
    {"(x^y)^z", "(x^y)^z", NULL, "\\left(x^{y}\\right)^{z}"},
    {"(-2)^x", "(-2)^x", NULL, "\\left(-2\\right)^{x}"},
    {"(1/2)^x", "(1/2)^x", NULL, "\\left(\\frac{1}{2}\\right)^{x}"},
    {"2^(-x)", "2^(-x)", NULL, "2^{-x}"},
    {"x^12", "x^12", "x¹²", "x^{12}"},
    {"sqrt(x)*sqrt(x+1)", "sqrt(x)*sqrt(x + 1)", "√x·√(x + 1)", "\\sqrt{x} \\sqrt{x + 1}"},
    {"1/sqrt(x)", "1/sqrt(x)", "1/√x", "\\frac{1}{\\sqrt{x}}"},
    {"sqrt(x)^3", "sqrt(x)^3", "(√x)³", "\\sqrt{x}^{3}"},
    {"exp(x)^2", "exp(x)^2", "exp(x)²", "\\left(e^{x}\\right)^{2}"},
    {"exp(-x^2)/2", "exp(-x^2)/2", "exp(-x²)/2", "\\frac{e^{-x^{2}}}{2}"},
    {"log2(x)^2", "log2(x)^2", NULL, "\\left(\\log_{2} x\\right)^{2}"},
    {"sin(x+1)*cos(2*x)", "sin(x + 1)*cos(2*x)", "sin(x + 1)·cos(2x)",
     "\\sin \\left(x + 1\\right) \\cos \\left(2 x\\right)"},
    /* functions and conditions */
    {"max(0,x)", "max(x, 0)", NULL, "\\max\\left(x, 0\\right)"},
    {"atan2(y,x)", "atan2(y, x)", NULL, "\\operatorname{atan2}\\left(y, x\\right)"},
    {"gate(x,y)", "gate(x, y)", NULL, "x \\cdot y"},
    {"gate(x+1,y)", "gate(x + 1, y)", NULL, "\\left(x + 1\\right) \\cdot y"},
    {"abs(x)/3", "abs(x)/3", NULL, "\\frac{\\left|x\\right|}{3}"},
    {"select(x<y and y<=2 or not x==0,x,y)", "select(x < y and y <= 2 or not x == 0, x, y)",
     "select(x < y and y ≤ 2 or not x == 0, x, y)",
     "\\begin{cases} x & x < y \\land y \\le 2 \\lor \\lnot x = 0 \\\\ y & \\text{else} "
     "\\end{cases}"},
    {"select(not (x<1 or y!=2) and z>=0,1,2)", "select(z >= 0 and not (x < 1 or y != 2), 1, 2)",
     "select(z ≥ 0 and not (x < 1 or y ≠ 2), 1, 2)", NULL},
    {"(x<1) == (1<x)", NULL, NULL, NULL},
    {"1<2", "1 == 1", NULL, "\\text{true}"},
    {"2<1", "1 == 0", NULL, "\\text{false}"},
    /* vectors */
    {"[2*x*y, x^2+1]", "[2*x*y, x^2 + 1]", "[2x·y, x² + 1]",
     "\\begin{pmatrix} 2 x y \\\\ x^{2} + 1 \\end{pmatrix}"},
    {"[[2y,2x],[2x,0]]", "[[2*y, 2*x], [2*x, 0]]", "[[2y, 2x], [2x, 0]]",
     "\\begin{pmatrix} 2 y & 2 x \\\\ 2 x & 0 \\end{pmatrix}"},
    /* names */
    {"alpha*beta1+w_out", "alpha*beta1 + w_out", NULL, "\\alpha \\beta_{1} + w_{\\mathrm{out}}"},
    {"ω*speed+x_1", "speed*ω + x_1", NULL, "\\mathrm{speed} \\omega + x_{1}"},
};

START_TEST(as_a_person_writes) {
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    if (!forms[i].infix) continue;
    expect(forms[i].input, TRI_INFIX, forms[i].infix);
    expect(forms[i].input, TRI_INFIX_UNICODE, forms[i].unicode);
    expect(forms[i].input, TRI_LATEX, forms[i].latex);
  }
}
END_TEST

START_TEST(constants_of_c) {
  tri_graph *g = tri_graph_new(NULL);
  static const struct {
    double x;
    const char *text;
  } doubles[] = {{0.1, "0x1.999999999999ap-4"},
                 {-0.1, "-0x1.999999999999ap-4"},
                 {1.0 / 3.0, "0x1.5555555555555p-2"},
                 {0.5, "0.5"},
                 {3.0, "3.0"},
                 {1e22, "1e22"},
                 {5e-324, "0x1p-1074"},
                 {1.0 + 0x1p-52, "0x1.0000000000001p+0"}};
  for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
    tri_text text = print_as(tri_double(g, doubles[i].x), TRI_C);
    if (!strchr(doubles[i].text, '+')) ck_assert_str_eq(text.data, doubles[i].text);
    double back =
        strtod(text.data, NULL); /* hexadecimal, so without a decimal point of the locale */
    if (strchr(text.data, 'x'))
      ck_assert_msg(back == doubles[i].x || strchr(text.data, '.'), "%s", text.data);
    tri_text_free(&text);
  }
  tri_graph_free(g);
  expect("1/3", TRI_C, "1.0 / 3.0");
  expect("0.1", TRI_C, "0.1");
  expect("-2/7*x", TRI_C, "-2.0 / 7.0 * x");
  expect("x^(1/3)", TRI_C, "pow(x, 1.0 / 3.0)");
  expect("(x+1)/3", TRI_C, "(x + 1.0) / 3.0");
  expect("x/(1/3)", TRI_C, "x / (1.0 / 3.0)");
  expect("10^400*x", TRI_C, "HUGE_VAL * x");
  expect("1e-400+x", TRI_C, "x + 0.0");
  expect("123456789012345678901234567890*x", TRI_C, "1.2345678901234568e29 * x");
}
END_TEST

START_TEST(c_as_a_person_writes) {
  expect("x²y+y+2", TRI_C, "x * x * y + y + 2.0");
  expect("x-(y-z)", TRI_C, "x - (y - z)");
  expect("x/(y*z)", TRI_C, "x / (y * z)");
  expect("-(x+1)", TRI_C, "-(x + 1.0)");
  expect("x*-y", TRI_C, "-(x * y)");
  expect("(x+1)^2+x^5", TRI_C, NULL);
  expect("(x+1)^2", TRI_C, "pow(x + 1.0, 2.0)");
  expect("double+exp*exp(pi)", TRI_C, "exp_ * exp(3.141592653589793) + double_");
  expect("select(x<1 and y<1 or z<1,x,y)", TRI_C, "(z < 1.0 || (x < 1.0 && y < 1.0) ? x : y)");
  expect("select(not x<1,x,y)", TRI_C, "(!(x < 1.0) ? x : y)");
  expect("relu(x+1)", TRI_C, "double t1 = x + 1.0;\n(t1 > 0.0 ? t1 : 0.0)");
  expect("relu(t1+1)", TRI_C, "double t_1 = t1 + 1.0;\n(t_1 > 0.0 ? t_1 : 0.0)");
  tri_graph *g = tri_graph_new(NULL);
  tri_text text = {0};
  tri_print_options options = {.format = TRI_C};
  ck_assert_int_eq(tri_print(parse(g, "1+eps"), &options, &text), TRI_DOMAIN);
  ck_assert_uint_eq(text.size, 0);
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_print(parse(g, "[x, y]"), &options, &text), TRI_SHAPE);
  tri_text_free(&text);
  tri_graph_free(g);
}
END_TEST

START_TEST(shaped_variables) {
  tri_graph *g = tri_graph_new(NULL);
  int64_t dims[2] = {3, 4};
  tri_expr w = tri_variable_shaped(g, "w", 2, dims, NULL);
  tri_expr e = tri_add(tri_element(tri_element(w, 2), 1), tri_element(tri_element(w, 0), 3));
  static const struct {
    tri_format format;
    const char *text;
  } of[] = {{TRI_INFIX, "w[1, 4] + w[3, 2]"}, {TRI_LATEX, "{w}_{1, 4} + {w}_{3, 2}"}};
  for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
    tri_text text = print_as(e, of[i].format);
    ck_assert_str_eq(text.data, of[i].text);
    tri_text_free(&text);
  }
  tri_text text = print_as(e, TRI_C);
  ck_assert(strcmp(text.data, "w[0][3] + w[2][1]") == 0 ||
            strcmp(text.data, "w[2][1] + w[0][3]") == 0);
  tri_text_free(&text);
  tri_graph_free(g);
}
END_TEST

/* --- random programs: at each step a row over earlier results of the right sort */

enum { LEAVES = 7, STEPS = 24 };

struct program {
  tri_op op[STEPS];
  unsigned arg[STEPS][3];
  int exponent[STEPS]; /* of pow by a constant; 99: by an argument */
};

/* Whether the exact value is a rational, so that constants fold. */
static const tri_op exact_ops[] = {
    TRI_OP_neg,   TRI_OP_add,  TRI_OP_add,  TRI_OP_sub,       TRI_OP_sub,   TRI_OP_mul, TRI_OP_mul,
    TRI_OP_div,   TRI_OP_pow,  TRI_OP_abs,  TRI_OP_sign,      TRI_OP_min,   TRI_OP_max, TRI_OP_relu,
    TRI_OP_floor, TRI_OP_ceil, TRI_OP_gate, TRI_OP_heaviside, TRI_OP_select};

static bool is_condition(const struct program *p, unsigned v) {
  return v >= LEAVES && tri__rows[p->op[v - LEAVES]].sort == TRI_BOOLEAN;
}

static unsigned random_value(const struct program *p, unsigned step, bool condition) {
  for (int tries = 0; tries < 200; tries++) {
    unsigned v = random_below(LEAVES + step);
    if (random_below(2) && step > 3) v = LEAVES + step - 1 - random_below(3); /* grow in depth */
    if (is_condition(p, v) == condition) return v;
  }
  return 0;
}

static bool arguments_exist(const struct program *p, unsigned step) {
  const struct row *row = &tri__rows[p->op[step]];
  for (unsigned k = 0; k < row->arity; k++)
    if (is_condition(p, p->arg[step][k]) != (row->conditions >> k & 1)) return false;
  return true;
}

static struct program random_program(bool exact, const bool *allowed) {
  struct program p;
  for (unsigned i = 0; i < STEPS; i++) {
    do {
      p.op[i] = exact && random_below(5)
                    ? exact_ops[random_below(sizeof exact_ops / sizeof *exact_ops)]
                    : (tri_op)random_below(TRI_OP_ROWS);
      const struct row *row = &tri__rows[p.op[i]];
      for (unsigned k = 0; k < 3; k++) p.arg[i][k] = random_value(&p, i, row->conditions >> k & 1);
    } while ((exact && !tri__rows[p.op[i]].exact) || (allowed && !allowed[p.op[i]]) ||
             !arguments_exist(&p, i) || (i == STEPS - 1 && tri__rows[p.op[i]].sort == TRI_BOOLEAN));
    p.exponent[i] = exact || random_below(2) ? (int)random_below(7) - 3 : 99;
  }
  return p;
}

static uint32_t leaf(tri_graph *g, unsigned i, uint32_t with) {
  static const char *const names[] = {"x", "y", "z", "x2"};
  switch (i) {
  case 4: return tri__constant_si(g, -3, 2);
  case 5: return tri__constant_si(g, 2, 1);
  case 6: return with ? tri__constant_si(g, 1, 123) : tri__constant_si(g, 123, 1000);
  default: return tri_variable(g, names[i]).id;
  }
}

static uint32_t do_step(tri_graph *g, const struct program *p, unsigned i, const uint32_t *v) {
  uint32_t args[3] = {v[p->arg[i][0]], v[p->arg[i][1]], v[p->arg[i][2]]};
  if (p->op[i] == TRI_OP_pow && p->exponent[i] != 99)
    args[1] = tri__constant_si(g, p->exponent[i], 1);
  return tri__build(g, p->op[i], tri__rows[p->op[i]].arity, args);
}

/* Runs the program in any order in which arguments come first: as it stands, or shuffled. An error stays with its step. */
static uint32_t run_program(tri_graph *g, const struct program *p, bool shuffled) {
  uint32_t v[LEAVES + STEPS];
  bool done[LEAVES + STEPS] = {false};
  for (unsigned i = 0; i < LEAVES; i++) {
    unsigned k = shuffled ? LEAVES - 1 - i : i;
    v[k] = leaf(g, k, 0);
    done[k] = true;
  }
  for (unsigned left = STEPS; left > 0;) {
    unsigned i = shuffled ? random_below(STEPS) : STEPS - left;
    bool ready = !done[LEAVES + i];
    for (unsigned k = 0; k < tri__rows[p->op[i]].arity; k++) ready = ready && done[p->arg[i][k]];
    if (!ready) continue;
    v[LEAVES + i] = do_step(g, p, i, v);
    done[LEAVES + i] = true;
    left--;
  }
  return v[LEAVES + STEPS - 1];
}

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
    values[i] = tri_rational(g, (int64_t)random_below(13) - 6, 1 + random_below(3));
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

/* Printing and reading comes to rest: reading may find more to fold (a sum is read from the left, in the printed order), but in
 * a few rounds the text is read as the node that it was printed from. Unicode text is the same expression. */
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
  int known = 0, runs = 400 * multiplier();
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
  for (int i = 0; i < 400 * multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL);
    struct program p = random_program(false, NULL);
    tri_expr e = expr_of(g, run_program(g, &p, false));
    tri_text text = {0};
    if (tri_expr_status(e) == TRI_OK) text = print_as(e, TRI_INFIX);
    if (text.size && !strstr(text.data, ";\n")) check_text(g, e);
    tri_text_free(&text);
    tri_graph_free(g);
  }
}
END_TEST

/* The text depends on the expression, not on how and when its nodes were made. */
START_TEST(order_is_of_structure) {
  start_random();
  for (int i = 0; i < 200 * multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL), *h = tri_graph_new(NULL);
    struct program p = random_program(false, NULL), other = random_program(false, NULL);
    run_program(h, &other, true);
    tri_expr e = expr_of(g, run_program(g, &p, false)), f = expr_of(h, run_program(h, &p, true));
    for (int format = TRI_INFIX; format <= TRI_DOT && tri_expr_status(e) == TRI_OK; format++) {
      tri_text a = print_as(e, (tri_format)format), b = print_as(f, (tri_format)format);
      ck_assert_msg(strcmp(a.data, b.data) == 0, "first\n%s\nother\n%s", a.data, b.data);
      tri_text_free(&a);
      tri_text_free(&b);
    }
    tri_graph_free(g);
    tri_graph_free(h);
  }
}
END_TEST

/* Braces and \left … \right are balanced. */
START_TEST(latex_is_balanced) {
  start_random();
  for (int i = 0; i < 200 * multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL);
    struct program p = random_program(false, NULL);
    tri_expr e = expr_of(g, run_program(g, &p, false));
    if (tri_expr_status(e) == TRI_OK) {
      tri_text text = print_as(e, TRI_LATEX);
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
}
END_TEST

/* --- shared parts */

static tri_expr repeated_squares(tri_graph *g, int n) {
  tri_expr e = tri_variable(g, "x"), y = tri_variable(g, "y");
  for (int i = 0; i < n; i++) e = tri_add(tri_mul(e, e), tri_div(y, tri_integer(g, i % 5 + 2)));
  return e;
}

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

/* Values of texts with definitions, exactly: sums of shared products, small enough that the values fold. */
START_TEST(definitions_read_back_exactly) {
  start_random();
  for (int i = 0; i < 10 * multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL);
    enum { N = 400 };
    tri_expr v[N] = {tri_variable(g, "x"), tri_variable(g, "y"), tri_variable(g, "z"),
                     tri_integer(g, 3)};
    for (int k = 4; k < N; k++) {
      tri_expr a = v[random_below((uint32_t)k)], b = v[random_below((uint32_t)k)];
      tri_expr (*const sums[])(tri_expr, tri_expr) = {tri_add, tri_sub, tri_min, tri_max};
      v[k] = k % 9 == 0 ? tri_div(a, tri_integer(g, 3)) : sums[random_below(4)](a, b);
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

/* --- limits */

START_TEST(limits_of_text) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.limits.text = 1000});
  tri_text text = {0};
  tri_print_options tree = {.as_tree = 1};
  for (int format = TRI_INFIX; format <= TRI_C; format++) {
    tree.format = (tri_format)format;
    ck_assert_int_eq(tri_print(repeated_squares(g, 200), &tree, &text), TRI_LIMIT);
    ck_assert_uint_eq(text.size, 0);
    ck_assert_ptr_nonnull(strstr(tri_graph_error(g)->message, "1000"));
    tri_graph_clear_error(g);
  }
  tri_print_options dot = {.format = TRI_DOT};
  ck_assert_int_eq(tri_print(repeated_squares(g, 200), &dot, &text), TRI_LIMIT);
  tri_graph_clear_error(g);
  tri_expr e = tri_variable(g, "x");
  for (int i = 0; i < 199; i++) e = tri_sin(e); /* 5 · 199 + 1 = 996 characters */
  ck_assert_int_eq(tri_print(e, NULL, &text), TRI_OK);
  ck_assert_uint_eq(text.size, 996);
  ck_assert_int_eq(tri_print(tri_sin(e), NULL, &text), TRI_LIMIT);
  ck_assert_uint_eq(text.size, 996); /* what was there stays, and no more */
  ck_assert_uint_eq(strlen(text.data), 996);
  tri_graph_clear_error(g);
  ck_assert_int_eq(tri_print(tri_log(tri_variable(g, "x")), NULL, &text), TRI_OK);
  ck_assert_str_eq(text.data + 996, "log(x)");
  tri_text_free(&text);
  tri_expr wrong = tri_div(e, tri_sqrt(tri_add(e, tri_rational(g, 1, 0))));
  ck_assert_int_eq(tri_print(wrong, NULL, &text), TRI_DOMAIN);
  ck_assert_int_eq(tri_print(e, NULL, NULL), TRI_ARGUMENT);
  tri_graph_free(g);
}
END_TEST

static volatile int interrupt_flag;

START_TEST(printing_can_be_interrupted) {
  tri_graph *g = tri_graph_new(&(tri_graph_options){.interrupt = &interrupt_flag});
  tri_expr e = tri_variable(g, "x");
  for (int i = 0; i < 20000; i++) e = tri_sin(e);
  interrupt_flag = 1;
  for (int format = TRI_INFIX; format <= TRI_DOT; format++) {
    tri_text text = {0};
    tri_print_options options = {.format = (tri_format)format};
    ck_assert_int_eq(tri_print(e, &options, &text), TRI_INTERRUPTED);
    tri_text_free(&text);
    tri_graph_clear_error(g);
  }
  interrupt_flag = 0;
  tri_graph_free(g);
}
END_TEST

/* --- depth: all formats with a stack of 256 KiB */

static tri_expr deep(tri_graph *g, int kind, int n) {
  tri_expr x = tri_variable(g, "x"), e = x;
  for (int i = 0; i < n; i++) {
    char name[16];
    snprintf(name, sizeof name, "x%d", i);
    switch (kind) {
    case 0: e = tri_sin(e); break;
    case 1: e = tri_add(e, tri_variable(g, name)); break;
    case 2: e = tri_mul(e, tri_variable(g, name)); break;
    case 3: e = tri_sub(x, tri_div(tri_integer(g, i % 7 + 2), e)); break;
    case 4: e = tri_pow(x, e); break;
    default: e = tri_add(tri_mul(e, e), x); break;
    }
  }
  return e;
}

static void *print_deep(void *data) {
  static const int sizes[] = {1000000, 1000000, 100000, 30000, 30000, 30000};
  for (int kind = 0; kind < 6; kind++) {
    tri_graph *g = tri_graph_new(NULL);
    tri_expr e = deep(g, kind, sizes[kind]);
    for (int format = TRI_INFIX; format <= (kind == 1 ? TRI_INFIX : TRI_DOT); format++) {
      tri_text text = {0};
      tri_print_options options = {.format = (tri_format)format};
      tri_status status = tri_print(e, &options, &text);
      if (status && !(format == TRI_DOT && status == TRI_LIMIT)) *(tri_status *)data = status;
      if (kind == 0 && format == TRI_INFIX && text.size != 5000001)
        *(tri_status *)data = TRI_UNKNOWN;
      tri_text_free(&text);
      tri_graph_clear_error(g);
    }
    tri_graph_free(g);
  }
  return NULL;
}

START_TEST(any_depth) {
  pthread_attr_t attributes;
  pthread_t thread;
  tri_status status = TRI_OK;
  pthread_attr_init(&attributes);
  ck_assert_int_eq(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  clock_t start = clock();
  ck_assert_int_eq(pthread_create(&thread, &attributes, print_deep, &status), 0);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
  ck_assert_int_eq(status, TRI_OK);
  printf("# %.2f s\n", (double)(clock() - start) / CLOCKS_PER_SEC);
}
END_TEST

/* The time of a text grows as its size. */
START_TEST(linear_time) {
  for (int kind = 0; kind < 6; kind++) {
    double seconds[2] = {1e9, 1e9};
    for (int large = 0; large < 2; large++) {
      tri_graph *g = tri_graph_new(NULL);
      tri_expr e = deep(g, kind, large ? 160000 : 20000);
      for (int tries = 0; tries < 3; tries++) {
        clock_t start = clock();
        tri_text text = print_as(e, TRI_INFIX);
        double took = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (took < seconds[large]) seconds[large] = took;
        tri_text_free(&text);
      }
      tri_graph_free(g);
    }
    ck_assert_msg(seconds[1] < 24 * seconds[0] + 0.05, "kind %d: %g s, then %g s", kind, seconds[0],
                  seconds[1]); /* 8 times the size: 64 times for a quadratic method */
  }
}
END_TEST

/* --- the computation graph */

static size_t count(const char *text, const char *piece) {
  size_t n = 0;
  for (; (text = strstr(text, piece)) != NULL; text += strlen(piece)) n++;
  return n;
}

static const char *label(void *data, tri_expr e) {
  *(size_t *)data += 1;
  return tri_expr_op(e) == TRI_OP_variable ? "a \"quoted\"\\\nline" : NULL;
}

START_TEST(dot_has_each_node_once) {
  start_random();
  for (int i = 0; i < 100 * multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL);
    struct program p = random_program(false, NULL);
    tri_expr e = expr_of(g, run_program(g, &p, true));
    if (tri_expr_status(e) == TRI_OK) {
      tri_text text = print_as(e, TRI_DOT);
      struct walk w;
      size_t edges = 0;
      ck_assert_int_eq(tri__walk(g, 1, &e.id, &w), TRI_OK);
      for (uint32_t k = 0; k < w.count; k++) edges += node_at(g, w.ids[k])->nargs;
      ck_assert_uint_eq(count(text.data, " [label="), w.count);
      ck_assert_uint_eq(count(text.data, " -> "), edges);
      ck_assert_uint_eq(count(text.data, "peripheries"), 1);
      tri__walk_free(&w);
      tri_text_free(&text);
    }
    tri_graph_free(g);
  }
}
END_TEST

START_TEST(dot_labels) {
  tri_graph *g = tri_graph_new(NULL);
  size_t calls = 0;
  tri_text text = {0};
  tri_print_options options = {.format = TRI_DOT, .label = label, .label_data = &calls};
  ck_assert_int_eq(tri_print(parse(g, "atan2(x, 1/3) <= 0.5"), &options, &text), TRI_OK);
  ck_assert_uint_eq(calls, 5);
  ck_assert_ptr_nonnull(strstr(text.data, "[label=\"x\\na \\\"quoted\\\"\\\\\\nline\", shape=box"));
  ck_assert_ptr_nonnull(strstr(text.data, "[label=\"atan2\"]"));
  ck_assert_ptr_nonnull(strstr(text.data, "[label=\"1/3\", shape"));
  ck_assert_ptr_nonnull(strstr(text.data, "[label=\"<=\", peripheries=2]"));
  ck_assert_uint_eq(count(text.data, "headlabel=\"1\""), 2);
  ck_assert_uint_eq(count(text.data, "headlabel=\"2\""), 2);
  tri_text_free(&text);
  tri_graph_free(g);
}
END_TEST

/* --- C computes what the kernels do */

enum { FUNCTIONS = 60, POINTS = 4 };
static const double points[POINTS][4] = {
    {0.7, 2.25, -1.5, 3.0}, {-0.3, 0.11, 5.5, -2.0}, {1.9, -0.8, 0.4, 0.02}, {12.5, 0.6, 0.9, 1.1}};

/* The kernels' value of e at a point; NaN also if anything in it has no value. */
static double by_kernels(tri_graph *g, tri_expr e, const double point[4]) {
  struct walk w;
  ck_assert_int_eq(tri__walk(g, 1, &e.id, &w), TRI_OK);
  double *values = calloc(w.count, sizeof *values), result = 0;
  for (uint32_t i = 0; i < w.count && !isnan(result); i++) {
    const struct node *n = node_at(g, w.ids[i]);
    double a[3] = {0};
    for (uint32_t k = 0; k < n->nargs; k++) a[k] = values[walk_position(&w, node_args(g, n)[k])];
    if (n->op < TRI_OP_ROWS)
      values[i] = g->rows[n->op].kernel(a[0], a[1], a[2]);
    else if (n->op == TRI_OP_pi)
      values[i] = 3.14159265358979323846;
    else if (!tri_expr_double(expr_of(g, w.ids[i]), &values[i]))
      for (unsigned k = 0; k < 4; k++)
        if (w.ids[i] == leaf(g, k, 0)) values[i] = point[k];
    result = values[i];
  }
  free(values);
  tri__walk_free(&w);
  return result;
}

/* Writes e as a function of C: definitions first, the last line is what it returns. */
static void write_function(FILE *file, int number, tri_expr e) {
  tri_text text = print_as(e, TRI_C);
  const char *last = text.data;
  for (const char *end = last; (end = strstr(end, ";\n")) != NULL; end += 2) last = end + 2;
  fprintf(file,
          "double f%d(double x, double y, double z, double x2) {\n(void)x, (void)y, (void)z, "
          "(void)x2;\n"
          "%.*sreturn %s;\n}\n",
          number, (int)(last - text.data), text.data, last);
  tri_text_free(&text);
}

/* Rows whose C is, bit for bit, the kernel: not those that a C program computes a little less exactly. */
static void choose_rows(bool allowed[TRI_OP_ROWS]) {
  static const tri_op not_here[] = {TRI_OP_sec,
                                    TRI_OP_csc,
                                    TRI_OP_cot,
                                    TRI_OP_sech,
                                    TRI_OP_cbrt,
                                    TRI_OP_gaussian,
                                    TRI_OP_gamma,
                                    TRI_OP_lgamma,
                                    TRI_OP_digamma,
                                    TRI_OP_polygamma,
                                    TRI_OP_sigmoid,
                                    TRI_OP_square,
                                    TRI_OP_sigmoid_rate,
                                    TRI_OP_pow,
                                    TRI_OP_lorentzian,
                                    TRI_OP_unit,
                                    TRI_OP_erfc,
                                    TRI_OP_softplus,
                                    TRI_OP_one_minus_square};
  for (int op = 0; op < TRI_OP_ROWS; op++) allowed[op] = true;
  for (size_t i = 0; i < sizeof not_here / sizeof *not_here; i++) allowed[not_here[i]] = false;
}

static tri_expr make_function(tri_graph *g, int number) {
  bool allowed[TRI_OP_ROWS];
  choose_rows(allowed);
  for (;;) {
    struct program p = random_program(false, allowed);
    tri_expr e = expr_of(g, run_program(g, &p, false));
    if (tri_expr_status(e) != TRI_OK || tri_expr_sort(e) != TRI_REAL) {
      tri_graph_clear_error(g);
      continue;
    }
    return number % 8 ? e : tri_add(e, repeated_squares(g, 250)); /* some with named parts */
  }
}

static FILE *open_c(const char *name) {
  FILE *file = fopen(name, "w");
  ck_assert_ptr_nonnull(file);
  fputs("#include <math.h>\n#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n", file);
  return file;
}

static void close_c(FILE *file) {
  fputs("static void show(double v) { uint64_t b; memcpy(&b, &v, 8); printf(\"%llx\\n\", (unsigned "
        "long "
        "long)b); }\nint main(void) {\n",
        file);
  for (int i = 0; i < FUNCTIONS; i++)
    for (int k = 0; k < POINTS; k++) {
      fprintf(file, "show(f%d(", i);
      for (int v = 0; v < 4; v++) { /* without the locale's point */
        tri_text text = {0};
        tri_graph *g = tri_graph_new(NULL);
        text = print_as(tri_double(g, points[k][v]), TRI_C);
        fprintf(file, "%s%s", v ? ", " : "", text.data);
        tri_text_free(&text);
        tri_graph_free(g);
      }
      fputs("));\n", file);
    }
  fputs("return 0;\n}\n", file);
  ck_assert_int_eq(fclose(file), 0);
}

START_TEST(compiled_c_is_the_kernels) {
  const char *cc = getenv("CC");
  char command[1024];
  start_random();
  FILE *file = open_c("test_print_compiled.c");
  tri_graph *g = tri_graph_new(NULL);
  tri_expr e[FUNCTIONS];
  for (int i = 0; i < FUNCTIONS; i++) write_function(file, i, e[i] = make_function(g, i));
  close_c(file);
  snprintf(command, sizeof command,
           "%s -std=c11 -O0 -fno-builtin -ffp-contract=off -w test_print_compiled.c -o "
           "test_print_compiled -lm",
           cc && *cc ? cc : "cc");
  if (system(command) != 0) {
    ck_assert_msg(system("command -v cc >/dev/null 2>&1") != 0, "the C text does not compile");
    tri_graph_free(g);
    return;
  }
  FILE *results = popen("./test_print_compiled", "r");
  ck_assert_ptr_nonnull(results);
  int compared = 0;
  for (int i = 0; i < FUNCTIONS; i++)
    for (int k = 0; k < POINTS; k++) {
      char line[64];
      ck_assert_ptr_nonnull(fgets(line, sizeof line, results));
      uint64_t bits = strtoull(line, NULL, 16);
      double got, want = by_kernels(g, e[i], points[k]);
      memcpy(&got, &bits, sizeof got);
      if (isnan(want)) continue;
      compared++;
      ck_assert_msg(got == want, "function %d at %d: %a, not %a", i, k, got, want);
    }
  ck_assert_int_eq(pclose(results), 0);
  ck_assert_int_gt(compared, FUNCTIONS / 4);
  remove("test_print_compiled.c");
  remove("test_print_compiled");
  tri_graph_free(g);
}
END_TEST

static Suite *print_suite(void) {
  Suite *suite = suite_create("print");
  TCase *texts = tcase_create("texts"), *laws = tcase_create("laws"),
        *sizes = tcase_create("sizes");
  tcase_add_test(texts, as_a_person_writes);
  tcase_add_test(texts, constants_of_c);
  tcase_add_test(texts, c_as_a_person_writes);
  tcase_add_test(texts, shaped_variables);
  tcase_add_test(laws, text_reads_back_exactly);
  tcase_add_test(laws, text_of_all_rows_reads_back);
  tcase_add_test(laws, order_is_of_structure);
  tcase_add_test(laws, latex_is_balanced);
  tcase_add_test(laws, shared_parts_are_named);
  tcase_add_test(laws, definitions_read_back_exactly);
  tcase_add_test(laws, dot_has_each_node_once);
  tcase_add_test(laws, dot_labels);
  tcase_add_test(laws, compiled_c_is_the_kernels);
  tcase_add_test(sizes, limits_of_text);
  tcase_add_test(sizes, printing_can_be_interrupted);
  tcase_add_test(sizes, any_depth);
  tcase_add_test(sizes, linear_time);
  suite_add_tcase(suite, texts);
  suite_add_tcase(suite, laws);
  suite_add_tcase(suite, sizes);
  return suite;
}

int main(void) { return tri_test_main("print", print_suite); }
