/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Writing JSON into a text. */
#include "json.h"

#include <string.h>

#include "base/text.h"

void json_puts(tri_text *text, const char *string) { tri__text_json(text, string, strlen(string)); }

void json_name(tri_text *text, const char *name) {
  tri__text_putc(text, ',');
  json_puts(text, name);
  tri__text_putc(text, ':');
}

void json_number(tri_text *text, const char *name, double number) {
  json_name(text, name);
  tri__text_putc(text, '"');
  tri__text_double(text, number);
  tri__text_putc(text, '"');
}
