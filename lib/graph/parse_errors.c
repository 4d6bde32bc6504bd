/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is wrong with a text, where, and what would be right. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "graph/parser.h"

bool tri__parse_failed(struct parser *p, struct place place, tri_status status) {
  tri_error *error = &p->g->error;
  p->status = status ? status : TRI_ARGUMENT;
  if (!p->failed_before && error->line == 0) {
    error->line = place.line;
    error->column = place.column;
  }
  return false;
}

bool tri__parse_fail(struct parser *p, struct place place, tri_status status, const char *format,
                     ...) {
  char message[TRI_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  tri__fail(p->g, status, "%s", message);
  return tri__parse_failed(p, place, status);
}

bool tri__parse_no_memory(struct parser *p) {
  tri__no_memory(p->g);
  return tri__parse_failed(p, place_of(p->token), TRI_MEMORY);
}

/* --- pieces of the text */

static struct lexer lexer_at(const struct parser *p, size_t start, struct place place) {
  return (struct lexer){.text = p->lexer->text,
                        .size = p->lexer->size,
                        .at = start,
                        .line = place.line,
                        .column = place.column};
}

struct token tri__parse_token_at(const struct parser *p, size_t start, struct place place) {
  struct lexer lexer = lexer_at(p, start, place);
  return tri__lex(&lexer);
}

const char *tri__parse_excerpt(const struct parser *p, size_t start, size_t end,
                               char out[EXCERPT_SIZE]) {
  static const char more[] = "…";
  const char *text = p->lexer->text;
  while (end > start && (text[end - 1] == ' ' || text[end - 1] == '\n')) end--;
  size_t size = end - start;
  bool cut = size > EXCERPT_SIZE - sizeof more;
  if (cut) size = EXCERPT_SIZE - sizeof more;
  while (cut && size > 0 && ((unsigned char)text[start + size] & 0xc0) == 0x80) size--;
  for (size_t i = 0; i < size; i++) {
    char c = text[start + i];
    out[i] = (unsigned char)c < ' ' ? ' ' : c;
  }
  memcpy(out + size, cut ? more : "", cut ? sizeof more : 1);
  return out;
}

static const char *excerpt_of(const struct parser *p, const struct token *t,
                              char out[EXCERPT_SIZE]) {
  return tri__parse_excerpt(p, t->start, t->start + t->size, out);
}

/* The current token, in quotes where it is text. */
static const char *found(const struct parser *p, char out[EXCERPT_SIZE + 2]) {
  if (p->token->kind == TOKEN_END) return "the end of the text";
  if (p->token->kind == TOKEN_NEWLINE && p->lexer->text[p->token->start] == '\n')
    return "the end of the line";
  excerpt_of(p, p->token, out + 1);
  size_t size = strlen(out + 1);
  out[0] = out[size + 1] = '\'';
  out[size + 2] = '\0';
  return out;
}

/* --- tokens */

bool tri__parse_bad_token(struct parser *p) {
  uint32_t code;
  const struct token *t = p->token;
  const char *text = p->lexer->text + t->start, *message = p->lexer->message;
  char piece[EXCERPT_SIZE];
  if ((unsigned char)*text < ' ' || *text == 0x7f ||
      tri__utf8(text, p->lexer->size - t->start, &code) == 0)
    return tri__parse_fail(p, place_of(t), TRI_SYNTAX, "%s", message);
  return tri__parse_fail(p, place_of(t), TRI_SYNTAX, "'%s': %s", excerpt_of(p, t, piece), message);
}

bool tri__parse_missing_value(struct parser *p) {
  char here[EXCERPT_SIZE + 2], last[EXCERPT_SIZE];
  if (p->end == p->before)
    return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX, "expected an expression, found %s",
                           found(p, here));
  if (p->token->kind == TOKEN_SUPERSCRIPT)
    return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX,
                           "an exponent needs a value before it");
  return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX, "expected a value after '%s', found %s",
                         tri__parse_excerpt(p, p->before, p->end, last), found(p, here));
}

/* Two operands side by side where no product may be meant. */
bool tri__parse_missing_operator(struct parser *p) {
  const struct operand *left = last_operand(p);
  struct place place = place_of(p->token);
  char a[EXCERPT_SIZE], b[EXCERPT_SIZE], here[EXCERPT_SIZE + 2];
  struct token first = tri__parse_token_at(p, left->start, operand_place(left));
  excerpt_of(p, &first, a);
  excerpt_of(p, p->token, b);
  bool value = p->token->kind == TOKEN_NAME || p->token->kind == TOKEN_NUMBER;
  if (left->form == FORM_NAME && value &&
      tri__parse_row(p, p->lexer->text + first.start, first.size) != TRI_OP_COUNT)
    return tri__parse_fail(p, place, TRI_SYNTAX, "an argument stands in brackets: write %s(%s)", a,
                           b);
  if (left->form == FORM_NAME && p->token->kind == TOKEN_NAME)
    return tri__parse_fail(p, place, TRI_SYNTAX, "two names side by side: did you mean %s*%s?", a,
                           b);
  tri__parse_excerpt(p, left->start, p->end, a);
  if (left->form == FORM_CALL && next_is(p, OP_OPEN))
    return tri__parse_fail(p, place, TRI_SYNTAX, "%s is not a function: did you mean %s*(…)?", a,
                           a);
  if (value || next_is(p, OP_OPEN))
    return tri__parse_fail(p, place, TRI_SYNTAX, "expected an operator between %s and %s", a, b);
  return tri__parse_fail(p, place, TRI_SYNTAX, "expected an operator after %s, found %s", a,
                         found(p, here));
}

/* 1/2x and the like: both readings, each with the text itself. */
bool tri__parse_ambiguous(struct parser *p, const struct pending *o) {
  struct token sign = tri__parse_token_at(p, o->start, pending_place(o));
  size_t behind = sign.start + sign.size;
  char left[EXCERPT_SIZE], middle[EXCERPT_SIZE], right[EXCERPT_SIZE], s[EXCERPT_SIZE];
  while (behind < p->end && p->lexer->text[behind] == ' ') behind++;
  tri__parse_excerpt(p, p->operands[p->n_operands - 2].start, o->start, left);
  tri__parse_excerpt(p, behind, p->end, middle);
  excerpt_of(p, p->token, right);
  excerpt_of(p, &sign, s);
  if (next_is(p, OP_OPEN)) memcpy(right, "(…)", sizeof "(…)");
  return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX,
                         "ambiguous after '%s' of column %u: write (%s%s%s)*%s or %s%s(%s*%s)", s,
                         o->column, left, s, middle, right, left, s, middle, right);
}

bool tri__parse_unclosed(struct parser *p, const struct pending *o) {
  if (o->kind == OP_ASSIGN || o->kind == PENDING_INITIAL) o--;
  struct lexer lexer = lexer_at(p, o->start, pending_place(o));
  struct token bracket = tri__lex(&lexer);
  if (bracket.kind == TOKEN_NAME) {
    lexer.open = 1; /* so that a line's end before the bracket is passed over as it was */
    bracket = tri__lex(&lexer);
  }
  bool square = bracket.op == OP_OPEN_SQUARE;
  char here[EXCERPT_SIZE + 2], line[32] = "";
  if (bracket.line != p->token->line) snprintf(line, sizeof line, "line %u, ", bracket.line);
  return tri__parse_fail(p, place_of(p->token), TRI_SYNTAX,
                         "expected '%c' to close '%c' of %scolumn %u, found %s", square ? ']' : ')',
                         square ? '[' : '(', line, bracket.column, found(p, here));
}

/* --- did you mean */

enum { LONGEST_GUESS = 40 };

struct guess {
  const char *name;
  size_t size, distance; /* of the best so far */
  char best[LONGEST_GUESS + 1];
};

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Insertions, deletions, replacements and exchanges of neighbours that make a of b (Damerau
 * 1964, Levenshtein 1966), in bytes and without regard to case. */
static size_t distance(const char *a, size_t n, const char *b, size_t m) {
  size_t rows[3][LONGEST_GUESS + 1];
  size_t *last = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= m; j++) row[j] = j;
  for (size_t i = 1; i <= n; i++) {
    size_t *free_row = last;
    last = above;
    above = row;
    row = free_row;
    row[0] = i;
    for (size_t j = 1; j <= m; j++) {
      size_t best = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
      if (above[j] + 1 < best) best = above[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && last[j - 2] + 1 < best)
        best = last[j - 2] + 1;
      row[j] = best;
    }
  }
  return row[m];
}

static void consider(void *data, const char *name) {
  struct guess *g = data;
  size_t size = strlen(name);
  if (size == 0 || size > LONGEST_GUESS) return;
  size_t d = distance(g->name, g->size, name, size);
  if (d >= g->distance) return;
  g->distance = d;
  memcpy(g->best, name, size + 1);
}

/* What other programs call some functions. */
static const char *other_name(const char *name, size_t size) {
  static const char *const others[][2] = {
      {"ln", "log"}, {"tg", "tan"}, {"ctg", "cot"}, {"lg", "log10"}};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (text_is(name, size, others[i][0])) return others[i][1];
  return NULL;
}

/* A known name like this one, into g->best; false if there is none. */
static bool guess(struct parser *p, const struct token *name, struct guess *g) {
  const struct environment *e = p->environment;
  *g = (struct guess){.name = p->lexer->text + name->start, .size = name->size};
  if (name->size > LONGEST_GUESS) return false;
  const char *known = other_name(g->name, g->size);
  if (known) return memcpy(g->best, known, strlen(known) + 1), true;
  g->distance = name->size <= 2 ? 1 : name->size <= 4 ? 2 : 3; /* one more than what is taken */
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    const char *row = p->g->rows[op].name;
    if (tri__parse_row(p, row, strlen(row)) != TRI_OP_COUNT) consider(g, row);
  }
  for (size_t i = 0; i < tri__array_function_count; i++) consider(g, tri__array_functions[i].name);
  if (e->each_name) e->each_name(e->data, consider, g);
  return g->best[0] != '\0';
}

bool tri__parse_unknown_function(struct parser *p, const struct token *name) {
  char text[EXCERPT_SIZE];
  struct guess g;
  excerpt_of(p, name, text);
  if (guess(p, name, &g))
    return tri__parse_fail(p, place_of(name), TRI_NAME, "unknown function %s: did you mean %s?",
                           text, g.best);
  return tri__parse_fail(p, place_of(name), TRI_NAME,
                         "unknown function %s; a product is written %s*(…)", text, text);
}

bool tri__parse_unknown_name(struct parser *p, const struct token *name) {
  char text[EXCERPT_SIZE];
  struct guess g;
  excerpt_of(p, name, text);
  if (tri__parse_row(p, p->lexer->text + name->start, name->size) != TRI_OP_COUNT)
    return tri__parse_fail(p, place_of(name), TRI_NAME, "%s is a function: write %s(…)", text,
                           text);
  if (guess(p, name, &g))
    return tri__parse_fail(p, place_of(name), TRI_NAME, "unknown name %s: did you mean %s?", text,
                           g.best);
  return tri__parse_fail(p, place_of(name), TRI_NAME, "unknown name %s", text);
}
