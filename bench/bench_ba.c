/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Bundle adjustment (ba.h) as one loop over its observations: errors and sparse Jacobian over the plain objective in C. With
 * arguments, files in ADBench's form: the same of each of them. */
#include <triad.h>

#include "bench/ba.h"
#include "bench/files.h"

/* --- the graph */

static tri_graph *g;

static tri_expr array(const char *name, int64_t a, int64_t b) {
  return tri_variable_shaped(g, name, b ? 2 : 1, (int64_t[]){a, b}, NULL);
}

static tri_expr sum3(tri_expr a, tri_expr b, tri_expr c) { return tri_add(tri_add(a, b), c); }

static void cross(const tri_expr *a, const tri_expr *b, tri_expr *c) {
  for (int i = 0; i < 3; i++) {
    int j = (i + 1) % 3, k = (i + 2) % 3;
    c[i] = tri_sub(tri_mul(a[j], b[k]), tri_mul(a[k], b[j]));
  }
}

static void rotate(const tri_expr *r, const tri_expr *x, tri_expr *y) {
  tri_expr square = sum3(tri_square(r[0]), tri_square(r[1]), tri_square(r[2])),
           one = tri_integer(g, 1);
  tri_expr angle = tri_sqrt(square), c = tri_cos(angle), s = tri_sin(angle), w[3], across[3],
           small[3];
  for (int i = 0; i < 3; i++) w[i] = tri_div(r[i], angle);
  cross(w, x, across);
  cross(r, x, small);
  tri_expr dot = sum3(tri_mul(w[0], x[0]), tri_mul(w[1], x[1]), tri_mul(w[2], x[2]));
  tri_expr along = tri_mul(dot, tri_sub(one, c)), turns = tri_ne(square, tri_integer(g, 0));
  for (int i = 0; i < 3; i++)
    y[i] = tri_select(turns, sum3(tri_mul(x[i], c), tri_mul(across[i], s), tri_mul(w[i], along)),
                      tri_add(x[i], small[i]));
}

/* The errors of one observation: v is camera, point and weight. */
static void errors_of(const tri_expr *v, const tri_expr *feature, tri_expr *error) {
  tri_expr x[3], y[3], uv[2], one = tri_integer(g, 1);
  for (int i = 0; i < 3; i++) x[i] = tri_sub(v[BA_CAMERA + i], v[3 + i]);
  rotate(v, x, y);
  for (int i = 0; i < 2; i++) uv[i] = tri_div(y[i], y[2]);
  tri_expr square = tri_add(tri_square(uv[0]), tri_square(uv[1]));
  tri_expr scale = sum3(one, tri_mul(v[9], square), tri_mul(v[10], tri_square(square)));
  for (int i = 0; i < 2; i++) {
    tri_expr seen = tri_add(tri_mul(tri_mul(uv[i], scale), v[6]), v[7 + i]);
    error[i] = tri_mul(v[14], tri_sub(seen, feature[i]));
  }
}

/* Outputs of one observation: errors, weight's error, both rows, the weight's derivative. */
static void observation(tri_expr *out) {
  tri_expr v[BA_ROW], feature[2], error[2], jacobian[2 * BA_ROW], one = tri_integer(g, 1);
  char name[16];
  for (int i = 0; i < BA_ROW; i++) {
    snprintf(name, sizeof name, "v%d", i);
    v[i] = tri_variable(g, name);
  }
  feature[0] = tri_variable(g, "fx");
  feature[1] = tri_variable(g, "fy");
  errors_of(v, feature, error);
  if (tri_jacobian(2, error, BA_ROW, v, jacobian))
    fprintf(stderr, "%s\n", tri_graph_error(g)->message);
  out[0] = tri_stack(2, error);
  out[1] = tri_sub(one, tri_square(v[14]));
  out[2] = tri_stack(2 * BA_ROW, jacobian);
  out[3] = tri_mul(tri_integer(g, -2), v[14]);
}

/* The same of the parts that this observation's indices choose. */
static tri_status choose(tri_expr cameras, tri_expr points, const tri_expr *part, tri_expr *out) {
  tri_expr from[BA_ROW + 2], to[BA_ROW + 2], camera = tri_gather(cameras, part[0]),
                                             point = tri_gather(points, part[1]);
  char name[16];
  for (int i = 0; i < BA_ROW; i++) {
    snprintf(name, sizeof name, "v%d", i);
    from[i] = tri_variable(g, name);
    to[i] = i < BA_CAMERA    ? tri_element(camera, (size_t)i)
            : i < BA_ROW - 1 ? tri_element(point, (size_t)(i - BA_CAMERA))
                             : part[2];
  }
  for (int i = 0; i < 2; i++) {
    from[BA_ROW + i] = tri_variable(g, i ? "fy" : "fx");
    to[BA_ROW + i] = tri_element(part[3], (size_t)i);
  }
  return tri_substitute_all(4, out, BA_ROW + 2, from, to, out);
}

static tri_function *compiled(const struct ba *p) {
  g = tri_graph_new(NULL);
  tri_expr in[] = {array("cameras", p->cameras, BA_CAMERA),
                   array("points", p->points, BA_POINT),
                   array("of_camera", p->n, 0),
                   array("of_point", p->n, 0),
                   array("weights", p->n, 0),
                   array("features", p->n, 2)};
  tri_expr part[] = {tri_variable(g, "c"), tri_variable(g, "p"), tri_variable(g, "w"),
                     array("f", 2, 0)};
  tri_expr out[4], results[4];
  tri_error error = {.message = ""};
  observation(out);
  tri_status status = choose(in[0], in[1], part, out);
  if (!status)
    status = tri_loop(g,
                      &(tri_loop_options){.n = tri_extent_of(p->n),
                                          .n_steps = 4,
                                          .steps = part,
                                          .step_inputs = in + 2,
                                          .n_stacked = 4,
                                          .stacked = out},
                      results);
  tri_function *f = status ? NULL
                           : tri_compile(6, in, 4, results, .primals = 2, .run = TRI_NATIVE,
                                         .native_module = NATIVE_BUILT, .error = &error);
  if (!f) fprintf(stderr, "%s %s\n", tri_graph_error(g)->message, error.message);
  tri_graph_free(g);
  return f;
}

/* --- running */

struct run {
  struct ba *p;
  const tri_function *f;
  tri_call call;
  double *inputs, *outputs;
};

static void run_plain(void *data) {
  struct run *r = data;
  plain_ba(r->p, r->outputs, r->outputs + 2 * r->p->n);
}

static void run_by_hand(void *data) {
  struct run *r = data;
  size_t n = (size_t)r->p->n;
  hand_ba(r->p, r->outputs, r->outputs + 2 * n, r->outputs + 3 * n,
          r->outputs + (3 + 2 * BA_ROW) * n);
}

static void run_triad(void *data) {
  struct run *r = data;
  if (tri_function_call(r->f, &r->call, r->inputs, r->outputs)) exit(EXIT_FAILURE);
}

/* All inputs lie one after the other, as triad reads them. */
static double *place(struct ba *p) {
  size_t n = (size_t)p->n;
  double *inputs = bench_numbers((size_t)(p->cameras * BA_CAMERA + p->points * BA_POINT) + 5 * n);
  p->camera = inputs;
  p->point = p->camera + p->cameras * BA_CAMERA;
  p->of_camera = p->point + p->points * BA_POINT;
  p->of_point = p->of_camera + p->n;
  p->weight = p->of_point + p->n;
  p->feature = p->weight + p->n;
  return inputs;
}

static void fill(struct ba *p) {
  static const double camera[] = {0.1, -0.2, 0.3, 0.1, 0.2, -5.0, 500.0, 10.0, -5.0, 0.01, 0.001};
  unsigned long long state = 1;
  for (int i = 0; i < p->cameras * BA_CAMERA; i++)
    p->camera[i] = camera[i % BA_CAMERA] * (1.0 + 0.1 * bench_random(&state));
  for (int i = 0; i < p->points * BA_POINT; i++) p->point[i] = bench_random(&state);
  for (int i = 0; i < p->n; i++) {
    p->of_camera[i] = i % p->cameras;
    p->of_point[i] = (i * 7) % p->points;
    p->weight[i] = 1.0 + 0.1 * bench_random(&state);
    p->feature[2 * i] = 100.0 * bench_random(&state);
    p->feature[2 * i + 1] = 100.0 * bench_random(&state);
  }
}

static int compare(const char *name, struct ba *p, double *inputs, double goal, int measured) {
  tri_function *f = compiled(p);
  if (!f) return 0;
  size_t n = (size_t)p->n, outputs = (4 + 2 * BA_ROW) * n;
  double *expected = bench_numbers(outputs), *results = bench_numbers(outputs);
  char row[80];
  struct run r = {p, f, {.workspace = tri_workspace_new(f)}, inputs, expected};
  run_by_hand(&r);
  r.outputs = results;
  run_triad(&r);
  int right = problem_same(name, outputs, results, expected);
  run_plain(&r);
  right &= problem_same(name, 3 * n, results, expected);
  if (right && isnan(goal)) bench_value(name, 3 * n, expected);
  if (right && measured) {
    struct bench_way ways[] = {
        {run_plain, &r, 0.0, 0}, {run_triad, &r, 0.0, 0}, {run_by_hand, &r, 0.0, 0}};
    bench_turns(3, ways);
    problem_result(name, ways[1].least * 1e3, ways[0].least * 1e3, "ms", goal);
    snprintf(row, sizeof row, "%s:by-hand", name);
    problem_result(row, ways[2].least * 1e3, ways[0].least * 1e3, "ms", NAN);
  }
  tri_workspace_free(r.call.workspace);
  tri_function_free(f);
  free(expected);
  free(results);
  return right;
}

/* One camera, point, weight and feature, which the file gives for all; observation i is of camera i and point i. */
static int read_one_for_all(FILE *file, struct ba *p) {
  double feature[2];
  if (!bench_read(file, p->camera, BA_CAMERA) || !bench_read(file, p->point, BA_POINT) ||
      !bench_read(file, p->weight, 1) || !bench_read(file, feature, 2))
    return 0;
  for (int i = BA_CAMERA; i < p->cameras * BA_CAMERA; i++) p->camera[i] = p->camera[i - BA_CAMERA];
  for (int i = BA_POINT; i < p->points * BA_POINT; i++) p->point[i] = p->point[i - BA_POINT];
  for (int i = 0; i < p->n; i++) {
    p->of_camera[i] = i % p->cameras;
    p->of_point[i] = i % p->points;
    p->weight[i] = p->weight[0];
    memcpy(p->feature + 2 * i, feature, sizeof feature);
  }
  return 1;
}

static int from_file(const char *name, int measured) {
  struct ba p = {.n = 0};
  FILE *file = fopen(name, "r");
  if (!file) return perror(name), 0;
  int ok = fscanf(file, "%d %d %d", &p.cameras, &p.points, &p.n) == 3 && p.cameras > 0 &&
           p.cameras <= 1000000 && p.points > 0 && p.points <= 1000000 && p.n > 0 &&
           p.n <= 10000000;
  if (ok) {
    double *inputs = place(&p);
    ok = read_one_for_all(file, &p);
    if (ok)
      ok = compare("ba-file", &p, inputs, NAN, measured);
    else
      fprintf(stderr, "%s: too few numbers\n", name);
    free(inputs);
  } else {
    fprintf(stderr, "%s: not how many cameras, points and observations, or too many\n", name);
  }
  fclose(file);
  return ok;
}

int main(int argc, char **argv) {
  struct ba first = {.cameras = 49, .points = 7776, .n = 31843}; /* the size of ADBench's BA1 */
  if (argc > 1) return bench_files(argc, argv, from_file) ? EXIT_SUCCESS : EXIT_FAILURE;
  double *inputs = place(&first);
  fill(&first);
  int right = compare("ba1", &first, inputs, 3.0, 1);
  free(inputs);
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
