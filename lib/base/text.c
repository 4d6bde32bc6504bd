/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Text that grows, and UTF-8 read strictly. Numbers as text are in number.c, widths of
 * characters in cells.c. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { TEXT_FIRST = 64 };

/* The text's allocator in the form that counts; the text itself remembers what it holds. */
static struct memory memory_of(const tri_text *text) {
  struct memory m;
  tri__memory_init(&m, text->allocator);
  m.used = text->capacity;
  return m;
}

/* Room for `more` bytes and the NUL behind them. */
static bool reserve(tri_text *text, size_t more) {
  if (text->status) return false;
  if (more < text->capacity - text->size) return true;
  size_t need = text->size + more + 1, half = text->capacity + text->capacity / 2;
  if (need <= text->size || half < text->capacity) {
    text->status = TRI_MEMORY;
    return false;
  }
  size_t size = need > half ? need : half;
  size = size > TEXT_FIRST ? size : TEXT_FIRST;
  struct memory m = memory_of(text);
  char *data = tri__resize(&m, text->data, text->capacity, size);
  if (!data) {
    text->status = TRI_MEMORY;
    return false;
  }
  text->data = data;
  text->capacity = size;
  return true;
}

char *tri__text_room(tri_text *text, size_t more) {
  return reserve(text, more) ? text->data + text->size : NULL;
}

void tri__text_add(tri_text *text, const char *bytes, size_t size) {
  if (!reserve(text, size)) return;
  if (size) memcpy(text->data + text->size, bytes, size);
  text->size += size;
  text->data[text->size] = 0;
}

void tri__text_puts(tri_text *text, const char *string) {
  tri__text_add(text, string, strlen(string));
}

void tri__text_putc(tri_text *text, char c) { tri__text_add(text, &c, 1); }

void tri__text_printf(tri_text *text, const char *format, ...) {
  enum { GUESS = 64 };
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  if (reserve(text, GUESS)) {
    int size = vsnprintf(text->data + text->size, GUESS + 1, format, arguments);
    if (size < 0)
      text->status = TRI_ARGUMENT;
    else if (size <= GUESS)
      text->size += (size_t)size;
    else if (reserve(text, (size_t)size)) {
      vsnprintf(text->data + text->size, (size_t)size + 1, format, again);
      text->size += (size_t)size;
    }
    text->data[text->size] = 0;
  }
  va_end(again);
  va_end(arguments);
}

void tri_text_free(tri_text *text) {
  if (!text) return;
  struct memory m = memory_of(text);
  if (text->data) tri__resize(&m, text->data, text->capacity, 0);
  *text = (tri_text){.allocator = text->allocator};
}

/* Bytes that a sequence starting with this byte has; 0 if none starts so. C0, C1 and F5 up
 * could only start overlong sequences or ones above 10FFFF. */
static size_t sequence_length(unsigned char lead) {
  return lead < 0x80   ? 1
         : lead < 0xc2 ? 0
         : lead < 0xe0 ? 2
         : lead < 0xf0 ? 3
         : lead < 0xf5 ? 4
                       : 0;
}

size_t tri__utf8(const char *text, size_t size, uint32_t *code) {
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  unsigned char lead = (unsigned char)text[0];
  size_t length = sequence_length(lead);
  if (length == 0 || length > size) return 0;
  uint32_t value = length == 1 ? lead : lead & (0x7fu >> length);
  for (size_t i = 1; i < length; i++) {
    unsigned char byte = (unsigned char)text[i];
    if ((byte & 0xc0) != 0x80) return 0;
    value = value << 6 | (byte & 0x3f);
  }
  if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 0;
  *code = value;
  return length;
}
