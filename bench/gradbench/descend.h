/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef TRIAD_GRADBENCH_DESCEND_H
#define TRIAD_GRADBENCH_DESCEND_H

#include "gradbench.h"

enum { GB_MOST_DESCENT = 2 };

/* What is to be made least: of n numbers, at most GB_MOST_DESCENT. */
struct gb_objective {
  void *data;
  size_t n;
  tri_status (*value)(void *data, const double *x, double *value);
  tri_status (*gradient)(void *data, const double *x, double *gradient);
};

/* Where the descent from `start` ends. What a call of the objective failed with. */
tri_status gb_descend(const struct gb_objective *f, const double *start, double *end);

/* Calls function `part`, of the named size "steps", with as many steps as its loop needs, which
 * output number `count` tells. TRI_LIMIT if they are too many. */
tri_status gb_until_done(gb_model *m, int part, const double *inputs, size_t count);

/* Whether a mode differentiates forward inside, and outside. */
static inline bool gb_inner_forward(enum gb_mode mode) { return mode == GB_FF || mode == GB_RF; }
static inline bool gb_outer_forward(enum gb_mode mode) { return mode == GB_FF || mode == GB_FR; }

/* The gradient of e by n scalars, a tangent pass for each or one adjoint pass. */
static inline void gb_derive(tri_expr e, size_t n, const tri_expr *x, bool forward,
                             tri_expr *gradient) {
  if (!forward && tri_gradient(e, n, x, gradient)) return; /* all are error expressions then */
  for (size_t i = 0; forward && i < n; i++) gradient[i] = tri_diff(e, x[i]);
}

#endif
