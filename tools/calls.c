/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The table of calls: what they are named, take and do, with a line of help and an example each.
 * Help, completion, the manual and the tests read it from here. */
#include "calls.h"

#include <string.h>

const struct call_row call_rows[] = {
    {"diff", 1, ANY_NUMBER, call_diff, "diff(e, x, …)",
     "symbolic derivative of an expression or function by each variable in turn; a number behind a "
     "variable repeats it",
     "diff(x^3*y, x, 2, y)"},
    {"gradient", 1, ANY_NUMBER, call_gradient, "gradient(e, [x, …], POINT, mode=reverse)",
     "partial derivatives, symbolic, or as numbers at a point; mode is forward, reverse or "
     "symbolic",
     "f(x, y) = x²y + y + 2; gradient(f, 3, 4, mode=forward)"},
    {"grad", 1, ANY_NUMBER, call_gradient, "grad(e, …)", "short for gradient", "grad(x^2*y)"},
    {"jacobian", 1, ANY_NUMBER, call_jacobian, "jacobian([e, …], [x, …], POINT, mode=reverse)",
     "matrix of the partial derivatives of several expressions, a row for each",
     "jacobian([x*y, x + y], x=2, y=3)"},
    {"hessian", 1, ANY_NUMBER, call_hessian, "hessian(e, [x, …], POINT, mode=reverse)",
     "matrix of second derivatives, symbolic, or as numbers at a point", "hessian(x^2*y + y + 2)"},
    {"hess", 1, ANY_NUMBER, call_hessian, "hess(e, …)", "short for hessian",
     "hess(x^2*y, x=3, y=4)"},
    {"value", 1, ANY_NUMBER, call_value, "value(e, POINT)",
     "the number that an expression is at a point", "value(x^2 + 1, x=0.5)"},
    {"jvp", 2, ANY_NUMBER, call_jvp, "jvp(e, POINT, direction=[…])",
     "derivative along a direction, by one run of dual numbers (Jacobian times vector)",
     "jvp(x^2*y, x=3, y=4, direction=[1, 0])"},
    {"vjp", 2, ANY_NUMBER, call_vjp, "vjp([e, …], POINT, weights=[…])",
     "gradient of a weighted sum, by one sweep of the tape (vector times Jacobian)",
     "vjp([x*y, x + y], x=2, y=3, weights=[1, 10])"},
    {"taylor", 3, 3, call_taylor, "taylor(e, x=A, N)", "Taylor's polynomial of degree N around A",
     "taylor(exp(x), x=0, 4)"},
    {"derivatives", 3, ANY_NUMBER, call_derivatives, "derivatives(e, x=A, N)",
     "the first N derivatives by x as numbers, by the Taylor run; other variables can be given "
     "values behind x, and a function its point: derivatives(f, A, N)",
     "derivatives(exp(sin(x)), x=0, 6)"},
    {"forward", 1, ANY_NUMBER, call_forward, "forward(e, POINT)",
     "trace of the forward mode: every step with its dual number, a column for each direction",
     "f(x, y) = x²y + y + 2; forward(f, 3, 4)"},
    {"reverse", 1, ANY_NUMBER, call_reverse, "reverse(e, POINT)",
     "trace of the reverse mode: the tape with its values, then the adjoints, contribution by "
     "contribution",
     "f(x, y) = x²y + y + 2; reverse(f, 3, 4)"},
    {"verify", 1, ANY_NUMBER, call_verify, "verify(e, POINT)",
     "value and partial derivatives by three modes and by differences of values, against certified "
     "enclosures: PROVED, REFUTED or UNDECIDED",
     "f(x, y) = x²y + y + 2; verify(f, 3, 4)"},
    {"gradcheck", 2, ANY_NUMBER, call_gradcheck, "gradcheck(e, POINT, claim=[…])",
     "claimed partial derivatives against certified ones: PROVED, REFUTED or UNDECIDED",
     "gradcheck(x^2*y, x=3, y=4, claim=[2*x*y, x^2])"},
    {"error", 1, ANY_NUMBER, call_error, "error(e, POINT)",
     "bound of the rounding error of the value in the domain double or float, the error itself, "
     "and "
     "the steps that it comes from",
     "f(x) = sqrt(x + 1) - sqrt(x); error(f, 1e10)"},
    {"simplify", 1, 1, call_simplify, "simplify(e)",
     "the expression with like terms and powers collected", "simplify(x + y + x - y)"},
    {"expand", 1, 1, call_expand, "expand(e)", "products and powers of sums multiplied out",
     "expand((x + 1)^3)"},
    {"substitute", 2, ANY_NUMBER, call_substitute, "substitute(e, x=…, …)",
     "variables replaced, all at once", "substitute(x^2 + y, x=y + 1, y=2)"},
    {"latex", 1, 1, call_latex, "latex(e)", "the expression as LaTeX", "latex(sqrt(x)/y)"},
    {"ccode", 1, 1, call_ccode, "ccode(e)", "the expression as C", "ccode(sqrt(x)/y)"},
    {"graph", 1, ANY_NUMBER, call_graph, "graph(e, POINT, \"FILE\")",
     "computation graph as DOT text, or drawn by Graphviz (svg, png, pdf, dot); at a point with "
     "values and adjoints",
     "graph(x*y, x=2, y=3)"},
    {"plot", 2, ANY_NUMBER, call_plot, "plot(e, x=A..B, \"FILE\")",
     "an expression and its derivative in the terminal, or drawn by gnuplot (svg, png, pdf); a "
     "vector of expressions together",
     "plot(sin(x), x=-pi..pi)"},
    {"read", 1, ANY_NUMBER, call_read, "read(\"FILE\", \"NAME\", header=yes, separator=semicolon)",
     "the numbers in a file as an array: NPY, IDX, CSV, or the array of this name in NPZ or "
     "safetensors; of CSV header is yes or no, separator comma, semicolon or tab, and both are "
     "found out if left out",
     "read(\"/dev/null\")"},
    {"write", 2, ANY_NUMBER, call_write, "write(e, POINT, \"FILE\")",
     "computes an expression and writes its numbers to a file that ends in .npy or .csv",
     "write([0.1, 1/3], \"/dev/null\")"},
};
const size_t call_count = sizeof call_rows / sizeof *call_rows;

const struct call_row *call_find(const char *name, size_t size) {
  for (size_t i = 0; i < call_count; i++)
    if (text_is(name, size, call_rows[i].name)) return &call_rows[i];
  return NULL;
}

tri_status call_run(void *data, tri_graph *g, const struct token *at, const char *name, size_t size,
                    size_t n, const struct value *arguments, struct value *value) {
  struct session *session = data;
  const struct call_row *row = call_find(name, size);
  struct request request = {session, g, row, at, n, arguments};
  if (n < row->least || (row->most != ANY_NUMBER && n > row->most))
    return session_fail(session, at, TRI_ARITY, "%s: %zu argument%s given; write %s", row->name, n,
                        n == 1 ? "" : "s", row->usage);
  tri_status status = row->run(&request, value);
  if (status != TRI_OK && g->error.status == TRI_OK)
    session_fail(session, at, status, "%s: %s", row->name, tri_status_meaning(status));
  return g->error.status;
}

void *request_new(const struct request *request, size_t count, size_t size) {
  void *memory = arena_new(&request->session->statement->arena, count, size);
  if (!memory) session_no_memory(request->session);
  return memory;
}

void request_report(struct value *value, struct result *result) {
  *value = (struct value){.kind = VALUE_REPORT, .report = result};
}
