/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Laws of the lexer: which tokens, where they stand, and that tokens and blanks cover any text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/lex.h"
#include "tests/runner.h"

static uint64_t seed;

static uint32_t random_below(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(seed >> 33) % n;
}

static int multiplier(void) {
  const char *text = getenv("TRI_TEST_MULTIPLIER");
  return text && atoi(text) > 0 ? atoi(text) : 1;
}

static void start_random(uint64_t s) {
  const char *text = getenv("TRI_TEST_SEED");
  seed = text ? strtoull(text, NULL, 10) : s;
  printf("# seed %llu\n", (unsigned long long)seed);
}

/* --- a text's tokens as a line: one letter for the kind, operators by number, then place and bytes */

static void describe(const struct token *t, const char *text, char *out, size_t size) {
  char what[32] = "";
  if (t->kind == TOKEN_OPERATOR) snprintf(what, sizeof what, "%d", t->op);
  if (t->kind == TOKEN_SUPERSCRIPT) snprintf(what, sizeof what, "%lld", (long long)t->integer);
  snprintf(out, size, "%c%s@%u:%u'%.*s'", "EL#NSOPX"[t->kind], what, t -> line, t -> column,
           (int)t -> size, text + t -> start);
}

static void expect_tokens(const char *text, const char *const *expected) {
  struct lexer lexer;
  tri__lex_init(&lexer, text, strlen(text), 1);
  for (;; expected++) {
    char found[160];
    struct token t = tri__lex(&lexer);
    if (t.kind == TOKEN_END) {
      ck_assert_msg(!*expected, "%s: the end comes before %s", text, *expected);
      return;
    }
    describe(&t, text, found, sizeof found);
    ck_assert_msg(*expected != NULL, "%s: after all that is expected, %s", text, found);
    ck_assert_msg(strcmp(found, *expected) == 0, "%s: found %s, expected %s", text, found,
                  *expected);
  }
}

#define EXPECT(text, ...) expect_tokens(text, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(kinds) {
  EXPECT("x + 2.5", "N@1:1'x'", "O1@1:3'+'", "#@1:5'2.5'");
  EXPECT("a_1<=b**c!=d", "N@1:1'a_1'", "O7@1:4'<='", "N@1:6'b'", "O5@1:7'**'", "N@1:9'c'",
         "O11@1:10'!='", "N@1:12'd'");
  EXPECT("and or not andy", "O12@1:1'and'", "O13@1:5'or'", "O14@1:8'not'", "N@1:12'andy'");
  EXPECT("f(x)=[a,b]", "N@1:1'f'", "O15@1:2'('", "N@1:3'x'", "O16@1:4')'", "O20@1:5'='",
         "O17@1:6'['", "N@1:7'a'", "O19@1:8','", "N@1:9'b'", "O18@1:10']'");
  EXPECT("\"a \\\"b\\\" ;\" == 1", "S@1:1'\"a \\\"b\\\" ;\"'", "O10@1:13'=='", "#@1:16'1'");
  EXPECT("-3..3", "O2@1:1'-'", "#@1:2'3'", "O21@1:3'..'", "#@1:5'3'");
  EXPECT("x²y⁻¹⁰", "N@1:1'x'", "P2@1:2'²'", "N@1:3'y'", "P-10@1:4'⁻¹⁰'");
  EXPECT("a·b×c−d÷e≤≥≠", "N@1:1'a'", "O3@1:2'·'", "N@1:3'b'", "O3@1:4'×'", "N@1:5'c'", "O2@1:6'−'",
         "N@1:7'd'", "O4@1:8'÷'", "N@1:9'e'", "O7@1:10'≤'", "O9@1:11'≥'", "O11@1:12'≠'");
  EXPECT("∂²f/∂x√2 f'", "O23@1:1'∂'", "P2@1:2'²'", "N@1:3'f'", "O4@1:4'/'", "O23@1:5'∂'",
         "N@1:6'x'", "O24@1:7'√'", "#@1:8'2'", "N@1:10'f'", "O22@1:11'''");
}
END_TEST

START_TEST(lines) {
  EXPECT("x\ny;z", "N@1:1'x'", "L@1:2'\n'", "N@2:1'y'", "L@2:2';'", "N@2:3'z'");
  EXPECT("(x\n + y # sum; (\n) z", "O15@1:1'('", "N@1:2'x'", "O1@2:2'+'", "N@2:4'y'", "O16@3:1')'",
         "N@3:3'z'");
  EXPECT("x # a comment; y\ny", "N@1:1'x'", "L@1:17'\n'", "N@2:1'y'");
  EXPECT(")\nx", "O16@1:1')'", "L@1:2'\n'", "N@2:1'x'");
  EXPECT("x\r\ny", "N@1:1'x'", "L@1:3'\n'", "N@2:1'y'");
}
END_TEST

/* Columns count cells: two for wide characters, none for marks. */
START_TEST(cells) {
  EXPECT("変数+x", "N@1:1'変数'", "O1@1:5'+'", "N@1:6'x'");
  EXPECT("e\xcc\x81+x", "N@1:1'e\xcc\x81'", "O1@1:2'+'", "N@1:3'x'");
  EXPECT("\"変\"x", "S@1:1'\"変\"'", "N@1:5'x'");
  EXPECT("\xef\xbb\xbf x\xc2\xa0y", "N@1:2'x'", "N@1:4'y'");
  EXPECT("# 変 \xc2\xb7\nπ", "L@1:7'\n'", "N@2:1'π'");
}
END_TEST

START_TEST(numbers) {
  EXPECT("1e5 2e 2e+x 0x1.8p3 0xFF 1.5e-3", "#@1:1'1e5'", "#@1:5'2'", "N@1:6'e'", "#@1:8'2'",
         "N@1:9'e'", "O1@1:10'+'", "N@1:11'x'", "#@1:13'0x1.8p3'", "#@1:21'0xFF'",
         "#@1:26'1.5e-3'");
  EXPECT("1..2", "#@1:1'1'", "O21@1:2'..'", "#@1:4'2'");
  EXPECT("2x 2.x", "#@1:1'2'", "N@1:2'x'", "#@1:4'2'", "X@1:5'.'", "N@1:6'x'");
  EXPECT("x.5", "N@1:1'x'", "X@1:2'.'", "#@1:3'5'");
  EXPECT("1_000 0x", "X@1:1'1'", "N@1:2'_000'", "X@1:7'0x'");
  EXPECT("0x1..3", "#@1:1'0x1'", "O21@1:4'..'", "#@1:6'3'");
}
END_TEST

/* Plain numbers come with their value. */
START_TEST(values) {
  for (int i = 0; i < 2000 * multiplier(); i++) {
    char text[32];
    int whole = 1 + (int)random_below(9), places = (int)random_below(9);
    int64_t value = 0;
    size_t size = 0;
    for (int k = 0; k < whole + places; k++) {
      int digit = (int)random_below(10);
      if (k == whole) text[size++] = '.';
      text[size++] = (char)('0' + digit);
      value = value * 10 + digit;
    }
    text[size] = '\0';
    struct lexer lexer;
    tri__lex_init(&lexer, text, size, 1);
    struct token t = tri__lex(&lexer);
    ck_assert_int_eq(t.kind, TOKEN_NUMBER);
    ck_assert_uint_eq(t.size, size);
    if (t.op == 0) continue; /* left to tri__read_number, as long ones are */
    ck_assert_msg(t.integer == value && t.op == places + 1, "%s", text);
  }
  struct lexer lexer;
  tri__lex_init(&lexer, "1e5", 3, 1);
  ck_assert_int_eq(tri__lex(&lexer).op, 0);
  tri__lex_init(&lexer, "0x10", 4, 1);
  ck_assert_int_eq(tri__lex(&lexer).op, 0);
  tri__lex_init(&lexer, "1234567890123456789", 19, 1);
  ck_assert_int_eq(tri__lex(&lexer).op, 0);
  tri__lex_init(&lexer, "42", 2, 1);
  ck_assert_int_eq(tri__lex(&lexer).op, 1);
}
END_TEST

static void expect_error(const char *text, size_t size, uint32_t column, const char *message) {
  struct lexer lexer;
  struct token t;
  tri__lex_init(&lexer, text, size, 1);
  do t = tri__lex(&lexer);
  while (t.kind != TOKEN_ERROR && t.kind != TOKEN_END);
  ck_assert_msg(t.kind == TOKEN_ERROR, "%s: no error", text);
  ck_assert_msg(t.column == column, "%s: column %u, not %u", text, t.column, column);
  ck_assert_msg(strstr(lexer.message, message), "%s: '%s' has no '%s'", text, lexer.message,
                message);
  while (t.kind != TOKEN_END) t = tri__lex(&lexer); /* and it goes on to the end */
}

#define ERROR(text, column, message) expect_error(text, sizeof text - 1, column, message)

START_TEST(errors) {
  ERROR("x + \0", 5, "NUL");
  ERROR("x + \x80", 5, "UTF-8");
  ERROR("x\xc3", 2, "UTF-8");
  ERROR("変\xff", 3, "UTF-8");
  ERROR("x # \xff\n", 5, "UTF-8");
  ERROR("x # \0\n", 5, "NUL");
  ERROR("\"a\xff\"", 3, "UTF-8");
  ERROR("\"a\0\"", 3, "NUL");
  ERROR("x \x01", 3, "control");
  ERROR("\"abc", 1, "not closed");
  ERROR("\"abc\nd\"", 1, "not closed");
  ERROR("\"abc\\", 1, "not closed");
  ERROR("(x; y)", 3, "';'");
  ERROR("x ! y", 3, "not");
  ERROR("x && y", 3, "and");
  ERROR("|x|", 1, "abs");
  ERROR("{x}", 1, "( )");
  ERROR("x @ y", 3, "no meaning");
  ERROR("x → y", 3, "no meaning");
  ERROR("“x”", 1, "plain quotes");
  ERROR("xⁿ", 2, "^n");
  ERROR("x⁻", 2, "digit");
  ERROR("x¹²³⁴⁵⁶⁷⁸⁹⁰¹²³⁴⁵⁶⁷⁸⁹", 2, "18 digits");
  ERROR("1.", 2, "digit follows");
  ERROR("0x", 1, "0*x");
  ERROR("1_0", 1, "without _");
  ERROR("x \xef\xbb\xbf", 3, "byte order mark");
  ERROR("٣", 1, "begins with a letter");
}
END_TEST

START_TEST(letters) {
  static const char *const names[] = {"é", "ß", "λ", "Ж",  "א",  "ع", "あ", "変", "한",
                                      "ℝ", "𝛼", "ª", "नि", "x₁", "θ̂", "x٣", "µ"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct lexer lexer;
    tri__lex_init(&lexer, names[i], strlen(names[i]), 1);
    struct token t = tri__lex(&lexer);
    ck_assert_msg(t.kind == TOKEN_NAME && t.size == strlen(names[i]), "%s is no name", names[i]);
  }
  static const uint32_t others[] = {0x80,    0xa1,    0xbf,    0x2010,   0x2026, 0x20ac, 0x2190,
                                    0x2211,  0x2500,  0x25a0,  0x2764,   0x3001, 0x30fb, 0xe000,
                                    0xf8ff,  0xfdd0,  0xfe0f,  0xfffd,   0xfffe, 0xffff, 0x1f600,
                                    0x1fffe, 0xe0001, 0xf0000, 0x10ffff, 0x3164, 0x200d, 0x1d715};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    ck_assert_msg(tri__letter(others[i]) == LETTER_NONE, "U+%04X is a letter", others[i]);
  static const uint32_t inside[] = {0x301, 0x660, 0x966, 0xff10, 0x2080, 0x2089, 0x1d7ce};
  for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
    ck_assert_msg(tri__letter(inside[i]) == LETTER_INSIDE, "U+%04X", inside[i]);
}
END_TEST

/* --- any text: tokens in order and apart, between them only what is blank, the last at the end; places as counted by hand */

static size_t random_text(char *text, size_t most) {
  static const char *const pieces[] = {"x",       "变",   "12",       ".5", "..", "²",
                                       "⁻",       "(",    ")",        "[",  "]",  " ",
                                       "\n",      ";",    "#",        "\"", "\\", "∂",
                                       "√",       "+",    "−",        "*",  "^",  "<",
                                       "=",       "!",    "and",      "'",  "″",  "e\xcc\x81",
                                       "\xff",    "\xc3", "\xe2\x88", "0x", "_",  "1e",
                                       ",",       "@",    "\t",       "\r", "ε",  "\xef\xbb\xbf",
                                       "\xc2\xa0"};
  size_t size = 0;
  while (size + 8 < most) {
    if (random_below(40) == 0) break;
    const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];
    size_t length = strlen(piece);
    memcpy(text + size, piece, length);
    size += length;
    if (random_below(50) == 0) text[size++] = (char)random_below(256);
  }
  return size;
}

static bool passes(const char *text, size_t from, size_t to) {
  bool comment = false;
  for (size_t i = from; i < to; i++) {
    if (text[i] == '\n')
      comment = false;
    else if (text[i] == '#')
      comment = true;
    else if (!comment && !strchr(" \t\r\xc2\xa0\xef\xbb\xbf", text[i]))
      return false;
  }
  return true;
}

/* A string up to the byte that may not stand in it. */
static bool broken_string(const char *text, size_t from, const struct token *t) {
  for (size_t i = from; t->kind == TOKEN_ERROR && i < t->start; i++)
    if (text[i] == '"' && passes(text, from, i) && !passes(text, from, i + 1)) return true;
  return false;
}

static void count_to(const char *text, size_t from, size_t to, uint32_t *line, uint32_t *column) {
  for (size_t i = from; i < to;) {
    uint32_t code;
    size_t length = tri__utf8(text + i, to - i, &code);
    if (text[i] == '\n') {
      ++*line;
      *column = 1;
    } else {
      *column += length ? (uint32_t)tri__cells(code) : 1;
    }
    i += length ? length : 1;
  }
}

START_TEST(covers) {
  start_random(20261123);
  for (int round = 0; round < 20000 * multiplier(); round++) {
    char text[400];
    size_t size = random_text(text, sizeof text), at = 0;
    uint32_t line = 1, column = 1;
    struct lexer lexer;
    struct token t;
    tri__lex_init(&lexer, text, size, 1);
    do {
      t = tri__lex(&lexer);
      ck_assert_uint_ge(t.start, at);
      ck_assert(t.size > 0 || t.kind == TOKEN_END);
      ck_assert_uint_le(t.start + t.size, size);
      if (!broken_string(text, at, &t)) {
        ck_assert_msg(passes(text, at, t.start), "'%.*s' passed over", (int)(t.start - at),
                      text + at);
        ck_assert_int_eq(t.space_before, t.start > at);
      }
      count_to(text, at, t.start, &line, &column);
      ck_assert_msg(t.line == line && t.column == column, "token at byte %zu: %u:%u, counted %u:%u",
                    t.start, t.line, t.column, line, column);
      at = t.start;
    } while (t.kind != TOKEN_END &&
             (count_to(text, at, at + t.size, &line, &column), at += t.size, true));
    ck_assert_uint_eq(t.start, size);
  }
}
END_TEST

static Suite *lex_suite(void) {
  Suite *s = suite_create("lex");
  TCase *c = tcase_create("lex");
  tcase_add_test(c, kinds);
  tcase_add_test(c, lines);
  tcase_add_test(c, cells);
  tcase_add_test(c, numbers);
  tcase_add_test(c, values);
  tcase_add_test(c, errors);
  tcase_add_test(c, letters);
  tcase_add_test(c, covers);
  suite_add_tcase(s, c);
  return s;
}

int main(void) { return tri_test_main("lex", lex_suite); }
