/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ode: s steps of the classical Runge-Kutta method from 0 to 2 for y[0]' = x[0], y[i]' = x[i] y[i -
 * 1], from y = 0; and the gradient of the last element. */
#include "gradbench.h"

#include "bench/graphs.h"

enum { N, STEPS };

void ode_read(gb_job *job, const json_t *input) {
  job->size[N] = -1;
  gb_array(job, input, "x", 1, job->size + N);
  job->size[STEPS] = gb_integer(job, input, "s", 1, 1000000000);
}

struct ode {
  int64_t n;
  tri_expr x, one; /* one: an array of it */
};

/* y' */
static tri_expr slope(const struct ode *o, tri_expr y) {
  tri_expr before[] = {o->one, tri_slice(y, 0, o->n - 1)};
  return tri_mul(o->x, o->n > 1 ? tri_concat(2, before, 0) : o->one);
}

static tri_expr moved(tri_expr y, tri_expr h, tri_expr k) { return tri_add(y, tri_mul(h, k)); }

/* One step from y, of which there are so many from 0 to 2. */
static tri_expr step(tri_graph *g, const struct ode *o, tri_expr y, int64_t steps) {
  tri_expr half = tri_rational(g, 1, steps), whole = tri_rational(g, 2, steps);
  tri_expr k1 = slope(o, y), k2 = slope(o, moved(y, half, k1)), k3 = slope(o, moved(y, half, k2));
  tri_expr k4 = slope(o, moved(y, whole, k3)), middle = tri_mul(tri_integer(g, 2), tri_add(k2, k3));
  return moved(y, tri_rational(g, 1, 3 * steps), tri_add(tri_add(k1, k4), middle));
}

void ode_build(gb_graph *b) {
  const int64_t n = b->size[N], steps = b->size[STEPS];
  tri_expr one = tri_integer(b->g, 1), y = graph_array(b->g, "y", n, 0);
  tri_expr x = gb_in(b, graph_array(b->g, "x", n, 0));
  struct ode o = {n, x, tri_stack(1, &one)};
  tri_expr next = step(b->g, &o, y, steps);
  tri_expr start = tri_repeat(tri_integer(b->g, 0), tri_extent_of(n)), last, gradient;
  tri_loop_options loop = {
      .n = tri_extent_of(steps), .n_carries = 1, .carries = &y, .initial = &start, .next = &next};
  if (tri_loop(b->g, &loop, &last)) return;
  if (b->mode == GB_VALUE) {
    gb_out(b, last);
  } else {
    tri_expr end = tri_element(last, (size_t)n - 1);
    if (tri_gradient(end, 1, &x, &gradient) == TRI_OK) gb_out(b, gradient);
  }
}

json_t *ode_write(const gb_model *m) { return gb_vector(m->output[0], (size_t)m->size[N]); }
