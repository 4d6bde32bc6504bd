/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ode: s steps of the classical Runge-Kutta method from 0 to 2 for y[0]' = x[0], y[i]' = x[i] y[i - 1], from y = 0; and the gradient of the last
 * element. */
#include "gradbench.h"

#include "bench/graphs.h"

enum { N, STEPS };

void ode_read(gb_job *job, const json_t *input) {
  job->size[N] = -1;
  gb_array(job, input, "x", 1, job->size + N);
  job->size[STEPS] = gb_integer(job, input, "s", 1, 1000000000);
}

/* x of n elements as the parts from `first` on of `all`, the others 0: the transpose of taking them. */
static tri_expr embed(tri_graph *g, tri_expr x, int64_t n, int64_t first, int64_t all) {
  tri_expr whole = graph_array(g, "whole", all, 0), taken = tri_slice(whole, first, n), embedded;
  return tri_vjp(1, &taken, &x, 1, &whole, &embedded) ? x : embedded;
}

struct ode {
  tri_graph *g;
  int64_t n;
  tri_expr x, unit; /* unit: 1, 0, 0, … */
};

/* Parts of the arrays that a stage goes through, element by element. */
enum { X, UNIT, BEFORE, Y, K1, K2, K3, ARRAYS };

/* `outputs` of each element, n arrays, where the state is y and the slope taken at u. Only the slopes k of stages before are there yet. */
static bool stage(const struct ode *o, const tri_expr *part, tri_expr u, tri_expr y,
                  const tri_expr *k, size_t n_k, size_t n, const tri_expr *outputs,
                  tri_expr *results) {
  tri_expr arrays[ARRAYS] = {o->x, o->unit, u, y};
  if (o->n > 1)
    arrays[BEFORE] = embed(o->g, tri_slice(u, 0, o->n - 1), o->n - 1, 1, o->n);
  else
    arrays[BEFORE] = tri_repeat(tri_integer(o->g, 0), tri_extent_of(1));
  memcpy(arrays + K1, k, n_k * sizeof *k);
  tri_loop_options loop = {.n = tri_extent_of(o->n),
                           .n_steps = K1 + n_k,
                           .steps = part,
                           .step_inputs = arrays,
                           .n_stacked = n,
                           .stacked = outputs};
  return tri_loop(o->g, &loop, results) == TRI_OK;
}

/* One step of size h from y. */
static tri_expr step(const struct ode *o, tri_expr y, int64_t steps) {
  static const char *const names[] = {"px", "p1", "pb", "py", "pk1", "pk2", "pk3"};
  tri_graph *g = o->g;
  tri_expr part[ARRAYS], k[4], u = y, made[2];
  for (int i = 0; i < ARRAYS; i++) part[i] = tri_variable(g, names[i]);
  tri_expr slope = tri_mul(part[X], tri_add(part[BEFORE], part[UNIT]));
  tri_expr sum =
      tri_add(tri_add(part[K1], slope), tri_mul(tri_integer(g, 2), tri_add(part[K2], part[K3])));
  for (size_t i = 0; i < 3; i++) {
    tri_expr h = tri_rational(g, i < 2 ? 1 : 2, steps);
    tri_expr outputs[] = {slope, tri_add(part[Y], tri_mul(h, slope))};
    if (!stage(o, part, u, y, k, i, 2, outputs, made)) return y;
    k[i] = made[0];
    u = made[1];
  }
  tri_expr next = tri_add(part[Y], tri_mul(tri_rational(g, 1, 3 * steps), sum));
  return stage(o, part, u, y, k, 3, 1, &next, made) ? made[0] : y;
}

void ode_build(gb_graph *b) {
  const int64_t n = b->size[N], steps = b->size[STEPS];
  tri_expr one = tri_integer(b->g, 1), y = graph_array(b->g, "y", n, 0);
  tri_expr x = gb_in(b, graph_array(b->g, "x", n, 0));
  struct ode o = {b->g, n, x, embed(b->g, tri_stack(1, &one), 1, 0, n)};
  tri_expr next = step(&o, y, steps);
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
