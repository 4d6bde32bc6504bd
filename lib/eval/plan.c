/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Graph to plan: the nodes that the outputs need, in order of ids, as instructions over numbered
 * values. */
#include "eval/plan.h"

#include <stdlib.h>
#include <string.h>

#include "graph/tensors.h"
#include "graph/walk.h"
#include "graph/windows.h"

enum { NEEDED = 1, STRICT = 2 };

/* What is known while a plan is made; arrays by walk position or, `known_shapes`, by the graph's
 * shapes. */
struct compiler {
  tri_graph *graph;
  struct plan *plan;
  struct walk walk;
  uint32_t *roots;  /* inputs, then outputs */
  uint8_t *marks;   /* NEEDED, STRICT */
  uint32_t *number; /* value of a node, NO_VALUE before it has one */
  uint32_t *known_shapes;
  uint32_t known_count;
  const uint8_t *summed; /* by output, of a body; else NULL */
  bool reduce;
  bool used[TRI_OP_ROWS];
  tri_error *error;
};

#define NO_VALUE UINT32_MAX

static bool no_memory(struct compiler *c) {
  tri__error(c->error, TRI_MEMORY, 0, "out of memory");
  return false;
}

/* --- strength reduction */

/* The instructions that a power with a small constant exponent takes in place of one. */
enum reduction { AS_IT_IS, SQUARE, CUBE, FOURTH, ROOT };

static enum reduction reduction_of(const struct compiler *c, const struct node *n) {
  int64_t exponent;
  mpq_t q;
  if (n->op != TRI_OP_pow || !c->reduce) return AS_IT_IS;
  uint32_t power = node_args(c->graph, n)[1];
  if (tri__small_integer(c->graph, power, &exponent))
    return exponent == 2 ? SQUARE : exponent == 3 ? CUBE : exponent == 4 ? FOURTH : AS_IT_IS;
  return tri__rational(c->graph, power, q) && mpq_cmp_ui(q, 1, 2) == 0 ? ROOT : AS_IT_IS;
}

/* A reduced power does not read its exponent. */
static uint32_t arguments_read(const struct compiler *c, const struct node *n) {
  return reduction_of(c, n) == AS_IT_IS ? n->nargs : 1;
}

static uint32_t steps_of(const struct compiler *c, const struct node *n) {
  if (n->op == TRI_OP_result) return 0;
  enum reduction reduction = reduction_of(c, n);
  return reduction == CUBE || reduction == FOURTH ? 2 : 1;
}

static bool is_constant(const struct node *n) {
  return n->op == TRI_OP_constant || n->op == TRI_OP_pi;
}
static bool is_leaf(const struct node *n) { return n->op >= TRI_OP_constant; }

static struct plan_loop *loop_of(const struct compiler *c, uint32_t node) {
  uint32_t low = 0, high = c->plan->loop_count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (c->plan->loops[middle].node <= node)
      low = middle;
    else
      high = middle;
  }
  return c->plan->loops + low;
}

static uint32_t values_of(const struct compiler *c, uint32_t k, const struct node *n) {
  return n->op == TRI_OP_loop ? loop_of(c, c->walk.ids[k])->results : steps_of(c, n);
}

/* --- the nodes that are needed, and their numbers */

static const struct node *walked(const struct compiler *c, uint32_t position) {
  return node_at(c->graph, c->walk.ids[position]);
}

static uint32_t position_of(const struct compiler *c, uint32_t id) {
  return walk_position(&c->walk, id);
}

static void mark_needed(struct compiler *c, size_t n_inputs) {
  const struct plan *p = c->plan;
  for (uint32_t i = 0; i < p->output_count; i++)
    c->marks[position_of(c, c->roots[n_inputs + i])] |=
        i < p->primal_count ? NEEDED | STRICT : NEEDED;
  for (uint32_t k = c->walk.count; k-- > 0;) {
    const struct node *n = walked(c, k);
    const uint32_t *args = node_args(c->graph, n);
    uint32_t read = c->marks[k] ? arguments_read(c, n) : 0;
    for (uint32_t i = 0; i < read; i++) c->marks[position_of(c, args[i])] |= c->marks[k];
  }
}

/* Loops in order of their nodes, with the results that are asked for. */
static bool count_results(struct compiler *c) {
  struct plan *p = c->plan;
  uint32_t loops = 0;
  for (uint32_t k = 0; k < c->walk.count; k++)
    if (c->marks[k] && walked(c, k)->op == TRI_OP_loop) loops++;
  p->loops = tri__new(&p->memory, loops, sizeof *p->loops);
  if (!p->loops) return no_memory(c);
  for (uint32_t k = 0; k < c->walk.count; k++)
    if (c->marks[k] && walked(c, k)->op == TRI_OP_loop)
      p->loops[p->loop_count++].node = c->walk.ids[k];
  for (uint32_t k = 0; k < c->walk.count; k++)
    if (c->marks[k] && walked(c, k)->op == TRI_OP_result)
      loop_of(c, walked(c, k)->arg[0])->results++;
  return true;
}

static int by_number(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static uint32_t kept_place(const struct plan_loop *l, uint32_t result) {
  const uint32_t *at = bsearch(&result, l->kept, l->results, sizeof result, by_number);
  return (uint32_t)(at - l->kept);
}

static bool keep_results(struct compiler *c) {
  struct plan *p = c->plan;
  for (uint32_t i = 0; i < p->loop_count; i++) {
    p->loops[i].kept = tri__new(&p->memory, p->loops[i].results, sizeof(uint32_t));
    p->loops[i].strict = tri__new(&p->memory, p->loops[i].results, 1);
    if (!p->loops[i].kept || !p->loops[i].strict) return no_memory(c);
    p->loops[i].size = 0; /* how many are there already */
  }
  for (uint32_t k = 0; k < c->walk.count; k++) {
    if (!c->marks[k] || walked(c, k)->op != TRI_OP_result) continue;
    struct plan_loop *l = loop_of(c, walked(c, k)->arg[0]);
    l->kept[l->size++] = (uint32_t)tri__index_attr(c->graph, c->walk.ids[k]);
  }
  for (uint32_t i = 0; i < p->loop_count; i++)
    qsort(p->loops[i].kept, p->loops[i].results, sizeof(uint32_t), by_number);
  for (uint32_t k = 0; k < c->walk.count; k++) {
    if (!c->marks[k] || walked(c, k)->op != TRI_OP_result) continue;
    struct plan_loop *l = loop_of(c, walked(c, k)->arg[0]);
    l->strict[kept_place(l, (uint32_t)tri__index_attr(c->graph, c->walk.ids[k]))] =
        (c->marks[k] & STRICT) != 0;
  }
  return true;
}

static bool plan_loops(struct compiler *c) {
  struct plan *p = c->plan;
  if (!count_results(c) || !keep_results(c)) return false;
  for (uint32_t i = 0; i < p->loop_count; i++) {
    if (!tri__plan_loop(c->graph, p, p->loops + i, c->reduce, c->error)) return false;
    for (int op = 0; op < TRI_OP_ROWS; op++) c->used[op] |= p->loops[i].body->used[op];
  }
  return true;
}

/* The inputs get the first numbers. */
static bool number_inputs(struct compiler *c) {
  struct plan *p = c->plan;
  for (uint32_t i = 0; i < p->input_count; i++) {
    uint32_t id = c->roots[i], *number = &c->number[position_of(c, id)];
    unsigned op = node_at(c->graph, id)->op;
    if (op != TRI_OP_variable && op != TRI_OP_eps) {
      tri__error(c->error, TRI_ARGUMENT, id, "input %u is not a variable", i + 1);
      return false;
    }
    if (*number != NO_VALUE) {
      const char *name = tri__name(c->graph, id);
      tri__error(c->error, TRI_ARGUMENT, id, "%s stands twice among the inputs",
                 name ? name : "eps");
      return false;
    }
    *number = i;
    p->input_nodes[i] = id;
  }
  return true;
}

/* Counts constants and steps; a variable that is needed and no input has no value. */
static bool count_nodes(struct compiler *c) {
  struct plan *p = c->plan;
  uint64_t constants = 0, steps = 0, args = 0, values = 0;
  for (uint32_t k = 0; k < c->walk.count; k++) {
    const struct node *n = walked(c, k);
    if (!c->marks[k] || c->number[k] != NO_VALUE) continue;
    if (is_constant(n)) {
      constants++;
    } else if (is_leaf(n)) {
      const char *name = tri__name(c->graph, c->walk.ids[k]);
      tri__error(c->error, TRI_NAME, c->walk.ids[k], "%s has no value", name ? name : "eps");
      return false;
    } else {
      steps += steps_of(c, n);
      values += values_of(c, k, n);
      args += n->nargs > STEP_INLINE ? n->nargs : 0;
    }
  }
  if (constants + values + p->input_count >= NO_VALUE || args >= NO_VALUE) {
    tri__error(c->error, TRI_LIMIT, 0, "too many operations for one function");
    return false;
  }
  p->constant_count = (uint32_t)constants;
  p->step_count = (uint32_t)steps;
  p->arg_count = (uint32_t)args;
  p->value_count = (uint32_t)(constants + values) + p->input_count;
  return true;
}

static bool allocate(struct compiler *c) {
  struct plan *p = c->plan;
  struct memory *m = &p->memory;
  p->steps = tri__new(m, p->step_count, sizeof *p->steps);
  p->args = tri__new(m, p->arg_count, sizeof *p->args);
  p->values = tri__new(m, p->value_count, sizeof *p->values);
  p->active = tri__new(m, p->value_count, 1);
  p->constants = tri__new(m, p->constant_count, sizeof *p->constants);
  if (!p->steps || !p->args || !p->values || !p->active || !p->constants) return no_memory(c);
  for (uint32_t i = 0; i < p->constant_count; i++) mpq_init(p->constants[i].q);
  return true;
}

/* --- values and instructions */

static bool set_shape(struct compiler *c, uint32_t value, const struct node *n) {
  uint32_t shape = tri__plan_shape(c->plan, c->graph, n->shape, c->known_shapes, c->error);
  if (shape == UINT32_MAX) return false;
  c->plan->values[value].shape = shape;
  c->plan->scalar &= shape == 0;
  return true;
}

static void set_constant(struct compiler *c, uint32_t k, struct plan_constant *constant) {
  mpq_t view;
  constant->node = c->walk.ids[k];
  constant->pi = !tri__rational(c->graph, constant->node, view);
  if (!constant->pi) mpq_set(constant->q, view);
}

static void number_constants(struct compiler *c) {
  struct plan *p = c->plan;
  uint32_t next = 0;
  for (uint32_t k = 0; k < c->walk.count; k++) {
    if (!c->marks[k] || !is_constant(walked(c, k))) continue;
    set_constant(c, k, p->constants + next);
    c->number[k] = p->input_count + next++;
  }
}

/* The next instruction, its arguments to be filled in. */
struct builder {
  struct compiler *c;
  uint32_t position, step, value, args;
};

static struct instruction *next_step(struct builder *b, tri_op op, uint32_t nargs) {
  struct plan *p = b->c->plan;
  struct instruction *s = p->steps + b->step;
  bool strict = b->c->marks[b->position] & STRICT;
  *s = (struct instruction){.op = (uint8_t)op, .results = 1, .nargs = nargs};
  s->flags = strict ? 0 : STEP_EXTENDED;
  s->node = b->c->walk.ids[b->position];
  s->result = b->value;
  b->step++;
  b->value++;
  b->c->number[b->position] = s->result;
  if (op < TRI_OP_ROWS) b->c->used[op] = true;
  return s;
}

static void add_step(struct builder *b, tri_op op, uint32_t a, uint32_t a2) {
  struct instruction *s = next_step(b, op, op == TRI_OP_mul ? 2 : 1);
  s->arg[0] = a;
  if (op == TRI_OP_mul) s->arg[1] = a2;
}

/* x^n by multiplications: at most 1.5 units in the last place for n = 4. */
static void add_power(struct builder *b, enum reduction reduction, uint32_t x) {
  uint32_t first = b->value;
  add_step(b, reduction == ROOT ? TRI_OP_sqrt : TRI_OP_square, x, 0);
  if (reduction == CUBE) add_step(b, TRI_OP_mul, first, x);
  if (reduction == FOURTH) add_step(b, TRI_OP_square, first, 0);
}

/* Where an instruction's arguments go. */
static uint32_t *place_of_args(struct builder *b, struct instruction *s) {
  if (s->nargs <= STEP_INLINE) return s->arg;
  s->arg[0] = b->args;
  b->args += s->nargs;
  return b->c->plan->args + s->arg[0];
}

static void add_node(struct builder *b, const struct node *n) {
  struct compiler *c = b->c;
  const uint32_t *ids = node_args(c->graph, n);
  enum reduction reduction = reduction_of(c, n);
  if (reduction != AS_IT_IS) {
    add_power(b, reduction, c->number[position_of(c, ids[0])]);
    return;
  }
  struct instruction *s = next_step(b, (tri_op)n->op, n->nargs);
  uint32_t *args = place_of_args(b, s);
  for (uint32_t i = 0; i < n->nargs; i++) args[i] = c->number[position_of(c, ids[i])];
}

/* One number more of what a step has beside its arguments. */
static bool add_span(struct compiler *c, struct instruction *s, int64_t number, bool first) {
  struct plan *p = c->plan;
  if (!tri__grow(&p->memory, (void **)&p->spans, &p->span_capacity, p->span_count + 1,
                 sizeof *p->spans))
    return no_memory(c);
  if (first) s->index = (uint32_t)p->span_count;
  p->spans[p->span_count++] = number;
  return true;
}

/* Rows that a structured operation is computed by, or written out in. */
static void use_rows(struct compiler *c, unsigned op) {
  static const tri_op lse[] = {TRI_OP_sub, TRI_OP_exp, TRI_OP_add,     TRI_OP_log,
                               TRI_OP_mul, TRI_OP_max, TRI_OP_softplus},
                      choice[] = {TRI_OP_lt, TRI_OP_select, TRI_OP_max};
  const tri_op *rows = op == TRI_OP_lse ? lse : choice;
  size_t count = op == TRI_OP_lse ? sizeof lse / sizeof *lse : sizeof choice / sizeof *choice;
  for (size_t i = 0; i < count; i++) c->used[rows[i]] = true;
}

/* The attribute, number by number: tri__plan_windows reads it. */
static bool add_windows(struct compiler *c, struct instruction *s, const struct windows *w) {
  bool ok = add_span(c, s, w->rank, true);
  for (uint32_t d = 0; d < w->rank && ok; d++)
    ok = add_span(c, s, w->size[d], false) && add_span(c, s, w->stride[d], false) &&
         add_span(c, s, w->dilation[d], false) && add_span(c, s, w->before[d], false) &&
         add_span(c, s, w->after[d], false) && add_span(c, s, w->whole[d], false);
  return ok;
}

/* Numbers that an operation on arrays has beside its arguments. */
static bool add_numbers(struct compiler *c, struct instruction *s, const struct node *n) {
  if (n->op == TRI_OP_permute) {
    const uint8_t *axes = tri__axes(c->graph, s->node);
    for (uint32_t d = 0; d < shape_rank(c->graph, n->shape); d++)
      if (!add_span(c, s, axes[d], d == 0)) return false;
  } else if (n->op == TRI_OP_contract) {
    struct contraction how = tri__contraction(c->graph, s->node);
    return add_span(c, s, how.batch, true) && add_span(c, s, how.contracted, false) &&
           add_span(c, s, how.turned, false) && add_span(c, s, how.strong, false);
  } else if (op_has_windows(n->op)) {
    return add_windows(c, s, tri__windows(c->graph, s->node));
  } else if (n->op == TRI_OP_slice || n->op == TRI_OP_embed || n->op == TRI_OP_repeat ||
             n->op == TRI_OP_iota || n->op == TRI_OP_scatter) {
    return add_span(c, s, tri__span(c->graph, s->node).first, true);
  }
  return true;
}

/* What an operation on arrays has beside its arguments. */
static bool add_attribute(struct builder *b, const struct node *n) {
  struct compiler *c = b->c;
  struct plan *p = c->plan;
  struct instruction *s = p->steps + b->step - 1;
  if (n->op == TRI_OP_element) s->index = (uint32_t)tri__index_attr(c->graph, s->node);
  if (n->op <= TRI_OP_element) return true;
  p->rolled = true;
  if (n->op == TRI_OP_loop) {
    const struct plan_loop *l = loop_of(c, s->node);
    if (l->results > UINT16_MAX) {
      tri__error(c->error, TRI_LIMIT, s->node, "a loop with more than %d results", UINT16_MAX);
      return false;
    }
    s->index = (uint32_t)(l - p->loops);
    s->results = (uint16_t)l->results;
    b->value = s->result + l->results;
  } else if (n->op == TRI_OP_size) {
    extent named = tri__span(c->graph, s->node).n;
    s->index = tri__plan_size(p, tri__attr_data(c->graph, (uint32_t)~named, NULL));
    return s->index != NO_SIZE || no_memory(c);
  } else {
    bool last = n->op == TRI_OP_lse || n->op == TRI_OP_argmax;
    p->contracts |= last || n->op == TRI_OP_contract || op_has_windows(n->op);
    if (last || n->op == TRI_OP_pick || n->op == TRI_OP_route) use_rows(c, n->op);
    return add_numbers(c, s, n);
  }
  return true;
}

/* A loop's result is a value of the loop's instruction. */
static void number_result(struct compiler *c, uint32_t k, const struct node *n) {
  const struct plan_loop *l = loop_of(c, n->arg[0]);
  uint32_t which = (uint32_t)tri__index_attr(c->graph, c->walk.ids[k]);
  c->number[k] = c->number[position_of(c, n->arg[0])] + kept_place(l, which);
}

static bool add_nodes(struct compiler *c) {
  struct builder b = {.c = c, .value = first_result(c->plan)};
  for (uint32_t k = 0; k < c->walk.count; k++) {
    const struct node *n = walked(c, k);
    if (!c->marks[k] || is_leaf(n)) continue;
    uint32_t first = b.value;
    b.position = k;
    if (n->op == TRI_OP_result) {
      number_result(c, k, n);
      if (!set_shape(c, c->number[k], n)) return false;
      continue;
    }
    add_node(&b, n);
    if (!add_attribute(&b, n)) return false;
    for (uint32_t v = first; v < b.value && n->op != TRI_OP_loop; v++)
      if (!set_shape(c, v, n)) return false;
  }
  return true;
}

static bool shape_leaves(struct compiler *c) {
  for (uint32_t k = 0; k < c->walk.count; k++)
    if (c->number[k] != NO_VALUE && is_leaf(walked(c, k)) &&
        !set_shape(c, c->number[k], walked(c, k)))
      return false;
  return true;
}

/* Which values depend on inputs, through operations that have derivatives. */
static void find_active(struct plan *p) {
  memset(p->active, 1, p->input_count);
  for (uint32_t s = 0; s < p->step_count; s++) {
    struct instruction *step = p->steps + s;
    const uint32_t *args = step_args(p, step);
    const struct row *row = step->op < TRI_OP_ROWS ? p->programs->rows + step->op : NULL;
    bool active = false;
    for (uint32_t i = 0; i < step->nargs; i++)
      active |=
          p->active[args[i]] && !(row && row->conditions >> i & 1) && !op_only_chooses(step->op, i);
    if (!active || (row && row->sort == TRI_BOOLEAN)) continue;
    step->flags |= STEP_ACTIVE;
    memset(p->active + step->result, 1, step->results);
  }
}

/* --- scatters that a loop sums */

/* How often each value is read, as far as 2. */
static void count_reads(const struct plan *p, uint8_t *reads) {
  for (uint32_t s = 0; s < p->step_count; s++)
    for (uint32_t i = 0; i < p->steps[s].nargs; i++) {
      uint32_t v = step_args(p, p->steps + s)[i];
      reads[v] = reads[v] ? 2 : 1;
    }
  for (uint32_t o = 0; o < p->output_count; o++)
    reads[p->outputs[o]] = reads[p->outputs[o]] ? 2 : 1;
}

/* Whether what the step gives can be added to a sum where it belongs: a scatter that nothing else
 * reads, or a sum with one in it. */
static bool adds_up(const struct instruction *step, const uint8_t *reads, const uint8_t *scatters) {
  if (reads[step->result] != 1) return false;
  if (step->op == TRI_OP_scatter) return true;
  return step->op == TRI_OP_add && (scatters[step->arg[0]] || scatters[step->arg[1]]);
}

/* From what is summed back to the scatters. */
static void mark_sums(struct plan *p, const uint8_t *summed, uint8_t *scatters) {
  for (uint32_t o = 0; o < p->output_count; o++)
    if (scatters[p->outputs[o]]) scatters[p->outputs[o]] = summed[o] ? 2 : 1;
  for (uint32_t s = p->step_count; s-- > 0;) {
    struct instruction *step = p->steps + s;
    if (scatters[step->result] != 2) continue;
    step->flags |= STEP_SUMMED;
    for (uint32_t i = 0; step->op == TRI_OP_add && i < 2; i++)
      if (scatters[step->arg[i]]) scatters[step->arg[i]] = 2;
  }
}

/* What a body scatters and the loop only sums is never laid out: n steps into an array of n parts
 * cost n, not n². */
static bool find_sums(const struct compiler *c) {
  struct plan *p = c->plan;
  if (!c->summed) return true;
  uint8_t *reads = tri__new(&p->memory, p->value_count, 1);
  uint8_t *scatters = tri__new(&p->memory, p->value_count, 1);
  if (reads && scatters) {
    count_reads(p, reads);
    for (uint32_t s = 0; s < p->step_count; s++)
      scatters[p->steps[s].result] = adds_up(p->steps + s, reads, scatters);
    mark_sums(p, c->summed, scatters);
  }
  bool ok = reads && scatters;
  tri__free(&p->memory, reads, p->value_count, 1);
  tri__free(&p->memory, scatters, p->value_count, 1);
  return ok;
}

/* --- numbers that loops count */

enum { COUNTED = 1, LAID_OUT = 2 };

/* What is known of values: numbers in order, and whether anyone reads them otherwise than as a
 * loop's step input. */
static void mark_numbers(const struct plan *p, uint8_t *marks) {
  for (uint32_t k = 0; k < p->step_count; k++) {
    const struct instruction *s = p->steps + k;
    const uint32_t *args = step_args(p, s);
    if (s->op == TRI_OP_iota) marks[s->result] |= COUNTED;
    for (uint32_t i = s->op == TRI_OP_loop ? p->loops[s->index].as.steps : 0; i < s->nargs; i++)
      marks[args[i]] |= LAID_OUT;
  }
  for (uint32_t o = 0; o < p->output_count; o++) marks[p->outputs[o]] |= LAID_OUT;
}

static bool take_counted(struct plan *p, struct plan_loop *l, const uint32_t *args,
                         const uint8_t *marks, const int64_t *first) {
  l->counted = tri__new(&p->memory, l->as.steps, sizeof *l->counted);
  l->first = tri__new(&p->memory, l->as.steps, sizeof *l->first);
  for (uint32_t i = 0; l->counted && l->first && i < l->as.steps; i++) {
    l->counted[i] = marks[args[i]] == COUNTED;
    if (l->counted[i]) l->first[i] = first[args[i]];
  }
  return l->counted && l->first;
}

/* A sum over an index up to a thousand million needs no array of it. */
static bool count_numbers(struct plan *p) {
  if (!p->loop_count) return true;
  uint8_t *marks = tri__new(&p->memory, p->value_count, 1);
  int64_t *first = tri__new(&p->memory, p->value_count, sizeof *first);
  bool ok = marks && first;
  if (ok) mark_numbers(p, marks);
  for (uint32_t k = 0; ok && k < p->step_count; k++) {
    const struct instruction *s = p->steps + k;
    if (s->op == TRI_OP_loop)
      ok = take_counted(p, p->loops + s->index, step_args(p, s), marks, first);
    if (s->op != TRI_OP_iota) continue;
    first[s->result] = p->spans[s->index];
    if (marks[s->result] == COUNTED) p->values[s->result].shape = 0;
  }
  tri__free(&p->memory, marks, p->value_count, 1);
  tri__free(&p->memory, first, p->value_count, sizeof *first);
  return ok;
}

/* Which inputs of loops' bodies derivatives pass through; carries have derivatives on the way. */
static bool find_wanted(struct plan *p) {
  for (uint32_t k = 0; k < p->step_count; k++) {
    const struct instruction *s = p->steps + k;
    const uint32_t *args = step_args(p, s);
    if (s->op != TRI_OP_loop) continue;
    struct plan_loop *l = p->loops + s->index;
    l->wanted = tri__new(&p->memory, s->nargs, 1);
    if (!l->wanted) return false;
    for (uint32_t i = 0; i < s->nargs; i++)
      l->wanted[i] = p->active[args[i]] || i >= l->as.steps + l->as.constants;
  }
  return true;
}

/* Outputs that a loop may write where the caller wants them. */
static bool find_lone(struct plan *p) {
  if (!p->loop_count) return true;
  uint8_t *uses = tri__new(&p->memory, p->value_count, 1);
  p->lone = tri__new(&p->memory, p->output_count, 1);
  bool ok = uses && p->lone;
  for (uint32_t s = 0; ok && s < p->step_count; s++) {
    const uint32_t *args = step_args(p, p->steps + s);
    for (uint32_t i = 0; i < p->steps[s].nargs; i++) uses[args[i]] = 2;
  }
  for (uint32_t o = 0; ok && o < p->output_count; o++)
    uses[p->outputs[o]] = uses[p->outputs[o]] ? 2 : 1;
  for (uint32_t s = 0; ok && s < p->step_count; s++)
    for (uint32_t o = 0; p->steps[s].op == TRI_OP_loop && o < p->output_count; o++) {
      uint32_t v = p->outputs[o], first = p->steps[s].result;
      p->lone[o] |= v >= first && v - first < p->steps[s].results && uses[v] == 1;
    }
  tri__free(&p->memory, uses, p->value_count, 1);
  return ok;
}

/* --- the whole */

static bool refuse_root(const struct compiler *c, tri_expr e) {
  const tri_error *known = &c->graph->error;
  tri_status status = e.graph == c->graph ? id_status(e.id) : TRI_ARGUMENT;
  tri__error(c->error, status, 0, "%s",
             e.graph != c->graph       ? "expressions of two graphs"
             : known->status == status ? known->message
                                       : tri_status_meaning(status));
  return false;
}

static bool take_roots(struct compiler *c, size_t n_inputs, const tri_expr *inputs,
                       const tri_expr *outputs) {
  for (size_t i = 0; i < n_inputs + c->plan->output_count; i++) {
    tri_expr e = i < n_inputs ? inputs[i] : outputs[i - n_inputs];
    if (e.graph != c->graph || id_is_error(e.id)) return refuse_root(c, e);
    c->roots[i] = e.id;
  }
  return true;
}

static bool prepare(struct compiler *c, size_t n_inputs, const tri_expr *inputs,
                    const tri_expr *outputs) {
  struct plan *p = c->plan;
  struct memory *m = &p->memory;
  size_t roots = n_inputs + p->output_count;
  p->input_nodes = tri__new(m, n_inputs, sizeof *p->input_nodes);
  p->outputs = tri__new(m, p->output_count, sizeof *p->outputs);
  p->output_nodes = tri__new(m, p->output_count, sizeof *p->output_nodes);
  c->roots = tri__new(m, roots, sizeof *c->roots);
  if (!p->input_nodes || !p->outputs || !p->output_nodes || !c->roots) return no_memory(c);
  if (!take_roots(c, n_inputs, inputs, outputs)) return false;
  if (c->reduce && c->graph->has_loops &&
      !((p->body || tri__plan_split(c->graph, p->output_count, c->roots + n_inputs)) &&
        tri__plan_fuse(c->graph, p->output_count, c->roots + n_inputs)))
    return no_memory(c);
  c->known_count = c->graph->shape_count;
  c->known_shapes = tri__new(m, c->known_count, sizeof *c->known_shapes);
  if (!c->known_shapes) return no_memory(c);
  if (tri__walk(c->graph, roots, c->roots, &c->walk)) return no_memory(c);
  c->marks = tri__new(m, c->walk.count, 1);
  c->number = tri__new(m, c->walk.count, sizeof *c->number);
  if (!c->marks || !c->number) return no_memory(c);
  memset(c->number, 0xff, c->walk.count * sizeof *c->number); /* NO_VALUE */
  return true;
}

static bool compile(struct compiler *c, size_t n_inputs, const tri_expr *inputs,
                    const tri_expr *outputs) {
  struct plan *p = c->plan;
  if (!prepare(c, n_inputs, inputs, outputs)) return false;
  mark_needed(c, n_inputs);
  if (tri__plan_shape(p, c->graph, 0, c->known_shapes, c->error) == UINT32_MAX) return false;
  if (!plan_loops(c) || !number_inputs(c) || !count_nodes(c) || !allocate(c)) return false;
  number_constants(c);
  if (!shape_leaves(c) || !add_nodes(c)) return false;
  for (uint32_t i = 0; i < p->output_count; i++) {
    p->output_nodes[i] = c->roots[n_inputs + i];
    p->outputs[i] = c->number[position_of(c, p->output_nodes[i])];
  }
  memcpy(p->used, c->used, sizeof p->used);
  p->programs = tri__programs_new(c->graph, &p->memory, c->used);
  if (!p->programs || !find_sums(c) || !count_numbers(p) || !tri__plan_slots(p) || !find_lone(p))
    return no_memory(c);
  find_active(p);
  return find_wanted(p) || no_memory(c);
}

static void compiler_free(struct compiler *c, size_t roots) {
  struct memory *m = &c->plan->memory;
  tri__free(m, c->roots, roots, sizeof *c->roots);
  tri__free(m, c->known_shapes, c->known_count, sizeof *c->known_shapes);
  tri__free(m, c->marks, c->walk.count, 1);
  tri__free(m, c->number, c->walk.count, sizeof *c->number);
  tri__walk_free(&c->walk);
}

static struct plan *new_plan(struct compiler *c, struct memory *memory, size_t n_inputs,
                             size_t n_outputs) {
  struct plan *p = NULL;
  if (n_inputs > UINT32_MAX / 4 || n_outputs > UINT32_MAX / 4)
    tri__error(c->error, TRI_LIMIT, 0, "too many inputs or outputs for one function");
  else if (!(p = tri__new(memory, 1, sizeof *p)))
    tri__error(c->error, TRI_MEMORY, 0, "out of memory");
  if (!p) return NULL;
  p->memory = *memory;
  p->input_count = (uint32_t)n_inputs;
  p->output_count = p->primal_count = (uint32_t)n_outputs;
  p->scalar = true;
  return p;
}

static struct plan *compiled(struct compiler *c, const tri_expr *inputs, const tri_expr *outputs) {
  struct plan *p = c->plan;
  bool ok = compile(c, p->input_count, inputs, outputs);
  compiler_free(c, (size_t)p->input_count + p->output_count);
  if (ok) return p;
  tri__plan_free(p);
  return NULL;
}

struct plan *tri__plan(tri_graph *g, size_t n_inputs, const tri_expr *inputs, size_t n_outputs,
                       const tri_compile_options *options, tri_error *error) {
  struct compiler c = {.graph = g, .error = error};
  struct memory memory;
  tri__memory_init(&memory, options->allocator);
  c.plan = new_plan(&c, &memory, n_inputs, n_outputs);
  if (!c.plan) return NULL;
  if (options->primals && options->primals < n_outputs)
    c.plan->primal_count = (uint32_t)options->primals;
  c.reduce = !options->as_written;
  return compiled(&c, inputs, options->outputs);
}

struct plan *tri__plan_body(tri_graph *g, struct memory *memory, size_t n_inputs,
                            const uint32_t *inputs, size_t n_outputs, const uint32_t *outputs,
                            const uint8_t *summed, size_t primals, bool reduce, tri_error *error) {
  struct compiler c = {.graph = g, .error = error};
  size_t n = n_inputs + n_outputs;
  tri_expr *all = tri__new(memory, n, sizeof *all);
  c.plan = all ? new_plan(&c, memory, n_inputs, n_outputs) : NULL;
  if (!all) tri__error(error, TRI_MEMORY, 0, "out of memory");
  if (c.plan) {
    for (size_t i = 0; i < n; i++)
      all[i] = expr_of(g, i < n_inputs ? inputs[i] : outputs[i - n_inputs]);
    c.plan->body = true;
    c.summed = summed;
    c.plan->primal_count = (uint32_t)primals;
    c.reduce = reduce;
    c.plan = compiled(&c, all, all + n_inputs);
  }
  tri__free(memory, all, n, sizeof *all);
  return c.plan;
}

void tri__plan_free(struct plan *p) {
  if (!p) return;
  struct memory *m = &p->memory, own = p->memory;
  for (uint32_t i = 0; p->constants && i < p->constant_count; i++) mpq_clear(p->constants[i].q);
  for (uint32_t i = 0; i < p->size_count; i++)
    tri__resize(m, p->size_names[i], strlen(p->size_names[i]) + 1, 0);
  tri__programs_free(p->programs, m);
  tri__free(m, p->steps, p->step_count, sizeof *p->steps);
  tri__free(m, p->args, p->arg_count, sizeof *p->args);
  tri__free(m, p->values, p->value_count, sizeof *p->values);
  tri__free(m, p->active, p->value_count, 1);
  tri__free(m, p->input_nodes, p->input_count, sizeof *p->input_nodes);
  tri__free(m, p->constants, p->constant_count, sizeof *p->constants);
  tri__free(m, p->outputs, p->output_count, sizeof *p->outputs);
  tri__free(m, p->output_nodes, p->output_count, sizeof *p->output_nodes);
  for (uint32_t i = 0; i < p->loop_count; i++) tri__plan_loop_free(m, p->loops + i);
  tri__free(m, p->loops, p->loop_count, sizeof *p->loops);
  tri__free(m, p->lone, p->output_count, 1);
  tri__free(m, p->spans, p->span_capacity, sizeof *p->spans);
  tri__free(m, p->slot_shapes, p->slot_count, sizeof *p->slot_shapes);
  tri__free(m, p->shapes, p->shape_capacity, sizeof *p->shapes);
  tri__free(m, p->dims, p->dim_capacity, sizeof *p->dims);
  tri__free(m, p->size_names, p->size_capacity, sizeof *p->size_names);
  tri__free(&own, p, 1, sizeof *p);
}
