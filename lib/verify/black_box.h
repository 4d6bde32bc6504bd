/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A function that can only be called: how much its values are off, and what its derivatives are. */
#ifndef TRIAD_VERIFY_BLACK_BOX_H
#define TRIAD_VERIFY_BLACK_BOX_H

#include <stdbool.h>
#include <triad/verify.h>

/* A function at a point. */
struct black_box {
  tri_black_box function;
  void *data;
  size_t n;
  const double *at; /* the point */
  double *x;        /* a copy that moves: equal to `at` between calls */
  double value;     /* at the point */
  double typical;   /* the largest |at[i]|, or 1 */
  uint64_t calls;
  bool wide; /* some value was not 0 and no float */
};

/* The value at what is in x now. */
double tri__box_call(struct black_box *b);

/* The value with variable i changed to `to`. */
double tri__box_move(struct black_box *b, size_t i, double to);

/* SplitMix64 (G. L. Steele, D. Lea, C. H. Flood 2014). */
uint64_t tri__box_random(uint64_t *state);

/* --- noise */

/* The error of a value v near the point is at most absolute + relative * |v|; that of a variable that the function rounds when it takes
 * it, `unit` of the variable. */
struct noise {
  double absolute, relative, unit;
};

/* Estimates it from values along random lines through the point. */
struct noise tri__box_noise(struct black_box *b);

/* The same along variable i alone: bound of a value's error. */
double tri__box_noise_along(struct black_box *b, size_t i);

/* --- the tableau */

enum { TABLEAU_COLUMNS = 5, TABLEAU_ROWS = 3 };

struct estimate {
  double value, truncation, rounding; /* truncation inf: none */
  double step;
};

/* Differences d(h) = d + c h^power + c' h^(2 power) + … with growing steps, extrapolated to step 0. Only the last rows are kept. A
 * zeroed tableau with its power is empty. */
struct tableau {
  int power;
  size_t rows;                                  /* added */
  size_t accepted;                              /* rows that agree with all before */
  size_t idle;                                  /* rows since the best estimate */
  bool closed;                                  /* no further row is wanted */
  double steps[TABLEAU_COLUMNS];                /* of the last rows */
  double values[TABLEAU_ROWS][TABLEAU_COLUMNS]; /* the last rows, extrapolated 0, 1, … times */
  double rounding[TABLEAU_ROWS][TABLEAU_COLUMNS];
  double low, high; /* where all accepted estimates agree to be */
  struct estimate best;
};

void tri__tableau_start(struct tableau *t, int power);

/* Adds the difference with the next step and the bound of its rounding error; closes the tableau if it is not finite. */
void tri__tableau_add(struct tableau *t, double step, double difference, double rounding);

/* Bound of the best estimate's error; inf if there is none. */
static inline double tri__bound(const struct estimate *e) { return e->truncation + e->rounding; }

/* --- differences */

struct measured {
  struct estimate estimate;
  double kink;   /* half the jump of the derivative, 0 if none is seen */
  double slope;  /* the steepest secant that stands out of the noise */
  bool constant; /* all values were the same */
  bool noisy;    /* the noise has no bound */
  bool diverges; /* there are finite differences, but no estimate */
  int side;      /* -1, 1: of one-sided differences */
};

/* Derivative by variable i. Steps from step_min to step_max (0: chosen); it is precise enough once the bound is `enough` of it. */
struct measured tri__box_measure(struct black_box *b, size_t i, const struct noise *noise,
                                 double step_min, double step_max, double enough);

#endif
