/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the tool prints: results and errors, as text and as JSON. */
#ifndef TRIAD_TOOLS_OUTPUT_H
#define TRIAD_TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <triad/graph.h>
#include <triad/numbers.h>

struct session;
struct statement;

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

/* Where to, and in which dress. */
struct output {
  FILE *out, *err;
  bool json;
  bool utf8; /* the locale's characters are UTF-8 */
  bool out_is_terminal, err_is_terminal;
  uint8_t colour;   /* enum when */
  bool quiet;       /* results are not printed, only errors: what the command line binds */
  bool interactive; /* the REPL: lines were just typed, so messages need not say which file */
  bool broken;      /* standard output does not take what is written */
  int broken_why;   /* errno */
};

/* What a statement gives. `text` is what a person sees (in JSON always ASCII), `members` the
 * further JSON members, each with a comma before. */
struct result {
  const char *kind; /* "number", …; NULL: nothing to print, kind "none" */
  tri_text *text;
  tri_text *members;
  const char *error; /* why it cannot be part of an expression: "a trace is no expression" */
};

/* Looks at streams and environment. */
void output_init(struct output *output, FILE *out, FILE *err);

/* Whether results are to be printed with characters beyond ASCII. */
bool output_unicode(const struct session *session);

/* Whether results are to be coloured. */
bool output_colour(const struct output *output);

/* Whether results go to a terminal on which a line can be written again in its place. */
bool output_rewrites(const struct output *output);

/* Before a statement: with `echo`, the blank lines and comments that stand before it; `empty` if
 * they are all there is. */
void output_before(struct session *session, struct statement *statement, bool empty);

/* Prints what the current statement gave. */
void output_result(struct session *session, const struct result *result);

/* Prints the graph's error as what the current statement gave. */
void output_error(struct session *session, const tri_error *error);

/* Writes bytes as they are; what fails is told by output_flush. */
void output_put(struct session *session, const char *bytes, size_t size);

/* Flushes; false if standard output is broken. */
bool output_flush(struct session *session);

/* A new result in the statement's arena; NULL (with the graph's error) when out of memory. */
struct result *result_new(struct session *session, const char *kind);

/* A result that is text. */
struct result *result_text(struct session *session);

/* The result that an expression is: its number if it has no free variables, else the expression
 * simplified. */
TRI_CHECKED tri_status result_of_expr(struct session *session, tri_expr e, struct result *result);

/* The result of numbers that were computed already, shaped as [rows, columns] (columns 0: a vector;
 * rows 0: one number). */
TRI_CHECKED tri_status result_of_values(struct session *session, const tri_values *values,
                                        size_t rows, size_t columns, struct result *result);

/* What numbers are, one behind the other in groups of these shapes: an array, or a vector of
 * several. */
struct group;
TRI_CHECKED tri_status result_of_groups(struct session *session, const tri_values *values,
                                        size_t n_groups, const struct group *groups,
                                        struct result *result);

/* A vector of expressions of any shapes. */
TRI_CHECKED tri_status result_of_entries(struct session *session, size_t n, const tri_expr *entries,
                                         struct result *result);

enum { LEAVES_VARIABLES = 1, LEAVES_EPS = 2 };
/* What n expressions depend on: LEAVES_…; a named size is like a variable. */
unsigned expr_leaves(struct session *session, size_t n, const tri_expr *exprs);

/* Appends e as text in the session's way (Unicode or ASCII), as it is. */
TRI_CHECKED tri_status print_expr(struct session *session, tri_expr e, tri_text *text);

/* Appends a dual number: value + tangent*eps, from the texts of both. */
void print_dual(const struct session *session, const char *value, const char *tangent,
                tri_text *text);

#endif
