/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Programs that draw (Graphviz, gnuplot), run as child processes without a shell. */
#ifndef TRIAD_TOOLS_CHILD_H
#define TRIAD_TOOLS_CHILD_H

#include <triad/base.h>

/* Runs argv[0] (found through PATH) with `input` on its standard input and writes its standard
 * output to the file at path, which is replaced only if the program succeeds. TRI_FILE with a
 * message: the program is missing, failed (the message has the first line of what it said), or the
 * file cannot be written. `package` is where a missing program comes from. */
TRI_CHECKED tri_status child_draw(const char *const argv[], const char *package,
                                  const tri_text *input, const char *path, tri_error *error);

/* Writes a text to the file at path, replacing it. TRI_FILE with a message. */
TRI_CHECKED tri_status child_write(const tri_text *text, const char *path, tri_error *error);

#endif
