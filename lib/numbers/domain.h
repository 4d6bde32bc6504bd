/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The one interface through which number domains come: double, float, exact rational, MPFR and balls, and dual over any of them.
 *
 * A number may be "no value" (NaN in double, a flag in others). It travels as the value of its slot, through every operation but
 * select (branch not chosen) and gate (by 0), and is an error only where it reaches an output. So no operation fails; what
 * cannot go on (memory) sticks to the context's status. */
#ifndef TRIAD_NUMBERS_DOMAIN_H
#define TRIAD_NUMBERS_DOMAIN_H

#include <gmp.h>
#include <stdint.h>
#include <triad/numbers.h>

#include "base/memory.h"
#include "graph/template.h"

struct numbers;

/* What is known of one number. The order is that of preference for messages. */
enum number_state {
  NUMBER_VALUE,
  NUMBER_NONE,     /* no value exists (a domain error) */
  NUMBER_INEXACT,  /* one exists, but not in this domain: sin(1) as a rational */
  NUMBER_TOO_LONG, /* an exact result beyond the digit limit, not computed */
  NUMBER_UNDECIDED /* could not be told at this precision */
};

/* How an operation treats the edge of its domain. */
enum apply_mode {
  APPLY_STRICT, /* no value where the row's domain predicate fails */
  APPLY_EXTENDED /* derivatives: as IEEE says where the domain has infinities (1/0 = inf), else as strict */
};

/* What compare returns where numbers have no order, or none that is certain. */
enum { COMPARE_UNKNOWN = 2 };

/* A domain: immutable, one per kind of number. Arrays are contiguous, numbers->size bytes each. Results may alias arguments.
 * Conditions are the numbers 0 and 1. */
struct domain {
  const char *name;
  /* Sets numbers->size and what else the context needs; false when out of memory. May be NULL, as may close. */
  bool (*open)(struct numbers *n);
  void (*close)(struct numbers *n);
  /* Makes `count` zeros of raw bytes; false when out of memory, with nothing made. */
  bool (*init)(struct numbers *n, void *array, size_t count);
  void (*clear)(struct numbers *n, void *array, size_t count);
  void (*set)(struct numbers *n, void *to, const void *from, size_t count);
  void (*set_rational)(struct numbers *n, void *to, mpq_srcptr q);
  void (*set_double)(struct numbers *n, void *to, double x);
  void (*set_pi)(struct numbers *n, void *to);
  void (*set_none)(struct numbers *n, void *to, enum number_state why);
  /* The row's value. op is a row's. */
  void (*apply)(struct numbers *n, tri_op op, enum apply_mode mode, void *result,
                const void *const *arguments);
  /* The row's partial by argument i (which has one), in extended mode; `value` is the row's value there. */
  void (*partial)(struct numbers *n, tri_op op, int i, void *result, const void *const *arguments,
                  const void *value);
  /* Whether the row's kink condition holds: 1, 0 or COMPARE_UNKNOWN. */
  int (*kink)(struct numbers *n, tri_op op, const void *const *arguments);
  enum number_state (*state)(const struct numbers *n, const void *x);
  /* Certainly zero, for a dual number with all its tangents: what makes a product zero whatever the other factor is. */
  bool (*zero)(const struct numbers *n, const void *x);
  /* -1, 0, 1 or COMPARE_UNKNOWN. */
  int (*compare)(struct numbers *n, const void *a, const void *b);
  void (*text)(const struct numbers *n, const void *x, tri_text *text);
  double (*to_double)(const struct numbers *n, const void *x);
  /* The exact value into q; false if it has none that is rational. */
  bool (*to_rational)(const struct numbers *n, const void *x, mpq_ptr q);
};

/* The rows and the programs of them that runs over numbers need: copied out of a graph, immutable, shared. */
struct programs {
  const struct row *rows;
  const struct template
      *value[TRI_OP_ROWS]; /* NULL where the row's value is said in terms of itself */
  const struct template *defined[TRI_OP_ROWS];                /* NULL: everywhere */
  const struct template *partial[TRI_OP_ROWS][ROW_MAX_ARITY]; /* NULL: none, or not asked for */
  const struct template *kink[TRI_OP_ROWS];
};

/* Copies the programs that the marked operations need, and those that these programs need, and so on. rows must outlive them. NULL
 * when out of memory. */
struct programs *tri__programs_new(tri_graph *g, struct memory *memory,
                                   const bool needed[TRI_OP_ROWS]);
void tri__programs_free(struct programs *programs, struct memory *memory);

enum {
  NUMBERS_MAX_SCRATCH = 96
}; /* steps of the longest template and of those that its steps take */

/* A context: a domain with its parameters. Belongs to one thread at a time; numbers made in it are cleared in it. */
struct numbers {
  const struct domain *domain;
  size_t size; /* bytes of one number, a multiple of 8 */
  struct memory *memory;
  const struct programs *programs; /* NULL: no derivatives are asked for */
  const struct row *rows;
  bool by_template; /* partials and kinks by program also where the domain has kernels (tests) */
  uint32_t precision;
  uint64_t digits, bits; /* of one exact number, at most */
  struct numbers *base;  /* dual: of value and tangents; else NULL */
  uint32_t directions;   /* dual: tangents of a number */
  void *scratch;         /* NUMBERS_MAX_SCRATCH numbers for programs, made when first needed */
  uint32_t scratch_used; /* by programs under way */
  void *own;             /* the domain's */
  tri_status status;     /* TRI_OK, or what stopped the work */
};

extern const struct domain tri__double_domain, tri__float_domain, tri__rational_domain,
    tri__mpfr_domain, tri__ball_domain, tri__dual_domain;

/* Opens a context of a base domain. rows may be NULL: tri__rows. The memory, rows and programs must outlive it. False (and nothing
 * to close) when out of memory. */
bool tri__numbers_open(struct numbers *n, tri_domain domain, uint32_t precision, uint64_t digits,
                       struct memory *memory, const struct row *rows,
                       const struct programs *programs);
/* Opens dual numbers with k directions over an open context, which must outlive it. */
bool tri__numbers_open_dual(struct numbers *n, struct numbers *base, uint32_t directions);
void tri__numbers_close(struct numbers *n);

/* `count` zeros in new memory, or NULL (status is set); and back. */
void *tri__numbers_new(struct numbers *n, size_t count);
void tri__numbers_delete(struct numbers *n, void *array, size_t count);

/* Sets a number to a template's constant, without allocating by itself. */
void tri__numbers_constant(struct numbers *n, void *to, const struct template_step *step);
/* Makes the room that programs need, if there is none yet; false (status is set) when out of memory. */
bool tri__numbers_scratch(struct numbers *n);
/* Runs a program over numbers: holes[h] for hole h. Used for partials, kinks and domains, so in extended mode. */
void tri__program_run(struct numbers *n, const struct template *t, void *result,
                      const void *const holes[HOLES]);
/* A partial and a kink by their programs: what a domain without kernels uses. */
void tri__partial_by_program(struct numbers *n, tri_op op, int i, void *result,
                             const void *const *arguments, const void *value);
int tri__kink_by_program(struct numbers *n, tri_op op, const void *const *arguments);
/* A row's value by its program, for domains without an adapter for it. */
void tri__value_by_program(struct numbers *n, tri_op op, void *result,
                           const void *const *arguments);
/* Whether the row's value exists at the arguments, which have values: 1, 0, or COMPARE_UNKNOWN. */
int tri__defined_by_program(struct numbers *n, tri_op op, const void *const *arguments);
/* What apply begins with: false, with the result set, where an argument that is needed has no value. */
bool tri__arguments_exist(struct numbers *n, tri_op op, void *result, const void *const *arguments);

/* Sets a number from one of another context, through an exact rational or a double. */
void tri__numbers_convert(struct numbers *to, void *result, const struct numbers *from,
                          const void *x);

/* The arithmetic of derivative runs: sum += x, and product = weight * partial of a row, which is zero where the weight is zero
 * whatever the partial is, and where the partial of a choice (a branch not taken) is zero whatever the weight is. */
void tri__numbers_accumulate(struct numbers *n, void *sum, const void *x);
void tri__numbers_contribute(struct numbers *n, tri_op op, void *product, const void *weight,
                             const void *partial);

/* Tangent i of a dual number; its value is its first part, so x itself points at it. */
static inline void *dual_tangent(const struct numbers *n, const void *x, size_t i) {
  return (char *)(uintptr_t)x + (1 + i) * n->base->size;
}
static inline void *number_at(const struct numbers *n, const void *array, size_t i) {
  return (char *)(uintptr_t)array + i * n->size;
}

/* An array of numbers with the context it lives in. */
struct tri_values {
  struct numbers numbers;
  struct memory memory;
  tri_domain domain;
  size_t count;
  void *data;
};

#endif
