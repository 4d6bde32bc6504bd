/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Bundle adjustment (ba.h) as one loop over its observations: errors and sparse Jacobian over the
 * plain objective in C. With arguments, files in ADBench's form: the same of each of them. */
#include "bench/ba_graph.h"
#include "bench/files.h"

static tri_function *compiled(const struct ba *p) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr in[6], out[4];
  tri_error error = {.message = ""};
  ba_inputs(g, p->cameras, p->points, p->n, in);
  tri_status status = ba_graph(g, p->n, in, out);
  tri_function *f = status ? NULL
                           : tri_compile(6, in, 4, out, .primals = 2, .run = TRI_NATIVE,
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
  struct run r = {p, f, {.workspace = tri_workspace_new(f)}, inputs, expected};
  run_by_hand(&r);
  r.outputs = results;
  run_triad(&r);
  int right = problem_same(name, outputs, results, expected);
  run_plain(&r);
  right &= problem_same(name, 3 * n, results, expected);
  if (right && isnan(goal)) bench_value(name, 3 * n, expected);
  if (right && measured)
    problem_turns(name, run_plain, run_triad, run_by_hand, &r, 1e3, "ms", goal);
  tri_workspace_free(r.call.workspace);
  tri_function_free(f);
  free(expected);
  free(results);
  return right;
}

/* One camera, point, weight and feature, which the file gives for all; observation i is of camera i
 * and point i. */
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
