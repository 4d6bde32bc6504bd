/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plans to nodes of array programs, for concrete sizes, step by step: what moves no numbers becomes
 * views. */
#include "eval/tensors.h"

#include <string.h>

#include "eval/array_scope.h"
#include "eval/array_windows.h"
#include "eval/windows.h"

/* --- what programs have */

static const char *unknown_loop(const struct plan_loop *l) {
  if (l->as.carries) return "a loop hands something on from step to step";
  return NULL;
}

bool tri__arrays_known(const struct plan *p, const char **why) {
  *why = NULL;
  for (uint32_t i = 0; i < p->shape_count && !*why; i++)
    if (p->shapes[i].rank + PROGRAM_NESTED > ARRAY_RANK) *why = "an array has too many dimensions";
  for (uint32_t s = 0; s < p->step_count && !*why; s++) {
    const struct instruction *step = p->steps + s;
    if (step->op < TRI_OP_ROWS) continue;
    if (step->op == TRI_OP_loop) {
      const struct plan_loop *l = p->loops + step->index;
      *why = unknown_loop(l);
      if (!*why) tri__arrays_known(l->body, why);
    } else if (!tri__structured_known((tri_op)step->op)) {
      *why = "an operation on arrays is known to the interpreter alone";
    }
  }
  return !*why;
}

/* --- results */

static uint32_t depth_of_step(const struct scope *s, const struct instruction *step) {
  uint32_t depth = 0;
  for (uint32_t i = 0; i < step->nargs; i++) {
    uint32_t own = s->depths[step_args(s->plan, step)[i]];
    if (own > depth) depth = own;
  }
  return depth;
}

/* A node for the result of a step, without arguments yet. */
static struct array_node *result_node(struct scope *s, const struct instruction *step,
                                      uint32_t depth, enum node_kind kind, uint32_t nargs) {
  size_t size[ARRAY_RANK];
  uint32_t rank = tri__scope_dims(s, step->result, depth, size);
  struct array_node *n = tri__array_node(s->m, kind, nargs, rank, size);
  if (!n) return NULL;
  n->op = step->op;
  n->extended = step->flags & STEP_EXTENDED;
  tri__scope_give(s, step->result, depth, last_node(s));
  return n;
}

/* --- rows */

/* A scalar argument stands for all elements. */
static struct view spread_to(const struct scope *s, uint32_t v, uint32_t depth, uint32_t rank,
                             const size_t *size) {
  struct view view = tri__scope_view(s, v, depth);
  while (view.rank < rank) view = tri__view_repeated(&view, view.rank, size[view.rank]);
  return view;
}

static bool lower_row(struct scope *s, const struct instruction *step) {
  uint32_t depth = depth_of_step(s, step);
  struct array_node *n = result_node(s, step, depth, NODE_ROW, step->nargs);
  for (uint32_t i = 0; n && i < step->nargs; i++)
    n->args[i] = spread_to(s, step_args(s->plan, step)[i], depth, n->rank, n->size);
  return n != NULL;
}

/* --- what moves no numbers */

static bool lower_permute(struct scope *s, const struct instruction *step, uint32_t depth,
                          const struct view *x) {
  struct view v = *x;
  for (uint32_t d = depth; d < x->rank; d++) {
    size_t axis = depth + (size_t)s->plan->spans[step->index + (d - depth)];
    v.size[d] = x->size[axis];
    v.stride[d] = x->stride[axis];
  }
  tri__scope_give(s, step->result, depth, v);
  return true;
}

static bool lower_reshape(struct scope *s, const struct instruction *step, uint32_t depth,
                          const struct view *x) {
  size_t size[ARRAY_RANK];
  uint32_t rank = tri__scope_dims(s, step->result, depth, size);
  struct view v = *x, dense = *x;
  if (!tri__view_reshaped(x, rank, size, &v) &&
      (!tri__array_copied(s->m, &dense) || !tri__view_reshaped(&dense, rank, size, &v)))
    return false;
  tri__scope_give(s, step->result, depth, v);
  return true;
}

static bool lower_move(struct scope *s, const struct instruction *step) {
  uint32_t depth = depth_of_step(s, step);
  struct view x = tri__scope_view(s, step->arg[0], depth);
  size_t size[ARRAY_RANK] = {0};
  tri__scope_dims(s, step->result, depth, size);
  switch (step->op) {
  case TRI_OP_permute: return lower_permute(s, step, depth, &x);
  case TRI_OP_reshape: return lower_reshape(s, step, depth, &x);
  case TRI_OP_repeat: x = tri__view_repeated(&x, depth, size[depth]); break;
  case TRI_OP_element: x = tri__view_element(&x, depth, step->index); break;
  default: x = tri__view_slice(&x, depth, (size_t)s->plan->spans[step->index], size[depth]); break;
  }
  tri__scope_give(s, step->result, depth, x);
  return true;
}

/* --- arrays of parts */

static bool lower_parts(struct scope *s, const struct instruction *step) {
  uint32_t depth = depth_of_step(s, step);
  bool embed = step->op == TRI_OP_embed;
  struct array_node *n = result_node(s, step, depth, NODE_PARTS, step->nargs);
  if (!n) return false;
  n->targets = tri__keep(s->m->program, step->nargs, sizeof *n->targets);
  if (!n->targets) return array_no_memory(s->m);
  struct view whole = last_node(s);
  size_t first = embed ? (size_t)s->plan->spans[step->index] : 0;
  n->sparse = embed;
  for (uint32_t i = 0; i < step->nargs; i++) {
    struct view x = tri__scope_view(s, step_args(s->plan, step)[i], depth);
    if (step->op == TRI_OP_stack) x = tri__view_repeated(&x, depth, 1);
    n->args[i] = x;
    n->targets[i] = tri__view_slice(&whole, depth, first, x.size[depth]);
    first += x.size[depth];
  }
  return true;
}

/* --- numbers that are known */

static bool scalar_constant(struct scope *s, uint32_t v, double x) {
  if (!tri__constant_node(s->m, 1, &x)) return false;
  struct view view = last_node(s);
  view.rank = 0;
  tri__scope_give(s, v, 0, view);
  return true;
}

static bool lower_iota(struct scope *s, const struct instruction *step) {
  struct view v;
  size_t n[ARRAY_RANK];
  /* of what a loop counts by itself nothing is laid out (plan.h) */
  if (!tri__scope_dims(s, step->result, 0, n)) {
    tri__scope_give(s, step->result, 0, (struct view){.node = NO_NODE});
    return true;
  }
  if (!tri__scope_counted(s, s->plan->spans[step->index], n[0], &v)) return false;
  tri__scope_give(s, step->result, 0, v);
  return true;
}

static bool lower_constants(struct scope *s) {
  const struct plan *p = s->plan;
  struct numbers *n = &s->workspace->level[LEVEL_BASE].numbers;
  for (uint32_t i = 0; i < p->constant_count; i++) {
    double x[4] = {0.0}; /* a number of the domain is a double */
    if (p->constants[i].pi)
      n->domain->set_pi(n, x);
    else
      n->domain->set_rational(n, x, p->constants[i].q);
    if (!scalar_constant(s, p->input_count + i, x[0])) return false;
  }
  return true;
}

/* --- products */

/* Whether CBLAS can read it as matrices: rows or columns one behind the other. */
static bool is_matrix(const struct view *v, uint32_t batch, uint32_t middle) {
  size_t count, each, rows, down, columns, along;
  if (!tri__view_as_one(v, 0, batch, &count, &each) ||
      !tri__view_as_one(v, batch, middle, &rows, &down) ||
      !tri__view_as_one(v, middle, v->rank, &columns, &along))
    return false;
  return (columns == 1 || along == 1) ? (rows == 1 || down >= columns)
                                      : ((rows == 1 || down == 1) && along >= rows);
}

static bool lower_contract(struct scope *s, const struct instruction *step) {
  uint32_t depth = depth_of_step(s, step);
  struct contraction how = tri__plan_contraction_how(s->plan, step);
  struct view x[2];
  how.batch = (uint8_t)(how.batch + depth);
  for (int i = 0; i < 2; i++) {
    x[i] = tri__scope_view(s, step->arg[i], depth);
    uint32_t middle = how.turned >> i & 1 ? how.batch + how.contracted : x[i].rank - how.contracted;
    if (!is_matrix(&x[i], how.batch, middle) && !tri__array_copied(s->m, &x[i])) return false;
  }
  struct array_node *n = result_node(s, step, depth, NODE_PRODUCT, 2);
  if (!n) return false;
  memcpy(n->args, x, sizeof x);
  n->how = how;
  return true;
}

/* --- structured operations with kernels of their own */

/* Windows of images, all those of loops in front one after the other. */
static bool give_windows(struct scope *s, const struct instruction *step, uint32_t depth,
                         struct array_node *n) {
  n->kind = NODE_WINDOWS;
  n->windows = tri__keep(s->m->program, 1, sizeof *n->windows);
  if (!n->windows) return array_no_memory(s->m);
  struct window_layout l = tri__plan_window_layout(s->plan, step, s->workspace->sizes);
  for (uint32_t d = 0; d < depth; d++) l.n *= s->steps[d];
  n->windows->conv.w = l;
  struct windows w = tri__plan_windows(s->plan, step);
  n->windows->inside = tri__windows_inside(&w);
  return true;
}

static bool lower_structured(struct scope *s, const struct instruction *step) {
  uint32_t depth = depth_of_step(s, step);
  struct view x[STEP_INLINE];
  if (step->nargs > STEP_INLINE)
    return array_no_program(s->m, "an operation has too many arguments");
  if (step->op == TRI_OP_scatter && depth)
    return array_no_program(s->m, "parts are scattered in a loop that does not only add them up");
  for (uint32_t i = 0; i < step->nargs; i++) {
    x[i] = tri__scope_view(s, step->arg[i], depth);
    /* parts of an array that is the same at all steps are chosen at all steps at once */
    if (step->op == TRI_OP_gather && i == 0) {
      if (s->depths[step->arg[0]])
        return array_no_program(s->m, "an index chooses from what a loop makes");
      x[0] = s->views[step->arg[0]];
    }
    if (!tri__array_dense(s->m, &x[i])) return false;
  }
  struct array_node *n = result_node(s, step, depth, NODE_STRUCTURED, step->nargs);
  if (!n) return false;
  memcpy(n->args, x, step->nargs * sizeof *x);
  return !op_has_windows(step->op) || give_windows(s, step, depth, n);
}

/* --- the whole */

static bool lower_step(struct scope *s, const struct instruction *step) {
  if (step->op < TRI_OP_ROWS) return lower_row(s, step);
  switch (step->op) {
  case TRI_OP_loop: return tri__lower_loop(s, step);
  case TRI_OP_contract: return lower_contract(s, step);
  case TRI_OP_iota: return lower_iota(s, step);
  case TRI_OP_size:
    return scalar_constant(s, step->result, (double)s->workspace->sizes[step->index]);
  case TRI_OP_permute:
  case TRI_OP_reshape:
  case TRI_OP_repeat:
  case TRI_OP_element:
  case TRI_OP_slice: return lower_move(s, step);
  case TRI_OP_stack:
  case TRI_OP_concat:
  case TRI_OP_embed: return lower_parts(s, step);
  default: return lower_structured(s, step);
  }
}

bool tri__lower_body(struct scope *body) {
  if (!lower_constants(body)) return false;
  for (uint32_t k = 0; k < body->plan->step_count; k++)
    if (!(body->plan->steps[k].flags & STEP_SUMMED) && !lower_step(body, body->plan->steps + k))
      return false;
  return true;
}

static bool lower_inputs(struct scope *s) {
  struct array_program *p = s->m->program;
  for (uint32_t i = 0; i < s->plan->input_count; i++) {
    size_t size[ARRAY_RANK];
    struct array_node *n =
        tri__array_node(s->m, NODE_INPUT, 0, tri__scope_dims(s, i, 0, size), size);
    if (!n) return false;
    n->index = i;
    p->input_counts[i] = n->count;
    tri__scope_give(s, i, 0, last_node(s));
  }
  return true;
}

bool tri__arrays_lower(struct array_maker *m) {
  struct array_program *p = m->program;
  tri_workspace *w = m->workspace;
  struct scope s = {.m = m, .plan = w->plan, .workspace = w};
  bool ok = tri__scope_open(&s) && lower_inputs(&s) && tri__lower_body(&s);
  for (uint32_t o = 0; ok && o < p->output_count; o++) {
    p->outputs[o] = s.views[w->plan->outputs[o]];
    p->output_counts[o] = tri__view_count(&p->outputs[o]);
  }
  tri__scope_close(&s);
  return ok;
}
