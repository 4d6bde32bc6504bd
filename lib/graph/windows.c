/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Constructors of unfold, fold, pick and route, and what is composed of them. */
#include "graph/windows.h"

#include <stdio.h>
#include <string.h>

#include "graph/reduce.h"
#include "graph/tensors.h"

static uint32_t shape_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->shape; }
static uint32_t rank_of(const tri_graph *g, uint32_t id) { return shape_rank(g, shape_of(g, id)); }
static extent dim_of(const tri_graph *g, uint32_t id, size_t d) {
  return shape_dims(g, shape_of(g, id))[d];
}
static uint32_t no_shape(const tri_graph *g) { return NODE_ERROR + (uint32_t)g->error.status; }

const struct windows *tri__windows(const tri_graph *g, uint32_t id) {
  return tri__attr_data(g, node_at(g, id)->attr, NULL);
}

struct window_layout tri__window_layout(const struct windows *w, size_t n, size_t c) {
  struct window_layout l = {.n = n, .c = c, .cells = 1, .windows = 1, .places = 1};
  for (uint32_t d = 0; d < WINDOW_RANK; d++) {
    uint32_t own = d - (WINDOW_RANK - w->rank); /* beyond the rank where there is none */
    bool is = d >= WINDOW_RANK - w->rank;
    l.whole[d] = is ? w->whole[own] : 1;
    l.out[d] = is ? windows_along(w, own) : 1;
    l.size[d] = is ? w->size[own] : 1;
    l.stride[d] = is ? w->stride[own] : 1;
    l.dilation[d] = is ? w->dilation[own] : 1;
    l.before[d] = is ? w->before[own] : 0;
    l.cells *= l.whole[d];
    l.windows *= l.out[d];
    l.places *= l.size[d];
  }
  return l;
}

/* Whether the first place of window o that is not before the array is one of the window's, and not
 * behind the array. */
static bool is_inside(const struct windows *w, uint32_t d, uint32_t o) {
  int64_t at = (int64_t)o * w->stride[d] - w->before[d], step = w->dilation[d];
  int64_t k = at < 0 ? (step - 1 - at) / step : 0;
  return k < w->size[d] && at + k * step < w->whole[d];
}

bool tri__windows_inside(const struct windows *w) {
  for (uint32_t d = 0; d < w->rank; d++) {
    uint32_t count = windows_along(w, d);
    if (count && (!is_inside(w, d, 0) || !is_inside(w, d, count - 1))) return false;
    /* Between them the first place inside is below the dilation, and no further on than the first
     * window's. */
    if (w->whole[d] >= w->dilation[d]) continue;
    for (uint32_t o = 1; o < count; o++)
      if (!is_inside(w, d, o)) return false;
  }
  return true;
}

/* --- shapes */

static const char *name_of(tri_op op) { return tri_op_name(op); }

static uint32_t check(tri_graph *g, uint32_t x, tri_op op) {
  if (id_is_error(x)) return x;
  if (node_at(g, x)->sort < TRI_BOOLEAN) return 0;
  return tri__fail(g, TRI_SHAPE, "%s of what is no number", name_of(op));
}

static uint32_t unequal(tri_graph *g, tri_op op, uint32_t x, uint32_t y) {
  char one[64], other[64];
  tri__shape_text(g, shape_of(g, x), one, sizeof one);
  tri__shape_text(g, shape_of(g, y), other, sizeof other);
  return tri__fail(g, TRI_SHAPE, "%s of shapes %s and %s, which do not fit", name_of(op), one,
                   other);
}

/* "3 by 3". */
static void write_sizes(uint32_t rank, const uint32_t *sizes, char *to, size_t size) {
  size_t used = 0;
  for (uint32_t d = 0; d < rank && used < size; d++)
    used +=
        (size_t)snprintf(to + used, size - used, "%s%lu", d ? " by " : "", (unsigned long)sizes[d]);
}

static uint32_t no_window(tri_graph *g, const struct windows *w, uint32_t shape) {
  char text[64], size[64];
  tri__shape_text(g, shape, text, sizeof text);
  write_sizes(w->rank, w->size, size, sizeof size);
  return tri__fail(g, TRI_SHAPE, "no window of %s fits into shape %s", size, text);
}

uint32_t tri__no_windows(tri_graph *g, uint32_t shape) {
  char text[64];
  tri__shape_text(g, shape, text, sizeof text);
  return tri__fail(g, TRI_SHAPE,
                   "windows are of [n, s, c] with up to %d dimensions in the middle, "
                   "not of shape %s",
                   WINDOW_RANK, text);
}

/* Whether there are windows of an array of this shape, and as many as dimensions can have elements;
 * an error id, or 0. */
static uint32_t check_windows(tri_graph *g, const struct windows *w, uint32_t shape) {
  for (uint32_t d = 0; d < w->rank; d++) {
    if (window_room(w, d) / w->stride[d] >= INT32_MAX)
      return tri__fail(g, TRI_LIMIT, "more than %ld windows along a dimension", (long)INT32_MAX);
    if (!windows_along(w, d)) return no_window(g, w, shape);
  }
  return 0;
}

/* Takes the sizes of x [n, s…, c], which have to be known; an error id, or 0. */
static uint32_t take_whole(tri_graph *g, tri_op op, uint32_t x, struct windows *w) {
  char text[64];
  bool fits = rank_of(g, x) == w->rank + 2;
  for (uint32_t d = 0; d < w->rank && fits; d++) {
    extent n = dim_of(g, x, d + 1);
    fits = n >= 0 && n <= INT32_MAX;
    w->whole[d] = fits ? (uint32_t)n : 0;
    if (w->size[d] == 1) w->dilation[d] = 1;
  }
  if (fits) return check_windows(g, w, shape_of(g, x));
  tri__shape_text(g, shape_of(g, x), text, sizeof text);
  return tri__fail(g, TRI_SHAPE,
                   "%s along %u dimensions wants [n, %sc] with sizes that are known, "
                   "not shape %s",
                   name_of(op), (unsigned)w->rank,
                   w->rank == 1   ? "s, "
                   : w->rank == 2 ? "s, s, "
                                  : "s, s, s, ",
                   text);
}

/* [n, o…, k…, c], without k… where `places` is false; [n, s…, c] for fold and route. */
static uint32_t shape_with(tri_graph *g, const struct windows *w, extent n, extent c, bool windows,
                           bool places) {
  int64_t dims[2 + 2 * WINDOW_RANK];
  size_t rank = 0;
  dims[rank++] = n;
  for (uint32_t d = 0; d < w->rank; d++) dims[rank++] = windows ? windows_along(w, d) : w->whole[d];
  for (uint32_t d = 0; d < w->rank && places; d++) dims[rank++] = w->size[d];
  dims[rank++] = c;
  return tri__shape(g, rank, dims);
}

static uint32_t node(tri_graph *g, tri_op op, const struct windows *w, uint32_t shape, size_t nargs,
                     const uint32_t *args) {
  uint32_t attr = shape == TRI__NO_SHAPE ? 0 : tri__attr(g, ATTR_WINDOWS, w, sizeof *w);
  return attr ? tri__node(g, op, attr, shape, nargs, args) : no_shape(g);
}

/* --- constructors */

uint32_t tri__unfold(tri_graph *g, uint32_t x, const struct windows *given) {
  struct windows w = *given;
  uint32_t failed = check(g, x, TRI_OP_unfold);
  if (!failed) failed = take_whole(g, TRI_OP_unfold, x, &w);
  if (failed) return failed;
  uint32_t shape = shape_with(g, &w, dim_of(g, x, 0), dim_of(g, x, w.rank + 1), true, true);
  return node(g, TRI_OP_unfold, &w, shape, 1, &x);
}

uint32_t tri__fold_windows(tri_graph *g, uint32_t y, const struct windows *w) {
  uint32_t failed = check(g, y, TRI_OP_fold);
  if (failed) return failed;
  uint32_t rank = rank_of(g, y);
  extent n = rank ? dim_of(g, y, 0) : 0, c = rank ? dim_of(g, y, rank - 1) : 0;
  uint32_t whole = shape_with(g, w, n, c, false, false);
  if (whole == TRI__NO_SHAPE) return no_shape(g);
  failed = check_windows(g, w, whole);
  if (failed) return failed;
  uint32_t shape = shape_with(g, w, n, c, true, true);
  if (shape == TRI__NO_SHAPE) return no_shape(g);
  if (shape == shape_of(g, y)) return node(g, TRI_OP_fold, w, whole, 1, &y);
  char own[64], wanted[64];
  tri__shape_text(g, shape_of(g, y), own, sizeof own);
  tri__shape_text(g, shape, wanted, sizeof wanted);
  return tri__fail(g, TRI_SHAPE, "fold of shape %s, where windows are %s", own, wanted);
}

uint32_t tri__pick(tri_graph *g, uint32_t x, uint32_t v, const struct windows *given) {
  struct windows w = *given;
  uint32_t failed = check(g, x, TRI_OP_pick);
  if (!failed) failed = check(g, v, TRI_OP_pick);
  if (!failed) failed = take_whole(g, TRI_OP_pick, x, &w);
  if (failed) return failed;
  if (shape_of(g, x) != shape_of(g, v)) return unequal(g, TRI_OP_pick, x, v);
  uint32_t shape = shape_with(g, &w, dim_of(g, x, 0), dim_of(g, x, w.rank + 1), true, false);
  return node(g, TRI_OP_pick, &w, shape, 2, (uint32_t[]){x, v});
}

uint32_t tri__route(tri_graph *g, uint32_t x, uint32_t y, const struct windows *given) {
  struct windows w = *given;
  uint32_t failed = check(g, x, TRI_OP_route);
  if (!failed) failed = check(g, y, TRI_OP_route);
  if (!failed) failed = take_whole(g, TRI_OP_route, x, &w);
  if (failed) return failed;
  uint32_t shape = shape_with(g, &w, dim_of(g, x, 0), dim_of(g, x, w.rank + 1), true, false);
  if (shape == TRI__NO_SHAPE) return no_shape(g);
  if (shape != shape_of(g, y)) return unequal(g, TRI_OP_route, x, y);
  return node(g, TRI_OP_route, &w, shape_of(g, x), 2, (uint32_t[]){x, y});
}

uint32_t tri__window_node(tri_graph *g, tri_op op, const uint32_t *args, const struct windows *w) {
  struct windows own = *w; /* attributes move when there are more of them */
  switch (op) {
  case TRI_OP_unfold: return tri__unfold(g, args[0], &own);
  case TRI_OP_fold: return tri__fold_windows(g, args[0], &own);
  case TRI_OP_pick: return tri__pick(g, args[0], args[1], &own);
  default: return tri__route(g, args[0], args[1], &own);
  }
}

/* --- convolutions */

/* x in the shape with dims[first …] in place of `count` dimensions from `first` on. */
static uint32_t regrouped(tri_graph *g, uint32_t x, uint32_t first, uint32_t count, size_t n,
                          const extent *in_place) {
  int64_t dims[MOST_RANK];
  size_t rank = 0;
  if (id_is_error(x)) return x;
  for (uint32_t d = 0; d < rank_of(g, x); d++) {
    if (d < first || d >= first + count) dims[rank++] = dim_of(g, x, d);
    for (size_t k = 0; d == first && k < n; k++) dims[rank++] = in_place[k];
  }
  return tri__reshape(g, x, tri__shape(g, rank, dims));
}

/* [m…, g, k] as [g, m…, k]. */
static uint32_t groups_first(tri_graph *g, uint32_t x, uint32_t axis) {
  return id_is_error(x) ? x : tri__to_front(g, x, axis);
}

/* Groups as a batch in front: windows [G, n, o…, k…, c/G] with the kernel [G, k…, c/G, f/G]. */
static uint32_t convolve_groups(tri_graph *g, uint32_t windows, uint32_t kernel, uint32_t rank,
                                extent groups) {
  extent c = dim_of(g, kernel, rank), f = dim_of(g, kernel, rank + 1) / groups;
  windows = regrouped(g, windows, 2 * rank + 1, 1, 2, (extent[]){groups, c});
  windows = groups_first(g, windows, 2 * rank + 1);
  kernel = groups_first(g, regrouped(g, kernel, rank + 1, 1, 2, (extent[]){groups, f}), rank + 1);
  if (id_is_error(windows) || id_is_error(kernel)) return id_is_error(windows) ? windows : kernel;
  struct contraction how = {.batch = 1, .contracted = (uint8_t)(rank + 1), .turned = CONTRACT_B};
  uint32_t y = tri__contract(g, windows, kernel, &how); /* [G, n, o…, f/G] */
  uint8_t axes[MOST_RANK] = {0};
  for (uint32_t d = 0; d < rank + 1; d++) axes[d] = (uint8_t)(d + 1);
  axes[rank + 2] = (uint8_t)(rank + 2);
  y = id_is_error(y) ? y : tri__permute(g, y, axes);
  return regrouped(g, y, rank + 1, 2, 1, (extent[]){groups * f});
}

uint32_t tri__convolve(tri_graph *g, uint32_t x, uint32_t kernel, const struct windows *w,
                       uint32_t groups) {
  uint32_t failed = check(g, x, TRI_OP_unfold);
  if (!failed) failed = check(g, kernel, TRI_OP_unfold);
  if (failed) return failed;
  uint32_t r = w->rank;
  bool fits = rank_of(g, x) == r + 2 && rank_of(g, kernel) == r + 2;
  for (uint32_t d = 0; d < r && fits; d++) fits = dim_of(g, kernel, d) == w->size[d];
  extent c = fits ? dim_of(g, x, r + 1) : 0, own = fits ? dim_of(g, kernel, r) : 0,
         f = fits ? dim_of(g, kernel, r + 1) : 0;
  fits =
      fits && (groups == 1 ? c == own : c >= 0 && f >= 0 && c == own * groups && f % groups == 0);
  if (!fits) {
    char one[64], other[64];
    tri__shape_text(g, shape_of(g, x), one, sizeof one);
    tri__shape_text(g, shape_of(g, kernel), other, sizeof other);
    return tri__fail(g, TRI_SHAPE,
                     "a convolution in %lu group%s of shape %s with a kernel of shape "
                     "%s, which does not fit",
                     (unsigned long)groups, groups == 1 ? "" : "s", one, other);
  }
  uint32_t windows = tri__unfold(g, x, w);
  if (id_is_error(windows)) return windows;
  if (groups > 1) return convolve_groups(g, windows, kernel, r, groups);
  struct contraction how = {.contracted = (uint8_t)(r + 1), .turned = CONTRACT_B};
  return tri__contract(g, windows, kernel, &how);
}

/* --- means and padding */

/* The sum over the places of each window: [n, o…, k…, c] as [n, o…, c]. */
static uint32_t sum_of_places(tri_graph *g, uint32_t windows, const struct windows *w) {
  uint8_t axes[MOST_RANK] = {0};
  uint32_t r = w->rank, rank = 2 * r + 2, ones = g->one;
  if (id_is_error(windows)) return windows;
  for (uint32_t d = 0; d < rank; d++)
    axes[d] = (uint8_t)(d < r + 1 ? d : d == r + 1 ? rank - 1 : d - 1);
  for (uint32_t d = r; d-- > 0 && !id_is_error(ones);) ones = tri__repeat(g, ones, w->size[d]);
  windows = tri__permute(g, windows, axes);
  if (id_is_error(windows) || id_is_error(ones)) return id_is_error(windows) ? windows : ones;
  struct contraction how = {.contracted = (uint8_t)r};
  return tri__contract(g, windows, ones, &how);
}

static uint32_t pad_none(const struct windows *w) {
  uint32_t any = 0;
  for (uint32_t d = 0; d < w->rank; d++) any |= w->before[d] | w->after[d];
  return !any;
}

/* How many places of each window are inside, as [1, o…, 1]. */
static uint32_t counts(tri_graph *g, const struct windows *w) {
  uint32_t shape = shape_with(g, w, 1, 1, false, false), ones = g->one;
  if (shape == TRI__NO_SHAPE) return no_shape(g);
  for (uint32_t d = shape_rank(g, shape); d-- > 0 && !id_is_error(ones);)
    ones = tri__repeat(g, ones, shape_dims(g, shape)[d]);
  return sum_of_places(g, tri__unfold(g, ones, w), w);
}

uint32_t tri__average_pool(tri_graph *g, uint32_t x, const struct windows *given) {
  struct windows w = *given;
  uint32_t failed = check(g, x, TRI_OP_unfold);
  if (!failed) failed = take_whole(g, TRI_OP_unfold, x, &w);
  if (failed) return failed;
  uint32_t sums = sum_of_places(g, tri__unfold(g, x, &w), &w), count;
  if (id_is_error(sums)) return sums;
  if (pad_none(&w)) {
    int64_t places = 1;
    for (uint32_t d = 0; d < w.rank; d++)
      if (__builtin_mul_overflow(places, (int64_t)w.size[d], &places))
        return tri__fail(g, TRI_LIMIT, "too many elements");
    count = tri__constant_si(g, places, 1);
  } else {
    count = tri__broadcast(g, counts(g, &w), shape_of(g, sums));
  }
  return tri__build2(g, TRI_OP_div, sums, count);
}

uint32_t tri__pad(tri_graph *g, uint32_t x, size_t axis, int64_t before, int64_t after) {
  if (id_is_error(x) || (!before && !after)) return x;
  x = tri__to_front(g, x, axis);
  if (id_is_error(x)) return x;
  extent n = first_extent(g, shape_of(g, x));
  char text[64];
  tri__shape_text(g, shape_of(g, x), text, sizeof text);
  if (n < 0 || before < 0 || after < 0 || __builtin_add_overflow(n, before, &n) ||
      __builtin_add_overflow(n, after, &n))
    return tri__fail(g, TRI_SHAPE, "padding of %lld and %lld to shape %s", (long long)before,
                     (long long)after, text);
  return tri__from_front(g, tri__embed(g, x, before, n), axis);
}
