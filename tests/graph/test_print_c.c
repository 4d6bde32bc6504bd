/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* C text: as a person writes it, and compiled it computes what the rows' kernels do. */
#include <math.h>
#include <stdlib.h>

#include "graph/walk.h"
#include "tests/graph/printing.h"
#include "tests/graph/programs.h"
#include "tests/runner.h"

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
                 {1.0 + 0x1p-52, "0x1.0000000000001p0"}};
  for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
    tri_text text = print_as(tri_double(g, doubles[i].x), TRI_C);
    ck_assert_str_eq(text.data, doubles[i].text);
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
  expect("(x+1)^2+x^5", TRI_C, "pow(x, 5.0) + pow(x + 1.0, 2.0)");
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

/* Rows whose C is, bit for bit, the kernel: not those that a C program computes a little less
 * exactly. */
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

static Suite *suite(void) {
  return tri_test_suite("print_c", 0, NULL, NULL, constants_of_c, c_as_a_person_writes,
                        compiled_c_is_the_kernels);
}

int main(void) { return tri_test_main("test_print_c", suite); }
