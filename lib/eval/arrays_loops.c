/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops in array programs: the steps become a dimension in front of all that depends on them, and a
 * sum over the steps is one over that dimension. */
#include <string.h>

#include "eval/array_scope.h"

/* The dimensions in the order in which elements lie in memory. */
static void sort_by_stride(struct view *v, size_t *to) {
  for (uint32_t d = 1; d < v->rank; d++) {
    size_t size = v->size[d], stride = v->stride[d], own = to[d];
    uint32_t e = d;
    for (; e > 0 && v->stride[e - 1] < stride; e--) {
      v->size[e] = v->size[e - 1];
      v->stride[e] = v->stride[e - 1];
      to[e] = to[e - 1];
    }
    v->size[e] = size;
    v->stride[e] = stride;
    to[e] = own;
  }
}

/* Sums the view over dimension `at`. */
static bool lower_sum(struct array_maker *m, const struct view *x, uint32_t at) {
  struct view parts = tri__view_element(x, at, 0);
  size_t stride = 1, elements;
  if (!tri__array_counted(m, x->rank, x->size, &elements)) return false;
  struct array_node *n = tri__array_node(m, NODE_SUM, 1, parts.rank, parts.size);
  if (!n) return false;
  if (!(n->to = tri__keep(m->program, x->rank, sizeof *n->to))) return array_no_memory(m);
  n->args[0] = *x;
  for (uint32_t d = x->rank; d-- > 0;) {
    if (d == at) continue;
    n->to[d] = stride;
    stride *= x->size[d];
  }
  sort_by_stride(&n->args[0], n->to);
  return true;
}

/* Adds w[…, s…] to the parts of [n, s…] that the indices say. */
static bool lower_scatters(struct scope *body, const struct plan_loop *l, uint32_t k,
                           struct scope *outer, uint32_t v) {
  struct array_maker *m = body->m;
  const struct plan_term *term = l->terms + l->first_term[k];
  const struct instruction *step = body->plan->steps + term->step;
  if (l->first_term[k + 1] - l->first_term[k] != 1 || term->step == NO_STEP)
    return array_no_program(m, "a loop adds up more than one scattered part");
  if (outer->depth) return array_no_program(m, "parts are scattered in a loop within a loop");
  struct view x[2];
  for (int i = 0; i < 2; i++) {
    x[i] = tri__scope_view(body, step->arg[i], body->depth);
    if (!tri__array_dense(m, &x[i])) return false;
  }
  size_t size[ARRAY_RANK];
  uint32_t rank = tri__scope_dims(outer, v, 0, size);
  struct array_node *n = tri__array_node(m, NODE_STRUCTURED, 2, rank, size);
  if (!n) return false;
  n->op = TRI_OP_scatter;
  memcpy(n->args, x, sizeof x);
  tri__scope_give(outer, v, 0, last_node(outer));
  return true;
}

static bool give_result(struct scope *body, const struct plan_loop *l, uint32_t k,
                        struct scope *outer, uint32_t v) {
  uint32_t i, inner = body->plan->outputs[l->output[l->kept[k]]];
  enum loop_result kind = tri__loop_result_kind(&l->as, l->kept[k], &i);
  if (kind == RESULT_SUMMED && l->first_term[k + 1] > l->first_term[k])
    return lower_scatters(body, l, k, outer, v);
  struct view x = tri__scope_view(body, inner, body->depth);
  if (kind == RESULT_SUMMED) {
    if (!lower_sum(body->m, &x, outer->depth)) return false;
    x = last_node(outer);
  }
  tri__scope_give(outer, v, outer->depth, x);
  return true;
}

static bool take_inputs(struct scope *body, const struct scope *outer, const struct plan_loop *l,
                        const struct instruction *step) {
  const uint32_t *args = step_args(outer->plan, step);
  for (uint32_t i = 0; i < step->nargs; i++) {
    bool by_step = i < l->as.steps;
    if (by_step && l->counted[i]) {
      struct view numbers;
      if (!tri__scope_counted(body, l->first[i], body->steps[outer->depth], &numbers)) return false;
      for (uint32_t d = 0; d < outer->depth; d++)
        numbers = tri__view_repeated(&numbers, d, outer->steps[d]);
      tri__scope_give(body, i, body->depth, numbers);
    } else if (by_step) {
      tri__scope_give(body, i, body->depth, tri__scope_view(outer, args[i], outer->depth));
    } else {
      tri__scope_give(body, i, outer->depths[args[i]], outer->views[args[i]]);
    }
  }
  return true;
}

bool tri__lower_loop(struct scope *s, const struct instruction *step) {
  const struct plan_loop *l = s->plan->loops + step->index;
  struct scope body = {.m = s->m, .plan = l->body, .depth = s->depth + 1};
  if (body.depth > PROGRAM_NESTED) return array_no_program(s->m, "loops are nested too deeply");
  body.workspace = s->workspace->loops[step->index];
  memcpy(body.steps, s->steps, s->depth * sizeof *s->steps);
  body.steps[s->depth] =
      l->size == NO_SIZE ? (size_t)l->as.n : (size_t)s->workspace->sizes[l->size];
  bool ok = tri__scope_open(&body) && take_inputs(&body, s, l, step) && tri__lower_body(&body);
  for (uint32_t k = 0; ok && k < step->results; k++)
    ok = give_result(&body, l, k, s, step->result + k);
  tri__scope_close(&body);
  return ok;
}
