/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What Keras writes by a name or as an object with a class and a config: activations, initializers,
 * regularizers. */
#include "nn/fields.h"

#include "nn/nn.h"

/* --- names */

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

void tri__snake_case(const char *name, char *to) {
  size_t n = 0;
  for (const char *c = name; *c && n + 2 < CLASS_SIZE; c++) {
    if (is_upper(*c) && c > name) to[n++] = '_';
    to[n++] = is_upper(*c) ? (char)(*c - 'A' + 'a') : *c;
  }
  to[n] = '\0';
}

void tri__camel_case(const char *name, char *to) {
  size_t n = 0;
  bool first = true;
  for (const char *c = name; *c && n + 1 < CLASS_SIZE; c++) {
    if (*c != '_') to[n++] = first && is_lower(*c) ? (char)(*c - 'a' + 'A') : *c;
    first = *c == '_';
  }
  to[n] = '\0';
}

/* --- objects of Keras */

tri_status tri__class_read(struct io *io, const struct json *at, const char **class_name,
                           struct json *config) {
  *config = (struct json){.outer = at, .key = "config"};
  if (tri__json_is_text(at)) return tri__json_text(io, at, class_name);
  tri_status status = tri__json_object(io, at);
  if (status) return status;
  struct json name = tri__json_member(at, "class_name");
  status = tri__json_text(io, &name, class_name);
  *config = tri__json_member(at, "config");
  return status;
}

static tri_status no_such(struct io *io, const struct json *at, const char *what,
                          const char *name) {
  return tri__json_fail(io, at, TRI_NAME, "no %s is called %s", what,
                        tri__io_shown(name, strlen(name)).text);
}

tri_status tri__activation_read(struct io *io, const struct json *at, const char **to) {
  const char *name = "linear";
  tri_status status = tri__json_is_null(at) ? TRI_OK : tri__json_text(io, at, &name);
  if (status) return status;
  *to = tri__activation_name(name);
  return *to ? TRI_OK : no_such(io, at, "activation", name);
}

/* Their own seeds are passed over: the model's seed is what first weights come from. */
tri_status tri__initializer_read(struct io *io, const struct json *at, const char **to) {
  static const struct field fields[] = {FIELD_PLAIN("seed", IGNORED), FIELD_END};
  const char *name;
  char snake[CLASS_SIZE];
  struct json config;
  tri_status status = tri__class_read(io, at, &name, &config);
  if (status) return status;
  tri__snake_case(name, snake);
  *to = tri__initializer_name(snake);
  if (!*to) return no_such(io, at, "initializer", name);
  return tri__json_is_null(&config) ? TRI_OK : tri__fields_read(io, &config, fields, to);
}

tri_status tri__regularizer_read(struct io *io, const struct json *at, tri_regularizer *to) {
#define FACTOR(l) FIELD(#l, OPTIONAL, .place = offsetof(tri_regularizer, l))
  static const struct field l1[] = {FACTOR(l1), FIELD_END}, l2[] = {FACTOR(l2), FIELD_END},
                            l1_l2[] = {FACTOR(l1), FACTOR(l2), FIELD_END};
#undef FACTOR
  /* What Keras takes where only the name stands. */
  static const struct {
    const char *snake;
    const struct field *fields;
    tri_regularizer otherwise;
  } kinds[] = {{"l1", l1, {.l1 = 0.01}}, {"l2", l2, {.l2 = 0.01}}, {"l1_l2", l1_l2, {.l1 = 0.0}}};
  const char *name;
  char snake[CLASS_SIZE];
  struct json config;
  *to = (tri_regularizer){.l1 = 0.0};
  if (tri__json_is_null(at)) return TRI_OK;
  tri_status status = tri__class_read(io, at, &name, &config);
  if (status) return status;
  tri__snake_case(name, snake);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(snake, kinds[i].snake) == 0) {
      *to = kinds[i].otherwise;
      return config.value ? tri__fields_read(io, &config, kinds[i].fields, to) : TRI_OK;
    }
  return no_such(io, at, "regularizer", name);
}
