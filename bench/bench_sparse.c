/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sparse Hessians of functions of 100,000 variables (sparse.h): everything from an empty graph to
 * the first values, what its parts cost, and values at another point. Each function is a sum over
 * an index, and the first is written out as well, as many scalars. */
#include "bench/sparse.h"

#include <triad.h>

enum { SIZE = 100000, TIMES = 10 };

/* --- the graph */

static tri_expr number(tri_graph *g, int64_t n) { return tri_integer(g, n); }

static tri_expr term(tri_expr x, tri_expr next) {
  tri_expr t = tri_sub(next, tri_square(x)), u = tri_sub(number(x.graph, 1), x);
  return tri_add(tri_mul(number(x.graph, 100), tri_square(t)), tri_square(u));
}

/* One sum over an index; *inputs is the array x. */
static tri_expr as_sum(tri_graph *g, const struct sparse_problem *p, tri_expr *inputs) {
  tri_expr x = inputs[0] = tri_variable_shaped(g, "x", 1, (int64_t[]){SIZE}, NULL);
  tri_expr i = tri_variable(g, "i"), at = tri_mul(number(g, p->step), i);
  return tri_sum(term(tri_gather(x, at), tri_gather(x, tri_add(at, number(g, 1)))), i, 0,
                 tri_extent_of((SIZE - 2) / p->step + 1));
}

/* As many scalar variables, and a term for each index. */
static tri_expr written_out(tri_graph *g, const struct sparse_problem *p, tri_expr *inputs) {
  tri_expr sum = number(g, 0);
  char name[16];
  for (int i = 0; i < SIZE; i++) {
    snprintf(name, sizeof name, "x%d", i);
    inputs[i] = tri_variable(g, name);
  }
  for (int i = 0; i + 1 < SIZE; i += p->step) sum = tri_add(sum, term(inputs[i], inputs[i + 1]));
  return sum;
}

/* --- running */

/* A way to write a problem down. */
struct way {
  const char *row;
  const struct sparse_problem *problem;
  tri_expr (*build)(tri_graph *g, const struct sparse_problem *p, tri_expr *inputs);
  size_t n_inputs;
};

/* Seconds from an empty graph to values: of the graph, of the plan, of the first values; and what
 * pattern and colours, which are parts of the plan, take by themselves. */
struct seconds {
  double total, graph, plan, first, pattern, colours;
};

struct run {
  const struct way *way;
  tri_sparse *sparse;
  tri_call call;
  const double *x;
  double *values, sum;
  struct band hessian;
};

static double lap(double *start) {
  double now = bench_seconds(), took = now - *start;
  *start = now;
  return took;
}

/* What pattern and colours alone take, which tri_hessian_sparse makes again. */
static tri_status parts(tri_expr f, const struct way *way, const tri_expr *inputs,
                        struct seconds *s) {
  double start = bench_seconds();
  tri_pattern *pattern;
  uint32_t *colour = malloc(SIZE * sizeof *colour), colours;
  tri_status status = colour ? TRI_OK : TRI_MEMORY;
  if (!status) status = tri_hessian_pattern(1, &f, way->n_inputs, inputs, NULL, &pattern);
  s->pattern = lap(&start);
  if (!status) {
    status = tri_colour_symmetric(pattern, colour, &colours);
    s->colours = lap(&start);
    tri_pattern_free(pattern);
  }
  free(colour);
  return status;
}

static tri_status prepare(struct run *r, tri_graph *g, tri_expr *inputs, struct seconds *s) {
  double start = bench_seconds();
  tri_expr f = r->way->build(g, r->way->problem, inputs);
  s->graph = lap(&start);
  r->sparse = tri_hessian_sparse(r->way->n_inputs, inputs, 1, &f, .triangle = TRI_LOWER);
  if (!r->sparse) return tri_graph_status(g);
  s->plan = lap(&start);
  r->call.workspace = tri_workspace_new(tri_sparse_function(r->sparse));
  r->values = bench_numbers(tri_sparse_entries(r->sparse));
  tri_status status = tri_sparse_call(r->sparse, &r->call, r->x, NULL, NULL, r->values);
  s->first = lap(&start);
  s->total = s->graph + s->plan + s->first;
  return status ? status : parts(f, r->way, inputs, s);
}

static void finish(struct run *r) {
  free(r->values);
  tri_workspace_free(r->call.workspace);
  tri_sparse_free(r->sparse);
  r->values = NULL;
  r->call.workspace = NULL;
  r->sparse = NULL;
}

/* From an empty graph; what is made stays in r. */
static int make(struct run *r, struct seconds *s) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr *inputs = malloc(r->way->n_inputs * sizeof *inputs);
  tri_status status = g && inputs ? prepare(r, g, inputs, s) : TRI_MEMORY;
  if (status) fprintf(stderr, "%s: %s\n", r->way->row, tri_status_meaning(status));
  free(inputs);
  tri_graph_free(g);
  return !status;
}

static void run_again(void *data) {
  struct run *r = data;
  if (tri_sparse_call(r->sparse, &r->call, r->x, NULL, NULL, r->values)) exit(EXIT_FAILURE);
}

static void run_by_hand(void *data) {
  struct run *r = data;
  hand_sparse(r->way->problem, SIZE, r->x, &r->hessian);
}

static void run_plain(void *data) {
  struct run *r = data;
  r->sum = plain_sparse(r->way->problem, SIZE, r->x);
}

/* Every entry is that by hand, and none is missing. */
static int correct(struct run *r) {
  size_t n = tri_sparse_entries(r->sparse), nonzero = 0, found = 0;
  const int32_t *row = tri_sparse_row(r->sparse), *column = tri_sparse_column(r->sparse);
  double *expected = bench_numbers(n);
  run_by_hand(r);
  for (size_t i = 0; i < SIZE; i++)
    nonzero += (size_t)(r->hessian.diagonal[i] != 0.0) + (size_t)(r->hessian.below[i] != 0.0);
  for (size_t k = 0; k < n; k++) {
    int below = row[k] == column[k] + 1;
    if (row[k] == column[k]) expected[k] = r->hessian.diagonal[row[k]];
    if (below) expected[k] = r->hessian.below[column[k]];
    found += expected[k] != 0.0;
  }
  if (found != nonzero) fprintf(stderr, "%s: entries are missing\n", r->way->row);
  int right = found == nonzero && problem_same(r->way->row, n, r->values, expected);
  free(expected);
  return right;
}

/* --- rows */

static void part(const struct way *way, const char *what, double seconds) {
  char row[80];
  snprintf(row, sizeof row, "%s-%s", way->row, what);
  bench_result(row, seconds * 1e3, "ms", NAN, 1);
}

static void report(struct run *r, const struct seconds *s) {
  const struct way *w = r->way;
  char row[80];
  bench_result(w->row, s->total, "s", 0.5, 1);
  part(w, "graph", s->graph);
  part(w, "plan", s->plan);
  part(w, "pattern", s->pattern);
  part(w, "colours", s->colours);
  part(w, "first-values", s->first);
  struct bench_way ways[] = {
      {run_plain, r, 0.0, 0}, {run_again, r, 0.0, 0}, {run_by_hand, r, 0.0, 0}};
  bench_turns(3, ways);
  snprintf(row, sizeof row, "%s-values", w->row);
  problem_result(row, ways[1].least * 1e3, ways[0].least * 1e3, "ms", NAN);
  snprintf(row, sizeof row, "%s-values:by-hand", w->row);
  problem_result(row, ways[2].least * 1e3, ways[0].least * 1e3, "ms", NAN);
}

/* The least total of some runs, since other work on the machine only adds. */
static int measure(const struct way *way) {
  double *room = bench_numbers(3 * (size_t)SIZE);
  struct run r = {.way = way, .x = room, .hessian = {room + SIZE, room + 2 * (size_t)SIZE}};
  struct seconds least = {.total = INFINITY}, s = {.total = 0.0};
  sparse_point(SIZE, room);
  int right = 1;
  for (int i = 0; right && i < TIMES; i++) {
    finish(&r);
    right = make(&r, &s) && correct(&r);
    if (s.total < least.total) least = s;
  }
  if (right) report(&r, &least);
  finish(&r);
  free(room);
  return right;
}

int main(void) {
  static const struct way ways[] = {
      {"sparse-hessian", &sparse_extended, as_sum, 1},
      {"sparse-hessian-written-out", &sparse_extended, written_out, SIZE},
      {"sparse-hessian-chain", &sparse_chain, as_sum, 1},
  };
  int right = 1;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) right &= measure(ways + i);
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
