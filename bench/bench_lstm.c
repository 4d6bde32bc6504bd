/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The LSTM of ADBench (lstm.h) layer by layer: what does not wait for the step before is a loop
 * over all steps at once, the rest a scan. Value and gradient over the plain objective in C. With
 * arguments, files in ADBench's form: the same of each of them. */
#include "bench/files.h"
#include "bench/lstm_graph.h"

static tri_function *compiled(const struct lstm *p) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr inputs[4], outputs[3];
  tri_error error = {.message = ""};
  lstm_inputs(g, p, inputs);
  outputs[0] = lstm_graph(g, p, inputs);
  tri_status status = tri_gradient(outputs[0], 2, inputs, outputs + 1);
  tri_function *f =
      status ? NULL : tri_compile(4, inputs, 3, outputs, .primals = 1, .error = &error);
  if (!f) fprintf(stderr, "%s %s\n", tri_graph_error(g)->message, error.message);
  tri_graph_free(g);
  return f;
}

/* --- running */

struct run {
  struct lstm *p;
  const tri_function *f;
  tri_call call;
  double *inputs, *outputs;
  double value;
};

static void run_plain(void *data) {
  struct run *r = data;
  r->value = plain_lstm(r->p);
}

static void run_by_hand(void *data) {
  struct run *r = data;
  r->value = hand_lstm(r->p, r->outputs);
}

static void run_triad(void *data) {
  struct run *r = data;
  if (tri_function_call(r->f, &r->call, r->inputs, r->outputs)) exit(EXIT_FAILURE);
}

static size_t input_count(const struct lstm *p) {
  return lstm_params(p) + (size_t)((3 + 2 * p->l + p->c) * p->b);
}

static void take_inputs(struct run *r) {
  const struct lstm *p = r->p;
  size_t next = 0;
  const double *from[] = {p->params, p->extra, p->state, p->sequence};
  const size_t count[] = {lstm_params(p), (size_t)(3 * p->b), (size_t)(2 * p->l * p->b),
                          (size_t)(p->c * p->b)};
  for (int i = 0; i < 4; i++) {
    memcpy(r->inputs + next, from[i], count[i] * sizeof *r->inputs);
    next += count[i];
  }
}

static int compare(const char *name, struct lstm *p, double goal, int measured) {
  char row[80];
  double start = bench_seconds();
  tri_function *f = compiled(p);
  if (!f) return 0;
  size_t outputs = 1 + lstm_params(p) + 3 * (size_t)p->b;
  double *expected = bench_numbers(outputs);
  struct run r = {p,
                  f,
                  {.workspace = tri_workspace_new(f)},
                  bench_numbers(input_count(p)),
                  bench_numbers(outputs),
                  0.0};
  take_inputs(&r);
  run_triad(&r); /* lanes are made by the first call */
  snprintf(row, sizeof row, "%s-prepare", name);
  bench_result(row, bench_seconds() - start, "s", 1.0, 1);
  expected[0] = hand_lstm(p, expected + 1);
  double plain = plain_lstm(p);
  int right =
      problem_same(name, outputs, r.outputs, expected) && problem_same(name, 1, &plain, expected);
  if (right && isnan(goal)) bench_value(name, 1, &plain);
  if (right && measured)
    problem_turns(name, run_plain, run_triad, run_by_hand, &r, 1e3, "ms", goal);
  tri_workspace_free(r.call.workspace);
  tri_function_free(f);
  free(r.inputs);
  free(r.outputs);
  free(expected);
  return right;
}

/* --- data */

static void fill(double *x, size_t n, unsigned long long *state) {
  for (size_t i = 0; i < n; i++) x[i] = 0.5 + 0.5 * bench_random(state);
}

static int made(const char *name, int l, int c, int b, double goal) {
  struct lstm p = {.l = l, .c = c, .b = b};
  unsigned long long state = 1;
  lstm_open(&p);
  fill(p.params, lstm_params(&p), &state);
  fill(p.extra, 3 * (size_t)b, &state);
  fill(p.state, (size_t)(2 * l * b), &state);
  for (int i = 0; i < c * b; i++) p.sequence[i] = bench_random(&state) > 0.0;
  int right = compare(name, &p, goal, 1);
  lstm_close(&p);
  return right;
}

/* l c b, parameters, extra parameters, states, bits */
static int from_file(const char *name, int measured) {
  struct lstm p = {.l = 0};
  FILE *file = fopen(name, "r");
  if (!file) return perror(name), 0;
  int ok = fscanf(file, "%d %d %d", &p.l, &p.c, &p.b) == 3 && p.l > 0 && p.l <= 100 && p.c > 1 &&
           p.c <= 100000 && p.b > 0 && p.b <= 256;
  if (ok) {
    lstm_open(&p);
    ok = bench_read(file, p.params, lstm_params(&p)) &&
         bench_read(file, p.extra, 3 * (size_t)p.b) &&
         bench_read(file, p.state, (size_t)(2 * p.l * p.b)) &&
         bench_read(file, p.sequence, (size_t)(p.c * p.b));
    if (ok)
      ok = compare("lstm-file", &p, NAN, measured);
    else
      fprintf(stderr, "%s: too few numbers\n", name);
    lstm_close(&p);
  } else {
    fprintf(stderr, "%s: not l, c and b, or too large\n", name);
  }
  fclose(file);
  return ok;
}

int main(int argc, char **argv) {
  if (argc > 1) return bench_files(argc, argv, from_file) ? EXIT_SUCCESS : EXIT_FAILURE;
  return made("lstm-2-1024", 2, 1024, 14, 2.0) ? EXIT_SUCCESS : EXIT_FAILURE;
}
