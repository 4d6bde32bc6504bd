/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The commands help, set, show, clear, load, save and quit. */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "child.h"
#include "declare.h"
#include "triad/calculus.h"

enum { MOST_WORDS = 3 };

/* --- the words behind a command */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* The end of the word at `at`; in quotes if it begins with one. */
static size_t word_end(const char *text, size_t at, size_t end) {
  bool quoted = text[at] == '"';
  for (at += quoted; at < end; at++) {
    if (quoted && text[at] == '\\' && at + 1 < end)
      at++;
    else if (quoted && text[at] == '"')
      return at + 1;
    else if (!quoted && (is_blank(text[at]) || text[at] == '#'))
      return at;
  }
  return end;
}

/* The bytes of a word, without quotes and the backslashes that protect within. */
static bool make_word(struct session *session, struct word *word, size_t at, size_t end) {
  const char *text = session->statement->text;
  char *bytes = arena_new(&session->statement->arena, end - at + 1, 1);
  if (!bytes) return session_no_memory(session), false;
  bool quoted = text[at] == '"';
  size_t last = quoted && end > at + 1 && text[end - 1] == '"' ? end - 1 : end;
  for (size_t i = at + quoted; i < last; i++) {
    if (quoted && text[i] == '\\' && i + 1 < last) i++;
    bytes[word->size++] = text[i];
  }
  word->bytes = bytes;
  return true;
}

/* The words behind a command: their number, at most `most`, or fails. A lone '=' is passed over. */
static tri_status read_words(struct session *session, const char *usage, size_t rest, size_t least,
                             size_t most, struct word words[MOST_WORDS], size_t *count) {
  const struct statement *s = session->statement;
  struct position place = s->position;
  *count = 0;
  for (size_t at = rest; at < s->end;) {
    if (is_blank(s->text[at])) {
      at++;
      continue;
    }
    if (s->text[at] == '#') break;
    size_t end = word_end(s->text, at, s->end);
    position_advance(&place, s->text, at);
    struct word word = {.at = {.kind = TOKEN_NAME,
                               .line = place.line,
                               .column = place.column,
                               .start = at,
                               .size = end - at}};
    if (memchr(s->text + at, '\0', end - at))
      return session_fail(session, &word.at, TRI_SYNTAX, "a NUL byte");
    if (!make_word(session, &word, at, end)) return TRI_MEMORY;
    at = end;
    if (word.size == 1 && word.bytes[0] == '=' && *count == 1) continue;
    if (*count == most)
      return session_fail(session, &word.at, TRI_ARITY, "too many words: write %s", usage);
    words[(*count)++] = word;
  }
  if (*count >= least) return TRI_OK;
  struct token start = {.line = s->position.line, .column = s->position.column};
  return session_fail(session, &start, TRI_ARITY, "something is missing: write %s", usage);
}

/* --- show */

static void show_setting(const struct session *session, const struct setting_row *row,
                         tri_text *text) {
  tri__text_printf(text, "%s = ", row->name);
  row->get(session, text);
}

static tri_status show_definition(struct session *session, const struct definition *d,
                                  tri_text *text) {
  tri_graph *g = session->graph;
  if (write_declaration(session, d, text)) return TRI_OK;
  write_heading(session, d, text);
  tri_expr e = expr_of(g, d->expr);
  return print_expr(session, d->verbatim ? e : tri_simplify(e), text);
}

static tri_status show_all(struct session *session, tri_text *text) {
  for (size_t i = 0; i < session->n_definitions; i++) {
    tri_status status = show_definition(session, &session->definitions[i], text);
    if (status != TRI_OK) return status;
    tri__text_putc(text, '\n');
  }
  for (size_t i = 0; i < setting_count; i++) {
    tri__text_puts(text, i == 0 && session->n_definitions > 0 ? "\n" : "");
    show_setting(session, &setting_rows[i], text);
    tri__text_puts(text, i + 1 < setting_count ? "\n" : "");
  }
  return TRI_OK;
}

static tri_status not_defined(struct session *session, const struct word *word) {
  return session_fail(session, &word->at, TRI_NAME, "%.80s is not defined", word->bytes);
}

static tri_status run_show(struct session *session, const struct token *first, size_t rest,
                           struct result *result) {
  struct word words[MOST_WORDS];
  size_t count;
  (void)first;
  tri_status status = read_words(session, "show [NAME]", rest, 0, 1, words, &count);
  struct result *made = status == TRI_OK ? result_text(session) : NULL;
  if (!made) return tri_graph_status(session->graph);
  *result = *made;
  if (count == 0) return show_all(session, made->text);
  const struct definition *d = session_find(session, words[0].bytes, words[0].size);
  if (d) return show_definition(session, d, made->text);
  const struct setting_row *row = setting_find(words[0].bytes, words[0].size);
  if (!row) return not_defined(session, &words[0]);
  show_setting(session, row, made->text);
  return TRI_OK;
}

/* --- the others */

static tri_status run_help(struct session *session, const struct token *first, size_t rest,
                           struct result *result) {
  struct word words[MOST_WORDS] = {{.bytes = ""}};
  size_t count;
  tri_status status = read_words(session, "help [TOPIC]", rest, 0, 1, words, &count);
  struct result *made = status == TRI_OK ? result_text(session) : NULL;
  if (!made) return tri_graph_status(session->graph);
  *result = *made;
  if (count == 0) words[0].at = *first;
  return help_write(session, &words[0], made->text);
}

static tri_status run_set(struct session *session, const struct token *first, size_t rest,
                          struct result *result) {
  struct word words[MOST_WORDS];
  size_t count;
  (void)first, (void)result;
  tri_status status = read_words(session, "set NAME VALUE", rest, 2, 2, words, &count);
  if (status != TRI_OK) return status;
  const struct setting_row *row = setting_find(words[0].bytes, words[0].size);
  if (!row)
    return session_fail(session, &words[0].at, TRI_NAME,
                        "no setting %.80s; 'help settings' lists them", words[0].bytes);
  return row->set(session, &words[1]);
}

static tri_status run_clear(struct session *session, const struct token *first, size_t rest,
                            struct result *result) {
  struct word words[MOST_WORDS];
  size_t count;
  (void)first, (void)result;
  tri_status status = read_words(session, "clear [NAME]", rest, 0, 1, words, &count);
  if (status != TRI_OK) return status;
  if (count == 0) return session_forget_all(session), TRI_OK;
  struct definition *d = session_find(session, words[0].bytes, words[0].size);
  if (!d) return not_defined(session, &words[0]);
  session_forget(session, d);
  return TRI_OK;
}

static tri_status run_load(struct session *session, const struct token *first, size_t rest,
                           struct result *result) {
  struct word words[MOST_WORDS];
  size_t count;
  (void)first, (void)result;
  tri_status status = read_words(session, "load FILE", rest, 1, 1, words, &count);
  if (status != TRI_OK) return status;
  tri_error unopened;
  session->loads++;
  bool good = session_run_file(session, words[0].bytes, &unopened);
  session->loads--;
  if (good) return TRI_OK;
  if (unopened.status != TRI_OK) return session_fail_with(session, &words[0].at, &unopened);
  return session_fail(session, &words[0].at, TRI_FILE, "%.160s was not loaded to its end",
                      words[0].bytes);
}

static tri_status run_save(struct session *session, const struct token *first, size_t rest,
                           struct result *result) {
  struct word words[MOST_WORDS];
  size_t count;
  (void)first, (void)result;
  tri_status status = read_words(session, "save FILE", rest, 1, 1, words, &count);
  tri_text *text = status == TRI_OK ? arena_text(&session->statement->arena) : NULL;
  if (status != TRI_OK) return status;
  if (!text) return session_no_memory(session);
  status = save_write(session, text);
  if (status != TRI_OK) return session_fail_status(session, status);
  tri_error error = {0};
  return child_write(text, words[0].bytes, &error) == TRI_OK
             ? TRI_OK
             : session_fail_with(session, &words[0].at, &error);
}

static tri_status run_quit(struct session *session, const struct token *first, size_t rest,
                           struct result *result) {
  struct word words[MOST_WORDS];
  size_t count;
  (void)first, (void)result;
  tri_status status = read_words(session, "quit", rest, 0, 0, words, &count);
  session->quit = status == TRI_OK;
  return status;
}

const struct command_row command_rows[] = {
    {"help", run_help, "help [TOPIC]",
     "what there is, and help on a function, call, command or setting", "help hypot"},
    {"array", declare_run, "array NAME[SIZE, …], …",
     "declares arrays; a size is a number or a name, which each point gives a value",
     "array x[n]; gradient(sum(x[i]^2, i=1..n), x=[1, 2, 3])"},
    {"set", run_set, "set NAME VALUE", "changes a setting", "set domain rational; 1/3 + 1/6"},
    {"show", run_show, "show [NAME]", "definitions and settings, or one of them",
     "f(x) = x*x; show f"},
    {"clear", run_clear, "clear [NAME]", "forgets a definition, or all", "a = 2; clear a; a + a"},
    {"load", run_load, "load FILE", "runs the statements of a file", "load /dev/null"},
    {"save", run_save, "save FILE", "writes definitions and settings as statements that load reads",
     "a = 2; save /dev/null"},
    {"quit", run_quit, "quit", "ends the session", "quit"},
};
const size_t command_count = sizeof command_rows / sizeof *command_rows;

const struct command_row *command_find(const char *name, size_t size) {
  for (size_t i = 0; i < command_count; i++)
    if (text_is(name, size, command_rows[i].name)) return &command_rows[i];
  return NULL;
}
