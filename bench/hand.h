/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Hand tracking as in ADBench (gmm.h names it), the simple form: n points seen, each said to be a
 * vertex of a hand, and how far off they are. The hand's bones are moved by 26 numbers: its
 * rotation as axis times angle, its place, and for each of five fingers the bend and the spread of
 * its second bone and the bends of the two behind. A vertex follows all bones, each by a weight.
 * Transformations have three rows of four. In plain C, and with the Jacobian by hand, which knows
 * what bones an angle moves. */
#ifndef TRIAD_BENCH_HAND_H
#define TRIAD_BENCH_HAND_H

#include "problems.h"

enum { HAND_THETA = 26, HAND_FINGERS = 5, HAND_ANGLES = 4, HAND_FIRST = 6, HAND_BONES = 40 };

struct hand {
  int bones, vertices, n;
  int *parent; /* of each bone, before it; -1: none */
  double *base,
      *inverse; /* bones * 12: where it is seen from its parent, and the inverse of where it is, in a hand at rest */
  double *position, *weight; /* vertices * 3, vertices * bones */
  double *of_vertex,
      *point; /* n: indices from 0, as doubles since that is what triad takes; n * 3 */
  double theta[HAND_THETA];
  double *bone, *moved, *slope; /* room: bones * 12; vertices * 3; 26 * bones * 12 */
};

/* The bone that an angle from HAND_FIRST on turns; *spread: across, else it bends it. */
static inline int hand_bone_of(int theta, int *spread) {
  int finger = (theta - HAND_FIRST) / HAND_ANGLES, angle = (theta - HAND_FIRST) % HAND_ANGLES;
  *spread = angle == 1;
  return 2 + HAND_ANGLES * finger + (angle > 1 ? angle - 1 : 0);
}

/* c = a b, of 3 × 3 matrices, and of transformations */
static inline void hand_rotate(const double *a, const double *b, double *c) {
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      c[3 * i + j] = a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
}

static inline void hand_multiply(const double *a, const double *b, double *c) {
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 4; j++)
      c[4 * i + j] = a[4 * i] * b[j] + a[4 * i + 1] * b[4 + j] + a[4 * i + 2] * b[8 + j];
    c[4 * i + 3] += a[4 * i + 3];
  }
}

/* c = the transformation a after the rotation r */
static inline void hand_after(const double *a, const double *r, double *c) {
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++)
      c[4 * i + j] = a[4 * i] * r[j] + a[4 * i + 1] * r[3 + j] + a[4 * i + 2] * r[6 + j];
    c[4 * i + 3] = a[4 * i + 3];
  }
}

/* A bone's rotation, first by `bend`, then by `spread`. */
static inline void hand_bend(double bend, double spread, double *r) {
  double c = cos(bend), s = sin(bend), d = cos(spread), t = sin(spread);
  const double x[] = {1.0, 0.0, 0.0, 0.0, c, -s, 0.0, s, c};
  const double z[] = {d, -t, 0.0, t, d, 0.0, 0.0, 0.0, 1.0};
  hand_rotate(z, x, r);
}

/* A rotation by axis times angle; none where there is hardly an angle. */
static inline void hand_turn(const double *theta, double *r) {
  double angle = sqrt(theta[0] * theta[0] + theta[1] * theta[1] + theta[2] * theta[2]);
  if (angle < 0.0001) {
    for (int i = 0; i < 9; i++) r[i] = i % 4 == 0;
    return;
  }
  double x = theta[0] / angle, y = theta[1] / angle, z = theta[2] / angle, s = sin(angle),
         c = cos(angle);
  r[0] = x * x + (1.0 - x * x) * c;
  r[1] = x * y * (1.0 - c) - z * s;
  r[2] = x * z * (1.0 - c) + y * s;
  r[3] = x * y * (1.0 - c) + z * s;
  r[4] = y * y + (1.0 - y * y) * c;
  r[5] = y * z * (1.0 - c) - x * s;
  r[6] = x * z * (1.0 - c) - y * s;
  r[7] = y * z * (1.0 - c) + x * s;
  r[8] = z * z + (1.0 - z * z) * c;
}

/* Bend and spread of all bones, 2 each. */
static inline void hand_pose(const struct hand *p, double *pose) {
  memset(pose, 0, 2 * HAND_BONES * sizeof *pose);
  for (int i = HAND_FIRST; i < HAND_THETA; i++) {
    int spread, bone = hand_bone_of(i, &spread);
    pose[2 * bone + spread] = p->theta[i];
  }
}

/* Where bone i is, behind its parent. */
static inline void hand_place(const struct hand *p, int i, const double *relative, double *places) {
  if (p->parent[i] < 0)
    memcpy(places + 12 * i, relative, 12 * sizeof *places);
  else
    hand_multiply(places + 12 * p->parent[i], relative, places + 12 * i);
}

/* The bones' transformations of vertices of a hand at rest; places: where the bones are. */
static inline void hand_bones(const struct hand *p, double *places) {
  double pose[2 * HAND_BONES], r[9], relative[12];
  hand_pose(p, pose);
  for (int i = 0; i < p->bones; i++) {
    hand_bend(pose[2 * i], pose[2 * i + 1], r);
    hand_after(p->base + 12 * i, r, relative);
    hand_place(p, i, relative, places);
    hand_multiply(places + 12 * i, p->inverse + 12 * i, p->bone + 12 * i);
  }
}

/* Vertex i, moved by the bones: into x. */
static inline void hand_skin(const struct hand *p, int i, double *x) {
  const double *from = p->position + 3 * i, *weight = p->weight + p->bones * i;
  double a = 0.0, b = 0.0, c = 0.0;
  for (int k = 0; k < p->bones; k++) {
    const double *t = p->bone + 12 * k;
    a += weight[k] * (t[0] * from[0] + t[1] * from[1] + t[2] * from[2] + t[3]);
    b += weight[k] * (t[4] * from[0] + t[5] * from[1] + t[6] * from[2] + t[7]);
    c += weight[k] * (t[8] * from[0] + t[9] * from[1] + t[10] * from[2] + t[11]);
  }
  x[0] = a;
  x[1] = b;
  x[2] = c;
}

static inline double hand_row(const double *r, const double *x) {
  return r[0] * x[0] + r[1] * x[1] + r[2] * x[2];
}

/* error: n * 3 */
PROBLEM_PLAIN void plain_hand(const struct hand *p, double *error) {
  double r[9], places[12 * HAND_BONES];
  hand_bones(p, places);
  hand_turn(p->theta, r);
  for (int i = 0; i < p->vertices; i++) {
    double x[3], *to = p->moved + 3 * i;
    hand_skin(p, i, x);
    for (int j = 0; j < 3; j++) to[j] = hand_row(r + 3 * j, x) + p->theta[3 + j];
  }
  for (int i = 0; i < p->n; i++)
    for (int j = 0; j < 3; j++)
      error[3 * i + j] = p->point[3 * i + j] - p->moved[3 * (int)p->of_vertex[i] + j];
}

/* --- by hand */

/* The rotation's derivative by theta[k]. */
static inline void hand_turn_slope(const double *theta, int k, double *slope) {
  double angle = sqrt(theta[0] * theta[0] + theta[1] * theta[1] + theta[2] * theta[2]), n[3], dn[3];
  memset(slope, 0, 9 * sizeof *slope);
  if (angle < 0.0001) return;
  double s = sin(angle), c = cos(angle);
  for (int i = 0; i < 3; i++) n[i] = theta[i] / angle;
  for (int i = 0; i < 3; i++) dn[i] = ((i == k) - n[i] * n[k]) / angle;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      slope[3 * i + j] =
          s * n[k] * (n[i] * n[j] - (i == j)) + (1.0 - c) * (dn[i] * n[j] + n[i] * dn[j]);
  for (int i = 0; i < 3; i++) { /* of the cross product with n, times s */
    double w = c * n[k] * n[i] + s * dn[i];
    int a = (i + 1) % 3, b = (i + 2) % 3;
    slope[3 * b + a] += w;
    slope[3 * a + b] -= w;
  }
}

/* The derivative of a bone's rotation by its bend or its spread. */
static inline void hand_bend_slope(double bend, double spread, int by_spread, double *r) {
  double c = cos(bend), s = sin(bend), d = cos(spread), t = sin(spread);
  const double x[] = {1.0, 0.0, 0.0, 0.0, c, -s, 0.0, s, c},
               dx[] = {0.0, 0.0, 0.0, 0.0, -s, -c, 0.0, c, -s};
  const double z[] = {d, -t, 0.0, t, d, 0.0, 0.0, 0.0, 1.0},
               dz[] = {-t, -d, 0.0, d, -t, 0.0, 0.0, 0.0, 0.0};
  hand_rotate(by_spread ? dz : z, by_spread ? x : dx, r);
}

/* A transformation without its shift. */
static inline void hand_unshifted(const double *from, double *to) {
  for (int i = 0; i < 12; i++) to[i] = i % 4 == 3 ? 0.0 : from[i];
}

/* How a bone moves by its own bend or spread. */
static inline void hand_first_slope(const struct hand *p, int i, const double *pose, int spread,
                                    const double *places, double *moves) {
  double turn[9], relative[12], lines[12], around[12];
  hand_bend_slope(pose[2 * i], pose[2 * i + 1], spread, turn);
  hand_after(p->base + 12 * i, turn, relative);
  hand_unshifted(relative, lines);
  memcpy(moves + 12 * i, lines, sizeof lines);
  if (p->parent[i] < 0) return;
  hand_unshifted(places + 12 * p->parent[i], around);
  hand_multiply(around, lines, moves + 12 * i);
}

/* What an angle does to the bones behind it, seen with the hand turned by r: slope, a
 * transformation for each of the bones in list. Returns how many there are. */
static inline int hand_angle_slopes(const struct hand *p, int theta, const double *places,
                                    const double *r, double *slope, int *list) {
  double pose[2 * HAND_BONES], turn[9], relative[12], moves[12 * HAND_BONES], whole[12];
  int spread, first = hand_bone_of(theta, &spread), count = 0, behind[HAND_BONES] = {0};
  hand_pose(p, pose);
  hand_first_slope(p, first, pose, spread, places, moves);
  for (int i = first; i < p->bones; i++) {
    behind[i] = i == first || (p->parent[i] >= 0 && behind[p->parent[i]]);
    if (!behind[i]) continue;
    if (i > first) {
      hand_bend(pose[2 * i], pose[2 * i + 1], turn);
      hand_after(p->base + 12 * i, turn, relative);
      hand_multiply(moves + 12 * p->parent[i], relative, moves + 12 * i);
    }
    hand_multiply(moves + 12 * i, p->inverse + 12 * i, whole);
    hand_multiply(r, whole, slope + 12 * count);
    list[count++] = i;
  }
  return count;
}

struct hand_slopes {
  double turn[9], by_turn[3][9];
  int count[HAND_THETA], list[HAND_THETA][HAND_BONES];
};

static inline void hand_slopes(const struct hand *p, const double *places, struct hand_slopes *s) {
  double r[12] = {0.0};
  hand_turn(p->theta, s->turn);
  for (int i = 0; i < 9; i++) r[4 * (i / 3) + i % 3] = s->turn[i];
  for (int k = 0; k < 3; k++) hand_turn_slope(p->theta, k, s->by_turn[k]);
  for (int k = HAND_FIRST; k < HAND_THETA; k++)
    s->count[k] = hand_angle_slopes(p, k, places, r, p->slope + 12 * p->bones * k, s->list[k]);
}

/* One point's error, and its three rows of the Jacobian. */
static inline void hand_point(const struct hand *p, const struct hand_slopes *s, int i,
                              double *error, double *jacobian) {
  int vertex = (int)p->of_vertex[i];
  const double *from = p->position + 3 * vertex, *weight = p->weight + p->bones * vertex;
  double x[3];
  hand_skin(p, vertex, x);
  for (int j = 0; j < 3; j++) {
    double *row = jacobian + HAND_THETA * j;
    error[j] = p->point[3 * i + j] - hand_row(s->turn + 3 * j, x) - p->theta[3 + j];
    for (int k = 0; k < 3; k++) row[k] = -hand_row(s->by_turn[k] + 3 * j, x);
    for (int k = 0; k < 3; k++) row[3 + k] = j == k ? -1.0 : 0.0;
  }
  for (int k = HAND_FIRST; k < HAND_THETA; k++) {
    double a = 0.0, b = 0.0, c = 0.0;
    for (int e = 0; e < s->count[k]; e++) {
      const double *t = p->slope + 12 * (p->bones * k + e);
      double w = weight[s->list[k][e]];
      a += w * (hand_row(t, from) + t[3]);
      b += w * (hand_row(t + 4, from) + t[7]);
      c += w * (hand_row(t + 8, from) + t[11]);
    }
    jacobian[k] = -a;
    jacobian[HAND_THETA + k] = -b;
    jacobian[2 * HAND_THETA + k] = -c;
  }
}

/* error: n * 3; jacobian: n * 3 rows of 26 */
PROBLEM_PLAIN void hand_hand(const struct hand *p, double *error, double *jacobian) {
  struct hand_slopes s;
  double places[12 * HAND_BONES];
  hand_bones(p, places);
  hand_slopes(p, places, &s);
  for (int i = 0; i < p->n; i++) hand_point(p, &s, i, error + 3 * i, jacobian + 3 * HAND_THETA * i);
}

static inline void hand_open(struct hand *p) {
  size_t bones = (size_t)p->bones, vertices = (size_t)p->vertices, n = (size_t)p->n;
  p->parent = calloc(bones, sizeof *p->parent);
  if (!p->parent) exit(EXIT_FAILURE);
  p->base = bench_numbers(12 * bones);
  p->inverse = bench_numbers(12 * bones);
  p->position = bench_numbers(3 * vertices);
  p->weight = bench_numbers(vertices * bones);
  p->of_vertex = bench_numbers(n);
  p->point = bench_numbers(3 * n);
  p->bone = bench_numbers(12 * bones);
  p->moved = bench_numbers(3 * vertices);
  p->slope = bench_numbers(HAND_THETA * bones * 12);
}

static inline void hand_close(struct hand *p) {
  double *all[] = {p->base,  p->inverse, p->position, p->weight, p->of_vertex,
                   p->point, p->bone,    p->moved,    p->slope};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
  free(p->parent);
}

#endif
