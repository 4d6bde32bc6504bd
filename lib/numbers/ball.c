/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The domain of balls: a midpoint and a radius within which the true value certainly is, by FLINT (Johansson, "Arb: efficient
 * arbitrary-precision midpoint-radius interval arithmetic", 2017).
 *
 * "No value" is said where it certainly is so, "undecided" where the ball is too wide to tell. A condition that cannot be told is the
 * ball from 0 to 1, and what is chosen by it encloses both branches. Infinities occur where IEEE has them, in extended mode, at exact
 * poles, and go on as IEEE has it; a ball without bounds is undecided. */
#include <math.h>

#include "base/text.h"
#include "numbers/real_text.h"

struct ball {
  arb_t x;
  uint8_t state;
};

static struct ball *at(const void *x) { return (struct ball *)(uintptr_t)x; }
static arb_ptr ball(const void *x) { return at(x)->x; }

static void none(void *to, enum number_state why) {
  arb_zero(ball(to));
  at(to)->state = (uint8_t)why;
}

static bool is_infinity(const arb_t x) {
  return mag_is_zero(arb_radref(x)) && arf_is_inf(arb_midref(x));
}

/* Exponents beyond this cannot be written as decimals. */
enum { LARGEST_EXPONENT_BITS = 62 };

static bool exponent_too_large(const arb_t x) {
  arf_srcptr middle = arb_midref(x);
  return !arf_is_special(middle) && fmpz_bits(ARF_EXPREF(middle)) > LARGEST_EXPONENT_BITS;
}

/* What is that small is enclosed around 0. */
static void underflow(arb_t x) {
  enum { SMALLEST = -(1 << 30) };
  arb_get_mag(arb_radref(x), x);
  arf_zero(arb_midref(x));
  arb_add_error_2exp_si(x, SMALLEST);
}

/* A radius far below the precision (beside an underflow) would be taken for that many digits. */
static void widen(arb_t x, slong bits) {
  if (!arb_is_exact(x) && arb_rel_accuracy_bits(x) > 2 * bits)
    arf_mag_add_ulp(arb_radref(x), arb_radref(x), arb_midref(x), 2 * bits);
}

static void settle(const struct numbers *n, void *to) {
  bool extreme = exponent_too_large(ball(to));
  at(to)->state = NUMBER_VALUE;
  if (extreme && fmpz_sgn(ARF_EXPREF(arb_midref(ball(to)))) < 0)
    underflow(ball(to));
  else if (extreme)
    none(to, NUMBER_TOO_LONG);
  else if (!arb_is_finite(ball(to)) && !is_infinity(ball(to)))
    none(to, NUMBER_UNDECIDED);
  else
    widen(ball(to), (slong)n->precision);
}

/* --- rows */

typedef void unary(arb_t, const arb_t, slong);
typedef void binary(arb_t, const arb_t, const arb_t, slong);

static void ball_square(arb_t to, const arb_t a, slong bits) { arb_sqr(to, a, bits); }
static void ball_neg(arb_t to, const arb_t a, slong bits) {
  (void)bits;
  arb_neg(to, a);
}

/* Where 0 is inside, from 0 on: half as wide as about the midpoint. */
static void ball_abs(arb_t to, const arb_t a, slong bits) {
  arb_t negative;
  arb_init(negative);
  arb_neg(negative, a);
  if (arb_contains_zero(a) && !arb_is_zero(a)) {
    arb_union(to, a, negative, bits);
    arb_nonnegative_part(to, to);
  } else {
    arb_abs(to, a);
  }
  arb_clear(negative);
}

/* Of a number that is 0 or has a sign; FLINT's root goes through the logarithm. */
static void exact_cbrt(arb_t to, const arb_t a, slong bits) {
  bool negative = arb_is_negative(a) != 0;
  if (arb_is_zero(a)) {
    arb_zero(to);
    return;
  }
  arb_abs(to, a);
  arb_root_ui(to, to, 3, bits);
  if (negative) arb_neg(to, to);
}

/* Increasing: where 0 is inside, from end to end. */
static void ball_cbrt(arb_t to, const arb_t a, slong bits) {
  if (!arb_contains_zero(a)) {
    exact_cbrt(to, a, bits);
    return;
  }
  arb_t low, high;
  arb_init(low), arb_init(high);
  arb_get_lbound_arf(arb_midref(low), a, bits);
  arb_get_ubound_arf(arb_midref(high), a, bits);
  exact_cbrt(low, low, bits);
  exact_cbrt(high, high, bits);
  arb_union(to, low, high, bits);
  arb_clear(low), arb_clear(high);
}

static void ball_gaussian(arb_t to, const arb_t a, slong bits) {
  arb_sqr(to, a, 2 * bits);
  arb_neg(to, to);
  arb_exp(to, to, bits);
}

static void ball_sigmoid(arb_t to, const arb_t a, slong bits) {
  arb_neg(to, a);
  arb_exp(to, to, bits);
  arb_add_ui(to, to, 1, bits);
  arb_inv(to, to, bits);
}

/* log(1 + e^-|a|), and a where it is positive: e^a alone may be too large to be had. */
static void ball_softplus(arb_t to, const arb_t a, slong bits) {
  arb_t size;
  arb_init(size);
  arb_abs(size, a);
  bool negative = !arb_is_nonnegative(a), positive = !arb_is_nonpositive(a);
  if (negative && positive) {
    arb_exp(to, a, bits);
    arb_log1p(to, to, bits);
  } else {
    arb_neg(size, size);
    arb_exp(size, size, bits);
    arb_log1p(size, size, bits);
    if (positive)
      arb_add(to, size, a, bits);
    else
      arb_set(to, size);
  }
  arb_clear(size);
}

static void ball_one_minus_square(arb_t to, const arb_t a, slong bits) {
  arb_t above;
  arb_init(above);
  arb_add_ui(above, a, 1, bits);
  arb_sub_ui(to, a, 1, bits);
  arb_neg(to, to);
  arb_mul(to, to, above, bits);
  arb_clear(above);
}

/* 1 / (4 cosh(a/2)^2). */
static void ball_sigmoid_rate(arb_t to, const arb_t a, slong bits) {
  arb_mul_2exp_si(to, a, -1);
  arb_sech(to, to, bits);
  arb_sqr(to, to, bits);
  arb_mul_2exp_si(to, to, -2);
}

static void ball_lorentzian(arb_t to, const arb_t a, slong bits) {
  arb_sqr(to, a, bits);
  arb_add_ui(to, to, 1, bits);
  arb_inv(to, to, bits);
}

/* Between -1 and 1 also where the distance cannot be told from 0. */
static void ball_unit(arb_t to, const arb_t a, const arb_t b, slong bits) {
  arb_t distance;
  arb_init(distance);
  arb_hypot(distance, a, b, bits);
  if (arb_is_zero(a)) {
    arb_zero(to);
  } else if (arb_contains_zero(distance)) {
    arb_zero(to);
    mag_one(arb_radref(to));
  } else {
    arb_div(to, a, distance, bits);
  }
  arb_clear(distance);
}

static void ball_log2(arb_t to, const arb_t a, slong bits) { arb_log_base_ui(to, a, 2, bits); }
static void ball_log10(arb_t to, const arb_t a, slong bits) { arb_log_base_ui(to, a, 10, bits); }

/* log |gamma|: below 0 by the reflection log(pi/|sin(pi a)|) - lgamma(1 - a), which holds where gamma itself would be tiny. */
static void ball_lgamma(arb_t to, const arb_t a, slong bits) {
  if (arb_is_positive(a)) {
    arb_lgamma(to, a, bits);
    return;
  }
  arb_t sine, other;
  arb_init(sine), arb_init(other);
  arb_sub_ui(other, a, 1, bits + 8);
  arb_neg(other, other);
  arb_lgamma(other, other, bits);
  arb_sin_pi(sine, a, bits);
  arb_abs(sine, sine);
  arb_const_pi(to, bits);
  arb_div(to, to, sine, bits);
  arb_log(to, to, bits);
  arb_sub(to, to, other, bits);
  arb_clear(sine), arb_clear(other);
}

/* erf(a) for |a| so large that 1 - |erf(a)| < exp(-a^2) is below the precision, where FLINT 2's sum of a series has no end. */
static void ball_erf(arb_t to, const arb_t a, slong bits) {
  mag_t least;
  mag_init(least);
  arb_get_mag_lower(least, a);
  bool far = mag_cmp_2exp_si(least, 0) > 0 && mag_get_d(least) > sqrt((double)bits + 8.0);
  if (far) {
    arb_sgn(to, a);
    arb_add_error_2exp_si(to, -bits);
  } else {
    arb_hypgeom_erf(to, a, bits);
  }
  mag_clear(least);
}

static void polygamma(arb_t to, const arb_t n, const arb_t x, slong bits) {
  acb_t order, point;
  acb_init(order), acb_init(point);
  acb_set_arb(order, n);
  acb_set_arb(point, x);
  acb_polygamma(point, order, point, bits);
  arb_set(to, acb_realref(point));
  acb_clear(order), acb_clear(point);
}

/* Far below 0, where FLINT takes as many steps as x is large: with -x = k + g, k whole, it is
 * psi(1 - g) - (-1)^n (psi(g) - psi(1 - x)), by the recurrence. */
static void reflected(arb_t to, const arb_t n, const arb_t x, slong bits) {
  arb_t g, near, far, half;
  arb_init(g), arb_init(near), arb_init(far), arb_init(half);
  arb_neg(g, x);
  arb_floor(near, g, bits + 64);
  arb_sub(g, g, near, bits);
  arb_sub_ui(far, x, 1, bits);
  arb_neg(far, far);
  polygamma(far, n, far, bits);
  polygamma(near, n, g, bits);
  arb_sub(near, near, far, bits);
  arb_sub_ui(g, g, 1, bits);
  arb_neg(g, g);
  polygamma(far, n, g, bits);
  arb_mul_2exp_si(half, n, -1);
  if (arb_is_int(half))
    arb_sub(to, far, near, bits);
  else
    arb_add(to, far, near, bits);
  arb_clear(g), arb_clear(near), arb_clear(far), arb_clear(half);
}

void tri__ball_polygamma(arb_t to, const arb_t n, const arb_t x, slong bits) {
  if (!arb_is_int(n) || arb_is_negative(n))
    arb_indeterminate(to);
  else if (arb_is_zero(n))
    arb_digamma(to, x, bits);
  else if (arf_cmp_si(arb_midref(x), -8) < 0)
    reflected(to, n, x, bits);
  else
    polygamma(to, n, x, bits);
}

static void truth(arb_t to, bool yes, bool no) {
  arb_set_ui(to, yes ? 1 : 0);
  if (yes || no) return;
  arf_set_d(arb_midref(to), 0.5);
  mag_set_d(arb_radref(to), 0.5);
}

#define COMPARISON(name, yes, no)                                                                  \
  static void ball_##name(arb_t to, const arb_t a, const arb_t b, slong bits) {                    \
    (void)bits;                                                                                    \
    truth(to, yes, no);                                                                            \
  }
COMPARISON(lt, arb_lt(a, b), arb_ge(a, b))
COMPARISON(le, arb_le(a, b), arb_gt(a, b))
COMPARISON(gt, arb_gt(a, b), arb_le(a, b))
COMPARISON(ge, arb_ge(a, b), arb_lt(a, b))
COMPARISON(eq, arb_eq(a, b), arb_ne(a, b))
COMPARISON(ne, arb_ne(a, b), arb_eq(a, b))
COMPARISON(and, !arb_contains_zero(a) && !arb_contains_zero(b), arb_is_zero(a) || arb_is_zero(b))
COMPARISON(or, !arb_contains_zero(a) || !arb_contains_zero(b), arb_is_zero(a) && arb_is_zero(b))

static void ball_not(arb_t to, const arb_t a, slong bits) {
  (void)bits;
  truth(to, arb_is_zero(a), !arb_contains_zero(a));
}

static void ball_sign(arb_t to, const arb_t a, slong bits) {
  (void)bits;
  arb_sgn(to, a);
}

/* In a corner at infinity the angle is that of (1, 1), as IEEE has it. */
static void ball_atan2(arb_t to, const arb_t a, const arb_t b, slong bits) {
  arb_t up, right;
  if (!is_infinity(a) || !is_infinity(b)) {
    arb_atan2(to, a, b, bits);
    return;
  }
  arb_init(up), arb_init(right);
  arb_sgn(up, a);
  arb_sgn(right, b);
  arb_atan2(to, up, right, bits);
  arb_clear(up), arb_clear(right);
}

/* Where FLINT's name is not the row's; rows that are not here go by their programs. */
static unary *const unary_rows[TRI_OP_ROWS] = {
    [TRI_OP_neg] = ball_neg,
    [TRI_OP_square] = ball_square,
    [TRI_OP_sqrt] = arb_sqrt,
    [TRI_OP_cbrt] = ball_cbrt,
    [TRI_OP_exp] = arb_exp,
    [TRI_OP_expm1] = arb_expm1,
    [TRI_OP_log] = arb_log,
    [TRI_OP_log1p] = arb_log1p,
    [TRI_OP_log2] = ball_log2,
    [TRI_OP_log10] = ball_log10,
    [TRI_OP_sin] = arb_sin,
    [TRI_OP_cos] = arb_cos,
    [TRI_OP_tan] = arb_tan,
    [TRI_OP_sec] = arb_sec,
    [TRI_OP_csc] = arb_csc,
    [TRI_OP_cot] = arb_cot,
    [TRI_OP_asin] = arb_asin,
    [TRI_OP_acos] = arb_acos,
    [TRI_OP_atan] = arb_atan,
    [TRI_OP_sinh] = arb_sinh,
    [TRI_OP_cosh] = arb_cosh,
    [TRI_OP_sech] = arb_sech,
    [TRI_OP_tanh] = arb_tanh,
    [TRI_OP_asinh] = arb_asinh,
    [TRI_OP_acosh] = arb_acosh,
    [TRI_OP_atanh] = arb_atanh,
    [TRI_OP_gaussian] = ball_gaussian,
    [TRI_OP_erf] = ball_erf,
    [TRI_OP_erfc] = arb_hypgeom_erfc,
    [TRI_OP_gamma] = arb_gamma,
    [TRI_OP_lgamma] = ball_lgamma,
    [TRI_OP_digamma] = arb_digamma,
    [TRI_OP_sigmoid] = ball_sigmoid,
    [TRI_OP_sigmoid_rate] = ball_sigmoid_rate,
    [TRI_OP_lorentzian] = ball_lorentzian,
    [TRI_OP_softplus] = ball_softplus,
    [TRI_OP_one_minus_square] = ball_one_minus_square,
    [TRI_OP_abs] = ball_abs,
    [TRI_OP_sign] = ball_sign,
    [TRI_OP_floor] = arb_floor,
    [TRI_OP_ceil] = arb_ceil,
    [TRI_OP_logical_not] = ball_not,
};

static binary *const binary_rows[TRI_OP_ROWS] = {
    [TRI_OP_add] = arb_add,        [TRI_OP_sub] = arb_sub,
    [TRI_OP_mul] = arb_mul,        [TRI_OP_div] = arb_div,
    [TRI_OP_pow] = arb_pow,        [TRI_OP_hypot] = arb_hypot,
    [TRI_OP_atan2] = ball_atan2,   [TRI_OP_polygamma] = tri__ball_polygamma,
    [TRI_OP_min] = arb_min,        [TRI_OP_max] = arb_max,
    [TRI_OP_lt] = ball_lt,         [TRI_OP_le] = ball_le,
    [TRI_OP_gt] = ball_gt,         [TRI_OP_ge] = ball_ge,
    [TRI_OP_eq] = ball_eq,         [TRI_OP_ne] = ball_ne,
    [TRI_OP_unit] = ball_unit,     [TRI_OP_logical_and] = ball_and,
    [TRI_OP_logical_or] = ball_or,
};

/* --- infinities and poles */

/* A number that a double is, exactly; infinities are. */
static bool exact_double(double *to, const arb_t x) {
  arf_t back;
  if (!mag_is_zero(arb_radref(x))) return false;
  *to = arf_get_d(arb_midref(x), ARF_RND_NEAR);
  arf_init(back);
  arf_set_d(back, *to);
  bool equal = arf_equal(back, arb_midref(x)) != 0;
  arf_clear(back);
  return equal;
}

/* What IEEE has at an infinity or a pole that is met exactly: no value, an infinity or an integer, which the row's kernel knows. False
 * where the arguments are not exact or there is another limit. */
static bool apply_ieee(struct numbers *n, tri_op op, void *to, const void *const *x) {
  double a[ROW_MAX_ARITY] = {0.0}, value = 0.0;
  bool exact = true;
  for (unsigned i = 0; i < n->rows[op].arity; i++) exact = exact && exact_double(a + i, ball(x[i]));
  if (exact) value = n->rows[op].kernel(a[0], a[1], a[2]);
  if (!exact || (isfinite(value) && value != rint(value))) return false;
  arb_set_d(ball(to), isnan(value) ? 0.0 : value);
  at(to)->state = (uint8_t)(isnan(value) ? NUMBER_NONE : NUMBER_VALUE);
  return true;
}

static bool has_infinity(const struct row *row, const void *const *x) {
  bool any = false;
  for (unsigned i = 0; i < row->arity; i++) any |= is_infinity(ball(x[i]));
  return any;
}

/* --- a row */

/* FLINT gives up functions of numbers whose exponents are far out, at any precision. */
static bool far_out(const struct row *row, const void *const *x) {
  bool any = false;
  for (unsigned i = 0; i < row->arity; i++)
    any |= arf_cmpabs_2exp_si(arb_midref(ball(x[i])), LARGEST_EXPONENT_BITS) > 0 &&
           arb_rel_accuracy_bits(ball(x[i])) > 8;
  return any;
}

/* All arguments have values. */
static void apply_row(struct numbers *n, tri_op op, void *to, const void *const *x) {
  if (!unary_rows[op] && !binary_rows[op]) {
    tri__value_by_program(n, op, to, x);
    return;
  }
  bool far = !n->rows[op].tame && far_out(n->rows + op, x); /* `to` may be an argument */
  if (unary_rows[op])
    unary_rows[op](ball(to), ball(x[0]), (slong)n->precision);
  else
    binary_rows[op](ball(to), ball(x[0]), ball(x[1]), (slong)n->precision);
  settle(n, to);
  if (far && at(to)->state == NUMBER_UNDECIDED) none(to, NUMBER_TOO_LONG);
}

/* --- choices */

/* Both branches, as the condition cannot be told. */
static void choose_both(struct numbers *n, void *to, const void *const *x) {
  for (int i = 1; i <= 2; i++)
    if (at(x[i])->state) {
      none(to, NUMBER_UNDECIDED);
      return;
    }
  arb_union(ball(to), ball(x[1]), ball(x[2]), (slong)n->precision);
  settle(n, to);
}

static void lazy(struct numbers *n, tri_op op, void *to, const void *const *x) {
  bool zero = arb_is_zero(ball(x[0])) != 0;
  if (op == TRI_OP_select && !zero && arb_contains_zero(ball(x[0]))) {
    choose_both(n, to, x);
  } else if (op == TRI_OP_select) {
    n->domain->set(n, to, zero ? x[2] : x[1], 1);
  } else if (zero) {
    arb_zero(ball(to));
    at(to)->state = NUMBER_VALUE;
  } else if (at(x[1])->state) {
    none(to, arb_contains_zero(ball(x[0])) ? NUMBER_UNDECIDED : (enum number_state)at(x[1])->state);
  } else if (!has_infinity(n->rows + op, x) || !apply_ieee(n, op, to, x)) {
    arb_mul(ball(to), ball(x[0]), ball(x[1]), (slong)n->precision);
    settle(n, to);
  }
}

static void ball_apply(struct numbers *n, tri_op op, enum apply_mode mode, void *to,
                       const void *const *x) {
  if (!tri__arguments_exist(n, op, to, x)) return;
  if (n->rows[op].lazy) {
    lazy(n, op, to, x);
    return;
  }
  if (mode == APPLY_EXTENDED && has_infinity(n->rows + op, x) && apply_ieee(n, op, to, x)) return;
  int defined = tri__defined_by_program(n, op, x);
  if (defined == COMPARE_UNKNOWN)
    none(to, NUMBER_UNDECIDED);
  else if (!defined && mode == APPLY_STRICT)
    none(to, NUMBER_NONE);
  else if (defined)
    apply_row(n, op, to, x);
  else if (!apply_ieee(n, op, to, x))
    none(to, NUMBER_UNDECIDED);
}

/* --- the domain */

static bool ball_open(struct numbers *n) {
  tri__thread_caches();
  n->size = sizeof(struct ball);
  return true;
}

static bool ball_init(struct numbers *n, void *array, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct ball *x = number_at(n, array, i);
    arb_init(x->x);
    x->state = NUMBER_VALUE;
  }
  return true;
}

static void ball_clear(struct numbers *n, void *array, size_t count) {
  for (size_t i = 0; i < count; i++) arb_clear(ball(number_at(n, array, i)));
}

static void ball_set(struct numbers *n, void *to, const void *from, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct ball *x = number_at(n, to, i);
    const struct ball *y = number_at(n, from, i);
    arb_set(x->x, y->x);
    x->state = y->state;
  }
}

static void ball_set_rational(struct numbers *n, void *to, mpq_srcptr q) {
  fmpq_t exact;
  fmpq_init(exact);
  fmpq_set_mpq(exact, q);
  arb_set_fmpq(ball(to), exact, (slong)n->precision);
  fmpq_clear(exact);
  at(to)->state = NUMBER_VALUE;
}

static void ball_set_double(struct numbers *n, void *to, double x) {
  (void)n;
  if (isnan(x)) {
    none(to, NUMBER_NONE);
    return;
  }
  arb_set_d(ball(to), x);
  at(to)->state = NUMBER_VALUE;
}

static void ball_set_pi(struct numbers *n, void *to) {
  arb_const_pi(ball(to), (slong)n->precision);
  at(to)->state = NUMBER_VALUE;
}

static void ball_set_none(struct numbers *n, void *to, enum number_state why) {
  (void)n;
  none(to, why);
}

static enum number_state ball_state(const struct numbers *n, const void *x) {
  (void)n;
  return (enum number_state)at(x)->state;
}

static bool ball_zero(const struct numbers *n, const void *x) {
  (void)n;
  return !at(x)->state && arb_is_zero(ball(x));
}

static int ball_compare(struct numbers *n, const void *a, const void *b) {
  (void)n;
  if (at(a)->state || at(b)->state) return COMPARE_UNKNOWN;
  return arb_lt(ball(a), ball(b))   ? -1
         : arb_gt(ball(a), ball(b)) ? 1
         : arb_eq(ball(a), ball(b)) ? 0
                                    : COMPARE_UNKNOWN;
}

/* 42, or 0.8414709848 +/- 3.1e-11. */
static void ball_text(const struct numbers *n, const void *x, tri_text *text) {
  (void)n;
  tri_text radius = {0};
  if (at(x)->state) {
    tri__text_puts(text, "nan");
    return;
  }
  tri__text_ball(text, &radius, ball(x), 0);
  if (radius.size != 1 || *radius.data != '0') {
    tri__text_puts(text, " +/- ");
    tri__text_add(text, radius.data, radius.size);
  }
  if (radius.status) text->status = radius.status;
  tri_text_free(&radius);
}

static double ball_to_double(const struct numbers *n, const void *x) {
  (void)n;
  return at(x)->state ? (double)NAN : arf_get_d(arb_midref(ball(x)), ARF_RND_NEAR);
}

/* Only an exact ball is a rational, and its exponent must not be too large to write it out. */
static bool ball_to_rational(const struct numbers *n, const void *x, mpq_ptr q) {
  if (at(x)->state || !arb_is_exact(ball(x)) || !arb_is_finite(ball(x))) return false;
  if (arf_cmpabs_2exp_si(arb_midref(ball(x)), (slong)(n->bits / 2)) > 0) return false;
  if (!arf_is_zero(arb_midref(ball(x))) &&
      arf_cmpabs_2exp_si(arb_midref(ball(x)), -(slong)(n->bits / 2)) < 0)
    return false;
  fmpq_t exact;
  fmpq_init(exact);
  arf_get_fmpq(exact, arb_midref(ball(x)));
  fmpq_get_mpq(q, exact);
  fmpq_clear(exact);
  return true;
}

arb_srcptr tri__ball(const void *x) { return ball(x); }

const struct domain tri__ball_domain = {
    .name = "ball",
    .open = ball_open,
    .init = ball_init,
    .clear = ball_clear,
    .set = ball_set,
    .set_rational = ball_set_rational,
    .set_double = ball_set_double,
    .set_pi = ball_set_pi,
    .set_none = ball_set_none,
    .apply = ball_apply,
    .partial = tri__partial_by_program,
    .kink = tri__kink_by_program,
    .state = ball_state,
    .zero = ball_zero,
    .compare = ball_compare,
    .text = ball_text,
    .to_double = ball_to_double,
    .to_rational = ball_to_rational,
};
