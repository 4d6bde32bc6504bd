/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The domain of MPFR's numbers: floating point of any precision, each row's value rounded to nearest where MPFR has the function, else by
 * the row's program or from a ball. No value is NaN, an overflow is inf. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "numbers/real_text.h"

/* Where there is no value, x is NaN and `state` says why. */
struct real {
  mpfr_t x;
  uint8_t state;
};

static struct real *at(const void *x) { return (struct real *)(uintptr_t)x; }
static mpfr_ptr real(const void *x) { return at(x)->x; }

static void settle(void *to) { at(to)->state = mpfr_nan_p(real(to)) ? NUMBER_NONE : NUMBER_VALUE; }

static void none(void *to, enum number_state why) {
  mpfr_set_nan(real(to));
  at(to)->state = (uint8_t)why;
}

/* --- rows */

typedef int unary(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
typedef int binary(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

static int real_lgamma(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  int sign;
  return mpfr_lgamma(to, &sign, a, round);
}

static int real_floor(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  return mpfr_rint_floor(to, a, round);
}

static int real_ceil(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  return mpfr_rint_ceil(to, a, round);
}

/* The square is exact, so that there is one rounding before the last: its relative error is magnified by a². */
static int real_gaussian(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  mpfr_t square;
  mpfr_init2(square, 2 * mpfr_get_prec(a));
  mpfr_sqr(square, a, MPFR_RNDN);
  mpfr_neg(square, square, MPFR_RNDN);
  int rounded = mpfr_exp(to, square, round);
  mpfr_clear(square);
  return rounded;
}

/* Those that follow: a few bits more than those of the result, so that it is rounded to nearest but for rare ties. */
enum { GUARD = 16 };

static int real_sigmoid(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  mpfr_t e;
  mpfr_init2(e, mpfr_get_prec(to) + GUARD);
  mpfr_neg(e, a, MPFR_RNDN);
  mpfr_exp(e, e, MPFR_RNDN);
  mpfr_add_ui(e, e, 1, MPFR_RNDN);
  int rounded = mpfr_ui_div(to, 1, e, round);
  mpfr_clear(e);
  return rounded;
}

/* 1 / (4 cosh(a/2)^2). */
static int real_sigmoid_rate(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  mpfr_t s;
  mpfr_init2(s, mpfr_get_prec(to) + GUARD);
  mpfr_div_2ui(s, a, 1, MPFR_RNDN);
  mpfr_sech(s, s, MPFR_RNDN);
  mpfr_sqr(s, s, MPFR_RNDN);
  int rounded = mpfr_div_2ui(to, s, 2, round);
  mpfr_clear(s);
  return rounded;
}

static int real_lorentzian(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  mpfr_t s;
  mpfr_init2(s, mpfr_get_prec(to) + GUARD);
  mpfr_sqr(s, a, MPFR_RNDN);
  mpfr_add_ui(s, s, 1, MPFR_RNDN);
  int rounded = mpfr_ui_div(to, 1, s, round);
  mpfr_clear(s);
  return rounded;
}

/* log(1 + e^-|a|), and a where it is positive: e^a alone may be too large. */
static int real_softplus(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  mpfr_t s;
  bool positive = mpfr_sgn(a) > 0;
  mpfr_init2(s, mpfr_get_prec(to) + GUARD);
  mpfr_abs(s, a, MPFR_RNDN);
  mpfr_neg(s, s, MPFR_RNDN);
  mpfr_exp(s, s, MPFR_RNDN);
  mpfr_log1p(s, s, MPFR_RNDN);
  int rounded = positive ? mpfr_add(to, s, a, round) : mpfr_set(to, s, round);
  mpfr_clear(s);
  return rounded;
}

/* Exact before it is rounded. */
static int real_one_minus_square(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  mpfr_t s;
  mpfr_init2(s, 2 * mpfr_get_prec(a));
  mpfr_sqr(s, a, MPFR_RNDN);
  int rounded = mpfr_ui_sub(to, 1, s, round);
  mpfr_clear(s);
  return rounded;
}

static int real_unit(mpfr_ptr to, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t round) {
  if (mpfr_zero_p(a)) return mpfr_set_zero(to, 1), 0;
  mpfr_t distance;
  mpfr_init2(distance, mpfr_get_prec(to) + GUARD);
  mpfr_hypot(distance, a, b, MPFR_RNDN);
  int rounded = mpfr_div(to, a, distance, round);
  mpfr_clear(distance);
  return rounded;
}

/* Both sides of its poles differ, at 0 too. */
static int real_digamma(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  if (!mpfr_zero_p(a)) return mpfr_digamma(to, a, round);
  mpfr_set_nan(to);
  return 0;
}

/* Through balls, of which one at a few more bits nearly always rounds. */
static int real_polygamma(mpfr_ptr to, mpfr_srcptr n, mpfr_srcptr x, mpfr_rnd_t round) {
  if (mpfr_zero_p(n)) return real_digamma(to, x, round);
  if (mpfr_inf_p(x) && mpfr_sgn(x) > 0) return mpfr_set_zero(to, 1), 0;
  arb_t order, point, value;
  slong bits = (slong)mpfr_get_prec(to), most = 4 * bits + 256;
  arb_init(order), arb_init(point), arb_init(value);
  arf_set_mpfr(arb_midref(order), n);
  arf_set_mpfr(arb_midref(point), x);
  for (slong working = bits + 32; working <= most; working *= 2) {
    tri__ball_polygamma(value, order, point, working);
    if (arb_can_round_mpfr(value, bits, round) || arb_is_exact(value)) break;
  }
  int rounded = 0;
  if (arb_is_finite(value))
    rounded = arf_get_mpfr(to, arb_midref(value), round);
  else
    mpfr_set_nan(to);
  arb_clear(order), arb_clear(point), arb_clear(value);
  return rounded;
}

static int truth(mpfr_ptr to, int holds) { return mpfr_set_ui(to, holds ? 1 : 0, MPFR_RNDN); }

#define COMPARISON(name, holds)                                                                    \
  static int real_##name(mpfr_ptr to, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t round) {            \
    (void)round;                                                                                   \
    return truth(to, holds);                                                                       \
  }
COMPARISON(lt, mpfr_less_p(a, b))
COMPARISON(le, mpfr_lessequal_p(a, b))
COMPARISON(gt, mpfr_greater_p(a, b))
COMPARISON(ge, mpfr_greaterequal_p(a, b))
COMPARISON(eq, mpfr_equal_p(a, b))
COMPARISON(ne, !mpfr_equal_p(a, b))
COMPARISON(and, !mpfr_zero_p(a) && !mpfr_zero_p(b))
COMPARISON(or, !mpfr_zero_p(a) || !mpfr_zero_p(b))

static int real_not(mpfr_ptr to, mpfr_srcptr a, mpfr_rnd_t round) {
  (void)round;
  return truth(to, mpfr_zero_p(a));
}

/* Where MPFR's name is not the row's; rows that are not here go by their programs. */
static unary *const unary_rows[TRI_OP_ROWS] = {
    [TRI_OP_neg] = mpfr_neg,
    [TRI_OP_square] = mpfr_sqr,
    [TRI_OP_sqrt] = mpfr_sqrt,
    [TRI_OP_cbrt] = mpfr_cbrt,
    [TRI_OP_exp] = mpfr_exp,
    [TRI_OP_expm1] = mpfr_expm1,
    [TRI_OP_log] = mpfr_log,
    [TRI_OP_log1p] = mpfr_log1p,
    [TRI_OP_log2] = mpfr_log2,
    [TRI_OP_log10] = mpfr_log10,
    [TRI_OP_sin] = mpfr_sin,
    [TRI_OP_cos] = mpfr_cos,
    [TRI_OP_tan] = mpfr_tan,
    [TRI_OP_sec] = mpfr_sec,
    [TRI_OP_csc] = mpfr_csc,
    [TRI_OP_cot] = mpfr_cot,
    [TRI_OP_asin] = mpfr_asin,
    [TRI_OP_acos] = mpfr_acos,
    [TRI_OP_atan] = mpfr_atan,
    [TRI_OP_sinh] = mpfr_sinh,
    [TRI_OP_cosh] = mpfr_cosh,
    [TRI_OP_sech] = mpfr_sech,
    [TRI_OP_tanh] = mpfr_tanh,
    [TRI_OP_asinh] = mpfr_asinh,
    [TRI_OP_acosh] = mpfr_acosh,
    [TRI_OP_atanh] = mpfr_atanh,
    [TRI_OP_gaussian] = real_gaussian,
    [TRI_OP_erf] = mpfr_erf,
    [TRI_OP_erfc] = mpfr_erfc,
    [TRI_OP_gamma] = mpfr_gamma,
    [TRI_OP_lgamma] = real_lgamma,
    [TRI_OP_digamma] = real_digamma,
    [TRI_OP_sigmoid] = real_sigmoid,
    [TRI_OP_sigmoid_rate] = real_sigmoid_rate,
    [TRI_OP_lorentzian] = real_lorentzian,
    [TRI_OP_softplus] = real_softplus,
    [TRI_OP_one_minus_square] = real_one_minus_square,
    [TRI_OP_abs] = mpfr_abs,
    [TRI_OP_floor] = real_floor,
    [TRI_OP_ceil] = real_ceil,
    [TRI_OP_logical_not] = real_not,
};

static binary *const binary_rows[TRI_OP_ROWS] = {
    [TRI_OP_add] = mpfr_add,       [TRI_OP_sub] = mpfr_sub,
    [TRI_OP_mul] = mpfr_mul,       [TRI_OP_div] = mpfr_div,
    [TRI_OP_pow] = mpfr_pow,       [TRI_OP_hypot] = mpfr_hypot,
    [TRI_OP_atan2] = mpfr_atan2,   [TRI_OP_polygamma] = real_polygamma,
    [TRI_OP_min] = mpfr_min,       [TRI_OP_max] = mpfr_max,
    [TRI_OP_lt] = real_lt,         [TRI_OP_le] = real_le,
    [TRI_OP_gt] = real_gt,         [TRI_OP_ge] = real_ge,
    [TRI_OP_eq] = real_eq,         [TRI_OP_ne] = real_ne,
    [TRI_OP_unit] = real_unit,     [TRI_OP_logical_and] = real_and,
    [TRI_OP_logical_or] = real_or,
};

/* Functions whose cost grows with the size of the argument's exponent: the bits of pi that a reduction takes. */
static bool reduces(tri_op op) {
  return op == TRI_OP_sin || op == TRI_OP_cos || op == TRI_OP_tan || op == TRI_OP_sec ||
         op == TRI_OP_csc || op == TRI_OP_cot;
}

static bool too_large(tri_op op, mpfr_srcptr a) {
  mpfr_exp_t limit = 4 * (mpfr_exp_t)mpfr_get_prec(a);
  return reduces(op) && mpfr_regular_p(a) &&
         mpfr_get_exp(a) > (limit > 65536 ? limit : (mpfr_exp_t)65536);
}

static void lazy(struct numbers *n, tri_op op, void *to, const void *const *x) {
  bool zero = mpfr_zero_p(real(x[0])) != 0;
  if (op == TRI_OP_select) {
    n->domain->set(n, to, zero ? x[2] : x[1], 1);
  } else if (zero) {
    mpfr_set_zero(real(to), 1);
    at(to)->state = NUMBER_VALUE;
  } else if (at(x[1])->state) {
    none(to, (enum number_state)at(x[1])->state);
  } else {
    mpfr_mul(real(to), real(x[0]), real(x[1]), MPFR_RNDN);
    settle(to);
  }
}

/* All arguments have values. */
static void apply_row(struct numbers *n, tri_op op, void *to, const void *const *x) {
  if (unary_rows[op])
    unary_rows[op](real(to), real(x[0]), MPFR_RNDN);
  else if (binary_rows[op])
    binary_rows[op](real(to), real(x[0]), real(x[1]), MPFR_RNDN);
  else
    tri__value_by_program(n, op, to, x);
  settle(to);
}

static void real_apply(struct numbers *n, tri_op op, enum apply_mode mode, void *to,
                       const void *const *x) {
  if (!tri__arguments_exist(n, op, to, x)) return;
  if (n->rows[op].lazy)
    lazy(n, op, to, x);
  else if (too_large(op, real(x[0])))
    none(to, NUMBER_TOO_LONG);
  else if (mode == APPLY_STRICT && n->rows[op].domain && !tri__defined_by_program(n, op, x))
    none(to, NUMBER_NONE);
  else
    apply_row(n, op, to, x);
}

/* --- the domain */

static bool real_open(struct numbers *n) {
  tri__thread_caches();
  n->size = sizeof(struct real);
  return true;
}

static bool real_init(struct numbers *n, void *array, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct real *x = number_at(n, array, i);
    mpfr_init2(x->x, (mpfr_prec_t)n->precision);
    mpfr_set_zero(x->x, 1);
    x->state = NUMBER_VALUE;
  }
  return true;
}

static void real_clear(struct numbers *n, void *array, size_t count) {
  for (size_t i = 0; i < count; i++) mpfr_clear(real(number_at(n, array, i)));
}

static void real_set(struct numbers *n, void *to, const void *from, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct real *x = number_at(n, to, i);
    const struct real *y = number_at(n, from, i);
    if (x == y) continue;
    mpfr_set(x->x, y->x, MPFR_RNDN);
    x->state = y->state;
  }
}

static void real_set_rational(struct numbers *n, void *to, mpq_srcptr q) {
  (void)n;
  if (mpz_cmp_ui(mpq_denref(q), 1) == 0)
    mpfr_set_z(real(to), mpq_numref(q), MPFR_RNDN);
  else
    mpfr_set_q(real(to), q, MPFR_RNDN);
  at(to)->state = NUMBER_VALUE;
}

static void real_set_double(struct numbers *n, void *to, double x) {
  (void)n;
  mpfr_set_d(real(to), x, MPFR_RNDN);
  settle(to);
}

static void real_set_pi(struct numbers *n, void *to) {
  (void)n;
  mpfr_const_pi(real(to), MPFR_RNDN);
  at(to)->state = NUMBER_VALUE;
}

static void real_set_none(struct numbers *n, void *to, enum number_state why) {
  (void)n;
  none(to, why);
}

static enum number_state real_state(const struct numbers *n, const void *x) {
  (void)n;
  return (enum number_state)at(x)->state;
}

static bool real_zero(const struct numbers *n, const void *x) {
  (void)n;
  return mpfr_zero_p(real(x)) != 0;
}

static int real_compare(struct numbers *n, const void *a, const void *b) {
  (void)n;
  if (at(a)->state || at(b)->state) return COMPARE_UNKNOWN;
  int order = mpfr_cmp(real(a), real(b));
  return (order > 0) - (order < 0);
}

static void real_text(const struct numbers *n, const void *x, tri_text *text) {
  (void)n;
  if (at(x)->state)
    tri__text_puts(text, "nan");
  else
    tri__text_mpfr(text, real(x));
}

static double real_to_double(const struct numbers *n, const void *x) {
  (void)n;
  return at(x)->state ? (double)NAN : mpfr_get_d(real(x), MPFR_RNDN);
}

/* An exponent can be too large to write the number out. */
static bool real_to_rational(const struct numbers *n, const void *x, mpq_ptr q) {
  if (at(x)->state || !mpfr_number_p(real(x))) return false;
  int64_t exponent = mpfr_zero_p(real(x)) ? 0 : (int64_t)mpfr_get_exp(real(x));
  if ((uint64_t)(exponent < 0 ? -exponent : exponent) + n->precision > n->bits) return false;
  mpfr_get_q(q, real(x));
  return true;
}

mpfr_srcptr tri__real(const void *x) { return real(x); }

const struct domain tri__mpfr_domain = {
    .name = "mpfr",
    .open = real_open,
    .init = real_init,
    .clear = real_clear,
    .set = real_set,
    .set_rational = real_set_rational,
    .set_double = real_set_double,
    .set_pi = real_set_pi,
    .set_none = real_set_none,
    .apply = real_apply,
    .partial = tri__partial_by_program,
    .kink = tri__kink_by_program,
    .state = real_state,
    .zero = real_zero,
    .compare = real_compare,
    .text = real_text,
    .to_double = real_to_double,
    .to_rational = real_to_rational,
};
