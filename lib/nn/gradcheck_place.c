/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where in a model a number of its graph is: layer, sample, unit. */
#include <stdio.h>

#include "graph/walk.h"
#include "nn/gradcheck.h"

static bool reaches(const struct check *c, tri_expr from, uint32_t node) {
  struct walk w = {0};
  bool has = tri__walk(c->graph, 1, &from.id, &w) == TRI_OK && walk_has(&w, node);
  tri__walk_free(&w);
  return has;
}

/* The layer of the first call whose value in training is made of the node. */
static const char *layer_of(const struct check *c, uint32_t node) {
  tri_model *m = c->model;
  struct built scratch = {0};
  struct building b = {.m = m, .training = true, .to = &scratch};
  const char *name = "loss";
  tri_expr *values = tri__new(c->memory, m->n_calls, sizeof *values);
  tri_expr *x = tri__new(c->memory, m->n_links + 1, sizeof *x);
  for (size_t i = 0; values && x && i < m->n_calls; i++) {
    values[i] = tri__call_value(&b, m->calls + i, values, x);
    if (!reaches(c, values[i], node)) continue;
    name = m->layers[m->calls[i].layer].name;
    break;
  }
  tri__free(c->memory, values, m->n_calls, sizeof *values);
  tri__free(c->memory, x, m->n_links + 1, sizeof *x);
  tri__built_free(m, &scratch);
  return name;
}

void tri__check_place(const struct check *c, uint32_t node, tri_expr like, size_t element,
                      struct tri_unit_check *unit) {
  size_t scale = 1;
  unit->sample = SIZE_MAX;
  unit->unit = 0;
  for (size_t d = tri_expr_rank(like); d-- > 0;) {
    int64_t n = tri_expr_dim(like, d);
    size_t size = n < 0 ? c->samples : (size_t)n, index = size ? element % size : 0;
    element = size ? element / size : 0;
    if (n < 0) {
      unit->sample = index;
      continue;
    }
    unit->unit += scale * index;
    scale *= size;
  }
  snprintf(unit->layer, sizeof unit->layer, "%s", layer_of(c, node));
}
