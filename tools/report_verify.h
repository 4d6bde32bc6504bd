/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What reports about certified numbers have in common. */
#ifndef TRIAD_TOOLS_REPORT_VERIFY_H
#define TRIAD_TOOLS_REPORT_VERIFY_H

#include "numeric.h"

/* The digits that are to be certain: the setting, or 30. */
uint64_t digits_shown(const struct session *session);

/* Appends "df/dx", or "df2/dx" if there are several outputs. */
void put_derivative_name(const struct subject *subject, size_t output, size_t input,
                         tri_text *text);

/* Appends " at x = 3, y = 4". */
TRI_CHECKED tri_status put_place(const struct subject *subject, tri_text *text);

/* Appends digits on which numbers agree: "exact", "15.9", "-" for NaN. */
void put_digits(tri_text *text, double digits);

/* Appends a ball with the digits shown; radius may be NULL. */
void put_enclosure(const struct session *session, tri_value ball, tri_text *text, tri_text *radius);

/* Appends JSON members: a ball as two of them, a double. */
TRI_CHECKED tri_status json_ball(const struct subject *subject, tri_text *json, const char *name,
                                 const char *radius_name, tri_value ball);
void json_double(tri_text *json, const char *name, double x);

#endif
