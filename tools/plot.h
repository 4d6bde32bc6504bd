/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Curves to be plotted, and the two ways of drawing them. */
#ifndef TRIAD_TOOLS_PLOT_H
#define TRIAD_TOOLS_PLOT_H

#include "calls.h"

enum { MOST_CURVES = 6 };

/* `n` curves over the same `count` points from x = from to x = to; NaN where there is no value. */
struct curves {
  size_t n, count;
  double from, to;
  double *y[MOST_CURVES];
  tri_text *title[MOST_CURVES];
  const char *x_name;
  bool derivative; /* the second curve is the first one's derivative */
};

/* A scale of round numbers: least * unit, (least + 1) * unit, … most * unit, with unit = digit *
 * 10^exponent. */
struct scale {
  double low, high;
  int64_t least, most;
  int digit, exponent;
};

/* The scale for numbers from low to high with about `ticks` ticks; widened to whole units if
 * `widen`. */
struct scale scale_of(double low, double high, int ticks, bool widen);

/* The value of tick i, correctly rounded. */
double scale_tick(const struct scale *scale, int64_t i);

/* The range of y that shows the curves: all of it, or without the far ends where they run off to
 * infinity. False if there is no value at all. */
bool curves_range(const struct curves *curves, struct arena *arena, double *low, double *high);

/* plot_terminal.c: draws into text, `width` cells wide. */
tri_status plot_terminal(const struct request *request, const struct curves *curves, size_t width,
                         tri_text *text);

/* plot_file.c: draws through gnuplot into the file that the argument names. */
tri_status plot_file(const struct request *request, const struct curves *curves,
                     const struct value *file, struct value *value);

#endif
