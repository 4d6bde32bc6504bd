/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The laws of rows, over the table that the library uses. */
#include <stdio.h>

#include "tests/laws/laws.h"
#include "tests/runner.h"

static unsigned multiplier(void) {
  const char *text = getenv("TRI_TEST_MULTIPLIER");
  long m = text ? strtol(text, NULL, 10) : 1;
  return m > 0 ? (unsigned)m : 1;
}

enum { GRAPHS = 20 };

/* One law over all rows; what a law has to say about a row is counted by `checks`. */
static void all_rows(enum law law, unsigned rounds, unsigned checks[TRI_OP_ROWS]) {
  struct trial t;
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    trial_open(&t, tri__rows, (tri_op)op, (uint64_t)op + 1);
    for (unsigned i = 0; i < rounds; i++) {
      uint64_t seed = t.seed;
      if (!law_holds(&t, law, (tri_op)op))
        ck_abort_msg("%s: %s (seed %llu)", law_names[law], t.why, (unsigned long long)seed);
    }
    checks[op] = t.checks;
    trial_close(&t);
  }
}

static int partials(const struct row *row) {
  int n = 0;
  for (int i = 0; i < row->arity; i++) n += has_partial(row, i);
  return n;
}

START_TEST(templates) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_TEMPLATES, 1, checks);
  for (int op = 0; op < TRI_OP_ROWS; op++) ck_assert_uint_gt(checks[op], 0);
}
END_TEST

START_TEST(differences) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_DIFFERENCES, 1, checks);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    ck_assert_msg(checks[op] >= 4u * (unsigned)partials(tri__rows + op), "%s: %u differences",
                  tri__rows[op].name, checks[op]);
}
END_TEST

START_TEST(exact) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_EXACT, 1, checks);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    if (tri__rows[op].exact && partials(tri__rows + op) && op != TRI_OP_sqrt)
      ck_assert_msg(checks[op] > 4, "%s: %u exact differences", tri__rows[op].name, checks[op]);
}
END_TEST

START_TEST(modes) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_MODES, GRAPHS * multiplier(), checks);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    if (partials(tri__rows + op))
      ck_assert_msg(checks[op] > GRAPHS, "%s: %u comparisons", tri__rows[op].name, checks[op]);
}
END_TEST

START_TEST(exact_modes) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_EXACT_MODES, GRAPHS * multiplier(), checks);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    if (tri__rows[op].exact && partials(tri__rows + op) && op != TRI_OP_sqrt)
      ck_assert_msg(checks[op] > 0, "%s: %u comparisons", tri__rows[op].name, checks[op]);
}
END_TEST

static Suite *laws_suite(void) {
  Suite *s = suite_create("laws");
  TCase *c = tcase_create("laws");
  tcase_add_test(c, templates);
  tcase_add_test(c, differences);
  tcase_add_test(c, exact);
  tcase_add_test(c, modes);
  tcase_add_test(c, exact_modes);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_laws", laws_suite); }
