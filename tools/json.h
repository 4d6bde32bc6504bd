/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Writing JSON into a text. */
#ifndef TRIAD_TOOLS_JSON_H
#define TRIAD_TOOLS_JSON_H

#include <triad/base.h>

/* Appends what ends with NUL as a JSON string, quotes included. */
void json_puts(tri_text *text, const char *string);

/* ,"name": — with the comma, for the second and later members. */
void json_name(tri_text *text, const char *name);

/* ,"name":"0.1": a number, as a string. */
void json_number(tri_text *text, const char *name, double number);

#endif
