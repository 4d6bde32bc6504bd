/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What Keras 3 prints of a model, through Rich, where lines have 80 places. */
#include <string.h>

#include "nn/train.h"

enum { COLUMNS = 4 };

/* A table of layers, rows in the order of Keras. */
struct table {
  const tri_model *m;
  tri_text *text;
  size_t columns;
  const size_t *width; /* with a space on each side */
  size_t *layers, n_layers;
};

/* --- text */

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

/* Places that bytes take, letters beyond ASCII too. */
static size_t places(const char *bytes, size_t size) {
  size_t n = 0;
  for (size_t i = 0; i < size; i++) n += (bytes[i] & 0xc0) != 0x80;
  return n;
}

/* How many bytes of text are in its first line: words as far as they fit, of a longer word a
 * part. */
static size_t first_line(const char *text, size_t width) {
  size_t end = 0, fit = 0, used = 0;
  for (; text[end]; end++) {
    if (text[end] == ' ' && used <= width) fit = end;
    used += (text[end] & 0xc0) != 0x80;
    if (used > width && fit) return fit;
    if (used > width && text[end] != ' ') return end;
  }
  return end;
}

/* --- cells */

static size_t parameters_of(const tri_model *m, const struct layer *l) {
  size_t count = 0;
  for (size_t i = 0; i < l->weights; i++) count += m->weights[l->first_weight + i].values.count;
  return count;
}

/* Where a layer's result is used as result `number` of its calls: lstm[0][0]. */
static void connection(tri_text *text, const tri_model *m, size_t call) {
  tri__text_printf(text, "%s%s[%zu][0]", text->size ? ", " : "",
                   m->layers[m->calls[call].layer].name, tri__call_number(m, call));
}

static void connections(tri_text *text, const tri_model *m, size_t layer) {
  for (size_t i = 0; i < m->n_calls; i++)
    for (size_t k = 0; k < m->calls[i].links && m->calls[i].layer == layer; k++)
      connection(text, m, m->links[m->calls[i].first_link + k]);
  if (!text->size) tri__text_puts(text, "-");
}

/* Of the layer's first call, as Keras shows it. */
static void shape_given(tri_text *text, const tri_model *m, size_t layer) {
  char shape[SHAPE_TEXT];
  size_t call = 0;
  while (m->calls[call].layer != layer) call++;
  tri__text_puts(text, tri__sample_text(&m->calls[call].gives, shape));
}

/* A cell of a layer; the heads of columns for a number beyond. */
static void cell(tri_text *text, const tri_model *m, size_t layer, size_t column) {
  static const char *const heads[COLUMNS] = {"Layer (type)", "Output Shape", "Param #",
                                             "Connected to"};
  if (layer >= m->n_layers)
    tri__text_puts(text, heads[column]);
  else if (column == 0)
    tri__text_printf(text, "%s (%s)", m->layers[layer].name,
                     tri__layer_row(m->layers[layer].spec.kind)->class_name);
  else if (column == 1)
    shape_given(text, m, layer);
  else if (column == 2)
    grouped(text, parameters_of(m, &m->layers[layer]));
  else
    connections(text, m, layer);
}

/* --- lines */

/* A line between rows. */
static void rule(const struct table *t, const char *const *marks) {
  for (size_t c = 0; c < t->columns; c++) {
    tri__text_puts(t->text, marks[c ? 1 : 0]);
    repeat(t->text, marks[3], t->width[c]);
  }
  tri__text_puts(t->text, marks[2]);
  tri__text_puts(t->text, "\n");
}

/* The first line of what is left of a cell, which moves on; true if there is more. */
static bool piece(const struct table *t, const char **rest, size_t column) {
  size_t room = t->width[column] - 2, size = first_line(*rest, room);
  size_t used = places(*rest, size), gap = room > used ? room - used : 0;
  repeat(t->text, " ", column == 2 ? gap + 1 : 1);
  tri__text_add(t->text, *rest, size);
  repeat(t->text, " ", column == 2 ? 1 : gap + 1);
  *rest += size;
  *rest += **rest == ' ';
  return **rest != '\0';
}

/* The cells of a row in as many lines as the longest needs. */
static void row(const struct table *t, size_t layer) {
  tri_text cells[COLUMNS];
  const char *rest[COLUMNS], *bar = layer < t->m->n_layers ? "│" : "┃";
  bool more = true;
  for (size_t c = 0; c < t->columns; c++) {
    cells[c] = (tri_text){.allocator = t->text->allocator};
    cell(&cells[c], t->m, layer, c);
    if (cells[c].status) t->text->status = cells[c].status;
    rest[c] = cells[c].data ? cells[c].data : "";
  }
  while (more && !t->text->status) {
    more = false;
    for (size_t c = 0; c < t->columns; c++) {
      tri__text_puts(t->text, bar);
      if (piece(t, &rest[c], c)) more = true;
    }
    tri__text_puts(t->text, bar);
    tri__text_puts(t->text, "\n");
  }
  for (size_t c = 0; c < t->columns; c++) tri_text_free(&cells[c]);
}

static void rows(const struct table *t) {
  static const char *const top[] = {"┏", "┳", "┓", "━"}, *const head[] = {"┡", "╇", "┩", "━"},
                           *const line[] = {"├", "┼", "┤", "─"},
                           *const end[] = {"└", "┴", "┘", "─"};
  rule(t, top);
  row(t, (size_t)-1);
  rule(t, head);
  for (size_t i = 0; i < t->n_layers; i++) {
    row(t, t->layers[i]);
    rule(t, i + 1 < t->n_layers ? line : end);
  }
}

/* --- the whole */

/* 1.02 MB */
static void memory_size(tri_text *text, double bytes) {
  static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
  size_t unit = 0;
  for (; bytes >= 1024.0 && unit < 5; unit++) bytes /= 1024.0;
  size_t hundredths = (size_t)(100.0 * bytes + 0.5);
  tri__text_printf(text, "%zu.%02zu %s", hundredths / 100, hundredths % 100, units[unit]);
}

/* Total params: 266,610 (1.02 MB) */
static void total(const struct table *t, const char *what, size_t count, double bytes) {
  tri__text_printf(t->text, " %s: ", what);
  grouped(t->text, count);
  tri__text_puts(t->text, " (");
  memory_size(t->text, bytes);
  tri__text_puts(t->text, ")\n");
}

/* What an optimizer keeps once it has been used: its slots and, as Keras counts them, its steps, of
 * 8 bytes, and its rate. */
static size_t optimizer_parameters(const struct training *t, size_t trainable) {
  return t && t->compiled && t->steps ? t->n_slots * trainable + 2 : 0;
}

static void totals(const struct table *t) {
  const tri_model *m = t->m;
  double each = m->domain == TRI_DOUBLE ? 8.0 : 4.0;
  size_t fixed = m->parameters - m->trainable,
         kept = optimizer_parameters(m->training, m->trainable);
  double kept_bytes = kept ? each * (double)(kept - 1) + 8.0 : 0.0;
  total(t, "Total params", m->parameters + kept, each * (double)m->parameters + kept_bytes);
  total(t, "Trainable params", m->trainable, each * (double)m->trainable);
  total(t, "Non-trainable params", fixed, each * (double)fixed);
  if (kept) total(t, "Optimizer params", kept, kept_bytes);
}

/* Whether each layer is called once, on what the one before it gave: then nobody asks what it is
 * connected to. */
static bool is_chain(const tri_model *m) {
  bool chain = m->n_layers == m->n_calls;
  for (size_t i = 1; i < m->n_calls && chain; i++)
    chain = m->calls[i].links == 1 && m->links[m->calls[i].first_link] == i - 1;
  return chain;
}

/* A sequential model does not show its input. */
static bool rows_in_order(struct table *t, struct memory *memory) {
  const tri_model *m = t->m;
  if (!m->sequential && m->n_outputs) return tri__layer_order(m, memory, t->layers, &t->n_layers);
  for (size_t i = m->sequential; i < m->n_layers; i++) t->layers[t->n_layers++] = i;
  return true;
}

tri_status tri_model_summary(const tri_model *model, tri_text *text) {
  static const size_t narrow[] = {33, 24, 15}, wide[] = {21, 19, 12, 19};
  struct memory memory;
  bool chain = is_chain(model);
  tri__memory_init(&memory, text->allocator);
  struct table t = {model, text, chain ? 3 : 4, chain ? narrow : wide, NULL, 0};
  t.layers = tri__new(&memory, model->n_layers, sizeof *t.layers);
  if (t.layers && rows_in_order(&t, &memory)) {
    tri__text_printf(text, "Model: \"%s\"\n", model->name);
    rows(&t);
    totals(&t);
  } else
    text->status = TRI_MEMORY;
  tri__free(&memory, t.layers, model->n_layers, sizeof *t.layers);
  return text->status;
}
