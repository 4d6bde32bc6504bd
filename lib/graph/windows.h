/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows of arrays [n, s…, c]: cut out, added back, and the elements in them that are the first
 * maximum of their channel. */
#ifndef TRIAD_GRAPH_WINDOWS_H
#define TRIAD_GRAPH_WINDOWS_H

#include "graph/arrays.h"

enum { WINDOW_RANK = 3 }; /* most dimensions that windows extend along */

/* The attribute of unfold, fold, pick and route: along each of `rank` dimensions how long windows
 * are, how far from one to the next, how far from element to element of one, how much lies outside
 * before and behind, and the array's own size. What is beyond `rank` is 0. */
struct windows {
  uint32_t rank;
  uint32_t size[WINDOW_RANK], stride[WINDOW_RANK], dilation[WINDOW_RANK];
  uint32_t before[WINDOW_RANK], after[WINDOW_RANK], whole[WINDOW_RANK];
};

/* Elements along a dimension from a window's first to its last. */
static inline int64_t window_span(const struct windows *w, uint32_t d) {
  return ((int64_t)w->size[d] - 1) * w->dilation[d] + 1;
}
/* How far a window can move along a dimension; below 0 where none fits. */
static inline int64_t window_room(const struct windows *w, uint32_t d) {
  return (int64_t)w->whole[d] + w->before[d] + w->after[d] - window_span(w, d);
}
/* Windows along a dimension; 0 where none fits. */
static inline uint32_t windows_along(const struct windows *w, uint32_t d) {
  int64_t room = window_room(w, d);
  return room < 0 ? 0 : (uint32_t)(room / w->stride[d] + 1);
}

/* The same for loops: always three dimensions, the first ones of size 1 where there are fewer. */
struct window_layout {
  size_t n, c, cells, windows, places; /* cells: of an array; places: of a window */
  size_t whole[WINDOW_RANK], out[WINDOW_RANK], size[WINDOW_RANK];
  size_t stride[WINDOW_RANK], dilation[WINDOW_RANK], before[WINDOW_RANK];
};
struct window_layout tri__window_layout(const struct windows *w, size_t n, size_t c);

/* From the first place of the first window to the last of the last, along a dimension that has
 * windows. */
static inline size_t windows_reach(const struct window_layout *l, int d) {
  return (l->out[d] - 1) * l->stride[d] + (l->size[d] - 1) * l->dilation[d] + 1;
}

/* The cell of the array at a place in a window, into *cell; false if that is outside. */
static inline bool window_cell(const struct window_layout *l, size_t window, size_t place,
                               size_t *cell) {
  size_t factor = 1;
  *cell = 0;
  for (int d = WINDOW_RANK; d-- > 0;) {
    size_t o = window % l->out[d], k = place % l->size[d];
    size_t at = o * l->stride[d] + k * l->dilation[d];
    if (at < l->before[d] || at - l->before[d] >= l->whole[d]) return false;
    *cell += (at - l->before[d]) * factor;
    factor *= l->whole[d];
    window /= l->out[d];
    place /= l->size[d];
  }
  return true;
}

/* The same of window number `window` of all images, by the numbers of the first channels: *cell of
 * the array, and *cut of what is cut out. */
static inline bool window_place(const struct window_layout *l, size_t window, size_t place,
                                size_t *cut, size_t *cell) {
  *cut = (window * l->places + place) * l->c;
  if (!window_cell(l, window % l->windows, place, cell)) return false;
  *cell = (window / l->windows * l->cells + *cell) * l->c;
  return true;
}

/* The attribute of a node that has one. */
const struct windows *tri__windows(const tri_graph *g, uint32_t id);

/* Constructors, canonical; w->whole is taken from x, and given for fold. With o… windows and k… the
 * places of one:
 *   unfold   x [n, s…, c] as [n, o…, k…, c], 0 outside
 *   fold     its transpose: [n, o…, k…, c] added up as [n, s…, c]
 *   pick     x and v [n, s…, c]: in each window the element of v where x has its first maximum, row
 *            by row, as [n, o…, c]; what is outside is never taken
 *   route    x [n, s…, c], y [n, o…, c]: the transpose by v, [n, s…, c] with y added at these
 *            places
 * An error id where shapes do not fit, naming them (TRI_SHAPE), or where there are more than
 * INT32_MAX windows along a dimension (TRI_LIMIT). */
uint32_t tri__unfold(tri_graph *g, uint32_t x, const struct windows *w);
uint32_t tri__fold_windows(tri_graph *g, uint32_t y, const struct windows *w);
uint32_t tri__pick(tri_graph *g, uint32_t x, uint32_t v, const struct windows *w);
uint32_t tri__route(tri_graph *g, uint32_t x, uint32_t y, const struct windows *w);
/* The node of this operation with its attribute, other arguments. */
uint32_t tri__window_node(tri_graph *g, tri_op op, const uint32_t *args, const struct windows *w);
/* The error that an array of this shape has no windows, which x [n, s…, c] has. */
uint32_t tri__no_windows(tri_graph *g, uint32_t shape);
/* Whether every window has an element inside. */
bool tri__windows_inside(const struct windows *w);

/* Compositions. The convolution of x with kernel [k…, c/groups, filters], as Keras has it; the
 * means of what windows have inside; x among zeros. */
uint32_t tri__convolve(tri_graph *g, uint32_t x, uint32_t kernel, const struct windows *w,
                       uint32_t groups);
uint32_t tri__average_pool(tri_graph *g, uint32_t x, const struct windows *w);
uint32_t tri__pad(tri_graph *g, uint32_t x, size_t axis, int64_t before, int64_t after);

#endif
