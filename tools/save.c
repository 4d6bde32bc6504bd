/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Definitions as statements that make them again. Each is written out in full, since what a name
 * was bound to when it was used may be gone by now. Where a name occurs free in a definition and is
 * defined as well, the definition comes first: read the other way round it would mean something
 * else. */
#include <string.h>

#include "base/text.h"
#include "commands.h"
#include "declare.h"
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
  for (size_t i = 0; d->function && i < tri_lambda_arity(f); i++) {
    tri__text_printf(text, "%s%s", i == 0 ? "(" : ", ", tri_expr_name(tri_lambda_parameter(f, i)));
    declare_write_shape(session->graph, tri_lambda_parameter(f, i), text);
  }
  tri__text_puts(text, d->function ? ") = " : " = ");
}

bool write_declaration(const struct session *session, const struct definition *d, tri_text *text) {
  bool array = declared_array(session, d);
  if (!array && !declared_size(session, d)) return false;
  tri__text_printf(text, "%s %s", array ? "array" : "size", d->name);
  if (array) declare_write_shape(session->graph, expr_of(session->graph, d->expr), text);
  return true;
}

/* --- order */

/* For every definition: those whose names occur free in it, which must come after it, and how many
 * must come before it. */
struct order {
  size_t **later;
  size_t *n_later, *before;
};

static tri_status read_uses(struct session *session, size_t i, struct order *order) {
  const struct definition *d = &session->definitions[i];
  tri_graph *g = session->graph;
  tri_expr *variables, e = expr_of(g, d->expr);
  size_t n;
  tri_status status = tri_free_variables(1, &e, &variables, &n);
  if (status != TRI_OK) return status;
  order->later[i] = arena_new(&session->statement->arena, n, sizeof **order->later);
  for (size_t v = 0; order->later[i] && v < n; v++) {
    const char *name = tri_expr_name(variables[v]);
    const struct definition *used = session_find(session, name, strlen(name));
    if (!used || is_parameter(d, g, variables[v]) || used->expr == variables[v].id) continue;
    size_t k = (size_t)(used - session->definitions);
    order->later[i][order->n_later[i]++] = k;
    order->before[k]++;
  }
  tri_variables_free(g, variables, n);
  return order->later[i] ? TRI_OK : TRI_MEMORY;
}

static tri_status read_order(struct session *session, struct order *order) {
  struct arena *arena = &session->statement->arena;
  size_t n = session->n_definitions;
  *order = (struct order){arena_new(arena, n, sizeof *order->later),
                          arena_new(arena, n, sizeof *order->n_later),
                          arena_new(arena, n, sizeof *order->before)};
  if (!order->later || !order->n_later || !order->before) return TRI_MEMORY;
  for (size_t i = 0; i < n; i++) {
    tri_status status = read_uses(session, i, order);
    if (status != TRI_OK) return status;
  }
  return TRI_OK;
}

/* --- shared parts */

/* The names t1, t2, … that a printed expression defines before its last line, as text lines "t1 =
 * …". */
static void forget_parts(const char *printed, tri_text *text) {
  for (const char *line = printed, *end; (end = strchr(line, '\n')); line = end + 1) {
    const char *equals = strstr(line, " = ");
    if (equals && equals < end) tri__text_printf(text, "clear %.*s\n", (int)(equals - line), line);
  }
}

/* The definition: its shared parts as definitions of their own, its last line behind the heading,
 * and the parts forgotten again. */
static tri_status write_definition(struct session *session, const struct definition *d,
                                   tri_text *text) {
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
  return session_fail(session, NULL, TRI_NAME,
                      "cannot save %s: the definitions left stand for each other's names",
                      session->definitions[i].name);
}

static void write_settings(const struct session *session, tri_text *text) {
  for (size_t i = 0; i < setting_count; i++) {
    tri__text_printf(text, "set %s ", setting_rows[i].name);
    setting_rows[i].get(session, text);
    tri__text_putc(text, '\n');
  }
}

/* Declarations come first; sizes are declared with their arrays. */
static tri_status write_declarations(struct session *session, const struct order *order,
                                     unsigned char *written, size_t *left, tri_text *text) {
  for (size_t i = 0; i < session->n_definitions; i++) {
    const struct definition *d = &session->definitions[i];
    bool size = declared_size(session, d);
    if (!size && !declared_array(session, d)) continue;
    if (order->before[i] > 0) return cannot(session, written);
    if (!size && write_declaration(session, d, text)) tri__text_putc(text, '\n');
    written[i] = 1;
    --*left;
  }
  return TRI_OK;
}

/* Writes what may come now, again and again until all is written or nothing may come. */
static tri_status write_all(struct session *session, struct order *order, unsigned char *written,
                            tri_text *text) {
  size_t left = session->n_definitions;
  tri_status status = write_declarations(session, order, written, &left, text);
  if (status != TRI_OK) return status;
  for (size_t before = left + 1; left > 0 && left < before;) {
    before = left;
    for (size_t i = 0; i < session->n_definitions; i++) {
      if (written[i] || order->before[i] > 0) continue;
      status = write_definition(session, &session->definitions[i], text);
      if (status != TRI_OK) return status;
      for (size_t k = 0; k < order->n_later[i]; k++) order->before[order->later[i][k]]--;
      written[i] = 1;
      left--;
    }
    if (left == before) return cannot(session, written);
  }
  return TRI_OK;
}

tri_status save_write(struct session *session, tri_text *text) {
  struct order order;
  unsigned char *written = arena_new(&session->statement->arena, session->n_definitions, 1);
  tri_status status = written ? read_order(session, &order) : TRI_MEMORY;
  tri__text_puts(text, "# saved by triad\n");
  if (status == TRI_OK) status = write_all(session, &order, written, text);
  if (status != TRI_OK) return status;
  write_settings(session, text);
  return text->status;
}
