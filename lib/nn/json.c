/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Texts of JSON, read by Jansson. */
#include "config.h"

#include "nn/json.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

#if HAVE_JANSSON
#include <jansson.h>

/* --- the whole text */

tri_status tri__json_load(struct io *io, const char *text, size_t size, struct json *root) {
  json_error_t error;
  *root = (struct json){.value = NULL};
  if (!tri__io_within(io, size, JSON_TIMES)) return io->error->status;
  json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
  if (!value) {
    int line = error.line > 0 ? error.line : 1, column = error.column > 0 ? error.column : 1;
    tri__io_fail(io, TRI_SYNTAX, "line %d, column %d: %s", line, column, error.text);
    io->error->line = (uint32_t)line;
    io->error->column = (uint32_t)column;
    return TRI_SYNTAX;
  }
  io->memory.used += size * JSON_TIMES;
  root->value = value;
  return TRI_OK;
}

void tri__json_unload(struct io *io, size_t size, struct json *root) {
  if (!root->value) return;
  json_decref((json_t *)(uintptr_t)root->value);
  io->memory.used -= size * JSON_TIMES;
  root->value = NULL;
}

/* --- what is in it */

struct json tri__json_member(const struct json *object, const char *name) {
  return (struct json){.value = json_object_get(object->value, name), .outer = object, .key = name};
}

struct json tri__json_element(const struct json *array, size_t i) {
  return (struct json){.value = json_array_get(array->value, i), .outer = array, .index = i};
}

size_t tri__json_count(const struct json *array) { return json_array_size(array->value); }

bool tri__json_next(const struct json *object, void **cursor, struct json *member) {
  json_t *o = (json_t *)(uintptr_t)object->value;
  *cursor = *cursor ? json_object_iter_next(o, *cursor) : json_object_iter(o);
  if (!*cursor) return false;
  *member = (struct json){.value = json_object_iter_value(*cursor),
                          .outer = object,
                          .key = json_object_iter_key(*cursor)};
  return true;
}

bool tri__json_is_null(const struct json *j) {
  return !j->value || json_is_null((const json_t *)j->value);
}
bool tri__json_is_object(const struct json *j) { return json_is_object((const json_t *)j->value); }
bool tri__json_is_array(const struct json *j) { return json_is_array((const json_t *)j->value); }
bool tri__json_is_text(const struct json *j) { return json_is_string((const json_t *)j->value); }

/* --- values of a type */

/* What is there, in words. */
static void describe(const json_t *value, char *text, size_t size) {
  static const char *const types[] = {
      [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
      [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
      [JSON_FALSE] = "false",      [JSON_NULL] = "null"};
  const char *string = json_string_value(value);
  if (string)
    snprintf(text, size, "\"%s\"", tri__io_shown(string, strlen(string)).text);
  else if (json_is_integer(value))
    snprintf(text, size, "%lld", (long long)json_integer_value(value));
  else
    snprintf(text, size, "%s", value ? types[json_typeof(value)] : "nothing");
}

tri_status tri__json_expect(struct io *io, const struct json *at, const char *what) {
  char there[64];
  if (!at->value) return tri__json_fail(io, at, TRI_ARGUMENT, "%s is missing", what);
  describe(at->value, there, sizeof there);
  return tri__json_fail(io, at, TRI_ARGUMENT, "%s is expected, not %s", what, there);
}

tri_status tri__json_object(struct io *io, const struct json *at) {
  return tri__json_is_object(at) ? TRI_OK : tri__json_expect(io, at, "an object");
}

tri_status tri__json_array(struct io *io, const struct json *at) {
  return tri__json_is_array(at) ? TRI_OK : tri__json_expect(io, at, "an array");
}

tri_status tri__json_text(struct io *io, const struct json *at, const char **text) {
  *text = json_string_value(at->value);
  return *text ? TRI_OK : tri__json_expect(io, at, "a string");
}

tri_status tri__json_integer(struct io *io, const struct json *at, int64_t *number) {
  *number = json_integer_value(at->value);
  return json_is_integer((const json_t *)at->value) ? TRI_OK
                                                    : tri__json_expect(io, at, "a whole number");
}

tri_status tri__json_real(struct io *io, const struct json *at, double *number) {
  *number = json_number_value(at->value);
  return json_is_number((const json_t *)at->value) ? TRI_OK : tri__json_expect(io, at, "a number");
}

tri_status tri__json_truth(struct io *io, const struct json *at, bool *truth) {
  *truth = json_is_true((const json_t *)at->value);
  return json_is_boolean((const json_t *)at->value) ? TRI_OK
                                                    : tri__json_expect(io, at, "true or false");
}

#else

/* Nothing is ever read, so there are no values. */
tri_status tri__json_load(struct io *io, const char *text, size_t size, struct json *root) {
  (void)text, (void)size;
  *root = (struct json){.value = NULL};
  return tri__io_fail(io, TRI_FILE, "this is JSON, and triad was built without Jansson");
}
void tri__json_unload(struct io *io, size_t size, struct json *root) {
  (void)io, (void)size, (void)root;
}
struct json tri__json_member(const struct json *object, const char *name) {
  return (struct json){.outer = object, .key = name};
}
struct json tri__json_element(const struct json *array, size_t i) {
  return (struct json){.outer = array, .index = i};
}
size_t tri__json_count(const struct json *array) { return (void)array, 0; }
bool tri__json_next(const struct json *object, void **cursor, struct json *member) {
  (void)object, (void)cursor, (void)member;
  return false;
}
bool tri__json_is_null(const struct json *j) { return (void)j, true; }
bool tri__json_is_object(const struct json *j) { return (void)j, false; }
bool tri__json_is_array(const struct json *j) { return (void)j, false; }
bool tri__json_is_text(const struct json *j) { return (void)j, false; }
tri_status tri__json_expect(struct io *io, const struct json *at, const char *what) {
  return tri__json_fail(io, at, TRI_ARGUMENT, "%s is missing", what);
}
tri_status tri__json_object(struct io *io, const struct json *at) {
  return tri__json_expect(io, at, "an object");
}
tri_status tri__json_array(struct io *io, const struct json *at) {
  return tri__json_expect(io, at, "an array");
}
tri_status tri__json_text(struct io *io, const struct json *at, const char **text) {
  *text = NULL;
  return tri__json_expect(io, at, "a string");
}
tri_status tri__json_integer(struct io *io, const struct json *at, int64_t *number) {
  *number = 0;
  return tri__json_expect(io, at, "a whole number");
}
tri_status tri__json_real(struct io *io, const struct json *at, double *number) {
  *number = 0.0;
  return tri__json_expect(io, at, "a number");
}
tri_status tri__json_truth(struct io *io, const struct json *at, bool *truth) {
  *truth = false;
  return tri__json_expect(io, at, "true or false");
}

#endif

/* --- where something stands */

/* config.layers[2]: the places are linked from the inside out, and read from the outside in. */
static void place_text(const struct json *at, char *text, size_t size) {
  enum { DEEPEST = 32 };
  const struct json *places[DEEPEST] = {NULL};
  size_t n = 0, used = 0;
  for (; at && at->outer && n < DEEPEST; at = at->outer) places[n++] = at;
  text[0] = '\0';
  while (n-- > 0 && used < size) {
    const struct json *p = places[n];
    int put = p->key ? snprintf(text + used, size - used, "%s%s", used ? "." : "",
                                tri__io_shown(p->key, strlen(p->key)).text)
                     : snprintf(text + used, size - used, "[%zu]", p->index);
    used += put > 0 ? (size_t)put : 0;
  }
}

tri_status tri__json_fail(struct io *io, const struct json *at, tri_status status,
                          const char *format, ...) {
  char place[120], message[TRI_MESSAGE_SIZE];
  va_list arguments;
  place_text(at, place, sizeof place);
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return tri__io_fail(io, status, "%s%s%s", place, *place ? ": " : "", message);
}
