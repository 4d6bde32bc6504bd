/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The life of a graph: making, freeing, its error, its marks. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "graph/index.h"
#include "graph/template.h"

static tri_limits with_defaults(tri_limits l) {
  const tri_limits defaults = {1u << 26, 1u << 24, 1u << 26, 1000000, 4096};
  if (!l.nodes || l.nodes > NODE_ERROR - NODE_CHUNK)
    l.nodes = l.nodes ? NODE_ERROR - NODE_CHUNK : defaults.nodes;
  if (!l.depth) l.depth = defaults.depth;
  if (!l.text) l.text = defaults.text;
  if (!l.digits) l.digits = defaults.digits;
  if (!l.fold) l.fold = defaults.fold;
  return l;
}

/* The entries that id 0 stands for: no node, no attribute, the scalar shape; and the constants 0 and 1. */
static bool first_entries(tri_graph *g) {
  if (!tri__grow(&g->memory, (void **)&g->shapes, &g->shape_capacity, 1, sizeof *g->shapes))
    return false;
  g->shapes[0] = (struct shape){0};
  g->shape_count = 1;
  if (!tri__grow(&g->memory, (void **)&g->attrs, &g->attr_capacity, 1, sizeof *g->attrs))
    return false;
  g->attrs[0] = (struct attr){0};
  g->attr_count = 1;
  g->node_count = g->indexed = 1;
  g->zero = tri__constant_si(g, 0, 1);
  g->one = tri__constant_si(g, 1, 1);
  return !id_is_error(g->zero) && !id_is_error(g->one);
}

tri_graph *tri__graph_new_rows(const tri_graph_options *options, const struct row *rows) {
  const tri_graph_options none = {0};
  if (!options) options = &none;
  struct memory memory;
  tri__memory_init(&memory, options->allocator);
  tri_graph *g = tri__new(&memory, 1, sizeof *g);
  if (!g) return NULL;
  g->memory = memory;
  g->limits = with_defaults(options->limits);
  g->interrupt = options->interrupt;
  g->rows = rows;
  if (first_entries(g)) return g;
  tri_graph_free(g);
  return NULL;
}

tri_graph *tri_graph_new(const tri_graph_options *options) {
  return tri__graph_new_rows(options, tri__rows);
}

void tri_graph_free(tri_graph *g) {
  if (!g) return;
  struct memory *m = &g->memory;
  for (uint32_t i = 0; i < g->chunk_count; i++)
    tri__free(m, g->chunks[i], NODE_CHUNK, sizeof(struct node));
  tri__free(m, g->chunks, g->chunk_capacity, sizeof *g->chunks);
  tri__free(m, g->pool, g->pool_capacity, sizeof *g->pool);
  tri__index_free(m, &g->index);
  tri__attrs_free(g);
  tri__free(m, g->shapes, g->shape_capacity, sizeof *g->shapes);
  tri__free(m, g->dims, g->dim_capacity, sizeof *g->dims);
  tri__templates_free(g);
  struct memory last = *m;
  tri__free(&last, g, 1, sizeof *g);
}

uint32_t tri__fail(tri_graph *g, tri_status status, const char *format, ...) {
  if (g->error.status == TRI_OK) {
    va_list arguments;
    g->error = (tri_error){.status = status};
    va_start(arguments, format);
    vsnprintf(g->error.message, sizeof g->error.message, format, arguments);
    va_end(arguments);
  }
  return NODE_ERROR + (uint32_t)status;
}

uint32_t tri__interrupted(tri_graph *g) {
  return g->interrupt && *g->interrupt ? tri__fail(g, TRI_INTERRUPTED, "interrupted") : 0;
}

tri_status tri_graph_status(const tri_graph *g) { return g->error.status; }
const tri_error *tri_graph_error(const tri_graph *g) { return &g->error; }
void tri_graph_clear_error(tri_graph *g) { g->error = (tri_error){0}; }
uint32_t tri_graph_size(const tri_graph *g) { return g->node_count; }
size_t tri_graph_bytes(const tri_graph *g) { return g->memory.used; }
tri_status tri_expr_status(tri_expr e) { return e.graph ? id_status(e.id) : TRI_ARGUMENT; }

tri_mark tri_graph_mark(const tri_graph *g) {
  return (tri_mark){g->node_count, (uint32_t)g->pool_count, g->attr_count, g->shape_count};
}

/* Frees the chunks beyond the last node, but for one to go on with. */
static void trim(tri_graph *g) {
  uint32_t keep = (g->node_count >> NODE_CHUNK_BITS) + 1;
  while (g->chunk_count > keep)
    tri__free(&g->memory, g->chunks[--g->chunk_count], NODE_CHUNK, sizeof(struct node));
}

void tri_graph_rewind(tri_graph *g, tri_mark mark) {
  while (g->node_count > mark.nodes) {
    uint32_t id = --g->node_count;
    if (id >= g->indexed) continue;
    index_drop(&g->index, node_at(g, id)->hash, id);
    g->indexed = id;
  }
  g->pool_count = mark.arguments;
  tri__attrs_drop(g, mark.attributes);
  if (g->shape_count > mark.shapes) g->dim_count = g->shapes[mark.shapes].first;
  g->shape_count = mark.shapes;
  trim(g);
  tri_graph_clear_error(g);
}
