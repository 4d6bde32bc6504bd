/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Files that graph and plot draw to. */
#ifndef TRIAD_TOOLS_PICTURE_H
#define TRIAD_TOOLS_PICTURE_H

#include "calls.h"

/* The file's name that a string argument gives (arena); NULL with the graph's error if it is empty
 * or holds a NUL. */
char *picture_path(const struct request *request, const struct value *argument);

/* The ending of a path without the point, in small letters, into ending; "" if there is none or it
 * is longer than 7. */
void picture_ending(const char *path, char ending[8]);

/* Gives "wrote PATH". */
tri_status picture_wrote(const struct request *request, const char *path, struct value *value);

#endif
