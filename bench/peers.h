/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a comparison with another library is given. peers.c is compiled as C at -O3, whatever flags the library is best used
 * with: it has the plain objectives, the derivatives by hand and the clock. C++ links it, Python loads it. */
#ifndef TRIAD_BENCH_PEERS_H
#define TRIAD_BENCH_PEERS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Value and gradient at one point by a library, which finds what it needs at data. */
typedef double peer_point_gradient(void *data, const double *x, double *gradient);

/* The same at n points. */
typedef void peer_map_gradient(void *data, size_t n, const double *x, const double *y,
                               double *value, double *dx, double *dy);

/* Checks the gradient against that by hand, measures it beside the plain objective, and prints the row NAME:WHO. Problems are
 * those of problems.h: map-f, map-g; speelpenning, rosenbrock (1000 variables), per-call (2). 0 if there is no such problem,
 * or the gradient is wrong. */
int peer_point(const char *name, const char *who, peer_point_gradient *of, void *data);
int peer_map(const char *name, const char *who, peer_map_gradient *of, void *data);

/* For libraries that take the time themselves: variables of a problem, or points; the point, or the points in x and y; the result by
 * hand; and the seconds of the plain objective, of so many runs. */
size_t peer_size(const char *name);
void peer_inputs(const char *name, double *x, double *y);
void peer_by_hand(const char *name, const double *x, const double *y, double *value, double *dx,
                  double *dy);
double peer_plain_seconds(const char *name, const double *x, const double *y, double *value,
                          int runs);

#ifdef __cplusplus
}
#endif
#endif
