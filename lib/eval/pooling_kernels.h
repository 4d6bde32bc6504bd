/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Pooling for one type of number and one instruction set: part of image_kernels.h. Windows of 2 by
 * 2 that do not overlap have loops of their own; others have those of window_kernels.h. */

/* Whether windows are of 2 by 2 next to each other, and inside. */
static bool in_fours(const struct window_layout *l) {
  bool fours = l->out[0] == l->whole[0] && l->size[0] == 1 && l->stride[0] == 1 && !l->before[0];
  for (int d = 1; d < WINDOW_RANK; d++)
    fours = fours && l->size[d] == 2 && l->stride[d] == 2 && l->dilation[d] == 1 && !l->before[d] &&
            2 * l->out[d] <= l->whole[d];
  return fours;
}

/* Numbers of the four places, row by row; the rule of the first maximum is that of
 * window_kernels.h: something that is no number is larger than all. */
struct four {
  vec best;
  mask second, third, fourth; /* is larger than those before */
};

INLINE mask is_larger(vec x, vec best) { return ~(mask)(x <= best) & (mask)(best == best); }
INLINE vec blend(mask m, vec x, vec y) { return (vec)((m & (mask)x) | (~m & (mask)y)); }

INLINE struct four best_of(vec x0, vec x1, vec x2, vec x3) {
  struct four f = {.second = is_larger(x1, x0)};
  f.best = blend(f.second, x1, x0);
  f.third = is_larger(x2, f.best);
  f.best = blend(f.third, x2, f.best);
  f.fourth = is_larger(x3, f.best);
  f.best = blend(f.fourth, x3, f.best);
  return f;
}

INLINE vec take_some(const REAL *from, size_t count) {
  vec x;
  take_row(&x, 1, from, count);
  return x;
}

/* One window's channels from `at` on; `down` numbers further is the next row of the image. */
INLINE struct four four_at(const REAL *x, size_t c, size_t down, size_t count) {
  return best_of(take_some(x, count), take_some(x + c, count), take_some(x + down, count),
                 take_some(x + down + c, count));
}

INLINE void pick_four(const REAL *x, const REAL *v, size_t c, size_t down, size_t count, REAL *to) {
  struct four f = four_at(x, c, down, count);
  if (x != v) {
    vec y = blend(f.second, take_some(v + c, count), take_some(v, count));
    y = blend(f.third, take_some(v + down, count), y);
    y = blend(f.fourth, take_some(v + down + c, count), y);
    f.best = blend((mask)(f.best == f.best), y, f.best);
  }
  put_row(&f.best, 1, to, count);
}

INLINE void route_four(const REAL *x, const REAL *y, size_t c, size_t down, size_t count,
                       REAL *to) {
  struct four f = four_at(x, c, down, count);
  vec v = take_some(y, count);
  v = blend((mask)(f.best == f.best) | (mask)(v == 0), v, f.best);
  mask left = ~f.fourth, second = f.second & ~f.third & left, third = f.third & left;
  vec at[] = {(vec)((mask)v & ~f.second & ~f.third & left), (vec)((mask)v & second),
              (vec)((mask)v & third), (vec)((mask)v & f.fourth)};
  put_row(at, 1, to, count);
  put_row(at + 1, 1, to + c, count);
  put_row(at + 2, 1, to + down, count);
  put_row(at + 3, 1, to + down + c, count);
}

/* For each window in turn and channels of it: `whole`, numbers of the image before its first, and
 * `own`, numbers of results before; most of them whole vectors. */
#define EACH_FOUR(l, action)                                                                       \
  for (size_t row_ = 0, own = 0; row_ < (l)->n * (l)->out[0] * (l)->out[1]; row_++)                \
    for (size_t q_ = 0; q_ < (l)->out[2]; q_++) {                                                  \
      size_t image_ = row_ / (l)->out[1], line_ = 2 * (row_ % (l)->out[1]);                        \
      size_t whole = ((image_ * (l)->whole[1] + line_) * (l)->whole[2] + 2 * q_) * (l)->c, k_ = 0; \
      for (; k_ + WIDTH <= (l)->c; k_ += WIDTH, whole += WIDTH, own += WIDTH) {                    \
        const size_t count = WIDTH;                                                                \
        action;                                                                                    \
      }                                                                                            \
      if (k_ < (l)->c) {                                                                           \
        const size_t count = (l)->c - k_;                                                          \
        action;                                                                                    \
        own += count;                                                                              \
      }                                                                                            \
    }

static void pick(const struct window_layout *l, const void *x, const void *v, void *y) {
  const REAL *a = x, *b = v;
  size_t c = l->c, down = l->whole[2] * c;
  if (!in_fours(l)) {
    images_pick(l, a, b, y);
    return;
  }
  EACH_FOUR(l, pick_four(a + whole, b + whole, c, down, count, (REAL *)y + own))
}

static void route(const struct window_layout *l, const void *x, const void *y, void *dx) {
  const REAL *a = x, *b = y;
  size_t c = l->c, down = l->whole[2] * c;
  if (!in_fours(l)) {
    images_route(l, a, b, dx);
    return;
  }
  if (l->windows * 4 < l->cells) memset(dx, 0, l->n * l->cells * c * sizeof *a);
  EACH_FOUR(l, route_four(a + whole, b + own, c, down, count, (REAL *)dx + whole))
}

static void unfold(const struct window_layout *l, const void *x, void *to) {
  images_unfold(l, x, to);
}
static void fold(const struct window_layout *l, const void *y, void *to) { images_fold(l, y, to); }
