/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Hand tracking (hand.h): the bones written out, one loop over the points, and the Jacobian's rows
 * of each point by 26 tangents. */
#ifndef TRIAD_BENCH_HAND_GRAPH_H
#define TRIAD_BENCH_HAND_GRAPH_H

#include "bench/graphs.h"
#include "bench/hand.h"

enum { HAND_CORNERS = 3 };

/* What a point has, in the loop over them: where it was seen, its vertex or, with HAND_CORNERS,
 * those of its triangle and where it is between them. */
enum { HAND_SEEN, HAND_VERTEX, HAND_WITHIN = HAND_VERTEX + HAND_CORNERS, HAND_PARTS };

/* What a graph is made of: all but the first three are made by hand_inputs. */
struct hand_graph {
  tri_graph *g;
  const struct hand *p; /* bones, parents, vertices and n */
  int corners;          /* 1: points are vertices; HAND_CORNERS: they are within triangles */
  int mirrored;         /* not 0: x is negative, before the hand as a whole is turned */
  tri_expr theta[HAND_THETA], base, inverse, position, weight, of_points[HAND_PARTS];
};

static inline tri_expr hand_sum3(tri_expr a, tri_expr b, tri_expr c) {
  return tri_add(tri_add(a, b), c);
}

/* Row i of a, each `wide` numbers, times column j of b. */
static inline tri_expr hand_product(const tri_expr *a, int wide, int i, const tri_expr *b,
                                    int columns, int j) {
  return hand_sum3(tri_mul(a[wide * i], b[j]), tri_mul(a[wide * i + 1], b[columns + j]),
                   tri_mul(a[wide * i + 2], b[2 * columns + j]));
}

static inline void hand_rotate_graph(const tri_expr *a, const tri_expr *b, tri_expr *c) {
  for (int i = 0; i < 9; i++) c[i] = hand_product(a, 3, i / 3, b, 3, i % 3);
}

static inline void hand_multiply_graph(const tri_expr *a, const tri_expr *b, tri_expr *c) {
  for (int i = 0; i < 12; i++) {
    tri_expr sum = hand_product(a, 4, i / 4, b, 4, i % 4);
    c[i] = i % 4 == 3 ? tri_add(sum, a[i]) : sum;
  }
}

/* The transformation a after the rotation r. */
static inline void hand_after_graph(const tri_expr *a, const tri_expr *r, tri_expr *c) {
  for (int i = 0; i < 12; i++) c[i] = i % 4 == 3 ? a[i] : hand_product(a, 4, i / 4, r, 3, i % 4);
}

static inline void hand_bend_graph(tri_graph *g, tri_expr bend, tri_expr spread, tri_expr *r) {
  tri_expr o = tri_integer(g, 0), l = tri_integer(g, 1), c = tri_cos(bend), s = tri_sin(bend),
           d = tri_cos(spread), t = tri_sin(spread);
  hand_rotate_graph((tri_expr[]){d, tri_neg(t), o, t, d, o, o, o, l},
                    (tri_expr[]){l, o, o, o, c, tri_neg(s), o, s, c}, r);
}

/* A rotation by axis times angle; none where there is hardly an angle. */
static inline void hand_turn_graph(const struct hand_graph *m, tri_expr *r) {
  const tri_expr *of = m->theta;
  tri_expr square = hand_sum3(tri_square(of[0]), tri_square(of[1]), tri_square(of[2])),
           angle = tri_sqrt(square), c = tri_cos(angle), s = tri_sin(angle), n[3];
  tri_expr turns = tri_ge(angle, tri_number(m->g, "0.0001")),
           rest = tri_sub(tri_integer(m->g, 1), c);
  for (int i = 0; i < 3; i++) n[i] = tri_div(of[i], angle);
  for (int i = 0; i < 3; i++) {
    int j = (i + 1) % 3, k = (i + 2) % 3;
    tri_expr both = tri_mul(tri_mul(n[i], n[j]), rest), across = tri_mul(n[k], s);
    r[4 * i] = tri_add(tri_mul(tri_square(n[i]), rest), c);
    r[3 * i + j] = tri_sub(both, across);
    r[3 * j + i] = tri_add(both, across);
  }
  for (int i = 0; i < 9; i++) r[i] = tri_select(turns, r[i], tri_integer(m->g, i % 4 == 0));
}

static inline void hand_elements(tri_expr x, int n, tri_expr *e) {
  for (int i = 0; i < n; i++) e[i] = tri_element(x, (size_t)i);
}

/* The bones' transformations of vertices of a hand at rest: 12 expressions for each. */
static inline void hand_bones_graph(const struct hand_graph *m, tri_expr *whole) {
  tri_expr pose[2 * HAND_BONES], places[12 * HAND_BONES], base[12], inverse[12], r[9], relative[12];
  for (int i = 0; i < 2 * HAND_BONES; i++) pose[i] = tri_integer(m->g, 0);
  for (int i = HAND_FIRST; i < HAND_THETA; i++) {
    int spread, bone = hand_bone_of(i, &spread);
    pose[2 * bone + spread] = m->theta[i];
  }
  for (int i = 0; i < m->p->bones; i++) {
    hand_elements(tri_element(m->base, (size_t)i), 12, base);
    hand_elements(tri_element(m->inverse, (size_t)i), 12, inverse);
    hand_bend_graph(m->g, pose[2 * i], pose[2 * i + 1], r);
    hand_after_graph(base, r, relative);
    if (m->p->parent[i] < 0)
      memcpy(places + 12 * i, relative, sizeof relative);
    else
      hand_multiply_graph(places + 12 * m->p->parent[i], relative, places + 12 * i);
    hand_multiply_graph(places + 12 * i, inverse, whole + 12 * i);
  }
}

/* The vertex of this number, moved by the bones. */
static inline void hand_skin_graph(const struct hand_graph *m, const tri_expr *whole,
                                   tri_expr vertex, tri_expr *x) {
  tri_expr from[3], weights = tri_gather(m->weight, vertex);
  hand_elements(tri_gather(m->position, vertex), 3, from);
  for (int j = 0; j < 3; j++) x[j] = tri_integer(m->g, 0);
  for (int i = 0; i < m->p->bones; i++)
    for (int j = 0; j < 3; j++) {
      const tri_expr *row = whole + 12 * i + 4 * j;
      tri_expr to = tri_add(hand_product(row, 4, 0, from, 1, 0), row[3]);
      x[j] = tri_add(x[j], tri_mul(tri_element(weights, (size_t)i), to));
    }
  if (m->mirrored) x[0] = tri_neg(x[0]);
}

/* How many of its parts a point has. */
static inline size_t hand_parts(const struct hand_graph *m) {
  return m->corners > 1 ? HAND_PARTS : HAND_VERTEX + 1;
}

/* The three errors of one point. */
static inline void hand_errors_graph(const struct hand_graph *m, const tri_expr *part,
                                     tri_expr *error) {
  tri_expr whole[12 * HAND_BONES], x[3], corner[3], r[9], rest = tri_integer(m->g, 1);
  hand_bones_graph(m, whole);
  hand_turn_graph(m, r);
  if (m->corners <= 1) hand_skin_graph(m, whole, part[HAND_VERTEX], x);
  for (size_t i = 0; m->corners > 1 && i < HAND_CORNERS; i++) {
    tri_expr share = i < 2 ? tri_element(part[HAND_WITHIN], i) : rest;
    hand_skin_graph(m, whole, part[HAND_VERTEX + i], corner);
    for (int j = 0; j < 3; j++) {
      tri_expr its = tri_mul(share, corner[j]);
      x[j] = i ? tri_add(x[j], its) : its;
    }
    rest = tri_sub(rest, share);
  }
  for (int j = 0; j < 3; j++)
    error[j] = tri_sub(tri_element(part[HAND_SEEN], (size_t)j),
                       tri_add(hand_product(r, 3, j, x, 1, 0), m->theta[3 + j]));
}

/* By where the point is in its triangle, if it is in one, and then by theta: three rows. Returns
 * how many columns. */
static inline size_t hand_rows_graph(const struct hand_graph *m, const tri_expr *part,
                                     const tri_expr *error, tri_expr *rows) {
  size_t own = m->corners > 1 ? 2 : 0, columns = own + HAND_THETA;
  tri_expr slope[3];
  for (size_t k = 0; k < columns; k++) {
    tri_expr one = tri_integer(m->g, 1),
             unit[] = {tri_integer(m->g, k == 0), tri_integer(m->g, k == 1)};
    tri_expr direction = k < own ? tri_stack(2, unit) : one;
    const tri_expr *by = k < own ? part + HAND_WITHIN : m->theta + k - own;
    if (tri_jvp(3, error, 1, by, &direction, slope)) break;
    for (size_t j = 0; j < 3; j++) rows[columns * j + k] = slope[j];
  }
  return columns;
}

/* outputs: errors of all points [n, 3], and the three rows of the Jacobian of each [n, 3 *
 * columns], where there are 26 columns, or 28 with HAND_CORNERS. */
static inline tri_status hand_graph(const struct hand_graph *m, tri_expr *outputs) {
  tri_expr error[3], rows[3 * (2 + HAND_THETA)], parts[2], part[HAND_PARTS];
  char name[24];
  for (int i = 0; i < HAND_PARTS; i++) {
    snprintf(name, sizeof name, "part%d", i);
    part[i] = i == HAND_SEEN     ? graph_array(m->g, name, 3, 0)
              : i == HAND_WITHIN ? graph_array(m->g, name, 2, 0)
                                 : tri_variable(m->g, name);
  }
  hand_errors_graph(m, part, error);
  size_t columns = hand_rows_graph(m, part, error, rows);
  if (tri_graph_status(m->g)) return tri_graph_status(m->g);
  parts[0] = tri_stack(3, error);
  parts[1] = tri_stack(3 * columns, rows);
  tri_loop_options loop = {.n = tri_extent_of(m->p->n),
                           .n_steps = hand_parts(m),
                           .steps = part,
                           .step_inputs = m->of_points,
                           .n_stacked = 2,
                           .stacked = parts};
  return tri_loop(m->g, &loop, outputs);
}

enum { HAND_INPUTS = HAND_THETA + 4 + HAND_PARTS };

/* theta [26], base and inverse [bones, 12], positions [vertices, 3], weights [vertices, bones], and
 * of points where they were seen [n, 3], numbers of vertices [n], one or HAND_CORNERS times, and
 * then where they are between them [n, 2]. Returns how many variables these are. */
static inline size_t hand_inputs(struct hand_graph *m, tri_expr *in) {
  const struct hand *p = m->p;
  char name[24];
  for (int i = 0; i < HAND_THETA; i++) {
    snprintf(name, sizeof name, "theta%d", i);
    m->theta[i] = in[i] = tri_variable(m->g, name);
  }
  in += HAND_THETA;
  in[0] = m->base = graph_array(m->g, "base", p->bones, 12);
  in[1] = m->inverse = graph_array(m->g, "inverse", p->bones, 12);
  in[2] = m->position = graph_array(m->g, "position", p->vertices, 3);
  in[3] = m->weight = graph_array(m->g, "weight", p->vertices, p->bones);
  for (int i = 0; i < HAND_PARTS; i++) {
    snprintf(name, sizeof name, "of_points%d", i);
    in[4 + i] = m->of_points[i] = graph_array(m->g, name, p->n,
                                              i == HAND_SEEN     ? 3
                                              : i == HAND_WITHIN ? 2
                                                                 : 0);
  }
  return HAND_THETA + 4 + hand_parts(m);
}

#endif
