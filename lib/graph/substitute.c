/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Replacing variables by expressions, all at once: one pass over what the inputs reach. Where what
 * replaces a variable has other sizes than named ones in its shape, these names become the sizes in
 * all that is reached. */
#include <string.h>

#include "graph/last.h"
#include "graph/sizes.h"
#include "graph/tensors.h"
#include "graph/walk.h"
#include "graph/windows.h"

struct substitution {
  tri_graph *graph;
  struct walk walk;
  uint32_t *image; /* by walk position */
  struct sizes sizes;
  uint32_t *args; /* room for the images of one node's arguments */
  size_t args_capacity;
};

static void substitution_free(struct substitution *s) {
  tri__free(&s->graph->memory, s->image, s->walk.count, sizeof *s->image);
  tri__free(&s->graph->memory, s->args, s->args_capacity, sizeof *s->args);
  tri__walk_free(&s->walk);
}

uint32_t tri__with_arguments(tri_graph *g, uint32_t id, const uint32_t *args) {
  const struct node *n = node_at(g, id);
  struct span span;
  struct contraction how;
  switch (n->op) {
  case TRI_OP_element: return tri__element(g, args[0], tri__index_attr(g, id));
  case TRI_OP_result: return tri__loop_result(g, args[0], (uint32_t)tri__index_attr(g, id));
  case TRI_OP_loop: return tri__loop_with(g, id, args);
  case TRI_OP_gather: return tri__gather(g, args[0], args[1]);
  case TRI_OP_scatter: return tri__scatter(g, args[0], args[1], tri__span(g, id).n);
  case TRI_OP_repeat: return tri__repeat(g, args[0], tri__span(g, id).n);
  case TRI_OP_slice: span = tri__span(g, id); return tri__slice(g, args[0], span.first, span.n);
  case TRI_OP_embed: span = tri__span(g, id); return tri__embed(g, args[0], span.first, span.n);
  case TRI_OP_permute: return tri__permute(g, args[0], tri__axes(g, id));
  case TRI_OP_reshape: return tri__reshape(g, args[0], n->shape);
  case TRI_OP_concat: return tri__concat(g, n->nargs, args);
  case TRI_OP_unfold:
  case TRI_OP_fold:
  case TRI_OP_pick:
  case TRI_OP_route: return tri__window_node(g, (tri_op)n->op, args, tri__windows(g, id));
  case TRI_OP_lse: return tri__lse(g, args[0]);
  case TRI_OP_argmax: return tri__argmax(g, args[0]);
  case TRI_OP_contract:
    how = tri__contraction(g, id);
    return tri__contract(g, args[0], args[1], &how);
  default: return tri__build(g, (tri_op)n->op, n->nargs, args);
  }
}

/* The node id with its arguments' images; the node itself if they are its arguments. */
static uint32_t rebuilt(struct substitution *s, uint32_t id) {
  tri_graph *g = s->graph;
  uint32_t nargs = node_at(g, id)->nargs;
  bool changed = false;
  bool sized = s->sizes.change && tri__sizes_has(g, id);
  if (!nargs && !sized) return id;
  if (!tri__grow(&g->memory, (void **)&s->args, &s->args_capacity, nargs + 1, sizeof *s->args))
    return tri__no_memory(g);
  for (uint32_t i = 0; i < nargs; i++) {
    uint32_t arg = node_args(g, node_at(g, id))[i];
    s->args[i] = s->image[walk_position(&s->walk, arg)];
    changed |= s->args[i] != arg;
  }
  if (sized) return tri__sizes_node(g, &s->sizes, id, s->args);
  return changed ? tri__with_arguments(g, id, s->args) : id;
}

static uint32_t run(struct substitution *s) {
  for (uint32_t i = 0; i < s->walk.count; i++) {
    if (!s->image[i]) s->image[i] = rebuilt(s, s->walk.ids[i]);
    if (id_is_error(s->image[i])) return s->image[i];
    if (i % 4096 == 0 && tri__interrupted(s->graph)) return NODE_ERROR + TRI_INTERRUPTED;
  }
  return 0;
}

/* Walks what the inputs reach and replaces, with the sizes that are bound so far. */
static tri_status substitute(struct substitution *s, size_t count, const uint32_t *inputs, size_t n,
                             const uint32_t *variables, const uint32_t *replacements,
                             uint32_t *outputs) {
  tri_graph *g = s->graph;
  for (size_t i = 0; i < count; i++)
    if (id_is_error(inputs[i])) return id_status(inputs[i]);
  tri_status status = tri__walk(g, count, inputs, &s->walk);
  if (status) return status;
  s->image = tri__new(&g->memory, s->walk.count, sizeof *s->image);
  uint32_t failed = s->image ? 0 : tri__no_memory(g);
  for (size_t i = 0; i < n && !failed; i++)
    if (walk_has(&s->walk, variables[i]))
      s->image[walk_position(&s->walk, variables[i])] = replacements[i];
  if (!failed) failed = run(s);
  for (size_t i = 0; i < count && !failed; i++)
    outputs[i] = s->image[walk_position(&s->walk, inputs[i])];
  substitution_free(s);
  return failed ? id_status(failed) : TRI_OK;
}

/* An error id unless the replacement's shape is the variable's or can become it. Only a variable's
 * sizes become others: what else is replaced, within the library, has the shape of what replaces
 * it. */
static uint32_t check_shapes(tri_graph *g, struct sizes *sizes, uint32_t variable,
                             uint32_t replacement) {
  if (id_is_error(replacement)) return replacement;
  uint32_t own = node_at(g, variable)->shape, shape = node_at(g, replacement)->shape;
  if (own == shape && (!own || node_at(g, variable)->op != TRI_OP_variable)) return 0;
  if (node_at(g, variable)->op == TRI_OP_variable)
    return tri__sizes_bind(g, sizes, variable, shape);
  return tri__fail(g, TRI_SHAPE, "shapes differ");
}

tri_status tri__substitute(tri_graph *g, size_t count, const uint32_t *inputs, size_t n,
                           const uint32_t *variables, const uint32_t *replacements,
                           uint32_t *outputs) {
  struct substitution s = {.graph = g};
  uint32_t failed = 0;
  for (size_t i = 0; i < n && !failed; i++)
    failed = check_shapes(g, &s.sizes, variables[i], replacements[i]);
  tri_status status = failed ? id_status(failed)
                             : substitute(&s, count, inputs, n, variables, replacements, outputs);
  tri__sizes_free(g, &s.sizes);
  return status;
}

tri_status tri__substitute_sized(tri_graph *g, const struct sizes *sizes, size_t count,
                                 const uint32_t *inputs, uint32_t *outputs) {
  struct substitution s = {.graph = g, .sizes = *sizes};
  return substitute(&s, count, inputs, 0, NULL, NULL, outputs);
}

tri_status tri_substitute_all(size_t count, const tri_expr *inputs, size_t n,
                              const tri_expr *variables, const tri_expr *replacements,
                              tri_expr *outputs) {
  if (!count) return TRI_OK;
  tri_graph *g = inputs[0].graph;
  if (!g) return TRI_ARGUMENT;
  uint32_t *in = tri__own_all(g, count, inputs), *from = tri__own_all(g, n, variables),
           *to = tri__own_all(g, n, replacements);
  tri_status status =
      in && from && to ? tri__substitute(g, count, in, n, from, to, in) : TRI_MEMORY;
  for (size_t i = 0; i < count; i++)
    outputs[i] = expr_of(g, status ? NODE_ERROR + (uint32_t)status : in[i]);
  tri__free(&g->memory, in, count, sizeof *in);
  tri__free(&g->memory, from, n, sizeof *from);
  tri__free(&g->memory, to, n, sizeof *to);
  return status;
}

tri_expr tri_substitute(tri_expr e, size_t n, const tri_expr *variables,
                        const tri_expr *replacements) {
  tri_expr result = e;
  tri_status status = tri_substitute_all(1, &e, n, variables, replacements, &result);
  return status ? expr_of(e.graph, NODE_ERROR + (uint32_t)status) : result;
}
