/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Printing what statements give: text for people, JSON for programs, and errors with the place that
 * they mean. */
#include "output.h"

#include <errno.h>
#include <langinfo.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "json.h"
#include "session.h"

/* --- streams and how they look */

void output_init(struct output *output, FILE *out, FILE *err) {
  *output = (struct output){.out = out, .err = err, .colour = WHEN_AUTO};
  output->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  output->out_is_terminal = fileno(out) >= 0 && isatty(fileno(out));
  output->err_is_terminal = fileno(err) >= 0 && isatty(fileno(err));
}

/* Whether terminals of this kind know more than lines of text. */
static bool knows_sequences(void) {
  const char *terminal = getenv("TERM");
  return terminal && strcmp(terminal, "dumb") != 0;
}

static bool may_colour(const struct output *output, bool is_terminal) {
  if (output->colour != WHEN_AUTO) return output->colour == WHEN_ALWAYS;
  const char *no = getenv("NO_COLOR");
  return is_terminal && !(no && *no) && knows_sequences();
}

bool output_colour(const struct output *output) {
  return !output->json && may_colour(output, output->out_is_terminal);
}

bool output_rewrites(const struct output *output) {
  return !output->json && output->out_is_terminal && knows_sequences();
}

bool output_unicode(const struct session *session) {
  const struct output *output = &session->output;
  if (output->json) return false;
  if (session->settings.unicode != WHEN_AUTO) return session->settings.unicode == WHEN_ALWAYS;
  return output->utf8 && output->out_is_terminal;
}

/* Ctrl-C while a long result is written drops the rest of it; any other failure stays. */
static void write_failed(struct output *output) {
  if (errno == EINTR) {
    __fpurge(output->out);
    clearerr(output->out);
    return;
  }
  output->broken = true;
  output->broken_why = errno;
}

static void put(struct output *output, const char *bytes, size_t size) {
  if (!output->broken && size > 0 && fwrite(bytes, 1, size, output->out) < size)
    write_failed(output);
}

void output_put(struct session *session, const char *bytes, size_t size) {
  put(&session->output, bytes, size);
}

bool output_flush(struct session *session) {
  struct output *output = &session->output;
  if (!output->broken && fflush(output->out) != 0) write_failed(output);
  return !output->broken;
}

/* --- echo */

static size_t trimmed(const char *text, size_t start, size_t end) {
  while (end > start && (text[end - 1] == ' ' || text[end - 1] == '\t' || text[end - 1] == '\r' ||
                         text[end - 1] == '\n'))
    end--;
  return end;
}

void output_before(struct session *session, struct statement *s, bool empty) {
  s->echo = session->settings.echo && !session->output.json;
  if (!s->echo) return;
  size_t end = empty ? s->end : s->position.at;
  for (size_t at = s->start; at < end || (empty && at == s->start);) {
    const char *newline = at < end ? memchr(s->text + at, '\n', end - at) : NULL;
    size_t stop = newline ? (size_t)(newline - s->text) : end;
    if (newline || empty) {
      put(&session->output, s->text + at, trimmed(s->text, at, stop) - at);
      put(&session->output, "\n", 1);
    }
    at = stop + 1;
  }
}

/* The end of the statement itself: before a comment at its end, and blanks. */
static size_t statement_end(const struct statement *s) {
  struct lexer lexer = {
      .text = s->text, .size = s->end, .at = s->position.at, .line = 1, .column = 1};
  size_t end = s->position.at;
  for (;;) {
    struct token token = tri__lex(&lexer);
    if (token.kind == TOKEN_END || token.kind == TOKEN_ERROR) break;
    end = token.start + token.size;
  }
  return end;
}

static void echo_statement(struct session *session, const char *behind) {
  const struct statement *s = session->statement;
  put(&session->output, s->text + s->position.at, statement_end(s) - s->position.at);
  put(&session->output, behind, strlen(behind));
}

/* --- results */

static void put_json(struct session *session, const tri_text *line) {
  if (line->status == TRI_OK) {
    put(&session->output, line->data, line->size);
  } else {
    static const char full[] = "{\"line\":0,\"kind\":\"error\",\"code\":\"memory\",\"column\":0,"
                               "\"message\":\"out of memory\"}\n";
    put(&session->output, full, sizeof full - 1);
  }
}

/* {"line":…,"kind":…, and "file" for statements of a file that was loaded. */
static void begin_json(const struct statement *s, uint32_t line, const char *kind, tri_text *text) {
  tri__text_printf(text, "{\"line\":%u,\"kind\":\"%s\"", (unsigned)line, kind);
  if (!s->loaded || !s->source) return;
  json_name(text, "file");
  json_puts(text, s->source);
}

static void result_json(struct session *session, const struct result *result) {
  tri_text line = {0};
  begin_json(session->statement, session->statement->position.line,
             result->kind ? result->kind : "none", &line);
  if (result->text) {
    json_name(&line, "text");
    tri__text_json(&line, result->text->data ? result->text->data : "", result->text->size);
  }
  if (result->members) tri__text_add(&line, result->members->data, result->members->size);
  tri__text_puts(&line, "}\n");
  put_json(session, &line);
  tri_text_free(&line);
}

void output_result(struct session *session, const struct result *result) {
  if (session->output.quiet) return;
  if (session->output.json) {
    result_json(session, result);
    return;
  }
  const tri_text *text = result->text;
  bool shown = result->kind && text && text->size > 0;
  if (session->statement->echo) {
    bool long_text = shown && memchr(text->data, '\n', text->size) != NULL;
    echo_statement(session, !shown || long_text ? "\n" : " = ");
  }
  if (!shown) return;
  put(&session->output, text->data, text->size);
  if (text->data[text->size - 1] != '\n') put(&session->output, "\n", 1);
}

/* --- errors */

enum { LEFT_CELLS = 60, WIDEST = 100 };

/* The line of the statement's text that an error is in; false if it is not there. */
static bool find_line(const struct statement *s, uint32_t number, const char **line, size_t *size) {
  const char *at = s->text, *end = s->text + s->size;
  if (number < s->text_line) return false;
  for (uint32_t i = s->text_line; i < number; i++) {
    at = memchr(at, '\n', (size_t)(end - at));
    if (!at) return false;
    at++;
  }
  const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
  *line = at;
  *size = (size_t)((newline ? newline : end) - at);
  return *size > 0;
}

/* Appends a character for the terminal: control characters and broken UTF-8 as '?'. */
static void put_shown(tri_text *text, const char *bytes, size_t length) {
  unsigned char c = (unsigned char)*bytes;
  bool plain = length > 1 || (c >= ' ' && c < 0x7f) || c == '\t';
  tri__text_add(text, plain ? bytes : "?", plain ? length : 1);
}

/* Appends the line, or what of it is near the column, and below it a caret. */
static void show_line(const struct output *output, const char *line, size_t size, uint32_t column,
                      tri_text *text) {
  uint32_t from = column > WIDEST ? column - LEFT_CELLS : 1, cell = 1;
  tri_text below = {0};
  const char *dots = output->utf8 ? "…" : "...";
  tri__text_puts(text, "  ");
  tri__text_puts(&below, "  ");
  if (from > 1) {
    tri__text_puts(text, dots);
    tri__text_puts(&below, output->utf8 ? " " : "   ");
  }
  for (size_t at = 0; at < size && cell < from + WIDEST;) {
    size_t length;
    int cells = cells_at(line, at, size, &length);
    if (cell >= from && line[at] != '\r') {
      put_shown(text, line + at, length);
      for (int i = 0; i < cells && cell < column; i++)
        tri__text_putc(&below, line[at] == '\t' ? '\t' : ' ');
    }
    cell += (uint32_t)cells;
    at += length;
    if (at < size && cell >= from + WIDEST) tri__text_puts(text, dots);
  }
  bool colour = may_colour(output, output->err_is_terminal);
  tri__text_putc(text, '\n');
  tri__text_add(text, below.data, below.size);
  tri__text_puts(text, colour ? "\033[1;32m^\033[0m\n" : "^\n");
  tri_text_free(&below);
}

static const char *code_of(tri_status status) {
  return tri_status_code(status == TRI_ARGUMENT  ? TRI_ARITY
                         : status == TRI_UNKNOWN ? TRI_LIMIT
                                                 : status);
}

static void error_json(struct session *session, const tri_error *error) {
  const struct statement *s = session->statement;
  tri_text line = {0};
  begin_json(s, s->position.line, "error", &line);
  tri__text_printf(&line, ",\"code\":\"%s\",\"column\":%u", code_of(error->status),
                   (unsigned)(error->line ? error->column : s->position.column));
  if (error->line && error->line != s->position.line)
    tri__text_printf(&line, ",\"error_line\":%u", (unsigned)error->line);
  json_name(&line, "message");
  json_puts(&line, error->message);
  tri__text_puts(&line, "}\n");
  put_json(session, &line);
  tri_text_free(&line);
}

/* "file:3:7: syntax error: …" */
static void error_heading(const struct session *session, const tri_error *error, uint32_t line,
                          uint32_t column, tri_text *text) {
  const struct statement *s = session->statement;
  bool colour = may_colour(&session->output, session->output.err_is_terminal);
  if (s->source && (!session->output.interactive || s->loaded))
    tri__text_printf(text, "%s:", s->source);
  else if (!s->source)
    tri__text_puts(text, "triad:");
  if (line) tri__text_printf(text, "%u:", (unsigned)line);
  if (column) tri__text_printf(text, "%u:", (unsigned)column);
  tri__text_puts(text, text->size ? " " : "");
  tri__text_puts(text, colour ? "\033[1;31m" : "");
  tri__text_puts(text, code_of(error->status));
  tri__text_puts(text, error->status == TRI_INTERRUPTED ? "" : " error");
  tri__text_puts(text, colour ? "\033[0m" : "");
  if (error->status != TRI_INTERRUPTED || strcmp(error->message, "interrupted") != 0)
    tri__text_printf(text, ": %s", error->message);
  tri__text_putc(text, '\n');
}

void output_error(struct session *session, const tri_error *error) {
  if (session->output.json) {
    error_json(session, error);
    return;
  }
  const struct statement *s = session->statement;
  uint32_t line = error->line ? error->line : s->position.line;
  uint32_t column = error->line ? error->column : s->position.column;
  tri_text text = {0};
  const char *shown;
  size_t size;
  output_flush(session);
  error_heading(session, error, line, column, &text);
  if (column && error->status != TRI_INTERRUPTED && find_line(s, line, &shown, &size))
    show_line(&session->output, shown, size, column, &text);
  if (text.status == TRI_OK)
    fwrite(text.data, 1, text.size, session->output.err);
  else
    fputs("memory error: out of memory\n", session->output.err);
  fflush(session->output.err);
  tri_text_free(&text);
}
