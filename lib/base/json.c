/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Strings of JSON. */
#include "base/text.h"

static void put_escaped(tri_text *text, unsigned char c) {
  static const char hex[] = "0123456789abcdef";
  switch (c) {
  case '"': tri__text_puts(text, "\\\""); break;
  case '\\': tri__text_puts(text, "\\\\"); break;
  case '\n': tri__text_puts(text, "\\n"); break;
  case '\t': tri__text_puts(text, "\\t"); break;
  case '\r': tri__text_puts(text, "\\r"); break;
  default:
    tri__text_puts(text, "\\u00");
    tri__text_putc(text, hex[c >> 4]);
    tri__text_putc(text, hex[c & 15]);
  }
}

static int is_plain(unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

void tri__text_json(tri_text *text, const char *bytes, size_t size) {
  tri__text_putc(text, '"');
  for (size_t i = 0; i < size;) {
    size_t plain = i;
    while (plain < size && is_plain((unsigned char)bytes[plain])) plain++;
    if (plain > i) {
      tri__text_add(text, bytes + i, plain - i);
      i = plain;
      continue;
    }
    uint32_t code;
    size_t length = (unsigned char)bytes[i] < 0x80 ? 0 : tri__utf8(bytes + i, size - i, &code);
    if (length > 0) {
      tri__text_add(text, bytes + i, length);
    } else if ((unsigned char)bytes[i] < 0x80) {
      put_escaped(text, (unsigned char)bytes[i]);
    } else {
      tri__text_puts(text, "\xef\xbf\xbd");
    }
    i += length > 0 ? length : 1;
  }
  tri__text_putc(text, '"');
}
