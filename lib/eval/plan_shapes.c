/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Shapes and named sizes of a plan, copied from the graph that it outlives. */
#include <string.h>

#include "eval/plan.h"

uint32_t tri__plan_size(struct plan *p, const char *name) {
  for (uint32_t i = 0; i < p->size_count; i++)
    if (strcmp(p->size_names[i], name) == 0) return i;
  size_t bytes = strlen(name) + 1;
  if (!tri__grow(&p->memory, (void **)&p->size_names, &p->size_capacity, p->size_count + 1,
                 sizeof *p->size_names))
    return UINT32_MAX;
  char *copy = tri__resize(&p->memory, NULL, 0, bytes);
  if (!copy) return UINT32_MAX;
  p->size_names[p->size_count] = memcpy(copy, name, bytes);
  return p->size_count++;
}

static bool add_dim(struct plan *p, int64_t dim) {
  if (!tri__grow(&p->memory, (void **)&p->dims, &p->dim_capacity, p->dim_count + 1,
                 sizeof *p->dims))
    return false;
  p->dims[p->dim_count++] = dim;
  return true;
}

/* Adds one dimension of a shape of the graph. */
static tri_status copy_dim(struct plan *p, const tri_graph *g, int64_t dim, struct plan_shape *s) {
  if (dim < 0) {
    uint32_t number = tri__plan_size(p, tri__attr_data(g, (uint32_t)~dim, NULL));
    s->named = true;
    return number != UINT32_MAX && add_dim(p, ~(int64_t)number) ? TRI_OK : TRI_MEMORY;
  }
  if (!add_dim(p, dim)) return TRI_MEMORY;
  return size_product(s->count, (size_t)dim, &s->count) ? TRI_OK : TRI_LIMIT;
}

uint32_t tri__plan_shape(struct plan *p, const tri_graph *g, uint32_t shape, uint32_t *known,
                         tri_error *error) {
  if (known[shape]) return known[shape] - 1;
  struct plan_shape s = {.rank = shape_rank(g, shape), .first = (uint32_t)p->dim_count, .count = 1};
  tri_status status = TRI_OK;
  for (uint32_t i = 0; i < s.rank && !status; i++)
    status = copy_dim(p, g, shape_dims(g, shape)[i], &s);
  if (!status && !tri__grow(&p->memory, (void **)&p->shapes, &p->shape_capacity, p->shape_count + 1,
                            sizeof *p->shapes))
    status = TRI_MEMORY;
  if (status) {
    tri__error(error, status, 0,
               status == TRI_LIMIT ? "a shape has too many elements" : "out of memory");
    return UINT32_MAX;
  }
  p->shapes[p->shape_count] = s;
  known[shape] = ++p->shape_count;
  return p->shape_count - 1;
}
