/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The order in which Keras lists the layers of a functional model: those farthest from the outputs
 * first, and of equal distance in the order in which a walk from the outputs comes to them. Layers
 * that no output needs are not listed. */
#include "nn/nn.h"

/* What is found of each call and of each layer. */
struct order {
  size_t *call_depth, *layer_depth; /* 0: not reached; else 1 + the longest way to an output */
  size_t *stack, *found;            /* calls to be looked at; layers as they were come to */
  size_t stacked, n_found;
  bool *seen, *listed; /* calls, layers */
};

static void deeper(size_t *depth, size_t to) {
  if (*depth < to) *depth = to;
}

/* Calls stand after those that they take, so one walk back is enough. */
static void find_depths(const tri_model *m, struct order *o) {
  for (size_t i = 0; i < m->n_outputs; i++) o->call_depth[m->outputs[i]] = 1;
  for (size_t i = m->n_calls; i-- > 0;) {
    const struct call *c = &m->calls[i];
    if (!o->call_depth[i]) continue;
    deeper(&o->call_depth[i], o->layer_depth[c->layer]);
    deeper(&o->layer_depth[c->layer], o->call_depth[i]);
    for (size_t k = 0; k < c->links; k++)
      deeper(&o->call_depth[m->links[c->first_link + k]], o->call_depth[i] + 1);
  }
}

/* From the outputs, in their order, and each call's inputs in theirs. */
static void walk(const tri_model *m, struct order *o) {
  for (size_t i = m->n_outputs; i-- > 0;) o->stack[o->stacked++] = m->outputs[i];
  while (o->stacked > 0) {
    size_t i = o->stack[--o->stacked];
    const struct call *c = &m->calls[i];
    if (o->seen[i]) continue;
    o->seen[i] = true;
    if (!o->listed[c->layer]) o->found[o->n_found++] = c->layer;
    o->listed[c->layer] = true;
    for (size_t k = c->links; k-- > 0;) o->stack[o->stacked++] = m->links[c->first_link + k];
  }
}

static size_t in_order(const tri_model *m, const struct order *o, size_t *layers) {
  size_t n = 0, deepest = 0;
  for (size_t i = 0; i < m->n_layers; i++) deeper(&deepest, o->layer_depth[i]);
  for (size_t depth = deepest; depth > 0; depth--)
    for (size_t i = 0; i < o->n_found; i++)
      if (o->layer_depth[o->found[i]] == depth) layers[n++] = o->found[i];
  return n;
}

bool tri__layer_order(const tri_model *m, struct memory *memory, size_t *layers, size_t *n) {
  size_t calls = m->n_calls, all = m->n_layers, room = m->n_links + m->n_outputs;
  struct order o = {.call_depth = tri__new(memory, calls, sizeof *o.call_depth),
                    .layer_depth = tri__new(memory, all, sizeof *o.layer_depth),
                    .stack = tri__new(memory, room, sizeof *o.stack),
                    .found = tri__new(memory, all, sizeof *o.found),
                    .seen = tri__new(memory, calls, sizeof *o.seen),
                    .listed = tri__new(memory, all, sizeof *o.listed)};
  bool whole = o.call_depth && o.layer_depth && o.stack && o.found && o.seen && o.listed;
  if (whole) {
    find_depths(m, &o);
    walk(m, &o);
    *n = in_order(m, &o, layers);
  }
  tri__free(memory, o.call_depth, calls, sizeof *o.call_depth);
  tri__free(memory, o.layer_depth, all, sizeof *o.layer_depth);
  tri__free(memory, o.stack, room, sizeof *o.stack);
  tri__free(memory, o.found, all, sizeof *o.found);
  tri__free(memory, o.seen, calls, sizeof *o.seen);
  tri__free(memory, o.listed, all, sizeof *o.listed);
  return whole;
}
