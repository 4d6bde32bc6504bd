/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The interactive loop: lines with editing, history and completion where readline is there, else
 * plain lines. */
#include "config.h"

#include "repl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_READLINE
#include <readline/history.h>
#include <readline/readline.h>
#endif

#include "base/text.h"
#include "commands.h"

enum { HISTORY_LINES = 2000, LONGEST_WAIT = 100 /* milliseconds */ };

static const char prompt_text[] = "triad> ", more_text[] = "  ...> ";

/* --- the history's file */

#ifdef HAVE_READLINE

/* $XDG_STATE_HOME/triad/history, or the same below ~/.local/state; NULL if neither is set. To be
 * freed. */
static char *history_path(void) {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  bool given = state && *state == '/';
  if (!given && !(home && *home == '/')) return NULL;
  tri_text path = {0};
  tri__text_printf(&path, "%s%s/triad/history", given ? state : home, given ? "" : "/.local/state");
  if (path.status == TRI_OK) return path.data;
  tri_text_free(&path);
  return NULL;
}

/* Makes the folders of a path; a history that cannot be kept is no error. */
static void make_folders(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(path, 0700) != 0 && errno != EEXIST) errno = 0;
    *slash = '/';
  }
}

/* --- readline's callbacks have no argument of their own, so what they need stands here */

static const struct session *completing;
static volatile int *interrupted;
static size_t word_start;

static char *complete_word(const char *text, int state) {
  return repl_complete(completing, rl_line_buffer, word_start, word_start + strlen(text),
                       (size_t)state);
}

static char **complete(const char *text, int start, int end) {
  (void)end;
  word_start = (size_t)start;
  bool file = strncmp(rl_line_buffer, "load ", 5) == 0 ||
              strncmp(rl_line_buffer, "save ", 5) == 0 ||
              (start > 0 && rl_line_buffer[start - 1] == '"');
  if (file) return NULL; /* readline's own completion of file names */
  rl_attempted_completion_over = 1;
  char **matches = rl_completion_matches(text, complete_word);
  bool alone = matches && !matches[1];
  bool word = alone && ((start == 0 && command_find(matches[0], strlen(matches[0]))) ||
                        (start == 4 && strncmp(rl_line_buffer, "set ", 4) == 0));
  rl_completion_append_character = word ? ' ' : '\0';
  return matches;
}

/* Waits for a key; Ctrl-C ends the line, emptied. The wait is in steps, since a signal that comes
 * just before it would otherwise be noticed with the next key only. */
static int get_key(FILE *stream) {
  struct pollfd file = {.fd = fileno(stream), .events = POLLIN};
  for (;;) {
    int ready = poll(&file, 1, LONGEST_WAIT);
    if (ready < 0 && errno != EINTR) return EOF;
    rl_check_signals();
    if (*interrupted) {
      rl_replace_line("", 0);
      return '\n';
    }
    if (ready > 0) return rl_getc(stream);
  }
}

static void open_lines(const struct session *session, volatile int *interrupt) {
  completing = session;
  interrupted = interrupt;
  rl_readline_name = "triad";
  rl_attempted_completion_function = complete;
  rl_completer_word_break_characters = " \t\n\"'+-*/^<>=!()[],;#";
  rl_getc_function = get_key;
  rl_instream = stdin;
  rl_outstream = session->output.out;
  using_history();
  stifle_history(HISTORY_LINES);
  char *path = history_path();
  if (path) read_history(path);
  free(path);
}

static void close_lines(void) {
  char *path = history_path();
  if (path) {
    make_folders(path);
    if (write_history(path) == 0) chmod(path, 0600);
  }
  free(path);
  clear_history();
}

/* A line without its newline, to be freed; NULL at the end of input. */
static char *read_line(const struct session *session, const char *prompt) {
  (void)session;
  return readline(prompt);
}

static void add_once(const char *line) {
  HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
  if (*line && !(last && strcmp(last->line, line) == 0)) add_history(line);
}

/* Adds what was typed to the history, in one piece: its lines, each of which ends with a newline, are joined. With a comment among
 * them they stay apart. */
static void remember(const tri_text *typed) {
  char *text = typed->size > 0 ? strdup(typed->data) : NULL;
  if (!text) return;
  text[typed->size - 1] = '\0';
  bool apart = strchr(text, '#');
  char *line = text;
  for (char *end; (end = strchr(line, '\n'));) {
    *end = apart ? '\0' : ' ';
    if (apart) add_once(line), line = end + 1;
  }
  add_once(line);
  free(text);
}

#else

static void open_lines(const struct session *session, volatile int *interrupt) {
  (void)session, (void)interrupt;
}
static void close_lines(void) {}
static void remember(const tri_text *typed) { (void)typed; }

/* A line without its newline, to be freed; NULL at the end of input. */
static char *read_line(const struct session *session, const char *prompt) {
  tri_text line = {0};
  fputs(prompt, session->output.out);
  fflush(session->output.out);
  for (;;) {
    char c;
    ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR && *session->interrupt) {
      tri_text_free(&line);
      fputc('\n', session->output.out);
      return calloc(1, 1);
    }
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 && line.size == 0) return NULL;
    if (n <= 0 || c == '\n') break;
    tri__text_putc(&line, c);
  }
  tri__text_add(&line, "", 0);
  return line.data ? line.data : calloc(1, 1);
}

#endif

/* --- the loop */

/* Lines until they make whole statements; false at the end of input. What was typed is dropped on
 * Ctrl-C. */
static bool read_statements(struct session *session, volatile int *interrupt, tri_text *text,
                            uint32_t *lines) {
  struct scan scan = {0};
  *lines = 0;
  text->size = 0;
  for (;;) {
    char *line = read_line(session, text->size == 0 ? prompt_text : more_text);
    if (!line) return text->size > 0;
    ++*lines;
    if (*interrupt) {
      *interrupt = 0;
      text->size = 0;
      free(line);
      return true;
    }
    size_t start = text->size;
    tri__text_puts(text, line);
    tri__text_putc(text, '\n');
    free(line);
    for (size_t at = start; at < text->size; at++)
      at = scan_statement(&scan, text->data, at, text->size);
    if (text->status != TRI_OK || scan_is_whole(&scan)) return true;
  }
}

void repl_run(struct session *session, volatile int *interrupt) {
  tri_text text = {0};
  uint32_t line = 1, lines;
  session->output.interactive = true;
  open_lines(session, interrupt);
  while (!session->quit && !session->output.broken) {
    if (!read_statements(session, interrupt, &text, &lines)) {
      fputc('\n', session->output.out);
      break;
    }
    if (text.status != TRI_OK) {
      fputs("memory error: the line is too long\n", session->output.err);
      tri_text_free(&text);
      text = (tri_text){0};
    } else if (text.size > 0) {
      remember(&text);
      session_run(session, "repl", text.data, text.size, line);
      *interrupt = 0;
    }
    line += lines;
  }
  close_lines();
  tri_text_free(&text);
}
