/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Help: from the tables of functions, calls, commands and settings. Examples are run when they are
 * shown, so what stands there is what comes out. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "calls.h"
#include "commands.h"

static const char overview[] =
    "Statements: an expression prints its value, f(x, y) = … defines a function, a = … binds a "
    "name.\n"
    "One a line, or parted by ';'. '#' starts a comment; a line goes on while a bracket is open.\n"
    "\n"
    "  f(x, y) = x²y + y + 2     x^2*y + y + 2 also\n"
    "  f(3, 4)                   the value\n"
    "  f(3 + eps, 4)             value and derivative: a dual number\n"
    "  diff(f, x)                symbolic derivative; ∂f/∂x also, f' for one parameter\n"
    "  gradient(f)               symbolic; gradient(f, 3, 4) as numbers, mode=forward, reverse or "
    "symbolic\n"
    "  forward(f, 3, 4)          every step of forward mode; reverse(f, 3, 4) of reverse mode\n"
    "  plot(f(x, 1), x=-3..3)    in the terminal, or with a third argument \"plot.svg\" to a file\n"
    "\n"
    "Topics: help functions, calls, commands, settings, language; or any name, as in: help tanh\n";

static const char language[] =
    "Numbers     2, 0.1, 1e-3, 0x1.8p3 are exact until a result is printed\n"
    "Names       letters of any script, digits and _; pi (π); eps (ε) with eps^2 = 0\n"
    "Operators   + - * / ^ (or **), < <= > >= == !=, and or not; -x^2 is -(x^2), x^y^z is x^(y^z)\n"
    "Products    the sign may be left out: 2x, 3(x+1), (x+1)(x-1), x²y; never between two names, "
    "nor after / or ^\n"
    "Typed       x², x⁻¹, ·, ×, −, ÷, √x, ∂f/∂x, ∂²f/∂x², ∂²f/∂x∂y, f', f''\n"
    "Vectors     [a, b], matrices [[a, b], [c, d]]\n"
    "Arrays      x[i], A[i, j] from 1 on; f(x[n]) = sum(x[i]^2, i=1..n); map, prod, scan, fold\n"
    "            array x[n] declares a free one\n"
    "Points      gradient(f, 3, 4) in the order of the parameters, or gradient(e, x=3, y=4) by "
    "name\n"
    "Free names  are variables; what they are bound to later does not change what was defined "
    "before\n";

static void put_line(tri_text *text, const char *name, size_t width, const char *help) {
  tri__text_printf(text, "  %s", name);
  for (size_t i = strlen(name); i < width; i++) tri__text_putc(text, ' ');
  tri__text_printf(text, " %s\n", help);
}

/* --- lists */

enum { FUNCTION_WIDTH = 11, CALL_WIDTH = 11, SETTING_WIDTH = 10 };

static void list_functions(tri_text *text) {
  for (unsigned op = 0; op < TRI_OP_ROWS; op++)
    if (row_is_function(&tri__rows[op], op))
      put_line(text, tri__rows[op].name, FUNCTION_WIDTH, tri__rows[op].help);
  for (size_t i = 0; i < tri__array_function_count; i++)
    put_line(text, tri__array_functions[i].name, FUNCTION_WIDTH, tri__array_functions[i].help);
}

static void list_calls(tri_text *text) {
  for (size_t i = 0; i < call_count; i++)
    put_line(text, call_rows[i].name, CALL_WIDTH, call_rows[i].help);
}

static void list_commands(tri_text *text) {
  for (size_t i = 0; i < command_count; i++)
    put_line(text, command_rows[i].usage, 15, command_rows[i].help);
}

static void list_settings(tri_text *text) {
  for (size_t i = 0; i < setting_count; i++)
    put_line(text, setting_rows[i].name, SETTING_WIDTH, setting_rows[i].help);
}

/* --- examples */

/* Runs an example in a session of its own and appends what it prints. */
static void run_example(struct session *session, const char *example, tri_text *text) {
  char *bytes = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&bytes, &size);
  struct session *inner = out ? session_new(out, out, session->interrupt) : NULL;
  if (inner) {
    inner->output.colour = WHEN_NEVER;
    inner->settings.unicode = output_unicode(session) ? WHEN_ALWAYS : WHEN_NEVER;
    session_run(inner, "example", example, strlen(example), 1);
  }
  session_free(inner);
  if (out && fclose(out) == 0) {
    for (char *line = bytes, *end; line < bytes + size; line = end + 1) {
      end = strchr(line, '\n');
      if (!end) end = bytes + size;
      tri__text_puts(text, "  ");
      tri__text_add(text, line, (size_t)(end - line));
      tri__text_putc(text, '\n');
    }
  }
  free(bytes);
}

static void put_entry(struct session *session, const char *usage, const char *help,
                      const char *example, tri_text *text) {
  tri__text_printf(text, "%s\n  %s\n\nexample: %s\n", usage, help, example);
  run_example(session, example, text);
}

/* --- entries */

static const char *const arguments[] = {"", "(x)", "(x, y)", "(condition, x, y)"};

static bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* Where there is a value, in the letters of the usage: rows call their arguments a, b, c. */
static void put_domain(const char *domain, tri_text *text) {
  tri__text_puts(text, "\nhas a value where ");
  for (const char *c = domain; *c; c++) {
    bool alone = (c == domain || !in_word(c[-1])) && !in_word(c[1]);
    tri__text_putc(text, alone && (*c == 'a' || *c == 'b') ? (char)(*c - 'a' + 'x') : *c);
  }
  tri__text_putc(text, '\n');
}

/* What diff makes of the function, by each argument that it has a derivative by. */
static void put_derivatives(struct session *session, const struct row *row, tri_text *text) {
  char statement[80];
  if (row->infix || row->sort != TRI_REAL || row->arity > 2) return;
  for (int i = 0; i < row->arity; i++) {
    if (!row->partial[i]) continue;
    snprintf(statement, sizeof statement, "diff(%s%s, %c)", row->name, arguments[row->arity],
             'x' + i);
    tri__text_printf(text, "\nd/d%c\n", 'x' + i);
    run_example(session, statement, text);
  }
}

static void put_row(struct session *session, const struct row *row, tri_text *text) {
  char usage[80];
  if (row->infix && row->arity == 2)
    snprintf(usage, sizeof usage, "x %s y", row->infix);
  else if (row->infix)
    snprintf(usage, sizeof usage, strlen(row->infix) > 1 ? "%s x" : "%sx", row->infix);
  else
    snprintf(usage, sizeof usage, "%s%s", row->name, arguments[row->arity]);
  put_entry(session, usage, row->help, row->example, text);
  put_derivatives(session, row, text);
  if (row->domain) put_domain(row->domain, text);
}

static bool put_rows(struct session *session, const struct word *topic, tri_text *text) {
  bool found = false;
  for (unsigned op = 0; op < TRI_OP_ROWS; op++) {
    const struct row *row = &tri__rows[op];
    if (!word_is(topic, row->name) && !(row->infix && word_is(topic, row->infix))) continue;
    tri__text_puts(text, found ? "\n" : "");
    put_row(session, row, text);
    found = true;
  }
  return found;
}

static bool put_named(struct session *session, const struct word *topic, tri_text *text) {
  const struct call_row *call = call_find(topic->bytes, topic->size);
  const struct command_row *command = command_find(topic->bytes, topic->size);
  const struct setting_row *setting = setting_find(topic->bytes, topic->size);
  const struct array_function *function = tri__array_function(topic->bytes, topic->size);
  if (call) put_entry(session, call->usage, call->help, call->example, text);
  if (function) put_entry(session, function->usage, function->help, function->example, text);
  if (command && word_is(topic, "help"))
    tri__text_printf(text, "%s\n  %s\n\nexample: %s\n", command->usage, command->help,
                     command->example);
  else if (command)
    put_entry(session, command->usage, command->help, command->example, text);
  if (setting) {
    char usage[80];
    snprintf(usage, sizeof usage, "set %s %s", setting->name,
             setting->values ? setting->values : "N");
    put_entry(session, usage, setting->help, setting->example, text);
  }
  return call || function || command || setting;
}

static bool put_topic(const struct word *topic, tri_text *text) {
  if (topic->size == 0)
    tri__text_puts(text, overview);
  else if (word_is(topic, "functions"))
    list_functions(text);
  else if (word_is(topic, "calls"))
    list_calls(text);
  else if (word_is(topic, "commands"))
    list_commands(text);
  else if (word_is(topic, "settings"))
    list_settings(text);
  else if (word_is(topic, "language"))
    tri__text_puts(text, language);
  else
    return false;
  return true;
}

static bool put_constant(const struct word *topic, tri_text *text) {
  if (word_is(topic, "pi") || word_is(topic, "π"))
    tri__text_puts(text, "pi\n  the constant, symbolic until a result is printed\n");
  else if (word_is(topic, "eps") || word_is(topic, "ε"))
    tri__text_puts(
        text,
        "eps\n  the infinitesimal of dual numbers, eps^2 = 0: f(3 + eps) is f(3) + f'(3)*eps\n");
  else
    return false;
  return true;
}

tri_status help_write(struct session *session, const struct word *topic, tri_text *text) {
  if (put_topic(topic, text) || put_named(session, topic, text) || put_rows(session, topic, text) ||
      put_constant(topic, text))
    return text->status == TRI_OK ? TRI_OK : session_no_memory(session);
  return session_fail(session, &topic->at, TRI_NAME, "no help on %.80s; 'help' lists the topics",
                      topic->bytes);
}
