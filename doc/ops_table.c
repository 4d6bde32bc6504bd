/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Prints the manual's table of operations, in Texinfo, from the rows. */
#include <stdio.h>

#include "graph/rows.h"

static void escaped(const char *text) {
  for (; *text; text++) {
    if (*text == '@' || *text == '{' || *text == '}') putchar('@');
    putchar(*text);
  }
}

static void code(const char *before, const char *text) {
  if (!text) return;
  printf("%s@code{", before);
  escaped(text);
  putchar('}');
}

static const char *const arguments[] = {"", "(a)", "(a, b)", "(a, b, c)"};

static void row(const struct row *r) {
  printf("@item %s%s\n", r->name, arguments[r->arity]);
  escaped(r->help);
  printf(".\n");
  code("Value ", r->value);
  if (r->domain) code(", where ", r->domain);
  printf(".\n");
  if (r->sort == TRI_REAL) {
    const char *before = "Partials by ";
    for (int i = 0; i < r->arity; i++) {
      if (!r->partial[i]) continue;
      printf("%s@code{%c}: ", before, 'a' + i);
      code("", r->partial[i]);
      before = "; by ";
    }
    printf(".\n");
  }
  if (r->kink) {
    code("A kink where ", r->kink);
    printf(".\n");
  }
  code("Example: ", r->example);
  printf(".\n\n");
}

int main(void) {
  printf("@table @code\n");
  for (int op = 0; op < TRI_OP_ROWS; op++) row(&tri__rows[op]);
  printf("@end table\n");
  return 0;
}
