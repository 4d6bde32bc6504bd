/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Texts of JSON, read by Jansson: values that know where they stand, so that messages can tell. */
#ifndef TRIAD_NN_JSON_H
#define TRIAD_NN_JSON_H

#include "io/io.h"

/* A value; it lives as long as the whole text. */
struct json {
  const void *value;        /* Jansson's; NULL: there is none */
  const struct json *outer; /* what it is in, which must last as long; NULL: nothing */
  const char *key;          /* its name there; NULL: its number */
  size_t index;
};

/* Reads a text. TRI_SYNTAX with line and column for what is no JSON or has a name twice in one
 * object, TRI_LIMIT for more than the limit holds, where a byte counts as 80, for Jansson; TRI_FILE
 * without Jansson. */
tri_status tri__json_load(struct io *io, const char *text, size_t size, struct json *root);
/* Frees what was read; nothing happens if that failed. size as above. */
void tri__json_unload(struct io *io, size_t size, struct json *root);

/* A member of an object, and of an array; of value NULL if there is none, or if it is neither. */
struct json tri__json_member(const struct json *object, const char *name);
struct json tri__json_element(const struct json *array, size_t i);
/* How many elements an array has; 0 for anything else. */
size_t tri__json_count(const struct json *array);
/* The next member of an object; *cursor is NULL at first. False behind the last. */
bool tri__json_next(const struct json *object, void **cursor, struct json *member);

/* What a value is. Null is also what is not there. */
bool tri__json_is_null(const struct json *j);
bool tri__json_is_object(const struct json *j);
bool tri__json_is_array(const struct json *j);
bool tri__json_is_text(const struct json *j);

/* Fails with the place, as in "config.layers[2].config.units: ", in front of the message. */
tri_status tri__json_fail(struct io *io, const struct json *at, tri_status status,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Fails with TRI_ARGUMENT: what was expected there, and what is there. */
tri_status tri__json_expect(struct io *io, const struct json *at, const char *what);

/* Values of a type; they fail as tri__json_expect. */
tri_status tri__json_object(struct io *io, const struct json *at);
tri_status tri__json_array(struct io *io, const struct json *at);
tri_status tri__json_text(struct io *io, const struct json *at, const char **text);
tri_status tri__json_integer(struct io *io, const struct json *at, int64_t *number);
tri_status tri__json_real(struct io *io, const struct json *at, double *number);
tri_status tri__json_truth(struct io *io, const struct json *at, bool *truth);

#endif
