/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Members of JSON objects into the places of a struct, as tables say. */
#include "nn/fields.h"

#include <math.h>
#include <stdio.h>

#include "nn/nn.h"

/* --- shapes */

static tri_status read_sizes(struct io *io, const struct json *at, size_t first, tri_layer *to) {
  tri_status status = tri__json_array(io, at);
  size_t n = tri__json_count(at);
  if (status) return status;
  if (n < first) return tri__json_expect(io, at, "an array with the batch in front");
  if (n - first > TRI_LAYER_RANK)
    return tri__json_fail(io, at, TRI_LIMIT, "more than %d dimensions", TRI_LAYER_RANK);
  to->rank = n - first;
  for (size_t d = first; d < n && !status; d++) {
    struct json size = tri__json_element(at, d);
    status = tri__json_integer(io, &size, &to->shape[d - first]);
  }
  return status;
}

/* Zero is what stands for the default. */
static tri_status read_size(struct io *io, const struct json *at, int64_t *to) {
  tri_status status = tri__json_integer(io, at, to);
  return status || *to ? status : tri__json_fail(io, at, TRI_ARGUMENT, "0 is no size");
}

/* 3, [3] or, where there are two, [3, 3]. */
static tri_status read_pair(struct io *io, const struct json *at, size_t n, int64_t *to) {
  if (tri__json_is_null(at)) return TRI_OK;
  if (!tri__json_is_array(at)) return read_size(io, at, to);
  if (tri__json_count(at) != n) return tri__json_expect(io, at, n == 1 ? "one size" : "two sizes");
  tri_status status = TRI_OK;
  for (size_t d = 0; d < n && !status; d++) {
    struct json size = tri__json_element(at, d);
    status = read_size(io, &size, &to[d]);
  }
  return status;
}

/* [null, 28, 28] */
static tri_status read_sample(struct io *io, const struct json *at, tri_layer *to) {
  struct json batch = tri__json_element(at, 0);
  int64_t size;
  /* Keras has a number here where a model took its shape from data. */
  tri_status status = tri__json_is_null(&batch) ? TRI_OK : tri__json_integer(io, &batch, &size);
  if (status) return status;
  return read_sizes(io, at, 1, to);
}

/* --- what is always the same */

static tri_status check_number(struct io *io, const struct json *at, double number) {
  double there;
  tri_status status = tri__json_real(io, at, &there);
  if (status || there == number) return status;
  return tri__json_fail(io, at, TRI_ARGUMENT, "only %d is supported", (int)number);
}

static tri_status check_word(struct io *io, const struct json *at, const char *word) {
  const char *there;
  tri_status status = tri__json_text(io, at, &there);
  if (status || strcmp(there, word) == 0) return status;
  return tri__json_fail(io, at, TRI_ARGUMENT, "only \"%s\" is supported", word);
}

static tri_status check_truth(struct io *io, const struct json *at, bool truth) {
  bool there;
  tri_status status = tri__json_truth(io, at, &there);
  if (status || there == truth) return status;
  return tri__json_fail(io, at, TRI_ARGUMENT, "only %s is supported", truth ? "true" : "false");
}

static tri_status check_initializer(struct io *io, const struct json *at, const char *name) {
  const char *there;
  tri_status status = tri__initializer_read(io, at, &there);
  if (status || strcmp(there, name) == 0) return status;
  return tri__json_fail(io, at, TRI_ARGUMENT, "only %s is supported", name);
}

static tri_status check_null(struct io *io, const struct json *at) {
  return tri__json_is_null(at)
             ? TRI_OK
             : tri__json_fail(io, at, TRI_ARGUMENT, "this is not supported: only null is");
}

/* --- fields */

static tri_status read_real(struct io *io, const struct json *at, const struct field *f,
                            double *to) {
  tri_status status = tri__json_real(io, at, to);
  /* Zero is what stands for the default. */
  if (!status && *to == 0.0 && f->number != 0.0)
    return tri__json_fail(io, at, TRI_ARGUMENT, "0 is not supported");
  return status;
}

static tri_status read_integer(struct io *io, const struct json *at, const struct field *f,
                               int64_t *to) {
  tri_status status = tri__json_integer(io, at, to);
  if (!status && *to == 0 && f->number != 0.0)
    return tri__json_fail(io, at, TRI_ARGUMENT, "0 is not supported");
  return status;
}

static tri_status read_count(struct io *io, const struct json *at, const struct field *f,
                             int64_t *to) {
  char what[48];
  if (tri__json_is_null(at)) return TRI_OK;
  tri_status status = tri__json_integer(io, at, to);
  if (status || *to >= (int64_t)f->number) return status;
  snprintf(what, sizeof what, "a whole number from %d on", (int)f->number);
  return tri__json_expect(io, at, what);
}

/* One rounding, of the quotient. */
static tri_status read_ratio(struct io *io, const struct json *at, double *to) {
  const char *text, *stroke;
  tri_status status, unread;
  mpq_t a, b;
  if (!tri__json_is_text(at)) return tri__json_real(io, at, to);
  status = tri__json_text(io, at, &text);
  if (status) return status;
  mpq_inits(a, b, NULL);
  stroke = text + strcspn(text, "/");
  size_t size = (size_t)(stroke - text), rest = strlen(stroke);
  bool good = size && tri__read_number(text, size, 300, a, &unread) == size && rest > 1 &&
              tri__read_number(stroke + 1, rest - 1, 300, b, &unread) == rest - 1 &&
              mpq_sgn(b) != 0;
  if (good) mpq_div(a, a, b);
  if (good) *to = tri__mpq_double(a);
  mpq_clears(a, b, NULL);
  return good ? TRI_OK : tri__json_expect(io, at, "a number, or a quotient as \"1/255\"");
}

/* Zero is what stands for none. */
static tri_status read_scale(struct io *io, const struct json *at, double *to) {
  tri_status status = read_ratio(io, at, to);
  return status || (*to != 0.0 && isfinite(*to))
             ? status
             : tri__json_fail(io, at, TRI_ARGUMENT, "this is no scale: zero, or too large");
}

static tri_status read_share(struct io *io, const struct json *at, double *to) {
  tri_status status = read_ratio(io, at, to);
  return status || (*to >= 0.0 && *to < 1.0)
             ? status
             : tri__json_fail(io, at, TRI_ARGUMENT, "this is not in [0, 1)");
}

static tri_status read_flag(struct io *io, const struct json *at, bool inverted, int *to) {
  bool truth = false;
  tri_status status = tri__json_truth(io, at, &truth);
  *to = truth != inverted;
  return status;
}

static tri_status read_word(struct io *io, const struct json *at, const char *words,
                            const char **to) {
  tri_status status = tri__json_text(io, at, to);
  size_t size = status ? 0 : strlen(*to);
  for (const char *w = words, *end; !status; w = end + 1) {
    end = w + strcspn(w, " ");
    if (size == (size_t)(end - w) && memcmp(w, *to, size) == 0) return TRI_OK;
    if (!*end) break;
  }
  if (status) return status;
  return tri__json_fail(io, at, TRI_NAME, "one of these is expected: %s; not %s", words,
                        tri__io_shown(*to, size).text);
}

static tri_status read_field(struct io *io, const struct json *at, const struct field *f,
                             void *to) {
  void *place = (char *)to + f->place;
  switch (f->type) {
  case FIELD_NAME: return tri__json_text(io, at, place);
  case FIELD_INTEGER: return read_integer(io, at, f, place);
  case FIELD_COUNT: return read_count(io, at, f, place);
  case FIELD_REAL: return read_real(io, at, f, place);
  case FIELD_OPTIONAL: return tri__json_is_null(at) ? TRI_OK : tri__json_real(io, at, place);
  case FIELD_SCALE: return read_scale(io, at, place);
  case FIELD_SHARE: return read_share(io, at, place);
  case FIELD_TRUE: return read_flag(io, at, false, place);
  case FIELD_FALSE: return read_flag(io, at, true, place);
  case FIELD_ACTIVATION: return tri__activation_read(io, at, place);
  case FIELD_INITIALIZER: return tri__initializer_read(io, at, place);
  case FIELD_REGULARIZER: return tri__regularizer_read(io, at, place);
  case FIELD_SHAPE: return read_sizes(io, at, 0, to);
  case FIELD_SAMPLE: return read_sample(io, at, to);
  case FIELD_SIZE: return read_pair(io, at, 1, place);
  case FIELD_SIZES: return read_pair(io, at, 2, place);
  case FIELD_WORD: return read_word(io, at, f->text, place);
  case FIELD_NULL: return check_null(io, at);
  case FIELD_IS_TRUE: return check_truth(io, at, true);
  case FIELD_IS_FALSE: return check_truth(io, at, false);
  case FIELD_IS_WORD: return check_word(io, at, f->text);
  case FIELD_IS_NUMBER: return check_number(io, at, f->number);
  case FIELD_IS_INITIALIZER: return check_initializer(io, at, f->text);
  case FIELD_IGNORED: break;
  }
  return TRI_OK;
}

/* A member that no row has is a mistake, which would otherwise pass in silence. */
static tri_status check_names(struct io *io, const struct json *object,
                              const struct field *fields) {
  void *cursor = NULL;
  struct json member;
  while (tri__json_next(object, &cursor, &member)) {
    const struct field *f = fields;
    while (f->name && strcmp(f->name, member.key) != 0) f++;
    if (!f->name) return tri__json_fail(io, &member, TRI_NAME, "there is nothing of this name");
  }
  return TRI_OK;
}

tri_status tri__fields_read(struct io *io, const struct json *object, const struct field *fields,
                            void *to) {
  tri_status status = tri__json_object(io, object);
  if (!status) status = check_names(io, object, fields);
  for (const struct field *f = fields; f->name && !status; f++) {
    struct json member = tri__json_member(object, f->name);
    if (member.value || f->needed) status = read_field(io, &member, f, to);
  }
  return status;
}
