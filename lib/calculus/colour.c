/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Greedy colourings. What a group has of the first 64 colours is kept as bits, so few colours take
 * time in proportion to the entries. */
#include <string.h>

#include "calculus/pattern.h"

enum { BITS = 64 };

/* A colouring in the making: items (with their groups) get colours; for symmetric patterns groups
 * are the items as well. */
struct colouring {
  struct memory memory;
  const tri_pattern *items, *groups;
  size_t n;
  uint32_t *order;
  uint32_t *colour, *best;
  uint32_t count, best_count;
  uint64_t *used;  /* by group: which of the first colours its items have */
  uint32_t *taken; /* by colour: 1 + the item that cannot have it */
  bool *many;      /* by group: items of it have colours beyond the first */
};

static uint64_t below(uint32_t colour) {
  return colour >= BITS ? UINT64_MAX : ((uint64_t)1 << colour) - 1;
}

/* Forbids an item the colours of a group's items that are less than `bound`. */
static void forbid(struct colouring *c, uint32_t item, size_t group, uint32_t bound,
                   uint64_t *bits) {
  *bits |= c->used[group] & below(bound);
  if (!c->many[group] || bound <= BITS) return;
  for (size_t k = c->groups->start[group]; k < c->groups->start[group + 1]; k++) {
    uint32_t colour = c->colour[c->groups->index[k]];
    if (colour != TRI_NO_COLOUR && colour < bound) c->taken[colour] = item + 1;
  }
}

static uint32_t first_free(const struct colouring *c, uint32_t item, uint64_t bits) {
  if (~bits) return (uint32_t)__builtin_ctzll(~bits);
  uint32_t colour = BITS;
  while (c->taken[colour] == item + 1) colour++;
  return colour;
}

static void give(struct colouring *c, uint32_t item, uint32_t colour) {
  c->colour[item] = colour;
  if (colour >= c->count) c->count = colour + 1;
  for (size_t k = c->items->start[item]; k < c->items->start[item + 1]; k++) {
    uint32_t group = c->items->index[k];
    if (colour < BITS)
      c->used[group] |= (uint64_t)1 << colour;
    else
      c->many[group] = true;
  }
}

/* Partial distance-2: other than every item of its groups. */
static uint32_t apart(struct colouring *c, uint32_t item) {
  uint64_t bits = 0;
  for (size_t k = c->items->start[item]; k < c->items->start[item + 1]; k++)
    forbid(c, item, c->items->index[k], UINT32_MAX, &bits);
  return first_free(c, item, bits);
}

/* Restricted star: other than its neighbours, and than their neighbours unless the one between has
 * a smaller colour than these. */
static uint32_t star(struct colouring *c, uint32_t item) {
  uint64_t bits = 0;
  for (size_t k = c->items->start[item]; k < c->items->start[item + 1]; k++) {
    uint32_t between = c->items->index[k], colour = c->colour[between];
    if (between == item) continue;
    forbid(c, item, between, colour, &bits); /* TRI_NO_COLOUR is above all */
    if (colour == TRI_NO_COLOUR) continue;
    if (colour < BITS) bits |= (uint64_t)1 << colour;
    c->taken[colour] = item + 1;
  }
  return first_free(c, item, bits);
}

/* One greedy pass; given up as soon as it is no better than the best so far. */
static void pass(struct colouring *c, bool symmetric) {
  memset(c->colour, 0xff, c->n * sizeof *c->colour);
  memset(c->used, 0, c->groups->rows * sizeof *c->used);
  memset(c->many, 0, c->groups->rows * sizeof *c->many);
  memset(c->taken, 0, (c->n + BITS) * sizeof *c->taken);
  c->count = 0;
  for (size_t k = 0; k < c->n; k++) {
    uint32_t item = c->order[k];
    if (c->items->start[item] == c->items->start[item + 1]) continue;
    give(c, item, symmetric ? star(c, item) : apart(c, item));
    if (c->count >= c->best_count) return;
  }
  c->best_count = c->count;
  memcpy(c->best, c->colour, c->n * sizeof *c->best);
}

/* Largest first: those with the most groups before the others, else in their order. */
static bool order_largest(struct colouring *c) {
  size_t most = 0;
  for (size_t i = 0; i < c->n; i++) {
    size_t degree = c->items->start[i + 1] - c->items->start[i];
    most = degree > most ? degree : most;
  }
  size_t *next = tri__new(&c->memory, most + 2, sizeof *next);
  if (!next) return false;
  for (size_t i = 0; i < c->n; i++)
    next[most - (c->items->start[i + 1] - c->items->start[i]) + 1]++;
  for (size_t d = 0; d <= most; d++) next[d + 1] += next[d];
  for (size_t i = 0; i < c->n; i++)
    c->order[next[most - (c->items->start[i + 1] - c->items->start[i])]++] = (uint32_t)i;
  tri__free(&c->memory, next, most + 2, sizeof *next);
  return true;
}

/* Where one group has all items (of symmetric patterns: every one) there is nothing to choose. */
static bool all_differ(struct colouring *c, bool symmetric) {
  size_t with_entries = 0, most = 0;
  for (size_t i = 0; i < c->n; i++) with_entries += c->items->start[i] < c->items->start[i + 1];
  for (size_t i = 0; i < c->groups->rows; i++) {
    size_t size = c->groups->start[i + 1] - c->groups->start[i];
    most = size > most ? size : most;
  }
  if (with_entries <= BITS) return false;
  if (symmetric && pattern_entries(c->items) / most != with_entries) return false;
  return most == with_entries;
}

static void number_all(struct colouring *c) {
  uint32_t next = 0;
  for (size_t i = 0; i < c->n; i++)
    c->best[i] = c->items->start[i] < c->items->start[i + 1] ? next++ : TRI_NO_COLOUR;
  c->best_count = next;
}

static tri_status colour(const tri_pattern *items, const tri_pattern *groups, bool symmetric,
                         uint32_t *best, uint32_t *colours) {
  struct colouring c = {.items = items, .groups = groups, .n = items->rows, .best = best};
  tri__memory_init(&c.memory, &items->memory.allocator);
  c.order = tri__new(&c.memory, c.n, sizeof *c.order);
  c.colour = tri__new(&c.memory, c.n, sizeof *c.colour);
  c.used = tri__new(&c.memory, groups->rows, sizeof *c.used);
  c.many = tri__new(&c.memory, groups->rows, sizeof *c.many);
  c.taken = tri__new(&c.memory, c.n + BITS, sizeof *c.taken);
  bool ok = c.order && c.colour && c.used && c.many && c.taken;
  c.best_count = UINT32_MAX;
  if (ok && all_differ(&c, symmetric))
    number_all(&c);
  else if (ok && (ok = order_largest(&c))) {
    pass(&c, symmetric);
    for (size_t i = 0; i < c.n; i++) c.order[i] = (uint32_t)i;
    pass(&c, symmetric);
  }
  tri__free(&c.memory, c.taken, c.n + BITS, sizeof *c.taken);
  tri__free(&c.memory, c.many, groups->rows, sizeof *c.many);
  tri__free(&c.memory, c.used, groups->rows, sizeof *c.used);
  tri__free(&c.memory, c.colour, c.n, sizeof *c.colour);
  tri__free(&c.memory, c.order, c.n, sizeof *c.order);
  *colours = c.best_count;
  return ok ? TRI_OK : TRI_MEMORY;
}

tri_status tri_colour_columns(const tri_pattern *p, uint32_t *columns, uint32_t *colours) {
  if (!p || !columns || !colours) return TRI_ARGUMENT;
  tri_pattern *t = tri__pattern_transposed(p);
  tri_status status = t ? colour(t, p, false, columns, colours) : TRI_MEMORY;
  tri_pattern_free(t);
  return status;
}

tri_status tri_colour_rows(const tri_pattern *p, uint32_t *rows, uint32_t *colours) {
  if (!p || !rows || !colours) return TRI_ARGUMENT;
  tri_pattern *t = tri__pattern_transposed(p);
  tri_status status = t ? colour(p, t, false, rows, colours) : TRI_MEMORY;
  tri_pattern_free(t);
  return status;
}

static bool same(const tri_pattern *a, const tri_pattern *b) {
  size_t n = pattern_entries(a);
  return !memcmp(a->start, b->start, (a->rows + 1) * sizeof *a->start) &&
         (!n || !memcmp(a->index, b->index, n * sizeof *a->index));
}

tri_status tri_colour_symmetric(const tri_pattern *p, uint32_t *variables, uint32_t *colours) {
  if (!p || !variables || !colours || p->rows != p->columns) return TRI_ARGUMENT;
  tri_pattern *t = tri__pattern_transposed(p);
  tri_status status = !t ? TRI_MEMORY : same(p, t) ? TRI_OK : TRI_ARGUMENT;
  tri_pattern_free(t);
  return status ? status : colour(p, p, true, variables, colours);
}
