/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Unions are ropes (as of texts) until somebody looks at them; short ones, and those that add
 * nothing, are carried out at once. */
#include "calculus/sets.h"

#include <string.h>

#include "base/sort.h"

enum { SHORT = 32, FIRST_TABLE = 256 };

static uint32_t fail(struct sets *s, tri_status status) {
  if (!s->status) s->status = status;
  return 0;
}

static bool grow(struct sets *s, uint32_t **array, size_t *capacity, size_t need) {
  if (need <= *capacity || tri__grow(s->memory, (void **)array, capacity, need, sizeof **array))
    return true;
  return fail(s, TRI_MEMORY), false;
}

static uint32_t add_set(struct sets *s, struct set set) {
  if (s->count >= UINT32_MAX) return fail(s, TRI_LIMIT);
  if (s->count == s->capacity &&
      !tri__grow(s->memory, (void **)&s->set, &s->capacity, s->count + 1, sizeof *s->set))
    return fail(s, TRI_MEMORY);
  s->set[s->count] = set;
  return (uint32_t)s->count++;
}

void tri__sets_init(struct sets *s, struct memory *memory, size_t universe) {
  *s = (struct sets){.memory = memory, .universe = universe, .table_size = FIRST_TABLE};
  s->stamps = tri__new(memory, universe, sizeof *s->stamps);
  s->table = tri__new(memory, s->table_size, sizeof *s->table);
  if (!s->stamps || !s->table) {
    fail(s, TRI_MEMORY);
    return;
  }
  if (universe >= UINT32_MAX) {
    fail(s, TRI_LIMIT);
    return;
  }
  if (!grow(s, &s->pool, &s->pool_capacity, universe)) return;
  add_set(s, (struct set){0});
  for (size_t i = 0; i < universe && !s->status; i++) {
    s->pool[s->pooled++] = (uint32_t)i;
    add_set(s, (struct set){.count = 1, .a = (uint32_t)i});
  }
}

void tri__sets_free(struct sets *s) {
  struct memory *m = s->memory;
  if (s->stamps) tri__free(m, s->stamps, s->universe, sizeof *s->stamps);
  if (s->table) tri__free(m, s->table, s->table_size, sizeof *s->table);
  tri__free(m, s->pool, s->pool_capacity, sizeof *s->pool);
  tri__free(m, s->set, s->capacity, sizeof *s->set);
  tri__free(m, s->stack, s->stack_capacity, sizeof *s->stack);
  tri__free(m, s->found, s->found_capacity, sizeof *s->found);
}

/* --- equal written sets are one: a table with open addresses */

static uint64_t hash_of(const uint32_t *elements, size_t n) {
  uint64_t h = n;
  for (size_t i = 0; i < n; i++) h = (h ^ elements[i]) * 0x9e3779b97f4a7c15u, h ^= h >> 29;
  return h;
}

static const uint32_t *elements_of(const struct sets *s, uint32_t id) {
  return s->pool + s->set[id].a;
}

/* Where the set is in the table, or would be. */
static size_t place_of(const struct sets *s, const uint32_t *elements, uint32_t n) {
  size_t mask = s->table_size - 1, i = hash_of(elements, n) & mask;
  for (; s->table[i]; i = (i + 1) & mask) {
    uint32_t id = s->table[i];
    if (s->set[id].count == n && !memcmp(elements_of(s, id), elements, n * sizeof *elements)) break;
  }
  return i;
}

static bool grow_table(struct sets *s) {
  size_t old_size = s->table_size;
  uint32_t *old = s->table, *table = tri__new(s->memory, 2 * old_size, sizeof *table);
  if (!table) return fail(s, TRI_MEMORY), false;
  s->table = table;
  s->table_size = 2 * old_size;
  for (size_t i = 0; i < old_size; i++)
    if (old[i]) s->table[place_of(s, elements_of(s, old[i]), s->set[old[i]].count)] = old[i];
  tri__free(s->memory, old, old_size, sizeof *old);
  return true;
}

/* The set of n > 1 sorted elements, which are not in the pool. */
static uint32_t intern(struct sets *s, const uint32_t *elements, uint32_t n) {
  if (2 * s->table_used >= s->table_size && !grow_table(s)) return 0;
  size_t place = place_of(s, elements, n);
  if (s->table[place]) return s->table[place];
  if (s->pooled + n > UINT32_MAX) return fail(s, TRI_LIMIT);
  if (!grow(s, &s->pool, &s->pool_capacity, s->pooled + n)) return 0;
  memcpy(s->pool + s->pooled, elements, n * sizeof *elements);
  uint32_t id = add_set(s, (struct set){.count = n, .a = (uint32_t)s->pooled});
  if (!id) return 0;
  s->pooled += n;
  s->table_used++;
  return s->table[place] = id;
}

/* --- unions */

/* What a union that was written down has become. */
static uint32_t current(const struct sets *s, uint32_t id) {
  return s->set[id].count == 0 && s->set[id].b == 0 ? s->set[id].a : id;
}

static bool has(const uint32_t *elements, uint32_t n, uint32_t x) {
  uint32_t low = 0;
  while (n > 0) {
    uint32_t half = n / 2;
    if (elements[low + half] < x) {
      low += half + 1;
      n -= half + 1;
    } else
      n = half;
  }
  return elements[low] == x;
}

/* Whether the short written set b lies in the written set a. */
static bool lies_in(const struct sets *s, uint32_t b, uint32_t a) {
  const uint32_t *big = elements_of(s, a), *small = elements_of(s, b);
  uint32_t n = s->set[a].count;
  if (s->set[b].count > n) return false;
  for (uint32_t i = 0; i < s->set[b].count; i++)
    if (small[i] > big[n - 1] || !has(big, n, small[i])) return false;
  return true;
}

static uint32_t merge(struct sets *s, uint32_t a, uint32_t b) {
  uint32_t merged[2 * SHORT], n = 0, i = 0, j = 0, na = s->set[a].count, nb = s->set[b].count;
  const uint32_t *x = elements_of(s, a), *y = elements_of(s, b);
  while (i < na || j < nb) {
    uint32_t next = j == nb || (i < na && x[i] <= y[j]) ? x[i] : y[j];
    i += i < na && x[i] == next;
    j += j < nb && y[j] == next;
    merged[n++] = next;
  }
  return n == na ? a : n == nb ? b : intern(s, merged, n);
}

uint32_t tri__set_union(struct sets *s, uint32_t a, uint32_t b) {
  if (s->status) return 0;
  a = current(s, a);
  b = current(s, b);
  if (!b || a == b) return a;
  if (!a) return b;
  const struct set *x = s->set + a, *y = s->set + b;
  if (x->count && y->count) {
    if (x->count <= SHORT && y->count <= SHORT) return merge(s, a, b);
    if (y->count <= SHORT && lies_in(s, b, a)) return a;
    if (x->count <= SHORT && lies_in(s, a, b)) return b;
  }
  if (!x->count && (x->a == b || x->b == b)) return a;
  if (!y->count && (y->a == a || y->b == a)) return b;
  return add_set(s, (struct set){.a = a, .b = b});
}

/* --- writing a union down */

static bool push(struct sets *s, size_t *depth, uint32_t id) {
  id = current(s, id);
  if (s->set[id].stamp == s->stamp) return true;
  if (!grow(s, &s->stack, &s->stack_capacity, *depth + 1)) return false;
  s->set[id].stamp = s->stamp;
  s->stack[(*depth)++] = id;
  return true;
}

static bool take_elements(struct sets *s, uint32_t id, size_t *n) {
  const struct set *set = s->set + id;
  if (!grow(s, &s->found, &s->found_capacity, *n + set->count)) return false;
  for (uint32_t i = 0; i < set->count; i++) {
    uint32_t x = s->pool[set->a + i];
    if (s->stamps[x] != s->stamp) s->found[(*n)++] = x;
    s->stamps[x] = s->stamp;
  }
  return true;
}

static int by_number(void *context, const void *a, const void *b) {
  (void)context;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* Sorts what was found: where it lies close together by looking through all stamps there. */
static bool sort_found(struct sets *s, size_t n) {
  uint32_t least = UINT32_MAX, most = 0;
  for (size_t i = 0; i < n; i++) {
    least = s->found[i] < least ? s->found[i] : least;
    most = s->found[i] > most ? s->found[i] : most;
  }
  if ((most - least) / 16 > n) {
    if (tri__sort(s->memory, s->found, n, sizeof *s->found, by_number, NULL)) return true;
    return fail(s, TRI_MEMORY), false;
  }
  size_t k = 0;
  for (size_t x = least; x <= most; x++)
    if (s->stamps[x] == s->stamp) s->found[k++] = (uint32_t)x;
  return true;
}

static void next_stamp(struct sets *s) {
  if (++s->stamp) return;
  memset(s->stamps, 0, s->universe * sizeof *s->stamps);
  for (size_t i = 0; i < s->count; i++) s->set[i].stamp = 0;
  s->stamp = 1;
}

uint32_t tri__set_written(struct sets *s, uint32_t id) {
  size_t depth = 0, n = 0;
  id = s->status ? 0 : current(s, id);
  if (!id || s->set[id].count) return id;
  next_stamp(s);
  if (!push(s, &depth, id)) return 0;
  while (depth) {
    uint32_t at = s->stack[--depth];
    struct set set = s->set[at];
    bool ok =
        set.count ? take_elements(s, at, &n) : push(s, &depth, set.a) && push(s, &depth, set.b);
    if (!ok) return 0;
  }
  if (!sort_found(s, n)) return 0;
  uint32_t written = intern(s, s->found, (uint32_t)n);
  if (written) s->set[id] = (struct set){.a = written};
  return written;
}
