/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plans to nodes of array programs, for concrete sizes: what moves no numbers becomes views, and
 * bodies of loops are taken in with the steps as a dimension. */
#include "eval/tensors.h"

#include <string.h>

#include "eval/array_windows.h"
#include "eval/windows.h"

/* A plan that is being taken in: the program's, or a body's within `depth` loops. Value v is a view
 * whose first depths[v] dimensions are those of the outermost loops. */
struct scope {
  struct array_maker *m;
  const struct plan *plan;
  tri_workspace *workspace; /* of this plan */
  uint32_t depth;
  size_t steps[MOST_NESTED]; /* of the loops */
  struct view *views;
  uint32_t *depths;
};

static bool no_memory(struct array_maker *m) {
  m->no_memory = true;
  return false;
}
static bool no_program(struct array_maker *m, const char *why) {
  if (!m->why) m->why = why;
  return false;
}

/* --- what programs have */

static const char *unknown_loop(const struct plan_loop *l) {
  if (l->as.carries) return "a loop hands something on from step to step";
  return NULL;
}

bool tri__arrays_known(const struct plan *p, const char **why) {
  *why = NULL;
  for (uint32_t i = 0; i < p->shape_count && !*why; i++)
    if (p->shapes[i].rank + MOST_NESTED / 8 > ARRAY_RANK) *why = "an array has too many dimensions";
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

/* --- nodes */

/* Loops in one another have more elements at once than any array: not too many to count them and
 * their bytes. */
static bool count_elements(struct array_maker *m, uint32_t rank, const size_t *size,
                           size_t *count) {
  bool fits = true;
  *count = 1;
  for (uint32_t d = 0; d < rank; d++)
    if (size[d] == 0) return *count = 0, true;
  for (uint32_t d = 0; d < rank && fits; d++)
    fits = size_product(*count, size[d], count) && *count <= PTRDIFF_MAX / sizeof(double);
  return fits || no_program(m, "loops in one another have too many steps");
}

struct array_node *tri__array_node(struct array_maker *m, enum node_kind kind, uint32_t nargs,
                                   uint32_t rank, const size_t *size) {
  struct array_program *p = m->program;
  size_t count;
  if (!count_elements(m, rank, size, &count)) return NULL;
  if (p->node_count >= NO_NODE - 1 || !tri__grow(p->memory, (void **)&p->nodes, &p->node_capacity,
                                                 p->node_count + 1, sizeof *p->nodes))
    return no_memory(m), NULL;
  struct array_node *n = p->nodes + p->node_count;
  *n = (struct array_node){.kind = (uint8_t)kind, .nargs = nargs, .count = count, .rank = rank};
  n->args = tri__keep(p, nargs, sizeof *n->args);
  if (!n->args) return no_memory(m), NULL;
  n->task = NO_TASK;
  memcpy(n->size, size, rank * sizeof *size);
  p->node_count++;
  return n;
}

static struct view last_node(const struct scope *s) {
  return tri__whole_view(s->m->program, s->m->program->node_count - 1);
}

/* The elements copied to one behind the other. */
bool tri__array_copied(struct array_maker *m, struct view *v) {
  struct view from = *v;
  struct array_node *n = tri__array_node(m, NODE_PARTS, 1, from.rank, from.size);
  if (!n) return false;
  if (!(n->targets = tri__keep(m->program, 1, sizeof *n->targets))) return no_memory(m);
  n->args[0] = from;
  *v = tri__whole_view(m->program, m->program->node_count - 1);
  m->program->nodes[v->node].targets[0] = *v;
  return true;
}

bool tri__array_dense(struct array_maker *m, struct view *v) {
  return tri__view_is_dense(v) || tri__array_copied(m, v);
}

/* --- values */

static size_t sized(const struct scope *s, int64_t dim) {
  return (size_t)(dim < 0 ? s->workspace->sizes[~dim] : dim);
}

/* The dimensions of a value within loops. */
static uint32_t dims_of(const struct scope *s, uint32_t v, uint32_t depth, size_t *size) {
  const struct plan_shape *shape = s->plan->shapes + s->plan->values[v].shape;
  memcpy(size, s->steps, depth * sizeof *size);
  for (uint32_t d = 0; d < shape->rank; d++)
    size[depth + d] = sized(s, s->plan->dims[shape->first + d]);
  return depth + shape->rank;
}

/* A value as it is within `depth` loops: the same at every step of those that it does not depend
 * on. */
static struct view within(const struct scope *s, uint32_t v, uint32_t depth) {
  struct view view = s->views[v];
  for (uint32_t d = s->depths[v]; d < depth; d++) view = tri__view_repeated(&view, d, s->steps[d]);
  return view;
}

static uint32_t depth_of_step(const struct scope *s, const struct instruction *step) {
  uint32_t depth = 0;
  for (uint32_t i = 0; i < step->nargs; i++) {
    uint32_t own = s->depths[step_args(s->plan, step)[i]];
    if (own > depth) depth = own;
  }
  return depth;
}

static void give(struct scope *s, uint32_t v, uint32_t depth, struct view view) {
  s->views[v] = view;
  s->depths[v] = depth;
}

/* A node for the result of a step, without arguments yet. */
static struct array_node *result_node(struct scope *s, const struct instruction *step,
                                      uint32_t depth, enum node_kind kind, uint32_t nargs) {
  size_t size[ARRAY_RANK];
  uint32_t rank = dims_of(s, step->result, depth, size);
  struct array_node *n = tri__array_node(s->m, kind, nargs, rank, size);
  if (!n) return NULL;
  n->op = step->op;
  n->extended = step->flags & STEP_EXTENDED;
  give(s, step->result, depth, last_node(s));
  return n;
}

/* --- rows */

/* A scalar argument stands for all elements. */
static struct view spread_to(const struct scope *s, uint32_t v, uint32_t depth, uint32_t rank,
                             const size_t *size) {
  struct view view = within(s, v, depth);
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
  give(s, step->result, depth, v);
  return true;
}

static bool lower_reshape(struct scope *s, const struct instruction *step, uint32_t depth,
                          const struct view *x) {
  size_t size[ARRAY_RANK];
  uint32_t rank = dims_of(s, step->result, depth, size);
  struct view v = *x, dense = *x;
  if (!tri__view_reshaped(x, rank, size, &v) &&
      (!tri__array_copied(s->m, &dense) || !tri__view_reshaped(&dense, rank, size, &v)))
    return false;
  give(s, step->result, depth, v);
  return true;
}

static bool lower_move(struct scope *s, const struct instruction *step) {
  uint32_t depth = depth_of_step(s, step);
  struct view x = within(s, step->arg[0], depth);
  size_t size[ARRAY_RANK] = {0};
  dims_of(s, step->result, depth, size);
  switch (step->op) {
  case TRI_OP_permute: return lower_permute(s, step, depth, &x);
  case TRI_OP_reshape: return lower_reshape(s, step, depth, &x);
  case TRI_OP_repeat: x = tri__view_repeated(&x, depth, size[depth]); break;
  case TRI_OP_element: x = tri__view_element(&x, depth, step->index); break;
  default: x = tri__view_slice(&x, depth, (size_t)s->plan->spans[step->index], size[depth]); break;
  }
  give(s, step->result, depth, x);
  return true;
}

/* --- arrays of parts */

static bool lower_parts(struct scope *s, const struct instruction *step) {
  uint32_t depth = depth_of_step(s, step);
  bool embed = step->op == TRI_OP_embed;
  struct array_node *n = result_node(s, step, depth, NODE_PARTS, step->nargs);
  if (!n) return false;
  n->targets = tri__keep(s->m->program, step->nargs, sizeof *n->targets);
  if (!n->targets) return no_memory(s->m);
  struct view whole = last_node(s);
  size_t first = embed ? (size_t)s->plan->spans[step->index] : 0;
  n->sparse = embed;
  for (uint32_t i = 0; i < step->nargs; i++) {
    struct view x = within(s, step_args(s->plan, step)[i], depth);
    if (step->op == TRI_OP_stack) x = tri__view_repeated(&x, depth, 1);
    n->args[i] = x;
    n->targets[i] = tri__view_slice(&whole, depth, first, x.size[depth]);
    first += x.size[depth];
  }
  return true;
}

/* --- numbers that are known */

static bool constant_node(struct array_maker *m, size_t count, const double *values) {
  struct array_program *p = m->program;
  struct array_node *n = tri__array_node(m, NODE_CONSTANT, 0, 1, &count);
  if (!n) return false;
  char *at = tri__keep(p, count, p->size);
  if (!at) return no_memory(m);
  for (size_t i = 0; i < count; i++) set_number(p, at, i, values[i]);
  n->values = at;
  return true;
}

static bool scalar_constant(struct scope *s, uint32_t v, double x) {
  if (!constant_node(s->m, 1, &x)) return false;
  struct view view = last_node(s);
  view.rank = 0;
  give(s, v, 0, view);
  return true;
}

static bool counted(struct scope *s, int64_t first, size_t n, struct view *v) {
  struct array_program *p = s->m->program;
  double *values = tri__new(p->memory, n, sizeof *values);
  if (!values) return no_memory(s->m);
  for (size_t i = 0; i < n; i++) values[i] = (double)(first + (int64_t)i);
  bool ok = constant_node(s->m, n, values);
  tri__free(p->memory, values, n, sizeof *values);
  if (ok) *v = last_node(s);
  return ok;
}

static bool lower_iota(struct scope *s, const struct instruction *step) {
  struct view v;
  size_t n[ARRAY_RANK];
  /* of what a loop counts by itself nothing is laid out (plan.h) */
  if (!dims_of(s, step->result, 0, n)) {
    give(s, step->result, 0, (struct view){.node = NO_NODE});
    return true;
  }
  if (!counted(s, s->plan->spans[step->index], n[0], &v)) return false;
  give(s, step->result, 0, v);
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
    x[i] = within(s, step->arg[i], depth);
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
  if (!n->windows) return no_memory(s->m);
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
  if (step->nargs > STEP_INLINE) return no_program(s->m, "an operation has too many arguments");
  if (step->op == TRI_OP_scatter && depth)
    return no_program(s->m, "parts are scattered in a loop that does not only add them up");
  for (uint32_t i = 0; i < step->nargs; i++) {
    x[i] = within(s, step->arg[i], depth);
    /* parts of an array that is the same at all steps are chosen at all steps at once */
    if (step->op == TRI_OP_gather && i == 0) {
      if (s->depths[step->arg[0]])
        return no_program(s->m, "an index chooses from what a loop makes");
      x[0] = s->views[step->arg[0]];
    }
    if (!tri__array_dense(s->m, &x[i])) return false;
  }
  struct array_node *n = result_node(s, step, depth, NODE_STRUCTURED, step->nargs);
  if (!n) return false;
  memcpy(n->args, x, step->nargs * sizeof *x);
  return !op_has_windows(step->op) || give_windows(s, step, depth, n);
}

static bool lower_step(struct scope *s, const struct instruction *step);

/* --- loops */

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
  if (!count_elements(m, x->rank, x->size, &elements)) return false;
  struct array_node *n = tri__array_node(m, NODE_SUM, 1, parts.rank, parts.size);
  if (!n) return false;
  if (!(n->to = tri__keep(m->program, x->rank, sizeof *n->to))) return no_memory(m);
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
    return no_program(m, "a loop adds up more than one scattered part");
  if (outer->depth) return no_program(m, "parts are scattered in a loop within a loop");
  struct view x[2];
  for (int i = 0; i < 2; i++) {
    x[i] = within(body, step->arg[i], body->depth);
    if (!tri__array_dense(m, &x[i])) return false;
  }
  size_t size[ARRAY_RANK];
  uint32_t rank = dims_of(outer, v, 0, size);
  struct array_node *n = tri__array_node(m, NODE_STRUCTURED, 2, rank, size);
  if (!n) return false;
  n->op = TRI_OP_scatter;
  memcpy(n->args, x, sizeof x);
  give(outer, v, 0, last_node(outer));
  return true;
}

static bool give_result(struct scope *body, const struct plan_loop *l, uint32_t k,
                        struct scope *outer, uint32_t v) {
  uint32_t i, inner = body->plan->outputs[l->output[l->kept[k]]];
  enum loop_result kind = tri__loop_result_kind(&l->as, l->kept[k], &i);
  if (kind == RESULT_SUMMED && l->first_term[k + 1] > l->first_term[k])
    return lower_scatters(body, l, k, outer, v);
  struct view x = within(body, inner, body->depth);
  if (kind == RESULT_SUMMED) {
    if (!lower_sum(body->m, &x, outer->depth)) return false;
    x = last_node(outer);
  }
  give(outer, v, outer->depth, x);
  return true;
}

static bool take_inputs(struct scope *body, const struct scope *outer, const struct plan_loop *l,
                        const struct instruction *step) {
  const uint32_t *args = step_args(outer->plan, step);
  for (uint32_t i = 0; i < step->nargs; i++) {
    bool by_step = i < l->as.steps;
    if (by_step && l->counted[i]) {
      struct view numbers;
      if (!counted(body, l->first[i], body->steps[outer->depth], &numbers)) return false;
      for (uint32_t d = 0; d < outer->depth; d++)
        numbers = tri__view_repeated(&numbers, d, outer->steps[d]);
      give(body, i, body->depth, numbers);
    } else if (by_step) {
      give(body, i, body->depth, within(outer, args[i], outer->depth));
    } else {
      give(body, i, outer->depths[args[i]], outer->views[args[i]]);
    }
  }
  return true;
}

static bool lower_body(struct scope *body) {
  if (!lower_constants(body)) return false;
  for (uint32_t k = 0; k < body->plan->step_count; k++)
    if (!(body->plan->steps[k].flags & STEP_SUMMED) && !lower_step(body, body->plan->steps + k))
      return false;
  return true;
}

static bool open_scope(struct scope *s) {
  struct memory *memory = s->m->program->memory;
  s->views = tri__new(memory, s->plan->value_count, sizeof *s->views);
  s->depths = tri__new(memory, s->plan->value_count, sizeof *s->depths);
  return (s->views && s->depths) || no_memory(s->m);
}

static void close_scope(struct scope *s) {
  struct memory *memory = s->m->program->memory;
  tri__free(memory, s->views, s->plan->value_count, sizeof *s->views);
  tri__free(memory, s->depths, s->plan->value_count, sizeof *s->depths);
}

/* Loops in one another are few: this may call itself. */
static bool lower_loop(struct scope *s, const struct instruction *step) {
  const struct plan_loop *l = s->plan->loops + step->index;
  struct scope body = {.m = s->m, .plan = l->body, .depth = s->depth + 1};
  if (body.depth > MOST_NESTED / 8) return no_program(s->m, "loops are nested too deeply");
  body.workspace = s->workspace->loops[step->index];
  memcpy(body.steps, s->steps, s->depth * sizeof *s->steps);
  body.steps[s->depth] =
      l->size == NO_SIZE ? (size_t)l->as.n : (size_t)s->workspace->sizes[l->size];
  bool ok = open_scope(&body) && take_inputs(&body, s, l, step) && lower_body(&body);
  for (uint32_t k = 0; ok && k < step->results; k++)
    ok = give_result(&body, l, k, s, step->result + k);
  close_scope(&body);
  return ok;
}

/* --- the whole */

static bool lower_step(struct scope *s, const struct instruction *step) {
  if (step->op < TRI_OP_ROWS) return lower_row(s, step);
  switch (step->op) {
  case TRI_OP_loop: return lower_loop(s, step);
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

static bool lower_inputs(struct scope *s) {
  struct array_program *p = s->m->program;
  for (uint32_t i = 0; i < s->plan->input_count; i++) {
    size_t size[ARRAY_RANK];
    struct array_node *n = tri__array_node(s->m, NODE_INPUT, 0, dims_of(s, i, 0, size), size);
    if (!n) return false;
    n->index = i;
    p->input_counts[i] = n->count;
    give(s, i, 0, last_node(s));
  }
  return true;
}

bool tri__arrays_lower(struct array_maker *m) {
  struct array_program *p = m->program;
  tri_workspace *w = m->workspace;
  struct scope s = {.m = m, .plan = w->plan, .workspace = w};
  bool ok = open_scope(&s) && lower_inputs(&s) && lower_body(&s);
  for (uint32_t o = 0; ok && o < p->output_count; o++) {
    p->outputs[o] = s.views[w->plan->outputs[o]];
    p->output_counts[o] = tri__view_count(&p->outputs[o]);
  }
  close_scope(&s);
  return ok;
}
