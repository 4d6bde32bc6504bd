/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Appending to tri_text, and numbers to text and back without the locale. */
#ifndef TRIAD_BASE_TEXT_H
#define TRIAD_BASE_TEXT_H

#include <gmp.h>
#include <stdbool.h>
#include <string.h>
#include <triad/base.h>

/* Appends; failures stick in text->status (TRI_MEMORY). */
void tri__text_add(tri_text *text, const char *bytes, size_t size);
void tri__text_puts(tri_text *text, const char *string);
void tri__text_putc(tri_text *text, char c);
/* Room for `more` bytes and a NUL behind the text, to be written there and added to text->size;
 * NULL on failure. */
char *tri__text_room(tri_text *text, size_t more);
/* printf-like, for %s %c %d %zu %u and the like: never for floating point (the locale would
 * show). */
void tri__text_printf(tri_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The shortest decimal that reads back as x: 42, 0.1, 1e22, 1.5e-7 (exponent outside 1e-5 <= |x| <
 * 1e16), inf, -inf, nan. */
void tri__text_double(tri_text *text, double x);
/* The same of what reads back as x when it is read as a float. */
void tri__text_float(tri_text *text, float x);
/* n >= 1 significant digits (ASCII), the first of them at 10^exponent, written as tri__text_double
 * does. */
void tri__text_decimal(tri_text *text, bool negative, const char *digits, size_t n,
                       int64_t exponent);
/* An exact rational: 42, -1/3. */
void tri__text_rational(tri_text *text, mpq_srcptr q);
/* The same as a decimal where that is exact and short (denominator 2^i 5^j, no longer than 17
 * digits): 0.1; else num/den. */
void tri__text_number(tri_text *text, mpq_srcptr q);

/* The nearest double of q, ties to even; infinities beyond the range, subnormals rounded once. */
double tri__mpq_double(mpq_srcptr q);
/* The same for float. */
float tri__mpq_float(mpq_srcptr q);
/* The exact value of a finite x. */
void tri__mpq_set_double(mpq_ptr q, double x);

/* Reads a number literal of the language from the start of text: digits with one optional point and
 * exponent, or hexadecimal with p exponent. Sets q (canonical) and returns the bytes read; 0 with
 * *status TRI_SYNTAX if there is none, or TRI_LIMIT if it has more than `digits` decimal digits
 * when written out. A point belongs to the number only if a digit follows it. */
size_t tri__read_number(const char *text, size_t size, uint64_t digits, mpq_ptr q,
                        tri_status *status);

/* A whole number of 64 bits from decimal digits and nothing else; false for other text. */
bool tri__read_digits(const char *text, uint64_t *number);

/* Appends bytes as a string of JSON, quotes included. What is not UTF-8 becomes U+FFFD. */
void tri__text_json(tri_text *text, const char *bytes, size_t size);

/* Whether the bytes are this word. */
static inline bool text_is(const char *bytes, size_t size, const char *word) {
  return strlen(word) == size && memcmp(bytes, word, size) == 0;
}

/* UTF-8: decodes one code point at text (size > 0 bytes left) into *code; returns its length, or 0
 * for an invalid sequence. */
size_t tri__utf8(const char *text, size_t size, uint32_t *code);
/* Display cells of a code point: 0 for combining marks, 2 for wide East Asian, else 1. */
int tri__cells(uint32_t code);
/* Whether the code is in one of n ranges, first and last code each, in ascending order. */
bool tri__in_ranges(uint32_t code, const uint32_t (*range)[2], size_t n);

#endif
