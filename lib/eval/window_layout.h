/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Windows of images as loops see them. */
#ifndef TRIAD_EVAL_WINDOW_LAYOUT_H
#define TRIAD_EVAL_WINDOW_LAYOUT_H

#include <stddef.h>

enum { WINDOW_RANK = 3 };

/* Always three dimensions, the first ones of size 1 where there are fewer. */
struct window_layout {
  size_t n, c, cells, windows, places; /* cells: of an image; places: of a window */
  size_t whole[WINDOW_RANK], out[WINDOW_RANK], size[WINDOW_RANK];
  size_t stride[WINDOW_RANK], dilation[WINDOW_RANK], before[WINDOW_RANK];
};

#endif
