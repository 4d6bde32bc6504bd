/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a word in a line may be completed to. */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "commands.h"
#include "repl.h"

/* Counts the candidates that begin with the word, and keeps the one asked for. */
struct search {
  const char *word;
  size_t size, left;
  char *found;
};

static void offer(struct search *s, const char *name, size_t size) {
  if (s->found || size < s->size || memcmp(name, s->word, s->size) != 0) return;
  if (s->left-- > 0) return;
  s->found = malloc(size + 1);
  if (!s->found) return;
  memcpy(s->found, name, size);
  s->found[size] = '\0';
}

static void offer_name(void *data, const char *name) { offer(data, name, strlen(name)); }

static void offer_words(struct search *s, const char *words) {
  for (const char *at = words; at && *at;) {
    size_t size = strcspn(at, " ");
    offer(s, at, size);
    at += size + (at[size] == ' ');
  }
}

static void offer_commands(struct search *s) {
  for (size_t i = 0; i < command_count; i++) offer_name(s, command_rows[i].name);
}

static void offer_settings(struct search *s) {
  for (size_t i = 0; i < setting_count; i++) offer_name(s, setting_rows[i].name);
}

static void offer_definitions(struct search *s, const struct session *session) {
  for (size_t i = 0; i < session->n_definitions; i++) offer_name(s, session->definitions[i].name);
}

/* The words of the statement before the one that is completed: at most two. */
static size_t words_before(const char *line, size_t end, struct word words[2]) {
  size_t n = 0, at = end;
  while (at > 0 && line[at - 1] != ';') at--;
  while (at < end) {
    while (at < end && line[at] == ' ') at++;
    size_t start = at;
    while (at < end && line[at] != ' ') at++;
    if (at > start && n < 2) words[n] = (struct word){.bytes = line + start, .size = at - start};
    if (at > start) n++;
  }
  return n;
}

/* Words behind a command; false if the line is no command that has any. */
static bool offer_arguments(struct search *s, const struct session *session,
                            const struct word words[2], size_t n) {
  static const char topics[] = "functions calls commands settings language pi eps";
  if (n == 1 && word_is(&words[0], "set")) return offer_settings(s), true;
  if (n == 2 && word_is(&words[0], "set")) {
    const struct setting_row *row = setting_find(words[1].bytes, words[1].size);
    if (row) offer_words(s, row->values);
    return true;
  }
  if (n != 1) return false;
  if (word_is(&words[0], "show")) return offer_definitions(s, session), offer_settings(s), true;
  if (word_is(&words[0], "clear")) return offer_definitions(s, session), true;
  if (!word_is(&words[0], "help")) return false;
  offer_words(s, topics);
  offer_commands(s);
  offer_settings(s);
  session_each_name(session, offer_name, s);
  return true;
}

char *repl_complete(const struct session *session, const char *line, size_t start, size_t end,
                    size_t which) {
  struct search s = {.word = line + start, .size = end - start, .left = which};
  struct word words[2];
  size_t n = words_before(line, start, words);
  if (offer_arguments(&s, session, words, n)) return s.found;
  if (n == 0) offer_commands(&s);
  session_each_name(session, offer_name, &s);
  offer_words(&s, "pi eps and or not");
  return s.found;
}
