/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "bench/peers.h"

#include "bench/problems.h"

int peer_point(const char *name, const char *who, peer_point_gradient *of, void *data) {
  return point_compare(name, who, NAN, of, data);
}

int peer_map(const char *name, const char *who, peer_map_gradient *of, void *data) {
  return map_compare(name, who, NAN, of, data);
}

size_t peer_size(const char *name) {
  const struct point_problem *p = point_problem_named(name);
  return p ? (size_t)p->n : map_problem_named(name) ? MAP_POINTS : 0;
}

void peer_inputs(const char *name, double *x, double *y) {
  const struct point_problem *p = point_problem_named(name);
  if (p)
    p->point(x);
  else
    map_points(MAP_POINTS, x, y);
}

void peer_by_hand(const char *name, const double *x, const double *y, double *value, double *dx,
                  double *dy) {
  const struct point_problem *p = point_problem_named(name);
  const struct map_problem *m = map_problem_named(name);
  if (p)
    *value = p->by_hand(x, dx);
  else if (m)
    m->by_hand(MAP_POINTS, x, y, value, dx, dy);
}

double peer_plain_seconds(const char *name, const double *x, const double *y, double *value,
                          int runs) {
  const struct point_problem *p = point_problem_named(name);
  const struct map_problem *m = map_problem_named(name);
  double start = bench_seconds();
  for (int i = 0; i < runs; i++) {
    if (p)
      *value = p->plain(x);
    else if (m)
      m->plain(MAP_POINTS, x, y, value);
    PROBLEM_BARRIER();
  }
  return bench_seconds() - start;
}
