/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Public arrays of numbers, and views of numbers wherever they are. */
#include <math.h>
#include <triad/mp.h>

#include "base/text.h"
#include "numbers/real_text.h"

static const struct numbers *numbers_of(tri_value value) { return value.numbers; }

int tri_value_exists(tri_value value) {
  const struct numbers *n = numbers_of(value);
  return value.at && n->domain->state(n, value.at) == NUMBER_VALUE;
}

double tri_value_double(tri_value value) {
  return tri_value_exists(value) ? numbers_of(value)->domain->to_double(numbers_of(value), value.at)
                                 : (double)NAN;
}

void tri_value_text(tri_value value, tri_text *text) {
  if (value.at)
    numbers_of(value)->domain->text(numbers_of(value), value.at, text);
  else
    tri__text_puts(text, "nan");
}

void tri_value_enclosure(tri_value value, uint64_t digits, tri_text *text, tri_text *radius) {
  if (value.at && numbers_of(value)->domain == &tri__ball_domain && tri_value_exists(value))
    tri__text_ball(text, radius, tri__ball(value.at), digits);
  else
    tri_value_text(value, text);
}

int tri_value_mpq(tri_value value, mpq_ptr q) {
  return value.at && numbers_of(value)->domain->to_rational(numbers_of(value), value.at, q);
}

tri_value tri_value_at(tri_value value, size_t i) {
  return (tri_value){value.numbers, number_at(numbers_of(value), value.at, i)};
}

tri_value tri_value_primal(tri_value value) {
  const struct numbers *n = numbers_of(value);
  return n->base ? (tri_value){n->base, value.at} : value;
}

tri_value tri_value_tangent(tri_value value, size_t i) {
  const struct numbers *n = numbers_of(value);
  if (!n->base || i >= n->directions) return (tri_value){n, NULL};
  return (tri_value){n->base, dual_tangent(n, value.at, i)};
}

tri_values *tri_values_new(const tri_number_options *options, size_t count) {
  static const tri_number_options defaults = {.domain = TRI_DOUBLE};
  const tri_number_options *o = options ? options : &defaults;
  struct memory memory;
  if ((unsigned)o->domain >= TRI_DOMAINS || o->precision > TRI_MAX_PRECISION) return NULL;
  tri__memory_init(&memory, o->allocator);
  tri_values *values = tri__new(&memory, 1, sizeof *values);
  if (!values) return NULL;
  values->memory = memory;
  values->domain = o->domain;
  values->count = count;
  if (tri__numbers_open(&values->numbers, o->domain, o->precision, o->digits, &values->memory, NULL,
                        NULL)) {
    values->data = tri__numbers_new(&values->numbers, count);
    if (values->data) return values;
    tri__numbers_close(&values->numbers);
  }
  tri__free(&memory, values, 1, sizeof *values);
  return NULL;
}

void tri_values_free(tri_values *values) {
  if (!values) return;
  struct memory memory = values->memory;
  tri__numbers_delete(&values->numbers, values->data, values->count);
  tri__numbers_close(&values->numbers);
  tri__free(&memory, values, 1, sizeof *values);
}

size_t tri_values_count(const tri_values *values) { return values->count; }
tri_domain tri_values_domain(const tri_values *values) { return values->domain; }

static void *place(tri_values *values, size_t i) {
  return number_at(&values->numbers, values->data, i);
}

tri_value tri_values_get(const tri_values *values, size_t i) {
  return (tri_value){&values->numbers, number_at(&values->numbers, values->data, i)};
}

void tri_values_set_double(tri_values *values, size_t i, double x) {
  values->numbers.domain->set_double(&values->numbers, place(values, i), x);
}

void tri_values_set_mpq(tri_values *values, size_t i, mpq_srcptr q) {
  values->numbers.domain->set_rational(&values->numbers, place(values, i), q);
}

void tri_values_set(tri_values *values, size_t i, tri_value value) {
  struct numbers *n = &values->numbers;
  if (!value.at)
    n->domain->set_none(n, place(values, i), NUMBER_NONE);
  else if (numbers_of(value)->domain == n->domain)
    n->domain->set(n, place(values, i), value.at, 1);
  else
    tri__numbers_convert(n, place(values, i), numbers_of(value), value.at);
}
