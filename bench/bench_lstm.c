/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The LSTM of ADBench (lstm.h) layer by layer: what does not wait for the step before is a loop over all steps at once, the rest a scan. Value and
 * gradient over the plain objective in C. With arguments, files in ADBench's form: the same of each of them. */
#include <triad.h>

#include "bench/files.h"
#include "bench/lstm.h"

/* --- the graph */

struct model {
  tri_graph *g;
  const struct lstm *p;
  tri_expr params, extra, state, sequence; /* inputs */
};

static tri_expr array(struct model *m, const char *name, size_t rank, const int64_t *dims) {
  return tri_variable_shaped(m->g, name, rank, dims, NULL);
}

/* One number for each cell. */
static tri_expr cells(struct model *m, const char *name) {
  return array(m, name, 1, (int64_t[]){m->p->b});
}

static void loop(struct model *m, const tri_loop_options *options, tri_expr *results) {
  if (tri_loop(m->g, options, results)) fprintf(stderr, "%s\n", tri_graph_error(m->g)->message);
}

static tri_extent steps(const struct model *m) { return tri_extent_of(m->p->c - 1); }

/* Of part 0 (weights) or 1 (biases) of a layer's parameters, those of a gate, times x or added. */
static tri_expr gate(tri_expr layer, size_t which, tri_expr x) {
  return tri_add(tri_mul(x, tri_element(tri_element(layer, 0), which)),
                 tri_element(tri_element(layer, 1), which));
}

/* What a layer makes of its input at all steps. */
static tri_expr layer_output(struct model *m, int i, tri_expr input) {
  tri_expr layer = tri_element(m->params, (size_t)i), state = tri_element(m->state, (size_t)i);
  tri_expr x = cells(m, "x"), gates[2], forget = cells(m, "forget"), out = cells(m, "out");
  tri_expr carries[] = {cells(m, "hidden"), cells(m, "cell")}, results[3];
  loop(m,
       &(tri_loop_options){
           .n = steps(m),
           .n_steps = 1,
           .steps = &x,
           .step_inputs = &input,
           .n_stacked = 2,
           .stacked = (tri_expr[]){tri_sigmoid(gate(layer, 0, x)), tri_sigmoid(gate(layer, 2, x))}},
       gates);
  tri_expr in = tri_sigmoid(gate(layer, 1, carries[0])),
           change = tri_tanh(gate(layer, 3, carries[0]));
  tri_expr cell = tri_add(tri_mul(carries[1], forget), tri_mul(in, change));
  tri_expr hidden = tri_mul(out, tri_tanh(cell));
  loop(m,
       &(tri_loop_options){.n = steps(m),
                           .n_steps = 2,
                           .steps = (tri_expr[]){forget, out},
                           .step_inputs = gates,
                           .n_carries = 2,
                           .carries = carries,
                           .initial = (tri_expr[]){tri_element(state, 0), tri_element(state, 1)},
                           .next = (tri_expr[]){hidden, cell},
                           .n_stacked = 1,
                           .stacked = &hidden},
       results);
  return results[0];
}

/* The sum of a number for each cell. */
static tri_expr total(struct model *m, tri_expr x) {
  tri_expr part = tri_variable(m->g, "part"), sum;
  loop(m,
       &(tri_loop_options){.n = tri_extent_of(m->p->b),
                           .n_steps = 1,
                           .steps = &part,
                           .step_inputs = &x,
                           .n_summed = 1,
                           .summed = &part},
       &sum);
  return sum;
}

static tri_expr objective(struct model *m) {
  const int64_t n = m->p->c - 1;
  tri_expr x = cells(m, "x"), should = cells(m, "should"), sum;
  tri_expr before = tri_slice(m->sequence, 0, n), after = tri_slice(m->sequence, 1, n), said;
  tri_expr weighed = tri_mul(x, tri_element(m->extra, 0));
  loop(m,
       &(tri_loop_options){.n = steps(m),
                           .n_steps = 1,
                           .steps = &x,
                           .step_inputs = &before,
                           .n_stacked = 1,
                           .stacked = &weighed},
       &said);
  for (int i = 0; i < m->p->l; i++) said = layer_output(m, i, said);
  tri_expr y = tri_add(tri_mul(x, tri_element(m->extra, 1)), tri_element(m->extra, 2));
  tri_expr all = tri_log(tri_add(total(m, tri_exp(y)), tri_integer(m->g, 2)));
  tri_expr part = total(m, tri_mul(should, tri_sub(y, all)));
  loop(m,
       &(tri_loop_options){.n = steps(m),
                           .n_steps = 2,
                           .steps = (tri_expr[]){x, should},
                           .step_inputs = (tri_expr[]){said, after},
                           .n_summed = 1,
                           .summed = &part},
       &sum);
  return tri_div(sum, tri_integer(m->g, -n * m->p->b));
}

static tri_function *compiled(const struct lstm *p) {
  struct model m = {.g = tri_graph_new(NULL), .p = p};
  m.params = array(&m, "params", 4, (int64_t[]){p->l, 2, LSTM_GATES, p->b});
  m.extra = array(&m, "extra", 2, (int64_t[]){3, p->b});
  m.state = array(&m, "state", 3, (int64_t[]){p->l, 2, p->b});
  m.sequence = array(&m, "sequence", 2, (int64_t[]){p->c, p->b});
  tri_expr inputs[4] = {m.params, m.extra, m.state, m.sequence}, outputs[3];
  tri_error error = {.message = ""};
  outputs[0] = objective(&m);
  tri_status status = tri_gradient(outputs[0], 2, inputs, outputs + 1);
  tri_function *f =
      status ? NULL : tri_compile(4, inputs, 3, outputs, .primals = 1, .error = &error);
  if (!f) fprintf(stderr, "%s %s\n", tri_graph_error(m.g)->message, error.message);
  tri_graph_free(m.g);
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

static void measure(const char *name, struct run *r, double goal) {
  char row[80];
  struct bench_way ways[] = {
      {run_plain, r, 0.0, 0}, {run_triad, r, 0.0, 0}, {run_by_hand, r, 0.0, 0}};
  bench_turns(3, ways);
  problem_result(name, ways[1].least * 1e3, ways[0].least * 1e3, "ms", goal);
  snprintf(row, sizeof row, "%s:by-hand", name);
  problem_result(row, ways[2].least * 1e3, ways[0].least * 1e3, "ms", NAN);
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
  if (right && measured) measure(name, &r, goal);
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
