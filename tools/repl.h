/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The interactive loop. */
#ifndef TRIAD_TOOLS_REPL_H
#define TRIAD_TOOLS_REPL_H

#include "session.h"

/* Reads and runs statements from the terminal until `quit` or the end of input. The interrupt flag
 * is the session's, which Ctrl-C sets. */
void repl_run(struct session *session, volatile int *interrupt);

/* For tests: the completions of text[start … end) in a line, one by one from state 0, each
 * allocated; NULL at the end. */
char *repl_complete(const struct session *session, const char *line, size_t start, size_t end,
                    size_t which);

#endif
