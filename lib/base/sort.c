/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Merge sort from the bottom up. */
#include "base/sort.h"

#include <string.h>

enum { RUN = 8 }; /* sorted by insertion, which needs no memory for the short lists that are most */

/* Inserts element i into the sorted ones from `low` to i, by way of `spare`. */
static void insert(char *elements, size_t low, size_t i, size_t size, sort_order *order,
                   void *context, char *spare) {
  size_t j = i;
  while (j > low && order(context, elements + (j - 1) * size, elements + i * size) > 0) j--;
  if (j == i) return;
  memcpy(spare, elements + i * size, size);
  memmove(elements + (j + 1) * size, elements + j * size, (i - j) * size);
  memcpy(elements + j * size, spare, size);
}

static void merge(char *to, const char *from, size_t low, size_t middle, size_t high, size_t size,
                  sort_order *order, void *context) {
  size_t a = low, b = middle;
  for (size_t k = low; k < high; k++) {
    bool second = a == middle || (b < high && order(context, from + a * size, from + b * size) > 0);
    memcpy(to + k * size, from + (second ? b++ : a++) * size, size);
  }
}

bool tri__sort(struct memory *m, void *elements, size_t n, size_t size, sort_order *order,
               void *context) {
  char small[128], *spare = small, *from = elements;
  size_t spare_count = n > RUN ? n : 1;
  bool heap = spare_count * size > sizeof small;
  if (heap && !(spare = tri__new(m, spare_count, size))) return false;
  for (size_t low = 0; low < n; low += RUN)
    for (size_t i = low + 1; i < n && i < low + RUN; i++)
      insert(elements, low, i, size, order, context, spare);
  char *to = spare;
  for (size_t width = RUN; width < n; width *= 2) {
    for (size_t low = 0; low < n; low += 2 * width) {
      size_t middle = low + width < n ? low + width : n;
      size_t high = middle + width < n ? middle + width : n;
      merge(to, from, low, middle, high, size, order, context);
    }
    char *swap = from;
    from = to;
    to = swap;
  }
  if (from != (char *)elements) memcpy(elements, from, n * size);
  if (heap) tri__free(m, spare, spare_count, size);
  return true;
}
