/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Back through a loop's steps by machine code: values and adjoints of one step in one function.
 * Adjoints are added up in the order of loop_sweep.c, so that they are the same bit for bit. A step
 * whose adjoints have a NaN is left to the interpreter, which may have none there (native_program.c
 * says why). */
#include <string.h>

#include "eval/native_loops.h"

struct native_back {
  struct native_compiled *code;
  size_t inputs, weights; /* numbers */
};

/* --- making */

static bool measure(struct native_back *b, const struct plan_loop *l) {
  const struct loop *as = &l->as;
  for (uint32_t i = 0; i < l->body->input_count; i++) {
    size_t count = count_of_value(l->body, i);
    b->inputs += count;
    if (i >= as->steps && l->wanted[i]) b->weights += count;
  }
  for (uint32_t k = 0; k < l->results; k++) {
    uint32_t i;
    enum loop_result kind = tri__loop_result_kind(as, l->kept[k], &i);
    if (kind == RESULT_CARRIES)
      b->weights += count_of_value(l->body, carry_input(l, i));
    else if (kind != RESULT_CARRY)
      b->weights += count_of_value(l->body, l->body->outputs[l->output[l->kept[k]]]);
  }
  return b->inputs > 0;
}

struct native_back *tri__native_back_new(struct native_maker *m, const struct plan_loop *l) {
  if (!tri__native_writes_out(l->body)) return NULL;
  struct native_back *b = tri__new(m->memory, 1, sizeof *b);
  if (!b) return NULL;
  struct native_draft draft = {.memory = m->memory, .plan = l->body};
  if (measure(b, l) && tri__native_step_back(&draft, l) &&
      draft.program.op_count <= NATIVE_MOST_WRITTEN)
    b->code = tri__native_compile(m, &draft);
  tri__native_draft_free(&draft);
  if (b->code) return b;
  tri__free(m->memory, b, 1, sizeof *b);
  return NULL;
}

void tri__native_back_free(struct native_maker *m, struct native_back *b) {
  if (!b) return;
  tri__native_cache_drop(m->cache, m->memory, b->code);
  tri__free(m->memory, b, 1, sizeof *b);
}

/* --- running */

struct pass {
  const struct turn *turn;
  const struct sweep *outer, *inner;
  const struct native_back *code;
  struct native_walk walk;
  double *weights, *gradient, *work;
};

static size_t room_of(const struct native_back *b) {
  return (b->weights + b->inputs + b->code->work_count) * sizeof(double);
}

static bool open_pass(struct pass *p, const struct native_back *code) {
  p->code = code;
  if (!tri__native_walk_open(&p->walk, p->turn, NULL, room_of(code))) return false;
  p->weights = (double *)(void *)p->walk.more;
  p->gradient = p->weights + code->weights;
  p->work = p->gradient + code->inputs;
  return true;
}

static void take(double **to, const double *from, size_t count) {
  if (count) memcpy(*to, from, count * sizeof **to);
  *to += count;
}

static double *carry_adjoint(const struct pass *p, uint32_t c) {
  return (double *)p->turn->level->carry_adjoints + tri__carry_place(p->turn, c);
}

/* The adjoints of what the step gives, in the order in which the code reads them. */
static void take_weights(const struct pass *p, size_t part) {
  const struct turn *t = p->turn;
  const struct plan_loop *l = t->loop;
  double *to = p->weights;
  for (uint32_t i = l->as.steps; i < l->as.steps + l->as.constants; i++)
    if (l->wanted[i]) take(&to, adjoint_of(p->inner, i, 0), count_of(&t->body, i));
  for (uint32_t k = 0; k < l->results; k++) {
    uint32_t i, result = t->step->result + k;
    enum loop_result kind = tri__loop_result_kind(&l->as, l->kept[k], &i);
    if (kind == RESULT_CARRY) continue;
    uint32_t v =
        kind == RESULT_CARRIES ? carry_input(l, i) : l->body->outputs[l->output[l->kept[k]]];
    size_t count = count_of(&t->body, v), first = kind == RESULT_SUMMED ? 0 : part * count;
    take(&to, adjoint_of(p->outer, result, first), count);
  }
  for (uint32_t c = 0; c < l->as.carries; c++)
    take(&to, carry_adjoint(p, c), count_of(&t->body, carry_input(l, c)));
}

/* The adjoints of the step's inputs to where they belong. */
static void give_adjoints(const struct pass *p, size_t part) {
  const struct turn *t = p->turn;
  const struct plan_loop *l = t->loop;
  const double *from = p->gradient;
  for (uint32_t i = 0; i < l->body->input_count; i++) {
    size_t count = count_of(&t->body, i);
    double *to = i >= carry_input(l, 0) ? carry_adjoint(p, i - carry_input(l, 0))
                                        : adjoint_of(p->inner, i, 0);
    if (i < l->as.steps && l->wanted[i]) {
      to = adjoint_of(p->outer, t->args[i], part * count);
      for (size_t e = 0; e < count; e++) to[e] += from[e];
    } else if (l->wanted[i] && count) {
      memcpy(to, from, count * sizeof *to);
    }
    from += count;
  }
}

bool tri__native_turn_back(const struct turn *t, const struct sweep *outer,
                           const struct sweep *inner, size_t step) {
  struct pass p = {.turn = t, .outer = outer, .inner = inner};
  const tri_trace *trace = t->outer->call->trace;
  const struct native_loop *code = trace ? NULL : tri__native_code_for(t, NATIVE_BACK);
  if (!code || !open_pass(&p, code->back)) return false;
  tri__native_walk_aim(&p.walk);
  tri__native_walk_to(&p.walk, part_of(t, step));
  take_weights(&p, part_of(t, step));
  const double *arrays = (const double *)(const void *)p.walk.arrays;
  if (p.code->code->run(arrays, p.weights, p.work, p.gradient)) return false;
  give_adjoints(&p, part_of(t, step));
  return true;
}

bool tri__native_back_rehearse(const struct turn *t) {
  struct pass p = {.turn = t};
  const struct native_loop *code = tri__native_code_for(t, NATIVE_BACK);
  return !code || open_pass(&p, code->back);
}
