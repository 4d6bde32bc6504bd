/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rounding errors through the steps of a run: each step's own error, and the slopes by which errors of arguments pass on.
 *
 * Of a step f with true arguments x and computed ones x + d, computed - true = f(x + d) + own - f(x) = s·d + own, where the slopes s are
 * partials of f between x and x + d. So errors obey a linear recursion whose coefficients are enclosed by the partials over the hulls of
 * true and computed arguments, and the output's error is the sum of adjoint times own error: no second order is left out. */
#include <math.h>

#include "verify/roundoff.h"

/* An element of a step that is a row. */
struct act {
  const struct row *row;
  tri_op op;
  size_t result, argument[ROW_MAX_ARITY];
};

static arb_ptr ball_in(const struct tri_roundoff *r, const void *array, size_t i) {
  return (arb_ptr)(uintptr_t)tri__ball(ball_number(r, array, i));
}

static bool exists(const struct tri_roundoff *r, const void *array, size_t i) {
  const void *x = ball_number(r, array, i);
  return r->balls.domain->state(&r->balls, x) == NUMBER_VALUE && arb_is_finite(tri__ball(x));
}

/* Whether the computed number is the true one, certainly. */
static bool still(const struct tri_roundoff *r, size_t i) {
  return exists(r, r->hull, i) && arb_is_exact(ball_in(r, r->hull, i));
}

/* --- true and computed numbers */

/* |x - ball|, from above. */
static void distance(mag_t to, double x, const arb_t ball) {
  arb_t gap;
  arb_init(gap);
  arb_set_d(gap, x);
  arb_sub(gap, gap, ball, MAG_BITS);
  arb_get_mag(to, gap);
  arb_clear(gap);
}

/* All of the error of number i, as it was. */
static void whole_error(const struct tri_roundoff *r, size_t i, mag_t to) {
  if (exists(r, r->hull, i))
    distance(to, r->computed[i], ball_in(r, r->exact, i));
  else
    mag_inf(to);
}

static void set_hull(struct tri_roundoff *r, size_t i) {
  arb_t x;
  if (!exists(r, r->exact, i) || !isfinite(r->computed[i])) {
    r->balls.domain->set_none(&r->balls, ball_number(r, r->hull, i), NUMBER_UNDECIDED);
    return;
  }
  arb_srcptr exact = ball_in(r, r->exact, i);
  arb_init(x);
  arb_set_d(x, r->computed[i]);
  r->balls.domain->set_double(&r->balls, ball_number(r, r->hull, i), r->computed[i]);
  if (!arb_equal(x, exact)) arb_union(ball_in(r, r->hull, i), x, exact, (slong)r->balls.precision);
  arb_clear(x);
}

/* --- own errors */

/* The unit in the last place of x with so many bits, and not less than the smallest number. */
static double unit_of(double x, int bits, int least) {
  int exponent;
  if (x == 0.0) return ldexp(1.0, least);
  frexp(x, &exponent);
  return ldexp(1.0, exponent - bits > least ? exponent - bits : least);
}

/* The error of a result that is right to `ulps` units in double and then, in float, rounded. */
static void stated_error(const struct tri_roundoff *r, double x, double ulps, mag_t to) {
  enum { DOUBLE_BITS = 53, DOUBLE_LEAST = -1074, FLOAT_BITS = 24, FLOAT_LEAST = -149 };
  double error = ulps * unit_of(x, DOUBLE_BITS, DOUBLE_LEAST);
  if (r->job.options.domain == TRI_FLOAT) error += 0.5 * unit_of(x, FLOAT_BITS, FLOAT_LEAST);
  mag_set_d(to, error);
}

enum { AS_GOOD_AS_EXACT = 40 };

/* As stated, but what was found if that is more, or nothing to speak of: random errors are no 2^-40 units. */
static void choose_own(struct tri_roundoff *r, size_t i, mag_t found, double ulps) {
  mag_t stated, small;
  mag_init(stated), mag_init(small);
  stated_error(r, r->computed[i], ulps, stated);
  mag_mul_2exp_si(small, stated, -AS_GOOD_AS_EXACT);
  bool use_found = mag_cmp(found, small) < 0 || mag_cmp(found, stated) > 0;
  mag_set(r->own + i, use_found ? found : stated);
  mag_clear(stated), mag_clear(small);
}

/* An input or a constant: the error of its conversion. */
static void leaf(struct tri_roundoff *r, size_t i) {
  mag_t found;
  mag_init(found);
  whole_error(r, i, found);
  choose_own(r, i, found, 0.5);
  mag_set(r->reach + i, r->own + i);
  mag_clear(found);
}

/* How far the computed result is from the row's value at the computed arguments; false if that is not known. */
static bool own_error(struct tri_roundoff *r, const struct act *act) {
  const void *x[ROW_MAX_ARITY];
  void *value = ball_number(r, r->scratch, SCRATCH_VALUE);
  for (unsigned i = 0; i < act->row->arity; i++) {
    void *argument = ball_number(r, r->scratch, SCRATCH_ARGUMENTS + i);
    r->balls.domain->set_double(&r->balls, argument, r->computed[act->argument[i]]);
    x[i] = argument;
  }
  r->balls.domain->apply(&r->balls, act->op, APPLY_STRICT, value, x);
  if (!exists(r, r->scratch, SCRATCH_VALUE)) return false;
  mag_t found;
  mag_init(found);
  distance(found, r->computed[act->result], tri__ball(value));
  choose_own(r, act->result, found, row_ulps(act->row));
  mag_clear(found);
  return true;
}

/* --- slopes */

static void hulls(const struct tri_roundoff *r, const struct act *act, const void **x) {
  for (unsigned i = 0; i < act->row->arity; i++) x[i] = ball_number(r, r->hull, act->argument[i]);
}

static bool is_condition(const struct act *act, unsigned i) {
  return act->row->conditions >> i & 1;
}

/* The row's value over the hulls, which partials are made of; false if it may be none. */
static bool value_over(struct tri_roundoff *r, const struct act *act, const void *const *x) {
  r->balls.domain->apply(&r->balls, act->op, APPLY_STRICT,
                         ball_number(r, r->scratch, SCRATCH_VALUE), x);
  return exists(r, r->scratch, SCRATCH_VALUE);
}

/* The slope by argument i; false if there is none that is bounded. */
static bool slope_over(struct tri_roundoff *r, const struct act *act, unsigned i,
                       const void *const *x) {
  if (!act->row->partial[i]) return false;
  r->balls.domain->partial(&r->balls, act->op, (int)i, ball_number(r, r->scratch, SCRATCH_PARTIAL),
                           x, ball_number(r, r->scratch, SCRATCH_VALUE));
  return exists(r, r->scratch, SCRATCH_PARTIAL);
}

/* Whether the row's kinks may be jumps. Those of choices are corners, as a branch goes over into the other, unless values are integers. */
static bool has_jumps(const struct row *row) {
  return row->kink && (!row->choice || row->range & FACT_INTEGER);
}

/* Whether a jump may lie between true and computed arguments. */
static bool may_jump(struct tri_roundoff *r, const struct act *act, const void *const *x) {
  bool moves = false;
  for (unsigned i = 0; i < act->row->arity; i++) moves |= !still(r, act->argument[i]);
  return moves && has_jumps(act->row) && r->balls.domain->kink(&r->balls, act->op, x);
}

/* a * b, where nothing is let through by 0, whatever it is. */
static void strong_product(mag_t to, const mag_t a, const mag_t b) {
  if (mag_is_zero(a) || mag_is_zero(b))
    mag_zero(to);
  else
    mag_mul(to, a, b);
}

/* Adds slope times error of argument i to the step's reach. */
static void add_reach(struct tri_roundoff *r, const struct act *act, unsigned i) {
  mag_t size;
  mag_init(size);
  arb_get_mag(size, ball_in(r, r->scratch, SCRATCH_PARTIAL));
  strong_product(size, size, r->reach + act->argument[i]);
  mag_add(r->reach + act->result, r->reach + act->result, size);
  mag_clear(size);
}

/* Whether there are slopes by all arguments that are not exact; sets own error and reach. */
static bool has_slopes(struct tri_roundoff *r, const struct act *act) {
  const void *x[ROW_MAX_ARITY];
  if (act->row->sort == TRI_BOOLEAN || !exists(r, r->hull, act->result)) return false;
  for (unsigned i = 0; i < act->row->arity; i++)
    if (is_condition(act, i) && !still(r, act->argument[i])) return false;
  hulls(r, act, x);
  if (may_jump(r, act, x) || !own_error(r, act) || !value_over(r, act, x)) return false;
  mag_set(r->reach + act->result, r->own + act->result);
  for (unsigned i = 0; i < act->row->arity; i++) {
    if (is_condition(act, i)) continue;
    if (slope_over(r, act, i, x))
      add_reach(r, act, i);
    else if (!still(r, act->argument[i]))
      return false;
  }
  return true;
}

/* --- what falls out otherwise within the bounds */

/* The arguments with all errors that their bounds allow; false if there are none, or no such balls. */
static bool reached(struct tri_roundoff *r, const struct act *act, const void **x) {
  bool any = false;
  for (unsigned i = 0; i < act->row->arity; i++) {
    void *fat = ball_number(r, r->scratch, SCRATCH_ARGUMENTS + i);
    double center = r->computed[act->argument[i]];
    mag_srcptr reach = r->reach + act->argument[i];
    if (!isfinite(center) || mag_is_inf(reach)) return false;
    r->balls.domain->set_double(&r->balls, fat, center);
    arb_add_error_mag((arb_ptr)(uintptr_t)tri__ball(fat), reach);
    any |= !mag_is_zero(reach);
    x[i] = fat;
  }
  return any;
}

static bool may_flip(struct tri_roundoff *r, const struct act *act) {
  const void *x[ROW_MAX_ARITY];
  bool compares = act->row->sort == TRI_BOOLEAN && !act->row->conditions;
  if ((!compares && !act->row->kink) || !reached(r, act, x)) return false;
  if (!compares) return r->balls.domain->kink(&r->balls, act->op, x) != 0;
  return value_over(r, act, x) && !arb_is_exact(ball_in(r, r->scratch, SCRATCH_VALUE));
}

/* --- forward */

static size_t count_in(const struct tri_roundoff *r, uint32_t v) {
  return r->place[v + 1] - r->place[v];
}

static struct act act_of(const struct tri_roundoff *r, const struct instruction *step, size_t e) {
  struct act act = {.op = (tri_op)step->op, .row = r->balls.rows + step->op};
  act.result = r->place[step->result] + e;
  for (uint32_t i = 0; i < step->nargs; i++)
    act.argument[i] = r->place[step->arg[i]] + (r->plan->values[step->arg[i]].shape ? e : 0);
  return act;
}

static void forward_act(struct tri_roundoff *r, const struct act *act) {
  size_t i = act->result;
  if (may_flip(r, act)) r->marks[i] |= ROUNDOFF_FLIP;
  if (has_slopes(r, act)) return;
  r->marks[i] |= ROUNDOFF_JUMP;
  whole_error(r, i, r->own + i);
  mag_set(r->reach + i, r->own + i);
}

/* The number that is moved to element e of a stack's, or an element's, result. */
static size_t moved_from(const struct tri_roundoff *r, const struct instruction *step, size_t e) {
  const uint32_t *args = step_args(r->plan, step);
  if (step->op == TRI_OP_element)
    return r->place[args[0]] + step->index * count_in(r, step->result) + e;
  size_t each = count_in(r, args[0]);
  return r->place[args[e / each]] + e % each;
}

static bool is_move(const struct instruction *step) { return step->op >= TRI_OP_ROWS; }

static void forward_step(struct tri_roundoff *r, const struct instruction *step) {
  for (size_t e = 0; e < count_in(r, step->result); e++) {
    if (is_move(step)) {
      mag_set(r->reach + r->place[step->result] + e, r->reach + moved_from(r, step, e));
    } else {
      struct act act = act_of(r, step, e);
      forward_act(r, &act);
    }
  }
}

/* TRI_OK, or what stops the work; asked before step k. */
static tri_status stopped(struct tri_roundoff *r, uint32_t k) {
  if (k % 256 == 0 && r->subject.interrupt && *r->subject.interrupt)
    return tri__error(&r->error, TRI_INTERRUPTED, 0, "interrupted");
  if (!r->balls.status) return TRI_OK;
  return tri__error(&r->error, r->balls.status, 0, "%s", tri_status_meaning(r->balls.status));
}

tri_status tri__roundoff_forward(struct tri_roundoff *r) {
  tri_status status = TRI_OK;
  for (size_t i = 0; i < r->count; i++) set_hull(r, i);
  for (size_t i = 0; i < r->place[first_result(r->plan)]; i++) leaf(r, i);
  for (uint32_t k = 0; k < r->plan->step_count && !status; k++) {
    status = stopped(r, k);
    if (!status) forward_step(r, r->plan->steps + k);
  }
  return status ? status : stopped(r, 0);
}

/* --- reverse */

/* adjoint of `to` += adjoint of `from` times the slope; without a slope it is 1. */
static void contribute(struct tri_roundoff *r, tri_op op, size_t from, size_t to, bool slope) {
  void *product = ball_number(r, r->scratch, SCRATCH_PRODUCT);
  const void *weight = ball_number(r, r->adjoints, from);
  if (slope)
    tri__numbers_contribute(&r->balls, op, product, weight,
                            ball_number(r, r->scratch, SCRATCH_PARTIAL));
  tri__numbers_accumulate(&r->balls, ball_number(r, r->adjoints, to), slope ? product : weight);
}

static void reverse_act(struct tri_roundoff *r, const struct act *act) {
  const void *x[ROW_MAX_ARITY];
  hulls(r, act, x);
  if (!value_over(r, act, x)) return; /* it has one, or it would be marked */
  for (unsigned i = 0; i < act->row->arity; i++)
    if (!is_condition(act, i) && slope_over(r, act, i, x))
      contribute(r, act->op, act->result, act->argument[i], true);
}

static void reverse_step(struct tri_roundoff *r, const struct instruction *step) {
  for (size_t e = 0; e < count_in(r, step->result); e++) {
    size_t i = r->place[step->result] + e;
    if (r->balls.domain->zero(&r->balls, ball_number(r, r->adjoints, i))) continue;
    if (is_move(step)) {
      contribute(r, TRI_OP_neg, i, moved_from(r, step, e), false);
    } else if (!(r->marks[i] & ROUNDOFF_JUMP)) {
      struct act act = act_of(r, step, e);
      reverse_act(r, &act);
    }
  }
}

static void set_amount(struct tri_roundoff *r, size_t i) {
  mag_t size;
  mag_init(size);
  mag_inf(size);
  if (exists(r, r->adjoints, i)) arb_get_mag(size, ball_in(r, r->adjoints, i));
  strong_product(r->amount + i, size, r->own + i);
  mag_clear(size);
}

tri_status tri__roundoff_reverse(struct tri_roundoff *r) {
  tri_status status = TRI_OK;
  r->balls.domain->set_double(&r->balls, ball_number(r, r->adjoints, r->place[r->plan->outputs[0]]),
                              1.0);
  for (uint32_t k = r->plan->step_count; k-- > 0 && !status;) {
    status = stopped(r, k);
    if (!status) reverse_step(r, r->plan->steps + k);
  }
  for (size_t i = 0; i < r->count; i++) set_amount(r, i);
  return status ? status : stopped(r, 0);
}
