/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Second derivatives by nested runs: the adjoint tape run over dual numbers, or the dual run over dual numbers. */
#include "eval/run.h"

/* The first entry that has no value, by element i and element j; state is NUMBER_VALUE as long as there is none. */
struct missing {
  enum number_state state;
  size_t i, j;
};

/* The block of second derivatives that one run gives: rows i by columns j. */
struct block {
  size_t n; /* input elements */
  const struct port *gradient, *hessian;
  struct missing *missing;
};

static void look_at(const struct block *b, const struct numbers *base, const void *x, size_t i,
                    size_t j) {
  enum number_state state = base->domain->state(base, x);
  if (state && !b->missing->state) *b->missing = (struct missing){state, i, j};
}

/* --- forward over reverse */

/* Adjoint i and its tangents: the gradient's element i, and columns first, first + 1, … of the Hessian's row i. */
static void put_row(const struct run *r, const struct block *b, size_t i, const void *adjoint,
                    size_t first) {
  const struct numbers *n = r->numbers, *base = n->base;
  look_at(b, base, adjoint, i, i);
  if (port_given(b->gradient)) tri__port_put(b->gradient, i, base, adjoint);
  for (size_t d = 0; d < n->directions && first + d < b->n; d++) {
    const void *second = dual_tangent(n, adjoint, d);
    look_at(b, base, second, i, first + d);
    tri__port_put(b->hessian, i * b->n + first + d, base, second);
  }
}

static void put_rows(const struct run *r, const struct block *b, const void *adjoints,
                     size_t first) {
  size_t i = 0;
  for (uint32_t v = 0; v < r->plan->input_count; v++)
    for (size_t e = 0; e < count_of(r, v); e++)
      put_row(r, b, i++, number_at(r->numbers, adjoints, place_of(r, v) + e), first);
}

static tri_status reverse_block(struct run *r, const struct block *b, const struct port *inputs,
                                const struct port *weights, size_t first) {
  void *adjoints = tri__adjoints(r, LEVEL_DUAL);
  if (!adjoints) return tri__call_error(r->call, TRI_MEMORY, "out of memory");
  tri__run_inputs(r, inputs);
  tri__seed_tangents(r, NULL, first, b->n);
  tri_status status = tri__run_best(r);
  if (!status) status = tri__check_outputs(r, inputs);
  if (!status) status = tri__sweep(r, adjoints, weights);
  if (!status) put_rows(r, b, adjoints, first);
  return status;
}

/* --- forward over forward */

/* Adds the weighted tangents of all outputs: `of` picks the tangent out of an output's number. */
static void add_outputs(const struct run *r, const struct port *weights, size_t inner, size_t outer,
                        bool second, void *sum) {
  struct numbers *nested = r->numbers, *dual = nested->base, *base = dual->base;
  void *weight = number_at(base, sum, 1), *product = number_at(base, sum, 2);
  size_t next = 0;
  base->domain->set_double(base, sum, 0.0);
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++, next++) {
      const void *x = element_at(r, r->plan->outputs[i], e);
      const void *tangent = dual_tangent(dual, second ? dual_tangent(nested, x, outer) : x, inner);
      base->domain->set_double(base, weight, 1.0);
      if (port_given(weights)) tri__port_get(weights, next, base, weight);
      tri__numbers_contribute(base, TRI_OP_mul, product, weight, tangent);
      tri__numbers_accumulate(base, sum, product);
    }
}

/* Rows from `row` on, one per outer direction, by columns from `column` on; and their mirror images. */
static void put_square(const struct run *r, const struct block *b, const struct port *weights,
                       size_t row, size_t column, void *sum) {
  struct numbers *nested = r->numbers, *dual = nested->base, *base = dual->base;
  for (size_t j = 0; j < dual->directions && column + j < b->n; j++) {
    add_outputs(r, weights, j, 0, false, sum);
    if (port_given(b->gradient)) tri__port_put(b->gradient, column + j, base, sum);
    for (size_t i = 0; i < nested->directions && row + i < b->n; i++) {
      add_outputs(r, weights, j, i, true, sum);
      look_at(b, base, sum, row + i, column + j);
      tri__port_put(b->hessian, (row + i) * b->n + column + j, base, sum);
      tri__port_put(b->hessian, (column + j) * b->n + row + i, base, sum);
    }
  }
}

/* Tangents of the inputs: inner ones from `column` on, outer ones from `row` on. */
static void seed_square(struct run *r, size_t row, size_t column) {
  struct numbers *nested = r->numbers, *dual = nested->base;
  size_t i = 0;
  for (uint32_t v = 0; v < r->plan->input_count; v++)
    for (size_t e = 0; e < count_of(r, v); e++, i++) {
      void *x = element_at(r, v, e);
      if (i >= column && i - column < dual->directions)
        dual->base->domain->set_double(dual->base, dual_tangent(dual, x, i - column), 1.0);
      if (i >= row && i - row < nested->directions)
        dual->domain->set_double(dual, dual_tangent(nested, x, i - row), 1.0);
    }
}

static tri_status forward_square(struct run *r, const struct block *b, const struct port *inputs,
                                 const struct port *weights, size_t row, size_t column) {
  tri__run_inputs(r, inputs);
  seed_square(r, row, column);
  tri_status status = tri__run_best(r);
  if (!status) status = tri__check_outputs(r, inputs);
  if (status) return status;
  void *sum = tri__numbers_new(tri__base(r->numbers), 3);
  if (!sum) return tri__call_error(r->call, TRI_MEMORY, "out of memory");
  put_square(r, b, weights, row, column, sum);
  tri__numbers_delete(tri__base(r->numbers), sum, 3);
  return TRI_OK;
}

/* --- the call */

/* Who is to blame for what is missing, found by a nested dual run along those two inputs that stores everything. */
static tri_status no_second_derivative(tri_workspace *w, const tri_call *call,
                                       const struct port *inputs, const struct missing *missing) {
  struct run all;
  tri_call quiet;
  tri_status status = tri__status_of(missing->state);
  tri__call_error(call, status, "a second derivative does not exist at this point");
  if (!call->error ||
      tri__level(&all, w, tri__quiet(&quiet, call), LEVEL_NESTED, 1, true) != TRI_OK)
    return tri__call_error(call, status, "a second derivative does not exist at this point");
  tri__run_inputs(&all, inputs);
  seed_square(&all, missing->i, missing->j);
  tri_status again = tri__run_steps(&all);
  return again ? again : tri__blame_outputs(&all, status);
}

static tri_status run_reverse(struct run *r, const struct block *b, const struct port *inputs,
                              const struct port *weights) {
  tri_status status = TRI_OK;
  size_t first = 0;
  do {
    status = reverse_block(r, b, inputs, weights, first);
    first += r->numbers->directions;
  } while (first < b->n && !status);
  return status;
}

static tri_status run_forward(struct run *r, const struct block *b, const struct port *inputs,
                              const struct port *weights) {
  tri_status status = TRI_OK;
  size_t row = 0, at_once = r->numbers->directions;
  do {
    for (size_t column = 0; column <= row && !status; column += at_once)
      status = forward_square(r, b, inputs, weights, row, column);
    row += at_once;
  } while (row < b->n && !status);
  return status;
}

static void put_none(const struct block *b) {
  tri__port_none(b->gradient, 0, b->n);
  tri__port_none(b->hessian, 0, b->n * b->n);
}

tri_status tri__hessian_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                            const struct port *weights, const struct port *outputs,
                            const struct port *gradient, const struct port *hessian) {
  struct run r;
  struct missing missing = {.state = NUMBER_VALUE};
  const struct block b = {tri__input_elements(w), gradient, hessian, &missing};
  bool forward = call->mode == TRI_FORWARD;
  size_t most = forward ? NESTED_AT_ONCE : DIRECTIONS_AT_ONCE, at_once = b.n < most ? b.n : most;
  tri_status status = tri__check_kinks(w, call, inputs, NULL, 0, weights, outputs);
  if (status) {
    put_none(&b);
    return status;
  }
  status = tri__level(&r, w, call, forward ? LEVEL_NESTED : LEVEL_DUAL,
                      at_once ? (uint32_t)at_once : 1, !forward);
  if (status) return status;
  status = forward ? run_forward(&r, &b, inputs, weights) : run_reverse(&r, &b, inputs, weights);
  if (status || missing.state) put_none(&b);
  tri__put_outputs(&r, outputs);
  return status || !missing.state ? status : no_second_derivative(w, call, inputs, &missing);
}
