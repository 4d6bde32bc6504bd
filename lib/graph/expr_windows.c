/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows, pooling, convolutions and padding, as C programs make them. */
#include <assert.h>
#include <string.h>

#include "graph/tensors.h"
#include "graph/windows.h"

static tri_expr failed(tri_graph *g, tri_status status, const char *message) {
  return expr_of(g, tri__fail(g, status, "%s", message));
}

static uint32_t rank_of(const tri_graph *g, uint32_t id) {
  return shape_rank(g, node_at(g, id)->shape);
}

/* One number of an option into *to; an error id, or 0. */
static uint32_t number(tri_graph *g, const char *what, int64_t given, int64_t least, uint32_t *to) {
  if (given < least || given > INT32_MAX)
    return tri__fail(g, TRI_ARGUMENT, "%s of %lld", what, (long long)given);
  *to = (uint32_t)given;
  return 0;
}

/* What lies outside along a dimension of `whole` elements so that there is a window for every
 * stride, as Keras divides it. An error id, or 0. */
static uint32_t pad_same(tri_graph *g, struct windows *w, uint32_t d, int64_t whole) {
  int64_t span = window_span(w, d), stride = w->stride[d];
  assert(stride > 0);
  int64_t out = (whole + stride - 1) / stride, pad = (out - 1) * stride + span - whole;
  pad = out && pad > 0 ? pad : 0;
  uint32_t error = number(g, "padding", pad / 2, 0, &w->before[d]);
  return error ? error : number(g, "padding", pad - pad / 2, 0, &w->after[d]);
}

enum padding { PADDING_GIVEN, PADDING_NONE, PADDING_SAME };

static uint32_t padding_of(tri_graph *g, const tri_windows *o, enum padding *padding) {
  bool given = false;
  for (int d = 0; d < WINDOW_RANK; d++) given |= o->before[d] || o->after[d];
  *padding = !o->padding || !strcmp(o->padding, "valid") ? PADDING_NONE : PADDING_SAME;
  if (*padding == PADDING_SAME && strcmp(o->padding, "same") != 0)
    return tri__fail(g, TRI_ARGUMENT, "padding is \"valid\" or \"same\", not \"%.40s\"",
                     o->padding);
  if (given && o->padding) return tri__fail(g, TRI_ARGUMENT, "padding by its name and by numbers");
  if (given) *padding = PADDING_GIVEN;
  return 0;
}

/* Options as this library has them, of a program that may have been made with fewer of them. */
static tri_windows all_options(const tri_windows *given) {
  tri_windows o = {.bytes = 0};
  memcpy(&o, given, given->bytes && given->bytes < sizeof o ? given->bytes : sizeof o);
  return o;
}

/* The options along dimensions with these sizes (-1: not known; too large ones fail later);
 * `by_size`: strides are the sizes of windows unless others are given. An error id, or 0. */
static uint32_t take(tri_graph *g, const tri_windows *options, uint32_t rank, const int64_t *whole,
                     bool by_size, struct windows *w) {
  enum padding padding;
  tri_windows all = all_options(options), *o = &all;
  uint32_t error = padding_of(g, o, &padding);
  *w = (struct windows){.rank = rank};
  for (uint32_t d = 0; d < rank && !error; d++) {
    int64_t stride = o->strides[d] ? o->strides[d] : by_size ? o->size[d] : 1;
    error = number(g, "a window's size", o->size[d], 1, &w->size[d]);
    if (!error) error = number(g, "a stride", stride, 1, &w->stride[d]);
    if (!error)
      error = number(g, "a dilation", o->dilation[d] ? o->dilation[d] : 1, 1, &w->dilation[d]);
    if (!error) error = number(g, "padding", o->before[d], 0, &w->before[d]);
    if (!error) error = number(g, "padding", o->after[d], 0, &w->after[d]);
    if (!error && padding == PADDING_SAME && whole[d] >= 0 && whole[d] <= INT32_MAX)
      error = pad_same(g, w, d, whole[d]);
  }
  return error;
}

/* Windows of x [n, s…, c]. */
static uint32_t windows_of(tri_graph *g, uint32_t x, const tri_windows *o, bool by_size,
                           struct windows *w) {
  if (id_is_error(x)) return x;
  uint32_t rank = rank_of(g, x), shape = node_at(g, x)->shape;
  if (rank < 3 || rank > WINDOW_RANK + 2) return tri__no_windows(g, shape);
  int64_t whole[WINDOW_RANK];
  for (uint32_t d = 0; d < rank - 2; d++) whole[d] = shape_dims(g, shape)[d + 1];
  return take(g, o, rank - 2, whole, by_size, w);
}

tri_expr tri_unfold_with(tri_expr x, const tri_windows *options) {
  tri_graph *g = x.graph;
  struct windows w;
  if (!g) return x;
  uint32_t id = tri__own(g, x), error = windows_of(g, id, options, false, &w);
  return expr_of(g, error ? error : tri__unfold(g, id, &w));
}

tri_expr tri_fold_with(tri_expr y, size_t rank, const int64_t *sizes, const tri_windows *options) {
  tri_graph *g = y.graph;
  struct windows w;
  if (!g) return y;
  if (rank < 1 || rank > WINDOW_RANK)
    return failed(g, TRI_SHAPE, "windows are along 1 to 3 dimensions");
  uint32_t id = tri__own(g, y), error = take(g, options, (uint32_t)rank, sizes, false, &w);
  for (size_t d = 0; d < rank && !error; d++) error = number(g, "a size", sizes[d], 0, &w.whole[d]);
  return expr_of(g, error ? error : tri__fold_windows(g, id, &w));
}

tri_expr tri_max_pool_with(tri_expr x, const tri_windows *options) {
  tri_graph *g = x.graph;
  struct windows w;
  if (!g) return x;
  uint32_t id = tri__own(g, x), error = windows_of(g, id, options, true, &w);
  return expr_of(g, error ? error : tri__pick(g, id, id, &w));
}

tri_expr tri_average_pool_with(tri_expr x, const tri_windows *options) {
  tri_graph *g = x.graph;
  struct windows w;
  if (!g) return x;
  uint32_t id = tri__own(g, x), error = windows_of(g, id, options, true, &w);
  return expr_of(g, error ? error : tri__average_pool(g, id, &w));
}

tri_expr tri_convolve_with(tri_expr x, tri_expr kernel, const tri_windows *options) {
  tri_graph *g = x.graph;
  struct windows w;
  tri_windows own = all_options(options);
  if (!g) return x;
  uint32_t id = tri__own(g, x), k = tri__own(g, kernel), groups = 1;
  if (id_is_error(id) || id_is_error(k)) return expr_of(g, id_is_error(id) ? id : k);
  for (uint32_t d = 0; d < WINDOW_RANK; d++)
    own.size[d] = d < rank_of(g, k) ? shape_dims(g, node_at(g, k)->shape)[d] : 1;
  uint32_t error = windows_of(g, id, &own, false, &w);
  if (!error && own.groups) error = number(g, "a number of groups", own.groups, 1, &groups);
  return expr_of(g, error ? error : tri__convolve(g, id, k, &w, groups));
}

tri_expr tri_pad(tri_expr x, size_t rank, const int64_t *before, const int64_t *after) {
  tri_graph *g = x.graph;
  if (!g || tri_expr_status(x)) return x;
  uint32_t id = tri__own(g, x);
  if (rank != rank_of(g, id))
    return failed(g, TRI_SHAPE, "padding is given for each of an array's dimensions");
  for (size_t d = 0; d < rank && !id_is_error(id); d++)
    id = tri__pad(g, id, d, before[d], after[d]);
  return expr_of(g, id);
}
