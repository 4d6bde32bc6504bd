/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Gaussian mixture model of ADBench (gmm.h) as loops over its points and its Gaussians: value and gradient over the plain objective in C;
 * what it takes to prepare that, which does not depend on the number of points, and the most memory of the whole process. With arguments,
 * files in ADBench's form: the same of each of them. */
#include <string.h>
#include <triad.h>

#include "bench/files.h"
#include "bench/gmm.h"

/* --- the graph */

struct model {
  tri_graph *g;
  const struct gmm *p;
  tri_expr alphas, means, icf, x; /* inputs */
};

static tri_expr array(struct model *m, const char *name, int64_t a, int64_t b) {
  return tri_variable_shaped(m->g, name, b ? 2 : 1, (int64_t[]){a, b}, NULL);
}

static tri_expr number(struct model *m, int64_t n, int64_t d) { return tri_rational(m->g, n, d); }

/* For every Gaussian: `stacked` or the sum of `e` over these parts. */
static tri_expr over(struct model *m, int64_t n, size_t count, const tri_expr *parts,
                     const tri_expr *arrays, tri_expr e, int sum) {
  tri_expr result;
  tri_loop_options options = {
      .n = tri_extent_of(n), .n_steps = count, .steps = parts, .step_inputs = arrays};
  if (sum) {
    options.n_summed = 1;
    options.summed = &e;
  } else {
    options.n_stacked = 1;
    options.stacked = &e;
  }
  if (tri_loop(m->g, &options, &result)) fprintf(stderr, "%s\n", tri_graph_error(m->g)->message);
  return result;
}

/* log of the sum of exp(x[i]), made safe by an integer near the largest. */
static tri_expr logsumexp(struct model *m, int64_t n, tri_expr x) {
  tri_expr part = tri_variable(m->g, "t"), most = tri_variable(m->g, "c"),
           next = tri_max(most, part);
  tri_expr first = tri_element(x, 0), largest;
  tri_loop_options fold = {.n = tri_extent_of(n),
                           .n_steps = 1,
                           .steps = &part,
                           .step_inputs = &x,
                           .n_carries = 1,
                           .carries = &most,
                           .initial = &first,
                           .next = &next};
  if (tri_loop(m->g, &fold, &largest)) fprintf(stderr, "%s\n", tri_graph_error(m->g)->message);
  tri_expr safe = tri_floor(largest);
  return tri_add(safe, tri_log(over(m, n, 1, &part, &x, tri_exp(tri_sub(part, safe)), 1)));
}

/* 0.5 |Q (x - mean)|² of one Gaussian: from its parts */
static tri_expr half_distance(struct model *m, tri_expr x, tri_expr mean, tri_expr diagonal,
                              tri_expr icf) {
  int d = m->p->d, next = d;
  tri_expr y[256], centred[256], sum = number(m, 0, 1);
  for (int i = 0; i < d; i++) {
    centred[i] = tri_sub(tri_element(x, (size_t)i), tri_element(mean, (size_t)i));
    y[i] = tri_mul(tri_element(diagonal, (size_t)i), centred[i]);
  }
  for (int i = 0; i < d; i++)
    for (int j = i + 1; j < d; j++)
      y[j] = tri_add(y[j], tri_mul(tri_element(icf, (size_t)next++), centred[i]));
  for (int i = 0; i < d; i++) sum = tri_add(sum, tri_square(y[i]));
  return tri_div(sum, number(m, 2, 1));
}

static tri_expr objective(struct model *m) {
  const struct gmm *p = m->p;
  const int64_t d = p->d, k = p->k, icf_size = gmm_icf(p);
  tri_expr xi = array(m, "xi", d, 0), alpha = tri_variable(m->g, "alpha"),
           mean = array(m, "mean", d, 0), icf = array(m, "q", icf_size, 0),
           diagonal = array(m, "diagonal", d, 0), sum = tri_variable(m->g, "sum"), parts[256],
           total = number(m, 0, 1), squares;
  for (int i = 0; i < p->d; i++) parts[i] = tri_exp(tri_element(icf, (size_t)i));
  tri_expr diagonals = over(m, k, 1, &icf, &m->icf, tri_stack((size_t)d, parts), 0);
  for (int i = 0; i < p->d; i++) total = tri_add(total, tri_element(icf, (size_t)i));
  tri_expr sums = over(m, k, 1, &icf, &m->icf, total, 0);
  tri_expr term = tri_sub(tri_add(alpha, sum), half_distance(m, xi, mean, diagonal, icf));
  tri_expr terms = over(m, k, 5, (tri_expr[]){alpha, mean, icf, diagonal, sum},
                        (tri_expr[]){m->alphas, m->means, m->icf, diagonals, sums}, term, 0);
  tri_expr likelihood = over(m, p->n, 1, &xi, &m->x, logsumexp(m, k, terms), 1);
  squares = number(m, 0, 1);
  for (int i = 0; i < p->d; i++)
    squares = tri_add(squares, tri_square(tri_element(diagonal, (size_t)i)));
  for (int i = p->d; i < icf_size; i++)
    squares = tri_add(squares, tri_square(tri_element(icf, (size_t)i)));
  tri_expr gamma = tri_double(m->g, 0.5 * p->gamma * p->gamma);
  tri_expr prior =
      over(m, k, 3, (tri_expr[]){icf, diagonal, sum}, (tri_expr[]){m->icf, diagonals, sums},
           tri_sub(tri_mul(gamma, squares), tri_mul(number(m, p->m, 1), sum)), 1);
  tri_expr weights = tri_mul(number(m, p->n, 1), logsumexp(m, k, m->alphas));
  return tri_add(tri_sub(tri_add(tri_double(m->g, gmm_constant(p)), likelihood), weights), prior);
}

static tri_function *compiled(const struct gmm *p) {
  struct model m = {.g = tri_graph_new(NULL), .p = p};
  m.alphas = array(&m, "alphas", p->k, 0);
  m.means = array(&m, "means", p->k, p->d);
  m.icf = array(&m, "icf", p->k, gmm_icf(p));
  m.x = array(&m, "x", p->n, p->d);
  tri_expr inputs[4] = {m.alphas, m.means, m.icf, m.x}, outputs[4];
  tri_error error = {.message = ""};
  outputs[0] = objective(&m);
  tri_status status = tri_gradient(outputs[0], 3, inputs, outputs + 1);
  tri_function *f = status ? NULL
                           : tri_compile(4, inputs, 4, outputs, .primals = 1, .run = TRI_NATIVE,
                                         .native_module = NATIVE_BUILT, .error = &error);
  if (!f) fprintf(stderr, "%s %s\n", tri_graph_error(m.g)->message, error.message);
  tri_graph_free(m.g);
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
  struct bench_way ways[] = {
      {run_plain, r, 0.0, 0}, {run_triad, r, 0.0, 0}, {run_by_hand, r, 0.0, 0}};
  char row[80];
  double mib = bench_peak_mib();
  bench_turns(3, ways);
  named(name, "-prepare", prepare - ways[1].least, "s", 1.0);
  problem_result(name, ways[1].least * 1e3, ways[0].least * 1e3, "ms", goal);
  snprintf(row, sizeof row, "%s:by-hand", name);
  problem_result(row, ways[2].least * 1e3, ways[0].least * 1e3, "ms", NAN);
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

/* d k n, alphas, means, icf, points (one for all if the file says so by being short), gamma and m. */
static int from_file(const char *name, int measured) {
  struct gmm p = {.d = 0};
  FILE *file = fopen(name, "r");
  if (!file) return perror(name), 0;
  int ok = fscanf(file, "%d %d %d", &p.d, &p.k, &p.n) == 3 && p.d > 0 && p.d <= 256 && p.k > 0 &&
           p.k <= 10000 && p.n > 0 && p.n <= 100000000 / p.d;
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
