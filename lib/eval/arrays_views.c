/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Views of arrays: where elements are that operations move without touching numbers. */
#include <string.h>

#include "eval/array_program.h"

size_t tri__view_count(const struct view *v) {
  size_t count = 1;
  for (uint32_t d = 0; d < v->rank; d++) count *= v->size[d];
  return count;
}

struct view tri__whole_view(const struct array_program *p, uint32_t node) {
  const struct array_node *n = node_of(p, node);
  struct view v = {.node = node, .rank = n->rank};
  size_t stride = 1;
  for (uint32_t d = n->rank; d-- > 0;) {
    v.size[d] = n->size[d];
    v.stride[d] = stride;
    stride *= n->size[d];
  }
  return v;
}

/* Whether dimension d + 1 continues d. */
static bool continues(const struct view *v, uint32_t d, size_t size, size_t stride) {
  return v->stride[d] == size * stride;
}

struct view tri__view_merged(const struct view *v) {
  struct view m = {.node = v->node, .offset = v->offset};
  for (uint32_t d = 0; d < v->rank; d++) {
    if (v->size[d] == 1) continue;
    if (m.rank && continues(&m, m.rank - 1, v->size[d], v->stride[d])) {
      m.size[m.rank - 1] *= v->size[d];
      m.stride[m.rank - 1] = v->stride[d];
    } else {
      m.size[m.rank] = v->size[d];
      m.stride[m.rank++] = v->stride[d];
    }
  }
  return m;
}

bool tri__view_is_dense(const struct view *v) {
  struct view m = tri__view_merged(v);
  return m.rank == 0 || (m.rank == 1 && m.stride[0] == 1);
}

bool tri__view_is_number(const struct view *v) {
  struct view m = tri__view_merged(v);
  return m.rank == 0 || (m.rank == 1 && m.stride[0] == 0);
}

bool tri__view_as_one(const struct view *v, uint32_t first, uint32_t last, size_t *size,
                      size_t *stride) {
  struct view part = {.rank = last - first};
  memcpy(part.size, v->size + first, part.rank * sizeof *part.size);
  memcpy(part.stride, v->stride + first, part.rank * sizeof *part.stride);
  *size = tri__view_count(&part);
  part = tri__view_merged(&part);
  *stride = part.rank ? part.stride[0] : 0;
  return part.rank <= 1;
}

bool tri__view_is_whole(const struct array_program *p, const struct view *v) {
  return v->offset == 0 && tri__view_is_dense(v) &&
         tri__view_count(v) == node_of(p, v->node)->count;
}

/* Splits off of a merged view's last dimension from behind what shape wants, dimension by
 * dimension. */
bool tri__view_reshaped(const struct view *v, uint32_t rank, const size_t *size, struct view *to) {
  struct view m = tri__view_merged(v);
  uint32_t from = m.rank;
  size_t left = from ? m.size[from - 1] : 1, stride = from ? m.stride[from - 1] : 0;
  bool empty = tri__view_count(v) == 0;
  *to = (struct view){.node = v->node, .rank = rank, .offset = v->offset};
  for (uint32_t d = rank; d-- > 0;) {
    to->size[d] = size[d];
    if (size[d] == 1 || empty) continue;
    while (left == 1 && from > 1) {
      from--;
      left = m.size[from - 1];
      stride = m.stride[from - 1];
    }
    if (left % size[d]) return false;
    to->stride[d] = stride;
    left /= size[d];
    stride *= size[d];
  }
  return true;
}

struct view tri__view_repeated(const struct view *v, uint32_t at, size_t n) {
  struct view r = *v;
  for (uint32_t d = v->rank; d > at; d--) {
    r.size[d] = r.size[d - 1];
    r.stride[d] = r.stride[d - 1];
  }
  r.size[at] = n;
  r.stride[at] = 0;
  r.rank++;
  return r;
}

struct view tri__view_element(const struct view *v, uint32_t at, size_t i) {
  struct view e = *v;
  e.offset += i * v->stride[at];
  e.rank--;
  for (uint32_t d = at; d < e.rank; d++) {
    e.size[d] = e.size[d + 1];
    e.stride[d] = e.stride[d + 1];
  }
  return e;
}

struct view tri__view_slice(const struct view *v, uint32_t at, size_t first, size_t n) {
  struct view s = *v;
  s.offset += first * v->stride[at];
  s.size[at] = n;
  return s;
}

/* --- copies */

/* A run of numbers of one size with a stride, to or from one behind the other. */
#define COPY(type)                                                                                 \
  for (size_t i = 0; i < count; i++)                                                               \
    ((type *)to)[i * to_stride] = ((const type *)from)[i * from_stride];

static void copy_run(size_t size, size_t count, void *to, size_t to_stride, const void *from,
                     size_t from_stride) {
  if (to_stride == 1 && from_stride == 1) {
    memcpy(to, from, count * size);
  } else if (size == sizeof(float)) {
    COPY(float)
  } else {
    COPY(double)
  }
}

/* Where element `first` of a merged view is, and the place in each dimension. */
static size_t find(const struct view *m, size_t first, size_t *at) {
  size_t place = m->offset;
  for (uint32_t d = m->rank; d-- > 0;) {
    at[d] = first % m->size[d];
    first /= m->size[d];
    place += at[d] * m->stride[d];
  }
  return place;
}

/* The start of the next run of the last dimension. */
static size_t next_run(const struct view *m, size_t place, size_t *at) {
  uint32_t d = m->rank - 1;
  place -= at[d] * m->stride[d];
  at[d] = 0;
  while (d-- > 0) {
    place += m->stride[d];
    if (++at[d] < m->size[d]) return place;
    place -= m->size[d] * m->stride[d];
    at[d] = 0;
  }
  return place;
}

void tri__view_take(const struct view *m, size_t size, const void *from, size_t first, size_t count,
                    void *to) {
  size_t at[ARRAY_RANK];
  if (!m->rank) {
    if (count) copy_run(size, count, to, 1, (const char *)from + m->offset * size, 0);
    return;
  }
  size_t place = count ? find(m, first, at) : 0;
  for (size_t done = 0; done < count;) {
    size_t run = m->size[m->rank - 1] - at[m->rank - 1];
    if (run > count - done) run = count - done;
    copy_run(size, run, (char *)to + done * size, 1, (const char *)from + place * size,
             m->stride[m->rank - 1]);
    done += run;
    place = next_run(m, place, at);
  }
}

void tri__view_put(const struct view *m, size_t size, void *to, size_t first, size_t count,
                   const void *from) {
  size_t at[ARRAY_RANK];
  if (!m->rank) {
    if (count) memcpy((char *)to + m->offset * size, from, size);
    return;
  }
  size_t place = count ? find(m, first, at) : 0;
  for (size_t done = 0; done < count;) {
    size_t run = m->size[m->rank - 1] - at[m->rank - 1];
    if (run > count - done) run = count - done;
    copy_run(size, run, (char *)to + place * size, m->stride[m->rank - 1],
             (const char *)from + done * size, 1);
    done += run;
    place = next_run(m, place, at);
  }
}
