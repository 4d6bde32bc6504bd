/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Ties of pooling: the distance of an element of a window from its kink is that from the window's
 * largest one, which has none of its own, as what is outside has none. */
#include <math.h>

#include "graph/windows.h"
#include "nn/gradcheck.h"

static struct window_layout layout_of(const struct check *c, const struct kink *k) {
  tri_expr x = expr_of(c->graph, k->moved);
  size_t channels = (size_t)tri_expr_dim(x, tri_expr_rank(x) - 1);
  return tri__window_layout(tri__windows(c->graph, k->node), c->samples, channels);
}

/* Where an element of the windows [n, windows, places, c] belongs. */
struct place {
  size_t sample, window, place, channel;
};

static struct place place_of(const struct window_layout *l, size_t element) {
  struct place p = {.channel = element % l->c};
  p.place = element / l->c % l->places;
  p.window = element / l->c / l->places % l->windows;
  p.sample = element / l->c / l->places / l->windows;
  return p;
}

/* Distances of one channel of a window, `stride` numbers from place to place. */
static void window_gaps(const struct window_layout *l, size_t window, double *values, double *off) {
  size_t best = SIZE_MAX, cell;
  for (size_t i = 0; i < l->places; i++)
    if (window_cell(l, window, i, &cell) &&
        (best == SIZE_MAX || values[i * l->c] > values[best * l->c]))
      best = i;
  if (best == SIZE_MAX) return;
  double largest = values[best * l->c], largest_off = off ? off[best * l->c] : 0.0;
  for (size_t i = 0; i < l->places; i++) {
    bool inside = i != best && window_cell(l, window, i, &cell);
    values[i * l->c] = inside ? largest - values[i * l->c] : (double)INFINITY;
    if (off) off[i * l->c] += largest_off;
  }
}

void tri__check_gaps(const struct check *c, const struct kink *k, double *values, double *off) {
  struct window_layout l = layout_of(c, k);
  for (size_t i = 0; i < l.n * l.windows; i++)
    for (size_t channel = 0; channel < l.c; channel++) {
      size_t first = i * l.places * l.c + channel;
      window_gaps(&l, i % l.windows, values + first, off ? off + first : NULL);
    }
}

size_t tri__check_moved(const struct check *c, const struct kink *k, size_t element) {
  struct window_layout l = layout_of(c, k);
  struct place p = place_of(&l, element);
  size_t cell;
  return window_cell(&l, p.window, p.place, &cell) ? (p.sample * l.cells + cell) * l.c + p.channel
                                                   : 0;
}

size_t tri__check_pooled(const struct check *c, const struct kink *k, size_t element) {
  struct window_layout l = layout_of(c, k);
  struct place p = place_of(&l, element);
  return (p.sample * l.windows + p.window) * l.c + p.channel;
}
