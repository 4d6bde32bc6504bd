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

/* One law for one row, several times over. Prints what does not hold. */
static bool one_row(enum law law, tri_op op, unsigned rounds, unsigned *checks) {
  struct trial t;
  bool holds = true;
  trial_open(&t, tri__rows, op, (uint64_t)op + 1);
  for (unsigned i = 0; i < rounds && holds; i++) {
    uint64_t seed = t.seed;
    holds = law_holds(&t, law, op);
    if (!holds) printf("# %s: %s (seed %llu)\n", law_names[law], t.why, (unsigned long long)seed);
    fflush(stdout); /* a failed test ends its process */
  }
  *checks = t.checks;
  trial_close(&t);
  return holds;
}

/* One law over all rows; what a law has to say about a row is counted by `checks`. */
static void all_rows(enum law law, unsigned rounds, unsigned checks[TRI_OP_ROWS]) {
  unsigned broken = 0;
  for (int op = 0; op < TRI_OP_ROWS; op++) broken += !one_row(law, (tri_op)op, rounds, checks + op);
  ck_assert_msg(broken == 0, "%s: broken for %u rows", law_names[law], broken);
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

START_TEST(series) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_SERIES, 1, checks);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    ck_assert_msg(checks[op] >= 10u * (unsigned)partials(tri__rows + op), "%s: %u coefficients",
                  tri__rows[op].name, checks[op]);
}
END_TEST

START_TEST(domains) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_DOMAINS, 1, checks);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    ck_assert_msg(checks[op] >= CONTEXTS, "%s: %u comparisons", tri__rows[op].name, checks[op]);
}
END_TEST

START_TEST(extended) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_EXTENDED, 1, checks);
  for (int op = 0; op < TRI_OP_ROWS; op++) ck_assert_uint_gt(checks[op], CONTEXTS);
}
END_TEST

START_TEST(enclosures) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_ENCLOSURES, 3 * multiplier(), checks);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    ck_assert_msg(checks[op] > 10, "%s: %u enclosures", tri__rows[op].name, checks[op]);
}
END_TEST

START_TEST(facts) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_FACTS, 1, checks);
  for (int op = 0; op < TRI_OP_ROWS; op++) ck_assert_uint_gt(checks[op], CONTEXTS);
}
END_TEST

START_TEST(aliases) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_ALIASES, 1, checks);
  for (int op = 0; op < TRI_OP_ROWS; op++) ck_assert_uint_gt(checks[op], CONTEXTS);
}
END_TEST

/* A row that no identity speaks of needs one. */
START_TEST(identities) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_IDENTITIES, 1, checks);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    ck_assert_msg(checks[op] > 4, "%s: %u comparisons", tri__rows[op].name, checks[op]);
}
END_TEST

START_TEST(sure_modes) {
  unsigned checks[TRI_OP_ROWS];
  all_rows(LAW_SURE_MODES, GRAPHS / 4 * multiplier(), checks);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    if (partials(tri__rows + op))
      ck_assert_msg(checks[op] > GRAPHS / 4, "%s: %u comparisons", tri__rows[op].name, checks[op]);
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
  tcase_add_test(c, series);
  tcase_add_test(c, domains);
  tcase_add_test(c, extended);
  tcase_add_test(c, enclosures);
  tcase_add_test(c, facts);
  tcase_add_test(c, aliases);
  tcase_add_test(c, identities);
  tcase_add_test(c, sure_modes);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("test_laws", laws_suite); }
