/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where statements end, told without understanding them: at a line's end or ';' outside brackets,
 * strings and comments. */
#ifndef TRIAD_TOOLS_SCAN_H
#define TRIAD_TOOLS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What has been seen so far; zeroed at the start of a statement. */
struct scan {
  uint32_t open; /* brackets */
  bool in_string, in_comment, escaped;
  bool broken; /* ';' within brackets: a mistake, so the statement ends with its line */
};

/* Goes on over text[at … size): returns the place of the newline or ';' that ends the statement and
 * leaves *scan zeroed, or size if none does, with *scan such that a text that follows can be
 * scanned on. */
size_t scan_statement(struct scan *scan, const char *text, size_t at, size_t size);

/* Whether the lines so far make whole statements, so that a newline may end them. */
static inline bool scan_is_whole(const struct scan *scan) {
  return scan->open == 0 || scan->broken;
}

/* A place in a text: line from 1, column in display cells from 1, as the lexer counts them. */
struct position {
  size_t at;
  uint32_t line, column;
};

/* Moves a position on to the byte `to` of text. */
void position_advance(struct position *position, const char *text, size_t to);

/* Display cells of the character at text[at … size), and its length in bytes through *length; a
 * byte that is no UTF-8 is one cell. */
int cells_at(const char *text, size_t at, size_t size, size_t *length);

#endif
