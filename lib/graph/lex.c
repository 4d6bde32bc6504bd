/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The lexer: UTF-8 text into tokens, each with its place in lines and display cells. */
#include "graph/lex.h"

#include <string.h>

enum class { BAD, BLANK, LINE_END, LETTER, DIGIT, SIGN, QUOTE, COMMENT, HIGH };

#define X16(c) c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c
static const uint8_t class_of[256] = {BAD,       BAD,       BAD,       BAD,       BAD,
                                      BAD,       BAD,       BAD, /* NUL … */
                                      BAD,       BLANK,     LINE_END,  BAD,       BAD,
                                      BLANK,     BAD,       BAD, /* … \t \n … \r */
                                      X16(BAD),                  /* control characters */
                                      BLANK,     SIGN,      QUOTE,     COMMENT,   BAD,
                                      BAD,       SIGN,      SIGN, /*   ! " # $ % & ' */
                                      SIGN,      SIGN,      SIGN,      SIGN,      SIGN,
                                      SIGN,      SIGN,      SIGN, /* ( ) * + , - . / */
                                      DIGIT,     DIGIT,     DIGIT,     DIGIT,     DIGIT,
                                      DIGIT,     DIGIT,     DIGIT, /* 0 … 7 */
                                      DIGIT,     DIGIT,     BAD,       LINE_END,  SIGN,
                                      SIGN,      SIGN,      BAD, /* 8 9 : ; < = > ? */
                                      BAD,       LETTER,    LETTER,    LETTER,    LETTER,
                                      LETTER,    LETTER,    LETTER, /* @ A … */
                                      LETTER,    LETTER,    LETTER,    LETTER,    LETTER,
                                      LETTER,    LETTER,    LETTER,    LETTER,    LETTER,
                                      LETTER,    LETTER,    LETTER,    LETTER,    LETTER,
                                      LETTER,    LETTER,    LETTER,    LETTER,    SIGN,
                                      BAD,       SIGN,      SIGN,      LETTER, /* X Y Z [ \ ] ^ _ */
                                      BAD,       LETTER,    LETTER,    LETTER,    LETTER,
                                      LETTER,    LETTER,    LETTER, /* ` a … */
                                      LETTER,    LETTER,    LETTER,    LETTER,    LETTER,
                                      LETTER,    LETTER,    LETTER,    LETTER,    LETTER,
                                      LETTER,    LETTER,    LETTER,    LETTER,    LETTER,
                                      LETTER,    LETTER,    LETTER,    LETTER,    BAD,
                                      SIGN,      BAD,       BAD,       BAD, /* x y z { | } ~ DEL */
                                      X16(HIGH), X16(HIGH), X16(HIGH), X16(HIGH), X16(HIGH),
                                      X16(HIGH), X16(HIGH), X16(HIGH)};

/* Operators beyond ASCII. */
static const struct {
  uint32_t code;
  uint8_t op, count; /* count: of primes */
} high_operators[] = {{0xac, OP_NOT, 0},       {0xb7, OP_TIMES, 0},   {0xd7, OP_TIMES, 0},
                      {0xf7, OP_DIVIDE, 0},    {0x2019, OP_PRIME, 1}, {0x2032, OP_PRIME, 1},
                      {0x2033, OP_PRIME, 2},   {0x2034, OP_PRIME, 3}, {0x2044, OP_DIVIDE, 0},
                      {0x2202, OP_PARTIAL, 0}, {0x2212, OP_MINUS, 0}, {0x2215, OP_DIVIDE, 0},
                      {0x2217, OP_TIMES, 0},   {0x2219, OP_TIMES, 0}, {0x221a, OP_ROOT, 0},
                      {0x2227, OP_AND, 0},     {0x2228, OP_OR, 0},    {0x2260, OP_NE, 0},
                      {0x2264, OP_LE, 0},      {0x2265, OP_GE, 0},    {0x22c5, OP_TIMES, 0}};

enum { SUPERSCRIPT_PLUS = 10, SUPERSCRIPT_MINUS = 11, MOST_DIGITS = 18 };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The byte i behind the lexer's place; 0 beyond the end (a NUL in the text is an error wherever
 * it stands). */
static char peek(const struct lexer *l, size_t i) {
  return i < l->size - l->at ? l->text[l->at + i] : '\0';
}

/* A token of `size` bytes and `cells` cells at the lexer's place, which moves behind it. Tokens
 * are written field by field where they stay: copying one right after that would stall until
 * all stores before it are done. */
static struct token *take(struct lexer *l, struct token *t, enum token_kind kind, int op,
                          size_t size, size_t cells) {
  t->kind = (uint8_t)kind;
  t->op = (uint8_t)op;
  t->line = l->line;
  t->column = l->column;
  t->start = l->at;
  t->size = size;
  t->integer = 0;
  l->at += size;
  l->column += (uint32_t)cells;
  return t;
}

static struct token *error(struct lexer *l, struct token *t, size_t size, size_t cells,
                           const char *message) {
  l->message = message;
  return take(l, t, TOKEN_ERROR, 0, size, cells);
}

static struct token *bad_byte(struct lexer *l, struct token *t) {
  unsigned char c = (unsigned char)peek(l, 0);
  if (c >= 0x80) return error(l, t, 1, 1, "invalid UTF-8");
  if (c == 0) return error(l, t, 1, 1, "a NUL byte");
  if (c < ' ' || c == 0x7f) return error(l, t, 1, 1, "a control character");
  if (c == '{' || c == '}') return error(l, t, 1, 1, "braces have no meaning here; write ( )");
  return error(l, t, 1, 1, "this character has no meaning here");
}

/* --- blanks and comments */

/* Spaces beyond ASCII, and the mark with which some programs begin a file. */
static bool is_space(const struct lexer *l, uint32_t code) {
  return code == 0xa0 || (code >= 0x2000 && code <= 0x200a) || code == 0x202f || code == 0x205f ||
         code == 0x3000 || (code == 0xfeff && l->at == 0);
}

static void pass(struct lexer *l, size_t size, size_t cells) {
  l->at += size;
  l->column += (uint32_t)cells;
}

/* Up to the line's end; false before a byte that may not stand in a text. */
static bool pass_comment(struct lexer *l) {
  while (l->at < l->size && l->text[l->at] != '\n') {
    unsigned char c = (unsigned char)l->text[l->at];
    uint32_t code = c;
    size_t size = c < 0x80 ? (size_t)(c != 0) : tri__utf8(l->text + l->at, l->size - l->at, &code);
    if (size == 0) return false;
    pass(l, size, c < 0x80 ? 1 : (size_t)tri__cells(code));
  }
  return true;
}

static void pass_line(struct lexer *l) {
  l->at++;
  l->line++;
  l->column = 1;
}

/* Whether the lexer stands before a blank, comment or line's end to be passed over, and does so. */
static bool pass_blank(struct lexer *l, bool *bad) {
  uint32_t code;
  size_t size;
  switch (class_of[(unsigned char)l->text[l->at]]) {
  case BLANK: pass(l, 1, 1); return true;
  case LINE_END:
    if (l->open == 0 || l->text[l->at] == ';') return false;
    pass_line(l);
    return true;
  case COMMENT: *bad = !pass_comment(l); return !*bad;
  case HIGH:
    size = tri__utf8(l->text + l->at, l->size - l->at, &code);
    if (size == 0 || !is_space(l, code)) return false;
    pass(l, size, (size_t)tri__cells(code));
    return true;
  default: return false;
  }
}

/* --- tokens of several characters */

static size_t digits(const struct lexer *l, size_t i) {
  while (is_digit(peek(l, i))) i++;
  return i;
}

static size_t hex_digits(const struct lexer *l, size_t i) {
  while (is_hex(peek(l, i))) i++;
  return i;
}

/* The end of an exponent whose letter is at i; i if there is none, as in 2e + 1. */
static size_t exponent(const struct lexer *l, size_t i) {
  size_t first = i + 1 + (peek(l, i + 1) == '+' || peek(l, i + 1) == '-');
  return is_digit(peek(l, first)) ? digits(l, first) : i;
}

static size_t hex_number(const struct lexer *l) {
  size_t i = hex_digits(l, 2);
  if (peek(l, i) == '.' && is_hex(peek(l, i + 1))) i = hex_digits(l, i + 1);
  return peek(l, i) == 'p' || peek(l, i) == 'P' ? exponent(l, i) : i;
}

/* The value of a literal without exponent and with few digits, so that the parser need not read
 * it again: an integer over 10^(op - 1). */
static void short_value(const struct lexer *l, struct token *t, size_t whole) {
  if (t->size > MOST_DIGITS) return;
  const char *text = l->text + t->start;
  int64_t value = 0;
  for (size_t i = 0; i < t->size; i++)
    if (i != whole) value = value * 10 + (text[i] - '0');
  t->integer = value;
  t->op = (uint8_t)(t->size > whole ? t->size - whole : 1);
}

static struct token *lex_number(struct lexer *l, struct token *t) {
  bool hex = peek(l, 0) == '0' && (peek(l, 1) == 'x' || peek(l, 1) == 'X');
  if (hex && !is_hex(peek(l, 2)))
    return error(l, t, 2, 2, "hexadecimal digits are missing behind 0x; a product is written 0*x");
  size_t whole = hex ? 0 : digits(l, 1), end = hex ? hex_number(l) : whole;
  if (!hex && peek(l, end) == '.' && is_digit(peek(l, end + 1))) end = digits(l, end + 1);
  size_t plain = end;
  if (!hex && (peek(l, end) == 'e' || peek(l, end) == 'E')) end = exponent(l, end);
  if (peek(l, end) == '_')
    return error(l, t, end, end, "a number is written without _; a product with *");
  take(l, t, TOKEN_NUMBER, 0, end, end);
  if (!hex && end == plain) short_value(l, t, whole);
  return t;
}

static uint8_t keyword(const char *text, size_t size) {
  if (size == 2 && memcmp(text, "or", 2) == 0) return OP_OR;
  if (size == 3 && memcmp(text, "and", 3) == 0) return OP_AND;
  if (size == 3 && memcmp(text, "not", 3) == 0) return OP_NOT;
  return 0;
}

/* A name, whose first character is known to be a letter. */
static struct token *lex_name(struct lexer *l, struct token *t) {
  const char *text = l->text + l->at;
  size_t size = 0, cells = 0, left = l->size - l->at;
  while (size < left) {
    uint8_t class = class_of[(unsigned char)text[size]];
    if (class == LETTER || class == DIGIT) {
      size++;
      cells++;
      continue;
    }
    uint32_t code;
    size_t length = class == HIGH ? tri__utf8(text + size, left - size, &code) : 0;
    if (length == 0 || tri__letter(code) == LETTER_NONE) break;
    size += length;
    cells += (size_t)tri__cells(code);
  }
  uint8_t op = keyword(text, size);
  return take(l, t, op ? TOKEN_OPERATOR : TOKEN_NAME, op, size, cells);
}

static struct token *lex_string(struct lexer *l, struct token *t) {
  size_t size = 1, cells = 1, left = l->size - l->at;
  const char *text = l->text + l->at;
  while (size < left && text[size] != '"') {
    if (text[size] == '\n') break;
    if (text[size] == '\\' && size + 1 < left &&
        (text[size + 1] == '"' || text[size + 1] == '\\')) {
      size += 2;
      cells += 2;
      continue;
    }
    uint32_t code = (unsigned char)text[size];
    size_t length = code < 0x80 ? (size_t)(code != 0) : tri__utf8(text + size, left - size, &code);
    if (length == 0) {
      pass(l, size, cells);
      return bad_byte(l, t);
    }
    size += length;
    cells += code < 0x80 ? 1 : (size_t)tri__cells(code);
  }
  if (size == left || text[size] == '\n')
    return error(l, t, size, cells, "the string is not closed");
  return take(l, t, TOKEN_STRING, 0, size + 1, cells + 1);
}

/* The value of a superscript digit, SUPERSCRIPT_PLUS or SUPERSCRIPT_MINUS; -1 for another
 * character. */
static int superscript(uint32_t code) {
  switch (code) {
  case 0xb9: return 1;
  case 0xb2: return 2;
  case 0xb3: return 3;
  case 0x2070: return 0;
  case 0x207a: return SUPERSCRIPT_PLUS;
  case 0x207b: return SUPERSCRIPT_MINUS;
  default: return code >= 0x2074 && code <= 0x2079 ? (int)(code - 0x2070) : -1;
  }
}

/* The superscript character at byte i behind the lexer's place, and its length. */
static int superscript_at(const struct lexer *l, size_t i, size_t *length) {
  uint32_t code;
  if (i >= l->size - l->at || (unsigned char)l->text[l->at + i] < 0x80) return -1;
  *length = tri__utf8(l->text + l->at + i, l->size - l->at - i, &code);
  return *length ? superscript(code) : -1;
}

static struct token *lex_superscript(struct lexer *l, struct token *t) {
  size_t size = 0, cells = 0, count = 0, length = 0;
  int first = superscript_at(l, 0, &length), value = first;
  int64_t integer = 0;
  if (first >= SUPERSCRIPT_PLUS) {
    size += length;
    cells++;
    value = superscript_at(l, size, &length);
  }
  for (; value >= 0 && value < 10; value = superscript_at(l, size, &length)) {
    if (count++ < MOST_DIGITS) integer = integer * 10 + value;
    size += length;
    cells++;
  }
  if (count == 0) return error(l, t, size, cells, "a superscript digit is missing behind the sign");
  if (count > MOST_DIGITS)
    return error(l, t, size, cells,
                 "a superscript has at most 18 digits; write longer exponents with ^");
  take(l, t, TOKEN_SUPERSCRIPT, 0, size, cells)->integer =
      first == SUPERSCRIPT_MINUS ? -integer : integer;
  return t;
}

/* --- operators */

static struct token *operator(struct lexer *l, struct token *t, int op, size_t size) {
  return take(l, t, TOKEN_OPERATOR, op, size, size);
}

static struct token *lex_open(struct lexer *l, struct token *t, int op) {
  l->open++;
  return operator(l, t, op, 1);
}

static struct token *lex_close(struct lexer *l, struct token *t, int op) {
  if (l->open > 0) l->open--;
  return operator(l, t, op, 1);
}

static struct token *lex_point(struct lexer *l, struct token *t) {
  if (peek(l, 1) == '.') return operator(l, t, OP_RANGE, 2);
  if (is_digit(peek(l, 1)))
    return error(l, t, 1, 1, "a number begins with a digit: write 0 before the point");
  return error(l, t, 1, 1, "a point belongs to a number only if a digit follows it");
}

static struct token *lex_sign(struct lexer *l, struct token *t) {
  bool equal = peek(l, 1) == '=';
  switch (peek(l, 0)) {
  case '+': return operator(l, t, OP_PLUS, 1);
  case '-': return operator(l, t, OP_MINUS, 1);
  case '*': return peek(l, 1) == '*' ? operator(l, t, OP_POWER, 2) : operator(l, t, OP_TIMES, 1);
  case '/': return operator(l, t, OP_DIVIDE, 1);
  case '^': return operator(l, t, OP_POWER, 1);
  case '<': return equal ? operator(l, t, OP_LE, 2) : operator(l, t, OP_LT, 1);
  case '>': return equal ? operator(l, t, OP_GE, 2) : operator(l, t, OP_GT, 1);
  case '=': return equal ? operator(l, t, OP_EQ, 2) : operator(l, t, OP_ASSIGN, 1);
  case '!':
    return equal ? operator(l, t, OP_NE, 2)
                 : error(l, t, 1, 1, "write 'not' for '!', and gamma(n + 1) for n!");
  case '&': return error(l, t, 1, 1, "write 'and' for '&'");
  case '|': return error(l, t, 1, 1, "write 'or' for '|', and abs(x) for |x|");
  case '(': return lex_open(l, t, OP_OPEN);
  case ')': return lex_close(l, t, OP_CLOSE);
  case '[': return lex_open(l, t, OP_OPEN_SQUARE);
  case ']': return lex_close(l, t, OP_CLOSE_SQUARE);
  case ',': return operator(l, t, OP_COMMA, 1);
  case '\'': operator(l, t, OP_PRIME, 1)->integer = 1; return t;
  default: return lex_point(l, t);
  }
}

static const char *why_not(uint32_t code) {
  if (code == 0x201c || code == 0x201d) return "strings are written in plain quotes, \"";
  if (code == 0x207f || code == 0x2071) return "write ^n for a superscript n";
  if (code == 0xfeff || code == 0xfffe) return "a byte order mark in the middle of the text";
  return "this character has no meaning here";
}

static struct token *lex_high(struct lexer *l, struct token *t) {
  uint32_t code;
  size_t size = tri__utf8(l->text + l->at, l->size - l->at, &code);
  if (size == 0) return bad_byte(l, t);
  if (superscript(code) >= 0) return lex_superscript(l, t);
  size_t cells = (size_t)tri__cells(code);
  for (size_t i = 0; i < sizeof high_operators / sizeof high_operators[0]; i++)
    if (high_operators[i].code == code) {
      take(l, t, TOKEN_OPERATOR, high_operators[i].op, size, cells)->integer =
          high_operators[i].count;
      return t;
    }
  enum letter letter = tri__letter(code);
  if (letter == LETTER_FIRST) return lex_name(l, t);
  return error(l, t, size, cells,
               letter == LETTER_INSIDE ? "a name begins with a letter" : why_not(code));
}

static struct token *lex_line_end(struct lexer *l, struct token *t) {
  if (l->text[l->at] == ';') {
    if (l->open > 0)
      return error(l, t, 1, 1, "';' within brackets: ',' parts arguments and elements");
    return take(l, t, TOKEN_NEWLINE, 0, 1, 1);
  }
  take(l, t, TOKEN_NEWLINE, 0, 1, 0);
  l->line++;
  l->column = 1;
  return t;
}

static struct token *lex_token(struct lexer *l, struct token *t) {
  switch (class_of[(unsigned char)l->text[l->at]]) {
  case LINE_END: return lex_line_end(l, t);
  case LETTER: return lex_name(l, t);
  case DIGIT: return lex_number(l, t);
  case SIGN: return lex_sign(l, t);
  case QUOTE: return lex_string(l, t);
  case HIGH: return lex_high(l, t);
  default: return bad_byte(l, t);
  }
}

void tri__lex_init(struct lexer *lexer, const char *text, size_t size, uint32_t first_line) {
  *lexer = (struct lexer){.text = text, .size = size, .line = first_line, .column = 1};
}

void tri__lex_to(struct lexer *l, struct token *t) {
  size_t before = l->at;
  bool bad = false;
  while (l->at < l->size && pass_blank(l, &bad)) continue;
  bool space = l->at > before;
  if (bad)
    bad_byte(l, t);
  else if (l->at < l->size)
    lex_token(l, t);
  else
    take(l, t, TOKEN_END, 0, 0, 0);
  t->space_before = space;
}

struct token tri__lex(struct lexer *l) {
  struct token token;
  tri__lex_to(l, &token);
  return token;
}
