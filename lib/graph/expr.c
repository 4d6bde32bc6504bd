/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The public face of nodes: constructors by name, leaves, and looking at expressions. */
#include <string.h>

#include "base/sort.h"
#include "graph/walk.h"

uint32_t tri__own(tri_graph *g, tri_expr e) {
  if (e.graph == g && (id_is_error(e.id) || e.id < g->node_count))
    return e.id ? e.id : NODE_ERROR + TRI_ARGUMENT;
  return tri__fail(g, TRI_ARGUMENT, "an expression of another graph");
}

uint32_t *tri__own_all(tri_graph *g, size_t n, const tri_expr *e) {
  uint32_t *ids = tri__new(&g->memory, n, sizeof *ids);
  if (!ids) tri__no_memory(g);
  for (size_t i = 0; ids && i < n; i++) ids[i] = tri__own(g, e[i]);
  return ids;
}

static tri_expr apply(tri_op op, size_t n, const tri_expr *arguments) {
  tri_graph *g = arguments[0].graph;
  uint32_t ids[ROW_MAX_ARITY];
  if (!g) return expr_of(NULL, NODE_ERROR + TRI_ARGUMENT);
  for (size_t i = 0; i < n; i++) ids[i] = tri__own(g, arguments[i]);
  return expr_of(g, tri__build(g, op, n, ids));
}

tri_expr tri_apply(tri_op op, size_t n, const tri_expr *arguments) {
  if (!n) return expr_of(NULL, NODE_ERROR + TRI_ARGUMENT);
  if (op == TRI_OP_stack) return tri_stack(n, arguments);
  if (n <= ROW_MAX_ARITY) return apply(op, n, arguments);
  tri_graph *g = arguments[0].graph;
  return expr_of(g, g ? tri__fail(g, TRI_ARITY, "%s does not take %zu arguments",
                                  tri_op_name(op) ? tri_op_name(op) : "it", n)
                      : NODE_ERROR + TRI_ARGUMENT);
}

#define OP1(name, ...)                                                                             \
  tri_expr tri_##name(tri_expr a) { return apply(TRI_OP_##name, 1, &a); }
#define OP2(name, ...)                                                                             \
  tri_expr tri_##name(tri_expr a, tri_expr b) {                                                    \
    return apply(TRI_OP_##name, 2, (tri_expr[]){a, b});                                            \
  }
#define OP3(name, ...)                                                                             \
  tri_expr tri_##name(tri_expr a, tri_expr b, tri_expr c) {                                        \
    return apply(TRI_OP_##name, 3, (tri_expr[]){a, b, c});                                         \
  }
#include "graph/ops.def"
#undef OP1
#undef OP2
#undef OP3

tri_expr tri_stack(size_t n, const tri_expr *elements) {
  tri_graph *g = n ? elements[0].graph : NULL;
  if (!g) return expr_of(NULL, NODE_ERROR + TRI_ARGUMENT);
  uint32_t *ids = tri__own_all(g, n, elements);
  if (!ids) return expr_of(g, NODE_ERROR + TRI_MEMORY);
  uint32_t id = tri__stack(g, n, ids);
  tri__free(&g->memory, ids, n, sizeof *ids);
  return expr_of(g, id);
}

tri_expr tri_element(tri_expr e, size_t i) {
  if (!e.graph) return e;
  return expr_of(e.graph, tri__element(e.graph, tri__own(e.graph, e), i));
}

tri_expr tri_pi(tri_graph *g) { return expr_of(g, tri__leaf(g, TRI_OP_pi)); }
tri_expr tri_eps(tri_graph *g) { return expr_of(g, tri__leaf(g, TRI_OP_eps)); }

/* Names that are taken. */
static bool reserved(const char *name) {
  static const char *const taken[] = {"", "pi", "eps", "and", "or", "not", "π", "ε"};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (!strcmp(name, taken[i])) return true;
  return false;
}

tri_expr tri_variable(tri_graph *g, const char *name) {
  return tri_variable_shaped(g, name, 0, NULL, NULL);
}

tri_expr tri_variable_shaped(tri_graph *g, const char *name, size_t rank, const int64_t *dims,
                             const char *const *names) {
  int64_t own[MOST_RANK];
  if (reserved(name))
    return expr_of(g, tri__fail(g, TRI_NAME, "'%s' cannot be the name of a variable", name));
  if (rank > MOST_RANK)
    return expr_of(
        g, tri__fail(g, TRI_LIMIT, "a shape has at most %d dimensions, not %zu", MOST_RANK, rank));
  for (size_t i = 0; i < rank; i++) {
    uint32_t size_name = names && names[i] ? tri__name_attr(g, names[i], strlen(names[i])) : 0;
    if (names && names[i] && !size_name) return expr_of(g, NODE_ERROR + TRI_MEMORY);
    if (!size_name && dims[i] < 0)
      return expr_of(g, tri__fail(g, TRI_SHAPE, "dimension %zu of %s is negative", i + 1, name));
    own[i] = size_name ? ~(int64_t)size_name : dims[i];
  }
  uint32_t shape = tri__shape(g, rank, own);
  if (shape == TRI__NO_SHAPE) return expr_of(g, NODE_ERROR + (uint32_t)g->error.status);
  return expr_of(g, tri__variable_shaped(g, name, strlen(name), shape));
}

/* --- looking */

static const struct node *node_of(tri_expr e) {
  return tri_expr_status(e) ? NULL : node_at(e.graph, e.id);
}

tri_op tri_expr_op(tri_expr e) { return node_of(e) ? (tri_op)node_of(e)->op : TRI_OP_COUNT; }
size_t tri_expr_arity(tri_expr e) { return node_of(e) ? node_of(e)->nargs : 0; }
tri_sort tri_expr_sort(tri_expr e) { return node_of(e) ? (tri_sort)node_of(e)->sort : TRI_REAL; }
size_t tri_expr_rank(tri_expr e) { return node_of(e) ? shape_rank(e.graph, node_of(e)->shape) : 0; }
const char *tri_expr_name(tri_expr e) { return node_of(e) ? tri__name(e.graph, e.id) : NULL; }
int tri_expr_equal(tri_expr a, tri_expr b) {
  return a.graph == b.graph && a.id == b.id && !tri_expr_status(a);
}

tri_expr tri_expr_argument(tri_expr e, size_t i) {
  const struct node *n = node_of(e);
  return expr_of(e.graph, n && i < n->nargs ? node_args(e.graph, n)[i] : NODE_ERROR + TRI_ARGUMENT);
}

int64_t tri_expr_dim(tri_expr e, size_t i) {
  const struct node *n = node_of(e);
  if (!n || i >= shape_rank(e.graph, n->shape)) return 0;
  int64_t dim = shape_dims(e.graph, n->shape)[i];
  return dim < 0 ? -1 : dim;
}

const char *tri_op_name(tri_op op) {
  static const char *const others[] = {
#define STRUCTURED(name, ...) [TRI_OP_##name - TRI_OP_ROWS] = #name,
#include "graph/structured.def"
#undef STRUCTURED
      [TRI_OP_constant - TRI_OP_ROWS] = "constant",
      [TRI_OP_pi - TRI_OP_ROWS] = "pi",
      [TRI_OP_variable - TRI_OP_ROWS] = "variable",
      [TRI_OP_eps - TRI_OP_ROWS] = "eps",
      [TRI_OP_hole - TRI_OP_ROWS] = "hole"};
  if ((unsigned)op >= TRI_OP_COUNT) return NULL;
  return op < TRI_OP_ROWS ? tri__rows[op].name : others[op - TRI_OP_ROWS];
}

tri_op tri_op_find(const char *name) {
  for (int op = 0; op < TRI_OP_COUNT; op++)
    if (!strcmp(tri_op_name((tri_op)op), name)) return (tri_op)op;
  return TRI_OP_COUNT;
}

/* --- what outputs reach */

static tri_status walk_of(size_t n, const tri_expr *outputs, struct walk *w) {
  tri_graph *g = n ? outputs[0].graph : NULL;
  if (!g) return TRI_ARGUMENT;
  uint32_t *ids = tri__own_all(g, n, outputs);
  if (!ids) return TRI_MEMORY;
  tri_status status = tri__walk(g, n, ids, w);
  tri__free(&g->memory, ids, n, sizeof *ids);
  return status;
}

uint32_t tri_count_nodes(size_t n, const tri_expr *outputs) {
  struct walk w;
  if (walk_of(n, outputs, &w)) return 0;
  uint32_t count = w.count;
  tri__walk_free(&w);
  return count;
}

static int order_of_names(void *context, const void *a, const void *b) {
  return strcmp(tri__name(context, *(const uint32_t *)a), tri__name(context, *(const uint32_t *)b));
}

/* The variables of a walk, sorted, as expressions. */
static tri_status variables_of(tri_graph *g, struct walk *w, tri_expr **variables, size_t *count) {
  size_t n = 0;
  for (uint32_t i = 0; i < w->count; i++)
    if (node_at(g, w->ids[i])->op == TRI_OP_variable) w->ids[n++] = w->ids[i];
  bool sorted = tri__sort(&g->memory, w->ids, n, sizeof *w->ids, order_of_names, g);
  *variables = sorted ? tri__new(&g->memory, n, sizeof **variables) : NULL;
  *count = n;
  for (size_t i = 0; *variables && i < n; i++) (*variables)[i] = expr_of(g, w->ids[i]);
  return *variables ? TRI_OK : (tri__no_memory(g), TRI_MEMORY);
}

tri_status tri_free_variables(size_t n, const tri_expr *outputs, tri_expr **variables,
                              size_t *count) {
  struct walk w;
  *variables = NULL;
  *count = 0;
  tri_status status = walk_of(n, outputs, &w);
  if (status) return status;
  status = variables_of(outputs[0].graph, &w, variables, count);
  tri__walk_free(&w);
  return status;
}

void tri_variables_free(tri_graph *graph, tri_expr *variables, size_t count) {
  if (variables) tri__free(&graph->memory, variables, count, sizeof *variables);
}
