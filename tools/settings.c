/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The settings, and how each is read and shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "commands.h"

enum { LEAST_PRECISION = 2, MOST_PRECISION = TRI_MAX_PRECISION };

/* --- domain */

static void list_domains(tri_text *text) {
  for (int d = 0; d < TRI_DOMAINS; d++) {
    tri__text_puts(text, d == 0 ? "" : d + 1 < TRI_DOMAINS ? ", " : " and ");
    tri__text_puts(text, tri_domain_name((tri_domain)d));
  }
}

static tri_status set_domain(struct session *session, const struct word *word) {
  tri_domain domain = tri_domain_find(word->bytes);
  if (domain < TRI_DOMAINS) {
    session->settings.domain = domain;
    return TRI_OK;
  }
  tri_text *known = arena_text(&session->statement->arena);
  if (!known) return session_no_memory(session);
  list_domains(known);
  return session_fail(session, &word->at, TRI_NAME, "no domain %.80s; there are %s", word->bytes,
                      known->data);
}

static void get_domain(const struct session *session, tri_text *text) {
  tri__text_puts(text, tri_domain_name(session->settings.domain));
}

/* --- numbers */

/* A whole number from least to most; false if the word is none. */
static bool read_whole(const struct word *word, uint64_t least, uint64_t most, uint64_t *number) {
  uint64_t value = 0;
  for (size_t i = 0; i < word->size; i++) {
    if (word->bytes[i] < '0' || word->bytes[i] > '9' || value > most) return false;
    value = value * 10 + (uint64_t)(word->bytes[i] - '0');
  }
  *number = value;
  return word->size > 0 && value >= least && value <= most;
}

static tri_status set_precision(struct session *session, const struct word *word) {
  uint64_t bits;
  if (!read_whole(word, LEAST_PRECISION, MOST_PRECISION, &bits))
    return session_fail(session, &word->at, TRI_LIMIT,
                        "precision is a number of bits from %d to %d, not %.80s", LEAST_PRECISION,
                        MOST_PRECISION, word->bytes);
  session->settings.precision = (uint32_t)bits;
  return TRI_OK;
}

static void get_precision(const struct session *session, tri_text *text) {
  tri__text_printf(text, "%u", (unsigned)session->settings.precision);
}

static tri_status set_digits(struct session *session, const struct word *word) {
  uint64_t digits;
  if (!read_whole(word, 0, 1000000, &digits))
    return session_fail(session, &word->at, TRI_LIMIT,
                        "digits is a number from 0 (off) to 1000000, not %.80s", word->bytes);
  session->settings.digits = digits;
  return TRI_OK;
}

static void get_digits(const struct session *session, tri_text *text) {
  tri__text_printf(text, "%llu", (unsigned long long)session->settings.digits);
}

/* --- switches */

static tri_status set_switch(struct session *session, const struct word *word, const char *name,
                             bool *on) {
  if (!word_is(word, "on") && !word_is(word, "off"))
    return session_fail(session, &word->at, TRI_NAME, "%s is on or off, not %.80s", name,
                        word->bytes);
  *on = word_is(word, "on");
  return TRI_OK;
}

static tri_status set_strict(struct session *session, const struct word *word) {
  return set_switch(session, word, "strict", &session->settings.strict);
}

static void get_strict(const struct session *session, tri_text *text) {
  tri__text_puts(text, session->settings.strict ? "on" : "off");
}

static tri_status set_echo(struct session *session, const struct word *word) {
  return set_switch(session, word, "echo", &session->settings.echo);
}

static void get_echo(const struct session *session, tri_text *text) {
  tri__text_puts(text, session->settings.echo ? "on" : "off");
}

/* --- how results look */

static const char *const whens[] = {
    [WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "on", [WHEN_NEVER] = "off"};

static tri_status set_unicode(struct session *session, const struct word *word) {
  for (uint8_t when = 0; when < sizeof whens / sizeof *whens; when++)
    if (word_is(word, whens[when])) {
      session->settings.unicode = when;
      return TRI_OK;
    }
  return session_fail(session, &word->at, TRI_NAME, "unicode is auto, on or off, not %.80s",
                      word->bytes);
}

static void get_unicode(const struct session *session, tri_text *text) {
  tri__text_puts(text, whens[session->settings.unicode]);
}

const struct setting_row setting_rows[] = {
    {"domain", set_domain, get_domain, "double float rational mpfr ball",
     "what numbers are: double (IEEE, the default), float (32 bits), rational (exact, where a "
     "result is "
     "rational), mpfr (of any precision) or ball (enclosures)",
     "set domain rational; 2/6"},
    {"precision", set_precision, get_precision, NULL,
     "bits of numbers in domains that round to a chosen precision (mpfr, ball)",
     "set precision 200; show precision"},
    {"digits", set_digits, get_digits, NULL,
     "certain digits of every number printed, proved by balls; 0: off", "set digits 30; sqrt(2)"},
    {"strict", set_strict, get_strict, "on off",
     "a derivative at a kink is an error that names the operation, instead of what the convention "
     "says",
     "set strict on; gradient(abs(x), x=1)"},
    {"echo", set_echo, get_echo, "on off", "shows every statement with its result, for scripts",
     "set echo on; 2 + 3"},
    {"unicode", set_unicode, get_unicode, "auto on off",
     "characters beyond ASCII in results: auto is on for a UTF-8 terminal; never in JSON",
     "set unicode on; 1 + eps"},
};
const size_t setting_count = sizeof setting_rows / sizeof *setting_rows;

const struct setting_row *setting_find(const char *name, size_t size) {
  for (size_t i = 0; i < setting_count; i++)
    if (text_is(name, size, setting_rows[i].name)) return &setting_rows[i];
  return NULL;
}

bool setting_option(struct session *session, const char *name, const char *value) {
  struct statement statement = {.text = ""};
  struct word word = {.bytes = value, .size = strlen(value)};
  session->statement = &statement;
  bool good = setting_find(name, strlen(name))->set(session, &word) == TRI_OK;
  if (!good) fprintf(stderr, "triad: --%s: %s\n", name, tri_graph_error(session->graph)->message);
  tri_graph_clear_error(session->graph);
  arena_free(&statement.arena);
  session->statement = NULL;
  return good;
}
