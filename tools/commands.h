/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Commands (help, set, show, …) and settings, one row each. */
#ifndef TRIAD_TOOLS_COMMANDS_H
#define TRIAD_TOOLS_COMMANDS_H

#include "session.h"

struct command_row {
  const char *name;
  /* `first` is the name's token, `rest` the byte behind it. */
  tri_status (*run)(struct session *session, const struct token *first, size_t rest,
                    struct result *result);
  const char *usage, *help, *example;
};

extern const struct command_row command_rows[];
extern const size_t command_count;

/* The row of a name; NULL if it is no command. */
const struct command_row *command_find(const char *name, size_t size);

/* A word behind a command: bytes without blanks, or what stands between quotes. */
struct word {
  const char *bytes; /* NUL behind them */
  size_t size;
  struct token at;
};

static inline bool word_is(const struct word *word, const char *other) {
  return text_is(word->bytes, word->size, other);
}

struct setting_row {
  const char *name;
  /* Sets it from a word, or fails with the graph's error. */
  tri_status (*set)(struct session *session, const struct word *word);
  /* Appends its value. */
  void (*get)(const struct session *session, tri_text *text);
  const char *values; /* what may be typed, parted by blanks, for completion; NULL: a number */
  const char *help, *example;
};

extern const struct setting_row setting_rows[];
extern const size_t setting_count;

/* The row of a name; NULL if there is none. */
const struct setting_row *setting_find(const char *name, size_t size);

/* Sets a setting that was given as an option --NAME=VALUE; false, with a message on standard error, if the value is not valid. */
bool setting_option(struct session *session, const char *name, const char *value);

/* help.c: appends the help on a topic (size 0: the overview). TRI_NAME if there is none. */
TRI_CHECKED tri_status help_write(struct session *session, const struct word *topic,
                                  tri_text *text);

/* save.c: the definitions and settings as statements that make them again. */
TRI_CHECKED tri_status save_write(struct session *session, tri_text *text);

/* save.c: "array x[n]", or "size n"; false for a definition that is no declaration. */
bool write_declaration(const struct session *session, const struct definition *definition,
                       tri_text *text);

/* save.c: "f(x, y[n]) = " or "a = ". */
void write_heading(const struct session *session, const struct definition *definition,
                   tri_text *text);

#endif
