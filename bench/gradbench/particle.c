/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* particle: where a charged particle must be sent so that it hits the origin. Its path is Euler's
 * method with the gradient of a potential, until it crosses the x axis; the descent by the square
 * of where it does needs the derivative of that path. */
#include "descend.h"

enum { X, Y, VX, VY, RUNNING, STEPS, STATE }; /* the loop's carries */

static tri_expr distance(tri_expr x, tri_expr y, tri_expr at_x, tri_expr at_y) {
  return tri_hypot(tri_sub(x, at_x), tri_sub(y, at_y));
}

/* Of charges at (10, 10 - w) and (10, 0). */
static tri_expr potential(tri_graph *g, tri_expr x, tri_expr y, tri_expr w) {
  tri_expr one = tri_integer(g, 1), ten = tri_integer(g, 10);
  return tri_add(tri_div(one, distance(x, y, ten, tri_sub(ten, w))),
                 tri_div(one, distance(x, y, ten, tri_integer(g, 0))));
}

/* The state after one step; once the particle is below, it stays as it is. */
static void step(gb_graph *b, const tri_expr *state, tri_expr w, tri_expr *next) {
  tri_graph *g = b->g;
  tri_expr dt = tri_rational(g, 1, 10), zero = tri_integer(g, 0), slope[2], moved[2];
  gb_derive(potential(g, state[X], state[Y], w), 2, state + X, gb_inner_forward(b->mode), slope);
  for (int i = 0; i < 2; i++) moved[i] = tri_add(state[X + i], tri_mul(dt, state[VX + i]));
  tri_expr runs = tri_gt(state[RUNNING], zero), above = tri_gt(moved[1], zero);
  for (int i = 0; i < 2; i++) {
    tri_expr faster = tri_sub(state[VX + i], tri_mul(dt, slope[i]));
    next[X + i] = tri_select(runs, moved[i], state[X + i]);
    next[VX + i] = tri_select(runs, tri_select(above, faster, state[VX + i]), state[VX + i]);
  }
  next[RUNNING] = tri_select(above, state[RUNNING], zero);
  next[STEPS] = tri_add(state[STEPS], state[RUNNING]);
}

void particle_build(gb_graph *b) {
  static const char *const names[] = {"x", "y", "vx", "vy", "running", "steps"};
  tri_graph *g = b->g;
  tri_expr w = gb_in(b, tri_variable(g, "w")), state[STATE], next[STATE], last[STATE], slope;
  tri_expr first[STATE] = {tri_integer(g, 0), tri_integer(g, 8), tri_rational(g, 3, 4),
                           tri_integer(g, 0), tri_integer(g, 1), tri_integer(g, 0)};
  for (int i = 0; i < STATE; i++) state[i] = tri_variable(g, names[i]);
  step(b, state, w, next);
  tri_loop_options path = {.n = tri_extent_named("steps"),
                           .n_carries = STATE,
                           .carries = state,
                           .initial = first,
                           .next = next};
  if (tri_loop(g, &path, last)) return;
  tri_expr back = tri_div(last[Y], last[VY]); /* to the axis, in a straight line */
  tri_expr square = tri_square(tri_sub(last[X], tri_mul(back, last[VX])));
  if (b->part) gb_derive(square, 1, &w, gb_outer_forward(b->mode), &slope);
  gb_out(b, b->part ? slope : square);
  gb_out(b, last[STEPS]);
}

void particle_read(gb_job *job, const json_t *input) { gb_append(job, gb_number(job, input, "w")); }

static tri_status value(void *m, const double *w, double *square) {
  tri_status status = gb_until_done(m, 0, w, 1);
  *square = ((gb_model *)m)->output[0][0];
  return status;
}

static tri_status gradient(void *m, const double *w, double *slope) {
  tri_status status = gb_until_done(m, 1, w, 1);
  *slope = ((gb_model *)m)->output[1][0];
  return status;
}

/* The output is where the descent ends. */
tri_status particle_run(gb_model *m, const double *inputs) {
  struct gb_objective f = {.data = m, .n = 1, .value = value, .gradient = gradient};
  return gb_descend(&f, inputs, m->output[0]);
}
