/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Members of JSON objects and the places of a struct that they go to: one table both for reading
 * and for writing. */
#ifndef TRIAD_NN_FIELDS_H
#define TRIAD_NN_FIELDS_H

#include <triad/nn.h>

#include "nn/json.h"

enum field_type {
  FIELD_NAME,        /* const char *: read only, the writer writes it itself */
  FIELD_INTEGER,     /* int64_t; 0 stands for `number` */
  FIELD_COUNT,       /* int64_t, from `number` on; 0 stands for null */
  FIELD_REAL,        /* double; 0 stands for `number` */
  FIELD_OPTIONAL,    /* double; 0 stands for null */
  FIELD_SCALE,       /* double, not 0: a number, or two with a stroke as in "1/255" */
  FIELD_SHARE,       /* double in [0, 1), written likewise */
  FIELD_TRUE,        /* int: not 0 is true */
  FIELD_FALSE,       /* int: not 0 is false */
  FIELD_ACTIVATION,  /* const char * */
  FIELD_INITIALIZER, /* const char *; NULL stands for `text` */
  FIELD_REGULARIZER, /* tri_regularizer */
  FIELD_SHAPE,       /* the rank and shape of a tri_layer */
  FIELD_SAMPLE,      /* the same with null in front, for the batch */
  FIELD_SIZE,        /* int64_t[2] of which the first counts; 0 stands for `number`, 0 for null */
  FIELD_SIZES,       /* int64_t[2]; the same, and 0 for the second is the first */
  FIELD_WORD, /* const char *, one of the words in `text`, parted by blanks; NULL: the first */
  /* What is always the same, and may be left out: null, a truth value, a number, an initializer. */
  FIELD_NULL,
  FIELD_IS_TRUE,
  FIELD_IS_FALSE,
  FIELD_IS_NUMBER,      /* `number` */
  FIELD_IS_WORD,        /* `text` */
  FIELD_IS_INITIALIZER, /* `text` */
  FIELD_IGNORED         /* read by another, or without meaning here; not written */
};

struct field {
  const char *name; /* NULL ends a table */
  enum field_type type;
  size_t place; /* in the struct */
  double number;
  const char *text;
  bool needed; /* otherwise what is left out keeps its default */
  bool quiet;  /* read only, as not all versions of Keras know it */
};

/* Rows of tables. */
#define FIELD_PLAIN(member, what)                                                                  \
  { .name = (member), .type = FIELD_##what }
#define FIELD(member, what, ...)                                                                   \
  { .name = (member), .type = FIELD_##what, __VA_ARGS__ }
#define FIELD_END                                                                                  \
  { .name = NULL }

/* Reads the members of an object into *to. Texts are static, or live as long as the JSON. A member
 * that no row has is an error: TRI_NAME; others TRI_ARGUMENT, TRI_NAME for unknown activations and
 * initializers, TRI_LIMIT. */
tri_status tri__fields_read(struct io *io, const struct json *object, const struct field *fields,
                            void *to);

/* Appends members, each with a comma in front but for the first of `first`. */
void tri__fields_write(tri_text *text, const struct field *fields, const void *from, bool first);

/* The class of an object of Keras, {"class_name": …, "config": {…}} or its name alone, and *config,
 * which for a name alone is of value NULL. TRI_ARGUMENT if it is neither. */
tri_status tri__class_read(struct io *io, const struct json *at, const char **class_name,
                           struct json *config);

/* The static text of an activation (null: linear) and of an initializer, and a regularizer (null:
 * zeros). TRI_NAME if none is called so, and as tri__class_read and tri__fields_read. */
tri_status tri__activation_read(struct io *io, const struct json *at, const char **to);
tri_status tri__initializer_read(struct io *io, const struct json *at, const char **to);
tri_status tri__regularizer_read(struct io *io, const struct json *at, tri_regularizer *to);

/* GlorotUniform as glorot_uniform, and back, into to[CLASS_SIZE]; cut if it is longer. */
enum { CLASS_SIZE = 64 };
void tri__snake_case(const char *name, char *to);
void tri__camel_case(const char *name, char *to);

/* A string; a number as JSON has it, 1.0 for 1. */
void tri__json_put_string(tri_text *text, const char *string);
void tri__json_put_real(tri_text *text, double number);

#endif
