/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Bundle adjustment (ba.h) as one loop over its observations, with the Jacobian's rows of each. */
#ifndef TRIAD_BENCH_BA_GRAPH_H
#define TRIAD_BENCH_BA_GRAPH_H

#include "bench/ba.h"
#include "bench/graphs.h"

static inline tri_expr ba_sum3(tri_expr a, tri_expr b, tri_expr c) {
  return tri_add(tri_add(a, b), c);
}

static inline void ba_cross(const tri_expr *a, const tri_expr *b, tri_expr *c) {
  for (int i = 0; i < 3; i++) {
    int j = (i + 1) % 3, k = (i + 2) % 3;
    c[i] = tri_sub(tri_mul(a[j], b[k]), tri_mul(a[k], b[j]));
  }
}

static inline void ba_turn(tri_graph *g, const tri_expr *r, const tri_expr *x, tri_expr *y) {
  tri_expr square = ba_sum3(tri_square(r[0]), tri_square(r[1]), tri_square(r[2])),
           one = tri_integer(g, 1);
  tri_expr angle = tri_sqrt(square), c = tri_cos(angle), s = tri_sin(angle), w[3], across[3],
           small[3];
  for (int i = 0; i < 3; i++) w[i] = tri_div(r[i], angle);
  ba_cross(w, x, across);
  ba_cross(r, x, small);
  tri_expr dot = ba_sum3(tri_mul(w[0], x[0]), tri_mul(w[1], x[1]), tri_mul(w[2], x[2]));
  tri_expr along = tri_mul(dot, tri_sub(one, c)), turns = tri_ne(square, tri_integer(g, 0));
  for (int i = 0; i < 3; i++)
    y[i] = tri_select(turns, ba_sum3(tri_mul(x[i], c), tri_mul(across[i], s), tri_mul(w[i], along)),
                      tri_add(x[i], small[i]));
}

/* The errors of one observation: v is camera, point and weight. */
static inline void ba_errors(tri_graph *g, const tri_expr *v, const tri_expr *feature,
                             tri_expr *error) {
  tri_expr x[3], y[3], uv[2], one = tri_integer(g, 1);
  for (int i = 0; i < 3; i++) x[i] = tri_sub(v[BA_CAMERA + i], v[3 + i]);
  ba_turn(g, v, x, y);
  for (int i = 0; i < 2; i++) uv[i] = tri_div(y[i], y[2]);
  tri_expr square = tri_add(tri_square(uv[0]), tri_square(uv[1]));
  tri_expr scale = ba_sum3(one, tri_mul(v[9], square), tri_mul(v[10], tri_square(square)));
  for (int i = 0; i < 2; i++) {
    tri_expr seen = tri_add(tri_mul(tri_mul(uv[i], scale), v[6]), v[7 + i]);
    error[i] = tri_mul(v[14], tri_sub(seen, feature[i]));
  }
}

/* Outputs of one observation: errors, weight's error, both rows, the weight's derivative. */
static inline tri_status ba_observation(tri_graph *g, tri_expr *out) {
  tri_expr v[BA_ROW], feature[2], error[2], jacobian[2 * BA_ROW], one = tri_integer(g, 1);
  char name[16];
  for (int i = 0; i < BA_ROW; i++) {
    snprintf(name, sizeof name, "v%d", i);
    v[i] = tri_variable(g, name);
  }
  feature[0] = tri_variable(g, "fx");
  feature[1] = tri_variable(g, "fy");
  ba_errors(g, v, feature, error);
  tri_status status = tri_jacobian(2, error, BA_ROW, v, jacobian);
  out[0] = tri_stack(2, error);
  out[1] = tri_sub(one, tri_square(v[14]));
  out[2] = tri_stack(2 * BA_ROW, jacobian);
  out[3] = tri_mul(tri_integer(g, -2), v[14]);
  return status;
}

/* The same of the parts that this observation's indices choose. */
static inline tri_status ba_choose(tri_graph *g, tri_expr cameras, tri_expr points,
                                   const tri_expr *part, tri_expr *out) {
  tri_expr from[BA_ROW + 2], to[BA_ROW + 2], camera = tri_gather(cameras, part[0]),
                                             point = tri_gather(points, part[1]);
  char name[16];
  for (int i = 0; i < BA_ROW; i++) {
    snprintf(name, sizeof name, "v%d", i);
    from[i] = tri_variable(g, name);
    to[i] = i < BA_CAMERA    ? tri_element(camera, (size_t)i)
            : i < BA_ROW - 1 ? tri_element(point, (size_t)(i - BA_CAMERA))
                             : part[2];
  }
  for (int i = 0; i < 2; i++) {
    from[BA_ROW + i] = tri_variable(g, i ? "fy" : "fx");
    to[BA_ROW + i] = tri_element(part[3], (size_t)i);
  }
  return tri_substitute_all(4, out, BA_ROW + 2, from, to, out);
}

/* in: cameras [cameras, 11], points [points, 3], of_camera, of_point, weights [n], features [n, 2];
 * out: errors [n, 2], weights' errors [n], and the derivatives: both rows of each observation [n, 2
 * * BA_ROW], of the weights' errors [n] */
static inline tri_status ba_graph(tri_graph *g, int64_t n, const tri_expr *in, tri_expr *out) {
  tri_expr part[] = {tri_variable(g, "c"), tri_variable(g, "p"), tri_variable(g, "w"),
                     graph_array(g, "f", 2, 0)};
  tri_expr of_one[4];
  tri_status status = ba_observation(g, of_one);
  if (!status) status = ba_choose(g, in[0], in[1], part, of_one);
  if (status) return status;
  return tri_loop(g,
                  &(tri_loop_options){.n = tri_extent_of(n),
                                      .n_steps = 4,
                                      .steps = part,
                                      .step_inputs = in + 2,
                                      .n_stacked = 4,
                                      .stacked = of_one},
                  out);
}

/* The inputs of ba_graph. */
static inline void ba_inputs(tri_graph *g, int64_t cameras, int64_t points, int64_t n,
                             tri_expr *in) {
  in[0] = graph_array(g, "cameras", cameras, BA_CAMERA);
  in[1] = graph_array(g, "points", points, BA_POINT);
  in[2] = graph_array(g, "of_camera", n, 0);
  in[3] = graph_array(g, "of_point", n, 0);
  in[4] = graph_array(g, "weights", n, 0);
  in[5] = graph_array(g, "features", n, 2);
}

#endif
