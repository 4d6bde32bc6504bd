/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* saddle: the saddle point of (x1² + y1²) - (x2² + y2²), by a descent to the least of the largest.
 * The largest is found by a descent of its own, which is a loop of the graph, so that the outer
 * derivative goes through it. */
#include "descend.h"

enum { P, SLOPE = P + 2, VALUE = SLOPE + 2, RATE, GAINS, RUNNING, STEPS, STATE }; /* carries */

/* The negative of the objective: what the inner descent makes least by q. */
static tri_expr negative(const tri_expr *p, const tri_expr *q) {
  return tri_sub(tri_add(tri_square(q[0]), tri_square(q[1])),
                 tri_add(tri_square(p[0]), tri_square(p[1])));
}

static tri_expr length(tri_expr a, tri_expr b) {
  return tri_sqrt(tri_add(tri_square(a), tri_square(b)));
}

/* At q: value and gradient by q. `at` is where the gradient is taken, variables. */
struct inner {
  tri_expr value, slope[2], at[2];
};

static void evaluate(const struct inner *f, const tri_expr *q, tri_expr *value, tri_expr *slope) {
  *value = tri_substitute(f->value, 2, f->at, q);
  for (int i = 0; i < 2; i++) slope[i] = tri_substitute(f->slope[i], 2, f->at, q);
}

/* The state after a step of the descent (descend.c has it as C): `taken` of it where it is taken,
 * else what it was, unless the rate changes. */
static void step(tri_graph *g, const struct inner *f, const tri_expr *s, tri_expr *next) {
  tri_expr zero = tri_integer(g, 0), two = tri_integer(g, 2), ten = tri_integer(g, 10);
  tri_expr least = tri_rational(g, 1, 100000), q[2], value, slope[2];
  for (int i = 0; i < 2; i++) q[i] = tri_sub(s[P + i], tri_mul(s[RATE], s[SLOPE + i]));
  evaluate(f, q, &value, slope);
  tri_expr flat = tri_le(length(s[SLOPE], s[SLOPE + 1]), least), full = tri_eq(s[GAINS], ten);
  tri_expr near = tri_le(length(tri_sub(s[P], q[0]), tri_sub(s[P + 1], q[1])), least);
  tri_expr ends = tri_logical_or(flat, tri_logical_and(tri_logical_not(full), near));
  tri_expr runs = tri_logical_and(tri_gt(s[RUNNING], zero), tri_logical_not(ends));
  tri_expr tries = tri_logical_and(runs, tri_logical_not(full)),
           gains = tri_logical_and(tries, tri_lt(value, s[VALUE]));
  for (int i = 0; i < 2; i++) {
    next[P + i] = tri_select(gains, q[i], s[P + i]);
    next[SLOPE + i] = tri_select(gains, slope[i], s[SLOPE + i]);
  }
  next[VALUE] = tri_select(gains, value, s[VALUE]);
  tri_expr slower = tri_select(gains, s[RATE], tri_div(s[RATE], two));
  next[RATE] = tri_select(runs, tri_select(full, tri_mul(two, s[RATE]), slower), s[RATE]);
  next[GAINS] =
      tri_select(gains, tri_add(s[GAINS], tri_integer(g, 1)), tri_select(runs, zero, s[GAINS]));
  next[RUNNING] = tri_select(runs, s[RUNNING], zero);
  next[STEPS] = tri_add(s[STEPS], s[RUNNING]);
}

/* Inputs: p and where the inner descent starts; part 0: where it ends, the largest value, the
 * steps; part 1: its gradient by p, the steps. */
void saddle_build(gb_graph *b) {
  static const char *const names[] = {"q0",   "q1",    "s0",      "s1",   "value",
                                      "rate", "gains", "running", "steps"};
  tri_graph *g = b->g;
  struct inner f = {.at = {tri_variable(g, "at0"), tri_variable(g, "at1")}};
  tri_expr p[] = {gb_in(b, tri_variable(g, "p0")), gb_in(b, tri_variable(g, "p1"))};
  tri_expr start[] = {gb_in(b, tri_variable(g, "start0")), gb_in(b, tri_variable(g, "start1"))};
  tri_expr state[STATE], next[STATE], last[STATE], slope[2];
  tri_expr first[STATE] = {[P] = start[0],
                           [P + 1] = start[1],
                           [RATE] = tri_rational(g, 1, 100000),
                           [GAINS] = tri_integer(g, 0),
                           [RUNNING] = tri_integer(g, 1),
                           [STEPS] = tri_integer(g, 0)};
  f.value = negative(p, f.at);
  gb_derive(f.value, 2, f.at, gb_inner_forward(b->mode), f.slope);
  evaluate(&f, start, first + VALUE, first + SLOPE);
  for (int i = 0; i < STATE; i++) state[i] = tri_variable(g, names[i]);
  step(g, &f, state, next);
  tri_loop_options descent = {.n = tri_extent_named("steps"),
                              .n_carries = STATE,
                              .carries = state,
                              .initial = first,
                              .next = next};
  if (tri_loop(g, &descent, last)) return;
  tri_expr largest = tri_neg(negative(p, last + P));
  if (b->part) gb_derive(largest, 2, p, gb_outer_forward(b->mode), slope);
  for (int i = 0; i < 2; i++) gb_out(b, b->part ? slope[i] : last[P + i]);
  if (!b->part) gb_out(b, largest);
  gb_out(b, last[STEPS]);
}

void saddle_read(gb_job *job, const json_t *input) {
  gb_array(job, input, "start", 1, (int64_t[]){2});
}

/* --- the outer descent */

struct outer {
  gb_model *m;
  double inputs[4]; /* p, start */
};

static tri_status value(void *data, const double *p, double *largest) {
  struct outer *o = data;
  memcpy(o->inputs, p, 2 * sizeof *p);
  tri_status status = gb_until_done(o->m, 0, o->inputs, 3);
  *largest = o->m->output[0][2];
  return status;
}

static tri_status gradient(void *data, const double *p, double *slope) {
  struct outer *o = data;
  memcpy(o->inputs, p, 2 * sizeof *p);
  tri_status status = gb_until_done(o->m, 1, o->inputs, 2);
  memcpy(slope, o->m->output[1], 2 * sizeof *slope);
  return status;
}

/* The output: both points, 4 numbers. */
tri_status saddle_run(gb_model *m, const double *inputs) {
  struct outer o = {.m = m, .inputs = {inputs[0], inputs[1], inputs[0], inputs[1]}};
  struct gb_objective f = {.data = &o, .n = 2, .value = value, .gradient = gradient};
  double p[2], largest;
  tri_status status = gb_descend(&f, inputs, p);
  if (!status) status = value(&o, p, &largest);
  for (int i = 0; i < 2; i++) {
    m->output[0][2 + i] = m->output[0][i];
    m->output[0][i] = p[i];
  }
  return status;
}

json_t *saddle_write(const gb_model *m) { return gb_vector(m->output[0], 4); }
