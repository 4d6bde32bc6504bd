/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The dual run: values and tangents along several directions in one go, over any domain. */
#include "eval/run.h"

/* Sets tangent d of every input. */
static void seed_direction(struct run *r, const struct port *directions, size_t d, size_t row,
                           size_t k) {
  struct numbers *base = r->numbers->base;
  size_t n = tri__input_elements(r->workspace), next = 0;
  for (uint32_t v = 0; v < r->plan->input_count; v++)
    for (size_t e = 0; e < count_of(r, v); e++, next++) {
      void *tangent = dual_tangent(r->numbers, element_at(r, v, e), d);
      base->domain->set_double(base, tangent, !directions && next == row ? 1.0 : 0.0);
      if (directions && row < k)
        tri__port_get(directions, row * n + next, tri__base(base), tangent);
    }
}

void tri__seed_tangents(struct run *r, const struct port *directions, size_t first, size_t k) {
  for (size_t d = 0; d < r->numbers->directions; d++)
    seed_direction(r, directions, d, first + d, k);
}

/* The first direction whose tangents do not all exist though the values do. */
static tri_status check_tangents(const struct run *r, const struct port *inputs,
                                 const struct port *directions, size_t first, size_t k) {
  const struct numbers *n = r->numbers;
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++)
      for (size_t d = 0; d < n->directions && first + d < k; d++) {
        const void *tangent = dual_tangent(n, element_at(r, r->plan->outputs[i], e), d);
        enum number_state state = n->base->domain->state(n->base, tangent);
        if (state) return tri__no_derivative(r, inputs, directions, first + d, state);
      }
  return TRI_OK;
}

/* Where tangents go: that of output element e along direction d is number d * by_direction + e *
 * by_output. */
struct layout {
  const struct port *port;
  size_t by_direction, by_output;
};

/* Where an output has no value, it has no tangents either. */
static void put_tangents(const struct run *r, const struct layout *to, size_t first, size_t k) {
  const struct numbers *n = r->numbers;
  size_t next = 0;
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++, next++) {
      const void *x = element_at(r, r->plan->outputs[i], e);
      for (size_t d = 0; d < n->directions && first + d < k; d++) {
        size_t at = (first + d) * to->by_direction + next * to->by_output;
        if (n->domain->state(n, x))
          tri__port_none(to->port, at, 1);
        else
          tri__port_put(to->port, at, n->base, dual_tangent(n, x, d));
      }
    }
}

/* Directions first, first + 1, … as many as the level takes. */
static tri_status run_block(struct run *r, const struct port *inputs, size_t first, size_t k,
                            const struct port *directions) {
  tri__run_inputs(r, inputs);
  tri__seed_tangents(r, directions, first, k);
  return tri__run_best(r);
}

static void put_none(const struct layout *to, size_t first, size_t k, size_t m) {
  for (size_t d = first; d < k; d++)
    for (size_t e = 0; e < m; e++)
      tri__port_none(to->port, d * to->by_direction + e * to->by_output, 1);
}

/* Along k directions, or with directions NULL along every input element by itself. */
static tri_status run_all(tri_workspace *w, const tri_call *call, const struct port *inputs,
                          size_t k, const struct port *directions, const struct port *outputs,
                          const struct layout *to) {
  struct run r = {.whole = false};
  size_t at_once = call->trace || k < DIRECTIONS_AT_ONCE ? k : DIRECTIONS_AT_ONCE;
  if (at_once > UINT32_MAX / 2) return tri__call_error(call, TRI_LIMIT, "too many directions");
  size_t first = 0, m = tri__output_elements(w);
  tri_status status =
      tri__check_kinks(w, call, inputs, directions, directions ? k : 0, NULL, outputs);
  if (status) {
    put_none(to, 0, k, m);
    return status;
  }
  status = tri__level(&r, w, call, LEVEL_DUAL, at_once ? (uint32_t)at_once : 1, false);
  for (; first < k && !status; first += r.numbers->directions) {
    status = run_block(&r, inputs, first, k, directions);
    if (!r.whole) break;
    if (!status) status = tri__check_outputs(&r, inputs);
    if (!status) status = check_tangents(&r, inputs, directions, first, k);
    put_tangents(&r, to, first, k);
  }
  if (first < k) put_none(to, first, k, m);
  tri__put_outputs(&r, outputs);
  return status;
}

tri_status tri__dual_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                         size_t k, const struct port *directions, const struct port *outputs,
                         const struct port *tangents) {
  const struct layout to = {tangents, tri__output_elements(w), 1};
  return run_all(w, call, inputs, k, directions, outputs, &to);
}

/* --- the Jacobian */

/* A reverse sweep goes over what one forward run with a single direction does about twice. */
static bool forward_is_cheaper(size_t n, size_t m) { return n <= m || n - m <= m; }

tri_status tri__jacobian_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                             const struct port *outputs, const struct port *jacobian) {
  size_t n = tri__input_elements(w), m = tri__output_elements(w);
  const struct layout to = {jacobian, 1, n};
  if (!n) return tri__value_run(w, call, inputs, outputs);
  if (forward_is_cheaper(n, m)) return run_all(w, call, inputs, n, NULL, outputs, &to);
  return tri__adjoint_rows(w, call, inputs, outputs, jacobian);
}
