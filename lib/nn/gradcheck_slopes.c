/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The witness that uses no rule of differentiation: for each tensor of weights the loss's change
 * along a direction of ones and minus ones, by central differences of its values in balls, beside
 * the sum of the enclosures.
 *
 * With b bits and a step h = 2^(-b/3) a quotient is off by about h² f'''/6, and R = (4 D(h/2) -
 * D(h))/3 by less than |R - D(h/2)| as soon as the series converges at all (L. F. Richardson 1911).
 * Values are enclosures. */
#include <math.h>

#include "nn/gradcheck.h"

enum { STEP_BITS = 64, MOST_STEP_BITS = 400, CROSS_BITS = 24, SAFETY = 8 };

/* The bits of a step that crosses no kink but what the direction avoids: far below the least
 * distance from one. A step moves the argument of a kink by less than 2^CROSS_BITS times itself. */
static int step_bits(const struct check *c) {
  int bits = STEP_BITS, exponent;
  for (size_t i = 0; i < c->n_distances; i++) {
    if (c->distance[i] == 0.0 || !isfinite(c->distance[i])) continue;
    frexp(c->distance[i], &exponent);
    if (CROSS_BITS - exponent > bits) bits = CROSS_BITS - exponent;
  }
  return bits;
}

struct slopes {
  struct check_numbers numbers;
  int bits;       /* of the step: it is 2^-bits */
  bool may_cross; /* a kink is nearer than that allows for */
  slong precision;
};

static int sign_of(const struct check *c, size_t entry) {
  return tri__random24(c->options->seed, STREAM_DIRECTION, 0, entry) & 1 ? 1 : -1;
}

/* Whether a direction moves an entry: not where the gradient is not one number. */
static bool is_moved(const struct check *c, const struct entry *e, size_t tensor) {
  return e->tensor == tensor && !e->unit && tri__check_certain(c, e);
}

/* Moves a tensor's weights by `way` times the direction over 2^bits; way 0: back. */
static void move(struct check *c, struct check_numbers *r, size_t tensor, int way, int bits) {
  arf_t step;
  arf_init(step);
  for (size_t i = 0; i < c->n_entries; i++) {
    const struct entry *e = c->entries + i;
    size_t at = c->input_at[tensor] + e->index;
    if (!is_moved(c, e, tensor)) continue;
    tri_values_set_double(r->in, at, c->point[at]);
    arf_set_si_2exp_si(step, way * sign_of(c, i), -bits);
    arb_ptr x = (arb_ptr)(uintptr_t)tri__ball(tri_values_get(r->in, at).at);
    arf_add(arb_midref(x), arb_midref(x), step, ARF_PREC_EXACT, ARF_RND_DOWN);
  }
  arf_clear(step);
}

/* The loss there; indeterminate if it has no value. */
static tri_status loss_at(struct check *c, struct check_numbers *r, size_t tensor, int way,
                          int bits, arb_t loss) {
  move(c, r, tensor, way, bits);
  tri_status status = tri__check_numbers_call(c, r);
  tri_value value = tri_values_get(r->out, 0);
  if (status && status != TRI_DOMAIN && status != TRI_UNKNOWN) return status;
  if (tri_value_exists(value))
    arb_set(loss, tri__ball(value.at));
  else
    arb_indeterminate(loss);
  return TRI_OK;
}

static tri_status quotient(struct check *c, struct slopes *s, size_t tensor, int bits, arb_t to) {
  arb_t low;
  arb_init(low);
  tri_status status = loss_at(c, &s->numbers, tensor, 1, bits, to);
  if (!status) status = loss_at(c, &s->numbers, tensor, -1, bits, low);
  arb_sub(to, to, low, 2 * s->precision);
  arb_mul_2exp_si(to, to, bits - 1);
  arb_clear(low);
  return status;
}

/* R with its bound. */
static tri_status extrapolated(struct check *c, struct slopes *s, size_t tensor, arb_t to) {
  arb_t whole;
  mag_t bound;
  arb_init(whole), mag_init(bound);
  tri_status status = quotient(c, s, tensor, s->bits, whole);
  if (!status) status = quotient(c, s, tensor, s->bits + 1, to);
  move(c, &s->numbers, tensor, 0, 0);
  arb_sub(whole, to, whole, 2 * s->precision);
  arb_div_ui(whole, whole, 3, 2 * s->precision);
  arb_get_mag(bound, whole);
  mag_mul_ui(bound, bound, SAFETY);
  arb_add(to, to, whole, 2 * s->precision);
  arb_add_error_mag(to, bound);
  arb_clear(whole), mag_clear(bound);
  return status;
}

/* The sum of the enclosures, and the size of what is summed. Near kinks it may be off by *unsure:
 * what depends on a side by less than rounding explains is not seen to. */
static double along(const struct check *c, size_t tensor, arb_t sum, double *unsure) {
  enum { BITS = 4096 };
  double squares = 0.0;
  arb_zero(sum);
  *unsure = 0.0;
  for (size_t i = 0; i < c->n_entries; i++) {
    const struct entry *e = c->entries + i;
    if (!is_moved(c, e, tensor)) continue;
    double value = tri__check_value(c, e);
    squares += value * value;
    *unsure += c->near ? tri__check_rounding_of(c, e) : 0.0;
    if (sign_of(c, i) > 0)
      arb_add(sum, sum, tri__check_ball(c, e), BITS);
    else
      arb_sub(sum, sum, tri__check_ball(c, e), BITS);
  }
  return sqrt(squares);
}

static bool overlap_within(const arb_t slope, const arb_t sum, double unsure) {
  arf_t more;
  arb_t wide;
  arf_init(more), arb_init(wide);
  arf_set_d(more, unsure);
  arb_set(wide, sum);
  arb_add_error_arf(wide, more);
  bool overlap = arb_overlaps(slope, wide);
  arf_clear(more), arb_clear(wide);
  return overlap;
}

/* Whether the differences tell a gradient of this size from another. A gradient of 0 has no size:
 * there nothing but the enclosures themselves can agree. */
static tri_verdict compare(const struct slopes *s, const arb_t slope, const arb_t sum,
                           double unsure, double size, double loss) {
  double off = mag_get_d(arb_radref(slope)) + mag_get_d(arb_radref(sum));
  if (!arb_is_finite(slope)) return TRI_UNDECIDED;
  if (!overlap_within(slope, sum, unsure)) return s->may_cross ? TRI_UNDECIDED : TRI_REFUTED;
  if (!arb_overlaps(slope, sum)) off += unsure;
  return off <= fmax(1e-4 * size, 0x1p-50 * fabs(loss)) ? TRI_PROVED : TRI_UNDECIDED;
}

static tri_status look_along(struct check *c, struct slopes *s, size_t tensor, arb_t slope,
                             arb_t sum) {
  tri_tensor_check *t = c->report->tensors + tensor;
  double unsure;
  tri_status status = extrapolated(c, s, tensor, slope);
  double size = along(c, tensor, sum, &unsure);
  t->differences = compare(s, slope, sum, unsure, size, c->report->loss[2]);
  t->along = arf_get_d(arb_midref(sum), ARF_RND_NEAR);
  t->difference = arf_get_d(arb_midref(slope), ARF_RND_NEAR);
  t->off_by = mag_get_d(arb_radref(slope));
  return status;
}

tri_status tri__check_slopes(struct check *c) {
  struct slopes s = {.bits = step_bits(c)};
  arb_t slope, sum;
  s.may_cross = s.bits > MOST_STEP_BITS;
  if (s.may_cross) s.bits = MOST_STEP_BITS;
  s.precision = 3 * s.bits;
  arb_init(slope), arb_init(sum);
  tri_status status = tri__check_numbers_open(c, &s.numbers, TRI_BALL, (uint32_t)s.precision, 1);
  for (size_t t = 0; t < c->tensors && !status; t++) status = look_along(c, &s, t, slope, sum);
  tri__check_numbers_close(&s.numbers);
  arb_clear(slope), arb_clear(sum);
  return status;
}
