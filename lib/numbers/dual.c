/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Dual numbers over any domain: a value and its tangents along k directions.
 *
 * A number is 1 + k numbers of the base domain. The value goes through the base; tangents through the rows' partials, which are
 * computed in the base as well. Dual over dual is the derivative of a derivative: each level is a context of its own, so
 * the infinitesimals of two levels never meet (no perturbation confusion). */
#include <string.h>

#include "base/text.h"
#include "numbers/domain.h"

static size_t parts(const struct numbers *n) { return 1 + (size_t)n->directions; }

/* n->own is room in the base domain: a result (its place may be an argument's), a partial, a product. */
static size_t room_size(const struct numbers *n) { return parts(n) + 2; }
static void *partial_room(const struct numbers *n) {
  return dual_tangent(n, n->own, n->directions);
}
static void *product_room(const struct numbers *n) {
  return dual_tangent(n, n->own, n->directions + 1);
}

static bool dual_open(struct numbers *n) {
  if (!size_product(parts(n), n->base->size, &n->size)) return false;
  n->own = tri__numbers_new(n->base, room_size(n));
  return n->own != NULL;
}

static void dual_close(struct numbers *n) { tri__numbers_delete(n->base, n->own, room_size(n)); }

static bool dual_init(struct numbers *n, void *array, size_t count) {
  return n->base->domain->init(n->base, array, count * parts(n));
}

static void dual_clear(struct numbers *n, void *array, size_t count) {
  n->base->domain->clear(n->base, array, count * parts(n));
}

static void dual_set(struct numbers *n, void *to, const void *from, size_t count) {
  n->base->domain->set(n->base, to, from, count * parts(n));
}

/* A constant: its tangents are 0. */
static void constant_tangents(struct numbers *n, void *to) {
  for (size_t d = 0; d < n->directions; d++)
    n->base->domain->set_double(n->base, dual_tangent(n, to, d), 0.0);
}

static void dual_set_rational(struct numbers *n, void *to, mpq_srcptr q) {
  n->base->domain->set_rational(n->base, to, q);
  constant_tangents(n, to);
}

static void dual_set_double(struct numbers *n, void *to, double x) {
  n->base->domain->set_double(n->base, to, x);
  constant_tangents(n, to);
}

static void dual_set_pi(struct numbers *n, void *to) {
  n->base->domain->set_pi(n->base, to);
  constant_tangents(n, to);
}

static void dual_set_none(struct numbers *n, void *to, enum number_state why) {
  n->base->domain->set_none(n->base, to, why);
  constant_tangents(n, to);
}

static bool moves(const struct numbers *n, const void *x) {
  for (size_t d = 0; d < n->directions; d++)
    if (!n->base->domain->zero(n->base, dual_tangent(n, x, d))) return true;
  return false;
}

/* result's tangents += partial by argument i times the argument's tangents. */
static void add_tangents(struct numbers *n, tri_op op, int i, void *result,
                         const void *const *arguments) {
  struct numbers *base = n->base;
  if (!n->rows[op].partial[i]) { /* no derivative by this argument, but it changes */
    for (size_t d = 0; d < n->directions; d++)
      base->domain->set_none(base, dual_tangent(n, result, d), NUMBER_NONE);
    return;
  }
  base->domain->partial(base, op, i, partial_room(n), arguments, result);
  for (size_t d = 0; d < n->directions; d++) {
    const void *tangent = dual_tangent(n, arguments[i], d);
    if (base->domain->zero(base, tangent)) continue;
    tri__numbers_contribute(base, op, product_room(n), tangent, partial_room(n));
    tri__numbers_accumulate(base, dual_tangent(n, result, d), product_room(n));
  }
}

static void dual_apply(struct numbers *n, tri_op op, enum apply_mode mode, void *result,
                       const void *const *arguments) {
  const struct row *row = n->rows + op;
  n->base->domain->apply(n->base, op, mode, n->own, arguments);
  constant_tangents(n, n->own);
  for (int i = 0; i < row->arity && row->sort != TRI_BOOLEAN; i++)
    if (!(row->conditions >> i & 1) && moves(n, arguments[i]))
      add_tangents(n, op, i, n->own, arguments);
  n->base->domain->set(n->base, result, n->own, parts(n));
}

static int dual_kink(struct numbers *n, tri_op op, const void *const *arguments) {
  return n->base->domain->kink(n->base, op, arguments);
}

static enum number_state dual_state(const struct numbers *n, const void *x) {
  return n->base->domain->state(n->base, x);
}

static bool dual_zero(const struct numbers *n, const void *x) {
  return n->base->domain->zero(n->base, x) && !moves(n, x);
}

static int dual_compare(struct numbers *n, const void *a, const void *b) {
  return n->base->domain->compare(n->base, a, b);
}

/* " + 24*eps", " - 3*eps", " + (2 + 3*eps)*eps"; the infinitesimals of several directions are numbered. */
static void tangent_text(const struct numbers *n, const void *x, size_t d, tri_text *text) {
  bool nested = n->base->base != NULL;
  tri__text_puts(text, nested ? " + (" : " + ");
  size_t sign = text->size;
  n->base->domain->text(n->base, dual_tangent(n, x, d), text);
  if (!nested && text->status == TRI_OK && text->data[sign] == '-') {
    text->data[sign - 2] = '-';
    memmove(text->data + sign, text->data + sign + 1, text->size - sign);
    text->size--;
  }
  tri__text_puts(text, nested ? ")*eps" : "*eps");
  if (n->directions > 1) tri__text_printf(text, "%zu", d + 1);
}

static void dual_text(const struct numbers *n, const void *x, tri_text *text) {
  n->base->domain->text(n->base, x, text);
  for (size_t d = 0; d < n->directions; d++)
    if (!n->base->domain->zero(n->base, dual_tangent(n, x, d))) tangent_text(n, x, d, text);
}

static double dual_to_double(const struct numbers *n, const void *x) {
  return n->base->domain->to_double(n->base, x);
}

static bool dual_to_rational(const struct numbers *n, const void *x, mpq_ptr q) {
  return n->base->domain->to_rational(n->base, x, q);
}

const struct domain tri__dual_domain = {
    .name = "dual",
    .open = dual_open,
    .close = dual_close,
    .init = dual_init,
    .clear = dual_clear,
    .set = dual_set,
    .set_rational = dual_set_rational,
    .set_double = dual_set_double,
    .set_pi = dual_set_pi,
    .set_none = dual_set_none,
    .apply = dual_apply,
    .partial = tri__partial_by_program,
    .kink = dual_kink,
    .state = dual_state,
    .zero = dual_zero,
    .compare = dual_compare,
    .text = dual_text,
    .to_double = dual_to_double,
    .to_rational = dual_to_rational,
};
