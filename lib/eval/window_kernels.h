/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows of arrays of numbers of type REAL, for files that define it and KERNEL(name): loops whose
 * innermost one is over channels. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "eval/windows.h"

enum { CHANNELS = 64 }; /* at a time */

/* The places along the last dimension of a window that lie inside the array: lo … hi - 1, the cell
 * of place k being first + k * step. */
struct stretch {
  size_t lo, hi, step;
  ptrdiff_t first;
};

/* The stretch of window (o0, o1, o2) that has the places (k0, k1, …); empty where it is outside. */
static inline struct stretch stretch_of(const struct window_layout *l, const size_t *o, size_t k0,
                                        size_t k1) {
  struct stretch stretch = {.step = l->dilation[2]};
  size_t a = o[0] * l->stride[0] + k0 * l->dilation[0],
         b = o[1] * l->stride[1] + k1 * l->dilation[1];
  if (a < l->before[0] || a - l->before[0] >= l->whole[0] || b < l->before[1] ||
      b - l->before[1] >= l->whole[1])
    return stretch;
  size_t start = o[2] * l->stride[2], end = l->before[2] + l->whole[2]; /* the last cell's end */
  if (start < l->before[2]) stretch.lo = (l->before[2] - start + stretch.step - 1) / stretch.step;
  if (start < end) stretch.hi = (end - start + stretch.step - 1) / stretch.step;
  if (stretch.hi > l->size[2]) stretch.hi = l->size[2];
  if (stretch.lo > stretch.hi) stretch.lo = stretch.hi;
  stretch.first = (ptrdiff_t)(((a - l->before[0]) * l->whole[1] + b - l->before[1]) * l->whole[2]) +
                  (ptrdiff_t)start - (ptrdiff_t)l->before[2];
  return stretch;
}

static inline size_t cell_of(const struct stretch *stretch, size_t k) {
  return (size_t)(stretch->first + (ptrdiff_t)(k * stretch->step));
}

/* The next window, the last dimension running fastest. */
static inline void next_window(const struct window_layout *l, size_t *o) {
  for (int d = WINDOW_RANK; d-- > 0;) {
    if (++o[d] < l->out[d]) return;
    o[d] = 0;
  }
}

static void cut_stretch(const struct window_layout *l, const struct stretch *stretch, const REAL *x,
                        REAL *to) {
  size_t c = l->c;
  memset(to, 0, stretch->lo * c * sizeof *to);
  if (stretch->step == 1 && stretch->hi > stretch->lo)
    memcpy(to + stretch->lo * c, x + cell_of(stretch, stretch->lo) * c,
           (stretch->hi - stretch->lo) * c * sizeof *to);
  for (size_t k = stretch->lo; stretch->step != 1 && k < stretch->hi; k++)
    memcpy(to + k * c, x + cell_of(stretch, k) * c, c * sizeof *to);
  memset(to + stretch->hi * c, 0, (l->size[2] - stretch->hi) * c * sizeof *to);
}

void KERNEL(unfold)(const struct window_layout *l, const REAL *x, REAL *to) {
  size_t o[WINDOW_RANK] = {0};
  if (!l->n || !l->c || !l->places) return;
  for (size_t w = 0; w < l->n * l->windows; w++, next_window(l, o)) {
    const REAL *from = x + w / l->windows * l->cells * l->c;
    for (size_t k0 = 0; k0 < l->size[0]; k0++)
      for (size_t k1 = 0; k1 < l->size[1]; k1++, to += l->size[2] * l->c) {
        struct stretch stretch = stretch_of(l, o, k0, k1);
        cut_stretch(l, &stretch, from, to);
      }
  }
}

static void add(size_t count, const REAL *from, REAL *to) {
  for (size_t i = 0; i < count; i++) to[i] += from[i];
}

void KERNEL(fold)(const struct window_layout *l, const REAL *y, REAL *to) {
  size_t o[WINDOW_RANK] = {0};
  if (!l->n || !l->c || !l->cells) return;
  memset(to, 0, l->n * l->cells * l->c * sizeof *to);
  for (size_t w = 0; w < l->n * l->windows; w++, next_window(l, o)) {
    REAL *into = to + w / l->windows * l->cells * l->c;
    for (size_t k0 = 0; k0 < l->size[0]; k0++)
      for (size_t k1 = 0; k1 < l->size[1]; k1++, y += l->size[2] * l->c) {
        struct stretch stretch = stretch_of(l, o, k0, k1);
        if (stretch.step == 1 && stretch.lo < stretch.hi)
          add((stretch.hi - stretch.lo) * l->c, y + stretch.lo * l->c,
              into + cell_of(&stretch, stretch.lo) * l->c);
        for (size_t k = stretch.lo; stretch.step != 1 && k < stretch.hi; k++)
          add(l->c, y + k * l->c, into + cell_of(&stretch, k) * l->c);
      }
  }
}

/* --- the first maximum */

/* Of `count` channels from a window: the largest number and the place it is at. Something that is
 * no number is larger than all. */
struct best {
  REAL x[CHANNELS];
  uint32_t place[CHANNELS];
  bool any;
};

static inline void look(struct best *best, size_t count, const REAL *x, uint32_t place) {
  if (!best->any) {
    memcpy(best->x, x, count * sizeof *x);
    for (size_t i = 0; i < count; i++) best->place[i] = place;
    best->any = true;
    return;
  }
  for (size_t i = 0; i < count; i++) {
    bool larger = !(x[i] <= best->x[i]) && best->x[i] == best->x[i];
    best->x[i] = larger ? x[i] : best->x[i];
    best->place[i] = larger ? place : best->place[i];
  }
}

static void find_best(const struct window_layout *l, const size_t *o, size_t first, size_t count,
                      const REAL *x, struct best *best) {
  best->any = false;
  for (size_t k0 = 0; k0 < l->size[0]; k0++)
    for (size_t k1 = 0; k1 < l->size[1]; k1++) {
      struct stretch stretch = stretch_of(l, o, k0, k1);
      uint32_t place = (uint32_t)((k0 * l->size[1] + k1) * l->size[2]);
      for (size_t k = stretch.lo; k < stretch.hi; k++)
        look(best, count, x + cell_of(&stretch, k) * l->c + first, place + (uint32_t)k);
    }
}

/* Of v the numbers at the places found. */
static void take(const struct window_layout *l, const size_t *o, size_t first, size_t count,
                 const REAL *v, const struct best *best, REAL *to) {
  for (size_t k0 = 0; k0 < l->size[0]; k0++)
    for (size_t k1 = 0; k1 < l->size[1]; k1++) {
      struct stretch stretch = stretch_of(l, o, k0, k1);
      uint32_t place = (uint32_t)((k0 * l->size[1] + k1) * l->size[2]);
      for (size_t k = stretch.lo; k < stretch.hi; k++) {
        const REAL *from = v + cell_of(&stretch, k) * l->c + first;
        for (size_t i = 0; i < count; i++)
          to[i] = best->place[i] == place + (uint32_t)k ? from[i] : to[i];
      }
    }
  for (size_t i = 0; i < count; i++) to[i] = best->x[i] == best->x[i] ? to[i] : best->x[i];
}

void KERNEL(pick)(const struct window_layout *l, const REAL *x, const REAL *v, REAL *to) {
  size_t o[WINDOW_RANK] = {0}, each = l->cells * l->c;
  struct best best;
  if (!l->n || !l->c) return;
  for (size_t w = 0; w < l->n * l->windows; w++, next_window(l, o), to += l->c)
    for (size_t first = 0; first < l->c; first += CHANNELS) {
      size_t count = l->c - first < CHANNELS ? l->c - first : CHANNELS, n = w / l->windows;
      find_best(l, o, first, count, each ? x + n * each : x, &best);
      if (!best.any)
        for (size_t i = 0; i < count; i++) to[first + i] = (REAL)NAN;
      else if (x == v)
        memcpy(to + first, best.x, count * sizeof *to);
      else
        take(l, o, first, count, v + n * each, &best, to + first);
    }
}

/* Adds numbers where the maxima are. Where there is none it is no number, unless 0 is added. */
static void put(const struct window_layout *l, const size_t *o, size_t first, size_t count,
                const REAL *y, const struct best *best, REAL *to) {
  for (size_t k0 = 0; k0 < l->size[0]; k0++)
    for (size_t k1 = 0; k1 < l->size[1]; k1++) {
      struct stretch stretch = stretch_of(l, o, k0, k1);
      uint32_t place = (uint32_t)((k0 * l->size[1] + k1) * l->size[2]);
      for (size_t k = stretch.lo; k < stretch.hi; k++) {
        REAL *into = to + cell_of(&stretch, k) * l->c + first;
        for (size_t i = 0; i < count; i++) {
          REAL sum = into[i] + (best->x[i] == best->x[i] || y[i] == 0 ? y[i] : best->x[i]);
          into[i] = best->place[i] == place + (uint32_t)k ? sum : into[i];
        }
      }
    }
}

void KERNEL(route)(const struct window_layout *l, const REAL *x, const REAL *y, REAL *to) {
  size_t o[WINDOW_RANK] = {0}, each = l->cells * l->c;
  struct best best;
  if (!l->n || !each) return;
  memset(to, 0, l->n * each * sizeof *to);
  for (size_t w = 0; w < l->n * l->windows; w++, next_window(l, o), y += l->c)
    for (size_t first = 0; first < l->c; first += CHANNELS) {
      size_t count = l->c - first < CHANNELS ? l->c - first : CHANNELS, n = w / l->windows;
      find_best(l, o, first, count, x + n * each, &best);
      if (best.any) put(l, o, first, count, y + first, &best, to + n * each);
    }
}
