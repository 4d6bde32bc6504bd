/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Expressions as a person would write them: infix, Unicode and LaTeX. */

#include "tests/graph/printing.h"
#include "tests/runner.h"

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
    expect(forms[i].input, TRI_INFIX, forms[i].infix);
    expect(forms[i].input, TRI_INFIX_UNICODE, forms[i].unicode);
    expect(forms[i].input, TRI_LATEX, forms[i].latex);
  }
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

static Suite *suite(void) {
  return tri_test_suite("print", 0, NULL, NULL, as_a_person_writes, shaped_variables);
}

int main(void) { return tri_test_main("test_print", suite); }
