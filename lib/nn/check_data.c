/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Data that cannot be learnt are found before anything is learnt from the others: shapes that do
 * not fit, classes that there are not, numbers that are none. */
#include <float.h>
#include <math.h>

#include "base/finite.h"
#include "nn/train.h"

/* --- messages */

/* (60000, 28, 28) */
static void shape_text(tri_text *text, const tri_array *a) {
  for (size_t d = 0; d < a->rank; d++) tri__text_printf(text, "%s%zu", d ? ", " : "(", a->dims[d]);
  tri__text_puts(text, a->rank == 0 ? "()" : a->rank == 1 ? ",)" : ")");
}

static size_t at_least_one(size_t n) { return n ? n : 1; }

void tri__place_text(tri_text *text, size_t rank, const size_t *dims, size_t i) {
  size_t unit = 1;
  for (size_t d = 1; d < rank; d++) unit *= at_least_one(dims[d]);
  for (size_t d = 0; d < rank; d++) {
    tri__text_printf(text, "%s%zu", d ? ", " : "[", i / unit);
    i %= unit;
    if (d + 1 < rank) unit /= at_least_one(dims[d + 1]);
  }
  tri__text_puts(text, "]");
}

/* Fails with what was written, and frees it. */
static tri_status fail(tri_model *m, tri_status status, tri_text *text) {
  status = text->status ? tri__model_fail(m, TRI_MEMORY, "%s", tri_status_meaning(TRI_MEMORY))
                        : tri__model_fail(m, status, "%s", text->data);
  tri_text_free(text);
  return status;
}

static tri_status no_fit(tri_model *m, const struct port *port, const tri_array *a) {
  char sample[SHAPE_TEXT];
  tri_text text = {.allocator = &m->memory.allocator};
  tri__text_printf(&text, "%s: data of shape ", port->name);
  shape_text(&text, a);
  tri__text_printf(&text, " do not fit %s", tri__sample_text(&port->shape, sample));
  return fail(m, TRI_SHAPE, &text);
}

static tri_status no_number(tri_model *m, const struct port *port, size_t rank, const size_t *dims,
                            size_t i, double x) {
  tri_text text = {.allocator = &m->memory.allocator};
  tri__text_printf(&text, "%s: the data are ", port->name);
  tri__text_double(&text, x);
  tri__text_puts(&text, " at ");
  tri__place_text(&text, rank, dims, i);
  return fail(m, TRI_ARGUMENT, &text);
}

/* It would be infinite, or NaN, in the model's numbers. */
static tri_status too_large(tri_model *m, const struct port *port, const tri_samples *s, size_t i) {
  double scale = s->scale == 0.0 ? 1.0 : s->scale;
  tri_text text = {.allocator = &m->memory.allocator};
  tri__text_printf(&text, "%s: the data are ", port->name);
  tri__text_double(&text, tri_array_double(s->array, i) * scale + s->offset);
  tri__text_puts(&text, " at ");
  tri__place_text(&text, s->array->rank, s->array->dims, i);
  tri__text_printf(&text, ", which is no %s", m->domain == TRI_FLOAT ? "float32" : "float64");
  return fail(m, TRI_ARGUMENT, &text);
}

static tri_status no_class(tri_model *m, const struct port *port, size_t i, double x) {
  tri_text text = {.allocator = &m->memory.allocator};
  tri__text_printf(&text, "%s: label ", port->name);
  tri__text_double(&text, x);
  tri__text_printf(&text, " of sample %zu is no class from 0 to %lld", i,
                   (long long)(port->classes - 1));
  return fail(m, TRI_ARGUMENT, &text);
}

static tri_status no_probability(tri_model *m, const struct port *port, size_t i, double x) {
  tri_text text = {.allocator = &m->memory.allocator};
  tri__text_printf(&text, "%s: target ", port->name);
  tri__text_double(&text, x);
  tri__text_printf(&text, " of sample %zu is no probability", i / port->each);
  return fail(m, TRI_ARGUMENT, &text);
}

/* --- checks */

/* The same sizes, ones aside: labels [n] and [n, 1] are the same. */
static bool fits(const struct port *port, const tri_array *a) {
  const struct sample *s = &port->shape;
  size_t d = 1, p = 0;
  if (a->rank == 0) return false;
  for (;;) {
    while (d < a->rank && a->dims[d] == 1) d++;
    while (p < s->rank && s->shape[p] == 1) p++;
    if (d == a->rank || p == s->rank) return d == a->rank && p == s->rank;
    if (a->dims[d++] != (size_t)s->shape[p++]) return false;
  }
}

static bool is_class(double x, const struct port *port) {
  return x >= 0.0 && x < (double)port->classes && x == floor(x);
}

/* Rounding may make it somewhat more than 1 by a scale. */
static bool is_probability(double x) { return x >= -1e-6 && x <= 1.0 + 1e-6; }

/* A number that is to be learnt. */
static tri_status check_target(tri_model *m, const struct port *port, size_t i, double x) {
  if (port->classes && !is_class(x, port)) return no_class(m, port, i / port->each, x);
  if (port->probabilities && !is_probability(x)) return no_probability(m, port, i, x);
  return TRI_OK;
}

static tri_status check_targets(tri_model *m, const struct port *port, const tri_samples *s) {
  double scale = s->scale == 0.0 ? 1.0 : s->scale;
  tri_status status = TRI_OK;
  for (size_t i = 0; i < s->array->count && !status; i++)
    status = check_target(m, port, i, tri_array_double(s->array, i) * scale + s->offset);
  return status;
}

tri_status tri__check_samples(tri_model *m, const struct port *port, const tri_samples *s,
                              size_t count) {
  const tri_array *a = s->array;
  if (!a || !a->data) return tri__model_fail(m, TRI_ARGUMENT, "%s: there are no data", port->name);
  if (!fits(port, a)) return no_fit(m, port, a);
  if (a->dims[0] == 0)
    return tri__model_fail(m, TRI_ARGUMENT, "%s: the data are empty", port->name);
  if (a->dims[0] != count)
    return tri__model_fail(m, TRI_SHAPE, "%s: %zu samples, and %zu in what goes with them",
                           port->name, a->dims[0], count);
  bool floats = a->dtype == TRI_F4, whole = !floats && a->dtype != TRI_F8;
  size_t bad = whole ? a->count : tri__first_not_finite(a->data, a->count, floats);
  if (bad < a->count) return no_number(m, port, a->rank, a->dims, bad, tri_array_double(a, bad));
  if (port->classes || port->probabilities) return check_targets(m, port, s);
  bad = tri__first_beyond(s, m->domain == TRI_FLOAT);
  return bad < a->count ? too_large(m, port, s, bad) : TRI_OK;
}

tri_status tri__check_made(tri_model *m, const struct port *port, const double *x, size_t n) {
  size_t dims[TRI_LAYER_RANK + 1] = {n};
  for (size_t d = 0; d < port->shape.rank; d++) dims[d + 1] = (size_t)port->shape.shape[d];
  double most = m->domain == TRI_FLOAT ? (double)FLT_MAX : DBL_MAX;
  for (size_t i = 0; i < n * port->each; i++) {
    if (!(fabs(x[i]) <= most)) return no_number(m, port, port->shape.rank + 1, dims, i, x[i]);
    tri_status status = check_target(m, port, i, x[i]);
    if (status) return status;
  }
  return TRI_OK;
}
