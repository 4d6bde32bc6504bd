/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Numbers and names as C writes them: constants that a compiler rounds as triad does. */
#include "graph/c_text.h"

#include <math.h>

/* --- numbers */

static bool is_exact(mpz_srcptr z) {
  return mpz_sgn(z) == 0 || mpz_sizeinbase(z, 2) - mpz_scan1(z, 0) <= 53;
}

enum c_literal tri__c_literal(mpq_srcptr q, tri_text *scratch) {
  double d = tri__mpq_double(q);
  if (mpz_cmp_ui(mpq_denref(q), 1) == 0 || isinf(d) || d == 0.0) return C_NEAREST;
  mpq_t size;
  mpq_init(size);
  mpq_abs(size, q);
  scratch->size = 0;
  tri__text_number(scratch, size);
  tri__mpq_set_double(size, d);
  bool binary = mpq_equal(size, q) != 0;
  mpq_clear(size);
  if (scratch->status) return C_NEAREST;
  if (!memchr(scratch->data, '/', scratch->size)) return C_DECIMAL;
  if (binary) return C_BINARY;
  if (is_exact(mpq_numref(q)) && is_exact(mpq_denref(q)) &&
      mpz_sizeinbase(mpq_numref(q), 2) < 1024 && mpz_sizeinbase(mpq_denref(q), 2) < 1024)
    return C_QUOTIENT;
  return C_NEAREST;
}

/* Makes what stands from `start` on a number with a point or an exponent. */
static void decimal(tri_text *text, size_t start) {
  if (text->status) return;
  size_t n = text->size - start;
  if (!memchr(text->data + start, '.', n) && !memchr(text->data + start, 'e', n))
    tri__text_puts(text, ".0");
}

/* A double as a constant of C that reads back the same. */
static void put_double(tri_text *text, double d) {
  if (isinf(d)) {
    tri__text_puts(text, "HUGE_VAL");
    return;
  }
  size_t start = text->size;
  tri__text_double(text, d);
  decimal(text, start);
}

/* The same in hexadecimal: 0x1.8p+0. */
static void put_binary(tri_text *text, double d) {
  int exponent;
  uint64_t mantissa = (uint64_t)ldexp(frexp(d, &exponent), 53); /* 2^52 <= mantissa < 2^53 */
  char digits[14];
  int n = 0;
  for (uint64_t rest = mantissa << 12; rest; rest <<= 4)
    digits[n++] = "0123456789abcdef"[rest >> 60];
  tri__text_printf(text, "0x1%s%.*sp%d", n ? "." : "", n, digits, exponent - 1);
}

static void put_integer(tri_text *text, mpz_srcptr z) {
  mpq_t q;
  mpq_init(q);
  mpz_abs(mpq_numref(q), z);
  put_double(text, tri__mpq_double(q));
  mpq_clear(q);
}

void tri__c_number(tri_text *text, mpq_srcptr q, enum c_literal literal, const tri_text *scratch) {
  switch (literal) {
  case C_DECIMAL: tri__text_add(text, scratch->data, scratch->size); break;
  case C_BINARY: put_binary(text, fabs(tri__mpq_double(q))); break;
  case C_NEAREST: put_double(text, fabs(tri__mpq_double(q))); break;
  case C_QUOTIENT:
    put_integer(text, mpq_numref(q));
    tri__text_puts(text, " / ");
    put_integer(text, mpq_denref(q));
  }
}

void tri__c_float(tri_text *text, mpq_srcptr q) {
  float f = fabsf(tri__mpq_float(q));
  if (isinf(f)) {
    tri__text_puts(text, "HUGE_VALF");
    return;
  }
  size_t start = text->size;
  tri__text_float(text, f);
  decimal(text, start);
  tri__text_putc(text, 'f');
}

/* --- names */

bool tri__c_keyword(const char *name) {
  static const char *const keywords[] = {
      "auto",     "break",  "case",   "char",     "const",      "continue", "default",  "do",
      "double",   "else",   "enum",   "extern",   "float",      "for",      "goto",     "if",
      "inline",   "int",    "long",   "register", "restrict",   "return",   "short",    "signed",
      "sizeof",   "static", "struct", "switch",   "typedef",    "union",    "unsigned", "void",
      "volatile", "while",  "_Bool",  "_Complex", "_Imaginary", "main"};
  for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
    if (strcmp(name, keywords[i]) == 0) return true;
  return false;
}
