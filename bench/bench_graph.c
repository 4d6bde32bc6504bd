/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Building nodes, their size, and reading text. */
#include <string.h>
#include <triad.h>

#include "bench.h"

enum { REPEATS = 5 };

/* An allocator that knows how much was in use for each node at most, once the graph is large. */
struct meter {
  const tri_graph *graph;
  size_t now;
  double peak;
};

static void *metered(void *context, void *block, size_t old_size, size_t new_size) {
  struct meter *m = context;
  m->now += new_size - old_size;
  double nodes = m->graph ? tri_graph_size(m->graph) : 0;
  if (nodes > 1e6 && (double)m->now / nodes > m->peak) m->peak = (double)m->now / nodes;
  if (new_size) return realloc(block, new_size);
  free(block);
  return NULL;
}

/* n new nodes out of + * - and sin, each over the two before it. */
static void build(tri_graph *g, size_t n) {
  tri_expr a = tri_variable(g, "x"), b = tri_variable(g, "y");
  unsigned choice = 1;
  for (size_t i = 0; i < n; i++) {
    choice = choice * 1664525u + 1013904223u;
    tri_expr c = choice >> 30 == 0   ? tri_add(a, b)
                 : choice >> 30 == 1 ? tri_mul(a, b)
                 : choice >> 30 == 2 ? tri_sin(a)
                                     : tri_sub(a, b);
    b = a;
    a = c;
  }
}

/* n operations over any two results before: memory is waited for, and some nodes are there already. */
static void build_scattered(tri_graph *g, size_t n) {
  tri_expr *e = malloc((n + 2) * sizeof *e);
  uint64_t choice = 1;
  if (!e) exit(EXIT_FAILURE);
  e[0] = tri_variable(g, "x"), e[1] = tri_variable(g, "y");
  for (size_t i = 2; i < n + 2; i++) {
    choice = choice * 6364136223846793005u + 1442695040888963407u;
    tri_expr a = e[(choice >> 32) * i >> 32], b = e[(choice & 0xffffffff) * i >> 32];
    e[i] = choice >> 62 == 0 ? tri_sin(a) : choice >> 62 == 1 ? tri_mul(a, b) : tri_add(a, b);
  }
  free(e);
}

/* All n nodes a second time, of which none is new. */
static void bench_found(size_t n) {
  double rate[REPEATS];
  tri_graph *g = tri_graph_new(NULL);
  build(g, n);
  uint32_t size = tri_graph_size(g);
  for (int i = 0; i < REPEATS; i++) {
    double start = bench_seconds();
    build(g, n);
    rate[i] = (double)n / (bench_seconds() - start) / 1e6;
  }
  if (tri_graph_size(g) != size) exit(EXIT_FAILURE);
  tri_graph_free(g);
  bench_result("nodes-found-1e5", bench_median(rate, REPEATS), "M/s", NAN, 1);
}

static void bench_nodes(void (*work)(tri_graph *, size_t), size_t n, const char *name,
                        double goal) {
  double rate[REPEATS];
  for (int i = 0; i < REPEATS; i++) {
    tri_graph *g = tri_graph_new(NULL);
    double start = bench_seconds();
    work(g, n);
    rate[i] = (double)n / (bench_seconds() - start) / 1e6;
    tri_graph_free(g);
  }
  bench_result(name, bench_median(rate, REPEATS), "M/s", goal, 1);
}

static void bench_bytes(void) {
  struct meter meter = {0};
  tri_allocator allocator = {metered, &meter};
  tri_graph *g = tri_graph_new(&(tri_graph_options){.allocator = &allocator});
  meter.graph = g;
  build(g, 10000000);
  double nodes = tri_graph_size(g);
  bench_result("node-bytes", (double)tri_graph_bytes(g) / nodes, "bytes", 40, 1);
  bench_result("node-bytes-peak", meter.peak, "bytes", 56, 1);
  meter.graph = NULL;
  tri_graph_free(g);
}

static void bench_parse(void) {
  enum { TERMS = 1000000 };
  char *text = malloc((size_t)TERMS * 12);
  size_t size = 0;
  double rate[REPEATS];
  if (!text) return;
  for (int i = 0; i < TERMS; i++)
    size += (size_t)snprintf(text + size, 12, "%sx%d", i ? " + " : "", i);
  for (int i = 0; i < REPEATS; i++) {
    tri_graph *g = tri_graph_new(NULL);
    double start = bench_seconds();
    tri_expr e = tri_parse(g, text, size);
    rate[i] = (double)size / (bench_seconds() - start) / 1e6;
    if (tri_expr_status(e)) rate[i] = NAN;
    tri_graph_free(g);
  }
  free(text);
  bench_result("parse", bench_median(rate, REPEATS), "MB/s", 20, 1);
}

/* The tool's start, computing 1+1, as a whole process. */
static void bench_start(void) {
  const char *tool = getenv("TRIAD");
  char command[4096];
  double ms[21];
  if (!tool || strlen(tool) > 4000 || strchr(tool, '\'')) return;
  snprintf(command, sizeof command, "'%s' -e '1+1' >/dev/null", tool);
  double empty[21];
  for (int i = 0; i < 21; i++) {
    double start = bench_seconds();
    if (system(":")) return;
    empty[i] = bench_seconds() - start;
    start = bench_seconds();
    if (system(command)) return;
    ms[i] = 1e3 * (bench_seconds() - start);
  }
  bench_result("start-up", bench_median(ms, 21), "ms", 15, 1);
  bench_reference("start-up", "sh -c :", 1e3 * bench_median(empty, 21));
}

int main(void) {
  bench_nodes(build, 100000, "nodes-1e5", 10);
  bench_nodes(build, 10000000, "nodes-1e7", 4);
  bench_nodes(build_scattered, 1000000, "nodes-scattered-1e6", NAN);
  bench_found(100000);
  bench_bytes();
  bench_parse();
  bench_start();
  return 0;
}
