/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Extrapolation of differences to step 0, and when to believe it.
 *
 * An estimate is believed if three of its neighbours in a column, with steps h, 2h, 4h, converge: the finer two are closer together than
 * 0.8 times the coarser two, or as close as rounding errors allow. If that goes on (it does for any error like h^p, p > 0.32), the limit is
 * within 0.8 / (1 - 0.8) = 4 times the coarser distance. Twice the finer one guards against terms that cancel by chance. And it must agree with the estimates of all smaller steps: those know little,
 * as rounding errors are large there, but where they contradict, the step has left the scale on which the function is smooth. */
#include <math.h>
#include <string.h>

#include "verify/black_box.h"

enum { IDLE_ROWS = 8 };

void tri__tableau_start(struct tableau *t, int power) {
  *t = (struct tableau){.power = power, .low = -INFINITY, .high = INFINITY};
  t->best = (struct estimate){.value = NAN, .truncation = INFINITY};
}

static void shift(struct tableau *t, double step) {
  memmove(t->values[0], t->values[1], sizeof t->values - sizeof t->values[0]);
  memmove(t->rounding[0], t->rounding[1], sizeof t->rounding - sizeof t->rounding[0]);
  memmove(t->steps, t->steps + 1, sizeof t->steps - sizeof t->steps[0]);
  t->steps[TABLEAU_COLUMNS - 1] = step;
  t->rows++;
}

/* Neville's rule for the last row; steps need no fixed ratio. Bounds of rounding errors go through it by absolute weights. */
static void extrapolate(struct tableau *t) {
  double *value = t->values[TABLEAU_ROWS - 1], *rounding = t->rounding[TABLEAU_ROWS - 1];
  const double *finer = t->values[TABLEAU_ROWS - 2],
               *rounding_finer = t->rounding[TABLEAU_ROWS - 2];
  for (size_t j = 1; j < TABLEAU_COLUMNS && j < t->rows; j++) {
    double q = t->steps[TABLEAU_COLUMNS - 1 - j] / t->steps[TABLEAU_COLUMNS - 1];
    if (t->power == 2) q *= q;
    value[j] = finer[j - 1] + (finer[j - 1] - value[j - 1]) * (q / (1 - q));
    rounding[j] = (rounding_finer[j - 1] + q * rounding[j - 1]) / (1 - q);
  }
}

/* The estimate in column j of the last row but one. */
static struct estimate judged(const struct tableau *t, size_t j) {
  double a = t->values[0][j], b = t->values[1][j], c = t->values[2][j];
  double fine = fabs(a - b), coarse = fabs(b - c);
  struct estimate e = {b, fmax(4 * coarse, 2 * fine), t->rounding[1][j],
                       t->steps[TABLEAU_COLUMNS - 2 - j / 2]};
  double allowed = 2 * (t->rounding[0][j] + t->rounding[1][j]);
  if (!(fine <= 0.8 * coarse || fine <= allowed)) e.truncation = INFINITY;
  if (j > 0) e.truncation = fmax(e.truncation, fabs(b - t->values[0][j - 1]));
  if (!isfinite(tri__bound(&e)) || !isfinite(b)) e.truncation = INFINITY;
  return e;
}

/* Takes the estimate in, or closes the tableau if it contradicts those of smaller steps. */
static void take(struct tableau *t, const struct estimate *e) {
  double low = e->value - tri__bound(e), high = e->value + tri__bound(e);
  if (low > t->high || high < t->low) {
    t->closed = true;
    return;
  }
  t->low = fmax(t->low, low);
  t->high = fmin(t->high, high);
  t->accepted++;
  if (tri__bound(e) < tri__bound(&t->best)) {
    t->best = *e;
    t->idle = 0;
  }
}

void tri__tableau_add(struct tableau *t, double step, double difference, double rounding) {
  if (t->closed) return;
  if (!isfinite(difference) || !isfinite(rounding)) {
    t->closed = true;
    return;
  }
  shift(t, step);
  t->values[TABLEAU_ROWS - 1][0] = difference;
  t->rounding[TABLEAU_ROWS - 1][0] = rounding;
  extrapolate(t);
  struct estimate best = {.truncation = INFINITY};
  for (size_t j = 0; j < TABLEAU_COLUMNS && j + 3 <= t->rows; j++) {
    struct estimate e = judged(t, j);
    if (tri__bound(&e) < tri__bound(&best)) best = e;
  }
  t->idle++;
  if (isfinite(best.truncation)) take(t, &best);
  if (t->accepted && t->idle > IDLE_ROWS) t->closed = true;
}
