/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays in a subject. At a point an array is its elements: scalar variables x[1], x[2], … take its
 * place, so that whatever is done at a point is done with numbers alone, and its named sizes become
 * those of the point. */
#include "subject.h"

#include <string.h>

#include "base/text.h"
#include "graph/arrays.h"

/* What becomes of the inputs. */
struct flat {
  const struct request *request;
  struct subject *s;
  size_t n, capacity; /* elements so far */
  tri_expr *inputs, *point;
};

static bool is_array(tri_expr e) { return tri_expr_rank(e) > 0; }

static tri_status add_element(struct flat *f, tri_expr input, tri_expr value) {
  if (f->n == f->capacity) {
    size_t larger = f->capacity * 2 + 16;
    tri_expr *inputs = request_new(f->request, larger, sizeof *inputs),
             *point = request_new(f->request, larger, sizeof *point);
    if (!inputs || !point) return TRI_MEMORY;
    if (f->n) memcpy(inputs, f->inputs, f->n * sizeof *inputs);
    if (f->n) memcpy(point, f->point, f->n * sizeof *point);
    f->inputs = inputs;
    f->point = point;
    f->capacity = larger;
  }
  f->inputs[f->n] = input;
  f->point[f->n++] = value;
  return tri_graph_status(f->request->graph);
}

/* "x[2, 3]" for element k of an array. */
static tri_expr element_variable(const struct flat *f, tri_expr array, const struct group *shape,
                                 size_t k) {
  tri_graph *g = f->request->graph;
  tri_text *text = arena_text(&f->s->session->statement->arena);
  size_t left = shape->count;
  if (!text) return session_no_memory(f->s->session), (tri_expr){g, NODE_ERROR + TRI_MEMORY};
  tri__text_puts(text, tri_expr_name(array));
  for (size_t d = 0; d < shape->rank; d++) {
    left /= shape->dims[d];
    tri__text_printf(text, "%s%zu", d ? ", " : "[", k / left + 1);
    k %= left;
  }
  tri__text_putc(text, ']');
  return expr_of(g,
                 text->status ? NODE_ERROR + TRI_MEMORY : tri__variable(g, text->data, text->size));
}

static tri_expr element_of(tri_expr value, const struct group *shape, size_t k) {
  size_t left = shape->count;
  for (size_t d = 0; d < shape->rank; d++) {
    left /= shape->dims[d];
    value = tri_element(value, k / left);
    k %= left;
  }
  return value;
}

/* The array of these elements. */
tri_expr subject_array(const struct request *request, const struct group *shape,
                       const tri_expr *elements) {
  tri_graph *g = request->graph;
  size_t count = shape->count;
  if (count == 0) return expr_of(g, tri__iota(g, 1, 0));
  tri_expr *level = request_new(request, count, sizeof *level);
  if (!level) return expr_of(g, NODE_ERROR + TRI_MEMORY);
  memcpy(level, elements, count * sizeof *level);
  for (size_t d = shape->rank; d-- > 0;) {
    size_t size = shape->dims[d];
    count /= size;
    for (size_t i = 0; i < count; i++) level[i] = tri_stack(size, level + i * size);
  }
  return level[0];
}

tri_status subject_group(const struct request *request, tri_expr value, struct group *shape) {
  size_t rank = tri_expr_rank(value);
  *shape = (struct group){.rank = rank, .count = 1};
  shape->dims = request_new(request, rank, sizeof *shape->dims);
  if (!shape->dims) return TRI_MEMORY;
  for (size_t d = 0; d < rank; d++) {
    int64_t size = tri_expr_dim(value, d);
    if (size < 0)
      return request_fail(request, NULL, TRI_SHAPE,
                          "%s: it is not known how many elements an array has", request->row->name);
    if (!size_product(shape->count, (size_t)size, &shape->count))
      return request_fail(request, NULL, TRI_LIMIT, "too many elements");
    shape->dims[d] = (size_t)size;
  }
  if (shape->count || rank == 1) return TRI_OK;
  return request_fail(request, NULL, TRI_LIMIT, "an array without elements");
}

/* The elements of input i; *array is what takes its place. */
static tri_status flatten_input(struct flat *f, size_t i, struct group *shape, tri_expr *array) {
  tri_expr input = f->s->inputs[i], value = f->s->point[i];
  size_t first = f->n;
  *shape = (struct group){.count = 1};
  *array = input;
  if (!value.graph || !is_array(input)) return add_element(f, input, value);
  tri_status status = subject_group(f->request, value, shape);
  for (size_t k = 0; k < shape->count && !status; k++)
    status = add_element(f, element_variable(f, input, shape, k), element_of(value, shape, k));
  if (!status) *array = subject_array(f->request, shape, f->inputs + first);
  return status ? status : tri_expr_status(*array);
}

static bool has_arrays(const struct subject *s) {
  for (size_t i = 0; i < s->n_inputs; i++)
    if (is_array(s->inputs[i])) return true;
  return false;
}

/* Claimed derivatives are in terms of the same arrays. */
static tri_status flatten_claim(const struct request *request, struct subject *s,
                                const tri_expr *arrays) {
  if (!s->claim || s->claim->kind != VALUE_EXPR) return TRI_OK;
  struct value *claim = request_new(request, 1, sizeof *claim);
  if (!claim) return TRI_MEMORY;
  tri_expr e =
      tri_substitute(expr_of(request->graph, s->claim->expr), s->n_inputs, s->inputs, arrays);
  *claim = *s->claim;
  claim->expr = e.id;
  s->claim = claim;
  return tri_expr_status(e);
}

tri_status subject_flatten(const struct request *request, struct subject *s) {
  struct flat f = {.request = request, .s = s};
  if (!has_arrays(s) || !(s->has_point || s->range)) return TRI_OK;
  struct group *groups = request_new(request, s->n_inputs, sizeof *groups);
  tri_expr *arrays = request_new(request, s->n_inputs, sizeof *arrays);
  if (!groups || !arrays) return TRI_MEMORY;
  tri_status status = TRI_OK;
  size_t variables = 0;
  for (size_t i = 0; i < s->n_inputs && !status; i++) {
    status = flatten_input(&f, i, groups + i, arrays + i);
    if (i < s->n) variables = f.n;
  }
  if (!status) status = flatten_claim(request, s, arrays);
  if (status) return status;
  s->expr = tri_substitute(s->expr, s->n_inputs, s->inputs, arrays);
  s->groups = groups;
  s->n_groups = s->n;
  s->n = variables;
  s->n_inputs = f.n;
  s->variables = s->inputs = f.inputs;
  s->point = f.point;
  return tri_expr_status(s->expr);
}

bool subject_is_nested(const struct subject *s) {
  for (size_t i = 0; i < s->n_groups; i++)
    if (s->groups[i].rank) return true;
  return false;
}

tri_status subject_needs_numbers(const struct request *request, const struct subject *s) {
  if (s->has_point || !has_arrays(s)) return TRI_OK;
  return request_fail(request, NULL, TRI_SHAPE,
                      "%s by the elements of an array needs a point: %s = […]", request->row->name,
                      tri_expr_name(s->inputs[0]));
}
