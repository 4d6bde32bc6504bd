/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Central differences of values alone, with one step of Richardson's extrapolation (L. F. Richardson 1911).
 *
 * With bits b and the step h = 2^(-b/3) |x|, the quotient D(h) is off by about h² f'''/6, so D(h/2) by 2^(-2b/3) relative, and
 * rounding of the values to b bits by 2^(-b)/h = 2^(-2b/3). R = (4 D(h/2) - D(h))/3 is off by less than |R - D(h/2)| as soon as the series
 * converges at all. What the values are off is taken from a ball at the same bits. */
#include "verify/quotient.h"

enum { MORE_BITS = 64, SAFETY = 8 };

static uint32_t bits_for(uint64_t digits) {
  uint64_t bits = digits * 4983 / 1000 + MORE_BITS;
  return bits < TRI_MAX_PRECISION ? (uint32_t)bits : TRI_MAX_PRECISION;
}

static const void *number(const tri_values *values, size_t i) {
  return tri_values_get(values, i).at;
}

/* How far values are off, from a ball a step away in all inputs: at the point itself they may happen to be exact. */
static tri_status measure_spread(struct quotients *q, const struct subject *s, tri_error *error) {
  const tri_number_options options = {.domain = TRI_BALL, .precision = q->bits};
  struct job job;
  tri_values *values = NULL;
  arb_t scale;
  tri_status status = tri__job_open(&job, s, &options, error);
  arb_init(scale);
  arb_one(scale);
  arb_mul_2exp_si(scale, scale, -(slong)(q->bits / 3));
  for (size_t j = 0; j < s->n && !status; j++) {
    arb_ptr x = (arb_ptr)(uintptr_t)tri__ball(number(job.point, j));
    if (arb_is_zero(x))
      arb_set(x, scale);
    else
      arb_addmul(x, x, scale, (slong)q->bits);
  }
  if (!status) status = tri__job_values(&job, &values);
  for (size_t i = 0; i < s->m && !status; i++) {
    arb_srcptr y = tri__ball(number(values, i));
    arb_get_mag(arb_radref(q->spread + i), y);
    mag_mul_2exp_si(arb_radref(q->spread + i), arb_radref(q->spread + i), -(slong)q->bits);
    mag_add(arb_radref(q->spread + i), arb_radref(q->spread + i), arb_radref(y));
  }
  tri_values_free(values);
  arb_clear(scale);
  tri__job_close(&job);
  return status == TRI_DOMAIN || status == TRI_UNKNOWN ? TRI_OK : status;
}

static void add_distance(arb_srcptr exact, mpfr_srcptr real, mag_t spread) {
  if (!arb_is_finite(exact) || !mpfr_number_p(real)) return;
  arb_t distance;
  mag_t size;
  arb_init(distance), mag_init(size);
  arf_set_mpfr(arb_midref(distance), real);
  arb_sub(distance, exact, distance, 64);
  arb_get_mag(size, distance);
  mag_add(spread, spread, size);
  arb_clear(distance), mag_clear(size);
}

/* Adds how far values are from balls at the point itself: where MPFR's exponents end, a value is 0 and all of it is off. */
static tri_status measure_distance(struct quotients *q, const struct subject *s, tri_error *error) {
  const tri_number_options options = {.domain = TRI_BALL, .precision = q->bits};
  struct job job;
  tri_values *exact = NULL, *real = NULL;
  tri_status status = tri__job_open(&job, s, &options, error);
  if (!status) status = tri__job_values(&job, &exact);
  if (!status) status = tri__job_values(&q->job, &real);
  for (size_t i = 0; i < s->m && !status; i++)
    add_distance(tri__ball(number(exact, i)), tri__real(number(real, i)),
                 arb_radref(q->spread + i));
  tri_values_free(exact);
  tri_values_free(real);
  tri__job_close(&job);
  bool none = status == TRI_DOMAIN || status == TRI_UNKNOWN || status == TRI_LIMIT;
  return none ? TRI_OK : status;
}

tri_status tri__quotients_open(struct quotients *q, const struct subject *s, uint64_t digits,
                               tri_error *error) {
  *q = (struct quotients){.bits = bits_for(digits)};
  const tri_number_options options = {.domain = TRI_MPFR, .precision = q->bits};
  mpfr_inits2((mpfr_prec_t)q->bits, q->step, q->at, q->other, (mpfr_ptr)NULL);
  q->spread = _arb_vec_init((slong)s->m);
  tri_status status = tri__job_open(&q->job, s, &options, error);
  if (status) return status;
  q->moved = tri__job_array(&q->job, s->n);
  for (int k = 0; k < 2; k++) {
    q->high[k] = tri__job_array(&q->job, s->m);
    q->low[k] = tri__job_array(&q->job, s->m);
    if (!q->high[k] || !q->low[k] || !q->moved) return TRI_MEMORY;
  }
  for (size_t j = 0; j < s->n; j++) tri_values_set(q->moved, j, tri_values_get(q->job.point, j));
  status = measure_spread(q, s, error);
  return status ? status : measure_distance(q, s, error);
}

void tri__quotients_close(struct quotients *q) {
  if (q->spread) _arb_vec_clear(q->spread, (slong)q->job.subject->m);
  for (int k = 0; k < 2; k++) {
    tri_values_free(q->high[k]);
    tri_values_free(q->low[k]);
  }
  tri_values_free(q->moved);
  tri__job_close(&q->job);
  if (q->bits) mpfr_clears(q->step, q->at, q->other, (mpfr_ptr)NULL);
}

static mpfr_ptr moved(struct quotients *q, size_t j) {
  return (mpfr_ptr)(uintptr_t)tri__real(number(q->moved, j));
}

/* The values at x + way * h. No value is no failure. */
static tri_status side(struct quotients *q, size_t j, int way, tri_values *values) {
  if (way > 0)
    mpfr_add(moved(q, j), q->at, q->step, MPFR_RNDN);
  else
    mpfr_sub(moved(q, j), q->at, q->step, MPFR_RNDN);
  tri_status status = tri_function_call_values(q->job.function, &q->job.call, q->moved, values);
  bool none = status == TRI_DOMAIN || status == TRI_LIMIT || status == TRI_UNKNOWN;
  for (size_t i = 0; none && i < q->job.subject->m; i++)
    tri_values_set_double(values, i, (double)NAN);
  return none ? TRI_OK : status;
}

/* (f(x + h) - f(x - h)) / 2h of output i at step k, exactly. */
static void difference(struct quotients *q, size_t i, int k, arb_t to) {
  arb_t low;
  arb_init(low);
  arf_set_mpfr(arb_midref(to), tri__real(number(q->high[k], i)));
  mag_zero(arb_radref(to));
  arf_set_mpfr(arb_midref(low), tri__real(number(q->low[k], i)));
  arb_sub(to, to, low, ARF_PREC_EXACT);
  arf_set_mpfr(arb_midref(low), q->step); /* half the step by now */
  arb_div(to, to, low, 2 * (slong)q->bits);
  arb_mul_2exp_si(to, to, k == 0 ? -2 : -1);
  arb_clear(low);
}

static bool has_values(const struct quotients *q, size_t i) {
  for (int k = 0; k < 2; k++)
    if (!mpfr_number_p(tri__real(number(q->high[k], i))) ||
        !mpfr_number_p(tri__real(number(q->low[k], i))))
      return false;
  return true;
}

/* R with its bound. */
static void extrapolate(struct quotients *q, size_t i, arb_t to) {
  arb_t whole, half;
  mag_t bound, rounding;
  arf_t step;
  arb_init(whole), arb_init(half), arf_init(step), mag_init(bound), mag_init(rounding);
  difference(q, i, 0, whole);
  difference(q, i, 1, half);
  arb_sub(whole, half, whole, 2 * (slong)q->bits);
  arb_div_ui(whole, whole, 3, 2 * (slong)q->bits);
  arb_get_mag(bound, whole); /* |R - D(h/2)| */
  arb_add(to, half, whole, 2 * (slong)q->bits);
  arf_set_mpfr(step, q->step);
  arf_get_mag_lower(rounding, step);
  mag_div(rounding, arb_radref(q->spread + i), rounding);
  mag_add(bound, bound, rounding);
  mag_mul_ui(bound, bound, SAFETY);
  mag_add(arb_radref(to), arb_radref(to), bound);
  arb_clear(whole), arb_clear(half), arf_clear(step), mag_clear(bound), mag_clear(rounding);
}

tri_status tri__quotients_by(struct quotients *q, size_t j, arb_ptr to) {
  mpfr_set(q->at, tri__real(number(q->job.point, j)), MPFR_RNDN);
  mpfr_abs(q->step, q->at, MPFR_RNDN);
  if (mpfr_zero_p(q->step)) mpfr_set_ui(q->step, 1, MPFR_RNDN);
  mpfr_set_ui_2exp(q->step, 1, mpfr_get_exp(q->step) - (mpfr_exp_t)(q->bits / 3), MPFR_RNDN);
  tri_status status = TRI_OK;
  for (int k = 0; k < 2 && !status; k++) {
    if (k == 1) mpfr_div_2ui(q->step, q->step, 1, MPFR_RNDN);
    status = side(q, j, 1, q->high[k]);
    if (!status) status = side(q, j, -1, q->low[k]);
  }
  mpfr_set(moved(q, j), q->at, MPFR_RNDN);
  for (size_t i = 0; i < q->job.subject->m && !status; i++) {
    if (has_values(q, i))
      extrapolate(q, i, to + i);
    else
      arb_indeterminate(to + i);
  }
  return status;
}
