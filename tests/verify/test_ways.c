/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* All ways of running a function against the reference interpreter, on random graphs over all rows and their derivatives. In double, what is
 * no other kernel is the same bit for bit; lanes and what else has its own kernels stay within the sum of the two runs' rounding bounds; the
 * number of threads changes no bit. Per instruction, on equal arguments, lanes are tested in tests/eval/test_lanes.c. */
#include <math.h>
#include <string.h>
#include <triad.h>

#include "eval/lanes.h"
#include "tests/random.h"
#include "tests/runner.h"

enum { INPUTS = 2, STEPS = 14, OUTPUTS = 2, POINTS = 7 * LANE_BLOCK * 2 + 5, JUDGED = 4 };

/* --- random graphs over all rows: a value, and its derivative */

struct sample {
  tri_graph *graph;
  tri_expr in[INPUTS], real[INPUTS + 2 + STEPS], condition[STEPS + 1], out[OUTPUTS];
  uint32_t reals, conditions;
};

static uint32_t random_argument(struct random *r, struct sample *s, bool condition) {
  return condition ? s->condition[random_below(r, s->conditions)].id
                   : s->real[random_below(r, s->reals)].id;
}

static void add_operation(struct random *r, struct sample *s) {
  tri_op op = (tri_op)random_below(r, TRI_OP_ROWS);
  const struct row *row = tri__rows + op;
  uint32_t args[ROW_MAX_ARITY] = {0};
  for (int i = 0; i < row->arity; i++) args[i] = random_argument(r, s, row->conditions >> i & 1);
  if (op == TRI_OP_polygamma) args[0] = tri_integer(s->graph, random_below(r, 4)).id;
  tri_expr e = {s->graph, tri__build(s->graph, op, row->arity, args)};
  if (tri_expr_status(e)) return;
  if (row->sort == TRI_BOOLEAN)
    s->condition[s->conditions++] = e;
  else
    s->real[s->reals++] = e;
}

static void sample_new(struct random *r, struct sample *s) {
  *s = (struct sample){.graph = tri_graph_new(NULL)};
  s->real[s->reals++] = s->in[0] = tri_variable(s->graph, "x");
  s->real[s->reals++] = s->in[1] = tri_variable(s->graph, "y");
  s->real[s->reals++] = tri_rational(s->graph, 1, 3);
  s->real[s->reals++] = tri_pi(s->graph);
  s->condition[s->conditions++] = tri_lt(s->in[0], s->in[1]);
  for (int i = 0; i < STEPS; i++) add_operation(r, s);
  s->out[0] = s->out[1] = s->real[s->reals - 1];
  tri_expr slope[INPUTS];
  if (!tri_gradient(s->out[0], INPUTS, s->in, slope)) s->out[1] = slope[random_below(r, INPUTS)];
}

/* --- ways of running */

/* A function at all points; kernels and threads are for those who have such. */
struct task {
  tri_function *function;
  const struct lane_kernels *kernels;
  size_t threads;
  const double *x; /* POINTS times INPUTS */
  double *out;     /* as many times OUTPUTS */
};

static void call_each(const struct task *t, const tri_call *call) {
  for (size_t p = 0; p < POINTS; p++) {
    tri_status status =
        tri_function_call(t->function, call, t->x + INPUTS * p, t->out + OUTPUTS * p);
    ck_assert(status == TRI_OK || status == TRI_DOMAIN);
  }
}

static void look(void *data, const tri_step *step) { (void)data, (void)step; }

/* Who is watched goes step by step through the domain's own operations: the reference. */
static void run_reference(const struct task *t) {
  const tri_trace trace = {.step = look};
  call_each(t, &(tri_call){.trace = &trace});
}

static void run_plain(const struct task *t) { call_each(t, NULL); }

/* With a workspace that is ready, small functions of doubles take a short way. */
static void run_quick(const struct task *t) {
  tri_call call = {.workspace = tri_workspace_new(t->function)};
  ck_assert_ptr_nonnull(call.workspace);
  call_each(t, &call);
  tri_workspace_free(call.workspace);
}

static void run_lanes(const struct task *t) {
  tri_map_input in[INPUTS];
  tri_map_output out[OUTPUTS];
  struct lanes *lanes = tri__lanes_new(t->function, t->kernels);
  ck_assert_ptr_nonnull(lanes);
  tri__lanes_free(atomic_exchange(&t->function->lanes, lanes));
  for (size_t i = 0; i < INPUTS; i++) in[i] = (tri_map_input){t->x + i, NULL, INPUTS};
  for (size_t i = 0; i < OUTPUTS; i++) out[i] = (tri_map_output){t->out + i, NULL, OUTPUTS};
  tri_status status = tri_function_map(t->function, NULL, POINTS, in, out,
                                       &(tri_map_options){.threads = t->threads});
  ck_assert(status == TRI_OK || status == TRI_DOMAIN);
}

/* How a way may differ from the reference: in no bit, or, having kernels of its own, by so many units more than a row states. */
static const struct way {
  const char *name;
  void (*run)(const struct task *task);
  bool kernels, threads; /* takes several */
  double more;
  tri_run by; /* how its function is compiled */
} ways[] = {
    {"interpreter", run_plain, false, false, 0.0, TRI_INTERPRET},
    {"quick calls", run_quick, false, false, 0.0, TRI_INTERPRET},
    {"native code", run_plain, false, false, 0.0, TRI_NATIVE},
    {"lanes", run_lanes, true, true, 3.0, TRI_INTERPRET},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* --- judging */

static bool same(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static double unit_of(double x, tri_domain domain) {
  double size = fabs(x);
  return domain == TRI_FLOAT ? (double)nextafterf((float)size, INFINITY) - size
                             : nextafter(size, (double)INFINITY) - size;
}

/* What the run's bound would be if each operation that rounds were so much worse. */
static double bound_of(const tri_error_report *report, tri_domain domain, double more) {
  double sum = report->bound;
  for (size_t i = 0; i < report->n_steps; i++) {
    const tri_error_step *s = report->steps + i;
    const struct row *row = s->op < TRI_OP_ROWS ? tri__rows + s->op : NULL;
    if (!row || (row->exact && s->op != TRI_OP_pow)) continue;
    double own = (row_ulps(row) + more) * unit_of(s->value, domain);
    if (own > s->rounding) sum += s->adjoint * (own - s->rounding);
  }
  return sum;
}

/* A function at one point: the reference's report, if that says enough. Where a choice hangs on rounding, nothing can be asked. */
static bool judge(const struct sample *s, const double *x, int output, tri_domain domain,
                  tri_error_report *report) {
  tri_expr point[INPUTS];
  for (int i = 0; i < INPUTS; i++) point[i] = tri_double(s->graph, x[i]);
  tri_status status =
      tri_error_estimate(INPUTS, s->in, point, s->out[output], report, .domain = domain);
  if (!status && isfinite(report->bound) && report->n_flips == 0) return true;
  tri_error_report_free(report);
  return false;
}

/* Counts what was compared. */
struct tally {
  unsigned exact, bounded, different, all;
};

static void check_bounds(const struct sample *s, const struct task *t, const double *want,
                         const struct way *way, struct tally *tally) {
  tri_domain domain = t->function->domain;
  for (size_t k = 0; k < JUDGED * OUTPUTS; k++) {
    size_t p = k / OUTPUTS * (POINTS / JUDGED), o = k % OUTPUTS, i = OUTPUTS * p + o;
    tri_error_report report;
    tally->all++;
    if (!judge(s, t->x + INPUTS * p, (int)o, domain, &report)) continue;
    double both = report.bound + bound_of(&report, domain, way->more);
    ck_assert_msg(same(report.value, want[i]), "%.17g and %.17g", report.value, want[i]);
    ck_assert_msg(fabs(t->out[i] - want[i]) <= both,
                  "%s %s in %s at (%.17g, %.17g), output %zu: %.17g, not %.17g: bound %g",
                  way->name, t->kernels->name, tri_domain_name(domain), t->x[INPUTS * p],
                  t->x[INPUTS * p + 1], o, t->out[i], want[i], both);
    tally->bounded++;
    tally->different += t->out[i] != want[i];
    tri_error_report_free(&report);
  }
}

static void check_same(const struct task *t, const double *want, const char *name) {
  for (size_t i = 0; i < POINTS * OUTPUTS; i++)
    ck_assert_msg(same(t->out[i], want[i]), "%s, %zu threads, point %zu: %.17g, not %.17g", name,
                  t->threads, i / OUTPUTS, t->out[i], want[i]);
}

/* The same bits with 2 and 7 threads as with one. */
static void check_threads(const struct task *t, const struct way *way) {
  static double again[POINTS * OUTPUTS];
  for (size_t threads = 2; threads <= 7; threads += 5) {
    struct task other = *t;
    other.threads = threads;
    other.out = again;
    way->run(&other);
    check_same(&other, t->out, way->name);
  }
}

static void check_way(const struct sample *s, const struct way *way, struct task *t,
                      const double *want, struct tally *tally) {
  const struct lane_kernels *table = tri__lane_kernels(t->function->domain, 0);
  for (int k = 0; table; table = tri__lane_kernels(t->function->domain, ++k)) {
    t->kernels = table;
    way->run(t);
    if (way->threads) check_threads(t, way);
    if (way->more == 0.0) {
      check_same(t, want, way->name);
      tally->exact++;
    } else {
      check_bounds(s, t, want, way, tally);
    }
    if (!way->kernels) break;
  }
}

/* --- the whole */

/* Without LLVM all are interpreted. */
static tri_function *compiled(const struct sample *s, tri_domain domain, tri_run by) {
  tri_function *f = tri_compile(INPUTS, s->in, OUTPUTS, s->out, .domain = domain, .run = by,
                                .native_module = NATIVE_BUILT);
  ck_assert_ptr_nonnull(f);
  return f;
}

static void check_sample(struct random *r, const struct sample *s, tri_domain domain,
                         struct tally *tally) {
  static double x[POINTS * INPUTS], want[POINTS * OUTPUTS], out[POINTS * OUTPUTS];
  for (size_t i = 0; i < POINTS * INPUTS; i++) x[i] = (double)(float)random_between(r, -3.0, 3.0);
  struct task t = {.threads = 1, .x = x, .out = want};
  t.function = compiled(s, domain, TRI_INTERPRET);
  run_reference(&t);
  tri_function_free(t.function);
  t.out = out;
  for (size_t w = 0; w < WAYS; w++) {
    if (ways[w].by == TRI_NATIVE && domain != TRI_DOUBLE) continue;
    t.function = compiled(s, domain, ways[w].by);
    check_way(s, ways + w, &t, want, tally);
    tri_function_free(t.function);
  }
}

START_TEST(all_ways) {
  struct random r = random_start(4 + (uint64_t)_i);
  struct tally tally = {0, 0, 0, 0};
  for (int i = 0; i < 60 * test_multiplier(); i++) {
    struct sample s;
    sample_new(&r, &s);
    check_sample(&r, &s, (tri_domain)_i, &tally);
    tri_graph_free(s.graph);
  }
  printf("# %s: %u runs the same; %u of %u values within bounds, %u of them different\n",
         tri_domain_name((tri_domain)_i), tally.exact, tally.bounded, tally.all, tally.different);
  ck_assert_uint_gt(4 * tally.bounded, tally.all);
  ck_assert_uint_gt(tally.different, 0);
  tri_thread_cleanup();
}
END_TEST

static Suite *ways_suite(void) {
  Suite *s = suite_create("ways");
  TCase *c = tcase_create("ways");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, all_ways, TRI_DOUBLE, TRI_RATIONAL);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_ways", ways_suite); }
