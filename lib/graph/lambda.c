/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Lambdas: ordered parameters and outputs, interned as an attribute {parameters, outputs, ids…}. */
#include <string.h>

#include "graph/node.h"

struct lambda_head {
  uint32_t parameters, outputs;
};

static uint32_t check_parameters(tri_graph *g, size_t n, const uint32_t *ids) {
  for (size_t i = 0; i < n; i++) {
    if (id_is_error(ids[i])) return ids[i];
    if (node_at(g, ids[i])->op != TRI_OP_variable)
      return tri__fail(g, TRI_ARGUMENT, "parameter %zu of a function is not a variable", i + 1);
    for (size_t k = 0; k < i; k++)
      if (ids[k] == ids[i])
        return tri__fail(g, TRI_ARGUMENT, "parameter %s stands twice", tri__name(g, ids[i]));
  }
  return 0;
}

uint32_t tri__lambda(tri_graph *g, size_t n_parameters, const uint32_t *parameters,
                     size_t n_outputs, const uint32_t *outputs) {
  if (check_parameters(g, n_parameters, parameters)) return 0;
  for (size_t i = 0; i < n_outputs; i++)
    if (id_is_error(outputs[i])) return 0;
  size_t count = 2 + n_parameters + n_outputs, bytes;
  if (!size_product(count, sizeof(uint32_t), &bytes) || bytes > UINT32_MAX / 2)
    return tri__fail(g, TRI_LIMIT, "too many parameters and outputs"), 0;
  uint32_t *data = tri__new(&g->memory, count, sizeof *data);
  if (!data) return tri__no_memory(g), 0;
  data[0] = (uint32_t)n_parameters;
  data[1] = (uint32_t)n_outputs;
  if (n_parameters) memcpy(data + 2, parameters, n_parameters * sizeof *data);
  if (n_outputs) memcpy(data + 2 + n_parameters, outputs, n_outputs * sizeof *data);
  uint32_t attr = tri__attr(g, ATTR_LAMBDA, data, bytes);
  tri__free(&g->memory, data, count, sizeof *data);
  return attr;
}

const uint32_t *tri__lambda_ids(const tri_graph *g, uint32_t lambda, uint32_t *parameters,
                                uint32_t *outputs) {
  const uint32_t *data = tri__attr_data(g, lambda, NULL);
  if (parameters) *parameters = data[0];
  if (outputs) *outputs = data[1];
  return data + 2;
}

static struct lambda_head head_of(tri_lambda f) {
  struct lambda_head h = {0, 0};
  if (f.graph && f.id) tri__lambda_ids(f.graph, f.id, &h.parameters, &h.outputs);
  return h;
}

static tri_expr id_at(tri_lambda f, size_t i, size_t count) {
  if (!f.graph || i >= count) return expr_of(f.graph, NODE_ERROR + TRI_ARGUMENT);
  return expr_of(f.graph, tri__lambda_ids(f.graph, f.id, NULL, NULL)[i]);
}

size_t tri_lambda_arity(tri_lambda f) { return head_of(f).parameters; }
size_t tri_lambda_outputs(tri_lambda f) { return head_of(f).outputs; }
tri_expr tri_lambda_parameter(tri_lambda f, size_t i) { return id_at(f, i, head_of(f).parameters); }
tri_expr tri_lambda_output(tri_lambda f, size_t i) {
  struct lambda_head h = head_of(f);
  return i < h.outputs ? id_at(f, h.parameters + i, (size_t)h.parameters + h.outputs)
                       : id_at(f, 0, 0);
}

tri_lambda tri_lambda_new(tri_graph *g, size_t n_parameters, const tri_expr *parameters,
                          size_t n_outputs, const tri_expr *outputs) {
  size_t count = n_parameters + n_outputs;
  uint32_t *ids = tri__new(&g->memory, count, sizeof *ids), id = 0;
  if (!ids) return tri__no_memory(g), (tri_lambda){g, 0};
  for (size_t i = 0; i < count; i++)
    ids[i] = tri__own(g, i < n_parameters ? parameters[i] : outputs[i - n_parameters]);
  id = tri__lambda(g, n_parameters, ids, n_outputs, ids + n_parameters);
  tri__free(&g->memory, ids, count, sizeof *ids);
  return (tri_lambda){g, id};
}

tri_status tri_lambda_apply(tri_lambda f, size_t n, const tri_expr *arguments, tri_expr *outputs) {
  struct lambda_head h = head_of(f);
  tri_graph *g = f.graph;
  if (!g || !f.id) return TRI_ARGUMENT;
  if (n != h.parameters)
    return id_status(tri__fail(g, TRI_ARITY, "the function takes %u argument%s, %zu given",
                               h.parameters, h.parameters == 1 ? "" : "s", n));
  size_t count = 2 * n + h.outputs;
  uint32_t *ids = tri__new(&g->memory, count, sizeof *ids);
  if (!ids) return tri__no_memory(g), TRI_MEMORY;
  memcpy(ids, tri__lambda_ids(g, f.id, NULL, NULL), (n + h.outputs) * sizeof *ids);
  for (size_t i = 0; i < n; i++) ids[n + h.outputs + i] = tri__own(g, arguments[i]);
  tri_status status = tri__substitute(g, h.outputs, ids + n, n, ids, ids + n + h.outputs, ids + n);
  for (size_t i = 0; i < h.outputs; i++)
    outputs[i] = expr_of(g, status ? NODE_ERROR + (uint32_t)status : ids[n + i]);
  tri__free(&g->memory, ids, count, sizeof *ids);
  return status;
}
