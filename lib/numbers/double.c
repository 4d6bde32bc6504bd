/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The domains of doubles and of floats: the rows' kernels. No value is NaN, an overflow is inf.
 *
 * A float is kept as the double that it is, and every result is the kernel's double, rounded. Of + - * / and sqrt that is the correctly
 * rounded float (Figueroa 1995: 53 >= 2*24 + 2), of the others the float nearest to a double that is right to about an ulp. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "numbers/domain.h"

static double get(const void *x) { return *(const double *)x; }
static void put(const struct numbers *n, void *to, double x) {
  *(double *)to = n->domain == &tri__float_domain ? (double)(float)x : x;
}

/* The arguments of a row in the form kernels take them: those that it has not are 0. */
struct arguments {
  double x[ROW_MAX_ARITY];
};

static struct arguments arguments_of(const struct row *row, const void *const *arguments) {
  struct arguments of = {{0.0, 0.0, 0.0}};
  for (unsigned i = 0; i < row->arity; i++) of.x[i] = get(arguments[i]);
  return of;
}

static bool double_open(struct numbers *n) {
  n->size = sizeof(double);
  return true;
}

static bool double_init(struct numbers *n, void *array, size_t count) {
  (void)n;
  memset(array, 0, count * sizeof(double));
  return true;
}

static void double_clear(struct numbers *n, void *array, size_t count) {
  (void)n, (void)array, (void)count;
}

static void double_set(struct numbers *n, void *to, const void *from, size_t count) {
  (void)n;
  memmove(to, from, count * sizeof(double));
}

/* Numerator and denominator of up to 53 bits are exact doubles, so one division rounds once. */
static void double_set_rational(struct numbers *n, void *to, mpq_srcptr q) {
  bool small = mpz_sizeinbase(mpq_numref(q), 2) <= 53 && mpz_sizeinbase(mpq_denref(q), 2) <= 53;
  if (n->domain == &tri__float_domain)
    put(n, to, (double)tri__mpq_float(q));
  else
    put(n, to, small ? mpz_get_d(mpq_numref(q)) / mpz_get_d(mpq_denref(q)) : tri__mpq_double(q));
}

static void double_set_double(struct numbers *n, void *to, double x) { put(n, to, x); }

static void double_set_pi(struct numbers *n, void *to) { put(n, to, 3.14159265358979323846); }

static void double_set_none(struct numbers *n, void *to, enum number_state why) {
  (void)why;
  put(n, to, NAN);
}

static void double_apply(struct numbers *n, tri_op op, enum apply_mode mode, void *result,
                         const void *const *arguments) {
  const struct row *row = n->rows + op;
  struct arguments a = arguments_of(row, arguments);
  bool none = mode == APPLY_STRICT && !row->defined(a.x[0], a.x[1], a.x[2]);
  put(n, result, none ? NAN : row->kernel(a.x[0], a.x[1], a.x[2]));
}

static void double_partial(struct numbers *n, tri_op op, int i, void *result,
                           const void *const *arguments, const void *value) {
  if (n->by_template) {
    tri__partial_by_program(n, op, i, result, arguments, value);
    return;
  }
  const struct row *row = n->rows + op;
  struct arguments a = arguments_of(row, arguments);
  put(n, result, row->dkernel[i](a.x[0], a.x[1], a.x[2], get(value)));
}

static int double_kink(struct numbers *n, tri_op op, const void *const *arguments) {
  if (n->by_template) return tri__kink_by_program(n, op, arguments);
  const struct row *row = n->rows + op;
  struct arguments a = arguments_of(row, arguments);
  return row->at_kink(a.x[0], a.x[1], a.x[2]);
}

static enum number_state double_state(const struct numbers *n, const void *x) {
  (void)n;
  return isnan(get(x)) ? NUMBER_NONE : NUMBER_VALUE;
}

static bool double_zero(const struct numbers *n, const void *x) {
  (void)n;
  return get(x) == 0.0;
}

static int double_compare(struct numbers *n, const void *a, const void *b) {
  (void)n;
  double x = get(a), y = get(b);
  return x < y ? -1 : x > y ? 1 : x == y ? 0 : COMPARE_UNKNOWN;
}

static void double_text(const struct numbers *n, const void *x, tri_text *text) {
  (void)n;
  tri__text_double(text, get(x));
}

static double double_to_double(const struct numbers *n, const void *x) {
  (void)n;
  return get(x);
}

static bool double_to_rational(const struct numbers *n, const void *x, mpq_ptr q) {
  (void)n;
  if (!isfinite(get(x))) return false;
  tri__mpq_set_double(q, get(x));
  return true;
}

static void float_text(const struct numbers *n, const void *x, tri_text *text) {
  (void)n;
  tri__text_float(text, (float)get(x));
}

/* What the two domains have in common. */
#define KERNELS                                                                                    \
  .open = double_open, .init = double_init, .clear = double_clear, .set = double_set,              \
  .set_rational = double_set_rational, .set_double = double_set_double, .set_pi = double_set_pi,   \
  .set_none = double_set_none, .apply = double_apply, .partial = double_partial,                   \
  .kink = double_kink, .state = double_state, .zero = double_zero, .compare = double_compare,      \
  .to_double = double_to_double, .to_rational = double_to_rational

const struct domain tri__double_domain = {.name = "double", .text = double_text, KERNELS};
const struct domain tri__float_domain = {.name = "float", .text = float_text, KERNELS};
