/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The places of a struct as members of JSON objects, as tables say. */
#include <assert.h>

#include "base/text.h"
#include "nn/fields.h"

void tri__json_put_string(tri_text *text, const char *string) {
  tri__text_json(text, string, strlen(string));
}

void tri__json_put_real(tri_text *text, double number) {
  size_t start = text->size;
  tri__text_double(text, number);
  if (!text->status && !strpbrk(text->data + start, ".e")) tri__text_puts(text, ".0");
}

/* {"module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": null} */
static void put_initializer(tri_text *text, const char *name) {
  char class_name[CLASS_SIZE];
  assert(name); /* rows of initializers have a default */
  bool random = strcmp(name, "zeros") != 0 && strcmp(name, "ones") != 0;
  tri__camel_case(name, class_name);
  tri__text_printf(text,
                   "{\"module\": \"keras.initializers\", \"class_name\": \"%s\", \"config\": "
                   "{%s}, \"registered_name\": null}",
                   class_name, random ? "\"seed\": null" : "");
}

static void put_regularizer(tri_text *text, const tri_regularizer *r) {
  if (r->l1 == 0.0 && r->l2 == 0.0) return tri__text_puts(text, "null");
  tri__text_printf(text,
                   "{\"module\": \"keras.regularizers\", \"class_name\": \"%s%s\", \"config\": {",
                   r->l1 != 0.0 ? "L1" : "", r->l2 != 0.0 ? "L2" : "");
  if (r->l1 != 0.0) tri__text_puts(text, "\"l1\": "), tri__json_put_real(text, r->l1);
  if (r->l1 != 0.0 && r->l2 != 0.0) tri__text_puts(text, ", ");
  if (r->l2 != 0.0) tri__text_puts(text, "\"l2\": "), tri__json_put_real(text, r->l2);
  tri__text_puts(text, "}, \"registered_name\": null}");
}

static void put_sizes(tri_text *text, bool batch, const tri_layer *l) {
  tri__text_puts(text, batch ? "[null" : "[");
  for (size_t d = 0; d < l->rank; d++)
    tri__text_printf(text, "%s%lld", d || batch ? ", " : "", (long long)l->shape[d]);
  tri__text_putc(text, ']');
}

static void put_pair(tri_text *text, const struct field *f, size_t n, const int64_t *sizes) {
  long long first = sizes[0] ? sizes[0] : (int64_t)f->number;
  long long second = sizes[1] ? sizes[1] : first;
  if (first == 0)
    tri__text_puts(text, "null");
  else if (n == 1)
    tri__text_printf(text, "[%lld]", first);
  else
    tri__text_printf(text, "[%lld, %lld]", first, second);
}

static void put_truth(tri_text *text, bool truth) {
  tri__text_puts(text, truth ? "true" : "false");
}

static void put_word(tri_text *text, const char *word, const char *words) {
  if (word)
    tri__json_put_string(text, word);
  else
    tri__text_json(text, words, strcspn(words, " "));
}

static void put_integer(tri_text *text, int64_t number, double otherwise) {
  tri__text_printf(text, "%lld", (long long)(number ? number : (int64_t)otherwise));
}

static void put_real_or(tri_text *text, double number, double otherwise) {
  tri__json_put_real(text, number != 0.0 ? number : otherwise);
}

static void put_optional(tri_text *text, double number) {
  if (number == 0.0)
    tri__text_puts(text, "null");
  else
    tri__json_put_real(text, number);
}

static void put_value(tri_text *text, const struct field *f, const void *from) {
  const void *place = (const char *)from + f->place;
  const char *string = f->text;
  if (f->type == FIELD_ACTIVATION || f->type == FIELD_INITIALIZER || f->type == FIELD_WORD)
    string = *(const char *const *)place;
  switch (f->type) {
  case FIELD_COUNT:
  case FIELD_INTEGER: put_integer(text, *(const int64_t *)place, f->number); break;
  case FIELD_REAL: put_real_or(text, *(const double *)place, f->number); break;
  case FIELD_SHARE:
  case FIELD_SCALE: tri__json_put_real(text, *(const double *)place); break;
  case FIELD_OPTIONAL: put_optional(text, *(const double *)place); break;
  case FIELD_TRUE: put_truth(text, *(const int *)place != 0); break;
  case FIELD_FALSE: put_truth(text, *(const int *)place == 0); break;
  case FIELD_ACTIVATION: tri__json_put_string(text, string ? string : "linear"); break;
  case FIELD_INITIALIZER:
  case FIELD_IS_INITIALIZER: put_initializer(text, string ? string : f->text); break;
  case FIELD_REGULARIZER: put_regularizer(text, place); break;
  case FIELD_SHAPE: put_sizes(text, false, from); break;
  case FIELD_SAMPLE: put_sizes(text, true, from); break;
  case FIELD_SIZE: put_pair(text, f, 1, place); break;
  case FIELD_SIZES: put_pair(text, f, 2, place); break;
  case FIELD_WORD: put_word(text, string, f->text); break;
  case FIELD_NULL: tri__text_puts(text, "null"); break;
  case FIELD_IS_TRUE: put_truth(text, true); break;
  case FIELD_IS_FALSE: put_truth(text, false); break;
  case FIELD_IS_WORD: tri__json_put_string(text, f->text); break;
  case FIELD_IS_NUMBER: tri__text_printf(text, "%d", (int)f->number); break;
  case FIELD_NAME:
  case FIELD_IGNORED: break;
  }
}

void tri__fields_write(tri_text *text, const struct field *fields, const void *from, bool first) {
  for (const struct field *f = fields; f->name; f++) {
    if (f->type == FIELD_NAME || f->type == FIELD_IGNORED || f->quiet) continue;
    if (!first) tri__text_puts(text, ", ");
    first = false;
    tri__json_put_string(text, f->name);
    tri__text_puts(text, ": ");
    put_value(text, f, from);
  }
}
