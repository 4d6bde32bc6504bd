/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What Keras 3 prints of a model. */
#include "nn/nn.h"

enum { COLUMNS = 3 };

/* 235,500 */
static void grouped(tri_text *text, size_t n) {
  size_t unit = 1;
  while (n / unit >= 1000) unit *= 1000;
  tri__text_printf(text, "%zu", n / unit);
  for (n %= unit; unit > 1; n %= unit) {
    unit /= 1000;
    tri__text_printf(text, ",%03zu", n / unit);
  }
}

static void repeat(tri_text *text, const char *what, size_t n) {
  while (n-- > 0) tri__text_puts(text, what);
}

/* A line between rows. */
static void rule(tri_text *text, const size_t *width, const char *const *marks) {
  for (size_t c = 0; c < COLUMNS; c++) {
    tri__text_puts(text, marks[c ? 1 : 0]);
    repeat(text, marks[3], width[c]);
  }
  tri__text_puts(text, marks[2]);
  tri__text_puts(text, "\n");
}

/* The cells of a layer; the heads of columns for NULL. */
static void cell(tri_text *text, const tri_model *m, const struct layer *l, size_t column) {
  static const char *const heads[COLUMNS] = {"Layer (type)", "Output Shape", "Param #"};
  char shape[SHAPE_TEXT];
  size_t count = 0;
  if (!l)
    tri__text_puts(text, heads[column]);
  else if (column == 0)
    tri__text_printf(text, "%s (%s)", l->name, tri__layer_row(l->spec.kind)->class_name);
  else if (column == 1)
    tri__text_puts(text, tri__sample_text(&m->calls[l - m->layers].gives, shape));
  else {
    for (size_t i = 0; i < l->weights; i++) count += m->weights[l->first_weight + i].values.count;
    grouped(text, count);
  }
}

static void row(tri_text *text, const tri_model *m, const struct layer *l, const size_t *width) {
  const char *bar = l ? "│" : "┃";
  for (size_t c = 0; c < COLUMNS; c++) {
    tri_text piece = {.allocator = text->allocator};
    cell(&piece, m, l, c);
    size_t gap = piece.size + 2 < width[c] ? width[c] - piece.size - 2 : 0;
    if (piece.status) text->status = piece.status;
    tri__text_puts(text, bar);
    repeat(text, " ", c == 2 ? gap + 1 : 1);
    if (piece.data) tri__text_puts(text, piece.data);
    repeat(text, " ", c == 2 ? 1 : gap + 1);
    tri_text_free(&piece);
  }
  tri__text_puts(text, bar);
  tri__text_puts(text, "\n");
}

/* Keras's widths, more where a layer's cells need it. */
static void widths(const tri_model *m, tri_text *text, size_t *width) {
  width[0] = 33, width[1] = 24, width[2] = 15;
  for (size_t i = 1; i < m->n_layers; i++)
    for (size_t c = 0; c < COLUMNS; c++) {
      tri_text piece = {.allocator = text->allocator};
      cell(&piece, m, &m->layers[i], c);
      if (piece.status) text->status = piece.status;
      if (piece.size + 2 > width[c]) width[c] = piece.size + 2;
      tri_text_free(&piece);
    }
}

/* Total params: 266,610 (1.02 MB) */
static void total(tri_text *text, const char *what, size_t count) {
  static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
  double bytes = 4.0 * (double)count;
  size_t unit = 0;
  for (; bytes >= 1024.0 && unit < 5; unit++) bytes /= 1024.0;
  size_t hundredths = (size_t)(100.0 * bytes + 0.5);
  tri__text_printf(text, " %s: ", what);
  grouped(text, count);
  tri__text_printf(text, " (%zu.%02zu %s)\n", hundredths / 100, hundredths % 100, units[unit]);
}

tri_status tri_model_summary(const tri_model *model, tri_text *text) {
  static const char *const top[] = {"┏", "┳", "┓", "━"}, *const head[] = {"┡", "╇", "┩", "━"},
                           *const line[] = {"├", "┼", "┤", "─"},
                           *const end[] = {"└", "┴", "┘", "─"};
  size_t width[COLUMNS];
  widths(model, text, width);
  tri__text_printf(text, "Model: \"%s\"\n", model->name);
  rule(text, width, top);
  row(text, model, NULL, width);
  rule(text, width, head);
  for (size_t i = 1; i < model->n_layers; i++) {
    row(text, model, &model->layers[i], width);
    rule(text, width, i + 1 < model->n_layers ? line : end);
  }
  total(text, "Total params", model->parameters);
  total(text, "Trainable params", model->trainable);
  total(text, "Non-trainable params", model->parameters - model->trainable);
  return text->status;
}
