/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* An ordinary differential equation of 10 states, integrated by a million steps: five pendulums in
 * a row, coupled by springs and damped,
 *   θ' = ω,   ω'[i] = -g sin θ[i] + k(θ[i-1] - 2θ[i] + θ[i+1]) - c ω[i],   θ[-1] = θ[5] = 0,
 * by the semi-implicit method of Euler; the objective is the integral of Σ θ². In plain C, and with
 * its gradient by hand, by the first state and by g, k, c: an adjoint that keeps all states. */
#ifndef TRIAD_BENCH_SCAN_H
#define TRIAD_BENCH_SCAN_H

#include "problems.h"

enum {
  PENDULUMS = 5,
  SCAN_STATES = 2 * PENDULUMS, /* angles, then speeds */
  SCAN_INPUTS = SCAN_STATES + 3,
  SCAN_STEPS = 1000000
};

static const double scan_step = 0.001;

/* angle[i-1] - 2 angle[i] + angle[i+1] */
static inline double scan_pull(const double *angle, int i) {
  double before = i > 0 ? angle[i - 1] : 0.0, behind = i + 1 < PENDULUMS ? angle[i + 1] : 0.0;
  return before - 2.0 * angle[i] + behind;
}

/* One step from `from` to `to`; what the objective gains by it. */
static inline double scan_move(const double *parameter, const double *from, double *to) {
  const double *angle = from, *speed = from + PENDULUMS;
  double sum = 0.0;
  for (int i = 0; i < PENDULUMS; i++) {
    double force = -parameter[0] * sin(angle[i]) + parameter[1] * scan_pull(angle, i) -
                   parameter[2] * speed[i];
    to[PENDULUMS + i] = speed[i] + scan_step * force;
    to[i] = angle[i] + scan_step * to[PENDULUMS + i];
    sum += angle[i] * angle[i];
  }
  return scan_step * sum;
}

/* x: the first state, g, k, c */
PROBLEM_PLAIN double plain_scan(const double *x) {
  double state[2][SCAN_STATES], sum = 0.0;
  memcpy(state[0], x, sizeof state[0]);
  for (int t = 0; t < SCAN_STEPS; t++)
    sum += scan_move(x + SCAN_STATES, state[t % 2], state[(t + 1) % 2]);
  return sum;
}

/* The adjoint of one step: a, of the state behind it, becomes that of the state before it; by gains
 * the parameters' share. */
static inline void scan_move_back(const double *parameter, const double *from, double *a,
                                  double *by) {
  const double *angle = from, *speed = from + PENDULUMS;
  double force[PENDULUMS];
  for (int i = 0; i < PENDULUMS; i++) {
    a[PENDULUMS + i] += scan_step * a[i];
    force[i] = scan_step * a[PENDULUMS + i];
    a[PENDULUMS + i] -= parameter[2] * force[i];
    by[0] -= sin(angle[i]) * force[i];
    by[1] += scan_pull(angle, i) * force[i];
    by[2] -= speed[i] * force[i];
  }
  for (int i = 0; i < PENDULUMS; i++)
    a[i] += parameter[1] * scan_pull(force, i) - parameter[0] * cos(angle[i]) * force[i] +
            2.0 * scan_step * angle[i];
}

/* states: room for all of them, SCAN_STATES numbers for each step */
PROBLEM_PLAIN double hand_scan(const double *x, double *states, double *gradient) {
  const double *parameter = x + SCAN_STATES;
  double last[SCAN_STATES] = {0.0}, sum = 0.0;
  memcpy(states, x, sizeof last);
  for (int t = 0; t < SCAN_STEPS; t++) {
    double *from = states + (size_t)t * SCAN_STATES;
    sum += scan_move(parameter, from, t + 1 < SCAN_STEPS ? from + SCAN_STATES : last);
  }
  memset(gradient, 0, SCAN_INPUTS * sizeof *gradient);
  for (int t = SCAN_STEPS; t-- > 0;)
    scan_move_back(parameter, states + (size_t)t * SCAN_STATES, gradient, gradient + SCAN_STATES);
  return sum;
}

/* The first state, g, k, c. */
static inline void scan_point(double *x) {
  for (int i = 0; i < PENDULUMS; i++) {
    x[i] = 0.2 * (i - 1);
    x[PENDULUMS + i] = 0.1 * (3 - i);
  }
  x[SCAN_STATES] = 9.81;
  x[SCAN_STATES + 1] = 2.0;
  x[SCAN_STATES + 2] = 0.01;
}

#endif
