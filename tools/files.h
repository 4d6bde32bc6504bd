/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names bound on the command line. */
#ifndef TRIAD_TOOLS_FILES_H
#define TRIAD_TOOLS_FILES_H

#include "session.h"

/* Carries out --bind NAME=VALUE: VALUE is an expression if it begins with a bracket, a digit or a
 * sign, else a file that is read. False if it failed, which was reported. */
bool bind_option(struct session *session, const char *text);

/* Whether a text is NAME=VALUE. */
bool bind_is_valid(const char *text);

#endif
