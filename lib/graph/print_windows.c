/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a text says of windows, as parse_windows.c reads it. */
#include "graph/print.h"
#include "graph/windows.h"

static void vector(struct printer *p, uint32_t rank, const uint32_t *numbers) {
  tri__print_text(p, ", [");
  for (uint32_t d = 0; d < rank; d++) {
    if (d) tri__print_text(p, ", ");
    tri__print_integer(p, numbers[d]);
  }
  tri__print_text(p, "]");
}

static bool all_are(uint32_t rank, const uint32_t *numbers, uint32_t number) {
  for (uint32_t d = 0; d < rank; d++)
    if (numbers[d] != number) return false;
  return true;
}

void tri__print_windows(struct printer *p, uint32_t id) {
  const struct windows *w = tri__windows(p->g, id);
  const uint32_t *numbers[] = {w->size, w->stride, w->dilation, w->before, w->after};
  static const uint32_t defaults[] = {0, 1, 1, 0, 0};
  size_t count = sizeof numbers / sizeof *numbers;
  while (count > 1 && all_are(w->rank, numbers[count - 1], defaults[count - 1])) count--;
  if (node_at(p->g, id)->op == TRI_OP_fold) vector(p, w->rank, w->whole);
  for (size_t i = 0; i < count; i++) vector(p, w->rank, numbers[i]);
}
