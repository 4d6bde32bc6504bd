/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Opening and closing sessions, and how failures become the graph's error. */
#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tri_graph *session_graph_new(const struct session *session) {
  return tri_graph_new(&(tri_graph_options){.interrupt = session->interrupt});
}

struct session *session_new(FILE *out, FILE *err, const volatile int *interrupt) {
  struct session *session = calloc(1, sizeof *session);
  if (!session) return NULL;
  session->interrupt = interrupt;
  session->settings.precision = 128;
  session->graph = session_graph_new(session);
  if (!session->graph) return free(session), NULL;
  session->empty = session->mark = tri_graph_mark(session->graph);
  output_init(&session->output, out, err);
  return session;
}

void session_free(struct session *session) {
  if (!session) return;
  for (size_t i = 0; i < session->n_definitions; i++)
    free((char *)(uintptr_t)session->definitions[i].name);
  free(session->definitions);
  free(session->slots);
  tri_graph_free(session->graph);
  free(session);
}

/* --- failures */

tri_status session_fail(struct session *session, const struct token *at, tri_status status,
                        const char *format, ...) {
  tri_graph *g = session->graph;
  if (g->error.status != TRI_OK) return g->error.status;
  va_list arguments;
  char message[TRI_MESSAGE_SIZE];
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  tri__fail(g, status, "%s", message);
  if (at && g->error.line == 0) {
    g->error.line = at->line;
    g->error.column = at->column;
  }
  return status;
}

tri_status session_fail_status(struct session *session, tri_status status) {
  if (status == TRI_OK) return TRI_OK;
  return session_fail(session, NULL, status, "%s", tri_status_meaning(status));
}

/* Names the culprit's place in the message itself too: "log at -1 (column 5)". */
static void name_place(const struct session *session, tri_error *error) {
  const struct statement *s = session->statement;
  size_t size = strlen(error->message);
  if (!s || error->line == 0) return;
  char *end = error->message + size;
  if (error->line == s->position.line)
    snprintf(end, sizeof error->message - size, " (column %u)", (unsigned)error->column);
  else
    snprintf(end, sizeof error->message - size, " (line %u, column %u)", (unsigned)error->line,
             (unsigned)error->column);
}

tri_status session_fail_with(struct session *session, const struct token *at,
                             const tri_error *error) {
  tri_graph *g = session->graph;
  tri_graph_clear_error(g);
  g->error = *error;
  if (error->status == TRI_OK) g->error.status = TRI_UNKNOWN;
  if (g->error.line == 0 &&
      !(error->node && session_place(session, error->node, &g->error.line, &g->error.column)) &&
      at) {
    g->error.line = at->line;
    g->error.column = at->column;
  }
  if (g->error.status == TRI_DOMAIN) name_place(session, &g->error);
  return g->error.status;
}

tri_status session_no_memory(struct session *session) {
  return session_fail(session, NULL, TRI_MEMORY, "out of memory");
}
