/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of number domains: what a value is in one is what it is in the other, and what has no value travels. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <triad/mp.h>

#include "base/text.h"
#include "numbers/domain.h"
#include "tests/runner.h"

static struct memory memory;
static struct numbers doubles, rationals;

static void set_up(void) {
  tri__memory_init(&memory, NULL);
  ck_assert(tri__numbers_open(&doubles, TRI_DOUBLE, 0, 0, &memory, NULL, NULL));
  ck_assert(tri__numbers_open(&rationals, TRI_RATIONAL, 0, 0, &memory, NULL, NULL));
}

static void tear_down(void) {
  tri__numbers_close(&rationals);
  tri__numbers_close(&doubles);
  ck_assert_uint_eq(memory.used, 0);
}

/* Points that are exact in both domains. */
static const double grid[] = {-3.0, -2.5, -1.0, -0.5, 0.0, 0.25, 1.0, 2.0, 4.0};
enum { GRID = sizeof grid / sizeof *grid };

struct pair {
  double number[4]; /* arguments, result */
  void *exact;      /* the same as rationals */
};

static const void *exact_at(const struct pair *p, int i) {
  return number_at(&rationals, p->exact, (size_t)i);
}

static void apply_both(struct pair *p, tri_op op) {
  const void *x[3], *y[3];
  for (int i = 0; i < 3; i++) {
    x[i] = &p->number[i];
    y[i] = exact_at(p, i);
  }
  doubles.domain->apply(&doubles, op, APPLY_STRICT, &p->number[3], x);
  rationals.domain->apply(&rationals, op, APPLY_STRICT, (void *)(uintptr_t)exact_at(p, 3), y);
}

static void set_point(struct pair *p, const struct row *row, int k) {
  for (int i = 0; i < 3; i++, k /= GRID) {
    double x = grid[k % GRID];
    p->number[i] = row->conditions >> i & 1 ? x > 0.0 : x;
    rationals.domain->set_double(&rationals, number_at(&rationals, p->exact, (size_t)i),
                                 p->number[i]);
  }
}

/* Rows with exact values have them in the rational domain wherever they have one in doubles, roots and broken powers apart. */
static void check_pair(const struct pair *p, tri_op op, unsigned *values) {
  const struct row *row = tri__rows + op;
  enum number_state state = rationals.domain->state(&rationals, exact_at(p, 3));
  bool exists = doubles.domain->state(&doubles, &p->number[3]) == NUMBER_VALUE;
  if (state == NUMBER_INEXACT) {
    ck_assert_msg(!row->exact || op == TRI_OP_sqrt || op == TRI_OP_pow, "%s", row->name);
    return;
  }
  ck_assert_msg(exists == (state == NUMBER_VALUE), "%s at (%g, %g, %g)", row->name, p->number[0],
                p->number[1], p->number[2]);
  if (state) return;
  double value = rationals.domain->to_double(&rationals, exact_at(p, 3));
  ck_assert_msg(fabs(value - p->number[3]) <= 1e-15 * fabs(value),
                "%s at (%g, %g, %g): %.17g and %.17g", row->name, p->number[0], p->number[1],
                p->number[2], value, p->number[3]);
  ++*values;
}

START_TEST(rational_is_double) {
  struct pair p = {.exact = tri__numbers_new(&rationals, 4)};
  ck_assert_ptr_nonnull(p.exact);
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    int points = 1;
    unsigned values = 0;
    for (int i = 0; i < tri__rows[op].arity; i++) points *= GRID;
    for (int k = 0; k < points; k++) {
      set_point(&p, tri__rows + op, k);
      apply_both(&p, (tri_op)op);
      check_pair(&p, (tri_op)op, &values);
    }
    ck_assert_msg(!tri__rows[op].exact || values > 0, "%s is marked exact", tri__rows[op].name);
  }
  tri__numbers_delete(&rationals, p.exact, 4);
}
END_TEST

/* Every argument in turn without a value: so is the result, unless the row is lazy. */
static void check_none_travels(struct numbers *n, tri_op op, void *numbers) {
  const struct row *row = n->rows + op;
  for (int hole = 0; hole < row->arity; hole++) {
    const void *x[3];
    for (int i = 0; i < 3; i++) {
      x[i] = number_at(n, numbers, (size_t)i);
      n->domain->set_double(n, number_at(n, numbers, (size_t)i), 1.0);
    }
    n->domain->set_none(n, number_at(n, numbers, (size_t)hole), NUMBER_NONE);
    for (int mode = APPLY_STRICT; mode <= APPLY_EXTENDED; mode++) {
      n->domain->apply(n, op, (enum apply_mode)mode, number_at(n, numbers, 3), x);
      bool none = n->domain->state(n, number_at(n, numbers, 3)) != NUMBER_VALUE;
      ck_assert_msg(none || (row->lazy && hole > 0), "%s in %s, argument %d", row->name,
                    n->domain->name, hole + 1);
    }
  }
}

START_TEST(none_travels) {
  struct numbers *all[] = {&doubles, &rationals};
  for (size_t d = 0; d < 2; d++) {
    void *numbers = tri__numbers_new(all[d], 4);
    for (int op = 0; op < TRI_OP_ROWS; op++) check_none_travels(all[d], (tri_op)op, numbers);
    tri__numbers_delete(all[d], numbers, 4);
  }
}
END_TEST

/* select and gate take no notice of what they do not choose. */
START_TEST(choices_are_lazy) {
  struct numbers *all[] = {&doubles, &rationals};
  for (size_t d = 0; d < 2; d++) {
    struct numbers *n = all[d];
    void *numbers = tri__numbers_new(n, 4), *x[4];
    for (size_t i = 0; i < 4; i++) x[i] = number_at(n, numbers, i);
    n->domain->set_double(n, x[0], 1.0);
    n->domain->set_double(n, x[1], 7.0);
    n->domain->set_none(n, x[2], NUMBER_NONE);
    n->domain->apply(n, TRI_OP_select, APPLY_STRICT, x[3], (const void *const *)x);
    ck_assert_double_eq(n->domain->to_double(n, x[3]), 7.0);
    n->domain->set_double(n, x[0], 0.0);
    n->domain->apply(n, TRI_OP_select, APPLY_STRICT, x[3], (const void *const *)x);
    ck_assert_int_ne(n->domain->state(n, x[3]), NUMBER_VALUE);
    n->domain->set_none(n, x[1], NUMBER_NONE);
    n->domain->apply(n, TRI_OP_gate, APPLY_STRICT, x[3], (const void *const *)x);
    ck_assert_double_eq(n->domain->to_double(n, x[3]), 0.0);
    tri__numbers_delete(n, numbers, 4);
  }
}
END_TEST

/* 1/0 is no value to a function and an infinity to its derivative. */
START_TEST(extended_is_ieee) {
  double one = 1.0, zero = 0.0, r;
  const void *x[] = {&one, &zero};
  doubles.domain->apply(&doubles, TRI_OP_div, APPLY_STRICT, &r, x);
  ck_assert(isnan(r));
  doubles.domain->apply(&doubles, TRI_OP_div, APPLY_EXTENDED, &r, x);
  ck_assert(isinf(r));
  double big = 1e200;
  doubles.domain->apply(&doubles, TRI_OP_square, APPLY_STRICT, &r, (const void *const[]){&big});
  ck_assert(isinf(r)); /* an overflow is no error */
}
END_TEST

/* Sums, products and powers at and beyond the limit of 100 digits. */
START_TEST(digit_limit) {
  struct numbers n;
  ck_assert(tri__numbers_open(&n, TRI_RATIONAL, 0, 100, &memory, NULL, NULL));
  void *numbers = tri__numbers_new(&n, 3), *a = number_at(&n, numbers, 0),
       *b = number_at(&n, numbers, 1), *r = number_at(&n, numbers, 2);
  const void *x[] = {a, b};
  n.domain->set_double(&n, a, 10.0);
  n.domain->set_double(&n, b, 99.0);
  n.domain->apply(&n, TRI_OP_pow, APPLY_STRICT, r, x);
  ck_assert_int_eq(n.domain->state(&n, r), NUMBER_VALUE);
  n.domain->set(&n, a, r, 1);
  n.domain->apply(&n, TRI_OP_add, APPLY_STRICT, r, (const void *const[]){a, a});
  ck_assert_int_eq(n.domain->state(&n, r), NUMBER_VALUE);
  n.domain->apply(&n, TRI_OP_mul, APPLY_STRICT, r, (const void *const[]){a, a});
  ck_assert_int_eq(n.domain->state(&n, r), NUMBER_TOO_LONG);
  n.domain->set_double(&n, b, 1e15); /* would not fit in any memory */
  n.domain->apply(&n, TRI_OP_pow, APPLY_STRICT, r, x);
  ck_assert_int_eq(n.domain->state(&n, r), NUMBER_TOO_LONG);
  n.domain->set_double(&n, a, 1.0);
  n.domain->apply(&n, TRI_OP_pow, APPLY_STRICT, r, x);
  ck_assert_int_eq(n.domain->state(&n, r), NUMBER_VALUE);
  tri__numbers_delete(&n, numbers, 3);
  tri__numbers_close(&n);
}
END_TEST

/* --- nested dual numbers */

/* Outer dual numbers move x, inner ones over them y, over every domain. */
struct nest {
  struct numbers base, outer, inner;
  void *all, *x, *y, *r;
};

static void open_nest(struct nest *n, const struct programs *programs, tri_domain domain, double x,
                      double y) {
  ck_assert(tri__numbers_open(&n->base, domain, 100, 0, &memory, NULL, programs));
  ck_assert(tri__numbers_open_dual(&n->outer, &n->base, 1));
  ck_assert(tri__numbers_open_dual(&n->inner, &n->outer, 1));
  n->all = tri__numbers_new(&n->inner, 3);
  n->x = n->all;
  n->y = number_at(&n->inner, n->all, 1);
  n->r = number_at(&n->inner, n->all, 2);
  n->inner.domain->set_double(&n->inner, n->x, x);
  n->inner.domain->set_double(&n->inner, n->y, y);
  n->base.domain->set_double(&n->base, dual_tangent(&n->outer, n->x, 0), 1.0);
  n->outer.domain->set_double(&n->outer, dual_tangent(&n->inner, n->y, 0), 1.0);
}

static void close_nest(struct nest *n) {
  tri__numbers_delete(&n->inner, n->all, 3);
  tri__numbers_close(&n->inner);
  tri__numbers_close(&n->outer);
  tri__numbers_close(&n->base);
}

/* d/dx (x * d/dy (x op y)), which one infinitesimal for both would get wrong. */
static double slope_of(struct nest *n, tri_op op) {
  const void *pair[] = {n->x, n->y};
  n->inner.domain->apply(&n->inner, op, APPLY_STRICT, n->r, pair);
  void *by_y = dual_tangent(&n->inner, n->r, 0);
  n->outer.domain->apply(&n->outer, TRI_OP_mul, APPLY_STRICT, by_y,
                         (const void *const[]){n->x, by_y});
  return n->base.domain->to_double(&n->base, dual_tangent(&n->outer, by_y, 0));
}

static double value_of_slope(struct nest *n) {
  return n->base.domain->to_double(&n->base, dual_tangent(&n->inner, n->r, 0));
}

START_TEST(no_perturbation_confusion) {
  static const bool needed[TRI_OP_ROWS] = {
      [TRI_OP_add] = true, [TRI_OP_sub] = true, [TRI_OP_mul] = true};
  tri_graph *g = tri_graph_new(NULL);
  struct programs *programs = tri__programs_new(g, &memory, needed);
  ck_assert_ptr_nonnull(programs);
  for (int d = 0; d < TRI_DOMAINS; d++) {
    struct nest n;
    open_nest(&n, programs, (tri_domain)d, 3.0, 5.0);
    ck_assert_double_eq(slope_of(&n, TRI_OP_add), 1.0); /* of x * 1, not of x * (1 + 1) */
    ck_assert_double_eq(value_of_slope(&n), 3.0);
    ck_assert_double_eq(slope_of(&n, TRI_OP_mul), 6.0); /* of x^2 */
    ck_assert_double_eq(value_of_slope(&n), 9.0);
    ck_assert_double_eq(slope_of(&n, TRI_OP_sub), -1.0);
    close_nest(&n);
  }
  tri__programs_free(programs, &memory);
  tri_graph_free(g);
}
END_TEST

static void check_text(tri_values *v, size_t i, const char *expected) {
  tri_text text = {.allocator = NULL};
  tri_value_text(tri_values_get(v, i), &text);
  ck_assert_str_eq(text.data, expected);
  tri_text_free(&text);
}

START_TEST(public_arrays) {
  tri_values *d = tri_values_new(NULL, 2),
             *q = tri_values_new(&(tri_number_options){.domain = TRI_RATIONAL}, 3);
  mpq_t third, back;
  mpq_inits(third, back, NULL);
  mpq_set_si(third, -1, 3);
  tri_values_set_mpq(q, 0, third);
  tri_values_set_mpq(d, 0, third);
  ck_assert(tri_value_mpq(tri_values_get(q, 0), back) && mpq_equal(third, back));
  check_text(q, 0, "-1/3");
  check_text(d, 0, "-0.3333333333333333");
  tri_values_set(q, 1, tri_values_get(d, 0));
  ck_assert_double_eq(tri_value_double(tri_values_get(q, 1)), -1.0 / 3.0);
  ck_assert(tri_value_mpq(tri_values_get(q, 1), back) && !mpq_equal(third, back));
  tri_values_set_double(q, 2, INFINITY);
  ck_assert(!tri_value_exists(tri_values_get(q, 2)));
  check_text(q, 2, "nan");
  tri_values_set(d, 1, tri_values_get(q, 2));
  ck_assert(!tri_value_exists(tri_values_get(d, 1)));
  ck_assert_uint_eq(tri_values_count(q), 3);
  ck_assert_int_eq(tri_domain_find("rational"), TRI_RATIONAL);
  ck_assert_int_eq(tri_domain_find("octonion"), TRI_DOMAINS);
  mpq_clears(third, back, NULL);
  tri_values_free(d);
  tri_values_free(q);
  tri_values_free(NULL);
}
END_TEST

static Suite *domains_suite(void) {
  Suite *s = suite_create("domains");
  TCase *c = tcase_create("domains");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_test(c, rational_is_double);
  tcase_add_test(c, none_travels);
  tcase_add_test(c, choices_are_lazy);
  tcase_add_test(c, extended_is_ieee);
  tcase_add_test(c, digit_limit);
  tcase_add_test(c, no_perturbation_confusion);
  tcase_add_test(c, public_arrays);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_domains", domains_suite); }
