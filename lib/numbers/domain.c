/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Contexts of number domains, and what is the same in all of them: arrays, conversion, programs over numbers. */
#include "numbers/domain.h"

#include <assert.h>
#include <string.h>

enum { DEFAULT_DIGITS = 1000000, DEFAULT_PRECISION = 128 };
enum { SCRATCH = NUMBERS_MAX_SCRATCH };

/* GMP aborts where it cannot hold a number; this keeps well below (512 MiB each). */
static const uint64_t most_bits = UINT64_C(1) << 32;

static const struct domain *const domains[TRI_DOMAINS] = {
    [TRI_DOUBLE] = &tri__double_domain,     [TRI_FLOAT] = &tri__float_domain,
    [TRI_RATIONAL] = &tri__rational_domain, [TRI_MPFR] = &tri__mpfr_domain,
    [TRI_BALL] = &tri__ball_domain,
};

const char *tri_domain_name(tri_domain domain) {
  return (unsigned)domain < TRI_DOMAINS ? domains[domain]->name : NULL;
}

tri_domain tri_domain_find(const char *name) {
  unsigned i = 0;
  while (i < TRI_DOMAINS && !(name && strcmp(domains[i]->name, name) == 0)) i++;
  return (tri_domain)i;
}

/* log2(10) from above: a number of that many digits always fits. */
static uint64_t bits_of_digits(uint64_t digits) {
  return digits < most_bits / 4 ? digits * 3322 / 1000 + 1 : most_bits;
}

static bool open_context(struct numbers *n) {
  n->status = TRI_OK;
  return !n->domain->open || n->domain->open(n);
}

bool tri__numbers_open(struct numbers *n, tri_domain domain, uint32_t precision, uint64_t digits,
                       struct memory *memory, const struct row *rows,
                       const struct programs *programs) {
  assert((unsigned)domain < TRI_DOMAINS);
  *n = (struct numbers){.domain = domains[domain], .memory = memory, .programs = programs};
  n->rows = rows ? rows : tri__rows;
  n->precision = precision ? precision : DEFAULT_PRECISION;
  n->digits = digits ? digits : DEFAULT_DIGITS;
  n->bits = bits_of_digits(n->digits);
  return open_context(n);
}

bool tri__numbers_open_dual(struct numbers *n, struct numbers *base, uint32_t directions) {
  *n = *base;
  n->domain = &tri__dual_domain;
  n->base = base;
  n->directions = directions;
  n->scratch = n->own = NULL;
  return open_context(n);
}

void tri__numbers_close(struct numbers *n) {
  if (!n->domain) return;
  tri__numbers_delete(n, n->scratch, SCRATCH);
  if (n->domain->close) n->domain->close(n);
  *n = (struct numbers){.domain = NULL};
}

void *tri__numbers_new(struct numbers *n, size_t count) {
  void *array = tri__new(n->memory, count, n->size);
  if (array && !n->domain->init(n, array, count)) {
    tri__free(n->memory, array, count, n->size);
    array = NULL;
  }
  if (!array) n->status = TRI_MEMORY;
  return array;
}

void tri__numbers_delete(struct numbers *n, void *array, size_t count) {
  if (!array) return;
  n->domain->clear(n, array, count);
  tri__free(n->memory, array, count, n->size);
}

bool tri__numbers_scratch(struct numbers *n) {
  if (!n->scratch) n->scratch = tri__numbers_new(n, SCRATCH);
  return n->scratch != NULL;
}

void tri__numbers_constant(struct numbers *n, void *to, const struct template_step *step) {
  enum { LIMBS = sizeof(uint64_t) / sizeof(mp_limb_t) };
  mp_limb_t num[LIMBS], den[LIMBS];
  uint64_t size = step->num < 0 ? -(uint64_t)step->num : (uint64_t)step->num,
           bottom = (uint64_t)step->den;
  for (int i = 0; i < LIMBS; i++) {
    num[i] = (mp_limb_t)(size >> (i * GMP_NUMB_BITS % 64));
    den[i] = (mp_limb_t)(bottom >> (i * GMP_NUMB_BITS % 64));
  }
  mpq_t q;
  mpz_roinit_n(mpq_numref(q), num, step->num < 0 ? -LIMBS : LIMBS);
  mpz_roinit_n(mpq_denref(q), den, LIMBS);
  n->domain->set_rational(n, to, q);
}

/* A program under way: its results are numbers of the scratch from `base` on, because a step may take a program itself. */
struct program_run {
  const void *const *holes;
  uint32_t base;
};

static const void *reference(const struct numbers *n, const struct program_run *run, int ref) {
  return ref < HOLES ? run->holes[ref]
                     : number_at(n, n->scratch, run->base + (size_t)(ref - HOLES));
}

static void run_step(struct numbers *n, const struct program_run *run,
                     const struct template_step *step, void *to) {
  if (step->op == TRI_OP_constant) {
    tri__numbers_constant(n, to, step);
  } else if (step->op == TRI_OP_pi) {
    n->domain->set_pi(n, to);
  } else {
    const void *arguments[ROW_MAX_ARITY] = {NULL};
    for (unsigned i = 0; i < step->nargs; i++) arguments[i] = reference(n, run, step->arg[i]);
    n->domain->apply(n, (tri_op)step->op, APPLY_EXTENDED, to, arguments);
  }
}

/* The number that is the program's result, somewhere among the holes or in the scratch; NULL when out of memory. */
static const void *run_program(struct numbers *n, const struct template *t,
                               const void *const *holes) {
  struct program_run run = {holes, n->scratch_used};
  if (!tri__numbers_scratch(n)) return NULL;
  assert(run.base + t->steps <= NUMBERS_MAX_SCRATCH);
  n->scratch_used += t->steps;
  for (unsigned i = 0; i < t->steps; i++)
    run_step(n, &run, t->step + i, number_at(n, n->scratch, run.base + i));
  n->scratch_used = run.base;
  return reference(n, &run, t->result);
}

/* The same with the arguments that the row has as holes. */
static const void *run_row(struct numbers *n, tri_op op, const struct template *t,
                           const void *const *arguments, const void *value) {
  const void *holes[HOLES] = {[HOLE_R] = value};
  for (unsigned i = 0; i < n->rows[op].arity; i++) holes[HOLE_A + i] = arguments[i];
  return run_program(n, t, holes);
}

static void copy_result(struct numbers *n, void *result, const void *from) {
  if (from) n->domain->set(n, result, from, 1);
}

void tri__program_run(struct numbers *n, const struct template *t, void *result,
                      const void *const holes[HOLES]) {
  copy_result(n, result, run_program(n, t, holes));
}

void tri__partial_by_program(struct numbers *n, tri_op op, int i, void *result,
                             const void *const *arguments, const void *value) {
  copy_result(n, result, run_row(n, op, n->programs->partial[op][i], arguments, value));
}

void tri__value_by_program(struct numbers *n, tri_op op, void *result,
                           const void *const *arguments) {
  assert(n->programs->value[op]);
  copy_result(n, result, run_row(n, op, n->programs->value[op], arguments, NULL));
}

/* What a condition's program says: 1, 0, or COMPARE_UNKNOWN. */
static int holds(struct numbers *n, tri_op op, const struct template *t,
                 const void *const *arguments) {
  const void *condition = run_row(n, op, t, arguments, NULL);
  if (!condition || n->domain->state(n, condition)) return COMPARE_UNKNOWN;
  if (n->domain->zero(n, condition)) return 0;
  return n->domain->compare(n, condition, condition) == 0 ? 1 : COMPARE_UNKNOWN;
}

int tri__kink_by_program(struct numbers *n, tri_op op, const void *const *arguments) {
  const struct template *t = n->programs->kink[op];
  return t ? holds(n, op, t, arguments) : 0;
}

int tri__defined_by_program(struct numbers *n, tri_op op, const void *const *arguments) {
  if (!n->rows[op].domain) return 1; /* no program is needed */
  return holds(n, op, n->programs->defined[op], arguments);
}

bool tri__arguments_exist(struct numbers *n, tri_op op, void *result,
                          const void *const *arguments) {
  const struct row *row = n->rows + op;
  unsigned needed = row->lazy ? 1 : row->arity;
  for (unsigned i = 0; i < needed; i++) {
    enum number_state state = n->domain->state(n, arguments[i]);
    if (!state) continue;
    n->domain->set_none(n, result, state);
    return false;
  }
  return true;
}

void tri__numbers_convert(struct numbers *to, void *result, const struct numbers *from,
                          const void *x) {
  mpq_t q;
  enum number_state state = from->domain->state(from, x);
  if (state != NUMBER_VALUE) {
    to->domain->set_none(to, result, state);
    return;
  }
  mpq_init(q);
  if (from->domain->to_rational(from, x, q))
    to->domain->set_rational(to, result, q);
  else
    to->domain->set_double(to, result, from->domain->to_double(from, x));
  mpq_clear(q);
}

void tri__numbers_accumulate(struct numbers *n, void *sum, const void *x) {
  n->domain->apply(n, TRI_OP_add, APPLY_EXTENDED, sum, (const void *const[]){sum, x});
}

void tri__numbers_contribute(struct numbers *n, tri_op op, void *product, const void *weight,
                             const void *partial) {
  if (n->rows[op].choice && n->domain->zero(n, partial))
    n->domain->set_double(n, product, 0.0);
  else
    n->domain->apply(n, TRI_OP_gate, APPLY_EXTENDED, product,
                     (const void *const[]){weight, partial});
}
