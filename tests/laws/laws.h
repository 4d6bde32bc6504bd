/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The laws that every row of a table must obey. None is written for a particular row; a new row is tested by them with no new code. The
 * table is a parameter, so that corrupted tables can be shown to break them. */
#ifndef TRIAD_TESTS_LAWS_H
#define TRIAD_TESTS_LAWS_H

#include "eval/run.h"
#include "numbers/domain.h"

/* Every law: X(enumerator, name). */
#define LAW_LIST(X)                                                                                \
  X(LAW_TEMPLATES, "template = C kernel")                                                          \
  X(LAW_DIFFERENCES, "partial = Richardson difference")                                            \
  X(LAW_EXACT, "partial = exact difference of rationals")                                          \
  X(LAW_MODES, "forward = reverse = symbolic")                                                     \
  X(LAW_EXACT_MODES, "forward = reverse = symbolic, exactly")

enum law {
#define LAW_ENUMERATOR(law, name) law,
  LAW_LIST(LAW_ENUMERATOR)
#undef LAW_ENUMERATOR
      LAWS
};

extern const char *const law_names[LAWS];

/* A table under trial. */
struct trial {
  const struct row *rows;
  tri_graph *graph;
  struct memory memory;
  struct programs *programs; /* of the rows on trial and what these need */
  struct numbers doubles, rationals;
  uint64_t seed;
  unsigned checks; /* comparisons that were made */
  char why[240];   /* what does not hold */
};

/* Prepares the trial of one row, or of all with TRI_OP_ROWS. Aborts when out of memory. */
void trial_open(struct trial *t, const struct row *rows, tri_op op, uint64_t seed);
void trial_close(struct trial *t);

/* Whether a law holds for a row; t->why tells where it does not. Laws that have nothing to say about a row hold. */
bool law_holds(struct trial *t, enum law law, tri_op op);

/* The laws by themselves (laws.c, law_modes.c). */
bool law_templates(struct trial *t, tri_op op);
bool law_differences(struct trial *t, tri_op op);
bool law_exact(struct trial *t, tri_op op);
bool law_modes(struct trial *t, tri_op op);
bool law_exact_modes(struct trial *t, tri_op op);

/* Says why a law does not hold (printf-like); returns false. */
bool law_broken(struct trial *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Random numbers below n. */
uint32_t trial_random(struct trial *t, uint32_t n);

/* Whether row's argument i is one that derivatives are taken by. */
static inline bool has_partial(const struct row *row, int i) { return row->partial[i] != NULL; }

#endif
