/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plots as SVG, PNG or PDF: a script for gnuplot with the points in it; what gnuplot writes goes
 * through standard output, so no name of a file stands in the script. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "child.h"
#include "picture.h"
#include "plot.h"

/* Nowhere is markup read in texts (noenhanced): they are formulas. */
static const char *terminal_of(const char *ending) {
  if (strcmp(ending, "svg") == 0)
    return "set terminal svg noenhanced size 900,600 dynamic font 'Helvetica,Arial,sans-serif,14' "
           "background rgb 'white'\n";
  if (strcmp(ending, "pdf") == 0)
    return "set terminal pdfcairo noenhanced size 18cm,12cm font 'Sans,12'\n";
  if (strcmp(ending, "png") == 0)
    return "if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) "
           "{ set terminal pngcairo noenhanced size 900,600 font 'Sans,12' } else "
           "{ set terminal png noenhanced size 900,600 }\n";
  return NULL;
}

/* A text in single quotes, where nothing but the quote has a meaning; it stands for itself when
 * doubled. */
static void put_quoted(tri_text *script, const char *text) {
  tri__text_putc(script, '\'');
  for (; *text; text++) {
    if (*text == '\'') tri__text_putc(script, '\'');
    tri__text_putc(script, *text == '\n' ? ' ' : *text);
  }
  tri__text_putc(script, '\'');
}

static void put_range(tri_text *script, const char *axis, double low, double high) {
  tri__text_printf(script, "set %srange [", axis);
  tri__text_double(script, low);
  tri__text_putc(script, ':');
  tri__text_double(script, high);
  tri__text_puts(script, "]\n");
}

/* The points of all curves, one below the other; a blank line where a curve is broken. */
static void put_points(tri_text *script, const struct curves *c) {
  for (size_t k = 0; k < c->n; k++) {
    tri__text_printf(script, "$curve%zu << END\n", k);
    for (size_t i = 0; i < c->count; i++) {
      if (!isfinite(c->y[k][i])) {
        tri__text_putc(script, '\n');
        continue;
      }
      tri__text_double(script, c->from + (c->to - c->from) * ((double)i / (double)(c->count - 1)));
      tri__text_putc(script, ' ');
      tri__text_double(script, c->y[k][i]);
      tri__text_putc(script, '\n');
    }
    tri__text_puts(script, "END\n");
  }
}

static void put_script(tri_text *script, const struct curves *c, const char *terminal, double low,
                       double high) {
  struct scale y = scale_of(low, high, 8, true);
  tri__text_puts(script, "set encoding utf8\n");
  tri__text_puts(script, terminal);
  /* The key stands below the axes, so that it covers no curve; a line for each, however long. */
  tri__text_puts(script, "set grid\nset zeroaxis linetype -1\n"
                         "set key below Left reverse maxcols 1\nset xlabel ");
  put_quoted(script, c->x_name);
  tri__text_putc(script, '\n');
  put_range(script, "x", c->from, c->to);
  put_range(script, "y", y.low, y.high);
  put_points(script, c);
  for (size_t k = 0; k < c->n; k++) {
    tri__text_printf(script, "%s$curve%zu using 1:2 with lines linewidth 2%s title ",
                     k == 0 ? "plot " : ", ", k, c->derivative && k == 1 ? " dashtype 2" : "");
    put_quoted(script, c->title[k]->data);
  }
  tri__text_putc(script, '\n');
}

tri_status plot_file(const struct request *request, const struct curves *c,
                     const struct value *file, struct value *value) {
  struct session *session = request->session;
  char *path = picture_path(request, file);
  char ending[8];
  double low, high;
  if (!path) return tri_graph_status(request->graph);
  picture_ending(path, ending);
  const char *terminal = terminal_of(ending);
  if (!terminal)
    return request_fail(request, file, TRI_FILE,
                        "a plot is drawn to a file ending in .svg, .png or .pdf");
  if (!curves_range(c, &session->statement->arena, &low, &high))
    return request_fail(request, NULL, TRI_DOMAIN,
                        "the expression has no value anywhere in the range");
  tri_text *script = arena_text(&session->statement->arena);
  if (!script) return session_no_memory(session);
  put_script(script, c, terminal, low, high);
  if (script->status != TRI_OK) return session_no_memory(session);
  tri_error error = {0};
  const char *const argv[] = {"gnuplot", "-", NULL};
  tri_status status = child_draw(
      argv, "the package gnuplot; plot without a file draws in the terminal", script, path, &error);
  return status == TRI_OK ? picture_wrote(request, path, value)
                          : session_fail_with(session, &file->token, &error);
}
