/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows in texts: unfold(x, size, stride, dilation, before, after) and its kin. Each option is a
 * vector with a whole number for each dimension, or one number for all of them. */
#include "graph/parser.h"
#include "graph/windows.h"

/* The options' numbers, where given. */
struct options {
  const struct value *at;
  size_t count;
};

static bool whole_number(const tri_graph *g, uint32_t id, int64_t least, uint32_t *number) {
  int64_t n;
  bool is = tri__small_integer(g, id, &n) && n >= least && n <= INT32_MAX;
  if (is) *number = (uint32_t)n;
  return is;
}

/* Option i, if there are so many, into numbers[rank]. */
static bool take(struct parser *p, const struct options *o, size_t i, int64_t least, uint32_t rank,
                 uint32_t *numbers) {
  if (i >= o->count) return true;
  uint32_t id = o->at[i].expr;
  const struct node *n = node_at(p->g, id);
  bool vector = n->op == TRI_OP_stack && n->nargs == rank, whole = true;
  for (uint32_t d = 0; d < rank && whole; d++)
    whole = whole_number(p->g, vector ? node_args(p->g, n)[d] : id, least, numbers + d);
  if (whole) return true;
  struct place place = {o->at[i].token.line, o->at[i].token.column};
  return tri__parse_fail(p, place, TRI_SHAPE,
                         "a whole number from %lld on, or %lu of them, are wanted here",
                         (long long)least, (unsigned long)rank);
}

/* Size or sizes first, then stride, dilation, before and after. */
static bool read_windows(struct parser *p, const struct options *o, bool by_size,
                         struct windows *w) {
  for (uint32_t d = 0; d < w->rank; d++) w->stride[d] = w->dilation[d] = 1;
  if (!take(p, o, 0, 1, w->rank, w->size)) return false;
  for (uint32_t d = 0; by_size && d < w->rank; d++) w->stride[d] = w->size[d];
  return take(p, o, 1, 1, w->rank, w->stride) && take(p, o, 2, 1, w->rank, w->dilation) &&
         take(p, o, 3, 0, w->rank, w->before) && take(p, o, 4, 0, w->rank, w->after);
}

static uint32_t rank_of(const tri_graph *g, uint32_t id) {
  return shape_rank(g, node_at(g, id)->shape);
}

static uint32_t fold(struct parser *p, size_t n, const struct value *arguments) {
  tri_graph *g = p->g;
  uint32_t y = arguments[0].expr, rank = (rank_of(g, y) - 2) / 2;
  struct options whole = {arguments + 1, 1}, o = {arguments + 2, n - 2};
  struct windows w = {.rank = rank};
  if (rank_of(g, y) < 4 || rank_of(g, y) % 2 || rank > WINDOW_RANK)
    return tri__no_windows(g, node_at(g, y)->shape);
  if (!take(p, &whole, 0, 0, rank, w.whole) || !read_windows(p, &o, false, &w))
    return NODE_ERROR + TRI_SHAPE;
  return tri__fold_windows(g, y, &w);
}

static uint32_t convolve(struct parser *p, size_t n, const struct value *arguments,
                         struct windows *w) {
  tri_graph *g = p->g;
  uint32_t x = arguments[0].expr, kernel = arguments[1].expr;
  struct options o = {arguments + 1, n - 1}; /* the kernel stands where sizes would */
  for (uint32_t d = 0; d < w->rank; d++) w->stride[d] = w->dilation[d] = 1;
  for (uint32_t d = 0; d < w->rank; d++) {
    int64_t size = d < rank_of(g, kernel) ? shape_dims(g, node_at(g, kernel)->shape)[d] : 1;
    w->size[d] = size >= 1 && size <= INT32_MAX ? (uint32_t)size : 1;
  }
  if (!take(p, &o, 1, 1, w->rank, w->stride) || !take(p, &o, 2, 1, w->rank, w->dilation) ||
      !take(p, &o, 3, 0, w->rank, w->before) || !take(p, &o, 4, 0, w->rank, w->after))
    return NODE_ERROR + TRI_SHAPE;
  return tri__convolve(g, x, kernel, w, 1);
}

uint32_t tri__parse_window_call(struct parser *p, enum window_function f, size_t n,
                                const struct value *arguments) {
  tri_graph *g = p->g;
  uint32_t x = arguments[0].expr, rank = rank_of(g, x) - 2;
  if (f == WINDOW_FOLD) return fold(p, n, arguments);
  if (rank_of(g, x) < 3 || rank > WINDOW_RANK) return tri__no_windows(g, node_at(g, x)->shape);
  struct windows w = {.rank = rank};
  if (f == WINDOW_CONVOLVE) return convolve(p, n, arguments, &w);
  size_t first = f == WINDOW_PICK || f == WINDOW_ROUTE ? 2 : 1;
  struct options o = {arguments + first, n - first};
  if (!read_windows(p, &o, f == WINDOW_MAX_POOL, &w)) return NODE_ERROR + TRI_SHAPE;
  switch (f) {
  case WINDOW_UNFOLD: return tri__unfold(g, x, &w);
  case WINDOW_PICK: return tri__pick(g, x, arguments[1].expr, &w);
  case WINDOW_ROUTE: return tri__route(g, x, arguments[1].expr, &w);
  default: return tri__pick(g, x, x, &w);
  }
}
