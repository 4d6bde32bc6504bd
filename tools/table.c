/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Tables of text. */
#include "table.h"

#include <string.h>

#include "base/text.h"
#include "scan.h"

tri_status table_open(struct table *t, struct session *session, size_t columns) {
  *t = (struct table){.session = session, .columns = columns};
  t->pool = arena_text(&session->statement->arena);
  return t->pool ? TRI_OK : session_no_memory(session);
}

tri_text *table_text(struct table *t) { return t->pool; }

void table_end(struct table *t) {
  tri__text_putc(t->pool, '\0');
  t->cells++;
}

void table_cell(struct table *t, const char *text) {
  tri__text_puts(t->pool, text);
  table_end(t);
}

static size_t width_of(const char *text) {
  size_t size = strlen(text), cells = 0, length;
  for (size_t at = 0; at < size; at += length) cells += (size_t)cells_at(text, at, size, &length);
  return cells;
}

tri_status table_write(const struct table *t, tri_text *text) {
  enum { GAP = 3 };
  if (t->pool->status) return session_no_memory(t->session);
  size_t *widths = arena_new(&t->session->statement->arena, t->columns, sizeof *widths);
  if (!widths) return session_no_memory(t->session);
  const char *cell = t->pool->data;
  for (size_t i = 0; i < t->cells; i++, cell += strlen(cell) + 1) {
    size_t width = width_of(cell);
    if (width > widths[i % t->columns]) widths[i % t->columns] = width;
  }
  cell = t->pool->data;
  for (size_t i = 0, blanks = 0; i < t->cells; i++, cell += strlen(cell) + 1) {
    size_t column = i % t->columns;
    for (; *cell && blanks > 0; blanks--) tri__text_putc(text, ' ');
    tri__text_puts(text, cell);
    blanks += widths[column] + GAP - width_of(cell);
    if (column + 1 == t->columns) tri__text_putc(text, '\n'), blanks = 0;
  }
  return text->status ? session_no_memory(t->session) : TRI_OK;
}
