/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Lanes at work: the program over one block of points. Numbers of the function's type that lie side
 * by side are read and written where they are; others, and those of the last block, go through
 * buffers. */
#include <math.h>
#include <string.h>

#include "eval/lanes.h"

/* --- numbers of the caller's into a buffer and back; `count` of them from point `first` on */

#define GATHER(type)                                                                               \
  static void gather_##type(const tri_map_input *in, size_t first, size_t count, type *to) {       \
    ptrdiff_t at = (ptrdiff_t)first * in->stride;                                                  \
    for (size_t i = 0; i < count; i++, at += in->stride)                                           \
      to[i] = in->doubles ? (type)in->doubles[at] : (type)in->floats[at];                          \
    for (size_t i = count; i < LANE_BLOCK; i++) to[i] = to[count - 1];                             \
  }                                                                                                \
  static void scatter_##type(const tri_map_output *out, size_t first, size_t count,                \
                             const type *from) {                                                   \
    ptrdiff_t at = (ptrdiff_t)first * out->stride;                                                 \
    for (size_t i = 0; i < count; i++, at += out->stride) {                                        \
      if (out->doubles)                                                                            \
        out->doubles[at] = (double)from[i];                                                        \
      else                                                                                         \
        out->floats[at] = (float)from[i];                                                          \
    }                                                                                              \
  }
GATHER(double)
GATHER(float)

/* Where the numbers are if they lie as a slot's do, else NULL. */
static void *direct(const struct lanes *l, const double *doubles, const float *floats,
                    ptrdiff_t stride, size_t first) {
  if (stride != 1 || (l->domain == TRI_FLOAT) != (floats != NULL)) return NULL;
  return floats ? (void *)(uintptr_t)(floats + first) : (void *)(uintptr_t)(doubles + first);
}

/* --- a thread's room */

/* Slots that are no constants have a buffer each, in order. */
static char *buffer_of(const struct lanes *l, const struct map_worker *w, uint32_t slot) {
  size_t number = slot < l->input_count ? slot : slot - l->constant_count;
  return w->buffers + number * LANE_BLOCK * l->size;
}

bool tri__lanes_worker(const struct map *map, struct map_worker *w) {
  const struct lanes *l = map->lanes;
  struct memory memory;
  size_t pointers = l->slot_count * sizeof *w->slots + LANE_ALIGNMENT;
  tri__memory_init(&memory, &map->function->plan->memory.allocator);
  if (!size_product(l->slot_count - l->constant_count, LANE_BLOCK * l->size, &w->block_size))
    return false;
  w->block_size += pointers;
  w->block = tri__new(&memory, w->block_size, 1);
  if (!w->block) return false;
  w->buffers = (char *)w->block + LANE_ALIGNMENT - (uintptr_t)w->block % LANE_ALIGNMENT;
  w->slots = (void **)(void *)(w->buffers + w->block_size - pointers);
  for (uint32_t s = 0; s < l->slot_count; s++)
    w->slots[s] = s >= l->input_count && s < l->input_count + l->constant_count
                      ? lanes_constant(l, s - l->input_count)
                      : buffer_of(l, w, s);
  return true;
}

/* --- a block */

enum { AHEAD = 2 * LANE_BLOCK }; /* points */

/* Asks for what the block after next will read or write there. An instruction goes through one
 * array at a time, so that the processor by itself would wait for each in turn. */
static void expect(const struct lanes *l, const void *at, size_t first, size_t points) {
  if (points - first < AHEAD + LANE_BLOCK) return;
  const char *next = (const char *)at + AHEAD * l->size;
  for (size_t i = 0; i < LANE_BLOCK * l->size; i += LINE) __builtin_prefetch(next + i, 0, 2);
}

static void take_inputs(const struct map *map, struct map_worker *w, size_t first, size_t count) {
  const struct lanes *l = map->lanes;
  for (uint32_t i = 0; i < l->input_count; i++) {
    const tri_map_input *in = map->inputs + i;
    void *at = count == LANE_BLOCK ? direct(l, in->doubles, in->floats, in->stride, first) : NULL;
    w->slots[i] = at ? at : buffer_of(l, w, i);
    if (at) expect(l, at, first, map->points);
    if (at) continue;
    if (l->domain == TRI_FLOAT)
      gather_float(in, first, count, w->slots[i]);
    else
      gather_double(in, first, count, w->slots[i]);
  }
}

/* Where results go, before they are computed. */
static void aim_outputs(const struct map *map, struct map_worker *w, size_t first, size_t count) {
  const struct lanes *l = map->lanes;
  for (uint32_t i = 0; i < l->output_count; i++) {
    const tri_map_output *out = map->outputs + i;
    uint32_t slot = l->output_slots[i];
    if (!l->output_owns[i]) continue;
    void *at = count == LANE_BLOCK && !map->streams
                   ? direct(l, out->doubles, out->floats, out->stride, first)
                   : NULL;
    w->slots[slot] = at ? at : buffer_of(l, w, slot);
    if (at) expect(l, at, first, map->points);
  }
}

/* Whether any output lacks a value. */
static bool put_outputs(const struct map *map, struct map_worker *w, size_t first, size_t count) {
  const struct lanes *l = map->lanes;
  bool lacks = false;
  for (uint32_t i = 0; i < l->output_count; i++) {
    const tri_map_output *out = map->outputs + i;
    const void *from = w->slots[l->output_slots[i]];
    void *at =
        count == LANE_BLOCK ? direct(l, out->doubles, out->floats, out->stride, first) : NULL;
    if (at && map->streams) {
      lacks |= l->kernels->stream(at, from);
      continue;
    }
    lacks |= l->kernels->lacks(from);
    if (at && l->output_owns[i]) continue; /* it is there */
    if (l->domain == TRI_FLOAT)
      scatter_float(out, first, count, from);
    else
      scatter_double(out, first, count, from);
  }
  return lacks;
}

/* The row's own kernel, point by point. */
void tri__lanes_row(const struct lanes *l, void *const *slots, const struct lane_step *s) {
  const struct row *row = l->rows + s->op;
  bool strict = !(s->flags & STEP_EXTENDED);
  for (size_t i = 0; i < LANE_BLOCK; i++) {
    double x[3], r;
    const uint32_t from[3] = {s->a, s->b, s->c};
    for (unsigned k = 0; k < 3; k++)
      x[k] = k >= row->arity          ? 0.0
             : l->domain == TRI_FLOAT ? (double)((float *)slots[from[k]])[i]
                                      : ((double *)slots[from[k]])[i];
    r = strict && !row->defined(x[0], x[1], x[2]) ? NAN : row->kernel(x[0], x[1], x[2]);
    if (l->domain == TRI_FLOAT)
      ((float *)slots[s->result])[i] = (float)r;
    else
      ((double *)slots[s->result])[i] = r;
  }
}

void tri__lanes_steps(const struct lanes *l, void *const *slots) {
  const struct lane_step *end = l->steps + l->step_count;
  for (const struct lane_step *s = l->steps; s < end; s++) tri__lanes_step(l, slots, s);
}

static bool has_value(const struct lanes *l, const void *slot, size_t i) {
  return l->domain == TRI_FLOAT ? !isnan(((const float *)slot)[i])
                                : !isnan(((const double *)slot)[i]);
}

static void count_without(const struct lanes *l, struct map_worker *w, size_t first, size_t count) {
  for (size_t i = 0; i < count; i++) {
    bool whole = true;
    for (uint32_t o = 0; o < l->output_count; o++)
      whole &= has_value(l, w->slots[l->output_slots[o]], i);
    if (whole) continue;
    w->without++;
    if (first + i < w->first) w->first = first + i;
  }
}

void tri__lanes_block(const struct map *map, struct map_worker *w, size_t first, size_t count) {
  const struct lanes *l = map->lanes;
  take_inputs(map, w, first, count);
  aim_outputs(map, w, first, count);
  tri__lanes_steps(l, w->slots);
  if (put_outputs(map, w, first, count)) count_without(l, w, first, count);
}

/* --- how outputs are written */

size_t tri__lanes_lead(struct map *map) {
  const struct lanes *l = map->lanes;
  uintptr_t at = 0;
  map->streams = map->m && map->points > STREAM_BYTES / l->size / map->m;
  for (size_t i = map->m; map->streams && i-- > 0;) {
    const tri_map_output *out = map->outputs + i;
    void *to = direct(l, out->doubles, out->floats, out->stride, 0);
    if (to) at = (uintptr_t)to;
  }
  return (LINE - at % LINE) % LINE / l->size;
}
