/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The call graph: the computation graph as DOT text or as a picture by Graphviz, at a point with
 * every node's value and adjoint. */
#include "picture.h"

#include <string.h>

#include "base/text.h"
#include "child.h"
#include "json.h"
#include "trace.h"

/* --- files */

char *picture_path(const struct request *request, const struct value *argument) {
  char *path = request_new(request, argument->size + 1, 1);
  size_t n = 0;
  if (!path) return NULL;
  for (size_t i = 0; i < argument->size; i++) {
    if (argument->text[i] == '\\' && i + 1 < argument->size) i++;
    path[n++] = argument->text[i];
  }
  if (n > 0) return path;
  request_fail(request, argument, TRI_FILE, "the file has no name");
  return NULL;
}

void picture_ending(const char *path, char ending[8]) {
  const char *slash = strrchr(path, '/'), *point = strrchr(slash ? slash : path, '.');
  size_t n = 0;
  for (const char *c = point ? point + 1 : ""; *c && n < 8; c++)
    ending[n++] = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
  ending[n < 8 ? n : 0] = '\0';
}

tri_status picture_wrote(const struct request *request, const char *path, struct value *value) {
  struct result *result = result_text(request->session);
  if (!result) return TRI_MEMORY;
  tri__text_printf(result->text, "wrote %s", path);
  json_name(result->members, "file");
  json_puts(result->members, path);
  request_report(value, result);
  return TRI_OK;
}

/* --- labels */

/* The second lines of nodes: what the run said of them. */
struct labels {
  const char **of; /* by node id */
  size_t count;
};

static const char *label_of(void *data, tri_expr node) {
  const struct labels *labels = data;
  return node.id < labels->count ? labels->of[node.id] : NULL;
}

static tri_status fill(const struct request *request, const struct trace *t,
                       struct labels *labels) {
  for (size_t i = 0; i < t->n_steps; i++) {
    const struct trace_step *step = &t->steps[i];
    if (step->number == 0 || step->node == 0 || step->node >= labels->count) continue;
    tri_text *text = arena_text(&request->session->statement->arena);
    if (!text) return session_no_memory(request->session);
    tri__text_printf(text, "= %s, adjoint %s", trace_text(t, step->value),
                     trace_text(t, step->adjoint));
    labels->of[step->node] = text->data;
  }
  return TRI_OK;
}

static tri_status read_labels(const struct request *request, const struct subject *s,
                              struct labels *labels) {
  struct trace t;
  tri_values *outputs, *adjoints;
  tri_status status = trace_needs_point(request, s);
  labels->count = request->graph->node_count;
  labels->of = request_new(request, labels->count, sizeof *labels->of);
  if (status != TRI_OK || !labels->of) return tri_graph_status(request->graph);
  status = trace_run(&t, request, s, true, &outputs, &adjoints);
  if (status == TRI_OK) status = fill(request, &t, labels);
  tri_values_free(outputs);
  tri_values_free(adjoints);
  trace_free(&t);
  return status;
}

/* --- drawing */

static tri_status draw(const struct request *request, const struct subject *s, const tri_text *dot,
                       struct value *value) {
  char *path = picture_path(request, s->file);
  char ending[8], option[16];
  tri_error error = {0};
  tri_status status;
  if (!path) return tri_graph_status(request->graph);
  picture_ending(path, ending);
  if (strcmp(ending, "dot") == 0 || strcmp(ending, "gv") == 0) {
    status = child_write(dot, path, &error);
  } else if (strcmp(ending, "svg") == 0 || strcmp(ending, "png") == 0 ||
             strcmp(ending, "pdf") == 0) {
    snprintf(option, sizeof option, "-T%s", ending);
    status = child_draw((const char *const[]){"dot", option, NULL},
                        "it is part of Graphviz; graph without a file prints the text for it", dot,
                        path, &error);
  } else {
    return request_fail(request, s->file, TRI_FILE,
                        "a graph is drawn to a file ending in .svg, .png, .pdf or .dot");
  }
  return status == TRI_OK ? picture_wrote(request, path, value)
                          : session_fail_with(request->session, &s->file->token, &error);
}

tri_status call_graph(const struct request *request, struct value *value) {
  struct subject s;
  struct labels labels = {0};
  tri_status status = subject_read(request, TAKES_POINT | TAKES_FILE, &s);
  if (status == TRI_OK && s.has_point) status = read_labels(request, &s, &labels);
  struct result *result = status == TRI_OK ? result_text(request->session) : NULL;
  if (!result) return tri_graph_status(request->graph);
  tri_print_options options = {
      .format = TRI_DOT, .label = s.has_point ? label_of : NULL, .label_data = &labels};
  status = tri_print(s.expr, &options, result->text);
  if (status != TRI_OK) return session_fail_status(request->session, status);
  if (s.file) return draw(request, &s, result->text, value);
  request_report(value, result);
  return TRI_OK;
}
