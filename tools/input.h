/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reading statements from a file or pipe, in bounded memory. */
#ifndef TRIAD_TOOLS_INPUT_H
#define TRIAD_TOOLS_INPUT_H

#include "scan.h"
#include <triad/base.h>

/* Lines of a file descriptor. */
struct input {
  int fd;
  char *bytes; /* read and not yet given out, from `at` */
  size_t at, size, capacity;
  size_t limit;  /* bytes of the lines given out at once */
  uint32_t line; /* of bytes[at] */
  bool ended;
  const volatile int *interrupt;
};

/* Opens the file at path ("-" is standard input) for reading. TRI_FILE with a message: missing, a
 * directory, not readable. */
TRI_CHECKED tri_status input_open(struct input *input, const char *path, size_t limit,
                                  const volatile int *interrupt, tri_error *error);

/* The next whole lines: one, or several where brackets stay open from one to the next. *text is
 * valid until the next call; *size 0 at the end. *line is the number of the first. TRI_LIMIT for a
 * line that is too long, which is passed over and not kept; TRI_FILE, TRI_MEMORY, TRI_INTERRUPTED;
 * *error has the line. */
TRI_CHECKED tri_status input_next(struct input *input, const char **text, size_t *size,
                                  uint32_t *line, tri_error *error);

void input_close(struct input *input);

#endif
