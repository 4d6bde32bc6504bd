/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What subcommands have in common: a file defines the function that is meant; names of files. */
#ifndef TRIAD_TOOLS_SUBCOMMAND_H
#define TRIAD_TOOLS_SUBCOMMAND_H

#include "session.h"

/* Runs the file ("-": standard input) for its definitions: its results are not printed, its errors
 * are. False if there were any. */
bool subcommand_run_file(struct session *session, const char *path);

/* The function of this name; with name NULL the last one that was defined. NULL, with a message
 * that names the subcommand and the file, if there is none. */
const struct definition *subcommand_function(const struct session *session, const char *subcommand,
                                             const char *path, const char *name);

/* Whether a file's name ends so, and has something before that. */
bool subcommand_ends_in(const char *path, const char *ending);

#endif
