/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A gradient check's report as text for people. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn/gradcheck.h"

void tri__check_number(tri_text *text, double x, int digits) {
  char printed[64], significant[32];
  size_t n = 0;
  if (!isfinite(x) || x == 0.0) {
    tri__text_double(text, x);
    return;
  }
  snprintf(printed, sizeof printed, "%.*e", digits - 1, fabs(x)); /* its point may be a comma */
  const char *exponent = strchr(printed, 'e') + 1;
  for (const char *p = printed; p < exponent; p++)
    if (*p >= '0' && *p <= '9') significant[n++] = *p;
  int64_t power = 0;
  for (const char *p = exponent + 1; *p; p++) power = 10 * power + (*p - '0');
  while (n > 1 && significant[n - 1] == '0') n--;
  tri__text_decimal(text, x < 0.0, significant, n, *exponent == '-' ? -power : power);
}

/* --- cells */

enum { COLUMNS = 9, CELL = 96 };

struct table {
  size_t rows;
  const struct tri_model_gradcheck_report *report;
  size_t width[COLUMNS];
  bool ascii;
};

static const char *const titles[COLUMNS] = {"tensor", "checked", "worst entry", "computed", "true",
                                            "error",  "ulps",    "bound",       "verdict"};

static void index_text(const tri_tensor_check *t, tri_text *text) {
  size_t dims[TRI_LAYER_RANK];
  for (size_t d = 0; d < t->rank; d++) dims[d] = (size_t)t->shape[d];
  tri__place_text(text, t->rank, dims, t->worst.index);
}

static void cell(const tri_tensor_check *t, size_t column, tri_text *text) {
  const tri_computed *c = tri__check_shown(&t->worst);
  switch (column) {
  case 0: tri__text_puts(text, t->name); break;
  case 1: tri__text_printf(text, "%zu of %zu", t->checked, t->entries); break;
  case 2: index_text(t, text); break;
  case 3: tri__check_number(text, c->value, 9); break;
  case 4: tri__check_number(text, t->worst.derivative, 12); break;
  case 5: tri__check_number(text, c->error, 2); break;
  case 6: tri__check_number(text, c->ulps, 2); break;
  case 7: tri__check_number(text, c->bound, 2); break;
  default: tri__text_puts(text, tri_verdict_name(t->verdict));
  }
}

static size_t cells_of(const char *bytes, size_t size) {
  size_t cells = 0;
  for (size_t i = 0; i < size;) {
    uint32_t code;
    size_t length = tri__utf8(bytes + i, size - i, &code);
    cells += length ? (size_t)tri__cells(code) : 1;
    i += length ? length : 1;
  }
  return cells;
}

static void put_cell(const struct table *t, tri_text *text, size_t column, const char *bytes,
                     size_t size) {
  tri__text_add(text, bytes, size);
  if (column + 1 == COLUMNS) return;
  for (size_t i = cells_of(bytes, size); i < t->width[column] + 2; i++) tri__text_putc(text, ' ');
}

/* A row of cells, the first of titles; columns become as wide as it takes. */
static void put_row(struct table *t, size_t row, tri_text *text) {
  for (size_t column = 0; column < COLUMNS; column++) {
    tri_text one = {.allocator = text->allocator};
    if (row)
      cell(t->report->tensors + row - 1, column, &one);
    else
      tri__text_puts(&one, titles[column]);
    size_t width = one.data ? cells_of(one.data, one.size) : 0;
    if (width > t->width[column]) t->width[column] = width;
    put_cell(t, text, column, one.data ? one.data : "", one.size);
    if (one.status) text->status = one.status;
    tri_text_free(&one);
  }
  tri__text_putc(text, '\n');
}

static void put_table(struct table *t, tri_text *text) {
  tri_text widths = {.allocator = text->allocator};
  for (size_t row = 0; row <= t->report->n_tensors; row++) put_row(t, row, &widths);
  tri_text_free(&widths);
  for (size_t row = 0; row <= t->report->n_tensors; row++) {
    put_row(t, row, text);
    for (size_t c = 0, width = 0; row == 0 && c < COLUMNS; c++) {
      width = t->width[c] + (c + 1 < COLUMNS ? 2 : 0);
      for (size_t i = 0; i < width; i++) tri__text_puts(text, t->ascii ? "-" : "─");
      if (c + 1 == COLUMNS) tri__text_putc(text, '\n');
    }
  }
}

/* --- what stands around the table */

static void put_head(const tri_model_gradcheck_report *r, tri_text *text) {
  tri__text_printf(text,
                   "Gradient of the loss for %zu sample%s (FNV-1a %016" PRIx64 "): ", r->samples,
                   r->samples == 1 ? "" : "s", r->hash);
  tri__text_puts(text, r->claimed ? "as claimed" : "as training computes it");
  tri__text_printf(text, ", in double, and in balls of %u bits.\n", r->precision);
  tri__text_puts(text, "Loss: ");
  tri__check_number(text, r->loss[0], 9);
  tri__text_puts(text, ", in double ");
  tri__check_number(text, r->loss[1], 16);
  tri__text_puts(text, ", in truth ");
  tri__check_number(text, r->loss[2], 16);
  tri__text_puts(text, "\n\n");
}

static void put_reasons(const tri_model_gradcheck_report *r, tri_text *text) {
  for (size_t i = 0; i < r->n_tensors; i++) {
    const tri_tensor_check *t = r->tensors + i;
    if (t->verdict == TRI_PROVED) continue;
    tri__text_printf(text, "\n%s: ", t->name);
    if (t->refuted || t->undecided) {
      tri__text_printf(text, "%zu refuted, %zu undecided; ", t->refuted, t->undecided);
      index_text(t, text);
      tri__text_puts(text, ": ");
    }
    tri__text_puts(text, t->reason);
  }
}

static void put_units(const tri_model_gradcheck_report *r, tri_text *text, bool ascii) {
  enum { MOST = 10 };
  for (size_t i = 0; i < r->n_units && i < MOST; i++) {
    const tri_unit_check *u = r->units + i;
    tri__text_printf(text, "\nundecidable: %s in %s, unit %zu", tri_op_name(u->op), u->layer,
                     u->unit);
    if (u->sample != SIZE_MAX) tri__text_printf(text, ", sample %zu", u->sample);
    if (u->units > 1) tri__text_printf(text, ", and %zu after it", u->units - 1);
    tri__text_puts(text, ": ");
    tri__check_number(text, u->distance, 2);
    tri__text_puts(text, ascii ? " +/- " : " ± ");
    tri__check_number(text, u->bound, 2);
    tri__text_printf(text, " from the kink; %zu entries depend on it", u->entries);
  }
  if (r->n_units > MOST) tri__text_printf(text, "\nand %zu units more", r->n_units - MOST);
}

static void put_verdict(const tri_model_gradcheck_report *r, tri_text *text) {
  tri__text_printf(text, "\n%s: %zu of %zu entries (", tri_verdict_name(r->verdict), r->checked,
                   r->entries);
  tri__check_number(text, 100.0 * (double)r->checked / (double)r->entries, 2);
  tri__text_printf(text, " %%, seed %" PRIu64 ") in ", r->seed);
  tri__check_number(text, r->seconds, 2);
  tri__text_puts(text, " s\n");
}

tri_status tri_model_gradcheck_text(const tri_model_gradcheck_report *report, int ascii,
                                    tri_text *text) {
  struct table t = {.report = report, .ascii = ascii != 0};
  put_head(report, text);
  put_table(&t, text);
  put_reasons(report, text);
  put_units(report, text, t.ascii);
  put_verdict(report, text);
  return text->status;
}
