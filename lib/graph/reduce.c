/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sums, products, maps and scans as loops. */
#include "graph/reduce.h"

#include "graph/last.h"
#include "graph/tensors.h"

static uint32_t shape_of(const tri_graph *g, uint32_t id) { return node_at(g, id)->shape; }

/* --- over an index */

static uint32_t loop_over(tri_graph *g, const struct range *range, struct loop_plan plan) {
  struct binding step = {range->index, tri__iota(g, range->first, range->n)};
  plan.n = range->n;
  plan.steps = 1;
  plan.step = &step;
  return tri__loop_new(g, &plan);
}

uint32_t tri__sum_over(tri_graph *g, uint32_t e, const struct range *range) {
  struct loop_plan plan = {.summed = 1, .output = &e};
  return tri__loop_result(g, loop_over(g, range, plan), 0);
}

uint32_t tri__map_over(tri_graph *g, uint32_t e, const struct range *range) {
  struct loop_plan plan = {.stacked = 1, .output = &e};
  return tri__loop_result(g, loop_over(g, range, plan), 0);
}

uint32_t tri__fold_over(tri_graph *g, uint32_t next, uint32_t carry, uint32_t initial, bool all,
                        const struct range *range) {
  struct binding binding = {carry, initial};
  uint32_t outputs[2] = {next, next};
  struct loop_plan plan = {.carries = 1, .carry = &binding, .stacked = all, .output = outputs};
  return tri__loop_result(g, loop_over(g, range, plan), 0);
}

/* The number in every element of a shape. */
static uint32_t filled(tri_graph *g, uint32_t number, uint32_t shape) {
  for (uint32_t d = shape_rank(g, shape); d-- > 0;)
    number = tri__repeat(g, number, shape_dims(g, shape)[d]);
  return number;
}

uint32_t tri__product_over(tri_graph *g, uint32_t e, const struct range *range) {
  if (id_is_error(e)) return e;
  uint32_t carry = tri__parameter(g, 'r', 0, shape_of(g, e));
  if (id_is_error(carry)) return carry;
  uint32_t next = tri__build2(g, TRI_OP_mul, carry, e);
  return tri__fold_over(g, next, carry, filled(g, g->one, shape_of(g, e)), false, range);
}

/* --- by an index for each part */

static uint32_t check_array(tri_graph *g, uint32_t x, const char *what) {
  if (id_is_error(x)) return x;
  const struct node *n = node_at(g, x);
  if (n->sort == TRI_REAL && n->shape) return 0;
  return tri__fail(g, TRI_SHAPE, "%s of what is no array", what);
}

/* A parameter for the parts of x. */
static uint32_t part_parameter(tri_graph *g, char kind, uint32_t x) {
  uint32_t part = tri__part_shape(g, shape_of(g, x));
  return part == TRI__NO_SHAPE ? NODE_ERROR + (uint32_t)tri_graph_status(g)
                               : tri__parameter(g, kind, 0, part);
}

static uint32_t check_index(tri_graph *g, uint32_t index) {
  if (id_is_error(index)) return index;
  const struct node *n = node_at(g, index);
  if (n->sort < TRI_BOOLEAN && shape_rank(g, n->shape) == 1) return 0;
  return tri__fail(g, TRI_SHAPE, "indices are a vector of numbers");
}

uint32_t tri__gather_all(tri_graph *g, uint32_t x, uint32_t index) {
  uint32_t failed = id_is_error(x) ? x : check_index(g, index);
  if (failed) return failed;
  uint32_t parameter = tri__parameter(g, 's', 0, 0), part = tri__gather(g, x, parameter);
  if (id_is_error(part)) return part;
  struct binding step = {parameter, index};
  struct loop_plan plan = {.n = first_extent(g, shape_of(g, index)),
                           .steps = 1,
                           .step = &step,
                           .stacked = 1,
                           .output = &part};
  return tri__loop_result(g, tri__loop_new(g, &plan), 0);
}

uint32_t tri__scatter_add(tri_graph *g, uint32_t w, uint32_t index, extent n) {
  uint32_t failed = check_array(g, w, "scattering");
  if (!failed) failed = check_index(g, index);
  if (failed) return failed;
  uint32_t number = tri__parameter(g, 's', 1, 0), part = part_parameter(g, 's', w);
  if (id_is_error(part)) return part;
  uint32_t placed = tri__scatter(g, part, number, n);
  struct binding steps[] = {{part, w}, {number, index}};
  struct loop_plan plan = {.n = first_extent(g, shape_of(g, index)),
                           .steps = 2,
                           .step = steps,
                           .summed = 1,
                           .output = &placed};
  return tri__loop_result(g, tri__loop_new(g, &plan), 0);
}

/* --- of an array */

static uint32_t written_out(tri_graph *g, tri_op op, uint32_t stack) {
  uint32_t n = node_at(g, stack)->nargs, id = node_args(g, node_at(g, stack))[0];
  for (uint32_t i = 1; i < n && id < NODE_ERROR; i++)
    id = tri__build2(g, op, id, node_args(g, node_at(g, stack))[i]);
  return id;
}

/* The parts of x joined by a row, from `initial` on. */
static uint32_t joined(tri_graph *g, tri_op op, uint32_t x, uint32_t initial) {
  uint32_t step = part_parameter(g, 's', x), carry = part_parameter(g, 'r', x);
  if (id_is_error(step) || id_is_error(carry)) return id_is_error(step) ? step : carry;
  struct binding steps = {step, x}, carries = {carry, initial};
  uint32_t next = tri__build2(g, op, carry, step);
  struct loop_plan plan = {.n = first_extent(g, shape_of(g, x)),
                           .steps = 1,
                           .step = &steps,
                           .carries = 1,
                           .carry = &carries,
                           .output = &next};
  return tri__loop_result(g, tri__loop_new(g, &plan), 0);
}

uint32_t tri__sum_of_parts(tri_graph *g, uint32_t x) {
  if (id_is_error(x)) return x;
  uint32_t part = part_parameter(g, 's', x);
  if (id_is_error(part)) return part;
  struct binding step = {part, x};
  struct loop_plan plan = {.n = first_extent(g, shape_of(g, x)),
                           .steps = 1,
                           .step = &step,
                           .summed = 1,
                           .output = &part};
  return tri__loop_result(g, tri__loop_new(g, &plan), 0);
}

static uint32_t parts_joined(tri_graph *g, tri_op op, uint32_t x) {
  if (node_at(g, x)->op == TRI_OP_stack) return written_out(g, op, x);
  if (op == TRI_OP_add) return tri__sum_of_parts(g, x);
  if (op != TRI_OP_mul) return joined(g, op, x, tri__element(g, x, 0));
  uint32_t part = tri__part_shape(g, shape_of(g, x));
  if (part == TRI__NO_SHAPE) return NODE_ERROR + (uint32_t)tri_graph_status(g);
  return joined(g, op, x, filled(g, g->one, part));
}

/* All elements joined, dimension by dimension. */
static uint32_t elements_joined(tri_graph *g, tri_op op, uint32_t x, const char *what) {
  uint32_t failed = check_array(g, x, what);
  if (failed) return failed;
  while (x < NODE_ERROR && shape_of(g, x)) x = parts_joined(g, op, x);
  return x;
}

uint32_t tri__sum_of(tri_graph *g, uint32_t x) { return elements_joined(g, TRI_OP_add, x, "sum"); }
uint32_t tri__product_of(tri_graph *g, uint32_t x) {
  return elements_joined(g, TRI_OP_mul, x, "product");
}

uint32_t tri__mean_of(tri_graph *g, uint32_t x) {
  uint32_t failed = check_array(g, x, "mean"), count = g->one;
  if (failed) return failed;
  for (uint32_t d = 0; d < shape_rank(g, shape_of(g, x)); d++)
    count = tri__build2(g, TRI_OP_mul, count, tri__size(g, shape_dims(g, shape_of(g, x))[d]));
  return tri__build2(g, TRI_OP_div, tri__sum_of(g, x), count);
}

uint32_t tri__norm_of(tri_graph *g, uint32_t x) {
  uint32_t failed = check_array(g, x, "norm");
  if (failed) return failed;
  uint32_t squares = tri__build2(g, TRI_OP_pow, x, tri__constant_si(g, 2, 1));
  return tri__build1(g, TRI_OP_sqrt, tri__sum_of(g, squares));
}

/* Of a vector that is written out: by its largest element. */
static uint32_t logsumexp_of_stack(tri_graph *g, uint32_t x) {
  uint32_t largest = elements_joined(g, TRI_OP_max, x, "logsumexp");
  if (id_is_error(largest)) return largest;
  uint32_t powers = tri__build1(g, TRI_OP_exp, tri__build2(g, TRI_OP_sub, x, largest));
  if (id_is_error(powers)) return powers;
  return tri__build2(g, TRI_OP_add, largest, tri__build1(g, TRI_OP_log, tri__sum_of(g, powers)));
}

/* The elements of x as a vector; x itself where its sizes are not known. */
static uint32_t flattened(tri_graph *g, uint32_t x) {
  int64_t count = 1;
  uint32_t shape = shape_of(g, x);
  for (uint32_t d = 0; d < shape_rank(g, shape); d++) {
    int64_t n = shape_dims(g, shape)[d];
    if (n < 0 || __builtin_mul_overflow(count, n, &count)) return x;
  }
  return tri__reshape(g, x, tri__shape(g, 1, &count));
}

uint32_t tri__logsumexp_of(tri_graph *g, uint32_t x) {
  uint32_t failed = check_array(g, x, "logsumexp");
  if (failed) return failed;
  if (node_at(g, x)->op == TRI_OP_stack) return logsumexp_of_stack(g, x);
  x = flattened(g, x);
  while (!id_is_error(x) && shape_of(g, x)) x = tri__lse(g, x);
  return x;
}

uint32_t tri__dot_of(tri_graph *g, uint32_t x, uint32_t y) {
  uint32_t failed = check_array(g, x, "dot");
  if (!failed) failed = check_array(g, y, "dot");
  if (failed) return failed;
  if (shape_of(g, x) == shape_of(g, y)) return tri__sum_of(g, tri__build2(g, TRI_OP_mul, x, y));
  char one[64], other[64];
  tri__shape_text(g, shape_of(g, x), one, sizeof one);
  tri__shape_text(g, shape_of(g, y), other, sizeof other);
  return tri__fail(g, TRI_SHAPE, "dot of shapes %s and %s, which do not fit", one, other);
}
