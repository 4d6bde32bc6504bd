/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plots made of characters: dots of braille where the terminal knows them (two by four in a cell),
 * else one sign in a cell. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plot.h"
#include "scan.h"

enum { ROWS = 20, TICKS = 5 };

struct canvas {
  size_t columns; /* cells; there are ROWS rows of them */
  int across, up; /* dots in a cell */
  struct scale y;
  unsigned char *dots;  /* braille pattern, or the sign */
  unsigned char *owner; /* which curve drew last, + 1 */
};

/* --- drawing */

static void set_dot(struct canvas *c, long x, long y, size_t curve) {
  static const unsigned char bits[4][2] = {
      {0x40, 0x80}, {0x04, 0x20}, {0x02, 0x10}, {0x01, 0x08}}; /* from below */
  static const char signs[] = "*.+ox#";
  long width = (long)c->columns * c->across, height = (long)ROWS * c->up;
  if (x < 0 || x >= width || y < 0 || y >= height) return;
  size_t cell = (size_t)(ROWS - 1 - y / c->up) * c->columns + (size_t)(x / c->across);
  if (c->up == 1)
    c->dots[cell] = (unsigned char)signs[curve];
  else
    c->dots[cell] |= bits[y % 4][x % 2];
  c->owner[cell] = (unsigned char)(curve + 1);
}

/* The dot's height of a value; far outside it is cut. */
static long height_of(const struct canvas *c, double y) {
  double part = (y - c->y.low) / (c->y.high - c->y.low) * (double)(ROWS * c->up - 1);
  return lround(fmin(fmax(part, -100.0), (double)(ROWS * c->up) + 100.0));
}

static bool is_outside(const struct canvas *c, long y) { return y < 0 || y >= (long)ROWS * c->up; }

/* A curve, its points joined by vertical strokes except across a pole. `dashed`: with gaps, to tell
 * it without colours. */
static void draw(struct canvas *c, const struct curves *curves, size_t k, bool dashed) {
  long width = (long)c->columns * c->across, last = 0;
  bool joined = false;
  for (size_t i = 0; i < curves->count; i++) {
    double value = curves->y[k][i];
    if (isnan(value)) {
      joined = false;
      continue;
    }
    long x = lround((double)i / (double)(curves->count - 1) * (double)(width - 1)),
         y = height_of(c, value);
    if (joined && is_outside(c, y) && is_outside(c, last)) last = y;
    long from = joined && last < y ? last + 1 : y, to = joined && last > y ? last - 1 : y;
    for (long at = from; at <= to; at++)
      if (!dashed || ((x + at) & 3) < 2) set_dot(c, x, at, k);
    last = y;
    joined = true;
  }
}

/* --- text */

static const char *const colours[MOST_CURVES] = {"\033[36m", "\033[33m", "\033[35m",
                                                 "\033[32m", "\033[31m", "\033[34m"};

static void put_code(tri_text *text, unsigned code) {
  const char bytes[3] = {(char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 63)),
                         (char)(0x80 | (code & 63))};
  tri__text_add(text, bytes, 3);
}

/* What stands behind the curves: the axes through 0. */
static const char *background(bool unicode, bool on_x_axis, bool on_y_axis) {
  if (on_x_axis && on_y_axis) return unicode ? "┼" : "+";
  if (on_x_axis) return unicode ? "─" : "-";
  if (on_y_axis) return unicode ? "│" : "|";
  return " ";
}

struct look {
  bool unicode, colour;
  long zero_row, zero_column; /* -1: not shown */
};

/* A cell, after what turns the colour from that of curve *last to its own (0: none). */
static void put_cell(const struct canvas *c, size_t row, size_t column, const struct look *look,
                     unsigned char *last, tri_text *text) {
  size_t cell = row * c->columns + column;
  unsigned char owner = c->dots[cell] ? c->owner[cell] : 0;
  if (look->colour && owner != *last) tri__text_puts(text, owner ? colours[owner - 1] : "\033[0m");
  *last = owner;
  if (owner == 0)
    tri__text_puts(text, background(look->unicode, (long)row == look->zero_row,
                                    (long)column == look->zero_column));
  else if (look->unicode)
    put_code(text, 0x2800u + c->dots[cell]);
  else
    tri__text_putc(text, (char)c->dots[cell]);
}

static size_t tick_row(const struct canvas *c, double value) {
  return (size_t)(ROWS - 1) - (size_t)(height_of(c, value) / c->up);
}

/* Right-aligned labels of the rows that are ticks. */
struct labels {
  tri_text *of[ROWS];
  size_t width;
};

static bool make_labels(const struct request *request, const struct canvas *c,
                        struct labels *labels) {
  *labels = (struct labels){0};
  for (int64_t i = c->y.least; i <= c->y.most; i++) {
    tri_text *text = arena_text(&request->session->statement->arena);
    size_t row = tick_row(c, scale_tick(&c->y, i));
    if (!text) return session_no_memory(request->session), false;
    tri__text_double(text, scale_tick(&c->y, i));
    if (row < ROWS) labels->of[row] = text;
    if (text->size > labels->width) labels->width = text->size;
  }
  return true;
}

static void spaces(tri_text *text, size_t n) {
  while (n-- > 0) tri__text_putc(text, ' ');
}

static void put_row(const struct canvas *c, size_t row, const struct labels *labels,
                    const struct look *look, tri_text *text) {
  const tri_text *label = labels->of[row];
  spaces(text, labels->width - (label ? label->size : 0));
  if (label) tri__text_add(text, label->data, label->size);
  tri__text_puts(text, look->unicode ? (label ? " ┤" : " │") : (label ? " +" : " |"));
  size_t start = text->size;
  unsigned char last = 0;
  for (size_t column = 0; column < c->columns; column++)
    put_cell(c, row, column, look, &last, text);
  if (look->colour && last) tri__text_puts(text, "\033[0m");
  while (text->size > start && text->data[text->size - 1] == ' ') text->size--;
  tri__text_putc(text, '\n');
}

/* The ends of the range below the left and right corner, and the variable between. */
static void put_x_labels(const struct curves *curves, const struct labels *labels, size_t columns,
                         tri_text *text) {
  tri_text from = {0}, to = {0};
  tri__text_double(&from, curves->from);
  tri__text_double(&to, curves->to);
  size_t name = strlen(curves->x_name), used = from.size + name + to.size;
  spaces(text, labels->width + 2);
  if (used + 4 <= columns) {
    size_t left = (columns - name) / 2 > from.size ? (columns - name) / 2 - from.size : 1;
    tri__text_printf(text, "%s", from.data);
    spaces(text, left);
    tri__text_puts(text, curves->x_name);
    spaces(text, columns - used > left ? columns - used - left : 1);
    tri__text_printf(text, "%s\n", to.data);
  } else {
    tri__text_printf(text, "%s .. %s\n", from.data, to.data);
  }
  tri_text_free(&from);
  tri_text_free(&to);
}

static void put_legend(const struct curves *curves, const struct look *look, tri_text *text) {
  static const char signs[] = "*.+ox#";
  for (size_t k = 0; k < curves->n; k++) {
    bool dashed = look->unicode && !look->colour && k % 2 == 1;
    tri__text_puts(text, k > 0 ? "   " : "");
    if (look->colour) tri__text_puts(text, colours[k]);
    if (look->unicode)
      tri__text_puts(text, dashed ? "┄┄" : "──");
    else
      tri__text_putc(text, signs[k]);
    if (look->colour) tri__text_puts(text, "\033[0m");
    tri__text_printf(text, " %s", curves->title[k]->data);
  }
  tri__text_puts(text, "\n\n");
}

/* The column of x = 0, and the row of y = 0. */
static void find_axes(const struct canvas *c, const struct curves *curves, struct look *look) {
  look->zero_row = look->zero_column = -1;
  if (c->y.low < 0.0 && c->y.high > 0.0) look->zero_row = (long)tick_row(c, 0.0);
  if (curves->from < 0.0 && curves->to > 0.0)
    look->zero_column =
        lround(-curves->from / (curves->to - curves->from) * (double)(c->columns - 1));
}

tri_status plot_terminal(const struct request *request, const struct curves *curves, size_t width,
                         tri_text *text) {
  struct session *session = request->session;
  struct look look = {.unicode = output_unicode(session),
                      .colour = output_colour(&session->output)};
  struct canvas c = {.across = look.unicode ? 2 : 1, .up = look.unicode ? 4 : 1};
  struct labels labels;
  double low, high;
  if (!curves_range(curves, &session->statement->arena, &low, &high))
    return request_fail(request, NULL, TRI_DOMAIN,
                        "the expression has no value anywhere in the range");
  c.y = scale_of(low, high, TICKS, true);
  if (!make_labels(request, &c, &labels)) return TRI_MEMORY;
  c.columns = width > labels.width + 12 ? width - labels.width - 2 : 10;
  c.dots = request_new(request, ROWS * c.columns, 1);
  c.owner = request_new(request, ROWS * c.columns, 1);
  if (!c.dots || !c.owner) return TRI_MEMORY;
  for (size_t k = curves->n; k-- > 0;)
    draw(&c, curves, k, look.unicode && !look.colour && k % 2 == 1);
  find_axes(&c, curves, &look);
  put_legend(curves, &look, text);
  for (size_t row = 0; row < ROWS; row++) put_row(&c, row, &labels, &look, text);
  put_x_labels(curves, &labels, c.columns, text);
  return session_fail_status(session, text->status);
}
