/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Bundle adjustment as in ADBench (gmm.h names it): the errors of n observations of points by cameras. A camera has 11 numbers: a rotation r as
 * axis times angle, its centre, the focal length, the principal point, and two coefficients of radial distortion. In plain C, and with the
 * Jacobian by hand, whose rows have 15 entries that are not 0: by the camera, the point and the weight. */
#ifndef TRIAD_BENCH_BA_H
#define TRIAD_BENCH_BA_H

#include "problems.h"

enum { BA_CAMERA = 11, BA_POINT = 3, BA_ROW = BA_CAMERA + BA_POINT + 1 };

struct ba {
  int cameras, points, n;
  double *camera, *point, *weight; /* cameras * 11, points * 3, n */
  double *of_camera, *of_point; /* n: indices from 0, as doubles since that is what triad takes */
  double *feature;              /* n * 2 */
};

/* x turned by r */
PROBLEM_PLAIN void ba_rotate(const double *r, const double *x, double *y) {
  double square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
  if (square != 0.0) {
    double angle = sqrt(square), c = cos(angle), s = sin(angle), inverse = 1.0 / angle;
    double w[3] = {r[0] * inverse, r[1] * inverse, r[2] * inverse};
    double cross[3] = {w[1] * x[2] - w[2] * x[1], w[2] * x[0] - w[0] * x[2],
                       w[0] * x[1] - w[1] * x[0]};
    double along = (w[0] * x[0] + w[1] * x[1] + w[2] * x[2]) * (1.0 - c);
    for (int i = 0; i < 3; i++) y[i] = x[i] * c + cross[i] * s + w[i] * along;
  } else {
    y[0] = x[0] + r[1] * x[2] - r[2] * x[1];
    y[1] = x[1] + r[2] * x[0] - r[0] * x[2];
    y[2] = x[2] + r[0] * x[1] - r[1] * x[0];
  }
}

PROBLEM_PLAIN void ba_error(const double *camera, const double *point, double weight,
                            const double *feature, double *error) {
  double x[3], y[3];
  for (int i = 0; i < 3; i++) x[i] = point[i] - camera[3 + i];
  ba_rotate(camera, x, y);
  double u = y[0] / y[2], v = y[1] / y[2], square = u * u + v * v;
  double scale = 1.0 + camera[9] * square + camera[10] * square * square;
  error[0] = weight * (u * scale * camera[6] + camera[7] - feature[0]);
  error[1] = weight * (v * scale * camera[6] + camera[8] - feature[1]);
}

/* errors: n * 2; of weights: n */
PROBLEM_PLAIN void plain_ba(const struct ba *p, double *errors, double *weights) {
  for (int i = 0; i < p->n; i++) {
    ba_error(p->camera + BA_CAMERA * (int)p->of_camera[i],
             p->point + BA_POINT * (int)p->of_point[i], p->weight[i], p->feature + 2 * i,
             errors + 2 * i);
    weights[i] = 1.0 - p->weight[i] * p->weight[i];
  }
}

/* The derivatives of the turned x by r and by x. */
PROBLEM_PLAIN void ba_rotate_by(const double *r, const double *x, double *y, double by_r[3][3],
                                double by_x[3][3]) {
  double square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
  ba_rotate(r, x, y);
  if (square == 0.0) {
    const double turn[3][3] = {{1.0, -r[2], r[1]}, {r[2], 1.0, -r[0]}, {-r[1], r[0], 1.0}};
    const double of_r[3][3] = {{0.0, x[2], -x[1]}, {-x[2], 0.0, x[0]}, {x[1], -x[0], 0.0}};
    memcpy(by_x, turn, sizeof turn);
    memcpy(by_r, of_r, sizeof of_r);
    return;
  }
  double angle = sqrt(square), c = cos(angle), s = sin(angle), inverse = 1.0 / angle;
  double w[3] = {r[0] * inverse, r[1] * inverse, r[2] * inverse};
  double cross[3] = {w[1] * x[2] - w[2] * x[1], w[2] * x[0] - w[0] * x[2],
                     w[0] * x[1] - w[1] * x[0]};
  double dot = w[0] * x[0] + w[1] * x[1] + w[2] * x[2];
  for (int a = 0; a < 3; a++) {
    double dc = -s * w[a], ds = c * w[a], dw[3];
    for (int i = 0; i < 3; i++) dw[i] = ((i == a ? 1.0 : 0.0) - w[i] * w[a]) * inverse;
    double dcross[3] = {dw[1] * x[2] - dw[2] * x[1], dw[2] * x[0] - dw[0] * x[2],
                        dw[0] * x[1] - dw[1] * x[0]};
    double along = dot * (1.0 - c),
           dalong = (dw[0] * x[0] + dw[1] * x[1] + dw[2] * x[2]) * (1.0 - c) - dot * dc;
    for (int i = 0; i < 3; i++) {
      by_r[i][a] = x[i] * dc + dcross[i] * s + cross[i] * ds + dw[i] * along + w[i] * dalong;
      by_x[i][a] = (i == a ? c : 0.0) + w[i] * w[a] * (1.0 - c);
    }
  }
  by_x[0][1] -= s * w[2];
  by_x[0][2] += s * w[1];
  by_x[1][0] += s * w[2];
  by_x[1][2] -= s * w[0];
  by_x[2][0] -= s * w[1];
  by_x[2][1] += s * w[0];
}

PROBLEM_PLAIN void ba_error_by(const double *camera, const double *point, double weight,
                               const double *feature, double *error, double *row) {
  double x[3], y[3], by_r[3][3], by_x[3][3];
  for (int i = 0; i < 3; i++) x[i] = point[i] - camera[3 + i];
  ba_rotate_by(camera, x, y, by_r, by_x);
  double inverse = 1.0 / y[2], u = y[0] * inverse, v = y[1] * inverse, square = u * u + v * v;
  double scale = 1.0 + camera[9] * square + camera[10] * square * square;
  double slope = 2.0 * (camera[9] + 2.0 * camera[10] * square), f = weight * camera[6];
  double by_uv[2][2] = {{scale + slope * u * u, slope * u * v},
                        {slope * u * v, scale + slope * v * v}};
  const double uv[2] = {u, v};
  for (int k = 0; k < 2; k++, row += BA_ROW) {
    double a = by_uv[k][0] * f * inverse, b = by_uv[k][1] * f * inverse, c = -(a * u + b * v);
    double plain = uv[k] * scale * camera[6] + camera[7 + k] - feature[k];
    for (int i = 0; i < 3; i++) {
      row[i] = a * by_r[0][i] + b * by_r[1][i] + c * by_r[2][i];
      row[BA_CAMERA + i] = a * by_x[0][i] + b * by_x[1][i] + c * by_x[2][i];
      row[3 + i] = -row[BA_CAMERA + i];
    }
    row[6] = weight * uv[k] * scale;
    row[7] = k == 0 ? weight : 0.0;
    row[8] = k == 1 ? weight : 0.0;
    row[9] = f * uv[k] * square;
    row[10] = row[9] * square;
    row[14] = plain;
    error[k] = weight * plain;
  }
}

/* rows: n * 2 * 15; by_weight: n */
PROBLEM_PLAIN void hand_ba(const struct ba *p, double *errors, double *weights, double *rows,
                           double *by_weight) {
  for (int i = 0; i < p->n; i++) {
    ba_error_by(p->camera + BA_CAMERA * (int)p->of_camera[i],
                p->point + BA_POINT * (int)p->of_point[i], p->weight[i], p->feature + 2 * i,
                errors + 2 * i, rows + 2 * BA_ROW * (size_t)i);
    weights[i] = 1.0 - p->weight[i] * p->weight[i];
    by_weight[i] = -2.0 * p->weight[i];
  }
}

#endif
