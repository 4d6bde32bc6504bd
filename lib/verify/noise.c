/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How much the values of a function are off, from the values alone: ECnoise of J. J. Moré and S. M. Wild, Estimating computational noise,
 * SIAM J. Sci. Comput. 33 (2011). Differences of high order of values that lie close together lose the function and leave its noise.
 * How close is found by starting at the resolution of doubles and going on while most values are equal. Code that rounds only part of
 * its work to float looks smooth from near: therefore wider spacings are looked at too, where noise counts if floats can explain it. */
#include <float.h>
#include <math.h>

#include "verify/black_box.h"

enum { SAMPLES = 9, LINES = 3, DEVIATIONS = 8 };

double tri__box_call(struct black_box *b) {
  b->calls++;
  double y = b->function(b->x, b->n, b->data);
  if (y != 0 && isfinite(y) && !(fabs(y) <= FLT_MAX && (double)(float)y == y)) b->wide = true;
  return y;
}

double tri__box_move(struct black_box *b, size_t i, double to) {
  b->x[i] = to;
  double y = tri__box_call(b);
  b->x[i] = b->at[i];
  return y;
}

uint64_t tri__box_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

/* --- values along a line */

/* In [-1, -0.5] or [0.5, 1]. */
static double stride(uint64_t *state) {
  uint64_t bits = tri__box_random(state);
  double size = 0.5 + (double)(bits >> 12) * 0x1p-53;
  return bits & 1 ? size : -size;
}

/* Moves every variable, or the one, by its own stride, relative to its size; one that is 0 only if `zeros`. */
static void go(struct black_box *b, size_t along, double by, bool zeros, uint64_t seed) {
  for (size_t i = 0; i < b->n; i++) {
    double scale = b->at[i] == 0 ? (zeros ? b->typical : 0) : b->at[i];
    if (along == b->n || along == i) b->x[i] = b->at[i] + by * scale * stride(&seed);
  }
}

static void back(struct black_box *b) {
  for (size_t i = 0; i < b->n; i++) b->x[i] = b->at[i];
}

/* Line 0 leaves zeros where they are, as functions like to have their kinks there. */
static bool sample(struct black_box *b, size_t along, double spacing, int line,
                   double values[SAMPLES]) {
  bool finite = true;
  for (int p = 0; p < SAMPLES; p++) {
    go(b, along, (p - SAMPLES / 2) * spacing, line != 0, (uint64_t)line);
    values[p] = tri__box_call(b);
    finite = finite && isfinite(values[p]);
  }
  back(b);
  return finite;
}

static bool mostly_equal(const double values[SAMPLES]) {
  int equal = 0;
  for (int p = 1; p < SAMPLES; p++) equal += values[p] == values[p - 1];
  return equal >= SAMPLES / 2;
}

static double largest(const double *values, int n) {
  double most = 0;
  for (int p = 0; p < n; p++) most = fmax(most, fabs(values[p]));
  return most;
}

/* --- the difference table */

struct column {
  double deviation; /* standard deviation of the noise, if this column is noise */
  bool changes;     /* its signs change */
  bool lonely; /* most of it is next to nothing beside the largest: a kink or a jump, no noise */
};

/* Column k of the table; the noise of a value counts (2k)!/(k!)^2 times in the variance of its entries. */
static struct column column_of(const double *d, int n, double factor) {
  struct column c = {0, false, false};
  double most = largest(d, n), sum = 0;
  int small = 0;
  for (int p = 0; p < n; p++) {
    double part = most > 0 ? d[p] / most : 0;
    sum += part * part;
    small += fabs(part) < 1.0 / 16;
    if (p > 0 && (d[p] > 0) != (d[p - 1] > 0)) c.changes = true;
  }
  c.deviation = most * sqrt(factor * sum / n);
  c.lonely = 2 * small > n;
  return c;
}

static void difference_table(const double values[SAMPLES], struct column columns[SAMPLES]) {
  double d[SAMPLES], factor = 1;
  for (int p = 0; p < SAMPLES; p++) d[p] = values[p];
  for (int k = 1; k < SAMPLES; k++) {
    for (int p = 0; p < SAMPLES - k; p++) d[p] = d[p + 1] - d[p];
    factor *= k / (2.0 * (2 * k - 1));
    columns[k] = column_of(d, SAMPLES - k, factor);
  }
}

static double middle(const double d[SAMPLES - 1]) {
  for (int p = 0; p < SAMPLES - 1; p++) {
    int below = 0, equal = 0;
    for (int q = 0; q < SAMPLES - 1; q++) below += d[q] < d[p], equal += d[q] == d[p];
    if (below <= (SAMPLES - 1) / 2 && below + equal > (SAMPLES - 1) / 2) return d[p];
  }
  return 0;
}

/* Jumps between values that change evenly: most first differences are the same, and the others do not all stand at one end, as they do
 * beyond a kink. Returns the largest, or 0; that of variables which are rounded to double is none. */
static double jumps(const double values[SAMPLES], double spacing) {
  double d[SAMPLES - 1], most = 0;
  for (int p = 0; p < SAMPLES - 1; p++) d[p] = values[p + 1] - values[p];
  double usual = middle(d);
  for (int p = 0; p < SAMPLES - 1; p++) most = fmax(most, fabs(d[p] -= usual));
  int even = 0, changes = 0;
  for (int p = 0; p < SAMPLES - 1; p++) {
    even += fabs(d[p]) < most / 16;
    if (p > 0) changes += (fabs(d[p]) < most / 16) != (fabs(d[p - 1]) < most / 16);
  }
  if (most < fabs(usual) * 0x1p-49 / spacing) return 0;
  return 2 * even >= SAMPLES - 1 && changes > 1 ? most : 0;
}

enum finding { QUIET, NOISY, LONELY };

/* Standard deviation of the noise: of the first column that agrees within a factor of 4 with the two after it, and whose signs change.
 * QUIET without one; *deviation is then the smallest, which bounds the noise. */
static enum finding look(const double values[SAMPLES], double *deviation) {
  struct column c[SAMPLES];
  *deviation = INFINITY;
  difference_table(values, c);
  if (c[2].lonely || c[3].lonely) return LONELY;
  for (int k = 1; k + 2 < SAMPLES; k++) {
    double low = fmin(c[k].deviation, fmin(c[k + 1].deviation, c[k + 2].deviation));
    double high = fmax(c[k].deviation, fmax(c[k + 1].deviation, c[k + 2].deviation));
    if (c[k].changes && c[k + 1].changes && c[k + 2].changes && high <= 4 * low) {
      *deviation = c[k].deviation;
      return NOISY;
    }
    *deviation = fmin(*deviation, low);
  }
  return QUIET;
}

/* --- putting it together */

struct search {
  struct black_box *b;
  size_t along;      /* variable that moves; n: all of them */
  double near, wide; /* standard deviations found */
  double largest;    /* value seen */
  double limit;      /* of spacings, relative to the variables */
};

static bool take(struct search *s, double spacing, int line, double values[SAMPLES]) {
  if (!sample(s->b, s->along, spacing, line, values)) return false;
  s->largest = fmax(s->largest, largest(values, SAMPLES));
  return true;
}

/* As near as the values differ; returns where that was. On the way there, they may come in steps, of which each value is off by half: the
 * deviation is chosen so that the bound is a step. */
static double look_near(struct search *s, int line) {
  double values[SAMPLES], found, spacing = 0x1p-45;
  for (; spacing < s->limit; spacing *= 32) {
    if (!take(s, spacing, line, values)) break;
    bool equal = mostly_equal(values);
    if (equal) s->near = fmax(s->near, jumps(values, spacing) / DEVIATIONS);
    if (equal || look(values, &found) == LONELY) continue;
    s->near = fmax(s->near, found);
    break;
  }
  return spacing;
}

/* Whether the function is smooth from near but for jumps: on the way to wider spacings, what first stands out is some of them,
 * large enough to make that noise. */
static bool has_jumps(struct search *s, int line, double noise) {
  double values[SAMPLES], found, least = fmax(16 * s->near, noise / 16);
  for (double spacing = 0x1p-46; spacing < 0x1p-9; spacing *= 2) {
    if (!take(s, spacing, line, values)) return false;
    if (jumps(values, spacing) > least) return true;
    if (look(values, &found) != LONELY && found > 16 * s->near) return false;
  }
  return false;
}

/* Noise of code that rounds only a part of its work to float, or rounds it after something large was added: it comes in jumps. What
 * comes gradually is the function itself.
 * Far away a jump may as well be the function's own, unless it is so small that rounding to float explains it. */
#define FAR 0x1p-12

static void look_wide(struct search *s, int line, double spacing) {
  double values[SAMPLES], found;
  if (!take(s, spacing, line, values) || mostly_equal(values)) return;
  enum finding what = look(values, &found);
  double jump = jumps(values, spacing);
  if (jump > 0)
    found = jump / 4;
  else if (what != NOISY)
    return;
  if (spacing > FAR && found > 0x1p-14 * s->largest) return;
  if (found > 4 * fmax(s->near, s->wide) && has_jumps(s, line, found)) s->wide = found;
}

static void search(struct search *s, int line) {
  double spacing = look_near(s, line);
  for (spacing *= 32 * 0.7; spacing < 0x1p-8; spacing *= 32) look_wide(s, line, spacing);
}

/* A bound from standard deviations: 8 of them, as few samples tell them only to a factor of about 2; rounding errors of one operation
 * have at most 1.8. Values that are all floats were rounded to float. Where noise is all there is to see, there is no bound. */
struct noise tri__box_noise(struct black_box *b) {
  struct search s = {.b = b, .along = b->n, .largest = fabs(b->value), .limit = 0x1p-8};
  for (int line = 0; line < LINES; line++) search(&s, line);
  struct noise noise = {.absolute = DEVIATIONS * fmax(s.near, s.wide),
                        .unit = b->wide ? 0x1p-53 : 0x1p-24};
  if (noise.absolute > 0x1p-6 * s.largest) noise.absolute = INFINITY;
  noise.relative = 8 * noise.unit;
  if (noise.absolute > noise.relative * fabs(b->value))
    noise.relative = fmin(noise.absolute / fabs(b->value), 8 * noise.relative);
  noise.absolute += 4 * DBL_TRUE_MIN;
  return noise;
}

double tri__box_noise_along(struct black_box *b, size_t i) {
  double size = b->at[i] == 0 ? b->typical : fabs(b->at[i]);
  struct search s = {.b = b, .along = i, .limit = 0x1p-8 * fmax(1, 1 / size)};
  for (int line = 1; line <= LINES; line++) search(&s, line);
  return DEVIATIONS * fmax(s.near, s.wide);
}
