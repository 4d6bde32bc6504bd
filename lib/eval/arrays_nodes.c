/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Nodes of array programs, and the values of a plan that is taken in as views of them. */
#include <string.h>

#include "eval/array_scope.h"

/* --- nodes */

bool tri__array_counted(struct array_maker *m, uint32_t rank, const size_t *size, size_t *count) {
  bool fits = true;
  *count = 1;
  for (uint32_t d = 0; d < rank; d++)
    if (size[d] == 0) return *count = 0, true;
  for (uint32_t d = 0; d < rank && fits; d++)
    fits = size_product(*count, size[d], count) && *count <= PTRDIFF_MAX / sizeof(double);
  return fits || array_no_program(m, "loops in one another have too many steps");
}

struct array_node *tri__array_node(struct array_maker *m, enum node_kind kind, uint32_t nargs,
                                   uint32_t rank, const size_t *size) {
  struct array_program *p = m->program;
  size_t count;
  if (!tri__array_counted(m, rank, size, &count)) return NULL;
  if (p->node_count >= NO_NODE - 1 || !tri__grow(p->memory, (void **)&p->nodes, &p->node_capacity,
                                                 p->node_count + 1, sizeof *p->nodes))
    return array_no_memory(m), NULL;
  struct array_node *n = p->nodes + p->node_count;
  *n = (struct array_node){.kind = (uint8_t)kind, .nargs = nargs, .count = count, .rank = rank};
  n->args = tri__keep(p, nargs, sizeof *n->args);
  if (!n->args) return array_no_memory(m), NULL;
  n->task = NO_TASK;
  memcpy(n->size, size, rank * sizeof *size);
  p->node_count++;
  return n;
}

bool tri__array_copied(struct array_maker *m, struct view *v) {
  struct view from = *v;
  struct array_node *n = tri__array_node(m, NODE_PARTS, 1, from.rank, from.size);
  if (!n) return false;
  if (!(n->targets = tri__keep(m->program, 1, sizeof *n->targets))) return array_no_memory(m);
  n->args[0] = from;
  *v = tri__whole_view(m->program, m->program->node_count - 1);
  m->program->nodes[v->node].targets[0] = *v;
  return true;
}

bool tri__array_dense(struct array_maker *m, struct view *v) {
  return tri__view_is_dense(v) || tri__array_copied(m, v);
}

bool tri__constant_node(struct array_maker *m, size_t count, const double *values) {
  struct array_program *p = m->program;
  struct array_node *n = tri__array_node(m, NODE_CONSTANT, 0, 1, &count);
  if (!n) return false;
  char *at = tri__keep(p, count, p->size);
  if (!at) return array_no_memory(m);
  for (size_t i = 0; i < count; i++) set_number(p, at, i, values[i]);
  n->values = at;
  return true;
}

/* --- values */

static size_t sized(const struct scope *s, int64_t dim) {
  return (size_t)(dim < 0 ? s->workspace->sizes[~dim] : dim);
}

uint32_t tri__scope_dims(const struct scope *s, uint32_t v, uint32_t depth, size_t *size) {
  const struct plan_shape *shape = s->plan->shapes + s->plan->values[v].shape;
  memcpy(size, s->steps, depth * sizeof *size);
  for (uint32_t d = 0; d < shape->rank; d++)
    size[depth + d] = sized(s, s->plan->dims[shape->first + d]);
  return depth + shape->rank;
}

struct view tri__scope_view(const struct scope *s, uint32_t v, uint32_t depth) {
  struct view view = s->views[v];
  for (uint32_t d = s->depths[v]; d < depth; d++) view = tri__view_repeated(&view, d, s->steps[d]);
  return view;
}

void tri__scope_give(struct scope *s, uint32_t v, uint32_t depth, struct view view) {
  s->views[v] = view;
  s->depths[v] = depth;
}

bool tri__scope_counted(struct scope *s, int64_t first, size_t n, struct view *v) {
  struct array_program *p = s->m->program;
  double *values = tri__new(p->memory, n, sizeof *values);
  if (!values) return array_no_memory(s->m);
  for (size_t i = 0; i < n; i++) values[i] = (double)(first + (int64_t)i);
  bool ok = tri__constant_node(s->m, n, values);
  tri__free(p->memory, values, n, sizeof *values);
  if (ok) *v = last_node(s);
  return ok;
}

bool tri__scope_open(struct scope *s) {
  struct memory *memory = s->m->program->memory;
  s->views = tri__new(memory, s->plan->value_count, sizeof *s->views);
  s->depths = tri__new(memory, s->plan->value_count, sizeof *s->depths);
  return (s->views && s->depths) || array_no_memory(s->m);
}

void tri__scope_close(struct scope *s) {
  struct memory *memory = s->m->program->memory;
  tri__free(memory, s->views, s->plan->value_count, sizeof *s->views);
  tri__free(memory, s->depths, s->plan->value_count, sizeof *s->depths);
}
