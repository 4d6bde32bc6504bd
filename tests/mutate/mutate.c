/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Corrupts every partial of every row in turn, in a table of its own, and demands that the laws catch it: laws that hold for all rows
 * and were not written for that one. Each corruption comes three ways: in the text and the C kernel alike, as a mistake in ops.def
 * would; in the text only; in the kernel only. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/laws/laws.h"

/* Every corruption of a partial p: X(enumerator, text, C expression). */
#define CORRUPTION_LIST(X)                                                                         \
  X(SCALED, "1.001*(%s)", p * 1.001)                                                               \
  X(SHIFTED, "(%s) + 0.001", p + 0.001)                                                            \
  X(NEGATED, "-(%s)", -p)                                                                          \
  X(DOUBLED, "2.0*(%s)", 2.0 * p)                                                                  \
  X(DROPPED, "0.0*(%s)", 0.0 * p)                                                                  \
  X(SQUARED, "square(%s)", p *p)

enum corruption {
#define CORRUPTION_ENUMERATOR(name, text, c) name,
  CORRUPTION_LIST(CORRUPTION_ENUMERATOR)
#undef CORRUPTION_ENUMERATOR
      FOREIGN, /* another row's partial in its place */
  CORRUPTIONS
};

static const char *const corruption_names[CORRUPTIONS] = {
#define CORRUPTION_NAME(name, text, c) [name] = #name,
    CORRUPTION_LIST(CORRUPTION_NAME)
#undef CORRUPTION_NAME
        [FOREIGN] = "FOREIGN"};

static const char *const corruption_texts[CORRUPTIONS] = {
#define CORRUPTION_TEXT(name, text, c) [name] = text,
    CORRUPTION_LIST(CORRUPTION_TEXT)
#undef CORRUPTION_TEXT
};

enum where { BOTH, TEXT_ONLY, KERNEL_ONLY, WHERES };
static const char *const where_names[WHERES] = {"text and kernel", "text", "kernel"};

/* Kernels carry no data, so what is corrupted at present stands here. One thread. */
static row_partial *original;

#define CORRUPTED_KERNEL(name, text, c_text)                                                       \
  static double corrupted_##name(double a, double b, double c, double r) {                         \
    double p = original(a, b, c, r);                                                               \
    return c_text;                                                                                 \
  }
CORRUPTION_LIST(CORRUPTED_KERNEL)
#undef CORRUPTED_KERNEL

static row_partial *const corrupted_kernels[CORRUPTIONS] = {
#define KERNEL_ENTRY(name, text, c) [name] = corrupted_##name,
    CORRUPTION_LIST(KERNEL_ENTRY)
#undef KERNEL_ENTRY
};

/* --- what is corrupted how */

struct mutation {
  tri_op op;
  int argument;
  enum corruption corruption;
  enum where where;
  tri_op foreign; /* FOREIGN: whose partial, by the same argument */
};

/* Where laws look, roughly. */
static const double probes[] = {-2.7, -1.3, -0.6, 0.35, 0.8, 1.55, 2.8, 0.0, 1.0};
enum { PROBES = sizeof probes / sizeof *probes };

/* Whether two partials, or a partial and its corruption, are the same function: then nothing is corrupted. */
static bool same_function(const struct row *row, row_partial *f, row_partial *g) {
  for (int k = 0; k < PROBES * PROBES; k++) {
    double x[3] = {probes[k % PROBES], probes[k / PROBES], probes[(k + k / PROBES) % PROBES]};
    if (row->conditions & 1) x[0] = k % 2;
    if (row->arity == 2 && !has_partial(row, 0)) x[0] = k % 3;
    if (!row->defined(x[0], x[1], x[2]) || row->at_kink(x[0], x[1], x[2])) continue;
    double r = row->kernel(x[0], x[1], x[2]), u = f(x[0], x[1], x[2], r),
           v = g(x[0], x[1], x[2], r);
    if (isfinite(u) && isfinite(v) && fabs(u - v) > 1e-9 * fmax(fabs(u), fabs(v))) return false;
  }
  return true;
}

/* The next row of the same arity whose partial by that argument is another function. */
static bool find_foreign(struct mutation *m) {
  const struct row *row = tri__rows + m->op;
  for (int k = 1; k < TRI_OP_ROWS; k++) {
    tri_op other = (tri_op)(((int)m->op + k) % TRI_OP_ROWS);
    const struct row *candidate = tri__rows + other;
    if (candidate->arity != row->arity || !has_partial(candidate, m->argument)) continue;
    if (same_function(row, row->dkernel[m->argument], candidate->dkernel[m->argument])) continue;
    m->foreign = other;
    return true;
  }
  return false;
}

/* The corrupted table. False if the corruption changes nothing. `text` is room for the corrupted text. */
static bool corrupt(struct mutation *m, struct row *table, char *text, size_t size) {
  struct row *row = table + m->op;
  const char *new_text = text;
  memcpy(table, tri__rows, TRI_OP_ROWS * sizeof *table);
  original = row->dkernel[m->argument];
  row_partial *kernel = corrupted_kernels[m->corruption];
  if (m->corruption == FOREIGN) {
    if (!find_foreign(m)) return false;
    kernel = tri__rows[m->foreign].dkernel[m->argument];
    new_text = tri__rows[m->foreign].partial[m->argument];
  } else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, size, corruption_texts[m->corruption], row->partial[m->argument]);
#pragma GCC diagnostic pop
    if (same_function(row, original, kernel)) return false;
  }
  if (m->where != KERNEL_ONLY) row->partial[m->argument] = new_text;
  if (m->where != TEXT_ONLY) row->dkernel[m->argument] = kernel;
  return true;
}

/* --- the count */

struct tally {
  unsigned mutations, missed, unchanged;
  unsigned by_law[WHERES][LAWS], of_where[WHERES];
};

enum { GRAPHS = 3 };

/* Whether a law breaks; several graphs for laws that are random. */
static bool law_breaks(struct trial *t, enum law law, tri_op op) {
  int rounds = law == LAW_MODES || law == LAW_EXACT_MODES ? GRAPHS : 1;
  for (int i = 0; i < rounds; i++)
    if (!law_holds(t, law, op)) return true;
  return false;
}

/* All laws are asked, and each that catches the mutation is counted. */
static void try_laws(const struct mutation *m, const struct row *table, struct tally *tally) {
  struct trial t;
  bool caught = false;
  trial_open(&t, table, m->op, (uint64_t)m->op * 31 + (uint64_t)m->corruption);
  for (int law = 0; law < LAWS; law++) {
    if (!law_breaks(&t, (enum law)law, m->op)) continue;
    tally->by_law[m->where][law]++;
    caught = true;
  }
  trial_close(&t);
  tally->of_where[m->where]++;
  tally->mutations++;
  if (caught) return;
  tally->missed++;
  printf("# not caught: %s in the %s, partial %d of %s\n", corruption_names[m->corruption],
         where_names[m->where], m->argument + 1, tri__rows[m->op].name);
}

static void mutate_partial(struct mutation *m, struct tally *tally) {
  struct row table[TRI_OP_ROWS];
  char text[512];
  for (int c = 0; c < CORRUPTIONS; c++)
    for (int w = 0; w < WHERES; w++) {
      m->corruption = (enum corruption)c;
      m->where = (enum where)w;
      if (corrupt(m, table, text, sizeof text))
        try_laws(m, table, tally);
      else
        tally->unchanged++;
    }
}

static void report(const struct tally *tally, double seconds) {
  printf("# laws:");
  for (int law = 0; law < LAWS; law++) printf("%s %d %s", law ? ";" : "", law + 1, law_names[law]);
  for (int w = 0; w < WHERES; w++) {
    printf("\n# corrupted in the %s: %u, caught by law", where_names[w], tally->of_where[w]);
    for (int law = 0; law < LAWS; law++)
      printf("%s %d: %u", law ? "," : "", law + 1, tally->by_law[w][law]);
  }
  printf("\n# %u corruptions in %.0f s, %u not caught; %u changed nothing (0 has no sign)\n",
         tally->mutations, seconds, tally->missed, tally->unchanged);
  printf("%s 1 - every corruption of every partial is caught\n1..1\n",
         tally->missed ? "not ok" : "ok");
}

/* Arguments are ignored: there is no shorter run than seconds. */
int main(void) {
  struct tally tally = {.mutations = 0};
  struct timespec start, end;
  timespec_get(&start, TIME_UTC);
  for (int op = 0; op < TRI_OP_ROWS; op++)
    for (int i = 0; i < tri__rows[op].arity; i++)
      if (has_partial(tri__rows + op, i))
        mutate_partial(&(struct mutation){.op = (tri_op)op, .argument = i}, &tally);
  timespec_get(&end, TIME_UTC);
  report(&tally, difftime(end.tv_sec, start.tv_sec));
  return tally.missed ? EXIT_FAILURE : EXIT_SUCCESS;
}
