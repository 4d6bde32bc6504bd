/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names with dimensions, x[n] and A[3, k]: parameters of functions, and what `array` declares. */
#ifndef TRIAD_TOOLS_DECLARE_H
#define TRIAD_TOOLS_DECLARE_H

#include "session.h"

/* A name as it is declared. */
struct declared {
  struct token name;
  size_t rank;
  const struct token *dims; /* integers, and names of sizes */
  uint32_t variable;        /* its node, once it is made */
};

/* A list of them, in the statement's arena. */
struct declarations {
  struct declared *at;
  size_t n, capacity;
};

/* Reads a name and its dimensions, if it has any, from the token `first` on and appends them. The token behind them goes into *next.
 * False if that is no declaration, or when out of memory. */
bool declare_read(struct session *session, struct lexer *lexer, const struct token *first,
                  struct declarations *list, struct token *next);

/* Fails where a size of the list is no size, or stands for a name of the list; `what` says what these are. */
tri_status declare_check(struct session *session, const struct declarations *list,
                         const char *what);

/* Makes the variables. */
tri_status declare_make(struct session *session, struct declarations *list);

/* The size of this name among the dimensions of the list, as a node; 0 if there is none. */
uint32_t declare_size(const struct session *session, const struct declarations *list,
                      const char *name, size_t size);

/* The command `array`. */
tri_status declare_run(struct session *session, const struct token *first, size_t rest,
                       struct result *result);

/* What a definition was declared to be, if it was: an array, or one of the sizes of one. */
bool declared_array(const struct session *session, const struct definition *d);
bool declared_size(const struct session *session, const struct definition *d);

/* Appends "[3, n]" for the shape of an array; nothing for a number. */
void declare_write_shape(tri_graph *g, tri_expr variable, tri_text *text);

#endif
