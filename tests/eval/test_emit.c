/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Emitted C is compiled by the compiler in use, without a warning, loaded, and compared with the interpreter. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <triad.h>

#include "graph/rows.h"
#include "tests/random.h"
#include "tests/runner.h"

static const char folder[] = "emit-test";

/* --- compiling */

static const char *compiler(const char *variable, const char *otherwise) {
  const char *value = getenv(variable);
  return value && *value ? value : otherwise;
}

static void write_file(const char *name, const char *ending, const char *text) {
  char path[200];
  mkdir(folder, 0777);
  snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
  FILE *file = fopen(path, "w");
  ck_assert_msg(file, "cannot write %s", path);
  fputs(text, file);
  ck_assert_int_eq(fclose(file), 0);
}

static void command(const char *text) {
  fflush(NULL);
  ck_assert_msg(system(text) == 0, "failed: %s", text);
}

/* The library of NAME.c and NAME_run.c. */
static void *compile(const char *name) {
  char text[600];
  snprintf(
      text, sizeof text,
      "%s -std=c11 -O1 -Wall -Wextra -Wconversion -Werror -pedantic -ffp-contract=off -fPIC -shared"
      " -o %s/%s.so %s/%s.c %s/%s_run.c -lm",
      compiler("CC", "cc"), folder, name, folder, name, folder, name);
  command(text);
  if (*compiler("CXX", "")) {
    snprintf(
        text, sizeof text,
        "%s -std=c++17 -x c++ -Wall -Wextra -Wconversion -Werror -pedantic -fsyntax-only %s/%s.c",
        compiler("CXX", ""), folder, name);
    command(text);
  }
  snprintf(text, sizeof text, "./%s/%s.so", folder, name);
  void *library = dlopen(text, RTLD_NOW | RTLD_LOCAL);
  ck_assert_msg(library, "%s", dlerror());
  return library;
}

/* --- an emitted function beside the interpreter's */

enum { INPUTS = 4, MOST = 4000 };
enum kind { GRADIENT, JACOBIAN, HESSIAN };

static const char *const kind_names[] = {"gradient", "jacobian", "hessian"};
static const char *const extra[] = {"", "", ", out + 1 + INPUTS"};

struct emitted {
  void *library;
  void (*run)(const void *in, void *out); /* values, then derivatives */
  tri_function *reference;
  size_t n, m, outputs;
  enum kind kind;
  bool float32;
};

/* C that calls the function with the workspace it wants, if any. */
static void write_runner(const struct emitted *e, const char *name, const char *header) {
  char text[800], work[80];
  snprintf(work, sizeof work, "%s_%s_work", name, kind_names[e->kind]);
  bool has_work = strstr(header, work) != NULL;
  const char *type = e->float32 ? "float" : "double";
  snprintf(text, sizeof text,
           "#include \"%s.h\"\nenum { INPUTS = %zu };\nvoid run(const %s *in, %s *out);\n"
           "void run(const %s *in, %s *out) {\n  %s%s%s%s%s\n  %s_%s(in, out, out + %zu%s%s);\n}\n",
           name, e->n, type, type, type, type, has_work ? "static " : "", has_work ? type : "",
           has_work ? " work[" : "", has_work ? work : "", has_work ? "];" : "", name,
           kind_names[e->kind], e->m, extra[e->kind], has_work ? ", work" : "");
  write_file(name, "_run.c", text);
}

static void derive(const struct emitted *e, const tri_expr *inputs, tri_expr *all) {
  tri_status status = TRI_OK;
  if (e->kind == JACOBIAN)
    status = tri_jacobian(e->m, all, e->n, inputs, all + e->m);
  else
    status = tri_gradient(all[0], e->n, inputs, all + 1);
  if (!status && e->kind == HESSIAN) status = tri_hessian(all[0], e->n, inputs, all + 1 + e->n);
  ck_assert_msg(!status, "%s", tri_graph_error(all[0].graph)->message);
}

static struct emitted emit(const char *name, size_t m, const tri_expr *outputs, size_t n,
                           const tri_expr *inputs, enum kind kind, bool float32, size_t cut) {
  struct emitted e = {.n = n, .m = m, .kind = kind, .float32 = float32};
  static tri_expr all[MOST];
  tri_text source = {0}, header = {0};
  tri_error error;
  e.outputs = m + m * n + (kind == HESSIAN ? n * n : 0);
  ck_assert_uint_le(e.outputs, MOST);
  memcpy(all, outputs, m * sizeof *all);
  derive(&e, inputs, all);
  e.reference = tri_compile(n, inputs, e.outputs, all, .primals = m,
                            .domain = float32 ? TRI_FLOAT : TRI_DOUBLE);
  ck_assert(e.reference);
  ck_assert_msg(!tri_emit_c(n, inputs, &source, &header, m, outputs, .name = name,
                            .gradient = kind == GRADIENT, .jacobian = kind == JACOBIAN,
                            .hessian = kind == HESSIAN, .float32 = float32, .cut = cut,
                            .error = &error),
                "%s", error.message);
  write_file(name, ".c", source.data);
  write_file(name, ".h", header.data);
  write_runner(&e, name, header.data);
  tri_text_free(&source);
  tri_text_free(&header);
  e.library = compile(name);
  void *symbol = dlsym(e.library, "run");
  ck_assert(symbol);
  memcpy(&e.run, &symbol, sizeof symbol);
  return e;
}

static void emitted_free(struct emitted *e) {
  dlclose(e->library);
  tri_function_free(e->reference);
}

static void run_emitted(const struct emitted *e, const double *in, double *out) {
  static float in32[MOST], out32[MOST];
  if (!e->float32) {
    e->run(in, out);
    return;
  }
  for (size_t i = 0; i < e->n; i++) in32[i] = (float)in[i];
  e->run(in32, out32);
  for (size_t i = 0; i < e->outputs; i++) out[i] = out32[i];
}

/* As the interpreter has it, and without derivatives of what has no value. */
static void run_reference(const struct emitted *e, const double *in, double *out) {
  tri_status status = tri_function_call(e->reference, NULL, in, out);
  ck_assert(status == TRI_OK || status == TRI_DOMAIN);
  size_t each = (e->outputs - e->m) / e->m;
  for (size_t i = 0; i < e->m; i++)
    for (size_t k = 0; k < each && isnan(out[i]); k++) out[e->m + i * each + k] = NAN;
}

/* Distance in units of the last place; 0 for two NaNs. */
static double ulps(double a, double b, bool float32) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b) ? 0.0 : INFINITY;
  if (a == b) return signbit(a) == signbit(b) ? 0.0 : 1.0;
  double size = fmax(fabs(a), fabs(b));
  double unit = float32 ? (double)(nextafterf((float)size, INFINITY) - (float)size)
                        : nextafter(size, INFINITY) - size;
  return fabs(a - b) / unit;
}

/* Whether the two agree at a point; what they have to say of it is counted in *known. */
static void compare(const struct emitted *e, const double *in, double most, size_t *known) {
  static double is[MOST], ought[MOST];
  run_emitted(e, in, is);
  run_reference(e, in, ought);
  for (size_t i = 0; i < e->outputs; i++) {
    ck_assert_msg(ulps(is[i], ought[i], e->float32) <= most,
                  "output %zu at (%.17g, %.17g, …): %.17g, the interpreter %.17g", i, in[0], in[1],
                  is[i], ought[i]);
    *known += isnan(is[i]) ? 0 : 1;
  }
}

/* --- every row */

static const double points[] = {0.0,  -0.0, 1.0,   -1.0, 0.5,    -0.5,   2.0,   -2.0,     3.0,
                                -3.0, 0.1,  -2.75, 7.25, -140.6, 1e-320, 1e300, INFINITY, NAN};
enum { POINTS = sizeof points / sizeof *points };

/* The row over x, y, z, conditions being x < y and y < z; that of polygamma's order is a constant. */
static tri_expr row_over(int op, const tri_expr *v) {
  const struct row *row = tri__rows + op;
  tri_expr arguments[ROW_MAX_ARITY];
  for (int i = 0; i < row->arity; i++)
    arguments[i] = row->conditions >> i & 1                      ? tri_lt(v[i], v[(i + 1) % 3])
                   : row->partial[i] || row->sort == TRI_BOOLEAN ? v[i]
                                                                 : tri_integer(v[0].graph, 1);
  tri_expr e = tri_apply((tri_op)op, row->arity, arguments);
  return row->sort == TRI_BOOLEAN ? tri_select(e, v[0], v[1]) : e;
}

START_TEST(all_rows) {
  bool float32 = _i;
  tri_graph *g = tri_graph_new(NULL);
  tri_expr v[] = {tri_variable(g, "x"), tri_variable(g, "y"), tri_variable(g, "z")};
  tri_expr outputs[TRI_OP_ROWS + 1];
  size_t known = 0;
  for (int op = 0; op < TRI_OP_ROWS; op++) outputs[op] = row_over(op, v);
  outputs[TRI_OP_ROWS] = tri_polygamma(tri_abs(tri_floor(v[0])), v[1]); /* values alone */
  struct emitted e =
      emit(float32 ? "rows32" : "rows", TRI_OP_ROWS, outputs, 3, v, JACOBIAN, float32, 0);
  for (int i = 0; i < POINTS * POINTS; i++) {
    double x = points[i % POINTS], y = points[i / POINTS];
    compare(&e, (double[]){x, y, x + y}, 4.0, &known);
  }
  ck_assert_uint_gt(known, POINTS * POINTS * TRI_OP_ROWS);
  emitted_free(&e);
  tri_graph_free(g);
}
END_TEST

/* --- random graphs */

/* A graph of `steps` operations, of arithmetic only or of any that have derivatives. */
static tri_expr random_graph(struct random *r, tri_graph *g, const tri_expr *v, size_t steps,
                             bool arithmetic) {
  static const tri_op simple[] = {TRI_OP_add, TRI_OP_sub, TRI_OP_mul,    TRI_OP_div, TRI_OP_neg,
                                  TRI_OP_max, TRI_OP_abs, TRI_OP_select, TRI_OP_relu};
  tri_expr *pool = calloc(steps + INPUTS + 1, sizeof *pool);
  ck_assert(pool);
  for (size_t i = 0; i < INPUTS; i++) pool[i] = v[i];
  pool[INPUTS] = tri_rational(g, 1, 3);
  for (size_t i = INPUTS + 1; i < steps + INPUTS + 1; i++) {
    tri_op op = arithmetic ? simple[random_below(r, sizeof simple / sizeof *simple)]
                           : (tri_op)random_below(r, TRI_OP_ROWS);
    tri_expr x[ROW_MAX_ARITY];
    for (int k = 0; k < ROW_MAX_ARITY; k++) x[k] = pool[random_below(r, (uint32_t)i)];
    if (random_below(r, 2)) x[1] = pool[i - 1];
    const struct row *row = tri__rows + op;
    if (op == TRI_OP_polygamma) x[0] = tri_integer(g, (int64_t)random_below(r, 3));
    for (int k = 0; k < row->arity; k++)
      if (row->conditions >> k & 1) x[k] = tri_le(x[k], x[(k + 1) % 3]);
    pool[i] = tri_apply(op, row->arity, x);
    if (row->sort == TRI_BOOLEAN) pool[i] = tri_select(pool[i], x[0], x[1]);
    if (tri_expr_status(pool[i])) pool[i] = pool[i - 1]; /* 1/0, folded */
  }
  tri_graph_clear_error(g);
  tri_expr e = pool[steps + INPUTS];
  free(pool);
  return e;
}

static void variables(tri_graph *g, tri_expr *v) {
  static const char *const names[INPUTS] = {"x", "y", "z", "w"};
  for (int i = 0; i < INPUTS; i++) v[i] = tri_variable(g, names[i]);
}

static void compare_at_random(struct random *r, const struct emitted *e, double most,
                              size_t *known) {
  for (int i = 0; i < 200; i++) {
    double in[INPUTS];
    for (int k = 0; k < INPUTS; k++)
      in[k] = random_below(r, 8) ? random_between(r, -3.0, 3.0) : points[random_below(r, POINTS)];
    compare(e, in, most, known);
  }
}

/* Arithmetic and choices: to the bit, however it is cut. */
START_TEST(arithmetic) {
  static const size_t cuts[] = {0, 1, 7};
  struct random r = random_start(11 + (uint64_t)_i);
  size_t known = 0;
  for (int i = 0; i < 2 * test_multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL);
    tri_expr v[INPUTS];
    variables(g, v);
    tri_expr f = random_graph(&r, g, v, 30, true);
    struct emitted e =
        emit(_i >= 3 ? "sums32" : "sums", 1, &f, INPUTS, v, HESSIAN, _i >= 3, cuts[_i % 3]);
    compare_at_random(&r, &e, 0.0, &known);
    emitted_free(&e);
    tri_graph_free(g);
  }
  ck_assert_uint_gt(known, 0);
}
END_TEST

START_TEST(any_rows) {
  struct random r = random_start(21 + (uint64_t)_i);
  size_t known = 0;
  for (int i = 0; i < 3 * test_multiplier(); i++) {
    tri_graph *g = tri_graph_new(NULL);
    tri_expr v[INPUTS], f[6];
    variables(g, v);
    for (int k = 0; k < 6; k++) f[k] = random_graph(&r, g, v, 8, false);
    struct emitted e = emit(_i ? "any32" : "any", 6, f, INPUTS, v, JACOBIAN, _i, i % 2 ? 20 : 0);
    compare_at_random(&r, &e, 4.0, &known);
    emitted_free(&e);
    tri_graph_free(g);
  }
  ck_assert_uint_gt(known, 0);
}
END_TEST

/* --- size */

/* Assignments to variables of the longest function in a text. */
static size_t longest(const char *text, size_t *functions) {
  size_t most = 0, now = 0;
  *functions = 0;
  for (const char *c = text; c; c = strchr(c, '\n'), c = c ? c + 1 : NULL) {
    if (strncmp(c, "  const double t", 16) == 0) now++;
    if (*c != '}') continue;
    *functions += 1;
    most = now > most ? now : most;
    now = 0;
  }
  return most;
}

START_TEST(large) {
  struct random r = random_start(31);
  tri_graph *g = tri_graph_new(NULL);
  tri_expr v[INPUTS];
  size_t known = 0, functions;
  variables(g, v);
  tri_expr f = v[0];
  for (int i = 0; i < 4000; i++) { /* 5 operations each, bounded */
    tri_expr t = tri_mul(tri_rational(g, i + 1, 4001), tri_add(f, v[i % INPUTS]));
    f = tri_div(t, tri_add(tri_integer(g, 1), tri_square(t)));
  }
  struct emitted e = emit("large", 1, &f, INPUTS, v, GRADIENT, false, 0);
  ck_assert_uint_gt(tri_function_operations(e.reference), 20000);
  tri_text source = {0}, header = {0};
  ck_assert(!tri_emit_c(INPUTS, v, &source, &header, 1, &f, .gradient = 1));
  ck_assert_uint_le(longest(source.data, &functions), 1000);
  ck_assert_uint_gt(functions, 40);
  compare_at_random(&r, &e, 0.0, &known);
  ck_assert_uint_gt(known, 500);
  tri_text_free(&source);
  tri_text_free(&header);
  emitted_free(&e);
  tri_graph_free(g);
}
END_TEST

/* --- vectors */

/* Values only: a runner of its own. */
START_TEST(vectors) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), v = tri_variable_shaped(g, "v", 1, (int64_t[]){3}, NULL),
           m = tri_variable_shaped(g, "m", 2, (int64_t[]){2, 3}, NULL), in[] = {m, x, v};
  tri_expr sum = tri_add(tri_mul(v, x), tri_element(m, 1));
  tri_expr outputs[] = {tri_exp(sum),
                        tri_stack(2, (tri_expr[]){tri_element(sum, 2), tri_mul(x, x)}),
                        tri_mul(tri_stack(2, (tri_expr[]){sum, v}), m), tri_element(v, 1)};
  const double at[] = {1, 2, 3, 4, 5, 6, 0.5, -1, -2, -3};
  double is[12], ought[12];
  tri_text source = {0}, header = {0};
  ck_assert(!tri_emit_c(3, in, &source, &header, 4, outputs, .name = "vectors", .cut = (size_t)_i));
  ck_assert(strstr(header.data, " * in: m[2][3], x, v[3]\n"));
  ck_assert(strstr(header.data, "const double in[10], double value[12], double work["));
  write_file("vectors", ".c", source.data);
  write_file("vectors", ".h", header.data);
  write_file("vectors", "_run.c",
             "#include \"vectors.h\"\nvoid run(const double *in, double *out);\n"
             "void run(const double *in, double *out) {\n  double work[vectors_work];\n"
             "  vectors(in, out, work);\n}\n");
  void *library = compile("vectors"), *symbol = dlsym(library, "run");
  void (*run)(const double *, double *);
  memcpy(&run, &symbol, sizeof symbol);
  tri_function *f = tri_compile(3, in, 4, outputs);
  ck_assert(f && !tri_function_call(f, NULL, at, ought));
  run(at, is);
  for (int i = 0; i < 12; i++) ck_assert_double_eq(is[i], ought[i]);
  dlclose(library);
  tri_function_free(f);
  tri_text_free(&source);
  tri_text_free(&header);
  tri_graph_free(g);
}
END_TEST

/* --- texts */

static const char *const names[][2] = {
    {"f", "f"},        {"double", "double_"}, {"class", "class_"},
    {"sin", "sin_"},   {"sinf", "sinf_"},     {"größe", "gr_u00f6_u00dfe"},
    {"y1", "y1_"},     {"_x", "f_x"},         {"value_pow", "value_pow_"},
    {"main", "main_"}, {"a b", "a_u0020b"},   {"1", "_u0031"}};

START_TEST(names_are_of_c) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x");
  char head[80];
  tri_text source = {0}, header = {0};
  ck_assert(!tri_emit_c(1, &x, &source, &header, 1, &x, .name = names[_i][0]));
  snprintf(head, sizeof head, "void %s(const double in[1], double value[1]);", names[_i][1]);
  ck_assert_msg(strstr(header.data, head), "%s", header.data);
  tri_text_free(&source);
  tri_text_free(&header);
  tri_graph_free(g);
}
END_TEST

/* A comment stays one, and constants are what they are. */
START_TEST(comments_and_constants) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x*/y");
  tri_expr f =
      tri_add(tri_mul(tri_rational(g, -2, 7), x), tri_mul(tri_number(g, "0.1"), tri_sin(x)));
  tri_text source = {0}, header = {0};
  ck_assert(!tri_emit_c(1, &x, &source, &header, 1, &f, .name = "odd", .comment = "a */ b /* c\nd",
                        .gradient = 1, .include = "some.h"));
  ck_assert(strstr(header.data, " *   a * / b / * c\n *   d\n"));
  ck_assert(strstr(header.data, " * in: x* /y\n"));
  ck_assert(strstr(source.data, "2.0 / 7.0)") && strstr(source.data, "0.1"));
  ck_assert(strstr(source.data, "#include \"some.h\"\n"));
  tri_text_free(&source);
  tri_text_free(&header);
  tri_graph_free(g);
}
END_TEST

/* --- what is refused */

static tri_status refused(tri_expr e, tri_expr variable, tri_emit_options options,
                          const char *why) {
  tri_text source = {0}, header = {0};
  tri_error error;
  options.outputs = &e;
  options.error = &error;
  tri_status status = tri_emit_c_with(1, &variable, &source, &header, 1, &options);
  ck_assert_msg(strstr(error.message, why), "%s", error.message);
  ck_assert(source.size == 0 && header.size == 0);
  ck_assert_int_eq(error.status, status);
  ck_assert_int_eq(tri_graph_status(e.graph), status);
  tri_graph_clear_error(e.graph);
  tri_text_free(&source);
  tri_text_free(&header);
  return status;
}

START_TEST(errors) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr x = tri_variable(g, "x"), y = tri_variable(g, "y"), two[] = {x, tri_sin(x)};
  tri_expr v = tri_variable_shaped(g, "v", 1, (int64_t[]){2}, NULL),
           n = tri_variable_shaped(g, "n", 1, (int64_t[]){0}, (const char *const[]){"batch"});
  tri_emit_options plain = {0}, gradient = {.gradient = 1}, jacobian = {.jacobian = 1};
  ck_assert_int_eq(refused(y, x, plain, "y has no value"), TRI_NAME);
  ck_assert_int_eq(refused(x, tri_sin(x), plain, "not a variable"), TRI_ARGUMENT);
  ck_assert_int_eq(refused(tri_stack(2, two), x, gradient, "there are 2 outputs"), TRI_SHAPE);
  ck_assert_int_eq(refused(v, v, jacobian, "scalars by scalars"), TRI_SHAPE);
  ck_assert_int_eq(refused(n, n, plain, "give batch a number"), TRI_SHAPE);
  ck_assert_int_eq(refused(tri_lt(x, tri_integer(g, 1)), x, gradient, "condition"), TRI_SHAPE);
  ck_assert_int_eq(refused(x, x, (tri_emit_options){.include = "a\"b"}, "included"), TRI_ARGUMENT);
  ck_assert_int_eq(tri_emit_c_with(1, &x, NULL, NULL, 1, NULL), TRI_ARGUMENT);
  tri_graph_free(g);
}
END_TEST

static Suite *emit_suite(void) {
  Suite *s = suite_create("emit");
  TCase *c = tcase_create("emit");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, all_rows, 0, 2);
  tcase_add_loop_test(c, arithmetic, 0, 6);
  tcase_add_loop_test(c, any_rows, 0, 2);
  tcase_add_test(c, large);
  tcase_add_loop_test(c, vectors, 0, 3);
  tcase_add_loop_test(c, names_are_of_c, 0, sizeof names / sizeof *names);
  tcase_add_test(c, comments_and_constants);
  tcase_add_test(c, errors);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_emit", emit_suite); }
