/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The lexer's interface for the parser; the one for others is in parse.h. */
#ifndef TRIAD_GRAPH_LEX_H
#define TRIAD_GRAPH_LEX_H

#include "graph/parse.h"

enum letter {
  LETTER_NONE,   /* no part of a name */
  LETTER_INSIDE, /* part of a name, but not its first character: digits, marks */
  LETTER_FIRST
};

/* Whether a character beyond ASCII may stand in a name. */
enum letter tri__letter(uint32_t code);

/* The next token into *token. */
void tri__lex_to(struct lexer *lexer, struct token *token);

#endif
