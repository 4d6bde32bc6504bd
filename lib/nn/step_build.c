/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Steps as expressions, compiled to one function each. A step of training is
 *   (weights, slots, x, y, masks, rate, step size) -> (measured, weights', slots')
 * and updates weights and slots in place; that of a test (weights, x, y) -> measured, that of a
 * prediction (weights, x) -> outputs. */
#include <stdio.h>
#include <string.h>
#include <triad/calculus.h>

#include "nn/train.h"

/* --- expressions of a step while it is put together */

struct parts {
  tri_model *m;
  struct training *t;
  enum step_kind kind;
  struct built built;
  tri_expr *inputs, *outputs;
  size_t n_inputs, n_outputs, n_in_room, n_out_room;
  size_t *donated;
  tri_expr *gradients, *trained; /* by the weights that are trained, t->n_trained of them */
  size_t first_x, first_y, first_mask, first_rate;
};

static bool is_training(const struct parts *p) { return p->kind == STEP_TRAIN; }

static bool make_room(struct parts *p) {
  struct memory *memory = &p->m->memory;
  const struct training *t = p->t;
  size_t weights = p->m->n_weights, kept = weights + t->n_trained * t->n_slots;
  p->n_in_room = kept + t->n_x + t->n_y + p->built.n_masks + 2;
  p->n_out_room = kept + t->n_y + t->measures.n;
  p->inputs = tri__new(memory, p->n_in_room, sizeof *p->inputs);
  p->outputs = tri__new(memory, p->n_out_room, sizeof *p->outputs);
  p->donated = tri__new(memory, p->n_out_room, sizeof *p->donated);
  p->gradients = tri__new(memory, t->n_trained, sizeof *p->gradients);
  p->trained = tri__new(memory, t->n_trained, sizeof *p->trained);
  return p->inputs && p->outputs && p->donated && p->gradients && p->trained;
}

static void free_parts(struct parts *p) {
  struct memory *memory = &p->m->memory;
  tri__built_free(p->m, &p->built);
  tri__free(memory, p->inputs, p->n_in_room, sizeof *p->inputs);
  tri__free(memory, p->outputs, p->n_out_room, sizeof *p->outputs);
  tri__free(memory, p->donated, p->n_out_room, sizeof *p->donated);
  tri__free(memory, p->gradients, p->t->n_trained, sizeof *p->gradients);
  tri__free(memory, p->trained, p->t->n_trained, sizeof *p->trained);
}

/* --- inputs */

static void input(struct parts *p, tri_expr variable) { p->inputs[p->n_inputs++] = variable; }

static tri_expr slot_variable(struct parts *p, size_t trained, size_t slot) {
  char name[NAME_SIZE];
  const struct sample *s = &p->m->weights[p->t->trained[trained]].shape;
  snprintf(name, sizeof name, "slot/%zu/%zu", slot, trained);
  return tri_variable_shaped(p->m->graph, name, s->rank, s->shape, NULL);
}

tri_expr tri__target_variable(tri_model *m, size_t i) {
  const struct training *t = m->training;
  char name[NAME_SIZE];
  snprintf(name, sizeof name, "target/%zu", i);
  return tri__batch_variable(m, name, &t->ports[t->n_x + i].shape);
}

static void make_inputs(struct parts *p) {
  const tri_model *m = p->m;
  size_t slots = is_training(p) ? p->t->n_slots : 0;
  for (size_t i = 0; i < m->n_weights; i++) input(p, m->weights[i].variable);
  for (size_t i = 0; i < p->t->n_trained; i++)
    for (size_t k = 0; k < slots; k++) input(p, slot_variable(p, i, k));
  p->first_x = p->n_inputs;
  for (size_t i = 0; i < p->t->n_x; i++) input(p, m->calls[m->inputs[i]].value);
  p->first_y = p->n_inputs;
  for (size_t i = 0; i < p->t->n_y && p->kind != STEP_PREDICT; i++)
    input(p, tri__target_variable(p->m, i));
  p->first_mask = p->n_inputs;
  for (size_t i = 0; i < p->built.n_masks; i++) input(p, p->built.masks[i].variable);
  p->first_rate = p->n_inputs;
  if (!is_training(p)) return;
  input(p, tri_variable(m->graph, "rate/learning"));
  input(p, tri_variable(m->graph, "rate/step"));
}

/* --- outputs */

static void output(struct parts *p, tri_expr e, size_t donated) {
  p->donated[p->n_outputs] = donated;
  p->outputs[p->n_outputs++] = e;
}

/* A weight after the step, in its own place, and its slots. */
static void output_trained(struct parts *p, size_t i) {
  tri_expr next[MOST_SLOTS], *rates = &p->inputs[p->first_rate];
  size_t slots = p->t->n_slots, first = p->m->n_weights + i * slots;
  tri_expr w = tri__optimizer_step(&p->t->optimizer, rates[0], rates[1], p->trained[i],
                                   p->gradients[i], p->inputs + first, next);
  output(p, w, p->t->trained[i] + 1);
  for (size_t k = 0; k < slots; k++) output(p, next[k], first + k + 1);
}

static tri_status output_step(struct parts *p) {
  const struct training *t = p->t;
  for (size_t i = 0; i < t->n_trained; i++) p->trained[i] = p->m->weights[t->trained[i]].variable;
  if (t->n_trained) {
    tri_status status = tri_gradient(p->outputs[0], t->n_trained, p->trained, p->gradients);
    if (status) return status;
  }
  tri__clip_gradients(&t->optimizer, t->n_trained, p->gradients);
  for (size_t i = 0; i < t->n_trained; i++) output_trained(p, i);
  for (size_t i = 0; i < p->built.n_updates; i++)
    output(p, p->built.updates[i].value, p->built.updates[i].weight + 1);
  return TRI_OK;
}

static tri_status make_outputs(struct parts *p) {
  if (p->kind == STEP_PREDICT) {
    for (size_t i = 0; i < p->t->n_y; i++) output(p, p->built.outputs[i], 0);
    return TRI_OK;
  }
  tri_status status = tri__measure(p->m, &p->built, p->inputs + p->first_y, p->outputs);
  p->n_outputs = p->t->measures.n;
  return status || !is_training(p) ? status : output_step(p);
}

/* --- from expressions to a function */

static tri_status compile(struct parts *p, struct step *s) {
  tri_model *m = p->m;
  tri_error error = {.status = TRI_OK};
  s->function = tri_compile(p->n_inputs, p->inputs, p->n_outputs, p->outputs, .domain = m->domain,
                            .primals = is_training(p) ? p->t->measures.n : 0, .donated = p->donated,
                            .allocator = &m->memory.allocator, .error = &error);
  s->first_x = p->first_x;
  s->first_mask = p->first_mask;
  s->first_rate = p->first_rate;
  s->n_inputs = p->n_inputs;
  s->n_outputs = p->n_outputs;
  if (s->function) s->workspace = tri_workspace_new(s->function);
  if (!s->function && error.status) return tri__model_fail(m, error.status, "%s", error.message);
  return s->workspace ? TRI_OK : tri__model_no_memory(m);
}

static tri_status make(struct parts *p, struct step *s) {
  tri_model *m = p->m;
  tri_mark mark = tri_graph_mark(m->graph);
  tri_status status = tri__model_build(m, is_training(p), &p->built);
  if (!status && !make_room(p)) status = tri__model_no_memory(m);
  if (!status) make_inputs(p);
  if (!status) status = make_outputs(p);
  if (tri_graph_status(m->graph)) status = tri__model_graph_failed(m);
  if (!status) status = compile(p, s);
  if (!status) status = tri__step_places(m, s, &p->built);
  tri_graph_rewind(m->graph, mark); /* functions outlive it */
  return status;
}

tri_status tri__step_ready(tri_model *m, enum step_kind kind) {
  struct step *s = &m->training->step[kind];
  struct parts p = {.m = m, .t = m->training, .kind = kind};
  if (s->function) return TRI_OK;
  tri_status status = make(&p, s);
  free_parts(&p);
  if (status) tri__step_free(m, s);
  return status;
}
