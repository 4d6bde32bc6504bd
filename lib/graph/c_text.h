/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers and names as C writes them. */
#ifndef TRIAD_GRAPH_C_TEXT_H
#define TRIAD_GRAPH_C_TEXT_H

#include "base/text.h"

/* How the size of a rational is written, so that the compiler's rounding gives triad's double. */
enum c_literal {
  C_DECIMAL,  /* a fraction: exact */
  C_BINARY,   /* exact, in hexadecimal */
  C_QUOTIENT, /* of two exact numbers, so rounded once; 1.0 / 3.0, never of integers */
  C_NEAREST   /* the shortest decimal that reads back as the nearest double */
};

/* How |q| is written. scratch is room for the decision; if its status is set afterwards, there was no memory. */
enum c_literal tri__c_literal(mpq_srcptr q, tri_text *scratch);

/* Appends |q|, without brackets. scratch as tri__c_literal left it. */
void tri__c_number(tri_text *text, mpq_srcptr q, enum c_literal literal, const tri_text *scratch);

/* Appends the float nearest to |q|: 0.1f. */
void tri__c_float(tri_text *text, mpq_srcptr q);

/* Whether the name is a keyword of C, or main. */
bool tri__c_keyword(const char *name);

#endif
