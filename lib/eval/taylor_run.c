/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Taylor run: the interpreter over truncated power series (taylor.h), along a curve through the point. */
#include "eval/taylor.h"

/* --- derivatives: k! times coefficient k
 *
 * k! overflows and coefficients vanish where derivatives of order 200 do neither. With t = 2^s u, where 2^s is about order/e, those of
 * u^k are about as large as the derivatives: by Stirling's formula k!/2^(s k) stays between e^(-order/e) and 1 or so. Powers of 2 are
 * exact. */

/* s; 0 for coefficients. */
static uint32_t scale_of(const struct run *r) {
  uint32_t s = 0;
  while (r->call->derivatives && (r->numbers->directions >> s) / 2.718281828 >= 2.0) s++;
  return s;
}

/* x times q, which is canonical. */
static void multiply(struct numbers *n, void *x, mpq_srcptr q) {
  struct numbers *b = n->base;
  void *number = taylor_room(n, ROOM_PARAMETER);
  b->domain->set_rational(b, number, q);
  b->domain->apply(b, TRI_OP_mul, APPLY_EXTENDED, x, (const void *[]){x, number});
}

/* A factor that is too large or small for the smallest domain's exponents is applied, to this and all later coefficients. */
static void spend(struct numbers *n, void *c, uint32_t k, mpq_ptr factor) {
  enum { MOST = 100 };
  size_t up = mpz_sizeinbase(mpq_numref(factor), 2), down = mpz_sizeinbase(mpq_denref(factor), 2);
  if (up <= down + MOST && down <= up + MOST) return;
  for (; k <= n->directions; k++) multiply(n, number_at(n->base, c, k), factor);
  mpq_set_ui(factor, 1, 1);
}

/* Of a copy. */
static void to_derivatives(struct numbers *n, void *c, uint32_t s) {
  mpq_t factor, count;
  mpq_inits(factor, count, NULL);
  mpq_set_ui(factor, 1, 1);
  for (uint32_t k = 1; k <= n->directions; k++) {
    mpq_set_ui(count, k, 1);
    mpq_mul(factor, factor, count);
    mpq_div_2exp(factor, factor, s);
    multiply(n, number_at(n->base, c, k), factor);
    if (k < n->directions) spend(n, c, k + 1, factor);
  }
  mpq_clears(factor, count, NULL);
}

/* --- inputs along the curve: row k of it has the coefficients k of all input elements */

static void put_input(struct run *r, const struct port *curve, size_t terms, size_t next, void *x,
                      uint32_t s) {
  struct numbers *b = r->numbers->base;
  size_t n = tri__input_elements(r->workspace);
  mpq_t power;
  mpq_init(power);
  mpq_set_ui(power, 1, 1);
  for (size_t k = 0; k <= r->numbers->directions; k++) {
    void *to = number_at(b, x, k);
    if (k < terms)
      tri__port_get(curve, k * n + next, b, to);
    else
      b->domain->set_double(b, to, 0.0);
    if (k < terms && s && !b->domain->zero(b, to)) multiply(r->numbers, to, power);
    if (k + 1 < terms) mpq_mul_2exp(power, power, s);
  }
  mpq_clear(power);
}

static void put_curve(struct run *r, const struct port *curve, size_t terms) {
  size_t next = 0;
  for (uint32_t v = 0; v < r->plan->input_count; v++)
    for (size_t e = 0; e < count_of(r, v); e++)
      put_input(r, curve, terms, next++, element_at(r, v, e), scale_of(r));
}

/* --- results */

/* The coefficients that are to be given for an output element; NULL when out of memory. */
static const void *wanted(const struct run *r, const void *x) {
  struct numbers *n = r->numbers;
  if (!r->call->derivatives) return x;
  taylor_of(n)->series_used = 0;
  void *copy = tri__taylor_room(n);
  if (!copy) return NULL;
  n->base->domain->set(n->base, copy, x, (size_t)n->directions + 1);
  to_derivatives(n, copy, scale_of(r));
  return copy;
}

/* Where an output has no value, it has no coefficients. */
static tri_status put_element(const struct run *r, const struct port *to, const void *x,
                              size_t next) {
  struct numbers *n = r->numbers;
  size_t m = tri__output_elements(r->workspace);
  bool none = n->domain->state(n, x) != NUMBER_VALUE;
  const void *c = none ? x : wanted(r, x);
  if (!c) return tri__call_error(r->call, TRI_MEMORY, tri_status_meaning(TRI_MEMORY));
  for (size_t k = 0; k <= n->directions; k++) {
    if (none)
      tri__port_none(to, k * m + next, 1);
    else
      tri__port_put(to, k * m + next, n->base, number_at(n->base, c, k));
  }
  return TRI_OK;
}

static tri_status put_coefficients(const struct run *r, const struct port *to) {
  tri_status status = TRI_OK;
  size_t next = 0;
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]) && !status; e++)
      status = put_element(r, to, element_at(r, r->plan->outputs[i], e), next++);
  return status;
}

/* The first output whose coefficients do not all exist. */
static tri_status check_coefficients(struct run *r, const struct port *curve, size_t terms) {
  const struct numbers *n = r->numbers;
  for (uint32_t i = 0; i < r->plan->output_count; i++)
    for (size_t e = 0; e < count_of(r, r->plan->outputs[i]); e++)
      for (size_t k = 1; k <= n->directions; k++) {
        const void *c = number_at(n->base, element_at(r, r->plan->outputs[i], e), k);
        enum number_state state = n->base->domain->state(n->base, c);
        if (state) return tri__no_coefficient(r, curve, terms, state);
      }
  return TRI_OK;
}

/* --- the run */

tri_status tri__taylor_steps(struct run *r, const struct port *curve, size_t terms) {
  taylor_of(r->numbers)->interrupt = r->call->interrupt;
  put_curve(r, curve, terms);
  return tri__run_steps(r);
}

/* The rows of the curve beyond the first are the directions in which it moves. */
static tri_status check_kinks(tri_workspace *w, const tri_call *call, const struct port *curve,
                              size_t terms) {
  struct port rows = *curve;
  size_t n = tri__input_elements(w);
  if (terms < 2) return TRI_OK;
  if (rows.doubles)
    rows.doubles += n;
  else
    rows.data = number_at(rows.numbers, rows.data, n);
  return tri__check_kinks(w, call, curve, &rows, terms - 1, NULL, &(struct port){.doubles = NULL});
}

tri_status tri__taylor_run(tri_workspace *w, const tri_call *call, const struct port *curve,
                           size_t terms, size_t order, const struct port *coefficients) {
  struct run r;
  if (w->plan->rolled)
    return tri__call_error(call, TRI_ARGUMENT, "no series goes through loops and indices");
  if (order >= UINT32_MAX / 2) return tri__call_error(call, TRI_LIMIT, "the order is too high");
  tri_status status = order ? check_kinks(w, call, curve, terms) : TRI_OK;
  if (status) {
    tri__port_none(coefficients, 0, (order + 1) * tri__output_elements(w));
    return status;
  }
  status = tri__level(&r, w, call, LEVEL_TAYLOR, (uint32_t)order, false);
  if (!status) status = tri__taylor_steps(&r, curve, terms);
  if (status) return status;
  status = tri__check_outputs(&r, curve);
  if (!status) status = check_coefficients(&r, curve, terms);
  tri_status put = put_coefficients(&r, coefficients);
  return status ? status : put;
}
