/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows as C. A row's text is C but for a few names, so an operation is its row's text with the operands in place of a, b, c where
 * that does what the interpreter does, and else a call of a function made from that text: with what the interpreter looks at
 * first, that the arguments have values and, where derivatives alone are not at stake, that the row has one there. */
#include "eval/emit.h"

#include <assert.h>

/* --- the primitives: the library's own kernels, by sections of their sources */

static const struct {
  const char *section, *text;
} lines[] = {
#define LINE(section, text) {#section, text},
#include "lib/eval/primitives.inc"
#undef LINE
};
enum { LINES = sizeof lines / sizeof *lines };

/* The number of the section of this name, in the order of the sources; -1 if there is none. */
static int section_of(const char *name, size_t size) {
  int number = -1;
  for (size_t i = 0; i < LINES; i++) {
    if (i == 0 || strcmp(lines[i].section, lines[i - 1].section) != 0) number++;
    assert(number < EMIT_SECTIONS);
    if (text_is(name, size, lines[i].section)) return number;
  }
  return -1;
}

/* --- the tokens of a row's text */

struct piece {
  const char *start;
  size_t size;
  enum { PIECE_NAME, PIECE_NUMBER, PIECE_OTHER } kind;
};

static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool digit(char c) { return c >= '0' && c <= '9'; }

/* The piece at *at, which is moved behind it; false at the end. Numbers of rows have neither sign nor exponent. */
static bool next_piece(const char **at, struct piece *piece) {
  const char *c = *at;
  if (!*c) return false;
  piece->start = c;
  piece->kind = letter(*c) ? PIECE_NAME : digit(*c) ? PIECE_NUMBER : PIECE_OTHER;
  do {
    c++;
  } while ((piece->kind == PIECE_NAME && (letter(*c) || digit(*c))) ||
           (piece->kind == PIECE_NUMBER && (digit(*c) || *c == '.')));
  piece->size = (size_t)(c - piece->start);
  *at = c;
  return true;
}

static bool is_argument(const struct piece *p) {
  return p->kind == PIECE_NAME && p->size == 1 && *p->start >= 'a' &&
         *p->start < 'a' + ROW_MAX_ARITY;
}

/* How a row is written. */
enum form {
  FORM_TEXT,    /* operators on its arguments: no value goes through them as NaN */
  FORM_ROUNDED, /* the same of several operations or with numbers: in float, rounded at the end only */
  FORM_CALL,    /* sin(a): so does it through functions of one argument of C's */
  FORM_FUNCTION
};

static enum form form_of(const struct row *row) {
  const char *at = row->value;
  struct piece piece;
  unsigned names = 0, numbers = 0, operators = 0;
  bool compares = false;
  while (next_piece(&at, &piece)) {
    char c = *piece.start;
    if (piece.kind == PIECE_NAME && !is_argument(&piece)) names++;
    numbers += piece.kind == PIECE_NUMBER;
    operators += c == '+' || c == '-' || c == '*' || c == '/';
    compares = compares || c == '<' || c == '>' || c == '=' || c == '!';
  }
  if (names == 0 && !compares && !row->lazy)
    return operators == 1 && numbers == 0 ? FORM_TEXT : FORM_ROUNDED;
  size_t size = strlen(row->value);
  bool call = row->arity == 1 && names == 1 && operators + numbers == 0 && !compares && size > 3 &&
              strcmp(row->value + size - 3, "(a)") == 0;
  return call && section_of(row->value, size - 3) < 0 ? FORM_CALL : FORM_FUNCTION;
}

/* --- texts of rows as C */

static void put_name(tri_text *text, struct emit_used *used, const struct piece *p) {
  static const char *const words[][2] = {
      {"and", "&&"}, {"or", "||"}, {"not", "!"}, {"pi", "3.14159265358979323846"}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (text_is(p->start, p->size, words[i][0])) {
      tri__text_puts(text, words[i][1]);
      return;
    }
  int section = section_of(p->start, p->size);
  if (section >= 0) {
    used->primitive[section] = true;
    tri__text_puts(text, "primitive_");
  }
  tri__text_add(text, p->start, p->size);
}

/* Whether an argument stands where C wants a condition. */
static bool is_condition(const struct row *row, const struct piece *p) {
  return row->sort == TRI_BOOLEAN && is_argument(p) && (row->conditions >> (*p->start - 'a') & 1);
}

/* A text of a row, over its arguments' names. */
static void put_text(tri_text *text, struct emit_used *used, const struct row *row,
                     const char *formula) {
  struct piece piece;
  while (next_piece(&formula, &piece)) {
    if (is_condition(row, &piece))
      tri__text_printf(text, "(%c != 0.0)", *piece.start);
    else if (piece.kind == PIECE_NAME && !is_argument(&piece))
      put_name(text, used, &piece);
    else
      tri__text_add(text, piece.start, piece.size);
  }
}

/* --- an operation */

static void put_argument(struct emitter *e, const struct instruction *s, uint32_t i, bool cast) {
  if (cast) tri__text_puts(&e->body, "(double)");
  tri__emit_operand(e, s->arg[i]);
}

static void put_inline(struct emitter *e, const struct instruction *s, const char *formula,
                       bool cast) {
  struct piece piece;
  while (next_piece(&formula, &piece)) {
    if (is_argument(&piece))
      put_argument(e, s, (uint32_t)(*piece.start - 'a'), cast);
    else if (piece.kind == PIECE_NAME)
      put_name(&e->body, e->used, &piece);
    else
      tri__text_add(&e->body, piece.start, piece.size);
  }
}

static void put_call(struct emitter *e, const struct instruction *s, const char *prefix,
                     const char *name) {
  tri__text_printf(&e->body, "%s%s(", prefix, name);
  for (uint32_t i = 0; i < s->nargs; i++) {
    if (i) tri__text_puts(&e->body, ", ");
    put_argument(e, s, i, e->float32);
  }
  tri__text_putc(&e->body, ')');
}

static double constant_double(const struct emitter *e, mpq_srcptr q) {
  return e->float32 ? (double)tri__mpq_float(q) : tri__mpq_double(q);
}

/* Whether the row's condition is of constants only, and true: a division by 3. */
static bool holds_anyway(const struct emitter *e, const struct instruction *s,
                         const struct row *row) {
  const struct plan *p = e->plan;
  double x[ROW_MAX_ARITY] = {0.0};
  bool known[ROW_MAX_ARITY] = {false};
  for (uint32_t i = 0; i < s->nargs; i++) {
    uint32_t constant = s->arg[i] - p->input_count; /* beyond their number for what is none */
    known[i] = constant < p->constant_count && !p->constants[constant].pi;
    if (known[i]) x[i] = constant_double(e, p->constants[constant].q);
  }
  const char *at = row->domain;
  for (struct piece piece; next_piece(&at, &piece);)
    if (is_argument(&piece) && !known[*piece.start - 'a']) return false;
  return row->defined(x[0], x[1], x[2]);
}

void tri__emit_row(struct emitter *e, const struct instruction *s) {
  const struct row *row = e->used->rows + s->op;
  enum form form = form_of(row);
  bool checked =
      row->domain && !row->total && !(s->flags & STEP_EXTENDED) && !holds_anyway(e, s, row);
  bool rounded = e->float32 && (checked || form != FORM_TEXT);
  if (rounded) tri__text_puts(&e->body, checked || form > FORM_ROUNDED ? "(float)" : "(float)(");
  if (checked) {
    e->used->checked[s->op] = true;
    put_call(e, s, "checked_", row->name);
  } else if (form == FORM_FUNCTION) {
    e->used->value[s->op] = true;
    put_call(e, s, "value_", row->name);
  } else {
    put_inline(e, s, row->value, rounded);
    if (rounded && form == FORM_ROUNDED) tri__text_putc(&e->body, ')');
  }
}

/* --- the functions made from rows */

static void put_head(tri_text *text, const struct row *row, const char *prefix) {
  tri__text_printf(text, "static double %s%s(", prefix, row->name);
  for (unsigned i = 0; i < row->arity; i++)
    tri__text_printf(text, "%sdouble %c", i ? ", " : "", (char)('a' + (int)i));
  tri__text_puts(text, ") {\n");
}

static void put_value(tri_text *text, struct emit_used *used, const struct row *row) {
  put_head(text, row, "value_");
  if (!row->lazy) {
    tri__text_puts(text, "  if (");
    for (unsigned i = 0; i < row->arity; i++)
      tri__text_printf(text, "%sisnan(%c)", i ? " || " : "", (char)('a' + (int)i));
    tri__text_puts(text, ") return NAN;\n");
  }
  tri__text_puts(text, "  return ");
  put_text(text, used, row, row->value);
  tri__text_puts(text, row->sort == TRI_BOOLEAN ? " ? 1.0 : 0.0;\n}\n\n" : ";\n}\n\n");
}

static void put_checked(tri_text *text, struct emit_used *used, const struct row *row) {
  put_head(text, row, "checked_");
  tri__text_puts(text, "  return ");
  put_text(text, used, row, row->domain);
  tri__text_puts(text, " ? ");
  if (form_of(row) == FORM_FUNCTION) {
    tri__text_printf(text, "value_%s(", row->name);
    for (unsigned i = 0; i < row->arity; i++)
      tri__text_printf(text, "%s%c", i ? ", " : "", (char)('a' + (int)i));
    tri__text_putc(text, ')');
  } else {
    put_text(text, used, row, row->value);
  }
  tri__text_puts(text, " : NAN;\n}\n\n");
}

/* Marks what the section's text calls by primitive_NAME. */
static void mark_called(struct emit_used *used, const char *text) {
  static const char prefix[] = "primitive_";
  for (; (text = strstr(text, prefix)); text++) {
    const char *name = text + sizeof prefix - 1, *end = name;
    while (letter(*end) || digit(*end)) end++;
    int section = section_of(name, (size_t)(end - name));
    if (section >= 0) used->primitive[section] = true;
  }
}

/* Sections call those above them, so that one way back finds all. */
static void close_primitives(struct emit_used *used) {
  for (size_t i = LINES; i-- > 0;)
    if (used->primitive[section_of(lines[i].section, strlen(lines[i].section))])
      mark_called(used, lines[i].text);
}

static void put_primitives(tri_text *text, const struct emit_used *used) {
  for (size_t i = 0; i < LINES; i++)
    if (used->primitive[section_of(lines[i].section, strlen(lines[i].section))])
      tri__text_puts(text, lines[i].text);
}

void tri__emit_used(tri_text *text, struct emit_used *used) {
  tri_text functions = {.allocator = text->allocator};
  for (int op = 0; op < TRI_OP_ROWS; op++) {
    const struct row *row = used->rows + op;
    if (used->checked[op] && form_of(row) == FORM_FUNCTION) used->value[op] = true;
    if (used->value[op]) put_value(&functions, used, row);
    if (used->checked[op]) put_checked(&functions, used, row);
  }
  close_primitives(used);
  put_primitives(text, used);
  tri__text_add(text, functions.data, functions.size);
  if (functions.status && !text->status) text->status = functions.status;
  tri_text_free(&functions);
}
