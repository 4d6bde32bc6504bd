/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Patterns from index domains. */
#include "calculus/pattern.h"

#include <string.h>

#include "base/sort.h"
#include "calculus/arguments.h"
#include "calculus/domains.h"

tri_pattern *tri__pattern_new(const tri_allocator *allocator, size_t rows, size_t columns) {
  struct memory memory;
  tri__memory_init(&memory, allocator);
  tri_pattern *p = tri__new(&memory, 1, sizeof *p);
  if (!p) return NULL;
  *p = (tri_pattern){.memory = memory, .rows = rows, .columns = columns};
  p->start = tri__new(&p->memory, rows + 1, sizeof *p->start);
  if (p->start) return p;
  tri_pattern_free(p);
  return NULL;
}

void tri_pattern_free(tri_pattern *p) {
  if (!p) return;
  struct memory memory = p->memory;
  tri__free(&memory, p->start, p->rows + 1, sizeof *p->start);
  if (p->capacity) tri__free(&memory, p->index, p->capacity, sizeof *p->index);
  tri__free(&memory, p, 1, sizeof *p);
}

size_t tri_pattern_rows(const tri_pattern *p) { return p->rows; }
size_t tri_pattern_columns(const tri_pattern *p) { return p->columns; }
size_t tri_pattern_entries(const tri_pattern *p) { return pattern_entries(p); }
const size_t *tri_pattern_starts(const tri_pattern *p) { return p->start; }
const uint32_t *tri_pattern_indices(const tri_pattern *p) { return p->index; }

static bool make_room(tri_pattern *p, size_t more) {
  return tri__grow(&p->memory, (void **)&p->index, &p->capacity, more, sizeof *p->index);
}

tri_pattern *tri__pattern_transposed(const tri_pattern *p) {
  tri_pattern *t = tri__pattern_new(&p->memory.allocator, p->columns, p->rows);
  if (!t || (pattern_entries(p) && !make_room(t, pattern_entries(p)))) {
    tri_pattern_free(t);
    return NULL;
  }
  for (size_t k = 0; k < pattern_entries(p); k++) t->start[p->index[k] + 1]++;
  for (size_t j = 0; j < t->rows; j++) t->start[j + 1] += t->start[j];
  for (size_t i = 0; i < p->rows; i++)
    for (size_t k = p->start[i]; k < p->start[i + 1]; k++)
      t->index[t->start[p->index[k]]++] = (uint32_t)i;
  for (size_t j = t->rows; j-- > 0;) t->start[j + 1] = t->start[j];
  t->start[0] = 0;
  return t;
}

/* --- Jacobians: a row is an output's set */

static bool add_row(struct domains *d, tri_pattern *p, size_t row, uint32_t set) {
  struct sets *s = &d->sets;
  uint32_t id = tri__set_written(s, set), n = id ? s->set[id].count : 0;
  size_t used = p->start[row];
  if (s->status || (n && !make_room(p, used + n))) return false;
  if (n) memcpy(p->index + used, s->pool + s->set[id].a, n * sizeof *p->index);
  p->start[row + 1] = used + n;
  return true;
}

static tri_pattern *from_outputs(struct domains *d, const struct ids *outputs) {
  const struct frame *f = &d->top;
  size_t rows = 0;
  for (size_t i = 0; i < outputs->count; i++)
    rows += frame_count(f, walk_position(&f->walk, outputs->id[i]));
  tri_pattern *p = tri__pattern_new(&d->memory->allocator, rows, d->sets.universe);
  bool ok = p != NULL;
  for (size_t i = 0, row = 0; i < outputs->count && ok; i++) {
    uint32_t at = walk_position(&f->walk, outputs->id[i]);
    for (size_t e = f->place[at]; e < f->place[at + 1] && ok; e++)
      ok = add_row(d, p, row++, f->set[e]);
  }
  if (ok) return p;
  tri_pattern_free(p);
  return NULL;
}

/* --- Hessians: a row is what its variable meets */

/* For each variable the sets that it interacts with, one variable after the other. */
struct partners {
  size_t *start;
  uint32_t *set;
  size_t count;
};

/* b to the partners of every element of a; where there is no room for sets yet they are counted,
 * one place further on. */
static void meet(const struct sets *s, struct partners *to, uint32_t a, uint32_t b) {
  const struct set *from = s->set + a;
  for (uint32_t k = 0; k < from->count; k++) {
    uint32_t i = s->pool[from->a + k];
    if (to->set)
      to->set[to->start[i]++] = b;
    else
      to->start[i + 1]++;
  }
}

static void meet_all(const struct domains *d, struct partners *to) {
  for (size_t k = 0; k < d->pairs; k++) {
    meet(&d->sets, to, d->pair[k].a, d->pair[k].b);
    if (d->pair[k].a != d->pair[k].b) meet(&d->sets, to, d->pair[k].b, d->pair[k].a);
  }
}

static bool find_partners(struct domains *d, struct partners *to) {
  size_t n = d->sets.universe;
  to->start = tri__new(d->memory, n + 1, sizeof *to->start);
  if (!to->start) return false;
  meet_all(d, to);
  for (size_t i = 0; i < n; i++) to->start[i + 1] += to->start[i];
  to->count = to->start[n];
  to->set = tri__new(d->memory, to->count, sizeof *to->set);
  if (!to->set) return false;
  meet_all(d, to);
  for (size_t i = n; i-- > 0;) to->start[i + 1] = to->start[i];
  to->start[0] = 0;
  return true;
}

static int by_number(void *context, const void *a, const void *b) {
  (void)context;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* The union of the sets that variable `row` interacts with. */
static bool add_partners(struct domains *d, tri_pattern *p, const struct partners *from,
                         size_t row) {
  struct sets *s = &d->sets;
  size_t used = p->start[row];
  s->stamp++;
  for (size_t k = from->start[row]; k < from->start[row + 1]; k++) {
    const struct set *set = s->set + from->set[k];
    if (!make_room(p, used + set->count)) return false;
    for (uint32_t e = 0; e < set->count; e++) {
      uint32_t j = s->pool[set->a + e];
      if (s->stamps[j] != s->stamp) p->index[used++] = j;
      s->stamps[j] = s->stamp;
    }
  }
  size_t n = used - p->start[row];
  p->start[row + 1] = used;
  return n < 2 ||
         tri__sort(d->memory, p->index + p->start[row], n, sizeof *p->index, by_number, NULL);
}

static tri_pattern *from_interactions(struct domains *d) {
  size_t n = d->sets.universe;
  struct partners partners = {NULL, NULL, 0};
  tri_pattern *p = tri__pattern_new(&d->memory->allocator, n, n);
  bool ok = p && find_partners(d, &partners);
  memset(d->sets.stamps, 0, n * sizeof *d->sets.stamps);
  d->sets.stamp = 0;
  for (size_t i = 0; i < n && ok; i++) ok = add_partners(d, p, &partners, i);
  tri__free(d->memory, partners.set, partners.count, sizeof *partners.set);
  tri__free(d->memory, partners.start, n + 1, sizeof *partners.start);
  if (ok) return p;
  tri_pattern_free(p);
  return NULL;
}

/* --- the calls */

static uint32_t pattern_of(tri_graph *g, const struct ids *outputs, const struct ids *variables,
                           const tri_pattern_options *options, bool second, tri_pattern **pattern) {
  struct domains d;
  uint32_t failed = tri__domains(&d, g, outputs->count, outputs->id, variables->count,
                                 variables->id, options, second);
  if (!failed) {
    *pattern = second ? from_interactions(&d) : from_outputs(&d, outputs);
    if (!*pattern)
      failed = d.sets.status == TRI_LIMIT
                   ? tri__fail(g, TRI_LIMIT, "too many entries for a pattern")
                   : tri__no_memory(g);
  }
  tri__domains_free(&d);
  return failed;
}

static tri_status make(size_t m, const tri_expr *outputs, size_t n, const tri_expr *variables,
                       const tri_pattern_options *options, bool second, tri_pattern **pattern) {
  *pattern = NULL;
  tri_graph *g = m ? outputs[0].graph : NULL;
  if (!g) return TRI_ARGUMENT;
  struct ids o, v = {0};
  uint32_t failed = tri__ids(&o, g, m, outputs, IDS_REAL);
  if (!failed) failed = tri__ids(&v, g, n, variables, IDS_ARRAY);
  if (!failed) failed = pattern_of(g, &o, &v, options, second, pattern);
  tri__ids_free(&o);
  tri__ids_free(&v);
  return failed ? id_status(failed) : TRI_OK;
}

tri_status tri_jacobian_pattern(size_t m, const tri_expr *outputs, size_t n,
                                const tri_expr *variables, const tri_pattern_options *options,
                                tri_pattern **pattern) {
  return make(m, outputs, n, variables, options, false, pattern);
}

tri_status tri_hessian_pattern(size_t m, const tri_expr *outputs, size_t n,
                               const tri_expr *variables, const tri_pattern_options *options,
                               tri_pattern **pattern) {
  return make(m, outputs, n, variables, options, true, pattern);
}
