/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient of a million steps of an ordinary differential equation (scan.h), one node of the
 * graph, by a reverse run that keeps few states and computes the others again; over the time of one
 * that keeps all of them, with the most memory that each process had. Beside them the adjoint by
 * hand. */
#include <triad.h>

#include "bench/scan.h"

/* The limits: of the memory of the whole process, and of it for states. */
static const double most_mib = 64.0;
enum { CHECKPOINT_BYTES = 16 << 20 };

/* --- the graph */

static tri_expr part(tri_expr x, int i) { return tri_element(x, (size_t)i); }

static tri_expr pull(tri_expr state, int i) {
  tri_expr zero = tri_integer(state.graph, 0);
  tri_expr before = i > 0 ? part(state, i - 1) : zero,
           behind = i + 1 < PENDULUMS ? part(state, i + 1) : zero;
  return tri_add(tri_sub(before, tri_mul(tri_integer(state.graph, 2), part(state, i))), behind);
}

/* The state behind a step, and what the objective gains. */
static tri_expr move(tri_expr state, tri_expr parameters, tri_expr *gain) {
  tri_expr h = tri_double(state.graph, scan_step), sum = tri_integer(state.graph, 0),
           to[SCAN_STATES];
  for (int i = 0; i < PENDULUMS; i++) {
    tri_expr angle = part(state, i), speed = part(state, PENDULUMS + i);
    tri_expr force = tri_sub(tri_sub(tri_mul(part(parameters, 1), pull(state, i)),
                                     tri_mul(part(parameters, 0), tri_sin(angle))),
                             tri_mul(part(parameters, 2), speed));
    to[PENDULUMS + i] = tri_add(speed, tri_mul(h, force));
    to[i] = tri_add(angle, tri_mul(h, to[PENDULUMS + i]));
    sum = tri_add(sum, tri_square(angle));
  }
  *gain = tri_mul(h, sum);
  return tri_stack(SCAN_STATES, to);
}

static tri_function *compiled(void) {
  tri_graph *g = tri_graph_new(NULL);
  tri_expr inputs[] = {tri_variable_shaped(g, "first", 1, (int64_t[]){SCAN_STATES}, NULL),
                       tri_variable_shaped(g, "parameters", 1, (int64_t[]){3}, NULL)};
  tri_expr state = tri_variable_shaped(g, "state", 1, (int64_t[]){SCAN_STATES}, NULL), gain;
  tri_expr next = move(state, inputs[1], &gain), results[2];
  tri_error error = {.message = ""};
  tri_status status = tri_loop(g,
                               &(tri_loop_options){.n = tri_extent_of(SCAN_STEPS),
                                                   .n_carries = 1,
                                                   .carries = &state,
                                                   .initial = inputs,
                                                   .next = &next,
                                                   .n_summed = 1,
                                                   .summed = &gain},
                               results);
  tri_function *f = status ? NULL : tri_compile(2, inputs, 1, results, .error = &error);
  if (!f) fprintf(stderr, "%s %s\n", tri_graph_error(g)->message, error.message);
  tri_graph_free(g);
  return f;
}

/* --- running */

/* One way to the gradient: by triad with a limit for states (0: none), or by hand. */
struct way {
  const char *name;
  int by_hand;
  size_t checkpoint_bytes;
};

struct run {
  const struct way *way;
  tri_function *f;
  tri_call call;
  double x[SCAN_INPUTS], gradient[SCAN_INPUTS], value;
  double *states;
};

static void run_gradient(void *data) {
  struct run *r = data;
  if (r->way->by_hand)
    r->value = hand_scan(r->x, r->states, r->gradient);
  else if (tri_function_reverse(r->f, &r->call, r->x, NULL, &r->value, r->gradient))
    exit(EXIT_FAILURE);
}

static void run_plain(void *data) {
  struct run *r = data;
  r->value = plain_scan(r->x);
}

/* Seconds: the least of three runs, which take long enough to be seen. */
static double least_of(void (*run)(void *), struct run *r) {
  struct bench_way way = {run, r, INFINITY, 1};
  for (int i = 0; i < 3; i++) {
    double time = bench_turn(&way);
    if (time < way.least) way.least = time;
  }
  return way.least;
}

static double *room_for_states(void) { return bench_numbers((size_t)SCAN_STEPS * SCAN_STATES); }

/* Sums of a million terms may differ by a million units in the last place. */
static int near(const char *name, double found, double expected) {
  if (fabs(found - expected) <= SCAN_STEPS * 2.2e-16 * (1.0 + fabs(expected))) return 1;
  fprintf(stderr, "%s: %.17g, not %.17g\n", name, found, expected);
  return 0;
}

static int correct(const struct run *r) {
  double expected[SCAN_INPUTS], *states = room_for_states();
  int right = near(r->way->name, r->value, hand_scan(r->x, states, expected));
  free(states);
  for (int i = 0; i < SCAN_INPUTS; i++) right &= near(r->way->name, r->gradient[i], expected[i]);
  return right;
}

/* What a process that does this alone finds out. */
struct found {
  int right;
  double seconds, plain, mib;
};

/* Memory is looked at before the check, which needs much. */
static void measure(const void *data, void *result) {
  struct found *found = result;
  struct run r = {.way = data, .f = compiled()};
  if (!r.f) return;
  r.call =
      (tri_call){.workspace = tri_workspace_new(r.f), .checkpoint_bytes = r.way->checkpoint_bytes};
  if (r.way->by_hand) r.states = room_for_states();
  scan_point(r.x);
  found->plain = least_of(run_plain, &r);
  found->seconds = least_of(run_gradient, &r);
  found->mib = bench_peak_mib();
  found->right = correct(&r);
  free(r.states);
  tri_workspace_free(r.call.workspace);
  tri_function_free(r.f);
}

static void report(const char *row, const struct found *found, double reference, const char *who,
                   double goal, double mib) {
  char peak[80];
  snprintf(peak, sizeof peak, "%s-peak", row);
  bench_result(row, found->seconds, "s", goal, 1);
  bench_reference(row, who, reference);
  bench_result(peak, found->mib, "MiB", mib, 1);
}

int main(void) {
  static const struct way ways[] = {{"scan-memory", 0, CHECKPOINT_BYTES},
                                    {"scan-memory-all-kept", 0, 0},
                                    {"scan-memory-by-hand", 1, 0}};
  struct found found[3] = {{0}};
  for (int i = 0; i < 3; i++)
    if (!bench_apart(measure, ways + i, found + i, sizeof *found) || !found[i].right)
      return EXIT_FAILURE;
  report("scan-memory", found, found[1].seconds, "all kept", 4.0 * found[1].seconds, most_mib);
  report("scan-memory-all-kept", found + 1, found[1].plain, "plain C", NAN, NAN);
  report("scan-memory-by-hand", found + 2, found[2].plain, "plain C", NAN, NAN);
  return EXIT_SUCCESS;
}
