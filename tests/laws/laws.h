/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The laws that every row of a table must obey. None is written for a particular row; a new row is tested by them with no new code. The
 * table is a parameter, so that corrupted tables can be shown to break them. */
#ifndef TRIAD_TESTS_LAWS_H
#define TRIAD_TESTS_LAWS_H

#include "eval/run.h"
#include "numbers/flint.h"

/* Every law: X(enumerator, name). */
#define LAW_LIST(X)                                                                                \
  X(LAW_TEMPLATES, "template = C kernel")                                                          \
  X(LAW_DIFFERENCES, "partial = Richardson difference")                                            \
  X(LAW_EXACT, "partial = exact difference of rationals")                                          \
  X(LAW_MODES, "forward = reverse = symbolic")                                                     \
  X(LAW_EXACT_MODES, "forward = reverse = symbolic, exactly")                                      \
  X(LAW_SERIES, "partials = coefficients of power series")                                         \
  X(LAW_DOMAINS, "every domain inside the ball")                                                   \
  X(LAW_EXTENDED, "beyond the edges as IEEE has it")                                               \
  X(LAW_ENCLOSURES, "a wide ball holds what it must")                                              \
  X(LAW_FACTS, "the row's facts in every domain")                                                  \
  X(LAW_ALIASES, "a result in an argument's place")                                                \
  X(LAW_IDENTITIES, "functional equations and their gradients")                                    \
  X(LAW_SURE_MODES, "forward = reverse = symbolic, in balls and mpfr")

enum law {
#define LAW_ENUMERATOR(law, name) law,
  LAW_LIST(LAW_ENUMERATOR)
#undef LAW_ENUMERATOR
      LAWS
};

extern const char *const law_names[LAWS];

/* Contexts that laws look at rows in: X(enumerator, domain, bits, name). The ball at few bits is to hold what others find at many. */
#define TRIAL_LIST(X)                                                                              \
  X(IN_DOUBLE, TRI_DOUBLE, 0, "double")                                                            \
  X(IN_FLOAT, TRI_FLOAT, 0, "float")                                                               \
  X(IN_RATIONAL, TRI_RATIONAL, 0, "rational")                                                      \
  X(IN_MPFR, TRI_MPFR, 200, "mpfr at 200 bits")                                                    \
  X(IN_BALL, TRI_BALL, 60, "ball at 60 bits")                                                      \
  X(IN_FINE_BALL, TRI_BALL, 200, "ball at 200 bits")

enum trial_context {
#define TRIAL_ENUMERATOR(name, domain, bits, text) name,
  TRIAL_LIST(TRIAL_ENUMERATOR)
#undef TRIAL_ENUMERATOR
      CONTEXTS
};

extern const char *const context_names[CONTEXTS];

/* A table under trial. */
struct trial {
  const struct row *rows;
  tri_graph *graph;
  struct memory memory;
  struct programs *programs; /* of the rows on trial and what these need */
  struct numbers in[CONTEXTS];
  uint64_t seed;
  unsigned checks; /* comparisons that were made */
  char why[240];   /* what does not hold */
};

/* Prepares the trial of one row, or of all with TRI_OP_ROWS. Aborts when out of memory. */
void trial_open(struct trial *t, const struct row *rows, tri_op op, uint64_t seed);
void trial_close(struct trial *t);

/* Whether a law holds for a row; t->why tells where it does not. Laws that have nothing to say about a row hold. */
bool law_holds(struct trial *t, enum law law, tri_op op);

/* The laws by themselves (laws.c, law_modes.c, law_series.c, law_domains.c, law_identities.c). */
bool law_templates(struct trial *t, tri_op op);
bool law_differences(struct trial *t, tri_op op);
bool law_exact(struct trial *t, tri_op op);
bool law_modes(struct trial *t, tri_op op);
bool law_exact_modes(struct trial *t, tri_op op);
bool law_series(struct trial *t, tri_op op);
bool law_domains(struct trial *t, tri_op op);
bool law_extended(struct trial *t, tri_op op);
bool law_enclosures(struct trial *t, tri_op op);
bool law_facts(struct trial *t, tri_op op);
bool law_aliases(struct trial *t, tri_op op);
bool law_identities(struct trial *t, tri_op op);
bool law_sure_modes(struct trial *t, tri_op op);

/* Says why a law does not hold (printf-like); returns false. */
bool law_broken(struct trial *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Point number k of a row, of as many as there are combinations of a list for each argument; false beyond. */
bool trial_point(const struct row *row, size_t k, double x[ROW_MAX_ARITY]);
/* The step between points of a row that takes a few dozen of them, whatever its arity. */
size_t trial_stride(const struct row *row);

static inline bool defined(const struct row *row, const double *x) {
  return row->defined(x[0], x[1], x[2]);
}
static inline bool at_kink(const struct row *row, const double *x) {
  return row->at_kink(x[0], x[1], x[2]);
}

/* Aborts where there is no memory: what a law needs to begin with. */
void trial_must(bool ok);

/* Random numbers below n. */
uint32_t trial_random(struct trial *t, uint32_t n);

/* Whether row's argument i is one that derivatives are taken by. */
static inline bool has_partial(const struct row *row, int i) { return row->partial[i] != NULL; }

#endif
