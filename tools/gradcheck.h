/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The subcommand gradcheck: triad gradcheck FILE --claim 'g1; g2' --at 'x=3, y=4'. */
#ifndef TRIAD_TOOLS_GRADCHECK_H
#define TRIAD_TOOLS_GRADCHECK_H

#include "session.h"

/* Runs it with argv[0] the subcommand's name; returns the exit status: 0 proved, 1 refuted or failed, 2 wrong usage, 3 undecided. */
int gradcheck_command(struct session *session, int argc, char **argv);

#endif
