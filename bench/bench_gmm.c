/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Gaussian mixture model of ADBench (gmm.h) as loops over its points and its Gaussians: value
 * and gradient over the plain objective in C; what it takes to prepare that, which does not depend
 * on the number of points, and the most memory of the whole process. With arguments, files in
 * ADBench's form: the same of each of them. */
#include <string.h>

#include "bench/files.h"
#include "bench/gmm_graph.h"

static tri_function *compiled(const struct gmm *p) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr inputs[4] = {graph_array(g, "alphas", p->k, 0), graph_array(g, "means", p->k, p->d),
                        graph_array(g, "icf", p->k, gmm_icf(p)), graph_array(g, "x", p->n, p->d)};
  tri_error error = {.message = ""};
  tri_expr outputs[4] = {gmm_graph(g, p, inputs, 0)};
  tri_status status = tri_gradient(outputs[0], 3, inputs, outputs + 1);
  tri_function *f = status ? NULL
                           : tri_compile(4, inputs, 4, outputs, .primals = 1, .run = TRI_NATIVE,
                                         .native_module = NATIVE_BUILT, .error = &error);
  if (!f) fprintf(stderr, "%s %s\n", tri_graph_error(g)->message, error.message);
  tri_graph_free(g);
  return f;
}

/* --- running */

struct run {
  struct gmm *p;
  const tri_function *f;
  tri_call call;
  double *inputs, *outputs;
  double value;
};

static void run_plain(void *data) {
  struct run *r = data;
  r->value = plain_gmm(r->p);
}

static void run_by_hand(void *data) {
  struct run *r = data;
  r->value = hand_gmm(r->p, r->outputs);
}

static void run_triad(void *data) {
  struct run *r = data;
  if (tri_function_call(r->f, &r->call, r->inputs, r->outputs)) exit(EXIT_FAILURE);
}

static size_t parameters(const struct gmm *p) {
  return (size_t)(p->k + p->k * p->d + p->k * gmm_icf(p));
}

static void take_inputs(struct run *r) {
  const struct gmm *p = r->p;
  size_t next = 0;
  const double *from[] = {p->alphas, p->means, p->icf, p->x};
  const int count[] = {p->k, p->k * p->d, p->k * gmm_icf(p), p->n * p->d};
  for (int i = 0; i < 4; i++) {
    memcpy(r->inputs + next, from[i], (size_t)count[i] * sizeof *r->inputs);
    next += (size_t)count[i];
  }
}

static void named(const char *name, const char *what, double value, const char *unit, double goal) {
  char row[80];
  snprintf(row, sizeof row, "%s%s", name, what);
  bench_result(row, value, unit, goal, 1);
}

/* `prepare`: seconds to the first gradient, of which one run is none of preparing. */
static void measure(const char *name, struct run *r, double prepare, double goal) {
  double mib = bench_peak_mib();
  double run = problem_turns(name, run_plain, run_triad, run_by_hand, r, 1e3, "ms", goal);
  named(name, "-prepare", prepare - run, "s", 1.0);
  named(name, "-peak", mib, "MiB", NAN);
}

static int compare(const char *name, struct gmm *p, double goal, int measured) {
  double start = bench_seconds(), prepare;
  tri_function *f = compiled(p);
  if (!f) return 0;
  size_t n = parameters(p), inputs = n + (size_t)(p->n * p->d);
  struct run r = {
      p, f, {.workspace = tri_workspace_new(f)}, bench_numbers(inputs), bench_numbers(n + 1), 0.0};
  double *expected = bench_numbers(n + 1);
  take_inputs(&r);
  run_triad(&r); /* lanes are made by the first call */
  prepare = bench_seconds() - start;
  expected[0] = hand_gmm(p, expected + 1);
  double plain = plain_gmm(p);
  int right =
      problem_same(name, n + 1, r.outputs, expected) && problem_same(name, 1, &plain, expected);
  if (right && isnan(goal)) bench_value(name, 1, &plain);
  if (right && measured) measure(name, &r, prepare, goal);
  tri_workspace_free(r.call.workspace);
  tri_function_free(f);
  free(r.inputs);
  free(r.outputs);
  free(expected);
  return right;
}

/* --- data */

static void fill(double *x, int n, double scale, unsigned long long *state) {
  for (int i = 0; i < n; i++) x[i] = scale * bench_random(state);
}

struct size {
  const char *name;
  int d, k, n;
  double goal;
};

/* A model of this size is made and measured; *found: whether its gradient is right. */
static void made(const void *data, void *found) {
  const struct size *size = data;
  struct gmm p = {.d = size->d, .k = size->k, .n = size->n, .m = 0, .gamma = 1.0};
  unsigned long long state = 1;
  gmm_open(&p);
  fill(p.alphas, p.k, 1.0, &state);
  fill(p.means, p.k * p.d, 1.0, &state);
  fill(p.icf, p.k * gmm_icf(&p), 1.0 / sqrt(p.d), &state);
  fill(p.x, p.n * p.d, 1.0, &state);
  *(int *)found = compare(size->name, &p, size->goal, 1);
  gmm_close(&p);
}

/* d k n, alphas, means, icf, points (one for all if the file says so by being short), gamma and
 * m. */
static int from_file(const char *name, int measured) {
  struct gmm p = {.d = 0};
  FILE *file = fopen(name, "r");
  if (!file) return perror(name), 0;
  int ok = fscanf(file, "%d %d %d", &p.d, &p.k, &p.n) == 3 && p.d > 0 && p.d <= GMM_MOST &&
           p.k > 0 && p.k <= 10000 && p.n > 0 && p.n <= 100000000 / p.d;
  if (ok) {
    gmm_open(&p);
    ok = bench_read(file, p.alphas, (size_t)p.k) &&
         bench_read(file, p.means, (size_t)(p.k * p.d)) &&
         bench_read(file, p.icf, (size_t)(p.k * gmm_icf(&p))) &&
         bench_read(file, p.x, (size_t)(p.n * p.d)) && fscanf(file, "%lf %d", &p.gamma, &p.m) == 2;
    if (ok)
      ok = compare("gmm-file", &p, NAN, measured);
    else
      fprintf(stderr, "%s: too few numbers\n", name);
    gmm_close(&p);
  } else {
    fprintf(stderr, "%s: not d, k and n, or too large\n", name);
  }
  fclose(file);
  return ok;
}

int main(int argc, char **argv) {
  static const struct size sizes[] = {{"gmm-10-25", 10, 25, 1000, 1.5},
                                      {"gmm-10-25-10k", 10, 25, 10000, 1.5},
                                      {"gmm-10-25-100k", 10, 25, 100000, 1.5},
                                      {"gmm-64-25", 64, 25, 1000, 3.0}};
  int right = 1;
  if (argc > 1) return bench_files(argc, argv, from_file) ? EXIT_SUCCESS : EXIT_FAILURE;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    int found = 0;
    right &= bench_apart(made, sizes + i, &found, sizeof found) && found;
  }
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
