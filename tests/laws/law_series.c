/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The law that a row's partials are right: the value of the row, as a power series along a line through a point, has the first three
 * derivatives as coefficients, and FLINT's arithmetic of power series uses no row's partial. Rows that FLINT has no function for are
 * composed as their value's text says. The other side comes from the partials alone, by dual numbers nested three deep. Both are
 * balls, so they have to overlap: what this law lets pass is a proof at that point, up to the width of the balls. */
#include <string.h>

#include "laws.h"

enum { LENGTH = 4, BITS = 200, MOST_STEPS = 32 };

typedef void unary_series(arb_poly_t, const arb_poly_t, slong, slong);
typedef void binary_series(arb_poly_t, const arb_poly_t, const arb_poly_t, slong, slong);

/* --- what FLINT names otherwise, or says by something else */

static void neg_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  (void)length, (void)bits;
  arb_poly_neg(to, a);
}

/* a + x, of series of any length. */
static void add_number(arb_poly_t to, const arb_poly_t a, slong x, slong bits) {
  arb_poly_t number;
  arb_poly_init(number);
  arb_poly_set_si(number, x);
  arb_poly_add(to, a, number, bits);
  arb_poly_clear(number);
}

/* A constant: a number or a result that does not move. */
static void put_number(arb_poly_t to, const arb_t x) {
  arb_poly_zero(to);
  if (!arb_is_zero(x)) arb_poly_set_coeff_arb(to, 0, x); /* the series 0 has no terms */
}

/* x + u t. */
static void put_line(arb_poly_t to, double x, double u) {
  arb_t number;
  arb_init(number);
  arb_set_d(number, x);
  put_number(to, number);
  arb_set_d(number, u);
  if (u != 0.0) arb_poly_set_coeff_arb(to, 1, number);
  arb_clear(number);
}

static void constant_term(arb_t to, const arb_poly_t a) { arb_poly_get_coeff_arb(to, a, 0); }

/* Of a series' constant term; its length is 0 for 0. */
static int sign_of(const arb_poly_t a) {
  arb_t x;
  arb_init(x);
  constant_term(x, a);
  int sign = arb_is_positive(x) ? 1 : arb_is_negative(x) ? -1 : 0;
  arb_clear(x);
  return sign;
}

static void cbrt_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  bool negative = sign_of(a) < 0;
  arb_t third;
  arb_init(third);
  arb_set_ui(third, 1);
  arb_div_ui(third, third, 3, bits);
  arb_poly_set(to, a);
  if (negative) arb_poly_neg(to, to);
  arb_poly_pow_arb_series(to, to, third, length, bits);
  if (negative) arb_poly_neg(to, to);
  arb_clear(third);
}

static void expm1_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  arb_poly_exp_series(to, a, length, bits);
  add_number(to, to, -1, bits);
}

static void log1p_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  add_number(to, a, 1, bits);
  arb_poly_log_series(to, to, length, bits);
}

static void log_of_base(arb_poly_t to, const arb_poly_t a, ulong base, slong length, slong bits) {
  arb_t log;
  arb_init(log);
  arb_log_ui(log, base, bits);
  arb_poly_log_series(to, a, length, bits);
  arb_poly_scalar_div(to, to, log, bits);
  arb_clear(log);
}

static void log2_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  log_of_base(to, a, 2, length, bits);
}

static void log10_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  log_of_base(to, a, 10, length, bits);
}

/* log(a + sqrt(a² + shift)), for a > 0. */
static void log_of_sum(arb_poly_t to, const arb_poly_t a, slong shift, slong length, slong bits) {
  arb_poly_t root;
  arb_poly_init(root);
  arb_poly_mullow(root, a, a, length, bits);
  add_number(root, root, shift, bits);
  arb_poly_sqrt_series(root, root, length, bits);
  arb_poly_add(root, root, a, bits);
  arb_poly_log_series(to, root, length, bits);
  arb_poly_clear(root);
}

static void asinh_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  bool negative = sign_of(a) < 0;
  arb_poly_set(to, a);
  if (negative) arb_poly_neg(to, to);
  log_of_sum(to, to, 1, length, bits);
  if (negative) arb_poly_neg(to, to);
}

static void acosh_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  log_of_sum(to, a, -1, length, bits);
}

/* Half the difference of log(1 + a) and log(1 - a). */
static void atanh_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  arb_poly_t below;
  arb_poly_init(below);
  arb_poly_neg(below, a);
  log1p_series(below, below, length, bits);
  log1p_series(to, a, length, bits);
  arb_poly_sub(to, to, below, bits);
  arb_poly_scalar_mul_2exp_si(to, to, -1);
  arb_poly_clear(below);
}

static void tanh_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  arb_poly_t cosine;
  arb_poly_init(cosine);
  arb_poly_cosh_series(cosine, a, length, bits);
  arb_poly_sinh_series(to, a, length, bits);
  arb_poly_div_series(to, to, cosine, length, bits);
  arb_poly_clear(cosine);
}

/* 1 over another series. */
static void inverse_of(unary_series *f, arb_poly_t to, const arb_poly_t a, slong length,
                       slong bits) {
  f(to, a, length, bits);
  arb_poly_inv_series(to, to, length, bits);
}

static void sec_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  inverse_of(arb_poly_cos_series, to, a, length, bits);
}

static void csc_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  inverse_of(arb_poly_sin_series, to, a, length, bits);
}

static void cot_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  inverse_of(arb_poly_tan_series, to, a, length, bits);
}

static void sech_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  inverse_of(arb_poly_cosh_series, to, a, length, bits);
}

/* 1 + exp(-a). */
static void one_and_exp(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  arb_poly_neg(to, a);
  arb_poly_exp_series(to, to, length, bits);
  add_number(to, to, 1, bits);
}

static void sigmoid_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  inverse_of(one_and_exp, to, a, length, bits);
}

/* The product of the logistic function at a and -a. */
static void sigmoid_rate_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  arb_poly_t other;
  arb_poly_init(other);
  arb_poly_neg(other, a);
  sigmoid_series(other, other, length, bits);
  sigmoid_series(to, a, length, bits);
  arb_poly_mullow(to, to, other, length, bits);
  arb_poly_clear(other);
}

/* log(1 + exp(a)), from the side where the exponential is small. */
static void softplus_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  arb_poly_t size;
  bool positive = sign_of(a) > 0;
  arb_poly_init(size);
  if (positive)
    arb_poly_set(size, a);
  else
    arb_poly_neg(size, a);
  one_and_exp(to, size, length, bits);
  arb_poly_log_series(to, to, length, bits);
  if (positive) arb_poly_add(to, to, a, bits);
  arb_poly_clear(size);
}

static void one_minus_square_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  arb_poly_mullow(to, a, a, length, bits);
  arb_poly_neg(to, to);
  add_number(to, to, 1, bits);
}

static void one_and_square(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  arb_poly_mullow(to, a, a, length, bits);
  add_number(to, to, 1, bits);
}

static void lorentzian_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  inverse_of(one_and_square, to, a, length, bits);
}

static void gaussian_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  arb_poly_mullow(to, a, a, length, bits);
  arb_poly_neg(to, to);
  arb_poly_exp_series(to, to, length, bits);
}

/* log |gamma|. */
static void lgamma_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  if (sign_of(a) > 0) {
    arb_poly_lgamma_series(to, a, length, bits);
    return;
  }
  arb_poly_gamma_series(to, a, length, bits);
  if (sign_of(to) < 0) arb_poly_neg(to, to);
  arb_poly_log_series(to, to, length, bits);
}

/* The n-th derivative of digamma's series at a's constant term, and a's other terms put into it. */
static void polygamma_series(arb_poly_t to, const arb_poly_t order, const arb_poly_t a,
                             slong length, slong bits) {
  arb_poly_t outer, inner;
  arb_t x;
  arb_poly_init(outer), arb_poly_init(inner), arb_init(x);
  constant_term(x, order);
  slong n = arf_get_si(arb_midref(x), ARF_RND_DOWN);
  arb_poly_set_coeff_si(outer, 1, 1);
  constant_term(x, a);
  arb_poly_set_coeff_arb(outer, 0, x);
  arb_poly_digamma_series(outer, outer, length + n, bits);
  for (slong i = 0; i < n; i++) arb_poly_derivative(outer, outer, bits);
  arb_poly_set(inner, a);
  arb_zero(x);
  arb_poly_set_coeff_arb(inner, 0, x);
  arb_poly_compose_series(to, outer, inner, length, bits);
  arb_poly_clear(outer), arb_poly_clear(inner), arb_clear(x);
}

static void hypot_series(arb_poly_t to, const arb_poly_t a, const arb_poly_t b, slong length,
                         slong bits) {
  arb_poly_t square;
  arb_poly_init(square);
  arb_poly_mullow(square, b, b, length, bits);
  arb_poly_mullow(to, a, a, length, bits);
  arb_poly_add(to, to, square, bits);
  arb_poly_sqrt_series(to, to, length, bits);
  arb_poly_clear(square);
}

static void unit_series(arb_poly_t to, const arb_poly_t a, const arb_poly_t b, slong length,
                        slong bits) {
  hypot_series(to, a, b, length, bits);
  arb_poly_div_series(to, a, to, length, bits);
}

/* The angle of (b, a): of the two quotients that whose divisor is not 0. */
static void atan2_series(arb_poly_t to, const arb_poly_t a, const arb_poly_t b, slong length,
                         slong bits) {
  int up = sign_of(a);
  if (sign_of(b) > 0) {
    arb_poly_div_series(to, a, b, length, bits);
    arb_poly_atan_series(to, to, length, bits);
    return;
  }
  arb_poly_t quarter;
  arb_t angle;
  arb_poly_init(quarter), arb_init(angle);
  arb_const_pi(angle, bits);
  arb_mul_si(angle, angle, up, bits);
  arb_mul_2exp_si(angle, angle, -1);
  put_number(quarter, angle);
  arb_poly_div_series(to, b, a, length, bits);
  arb_poly_atan_series(to, to, length, bits);
  arb_poly_sub(to, quarter, to, bits);
  arb_poly_clear(quarter), arb_clear(angle);
}

/* Away from the integers. */
static void floor_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  arb_t x;
  (void)length;
  arb_init(x);
  constant_term(x, a);
  arb_floor(x, x, bits);
  put_number(to, x);
  arb_clear(x);
}

static void ceil_series(arb_poly_t to, const arb_poly_t a, slong length, slong bits) {
  floor_series(to, a, length, bits);
  add_number(to, to, 1, bits);
}

/* Rows that are not here are composed of these by their values' texts. */
static unary_series *const unary_rows[TRI_OP_ROWS] = {
    [TRI_OP_neg] = neg_series,
    [TRI_OP_sqrt] = arb_poly_sqrt_series,
    [TRI_OP_cbrt] = cbrt_series,
    [TRI_OP_exp] = arb_poly_exp_series,
    [TRI_OP_expm1] = expm1_series,
    [TRI_OP_log] = arb_poly_log_series,
    [TRI_OP_log1p] = log1p_series,
    [TRI_OP_log2] = log2_series,
    [TRI_OP_log10] = log10_series,
    [TRI_OP_sin] = arb_poly_sin_series,
    [TRI_OP_cos] = arb_poly_cos_series,
    [TRI_OP_tan] = arb_poly_tan_series,
    [TRI_OP_sec] = sec_series,
    [TRI_OP_csc] = csc_series,
    [TRI_OP_cot] = cot_series,
    [TRI_OP_asin] = arb_poly_asin_series,
    [TRI_OP_acos] = arb_poly_acos_series,
    [TRI_OP_atan] = arb_poly_atan_series,
    [TRI_OP_sinh] = arb_poly_sinh_series,
    [TRI_OP_cosh] = arb_poly_cosh_series,
    [TRI_OP_sech] = sech_series,
    [TRI_OP_tanh] = tanh_series,
    [TRI_OP_asinh] = asinh_series,
    [TRI_OP_acosh] = acosh_series,
    [TRI_OP_atanh] = atanh_series,
    [TRI_OP_gaussian] = gaussian_series,
    [TRI_OP_erf] = arb_hypgeom_erf_series,
    [TRI_OP_erfc] = arb_hypgeom_erfc_series,
    [TRI_OP_gamma] = arb_poly_gamma_series,
    [TRI_OP_lgamma] = lgamma_series,
    [TRI_OP_digamma] = arb_poly_digamma_series,
    [TRI_OP_sigmoid] = sigmoid_series,
    [TRI_OP_sigmoid_rate] = sigmoid_rate_series,
    [TRI_OP_softplus] = softplus_series,
    [TRI_OP_lorentzian] = lorentzian_series,
    [TRI_OP_one_minus_square] = one_minus_square_series,
    [TRI_OP_floor] = floor_series,
    [TRI_OP_ceil] = ceil_series,
};

static binary_series *const binary_rows[TRI_OP_ROWS] = {
    [TRI_OP_add] = arb_poly_add_series,    [TRI_OP_sub] = arb_poly_sub_series,
    [TRI_OP_mul] = arb_poly_mullow,        [TRI_OP_div] = arb_poly_div_series,
    [TRI_OP_pow] = arb_poly_pow_series,    [TRI_OP_hypot] = hypot_series,
    [TRI_OP_unit] = unit_series,           [TRI_OP_atan2] = atan2_series,
    [TRI_OP_polygamma] = polygamma_series,
};

/* --- the value of a row as a series */

enum found { FOUND, KINK, NO_SERIES };

/* A condition as the series 1 or 0: it has to hold or not on both sides of the point alike. */
static enum found compare(tri_op op, arb_poly_t to, const arb_poly_t a, const arb_poly_t b) {
  arb_poly_t difference;
  arb_poly_init(difference);
  arb_poly_sub(difference, a, b, BITS);
  bool equal = arb_poly_is_zero(difference) != 0;
  int sign = sign_of(difference);
  arb_poly_clear(difference);
  if (!equal && sign == 0) return KINK;
  bool holds = op == TRI_OP_eq   ? equal
               : op == TRI_OP_ne ? !equal
               : equal           ? op == TRI_OP_le || op == TRI_OP_ge
                                 : (sign < 0) == (op == TRI_OP_lt || op == TRI_OP_le);
  arb_poly_set_si(to, holds);
  return FOUND;
}

static enum found by_text(struct trial *t, tri_op op, arb_poly_struct *to,
                          arb_poly_struct *const *x);

/* A row at series x[0], x[1], … into `to`, which is none of them. */
static enum found expand(struct trial *t, tri_op op, arb_poly_struct *to,
                         arb_poly_struct *const *x) {
  if (unary_rows[op])
    unary_rows[op](to, x[0], LENGTH, BITS);
  else if (binary_rows[op])
    binary_rows[op](to, x[0], x[1], LENGTH, BITS);
  else if (op >= TRI_OP_lt && op <= TRI_OP_ne)
    return compare(op, to, x[0], x[1]);
  else if (op == TRI_OP_select)
    arb_poly_set(to, x[arb_poly_is_zero(x[0]) ? 2 : 1]);
  else
    return by_text(t, op, to, x);
  return FOUND;
}

static void expand_constant(arb_poly_t to, const struct template_step *step) {
  arb_t x;
  arb_init(x);
  if (step->op == TRI_OP_pi) {
    arb_const_pi(x, BITS);
  } else {
    arb_set_si(x, step->num);
    arb_div_si(x, x, step->den, BITS);
  }
  put_number(to, x);
  arb_clear(x);
}

/* A row whose text is the row itself has to be in the tables above. */
static enum found by_text(struct trial *t, tri_op op, arb_poly_struct *to,
                          arb_poly_struct *const *x) {
  const struct template *text = tri__template(t->graph, op, TEMPLATE_VALUE);
  arb_poly_struct room[MOST_STEPS], *place[HOLES + MOST_STEPS] = {NULL};
  enum found found = FOUND;
  trial_must(text && text->steps <= MOST_STEPS);
  if (text->steps == 1 && text->step[0].op == op) return NO_SERIES;
  for (int i = 0; i < t->rows[op].arity; i++) place[HOLE_A + i] = x[i];
  for (unsigned i = 0; i < text->steps; i++) {
    const struct template_step *step = text->step + i;
    arb_poly_struct *of[ROW_MAX_ARITY] = {NULL};
    arb_poly_init(place[HOLES + i] = room + i);
    for (unsigned k = 0; k < step->nargs; k++) of[k] = place[step->arg[k]];
    if (found) continue;
    if (step->nargs == 0)
      expand_constant(room + i, step);
    else
      found = expand(t, (tri_op)step->op, room + i, of);
  }
  if (!found) arb_poly_set(to, place[text->result]);
  for (unsigned i = 0; i < text->steps; i++) arb_poly_clear(room + i);
  return found;
}

/* --- the same by the partials */

/* Dual over dual over dual over balls: parts 1, 3, 7 of a number are its first, second and third derivative. */
enum { DEPTH = LENGTH - 1, PARTS = 1 << DEPTH, NUMBERS = ROW_MAX_ARITY + 1 };

struct nest {
  struct numbers *balls, level[DEPTH];
  void *number[NUMBERS]; /* arguments, result */
  void *all;
};

static struct numbers *top(struct nest *nest) { return nest->level + DEPTH - 1; }

static void open_nest(struct trial *t, struct nest *nest) {
  nest->balls = &t->in[IN_FINE_BALL];
  for (int i = 0; i < DEPTH; i++)
    trial_must(tri__numbers_open_dual(nest->level + i, i ? nest->level + i - 1 : nest->balls, 1));
  nest->all = tri__numbers_new(top(nest), NUMBERS);
  trial_must(nest->all != NULL);
  for (size_t i = 0; i < NUMBERS; i++) nest->number[i] = number_at(top(nest), nest->all, i);
}

static void close_nest(struct nest *nest) {
  tri__numbers_delete(top(nest), nest->all, NUMBERS);
  for (int i = DEPTH; i-- > 0;) tri__numbers_close(nest->level + i);
}

static void *part(struct nest *nest, int i, size_t k) {
  return number_at(nest->balls, nest->number[i], k);
}

/* x + u (e1 + e2 + e3). */
static void seed(struct nest *nest, int i, double x, double u) {
  top(nest)->domain->set_double(top(nest), nest->number[i], x);
  for (size_t level = 0; level < DEPTH; level++)
    nest->balls->domain->set_double(nest->balls, part(nest, i, (size_t)1 << level), u);
}

/* --- at a point, along a direction */

/* Tight enough to tell something. */
static bool tells(const arb_t x) {
  return arb_is_finite(x) &&
         (arb_rel_accuracy_bits(x) > 30 || mag_cmp_2exp_si(arb_radref(x), -60) < 0);
}

static bool overlap(struct trial *t, tri_op op, struct nest *nest, size_t order, const double *x,
                    const double *u, const arb_t expected) {
  static const char *const what[LENGTH] = {"value", "first", "second", "third derivative"};
  void *number = part(nest, ROW_MAX_ARITY, ((size_t)1 << order) - 1);
  if (!tells(expected)) return true;
  bool exists = nest->balls->domain->state(nest->balls, number) == NUMBER_VALUE;
  t->checks++;
  return (exists && tells(tri__ball(number)) && arb_overlaps(tri__ball(number), expected)) ||
         law_broken(
             t, "%s of %s at (%.17g, %.17g, %.17g) along (%g, %g, %g): %s%.17g, series %.17g",
             what[order], t->rows[op].name, x[0], x[1], x[2], u[0], u[1], u[2],
             exists ? "" : "no value, ", arf_get_d(arb_midref(tri__ball(number)), ARF_RND_NEAR),
             arf_get_d(arb_midref(expected), ARF_RND_NEAR));
}

/* Coefficient k times k! against the derivative. */
static bool compare_orders(struct trial *t, tri_op op, struct nest *nest, const double *x,
                           const double *u, const arb_poly_t series) {
  arb_t expected;
  bool all = true;
  arb_init(expected);
  for (size_t order = 0; order < LENGTH && all; order++) {
    static const ulong factorial[LENGTH] = {1, 1, 2, 6};
    arb_poly_get_coeff_arb(expected, series, (slong)order);
    arb_mul_ui(expected, expected, factorial[order], BITS);
    all = overlap(t, op, nest, order, x, u, expected);
  }
  arb_clear(expected);
  return all;
}

static bool along(struct trial *t, tri_op op, struct nest *nest, const double *x, const double *u) {
  arb_poly_struct series[NUMBERS], *of[ROW_MAX_ARITY];
  const void *arguments[ROW_MAX_ARITY];
  for (int i = 0; i < NUMBERS; i++) arb_poly_init(series + i);
  for (int i = 0; i < ROW_MAX_ARITY; i++) {
    put_line(series + i, x[i], u[i]);
    of[i] = series + i;
    seed(nest, i, x[i], u[i]);
    arguments[i] = nest->number[i];
  }
  enum found found = expand(t, op, series + ROW_MAX_ARITY, of);
  bool holds = found != NO_SERIES || law_broken(t, "%s has no power series", t->rows[op].name);
  if (found == FOUND) {
    top(nest)->domain->apply(top(nest), op, APPLY_STRICT, nest->number[ROW_MAX_ARITY], arguments);
    holds = compare_orders(t, op, nest, x, u, series + ROW_MAX_ARITY);
  }
  for (int i = 0; i < NUMBERS; i++) arb_poly_clear(series + i);
  return holds;
}

/* Whether the row has values on both sides of the point. */
static bool passes(const struct row *row, const double *x, const double *u) {
  for (int side = -1; side <= 1; side += 2) {
    double near[ROW_MAX_ARITY];
    for (int i = 0; i < ROW_MAX_ARITY; i++) near[i] = x[i] + side * 1e-3 * u[i];
    if (!defined(row, near)) return false;
  }
  return true;
}

/* By each argument, and along a slanting line, which mixed derivatives are seen on. */
static bool series_at(struct trial *t, tri_op op, struct nest *nest, const double *x) {
  const struct row *row = t->rows + op;
  double slanting[ROW_MAX_ARITY] = {0.0};
  int partials = 0;
  if (!defined(row, x) || at_kink(row, x)) return true;
  for (int i = 0; i < row->arity; i++) {
    double unit[ROW_MAX_ARITY] = {0.0};
    if (!has_partial(row, i)) continue;
    unit[i] = 1.0;
    slanting[i] = 1.0 + partials++ * 1.5;
    if (passes(row, x, unit) && !along(t, op, nest, x, unit)) return false;
  }
  return partials < 2 || !passes(row, x, slanting) || along(t, op, nest, x, slanting);
}

bool law_series(struct trial *t, tri_op op) {
  const struct row *row = t->rows + op;
  struct nest nest;
  double x[ROW_MAX_ARITY];
  bool holds = true;
  if (row->sort == TRI_BOOLEAN) return true;
  open_nest(t, &nest);
  for (size_t k = 0; holds && trial_point(row, k, x); k += trial_stride(row))
    holds = series_at(t, op, &nest, x);
  close_nest(&nest);
  return holds;
}
