/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Functional models from Keras's JSON: every call of a layer is a node, which names the nodes that
 * it takes by layer and number. Nodes may stand in any order, so each waits on a stack for those
 * that it takes. */
#include "nn/keras.h"

enum { MOST_NODES = 4096 };

/* A call of a layer. */
struct node {
  size_t layer, number; /* its layer, and which call of it */
  size_t next;          /* the next of the nodes that it takes to be looked at */
  bool waiting;
  tri_tensor tensor; /* of number 0 until it is called */
};

struct reading {
  struct io *io;
  tri_model *m;
  struct json layers;
  size_t n_layers, n_nodes;
  const char **names; /* of layers */
  size_t *first;      /* of each layer, its first node; and how many there are behind the last */
  struct node *nodes; /* layer by layer */
  size_t *stack;
  tri_tensor *tensors; /* room for what one node takes, or for outputs */
  size_t room;
};

/* What tri__io_new failed with. */
static tri_status no_memory(const struct io *io) {
  return io->error->status ? io->error->status : TRI_MEMORY;
}

/* --- looking at a node; what is looked at stays where it is, as places are linked */

struct view {
  struct json layer, nodes, node, args, list;
  const struct json *taken; /* the array of tensors */
};

/* [tensor], or [[tensor, tensor]] where a layer joins several. */
static void open_node(const struct reading *r, const struct node *n, struct view *v) {
  v->layer = tri__json_element(&r->layers, n->layer);
  v->nodes = tri__json_member(&v->layer, "inbound_nodes");
  v->node = tri__json_element(&v->nodes, n->number);
  v->args = tri__json_member(&v->node, "args");
  v->list = tri__json_element(&v->args, 0);
  bool joined = tri__json_count(&v->args) == 1 && tri__json_is_array(&v->list);
  v->taken = joined ? &v->list : &v->args;
}

/* The layer of this name; n_layers if there is none. */
static size_t find_layer(const struct reading *r, const char *name) {
  size_t i = 0;
  while (i < r->n_layers && strcmp(r->names[i], name) != 0) i++;
  return i;
}

/* The node that ["dense", 0, 0] means: a layer, which call of it, which of its results. */
static tri_status read_history(const struct reading *r, const struct json *at, size_t *node) {
  const char *name = NULL;
  int64_t number = 0, result = 0;
  struct json parts[3];
  tri_status status = tri__json_count(at) >= 3
                          ? TRI_OK
                          : tri__json_expect(r->io, at, "an array of a layer's name and 2 numbers");
  for (size_t i = 0; i < 3; i++) parts[i] = tri__json_element(at, i);
  if (!status) status = tri__json_text(r->io, &parts[0], &name);
  if (!status) status = tri__json_integer(r->io, &parts[1], &number);
  if (!status) status = tri__json_integer(r->io, &parts[2], &result);
  if (status) return status;
  size_t layer = find_layer(r, name);
  if (layer == r->n_layers)
    return tri__json_fail(r->io, &parts[0], TRI_NAME, "no layer is called %s",
                          tri__io_shown(name, strlen(name)).text);
  if (number < 0 || (uint64_t)number >= r->first[layer + 1] - r->first[layer] || result != 0)
    return tri__json_fail(r->io, at, TRI_NAME, "%s has no result of these numbers",
                          tri__io_shown(name, strlen(name)).text);
  *node = r->first[layer] + (size_t)number;
  return TRI_OK;
}

/* What node v takes in place i. */
static tri_status taken_node(const struct reading *r, const struct view *v, size_t i,
                             size_t *node) {
  struct json tensor = tri__json_element(v->taken, i);
  struct json config = tri__json_member(&tensor, "config");
  struct json history = tri__json_member(&config, "keras_history");
  return read_history(r, &history, node);
}

/* --- calling */

/* Keyword arguments may be there, but say nothing. */
static tri_status check_keywords(const struct reading *r, const struct view *v) {
  struct json keywords = tri__json_member(&v->node, "kwargs"), one;
  void *cursor = NULL;
  if (tri__json_is_null(&keywords)) return TRI_OK;
  tri_status status = tri__json_object(r->io, &keywords);
  while (!status && tri__json_next(&keywords, &cursor, &one))
    if (!tri__json_is_null(&one))
      status = tri__json_fail(r->io, &one, TRI_ARGUMENT, "this is not supported: only null is");
  return status;
}

/* Calls the layer of a node on what is in r->tensors[n]. */
static tri_status call_node(struct reading *r, struct node *n, const struct view *v, size_t taken) {
  tri_layer layer;
  tri_status status = check_keywords(r, v);
  if (!status) status = tri__layer_read(r->io, &v->layer, &layer);
  if (status) return status;
  for (size_t i = r->first[n->layer]; i < r->first[n->layer + 1]; i++)
    if (r->nodes[i].tensor.number) layer.kind = TRI_LAYER_SHARED;
  n->tensor = tri_model_call_with(r->m, layer, taken, r->tensors);
  return n->tensor.number ? TRI_OK : tri__model_refused(r->io, &v->layer, r->m);
}

/* Looks at the top of the stack: what it takes and is not called yet goes on top of it; if there is
 * none, it is called and leaves. */
static tri_status step(struct reading *r, size_t *depth) {
  struct node *n = &r->nodes[r->stack[*depth - 1]];
  struct view v;
  open_node(r, n, &v);
  size_t taken = tri__json_count(v.taken), other = 0;
  if (taken == 0)
    return tri__json_expect(r->io, &v.args, "an array of what the layer is called on");
  for (; n->next < taken; n->next++) {
    tri_status status = taken_node(r, &v, n->next, &other);
    if (status) return status;
    if (r->nodes[other].tensor.number) continue;
    if (r->nodes[other].waiting)
      return tri__json_fail(r->io, &v.node, TRI_ARGUMENT, "layers wait for each other in a ring");
    r->nodes[other].waiting = true;
    r->stack[(*depth)++] = other;
    return TRI_OK;
  }
  void *tensors = r->tensors;
  if (!tri__io_grow(r->io, &tensors, &r->room, taken, sizeof *r->tensors)) return no_memory(r->io);
  r->tensors = tensors;
  for (size_t i = 0; i < taken; i++) {
    tri_status status = taken_node(r, &v, i, &other);
    if (status) return status;
    r->tensors[i] = r->nodes[other].tensor;
  }
  n->waiting = false;
  --*depth;
  return call_node(r, n, &v, taken);
}

static tri_status call_all(struct reading *r) {
  tri_status status = TRI_OK;
  for (size_t i = 0; i < r->n_nodes && !status; i++) {
    size_t depth = r->nodes[i].tensor.number ? 0 : 1;
    r->stack[0] = i;
    r->nodes[i].waiting = true;
    while (depth && !status) status = step(r, &depth);
  }
  return status;
}

/* --- inputs and outputs */

/* ["dense", 0, 0], or [["dense", 0, 0], …]: how many, and number i. */
static bool is_one(const struct json *list) {
  struct json first = tri__json_element(list, 0);
  return tri__json_is_text(&first);
}

static size_t count_of(const struct json *list) { return is_one(list) ? 1 : tri__json_count(list); }

static tri_status listed_node(const struct reading *r, const struct json *list, size_t i,
                              size_t *node) {
  if (is_one(list)) return read_history(r, list, node);
  struct json one = tri__json_element(list, i);
  return read_history(r, &one, node);
}

static tri_status read_inputs(struct reading *r, const struct json *config) {
  struct json list = tri__json_member(config, "input_layers");
  size_t n = count_of(&list), node = 0;
  if (n == 0) return tri__json_expect(r->io, &list, "an array of input layers");
  for (size_t i = 0; i < n; i++) {
    tri_layer layer;
    tri_status status = listed_node(r, &list, i, &node);
    if (status) return status;
    struct json at = tri__json_element(&r->layers, r->nodes[node].layer);
    status = tri__layer_read(r->io, &at, &layer);
    if (!status && layer.kind != TRI_LAYER_INPUT)
      status = tri__json_fail(r->io, &list, TRI_ARGUMENT, "%s is no InputLayer",
                              r->names[r->nodes[node].layer]);
    if (status) return status;
    r->nodes[node].tensor = tri_model_add_input(r->m, layer);
    if (!r->nodes[node].tensor.number) return tri__model_refused(r->io, &at, r->m);
  }
  return TRI_OK;
}

static tri_status read_outputs(struct reading *r, const struct json *config) {
  struct json list = tri__json_member(config, "output_layers");
  size_t n = count_of(&list), node = 0;
  void *tensors = r->tensors;
  if (n == 0) return tri__json_expect(r->io, &list, "an array of output layers");
  if (!tri__io_grow(r->io, &tensors, &r->room, n, sizeof *r->tensors)) return no_memory(r->io);
  r->tensors = tensors;
  for (size_t i = 0; i < n; i++) {
    tri_status status = listed_node(r, &list, i, &node);
    if (status) return status;
    r->tensors[i] = r->nodes[node].tensor;
  }
  return tri_model_set_outputs(r->m, n, r->tensors) ? tri__model_refused(r->io, &list, r->m)
                                                    : TRI_OK;
}

/* --- all nodes */

/* An input has a node, though no call stands there. */
static size_t nodes_of(const struct reading *r, size_t layer) {
  struct json at = tri__json_element(&r->layers, layer);
  struct json nodes = tri__json_member(&at, "inbound_nodes");
  size_t n = tri__json_count(&nodes);
  return n ? n : 1;
}

static tri_status read_name(const struct reading *r, size_t layer) {
  struct json at = tri__json_element(&r->layers, layer);
  struct json config = tri__json_member(&at, "config"), name = tri__json_member(&config, "name");
  return tri__json_text(r->io, &name, &r->names[layer]);
}

static tri_status find_nodes(struct reading *r) {
  for (size_t i = 0; i < r->n_layers; i++) {
    tri_status status = read_name(r, i);
    if (status) return status;
    r->first[i] = r->n_nodes;
    r->n_nodes += nodes_of(r, i);
  }
  r->first[r->n_layers] = r->n_nodes;
  if (r->n_nodes > MOST_NODES) {
    tri__json_fail(r->io, &r->layers, TRI_LIMIT, "more than %d calls of layers", MOST_NODES);
    return TRI_LIMIT;
  }
  r->nodes = tri__io_new(r->io, r->n_nodes, sizeof *r->nodes);
  r->stack = tri__io_new(r->io, r->n_nodes, sizeof *r->stack);
  if (!r->nodes || !r->stack) return no_memory(r->io);
  for (size_t i = 0, layer = 0; i < r->n_nodes; i++) {
    while (i == r->first[layer + 1]) layer++;
    r->nodes[i] = (struct node){.layer = layer, .number = i - r->first[layer]};
  }
  return TRI_OK;
}

tri_status tri__functional_read(struct io *io, const struct json *config, tri_model *m) {
  struct reading r = {.io = io, .m = m, .layers = tri__json_member(config, "layers")};
  r.n_layers = tri__json_count(&r.layers);
  r.first = tri__io_new(io, r.n_layers + 1, sizeof *r.first);
  r.names = tri__io_new(io, r.n_layers, sizeof *r.names);
  tri_status status = r.first && r.names ? find_nodes(&r) : no_memory(io);
  if (!status) status = read_inputs(&r, config);
  if (!status) status = call_all(&r);
  if (!status) status = read_outputs(&r, config);
  tri__io_free(io, r.names, r.n_layers, sizeof *r.names);
  tri__io_free(io, r.first, r.n_layers + 1, sizeof *r.first);
  tri__io_free(io, r.nodes, r.n_nodes, sizeof *r.nodes);
  tri__io_free(io, r.stack, r.n_nodes, sizeof *r.stack);
  tri__io_free(io, r.tensors, r.room, sizeof *r.tensors);
  return status;
}
