/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Tables of text: cells are added row by row, and every column is as wide as its widest cell on a screen. */
#ifndef TRIAD_TOOLS_TABLE_H
#define TRIAD_TOOLS_TABLE_H

#include "session.h"

struct table {
  struct session *session;
  size_t columns, cells;
  tri_text *pool; /* cells, each with a NUL; in the statement's arena */
};

/* Opens a table; nothing need be closed. TRI_MEMORY with the graph's error. */
TRI_CHECKED tri_status table_open(struct table *table, struct session *session, size_t columns);

/* The next cell: table_text gives the text to write it to, table_end ends it. */
tri_text *table_text(struct table *table);
void table_end(struct table *table);

/* The next cell, which is this text. */
void table_cell(struct table *table, const char *text);

/* Appends the table, the columns apart by three blanks. Its text's status is the table's. */
TRI_CHECKED tri_status table_write(const struct table *table, tri_text *text);

#endif
