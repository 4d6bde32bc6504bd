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

/* Where an output has no value, it has no tangents either. */
static void put_tangents(const struct run *r, const struct port *tangents, size_t first, size_t k) {
  const struct numbers *n = r->numbers;
  size_t m = tri__output_elements(r->workspace), next = 0;
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++, next++) {
      const void *x = element_at(r, r->plan->outputs[i], e);
      for (size_t d = 0; d < n->directions && first + d < k; d++) {
        if (n->domain->state(n, x))
          tri__port_none(tangents, (first + d) * m + next, 1);
        else
          tri__port_put(tangents, (first + d) * m + next, n->base, dual_tangent(n, x, d));
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

tri_status tri__dual_run(tri_workspace *w, const tri_call *call, const struct port *inputs,
                         size_t k, const struct port *directions, const struct port *outputs,
                         const struct port *tangents) {
  struct run r = {.whole = false};
  size_t at_once = call->trace || k < DIRECTIONS_AT_ONCE ? k : DIRECTIONS_AT_ONCE;
  if (at_once > UINT32_MAX / 2) return tri__call_error(call, TRI_LIMIT, "too many directions");
  size_t first = 0, m = tri__output_elements(w);
  tri_status status = tri__check_kinks(w, call, inputs, directions, k, NULL, outputs);
  if (status) {
    tri__port_none(tangents, 0, k * m);
    return status;
  }
  status = tri__level(&r, w, call, LEVEL_DUAL, (uint32_t)at_once, false);
  for (; first < k && !status; first += r.numbers->directions) {
    status = run_block(&r, inputs, first, k, directions);
    if (!r.whole) break;
    if (!status) status = tri__check_outputs(&r, inputs);
    if (!status) status = check_tangents(&r, inputs, directions, first, k);
    put_tangents(&r, tangents, first, k);
  }
  if (first < k) tri__port_none(tangents, first * m, (k - first) * m);
  tri__put_outputs(&r, outputs);
  return status;
}
