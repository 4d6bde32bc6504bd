/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Definitions as statements that make them again. Each is written out in full, since what a name was bound to when it was used may be
 * gone by now. Where a name occurs free in a definition and is defined as well, the definition comes first: read
 * the other way round it would mean something else. */
#include <string.h>

#include "base/text.h"
#include "commands.h"
#include "triad/calculus.h"

static bool is_parameter(const struct definition *d, tri_graph *g, tri_expr variable) {
  tri_lambda f = {g, d->lambda};
  for (size_t i = 0; d->lambda && d->function && i < tri_lambda_arity(f); i++)
    if (tri_expr_equal(tri_lambda_parameter(f, i), variable)) return true;
  return false;
}

void write_heading(const struct session *session, const struct definition *d, tri_text *text) {
  tri_lambda f = {session->graph, d->lambda};
  tri__text_puts(text, d->name);
  for (size_t i = 0; d->function && i < tri_lambda_arity(f); i++)
    tri__text_printf(text, "%s%s", i == 0 ? "(" : ", ", tri_expr_name(tri_lambda_parameter(f, i)));
  tri__text_puts(text, d->function ? ") = " : " = ");
}

/* --- order */

/* Whether `name` occurs free in d. */
static bool uses(const struct session *session, const struct definition *d, const char *name, bool *used) {
  tri_expr *variables, e = expr_of(session->graph, d->expr);
  size_t n;
  if (tri_free_variables(1, &e, &variables, &n) != TRI_OK) return false;
  *used = false;
  for (size_t i = 0; i < n && !*used; i++)
    *used = strcmp(tri_expr_name(variables[i]), name) == 0 && !is_parameter(d, session->graph, variables[i]);
  tri_variables_free(session->graph, variables, n);
  return true;
}

/* Whether every definition that is not written yet can come after definition i. */
static bool may_come(const struct session *session, const unsigned char *written, size_t i) {
  for (size_t k = 0; k < session->n_definitions; k++) {
    bool used = true;
    if (k != i && !written[k] && (!uses(session, &session->definitions[k], session->definitions[i].name, &used) || used)) return false;
  }
  return true;
}

/* --- shared parts */

/* The names t1, t2, … that a printed expression defines before its last line, as text lines "t1 = …". */
static void forget_parts(const char *printed, tri_text *text) {
  for (const char *line = printed, *end; (end = strchr(line, '\n')); line = end + 1) {
    const char *equals = strstr(line, " = ");
    if (equals && equals < end) tri__text_printf(text, "clear %.*s\n", (int)(equals - line), line);
  }
}

/* The definition: its shared parts as definitions of their own, its last line behind the heading, and the parts forgotten again. */
static tri_status write_definition(struct session *session, const struct definition *d, tri_text *text) {
  tri_text *printed = arena_text(&session->statement->arena);
  if (!printed) return TRI_MEMORY;
  tri_print_options options = {.format = TRI_INFIX};
  tri_status status = tri_print(tri_simplify(expr_of(session->graph, d->expr)), &options, printed);
  if (status != TRI_OK) return status;
  const char *last = strrchr(printed->data, '\n');
  last = last ? last + 1 : printed->data;
  tri__text_add(text, printed->data, (size_t)(last - printed->data));
  write_heading(session, d, text);
  tri__text_printf(text, "%s", last);
  tri__text_putc(text, '\n');
  forget_parts(printed->data, text);
  return text->status;
}

static tri_status cannot(struct session *session, const unsigned char *written) {
  size_t i = 0;
  while (i < session->n_definitions && written[i]) i++;
  return session_fail(session, NULL, TRI_NAME, "cannot save %s: the definitions left stand for each other's names",
                      session->definitions[i].name);
}

static void write_settings(const struct session *session, tri_text *text) {
  for (size_t i = 0; i < setting_count; i++) {
    tri__text_printf(text, "set %s ", setting_rows[i].name);
    setting_rows[i].get(session, text);
    tri__text_putc(text, '\n');
  }
}

tri_status save_write(struct session *session, tri_text *text) {
  size_t n = session->n_definitions, left = n;
  unsigned char *written = arena_new(&session->statement->arena, n, 1);
  if (!written) return TRI_MEMORY;
  tri__text_puts(text, "# saved by triad\n");
  while (left > 0) {
    size_t before = left;
    for (size_t i = 0; i < n; i++) {
      if (written[i] || !may_come(session, written, i)) continue;
      tri_status status = write_definition(session, &session->definitions[i], text);
      if (status != TRI_OK) return status;
      written[i] = 1;
      left--;
    }
    if (left == before) return cannot(session, written);
  }
  write_settings(session, text);
  return text->status;
}
