/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The subcommand emit: triad emit FILE --gradient -o f.c. */
#ifndef TRIAD_TOOLS_EMIT_H
#define TRIAD_TOOLS_EMIT_H

#include "session.h"

/* Runs it with argv[0] the subcommand's name; returns the exit status: 0 written, 1 failed, 2 wrong usage. */
int emit_command(struct session *session, int argc, char **argv);

#endif
