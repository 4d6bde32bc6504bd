/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The derivative of a black box by one variable, from differences with steps that double. */
#include <float.h>
#include <math.h>

#include "verify/black_box.h"

/* Steps reach from 2^-50 of a variable, where its own rounding is left to be seen, to half of it, or of 1 if that is more. */
enum { STEP_BITS = 50, INVISIBLE_FACTOR = 8 };

/* A measurement under way. */
struct run {
  struct black_box *b;
  size_t i;
  struct noise noise;
  double step, most;
  double left, right; /* values */
  double away;        /* bound of the error of one value */
  double enough;
  struct tableau central, to_left, to_right, jump;
  struct measured *m;
};

/* --- steps */

static double power_of_two_below(double x) {
  int exponent;
  frexp(x, &exponent);
  return ldexp(0.5, exponent);
}

static double first_step(const struct black_box *b, size_t i) {
  double size = fabs(b->at[i]) > 0 ? fabs(b->at[i]) : fmin(b->typical, 1);
  return fmax(ldexp(power_of_two_below(size), -STEP_BITS), DBL_MIN);
}

static double last_step(const struct black_box *b, size_t i) {
  double size = b->at[i] == 0 ? b->typical : fabs(b->at[i]);
  return power_of_two_below(fmax(size, 1)) / 2;
}

/* --- values */

static void look(struct run *r) {
  struct black_box *b = r->b;
  double x = b->at[r->i];
  r->right = tri__box_move(b, r->i, x + r->step);
  r->left = tri__box_move(b, r->i, x - r->step);
  double size = fmax(fabs(b->value), fmax(fabs(r->right), fabs(r->left)));
  r->away = r->noise.absolute + r->noise.relative * size;
}

static double change(const struct run *r) {
  return fmax(fabs(r->right - r->b->value), fabs(r->left - r->b->value));
}

/* Skips steps that are so small that nothing changes: they say nothing. But a variable whose smallest step changes nothing at all may be
 * rounded on its way in, and its noise is looked at by itself. If nothing ever changes, the last few steps show that. */
static void start(struct run *r) {
  double first = r->step;
  look(r);
  if (change(r) == 0) r->noise.absolute = fmax(r->noise.absolute, tri__box_noise_along(r->b, r->i));
  while (r->step * INVISIBLE_FACTOR <= r->most) {
    double step = r->step;
    r->step *= INVISIBLE_FACTOR;
    look(r);
    if (change(r) <= r->away) continue;
    r->step = step;
    return;
  }
  r->step = fmax(first, r->most / 128);
}

/* --- differences */

/* The steps as they are after rounding. */
static void difference(struct run *r) {
  struct black_box *b = r->b;
  double x = b->at[r->i], h = r->step;
  double ahead = (x + h) - x, behind = x - (x - h);
  double slope_right = (r->right - b->value) / ahead, slope_left = (b->value - r->left) / behind;
  double slope = (r->right - r->left) / (ahead + behind);
  double moved = 2 * r->noise.unit * fabs(x); /* a variable that is rounded */
  double off = (r->away + moved * fabs(slope)) / h;
  tri__tableau_add(&r->central, h, slope, off);
  tri__tableau_add(&r->to_right, h, slope_right, (2 * r->away + moved * fabs(slope_right)) / h);
  tri__tableau_add(&r->to_left, h, slope_left, (2 * r->away + moved * fabs(slope_left)) / h);
  tri__tableau_add(&r->jump, h, slope_right - slope_left, 2 * off + 2 * r->away / h);
}

enum { ENOUGH_ROWS = 3 }; /* with fewer, nothing was confirmed */

static bool below(const struct tableau *t, double bound) {
  return t->accepted >= ENOUGH_ROWS && tri__bound(&t->best) <= bound;
}

static bool done(const struct run *r) {
  double size = fabs(r->central.best.value);
  if (!r->central.closed)
    return below(&r->central, r->enough / 64 * size) &&
           (r->jump.closed || below(&r->jump, r->enough * size));
  return r->central.accepted || (r->to_left.closed && r->to_right.closed);
}

static void observe(struct run *r) {
  struct measured *m = r->m;
  double seen = (change(r) - 2 * r->away) / r->step;
  if (r->right != r->b->value || r->left != r->b->value) m->constant = false;
  if (seen > m->slope) m->slope = seen;
}

/* --- the result */

static bool use(struct measured *m, const struct tableau *t, int side) {
  if (t->rows > 0) m->diverges = true;
  if (t->accepted < ENOUGH_ROWS) return false;
  m->estimate = t->best;
  m->side = side;
  m->diverges = false;
  return true;
}

/* One side counts only if the other has no value at all. */
static void conclude(struct run *r) {
  struct measured *m = r->m;
  if (!use(m, &r->central, 0) && !r->central.rows) {
    if (r->to_right.rows || !r->to_left.rows)
      use(m, &r->to_right, 1);
    else
      use(m, &r->to_left, -1);
  }
  if (m->constant && r->b->value == 0) /* zeros do not tell how the function rounds */
    m->estimate.rounding += 8 * r->noise.unit / r->step;
  const struct estimate *j = &r->jump.best;
  if (r->jump.accepted >= ENOUGH_ROWS && fabs(j->value) > tri__bound(j))
    m->kink = (fabs(j->value) + tri__bound(j)) / 2;
}

struct measured tri__box_measure(struct black_box *b, size_t i, const struct noise *noise,
                                 double step_min, double step_max, double enough) {
  struct measured m = {.estimate = {NAN, INFINITY, 0, 0}, .constant = true};
  if (!isfinite(noise->absolute)) return (struct measured){.estimate = m.estimate, .noisy = true};
  struct run r = {.b = b, .i = i, .noise = *noise, .enough = enough, .m = &m};
  r.step = step_min > 0 ? step_min : first_step(b, i);
  r.most = step_max > 0 ? step_max : last_step(b, i);
  tri__tableau_start(&r.central, 2);
  tri__tableau_start(&r.to_left, 1);
  tri__tableau_start(&r.to_right, 1);
  tri__tableau_start(&r.jump, 1);
  for (start(&r); r.step <= r.most && !done(&r); r.step *= 2) {
    look(&r);
    difference(&r);
    observe(&r);
  }
  conclude(&r);
  return m;
}
