/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers in the session's domain, or, where digits are set, with so many that are certain. */
#ifndef TRIAD_TOOLS_CERTAIN_H
#define TRIAD_TOOLS_CERTAIN_H

#include "session.h"

/* Whether numbers are to have certain digits: digits are set and the domain is not exact anyway. */
bool certain_digits(const struct session *session);

/* The numbers of traces: where digits are wanted, balls at a precision that mostly gives them. */
tri_number_options certain_options(const struct session *session);

/* Computes numbers with these options into a new array, which is then the caller's; fails with the
 * graph's error. */
typedef tri_status certain_work(void *data, const tri_number_options *options,
                                tri_values **numbers);

/* Runs work: once with the session's options, or, where digits are wanted, over balls at rising precisions until they are certain. On failure
 * *numbers is NULL and the error is the graph's, at a place of its own or at the token. */
TRI_CHECKED tri_status certain_run(struct session *session, const struct token *at,
                                   certain_work *work, void *data, tri_values **numbers);

/* Appends a number as the session prints it, and to `radius`, if it is not NULL and the number is a ball, how far the true value may be
 * from that. Without `radius` a ball is followed by it, unless its digits are certain. */
void certain_text(const struct session *session, tri_value value, tri_text *text, tri_text *radius);

#endif
