/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Units whose kinks are so near that rounding does not tell the side: which entries of the gradient
 * depend on it. An argument of the operation is moved to the one and to the other side of the kink,
 * and the gradient taken at both, in double: what changes by more than rounding explains depends on
 * the side. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn/gradcheck.h"

/* --- the other side */

/* Gradient and distances as functions of shifts of what is moved, an input for each kink, in
 * double. */
struct shifted {
  size_t n_in, n_out;
  tri_expr *inputs, *outputs; /* c's and the shifts; gradient and distances */
  double *shifts;             /* of all kinks */
  size_t *shift_at, n_shifts;
  struct check_arrays arrays;
  double *plus; /* the entries on one side */
};

static tri_expr shift_variable(struct check *c, size_t k) {
  char name[NAME_SIZE];
  snprintf(name, sizeof name, "shift/%zu", k);
  uint32_t shape = node_at(c->graph, c->kinks[k].moved)->shape;
  return expr_of(c->graph, tri__variable_shaped(c->graph, name, strlen(name), shape));
}

static tri_status substitute_shift(struct check *c, struct shifted *s, size_t k) {
  uint32_t moved = c->kinks[k].moved, *ids = tri__own_all(c->graph, s->n_out, s->outputs);
  tri_expr shift = shift_variable(c, k);
  if (!ids) return check_no_memory(c);
  uint32_t sum = tri__build2(c->graph, TRI_OP_add, moved, shift.id);
  tri_status status = tri__substitute(c->graph, s->n_out, ids, 1, &moved, &sum, ids);
  for (size_t o = 0; o < s->n_out; o++) s->outputs[o] = expr_of(c->graph, ids[o]);
  s->inputs[c->n_inputs + k] = shift;
  tri__free(&c->graph->memory, ids, s->n_out, sizeof *ids);
  return status ? tri__model_graph_failed(c->model) : TRI_OK;
}

/* The last that is moved comes first: what replaces it is made of those before it. */
static void order_kinks(struct check *c) {
  for (size_t i = 1; i < c->n_kinks; i++)
    for (size_t k = i; k > 0 && c->kinks[k - 1].moved < c->kinks[k].moved; k--) {
      struct kink kink = c->kinks[k];
      c->kinks[k] = c->kinks[k - 1];
      c->kinks[k - 1] = kink;
    }
}

static tri_status shifted_memory(struct check *c, struct shifted *s) {
  s->n_in = c->n_inputs + c->n_kinks;
  s->n_out = c->tensors + c->n_kinks;
  s->inputs = tri__new(c->memory, s->n_in, sizeof *s->inputs);
  s->outputs = tri__new(c->memory, s->n_out, sizeof *s->outputs);
  s->shift_at = tri__new(c->memory, c->n_kinks, sizeof *s->shift_at);
  s->plus = tri__new(c->memory, c->n_entries, sizeof *s->plus);
  if (!s->inputs || !s->outputs || !s->shift_at || !s->plus) return check_no_memory(c);
  for (size_t k = 0; k < c->n_kinks; k++) {
    s->shift_at[k] = s->n_shifts;
    s->n_shifts += c->kinks[k].moved_count;
  }
  s->shifts = tri__new(c->memory, s->n_shifts, sizeof *s->shifts);
  return s->shifts ? TRI_OK : check_no_memory(c);
}

static tri_status shifted_open(struct check *c, struct shifted *s) {
  tri_status status = shifted_memory(c, s);
  if (status) return status;
  memcpy(s->inputs, c->inputs, c->n_inputs * sizeof *s->inputs);
  memcpy(s->outputs, c->outputs + 1, c->tensors * sizeof *s->outputs);
  for (size_t k = 0; k < c->n_kinks; k++)
    s->outputs[c->tensors + k] = expr_of(c->graph, c->kinks[k].distance);
  for (size_t k = 0; k < c->n_kinks && !status; k++) status = substitute_shift(c, s, k);
  if (!status)
    status =
        tri__check_arrays_open(c, &s->arrays, TRI_DOUBLE, s->n_in, s->inputs, s->n_out, s->outputs);
  for (size_t k = 0; k < c->n_kinks && !status; k++)
    s->arrays.in[c->n_inputs + k] = s->shifts + s->shift_at[k];
  return status;
}

static void shifted_close(struct check *c, struct shifted *s) {
  tri__check_arrays_close(c, &s->arrays);
  tri__free(c->memory, s->inputs, s->n_in, sizeof *s->inputs);
  tri__free(c->memory, s->outputs, s->n_out, sizeof *s->outputs);
  tri__free(c->memory, s->shift_at, c->n_kinks, sizeof *s->shift_at);
  tri__free(c->memory, s->plus, c->n_entries, sizeof *s->plus);
  tri__free(c->memory, s->shifts, s->n_shifts, sizeof *s->shifts);
}

/* --- units */

static double distance_bound(const struct check *c, size_t i) {
  return tri__check_bound(c, c->distance_off[i], c->distance[i], c->bits);
}

static bool is_near(const struct check *c, size_t i) {
  return !isinf(c->distance[i]) && !(fabs(c->distance[i]) > distance_bound(c, i));
}

/* Units of a kink that are moved as one: there may be thousands at 0 exactly. */
struct group {
  const struct kink *kink;
  size_t k;           /* its number */
  size_t first, last; /* near elements of its distance from first to last */
};

static double *shift_of(const struct check *c, const struct shifted *s, const struct group *g,
                        size_t element) {
  double *shifts = s->shifts + s->shift_at[g->k];
  if (g->kink->window) return shifts + tri__check_moved(c, g->kink, element);
  return shifts + (g->kink->moved_count == 1 ? 0 : element);
}

static double *shifted_distances(const struct check *c, const struct shifted *s, size_t k) {
  return s->arrays.out[c->tensors + k];
}

/* Shifts of a group, to a little above the kink or below it; 0: back. The way in which a shift
 * moves the distance, 1 or -1, is that of the row. */
static tri_status shift_group(struct check *c, struct shifted *s, const struct group *g,
                              const double *base, double way, double to) {
  for (size_t i = g->first; i <= g->last; i++)
    if (is_near(c, g->kink->first + i))
      *shift_of(c, s, g, i) = to != 0.0 ? way * (to - base[i]) : 0.0;
  return to != 0.0 ? tri__check_arrays_call(c, &s->arrays) : TRI_OK;
}

static double shifted_entry(const struct shifted *s, const struct entry *e) {
  const double *gradient = s->arrays.out[e->tensor];
  return gradient[e->index];
}

/* The entries that differ on the two sides depend on the unit; how many there are. */
static size_t compare_sides(struct check *c, const struct shifted *s) {
  const double explained = 0.0625; /* of the bound */
  size_t dependent = 0;
  for (size_t i = 0; i < c->n_entries; i++) {
    struct entry *e = c->entries + i;
    double change = fabs(s->plus[i] - shifted_entry(s, e));
    if (change <= explained * tri__check_rounding_of(c, e)) continue;
    if (!e->unit) e->unit = c->report->n_units + 1;
    dependent++;
  }
  return dependent;
}

static tri_status add_unit(struct check *c, const struct group *g, size_t entries) {
  struct tri_unit_check unit = {.op = (tri_op)node_at(c->graph, g->kink->node)->op,
                                .distance = c->distance[g->kink->first + g->first],
                                .bound = distance_bound(c, g->kink->first + g->first),
                                .entries = entries};
  bool window = g->kink->window;
  tri__check_place(c, g->kink->node, expr_of(c->graph, window ? g->kink->node : g->kink->distance),
                   window ? tri__check_pooled(c, g->kink, g->first) : g->first, &unit);
  for (size_t i = g->first; i <= g->last; i++) unit.units += is_near(c, g->kink->first + i);
  if (!tri__grow(c->memory, (void **)&c->report->units, &c->report->owned->unit_capacity,
                 c->report->n_units + 1, sizeof unit))
    return check_no_memory(c);
  c->report->units[c->report->n_units++] = unit;
  return TRI_OK;
}

static tri_status look_at_group(struct check *c, struct shifted *s, const struct group *g,
                                const double *base, double way, double step) {
  tri_status status = shift_group(c, s, g, base, way, step);
  if (status) return status;
  for (size_t i = 0; i < c->n_entries; i++) s->plus[i] = shifted_entry(s, c->entries + i);
  status = shift_group(c, s, g, base, way, -step);
  if (status) return status;
  size_t dependent = compare_sides(c, s);
  status = shift_group(c, s, g, base, way, 0.0);
  return status || !dependent ? status : add_unit(c, g, dependent);
}

/* --- kinks */

/* The distances of a kink as the shifted function has them without a shift, and the way of its
 * shift. */
static tri_status calibrate(struct check *c, struct shifted *s, size_t k, double *base,
                            double *way) {
  const struct group all = {.kink = c->kinks + k, .k = k};
  size_t count = all.kink->count;
  tri_status status = tri__check_arrays_call(c, &s->arrays);
  if (status) return status;
  memcpy(base, shifted_distances(c, s, k), count * sizeof *base);
  if (all.kink->window) {
    tri__check_gaps(c, all.kink, base, NULL);
    *way = -1.0;
    return TRI_OK;
  }
  for (size_t i = 0; i < count; i++) *shift_of(c, s, &all, i) = 1.0;
  status = tri__check_arrays_call(c, &s->arrays);
  *way = shifted_distances(c, s, k)[0] < base[0] ? -1.0 : 1.0;
  for (size_t i = 0; i < count; i++) *shift_of(c, s, &all, i) = 0.0;
  return status;
}

static double step_of(size_t count, const double *base) {
  double largest = 0.0;
  for (size_t i = 0; i < count; i++)
    if (isfinite(base[i])) largest = fmax(largest, fabs(base[i]));
  return fmax(largest, 0x1p-60) * 0x1p-40;
}

static tri_status look_at_kink(struct check *c, struct shifted *s, size_t k, size_t near,
                               double *base) {
  enum { MOST_GROUPS = 256 };
  struct group g = {.kink = c->kinks + k, .k = k};
  size_t each = g.kink->moved_count == 1 ? 1 : (near - 1) / MOST_GROUPS + 1, have = 0;
  double way = 1.0;
  tri_status status = calibrate(c, s, k, base, &way);
  double step = step_of(g.kink->count, base);
  for (size_t i = 0; i < g.kink->count && !status; i++) {
    if (!is_near(c, g.kink->first + i)) continue;
    if (!have) g.first = i;
    g.last = i;
    near--;
    if (++have < each && near) continue;
    status = look_at_group(c, s, &g, base, way, step);
    have = 0;
  }
  return status;
}

tri_status tri__check_units(struct check *c) {
  struct shifted s = {0};
  bool open = false;
  tri_status status = TRI_OK;
  order_kinks(c);
  for (size_t k = 0; k < c->n_kinks; k++)
    if (c->kinks[k].window)
      tri__check_gaps(c, c->kinks + k, c->distance + c->kinks[k].first,
                      c->distance_off + c->kinks[k].first);
  for (size_t k = 0; k < c->n_kinks && !status; k++) {
    size_t near = 0, count = c->kinks[k].count;
    for (size_t i = 0; i < count; i++) near += is_near(c, c->kinks[k].first + i);
    c->near += near;
    if (!near) continue;
    if (!open) status = shifted_open(c, &s);
    open = true;
    double *base = status ? NULL : tri__new(c->memory, count, sizeof *base);
    if (!status) status = base ? look_at_kink(c, &s, k, near, base) : check_no_memory(c);
    tri__free(c->memory, base, count, sizeof *base);
  }
  if (open) shifted_close(c, &s);
  return status;
}
