/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows of arrays as steps of a plan. */
#ifndef TRIAD_EVAL_WINDOWS_H
#define TRIAD_EVAL_WINDOWS_H

#include "eval/run.h"
#include "graph/windows.h"

/* The windows of a step that has some, and how they lie; `sizes`: what named sizes are; may be NULL
 * where there are none. */
struct windows tri__plan_windows(const struct plan *plan, const struct instruction *step);
struct window_layout tri__plan_window_layout(const struct plan *plan,
                                             const struct instruction *step, const int64_t *sizes);

/* Kernels over doubles and over floats (window_double.c, window_float.c). No operand overlaps a
 * result; all elements of a result are written. */
void tri__unfold_doubles(const struct window_layout *l, const double *x, double *to);
void tri__fold_doubles(const struct window_layout *l, const double *y, double *to);
void tri__pick_doubles(const struct window_layout *l, const double *x, const double *v, double *to);
void tri__route_doubles(const struct window_layout *l, const double *x, const double *y,
                        double *to);
void tri__unfold_floats(const struct window_layout *l, const float *x, float *to);
void tri__fold_floats(const struct window_layout *l, const float *y, float *to);
void tri__pick_floats(const struct window_layout *l, const float *x, const float *v, float *to);
void tri__route_floats(const struct window_layout *l, const float *x, const float *y, float *to);

#endif
