/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Arrays and loops, as C programs make them. */
#include <string.h>

#include "graph/last.h"
#include "graph/reduce.h"
#include "graph/tensors.h"

tri_extent tri_extent_of(int64_t n) { return (tri_extent){n, NULL}; }
tri_extent tri_extent_named(const char *name) { return (tri_extent){0, name}; }

static tri_expr failed(tri_graph *g, tri_status status, const char *message) {
  return expr_of(g, tri__fail(g, status, "%s", message));
}

/* The extent into *n; an error id, or 0. */
static uint32_t extent_of(tri_graph *g, tri_extent given, extent *n) {
  if (!given.name) {
    *n = given.n;
    return given.n >= 0 ? 0 : tri__fail(g, TRI_SHAPE, "%lld parts", (long long)given.n);
  }
  uint32_t name = tri__name_attr(g, given.name, strlen(given.name));
  *n = ~(extent)name;
  return name ? 0 : NODE_ERROR + TRI_MEMORY;
}

tri_expr tri_gather(tri_expr x, tri_expr i) {
  tri_graph *g = x.graph;
  if (!g) return x;
  uint32_t id = tri__own(g, x), index = tri__own(g, i);
  return expr_of(g, tri__gather(g, id, index));
}

tri_expr tri_slice(tri_expr x, int64_t first, int64_t n) {
  tri_graph *g = x.graph;
  if (!g) return x;
  if (n < 0) return failed(g, TRI_SHAPE, "a part of negative size");
  return expr_of(g, tri__slice(g, tri__own(g, x), first, n));
}

tri_expr tri_repeat(tri_expr x, tri_extent n) {
  tri_graph *g = x.graph;
  extent own;
  if (!g) return x;
  uint32_t error = extent_of(g, n, &own);
  return expr_of(g, error ? error : tri__repeat(g, tri__own(g, x), own));
}

tri_expr tri_iota(tri_graph *g, int64_t first, tri_extent n) {
  extent own;
  uint32_t error = extent_of(g, n, &own);
  return expr_of(g, error ? error : tri__iota(g, first, own));
}

tri_expr tri_size(tri_graph *g, const char *name) {
  extent own;
  uint32_t error = extent_of(g, (tri_extent){.name = name}, &own);
  return expr_of(g, error ? error : tri__size(g, own));
}

/* --- loops */

/* Both return an error id, or 0. */
static uint32_t bind(tri_graph *g, size_t n, const tri_expr *parameters, const tri_expr *arguments,
                     struct binding *to) {
  for (size_t i = 0; i < n; i++) {
    to[i] = (struct binding){tri__own(g, parameters[i]), tri__own(g, arguments[i])};
    if (id_is_error(to[i].parameter)) return to[i].parameter;
    if (id_is_error(to[i].argument)) return to[i].argument;
    if (node_at(g, to[i].parameter)->op != TRI_OP_variable)
      return tri__fail(g, TRI_ARGUMENT, "parameter %zu of a loop is not a variable", i + 1);
  }
  return 0;
}

/* No parameter may stand for two things. */
static uint32_t distinct(tri_graph *g, size_t n, const struct binding *bindings) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < i; k++)
      if (bindings[k].parameter == bindings[i].parameter)
        return tri__fail(g, TRI_ARGUMENT, "parameter %s of a loop stands twice",
                         tri__name(g, bindings[i].parameter));
  return 0;
}

static void own(tri_graph *g, size_t n, const tri_expr *from, uint32_t *to) {
  for (size_t i = 0; i < n; i++) to[i] = tri__own(g, from[i]);
}

static uint32_t make_loop(tri_graph *g, const tri_loop_options *o, struct binding *bindings,
                          uint32_t *outputs) {
  struct loop_plan plan = {.backward = o->backward,
                           .steps = o->n_steps,
                           .carries = o->n_carries,
                           .stacked = o->n_stacked,
                           .summed = o->n_summed,
                           .step = bindings,
                           .carry = bindings + o->n_steps,
                           .output = outputs};
  uint32_t error = extent_of(g, o->n, &plan.n);
  if (!error) error = bind(g, o->n_steps, o->steps, o->step_inputs, bindings);
  if (!error) error = bind(g, o->n_carries, o->carries, o->initial, bindings + o->n_steps);
  if (!error) error = distinct(g, o->n_steps + o->n_carries, bindings);
  if (error) return error;
  own(g, o->n_stacked, o->stacked, outputs);
  own(g, o->n_summed, o->summed, outputs + o->n_stacked);
  own(g, o->n_carries, o->next, outputs + o->n_stacked + o->n_summed);
  return tri__loop_new(g, &plan);
}

tri_status tri_loop(tri_graph *g, const tri_loop_options *o, tri_expr *results) {
  size_t outputs = o->n_stacked + o->n_summed + o->n_carries, bound = o->n_steps + o->n_carries;
  struct binding *bindings = tri__new(&g->memory, bound, sizeof *bindings);
  uint32_t *ids = tri__new(&g->memory, outputs, sizeof *ids);
  uint32_t tuple = bindings && ids ? make_loop(g, o, bindings, ids) : tri__no_memory(g);
  tri_status status = tri_expr_status(expr_of(g, tuple)); /* there may be no results to tell it */
  for (size_t k = 0; k < outputs; k++) {
    results[k] = expr_of(g, tri__loop_result(g, tuple, (uint32_t)k));
    if (!status) status = tri_expr_status(results[k]);
  }
  tri__free(&g->memory, bindings, bound, sizeof *bindings);
  tri__free(&g->memory, ids, outputs, sizeof *ids);
  return status;
}

static tri_expr over(tri_expr e, tri_expr i, int64_t first, tri_extent n, bool sum) {
  tri_graph *g = e.graph;
  if (!g) return e;
  tri_expr numbers = tri_iota(g, first, n), result;
  tri_loop_options options = {.n = n, .n_steps = 1, .steps = &i, .step_inputs = &numbers};
  if (sum) {
    options.n_summed = 1;
    options.summed = &e;
  } else {
    options.n_stacked = 1;
    options.stacked = &e;
  }
  tri_status status = tri_loop(g, &options, &result);
  return status ? expr_of(g, NODE_ERROR + (uint32_t)status) : result;
}

tri_expr tri_sum(tri_expr e, tri_expr i, int64_t first, tri_extent n) {
  return over(e, i, first, n, true);
}

tri_expr tri_map(tri_expr e, tri_expr i, int64_t first, tri_extent n) {
  return over(e, i, first, n, false);
}

/* --- of whole arrays */

tri_expr tri_dot(tri_expr x, tri_expr y) {
  tri_graph *g = x.graph;
  if (!g) return x;
  uint32_t a = tri__own(g, x), b = tri__own(g, y);
  return expr_of(g, tri__dot_of(g, a, b));
}

static tri_expr of_array(tri_expr x, uint32_t (*of)(tri_graph *g, uint32_t x)) {
  return x.graph ? expr_of(x.graph, of(x.graph, tri__own(x.graph, x))) : x;
}

tri_expr tri_norm(tri_expr x) { return of_array(x, tri__norm_of); }
tri_expr tri_mean(tri_expr x) { return of_array(x, tri__mean_of); }
tri_expr tri_logsumexp(tri_expr x) { return of_array(x, tri__logsumexp_of); }

/* --- over the last dimension */

tri_expr tri_logsumexp_last(tri_expr x) { return of_array(x, tri__lse); }
tri_expr tri_argmax(tri_expr x) { return of_array(x, tri__argmax); }

tri_expr tri_one_hot(tri_expr labels, tri_extent n) {
  tri_graph *g = labels.graph;
  extent own;
  if (!g) return labels;
  uint32_t error = extent_of(g, n, &own);
  return expr_of(g, error ? error : tri__one_hot(g, tri__own(g, labels), own));
}

/* --- arrays of any rank */

tri_expr tri_transpose(tri_expr x, size_t rank, const size_t *axes) {
  tri_graph *g = x.graph;
  uint8_t own[MOST_RANK] = {0};
  if (!g || tri_expr_status(x)) return x;
  uint32_t id = tri__own(g, x);
  if (rank != shape_rank(g, node_at(g, id)->shape))
    return failed(g, TRI_SHAPE, "an order of dimensions names each of them");
  for (size_t d = 0; d < rank; d++)
    own[d] = (uint8_t)(!axes ? rank - 1 - d : axes[d] < MOST_RANK ? axes[d] : MOST_RANK);
  return expr_of(g, tri__permute(g, id, own));
}

/* The shape with these dimensions into *shape; an error id, or 0. */
static uint32_t shape_with(tri_graph *g, size_t rank, const tri_extent *given, uint32_t *shape) {
  extent dims[MOST_RANK];
  if (rank > MOST_RANK) return tri__fail(g, TRI_LIMIT, "more than %d dimensions", MOST_RANK);
  for (size_t d = 0; d < rank; d++) {
    uint32_t error = extent_of(g, given[d], &dims[d]);
    if (error) return error;
  }
  *shape = tri__shape(g, rank, dims);
  return *shape == TRI__NO_SHAPE ? NODE_ERROR + (uint32_t)g->error.status : 0;
}

static tri_expr to_shape(tri_expr x, size_t rank, const tri_extent *dims,
                         uint32_t (*make)(tri_graph *g, uint32_t x, uint32_t shape)) {
  tri_graph *g = x.graph;
  uint32_t shape = 0;
  if (!g) return x;
  uint32_t error = shape_with(g, rank, dims, &shape);
  return expr_of(g, error ? error : make(g, tri__own(g, x), shape));
}

tri_expr tri_reshape(tri_expr x, size_t rank, const tri_extent *dims) {
  return to_shape(x, rank, dims, tri__reshape);
}

tri_expr tri_broadcast(tri_expr x, size_t rank, const tri_extent *dims) {
  return to_shape(x, rank, dims, tri__broadcast);
}

tri_expr tri_concat(size_t n, const tri_expr *arrays, size_t axis) {
  tri_graph *g = n ? arrays[0].graph : NULL;
  if (!g) return n ? arrays[0] : (tri_expr){NULL, NODE_ERROR + TRI_ARGUMENT};
  uint32_t *ids = tri__own_all(g, n, arrays), id;
  if (!ids) return expr_of(g, NODE_ERROR + TRI_MEMORY);
  for (size_t i = 0; i < n; i++) ids[i] = tri__to_front(g, ids[i], axis);
  id = tri__from_front(g, tri__concat(g, n, ids), axis);
  tri__free(&g->memory, ids, n, sizeof *ids);
  return expr_of(g, id);
}

tri_expr tri_sum_axis(tri_expr x, size_t axis) {
  tri_graph *g = x.graph;
  return g ? expr_of(g, tri__sum_of_parts(g, tri__to_front(g, tri__own(g, x), axis))) : x;
}

tri_expr tri_gather_all(tri_expr x, tri_expr index) {
  tri_graph *g = x.graph;
  return g ? expr_of(g, tri__gather_all(g, tri__own(g, x), tri__own(g, index))) : x;
}

tri_expr tri_scatter_add(tri_expr w, tri_expr index, tri_extent n) {
  tri_graph *g = w.graph;
  extent own;
  if (!g) return w;
  uint32_t error = extent_of(g, n, &own);
  return expr_of(g, error ? error : tri__scatter_add(g, tri__own(g, w), tri__own(g, index), own));
}

tri_expr tri_matmul(tri_expr x, tri_expr y) {
  tri_graph *g = x.graph;
  return g ? expr_of(g, tri__matmul(g, tri__own(g, x), tri__own(g, y))) : x;
}

tri_expr tri_contract(tri_expr x, tri_expr y, size_t batch, size_t contracted) {
  tri_graph *g = x.graph;
  if (!g) return x;
  if (batch > MOST_RANK || contracted > MOST_RANK)
    return failed(g, TRI_SHAPE, "a contraction over more dimensions than there can be");
  struct contraction how = {.batch = (uint8_t)batch, .contracted = (uint8_t)contracted};
  return expr_of(g, tri__contract(g, tri__own(g, x), tri__own(g, y), &how));
}
