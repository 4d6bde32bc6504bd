/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the lexer knows of characters. Its interface is in parse.h. */
#ifndef TRIAD_GRAPH_LEX_H
#define TRIAD_GRAPH_LEX_H

#include "base/text.h"

enum letter {
  LETTER_NONE,   /* no part of a name */
  LETTER_INSIDE, /* part of a name, but not its first character: digits, marks */
  LETTER_FIRST
};

/* Whether a character beyond ASCII may stand in a name. */
enum letter tri__letter(uint32_t code);

#endif
