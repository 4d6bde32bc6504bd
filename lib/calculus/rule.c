/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The chain rule for one node, from its row. Strong zeros: below a choice (select, max, abs, gate)
 * a derivative may be zero where a factor has no finite value; there the product is a gate. Where
 * the factor is tame it is an ordinary product. */
#include "calculus/rule.h"

#include "graph/reduce.h"
#include "graph/template.h"

static bool is_tame(const tri_graph *g, uint32_t id) { return node_at(g, id)->facts & FACT_TAME; }

bool tri__passes(tri_graph *g, unsigned op, unsigned i, bool *passes) {
  *passes = !op_only_chooses(op, i);
  if (op >= TRI_OP_ROWS || !g->rows[op].partial[i]) return true;
  const struct template *t = tri__template(g, (tri_op)op, TEMPLATE_PARTIAL + (int)i);
  if (!t) return false;
  *passes = !(t->constant && t->step[0].num == 0);
  return true;
}

uint32_t tri__strong_product(tri_graph *g, uint32_t rate, uint32_t partial, bool rate_choice,
                             bool partial_choice, bool rate_first) {
  if (id_is_error(rate) || id_is_error(partial)) return id_is_error(rate) ? rate : partial;
  bool guard_rate = rate_choice && !is_tame(g, partial),
       guard_partial = partial_choice && !is_tame(g, rate);
  if (!guard_rate && !guard_partial) return tri__build2(g, TRI_OP_mul, rate, partial);
  if (!guard_partial) return tri__build2(g, TRI_OP_gate, rate, partial);
  if (!guard_rate) return tri__build2(g, TRI_OP_gate, partial, rate);
  uint32_t first = rate_first ? rate : partial, second = rate_first ? partial : rate;
  return tri__build3(g, TRI_OP_select, tri__build2(g, TRI_OP_eq, first, g->zero), g->zero,
                     tri__build2(g, TRI_OP_gate, second, first));
}

/* What a linear row makes of one argument alone: the operation itself, with zeros for the
 * others. */
static uint32_t linear_term(tri_graph *g, uint32_t id, unsigned i, uint32_t rate) {
  const struct node *n = node_at(g, id);
  const struct row *row = g->rows + n->op;
  uint32_t args[ROW_MAX_ARITY];
  for (unsigned k = 0; k < row->arity; k++)
    args[k] = row->conditions >> k & 1 ? node_args(g, n)[k] : k == i ? rate : g->zero;
  return tri__build(g, (tri_op)n->op, row->arity, args);
}

/* Whether a condition of the node may have no value. */
static bool may_be_undecided(const tri_graph *g, uint32_t id, const struct row *row) {
  const uint32_t *args = node_args(g, node_at(g, id));
  for (unsigned k = 0; k < row->arity; k++)
    if (row->conditions >> k & 1 && !(node_at(g, args[k])->facts & FACT_TOTAL)) return true;
  return false;
}

/* The template of a row's kind for argument i over the node's arguments and value, and w. */
static uint32_t from_row(tri_graph *g, uint32_t id, int kind, unsigned i, uint32_t w) {
  const struct node *n = node_at(g, id);
  const struct row *row = g->rows + n->op;
  static const char *const ordinal[] = {"first", "second", "third"};
  uint32_t holes[HOLES] = {[HOLE_R] = id, [HOLE_W] = w};
  if (!row->partial[i])
    return tri__fail(g, TRI_DOMAIN, "%s has no derivative by its %s argument", row->name,
                     ordinal[i]);
  const struct template *t = tri__template(g, (tri_op)n->op, kind + (int)i);
  if (!t) return NODE_ERROR + TRI_MEMORY;
  for (unsigned k = 0; k < row->arity; k++) holes[k] = node_args(g, n)[k];
  return tri__template_build(g, t, holes);
}

uint32_t tri__partial(tri_graph *g, uint32_t id, unsigned i) {
  return from_row(g, id, TEMPLATE_PARTIAL, i, 0);
}

uint32_t tri__chain(tri_graph *g, uint32_t id, unsigned i, uint32_t rate, bool choice,
                    bool reverse) {
  const struct row *row = g->rows + node_at(g, id)->op;
  if (rate == g->zero || id_is_error(rate)) return rate;
  choice |= (node_at(g, rate)->facts & FACT_CHOSEN) != 0; /* by an earlier derivative */
  /* below a branch not taken, where the adjoint is zero, a choice may be undecided */
  if (row->linear && !(reverse && choice && may_be_undecided(g, id, row)))
    return linear_term(g, id, i, rate);
  bool guard_partial = row->choice >> i & 1 && !is_tame(g, rate);
  if (choice || guard_partial) {
    uint32_t partial = tri__partial(g, id, i);
    if (id_is_error(partial) || guard_partial || !is_tame(g, partial))
      return tri__strong_product(g, rate, partial, choice, guard_partial, reverse);
  }
  return from_row(g, id, TEMPLATE_ADJOINT, i, rate);
}

uint32_t tri__accumulate(tri_graph *g, uint32_t sum, uint32_t term) {
  return sum && !id_is_error(term) ? tri__build2(g, TRI_OP_add, sum, term) : term;
}

/* --- shapes */

/* Up to this many elements are written one by one, as a person would; more are an operation over
 * all. */
enum { FEW = 64 };

/* n times the same element. */
static uint32_t repeated(tri_graph *g, uint32_t element, int64_t n) {
  uint32_t *all = tri__new(&g->memory, (size_t)n, sizeof *all);
  if (!all) return tri__no_memory(g);
  for (int64_t i = 0; i < n; i++) all[i] = element;
  uint32_t id = tri__stack(g, (size_t)n, all);
  tri__free(&g->memory, all, (size_t)n, sizeof *all);
  return id;
}

uint32_t tri__spread(tri_graph *g, uint32_t id, uint32_t shape) {
  if (id_is_error(id) || node_at(g, id)->shape == shape) return id;
  for (uint32_t i = shape_rank(g, shape); i-- > 0 && !id_is_error(id);) {
    int64_t n = shape_dims(g, shape)[i];
    id = n < 0 || n > FEW || n == 0 ? tri__repeat(g, id, n) : repeated(g, id, n);
  }
  return id;
}

/* The number of elements of a shape into *count; false for a named size, or if they are many. */
static bool few_elements(const tri_graph *g, uint32_t shape, uint64_t *count) {
  *count = 1;
  for (uint32_t i = 0; i < shape_rank(g, shape); i++) {
    int64_t n = shape_dims(g, shape)[i];
    if (n < 0 || __builtin_mul_overflow(*count, (uint64_t)n, count)) return false;
  }
  return *count <= FEW;
}

/* Element number k of a value of this shape, row by row. */
static uint32_t flat_element(tri_graph *g, uint32_t id, uint32_t shape, uint64_t k,
                             uint64_t count) {
  for (uint32_t i = 0; i < shape_rank(g, shape) && !id_is_error(id); i++) {
    count /= (uint64_t)shape_dims(g, shape)[i];
    id = tri__element(g, id, k / count);
    k %= count;
  }
  return id;
}

static uint32_t sum_of_few(tri_graph *g, uint32_t id, uint32_t shape, uint64_t count) {
  uint32_t sum = 0;
  for (uint64_t k = 0; k < count && !(sum && id_is_error(sum)); k++)
    sum = tri__accumulate(g, sum, flat_element(g, id, shape, k, count));
  return sum ? sum : g->zero;
}

/* How many elements a shape has, as an expression. */
static uint32_t size_of(tri_graph *g, uint32_t shape) {
  uint32_t size = g->one;
  for (uint32_t i = 0; i < shape_rank(g, shape) && !id_is_error(size); i++)
    size = tri__build2(g, TRI_OP_mul, size, tri__size(g, shape_dims(g, shape)[i]));
  return size;
}

uint32_t tri__sum_elements(tri_graph *g, uint32_t id, uint32_t shape) {
  uint64_t count;
  if (!node_at(g, id)->shape) return tri__build2(g, TRI_OP_mul, size_of(g, shape), id);
  if (few_elements(g, shape, &count) && count) return sum_of_few(g, id, shape, count);
  while (!id_is_error(id) && node_at(g, id)->shape) id = tri__sum_of_parts(g, id);
  return id;
}
