/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where statements end. Bytes suffice: every sign that matters is ASCII, whatever stands around
 * it. */
#include "scan.h"

#include "base/text.h"

/* Passes a byte of a string or comment; false if the byte stands in neither. */
static bool pass_quoted(struct scan *scan, char c) {
  if (scan->in_comment) return c != '\n';
  if (!scan->in_string || c == '\n') return false;
  if (scan->escaped) {
    scan->escaped = false;
  } else if (c == '\\') {
    scan->escaped = true;
  } else if (c == '"') {
    scan->in_string = false;
  }
  return true;
}

/* Takes note of a byte outside strings and comments; true if it ends the statement. */
static bool take(struct scan *scan, char c) {
  switch (c) {
  case '(':
  case '[': scan->open++; return false;
  case ')':
  case ']': scan->open -= scan->open > 0; return false;
  case '"': scan->in_string = true; return false;
  case '#': scan->in_comment = true; return false;
  case ';':
    if (scan->open > 0) scan->broken = true;
    return !scan->broken;
  case '\n': scan->in_string = scan->in_comment = scan->escaped = false; return scan_is_whole(scan);
  default: return false;
  }
}

size_t scan_statement(struct scan *scan, const char *text, size_t at, size_t size) {
  for (; at < size; at++) {
    if (!pass_quoted(scan, text[at]) && take(scan, text[at])) {
      *scan = (struct scan){0};
      return at;
    }
  }
  return size;
}

int cells_at(const char *text, size_t at, size_t size, size_t *length) {
  uint32_t code;
  *length = 1;
  if ((unsigned char)text[at] < 0x80) return 1;
  size_t n = tri__utf8(text + at, size - at, &code);
  if (n == 0) return 1;
  *length = n;
  return tri__cells(code);
}

void position_advance(struct position *position, const char *text, size_t to) {
  while (position->at < to) {
    size_t length;
    int cells = cells_at(text, position->at, to, &length);
    if (text[position->at] == '\n') {
      position->line++;
      position->column = 1;
    } else {
      position->column += (uint32_t)cells;
    }
    position->at += length;
  }
}
